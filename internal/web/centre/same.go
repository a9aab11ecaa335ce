package centre

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/person/same"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// seeker runs one search for duplicates at a time, beside the requests.
type seeker struct {
	mu          sync.Mutex // guards the rest
	working     bool
	done, total int64
	sought      int
}

func sameRoutes(d *door.Door) {
	s := &seeker{sought: -1}
	d.Handle("GET /people/same", access.MergePeople, s.list)
	d.Handle("POST /people/same", access.MergePeople, s.begin)
	d.Handle("GET /same/{a}/{b}", access.MergePeople, samePair)
	d.Handle("POST /same/{a}/{b}", access.MergePeople, samePairGiven)
}

// sought looks for duplicates of somebody just saved. The save stands whatever becomes of it; the next whole search makes
// up for it.
func sought(a *door.Ask, p id.ID) {
	if err := a.H.People.SeekFor(a.R.Context(), p); err != nil {
		a.D.Log.Warn("duplicates of a person were not sought", "err", err)
	}
}

// begin starts a search unless one runs.
func (s *seeker) begin(a *door.Ask) error {
	s.mu.Lock()
	free := !s.working
	if free {
		s.working, s.done, s.total = true, 0, 0
	}
	s.mu.Unlock()
	if free {
		h, log := a.H, a.D.Log
		h.Go(func(ctx context.Context) {
			r, err := h.People.Seek(ctx, func(done, total int64) {
				s.mu.Lock()
				s.done, s.total = done, total
				s.mu.Unlock()
			})
			s.mu.Lock()
			defer s.mu.Unlock()
			s.working, s.sought = false, r.Pairs
			switch {
			case ctx.Err() != nil: // the node stops: a later search begins anew
				log.Info("the search for duplicates stopped with the node")
			case err != nil:
				s.sought = -1
				log.Error("the search for duplicates ended early", "err", err)
			}
		})
	}
	return a.Go(door.With("/people/same", "centre", a.R.FormValue("centre")))
}

var sameStates = []struct{ name, state string }{{"open", person.Open}, {"merged", person.Merged}, {"parted", person.Parted}}

func (s *seeker) list(a *door.Ask) error {
	ctx, q := a.R.Context(), a.R.URL.Query()
	scope, centre := narrowed(a)
	v := SameList{State: "open", Centre: centre, Centres: a.Centres(a.Scope)}
	s.mu.Lock()
	v.Working, v.Done, v.Total, v.Sought = s.working, s.done, s.total, s.sought
	s.mu.Unlock()
	state := person.Open
	for _, t := range sameStates {
		if q.Get("state") == t.name {
			v.State, state = t.name, t.state
		}
	}
	for _, t := range sameStates {
		name := t.name
		if name == "open" {
			name = ""
		}
		v.Tabs = append(v.Tabs, SameTab{Key: "same.state." + t.name, URL: door.With("/people/same", "centre", centre, "state", name), Current: t.name == v.State})
	}
	page, err := a.H.People.Pairs(ctx, a.H.DB, scope, person.PairFilter{State: state, Page: q.Get("page")})
	if err != nil {
		return err
	}
	for _, x := range page.Pairs {
		row, err := sameRow(a, x)
		if err != nil {
			return err
		}
		v.Rows = append(v.Rows, row)
	}
	v.Pager = shell.Pager{Shown: len(v.Rows), Total: int(page.Total)}
	if page.Next != "" {
		v.Pager.Next = door.With("/people/same", "centre", centre, "state", q.Get("state"), "page", page.Next)
	}
	return a.Render("same/list", v)
}

// sameRow is one pair of a list. What the account may see is its own scope, however the list is narrowed.
func sameRow(a *door.Ask, x person.Pair) (SameRow, error) {
	row := SameRow{A: hiddenPerson(a, x.CentreA), B: hiddenPerson(a, x.CentreB), Sure: x.Bits >= same.Certain}
	if a.Scope.Has(x.CentreA) && a.Scope.Has(x.CentreB) {
		p, q, w, err := a.H.People.Weigh(a.R.Context(), a.H.DB, a.Scope, x.A, x.B)
		if err != nil {
			return row, err
		}
		a.Shows(look.Listed, look.Same, p, q)
		row.A, row.B, row.URL = samePerson(a, p), samePerson(a, q), pairURL(x.A, x.B)
		row.Sure = w.Bits >= same.Certain
		for _, e := range w.Evidence {
			if len(row.Why) < 4 && (e.Bits >= 1 || e.How == "swapped" || e.Bits <= -2) {
				row.Why = append(row.Why, evidence(e))
			}
		}
		return row, nil
	}
	for i, v := range []id.ID{x.A, x.B} {
		p, err := a.H.People.Get(a.R.Context(), a.H.DB, a.Scope, v)
		if err != nil {
			return row, err
		}
		a.Shows(look.Listed, look.Same, p)
		if p != nil && i == 0 {
			row.A = samePerson(a, p)
		} else if p != nil {
			row.B = samePerson(a, p)
		}
	}
	return row, nil
}

