package training

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/lot"
	"tizi/internal/person"
	"tizi/internal/store"
)

// A group with more applicants than seats can give them by a published draw. Until it is held, whoever is placed in the group
// waits, and nobody gets a seat by hand. Disability counts in no rule: Tizi does not know it of anybody yet.

// MaxApplicants is how many people one draw may be among: more do not fit into one fact.
const MaxApplicants = 1000

// MaxDrawText is how many letters what is said of a draw may have.
const MaxDrawText = 300

// DrawOpened is the body of draw.opened: how the seats of a group will be given, stated before anybody can know the order.
type DrawOpened struct {
	Cohort id.ID    `json:"cohort"`
	On     string   `json:"on"`     // ISO dates
	Closes string   `json:"closes"` // the last day to apply, included
	Rule   lot.Rule `json:"rule"`
	Source string   `json:"source"`         // where the seed will come from, in words for the public
	SeedOn string   `json:"seed_on"`        // when it appears: after Closes
	Joint  id.ID    `json:"joint,omitzero"` // shared by draws of several groups that are held by one seed
}

// Check says what is missing or contradicts itself.
func (d DrawOpened) Check() error {
	switch {
	case d.Cohort.IsNil():
		return errors.New("a draw is for the seats of a group")
	case !isDate(d.On) || !isDate(d.Closes) || !isDate(d.SeedOn):
		return errors.New("a draw has days, written 2026-03-14")
	case d.Closes < d.On || d.SeedOn <= d.Closes:
		return errors.New("a list closes after it is opened, and before the seed appears")
	case d.Source == "" || utf8.RuneCountInString(d.Source) > MaxDrawText:
		return fmt.Errorf("a draw says in at most %d letters where its seed comes from", MaxDrawText)
	}
	return d.Rule.Check()
}

// DrawPlace is one applicant on a closed list.
type DrawPlace struct {
	Person id.ID `json:"p"`
	Points int   `json:"n,omitempty"`
}

// DrawFrozen is the body of draw.frozen: the list is closed. Who has which number follows from the key, which stays in the
// centre's stream: it would let whoever knows people's ids find them on the public list.
type DrawFrozen struct {
	On     string      `json:"on"`
	Key    []byte      `json:"key"`
	Places []DrawPlace `json:"places"`
	Fewer  bool        `json:"fewer,omitempty"` // girls and women were the fewer, so that it counted
	// Without is how many waited for a consent and so are not on the list.
	Without int `json:"without,omitempty"`
}

// Check says what is missing.
func (d DrawFrozen) Check() error {
	if !isDate(d.On) || len(d.Key) != 32 || len(d.Places) == 0 || len(d.Places) > MaxApplicants {
		return fmt.Errorf("a list is closed on a day, with a key of 32 bytes and 1 to %d applicants", MaxApplicants)
	}
	seen := map[id.ID]bool{}
	for _, p := range d.Places {
		if p.Person.IsNil() || seen[p.Person] || p.Points < 0 {
			return errors.New("an applicant stands on a list once")
		}
		seen[p.Person] = true
	}
	return nil
}

// list is the list as it is published, and whom each number stands for.
func (d DrawFrozen) list() ([]lot.Entry, []id.ID) {
	type line struct {
		lot.Entry
		person id.ID
	}
	lines := make([]line, len(d.Places))
	for i, p := range d.Places {
		lines[i] = line{lot.Entry{Points: p.Points, Tag: lot.Tag(d.Key, p.Person)}, p.Person}
	}
	slices.SortFunc(lines, func(a, b line) int { return strings.Compare(a.Tag, b.Tag) })
	out, people := make([]lot.Entry, len(lines)), make([]id.ID, len(lines))
	for i, l := range lines {
		out[i], people[i] = l.Entry, l.person
		out[i].Number = i + 1
	}
	return out, people
}

// DrawSeeded is the body of draw.seeded: somebody typed the seed, or another one typed it again and so confirmed it.
type DrawSeeded struct {
	Seed     string `json:"seed"` // as lot.Seed writes it
	On       string `json:"on"`
	Confirms bool   `json:"confirms,omitempty"`
}

