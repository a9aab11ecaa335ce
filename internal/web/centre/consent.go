package centre

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/family"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/picture"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/me"
	"tizi/internal/web/shell"
)

func consentRoutes(d *door.Door) {
	d.Handle("GET /consents", access.ReadConsent, consents)
	d.Handle("POST /consents/print", access.WriteConsent, consentsPrinted)
	d.Handle("GET /consents/texts", access.ReadConsent, consentTexts)
	d.Handle("GET /consents/texts/new", access.WriteProgrammes, consentTextNew)
	d.Handle("POST /consents/texts/new", access.WriteProgrammes, consentTextGiven)
	d.Handle("POST /consents/recordings", access.WriteConsent, recordingGiven)
	d.Handle("GET /consents/scans", access.WriteConsent, scans)
	d.Handle("POST /consents/scans", access.WriteConsent, scansGiven)
	d.Handle("GET /consents/scans/{scan}", access.WriteConsent, scan)
	d.Handle("GET /consents/scans/{scan}/page", access.WriteConsent, scanPage)
	d.Handle("POST /consents/scans/{scan}", access.WriteConsent, scanFiled)
	d.Handle("POST /consents/scans/{scan}/drop", access.WriteConsent, scanDropped)
	d.Handle("GET /people/{person}/consent", access.ReadConsent, personConsents)
	d.Handle("POST /people/{person}/consent", access.WriteConsent, personConsentsGiven)
	d.Handle("GET /people/{person}/scans", access.ReadConsent, filedScans)
	d.Handle("GET /people/{person}/photo", access.ReadPeople, photo)
	d.Handle("POST /people/{person}/photo", access.WritePeople, photoGiven)
	d.Handle("POST /people/{person}/photo/remove", access.WritePeople, photoRemoved)
}

func purposeOf(s string) consent.Purpose {
	if p := consent.Purpose(s); slices.Contains(consent.Purposes, p) {
		return p
	}
	return consent.Training
}

func consents(a *door.Ask) error {
	ctx, q := a.R.Context(), a.R.URL.Query()
	scope, centre := narrowed(a)
	purpose := purposeOf(q.Get("purpose"))
	v := Consents{Purpose: string(purpose), Centre: centre, Centres: a.Centres(a.Scope), Lang: "ar", Asked: map[string]bool{string(purpose): true}}
	var in person.Condition
	if g, err := id.Parse(q.Get("group")); err == nil {
		if c, err := a.H.Training.Cohort(ctx, a.H.DB, scope, g, a.Today()); err == nil {
			in, v.Group = training.InGroup("person.id", c.ID), c.ID.String()
		}
	}
	if at := a.CentreOf(a.Scope, centre); !at.IsNil() {
		groups, _, err := a.H.Training.Cohorts(ctx, a.H.DB, scope, training.CohortFilter{Centre: at, Size: 200}, a.Today())
		if err != nil {
			return err
		}
		for _, g := range groups {
			v.Groups = append(v.Groups, shell.Option{Value: g.ID.String(), Label: g.Name})
		}
	}
	total, err := a.H.People.CountIf(ctx, a.H.DB, scope, in)
	if err != nil {
		return err
	}
	have, err := a.H.Consents.Counts(ctx, a.H.DB, scope)
	if err != nil {
		return err
	}
	for _, p := range consent.Purposes {
		n, holds := have[p], person.Condition{SQL: consent.Holding("person.id", p)}
		if v.Group != "" {
			n, err = a.H.People.CountIf(ctx, a.H.DB, scope, in.And(holds))
		} else if beside, e := a.H.People.BesideIf(ctx, a.H.DB, scope, holds); e == nil {
			n -= beside // somebody who has two records agreed once
		} else {
			err = e
		}
		if err != nil {
			return err
		}
		v.Tallies = append(v.Tallies, ConsentTally{string(p), int(n), int(total), max(0, int(total-n)), door.With("/consents", "purpose", string(p), "centre", centre, "group", v.Group, "lack", v.Lack), p == purpose})
	}
	wanted := person.Condition{SQL: "NOT " + consent.Holding("person.id", purpose)}
	if q.Get("lack") == "scan" {
		v.Lack = "scan"
		wanted.SQL, wanted.Args = consent.Unscanned("person.id", purpose)
	}
	v.Lacks = []shell.Option{{Value: "", Label: a.P.T("consents.lack_consent")}, {Value: "scan", Label: a.P.T("consents.lack_scan")}}
	page, err := a.H.People.List(ctx, a.H.DB, scope, person.Filter{Page: q.Get("page"), Where: in.And(wanted)})
	if err != nil {
		return err
	}
	a.Shows(look.Listed, look.Consents, page.People...)
	if v.Rows, err = personRows(a, page.People); err != nil {
		return err
	}
	for i := range v.Rows {
		v.Rows[i].URL = "/people/" + v.Rows[i].ID + "/consent"
	}
	to := func(p string) string {
		if p == "" {
			return ""
		}
		return door.With("/consents", "purpose", string(purpose), "centre", centre, "group", v.Group, "lack", v.Lack, "page", p)
	}
	v.Pager = shell.Pager{Prev: to(page.Prev), Next: to(page.Next), Shown: len(v.Rows), Total: -1}
	v.TextsURL = "/consents/texts"
	if a.May(access.WriteConsent) {
		v.PrintAction, v.ScansURL, v.Langs = filtered(a, "/consents/print"), "/consents/scans", langOptions()
		may, err := a.ScopeOf(access.WriteConsent)
		if err != nil {
			return err
		}
		tray, err := a.H.Consents.Tray(ctx, a.H.DB, may)
		if err != nil {
			return err
		}
		v.Waiting = len(tray)
	}
	return a.Render("consents/list", v)
}

