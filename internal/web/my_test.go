package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/progress"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

var hiddenMark = regexp.MustCompile(`name="mark" value="([0-9a-f]{32})"`)

// A learner goes through the small course as it is: a wrong answer, right ones, a form that is sent twice, tests once, a lab; and the
// trainer of the group sees it, and nobody else's.
func TestLearnerLearns(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}},
			Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 14}}})
		must(t, err)
		trainer := n.open(t, access.Trainer, access.Place(place.ID("MA-ERR-MJ1")), true)
		other := n.open(t, access.Trainer, access.Place(place.ID("MA-ERR-MJ1")), true)
		s := n.spot(t, "in", "MA-ERR-MJ1", trainer.ID)
		version := n.course(t)
		group := "/groups/" + s.group.String() + "/learning"

		// Nothing is there before somebody chooses it; a trainer chooses nothing.
		learn := func(method, path string, form url.Values) (int, string, string) {
			t.Helper()
			return n.learns(t, s.centre, s.person, method, path, form)
		}
		if status, _, _ := learn("GET", "/my/courses/mon-cours", nil); status != 404 {
			t.Errorf("a course that no group follows: status %d", status)
		}
		if status, _, _ := n.request(t, trainer, "POST", group, url.Values{"course": {"mon-cours"}}); status != 403 {
			t.Errorf("a trainer chooses courses: status %d", status)
		}
		if status, _, body := n.request(t, n.owner, "POST", group, url.Values{"course": {"nonsense"}}); status != 422 || !strings.Contains(body, "Ce cours n’est pas ici") {
			t.Errorf("a course that is not there: status %d", status)
		}
		if status, _, _ := n.request(t, n.owner, "POST", group, url.Values{"course": {"mon-cours"}, "do": {"move"}, "version": {id.New().String()}}); status != 422 {
			t.Errorf("a version that is not the newest any more: status %d", status)
		}
		if status, to, _ := n.request(t, n.owner, "POST", group, url.Values{"course": {"mon-cours"}}); status != 303 || to != group {
			t.Fatalf("following a course: status %d to %s", status, to)
		}
		l, err := n.Courses.Of(ctx, n.DB, s.group)
		must(t, err)
		if len(l) != 1 || l[0].ID != version {
			t.Fatalf("the group follows %v", l)
		}

		// The test at the beginning comes first, is taken once, and what is left open must be meant so.
		if _, _, body := learn("GET", "/my", nil); !strings.Contains(body, `href="/my/tests/mon-cours/pre`) {
			t.Error("the next step is not the first test")
		}
		if status, _, _ := learn("POST", "/my/tests/mon-cours/pre", nil); status != 422 {
			t.Errorf("an empty test: status %d", status)
		}
		for range 2 {
			if status, _, _ := learn("POST", "/my/tests/mon-cours/pre", url.Values{"open": {"yes"}}); status != 303 {
				t.Errorf("the first test: status %d", status)
			}
		}
		if status, _, _ := learn("GET", "/my/tests/mon-cours/post", nil); status != 303 {
			t.Errorf("the last test before the lessons: status %d", status)
		}

		lesson := "/my/courses/mon-cours/commencer/premiere-lecon"
		c, err := n.Courses.Load(ctx, n.DB, l[0])
		must(t, err)
		at := c.Lessons()[0]
		steps := progress.Steps("mon-cours", at, s.person)
		of := func() progress.Lessons {
			t.Helper()
			by, err := n.Progress.Of(ctx, n.DB, []id.ID{s.person}, "mon-cours")
			must(t, err)
			return by[s.person]
		}
		if pre := of()[progress.Pretest]; pre == nil || !pre.Done || pre.Score != 0 {
			t.Errorf("the first test is %+v", pre)
		}
		if status, to, _ := learn("POST", lesson, nil); status != 303 || !strings.HasPrefix(to, lesson+"/lire") {
			t.Errorf("beginning: status %d to %s", status, to)
		}
		n.clock.Move(time.Minute)
		tries := 0
		for _, step := range steps {
			path := lesson + "/" + strings.ReplaceAll(step, "/", ".")
			_, _, body := learn("GET", path, nil)
			m := hiddenMark.FindStringSubmatch(body)
			if m == nil {
				t.Fatalf("%s has no form: %s", step, body)
			}
			form := url.Values{"mark": {m[1]}}
			_, item, question := strings.Cut(step, "/")
			if !question {
				if status, to, _ := learn("POST", path, form); status != 303 || strings.HasPrefix(to, path+"?") {
					t.Errorf("%s: status %d to %s", step, status, to)
				}
				continue
			}
			it := at.Activity("verifier").Items.Item(item)
			if status, _, _ := learn("POST", path, form); status != 422 {
				t.Errorf("%s without an answer: status %d", step, status)
			}
			name := "q-" + item
			switch it.Kind {
			case "choice":
				for _, o := range it.Choices { // the wrong ones, then the right one; each form twice
					if o.Correct {
						continue
					}
					form.Set(name, o.ID)
					for range 2 {
						learn("POST", path, form)
					}
					tries++
					if got := of()["commencer/premiere-lecon"].Steps[step]; got.Tries != tries || got.Right {
						t.Fatalf("after %d wrong answers, each sent twice: %+v", tries, got)
					}
					break
				}
				form.Set(name, it.Right()[0]) // gone back, in the same form
				tries++
				learn("POST", path, form)
			default:
				right := it.Solved()
				for k, v := range right {
					form.Set(strings.TrimSuffix(name+"."+k, "."), v)
				}
				learn("POST", path, form)
			}
			if it.Scored() {
				if _, _, body := learn("GET", path, nil); !strings.Contains(body, "notice-good") {
					t.Errorf("%s: the right answer is not said to be right", step)
				}
			}
			if it.Kind == "choice" {
				if got := of()["commencer/premiere-lecon"].Steps[step]; got.Tries != tries || !got.Right {
					t.Fatalf("after the right answer: %+v", got)
				}
				tries = 0
			}
		}
		got := of()["commencer/premiere-lecon"]
		if !got.Done || got.Count(steps) != len(steps) {
			t.Errorf("the lesson is %+v", got)
		}

		// The trainer sees it, a trainer of another group nothing.
		if status, _, body := n.request(t, trainer, "GET", group, nil); status != 200 || !strings.Contains(body, "progress-cell is-done") || !strings.Contains(body, "Pin") {
			t.Errorf("the trainer's grid: status %d", status)
		}
		who := group + "/" + s.person.String()
		if status, _, body := n.request(t, trainer, "GET", who, nil); status != 200 || !strings.Contains(body, "Dernières réponses") {
			t.Errorf("the trainer's page of a learner: status %d", status)
		}
		for _, path := range []string{group, who} {
			if status, _, _ := n.request(t, other, "GET", path, nil); status != 404 {
				t.Errorf("%s, of another trainer's group: status %d", path, status)
			}
		}

		// A work is the learner's own and their trainer's.
		piece := n.work(t, s.centre, s.person)
		if status, _, _ := learn("GET", "/my/work/"+piece.String(), nil); status != 200 {
			t.Errorf("one's own work: status %d", status)
		}
		if status, _, _ := n.request(t, trainer, "GET", who+"/"+piece.String(), nil); status != 200 {
			t.Errorf("a learner's work for their trainer: status %d", status)
		}
		near := n.spot(t, "near", "MA-ERR-MJ1")
		if status, _, _ := n.learns(t, near.centre, near.person, "GET", "/my/work/"+piece.String(), nil); status != 404 {
			t.Errorf("another's work: status %d", status)
		}
		for _, path := range []string{"/my", "/my/star", "/my/work", "/my/known", "/my/courses/mon-cours", lesson} {
			if status, _, body := learn("GET", path, nil); status != 200 || strings.Contains(body, "Pnear") {
				t.Errorf("%s: status %d", path, status)
			}
		}

		// What a lab says is the learner's whatever the page claims, and of this lab only.
		said := func(lab string) (int, string) {
			t.Helper()
			body := "--b\r\nContent-Type: application/json\r\n\r\n" + fmt.Sprintf(`[{"id":%q,"actor":{"account":{"homePage":"urn:tizi:person","name":%q}},"verb":{"id":"http://adlnet.gov/expapi/verbs/completed"},"object":{"id":"urn:tizi:lab:%s"},"result":{"duration":"PT90S"}}]`, id.New(), near.person, lab) + "\r\n--b--\r\n"
			token, err := n.Learners.Begin(ctx, s.centre, s.person, id.Nil)
			must(t, err)
			r, err := http.NewRequest("POST", n.srv.URL+lesson+"/dessiner/records", strings.NewReader(body))
			must(t, err)
			r.Header.Set("Content-Type", "multipart/mixed; boundary=b")
			r.Header.Set("Accept", "application/json")
			r.AddCookie(&http.Cookie{Name: "session_learner", Value: token})
			status, _, out := n.do(t, nil, r)
			return status, out
		}
		if status, out := said("drawing"); status != 200 || !strings.HasPrefix(out, `["`) {
			t.Errorf("a lab: status %d %s", status, out)
		}
		if status, _ := said("feed"); status != 422 {
			t.Errorf("another lab: status %d", status)
		}
		if by, err := n.Progress.Of(ctx, n.DB, []id.ID{near.person}, "mon-cours"); err != nil || len(by) != 0 {
			t.Errorf("somebody else has done %v, %v", by, err)
		}
		if of()["commencer/premiere-lecon"].Steps["dessiner"].By.IsNil() {
			t.Error("the lab is not in the lesson")
		}

		// Erased, they have done nothing.
		must(t, n.Erase(ctx, []id.ID{s.person}, s.centre))
		if by := of(); len(by) != 0 {
			t.Errorf("of somebody who was erased there is %v", by)
		}
	})
}
