package door

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/person/list"
	"tizi/internal/web/shell"
)

// Text is what was typed without what is no text: broken UTF-8 and control characters.
func Text(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// Digits is a number, a date or an hour that was typed, in the digits that are kept.
func Digits(s string) string { return i18n.Digits(s) }

// MaxText is how many letters a name or a remark may have.
const MaxText = 200

// TooLong says so of a text with more than MaxText letters, and "" of any other.
func (a *Ask) TooLong(s string) string {
	if utf8.RuneCountInString(s) <= MaxText {
		return ""
	}
	return a.P.T("error.too_long", "n", MaxText)
}

// Escape makes a text safe inside a query.
func Escape(s string) string { return url.QueryEscape(s) }

// With returns a path with a query of the names and values that are not empty.
func With(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// Arabic reports whether the reader prefers names in Arabic script.
func (a *Ask) Arabic() bool { return a.Lang == i18n.AR }

// Names returns a person's name in the reader's script and, where there is one, in the other.
func (a *Ask) Names(d person.Details) (name, other string) {
	name, other = d.Name(a.Arabic()), d.Name(!a.Arabic())
	if other == name {
		other = ""
	}
	return name, other
}

// Names are the names of accounts, each looked up once.
type Names map[id.ID]string

// Load learns the names of some accounts at once.
func (n Names) Load(a *Ask, ids []id.ID) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(v id.ID) bool { _, ok := n[v]; return ok || v.IsNil() })
	list, err := a.H.Access.Of(a.R.Context(), a.H.DB, ids)
	for _, v := range ids {
		n[v] = ""
		if acc := list[v]; acc != nil {
			n[v] = acc.Name
		}
	}
	return err
}

// Of is the name of an account, "" where this node does not know it.
func (n Names) Of(a *Ask, v id.ID) (string, error) {
	if s, ok := n[v]; ok {
		return s, nil
	}
	acc, err := a.H.Access.Get(a.R.Context(), a.H.DB, v)
	if err != nil {
		return "", err
	}
	n[v] = ""
	if acc != nil {
		n[v] = acc.Name
	}
	return n[v], nil
}

// Age is somebody's age today, or -1.
func (a *Ask) Age(birth string) int {
	if n, ok := measure.Age(birth, a.Today()); ok {
		return n
	}
	return -1
}

// Moment is a day and a time, in the language of the page.
func (a *Ask) Moment(t time.Time) string {
	return a.P.Date(t.Format(time.DateOnly)) + " " + t.Format("15:04")
}

// PlaceName is a place's name.
func (a *Ask) PlaceName(v id.ID) i18n.Text {
	if p := a.Tree.Get(v); p != nil {
		return p.Name
	}
	return i18n.Text{}
}

// For is the name of what a role is for.
func (a *Ask) For(on access.On) i18n.Text {
	switch on.Kind {
	case access.InProgramme:
		if p, err := a.H.Programmes.Get(a.R.Context(), a.H.DB, on.ID); err == nil && p != nil {
			return p.Name
		}
		return i18n.Text{}
	case access.UnderAgreed:
		if x, err := a.H.Agreements.Get(a.R.Context(), a.H.DB, access.Everywhere(), on.ID); err == nil {
			return x.Name
		}
		return i18n.Text{}
	}
	return a.PlaceName(on.ID)
}

// NameOf is For in the reader's language, or a number where the name is not known here.
func (a *Ask) NameOf(on access.On) string {
	if s, _ := a.For(on).In(a.Lang); s != "" {
		return s
	}
	return a.P.T("role.on."+string(on.Kind)) + " " + on.ID.Hex()[:8]
}

// Centre is the one centre that the account works at, or nil when there are several.
func (a *Ask) Centre(scope access.Scope) id.ID {
	if cs := a.Centres(scope); len(cs) == 1 {
		return id.MustParse(cs[0].Value)
	}
	return id.Nil
}

// CentreOf is the centre that a form names, or the only one there is to choose. It is nil for one that there is not, that
// is closed, or that is not in the scope.
func (a *Ask) CentreOf(scope access.Scope, typed string) id.ID {
	if typed == "" {
		return a.Centre(scope)
	}
	for _, o := range a.Centres(scope) {
		if o.Value == typed {
			return id.MustParse(typed)
		}
	}
	return id.Nil
}

// Centres are the centres of a scope, as options of a form.
func (a *Ask) Centres(scope access.Scope) []shell.Option {
	var out []shell.Option
	for _, p := range a.Tree.Of("centre") {
		if scope.Touches(p.ID) && p.Closed == "" {
			name, _ := p.Name.In(a.Lang)
			out = append(out, shell.Option{Value: p.ID.String(), Label: name})
		}
	}
	return out
}

// Fault says what is wrong with a value that was typed.
func (a *Ask) Fault(f list.Fault, value string) string {
	return a.P.T(string(f), "value", value, "column", "", "row", "")
}

// Sentence turns a problem of a list into a sentence.
func (a *Ask) Sentence(pr list.Problem) string {
	args := []any{"value", pr.Value, "column", pr.Column, "row", strconv.Itoa(pr.Row)}
	for k, v := range pr.Args {
		args = append(args, k, v)
	}
	return a.P.T(pr.Reason, args...)
}

// SignInError says why somebody could not sign in or open an account.
func (a *Ask) SignInError(err error) (field, sentence string, ok bool) {
	for _, x := range []struct {
		err        error
		field, key string
	}{
		{access.ErrWrong, "passphrase", "signin.wrong"},
		{access.ErrTooManyTries, "", "signin.locked"},
		{access.ErrPassphraseShort, "passphrase", "setup.passphrase_short"},
		{access.ErrPassphraseLong, "passphrase", "setup.passphrase_long"},
		{access.ErrLoginForm, "login", "setup.login_form"},
		{access.ErrLoginTaken, "login", "setup.login_taken"},
		{access.ErrNameEmpty, "name", "setup.name_empty"},
		{access.ErrWrongCode, "code", "signin.code_wrong"},
		{access.ErrTicket, "", "signin.too_late"},
		{access.ErrNoPasskeys, "", "passkey.not_here"},
		{access.ErrPasskeyTaken, "", "passkey.taken"},
		{access.ErrTooManyPasskeys, "", "passkey.too_many"},
		{access.ErrPasskey, "", "passkey.unknown"},
		{access.ErrNotHere, "", "signin.not_here"},
		{access.ErrNoReason, "reason", "error.reason_missing"},
		{access.ErrLongReason, "reason", "error.reason_long"},
	} {
		if errors.Is(err, x.err) {
			n := access.MinPassphrase
			if x.err == access.ErrLongReason {
				n = access.MaxReason
			}
			return x.field, a.P.T(x.key, "n", n), true
		}
	}
	return "", "", false
}

// Script reports whether a script of ours asks, and not a browser that shows the answer.
func (a *Ask) Script() bool { return strings.Contains(a.R.Header.Get("Accept"), "application/json") }

// JSON answers a script of ours.
func (a *Ask) JSON(v any) error { return a.JSONStatus(http.StatusOK, v) }

// JSONStatus is JSON with another status than 200.
func (a *Ask) JSONStatus(status int, v any) error {
	a.W.Header().Set("Content-Type", "application/json")
	a.W.Header().Set("Cache-Control", "no-store")
	a.W.WriteHeader(status)
	return json.NewEncoder(a.W).Encode(v)
}

// Country is the code of the country folder of this node.
func (a *Ask) Country() string {
	if cs := a.Tree.Countries(); len(cs) > 0 {
		return strings.ToLower(cs[0].Code)
	}
	return ""
}
