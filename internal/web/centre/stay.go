package centre

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/timetable"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func stayRoutes(d *door.Door) {
	d.Handle("GET /groups/{group}/move/{person}", access.WriteGroups, groupMove)
	d.Handle("POST /groups/{group}/move/{person}", access.WriteGroups, groupMoveGiven)
	d.Handle("GET /groups/{group}/absences/{person}", access.TakeAttendance, absences)
	d.Handle("POST /groups/{group}/absences/{person}", access.TakeAttendance, absencesGiven)
}

// coded are codes as choices, in words of the catalogue.
func coded(a *door.Ask, prefix string, codes []string) (out []shell.Option) {
	for _, c := range codes {
		out = append(out, shell.Option{Value: c, Label: a.P.T(prefix + c)})
	}
	return out
}

// overs are the reasons for a seat beyond the last.
func overs(a *door.Ask) []shell.Option {
	out := coded(a, "groups.", training.Overs)
	for i := range out {
		out[i].Label = a.P.T("groups.beyond_over", "why", out[i].Label)
	}
	return out
}

// hoursOf adds up what was held and planned of each subject of a group that catches up.
func hoursOf(c *training.Cohort, sessions []*training.Session) (out []SubjectRow) {
	if len(c.Subjects) == 0 {
		return nil
	}
	for _, subject := range append(slices.Clone(c.Subjects), "") {
		held, planned := 0, 0
		for _, s := range sessions {
			from, ok := timetable.Clock(s.Starts)
			to, ok2 := timetable.Clock(s.Ends)
			if s.Subject != subject || s.Cancelled != "" || !ok || !ok2 {
				continue
			}
			if planned += to - from; s.Taken() {
				held += to - from
			}
		}
		words := func(minutes int) string { return fmt.Sprintf("%d:%02d", minutes/60, minutes%60) }
		out = append(out, SubjectRow{subject, words(held), words(planned)})
	}
	return out
}

// movedRows are who was moved from a group to another.
func movedRows(a *door.Ask, group id.ID) ([]MovedRow, error) {
	ctx := a.R.Context()
	list, err := a.H.Training.MovedOut(ctx, a.H.DB, group)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	ids, groups := make([]id.ID, len(list)), make([]id.ID, len(list))
	for i, m := range list {
		ids[i], groups[i] = m.Person, m.Now
	}
	people, err := a.H.People.Of(ctx, a.H.DB, a.Scope, ids)
	if err != nil {
		return nil, err
	}
	a.Shows(look.Listed, look.Group, people...)
	names, err := a.H.Training.Names(ctx, a.H.DB, groups)
	if err != nil {
		return nil, err
	}
	own, err := a.ScopeOf(access.ReadGroups)
	if err != nil {
		return nil, err
	}
	var out []MovedRow
	for _, m := range list {
		i := slices.IndexFunc(people, func(p *person.Person) bool { return p.ID == m.Person })
		if i < 0 {
			continue
		}
		r := MovedRow{To: names[m.Now], On: m.On}
		r.Name, _ = a.Names(people[i].Details)
		if a.May(access.ReadPeople) {
			r.URL = "/people/" + m.Person.String()
		}
		if !m.Now.IsNil() && own.Has(people[i].Centre) {
			r.ToURL = "/groups/" + m.Now.String()
		}
		if m.Why != "" {
			r.Why = a.P.T("groups.moved." + m.Why)
		}
		out = append(out, r)
	}
	return out, nil
}

// groupsAt are the groups of a centre that are not over, without one, and how full they are.
func groupsAt(a *door.Ask, centre, without id.ID) (out []shell.Option, err error) {
	list, _, err := a.H.Training.Cohorts(a.R.Context(), a.H.DB, a.Scope, training.CohortFilter{Centre: centre, Size: 300}, a.Today())
	for _, g := range list {
		if st := stateOf(g, a.Today()); g.ID == without || st == "over" || st == "done" {
			continue
		}
		o := shell.Option{Value: g.ID.String(), Label: a.P.T("groups.enrolled_of", "group", g.Name, "n", g.Enrolled)}
		if g.Capacity > 0 {
			o.Label = a.P.T("groups.seats_of", "group", g.Name, "n", g.Enrolled, "total", g.Capacity)
		}
		out = append(out, o)
	}
	return out, err
}

