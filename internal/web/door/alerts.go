package door

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/web/shell"
)

// alerted are the pages on which somebody is told what waits for them: those that one lands on.
var alerted = []string{"/today", "/board", "/staff", "/openings", "/me", "/safeguarding"}

// Alerts are what somebody must know before it is too late: roles that run out, centres that were opened, requests that
// wait for a second person, and what they have open themselves.
func (a *Ask) Alerts() []shell.Alert {
	if a.Account == nil || a.R.Method != "GET" {
		return nil
	}
	if a.alerts == nil {
		list, err := a.readAlerts()
		if err != nil && !errors.Is(err, context.Canceled) {
			// A page is worth more than its alerts.
			a.D.Log.Error("alerts failed", "route", a.R.Pattern, "err", err)
		}
		a.alerts = &list
	}
	return *a.alerts
}

func (a *Ask) readAlerts() (out []shell.Alert, err error) {
	ctx, now := a.R.Context(), a.H.Log.Clock.Now()
	for _, h := range a.Account.Roles {
		if h.Role == access.Glass {
			out = append(out, shell.Alert{Kind: "wait", Text: a.P.T("alert.glass", "place", a.NameOf(h.On), "time", h.Until.Format("15:04"))})
		}
	}
	if !slices.Contains(alerted, a.R.URL.Path) {
		return out, nil
	}
	for _, h := range a.Account.Roles {
		if h.Role != access.Glass && h.Soon(now) {
			out = append(out, shell.Alert{Kind: "help", Text: a.P.T("alert.own_role", "role", a.P.T("role."+string(h.Role)), "date", a.P.Date(h.Until.Format(time.DateOnly))), URL: "/me", Button: a.P.T("shell.my_account")})
		}
	}
	if a.May(access.WriteAccounts) {
		l, err := a.H.Access.RunsOut(ctx, a.H.DB, a.Account)
		if err != nil {
			return out, err
		}
		if len(l) > 0 && !strings.HasPrefix(a.R.URL.Path, "/staff/renew") {
			out = append(out, shell.Alert{Kind: "wait", Text: a.P.T("alert.runs_out", "n", len(l)), URL: "/staff/renew", Button: a.P.T("staff.renew")})
		}
	}
	if a.May(access.ReadGlass) && a.R.URL.Path != "/openings" {
		scope, err := a.ScopeOf(access.ReadGlass)
		if err != nil {
			return out, err
		}
		n, err := a.H.Access.Unseen(ctx, a.H.DB, a.Account, scope)
		if err != nil {
			return out, err
		}
		if n > 0 {
			out = append(out, shell.Alert{Kind: "help", Text: a.P.T("alert.openings", "n", n), URL: "/openings", Button: a.P.T("common.open")})
		}
	}
	if a.May(access.ErasePeople) {
		scope, err := a.ScopeOf(access.ErasePeople)
		if err != nil {
			return out, err
		}
		n, err := a.H.Retention.Count(ctx, a.H.DB, scope)
		if err != nil {
			return out, err
		}
		if n > 0 {
			out = append(out, shell.Alert{Kind: "wait", Text: a.P.T("alert.retention", "n", n), URL: "/retention", Button: a.P.T("common.open")})
		}
	}
	if a.May(access.ReadSafeguarding) {
		scope, err := a.ScopeOf(access.ReadSafeguarding)
		if err != nil {
			return out, err
		}
		fresh, overdue, err := a.H.Safeguard.Waiting(ctx, a.H.DB, scope)
		if err != nil {
			return out, err
		}
		gone, err := a.H.Retention.CountCases(ctx, a.H.DB, scope)
		if err != nil {
			return out, err
		}
		// Numbers only: what it is about stands behind the passphrase.
		for _, x := range []struct {
			n         int
			kind, key string
		}{{fresh, "help", "alert.safe_new"}, {overdue, "help", "alert.safe_due"}, {gone, "wait", "alert.safe_gone"}} {
			if x.n > 0 {
				out = append(out, shell.Alert{Kind: x.kind, Text: a.P.T(x.key, "n", x.n), URL: "/safeguarding", Button: a.P.T("common.open")})
			}
		}
	}
	if a.May(access.DecideRequests) {
		n, err := a.waiting()
		if err != nil {
			return out, err
		}
		if n > 0 {
			out = append(out, shell.Alert{Kind: "wait", Text: a.P.T("alert.requests", "n", n), URL: "/requests", Button: a.P.T("common.open")})
		}
	}
	return out, nil
}

// Unread are how many messages wait for the account, by the address of the section in which they stand.
func (a *Ask) Unread() map[string]int {
	if a.R.Method != "GET" {
		return nil
	}
	ctx, out := a.R.Context(), map[string]int{}
	fail := func(err error) {
		if err != nil && !errors.Is(err, context.Canceled) { // as with alerts
			a.D.Log.Error("counting messages failed", "route", a.R.Pattern, "err", err)
		}
	}
	if a.May(access.ReadChildren) {
		l, err := a.H.Family.ToRead(ctx, a.H.DB, a.Account.ID)
		for _, n := range l {
			out["/children"] += n
		}
		fail(err)
	}
	if a.May(access.WritePeople) {
		scope, err := a.ScopeOf(access.WritePeople)
		if err == nil {
			out["/messages"], err = a.H.Family.ToAnswer(ctx, a.H.DB, scope, a.Account.ID)
		}
		fail(err)
	}
	return out
}

// waiting is how many requests wait for this account's second pair of eyes.
func (a *Ask) waiting() (int, error) {
	scope, err := a.ScopeOf(access.DecideRequests)
	if err != nil {
		return 0, err
	}
	l, err := a.H.Access.Waiting(a.R.Context(), a.H.DB, scope, 100)
	n := 0
	for _, r := range l {
		if r.Proposer != a.Account.ID && a.May(r.Action) {
			n++
		}
	}
	return n, err
}
