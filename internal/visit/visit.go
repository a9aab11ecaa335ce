// Package visit knows when an account was here last, and what others changed since. It writes no facts: when somebody came is
// the node's own business. A change names groups, programmes and accounts, never those who learn.
package visit

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"io/fs"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/agreement"
	"tizi/internal/centre"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/family"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/training"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of this room.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// Apart is how long somebody is away before the next page is another visit.
const Apart = 30 * time.Minute

// MaxAge is how far back changes are told.
const MaxAge = 30 * 24 * time.Hour

// Visits is what a node knows of visits.
type Visits struct{ log *fact.Log }

// New returns the visits of a node.
func New(l *fact.Log) *Visits { return &Visits{l} }

// Here notes that an account is here now, and returns when its visit before ended; the zero time where this is the first. On a
// full disk nothing is noted: reading must go on.
func (v *Visits) Here(ctx context.Context, account id.ID) (time.Time, error) {
	now := v.log.Clock.Now()
	var at, before int64
	if _, err := store.One(ctx, v.log.DB, "SELECT at, before FROM visit WHERE account = ?", store.Args(account), &at, &before); err != nil {
		return time.Time{}, err
	}
	if now.Sub(time.UnixMilli(at)) >= Apart {
		before = at
	}
	if now.Sub(time.UnixMilli(at)) >= time.Minute { // a page a minute need not be written down
		err := v.log.DB.Write(ctx, func(tx store.Tx) error {
			return tx.Exec(ctx, "INSERT INTO visit (account, at, before) VALUES (?, ?, ?) ON CONFLICT (account) DO UPDATE SET at = excluded.at, before = excluded.before", account, now.UnixMilli(), before)
		})
		if err != nil && !errors.Is(err, store.ErrFull) {
			return time.Time{}, err
		}
	}
	if before == 0 {
		return time.Time{}, nil
	}
	return time.UnixMilli(before), nil
}

// What changed.
const (
	Registered = "registered" // people
	Enrolled   = "enrolled"
	Waiting    = "waiting"
	Left       = "left"
	Finished   = "finished"
	Refused    = "refused"
	Group      = "group"
	Planned    = "planned" // sessions
	Cancelled  = "cancelled"
	Moved      = "moved"
	Altered    = "altered" // sessions: the room, who leads them
	Sheets     = "sheets"
	Agreed     = "agreed"    // consents given
	Withdrawn  = "withdrawn" // consents refused or withdrawn
	Messages   = "messages"
	Referrals  = "referrals"
	Appeals    = "appeals"
	Decided    = "decided" // appeals
	Devices    = "devices"
	Rounds     = "rounds"
	Programmes = "programmes"
	Phases     = "phases"
	Rules      = "rules"
	Targets    = "targets"
	Agreements = "agreements"
	Owed       = "owed"      // commitments
	Delivered  = "delivered" // commitments that were kept
	Judged     = "judged"    // commitments that stand otherwise now
	Parties    = "parties"
	Mandates   = "mandates"
	Money      = "money"
	Decisions  = "decisions"
	Papers     = "papers"
	Activities = "activities"
	Outputs    = "outputs" // of activities
)

// Whats are all of them.
var Whats = []string{Registered, Enrolled, Waiting, Left, Finished, Refused, Group, Planned, Cancelled, Moved, Altered, Sheets, Agreed, Withdrawn, Messages, Referrals, Appeals, Decided, Devices, Rounds, Programmes, Phases, Rules, Targets, Agreements, Owed, Delivered, Judged, Parties, Mandates, Money, Decisions, Papers, Activities, Outputs}

// Change is what somebody else did, as often as they did the same in one place.
type Change struct {
	What  string
	N     int
	Day   string // ISO date
	At    time.Time
	Actor id.ID
	// Centre, Cohort, Programme, Agreement and Activity are where; each may be Nil.
	Centre, Cohort, Programme, Agreement, Activity id.ID

	commitment id.ID // that was judged, whose agreement is found then
}

// Filter says whose changes are asked for.
type Filter struct {
	Since   time.Time
	Account id.ID // who asks, whose own doing is no news
	Centres []id.ID
	// Own narrows what is told of centres to some groups; nil: everything.
	Own map[id.ID]bool
	// Commons adds what headquarters states for all: programmes, targets, agreements where Agreed reports true.
	Commons bool
	Agreed  func(agreement id.ID) bool
	// Covers reports which programmes are told; nil: all.
	Covers func(programme id.ID) bool
	// Activities are told with what came out of them, for who reads no other news of their centres.
	Activities []activity.Activity
}

// kinds are those that can be told of one's own groups; nil: all.
func (f Filter) kinds() func(string) bool {
	if f.Own == nil {
		return nil
	}
	of := []string{training.KindEnrolment.Name, training.KindCohort.Name, training.KindClosed.Name, training.KindSession.Name}
	return func(name string) bool { return slices.Contains(of, name) }
}

