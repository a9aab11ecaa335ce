package web_test

import (
	"html"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tizi/internal/access"
	"tizi/internal/agreement"
	"tizi/internal/consent"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/source"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// Two who have the grid open at once: the second is told what the first saved, keeps what was typed, and saves it knowingly.
func TestTwoWhoSaveTargets(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	ma := place.ID("MA")
	_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: ma, Name: i18n.Text{i18n.FR: "P"}}, Targets: []programme.TargetSet{{Indicator: measure.People, Place: ma, Value: 100}, {Indicator: measure.People, Place: place.ID("MA-08"), Value: 50}}})
	must(t, err)
	form := func(body, ma, r8 string) url.Values {
		out := url.Values{"target_MA": {ma}, "target_MA-08": {r8}}
		for _, m := range regexp.MustCompile(`name="(seen_[A-Z0-9-]+)" value="([^"]*)"`).FindAllStringSubmatch(body, -1) {
			out.Set(m[1], m[2])
		}
		return out
	}
	_, _, shown := n.request(t, n.owner, "GET", "/programmes/P/targets", nil)
	if status, _, _ := n.request(t, n.owner, "POST", "/programmes/P/targets", form(shown, "120", "50")); status != 303 {
		t.Fatalf("the first: %d", status)
	}
	status, _, body := n.request(t, n.owner, "POST", "/programmes/P/targets", form(shown, "140", "60"))
	if says := i18n.For(i18n.FR).T("programmes.target_changed", "n", 120); status != 422 || !strings.Contains(html.UnescapeString(body), says) || !strings.Contains(body, `value="140"`) {
		t.Errorf("the second: %d, or %q or what was typed is not there", status, says)
	}
	total := func() (sum int64) {
		ts, err := n.Programmes.Targets(ctx, n.DB, programme.ID("P"))
		must(t, err)
		for _, x := range ts {
			sum += x.Value
		}
		return sum
	}
	if total() != 170 {
		t.Errorf("something was saved: %d", total())
	}
	if status, _, _ := n.request(t, n.owner, "POST", "/programmes/P/targets", form(body, "140", "60")); status != 303 || total() != 200 {
		t.Errorf("knowingly: %d, %d", status, total())
	}
}

