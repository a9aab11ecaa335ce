package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Merging, erasing and exporting people takes four eyes: one person asks, with a reason, and another who may do the same
// confirms or refuses. The area that can do it registers an Executor; what it returns is written in the transaction of the
// confirmation, so that there is never one without the other.

// Executor does what a request asks for.
type Executor struct {
	// Check refuses what cannot be done, when it is asked for: an unknown person, a payload without sense. It may be nil.
	Check func(ctx context.Context, q store.Querier, p Proposed) error
	// Keys name what Run reads beside the subjects, as the database is. It may be nil.
	Keys func(ctx context.Context, q store.Querier, r *Request) ([]id.ID, error)
	// Run decides, as the Run of a fact.Command does. actor is who confirmed.
	Run func(ctx context.Context, q store.Querier, actor id.ID, r *Request) (fact.Outcome, error)
	// After does what cannot be part of a transaction, when it is on the disk. It may be nil.
	After func(ctx context.Context, r *Request) error
}

// Request is what waits, or waited, for a second person.
type Request struct {
	ID       id.ID
	Action   Action
	Centre   id.ID
	Subjects []id.ID
	Reason   string
	Payload  json.RawMessage
	Proposer id.ID
	At       time.Time
	Until    time.Time
	State    string // Pending, Lapsed, Confirmed, Refused or TakenBack
	Decider  id.ID
	Answer   string
	Conflict bool // two decided without seeing each other
}

// RequestLife is how long a request waits.
const RequestLife = 14 * 24 * time.Hour

// MaxReason is how many characters a reason may have.
const MaxReason = 500

// Errors of requests. Doors translate them.
var (
	ErrNoRequest  = errors.New("there is no such request")
	ErrDecided    = errors.New("somebody has decided this already, or its time is over")
	ErrOwnRequest = errors.New("who asks cannot confirm: a second person must")
	ErrNoReason   = errors.New("a reason is missing")
	ErrLongReason = fmt.Errorf("a reason has at most %d characters", MaxReason)
	ErrNoExecutor = errors.New("nothing here can do this yet")
)

// Executes registers what an action of two does. It is called while the house is built.
func (a *Access) Executes(action Action, x Executor) {
	if x.Run == nil || a.executors[action].Run != nil {
		panic("access: " + string(action) + " has no executor or two")
	}
	a.executors[action] = x
}

// TwoPerson returns the actions that take two here, sorted.
func (a *Access) TwoPerson() []Action {
	var out []Action
	for x := range a.executors {
		out = append(out, x)
	}
	slices.Sort(out)
	return out
}

func checkReason(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", ErrNoReason
	case len([]rune(s)) > MaxReason:
		return "", ErrLongReason
	}
	return s, nil
}

// Propose asks for an action about people of a centre. scope is where the actor may do it. What is asked for already, and
// waits, is not asked for again: a form that was sent twice is one request.
func (a *Access) Propose(ctx context.Context, actor id.ID, scope Scope, p Proposed) (id.ID, error) {
	x, ok := a.executors[p.Action]
	if !ok {
		return id.Nil, ErrNoExecutor
	}
	if !scope.Has(p.Centre) {
		return id.Nil, ErrDenied
	}
	var err error
	if p.Reason, err = checkReason(p.Reason); err != nil {
		return id.Nil, err
	}
	now := a.log.Clock.Now()
	p.At, p.Until = now.Unix(), now.Add(RequestLife).Unix()
	fresh := id.New()
	request := fresh
	subjects, err := json.Marshal(p.Subjects)
	if err != nil {
		return id.Nil, err
	}
	stream := "centre/" + p.Centre.String()
	_, err = a.log.Do(ctx, fact.Command{Name: "ask for a second person", Stream: stream, Keys: p.Subjects, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		if x.Check != nil {
			if err := x.Check(ctx, q, p); err != nil {
				return fact.Outcome{}, err
			}
		}
		request = fresh
		waits, err := a.requests(ctx, q, "centre = ? AND action = ? AND state = ? AND until > ? AND subjects = ? ORDER BY at, id LIMIT 1", store.Args(p.Centre, string(p.Action), Pending, now.Unix(), string(subjects)))
		if err != nil {
			return fact.Outcome{}, err
		}
		if len(waits) > 0 && string(waits[0].Payload) == string(p.Payload) {
			request = waits[0].ID
			return fact.Outcome{}, nil
		}
		return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: KindProposed, Subject: fresh, Actor: actor, Body: p, Born: true}}}, nil
	}})
	return request, err
}

const requestColumns = "id, action, centre, subjects, reason, payload, proposer, at, until, state, decider, answer, conflict"

