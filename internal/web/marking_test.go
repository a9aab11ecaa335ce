package web_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/family"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/progress"
	"tizi/internal/record"
	"tizi/internal/statement"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

var hiddenSeen = regexp.MustCompile(`name="seen" value="([^"]*)"`)

// taught is a group that follows the small course, with its trainer and a learner.
type taught struct {
	*node
	spot
	trainer *access.Account
}

func (n *node) taught(t testing.TB) taught {
	t.Helper()
	_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}},
		Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 14}}})
	must(t, err)
	c := taught{node: n, trainer: n.open(t, access.Trainer, access.Place(place.ID("MA-ERR-MJ1")), true)}
	c.spot = n.spot(t, "in", "MA-ERR-MJ1", c.trainer.ID)
	must(t, n.Courses.Assign(ctx, id.Nil, person.Stream(c.centre), c.group, "mon-cours", n.course(t)))
	return c
}

// void takes a statement back.
func (n *node) void(t testing.TB, centre, statementID id.ID) {
	t.Helper()
	b, err := json.Marshal(map[string]any{"id": id.New().String(), "actor": map[string]any{"mbox": "mailto:admin@example.org"}, "verb": map[string]any{"id": statement.Voided},
		"object": map[string]any{"objectType": "StatementRef", "id": statementID.String()}})
	must(t, err)
	v, err := statement.Parse(b)
	must(t, err)
	s, err := statement.New(v, statement.V1, "")
	must(t, err)
	_, err = n.Records.Put(ctx, record.Source{Centre: centre, Key: record.Tool("player")}, []*statement.Statement{s}, nil)
	must(t, err)
}

