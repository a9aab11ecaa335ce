// Package safe is the door of safeguarding: a worry from anybody, and the cases of the officers.
package safe

import (
	"errors"
	"strconv"

	"tizi/countries"
	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/safeguard"
	"tizi/internal/seal"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// Routes adds the routes of this door.
func Routes(d *door.Door) {
	d.Handle("GET /worried", door.Public, worried)
	d.Handle("POST /worried", door.Public, worriedGiven)
	d.Handle("GET /worried/sent", door.Public, func(a *door.Ask) error { return a.Render("worry/sent", Sent{helplines(a)}) })
	d.Handle("GET /safeguarding", access.ReadSafeguarding, list)
	d.Handle("POST /safeguarding/key", access.ReadSafeguarding, keyGiven)
	d.Handle("POST /safeguarding/unlock", access.ReadSafeguarding, unlock)
	d.Handle("POST /safeguarding/lock", access.ReadSafeguarding, lock)
	d.Handle("POST /safeguarding/passphrase", access.ReadSafeguarding, passphrase)
	d.Handle("POST /safeguarding/share", access.ReadSafeguarding, share)
	d.Handle("GET /safeguarding/{case}", access.ReadSafeguarding, showCase)
	d.Handle("POST /safeguarding/{case}", access.ReadSafeguarding, noted)
}

// Worry is the screen worry/form. It posts what, who, when, reply and centre.
type Worry struct {
	What, Who, When, Reply, Centre string
	Centres                        []shell.Option
	Helplines                      []countries.Helpline
	Nobody                         bool // nobody could read it
	Hidden                         bool // of no centre at all: there is no form
	Errors                         map[string]string
}

// Sent is the screen worry/sent.
type Sent struct{ Helplines []countries.Helpline }

// List is the screen safe/list. It posts passphrases.
type List struct {
	NoKey         bool
	Until         string // "": locked
	MinPassphrase int
	Rows          []Row
	Pager         shell.Pager
	Officers      []Officer
	Errors        map[string]string
}

// Row is a case, closed.
type Row struct {
	At, State, Due, URL string
	Late                bool
	Gone                string // "", or the first day on which it may be erased
	Centre              i18n.Text
}

// Officer is one who has a key.
type Officer struct {
	Name, Fingerprint string
	Place             i18n.Text
}

// Case is the screen safe/case. It posts step, text, outcome and due, and where the key has locked, passphrase.
type Case struct {
	At, State, Until, Action string
	Centre                   i18n.Text
	Unread                   bool
	Locked                   bool // the key has, while somebody wrote: what they wrote is kept on the screen alone
	What, Who, When, Reply   string
	Steps                    []Step
	Step, Text, Outcome, Due string
	Errors                   map[string]string
}

// Step is one that was done.
type Step struct{ At, By, What, Text, Outcome string }

func helplines(a *door.Ask) []countries.Helpline {
	for _, p := range a.Tree.Countries() {
		if c, err := countries.Load(p.Code); err == nil {
			return c.Helplines
		}
	}
	return nil
}

func worryForm(a *door.Ask) (Worry, error) {
	v := Worry{Helplines: helplines(a), Errors: map[string]string{}, Centre: a.R.FormValue("centre"), What: a.R.PostFormValue("what"), Who: a.R.PostFormValue("who"), When: a.R.PostFormValue("when"), Reply: a.R.PostFormValue("reply")}
	for _, p := range a.Tree.Of("centre") {
		if p.Closed == "" {
			name, _ := p.Name.In(a.Lang)
			v.Centres = append(v.Centres, shell.Option{Value: p.Code, Label: name})
		}
	}
	if v.Centre == "" && a.Account != nil {
		for _, h := range a.Account.Roles {
			if p := a.Tree.Get(h.On.ID); p != nil && p.Type == "centre" {
				v.Centre = p.Code
				break
			}
		}
	}
	if v.Centre == "" && len(v.Centres) == 1 {
		v.Centre = v.Centres[0].Value
	}
	able, err := a.H.Safeguard.Any(a.R.Context(), a.H.DB)
	if err == nil && able && v.Centre != "" {
		var l []safeguard.Officer
		if p := a.Tree.Code(v.Centre); p != nil {
			l, err = a.H.Safeguard.Nearest(a.R.Context(), a.H.DB, p.ID)
			v.Nobody = len(l) == 0
		}
	}
	if !able {
		v.Nobody, v.Hidden = true, true
	}
	return v, err
}

func worried(a *door.Ask) error {
	v, err := worryForm(a)
	if err != nil {
		return err
	}
	return a.Render("worry/form", v)
}

func worriedGiven(a *door.Ask) error {
	v, err := worryForm(a)
	if err != nil {
		return err
	}
	centre := id.Nil
	if p := a.Tree.Code(v.Centre); p != nil {
		centre = p.ID
	}
	_, err = a.H.Safeguard.Report(a.R.Context(), a.Address(), centre, safeguard.Worry{What: v.What, Who: v.Who, When: v.When, Reply: v.Reply})
	switch {
	case err == nil:
		return a.Go("/worried/sent")
	case errors.Is(err, safeguard.ErrEmpty):
		v.Errors["what"] = a.P.T("worry.empty")
	case errors.Is(err, safeguard.ErrLong):
		v.Errors["what"] = a.P.T("error.too_long", "n", safeguard.MaxText)
	case errors.Is(err, safeguard.ErrNotHere):
		v.Errors["centre"] = a.P.T("people.centre_missing")
	case errors.Is(err, safeguard.ErrOften):
		v.Errors["what"] = a.P.T("worry.often")
	case errors.Is(err, safeguard.ErrNobody):
		v.Nobody = true
	default:
		return err
	}
	return a.Again("worry/form", v)
}

// pageSize is how many cases stand on a page, maxPage how many pages may be asked for.
const (
	pageSize = 50
	maxPage  = 10000
)

func listView(a *door.Ask) (List, error) {
	ctx, s := a.R.Context(), a.H.Safeguard
	v := List{MinPassphrase: access.MinPassphrase, Errors: map[string]string{}}
	has, err := s.Has(ctx, a.H.DB, a.Account.ID)
	if err != nil {
		return v, err
	}
	v.NoKey = !has
	if t := s.Until(a.Account.ID, a.Token()); !t.IsZero() {
		v.Until = t.Format("15:04")
	}
	page, err := strconv.Atoi(a.R.URL.Query().Get("page"))
	if err != nil || page < 1 || page > maxPage {
		page = 1
	}
	l, err := s.Cases(ctx, a.H.DB, a.Scope, (page-1)*pageSize, pageSize+1)
	if err != nil {
		return v, err
	}
	if page > 1 {
		v.Pager.Prev = "/safeguarding?page=" + strconv.Itoa(page-1)
	}
	if len(l) > pageSize {
		l, v.Pager.Next = l[:pageSize], "/safeguarding?page="+strconv.Itoa(page+1)
	}
	v.Pager.Shown, v.Pager.Total = len(l), -1
	ids := make([]id.ID, len(l))
	for i, c := range l {
		ids[i] = c.ID
	}
	gone, err := a.H.Retention.Ends(ctx, a.H.DB, ids)
	if err != nil {
		return v, err
	}
	seen := map[id.ID]bool{}
	for _, c := range l {
		r := Row{At: a.Moment(c.At), State: c.State, Due: c.Due, Late: c.Due != "" && c.Due < a.Today(), Centre: a.PlaceName(c.Centre)}
		if c.State == safeguard.Closed { // who takes it up again keeps it
			r.Gone = gone[c.ID]
		}
		if v.Until != "" {
			r.URL = "/safeguarding/" + c.ID.String()
		}
		v.Rows = append(v.Rows, r)
	}
	if v.Until != "" {
		centres := map[id.ID]bool{}
		for _, c := range l {
			if centres[c.Centre] {
				continue
			}
			centres[c.Centre] = true
			o, err := s.Officers(ctx, a.H.DB, c.Centre)
			if err != nil {
				return v, err
			}
			for _, o := range o {
				if !seen[o.Key] {
					seen[o.Key] = true
					v.Officers = append(v.Officers, Officer{o.Name, o.Fingerprint(), a.PlaceName(o.On)})
				}
			}
		}
	}
	return v, nil
}

func list(a *door.Ask) error {
	v, err := listView(a)
	if err != nil {
		return err
	}
	return a.Render("safe/list", v)
}

// wrong says why a key is not open.
func wrong(a *door.Ask, err error) (string, bool) {
	switch {
	case errors.Is(err, safeguard.ErrLocked):
		return a.P.T("safe.locked_meanwhile"), true
	case errors.Is(err, seal.ErrPassphrase):
		return a.P.T("safe.wrong"), true
	case errors.Is(err, safeguard.ErrTries):
		return a.P.T("safe.tries"), true
	}
	return "", false
}

// said shows what came of a passphrase, beside its field.
func said(a *door.Ask, err error, field, fresh, key string) error {
	if err == nil {
		if key != "" {
			a.Notify("good", key)
		}
		return a.Go("/safeguarding")
	}
	v, e := listView(a)
	if e != nil {
		return e
	}
	switch {
	case errors.Is(err, safeguard.ErrKeyed), errors.Is(err, safeguard.ErrNoKey), errors.Is(err, safeguard.ErrLocked):
		return a.Go("/safeguarding")
	case errors.Is(err, seal.ErrPassphrase), errors.Is(err, safeguard.ErrTries):
		v.Errors[field], _ = wrong(a, err)
	case errors.Is(err, access.ErrPassphraseShort), errors.Is(err, access.ErrPassphraseLong):
		v.Errors[fresh] = a.P.T("setup.owner.passphrase_hint", "n", access.MinPassphrase)
	default:
		return err
	}
	return a.Again("safe/list", v)
}

func keyGiven(a *door.Ask) error {
	field, anew := "passphrase", a.R.PostFormValue("anew") == "yes"
	if anew {
		field = "fresh"
	}
	return said(a, a.H.Safeguard.SetKey(a.R.Context(), a.Account.ID, a.R.PostFormValue(field), anew), field, field, "safe.keyed")
}

func unlock(a *door.Ask) error {
	return said(a, a.H.Safeguard.Unlock(a.R.Context(), a.Account.ID, a.Token(), a.R.PostFormValue("passphrase")), "passphrase", "passphrase", "")
}

func lock(a *door.Ask) error {
	a.H.Safeguard.Lock(a.Token())
	return a.Go("/safeguarding")
}

func passphrase(a *door.Ask) error {
	return said(a, a.H.Safeguard.Change(a.R.Context(), a.Account.ID, a.R.PostFormValue("old"), a.R.PostFormValue("new")), "old", "new", "safe.changed")
}

func share(a *door.Ask) error {
	n, unread, err := a.H.Safeguard.Share(a.R.Context(), a.Scope, a.Account.ID, a.Token())
	if err == nil {
		a.Notify("good", "safe.shared", "n", n, "unread", unread)
	}
	return said(a, err, "passphrase", "passphrase", "")
}

func caseView(a *door.Ask) (Case, id.ID, error) {
	v := Case{Errors: map[string]string{}}
	c, err := a.ID("case")
	if err != nil {
		return v, c, err
	}
	s := a.H.Safeguard
	known, err := s.Case(a.R.Context(), a.H.DB, a.Scope, c)
	if err != nil {
		return v, c, err
	}
	v.At, v.State, v.Centre, v.Action = a.Moment(known.At), known.State, a.PlaceName(known.Centre), "/safeguarding/"+c.String()
	if t := s.Until(a.Account.ID, a.Token()); !t.IsZero() {
		v.Until = t.Format("15:04")
	}
	f, err := s.Read(a.R.Context(), a.Scope, a.Account.ID, a.Token(), c)
	if errors.Is(err, safeguard.ErrUnread) {
		v.Unread = true
		return v, c, nil
	}
	if err != nil {
		return v, c, err
	}
	if err := a.H.Looks.NoteCase(a.R.Context(), a.Account.ID, c, known.Centre); err != nil {
		return v, c, err
	}
	v.What, v.Who, v.When, v.Reply = f.Worry.What, f.Worry.Who, f.Worry.When, f.Worry.Reply
	for _, e := range f.Entries {
		x := Step{At: a.Moment(e.At), What: e.What, Text: e.Text, Outcome: e.Outcome}
		if acc, err := a.H.Access.Get(a.R.Context(), a.H.DB, e.Account); err == nil && acc != nil {
			x.By = acc.Name
		}
		v.Steps = append(v.Steps, x)
	}
	return v, c, nil
}

func showCase(a *door.Ask) error {
	v, _, err := caseView(a)
	if errors.Is(err, safeguard.ErrLocked) {
		return a.Go("/safeguarding")
	}
	if err != nil {
		return err
	}
	return a.Render("safe/case", v)
}

func noted(a *door.Ask) error {
	f := a.R.PostFormValue
	v, c, err := caseView(a)
	if errors.Is(err, safeguard.ErrLocked) {
		if s := f("passphrase"); s != "" {
			if err = a.H.Safeguard.Unlock(a.R.Context(), a.Account.ID, a.Token(), s); err == nil {
				v, c, err = caseView(a)
			}
		}
		if errors.Is(err, safeguard.ErrNoKey) {
			return a.Go("/safeguarding")
		}
		if sentence, ok := wrong(a, err); ok {
			v.Locked, v.Errors["passphrase"] = true, sentence
			v.Step, v.Text, v.Outcome, v.Due = f("step"), f("text"), f("outcome"), f("due")
			return a.Again("safe/case", v)
		}
	}
	if err != nil {
		return err
	}
	v.Step, v.Text, v.Outcome, v.Due = f("step"), f("text"), f("outcome"), f("due")
	err = a.H.Safeguard.Note(a.R.Context(), a.Scope, a.Account.ID, a.Token(), c, safeguard.Step{What: v.Step, Text: v.Text, Outcome: v.Outcome}, v.Due)
	switch {
	case err == nil:
		a.Notify("good", "safe.noted")
		return a.Go(v.Action)
	case errors.Is(err, safeguard.ErrEmpty):
		v.Errors["step"] = a.P.T("safe.error_step")
	case errors.Is(err, safeguard.ErrLong):
		v.Errors["text"] = a.P.T("error.too_long", "n", safeguard.MaxText)
	case errors.Is(err, safeguard.ErrNoOutcome):
		v.Errors["outcome"] = a.P.T("safe.error_outcome")
	case errors.Is(err, safeguard.ErrDate), errors.Is(err, safeguard.ErrNotOpen):
		v.Errors["due"] = a.P.T("safe.error_due")
	case errors.Is(err, safeguard.ErrLocked):
		v.Locked, v.Until, v.Errors["passphrase"] = true, "", a.P.T("safe.locked_meanwhile")
	case errors.Is(err, safeguard.ErrUnread):
		return a.Go("/safeguarding")
	default:
		return err
	}
	return a.Again("safe/case", v)
}
