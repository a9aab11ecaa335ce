package centre

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
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/timetable"
)

// Centres keeps what centres are made of.
type Centres struct{ log *fact.Log }

// New returns the area on a node's log.
func New(l *fact.Log) *Centres { return &Centres{l} }

// Errors of the area. Doors translate them.
var (
	ErrTwoStops    = errors.New("a round stands at two stops at the same hour")
	ErrEndsBefore  = errors.New("it ends before it begins")
	ErrOverlap     = errors.New("two opening hours of one day overlap")
	ErrNoRoom      = errors.New("there is no such room")
	ErrNoDevice    = errors.New("there is no such device")
	ErrNoRound     = errors.New("there is no such round")
	ErrNumberTaken = errors.New("another device of the centre has this number")
	ErrDayTaken    = errors.New("other hours of the centre begin on this day already")
	ErrNameTaken   = errors.New("another room of the centre has this name")
	ErrState       = errors.New("the device does not stand so that this could be done with it")
)

// state writes one statement about a subject of a centre. ask, which may be nil, refuses in the writer's turn; keys name
// what it reads.
func (c *Centres) state(ctx context.Context, name string, actor id.ID, scope access.Scope, centre, subject id.ID, kind *fact.Kind, b fact.Body, ask func(context.Context, store.Querier) error, keys ...id.ID) error {
	if !scope.Has(centre) {
		return access.ErrDenied
	}
	if err := b.Check(); err != nil {
		return err
	}
	stream := (&place.Place{ID: centre}).Stream()
	_, err := c.log.Do(ctx, fact.Command{Name: name, Stream: stream, Keys: append(keys, subject), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		if ask != nil {
			if err := ask(ctx, q); err != nil {
				return fact.Outcome{}, err
			}
		}
		all, err := c.log.Of(ctx, q, subject)
		if err != nil || fact.Says(all, b) {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: kind, Subject: subject, Actor: actor, Body: b, Prev: fact.HeadsOf(all)}}}, nil
	}})
	return err
}

// Holder is who hosts, runs or owns the premises of a centre from a day on.
type Holder struct {
	ID           id.ID
	Part         string
	Organisation id.ID
	Name         string
	From, To     string // To is "" until the next begins
	Conflict     bool
}

// SetHolder states who holds a part of a centre from a day on. Another statement from the same day corrects it.
func (c *Centres) SetHolder(ctx context.Context, actor id.ID, scope access.Scope, h HolderStated) error {
	h.Name = strings.TrimSpace(h.Name)
	return c.state(ctx, "state who holds a centre", actor, scope, h.Centre, id.Under(h.Centre, "holder "+h.Part+" "+h.From), KindHolder, h, nil)
}

// HeldBy counts what an organisation is written down for at centres.
func (c *Centres) HeldBy(ctx context.Context, q store.Querier, organisation id.ID) (n int, err error) {
	_, err = store.One(ctx, q, "SELECT count(*) FROM centre_holder WHERE organisation = ?", []any{organisation}, &n)
	return n, err
}

// Holders returns who held the parts of a centre, latest first.
func (c *Centres) Holders(ctx context.Context, q store.Querier, centre id.ID) (out []Holder, err error) {
	err = q.Each(ctx, "SELECT id, part, organisation, name, starts, ends, conflict FROM centre_holder WHERE centre = ? ORDER BY part, starts DESC, id", store.Args(centre), func(r store.Row) error {
		var h Holder
		err := r.Scan(&h.ID, &h.Part, &h.Organisation, &h.Name, &h.From, &h.To, &h.Conflict)
		out = append(out, h)
		return err
	})
	return out, err
}

// Holding returns who holds a part on a day, or nil. holders are as Holders returns them.
func Holding(holders []Holder, part, day string) *Holder {
	for i, h := range holders {
		if h.Part == part && h.From <= day {
			if h.To != "" && h.To < day {
				return nil
			}
			return &holders[i]
		}
	}
	return nil
}

// Room is a room of a centre.
type Room struct {
	ID, Centre         id.ID
	Name               string
	Seats              int
	Equipment          string
	Accessible, Closed bool
	Conflict           bool
}

