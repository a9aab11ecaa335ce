package training

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"tizi/internal/activity"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/store"
)

// Sum feeds the cube of measure from enrolments and attendance, and from who registered for activities and came to them, each person once, however many records there are.
var Sum = &fact.Aggregate{
	Name: "training", Tables: append([]*store.Table{seatTable, doubleTable, oneAbsentTable}, measure.Tables...), Sources: []*store.Table{enrolTable, attendTable, activity.Guests, activity.Visits, person.Edges, person.Elsewhere},
	Begin: func() fact.Collector {
		return &collector{members: map[measure.Member]int{}, presences: map[measure.Presence]int{}}
	},
}

// What does not count because another record of the same person stands for it.
var (
	// seatTable has enrolments: of one person in one group, or waiting for a group of a phase, one counts.
	seatTable = &store.Table{Name: "training_double_seat", Key: 2, Columns: store.Cols("person:id enrolment:id cohort:id state:text"), Indexes: []string{"cohort", "enrolment"}}
	// doubleTable has marks: of one person in one session, one counts.
	doubleTable = &store.Table{Name: "training_double_mark", Key: 2, Columns: store.Cols("person:id session:id mark:text"), Indexes: []string{"session"}}
	// oneAbsentTable has the sessions from which somebody with several records was absent, by the record that stands for all:
	// their absences in a row are theirs and not a record's. When and in which group it was is the session's to say.
	oneAbsentTable = &store.Table{Name: "training_one_absent", Key: 2, Columns: store.Cols("person:id session:id month:text"), Indexes: []string{"month, person"}}
)

type collector struct {
	members   map[measure.Member]int
	presences map[measure.Presence]int
	touched   []id.ID // who became one with somebody, or ceased to be
	// of are those of whom something changed, with the programmes it changed in, and all who must be looked at when they
	// are one with others.
	of map[id.ID]map[id.ID]bool
}

// Change implements fact.Collector.
func (c *collector) Change(t *store.Table, old, new []any) {
	if t == person.Edges {
		if a, b, ok := person.EdgeOf(old, new); ok {
			c.touched = append(c.touched, a, b)
		}
		return
	}
	for row, n := range map[*[]any]int{&old: -1, &new: 1} {
		r := *row
		if r == nil {
			continue
		}
		var who, prog id.ID
		switch t {
		case activity.Guests:
			m, came := activity.Guest(r)
			if who, prog = m.Person, m.Programme; came {
				c.members[m] += n
			}
		case activity.Visits:
			_, p := activity.Came(r)
			who, prog = p.Person, p.Programme
			c.presences[p] += n
		case person.Elsewhere:
			who, prog = r[2].(id.ID), r[3].(id.ID)
		case enrolTable:
			who, prog = r[1].(id.ID), r[2].(id.ID)
			// Whoever was denied a seat is no member of the programme.
			if r[6].(string) != Denied {
				c.members[member(r)] += n
			}
		default:
			who, prog = r[1].(id.ID), r[3].(id.ID)
			if Here(r[2].(string)) {
				c.presences[measure.Presence{Person: who, Programme: prog, Centre: r[4].(id.ID), Month: r[5].(string)}] += n
			}
		}
		if c.of == nil {
			c.of = map[id.ID]map[id.ID]bool{}
		}
		if c.of[who] == nil {
			c.of[who] = map[id.ID]bool{}
		}
		c.of[who][prog] = true
	}
}

// member is a row of enrolTable as the cube sees it.
func member(r []any) measure.Member {
	return measure.Member{
		Enrolment: r[0].(id.ID), Person: r[1].(id.ID), Programme: r[2].(id.ID), Centre: r[5].(id.ID),
		Cell: measure.Cell{Sex: r[9].(string), Age: r[10].(string), Milieu: r[11].(string), Schooling: r[12].(string)},
	}
}

