package activity

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/agreement"
	"tizi/internal/fault"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/person/list"
	"tizi/internal/programme"
	"tizi/internal/sms"
	"tizi/internal/web/agree"
	"tizi/internal/web/door"
	"tizi/internal/web/me"
	"tizi/internal/web/shell"
)

// Routes adds the routes of this door.
func Routes(d *door.Door) {
	handle := func(pattern string, action access.Action, fn func(*door.Ask) error) {
		d.Handle(pattern, action, func(a *door.Ask) error {
			err := fn(a)
			if errors.Is(err, activity.ErrUnknown) {
				err = fs.ErrNotExist
			}
			return err
		})
	}
	handle("GET /events", door.Public, events)
	handle("GET /events/{event}", door.Public, event)
	handle("POST /events/{event}", door.Public, registered)
	handle("GET /events/{event}/outputs/{output}", door.Public, file)
	handle("GET /registrations", door.Public, find)
	handle("GET /registrations/{pass}", door.Public, ticket)
	handle("POST /registrations/{pass}", door.Public, withdrawn)
	feedbackRoutes(handle)
	handle("GET /activities", access.ReadActivities, all)
	handle("GET /activities/{activity}", access.ReadActivities, one)
	handle("GET /activities/{activity}/outputs/{output}", access.ReadActivities, file)
	handle("GET /activities/{activity}/edit", access.WriteActivities, edit)
	handle("POST /activities/{activity}/edit", access.WriteActivities, edited)
	handle("GET /activities/{activity}/speakers/{speaker}", access.WriteActivities, speaker)
	handle("POST /activities/{activity}/speakers/{speaker}", access.WriteActivities, speakerGiven)
	handle("GET /activities/{activity}/outputs/{output}/edit", access.WriteActivities, output)
	handle("POST /activities/{activity}/outputs/{output}/edit", access.WriteActivities, outputGiven)
	handle("GET /activities/{activity}/notice", access.WriteActivities, notice)
	handle("POST /activities/{activity}/notice", access.WriteActivities, noticeSent)
	handle("GET /activities/{activity}/door", access.HoldDoor, atDoor)
	handle("POST /activities/{activity}/door", access.HoldDoor, atDoorGiven)
	handle("POST /activities/{activity}/door/mark", access.HoldDoor, atDoorGiven)
	handle("POST /activities/{activity}/door/walk", access.HoldDoor, atDoorGiven)
	handle("POST /activities/{activity}/registrations/{registration}", access.HoldDoor, ended)
}

const (
	maxList  = 200 // activities of a list
	maxNames = 100 // people that a page names
	maxFound = 2000
	fewest   = 5 // a smaller number is hidden from whoever may not know the people
)

// known are the names that the pages say.
type known struct {
	a          *door.Ask
	orgs       map[id.ID]i18n.Text
	programmes map[id.ID]i18n.Text
	door       access.Scope // whose people the reader may know
	files      access.Scope // and whose files
}

func names(a *door.Ask) (*known, error) {
	ctx := a.R.Context()
	k := &known{a: a, orgs: map[id.ID]i18n.Text{}, programmes: map[id.ID]i18n.Text{}}
	orgs, err := a.H.Agreements.Organisations(ctx, a.H.DB)
	if err != nil {
		return nil, err
	}
	for _, o := range orgs {
		k.orgs[o.ID] = o.Is.Name
	}
	ps, err := a.H.Programmes.List(ctx, a.H.DB)
	if err != nil {
		return nil, err
	}
	for _, p := range ps {
		k.programmes[p.ID] = p.Name
	}
	if a.Account == nil {
		return k, nil
	}
	if a.May(access.HoldDoor) {
		if k.door, err = a.ScopeOf(access.HoldDoor); err != nil {
			return nil, err
		}
	}
	if a.May(access.ReadPeople) {
		k.files, err = a.ScopeOf(access.ReadPeople)
	}
	return k, err
}

func link(v id.ID, parts ...string) string {
	return "/activities/" + strings.Join(append([]string{v.String()}, parts...), "/")
}

func (k *known) figure(centre id.ID, n int) shell.Figure {
	few := n > 0 && n < fewest && !k.door.Has(centre)
	return shell.Figure{Value: int64(n), Hidden: few, Few: few}
}

