package web_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/course"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/progress"
	"tizi/internal/quiz"
	"tizi/internal/statement"
	"tizi/internal/store"
	"tizi/internal/teaching"
	"tizi/internal/testnode"
	"tizi/internal/web/door"
	"tizi/internal/web/learn"
)

func (n *node) programme(t testing.TB) {
	t.Helper()
	_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}},
		Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 14}}})
	must(t, err)
}

// projects takes the small course in, with something to hand in.
func (n *node) projects(t testing.TB) id.ID {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mon-cours")
	must(t, course.Start(dir))
	f, err := os.OpenFile(filepath.Join(dir, "modules/commencer/premiere-lecon/lesson.yaml"), os.O_RDWR, 0)
	must(t, err)
	b, err := io.ReadAll(f)
	must(t, err)
	b = bytes.Replace(b, []byte("trainer: formateur"), []byte("  - {id: garder, kind: project, title: {fr: Garder, ar: نحتفظ, en: Keep}, text: parler}\ntrainer: formateur"), 1)
	_, err = f.WriteAt(b, 0)
	must(t, errors.Join(err, f.Close()))
	in, err := course.Open(dir)
	must(t, err)
	defer in.Close()
	im, err := n.Courses.Import(ctx, id.Nil, in)
	must(t, err)
	return im.ID
}

// slate is an enrolled device of a centre.
type slate struct {
	t     testing.TB
	n     *node
	token string
	jar   []*http.Cookie
}

func (n *node) slate(t testing.TB, centre id.ID) *slate {
	t.Helper()
	token, err := n.Learners.Enrol(ctx, n.owner.ID, access.Everywhere(), centre, "Tablette 4", "test", "")
	must(t, err)
	return &slate{t, n, token, []*http.Cookie{{Name: door.SessionCookie + door.DeviceCookie, Value: token}}}
}

// pass begins a session of somebody on the tablet and returns the pass that it is given, which outlives it.
func (x *slate) pass(centre, who id.ID) string {
	x.t.Helper()
	d, err := x.n.Learners.DeviceOf(ctx, x.token)
	must(x.t, err)
	token, err := x.n.Learners.Begin(ctx, centre, who, d.ID)
	must(x.t, err)
	r, err := http.NewRequest("POST", x.n.srv.URL+"/my/pass", nil)
	must(x.t, err)
	r.Header.Set("Accept", "application/json")
	r.AddCookie(&http.Cookie{Name: door.SessionCookie + door.LearnerCookie, Value: token})
	status, _, body := x.n.do(x.t, nil, r)
	var out struct{ Token string }
	if status != 200 || json.Unmarshal([]byte(body), &out) != nil || out.Token == "" {
		x.t.Fatalf("a pass: status %d: %s", status, body)
	}
	must(x.t, x.n.Learners.End(ctx, token))
	return out.Token
}

// letter is what a player says: an answer to a question of the small course, unless it says otherwise.
type letter map[string]any

func said(verb, iri, response string, at time.Time, version id.ID) letter {
	l := letter{"id": id.New().String(), "verb": letter{"id": progress.Verb(verb)}, "object": letter{"id": iri}, "timestamp": at.UTC().Format(time.RFC3339Nano), "context": letter{"revision": version.String(), "language": "ar"}}
	if response != "" {
		l["result"] = letter{"response": response}
	}
	return l
}

// hand hands letters in.
func (n *node) hand(t testing.TB, pass string, sent time.Time, files [][]byte, all ...letter) (int, learn.Sorted) {
	t.Helper()
	b, err := json.Marshal(all)
	must(t, err)
	body := "--b\r\nContent-Type: application/json\r\n\r\n" + string(b) + "\r\n"
	for _, f := range files {
		body += "--b\r\nContent-Type: image/jpeg\r\n\r\n" + string(f) + "\r\n"
	}
	return n.handIn(t, pass, sent, body+"--b--\r\n")
}

func (n *node) handIn(t testing.TB, pass string, sent time.Time, body string) (int, learn.Sorted) {
	t.Helper()
	r, err := http.NewRequest("POST", n.srv.URL+"/outbox", strings.NewReader(body))
	must(t, err)
	r.Header.Set("Content-Type", "multipart/mixed; boundary=b")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Authorization", "Bearer "+pass)
	r.Header.Set(learn.SentHeader, sent.UTC().Format(time.RFC3339Nano))
	status, _, out := n.do(t, nil, r)
	var s learn.Sorted
	if status == 200 {
		must(t, json.Unmarshal([]byte(out), &s))
	}
	return status, s
}

