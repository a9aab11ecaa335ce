package web_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/family"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/look"
	"tizi/internal/place"
	"tizi/internal/progress"
	"tizi/internal/safeguard"
	"tizi/internal/store"
	"tizi/internal/teaching"
	"tizi/internal/testnode"
)

// What is known of a person is read by the two who asked and confirmed, for a while, and by nobody else.
func TestExportTakesTwo(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	centre := place.ID("MA-ERR-MJ1")
	as := func(acc *access.Account) *browser { return n.as(t, acc) }
	one, two, third := n.open(t, access.Centre, access.Place(centre), false), n.open(t, access.Centre, access.Place(centre), false), n.open(t, access.Centre, access.Place(centre), false)
	p, err := n.People.Register(ctx, one.ID, centre, map[string]string{"first_latin": "Amina", "massar": "R130456789"}, nil)
	must(t, err)
	twin, err := n.People.Register(ctx, one.ID, centre, map[string]string{"first_ar": "أمينة"}, nil)
	must(t, err)
	all := access.Everywhere()
	must(t, n.People.Merge(ctx, one.ID, all, p, twin, "papers"))
	n.agree(t, twin, consent.Research)
	n.agree(t, p, consent.Image)
	must(t, n.Consents.SetPhoto(ctx, one.ID, all, p, picture(t)))
	must(t, n.Family.NameFetcher(ctx, one.ID, all, p, family.Who{Name: "Uncle Brahim"}))
	gone := n.mother(t, p)
	must(t, n.Family.Send(ctx, gone.ID, all, p, gone.ID, "She is ill today"))
	must(t, n.Family.Unlink(ctx, one.ID, all, p, gone.ID))
	self := "/people/" + p.String()
	a, b, c := as(one), as(two), as(third)
	a.at("the way", a.get(self), self, "Export the data", "Erase")
	a.at("too early", a.get(self+"/dossier"), self+"/export", "A second person must confirm")
	a.at("no reason", a.post(self+"/export"), self+"/export", "Give a reason")
	a.at("a reason of no list", a.post(self+"/export", "reason", "I like to"), self+"/export", "Give a reason")
	a.at("asked", a.post(self+"/export", "reason", "guardian_asked"), self, "waits for a second person")
	l, err := n.Access.Waiting(ctx, n.DB, access.At(centre), 10)
	must(t, err)
	if len(l) != 1 {
		t.Fatalf("%d requests wait", len(l))
	}
	b.at("confirmed", b.post("/requests/"+l[0].ID.String()+"/confirm"), "/requests", "confirmed and done")
	for _, x := range []*browser{a, b} {
		x.at("the page", x.get(self+"/dossier"), self+"/dossier", "Amina", "R130456789", "Record opened", one.Name, "Uncle Brahim", "She is ill today", "A parent", "data:image/jpeg;base64,")
		if j := x.get(self + "/dossier.json"); j.status != 200 || !strings.Contains(j.body, `"massar": "R130456789"`) || !strings.Contains(j.body, `"what": "photo"`) {
			t.Errorf("JSON: status %d, %s", j.status, j.body)
		}
	}
	c.at("a third", c.get(self+"/dossier"), self+"/export")
	c.at("a third, JSON", c.get(self+"/dossier.json"), self+"/export")

	// The time to read it begins when it is confirmed, and a form that is sent twice asks once.
	n.clock.Move(house.DossierLife + time.Hour)
	a = as(one)
	a.at("its time is over", a.get(self+"/dossier"), self+"/export")
	a.at("asked again", a.post(self+"/export", "reason", "guardian_asked"), self, "waits for a second person")
	a.at("sent twice", a.post(self+"/export", "reason", "guardian_asked"), self, "waits for a second person")
	l, err = n.Access.Waiting(ctx, n.DB, access.At(centre), 10)
	must(t, err)
	if len(l) != 1 {
		t.Fatalf("%d requests wait when a form was sent twice", len(l))
	}
	n.clock.Move(house.DossierLife + time.Hour)
	a, b = as(one), as(two)
	b.at("confirmed late", b.post("/requests/"+l[0].ID.String()+"/confirm"), "/requests", "confirmed and done")
	a.at("the page", a.get(self+"/dossier"), self+"/dossier", "Amina")
}

