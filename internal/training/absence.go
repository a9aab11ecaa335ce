package training

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/store"
)

// InARow is how many absences, with nothing between them but excused ones, are somebody's task.
const InARow = 2

// AbsenceFollowed is the body of absence.followed: what was done about somebody's absences, and what came of it. Both are
// words of lists: what a family tells is not written down here.
type AbsenceFollowed struct {
	Person  id.ID  `json:"person"`
	Cohort  id.ID  `json:"cohort"`
	Upto    string `json:"upto"` // the last absence that was known of, "2026-03-14 10:00"
	How     string `json:"how"`
	Outcome string `json:"outcome"`
	On      string `json:"on"` // ISO date
}

// Ways of following up, and what came of it. Unreached leaves the task open.
var (
	FollowWays     = []string{"call", "message", "visit", "met", "school"}
	FollowOutcomes = []string{"returns", "illness", "family", "transport", "leaves", Unreached}
)

// Unreached is the outcome of a try that reached nobody.
const Unreached = "unreached"

// Check says what is missing.
func (a AbsenceFollowed) Check() error {
	switch {
	case a.Person.IsNil() || a.Cohort.IsNil():
		return errors.New("absences are somebody's in a group")
	case !slices.Contains(FollowWays, a.How) || !slices.Contains(FollowOutcomes, a.Outcome):
		return fmt.Errorf("%q and %q are no way and outcome", a.How, a.Outcome)
	case !isDate(a.On) || len(a.Upto) > 20:
		return errors.New("a date is written 2026-03-14")
	}
	return nil
}

// KindFollowed says that somebody did something about absences.
var KindFollowed = fact.NewKind[AbsenceFollowed](fact.Kind{Name: "absence.followed", Streams: []string{"centre"}})

var followedTable = &store.Table{Name: "training_followed", Key: 1,
	Columns: store.Cols("id:id person:id cohort:id upto:text how:text outcome:text day:text at:int actor:id"),
	Indexes: []string{"person, cohort"}}

func init() {
	Folds = append(Folds, &fact.Fold{
		Name: "training.followed", Kinds: []*fact.Kind{KindFollowed}, Tables: []*store.Table{followedTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			a, last, _ := fact.Said[AbsenceFollowed](s, nil)
			if last == nil {
				return nil
			}
			out.Add(followedTable, s.ID, a.Person, a.Cohort, a.Upto, a.How, a.Outcome, a.On, last.HLC.Wall().UnixMilli(), last.Actor)
			return nil
		},
		Sample: fact.Statements(KindFollowed, func(d fact.Draw) fact.Body {
			return AbsenceFollowed{Person: testID(d.Int("person", 2)), Cohort: testID(5), How: FollowWays[d.Int("how", 3)], Outcome: FollowOutcomes[d.Int("outcome", 6)], On: "2026-01-05", Upto: "2026-01-04 10:00"}
		}),
	})
}

// Absence is a row of absences of somebody in a group.
type Absence struct {
	Person, Cohort, Centre id.ID
	N                      int
	First, Last            string // when: "2026-03-14 10:00"
	Tries                  int    // tries since that reached nobody
}

// streaks is who was absent InARow times or more since a day, with nobody seeing them since the first of these, and whose
// absences nobody has followed up. The inner query walks the latest absences back and stops at the first so many people who
// were absent before, too: it is read by index, and costs the same for a country as for a centre. Its arguments come first.
const streaks = `SELECT x.person, x.cohort, x.centre, count(*), min(x.at), max(x.at),
	(SELECT count(*) FROM training_followed f WHERE f.person = x.person AND f.cohort = x.cohort AND f.outcome = 'unreached' AND f.upto >= y.first)
	FROM (SELECT b.person AS person, b.cohort AS cohort, b.at AS last,
		(SELECT min(e.at) FROM training_absent e WHERE e.cohort = b.cohort AND e.person = b.person AND e.at >= ?) AS first
		FROM training_absent b WHERE b.at >= ? AND %s
		AND NOT EXISTS (SELECT 1 FROM training_absent l WHERE l.cohort = b.cohort AND l.person = b.person AND (l.at > b.at OR (l.at = b.at AND l.session > b.session)))
		AND EXISTS (SELECT 1 FROM training_absent l WHERE l.cohort = b.cohort AND l.person = b.person AND l.session <> b.session AND l.at <= b.at AND l.at >= ?)
		ORDER BY b.at DESC, b.cohort DESC, b.person DESC LIMIT %d) y
	JOIN training_absent x ON x.cohort = y.cohort AND x.person = y.person AND x.at >= ?
	WHERE NOT EXISTS (SELECT 1 FROM training_session s JOIN training_attendance a ON a.session = s.id AND a.person = x.person WHERE s.cohort = x.cohort AND s.day >= substr(x.at, 1, 10) AND s.day || ' ' || s.starts > x.at AND a.mark IN ('p', 'l'))
	AND NOT EXISTS (SELECT 1 FROM training_followed f WHERE f.person = x.person AND f.cohort = x.cohort AND f.outcome <> 'unreached' AND f.upto >= y.last)
	AND NOT EXISTS (SELECT 1 FROM training_double_mark d WHERE d.person = x.person AND d.session = x.session)
	AND EXISTS (SELECT 1 FROM training_enrolment e WHERE e.person = x.person AND e.cohort = x.cohort AND e.state IN ('enrolled', 'active'))
	GROUP BY x.person, x.cohort, x.centre, y.first HAVING count(*) >= 2 ORDER BY max(x.at) DESC, x.person LIMIT %d`

