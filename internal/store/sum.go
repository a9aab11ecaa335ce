package store

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"tizi/internal/id"
)

// Sum adds to a table of sums: each row is a key, of ids and texts, and after it what each sum grows by, as int or int64. No two rows
// have one key. A row that adds nothing is not written, and one whose sums are all zero afterwards goes.
func Sum(ctx context.Context, tx Tx, t *Table, rows [][]any) error {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r []any) bool {
		return !slices.ContainsFunc(r[t.Key:], func(v any) bool { return v != 0 && v != int64(0) })
	})
	slices.SortFunc(rows, func(a, b []any) int {
		for i := range t.Key {
			var c int
			switch x := a[i].(type) {
			case id.ID:
				y := b[i].(id.ID)
				c = bytes.Compare(x[:], y[:])
			case string:
				c = cmp.Compare(x, b[i].(string))
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	var keyed, grow, zero []string
	for i, c := range t.Columns {
		if i < t.Key {
			keyed = append(keyed, c.Name)
			continue
		}
		grow = append(grow, c.Name+" = "+t.Name+"."+c.Name+" + excluded."+c.Name)
		zero = append(zero, c.Name+" = 0")
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(t.Columns)), ", ")
	err := tx.Many(ctx, "INSERT INTO "+t.Name+" ("+t.List()+") VALUES ("+marks+") ON CONFLICT ("+strings.Join(keyed, ", ")+") DO UPDATE SET "+strings.Join(grow, ", "), rows, nil)
	if err != nil {
		return err
	}
	keys := make([][]any, len(rows))
	for i, r := range rows {
		keys[i] = r[:t.Key]
	}
	return tx.Many(ctx, "DELETE FROM "+t.Name+" WHERE "+t.KeyWhere(t.Key)+" AND "+strings.Join(zero, " AND "), keys, nil)
}
