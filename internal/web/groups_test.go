package web_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/centre"
	"tizi/internal/consent"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/training"
)

// crew is a node with a group, and somebody who manages its centre.
type crew struct {
	*node
	t   testing.TB
	s   spot
	acc *access.Account
	fr  *i18n.Printer
}

func newCrew(t testing.TB) *crew {
	n := serve(t, store.SQLite, nil)
	n.programmeP(t)
	s := n.spot(t, "in", "MA-ERR-MJ1")
	return &crew{n, t, s, n.open(t, access.Centre, access.Place(s.centre), true), i18n.For(i18n.FR)}
}

// on sets the clock to ten o'clock of a day.
func (c *crew) on(date string) {
	at, err := time.Parse(time.DateOnly, date)
	must(c.t, err)
	c.clock.Set(at.Add(10 * time.Hour))
}

// group opens a group of the spot's centre.
func (c *crew) group(name string, seats int) id.ID {
	c.t.Helper()
	g, err := c.Training.OpenCohort(ctx, id.Nil, access.Everywhere(), training.CohortOpened{Name: name, Programme: programme.ID("P"), Phase: programme.PhaseID(programme.ID("P"), "1"), Centre: c.s.centre, Capacity: seats})
	must(c.t, err)
	return g
}

// refuses demands that a form is refused with a sentence and writes nothing; what was typed is still there.
func (c *crew) refuses(path, key string, args []any, pairs ...string) {
	c.t.Helper()
	facts, err := c.Log.Count(ctx, c.DB)
	must(c.t, err)
	to, body := c.post(path, pairs...)
	after, err := c.Log.Count(ctx, c.DB)
	must(c.t, err)
	if to != "" || after != facts {
		c.t.Errorf("%s was taken: to %q, %d facts", path, to, after-facts)
	} else if !strings.Contains(body, c.fr.T(key, args...)) {
		c.t.Errorf("%s does not say %q", path, c.fr.T(key, args...))
	}
}

// takes demands that a form is taken.
func (c *crew) takes(path string, pairs ...string) string {
	c.t.Helper()
	to, _ := c.post(path, pairs...)
	if to == "" {
		c.t.Errorf("%s was refused", path)
	}
	return to
}

func (c *crew) post(path string, pairs ...string) (to, body string) {
	c.t.Helper()
	f := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f.Add(pairs[i], pairs[i+1])
	}
	status, to, body := c.request(c.t, c.acc, "POST", path, f)
	if status != 303 && status != 422 && status != 200 {
		c.t.Fatalf("POST %s: status %d", path, status)
	}
	return to, body
}

// reads demands that a page has a text, or has not.
func (c *crew) reads(path, text string, want bool) {
	c.t.Helper()
	status, _, body := c.request(c.t, c.acc, "GET", path, nil)
	if status != 200 || strings.Contains(body, text) != want {
		c.t.Errorf("%s: status %d, has %q: %v", path, status, text, !want)
	}
}

// A refusal is not left, and nobody is led to leave it.
func TestLeaveARefusal(t *testing.T) {
	c := newCrew(t)
	phase := c.refused(t, c.s)
	l, err := c.Training.OfPerson(ctx, c.DB, access.Everywhere(), c.s.person)
	must(t, err)
	for _, e := range l {
		if e.Phase == phase {
			leave := "/groups/" + e.Cohort.String() + "/leave/" + c.s.person.String()
			c.refuses(leave, "groups.leave_no_seat", nil, "reason", "moved")
			c.reads("/groups/"+e.Cohort.String(), leave, false)
		}
	}
}

// Who has a seat in another group is not put into a waiting list: the page says where the seat is, and the choice is kept.
func TestSeatElsewhere(t *testing.T) {
	c := newCrew(t)
	full := c.group("Complet", 1)
	c.agree(t, c.s.other, "training")
	c.takes("/groups/"+full.String()+"/add", "person", c.s.other.String())
	c.refuses("/groups/"+full.String()+"/add", "groups.seat_elsewhere", []any{"name", "Pin", "group", "G in"}, "person", c.s.person.String(), "beyond", "wait")
	_, body := c.post("/groups/"+full.String()+"/add", "person", c.s.person.String(), "beyond", "wait")
	if !strings.Contains(body, `value="`+c.s.person.String()+`" id="f-person" checked`) {
		t.Error("who was chosen is not chosen any more")
	}
}

