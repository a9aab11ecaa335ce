package centre

import (
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/lot"
	"tizi/internal/person"
	"tizi/internal/training"
	"tizi/internal/web/door"
)

func drawRoutes(d *door.Door) {
	d.Handle("GET /groups/{group}/draw", access.WriteGroups, groupDraw)
	d.Handle("POST /groups/{group}/draw", access.WriteGroups, groupDrawOpen)
	d.Handle("POST /groups/{group}/draw/close", access.WriteGroups, groupDrawClose)
	d.Handle("POST /groups/{group}/draw/seed", access.WriteGroups, groupDrawSeed)
	d.Handle("POST /groups/{group}/draw/cancel", access.WriteGroups, groupDrawCancel)
	d.Handle("GET /groups/{group}/draw/slips", access.WriteGroups, groupDrawSlips)
	d.Handle("GET /draws/new", access.WriteGroups, jointNew)
	d.Handle("POST /draws/new", access.WriteGroups, jointNewGiven)
	d.Handle("GET /joint/{joint}", access.WriteGroups, jointDraw)
	d.Handle("POST /joint/{joint}/close", access.WriteGroups, jointClose)
	d.Handle("POST /joint/{joint}/seed", access.WriteGroups, jointSeed)
	d.Handle("GET /draws", door.Public, draws)
	d.Handle("GET /draws/{draw}", door.Public, publicDraw)
	d.Handle("GET /draws/{draw}/list.txt", door.Public, drawList)
}

// maxDraws is how many draws the public list shows.
const maxDraws = 100

// drawing is what everybody may read of a draw.
func drawing(a *door.Ask, d *training.Draw) (Drawing, error) {
	ctx := a.R.Context()
	v := Drawing{Centre: a.PlaceName(d.Centre), State: d.State, Closes: d.Closes, SeedOn: d.SeedOn, Frozen: d.Frozen, Held: d.Held, Source: d.Source, Why: d.Why, Version: d.Rule.Version,
		Without: d.Without, Fewer: d.Fewer, Digest: d.Digest, Conflict: d.Conflict}
	for _, r := range []DrawRule{{"first", d.Rule.First}, {"out", d.Rule.Out}, {"rural", d.Rule.Rural}, {"girls", d.Rule.Girls}} {
		if r.Points > 0 {
			v.Rule = append(v.Rule, r)
		}
	}
	if d.State == training.DrawHeld {
		v.Seed = d.Seed
	}
	if d.Digest != "" {
		v.ListURL = "/draws/" + d.ID.String() + "/list.txt"
	}
	c, err := a.H.Training.Cohort(ctx, a.H.DB, access.Everywhere(), d.Cohort, a.Today())
	if err != nil {
		return v, err
	}
	v.Group = c.Name
	p, err := a.H.Programmes.Get(ctx, a.H.DB, c.Programme)
	if p != nil {
		v.Programme = p.Name
	}
	return v, err
}

// drawRows are the numbers of a draw: in its order once it is held, by number before.
func drawRows(v *Drawing, lots []training.Lot) (out []DrawRow) {
	for _, l := range lots {
		r := DrawRow{Number: l.Number, Points: l.Points, Place: l.Place, Tag: l.Tag}
		if v.Seed != "" {
			r.Lot = lot.Lot(v.Seed, l.Number)[:12]
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(x, y DrawRow) int { return x.Place - y.Place })
	if v.Applicants = len(out); len(out) > 0 {
		v.Sample = out[0].Number
	}
	return out
}

func draws(a *door.Ask) error {
	list, err := a.H.Training.Draws(a.R.Context(), a.H.DB, maxDraws)
	if err != nil {
		return err
	}
	v := Draws{}
	if a.Account != nil && a.May(access.WriteGroups) {
		v.NewURL = "/draws/new"
	}
	if v.Rows, err = drawLines(a, list); err != nil {
		return err
	}
	return a.Render("draws/list", v)
}

// drawLines are draws in a list, for everybody.
func drawLines(a *door.Ask, list []*training.Draw) (out []DrawLine, err error) {
	ids := make([]id.ID, len(list))
	for i, d := range list {
		ids[i] = d.Cohort
	}
	names, err := a.H.Training.Names(a.R.Context(), a.H.DB, ids)
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		out = append(out, DrawLine{Group: names[d.Cohort], URL: "/draws/" + d.ID.String(), State: d.State, Closes: d.Closes, Centre: a.PlaceName(d.Centre)})
	}
	return out, nil
}

