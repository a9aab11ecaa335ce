package box

import (
	"errors"
	"io/fs"

	"tizi/internal/vault"
	"tizi/internal/web/door"
	"tizi/internal/web/me"
	"tizi/internal/web/shell"
)

// CardPath is where the QR of a card leads: the page of a locked box, with the letters behind it, which a browser keeps to itself.
const CardPath = "/#"

func lockView(a *door.Ask) (Lock, error) {
	v := Lock{Action: "/box/lock", Min: vault.MinPassphrase, Errors: map[string]string{}}
	up, err := a.H.Nodes.Up(a.R.Context(), a.H.DB)
	if err != nil {
		return v, err
	}
	v.Paired = up != nil
	if l := a.H.Config.Lock; l != nil {
		v.Encrypted, v.Card, v.Hub, v.Alone = true, l.HasCard(), l.Hub() != nil, l.Alone()
	}
	return v, nil
}

func lock(a *door.Ask) error {
	v, err := lockView(a)
	if err != nil {
		return err
	}
	return a.Render("box/lock", v)
}

// lockChanged makes a new card, or another passphrase, or says whether headquarters unlocks.
func lockChanged(a *door.Ask) error {
	l := a.H.Config.Lock
	if l == nil {
		a.Notify("wait", "box.lock.off")
		return a.Go("/box/lock")
	}
	done := "box.lock.saved"
	switch a.R.PostFormValue("what") {
	case "card":
		sheet, err := l.NewCard()
		if err != nil {
			return err
		}
		v, err := lockView(a)
		if err != nil {
			return err
		}
		v.Sheet = sheet
		if v.QR, err = me.QR(shell.Origin(a.R) + CardPath + sheet); err != nil {
			return err
		}
		return a.Render("box/lock", v)
	case "passphrase":
		err := l.SetPassphrase(a.R.PostFormValue("passphrase"))
		if errors.Is(err, vault.ErrShort) {
			v, err := lockView(a)
			if err != nil {
				return err
			}
			v.Errors["passphrase"] = a.P.T("box.lock.short", "n", vault.MinPassphrase)
			return a.Again("box/lock", v)
		}
		if err != nil {
			return err
		}
	case "hub", "alone":
		alone := a.R.PostFormValue("what") == "alone"
		if err := l.SetAlone(alone); err != nil {
			return err
		}
		if !alone {
			done = "box.lock.hub_soon"
			a.H.Nodes.Call()
		}
	default:
		return fs.ErrNotExist
	}
	a.Notify("good", done)
	return a.Go("/box/lock")
}