// All trainers of a group are shown and stay; one who holds something else when it meets is refused with when and what, but
// not with the name of a group of a centre that the reader does not see.
func TestTrainersOfAGroup(t *testing.T) {
	c := newCrew(t)
	all := access.Everywhere()
	var who []*access.Account
	for range 3 {
		who = append(who, c.open(t, access.Trainer, access.Place(c.s.centre), false))
	}
	far := c.spot(t, "out", "MA-CAS-MJ1")
	must(t, c.Access.Grant(ctx, c.owner, who[2].ID, access.Trainer, access.Place(far.centre), false))
	must(t, c.Training.EditCohort(ctx, id.Nil, all, far.group, func(g *training.CohortOpened) { g.Trainers = []id.ID{who[2].ID} }))
	g := c.group("À plusieurs", 0)
	beside := c.group("À côté", 0)
	must(t, c.Training.EditCohort(ctx, id.Nil, all, beside, func(g *training.CohortOpened) { g.Trainers = []id.ID{who[1].ID} }))
	for _, x := range []id.ID{g, beside, far.group} {
		_, err := c.Training.Plan(ctx, id.Nil, all, x, training.Weekly{From: "2026-03-10", To: "2026-03-10", Days: []time.Weekday{time.Tuesday}, Starts: "10:00", Ends: "11:00"})
		must(t, err)
	}
	edit := "/groups/" + g.String() + "/edit"
	form := []string{"name", "À plusieurs", "capacity", "9", "from", "2026-01-05", "to", "2026-12-01"}
	ticks := func(accounts ...int) []string {
		out := slices.Clone(form)
		for _, i := range accounts {
			out = append(out, "trainer", who[i].ID.String())
		}
		return out
	}
	busy := []any{"n", 1}
	c.refuses(edit, "groups.trainer_busy", busy, ticks(0, 1)...)
	c.refuses(edit, "clash.trainer", []any{"name", who[1].Name, "group", "À côté"}, ticks(0, 1)...)
	c.refuses(edit, "clash.trainer_elsewhere", []any{"name", who[2].Name}, ticks(0, 2)...)
	_, body := c.post(edit, ticks(0, 2)...)
	if strings.Contains(body, "G out") || !strings.Contains(body, `value="`+who[2].ID.String()+`" checked`) {
		t.Error("a group of another centre is named, or who was ticked is not")
	}
	c.refuses(edit, "groups.trainer_unknown", nil, append(ticks(0), "trainer", id.New().String())...)
	second := c.open(t, access.Trainer, access.Place(c.s.centre), false)
	c.takes(edit, append(ticks(0), "trainer", second.ID.String())...)
	now, err := c.Training.Cohort(ctx, c.DB, all, g, "")
	must(t, err)
	if len(now.Trainers) != 2 {
		t.Errorf("of two trainers %d stay", len(now.Trainers))
	}
	session := training.SessionID(g, "2026-03-10", "10:00")
	change := "/sessions/" + session.String() + "/change"
	c.takes(change, "date", "2026-03-12", "from", "10:00", "to", "11:00", "why", "trainer", "trainer", who[0].ID.String(), "trainer", second.ID.String(), "despite", "yes")
	instead, err := c.Training.StandIns(ctx, c.DB, session)
	must(t, err)
	if len(instead) != 2 {
		t.Errorf("of two who stand in %d stay", len(instead))
	}
	// A week shows what a trainer holds at another centre, without its name.
	must(t, c.Training.EditCohort(ctx, id.Nil, all, far.group, func(g *training.CohortOpened) { g.Trainers = nil }))
	must(t, c.Training.EditCohort(ctx, id.Nil, all, c.s.group, func(g *training.CohortOpened) { g.Trainers = []id.ID{who[2].ID} }))
	for _, x := range []id.ID{c.s.group, far.group} {
		_, err := c.Training.Plan(ctx, id.Nil, all, x, training.Weekly{From: "2026-03-19", To: "2026-03-19", Days: []time.Weekday{time.Thursday}, Starts: "10:00", Ends: "11:00", Trainers: []id.ID{who[2].ID}})
		must(t, err)
	}
	c.reads("/timetable?week=2026-03-16", c.fr.T("clash.trainer_elsewhere", "name", who[2].Name), true)
	c.reads("/timetable?week=2026-03-16", "G out", false)
}

