package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/training"
)

// A draw by its forms, from the announcement to the seats: each wrong step has its sentence, and everybody can read and check
// it without an account and without a name.
func TestDrawForms(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	day := func(date string) {
		at, err := time.Parse(time.DateOnly, date)
		must(t, err)
		n.clock.Set(at.Add(10 * time.Hour))
	}
	day("2026-03-02")
	fr := i18n.For(i18n.FR)
	_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}},
		Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 14}}})
	must(t, err)
	here, all, prog := place.ID("MA-ERR-MJ1"), access.Everywhere(), programme.ID("P")
	open := func(seats int) id.ID {
		g, err := n.Training.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: "Groupe tiré", Programme: prog, Phase: programme.PhaseID(prog, "1"), Centre: here, Capacity: seats})
		must(t, err)
		return g
	}
	g := open(1)
	var people []id.ID
	for _, name := range []string{"Xanthippe", "Yolande", "Zenobie"} {
		p, err := n.People.Register(ctx, id.Nil, here, person.Details{"first_latin": name, "birth": "2015-01-06", "sex": "f"}, nil)
		must(t, err)
		n.agree(t, p, consent.Training)
		people = append(people, p)
	}
	second := n.open(t, access.Centre, access.Place(here), true)
	self := "/groups/" + g.String()
	post := func(acc *access.Account, path string, pairs ...string) (int, string) {
		t.Helper()
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		status, _, body := n.request(t, acc, "POST", path, v)
		return status, html.UnescapeString(body)
	}
	get := func(acc *access.Account, path string) string {
		t.Helper()
		status, _, body := n.request(t, acc, "GET", path, nil)
		if status != 200 {
			t.Fatalf("%s: status %d", path, status)
		}
		return html.UnescapeString(body)
	}
	wrong := func(what string, status int, body, field, says string) {
		t.Helper()
		if status != 422 || !strings.Contains(body, says) || field != "" && !strings.Contains(body, `id="f-`+field+`-error"`) {
			t.Errorf("%s: status %d, and the sentence %q is there: %v", what, status, says, strings.Contains(body, says))
		}
	}
	announce := func(pairs ...string) []string {
		v := map[string]string{"closes": "2026-03-10", "seed_on": "2026-03-12", "source": "Boules tirées au centre", "first": "100", "out": "20", "rural": "", "girls": "20"}
		for i := 0; i < len(pairs); i += 2 {
			v[pairs[i]] = pairs[i+1]
		}
		var out []string
		for k, s := range v {
			out = append(out, k, s)
		}
		return out
	}
	unbounded := open(0)
	status, body := post(n.owner, "/groups/"+unbounded.String()+"/draw", announce()...)
	wrong("no seats", status, body, "", fr.T("draw.no_seats"))
	for what, c := range map[string]struct{ field, typed, says string }{
		"closed before today":  {"closes", "2026-03-01", fr.T("draw.closes_past")},
		"no day":               {"closes", "demain", fr.T("groups.date_wrong")},
		"a seed too far off":   {"seed_on", "9999-12-31", fr.T("draw.too_far")},
		"a seed while open":    {"seed_on", "2026-03-10", fr.T("draw.seed_before")},
		"a seed the day after": {"seed_on", "2026-03-11", fr.T("draw.seed_soon")},
		"no source":            {"source", " ", fr.T("draw.source_missing")},
		"a long source":        {"source", strings.Repeat("x", 301), fr.T("error.too_long", "n", 300)},
		"too many points":      {"first", "101", fr.T("draw.points_wrong", "max", 100)},
		"points in words":      {"out", "beaucoup", fr.T("draw.points_wrong", "max", 100)},
		"less than no points":  {"girls", "-1", fr.T("draw.points_wrong", "max", 100)},
	} {
		status, body := post(n.owner, self+"/draw", announce(c.field, c.typed)...)
		wrong(what, status, body, c.field, c.says)
		if typed := strings.TrimSpace(c.typed); typed != "" && !strings.Contains(body, `value="`+typed+`"`) {
			t.Errorf("%s: what was typed is gone", what)
		}
	}
	for _, step := range []string{"/draw/close", "/draw/seed", "/draw/cancel"} {
		if status, _ := post(n.owner, self+step); status != 303 {
			t.Errorf("%s without a draw: status %d", step, status)
		}
	}
	if status, _ := post(n.owner, self+"/draw", announce()...); status != 303 {
		t.Fatalf("announced: status %d", status)
	}
	status, body = post(n.owner, self+"/draw", announce()...)
	wrong("announced twice", status, body, "", fr.T("draw.already"))
	if !strings.Contains(body, `value="Boules tirées au centre"`) {
		t.Error("announced twice: what was typed is gone")
	}
	for _, p := range people[:2] {
		status, body := post(n.owner, self+"/add", "person", p.String())
		wrong("a seat by hand", status, body, "beyond", fr.T("draw.by_hand"))
		if status, _ := post(n.owner, self+"/add", "person", p.String(), "beyond", "wait"); status != 303 {
			t.Errorf("applied: status %d", status)
		}
	}
	if body := get(n.owner, self); !strings.Contains(body, fr.T("draw.by_hand")) || strings.Contains(body, self+"/refill") {
		t.Error("the group does not say that its seats are drawn")
	}
	status, body = post(n.owner, self+"/draw/close")
	wrong("closed too early", status, body, "", fr.T("draw.not_closed"))
	day("2026-03-12")
	status, body = post(n.owner, self+"/draw/close")
	wrong("closed when the seed may be known", status, body, "", fr.T("draw.missed"))
	day("2026-03-11")
	if status, _ := post(n.owner, self+"/draw/close"); status != 303 {
		t.Fatalf("closed: status %d", status)
	}
	status, body = post(n.owner, self+"/draw/seed", "seed", "07 12")
	wrong("a seed too early", status, body, "", fr.T("draw.seed_early"))
	status, body = post(n.owner, self+"/draw/cancel", "reason", "")
	wrong("cancelled for nothing", status, body, "reason", fr.T("error.reason_missing"))
	day("2026-03-12")
	status, body = post(n.owner, self+"/draw/cancel", "reason", "Travaux")
	wrong("cancelled when the seed may be known", status, body, "", fr.T("draw.seed_known"))
	if body := get(n.owner, self+"/draw"); strings.Contains(body, self+"/draw/cancel") {
		t.Error("a closed list can be given up on the day of the seed")
	}
	status, body = post(n.owner, self+"/draw/seed", "seed", "?!")
	wrong("no seed", status, body, "seed", fr.T("draw.seed_wrong"))
	if status, _ := post(n.owner, self+"/draw/seed", "seed", "55 66 77"); status != 303 {
		t.Fatalf("typed: status %d", status)
	}
	if body := get(second, self+"/draw"); strings.Contains(body, "55 66 77") {
		t.Error("the second person is shown what the first one typed")
	}
	status, body = post(second, self+"/draw/seed", "seed", "55 66 78")
	wrong("another seed", status, body, "seed", fr.T("draw.seed_other"))
	if status, _ := post(second, self+"/draw/seed", "seed", "55 66 77"); status != 303 {
		t.Fatalf("confirmed: status %d", status)
	}
	d, err := n.Training.DrawOf(ctx, n.DB, g)
	must(t, err)
	public := get(nil, "/draws/"+d.ID.String())
	list := get(nil, "/draws/"+d.ID.String()+"/list.txt")
	sum := sha256.Sum256([]byte(list))
	if !strings.Contains(public, hex.EncodeToString(sum[:])) || !strings.Contains(public, "55 66 77") || strings.Count(list, "\n") != 2 {
		t.Errorf("the list cannot be checked: %q", list)
	}
	for _, secret := range []string{"Xanthippe", "Yolande", people[0].String(), people[1].String()} {
		if strings.Contains(public+list+get(nil, "/draws"), secret) {
			t.Errorf("%s is public", secret)
		}
	}
	if body := get(n.owner, self+"/draw"); !strings.Contains(body, "Xanthippe") || !strings.Contains(body, "Yolande") {
		t.Error("staff do not see whose the numbers are")
	}
	if body := get(n.owner, self+"/draw/slips"); !strings.Contains(body, "Yolande") || !strings.Contains(body, i18n.For(i18n.AR).T("draw.slip", "n", 1)) {
		t.Error("a slip has no name or no number")
	}
	c, err := n.Training.Cohort(ctx, n.DB, all, g, "")
	must(t, err)
	if got := fmt.Sprint(c.Enrolled, c.Waiting); got != "1 1" {
		t.Errorf("seats and waiting: %s", got)
	}
	if status, _, _ := n.request(t, nil, "GET", "/draws/"+id.New().String(), nil); status != 404 {
		t.Errorf("no draw: status %d", status)
	}
	// Another is announced, called off, and says why to everybody.
	if status, _ := post(n.owner, self+"/draw", announce("closes", "2026-03-20", "seed_on", "2026-03-22")...); status != 303 {
		t.Fatalf("announced again: status %d", status)
	}
	if status, body := post(n.owner, self+"/refill"); status != 303 {
		t.Errorf("a refill: status %d %s", status, body)
	}
	other := open(2)
	_, err = n.Training.Place(ctx, id.Nil, all, other, people[2:], "2026-03-12")
	must(t, err)
	status, body = post(n.owner, "/groups/"+other.String()+"/move/"+people[2].String(), "to", g.String(), "why", "hours")
	wrong("moved into it", status, body, "to", fr.T("draw.by_hand"))
	if status, _ := post(n.owner, self+"/draw/cancel", "reason", "Travaux au centre"); status != 303 {
		t.Errorf("cancelled: status %d", status)
	}
	d, err = n.Training.DrawOf(ctx, n.DB, g)
	must(t, err)
	if d.State != training.DrawOff || !strings.Contains(get(nil, "/draws/"+d.ID.String()), "Travaux au centre") {
		t.Errorf("nobody reads why: %+v", d)
	}
}
