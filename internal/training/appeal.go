package training

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/programme"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// AppealDays is within how many days an appeal is decided.
const AppealDays = 15

// MaxAppeal is how many letters an appeal, and its answer, may have.
const MaxAppeal = 2000

// AppealLodged is the body of appeal.lodged: somebody whom a rule refused asks that it be looked at again.
type AppealLodged struct {
	Person    id.ID    `json:"person"`
	Programme id.ID    `json:"programme"`
	Phase     id.ID    `json:"phase"`
	Grounds   []string `json:"grounds"` // on which it was refused, some of programme.Grounds
	By        string   `json:"by"`      // one of AppealBy
	On        string   `json:"on"`      // ISO date
	Sealed    string   `json:"sealed"`  // the words, with the person's key
}

// AppealBy are who appeals: the guardian, or the person, on their own page or before somebody of the centre.
var AppealBy = []string{"guardian", "person", "school"}

// Check says what is missing.
func (a AppealLodged) Check() error {
	switch {
	case a.Person.IsNil() || a.Programme.IsNil() || a.Phase.IsNil() || a.Sealed == "" || len(a.Sealed) > 16_000:
		return errors.New("an appeal is somebody's, in a phase of a programme, in words")
	case !slices.Contains(AppealBy, a.By):
		return fmt.Errorf("%q appeals for nobody", a.By)
	case !isDate(a.On):
		return errors.New("a date is written 2026-03-14")
	}
	return checkGrounds(a.Grounds)
}

func checkGrounds(grounds []string) error {
	if slices.ContainsFunc(grounds, func(g string) bool { return !slices.Contains(programme.Grounds, g) }) {
		return fmt.Errorf("%q are no grounds of a rule", grounds)
	}
	return nil
}

// AppealDecided is the body of appeal.decided.
type AppealDecided struct {
	Person   id.ID  `json:"person"`
	Accepted bool   `json:"accepted"`
	On       string `json:"on"`     // ISO date
	Sealed   string `json:"sealed"` // the reason in words
}

// Check says what is missing.
func (a AppealDecided) Check() error {
	if a.Person.IsNil() || a.Sealed == "" || len(a.Sealed) > 16_000 || !isDate(a.On) {
		return errors.New("an appeal is decided on a day, written 2026-03-14, with a reason")
	}
	return nil
}

// The kinds of appeals.
var (
	KindAppeal        = fact.NewKind[AppealLodged](fact.Kind{Name: "appeal.lodged", Streams: []string{"centre"}})
	KindAppealDecided = fact.NewKind[AppealDecided](fact.Kind{Name: "appeal.decided", Streams: []string{"centre"}})
)

// States of an appeal.
const (
	AppealOpen     = "open"
	AppealAccepted = "accepted"
	AppealRejected = "rejected"
)

var appealTable = &store.Table{Name: "training_appeal", Key: 1,
	Columns: store.Cols("id:id person:id programme:id phase:id centre:id grounds:text who:text day:text due:text actor:id sealed:text state:text decided:text decider:id answer:text conflict:int"),
	Indexes: []string{"person", "state, due, id", "centre, state, due, id"}}

func init() {
	Folds = append(Folds, &fact.Fold{
		Name: "training.appeal", Kinds: []*fact.Kind{KindAppeal, KindAppealDecided}, Tables: []*store.Table{appealTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			a, last, several := fact.Said[AppealLodged](s, nil)
			if last == nil {
				return nil
			}
			state, by := AppealOpen, id.Nil
			d, decided, disputed := fact.Said[AppealDecided](s, nil)
			if decided != nil {
				state, by = AppealRejected, decided.Actor
				if d.Accepted {
					state = AppealAccepted
				}
			}
			out.Add(appealTable, s.ID, a.Person, a.Programme, a.Phase, fact.CentreOf(last.Stream), strings.Join(a.Grounds, " "), a.By, a.On, due(a.On), last.Actor, a.Sealed, state, d.On, by, d.Sealed, several || disputed)
			return nil
		},
		Sample: answered(KindAppeal, KindAppealDecided, func(d fact.Draw, i int) fact.Body {
			return AppealLodged{Person: testID(1), Programme: testID(2), Phase: testID(3), Grounds: programme.Grounds[:1], By: AppealBy[d.Int("who", 3)], On: "2026-01-05", Sealed: fmt.Sprint("sealed ", i)}
		}, func(d fact.Draw, i int) fact.Body {
			return AppealDecided{Person: testID(1), Accepted: d.Int("accepted", 2) == 1, On: "2026-01-06", Sealed: fmt.Sprint("sealed ", i)}
		}),
	})
}