func moveView(a *door.Ask) (*training.Cohort, id.ID, GroupMove, error) {
	c, err := askedGroup(a)
	if err != nil {
		return nil, id.Nil, GroupMove{}, err
	}
	p, err := askedPerson(a)
	if err != nil {
		return nil, id.Nil, GroupMove{}, err
	}
	v := GroupMove{Group: c.Name, GroupURL: "/groups/" + c.ID.String(), Whys: coded(a, "groups.moved.", training.Moves), Beyonds: overs(a), Action: a.R.URL.Path, Errors: map[string]string{}}
	v.Name, _ = a.Names(p.Details)
	v.Groups, err = groupsAt(a, c.Centre, c.ID)
	return c, p.ID, v, err
}

func groupMove(a *door.Ask) error {
	_, _, v, err := moveView(a)
	if err != nil {
		return err
	}
	return a.Render("groups/move", v)
}

func groupMoveGiven(a *door.Ask) error {
	c, p, v, err := moveView(a)
	if err != nil {
		return err
	}
	v.To, v.Why, v.Beyond = a.R.PostFormValue("to"), a.R.PostFormValue("why"), a.R.PostFormValue("beyond")
	if !shell.Offers(v.Groups, v.To) {
		v.Errors["to"] = a.P.T("groups.move_to_missing")
	}
	if !shell.Offers(v.Whys, v.Why) {
		v.Errors["why"] = a.P.T("groups.move_why_missing")
	}
	if v.Beyond != "" && !shell.Offers(v.Beyonds, v.Beyond) {
		v.Errors["beyond"] = a.P.T("groups.beyond_missing")
	}
	if len(v.Errors) > 0 {
		return a.Again("groups/move", v)
	}
	var no *training.RefusedError
	err = a.H.Training.Transfer(a.R.Context(), a.Actor(), a.Scope, c.ID, id.MustParse(v.To), p, v.Why, v.Beyond, a.Today())
	switch {
	case errors.As(err, &no):
		who, err := askedPerson(a)
		if err != nil {
			return err
		}
		v.Errors["to"] = a.P.T("eligible.move_refused", "why", strings.Join(a.Why(no.Version.Rule, no.Grounds, who.Details), " "))
	case errors.Is(err, training.ErrFull):
		v.Errors["beyond"] = a.P.T("groups.move_full")
	case errors.Is(err, training.ErrSeated):
		v.Errors["to"] = a.P.T("groups.move_seated")
	case errors.Is(err, training.ErrClosed):
		v.Errors["to"] = a.P.T("groups.closed")
	case errors.Is(err, training.ErrDraw):
		v.Errors["to"] = a.P.T("draw.by_hand")
	case errors.Is(err, training.ErrNoConsent):
		v.Errors["to"] = a.P.T("people.no_consent")
	case err != nil:
		return err
	}
	if len(v.Errors) > 0 {
		return a.Again("groups/move", v)
	}
	a.Notify("good", "groups.moved_done")
	return a.Go("/groups/" + v.To)
}

