package centre

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/centre"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/timetable"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func centreRoutes(d *door.Door) {
	dropInRoutes(d)
	d.Handle("GET /centres", access.ReadCentre, centres)
	d.Handle("GET /centres/{centre}", access.ReadCentre, centreShown)
	d.Handle("GET /centres/{centre}/holders", access.WriteCentre, holders)
	d.Handle("POST /centres/{centre}/holders", access.WriteCentre, holderGiven)
	d.Handle("POST /centres/{centre}/holders/remove", access.WriteCentre, holderRemoved)
	d.Handle("GET /centres/{centre}/rooms/new", access.WriteCentre, room)
	d.Handle("POST /centres/{centre}/rooms/new", access.WriteCentre, roomGiven)
	d.Handle("GET /centres/{centre}/rooms/{room}", access.WriteCentre, room)
	d.Handle("POST /centres/{centre}/rooms/{room}", access.WriteCentre, roomGiven)
	d.Handle("GET /centres/{centre}/hours", access.WriteCentre, hours)
	d.Handle("POST /centres/{centre}/hours", access.WriteCentre, hoursGiven)
	d.Handle("POST /centres/{centre}/exceptions", access.WriteCentre, exceptionGiven)
	d.Handle("POST /centres/{centre}/exceptions/remove", access.WriteCentre, exceptionRemoved)
	d.Handle("GET /centres/{centre}/devices", access.WriteCentre, devices)
	d.Handle("GET /centres/{centre}/devices/new", access.WriteCentre, deviceForm)
	d.Handle("POST /centres/{centre}/devices/new", access.WriteCentre, deviceFormGiven)
	d.Handle("GET /centres/{centre}/devices/{device}", access.WriteCentre, device)
	d.Handle("POST /centres/{centre}/devices/{device}", access.WriteCentre, deviceGiven)
	d.Handle("GET /centres/{centre}/devices/{device}/edit", access.WriteCentre, deviceForm)
	d.Handle("POST /centres/{centre}/devices/{device}/edit", access.WriteCentre, deviceFormGiven)
	d.Handle("GET /centres/{centre}/rounds/new", access.WriteCentre, round)
	d.Handle("POST /centres/{centre}/rounds/new", access.WriteCentre, roundGiven)
	d.Handle("GET /centres/{centre}/rounds/{round}", access.WriteCentre, round)
	d.Handle("POST /centres/{centre}/rounds/{round}", access.WriteCentre, roundGiven)
}

// askedCentre returns the centre of the path, which lies in the scope.
func askedCentre(a *door.Ask) (*place.Place, error) {
	v, err := a.ID("centre")
	if err != nil {
		return nil, err
	}
	p := a.Tree.Get(v)
	if p == nil || p.Type != "centre" || !a.Scope.Has(v) {
		return nil, fs.ErrNotExist
	}
	return p, nil
}

// asked returns an id of the path, Nil where the path asks for a new one.
func asked(a *door.Ask, name string) (id.ID, error) {
	if a.R.PathValue(name) == "" {
		return id.Nil, nil
	}
	v, err := a.ID(name)
	if err == nil && v.IsNil() { // nothing has it
		err = fs.ErrNotExist
	}
	return v, err
}

// missing turns what an area does not know into a page that is not found.
func missing(err error, unknown ...error) error {
	for _, u := range unknown {
		if errors.Is(err, u) {
			return fs.ErrNotExist
		}
	}
	return err
}

// written is what was written into a field, and whether it is short enough; what is not is said beside the field.
func written(a *door.Ask, errs map[string]string, field string) string {
	s := strings.TrimSpace(a.R.PostFormValue(field))
	if e := a.TooLong(s); e != "" {
		errs[field] = e
	}
	return s
}

// required says so of a field that must not be empty.
func required(a *door.Ask, errs map[string]string, field, value, label string) {
	if value == "" && errs[field] == "" {
		errs[field] = a.P.T("error.required", "field", a.P.T(label))
	}
}

// typedDay is a date that was typed, in whichever digits.
func typedDay(a *door.Ask, errs map[string]string, field string, optional bool) string {
	s := door.Digits(strings.TrimSpace(a.R.PostFormValue(field)))
	if s == "" && optional || isDay(s) {
		return s
	}
	errs[field] = a.P.T("groups.date_wrong")
	return s
}

// typedHour is an hour that was typed, in whichever digits: 9:00 is 09:00.
func typedHour(a *door.Ask, field string) string {
	s := door.Digits(strings.TrimSpace(a.R.PostFormValue(field)))
	if len(s) == 4 && s[1] == ':' {
		s = "0" + s
	}
	return s
}

func centres(a *door.Ask) error {
	if one := a.Centre(a.Scope); !one.IsNil() && !a.May(access.WritePlaces) { // who opens centres opens the second one here
		return a.Go("/centres/" + one.String())
	}
	var v Centres
	for _, p := range a.Tree.Of("centre") {
		if !a.Scope.Has(p.ID) {
			continue
		}
		r := CentreRow{Name: p.Name, Kind: p.Kind, Closed: p.Closed, URL: "/centres/" + p.ID.String()}
		if up := a.Tree.Up(p.ID, "region"); up != nil {
			r.Region = up.Name
		}
		v.Rows = append(v.Rows, r)
	}
	if a.May(access.WritePlaces) {
		v.NewURL = "/setup/centre"
	}
	return a.Render("centres/list", v)
}