func (k *known) row(x *activity.Activity, c activity.Count) Row {
	registered, came := k.figure(x.Centre, c.Registered), k.figure(x.Centre, c.Came)
	// What is known from a publication alone took place, whoever was there.
	registered.Unknown = x.State == activity.Held && !x.Source.IsZero() && c.All() == 0
	came.Unknown = registered.Unknown
	return Row{URL: link(x.ID), Title: x.Title, Kind: x.Kind, Pillar: x.Pillar, State: x.State, From: x.From, To: x.To, Programme: k.programmes[x.Programme], Where: k.a.PlaceName(x.Centre), Venue: x.Venue, Simulated: x.Simulated, Fee: x.Fee,
		Registered: registered, Came: came, Full: x.Capacity > 0 && c.Registered >= x.Capacity}
}

func ids(l []activity.Activity) []id.ID {
	out := make([]id.ID, len(l))
	for i, x := range l {
		out[i] = x.ID
	}
	return out
}

func (k *known) rows(l []activity.Activity) ([]Row, error) {
	c, err := k.a.H.Activities.Counts(k.a.R.Context(), k.a.H.DB, ids(l))
	var out []Row
	for i := range l {
		out = append(out, k.row(&l[i], c[l[i].ID]))
	}
	return out, err
}

func codes(a *door.Ask, prefix string, codes []string) []shell.Option {
	out := make([]shell.Option, len(codes))
	for i, c := range codes {
		key := "activity." + prefix + "." + c
		out[i] = shell.Option{Value: c, Label: a.P.T(key)}
	}
	return out
}

func said(a *door.Ask, t i18n.Text) string {
	s, _ := t.In(a.Lang)
	return s
}

func (k *known) programmeOptions() []shell.Option {
	var out []shell.Option
	for v, t := range k.programmes {
		out = append(out, shell.Option{Value: v.String(), Label: said(k.a, t)})
	}
	return sorted(out)
}

func sorted(out []shell.Option) []shell.Option {
	slices.SortFunc(out, func(x, y shell.Option) int { return strings.Compare(x.Label.(string), y.Label.(string)) })
	return out
}

func all(a *door.Ask) error {
	k, err := names(a)
	if err != nil {
		return err
	}
	q := a.R.URL.Query()
	v := List{Programme: q.Get("programme"), Pillar: q.Get("pillar"), State: q.Get("state"), Programmes: k.programmeOptions(), Pillars: codes(a, "pillar", programme.Pillars), States: codes(a, "state", activity.States)}
	// What is not offered narrows nothing.
	for value, options := range map[*string][]shell.Option{&v.Programme: v.Programmes, &v.Pillar: v.Pillars, &v.State: v.States} {
		if !shell.Offers(options, *value) {
			*value = ""
		}
	}
	f := activity.Filter{Pillar: v.Pillar, State: v.State}
	f.Programme, _ = id.Parse(v.Programme)
	l, err := a.H.Activities.List(a.R.Context(), a.H.DB, a.Scope, f, maxList+1)
	if err != nil {
		return err
	}
	if v.More = len(l) > maxList; v.More {
		l = l[:maxList]
	}
	if v.Rows, err = k.rows(l); err != nil {
		return err
	}
	if a.May(access.WriteActivities) {
		v.NewURL = link(id.New(), "edit") + "?new=1"
		v.MasterclassURL = link(id.New(), "edit") + "?new=1&template=" + masterclass
	}
	return a.Render("activities/list", v)
}

// asked is the activity that an address names, if the account may do there what the route asks for.
func asked(a *door.Ask) (*activity.Activity, error) {
	v, err := a.ID("activity")
	if err != nil {
		return nil, err
	}
	return a.H.Activities.Get(a.R.Context(), a.H.DB, a.Scope, v)
}

// facts are what everybody may know.
func (k *known) facts(x *activity.Activity, c activity.Count) (Facts, error) {
	a, ctx := k.a, k.a.R.Context()
	v := Facts{Row: k.row(x, c), About: x.About, Waived: x.Waived, Source: agree.SourceOf(a, x.Source), Reason: x.Reason, Capacity: x.Capacity}
	for _, s := range x.Sessions {
		v.Sessions = append(v.Sessions, Session{ID: s.ID.String(), Date: s.Date, From: s.From, To: s.To, Room: s.Room})
	}
	slices.SortStableFunc(v.Sessions, func(x, y Session) int {
		return cmp.Or(strings.Compare(x.Date, y.Date), strings.Compare(x.From, y.From))
	})
	for _, h := range x.Hosts {
		v.Hosts = append(v.Hosts, k.orgs[h])
	}
	l, err := a.H.Activities.Speakers(ctx, a.H.DB, x.ID)
	if err != nil {
		return v, err
	}
	for _, s := range l {
		y := Speaker{Name: cmp.Or(s.Latin, s.Arabic), Other: s.Arabic, Function: s.Function, Sex: s.Sex, Withdrawn: s.Withdrawn, EditURL: link(x.ID, "speakers", s.ID.String())}
		if a.Arabic() {
			y.Name, y.Other = cmp.Or(s.Arabic, s.Latin), s.Latin
		}
		if y.Other == y.Name {
			y.Other = ""
		}
		v.Speakers = append(v.Speakers, y)
	}
	outputs, err := a.H.Activities.Outputs(ctx, a.H.DB, x.ID)
	for _, o := range outputs {
		y := Output{Title: o.Title, Kind: o.Kind, Lang: i18n.Lang(o.Lang).Self(), On: o.On, Licence: o.Licence, URL: o.Link, EditURL: link(x.ID, "outputs", o.ID.String(), "edit"), File: o.Size > 0, KB: (o.Size + 1023) >> 10}
		if y.File {
			y.URL = a.R.URL.Path[:strings.IndexByte(a.R.URL.Path[1:], '/')+1] + "/" + x.ID.String() + "/outputs/" + o.ID.String()
		}
		v.Outputs = append(v.Outputs, y)
	}
	return v, err
}

