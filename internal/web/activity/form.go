package activity

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/agreement"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/programme"
	"tizi/internal/source"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// anew reports whether an address may name something that is not there yet: its id is in it, so that a form that is sent
// twice states one thing.
func anew(a *door.Ask) bool { return a.R.URL.Query().Has("new") }

// text reads words in several languages.
func text(a *door.Ask, name string) i18n.Text {
	t := i18n.Text{}
	for _, l := range i18n.Langs {
		if s := strings.TrimSpace(a.R.PostFormValue(name + "_" + string(l))); s != "" {
			t[l] = s
		}
	}
	if len(t) == 0 {
		return nil
	}
	return t
}

// choose keeps an answer that was offered, and says so of another.
func choose(a *door.Ask, name string, options []shell.Option, errs map[string]string) string {
	s := a.R.PostFormValue(name)
	if s != "" && !shell.Offers(options, s) {
		errs[name] = a.P.T("agree.fault.not_offered")
	}
	return s
}

func number(a *door.Ask, name, key string, max int, errs map[string]string) int {
	s := strings.Join(strings.Fields(door.Digits(a.R.PostFormValue(name))), "")
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > max {
		errs[name] = a.P.T(key, "n", max)
	}
	return n
}

// formView is the form of an activity, with what stands; x is nil of a new one.
func formView(a *door.Ask) (*Form, *activity.Activity, id.ID, error) {
	ctx := a.R.Context()
	v, err := a.ID("activity")
	if err != nil {
		return nil, nil, v, err
	}
	x, err := a.H.Activities.Get(ctx, a.H.DB, access.Everywhere(), v)
	if errors.Is(err, activity.ErrUnknown) && anew(a) && !v.IsNil() {
		x, err = nil, nil
	}
	if err == nil && x != nil && !a.Scope.Has(x.Centre) {
		err = activity.ErrUnknown
	}
	if err != nil {
		return nil, nil, v, err
	}
	k, err := names(a)
	if err != nil {
		return nil, nil, v, err
	}
	f := &Form{Title: a.P.T("activity.new"), Action: a.R.URL.RequestURI(), CancelURL: "/activities", V: map[string]string{}, Host: map[string]bool{}, Errors: map[string]string{},
		Programmes: k.programmeOptions(), Kinds: codes(a, "kind", activity.Kinds), Pillars: codes(a, "pillar", programme.Pillars), States: codes(a, "state", activity.States), Centres: a.Centres(a.Scope)}
	for _, s := range source.Kinds {
		key := "agree.source." + s
		f.Sources = append(f.Sources, shell.Option{Value: s, Label: a.P.T(key)})
	}
	for o, t := range k.orgs {
		f.HostsOf = append(f.HostsOf, shell.Option{Value: o.String(), Label: said(a, t)})
	}
	sorted(f.HostsOf)
	list, err := readable(a)
	if err != nil {
		return nil, nil, v, err
	}
	// One that stands, and that somebody else chose, stays without being read.
	if x != nil && !x.Agreement.IsNil() && !slices.ContainsFunc(list, func(g agreement.Named) bool { return g.ID == x.Agreement }) {
		f.Agreements = append(f.Agreements, shell.Option{Value: x.Agreement.String(), Label: a.P.T("activity.agreement_unseen")})
	}
	for _, g := range list {
		f.Agreements = append(f.Agreements, shell.Option{Value: g.ID.String(), Label: g.Code + " · " + said(a, g.Name)})
	}
	if x == nil {
		f.V["state"] = activity.Planned
		if len(f.Centres) == 1 {
			f.V["centre"] = f.Centres[0].Value
		}
		return f, nil, v, nil
	}
	f.Title, f.CancelURL = said(a, x.Title), link(x.ID)
	f.Crumb = &shell.Crumb{Name: f.Title, URL: f.CancelURL}
	c, err := a.H.Activities.Counts(ctx, a.H.DB, []id.ID{x.ID})
	if err != nil {
		return nil, nil, v, err
	}
	f.Registered = c[x.ID].Registered + c[x.ID].Waiting
	if !shell.Offers(f.Centres, x.Centre.String()) { // closed since
		f.Centres = append(f.Centres, shell.Option{Value: x.Centre.String(), Label: said(a, a.PlaceName(x.Centre))})
	}
	return f, x, v, nil
}

