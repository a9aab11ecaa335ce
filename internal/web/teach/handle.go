package teach

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"tizi/countries"
	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/training"
	"tizi/internal/web/chart"
	"tizi/internal/web/door"
)

// Routes adds the routes of this door.
func Routes(d *door.Door) {
	d.Handle("GET /today", access.ReadGroups, today)
	dayRoutes(d)
	lessonRoutes(d)
	learningRoutes(d)
	markingRoutes(d)
	goingRoutes(d)
	teamRoutes(d)
	wallRoutes(d)
	d.Handle("GET /sessions/{session}", access.ReadGroups, sheet)
	d.Handle("POST /sessions/{session}", access.TakeAttendance, sheetGiven)
	cardRoutes(d)
	paperRoutes(d)
}

// Words of marks, on the form and in the area.
var words = map[string]string{training.Present: "present", training.Late: "late", training.Excused: "excused", training.Absent: "absent"}

var letters = map[string]string{"present": training.Present, "late": training.Late, "excused": training.Excused, "absent": training.Absent}

// missingSince is how far back a forgotten sheet is somebody's task.
const missingSince = 30

// planned is of how many sessions the page says with which lesson they begin. The page of each says it anyway.
const planned = 12

func today(a *door.Ask) error {
	ctx := a.R.Context()
	now := a.H.Log.Clock.Now()
	v := Today{Date: a.Today(), Name: firstWord(a.Account.Name), GroupURL: "/groups"}
	if a.May(access.TakeAttendance) {
		v.Account = a.Actor().String()
	}
	last, err := a.H.Visits.Here(ctx, a.Actor())
	if err != nil {
		return err
	}
	if !last.IsZero() {
		v.SinceDate = last.Local().Format(time.DateOnly)
	}
	list, err := a.H.Training.On(ctx, a.H.DB, a.Scope, v.Date, v.Date, id.Nil, 60)
	if err != nil {
		return err
	}
	several := len(a.Centres(a.Scope)) > 1
	for _, s := range list {
		if s.Cancelled != "" {
			continue
		}
		x := Session{From: s.Starts, To: s.Ends, Group: s.CohortName, GroupURL: "/groups/" + s.Cohort.String(), Room: s.Room, State: state(a, s), Expected: s.Of(v.Date), Present: s.Here(), URL: "/sessions/" + s.ID.String()}
		if s.Title != "" {
			x.Lesson = i18n.Text{i18n.FR: s.Title}
		}
		if several {
			x.Centre = a.PlaceName(s.Centre)
		}
		if len(v.Sessions) < planned && a.May(access.Teach) {
			list, err := goingOn(a, s.Cohort, momentOf(s))
			if err != nil {
				return err
			}
			for _, g := range list {
				x.Goes, x.LessonURL = append(x.Goes, g.shown()), x.URL+"/lesson"
			}
		}
		v.Sessions = append(v.Sessions, x)
	}
	if len(v.Sessions) == 0 {
		next, err := a.H.Training.On(ctx, a.H.DB, a.Scope, v.Date, now.AddDate(0, 2, 0).Format(time.DateOnly), id.Nil, 1)
		if err != nil {
			return err
		}
		if len(next) > 0 {
			v.NextDate = next[0].Date
		}
	}
	if v.Tasks, err = absences(a, now.AddDate(0, 0, -missingSince).Format(time.DateOnly)); err != nil {
		return err
	}
	if err := appeals(a, &v); err != nil {
		return err
	}
	if err := contested(a, &v); err != nil {
		return err
	}
	if err := over(a, &v); err != nil {
		return err
	}
	if err := toMark(a, &v); err != nil {
		return err
	}
	missing, err := a.H.Training.Missing(ctx, a.H.DB, a.Scope, now.AddDate(0, 0, -missingSince).Format(time.DateOnly), v.Date, id.Nil, 30)
	if err != nil {
		return err
	}
	for _, s := range missing {
		v.Tasks = append(v.Tasks, Task{Kind: "unmarked", Who: s.CohortName, Text: a.P.T("today.task.unmarked", "date", a.P.DayMonth(s.Date)), URL: "/sessions/" + s.ID.String()})
	}
	if !several {
		if v.Week, err = week(a); err != nil {
			return err
		}
	}
	if c, err := countries.Load(a.Country()); err == nil {
		for _, h := range c.Holidays {
			if h.On(v.Date) && h.Kind != countries.HolidaySchool {
				v.Holiday = h.Name
			}
		}
	}
	return a.Render("teach/today", v)
}

