package box

import (
	"errors"
	"time"

	"tizi/internal/access"
	"tizi/internal/house"
	"tizi/internal/release"
	"tizi/internal/web/door"
)

// said are what an upgrade may stop at, and the sentence that says what to do.
var said = map[string]string{
	release.FailedDamaged: "box.upgrade.damaged",
	release.FailedRoom:    "box.upgrade.room",
	release.FailedSave:    "box.upgrade.save",
	release.FailedTrial:   "box.upgrade.trial",
	release.FailedServe:   "box.upgrade.trial",
	release.FailedOlder:   "box.upgrade.older",
	release.FailedNone:    "box.upgrade.older",
	release.FailedCut:     "box.upgrade.cut",
}

// toldFor is how long the page tells of an upgrade that came about.
const toldFor = 7 * 24 * time.Hour

// upgrade is how the box stands with new programs, for who may manage it.
func upgrade(a *door.Ask, h *house.Health) (*Upgrade, error) {
	if !a.May(access.RunNode) {
		return nil, nil
	}
	u, err := a.H.Upgrade(a.R.Context())
	if err != nil {
		return nil, err
	}
	v := &Upgrade{Running: u.Running, Apart: u.Apart}
	if r := u.Ready; r != nil {
		v.Version, v.Made = r.Version, a.P.Date(r.Made)
		if u.Launched && !u.Apart && !u.Asked {
			v.Action = "/box/upgrade"
		}
	}
	switch o := u.Last; {
	case u.Asked:
		v.Said, v.State = a.P.T("box.upgrade.under"), "wait"
	case o == nil:
	case o.Failed != "" && !o.Back:
		v.Said, v.State, v.Detail = a.P.T("box.upgrade.failed", "version", o.Version, "running", u.Running)+" "+a.P.T(said[o.Failed]), "help", o.Detail
	case o.Failed != "":
		v.Said, v.State, v.Detail = a.P.T("box.upgrade.not_back", "version", o.Version, "running", u.Running), "help", o.Detail
	case h.Now.Sub(time.UnixMilli(o.At)) < toldFor && o.Back:
		v.Said, v.State = a.P.T("box.upgrade.went_back", "version", o.Version), "wait"
	case h.Now.Sub(time.UnixMilli(o.At)) < toldFor:
		v.Said, v.State = a.P.T("box.upgrade.done", "version", o.Version, "date", a.P.Date(time.UnixMilli(o.At).Format(time.DateOnly))), "good"
	}
	if v.Version == "" && v.Said == "" {
		return nil, nil
	}
	return v, nil
}

// upgradeAsked lets the program that chooses run the new one.
func (k kit) upgradeAsked(a *door.Ask) error {
	u, err := a.H.Upgrade(a.R.Context())
	if err != nil {
		return err
	}
	version := a.R.PostFormValue("version")
	if u.Ready == nil || u.Ready.Version != version || !u.Launched || u.Apart {
		a.Notify("info", "box.upgrade.none")
		return a.Go("/box")
	}
	switch err := release.Want(a.H.Config.Dir, version, u.Running, false); {
	case errors.Is(err, release.ErrOlder):
		a.Notify("info", "box.upgrade.none")
	case err != nil:
		return err
	default:
		a.Notify("info", "box.upgrade.under")
	}
	return a.Go("/box")
}
