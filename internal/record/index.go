package record

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/statement"
	"tizi/internal/store"
)

// hash64 is 64 bits of what a statement is found by.
type hash64 = int64

func term(kind, value string) hash64 {
	h := sha256.Sum256([]byte(kind + " " + value))
	return int64(binary.BigEndian.Uint64(h[:8]))
}

func agentTerm(v id.ID) hash64 { return term("agent", v.Hex()) }

// chain bounds how many statements about statements one is found by.
const chain = 16

// terms are what a statement is found by, and whether as actor, verb or object.
func terms(said *statement.Value, faces []Face) map[hash64]bool {
	out := map[hash64]bool{}
	add := func(t hash64, main bool) { out[t] = out[t] || main }
	s := statement.Statement{All: said}
	add(term("verb", s.Verb()), true)
	if r := s.Registration(); !r.IsNil() {
		add(term("registration", r.Hex()), true)
	}
	s.EachActivity(func(a *statement.Value, r statement.Role) {
		add(term("activity", a.Get("id").Text()), r == statement.Main)
	})
	statement.Holes(said, func(a *statement.Value, r statement.Role, hole int) {
		if p, ok := statement.OwnPerson(a); ok && hole < 0 {
			add(agentTerm(p), r == statement.Main)
		} else if hole >= 0 && hole < len(faces) {
			add(agentTerm(faces[hole].Agent), r == statement.Main)
		}
	})
	return out
}

// Came gives statements that were just stored, by this node or by another one, their places in its order, and enters what they are
// found by. It is called in the transaction that stores them.
func (r *Records) Came(ctx context.Context, tx store.Tx, facts []*fact.Fact) error {
	var fresh []place
	for _, f := range facts {
		if b, ok := fact.As[Stated](f); ok {
			fresh = append(fresh, place{f.Subject, fact.CentreOf(f.Stream), b.Said, b.Faces})
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return enter(ctx, tx, fresh)
}

// place is a statement that is to be entered.
type place struct {
	id, centre id.ID
	said       []byte
	faces      []Face
}

var (
	seenTable = &store.Table{Name: "record_seen", Key: 2, Columns: store.Cols("centre:id at:int id:id")}
	termTable = &store.Table{Name: "record_term", Key: 3, Columns: store.Cols("centre:id term:int at:int main:int")}
)

// enter enters statements that are new here; of one that has its place already nothing changes.
func enter(ctx context.Context, tx store.Tx, fresh []place) error {
	ids := make([][]any, len(fresh))
	for i, p := range fresh {
		ids[i] = []any{p.id, p.centre}
	}
	known := map[[2]id.ID]bool{}
	err := tx.Many(ctx, "SELECT id, centre FROM record_seen WHERE id = ? AND centre = ?", ids, func(_ int, r store.Row) error {
		var k [2]id.ID
		err := r.Scan(&k[0], &k[1])
		known[k] = true
		return err
	})
	if err != nil {
		return err
	}
	last := map[id.ID]int64{}
	var seen, found [][]any
	var about []place
	at := map[[2]id.ID]int64{}
	for _, p := range fresh {
		k := [2]id.ID{p.id, p.centre}
		if known[k] {
			continue
		}
		known[k] = true
		n, ok := last[p.centre]
		if !ok {
			if _, err := store.One(ctx, tx, "SELECT at FROM record_seen WHERE centre = ? ORDER BY at DESC LIMIT 1", store.Args(p.centre), &n); err != nil {
				return err
			}
		}
		n = max(n+1, time.Now().UnixMicro())
		last[p.centre], at[k] = n, n
		seen = append(seen, []any{p.centre, n, p.id})
		said, err := reread(p.said)
		if err != nil {
			return err
		}
		own := terms(said, p.faces)
		if s := (statement.Statement{All: said}); !s.Target().IsNil() {
			if err := inherit(ctx, tx, p.centre, s.Target(), own); err != nil {
				return err
			}
		}
		for t, main := range own {
			found = append(found, []any{p.centre, t, n, bit(main)})
		}
		about = append(about, p)
	}
	if err := tx.Add(ctx, seenTable, seen); err != nil {
		return err
	}
	if err := tx.Add(ctx, termTable, found); err != nil {
		return err
	}
	return spread(ctx, tx, about)
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// inherit adds what a statement is found by, and those that it is about in turn: who asks for them finds what was said of them.
func inherit(ctx context.Context, q store.Querier, centre, target id.ID, into map[hash64]bool) error {
	for n := 0; n < chain && !target.IsNil(); n++ {
		var said, faces string
		var next id.ID
		found, err := store.One(ctx, q, "SELECT said, faces, target FROM record_statement WHERE id = ? AND centre = ?", store.Args(target, centre), &said, &faces, &next)
		if err != nil || !found {
			return err
		}
		v, err := statement.Parse([]byte(said))
		if err != nil {
			return err
		}
		for t, main := range terms(v, facesOf(faces)) {
			into[t] = into[t] || main
		}
		target = next
	}
	return nil
}

// spread enters statements that are about some which came later than they did.
func spread(ctx context.Context, tx store.Tx, came []place) error {
	for n := 0; n < chain && len(came) > 0; n++ {
		sets := make([][]any, len(came))
		for i, p := range came {
			sets[i] = []any{p.id, p.centre}
		}
		var next []place
		var at []int64
		err := tx.Many(ctx, "SELECT s.id, s.centre, n.at FROM record_statement s JOIN record_seen n ON n.id = s.id AND n.centre = s.centre WHERE s.target = ? AND s.refers > 0 AND s.centre = ?", sets, func(_ int, r store.Row) error {
			var p place
			var t int64
			err := r.Scan(&p.id, &p.centre, &t)
			next, at = append(next, p), append(at, t)
			return err
		})
		if err != nil {
			return err
		}
		var found [][]any
		for i, p := range next {
			all := map[hash64]bool{}
			if err := inherit(ctx, tx, p.centre, p.id, all); err != nil {
				return err
			}
			for t, main := range all {
				found = append(found, []any{p.centre, t, at[i], bit(main)})
			}
		}
		if err := tx.Insert(ctx, termTable, found); err != nil {
			return err
		}
		came = next
	}
	return nil
}

func facesOf(text string) []Face {
	var out []Face
	if text != "" {
		json.Unmarshal([]byte(text), &out) // the fold wrote it
	}
	return out
}

// Settle enters statements that count by now and have no place yet: they came before this program understood them, or before
// the node that wrote them was let in.
func (r *Records) Settle(ctx context.Context) error {
	for {
		more := false
		err := r.log.DB.Write(ctx, func(tx store.Tx) error {
			var fresh []place
			err := tx.Each(ctx, "SELECT s.id, s.centre, s.said, s.faces FROM record_statement s WHERE NOT EXISTS (SELECT 1 FROM record_seen n WHERE n.id = s.id AND n.centre = s.centre) LIMIT 500", nil, func(row store.Row) error {
				var p place
				var said, faces string
				err := row.Scan(&p.id, &p.centre, &said, &faces)
				p.said, p.faces = []byte(said), facesOf(faces)
				fresh = append(fresh, p)
				return err
			})
			if err != nil || len(fresh) == 0 {
				return err
			}
			more = true
			return enter(ctx, tx, fresh)
		})
		if err != nil || !more {
			return err
		}
	}
}
