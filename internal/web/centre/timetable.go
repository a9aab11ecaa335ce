package centre

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/countries"
	"tizi/internal/access"
	"tizi/internal/centre"
	"tizi/internal/consent"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/sms"
	"tizi/internal/timetable"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func timetableRoutes(d *door.Door) {
	d.Handle("GET /timetable", access.ReadCentre, week)
	d.Handle("GET /groups/{group}/session", access.WriteGroups, sessionNew)
	d.Handle("POST /groups/{group}/session", access.WriteGroups, sessionNewGiven)
	d.Handle("GET /sessions/{session}/change", access.WriteGroups, sessionChange)
	d.Handle("POST /sessions/{session}/change", access.WriteGroups, sessionChangeGiven)
	d.Handle("POST /sessions/{session}/cancel", access.WriteGroups, sessionCancel)
	d.Handle("POST /sessions/{session}/restore", access.WriteGroups, sessionRestore)
	d.Handle("GET /sessions/{session}/notice", access.WriteGroups, notice)
	d.Handle("POST /sessions/{session}/notice", access.WriteGroups, noticeSent)
}

// calendar is what the country says of the days at a centre.
func calendar(a *door.Ask, at id.ID) *training.Calendar {
	cal := &training.Calendar{}
	for _, h := range holidays(a) {
		cal.Holidays = append(cal.Holidays, timetable.Holiday{First: h.From, Last: h.To, Name: h.Name, Uncertain: h.Approximate})
	}
	c, err := countries.Load(a.Country())
	p := a.Tree.Get(at)
	if err != nil || c.Prayer == nil || p == nil || p.Lat == 0 && p.Lon == 0 {
		return cal
	}
	// A zone that the program does not know is a fault of the country's folder, which its tests find.
	cal.Prayers, _ = timetable.Prayers(p.Lat, p.Lon, c.Timezone, timetable.Method{Fajr: c.Prayer.Fajr, Isha: c.Prayer.Isha, Noon: c.Prayer.Noon, Sunset: c.Prayer.Sunset})
	return cal
}

// roomNamed is the room of a centre that has a name, Nil where none has.
func roomNamed(a *door.Ask, at id.ID, name string) id.ID {
	rooms, _ := a.H.Centres.Rooms(a.R.Context(), a.H.DB, at)
	for _, r := range rooms {
		if !r.Closed && strings.EqualFold(r.Name, strings.TrimSpace(name)) {
			return r.ID
		}
	}
	return id.Nil
}

// seriesQuery is a series as the form of sessions reads it.
func seriesQuery(w training.Weekly) string {
	q := url.Values{"date": {w.From}, "until": {w.To}, "from": {w.Starts}, "to": {w.Ends}, "room": {w.Room}, "look": {"1"}}
	if !w.RoomID.IsNil() {
		q.Set("room_id", w.RoomID.String())
	}
	for _, d := range w.Days {
		q.Add("days", strconv.Itoa(int(d)))
	}
	return q.Encode()
}

var levels = map[timetable.Level]string{timetable.Refused: "refused", timetable.Warned: "warned", timetable.Noted: "noted"}

// sentences says clashes of one booking, or of none, in the reader's language; names are those of groups by session, rooms
// and people those of the ids.
func sentences(a *door.Ask, clashes []timetable.Clash, self id.ID, names map[id.ID]i18n.Text, people, rooms map[id.ID]string) (out []ClashRow) {
	for _, c := range clashes {
		other := c.A
		if other == self {
			other = c.B
		}
		r := ClashRow{Level: levels[c.Level()]}
		group, _ := names[other].In(a.Lang)
		args := []any{"group", group, "room", rooms[c.What], "name", people[c.What], "need", c.Need, "have", c.Have, "device", "", "day", "", "hour", "", "prayer", ""}
		set := func(key, v string) { args[slices.Index(args, any(key))+1] = v }
		text := func() string { return a.P.T("clash."+string(c.Kind), args...) }
		switch {
		case c.Device != "":
			set("device", a.P.T("device.kind."+c.Device))
		case c.Holiday != nil:
			name, _ := c.Holiday.Name.In(a.Lang)
			if set("day", name); c.Holiday.Uncertain {
				text = func() string { return a.P.T("clash.holiday_moon", args...) }
			}
		case c.Prayer != nil:
			set("prayer", a.P.T("prayer."+c.Prayer.Name))
			set("hour", timetable.Hour(c.Prayer.From))
		case c.Kind == timetable.TrainerTwice && group == "": // of a centre that the reader does not see
			text = func() string { return a.P.T("clash.trainer_elsewhere", args...) }
		case c.Kind == timetable.OutOfHours && c.Why != "":
			set("day", c.Why)
			text = func() string { return a.P.T("clash.hours_other", args...) }
		}
		r.Text = text()
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b ClashRow) int {
		return cmp.Compare(slices.Index([]string{"refused", "warned", "noted"}, a.Level), slices.Index([]string{"refused", "warned", "noted"}, b.Level))
	})
	return out
}