// readable are the agreements that somebody may know of: those that their role lets them read, and those that are published.
func readable(a *door.Ask) ([]agreement.Named, error) {
	ctx := a.R.Context()
	out, err := a.H.Agreements.OpenNames(ctx, a.H.DB)
	if err != nil || !a.May(access.ReadAgreements) {
		return out, err
	}
	scope, err := a.ScopeOf(access.ReadAgreements)
	if err != nil {
		return nil, err
	}
	own, err := a.H.Agreements.Names(ctx, a.H.DB, scope)
	known := map[id.ID]bool{}
	for _, g := range out {
		known[g.ID] = true
	}
	for _, g := range own {
		if !known[g.ID] {
			out = append(out, g)
		}
	}
	return out, err
}

// stand fills the form with what is known.
func (f *Form) stand(x *activity.Activity) {
	f.V = map[string]string{"programme": x.Programme.String(), "kind": x.Kind, "pillar": x.Pillar, "centre": x.Centre.String(), "venue": x.Venue, "from": x.From, "to": x.To, "state": x.State, "reason": x.Reason,
		"source_kind": x.Source.Kind, "source_publication": x.Source.Publication, "source_on": x.Source.On, "source_url": x.Source.URL}
	for name, n := range map[string]int{"capacity": x.Capacity, "fee": x.Fee} {
		if n > 0 {
			f.V[name] = strconv.Itoa(n)
		}
	}
	for name, t := range map[string]i18n.Text{"title": x.Title, "about": x.About, "waived": x.Waived, "source_states": x.Source.States} {
		for l, s := range t {
			f.V[name+"_"+string(l)] = s
		}
	}
	if !x.Agreement.IsNil() {
		f.V["agreement"] = x.Agreement.String()
	}
	for _, h := range x.Hosts {
		f.Host[h.String()] = true
	}
	for _, s := range x.Sessions {
		f.Rows = append(f.Rows, SessionRow{ID: s.ID.String(), Date: s.Date, From: s.From, To: s.To, Room: s.Room})
	}
}

// blankRows are the empty lines that a form offers.
const blankRows = 2

// lines numbers the sessions of the form and adds empty ones.
func (f *Form) lines(more int) {
	for range more {
		f.Rows = append(f.Rows, SessionRow{ID: id.New().String()})
	}
	for i := range f.Rows {
		r := &f.Rows[i]
		r.N = i
		r.DateError, r.FromError, r.ToError = f.Errors[fmt.Sprint("session_date_", i)], f.Errors[fmt.Sprint("session_from_", i)], f.Errors[fmt.Sprint("session_to_", i)]
	}
}

func edit(a *door.Ask) error {
	f, x, _, err := formView(a)
	if err != nil {
		return err
	}
	if x != nil {
		f.stand(x)
	} else if err := f.template(a); err != nil {
		return err
	}
	f.lines(blankRows)
	return a.Render("activities/form", f)
}

