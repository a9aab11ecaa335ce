package nodes

import (
	"errors"
	"html/template"
	"io/fs"
	"slices"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/web/door"
	"tizi/internal/web/me"
)

// Recovery is the screen network/recovery: whether this box keeps a recovery key, and, once, the one that was just made.
type Recovery struct {
	Kept   bool
	Joined bool   // this box was joined just now
	Sheet  string // "": none was made just now
	QR     template.HTML
	Action string
}

// mayKeep answers with a sentence on a node that keeps no recovery key: headquarters, one that is not paired, one not yet confirmed.
func mayKeep(a *door.Ask) (bool, error) {
	if err := a.H.Log.Refresh(a.R.Context()); err != nil {
		return false, err
	}
	return a.H.Nodes.MayKeep(), nil
}

func recovery(a *door.Ask) error {
	ok, err := mayKeep(a)
	if err != nil {
		return err
	}
	if !ok {
		return gone(a, "network.recovery_none", "/network")
	}
	return a.Render("network/recovery", Recovery{Kept: a.H.Nodes.Kept() != nil, Action: "/network/recovery"})
}

func recoveryMade(a *door.Ask) error {
	sheet, err := a.H.Nodes.Keep(a.R.Context(), a.Actor())
	if errors.Is(err, node.ErrNoSheet) {
		return gone(a, "network.recovery_none", "/network")
	}
	if err != nil {
		return err
	}
	a.H.Nodes.Call() // it holds once headquarters has heard of it
	return recoveryShown(a, sheet, false)
}

// recoveryShown shows a recovery key, once.
func recoveryShown(a *door.Ask, sheet string, joined bool) error {
	v := Recovery{Kept: true, Joined: joined, Sheet: sheet, Action: "/network/recovery"}
	var err error
	if v.QR, err = me.QR(sheet); err != nil {
		return err
	}
	return a.Render("network/recovery", v)
}

// recovered confirms a box that writes by a recovery key, or refuses it.
func recovered(a *door.Ask) error {
	p, g, err := peerOf(a)
	if err != nil {
		return err
	}
	page := "/network/nodes/" + p.Node.String()
	what := a.R.PostFormValue("what")
	switch {
	case p.Up:
		return fs.ErrNotExist
	case !g.Provisional || g.Revoked != nil:
		return gone(a, "network.recovered_settled", page)
	case what != "confirm" && what != "refuse":
		return fs.ErrNotExist
	}
	decide := a.H.Nodes.ConfirmBox
	if what == "refuse" {
		decide = a.H.Nodes.RefuseBox
	}
	switch err := decide(a.R.Context(), a.Actor(), p.Node); {
	case errors.Is(err, node.ErrSettled):
		return gone(a, "network.recovered_settled", page)
	case err != nil:
		return err
	}
	a.Notify("good", "network.recovered."+what, "name", g.Name)
	return a.Go(page)
}

// sheetRevoked ends the recovery key of a box.
func sheetRevoked(a *door.Ask) error {
	p, g, err := peerOf(a)
	if err != nil {
		return err
	}
	if p.Up {
		return fs.ErrNotExist
	}
	page := "/network/nodes/" + p.Node.String()
	switch err := a.H.Nodes.RevokeSheet(a.R.Context(), a.Actor(), p.Node); {
	case errors.Is(err, node.ErrNoSheet):
		return gone(a, "network.sheet_gone", page)
	case err != nil:
		return err
	}
	a.Notify("good", "network.sheet_revoked", "name", g.Name)
	return a.Go(page)
}

// reissue says again what this box holds of a log of which headquarters has another history.
func reissue(a *door.Ask) error {
	of, _ := id.Parse(a.R.PostFormValue("node"))
	stream := a.R.PostFormValue("stream")
	lost, err := a.H.Log.Lost(a.R.Context(), a.H.DB)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(lost, func(f fact.Fork) bool { return f.Node == of && f.Stream == stream && streamIn(a.Scope, stream) }) {
		return gone(a, "network.lost_gone", "/network")
	}
	n, err := a.H.Log.Reissue(a.R.Context(), stream, of, a.Actor())
	switch {
	case errors.Is(err, fact.ErrNoFork):
		return gone(a, "network.lost_gone", "/network")
	case errors.Is(err, fact.ErrOwnFork):
		return gone(a, "network.copied", "/network")
	case errors.Is(err, fact.ErrNotHere):
		return gone(a, "network.lost_early", "/network")
	case err != nil:
		return err
	}
	a.H.Nodes.Call()
	a.Notify("good", "network.lost_done", "n", n)
	return a.Go("/network")
}
