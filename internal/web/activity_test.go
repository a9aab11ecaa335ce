package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

func visitorForm(name, phone string) url.Values {
	return url.Values{"name": {name}, "phone": {phone}, "sex": {"f"}, "birth": {"1999"}, "situation": {"graduate"}, "agreed": {"yes"}}
}

// An activity is made, opened, registered for by the public, and held, by its screens alone.
func TestActivityByItsScreens(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		here := place.ID("MA-ERR-MJ1")
		manager, helper := n.open(t, access.Centre, access.Place(here), false), n.open(t, access.Helper, access.Place(here), false)
		v := id.New().String()
		form := url.Values{"title_fr": {"Masterclass Xylo"}, "title_ar": {"ماستر كلاس"}, "kind": {"masterclass"}, "pillar": {"training"}, "programme": {programme.ID("P").String()}, "centre": {here.String()}, "from": {n.Today()}, "to": {n.Today()},
			"state": {"open"}, "capacity": {"1"}, "fee": {"50"}, "session_id_0": {id.New().String()}, "session_date_0": {"2020-01-01"}, "session_from_0": {"09:00"}, "session_to_0": {"12:00"}}
		edit := "/activities/" + v + "/edit?new=1"
		status, _, body := n.request(t, manager, "POST", edit, form)
		if status != 422 || !strings.Contains(body, "Masterclass Xylo") || !strings.Contains(body, `id="f-session_date_0-error"`) {
			t.Fatalf("a session outside of the activity: status %d", status)
		}
		form.Set("session_date_0", n.Today())
		for name, bad := range map[string]string{"kind": "party", "centre": id.New().String(), "state": "lost", "hosts": id.New().String(), "agreement": id.New().String(), "capacity": "many"} {
			f := url.Values{}
			for k, l := range form {
				f[k] = l
			}
			f.Set(name, bad)
			if status, _, _ := n.request(t, manager, "POST", edit, f); status != 422 {
				t.Errorf("%s=%s: status %d", name, bad, status)
			}
		}
		if status, to, body := n.request(t, manager, "POST", edit, form); status != 303 || to != "/activities/"+v {
			t.Fatal(status, to, body)
		}
		event := "/events/" + v
		if _, _, body := n.request(t, nil, "GET", "/events", nil); !strings.Contains(body, event) || !strings.Contains(body, "50 MAD") {
			t.Error("the list of open activities does not show it")
		}
		minor := visitorForm("Zahra Quasimoda", "0611111111")
		minor.Set("birth", "2012")
		if status, _, body := n.request(t, nil, "POST", event, minor); status != 422 || !strings.Contains(body, "Zahra Quasimoda") || !strings.Contains(body, "f-guardian_name-error") {
			t.Errorf("a minor without a guardian: status %d", status)
		}
		register := func(name, phone string) string {
			t.Helper()
			status, to, body := n.request(t, nil, "POST", event, visitorForm(name, phone))
			if status != 303 || !strings.HasPrefix(to, "/registrations/") {
				t.Fatal(status, to, body)
			}
			return strings.TrimPrefix(to, "/registrations/")
		}
		first, second := register("Zahra Quasimoda", "0611111111"), register("Hiba Wombat", "0622222222")
		if again := register("zahra  QUASIMODA", "+212611111111"); again != first {
			t.Error("registering twice is two registrations")
		}
		// Nobody learns who else is registered.
		for _, path := range []string{event, "/events", "/registrations/" + first, "/registrations/" + second} {
			_, _, body := n.request(t, nil, "GET", path, nil)
			for _, secret := range []string{"Quasimoda", "Wombat", "611111111"} {
				if strings.Contains(body, secret) {
					t.Errorf("%s tells %s", path, secret)
				}
			}
		}
		if _, _, body := n.request(t, nil, "GET", "/registrations/"+second, nil); !strings.Contains(body, "liste d’attente") || !strings.Contains(body, "<svg") {
			t.Error("who waits is not told so")
		}
		if status, to, _ := n.request(t, nil, "GET", "/registrations?code="+url.QueryEscape(strings.ToLower(strings.ReplaceAll(second, "-", " "))), nil); status != 303 || to != "/registrations/"+second {
			t.Error("a code as typed is not found", status, to)
		}
		if status, _, _ := n.request(t, nil, "GET", "/registrations?code=2222-2222", nil); status != 422 {
			t.Error("a code that there is not:", status)
		}
		// The first cancels, and the second has the seat.
		if status, _, _ := n.request(t, nil, "POST", "/registrations/"+first, nil); status != 303 {
			t.Error(status)
		}
		if _, _, body := n.request(t, nil, "GET", "/registrations/"+second, nil); strings.Contains(body, "liste d’attente") {
			t.Error("the seat that was given back is nobody's")
		}
		// At the door: by code, twice; without saying what became of the fee; by somebody who comes without registering.
		door := "/activities/" + v + "/door"
		if status, _, body := n.request(t, helper, "POST", door, url.Values{"code": {second}}); status != 422 || !strings.Contains(body, second) {
			t.Error("the fee is not asked for", status)
		}
		if status, _, _ := n.request(t, helper, "POST", door, url.Values{"code": {"http://here/registrations/" + second}, "fee": {"paid"}}); status != 303 {
			t.Error("a scanned code", status)
		}
		if status, _, body := n.request(t, helper, "POST", door, url.Values{"code": {first}, "fee": {"paid"}}); status != 422 || !strings.Contains(body, "annulée") {
			t.Error("a registration that ended", status)
		}
		if status, _, _ := n.request(t, helper, "POST", door, url.Values{"code": {"2222-2222"}}); status != 422 {
			t.Error("a code of nobody", status)
		}
		walk := visitorForm("Nora Walkin", "0633333333")
		if status, _, _ := n.request(t, helper, "POST", door+"/walk", walk); status != 422 {
			t.Error("the fee of who comes late is not asked for", status)
		}
		walk.Set("fee", "waived")
		if status, _, _ := n.request(t, helper, "POST", door+"/walk", walk); status != 303 {
			t.Error("who comes late is turned away", status)
		}
		if _, _, body := n.request(t, helper, "GET", door+"?q=nora", nil); !strings.Contains(body, "Nora Walkin") || strings.Contains(body, "Wombat") || !strings.Contains(body, "2 / 2") {
			t.Error("the door does not find by name, or counts wrong")
		}
		// A partner reads numbers of what the agreement covers, and small ones not; nobody's name.
		ours := n.agreedOn(t, "OURS", programme.ID("P"))
		partner := n.open(t, access.Partner, access.Agreement(ours.agreement), false)
		_, _, body = n.request(t, partner, "GET", "/activities/"+v, nil)
		if !strings.Contains(body, "Masterclass Xylo") || strings.Contains(body, "Wombat") || strings.Contains(body, "/edit") || strings.Contains(body, `stat-value">2<`) {
			t.Error("a partner reads too much, or too little")
		}
		if status, _, _ := n.request(t, partner, "GET", door, nil); status != 403 {
			t.Error("a partner stands at the door", status)
		}
		// What is called off says whom to tell.
		form.Set("state", "cancelled")
		if status, _, _ := n.request(t, manager, "POST", "/activities/"+v+"/edit", form); status != 422 {
			t.Error("cancelled without a reason", status)
		}
		form.Set("reason", "Rain")
		form.Set("capacity", "")
		if status, _, body := n.request(t, manager, "POST", "/activities/"+v+"/edit", form); status != 303 {
			t.Error(status, body)
		}
		_, _, body = n.request(t, manager, "GET", "/activities/"+v+"/notice", nil)
		for _, want := range []string{"212622222222", "212633333333", "Masterclass Xylo", "Rain"} {
			if !strings.Contains(body, want) {
				t.Errorf("the notice does not say %s", want)
			}
		}
		if _, _, body := n.request(t, nil, "GET", event, nil); !strings.Contains(body, "Rain") || strings.Contains(body, `name="agreed"`) {
			t.Error("the public page does not say that it is called off")
		}
		// Who is reached is on the board.
		if _, _, body := n.request(t, manager, "GET", "/board?period=all&programme=P", nil); !strings.Contains(body, ">2<") {
			t.Error("the board does not count who came")
		}
	})
}