// weekOf is a centre's week as it is read, from the first day of the country's week.
func weekOf(spans []centre.Span) (out []Weekday) {
	for i := range 7 {
		d := Weekday{Day: (i + 1) % 7}
		for _, s := range spans {
			if int(s.Day) != d.Day {
				continue
			}
			if s.Access {
				d.Access = append(d.Access, Hours{s.From, s.To})
			} else {
				d.Open = append(d.Open, Hours{s.From, s.To})
			}
		}
		out = append(out, d)
	}
	return out
}

func exceptionsOf(list []centre.Exception) (out []Exception) {
	for _, e := range list {
		out = append(out, Exception{On: e.From, Until: e.To, From: e.Opens, To: e.Closes, Why: e.Why, Conflict: e.Conflict})
	}
	return out
}

func centreShown(a *door.Ask) error {
	ctx := a.R.Context()
	p, err := askedCentre(a)
	if err != nil {
		return err
	}
	self, writes := "/centres/"+p.ID.String(), a.May(access.WriteCentre)
	v := Centre{TimetableURL: door.With("/timetable", "centre", p.ID.String()), Name: p.Name, Kind: p.Kind, Milieu: p.Milieu}
	if up := a.Tree.Get(p.Parent); up != nil {
		v.Within = up.Name
	}
	if writes {
		v.HoldersURL, v.RoomURL, v.HoursURL, v.DevicesURL, v.RoundURL = self+"/holders", self+"/rooms/new", self+"/hours", self+"/devices", self+"/rounds/new"
	}
	held, err := a.H.Centres.Holders(ctx, a.H.DB, p.ID)
	if err != nil {
		return err
	}
	mandates, err := mandatesAt(a, p)
	if err != nil {
		return err
	}
	for _, part := range centre.Parts {
		h := Holder{Part: part, Current: true}
		if x := centre.Holding(held, part, a.Today()); x != nil {
			h.Name, h.From, h.To, h.Conflict = x.Name, x.From, x.To, x.Conflict
			h.Mandates = mandates[x.Organisation]
		}
		v.Holders = append(v.Holders, h)
	}
	rooms, err := a.H.Centres.Rooms(ctx, a.H.DB, p.ID)
	if err != nil {
		return err
	}
	for _, r := range rooms {
		x := Room{Name: r.Name, Seats: r.Seats, Equipment: r.Equipment, Accessible: r.Accessible, Closed: r.Closed, Conflict: r.Conflict}
		if writes {
			x.URL = self + "/rooms/" + r.ID.String()
		}
		if !r.Closed {
			v.Seats += r.Seats
		}
		v.Rooms = append(v.Rooms, x)
	}
	spans, _, err := a.H.Centres.Hours(ctx, a.H.DB, p.ID)
	if err != nil {
		return err
	}
	if len(spans) > 0 {
		v.Week = weekOf(spans)
	}
	if a.May(access.HoldDoor) {
		months, err := a.H.Centres.DropInMonths(ctx, a.H.DB, p.ID, a.Today()[:8]+"01")
		if err != nil {
			return err
		}
		v.AccessURL, v.Visits = self+"/access", months[a.Today()[:7]]
	}
	except, err := a.H.Centres.Exceptions(ctx, a.H.DB, p.ID, a.Today())
	if err != nil {
		return err
	}
	v.Exceptions = exceptionsOf(except)
	stock, err := a.H.Centres.Stock(ctx, a.H.DB, p.ID)
	if err != nil {
		return err
	}
	for _, s := range stock {
		x := Stock{Kind: s.Kind, All: s.All, Ready: s.State[centre.Ready], Lent: s.State[centre.Lent], Out: s.State[centre.Faulty] + s.State[centre.Repair]}
		if writes {
			x.URL = door.With(self+"/devices", "kind", s.Kind)
		}
		v.Ready += x.Ready
		v.All += x.All
		v.Stock = append(v.Stock, x)
	}
	if writes {
		late, _, err := a.H.Centres.Devices(ctx, a.H.DB, p.ID, centre.DeviceFilter{State: "late", Today: a.Today(), Size: 99})
		if err != nil {
			return err
		}
		v.Late, v.LateURL = len(late), self+"/devices?state=late"
	}
	rounds, err := a.H.Centres.Rounds(ctx, a.H.DB, p.ID, a.Today(), false, 20)
	if err != nil {
		return err
	}
	past, err := a.H.Centres.Rounds(ctx, a.H.DB, p.ID, a.Today(), true, 5)
	if err != nil {
		return err
	}
	for _, r := range append(rounds, past...) {
		x := RoundRow{Name: r.Name, From: r.From, To: r.To, Stops: r.Count, Cancelled: r.Cancelled != "", Conflict: r.Conflict}
		if writes {
			x.URL = self + "/rounds/" + r.ID.String()
		}
		v.Rounds = append(v.Rounds, x)
	}
	if writes && a.May(access.ReadPeople) {
		if v.Distance, err = distance(a, p); err != nil {
			return err
		}
	}
	return a.Render("centres/centre", v)
}