// filtered is a path with what the list of consents is narrowed to, so that whoever prints comes back to the same list.
func filtered(a *door.Ask, path string) string {
	q := a.R.URL.Query()
	return door.With(path, "purpose", q.Get("purpose"), "centre", q.Get("centre"), "group", q.Get("group"), "lack", q.Get("lack"), "page", q.Get("page"))
}

func langOptions() []shell.Option {
	var out []shell.Option
	for _, l := range i18n.Langs {
		out = append(out, shell.Option{Value: string(l), Label: l.Self()})
	}
	return out
}

func idsOf(a *door.Ask, field string) []id.ID {
	var out []id.ID
	for _, s := range a.R.PostForm[field] {
		if v, err := id.Parse(s); err == nil && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func consentsPrinted(a *door.Ask) error {
	ctx := a.R.Context()
	people := idsOf(a, "person")
	var purposes []consent.Purpose
	for _, p := range consent.Purposes {
		if slices.Contains(a.R.PostForm["purpose"], string(p)) {
			purposes = append(purposes, p)
		}
	}
	if len(people) == 0 || len(purposes) == 0 || len(people) > consent.MaxForms {
		a.Notify("help", "consents.choose")
		return a.Go(filtered(a, "/consents"))
	}
	lang, ok := i18n.Parse(a.R.FormValue("lang"))
	if !ok && a.R.FormValue("lang") != "" {
		return fs.ErrNotExist // a language that the form does not offer
	}
	if !ok {
		lang = a.Lang
	}
	forms, err := a.H.Consents.Print(ctx, a.Actor(), a.Scope, people, purposes, lang)
	if err != nil {
		return err
	}
	if err := a.H.Looks.Note(ctx, a.Actor(), look.Print, people...); err != nil {
		return err
	}
	v := Paper{BackURL: filtered(a, "/consents")}
	for _, f := range forms {
		one, err := paper(a, f)
		if err != nil {
			return err
		}
		v.Forms = append(v.Forms, one)
	}
	return a.Render("consents/print", v)
}

// paper fills one form, in its own language and not in the reader's.
func paper(a *door.Ask, f consent.Form) (PaperForm, error) {
	ctx, p := a.R.Context(), i18n.For(f.Lang)
	who, err := a.H.People.Get(ctx, a.H.DB, a.Scope, f.Person)
	if err != nil || who == nil {
		return PaperForm{}, errors.Join(err, person.ErrUnknown)
	}
	arabic := f.Lang == i18n.AR
	v := PaperForm{Lang: string(f.Lang), Dir: f.Lang.Dir(), Title: p.T("paper.title"), Intro: p.T("paper.intro"), ForWhom: p.T("paper.child"), Name: who.Details.Name(arabic), Other: who.Details.Name(!arabic),
		Yes: p.T("paper.yes"), No: p.T("paper.no"), GivenName: p.T("paper.name"), RelationWord: p.T("paper.relation"), Signature: p.T("paper.signature"), DateWord: p.T("common.date"), Assent: p.T("paper.assent"),
		Code: f.Code()[len(f.Code())-8:]}
	if v.Other == v.Name {
		v.Other = ""
	}
	if consent.Giver(who.Details["birth"], a.Today()) == consent.BySelf { // who signs is who it is about
		v.ForWhom, v.GivenName, v.RelationWord, v.Assent = p.T("paper.person"), "", "", ""
	}
	v.Centre, _ = a.PlaceName(who.Centre).In(f.Lang)
	for i, purpose := range f.Purposes {
		t, err := a.H.Consents.Text(ctx, a.H.DB, f.Texts[i])
		if err != nil {
			return v, err
		}
		words, _ := t.Text.In(f.Lang)
		v.Asks = append(v.Asks, PaperAsk{p.T("consent." + string(purpose)), words, p.T("consents.version", "n", t.Version)})
	}
	v.QR, err = me.QR(f.Code())
	return v, err
}

func consentTexts(a *door.Ask) error {
	v, err := textsView(a)
	if err != nil {
		return err
	}
	return a.Render("consents/texts", v)
}

func textsView(a *door.Ask) (ConsentTexts, error) {
	ctx := a.R.Context()
	_, at := narrowed(a)
	centre := a.CentreOf(a.Scope, at)
	v := ConsentTexts{Centre: at, Centres: a.Centres(a.Scope), Errors: map[string]string{}}
	if a.May(access.WriteConsent) && !centre.IsNil() {
		v.UploadAction = "/consents/recordings"
		v.Centre = centre.String()
		for _, s := range consent.Voices {
			v.Voices = append(v.Voices, shell.Option{Value: s, Label: a.P.T("voice." + s)})
		}
	}
	for _, p := range consent.Purposes {
		list, err := a.H.Consents.Texts(ctx, a.H.DB, p)
		if err != nil {
			return v, err
		}
		t := ConsentText{Purpose: string(p)}
		if a.May(access.WriteProgrammes) {
			t.NewURL = "/consents/texts/new?purpose=" + string(p)
		}
		for i, x := range list {
			ver := ConsentVersion{ID: x.ID.String(), Number: x.Version, Current: i == 0}
			if !x.At.IsZero() {
				ver.On = x.At.Format("2006-01-02")
			}
			for _, l := range i18n.Langs {
				if s := x.Text[l]; s != "" {
					ver.Words = append(ver.Words, ConsentWords{string(l), l.Dir(), s})
				}
			}
			if !centre.IsNil() {
				sounds, err := a.H.Consents.Recordings(ctx, a.H.DB, x.ID, centre)
				if err != nil {
					return v, err
				}
				for _, r := range sounds {
					ver.Sounds = append(ver.Sounds, ConsentSound{r.Voice, "/recordings/" + r.ID.String()})
				}
			}
			t.Versions = append(t.Versions, ver)
		}
		v.Purposes = append(v.Purposes, t)
	}
	return v, nil
}

func recordingGiven(a *door.Ask) error {
	b, err := uploaded(a, "file", consent.MaxRecording) // first: it reads the other fields too
	if err != nil {
		return err
	}
	text, err := id.Parse(a.R.FormValue("text"))
	if err != nil {
		text = consent.FirstText(consent.Training)
	}
	back := door.With("/consents/texts", "centre", a.R.FormValue("centre"))
	centre := a.CentreOf(a.Scope, a.R.FormValue("centre"))
	if len(b) == 0 && a.R.FormValue("remove") == "" || centre.IsNil() || !slices.Contains(consent.Voices, a.R.FormValue("voice")) {
		a.Notify("help", "consents.no_file")
		return a.Go(back)
	}
	switch err = a.H.Consents.SetRecording(a.R.Context(), a.Actor(), a.Scope, text, centre, a.R.FormValue("voice"), b); {
	case errors.Is(err, consent.ErrSound):
		a.Notify("help", "consents.no_sound")
	case errors.Is(err, consent.ErrNoText):
		a.Notify("help", "consents.no_file")
	case err != nil:
		return err
	default:
		a.Notify("good", "common.saved")
	}
	return a.Go(back)
}

// uploaded reads one file of a form, or nothing where there is none.
func uploaded(a *door.Ask, field string, max int64) ([]byte, error) {
	f, _, err := a.R.FormFile(field)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, err
	}
	if err != nil {
		return nil, nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, max+1))
	return b, err
}

