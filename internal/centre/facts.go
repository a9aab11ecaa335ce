// Package centre knows what a centre is made of: who hosts, runs and owns its premises, its rooms, opening hours and
// devices, and the rounds of a mobile unit. All of it is kept in the centre's own stream.
package centre

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/timetable"
)

// Parts are the three things about a centre that may change hands, each by itself.
var Parts = []string{Host, Operator, Premises}

// The parts.
const (
	Host     = "host"     // the body whose centre it is
	Operator = "operator" // who runs it
	Premises = "premises" // whose walls they are
)

// MaxText is how many letters a name or a remark may have.
const MaxText = 200

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// HolderStated is the body of holder.stated: from a day on, somebody hosts, runs or owns the premises of a centre. It holds
// until the next begins, or until To.
type HolderStated struct {
	Centre       id.ID  `json:"centre"`
	Part         string `json:"part"`
	Organisation id.ID  `json:"organisation,omitzero"` // where it is known as one
	Name         string `json:"name"`                  // as it is written where it is not
	From         string `json:"from"`                  // ISO date
	To           string `json:"to,omitempty"`          // ISO date, the last day
	Removed      bool   `json:"removed,omitempty"`     // was written by mistake
}

// Check says what is missing or contradicts itself.
func (h HolderStated) Check() error {
	switch {
	case h.Centre.IsNil() || !slices.Contains(Parts, h.Part):
		return fmt.Errorf("%q is no part of a centre that somebody holds", h.Part)
	case h.Name == "" || len(h.Name) > 4*MaxText:
		return errors.New("whoever holds a centre has a name of at most 200 letters")
	case !isDate(h.From) || h.To != "" && !isDate(h.To):
		return errors.New("a date is written 2026-03-14")
	case h.To != "" && h.To < h.From:
		return ErrEndsBefore
	}
	return nil
}

// RoomDescribed is the body of room.described: a whole room, as it is known now.
type RoomDescribed struct {
	Centre     id.ID  `json:"centre"`
	Name       string `json:"name"`
	Seats      int    `json:"seats"`
	Equipment  string `json:"equipment,omitempty"`
	Accessible bool   `json:"accessible,omitempty"` // with a wheelchair, from the street
	Closed     bool   `json:"closed,omitempty"`     // not used any more
}

// Check says what is missing.
func (r RoomDescribed) Check() error {
	switch {
	case r.Centre.IsNil():
		return errors.New("a room is of a centre")
	case r.Name == "" || len(r.Name) > 4*MaxText || len(r.Equipment) > 4*MaxText:
		return errors.New("a room has a name of at most 200 letters")
	case r.Seats < 1 || r.Seats > MaxSeats:
		return errors.New("a room has from 1 to 1000 seats")
	}
	return nil
}

// MaxSeats is how many seats a room may have.
const MaxSeats = 1000

// Span is a stretch of one weekday in which a centre is open.
type Span struct {
	Day    time.Weekday `json:"day"`              // 0 is Sunday
	From   string       `json:"from"`             // "14:30", local
	To     string       `json:"to"`               //
	Access bool         `json:"access,omitempty"` // anybody may come and use the devices, without a session
}

// HoursStated is the body of hours.stated: a centre's whole week.
type HoursStated struct {
	Centre id.ID  `json:"centre"`
	Spans  []Span `json:"spans"`
}

// maxSpans bounds a week: three times open and three times open access a day.
const maxSpans = 42

// Check says what is missing or overlaps.
func (h HoursStated) Check() error {
	if h.Centre.IsNil() || len(h.Spans) > maxSpans {
		return fmt.Errorf("a week has at most %d opening hours", maxSpans)
	}
	for i, s := range h.Spans {
		from, ok := timetable.Clock(s.From)
		to, ok2 := timetable.Clock(s.To)
		if !ok || !ok2 || s.Day < 0 || s.Day > 6 {
			return errors.New("a time is written 14:30")
		}
		if to <= from {
			return ErrEndsBefore
		}
		for _, o := range h.Spans[:i] {
			if o.Day == s.Day && o.Access == s.Access && s.From < o.To && o.From < s.To {
				return ErrOverlap
			}
		}
	}
	return nil
}

// ExceptionStated is the body of hours.excepted: days on which a centre has other hours than in its week.
type ExceptionStated struct {
	Centre  id.ID  `json:"centre"`
	From    string `json:"from"`             // ISO dates, both included
	To      string `json:"to"`               //
	Opens   string `json:"opens,omitempty"`  // "" with Closes: closed all day
	Closes  string `json:"closes,omitempty"` //
	Why     string `json:"why"`
	Removed bool   `json:"removed,omitempty"`
}