// Absences returns at most max rows of absences since a day that wait for somebody, the latest first.
func (t *Training) Absences(ctx context.Context, q store.Querier, scope access.Scope, since string, max int) ([]Absence, error) {
	where, own := scope.Groups("b.centre", "b.cohort")
	args := append([]any{since, since}, append(own, since, since)...)
	var out []Absence
	err := q.Each(ctx, fmt.Sprintf(streaks, where, 8*max, max), args, func(r store.Row) error {
		var a Absence
		err := r.Scan(&a.Person, &a.Cohort, &a.Centre, &a.N, &a.First, &a.Last, &a.Tries)
		out = append(out, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find absences in a row: %w", err)
	}
	// What was found is of records. Of those who have several it is worked out again, of all of them together.
	found := make([]id.ID, len(out))
	for i, a := range out {
		found[i] = a.Person
	}
	ones, err := person.Ones(ctx, q, found)
	if err != nil {
		return nil, err
	}
	out = slices.DeleteFunc(out, func(a Absence) bool { return ones[a.Person] != nil })
	more, err := t.absencesOfOnes(ctx, q, scope, since)
	if err != nil {
		return nil, fmt.Errorf("find absences in a row of people with several records: %w", err)
	}
	if out = append(out, more...); len(more) > 0 {
		slices.SortStableFunc(out, func(a, b Absence) int {
			return cmp.Or(cmp.Compare(b.Last, a.Last), bytes.Compare(a.Person[:], b.Person[:]))
		})
	}
	return out[:min(len(out), max)], nil
}

// maxOnes bounds how many people with several records are looked at for absences in a row: those who were absent last.
const maxOnes = 240

// absencesOfOnes is Absences of those who have several records. They are few: it begins with their own absences of the months
// since, and costs nothing where nobody has two.
func (t *Training) absencesOfOnes(ctx context.Context, q store.Querier, scope access.Scope, since string) ([]Absence, error) {
	type seat struct{ one, cohort id.ID }
	where, own := scope.Groups("s.centre", "s.cohort")
	at := map[seat][]string{} // the latest first
	centre := map[seat]id.ID{}
	var order []seat
	err := q.Each(ctx, "SELECT o.person, s.cohort, s.centre, s.day || ' ' || s.starts FROM training_one_absent o JOIN training_session s ON s.id = o.session WHERE o.month >= ? AND s.day >= ? AND "+where+" ORDER BY s.day DESC, s.starts DESC, o.person", append(store.Args(measure.Month(since), since), own...), func(r store.Row) error {
		var k seat
		var c id.ID
		var when string
		err := r.Scan(&k.one, &k.cohort, &c, &when)
		if at[k] == nil {
			order, centre[k] = append(order, k), c
		}
		at[k] = append(at[k], when)
		return err
	})
	if err != nil {
		return nil, err
	}
	order = slices.DeleteFunc(order, func(k seat) bool { return len(at[k]) < InARow })
	order = order[:min(len(order), maxOnes)]
	if len(order) == 0 {
		return nil, nil
	}
	var asked, records []id.ID
	for _, k := range order {
		asked = append(asked, k.one)
	}
	ones, err := person.Ones(ctx, q, asked)
	if err != nil {
		return nil, err
	}
	of := map[id.ID]id.ID{} // who stands for a record
	for one, all := range ones {
		for _, p := range all {
			if _, ok := of[p]; !ok {
				of[p], records = one, append(records, p)
			}
		}
	}
	here, sits := map[seat]string{}, map[seat]id.ID{}
	followed, tries := map[seat]string{}, map[seat][]string{}
	for part := range slices.Chunk(records, 500) {
		who, args := store.In("a.person", part)
		err := q.Each(ctx, "SELECT a.person, s.cohort, max(s.day || ' ' || s.starts) FROM training_attendance a JOIN training_session s ON s.id = a.session WHERE "+who+" AND a.mark IN ('p', 'l') GROUP BY a.person, s.cohort", args, func(r store.Row) error {
			var p, c id.ID
			var when string
			err := r.Scan(&p, &c, &when)
			k := seat{of[p], c}
			here[k] = max(here[k], when)
			return err
		})
		if err != nil {
			return nil, err
		}
		who, args = store.In("person", part)
		err = q.Each(ctx, "SELECT person, cohort FROM training_enrolment WHERE "+who+" AND state IN ('enrolled', 'active') ORDER BY person", args, func(r store.Row) error {
			var p, c id.ID
			err := r.Scan(&p, &c)
			if k := (seat{of[p], c}); sits[k].IsNil() {
				sits[k] = p
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		err = q.Each(ctx, "SELECT person, cohort, outcome, upto FROM training_followed WHERE "+who, args, func(r store.Row) error {
			var p, c id.ID
			var outcome, upto string
			err := r.Scan(&p, &c, &outcome, &upto)
			if k := (seat{of[p], c}); outcome == "unreached" {
				tries[k] = append(tries[k], upto)
			} else {
				followed[k] = max(followed[k], upto)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var out []Absence
	for _, k := range order {
		list := at[k]
		first := list[len(list)-1] // since the day, whoever saw them meanwhile
		row := slices.DeleteFunc(slices.Clone(list), func(when string) bool { return when < here[k] })
		if len(row) < InARow || sits[k].IsNil() || followed[k] >= list[0] {
			continue
		}
		a := Absence{Person: sits[k], Cohort: k.cohort, Centre: centre[k], N: len(row), First: row[len(row)-1], Last: row[0]}
		for _, upto := range tries[k] {
			if upto >= first {
				a.Tries++
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// Followed is something that was done about absences.
type Followed struct {
	AbsenceFollowed
	Actor id.ID
}

// FollowedUp returns what was done about somebody's absences in a group, the latest first.
func (t *Training) FollowedUp(ctx context.Context, q store.Querier, cohort, p id.ID) ([]Followed, error) {
	records, err := person.Records(ctx, q, p)
	if err != nil {
		return nil, err
	}
	who, args := store.In("person", records)
	var out []Followed
	err = q.Each(ctx, "SELECT person, cohort, upto, how, outcome, day, actor FROM training_followed WHERE "+who+" AND cohort = ? ORDER BY day DESC, at DESC, id", append(args, cohort), func(r store.Row) error {
		var f Followed
		err := r.Scan(&f.Person, &f.Cohort, &f.Upto, &f.How, &f.Outcome, &f.On, &f.Actor)
		out = append(out, f)
		return err
	})
	return out, err
}

// Follow records what was done about somebody's absences in a group.
func (t *Training) Follow(ctx context.Context, actor id.ID, scope access.Scope, cohort, p id.ID, how, outcome, on string) error {
	c, err := t.Cohort(ctx, t.log.DB, scope, cohort, "")
	if err != nil {
		return err
	}
	_, err = t.log.Do(ctx, fact.Command{Name: "follow up absences", Stream: person.Stream(c.Centre), Keys: []id.ID{p}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		records, err := person.Records(ctx, q, p)
		if err != nil {
			return out, err
		}
		who, args := store.In("person", records)
		var last string
		if _, err := store.One(ctx, q, "SELECT coalesce(max(at), '') FROM training_absent WHERE "+who+" AND cohort = ?", append(args, cohort), &last); err != nil {
			return out, err
		}
		if last == "" {
			return out, ErrNotOnList
		}
		b := AbsenceFollowed{Person: p, Cohort: cohort, Upto: last, How: how, Outcome: outcome, On: on}
		out.Facts = []fact.New{{Stream: person.Stream(c.Centre), Kind: KindFollowed, Subject: id.Under(p, "absence "+id.New().Hex()), Actor: actor, Body: b, Born: true}}
		return out, b.Check()
	}})
	return err
}