// The sheet of the day says when the centre is open on that very day, and a second stretch of other hours from the same day
// does not take the place of the first.
func TestDayOfOtherHours(t *testing.T) {
	c := newCrew(t)
	must(t, c.Centres.SetHours(ctx, id.Nil, access.Everywhere(), centre.HoursStated{Centre: c.s.centre, Spans: []centre.Span{{Day: time.Monday, From: "09:00", To: "18:00"}}}))
	except := "/centres/" + c.s.centre.String() + "/exceptions"
	c.takes(except, "on", "2026-03-03", "until", "2026-03-20", "why", "Ramadan", "opens", "10:00", "closes", "15:00")
	c.refuses(except, "centres.exception_taken", nil, "on", "2026-03-03", "until", "2026-03-05", "why", "Travaux")
	c.takes(except, "on", "2026-03-09", "why", "Travaux")
	_, err := c.Training.Plan(ctx, id.Nil, access.Everywhere(), c.group("Dehors", 5), training.Weekly{From: "2026-03-23", To: "2026-03-23", Days: []time.Weekday{time.Monday}, Starts: "10:00", Ends: "11:00", Despite: true})
	must(t, err)
	must(t, err)
	// What is planned then is said, on the timetable of its week.
	if to := c.takes(except, "on", "2026-03-23", "why", "Panne"); !strings.HasPrefix(to, "/timetable?") || !strings.Contains(to, "week=2026-03-23") {
		t.Errorf("a closure over a planned session leads to %s", to)
	}
	c.takes(except+"/remove", "on", "2026-03-23")
	for date, want := range map[string]string{"2026-03-23": "09:00–18:00", "2026-03-16": "10:00–15:00", "2026-03-24": c.fr.T("day.closed"), "2026-03-09": "Travaux"} {
		c.reads("/day?date="+date, want, true)
	}
	c.reads("/day?date=2026-03-09", c.fr.T("day.hours"), false)
	c.reads("/day?date=2026-03-16", "Ramadan", true)
}

// Seats that are not counted any more go to all who wait, and the page says how many got one.
func TestSeatsWithoutBound(t *testing.T) {
	c := newCrew(t)
	g := c.group("Complet", 1)
	var people []id.ID
	for _, name := range []string{"Xanthippe", "Yolande", "Zenobie"} {
		p, err := c.People.Register(ctx, id.Nil, c.s.centre, person.Details{"first_latin": name, "birth": "2015-01-06", "sex": "f"}, nil)
		must(t, err)
		c.agree(t, p, consent.Training)
		people = append(people, p)
	}
	_, err := c.Training.Place(ctx, id.Nil, access.Everywhere(), g, people, c.Today())
	must(t, err)
	c.takes("/groups/"+g.String()+"/edit", "name", "Complet", "capacity", "", "from", "2026-01-05", "to", "2026-12-01")
	now, err := c.Training.Cohort(ctx, c.DB, access.Everywhere(), g, "")
	must(t, err)
	if now.Enrolled != 3 || now.Waiting != 0 {
		t.Errorf("%d sit, %d wait", now.Enrolled, now.Waiting)
	}
}

// A session that was marked says of how many on its sheet who came, whoever joined the group since.
func TestMarkedSession(t *testing.T) {
	c := newCrew(t)
	self := "/groups/" + c.s.group.String() + "?tab=sessions" // one absent, of one
	c.agree(t, c.s.other, "training")
	c.takes("/groups/"+c.s.group.String()+"/add", "person", c.s.other.String())
	c.on("2026-03-02")
	c.reads(self, c.fr.T("common.of", "n", 0, "total", 2), true)
	c.on("2026-03-03")
	c.reads(self, c.fr.T("common.of", "n", 0, "total", 2), false)
	c.reads(self, `<td class="num">`+c.fr.T("common.of", "n", 0, "total", 1), true)
}