// Check says what is missing.
func (d DrawSeeded) Check() error {
	if s, err := lot.Seed(d.Seed); err != nil || s != d.Seed {
		return lot.ErrSeed
	}
	if !isDate(d.On) {
		return errors.New("a seed has a day, written 2026-03-14")
	}
	return nil
}

// DrawCancelled is the body of draw.cancelled: there will be no draw, and everybody can read why.
type DrawCancelled struct {
	Why string `json:"why"`
	On  string `json:"on"`
}

// Check says what is missing.
func (d DrawCancelled) Check() error {
	if d.Why == "" || utf8.RuneCountInString(d.Why) > MaxDrawText || !isDate(d.On) {
		return fmt.Errorf("a draw is cancelled on a day, for a reason of at most %d letters", MaxDrawText)
	}
	return nil
}

// The kinds of draws.
var (
	KindDraw          = fact.NewKind[DrawOpened](fact.Kind{Name: "draw.opened", Streams: []string{"centre"}})
	KindDrawFrozen    = fact.NewKind[DrawFrozen](fact.Kind{Name: "draw.frozen", Streams: []string{"centre"}})
	KindDrawSeeded    = fact.NewKind[DrawSeeded](fact.Kind{Name: "draw.seeded", Streams: []string{"centre"}})
	KindDrawCancelled = fact.NewKind[DrawCancelled](fact.Kind{Name: "draw.cancelled", Streams: []string{"centre"}})
)

// States of a draw, in their order.
const (
	DrawOpen   = "open"      // people apply
	DrawClosed = "closed"    // the list is closed
	DrawTyped  = "typed"     // one person typed the seed
	DrawHeld   = "held"      // a second one confirmed it: the order stands
	DrawOff    = "cancelled" // there will be none
)

var (
	drawTable = &store.Table{Name: "training_draw", Key: 1,
		Columns: store.Cols("id:id cohort:id centre:id day:text closes:text rule:text source:text seed_on:text state:text frozen:text digest:text fewer:int without:int seed:text typist:id held:text why:text joint:id conflict:int"),
		Indexes: []string{"cohort, state", "day, id", "joint"}}
	// lotTable has the numbers of a list; place is 0 until the draw is held.
	lotTable = &store.Table{Name: "training_lot", Key: 2, Columns: store.Cols("draw:id number:int person:id points:int tag:text place:int"), Indexes: []string{"draw, place"}}
)

