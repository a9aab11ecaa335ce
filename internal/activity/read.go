package activity

import (
	"context"
	"encoding/json"
	"strconv"

	"tizi/internal/access"
	"tizi/internal/blob"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

// Activity is an activity as it is known now.
type Activity struct {
	ID id.ID
	Stated
	Conflict bool
}

// Session returns a session of the activity, or nil.
func (a *Activity) Session(v id.ID) *Session {
	for i := range a.Sessions {
		if a.Sessions[i].ID == v {
			return &a.Sessions[i]
		}
	}
	return nil
}

// seen is a condition on the table of activities: those of a centre, of a programme or of an agreement of a scope.
func seen(scope access.Scope) (string, []any) {
	where, args := scope.Counts("centre", "programme")
	if len(scope.Agreements()) == 0 {
		return where, args
	}
	of, more := scope.Agreed("agreement")
	return "(" + where + " OR " + of + ")", append(args, more...)
}

// Filter narrows a list; an empty field does not.
type Filter struct {
	Programme            id.ID
	Pillar, State, After string // After: those that end on this day or later
}

// Naming counts the activities that name an agreement, or an organisation among their hosts.
func (s *Activities) Naming(ctx context.Context, q store.Querier, v id.ID) (n int, err error) {
	_, err = store.One(ctx, q, "SELECT count(*) FROM activity WHERE agreement = ? OR body LIKE ?", []any{v, "%" + v.String() + "%"}, &n)
	return n, err
}

// Of returns how many activities are of a programme.
func (s *Activities) Of(ctx context.Context, q store.Querier, programme id.ID) (n int, err error) {
	_, err = store.One(ctx, q, "SELECT count(*) FROM activity WHERE programme = ?", store.Args(programme), &n)
	return n, err
}

// List returns at most max activities of a scope, the latest first.
func (s *Activities) List(ctx context.Context, q store.Querier, scope access.Scope, f Filter, max int) ([]Activity, error) {
	where, args := seen(scope)
	for _, x := range []struct {
		condition string
		value     any
		set       bool
	}{{"programme = ?", f.Programme, !f.Programme.IsNil()}, {"pillar = ?", f.Pillar, f.Pillar != ""}, {"state = ?", f.State, f.State != ""}, {"ends >= ?", f.After, f.After != ""}} {
		if x.set {
			where, args = where+" AND "+x.condition, append(args, x.value)
		}
	}
	return activities(ctx, q, where+" ORDER BY starts DESC, id LIMIT "+strconv.Itoa(max), args...)
}

// Titles are those of some activities, as far as they are in a scope.
func (s *Activities) Titles(ctx context.Context, q store.Querier, scope access.Scope, ids []id.ID) (map[id.ID]i18n.Text, error) {
	where, args := seen(scope)
	in, more := store.In("id", ids)
	l, err := activities(ctx, q, where+" AND "+in, append(args, more...)...)
	out := map[id.ID]i18n.Text{}
	for _, x := range l {
		out[x.ID] = x.Title
	}
	return out, err
}

// Between returns the activities of a centre that run on some days, both included, in whatever state, the first first. The caller
// has made sure that the reader may see the centre.
func Between(ctx context.Context, q store.Querier, centre id.ID, from, to string) ([]Activity, error) {
	return activities(ctx, q, "centre = ? AND starts <= ? AND ends >= ? ORDER BY starts, id", centre, to, from)
}

// On returns at most max activities of a scope that run on a day, in whatever state.
func (s *Activities) On(ctx context.Context, q store.Querier, scope access.Scope, day string, max int) ([]Activity, error) {
	where, args := seen(scope)
	return activities(ctx, q, where+" AND starts <= ? AND ends >= ? ORDER BY starts, id LIMIT "+strconv.Itoa(max), append(args, day, day)...)
}

// Public returns at most max activities that anybody may register for, the next first.
func (s *Activities) Public(ctx context.Context, q store.Querier, max int) ([]Activity, error) {
	return activities(ctx, q, "state = ? AND ends >= ? ORDER BY ends, starts, id LIMIT "+strconv.Itoa(max), Open, s.today())
}

// Known returns at most max activities that are over or run without registration, the latest first: their pages show what
// came out of them.
func (s *Activities) Known(ctx context.Context, q store.Querier, max int) ([]Activity, error) {
	return activities(ctx, q, "state IN (?, ?) ORDER BY starts DESC, id LIMIT "+strconv.Itoa(max), Held, Closed)
}

func activities(ctx context.Context, q store.Querier, where string, args ...any) ([]Activity, error) {
	var out []Activity
	err := q.Each(ctx, "SELECT id, body, conflict FROM activity WHERE "+where, args, func(r store.Row) error {
		var x Activity
		var b string
		if err := r.Scan(&x.ID, &b, &x.Conflict); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(b), &x.Stated)
		out = append(out, x)
		return err
	})
	return out, err
}

