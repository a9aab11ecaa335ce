package agree

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"tizi/internal/agreement"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/source"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// form is a screen that states one thing. Its address holds the id of what it states, new ones too, so that a form that
// is sent twice states one thing; "new" in the query says that there need be none yet.
type form struct {
	path string
	// build describes the form, with the values of what is there; it names the agreement in the address, where there is one.
	build func(f *filling) error
	// take states what was given. It returns where to go then.
	take func(f *filling) (string, error)
}

// forms are all of them.
var forms = []form{
	{"/organisations/{organisation}", organisationForm, organisationTaken},
	{"/organisations/{organisation}/offices/{office}", officeForm, officeTaken},
	{"/organisations/{organisation}/offices/{office}/terms/{term}", termForm, termTaken},
	{"/organisations/{organisation}/withdraw", organisationWithdrawForm, organisationWithdrawn},
	{"/agreements/{agreement}/edit", agreementForm, agreementTaken},
	{"/agreements/{agreement}/withdraw", agreementWithdrawForm, agreementWithdrawn},
	{"/agreements/{agreement}/renew", renewForm, renewTaken},
	{"/agreements/{agreement}/parties/{party}", partyForm, partyTaken},
	{"/agreements/{agreement}/commitments/{commitment}/edit", commitmentForm, commitmentTaken},
	{"/agreements/{agreement}/commitments/{commitment}/judge", judgeForm, judgeTaken},
	{"/agreements/{agreement}/money/{entry}", entryForm, entryTaken},
	{"/agreements/{agreement}/mandates/{mandate}/edit", mandateForm, mandateTaken},
	{"/agreements/{agreement}/decisions/{decision}/edit", decisionForm, decisionTaken},
}

func (f form) show(a *door.Ask) error {
	x := &filling{Ask: a, old: map[string]string{}}
	x.v.Errors = map[string]string{}
	if err := x.open(); err != nil {
		return err
	}
	if err := f.build(x); err != nil {
		return err
	}
	return a.Render("agreements/form", x.v)
}

func (f form) given(a *door.Ask) error {
	x := &filling{Ask: a, old: map[string]string{}, posted: true}
	x.v.Errors = map[string]string{}
	if err := x.open(); err != nil {
		return err
	}
	blank := x.v // before a form is built into it
	if err := f.build(x); err != nil {
		return err
	}
	if x.choices(); len(x.v.Errors) > 0 {
		x.v = blank
		if err := f.build(x); err != nil {
			return err
		}
		return a.Again("agreements/form", x.v)
	}
	x.v = blank
	to, err := f.take(x)
	var wrong agreement.Faults
	if errors.As(err, &wrong) {
		for field, s := range Sentences(a, wrong) {
			if x.v.Errors[field] == "" {
				x.v.Errors[field] = s
			}
		}
		err = nil
	}
	if err != nil {
		return err
	}
	if len(x.v.Errors) == 0 {
		key := "agree.saved"
		if x.removing() {
			key = "agree.removed"
		}
		key = cmp.Or(x.done, key)
		a.Notify("good", key)
		return a.Go(to)
	}
	if err := f.build(x); err != nil {
		return err
	}
	return a.Again("agreements/form", x.v)
}

// choices finds answers that were not offered.
func (f *filling) choices() {
	for _, s := range f.v.Sections {
		for _, x := range s.Fields {
			if len(x.Options) == 0 && x.Kind != "select" || f.R.FormValue(x.Name) == "" {
				continue
			}
			if !shell.Offers(x.Options, x.Value) {
				f.wrong(x.Name, "agree.fault.not_offered")
			}
		}
	}
}

// filling is a form as somebody fills it in.
type filling struct {
	*door.Ask
	*known
	v      Form
	at     *agreement.Agreement // nil where the address names none, or one that is not there yet
	id     id.ID                // of what the form states
	old    map[string]string    // what stands, by field
	posted bool
	done   string // the key of what is said then, where it is not that it was saved
}

// open finds what the address names.
func (f *filling) open() error {
	k, err := names(f.Ask)
	if err != nil {
		return err
	}
	if err := k.all(); err != nil {
		return err
	}
	f.known = k
	f.v.Action = f.R.URL.RequestURI()
	if f.R.PathValue("agreement") == "" {
		return nil
	}
	f.at, err = asked(f.Ask)
	if errors.Is(err, agreement.ErrUnknown) && f.anew() && strings.HasSuffix(f.R.URL.Path, "/edit") && strings.Count(f.R.URL.Path, "/") == 3 {
		return nil // a new one
	}
	if err == nil {
		f.crumb(f.at.Name, link(f.at.ID))
	}
	return err
}

func (f *filling) crumb(name i18n.Text, url string) {
	f.v.Crumbs = append(f.v.Crumbs, shell.Crumb{Name: said(f.Ask, name), URL: url})
}

// fresh is the address of a form for something new.
func fresh(path string, pairs ...string) string {
	return door.With(path, append(pairs, "new", "1")...)
}

// anew reports whether the address may name something that is not there yet.
func (f *filling) anew() bool { return f.R.URL.Query().Has("new") }

// subject reads the id of what the form states.
func (f *filling) subject(name string) error {
	var err error
	if f.id, err = f.ID(name); err == nil && f.id.IsNil() {
		err = fs.ErrNotExist // nil says none everywhere
	}
	return err
}

// get is a value: what was typed, or what stands.
func (f *filling) get(name string) string {
	if f.posted {
		return strings.TrimSpace(f.R.FormValue(name))
	}
	return f.old[name]
}

func (f *filling) removing() bool { return f.posted && f.R.FormValue("remove") == "yes" }

func (f *filling) wrong(name, key string, args ...any) { f.v.Errors[name] = f.P.T(key, args...) }

func (f *filling) section(title, text string) {
	f.v.Sections = append(f.v.Sections, Section{Title: title, Text: text})
}