// Rooms returns the rooms of a centre by name, those not used any more last.
func (c *Centres) Rooms(ctx context.Context, q store.Querier, centre id.ID) (out []Room, err error) {
	err = q.Each(ctx, "SELECT id, centre, name, seats, equipment, accessible, closed, conflict FROM centre_room WHERE centre = ? ORDER BY closed, name, id", store.Args(centre), func(r store.Row) error {
		var x Room
		err := r.Scan(&x.ID, &x.Centre, &x.Name, &x.Seats, &x.Equipment, &x.Accessible, &x.Closed, &x.Conflict)
		out = append(out, x)
		return err
	})
	return out, err
}

// Seats returns how many seats the rooms in use of each centre have.
func (c *Centres) Seats(ctx context.Context, q store.Querier) (map[id.ID]int64, error) {
	out := map[id.ID]int64{}
	err := q.Each(ctx, "SELECT centre, CAST(sum(seats) AS BIGINT) FROM centre_room WHERE closed = 0 GROUP BY centre", nil, func(r store.Row) error {
		var at id.ID
		var n int64
		err := r.Scan(&at, &n)
		out[at] = n
		return err
	})
	return out, err
}

// Capacity is what a centre can hold.
type Capacity struct {
	Seats   []int // of each room in use
	Minutes int   // that it is open in a week, open access apart
}

