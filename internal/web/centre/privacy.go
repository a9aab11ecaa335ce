package centre

import (
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/progress"
	"tizi/internal/retention"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func privacyRoutes(d *door.Door) {
	d.Handle("GET /people/{person}/erase", access.ErasePeople, func(a *door.Ask) error { return askTwo(a, erasing) })
	d.Handle("POST /people/{person}/erase", access.ErasePeople, func(a *door.Ask) error { return askedTwo(a, erasing) })
	d.Handle("GET /people/{person}/export", access.ExportPeople, func(a *door.Ask) error { return askTwo(a, exporting) })
	d.Handle("POST /people/{person}/export", access.ExportPeople, func(a *door.Ask) error { return askedTwo(a, exporting) })
	d.Handle("GET /people/{person}/dossier", access.ExportPeople, dossier)
	d.Handle("GET /people/{person}/dossier.json", access.ExportPeople, dossierJSON)
	d.Handle("GET /retention", access.ErasePeople, retained)
	d.Handle("POST /retention/{person}/keep", access.ErasePeople, keepLonger)
	d.Handle("POST /retention/rules", access.WriteProgrammes, ruleRetention)
}

// byTwo is an action about one person that a second person confirms.
type byTwo struct {
	action  access.Action
	screen  string
	path    string
	reasons []string
	word    string // before the reasons' words in the catalogue
	asked   string // the notice
}

var (
	erasing = byTwo{access.ErasePeople, "people/erase", "/erase", without(person.EraseReasons, "retention"), "erase.reason.", "erase.asked"}
	// ExportReasons are words of a list too: a sentence might name somebody, and would stay.
	exporting = byTwo{access.ExportPeople, "people/export", "/export", house.ExportReasons, "export.reason.", "export.asked"}
)

func without(l []string, x string) []string {
	return slices.DeleteFunc(slices.Clone(l), func(s string) bool { return s == x })
}

func twoView(a *door.Ask, b byTwo, p *person.Person) ByTwo {
	v := ByTwo{Action: "/people/" + p.ID.String() + b.path, CancelURL: "/people/" + p.ID.String(), Errors: map[string]string{}}
	v.Name, v.Other = a.Names(p.Details)
	for _, r := range b.reasons {
		v.Reasons = append(v.Reasons, shell.Option{Value: r, Label: a.P.T(b.word + r)})
	}
	return v
}

func askTwo(a *door.Ask, b byTwo) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	v := twoView(a, b, p)
	if b.action == access.ExportPeople {
		if ok, err := entitled(a, p); err != nil {
			return err
		} else if ok {
			v.ReadyURL = "/people/" + p.ID.String() + "/dossier"
		}
	}
	return a.Render(b.screen, v)
}

func askedTwo(a *door.Ask, b byTwo) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	v := twoView(a, b, p)
	if v.Reason = a.R.PostFormValue("reason"); !slices.Contains(b.reasons, v.Reason) {
		v.Errors["reason"] = a.P.T("error.reason_missing")
		return a.Again(b.screen, v)
	}
	if _, err := a.H.Access.Propose(a.R.Context(), a.Actor(), a.Scope, access.Proposed{Action: b.action, Centre: p.Centre, Subjects: []id.ID{p.ID}, Reason: v.Reason}); err != nil {
		return err
	}
	a.Notify("wait", b.asked)
	return a.Go("/people/" + p.ID.String())
}

func entitled(a *door.Ask, p *person.Person) (bool, error) {
	return a.H.Access.Entitled(a.R.Context(), a.H.DB, access.ExportPeople, a.Actor(), p.ID, house.DossierLife)
}

// readDossier gathers the dossier that was confirmed, or sends the browser to ask for it.
func readDossier(a *door.Ask) (*house.Dossier, error) {
	p, err := askedPerson(a)
	if err != nil {
		return nil, err
	}
	ok, err := entitled(a, p)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, a.Go("/people/" + p.ID.String() + "/export")
	}
	if err := a.H.Looks.Note(a.R.Context(), a.Actor(), look.Export, p.ID); err != nil {
		return nil, err
	}
	return a.H.Dossier(a.R.Context(), a.Scope, p.ID)
}

