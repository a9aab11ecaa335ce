package nodes

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/web/door"
)

// waiting is what waits, of streams that lie in the scope. What only a newer program understands waits for everybody.
func waiting(a *door.Ask) ([]fact.Waits, error) {
	l, err := a.H.Log.Waiting(a.R.Context(), a.H.DB)
	return slices.DeleteFunc(l, func(w fact.Waits) bool { return !streamIn(a.Scope, w.Stream) }), err
}

func heldRow(a *door.Ask, w fact.Waits) HeldRow {
	here := a.H.Log.Clock.Now().Location()
	r := HeldRow{Who: nameOf(a, w.Node), Stream: streamName(a, w.Stream), State: w.State.String(), Facts: w.Facts, From: a.Moment(w.From.Wall().In(here)), To: a.Moment(w.To.Wall().In(here)),
		StreamID: w.Stream, Node: w.Node.String(), Decides: w.Decides() && a.H.Log.May(fact.FactAdmitted, w.Stream)}
	if w.Grants {
		r.Grants = "yes"
	}
	r.URL = door.With("/network/held/facts", "stream", w.Stream, "node", r.Node, "state", r.State, "grants", r.Grants)
	return r
}

func held(a *door.Ask) error {
	l, err := waiting(a)
	if err != nil {
		return err
	}
	v := Held{Errors: map[string]string{}}
	for _, w := range l {
		v.Rows = append(v.Rows, heldRow(a, w))
	}
	return a.Render("network/held", v)
}

// shown is how many of the facts that wait a page shows, decided how many one decision may be about.
const (
	shown   = 50
	decided = 20_000
)

// heldAsked returns what waits that a form or an address names.
func heldAsked(a *door.Ask) (fact.Waits, error) {
	l, err := waiting(a)
	if err != nil {
		return fact.Waits{}, err
	}
	of, _ := id.Parse(a.R.FormValue("node"))
	i := slices.IndexFunc(l, func(w fact.Waits) bool {
		return w.Stream == a.R.FormValue("stream") && w.Node == of && w.State.String() == a.R.FormValue("state") && w.Grants == (a.R.FormValue("grants") == "yes")
	})
	if i < 0 {
		return fact.Waits{}, fs.ErrNotExist
	}
	return l[i], nil
}

func heldFactsView(a *door.Ask, w fact.Waits) (HeldFacts, error) {
	v := HeldFacts{HeldRow: heldRow(a, w), Errors: map[string]string{}, Action: "/network/held/facts"}
	l, err := a.H.Log.HeldOf(a.R.Context(), a.H.DB, w, shown)
	v.Rows, v.More = heldFactRows(a, l), w.Facts > len(l)
	return v, err
}

func heldFactRows(a *door.Ask, l []fact.Held) []HeldFact {
	var out []HeldFact
	here := a.H.Log.Clock.Now().Location()
	for _, f := range l {
		out = append(out, HeldFact{a.Moment(f.At.Wall().In(here)), kind(a, f.Kind), string(f.Body)})
	}
	return out
}

// ofHeld finds what a page or a decision is about, and calls fn with it; what waits no more is said.
func ofHeld(fn func(*door.Ask, fact.Waits, HeldFacts) error) func(*door.Ask) error {
	return func(a *door.Ask) error {
		w, err := heldAsked(a)
		if errors.Is(err, fs.ErrNotExist) {
			return gone(a, "network.held_gone", "/network/held")
		}
		if err != nil {
			return err
		}
		v, err := heldFactsView(a, w)
		if err != nil {
			return err
		}
		return fn(a, w, v)
	}
}

func heldFacts(a *door.Ask, _ fact.Waits, v HeldFacts) error { return a.Render("network/facts", v) }

func heldDecided(a *door.Ask, w fact.Waits, v HeldFacts) error {
	what := a.R.PostFormValue("what")
	v.Reason = strings.TrimSpace(a.R.PostFormValue("reason"))
	switch {
	case what != "admit" && what != "dismiss" || !v.Decides:
		return fs.ErrNotExist
	case v.Reason == "":
		v.Errors["reason"] = a.P.T("error.reason_missing")
	case len([]rune(v.Reason)) > 200:
		v.Errors["reason"] = a.P.T("error.too_long", "n", 200)
	}
	if len(v.Errors) > 0 {
		return a.Again("network/facts", v)
	}
	l, err := a.H.Log.HeldOf(a.R.Context(), a.H.DB, w, decided)
	if err != nil {
		return err
	}
	if err := a.H.Nodes.Admit(a.R.Context(), a.Actor(), l, v.Reason, what == "admit"); err != nil {
		return err
	}
	a.Notify("good", "network.decided."+what, "n", len(l))
	return a.Go("/network/held")
}