func evidence(e same.Evidence) string { return "evidence." + e.Field + "." + e.How }

func pairURL(x, y id.ID) string { return "/same/" + x.String() + "/" + y.String() }

func hiddenPerson(a *door.Ask, centre id.ID) SamePerson {
	return SamePerson{Hidden: true, Centre: a.PlaceName(centre)}
}

func samePerson(a *door.Ask, p *person.Person) SamePerson {
	name, other := a.Names(p.Details)
	return SamePerson{Name: name, Other: other, URL: "/people/" + p.ID.String(), Birth: p.Details["birth"], Centre: a.PlaceName(p.Centre)}
}

func samePair(a *door.Ask) error {
	v, err := pairView(a)
	if err != nil {
		return err
	}
	return a.Render("same/pair", v)
}

// asked are the two people of the address.
func pairAsked(a *door.Ask) (x, y id.ID, err error) {
	if x, err = a.ID("a"); err == nil {
		y, err = a.ID("b")
	}
	return x, y, err
}

func pairView(a *door.Ask) (Same, error) {
	ctx := a.R.Context()
	x, y, err := pairAsked(a)
	if err != nil {
		return Same{}, err
	}
	p, q, w, err := a.H.People.Weigh(ctx, a.H.DB, a.Scope, x, y)
	if err != nil {
		return Same{}, err
	}
	if err := a.H.Looks.Note(ctx, a.Actor(), look.Read, x, y); err != nil {
		return Same{}, err
	}
	v := Same{A: samePerson(a, p), B: samePerson(a, q), Sure: w.Bits >= same.Certain, Action: a.R.URL.Path, BackURL: "/people/same", State: "open", Errors: map[string]string{}}
	for _, e := range w.Evidence {
		switch {
		case e.Bits > 0 || e.How == "swapped":
			v.For = append(v.For, evidence(e))
		case e.Bits < 0:
			v.Against = append(v.Against, evidence(e))
		}
	}
	if v.WaitsURL, err = mergeWaits(a, x, y); err != nil {
		return v, err
	}
	said, err := a.H.People.SaidOf(ctx, a.H.DB, x, y)
	if err != nil {
		return v, err
	}
	if said.State != person.Open {
		v.State, v.Conflict = said.State, said.Conflict
		v.On = time.UnixMilli(said.At).Format(time.DateOnly)
		if v.Reason = said.Reason; slices.Contains(person.MergeReasons, v.Reason) {
			v.Reason = a.P.T("same.reason." + v.Reason)
		}
		by, err := a.H.Access.Get(ctx, a.H.DB, said.Actor)
		if err != nil {
			return v, err
		}
		if by != nil {
			v.By = by.Name
		}
	}
	coded := func(family, code string) string {
		if code == "" {
			return ""
		}
		return a.P.T(family + "." + code)
	}
	date := func(s string) string {
		if s == "" {
			return ""
		}
		return a.P.Date(s)
	}
	centre := func(c id.ID) string { name, _ := a.PlaceName(c).In(a.Lang); return name }
	for _, f := range []struct {
		label string
		value func(*person.Person) string
	}{
		{"people.given", func(p *person.Person) string { return p.Details["first_latin"] }},
		{"people.family", func(p *person.Person) string {
			return strings.TrimSpace(p.Details["last_latin"] + " " + p.Details["name_latin"])
		}},
		{"people.given_ar", func(p *person.Person) string { return p.Details["first_ar"] }},
		{"people.family_ar", func(p *person.Person) string {
			return strings.TrimSpace(p.Details["last_ar"] + " " + p.Details["name_ar"])
		}},
		{"people.birth", func(p *person.Person) string { return date(p.Details["birth"]) }},
		{"sex", func(p *person.Person) string { return coded("sex", p.Details["sex"]) }},
		{"people.massar", func(p *person.Person) string { return p.Details["massar"] }},
		{"people.cin", func(p *person.Person) string { return p.Details["cin"] }},
		{"people.phone", func(p *person.Person) string { return p.Details["phone"] }},
		{"people.guardian", func(p *person.Person) string { return p.Details["guardian_name"] }},
		{"same.guardian_phone", func(p *person.Person) string { return p.Details["guardian_phone"] }},
		{"people.school", func(p *person.Person) string {
			return strings.TrimSpace(p.Details["school"] + " " + p.Details["level"])
		}},
		{"milieu", func(p *person.Person) string { return coded("milieu", p.Details["milieu"]) }},
		{"schooling", func(p *person.Person) string { return coded("schooling", p.Details["schooling"]) }},
		{"category", func(p *person.Person) string { return coded("category", p.Details["category"]) }},
		{"diploma", func(p *person.Person) string { return coded("diploma", p.Details["diploma"]) }},
		{"people.address", func(p *person.Person) string {
			return strings.Trim(p.Details["address"]+", "+p.Details["commune"], ", ")
		}},
		{"place.centre", func(p *person.Person) string { return centre(p.Centre) }},
	} {
		row := SameField{Label: f.label, A: f.value(p), B: f.value(q), How: "differ"}
		switch {
		case row.A == "" && row.B == "":
			continue
		case row.A == row.B:
			row.How = "same"
		case row.A == "" || row.B == "":
			row.How = "one"
		}
		v.Rows = append(v.Rows, row)
	}
	for i, p := range []*person.Person{p, q} {
		es, err := a.H.Training.OfPeople(ctx, a.H.DB, []id.ID{p.ID})
		if err != nil {
			return v, err
		}
		names, err := cohortNames(a, es)
		if err != nil {
			return v, err
		}
		var groups []string
		for _, n := range names {
			groups = append(groups, n)
		}
		slices.Sort(groups)
		if len(groups) > 0 {
			if k := len(v.Rows) - 1; v.Rows[k].Label != "people.group" {
				v.Rows = append(v.Rows, SameField{Label: "people.group", How: "one"})
			}
			row := &v.Rows[len(v.Rows)-1]
			if i == 0 {
				row.A = strings.Join(groups, ", ")
			} else {
				row.B = strings.Join(groups, ", ")
			}
			if row.A == row.B {
				row.How = "same"
			} else if row.A != "" && row.B != "" {
				row.How = "differ"
			}
		}
	}
	return v, nil
}