// What is planned is not announced, and a speaker's name goes when it is withdrawn.
func TestActivityWithdrawsASpeaker(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	n.programmeP(t)
	here := place.ID("MA-ERR-MJ1")
	manager := n.open(t, access.Centre, access.Place(here), false)
	planned := n.event(t, here, "P", activity.Planned)
	if status, _, _ := n.request(t, nil, "GET", "/events/"+planned.String(), nil); status != http.StatusNotFound {
		t.Error("what is planned is announced", status)
	}
	open := n.event(t, here, "P", activity.Open)
	speaker := "/activities/" + open.String() + "/speakers/" + id.New().String()
	if status, _, _ := n.request(t, manager, "POST", speaker, url.Values{"name_latin": {"X"}}); status != http.StatusNotFound {
		t.Error("a speaker that there is not is stated", status)
	}
	if status, _, body := n.request(t, manager, "POST", speaker+"?new=1", url.Values{"function": {"Professor"}}); status != 422 || !strings.Contains(body, "Professor") {
		t.Error("a speaker without a name", status)
	}
	if status, _, _ := n.request(t, manager, "POST", speaker+"?new=1", url.Values{"name_latin": {"Zoubida Xylandre"}, "sex": {"f"}}); status != 303 {
		t.Fatal(status)
	}
	if _, _, body := n.request(t, nil, "GET", "/events/"+open.String(), nil); !strings.Contains(body, "Zoubida Xylandre") {
		t.Error("the speaker is not announced")
	}
	if status, _, _ := n.request(t, manager, "POST", speaker, url.Values{"remove": {"name"}}); status != 303 {
		t.Fatal(status)
	}
	for _, path := range []string{"/events/" + open.String(), "/activities/" + open.String()} {
		if _, _, body := n.request(t, manager, "GET", path, nil); strings.Contains(body, "Xylandre") {
			t.Errorf("%s still names who withdrew", path)
		}
	}
	must(t, n.Activities.SetOutput(ctx, id.Nil, id.New(), activity.OutputStated{Activity: open, Title: i18n.Text{i18n.FR: "Actes"}, Kind: "paper", Lang: "fr", On: n.Today()}, []byte("%PDF-1.4\n")))
	if _, _, body := n.request(t, nil, "GET", "/events/"+open.String(), nil); !strings.Contains(body, "/outputs/") {
		t.Error("the public page does not lead to what came out")
	}
	if err := n.Activities.SetOutput(ctx, id.Nil, id.New(), activity.OutputStated{Activity: open, Title: i18n.Text{i18n.FR: "x"}, Kind: "paper", Lang: "fr", On: n.Today()}, []byte("\x00\x01ELF")); err == nil {
		t.Error("any file is kept")
	}
	// A person who is erased gives the seat back, and the list names nobody.
	g := n.guest(t, open)
	must(t, n.Erase(ctx, []id.ID{g.Person}, here))
	if p, err := n.People.Get(ctx, n.DB, access.Everywhere(), g.Person); p != nil || err != nil {
		t.Error(p, err)
	}
	if r, err := n.Activities.ByCode(ctx, n.DB, "", g.Code); err != nil || r.State != activity.Withdrawn {
		t.Error(r, err)
	}
}

