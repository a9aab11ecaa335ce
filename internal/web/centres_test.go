package web_test

import (
	"html"
	"net/url"
	"strings"
	"testing"

	"tizi/internal/access"
	"tizi/internal/agreement"
	"tizi/internal/centre"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// form posts a form and says whether it was kept (303) or sent back (422).
func (n *node) form(t *testing.T, acc *access.Account, path string, pairs ...string) (to, body string) {
	t.Helper()
	f := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	status, to, body := n.request(t, acc, "POST", path, f)
	switch {
	case status == 422:
		return "", body
	case status == 303:
		return to, body
	}
	t.Fatalf("POST %s: status %d", path, status)
	return "", ""
}

// TestCentre keeps a centre by its forms: what is wrong comes back with everything typed, and nothing is half saved.
func TestCentre(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		s := n.spot(t, "in", "MA-ERR-MJ1")
		acc := n.open(t, access.Centre, access.Place(s.centre), false)
		self := "/centres/" + s.centre.String()
		// back demands that a form comes back with what was typed in it.
		back := func(what, path string, pairs ...string) {
			t.Helper()
			facts, err := n.Log.Count(ctx, n.DB)
			must(t, err)
			to, body := n.form(t, acc, path, pairs...)
			if to != "" {
				t.Errorf("%s was taken", what)
				return
			}
			if !strings.Contains(body, `role="alert"`) {
				t.Errorf("%s: the page does not say what is wrong", what)
			}
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] != "state" && pairs[i+1] != "" && !strings.Contains(body, pairs[i+1]) {
					t.Errorf("%s: %q that was typed is gone", what, pairs[i+1])
				}
			}
			after, err := n.Log.Count(ctx, n.DB)
			must(t, err)
			if after != facts {
				t.Errorf("%s left %d facts", what, after-facts)
			}
		}
		kept := func(what, path string, pairs ...string) string {
			t.Helper()
			to, body := n.form(t, acc, path, pairs...)
			if to == "" {
				t.Errorf("%s came back: %s", what, body[strings.Index(body, "<main"):])
			}
			return to
		}
		back("a holder without a name", self+"/holders", "part", "host", "name", "", "since", "2026-03-02")
		back("a holder backwards", self+"/holders", "part", "host", "name", "Ministère", "since", "2026-03-02", "until", "2026-03-01")
		kept("a holder", self+"/holders", "part", "host", "name", "Ministère", "since", "٢٠٢٦-٠٣-٠٢")
		back("a room without seats", self+"/rooms/new", "name", "Salle claire", "seats", "beaucoup")
		kept("a room", self+"/rooms/new", "name", "Salle claire", "seats", "٢٤", "accessible", "yes")
		back("the room again", self+"/rooms/new", "name", "salle CLAIRE", "seats", "12")
		back("hours backwards", self+"/hours", "open_1_1", "18:00", "close_1_1", "09:00")
		back("hours that overlap", self+"/hours", "open_1_1", "09:00", "close_1_1", "12:00", "open_1_2", "11:00", "close_1_2", "18:00")
		back("no hour", self+"/hours", "open_1_1", "neuf", "close_1_1", "12:00")
		kept("hours", self+"/hours", "open_1_1", "9:00", "close_1_1", "١٢:٠٠", "access_from_2", "14:00", "access_to_2", "16:00")
		spans, _, err := n.Centres.Hours(ctx, n.DB, s.centre)
		must(t, err)
		if len(spans) != 2 || spans[0].From != "09:00" || spans[0].To != "12:00" || !spans[1].Access {
			t.Errorf("the week stands as %v", spans)
		}
		back("an exception backwards", self+"/exceptions", "on", "2026-04-02", "until", "2026-04-01", "why", "travaux")
		back("an exception without a reason", self+"/exceptions", "on", "2026-04-02")
		back("half an exception", self+"/exceptions", "on", "2026-04-02", "why", "travaux", "opens", "10:00")
		kept("an exception", self+"/exceptions", "on", "2026-04-02", "why", "travaux")
		kept("without it", self+"/exceptions/remove", "on", "2026-04-02")
		org, mandate := id.New(), id.New()
		must(t, n.Agreements.SetOrganisation(ctx, id.Nil, org, agreement.OrganisationDescribed{Name: i18n.Text{i18n.FR: "Fondation des sources"}, Type: "foundation"}))
		runs := n.agreedOn(t, "RUNS"+id.New().Hex(), id.New())
		must(t, n.Agreements.SetParty(ctx, id.Nil, agreement.PartyStated{Agreement: runs.agreement, Organisation: org, Role: "operator"}, id.Nil, true))
		must(t, n.Agreements.SetMandate(ctx, id.Nil, mandate, agreement.MandateGiven{Agreement: runs.agreement, Operator: org, Place: s.centre, From: "2026-01-01", To: "2029-12-31"}))
		kept("a holder who is known as an organisation", self+"/holders", "part", "operator", "name", "fondation des Sources", "since", "2026-03-02")
		if _, _, body := n.request(t, acc, "GET", self+"?lang=fr", nil); !strings.Contains(html.UnescapeString(body), i18n.For(i18n.FR).T("centres.mandate", "from", i18n.For(i18n.FR).Date("2026-01-01"), "to", i18n.For(i18n.FR).Date("2029-12-31"))) {
			t.Error("the mandate does not stand beside the holder")
		}
		kept("without the holder", self+"/holders/remove", "part", "host", "since", "2026-03-02")
		kept("a device", self+"/devices/new", "number", "PC 77", "kind", "laptop")
		back("its number again", self+"/devices/new", "number", "PC 77", "kind", "tablet")
		dev := self + "/devices/" + s.device.String()
		back("a loan to nobody", dev, "state", "lent", "due", "2026-03-20")
		back("a loan into the past", dev, "state", "lent", "who", s.person.String(), "due", "2026-01-01")
		back("a fault without words", dev, "state", "faulty", "what", "")
		kept("a loan", dev, "state", "lent", "who", s.person.String(), "due", "2026-03-20")
		back("what cannot be done with what is lent", dev, "state", "repair")
		if _, _, body := n.request(t, acc, "GET", dev, nil); !strings.Contains(body, "Pin") {
			t.Error("the page does not say who has the device")
		}
		kept("back", dev, "state", "ready")
		d, err := n.Centres.Device(ctx, n.DB, access.Everywhere(), s.device)
		must(t, err)
		if d.State != centre.Ready || !d.Person.IsNil() {
			t.Errorf("the device stands as %+v", d)
		}
		back("a round without stops", self+"/rounds/new", "name", "Vallée", "spot_1", "")
		back("a stop without a date", self+"/rounds/new", "name", "Vallée", "spot_1", "Souk", "date_1", "")
		kept("a round", self+"/rounds/new", "name", "Vallée", "spot_1", "Souk", "date_1", "2026-03-09", "from_1", "9:00", "to_1", "11:00")
		status, _, body := n.request(t, acc, "POST", self+"/rounds/new", url.Values{"name": {"Vallée"}, "spot_1": {"Souk"}, "more": {"1"}})
		if status != 200 || !strings.Contains(body, "Souk") || !strings.Contains(body, `name="spot_4"`) {
			t.Errorf("more lines: status %d", status)
		}
		if to := kept("a room of another", self+"/rooms/"+s.room.String(), "name", "Autre", "seats", "3", "closed", "yes"); to != self {
			t.Errorf("leads to %s", to)
		}
		// A trainer reads it, and finds no way to change it.
		trainer := n.open(t, access.Trainer, access.Place(s.centre), false)
		_, _, body = n.request(t, trainer, "GET", self, nil)
		if !strings.Contains(body, "Salle claire") || strings.Contains(body, self+"/rooms/") || strings.Contains(body, self+"/devices") {
			t.Error("what a trainer sees of the centre")
		}
		if status, _, _ := n.request(t, acc, "GET", "/centres/"+place.ID("MA-08").String(), nil); status != 404 {
			t.Errorf("a region as a centre: status %d", status)
		}
	})
}