// appeals are the task that appeals make for whoever decides them.
func appeals(a *door.Ask, v *Today) error {
	if !a.May(access.DecideAppeals) {
		return nil
	}
	scope, err := a.ScopeOf(access.DecideAppeals)
	if err != nil {
		return err
	}
	open, late, err := a.H.Training.CountAppeals(a.R.Context(), a.H.DB, scope, v.Date)
	if open > 0 {
		t := Task{Kind: "appeal", Text: a.P.T("today.task.appeals", "n", open), URL: "/appeals"}
		if late > 0 {
			t.Text = a.P.T("today.task.appeals_late", "n", open, "late", late)
		}
		v.Tasks = append(v.Tasks, t)
	}
	return err
}

// namedOver is how many groups that are over the task names.
const namedOver = 3

// over is the task that groups make which ended and were not closed, for whoever closes them at a centre. It leads to the one that
// waits longest.
func over(a *door.Ask, v *Today) error {
	if !a.May(access.WriteGroups) {
		return nil
	}
	scope, err := a.ScopeOf(access.WriteGroups)
	if err != nil || scope.All() {
		return err
	}
	list, n, err := a.H.Training.Over(a.R.Context(), a.H.DB, scope, v.Date, namedOver)
	if err != nil || n == 0 {
		return err
	}
	var names []string
	for _, c := range list {
		names = append(names, c.Name)
	}
	if n > len(names) {
		names = append(names, "…")
	}
	v.Tasks = append(v.Tasks, Task{Kind: "over", Text: a.P.T("today.task.over", "n", n, "names", strings.Join(names, " · ")), URL: "/groups/" + list[0].ID.String() + "/close"})
	return nil
}

// contested is the task that two versions of one thing make for whoever may say which stands, at a centre: who answers for
// a whole country finds them on the page of the network.
func contested(a *door.Ask, v *Today) error {
	if !a.May(access.WriteGroups) {
		return nil
	}
	scope, err := a.ScopeOf(access.WriteGroups)
	if err != nil || scope.All() {
		return err
	}
	ctx, n := a.R.Context(), 0
	people, err := a.H.People.Contested(ctx, a.H.DB, scope, 10)
	if err != nil {
		return err
	}
	consents, err := a.H.Consents.Contested(ctx, a.H.DB, scope, 10)
	if err != nil {
		return err
	}
	sheets, err := a.H.Training.ContestedSheets(ctx, a.H.DB, scope, 10)
	if err != nil {
		return err
	}
	seats, err := a.H.Training.ContestedSeats(ctx, a.H.DB, scope, 10)
	if err != nil {
		return err
	}
	groups, err := a.H.Training.OverfullGroups(ctx, a.H.DB, scope, 10)
	if n = len(people) + len(consents) + len(sheets) + len(seats) + len(groups); n > 0 {
		v.Tasks = append(v.Tasks, Task{Kind: "conflict", Text: a.P.T("today.task.conflicts", "n", n), URL: "/conflicts"})
	}
	return err
}

// absences are the tasks that absences in a row make: of whoever may take the attendance of the group.
func absences(a *door.Ask, since string) (out []Task, err error) {
	ctx := a.R.Context()
	if !a.May(access.TakeAttendance) {
		return nil, nil
	}
	scope, err := a.ScopeOf(access.TakeAttendance)
	if err != nil {
		return nil, err
	}
	list, err := a.H.Training.Absences(ctx, a.H.DB, scope, since, 30)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	ids, groups := make([]id.ID, len(list)), make([]id.ID, len(list))
	for i, x := range list {
		ids[i], groups[i] = x.Person, x.Cohort
	}
	people, err := a.H.People.Of(ctx, a.H.DB, scope, ids)
	if err != nil {
		return nil, err
	}
	a.Shows(look.Listed, look.Absences, people...)
	names, err := a.H.Training.Names(ctx, a.H.DB, groups)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		i := slices.IndexFunc(people, func(p *person.Person) bool { return p.ID == x.Person })
		if i < 0 {
			continue
		}
		t := Task{Kind: "absences", Text: a.P.T("common.colon", "label", names[x.Cohort], "value", a.P.T("today.task.absences", "n", x.N)), Since: x.First[:10], URL: "/groups/" + x.Cohort.String() + "/absences/" + x.Person.String()}
		t.Who, _ = a.Names(people[i].Details)
		if x.Tries > 0 {
			t.Text += " · " + a.P.T("absence.tries", "n", x.Tries)
		}
		out = append(out, t)
	}
	return out, nil
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return w
}