// Flush implements fact.Collector. Of those who are one with others everything is worked out anew from the rows, which
// stand already; of all others the changes are told.
func (c *collector) Flush(ctx context.Context, tx store.Tx) error {
	ask := slices.Clone(c.touched)
	for p := range c.of {
		ask = append(ask, p)
	}
	sum := measure.Begin()
	var ones map[id.ID][]id.ID
	err := errors.Join(tx.Together(ctx, 2, func(i int, q store.Querier) (err error) {
		if i == 0 {
			return sum.Foresee(ctx, q, c.of)
		}
		ones, err = person.Ones(ctx, q, ask)
		return err
	})...)
	if err != nil {
		return err
	}
	whole := map[id.ID][]id.ID{} // by the one who stands for all
	part := map[id.ID]bool{}     // everybody in it
	add := func(p id.ID) {
		all := ones[p]
		if all == nil {
			all = []id.ID{p}
		}
		whole[all[0]] = all
		for _, m := range all {
			part[m] = true
		}
	}
	for _, p := range c.touched {
		add(p)
	}
	for p := range c.of {
		if ones[p] != nil {
			add(p)
		}
	}
	for m, n := range c.members {
		if !part[m.Person] {
			sum.Member(m, n)
		}
	}
	for p, n := range c.presences {
		if !part[p.Person] {
			sum.Presence(p, n)
		}
	}
	if len(part) > 0 {
		if err := c.whole(ctx, tx, sum, whole, part); err != nil {
			return err
		}
	}
	return sum.Flush(ctx, tx)
}

// mark is a row of attendTable.
type mark struct {
	session, person, programme, centre id.ID
	mark, month                        string
}