func one(a *door.Ask) error {
	ctx := a.R.Context()
	x, err := asked(a)
	if err != nil {
		return err
	}
	k, err := names(a)
	if err != nil {
		return err
	}
	counts, err := a.H.Activities.Counts(ctx, a.H.DB, []id.ID{x.ID})
	if err != nil {
		return err
	}
	c := counts[x.ID]
	v := Activity{Conflict: x.Conflict, Waiting: k.figure(x.Centre, c.Waiting), Withdrawn: k.figure(x.Centre, c.Withdrawn), Women: k.figure(x.Centre, c.Women), KnownSex: k.figure(x.Centre, c.Known)}
	// Of a few, the share of women would say what the numbers hide.
	if hidden := c.Known-c.Women > 0 && k.figure(x.Centre, c.Known-c.Women).Hidden; hidden || v.KnownSex.Hidden {
		v.Women.Hidden = true
	}
	if v.Facts, err = k.facts(x, c); err != nil {
		return err
	}
	for _, s := range v.Speakers {
		if s.Sex != "" {
			v.KnownSpeak++
		}
		if s.Sex == "f" {
			v.WomenSpeak++
		}
	}
	if !x.Agreement.IsNil() {
		list, err := readable(a)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(list, func(g agreement.Named) bool { return g.ID == x.Agreement }); i >= 0 {
			v.Agreement = &shell.Crumb{Name: said(a, list[i].Name)}
			if a.May(access.ReadAgreements) {
				v.Agreement.URL = "/agreements/" + x.Agreement.String()
			}
		}
	}
	if v.Changes, err = a.H.Feedback.Changes(ctx, a.H.DB, x.ID); err != nil {
		return err
	}
	write, err := writes(a, x.Centre)
	if err != nil {
		return err
	}
	if x.State != activity.Planned {
		v.PublicURL = "/events/" + x.ID.String()
	}
	if x.Was != "" {
		v.Was = at(a.P, x.Was)
	}
	if write {
		v.EditURL, v.SpeakerURL, v.OutputURL = link(x.ID, "edit"), link(x.ID, "speakers", id.New().String())+"?new=1", link(x.ID, "outputs", id.New().String(), "edit")+"?new=1"
		if (x.State == activity.Cancelled || x.Was != "") && c.Registered+c.Waiting > 0 {
			v.NoticeURL = link(x.ID, "notice")
		}
	} else {
		for i := range v.Speakers {
			v.Speakers[i].EditURL = ""
		}
		for i := range v.Outputs {
			v.Outputs[i].EditURL = ""
		}
	}
	if k.door.Has(x.Centre) {
		if len(x.Sessions) > 0 {
			v.DoorURL = link(x.ID, "door")
		}
		for i := range v.Sessions {
			if s := &v.Sessions[i]; s.Date <= a.Today() {
				s.FeedbackURL = link(x.ID, "feedback", s.ID)
			}
		}
		l, err := a.H.Activities.Registrations(ctx, a.H.DB, x.ID, maxNames)
		if err != nil {
			return err
		}
		v.GuestsAll = c.Registered + c.Waiting
		if v.Guests, err = k.guests(x, l, nil, ""); err != nil {
			return err
		}
	}
	return a.Render("activities/activity", v)
}

// writes reports whether the account may change what a centre answers for.
func writes(a *door.Ask, centre id.ID) (bool, error) {
	if !a.May(access.WriteActivities) {
		return false, nil
	}
	s, err := a.ScopeOf(access.WriteActivities)
	return s.Has(centre), err
}