func edited(a *door.Ask) error {
	f, x, v, err := formView(a)
	if err != nil {
		return err
	}
	var s activity.Stated
	if x != nil {
		s = x.Stated // what the form does not ask stays
	}
	f.V = map[string]string{}
	for name := range a.R.PostForm {
		f.V[name] = strings.TrimSpace(a.R.PostFormValue(name))
	}
	p := func(name string) string { return strings.TrimSpace(a.R.PostFormValue(name)) }
	s.Programme, _ = id.Parse(choose(a, "programme", f.Programmes, f.Errors))
	s.Centre, _ = id.Parse(choose(a, "centre", f.Centres, f.Errors))
	s.Agreement, _ = id.Parse(choose(a, "agreement", f.Agreements, f.Errors))
	s.Kind, s.Pillar, s.State = choose(a, "kind", f.Kinds, f.Errors), choose(a, "pillar", f.Pillars, f.Errors), choose(a, "state", f.States, f.Errors)
	s.Title, s.About, s.Waived = text(a, "title"), text(a, "about"), text(a, "waived")
	s.Venue, s.From, s.To, s.Reason = p("venue"), p("from"), p("to"), p("reason")
	s.Capacity, s.Fee = number(a, "capacity", "activity.fault.capacity", activity.MaxCapacity, f.Errors), number(a, "fee", "activity.fault.fee", activity.MaxFee, f.Errors)
	s.Source = source.Source{Kind: choose(a, "source_kind", f.Sources, f.Errors), Publication: p("source_publication"), On: door.Digits(p("source_on")), URL: p("source_url"), States: text(a, "source_states")}
	s.Hosts = nil
	for _, h := range a.R.PostForm["hosts"] {
		if !shell.Offers(f.HostsOf, h) {
			f.Errors["hosts"] = a.P.T("agree.fault.not_offered")
			continue
		}
		if f.Host[h] {
			continue
		}
		f.Host[h] = true
		s.Hosts = append(s.Hosts, id.MustParse(h))
	}
	s.Sessions = nil
	var at []int // on which line each session stands
	for i := range activity.MaxSessions + 20 {
		get := func(name string) string { return p(fmt.Sprint("session_", name, "_", i)) }
		r := SessionRow{ID: get("id"), Date: get("date"), From: door.Digits(get("from")), To: door.Digits(get("to")), Room: get("room")}
		if !a.R.PostForm.Has(fmt.Sprint("session_id_", i)) && r.Date+r.From+r.To+r.Room == "" {
			break
		}
		if r.Date+r.From+r.To+r.Room == "" { // an empty line stays one
			f.Rows = append(f.Rows, r)
			continue
		}
		sid, err := id.Parse(r.ID)
		if err != nil || sid.IsNil() {
			sid = id.New()
		}
		r.ID = sid.String()
		at = append(at, i)
		f.Rows = append(f.Rows, r)
		s.Sessions = append(s.Sessions, activity.Session{ID: sid, Date: r.Date, From: r.From, To: r.To, Room: r.Room})
	}
	if a.R.PostFormValue("more") != "" {
		f.lines(6)
		return a.Render("activities/form", f)
	}
	if len(f.Errors) == 0 && s.Check() == nil {
		taken, err := a.H.Training.Taken(a.R.Context(), a.H.DB, s, v)
		if err != nil {
			return err
		}
		for i, x := range s.Sessions {
			if by := taken[x.ID]; by != nil {
				f.Errors[fmt.Sprint("session_room_", at[i])] = a.P.T("clash.room", "room", x.Room, "group", said(a, by))
			}
		}
	}
	if len(f.Errors) == 0 {
		err = a.H.Activities.Set(a.R.Context(), a.Actor(), v, s)
		if err == nil {
			a.Notify("good", "agree.saved")
			now, err := a.H.Activities.Get(a.R.Context(), a.H.DB, access.Everywhere(), v)
			if err != nil {
				return err
			}
			if x != nil && (now.Was != x.Was || now.State == activity.Cancelled && x.State != activity.Cancelled) && f.Registered > 0 {
				return a.Go(link(v, "notice"))
			}
			return a.Go(link(v))
		}
	} else {
		err = s.Check() // what else is wrong is said at once
	}
	if err != nil {
		said := map[string]string{}
		if err = wrong(a, err, said); err != nil {
			return err
		}
		for field, s := range said {
			if i := strings.LastIndexByte(field, '_'); strings.HasPrefix(field, "session_") {
				n, _ := strconv.Atoi(field[i+1:])
				field = field[:i+1] + strconv.Itoa(at[n])
			}
			if f.Errors[field] == "" {
				f.Errors[field] = s
			}
		}
	}
	f.lines(0)
	return a.Again("activities/form", f)
}

// written is the activity that an address names, which the account may change.
func written(a *door.Ask) (*activity.Activity, error) {
	x, err := asked(a)
	if err == nil && !a.Scope.Has(x.Centre) {
		err = activity.ErrUnknown
	}
	return x, err
}

func speakerView(a *door.Ask) (*SpeakerForm, *activity.Activity, id.ID, error) {
	x, err := written(a)
	if err != nil {
		return nil, nil, id.Nil, err
	}
	v, err := a.ID("speaker")
	if err != nil {
		return nil, nil, v, err
	}
	f := &SpeakerForm{Action: a.R.URL.RequestURI(), BackURL: link(x.ID), Activity: x.Title, Errors: map[string]string{}}
	l, err := a.H.Activities.Speakers(a.R.Context(), a.H.DB, x.ID)
	i := slices.IndexFunc(l, func(s activity.Speaker) bool { return s.ID == v })
	if err != nil || i < 0 && !anew(a) || v.IsNil() {
		return nil, nil, v, errors.Join(err, fs.ErrNotExist)
	}
	if i >= 0 {
		s := l[i]
		f.Latin, f.Arabic, f.Function, f.Sex, f.Known, f.Withdrawn = s.Latin, s.Arabic, s.Function, s.Sex, true, s.Withdrawn
	}
	return f, x, v, nil
}

func speaker(a *door.Ask) error {
	f, _, _, err := speakerView(a)
	if err != nil {
		return err
	}
	return a.Render("activities/speaker", f)
}