// Check says what is missing or contradicts itself.
func (e ExceptionStated) Check() error {
	switch {
	case e.Centre.IsNil() || !isDate(e.From) || !isDate(e.To):
		return errors.New("an exception needs a first and a last day, written 2026-03-14")
	case e.To < e.From:
		return ErrEndsBefore
	case e.Why == "" || len(e.Why) > 4*MaxText:
		return errors.New("an exception needs a reason of at most 200 letters")
	}
	if e.Opens == "" && e.Closes == "" {
		return nil
	}
	from, ok := timetable.Clock(e.Opens)
	to, ok2 := timetable.Clock(e.Closes)
	if !ok || !ok2 {
		return errors.New("a time is written 14:30")
	}
	if to <= from {
		return ErrEndsBefore
	}
	return nil
}

// Kinds of devices.
var DeviceKinds = []string{"laptop", "desktop", "tablet", "phone", "robot", "printer", "projector", "router", "battery", "other"}

// DeviceDescribed is the body of device.described: what a device is.
type DeviceDescribed struct {
	Centre id.ID  `json:"centre"`
	Number string `json:"number"` // of the inventory, one at a centre
	Kind   string `json:"kind"`
	Model  string `json:"model,omitempty"`
	Since  string `json:"since,omitempty"` // ISO date
}

// Check says what is missing.
func (d DeviceDescribed) Check() error {
	switch {
	case d.Centre.IsNil() || d.Number == "" || len(d.Number) > 60:
		return errors.New("a device has a number of the inventory of at most 60 characters")
	case !slices.Contains(DeviceKinds, d.Kind):
		return fmt.Errorf("%q is no kind of device", d.Kind)
	case len(d.Model) > 4*MaxText:
		return errors.New("a model has at most 200 letters")
	case d.Since != "" && !isDate(d.Since):
		return errors.New("a date is written 2026-03-14")
	}
	return nil
}

// States of a device.
const (
	Ready   = "ready"
	Lent    = "lent"
	Faulty  = "faulty" // somebody said that it does not work
	Repair  = "repair" // somebody mends it
	Retired = "retired"
)

// DeviceStates are all states of a device.
var DeviceStates = []string{Ready, Lent, Faulty, Repair, Retired}

// DeviceStated is the body of device.stated: how a device stands, since when and why. They belong together, so they are one
// register.
type DeviceStated struct {
	State  string `json:"state"`
	On     string `json:"on"`              // ISO date
	Person id.ID  `json:"person,omitzero"` // to whom it is lent: a person, or a group
	Group  id.ID  `json:"group,omitzero"`  //
	Due    string `json:"due,omitempty"`   // ISO date, when it is to be back
	What   string `json:"what,omitempty"`  // what does not work, why it is retired
}

// Check says what is missing or contradicts itself.
func (d DeviceStated) Check() error {
	switch {
	case !slices.Contains(DeviceStates, d.State):
		return fmt.Errorf("%q is no state of a device", d.State)
	case !isDate(d.On) || d.Due != "" && !isDate(d.Due):
		return errors.New("a date is written 2026-03-14")
	case d.State == Lent && (d.Person.IsNil() == d.Group.IsNil() || d.Due == ""):
		return errors.New("a loan is to a person or to a group, until a day")
	case d.State == Lent && d.Due < d.On:
		return ErrEndsBefore
	case len(d.What) > 4*MaxText:
		return errors.New("a remark has at most 200 letters")
	case (d.State == Faulty || d.State == Retired) && d.What == "":
		return errors.New("say what does not work, or why it is retired")
	}
	return nil
}

// Stop is a halt of a mobile unit.
type Stop struct {
	Date string `json:"date"`           // ISO date
	From string `json:"from,omitempty"` // "14:30", local
	To   string `json:"to,omitempty"`   //
	Spot string `json:"spot"`           // the school, the market, the douar
}

// RoundPlanned is the body of round.planned: an outreach round of a mobile unit, whole.
type RoundPlanned struct {
	Centre    id.ID  `json:"centre"`
	Name      string `json:"name"`
	Stops     []Stop `json:"stops"`
	Cancelled string `json:"cancelled,omitempty"` // why it does not take place
}

// MaxStops is how many stops a round may have.
const MaxStops = 60

