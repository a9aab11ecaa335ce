package family

import (
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/family"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/training"
	"tizi/internal/web/centre"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// Routes adds the routes of this door.
func Routes(d *door.Door) {
	d.Handle("GET /card", door.Public, enter)
	d.Handle("GET /card/{card}", door.Public, enter)
	d.Handle("POST /card", door.Public, entered)
	d.Handle("GET /children", access.ReadChildren, children)
	d.Handle("GET /children/{person}", access.ReadChildren, child)
	d.Handle("GET /children/{person}/photo", access.ReadChildren, photo)
	d.Handle("GET /children/{person}/learning", access.ReadChildren, learning)
	d.Handle("GET /children/{person}/works/{piece}", access.ReadChildren, work)
	d.Handle("GET /children/{person}/appeal/{phase}", access.ReadChildren, appeal)
	d.Handle("POST /children/{person}/appeal/{phase}", access.ReadChildren, appealGiven)
	d.Handle("POST /children/{person}/messages", access.ReadChildren, messageGiven)
	d.Handle("POST /children/{person}/fetchers", access.ReadChildren, fetcherGiven)
	d.Handle("GET /children/{person}/consent", access.AnswerConsent, consents)
	d.Handle("POST /children/{person}/consent", access.AnswerConsent, consentGiven)
	d.Handle("GET /recordings/{recording}", access.Self, recording)
}

func enter(a *door.Ask) error {
	a.W.Header().Set("Referrer-Policy", "no-referrer")
	return a.Render("guardian/enter", Enter{Card: a.R.PathValue("card")})
}

func entered(a *door.Ask) error {
	v := Enter{Card: a.R.PostFormValue("card"), Code: a.R.PostFormValue("code"), Errors: map[string]string{}}
	token, err := a.H.Family.Enter(a.R.Context(), v.Card, v.Code, a.R.PostFormValue("pin"), a.R.UserAgent(), a.Address())
	if err != nil {
		switch {
		case errors.Is(err, access.ErrTooManyTries):
			v.Errors[""] = a.P.T("signin.locked")
		case errors.Is(err, access.ErrWrong) && v.Card != "":
			v.Card, v.Errors[""] = "", a.P.T("card.unknown")
		case errors.Is(err, access.ErrWrong):
			v.Errors["code"] = a.P.T("card.wrong")
		default:
			return err
		}
		return a.Again("guardian/enter", v)
	}
	a.SignIn(token)
	return a.Go("/children")
}

// asked returns the child that a path names, if it is one of the account's own.
func asked(a *door.Ask) (*person.Person, error) {
	v, err := a.ID("person")
	if err != nil {
		return nil, err
	}
	p, err := a.H.People.Get(a.R.Context(), a.H.DB, a.Scope, v)
	if err == nil && p == nil {
		err = person.ErrUnknown
	}
	return p, err
}

func children(a *door.Ask) error {
	ctx := a.R.Context()
	links, err := a.H.Family.Children(ctx, a.H.DB, a.Actor())
	if err != nil {
		return err
	}
	ids := make([]id.ID, len(links))
	for i, l := range links {
		ids[i] = l.Child
	}
	list, err := a.H.People.Of(ctx, a.H.DB, a.Scope, ids)
	if err != nil {
		return err
	}
	unread, err := a.H.Family.ToRead(ctx, a.H.DB, a.Actor())
	if err != nil {
		return err
	}
	v := Children{}
	for _, p := range list {
		r := ChildRow{URL: "/children/" + p.ID.String(), Centre: a.PlaceName(p.Centre), Unread: unread[p.ID]}
		r.Name, r.Other = a.Names(p.Details)
		if has, err := a.H.Consents.HasPhoto(ctx, a.H.DB, p.ID); err != nil {
			return err
		} else if has {
			r.Photo = r.URL + "/photo"
		}
		of, err := a.H.Consents.Of(ctx, a.H.DB, p.ID)
		if err != nil {
			return err
		}
		for _, c := range of {
			if c.State == consent.Missing {
				r.Missing++
			}
		}
		groups, next, err := plan(a, p)
		if err != nil {
			return err
		}
		if len(groups) > 0 {
			r.Group = groups[0].Name
		}
		if len(next) > 0 {
			r.Next, r.From, r.To = next[0].Date, next[0].From, next[0].To
		}
		v.Rows = append(v.Rows, r)
	}
	return a.Render("guardian/children", v)
}

// plan returns a child's groups and the sessions to come. The child is the account's own, so its groups may be named.
func plan(a *door.Ask, p *person.Person) ([]ChildGroup, []ChildSession, error) {
	ctx := a.R.Context()
	// Also what they do under another record: a merge may join those of two centres.
	here := access.Everywhere()
	list, err := a.H.Training.OfPerson(ctx, a.H.DB, here, p.ID)
	if err != nil {
		return nil, nil, err
	}
	var groups []ChildGroup
	var next []ChildSession
	var cohorts []id.ID
	for _, e := range list {
		cohorts = append(cohorts, e.Cohort)
	}
	called, err := a.H.Training.Names(ctx, a.H.DB, cohorts)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range list {
		g := ChildGroup{Name: called[e.Cohort], State: e.State}
		if prog, err := a.H.Programmes.Get(ctx, a.H.DB, e.Programme); err != nil {
			return nil, nil, err
		} else if prog != nil {
			g.Programme = prog.Name
		}
		groups = append(groups, g)
		if !slices.Contains([]string{training.Enrolled, training.Active}, e.State) || e.Cohort.IsNil() {
			continue
		}
		sessions, err := a.H.Training.SessionsOf(ctx, a.H.DB, here, e.Cohort)
		if err != nil {
			return nil, nil, err
		}
		for _, s := range sessions {
			if s.Date >= a.Today() && s.Cancelled == "" && len(next) < 5 {
				next = append(next, ChildSession{s.Date, s.Starts, s.Ends, s.Room, s.CohortName})
			}
		}
	}
	return groups, next, nil
}

var marks = map[string]string{training.Present: "present", training.Late: "late", training.Excused: "excused", training.Absent: "absent"}

func view(a *door.Ask, p *person.Person) (Child, error) {
	ctx, self := a.R.Context(), "/children/"+p.ID.String()
	v := Child{Centre: a.PlaceName(p.Centre), ConsentURL: self + "/consent", FetchAction: self + "/fetchers", MessageAction: self + "/messages", Errors: map[string]string{}}
	v.Name, v.Other = a.Names(p.Details)
	has, err := a.H.Consents.HasPhoto(ctx, a.H.DB, p.ID)
	if err != nil {
		return v, err
	}
	if has {
		v.Photo = self + "/photo"
	}
	if v.Groups, v.Sessions, err = plan(a, p); err != nil {
		return v, err
	}
	v.LearningURL = self + "/learning"
	if v.Courses, err = courses(a, p); err != nil {
		return v, err
	}
	v.Refusals, err = centre.RefusalsOf(a, p, func(ph id.ID) string { return self + "/appeal/" + ph.String() }, func(id.ID) string { return "" })
	if err != nil {
		return v, err
	}
	came, err := a.H.Training.AttendanceOf(ctx, a.H.DB, access.Everywhere(), p.ID, 200)
	if err != nil {
		return v, err
	}
	for _, c := range came {
		v.Held++
		if training.Here(c.Mark) {
			v.Present++
		}
		if len(v.Attendance) < 10 {
			v.Attendance = append(v.Attendance, centre.AttendanceLine{On: c.Date, Group: c.Name, Mark: marks[c.Mark]})
		}
	}
	of, err := a.H.Consents.Of(ctx, a.H.DB, p.ID)
	if err != nil {
		return v, err
	}
	for _, c := range of {
		v.Consents = append(v.Consents, centre.Consent{Purpose: string(c.Purpose), State: c.State, By: c.Who.Name, On: c.On})
	}
	links, err := a.H.Family.GuardiansOf(ctx, a.H.DB, p.ID)
	if err != nil {
		return v, err
	}
	mine := map[id.ID]bool{}
	for _, l := range links {
		mine[l.Guardian] = true
		if l.Fetch {
			v.Guardians = append(v.Guardians, l.Name)
		}
		if l.Guardian == a.Actor() {
			v.MayName = l.Fetch
		}
	}
	fetchers, err := a.H.Family.Fetchers(ctx, a.H.DB, p.ID)
	if err != nil {
		return v, err
	}
	for _, f := range fetchers {
		v.Fetchers = append(v.Fetchers, centre.FetcherRow{ID: f.ID.String(), Name: f.Name, Phone: f.Phone, Relation: f.Relation, ByGuardian: mine[f.Actor]})
	}
	for _, r := range family.Relations {
		v.Relations = append(v.Relations, shell.Option{Value: r, Label: a.P.T("relation." + r)})
	}
	list, err := a.H.Family.Messages(ctx, a.H.DB, p.ID, a.Actor())
	if err != nil {
		return v, err
	}
	called := map[id.ID]*access.Account{}
	who := func(v id.ID) (*access.Account, error) {
		if called[v] == nil {
			acc, err := a.H.Access.Get(ctx, a.H.DB, v)
			if err != nil {
				return nil, err
			}
			if acc == nil {
				acc = &access.Account{Name: a.P.T("common.unknown")}
			}
			called[v] = acc
		}
		return called[v], nil
	}
	unseen, err := a.H.Family.Unseen(ctx, a.H.DB, a.Actor(), list)
	if err != nil {
		return v, err
	}
	for _, m := range list {
		acc, err := who(m.Sender)
		if err != nil {
			return v, err
		}
		v.Messages = append(v.Messages, centre.MessageRow{From: acc.Name, Text: m.Text, At: when(a, m.At), Guardian: m.FromGuardian(), New: unseen[m.ID]})
	}
	v.Unread = len(unseen)
	if err := a.H.Family.Saw(ctx, a.Actor(), unseen); err != nil { // the page shows them as new this once
		return v, err
	}
	records, err := person.Records(ctx, a.H.DB, p.ID)
	if err != nil {
		return v, err
	}
	seen, err := a.H.Looks.Seen(ctx, a.H.DB, records, 30)
	if err != nil {
		return v, err
	}
	for _, e := range seen {
		acc, err := who(e.Account)
		if err != nil {
			return v, err
		}
		r := SeenRow{Name: acc.Name, Action: string(e.Action), At: when(a, e.At)}
		if len(acc.Roles) > 0 {
			r.Role = "role." + string(acc.Roles[0].Role)
		}
		v.Seen = append(v.Seen, r)
	}
	changes, err := a.H.Audit.Changes(ctx, a.H.DB, p.ID, 30)
	if err != nil {
		return v, err
	}
	for _, e := range changes {
		r := SeenRow{Action: e.What, At: when(a, e.At)}
		if !e.Account.IsNil() {
			acc, err := who(e.Account)
			if err != nil {
				return v, err
			}
			if r.Name = acc.Name; len(acc.Roles) > 0 {
				r.Role = "role." + string(acc.Roles[0].Role)
			}
		}
		v.Changed = append(v.Changed, r)
	}
	return v, nil
}

func when(a *door.Ask, t time.Time) string {
	return a.P.DayMonth(t.Format(time.DateOnly)) + " " + t.Format("15:04")
}

func child(a *door.Ask) error {
	p, err := asked(a)
	if err != nil {
		return err
	}
	v, err := view(a, p)
	if err != nil {
		return err
	}
	return a.Render("guardian/child", v)
}

func photo(a *door.Ask) error {
	p, err := asked(a)
	if err != nil {
		return err
	}
	b, err := a.H.Consents.Photo(a.R.Context(), a.H.DB, p.ID)
	if errors.Is(err, consent.ErrNoFile) {
		return fs.ErrNotExist
	}
	if err != nil {
		return err
	}
	door.Picture(a.W, b)
	return nil
}

// appealView is the form of an appeal of a guardian's child in the phase that the address names.
func appealView(a *door.Ask) (*person.Person, id.ID, Appeal, error) {
	p, err := asked(a)
	if err != nil {
		return nil, id.Nil, Appeal{}, err
	}
	phase, err := a.ID("phase")
	if err != nil {
		return nil, id.Nil, Appeal{}, err
	}
	row, err := centre.RefusalIn(a, p, phase)
	if err != nil {
		return nil, id.Nil, Appeal{}, err
	}
	v := Appeal{ChildURL: "/children/" + p.ID.String(), Programme: row.Programme, Phase: row.Phase, Why: row.Why, Days: training.AppealDays, Action: a.R.URL.Path, Errors: map[string]string{}}
	v.Name, _ = a.Names(p.Details)
	return p, phase, v, nil
}

func appeal(a *door.Ask) error {
	_, _, v, err := appealView(a)
	if err != nil {
		return err
	}
	return a.Render("guardian/appeal", v)
}

func appealGiven(a *door.Ask) error {
	p, phase, v, err := appealView(a)
	if err != nil {
		return err
	}
	v.Words = a.R.PostFormValue("words")
	_, err = a.H.Training.Lodge(a.R.Context(), a.Actor(), a.Scope, p.ID, phase, "guardian", v.Words, a.Today())
	if f := centre.WordsFault(a, err); f != "" {
		v.Errors["words"] = f
		return a.Again("guardian/appeal", v)
	}
	if errors.Is(err, training.ErrAppealed) {
		v.Errors[""] = a.P.T("appeal.waits")
		return a.Again("guardian/appeal", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", "appeal.lodged")
	return a.Go(v.ChildURL)
}

func messageGiven(a *door.Ask) error {
	p, err := asked(a)
	if err != nil {
		return err
	}
	err = a.H.Family.Send(a.R.Context(), a.Actor(), a.Scope, p.ID, a.Actor(), a.R.PostFormValue("text"))
	key := ""
	switch {
	case errors.Is(err, family.ErrEmpty):
		key = "family.empty"
	case errors.Is(err, family.ErrLong):
		key = "error.too_long"
	case err != nil:
		return err
	}
	if key != "" {
		v, err := view(a, p)
		if err != nil {
			return err
		}
		v.Text, v.Errors["text"] = a.R.PostFormValue("text"), a.P.T(key, "n", family.MaxMessage)
		return a.Again("guardian/child", v)
	}
	a.Notify("good", "family.sent")
	return a.Go("/children/" + p.ID.String())
}

func fetcherGiven(a *door.Ask) error {
	p, err := asked(a)
	if err != nil {
		return err
	}
	l, err := a.H.Family.LinkOf(a.R.Context(), a.H.DB, p.ID, a.Actor())
	if err != nil {
		return err
	}
	if !l.Fetch { // who may not fetch the child may not send somebody either
		a.Notify("help", "family.may_not_fetch")
		return a.Go("/children/" + p.ID.String())
	}
	wrong, err := centre.Fetchers(a, p.ID)
	if err != nil {
		return err
	}
	if wrong != nil {
		v, err := view(a, p)
		if err != nil {
			return err
		}
		v.Fetch = *wrong
		return a.Again("guardian/child", v)
	}
	return a.Go("/children/" + p.ID.String())
}

func consentView(a *door.Ask, p *person.Person) (Consent, *family.Link, error) {
	ctx := a.R.Context()
	v := Consent{ChildURL: "/children/" + p.ID.String(), Action: "/children/" + p.ID.String() + "/consent", Errors: map[string]string{}}
	v.Name, _ = a.Names(p.Details)
	link, err := a.H.Family.LinkOf(ctx, a.H.DB, p.ID, a.Actor())
	if err != nil {
		return v, nil, err
	}
	v.Adult = consent.Giver(p.Details["birth"], a.Today()) == consent.BySelf
	v.Locked = v.Adult || !link.Consent
	of, err := a.H.Consents.Of(ctx, a.H.DB, p.ID)
	if err != nil {
		return v, nil, err
	}
	for _, c := range of {
		r := ConsentRow{Purpose: string(c.Purpose), State: c.State, On: c.On, Conflict: c.Conflict, Given: c.Holds}
		t, err := a.H.Consents.Current(ctx, a.H.DB, c.Purpose)
		if c.Holds && err == nil { // what was agreed to are the words of then
			if old, e := a.H.Consents.Text(ctx, a.H.DB, c.Text); e == nil {
				t = old
			}
		}
		if err != nil {
			return v, nil, err
		}
		r.Text, r.Version = t.Text, t.Version
		sounds, err := a.H.Consents.Recordings(ctx, a.H.DB, t.ID, p.Centre)
		if err != nil {
			return v, nil, err
		}
		for _, s := range sounds {
			r.Sounds = append(r.Sounds, centre.ConsentSound{Voice: s.Voice, URL: "/recordings/" + s.ID.String()})
		}
		v.Rows = append(v.Rows, r)
	}
	return v, link, nil
}

func consents(a *door.Ask) error {
	p, err := asked(a)
	if err != nil {
		return err
	}
	v, _, err := consentView(a, p)
	if err != nil {
		return err
	}
	return a.Render("guardian/consent", v)
}

func consentGiven(a *door.Ask) error {
	p, err := asked(a)
	if err != nil {
		return err
	}
	v, link, err := consentView(a, p)
	if err != nil {
		return err
	}
	purpose, state := consent.Purpose(a.R.PostFormValue("purpose")), a.R.PostFormValue("state")
	switch {
	case v.Adult:
		v.Errors[""] = a.P.T("guardian.adult")
	case v.Locked:
		v.Errors[""] = a.P.T("guardian.locked")
	case !slices.Contains(consent.Purposes, purpose) || !slices.Contains(consent.States, state):
		v.Errors[""] = a.P.T("consents.nothing")
	}
	if len(v.Errors) > 0 {
		return a.Again("guardian/consent", v)
	}
	assent := a.R.PostFormValue("assent")
	if !slices.Contains(consent.Assents, assent) {
		assent = ""
	}
	err = a.H.Consents.Record(a.R.Context(), a.Actor(), a.Scope, p.ID, []consent.Statement{{Purpose: purpose, State: state, Giver: consent.ByGuardian, Method: "screen", Assent: assent, On: a.Today(),
		Who: consent.Who{Name: link.Name, Relation: link.Relation}}})
	if errors.Is(err, consent.ErrNotGiven) {
		v.Errors[""] = a.P.T("consents.not_given")
		return a.Again("guardian/consent", v)
	}
	if err != nil {
		return err
	}
	if err := a.H.Training.Review(a.R.Context(), a.Actor(), p.ID, a.Today()); err != nil {
		return err
	}
	a.Notify("good", "consents.recorded")
	return a.Go(v.Action)
}

// recording plays a text read aloud. It says nothing of anybody.
func recording(a *door.Ask) error {
	v, err := a.ID("recording")
	if err != nil {
		return err
	}
	f, kind, err := a.H.Consents.Sound(a.R.Context(), a.H.DB, v)
	if errors.Is(err, consent.ErrNoFile) {
		return fs.ErrNotExist
	}
	if err != nil {
		return err
	}
	defer f.Close()
	a.W.Header().Set("Content-Type", kind)
	a.W.Header().Set("Cache-Control", "private, max-age=3600")
	http.ServeContent(a.W, a.R, "", time.Time{}, f)
	return nil
}