// staffNames are the names of the team, by account.
func staffNames(a *door.Ask) (map[id.ID]string, error) {
	staff, err := a.H.Access.Staff(a.R.Context(), a.H.DB)
	out := map[id.ID]string{}
	for _, acc := range staff {
		out[acc.ID] = acc.Name
	}
	return out, err
}

func week(a *door.Ask) error {
	ctx, q := a.R.Context(), a.R.URL.Query()
	v := Timetable{Centres: a.Centres(a.Scope), By: "room"}
	if q.Get("by") == "trainer" {
		v.By = "trainer"
	}
	at := a.CentreOf(a.Scope, q.Get("centre"))
	if at.IsNil() && len(v.Centres) > 0 {
		at = id.MustParse(v.Centres[0].Value)
	}
	day, err := time.Parse(time.DateOnly, cmp.Or(q.Get("week"), a.Today()))
	if err != nil {
		day = a.H.Log.Clock.Now()
	}
	monday := day.AddDate(0, 0, -int(day.Weekday()+6)%7)
	iso := func(days int) string { return monday.AddDate(0, 0, days).Format(time.DateOnly) }
	v.Week, v.To = iso(0), iso(6)
	if at.IsNil() {
		return a.Render("timetable/week", v)
	}
	v.At, v.Centre = at.String(), a.PlaceName(at)
	link := func(week, by string) string { return door.With("/timetable", "centre", v.At, "week", week, "by", by) }
	v.Prev, v.Next, v.Today, v.ByRoom, v.ByPeople = link(iso(-7), v.By), link(iso(7), v.By), link(a.Today(), v.By), link(v.Week, "room"), link(v.Week, "trainer")
	if a.May(access.WriteGroups) {
		v.PlanURL = "/groups"
	}
	cal := calendar(a, at)
	w, err := a.H.Training.World(ctx, a.H.DB, at, v.Week, cal)
	if err != nil {
		return err
	}
	list, err := a.H.Training.Week(ctx, a.H.DB, at, v.Week, v.To)
	if err != nil {
		return err
	}
	beside, err := a.H.Training.Elsewhere(ctx, a.H.DB, list, at, v.Week, v.To)
	if err != nil {
		return err
	}
	clashes := training.Clashes(append(slices.Clone(list), beside...), w)
	rooms, err := a.H.Centres.Rooms(ctx, a.H.DB, at)
	if err != nil {
		return err
	}
	people, err := staffNames(a)
	if err != nil {
		return err
	}
	roomNames := map[id.ID]string{}
	for _, r := range rooms {
		roomNames[r.ID] = r.Name
	}
	for i := range 7 {
		d := TimetableDay{Date: iso(i), Today: iso(i) == a.Today()}
		for _, h := range cal.Holidays {
			if h.First <= d.Date && d.Date <= h.Last {
				d.Holiday, d.Uncertain = h.Name, h.Uncertain
			}
		}
		if !w.OpenOn(d.Date) {
			d.Closed = "-"
		}
		if o, ok := timetable.OtherOn(w.Others, d.Date); ok {
			d.Closed = ""
			if o.From >= o.To {
				d.Closed = o.Why
			}
		}
		v.Days = append(v.Days, d)
	}
	worst := map[id.ID]timetable.Level{}
	names := map[id.ID]i18n.Text{}
	date := map[id.ID]string{}
	event := map[id.ID]bool{}
	own, err := a.ScopeOf(access.ReadGroups)
	if err != nil {
		return err
	}
	leads := func(b *training.Booked) bool {
		return own.Has(b.Centre) || slices.Contains(b.Trainers, a.Actor())
	}
	for _, b := range list {
		names[b.ID], date[b.ID], event[b.ID] = b.Name, b.Date, !b.Activity.IsNil()
	}
	for _, b := range beside {
		if leads(b) {
			names[b.ID] = b.Name
		}
	}
	for _, c := range clashes {
		here := c.A
		if date[here] == "" {
			here = c.B
		}
		if c.Level() == timetable.Noted || date[here] == "" || c.B.IsNil() && event[c.A] { // an activity is when its hosts say
			continue
		}
		for _, b := range []id.ID{c.A, c.B} {
			worst[b] = max(worst[b], c.Level())
		}
		row := sentences(a, []timetable.Clash{c}, here, names, people, roomNames)[0]
		mine, _ := names[here].In(a.Lang)
		row.Date, row.Text = date[here], a.P.T("common.colon", "label", mine, "value", row.Text)
		v.Clashes = append(v.Clashes, row)
	}
	rows := map[string]*TimetableRow{}
	var order []string
	row := func(key, name string, seats int) *TimetableRow {
		if rows[key] == nil {
			rows[key] = &TimetableRow{Name: name, Seats: seats, Cells: make([][]TimetableCell, 7)}
			order = append(order, key)
		}
		return rows[key]
	}
	if v.By == "room" {
		for _, r := range rooms {
			if !r.Closed {
				row(r.ID.Hex(), r.Name, r.Seats)
			}
		}
	}
	for _, b := range list {
		cell := TimetableCell{Cancelled: b.Cancelled != ""}
		cell.Group, _ = b.Name.In(a.Lang)
		if b.From < b.To || b.Activity.IsNil() { // an activity may have a day without hours
			cell.From, cell.To = timetable.Hour(b.From), timetable.Hour(b.To)
		}
		if b.Cancelled == "" {
			cell.Level = map[timetable.Level]string{timetable.Refused: "refused", timetable.Warned: "warned"}[worst[b.ID]]
			v.Planned++
		}
		if !b.Activity.IsNil() {
			if a.May(access.ReadActivities) {
				cell.URL = "/activities/" + b.Activity.String()
			}
		} else if leads(b) {
			cell.URL = "/sessions/" + b.ID.String()
		}
		d, err := time.Parse(time.DateOnly, b.Date)
		if err != nil {
			continue
		}
		i := int(d.Weekday()+6) % 7
		if v.By == "room" {
			var who []string
			for _, t := range b.Trainers {
				who = append(who, people[t])
			}
			cell.Where = strings.Join(who, ", ")
			r := row(cmp.Or(map[bool]string{true: b.Booking.Room.Hex()}[!b.Booking.Room.IsNil()], "?"+b.Room), cmp.Or(roomNames[b.Booking.Room], b.Room), 0)
			r.Cells[i] = append(r.Cells[i], cell)
			continue
		}
		cell.Where = cmp.Or(roomNames[b.Booking.Room], b.Room)
		for _, t := range b.Trainers {
			r := row(t.Hex(), people[t], 0)
			r.Cells[i] = append(r.Cells[i], cell)
		}
		if len(b.Trainers) == 0 {
			r := row("", "", 0)
			r.Cells[i] = append(r.Cells[i], cell)
		}
	}
	for _, k := range order {
		v.Rows = append(v.Rows, *rows[k])
	}
	if v.By == "trainer" {
		slices.SortFunc(v.Rows, func(a, b TimetableRow) int { return cmp.Compare(a.Name, b.Name) })
	}
	return a.Render("timetable/week", v)
}

