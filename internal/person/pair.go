package person

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"fmt"
	"hash/maphash"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/person/same"
	"tizi/internal/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of the area.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// many is from how many changed people on a search reads all into memory instead of asking the database for each. Only a
// test changes it.
var many = 2000

// Sought is what a search for duplicates did.
type Sought struct {
	People   int // who came or changed since the last
	Compared int // pairs weighed
	Pairs    int // likely ones found
}

// Seek looks for people who may be the same among all, beginning from those who came or changed since it last looked. What
// it finds is kept beside the derived tables. It may be broken off at any time and goes on; one process of a node does it
// at a time.
func (p *People) Seek(ctx context.Context, progress func(done, total int64)) (Sought, error) {
	p.seeking.Lock()
	defer p.seeking.Unlock()
	var s Sought
	marks := map[id.ID]int64{}
	err := p.log.DB.Each(ctx, "SELECT p.id, p.mark FROM person p LEFT JOIN person_sought s ON s.person = p.id WHERE s.person IS NULL OR s.mark <> p.mark", nil, func(r store.Row) error {
		var v id.ID
		var m int64
		err := r.Scan(&v, &m)
		marks[v] = m
		return err
	})
	if err != nil {
		return s, fmt.Errorf("seek duplicates: %w", err)
	}
	var found []hit
	if len(marks) > many {
		found, err = p.seekAll(ctx, marks, &s, progress)
	} else {
		found, err = p.seekFew(ctx, marks, &s, progress)
	}
	if err != nil {
		return s, fmt.Errorf("seek duplicates: %w", err)
	}
	s.People, s.Pairs = len(marks), len(found)
	if err := p.keep(ctx, marks, found); err != nil {
		return s, fmt.Errorf("seek duplicates: %w", err)
	}
	return s, p.Sweep(ctx) // last: somebody may have been erased while it looked
}

// SeekFor looks for those who may be the same as somebody who just came or changed. While a whole search runs it leaves
// them to the next.
func (p *People) SeekFor(ctx context.Context, person id.ID) error {
	if !p.seeking.TryLock() {
		return nil
	}
	defer p.seeking.Unlock()
	marks := map[id.ID]int64{}
	err := p.log.DB.Each(ctx, "SELECT mark FROM person WHERE id = ?", store.Args(person), func(r store.Row) error {
		var m int64
		err := r.Scan(&m)
		marks[person] = m
		return err
	})
	if err != nil || len(marks) == 0 {
		return err
	}
	found, err := p.seekFew(ctx, marks, &Sought{}, nil)
	if err != nil {
		return err
	}
	return p.keep(ctx, marks, found)
}

type hit struct {
	a, b id.ID
	bits float64
}

func (h *hit) order() {
	if bytes.Compare(h.a[:], h.b[:]) > 0 {
		h.a, h.b = h.b, h.a
	}
}

// Sweep removes what is kept of people who are gone.
func (p *People) Sweep(ctx context.Context) error {
	return p.log.DB.Write(ctx, func(tx store.Tx) error {
		for _, gone := range []string{
			"DELETE FROM person_pair WHERE NOT EXISTS (SELECT 1 FROM person WHERE id = a) OR NOT EXISTS (SELECT 1 FROM person WHERE id = b)",
			"DELETE FROM person_sought WHERE NOT EXISTS (SELECT 1 FROM person WHERE id = person_sought.person)",
		} {
			if err := tx.Exec(ctx, gone); err != nil {
				return err
			}
		}
		return nil
	})
}

