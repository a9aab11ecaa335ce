package web_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/audit"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/training"
	"tizi/internal/web/door"
)

// tablet is a browser that keeps its cookies.
type tablet struct {
	t    *testing.T
	n    *node
	jar  map[string]string
	last string // what the last page says
}

func (b *tablet) ask(method, path string, form url.Values) (status int, to string) {
	b.t.Helper()
	r, err := http.NewRequest(method, b.n.srv.URL+path, strings.NewReader(form.Encode()))
	must(b.t, err)
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range b.jar {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	must(b.t, err)
	defer res.Body.Close()
	for _, c := range res.Cookies() {
		if b.jar[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.jar, c.Name)
		}
	}
	body, err := io.ReadAll(res.Body)
	must(b.t, err)
	b.last = string(body)
	return res.StatusCode, res.Header.Get("Location")
}

// TestLearnersDoor is a tablet from its enrolment on: who comes in on it, who does not, and what the trainer sees.
func TestLearnersDoor(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	s, p := n.class(t, "Amina", "Brahim")
	trainer := n.open(t, access.Trainer, access.Place(s.centre), false)
	must(t, n.Training.EditCohort(ctx, id.Nil, access.Everywhere(), s.group, func(c *training.CohortOpened) { c.Trainers = []id.ID{trainer.ID} }))
	page := "/groups/" + s.group.String() + "/learners"
	b := &tablet{t: t, n: n, jar: map[string]string{}}
	is := func(what, method, path string, form url.Values, want int, says string) string {
		t.Helper()
		status, to := b.ask(method, path, form)
		if status != want || says != "" && !strings.Contains(b.last+to, says) {
			t.Errorf("%s: status %d to %q, and %q is there: %v", what, status, to, says, strings.Contains(b.last+to, says))
		}
		return to
	}
	is("not enrolled", "GET", "/door?lang=fr", nil, 200, "pas encore inscrit")
	is("a card on a device that is not enrolled", "POST", "/door", url.Values{"code": {strings.Repeat("1", 39)}}, 422, "pas encore inscrit")
	is("a group of a device that is not enrolled", "GET", "/door/group/"+s.group.String(), nil, 303, "/door")
	if status, _, _ := n.request(t, n.open(t, access.Helper, access.Place(s.centre), false), "GET", "/tablets", nil); status != 403 {
		t.Errorf("a helper enrols: status %d", status)
	}
	// The trainer signs in on it and enrols it.
	token, err := n.Access.Begin(ctx, trainer.ID, "test")
	must(t, err)
	b.jar[door.SessionCookie] = token
	is("without a name", "POST", "/tablets", url.Values{"name": {" "}}, 422, "Donnez un nom")
	is("enrol", "POST", "/tablets", url.Values{"name": {"Tablette 4"}}, 303, "/tablets")
	is("the list", "GET", "/tablets", nil, 200, "Tablette 4")
	// The trainer gives two what they come in with.
	if status, _, body := n.request(t, trainer, "POST", page, nil); status != 422 || !strings.Contains(body, "au moins une personne") {
		t.Errorf("nobody chosen: status %d", status)
	}
	if status, _, _ := n.request(t, trainer, "POST", page, url.Values{"person": {s.other.String()}}); status != 404 {
		t.Errorf("somebody of another group: status %d", status)
	}
	if status, _, body := n.request(t, trainer, "POST", page, url.Values{"person": {p[0].String()}, "way": {"guess"}}); status != 422 || !strings.Contains(body, `value="`+p[0].String()+`" id="p-`+p[0].String()+`" checked`) && !strings.Contains(body, `value="`+p[0].String()+`" id="f-person" checked`) {
		t.Errorf("a way that there is not: status %d, or who was chosen is lost", status)
	}
	status, _, body := n.request(t, trainer, "POST", page, url.Values{"person": {p[0].String(), p[1].String()}, "way": {"pictures"}, "words": {"fr"}})
	if status != 200 || strings.Count(body, `class="cutout-pictures"`) != 2 {
		t.Fatalf("the sheet: status %d", status)
	}
	has, err := n.Learners.Of(ctx, n.DB, s.group)
	must(t, err)
	if len(has) != 2 || has[p[0]].Avatar == has[p[1]].Avatar {
		t.Fatalf("avatars: %v", has)
	}
	given, err := n.Learners.Give(ctx, id.Nil, access.Everywhere(), s.group, p[:1], learner.AllPictures, "fr")
	must(t, err)
	amina := given[0]
	// Learners see the group and the avatars, no names.
	is("the door", "GET", "/door?next=/labs", nil, 200, "/door/group/"+s.group.String()+"?next=%2Flabs")
	is("the group", "GET", "/door/group/"+s.group.String(), nil, 200, "/"+amina.Avatar)
	if strings.Contains(b.last, "Amina") {
		t.Error("the door says names")
	}
	is("another group", "GET", "/door/group/"+id.New().String(), nil, 404, "")
	face := "/door/group/" + s.group.String() + "/" + amina.Avatar
	is("the pictures", "GET", face+"?next=/labs", nil, 200, `value="camel"`)
	is("an avatar that nobody has", "GET", "/door/group/"+s.group.String()+"/cat-pink", nil, 404, "")
	// The pictures are chosen one by one.
	pick := func(pictures []string, next string) (int, string) {
		picked := ""
		for i, x := range pictures {
			status, to := b.ask("POST", face, url.Values{"picked": {picked}, "pick": {x}, "next": {next}})
			if i == len(pictures)-1 {
				return status, to
			}
			m := regexp.MustCompile(`name="picked" value="([^"]*)"`).FindStringSubmatch(b.last)
			if status != 200 || m == nil {
				t.Fatalf("after %d pictures: status %d", i+1, status)
			}
			picked = m[1]
		}
		return 0, ""
	}
	wrong := []string{amina.Pictures[2], amina.Pictures[1], amina.Pictures[0]}
	if status, _ := pick(wrong, ""); status != 422 || !strings.Contains(b.last, "Essaie encore") {
		t.Errorf("wrong pictures: status %d", status)
	}
	is("no picture", "POST", face, url.Values{"pick": {"elephant"}}, 422, "une à une")
	if status, to := pick(amina.Pictures, "/labs"); status != 303 || to != "/labs" {
		t.Errorf("pictures: status %d to %s", status, to)
	}
	if b.jar[door.SessionCookie] != "" || b.jar[door.SessionCookie+door.LearnerCookie] == "" {
		t.Error("the trainer's session stays on the tablet")
	}
	if to := is("the pages of staff", "GET", "/people", nil, 303, "/signin"); to == "" {
		t.Error("people")
	}
	is("who one is", "GET", "/", nil, 303, "/my")
	is("who one is", "GET", "/door/in", nil, 200, "Amina")
	is("somebody is there", "POST", "/door/here", nil, 200, "")
	is("too young for a password", "POST", "/door/password", url.Values{"password": {"motdepasse"}, "again": {"motdepasse"}}, 422, "Avant 12 ans")
	n.clock.Move(learner.SharedIdle + time.Second)
	is("idle", "GET", "/door/in", nil, 303, "/door?next=%2Fdoor%2Fin")
	// By card; the number alone does not do.
	is("by number", "POST", "/door", url.Values{"code": {amina.Number}}, 422, "n’ouvre rien")
	if !strings.Contains(b.last, `value="`+amina.Number+`"`) {
		t.Error("what was typed is lost")
	}
	is("by card", "POST", "/door", url.Values{"code": {amina.Token}}, 303, "/")
	is("out", "POST", "/door/out", nil, 303, "/door")
	is("out twice", "POST", "/door/out", nil, 303, "/door")
	is("out", "GET", "/door/in", nil, 303, "/door")
	// Somebody of the centre without a seat.
	other, err := n.Cards.Make(ctx, id.Nil, access.Everywhere(), []id.ID{s.other})
	must(t, err)
	is("without a seat", "POST", "/door", url.Values{"code": {other[0].Token}}, 422, "Pas de place")
	// Words from home, of somebody who is old enough.
	grown, err := n.People.Register(ctx, id.Nil, s.centre, person.Details{"first_latin": "Dounia", "birth": "2013-01-06", "sex": "f"}, nil)
	must(t, err)
	n.agree(t, grown, "training")
	_, err = n.Training.Place(ctx, id.Nil, access.Everywhere(), s.group, []id.ID{grown}, "2026-03-02")
	must(t, err)
	given, err = n.Learners.Give(ctx, id.Nil, access.Everywhere(), s.group, []id.ID{grown}, learner.ByAge, "ar")
	must(t, err)
	home := &tablet{t: t, n: n, jar: map[string]string{}}
	try := url.Values{"number": {given[0].Number}, "words": {given[0].Words}}
	if status, _ := home.ask("POST", "/door/number", try); status != 422 || !strings.Contains(home.last, "appareils du centre") {
		t.Errorf("from home: status %d", status)
	}
	if status, to, _ := n.request(t, trainer, "POST", "/tablets/outside", url.Values{"centre": {s.centre.String()}, "allowed": {"yes"}}); status != 303 || to != "/tablets" {
		t.Errorf("allow from home: status %d", status)
	}
	if status, to := home.ask("POST", "/door/number", try); status != 303 || to != "/" {
		t.Errorf("from home, allowed: status %d to %s", status, to)
	}
	if status, to := home.ask("POST", "/door/password", url.Values{"old": {given[0].Words}, "password": {"soleil de mars"}, "again": {"soleil de mars"}}); status != 303 || to != "/door/in" {
		t.Errorf("a password: status %d to %s", status, to)
	}
	is("words on the tablet", "POST", "/door/group/"+s.group.String()+"/"+given[0].Avatar, url.Values{"words": {given[0].Words}}, 422, "Essaie encore")
	is("the password on the tablet", "POST", "/door/group/"+s.group.String()+"/"+given[0].Avatar, url.Values{"words": {"soleil de mars"}}, 303, "/")
	is("out", "POST", "/door/out", nil, 303, "/door")
	// Locked and unlocked.
	for range learner.MaxLearner {
		pick(wrong, "")
	}
	if status, _ := pick(amina.Pictures, ""); status != 422 || !strings.Contains(b.last, "Appelle le formateur") {
		t.Errorf("locked: status %d", status)
	}
	if _, _, body := n.request(t, trainer, "GET", page, nil); strings.Count(body, `name="unlock"`) != 1 {
		t.Error("the trainer is not told who is locked")
	}
	if status, _, _ := n.request(t, trainer, "POST", page, url.Values{"unlock": {s.other.String()}}); status != 404 {
		t.Errorf("unlock somebody of another group: status %d", status)
	}
	if status, to, _ := n.request(t, trainer, "POST", page, url.Values{"unlock": {p[0].String()}}); status != 303 || to != page {
		t.Errorf("unlock: status %d", status)
	}
	if status, _ := pick(amina.Pictures, ""); status != 303 {
		t.Errorf("unlocked: status %d", status)
	}
	// Who gave what they sign in with and who unlocked is listed as what changed something, each time, and nowhere as a look at the file.
	if status, _, _ := n.request(t, trainer, "POST", page, url.Values{"unlock": {p[0].String()}}); status != 303 {
		t.Errorf("unlock again: status %d", status)
	}
	listed, err := n.Audit.List(ctx, n.DB, audit.Filter{Scope: access.At(s.centre), Account: trainer.ID, Sort: audit.Changed, From: n.clock.Now().Add(-time.Hour), To: n.clock.Now().Add(time.Hour)}, 20)
	must(t, err)
	did := map[string]int{}
	for _, e := range listed.Entries {
		if slices.Equal(e.Persons, p[:1]) || e.What == string(look.Given) && slices.Equal(e.Persons, p[1:2]) {
			did[e.What]++
		}
	}
	if did[string(look.Unlocked)] != 2 || did[string(look.Given)] != 2 {
		t.Errorf("there is listed %v", did)
	}
	if _, _, body := n.request(t, n.owner, "GET", "/audit?kind=changed&lang=fr&centre="+s.centre.String(), nil); !strings.Contains(body, "A débloqué sa connexion") || !strings.Contains(body, "A donné de quoi se connecter") {
		t.Error("it is not on the page")
	}
	// The device is struck by somebody of the centre, not of another one.
	devices, err := n.Learners.Devices(ctx, n.DB, access.Everywhere())
	must(t, err)
	strike := "/tablets/" + devices[0].ID.String() + "/strike"
	if status, _, _ := n.request(t, n.open(t, access.Trainer, access.Place(place.ID("MA-CAS-MJ1")), false), "POST", strike, nil); status != 404 {
		t.Errorf("struck by another centre: status %d", status)
	}
	if status, _, _ := n.request(t, trainer, "POST", strike, nil); status != 303 {
		t.Errorf("strike: status %d", status)
	}
	is("struck", "GET", "/door/in", nil, 303, "/door")
	is("struck", "GET", "/door", nil, 200, "pas encore inscrit")
}