func textForm(a *door.Ask, p consent.Purpose) TextForm {
	v := TextForm{Purpose: string(p), Action: "/consents/texts/new?purpose=" + string(p), Errors: map[string]string{}}
	for _, l := range i18n.Langs {
		v.Texts = append(v.Texts, TextField{Lang: string(l), Name: l.Self(), Optional: l != i18n.FR && l != i18n.AR})
	}
	return v
}

func consentTextNew(a *door.Ask) error {
	p := purposeOf(a.R.FormValue("purpose"))
	v := textForm(a, p)
	now, err := a.H.Consents.Current(a.R.Context(), a.H.DB, p)
	if err != nil {
		return err
	}
	for i, f := range v.Texts {
		v.Texts[i].Value = now.Text[i18n.Lang(f.Lang)]
	}
	return a.Render("consents/text", v)
}

func consentTextGiven(a *door.Ask) error {
	p := purposeOf(a.R.FormValue("purpose"))
	v, t := textForm(a, p), i18n.Text{}
	for i, f := range v.Texts {
		s := strings.TrimSpace(a.R.PostFormValue("text_" + f.Lang))
		v.Texts[i].Value = s
		if s != "" {
			t[i18n.Lang(f.Lang)] = s
		}
		switch {
		case s == "" && !f.Optional:
			v.Errors["text_"+f.Lang] = a.P.T("consents.text_missing")
		case len(s) > consent.MaxText:
			v.Errors["text_"+f.Lang] = a.P.T("error.too_long", "n", consent.MaxText/4)
		}
	}
	if len(v.Errors) > 0 {
		return a.Again("consents/text", v)
	}
	if _, err := a.H.Consents.Publish(a.R.Context(), a.Actor(), consent.TextPublished{Purpose: p, Text: t}); err != nil {
		return err
	}
	a.Notify("good", "consents.published")
	return a.Go("/consents/texts")
}

