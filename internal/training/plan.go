package training

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/centre"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
	"tizi/internal/timetable"
)

// Calendar is what a country and a place say about days: it does not change while a session is planned.
type Calendar struct {
	Holidays []timetable.Holiday
	Prayers  func(date string) []timetable.Prayer
}

// ClashError is returned when sessions clash: with what cannot be, or with what nobody confirmed.
type ClashError struct {
	Clashes []timetable.Clash
	Refused bool                // one of them cannot be confirmed
	Names   map[id.ID]i18n.Text // of what clashes, by session, where EditCohort says so
	Days    map[id.ID]string    // of the sessions of the group itself, there too
}

func (e *ClashError) Error() string { return fmt.Sprintf("%d clashes", len(e.Clashes)) }

// devicesOf reads what devicesText wrote.
func devicesOf(s string) map[string]int {
	if s == "" {
		return nil
	}
	var out map[string]int
	json.Unmarshal([]byte(s), &out) // the fold wrote it
	return out
}

// timetableKey names a centre's timetable for the writer's turn.
func timetableKey(centre id.ID) id.ID { return id.Under(centre, "timetable") }

// Booked is a session in a timetable, of a group or of an activity, with what a screen says of it.
type Booked struct {
	timetable.Booking
	Centre    id.ID
	Activity  id.ID     // Nil of a group's
	Name      i18n.Text // of the group or the activity
	Room      string    // as it is written; Booking.Room is its id
	Cancelled string
}