func distance(a *door.Ask, p *place.Place) (*Distance, error) {
	ctx := a.R.Context()
	wrote, err := a.H.People.Communes(ctx, a.H.DB, p.ID)
	if err != nil {
		return nil, err
	}
	n, err := a.H.People.CountByCentre(ctx, a.H.DB, access.At(p.ID))
	if err != nil {
		return nil, err
	}
	d := centre.DistanceTo(a.Tree, p, wrote, n[p.ID])
	return &Distance{Median: a.P.Decimal(d.Median, 1), Known: int(d.Known), Unknown: int(d.Unknown), Beyond: int(d.Beyond), Kilometres: centre.Far}, nil
}

func holdersView(a *door.Ask, p *place.Place) (Holders, error) {
	self := "/centres/" + p.ID.String()
	v := Holders{Centre: p.Name, From: a.Today(), Action: self + "/holders", BackURL: self, Errors: map[string]string{}}
	held, err := a.H.Centres.Holders(a.R.Context(), a.H.DB, p.ID)
	if err != nil {
		return v, err
	}
	if v.Known, err = organisationNames(a); err != nil {
		return v, err
	}
	mandates, err := mandatesAt(a, p)
	if err != nil {
		return v, err
	}
	for _, h := range held {
		x := Holder{Part: h.Part, Name: h.Name, From: h.From, To: h.To, Conflict: h.Conflict}
		x.Mandates = mandates[h.Organisation]
		now := centre.Holding(held, h.Part, a.Today())
		x.Current = now != nil && now.ID == h.ID
		v.Rows = append(v.Rows, x)
	}
	return v, err
}

func holders(a *door.Ask) error {
	p, err := askedCentre(a)
	if err != nil {
		return err
	}
	v, err := holdersView(a, p)
	if err != nil {
		return err
	}
	return a.Render("centres/holders", v)
}

func holderGiven(a *door.Ask) error {
	p, err := askedCentre(a)
	if err != nil {
		return err
	}
	v, err := holdersView(a, p)
	if err != nil {
		return err
	}
	v.Part, v.Name = a.R.PostFormValue("part"), written(a, v.Errors, "name")
	v.From, v.To = typedDay(a, v.Errors, "since", false), typedDay(a, v.Errors, "until", true)
	b := centre.HolderStated{Centre: p.ID, Part: v.Part, Name: v.Name, From: v.From, To: v.To}
	if !slices.Contains(centre.Parts, v.Part) {
		v.Errors["part"] = a.P.T("centres.part_missing")
	}
	required(a, v.Errors, "name", v.Name, "common.name")
	if len(v.Errors) == 0 && v.To != "" && v.To < v.From {
		v.Errors["until"] = a.P.T("groups.ends_before")
	}
	if len(v.Errors) > 0 {
		return a.Again("centres/holders", v)
	}
	if b.Organisation, err = organisation(a, v.Name); err != nil {
		return err
	}
	if err := a.H.Centres.SetHolder(a.R.Context(), a.Actor(), a.Scope, b); err != nil {
		return err
	}
	a.Notify("good", "common.saved")
	return a.Go(v.Action)
}

// holderRemoved takes back what was written by mistake.
func holderRemoved(a *door.Ask) error {
	p, err := askedCentre(a)
	if err != nil {
		return err
	}
	v, err := holdersView(a, p)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(v.Rows, func(h Holder) bool {
		return h.Part == a.R.PostFormValue("part") && h.From == a.R.PostFormValue("since")
	})
	if i < 0 {
		return a.Go(v.Action) // somebody else took it away
	}
	h := v.Rows[i]
	if err := a.H.Centres.SetHolder(a.R.Context(), a.Actor(), a.Scope, centre.HolderStated{Centre: p.ID, Part: h.Part, Name: h.Name, From: h.From, To: h.To, Removed: true}); err != nil {
		return err
	}
	a.Notify("good", "common.saved")
	return a.Go(v.Action)
}

// roomView is the form of the room of the path, as it stands.
func roomView(a *door.Ask) (*place.Place, centre.Room, RoomForm, error) {
	p, err := askedCentre(a)
	if err != nil {
		return nil, centre.Room{}, RoomForm{}, err
	}
	self := "/centres/" + p.ID.String()
	v := RoomForm{Centre: p.Name, Action: a.R.URL.Path, BackURL: self, Errors: map[string]string{}}
	r, err := asked(a, "room")
	if err != nil || r.IsNil() {
		v.New = true
		return p, centre.Room{}, v, err
	}
	x, err := a.H.Centres.Room(a.R.Context(), a.H.DB, p.ID, r)
	v.Title, v.Name, v.Seats, v.Equipment, v.Accessible, v.Closed = x.Name, x.Name, strconv.Itoa(x.Seats), x.Equipment, yes(x.Accessible), yes(x.Closed)
	return p, x, v, missing(err, centre.ErrNoRoom)
}

