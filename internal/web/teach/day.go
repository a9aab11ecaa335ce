package teach

import (
	"cmp"
	"slices"
	"time"

	"tizi/countries"
	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/centre"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/timetable"
	"tizi/internal/training"
	"tizi/internal/visit"
	"tizi/internal/web/door"
)

// Since is the screen teach/since: what others changed since the reader was here last.
type Since struct {
	// From is the ISO date of the last visit; "" where this is the first.
	From, At string
	Days     []SinceDay
	// More says that there is more than is told.
	More bool
	// TodayURL is the page before; empty for who has none.
	TodayURL string
	// Many is of a scope with too many centres to read each: where something came from.
	Many []i18n.Text
}

// SinceDay is a day of changes, the latest first.
type SinceDay struct {
	Date string
	Rows []SinceRow
}

// SinceRow is a change.
type SinceRow struct {
	Text, Who, At string
	Where         string // a group, a centre, a programme or an agreement
	WhereText     i18n.Text
	URL           string
}

// Day is the screen teach/day: a day of a centre on one page, to print.
type Day struct {
	Date, Prev, Next string // ISO dates
	Centre           i18n.Text
	Holiday          i18n.Text
	Hours            []string
	Closed           string // why the centre is closed; "-" where it never opens on that weekday
	Other            string // why it has other hours than in its week
	Conflict         bool   // two people stated its hours without seeing each other
	Sessions         []DaySession
	Tasks            []Task
	Stops            []DayStop
	PrevURL, NextURL string
}

// DaySession is a line of the day.
type DaySession struct {
	From, To, Room, Group string
	Trainers              []string
	Expected              int
	Cancelled             string // why, in words
	Notes                 []string
}

// DayStop is where a mobile unit is.
type DayStop struct{ Round, Spot, From, To string }

func dayRoutes(d *door.Door) {
	d.Handle("GET /since", access.ReadNews, since)
	d.Handle("GET /day", access.ReadGroups, day)
}

// fewCentres is up to how many centres the changes of each are read.
const fewCentres = 24

func since(a *door.Ask) error {
	ctx := a.R.Context()
	last, err := a.H.Visits.Here(ctx, a.Actor())
	if err != nil {
		return err
	}
	var v Since
	if a.May(access.ReadGroups) {
		v.TodayURL = "/today"
	}
	if last.IsZero() {
		return a.Render("teach/since", v)
	}
	last = last.Local()
	v.From, v.At = last.Format(time.DateOnly), last.Format("15:04")
	f := visit.Filter{Since: last, Account: a.Actor(), Commons: a.May(access.ReadBoard)}
	// The news are of what may be read anyway, each under its own action: that there are any opens nothing more.
	groups, err := a.ScopeOf(access.ReadGroups)
	if err != nil {
		return err
	}
	if !a.May(access.ReadGroups) {
		if err := outside(a, &f); err != nil {
			return err
		}
	} else if !groups.Whole() {
		f.Own, f.Commons = map[id.ID]bool{}, false
		mine, _, err := a.H.Training.Cohorts(ctx, a.H.DB, groups, training.CohortFilter{Size: 500}, v.From)
		if err != nil {
			return err
		}
		for _, c := range mine {
			f.Own[c.ID] = true
			if !slices.Contains(f.Centres, c.Centre) {
				f.Centres = append(f.Centres, c.Centre)
			}
		}
		if f.Commons = a.May(access.ReadAgreements); f.Commons { // who teaches, and speaks for a partner too
			if err := outside(a, &f); err != nil {
				return err
			}
		}
	} else {
		for _, c := range a.Tree.Of("centre") {
			if groups.Has(c.ID) {
				f.Centres = append(f.Centres, c.ID)
			}
		}
	}
	if len(f.Centres) > fewCentres {
		changed, err := a.H.Visits.Streams(ctx, a.H.DB, last, f.Centres)
		if err != nil {
			return err
		}
		for _, c := range changed {
			v.Many = append(v.Many, a.PlaceName(c))
		}
		f.Centres = nil
	}
	agreements := map[id.ID]i18n.Text{}
	if a.May(access.ReadAgreements) {
		scope, err := a.ScopeOf(access.ReadAgreements)
		if err != nil {
			return err
		}
		list, err := a.H.Agreements.Names(ctx, a.H.DB, scope)
		if err != nil {
			return err
		}
		for _, x := range list {
			agreements[x.ID] = x.Name
		}
		f.Agreed = func(x id.ID) bool { _, ok := agreements[x]; return ok }
	}
	list, more, err := a.H.Visits.Changes(ctx, a.H.DB, f)
	if err != nil {
		return err
	}
	const shown = 200
	v.More = more || len(list) > shown
	if err := sinceDays(a, &v, list[:min(len(list), shown)], agreements); err != nil {
		return err
	}
	return a.Render("teach/since", v)
}

// followed is how many activities are followed for who reads no groups, the latest ones.
const followed = 500

