package web_test

import (
	"html"
	"net/url"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/training"
)

// Groups of two centres are drawn together by the forms, and everybody reads on each list which others the seed is for.
func TestJointDrawForms(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	day := func(date string) {
		at, err := time.Parse(time.DateOnly, date)
		must(t, err)
		n.clock.Set(at.Add(10 * time.Hour))
	}
	day("2026-03-02")
	n.programmeP(t)
	prog := programme.ID("P")
	phase := programme.PhaseID(prog, "1")
	var groups []id.ID
	for _, code := range []string{"MA-ERR-MJ1", "MA-AZI-MJ1"} {
		g, err := n.Training.OpenCohort(ctx, id.Nil, access.Everywhere(), training.CohortOpened{Name: "Groupe " + code, Programme: prog, Phase: phase, Centre: place.ID(code), Capacity: 1})
		must(t, err)
		groups = append(groups, g)
		for _, name := range []string{"Xanthippe", "Yolande"} {
			p, err := n.People.Register(ctx, id.Nil, place.ID(code), person.Details{"first_latin": name, "birth": "2015-01-06", "sex": "f"}, nil)
			must(t, err)
			n.agree(t, p, consent.Training)
			_, err = n.Training.OpenCohort(ctx, id.Nil, access.Everywhere(), training.CohortOpened{Name: "Autre", Programme: prog, Phase: phase, Centre: place.ID(code)})
			must(t, err)
		}
	}
	second := n.open(t, access.National, access.Place(place.ID("MA")), true)
	one := n.open(t, access.Centre, access.Place(place.ID("MA-ERR-MJ1")), true)
	form := url.Values{"phase": {phase.String()}, "closes": {"2026-03-10"}, "seed_on": {"2026-03-12"}, "source": {"Boules"}, "first": {"100"}, "group": {groups[0].String(), groups[1].String()}}
	with := func(field string, values ...string) url.Values {
		v := url.Values{}
		for k, l := range form {
			v[k] = l
		}
		v[field] = values
		return v
	}
	for what, v := range map[string]url.Values{"one group": with("group", groups[0].String()), "no phase": with("phase", id.New().String()), "a group of nobody": with("group", groups[0].String(), groups[1].String(), id.New().String()), "no source": with("source"), "no day": with("closes", "demain")} {
		if status, _, body := n.request(t, n.owner, "POST", "/draws/new", v); status != 422 || !strings.Contains(body, "error") {
			t.Errorf("%s: status %d", what, status)
		}
	}
	if status, _, _ := n.request(t, one, "POST", "/draws/new", form); status != 422 {
		t.Error("a manager draws another centre's group:", status)
	}
	_, _, body := n.request(t, n.owner, "GET", "/draws/new?phase="+phase.String(), nil)
	if !strings.Contains(body, groups[0].String()) || strings.Count(body, `name="group"`) != 2 {
		t.Error("the form does not offer the groups whose seats are counted, and those alone")
	}
	status, joint, _ := n.request(t, n.owner, "POST", "/draws/new", form)
	if status != 303 || !strings.HasPrefix(joint, "/joint/") {
		t.Fatal(status, joint)
	}
	for _, g := range groups {
		l, err := n.Training.Cohort(ctx, n.DB, access.Everywhere(), g, "")
		must(t, err)
		people, err := n.People.List(ctx, n.DB, access.At(l.Centre), person.Filter{})
		must(t, err)
		var ids []id.ID
		for _, p := range people.People {
			ids = append(ids, p.ID)
		}
		_, err = n.Training.Place(ctx, id.Nil, access.Everywhere(), g, ids, "2026-03-03")
		must(t, err)
	}
	// The page of a group leads to that of all.
	if _, _, body := n.request(t, one, "GET", "/groups/"+groups[0].String()+"/draw", nil); !strings.Contains(body, joint) {
		t.Error("the group's page does not lead to the joint draw")
	}
	if _, _, body := n.request(t, one, "GET", joint, nil); !strings.Contains(body, "Groupe MA-ERR-MJ1") || strings.Contains(body, "Groupe MA-AZI-MJ1") {
		t.Error("a manager sees the groups of another centre, or not the own one")
	}
	if status, _, _ := n.request(t, n.owner, "POST", joint+"/close", nil); status != 422 {
		t.Error("closed while people may apply:", status)
	}
	day("2026-03-11")
	if status, _, _ := n.request(t, n.owner, "POST", joint+"/close", nil); status != 303 {
		t.Error(status)
	}
	day("2026-03-12")
	if status, to, _ := n.request(t, one, "POST", "/groups/"+groups[0].String()+"/draw/seed", url.Values{"seed": {"99 99"}}); status != 303 || to != joint {
		t.Error("a seed of its own for one group:", status, to)
	}
	if status, _, body := n.request(t, n.owner, "POST", joint+"/seed", url.Values{"seed": {"?"}}); status != 422 || !strings.Contains(body, `value="?"`) {
		t.Error("no seed:", status)
	}
	if status, _, _ := n.request(t, n.owner, "POST", joint+"/seed", url.Values{"seed": {"07 12"}}); status != 303 {
		t.Error(status)
	}
	if status, _, _ := n.request(t, n.owner, "POST", joint+"/seed", url.Values{"seed": {"07 12"}}); status != 422 {
		t.Error("confirmed by the same:", status)
	}
	if status, _, _ := n.request(t, second, "POST", joint+"/seed", url.Values{"seed": {"07 12"}}); status != 303 {
		t.Error(status)
	}
	d, err := n.Training.DrawOf(ctx, n.DB, groups[0])
	must(t, err)
	_, _, body = n.request(t, nil, "GET", "/draws/"+d.ID.String(), nil)
	if body = html.UnescapeString(body); d.State != training.DrawHeld || !strings.Contains(body, "07 12") || !strings.Contains(body, "Groupe MA-AZI-MJ1") || strings.Contains(body, "Xanthippe") {
		t.Error("the public page does not tell the seed and the other lists, or tells a name:", d.State)
	}
	if status, _, _ := n.request(t, n.owner, "GET", "/joint/"+id.New().String(), nil); status != 404 {
		t.Error(status)
	}
}
