package centre

import (
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/countries"
	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/timetable"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func groupRoutes(d *door.Door) {
	d.Handle("GET /groups", access.ReadGroups, groups)
	d.Handle("GET /groups/new", access.WriteGroups, groupNew)
	d.Handle("POST /groups/new", access.WriteGroups, groupNewGiven)
	d.Handle("GET /groups/{group}", access.ReadGroups, group)
	d.Handle("GET /groups/{group}/edit", access.WriteGroups, groupEdit)
	d.Handle("POST /groups/{group}/edit", access.WriteGroups, groupEditGiven)
	d.Handle("GET /groups/{group}/add", access.WriteGroups, groupAdd)
	d.Handle("POST /groups/{group}/add", access.WriteGroups, groupAddGiven)
	d.Handle("POST /groups/{group}/refill", access.WriteGroups, refill)
	d.Handle("GET /groups/{group}/leave/{person}", access.WriteGroups, groupLeave)
	d.Handle("POST /groups/{group}/leave/{person}", access.WriteGroups, groupLeaveGiven)
}

func groups(a *door.Ask) error {
	ctx, q := a.R.Context(), a.R.URL.Query()
	scope, centre := narrowed(a)
	v := Groups{Query: strings.TrimSpace(q.Get("q")), Centre: centre, Centres: a.Centres(a.Scope)}
	if q.Get("person") != "" { // the groups that somebody could come to
		p, err := enrolling(a)
		if err != nil {
			return err
		}
		scope, v.Person, v.Centre, v.Centres = scope.Within([]id.ID{p.Centre}), p.ID.String(), "", nil
		v.Name, _ = a.Names(p.Details)
		a.Shows(look.Listed, look.Adding, p)
	}
	list, next, err := a.H.Training.Cohorts(ctx, a.H.DB, scope, training.CohortFilter{Search: v.Query, After: q.Get("page")}, a.Today())
	if err != nil {
		return err
	}
	several := len(v.Centres) > 1
	for _, c := range list {
		r := GroupRow{Name: c.Name, URL: "/groups/" + c.ID.String(), Enrolled: c.Enrolled, Capacity: c.Capacity, Waiting: c.Waiting, Next: c.Next, Held: c.Taken, Sessions: c.Sessions, State: stateOf(c, a.Today())}
		if several {
			r.Centre = a.PlaceName(c.Centre)
		}
		if v.Person != "" {
			if r.State == "over" || r.State == "done" {
				continue
			}
			r.URL = door.With(r.URL+"/add", "person", v.Person)
		}
		v.Rows = append(v.Rows, r)
	}
	v.Filtered = v.Query != "" || centre != ""
	v.Pager = shell.Pager{Shown: len(v.Rows), Total: -1}
	if next != "" {
		v.Pager.Next = door.With("/groups", "q", v.Query, "centre", centre, "person", v.Person, "page", next)
	}
	if q.Get("page") != "" {
		v.Pager.Prev = door.With("/groups", "q", v.Query, "centre", centre, "person", v.Person)
	}
	if a.May(access.WriteGroups) {
		v.NewURL = door.With("/groups/new", "centre", centre)
	}
	return a.Render("groups/list", v)
}

// enrolling is whom the address names, where the account may place them in a group.
func enrolling(a *door.Ask) (*person.Person, error) {
	v, err := id.Parse(a.R.URL.Query().Get("person"))
	if err != nil {
		return nil, person.ErrUnknown
	}
	scope, err := a.ScopeOf(access.WriteGroups)
	if err != nil {
		return nil, err
	}
	p, err := a.H.People.Get(a.R.Context(), a.H.DB, scope, v)
	if err == nil && p == nil {
		err = person.ErrUnknown
	}
	return p, err
}

func stateOf(c *training.Cohort, today string) string {
	switch {
	case c.Closed:
		return "done"
	case c.To != "" && c.To < today:
		return "over"
	case c.From != "" && c.From > today:
		return "planned"
	}
	return "running"
}

// maxTrainers bounds how many trainers of several centres the form of a new group offers: of more, those of its centre alone, or
// none while it has none, and they are chosen afterwards.
const maxTrainers = 60

// trainersAt are those who can lead groups of a centre; of no centre, those of all that the reader may write to.
func trainersAt(a *door.Ask, at id.ID) (out []shell.Option, err error) {
	accounts, err := a.H.Access.Staff(a.R.Context(), a.H.DB)
	for _, acc := range accounts {
		if slices.ContainsFunc(acc.Roles, func(h access.Held) bool {
			if h.Role != access.Trainer && h.Role != access.Centre {
				return false
			}
			return a.Tree.Holds(h.On.ID, at) || at.IsNil() && slices.ContainsFunc(a.Tree.Within(h.On.ID), func(p *place.Place) bool { return a.Scope.Has(p.ID) })
		}) {
			out = append(out, shell.Option{Value: acc.ID.String(), Label: acc.Name})
		}
	}
	return out, err
}