// choices fills what a session can be given at a centre.
func choices(a *door.Ask, v *SessionForm, at id.ID, c *training.Cohort) error {
	ctx := a.R.Context()
	rooms, err := a.H.Centres.Rooms(ctx, a.H.DB, at)
	if err != nil {
		return err
	}
	for _, r := range rooms {
		if !r.Closed || r.ID.String() == v.RoomID {
			v.Rooms = append(v.Rooms, shell.Option{Value: r.ID.String(), Label: a.P.T("timetable.room_seats", "room", r.Name, "n", r.Seats)})
		}
	}
	for _, s := range c.Subjects {
		v.Subjects = append(v.Subjects, shell.Option{Value: s, Label: a.P.T("subject." + s)})
	}
	if v.Subject != "" && !slices.Contains(c.Subjects, v.Subject) { // the group catches up on it no more; the session does
		v.Subjects = append(v.Subjects, shell.Option{Value: v.Subject, Label: a.P.T("subject." + v.Subject)})
	}
	if v.Trainers, err = trainersAt(a, at); err != nil {
		return err
	}
	stock, err := a.H.Centres.Stock(ctx, a.H.DB, at)
	for _, s := range stock {
		if s.All > 0 {
			v.Stock = append(v.Stock, StockWanted{Kind: s.Kind, Ready: s.State[centre.Ready]})
		}
	}
	return err
}

