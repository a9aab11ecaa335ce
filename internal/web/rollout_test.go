package web_test

import (
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"tizi/internal/access"
	"tizi/internal/centre"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
)

// Two plans stand side by side; each wrong answer has its sentence, keeps what was typed and writes nothing; one is adopted once
// somebody means what it replaces, and its targets are taken back.
func TestRolloutForm(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	fr := i18n.For(i18n.FR)
	ma, here := place.ID("MA"), place.ID("MA-ERR-MJ1")
	_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: ma, Name: i18n.Text{i18n.FR: "P"}},
		Phases:  []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", Places: []id.ID{place.ID("MA-05"), here}}, {Code: "2", Name: i18n.Text{i18n.FR: "2"}, From: "2027-01-05", To: "2027-06-30", Places: []id.ID{here}}},
		Targets: []programme.TargetSet{{Indicator: measure.People, Place: ma, Value: 500}}})
	must(t, err)
	prog := programme.ID("P")
	_, err = n.Centres.SetRoom(ctx, id.Nil, access.Everywhere(), id.Nil, centre.RoomDescribed{Centre: here, Name: "S", Seats: 24})
	must(t, err)
	ask := func(method, path string, v url.Values) (int, string, string) {
		t.Helper()
		status, to, body := n.request(t, n.owner, method, "/programmes/P/rollout"+path, v)
		return status, to, html.UnescapeString(body)
	}
	if status, _, body := ask("GET", "", nil); status != 200 || !strings.Contains(body, fr.T("rollout.none")) {
		t.Errorf("no plan: status %d", status)
	}
	typed := func(pairs ...string) url.Values {
		v := url.Values{"name": {"A"}, "hours": {"2"}, "do": {"save"}, "place_0": {"MA-ERR-MJ1"}, "from_0": {"202601"}, "to_0": {"202606"}, "groups_0": {"2"}, "seats_0": {"20"}, "months_0": {"3"}}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	for what, c := range map[string]struct {
		form        url.Values
		field, says string
	}{
		"no name":                   {typed("name", " "), "name", fr.T("rollout.fault.name_missing")},
		"no hours":                  {typed("hours", "0"), "hours", fr.T("rollout.fault.number", "max", programme.MaxRolloutHours)},
		"no rows":                   {url.Values{"name": {"A"}, "hours": {"2"}}, "place_0", fr.T("rollout.fault.rows")},
		"no place":                  {typed("place_0", ""), "place_0", fr.T("rollout.fault.place_missing")},
		"an unknown place":          {typed("place_0", "Atlantis"), "place_0", fr.T("rollout.fault.place_unknown")},
		"a country":                 {typed("place_0", "MA"), "place_0", fr.T("rollout.fault.place_unknown")},
		"outside the phases":        {typed("place_0", "MA-01"), "place_0", fr.T("rollout.fault.place_outside")},
		"no phase in this month":    {typed("place_0", "MA-05", "to_0", "202702"), "to_0", fr.T("rollout.fault.no_phase", "month", fr.Period("202702"))},
		"a month not offered":       {typed("from_0", "202501"), "from_0", fr.T("rollout.fault.month")},
		"the last before the first": {typed("from_0", "202605", "to_0", "202604"), "to_0", fr.T("rollout.fault.ends_before")},
		"no seats":                  {typed("seats_0", "0"), "seats_0", fr.T("rollout.fault.number", "max", programme.MaxOpeningSeats)},
		"letters":                   {typed("groups_0", "deux"), "groups_0", fr.T("rollout.fault.number", "max", programme.MaxOpeningGroups)},
		"half a month":              {typed("months_0", "1.5"), "months_0", fr.T("rollout.fault.number", "max", programme.MaxOpeningMonths)},
		"half a row":                {typed("seats_1", "7"), "place_1", fr.T("rollout.fault.place_missing")},
	} {
		before, err := n.Log.Count(ctx, n.DB)
		must(t, err)
		status, _, body := ask("POST", "/new", c.form)
		if status != 422 || !strings.Contains(body, c.says) || !strings.Contains(body, `id="f-`+c.field+`-error"`) {
			t.Errorf("%s: status %d, and the sentence is there: %v", what, status, strings.Contains(body, c.says))
		}
		for _, f := range []string{"place_0", "groups_0", "months_0", "seats_1"} {
			if v := c.form.Get(f); v != "" && !strings.Contains(body, `value="`+v+`"`) {
				t.Errorf("%s: what was typed as %s is gone", what, f)
			}
		}
		if after, _ := n.Log.Count(ctx, n.DB); after != before {
			t.Errorf("%s: %d facts written", what, after-before)
		}
	}
	if status, _, body := ask("POST", "/new", typed("do", "more")); status != 200 || !strings.Contains(body, `name="place_5"`) || !strings.Contains(body, `value="MA-ERR-MJ1"`) {
		t.Errorf("more rows: status %d", status)
	}
	status, first, _ := ask("POST", "/new", typed("groups_0", "٢")) // 2 groups of 20, six months
	if status != 303 {
		t.Fatalf("saved: status %d", status)
	}
	if status, _, body := ask("POST", "/new", typed()); status != 422 || !strings.Contains(body, fr.T("rollout.fault.name_taken")) {
		t.Errorf("one name twice: status %d", status)
	}
	if status, _, _ := ask("POST", "/new", typed("name", "B", "groups_0", "4", "seats_0", "25", "to_0", "202612")); status != 303 { // 4 of 25, twelve months
		t.Fatalf("saved: status %d", status)
	}
	_, _, body := ask("GET", "", nil)
	for _, want := range []string{fr.T("rollout.more", "a", "B", "b", "A", "n", 960), fr.T("rollout.hits", "plan", "B", "target", 500, "month", fr.Period("202605")), fr.T("rollout.misses", "plan", "A", "target", 500, "n", 260), "<svg"} {
		if !strings.Contains(body, want) {
			t.Errorf("the comparison does not say %q", want)
		}
	}
	if k := strings.Count(body, fr.T("rollout.beyond")); k != 1 {
		t.Errorf("%d rows are more than the rooms hold: groups of 25 do not fit a room of 24, groups of 20 do", k)
	}
	for _, path := range []string{"/" + id.New().String(), "/x/adopt", "?plan=x"} {
		if status, _, _ := ask("GET", path, nil); status != 404 {
			t.Errorf("%s: status %d", path, status)
		}
	}
	plan := "/" + first[strings.Index(first, "plan=")+5:][:len(id.Nil.String())]
	_, _, body = ask("GET", plan+"/adopt", nil)
	seen := seenField.FindStringSubmatch(body)
	if seen == nil {
		t.Fatal("nothing to adopt")
	}
	if status, _, body := ask("POST", plan+"/adopt", url.Values{"seen": {seen[1]}}); status != 422 || !strings.Contains(body, fr.T("rollout.fault.despite")) {
		t.Errorf("what stands is replaced unasked: status %d", status)
	}
	if status, _, body := ask("POST", plan+"/adopt", url.Values{"seen": {"0123"}, "despite": {"yes"}}); status != 422 || !strings.Contains(body, fr.T("spread.changed")) {
		t.Errorf("unseen: status %d", status)
	}
	if status, _, _ := ask("POST", plan+"/adopt", url.Values{"seen": {seen[1]}, "despite": {"yes"}}); status != 303 {
		t.Fatalf("adopted: status %d", status)
	}
	got := func() string {
		all, err := n.Programmes.Targets(ctx, n.DB, prog)
		must(t, err)
		m := map[string]int64{}
		for _, x := range all {
			m[n.code(t, x.Place)+" "+x.Period] = x.Value
		}
		return fmt.Sprint(m)
	}
	region := n.code(t, n.up(t, here))
	if want := fmt.Sprint(map[string]int64{"MA ": 240, "MA 2026": 240, region + " ": 240, region + " 2026": 240, "MA-ERR-MJ1 ": 240, "MA-ERR-MJ1 2026": 240}); got() != want {
		t.Errorf("the targets are %s, not %s", got(), want)
	}
	if _, _, body := ask("GET", "", nil); !strings.Contains(body, fr.T("rollout.adopted")) {
		t.Error("nobody says that a plan is adopted")
	}
	if status, _, _ := ask("POST", plan+"/adopt", url.Values{"do": {"release"}}); status != 303 || got() != "map[]" {
		t.Errorf("taken back: status %d, %s", status, got())
	}
	if status, _, _ := ask("POST", plan, url.Values{"do": {"remove"}}); status != 303 {
		t.Errorf("removed: status %d", status)
	}
	if status, _, _ := ask("GET", plan, nil); status != 404 {
		t.Errorf("removed, and there: status %d", status)
	}
}

func (n *node) code(t *testing.T, v id.ID) string {
	t.Helper()
	tree, err := n.Places.Tree(ctx, n.DB)
	must(t, err)
	return tree.Get(v).Code
}

func (n *node) up(t *testing.T, v id.ID) id.ID {
	t.Helper()
	tree, err := n.Places.Tree(ctx, n.DB)
	must(t, err)
	return tree.Up(v, "region").ID
}
