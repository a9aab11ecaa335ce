package web_test

import (
	"encoding/csv"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/audit"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// english asks for a page in English.
func (n *node) english(t testing.TB, acc *access.Account, path string) (int, string) {
	t.Helper()
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	status, _, body := n.request(t, acc, "GET", path+sep+"lang=en", nil)
	return status, body
}

// Everything that the list may show has words.
func TestAuditHasWords(t *testing.T) {
	var keys []string
	for _, a := range look.Actions {
		keys = append(keys, "look."+string(a))
	}
	for _, l := range look.Lists {
		keys = append(keys, "audit.list."+string(l))
	}
	for _, s := range audit.Sorts {
		keys = append(keys, "audit.sort."+string(s))
	}
	for _, k := range append(slices.Collect(maps.Keys(audit.Kinds)), audit.Renewed, audit.Reopened) {
		keys = append(keys, "audit.did."+k)
	}
	for _, k := range keys {
		if !i18n.For(i18n.FR).Has(k) {
			t.Errorf("%s is nowhere", k)
		}
	}
}

// Pages that show names leave a row with how many, and never what was searched for.
func TestListsAreKept(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		s := n.spot(t, "Here", "MA-ERR-MJ1")
		boss := n.open(t, access.Centre, access.Place(s.centre), false)
		self, group := "/people/"+s.person.String(), "/groups/"+s.group.String()
		for _, page := range []string{"/people", "/people?q=PHere", "/find?q=PHere", group, group + "/add", "/sessions/" + s.session.String(), "/people/same", "/consents?purpose=research", "/requests/" + s.request.String(), "/board/behind?period=all",
			"/import/" + n.upload(t, boss, s.centre) + "/plan", self, self + "/photo", self + "/consent"} {
			if status, to, _ := n.request(t, boss, "GET", page, nil); status != 200 {
				t.Fatalf("%s: status %d to %s", page, status, to)
			}
		}
		must(t, n.Looks.Flush(ctx))
		rows := map[string]int{}
		must(t, n.DB.Each(ctx, "SELECT action, list, names FROM look WHERE account = ?", store.Args(boss.ID), func(r store.Row) error {
			var action, list string
			var names int
			err := r.Scan(&action, &list, &names)
			rows[action+" "+list] += names
			return err
		}))
		for what, names := range map[string]int{"list people": 2, "search people": 1, "list group": 1, "list adding": 2, "list sheet": 1, "list consents": 2, "list requests": 1, "list import": 1, "read ": 1, "photo ": 1, "consent ": 1} {
			if rows[what] != names {
				t.Errorf("%s: %d names instead of %d", what, rows[what], names)
			}
		}
		if found := n.holding(t, []byte("q=PHere")); len(found) > 0 {
			t.Errorf("what was searched for lies in %v", found)
		}
	})
}