// Targets are of everybody or of a group; those of one do not touch those of another, and a group is not larger than all.
func TestTargetsOfGroups(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	ma, prog := place.ID("MA"), programme.ID("P")
	_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: ma, Name: i18n.Text{i18n.FR: "P"}}, Targets: []programme.TargetSet{{Indicator: measure.People, Place: ma, Value: 100}, {Indicator: measure.People, Place: place.ID("MA-08"), Value: 50}}})
	must(t, err)
	fr := i18n.For(i18n.FR)
	post := func(want int, says string, form url.Values) {
		t.Helper()
		status, _, body := n.request(t, n.owner, "POST", "/programmes/P/targets", form)
		if status != want || !strings.Contains(html.UnescapeString(body), says) {
			t.Errorf("%v: status %d, and %q is not there", form, status, says)
		}
	}
	post(303, "", url.Values{"of": {"girls"}, "target_MA": {"60"}})
	post(303, "", url.Values{"of": {"rural"}, "target_MA": {"30"}, "target_MA-08": {"20"}})
	post(303, "", url.Values{"of": {"out_of_school"}, "target_MA": {"25"}})
	post(422, fr.T("targets.doubt.part", "part", "Maroc · "+fr.T("board.whole")+" · "+fr.T("sex.f"), "n", 101, "whole", "Maroc · "+fr.T("board.whole"), "m", 100), url.Values{"of": {"girls"}, "target_MA": {"101"}})
	post(422, fr.T("targets.doubt.part", "part", "Maroc · "+fr.T("board.whole")+" · "+fr.T("sex.f"), "n", 60, "whole", "Maroc · "+fr.T("board.whole"), "m", 59), url.Values{"target_MA": {"59"}, "target_MA-08": {"50"}})
	post(404, "", url.Values{"of": {"boys"}, "target_MA": {"1"}})
	ts, err := n.Programmes.Targets(ctx, n.DB, prog)
	must(t, err)
	tree, err := n.Places.Tree(ctx, n.DB)
	must(t, err)
	var got []string
	for _, x := range ts {
		got = append(got, strings.Join([]string{tree.Get(x.Place).Code, x.Sex, x.Milieu, x.Schooling, fr.Number(x.Value)}, "/"))
	}
	slices.Sort(got)
	if want := []string{"MA-08////50", "MA-08//rural//20", "MA////100", "MA///out_of_school/25", "MA//rural//30", "MA/f///60"}; !slices.Equal(got, want) {
		t.Errorf("targets %q", got)
	}
	if _, _, body := n.request(t, n.owner, "GET", "/programmes/P/targets?of=girls", nil); !strings.Contains(body, `name="target_MA" value="60"`) || strings.Contains(body, `value="50"`) {
		t.Error("the form of a group does not show its targets alone")
	}
	// The gap of a group is counted in its cell: whoever goes to school does not close it.
	n.programmeP(t)
	s := n.spot(t, "in", "MA-ERR-MJ1")
	must(t, n.Training.Take(ctx, id.Nil, access.Everywhere(), s.session, map[id.ID]string{s.person: training.Present}, "list"))
	gap := func() string {
		_, _, body := n.request(t, n.owner, "GET", "/gaps?period=all&lang=fr&programme=P", nil)
		for _, row := range strings.Split(body, "<tr") {
			if strings.Contains(row, fr.T("schooling.out_of_school")) {
				return row
			}
		}
		t.Error("the gap of those out of school is not shown")
		return ""
	}
	if row := gap(); strings.Count(row, ">25<") != 2 {
		t.Error("somebody of whom it is not known is counted:", row)
	}
	if _, _, body := n.request(t, n.owner, "GET", "/programmes", nil); !strings.Contains(body, "100") || strings.Contains(body, ">60<") {
		t.Error("the list of programmes shows another target than the one of everybody")
	}
}

// An agreement says of a target that it counts participations: 300 of them are not 300 people.
func TestTargetOfParticipationsIsNamed(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	fr := i18n.For(i18n.FR)
	for _, indicator := range measure.Indicators {
		x := n.agreedOn(t, indicator, programme.ID("P"))
		_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}}, Targets: []programme.TargetSet{{Indicator: indicator, Place: place.ID("MA"), Value: 300, Agreement: x.agreement}}})
		must(t, err)
		_, _, body := n.request(t, n.owner, "GET", "/agreements/"+x.agreement.String()+"?lang=fr", nil)
		if !strings.Contains(body, ">300<") || strings.Contains(body, fr.T("board.counts.participations")) != (indicator == measure.Participations) {
			t.Errorf("a target of %s is not told from another", indicator)
		}
	}
}