// whole works out everything about persons from their rows.
func (c *collector) whole(ctx context.Context, tx store.Tx, sum *measure.Sum, whole map[id.ID][]id.ID, part map[id.ID]bool) error {
	persons := make([]id.ID, 0, len(part))
	for p := range part {
		persons = append(persons, p)
	}
	slices.SortFunc(persons, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
	sets := make([][]any, len(persons))
	for i, p := range persons {
		sets[i] = []any{p}
	}
	enrolments := map[id.ID][][]any{}
	err := tx.Many(ctx, "SELECT "+enrolTable.List()+" FROM training_enrolment WHERE person = ?", sets, func(i int, r store.Row) error {
		row, err := enrolTable.Scan(r)
		enrolments[persons[i]] = append(enrolments[persons[i]], row)
		return err
	})
	if err != nil {
		return err
	}
	marks := map[id.ID][]mark{}
	err = tx.Many(ctx, "SELECT session, mark, programme, centre, month FROM training_attendance WHERE person = ?", sets, func(i int, r store.Row) error {
		m := mark{person: persons[i]}
		err := r.Scan(&m.session, &m.mark, &m.programme, &m.centre, &m.month)
		marks[persons[i]] = append(marks[persons[i]], m)
		return err
	})
	if err != nil {
		return err
	}
	guests := map[id.ID][]measure.Member{}
	err = tx.Many(ctx, activity.GuestsOf, sets, func(i int, r store.Row) error {
		row, err := activity.Guests.Scan(r)
		if err != nil {
			return err
		}
		if m, came := activity.Guest(row); came {
			guests[persons[i]] = append(guests[persons[i]], m)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = tx.Many(ctx, activity.VisitsOf, sets, func(i int, r store.Row) error {
		row, err := activity.Visits.Scan(r)
		if err != nil {
			return err
		}
		session, p := activity.Came(row)
		marks[persons[i]] = append(marks[persons[i]], mark{session, p.Person, p.Programme, p.Centre, Present, p.Month})
		return nil
	})
	if err != nil {
		return err
	}
	elsewhere := map[id.ID][]measure.Presence{}
	err = tx.Many(ctx, "SELECT DISTINCT programme, centre, month FROM person_elsewhere WHERE origin = ?", sets, func(i int, r store.Row) error {
		p := measure.Presence{Person: persons[i]}
		err := r.Scan(&p.Programme, &p.Centre, &p.Month)
		elsewhere[persons[i]] = append(elsewhere[persons[i]], p)
		return err
	})
	if err != nil {
		return err
	}
	programmes := map[id.ID]bool{}
	for p := range part {
		for _, m := range elsewhere[p] {
			programmes[m.Programme] = true
		}
		for prog := range c.of[p] {
			programmes[prog] = true
		}
		for _, e := range enrolments[p] {
			programmes[e[2].(id.ID)] = true
		}
		for _, m := range guests[p] {
			programmes[m.Programme] = true
		}
		for _, m := range marks[p] {
			programmes[m.programme] = true
		}
	}
	var seats, doubles, absences [][]any
	for one, all := range whole {
		members := map[id.ID][]measure.Member{}
		presences := map[id.ID]map[measure.Presence]int64{}
		var es [][]any
		best := map[id.ID]mark{}
		var ms []mark
		for _, p := range all {
			for _, e := range enrolments[p] {
				es = append(es, e)
				if e[6].(string) != Denied {
					m := member(e)
					m.Person = one
					members[m.Programme] = append(members[m.Programme], m)
				}
			}
			for _, m := range guests[p] {
				m.Person = one
				members[m.Programme] = append(members[m.Programme], m)
			}
			for _, m := range marks[p] {
				ms = append(ms, m)
				if b, ok := best[m.session]; !ok || m.before(b) {
					best[m.session] = m
				}
			}
		}
		for _, m := range ms {
			if best[m.session] != m {
				doubles = append(doubles, []any{m.person, m.session, m.mark})
			}
		}
		for _, m := range best {
			if m.mark == Absent && len(all) > 1 {
				absences = append(absences, []any{one, m.session, m.month})
			}
			if Here(m.mark) {
				if presences[m.programme] == nil {
					presences[m.programme] = map[measure.Presence]int64{}
				}
				presences[m.programme][measure.Presence{Centre: m.centre, Month: m.month}]++
			}
		}
		// Where somebody was reached before they came here, as far as this node has not the marks themselves.
		for _, p := range all {
			for _, m := range elsewhere[p] {
				if len(all) == 1 || slices.ContainsFunc(enrolments[p], func(e []any) bool { return e[2].(id.ID) == m.Programme }) || slices.ContainsFunc(marks[p], func(x mark) bool { return x.programme == m.Programme }) {
					continue
				}
				if presences[m.Programme] == nil {
					presences[m.Programme] = map[measure.Presence]int64{}
				}
				if at := (measure.Presence{Centre: m.Centre, Month: m.Month}); presences[m.Programme][at] == 0 {
					presences[m.Programme][at] = 1
				}
			}
		}
		// Whoever is one with nobody, any more or yet, hides nothing: that somebody once was must leave no trace.
		if len(all) > 1 {
			for _, e := range hiddenSeats(es) {
				seats = append(seats, []any{e[1], e[0], e[4], e[6]})
			}
		}
		for prog := range programmes {
			for _, p := range all {
				if p == one {
					sum.Whole(prog, one, members[prog], presences[prog])
				} else {
					sum.Whole(prog, p, nil, nil)
				}
			}
		}
	}
	for table, rows := range map[*store.Table][][]any{seatTable: seats, doubleTable: doubles, oneAbsentTable: absences} {
		if err := tx.Many(ctx, "DELETE FROM "+table.Name+" WHERE person = ?", sets, nil); err != nil {
			return err
		}
		if err := tx.Insert(ctx, table, rows); err != nil {
			return err
		}
	}
	return nil
}

// before orders the marks that one person has in one session: who was seen was there.
func (m mark) before(o mark) bool {
	order := func(s string) int { return slices.Index([]string{Present, Late, Excused, Absent}, s) }
	if c := cmp.Compare(order(m.mark), order(o.mark)); c != 0 {
		return c < 0
	}
	return bytes.Compare(m.person[:], o.person[:]) < 0
}

// standings orders the states of enrolments by how much they say: who has a seat has one, whatever else was written.
var standings = []string{Completed, Active, Enrolled, Waitlisted, Applied, WithdrawnS, Denied}

// firstSeat orders enrolments of one person.
func firstSeat(aState string, a id.ID, bState string, b id.ID) int {
	if c := cmp.Compare(slices.Index(standings, aState), slices.Index(standings, bState)); c != 0 {
		return c
	}
	return bytes.Compare(a[:], b[:])
}

// hiddenSeats are those of one person's enrolments for which another stands: in the same group, or, where there is no group
// yet, in the same phase.
func hiddenSeats(es [][]any) [][]any {
	var out [][]any
	for i, e := range es {
		for j, f := range es {
			group := e[4].(id.ID)
			same := group == f[4].(id.ID) || group.IsNil()
			if i == j || e[2] != f[2] || e[3] != f[3] || !same {
				continue
			}
			if group.IsNil() && f[4].(id.ID) != group {
				if slices.Contains([]string{WithdrawnS, Denied}, f[6].(string)) {
					continue // a seat that was left is no reason not to wait for another
				}
				out = append(out, e)
				break
			}
			if firstSeat(f[6].(string), f[0].(id.ID), e[6].(string), e[0].(id.ID)) < 0 {
				out = append(out, e)
				break
			}
		}
	}
	return out
}
