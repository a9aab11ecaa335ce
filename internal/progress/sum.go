package progress

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/record"
	"tizi/internal/statement"
	"tizi/internal/store"
)

var (
	// deedTable has of each statement what counts here; it names people by their random ids, as the statement does.
	deedTable = &store.Table{
		Name: "progress_deed", Key: 2,
		Columns: store.Cols("id:id centre:id person:id course:text lesson:text step:text verb:text at:int hlc:int good:int score:real seconds:int"),
		Indexes: []string{"person, course, lesson", "centre, at WHERE " + made},
	}
	voidTable = &store.Table{Name: "progress_void", Key: 2, Columns: store.Cols("id:id centre:id target:id"), Indexes: []string{"target"}}
	// lessonTable has how far somebody is with a lesson or a test of a course: of each record that is known, in its own centre.
	lessonTable = &store.Table{
		Name: "progress_lesson", Key: 3,
		Columns: store.Cols("person:id course:text lesson:text centre:id begun:int last:int seconds:int tries:int failed:int done:int score:real steps:text"),
		Indexes: []string{"course, lesson, centre"},
	}
)

// Sum works out how far everybody is.
var Sum = &fact.Aggregate{
	Name: "progress", Tables: []*store.Table{deedTable, voidTable, lessonTable, testedTable, gainTable}, Sources: []*store.Table{record.Statements, person.Sheet, person.Edges},
	Begin: func() fact.Collector { return &collector{deeds: map[at][]any{}, voids: map[at][]any{}} },
}

// at is a statement in a stream.
type at struct{ id, centre id.ID }

// key is a row of lessonTable.
type key struct {
	person         id.ID
	course, lesson string
}

type collector struct {
	deeds, voids map[at][]any // as they are now; nil: gone
	touched      map[key]bool
	targets      []id.ID // of what voids
	people       []id.ID // who came or went
	joined       []id.ID // who became one with somebody, or ceased to be
}

// Change implements fact.Collector.
func (c *collector) Change(t *store.Table, old, new []any) {
	if t == person.Edges {
		if a, b, ok := person.EdgeOf(old, new); ok {
			c.joined = append(c.joined, a, b)
		}
		return
	}
	if t == person.Sheet {
		if p, moved := person.HomeOf(old, new); moved {
			c.people = append(c.people, p)
		}
		return
	}
	for i, row := range [][]any{old, new} {
		if row == nil {
			continue
		}
		s, err := record.TakenOf(row)
		if err != nil {
			continue // the fold has read it
		}
		k := at{s.ID, s.Centre}
		if !s.Voids.IsNil() {
			c.targets = append(c.targets, s.Voids)
			if c.voids[k] = nil; i == 1 {
				c.voids[k] = []any{s.ID, s.Centre, s.Voids}
			}
			continue
		}
		deed := deedOf(s)
		if deed == nil {
			continue
		}
		if c.touched == nil {
			c.touched = map[key]bool{}
		}
		c.touched[key{deed[2].(id.ID), deed[3].(string), deed[4].(string)}] = true
		if c.deeds[k] = nil; i == 1 {
			c.deeds[k] = deed
		}
	}
}

// deedOf is a row of deedTable, or nil of a statement that is of nobody's way through a course.
func deedOf(s record.Taken) []any {
	who, own := statement.OwnPerson(s.Said.All.Get("actor"))
	verb := verbOf(s.Said.Verb())
	if !own || verb == "" {
		return nil
	}
	place, ok := ParseAt(s.Said.All.Get("object", "id").Text())
	if !ok { // what a lab or a package says, within a step of a lesson
		for _, a := range s.Said.All.Get("context", "contextActivities", "parent").Items() {
			if place, ok = ParseAt(a.Get("id").Text()); ok && place.Step != "" {
				break
			}
			ok = false
		}
	}
	if !ok {
		return nil
	}
	when := s.At.Wall()
	if said := s.Said.All.Get("timestamp"); said != nil {
		if t, err := statement.ParseTime(said.Text()); err == nil && t.Before(when) && !t.Before(time.UnixMilli(0)) { // nobody did anything later than it was said
			when = t
		}
	}
	result := s.Said.All.Get("result")
	good := int64(-1)
	if v := result.Get("success"); v != nil {
		good = bit(v.String() == "true")
	}
	score := -1.0
	if v := result.Get("score", "scaled"); v != nil {
		if f, err := strconv.ParseFloat(v.String(), 64); err == nil {
			score = min(max(f, 0), 1)
		}
	}
	return []any{s.ID, s.Centre, who, place.Course, place.Lesson, place.Step, verb, when.UnixMilli(), int64(s.At), good, score, int64(seconds(result.Get("duration").Text()))}
}

// seconds reads a duration of hours, minutes and seconds, such as PT1M30S; 0 of any other.
func seconds(iso string) int {
	d, err := time.ParseDuration(strings.ToLower(strings.TrimPrefix(iso, "PT")))
	if err != nil || d < 0 || d > 24*time.Hour {
		return 0
	}
	return int(d.Seconds())
}

// Flush implements fact.Collector.
func (c *collector) Flush(ctx context.Context, tx store.Tx) error {
	if err := c.lessons(ctx, tx); err != nil {
		return err
	}
	return c.gains(ctx, tx)
}

