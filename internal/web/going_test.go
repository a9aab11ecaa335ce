package web_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/progress"
	"tizi/internal/store"
	"tizi/internal/teaching"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

var everyDay = []time.Weekday{0, 1, 2, 3, 4, 5, 6}

// took says that somebody took a test.
func (n *node) took(t testing.TB, centre, who id.ID, test string, right int) id.ID {
	t.Helper()
	d := progress.Deed{ID: id.New(), Person: who, At: progress.At{Course: "mon-cours", Lesson: test}, Verb: progress.Completed, Raw: float64(right), Of: 10}
	must(t, n.Progress.Put(ctx, centre, []progress.Deed{d}, nil))
	return d.ID
}

// A trainer says where the group stopped, in a session that was, and the next one begins there, on paper too; nobody else says so.
func TestGroupGoesOnWhereItStopped(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		c := n.taught(t)
		other := n.open(t, access.Trainer, access.Place(place.ID("MA-ERR-MJ1")), true)
		day := n.Today()
		_, err := n.Training.Plan(ctx, id.Nil, access.Everywhere(), c.group, training.Weekly{From: day, To: day, Days: everyDay, Starts: "14:00", Ends: "15:00"})
		must(t, err)
		_, err = n.Training.Plan(ctx, id.Nil, access.Everywhere(), c.group, training.Weekly{From: "2026-06-01", To: "2026-06-01", Days: everyDay, Starts: "10:00", Ends: "11:00"})
		must(t, err)
		first := "/sessions/" + c.session.String() + "/lesson"
		today := "/sessions/" + training.SessionID(c.group, day, "14:00").String() + "/lesson"
		later := "/sessions/" + training.SessionID(c.group, "2026-06-01", "10:00").String() + "/lesson"
		stop := url.Values{"course": {"mon-cours"}, "lesson": {"commencer/premiere-lecon"}, "stop": {"2"}}
		for _, x := range []struct {
			who    *access.Account
			path   string
			form   url.Values
			status int
		}{
			{other, first, stop, 404},
			{c.trainer, first, nil, 422},
			{c.trainer, first, url.Values{"course": {"mon-cours"}, "lesson": {"commencer/premiere-lecon"}, "stop": {"99"}}, 422},
			{c.trainer, first, url.Values{"course": {"mon-cours"}, "lesson": {"commencer/x"}, "stop": {"1"}}, 404},
			{c.trainer, first, url.Values{"course": {"x"}, "lesson": {"commencer/premiere-lecon"}, "stop": {"1"}}, 404},
			{c.trainer, later, stop, 422},
			{c.trainer, first, stop, 303},
			{c.trainer, first, stop, 303}, // the same again
		} {
			if status, _, _ := n.request(t, x.who, "POST", x.path, x.form); status != x.status {
				t.Errorf("%s %v: status %d", x.path, x.form, status)
			}
		}
		if stops, err := n.Teaching.Stops(ctx, n.DB, c.group); err != nil || len(stops["mon-cours"]) != 1 {
			t.Fatalf("there is said %v, %v", stops, err)
		}
		reads := func(path, want string, is bool) {
			t.Helper()
			if status, _, body := n.request(t, c.trainer, "GET", path+"?lang=fr", nil); status != 200 || strings.Contains(body, want) != is {
				t.Errorf("%s: status %d, %q should be %t", path, status, want, is)
			}
		}
		reads("/today", "Une machine qui apprend", true)
		reads("/today", "Reprendre à", true)
		reads("/today", "/lessons/mon-cours/commencer/premiere-lecon?version=1", true)
		reads(today, "Reprendre à", true)
		reads(first, "Reprendre à", false) // before it nothing was said
		stop.Set("stop", "done")
		n.request(t, c.trainer, "POST", first, stop)
		reads(today, "Toutes les leçons sont faites", true)
		reads("/today", "Reprendre à", false)
	})
}

