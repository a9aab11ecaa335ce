package web_test

import (
	"html"
	"net/url"
	"slices"
	"strings"
	"testing"

	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
)

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
	post(422, fr.T("programmes.group_over", "whole", 100), url.Values{"of": {"girls"}, "target_MA": {"101"}})
	post(422, fr.T("programmes.whole_under", "group", fr.T("programmes.group.girls"), "n", 60), url.Values{"target_MA": {"59"}, "target_MA-08": {"50"}})
	post(404, "", url.Values{"of": {"boys"}, "target_MA": {"1"}})
	ts, err := n.Programmes.Targets(ctx, n.DB, prog)
	must(t, err)
	tree, err := n.Places.Tree(ctx, n.DB)
	must(t, err)
	var got []string
	for _, x := range ts {
		got = append(got, strings.Join([]string{tree.Get(x.Place).Code, x.Sex, x.Milieu, fr.Number(x.Value)}, "/"))
	}
	slices.Sort(got)
	if want := []string{"MA-08///50", "MA-08//rural/20", "MA///100", "MA//rural/30", "MA/f//60"}; !slices.Equal(got, want) {
		t.Errorf("targets %q", got)
	}
	if _, _, body := n.request(t, n.owner, "GET", "/programmes/P/targets?of=girls", nil); !strings.Contains(body, `name="target_MA" value="60"`) || strings.Contains(body, `value="50"`) {
		t.Error("the form of a group does not show its targets alone")
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