// An agreement says of the girls, too, how many were reached; to whoever may not know the people, of few that they are few and
// nothing to work them out from. Nothing stands against a target of which the reader counts a part.
func TestAgreementTellsOfGroups(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	s, people := n.class(t, "A", "B", "C", "D", "E", "F")
	marks := map[id.ID]string{}
	for _, name := range []string{"X", "Y"} {
		p, err := n.People.Register(ctx, id.Nil, s.centre, person.Details{"first_latin": name, "birth": "2015-01-06", "sex": "m"}, nil)
		must(t, err)
		n.agree(t, p, consent.Training)
		people = append(people, p)
	}
	_, err := n.Training.Place(ctx, id.Nil, access.Everywhere(), s.group, people[6:], "2026-03-02")
	must(t, err)
	for _, p := range people {
		marks[p] = training.Present
	}
	must(t, n.Training.Take(ctx, id.Nil, access.Everywhere(), s.session, marks, "list"))
	prog := programme.ID("P")
	x, y := n.agreedOn(t, "WIDE", prog), n.agreedOn(t, "NARROW", prog)
	must(t, n.Agreements.Set(ctx, id.Nil, y.agreement, agreement.AgreementStated{Code: "NARROW", Kind: agreement.Framework, Name: i18n.Text{i18n.FR: "N"}, Signed: "2025-01-01", Places: []id.ID{place.ID("MA-ERR")}}))
	var targets []programme.TargetSet
	for _, c := range []struct {
		of    id.ID
		value int64
		cell  map[string]string
	}{
		{x.agreement, 1000, nil}, {x.agreement, 500, map[string]string{"sex": "f"}}, {x.agreement, 490, map[string]string{"sex": "m"}},
		{x.agreement, 480, map[string]string{"sex": "f", "schooling": "out_of_school"}}, {x.agreement, 470, map[string]string{"milieu": measure.Unknown}}, {y.agreement, 300, map[string]string{"milieu": "rural"}},
	} {
		targets = append(targets, programme.TargetSet{Indicator: measure.People, Place: place.ID("MA"), Value: c.value, Cell: c.cell, Agreement: c.of})
	}
	_, err = n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}}, Targets: targets})
	must(t, err)
	fr := i18n.For(i18n.FR)
	few, hidden := fr.T("shell.few_number"), fr.T("shell.hidden_number")
	reached := func(acc *access.Account, of id.ID) string {
		t.Helper()
		_, _, body := n.request(t, acc, "GET", "/agreements/"+of.String()+"?lang=fr", nil)
		var out []string
		for _, row := range strings.Split(html.UnescapeString(body), "<tr>") {
			if cells := strings.Split(row, `<td class="num">`); len(cells) == 3 {
				says := strings.SplitN(cells[2], "</td>", 2)[0]
				for _, w := range []string{few, hidden, fr.T("agree.partly")} {
					if strings.Contains(says, w) {
						says = w
					}
				}
				out = append(out, strings.SplitN(cells[1], "<", 2)[0]+":"+says)
			}
		}
		return strings.Join(out, " ")
	}
	thousand := fr.Number(1000)
	for _, c := range []struct {
		who  string
		acc  *access.Account
		of   id.ID
		want string
	}{
		{"who knows the people", n.owner, x.agreement, thousand + ":8 500:6 490:2 480:0 470:8"},
		{"a partner", n.open(t, access.Partner, access.Agreement(x.agreement), false), x.agreement, thousand + ":8 500:" + hidden + " 490:" + few + " 480:" + hidden + " 470:8"},
		{"a partner of a province", n.open(t, access.Partner, access.Agreement(y.agreement), false), y.agreement, "300:" + fr.T("agree.partly")},
	} {
		if got := reached(c.acc, c.of); got != c.want {
			t.Errorf("%s reads %q, want %q", c.who, got, c.want)
		}
	}
}

var meantField = regexp.MustCompile(`name="meant" value="([0-9a-f]*)"`)

// One target can be of any indicator, place, period and cell, bound by an agreement and with all of its source; what is wrong is
// said beside its field and writes nothing, what contradicts others is asked about, and it can be changed, moved and removed.
func TestOneTarget(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) { oneTarget(t, serve(t, e, nil)) })
}