// typedTrainers reads who was ticked. Who is not offered is refused, and what was ticked stays so.
func typedTrainers(a *door.Ask, offered []shell.Option, errs map[string]string) (list []id.ID, on map[string]bool) {
	a.R.ParseForm()
	on = map[string]bool{}
	for _, s := range a.R.Form["trainer"] {
		switch {
		case s == "" || on[s]:
		case !shell.Offers(offered, s):
			errs["trainer"] = a.P.T("groups.trainer_unknown")
		default:
			on[s], list = true, append(list, id.MustParse(s))
		}
	}
	return list, on
}

// offerAlso adds some accounts to those who can be chosen: saving a form must not lose one who works elsewhere by now.
func offerAlso(a *door.Ask, offered []shell.Option, accounts []id.ID) ([]shell.Option, error) {
	for _, t := range accounts {
		if shell.Offers(offered, t.String()) {
			continue
		}
		acc, err := a.H.Access.Get(a.R.Context(), a.H.DB, t)
		if err != nil {
			return nil, err
		}
		if acc != nil {
			offered = append(offered, shell.Option{Value: t.String(), Label: acc.Name})
		}
	}
	return offered, nil
}

// ticked are some ids as the boxes of a form.
func ticked(ids []id.ID) map[string]bool {
	out := map[string]bool{}
	for _, v := range ids {
		out[v.String()] = true
	}
	return out
}

// formOf prepares the choices of a group's form, at the centre that v names.
func formOf(a *door.Ask, v *GroupForm) ([]programme.Phase, error) {
	ctx := a.R.Context()
	programmes, err := a.H.Programmes.List(ctx, a.H.DB)
	if err != nil {
		return nil, err
	}
	var all []programme.Phase
	phases, err := a.H.Programmes.AllPhases(ctx, a.H.DB)
	if err != nil {
		return nil, err
	}
	for _, p := range programmes {
		for _, ph := range phases[p.ID] {
			if ph.Planned {
				continue
			}
			prog, _ := p.Name.In(a.Lang)
			name, _ := ph.Name.In(a.Lang)
			v.Phases = append(v.Phases, shell.Option{Value: ph.ID.String(), Label: prog + " · " + name})
			all = append(all, ph)
		}
	}
	at := a.CentreOf(a.Scope, v.Centre)
	if !v.New {
		v.Trainers, err = trainersAt(a, at)
	} else if v.Trainers, err = trainersAt(a, id.Nil); len(v.Trainers) > maxTrainers {
		if v.Later = at.IsNil(); v.Later {
			v.Trainers = nil
		} else {
			v.Trainers, err = trainersAt(a, at)
		}
	}
	if err != nil {
		return nil, err
	}
	v.Centres = a.Centres(a.Scope)
	for _, h := range holidays(a) {
		if h.To >= a.Today() && len(v.Holidays) < 6 {
			v.Holidays = append(v.Holidays, Holiday{On: h.From, Name: h.Name, Uncertain: h.Approximate})
		}
	}
	return all, nil
}

// holidays are the days on which centres are closed: civil and religious ones. School holidays are when children have
// time.
func holidays(a *door.Ask) []countries.Holiday {
	c, err := countries.Load(a.Country())
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.Holidays), func(h countries.Holiday) bool { return h.Kind == countries.HolidaySchool })
}

// closed says whether a day is a holiday.
func closed(a *door.Ask) func(date string) bool {
	hs := holidays(a)
	return func(date string) bool {
		return slices.ContainsFunc(hs, func(h countries.Holiday) bool { return h.On(date) })
	}
}

func groupNew(a *door.Ask) error {
	v := GroupForm{New: true, Action: "/groups/new", CancelURL: "/groups", Capacity: "30", Days: map[int]bool{}}
	_, v.Centre = narrowed(a)
	phases, err := formOf(a, &v)
	if err != nil {
		return err
	}
	if len(phases) == 0 && a.May(access.WriteProgrammes) {
		a.Notify("help", "groups.programme_first")
		return a.Go("/programmes/new")
	}
	if len(phases) > 0 {
		v.Phase = phases[0].ID.String()
	}
	v.From = a.Today()
	if from, err := time.Parse(time.DateOnly, v.From); err == nil {
		v.To = from.AddDate(0, 0, 7*12-1).Format(time.DateOnly)
	}
	v.Starts, v.Ends = "14:30", "16:30"
	return a.Render("groups/form", v)
}