// yes is how a form says that something is so.
func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func room(a *door.Ask) error {
	_, _, v, err := roomView(a)
	if err != nil {
		return err
	}
	return a.Render("centres/room", v)
}

func roomGiven(a *door.Ask) error {
	p, x, v, err := roomView(a)
	if err != nil {
		return err
	}
	v.Name, v.Equipment, v.Seats = written(a, v.Errors, "name"), written(a, v.Errors, "equipment"), strings.TrimSpace(a.R.PostFormValue("seats"))
	v.Accessible, v.Closed = a.R.PostFormValue("accessible"), a.R.PostFormValue("closed")
	required(a, v.Errors, "name", v.Name, "common.name")
	seats, err := strconv.Atoi(door.Digits(v.Seats))
	if err != nil || seats < 1 || seats > centre.MaxSeats {
		v.Errors["seats"] = a.P.T("error.between", "min", 1, "max", centre.MaxSeats)
	}
	if len(v.Errors) > 0 {
		return a.Again("centres/room", v)
	}
	_, err = a.H.Centres.SetRoom(a.R.Context(), a.Actor(), a.Scope, x.ID, centre.RoomDescribed{Centre: p.ID, Name: v.Name, Seats: seats, Equipment: v.Equipment, Accessible: v.Accessible != "", Closed: v.Closed != ""})
	if errors.Is(err, centre.ErrNameTaken) {
		v.Errors["name"] = a.P.T("centres.room_taken")
		return a.Again("centres/room", v)
	}
	if err != nil {
		return err
	}
	if v.Closed != "" && !x.Closed {
		n, err := a.H.Training.InRoom(a.R.Context(), a.H.DB, x.ID, a.Today())
		if err != nil {
			return err
		}
		if n > 0 { // which somebody has to move now
			a.Notify("wait", "centres.room_planned", "n", n)
			return a.Go(v.BackURL)
		}
	}
	a.Notify("good", "common.saved")
	return a.Go(v.BackURL)
}

func hoursView(a *door.Ask, p *place.Place) (HoursForm, error) {
	ctx, self := a.R.Context(), "/centres/"+p.ID.String()
	v := HoursForm{Centre: p.Name, Action: self + "/hours", ExceptAction: self + "/exceptions", BackURL: self, Errors: map[string]string{}}
	spans, conflict, err := a.H.Centres.Hours(ctx, a.H.DB, p.ID)
	if err != nil {
		return v, err
	}
	v.Conflict = conflict
	for _, d := range weekOf(spans) {
		r := HoursRow{Day: d.Day}
		copy(r.Open[:], d.Open)
		if len(d.Access) > 0 {
			r.Access = d.Access[0]
		}
		v.Days = append(v.Days, r)
	}
	except, err := a.H.Centres.Exceptions(ctx, a.H.DB, p.ID, a.Today())
	v.Exceptions = exceptionsOf(except)
	return v, err
}

func hours(a *door.Ask) error {
	p, err := askedCentre(a)
	if err != nil {
		return err
	}
	v, err := hoursView(a, p)
	if err != nil {
		return err
	}
	return a.Render("centres/hours", v)
}

func hoursGiven(a *door.Ask) error {
	p, err := askedCentre(a)
	if err != nil {
		return err
	}
	v, err := hoursView(a, p)
	if err != nil {
		return err
	}
	b := centre.HoursStated{Centre: p.ID}
	for i := range v.Days {
		r := &v.Days[i]
		span := func(from, to string, access bool) Hours {
			h := Hours{typedHour(a, from), typedHour(a, to)}
			if h == (Hours{}) {
				return h
			}
			s := centre.Span{Day: time.Weekday(r.Day), From: h.From, To: h.To, Access: access}
			one := centre.HoursStated{Centre: p.ID, Spans: append(slices.Clone(b.Spans), s)}
			switch err := one.Check(); {
			case errors.Is(err, centre.ErrEndsBefore):
				r.Error = cmp.Or(r.Error, a.P.T("groups.ends_before"))
			case errors.Is(err, centre.ErrOverlap):
				r.Error = cmp.Or(r.Error, a.P.T("centres.hours_overlap"))
			case err != nil:
				r.Error = cmp.Or(r.Error, a.P.T("groups.time_wrong"))
			default:
				b = one
			}
			return h
		}
		for n := range r.Open {
			r.Open[n] = span(fmt.Sprintf("open_%d_%d", r.Day, n+1), fmt.Sprintf("close_%d_%d", r.Day, n+1), false)
		}
		r.Access = span(fmt.Sprintf("access_from_%d", r.Day), fmt.Sprintf("access_to_%d", r.Day), true)
		if r.Error != "" {
			v.Errors[fmt.Sprintf("day_%d", r.Day)] = a.P.T("common.colon", "label", a.P.Weekday(time.Weekday(r.Day)), "value", r.Error)
		}
	}
	if len(v.Errors) > 0 {
		return a.Again("centres/hours", v)
	}
	if err := a.H.Centres.SetHours(a.R.Context(), a.Actor(), a.Scope, b); err != nil {
		return err
	}
	return hoursSaved(a, p.ID, a.Today(), a.H.Log.Clock.Now().AddDate(1, 0, 0).Format(time.DateOnly), v.BackURL)
}