// Check says what is missing or contradicts itself.
func (r RoundPlanned) Check() error {
	switch {
	case r.Centre.IsNil() || r.Name == "" || len(r.Name) > 4*MaxText:
		return errors.New("a round has a name of at most 200 letters")
	case len(r.Stops) == 0 || len(r.Stops) > MaxStops:
		return fmt.Errorf("a round has from 1 to %d stops", MaxStops)
	}
	for i, s := range r.Stops {
		if !isDate(s.Date) || s.Spot == "" || len(s.Spot) > 4*MaxText {
			return errors.New("a stop has a date and a place")
		}
		from, ok := timetable.Clock(s.From)
		to, ok2 := timetable.Clock(s.To)
		if s.From != "" && !ok || s.To != "" && !ok2 {
			return errors.New("a time is written 14:30")
		}
		if s.From != "" && s.To != "" && to <= from {
			return ErrEndsBefore
		}
		// Hours are of one form, so that they compare as they are; where one is not known nothing contradicts.
		for _, o := range r.Stops[:i] {
			if o.Date == s.Date && o.From != "" && o.To != "" && s.From != "" && s.To != "" && o.From < s.To && s.From < o.To {
				return ErrTwoStops
			}
		}
	}
	return nil
}

// The kinds of this area.
var (
	KindHolder    = fact.NewKind[HolderStated](fact.Kind{Name: "holder.stated", Streams: []string{"centre"}})
	KindRoom      = fact.NewKind[RoomDescribed](fact.Kind{Name: "room.described", Streams: []string{"centre"}})
	KindHours     = fact.NewKind[HoursStated](fact.Kind{Name: "hours.stated", Streams: []string{"centre"}})
	KindException = fact.NewKind[ExceptionStated](fact.Kind{Name: "hours.excepted", Streams: []string{"centre"}})
	KindDevice    = fact.NewKind[DeviceDescribed](fact.Kind{Name: "device.described", Streams: []string{"centre"}})
	KindState     = fact.NewKind[DeviceStated](fact.Kind{Name: "device.stated", Streams: []string{"centre"}})
	KindRound     = fact.NewKind[RoundPlanned](fact.Kind{Name: "round.planned", Streams: []string{"centre"}})
)

var (
	holderTable = &store.Table{Name: "centre_holder", Key: 1,
		Columns: store.Cols("id:id centre:id part:text organisation:id name:text starts:text ends:text conflict:int"), Indexes: []string{"centre, part, starts"}}
	roomTable = &store.Table{Name: "centre_room", Key: 1,
		Columns: store.Cols("id:id centre:id name:text seats:int equipment:text accessible:int closed:int conflict:int"), Indexes: []string{"centre, name"}}
	hoursTable = &store.Table{Name: "centre_hours", Key: 2,
		Columns: store.Cols("id:id n:int centre:id day:int opens:text closes:text access:int conflict:int"), Indexes: []string{"centre"}}
	exceptionTable = &store.Table{Name: "centre_exception", Key: 1,
		Columns: store.Cols("id:id centre:id starts:text ends:text opens:text closes:text why:text conflict:int"), Indexes: []string{"centre, ends"}}
	deviceTable = &store.Table{Name: "centre_device", Key: 1,
		Columns: store.Cols("id:id centre:id number:text kind:text model:text since:text state:text day:text person:id cohort:id due:text what:text conflict:int"),
		Indexes: []string{"centre, number, id", "centre, state, kind", "person WHERE state = 'lent'"}}
	roundTable = &store.Table{Name: "centre_round", Key: 1,
		Columns: store.Cols("id:id centre:id name:text starts:text ends:text stops:int cancelled:text conflict:int"), Indexes: []string{"centre, ends"}}
	stopTable = &store.Table{Name: "centre_stop", Key: 2, Columns: store.Cols("round:id n:int day:text opens:text closes:text spot:text")}
)

// last is what was stated last of one register, and whether two said different things.
func last[T fact.Body](s *fact.Subject) (b T, found, conflict bool) {
	heads := s.Heads(fact.Is[T])
	if len(heads) == 0 {
		return b, false, false
	}
	b, _ = fact.As[T](heads[len(heads)-1])
	return b, true, len(heads) > 1
}

