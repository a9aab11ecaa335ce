package measure

import (
	"cmp"
	"context"
	"slices"

	"tizi/internal/id"
	"tizi/internal/store"
)

// Sum collects what changed in a transaction and brings the cube up to date at its end. The cube is a function of the
// members and the presences alone: whatever the order of changes, the same rows.
type Sum struct {
	members map[Member]int // +1 appeared, -1 went
	months  map[monthKey]int64
	stated  map[personKey]*standing // told whole; changes of these are not listened to
	known   map[personKey]*standing // read ahead
}

type personKey struct{ programme, person id.ID }

func (k personKey) compare(o personKey) int {
	return cmp.Or(slices.Compare(k.programme[:], o.programme[:]), slices.Compare(k.person[:], o.person[:]))
}

type monthKey struct {
	personKey
	month  string
	centre id.ID
}

// Begin starts to collect.
func Begin() *Sum {
	return &Sum{members: map[Member]int{}, months: map[monthKey]int64{}, stated: map[personKey]*standing{}, known: map[personKey]*standing{}}
}

// Foresee reads what the cube knows of persons, by programme, in a flight with other questions. Of whoever is told about
// without, Flush reads it.
func (s *Sum) Foresee(ctx context.Context, q store.Querier, persons map[id.ID]map[id.ID]bool) error {
	var keys []personKey
	for p, programmes := range persons {
		for prog := range programmes {
			keys = append(keys, personKey{prog, p})
		}
	}
	return s.load(ctx, q, keys)
}

// Whole tells all that a programme knows of a person, whatever was known before: for somebody who became one with another
// or ceased to be, of whom no single change can be told. Presences has how many there are in each month at each centre.
func (s *Sum) Whole(programme, person id.ID, members []Member, presences map[Presence]int64) {
	w := &standing{members: members}
	for p, n := range presences {
		if n != 0 {
			w.months = append(w.months, month{p.Month, p.Centre, n})
		}
	}
	slices.SortFunc(w.members, Member.compare)
	s.stated[personKey{programme, person}] = w
}

// Member tells that an enrolment appeared (+1) or went (-1). A change is both.
func (s *Sum) Member(m Member, n int) { s.members[m] += n }

// Presence tells that somebody was present once more (+1) or once less (-1).
func (s *Sum) Presence(p Presence, n int) {
	s.months[monthKey{personKey{p.Programme, p.Person}, p.Month, p.Centre}] += int64(n)
}

func (m Member) compare(o Member) int { return slices.Compare(m.Enrolment[:], o.Enrolment[:]) }

func (m Member) row() []any {
	return []any{m.Programme, m.Person, m.Enrolment, m.Centre, m.Cell.Sex, m.Cell.Age, m.Cell.Milieu, m.Cell.Schooling}
}

// month is the presences of a person in a month at a centre.
type month struct {
	month  string
	centre id.ID
	n      int64
}

// standing is all that decides where a person is counted in a programme.
type standing struct {
	members []Member // by enrolment
	months  []month
}

// reach is where a person is counted in a period.
type reach struct {
	centre id.ID
	cell   Cell
}

// cell returns the counting cell: that of the first enrolment, by id. Somebody present without an enrolment, which a
// late fact may mend, is counted as unknown.
func (s *standing) cell() Cell {
	if len(s.members) == 0 {
		return Cell{Unknown, Unknown, Unknown, Unknown}
	}
	c := s.members[0].Cell
	return Cell{known(c.Sex), known(c.Age), known(c.Milieu), known(c.Schooling)}
}

// reached returns where the person is counted: in each month, each year and the whole.
func (s *standing) reached() map[string]reach {
	out := map[string]reach{}
	cell := s.cell()
	ms := slices.Clone(s.months)
	slices.SortFunc(ms, func(a, b month) int {
		if c := cmp.Compare(a.month, b.month); c != 0 {
			return c
		}
		if c := cmp.Compare(b.n, a.n); c != 0 {
			return c
		}
		return slices.Compare(a.centre[:], b.centre[:])
	})
	for _, m := range ms {
		for _, period := range []string{m.month, m.month[:4], Total} {
			if _, ok := out[period]; !ok {
				out[period] = reach{m.centre, cell}
			}
		}
	}
	return out
}

type cellKey struct {
	programme id.ID
	period    string
	centre    id.ID
	cell      Cell
}

type counts struct{ people, participations int64 }