// Who is to be erased is kept longer from a screen, and only headquarters sets the rules.
func TestRetentionScreen(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	centre := place.ID("MA-ERR-MJ1")
	p, err := n.People.Register(ctx, id.Nil, centre, map[string]string{"first_latin": "Amina"}, nil)
	must(t, err)
	n.clock.Move(350 * 24 * 3600e9)
	must(t, n.Review(ctx))
	manager, boss := n.open(t, access.Centre, access.Place(centre), false), n.open(t, access.National, access.Place(place.ID("MA")), false)
	status, _, body := n.request(t, manager, "GET", "/retention", nil)
	if status != 200 || !strings.Contains(body, "Amina") || strings.Contains(body, `action="/retention/rules"`) {
		t.Errorf("the list: status %d", status)
	}
	if status, _, _ := n.request(t, manager, "POST", "/retention/rules", url.Values{"never_came": {"1"}, "learner": {"1"}}); status != 403 {
		t.Errorf("a centre rules: status %d", status)
	}
	if status, _, body := n.request(t, boss, "POST", "/retention/rules", url.Values{"never_came": {"x"}, "learner": {"500"}}); status != 422 || !strings.Contains(body, `value="500"`) {
		t.Errorf("bad rules: status %d", status)
	}
	if status, _, _ := n.request(t, manager, "POST", "/retention/"+p.String()+"/keep", url.Values{"reason": {"hm"}}); status != 422 {
		t.Errorf("kept without a reason: status %d", status)
	}
	if status, to, _ := n.request(t, manager, "POST", "/retention/"+p.String()+"/keep", url.Values{"reason": {"returns"}}); status != 303 || to != "/retention" {
		t.Errorf("kept: status %d to %s", status, to)
	}
	if _, _, body := n.request(t, manager, "GET", "/retention", nil); strings.Contains(body, "Amina") {
		t.Error("who is kept is still on the list")
	}
	if status, _, _ := n.request(t, boss, "POST", "/retention/rules", url.Values{"never_came": {"6"}, "learner": {"24"}}); status != 303 {
		t.Errorf("rules: status %d", status)
	}
}

// as is a browser in which an account is signed in.
func (n *node) as(t testing.TB, acc *access.Account) *browser {
	t.Helper()
	b := n.browser(t)
	token, err := n.Access.Begin(ctx, acc.ID, "test")
	must(t, err)
	u, err := url.Parse(n.srv.URL)
	must(t, err)
	b.c.Jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: token}, {Name: "lang", Value: "en"}})
	return b
}

// Two spellings of one child become one when two say so, and two again when one takes it back.
func TestTwoSpellingsBecomeOneAndTwoAgain(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	centre := place.ID("MA-ERR-MJ1")
	var p [2]id.ID
	for i, d := range []map[string]string{{"first_latin": "Mohammed", "last_latin": "Alaoui", "birth": "2014-03-09", "sex": "m"}, {"first_ar": "محمد", "last_ar": "العلوي", "birth": "2014-09-03", "sex": "m"}} {
		var err error
		p[i], err = n.People.Register(ctx, id.Nil, centre, d, nil)
		must(t, err)
	}
	_, err := n.People.Seek(ctx, nil)
	must(t, err)
	a, b := n.as(t, n.open(t, access.Centre, access.Place(centre), false)), n.as(t, n.open(t, access.Centre, access.Place(centre), false))
	pair := "/same/" + p[0].String() + "/" + p[1].String()
	count := func() int64 {
		c, err := n.People.Count(ctx, n.DB, access.At(centre))
		must(t, err)
		return c
	}
	a.at("the list", a.get("/people/same"), "/people/same", "Mohammed Alaoui")
	a.at("no reason", a.post(pair, "do", "merge"), pair)
	a.at("asked", a.post(pair, "do", "merge", "reason", "papers"), pair, "waits for a second person")
	a.at("asked twice", a.post(pair, "do", "merge", "reason", "papers"), pair, "waits for a second person")
	l, err := n.Access.Waiting(ctx, n.DB, access.At(centre), 10)
	must(t, err)
	if len(l) != 1 || count() != 2 {
		t.Fatalf("%d requests wait, %d people", len(l), count())
	}
	self := "/requests/" + l[0].ID.String()
	b.at("the request", b.get(self), self, "Mohammed Alaoui", "Papers seen")
	b.at("confirmed", b.post(self+"/confirm"), "/requests", "confirmed and done")
	if count() != 1 {
		t.Errorf("%d people when they are one", count())
	}
	for _, v := range p {
		b.at("the one", b.get("/people/"+v.String()), "/people/"+v.String(), "Mohammed Alaoui", "محمد")
	}
	b.at("taken back", b.post(pair, "do", "unmerge"), "/people/same", "separate again")
	if count() != 2 {
		t.Errorf("%d people when they are two again", count())
	}
}

