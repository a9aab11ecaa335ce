// Package records is the door of learning records: statements one by one, for whoever studies or mends what tools send, and the
// keys that tools come with.
package records

import (
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/api/xapi"
	"tizi/internal/course"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/record"
	"tizi/internal/statement"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// Routes adds the routes of this door.
func Routes(d *door.Door) {
	d.Handle("GET /records", access.ReadRecords, list)
	d.Handle("GET /records.jsonl", access.ReadRecords, export)
	d.Handle("GET /records/keys", access.WriteKeys, keys)
	d.Handle("POST /records/keys", access.WriteKeys, makeKey)
	d.Handle("POST /records/keys/{key}/revoke", access.WriteKeys, revokeKey)
}

// size is how many statements a page shows.
const size = 50

// asked reads the filter of an address. What is wrong with it stands in the view's errors, beside what was typed.
func asked(a *door.Ask) (List, record.Query, error) {
	q := a.R.URL.Query()
	scope, err := reach(a)
	if err != nil {
		return List{}, record.Query{}, err
	}
	v := List{Centre: q.Get("centre"), Verb: strings.TrimSpace(q.Get("verb")), Activity: strings.TrimSpace(q.Get("activity")), From: q.Get("from"), To: q.Get("to"), Centres: a.Centres(scope), Errors: map[string]string{}}
	x := record.Query{Limit: size, Verb: v.Verb, Activity: v.Activity, RelatedActivities: true, Unnamed: true}
	if v.Centre == "" && len(v.Centres) > 0 { // where there is something to read, if anywhere
		v.Centre = v.Centres[0].Value
		all := make([]id.ID, len(v.Centres))
		for i, o := range v.Centres {
			all[i] = id.MustParse(o.Value)
		}
		if c, err := a.H.Records.Somewhere(a.R.Context(), all); err != nil {
			return v, record.Query{}, err
		} else if !c.IsNil() {
			v.Centre = c.String()
		}
	}
	x.Centre = a.CentreOf(scope, v.Centre)
	if x.Centre.IsNil() && v.Centre != "" { // where there is no centre yet, nobody chose a wrong one
		v.Errors["centre"] = a.P.T("people.centre_missing")
	}
	if v.Bounded = !a.Scope.Has(x.Centre) && len(a.Scope.Programmes()) > 0; v.Bounded {
		if x.Bounds, err = bounds(a, x.Centre); err != nil {
			return v, x, err
		}
	}
	for name, text := range map[string]string{"verb": v.Verb, "activity": v.Activity} {
		if text != "" && !statement.IsIRI(text) {
			v.Errors[name] = a.P.T("records.iri_wrong")
		}
	}
	here := a.H.Log.Clock.Now().Location()
	day := func(name, text string, days int) time.Time {
		if text == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(time.DateOnly, text, here)
		if err != nil {
			v.Errors[name] = a.P.T("groups.date_wrong")
			return t
		}
		return t.AddDate(0, 0, days).Add(-time.Microsecond)
	}
	x.Since, x.Until = day("from", v.From, 0), day("to", v.To, 1)
	if p := q.Get("page"); p != "" {
		var err error
		if x.From, err = strconv.ParseInt(p, 10, 64); err != nil || x.From < 0 {
			return v, x, fs.ErrNotExist
		}
	}
	return v, x, nil
}

// reach is the scope of the centres at which the account reads any records: its own, and those where its programmes run.
func reach(a *door.Ask) (access.Scope, error) {
	programmes := a.Scope.Programmes()
	if a.Scope.All() || len(programmes) == 0 {
		return a.Scope, nil
	}
	centres, err := a.H.Training.CentresOf(a.R.Context(), a.H.DB, programmes)
	return access.At(append(centres, a.Scope.Centres()...)...), err
}

// bounds are what somebody reads at a centre who has it by a programme alone: what the people of its groups did, and of that what is
// about a course that one of the groups follows.
func bounds(a *door.Ask, centre id.ID) (*record.Bounds, error) {
	groups, people, err := a.H.Training.SeatsOf(a.R.Context(), a.H.DB, a.Scope.Programmes(), centre)
	if err != nil {
		return nil, err
	}
	codes, err := a.H.Courses.Followed(a.R.Context(), a.H.DB, groups)
	b := &record.Bounds{People: people}
	for _, c := range codes {
		b.Activities = append(b.Activities, course.IRI(c))
	}
	return b, err
}

func (v List) address(path string, more ...string) string {
	return door.With(path, append([]string{"centre", v.Centre, "verb", v.Verb, "activity", v.Activity, "from", v.From, "to", v.To}, more...)...)
}

func list(a *door.Ask) error {
	v, x, err := asked(a)
	if err != nil {
		return err
	}
	if a.May(access.WriteKeys) {
		v.KeysURL = "/records/keys"
	}
	if len(v.Errors) > 0 {
		return a.Again("records/list", v)
	}
	ctx := a.R.Context()
	rows, values, next, err := a.H.Records.Find(ctx, x)
	if err != nil {
		return err
	}
	names, err := toolNames(a, x.Centre)
	if err != nil {
		return err
	}
	for i, r := range rows {
		row := rowOf(a, r, values[i])
		row.Tool = names[r.Key]
		if r.Others > 0 && !v.Bounded { // which may be about somebody else
			v.Contested++
			all, err := a.H.Records.Versions(ctx, x.Centre, r.ID, true)
			if err != nil {
				return err
			}
			for _, o := range all[min(1, len(all)):] {
				row.Others = append(row.Others, o.String())
			}
		}
		v.Rows = append(v.Rows, row)
	}
	if next > 0 {
		v.MoreURL = v.address("/records", "page", strconv.FormatInt(next, 10))
	}
	if len(rows) > 0 {
		v.ExportURL = v.address("/records.jsonl")
	}
	return a.Render("records/list", v)
}

func toolNames(a *door.Ask, centre id.ID) (map[id.ID]string, error) {
	l, err := a.H.Records.Keys(a.R.Context(), a.H.DB, access.At(centre))
	out := map[id.ID]string{}
	for _, k := range l {
		out[k.ID] = k.Name
	}
	return out, err
}

// rowOf tells a statement in a line.
func rowOf(a *door.Ask, r *record.Row, v *statement.Value) Row {
	here := a.H.Log.Clock.Now().Location()
	row := Row{At: a.Moment(time.UnixMicro(r.Stored).In(here)), JSON: v.String()}
	row.Who = code(v.Get("actor"))
	row.Verb = said(a, v.Get("verb", "display"), v.Get("verb", "id").Text())
	o := v.Get("object")
	switch o.Get("objectType").Text() {
	case "Agent", "Group":
		row.What = code(o)
	case "StatementRef":
		row.What = o.Get("id").Text()
	case "SubStatement":
		row.What = said(a, o.Get("verb", "display"), o.Get("verb", "id").Text())
	default:
		row.What = said(a, o.Get("definition", "name"), o.Get("id").Text())
	}
	return row
}

// code is the beginning of the id that stands for somebody.
func code(agent *statement.Value) string {
	name := agent.Get("account", "name").Text()
	if len(name) > 8 {
		return name[len(name)-8:]
	}
	return name
}

// said returns a text in the reader's language, or in another that there is; without any, the end of an id.
func said(a *door.Ask, texts *statement.Value, name string) string {
	if texts.IsObject() {
		for _, want := range append([]i18n.Lang{a.Lang}, i18n.Langs...) {
			for _, tag := range texts.Names() {
				if tag == string(want) || strings.HasPrefix(tag, string(want)+"-") {
					return texts.Get(tag).Text()
				}
			}
		}
		for _, tag := range texts.Names() {
			return texts.Get(tag).Text()
		}
	}
	if i := strings.LastIndexAny(strings.TrimRight(name, "/"), "/#"); i >= 0 {
		return name[i+1:]
	}
	return name
}

// export gives all statements that a filter selects as lines of JSON, the first first.
func export(a *door.Ask) error {
	v, x, err := asked(a)
	if err != nil {
		return err
	}
	if len(v.Errors) > 0 {
		return a.Again("records/list", v)
	}
	x.Ascending, x.From, x.Limit = true, 0, record.MaxPage
	if x.Until.IsZero() {
		x.Until = time.Now() // what comes meanwhile is for the next time
	}
	for first := true; ; first = false {
		_, values, next, err := a.H.Records.Find(a.R.Context(), x)
		if err != nil {
			return err
		}
		if first {
			a.W.Header().Set("Content-Type", "application/jsonl; charset=utf-8")
			a.W.Header().Set("Content-Disposition", `attachment; filename="records-`+a.Today()+`.jsonl"`)
		}
		for _, v := range values {
			if _, err := a.W.Write(append(v.Append(nil), '\n')); err != nil {
				return nil // whoever asked has gone
			}
		}
		if x.From = next; next == 0 {
			return nil
		}
	}
}

func keysView(a *door.Ask) (Keys, error) {
	v := Keys{Centres: a.Centres(a.Scope), May: map[string]bool{string(record.Write): true, string(record.Own): true, string(record.Docs): true}, Errors: map[string]string{}}
	for _, g := range record.Grants {
		v.Grants = append(v.Grants, shell.Option{Value: string(g), Label: a.P.T("records.may." + strings.ReplaceAll(string(g), "/", "_"))})
	}
	l, err := a.H.Records.Keys(a.R.Context(), a.H.DB, a.Scope)
	if err != nil {
		return v, err
	}
	here := a.H.Log.Clock.Now().Location()
	for _, k := range l {
		row := Key{Name: k.Name, Centre: a.PlaceName(k.Centre), ID: k.ID.String(), Made: k.Made.In(here).Format(time.DateOnly)}
		var may []string
		for _, g := range k.Grants {
			may = append(may, a.P.T("records.may."+strings.ReplaceAll(string(g), "/", "_")))
		}
		row.May = strings.Join(may, " · ")
		if k.Revoked.IsZero() {
			row.RevokeURL = "/records/keys/" + row.ID + "/revoke"
		} else {
			row.Revoked = k.Revoked.In(here).Format(time.DateOnly)
		}
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}

func keys(a *door.Ask) error {
	v, err := keysView(a)
	if err != nil {
		return err
	}
	return a.Render("records/keys", v)
}

func makeKey(a *door.Ask) error {
	v, err := keysView(a)
	if err != nil {
		return err
	}
	v.Name, v.Centre, v.May = strings.TrimSpace(a.R.FormValue("name")), a.R.FormValue("centre"), map[string]bool{}
	if len(v.Centres) == 1 {
		v.Centre = v.Centres[0].Value
	}
	centre := a.CentreOf(a.Scope, v.Centre)
	if centre.IsNil() {
		v.Errors["centre"] = a.P.T("people.centre_missing")
	}
	var grants []record.Grant
	for _, g := range a.R.Form["may"] {
		if slices.Contains(record.Grants, record.Grant(g)) {
			grants = append(grants, record.Grant(g))
			v.May[g] = true
		}
	}
	if len(grants) == 0 {
		v.Errors["may"] = a.P.T("records.may_missing")
	}
	switch n := len([]rune(v.Name)); {
	case n == 0:
		v.Errors["name"] = a.P.T("records.name_missing")
	case n > 60:
		v.Errors["name"] = a.P.T("error.too_long", "n", 60)
	}
	if len(v.Errors) > 0 {
		return a.Again("records/keys", v)
	}
	k, secret, err := a.H.Records.MakeKey(a.R.Context(), a.Actor(), centre, v.Name, grants)
	if err != nil {
		return err
	}
	return a.Render("records/key", Made{v.Name, shell.Origin(a.R) + strings.TrimSuffix(xapi.Path, "/"), k.ID.String(), secret})
}

func revokeKey(a *door.Ask) error {
	k, err := a.ID("key")
	if err != nil {
		return err
	}
	err = a.H.Records.RevokeKey(a.R.Context(), a.Actor(), a.Scope, k)
	if errors.Is(err, record.ErrNoKey) {
		return fs.ErrNotExist
	}
	if err != nil {
		return err
	}
	a.Notify("good", "records.revoked")
	return a.Go("/records/keys")
}
