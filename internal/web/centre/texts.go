package centre

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person/list"
	"tizi/internal/sms"
	"tizi/internal/web/door"
)

func textRoutes(d *door.Door) {
	d.Handle("GET /texts", access.WriteGroups, sentTexts)
	d.Handle("POST /texts/test", access.RunNode, textTest)
}

// textsShown is how many texts stand on a page.
const textsShown = 50

func sentView(a *door.Ask, scope access.Scope) (Texts, error) {
	ctx, q := a.R.Context(), a.R.URL.Query()
	v := Texts{Plugged: a.H.Texts.Plugged(), Errors: map[string]string{}, State: q.Get("state")}
	if !slices.Contains(sms.States, v.State) {
		v.State = ""
	}
	var quiet []string
	for _, x := range a.H.Texts.QuietTimes() {
		s := a.P.T("texts.quiet_every", "from", x.From, "to", x.To)
		if len(x.Days) > 0 {
			var days []string
			for w := range 7 {
				if slices.ContainsFunc(x.Days, func(d string) bool { return strings.EqualFold(d, time.Weekday(w).String()) }) {
					days = append(days, a.P.Weekday(time.Weekday(w)))
				}
			}
			s = a.P.T("texts.quiet_days", "days", a.P.List(days), "from", x.From, "to", x.To)
		}
		quiet = append(quiet, s)
	}
	v.Quiet = a.P.List(quiet)
	if v.Plugged && a.May(access.RunNode) {
		run, err := a.ScopeOf(access.RunNode)
		if err != nil {
			return v, err
		}
		v.TestAction, v.Centres = "/texts/test", a.Centres(run)
	}
	counts, err := a.H.Texts.Counts(ctx, a.H.DB, scope)
	if err != nil {
		return v, err
	}
	for _, s := range door.TextStates(counts) {
		v.Counts = append(v.Counts, TextCount{s, door.With("/texts", "state", s.State)})
	}
	var before time.Time
	if ms, err := strconv.ParseInt(q.Get("before"), 10, 64); err == nil && ms > 0 {
		before = time.UnixMilli(ms)
	}
	kept, err := a.H.Texts.List(ctx, a.H.DB, scope, v.State, before, textsShown+1)
	if err != nil {
		return v, err
	}
	if v.Pager.Total = -1; len(kept) > textsShown {
		kept = kept[:textsShown]
		v.Pager.Next = door.With("/texts", "state", v.State, "before", strconv.FormatInt(kept[textsShown-1].Made.UnixMilli(), 10))
	}
	var persons, actors []id.ID
	for _, k := range kept {
		persons, actors = append(persons, k.Person), append(actors, k.Actor)
	}
	people, err := a.H.People.Of(ctx, a.H.DB, scope, slices.DeleteFunc(persons, id.ID.IsNil))
	if err != nil {
		return v, err
	}
	a.Shows(look.Listed, look.Messages, people...)
	called, who := map[id.ID]string{}, door.Names{}
	for _, p := range people {
		called[p.ID], _ = a.Names(p.Details)
	}
	if err := who.Load(a, actors); err != nil {
		return v, err
	}
	for _, k := range kept {
		row := TextRow{Name: called[k.Person], State: k.State, At: when(a, k.Made), By: who[k.Actor], Test: k.Person.IsNil(), Number: k.Number, Words: k.Words}
		switch {
		case row.Name != "":
			row.URL = "/people/" + k.Person.String()
		case !row.Test:
			row.Name, row.Number, row.Words = a.P.T("common.unknown"), "", ""
		}
		if k.State == sms.Waiting {
			next := a.H.Texts.Opens()
			if k.Due.After(next) {
				next = k.Due
			}
			row.Next, row.Tries = when(a, next), k.Tries
		}
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}

func sentTexts(a *door.Ask) error {
	v, err := sentView(a, a.Scope)
	if err != nil {
		return err
	}
	return a.Render("texts/list", v)
}

// textTest sends a text to a number that was typed, to see whether the gateway works.
func textTest(a *door.Ask) error {
	scope, err := a.ScopeOf(access.WriteGroups)
	if err != nil {
		return err
	}
	v, err := sentView(a, scope)
	if err != nil {
		return err
	}
	v.Number, v.Centre = a.R.PostFormValue("number"), a.R.PostFormValue("centre")
	centre := a.CentreOf(a.Scope, v.Centre)
	if centre.IsNil() {
		v.Errors["centre"] = a.P.T("people.centre_missing")
	}
	number, err := list.ParsePhone(v.Number)
	var f list.Fault
	if errors.As(err, &f) {
		v.Errors["number"] = a.Fault(f, v.Number)
	} else if err != nil {
		return err
	}
	if !v.Plugged {
		v.Errors["number"] = a.P.T("texts.no_gateway")
	}
	if len(v.Errors) > 0 {
		return a.Again("texts/list", v)
	}
	place, _ := a.PlaceName(centre).In(a.Lang)
	switch err := a.H.Texts.Test(a.R.Context(), a.Actor(), centre, number, a.P.T("texts.test_words", "centre", place)); {
	case err == nil:
		a.Notify("good", "texts.test_sent", "number", number)
		return a.Go("/texts")
	case errors.Is(err, sms.ErrNotTaken):
		v.Errors["number"] = a.P.T("texts.fault.failed")
	case errors.Is(err, sms.ErrRefused):
		v.Errors["number"] = a.P.T("texts.fault.refused")
	case errors.Is(err, sms.ErrUnsure):
		v.Errors["number"] = a.P.T("texts.fault.unsure")
	default:
		return err
	}
	return a.Again("texts/list", v)
}
