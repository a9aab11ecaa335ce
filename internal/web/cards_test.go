package web_test

import (
	"bytes"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rsc.io/qr"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// class is a group with a session at ten in the morning of the day, four people in it, and one beside it.
func (n *node) class(t testing.TB, names ...string) (s spot, people []id.ID) {
	t.Helper()
	_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}},
		Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 14}}})
	must(t, err)
	s = n.spot(t, "in", "MA-ERR-MJ1")
	for _, name := range names {
		p, err := n.People.Register(ctx, id.Nil, s.centre, person.Details{"first_latin": name, "birth": "2015-01-06", "sex": "f"}, nil)
		must(t, err)
		n.agree(t, p, consent.Training)
		people = append(people, p)
	}
	_, err = n.Training.Place(ctx, id.Nil, access.Everywhere(), s.group, people, "2026-03-02")
	must(t, err)
	return s, people
}

func (n *node) marksOf(t testing.TB, session id.ID, people []id.ID) string {
	t.Helper()
	m, err := n.Training.MarksOf(ctx, n.DB, session)
	must(t, err)
	var out strings.Builder
	for _, p := range people {
		out.WriteString(m[p] + "-")
	}
	return out.String()
}

// TestDoor is a morning at the door of a session: cards made, shown, shown again, lost, of another group, and late ones.
func TestDoor(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		s, p := n.class(t, "Amina", "Brahim", "Chama")
		trainer := n.open(t, access.Trainer, access.Place(s.centre), false)
		must(t, n.Training.EditCohort(ctx, id.Nil, access.Everywhere(), s.group, func(c *training.CohortOpened) { c.Trainers = []id.ID{trainer.ID} }))
		n.clock.Set(time.Date(2026, 3, 2, 9, 55, 0, 0, testnode.Epoch.Location()))
		cards, at := "/groups/"+s.group.String()+"/cards", "/sessions/"+s.session.String()+"/door"
		number := regexp.MustCompile(`lang="en">(\d{4}) (\d{4})<`)
		made := func(who ...id.ID) (out []string) {
			form := url.Values{}
			for _, v := range who {
				form.Add("person", v.String())
			}
			status, _, body := n.request(t, trainer, "POST", cards, form)
			for _, m := range number.FindAllStringSubmatch(body, -1) {
				out = append(out, m[1]+m[2])
			}
			if status != 200 || len(out) != len(who) {
				t.Fatalf("cards: status %d, %d of %d", status, len(out), len(who))
			}
			return out
		}
		if status, _, body := n.request(t, trainer, "POST", cards, nil); status != 422 || !strings.Contains(body, "au moins une personne") {
			t.Errorf("cards of nobody: status %d", status)
		}
		if status, _, _ := n.request(t, trainer, "POST", cards, url.Values{"person": {s.other.String()}}); status != 404 {
			t.Errorf("a card of somebody of another group: status %d", status)
		}
		k := made(p...)
		show := func(what, code, late string, want int, facts int64, sentence string) {
			t.Helper()
			before, err := n.Log.Count(ctx, n.DB)
			must(t, err)
			status, _, body := n.request(t, trainer, "POST", at, url.Values{"code": {code}, "late": {late}})
			after, err := n.Log.Count(ctx, n.DB)
			must(t, err)
			if status != want || after-before != facts || !strings.Contains(body, sentence) {
				t.Errorf("%s: status %d, %d facts, %q there: %v", what, status, after-before, sentence, strings.Contains(body, sentence))
			}
			if want == 422 && !strings.Contains(body, `value="`+code+`"`) {
				t.Errorf("%s: what was typed is lost", what)
			}
		}
		show("on time", k[0], "10", 303, 1, "")
		show("the same card again", k[0], "10", 303, 0, "")
		show("an unknown card", "00000000", "10", 422, 0, "pas connue ici")
		show("words", "amina", "10", 422, 0, "ni le code")
		show("nothing", "", "10", 422, 0, "Passez une carte")
		show("lateness that was not offered", k[1], "7", 422, 0, "")
		n.clock.Set(time.Date(2026, 3, 2, 10, 10, 59, 0, testnode.Epoch.Location()))
		show("in the last minute", k[1], "10", 303, 1, "")
		n.clock.Set(time.Date(2026, 3, 2, 10, 11, 0, 0, testnode.Epoch.Location()))
		show("late", k[2], "10", 303, 1, "")
		if got := n.marksOf(t, s.session, p); got != "p-p-l-" {
			t.Errorf("marks %s", got)
		}
		if _, _, body := n.request(t, trainer, "GET", at, nil); !strings.Contains(body, "3 sur 4") || !strings.Contains(body, "10:11") || !strings.Contains(body, "Chama") {
			t.Error("the door does not say who came, and how many")
		}
		undo := func(who id.ID) int {
			status, _, _ := n.request(t, trainer, "POST", at, url.Values{"undo": {who.String()}})
			return status
		}
		if status := undo(p[2]); status != 303 || n.marksOf(t, s.session, p) != "p-p--" {
			t.Errorf("undo: status %d, %s", status, n.marksOf(t, s.session, p))
		}
		undo(p[2]) // twice is once
		show("late after twenty minutes only", k[2], "20", 303, 1, "")
		// A list said absent; the card says present, and undone the list stands again.
		must(t, n.Training.Take(ctx, id.Nil, access.Everywhere(), s.session, map[id.ID]string{p[0]: training.Absent}, "list"))
		show("after the list", k[0], "60", 303, 1, "")
		undo(p[0])
		if got := n.marksOf(t, s.session, p); got != "a-p-p-" {
			t.Errorf("marks %s", got)
		}
		// A new card ends the old one; a lost one is revoked.
		again := made(p[0])
		show("a card that was replaced", k[0], "60", 422, 0, "annulée ou remplacée")
		show("the new card", again[0], "60", 303, 1, "")
		undo(p[0])
		if status, _, _ := n.request(t, trainer, "POST", cards, url.Values{"revoke": {p[0].String()}}); status != 303 {
			t.Errorf("revoke: status %d", status)
		}
		show("a card that was revoked", again[0], "60", 422, 0, "annulée ou remplacée")
		other, err := n.Cards.Make(ctx, id.Nil, access.Everywhere(), []id.ID{s.other})
		must(t, err)
		show("another group's card", other[0].Number, "60", 422, 0, "n’a pas de place dans ce groupe")
		if _, _, body := n.request(t, trainer, "POST", at, url.Values{"code": {other[0].Number}, "late": {"60"}}); strings.Contains(body, "Qin") {
			t.Error("a trainer is told the name of somebody of another group")
		}
		// By the QR code, typed by a reader or photographed.
		fresh, err := n.Cards.Make(ctx, id.Nil, access.Everywhere(), p[:1])
		must(t, err)
		photo := func(b []byte) (int, string) {
			var form bytes.Buffer
			m := multipart.NewWriter(&form)
			m.WriteField("late", "60")
			f, err := m.CreateFormFile("file", "card.png")
			must(t, err)
			f.Write(b)
			m.Close()
			r, err := http.NewRequest("POST", n.srv.URL+at+"/photo", &form)
			must(t, err)
			r.Header.Set("Content-Type", m.FormDataContentType())
			status, _, body := n.do(t, trainer, r)
			return status, body
		}
		code, err := qr.Encode(fresh[0].Token, qr.M)
		must(t, err)
		if _, err := png.Decode(bytes.NewReader(code.PNG())); err != nil {
			t.Fatal(err)
		}
		if status, body := photo(code.PNG()); status != 303 {
			t.Errorf("a photo of a card: status %d %s", status, body)
		}
		if status, body := photo(picture(t)); status != 422 || !strings.Contains(body, "Aucun code") {
			t.Errorf("a photo of nothing: status %d", status)
		}
		if status, body := photo([]byte("GIF89a")); status != 422 || !strings.Contains(body, "JPEG") {
			t.Errorf("no photo: status %d", status)
		}
		if got := n.marksOf(t, s.session, p); got != "p-p-p-" {
			t.Errorf("marks %s", got)
		}
		show("the same card by its code", fresh[0].Token, "60", 303, 0, "")
		// Nothing is written at the door of another day, nor without a consent.
		must(t, n.Consents.Record(ctx, n.owner.ID, access.Everywhere(), p[1], []consent.Statement{{Purpose: consent.Training, State: consent.Withdrawn, Giver: consent.ByGuardian, Method: "paper", On: "2026-03-02", Who: consent.Who{Name: "A parent"}}}))
		undo(p[1])
		show("without consent", k[1], "60", 422, 0, "consentement")
		n.clock.Set(time.Date(2026, 3, 3, 9, 0, 0, 0, testnode.Epoch.Location()))
		if status, _, body := n.request(t, trainer, "POST", at, url.Values{"code": {k[2]}}); status != 422 || !strings.Contains(body, "séance est passée") {
			t.Errorf("the day after: status %d", status)
		}
		if d, err := n.Dossier(ctx, access.Everywhere(), p[0]); err != nil || len(d.Cards) != 3 || d.Cards[0].State != "ended" || d.Cards[2].State != "holds" {
			t.Errorf("the export of a person: %v %v", d, err)
		}
		// Who is erased leaves no card.
		must(t, n.Erase(ctx, []id.ID{p[2]}, s.centre))
		if _, err := n.Cards.Whose(ctx, n.DB, k[2]); err == nil || !strings.Contains(err.Error(), "not made here") {
			t.Errorf("the card of somebody erased: %v", err)
		}
	})
}

// A card made for one record of a person counts at the record that has the seat, once.
func TestCardOfMergedRecords(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		s, p := n.class(t, "Amina")
		all := access.Everywhere()
		k, err := n.Cards.Make(ctx, id.Nil, all, []id.ID{s.other})
		must(t, err)
		must(t, n.People.Merge(ctx, n.owner.ID, all, p[0], s.other, "papers"))
		n.clock.Set(time.Date(2026, 3, 2, 9, 55, 0, 0, testnode.Epoch.Location()))
		for range 2 {
			if status, _, _ := n.request(t, n.owner, "POST", "/sessions/"+s.session.String()+"/door", url.Values{"code": {k[0].Token}}); status != 303 {
				t.Errorf("status %d", status)
			}
		}
		x, err := n.Training.Session(ctx, n.DB, all, s.session)
		must(t, err)
		if x.Present != 1 {
			t.Errorf("%d present", x.Present)
		}
	})
}
