package centre

import (
	"errors"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func referralRoutes(d *door.Door) {
	d.Handle("GET /referrals", access.ReadPeople, referrals)
	d.Handle("GET /people/{person}/refer", access.WritePeople, refer)
	d.Handle("POST /people/{person}/refer", access.WritePeople, referGiven)
	d.Handle("GET /referrals/{referral}/answer", access.WritePeople, referralAnswered)
	d.Handle("POST /referrals/{referral}/answer", access.WritePeople, referralAnswer)
}

// referralsPage is how many referrals a page shows.
const referralsPage = 50

func referrals(a *door.Ask) error { return referralsShow(a, nil) }

func referralsShow(a *door.Ask, errs map[string]string) error {
	ctx, q := a.R.Context(), a.R.URL.Query()
	v := Referrals{Open: q.Get("all") == "", OpenURL: "/referrals", AllURL: "/referrals?all=1", PeopleURL: "/people", Outcomes: coded(a, "referral.outcome.", training.ReferralOutcomes), Errors: errs}
	list, next, err := a.H.Training.Referrals(ctx, a.H.DB, a.Scope, v.Open, q.Get("page"), referralsPage)
	if err != nil {
		return err
	}
	if v.Rows, err = referralRows(a, list); err != nil {
		return err
	}
	v.Pager = shell.Pager{Shown: len(v.Rows), Total: -1}
	if next != "" {
		v.Pager.Next = door.With("/referrals", "all", q.Get("all"), "page", next)
	}
	if q.Get("page") != "" {
		v.Pager.Prev = door.With("/referrals", "all", q.Get("all"))
	}
	if errs != nil {
		return a.Again("referrals/list", v)
	}
	return a.Render("referrals/list", v)
}

// referralRows are referrals with the names of whom they are of.
func referralRows(a *door.Ask, list []*training.Referral) ([]ReferralRow, error) {
	ctx := a.R.Context()
	ids, groups := make([]id.ID, len(list)), make([]id.ID, len(list))
	for i, r := range list {
		ids[i], groups[i] = r.Person, r.Cohort
	}
	if len(ids) == 0 {
		return nil, nil
	}
	people, err := a.H.People.Of(ctx, a.H.DB, a.Scope, ids)
	if err != nil {
		return nil, err
	}
	a.Shows(look.Listed, look.Referrals, people...)
	names, err := a.H.Training.Names(ctx, a.H.DB, groups)
	if err != nil {
		return nil, err
	}
	var out []ReferralRow
	for _, r := range list {
		row := ReferralRow{ID: r.ID.String(), School: r.School, By: r.By, Tel: r.Tel, Note: r.Note, From: r.From, Why: r.Why, On: r.On, State: r.State, Outcome: r.Outcome, Answered: r.Answered, Conflict: r.Conflict}
		if i := slices.IndexFunc(people, func(p *person.Person) bool { return p.ID == r.Person }); i >= 0 {
			row.Name, _ = a.Names(people[i].Details)
			row.URL = "/people/" + r.Person.String()
		}
		if !r.Cohort.IsNil() {
			row.Group, row.GroupURL = names[r.Cohort], "/groups/"+r.Cohort.String()
		}
		if r.State == training.WithdrawnS && slices.Contains(leaveReasons, r.Reason) {
			row.Reason = a.P.T("groups.leave_reason." + r.Reason)
		}
		if a.May(access.WritePeople) && r.Outcome == "" {
			row.Action = "/referrals/" + row.ID + "/answer"
		} else if a.May(access.WritePeople) {
			row.CorrectURL = "/referrals/" + row.ID + "/answer"
		}
		if r.Corrected != "" {
			row.Corrected = a.P.T("referral.corrected." + r.Corrected)
		}
		out = append(out, row)
	}
	return out, nil
}

func referView(a *door.Ask) (*person.Person, ReferralForm, error) {
	p, err := askedPerson(a)
	if err != nil {
		return nil, ReferralForm{}, err
	}
	v := ReferralForm{PersonURL: "/people/" + p.ID.String(), School: p.Details["school"], On: a.Today(), Action: a.R.URL.Path, Errors: map[string]string{}}
	v.Name, _ = a.Names(p.Details)
	return p, v, nil
}

func refer(a *door.Ask) error {
	_, v, err := referView(a)
	if err != nil {
		return err
	}
	return a.Render("referrals/form", v)
}

func referGiven(a *door.Ask) error {
	p, v, err := referView(a)
	if err != nil {
		return err
	}
	f := func(name string) string { return strings.TrimSpace(a.R.PostFormValue(name)) }
	v.School, v.By, v.Tel, v.Note, v.From, v.Why, v.On = f("school"), f("by"), door.Digits(f("tel")), f("note"), f("from"), f("why"), door.Digits(f("on"))
	for field, s := range map[string]string{"school": v.School, "by": v.By, "tel": v.Tel, "note": v.Note} {
		if long := a.TooLong(s); long != "" {
			v.Errors[field] = long
		}
	}
	if v.School == "" {
		v.Errors["school"] = a.P.T("referral.school_missing")
	}
	if !slices.Contains(training.ReferralFrom, v.From) {
		v.Errors["from"] = a.P.T("error.choose", "field", a.P.T("referral.from"))
	}
	if !slices.Contains(training.ReferralWhy, v.Why) {
		v.Errors["why"] = a.P.T("error.choose", "field", a.P.T("referral.why"))
	}
	if !isDay(v.On) || v.On > a.Today() {
		v.Errors["on"] = a.P.T("absence.date_wrong")
	}
	if len(v.Errors) > 0 {
		return a.Again("referrals/form", v)
	}
	_, err = a.H.Training.Refer(a.R.Context(), a.Actor(), a.Scope, p.ID, v.From, v.Why, v.On, training.Referrer{School: v.School, By: v.By, Tel: v.Tel, Note: v.Note})
	if err != nil {
		return err
	}
	a.Notify("good", "referral.saved")
	return a.Go(v.PersonURL)
}

// answerView is a referral whose school was answered, to be answered otherwise.
func answerView(a *door.Ask) (*training.Referral, ReferralAnswer, error) {
	ctx := a.R.Context()
	v := ReferralAnswer{BackURL: "/referrals?all=1", Action: a.R.URL.Path, Errors: map[string]string{}}
	of, err := a.ID("referral")
	if err != nil {
		return nil, v, err
	}
	r, err := a.H.Training.Referral(ctx, a.H.DB, a.Scope, of)
	if err != nil {
		return nil, v, err
	}
	people, err := a.H.People.Of(ctx, a.H.DB, a.Scope, []id.ID{r.Person})
	if err != nil {
		return nil, v, err
	}
	a.Shows(look.Listed, look.Referrals, people...)
	if len(people) > 0 {
		v.Name, _ = a.Names(people[0].Details)
	}
	v.School, v.Was, v.Answered = r.School, r.Outcome, r.Answered
	for _, o := range coded(a, "referral.outcome.", training.ReferralOutcomes) {
		if o.Value != r.Outcome {
			v.Outcomes = append(v.Outcomes, o)
		}
	}
	v.Reasons = coded(a, "referral.corrected.", training.AnswerReasons)
	return r, v, nil
}

func referralAnswered(a *door.Ask) error {
	r, v, err := answerView(a)
	if err != nil {
		return err
	}
	if r.Outcome == "" { // there is nothing to correct: the list has the form of a first answer
		return a.Go("/referrals")
	}
	return a.Render("referrals/answer", v)
}

func referralAnswer(a *door.Ask) error {
	r, v, err := answerView(a)
	if err != nil {
		return err
	}
	v.Outcome, v.Why = a.R.PostFormValue("outcome"), a.R.PostFormValue("why")
	known := slices.Contains(training.ReferralOutcomes, v.Outcome)
	if r.Outcome == "" && !known {
		return referralsShow(a, map[string]string{"": a.P.T("referral.outcome_missing")})
	}
	if r.Outcome != "" && v.Outcome != r.Outcome {
		if !known {
			v.Errors["outcome"] = a.P.T("referral.outcome_missing")
		}
		if !slices.Contains(training.AnswerReasons, v.Why) {
			v.Errors["why"] = a.P.T("referral.corrected_missing")
		}
		if len(v.Errors) > 0 {
			return a.Again("referrals/answer", v)
		}
	}
	err = a.H.Training.Answer(a.R.Context(), a.Actor(), a.Scope, r.ID, v.Outcome, v.Why, a.Today())
	if errors.Is(err, training.ErrAnswered) { // somebody else answered meanwhile
		if _, now, err := answerView(a); err == nil {
			now.Outcome, now.Errors["why"] = v.Outcome, a.P.T("referral.corrected_missing")
			return a.Again("referrals/answer", now)
		}
	}
	if err != nil {
		return err
	}
	a.Notify("good", "common.saved")
	if r.Outcome != "" {
		return a.Go(v.BackURL)
	}
	return a.Go("/referrals")
}