// typedGroup reads the form and says what is wrong with it.
func typedGroup(a *door.Ask, v *GroupForm, phases []programme.Phase) (training.CohortOpened, training.Weekly) {
	a.R.ParseForm()
	f := a.R.PostForm.Get
	v.Name, v.Phase, v.Capacity, v.Room = strings.TrimSpace(f("name")), f("phase"), strings.TrimSpace(f("capacity")), strings.TrimSpace(f("room"))
	v.Starts, v.Ends, v.From, v.To, v.Centre = f("starts"), f("ends"), f("from"), f("to"), f("centre")
	v.Days, v.Errors = map[int]bool{}, map[string]string{}
	c := training.CohortOpened{Name: v.Name, From: v.From, To: v.To}
	w := training.Weekly{From: v.From, To: v.To, Starts: v.Starts, Ends: v.Ends, Room: v.Room, Except: closed(a)}
	for _, d := range a.R.PostForm["days"] {
		if n, err := strconv.Atoi(d); err == nil && n >= 0 && n <= 6 {
			v.Days[n] = true
			w.Days = append(w.Days, time.Weekday(n))
		}
	}
	v.Subjects = map[string]bool{}
	for _, s := range a.R.PostForm["subjects"] {
		if !slices.Contains(training.Subjects, s) {
			v.Errors["subjects"] = a.P.T("error.choose", "field", a.P.T("groups.subjects"))
		} else if !v.Subjects[s] {
			v.Subjects[s], c.Subjects = true, append(c.Subjects, s)
		}
	}
	if v.Name == "" || a.TooLong(v.Name) != "" {
		v.Errors["name"] = a.P.T("groups.name_missing")
	}
	for _, p := range phases {
		if p.ID.String() == v.Phase {
			c.Phase, c.Programme = p.ID, p.Programme
		}
	}
	if v.New && c.Phase.IsNil() {
		v.Errors["phase"] = a.P.T("groups.phase_missing")
	}
	var err error
	if v.New {
		if c.Centre = a.CentreOf(a.Scope, v.Centre); c.Centre.IsNil() {
			v.Errors["centre"] = a.P.T("people.centre_missing")
		}
	}
	if v.Capacity != "" {
		if c.Capacity, err = strconv.Atoi(v.Capacity); err != nil || c.Capacity < 1 || c.Capacity > 1000 {
			v.Errors["capacity"] = a.P.T("groups.capacity_wrong")
		}
	}
	c.Trainers, v.TrainerOn = typedTrainers(a, v.Trainers, v.Errors)
	if s := a.TooLong(v.Room); s != "" {
		v.Errors["room"] = s
	}
	from, err1 := time.Parse(time.DateOnly, v.From)
	to, err2 := time.Parse(time.DateOnly, v.To)
	switch {
	case err1 != nil:
		v.Errors["from"] = a.P.T("groups.date_wrong")
	case err2 != nil:
		v.Errors["to"] = a.P.T("groups.date_wrong")
	case to.Before(from):
		v.Errors["to"] = a.P.T("groups.ends_before")
	case to.Sub(from) > 2*366*24*time.Hour:
		v.Errors["to"] = a.P.T("groups.too_long")
	}
	clock := func(s string) bool { _, err := time.Parse("15:04", s); return err == nil && len(s) == 5 }
	if len(w.Days) > 0 {
		switch {
		case !clock(v.Starts):
			v.Errors["starts"] = a.P.T("groups.time_wrong")
		case !clock(v.Ends):
			v.Errors["ends"] = a.P.T("groups.time_wrong")
		case v.Ends <= v.Starts:
			v.Errors["ends"] = a.P.T("groups.ends_before")
		}
		if v.Errors["from"] == "" && v.Errors["to"] == "" {
			if _, err := w.Dates(); err != nil {
				v.Errors["to"] = a.P.T("groups.too_many", "n", training.MaxSessions)
			}
		}
	}
	return c, w
}