// typedSession reads the form of a session and says what is wrong with it.
func typedSession(a *door.Ask, v *SessionForm) (room id.ID, trainers []id.ID, devices map[string]int) {
	f := func(name string) string { return strings.TrimSpace(a.R.FormValue(name)) }
	hour := func(name string) string {
		s := door.Digits(f(name))
		if len(s) == 4 && s[1] == ':' {
			s = "0" + s
		}
		if _, ok := timetable.Clock(s); !ok {
			v.Errors[name] = a.P.T("groups.time_wrong")
		}
		return s
	}
	v.Date, v.From, v.To, v.Room, v.RoomID, v.Despite = door.Digits(f("date")), hour("from"), hour("to"), f("room"), f("room_id"), f("despite")
	if !isDay(v.Date) {
		v.Errors["date"] = a.P.T("groups.date_wrong")
	}
	if v.Errors["from"] == "" && v.Errors["to"] == "" && v.To <= v.From {
		v.Errors["to"] = a.P.T("groups.ends_before")
	}
	if s := a.TooLong(v.Room); s != "" {
		v.Errors["room"] = s
	}
	if v.Subject = f("subject"); v.Subject != "" && !shell.Offers(v.Subjects, v.Subject) {
		v.Errors["subject"] = a.P.T("error.choose", "field", a.P.T("groups.subject"))
		if slices.Contains(training.Subjects, v.Subject) { // the group gave it up since the form was shown
			v.Subjects = append(v.Subjects, shell.Option{Value: v.Subject, Label: a.P.T("subject." + v.Subject)})
		}
	}
	if v.RoomID != "" {
		if !shell.Offers(v.Rooms, v.RoomID) {
			v.Errors["room_id"] = a.P.T("timetable.room_unknown")
		} else {
			room = id.MustParse(v.RoomID)
		}
	}
	trainers, v.TrainerOn = typedTrainers(a, v.Trainers, v.Errors)
	for i := range v.Stock {
		s := &v.Stock[i]
		if s.N = door.Digits(f("devices_" + s.Kind)); s.N == "" {
			continue
		}
		n, err := strconv.Atoi(s.N)
		if err != nil || n < 0 || n > 1000 {
			v.Errors["devices_"+s.Kind] = a.P.T("error.between", "min", 0, "max", 1000)
		} else if n > 0 {
			if devices == nil {
				devices = map[string]int{}
			}
			devices[s.Kind] = n
		}
	}
	return room, trainers, devices
}

// roomName is the name of a chosen room, or the words that were typed.
func roomName(a *door.Ask, at, room id.ID, typed string) string {
	if r, err := a.H.Centres.Room(a.R.Context(), a.H.DB, at, room); err == nil {
		return r.Name
	}
	return typed
}

func sessionForm(a *door.Ask) (*training.Cohort, SessionForm, error) {
	c, err := askedGroup(a)
	if err != nil {
		return nil, SessionForm{}, err
	}
	self := "/groups/" + c.ID.String()
	v := SessionForm{Group: c.Name, GroupURL: self, Date: a.Today(), From: "14:30", To: "16:30", Days: map[int]bool{}, Action: self + "/session", CancelURL: self, Errors: map[string]string{}}
	if v.Date < c.From {
		v.Date = c.From
	}
	return c, v, choices(a, &v, c.Centre, c)
}