// Other days of a group, or of its phase, that leave out sessions are refused with the days of these.
func TestOtherDays(t *testing.T) {
	c := newCrew(t)
	edit, one := "/groups/"+c.s.group.String()+"/edit", c.fr.Date("2026-03-02")
	days := []any{"from", one, "to", one}
	c.refuses(edit, "groups.days_of_sessions", days, "name", "G in", "from", "2026-03-03", "to", "2026-12-01")
	c.refuses(edit, "groups.phase_days", nil, "name", "G in", "from", "2025-03-01", "to", "2026-12-01")
	c.takes(edit, "name", "G in", "from", "2026-03-01", "to", "2026-12-01")
	c.acc = c.owner
	phase := "/programmes/P/phases/" + programme.PhaseID(programme.ID("P"), "1").String()
	c.refuses(phase, "programmes.phase_sessions", days, "name_fr", "1", "from", "2026-03-03", "to", "2026-12-31")
	c.refuses(phase, "programmes.phase_groups", []any{"n", 1, "groups", "G in"}, "name_fr", "1", "from", "2026-03-02", "to", "2026-12-31")
	today := func(years int) string { return c.fr.Date(fmt.Sprint(2026+years) + c.Today()[4:]) }
	c.refuses(phase, "programmes.phase_far", []any{"from", today(-20), "to", today(20)}, "name_fr", "1", "from", "2026-03-01", "to", "9999-12-31")
	c.takes(phase, "name_fr", "1", "from", "2026-03-01", "to", "2026-12-31")
}

// A group is closed by its form: what is left to do is said, everybody has an outcome, and nothing is offered in it then but to open it
// again.
func TestCloseForm(t *testing.T) {
	c := newCrew(t)
	all := access.Everywhere()
	self := "/groups/" + c.s.group.String()
	c.agree(t, c.s.other, "training")
	must(t, second(c.Training.Place(ctx, id.Nil, all, c.s.group, []id.ID{c.s.other}, c.Today())))
	third, err := c.People.Register(ctx, id.Nil, c.s.centre, person.Details{"first_latin": "Xanthippe", "birth": "2015-01-06", "sex": "f"}, nil)
	must(t, err)
	must(t, second(c.Training.Place(ctx, id.Nil, all, c.s.group, []id.ID{third}, c.Today()))) // waits for a consent
	_, err = c.Training.Plan(ctx, id.Nil, all, c.s.group, training.Weekly{From: "2026-03-09", To: "2026-03-09", Days: []time.Weekday{time.Monday}, Starts: "10:00", Ends: "11:00"})
	must(t, err)
	must(t, c.Training.EditCohort(ctx, id.Nil, all, c.s.group, func(o *training.CohortOpened) { o.From, o.To = "2026-03-02", "2026-03-10" }))
	c.reads(self, self+"/close", false)
	c.reads(self+"/close", c.fr.T("groups.close_until", "date", c.fr.Date("2026-03-10")), true)
	c.refuses(self+"/close", "groups.close_coming", []any{"n", 1}, "despite", "yes")
	c.on("2026-03-10")
	c.reads(self, self+"/close", true)
	c.reads(self+"/close", c.fr.T("groups.close_waiting", "n", 1), true)
	one, other := "outcome_"+c.s.person.String(), "outcome_"+c.s.other.String()
	c.refuses(self+"/close", "groups.close_unmarked", []any{"n", 1}, one, "yes", other, "no")
	c.refuses(self+"/close", "groups.outcome_missing", []any{"name", "Qin"}, one, "yes", "despite", "yes")
	c.refuses(self+"/close", "groups.outcome_missing", []any{"name", "Pin"}, one, "perhaps", other, "no", "despite", "yes")
	c.takes(self+"/close", one, "yes", other, "no", "despite", "yes")
	for _, link := range []string{"/add", "/edit", "/session\"", "/close", "/leave/"} {
		c.reads(self, self+link, false)
	}
	c.reads(self, c.fr.T("groups.closed_on", "date", c.fr.Date("2026-03-10")), true)
	c.reads(self, c.fr.T("groups.leave_reason.unfinished"), true)
	c.reads("/groups", c.fr.T("groups.state.done"), true)
	for path, form := range map[string][]string{"/edit": {"name", "G in", "from", "2026-03-02", "to", "2026-03-10"}, "/add": {"person", third.String()}, "/session": {"date", "2026-03-10", "from", "10:00", "to", "11:00"}} {
		if to := c.takes(self+path, form...); to != self {
			t.Errorf("%s of a closed group leads to %q", path, to)
		}
	}
	c.refuses(self+"/leave/"+c.s.person.String(), "groups.closed", nil, "reason", "moved")
	c.refuses(self+"/close", "groups.closed", nil, one, "yes", other, "yes", "despite", "yes")
	if _, body := c.post(self+"/close", one, "yes", other, "yes", "despite", "yes"); !strings.Contains(body, `name="`+other+`" value="yes" checked`) {
		t.Error("closed by somebody else meanwhile: what was typed is gone")
	}
	c.takes(self + "/reopen")
	c.reads(self, self+"/edit", true)
	now, err := c.Training.Cohort(ctx, c.DB, all, c.s.group, "")
	must(t, err)
	if now.Closed || now.Enrolled != 2 {
		t.Errorf("opened again: %+v", now)
	}
}