// lessons works out anew from the deeds what is touched, whatever order they came in.
func (c *collector) lessons(ctx context.Context, tx store.Tx) error {
	if err := replace(ctx, tx, deedTable, c.deeds); err != nil {
		return err
	}
	if err := replace(ctx, tx, voidTable, c.voids); err != nil {
		return err
	}
	if c.touched == nil {
		c.touched = map[key]bool{}
	}
	var one int64
	if some, err := store.One(ctx, tx, "SELECT 1 FROM progress_deed LIMIT 1", nil, &one); err != nil || !some && len(c.touched) == 0 {
		return err
	}
	for _, of := range []struct {
		column string
		ids    []id.ID
	}{{"id", c.targets}, {"person", c.people}} {
		for part := range slices.Chunk(of.ids, 200) {
			in, args := store.In(of.column, part)
			err := tx.Each(ctx, "SELECT DISTINCT person, course, lesson FROM progress_deed WHERE "+in, args, func(r store.Row) error {
				var k key
				err := r.Scan(&k.person, &k.course, &k.lesson)
				c.touched[k] = true
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	if len(c.touched) == 0 {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(c.touched), func(a, b key) int {
		return cmp.Or(bytes.Compare(a.person[:], b.person[:]), cmp.Compare(a.course, b.course), cmp.Compare(a.lesson, b.lesson))
	})
	sets, people := make([][]any, len(keys)), []id.ID{}
	for i, k := range keys {
		sets[i] = []any{k.person, k.course, k.lesson}
		people = append(people, k.person)
	}
	homes, err := person.Homes(ctx, tx, slices.Compact(people))
	if err != nil {
		return err
	}
	deeds := make([][]deed, len(keys))
	err = tx.Many(ctx, "SELECT d.id, d.centre, d.step, d.verb, d.at, d.hlc, d.good, d.score, d.seconds FROM progress_deed d WHERE d.person = ? AND d.course = ? AND d.lesson = ?"+stands, sets, func(i int, r store.Row) error {
		var d deed
		var centre id.ID
		if err := r.Scan(&d.id, &centre, &d.step, &d.verb, &d.at, &d.hlc, &d.good, &d.score, &d.seconds); err != nil {
			return err
		}
		if centre == homes[keys[i].person] { // another centre's tools say nothing of our people
			deeds[i] = append(deeds[i], d)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var gone, rows [][]any
	for i, k := range keys {
		if len(deeds[i]) == 0 {
			gone = append(gone, sets[i])
			continue
		}
		l := fold(deeds[i])
		steps, err := json.Marshal(l.Steps)
		if err != nil {
			return fmt.Errorf("write the steps of a lesson: %w", err)
		}
		rows = append(rows, []any{k.person, k.course, k.lesson, homes[k.person], l.Begun.UnixMilli(), l.Last.UnixMilli(), int64(l.Seconds), int64(l.Tries), int64(l.Failed), bit(l.Done), l.Score, string(steps)})
	}
	if err := tx.Many(ctx, "DELETE FROM progress_lesson WHERE person = ? AND course = ? AND lesson = ?", gone, nil); err != nil {
		return err
	}
	return tx.Insert(ctx, lessonTable, rows)
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// replace writes rows, and takes away those that are nil.
func replace(ctx context.Context, tx store.Tx, t *store.Table, rows map[at][]any) error {
	var gone, there [][]any
	for _, k := range slices.SortedFunc(maps.Keys(rows), func(a, b at) int {
		return cmp.Or(bytes.Compare(a.id[:], b.id[:]), bytes.Compare(a.centre[:], b.centre[:]))
	}) {
		if r := rows[k]; r != nil {
			there = append(there, r)
		} else {
			gone = append(gone, []any{k.id, k.centre})
		}
	}
	if err := tx.Many(ctx, "DELETE FROM "+t.Name+" WHERE id = ? AND centre = ?", gone, nil); err != nil {
		return err
	}
	return tx.Insert(ctx, t, there)
}

// deed is one thing done, as it is folded.
type deed struct {
	id         id.ID
	step, verb string
	at         int64 // milliseconds since 1970
	hlc        int64 // when it was kept: of two in one millisecond it tells which came first
	good       int   // -1: nothing is right or wrong
	score      float64
	seconds    int
}

// idle is the longest pause that counts as time on task.
const idle = 5 * time.Minute

// fold works out a lesson from what was done in it.
func fold(deeds []deed) Lesson {
	slices.SortFunc(deeds, func(a, b deed) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.hlc, b.hlc), bytes.Compare(a.id[:], b.id[:]))
	})
	l := Lesson{Begun: time.UnixMilli(deeds[0].at).UTC(), Last: time.UnixMilli(deeds[len(deeds)-1].at).UTC(), Score: -1, Steps: map[string]Step{}}
	spent := time.Duration(0)
	for i, d := range deeds {
		if i > 0 {
			gap := time.Duration(d.at-deeds[i-1].at) * time.Millisecond
			counts := gap
			if gap > idle {
				counts = 0
			}
			// What measures itself, as labs do, is believed as far as it fits in.
			spent += max(counts, min(gap, time.Duration(d.seconds)*time.Second))
		}
		if d.step == "" {
			if d.verb == Completed {
				l.Done = true
				l.Score = max(l.Score, d.score)
			}
			continue
		}
		s := l.Steps[d.step]
		s.At = d.at
		switch d.verb {
		case Read:
			s.Done = true
		case Completed, Submitted:
			s.Done, s.By = true, d.id
			if d.score >= 0 {
				s.Last, s.Best = d.score, max(s.Best, d.score)
			}
		case Answered:
			s.Tries, s.Done, s.By, s.Right = s.Tries+1, true, d.id, s.Right || d.good == 1
			s.Last, s.Best = max(d.score, 0), max(s.Best, d.score)
			l.Tries++
			switch d.good {
			case 1:
				l.Failed = 0
			case 0:
				l.Failed++
			}
		}
		l.Steps[d.step] = s
	}
	l.Seconds = int(spent.Seconds())
	return l
}
