package centre

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func peopleRoutes(d *door.Door) {
	d.Handle("GET /people", access.ReadPeople, people)
	d.Handle("GET /people/new", access.WritePeople, personNew)
	d.Handle("POST /people/new", access.WritePeople, personNewGiven)
	d.Handle("GET /people/{person}", access.ReadPeople, personShow)
	d.Handle("GET /people/{person}/edit", access.WritePeople, personEdit)
	d.Handle("POST /people/{person}/edit", access.WritePeople, personEditGiven)
	d.Handle("GET /people/like", access.WritePeople, peopleLike)
	sameRoutes(d)
	d.Handle("GET /find", access.ReadPeople, find)
}

// narrowed is the scope of a list: that of the account, within the centre that the filter names.
func narrowed(a *door.Ask) (access.Scope, string) {
	at := a.R.FormValue("centre")
	c, err := id.Parse(at)
	if err != nil || !a.Scope.Touches(c) {
		return a.Scope, ""
	}
	return a.Scope.Within([]id.ID{c}), at
}

func people(a *door.Ask) error {
	ctx, q := a.R.Context(), a.R.URL.Query()
	scope, centre := narrowed(a)
	v := People{Query: strings.TrimSpace(q.Get("q")), Sex: q.Get("sex"), Centre: centre, Centres: a.Centres(a.Scope)}
	// A whole country is counted while its first page is read.
	var total int64
	var counting errgroup.Group
	counted := v.Query == "" && v.Sex == ""
	if counted {
		counting.Go(func() (err error) {
			total, err = a.H.People.Count(ctx, a.H.DB, scope)
			return err
		})
	}
	page, err := a.H.People.List(ctx, a.H.DB, scope, person.Filter{Search: v.Query, Sex: v.Sex, Page: q.Get("page")})
	if err = errors.Join(err, counting.Wait()); err != nil {
		return err
	}
	a.Shows(searched(v.Query), look.People, page.People...)
	v.Filtered = v.Query != "" || v.Sex != "" || centre != ""
	v.Rows, err = personRows(a, page.People)
	if err != nil {
		return err
	}
	to := func(p string) string {
		if p == "" {
			return ""
		}
		return door.With("/people", "q", v.Query, "sex", v.Sex, "centre", centre, "page", p)
	}
	v.Pager = shell.Pager{Prev: to(page.Prev), Next: to(page.Next), Shown: len(v.Rows), Total: -1}
	if counted {
		v.Pager.Total = int(total)
	}
	v.ReferralsURL = "/referrals"
	if a.May(access.DecideAppeals) {
		v.AppealsURL = "/appeals"
	}
	if a.May(access.WritePeople) {
		v.MessagesURL = "/messages"
		v.NewURL = door.With("/people/new", "centre", centre)
	}
	if a.May(access.ImportPeople) {
		v.ImportURL = door.With("/import", "centre", centre)
	}
	if a.May(access.MergePeople) {
		v.SameURL = door.With("/people/same", "centre", centre)
	}
	return a.Render("people/list", v)
}

// searched is what a list is: one that was asked for by a search, or not.
func searched(query string) look.Action {
	if query != "" {
		return look.Search
	}
	return look.Listed
}