// outside narrows the news to what a partner, or an auditor without names, may read: programmes of which they read the numbers,
// and their activities.
func outside(a *door.Ask, f *visit.Filter) error {
	numbers, err := a.ScopeOf(access.ReadBoard)
	if err != nil {
		return err
	}
	// As on the board: whoever reads the numbers of places is told of all programmes, for all run there.
	f.Covers = func(p id.ID) bool { return numbers.Covers(p) || len(numbers.Centres()) > 0 }
	if !a.May(access.ReadActivities) {
		return nil
	}
	scope, err := a.ScopeOf(access.ReadActivities)
	if err != nil {
		return err
	}
	f.Activities, err = a.H.Activities.List(a.R.Context(), a.H.DB, scope, activity.Filter{}, followed)
	return err
}

func sinceDays(a *door.Ask, v *Since, list []visit.Change, agreements map[id.ID]i18n.Text) error {
	ctx := a.R.Context()
	var cohorts, held []id.ID
	for _, c := range list {
		cohorts = append(cohorts, c.Cohort)
		if !c.Activity.IsNil() {
			held = append(held, c.Activity)
		}
	}
	titles := map[id.ID]i18n.Text{}
	if len(held) > 0 && a.May(access.ReadActivities) {
		scope, err := a.ScopeOf(access.ReadActivities)
		if err != nil {
			return err
		}
		if titles, err = a.H.Activities.Titles(ctx, a.H.DB, scope, held); err != nil {
			return err
		}
	}
	staff := a.May(access.ReadGroups) || a.May(access.ReadAudit) // who may read who did what
	groups, err := a.H.Training.Names(ctx, a.H.DB, cohorts)
	if err != nil {
		return err
	}
	programmes, err := a.H.Programmes.List(ctx, a.H.DB)
	if err != nil {
		return err
	}
	who := door.Names{}
	for _, c := range list {
		row := SinceRow{Text: a.P.T("since."+c.What, "n", c.N), At: c.At.Format("15:04")}
		if staff {
			name, err := who.Of(a, c.Actor)
			if err != nil {
				return err
			}
			row.Who = cmp.Or(name, a.P.T("common.unknown"))
		}
		switch {
		case groups[c.Cohort] != "":
			row.Where, row.URL = groups[c.Cohort], "/groups/"+c.Cohort.String()
		case titles[c.Activity] != nil:
			row.WhereText, row.URL = titles[c.Activity], "/activities/"+c.Activity.String()
		case !c.Programme.IsNil():
			for _, p := range programmes {
				if p.ID == c.Programme {
					row.WhereText = p.Name
				}
			}
		case !c.Agreement.IsNil():
			tab := map[string]string{visit.Owed: "commitments", visit.Delivered: "commitments", visit.Judged: "commitments", visit.Mandates: "mandates", visit.Money: "money", visit.Decisions: "decisions", visit.Papers: "papers"}[c.What]
			row.URL = door.With("/agreements/"+c.Agreement.String(), "tab", tab)
			name, _ := agreements[c.Agreement].In(a.Lang)
			row.Where = cmp.Or(name, a.P.T("since.open"))
		case !c.Centre.IsNil() && len(a.Centres(a.Scope)) > 1:
			row.WhereText = a.PlaceName(c.Centre)
		}
		if n := len(v.Days); n == 0 || v.Days[n-1].Date != c.Day {
			v.Days = append(v.Days, SinceDay{Date: c.Day})
		}
		d := &v.Days[len(v.Days)-1]
		d.Rows = append(d.Rows, row)
	}
	return nil
}