// due is the day by which an appeal is decided.
func due(on string) string {
	d, err := time.Parse(time.DateOnly, on)
	if err != nil {
		return on
	}
	return d.AddDate(0, 0, AppealDays).Format(time.DateOnly)
}

// Errors of appeals.
var (
	ErrNoAppeal  = errors.New("there is no such appeal")
	ErrNoRefusal = errors.New("no rule refused this person")
	ErrAppealed  = errors.New("an appeal waits for its decision already")
	ErrDecided   = errors.New("the appeal was decided already")
	ErrOwnAppeal = errors.New("whoever lodged an appeal does not decide it")
	ErrNoWords   = errors.New("it takes some words")
	ErrWordsLong = errors.New("the words are too many")
)

// Appeal is somebody's appeal against a refusal.
type Appeal struct {
	ID, Person, Programme, Phase, Centre id.ID
	Grounds                              []string
	By, On, Due                          string
	Actor                                id.ID  // who wrote it down
	Words                                string // "" where the key is gone
	State                                string
	Decided                              string // ISO date
	Decider                              id.ID
	Answer                               string
	Conflict                             bool
}

func words(text string) (string, error) {
	switch text = strings.TrimSpace(text); {
	case text == "":
		return "", ErrNoWords
	case len([]rune(text)) > MaxAppeal:
		return "", ErrWordsLong
	}
	return text, nil
}

func (t *Training) appeals(ctx context.Context, q store.Querier, where string, args []any) ([]*Appeal, error) {
	var out []*Appeal
	var people []id.ID
	err := q.Each(ctx, "SELECT id, person, programme, phase, centre, grounds, who, day, due, actor, sealed, state, decided, decider, answer, conflict FROM training_appeal WHERE "+where, args, func(r store.Row) error {
		a, grounds := &Appeal{}, ""
		err := r.Scan(&a.ID, &a.Person, &a.Programme, &a.Phase, &a.Centre, &grounds, &a.By, &a.On, &a.Due, &a.Actor, &a.Words, &a.State, &a.Decided, &a.Decider, &a.Answer, &a.Conflict)
		a.Grounds = strings.Fields(grounds)
		out, people = append(out, a), append(people, a.Person)
		return err
	})
	if err != nil || len(out) == 0 {
		return nil, err
	}
	ring := seal.Ring{}
	if err := t.log.Keys.Load(ctx, q, ring, people); err != nil {
		return nil, err
	}
	for _, a := range out {
		for _, text := range []*string{&a.Words, &a.Answer} {
			plain := ""
			if k := ring[a.Person]; k != nil && *text != "" {
				if b, err := k.Open(*text); err == nil {
					plain = string(b)
				}
			}
			*text = plain
		}
	}
	return out, nil
}

// OpenAppeals returns appeals that wait for a decision, the most urgent first, at most max.
func (t *Training) OpenAppeals(ctx context.Context, q store.Querier, scope access.Scope, max int) ([]*Appeal, error) {
	where, args := scope.People("centre", "person")
	return t.appeals(ctx, q, fmt.Sprintf("%s AND state = 'open' ORDER BY due, id LIMIT %d", where, max), args)
}

// DecidedAppeals returns those that were decided, the latest first, at most max.
func (t *Training) DecidedAppeals(ctx context.Context, q store.Querier, scope access.Scope, max int) ([]*Appeal, error) {
	where, args := scope.People("centre", "person")
	return t.appeals(ctx, q, fmt.Sprintf("%s AND state IN ('accepted', 'rejected') ORDER BY due DESC, id LIMIT %d", where, max), args)
}

// CountAppeals counts those that wait for a decision, and those of them whose time is over.
func (t *Training) CountAppeals(ctx context.Context, q store.Querier, scope access.Scope, today string) (open, late int, err error) {
	where, args := scope.People("centre", "person")
	_, err = store.One(ctx, q, "SELECT count(*), coalesce(sum(CASE WHEN due < ? THEN 1 ELSE 0 END), 0) FROM training_appeal WHERE "+where+" AND state = 'open'", append([]any{today}, args...), &open, &late)
	return open, late, err
}

// Appeal returns one in the scope, or ErrNoAppeal.
func (t *Training) Appeal(ctx context.Context, q store.Querier, scope access.Scope, appeal id.ID) (*Appeal, error) {
	where, args := scope.People("centre", "person")
	l, err := t.appeals(ctx, q, where+" AND id = ?", append(args, appeal))
	if err == nil && len(l) == 0 {
		err = ErrNoAppeal
	}
	if err != nil {
		return nil, err
	}
	return l[0], nil
}