func groupNewGiven(a *door.Ask) error {
	ctx := a.R.Context()
	v := GroupForm{New: true, Action: "/groups/new", CancelURL: "/groups", Centre: a.R.PostFormValue("centre")}
	phases, err := formOf(a, &v)
	if err != nil {
		return err
	}
	c, w := typedGroup(a, &v, phases)
	if len(v.Errors) > 0 {
		return a.Again("groups/form", v)
	}
	g, err := a.H.Training.OpenCohort(ctx, a.Actor(), a.Scope, c)
	switch {
	case errors.Is(err, training.ErrPhasePlace):
		v.Errors["phase"] = a.P.T("groups.phase_elsewhere")
		return a.Again("groups/form", v)
	case errors.Is(err, training.ErrPhaseDays):
		v.Errors["phase"] = a.P.T("groups.phase_days")
		return a.Again("groups/form", v)
	case err != nil:
		return err
	}
	a.Notify("good", "groups.saved")
	if len(w.Days) > 0 {
		w.Except, w.RoomID = nil, roomNamed(a, c.Centre, w.Room)
		w.Calendar = calendar(a, c.Centre)
		_, err := a.H.Training.Plan(ctx, a.Actor(), a.Scope, g, w)
		var clash *training.ClashError
		if errors.As(err, &clash) || outside(a, err) != "" { // the group stands; its sessions are looked at
			return a.Go("/groups/" + g.String() + "/session?" + seriesQuery(w))
		}
		if err != nil {
			return err
		}
	}
	return a.Go("/groups/" + g.String() + "/add")
}

func askedGroup(a *door.Ask) (*training.Cohort, error) {
	v, err := a.ID("group")
	if err != nil {
		return nil, err
	}
	return a.H.Training.Cohort(a.R.Context(), a.H.DB, a.Scope, v, a.Today())
}

func group(a *door.Ask) error {
	ctx := a.R.Context()
	c, err := askedGroup(a)
	if err != nil {
		return err
	}
	self := "/groups/" + c.ID.String()
	v := Group{Name: c.Name, Enrolled: c.Enrolled, Capacity: c.Capacity, Waiting: c.Waiting, Centre: a.PlaceName(c.Centre), From: c.From, To: c.To, Closed: c.Closed, ClosedOn: c.ClosedOn, RosterURL: self, SessionsURL: self + "?tab=sessions", LearningURL: self + "/learning", Tab: "roster"}
	if a.R.FormValue("tab") == "sessions" {
		v.Tab = "sessions"
	}
	prog, err := a.H.Programmes.Get(ctx, a.H.DB, c.Programme)
	if err != nil {
		return err
	}
	if prog != nil {
		v.Programme = prog.Name
	}
	phase, err := a.H.Programmes.Phase(ctx, a.H.DB, c.Phase)
	if err != nil {
		return err
	}
	if phase != nil {
		v.Phase = phase.Name
	}
	for _, t := range c.Trainers {
		acc, err := a.H.Access.Get(ctx, a.H.DB, t)
		if err != nil {
			return err
		}
		if acc != nil {
			v.Trainers = append(v.Trainers, acc.Name)
		}
	}
	sessions, err := a.H.Training.SessionsOf(ctx, a.H.DB, a.Scope, c.ID)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		r := SessionRow{Date: s.Date, From: s.Starts, To: s.Ends, Room: s.Room, Subject: s.Subject, State: SessionState(a, s), Present: s.Here(), Expected: s.Of(a.Today()), URL: "/sessions/" + s.ID.String()}
		v.Present += s.Here()
		v.Marked += s.Marked()
		if s.Date == a.Today() && s.Cancelled == "" {
			v.AttendanceURL = r.URL
		}
		if v.Room == "" {
			v.Room, v.Starts, v.Ends = s.Room, s.Starts, s.Ends
		}
		v.Sessions = append(v.Sessions, r)
	}
	v.Subjects = hoursOf(c, sessions)
	roster, err := a.H.Training.Roster(ctx, a.H.DB, c.ID)
	if err != nil {
		return err
	}
	state, reason, ids := map[id.ID]string{}, map[id.ID]string{}, make([]id.ID, len(roster))
	judged := map[id.ID]training.Enrolment{}
	waits, err := a.H.Training.Waiting(ctx, a.H.DB, c.ID)
	if err != nil {
		return err
	}
	next, seat := map[id.ID]int{}, map[id.ID]string{}
	for i, e := range waits {
		next[e.Person] = i + 1
	}
	for i, e := range roster {
		ids[i], state[e.Person], reason[e.Person], judged[e.Person] = e.Person, e.State, e.Reason, e
		if e.Reason == training.Refilled {
			seat[e.Person] = e.On
		}
	}
	people, err := a.H.People.Of(ctx, a.H.DB, a.Scope, ids)
	if err != nil {
		return err
	}
	a.Shows(look.Listed, look.Group, people...)
	versions, err := versionsOf(a, c)
	if err != nil {
		return err
	}
	tally, err := a.H.Training.Tally(ctx, a.H.DB, c.ID)
	if err != nil {
		return err
	}
	lacks, err := a.H.Training.Lacking(ctx, a.H.DB, ids)
	if err != nil {
		return err
	}
	for _, p := range people {
		r := RosterRow{PersonRow: personRow(a, p)}
		r.NoConsent = lacks[p.ID] && state[p.ID] != training.WithdrawnS && state[p.ID] != training.Denied
		if r.NoConsent && a.May(access.ReadConsent) {
			v.Pending++
			v.ConsentsURL = door.With("/consents", "centre", c.Centre.String(), "group", c.ID.String())
		}
		r.State, r.Next, r.SeatOn = state[p.ID], next[p.ID], seat[p.ID]
		t := tally[p.ID]
		r.Present, r.Held, r.Absences = t.Here, t.Held, t.Absences
		switch why := reason[p.ID]; {
		case r.State == training.Denied:
			r.Why = strings.Join(a.Why(versions[judged[p.ID].Rule], judged[p.ID].Remark, p.Details), " ")
		case slices.Contains(training.Overs, why):
			r.Why = a.P.T("groups." + why)
		case why == training.Drawn:
			r.Why = a.P.T("draw.seat")
		case r.State == training.WithdrawnS && (slices.Contains(leaveReasons, why) || why == training.Transferred || why == training.Unfinished):
			r.Why = a.P.T("groups.leave_reason." + why)
		case r.State != training.WithdrawnS && !judged[p.ID].Appeal.IsNil():
			r.Why = a.P.T("eligible.by_appeal")
		case r.State != training.WithdrawnS && len(judged[p.ID].Remark) > 0:
			r.Why = a.Unsure(judged[p.ID].Remark)
		}
		if a.May(access.WriteGroups) && !c.Closed && !slices.Contains([]string{training.WithdrawnS, training.Denied, training.Applied}, r.State) {
			r.LeaveURL = self + "/leave/" + p.ID.String()
			if r.State == training.Enrolled || r.State == training.Active {
				r.MoveURL = self + "/move/" + p.ID.String()
			}
		}
		if a.May(access.TakeAttendance) && r.Absences >= training.InARow && (r.State == training.Enrolled || r.State == training.Active) {
			r.AbsencesURL = self + "/absences/" + p.ID.String()
		}
		v.Roster = append(v.Roster, r)
	}
	if a.May(access.MakeCards) {
		v.CardsURL, v.SigningURL = self+"/cards", self+"/learners"
	}
	if v.Moved, err = movedRows(a, c.ID); err != nil {
		return err
	}
	d, err := a.H.Training.DrawOf(ctx, a.H.DB, c.ID)
	if err != nil {
		return err
	}
	v.Drawing = d.Undecided()
	if a.May(access.WriteGroups) {
		if d != nil || c.Capacity > 0 && !c.Closed {
			v.DrawURL = self + "/draw"
		}
		if c.Closed {
			v.ReopenAction = self + "/reopen"
		} else {
			v.AddURL, v.EditURL, v.SessionURL = self+"/add", self+"/edit", self+"/session"
			if c.To == "" || c.To <= a.Today() {
				v.CloseURL = self + "/close"
			}
		}
		if v.Free = c.Capacity - c.Enrolled; c.Capacity > 0 && v.Free > 0 && len(waits) > 0 && !c.Closed && !v.Drawing {
			v.RefillAction = self + "/refill"
		}
	}
	return a.Render("groups/group", v)
}