// hoursSaved says that hours between two days are saved, and which planned sessions of these days do not lie in them.
func hoursSaved(a *door.Ask, at id.ID, from, to, back string) error {
	ctx := a.R.Context()
	from = max(from, a.Today()) // what was is over
	list, err := a.H.Training.Week(ctx, a.H.DB, at, from, to)
	if err != nil {
		return err
	}
	w, err := a.H.Training.World(ctx, a.H.DB, at, from, &training.Calendar{})
	if err != nil {
		return err
	}
	out := slices.DeleteFunc(training.Clashes(list, w), func(c timetable.Clash) bool { return c.Kind != timetable.OutOfHours })
	if len(out) == 0 {
		a.Notify("good", "common.saved")
		return a.Go(back)
	}
	i := slices.IndexFunc(list, func(b *training.Booked) bool { return b.ID == out[0].A })
	a.Notify("wait", "centres.hours_planned", "n", len(out), "first", a.P.Date(list[i].Date))
	return a.Go(door.With("/timetable", "centre", at.String(), "week", list[i].Date))
}

func exceptionGiven(a *door.Ask) error {
	p, err := askedCentre(a)
	if err != nil {
		return err
	}
	v, err := hoursView(a, p)
	if err != nil {
		return err
	}
	v.On, v.Until, v.Why = typedDay(a, v.Errors, "on", false), typedDay(a, v.Errors, "until", true), written(a, v.Errors, "why")
	v.Opens, v.Closes = typedHour(a, "opens"), typedHour(a, "closes")
	b := centre.ExceptionStated{Centre: p.ID, From: v.On, To: cmp.Or(v.Until, v.On), Opens: v.Opens, Closes: v.Closes, Why: v.Why}
	required(a, v.Errors, "why", v.Why, "common.reason")
	_, ok1 := timetable.Clock(v.Opens)
	_, ok2 := timetable.Clock(v.Closes)
	switch {
	case v.Opens != "" && !ok1, v.Closes != "" && v.Opens == "":
		v.Errors["opens"] = a.P.T("groups.time_wrong")
	case v.Opens != "" && !ok2:
		v.Errors["closes"] = a.P.T("groups.time_wrong")
	case ok1 && v.Closes <= v.Opens:
		v.Errors["closes"] = a.P.T("groups.ends_before")
	}
	if v.Errors["on"] == "" && v.Errors["until"] == "" && b.To < b.From {
		v.Errors["until"] = a.P.T("groups.ends_before")
	}
	if len(v.Errors) > 0 {
		return a.Again("centres/hours", v)
	}
	err = a.H.Centres.SetException(a.R.Context(), a.Actor(), a.Scope, b)
	if errors.Is(err, centre.ErrDayTaken) {
		v.Errors["on"] = a.P.T("centres.exception_taken")
		return a.Again("centres/hours", v)
	}
	if err != nil {
		return err
	}
	return hoursSaved(a, p.ID, b.From, b.To, v.Action)
}

// exceptionRemoved takes other hours back.
func exceptionRemoved(a *door.Ask) error {
	p, err := askedCentre(a)
	if err != nil {
		return err
	}
	v, err := hoursView(a, p)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(v.Exceptions, func(e Exception) bool { return e.On == a.R.PostFormValue("on") })
	if i < 0 {
		return a.Go(v.Action) // somebody else took it away
	}
	e := v.Exceptions[i]
	if err := a.H.Centres.SetException(a.R.Context(), a.Actor(), a.Scope, centre.ExceptionStated{Centre: p.ID, From: e.On, To: e.Until, Why: e.Why, Removed: true}); err != nil {
		return err
	}
	return hoursSaved(a, p.ID, e.On, e.Until, v.Action)
}

// kindOptions are the kinds of devices.
func kindOptions(a *door.Ask) (out []shell.Option) {
	for _, k := range centre.DeviceKinds {
		out = append(out, shell.Option{Value: k, Label: a.P.T("device.kind." + k)})
	}
	return out
}

// holdersOf names the people and groups that have some devices: who may not be seen has no name.
func holdersOf(a *door.Ask, list []*centre.Device) (map[id.ID]string, error) {
	ctx, out := a.R.Context(), map[id.ID]string{}
	var people, groups []id.ID
	for _, d := range list {
		if !d.Person.IsNil() {
			people = append(people, d.Person)
		}
		if !d.Group.IsNil() {
			groups = append(groups, d.Group)
		}
	}
	if len(people) > 0 && a.May(access.ReadPeople) {
		scope, err := a.ScopeOf(access.ReadPeople)
		if err != nil {
			return nil, err
		}
		found, err := a.H.People.Of(ctx, a.H.DB, scope, people)
		if err != nil {
			return nil, err
		}
		a.Shows(look.Listed, look.Devices, found...)
		for _, p := range found {
			out[p.ID], _ = a.Names(p.Details)
		}
	}
	names, err := a.H.Training.Names(ctx, a.H.DB, groups)
	for g, n := range names {
		out[g] = n
	}
	return out, err
}