// Flush writes what was collected.
func (s *Sum) Flush(ctx context.Context, tx store.Tx) error {
	changedMonths := map[personKey][]monthKey{}
	changedMembers := map[personKey][]Member{}
	var order []personKey
	touch := func(k personKey) {
		if changedMonths[k] == nil && changedMembers[k] == nil {
			order = append(order, k)
		}
	}
	for k := range s.stated {
		touch(k)
	}
	for k, n := range s.months {
		if n != 0 && s.stated[k.personKey] == nil {
			touch(k.personKey)
			changedMonths[k.personKey] = append(changedMonths[k.personKey], k)
		}
	}
	for m, n := range s.members {
		if n != 0 {
			k := personKey{m.Programme, m.Person}
			if s.stated[k] != nil {
				continue
			}
			touch(k)
			changedMembers[k] = append(changedMembers[k], m)
		}
	}
	if len(order) == 0 {
		return nil
	}
	// Several processes may write: rows are touched in one order by all.
	slices.SortFunc(order, personKey.compare)
	if err := s.load(ctx, tx, slices.DeleteFunc(slices.Clone(order), func(k personKey) bool { return s.known[k] != nil })); err != nil {
		return err
	}
	cells := map[cellKey]counts{}
	var months, goneMonths, members, goneMembers, reaches, goneReaches [][]any
	for _, k := range order {
		old := s.known[k]
		now := &standing{members: slices.Clone(old.members), months: slices.Clone(old.months)}
		if w := s.stated[k]; w != nil {
			now = w
			for _, m := range old.members {
				if !slices.ContainsFunc(w.members, func(x Member) bool { return x.Enrolment == m.Enrolment }) {
					goneMembers = append(goneMembers, []any{k.programme, k.person, m.Enrolment})
				}
			}
			for _, m := range w.members {
				if !slices.Contains(old.members, m) {
					members = append(members, m.row())
				}
			}
			for _, m := range old.months {
				if !slices.ContainsFunc(w.months, func(x month) bool { return x.month == m.month && x.centre == m.centre }) {
					goneMonths = append(goneMonths, []any{k.programme, k.person, m.month, m.centre})
				}
			}
			for _, m := range w.months {
				if !slices.Contains(old.months, m) {
					months = append(months, []any{k.programme, k.person, m.month, m.centre, m.n})
				}
			}
		}
		for _, m := range changedMembers[k] {
			j := slices.IndexFunc(now.members, func(x Member) bool { return x.Enrolment == m.Enrolment })
			if s.members[m] > 0 {
				if j >= 0 {
					now.members[j] = m
				} else {
					now.members = append(now.members, m)
				}
				members = append(members, m.row())
			} else if j >= 0 && now.members[j] == m {
				now.members = slices.Delete(now.members, j, j+1)
				goneMembers = append(goneMembers, []any{m.Programme, m.Person, m.Enrolment})
			}
		}
		slices.SortFunc(now.members, Member.compare)
		for _, mk := range changedMonths[k] {
			j := slices.IndexFunc(now.months, func(x month) bool { return x.month == mk.month && x.centre == mk.centre })
			if j < 0 {
				now.months = append(now.months, month{mk.month, mk.centre, 0})
				j = len(now.months) - 1
			}
			now.months[j].n += s.months[mk]
			if n := now.months[j].n; n == 0 {
				now.months = slices.Delete(now.months, j, j+1)
				goneMonths = append(goneMonths, []any{k.programme, k.person, mk.month, mk.centre})
			} else {
				months = append(months, []any{k.programme, k.person, mk.month, mk.centre, n})
			}
		}
		was, is := old.reached(), now.reached()
		for period, r := range was {
			if is[period] != r {
				add(cells, k.programme, period, r, counts{people: -1})
				if _, stays := is[period]; !stays {
					goneReaches = append(goneReaches, []any{k.programme, period, k.person})
				}
			}
		}
		for period, r := range is {
			if was[period] != r {
				add(cells, k.programme, period, r, counts{people: 1})
				reaches = append(reaches, []any{k.programme, period, k.person, r.centre, r.cell.Sex, r.cell.Age, r.cell.Milieu, r.cell.Schooling})
			}
		}
		// Participations stand in the month where they happened; years and the whole are their sums.
		for _, m := range old.months {
			add(cells, k.programme, m.month, reach{m.centre, old.cell()}, counts{participations: -m.n})
		}
		for _, m := range now.months {
			add(cells, k.programme, m.month, reach{m.centre, now.cell()}, counts{participations: m.n})
		}
	}
	for _, w := range []struct {
		table *store.Table
		put   [][]any
		drop  [][]any
	}{{memberTable, members, goneMembers}, {monthTable, months, goneMonths}, {reachTable, reaches, goneReaches}} {
		if err := tx.Many(ctx, "DELETE FROM "+w.table.Name+" WHERE "+w.table.KeyWhere(w.table.Key), w.drop, nil); err != nil {
			return err
		}
		if err := tx.Insert(ctx, w.table, w.put); err != nil {
			return err
		}
	}
	return flushCells(ctx, tx, cells)
}

func add(cells map[cellKey]counts, programme id.ID, period string, r reach, d counts) {
	k := cellKey{programme, period, r.centre, r.cell}
	c := cells[k]
	c.people += d.people
	c.participations += d.participations
	cells[k] = c
}

// load reads what decides about persons before the change.
func (s *Sum) load(ctx context.Context, q store.Querier, persons []personKey) error {
	slices.SortFunc(persons, personKey.compare)
	sets := make([][]any, len(persons))
	for i, k := range persons {
		s.known[k] = &standing{}
		sets[i] = []any{k.programme, k.person, k.programme, k.person}
	}
	// A month without presences has no row, so n tells the two apart.
	err := store.Many(ctx, q, `SELECT enrolment, centre, sex, age, milieu, schooling, '' AS month, 0 AS n FROM measure_member WHERE programme = ? AND person = ?
		UNION ALL SELECT centre, centre, '', '', '', '', month, n FROM measure_month WHERE programme = ? AND person = ?`, sets, func(i int, r store.Row) error {
		k := persons[i]
		at := s.known[k]
		m := Member{Programme: k.programme, Person: k.person}
		var in month
		err := r.Scan(&m.Enrolment, &m.Centre, &m.Cell.Sex, &m.Cell.Age, &m.Cell.Milieu, &m.Cell.Schooling, &in.month, &in.n)
		if in.n == 0 {
			at.members = append(at.members, m)
		} else {
			in.centre = m.Centre
			at.months = append(at.months, in)
		}
		return err
	})
	for _, k := range persons {
		slices.SortFunc(s.known[k].members, Member.compare)
	}
	return err
}

func flushCells(ctx context.Context, tx store.Tx, cells map[cellKey]counts) error {
	var rows [][]any
	for k, c := range cells {
		rows = append(rows, []any{k.programme, k.period, k.centre, k.cell.Sex, k.cell.Age, k.cell.Milieu, k.cell.Schooling, c.people, c.participations})
	}
	return store.Sum(ctx, tx, cellTable, rows)
}