// guests name who registered, where q is part of the name, in the order of the list; those who are here come last.
func (k *known) guests(x *activity.Activity, l []activity.Registration, here map[id.ID]bool, q string) ([]Guest, error) {
	a := k.a
	if q == "" { // the first are enough; a name can be anybody's
		l = l[:min(len(l), maxNames)]
	}
	persons := make([]id.ID, len(l))
	for i, r := range l {
		persons[i] = r.Person
	}
	people, err := a.H.People.Of(a.R.Context(), a.H.DB, access.At(x.Centre), persons)
	if err != nil {
		return nil, err
	}
	byID := map[id.ID]*person.Person{}
	for _, p := range people {
		byID[p.ID] = p
	}
	var out []Guest
	var shown []*person.Person
	q = list.NormaliseName(q)
	for _, r := range l {
		g := Guest{Code: r.Code, State: r.State, Fee: r.Fee, On: r.On, ID: r.ID.String(), Came: r.Here > 0, Over: r.Over, Here: here[r.ID]}
		p := byID[r.Person]
		if p != nil {
			g.Name, g.Other = a.Names(p.Details)
		}
		if q != "" && !strings.Contains(" "+list.NormaliseName(g.Name)+" "+list.NormaliseName(g.Other), " "+q) {
			continue
		}
		if r.Here == 0 {
			g.Action = link(x.ID, "registrations", r.ID.String())
		}
		if k.files.Has(x.Centre) && p != nil {
			g.URL = "/people/" + r.Person.String()
		}
		if out, shown = append(out, g), append(shown, p); len(out) == maxNames {
			break
		}
	}
	if len(shown) > 0 {
		how := look.Listed
		if q != "" {
			how = look.Search
		}
		a.Shows(how, look.Activity, shown...)
	}
	return out, nil
}

func ended(a *door.Ask) error {
	x, err := asked(a)
	if err != nil {
		return err
	}
	v, err := a.ID("registration")
	if err != nil {
		return err
	}
	l, err := a.H.Activities.Registration(a.R.Context(), a.H.DB, x.ID, v)
	if err != nil {
		return err
	}
	switch err = a.H.Activities.Withdraw(a.R.Context(), a.Actor(), l.ID, "staff"); {
	case errors.Is(err, activity.ErrCame):
		a.Notify("help", "activity.came_already")
	case err != nil:
		return err
	default:
		a.Notify("good", "activity.ended")
	}
	return a.Go(link(x.ID))
}

// file sends what came out of an activity to be kept, never to be shown: it comes from elsewhere.
func file(a *door.Ask) error {
	var x *activity.Activity
	var err error
	if a.R.PathValue("event") != "" {
		x, err = public(a)
	} else {
		x, err = asked(a)
	}
	if err != nil {
		return err
	}
	v, err := a.ID("output")
	if err != nil {
		return err
	}
	o, err := a.H.Activities.Output(a.R.Context(), a.H.DB, x.ID, v)
	if err != nil {
		return err
	}
	f, err := a.H.Activities.OpenOutput(o.OutputStated)
	if err != nil {
		return err
	}
	defer f.Close()
	h := a.W.Header()
	h.Set("Content-Type", o.Type)
	h.Set("Content-Length", strconv.FormatInt(o.Size, 10))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", `attachment; filename="`+o.Blob.String()[:12]+activity.FileTypes[o.Type]+`"`)
	_, err = io.Copy(a.W, f)
	return err
}

// public is the activity that an address of a public page names: one that is announced.
func public(a *door.Ask) (*activity.Activity, error) {
	v, err := a.ID("event")
	if err != nil {
		return nil, err
	}
	x, err := a.H.Activities.Get(a.R.Context(), a.H.DB, access.Everywhere(), v)
	if err == nil && x.State == activity.Planned {
		err = activity.ErrUnknown
	}
	return x, err
}

func events(a *door.Ask) error {
	ctx := a.R.Context()
	k, err := names(a)
	if err != nil {
		return err
	}
	open, err := a.H.Activities.Public(ctx, a.H.DB, maxList)
	if err != nil {
		return err
	}
	past, err := a.H.Activities.Known(ctx, a.H.DB, 20)
	if err != nil {
		return err
	}
	var v Events
	if v.Rows, err = k.rows(open); err != nil {
		return err
	}
	if v.Past, err = k.rows(past); err != nil {
		return err
	}
	for _, rows := range [][]Row{v.Rows, v.Past} {
		for i := range rows {
			rows[i].URL = strings.Replace(rows[i].URL, "/activities/", "/events/", 1)
		}
	}
	return a.Render("events/list", v)
}