func deviceRow(a *door.Ask, d *centre.Device, names map[id.ID]string) DeviceRow {
	return DeviceRow{Number: d.Number, Kind: d.Kind, Model: d.Model, State: d.State, Due: d.Due, To: cmp.Or(names[d.Person], names[d.Group]), Late: d.Late(a.Today()), Conflict: d.Conflict,
		URL: "/centres/" + d.Centre.String() + "/devices/" + d.ID.String()}
}

func devices(a *door.Ask) error {
	p, err := askedCentre(a)
	if err != nil {
		return err
	}
	self, q := "/centres/"+p.ID.String(), a.R.URL.Query()
	v := Devices{Centre: p.Name, Query: strings.TrimSpace(q.Get("q")), Kind: q.Get("kind"), State: q.Get("state"), Kinds: kindOptions(a), NewURL: self + "/devices/new", BackURL: self}
	for _, s := range append(slices.Clone(centre.DeviceStates), "late") {
		v.States = append(v.States, shell.Option{Value: s, Label: a.P.T("device.state." + s)})
	}
	list, next, err := a.H.Centres.Devices(a.R.Context(), a.H.DB, p.ID, centre.DeviceFilter{Search: v.Query, Kind: v.Kind, State: v.State, Today: a.Today(), After: q.Get("page")})
	if err != nil {
		return err
	}
	names, err := holdersOf(a, list)
	if err != nil {
		return err
	}
	for _, d := range list {
		v.Rows = append(v.Rows, deviceRow(a, d, names))
	}
	v.Filtered = v.Query != "" || v.Kind != "" || v.State != ""
	v.Pager = shell.Pager{Shown: len(v.Rows), Total: -1}
	if next != "" {
		v.Pager.Next = door.With(self+"/devices", "q", v.Query, "kind", v.Kind, "state", v.State, "page", next)
	}
	return a.Render("centres/devices", v)
}

// askedDevice returns the centre and the device of the path; the device is nil where the path asks for a new one.
func askedDevice(a *door.Ask) (*place.Place, *centre.Device, error) {
	p, err := askedCentre(a)
	if err != nil {
		return nil, nil, err
	}
	v, err := asked(a, "device")
	if err != nil || v.IsNil() {
		return p, nil, err
	}
	d, err := a.H.Centres.Device(a.R.Context(), a.H.DB, access.At(p.ID), v)
	return p, d, missing(err, centre.ErrNoDevice)
}

func deviceFormView(a *door.Ask) (*place.Place, id.ID, DeviceForm, error) {
	p, d, err := askedDevice(a)
	if err != nil {
		return nil, id.Nil, DeviceForm{}, err
	}
	v := DeviceForm{New: d == nil, Centre: p.Name, Kind: "laptop", Kinds: kindOptions(a), Action: a.R.URL.Path, BackURL: "/centres/" + p.ID.String() + "/devices", Errors: map[string]string{}}
	if d == nil {
		return p, id.Nil, v, nil
	}
	v.Number, v.Kind, v.Model, v.Since = d.Number, d.Kind, d.Model, d.Since
	v.BackURL += "/" + d.ID.String()
	return p, d.ID, v, nil
}

func deviceForm(a *door.Ask) error {
	_, _, v, err := deviceFormView(a)
	if err != nil {
		return err
	}
	return a.Render("centres/device-form", v)
}