func dossier(a *door.Ask) error {
	d, err := readDossier(a)
	if err != nil || d == nil {
		return err
	}
	v := Dossier{On: d.Made, JSONURL: a.R.URL.Path + ".json"}
	v.Name, v.Other = a.Names(d.Details)
	for _, f := range person.Fields {
		if x := d.Details[f]; x != "" {
			v.Details = append(v.Details, DossierField{Name: a.P.T("dossier.field." + f), Value: inWords(a, f, x)})
		}
	}
	if c := a.Tree.Code(d.Centre); c != nil {
		v.Centre = c.Name
	}
	for _, e := range d.Enrolments {
		v.Enrolments = append(v.Enrolments, DossierLine{On: e.On, What: e.What, Where: e.Where, State: a.P.T("enrolment." + e.State)})
	}
	for _, e := range d.Attendance {
		v.Attendance = append(v.Attendance, DossierLine{On: e.On, Where: e.Where, State: a.P.T("attendance." + markWords[e.What])})
	}
	for _, e := range d.Consents {
		v.Consents = append(v.Consents, DossierLine{On: e.On, State: a.P.T("consent."+e.What) + " · " + a.P.T("people.consent."+e.State), By: e.By})
	}
	for _, e := range d.Cards {
		v.Cards = append(v.Cards, DossierLine{On: e.On, State: a.P.T("cards.state." + e.State), By: e.By})
	}
	for _, e := range d.Referrals {
		v.Referrals = append(v.Referrals, DossierLine{On: e.On, What: e.What, State: a.P.T("referral.why." + e.State), Where: e.Where})
	}
	for _, e := range d.Appeals {
		v.Appeals = append(v.Appeals, DossierLine{On: e.On, What: e.What, State: a.P.T("appeal.state." + e.State), By: e.By})
	}
	for _, e := range d.Guardians {
		line := DossierLine{By: e.By, Where: e.Where}
		if e.What != "" {
			line.State = a.P.T("relation." + e.What)
		}
		v.Guardians = append(v.Guardians, line)
	}
	for _, e := range d.Messages {
		v.Messages = append(v.Messages, DossierLine{On: e.On, State: e.What, By: e.By})
	}
	for _, e := range d.Learning {
		verb, how, _ := strings.Cut(e.State, " ")
		line := DossierLine{On: e.On, Text: e.What, Where: e.Where, State: verb}
		if slices.Contains(dossierVerbs, verb) {
			line.State = a.P.T("dossier.verb." + verb)
		}
		for _, w := range strings.Fields(how) {
			if f, err := strconv.ParseFloat(w, 64); err == nil {
				w = a.P.Percent(int64(f*1000+.5), 1000)
			} else {
				w = a.P.T("my.state." + w)
			}
			line.State += " · " + w
		}
		v.Learning = append(v.Learning, line)
	}
	for _, e := range d.Marks {
		v.Marks = append(v.Marks, DossierLine{On: e.On, Text: e.What, Where: e.Where, State: e.State, By: e.By})
	}
	for _, e := range d.Teams {
		v.Teams = append(v.Teams, DossierLine{On: e.On, Where: e.Where, State: a.P.T("dossier.team", "n", e.State)})
	}
	for _, e := range d.Wall {
		v.Wall = append(v.Wall, DossierLine{On: e.On, Where: e.Where, State: a.P.T("dossier.wall." + e.State)})
	}
	for _, e := range d.Entry {
		line := DossierLine{On: e.On, Where: e.Where, By: e.By, State: a.P.T("dossier.entry." + e.State)}
		if line.Text = e.What; e.State == "refused" {
			line.Text = a.P.T(e.What)
		}
		v.Entry = append(v.Entry, line)
	}
	for _, e := range d.Looks {
		v.Looks = append(v.Looks, DossierLine{On: e.On, State: a.P.T("look." + e.What), By: e.By})
	}
	for _, e := range d.History {
		line := DossierLine{On: e.On, What: e.What, By: e.By}
		if slices.Contains(dossierKinds, e.What) {
			line.What, line.State = "", a.P.T("dossier.kind."+e.What)
		}
		v.History = append(v.History, line)
	}
	for _, f := range d.Files {
		v.Files = append(v.Files, DossierFile{f.On, f.What, strings.HasPrefix(f.Type, "image/"), template.URL("data:" + f.Type + ";base64," + base64.StdEncoding.EncodeToString(f.Data))})
	}
	return a.Render("people/dossier", v)
}

// dossierVerbs are the verbs of learning records that the catalogue has words for.
var dossierVerbs = []string{progress.Began, progress.Read, progress.Answered, progress.Completed, progress.Submitted}