// series reads the whole form.
func series(a *door.Ask, c *training.Cohort, v *SessionForm) training.Weekly {
	room, trainers, devices := typedSession(a, v)
	a.R.ParseForm()
	v.Until = door.Digits(strings.TrimSpace(a.R.FormValue("until")))
	w := training.Weekly{From: v.Date, To: cmp.Or(v.Until, v.Date), Starts: v.From, Ends: v.To, Room: roomName(a, c.Centre, room, v.Room), RoomID: room, Subject: v.Subject, Trainers: trainers, Devices: devices, Calendar: calendar(a, c.Centre), Despite: v.Despite != ""}
	for _, d := range a.R.Form["days"] {
		if n, err := strconv.Atoi(d); err == nil && n >= 0 && n <= 6 {
			v.Days[n] = true
			w.Days = append(w.Days, time.Weekday(n))
		}
	}
	first, err := time.Parse(time.DateOnly, v.Date)
	if err == nil && (len(w.Days) == 0 || v.Until == "") { // once, or each week on the day of the first
		w.Days = []time.Weekday{first.Weekday()}
	}
	if v.Until != "" && v.Errors["date"] == "" {
		last, err := time.Parse(time.DateOnly, v.Until)
		switch {
		case err != nil:
			v.Errors["until"] = a.P.T("groups.date_wrong")
		case last.Before(first):
			v.Errors["until"] = a.P.T("groups.ends_before")
		case last.Sub(first) > 2*366*24*time.Hour:
			v.Errors["until"] = a.P.T("groups.too_long")
		default:
			if _, err := w.Dates(); err != nil {
				v.Errors["until"] = a.P.T("groups.too_many", "n", training.MaxSessions)
			}
		}
	}
	return w
}

// outside says why a session cannot be on a day: its phase or its group does not run then. It is "" for any other error.
func outside(a *door.Ask, err error) string {
	var days *training.OutsideError
	switch {
	case errors.Is(err, training.ErrPhase):
		return a.P.T("timetable.outside_phase")
	case errors.As(err, &days) && days.To == "":
		return a.P.T("timetable.outside_group_from", "from", a.P.Date(days.From))
	case errors.As(err, &days) && days.From == "":
		return a.P.T("timetable.outside_group_to", "to", a.P.Date(days.To))
	case errors.As(err, &days):
		return a.P.T("timetable.outside_group", "from", a.P.Date(days.From), "to", a.P.Date(days.To))
	}
	return ""
}

// looked shows on the form what a series would write.
func looked(a *door.Ask, c *training.Cohort, v *SessionForm, w training.Weekly) error {
	p, err := a.H.Training.Preview(a.R.Context(), a.H.DB, a.Scope, c.ID, w)
	if s := outside(a, err); s != "" {
		v.Errors["date"] = s
		return nil
	}
	if err != nil {
		return err
	}
	people, err := staffNames(a)
	if err != nil {
		return err
	}
	v.Looked, v.New, v.Refused, v.Warned = true, p.New(), p.Err != nil && p.Err.Refused, p.Err != nil
	rooms := map[id.ID]string{w.RoomID: w.Room}
	for _, d := range p.Days {
		x := PlannedDay{Date: d.Date, State: "new", Clashes: sentences(a, d.Clashes, d.Session, p.Names, people, rooms)}
		if d.Exists {
			x.State = "exists"
		}
		v.Plan = append(v.Plan, x)
	}
	for _, d := range p.Skipped {
		v.Plan = append(v.Plan, PlannedDay{Date: d.Date, State: "skipped", Holiday: d.Holiday.Name})
	}
	slices.SortFunc(v.Plan, func(a, b PlannedDay) int { return cmp.Compare(a.Date, b.Date) })
	return nil
}

func sessionNew(a *door.Ask) error {
	c, v, err := sessionForm(a)
	if err != nil {
		return err
	}
	if a.R.URL.Query().Has("look") { // a series that was asked for with the group
		w := series(a, c, &v)
		if len(v.Errors) == 0 {
			if err := looked(a, c, &v, w); err != nil && !errors.Is(err, training.ErrClosed) {
				return err
			}
		}
	}
	return a.Render("groups/session", v)
}