// What a tablet kept without a link is taken once, of whom the pass is for and of nobody else, whatever became of the session, of the
// group's course and of the tablet's clock.
func TestOutbox(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programme(t)
		trainer := n.open(t, access.Trainer, access.Place(place.ID("MA-ERR-MJ1")), true)
		s := n.spot(t, "in", "MA-ERR-MJ1", trainer.ID)
		near := n.spot(t, "near", "MA-ERR-MJ1")
		version := n.projects(t)
		tab := n.slate(t, s.centre)
		mine, theirs := tab.pass(s.centre, s.person), tab.pass(near.centre, near.person)
		n.clock.Move(time.Hour)
		now := n.clock.Now

		of := func(who id.ID) *progress.Lesson {
			t.Helper()
			by, err := n.Progress.Of(ctx, n.DB, []id.ID{who}, "mon-cours")
			must(t, err)
			return by[who]["commencer/premiere-lecon"]
		}
		lesson := "urn:tizi:course:mon-cours/commencer/premiere-lecon"
		began := said(progress.Began, lesson, "", now().Add(-10*time.Minute), version)
		read := said(progress.Read, lesson+"/lire", "", now().Add(-9*time.Minute), version)
		wrong := said(progress.Answered, lesson+"/verifier/exemples", "b", now().Add(-8*time.Minute), version)
		right := said(progress.Answered, lesson+"/verifier/exemples", "a", now().Add(-7*time.Minute), version)
		// No group follows the course: the group may have moved on.
		for range 3 {
			status, got := n.hand(t, mine, now(), nil, began, read, wrong, right)
			if status != 200 || len(got.Taken) != 4 {
				t.Fatalf("four letters: status %d, %+v", status, got)
			}
		}
		l := of(s.person)
		if l == nil || l.Tries != 2 || !l.Steps["lire"].Done || !l.Steps["verifier/exemples"].Right || l.Steps["verifier/exemples"].Tries != 2 {
			t.Fatalf("four letters, each sent three times: %+v", l)
		}
		if want := now().Add(-10 * time.Minute); l.Begun.Sub(want).Abs() > time.Second {
			t.Errorf("begun %v, not %v", l.Begun, want)
		}
		if of(near.person) != nil {
			t.Error("somebody else has done it too")
		}

		// The pass of another hands in nothing of mine under their name or mine; the very same letters are theirs.
		mineNamed := said(progress.Answered, lesson+"/verifier/exemples", "a", now(), version)
		mineNamed["actor"] = json.RawMessage(statement.Person(s.person).String())
		if _, got := n.hand(t, theirs, now(), nil, mineNamed); len(got.Refused) != 1 {
			t.Errorf("in another's name: %+v", got)
		}
		if got := of(s.person); got.Tries != 2 {
			t.Errorf("another's pass made %d tries", got.Tries)
		}
		for _, pass := range []string{"", "nonsense", mine[:len(mine)-1]} {
			if status, _ := n.hand(t, pass, now(), nil, right); status != 401 {
				t.Errorf("with the pass %q: status %d", pass, status)
			}
		}

		// A pass opens nothing else.
		r, err := http.NewRequest("GET", n.srv.URL+"/my", nil)
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+mine)
		r.AddCookie(&http.Cookie{Name: door.SessionCookie + door.LearnerCookie, Value: mine})
		if status, to, _ := n.do(t, nil, r); status != 303 || !strings.HasPrefix(to, "/door") {
			t.Errorf("a pass as a session: status %d to %s", status, to)
		}

		// What is no deed of a lesson is refused for ever, and the trainer is told; what is not here yet is kept by the tablet.
		for _, x := range []struct {
			what string
			l    letter
		}{
			{"no such step", said(progress.Read, lesson+"/nowhere", "", now(), version)},
			{"no such lesson", said(progress.Read, "urn:tizi:course:mon-cours/commencer/nulle-part/lire", "", now(), version)},
			{"a completed lesson", said(progress.Completed, lesson, "", now(), version)},
			{"a test", said(progress.Answered, "urn:tizi:test:mon-cours/pre/x", "a", now(), version)},
			{"no answer", said(progress.Answered, lesson+"/verifier/exemples", " ", now(), version)},
			{"a novel", said(progress.Answered, lesson+"/verifier/exemples", strings.Repeat("a", 5000), now(), version)},
			{"an answer to a text", said(progress.Answered, lesson+"/lire", "a", now(), version)},
			{"something else", said(progress.Read, "https://example.org/", "", now(), version)},
			{"a work without its file", func() letter {
				l := said(progress.Submitted, lesson+"/garder", "", now(), version)
				l["attachments"] = []letter{{"sha2": strings.Repeat("0", 64)}}
				return l
			}()},
		} {
			for range 2 {
				if status, got := n.hand(t, mine, now(), nil, x.l); status != 200 || len(got.Refused) != 1 || got.Refused[0].ID != x.l["id"] || got.Refused[0].Why == "" {
					t.Errorf("%s: status %d, %+v", x.what, status, got)
				}
			}
		}
		if status, _, body := n.request(t, trainer, "GET", "/groups/"+s.group.String()+"/learning/"+s.person.String(), nil); status != 200 || strings.Count(body, "étape n’existe pas") != 4 {
			t.Errorf("the trainer is told of %d: status %d", strings.Count(body, "étape n’existe pas"), status)
		}
		later := said(progress.Read, "urn:tizi:course:un-autre/commencer/premiere-lecon/lire", "", now(), id.New())
		if status, got := n.hand(t, mine, now(), nil, later, said(progress.Read, lesson+"/lire", "", now(), version)); status != 200 || len(got.Later) != 1 || got.Later[0] != later["id"] || len(got.Taken) != 1 {
			t.Errorf("a course that has not come: status %d, %+v", status, got)
		}

		// Clocks: two years behind, two years ahead, one that was set right in between, none. Everything is kept, and nothing in the future.
		for i, x := range []struct {
			at, sent time.Time
			stamp    bool // the moment is known
		}{
			{now().AddDate(-2, 0, 0).Add(-5 * time.Minute), now().AddDate(-2, 0, 0), true},
			{now().AddDate(2, 0, 0).Add(-5 * time.Minute), now().AddDate(2, 0, 0), true},
			{time.Unix(0, 0), now(), false},
			{now().AddDate(3, 0, 0), now(), false},
		} {
			l := said(progress.Answered, lesson+"/verifier/exemples", "a", x.at, version)
			for range 2 {
				if status, got := n.hand(t, mine, x.sent, nil, l); status != 200 || len(got.Taken) != 1 {
					t.Fatalf("clock %d: status %d, %+v", i, status, got)
				}
				n.clock.Move(3 * time.Second) // it is sent again a little later
			}
			mark, err := id.Parse(l["id"].(string))
			must(t, err)
			_, v, err := n.Records.Get(ctx, s.centre, id.Nil, progress.EventID(s.person, mark.Hex()+lesson+"/verifier/exemples"))
			must(t, err)
			if v.Get("context", "extensions", progress.ClockKey).Text() == "" {
				t.Errorf("clock %d: nothing says that it was wrong: %s", i, v)
			}
			on, err := statement.ParseTime(v.Get("timestamp").Text())
			must(t, err)
			if x.stamp && on.Sub(now().Add(-5*time.Minute)).Abs() > time.Minute || on.After(now()) || on.Before(now().Add(-time.Hour)) {
				t.Errorf("clock %d: it is said to be of %v, and it is %v", i, on, now())
			}
		}
		if got := of(s.person); got.Tries != 6 {
			t.Errorf("%d tries of 6", got.Tries)
		}

		// A picture, drawn anew; a lab, once.
		photo := picture(t)
		work := said(progress.Submitted, lesson+"/garder", "Mon dessin", now(), version)
		work["attachments"] = []letter{{"usageType": progress.Usage, "display": letter{"en": "work"}, "contentType": "image/jpeg", "length": len(photo), "sha2": sha(photo)}}
		lab := said(progress.Completed, "urn:tizi:lab:drawing", "", now(), version)
		lab["context"].(letter)["contextActivities"] = letter{"parent": []letter{{"id": lesson + "/dessiner"}}}
		for range 2 {
			if status, got := n.hand(t, mine, now(), [][]byte{photo}, work, lab); status != 200 || len(got.Taken) != 2 {
				t.Fatalf("a work and a lab: status %d, %+v", status, got)
			}
		}
		if _, got := n.hand(t, theirs, now(), nil, lab); len(got.Refused) != 1 {
			t.Errorf("a lab of somebody else's: %+v", got)
		}
		// What no text of a database holds is in a letter of nobody's hand: it is answered.
		for _, at := range []func(letter, string){
			func(l letter, nul string) {
				l["context"].(letter)["contextActivities"].(letter)["grouping"] = []letter{{"id": "urn:x" + nul}}
			},
			func(l letter, nul string) {
				l["result"] = letter{"response": nul, "extensions": letter{"urn:x" + nul: nul}}
			},
			func(l letter, nul string) {
				l["object"].(letter)["definition"] = letter{"name": letter{"fr": nul}, "type": "urn:y" + nul}
			},
			func(l letter, nul string) { l["context"].(letter)["platform"] = nul },
			func(l letter, nul string) { l["context"].(letter)["language"] = nul },
			func(l letter, nul string) { l["timestamp"] = nul },
		} {
			for _, nul := range []string{"a\x00b", "a\ufeffb\u202e", "a\U0010ffff"} {
				odd := said(progress.Completed, "urn:tizi:lab:drawing", "", now(), version)
				for _, step := range []string{"/nulle-part", "/dessiner"} {
					odd["id"] = id.New().String()
					odd["context"].(letter)["contextActivities"] = letter{"parent": []letter{{"id": lesson + step}}}
					at(odd, nul)
					if status, got := n.hand(t, theirs, now(), nil, odd); status != 200 || len(got.Taken)+len(got.Refused) != 1 {
						t.Errorf("a letter with %q: status %d, %+v", nul, status, got)
					}
				}
			}
		}
		works, err := n.Progress.Works(ctx, n.DB, s.person, "mon-cours")
		must(t, err)
		if len(works) != 2 {
			t.Errorf("%d works", len(works))
		}

		// The rest of the lesson: it is completed, once.
		ver, err := n.Courses.Get(ctx, n.DB, version)
		must(t, err)
		c, err := n.Courses.Load(ctx, n.DB, *ver)
		must(t, err)
		var all []letter
		for _, step := range progress.Steps("mon-cours", c.Lessons()[0], s.person) {
			name, item, ok := strings.Cut(step, "/")
			if ok {
				it := c.Lessons()[0].Activity(name).Items.Item(item)
				all = append(all, said(progress.Answered, lesson+"/"+step, progress.FormatResponse(it.Solved()), now(), version))
			} else if name != "garder" && name != "dessiner" {
				all = append(all, said(progress.Read, lesson+"/"+step, "", now(), version))
			}
		}
		if status, got := n.hand(t, mine, now(), nil, all...); status != 200 || len(got.Taken) != len(all) {
			t.Errorf("all the rest: status %d, %+v", status, got)
		}
		if got := of(s.person); !got.Done || got.Score != 1 {
			t.Errorf("the lesson is %+v", got)
		}

		// Batches: 200 and no more; what is no batch; one that is too large.
		all = nil
		for range learn.MaxLetters + 1 {
			all = append(all, said(progress.Read, "urn:tizi:course:un-autre/a/b/c", "", now(), version))
		}
		if status, _ := n.hand(t, mine, now(), nil, all...); status != 413 {
			t.Errorf("201 letters: status %d", status)
		}
		if status, got := n.hand(t, mine, now(), nil, all[1:]...); status != 200 || len(got.Later) != learn.MaxLetters {
			t.Errorf("200 letters: status %d", status)
		}
		for _, body := range []string{"", "--b--\r\n", "--b\r\n\r\n{}\r\n--b--\r\n", "--b\r\n\r\n[{}]\r\n--b--\r\n", "--b\r\n\r\n[1,null]\r\n--b--\r\n", "--b\r\n\r\n[{\"id\":\"x\"}]\r\n--b--\r\n", "--b\r\n\r\n[", "nonsense", strings.Repeat("[", 5000)} {
			if status, _ := n.handIn(t, mine, now(), body); status != 422 {
				t.Errorf("%.40q: status %d", body, status)
			}
		}
		if status, _ := n.handIn(t, mine, now(), "--b\r\n\r\n"+strings.Repeat(" ", learn.MaxWork+1)); status != 413 {
			t.Errorf("too much at once: status %d", status)
		}

		// A learner who comes in again keeps the pass that the tablet has; the tablet is taken out, and nothing comes from it any more.
		if status, _ := n.hand(t, mine, now(), nil, right); status != 200 {
			t.Errorf("before the tablet is taken out: status %d", status)
		}
		devices, err := n.Learners.Devices(ctx, n.DB, access.Everywhere())
		must(t, err)
		must(t, n.Learners.Strike(ctx, access.Everywhere(), devices[0].ID))
		if status, _ := n.hand(t, mine, now(), nil, right); status != 401 {
			t.Errorf("after the tablet was taken out: status %d", status)
		}

		// Erased with the person.
		again := n.slate(t, s.centre).pass(s.centre, s.person)
		must(t, n.Erase(ctx, []id.ID{s.person}, s.centre))
		if status, _ := n.hand(t, again, now(), nil, right); status != 401 {
			t.Errorf("of somebody who was erased: status %d", status)
		}
	})
}