// The test at the end waits until the trainer opens it; the gain of a group is read by the manager with its count, each person once, and
// what was taken back leaves it.
func TestTrainerOpensTests(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		c := n.taught(t)
		other := n.open(t, access.Trainer, access.Place(place.ID("MA-ERR-MJ1")), true)
		tests := "/groups/" + c.group.String() + "/tests"
		post := "/my/tests/mon-cours/post"
		learn := func(method, path string, form url.Values) (int, string, string) {
			t.Helper()
			return n.learns(t, c.centre, c.person, method, path, form)
		}
		if status, to, _ := learn("GET", post, nil); status != 303 || to != "/my/courses/mon-cours" {
			t.Errorf("a test that nobody has opened: status %d to %s", status, to)
		}
		learn("POST", post, url.Values{"open": {"yes"}})
		open := url.Values{"course": {"mon-cours"}, "test": {"post"}, "do": {"open"}}
		for _, x := range []struct {
			who    *access.Account
			form   url.Values
			status int
		}{
			{other, open, 404}, {c.trainer, nil, 422}, {c.trainer, url.Values{"course": {"x"}, "test": {"post"}, "do": {"open"}}, 422},
			{c.trainer, url.Values{"course": {"mon-cours"}, "test": {"x"}, "do": {"open"}}, 422}, {c.trainer, open, 303},
		} {
			if status, _, _ := n.request(t, x.who, "POST", tests, x.form); status != x.status {
				t.Errorf("%v: status %d", x.form, status)
			}
		}
		learn("POST", "/my/tests/mon-cours/pre", url.Values{"open": {"yes"}})
		if _, _, body := learn("GET", "/my", nil); !strings.Contains(body, `href="`+post) {
			t.Error("the test that was opened is not the next step")
		}
		if status, _, _ := learn("GET", post, nil); status != 200 {
			t.Errorf("the test that was opened: status %d", status)
		}
		open.Set("do", "close")
		n.request(t, c.trainer, "POST", tests, open)
		if status, _, _ := learn("GET", post, nil); status != 303 {
			t.Errorf("the test that was closed again: status %d", status)
		}
		// What somebody typed before it was closed is not taken, and not lost.
		status, _, body := learn("POST", post, url.Values{"open": {"yes"}, "q-apprendre-2": {"a"}})
		if status != 422 || !strings.Contains(body, "Ce test est fermé") || !strings.Contains(body, `value="a" checked`) {
			t.Errorf("answers to a test that was closed meanwhile: status %d", status)
		}
		if l, err := n.Progress.Of(ctx, n.DB, []id.ID{c.person}, "mon-cours"); err != nil || l[c.person][progress.Posttest] != nil {
			t.Errorf("of a closed test there is kept %v, %v", l[c.person][progress.Posttest], err)
		}

		// Who has two records has taken each test once, under whichever.
		must(t, n.Teaching.Open(ctx, id.Nil, c.centre, teaching.Opened{Group: c.group, Course: "mon-cours", Test: progress.Posttest, Open: true}))
		gain := func(want string, count int) {
			t.Helper()
			g, err := n.Progress.CourseGain(ctx, n.DB, access.At(c.centre), "mon-cours")
			must(t, err)
			if g.N != count {
				t.Errorf("%d took both tests, not %d", g.N, count)
			}
			_, _, body := n.request(t, n.owner, "GET", "/board/gains?lang=fr", nil)
			if strings.Contains(body, ">"+want+"<") != (want != "") && want != "" {
				t.Errorf("the manager does not read %s", want)
			}
		}
		gain("", 0)
		twin, err := n.People.Register(ctx, id.Nil, c.centre, person.Details{"first_latin": "Twin", "birth": "2015-01-06", "sex": "f"}, nil)
		must(t, err)
		taken := n.took(t, c.centre, twin, progress.Posttest, 6)
		gain("", 0)
		must(t, n.People.Merge(ctx, n.owner.ID, access.Everywhere(), c.person, twin, "same"))
		gain("0,60", 1)
		n.took(t, c.centre, c.other, progress.Pretest, 5)
		n.took(t, c.centre, c.other, progress.Posttest, 9)
		gain("0,67", 2)
		n.void(t, c.centre, taken)
		gain("0,80", 1)
		if _, _, body := n.request(t, other, "GET", "/board/gains?lang=fr", nil); strings.Contains(body, "0,80") || !strings.Contains(body, "moins de 5") {
			t.Error("who may not know the people reads what one of them gained")
		}
	})
}

// The test of the beginning is open before the first lesson until the trainer closes it; what two say of it on two nodes is shown to both.
func TestTrainerClosesTheFirstTest(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		c := n.taught(t)
		pre, group := "/my/tests/mon-cours/pre", "/groups/"+c.group.String()
		is := func(status int, next bool) {
			t.Helper()
			if got, _, _ := n.learns(t, c.centre, c.person, "GET", pre, nil); got != status {
				t.Errorf("the test: status %d, not %d", got, status)
			}
			if _, _, body := n.learns(t, c.centre, c.person, "GET", "/my", nil); strings.Contains(body, `href="`+pre) != next {
				t.Errorf("the test is what comes next: %t", !next)
			}
		}
		says := func(want ...string) {
			t.Helper()
			_, _, body := n.request(t, c.trainer, "GET", group+"/learning?lang=fr", nil)
			for _, w := range []string{"Ouvert avant la première leçon", ">Ouvert<", "Ouvrir le test du début", "Fermer le test du début", "autre chose de ce test"} {
				if strings.Contains(strings.ReplaceAll(body, "</span>Ouvert", ">Ouvert"), w) != slices.Contains(want, w) {
					t.Errorf("the trainer reads %q: %t", w, !slices.Contains(want, w))
				}
			}
		}
		is(200, true)
		says("Ouvert avant la première leçon", "Ouvrir le test du début", "Fermer le test du début")
		n.request(t, c.trainer, "POST", group+"/tests", url.Values{"course": {"mon-cours"}, "test": {"pre"}, "do": {"close"}})
		is(303, false)
		says("Ouvrir le test du début")
		if _, _, body := n.learns(t, c.centre, c.person, "GET", "/my/courses/mon-cours?lang=fr", nil); strings.Contains(body, "avant la première leçon") {
			t.Error("a test that was closed is promised before the first lesson")
		}
		n.request(t, c.trainer, "POST", group+"/tests", url.Values{"course": {"mon-cours"}, "test": {"pre"}, "do": {"open"}})
		is(200, true)
		says(">Ouvert<", "Fermer le test du début")

		// Somebody on another node had said otherwise, and knew nothing of it.
		subject, stream := id.Under(c.group, "test mon-cours/pre"), person.Stream(c.centre)
		_, err := n.Log.Do(ctx, fact.Command{Name: "test", Stream: stream, Keys: []id.ID{subject}, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
			return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: teaching.KindOpened, Subject: subject, Actor: n.owner.ID,
				Body: teaching.Opened{Group: c.group, Course: "mon-cours", Test: progress.Pretest}}}}, nil
		}})
		must(t, err)
		says("Ouvrir le test du début", "Fermer le test du début", "autre chose de ce test")
		n.request(t, c.trainer, "POST", group+"/tests", url.Values{"course": {"mon-cours"}, "test": {"pre"}, "do": {"open"}})
		says(">Ouvert<", "Fermer le test du début")
	})
}