func state(a *door.Ask, s *training.Session) string {
	now := a.H.Log.Clock.Now()
	switch hour := now.Format("15:04"); {
	case s.Taken():
		return "marked"
	case s.Starts > hour:
		return "later"
	case s.Ends == "" || s.Ends >= hour:
		return "now"
	}
	return "open"
}

// week draws this week's sessions, from Monday.
func week(a *door.Ask) (chart.WeekStrip, error) {
	now := a.H.Log.Clock.Now()
	monday := now.AddDate(0, 0, -int(now.Weekday()+6)%7)
	w := chart.WeekStrip{Title: a.P.T("today.week"), RTL: a.Lang.Dir() == "rtl"}
	list, err := a.H.Training.On(a.R.Context(), a.H.DB, a.Scope, monday.Format(time.DateOnly), monday.AddDate(0, 0, 6).Format(time.DateOnly), id.Nil, 200)
	if err != nil {
		return w, err
	}
	for i := range 7 {
		day := monday.AddDate(0, 0, i)
		iso := day.Format(time.DateOnly)
		d := chart.Day{Name: a.P.T(fmt.Sprintf("today.day.%d", day.Weekday())), Number: a.P.Number(int64(day.Day())), Today: iso == a.Today()}
		for _, s := range list {
			if s.Date == iso && s.Cancelled == "" && s.Starts != "" {
				d.Blocks = append(d.Blocks, chart.Block{From: minutes(s.Starts), To: minutes(s.Ends), Label: s.CohortName + ", " + a.P.DayMonth(iso) + " " + s.Starts, URL: "/sessions/" + s.ID.String(), Done: s.Taken(), Open: !s.Taken() && iso < a.Today()})
			}
		}
		w.Days = append(w.Days, d)
	}
	return w, nil
}

func minutes(clock string) int {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		return 0
	}
	return t.Hour()*60 + t.Minute()
}

func asked(a *door.Ask) (*training.Session, error) {
	v, err := a.ID("session")
	if err != nil {
		return nil, err
	}
	return a.H.Training.Session(a.R.Context(), a.H.DB, a.Scope, v)
}

// view fills the sheet of a session as it stands.
func view(a *door.Ask, s *training.Session) (Attendance, map[id.ID]string, error) {
	ctx := a.R.Context()
	v := Attendance{Group: s.CohortName, GroupURL: "/groups/" + s.Cohort.String(), Date: s.Date, From: s.Starts, To: s.Ends, Room: s.Room, Action: "/sessions/" + s.ID.String(), BackURL: "/today", Account: a.Actor().String()}
	if s.Title != "" {
		v.Lesson = i18n.Text{i18n.FR: s.Title}
	}
	switch {
	case s.Cancelled != "":
		v.Locked = a.P.T("attendance.cancelled")
	case s.Date > a.Today():
		v.Locked = a.P.T("attendance.not_yet")
	case !a.May(access.TakeAttendance):
		v.Locked = a.P.T("attendance.not_yours")
	}
	if a.May(access.Teach) {
		v.LessonURL, v.TeamsURL = v.Action+"/lesson", v.Action+"/teams"
	}
	if a.May(access.WriteGroups) && !s.Taken() {
		v.ChangeURL = v.Action + "/change"
	}
	if a.May(access.TakeAttendance) && s.Cancelled == "" && s.Date <= a.Today() {
		v.FeedbackURL = v.Action + "/feedback"
	}
	if v.Locked == "" && s.Date == a.Today() {
		v.DoorURL = v.Action + "/door"
	}
	if s.Cancelled == "" && a.May(access.TakeAttendance) {
		v.ScanURL = v.Action + "/scan"
	}
	if s.Conflict {
		v.Conflict = a.P.T("today.task.conflict")
	}
	marks, err := a.H.Training.MarksOf(ctx, a.H.DB, s.ID)
	if err != nil {
		return v, nil, err
	}
	roster, err := a.H.Training.Roster(ctx, a.H.DB, s.Cohort)
	if err != nil {
		return v, nil, err
	}
	var ids []id.ID
	for _, e := range roster {
		// Who left stays on the sheets they are on.
		if marks[e.Person] != "" || slices.Contains([]string{training.Enrolled, training.Active, training.Completed}, e.State) {
			ids = append(ids, e.Person)
		}
	}
	for p := range marks { // who was moved to another group since stays on the sheet too
		if !slices.Contains(ids, p) && !slices.ContainsFunc(roster, func(e training.Enrolment) bool { return e.Person == p }) {
			ids = append(ids, p)
		}
	}
	people, err := a.H.People.Of(ctx, a.H.DB, a.Scope, ids)
	if err != nil {
		return v, nil, err
	}
	a.Shows(look.Listed, look.Sheet, people...)
	tally, err := a.H.Training.Tally(ctx, a.H.DB, s.Cohort)
	if err != nil {
		return v, nil, err
	}
	lacks, err := a.H.Training.Lacking(ctx, a.H.DB, ids)
	if err != nil {
		return v, nil, err
	}
	h := sha256.New()
	for _, p := range people {
		l := Learner{ID: p.ID.String(), NoConsent: lacks[p.ID], Mark: words[marks[p.ID]], Absences: tally[p.ID].Absences}
		if a.May(access.ReadPeople) {
			l.URL = "/people/" + l.ID
		}
		if l.Absences < 2 {
			l.Absences = 0
		}
		l.Name, l.Other = a.Names(p.Details)
		v.Rows = append(v.Rows, l)
		fmt.Fprintln(h, p.ID, marks[p.ID])
	}
	v.Version = hex.EncodeToString(h.Sum(nil)[:8])
	if s.Taken() {
		v.Saved = a.P.T("attendance.taken", "n", s.Here(), "total", len(v.Rows))
	}
	return v, marks, nil
}