// tookOffline is what a player says of a test that was taken.
func tookOffline(test string, answers map[string]string, at time.Time, version id.ID) letter {
	l := said(progress.Completed, "urn:tizi:test:mon-cours/"+test, "", at, version)
	l["result"] = letter{"completion": true, "extensions": letter{learn.AnswersKey: answers}}
	return l
}

// Tests that were taken without a link: once, marked here, where it was the time for them when they were taken.
func TestOutboxOfTests(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		c := n.taught(t)
		vers, err := n.Courses.Of(ctx, n.DB, c.group)
		must(t, err)
		version := vers[0].ID
		pass := n.slate(t, c.centre).pass(c.centre, c.person)
		n.clock.Move(time.Hour)
		now := n.clock.Now
		hand := func(taken bool, why string, all ...letter) {
			t.Helper()
			for range 2 { // the answer to the first may be lost
				_, got := n.hand(t, pass, now(), nil, all...)
				if taken && len(got.Taken) != len(all) || !taken && (len(got.Refused) != len(all) || !strings.Contains(got.Refused[0].Why, why)) {
					t.Fatalf("%s: %+v", why, got)
				}
			}
		}
		of := func() progress.Lessons {
			t.Helper()
			by, err := n.Progress.Of(ctx, n.DB, []id.ID{c.person}, "mon-cours")
			must(t, err)
			return by[c.person]
		}
		answered := func() int {
			t.Helper()
			l, err := n.Progress.Answers(ctx, n.DB, c.person, c.centre, "mon-cours", 50)
			must(t, err)
			return len(l)
		}

		// Letters that say no test.
		for _, x := range []struct {
			why string
			l   letter
		}{
			{"n’existe pas", tookOffline("pre/apprendre", map[string]string{"apprendre": "a"}, now(), version)},
			{"pas de réponse", said(progress.Completed, "urn:tizi:test:mon-cours/pre", "", now(), version)},
			{"pas de réponse", tookOffline("pre", map[string]string{"apprendre": strings.Repeat("a", 3000)}, now(), version)},
			{"pas d’une leçon", said(progress.Answered, "urn:tizi:test:mon-cours/pre", "a", now(), version)},
			{"pas ouvert", tookOffline("post", map[string]string{"apprendre-2": "a"}, now(), version)},
		} {
			x.l["context"].(letter)["language"] = "fr"
			hand(false, x.why, x.l)
		}

		// The test before, taken before the lesson, arrives after it: the lesson was done on another tablet.
		before := now().Add(-30 * time.Minute)
		ver, err := n.Courses.Get(ctx, n.DB, version)
		must(t, err)
		crs, err := n.Courses.Load(ctx, n.DB, *ver)
		must(t, err)
		lesson := "urn:tizi:course:mon-cours/commencer/premiere-lecon"
		var all []letter
		for _, step := range progress.Steps("mon-cours", crs.Lessons()[0], c.person) {
			name, item, ok := strings.Cut(step, "/")
			switch x := crs.Lessons()[0].Activity(name); {
			case ok:
				all = append(all, said(progress.Answered, lesson+"/"+step, progress.FormatResponse(x.Items.Item(item).Solved()), now(), version))
			case x.Kind == course.Lab:
				lab := said(progress.Completed, "urn:tizi:lab:"+x.Lab, "", now(), version)
				lab["context"].(letter)["contextActivities"] = letter{"parent": []letter{{"id": lesson + "/" + step}}}
				all = append(all, lab)
			default:
				all = append(all, said(progress.Read, lesson+"/"+step, "", now(), version))
			}
		}
		hand(true, "the lesson", all...)
		if l := of()["commencer/premiere-lecon"]; l == nil || !l.Done {
			t.Fatalf("the lesson: %+v", l)
		}
		had := answered()
		late := tookOffline("pre", map[string]string{"apprendre": "a"}, now(), version)
		late["context"].(letter)["language"] = "fr"
		n.clock.Move(time.Minute)
		late["timestamp"] = now().UTC().Format(time.RFC3339Nano)
		hand(false, "pas ouvert", late)
		hand(true, "the test before", tookOffline("pre", map[string]string{"apprendre": "b", "nothing": "x"}, before, version))
		if x := of()[progress.Pretest]; x == nil || !x.Done || x.Score != 0 || answered() != had+1 {
			t.Errorf("the test before: %+v, %d answers", x, answered()-had)
		}
		// Taken again, with another answer: the first stands.
		hand(true, "again", tookOffline("pre", map[string]string{"apprendre": "a"}, before, version))
		if x := of()[progress.Pretest]; x.Score != 0 || answered() != had+1 {
			t.Errorf("taken again: %+v, %d answers", x, answered()-had)
		}

		// The test after was open when it was taken, and is closed when it arrives.
		open := func(open bool) {
			t.Helper()
			n.clock.Move(time.Hour)
			must(t, n.Teaching.Open(ctx, id.Nil, c.centre, teaching.Opened{Group: c.group, Course: "mon-cours", Test: progress.Posttest, Open: open}))
			n.clock.Move(time.Hour)
		}
		open(true)
		while := now()
		open(false)
		closed := tookOffline("post", map[string]string{"apprendre-2": "a"}, now(), version)
		closed["context"].(letter)["language"] = "fr"
		hand(false, "pas ouvert", closed)
		hand(true, "the test after", tookOffline("post", map[string]string{"apprendre-2": "a"}, while, version))
		if x := of()[progress.Posttest]; x == nil || !x.Done || x.Score != 1 || answered() != had+2 {
			t.Errorf("the test after: %+v", x)
		}
		g, err := n.Progress.CourseGain(ctx, n.DB, access.Everywhere(), "mon-cours")
		must(t, err)
		if g.N != 1 {
			t.Errorf("the gain is of %d learners", g.N)
		}
	})
}

