package activity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"tizi/internal/access"
	"tizi/internal/agreement"
	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/fault"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/programme"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Errors of the area. Doors translate them.
var (
	ErrUnknown = errors.New("there is no such activity, or nothing of that name in it")
	ErrNotOpen = errors.New("the activity is not open to registration")
	ErrOften   = errors.New("too many tries from here; wait")
	ErrCame    = errors.New("who came cannot take the registration back")
	ErrGone    = errors.New("the registration was taken back")
	ErrFee     = errors.New("say whether the fee was paid or waived")
	ErrNotHeld = errors.New("the door opens on the day of the session")
)

// Activities is the area.
type Activities struct {
	log        *fact.Log
	people     *person.People
	programmes *programme.Programmes
	agreements *agreement.Agreements
	blobs      *blob.Store

	// sent bounds registrations of one device, and asked the codes that it may try. A centre's people share an address, so
	// both are wide.
	sent, asked access.Limit
}

// New returns the area on a node's log.
func New(l *fact.Log, p *person.People, pr *programme.Programmes, ag *agreement.Agreements, b *blob.Store) *Activities {
	return &Activities{log: l, people: p, programmes: pr, agreements: ag, blobs: b, sent: access.Limit{Max: MaxSent, In: TriesIn}, asked: access.Limit{Max: MaxAsked, In: TriesIn}}
}

func (s *Activities) today() string { return day(s.log.Clock.Now()) }

// state prepares a fact about a subject that is stated whole; none where it says so already. Facts of other areas about
// the subject are ErrUnknown.
func (s *Activities) state(ctx context.Context, q store.Querier, actor, centre id.ID, k *fact.Kind, subject id.ID, b fact.Body, kin ...*fact.Kind) ([]fact.New, error) {
	old, err := s.log.Of(ctx, q, subject)
	if err != nil {
		return nil, err
	}
	for _, f := range old {
		name, _, _ := fact.SplitKind(f.Kind)
		if name != k.Name && !slices.ContainsFunc(kin, func(k *fact.Kind) bool { return k.Name == name }) && (len(name) < 5 || name[:5] != "fact.") {
			return nil, ErrUnknown
		}
	}
	if fact.Says(old, b) {
		return nil, nil
	}
	return []fact.New{{Stream: person.Stream(centre), Kind: k, Subject: subject, Actor: actor, Body: b, Prev: fact.HeadsOf(old)}}, nil
}

// Set states an activity. With more room, those who wait move up. One that is moved while people are registered says when it was to be
// before.
func (s *Activities) Set(ctx context.Context, actor, v id.ID, a Stated) error {
	if err := a.Check(); err != nil {
		return err
	}
	_, err := s.log.Do(ctx, fact.Command{Name: "state an activity", Stream: person.Stream(a.Centre), Keys: []id.ID{v}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		var f fault.Faults
		if err := s.check(ctx, q, v, a, &f); err != nil {
			return out, err
		}
		if err := f.Err(); err != nil {
			return out, err
		}
		a, err := s.moved(ctx, q, v, a)
		if err != nil {
			return out, err
		}
		if out.Facts, err = s.state(ctx, q, actor, a.Centre, KindActivity, v, a); err != nil {
			return out, err
		}
		up, err := s.refill(ctx, q, actor, v, a, id.Nil)
		out.Facts = append(out.Facts, up...)
		return out, err
	}})
	return err
}

// moved is an activity with when it was to be before, for those who are registered.
func (s *Activities) moved(ctx context.Context, q store.Querier, v id.ID, a Stated) (Stated, error) {
	old, err := s.Get(ctx, q, access.Everywhere(), v)
	if errors.Is(err, ErrUnknown) {
		return a, nil
	}
	if err != nil {
		return a, err
	}
	a.Was = old.Was
	if !a.elsewhere(old.Stated) {
		return a, nil
	}
	c, err := s.Counts(ctx, q, []id.ID{v})
	if c[v].Registered+c[v].Waiting > 0 {
		a.Was = old.Begins()
	}
	return a, err
}