// A work waits for the trainer of its group until it is judged, by the rubric and by nothing else; the learner reads what was said; who
// corrects it has read what stands there; another hand-in waits again, and keeps what was said of the first.
func TestWorkIsMarked(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		c := n.taught(t)
		other := n.open(t, access.Trainer, access.Place(place.ID("MA-ERR-MJ1")), true)
		learner := "/groups/" + c.group.String() + "/learning/" + c.person.String()
		waits := func(who *access.Account) (links []string) {
			t.Helper()
			status, _, body := n.request(t, who, "GET", "/marking", nil)
			if status != 200 {
				t.Fatalf("the list: status %d", status)
			}
			for _, m := range regexp.MustCompile(`href="(/groups/[^"]*/marks)[?"]`).FindAllStringSubmatch(body, -1) {
				links = append(links, m[1])
			}
			return links
		}
		if l := waits(c.trainer); len(l) != 0 {
			t.Fatalf("before anything is handed in there waits %v", l)
		}
		work := n.work(t, c.centre, c.person)
		form := learner + "/" + work.String() + "/marks"
		if l := waits(c.trainer); len(l) != 1 || l[0] != form {
			t.Fatalf("there waits %v, not %s", l, form)
		}
		if l := waits(other); len(l) != 0 {
			t.Errorf("another trainer judges %v", l)
		}
		if _, _, body := n.request(t, c.trainer, "GET", "/today", nil); !strings.Contains(body, "1 travail à évaluer") {
			t.Error("the day does not say that a work waits")
		}
		seen := func(who *access.Account) string {
			t.Helper()
			status, _, body := n.request(t, who, "GET", form, nil)
			m := hiddenSeen.FindStringSubmatch(body)
			if status != 200 || m == nil {
				t.Fatalf("the form: status %d", status)
			}
			return m[1]
		}
		give := func(who *access.Account, want int, v url.Values) {
			t.Helper()
			if status, _, _ := n.request(t, who, "POST", form, v); status != want {
				t.Errorf("%v: status %d", v, status)
			}
		}
		first := seen(c.trainer)
		for _, bad := range []url.Values{{}, {"level_0": {"4"}}, {"level_0": {"0"}}, {"level_0": {"x"}}, {"level_1": {"1"}}, {"level_0": {"1"}, "seen": {"nonsense"}}, {"level_0": {"1"}, "comment": {strings.Repeat("é", 1001)}}} {
			give(c.trainer, 422, bad)
		}
		give(other, 404, url.Values{"level_0": {"2"}})
		if l := waits(c.trainer); len(l) != 1 {
			t.Fatal("what was refused is kept")
		}
		give(c.trainer, 303, url.Values{"level_0": {"2"}, "comment": {"Bravo & merci"}, "seen": {first}})
		before, err := n.Log.Count(ctx, n.DB)
		must(t, err)
		give(c.trainer, 303, url.Values{"level_0": {"2"}, "comment": {"Bravo & merci"}, "seen": {first}}) // the same form again
		if after, err := n.Log.Count(ctx, n.DB); err != nil || after != before {
			t.Errorf("the same form again wrote %d facts, %v", after-before, err)
		}
		if l := waits(c.trainer); len(l) != 0 {
			t.Errorf("what is judged waits still: %v", l)
		}
		mine := func() string {
			t.Helper()
			_, _, body := n.learns(t, c.centre, c.person, "GET", "/my/work?lang=fr", nil)
			return body
		}
		if b := mine(); !strings.Contains(b, "Bravo &amp; merci") || !strings.Contains(b, "Variés") || !strings.Contains(b, "2 sur 3") || !strings.Contains(b, c.trainer.Name) {
			t.Errorf("the learner does not read the marks")
		}
		// The guardian reads it too, with the file, and nobody else's; that they looked is kept.
		parent := n.open(t, access.Guardian, access.Place(c.centre), false)
		must(t, n.Family.Link(ctx, n.owner.ID, access.Everywhere(), c.person, parent.ID, family.Who{Name: "Parent"}, true, true))
		child := "/children/" + c.person.String()
		if status, _, body := n.request(t, parent, "GET", child+"/learning", nil); status != 200 || !strings.Contains(body, "Bravo &amp; merci") || !strings.Contains(body, "0 leçon sur 1") {
			t.Errorf("the guardian: status %d", status)
		}
		if status, _, _ := n.request(t, parent, "GET", child+"/works/"+work.String(), nil); status != 200 {
			t.Errorf("a file for the guardian: status %d", status)
		}
		if looks, err := n.Looks.Seen(ctx, n.DB, []id.ID{c.person}, 10); err != nil || !slices.ContainsFunc(looks, func(l look.Entry) bool { return l.Account == parent.ID }) {
			t.Errorf("that the guardian looked is not kept: %v, %v", looks, err)
		}
		foreign := n.work(t, c.centre, c.other)
		if status, _, _ := n.request(t, parent, "GET", child+"/works/"+foreign.String(), nil); status != 404 {
			t.Errorf("another child's file: status %d", status)
		}
		n.void(t, c.centre, foreign)
		// Two at once: the second has not read the first one's.
		give(n.owner, 422, url.Values{"level_0": {"3"}, "seen": {first}})
		n.clock.Move(time.Minute)
		give(n.owner, 303, url.Values{"level_0": {"3"}, "seen": {seen(n.owner)}})
		if b := mine(); strings.Contains(b, "Bravo") || !strings.Contains(b, "3 sur 3") {
			t.Error("what was corrected stands still")
		}
		// Another hand-in waits, beside the first.
		n.clock.Move(time.Minute)
		again := n.work(t, c.centre, c.person)
		if l := waits(c.trainer); len(l) != 1 || l[0] != learner+"/"+again.String()+"/marks" {
			t.Errorf("of another hand-in there waits %v", l)
		}
		if b := mine(); !strings.Contains(b, "3 sur 3") {
			t.Error("what was said of the first hand-in is gone")
		}
		// Taken back, it is none.
		n.void(t, c.centre, again)
		if l := waits(c.trainer); len(l) != 0 {
			t.Errorf("a work that was taken back waits: %v", l)
		}
		form = learner + "/" + again.String() + "/marks"
		give(c.trainer, 404, url.Values{"level_0": {"1"}})

		// What another record of the learner's made waits once, and is opened as it is listed.
		twin, err := n.People.Register(ctx, id.Nil, c.centre, person.Details{"first_latin": "Twin", "birth": "2015-01-06", "sex": "f"}, nil)
		must(t, err)
		must(t, n.People.Merge(ctx, n.owner.ID, access.Everywhere(), c.person, twin, "same"))
		n.clock.Move(time.Minute)
		n.work(t, c.centre, c.person)
		n.clock.Move(time.Minute)
		theirs := n.work(t, c.centre, twin)
		l := waits(c.trainer)
		if len(l) != 1 || !strings.Contains(l[0], theirs.String()) {
			t.Fatalf("of one person with two records there waits %v, not the latest, %s", l, theirs)
		}
		form = l[0]
		n.clock.Move(time.Minute)
		give(c.trainer, 303, url.Values{"level_0": {"1"}, "comment": {"Encore"}, "seen": {seen(c.trainer)}})
		if l := waits(c.trainer); len(l) != 0 {
			t.Errorf("judged, there waits %v", l)
		}
		if b := mine(); !strings.Contains(b, "Encore") {
			t.Error("the learner does not read what was said of their other record's work")
		}
		// Erased, nothing of it is read.
		must(t, n.Erase(ctx, []id.ID{c.person, twin}, c.centre))
		marks, err := n.Teaching.Marks(ctx, n.DB, c.centre, []id.ID{theirs})
		must(t, err)
		for _, m := range marks[theirs] {
			if m.Comment != "" {
				t.Error(fmt.Sprint("of somebody who was erased there is read ", m.Comment))
			}
		}
	})
}

