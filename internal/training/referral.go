package training

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Referrer is who sent somebody, sealed with the key of whoever was sent.
type Referrer struct {
	School string `json:"school"`         // or delegation, association …
	By     string `json:"by,omitempty"`   // who signed, with the office
	Tel    string `json:"tel,omitempty"`  // where to tell what became of it
	Note   string `json:"note,omitempty"` // what the school asks for
}

// MaxReferral is how many letters each part of a referral may have.
const MaxReferral = 200

// ReferralMade is the body of referral.made: a school sends somebody to a centre.
type ReferralMade struct {
	Person id.ID  `json:"person"`
	From   string `json:"from"` // one of ReferralFrom
	Why    string `json:"why"`  // one of ReferralWhy
	On     string `json:"on"`   // ISO date
	Sealed string `json:"sealed"`
}

// From whom somebody is sent, and why.
var (
	ReferralFrom = []string{"primary", "college", "lycee", "second_chance", "delegation", "association", "other"}
	ReferralWhy  = []string{"at_risk", "left_school", "catch_up", "talent", "other"}
)

// Check says what is missing.
func (r ReferralMade) Check() error {
	switch {
	case r.Person.IsNil() || r.Sealed == "" || len(r.Sealed) > 16_000:
		return errors.New("a referral is of somebody, by somebody")
	case !slices.Contains(ReferralFrom, r.From) || !slices.Contains(ReferralWhy, r.Why):
		return fmt.Errorf("%q and %q are no origin and reason of a referral", r.From, r.Why)
	case !isDate(r.On):
		return errors.New("a date is written 2026-03-14")
	}
	return nil
}

// ReferralAnswered is the body of referral.answered: what the school was told, or why nothing comes of it.
type ReferralAnswered struct {
	Person  id.ID  `json:"person"`
	Outcome string `json:"outcome"` // one of ReferralOutcomes
	On      string `json:"on"`      // ISO date
	// Why is why an answer before this one was not right: one of AnswerReasons; "" of a first answer.
	Why string `json:"why,omitempty"`
}

// AnswerReasons are why an answer is corrected: words of a list, since a sentence might name somebody, and would stay.
var AnswerReasons = []string{"mistake", "news", "school", "other"}

// ReferralOutcomes are what the school is told. What became of the person otherwise is read from the enrolments.
var ReferralOutcomes = []string{"told", "declined", "unreached", "not_eligible"}

// Check says what is missing.
func (r ReferralAnswered) Check() error {
	if r.Person.IsNil() || !slices.Contains(ReferralOutcomes, r.Outcome) || !isDate(r.On) {
		return errors.New("an answer to a referral has an outcome and a date, written 2026-03-14")
	}
	if r.Why != "" && !slices.Contains(AnswerReasons, r.Why) {
		return fmt.Errorf("%q is no reason to correct an answer", r.Why)
	}
	return nil
}

// The kinds of referrals.
var (
	KindReferral = fact.NewKind[ReferralMade](fact.Kind{Name: "referral.made", Streams: []string{"centre"}})
	KindAnswer   = fact.NewKind[ReferralAnswered](fact.Kind{Name: "referral.answered", Streams: []string{"centre"}})
)

var referralTable = &store.Table{Name: "training_referral", Key: 1,
	Columns: store.Cols("id:id person:id centre:id origin:text why:text day:text sealed:text outcome:text answered:text corrected:text conflict:int"),
	Indexes: []string{"person", "centre, day, id", "day, id"}}

func init() {
	Folds = append(Folds, &fact.Fold{
		Name: "training.referral", Kinds: []*fact.Kind{KindReferral, KindAnswer}, Tables: []*store.Table{referralTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			r, last, several := fact.Said[ReferralMade](s, nil)
			if last == nil {
				return nil
			}
			a, _, disputed := fact.Said[ReferralAnswered](s, nil)
			out.Add(referralTable, s.ID, r.Person, fact.CentreOf(last.Stream), r.From, r.Why, r.On, r.Sealed, a.Outcome, a.On, a.Why, several || disputed)
			return nil
		},
		Sample: answered(KindReferral, KindAnswer, func(d fact.Draw, i int) fact.Body {
			return ReferralMade{Person: testID(1), From: ReferralFrom[d.Int("from", 3)], Why: ReferralWhy[0], On: "2026-01-05", Sealed: fmt.Sprint("sealed ", i)}
		}, func(d fact.Draw, i int) fact.Body {
			return ReferralAnswered{Person: testID(1), Outcome: ReferralOutcomes[d.Int("outcome", 4)], On: "2026-01-06", Why: append([]string{""}, AnswerReasons...)[d.Int("why", 5)]}
		}),
	})
}