// check says what contradicts what is known.
func (s *Activities) check(ctx context.Context, q store.Querier, v id.ID, a Stated, f *fault.Faults) error {
	p, err := s.programmes.Get(ctx, q, a.Programme)
	if err != nil {
		return err
	}
	f.Add(p == nil || p.Withdrawn != "", "programme", "agree.fault.missing")
	for _, h := range a.Hosts {
		o, err := s.agreements.Organisation(ctx, q, h)
		if err != nil {
			return err
		}
		f.Add(o == nil, "hosts", "agree.fault.missing")
	}
	if !a.Agreement.IsNil() {
		if _, err := s.agreements.Get(ctx, q, access.Everywhere(), a.Agreement); errors.Is(err, agreement.ErrUnknown) {
			f.Add(true, "agreement", "agree.fault.missing")
		} else if err != nil {
			return err
		}
	}
	f.Add(a.State == Held && a.To > s.today(), "state", "activity.fault.held_early", "date", a.To)
	f.Add(a.State == Open && a.To < s.today(), "state", "activity.fault.open_late", "date", a.To)
	old, err := s.Get(ctx, q, access.Everywhere(), v)
	if errors.Is(err, ErrUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	c, err := s.Counts(ctx, q, []id.ID{v})
	if err != nil {
		return err
	}
	n := c[v]
	f.Add(a.State == Cancelled && old.State == Held && n.Came > 0, "state", "activity.fault.cancelled_visited", "n", n.Came)
	f.Add(a.Capacity > 0 && a.Capacity < n.Registered && a.Capacity != old.Capacity, "capacity", "activity.fault.capacity_under", "n", n.Registered)
	f.Add((a.Centre != old.Centre || a.Programme != old.Programme) && n.All() > 0, "centre", "activity.fault.moved", "n", n.All())
	for _, x := range old.Sessions {
		kept := slices.ContainsFunc(a.Sessions, func(y Session) bool { return y.ID == x.ID && y.Date == x.Date })
		if kept {
			continue
		}
		came, err := s.Present(ctx, q, x.ID)
		if err != nil {
			return err
		}
		f.Add(came > 0, "sessions", "activity.fault.session_visited", "date", x.Date, "n", came)
	}
	return nil
}

// Speaker is somebody who speaks at an activity; of one who withdrew no name is known.
type Speaker struct {
	ID        id.ID
	Sex       string
	Withdrawn bool
	Name
}

// SetSpeaker states who speaks. The name is sealed with a key of the speaker's own.
func (s *Activities) SetSpeaker(ctx context.Context, actor, activity, v id.ID, x Speaker) error {
	var f fault.Faults
	f.Add(x.Latin == "" && x.Arabic == "", "name_latin", "agree.fault.missing")
	for field, t := range map[string]string{"name_latin": x.Latin, "name_ar": x.Arabic, "function": x.Function} {
		f.Add(len([]rune(t)) > MaxName, field, "error.too_long", "n", MaxName)
	}
	f.Add(x.Sex != "" && x.Sex != "f" && x.Sex != "m", "sex", "agree.fault.missing")
	if err := f.Err(); err != nil {
		return err
	}
	return s.speaker(ctx, actor, activity, v, func(k *seal.Key) SpeakerStated {
		return SpeakerStated{Activity: activity, Sex: x.Sex, Sealed: k.Seal(x.Name.text())}
	}, false)
}

// WithdrawSpeaker destroys what names a speaker. The number stands, unless it was never so.
func (s *Activities) WithdrawSpeaker(ctx context.Context, actor, activity, v id.ID, never bool) error {
	err := s.speaker(ctx, actor, activity, v, func(k *seal.Key) SpeakerStated {
		return SpeakerStated{Activity: activity, Withdrawn: true, Removed: never, Sealed: "-"}
	}, true)
	if err != nil {
		return err
	}
	if err := s.log.DB.Purge(ctx, false, "seal_key", speakerTable.Name); err != nil && !errors.Is(err, store.ErrBusy) {
		return err
	}
	return nil
}

func (s *Activities) speaker(ctx context.Context, actor, activity, v id.ID, says func(*seal.Key) SpeakerStated, goes bool) error {
	a, err := s.Get(ctx, s.log.DB, access.Everywhere(), activity)
	if err != nil {
		return err
	}
	stream := person.Stream(a.Centre)
	_, err = s.log.Do(ctx, fact.Command{Name: "state a speaker", Stream: stream, Keys: []id.ID{activity, v}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		l, err := s.speakers(ctx, q, "id = ?", v)
		if err != nil {
			return out, err
		}
		old, err := s.log.Of(ctx, q, v)
		if err != nil {
			return out, err
		}
		switch {
		case len(l) == 1 && l[0].of != activity, len(l) == 0 && len(old) > 0, len(l) == 0 && goes, len(l) == 1 && l[0].Withdrawn && !goes:
			return out, ErrUnknown
		case len(l) == 0:
			k, err := s.log.Keys.New(v, stream)
			if err != nil {
				return out, err
			}
			out.Keys = []*seal.Key{k}
			out.Facts, err = s.state(ctx, q, actor, a.Centre, KindSpeaker, v, says(k))
			return out, err
		case goes:
			b := says(nil)
			b.Sex = l[0].Sex
			out.Facts, err = s.state(ctx, q, actor, a.Centre, KindSpeaker, v, b)
			return out, err
		}
		k, err := s.log.Keys.Get(ctx, q, v)
		if err != nil {
			return out, err
		}
		out.Facts, err = s.state(ctx, q, actor, a.Centre, KindSpeaker, v, says(k))
		return out, err
	}})
	return err
}

// SetOutput states what an activity brought forth. b, where there is any, is a file to be kept.
func (s *Activities) SetOutput(ctx context.Context, actor, v id.ID, o OutputStated, b []byte) error {
	a, err := s.Get(ctx, s.log.DB, access.Everywhere(), o.Activity)
	if err != nil {
		return err
	}
	if len(b) > MaxFile {
		return fault.Faults{{Field: "file", Key: "agree.fault.file_large", Args: []any{"mb", MaxFile >> 20}}}
	}
	if len(b) > 0 {
		o.Type, o.Size = http.DetectContentType(b), int64(len(b))
		if FileTypes[o.Type] == "" {
			return fault.Faults{{Field: "file", Key: "activity.fault.file_kind"}}
		}
		probe := o
		probe.Blob = blob.Digest{1} // before anything is kept
		if err := probe.Check(); err != nil {
			return err
		}
		if o.Blob, _, err = s.blobs.Put(bytes.NewReader(b)); err != nil {
			return err
		}
	}
	if err := o.Check(); err != nil {
		return err
	}
	_, err = s.log.Do(ctx, fact.Command{Name: "state an output", Stream: person.Stream(a.Centre), Keys: []id.ID{v}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		if old, err := s.output(ctx, q, v); err != nil || old != nil && old.Activity != o.Activity {
			return out, errors.Join(err, ErrUnknown)
		}
		out.Facts, err = s.state(ctx, q, actor, a.Centre, KindOutput, v, o)
		return out, err
	}})
	return err
}

// OpenOutput opens the file of an output.
func (s *Activities) OpenOutput(o OutputStated) (blob.File, error) {
	if (o.Blob == blob.Digest{}) {
		return nil, fmt.Errorf("%w: no file", ErrUnknown)
	}
	return s.blobs.Open(o.Blob)
}