// Capacities returns what each centre can hold that has rooms.
func (c *Centres) Capacities(ctx context.Context, q store.Querier) (map[id.ID]Capacity, error) {
	out := map[id.ID]Capacity{}
	err := q.Each(ctx, "SELECT centre, seats FROM centre_room WHERE closed = 0", nil, func(r store.Row) error {
		var at id.ID
		var n int
		err := r.Scan(&at, &n)
		x := out[at]
		x.Seats = append(x.Seats, n)
		out[at] = x
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, q.Each(ctx, "SELECT centre, opens, closes FROM centre_hours WHERE access = 0", nil, func(r store.Row) error {
		var at id.ID
		var opens, closes string
		err := r.Scan(&at, &opens, &closes)
		from, _ := timetable.Clock(opens)
		to, _ := timetable.Clock(closes)
		if x, ok := out[at]; ok {
			x.Minutes += to - from
			out[at] = x
		}
		return err
	})
}

// Room returns a room of a centre, or ErrNoRoom.
func (c *Centres) Room(ctx context.Context, q store.Querier, centre, room id.ID) (Room, error) {
	l, err := c.Rooms(ctx, q, centre)
	if i := slices.IndexFunc(l, func(r Room) bool { return r.ID == room }); i >= 0 {
		return l[i], err
	}
	if err == nil {
		err = ErrNoRoom
	}
	return Room{}, err
}

// SetRoom describes a room; a Nil id is a new one. Two rooms of a centre in use have two names.
func (c *Centres) SetRoom(ctx context.Context, actor id.ID, scope access.Scope, room id.ID, b RoomDescribed) (id.ID, error) {
	b.Name, b.Equipment = strings.TrimSpace(b.Name), strings.TrimSpace(b.Equipment)
	if room.IsNil() {
		room = id.New()
	}
	return room, c.state(ctx, "describe a room", actor, scope, b.Centre, room, KindRoom, b, func(ctx context.Context, q store.Querier) error {
		l, err := c.Rooms(ctx, q, b.Centre)
		for _, r := range l {
			if r.ID != room && !r.Closed && !b.Closed && strings.EqualFold(r.Name, b.Name) {
				return ErrNameTaken
			}
		}
		return err
	}, b.Centre)
}

// Hours returns the week of a centre: by day, then hour. conflict says that two people stated it without seeing each other.
func (c *Centres) Hours(ctx context.Context, q store.Querier, centre id.ID) (out []Span, conflict bool, err error) {
	err = q.Each(ctx, "SELECT day, opens, closes, access, conflict FROM centre_hours WHERE centre = ? ORDER BY day, opens, n", store.Args(centre), func(r store.Row) error {
		var s Span
		var day int
		err := r.Scan(&day, &s.From, &s.To, &s.Access, &conflict)
		s.Day = time.Weekday(day)
		out = append(out, s)
		return err
	})
	return out, conflict, err
}

// SetHours states the week of a centre.
func (c *Centres) SetHours(ctx context.Context, actor id.ID, scope access.Scope, h HoursStated) error {
	return c.state(ctx, "state opening hours", actor, scope, h.Centre, id.Under(h.Centre, "hours"), KindHours, h, nil)
}

// Exception is a stretch of days with other hours than the week's.
type Exception struct {
	ID            id.ID
	From, To      string
	Opens, Closes string // "": closed all day
	Why           string
	Conflict      bool
}

// Exceptions returns those of a centre that are not over on a day, earliest first, at most 200.
func (c *Centres) Exceptions(ctx context.Context, q store.Querier, centre id.ID, from string) (out []Exception, err error) {
	err = q.Each(ctx, "SELECT id, starts, ends, opens, closes, why, conflict FROM centre_exception WHERE centre = ? AND ends >= ? ORDER BY starts, id LIMIT 200", store.Args(centre, from), func(r store.Row) error {
		var e Exception
		err := r.Scan(&e.ID, &e.From, &e.To, &e.Opens, &e.Closes, &e.Why, &e.Conflict)
		out = append(out, e)
		return err
	})
	return out, err
}

// SetException states other hours for some days, or removes them. Others from the same first day are taken away first:
// ErrDayTaken.
func (c *Centres) SetException(ctx context.Context, actor id.ID, scope access.Scope, e ExceptionStated) error {
	e.Why = strings.TrimSpace(e.Why)
	subject := exceptionID(e.Centre, e.From)
	return c.state(ctx, "state other hours", actor, scope, e.Centre, subject, KindException, e, func(ctx context.Context, q store.Querier) error {
		var was Exception
		found, err := store.One(ctx, q, "SELECT ends, opens, closes, why FROM centre_exception WHERE id = ?", store.Args(subject), &was.To, &was.Opens, &was.Closes, &was.Why)
		if found && !e.Removed && was != (Exception{To: e.To, Opens: e.Opens, Closes: e.Closes, Why: e.Why}) {
			return ErrDayTaken
		}
		return err
	})
}

func exceptionID(centre id.ID, from string) id.ID { return id.Under(centre, "hours "+from) }

// Others are exceptions as a timetable asks for them.
func Others(list []Exception) (out []timetable.Other) {
	for _, e := range list {
		from, _ := timetable.Clock(e.Opens)
		to, _ := timetable.Clock(e.Closes)
		out = append(out, timetable.Other{First: e.From, Last: e.To, From: from, To: to, Why: e.Why})
	}
	return out
}

// Device is a device of a centre.
type Device struct {
	ID, Centre          id.ID
	Number, Kind, Model string
	Since               string
	State, On           string // On is "" of one that nothing was stated of
	Person, Group       id.ID  // to whom it is lent
	Due, What           string
	Conflict            bool
}

// Late reports whether a loan should be back.
func (d *Device) Late(today string) bool { return d.State == Lent && d.Due < today }

// DeviceFilter narrows a list of devices.
type DeviceFilter struct {
	Search string // in the number or the model
	State  string // or "late": lent and due before Today
	Kind   string
	Today  string
	After  string // the Next of another page
	Size   int    // 0 means 50
}

const deviceColumns = "id, centre, number, kind, model, since, state, day, person, cohort, due, what, conflict"

func (c *Centres) devices(ctx context.Context, q store.Querier, where string, args []any) (out []*Device, err error) {
	err = q.Each(ctx, "SELECT "+deviceColumns+" FROM centre_device WHERE "+where, args, func(r store.Row) error {
		d := &Device{}
		err := r.Scan(&d.ID, &d.Centre, &d.Number, &d.Kind, &d.Model, &d.Since, &d.State, &d.On, &d.Person, &d.Group, &d.Due, &d.What, &d.Conflict)
		out = append(out, d)
		return err
	})
	return out, err
}

// Devices returns a page of the devices of a centre by number, and where the next begins ("" at the end).
func (c *Centres) Devices(ctx context.Context, q store.Querier, centre id.ID, f DeviceFilter) (out []*Device, next string, err error) {
	if f.Size == 0 {
		f.Size = 50
	}
	where, args := "centre = ?", store.Args(centre)
	and := func(cond string, a ...any) {
		where += " AND " + cond
		args = append(args, a...)
	}
	if s := strings.TrimSpace(f.Search); s != "" {
		like := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(s)) + "%"
		and("(lower(number) LIKE ? ESCAPE '!' OR lower(model) LIKE ? ESCAPE '!')", like, like)
	}
	switch f.State {
	case "":
	case "late":
		and("state = 'lent' AND due < ?", f.Today)
	default:
		and("state = ?", f.State)
	}
	if f.Kind != "" {
		and("kind = ?", f.Kind)
	}
	if len(f.After) > 32 {
		if v, err := id.Parse(f.After[:32]); err == nil {
			and("(number, id) > (?, ?)", f.After[32:], v)
		}
	}
	out, err = c.devices(ctx, q, fmt.Sprintf("%s ORDER BY number, id LIMIT %d", where, f.Size+1), args)
	if len(out) > f.Size {
		out = out[:f.Size]
		last := out[len(out)-1]
		next = last.ID.Hex() + last.Number
	}
	return out, next, err
}

// Device returns a device of a centre of the scope, or ErrNoDevice.
func (c *Centres) Device(ctx context.Context, q store.Querier, scope access.Scope, device id.ID) (*Device, error) {
	where, args := scope.SQL("centre")
	l, err := c.devices(ctx, q, where+" AND id = ?", append(args, device))
	if err == nil && len(l) == 0 {
		err = ErrNoDevice
	}
	if err != nil {
		return nil, err
	}
	return l[0], nil
}

// Stock is how many devices there are of a kind, and how they stand.
type Stock struct {
	Kind  string
	State map[string]int
	All   int // without those that are retired
}

// Stock counts the devices of a centre by kind.
func (c *Centres) Stock(ctx context.Context, q store.Querier, centre id.ID) (out []Stock, err error) {
	err = q.Each(ctx, "SELECT kind, state, count(*) FROM centre_device WHERE centre = ? GROUP BY kind, state ORDER BY kind, state", store.Args(centre), func(r store.Row) error {
		var kind, state string
		var n int
		if err := r.Scan(&kind, &state, &n); err != nil {
			return err
		}
		if len(out) == 0 || out[len(out)-1].Kind != kind {
			out = append(out, Stock{Kind: kind, State: map[string]int{}})
		}
		s := &out[len(out)-1]
		s.State[state] = n
		if state != Retired {
			s.All += n
		}
		return nil
	})
	return out, err
}

// SetDevice describes a device; a Nil id is a new one. Two devices of a centre have two numbers.
func (c *Centres) SetDevice(ctx context.Context, actor id.ID, scope access.Scope, device id.ID, b DeviceDescribed) (id.ID, error) {
	b.Number, b.Model = strings.TrimSpace(b.Number), strings.TrimSpace(b.Model)
	if device.IsNil() {
		device = id.New()
	}
	return device, c.state(ctx, "describe a device", actor, scope, b.Centre, device, KindDevice, b, func(ctx context.Context, q store.Querier) error {
		var other id.ID
		found, err := store.One(ctx, q, "SELECT id FROM centre_device WHERE centre = ? AND number = ? AND id <> ?", store.Args(b.Centre, b.Number, device), &other)
		if err == nil && found {
			err = ErrNumberTaken
		}
		return err
	}, id.Under(b.Centre, "device "+b.Number))
}

// moves are the states that a device can be brought to, from each of its states. A loan is renewed by lending again.
var moves = map[string][]string{
	Ready:   {Lent, Faulty, Repair, Retired},
	Lent:    {Ready, Lent, Faulty},
	Faulty:  {Repair, Ready, Retired},
	Repair:  {Ready, Faulty, Retired},
	Retired: {Ready},
}

// Next returns the states that a device can be brought to.
func Next(state string) []string { return moves[state] }

// Set brings a device into a state: lends it, takes it back, reports a fault, sends it to repair, retires it. ErrState is
// returned when somebody brought it elsewhere meanwhile.
func (c *Centres) Set(ctx context.Context, actor id.ID, scope access.Scope, device id.ID, b DeviceStated) error {
	d, err := c.Device(ctx, c.log.DB, scope, device)
	if err != nil {
		return err
	}
	b.What = strings.TrimSpace(b.What)
	return c.state(ctx, "bring a device into a state", actor, scope, d.Centre, device, KindState, b, func(ctx context.Context, q store.Querier) error {
		now, err := c.Device(ctx, q, scope, device)
		if err == nil && !slices.Contains(moves[now.State], b.State) {
			err = ErrState
		}
		return err
	})
}

// DeviceLine is one line of a device's history.
type DeviceLine struct {
	DeviceStated
	Actor id.ID
}

// HistoryOf returns what happened to a device, latest first.
func (c *Centres) HistoryOf(ctx context.Context, q store.Querier, device id.ID) (out []DeviceLine, err error) {
	all, err := c.log.Of(ctx, q, device)
	for _, f := range slices.Backward(all) {
		if b, ok := fact.As[DeviceStated](f); ok {
			out = append(out, DeviceLine{b, f.Actor})
		}
	}
	return out, err
}

// LentTo returns the devices that a person has, by whichever centre.
func (c *Centres) LentTo(ctx context.Context, q store.Querier, scope access.Scope, p id.ID) ([]*Device, error) {
	where, args := scope.SQL("centre")
	return c.devices(ctx, q, where+" AND person = ? AND state = 'lent' ORDER BY due, id", append(args, p))
}

// Round is an outreach round of a mobile unit.
type Round struct {
	ID, Centre id.ID
	Name       string
	From, To   string // ISO dates of the first and the last stop
	Count      int    // stops
	Cancelled  string
	Conflict   bool
	Stops      []Stop // of Round alone
}

// Rounds returns the rounds of a centre that are not over on a day, earliest first, or all of the past, latest first, at
// most max.
func (c *Centres) Rounds(ctx context.Context, q store.Querier, centre id.ID, today string, past bool, max int) (out []*Round, err error) {
	cond := "ends >= ? ORDER BY starts, id"
	if past {
		cond = "ends < ? ORDER BY ends DESC, id"
	}
	err = q.Each(ctx, fmt.Sprintf("SELECT id, centre, name, starts, ends, stops, cancelled, conflict FROM centre_round WHERE centre = ? AND %s LIMIT %d", cond, max), store.Args(centre, today), func(r store.Row) error {
		x := &Round{}
		err := r.Scan(&x.ID, &x.Centre, &x.Name, &x.From, &x.To, &x.Count, &x.Cancelled, &x.Conflict)
		out = append(out, x)
		return err
	})
	return out, err
}

// Round returns a round of a centre with its stops by date, or ErrNoRound.
func (c *Centres) Round(ctx context.Context, q store.Querier, centre, round id.ID) (*Round, error) {
	x := &Round{ID: round, Centre: centre}
	found, err := store.One(ctx, q, "SELECT name, starts, ends, stops, cancelled, conflict FROM centre_round WHERE id = ? AND centre = ?", store.Args(round, centre), &x.Name, &x.From, &x.To, &x.Count, &x.Cancelled, &x.Conflict)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNoRound
	}
	err = q.Each(ctx, "SELECT day, opens, closes, spot FROM centre_stop WHERE round = ? ORDER BY day, opens, n", store.Args(round), func(r store.Row) error {
		var s Stop
		err := r.Scan(&s.Date, &s.From, &s.To, &s.Spot)
		x.Stops = append(x.Stops, s)
		return err
	})
	return x, err
}

// SetRound plans a round; a Nil id is a new one.
func (c *Centres) SetRound(ctx context.Context, actor id.ID, scope access.Scope, round id.ID, b RoundPlanned) (id.ID, error) {
	b.Name = strings.TrimSpace(b.Name)
	if round.IsNil() {
		round = id.New()
	}
	return round, c.state(ctx, "plan a round", actor, scope, b.Centre, round, KindRound, b, nil)
}