// What an officer wrote while the key locked is kept, and asks for the passphrase; the list of cases has pages.
func TestOfficerNotesThoughTheKeyLocked(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		s := n.spot(t, "in", "MA-ERR-MJ1") // makes the owner an officer with a key
		page := "/safeguarding/" + s.worry.String()
		form := url.Values{"step": {"spoke"}, "text": {"parlé avec la mère"}, "due": {"2026-04-01"}}
		post := func(what, passphrase string, want int, holds ...string) {
			t.Helper()
			form.Set("passphrase", passphrase)
			status, _, body := n.request(t, n.owner, "POST", page, form)
			if status != want {
				t.Errorf("%s: status %d, want %d", what, status, want)
			}
			for _, h := range holds {
				if !strings.Contains(body, h) {
					t.Errorf("%s: no %q", what, h)
				}
			}
			if strings.Contains(body, "secret") && want == 422 {
				t.Errorf("%s: shows the report", what)
			}
		}
		typed := []string{"parlé avec la mère", `value="2026-04-01"`, `value="spoke" selected`, `name="passphrase"`}
		post("locked", "", 422, append(typed, "refermée")...)
		post("a wrong passphrase", "not this one", 422, append(typed, "n’ouvre pas")...)
		post("the passphrase", passphrase, 303)
		c, err := n.Safeguard.Case(ctx, n.DB, access.Everywhere(), s.worry)
		must(t, err)
		if c.State == "new" || c.Due != "2026-04-01" {
			t.Errorf("the step was not noted: %+v", c)
		}
		for range 55 {
			_, err := n.Safeguard.Report(ctx, id.New().String(), s.centre, safeguard.Worry{What: "one more"})
			must(t, err)
		}
		rows := func(path string) int {
			_, _, body := n.request(t, n.owner, "GET", path, nil)
			return strings.Count(body, `<th scope="row">`)
		}
		if a, b := rows("/safeguarding"), rows("/safeguarding?page=2"); a != 50 || b != 6 {
			t.Errorf("the two pages have %d and %d cases, want 50 and 6", a, b)
		}
	})
}

// An erasure leaves the lists that colleagues bring in: no name of theirs stands on the disk.
func TestErasureLeavesListsUnderWay(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	centre := place.ID("MA-ERR-MJ1")
	boss := n.open(t, access.Centre, access.Place(centre), false)
	key := n.upload(t, boss, centre)
	p, err := n.People.Register(ctx, boss.ID, centre, map[string]string{"first_latin": "Zineb", "last_latin": "Alaoui"}, nil)
	must(t, err)
	files, err := os.ReadDir(filepath.Join(n.Config.Dir, house.UploadDir))
	must(t, err)
	if len(files) != 1 {
		t.Fatalf("%d files of one list", len(files))
	}
	b, err := os.ReadFile(filepath.Join(n.Config.Dir, house.UploadDir, files[0].Name()))
	must(t, err)
	if len(b) < 30 || strings.Contains(string(b), "Zineb") || strings.Contains(string(b), "Nom;") {
		t.Errorf("the list lies there in clear: %q", b)
	}
	must(t, n.Erase(ctx, []id.ID{p}, centre))
	for _, path := range []string{"/columns", "/plan"} {
		if status, _, body := n.request(t, boss, "GET", "/import/"+key+path, nil); status != 200 || !strings.Contains(body, "Alaoui") {
			t.Errorf("%s after somebody was erased: %d", path, status)
		}
	}
	if status, to, _ := n.request(t, boss, "POST", "/import/"+key+"/plan", nil); status != 303 || !strings.HasSuffix(to, "/report") {
		t.Errorf("taken: %d to %q", status, to)
	}
	if l, err := n.People.Count(ctx, n.DB, access.At(centre)); err != nil || l != 1 {
		t.Errorf("%d people, %v", l, err)
	}
	if files, err = os.ReadDir(filepath.Join(n.Config.Dir, house.UploadDir)); err != nil || len(files) != 0 {
		t.Errorf("%d files are left, %v", len(files), err)
	}
	if status, _, _ := n.request(t, boss, "GET", "/import/"+key+"/report", nil); status != 200 {
		t.Errorf("the report: %d", status)
	}
}

