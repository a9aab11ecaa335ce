package measure_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

var ctx = context.Background()

// ids are few, so that members and presences meet.
func ids(name string, n int) []id.ID {
	var out []id.ID
	for i := range n {
		out = append(out, id.Named("measure test "+name, fmt.Sprint(i)))
	}
	return out
}

var (
	programmes = ids("programme", 2)
	persons    = ids("person", 3)
	centres    = ids("centre", 3)
	enrolments = ids("enrolment", 2)
	months     = []string{"202511", "202512", "202601", "202602"}
	sexes      = []string{"", "f", "m"}
	milieus    = []string{"", "urban", "rural"}
)

func cube(t testing.TB, e store.Engine) *store.DB {
	t.Helper()
	db := testnode.Open(t, testnode.Place(t, e))
	_, err := db.Ensure(ctx, measure.Tables)
	testnode.Must(t, err)
	empty(t, db)
	return db
}

func empty(t interface{ Fatal(...any) }, db *store.DB) {
	err := db.Write(ctx, func(tx store.Tx) error {
		for _, table := range measure.Tables {
			if err := tx.Exec(ctx, "DELETE FROM "+table.Name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func flush(t interface{ Fatal(...any) }, db *store.DB, s *measure.Sum) {
	if err := db.Write(ctx, func(tx store.Tx) error { return s.Flush(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

// state is what is true in the end, whatever was told on the way.
type state struct {
	members   map[[2]id.ID]measure.Member // by person and enrolment; an enrolment is of one programme
	presences map[measure.Presence]int
}

// counted is where the rules of this package count somebody, worked out from the final state alone.
type counted struct {
	centre id.ID
	cell   measure.Cell
}

func word(s string) string { return cmp.Or(s, measure.Unknown) }

// cellOf is the cell of the first enrolment by id, unknown without one.
func (s *state) cellOf(programme, person id.ID) measure.Cell {
	var first *measure.Member
	for _, m := range s.members {
		if m.Programme == programme && m.Person == person && (first == nil || slices.Compare(m.Enrolment[:], first.Enrolment[:]) < 0) {
			first = &m
		}
	}
	if first == nil {
		first = &measure.Member{}
	}
	c := first.Cell
	return measure.Cell{Sex: word(c.Sex), Age: word(c.Age), Milieu: word(c.Milieu), Schooling: word(c.Schooling)}
}

// reached are the people that a period counts.
func (s *state) reached(programme id.ID, period string) map[id.ID]counted {
	out := map[id.ID]counted{}
	for _, person := range persons {
		earliest := ""
		for p, n := range s.presences {
			if n > 0 && p.Programme == programme && p.Person == person && strings.HasPrefix(p.Month, period) && (earliest == "" || p.Month < earliest) {
				earliest = p.Month
			}
		}
		if earliest == "" {
			continue
		}
		best, most := id.Nil, 0
		for _, c := range centres {
			n := s.presences[measure.Presence{Programme: programme, Person: person, Centre: c, Month: earliest}]
			if n > most || n == most && n > 0 && slices.Compare(c[:], best[:]) < 0 {
				best, most = c, n
			}
		}
		out[person] = counted{best, s.cellOf(programme, person)}
	}
	return out
}

func fits(f measure.Filter, c measure.Cell) bool {
	for want, have := range map[*string]string{&f.Sex: c.Sex, &f.Age: c.Age, &f.Milieu: c.Milieu, &f.Schooling: c.Schooling} {
		if *want != "" && *want != have {
			return false
		}
	}
	return true
}

// board is the naive board of a filter.
func (s *state) board(scope access.Scope, f measure.Filter) (total measure.Counts, byCentre map[id.ID]measure.Counts, people map[id.ID]counted) {
	byCentre, people = map[id.ID]measure.Counts{}, map[id.ID]counted{}
	add := func(centre id.ID, n measure.Counts) {
		c := byCentre[centre]
		byCentre[centre] = measure.Counts{People: c.People + n.People, Participations: c.Participations + n.Participations}
		total.People += n.People
		total.Participations += n.Participations
	}
	for person, c := range s.reached(f.Programme, f.Period) {
		if scope.Has(c.centre) && fits(f, c.cell) {
			people[person] = c
			add(c.centre, measure.Counts{People: 1})
		}
	}
	for p, n := range s.presences {
		if n > 0 && p.Programme == f.Programme && strings.HasPrefix(p.Month, f.Period) && scope.Has(p.Centre) && fits(f, s.cellOf(p.Programme, p.Person)) {
			add(p.Centre, measure.Counts{Participations: int64(n)})
		}
	}
	return total, byCentre, people
}

// Members and presences that come, go, change and come again, in transactions of any size, end in the cube that the final
// state alone says. Of every number the list has just as many names, and sums of parts are the whole.
func TestCubeIsWhatTheFinalStateSays(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db := cube(t, e)
		rapid.Check(t, func(t *rapid.T) {
			empty(t, db)
			s := &state{map[[2]id.ID]measure.Member{}, map[measure.Presence]int{}}
			pick := func(label string, n int) int { return rapid.IntRange(0, n-1).Draw(t, label) }
			for range 1 + pick("transactions", 4) {
				sum := measure.Begin()
				for range 1 + pick("changes", 12) {
					programme, person := programmes[pick("programme", 4)/3], persons[pick("person", len(persons))]
					switch kind := pick("kind", 6); kind {
					case 0, 1, 2: // somebody is enrolled, is described anew, or goes
						k := [2]id.ID{person, id.Under(enrolments[pick("enrolment", 2)], programme.Hex())}
						was, known := s.members[k]
						if known {
							sum.Member(was, -1)
							delete(s.members, k)
						}
						if kind > 0 || !known {
							m := measure.Member{Programme: programme, Person: person, Enrolment: k[1], Centre: centres[pick("centre", 3)],
								Cell: measure.Cell{Sex: sexes[pick("sex", 3)], Milieu: milieus[pick("milieu", 3)]}}
							sum.Member(m, 1)
							s.members[k] = m
						}
					default:
						p := measure.Presence{Programme: programme, Person: person, Centre: centres[pick("centre", 3)], Month: months[pick("month", len(months))]}
						n := 1
						if s.presences[p] > 0 && kind == 5 {
							n = -1
						}
						sum.Presence(p, n)
						s.presences[p] += n
					}
				}
				flush(t, db, sum)
			}
			scopes := []access.Scope{access.Everywhere(), access.At(centres[0]), access.At(centres[1], centres[2]), {}}
			for _, period := range []string{measure.Total, "2025", "2026", "2024", "202511", "202512", "202601", "202602", "202603"} {
				f := measure.Filter{Programme: programmes[pick("asked programme", 2)], Period: period, Sex: []string{"", "f", "m", measure.Unknown}[pick("asked sex", 4)], Milieu: []string{"", "urban", measure.Unknown}[pick("asked milieu", 3)]}
				compare(t, db, s, scopes[pick("scope", len(scopes))], f)
			}
		})
	})
}

func compare(t *rapid.T, db *store.DB, s *state, scope access.Scope, f measure.Filter) {
	b, err := measure.Read(ctx, db, scope, f)
	if err != nil {
		t.Fatal(err)
	}
	total, byCentre, people := s.board(scope, f)
	if b.Total != total || !maps.Equal(b.Centres, byCentre) {
		t.Fatalf("%+v: the board says %+v %v, the state %+v %v", f, b.Total, b.Centres, total, byCentre)
	}
	// Parts add up to the whole, in each dimension, at each centre and over all.
	sum := func(parts map[string]measure.Counts) (c measure.Counts) {
		for _, n := range parts {
			c.People += n.People
			c.Participations += n.Participations
		}
		return c
	}
	for _, d := range measure.Dimensions {
		if got := sum(b.Cells[d.Name]); got != total {
			t.Fatalf("%+v: the values of %s add up to %+v of %+v", f, d.Name, got, total)
		}
		for centre, n := range b.Centres {
			if got := sum(b.Crossed[centre][d.Name]); got != n {
				t.Fatalf("%+v: the values of %s at a centre add up to %+v of %+v", f, d.Name, got, n)
			}
		}
	}
	// The names behind the number, by pages of two.
	var listed []measure.Counted
	after := id.Nil
	for {
		l, err := measure.List(ctx, db, scope, f, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, l...)
		if len(l) < 2 {
			break
		}
		after = l[1].Person
	}
	if int64(len(listed)) != b.Total.People {
		t.Fatalf("%+v: %d names behind the number %d", f, len(listed), b.Total.People)
	}
	for _, c := range listed {
		want, ok := people[c.Person]
		if !ok || want != (counted{c.Centre, c.Cell}) {
			t.Fatalf("%+v: the list has %+v, the state %+v", f, c, want)
		}
		delete(people, c.Person) // nobody twice
	}
	if f.Period == measure.Total {
		ms, series, err := measure.Series(ctx, db, scope, f)
		if err != nil || !slices.IsSorted(ms) {
			t.Fatal(ms, err)
		}
		for _, m := range months {
			g := f
			g.Period = m
			want, _, _ := s.board(scope, g)
			if series[m] != want {
				t.Fatalf("%+v: the series says %+v of %s, the state %+v", f, series[m], m, want)
			}
		}
	}
}

// A person at two centres is one person in every period: at the centre of the earliest month, there the one with most.
func TestPersonAtTwoCentres(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db := cube(t, e)
		sum := measure.Begin()
		at := func(centre, month string, n int) {
			for range n {
				sum.Presence(measure.Presence{Programme: programmes[0], Person: persons[0], Centre: map[string]id.ID{"a": centres[0], "b": centres[1]}[centre], Month: month}, 1)
			}
		}
		sum.Member(measure.Member{Programme: programmes[0], Person: persons[0], Enrolment: enrolments[0], Centre: centres[0], Cell: measure.Cell{Sex: "f"}}, 1)
		at("a", "202512", 1)
		at("a", "202601", 1)
		at("b", "202601", 2)
		at("a", "202602", 5)
		flush(t, db, sum)
		for period, want := range map[string][2]measure.Counts{
			measure.Total: {{1, 7}, {0, 2}}, "2025": {{1, 1}, {}}, "2026": {{0, 6}, {1, 2}}, "202601": {{0, 1}, {1, 2}}, "202602": {{1, 5}, {}},
		} {
			b, err := measure.Read(ctx, db, access.Everywhere(), measure.Filter{Programme: programmes[0], Period: period})
			testnode.Must(t, err)
			if got := [2]measure.Counts{b.Centres[centres[0]], b.Centres[centres[1]]}; got != want || b.Total.People != 1 {
				t.Errorf("%q: got %v, want %v", period, got, want)
			}
		}
	})
}

func TestAge(t *testing.T) {
	for _, c := range []struct {
		birth, day string
		years      int
		band       string
	}{
		{"2014-12-31", "2025-12-30", 10, "8-10"}, {"2014-12-31", "2025-12-31", 11, "11-14"},
		{"2016-02-29", "2024-02-28", 7, "0-7"}, {"2016-02-29", "2024-02-29", 8, "8-10"}, {"2016-02-29", "2027-02-28", 10, "8-10"}, {"2016-02-29", "2027-03-01", 11, "11-14"},
		{"2014", "2025-06-30", 10, "8-10"}, {"2014", "2025-07-01", 11, "11-14"},
		{"1990-01-01", "2026-01-01", 36, "35+"}, {"1991-01-02", "2026-01-01", 34, "25-34"}, {"2026-01-01", "2026-01-01", 0, "0-7"},
		{"2026-01-02", "2026-01-01", 0, measure.Unknown}, {"", "2026-01-01", 0, measure.Unknown}, {"2014-13-01", "2026-01-01", 0, measure.Unknown},
	} {
		years, ok := measure.Age(c.birth, c.day)
		if band := measure.AgeBand(c.birth, c.day); years != c.years || band != c.band || ok != (c.band != measure.Unknown) {
			t.Errorf("born %q, on %s: %d, %s, %v", c.birth, c.day, years, band, ok)
		}
	}
}