// label is what a field is called.
func (f *filling) label(name string) string { return f.P.T("agree.f." + name) }

// add adds a field to the last section.
func (f *filling) add(kind, name string, set ...func(*shell.Field)) {
	x := shell.Field{Kind: kind, Name: name, ID: "f-" + name, Value: f.get(name), Error: f.v.Errors[name], Auto: "off"}
	for _, s := range set {
		s(&x)
	}
	if x.Label == nil {
		x.Label = f.label(name)
	}
	if len(f.v.Sections) == 0 {
		f.section("", "")
	}
	last := &f.v.Sections[len(f.v.Sections)-1]
	last.Fields = append(last.Fields, x)
}

func optional(x *shell.Field) { x.Optional = true }
func row(x *shell.Field)      { x.Row = true }

func hint(s string) func(*shell.Field) { return func(x *shell.Field) { x.Hint = s } }

func named(label string) func(*shell.Field) { return func(x *shell.Field) { x.Label = label } }

func from(o []shell.Option) func(*shell.Field) {
	return func(x *shell.Field) { x.Options, x.Choose = o, true }
}

func (f *filling) dateHint() string {
	return f.P.T("agree.date_hint", "day", "2025-06-14", "month", "2025-06", "year", "2025")
}

func numeric(x *shell.Field) { x.Mode, x.Width = "numeric", "w-m" }

func decimal(x *shell.Field) { x.Mode, x.Width = "decimal", "w-m" }

// texts adds a field for each of some languages, of which one is enough. Where words are needed, French and Arabic do not
// say that they may be left out.
func (f *filling) texts(kind, name string, needed bool, langs ...i18n.Lang) {
	for i, l := range langs {
		f.add(kind, name+"_"+string(l), func(x *shell.Field) {
			x.Label, x.Lang, x.Optional = f.label(name)+" · "+l.Self(), string(l), !needed || i > 1
			x.Row = kind == "textarea"
		})
	}
}

// text reads what texts asked for. In a language that was not asked for it stays as it was.
func (f *filling) text(name string, was i18n.Text) i18n.Text {
	var t i18n.Text
	for _, l := range i18n.Langs {
		field := name + "_" + string(l)
		s := was[l]
		if _, asked := f.R.PostForm[field]; asked {
			s = f.get(field)
		}
		if s != "" {
			if t == nil {
				t = i18n.Text{}
			}
			t[l] = s
		}
	}
	return t
}

func (f *filling) stand(name string, t i18n.Text) {
	for l, s := range t {
		f.old[name+"_"+string(l)] = s
	}
}

// codes are options whose labels the catalogue knows.
func (f *filling) codes(prefix string, codes ...string) []shell.Option {
	out := make([]shell.Option, len(codes))
	for i, c := range codes {
		key := "agree." + prefix + "." + c
		out[i] = shell.Option{Value: c, Label: f.P.T(key)}
	}
	return out
}

// date reads a day, a month or a year as typed, in any digits.
func (f *filling) date(name string) string { return agreement.Digits(f.get(name)) }

// yes is the value of a box that is ticked.
func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func text(v id.ID) string {
	if v.IsNil() {
		return ""
	}
	return v.String()
}

// one reads an id that is among some options; another one is as good as none.
func (f *filling) one(name string, among []shell.Option) id.ID {
	s := f.get(name)
	if !shell.Offers(among, s) {
		return id.Nil
	}
	v, _ := id.Parse(s)
	return v
}

func sorted(out []shell.Option) []shell.Option {
	slices.SortFunc(out, func(x, y shell.Option) int { return strings.Compare(x.Label.(string), y.Label.(string)) })
	return out
}

// organisations are all of them as options, or those that keep says.
func (f *filling) organisations(keep func(id.ID) bool) []shell.Option {
	var out []shell.Option
	for v, o := range f.orgs {
		if keep == nil || keep(v) {
			out = append(out, shell.Option{Value: v.String(), Label: said(f.Ask, o.Name)})
		}
	}
	return sorted(out)
}

// parties are those of the agreement in the address, and of the one above it.
func (f *filling) parties() ([]shell.Option, error) {
	in := map[id.ID]bool{}
	for _, v := range []id.ID{f.at.ID, f.at.Parent} {
		l, err := f.H.Agreements.Parties(f.R.Context(), f.H.DB, v)
		if err != nil {
			return nil, err
		}
		for _, p := range l {
			in[p.Is.Organisation] = true
		}
	}
	return f.organisations(func(v id.ID) bool { return in[v] }), nil
}

// places are the country, its regions and its centres.
func (f *filling) places() []shell.Option {
	var out []shell.Option
	for _, t := range []string{"country", "region", "centre"} {
		for _, p := range f.Tree.Of(t) {
			out = append(out, shell.Option{Value: p.ID.String(), Label: said(f.Ask, p.Name)})
		}
	}
	return out
}

func (f *filling) programmesOf() []shell.Option {
	var out []shell.Option
	for v, t := range f.programmes {
		out = append(out, shell.Option{Value: v.String(), Label: said(f.Ask, t)})
	}
	return sorted(out)
}

// askSource adds the fields of a source.
func (f *filling) askSource() {
	f.section(f.P.T("common.source"), f.P.T("agree.source_text"))
	f.add("select", "source_kind", from(f.codes("source", source.Kinds...)), optional)
	f.add("text", "source_publication", optional)
	f.add("text", "source_on", hint(f.dateHint()), optional)
	f.add("text", "source_url", optional, func(x *shell.Field) { x.Lang = "en" })
	f.texts("textarea", "source_states", false, i18n.FR, i18n.AR)
}

func (f *filling) source(was source.Source) source.Source {
	return source.Source{Kind: f.get("source_kind"), Publication: f.get("source_publication"), On: f.date("source_on"), URL: f.get("source_url"), States: f.text("source_states", was.States)}
}

