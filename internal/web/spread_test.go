package web_test

import (
	"fmt"
	"html"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/source"
	"tizi/internal/store"
	"tizi/internal/training"
)

var seenField = regexp.MustCompile(`name="seen" value="([0-9a-f]+)"`)

// The form of targets binds the whole to an agreement and a source: a region keeps its own, or none.
func TestTargetsKeepTheirBinding(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	ma, prog := place.ID("MA"), programme.ID("P")
	ours, theirs := n.agreedOn(t, "OURS", prog), n.agreedOn(t, "THEIRS", prog)
	own := source.Source{Kind: "document", On: "2024-05"}
	_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: ma, Name: i18n.Text{i18n.FR: "P"}}, Targets: []programme.TargetSet{
		{Indicator: measure.People, Place: ma, Value: 1000},
		{Indicator: measure.People, Place: place.ID("MA-01"), Value: 10, Agreement: theirs.agreement, Source: own},
		{Indicator: measure.People, Place: place.ID("MA-02"), Value: 20},
	}})
	must(t, err)
	form := url.Values{"target_MA": {"1000"}, "target_MA-01": {"11"}, "target_MA-02": {"20"}, "target_MA-03": {"30"}, "agreement": {ours.agreement.String()}, "source_kind": {"press"}, "source_on": {"2025-06-14"}}
	if status, _, body := n.request(t, n.owner, "POST", "/programmes/P/targets", form); status != 303 {
		t.Fatalf("status %d: %s", status, body)
	}
	ts, err := n.Programmes.Targets(ctx, n.DB, prog)
	must(t, err)
	type bound struct {
		agreement id.ID
		source    source.Source
	}
	want := map[id.ID]bound{ma: {ours.agreement, source.Source{Kind: "press", On: "2025-06-14"}}, place.ID("MA-01"): {theirs.agreement, own}, place.ID("MA-02"): {}, place.ID("MA-03"): {}}
	for _, x := range ts {
		if got := (bound{x.Agreement, x.Source}); !reflect.DeepEqual(got, want[x.Place]) {
			t.Errorf("%s, of %d: bound by %v, not %v", x.Place, x.Value, got, want[x.Place])
		}
	}
	if len(ts) != len(want) {
		t.Errorf("%d targets", len(ts))
	}
}

