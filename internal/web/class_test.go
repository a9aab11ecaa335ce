package web_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/progress"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// count is how many facts there are.
func (n *node) count(t testing.TB) int64 {
	t.Helper()
	c, err := n.Log.Count(ctx, n.DB)
	must(t, err)
	return int64(c)
}

// join puts somebody new into a group.
func (c taught) join(t testing.TB, name string) id.ID {
	t.Helper()
	p, err := c.People.Register(ctx, id.Nil, c.centre, person.Details{"first_latin": name, "birth": "2015-02-06", "sex": "f"}, nil)
	must(t, err)
	c.agree(t, p, consent.Training)
	_, err = c.Training.Place(ctx, id.Nil, access.Everywhere(), c.spot.group, []id.ID{p}, "2026-03-02")
	must(t, err)
	return p
}

// A trainer goes through a lesson as a learner would: answers are said to be right or wrong, and nothing is kept of anything.
func TestTrainerRehearses(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		c := n.taught(t)
		other := n.open(t, access.Trainer, access.Place(place.ID("MA-ERR-MJ1")), true)
		lesson := "/groups/" + c.group.String() + "/rehearse/mon-cours/commencer/premiere-lecon"
		l, err := n.Courses.Of(ctx, n.DB, c.group)
		must(t, err)
		course, err := n.Courses.Load(ctx, n.DB, l[0])
		must(t, err)
		at := course.Lessons()[0]
		steps := progress.Steps("mon-cours", at, c.trainer.ID)
		before := n.count(t)
		for _, path := range []string{lesson, lesson + "/lire", lesson + "/dessiner"} {
			if status, _, _ := n.request(t, other, "GET", path, nil); status != 404 {
				t.Errorf("%s, another trainer's group: status %d", path, status)
			}
			status, _, body := n.request(t, c.trainer, "GET", path+"?lang=fr", nil)
			if status != 200 || !strings.Contains(body, "Rien n’est enregistré") || strings.Contains(body, "data-send") || strings.Contains(body, `href="/my`) {
				t.Errorf("%s: status %d, or it leads to a learner's pages", path, status)
			}
		}
		if status, _, _ := n.request(t, c.trainer, "GET", lesson+"/nothing", nil); status != 404 {
			t.Errorf("a step that there is not: status %d", status)
		}
		for i, step := range steps {
			path := lesson + "/" + strings.ReplaceAll(step, "/", ".")
			next := lesson
			if i+1 < len(steps) {
				next = lesson + "/" + strings.ReplaceAll(steps[i+1], "/", ".")
			}
			_, item, question := strings.Cut(step, "/")
			if !question {
				if status, to, _ := n.request(t, c.trainer, "POST", path, nil); status != 303 || to != next {
					t.Errorf("%s: status %d to %s", step, status, to)
				}
				continue
			}
			if status, _, _ := n.request(t, c.trainer, "POST", path, nil); status != 422 {
				t.Errorf("%s without an answer: status %d", step, status)
			}
			it := at.Activity("verifier").Items.Item(item)
			form := url.Values{}
			for k, v := range it.Solved() {
				form.Set(strings.TrimSuffix("q-"+item+"."+k, "."), v)
			}
			status, to, body := n.request(t, c.trainer, "POST", path, form)
			if it.Scored() && (status != 200 || !strings.Contains(body, "notice-good")) || !it.Scored() && (status != 303 || to != next) {
				t.Errorf("%s, answered rightly: status %d to %s", step, status, to)
			}
		}
		if n.count(t) != before {
			t.Errorf("a rehearsal wrote %d facts", n.count(t)-before)
		}
	})
}