// Get returns an activity of a scope, or ErrUnknown.
func (s *Activities) Get(ctx context.Context, q store.Querier, scope access.Scope, v id.ID) (*Activity, error) {
	where, args := seen(scope)
	l, err := activities(ctx, q, where+" AND id = ?", append(args, v)...)
	if err == nil && len(l) == 0 {
		err = ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	return &l[0], nil
}

// Count is how many registered for an activity, and who they are in numbers.
type Count struct {
	Registered, Waiting, Withdrawn int
	Came                           int // at one session at least
	Women, Known                   int // of those who came, or before the first came of those registered; Known have a sex
}

// All is how many ever registered.
func (c Count) All() int { return c.Registered + c.Waiting + c.Withdrawn }

// Counts counts the registrations of some activities.
func (s *Activities) Counts(ctx context.Context, q store.Querier, activities []id.ID) (map[id.ID]Count, error) {
	out := map[id.ID]Count{}
	type sexes struct{ women, known int }
	registered := map[id.ID]sexes{}
	in, args := store.In("activity", activities)
	err := q.Each(ctx, "SELECT activity, state, sex, count(*), sum(CASE WHEN here > 0 THEN 1 ELSE 0 END) FROM activity_registration WHERE "+in+" GROUP BY activity, state, sex", args, func(r store.Row) error {
		var v id.ID
		var state, sex string
		var n, came int
		if err := r.Scan(&v, &state, &sex, &n, &came); err != nil {
			return err
		}
		c, p := out[v], registered[v]
		switch state {
		case Registered:
			c.Registered += n
		case Waiting:
			c.Waiting += n
		default:
			c.Withdrawn += n
		}
		c.Came += came
		if sex == "f" || sex == "m" {
			c.Known += came
			if state == Registered {
				p.known += n
			}
		}
		if sex == "f" {
			c.Women += came
			if state == Registered {
				p.women += n
			}
		}
		out[v], registered[v] = c, p
		return nil
	})
	for v, c := range out {
		if c.Came == 0 {
			c.Women, c.Known = registered[v].women, registered[v].known
			out[v] = c
		}
	}
	return out, err
}

// Present returns how many were at a session.
func (s *Activities) Present(ctx context.Context, q store.Querier, session id.ID) (n int, err error) {
	_, err = store.One(ctx, q, "SELECT count(*) FROM activity_visit WHERE session = ?", store.Args(session), &n)
	return n, err
}

type speakerRow struct {
	Speaker
	of id.ID // the activity
}

func (s *Activities) speakers(ctx context.Context, q store.Querier, where string, args ...any) ([]speakerRow, error) {
	var out []speakerRow
	err := q.Each(ctx, "SELECT id, activity, sex, latin, arabic, title, withdrawn FROM activity_speaker WHERE "+where+" ORDER BY at, id", args, func(r store.Row) error {
		var x speakerRow
		err := r.Scan(&x.ID, &x.of, &x.Sex, &x.Latin, &x.Arabic, &x.Function, &x.Withdrawn)
		out = append(out, x)
		return err
	})
	return out, err
}

// Speakers returns who speaks at an activity, in the order in which they were stated.
func (s *Activities) Speakers(ctx context.Context, q store.Querier, activity id.ID) ([]Speaker, error) {
	l, err := s.speakers(ctx, q, "activity = ?", activity)
	out := make([]Speaker, len(l))
	for i, x := range l {
		out[i] = x.Speaker
	}
	return out, err
}

// Output is what an activity brought forth.
type Output struct {
	ID id.ID
	OutputStated
}

func outputs(ctx context.Context, q store.Querier, where string, args ...any) ([]Output, error) {
	var out []Output
	err := q.Each(ctx, "SELECT id, body FROM activity_output WHERE "+where+" ORDER BY day, id", args, func(r store.Row) error {
		var x Output
		var b string
		if err := r.Scan(&x.ID, &b); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(b), &x.OutputStated)
		out = append(out, x)
		return err
	})
	return out, err
}

// Outputs returns what an activity brought forth, the earliest first.
func (s *Activities) Outputs(ctx context.Context, q store.Querier, activity id.ID) ([]Output, error) {
	return outputs(ctx, q, "activity = ?", activity)
}

func (s *Activities) output(ctx context.Context, q store.Querier, v id.ID) (*Output, error) {
	l, err := outputs(ctx, q, "id = ?", v)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	return &l[0], nil
}

// OutputsOf returns what some activities brought forth.
func OutputsOf(ctx context.Context, q store.Querier, activities []id.ID) ([]Output, error) {
	where, args := store.In("activity", activities)
	return outputs(ctx, q, where, args...)
}