func init() {
	Folds = append(Folds, &fact.Fold{
		Name: "training.draw", Kinds: []*fact.Kind{KindDraw, KindDrawFrozen, KindDrawSeeded, KindDrawCancelled}, Tables: []*store.Table{drawTable, lotTable},
		Fold: foldDraw,
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			for i := range 1 + d.Int("facts", 6) {
				st := fact.Step{By: d.Int("by", 2)}
				switch k := d.Int("kind", 5); {
				case i == 0 || k == 0:
					st.Kind, st.Body = KindDraw, DrawOpened{Cohort: testID(5), On: "2026-01-05", Closes: fmt.Sprint("2026-01-1", d.Int("closes", 3)), SeedOn: "2026-01-20", Source: "balls", Rule: lot.Standard()}
				case k == 1:
					f := DrawFrozen{On: "2026-01-15", Key: make([]byte, 32)}
					for j := range 1 + d.Int("people", 4) {
						f.Places = append(f.Places, DrawPlace{testID(10 + j), 20 * d.Int("points", 2)})
					}
					st.Kind, st.Body = KindDrawFrozen, f
				case k == 4:
					st.Kind, st.Body = KindDrawCancelled, DrawCancelled{Why: "rain", On: "2026-01-16"}
				default:
					st.Kind, st.Body = KindDrawSeeded, DrawSeeded{Seed: []string{"07 12", "07 13"}[d.Int("seed", 2)], On: "2026-01-20", Confirms: k == 3}
				}
				if i > 0 && d.Int("saw", 2) == 1 {
					st.Prev = []int{d.Int("which", i)}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	})
}

func foldDraw(s *fact.Subject, out *fact.Rows) error {
	o, opened, several := fact.Said[DrawOpened](s, nil)
	if opened == nil {
		return nil
	}
	frozen, closed, more := fact.Said[DrawFrozen](s, nil)
	several = several || more
	off, ended, _ := fact.Said[DrawCancelled](s, nil)
	seed, typed, more := fact.Said(s, func(d DrawSeeded) bool { return !d.Confirms })
	several = several || more
	held := ""
	if closed != nil && typed != nil {
		for _, f := range s.Facts() {
			if d, ok := fact.As[DrawSeeded](f); ok && d.Confirms && d.Seed == seed.Seed && f.Actor != typed.Actor && held == "" {
				held = d.On
			}
		}
	}
	state, digest, typist := DrawOpen, "", id.Nil
	if typed != nil {
		typist = typed.Actor
	}
	var order []int
	if closed != nil {
		list, people := frozen.list()
		state, digest = DrawClosed, lot.Digest(list)
		if held != "" {
			order = lot.Order(seed.Seed, list)
		}
		place := make([]int, len(list)+1)
		for i, n := range order {
			place[n] = i + 1
		}
		for i, e := range list {
			out.Add(lotTable, s.ID, e.Number, people[i], e.Points, e.Tag, place[e.Number])
		}
		switch {
		case held != "":
			state = DrawHeld
		case typed != nil:
			state = DrawTyped
		}
	}
	if ended != nil && state != DrawHeld {
		state = DrawOff
	}
	rule, err := json.Marshal(o.Rule)
	if err != nil {
		return err
	}
	out.Add(drawTable, s.ID, o.Cohort, fact.CentreOf(opened.Stream), o.On, o.Closes, string(rule), o.Source, o.SeedOn, state, frozen.On, digest, frozen.Fewer, frozen.Without, seed.Seed, typist, held, off.Why, o.Joint, several)
	return nil
}

// Errors of draws. Doors translate them.
var (
	ErrDraw      = errors.New("a draw decides who gets the seats of the group; nobody gets one by hand until it is held")
	ErrNoDraw    = errors.New("there is no such draw")
	ErrDrawState = errors.New("the draw is further on than that, or not so far")
	ErrNoSeats   = errors.New("a draw is for a group whose seats are counted")
	ErrNotClosed = errors.New("people can still apply today")
	ErrNobody    = errors.New("nobody applied who can be on the list")
	ErrTooMany   = fmt.Errorf("a draw is among at most %d people", MaxApplicants)
	ErrSeedEarly = errors.New("the seed appears on a later day")
	ErrSeedKnown = errors.New("the day of the seed has come, so that it may be known")
	ErrSeedSoon  = errors.New("between the last day to apply and the seed lies no day on which the list could be closed")
	ErrSeedOwn   = errors.New("a second person confirms the seed")
	ErrSeedOther = errors.New("this is not the seed that the first person typed")
)

// Drawn is the reason of an enrolment whose seat was drawn.
const Drawn = "drawn"

// Draw is how seats of a group are drawn.
type Draw struct {
	ID, Cohort, Centre         id.ID
	On, Closes, Source, SeedOn string
	Rule                       lot.Rule
	State                      string
	Frozen, Digest, Seed, Held string // Frozen and Held are days
	Fewer                      bool
	Without                    int
	Typist                     id.ID // who typed the seed first
	Why                        string
	Joint                      id.ID // of the draws that are held with it by one seed; Nil: it stands alone
	Conflict                   bool
}

// Undecided reports whether a draw, which may be nil, is announced and not held.
func (d *Draw) Undecided() bool { return d != nil && d.State != DrawHeld && d.State != DrawOff }

// Lot is a number of a draw.
type Lot struct {
	lot.Entry
	Person id.ID
	Place  int // in the order, from 1; 0 until the draw is held
}

func (t *Training) draws(ctx context.Context, q store.Querier, where string, args []any) ([]*Draw, error) {
	var out []*Draw
	err := q.Each(ctx, "SELECT id, cohort, centre, day, closes, rule, source, seed_on, state, frozen, digest, fewer, without, seed, typist, held, why, joint, conflict FROM training_draw WHERE "+where, args, func(r store.Row) error {
		d, rule := &Draw{}, ""
		if err := r.Scan(&d.ID, &d.Cohort, &d.Centre, &d.On, &d.Closes, &rule, &d.Source, &d.SeedOn, &d.State, &d.Frozen, &d.Digest, &d.Fewer, &d.Without, &d.Seed, &d.Typist, &d.Held, &d.Why, &d.Joint, &d.Conflict); err != nil {
			return err
		}
		out = append(out, d)
		return json.Unmarshal([]byte(rule), &d.Rule)
	})
	return out, err
}

// Draw returns a draw, whoever asks: it is published. It returns ErrNoDraw when there is none.
func (t *Training) Draw(ctx context.Context, q store.Querier, v id.ID) (*Draw, error) {
	return t.oneDraw(ctx, q, "id = ?", store.Args(v))
}

// DrawOf returns the latest draw of a group, or nil.
func (t *Training) DrawOf(ctx context.Context, q store.Querier, cohort id.ID) (*Draw, error) {
	d, err := t.oneDraw(ctx, q, "cohort = ? ORDER BY CASE WHEN state IN ('open', 'closed', 'typed') THEN 0 ELSE 1 END, day DESC, id DESC LIMIT 1", store.Args(cohort))
	if errors.Is(err, ErrNoDraw) {
		return nil, nil
	}
	return d, err
}

func (t *Training) oneDraw(ctx context.Context, q store.Querier, where string, args []any) (*Draw, error) {
	l, err := t.draws(ctx, q, where, args)
	if err != nil {
		return nil, err
	}
	if len(l) == 0 {
		return nil, ErrNoDraw
	}
	return l[0], nil
}

// Draws returns the latest draws, at most max, for everybody.
func (t *Training) Draws(ctx context.Context, q store.Querier, max int) ([]*Draw, error) {
	return t.draws(ctx, q, fmt.Sprintf("1 = 1 ORDER BY day DESC, id DESC LIMIT %d", max), nil)
}

// Lots returns the numbers of a draw.
func (t *Training) Lots(ctx context.Context, q store.Querier, draw id.ID) ([]Lot, error) {
	var out []Lot
	err := q.Each(ctx, "SELECT number, person, points, tag, place FROM training_lot WHERE draw = ? ORDER BY number", store.Args(draw), func(r store.Row) error {
		var l Lot
		err := r.Scan(&l.Number, &l.Person, &l.Points, &l.Tag, &l.Place)
		out = append(out, l)
		return err
	})
	return out, err
}

// undecided reports whether a draw of a group is announced and not held: no seat of it is given meanwhile.
func (t *Training) undecided(ctx context.Context, q store.Querier, cohort id.ID) (bool, error) {
	var one int
	return store.One(ctx, q, "SELECT 1 FROM training_draw WHERE cohort = ? AND state IN ('open', 'closed', 'typed') LIMIT 1", store.Args(cohort), &one)
}

// OpenDraw announces that the seats of a group are drawn. A day lies between the last one to apply and the seed, for the list to be
// closed and published: otherwise it is ErrSeedSoon.
func (t *Training) OpenDraw(ctx context.Context, actor id.ID, scope access.Scope, b DrawOpened) (id.ID, error) {
	b.Source = strings.TrimSpace(b.Source)
	if err := b.Check(); err != nil {
		return id.Nil, err
	}
	if !DayBetween(b.Closes, b.SeedOn) {
		return id.Nil, ErrSeedSoon
	}
	now, err := t.Cohort(ctx, t.log.DB, scope, b.Cohort, "")
	if err != nil {
		return id.Nil, err
	}
	draw := id.New()
	_, err = t.log.Do(ctx, fact.Command{Name: "open a draw", Stream: person.Stream(now.Centre), Keys: []id.ID{b.Cohort}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		c, err := t.Cohort(ctx, q, scope, b.Cohort, "")
		if err != nil {
			return out, err
		}
		open, err := t.undecided(ctx, q, b.Cohort)
		switch {
		case err != nil:
			return out, err
		case open:
			return out, ErrDrawState
		case c.Closed:
			return out, ErrClosed
		case c.Capacity == 0:
			return out, ErrNoSeats
		}
		out.Facts = []fact.New{{Stream: person.Stream(c.Centre), Kind: KindDraw, Subject: draw, Actor: actor, Body: b, Born: true}}
		return out, nil
	}})
	return draw, err
}

// DayBetween reports whether a day lies between two, written 2026-03-14.
func DayBetween(first, last string) bool {
	d, err := time.Parse(time.DateOnly, first)
	return err == nil && d.AddDate(0, 0, 1).Format(time.DateOnly) < last
}

// step runs a command about a draw of a group that is in one of some states.
func (t *Training) step(ctx context.Context, name string, scope access.Scope, draw id.ID, keys []id.ID, states []string, run func(ctx context.Context, q store.Querier, d *Draw, c *Cohort, all []*fact.Fact) ([]fact.New, error)) error {
	now, err := t.Draw(ctx, t.log.DB, draw)
	if err != nil {
		return err
	}
	_, err = t.log.Do(ctx, fact.Command{Name: name, Stream: person.Stream(now.Centre), Keys: append([]id.ID{draw, now.Cohort}, keys...), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		d, err := t.Draw(ctx, q, draw)
		if err != nil {
			return out, err
		}
		c, err := t.Cohort(ctx, q, scope, d.Cohort, "")
		if err != nil {
			return out, err
		}
		if !slices.Contains(states, d.State) {
			return out, ErrDrawState
		}
		all, err := t.log.Of(ctx, q, draw)
		if err != nil {
			return out, err
		}
		out.Facts, err = run(ctx, q, d, c, all)
		return out, err
	}})
	return err
}