func eventView(a *door.Ask) (Event, *activity.Activity, error) {
	var v Event
	x, err := public(a)
	if err != nil {
		return v, x, err
	}
	k, err := names(a)
	if err != nil {
		return v, x, err
	}
	counts, err := a.H.Activities.Counts(a.R.Context(), a.H.DB, []id.ID{x.ID})
	if err != nil {
		return v, x, err
	}
	v.Takes, v.Left, v.Action = x.Takes(a.Today()), -1, "/events/"+x.ID.String()
	if x.Capacity > 0 {
		v.Left = max(0, x.Capacity-counts[x.ID].Registered)
	}
	v.Form = visitor(a)
	v.Facts, err = k.facts(x, counts[x.ID])
	return v, x, err
}

// visitor is what was typed of somebody who registers.
func visitor(a *door.Ask) Visitor {
	f := func(name string) string { return strings.TrimSpace(a.R.PostFormValue(name)) }
	return Visitor{Name: f("name"), Phone: f("phone"), Mail: f("mail"), Sex: f("sex"), Birth: door.Digits(f("birth")), Situation: f("situation"), Milieu: f("milieu"), GuardianName: f("guardian_name"), GuardianPhone: f("guardian_phone"), Agreed: f("agreed"), Fee: f("fee"),
		Situations: situations(a.P), Errors: map[string]string{}}
}

// situations are what somebody may say of what they do, as options.
func situations(p *i18n.Printer) []shell.Option {
	var out []shell.Option
	for _, c := range activity.Situations {
		out = append(out, shell.Option{Value: c, Label: p.T("activity.situation." + c)})
	}
	return out
}

func (v Visitor) asks(atDoor bool) activity.Visitor {
	return activity.Visitor{Name: v.Name, Phone: v.Phone, Mail: v.Mail, Sex: v.Sex, Birth: v.Birth, Situation: v.Situation, Milieu: v.Milieu, GuardianName: v.GuardianName, GuardianPhone: v.GuardianPhone, Agreed: v.Agreed == "yes", AtDoor: atDoor}
}

func event(a *door.Ask) error {
	v, _, err := eventView(a)
	if err != nil {
		return err
	}
	return a.Render("events/event", v)
}

// wrong puts what is wrong beside its field, or returns the error that it is none of.
func wrong(a *door.Ask, err error, to map[string]string) error {
	var f fault.Faults
	if !errors.As(err, &f) {
		return err
	}
	for field, s := range agree.Sentences(a, f) {
		if to[field] == "" {
			to[field] = s
		}
	}
	return nil
}

func registered(a *door.Ask) error {
	v, x, err := eventView(a)
	if err != nil {
		return err
	}
	r, err := a.H.Activities.Register(a.R.Context(), a.Actor(), a.Address(), x.ID, v.Form.asks(false))
	switch {
	case err == nil:
		return a.Go("/registrations/" + r.Code)
	case errors.Is(err, activity.ErrNotOpen):
		v.Takes = false
		v.Form.Errors[""] = a.P.T("activity.not_open")
	case errors.Is(err, activity.ErrOften):
		v.Form.Errors[""] = a.P.T("activity.often")
	default:
		if err = wrong(a, err, v.Form.Errors); err != nil {
			return err
		}
	}
	return a.Again("events/event", v)
}

// passed is the registration whose code an address holds.
func passed(a *door.Ask) (*activity.Registration, error) {
	return a.H.Activities.ByCode(a.R.Context(), a.H.DB, a.Address(), activity.ReadCode(a.R.PathValue("pass")))
}

// tooOften says so of codes that are tried.
func tooOften(a *door.Ask, code string, err error) error {
	if !errors.Is(err, activity.ErrOften) {
		return err
	}
	return a.Again("events/find", Find{Code: code, Errors: map[string]string{"code": a.P.T("activity.often")}})
}

func ticket(a *door.Ask) error {
	ctx := a.R.Context()
	r, err := passed(a)
	if err != nil {
		return tooOften(a, "", err)
	}
	x, err := a.H.Activities.Get(ctx, a.H.DB, access.Everywhere(), r.Activity)
	if err != nil {
		return err
	}
	k, err := names(a)
	if err != nil {
		return err
	}
	v := Ticket{Status: r.State, Code: r.Code, Action: "/registrations/" + r.Code, EventURL: "/events/" + x.ID.String(), Came: r.Here > 0}
	if v.Facts, err = k.facts(x, activity.Count{}); err != nil {
		return err
	}
	if v.Rank, err = a.H.Activities.Rank(ctx, a.H.DB, r); err != nil {
		return err
	}
	v.Address = shell.Origin(a.R) + v.Action
	if v.QR, err = me.QR(v.Address); err != nil {
		return err
	}
	a.W.Header().Set("Cache-Control", "private, no-store")
	return a.Render("events/ticket", v)
}