func sessionNewGiven(a *door.Ask) error {
	c, v, err := sessionForm(a)
	if err != nil {
		return err
	}
	self := v.GroupURL
	w := series(a, c, &v)
	if len(v.Errors) > 0 {
		return a.Again("groups/session", v)
	}
	closed := func(err error) bool { return errors.Is(err, training.ErrClosed) }
	if a.R.PostFormValue("look") != "" {
		if err := looked(a, c, &v, w); err != nil && !closed(err) {
			return err
		}
		if len(v.Errors) > 0 {
			return a.Again("groups/session", v)
		}
		return a.Render("groups/session", v)
	}
	n, err := a.H.Training.Plan(a.R.Context(), a.Actor(), a.Scope, c.ID, w)
	var clash *training.ClashError
	switch {
	case closed(err):
		a.Notify("help", "groups.closed")
		return a.Go(self)
	case outside(a, err) != "":
		v.Errors["date"] = outside(a, err)
		return a.Again("groups/session", v)
	case errors.As(err, &clash):
		if err := looked(a, c, &v, w); err != nil {
			return err
		}
		field, key := "despite", "timetable.confirm"
		if clash.Refused {
			field, key = "date", "timetable.refused"
		}
		v.Errors[field] = a.P.T(key)
		return a.Again("groups/session", v)
	case err != nil:
		return err
	}
	a.Notify("good", "groups.sessions_planned", "n", n)
	return a.Go(self + "?tab=sessions")
}

func askedSession(a *door.Ask) (*training.Session, error) {
	v, err := a.ID("session")
	if err != nil {
		return nil, err
	}
	return a.H.Training.Session(a.R.Context(), a.H.DB, a.Scope, v)
}

// cause is a cause of a change in words; what an earlier version wrote stands as it is.
func cause(p *i18n.Printer, s string) string {
	if slices.Contains(training.Causes, s) {
		return p.T("session.cause." + s)
	}
	return s
}

func changeView(a *door.Ask) (*training.Session, *training.Cohort, SessionChange, error) {
	ctx := a.R.Context()
	s, err := askedSession(a)
	if err != nil {
		return nil, nil, SessionChange{}, err
	}
	c, err := a.H.Training.Cohort(ctx, a.H.DB, a.Scope, s.Cohort, a.Today())
	if err != nil {
		return nil, nil, SessionChange{}, err
	}
	v := SessionChange{On: s.Date, CancelAction: "/sessions/" + s.ID.String() + "/cancel", RestoreAction: "/sessions/" + s.ID.String() + "/restore", Why: s.Why, Cancelled: cause(a.P, s.Cancelled), BackURL: "/sessions/" + s.ID.String(), NoticeURL: "/sessions/" + s.ID.String() + "/notice"}
	v.SessionForm = SessionForm{Group: s.CohortName, GroupURL: "/groups/" + s.Cohort.String(), Date: s.Date, From: s.Starts, To: s.Ends, Room: s.Room, Subject: s.Subject, Action: "/sessions/" + s.ID.String() + "/change", CancelURL: v.BackURL, Errors: map[string]string{}}
	if !s.RoomID.IsNil() {
		v.RoomID, v.Room = s.RoomID.String(), ""
	}
	if err := choices(a, &v.SessionForm, s.Centre, c); err != nil {
		return nil, nil, v, err
	}
	for i, x := range v.Stock {
		if n := s.Devices[x.Kind]; n > 0 {
			v.Stock[i].N = strconv.Itoa(n)
		}
	}
	instead, err := a.H.Training.StandIns(ctx, a.H.DB, s.ID)
	if err != nil {
		return nil, nil, v, err
	}
	v.TrainerOn = ticked(instead)
	v.Trainers, err = offerAlso(a, v.Trainers, instead)
	for _, k := range training.Causes {
		v.Causes = append(v.Causes, shell.Option{Value: k, Label: a.P.T("session.cause." + k)})
	}
	return s, c, v, err
}

func sessionChange(a *door.Ask) error {
	_, _, v, err := changeView(a)
	if err != nil {
		return err
	}
	return a.Render("groups/change", v)
}

func sessionChangeGiven(a *door.Ask) error {
	s, _, v, err := changeView(a)
	if err != nil {
		return err
	}
	var room id.ID
	ch := training.Change{Cancelled: s.Cancelled}
	room, ch.Trainers, ch.Devices = typedSession(a, &v.SessionForm)
	v.Why = a.R.PostFormValue("why")
	ch.Date, ch.Starts, ch.Ends, ch.RoomID, ch.Room, ch.Why, ch.Despite = v.Date, v.From, v.To, room, roomName(a, s.Centre, room, v.Room), v.Why, v.Despite != ""
	ch.Subject = v.Subject
	moved := ch.Date != s.Date || ch.Starts != s.Starts
	if v.Why != "" && !slices.Contains(training.Causes, v.Why) || v.Why == "" && moved {
		v.Errors["why"] = a.P.T("session.cause_missing")
	}
	if len(v.Errors) > 0 {
		return a.Again("groups/change", v)
	}
	return alter(a, s, v, ch, moved, "common.saved")
}