// Output returns one output of an activity, or ErrUnknown.
func (s *Activities) Output(ctx context.Context, q store.Querier, activity, v id.ID) (*Output, error) {
	o, err := s.output(ctx, q, v)
	if err == nil && (o == nil || o.Activity != activity) {
		err = ErrUnknown
	}
	return o, err
}

// Registration is somebody who registered.
type Registration struct {
	ID, Activity, Person, Centre id.ID
	Programme                    id.ID
	State, On, Code, Fee         string
	Here                         int
	Over, AtDoor                 bool
	body                         RegistrationStated
}

const registrationColumns = "id, activity, person, programme, centre, state, day, code, sex, age, milieu, schooling, mail, agreed, over, door, reason, fee, here"

func (s *Activities) registrations(ctx context.Context, q store.Querier, where string, args ...any) ([]Registration, error) {
	var out []Registration
	err := q.Each(ctx, "SELECT "+registrationColumns+" FROM activity_registration WHERE "+where, args, func(r store.Row) error {
		var x Registration
		b := &x.body
		err := r.Scan(&x.ID, &x.Activity, &x.Person, &x.Programme, &x.Centre, &x.State, &x.On, &x.Code, &b.Cell.Sex, &b.Cell.Age, &b.Cell.Milieu, &b.Cell.Schooling, &b.Mail, &b.Consent, &x.Over, &x.AtDoor, &b.Reason, &x.Fee, &x.Here)
		b.Activity, b.Person, b.Programme, b.State, b.On, b.Code, b.Over, b.AtDoor = x.Activity, x.Person, x.Programme, x.State, x.On, x.Code, x.Over, x.AtDoor
		out = append(out, x)
		return err
	})
	return out, err
}

// Registrations returns at most max registrations of an activity that stand, in the order in which they were made: those
// who have a seat before those who wait.
func (s *Activities) Registrations(ctx context.Context, q store.Querier, activity id.ID, max int) ([]Registration, error) {
	return s.registrations(ctx, q, "activity = ? AND state IN ('registered', 'waiting') ORDER BY state, at, id LIMIT "+strconv.Itoa(max), activity)
}

// Rank is which place somebody has in the list that waits, from 1; 0: the person does not wait.
func (s *Activities) Rank(ctx context.Context, q store.Querier, r *Registration) (n int, err error) {
	if r.State != Waiting {
		return 0, nil
	}
	_, err = store.One(ctx, q, "SELECT count(*) FROM activity_registration o JOIN activity_registration me ON me.id = ? WHERE o.activity = me.activity AND o.state = 'waiting' AND (o.at < me.at OR o.at = me.at AND o.id <= me.id)", store.Args(r.ID), &n)
	return n, err
}

// HereAt returns who of an activity was at a session, by registration.
func (s *Activities) HereAt(ctx context.Context, q store.Querier, session id.ID) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	err := q.Each(ctx, "SELECT registration FROM activity_visit WHERE session = ?", store.Args(session), func(r store.Row) error {
		var v id.ID
		err := r.Scan(&v)
		out[v] = true
		return err
	})
	return out, err
}

// OfPerson returns the registrations of some records of a person, the latest first.
func (s *Activities) OfPerson(ctx context.Context, q store.Querier, persons []id.ID) ([]Registration, error) {
	in, args := store.In("person", persons)
	return s.registrations(ctx, q, in+" ORDER BY day DESC, id", args...)
}

// Last is until when something is known of a person from activities; "" is nothing.
type Last struct{ Registered, Here string }

// LastDays returns the last days of each of some people.
func (s *Activities) LastDays(ctx context.Context, q store.Querier, people []id.ID) (map[id.ID]Last, error) {
	out := map[id.ID]Last{}
	in, args := store.In("person", people)
	err := q.Each(ctx, "SELECT person, max(day), max(last) FROM activity_registration WHERE "+in+" GROUP BY person", args, func(r store.Row) error {
		var p id.ID
		var l Last
		err := r.Scan(&p, &l.Registered, &l.Here)
		out[p] = l
		return err
	})
	return out, err
}

// Blobs tells of each output in which stream a fact speaks of it.
func (s *Activities) Blobs(ctx context.Context, q store.Querier, centres []id.ID, add func(stream string, d blob.Digest)) error {
	where, args := "1 = 1", []any(nil)
	if centres != nil {
		where, args = store.In("a.centre", centres)
	}
	return q.Each(ctx, "SELECT a.centre, o.body FROM activity_output o JOIN activity a ON a.id = o.activity WHERE "+where, args, func(r store.Row) error {
		var centre id.ID
		var text string
		if err := r.Scan(&centre, &text); err != nil {
			return err
		}
		var o OutputStated
		err := json.Unmarshal([]byte(text), &o)
		add(person.Stream(centre), o.Blob)
		return err
	})
}