func (f *filling) standSource(s source.Source) {
	f.old["source_kind"], f.old["source_publication"], f.old["source_on"], f.old["source_url"] = s.Kind, s.Publication, s.On, s.URL
	f.stand("source_states", s.States)
}

// number reads a count that may be left out.
func (f *filling) number(name, key string) int64 {
	s := agreement.Digits(f.get(name))
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ".", "", ",", "").Replace(s), 10, 64)
	if err != nil {
		f.wrong(name, key)
	}
	return n
}

// unless keeps what is found, and takes ErrUnknown for something new where the address says that it is.
func (f *filling) unless(err error) (found bool, _ error) {
	if errors.Is(err, agreement.ErrUnknown) && f.anew() {
		return false, nil
	}
	return err == nil, err
}

func organisationsCrumb(f *filling) shell.Crumb {
	return shell.Crumb{Name: f.P.T("agree.organisations"), URL: "/organisations"}
}

func organisationForm(f *filling) error {
	if err := f.subject("organisation"); err != nil {
		return err
	}
	o, found := f.orgs[f.id]
	if !found && !f.anew() {
		return fs.ErrNotExist
	}
	f.v.Title, f.v.CancelURL = f.P.T("agree.new_organisation"), "/organisations"
	f.v.Crumbs = []shell.Crumb{organisationsCrumb(f)}
	f.stand("name", o.Name)
	f.old["type"], f.old["parent"] = o.Type, text(o.Parent)
	f.texts("text", "name", true, i18n.FR, i18n.AR, i18n.ZGH, i18n.EN)
	f.add("select", "type", from(f.codes("type", agreement.OrganisationTypes...)))
	f.add("select", "parent", from(f.organisations(func(v id.ID) bool { return v != f.id })), optional, hint(f.P.T("agree.parent_hint")), named(f.P.T("agree.below")))
	if !found {
		return nil
	}
	f.v.Title, f.v.WithdrawURL = said(f.Ask, o.Name), "/organisations/"+f.id.String()+"/withdraw"
	offices, err := f.H.Agreements.Offices(f.R.Context(), f.H.DB, f.id)
	l := FormList{Title: f.P.T("agree.offices"), Add: f.P.T("agree.new_office"), None: f.P.T("agree.no_offices"), AddURL: fresh(officeURL(f.id, id.New()))}
	for _, x := range offices {
		l.Rows = append(l.Rows, FormRow{Name: x.Is.Title, URL: officeURL(f.id, x.ID)})
	}
	f.v.Lists = []FormList{l}
	return err
}

func officeURL(organisation, office id.ID) string {
	return "/organisations/" + organisation.String() + "/offices/" + office.String()
}

func organisationTaken(f *filling) (string, error) {
	if err := f.subject("organisation"); err != nil {
		return "", err
	}
	return "/organisations", f.H.Agreements.SetOrganisation(f.R.Context(), f.Actor(), f.id, agreement.OrganisationDescribed{
		Name: f.text("name", f.orgs[f.id].Name), Type: f.get("type"), Parent: f.one("parent", f.organisations(nil)),
	})
}

// organisationOf is the organisation in the address of an office.
func (f *filling) organisationOf() (id.ID, error) {
	v, err := f.ID("organisation")
	if _, found := f.orgs[v]; err == nil && !found {
		err = fs.ErrNotExist
	}
	return v, err
}

func officeForm(f *filling) error {
	org, err := f.organisationOf()
	if err != nil {
		return err
	}
	if err := f.subject("office"); err != nil {
		return err
	}
	f.v.Crumbs = []shell.Crumb{organisationsCrumb(f)}
	f.v.CancelURL = "/organisations/" + org.String()
	f.crumb(f.org(org), f.v.CancelURL)
	f.v.Title, f.v.Lead = f.P.T("agree.new_office"), f.P.T("agree.office_text")
	o, err := f.H.Agreements.Office(f.R.Context(), f.H.DB, f.id)
	found, err := f.unless(err)
	if err != nil || found && o.Is.Organisation != org {
		return cmp.Or(err, fs.ErrNotExist)
	}
	if found {
		f.stand("title", o.Is.Title)
	}
	f.texts("text", "title", true, i18n.FR, i18n.AR, i18n.ZGH, i18n.EN)
	if !found {
		return nil
	}
	f.v.Title = said(f.Ask, o.Is.Title)
	terms, err := f.H.Agreements.Terms(f.R.Context(), f.H.DB, f.id)
	l := FormList{Title: f.P.T("agree.terms"), Add: f.P.T("agree.new_term"), None: f.P.T("agree.no_terms"), AddURL: fresh(officeURL(org, f.id) + "/terms/" + id.New().String())}
	for _, t := range slices.Backward(terms) {
		r := FormRow{Name: i18n.Text{f.Lang: f.P.T("agree.sex." + t.Is.Sex)}, Note: f.P.T("agree.since", "from", f.P.Date(t.Is.From)), URL: officeURL(org, f.id) + "/terms/" + t.ID.String()}
		if t.Is.To != "" {
			r.Note = f.P.T("agree.from_to", "from", f.P.Date(t.Is.From), "to", f.P.Date(t.Is.To))
		}
		if t.Is.Simulated {
			r.Note += " · " + f.P.T("agree.simulated")
		}
		l.Rows = append(l.Rows, r)
	}
	f.v.Lists = []FormList{l}
	return err
}

func officeTaken(f *filling) (string, error) {
	org, err := f.organisationOf()
	if err != nil {
		return "", err
	}
	if err := f.subject("office"); err != nil {
		return "", err
	}
	offices, err := f.H.Agreements.Offices(f.R.Context(), f.H.DB, org)
	if err != nil {
		return "", err
	}
	var was i18n.Text
	if i := slices.IndexFunc(offices, func(o agreement.Item[agreement.OfficeDescribed]) bool { return o.ID == f.id }); i >= 0 {
		was = offices[i].Is.Title
	}
	return officeURL(org, f.id), f.H.Agreements.SetOffice(f.R.Context(), f.Actor(), f.id, agreement.OfficeDescribed{Organisation: org, Title: f.text("title", was)})
}

