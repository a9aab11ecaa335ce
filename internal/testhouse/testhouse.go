// Package testhouse places whole nodes for tests.
package testhouse

import (
	"context"
	"errors"
	"testing"

	"tizi/internal/house"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// Place returns where a new database of the engine is, gone with the test, that has all tables of a node and nothing in them: to make
// them takes longer than most tests.
func Place(t testing.TB, e store.Engine) store.Config {
	t.Helper()
	return testnode.Ready(t, e, "house", func(c store.Config) error {
		ctx := context.Background()
		h, err := house.Create(ctx, house.Config{Dir: t.TempDir(), Store: &c})
		if err != nil {
			return err
		}
		// Whoever comes next is the database's owner.
		err = h.DB.Write(ctx, func(tx store.Tx) error {
			return errors.Join(tx.Exec(ctx, "DELETE FROM fact_setting WHERE name = 'node'"), tx.Exec(ctx, "DELETE FROM fact_node"))
		})
		return errors.Join(err, h.Close())
	})
}