// A target is looked at before it is spread; each wrong answer has its sentence, keeps what was typed and writes nothing;
// what is saved says how it came about.
func TestSpreadForm(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	fr := i18n.For(i18n.FR)
	ma, prog := place.ID("MA"), programme.ID("P")
	plan := programme.Plan{Programme: programme.Opened{Code: "P", Place: ma, Name: i18n.Text{i18n.FR: "P"}},
		Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 14}}}
	_, err := n.Programmes.Set(ctx, id.Nil, plan)
	must(t, err)
	ask := func(method string, v url.Values) (int, string) {
		t.Helper()
		path := "/programmes/P/spread"
		if method == "GET" {
			path, v = path+"?"+v.Encode(), nil
		}
		status, _, body := n.request(t, n.owner, method, path, v)
		return status, html.UnescapeString(body)
	}
	if status, body := ask("GET", nil); status != 200 || !strings.Contains(body, fr.T("spread.none")) {
		t.Errorf("no target: status %d", status)
	}
	if status, _, _ := n.request(t, n.owner, "GET", "/programmes/NONE/spread", nil); status != 404 {
		t.Errorf("no programme: status %d", status)
	}
	plan.Targets = []programme.TargetSet{{Indicator: measure.People, Place: ma, Value: 1000}, {Indicator: measure.People, Place: place.ID("MA-02"), Value: 11}}
	_, err = n.Programmes.Set(ctx, id.Nil, plan)
	must(t, err)
	all := func() map[id.ID]programme.Target {
		ts, err := n.Programmes.Targets(ctx, n.DB, prog)
		must(t, err)
		out := map[id.ID]programme.Target{}
		for _, x := range ts {
			out[x.Place] = x
		}
		return out
	}
	whole := all()[ma].ID.String()
	_, body := ask("GET", url.Values{"rule": {"population"}})
	seen := seenField.FindStringSubmatch(body)
	if !strings.Contains(body, `value="11"`) || !strings.Contains(body, fr.T("spread.replace", "n", 1)) {
		t.Error("a target that somebody typed gives way unasked")
	}
	if seen == nil || !strings.Contains(body, "RGPH 2024") || !strings.Contains(body, fr.Number(7688967)) {
		t.Fatal("the preview does not show what the rule goes by, and its source")
	}
	typed := func(pairs ...string) url.Values {
		v := url.Values{"target": {whole}, "level": {"region"}, "rule": {"population"}, "seen": {seen[1]}, "do": {"save"}}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	// Somebody in the south has been reached, so a target of nothing there is below.
	s := n.spot(t, "in", "MA-ERR-MJ1")
	must(t, n.Training.Take(ctx, id.Nil, access.Everywhere(), s.session, map[id.ID]string{s.person: training.Present}, "list"))
	for what, c := range map[string]struct {
		form  url.Values
		field string
		says  string
	}{
		"a target not offered": {typed("target", id.New().String()), "target", fr.T("agree.fault.not_offered")},
		"a level not offered":  {typed("level", "street"), "level", fr.T("agree.fault.not_offered")},
		"a rule not offered":   {typed("rule", "dice"), "rule", fr.T("agree.fault.not_offered")},
		"letters":              {typed("hand_MA-01", "vingt"), "hand_MA-01", fr.T("programmes.target_wrong")},
		"less than nothing":    {typed("hand_MA-01", "-5"), "hand_MA-01", fr.T("programmes.target_wrong")},
		"more than there is":   {typed("hand_MA-01", "1001"), "", fr.T("spread.over", "hand", 1001, "whole", 1000)},
		"below what is there":  {typed("hand_MA-08", "0"), "despite", fr.T("spread.despite_missing")},
		"not what was seen":    {typed("seen", "0123"), "", fr.T("spread.changed")},
		"no people known":      {typed("level", "province"), "rule", fr.T("spread.lacks", "n", 75)},
		"no other target":      {typed("rule", "target"), "rule", fr.T("spread.no_like")},
	} {
		before, err := n.Log.Count(ctx, n.DB)
		must(t, err)
		status, body := ask("POST", c.form)
		if status != 422 || !strings.Contains(body, c.says) {
			t.Errorf("%s: status %d, and the sentence is there: %v", what, status, strings.Contains(body, c.says))
		}
		if c.field != "" && !strings.Contains(body, `id="f-`+c.field+`-error"`) {
			t.Errorf("%s: nothing stands beside %s", what, c.field)
		}
		if v := c.form.Get("hand_MA-01"); v != "" && !strings.Contains(body, `value="`+v+`"`) {
			t.Errorf("%s: what was typed is gone", what)
		}
		if after, _ := n.Log.Count(ctx, n.DB); after != before {
			t.Errorf("%s: %d facts written", what, after-before)
		}
	}
	if status, body := ask("POST", typed("do", "look", "hand_MA-02", "11", "replace", "yes")); status != 200 || strings.Contains(body, `value="11"`) || !strings.Contains(body, fr.T("spread.replaces", "n", 11)) {
		t.Errorf("ticked: status %d, and what was typed stays, or nobody says that it is replaced", status)
	}
	if status, body := ask("POST", typed("do", "look", "hand_MA-01", "500")); status != 200 || !strings.Contains(body, `value="500"`) || len(all()) != 2 {
		t.Errorf("looked at: status %d, %d targets", status, len(all()))
	}
	if status, _ := ask("POST", typed("hand_MA-01", "500", "hand_MA-08", "0", "despite", "yes")); status != 303 {
		t.Fatalf("saved: status %d", status)
	}
	got, sum := all(), int64(0)
	for v, x := range got {
		if v != ma {
			sum += x.Value
		}
	}
	if x := got[place.ID("MA-06")]; sum != 1000 || got[place.ID("MA-01")].Value != 500 || x.Spread.Rule != "population" || x.Spread.Weight != 7688967 || x.Spread.Hand {
		t.Errorf("the parts come to %d: %+v", sum, x)
	}
	// A part that is edited among the targets is one by hand from then on.
	edit := url.Values{"target_MA": {"1000"}}
	for _, r := range []string{"01", "02", "03", "04", "05", "06", "07", "09", "10", "11", "12"} {
		edit.Set("target_MA-"+r, fmt.Sprint(got[place.ID("MA-"+r)].Value))
	}
	edit.Set("target_MA-06", "77")
	if status, _, _ := n.request(t, n.owner, "POST", "/programmes/P/targets", edit); status != 303 {
		t.Fatalf("status %d", status)
	}
	now := all()
	if x := now[place.ID("MA-06")].Spread; !x.Hand || x.Weight != 7688967 || now[place.ID("MA-07")].Spread.Hand {
		t.Errorf("edited: %+v", x)
	}
	if _, _, body := n.request(t, n.owner, "GET", "/programmes/P/targets", nil); !strings.Contains(html.UnescapeString(body), fr.T("spread.how_hand")) {
		t.Error("nobody says that a target was corrected by hand")
	}
	if _, body := ask("GET", url.Values{"rule": {"population"}}); !strings.Contains(body, `value="77"`) {
		t.Error("what was corrected by hand is not shown as such")
	}
}