func withdrawn(a *door.Ask) error {
	r, err := passed(a)
	if err != nil {
		return tooOften(a, "", err)
	}
	switch err = a.H.Activities.Withdraw(a.R.Context(), a.Actor(), r.ID, "self"); {
	case errors.Is(err, activity.ErrCame):
		a.Notify("help", "activity.came_already")
	case err != nil:
		return err
	default:
		a.Notify("good", "activity.ended")
	}
	return a.Go("/registrations/" + r.Code)
}

func find(a *door.Ask) error {
	typed := strings.TrimSpace(a.R.URL.Query().Get("code"))
	v := Find{Code: typed, Errors: map[string]string{}}
	if typed == "" {
		return a.Render("events/find", v)
	}
	r, err := a.H.Activities.ByCode(a.R.Context(), a.H.DB, a.Address(), activity.ReadCode(door.Digits(typed)))
	if errors.Is(err, activity.ErrUnknown) {
		v.Errors["code"] = a.P.T("activity.no_code")
		return a.Again("events/find", v)
	}
	if err != nil {
		return tooOften(a, typed, err)
	}
	return a.Go("/registrations/" + r.Code)
}

func doorView(a *door.Ask) (Door, *activity.Activity, *known, error) {
	ctx := a.R.Context()
	var v Door
	x, err := asked(a)
	if err != nil {
		return v, x, nil, err
	}
	if len(x.Sessions) == 0 || !a.Scope.Has(x.Centre) {
		return v, x, nil, activity.ErrUnknown
	}
	k, err := names(a)
	if err != nil {
		return v, x, nil, err
	}
	today := a.Today()
	at := x.Sessions[0]
	for _, s := range x.Sessions { // that of today, or the next, or the last
		if s.Date == today && at.Date != today || s.Date >= today && at.Date < today {
			at = s
		}
	}
	if want := a.R.FormValue("session"); want != "" {
		sid, _ := id.Parse(want)
		s := x.Session(sid)
		if s == nil {
			return v, x, nil, activity.ErrUnknown
		}
		at = *s
	}
	v = Door{Title: x.Title, BackURL: link(x.ID), Action: link(x.ID, "door"), Session: at.ID.String(), Date: at.Date, Early: at.Date > today, Fee: x.Fee, Waived: x.Waived, Code: a.R.PostFormValue("code"), Paid: a.R.PostFormValue("fee"), Query: strings.TrimSpace(a.R.URL.Query().Get("q")), Walk: visitor(a), Errors: map[string]string{}}
	for _, s := range x.Sessions {
		v.Sessions = append(v.Sessions, Session{Date: s.Date, From: s.From, To: s.To, Room: s.Room, DoorURL: door.With(link(x.ID, "door"), "session", s.ID.String()), Current: s.ID == at.ID})
	}
	counts, err := a.H.Activities.Counts(ctx, a.H.DB, []id.ID{x.ID})
	if err != nil {
		return v, x, nil, err
	}
	v.Registered = counts[x.ID].Registered
	if v.Present, err = a.H.Activities.Present(ctx, a.H.DB, at.ID); err != nil {
		return v, x, nil, err
	}
	max := maxNames + 1
	if v.Query != "" {
		max = maxFound
	}
	l, err := a.H.Activities.Registrations(ctx, a.H.DB, x.ID, max)
	if err != nil {
		return v, x, nil, err
	}
	here, err := a.H.Activities.HereAt(ctx, a.H.DB, at.ID)
	if err != nil {
		return v, x, nil, err
	}
	v.More = len(l) > maxNames && v.Query == ""
	v.Guests, err = k.guests(x, l, here, v.Query)
	return v, x, k, err
}

func atDoor(a *door.Ask) error {
	v, _, _, err := doorView(a)
	if err != nil {
		return err
	}
	return a.Render("activities/door", v)
}