// asIs is a session as it stands, to be changed.
func asIs(a *door.Ask, s *training.Session) (training.Change, error) {
	instead, err := a.H.Training.StandIns(a.R.Context(), a.H.DB, s.ID)
	return training.Change{Date: s.Date, Starts: s.Starts, Ends: s.Ends, Room: s.Room, RoomID: s.RoomID, Subject: s.Subject, Devices: s.Devices, Trainers: instead, Why: s.Why}, err
}

func sessionCancel(a *door.Ask) error {
	s, _, v, err := changeView(a)
	if err != nil {
		return err
	}
	ch, err := asIs(a, s)
	if err != nil {
		return err
	}
	if v.Why = a.R.PostFormValue("why"); !slices.Contains(training.Causes, v.Why) {
		v.Errors["cancel"] = a.P.T("session.cause_missing")
		return a.Again("groups/change", v)
	}
	ch.Cancelled = v.Why
	return alter(a, s, v, ch, true, "session.cancelled")
}

func sessionRestore(a *door.Ask) error {
	s, _, v, err := changeView(a)
	if err != nil {
		return err
	}
	ch, err := asIs(a, s)
	if err != nil {
		return err
	}
	ch.Despite = true // it was planned so
	return alter(a, s, v, ch, false, "session.restored")
}

// alter changes a session, or shows the form again with what is in the way. told leads to the notice.
func alter(a *door.Ask, s *training.Session, v SessionChange, ch training.Change, told bool, done string) error {
	ch.Calendar = calendar(a, s.Centre)
	names, err := a.H.Training.Alter(a.R.Context(), a.Actor(), a.Scope, s.ID, ch)
	var clash *training.ClashError
	switch {
	case errors.Is(err, training.ErrTaken):
		v.Errors[""] = a.P.T("session.taken")
	case errors.Is(err, training.ErrClosed):
		v.Errors[""] = a.P.T("groups.closed")
	case outside(a, err) != "":
		v.Errors["date"] = outside(a, err)
	case errors.As(err, &clash):
		people, err := staffNames(a)
		if err != nil {
			return err
		}
		v.Clashes, v.Refused, v.Warned = sentences(a, clash.Clashes, s.ID, names, people, map[id.ID]string{ch.RoomID: ch.Room}), clash.Refused, !clash.Refused
		field, key := "despite", "timetable.confirm"
		if clash.Refused {
			field, key = "date", "timetable.refused"
		}
		v.Errors[field] = a.P.T(key)
	case err != nil:
		return err
	}
	if len(v.Errors) > 0 {
		return a.Again("groups/change", v)
	}
	shell.Flash(a.W, a.R, "good", a.P.T(done))
	if told {
		return a.Go(v.NoticeURL)
	}
	return a.Go(v.BackURL)
}

// noticeWords says what became of a session, in one language.
func noticeWords(p *i18n.Printer, s *training.Session) []string {
	day, hour, _ := strings.Cut(s.Was, " ")
	when := func(day, hour string) string {
		return p.T("notice.when", "day", p.DayMonth(day), "hour", hour)
	}
	var out []string
	switch {
	case s.Cancelled != "":
		out = append(out, p.T("notice.cancelled", "group", s.CohortName, "when", when(s.Date, s.Starts)), p.T("notice.cause", "cause", cause(p, s.Cancelled)))
	case s.Was != "":
		out = append(out, p.T("notice.moved", "group", s.CohortName, "was", when(day, hour), "when", when(s.Date, s.Starts)))
		if s.Why != "" {
			out = append(out, p.T("notice.cause", "cause", cause(p, s.Why)))
		}
	default:
		out = append(out, p.T("notice.planned", "group", s.CohortName, "when", when(s.Date, s.Starts)))
	}
	if s.Room != "" && s.Cancelled == "" {
		out = append(out, p.T("notice.room", "room", s.Room))
	}
	return out
}