// Marks are read in the words of the version that the work was judged by, whichever the group follows by now; whoever corrects them judges by
// the words of that.
func TestMarksKeepTheirWords(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		c := n.taught(t)
		parent := n.open(t, access.Guardian, access.Place(c.centre), false)
		must(t, n.Family.Link(ctx, n.owner.ID, access.Everywhere(), c.person, parent.ID, family.Who{Name: "Parent"}, true, true))
		work := n.work(t, c.centre, c.person)
		self := "/groups/" + c.group.String() + "/learning/" + c.person.String()
		form := self + "/" + work.String() + "/marks"
		if status, _, _ := n.request(t, c.trainer, "POST", form, url.Values{"level_0": {"2"}, "seen": {""}, "comment": {"Bravo"}}); status != 303 {
			t.Fatalf("the marks: status %d", status)
		}
		_, _, body := n.request(t, c.trainer, "GET", form+"?lang=fr", nil)
		if !strings.Contains(body, `value="2" checked`) {
			t.Error("what is to be corrected is not filled in")
		}
		newer := n.version(t, 2, "fr: Variés,", "fr: Plats,", "Choisir des exemples", "Trouver des contraires")
		must(t, n.Courses.Assign(ctx, id.Nil, person.Stream(c.centre), c.group, "mon-cours", newer))
		for _, r := range []struct {
			who  string
			read func() string
		}{
			{"learner", func() string { _, _, b := n.learns(t, c.centre, c.person, "GET", "/my/work?lang=fr", nil); return b }},
			{"guardian", func() string {
				_, _, b := n.request(t, parent, "GET", "/children/"+c.person.String()+"/learning?lang=fr", nil)
				return b
			}},
			{"trainer", func() string { _, _, b := n.request(t, c.trainer, "GET", self+"?lang=fr", nil); return b }},
		} {
			if b := r.read(); !strings.Contains(b, "Variés") || !strings.Contains(b, "Choisir des exemples") || strings.Contains(b, "Plats") || strings.Contains(b, "contraires") {
				t.Errorf("the %s reads other words than those of the marks", r.who)
			}
		}
		_, _, body = n.request(t, c.trainer, "GET", form+"?lang=fr", nil)
		if !strings.Contains(body, "Plats") || strings.Contains(body, " checked") || !strings.Contains(body, "Bravo</textarea>") {
			t.Error("a correction is not by the words of now, or levels of other words are filled in")
		}
	})
}