// mergeWaits is the address of the request to merge two people that waits for a second person, or "".
func mergeWaits(a *door.Ask, x, y id.ID) (string, error) {
	l, err := a.H.Access.Waiting(a.R.Context(), a.H.DB, a.Scope, 500)
	for _, r := range l {
		if r.Action == access.MergePeople && slices.Contains(r.Subjects, x) && slices.Contains(r.Subjects, y) {
			return "/requests/" + r.ID.String(), nil
		}
	}
	return "", err
}

func samePairGiven(a *door.Ask) error {
	ctx := a.R.Context()
	x, y, err := pairAsked(a)
	if err != nil {
		return err
	}
	reason, notice := a.R.FormValue("reason"), ""
	again := func() error {
		v, err := pairView(a)
		if err != nil {
			return err
		}
		field := "reason"
		if v.State != "open" { // somebody decided meanwhile, and the form asks something else now
			field = ""
		}
		v.Errors[field] = a.P.T("same.reason_missing")
		return a.Again("same/pair", v)
	}
	switch a.R.FormValue("do") {
	case "merge", "": // a browser's Enter
		if !slices.Contains(person.MergeReasons, reason) {
			return again()
		}
		p, _, _, err := a.H.People.Weigh(ctx, a.H.DB, a.Scope, x, y) // both are in the scope
		if err != nil {
			return err
		}
		waits, err := mergeWaits(a, x, y)
		if err != nil {
			return err
		}
		if waits != "" {
			return a.Go(a.R.URL.Path)
		}
		if _, err := a.H.Access.Propose(ctx, a.Actor(), a.Scope, access.Proposed{Action: access.MergePeople, Centre: p.Centre, Subjects: []id.ID{x, y}, Reason: reason}); err != nil {
			return err
		}
		a.Notify("wait", "same.asked")
		return a.Go(a.R.URL.Path)
	case "unmerge":
		err, notice = a.H.People.Unmerge(ctx, a.Actor(), a.Scope, x, y, ""), "same.unmerged"
	case "part":
		err, notice = a.H.People.Part(ctx, a.Actor(), a.Scope, x, y, ""), "same.parted"
	case "reopen":
		err, notice = a.H.People.Reopen(ctx, a.Actor(), a.Scope, x, y), "same.reopened"
	case "later":
		err, notice = a.H.People.Later(ctx, a.Scope, x, y, time.Now().UnixMilli()), "same.put_off"
	default:
		return again()
	}
	if err != nil {
		return err
	}
	a.Notify("good", notice)
	return a.Go("/people/same")
}