func notice(a *door.Ask) error {
	s, err := askedSession(a)
	if err != nil {
		return err
	}
	v, n, texts, err := noticeView(a, s)
	if err != nil {
		return err
	}
	if v.Texting, err = a.Texting("/sessions/"+s.ID.String()+"/notice", n, texts); err != nil {
		return err
	}
	return a.Render("groups/notice", v)
}

// noticeSent puts the texts of a notice into the outbox.
func noticeSent(a *door.Ask) error {
	s, err := askedSession(a)
	if err != nil {
		return err
	}
	_, n, texts, err := noticeView(a, s)
	if err != nil {
		return err
	}
	return a.Text("/sessions/"+s.ID.String()+"/notice", n, texts)
}

// noticeView is what a session's notice says to whom, on paper and by telephone.
func noticeView(a *door.Ask, s *training.Session) (Notice, sms.Notice, []sms.Text, error) {
	ctx := a.R.Context()
	n := sms.Notice{ID: s.ID, Centre: s.Centre, Needs: consent.Training}
	// What a session was to be is of no use when it would have begun.
	n.Until, _ = time.ParseInLocation("2006-01-02 15:04", s.Date+" "+s.Starts, a.H.Log.Clock.Now().Location())
	var texts []sms.Text
	v := Notice{Group: s.CohortName, GroupURL: "/groups/" + s.Cohort.String(), BackURL: "/sessions/" + s.ID.String()}
	centreName := a.PlaceName(s.Centre)
	for _, l := range []i18n.Lang{i18n.AR, i18n.FR} {
		p := i18n.For(l)
		name, _ := centreName.In(l)
		v.Sheets = append(v.Sheets, NoticeSheet{Lang: string(l), Dir: l.Dir(), Title: p.T("notice.title"), Centre: name, Lines: noticeWords(p, s)})
	}
	roster, err := a.H.Training.Roster(ctx, a.H.DB, s.Cohort)
	if err != nil {
		return v, n, nil, err
	}
	var ids []id.ID
	for _, e := range roster {
		if slices.Contains([]string{training.Enrolled, training.Active, training.Completed}, e.State) {
			ids = append(ids, e.Person)
		}
	}
	people, err := a.H.People.Of(ctx, a.H.DB, a.Scope, ids)
	if err != nil {
		return v, n, nil, err
	}
	a.Shows(look.Print, look.Group, people...)
	numbers := map[i18n.Lang][]string{}
	links, err := a.H.Family.GuardiansOfAll(ctx, a.H.DB, ids)
	if err != nil {
		return v, n, nil, err
	}
	var guardians []id.ID
	for _, list := range links {
		for _, l := range list {
			guardians = append(guardians, l.Guardian)
		}
	}
	accounts, err := a.H.Access.Of(ctx, a.H.DB, guardians)
	if err != nil {
		return v, n, nil, err
	}
	wanted, err := a.H.Texts.Wanted(ctx, a.H.DB, a.Scope, ids, n.Needs)
	if err != nil {
		return v, n, nil, err
	}
	words := func(l i18n.Lang) string {
		p := i18n.For(l)
		name, _ := centreName.In(l)
		return p.T("common.colon", "label", name, "value", strings.Join(noticeWords(p, s), " "))
	}
	for _, p := range people {
		if !wanted[p.ID] {
			v.Unwanted++
			continue
		}
		lang, number := i18n.AR, cmp.Or(p.Details["guardian_phone"], p.Details["phone"]) // Arabic where nobody said otherwise
		for _, l := range links[p.ID] {
			if acc := accounts[l.Guardian]; acc != nil {
				if x, ok := i18n.Parse(acc.Lang); ok {
					lang = x
				}
			}
			number = cmp.Or(number, l.Phone)
		}
		if number == "" {
			v.Unreached++
		} else if !slices.Contains(numbers[lang], number) {
			numbers[lang] = append(numbers[lang], number)
			texts = append(texts, sms.Text{Person: p.ID, Number: number, Words: words(lang)})
		}
	}
	for _, l := range i18n.Langs {
		if len(numbers[l]) > 0 {
			v.Messages = append(v.Messages, NoticeMessage{Name: l.Self(), Lang: string(l), Dir: l.Dir(), Text: words(l), Numbers: numbers[l]})
		}
	}
	return v, n, texts, nil
}