func speakerGiven(a *door.Ask) error {
	ctx := a.R.Context()
	f, x, v, err := speakerView(a)
	if err != nil {
		return err
	}
	p := func(name string) string { return strings.TrimSpace(a.R.PostFormValue(name)) }
	switch p("remove") {
	case "name", "never":
		if !f.Known {
			return fs.ErrNotExist
		}
		if err := a.H.Activities.WithdrawSpeaker(ctx, a.Actor(), x.ID, v, p("remove") == "never"); err != nil {
			return err
		}
		a.Notify("good", "activity.speaker_gone")
		return a.Go(f.BackURL)
	}
	f.Latin, f.Arabic, f.Function, f.Sex = p("name_latin"), p("name_ar"), p("function"), p("sex")
	err = a.H.Activities.SetSpeaker(ctx, a.Actor(), x.ID, v, activity.Speaker{Sex: f.Sex, Name: activity.Name{Latin: f.Latin, Arabic: f.Arabic, Function: f.Function}})
	if err == nil {
		a.Notify("good", "agree.saved")
		return a.Go(f.BackURL)
	}
	if err = wrong(a, err, f.Errors); err != nil {
		return err
	}
	return a.Again("activities/speaker", f)
}

func outputView(a *door.Ask) (*OutputForm, *activity.Output, id.ID, error) {
	x, err := written(a)
	if err != nil {
		return nil, nil, id.Nil, err
	}
	v, err := a.ID("output")
	if err != nil {
		return nil, nil, v, err
	}
	f := &OutputForm{Action: a.R.URL.RequestURI(), BackURL: link(x.ID), Activity: x.Title, V: map[string]string{}, Kinds: codes(a, "output", activity.OutputKinds), Errors: map[string]string{}}
	for _, l := range i18n.Langs {
		f.Langs = append(f.Langs, shell.Option{Value: string(l), Label: l.Self()})
	}
	for _, l := range activity.Licences[1:] {
		f.Licences = append(f.Licences, shell.Option{Value: l, Label: l})
	}
	o, err := a.H.Activities.Output(a.R.Context(), a.H.DB, x.ID, v)
	if errors.Is(err, activity.ErrUnknown) && anew(a) && !v.IsNil() {
		return f, &activity.Output{ID: v, OutputStated: activity.OutputStated{Activity: x.ID}}, v, nil
	}
	if err != nil {
		return nil, nil, v, err
	}
	f.Known = true
	f.V = map[string]string{"kind": o.Kind, "lang": o.Lang, "on": o.On, "licence": o.Licence, "link": o.Link}
	for l, s := range o.Title {
		f.V["title_"+string(l)] = s
	}
	if o.Size > 0 {
		f.File = "SHA-256 " + o.Blob.String()[:16] + "… · " + a.P.T("agree.kb", "n", (o.Size+1023)>>10)
	}
	return f, o, v, nil
}

func output(a *door.Ask) error {
	f, _, _, err := outputView(a)
	if err != nil {
		return err
	}
	return a.Render("activities/output", f)
}

func outputGiven(a *door.Ask) error {
	var tooLarge *http.MaxBytesError
	if err := a.R.ParseMultipartForm(8 << 20); errors.As(err, &tooLarge) {
		return err
	}
	if a.R.MultipartForm != nil {
		defer a.R.MultipartForm.RemoveAll()
		for _, form := range []map[string][]string{a.R.PostForm, a.R.Form} {
			for _, vs := range form {
				for i, v := range vs {
					vs[i] = door.Text(v)
				}
			}
		}
	}
	f, o, v, err := outputView(a)
	if err != nil {
		return err
	}
	s := o.OutputStated
	p := func(name string) string { return strings.TrimSpace(a.R.PostFormValue(name)) }
	if s.Withdrawn = p("remove") == "yes"; !s.Withdrawn {
		f.V = map[string]string{}
		for name := range a.R.PostForm {
			f.V[name] = p(name)
		}
		s.Title, s.On, s.Link = text(a, "title"), p("on"), p("link")
		s.Kind, s.Lang, s.Licence = choose(a, "kind", f.Kinds, f.Errors), choose(a, "lang", f.Langs, f.Errors), choose(a, "licence", f.Licences, f.Errors)
	} else if !f.Known {
		return fs.ErrNotExist
	}
	var b []byte
	if in, _, err := a.R.FormFile("file"); err == nil {
		b, err = io.ReadAll(in)
		in.Close()
		if err != nil {
			return err
		}
	}
	if len(f.Errors) == 0 {
		err = a.H.Activities.SetOutput(a.R.Context(), a.Actor(), v, s, b)
		if err == nil {
			key := "agree.saved"
			if s.Withdrawn {
				key = "agree.removed"
			}
			a.Notify("good", key)
			return a.Go(f.BackURL)
		}
		if err = wrong(a, err, f.Errors); err != nil {
			return err
		}
	}
	return a.Again("activities/output", f)
}