func termForm(f *filling) error {
	org, err := f.organisationOf()
	if err != nil {
		return err
	}
	office, err := f.ID("office")
	if err != nil {
		return err
	}
	if err := f.subject("term"); err != nil {
		return err
	}
	o, err := f.H.Agreements.Office(f.R.Context(), f.H.DB, office)
	if err != nil || o.Is.Organisation != org {
		return cmp.Or(err, fs.ErrNotExist)
	}
	f.v.Title, f.v.Lead, f.v.CancelURL = f.P.T("agree.new_term"), f.P.T("agree.term_text"), officeURL(org, office)
	f.crumb(f.org(org), "/organisations/"+org.String())
	f.crumb(o.Is.Title, f.v.CancelURL)
	t, _, err := f.H.Agreements.Term(f.R.Context(), f.H.DB, f.id)
	if err != nil || t == nil && !f.anew() || t != nil && t.Is.Office != office {
		return cmp.Or(err, fs.ErrNotExist)
	}
	if t != nil {
		f.v.Title, f.v.Remove = f.P.T("agree.term"), true
		f.old["sex"], f.old["from"], f.old["to"], f.old["simulated"] = t.Is.Sex, t.Is.From, t.Is.To, yes(t.Is.Simulated)
	}
	f.add("radios", "sex", named(f.P.T("sex")), func(x *shell.Field) {
		x.Options = f.codes("sex", "f", "m")
	}, row)
	f.add("date", "from", named(f.P.T("groups.first_day")))
	f.add("date", "to", named(f.P.T("groups.last_day")), optional)
	return nil
}

func termTaken(f *filling) (string, error) {
	org, err := f.organisationOf()
	if err != nil {
		return "", err
	}
	office, err := f.ID("office")
	if err != nil {
		return "", err
	}
	if err := f.subject("term"); err != nil {
		return "", err
	}
	t, _, err := f.H.Agreements.Term(f.R.Context(), f.H.DB, f.id)
	if err != nil {
		return "", err
	}
	h := agreement.OfficeHeld{Office: office, Sex: f.get("sex"), From: f.date("from"), To: f.date("to"), Withdrawn: f.removing()}
	if t != nil {
		h.Simulated = t.Is.Simulated
	}
	return officeURL(org, office), f.H.Agreements.SetTerm(f.R.Context(), f.Actor(), f.id, h)
}

// ticked are the places that are ticked: as posted, or as they stand.
func (f *filling) ticked(stand []id.ID) []string {
	if f.posted {
		return f.R.PostForm["place"]
	}
	var out []string
	for _, v := range stand {
		out = append(out, v.String())
	}
	return out
}

// covers is the tree of places that an agreement can cover, with those ticked that it does. Communes, and centres that are
// closed, stand in it where they are ticked alone.
func (f *filling) covers(ticked []string) []Branch {
	var grow func(p *place.Place) []Branch
	grow = func(p *place.Place) (out []Branch) {
		b := Branch{Value: p.ID.String(), Name: p.Name, Type: p.Type}
		b.On = slices.Contains(ticked, b.Value)
		for _, c := range f.Tree.Children(p.ID) {
			for _, x := range grow(c) {
				b.Below = append(b.Below, x)
				b.Ticked += x.Ticked
			}
		}
		if b.On {
			b.Ticked++
		}
		if !b.On && (p.Type == "commune" || p.Closed != "") {
			return b.Below
		}
		return []Branch{b}
	}
	var out []Branch
	for _, c := range f.Tree.Countries() {
		out = append(out, grow(c)...)
	}
	return out
}

// offered are all places of some branches.
func offered(in []Branch) (out []string) {
	for _, b := range in {
		out = append(append(out, b.Value), offered(b.Below)...)
	}
	return out
}

