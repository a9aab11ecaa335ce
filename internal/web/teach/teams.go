package teach

import (
	"slices"
	"strconv"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/progress"
	"tizi/internal/teaching"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func teamRoutes(d *door.Door) {
	d.Handle("GET /sessions/{session}/teams", access.Teach, teams)
	d.Handle("POST /sessions/{session}/teams", access.Teach, teamsGiven)
}

// teamsOf is the page of a session's small groups, with those who can be in one: who is here, or where nobody was marked yet, who has a
// seat in the group.
func teamsOf(a *door.Ask) (s *training.Session, here []id.ID, v Teams, err error) {
	ctx := a.R.Context()
	if s, err = asked(a); err != nil {
		return
	}
	self := "/sessions/" + s.ID.String()
	v = Teams{Group: s.CohortName, SheetURL: self, Date: s.Date, From: s.Starts, To: s.Ends, Action: self + "/teams", By: "size", N: "3", How: "mixed", Seed: id.New().Hex()[24:], Errors: map[string]string{}}
	for _, x := range teaching.SplitBy {
		v.Bys = append(v.Bys, shell.Option{Value: x, Label: a.P.T("teams.by." + x)})
	}
	for _, x := range teaching.SplitHow {
		v.Hows = append(v.Hows, shell.Option{Value: x, Label: a.P.T("teams.how." + x)})
	}
	if s.Cancelled != "" {
		v.Locked = a.P.T("attendance.cancelled")
	}
	marks, err := a.H.Training.MarksOf(ctx, a.H.DB, s.ID)
	if err != nil {
		return
	}
	roster, err := a.H.Training.Roster(ctx, a.H.DB, s.Cohort)
	if err != nil {
		return
	}
	var ids []id.ID
	for _, e := range roster {
		if learner.Seated(e) {
			ids = append(ids, e.Person)
		}
	}
	people, err := a.H.People.Of(ctx, a.H.DB, a.Scope, ids)
	if err != nil {
		return
	}
	a.Shows(look.Listed, look.Group, people...)
	made, err := a.H.Teaching.TeamsOf(ctx, a.H.DB, s.ID)
	if err != nil {
		return
	}
	ones, err := person.Ones(ctx, a.H.DB, ids)
	if err != nil {
		return
	}
	v.Made, v.Conflict = len(made.Of) > 0, made.Conflict
	for _, p := range people {
		m := TeamMember{ID: p.ID.String()}
		m.Name, _ = a.Names(p.Details)
		if mark := marks[p.ID]; mark != "" && !training.Here(mark) {
			v.Out = append(v.Out, m.Name)
			continue
		}
		here = append(here, p.ID)
		for _, r := range append(slices.Clone(ones[p.ID]), p.ID) { // they may have been put in under another record
			if n, ok := made.Of[r]; ok {
				m.Team = strconv.Itoa(n + 1)
			}
		}
		v.Members = append(v.Members, m)
	}
	v.sort()
	return
}

// sort puts the members under their small groups.
func (v *Teams) sort() {
	most := 0
	for _, m := range v.Members {
		n, _ := strconv.Atoi(m.Team)
		most = max(most, n)
	}
	v.Teams, v.Rest, v.Numbers = make([]TeamRow, 0, most), nil, nil
	for n := range most {
		t := TeamRow{N: n + 1}
		for _, m := range v.Members {
			if m.Team == strconv.Itoa(n+1) {
				t.Members = append(t.Members, m)
			}
		}
		if len(t.Members) > 0 {
			v.Teams = append(v.Teams, t)
		}
	}
	for _, m := range v.Members {
		if m.Team == "" {
			v.Rest = append(v.Rest, m)
		}
	}
	for n := range max(most, 1) + 1 { // one more than there are, to make another
		v.Numbers = append(v.Numbers, shell.Option{Value: strconv.Itoa(n + 1), Label: strconv.Itoa(n + 1)})
	}
}

func teams(a *door.Ask) error {
	_, _, v, err := teamsOf(a)
	if err != nil {
		return err
	}
	return a.Render("teach/teams", v)
}

// far is how far some learners of a group are: the steps that they have done in its courses.
func far(a *door.Ask, group id.ID, people []id.ID) ([]teaching.Member, error) {
	courses, err := read(a, group)
	if err != nil {
		return nil, err
	}
	out := make([]teaching.Member, len(people))
	for i, p := range people {
		out[i].ID = p
	}
	for _, r := range courses {
		done, err := a.H.Progress.Of(a.R.Context(), a.H.DB, people, r.Version.Code)
		if err != nil {
			return nil, err
		}
		for i, p := range people {
			for _, l := range r.Course.Lessons() {
				if at := done[p][l.Path()]; at != nil {
					out[i].Done += at.Count(progress.Steps(r.Version.Code, l, p))
				}
			}
		}
	}
	return out, nil
}

func teamsGiven(a *door.Ask) error {
	s, here, v, err := teamsOf(a)
	if err != nil {
		return err
	}
	again := func(field, sentence string) error {
		v.Errors[field] = sentence
		return a.Again("teach/teams", v)
	}
	if v.Locked != "" {
		return again("", v.Locked)
	}
	b := teaching.Teamed{Session: s.ID, Group: s.Cohort}
	do := a.R.PostFormValue("do")
	if do != "save" { // a form of its own, and what was typed into it stands
		v.By, v.N, v.How, v.Seed = a.R.PostFormValue("by"), a.R.PostFormValue("n"), a.R.PostFormValue("how"), a.R.PostFormValue("seed")
	}
	switch do {
	case "split":
		b.Split = teaching.Split{By: v.By, How: v.How, Seed: v.Seed}
		b.Split.N, err = strconv.Atoi(door.Digits(v.N))
		switch {
		case !slices.Contains(teaching.SplitBy, v.By):
			return again("by", a.P.T("teams.choose"))
		case err != nil || b.Split.N < 1 || b.Split.N > teaching.MaxSplit:
			return again("n", a.P.T("teams.number", "n", teaching.MaxSplit))
		case !slices.Contains(teaching.SplitHow, v.How):
			return again("how", a.P.T("teams.choose"))
		case b.Split.Check() != nil:
			return again("", a.P.T("teams.choose"))
		case len(here) < 2:
			return again("", a.P.T("teams.nobody"))
		}
		members, err := far(a, s.Cohort, here)
		if err != nil {
			return err
		}
		b.Teams = b.Split.Teams(members)
	case "save":
		by := map[int][]id.ID{}
		for i := range v.Members {
			m := &v.Members[i]
			typed := a.R.PostFormValue("team_" + m.ID)
			if typed == "" {
				m.Team = ""
				continue
			}
			n, err := strconv.Atoi(typed)
			if err != nil || n < 1 || n > len(v.Numbers) {
				return again("team_"+m.ID, a.P.T("teams.choose"))
			}
			m.Team = typed
			by[n] = append(by[n], here[i])
		}
		for n := range len(v.Numbers) {
			t := by[n+1]
			if len(t) == 1 {
				v.sort()
				return again("", a.P.T("teams.alone", "n", n+1))
			}
			if len(t) > 0 {
				b.Teams = append(b.Teams, t)
			}
		}
		if len(b.Teams) == 0 {
			v.sort()
			return again("", a.P.T("teams.none"))
		}
	default:
		return again("", a.P.T("teams.choose"))
	}
	if err := a.H.Teaching.Team(a.R.Context(), a.Actor(), s.Centre, b); err != nil {
		return err
	}
	a.Notify("good", "teams.kept")
	return a.Go("/sessions/" + s.ID.String() + "/teams")
}
