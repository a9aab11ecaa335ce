package centre

import (
	"errors"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// conflictRoutes are about what two people said who did not see each other, on two nodes: both sides are shown, and somebody
// who sees both says which stands.
func conflictRoutes(d *door.Door) {
	d.Handle("GET /conflicts", access.WriteGroups, conflicts)
	for _, kind := range slices.Sorted(maps.Keys(conflictOf)) {
		action := conflictActions[kind]
		d.Handle("GET /conflicts/"+kind+"/{"+conflictOf[kind]+"}", action, func(a *door.Ask) error { return conflict(a, kind) })
		d.Handle("POST /conflicts/"+kind+"/{"+conflictOf[kind]+"}", action, func(a *door.Ask) error { return conflictSettled(a, kind) })
	}
}

var (
	conflictActions = map[string]access.Action{"people": access.WritePeople, "consents": access.WriteConsent, "sheets": access.WriteGroups, "seats": access.WriteGroups, "groups": access.WriteGroups}
	conflictOf      = map[string]string{"people": "person", "consents": "register", "sheets": "session", "seats": "enrolment", "groups": "group"}
)

// conflictMost is how many of each kind are listed: settled, they make room for others.
const conflictMost = 50

// nameOfPerson is somebody's name, as far as the account may see it.
func nameOfPerson(a *door.Ask, v id.ID) (string, error) {
	scope, err := a.ScopeOf(access.ReadPeople)
	if err != nil {
		return "", err
	}
	p, err := a.H.People.Get(a.R.Context(), a.H.DB, scope, v)
	if err != nil || p == nil {
		return a.P.T("conflict.somebody"), err
	}
	a.Shows(look.Listed, look.Group, p)
	name, _ := a.Names(p.Details)
	return name, nil
}

func conflicts(a *door.Ask) error {
	ctx := a.R.Context()
	var v Conflicts
	add := func(kind, name, what string, centre, of id.ID) {
		v.Rows = append(v.Rows, ConflictRow{Kind: kind, Name: name, What: what, URL: "/conflicts/" + kind + "/" + of.String(), Centre: a.PlaceName(centre)})
	}
	people, err := a.H.People.Contested(ctx, a.H.DB, a.Scope, conflictMost)
	if err != nil {
		return err
	}
	a.Shows(look.Listed, look.People, people...)
	for _, p := range people {
		name, _ := a.Names(p.Details)
		add("people", name, "", p.Centre, p.ID)
	}
	consents, err := a.H.Consents.Contested(ctx, a.H.DB, a.Scope, conflictMost)
	if err != nil {
		return err
	}
	for _, c := range consents {
		name, err := nameOfPerson(a, c.Person)
		if err != nil {
			return err
		}
		add("consents", name, a.P.T("consent."+string(c.Purpose)), c.Centre, c.Register)
	}
	sheets, err := a.H.Training.ContestedSheets(ctx, a.H.DB, a.Scope, conflictMost)
	if err != nil {
		return err
	}
	for _, s := range sheets {
		add("sheets", s.CohortName, a.P.Date(s.Date)+" "+s.Starts, s.Centre, s.ID)
	}
	seats, err := a.H.Training.ContestedSeats(ctx, a.H.DB, a.Scope, conflictMost)
	if err != nil {
		return err
	}
	for _, e := range seats {
		name, err := nameOfPerson(a, e.Person)
		if err != nil {
			return err
		}
		add("seats", name, "", e.Centre, e.ID)
	}
	groups, err := a.H.Training.OverfullGroups(ctx, a.H.DB, a.Scope, conflictMost)
	if err != nil {
		return err
	}
	for _, g := range groups {
		c, err := a.H.Training.Cohort(ctx, a.H.DB, a.Scope, g, "")
		if err != nil {
			return err
		}
		add("groups", c.Name, a.P.T("conflict.seats", "n", c.Enrolled, "total", c.Capacity), c.Centre, g)
	}
	for _, n := range []int{len(people), len(consents), len(sheets), len(seats), len(groups)} {
		v.More = v.More || n == conflictMost
	}
	return a.Render("conflicts/list", v)
}

// side says who said something, when and on which node.
func side(a *door.Ask, names door.Names, s fact.Side) (string, error) {
	who, err := names.Of(a, s.Actor)
	if err != nil {
		return "", err
	}
	when := a.Moment(s.At.Wall().In(a.H.Log.Clock.Now().Location()))
	node := s.Node.Hex()[:8]
	if g, ok := a.H.Log.Grantee(s.Node); ok && g.Name != "" {
		node = g.Name
	} else if a.H.Log.IsRoot(s.Node) {
		node = a.P.T("network.headquarters")
	}
	if who == "" {
		return a.P.T("conflict.side_unknown", "when", when, "node", node), nil
	}
	return a.P.T("conflict.side", "who", who, "when", when, "node", node), nil
}

// refKey names a fact in a form.
func refKey(r fact.Ref) string { return r.Node.String() + "." + strconv.FormatUint(r.Seq, 10) }

// contest is a conflict as it stands now: its screen, and what each answer means.
type contest struct {
	Conflict
	refs map[string]fact.Ref // of the answers of stands
}

func conflictAsked(a *door.Ask, kind string) (*contest, error) {
	of, err := a.ID(conflictOf[kind])
	if err != nil {
		return nil, err
	}
	ctx, t := a.R.Context(), a.H.Training
	x := &contest{Conflict{Kind: kind, Action: "/conflicts/" + kind + "/" + of.String(), Errors: map[string]string{}}, map[string]fact.Ref{}}
	names := door.Names{}
	option := func(q *Question, s fact.Side, value, label string) error {
		hint, err := side(a, names, s)
		for i, o := range q.Options { // two said the same
			if o.Value == value {
				q.Options[i].Hint = a.P.List([]string{o.Hint.(string), hint})
				return err
			}
		}
		q.Options = append(q.Options, shell.Option{Value: value, Label: label, Hint: hint})
		x.refs[value] = s.Ref
		return err
	}
	switch kind {
	case "people":
		l, err := a.H.People.Contests(ctx, a.H.DB, a.Scope, of)
		if err != nil {
			return nil, err
		}
		if x.Name, err = nameOfPerson(a, of); err != nil {
			return nil, err
		}
		x.About, x.AboutURL = a.P.T("conflict.about.people"), "/people/"+of.String()
		for _, c := range l {
			q := Question{Field: string(c.Field), Label: string(c.Field)}
			if key := fieldLabels[c.Field]; key != "" {
				q.Label = a.P.T(key)
			} else if key := contestLabels[c.Field]; key != "" {
				q.Label = a.P.T(key)
			}
			for _, s := range c.Sides {
				label := a.P.T("conflict.nothing")
				if s.Value != "" {
					label = said(a, c.Field, s.Value)
				}
				if err := option(&q, s.Side, "="+s.Value, label); err != nil {
					return nil, err
				}
			}
			x.Questions = append(x.Questions, q)
		}
	case "consents":
		c, err := a.H.Consents.Contest(ctx, a.H.DB, a.Scope, of)
		if err != nil {
			return nil, err
		}
		if x.Name, err = nameOfPerson(a, c.Person); err != nil {
			return nil, err
		}
		x.About, x.AboutURL = a.P.T("conflict.about.consents"), "/people/"+c.Person.String()+"/consent"
		q := Question{Field: "stands", Label: a.P.T("consent." + string(c.Purpose))}
		for _, s := range c.Sides {
			if err := option(&q, s.Side, refKey(s.Ref), a.P.T("people.consent."+s.State)+" · "+a.P.Date(s.On)); err != nil {
				return nil, err
			}
		}
		x.Questions = []Question{q}
	case "sheets":
		s, err := t.Session(ctx, a.H.DB, a.Scope, of)
		if err != nil {
			return nil, err
		}
		l, err := t.SheetContests(ctx, a.H.DB, a.Scope, of)
		if err != nil {
			return nil, err
		}
		x.Name = s.CohortName + " · " + a.P.Date(s.Date) + " " + s.Starts
		x.About, x.AboutURL = a.P.T("conflict.about.sheets"), "/sessions/"+of.String()
		plans, err := t.PlanContest(ctx, a.H.DB, a.Scope, of)
		if err != nil {
			return nil, err
		}
		if len(plans) > 0 {
			q := Question{Field: "plan", Label: a.P.T("conflict.plan")}
			for _, s := range plans {
				first := slices.IndexFunc(plans, func(o training.Planned) bool { return reflect.DeepEqual(o.SessionPlanned, s.SessionPlanned) })
				if err := option(&q, s.Side, refKey(plans[first].Ref), planLabel(a, s.SessionPlanned)); err != nil {
					return nil, err
				}
			}
			x.Questions = append(x.Questions, q)
		}
		for _, c := range l {
			q := Question{Field: c.Person.String()}
			if q.Label, err = nameOfPerson(a, c.Person); err != nil {
				return nil, err
			}
			for _, m := range c.Sides {
				if err := option(&q, m.Side, m.Mark, a.P.T("attendance."+marks[m.Mark])); err != nil {
					return nil, err
				}
			}
			x.Questions = append(x.Questions, q)
		}
	case "seats":
		c, err := t.SeatContest(ctx, a.H.DB, a.Scope, of)
		if err != nil {
			return nil, err
		}
		if x.Name, err = nameOfPerson(a, c.Person); err != nil {
			return nil, err
		}
		x.About, x.AboutURL = a.P.T("conflict.about.people"), "/people/"+c.Person.String()
		q := Question{Field: "stands", Label: a.P.T("enrolment")}
		for _, s := range c.Sides {
			label := a.P.T("enrolment." + s.State)
			if g, err := t.Cohort(ctx, a.H.DB, a.Scope, s.Cohort, ""); err == nil {
				label = g.Name + " · " + label
			}
			if err := option(&q, s.Side, refKey(s.Ref), label); err != nil {
				return nil, err
			}
		}
		x.Questions = []Question{q}
	case "groups":
		g, err := t.Cohort(ctx, a.H.DB, a.Scope, of, "")
		if err != nil {
			return nil, err
		}
		o, err := t.Overfull(ctx, a.H.DB, a.Scope, of)
		if err != nil {
			return nil, err
		}
		x.Name = g.Name
		x.About, x.AboutURL = a.P.T("conflict.about.groups"), "/groups/"+of.String()
		for _, p := range o.Over {
			q := Question{Field: p.Person.String()}
			if q.Label, err = nameOfPerson(a, p.Person); err != nil {
				return nil, err
			}
			hint, err := side(a, names, p.Side)
			if err != nil {
				return nil, err
			}
			q.Options = []shell.Option{{Value: "wait", Label: a.P.T("conflict.wait"), Hint: hint}, {Value: "keep", Label: a.P.T("conflict.keep"), Hint: a.P.T("conflict.keep_hint")}}
			x.Questions = append(x.Questions, q)
		}
	}
	if len(x.Questions) == 0 {
		return nil, fact.ErrSettled
	}
	return x, nil
}

// planLabel is when and where a session is, in words.
func planLabel(a *door.Ask, s training.SessionPlanned) string {
	words := []string{a.P.Date(s.Date)}
	if s.Starts != "" {
		words = append(words, s.Starts)
	}
	if s.Room != "" {
		words = append(words, s.Room)
	}
	if s.Cancelled != "" {
		words = append(words, a.P.T("groups.session.cancelled"))
	}
	return strings.Join(words, " · ")
}

// marks are the words of marks.
var marks = map[string]string{training.Present: "present", training.Late: "late", training.Excused: "excused", training.Absent: "absent"}

// contestLabels are of the fields that can be in doubt of one record and not between records.
var contestLabels = map[person.Field]string{"first_latin": "people.given", "last_latin": "people.family", "first_ar": "people.given_ar", "last_ar": "people.family_ar", "commune": "place.commune"}

// settledAlready says that there is nothing to decide any more: an old link, or somebody was quicker.
func settledAlready(a *door.Ask, err error) error {
	if !errors.Is(err, fact.ErrSettled) {
		return err
	}
	a.Notify("info", "conflict.settled_already")
	return a.Go("/conflicts")
}

func conflict(a *door.Ask, kind string) error {
	x, err := conflictAsked(a, kind)
	if err != nil {
		return settledAlready(a, err)
	}
	return a.Render("conflicts/conflict", x.Conflict)
}

func conflictSettled(a *door.Ask, kind string) error {
	x, err := conflictAsked(a, kind)
	if err != nil {
		return settledAlready(a, err)
	}
	answers := map[string]string{}
	for i, q := range x.Questions {
		v := a.R.PostFormValue(q.Field)
		x.Questions[i].Value = v
		if v == "" {
			continue
		}
		if !shell.Offers(q.Options, v) {
			return fs.ErrNotExist
		}
		answers[q.Field] = v
	}
	if len(answers) == 0 {
		x.Errors[x.Questions[0].Field] = a.P.T("conflict.choose")
		return a.Again("conflicts/conflict", x.Conflict)
	}
	ctx, of := a.R.Context(), id.MustParse(a.R.PathValue(conflictOf[kind]))
	switch kind {
	case "people":
		d := person.Details{}
		for f, v := range answers {
			d[person.Field(f)] = v[1:]
		}
		err = a.H.People.Settle(ctx, a.Actor(), a.Scope, of, d)
		var taken *person.TakenError
		if errors.As(err, &taken) {
			x.Errors[x.Questions[0].Field] = a.P.T("conflict.taken")
			return a.Again("conflicts/conflict", x.Conflict)
		}
	case "consents":
		err = a.H.Consents.Settle(ctx, a.Actor(), a.Scope, of, x.refs[answers["stands"]])
	case "sheets":
		m := map[id.ID]string{}
		for p, v := range answers {
			if p == "plan" {
				err = a.H.Training.SettlePlan(ctx, a.Actor(), a.Scope, of, x.refs[v])
			} else {
				m[id.MustParse(p)] = v
			}
		}
		if err == nil && len(m) > 0 {
			err = a.H.Training.SettleSheet(ctx, a.Actor(), a.Scope, of, m)
		}
	case "seats":
		err = a.H.Training.SettleSeat(ctx, a.Actor(), a.Scope, of, x.refs[answers["stands"]])
	case "groups":
		for _, q := range x.Questions { // in the order of the page: until the group fits
			if v := answers[q.Field]; v != "" {
				if err = a.H.Training.SettleOver(ctx, a.Actor(), a.Scope, of, id.MustParse(q.Field), v == "wait", a.Today()); err != nil {
					break
				}
			}
		}
	}
	if err != nil {
		return settledAlready(a, err)
	}
	a.Notify("good", "conflict.settled")
	return a.Go("/conflicts")
}