// A device that sends a little and then nothing is told that it was too slow, and keeps what it has.
func TestOutboxTooSlow(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	n.programme(t)
	s := n.spot(t, "in", "MA-ERR-MJ1")
	pass := n.slate(t, s.centre).pass(s.centre, s.person)
	r := httptest.NewRequest("POST", "/outbox", io.MultiReader(strings.NewReader("--b\r\n\r\n["), stalled{}))
	r.Header.Set("Content-Type", "multipart/mixed; boundary=b")
	r.Header.Set("Authorization", "Bearer "+pass)
	w := httptest.NewRecorder()
	n.web.ServeHTTP(w, r)
	if w.Code != http.StatusRequestTimeout {
		t.Errorf("status %d", w.Code)
	}
}

// stalled is a connection whose time is over.
type stalled struct{}

func (stalled) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func sha(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

// A centre chooses what its tablets keep, and says so on purpose where a course is kept no more; only its tablets get the packs, which name
// nobody, and a tablet says what it holds.
func TestPacks(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programme(t)
		trainer := n.open(t, access.Trainer, access.Place(place.ID("MA-ERR-MJ1")), true)
		s := n.spot(t, "in", "MA-ERR-MJ1", trainer.ID)
		version := n.projects(t)
		tab := n.slate(t, s.centre)
		path := "/tablets/packs?centre=" + s.centre.String()
		set := func(form url.Values) (int, string) {
			t.Helper()
			form.Set("centre", s.centre.String())
			form.Set("course", "mon-cours")
			status, _, body := n.request(t, trainer, "POST", "/tablets/packs", form)
			return status, body
		}
		shown := func(langs int) {
			t.Helper()
			if status, _, body := n.request(t, trainer, "GET", path, nil); status != 200 || strings.Count(body, " checked") != langs {
				t.Errorf("%d languages are shown of %d: status %d", strings.Count(body, " checked"), langs, status)
			}
		}
		ask := func(device, path string) (int, string) {
			t.Helper()
			r, err := http.NewRequest("GET", n.srv.URL+path, nil)
			must(t, err)
			r.AddCookie(&http.Cookie{Name: door.SessionCookie + door.DeviceCookie, Value: device})
			status, _, body := n.do(t, nil, r)
			return status, body
		}
		of := "/packs/" + version.String() + "/"
		shown(0)
		for _, form := range []url.Values{{}, {"lang": {"xx"}}, {"lang": {"fr", "zgh"}}, {"do": {"other"}, "lang": {"fr"}}} {
			if status, _ := set(form); status != 422 {
				t.Errorf("%v: status %d", form, status)
			}
		}
		if status, _ := ask(tab.token, of+"fr"); status != 404 {
			t.Errorf("a pack that nobody chose: status %d", status)
		}
		if status, _ := set(url.Values{"lang": {"fr", "ar"}}); status != 303 {
			t.Fatalf("two languages: status %d", status)
		}
		shown(2)
		if status, body := set(url.Values{}); status != 422 || strings.Contains(body, " checked") {
			t.Errorf("no language: status %d", status)
		}
		shown(2) // and nothing is dropped

		_, body := ask(tab.token, "/packs")
		var all []learn.Wanted
		must(t, json.Unmarshal([]byte(body), &all))
		if len(all) != 2 || all[0].Version != version {
			t.Fatalf("wanted: %s", body)
		}
		status, body := ask(tab.token, of+"ar")
		var p learn.CoursePack
		must(t, json.Unmarshal([]byte(body), &p))
		if status != 200 || len(p.Modules) != 1 || p.Modules[0].Lessons[0].Steps["verifier/exemples"].Item.Right[0] != "a" || len(p.Labs) != 3 || p.Tests["pre"].Items["apprendre"].Kind != quiz.Choice || !strings.Contains(p.Tests["post"].HTML, "q-apprendre-2") || strings.Contains(body, "Pin") || strings.Contains(body, s.person.String()) {
			t.Errorf("a pack: status %d: %.400s", status, body)
		}
		for test, x := range p.Tests {
			if b, _ := json.Marshal(x); strings.Contains(string(b), `"right"`) || strings.Contains(string(b), "correct") {
				t.Errorf("the test %s tells what is right: %s", test, b)
			}
		}
		// What a lab of it keeps says where it was made, in which version.
		lab := p.Modules[0].Lessons[0].Steps["dessiner"].HTML
		if !strings.Contains(lab, `data-at="urn:tizi:course:mon-cours/commencer/premiere-lecon/dessiner"`) || !strings.Contains(lab, `data-revision="`+version.String()+`"`) {
			t.Errorf("a lab of a pack does not know where it is: %.600s", lab)
		}
		for _, x := range []struct{ what, device, path string }{{"another language", tab.token, of + "en"}, {"no language", tab.token, of + "xx"}, {"no version", tab.token, "/packs/" + id.New().String() + "/fr"},
			{"no device", "", of + "fr"}, {"no device", "nonsense", "/packs"}} {
			if status, _ := ask(x.device, x.path); status != 404 {
				t.Errorf("%s: status %d", x.what, status)
			}
		}

		// What it holds, since it first said so.
		hold := func(said string) int {
			t.Helper()
			r, err := http.NewRequest("POST", n.srv.URL+"/packs", strings.NewReader(said))
			must(t, err)
			r.AddCookie(&http.Cookie{Name: door.SessionCookie + door.DeviceCookie, Value: tab.token})
			status, _, _ := n.do(t, nil, r)
			return status
		}
		mine := fmt.Sprintf(`[{"course":"mon-cours","lang":"ar","version":%q,"bytes":3000000}]`, version)
		for range 2 {
			if status := hold(mine); status != 200 {
				t.Errorf("what it holds: status %d", status)
			}
			n.clock.Move(48 * time.Hour)
		}
		for _, said := range []string{"", "{}", "[1]", "[", strings.Repeat("[", 2000)} {
			if status := hold(said); status != 422 {
				t.Errorf("%.20q: status %d", said, status)
			}
		}
		if _, _, body := n.request(t, trainer, "GET", path, nil); !strings.Contains(body, "3 Mo") || !strings.Contains(body, n.clock.Now().Add(-96*time.Hour).Format("15:04")) {
			t.Error("the page does not say what the tablet holds")
		}

		if status, _ := set(url.Values{"do": {"drop"}}); status != 303 {
			t.Errorf("no more: status %d", status)
		}
		shown(0)
		if _, body := ask(tab.token, "/packs"); strings.TrimSpace(body) != "[]" {
			t.Errorf("wanted after all: %s", body)
		}
	})
}