func oneTarget(t *testing.T, n *node) {
	n.programmeP(t)
	prog := programme.ID("P")
	now, err := n.Programmes.Get(ctx, n.DB, prog)
	must(t, err)
	ours := n.agreedOn(t, "OURS", prog)
	_, err = n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Name: now.Name, Place: now.Place}, Targets: []programme.TargetSet{{Indicator: measure.People, Place: now.Place, Value: 80}}})
	must(t, err)
	fr := i18n.For(i18n.FR)
	typed := func(pairs ...string) url.Values {
		v := url.Values{"indicator": {measure.Participations}, "place": {"MA-ERR-MJ1 · Maison"}, "period": {"٢٠٢٦-٠٣"}, "sex": {"f"}, "age": {"11-14"}, "value": {"1 400"}, "agreement": {ours.agreement.String()},
			"source_kind": {"press"}, "source_on": {"2025-06"}, "source_publication": {"MAP"}, "source_url": {"https://example.org/x"}, "source_states_fr": {"environ 1400"}, "source_states_ar": {"نحو 1400"}}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	post := func(path string, v url.Values) (int, string) {
		t.Helper()
		status, _, body := n.request(t, n.owner, "POST", "/programmes/P/targets/"+path, v)
		return status, html.UnescapeString(body)
	}
	targets := func() []programme.Target {
		ts, err := n.Programmes.Targets(ctx, n.DB, prog)
		must(t, err)
		return slices.DeleteFunc(ts, func(x programme.Target) bool {
			return x.Indicator == measure.People && x.Place == now.Place && x.Value == 80
		})
	}
	long := strings.Repeat("x", 2001)
	for field, c := range map[string]struct{ value, says string }{
		"indicator": {"joy", fr.T("agree.fault.not_offered")}, "sex": {"x", fr.T("agree.fault.not_offered")}, "age": {"unknown", fr.T("agree.fault.not_offered")},
		"place": {"ZZ-9", fr.T("targets.place_unknown")}, "period": {"2026-13", fr.T("targets.period_wrong", "year", "2026", "month", "2026-03")},
		"value": {"0", fr.T("targets.value_wrong")}, "agreement": {id.New().String(), fr.T("agree.fault.not_offered")},
		"source_kind": {"rumour", fr.T("agree.fault.source_kind")}, "source_on": {"hier", fr.T("agree.fault.date_span", "day", "2025-06-14", "month", "2025-06", "year", "2025")},
		"source_url": {"x", fr.T("agree.fault.url")}, "source_states_fr": {long, fr.T("error.too_long", "n", 2000)},
	} {
		before, err := n.Log.Count(ctx, n.DB)
		must(t, err)
		status, body := post("new", typed(field, c.value))
		if status != 422 || !strings.Contains(body, c.says) || !strings.Contains(body, `id="f-`+field+`-error"`) || !strings.Contains(body, `value="1 400"`) && field != "value" {
			t.Errorf("%s: status %d, said %v", field, status, strings.Contains(body, c.says))
		}
		if after, _ := n.Log.Count(ctx, n.DB); after != before {
			t.Errorf("%s: %d facts written", field, after-before)
		}
	}
	if status, _ := post("new", typed()); status != 303 {
		t.Fatalf("saved: status %d", status)
	}
	all := targets()
	if len(all) != 1 {
		t.Fatalf("%d targets", len(all))
	}
	x := all[0]
	if want := (source.Source{Kind: "press", On: "2025-06", Publication: "MAP", URL: "https://example.org/x", States: i18n.Text{i18n.FR: "environ 1400", i18n.AR: "نحو 1400"}}); x.Value != 1400 || x.Indicator != measure.Participations || x.Place != place.ID("MA-ERR-MJ1") || x.Period != "202603" || x.Sex != "f" || x.Age != "11-14" || x.Agreement != ours.agreement || !reflect.DeepEqual(x.Source, want) {
		t.Errorf("the target is %+v", x)
	}
	if status, body := post("new", typed("value", "9")); status != 422 || !strings.Contains(body, fr.T("targets.there", "n", 1400)) || !strings.Contains(body, x.ID.String()) {
		t.Errorf("there already: status %d", status)
	}
	if _, _, body := n.request(t, n.owner, "GET", "/programmes/P/targets?lang=fr", nil); !strings.Contains(body, "/targets/"+x.ID.String()) {
		t.Error("the target is not among the others")
	}
	own := x.ID.String()
	_, _, body := n.request(t, n.owner, "GET", "/programmes/P/targets/"+own, nil)
	seen := seenField.FindStringSubmatch(body)
	if seen == nil || !strings.Contains(body, "environ 1400") || !strings.Contains(body, `value="2026-03"`) {
		t.Fatal("the form does not show what stands")
	}
	if status, body := post(own, typed("value", "1500", "seen", "0123")); status != 422 || !strings.Contains(body, fr.T("spread.changed")) {
		t.Errorf("unseen: status %d", status)
	}
	// Of something else: it moves, and is more than the whole.
	move := typed("indicator", measure.People, "sex", "", "age", "", "period", "2026", "value", "5000", "seen", seen[1])
	status, body := post(own, move)
	meant := meantField.FindStringSubmatch(body)
	if status != 422 || meant == nil || !strings.Contains(body, fr.T("spread.despite_missing")) || len(targets()) != 1 || targets()[0].ID != x.ID {
		t.Fatalf("5000 of 80: status %d", status)
	}
	move.Set("despite", "yes")
	if status, _ := post(own, move); status != 422 {
		t.Errorf("what nobody was shown is meant: status %d", status)
	}
	move.Set("meant", meant[1])
	if status, _ := post(own, move); status != 303 {
		t.Fatalf("meant: status %d", status)
	}
	if all := targets(); len(all) != 1 || all[0].Value != 5000 || all[0].Indicator != measure.People || all[0].Period != "2026" || all[0].Agreement != ours.agreement {
		t.Errorf("moved: %+v", all)
	}
	own = targets()[0].ID.String()
	if status, _ := post(own, url.Values{"do": {"remove"}, "seen": {targets()[0].Mark()}}); status != 303 || len(targets()) != 0 {
		t.Errorf("removed: status %d", status)
	}
	for _, path := range []string{own, "x", id.New().String()} {
		if status, _, _ := n.request(t, n.owner, "GET", "/programmes/P/targets/"+path, nil); status != 404 {
			t.Errorf("%s: status %d", path, status)
		}
	}
}