// oneOf completes the page of a person with the records that are one, and with who may be the same.
func oneOf(a *door.Ask, p *person.Person, v *Person) error {
	ctx := a.R.Context()
	for _, c := range p.Contradictions {
		line := Contradiction{Field: fieldLabels[c.Field], Shown: said(a, c.Field, c.Says[0].Value)}
		for _, s := range c.Says[1:] {
			line.Others = append(line.Others, said(a, c.Field, s.Value))
		}
		if line.Field != "" {
			v.Contradictions = append(v.Contradictions, line)
		}
	}
	may := a.May(access.MergePeople)
	joints, err := a.H.People.Joints(ctx, a.H.DB, p.ID)
	if err != nil {
		return err
	}
	for _, r := range p.Records {
		row := personRow(a, r)
		row.Centre, row.URL = a.PlaceName(r.Centre), ""
		for _, j := range joints {
			in := func(v id.ID) bool {
				return slices.ContainsFunc(p.Records, func(o *person.Person) bool { return o.ID == v })
			}
			if may && (j.A == r.ID || j.B == r.ID) && in(j.A) && in(j.B) {
				row.URL = pairURL(j.A, j.B)
			}
		}
		v.Records = append(v.Records, row)
	}
	if !may {
		return nil
	}
	page, err := a.H.People.Pairs(ctx, a.H.DB, a.Scope, person.PairFilter{Person: p.ID, Size: 5})
	if err != nil {
		return err
	}
	for _, x := range page.Pairs {
		other, centre := x.A, x.CentreA
		if other == p.ID {
			other, centre = x.B, x.CentreB
		}
		o, err := a.H.People.Get(ctx, a.H.DB, a.Scope, other)
		if err != nil {
			return err
		}
		row := PersonRow{Centre: a.PlaceName(centre), Age: -1}
		if o != nil {
			row = personRow(a, o)
			row.Centre, row.URL = a.PlaceName(centre), pairURL(p.ID, other)
		}
		v.Doubles = append(v.Doubles, row)
	}
	return nil
}

// fieldLabels are messages for fields that may contradict.
var fieldLabels = map[person.Field]string{
	"name_ar": "same.name_ar", "name_latin": "same.name_latin", "birth": "people.birth", "sex": "sex", "massar": "people.massar", "cin": "people.cin", "phone": "people.phone",
	"guardian_name": "people.guardian", "guardian_phone": "same.guardian_phone", "school": "people.school", "level": "people.level", "milieu": "milieu", "schooling": "schooling", "category": "category", "diploma": "diploma", "address": "people.address", "texts": "people.no_texts",
}

// said is a value of a field as people read it.
func said(a *door.Ask, f person.Field, value string) string {
	switch f {
	case "birth":
		return a.P.Date(value)
	case "sex", "milieu", "schooling", "category", "diploma":
		return a.P.T(f + "." + value)
	case "texts":
		if value == "" {
			return a.P.T("common.no")
		}
		return a.P.T("common.yes")
	}
	return value
}

// most is how many are shown who may be the same as somebody who is being written.
const most = 5

// like are the people whom a form may be about. Whoever lies outside the account's centres has a centre and no name.
func like(a *door.Ask, d person.Details, centre id.ID) ([]PersonRow, error) {
	ctx := a.R.Context()
	found, err := a.H.People.Like(ctx, a.H.DB, d, centre, most)
	if err != nil {
		return nil, err
	}
	var out []PersonRow
	seen := map[id.ID]bool{}
	for _, m := range found {
		p, err := a.H.People.Get(ctx, a.H.DB, a.Scope, m.Person)
		if err != nil {
			return nil, err
		}
		a.Shows(look.Search, look.Same, p)
		row := PersonRow{Age: -1}
		if p != nil {
			first := p.ID
			if len(p.Records) > 0 {
				first = p.Records[0].ID
			}
			if seen[first] {
				continue
			}
			seen[first] = true
			row = personRow(a, p)
		}
		row.Centre = a.PlaceName(m.Centre)
		out = append(out, row)
	}
	return out, nil
}

// liked is one person of the answer to the form's script.
type liked struct {
	Name string `json:"name"`
	Note string `json:"note"`
	URL  string `json:"url"`
}

// peopleLike answers the form while it is filled in.
func peopleLike(a *door.Ask) error {
	d, _ := typed(a).Normalise(a.Today())
	for f, s := range d {
		if s == "" {
			delete(d, f)
		}
	}
	rows, err := like(a, d, a.CentreOf(a.Scope, a.R.FormValue("centre")))
	if err != nil {
		return err
	}
	out := []liked{}
	for _, r := range rows {
		at, _ := r.Centre.In(a.Lang)
		l := liked{Name: r.Name, URL: r.URL, Note: at}
		if r.Name == "" {
			l.Name = a.P.T("same.somebody")
		} else if r.Age >= 0 {
			l.Note = a.P.T("unit.years", "n", r.Age) + " · " + at
		}
		out = append(out, l)
	}
	return a.JSON(out)
}