// AppealsOf returns somebody's appeals, the latest first. The caller has made sure that the reader may see the person.
func (t *Training) AppealsOf(ctx context.Context, q store.Querier, p id.ID) ([]*Appeal, error) {
	records, err := person.Records(ctx, q, p)
	if err != nil {
		return nil, err
	}
	who, args := store.In("person", records)
	return t.appeals(ctx, q, who+" ORDER BY day DESC, id", args)
}

// Lodge writes down an appeal of somebody whom a rule refused.
func (t *Training) Lodge(ctx context.Context, actor id.ID, scope access.Scope, p, phase id.ID, by, text, on string) (id.ID, error) {
	text, err := words(text)
	if err != nil {
		return id.Nil, err
	}
	found, err := t.people.Get(ctx, t.log.DB, scope, p)
	if err != nil {
		return id.Nil, err
	}
	if found == nil {
		return id.Nil, person.ErrUnknown
	}
	v := id.Under(p, "appeal "+id.New().Hex())
	stream := person.Stream(found.Centre)
	_, err = t.log.Do(ctx, fact.Command{Name: "lodge an appeal", Stream: stream, Keys: []id.ID{p}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		was, err := t.enrolments(ctx, q, "id = ?", store.Args(EnrolmentID(p, phase)))
		if err != nil {
			return out, err
		}
		if len(was) == 0 || was[0].State != Denied {
			return out, ErrNoRefusal
		}
		var n int
		if _, err := store.One(ctx, q, "SELECT count(*) FROM training_appeal WHERE person = ? AND phase = ? AND state = 'open'", store.Args(p, phase), &n); err != nil {
			return out, err
		}
		if n > 0 {
			return out, ErrAppealed
		}
		k, err := t.log.Keys.Get(ctx, q, p)
		if err != nil {
			return out, err
		}
		b := AppealLodged{Person: p, Programme: was[0].Programme, Phase: phase, Grounds: was[0].Remark, By: by, On: on, Sealed: k.Seal([]byte(text))}
		out.Facts = []fact.New{{Stream: stream, Kind: KindAppeal, Subject: v, Actor: actor, Body: b, Born: true}}
		return out, b.Check()
	}})
	return v, err
}

// DecideAppeal answers an appeal. Whoever is let in waits for a place in a group from then on, as one who applied.
func (t *Training) DecideAppeal(ctx context.Context, actor id.ID, scope access.Scope, appeal id.ID, accepted bool, text, on string) error {
	text, err := words(text)
	if err != nil {
		return err
	}
	a, err := t.Appeal(ctx, t.log.DB, scope, appeal)
	if err != nil {
		return err
	}
	stream := person.Stream(a.Centre)
	_, err = t.log.Do(ctx, fact.Command{Name: "decide an appeal", Stream: stream, Keys: []id.ID{appeal, a.Person}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		a, err := t.Appeal(ctx, q, scope, appeal)
		switch {
		case err != nil:
			return out, err
		case a.State != AppealOpen:
			return out, ErrDecided
		case a.Actor == actor:
			return out, ErrOwnAppeal
		}
		all, err := t.log.Of(ctx, q, appeal)
		if err != nil {
			return out, err
		}
		k, err := t.log.Keys.Get(ctx, q, a.Person)
		if err != nil {
			return out, err
		}
		b := AppealDecided{Person: a.Person, Accepted: accepted, On: on, Sealed: k.Seal([]byte(text))}
		out.Facts = []fact.New{{Stream: stream, Kind: KindAppealDecided, Subject: appeal, Actor: actor, Body: b, Prev: latest[AppealDecided](all)}}
		was, err := t.enrolments(ctx, q, "id = ?", store.Args(EnrolmentID(a.Person, a.Phase)))
		if err != nil {
			return out, err
		}
		if accepted && len(was) > 0 && was[0].State == Denied {
			e := was[0].restated(Applied, "", on)
			e.Cohort, e.Appeal = id.Nil, appeal
			seen, err := t.log.Of(ctx, q, was[0].ID)
			if err != nil {
				return out, err
			}
			out.Facts = append(out.Facts, fact.New{Stream: person.Stream(was[0].Centre), Kind: KindEnrolment, Subject: was[0].ID, Actor: actor, Body: e, Prev: fact.HeadsOf(seen)})
		}
		return out, b.Check()
	}})
	return err
}