// relations are the words of how somebody stands to a child.
func relations(a *door.Ask) []shell.Option {
	var out []shell.Option
	for _, r := range family.Relations {
		out = append(out, shell.Option{Value: r, Label: a.P.T("relation." + r)})
	}
	return out
}

func personConsentsView(a *door.Ask, p *person.Person) (PersonConsents, error) {
	ctx := a.R.Context()
	v := PersonConsents{PersonURL: "/people/" + p.ID.String(), Form: a.May(access.WriteConsent), Action: "/people/" + p.ID.String() + "/consent", Relations: relations(a),
		GivenBy: p.Details["guardian_name"], Method: "paper", On: a.Today(), States: map[string]string{}, Errors: map[string]string{}}
	v.Name, v.Other = a.Names(p.Details)
	if !a.May(access.ReadPeople) {
		v.PersonURL = ""
	}
	if v.Giver = consent.Giver(p.Details["birth"], v.On); v.Giver == consent.BySelf {
		v.Adult, v.GivenBy = true, ""
	}
	links, err := a.H.Family.GuardiansOf(ctx, a.H.DB, p.ID)
	if err != nil {
		return v, err
	}
	for _, l := range links {
		if l.Consent && !v.Adult {
			v.GivenBy, v.Relation = l.Name, l.Relation
			break
		}
	}
	for _, m := range []string{"paper", "spoken", "screen"} {
		v.Methods = append(v.Methods, shell.Option{Value: m, Label: a.P.T("consents.method." + m), Hint: a.P.T("consents.method_hint." + m)})
	}
	list, err := a.H.Consents.Of(ctx, a.H.DB, p.ID)
	if err != nil {
		return v, err
	}
	for _, c := range list {
		r := ConsentRow{Purpose: string(c.Purpose), State: c.State, By: c.Who.Name, Relation: c.Who.Relation, Method: c.Method, Witness: c.Who.Witness, Assent: c.Assent, On: c.On, Conflict: c.Conflict, CanWithdraw: c.Holds || c.Conflict}
		t, err := a.H.Consents.Current(ctx, a.H.DB, c.Purpose)
		if c.State != consent.Missing && err == nil {
			if t, err = a.H.Consents.Text(ctx, a.H.DB, c.Text); errors.Is(err, consent.ErrNoText) {
				t, err = consent.Text{}, nil // published on a node that this one has not met yet
			}
		}
		if err != nil {
			return v, err
		}
		r.Text, r.Version = t.Text, t.Version
		if !c.Scan.IsNil() {
			v.ScansURL = v.PersonScans(p)
		}
		v.Rows = append(v.Rows, r)
	}
	past, err := a.H.Consents.History(ctx, a.H.DB, p.ID)
	if err != nil {
		return v, err
	}
	for _, l := range past {
		by := ""
		if acc, err := a.H.Access.Get(ctx, a.H.DB, l.Actor); err == nil && acc != nil {
			by = acc.Name
		}
		v.History = append(v.History, ConsentLine{string(l.Purpose), l.State, l.Who.Name, l.Method, l.On, by})
	}
	return v, nil
}

