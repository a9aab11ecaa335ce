package centre

import (
	"cmp"
	"slices"
	"strings"

	"tizi/internal/id"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// maxJoint is how many groups are looked at for one draw.
const maxJoint = 500

// jointForm is the form of a draw of several groups: of which phase, and of that phase which groups.
func jointForm(a *door.Ask) (JointForm, error) {
	ctx := a.R.Context()
	v := JointForm{Phase: a.R.FormValue("phase")}
	v.Action, v.GroupURL, v.Errors = "/draws/new", "/draws", map[string]string{}
	programmes, err := a.H.Programmes.List(ctx, a.H.DB)
	if err != nil {
		return v, err
	}
	for _, p := range programmes {
		groups, _, err := a.H.Training.Cohorts(ctx, a.H.DB, a.Scope, training.CohortFilter{Programme: p.ID, Size: maxJoint}, a.Today())
		if err != nil {
			return v, err
		}
		groups = slices.DeleteFunc(groups, func(c *training.Cohort) bool { return c.Closed || c.Capacity == 0 })
		phases, err := a.H.Programmes.Phases(ctx, a.H.DB, p.ID)
		if err != nil {
			return v, err
		}
		for _, ph := range phases {
			var of []*training.Cohort
			for _, c := range groups {
				if c.Phase == ph.ID {
					of = append(of, c)
				}
			}
			if len(of) < 2 {
				continue
			}
			name, _ := p.Name.In(a.Lang)
			phase, _ := ph.Name.In(a.Lang)
			v.Phases = append(v.Phases, shell.Option{Value: ph.ID.String(), Label: name + " · " + phase})
			if v.Phase != ph.ID.String() {
				continue
			}
			for _, c := range of {
				d, err := a.H.Training.DrawOf(ctx, a.H.DB, c.ID)
				if err != nil {
					return v, err
				}
				if d.Undecided() {
					continue
				}
				g := JointGroup{ID: c.ID.String(), Name: c.Name, Centre: a.PlaceName(c.Centre), Free: max(0, c.Capacity-c.Enrolled), Waiting: c.Waiting}
				g.On = g.Waiting > g.Free
				v.Groups = append(v.Groups, g)
			}
		}
	}
	if !shell.Offers(v.Phases, v.Phase) {
		v.Phase = ""
	}
	proposedDraw(a, &v.GroupDraw)
	return v, nil
}

func jointNew(a *door.Ask) error {
	v, err := jointForm(a)
	if err != nil {
		return err
	}
	return a.Render("draws/new", v)
}

func jointNewGiven(a *door.Ask) error {
	v, err := jointForm(a)
	if err != nil {
		return err
	}
	if v.Phase == "" {
		v.Errors["phase"] = a.P.T("draw.joint_phase_missing")
		return a.Again("draws/new", v)
	}
	b := typedDraw(a, &v.GroupDraw)
	typed := a.R.PostForm["group"]
	var groups []id.ID
	for i := range v.Groups {
		if g := &v.Groups[i]; slices.Contains(typed, g.ID) {
			g.On = true
			groups = append(groups, id.MustParse(g.ID))
		} else {
			g.On = false
		}
	}
	switch {
	case slices.ContainsFunc(typed, func(s string) bool {
		return !slices.ContainsFunc(v.Groups, func(g JointGroup) bool { return g.ID == s })
	}):
		v.Errors["group"] = a.P.T("draw.joint_changed")
	case len(groups) < 2:
		v.Errors["group"] = a.P.T("draw.joint_few")
	}
	if len(v.Errors) > 0 {
		return a.Again("draws/new", v)
	}
	joint, err := a.H.Training.OpenJoint(a.R.Context(), a.Actor(), a.Scope, groups, b)
	if err = drawFault(a, &v.GroupDraw, err); err != nil {
		return err
	}
	if len(v.Errors) > 0 {
		return a.Again("draws/new", v)
	}
	a.Notify("good", "draw.joint_opened", "n", len(groups))
	return a.Go("/joint/" + joint.String())
}

// jointView is a joint draw as things stand, as far as the reader's centres go.
func jointView(a *door.Ask) (id.ID, JointDraw, error) {
	ctx := a.R.Context()
	v := JointDraw{Errors: map[string]string{}}
	joint, err := a.ID("joint")
	if err != nil {
		return joint, v, err
	}
	list, err := a.H.Training.JointDraws(ctx, a.H.DB, joint)
	if err != nil {
		return joint, v, err
	}
	list = slices.DeleteFunc(list, func(d *training.Draw) bool { return !a.Scope.Has(d.Centre) })
	if len(list) == 0 {
		return joint, v, training.ErrNoDraw
	}
	lines, err := drawLines(a, list)
	if err != nil {
		return joint, v, err
	}
	// The draws are of one rule and the same days: the first says them for all. How far they are together is what is left to do.
	if v.Drawing, err = drawing(a, list[0]); err != nil {
		return joint, v, err
	}
	v.Digest, v.Seed, v.Without, v.Fewer = "", "", 0, false
	self, today := "/joint/"+joint.String(), a.Today()
	steps := []string{training.DrawOpen, training.DrawClosed, training.DrawTyped, training.DrawHeld, training.DrawOff}
	v.State = training.DrawOff
	for i, d := range list {
		c, err := a.H.Training.Cohort(ctx, a.H.DB, a.Scope, d.Cohort, today)
		if err != nil {
			return joint, v, err
		}
		v.Rows = append(v.Rows, JointRow{lines[i], "/groups/" + d.Cohort.String() + "/draw", c.Capacity, c.Enrolled, c.Waiting})
		if slices.Index(steps, d.State) < slices.Index(steps, v.State) {
			v.State = d.State
		}
		switch {
		case d.State == training.DrawOpen && today > d.Closes && today < d.SeedOn:
			v.CloseAction = self + "/close"
		case d.State == training.DrawTyped && d.Typist == a.Actor():
			v.Mine, v.SeedText = true, d.Seed
		case d.State == training.DrawTyped:
			v.Confirms = true
		}
		if (d.State == training.DrawClosed || d.State == training.DrawTyped) && today >= d.SeedOn {
			v.SeedAction = self + "/seed"
		}
	}
	slices.SortStableFunc(v.Rows, func(x, y JointRow) int {
		cx, _ := x.Centre.In(a.Lang)
		cy, _ := y.Centre.In(a.Lang)
		return cmp.Or(strings.Compare(cx, cy), strings.Compare(x.Group, y.Group))
	})
	return joint, v, nil
}

func jointDraw(a *door.Ask) error {
	_, v, err := jointView(a)
	if err != nil {
		return err
	}
	return a.Render("draws/joint", v)
}

// jointAnswer leads on after a step of a joint draw, or shows the page again with what is in the way.
func jointAnswer(a *door.Ask, joint id.ID, v JointDraw, err error, good string, args ...any) error {
	g := GroupDraw{Drawing: v.Drawing, Errors: v.Errors}
	if err := drawFault(a, &g, err); err != nil {
		return err
	}
	if len(v.Errors) > 0 {
		return a.Again("draws/joint", v)
	}
	a.Notify("good", good, args...)
	return a.Go("/joint/" + joint.String())
}

func jointClose(a *door.Ask) error {
	joint, v, err := jointView(a)
	if err != nil {
		return err
	}
	closed, empty, err := a.H.Training.FreezeJoint(a.R.Context(), a.Actor(), a.Scope, joint, a.Today())
	if err == nil && closed == 0 {
		err = training.ErrDrawState
		if empty > 0 {
			err = training.ErrNobody
		}
	}
	if err == nil && empty > 0 {
		a.Notify("wait", "draw.joint_empty", "n", empty)
	}
	return jointAnswer(a, joint, v, err, "draw.joint_closed", "n", closed)
}

func jointSeed(a *door.Ask) error {
	joint, v, err := jointView(a)
	if err != nil {
		return err
	}
	v.SeedText = strings.TrimSpace(a.R.PostFormValue("seed"))
	typed, held, given, err := a.H.Training.SeedJoint(a.R.Context(), a.Actor(), a.Scope, joint, v.SeedText, a.Today())
	if err == nil && held > 0 {
		return jointAnswer(a, joint, v, nil, "draw.held_now", "n", given)
	}
	return jointAnswer(a, joint, v, err, "draw.joint_typed", "n", typed)
}