// The page is read by who may, of their own centres; names are those that they may read.
func TestAuditPage(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		tree, err := n.Places.Tree(ctx, n.DB)
		must(t, err)
		var far *place.Place
		for _, c := range tree.Of("centre") {
			if !tree.Holds(place.ID("MA-08"), c.ID) {
				far = c
			}
		}
		here, there := n.spot(t, "Here", "MA-ERR-MJ1"), n.spot(t, "There", far.Code)
		boss := n.open(t, access.Centre, access.Place(here.centre), false)
		other := n.open(t, access.Centre, access.Place(there.centre), false)
		officer := n.open(t, access.Officer, access.Place(here.centre), false)
		blind, sees := n.open(t, access.Auditor, access.Place(here.centre), false), n.open(t, access.Auditor, access.Place(here.centre), true)
		trainer := n.open(t, access.Trainer, access.Place(here.centre), false)
		mother := n.mother(t, here.person)
		must(t, n.People.Edit(ctx, boss.ID, access.Everywhere(), here.person, person.Details{"address": "x"}))
		must(t, n.People.Edit(ctx, other.ID, access.Everywhere(), there.person, person.Details{"address": "x"}))
		self := "/people/" + here.person.String()
		n.request(t, boss, "GET", self, nil)
		n.request(t, other, "GET", "/people/"+there.person.String(), nil)
		code := strings.ToUpper(here.person.Hex()[24:])

		for who, x := range map[string]struct {
			acc       *access.Account
			name, may bool
		}{"manager": {boss, true, true}, "officer": {officer, true, true}, "auditor without names": {blind, false, true}, "auditor with names": {sees, true, true}, "trainer": {trainer, false, false}} {
			status, body := n.english(t, x.acc, "/audit")
			if (status == 200) != x.may || x.may != strings.Contains(body, "Changed the file") || x.may != strings.Contains(body, boss.Name) {
				t.Errorf("%s: status %d", who, status)
			}
			if strings.Contains(body, "PHere") != x.name {
				t.Errorf("%s: the name is there: %v", who, !x.name)
			}
			if x.may && !x.name && (!strings.Contains(body, code) || strings.Contains(body, "Aïcha")) {
				t.Errorf("%s: no code, or the name of a guardian", who)
			}
			for _, secret := range []string{"PThere", other.Name, strings.ToUpper(there.person.Hex()[24:])} {
				if strings.Contains(body, secret) {
					t.Errorf("%s reads %q of another centre", who, secret)
				}
			}
		}
		// Filters, by address; another centre's person and account lead to nothing.
		get := func(query string) string {
			t.Helper()
			status, body := n.english(t, boss, "/audit?"+query)
			if status != 200 {
				t.Fatalf("%s: status %d", query, status)
			}
			_, body, _ = strings.Cut(body, "<tbody>")
			return body
		}
		for query, want := range map[string]string{"person=" + here.person.String(): "Changed the file", "person=PHere": "Changed the file", "account=" + boss.ID.String(): "Read the file", "kind=seen": "Read the file", "kind=granted": "Gave access", "hours=out": "",
			"person=" + there.person.String(): "", "account=" + other.ID.String() + "&kind=seen": "", "from=2020-01-01&to=2020-01-02": ""} {
			if body := get(query); want != "" && !strings.Contains(body, want) || want == "" && body != "" {
				t.Errorf("%s: %.300s", query, body)
			}
		}
		if body := get("kind=seen"); strings.Contains(body, "Changed the file") {
			t.Error("a filter by kind lets others through")
		}
		// Nonsense is said beside its field, and nothing typed is lost.
		for query, want := range map[string]string{"from=2026-02-31": `value="2026-02-31"`, "to=x": `value="x"`, "from=2026-03-18&to=2026-03-01": "The last day comes before", "from=2020-01-01&to=2026-01-01": "At most 400 days", "kind=x": "kind of action",
			"hours=x": "hours from the list", "centre=x": "", "centre=" + there.centre.String(): "", "account=x": "no such account", "account=" + id.New().String(): "no such account", "person=" + url.QueryEscape("<i>nobody"): "&lt;i&gt;nobody", "page=x": "no such page"} {
			for _, path := range []string{"/audit?", "/audit.csv?"} {
				if path == "/audit.csv?" && query == "page=x" {
					continue
				}
				if status, body := n.english(t, boss, path+query); status != 422 || !strings.Contains(body, want) {
					t.Errorf("%s%s: status %d", path, query, status)
				}
			}
		}
		if status, body := n.english(t, blind, "/audit?person=PHere"); status != 422 || strings.Contains(body, here.person.String()) {
			t.Errorf("an auditor without names searches: status %d", status)
		}
		// The ways to it.
		for path, acc := range map[string]*access.Account{self: boss, "/staff": boss, "/safeguarding": officer, "/staff/" + trainer.ID.String(): boss} {
			if _, body := n.english(t, acc, path); !strings.Contains(body, `href="/audit`) {
				t.Errorf("%s does not lead to the audit", path)
			}
		}
		if _, body := n.english(t, trainer, "/groups"); strings.Contains(body, "/audit") {
			t.Error("a trainer is led to the audit")
		}
		// The guardian reads who changed the file.
		if _, body := n.english(t, mother, "/children/"+here.person.String()); !strings.Contains(body, "Changed the file") || !strings.Contains(body, boss.Name) {
			t.Error("the mother does not read who changed the file")
		}
	})
}

// The file has what the page has, and nothing in it is taken for a formula.
func TestAuditCSV(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	centre := place.ID("MA-ERR-MJ1")
	boss := n.open(t, access.Centre, access.Place(centre), false)
	p, err := n.People.Register(ctx, boss.ID, centre, person.Details{"first_latin": "=HYPERLINK(1);\"x\""}, nil)
	must(t, err)
	n.request(t, boss, "GET", "/people", nil)
	n.request(t, boss, "GET", "/people/"+p.String(), nil)
	status, body := n.english(t, boss, "/audit.csv?centre="+centre.String())
	if status != 200 || !strings.HasPrefix(body, "\ufeff") {
		t.Fatalf("status %d: %.100q", status, body)
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff")))
	r.Comma = ';'
	rows, err := r.ReadAll()
	must(t, err)
	found := map[string][]string{}
	for _, row := range rows[1:] {
		found[row[5]] = row
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Errorf("a formula: %q", cell)
			}
		}
	}
	day := testnode.Epoch.Format(time.DateOnly)
	for what, want := range map[string][2]string{"Read the file": {`'=HYPERLINK(1);"x"`, "1"}, "Registered the person": {`'=HYPERLINK(1);"x"`, "1"}, "Saw a list · list of people · 1 name": {"", "1"}} {
		row := found[what]
		if row == nil || row[0] != day || row[2] != boss.Name || row[6] != want[0] || row[8] != want[1] {
			t.Errorf("%s: %q", what, row)
		}
	}
	// Taking it along is kept too.
	if _, body := n.english(t, boss, "/audit?kind=taken"); !strings.Contains(body, "Exported") {
		t.Error("the export of the audit is not kept")
	}
	// Whoever answers for many centres sees the days, and one by one when a centre is chosen.
	_, body = n.english(t, n.owner, "/audit")
	if strings.Contains(body, "Read the file") || !strings.Contains(body, "Choose a centre") {
		t.Error("headquarters reads everything of everybody at once")
	}
	n.clock.Move(24 * time.Hour)
	must(t, n.Audit.Sum(ctx))
	_, body = n.english(t, n.owner, "/audit")
	if !strings.Contains(body, "/audit?centre="+centre.String()+"&amp;from="+day) {
		t.Error("no summary of the day")
	}
	if _, body = n.english(t, n.owner, "/audit?centre="+centre.String()); !strings.Contains(body, "Read the file") {
		t.Error("headquarters does not read one centre")
	}
}