func atDoorGiven(a *door.Ask) error {
	ctx := a.R.Context()
	v, x, _, err := doorView(a)
	if err != nil {
		return err
	}
	session := id.MustParse(v.Session)
	f := a.R.PostFormValue
	fee := f("fee")
	var r *activity.Registration
	field := "code"
	switch {
	case strings.HasSuffix(a.R.URL.Path, "/mark"):
		field = ""
		rid, _ := id.Parse(f("registration"))
		if r, err = a.H.Activities.Registration(ctx, a.H.DB, x.ID, rid); errors.Is(err, activity.ErrUnknown) {
			v.Errors[""] = a.P.T("activity.no_code_here")
			return a.Again("activities/door", v)
		} else if err != nil {
			return err
		}
	case strings.HasSuffix(a.R.URL.Path, "/walk"):
		field, v.WalkOpen = "", true
		if v.Fee > 0 && fee != activity.Paid && fee != activity.Waived {
			v.Walk.Errors["fee"] = a.P.T("activity.say_fee")
			return a.Again("activities/door", v)
		}
		if v.Early { // before anybody is registered
			v.Walk.Errors[""] = a.P.T("activity.too_early", "date", a.P.Date(v.Date))
			return a.Again("activities/door", v)
		}
		r, err = a.H.Activities.Register(ctx, a.Actor(), "", x.ID, v.Walk.asks(true))
		if errors.Is(err, activity.ErrNotOpen) {
			v.Walk.Errors[""] = a.P.T("activity.not_open")
			err = nil
		} else if err != nil {
			err = wrong(a, err, v.Walk.Errors)
		}
		if err != nil {
			return err
		}
		if len(v.Walk.Errors) > 0 {
			return a.Again("activities/door", v)
		}
	default:
		r, err = a.H.Activities.ByCode(ctx, a.H.DB, "", activity.ReadCode(door.Digits(strings.TrimSpace(v.Code))))
		if err != nil && !errors.Is(err, activity.ErrUnknown) {
			return err
		}
		if err != nil || r.Activity != x.ID {
			v.Errors["code"] = a.P.T("activity.no_code_here")
			return a.Again("activities/door", v)
		}
	}
	here := f("undo") == ""
	already, err := a.H.Activities.Mark(ctx, a.Actor(), r.ID, session, here, fee)
	switch {
	case errors.Is(err, activity.ErrFee):
		v.Errors[cmp.Or(field, "fee")] = a.P.T("activity.say_fee")
	case errors.Is(err, activity.ErrGone):
		v.Errors[field] = a.P.T("activity.gone_here")
	case errors.Is(err, activity.ErrNotHeld):
		v.Errors[field] = a.P.T("activity.too_early", "date", a.P.Date(v.Date))
		if x.State == activity.Cancelled {
			v.Errors[field] = a.P.T("activity.is_cancelled")
		}
	case err != nil:
		return err
	}
	if err != nil {
		return a.Again("activities/door", v)
	}
	name := r.Code
	p, err := a.H.People.Get(ctx, a.H.DB, access.At(x.Centre), r.Person)
	if err != nil {
		return err
	}
	if p != nil {
		name, _ = a.Names(p.Details)
		a.Shows(look.Search, look.Activity, p)
	}
	switch {
	case !here:
		a.Notify("info", "activity.undone", "name", name)
	case already:
		a.Notify("wait", "activity.already", "name", name)
	case r.State == activity.Waiting || r.Over:
		a.Notify("good", "activity.let_in", "name", name)
	default:
		a.Notify("good", "activity.here", "name", name)
	}
	return a.Go(door.With(link(x.ID, "door"), "session", v.Session, "q", f("q")))
}

func notice(a *door.Ask) error {
	x, err := told(a)
	if err != nil {
		return err
	}
	v, n, texts, err := noticeView(a, x)
	if err != nil {
		return err
	}
	if v.Texting, err = a.Texting(link(x.ID, "notice"), n, texts); err != nil {
		return err
	}
	return a.Render("activities/notice", v)
}

// noticeSent puts the texts of a notice into the outbox.
func noticeSent(a *door.Ask) error {
	x, err := told(a)
	if err != nil {
		return err
	}
	_, n, texts, err := noticeView(a, x)
	if err != nil {
		return err
	}
	return a.Text(link(x.ID, "notice"), n, texts)
}

// told is the activity of the path, where there is something to tell of it.
func told(a *door.Ask) (*activity.Activity, error) {
	x, err := asked(a)
	if err == nil && (x.State != activity.Cancelled && x.Was == "" || !a.Scope.Has(x.Centre)) {
		err = activity.ErrUnknown
	}
	return x, err
}