// Those who came to a session of a group or of an activity answer, of nobody; a manager says what was changed.
func TestFeedbackByItsScreens(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	n.programmeP(t)
	here := place.ID("MA-ERR-MJ1")
	manager := n.open(t, access.Centre, access.Place(here), false)
	trainer := n.open(t, access.Trainer, access.Place(here), false)
	other := n.open(t, access.Trainer, access.Place(here), false)
	s := n.spot(t, "in", "MA-ERR-MJ1", trainer.ID)
	page := "/sessions/" + s.session.String() + "/feedback"
	if status, _, _ := n.request(t, other, "GET", page, nil); status != http.StatusNotFound {
		t.Error("a trainer of another group reads it", status)
	}
	if status, _, _ := n.request(t, trainer, "POST", page, nil); status != 303 {
		t.Fatal(status)
	}
	ask, err := n.Feedback.OfSession(ctx, n.DB, s.session)
	must(t, err)
	public := "/feedback/" + ask.Code
	if status, _, body := n.request(t, nil, "POST", public, url.Values{"understood": {"yes"}, "words": {"Sesame"}}); status != 422 || !strings.Contains(body, "Sesame") {
		t.Error("an answer that is not whole", status)
	}
	whole := url.Values{"understood": {"yes"}, "useful": {"partly"}, "safe": {"no"}, "words": {"Sesame"}}
	for range 4 {
		if status, to, _ := n.request(t, nil, "POST", public, whole); status != 303 || to != "/feedback/thanks" {
			t.Fatal(status, to)
		}
	}
	if _, _, body := n.request(t, trainer, "GET", page, nil); strings.Contains(body, "Sesame") {
		t.Error("four answers are read")
	}
	n.request(t, nil, "POST", public, whole)
	if _, _, body := n.request(t, trainer, "GET", page, nil); !strings.Contains(body, "Sesame") {
		t.Error("five answers are not")
	}
	if _, _, body := n.request(t, nil, "GET", public, nil); strings.Contains(body, "Sesame") || strings.Contains(body, "G in") {
		t.Error("the public page tells what others said, or of which group")
	}
	change := url.Values{"on": {n.Today()}, "what": {"Begins later"}}
	if status, _, _ := n.request(t, trainer, "POST", page+"/changes", change); status != http.StatusForbidden {
		t.Error("a trainer records a change", status)
	}
	if status, _, _ := n.request(t, manager, "POST", page+"/changes", url.Values{"on": {"x"}, "what": {"Begins"}}); status != 422 {
		t.Error("a change on no date", status)
	}
	if status, _, _ := n.request(t, manager, "POST", page+"/changes", change); status != 303 {
		t.Error(status)
	}
	if _, _, body := n.request(t, trainer, "GET", page, nil); !strings.Contains(body, "Begins later") {
		t.Error("the trainer does not read what was changed")
	}
	list, err := n.Feedback.Changes(ctx, n.DB, s.group)
	must(t, err)
	if len(list) != 1 {
		t.Fatal(list)
	}
	undo := url.Values{"change": {list[0].ID.String()}, "undo": {"yes"}}
	if status, _, _ := n.request(t, trainer, "POST", page+"/changes", undo); status != http.StatusForbidden {
		t.Error("a trainer takes a change back", status)
	}
	for range 2 { // the second finds nothing
		if status, _, _ := n.request(t, manager, "POST", page+"/changes", undo); status != 303 {
			t.Error("a change is taken back", status)
		}
	}
	if _, _, body := n.request(t, trainer, "GET", page, nil); strings.Contains(body, "Begins later") {
		t.Error("what was taken back is still read")
	}
	// Of an activity, its page shows what was changed.
	page = "/activities/" + s.activity.String() + "/feedback/" + s.meeting.String()
	if status, _, _ := n.request(t, manager, "POST", page+"/changes", change); status != 303 {
		t.Error(status)
	}
	if _, _, body := n.request(t, trainer, "GET", "/activities/"+s.activity.String(), nil); !strings.Contains(body, "Begins later") {
		t.Error("the activity's page does not show what was changed")
	}
	if status, _, _ := n.request(t, manager, "GET", "/activities/"+s.activity.String()+"/feedback/"+s.session.String(), nil); status != http.StatusNotFound {
		t.Error("a session of a group under an activity", status)
	}
}