func askedDraw(a *door.Ask) (*training.Draw, error) {
	v, err := a.ID("draw")
	if err != nil {
		return nil, err
	}
	return a.H.Training.Draw(a.R.Context(), a.H.DB, v)
}

func publicDraw(a *door.Ask) error {
	d, err := askedDraw(a)
	if err != nil {
		return err
	}
	v := PublicDraw{}
	if v.Drawing, err = drawing(a, d); err != nil {
		return err
	}
	lots, err := a.H.Training.Lots(a.R.Context(), a.H.DB, d.ID)
	if err != nil {
		return err
	}
	v.Rows = drawRows(&v.Drawing, lots)
	others, err := a.H.Training.JointDraws(a.R.Context(), a.H.DB, d.Joint)
	if err != nil {
		return err
	}
	if v.Together, err = drawLines(a, slices.DeleteFunc(others, func(o *training.Draw) bool { return o.ID == d.ID })); err != nil {
		return err
	}
	return a.Render("draws/draw", v)
}

// drawList is the list of a draw as its digest is of it.
func drawList(a *door.Ask) error {
	d, err := askedDraw(a)
	if err != nil {
		return err
	}
	if d.Digest == "" {
		return a.Go("/draws/" + d.ID.String())
	}
	lots, err := a.H.Training.Lots(a.R.Context(), a.H.DB, d.ID)
	if err != nil {
		return err
	}
	list := make([]lot.Entry, len(lots))
	for i, l := range lots {
		list[i] = l.Entry
	}
	a.W.Header().Set("Content-Type", "text/plain; charset=utf-8")
	a.W.WriteHeader(http.StatusOK)
	_, err = io.WriteString(a.W, lot.Text(list))
	return err
}

// drawView is the page of a group's draw as things stand.
func drawView(a *door.Ask) (*training.Cohort, *training.Draw, GroupDraw, error) {
	ctx := a.R.Context()
	v := GroupDraw{Errors: map[string]string{}}
	c, err := askedGroup(a)
	if err != nil {
		return nil, nil, v, err
	}
	self := "/groups/" + c.ID.String()
	v.Group, v.GroupURL, v.Action = c.Name, self, self+"/draw"
	v.Capacity, v.Free = c.Capacity, max(0, c.Capacity-c.Enrolled)
	waits, err := a.H.Training.Waiting(ctx, a.H.DB, c.ID)
	if err != nil {
		return nil, nil, v, err
	}
	v.Waiting, v.Pending = len(waits), c.Waiting-len(waits)
	d, err := a.H.Training.DrawOf(ctx, a.H.DB, c.ID)
	if err != nil {
		return nil, nil, v, err
	}
	v.Form = (d == nil || d.State == training.DrawHeld || d.State == training.DrawOff) && c.Capacity > 0 && !c.Closed
	if v.Form {
		proposedDraw(a, &v)
	}
	if d == nil {
		return c, nil, v, nil
	}
	if v.Drawing, err = drawing(a, d); err != nil {
		return nil, nil, v, err
	}
	v.Now, v.PublicURL = true, "/draws/"+d.ID.String()
	if d.Digest != "" {
		v.SlipsURL = self + "/draw/slips"
	}
	switch d.State {
	case training.DrawOpen:
		v.CancelAction = self + "/draw/cancel"
		if v.Missed = a.Today() >= d.SeedOn; a.Today() > d.Closes && !v.Missed {
			v.FreezeAction = self + "/draw/close"
		}
	case training.DrawClosed, training.DrawTyped:
		if d.State == training.DrawClosed && a.Today() < d.SeedOn {
			v.CancelAction = self + "/draw/cancel"
		}
		if a.Today() >= d.SeedOn {
			v.SeedAction = self + "/draw/seed"
		}
		v.Mine = d.State == training.DrawTyped && d.Typist == a.Actor()
		v.Confirms = d.State == training.DrawTyped && !v.Mine
		if v.Mine {
			v.SeedText = d.Seed
		}
	}
	if !d.Joint.IsNil() { // one seed for all of them, so it is typed once
		v.JointURL, v.FreezeAction, v.SeedAction = "/joint/"+d.Joint.String(), "", ""
	}
	lots, err := a.H.Training.Lots(ctx, a.H.DB, d.ID)
	if err != nil || len(lots) == 0 {
		return c, d, v, err
	}
	v.Rows = drawRows(&v.Drawing, lots)
	people, err := drawPeople(a, lots)
	if err != nil {
		return nil, nil, v, err
	}
	a.Shows(look.Listed, look.Group, people...)
	roster, err := a.H.Training.Roster(ctx, a.H.DB, c.ID)
	if err != nil {
		return nil, nil, v, err
	}
	state := map[id.ID]string{}
	for _, e := range roster {
		state[e.Person] = e.State
	}
	byID := map[id.ID]*person.Person{}
	for _, p := range people {
		byID[p.ID] = p
	}
	for i := range v.Rows {
		r := &v.Rows[i]
		who := lots[r.Number-1].Person
		r.State = state[who]
		r.Seat = slices.Contains([]string{training.Enrolled, training.Active, training.Completed}, r.State)
		if p := byID[who]; p != nil {
			r.Name, _ = a.Names(p.Details)
			r.URL = "/people/" + who.String()
		}
	}
	return c, d, v, nil
}