func agreementForm(f *filling) error {
	if err := f.subject("agreement"); err != nil {
		return err
	}
	f.v.Title, f.v.CancelURL = f.P.T("agree.new"), "/agreements"
	x := f.at
	if x == nil {
		x = &agreement.Agreement{}
		f.v.Crumbs = []shell.Crumb{{Name: f.P.T("agree.agreements"), URL: "/agreements"}}
		x.Parent, _ = id.Parse(f.R.URL.Query().Get("parent"))
	} else {
		f.v.Title, f.v.CancelURL, f.v.Warnings = f.P.T("agree.change"), link(x.ID), warnings(f.Ask, x)
		f.v.WithdrawURL = link(x.ID, "withdraw")
	}
	f.stand("name", x.Name)
	f.stand("about", x.About)
	f.stand("signed_at", x.SignedAt)
	for name, s := range map[string]string{"code": x.Code, "kind": x.Kind, "parent": text(x.Parent), "signed": x.Signed, "from": x.From, "to": x.To, "renewal": x.Renewal, "public": yes(x.Public)} {
		f.old[name] = s
	}
	if x.Notice > 0 {
		f.old["notice"] = strconv.Itoa(x.Notice)
	}
	f.standSource(x.Source)
	for _, p := range x.Programmes {
		f.old["programme_"+p.String()] = "yes"
	}
	for _, s := range x.Strategies {
		f.old["strategy_"+s] = "yes"
	}
	above, err := f.above()
	if err != nil {
		return err
	}
	f.section(f.P.T("agree.the_agreement"), f.P.T("agree.the_agreement_text"))
	f.texts("text", "name", true, i18n.FR, i18n.AR, i18n.ZGH, i18n.EN)
	f.add("text", "code", hint(f.P.T("agree.code_hint", "example", "CC-2025-04")))
	f.add("select", "kind", from(f.codes("kind", agreement.Kinds...)))
	f.add("select", "parent", from(above), optional, hint(f.P.T("agree.amends_hint")))
	f.texts("textarea", "about", false, i18n.FR, i18n.AR)
	f.section(f.P.T("agree.signature"), f.P.T("agree.signature_text"))
	f.add("text", "signed", hint(f.dateHint()), optional)
	f.add("text", "signed_at_fr", optional, named(f.label("signed_at")+" · "+i18n.FR.Self()), func(x *shell.Field) { x.Lang = "fr" })
	f.add("text", "signed_at_ar", optional, named(f.label("signed_at")+" · "+i18n.AR.Self()), func(x *shell.Field) { x.Lang = "ar" })
	f.section(f.P.T("agree.validity"), f.P.T("agree.validity_text"))
	f.add("date", "from", optional, named(f.P.T("groups.first_day")))
	f.add("date", "to", optional, named(f.P.T("groups.last_day")))
	f.add("select", "renewal", from(f.codes("renewal", agreement.Tacit, agreement.Express)), optional)
	f.add("text", "notice", optional, numeric, hint(f.P.T("agree.notice_hint")))
	f.section(f.P.T("agree.covers"), f.P.T("agree.covers_text"))
	for _, p := range f.programmesOf() {
		f.add("checkbox", "programme_"+p.Value, named(p.Label.(string)))
	}
	covered := &f.v.Sections[len(f.v.Sections)-1]
	covered.Covers = f.covers(f.ticked(x.Places))
	if f.posted && slices.ContainsFunc(f.R.PostForm["place"], func(s string) bool { return !slices.Contains(offered(covered.Covers), s) }) {
		f.wrong("place", "agree.fault.not_offered")
	}
	covered.CoversError = f.v.Errors["place"]
	f.section(f.P.T("agree.strategies"), f.P.T("agree.strategies_text"))
	for _, s := range f.country.Strategies {
		f.add("checkbox", "strategy_"+s.Code, named(said(f.Ask, s.Name)))
	}
	f.askSource()
	f.add("checkbox", "public", hint(f.P.T("agree.public_hint")), row)
	return nil
}

// above are the agreements that one may hang from.
func (f *filling) above() ([]shell.Option, error) {
	all, err := f.H.Agreements.Names(f.R.Context(), f.H.DB, f.Scope)
	var out []shell.Option
	for _, x := range all {
		if x.ID != f.id && x.Kind != agreement.Amendment {
			out = append(out, shell.Option{Value: x.ID.String(), Label: x.Code + " · " + said(f.Ask, x.Name)})
		}
	}
	return sorted(out), err
}

func agreementTaken(f *filling) (string, error) {
	if err := f.subject("agreement"); err != nil {
		return "", err
	}
	above, err := f.above()
	if err != nil {
		return "", err
	}
	was := agreement.AgreementStated{}
	if f.at != nil {
		was = f.at.AgreementStated
	}
	x := agreement.AgreementStated{
		Code: f.get("code"), Kind: f.get("kind"), Parent: f.one("parent", above), Name: f.text("name", was.Name), About: f.text("about", was.About), Signed: f.date("signed"), SignedAt: f.text("signed_at", was.SignedAt),
		From: f.date("from"), To: f.date("to"), Renewal: f.get("renewal"), Notice: int(f.number("notice", "agree.fault.notice")), Source: f.source(was.Source), Public: f.get("public") == "yes", Simulated: was.Simulated,
	}
	for _, p := range f.programmesOf() {
		if f.get("programme_"+p.Value) == "yes" {
			x.Programmes = append(x.Programmes, id.MustParse(p.Value))
		}
	}
	typed := f.ticked(nil)
	for _, s := range offered(f.covers(typed)) { // in the order of the tree, each once
		if slices.Contains(typed, s) {
			x.Places = append(x.Places, id.MustParse(s))
		}
	}
	for _, s := range f.country.Strategies {
		if f.get("strategy_"+s.Code) == "yes" {
			x.Strategies = append(x.Strategies, s.Code)
		}
	}
	if len(f.v.Errors) > 0 {
		return "", x.Check() // what is wrong besides
	}
	return link(f.id), f.H.Agreements.Set(f.R.Context(), f.Actor(), f.id, x)
}

func renewForm(f *filling) error {
	f.v.Title, f.v.CancelURL = f.P.T("agree.renew"), link(f.at.ID)
	f.v.Lead = f.P.T("agree.runs_until", "date", f.P.Date(f.at.Until))
	f.old["on"] = f.Today()
	f.add("date", "on", named(f.P.T("agree.renewed_on")))
	f.add("date", "to", named(f.P.T("agree.new_end")))
	f.add("textarea", "note", optional, row)
	return nil
}

func renewTaken(f *filling) (string, error) {
	return link(f.at.ID), f.H.Agreements.Renew(f.R.Context(), f.Actor(), f.at.ID, agreement.AgreementRenewed{On: f.date("on"), To: f.date("to"), Note: f.get("note")})
}

// theParty is the party in the address; anew says that it is to be chosen.
func (f *filling) theParty() (p agreement.PartyStated, anew bool, err error) {
	if f.R.PathValue("party") == "new" {
		return agreement.PartyStated{Agreement: f.at.ID}, true, nil
	}
	if err = f.subject("party"); err != nil {
		return p, false, err
	}
	p, err = f.H.Agreements.Party(f.R.Context(), f.H.DB, f.at.ID, f.id)
	return p, false, err
}

// offices are those that may sign: of one organisation, or of all with the organisation's name before.
func (f *filling) offices(organisation id.ID) ([]shell.Option, error) {
	l, err := f.H.Agreements.Offices(f.R.Context(), f.H.DB, organisation)
	var out []shell.Option
	for _, o := range l {
		label := said(f.Ask, o.Is.Title)
		if organisation.IsNil() {
			label = said(f.Ask, f.org(o.Is.Organisation)) + " · " + label
		}
		out = append(out, shell.Option{Value: o.ID.String(), Label: label})
	}
	return sorted(out), err
}