// PersonScans is where the scans of a person are.
func (PersonConsents) PersonScans(p *person.Person) string {
	return "/people/" + p.ID.String() + "/scans"
}

func personConsents(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	if err := a.H.Looks.Note(a.R.Context(), a.Actor(), look.Consent, p.ID); err != nil {
		return err
	}
	v, err := personConsentsView(a, p)
	if err != nil {
		return err
	}
	return a.Render("consents/person", v)
}

// statements reads state_<purpose> of a form, with what holds for all of them.
func statements(a *door.Ask, s consent.Statement) (out []consent.Statement, states map[string]string) {
	states = map[string]string{}
	for _, p := range consent.Purposes {
		st := a.R.PostFormValue("state_" + string(p))
		if slices.Contains(consent.States, st) {
			one := s
			one.Purpose, one.State = p, st
			out, states[string(p)] = append(out, one), st
		}
	}
	return out, states
}

// consentError puts what the area refused beside its field.
func consentError(a *door.Ask, errs map[string]string, err error) bool {
	for _, x := range []struct {
		err        error
		field, key string
	}{
		{consent.ErrMinor, "giver", "consents.minor"},
		{consent.ErrAdult, "giver", "consents.adult"},
		{consent.ErrNoWitness, "witness", "consents.no_witness"},
		{consent.ErrNoName, "name", "consents.no_name"},
		{consent.ErrFuture, "on", "consents.future"},
		{consent.ErrBefore, "on", "consents.before"},
		{consent.ErrOlder, "on", "consents.older"},
		{consent.ErrNotGiven, "", "consents.not_given"},
	} {
		if errors.Is(err, x.err) {
			errs[x.field] = a.P.T(x.key)
			return true
		}
	}
	return false
}