// SessionState tells what a session waits for.
func SessionState(a *door.Ask, s *training.Session) string {
	now := a.H.Log.Clock.Now()
	today, hour := now.Format(time.DateOnly), now.Format("15:04")
	switch {
	case s.Cancelled != "":
		return "cancelled"
	case s.Taken():
		return "marked"
	case s.Date > today || s.Date == today && s.Starts > hour:
		return "planned"
	case s.Date == today && (s.Ends == "" || s.Ends >= hour):
		return "now"
	}
	return "open"
}

func groupEdit(a *door.Ask) error {
	c, err := askedGroup(a)
	if err != nil {
		return err
	}
	if c.Closed {
		a.Notify("help", "groups.closed")
		return a.Go("/groups/" + c.ID.String())
	}
	v := GroupForm{Name: c.Name, Phase: c.Phase.String(), From: c.From, To: c.To, Action: a.R.URL.Path, CancelURL: "/groups/" + c.ID.String(), Days: map[int]bool{}}
	if c.Capacity > 0 {
		v.Capacity = strconv.Itoa(c.Capacity)
	}
	v.Subjects = map[string]bool{}
	for _, s := range c.Subjects {
		v.Subjects[s] = true
	}
	v.Centre, v.TrainerOn = c.Centre.String(), ticked(c.Trainers)
	if _, err := formOf(a, &v); err != nil {
		return err
	}
	if v.Trainers, err = offerAlso(a, v.Trainers, c.Trainers); err != nil {
		return err
	}
	return a.Render("groups/form", v)
}