// What a person hands in at one centre neither hides nor judges what they handed in at another, under another of their records.
func TestMarksAreOfOneCentre(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		c := n.taught(t)
		boss := n.open(t, access.National, access.Place(place.ID("MA")), true)
		far := n.spot(t, "out", "MA-AZI-MJ1", boss.ID)
		must(t, n.Courses.Assign(ctx, id.Nil, person.Stream(far.centre), far.group, "mon-cours", n.studied))
		must(t, n.People.Merge(ctx, n.owner.ID, access.Everywhere(), c.person, far.person, "same"))
		here := n.work(t, c.centre, c.person)
		n.clock.Move(time.Minute)
		there := n.work(t, far.centre, far.person)
		waits := func(want ...id.ID) {
			t.Helper()
			for _, who := range []*access.Account{c.trainer, boss} {
				_, _, body := n.request(t, who, "GET", "/marking", nil)
				for _, w := range []id.ID{here, there} {
					is := slices.Contains(want, w) && (who == boss || w == here)
					if strings.Contains(body, w.String()) != is {
						t.Errorf("of %s there waits %s: %t", who.Name, w, !is)
					}
				}
			}
		}
		waits(here, there)
		form := "/groups/" + far.group.String() + "/learning/" + far.person.String() + "/" + there.String() + "/marks"
		if status, _, _ := n.request(t, boss, "POST", form, url.Values{"level_0": {"2"}, "seen": {""}}); status != 303 {
			t.Fatalf("the marks: status %d", status)
		}
		waits(here)
		// At one centre the last of all records waits, until the records are two again.
		twin, err := n.People.Register(ctx, id.Nil, c.centre, person.Details{"first_latin": "Twin", "birth": "2015-01-06", "sex": "f"}, nil)
		must(t, err)
		n.clock.Move(time.Minute)
		theirs := n.work(t, c.centre, twin)
		waits(here)
		must(t, n.People.Merge(ctx, n.owner.ID, access.Everywhere(), c.person, twin, "same"))
		waits()
		if _, _, body := n.request(t, c.trainer, "GET", "/marking", nil); !strings.Contains(body, theirs.String()) {
			t.Error("the last work of another record does not wait")
		}
		must(t, n.People.Unmerge(ctx, n.owner.ID, access.Everywhere(), c.person, twin, "two"))
		waits(here)
		rep, err := n.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Error(rep.Faults)
		}
	})
}

// Of many works those that wait longest come first, in pages, and none is left out.
func TestMarkingHasPages(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		c := n.taught(t)
		var people []id.ID
		for i := range 59 {
			p, err := n.People.Register(ctx, id.Nil, c.centre, person.Details{"first_latin": fmt.Sprint("L", i), "birth": "2015-01-06", "sex": "f"}, nil)
			must(t, err)
			n.agree(t, p, consent.Training)
			people = append(people, p)
		}
		_, err := n.Training.Place(ctx, id.Nil, access.Everywhere(), c.group, people, "2026-03-02")
		must(t, err)
		var works []string
		hand := func(who id.ID) {
			n.clock.Move(time.Second)
			d := progress.Deed{ID: id.New(), Person: who, At: progress.At{Course: "mon-cours", Lesson: "commencer/premiere-lecon", Step: "dessiner"}, Verb: progress.Submitted, Response: "Voilà"}
			must(t, n.Progress.Put(ctx, c.centre, []progress.Deed{d}, nil))
			works = append(works, d.ID.String())
		}
		hand(c.other) // who has no seat
		for _, p := range people {
			hand(p)
		}
		d := progress.Deed{ID: id.New(), Person: c.person, At: progress.At{Course: "mon-cours", Lesson: "commencer/premiere-lecon", Step: "lire"}, Verb: progress.Submitted, Response: "No rubric"}
		must(t, n.Progress.Put(ctx, c.centre, []progress.Deed{d}, nil))
		hand(c.person)
		want := works[1:]
		for _, who := range []*access.Account{c.trainer, n.owner} {
			var got []string
			pages := 0
			for next := "/marking?lang=fr"; next != ""; pages++ {
				status, _, body := n.request(t, who, "GET", next, nil)
				if status != 200 {
					t.Fatalf("%s: status %d", next, status)
				}
				for _, m := range regexp.MustCompile(`href="/groups/[^"]*/([^/"]*)/marks[?"]`).FindAllStringSubmatch(body, -1) {
					got = append(got, m[1])
				}
				next = ""
				if m := regexp.MustCompile(`rel="next" href="([^"]*)"`).FindStringSubmatch(body); m != nil {
					next = html.UnescapeString(m[1])
				}
			}
			if !slices.Equal(got, want) || pages != 2 {
				t.Errorf("%s reads %d works on %d pages, not %d in their order", who.Name, len(got), pages, len(want))
			}
		}
		if _, _, body := n.request(t, c.trainer, "GET", "/today?lang=fr", nil); !strings.Contains(body, "Au moins 50 travaux à évaluer") {
			t.Error("the day does not say how many wait")
		}
		for _, bad := range []string{"x", "1", "1.x", "x." + works[0]} {
			if status, _, _ := n.request(t, c.trainer, "GET", "/marking?after="+bad, nil); status != 404 {
				t.Errorf("a page after %s: status %d", bad, status)
			}
		}
	})
}