// noticeView is what those who registered are told, on paper and by telephone.
func noticeView(a *door.Ask, x *activity.Activity) (Notice, sms.Notice, []sms.Text, error) {
	ctx := a.R.Context()
	v, n := Notice{Title: x.Title, BackURL: link(x.ID)}, sms.Notice{ID: x.ID, Centre: x.Centre}
	var out []sms.Text
	l, err := a.H.Activities.Registrations(ctx, a.H.DB, x.ID, maxFound)
	if err != nil {
		return v, n, nil, err
	}
	l = slices.DeleteFunc(l, func(r activity.Registration) bool { return r.State == activity.Withdrawn })
	persons := make([]id.ID, len(l))
	for i, r := range l {
		persons[i] = r.Person
	}
	people, err := a.H.People.Of(ctx, a.H.DB, access.At(x.Centre), persons)
	if err != nil {
		return v, n, nil, err
	}
	mails, err := a.H.Activities.Mails(ctx, a.H.DB, l)
	if err != nil {
		return v, n, nil, err
	}
	wanted, err := a.H.Texts.Wanted(ctx, a.H.DB, access.At(x.Centre), persons, n.Needs)
	if err != nil {
		return v, n, nil, err
	}
	var numbers []string
	reached := map[id.ID]bool{}
	for _, p := range people {
		switch number := cmp.Or(p.Details["phone"], p.Details["guardian_phone"]); {
		case !wanted[p.ID]:
			v.Unwanted, reached[p.ID] = v.Unwanted+1, true
		case number != "":
			numbers, reached[p.ID] = append(numbers, number), true
			out = append(out, sms.Text{Person: p.ID, Number: number})
		}
	}
	for _, r := range l {
		if m := mails[r.ID]; m != "" {
			v.Mails = append(v.Mails, m)
		} else if !reached[r.Person] {
			v.Unreached++
		}
	}
	slices.Sort(numbers)
	slices.Sort(v.Mails)
	numbers, v.Mails = slices.Compact(numbers), slices.Compact(v.Mails)
	a.Shows(look.Print, look.Activity, people...)
	var words []string
	for _, lang := range []i18n.Lang{i18n.AR, i18n.FR} {
		p := i18n.For(lang)
		title, _ := x.Title.In(lang)
		where := cmp.Or(x.Venue, func() string { s, _ := a.PlaceName(x.Centre).In(lang); return s }())
		sheet := Sheet{Lang: string(lang), Dir: lang.Dir(), Title: p.T("activity.notice_title", "title", title), Lines: []string{p.T("activity.notice_when", "date", p.Date(x.From), "place", where), p.T("activity.notice_why", "reason", x.Reason)}}
		text := p.T("activity.sms", "title", title, "date", p.Date(x.From), "reason", x.Reason)
		if x.State != activity.Cancelled {
			when := times(p, x)
			sheet.Title, sheet.Lines = p.T("activity.notice_moved", "title", title), []string{p.T("activity.notice_was", "when", at(p, x.Was))}
			for _, s := range when {
				sheet.Lines = append(sheet.Lines, p.T("activity.notice_now", "when", s, "place", where))
			}
			text = p.T("activity.sms_moved", "title", title, "was", at(p, x.Was), "when", p.List(when), "place", where)
		}
		// Nobody said in which language they read: one text says it in both.
		words = append(words, text)
		v.Sheets = append(v.Sheets, sheet)
		v.Messages = append(v.Messages, Message{Lang: string(lang), Dir: lang.Dir(), Name: lang.Self(), Text: text, Numbers: numbers})
	}
	all := strings.Join(words, "\n")
	for i := range out {
		out[i].Words = all
	}
	first := x.From
	if len(x.Sessions) > 0 && x.Sessions[0].From != "" {
		first = x.Sessions[0].Date + " " + x.Sessions[0].From
	}
	n.Until = moment(a, first)
	return v, n, out, nil
}

// moment is when something begins that is written "2026-03-14 10:00"; without the hour, when that day ends.
func moment(a *door.Ask, when string) time.Time {
	here := a.H.Log.Clock.Now().Location()
	if t, err := time.ParseInLocation("2006-01-02 15:04", when, here); err == nil {
		return t
	}
	t, _ := time.ParseInLocation(time.DateOnly, when, here)
	return t.AddDate(0, 0, 1)
}

// at says when something is that is written "2026-03-14 10:00", or without the hour.
func at(p *i18n.Printer, when string) string {
	day, hour, timed := strings.Cut(when, " ")
	if !timed {
		return p.Date(day)
	}
	return p.T("notice.when", "day", p.Date(day), "hour", hour)
}

// times are when the sessions of an activity are, or its first day where it has none.
func times(p *i18n.Printer, x *activity.Activity) (out []string) {
	for _, s := range x.Sessions {
		out = append(out, at(p, strings.TrimSpace(s.Date+" "+s.From)))
	}
	if len(out) == 0 {
		out = []string{at(p, x.From)}
	}
	return out
}