func day(a *door.Ask) error {
	ctx := a.R.Context()
	v := Day{Date: a.Today()}
	if d := door.Digits(a.R.URL.Query().Get("date")); d != "" {
		if _, err := time.Parse(time.DateOnly, d); err == nil {
			v.Date = d
		}
	}
	at, _ := time.Parse(time.DateOnly, v.Date)
	v.Prev, v.Next = at.AddDate(0, 0, -1).Format(time.DateOnly), at.AddDate(0, 0, 1).Format(time.DateOnly)
	v.PrevURL, v.NextURL = door.With("/day", "date", v.Prev), door.With("/day", "date", v.Next)
	list, err := a.H.Training.On(ctx, a.H.DB, a.Scope, v.Date, v.Date, id.Nil, 200)
	if err != nil {
		return err
	}
	who, instead, err := a.H.Training.TrainersOf(ctx, a.H.DB, list)
	if err != nil {
		return err
	}
	var accounts []id.ID
	for _, l := range who {
		accounts = append(accounts, l...)
	}
	names := door.Names{}
	if err := names.Load(a, accounts); err != nil {
		return err
	}
	several := len(a.Centres(a.Scope)) > 1
	for _, s := range list {
		row := DaySession{From: s.Starts, To: s.Ends, Room: s.Room, Group: s.CohortName, Expected: s.Expected}
		if instead[s.ID] {
			row.Notes = append(row.Notes, a.P.T("day.stand_in"))
		}
		for _, t := range who[s.ID] {
			if names[t] != "" {
				row.Trainers = append(row.Trainers, names[t])
			}
		}
		if s.Cancelled != "" {
			row.Cancelled = a.P.T("day.cancelled")
			if slices.Contains(training.Causes, s.Cancelled) {
				row.Cancelled = a.P.T("session.cause." + s.Cancelled)
			}
		}
		if s.Was != "" {
			row.Notes = append(row.Notes, a.P.T("day.moved", "from", s.Was))
		}
		if several {
			where, _ := a.PlaceName(s.Centre).In(a.Lang)
			row.Notes = append(row.Notes, where)
		}
		v.Sessions = append(v.Sessions, row)
	}
	if a.May(access.ReadActivities) {
		if err := activities(a, &v, several); err != nil {
			return err
		}
	}
	slices.SortStableFunc(v.Sessions, func(x, y DaySession) int { return cmp.Compare(x.From, y.From) })
	if v.Date == a.Today() {
		if v.Tasks, err = absences(a, at.AddDate(0, 0, -missingSince).Format(time.DateOnly)); err != nil {
			return err
		}
	}
	if c, err := countries.Load(a.Country()); err == nil {
		for _, h := range c.Holidays {
			if h.On(v.Date) {
				v.Holiday = h.Name
			}
		}
	}
	if !several && a.May(access.ReadCentre) {
		if err := centreDay(a, &v, at); err != nil {
			return err
		}
	}
	return a.Render("teach/day", v)
}

// maxActivities bounds how many activities a day has on its sheet.
const maxActivities = 60

// activities adds the sessions of activities of the day.
func activities(a *door.Ask, v *Day, several bool) error {
	ctx := a.R.Context()
	scope, err := a.ScopeOf(access.ReadActivities)
	if err != nil {
		return err
	}
	list, err := a.H.Activities.On(ctx, a.H.DB, scope, v.Date, maxActivities)
	if err != nil || len(list) == 0 {
		return err
	}
	ids := make([]id.ID, len(list))
	for i, x := range list {
		ids[i] = x.ID
	}
	counts, err := a.H.Activities.Counts(ctx, a.H.DB, ids)
	if err != nil {
		return err
	}
	for _, x := range list {
		for _, s := range x.Sessions {
			if s.Date != v.Date {
				continue
			}
			row := DaySession{From: s.From, To: s.To, Room: cmp.Or(x.Venue, s.Room), Expected: counts[x.ID].Registered, Cancelled: x.Reason, Notes: []string{a.P.T("activity.kind." + x.Kind)}}
			row.Group, _ = x.Title.In(a.Lang)
			if several {
				where, _ := a.PlaceName(x.Centre).In(a.Lang)
				row.Notes = append(row.Notes, where)
			}
			v.Sessions = append(v.Sessions, row)
		}
	}
	return nil
}

// centreDay adds what belongs to the one centre of the scope.
func centreDay(a *door.Ask, v *Day, at time.Time) error {
	ctx := a.R.Context()
	scope, err := a.ScopeOf(access.ReadCentre)
	if err != nil {
		return err
	}
	var here *place.Place
	for _, c := range a.Tree.Of("centre") {
		if scope.Has(c.ID) {
			here = c
		}
	}
	if here == nil {
		return nil
	}
	v.Centre = here.Name
	hours, conflict, err := a.H.Centres.Hours(ctx, a.H.DB, here.ID)
	if err != nil {
		return err
	}
	except, err := a.H.Centres.Exceptions(ctx, a.H.DB, here.ID, v.Date)
	if err != nil {
		return err
	}
	v.Conflict = conflict
	if o, ok := timetable.OtherOn(centre.Others(except), v.Date); ok && o.From < o.To {
		v.Other, v.Hours = o.Why, []string{timetable.Hour(o.From) + "–" + timetable.Hour(o.To)}
	} else if ok {
		v.Closed = o.Why
	} else {
		for _, h := range hours {
			if h.Day != at.Weekday() {
				continue
			}
			s := h.From + "–" + h.To
			if h.Access {
				s = a.P.T("day.access", "hours", s)
			}
			v.Hours = append(v.Hours, s)
		}
		if len(hours) > 0 && len(v.Hours) == 0 {
			v.Closed = "-"
		}
	}
	rounds, err := a.H.Centres.Rounds(ctx, a.H.DB, here.ID, v.Date, false, 20)
	if err != nil {
		return err
	}
	for _, r := range rounds {
		if r.Cancelled != "" || v.Date < r.From || v.Date > r.To {
			continue
		}
		whole, err := a.H.Centres.Round(ctx, a.H.DB, here.ID, r.ID)
		if err != nil {
			return err
		}
		for _, s := range whole.Stops {
			if s.Date == v.Date {
				v.Stops = append(v.Stops, DayStop{Round: r.Name, Spot: s.Spot, From: s.From, To: s.To})
			}
		}
	}
	return nil
}