// FreezeDraw closes the list of a draw: of those who wait for a seat and came until its last day, without whoever lacks a
// consent. key is 32 bytes that nobody could know before. From the day of the seed on it is ErrSeedKnown: who closes a list then could
// choose the one that suits.
func (t *Training) FreezeDraw(ctx context.Context, actor id.ID, scope access.Scope, draw id.ID, key []byte, on string) error {
	return t.step(ctx, "close the list of a draw", scope, draw, nil, []string{DrawOpen}, func(ctx context.Context, q store.Querier, d *Draw, c *Cohort, all []*fact.Fact) ([]fact.New, error) {
		if on <= d.Closes {
			return nil, ErrNotClosed
		}
		if on >= d.SeedOn {
			return nil, ErrSeedKnown
		}
		waits, err := t.Waiting(ctx, q, c.ID)
		if err != nil {
			return nil, err
		}
		waits = slices.DeleteFunc(waits, func(e Enrolment) bool { return e.On > d.Closes })
		b := DrawFrozen{On: on, Key: key}
		if _, err := store.One(ctx, q, "SELECT count(*) FROM training_enrolment WHERE cohort = ? AND state = 'waitlisted' AND reason = '"+NoConsent+"' AND day <= ?"+stands, store.Args(c.ID, d.Closes), &b.Without); err != nil {
			return nil, err
		}
		people := make([]id.ID, len(waits))
		for i, e := range waits {
			people[i] = e.Person
		}
		lacks, err := t.Lacking(ctx, q, people)
		if err != nil {
			return nil, err
		}
		people = slices.DeleteFunc(people, func(p id.ID) bool { return lacks[p] })
		b.Without += len(lacks)
		if len(people) == 0 {
			return nil, ErrNobody
		}
		if len(people) > MaxApplicants {
			return nil, ErrTooMany
		}
		list, err := t.applicants(ctx, q, people)
		if err != nil {
			return nil, err
		}
		points, fewer := d.Rule.Points(list)
		b.Fewer = fewer && d.Rule.Girls > 0
		for i, a := range list {
			b.Places = append(b.Places, DrawPlace{a.Person, points[i]})
		}
		// In the order of their ids, so that not even the fact says who came first.
		slices.SortFunc(b.Places, func(x, y DrawPlace) int { return slices.Compare(x.Person[:], y.Person[:]) })
		return []fact.New{{Stream: person.Stream(c.Centre), Kind: KindDrawFrozen, Subject: draw, Actor: actor, Body: b, Prev: fact.HeadsOf(all)}}, nil
	})
}