// personRows are people as lines of a list, with their groups.
func personRows(a *door.Ask, list []*person.Person) ([]PersonRow, error) {
	ids := make([]id.ID, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	enrolments, err := a.H.Training.OfPeople(a.R.Context(), a.H.DB, ids)
	if err != nil {
		return nil, err
	}
	names, err := cohortNames(a, enrolments)
	if err != nil {
		return nil, err
	}
	lacks, err := a.H.Consents.Lacking(a.R.Context(), a.H.DB, ids, consent.Training)
	if err != nil {
		return nil, err
	}
	several := len(a.Centres(a.Scope)) > 1
	rows := make([]PersonRow, len(list))
	for i, p := range list {
		r := personRow(a, p)
		r.NoConsent = lacks[p.ID] && a.May(access.ReadConsent)
		if several {
			r.Centre = a.PlaceName(p.Centre)
		}
		for _, e := range enrolments[p.ID] {
			r.State = e.State
			if !e.Cohort.IsNil() {
				r.Group, r.GroupURL = names[e.Cohort], "/groups/"+e.Cohort.String()
			}
		}
		rows[i] = r
	}
	return rows, nil
}

func personRow(a *door.Ask, p *person.Person) PersonRow {
	name, other := a.Names(p.Details)
	to := ""
	if a.May(access.ReadPeople) {
		to = "/people/" + p.ID.String()
	}
	return PersonRow{
		ID: p.ID.String(), URL: to, Name: name, Other: other, Sex: p.Details["sex"], Milieu: p.Details["milieu"],
		Age: a.Age(p.Details["birth"]), Massar: p.Details["massar"], Near: p.Near,
	}
}

func cohortNames(a *door.Ask, by map[id.ID][]training.Enrolment) (map[id.ID]string, error) {
	var cohorts []id.ID
	for _, l := range by {
		for _, e := range l {
			if !e.Cohort.IsNil() {
				cohorts = append(cohorts, e.Cohort)
			}
		}
	}
	return a.H.Training.Names(a.R.Context(), a.H.DB, cohorts)
}

func personShow(a *door.Ask) error {
	ctx := a.R.Context()
	v, err := a.ID("person")
	if err != nil {
		return err
	}
	p, err := a.H.People.Get(ctx, a.H.DB, a.Scope, v)
	if err != nil {
		return err
	}
	if p == nil {
		return person.ErrUnknown
	}
	v = p.ID // of the record in the scope
	if err := a.H.Looks.Note(ctx, a.Actor(), look.Read, v); err != nil {
		return err
	}
	d := p.Details
	view := Person{
		Sex: d["sex"], Milieu: d["milieu"], Schooling: d["schooling"], Category: d["category"], Diploma: d["diploma"], Birth: d["birth"], Age: a.Age(d["birth"]), Massar: d["massar"], CIN: d["cin"],
		Phone: d["phone"], Address: strings.Trim(d["address"]+", "+d["commune"], ", "), School: d["school"], Level: d["level"], Centre: a.PlaceName(p.Centre), Conflict: p.Conflict,
	}
	view.Name, view.Other = a.Names(d)
	if err := personFamily(a, p, &view); err != nil {
		return err
	}
	enrolments, err := a.H.Training.OfPerson(ctx, a.H.DB, a.Scope, v)
	if err != nil {
		return err
	}
	names, err := cohortNames(a, map[id.ID][]training.Enrolment{v: enrolments})
	if err != nil {
		return err
	}
	came, err := a.H.Training.AttendanceOf(ctx, a.H.DB, a.Scope, v, 200)
	if err != nil {
		return err
	}
	for _, c := range came {
		view.Held++
		if training.Here(c.Mark) {
			view.Present++
		}
		if len(view.Attendance) < 12 {
			view.Attendance = append(view.Attendance, AttendanceLine{On: c.Date, Group: c.Name, Mark: markWords[c.Mark], URL: "/sessions/" + c.Session.String()})
		}
	}
	for _, e := range enrolments {
		prog, err := a.H.Programmes.Get(ctx, a.H.DB, e.Programme)
		if err != nil {
			return err
		}
		line := Enrolment{State: e.State, On: e.On}
		if prog != nil {
			line.Programme = prog.Name
		}
		if !e.Cohort.IsNil() {
			line.Group, line.GroupURL = names[e.Cohort], "/groups/"+e.Cohort.String()
			for _, c := range came {
				if c.Cohort == e.Cohort {
					line.Held++
					if training.Here(c.Mark) {
						line.Present++
					}
				}
			}
		}
		view.Enrolments = append(view.Enrolments, line)
	}
	past, err := a.H.Training.MovedFrom(ctx, a.H.DB, v)
	if err != nil {
		return err
	}
	for _, m := range past { // the latest first
		i := slices.IndexFunc(enrolments, func(e training.Enrolment) bool { return e.Cohort == m.Now })
		if i < 0 || view.Enrolments[i].From != "" {
			continue
		}
		was, err := a.H.Training.Names(ctx, a.H.DB, []id.ID{m.Cohort})
		if err != nil {
			return err
		}
		view.Enrolments[i].From, view.Enrolments[i].FromOn = was[m.Cohort], m.On
	}
	sent, err := a.H.Training.ReferralsOf(ctx, a.H.DB, v)
	if err != nil {
		return err
	}
	if view.Referrals, err = referralRows(a, sent); err != nil {
		return err
	}
	self := "/people/" + v.String()
	view.Refusals, err = RefusalsOf(a, p, func(ph id.ID) string {
		if !a.May(access.WriteGroups) {
			return ""
		}
		return self + "/appeal/" + ph.String()
	}, func(ph id.ID) string { return self + "/refusal/" + ph.String() })
	if err != nil {
		return err
	}
	if a.May(access.WritePeople) {
		view.ReferURL, view.MoveURL = "/people/"+v.String()+"/refer", "/people/"+v.String()+"/move"
		if p.Conflict {
			view.ConflictURL = "/conflicts/people/" + v.String()
		}
		view.EditURL = "/people/" + v.String() + "/edit"
	}
	if groups, err := a.ScopeOf(access.WriteGroups); err != nil {
		return err
	} else if groups.Has(p.Centre) {
		view.EnrolURL = door.With("/groups", "person", v.String())
	}
	if erase, err := a.ScopeOf(access.ErasePeople); err != nil {
		return err
	} else if erase.Has(p.Centre) {
		view.EraseURL = "/people/" + v.String() + "/erase"
	}
	if export, err := a.ScopeOf(access.ExportPeople); err != nil {
		return err
	} else if export.Has(p.Centre) {
		view.ExportURL = "/people/" + v.String() + "/export"
	}
	if audit, err := a.ScopeOf(access.ReadAudit); err != nil {
		return err
	} else if audit.Has(p.Centre) {
		view.AuditURL = door.With("/audit", "person", v.String())
	}
	if err := oneOf(a, p, &view); err != nil {
		return err
	}
	return a.Render("people/person", view)
}

// personFamily adds the consents, the photo and the family to a person's page, for who may read them.
func personFamily(a *door.Ask, p *person.Person, view *Person) error {
	ctx, self := a.R.Context(), "/people/"+p.ID.String()
	links, err := a.H.Family.GuardiansOf(ctx, a.H.DB, p.ID)
	if err != nil {
		return err
	}
	for _, l := range links {
		g := Guardian{Name: l.Name, Phone: l.Phone, Fetch: l.Fetch}
		if l.Relation != "" {
			g.Relation = a.P.T("relation." + l.Relation)
		}
		view.Guardians = append(view.Guardians, g)
	}
	if d := p.Details; len(links) == 0 && (d["guardian_name"] != "" || d["guardian_phone"] != "") {
		view.Guardians = []Guardian{{Name: d["guardian_name"], Phone: d["guardian_phone"]}}
	}
	fetchers, err := fetcherRows(a, p.ID, nil)
	if err != nil {
		return err
	}
	for _, f := range fetchers {
		g := Guardian{Name: f.Name, Phone: f.Phone, Fetch: true}
		if f.Relation != "" {
			g.Relation = a.P.T("relation." + f.Relation)
		}
		view.Guardians = append(view.Guardians, g)
	}
	if a.May(access.ReadConsent) {
		list, err := a.H.Consents.Of(ctx, a.H.DB, p.ID)
		if err != nil {
			return err
		}
		for _, c := range list {
			view.Consents = append(view.Consents, Consent{Purpose: string(c.Purpose), State: c.State, By: c.Who.Name, On: c.On, Conflict: c.Conflict})
			if c.Purpose == consent.Image && c.Holds && a.May(access.WritePeople) {
				view.PhotoAction = self + "/photo"
			}
		}
		view.ConsentURL = self + "/consent"
	}
	has, err := a.H.Consents.HasPhoto(ctx, a.H.DB, p.ID)
	if has {
		view.Photo = self + "/photo"
	}
	view.MessagesURL = self + "/messages"
	if a.May(access.WritePeople) {
		view.GuardiansURL = self + "/guardians"
	}
	return err
}

// markWords are the marks of a sheet as the catalogue names them.
var markWords = map[string]string{training.Present: "present", training.Late: "late", training.Excused: "excused", training.Absent: "absent"}

// formFields joins the names of a form's fields to those of a person.
var formFields = map[string]person.Field{
	"given": "first_latin", "family": "last_latin", "given_ar": "first_ar", "family_ar": "last_ar", "birth": "birth", "sex": "sex",
	"milieu": "milieu", "schooling": "schooling", "category": "category", "diploma": "diploma", "massar": "massar", "cin": "cin", "phone": "phone", "address": "address",
	"guardian": "guardian_name", "guardian_phone": "guardian_phone", "no_texts": "texts", "school": "school", "level": "level",
}

// typed reads the form's details.
func typed(a *door.Ask) person.Details {
	d := person.Details{}
	for field, f := range formFields {
		d[f] = strings.TrimSpace(a.R.FormValue(field))
	}
	return d
}

// noTexts is what the box of a form says: "yes", or nothing.
func noTexts(d person.Details) string {
	if d["texts"] != "" {
		return "yes"
	}
	return ""
}

func personForm(a *door.Ask, d person.Details) PersonForm {
	return PersonForm{
		Given: d["first_latin"], Family: d["last_latin"], GivenAR: d["first_ar"], FamilyAR: d["last_ar"], Birth: d["birth"], Sex: d["sex"],
		Milieu: d["milieu"], Schooling: d["schooling"], Category: d["category"], Diploma: d["diploma"], Massar: d["massar"], CIN: d["cin"], Phone: d["phone"], Address: d["address"],
		Guardian: d["guardian_name"], GuardianPhone: d["guardian_phone"], School: d["school"], Level: d["level"], NoTexts: noTexts(d), Errors: map[string]string{},
	}
}

// problemsOf puts faults of details beside their fields.
func problemsOf(a *door.Ask, form *PersonForm, d person.Details) person.Details {
	clean, faults := d.Normalise(a.Today())
	for field, f := range formFields {
		if ft, bad := faults[f]; bad {
			form.Errors[field] = a.Fault(ft, d[f])
		}
	}
	return clean
}

// refused puts what the area refused beside its field.
func refused(a *door.Ask, form *PersonForm, err error) bool {
	var taken *person.TakenError
	switch {
	case errors.As(err, &taken):
		form.Errors[taken.Field] = a.P.T("people.taken_"+taken.Field, "value", taken.Value)
		if p, e := a.H.People.Get(a.R.Context(), a.H.DB, a.Scope, taken.Person); e == nil && p != nil {
			form.Doubles = append(form.Doubles, personRow(a, p))
		}
	case errors.Is(err, person.ErrNoName):
		form.Errors["given"] = a.P.T("import.reason.name_missing", "value", "", "column", "", "row", "")
	default:
		return false
	}
	return true
}

func personNew(a *door.Ask) error {
	v := personForm(a, person.Details{})
	v.New, v.Action, v.CancelURL, v.Centres, v.LikeURL = true, "/people/new", "/people", a.Centres(a.Scope), "/people/like"
	v.AskConsent = a.May(access.WriteConsent)
	_, v.Centre = narrowed(a)
	v.Group = a.R.FormValue("group")
	if err := offerGroups(a, &v); err != nil {
		return err
	}
	if shell.Offers(v.Groups, v.Group) {
		v.CancelURL = "/groups/" + v.Group + "/add"
	}
	return a.Render("people/form", v)
}

// offerGroups offers the groups of the centre that is chosen, where it is known.
func offerGroups(a *door.Ask, v *PersonForm) error {
	centre := a.CentreOf(a.Scope, v.Centre)
	if centre.IsNil() || !a.May(access.WriteGroups) {
		return nil
	}
	var err error
	v.Groups, err = groupsAt(a, centre, id.Nil)
	return err
}

func personNewGiven(a *door.Ask) error {
	d := typed(a)
	v := personForm(a, d)
	v.New, v.Action, v.CancelURL, v.Centres, v.Centre = true, "/people/new", "/people", a.Centres(a.Scope), a.R.FormValue("centre")
	v.AskConsent, v.Consent, v.Group = a.May(access.WriteConsent), a.R.FormValue("consent"), a.R.FormValue("group")
	if err := offerGroups(a, &v); err != nil {
		return err
	}
	if v.Group != "" && !shell.Offers(v.Groups, v.Group) {
		v.Errors["group"] = a.P.T("people.group_elsewhere")
	}
	centre := a.CentreOf(a.Scope, v.Centre)
	if centre.IsNil() {
		v.Errors["centre"] = a.P.T("people.centre_missing")
	}
	v.LikeURL = "/people/like"
	clean := problemsOf(a, &v, d)
	for f, s := range clean {
		if s == "" {
			delete(clean, f)
		}
	}
	if a.R.FormValue("not_double") == "" {
		var err error
		if v.Doubles, err = like(a, clean, centre); err != nil {
			return err
		}
		if v.AskDouble = len(v.Doubles) > 0; v.AskDouble {
			v.Errors["not_double"] = a.P.T("people.say_double")
		}
	}
	if len(v.Errors) > 0 {
		return a.Again("people/form", v)
	}
	var also func(id.ID) []fact.New
	if v.AskConsent && v.Consent == "yes" {
		t, err := a.H.Consents.Current(a.R.Context(), a.H.DB, consent.Training)
		if err != nil {
			return err
		}
		also = func(who id.ID) []fact.New {
			return []fact.New{consent.Held(a.Actor(), centre, who, clean["birth"], consent.Training, t.ID, "paper", a.Today())}
		}
	}
	p, err := a.H.People.Register(a.R.Context(), a.Actor(), centre, clean, also)
	if err != nil {
		if refused(a, &v, err) {
			return a.Again("people/form", v)
		}
		return err
	}
	sought(a, p)
	a.Notify("good", "people.saved")
	if v.Group == "" {
		return a.Go("/people/" + p.String())
	}
	group, err := id.Parse(v.Group)
	if err != nil {
		return err
	}
	done, err := a.H.Training.Seat(a.R.Context(), a.Actor(), a.Scope, group, []id.ID{p}, "", a.Today())
	if errors.Is(err, training.ErrFull) || errors.Is(err, training.ErrDraw) || errors.Is(err, training.ErrClosed) { // the page of the group asks what then
		return a.Go(door.With("/groups/"+v.Group+"/add", "person", p.String()))
	}
	if err != nil {
		return err
	}
	seated(a, done)
	return a.Go("/groups/" + v.Group)
}

func personEdit(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	if err := a.H.Looks.Note(a.R.Context(), a.Actor(), look.Read, p.ID); err != nil {
		return err
	}
	v := personForm(a, p.Details)
	if v.Given == "" && v.Family == "" {
		v.Family = p.Details["name_latin"]
	}
	if v.GivenAR == "" && v.FamilyAR == "" {
		v.FamilyAR = p.Details["name_ar"]
	}
	v.Action, v.CancelURL = a.R.URL.Path, "/people/"+p.ID.String()
	return a.Render("people/form", v)
}

func askedPerson(a *door.Ask) (*person.Person, error) {
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

func personEditGiven(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	d := typed(a)
	v := personForm(a, d)
	v.Action, v.CancelURL = a.R.URL.Path, "/people/"+p.ID.String()
	clean := problemsOf(a, &v, d)
	if len(v.Errors) > 0 {
		return a.Again("people/form", v)
	}
	// A whole name that the list gave in one column is now given in two.
	for _, script := range []string{"latin", "ar"} {
		if p.Details["name_"+script] != "" && clean["first_"+script]+clean["last_"+script] != "" {
			clean["name_"+script] = ""
		}
	}
	if err := a.H.People.Edit(a.R.Context(), a.Actor(), a.Scope, p.ID, clean); err != nil {
		if refused(a, &v, err) {
			return a.Again("people/form", v)
		}
		return err
	}
	sought(a, p.ID)
	a.Notify("good", "people.saved")
	return a.Go("/people/" + p.ID.String())
}

// found is one line of the command palette.
type found struct {
	Label string `json:"label"`
	Note  string `json:"note"`
	URL   string `json:"url"`
	Icon  string `json:"icon"`
}

// find answers the command palette: people and groups.
func find(a *door.Ask) error {
	ctx, q := a.R.Context(), strings.TrimSpace(a.R.FormValue("q"))
	out := []found{}
	if q != "" {
		page, err := a.H.People.List(ctx, a.H.DB, a.Scope, person.Filter{Search: q, Size: 6})
		if err != nil {
			return err
		}
		a.Shows(look.Search, look.People, page.People...)
		for _, p := range page.People {
			name, other := a.Names(p.Details)
			out = append(out, found{name, other, "/people/" + p.ID.String(), "people"})
		}
		groups, _, err := a.H.Training.Cohorts(ctx, a.H.DB, a.Scope, training.CohortFilter{Search: q, Size: 6}, a.Today())
		if err != nil {
			return err
		}
		for _, g := range groups {
			name, _ := a.PlaceName(g.Centre).In(a.Lang)
			out = append(out, found{g.Name, name, "/groups/" + g.ID.String(), "group"})
		}
	}
	return a.JSON(out)
}