// answered samples subjects of which something is asked, and answered: again and again, and by those who did not see each
// other.
func answered(asks, answers *fact.Kind, ask, answer func(d fact.Draw, i int) fact.Body) func(fact.Draw, fact.NewKey) fact.History {
	return func(d fact.Draw, _ fact.NewKey) fact.History {
		h := fact.History{Subject: id.New()}
		for i := range 1 + d.Int("facts", 4) {
			st := fact.Step{By: d.Int("by", 2)}
			if i == 0 || d.Int("again", 4) == 0 {
				st.Kind, st.Body = asks, ask(d, i)
			} else {
				st.Kind, st.Body = answers, answer(d, i)
			}
			if i > 0 && d.Int("saw", 2) == 1 {
				st.Prev = []int{d.Int("which", i)}
			}
			h.Steps = append(h.Steps, st)
		}
		return h
	}
}

// Errors of referrals.
var (
	ErrNoReferral = errors.New("there is no such referral")
	ErrNoSchool   = errors.New("a referral names the school that it comes from")
	ErrAnswered   = errors.New("the school was answered already; say why it is told otherwise now")
)

// Referral is who sent somebody, when, and what became of it.
type Referral struct {
	ID, Person, Centre id.ID
	From, Why, On      string
	Referrer
	Outcome, Answered string // what the school was told, and when
	Corrected         string // why it was told otherwise before: one of AnswerReasons
	Conflict          bool
	State, Reason     string // of the latest enrolment since, "" while there is none
	Cohort            id.ID
}

func (t *Training) referrals(ctx context.Context, q store.Querier, where string, args []any) ([]*Referral, error) {
	var out []*Referral
	sealed := map[*Referral]string{}
	var people []id.ID
	err := q.Each(ctx, "SELECT r.id, r.person, r.centre, r.origin, r.why, r.day, r.sealed, r.outcome, r.answered, r.corrected, r.conflict FROM training_referral r WHERE "+where, args, func(r store.Row) error {
		x := &Referral{}
		var s string
		err := r.Scan(&x.ID, &x.Person, &x.Centre, &x.From, &x.Why, &x.On, &s, &x.Outcome, &x.Answered, &x.Corrected, &x.Conflict)
		out, people, sealed[x] = append(out, x), append(people, x.Person), s
		return err
	})
	if err != nil || len(out) == 0 {
		return out, err
	}
	ring := seal.Ring{}
	if err := t.log.Keys.Load(ctx, q, ring, people); err != nil {
		return nil, err
	}
	of, err := t.OfPeople(ctx, q, people)
	if err != nil {
		return nil, err
	}
	for _, x := range out {
		if k := ring[x.Person]; k != nil {
			if plain, err := k.Open(sealed[x]); err == nil {
				json.Unmarshal(plain, &x.Referrer)
			}
		}
		for _, e := range of[x.Person] { // the earliest first
			if e.On >= x.On {
				x.State, x.Reason, x.Cohort = e.State, e.Reason, e.Cohort
			}
		}
	}
	return out, nil
}