func given(a *door.Ask, field string, known []string) string {
	if v := a.R.PostFormValue(field); slices.Contains(known, v) {
		return v
	}
	return ""
}

func personConsentsGiven(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	v, err := personConsentsView(a, p)
	if err != nil {
		return err
	}
	v.GivenBy, v.Relation, v.Witness = strings.TrimSpace(a.R.PostFormValue("name")), given(a, "relation", family.Relations), strings.TrimSpace(a.R.PostFormValue("witness"))
	v.Method, v.Assent, v.On = given(a, "method", consent.Methods[:3]), given(a, "assent", consent.Assents), a.R.PostFormValue("on")
	if g := given(a, "giver", []string{consent.ByGuardian, consent.BySelf}); g != "" {
		v.Giver = g
	}
	list, states := statements(a, consent.Statement{Giver: v.Giver, Method: v.Method, Assent: v.Assent, On: v.On, Who: consent.Who{Name: v.GivenBy, Relation: v.Relation, Witness: v.Witness}})
	v.States = states
	if len(list) == 0 {
		v.Errors["state_training"] = a.P.T("consents.nothing")
	}
	if v.Method == "" {
		v.Errors["method"] = a.P.T("consents.no_method")
	}
	if !isDay(v.On) {
		v.Errors["on"] = a.P.T("groups.date_wrong")
	}
	for field, s := range map[string]string{"name": v.GivenBy, "witness": v.Witness} {
		if e := a.TooLong(s); e != "" {
			v.Errors[field] = e
		}
	}
	if len(v.Errors) > 0 {
		return a.Again("consents/person", v)
	}
	if err := a.H.Consents.Record(a.R.Context(), a.Actor(), a.Scope, p.ID, list); err != nil {
		if consentError(a, v.Errors, err) {
			return a.Again("consents/person", v)
		}
		return err
	}
	if err := a.H.Training.Review(a.R.Context(), a.Actor(), p.ID, a.Today()); err != nil {
		return err
	}
	a.Notify("good", "consents.recorded")
	return a.Go(v.Action)
}

// picturesOf answers with a picture that nobody may keep: not the browser, nothing on the way.
func picturesOf(a *door.Ask, b []byte, err error) error {
	if errors.Is(err, consent.ErrNoFile) {
		return person.ErrUnknown
	}
	if err != nil {
		return err
	}
	door.Picture(a.W, b)
	return nil
}

func photo(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	if err := a.H.Looks.Note(a.R.Context(), a.Actor(), look.Photo, p.ID); err != nil {
		return err
	}
	b, err := a.H.Consents.Photo(a.R.Context(), a.H.DB, p.ID)
	return picturesOf(a, b, err)
}

func photoGiven(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	b, err := uploaded(a, "file", picture.MaxBytes)
	if err != nil {
		return err
	}
	switch err := a.H.Consents.SetPhoto(a.R.Context(), a.Actor(), a.Scope, p.ID, b); {
	case errors.Is(err, consent.ErrNoConsent):
		a.Notify("help", "photo.no_consent")
	case errors.Is(err, picture.ErrKind):
		a.Notify("help", "photo.no_picture")
	case errors.Is(err, picture.ErrLarge):
		a.Notify("help", "photo.too_large")
	case err != nil:
		return err
	default:
		a.Notify("good", "photo.saved")
	}
	return a.Go("/people/" + p.ID.String())
}

func photoRemoved(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	if err := a.H.Consents.RemovePhoto(a.R.Context(), a.Actor(), a.Scope, p.ID); err != nil {
		return err
	}
	a.Notify("good", "photo.removed")
	return a.Go("/people/" + p.ID.String())
}