// dossierKinds are the kinds of facts about a person that the catalogue has words for.
var dossierKinds = []string{person.KindRegistered.Name, person.KindEdited.Name, training.KindEnrolment.Name, training.KindFollowed.Name, training.KindReferral.Name, training.KindAnswer.Name, training.KindAppeal.Name, training.KindAppealDecided.Name}

// inWords says a detail that is kept as a code.
func inWords(a *door.Ask, f person.Field, x string) string {
	switch {
	case f == "birth" && len(x) == len(time.DateOnly):
		return a.P.Date(x)
	case slices.Contains([]person.Field{"sex", "milieu", "schooling", "category", "diploma"}, f):
		return a.P.T(f + "." + x)
	}
	return x
}

func dossierJSON(a *door.Ask) error {
	d, err := readDossier(a)
	if err != nil || d == nil {
		return err
	}
	b, err := d.JSON()
	if err != nil {
		return err
	}
	h := a.W.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="tizi-`+d.Person+`.json"`)
	a.W.WriteHeader(http.StatusOK)
	_, err = a.W.Write(b)
	return err
}

// retainedSize is how many people the list shows: those whose day comes first.
const retainedSize = 100

func retainedView(a *door.Ask) (Retention, error) {
	ctx := a.R.Context()
	v := Retention{Months: retention.KeepMonths, Errors: map[string]string{}}
	rules, err := a.H.Retention.Rules(ctx, a.H.DB)
	if err != nil {
		return v, err
	}
	for _, c := range retention.Classes {
		v.Rules = append(v.Rules, RetentionRule{Class: string(c), Months: strconv.Itoa(rules[c])})
	}
	if a.May(access.WriteProgrammes) {
		v.RulesURL = "/retention/rules"
	}
	for _, r := range retention.KeepReasons {
		v.Reasons = append(v.Reasons, shell.Option{Value: r, Label: a.P.T("retention.reason." + r)})
	}
	scope, err := a.ScopeOf(access.ErasePeople)
	if err != nil {
		return v, err
	}
	if v.Total, err = a.H.Retention.Count(ctx, a.H.DB, scope); err != nil {
		return v, err
	}
	due, err := a.H.Retention.Soon(ctx, a.H.DB, scope, retainedSize)
	if err != nil {
		return v, err
	}
	for _, d := range due {
		p, err := a.H.People.Get(ctx, a.H.DB, scope, d.Person)
		if err != nil {
			return v, err
		}
		if p == nil {
			continue // erased since the list was made
		}
		a.Shows(look.Listed, look.Retention, p)
		row := RetentionRow{URL: "/people/" + p.ID.String(), KeepURL: "/retention/" + p.ID.String() + "/keep", Class: string(d.Class), Last: d.Last, On: d.On, Centre: a.PlaceName(d.Centre)}
		row.Name, row.Other = a.Names(p.Details)
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}

func retained(a *door.Ask) error {
	v, err := retainedView(a)
	if err != nil {
		return err
	}
	return a.Render("people/retention", v)
}

func keepLonger(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	err = a.H.Retention.Keep(a.R.Context(), a.Actor(), a.Scope, p.ID, a.R.PostFormValue("reason"))
	if errors.Is(err, retention.ErrReason) {
		v, err := retainedView(a)
		if err != nil {
			return err
		}
		v.Errors["reason"] = a.P.T("error.reason_missing")
		return a.Again("people/retention", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", "retention.kept")
	return a.Go("/retention")
}

func ruleRetention(a *door.Ask) error {
	typed := map[retention.Class]int{}
	bad := map[string]string{}
	for _, c := range retention.Classes {
		n, err := strconv.Atoi(a.R.PostFormValue(string(c)))
		if err != nil || n < retention.MinMonths || n > retention.MaxMonths {
			bad[string(c)] = a.P.T("retention.months_bad", "min", retention.MinMonths, "max", retention.MaxMonths)
		}
		typed[c] = n
	}
	if len(bad) > 0 {
		v, err := retainedView(a)
		if err != nil {
			return err
		}
		for i := range v.Rules {
			v.Rules[i].Months = a.R.PostFormValue(v.Rules[i].Class)
		}
		v.Errors = bad
		return a.Again("people/retention", v)
	}
	rules, err := a.H.Retention.Rules(a.R.Context(), a.H.DB)
	if err != nil {
		return err
	}
	for _, c := range retention.Classes {
		if typed[c] == rules[c] {
			continue
		}
		if err := a.H.Retention.Rule(a.R.Context(), a.Actor(), c, typed[c]); err != nil {
			return err
		}
	}
	a.Notify("good", "retention.ruled")
	return a.Go("/retention")
}