// applicants returns people as a rule sees them. Who was once present, or has or had a seat in another phase, by whichever
// record, was served before.
func (t *Training) applicants(ctx context.Context, q store.Querier, people []id.ID) ([]lot.Applicant, error) {
	ones, err := person.Ones(ctx, q, people)
	if err != nil {
		return nil, err
	}
	as := map[id.ID]id.ID{}
	var records []id.ID
	for _, p := range people {
		m := ones[p]
		if m == nil {
			m = []id.ID{p}
		}
		for _, r := range m {
			as[r] = p
			records = append(records, r)
		}
	}
	served := map[id.ID]bool{}
	details := map[id.ID]person.Details{}
	for part := range slices.Chunk(records, 500) {
		who, args := store.In("person", part)
		for _, sql := range []string{"SELECT DISTINCT person FROM training_enrolment WHERE state IN ('enrolled', 'active', 'completed') AND " + who, "SELECT DISTINCT person FROM training_attendance WHERE mark IN ('p', 'l') AND " + who} {
			if err := q.Each(ctx, sql, args, func(r store.Row) error {
				var p id.ID
				err := r.Scan(&p)
				served[as[p]] = true
				return err
			}); err != nil {
				return nil, err
			}
		}
		found, err := t.people.Of(ctx, q, access.Everywhere(), part)
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			details[p.ID] = p.Details
		}
	}
	var out []lot.Applicant
	for _, p := range people {
		d := details[p]
		out = append(out, lot.Applicant{Person: p, Sex: d["sex"], First: !served[p], Out: d["schooling"] == "out_of_school" || d["schooling"] == "never", Rural: d["milieu"] == "rural"})
	}
	return out, nil
}