// booked reads the sessions that take place, by a condition on training_session s and training_cohort c.
func (t *Training) booked(ctx context.Context, q store.Querier, cancelled bool, where string, args []any) ([]*Booked, error) {
	if !cancelled {
		where += " AND s.cancelled = ''"
	}
	var out []*Booked
	at := map[id.ID][]*Booked{} // by group
	of := map[id.ID]*Booked{}
	err := q.Each(ctx, "SELECT s.id, s.cohort, s.centre, s.day, s.starts, s.ends, s.room, s.room_id, s.devices, s.cancelled, coalesce(c.name, '') FROM training_session s LEFT JOIN training_cohort c ON c.id = s.cohort WHERE "+where+" ORDER BY s.day, s.starts, s.id", args, func(r store.Row) error {
		b := &Booked{}
		var starts, ends, devices, name string
		err := r.Scan(&b.ID, &b.Group, &b.Centre, &b.Date, &starts, &ends, &b.Room, &b.Booking.Room, &devices, &b.Cancelled, &name)
		if name != "" {
			b.Name = i18n.Text{i18n.FR: name} // a group has one name, whatever its language
		}
		b.From, b.To = span(starts, ends)
		b.Devices = devicesOf(devices)
		out, at[b.Group], of[b.ID] = append(out, b), append(at[b.Group], b), b
		return err
	})
	if err != nil || len(out) == 0 {
		return out, err
	}
	groups := make([]id.ID, 0, len(at))
	for g := range at {
		groups = append(groups, g)
	}
	for part := range slices.Chunk(groups, 500) {
		who, args := store.In("cohort", part)
		err := q.Each(ctx, "SELECT cohort, count(*) FROM training_enrolment WHERE "+who+" AND state IN ('enrolled', 'active', 'completed') GROUP BY cohort", args, func(r store.Row) error {
			var g id.ID
			var n int
			err := r.Scan(&g, &n)
			for _, b := range at[g] {
				b.People = n
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		err = q.Each(ctx, "SELECT cohort, account FROM training_trainer WHERE "+who+" ORDER BY cohort, account", args, func(r store.Row) error {
			var g, a id.ID
			err := r.Scan(&g, &a)
			for _, b := range at[g] {
				b.Trainers = append(b.Trainers, a)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		instead := map[id.ID]bool{}
		err = q.Each(ctx, "SELECT session, account FROM training_stand_in WHERE session IN (SELECT s.id FROM training_session s WHERE "+strings.ReplaceAll(who, "cohort", "s.cohort")+") ORDER BY session, account", args, func(r store.Row) error {
			var s, a id.ID
			if err := r.Scan(&s, &a); err != nil || of[s] == nil {
				return err
			}
			if !instead[s] {
				instead[s], of[s].Trainers = true, nil
			}
			of[s].Trainers = append(of[s].Trainers, a)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// span is when a session is, in minutes after midnight. One without an hour takes no time.
func span(starts, ends string) (from, to int) {
	from, ok := timetable.Clock(starts)
	if to, _ = timetable.Clock(ends); !ok || to <= from {
		to = from
	}
	return from, to
}

// Week returns the sessions of a centre between two days, both included, of groups and of activities; cancelled ones too. The
// caller has made sure that the reader may see the centre.
func (t *Training) Week(ctx context.Context, q store.Querier, at id.ID, from, to string) ([]*Booked, error) {
	list, err := t.booked(ctx, q, true, "s.centre = ? AND s.day >= ? AND s.day <= ?", store.Args(at, from, to))
	if err != nil {
		return nil, err
	}
	events, err := t.events(ctx, q, at, from, to)
	return append(list, events...), err
}

// events are the sessions of a centre's activities between two days. What is held at a venue of its own takes no room of the centre.
func (t *Training) events(ctx context.Context, q store.Querier, at id.ID, from, to string) (out []*Booked, err error) {
	list, err := activity.Between(ctx, q, at, from, to)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	rooms, err := t.centres.Rooms(ctx, q, at)
	for _, x := range list {
		for _, s := range x.Sessions {
			if s.Date < from || to < s.Date {
				continue
			}
			b := &Booked{Booking: timetable.Booking{ID: s.ID, Date: s.Date}, Centre: at, Activity: x.ID, Name: x.Title, Room: cmp.Or(x.Venue, s.Room), Cancelled: x.Reason}
			b.From, b.To = span(s.From, s.To)
			if x.Venue == "" {
				b.Booking.Room = roomCalled(rooms, s.Room)
			}
			out = append(out, b)
		}
	}
	return out, err
}

func roomCalled(rooms []centre.Room, name string) id.ID {
	for _, r := range rooms {
		if strings.EqualFold(r.Name, strings.TrimSpace(name)) {
			return r.ID
		}
	}
	return id.Nil
}

// Taken returns, of the sessions that an activity is to have, which find the room that they name taken, and by whom.
func (t *Training) Taken(ctx context.Context, q store.Querier, a activity.Stated, v id.ID) (map[id.ID]i18n.Text, error) {
	if a.Venue != "" || a.State == activity.Cancelled || len(a.Sessions) == 0 {
		return nil, nil
	}
	rooms, err := t.centres.Rooms(ctx, q, a.Centre)
	if err != nil {
		return nil, err
	}
	list, err := t.Week(ctx, q, a.Centre, a.From, a.To)
	if err != nil {
		return nil, err
	}
	out, mine := map[id.ID]i18n.Text{}, map[id.ID]bool{}
	name := map[id.ID]i18n.Text{}
	var bs []timetable.Booking
	for _, s := range a.Sessions {
		b := timetable.Booking{ID: s.ID, Date: s.Date, Room: roomCalled(rooms, s.Room)}
		b.From, b.To = span(s.From, s.To)
		bs, mine[s.ID] = append(bs, b), true
	}
	for _, b := range list {
		if b.Activity != v && b.Cancelled == "" {
			bs, name[b.ID] = append(bs, b.Booking), b.Name
		}
	}
	for _, c := range timetable.Find(bs, timetable.World{}) {
		if c.Kind != timetable.RoomTwice || mine[c.A] && mine[c.B] {
			continue
		}
		if mine[c.A] {
			out[c.A] = name[c.B]
		} else if mine[c.B] {
			out[c.B] = name[c.A]
		}
	}
	return out, nil
}

// Elsewhere returns the sessions that the trainers of some sessions of a centre hold at other centres between two days. Of
// these the trainers matter alone: rooms and devices are not of this centre.
func (t *Training) Elsewhere(ctx context.Context, q store.Querier, list []*Booked, at id.ID, from, to string) ([]*Booked, error) {
	var trainers []id.ID
	for _, b := range list {
		if b.Cancelled == "" {
			trainers = append(trainers, b.Trainers...)
		}
	}
	return t.heldElsewhere(ctx, q, trainers, at, from, to)
}

func (t *Training) heldElsewhere(ctx context.Context, q store.Querier, trainers []id.ID, at id.ID, from, to string) (out []*Booked, err error) {
	trainers = slices.Clone(trainers)
	slices.SortFunc(trainers, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
	for part := range slices.Chunk(slices.Compact(trainers), 500) {
		who, more := store.In("o.account", part)
		list, err := t.booked(ctx, q, false, "s.day >= ? AND s.day <= ? AND s.centre <> ? AND s.cohort IN (SELECT o.cohort FROM "+own+" o WHERE "+who+")", append(store.Args(from, to, at), more...))
		if err != nil {
			return nil, err
		}
		for _, b := range list {
			b.Booking.Room, b.Devices = id.Nil, nil
			if !slices.ContainsFunc(out, func(o *Booked) bool { return o.ID == b.ID }) {
				out = append(out, b)
			}
		}
	}
	return out, nil
}

// World is what sessions of a centre are held against, from a day on.
func (t *Training) World(ctx context.Context, q store.Querier, at id.ID, from string, cal *Calendar) (timetable.World, error) {
	w := timetable.World{Rooms: map[id.ID]timetable.Room{}, Devices: map[string]int{}, Holidays: cal.Holidays, Prayers: cal.Prayers}
	rooms, err := t.centres.Rooms(ctx, q, at)
	if err != nil {
		return w, err
	}
	for _, r := range rooms {
		w.Rooms[r.ID] = timetable.Room{Seats: r.Seats, Closed: r.Closed}
	}
	hours, _, err := t.centres.Hours(ctx, q, at)
	if err != nil {
		return w, err
	}
	for _, h := range hours {
		from, to := span(h.From, h.To)
		w.Open = append(w.Open, timetable.Span{Day: h.Day, From: from, To: to})
	}
	others, err := t.centres.Exceptions(ctx, q, at, from)
	if err != nil {
		return w, err
	}
	w.Others = centre.Others(others)
	stock, err := t.centres.Stock(ctx, q, at)
	for _, s := range stock {
		w.Devices[s.Kind] = s.State[centre.Ready]
	}
	return w, err
}

// Clashes holds the sessions of a week against each other and the world.
func Clashes(list []*Booked, w timetable.World) []timetable.Clash {
	var bs []timetable.Booking
	for _, b := range list {
		if b.Cancelled == "" {
			bs = append(bs, b.Booking)
		}
	}
	return timetable.Find(bs, w)
}

// against returns the clashes that some new bookings of a centre bring: with what is planned there, with what their
// trainers hold elsewhere, and with the world. names are those of the groups and activities that they clash with, none of one
// that is not in the scope.
func (t *Training) against(ctx context.Context, q store.Querier, scope access.Scope, at id.ID, fresh []timetable.Booking, cal *Calendar) (clashes []timetable.Clash, names map[id.ID]i18n.Text, err error) {
	names = map[id.ID]i18n.Text{}
	if len(fresh) == 0 {
		return nil, names, nil
	}
	first, last := fresh[0].Date, fresh[0].Date
	var trainers []id.ID
	mine := map[id.ID]bool{}
	days := map[string]bool{}
	for _, b := range fresh {
		first, last = min(first, b.Date), max(last, b.Date)
		mine[b.ID], days[b.Date] = true, true
		trainers = append(trainers, b.Trainers...)
	}
	list, err := t.booked(ctx, q, false, "s.day >= ? AND s.day <= ? AND s.centre = ?", store.Args(first, last, at))
	if err != nil {
		return nil, nil, err
	}
	elsewhere, err := t.heldElsewhere(ctx, q, trainers, at, first, last)
	if err != nil {
		return nil, nil, err
	}
	events, err := t.events(ctx, q, at, first, last)
	if err != nil {
		return nil, nil, err
	}
	events = slices.DeleteFunc(events, func(b *Booked) bool { return b.Cancelled != "" })
	list = append(append(list, elsewhere...), events...)
	w, err := t.World(ctx, q, at, first, cal)
	if err != nil {
		return nil, nil, err
	}
	all := slices.Clone(fresh)
	for _, b := range list {
		if !mine[b.ID] && days[b.Date] {
			all = append(all, b.Booking)
			if b.Centre == at || scope.Has(b.Centre) {
				names[b.ID] = b.Name
			}
		}
	}
	for _, c := range timetable.Find(all, w) {
		if mine[c.A] || mine[c.B] {
			clashes = append(clashes, c)
		}
	}
	return clashes, names, nil
}

// judge turns clashes into an error: what is refused, or what is warned of and not meant.
func judge(clashes []timetable.Clash, despite bool) error {
	e := &ClashError{Clashes: clashes}
	warned := false
	for _, c := range clashes {
		e.Refused = e.Refused || c.Level() == timetable.Refused
		warned = warned || c.Level() == timetable.Warned
	}
	if e.Refused || warned && !despite {
		return e
	}
	return nil
}

// confirmed are the kinds of clashes that somebody knew of and meant.
func confirmed(clashes []timetable.Clash, b id.ID) (out []string) {
	for _, c := range clashes {
		if c.Concerns(b) && c.Level() == timetable.Warned && !slices.Contains(out, string(c.Kind)) {
			out = append(out, string(c.Kind))
		}
	}
	slices.Sort(out)
	return out
}

// Day is one session of a series that is looked at before it is written.
type Day struct {
	Date    string
	Session id.ID
	Exists  bool // it is planned already
	Holiday *timetable.Holiday
	Clashes []timetable.Clash
}

// Preview is a series before it is written.
type Preview struct {
	Days    []Day
	Names   map[id.ID]i18n.Text // of what clashes, by session
	Err     *ClashError         // nil: it can be written as it is
	Skipped []Day               // holidays, which the series leaves out
	fresh   []timetable.Booking
	all     []timetable.Clash
}

// New is how many sessions would be written.
func (p *Preview) New() int { return len(p.fresh) }

// preview works out what a series would write.
func (t *Training) preview(ctx context.Context, q store.Querier, scope access.Scope, c *Cohort, w Weekly) (*Preview, error) {
	p := &Preview{}
	if w.Except == nil && w.Calendar != nil && w.From != w.To { // a single session on a holiday is meant
		w.Except = func(date string) bool {
			for i, h := range w.Calendar.Holidays {
				if h.First <= date && date <= h.Last {
					p.Skipped = append(p.Skipped, Day{Date: date, Holiday: &w.Calendar.Holidays[i]})
					return true
				}
			}
			return false
		}
	}
	dates, err := w.Dates()
	if err != nil {
		return nil, err
	}
	if w.Calendar != nil && len(dates) > 0 {
		if err := t.inPhase(ctx, q, c, dates[0], dates[len(dates)-1]); err != nil {
			return nil, err
		}
	}
	trainers := w.Trainers
	if len(trainers) == 0 {
		trainers = c.Trainers
	}
	from, to := span(w.Starts, w.Ends)
	for _, d := range dates {
		day := Day{Date: d, Session: SessionID(c.ID, d, w.Starts)}
		for range 3 { // what stood there may have been moved elsewhere
			var now, starts string
			found, err := store.One(ctx, q, "SELECT day, starts FROM training_session WHERE id = ?", store.Args(day.Session), &now, &starts)
			if err != nil {
				return nil, err
			}
			if day.Exists = found && now == d && starts == w.Starts; day.Exists || !found {
				break
			}
			day.Session = id.Under(day.Session, "again")
		}
		if !day.Exists {
			p.fresh = append(p.fresh, timetable.Booking{ID: day.Session, Group: c.ID, Room: w.RoomID, Trainers: trainers, Date: d, From: from, To: to, People: c.Enrolled, Devices: w.Devices})
		}
		p.Days = append(p.Days, day)
	}
	if w.Calendar == nil {
		return p, nil
	}
	if p.all, p.Names, err = t.against(ctx, q, scope, c.Centre, p.fresh, w.Calendar); err != nil {
		return nil, err
	}
	for i := range p.Days {
		for _, x := range p.all {
			if x.Concerns(p.Days[i].Session) {
				p.Days[i].Clashes = append(p.Days[i].Clashes, x)
			}
		}
	}
	if e, ok := judge(p.all, w.Despite).(*ClashError); ok {
		p.Err = e
	}
	return p, nil
}

// OutsideError is returned for a session on a day that is none of its group's.
type OutsideError struct{ From, To string } // of the group

func (e *OutsideError) Error() string {
	return "the group runs from " + e.From + " to " + e.To + ", and the session lies outside"
}

// inPhase refuses days outside of a group's phase, or of the group's own where it has some: an OutsideError.
func (t *Training) inPhase(ctx context.Context, q store.Querier, c *Cohort, first, last string) error {
	p, err := t.programmes.Phase(ctx, q, c.Phase)
	switch {
	case err != nil:
		return err
	case p != nil && (first < p.From || p.To != "" && last > p.To):
		return ErrPhase
	case first < c.From || c.To != "" && last > c.To:
		return &OutsideError{c.From, c.To}
	}
	return nil
}

// Preview says what Plan would write, and what it clashes with.
func (t *Training) Preview(ctx context.Context, q store.Querier, scope access.Scope, cohort id.ID, w Weekly) (*Preview, error) {
	c, err := t.Cohort(ctx, q, scope, cohort, "")
	if err != nil {
		return nil, err
	}
	if c.Closed {
		return nil, ErrClosed
	}
	return t.preview(ctx, q, scope, c, w)
}

// Plan plans the sessions of a timetable and returns how many are new. With a calendar it returns a *ClashError when they
// clash, and writes nothing then.
func (t *Training) Plan(ctx context.Context, actor id.ID, scope access.Scope, cohort id.ID, w Weekly) (int, error) {
	if _, err := w.Dates(); err != nil {
		return 0, err
	}
	c, err := t.Cohort(ctx, t.log.DB, scope, cohort, "")
	if err != nil {
		return 0, err
	}
	if c.Closed {
		return 0, ErrClosed
	}
	keys := append([]id.ID{cohort, timetableKey(c.Centre)}, w.Trainers...)
	keys = append(keys, c.Trainers...)
	added := 0
	_, err = t.log.Do(ctx, fact.Command{Name: "plan sessions", Stream: person.Stream(c.Centre), Keys: keys, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		added = 0
		var out fact.Outcome
		c, err := t.Cohort(ctx, q, scope, cohort, "")
		if err != nil {
			return out, err
		}
		if c.Closed {
			return out, ErrClosed
		}
		p, err := t.preview(ctx, q, scope, c, w)
		if err != nil {
			return out, err
		}
		if p.Err != nil {
			return out, p.Err
		}
		for _, b := range p.fresh {
			added++
			out.Facts = append(out.Facts, fact.New{Stream: person.Stream(c.Centre), Kind: KindSession, Subject: b.ID, Actor: actor,
				Body: SessionPlanned{Cohort: cohort, Programme: c.Programme, Centre: c.Centre, Date: b.Date, Starts: w.Starts, Ends: w.Ends, Room: w.Room, RoomID: w.RoomID, Trainers: w.Trainers, Devices: w.Devices, Title: w.Title, Subject: w.Subject, Despite: confirmed(p.all, b.ID)}})
		}
		return out, nil
	}})
	return added, err
}

// newTrainers holds the trainers that come to a group against what else they hold when it meets from a day on: a *ClashError.
// Sessions that somebody holds in their place are not theirs.
func (t *Training) newTrainers(ctx context.Context, q store.Querier, scope access.Scope, c *Cohort, trainers []id.ID, from string) error {
	fresh := slices.DeleteFunc(slices.Clone(trainers), func(a id.ID) bool { return slices.Contains(c.Trainers, a) })
	if len(fresh) == 0 {
		return nil
	}
	coming, err := t.booked(ctx, q, false, "s.cohort = ? AND s.day >= ? AND s.present + s.late + s.excused + s.absent = 0 AND NOT EXISTS (SELECT 1 FROM training_stand_in i WHERE i.session = s.id)", store.Args(c.ID, from))
	if err != nil || len(coming) == 0 {
		return err
	}
	e := &ClashError{Refused: true, Days: map[id.ID]string{}}
	bs := make([]timetable.Booking, len(coming))
	for i, b := range coming {
		bs[i], e.Days[b.ID] = b.Booking, b.Date
		bs[i].Trainers = fresh
	}
	all, names, err := t.against(ctx, q, scope, c.Centre, bs, &Calendar{})
	if err != nil {
		return err
	}
	e.Names = names
	for _, x := range all {
		if x.Kind == timetable.TrainerTwice {
			e.Clashes = append(e.Clashes, x)
		}
	}
	if len(e.Clashes) > 0 {
		return e
	}
	return nil
}

// Change is a session as it is to be.
type Change struct {
	Date, Starts, Ends string
	Room               string
	RoomID             id.ID
	Trainers           []id.ID        // none: those of the group
	Devices            map[string]int // wanted, by kind
	Subject            string         // what is caught up on
	Cancelled          string         // why it does not take place; "": it does
	Why                string         // why it is moved or held by somebody else
	Calendar           *Calendar
	Despite            bool // what is warned of is meant
}

// StandIns returns who holds a session in the place of the group's trainers.
func (t *Training) StandIns(ctx context.Context, q store.Querier, session id.ID) (out []id.ID, err error) {
	err = q.Each(ctx, "SELECT account FROM training_stand_in WHERE session = ? ORDER BY account", store.Args(session), func(r store.Row) error {
		var a id.ID
		err := r.Scan(&a)
		out = append(out, a)
		return err
	})
	return out, err
}

// Alter moves, cancels or brings back a session, or gives it another room or trainer. A session with a sheet took place:
// ErrTaken. Names of the groups that it clashes with come with a *ClashError.
func (t *Training) Alter(ctx context.Context, actor id.ID, scope access.Scope, session id.ID, ch Change) (names map[id.ID]i18n.Text, err error) {
	s, err := t.Session(ctx, t.log.DB, scope, session)
	if err != nil {
		return nil, err
	}
	c, err := t.Cohort(ctx, t.log.DB, scope, s.Cohort, "")
	if err != nil {
		return nil, err
	}
	keys := append([]id.ID{session, timetableKey(s.Centre)}, ch.Trainers...)
	// Nobody is marked in the turn in which it is cancelled.
	err = t.log.DB.Each(ctx, "SELECT person FROM training_enrolment WHERE cohort = ? AND "+admitted, store.Args(s.Cohort), func(r store.Row) error {
		var p id.ID
		err := r.Scan(&p)
		keys = append(keys, markKey(session, p))
		return err
	})
	if err != nil {
		return nil, err
	}
	_, err = t.log.Do(ctx, fact.Command{Name: "change a session", Stream: person.Stream(s.Centre), Keys: append(keys, c.Trainers...), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		s, err := t.Session(ctx, q, scope, session)
		if err != nil {
			return out, err
		}
		c, err := t.Cohort(ctx, q, scope, s.Cohort, "")
		if err != nil {
			return out, err
		}
		switch {
		case s.Taken():
			return out, ErrTaken
		case c.Closed && ch.Cancelled == "": // what was not held may still be cancelled
			return out, ErrClosed
		}
		b := SessionPlanned{Cohort: s.Cohort, Programme: s.Programme, Centre: s.Centre, Date: ch.Date, Starts: ch.Starts, Ends: ch.Ends, Room: ch.Room, RoomID: ch.RoomID, Trainers: ch.Trainers, Devices: ch.Devices, Title: s.Title, Subject: ch.Subject, Cancelled: ch.Cancelled, Was: s.Was, Why: ch.Why}
		if b.Date != s.Date || b.Starts != s.Starts {
			b.Was = strings.TrimSpace(s.Date + " " + s.Starts)
		}
		if err := b.Check(); err != nil {
			return out, err
		}
		if ch.Cancelled == "" && ch.Calendar != nil {
			if err := t.inPhase(ctx, q, c, b.Date, b.Date); err != nil {
				return out, err
			}
			trainers := b.Trainers
			if len(trainers) == 0 {
				trainers = c.Trainers
			}
			from, to := span(b.Starts, b.Ends)
			var clashes []timetable.Clash
			clashes, names, err = t.against(ctx, q, scope, s.Centre, []timetable.Booking{{ID: session, Group: s.Cohort, Room: b.RoomID, Trainers: trainers, Date: b.Date, From: from, To: to, People: s.Expected, Devices: b.Devices}}, ch.Calendar)
			if err != nil {
				return out, err
			}
			if err := judge(clashes, ch.Despite); err != nil {
				return out, err
			}
			b.Despite = confirmed(clashes, session)
		}
		all, err := t.log.Of(ctx, q, session)
		if err != nil {
			return out, err
		}
		out.Facts = []fact.New{{Stream: person.Stream(s.Centre), Kind: KindSession, Subject: session, Actor: actor, Body: b, Prev: latest[SessionPlanned](all)}}
		return out, nil
	}})
	return names, err
}