// The gaps show what is furthest from its target first, and no part of a place that is few to who may not know the people; the
// evidence of a number names the sheets it comes out of.
func TestGapsAndEvidence(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	n.programmeP(t)
	here := place.ID("MA-ERR-MJ1")
	s := n.spot(t, "in", "MA-ERR-MJ1")
	must(t, n.Training.Take(ctx, id.Nil, access.Everywhere(), s.session, map[id.ID]string{s.person: training.Present}, "list"))
	prog := programme.ID("P")
	now, err := n.Programmes.Get(ctx, n.DB, prog)
	must(t, err)
	var targets []programme.TargetSet
	for _, x := range []struct {
		place string
		sex   string
		value int64
	}{{"MA-ERR-MJ1", "", 10}, {"MA-ERR-MJ1", "f", 40}, {"MA-ERR", "", 1}} { // which contradict each other
		set := programme.TargetSet{Place: place.ID(x.place), Indicator: measure.People, Period: "2026", Value: x.value}
		if x.sex != "" {
			set.Cell = map[string]string{"sex": x.sex}
		}
		targets = append(targets, set)
	}
	_, err = n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: now.Code, Name: now.Name, Place: now.Place, Pillars: now.Pillars}, Targets: targets, Meant: programme.Anything})
	must(t, err)
	manager := n.open(t, access.Centre, access.Place(here), false)
	partner := n.open(t, access.Partner, access.Programme(prog), false)
	fr := i18n.For(i18n.FR)
	_, _, body := n.request(t, manager, "GET", "/gaps?programme=P&period=2026&lang=fr", nil)
	girls, all := strings.Index(body, fr.T("sex.f")), strings.Index(body, fr.T("gaps.everybody"))
	if girls < 0 || all < 0 || girls > all {
		t.Errorf("the girls miss 39 and everybody 9: they stand at %d and %d", girls, all)
	}
	if !strings.Contains(body, "/board/behind") {
		t.Error("the number does not open its list")
	}
	_, _, body = n.request(t, partner, "GET", "/gaps?programme=P&period=2026&lang=fr", nil)
	if !strings.Contains(body, fr.T("shell.few_number")) || strings.Contains(body, "/board/behind") || strings.Contains(body, "<b>39</b>") {
		t.Error("a partner reads of one girl")
	}
	// Six of eight: the two others could be worked out.
	for i := range 7 {
		p, err := n.People.Register(ctx, id.Nil, here, person.Details{"first_latin": fmt.Sprint("N", i), "birth": "2015-01-06", "sex": map[bool]string{true: "f", false: "m"}[i < 5]}, nil)
		must(t, err)
		n.agree(t, p, consent.Training)
		_, err = n.Training.Place(ctx, id.Nil, access.Everywhere(), s.group, []id.ID{p}, "2026-03-02")
		must(t, err)
		must(t, n.Training.Take(ctx, id.Nil, access.Everywhere(), s.session, map[id.ID]string{p: training.Present}, "list"))
	}
	for _, page := range []string{"/gaps?programme=P&period=2026&lang=fr", "/evidence?programme=P&period=2026&place=MA-ERR-MJ1&sex=f&lang=fr", "/evidence?programme=P&period=2026&place=MA-ERR-MJ1&sex=f&age=11-14&lang=fr"} {
		_, _, now := n.request(t, partner, "GET", page, nil)
		if strings.Contains(now, ">6<") || strings.Contains(now, ">34<") || !strings.Contains(now, fr.T("shell.hidden_number")) {
			t.Errorf("%s: a partner can work out that two are boys", page)
		}
	}
	if !strings.Contains(body, fr.T("gaps.met", "n", 1)) {
		t.Error("the province has reached its target, and nobody says so")
	}
	_, _, body = n.request(t, partner, "GET", "/evidence?programme=P&period=2026&place=MA-ERR-MJ1&lang=fr", nil)
	for _, want := range []string{fr.T("evidence.of_target", "n", 10), fr.T("evidence.sheets", "n", 1, "total", 1), fr.T("evidence.logs")} {
		if !strings.Contains(html.UnescapeString(body), want) {
			t.Errorf("the evidence does not say %q", want)
		}
	}
	if status, _, _ := n.request(t, partner, "GET", "/evidence?programme=P&sex=x", nil); status != 404 {
		t.Errorf("evidence of no cell: %d", status)
	}
}