// Referrals returns a page of referrals, the latest first, and where the next begins. open narrows to those whose school
// was not answered yet.
func (t *Training) Referrals(ctx context.Context, q store.Querier, scope access.Scope, open bool, after string, size int) ([]*Referral, string, error) {
	where, args := scope.People("r.centre", "r.person")
	if open {
		where += " AND r.outcome = ''"
	}
	if len(after) > 11 {
		v, err := id.Parse(after[11:])
		if err != nil {
			return nil, "", fmt.Errorf("this page of the list: %w", fs.ErrNotExist)
		}
		where += " AND (r.day, r.id) < (?, ?)"
		args = append(args, after[:10], v)
	}
	list, err := t.referrals(ctx, q, fmt.Sprintf("%s ORDER BY r.day DESC, r.id DESC LIMIT %d", where, size+1), args)
	if err != nil {
		return nil, "", fmt.Errorf("list referrals: %w", err)
	}
	next := ""
	if len(list) > size {
		list = list[:size]
		next = list[size-1].On + " " + list[size-1].ID.Hex()
	}
	return list, next, nil
}

// Referral returns a referral in the scope, or ErrNoReferral.
func (t *Training) Referral(ctx context.Context, q store.Querier, scope access.Scope, referral id.ID) (*Referral, error) {
	where, args := scope.People("r.centre", "r.person")
	l, err := t.referrals(ctx, q, where+" AND r.id = ?", append(args, referral))
	if err != nil {
		return nil, err
	}
	if len(l) == 0 {
		return nil, ErrNoReferral
	}
	return l[0], nil
}

// ReferralsOf returns who sent somebody. The caller has made sure that the reader may see the person.
func (t *Training) ReferralsOf(ctx context.Context, q store.Querier, p id.ID) ([]*Referral, error) {
	records, err := person.Records(ctx, q, p)
	if err != nil {
		return nil, err
	}
	who, args := store.In("r.person", records)
	return t.referrals(ctx, q, who+" ORDER BY r.day DESC, r.id", args)
}

// Refer records that a school sends somebody.
func (t *Training) Refer(ctx context.Context, actor id.ID, scope access.Scope, p id.ID, from, why, on string, by Referrer) (id.ID, error) {
	if by.School = strings.TrimSpace(by.School); by.School == "" {
		return id.Nil, ErrNoSchool
	}
	found, err := t.people.Get(ctx, t.log.DB, scope, p)
	if err != nil {
		return id.Nil, err
	}
	if found == nil {
		return id.Nil, person.ErrUnknown
	}
	v := id.Under(p, "referral "+id.New().Hex()) // so that it is found with the person
	stream := person.Stream(found.Centre)
	_, err = t.log.Do(ctx, fact.Command{Name: "record a referral", Stream: stream, Keys: []id.ID{p}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		k, err := t.log.Keys.Get(ctx, q, p)
		if err != nil {
			return fact.Outcome{}, err
		}
		plain, err := json.Marshal(by)
		if err != nil {
			return fact.Outcome{}, err
		}
		b := ReferralMade{Person: p, From: from, Why: why, On: on, Sealed: k.Seal(plain)}
		return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: KindReferral, Subject: v, Actor: actor, Body: b, Born: true}}}, b.Check()
	}})
	return v, err
}

// Answer records what the school was told of a referral. Another answer than the one before corrects it and says why, with one
// of AnswerReasons; without it is ErrAnswered. What was said before stays in the facts. The same answer again writes nothing.
func (t *Training) Answer(ctx context.Context, actor id.ID, scope access.Scope, referral id.ID, outcome, why, on string) error {
	r, err := t.Referral(ctx, t.log.DB, scope, referral)
	if err != nil {
		return err
	}
	stream := person.Stream(r.Centre)
	_, err = t.log.Do(ctx, fact.Command{Name: "answer a referral", Stream: stream, Keys: []id.ID{referral, r.Person}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		now, err := t.Referral(ctx, q, scope, referral)
		if err != nil {
			return out, err
		}
		switch {
		case now.Outcome == outcome && !now.Conflict:
			return out, nil
		case now.Outcome == "":
			why = ""
		case why == "":
			return out, ErrAnswered
		}
		all, err := t.log.Of(ctx, q, referral)
		if err != nil {
			return out, err
		}
		b := ReferralAnswered{Person: r.Person, Outcome: outcome, On: on, Why: why}
		out.Facts = []fact.New{{Stream: stream, Kind: KindAnswer, Subject: referral, Actor: actor, Body: b, Prev: latest[ReferralAnswered](all)}}
		return out, b.Check()
	}})
	return err
}