// CancelDraw ends a draw whose seed nobody can know yet, with a reason that everybody can read: before the day of the seed, and
// ErrSeedKnown from then on, or while its list was never closed, so that there is no order that somebody might dislike.
func (t *Training) CancelDraw(ctx context.Context, actor id.ID, scope access.Scope, draw id.ID, why, on string) error {
	b := DrawCancelled{Why: strings.TrimSpace(why), On: on}
	if err := b.Check(); err != nil {
		return err
	}
	return t.step(ctx, "cancel a draw", scope, draw, nil, []string{DrawOpen, DrawClosed}, func(ctx context.Context, q store.Querier, d *Draw, c *Cohort, all []*fact.Fact) ([]fact.New, error) {
		if d.State == DrawClosed && on >= d.SeedOn {
			return nil, ErrSeedKnown
		}
		return []fact.New{{Stream: person.Stream(c.Centre), Kind: KindDrawCancelled, Subject: draw, Actor: actor, Body: b, Prev: fact.HeadsOf(all)}}, nil
	})
}

// TypeSeed states the seed of a draw for the first time, or corrects it as long as nobody confirmed it.
func (t *Training) TypeSeed(ctx context.Context, actor id.ID, scope access.Scope, draw id.ID, seed, on string) error {
	seed, err := lot.Seed(seed)
	if err != nil {
		return err
	}
	return t.step(ctx, "type the seed of a draw", scope, draw, nil, []string{DrawClosed, DrawTyped}, func(ctx context.Context, q store.Querier, d *Draw, c *Cohort, all []*fact.Fact) ([]fact.New, error) {
		if on < d.SeedOn {
			return nil, ErrSeedEarly
		}
		others, err := t.JointDraws(ctx, q, d.Joint)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(others, func(o *Draw) bool { return o.State == DrawHeld && o.Seed != seed }) {
			return nil, ErrSeedOther
		}
		return []fact.New{{Stream: person.Stream(c.Centre), Kind: KindDrawSeeded, Subject: draw, Actor: actor, Body: DrawSeeded{Seed: seed, On: on}, Prev: fact.HeadsOf(all)}}, nil
	})
}