// perStream bounds what is read of a stream: a long absence ends in "and more".
const perStream = 1000

// Changes returns what others changed, the latest first. more says that older changes were left out.
func (v *Visits) Changes(ctx context.Context, q store.Querier, f Filter) (out []Change, more bool, err error) {
	from := f.Since
	if oldest := v.log.Clock.Now().Add(-MaxAge); from.Before(oldest) {
		from, more = oldest, true
	}
	type key struct {
		what, day                                      string
		actor                                          id.ID
		centre, cohort, programme, agreement, activity id.ID
	}
	sums := map[key]*Change{}
	agreed := func(v id.ID) bool { return f.Agreed != nil && f.Agreed(v) }
	count := func(c Change, x *fact.Fact) {
		at := x.HLC.Wall().Local()
		k := key{c.What, at.Format(time.DateOnly), x.Actor, c.Centre, c.Cohort, c.Programme, c.Agreement, c.Activity}
		s := sums[k]
		if s == nil {
			c.Day, c.Actor = k.day, x.Actor
			s = &c
			s.N = 0
			sums[k] = s
		}
		s.N++
		if at.After(s.At) {
			s.At = at
		}
	}
	read := func(stream string, centre id.ID) error {
		own, kinds := f.Own, f.kinds()
		if centre.IsNil() {
			own, kinds = nil, nil
		}
		list, err := v.log.Latest(ctx, q, stream, fact.Span{From: fact.At(from), To: fact.At(v.log.Clock.Now().Add(time.Hour)), Max: perStream, NotBy: f.Account, Kinds: kinds,
			Maybe: func(x *fact.Fact) bool { return !x.Actor.IsNil() },
			Want: func(x *fact.Fact) (bool, error) { // what is not told takes no room of what is
				c := tell(x)
				return c.What != "" && (own == nil || own[c.Cohort]) && (c.Agreement.IsNil() || agreed(c.Agreement)) && (f.Covers == nil || !ofProgramme[c.What] || f.Covers(c.Programme)), nil
			}})
		if err != nil {
			return err
		}
		var judged []id.ID
		for _, x := range list {
			if c := tell(x); !c.commitment.IsNil() {
				judged = append(judged, c.commitment)
			}
		}
		of, err := agreement.Under(ctx, q, judged)
		if err != nil {
			return err
		}
		more = more || len(list) == perStream
		for _, x := range list {
			c := tell(x)
			if !c.commitment.IsNil() {
				if c.Agreement = of[c.commitment]; !agreed(c.Agreement) {
					continue
				}
				c.commitment = id.Nil
			}
			c.Centre = centre
			count(c, x)
		}
		return nil
	}
	for _, c := range f.Centres {
		if err := read(person.Stream(c), c); err != nil {
			return nil, false, err
		}
	}
	if f.Commons {
		for _, stream := range []string{"commons", "hub"} {
			if err := read(stream, id.Nil); err != nil {
				return nil, false, err
			}
		}
	}
	if err := v.activities(ctx, q, f, fact.At(from), count); err != nil {
		return nil, false, err
	}
	for _, c := range sums {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Change) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.What, b.What), slices.Compare(a.Cohort[:], b.Cohort[:]), slices.Compare(a.Programme[:], b.Programme[:]), slices.Compare(a.Agreement[:], b.Agreement[:]), slices.Compare(a.Activity[:], b.Activity[:]))
	})
	return out, more, nil
}

// ofProgramme are the changes that headquarters states of a programme.
var ofProgramme = map[string]bool{Programmes: true, Phases: true, Rules: true, Targets: true}

// activities counts what others changed of the filter's activities. They are asked for one by one, so that a centre's other
// facts, which may be a whole import, are not walked.
func (v *Visits) activities(ctx context.Context, q store.Querier, f Filter, from fact.Time, count func(Change, *fact.Fact)) error {
	if len(f.Activities) == 0 {
		return nil
	}
	var subjects []id.ID
	centres := map[id.ID]id.ID{}
	for _, x := range f.Activities {
		subjects, centres[x.ID] = append(subjects, x.ID), x.Centre
	}
	outputs, err := activity.OutputsOf(ctx, q, subjects)
	if err != nil {
		return err
	}
	for _, o := range outputs {
		subjects = append(subjects, o.ID)
	}
	list, err := v.log.About(ctx, q, subjects, from)
	if err != nil {
		return err
	}
	for _, x := range list {
		if c := tell(x); c.What != "" && x.Actor != f.Account && !x.Actor.IsNil() {
			c.Centre = centres[c.Activity]
			count(c, x)
		}
	}
	return nil
}

