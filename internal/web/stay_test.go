package web_test

import (
	"net/url"
	"strings"
	"testing"

	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// TestStay is what becomes of a learner, by the forms: a full group, another group, absences, and the school that asks.
func TestStay(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}},
			Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 14}}})
		must(t, err)
		s := n.spot(t, "in", "MA-ERR-MJ1")
		far := n.spot(t, "out", "MA-CAS-MJ1")
		all := access.Everywhere()
		acc := n.open(t, access.Centre, access.Place(s.centre), false)
		trainer := n.open(t, access.Trainer, access.Place(s.centre), false)
		n.agree(t, s.other, "training")
		must(t, n.Training.EditCohort(ctx, id.Nil, all, s.group, func(c *training.CohortOpened) { c.Capacity, c.Trainers = 1, []id.ID{trainer.ID} }))
		next, err := n.Training.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: "Next", Programme: programme.ID("P"), Phase: programme.PhaseID(programme.ID("P"), "1"), Centre: s.centre, Capacity: 1})
		must(t, err)
		group, p := "/groups/"+s.group.String(), s.person.String()
		said := func(what string, want bool, acc *access.Account, path, sentence string, pairs ...string) {
			t.Helper()
			facts, err := n.Log.Count(ctx, n.DB)
			must(t, err)
			form := url.Values{}
			for i := 0; i < len(pairs); i += 2 {
				form.Add(pairs[i], pairs[i+1])
			}
			status, to, body := n.request(t, acc, "POST", path, form)
			after, err := n.Log.Count(ctx, n.DB)
			must(t, err)
			if want && (status != 303 || after == facts) || !want && (status != 422 || after != facts) || !strings.Contains(body, sentence) {
				t.Errorf("%s: status %d to %q, %d facts", what, status, to, after-facts)
			}
		}
		said("over-full", false, acc, group+"/add", "personnes choisies", "person", s.other.String())
		// Somebody who is written down from the page of a group goes into it; where it is full, the page of the group asks.
		born := []string{"given", "Aya", "family", "Neuve", "birth", "14/03/2014", "sex", "f", "consent", "yes", "centre", s.centre.String(), "group"}
		said("written down into a group elsewhere", false, acc, "/people/new", "Choisissez un groupe du centre", append(born, far.group.String())...)
		form := url.Values{}
		for i, v := 0, append(born, s.group.String()); i < len(v); i += 2 {
			form.Set(v[i], v[i+1])
		}
		_, to, _ := n.request(t, acc, "POST", "/people/new", form)
		if !strings.HasPrefix(to, group+"/add?person=") {
			t.Errorf("written down into a full group leads to %q", to)
		}
		if _, _, body := n.request(t, acc, "GET", to, nil); !strings.Contains(body, "Neuve") || !strings.Contains(body, `value="`+to[len(group+"/add?person="):]+`" id="f-person" checked`) {
			t.Error("whoever was written down is not chosen")
		}
		// From a record one comes to the groups of its centre, and to one of them with the person chosen.
		if _, _, body := n.request(t, acc, "GET", "/people/"+s.other.String(), nil); !strings.Contains(body, `"/groups?person=`+s.other.String()+`"`) {
			t.Error("a record does not lead to groups")
		}
		if _, _, body := n.request(t, acc, "GET", "/groups?person="+s.other.String(), nil); !strings.Contains(body, group+"/add?person="+s.other.String()) || strings.Contains(body, far.group.String()) {
			t.Error("the groups of the centre are not offered")
		}
		for _, who := range []string{far.person.String(), id.New().String(), "x"} {
			if status, _, body := n.request(t, acc, "GET", "/groups?person="+who, nil); status != 404 {
				t.Errorf("a group for %s: status %d %s", who, status, body)
			}
		}
		said("over-full, for no reason that was offered", false, acc, group+"/add", "", "person", s.other.String(), "beyond", "because")
		said("over-full and meant", true, acc, group+"/add", "", "person", s.other.String(), "beyond", "over_family")
		if _, _, body := n.request(t, acc, "GET", group, nil); !strings.Contains(body, "2 sur 1") || !strings.Contains(body, "frère ou sœur dans le groupe") {
			t.Error("the group does not say who is beyond its seats, and why")
		}
		said("another number of seats, still too few", true, acc, group+"/edit", "", "name", "G in", "capacity", "2", "from", "2026-01-05", "to", "2026-12-01", "trainer", trainer.ID.String(), "subjects", "french")
		said("fewer seats than people", false, acc, group+"/edit", "2 personnes sont inscrites", "name", "G in", "capacity", "1", "from", "2026-01-05", "to", "2026-12-01")
		said("a subject that is none", false, acc, group+"/edit", "", "name", "G in", "capacity", "3", "from", "2026-01-05", "to", "2026-12-01", "subjects", "alchemy")
		said("a session of a subject of another group", false, acc, group+"/session", "", "date", "2026-03-03", "from", "10:00", "to", "11:00", "subject", "maths", "despite", "yes")
		said("a session to catch up", true, acc, group+"/session", "", "date", "2026-03-03", "from", "10:00", "to", "11:00", "subject", "french", "despite", "yes")
		if _, _, body := n.request(t, acc, "GET", group+"?tab=sessions", nil); !strings.Contains(body, "faites, sur 1:00 prévues") {
			t.Error("the group does not say how much is caught up")
		}

		// Two absences in a row stand on the day of who leads the group, until something is done about them.
		n.clock.Set(testnode.Epoch.AddDate(0, 0, 1))
		today := n.Today()
		for _, day := range []string{"2026-03-03"} {
			must(t, n.Training.Take(ctx, id.Nil, all, training.SessionID(s.group, day, "10:00"), map[id.ID]string{s.person: training.Absent}, "list"))
		}
		task := group + "/absences/" + p
		shown := func(acc *access.Account, want bool) {
			t.Helper()
			if _, _, body := n.request(t, acc, "GET", "/today", nil); strings.Contains(body, task) != want {
				t.Errorf("the day of %s shows the task: %v ", acc.Name, !want)
			}
		}
		shown(trainer, true)
		shown(acc, true)
		said("nothing done", false, trainer, task, "Dites comment", "how", "", "outcome", "returns", "on", today)
		said("done tomorrow", false, trainer, task, "aujourd’hui au plus tard", "how", "call", "outcome", "returns", "on", "2099-01-01")
		said("nobody answered", true, trainer, task, "", "how", "call", "outcome", "unreached", "on", today)
		shown(trainer, true)
		said("done", true, trainer, task, "", "how", "visit", "outcome", "illness", "on", today)
		shown(trainer, false)
		if _, _, body := n.request(t, acc, "GET", task, nil); !strings.Contains(body, "Visite") || !strings.Contains(body, "Personne n’a répondu") {
			t.Error("the page does not say what was done")
		}
		for _, path := range []string{group + "/absences/" + s.other.String(), group + "/absences/" + far.person.String(), "/groups/" + far.group.String() + "/move/" + p} {
			if status, _, _ := n.request(t, acc, "GET", path, nil); status != 404 {
				t.Errorf("%s: status %d", path, status)
			}
		}

		move := group + "/move/" + p
		said("to nowhere", false, acc, move, "Choisissez le nouveau groupe", "to", far.group.String(), "why", "hours")
		said("without a reason", false, acc, move, "Choisissez le motif", "to", next.String(), "why", "whim")
		said("moved", true, acc, move, "", "to", next.String(), "why", "hours")
		if _, _, body := n.request(t, acc, "GET", group, nil); !strings.Contains(body, "Passés dans un autre groupe") {
			t.Error("the group does not say who left for another")
		}
		if _, _, body := n.request(t, acc, "GET", "/people/"+p, nil); !strings.Contains(body, "venu de") {
			t.Error("the record does not say from which group")
		}
		sheet := "/sessions/" + training.SessionID(s.group, "2026-03-03", "10:00").String()
		for _, who := range []*access.Account{acc, trainer} { // whoever led the group still sees who was on its sheets
			if _, _, body := n.request(t, who, "GET", sheet, nil); !strings.Contains(body, "mark_"+p) {
				t.Errorf("%s does not see who was moved on the old sheet", who.Name)
			}
		}
		said("to a full group", false, acc, group+"/move/"+s.other.String(), "Ce groupe est complet", "to", next.String(), "why", "hours")
		said("to a full group and meant", true, acc, group+"/move/"+s.other.String(), "", "to", next.String(), "why", "hours", "beyond", "over_agreed")

		refer := "/people/" + p + "/refer"
		said("by nobody", false, acc, refer, "Dites qui a orienté", "school", " ", "from", "college", "why", "at_risk", "on", today)
		said("for no reason", false, acc, refer, "", "school", "Collège Ibn Sina", "from", "college", "why", "boredom", "on", today)
		said("referred", true, acc, refer, "", "school", "Collège Ibn Sina", "by", "Mme Alaoui", "from", "college", "why", "at_risk", "on", "2026-03-01")
		_, _, body := n.request(t, acc, "GET", "/referrals", nil)
		if !strings.Contains(body, "Ibn Sina") || !strings.Contains(body, "Next") {
			t.Error("the list does not say who sent whom, and what became of it")
		}
		at := body[strings.Index(body, `action="/referrals/`)+len(`action="`):]
		at = at[:strings.Index(at, `"`)]
		said("answered with nothing", false, acc, at, "Choisissez ce qui", "outcome", "")
		said("answered", true, acc, at, "", "outcome", "told")
		if _, _, body := n.request(t, acc, "GET", "/referrals", nil); strings.Contains(body, "Ibn Sina") {
			t.Error("what was answered still waits")
		}
		if _, _, body := n.request(t, acc, "GET", "/referrals?all=1", nil); !strings.Contains(body, at) {
			t.Error("nobody is led to correct an answer")
		}
		said("another answer for no reason", false, acc, at, "dites pourquoi", "outcome", "declined")
		said("for a reason that was not offered", false, acc, at, "dites pourquoi", "outcome", "declined", "why", "boredom")
		said("no answer for a reason", false, acc, at, "Choisissez ce qui", "outcome", "x", "why", "mistake")
		said("corrected", true, acc, at, "", "outcome", "declined", "why", "mistake")
		if _, _, body := n.request(t, acc, "GET", "/referrals?all=1", nil); !strings.Contains(body, "Erreur de saisie") || !strings.Contains(body, "La famille ne veut pas") {
			t.Error("the list does not say what was corrected, and why")
		}
	})
}