func absencesView(a *door.Ask) (*training.Cohort, id.ID, Absences, error) {
	ctx := a.R.Context()
	c, err := askedGroup(a)
	if err != nil {
		return nil, id.Nil, Absences{}, err
	}
	p, err := askedPerson(a)
	if err != nil {
		return nil, id.Nil, Absences{}, err
	}
	tally, err := a.H.Training.Tally(ctx, a.H.DB, c.ID)
	if err != nil {
		return nil, id.Nil, Absences{}, err
	}
	mine, in := tally[p.ID]
	if !in {
		return nil, id.Nil, Absences{}, training.ErrNoGroup // nobody was ever on a sheet of the group under this name
	}
	v := Absences{Group: c.Name, GroupURL: "/groups/" + c.ID.String(), InARow: mine.Absences, On: a.Today(), Hows: coded(a, "absence.how.", training.FollowWays), Outcomes: coded(a, "absence.outcome.", training.FollowOutcomes), Action: a.R.URL.Path, Errors: map[string]string{}}
	v.Name, v.Other = a.Names(p.Details)
	if a.May(access.WriteGroups) {
		v.LeaveURL = v.GroupURL + "/leave/" + p.ID.String()
	}
	came, err := a.H.Training.AttendanceOf(ctx, a.H.DB, a.Scope, p.ID, 100)
	if err != nil {
		return nil, id.Nil, v, err
	}
	for _, x := range came {
		if x.Cohort == c.ID && len(v.Lines) < 8 {
			v.Lines = append(v.Lines, AttendanceLine{On: x.Date, Group: x.Name, Mark: markWords[x.Mark], URL: "/sessions/" + x.Session.String()})
		}
	}
	if a.May(access.ReadPeople) {
		v.URL = "/people/" + p.ID.String()
		links, err := a.H.Family.GuardiansOf(ctx, a.H.DB, p.ID)
		if err != nil {
			return nil, id.Nil, v, err
		}
		for _, l := range links {
			v.Phones = append(v.Phones, Guardian{Name: l.Name, Phone: l.Phone})
		}
		if d := p.Details; len(links) == 0 && d["guardian_phone"] != "" {
			v.Phones = append(v.Phones, Guardian{Name: d["guardian_name"], Phone: d["guardian_phone"]})
		}
		if own := p.Details["phone"]; own != "" {
			v.Phones = append(v.Phones, Guardian{Name: v.Name, Phone: own})
		}
	}
	if err := a.H.Looks.Note(ctx, a.Actor(), look.Read, p.ID); err != nil {
		return nil, id.Nil, v, err
	}
	done, err := a.H.Training.FollowedUp(ctx, a.H.DB, c.ID, p.ID)
	if err != nil {
		return nil, id.Nil, v, err
	}
	names, err := staffNames(a)
	for _, f := range done {
		v.Done = append(v.Done, FollowedLine{f.On, f.How, f.Outcome, names[f.Actor]})
	}
	return c, p.ID, v, err
}

func absences(a *door.Ask) error {
	_, _, v, err := absencesView(a)
	if err != nil {
		return err
	}
	return a.Render("groups/absences", v)
}

func absencesGiven(a *door.Ask) error {
	c, p, v, err := absencesView(a)
	if err != nil {
		return err
	}
	v.How, v.Outcome, v.On = a.R.PostFormValue("how"), a.R.PostFormValue("outcome"), door.Digits(a.R.PostFormValue("on"))
	if !slices.Contains(training.FollowWays, v.How) {
		v.Errors["how"] = a.P.T("absence.how_missing")
	}
	if !slices.Contains(training.FollowOutcomes, v.Outcome) {
		v.Errors["outcome"] = a.P.T("absence.outcome_missing")
	}
	if !isDay(v.On) || v.On > a.Today() {
		v.Errors["on"] = a.P.T("absence.date_wrong")
	}
	if len(v.Errors) > 0 {
		return a.Again("groups/absences", v)
	}
	err = a.H.Training.Follow(a.R.Context(), a.Actor(), a.Scope, c.ID, p, v.How, v.Outcome, v.On)
	if errors.Is(err, training.ErrNotOnList) {
		v.Errors[""] = a.P.T("absence.none")
		return a.Again("groups/absences", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", "absence.saved")
	if v.Outcome == "leaves" && v.LeaveURL != "" {
		return a.Go(v.LeaveURL)
	}
	return a.Go("/today")
}