func partyForm(f *filling) error {
	p, anew, err := f.theParty()
	if err != nil {
		return err
	}
	f.v.CancelURL = link(f.at.ID)
	f.v.Title = f.P.T("agree.new_party")
	f.old["organisation"], f.old["role"], f.old["joined"], f.old["left"], f.old["reason"] = text(p.Organisation), p.Role, p.Joined, p.Left, p.Reason
	if !anew {
		f.v.Title, f.v.Remove = said(f.Ask, f.org(p.Organisation)), true
		term, _, err := f.H.Agreements.Term(f.R.Context(), f.H.DB, p.Term)
		if err != nil {
			return err
		}
		if term != nil {
			f.old["office"] = text(term.Is.Office)
		}
	} else {
		f.add("select", "organisation", from(f.organisations(nil)), hint(f.P.T("agree.organisation_hint")))
	}
	offices, err := f.offices(p.Organisation)
	if err != nil {
		return err
	}
	f.add("select", "role", from(f.codes("role", agreement.Roles...)))
	f.add("select", "office", from(offices), optional, row, hint(f.P.T("agree.office_hint")))
	f.add("date", "joined", optional, hint(f.P.T("agree.joined_hint")))
	f.add("date", "left", optional)
	f.add("textarea", "reason", optional, row)
	return nil
}

func partyTaken(f *filling) (string, error) {
	p, anew, err := f.theParty()
	if err != nil {
		return "", err
	}
	if anew {
		p.Organisation = f.one("organisation", f.organisations(nil))
	}
	offices, err := f.offices(id.Nil)
	if err != nil {
		return "", err
	}
	p.Role, p.Joined, p.Left, p.Reason, p.Withdrawn = f.get("role"), f.date("joined"), f.date("left"), f.get("reason"), f.removing()
	return link(f.at.ID), f.H.Agreements.SetParty(f.R.Context(), f.Actor(), p, f.one("office", offices), anew)
}

// theCommitment is the commitment in the address, or a new one.
func (f *filling) theCommitment() (c *agreement.Commitment, found bool, err error) {
	if err = f.subject("commitment"); err != nil {
		return nil, false, err
	}
	c, err = f.H.Agreements.Commitment(f.R.Context(), f.H.DB, f.Scope, f.id)
	if found, err = f.unless(err); !found {
		c = &agreement.Commitment{CommitmentStated: agreement.CommitmentStated{Agreement: f.at.ID}}
	}
	if err == nil && c.Agreement != f.at.ID {
		err = fs.ErrNotExist
	}
	return c, found, err
}

func commitmentForm(f *filling) error {
	c, found, err := f.theCommitment()
	if err != nil {
		return err
	}
	f.v.Title, f.v.CancelURL = f.P.T("agree.new_commitment"), door.With(link(f.at.ID), "tab", "commitments")
	if found {
		f.v.Title, f.v.Remove = f.P.T("agree.commitment"), true
		f.v.CancelURL = link(f.at.ID, "commitments", f.id.String())
		if outside(f.at, c.Due) {
			f.v.Warnings = []string{f.P.T("agree.warn.outside")}
		}
	}
	f.stand("what", c.What)
	f.stand("unit", c.Unit)
	f.old["debtor"], f.old["creditor"], f.old["kind"], f.old["due"] = text(c.Debtor), text(c.Creditor), c.Kind, c.Due
	if c.Quantity > 0 {
		f.old["quantity"] = strconv.FormatInt(c.Quantity, 10)
	}
	f.standSource(c.Source)
	parties, err := f.parties()
	if err != nil {
		return err
	}
	f.section(f.P.T("agree.commitment"), f.P.T("agree.commitment_text"))
	f.add("select", "debtor", from(parties))
	f.add("select", "creditor", from(parties), optional, hint(f.P.T("agree.creditor_hint")))
	f.texts("textarea", "what", true, i18n.FR, i18n.AR)
	f.add("select", "kind", from(f.codes("owed", agreement.CommitmentKinds...)), named(f.P.T("agree.owed")))
	f.add("date", "due", optional)
	f.add("text", "quantity", optional, numeric)
	f.add("text", "unit_fr", optional, named(f.label("unit")+" · "+i18n.FR.Self()), func(x *shell.Field) { x.Lang = "fr" })
	f.add("text", "unit_ar", optional, named(f.label("unit")+" · "+i18n.AR.Self()), func(x *shell.Field) { x.Lang = "ar" })
	f.askSource()
	return nil
}

func commitmentTaken(f *filling) (string, error) {
	c, _, err := f.theCommitment()
	if err != nil {
		return "", err
	}
	parties, err := f.parties()
	if err != nil {
		return "", err
	}
	x := agreement.CommitmentStated{Agreement: f.at.ID, Debtor: f.one("debtor", parties), Creditor: f.one("creditor", parties), Kind: f.get("kind"), What: f.text("what", c.What), Quantity: f.number("quantity", "agree.fault.quantity"),
		Unit: f.text("unit", c.Unit), Due: f.date("due"), Source: f.source(c.Source), Simulated: c.Simulated, Withdrawn: f.removing()}
	if len(f.v.Errors) > 0 {
		return "", x.Check()
	}
	if outside(f.at, x.Due) && !x.Withdrawn {
		f.Notify("wait", "agree.warn.outside")
	}
	return door.With(link(f.at.ID), "tab", "commitments"), f.H.Agreements.SetCommitment(f.R.Context(), f.Actor(), f.id, x)
}

func (f *filling) papers() ([]shell.Option, error) {
	l, err := f.H.Agreements.Papers(f.R.Context(), f.H.DB, f.at.ID)
	var out []shell.Option
	for _, p := range l {
		out = append(out, shell.Option{Value: p.ID.String(), Label: p.Is.Name})
	}
	return out, err
}