func (a *Access) requests(ctx context.Context, q store.Querier, where string, args []any) ([]*Request, error) {
	var out []*Request
	now := a.log.Clock.Now()
	err := q.Each(ctx, "SELECT "+requestColumns+" FROM access_request WHERE "+where, args, func(r store.Row) error {
		x := &Request{}
		var subjects, payload string
		var at, until int64
		if err := r.Scan(&x.ID, (*string)(&x.Action), &x.Centre, &subjects, &x.Reason, &payload, &x.Proposer, &at, &until, &x.State, &x.Decider, &x.Answer, &x.Conflict); err != nil {
			return err
		}
		x.At, x.Until = time.Unix(at, 0), time.Unix(until, 0)
		if payload != "" {
			x.Payload = json.RawMessage(payload)
		}
		if x.State == Pending && !x.Until.After(now) {
			x.State = Lapsed
		}
		out = append(out, x)
		return json.Unmarshal([]byte(subjects), &x.Subjects)
	})
	return out, err
}

// Request returns one request in the scope, or ErrNoRequest.
func (a *Access) Request(ctx context.Context, q store.Querier, scope Scope, request id.ID) (*Request, error) {
	where, args := scope.SQL("centre")
	l, err := a.requests(ctx, q, where+" AND id = ?", append(args, request))
	if err != nil {
		return nil, err
	}
	if len(l) == 0 {
		return nil, ErrNoRequest
	}
	return l[0], nil
}

// Waiting returns what waits for a second person in the scope, oldest first, at most max.
func (a *Access) Waiting(ctx context.Context, q store.Querier, scope Scope, max int) ([]*Request, error) {
	where, args := scope.SQL("centre")
	return a.requests(ctx, q, fmt.Sprintf("%s AND state = ? AND until > ? ORDER BY at, id LIMIT %d", where, max), append(args, Pending, a.log.Clock.Now().Unix()))
}

// Settled returns what was decided or lapsed in the scope, latest first, at most max.
func (a *Access) Settled(ctx context.Context, q store.Querier, scope Scope, max int) ([]*Request, error) {
	where, args := scope.SQL("centre")
	return a.requests(ctx, q, fmt.Sprintf("%s AND (state <> ? OR until <= ?) ORDER BY at DESC, id DESC LIMIT %d", where, max), append(args, Pending, a.log.Clock.Now().Unix()))
}

// Confirm lets a second person do what the first asked for. scope is where the actor may do the action of the request.
func (a *Access) Confirm(ctx context.Context, actor id.ID, scope Scope, request id.ID) error {
	return a.decide(ctx, actor, scope, request, Decided{State: Confirmed})
}

// Refuse lets a second person say no, for one of RefuseReasons; who asked may take the request back.
func (a *Access) Refuse(ctx context.Context, actor id.ID, scope Scope, request id.ID, reason string) error {
	r, err := a.Request(ctx, a.log.DB, scope, request)
	if err != nil {
		return err
	}
	d := Decided{State: Refused}
	if r.Proposer == actor {
		d.State = TakenBack
	} else if d.Reason = reason; !slices.Contains(RefuseReasons, reason) {
		return ErrNoReason
	}
	return a.decide(ctx, actor, scope, request, d)
}

func (a *Access) decide(ctx context.Context, actor id.ID, scope Scope, request id.ID, d Decided) error {
	r, err := a.Request(ctx, a.log.DB, scope, request)
	if err != nil {
		return err
	}
	x := a.executors[r.Action]
	keys := func(ctx context.Context, q store.Querier) ([]id.ID, error) {
		own := append(slices.Clone(r.Subjects), request)
		if x.Keys == nil {
			return own, nil
		}
		more, err := x.Keys(ctx, q, r)
		return append(own, more...), err
	}
	stream := "centre/" + r.Centre.String()
	_, err = a.log.DoKeyed(ctx, fact.Command{Name: "decide a request", Stream: stream, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		r, err := a.Request(ctx, q, scope, request)
		if err != nil {
			return out, err
		}
		if r.State != Pending {
			return out, ErrDecided
		}
		if d.State == Confirmed {
			if r.Proposer == actor || actor.IsNil() {
				return out, ErrOwnRequest
			}
			if x.Run == nil {
				return out, ErrNoExecutor
			}
			if out, err = x.Run(ctx, q, actor, r); err != nil {
				return out, err
			}
		}
		all, err := a.log.Of(ctx, q, request)
		if err != nil {
			return out, err
		}
		out.Facts = append(out.Facts, fact.New{Stream: stream, Kind: KindDecided, Subject: request, Actor: actor, Body: d, Prev: fact.HeadsOf(all)})
		return out, nil
	}}, keys)
	if err == nil && d.State == Confirmed && x.After != nil {
		r.Decider = actor
		return x.After(ctx, r)
	}
	return err
}

// Entitled reports whether an action about somebody was confirmed within a time by or for an account, so that its fruit
// may be taken.
func (a *Access) Entitled(ctx context.Context, q store.Querier, action Action, account, subject id.ID, within time.Duration) (bool, error) {
	var n int
	_, err := store.One(ctx, q, "SELECT count(*) FROM access_request WHERE action = ? AND state = ? AND decided > ? AND (proposer = ? OR decider = ?) AND subjects LIKE ?",
		store.Args(string(action), Confirmed, a.log.Clock.Now().Add(-within).Unix(), account, account, "%"+subject.String()+"%"), &n)
	return n > 0, err
}