// FuzzOutbox: whatever a device hands in, each letter is answered once or the batch is refused, and nothing fails inside; what was taken is
// taken again.
func FuzzOutbox(f *testing.F) {
	n := serve(f, store.SQLite, nil)
	n.programme(f)
	s := n.spot(f, "in", "MA-ERR-MJ1")
	version := n.projects(f)
	must(f, n.Courses.Assign(ctx, id.Nil, person.Stream(s.centre), s.group, "mon-cours", version))
	pass := n.slate(f, s.centre).pass(s.centre, s.person)
	n.clock.Move(time.Hour)
	now, lesson := n.clock.Now(), "urn:tizi:course:mon-cours/commencer/premiere-lecon"
	photo := picture(f)
	work := said(progress.Submitted, lesson+"/garder", "Mon dessin", now, version)
	work["attachments"] = []letter{{"usageType": progress.Usage, "display": letter{"en": "work"}, "contentType": "image/jpeg", "length": len(photo), "sha2": sha(photo)}}
	lab := said(progress.Completed, "urn:tizi:lab:drawing", "", now, version)
	lab["context"].(letter)["contextActivities"] = letter{"parent": []letter{{"id": lesson + "/dessiner"}}}
	lab["result"] = letter{"completion": true, "duration": "PT61S", "score": letter{"raw": 2, "min": 0, "max": 3, "scaled": 2.0 / 3}, "extensions": letter{"urn:tizi:lab:drawing:measures": letter{"a": 1}}}
	for _, l := range []letter{
		said(progress.Began, lesson, "", now, version),
		said(progress.Read, lesson+"/lire", "", now.Add(-time.Minute), version),
		said(progress.Answered, lesson+"/verifier/exemples", "b", now, version),
		said(progress.Answered, lesson+"/verifier/exemples", "x[.]1[,]y[.]2", now, version),
		tookOffline("pre", map[string]string{"apprendre": "a"}, now, version),
		tookOffline("post", map[string]string{"apprendre-2": "a"}, now, version),
		work, lab,
	} {
		b, err := json.Marshal([]letter{l})
		must(f, err)
		f.Add(now.Format(time.RFC3339Nano), string(b), photo)
	}
	f.Add("x", "[]", []byte{})
	f.Add("", `[{"id":"01890000-0000-7000-8000-000000000001","object":{"id":"urn:tizi:test:mon-cours/pre"}}]`, []byte("%PDF-1.7"))
	f.Fuzz(func(t *testing.T, sent, said string, file []byte) {
		hand := func() (int, learn.Sorted) {
			body := "--b\r\nContent-Type: application/json\r\n\r\n" + said + "\r\n--b\r\n\r\n" + string(file) + "\r\n--b--\r\n"
			r := httptest.NewRequest("POST", "/outbox", strings.NewReader(body))
			r.Header.Set("Content-Type", "multipart/mixed; boundary=b")
			r.Header.Set("Authorization", "Bearer "+pass)
			r.Header[http.CanonicalHeaderKey(learn.SentHeader)] = []string{sent}
			w := httptest.NewRecorder()
			n.web.ServeHTTP(w, r)
			var out learn.Sorted
			if w.Code == http.StatusOK {
				must(t, json.Unmarshal(w.Body.Bytes(), &out))
			} else if w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusRequestEntityTooLarge {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			return w.Code, out
		}
		status, first := hand()
		if status != http.StatusOK {
			return
		}
		letters, err := statement.Parse([]byte(said))
		if err != nil {
			return // it brought a boundary of its own
		}
		if got := len(first.Taken) + len(first.Refused) + len(first.Later); got != len(letters.Items()) {
			t.Fatalf("%d letters, %d answers: %+v", len(letters.Items()), got, first)
		}
		if _, again := hand(); len(again.Taken) < len(first.Taken) {
			t.Fatalf("taken first: %+v, and then: %+v", first, again)
		}
	})
}