func judgeForm(f *filling) error {
	c, found, err := f.theCommitment()
	if err != nil || !found {
		return cmp.Or(err, fs.ErrNotExist)
	}
	papers, err := f.papers()
	if err != nil {
		return err
	}
	f.v.Title, f.v.Lead, f.v.CancelURL = f.P.T("agree.judge"), said(f.Ask, c.What), link(f.at.ID, "commitments", f.id.String())
	f.old["state"], f.old["on"] = c.State, f.Today()
	f.add("radios", "state", func(x *shell.Field) { x.Options = f.codes("state", agreement.States...) }, row, named(f.P.T("common.status")))
	f.add("date", "on", named(f.P.T("common.date")))
	f.add("textarea", "evidence", row, optional, hint(f.P.T("agree.evidence_hint")))
	f.add("select", "paper", from(papers), optional)
	f.add("text", "link", optional, hint(f.P.T("agree.link_hint", "example", "/board?period=all")), func(x *shell.Field) { x.Lang = "en" })
	return nil
}

func judgeTaken(f *filling) (string, error) {
	_, found, err := f.theCommitment()
	if err != nil || !found {
		return "", cmp.Or(err, fs.ErrNotExist)
	}
	papers, err := f.papers()
	if err != nil {
		return "", err
	}
	j := agreement.CommitmentJudged{State: f.get("state"), On: f.date("on"), Paper: f.one("paper", papers), Link: f.get("link")}
	if s := f.get("evidence"); s != "" {
		j.Evidence = i18n.Text{f.Lang: s}
	}
	return link(f.at.ID, "commitments", f.id.String()), f.H.Agreements.Judge(f.R.Context(), f.Actor(), f.id, j)
}

// theEntry is the entry in the address, or a new one of the sort that it asks for.
func (f *filling) theEntry() (e agreement.EntryStated, found bool, err error) {
	if err = f.subject("entry"); err != nil {
		return e, false, err
	}
	e, err = f.H.Agreements.Entry(f.R.Context(), f.H.DB, f.at.ID, f.id)
	if found, err = f.unless(err); !found {
		e = agreement.EntryStated{Agreement: f.at.ID, Sort: f.R.URL.Query().Get("sort"), Currency: f.country.Currency, On: f.Today()}
		if !slices.Contains(agreement.Sorts, e.Sort) {
			e.Sort = agreement.Budget
		}
	}
	return e, found, err
}

// ledger are the entries that one of a sort can be of.
func (f *filling) ledger(sort string) ([]shell.Option, error) {
	l, err := f.H.Agreements.Entries(f.R.Context(), f.H.DB, f.at.ID)
	var out []shell.Option
	for _, e := range l {
		if e.Is.Sort == sort {
			label := e.Is.What
			if sort == agreement.Promise {
				label = said(f.Ask, f.org(e.Is.Organisation)) + " · " + label
			}
			out = append(out, shell.Option{Value: e.ID.String(), Label: label + " · " + e.Is.Money().Words(f.P)})
		}
	}
	return out, err
}

var ledgers = map[string]string{agreement.Receipt: agreement.Promise, agreement.Expense: agreement.Budget}

func entryForm(f *filling) error {
	e, found, err := f.theEntry()
	if err != nil {
		return err
	}
	f.v.Title, f.v.CancelURL, f.v.Remove = f.P.T("agree.entry."+e.Sort), door.With(link(f.at.ID), "tab", "money"), found
	f.v.Lead = f.P.T("agree.entry_text." + e.Sort)
	for name, s := range map[string]string{"organisation": text(e.Organisation), "of": text(e.Of), "in_kind": yes(e.InKind), "what": e.What, "currency": e.Currency, "on": e.On, "until": e.Until, "programme": text(e.Programme), "place": text(e.Place), "reference": e.Reference} {
		f.old[name] = s
	}
	if e.Amount > 0 {
		f.old["amount"] = e.Money().Typed()
	}
	switch e.Sort {
	case agreement.Promise:
		parties, err := f.parties()
		if err != nil {
			return err
		}
		f.add("select", "organisation", from(parties), named(f.P.T("agree.who_gives")))
		f.add("checkbox", "in_kind", hint(f.P.T("agree.in_kind_hint")))
	case agreement.Receipt, agreement.Expense:
		lines, err := f.ledger(ledgers[e.Sort])
		if err != nil {
			return err
		}
		f.add("select", "of", from(lines), row, named(f.P.T("agree.of."+e.Sort)))
	}
	f.add("text", "what", row, func(x *shell.Field) { x.Optional = e.Sort != agreement.Budget })
	f.add("text", "amount", decimal, hint(f.P.T("agree.amount_hint")))
	var currencies []shell.Option
	for _, c := range agreement.Currencies {
		currencies = append(currencies, shell.Option{Value: c.Code, Label: c.Code})
	}
	f.add("select", "currency", func(x *shell.Field) { x.Options, x.Width = currencies, "w-s" })
	f.add("date", "on", named(f.P.T("agree.on."+e.Sort)))
	switch e.Sort {
	case agreement.Budget:
		f.add("date", "until", optional, named(f.P.T("groups.last_day")))
	case agreement.Promise:
		f.add("date", "until", optional, named(f.P.T("agree.promised_for")))
	case agreement.Expense:
		f.add("select", "programme", from(f.programmesOf()), optional, named(f.P.T("board.programme")))
		f.add("select", "place", from(f.places()), optional, named(f.P.T("place")))
	}
	if e.Sort == agreement.Receipt || e.Sort == agreement.Expense {
		f.add("text", "reference", func(x *shell.Field) { x.Optional = e.Sort == agreement.Receipt })
	}
	return nil
}

