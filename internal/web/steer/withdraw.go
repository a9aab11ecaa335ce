package steer

import (
	"cmp"
	"errors"
	"io/fs"
	"strings"

	"tizi/internal/agreement"
	"tizi/internal/i18n"
	"tizi/internal/programme"
	"tizi/internal/web/door"
)

// Withdraw is the screen programmes/withdraw. It posts cause.
type Withdraw struct {
	Name            i18n.Text
	Code, Cause     string
	Stands          string // what stands on it, in words; "" is nothing
	Action, BackURL string
	Errors          map[string]string
}

// GoneRow is a programme that was withdrawn.
type GoneRow struct {
	Name                  i18n.Text
	Code, Why, RestoreURL string
}

func withdrawView(a *door.Ask) (*programme.Programme, Withdraw, error) {
	p, err := programmeOf(a)
	if err != nil {
		return nil, Withdraw{}, err
	}
	return p, Withdraw{Name: p.Name, Code: p.Code, Action: a.R.URL.Path, BackURL: "/programmes/" + p.Code, Errors: map[string]string{}}, nil
}

func standing(a *door.Ask, on []agreement.Standing) string {
	var words []string
	for _, x := range on {
		words = append(words, a.P.T("agree.stands."+x.What, "n", x.N))
	}
	return a.P.List(words)
}

func programmeWithdraw(a *door.Ask) error {
	p, v, err := withdrawView(a)
	if err != nil {
		return err
	}
	on, err := a.H.OnProgramme(a.R.Context(), a.H.DB, p.ID)
	v.Stands = standing(a, on)
	return cmp.Or(err, a.Render("programmes/withdraw", v))
}

func programmeWithdrawn(a *door.Ask) error {
	p, v, err := withdrawView(a)
	if err != nil {
		return err
	}
	if v.Cause = strings.TrimSpace(a.R.PostFormValue("cause")); v.Cause == "" {
		v.Errors["cause"] = a.P.T("error.reason_missing")
	} else if long := a.TooLong(v.Cause); long != "" {
		v.Errors["cause"] = long
	}
	if len(v.Errors) > 0 {
		return a.Again("programmes/withdraw", v)
	}
	var stands *agreement.StandsError
	if err := a.H.WithdrawProgramme(a.R.Context(), a.Actor(), p.ID, v.Cause); errors.As(err, &stands) {
		v.Errors[""] = a.P.T("agree.stands", "what", standing(a, stands.On))
		return a.Again("programmes/withdraw", v)
	} else if err != nil {
		return err
	}
	a.Notify("good", "agree.withdrawn")
	return a.Go("/programmes")
}

func programmeRestored(a *door.Ask) error {
	p, err := a.H.Programmes.Get(a.R.Context(), a.H.DB, programme.ID(a.R.PathValue("code")))
	if err == nil && p == nil {
		err = fs.ErrNotExist
	}
	if err != nil {
		return err
	}
	if err := a.H.Programmes.Restore(a.R.Context(), a.Actor(), p.ID); err != nil {
		return err
	}
	a.Notify("good", "programmes.restored", "code", p.Code)
	return a.Go("/programmes")
}