// drawPeople are the people on a list whom the reader may see.
func drawPeople(a *door.Ask, lots []training.Lot) ([]*person.Person, error) {
	ids := make([]id.ID, len(lots))
	for i, l := range lots {
		ids[i] = l.Person
	}
	return a.H.People.Of(a.R.Context(), a.H.DB, a.Scope, ids)
}

func groupDraw(a *door.Ask) error {
	_, _, v, err := drawView(a)
	if err != nil {
		return err
	}
	return a.Render("groups/draw", v)
}

// drawAnswer leads on after a step of a draw, or shows the page again with what is in the way.
func drawAnswer(a *door.Ask, v GroupDraw, err error, good string, args ...any) error {
	err = drawFault(a, &v, err)
	switch {
	case err != nil:
		return err
	case len(v.Errors) > 0:
		return a.Again("groups/draw", v)
	}
	a.Notify("good", good, args...)
	return a.Go(v.Action)
}

// drawFault puts the sentence of what is in the way of a step beside its field, and returns what is nobody's fault but ours.
func drawFault(a *door.Ask, v *GroupDraw, err error) error {
	known := map[bool]string{true: "draw.missed", false: "draw.seed_known"}[v.State == training.DrawOpen]
	for _, x := range []struct {
		err        error
		field, key string
	}{
		{training.ErrSeedKnown, "", known},
		{training.ErrDrawState, "", "draw.state_changed"}, {training.ErrNoSeats, "", "draw.no_seats"}, {training.ErrClosed, "", "groups.closed"}, {training.ErrNotClosed, "", "draw.not_closed"},
		{training.ErrNobody, "", "draw.nobody"}, {training.ErrJointPhase, "group", "draw.joint_few"}, {training.ErrTooMany, "", "draw.too_many"}, {training.ErrSeedEarly, "", "draw.seed_early"},
		{training.ErrSeedSoon, "seed_on", "draw.seed_soon"}, {training.ErrSeedOwn, "seed", "draw.seed_own"}, {training.ErrSeedOther, "seed", "draw.seed_other"}, {lot.ErrSeed, "seed", "draw.seed_wrong"},
	} {
		if errors.Is(err, x.err) {
			v.Errors[x.field], err = a.P.T(x.key, "n", training.MaxApplicants), nil
		}
	}
	return err
}