// An activity stands in the week and on the day of its centre, and of a room it and a session want at once, the second is refused; who
// registered for one that is moved is told, by a notice.
func TestActivitiesInTheWeek(t *testing.T) {
	c := newCrew(t)
	all := access.Everywhere()
	room, err := c.Centres.SetRoom(ctx, id.Nil, all, id.Nil, centre.RoomDescribed{Centre: c.s.centre, Name: "Grande salle", Seats: 90})
	must(t, err)
	v, meeting := id.New(), id.New()
	a := activity.Stated{Programme: programme.ID("P"), Kind: "conference", Pillar: "training", Centre: c.s.centre, Title: i18n.Text{i18n.FR: "Robots"}, From: "2026-03-10", To: "2026-03-10", State: activity.Open, Sessions: []activity.Session{{ID: meeting, Date: "2026-03-10", From: "14:00", To: "16:00", Room: "grande salle"}}}
	must(t, c.Activities.Set(ctx, id.Nil, v, a))
	must(t, c.Centres.SetHours(ctx, id.Nil, all, centre.HoursStated{Centre: c.s.centre, Spans: []centre.Span{{Day: time.Tuesday, From: "08:00", To: "20:00"}}}))
	c.reads("/timetable?week=2026-03-09", "/activities/"+v.String(), true)
	c.reads("/timetable?week=2026-03-16", "Robots", false)
	c.reads("/day?date=2026-03-10", "Robots", true)
	c.reads("/day?date=2026-03-10", c.fr.T("activity.kind.conference"), true)
	c.reads("/day?date=2026-03-11", "Robots", false)
	plan := "/groups/" + c.s.group.String() + "/session"
	taken := []any{"room", "Grande salle", "group", "Robots"}
	c.refuses(plan, "clash.room", taken, "date", "2026-03-10", "from", "15:00", "to", "17:00", "room_id", room.String())
	c.takes(plan, "date", "2026-03-10", "from", "16:00", "to", "17:00", "room_id", room.String())
	edit := "/activities/" + v.String() + "/edit"
	form := func(date, from, to string) []string {
		return []string{"programme", programme.ID("P").String(), "kind", "conference", "pillar", "training", "centre", c.s.centre.String(), "title_fr", "Robots", "from", date, "to", date, "state", "open",
			"session_id_0", meeting.String(), "session_date_0", date, "session_from_0", from, "session_to_0", to, "session_room_0", "Grande salle"}
	}
	c.refuses(edit, "clash.room", []any{"room", "Grande salle", "group", "G in"}, form("2026-03-10", "15:30", "16:30")...)
	back := "/activities/" + v.String()
	if to := c.takes(edit, form("2026-03-10", "13:00", "15:00")...); to != back { // nobody is registered yet
		t.Errorf("moved leads to %q", to)
	}
	guest, err := c.Activities.Register(ctx, id.Nil, "", v, activity.Visitor{Name: "Guest", Mail: "guest@example.org", Agreed: true})
	must(t, err)
	if status, _, _ := c.request(t, c.acc, "GET", back+"/notice", nil); status != 404 {
		t.Errorf("a notice of nothing: status %d", status)
	}
	if to := c.takes(edit, form("2026-03-12", "13:00", "15:00")...); to != back+"/notice" {
		t.Errorf("moved with a guest leads to %q", to)
	}
	now, err := c.Activities.Get(ctx, c.DB, all, v)
	must(t, err)
	if now.Was != "2026-03-10 13:00" {
		t.Errorf("it was %q", now.Was)
	}
	c.reads(back+"/notice", c.fr.T("activity.notice_moved", "title", "Robots"), true)
	c.reads(back+"/notice", c.fr.T("notice.when", "day", c.fr.Date("2026-03-12"), "hour", "13:00"), true)
	c.reads(back+"/notice", "guest@example.org", true)
	must(t, c.Activities.Withdraw(ctx, id.Nil, guest.ID, "self"))
	c.reads(back+"/notice", "guest@example.org", false)
}

func second[T any](_ T, err error) error { return err }
