package web_test

import (
	"html"
	"net/url"
	"strings"
	"testing"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// Who comes to open access is counted once a day, by card or by name, and no number of a programme moves.
func TestOpenAccessByItsScreen(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		s, out := n.spot(t, "in", "MA-ERR-MJ1"), n.spot(t, "out", "MA-AZI-MJ1")
		here := place.ID("MA-ERR-MJ1")
		manager, helper, partner := n.open(t, access.Centre, access.Place(here), false), n.open(t, access.Helper, access.Place(here), false), n.open(t, access.Partner, access.Place(here), false)
		page := "/centres/" + here.String() + "/access"
		made, err := n.Cards.Make(ctx, n.owner.ID, access.Everywhere(), []id.ID{s.person, out.person})
		must(t, err)
		post := func(want int, says string, pairs ...string) string {
			t.Helper()
			v := url.Values{}
			for i := 0; i < len(pairs); i += 2 {
				v.Set(pairs[i], pairs[i+1])
			}
			status, _, body := n.request(t, helper, "POST", page, v)
			if body = html.UnescapeString(body); status != want || !strings.Contains(body, says) {
				t.Errorf("%v: status %d, and %q is there: %v", pairs, status, says, strings.Contains(body, says))
			}
			return body
		}
		visits := func() int {
			t.Helper()
			m, err := n.Centres.DropInMonths(ctx, n.DB, here, "2026-01-01")
			must(t, err)
			return m[n.Today()[:7]]
		}
		post(303, "", "code", made[0].Token)
		post(303, "", "code", made[0].Number) // again, and once all the same
		post(422, made[1].Number, "code", made[1].Number)
		post(422, "12345678", "code", "12345678")
		post(422, "", "code", " ")
		post(404, "", "person", s.other.String(), "q", "Qin") // a helper reads no lists of people
		if status, _, _ := n.request(t, partner, "GET", page, nil); status != 403 {
			t.Error("a partner sees who comes:", status)
		}
		if status, _, _ := n.request(t, manager, "GET", "/centres/"+out.centre.String()+"/access", nil); status != 404 {
			t.Error("another centre's:", status)
		}
		if got := visits(); got != 1 {
			t.Error(got, "visits")
		}
		_, _, body := n.request(t, manager, "GET", page+"?q=Qin", nil)
		if !strings.Contains(body, `name="person" value="`+s.other.String()) || !strings.Contains(body, "Pin") {
			t.Error("nobody is found by name, or who came is not shown")
		}
		if status, _, _ := n.request(t, manager, "POST", page, url.Values{"q": {"Qin"}, "person": {out.person.String()}}); status != 404 {
			t.Error("somebody who was not offered is counted:", status)
		}
		if status, _, _ := n.request(t, manager, "POST", page, url.Values{"q": {"Qin"}, "person": {s.other.String()}}); status != 303 {
			t.Error(status)
		}
		if got := visits(); got != 2 {
			t.Error(got, "visits")
		}
		if _, _, body := n.request(t, manager, "GET", "/centres/"+here.String(), nil); !strings.Contains(body, page) || !strings.Contains(body, `stat-value">2<`) {
			t.Error("the page of the centre does not say how many came")
		}
		post(303, "", "undo", s.person.String())
		post(303, "", "undo", s.person.String())
		if got := visits(); got != 1 {
			t.Error(got, "visits after one was taken back")
		}
		post(303, "", "code", made[0].Token) // and comes after all
		b, err := measure.Read(ctx, n.DB, access.Everywhere(), measure.Filter{Programme: programme.ID("P")})
		must(t, err)
		if b.Total.People != 0 || visits() != 2 {
			t.Error("a visit is counted as attendance, or lost:", b.Total, visits())
		}
		d, err := n.Dossier(ctx, access.Everywhere(), s.person)
		must(t, err)
		if len(d.Visits) != 1 || d.Visits[0].Where != "MA-ERR-MJ1" {
			t.Error(d.Visits)
		}
	})
}