// Streams returns the centres of a list from which anything came since, without reading what.
func (v *Visits) Streams(ctx context.Context, q store.Querier, since time.Time, centres []id.ID) (out []id.ID, err error) {
	last := map[string]bool{}
	err = q.Each(ctx, "SELECT DISTINCT s.name FROM fact_head h JOIN fact_stream s ON s.id = h.stream WHERE h.hlc > ?", store.Args(int64(fact.At(since))), func(r store.Row) error {
		var name string
		err := r.Scan(&name)
		last[name] = true
		return err
	})
	for _, c := range centres {
		if last[person.Stream(c)] {
			out = append(out, c)
		}
	}
	return out, err
}

// tell says what a fact changed; What is "" where it is no news.
func tell(f *fact.Fact) (c Change) {
	name, _, _ := fact.SplitKind(f.Kind)
	if b, ok := fact.As[training.EnrolmentStated](f); ok {
		c.Cohort, c.Programme = b.Cohort, b.Programme
		c.What = map[string]string{training.Enrolled: Enrolled, training.Active: Enrolled, training.Waitlisted: Waiting, training.WithdrawnS: Left, training.Completed: Finished, training.Denied: Refused}[b.State]
		return c
	}
	if fact.Is[training.CohortOpened](f) || fact.Is[training.CohortClosed](f) {
		return Change{What: Group, Cohort: f.Subject}
	}
	if b, ok := fact.As[training.SessionPlanned](f); ok {
		c.Cohort, c.What = b.Cohort, Planned
		if b.Cancelled != "" {
			c.What = Cancelled
		} else if b.Was != "" {
			c.What = Moved
		} else if len(f.Prev) > 0 {
			c.What = Altered
		}
		return c
	}
	if b, ok := fact.As[consent.Stated](f); ok {
		c.What = Withdrawn
		if b.State == consent.Given {
			c.What = Agreed
		}
		return c
	}
	if b, ok := fact.As[programme.PhaseOpened](f); ok {
		return Change{What: Phases, Programme: b.Programme}
	}
	if b, ok := fact.As[programme.TargetSet](f); ok {
		return Change{What: Targets, Programme: b.Programme}
	}
	if b, ok := fact.As[agreement.CommitmentStated](f); ok {
		return Change{What: Owed, Agreement: b.Agreement}
	}
	if b, ok := fact.As[agreement.CommitmentJudged](f); ok {
		c.commitment, c.What = f.Subject, Judged
		if b.State == agreement.Kept {
			c.What = Delivered
		}
		return c
	}
	if b, ok := fact.As[agreement.PartyStated](f); ok {
		return Change{What: Parties, Agreement: b.Agreement}
	}
	if b, ok := fact.As[agreement.MandateGiven](f); ok {
		return Change{What: Mandates, Agreement: b.Agreement}
	}
	if b, ok := fact.As[agreement.EntryStated](f); ok {
		return Change{What: Money, Agreement: b.Agreement}
	}
	if b, ok := fact.As[agreement.DecisionTaken](f); ok {
		return Change{What: Decisions, Agreement: b.Agreement}
	}
	if b, ok := fact.As[agreement.PaperFiled](f); ok {
		return Change{What: Papers, Agreement: b.Agreement}
	}
	if b, ok := fact.As[activity.Stated](f); ok {
		return Change{What: Activities, Programme: b.Programme, Activity: f.Subject}
	}
	if b, ok := fact.As[activity.OutputStated](f); ok {
		return Change{What: Outputs, Activity: b.Activity}
	}
	switch name {
	case agreement.KindRenewed.Name:
		c.What, c.Agreement = Agreements, f.Subject
	case person.KindRegistered.Name:
		c.What = Registered
	case training.KindAttendance.Name:
		c.What = Sheets
	case family.KindMessage.Name:
		c.What = Messages
	case training.KindReferral.Name:
		c.What = Referrals
	case training.KindAppeal.Name:
		c.What = Appeals
	case training.KindAppealDecided.Name:
		c.What = Decided
	case centre.KindState.Name:
		c.What = Devices
	case centre.KindRound.Name:
		c.What = Rounds
	case programme.KindOpened.Name:
		c.What, c.Programme = Programmes, f.Subject
	case programme.KindRule.Name:
		c.What = Rules
	case agreement.KindAgreement.Name:
		c.What, c.Agreement = Agreements, f.Subject
	}
	return c
}

// Forget drops visits of accounts that are gone, and old ones.
func (v *Visits) Forget(ctx context.Context) error {
	return v.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "DELETE FROM visit WHERE at < ? OR account NOT IN (SELECT id FROM access_account)", v.log.Clock.Now().Add(-access.RoleLife).UnixMilli())
	})
}
