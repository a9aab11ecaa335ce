package nodes

import (
	"slices"
	"strings"

	"tizi/internal/api"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/web/door"
)

// faults are what an exchange may stop at, and the sentence that says what to do. What was kept of it is a text.
var faults = []struct{ contains, key string }{
	{node.ErrRevoked.Error(), "network.fault.revoked"},
	{node.ErrStranger.Error(), "network.fault.stranger"},
	{node.ErrAnother.Error(), "network.fault.another"},
	{node.ErrFormat.Error(), "network.fault.format"},
	{node.ErrMessage.Error(), "network.fault.message"},
	{api.ErrOther.Error(), "network.fault.other"},
	{"proof", "network.fault.proof"},
	{"forked", "network.fault.forked"},
	{"gap", "network.fault.gap"},
	{"shut", "network.fault.shut"},
}

func fault(a *door.Ask, said string) string {
	if said == "" {
		return ""
	}
	for _, f := range faults {
		if said == f.contains || len(f.contains) > 8 && strings.Contains(said, f.contains) {
			return a.P.T(f.key)
		}
	}
	return a.P.T("network.fault.link")
}

// areas are the first words of kinds that have a name of their own on the screen; the rest is "other".
var areas = map[string]string{
	"person": "person", "family": "person", "fetcher": "person", "guardian": "person", "message": "person", "photo": "person", "card": "person",
	"consent": "consent", "form": "consent", "scan": "consent", "recording": "consent",
	"attendance": "attendance", "session": "session", "absence": "attendance", "feedback": "feedback", "change": "feedback",
	"cohort": "group", "enrolment": "group", "referral": "group", "appeal": "group", "draw": "group",
	"centre": "centre", "room": "centre", "device": "centre", "hours": "centre", "round": "centre", "place": "place",
	"programme": "programme", "phase": "programme", "target": "programme",
	"agreement": "agreement", "commitment": "agreement", "decision": "agreement", "entry": "agreement", "holder": "agreement", "mandate": "agreement", "office": "agreement", "organisation": "agreement", "paper": "agreement", "party": "agreement",
	"activity": "activity", "output": "activity", "registration": "activity", "speaker": "activity", "visit": "activity",
	"account": "access", "role": "access", "glass": "access", "request": "access", "officer": "access", "access": "access",
	"grant": "node", "fact": "node", "audit": "audit", "retention": "audit", "safeguarding": "safeguarding",
}

// kind is what a kind of fact is about, in a word.
func kind(a *door.Ask, tag string) string {
	name, _, _ := fact.SplitKind(tag)
	area, _, _ := strings.Cut(name, ".")
	if w := areas[area]; w != "" {
		return a.P.T("network.kind." + w)
	}
	return a.P.T("network.kind.other")
}

// nameOf is what a node is called.
func nameOf(a *door.Ask, v id.ID) string {
	if g, ok := a.H.Log.Grantee(v); ok && g.Name != "" {
		return g.Name
	}
	switch {
	case v == a.H.Log.Node():
		return a.P.T("network.this")
	case a.H.Log.IsRoot(v):
		return a.P.T("network.headquarters")
	}
	if slices.ContainsFunc(a.H.Log.Reservations(), func(r fact.Reservation) bool { return r.Key == v }) {
		return a.P.T("network.recovery")
	}
	return v.Hex()[:8]
}