// Whoever asks for all that is known of a learner reads what they did, how it was judged, with whom they worked, what they showed and how
// they sign in.
func TestDossierOfALearner(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		c := n.taught(t)
		work := n.work(t, c.centre, c.person)
		d := progress.Deed{ID: id.New(), Person: c.person, At: progress.At{Course: "mon-cours", Lesson: "commencer/premiere-lecon", Step: "verifier/exemples"}, Verb: progress.Answered, Response: "Ma réponse", Scored: true, Score: 1, Right: true}
		must(t, n.Progress.Put(ctx, c.centre, []progress.Deed{d}, nil))
		handed, err := n.Progress.Work(ctx, n.DB, c.centre, work)
		must(t, err)
		must(t, n.Teaching.Mark(ctx, c.trainer.ID, c.centre, handed, n.studied, []int{2}, []int{3}, "Bravo", ""))
		must(t, n.Teaching.Team(ctx, c.trainer.ID, c.centre, teaching.Teamed{Session: c.session, Group: c.group, Teams: [][]id.ID{{c.person}}}))
		must(t, n.Teaching.Hang(ctx, handed, c.group, true))
		_, err = n.Learners.Give(ctx, c.trainer.ID, access.Everywhere(), c.group, []id.ID{c.person}, learner.AllPictures, "fr")
		must(t, err)
		must(t, n.Looks.Note(ctx, c.trainer.ID, look.Given, c.person))
		tab := n.slate(t, c.centre)
		tab.pass(c.centre, c.person)
		_, err = n.Learners.Begin(ctx, c.centre, c.person, id.Nil)
		must(t, err)

		got, err := n.Dossier(ctx, access.Everywhere(), c.person)
		must(t, err)
		var states []string
		for _, l := range got.Entry {
			states = append(states, l.State)
		}
		if s := strings.Join(states, " "); s != "avatar session pass" || got.Entry[0].By != c.trainer.Name || got.Entry[2].What != "Tablette 4" {
			t.Errorf("signing in: %+v", got.Entry)
		}
		one := func(what string, l []house.DossierLine, want house.DossierLine) {
			t.Helper()
			if len(l) != 1 || l[0] != want {
				t.Errorf("%s: %+v", what, l)
			}
		}
		day := n.Today()
		one("marks", got.Marks, house.DossierLine{On: day, What: "Bravo", State: "Choisir des exemples: Variés (2/3)", Where: "Un premier cours · Une machine qui apprend", By: c.trainer.Name})
		one("small groups", got.Teams, house.DossierLine{On: "2026-03-02", What: "team", State: "1", Where: "G in"})
		one("the wall", got.Wall, house.DossierLine{On: day, What: "wall", State: "shown", Where: "G in"})
		if len(got.Learning) != 2 || got.Learning[1].What != "Ma réponse" || got.Learning[1].State != "answered right 1" {
			t.Errorf("learning: %+v", got.Learning)
		}
		if !slices.ContainsFunc(got.Files, func(f house.DossierFile) bool { return f.What == "work" && f.Type == "image/jpeg" && len(f.Data) > 0 }) {
			t.Error("the work is missing")
		}
		manager := n.open(t, access.Centre, access.Place(c.centre), false)
		if status, _, _ := n.request(t, manager, "POST", "/requests/"+c.spot.request.String()+"/confirm", nil); status != 303 {
			t.Fatalf("the confirmation: status %d", status)
		}
		_, _, body := n.request(t, n.owner, "GET", "/people/"+c.person.String()+"/dossier?lang=fr", nil)
		for _, want := range []string{"Bravo", "Variés", "Petit groupe 1", "Montré au groupe", "Ma réponse", "Avatar donné", "A donné de quoi se connecter", "Tablette 4"} {
			if !strings.Contains(body, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
	})
}