// A group is split for a session, without those who are absent and nobody alone; what is changed by hand stays, and the same again
// writes nothing.
func TestSmallGroups(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		c := n.taught(t)
		other := n.open(t, access.Trainer, access.Place(place.ID("MA-ERR-MJ1")), true)
		path := "/sessions/" + c.session.String() + "/teams"
		post := func(want int, v url.Values) {
			t.Helper()
			if status, _, _ := n.request(t, c.trainer, "POST", path, v); status != want {
				t.Errorf("%v: status %d", v, status)
			}
		}
		split := func(n, how string) url.Values {
			return url.Values{"do": {"split"}, "by": {"size"}, "n": {n}, "how": {how}, "seed": {"00112233"}}
		}
		post(422, split("3", "mixed")) // there is nobody: one is absent
		var here []id.ID
		for i := range 5 {
			here = append(here, c.join(t, fmt.Sprint("Child ", i)))
		}
		for _, v := range []url.Values{nil, split("0", "mixed"), split("x", "mixed"), split("3", "worst"), {"do": {"split"}, "by": {"x"}, "n": {"3"}, "how": {"mixed"}, "seed": {"00112233"}}, {"do": {"split"}, "by": {"size"}, "n": {"3"}, "how": {"mixed"}, "seed": {"<script>"}}} {
			post(422, v)
		}
		if status, _, _ := n.request(t, other, "POST", path, split("2", "random")); status != 404 {
			t.Errorf("another trainer splits the group: status %d", status)
		}
		post(303, split("2", "random"))
		before := n.count(t)
		post(303, split("2", "random"))
		if n.count(t) != before {
			t.Error("the same split again wrote something")
		}
		made, err := n.Teaching.TeamsOf(ctx, n.DB, c.session)
		must(t, err)
		sizes := map[int]int{}
		for _, team := range made.Of {
			sizes[team]++
		}
		if _, absent := made.Of[c.person]; absent || len(made.Of) != 5 || len(sizes) != 2 {
			t.Errorf("there are %v", made.Of)
		}
		// By hand.
		hand := url.Values{"do": {"save"}}
		for i, p := range here {
			hand.Set("team_"+p.String(), fmt.Sprint(i/4+1))
		}
		post(422, hand) // one alone
		hand.Set("team_"+here[4].String(), "99")
		post(422, hand)
		hand.Set("team_"+here[4].String(), "")
		post(303, hand)
		made, err = n.Teaching.TeamsOf(ctx, n.DB, c.session)
		must(t, err)
		if _, left := made.Of[here[4]]; left || len(made.Of) != 4 {
			t.Errorf("by hand there are %v", made.Of)
		}
		// Who is one with somebody else since is in their small group still.
		twin, err := n.People.Register(ctx, id.Nil, c.centre, person.Details{"first_latin": "Aaa", "birth": "2015-02-06", "sex": "f"}, nil)
		must(t, err)
		must(t, n.People.Merge(ctx, n.owner.ID, access.Everywhere(), here[0], twin, "same"))
		if _, _, body := n.request(t, c.trainer, "GET", path+"?lang=fr", nil); strings.Count(body, ` selected>1</option>`) != 4 {
			t.Errorf("%d are in the first small group", strings.Count(body, ` selected>1</option>`))
		}
		must(t, n.Training.Take(ctx, id.Nil, access.Everywhere(), c.session, map[id.ID]string{here[1]: training.Absent}, "list"))
		if _, _, body := n.request(t, c.trainer, "GET", path+"?lang=fr", nil); strings.Contains(body, "team_"+here[1].String()) {
			t.Error("who is absent is to be put into a small group")
		}
	})
}