// ConfirmSeed states the seed a second time, by another account, and gives the seats in the same transaction: to the first of
// the order as many as there are, and to the others their places in the waiting list, before whoever came later. Who went
// away meanwhile is passed over, and who lacks a consent by now keeps the place.
func (t *Training) ConfirmSeed(ctx context.Context, actor id.ID, scope access.Scope, draw id.ID, seed, on string) (given int, err error) {
	if seed, err = lot.Seed(seed); err != nil {
		return 0, err
	}
	now, err := t.Draw(ctx, t.log.DB, draw)
	if err != nil {
		return 0, err
	}
	keys, err := t.waitingKeys(ctx, now.Cohort)
	if err != nil {
		return 0, err
	}
	err = t.step(ctx, "hold a draw", scope, draw, keys, []string{DrawTyped}, func(ctx context.Context, q store.Querier, d *Draw, c *Cohort, all []*fact.Fact) ([]fact.New, error) {
		given = 0
		switch {
		case d.Typist == actor || actor.IsNil():
			return nil, ErrSeedOwn
		case d.Seed != seed:
			return nil, ErrSeedOther
		}
		stream := person.Stream(c.Centre)
		out := []fact.New{{Stream: stream, Kind: KindDrawSeeded, Subject: draw, Actor: actor, Body: DrawSeeded{Seed: seed, On: on, Confirms: true}, Prev: fact.HeadsOf(all)}}
		lots, err := t.Lots(ctx, q, draw)
		if err != nil {
			return nil, err
		}
		list := make([]lot.Entry, len(lots))
		for i, l := range lots {
			list[i] = l.Entry
		}
		waits, err := t.Waiting(ctx, q, c.ID)
		if err != nil {
			return nil, err
		}
		people := make([]id.ID, len(waits))
		at := map[id.ID]*Enrolment{}
		for i := range waits {
			people[i], at[waits[i].Person] = waits[i].Person, &waits[i]
		}
		lacks, err := t.Lacking(ctx, q, people)
		if err != nil {
			return nil, err
		}
		state := func(e *Enrolment, b EnrolmentStated) error {
			seen, err := t.log.Of(ctx, q, e.ID)
			if err == nil && !fact.Says(seen, b) {
				out = append(out, fact.New{Stream: stream, Kind: KindEnrolment, Subject: e.ID, Actor: actor, Body: b, Prev: fact.HeadsOf(seen)})
			}
			return err
		}
		free, rank := c.Capacity-c.Enrolled, 0
		if c.Capacity == 0 {
			free = len(list) // seats are not counted any more
		}
		for _, n := range lot.Order(seed, list) {
			e := at[lots[n-1].Person]
			if e == nil {
				continue
			}
			delete(at, e.Person)
			if free > 0 && !lacks[e.Person] {
				free--
				given++
				err = state(e, e.restated(Enrolled, Drawn, on))
			} else {
				rank++
				b := e.restated(Waitlisted, "", e.On)
				b.Rank = rank
				err = state(e, b)
			}
			if err != nil {
				return nil, err
			}
		}
		for i := range waits { // who came after the closing, in their order
			e := &waits[i]
			if at[e.Person] == nil {
				continue
			}
			rank++
			b := e.restated(Waitlisted, "", e.On)
			b.Rank = rank
			if err := state(e, b); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
	return given, err
}
