package me

import (
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"rsc.io/qr"

	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func meRoutes(d *door.Door) {
	d.Handle("GET /me", access.Self, me)
	d.Handle("POST /me/language", access.Self, language)
	d.Handle("GET /me/passphrase", access.Self, passphrase)
	d.Handle("POST /me/passphrase", access.Self, passphraseGiven)
	d.Handle("GET /me/code", access.Self, factor)
	d.Handle("POST /me/code", access.Self, factorGiven)
	d.Handle("POST /me/code/remove", access.Self, factorRemoved)
	d.Handle("GET /me/sheet", access.Self, sheet)
	d.Handle("POST /me/sheet", access.Self, sheetGiven)
	d.Handle("GET /me/passkey", access.Self, passkey)
	d.Handle("POST /me/passkey/ask", access.Self, passkeyAdd)
	d.Handle("POST /me/passkey", access.Self, passkeyAdded)
	d.Handle("POST /me/passkey/remove", access.Self, passkeyRemoved)
	d.Handle("POST /me/sessions/end", access.Self, sessionEnded)
	d.Handle("POST /me/sessions/others", access.Self, othersEnded)
}

// Roles are the roles of an account as a page shows them, those that ran out last.
func Roles(a *door.Ask, acc *access.Account) []Role {
	var out []Role
	now := a.H.Log.Clock.Now()
	for i, h := range append(slices.Clone(acc.Roles), acc.Ended...) {
		r := Role{Role: "role." + string(h.Role), On: a.NameOf(h.On), State: "ok"}
		if !h.Until.IsZero() {
			r.Until, r.At = h.Until.Format(time.DateOnly), h.Until.Format("15:04")
		}
		switch {
		case h.Role == access.Glass:
			r.State = "glass"
		case i >= len(acc.Roles):
			r.State = "ended"
		case h.Soon(now):
			r.State = "soon"
		}
		out = append(out, r)
	}
	return out
}

// Sessions are the sessions of an account as a page shows them.
func Sessions(a *door.Ask, acc *access.Account) ([]Session, error) {
	l, err := a.H.Access.Sessions(a.R.Context(), acc.ID, a.Token())
	var out []Session
	for _, s := range l {
		out = append(out, Session{Handle: s.Handle, Device: device(a, s.Agent), Since: moment(a, s.Created), Seen: moment(a, s.Seen), Current: s.Current})
	}
	return out, err
}

func moment(a *door.Ask, t time.Time) string {
	return a.P.DayMonth(t.Format(time.DateOnly)) + " " + t.Format("15:04")
}

// device says in a few words what a browser says of itself at length.
func device(a *door.Ask, agent string) string {
	find := func(names ...string) string {
		for i := 0; i+1 < len(names); i += 2 {
			if strings.Contains(agent, names[i]) {
				return names[i+1]
			}
		}
		return ""
	}
	browser := find("Firefox/", "Firefox", "Edg/", "Edge", "OPR/", "Opera", "SamsungBrowser/", "Samsung Internet", "Chrome/", "Chrome", "Safari/", "Safari", "curl/", "curl")
	system := find("Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "CrOS", "ChromeOS", "Windows", "Windows", "Mac OS", "macOS", "Linux", "Linux")
	switch {
	case browser != "" && system != "":
		return browser + ", " + system
	case browser+system != "":
		return browser + system
	}
	return a.P.T("me.device_unknown")
}

func me(a *door.Ask) error {
	v, err := meView(a)
	if err != nil {
		return err
	}
	return a.Render("me/me", v)
}

func meView(a *door.Ask) (Me, error) {
	ctx, acc := a.R.Context(), a.Account
	v := Me{Name: acc.Name, Login: acc.Login, Roles: Roles(a, acc), PasskeysHere: access.PasskeysAt(a.R.Host), Lang: acc.Lang}
	if v.Lang == "" {
		v.Lang = string(a.Lang)
	}
	for _, l := range i18n.Langs {
		v.Langs = append(v.Langs, shell.Option{Value: string(l), Label: l.Self()})
	}
	var err error
	if v.Passphrase, err = a.H.Access.HasPassphrase(ctx, acc.ID); err != nil {
		return v, err
	}
	if v.Factor, err = a.H.Access.HasFactor(ctx, acc.ID); err != nil {
		return v, err
	}
	if v.Codes, err = a.H.Access.Codes(ctx, acc.ID); err != nil {
		return v, err
	}
	keys, err := a.H.Access.Passkeys(ctx, acc.ID)
	if err != nil {
		return v, err
	}
	for _, k := range keys {
		p := Passkey{ID: k.ID, Name: k.Name, Created: k.Created.Format(time.DateOnly)}
		if p.Name == "" {
			p.Name = a.P.T("passkey.unnamed")
		}
		if !k.Used.IsZero() {
			p.Used = k.Used.Format(time.DateOnly)
		}
		v.Passkeys = append(v.Passkeys, p)
	}
	if v.Sessions, err = Sessions(a, acc); err != nil {
		return v, err
	}
	if a.May(access.BreakGlass) {
		v.OpenURL = "/openings/new"
	}
	return v, nil
}

func language(a *door.Ask) error {
	l, ok := i18n.Parse(a.R.PostFormValue("language"))
	if !ok {
		v, err := meView(a)
		if err != nil {
			return err
		}
		v.Errors = map[string]string{"language": a.P.T("error.choose", "field", a.P.T("me.language"))}
		return a.Again("me/me", v)
	}
	if err := a.H.Access.SetLang(a.R.Context(), a.Account.ID, string(l)); err != nil {
		return err
	}
	shell.SetLang(a.W, a.R, l)
	return a.Go("/me")
}

func passphrase(a *door.Ask) error {
	has, err := a.H.Access.HasPassphrase(a.R.Context(), a.Account.ID)
	if err != nil {
		return err
	}
	return a.Render("me/passphrase", Passphrase{Has: has, MinPassphrase: access.MinPassphrase})
}

// typedOld reads a passphrase that is asked for again, so that a browser left alone gives nothing away for good.
func typedOld(a *door.Ask) (ask bool, sentence string, err error) {
	ask, err = a.H.Access.HasPassphrase(a.R.Context(), a.Account.ID)
	if err != nil || !ask {
		return ask, "", err
	}
	err = a.H.Access.CheckOwn(a.R.Context(), a.Account.ID, a.R.PostFormValue("passphrase"))
	switch {
	case errors.Is(err, access.ErrWrong):
		return ask, a.P.T("me.passphrase_wrong"), nil
	case errors.Is(err, access.ErrTooManyTries):
		return ask, a.P.T("signin.locked"), nil
	}
	return ask, "", err
}

func passphraseGiven(a *door.Ask) error {
	has, err := a.H.Access.HasPassphrase(a.R.Context(), a.Account.ID)
	if err != nil {
		return err
	}
	v := Passphrase{Has: has, MinPassphrase: access.MinPassphrase}
	err = a.H.Access.ChangePassphrase(a.R.Context(), a.Account.ID, a.Token(), a.R.PostFormValue("old"), a.R.PostFormValue("passphrase"))
	if errors.Is(err, access.ErrWrong) {
		v.Errors = map[string]string{"old": a.P.T("me.passphrase_wrong")}
		return a.Again("me/passphrase", v)
	}
	if field, sentence, ok := a.SignInError(err); ok {
		v.Errors = map[string]string{field: sentence}
		return a.Again("me/passphrase", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", "me.passphrase_changed")
	return a.Go("/me")
}

func factorView(a *door.Ask) (Factor, error) {
	on, err := a.H.Access.HasFactor(a.R.Context(), a.Account.ID)
	if err != nil || on {
		return Factor{On: on}, err
	}
	f, err := a.H.Access.BeginFactor(a.R.Context(), a.Account)
	if err != nil {
		return Factor{}, err
	}
	picture, err := QR(f.URL)
	return Factor{Secret: spaced(f.Secret), QR: picture}, err
}

func spaced(s string) string {
	var parts []string
	for c := range slices.Chunk([]byte(s), 4) {
		parts = append(parts, string(c))
	}
	return strings.Join(parts, " ")
}

// QR draws a QR code with its quiet zone.
func QR(text string) (template.HTML, error) {
	const quiet = 4
	d, n, err := QRPath(text, qr.M, quiet)
	if err != nil {
		return "", err
	}
	n += 2 * quiet
	return template.HTML(fmt.Sprintf(`<svg class="qr" viewBox="0 0 %d %d" role="img" aria-hidden="true" focusable="false"><rect width="%d" height="%d" fill="#fff"/><path d="%s" fill="#000" shape-rendering="crispEdges"/></svg>`, n, n, n, n, d)), nil
}

// QRPath returns the black squares of a QR code as a path, row by row and moved by some squares, and how many squares a side
// of the code has.
func QRPath(text string, level qr.Level, move int) (string, int, error) {
	c, err := qr.Encode(text, level)
	if err != nil {
		return "", 0, fmt.Errorf("draw a QR code: %w", err)
	}
	var d strings.Builder
	for y := range c.Size {
		for x := 0; x < c.Size; x++ {
			if !c.Black(x, y) {
				continue
			}
			from := x
			for x < c.Size && c.Black(x, y) {
				x++
			}
			fmt.Fprintf(&d, "M%d %dh%dv1h-%dz", from+move, y+move, x-from, x-from)
		}
	}
	return d.String(), c.Size, nil
}

func factor(a *door.Ask) error {
	v, err := factorView(a)
	if err != nil {
		return err
	}
	return a.Render("me/code", v)
}

func factorAnswer(a *door.Ask, err error, done string) error {
	if field, sentence, ok := a.SignInError(err); ok {
		v, err := factorView(a)
		if err != nil {
			return err
		}
		v.Typed, v.Errors = a.R.PostFormValue("code"), map[string]string{field: sentence}
		return a.Again("me/code", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", done)
	return a.Go("/me")
}

func factorGiven(a *door.Ask) error {
	return factorAnswer(a, a.H.Access.ConfirmFactor(a.R.Context(), a.Account, a.R.PostFormValue("code")), "me.code_on_now")
}

func factorRemoved(a *door.Ask) error {
	return factorAnswer(a, a.H.Access.DropFactor(a.R.Context(), a.Account, a.R.PostFormValue("code")), "me.code_off_now")
}

func sheetView(a *door.Ask) (Sheet, error) {
	has, err := a.H.Access.HasPassphrase(a.R.Context(), a.Account.ID)
	if err != nil {
		return Sheet{}, err
	}
	left, err := a.H.Access.Codes(a.R.Context(), a.Account.ID)
	return Sheet{Ask: has, Left: left, Login: a.Account.Login, On: a.Today()}, err
}

func sheet(a *door.Ask) error {
	v, err := sheetView(a)
	if err != nil {
		return err
	}
	return a.Render("me/sheet", v)
}

func sheetGiven(a *door.Ask) error {
	v, err := sheetView(a)
	if err != nil {
		return err
	}
	_, sentence, err := typedOld(a)
	if err != nil {
		return err
	}
	if sentence != "" {
		v.Errors = map[string]string{"passphrase": sentence}
		return a.Again("me/sheet", v)
	}
	if v.Codes, err = a.H.Access.PrintSheet(a.R.Context(), a.Account.ID); err != nil {
		return err
	}
	return a.Render("me/sheet", v)
}

func passkey(a *door.Ask) error {
	has, err := a.H.Access.HasPassphrase(a.R.Context(), a.Account.ID)
	if err != nil {
		return err
	}
	return a.Render("me/passkey", AddPasskey{Ask: has, Here: access.PasskeysAt(a.R.Host)})
}

func passkeyAdd(a *door.Ask) error {
	_, sentence, err := typedOld(a)
	if err != nil {
		return err
	}
	if sentence != "" {
		return a.JSONStatus(422, struct {
			Message string `json:"message"`
		}{sentence})
	}
	ask, ticket, err := a.H.Access.BeginPasskey(a.R.Context(), a.Account, a.R.Host)
	return asked(a, ask, ticket, err)
}

func passkeyAdded(a *door.Ask) error {
	b, err := answer(a)
	if err != nil {
		return err
	}
	if err := a.H.Access.AddPasskey(a.R.Context(), a.Account, a.R.Host, ticketOf(a), door.Text(a.R.URL.Query().Get("name")), b); err != nil {
		return said(a, err)
	}
	setTicket(a, "")
	a.Notify("good", "passkey.added")
	return a.JSON(struct {
		Go string `json:"go"`
	}{"/me"})
}

func passkeyRemoved(a *door.Ask) error {
	err := a.H.Access.DropPasskey(a.R.Context(), a.Account.ID, a.R.PostFormValue("passkey"))
	if err != nil && !errors.Is(err, access.ErrPasskey) {
		return err
	}
	if err == nil {
		a.Notify("good", "passkey.removed")
	}
	return a.Go("/me")
}

func sessionEnded(a *door.Ask) error {
	err := a.H.Access.EndSession(a.R.Context(), a.Account.ID, a.R.PostFormValue("session"))
	if err != nil && !errors.Is(err, access.ErrNoSession) {
		return err
	}
	a.Notify("good", "me.session_ended")
	return a.Go("/me")
}

func othersEnded(a *door.Ask) error {
	if err := a.H.Access.EndOthers(a.R.Context(), a.Account.ID, a.Token()); err != nil {
		return err
	}
	a.Notify("good", "me.session_ended")
	return a.Go("/me")
}