// A learner shows a work to the group where the trainer allows it; it hangs once; others of the group see it, nobody else; what the
// trainer takes down is not hung again.
func TestWall(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		c := n.taught(t)
		friend := c.join(t, "Friend")
		outsider := n.spot(t, "near", "MA-ERR-MJ1")
		other := n.open(t, access.Trainer, access.Place(place.ID("MA-ERR-MJ1")), true)
		work := n.work(t, c.centre, c.person)
		staff := "/groups/" + c.group.String() + "/wall"
		hang, file := "/my/work/"+work.String()+"/wall", "/my/wall/"+work.String()
		mine := func(want int, method, path string, v url.Values) string {
			t.Helper()
			status, _, body := n.learns(t, c.centre, c.person, method, path, v)
			if status != want {
				t.Errorf("%s %s %v: status %d", method, path, v, status)
			}
			return body
		}
		theirs := func(who id.ID) (bool, int) {
			t.Helper()
			_, _, body := n.learns(t, c.centre, who, "GET", "/my/wall", nil)
			status, _, _ := n.learns(t, c.centre, who, "GET", file, nil)
			return strings.Contains(body, file), status
		}
		trainer := func(want int, v url.Values) {
			t.Helper()
			if status, _, _ := n.request(t, c.trainer, "POST", staff, v); status != want {
				t.Errorf("%v: status %d", v, status)
			}
		}
		up := url.Values{"do": {"hang"}}
		mine(422, "POST", hang, up) // nobody allowed it
		if strings.Contains(mine(200, "GET", "/my/work", nil), hang) {
			t.Error("a work can be shown where that is not allowed")
		}
		trainer(422, nil)
		if status, _, _ := n.request(t, other, "POST", staff, url.Values{"do": {"allow"}}); status != 404 {
			t.Errorf("another trainer opens the wall: status %d", status)
		}
		trainer(303, url.Values{"do": {"allow"}})
		if !strings.Contains(mine(200, "GET", "/my/work", nil), hang) {
			t.Error("a work cannot be shown where that is allowed")
		}
		mine(422, "POST", hang, nil)
		if status, _, _ := n.learns(t, c.centre, friend, "POST", hang, up); status != 404 {
			t.Errorf("another learner shows it: status %d", status)
		}
		mine(303, "POST", hang, up)
		before := n.count(t)
		mine(303, "POST", hang, up)
		if n.count(t) != before {
			t.Errorf("shown twice, %d facts more", n.count(t)-before)
		}
		if shown, status := theirs(friend); !shown || status != 200 {
			t.Errorf("a friend sees it: %t, status %d", shown, status)
		}
		if shown, status := theirs(outsider.person); shown || status != 404 {
			t.Errorf("somebody of another group sees it: %t, status %d", shown, status)
		}
		if _, _, body := n.request(t, c.trainer, "GET", staff, nil); !strings.Contains(body, work.String()) {
			t.Error("the trainer does not see it")
		}
		mine(303, "POST", hang, url.Values{"do": {"take"}})
		if shown, status := theirs(friend); shown || status != 404 {
			t.Errorf("taken down, a friend sees it: %t, status %d", shown, status)
		}
		mine(303, "POST", hang, up)
		for _, v := range []string{"", "nonsense", id.New().String(), outsider.group.String()} {
			trainer(404, url.Values{"do": {"bar"}, "work": {v}})
		}
		trainer(303, url.Values{"do": {"bar"}, "work": {work.String()}})
		if shown, status := theirs(friend); shown || status != 404 {
			t.Errorf("taken down by the trainer, a friend sees it: %t, status %d", shown, status)
		}
		mine(422, "POST", hang, up)
		if b := mine(200, "GET", "/my/work?lang=fr", nil); strings.Contains(b, `action="`+hang) || !regexp.MustCompile(`l’a enlevé`).MatchString(b) {
			t.Error("the learner is not told that it was taken down")
		}
		// A closed wall shows nothing; a work that was taken back neither.
		second := n.work(t, c.centre, c.person)
		mine(303, "POST", "/my/work/"+second.String()+"/wall", up)
		file = "/my/wall/" + second.String()
		trainer(303, url.Values{"do": {"forbid"}})
		if shown, status := theirs(friend); shown || status != 404 {
			t.Errorf("on a closed wall a friend sees it: %t, status %d", shown, status)
		}
		trainer(303, url.Values{"do": {"allow"}})
		if shown, _ := theirs(friend); !shown {
			t.Error("on a wall that is open again a friend sees nothing")
		}
		n.void(t, c.centre, second)
		if shown, status := theirs(friend); shown || status != 404 {
			t.Errorf("taken back, a friend sees it: %t, status %d", shown, status)
		}
	})
}