func groupEditGiven(a *door.Ask) error {
	c, err := askedGroup(a)
	if err != nil {
		return err
	}
	v := GroupForm{Action: a.R.URL.Path, CancelURL: "/groups/" + c.ID.String(), Centre: c.Centre.String()}
	phases, err := formOf(a, &v)
	if err != nil {
		return err
	}
	if v.Trainers, err = offerAlso(a, v.Trainers, c.Trainers); err != nil {
		return err
	}
	n, _ := typedGroup(a, &v, phases)
	if len(v.Errors) > 0 {
		return a.Again("groups/form", v)
	}
	err = a.H.Training.EditCohort(a.R.Context(), a.Actor(), a.Scope, c.ID, func(b *training.CohortOpened) {
		b.Name, b.Capacity, b.From, b.To, b.Trainers, b.Subjects = n.Name, n.Capacity, n.From, n.To, n.Trainers, n.Subjects
	})
	if errors.Is(err, training.ErrClosed) {
		a.Notify("help", "groups.closed")
		return a.Go("/groups/" + c.ID.String())
	}
	if errors.Is(err, training.ErrOver) {
		v.Errors["capacity"] = a.P.T("groups.capacity_below", "n", c.Enrolled)
		return a.Again("groups/form", v)
	}
	var days *training.DaysError
	switch {
	case errors.Is(err, training.ErrPhaseDays):
		v.Errors["from"] = a.P.T("groups.phase_days")
	case errors.Is(err, training.ErrEnds):
		v.Errors["to"] = a.P.T("groups.ends_before")
	case errors.As(err, &days):
		v.Errors["from"] = a.P.T("groups.days_of_sessions", "from", a.P.Date(days.From), "to", a.P.Date(days.To))
	}
	if len(v.Errors) > 0 {
		return a.Again("groups/form", v)
	}
	var clash *training.ClashError
	if errors.As(err, &clash) {
		if v.Clashes, err = groupClashes(a, clash); err != nil {
			return err
		}
		v.Errors["trainer"] = a.P.T("groups.trainer_busy", "n", len(clash.Clashes))
		return a.Again("groups/form", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", "groups.saved")
	if n.Capacity != c.Capacity && c.Waiting > 0 {
		now, err := askedGroup(a)
		if err != nil {
			return err
		}
		if given := now.Enrolled - c.Enrolled; given > 0 {
			a.Notify("good", "groups.refilled", "n", given)
		}
		if d, err := a.H.Training.DrawOf(a.R.Context(), a.H.DB, c.ID); err != nil {
			return err
		} else if d.Undecided() {
			a.Notify("wait", "draw.by_hand")
		}
	}
	return a.Go("/groups/" + c.ID.String())
}

// maxClashes is how many clashes of a group's coming sessions a form names.
const maxClashes = 12

// groupClashes says when the trainers of a group would be somewhere else.
func groupClashes(a *door.Ask, e *training.ClashError) (out []ClashRow, err error) {
	people, err := staffNames(a)
	for _, c := range e.Clashes[:min(len(e.Clashes), maxClashes)] {
		self := c.A
		if e.Days[self] == "" {
			self = c.B
		}
		row := sentences(a, []timetable.Clash{c}, self, e.Names, people, nil)[0]
		row.Date = e.Days[self]
		out = append(out, row)
	}
	return out, err
}

func addView(a *door.Ask, c *training.Cohort, chosen ...id.ID) (GroupAdd, error) {
	ctx, self := a.R.Context(), "/groups/"+c.ID.String()
	v := GroupAdd{Group: c.Name, GroupURL: self, Query: strings.TrimSpace(a.R.FormValue("q")), Action: self + "/add", CancelURL: self, Errors: map[string]string{}}
	waits, err := a.H.Training.Waiting(ctx, a.H.DB, c.ID)
	if err != nil {
		return v, err
	}
	v.Free = max(0, c.Capacity-c.Enrolled-len(waits)) // who waits comes first
	if v.Full, v.Beyond = v.Free == 0, training.Wait; c.Capacity == 0 {
		v.Free, v.Full = -1, false
	}
	v.Beyonds = append([]shell.Option{{Value: training.Wait, Label: a.P.T("groups.beyond_wait")}}, overs(a)...)
	d, err := a.H.Training.DrawOf(ctx, a.H.DB, c.ID)
	if err != nil {
		return v, err
	}
	if d.Undecided() { // whoever is chosen applies
		v.Full, v.Beyonds = true, []shell.Option{{Value: training.Wait, Label: a.P.T("draw.apply")}}
	}
	if a.May(access.WritePeople) {
		v.NewURL = door.With("/people/new", "centre", c.Centre.String(), "group", c.ID.String())
	}
	here := access.At(c.Centre)
	var list []*person.Person
	if len(chosen) > 0 { // the form comes back
		v.Chosen = map[string]bool{}
		for _, p := range chosen {
			v.Chosen[p.String()] = true
		}
		if list, err = a.H.People.Of(ctx, a.H.DB, here, chosen); err != nil {
			return v, err
		}
	} else if one, err := id.Parse(a.R.URL.Query().Get("person")); err == nil { // somebody who was just written down
		v.Chosen = map[string]bool{one.String(): true}
		if list, err = a.H.People.Of(ctx, a.H.DB, here, []id.ID{one}); err != nil {
			return v, err
		}
	} else if v.Query != "" {
		page, err := a.H.People.List(ctx, a.H.DB, here, person.Filter{Search: v.Query, Page: a.R.FormValue("page")})
		if err != nil {
			return v, err
		}
		list = page.People
		if page.Next != "" {
			v.Pager.Next = door.With(v.Action, "q", v.Query, "page", page.Next)
		}
	} else {
		after, _ := id.Parse(a.R.FormValue("after"))
		waiting, err := a.H.Training.Unplaced(ctx, a.H.DB, c.Centre, c.Programme, after, 50)
		if err != nil {
			return v, err
		}
		ids := make([]id.ID, len(waiting))
		for i, e := range waiting {
			ids[i] = e.Person
		}
		if list, err = a.H.People.Of(ctx, a.H.DB, here, ids); err != nil {
			return v, err
		}
		if len(waiting) == 50 {
			v.Pager.Next = door.With(v.Action, "after", waiting[49].ID.String())
		}
		if len(waiting) == 0 && after.IsNil() {
			// Nobody applied: whoever is known at the centre can be placed.
			page, err := a.H.People.List(ctx, a.H.DB, here, person.Filter{Page: a.R.FormValue("page")})
			if err != nil {
				return v, err
			}
			list = page.People
			if page.Next != "" {
				v.Pager.Next = door.With(v.Action, "page", page.Next)
			}
		}
	}
	a.Shows(searched(v.Query), look.Adding, list...)
	rows, err := personRows(a, list)
	if err != nil {
		return v, err
	}
	for _, r := range rows {
		if r.GroupURL != self || r.State == training.WithdrawnS {
			v.People = append(v.People, r)
		}
	}
	v.Pager.Shown, v.Pager.Total = len(v.People), -1
	return v, nil
}

func groupAdd(a *door.Ask) error {
	c, err := askedGroup(a)
	if err != nil {
		return err
	}
	v, err := addView(a, c)
	if err != nil {
		return err
	}
	return a.Render("groups/add", v)
}

func groupAddGiven(a *door.Ask) error {
	c, err := askedGroup(a)
	if err != nil {
		return err
	}
	a.R.ParseForm()
	var ids []id.ID
	for _, s := range a.R.PostForm["person"] {
		v, err := id.Parse(s)
		if err != nil {
			return fs.ErrNotExist
		}
		if !slices.Contains(ids, v) {
			ids = append(ids, v)
		}
	}
	if len(ids) == 0 {
		v, err := addView(a, c)
		if err != nil {
			return err
		}
		v.Errors["person"] = a.P.T("groups.nobody_chosen")
		return a.Again("groups/add", v)
	}
	again := func(field, sentence string) error {
		v, err := addView(a, c, ids...)
		if err != nil {
			return err
		}
		v.Beyond, v.Errors[field] = a.R.PostFormValue("beyond"), sentence
		v.Full = v.Full || field == "beyond"
		return a.Again("groups/add", v)
	}
	beyond := a.R.PostFormValue("beyond")
	if beyond != "" && beyond != training.Wait && !slices.Contains(training.Overs, beyond) {
		return again("beyond", a.P.T("groups.beyond_missing"))
	}
	done, err := a.H.Training.Seat(a.R.Context(), a.Actor(), a.Scope, c.ID, ids, beyond, a.Today())
	if errors.Is(err, training.ErrFull) {
		v, err := addView(a, c)
		if err != nil {
			return err
		}
		return again("beyond", a.P.T("groups.full_refused", "n", len(ids), "free", v.Free))
	}
	if errors.Is(err, training.ErrDraw) {
		return again("beyond", a.P.T("draw.by_hand"))
	}
	var has *training.SeatedError
	if errors.As(err, &has) {
		sentence, err := seatElsewhere(a, has)
		if err != nil {
			return err
		}
		return again("person", sentence)
	}
	if errors.Is(err, training.ErrElsewhere) {
		return again("person", a.P.T("groups.elsewhere"))
	}
	if errors.Is(err, training.ErrClosed) {
		a.Notify("help", "groups.closed")
		return a.Go("/groups/" + c.ID.String())
	}
	if err != nil {
		return err
	}
	seated(a, done)
	return a.Go("/groups/" + c.ID.String())
}

// seatElsewhere says who has a seat in which other group, and what is done then.
func seatElsewhere(a *door.Ask, has *training.SeatedError) (string, error) {
	people, err := a.H.People.Of(a.R.Context(), a.H.DB, a.Scope, []id.ID{has.Person})
	if err != nil {
		return "", err
	}
	if len(people) == 0 {
		return "", person.ErrUnknown
	}
	names, err := a.H.Training.Names(a.R.Context(), a.H.DB, []id.ID{has.Cohort})
	name, _ := a.Names(people[0].Details)
	if has.Completed {
		return a.P.T("groups.completed_elsewhere", "name", name, "group", names[has.Cohort]), err
	}
	return a.P.T("groups.seat_elsewhere", "name", name, "group", names[has.Cohort]), err
}

// seated says what became of those who were placed in a group.
func seated(a *door.Ask, done training.Placed) {
	if done.Enrolled > 0 {
		a.Notify("good", "groups.placed", "n", done.Enrolled)
	}
	if done.Over > 0 {
		a.Notify("wait", "groups.over_given", "n", done.Over)
	}
	if n := len(done.Refused); n > 0 {
		a.Notify("wait", "eligible.refused_some", "n", n)
	}
	if done.Pending > 0 {
		a.Notify("wait", "groups.consent_pending", "n", done.Pending)
	} else if done.Waiting > 0 {
		a.Notify("wait", "groups.waitlisted", "n", done.Waiting)
	}
}

// refill gives the free seats of a group to those who wait.
func refill(a *door.Ask) error {
	c, err := askedGroup(a)
	if err != nil {
		return err
	}
	if err := refilled(a, c.ID); err != nil {
		return err
	}
	return a.Go("/groups/" + c.ID.String())
}

// refilled gives free seats away and says how many.
func refilled(a *door.Ask, group id.ID) error {
	n, err := a.H.Training.Refill(a.R.Context(), a.Actor(), a.Scope, group, a.Today())
	if errors.Is(err, training.ErrDraw) {
		a.Notify("wait", "draw.by_hand")
		return nil
	}
	if err == nil && n > 0 {
		a.Notify("good", "groups.refilled", "n", n)
	}
	return err
}

// leaveReasons are the causes of leaving a group.
var leaveReasons = []string{"moved", "school", "work", "distance", "health", "family", "interest", "other"}

func leaveView(a *door.Ask, c *training.Cohort, p *person.Person) Confirm {
	name, _ := a.Names(p.Details)
	v := Confirm{Title: a.P.T("groups.leave_title", "name", name, "group", c.Name), Text: a.P.T("groups.leave_text"), Button: a.P.T("groups.leave"), Danger: true,
		Action: a.R.URL.Path, CancelURL: "/groups/" + c.ID.String(), Errors: map[string]string{}}
	for _, r := range leaveReasons {
		v.Reasons = append(v.Reasons, shell.Option{Value: r, Label: a.P.T("groups.leave_reason." + r)})
	}
	return v
}

func groupLeave(a *door.Ask) error {
	c, err := askedGroup(a)
	if err != nil {
		return err
	}
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	return a.Render("confirm", leaveView(a, c, p))
}

func groupLeaveGiven(a *door.Ask) error {
	c, err := askedGroup(a)
	if err != nil {
		return err
	}
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	reason := a.R.FormValue("reason")
	if !slices.Contains(leaveReasons, reason) {
		v := leaveView(a, c, p)
		v.Errors["reason"] = a.P.T("groups.leave_reason_missing")
		return a.Again("confirm", v)
	}
	err = a.H.Training.Leave(a.R.Context(), a.Actor(), a.Scope, c.ID, p.ID, reason, a.Today())
	for e, key := range map[error]string{training.ErrNoSeat: "groups.leave_no_seat", training.ErrClosed: "groups.closed"} {
		if errors.Is(err, e) {
			v := leaveView(a, c, p)
			v.Reason, v.Errors[""] = reason, a.P.T(key)
			return a.Again("confirm", v)
		}
	}
	if err != nil {
		return err
	}
	a.Notify("good", "groups.left")
	return a.Go("/groups/" + c.ID.String())
}