func sheet(a *door.Ask) error {
	s, err := asked(a)
	if err != nil {
		return err
	}
	v, _, err := view(a, s)
	if err != nil {
		return err
	}
	return a.Render("teach/attendance", v)
}

// saved answers the script of the sheet.
type saved struct {
	Saved   bool   `json:"saved"`
	Version string `json:"version"`
	Message string `json:"message"`
}

func sheetGiven(a *door.Ask) error {
	s, err := asked(a)
	if err != nil {
		return err
	}
	v, now, err := view(a, s)
	if err != nil {
		return err
	}
	if v.Locked != "" {
		return a.Render("teach/attendance", v)
	}
	rest := letters[a.R.FormValue("rest")]
	marks := map[id.ID]string{}
	for i, l := range v.Rows {
		p := id.MustParse(l.ID)
		m := letters[a.R.FormValue("mark_"+l.ID)]
		if m == "" && now[p] == "" && !l.NoConsent {
			m = rest
		}
		if l.NoConsent {
			m = now[p] // what was marked while the consent stood stays
		}
		if m != "" {
			marks[p] = m
			v.Rows[i].Mark = words[m]
		}
	}
	script := a.Script()
	if seen := a.R.FormValue("version"); seen != "" && seen != v.Version && !maps.Equal(marks, now) { // the same once more is no change
		// Somebody else saved meanwhile. What was typed here stands on the sheet; saving again says that it is meant.
		v.Conflict = a.P.T("attendance.changed")
		if script {
			return a.JSONStatus(http.StatusConflict, saved{false, v.Version, v.Conflict})
		}
		return a.Again("teach/attendance", v)
	}
	if err := a.H.Training.Take(a.R.Context(), a.Actor(), a.Scope, s.ID, marks, "list"); err != nil {
		return unmarked(a, err, v.Action)
	}
	if s, err = asked(a); err != nil {
		return err
	}
	if v, _, err = view(a, s); err != nil {
		return err
	}
	if script {
		return a.JSON(saved{true, v.Version, v.Saved})
	}
	a.Notify("good", "attendance.saved")
	return a.Go(v.Action)
}

// unmarked leads back to a sheet that could not be saved, and says why.
func unmarked(a *door.Ask, err error, to string) error {
	switch {
	case errors.Is(err, training.ErrCancelled):
		a.Notify("help", "attendance.cancelled")
	case errors.Is(err, training.ErrEarly):
		a.Notify("help", "attendance.not_yet")
	case errors.Is(err, training.ErrNotOnList):
		a.Notify("help", "attendance.not_on_list")
	default:
		return err
	}
	return a.Go(to)
}