func groupDrawOpen(a *door.Ask) error {
	c, d, v, err := drawView(a)
	if err != nil {
		return err
	}
	switch {
	case d.Undecided():
		v.Errors[""] = a.P.T("draw.already")
	case !v.Form:
		v.Errors[""] = a.P.T("draw.no_seats")
	}
	v.Form = true // with what was typed, whatever is in the way
	b := typedDraw(a, &v)
	b.Cohort = c.ID
	if len(v.Errors) > 0 {
		return a.Again("groups/draw", v)
	}
	_, err = a.H.Training.OpenDraw(a.R.Context(), a.Actor(), a.Scope, b)
	return drawAnswer(a, v, err, "draw.opened")
}

// proposedDraw fills the form of a draw with what is proposed.
func proposedDraw(a *door.Ask, v *GroupDraw) {
	std := lot.Standard()
	v.First, v.Out, v.Rural, v.Girls = strconv.Itoa(std.First), strconv.Itoa(std.Out), strconv.Itoa(std.Rural), strconv.Itoa(std.Girls)
	if today, err := time.Parse(time.DateOnly, a.Today()); err == nil {
		v.ClosesOn, v.SeedDay = today.AddDate(0, 0, 14).Format(time.DateOnly), today.AddDate(0, 0, 17).Format(time.DateOnly)
	}
}

// typedDraw reads the form of a draw and says what is wrong with it.
func typedDraw(a *door.Ask, v *GroupDraw) training.DrawOpened {
	f := func(name string) string { return strings.TrimSpace(a.R.PostFormValue(name)) }
	v.ClosesOn, v.SeedDay, v.SourceText = f("closes"), f("seed_on"), f("source")
	b := training.DrawOpened{On: a.Today(), Closes: v.ClosesOn, SeedOn: v.SeedDay, Source: v.SourceText, Rule: lot.Rule{Version: lot.Version}}
	_, err1 := time.Parse(time.DateOnly, v.ClosesOn)
	_, err2 := time.Parse(time.DateOnly, v.SeedDay)
	latest := a.H.Log.Clock.Now().AddDate(1, 0, 0).Format(time.DateOnly) // what is later was mistyped, and would keep the seats
	switch {
	case err1 != nil:
		v.Errors["closes"] = a.P.T("groups.date_wrong")
	case v.ClosesOn < a.Today():
		v.Errors["closes"] = a.P.T("draw.closes_past")
	case v.ClosesOn > latest:
		v.Errors["closes"] = a.P.T("draw.too_far")
	}
	switch {
	case err2 != nil:
		v.Errors["seed_on"] = a.P.T("groups.date_wrong")
	case err1 == nil && v.SeedDay <= v.ClosesOn:
		v.Errors["seed_on"] = a.P.T("draw.seed_before")
	case err1 == nil && !training.DayBetween(v.ClosesOn, v.SeedDay):
		v.Errors["seed_on"] = a.P.T("draw.seed_soon")
	case v.SeedDay > latest:
		v.Errors["seed_on"] = a.P.T("draw.too_far")
	}
	switch {
	case v.SourceText == "":
		v.Errors["source"] = a.P.T("draw.source_missing")
	case len([]rune(v.SourceText)) > training.MaxDrawText:
		v.Errors["source"] = a.P.T("error.too_long", "n", training.MaxDrawText)
	}
	for _, x := range []struct {
		field string
		typed *string
		into  *int
	}{{"first", &v.First, &b.Rule.First}, {"out", &v.Out, &b.Rule.Out}, {"rural", &v.Rural, &b.Rule.Rural}, {"girls", &v.Girls, &b.Rule.Girls}} {
		if *x.typed = f(x.field); *x.typed == "" {
			continue // counts for nothing
		}
		n, err := strconv.Atoi(*x.typed)
		if *x.into = n; err != nil || n < 0 || n > lot.MaxPoints {
			v.Errors[x.field] = a.P.T("draw.points_wrong", "max", lot.MaxPoints)
		}
	}
	return b
}

// noDraw leads back where a group has no draw that could go on.
func noDraw(a *door.Ask, v GroupDraw) error {
	a.Notify("help", "draw.none_open")
	return a.Go(v.Action)
}