// keep replaces the pairs of those who were looked at.
func (p *People) keep(ctx context.Context, marks map[id.ID]int64, found []hit) error {
	ids := make([]id.ID, 0, len(marks))
	for v := range marks {
		ids = append(ids, v)
	}
	slices.SortFunc(ids, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
	err := p.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Lock(ctx, "person_pair"); err != nil {
			return err
		}
		var drop, add [][]any
		for _, v := range ids {
			drop = append(drop, []any{v, v})
		}
		if err := tx.Many(ctx, "DELETE FROM person_pair WHERE a = ? OR b = ?", drop, nil); err != nil {
			return err
		}
		for _, h := range found {
			add = append(add, []any{h.a, h.b, int64(10 * h.bits), 0})
		}
		return tx.Many(ctx, "INSERT INTO person_pair (a, b, bits, later) VALUES (?, ?, ?, ?) ON CONFLICT (a, b) DO UPDATE SET bits = excluded.bits", add, nil)
	})
	if err != nil {
		return err
	}
	for part := range slices.Chunk(ids, 2000) {
		err := p.log.DB.Write(ctx, func(tx store.Tx) error {
			sets := make([][]any, len(part))
			for i, v := range part {
				sets[i] = []any{v, marks[v]}
			}
			return tx.Many(ctx, "INSERT INTO person_sought (person, mark) VALUES (?, ?) ON CONFLICT (person) DO UPDATE SET mark = excluded.mark", sets, nil)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// seekAll weighs everybody who changed against all, in memory.
func (p *People) seekAll(ctx context.Context, marks map[id.ID]int64, s *Sought, progress func(done, total int64)) ([]hit, error) {
	var ids []id.ID
	var people []*same.Person
	type entry struct {
		key uint64
		at  int32
	}
	var entries []entry
	seed := maphash.MakeSeed()
	err := p.log.DB.Each(ctx, "SELECT "+table.List()+" FROM person", nil, func(r store.Row) error {
		x, err := scan(r)
		if err != nil {
			return err
		}
		c := same.Compile(x.Details.record(x.Centre))
		for _, k := range c.Keys() {
			entries = append(entries, entry{maphash.String(seed, k), int32(len(ids))})
		}
		ids, people = append(ids, x.ID), append(people, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if c := cmp.Compare(a.key, b.key); c != 0 {
			return c
		}
		return cmp.Compare(a.at, b.at)
	})
	blocks := make([][][2]int32, len(ids)) // of each, the stretches of entries that share a key
	for i := 0; i < len(entries); {
		j := i + 1
		for j < len(entries) && entries[j].key == entries[i].key {
			j++
		}
		if n := j - i; n > 1 && n <= same.MostKey {
			for k := i; k < j; k++ {
				blocks[entries[k].at] = append(blocks[entries[k].at], [2]int32{int32(i), int32(j)})
			}
		}
		i = j
	}
	var found []hit
	var near []int32
	for i := range ids {
		if i%1000 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if progress != nil {
				progress(int64(i), int64(len(ids)))
			}
		}
		_, changed := marks[ids[i]]
		near = near[:0]
		for _, b := range blocks[i] {
			for _, e := range entries[b[0]:b[1]] {
				if _, too := marks[ids[e.at]]; e.at > int32(i) && (changed || too) {
					near = append(near, e.at)
				}
			}
		}
		slices.Sort(near)
		for _, j := range slices.Compact(near) {
			s.Compared++
			if bits := same.Score(people[i], people[j]); bits >= same.Likely {
				h := hit{ids[i], ids[j], bits}
				h.order()
				found = append(found, h)
			}
		}
	}
	if progress != nil {
		progress(int64(len(ids)), int64(len(ids)))
	}
	return found, nil
}

// seekFew weighs a few against those with whom the database says they share a key.
func (p *People) seekFew(ctx context.Context, marks map[id.ID]int64, s *Sought, progress func(done, total int64)) ([]hit, error) {
	ids := make([]id.ID, 0, len(marks))
	for v := range marks {
		ids = append(ids, v)
	}
	var found []hit
	done := map[hit]bool{}
	q := p.log.DB
	for i, part := 0, 0; i < len(ids); i = part {
		part = min(i+200, len(ids))
		if progress != nil {
			progress(int64(i), int64(len(ids)))
		}
		records, err := p.byIDs(ctx, q, access.Everywhere(), ids[i:part])
		if err != nil {
			return nil, err
		}
		for _, x := range records {
			c := same.Compile(x.Details.record(x.Centre))
			others, err := p.sharing(ctx, q, c.Keys(), x.ID)
			if err != nil {
				return nil, err
			}
			for _, y := range others {
				pair := hit{a: x.ID, b: y.ID}
				pair.order()
				if done[pair] {
					continue
				}
				done[pair] = true
				s.Compared++
				// In the order of their ids, so that whoever asks first finds the same.
				if bits := same.Score(c, same.Compile(y.Details.record(y.Centre))); bits >= same.Likely {
					pair.bits = bits
					found = append(found, pair)
				}
			}
		}
	}
	return found, nil
}

// sharing returns the records that share a key, but for the keys that too many share.
func (p *People) sharing(ctx context.Context, q store.Querier, keys []string, self id.ID) ([]*Person, error) {
	set := map[id.ID]bool{}
	for _, k := range keys {
		var some []id.ID
		err := q.Each(ctx, "SELECT person FROM person_key WHERE key = ? LIMIT "+strconv.Itoa(same.MostKey+1), store.Args("~"+k), func(r store.Row) error {
			var v id.ID
			err := r.Scan(&v)
			some = append(some, v)
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(some) <= same.MostKey {
			for _, v := range some {
				set[v] = v != self
			}
		}
	}
	var ids []id.ID
	for v, is := range set {
		if is {
			ids = append(ids, v)
		}
	}
	var out []*Person
	for part := range slices.Chunk(ids, 500) {
		l, err := p.byIDs(ctx, q, access.Everywhere(), part)
		if err != nil {
			return nil, err
		}
		out = append(out, l...)
	}
	return out, nil
}

// Match is somebody whom what is typed may be about.
type Match struct {
	Person, Centre id.ID
	same.Verdict
}

// Like returns who may be the person of these details, who is not in yet, the surest first. It looks everywhere; whoever
// asks shows names of those in their scope only.
func (p *People) Like(ctx context.Context, q store.Querier, d Details, centre id.ID, max int) ([]Match, error) {
	c := same.Compile(d.record(centre))
	near, err := p.sharing(ctx, q, c.Keys(), id.Nil)
	if err != nil {
		return nil, err
	}
	// Before the birth is typed, the name alone finds those of the same centre.
	if d["birth"] == "" {
		for _, name := range []string{d.Latin(), d.Arabic()} {
			sounds := same.Sounds(name)
			if len(sounds) < 2 {
				continue
			}
			slices.Reverse(sounds) // the family name is the rarer
			var ids []id.ID
			args := store.Args("~" + sounds[0])
			for _, s := range sounds[1:] {
				args = append(args, "~"+s)
			}
			query := "SELECT t.person FROM person_token t JOIN person p ON p.id = t.person WHERE t.token = ?" +
				strings.Repeat(" AND EXISTS (SELECT 1 FROM person_token u WHERE u.person = t.person AND u.token = ?)", len(sounds)-1) + " AND p.centre = ? LIMIT 100"
			err := q.Each(ctx, query, append(args, centre), func(r store.Row) error {
				var v id.ID
				err := r.Scan(&v)
				ids = append(ids, v)
				return err
			})
			if err != nil {
				return nil, err
			}
			more, err := p.byIDs(ctx, q, access.At(centre), ids)
			if err != nil {
				return nil, err
			}
			near = append(near, more...)
		}
	}
	// Less is known while one types, and to ask costs little.
	least := same.Likely
	if d["birth"] == "" {
		least -= 2
	}
	var out []Match
	seen := map[id.ID]bool{}
	for _, x := range near {
		if seen[x.ID] {
			continue
		}
		seen[x.ID] = true
		if v := same.Compare(c, same.Compile(x.Details.record(x.Centre))); v.Bits >= least {
			out = append(out, Match{x.ID, x.Centre, v})
		}
	}
	slices.SortFunc(out, func(a, b Match) int {
		if c := cmp.Compare(b.Bits, a.Bits); c != 0 {
			return c
		}
		return bytes.Compare(a.Person[:], b.Person[:])
	})
	return out[:min(len(out), max)], nil
}

// PairFilter narrows a list of pairs.
type PairFilter struct {
	State  string // Open, Merged or Parted
	Person id.ID  // Nil: of anybody
	Page   string // the Next of another
	Size   int    // 0 means 30
}

// Pair is two records that may be, are or are not one person.
type Pair struct {
	A, B             id.ID
	CentreA, CentreB id.ID
	Both             bool    // both lie in the scope; otherwise only who sees more may decide
	Bits             float64 // 0 where a person decided and no search finds them
	later            int64
}

// PairPage is a part of a list of pairs.
type PairPage struct {
	Pairs []Pair
	Next  string
	Total int64
}

// Pairs returns the pairs of which at least one lies in the scope: open ones the surest first, those put off at the end.
func (p *People) Pairs(ctx context.Context, q store.Querier, scope access.Scope, f PairFilter) (*PairPage, error) {
	if f.Size == 0 {
		f.Size = 30
	}
	ina, args := scope.SQL("pa.centre")
	inb, more := scope.SQL("pb.centre")
	args = append(args, more...)
	from := "person_pair q JOIN person pa ON pa.id = q.a JOIN person pb ON pb.id = q.b WHERE (" + ina + " OR " + inb + ")" +
		" AND NOT EXISTS (SELECT 1 FROM person_edge e WHERE e.a = q.a AND e.b = q.b AND e.state <> '')" +
		" AND NOT EXISTS (SELECT 1 FROM person_alias x JOIN person_alias y ON y.one = x.one WHERE x.person = q.a AND y.person = q.b)"
	columns := "q.a, q.b, pa.centre, pb.centre, q.bits, q.later"
	if f.State != Open {
		from = "person_edge q JOIN person pa ON pa.id = q.a JOIN person pb ON pb.id = q.b WHERE (" + ina + " OR " + inb + ") AND q.state = ?"
		columns = "q.a, q.b, pa.centre, pb.centre, 0, 0"
		args = append(args, f.State)
	}
	if !f.Person.IsNil() {
		from += " AND (q.a = ? OR q.b = ?)"
		args = append(args, f.Person, f.Person)
	}
	page := &PairPage{}
	if _, err := store.One(ctx, q, "SELECT count(*) FROM "+from, args, &page.Total); err != nil {
		return nil, fmt.Errorf("count pairs: %w", err)
	}
	order := " ORDER BY q.later, q.bits DESC, q.a, q.b"
	if f.State != Open {
		order = " ORDER BY q.a, q.b"
	}
	if f.Page != "" {
		at := strings.Split(f.Page, ".")
		if len(at) != 4 {
			return nil, fmt.Errorf("this page of the list: %w", fs.ErrNotExist)
		}
		later, err1 := strconv.ParseInt(at[0], 10, 64)
		bits, err2 := strconv.ParseInt(at[1], 10, 64)
		a, err3 := id.Parse(at[2])
		b, err4 := id.Parse(at[3])
		if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
			return nil, fmt.Errorf("this page of the list: %w", fs.ErrNotExist)
		}
		if f.State == Open {
			from += " AND (q.later > ? OR q.later = ? AND (q.bits < ? OR q.bits = ? AND (q.a, q.b) > (?, ?)))"
			args = append(args, later, later, bits, bits, a, b)
		} else {
			from += " AND (q.a, q.b) > (?, ?)"
			args = append(args, a, b)
		}
	}
	err := q.Each(ctx, fmt.Sprintf("SELECT %s FROM %s%s LIMIT %d", columns, from, order, f.Size+1), args, func(r store.Row) error {
		var x Pair
		var bits int64
		err := r.Scan(&x.A, &x.B, &x.CentreA, &x.CentreB, &bits, &x.later)
		x.Bits, x.Both = float64(bits)/10, scope.Has(x.CentreA) && scope.Has(x.CentreB)
		page.Pairs = append(page.Pairs, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list pairs: %w", err)
	}
	if len(page.Pairs) > f.Size {
		page.Pairs = page.Pairs[:f.Size]
		last := page.Pairs[f.Size-1]
		page.Next = fmt.Sprintf("%d.%d.%s.%s", last.later, int64(10*last.Bits+.5), last.A.Hex(), last.B.Hex())
	}
	return page, nil
}

// Weigh compares two records that both lie in the scope.
func (p *People) Weigh(ctx context.Context, q store.Querier, scope access.Scope, a, b id.ID) (x, y *Person, v same.Verdict, err error) {
	l, err := p.byIDs(ctx, q, scope, []id.ID{a, b})
	if err != nil {
		return nil, nil, v, err
	}
	if len(l) != 2 {
		return nil, nil, v, ErrUnknown
	}
	x, y = l[0], l[1]
	if x.ID != a {
		x, y = y, x
	}
	return x, y, same.Compare(same.Compile(x.Details.record(x.Centre)), same.Compile(y.Details.record(y.Centre))), nil
}

// Later puts a pair at the end of the list, for this node alone: nothing was decided.
func (p *People) Later(ctx context.Context, scope access.Scope, a, b id.ID, now int64) error {
	if _, _, _, err := p.Weigh(ctx, p.log.DB, scope, a, b); err != nil {
		return err
	}
	h := hit{a: a, b: b}
	h.order()
	return p.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "UPDATE person_pair SET later = ? WHERE a = ? AND b = ?", now, h.a, h.b)
	})
}