// Folds of this area.
var Folds = []*fact.Fold{
	{
		Name: "centre.holder", Kinds: []*fact.Kind{KindHolder}, Tables: []*store.Table{holderTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			if h, ok, conflict := last[HolderStated](s); ok && !h.Removed {
				out.Add(holderTable, s.ID, h.Centre, h.Part, h.Organisation, h.Name, h.From, h.To, conflict)
			}
			return nil
		},
		Sample: fact.Statements(KindHolder, func(d fact.Draw) fact.Body {
			return HolderStated{Centre: sampled(1), Part: Parts[d.Int("part", 3)], Name: fmt.Sprint("N", d.Int("name", 3)), From: "2026-01-05", Removed: d.Int("removed", 4) == 0}
		}),
	},
	{
		Name: "centre.room", Kinds: []*fact.Kind{KindRoom}, Tables: []*store.Table{roomTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			if r, ok, conflict := last[RoomDescribed](s); ok {
				out.Add(roomTable, s.ID, r.Centre, r.Name, r.Seats, r.Equipment, r.Accessible, r.Closed, conflict)
			}
			return nil
		},
		Sample: fact.Statements(KindRoom, func(d fact.Draw) fact.Body {
			return RoomDescribed{Centre: sampled(1), Name: fmt.Sprint("R", d.Int("name", 3)), Seats: 1 + d.Int("seats", 30), Closed: d.Int("closed", 2) == 0}
		}),
	},
	{
		Name: "centre.hours", Kinds: []*fact.Kind{KindHours}, Tables: []*store.Table{hoursTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			h, _, conflict := last[HoursStated](s)
			for i, x := range h.Spans {
				out.Add(hoursTable, s.ID, i, h.Centre, int(x.Day), x.From, x.To, x.Access, conflict)
			}
			return nil
		},
		Sample: fact.Statements(KindHours, func(d fact.Draw) fact.Body {
			h := HoursStated{Centre: sampled(1)}
			for i := range d.Int("spans", 4) {
				h.Spans = append(h.Spans, Span{Day: time.Weekday(i), From: "09:00", To: []string{"12:00", "13:00"}[d.Int("to", 2)], Access: i == 2})
			}
			return h
		}),
	},
	{
		Name: "centre.exception", Kinds: []*fact.Kind{KindException}, Tables: []*store.Table{exceptionTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			if e, ok, conflict := last[ExceptionStated](s); ok && !e.Removed {
				out.Add(exceptionTable, s.ID, e.Centre, e.From, e.To, e.Opens, e.Closes, e.Why, conflict)
			}
			return nil
		},
		Sample: fact.Statements(KindException, func(d fact.Draw) fact.Body {
			return ExceptionStated{Centre: sampled(1), From: "2026-03-02", To: "2026-03-0" + fmt.Sprint(2+d.Int("to", 5)), Why: "painting", Removed: d.Int("removed", 3) == 0}
		}),
	},
	{
		Name: "centre.device", Kinds: []*fact.Kind{KindDevice, KindState}, Tables: []*store.Table{deviceTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			d, ok, conflict := last[DeviceDescribed](s)
			if !ok {
				return nil
			}
			st, stated, two := last[DeviceStated](s)
			if !stated {
				st.State = Ready
			}
			out.Add(deviceTable, s.ID, d.Centre, d.Number, d.Kind, d.Model, d.Since, st.State, st.On, st.Person, st.Group, st.Due, st.What, conflict || two)
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			for i := range 1 + d.Int("facts", 5) {
				st := fact.Step{By: d.Int("by", 2), Kind: KindDevice, Body: DeviceDescribed{Centre: sampled(1), Number: fmt.Sprint("PC-", d.Int("number", 3)), Kind: DeviceKinds[d.Int("kind", 3)]}}
				if i > 0 && d.Int("state", 3) > 0 {
					b := DeviceStated{State: DeviceStates[d.Int("which", len(DeviceStates))], On: "2026-03-02", What: "w"}
					if b.State == Lent {
						b.Person, b.Due = sampled(2+d.Int("person", 2)), "2026-03-09"
					}
					st.Kind, st.Body = KindState, b
				}
				if i > 0 && d.Int("saw", 2) == 1 {
					st.Prev = []int{d.Int("prev", i)}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	},
	{
		Name: "centre.round", Kinds: []*fact.Kind{KindRound}, Tables: []*store.Table{roundTable, stopTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			r, ok, conflict := last[RoundPlanned](s)
			if !ok {
				return nil
			}
			first, end := r.Stops[0].Date, r.Stops[0].Date
			for i, x := range r.Stops {
				first, end = min(first, x.Date), max(end, x.Date)
				out.Add(stopTable, s.ID, i, x.Date, x.From, x.To, x.Spot)
			}
			out.Add(roundTable, s.ID, r.Centre, r.Name, first, end, len(r.Stops), r.Cancelled, conflict)
			return nil
		},
		Sample: fact.Statements(KindRound, func(d fact.Draw) fact.Body {
			r := RoundPlanned{Centre: sampled(1), Name: "R"}
			for i := range 1 + d.Int("stops", 3) {
				r.Stops = append(r.Stops, Stop{Date: fmt.Sprint("2026-03-0", 1+i), Spot: fmt.Sprint("S", d.Int("spot", 3))})
			}
			return r
		}),
	},
}

// sampled is a fixed id for samples.
func sampled(n int) id.ID { return id.Named("sample", fmt.Sprint(n)) }