func deviceFormGiven(a *door.Ask) error {
	p, d, v, err := deviceFormView(a)
	if err != nil {
		return err
	}
	v.Number, v.Model, v.Kind, v.Since = written(a, v.Errors, "number"), written(a, v.Errors, "model"), a.R.PostFormValue("kind"), typedDay(a, v.Errors, "since", true)
	required(a, v.Errors, "number", v.Number, "device.number")
	b := centre.DeviceDescribed{Centre: p.ID, Number: v.Number, Kind: v.Kind, Model: v.Model, Since: v.Since}
	switch {
	case !slices.Contains(centre.DeviceKinds, v.Kind):
		v.Errors["kind"] = a.P.T("error.choose", "field", a.P.T("device.kind"))
	case len(v.Errors) == 0 && b.Check() != nil:
		v.Errors["number"] = a.P.T("device.number_long")
	}
	if len(v.Errors) > 0 {
		return a.Again("centres/device-form", v)
	}
	d, err = a.H.Centres.SetDevice(a.R.Context(), a.Actor(), a.Scope, d, b)
	if errors.Is(err, centre.ErrNumberTaken) {
		v.Errors["number"] = a.P.T("device.number_taken")
		return a.Again("centres/device-form", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", "common.saved")
	return a.Go("/centres/" + p.ID.String() + "/devices/" + d.String())
}

func deviceView(a *door.Ask, p *place.Place, d *centre.Device) (Device, error) {
	ctx := a.R.Context()
	names, err := holdersOf(a, []*centre.Device{d})
	if err != nil {
		return Device{}, err
	}
	v := Device{DeviceRow: deviceRow(a, d, names), Centre: p.Name, CentreURL: "/centres/" + p.ID.String(), Since: d.Since, On: d.On, What: d.What, Next: centre.Next(d.State), Query: strings.TrimSpace(a.R.FormValue("q")), Errors: map[string]string{}}
	v.Action, v.EditURL, v.BackURL = v.URL, v.URL+"/edit", v.CentreURL+"/devices"
	switch {
	case !d.Group.IsNil():
		v.ToURL = "/groups/" + d.Group.String()
	case !d.Person.IsNil() && v.To != "":
		v.ToURL = "/people/" + d.Person.String()
	}
	if today, err := time.Parse(time.DateOnly, a.Today()); err == nil {
		v.Due = today.AddDate(0, 0, 14).Format(time.DateOnly)
	}
	if slices.Contains(v.Next, centre.Lent) {
		groups, _, err := a.H.Training.Cohorts(ctx, a.H.DB, access.At(p.ID), training.CohortFilter{Size: 200}, a.Today())
		if err != nil {
			return v, err
		}
		for _, g := range groups {
			if stateOf(g, a.Today()) != "over" {
				v.Groups = append(v.Groups, shell.Option{Value: g.ID.String(), Label: g.Name})
			}
		}
		if v.Query != "" && a.May(access.ReadPeople) {
			page, err := a.H.People.List(ctx, a.H.DB, access.At(p.ID), person.Filter{Search: v.Query, Size: 8})
			if err != nil {
				return v, err
			}
			a.Shows(look.Search, look.Devices, page.People...)
			for _, x := range page.People {
				v.Found = append(v.Found, personRow(a, x))
			}
		}
	}
	// Whoever was chosen stays on the form, be it sent back; a loan is mostly made longer for whoever has it.
	who, err := id.Parse(a.R.PostFormValue("who"))
	if err != nil && d.State == centre.Lent {
		who, err = d.Person, nil
		v.Who = cmp.Or(d.Person, d.Group).String()
	}
	if err == nil && !who.IsNil() && !slices.ContainsFunc(v.Found, func(r PersonRow) bool { return r.ID == who.String() }) {
		found, err := a.H.People.Of(ctx, a.H.DB, access.At(p.ID), []id.ID{who})
		if err != nil {
			return v, err
		}
		for _, x := range found {
			v.Found = append(v.Found, personRow(a, x))
		}
	}
	lines, err := a.H.Centres.HistoryOf(ctx, a.H.DB, d.ID)
	if err != nil {
		return v, err
	}
	past := make([]*centre.Device, len(lines))
	for i, l := range lines {
		past[i] = &centre.Device{Person: l.Person, Group: l.Group}
	}
	if names, err = holdersOf(a, past); err != nil {
		return v, err
	}
	for _, l := range lines {
		x := DeviceLine{On: l.On, State: l.State, Due: l.Due, To: cmp.Or(names[l.Person], names[l.Group]), What: l.What}
		if acc, err := a.H.Access.Get(ctx, a.H.DB, l.Actor); err == nil && acc != nil {
			x.By = acc.Name
		}
		v.History = append(v.History, x)
	}
	return v, nil
}

func device(a *door.Ask) error {
	p, d, err := askedDevice(a)
	if err != nil {
		return err
	}
	v, err := deviceView(a, p, d)
	if err != nil {
		return err
	}
	return a.Render("centres/device", v)
}

func deviceGiven(a *door.Ask) error {
	p, d, err := askedDevice(a)
	if err != nil {
		return err
	}
	v, err := deviceView(a, p, d)
	if err != nil {
		return err
	}
	v.Asked, v.Said, v.Who = a.R.PostFormValue("state"), written(a, v.Errors, "what"), a.R.PostFormValue("who")
	b := centre.DeviceStated{State: v.Asked, On: a.Today(), What: v.Said}
	switch {
	case !slices.Contains(v.Next, v.Asked):
		v.Errors[""] = a.P.T("device.moved")
	case v.Asked == centre.Lent:
		v.Due = typedDay(a, v.Errors, "due", false)
		b.Due = v.Due
		who, err := id.Parse(v.Who)
		group := shell.Offers(v.Groups, v.Who)
		switch {
		case err != nil:
			v.Errors["who"] = a.P.T("device.who_missing")
		case group:
			b.Group = who
		default:
			if b.Person = who; !slices.ContainsFunc(v.Found, func(r PersonRow) bool { return r.ID == v.Who }) {
				v.Errors["who"] = a.P.T("device.who_missing")
			}
		}
		if v.Errors["due"] == "" && v.Due < a.Today() {
			v.Errors["due"] = a.P.T("device.due_past")
		}
	case v.Asked == centre.Faulty, v.Asked == centre.Retired:
		required(a, v.Errors, "what", v.Said, "device.what."+v.Asked)
	}
	if len(v.Errors) > 0 {
		return a.Again("centres/device", v)
	}
	err = a.H.Centres.Set(a.R.Context(), a.Actor(), a.Scope, d.ID, b)
	if errors.Is(err, centre.ErrState) {
		v.Errors[""] = a.P.T("device.moved")
		return a.Again("centres/device", v)
	}
	if err != nil {
		return err
	}
	shell.Flash(a.W, a.R, "good", a.P.T("device.now."+v.Asked))
	return a.Go(v.Action)
}

// freeStops is how many empty lines a form of a round offers.
const freeStops = 3

func roundView(a *door.Ask) (*place.Place, id.ID, RoundForm, error) {
	p, err := askedCentre(a)
	if err != nil {
		return nil, id.Nil, RoundForm{}, err
	}
	v := RoundForm{New: true, Centre: p.Name, Action: a.R.URL.Path, BackURL: "/centres/" + p.ID.String(), Errors: map[string]string{}}
	r, err := asked(a, "round")
	if err != nil {
		return nil, id.Nil, v, err
	}
	if !r.IsNil() {
		x, err := a.H.Centres.Round(a.R.Context(), a.H.DB, p.ID, r)
		if err != nil {
			return nil, id.Nil, v, missing(err, centre.ErrNoRound)
		}
		v.New, v.Title, v.Name, v.Cancelled = false, x.Name, x.Name, x.Cancelled
		for i, s := range x.Stops {
			v.Stops = append(v.Stops, StopRow{N: i + 1, Date: s.Date, Spot: s.Spot, From: s.From, To: s.To})
		}
	}
	v.offer()
	return p, r, v, nil
}

// offer adds empty lines to the form.
func (v *RoundForm) offer() {
	for range min(freeStops, centre.MaxStops-len(v.Stops)) {
		v.Stops = append(v.Stops, StopRow{N: len(v.Stops) + 1})
	}
}

func round(a *door.Ask) error {
	_, _, v, err := roundView(a)
	if err != nil {
		return err
	}
	return a.Render("centres/round", v)
}

func roundGiven(a *door.Ask) error {
	p, r, v, err := roundView(a)
	if err != nil {
		return err
	}
	v.Name, v.Cancelled, v.Stops = written(a, v.Errors, "name"), written(a, v.Errors, "cancelled"), nil
	b := centre.RoundPlanned{Centre: p.ID, Name: v.Name, Cancelled: v.Cancelled}
	lines := 0 // of the form that was sent
	for n := 1; n <= centre.MaxStops; n++ {
		for _, field := range []string{"date", "spot", "from", "to"} {
			if a.R.PostForm.Has(fmt.Sprintf("%s_%d", field, n)) {
				lines = n
			}
		}
	}
	for n := 1; n <= lines; n++ {
		key := func(s string) string { return fmt.Sprintf("%s_%d", s, n) }
		s := StopRow{N: n, Date: door.Digits(strings.TrimSpace(a.R.PostFormValue(key("date")))), Spot: strings.TrimSpace(a.R.PostFormValue(key("spot"))), From: typedHour(a, key("from")), To: typedHour(a, key("to"))}
		if s.Date == "" && s.Spot == "" && s.From == "" && s.To == "" {
			v.Stops = append(v.Stops, s)
			continue
		}
		stop := centre.Stop{Date: s.Date, Spot: s.Spot, From: s.From, To: s.To}
		err := centre.RoundPlanned{Centre: p.ID, Name: "x", Stops: []centre.Stop{stop}}.Check()
		if err == nil && len(v.Errors) == 0 {
			err = centre.RoundPlanned{Centre: p.ID, Name: "x", Stops: append(slices.Clone(b.Stops), stop)}.Check()
		}
		switch {
		case a.TooLong(s.Spot) != "":
			s.Error = a.TooLong(s.Spot)
		case !isDay(s.Date):
			s.Error = a.P.T("groups.date_wrong")
		case s.Spot == "":
			s.Error = a.P.T("error.required", "field", a.P.T("centres.spot"))
		case errors.Is(err, centre.ErrEndsBefore):
			s.Error = a.P.T("groups.ends_before")
		case errors.Is(err, centre.ErrTwoStops):
			s.Error = a.P.T("centres.two_stops")
		case err != nil:
			s.Error = a.P.T("groups.time_wrong")
		}
		if s.Error != "" {
			v.Errors[fmt.Sprintf("date_%d", s.N)] = s.Error
		}
		v.Stops, b.Stops = append(v.Stops, s), append(b.Stops, stop)
	}
	more := a.R.PostFormValue("more") != ""
	if !more {
		required(a, v.Errors, "name", v.Name, "common.name")
		if len(b.Stops) == 0 {
			v.Errors["date_1"] = a.P.T("centres.stops_missing")
		}
	} else {
		v.Errors = nil
	}
	if more {
		v.offer()
		return a.Render("centres/round", v)
	}
	if len(v.Errors) > 0 {
		if len(v.Stops) == 0 {
			v.offer()
		}
		return a.Again("centres/round", v)
	}
	if _, err := a.H.Centres.SetRound(a.R.Context(), a.Actor(), a.Scope, r, b); err != nil {
		return err
	}
	a.Notify("good", "common.saved")
	return a.Go(v.BackURL)
}