// Saved with its values unchanged, the form of targets writes nothing and takes nothing out of a plan; a value that changed leaves
// the plan, and taking the plan back says that it stays.
func TestTargetsOfAPlanStay(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	n.programmeP(t)
	prog, ma := programme.ID("P"), place.ID("MA")
	rows := []programme.Opening{{Place: place.ID("MA-08"), From: "202601", To: "202602", Groups: 1, Seats: 20, Months: 2}}
	made, err := n.Programmes.SetRollout(ctx, id.Nil, id.Nil, programme.RolloutStated{Programme: prog, Name: "A", Hours: 2, Rows: rows})
	must(t, err)
	sets := []programme.TargetSet{{Programme: prog, Indicator: measure.People, Place: ma, Value: 40}, {Programme: prog, Indicator: measure.People, Place: place.ID("MA-08"), Value: 40}}
	must(t, n.Programmes.Adopt(ctx, id.Nil, prog, made, sets, programme.AdoptionStamp(sets, nil), ""))
	before, err := n.Log.Count(ctx, n.DB)
	must(t, err)
	save := func(value string) {
		t.Helper()
		if status, _, body := n.request(t, n.owner, "POST", "/programmes/P/targets", url.Values{"target_MA": {"40"}, "target_MA-08": {value}}); status != 303 {
			t.Fatalf("status %d: %s", status, body)
		}
	}
	save("40")
	if after, _ := n.Log.Count(ctx, n.DB); after != before {
		t.Errorf("unchanged, and %d facts written", after-before)
	}
	save("39")
	_, to, _ := n.request(t, n.owner, "POST", "/programmes/P/rollout/"+made.String()+"/adopt", url.Values{"do": {"release"}})
	ts, err := n.Programmes.Targets(ctx, n.DB, prog)
	must(t, err)
	if len(ts) != 1 || ts[0].Value != 39 || !strings.Contains(to, "/rollout") {
		t.Errorf("taken back: %+v", ts)
	}
}