func entryTaken(f *filling) (string, error) {
	e, _, err := f.theEntry()
	if err != nil {
		return "", err
	}
	parties, err := f.parties()
	if err != nil {
		return "", err
	}
	lines, err := f.ledger(ledgers[e.Sort])
	if err != nil {
		return "", err
	}
	e.Organisation, e.Of, e.InKind, e.What, e.Currency, e.On, e.Until = f.one("organisation", parties), f.one("of", lines), f.get("in_kind") == "yes", f.get("what"), f.get("currency"), f.date("on"), f.date("until")
	e.Programme, e.Place, e.Reference, e.Withdrawn = f.one("programme", f.programmesOf()), f.one("place", f.places()), f.get("reference"), f.removing()
	if e.Amount, err = agreement.ParseAmount(f.get("amount"), e.Currency); err != nil {
		f.wrong("amount", "agree.fault.amount")
		e.Amount = 1 // what is wrong besides
		return "", e.Check()
	}
	to := door.With(link(f.at.ID), "tab", "money")
	if err := f.H.Agreements.SetEntry(f.R.Context(), f.Actor(), f.id, e); err != nil || e.Sort != agreement.Expense {
		return to, err
	}
	b, err := f.H.Agreements.Books(f.R.Context(), f.H.DB, f.at.ID, "")
	if err != nil {
		return "", err
	}
	for _, l := range b.Lines {
		if l.ID == e.Of && l.Over() {
			f.Notify("wait", "agree.warn.over_spent", "line", l.Is.What, "amount", agreement.Money{Currency: l.Is.Currency, Amount: l.Spent - l.Is.Amount}.Words(f.P))
		}
	}
	return to, nil
}

// theMandate is the mandate in the address, or a new one.
func (f *filling) theMandate() (m agreement.MandateGiven, found bool, err error) {
	if err = f.subject("mandate"); err != nil {
		return m, false, err
	}
	m, err = f.H.Agreements.Mandate(f.R.Context(), f.H.DB, f.at.ID, f.id)
	if found, err = f.unless(err); !found {
		m = agreement.MandateGiven{Agreement: f.at.ID, From: f.at.From, To: f.at.Until}
	}
	return m, found, err
}

func mandateForm(f *filling) error {
	m, found, err := f.theMandate()
	if err != nil {
		return err
	}
	f.v.Title, f.v.Lead, f.v.CancelURL, f.v.Remove = f.P.T("agree.mandate"), f.P.T("agree.mandate_text"), door.With(link(f.at.ID), "tab", "mandates"), found
	for name, s := range map[string]string{"operator": text(m.Operator), "place": text(m.Place), "programme": text(m.Programme), "from": m.From, "to": m.To} {
		f.old[name] = s
	}
	f.add("select", "operator", from(f.organisations(nil)))
	f.add("select", "place", from(f.places()), named(f.P.T("place")))
	f.add("select", "programme", from(f.programmesOf()), optional, named(f.P.T("board.programme")), hint(f.P.T("agree.mandate_programme_hint")), row)
	f.add("date", "from", named(f.P.T("groups.first_day")))
	f.add("date", "to", named(f.P.T("groups.last_day")))
	return nil
}

func mandateTaken(f *filling) (string, error) {
	m, _, err := f.theMandate()
	if err != nil {
		return "", err
	}
	m.Operator, m.Place, m.Programme, m.From, m.To, m.Withdrawn = f.one("operator", f.organisations(nil)), f.one("place", f.places()), f.one("programme", f.programmesOf()), f.date("from"), f.date("to"), f.removing()
	to := door.With(link(f.at.ID), "tab", "mandates")
	if err := f.H.Agreements.SetMandate(f.R.Context(), f.Actor(), f.id, m); err != nil || m.Withdrawn {
		return to, err
	}
	doubts, err := f.H.Agreements.Doubts(f.R.Context(), f.H.DB, []id.ID{f.id})
	if err != nil {
		return "", err
	}
	for _, d := range doubts[f.id] {
		switch d {
		case agreement.DoubtStranger:
			f.Notify("wait", "agree.doubt.stranger")
		case agreement.DoubtOutside:
			f.Notify("wait", "agree.doubt.outside")
		}
	}
	return to, nil
}

// theDecision is the decision in the address, or a new one.
func (f *filling) theDecision() (d agreement.DecisionTaken, found bool, err error) {
	if err = f.subject("decision"); err != nil {
		return d, false, err
	}
	d, err = f.H.Agreements.Decision(f.R.Context(), f.H.DB, f.at.ID, f.id)
	if found, err = f.unless(err); !found {
		d = agreement.DecisionTaken{Agreement: f.at.ID, On: f.Today()}
	}
	return d, found, err
}

func decisionForm(f *filling) error {
	d, found, err := f.theDecision()
	if err != nil {
		return err
	}
	f.v.Title, f.v.CancelURL, f.v.Remove = f.P.T("agree.decision"), door.With(link(f.at.ID), "tab", "decisions"), found
	for name, s := range map[string]string{"committee": d.Committee, "on": d.On, "what": d.What, "owner": text(d.Owner), "due": d.Due, "done": d.Done} {
		f.old[name] = s
	}
	f.add("text", "committee")
	f.add("date", "on", named(f.P.T("common.date")))
	f.add("textarea", "what", row, named(f.P.T("agree.decided")))
	f.add("select", "owner", from(f.organisations(nil)), optional)
	f.add("date", "due", optional)
	f.add("date", "done", optional)
	return nil
}

func decisionTaken(f *filling) (string, error) {
	d, _, err := f.theDecision()
	if err != nil {
		return "", err
	}
	d.Committee, d.On, d.What, d.Owner, d.Due, d.Done, d.Withdrawn = f.get("committee"), f.date("on"), f.get("what"), f.one("owner", f.organisations(nil)), f.date("due"), f.date("done"), f.removing()
	return door.With(link(f.at.ID), "tab", "decisions"), f.H.Agreements.SetDecision(f.R.Context(), f.Actor(), f.id, d)
}