func groupDrawClose(a *door.Ask) error {
	_, d, v, err := drawView(a)
	if err != nil {
		return err
	}
	if d == nil {
		return noDraw(a, v)
	}
	if v.JointURL != "" {
		return a.Go(v.JointURL)
	}
	key := make([]byte, 32)
	rand.Read(key)
	return drawAnswer(a, v, a.H.Training.FreezeDraw(a.R.Context(), a.Actor(), a.Scope, d.ID, key, a.Today()), "draw.list_closed")
}

func groupDrawSeed(a *door.Ask) error {
	ctx := a.R.Context()
	_, d, v, err := drawView(a)
	if err != nil {
		return err
	}
	if d == nil {
		return noDraw(a, v)
	}
	if v.JointURL != "" {
		return a.Go(v.JointURL)
	}
	v.SeedText = strings.TrimSpace(a.R.PostFormValue("seed"))
	if v.Confirms {
		n, err := a.H.Training.ConfirmSeed(ctx, a.Actor(), a.Scope, d.ID, v.SeedText, a.Today())
		return drawAnswer(a, v, err, "draw.held_now", "n", n)
	}
	return drawAnswer(a, v, a.H.Training.TypeSeed(ctx, a.Actor(), a.Scope, d.ID, v.SeedText, a.Today()), "draw.seed_typed")
}

func groupDrawCancel(a *door.Ask) error {
	_, d, v, err := drawView(a)
	if err != nil {
		return err
	}
	if d == nil {
		return noDraw(a, v)
	}
	v.Reason = strings.TrimSpace(a.R.PostFormValue("reason"))
	switch n := len([]rune(v.Reason)); {
	case n == 0:
		v.Errors["reason"] = a.P.T("error.reason_missing")
	case n > training.MaxDrawText:
		v.Errors["reason"] = a.P.T("error.too_long", "n", training.MaxDrawText)
	}
	if len(v.Errors) > 0 {
		return a.Again("groups/draw", v)
	}
	return drawAnswer(a, v, a.H.Training.CancelDraw(a.R.Context(), a.Actor(), a.Scope, d.ID, v.Reason, a.Today()), "draw.cancelled_now")
}

// groupDrawSlips are sheets that applicants take along, in Arabic and in French.
func groupDrawSlips(a *door.Ask) error {
	ctx := a.R.Context()
	c, err := askedGroup(a)
	if err != nil {
		return err
	}
	v := Slips{Group: c.Name, GroupURL: "/groups/" + c.ID.String(), BackURL: "/groups/" + c.ID.String() + "/draw"}
	d, err := a.H.Training.DrawOf(ctx, a.H.DB, c.ID)
	if err != nil {
		return err
	}
	if d == nil || d.Digest == "" {
		a.Notify("help", "draw.no_slips")
		return a.Go(v.BackURL)
	}
	lots, err := a.H.Training.Lots(ctx, a.H.DB, d.ID)
	if err != nil {
		return err
	}
	people, err := drawPeople(a, lots)
	if err != nil {
		return err
	}
	a.Shows(look.Print, look.Group, people...)
	for _, l := range lots {
		i := slices.IndexFunc(people, func(p *person.Person) bool { return p.ID == l.Person })
		if i < 0 {
			continue
		}
		s := Slip{Number: l.Number, Tag: l.Tag}
		s.Name, _ = a.Names(people[i].Details)
		for _, lang := range []i18n.Lang{i18n.AR, i18n.FR} {
			p := i18n.For(lang)
			centre, _ := a.PlaceName(c.Centre).In(lang)
			s.Parts = append(s.Parts, SlipPart{Lang: string(lang), Dir: lang.Dir(), Title: p.T("draw.slip", "n", l.Number),
				Lines: []string{p.T("draw.slip_group", "group", c.Name, "centre", centre), p.T("draw.slip_when", "date", p.Date(d.SeedOn)), p.T("draw.slip_where", "address", a.R.Host+"/draws")}})
		}
		v.Rows = append(v.Rows, s)
	}
	return a.Render("groups/slips", v)
}
