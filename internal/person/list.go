package person

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/person/list"
	"tizi/internal/person/same"
	"tizi/internal/store"
)

// Filter narrows a list of people.
type Filter struct {
	// Search is beginnings of words of names, or of a Massar code or CIN. Whoever is found by the letters comes first;
	// whoever is found by the sound alone, in any script and spelling, follows.
	Search string
	Sex    string
	// Page is where a page begins: the Next or Prev of another.
	Page string
	Size int // rows a page; 0 means 50
	// Where is a further condition on the column person.id, which a later area states: those in a group, those who agreed
	// to something.
	Where Condition
}

// Condition is a part of a query and its arguments. The zero Condition is always true.
type Condition struct {
	SQL  string
	Args []any
}

// And is true where both are.
func (c Condition) And(d Condition) Condition {
	switch {
	case c.SQL == "":
		return d
	case d.SQL == "":
		return c
	}
	return Condition{c.SQL + " AND " + d.SQL, append(append([]any{}, c.Args...), d.Args...)}
}

func (c Condition) add(where string, args []any) (string, []any) {
	if c.SQL == "" {
		return where, args
	}
	return where + " AND " + c.SQL, append(args, c.Args...)
}

// Page is a part of a list, with how to get to its neighbours.
type Page struct {
	People     []*Person
	Prev, Next string // "" where there is none
}

// common is how many matches of the rarest word make it cheaper to walk the list than to collect the matches. Only a test
// changes it.
var common = 20_000

// term is one word of a search: some word of a person lies between lo and hi.
type term struct{ lo, hi string }

func begins(w string) term { return term{w, w + "\U0010FFFF"} }

// spelled are the terms of a search by its letters.
func spelled(search string) []term {
	var out []term
	for w := range strings.FieldsSeq(list.NormaliseName(search)) {
		out = append(out, begins(w))
	}
	return out
}

// sounding are the terms of a search by its sound, nil when it has none. A single consonant begins half of all names, so it
// must be the whole; a word with digits is a code and is found by its letters.
func sounding(search string) []term {
	var out []term
	var words []string
	for w := range strings.FieldsSeq(search) {
		if strings.ContainsAny(w, "0123456789٠١٢٣٤٥٦٧٨٩") {
			out = append(out, spelled(w)...)
		} else {
			words = append(words, w)
		}
	}
	sounds := same.Sounds(strings.Join(words, " "))
	if len(sounds) == 0 {
		return nil
	}
	for _, s := range sounds {
		if len(s) > 1 {
			out = append(out, begins("~"+s))
		} else {
			out = append(out, term{"~" + s, "~" + s + "\x01"})
		}
	}
	return out
}

// match is who a search finds: those whom a query looks up (found), or those of a list who fulfil a condition (where).
type match struct {
	found string
	where string
	args  []any
}

// matching finds those of whom, or of a record that is one with them, a word fits each of the terms. The rarest term is
// looked up and the others tried on whoever it finds; only when every term is common is the list walked instead, where
// matches lie close together. It is nil when nobody can match.
func matching(ctx context.Context, q store.Querier, engine store.Engine, scope access.Scope, merged bool, terms []term) (*match, error) {
	type counted struct {
		term
		n int
	}
	ws := make([]counted, len(terms))
	few := common // to collect; one word alone has nothing that narrows it
	switch {
	case scope.Own():
		few = 0 // the few of the scope are walked, however rare a word is in the node
	case len(terms) == 1:
		few /= 2
	}
	for i, w := range terms {
		ws[i].term = w
		if _, err := store.One(ctx, q, fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM person_token WHERE token >= ? AND token < ? LIMIT %d) AS t", few+1), store.Args(w.lo, w.hi), &ws[i].n); err != nil {
			return nil, err
		}
		if ws[i].n == 0 {
			return nil, nil
		}
	}
	slices.SortFunc(ws, func(a, b counted) int { return a.n - b.n })
	var args []any
	for _, w := range ws {
		args = append(args, w.lo, w.hi)
	}
	// By a count, so that the few words of each person are read: PostgreSQL would join thousands with thousands.
	word := engine.Veiled("u.token")
	has := func(person string) string {
		return " AND (SELECT count(*) FROM person_token u WHERE u.person = " + person + " AND " + word + " >= ? AND " + word + " < ?) > 0"
	}
	looked := func(person string) string {
		return "t.token >= ? AND t.token < ?" + strings.Repeat(has(person), len(ws)-1)
	}
	in, sargs := scope.People("p.centre", "p.id")
	// SQLite keeps to the order of a CROSS JOIN, so the fewest come first: the people of an own scope, those who have an
	// alias, or those who have the rarest word.
	ones := "SELECT o.person FROM %s WHERE p.id = me.person AND o.one = me.one AND " + in + strings.Repeat(has("me.person"), len(ws))
	oargs := append(slices.Clone(sargs), args...)
	var aliases int
	if merged && !scope.Own() {
		if _, err := store.One(ctx, q, fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM person_alias LIMIT %d) AS t", few+1), nil, &aliases); err != nil {
			return nil, err
		}
	}
	switch {
	case scope.Own():
		ones = fmt.Sprintf(ones, "person p CROSS JOIN person_alias me CROSS JOIN person_alias o")
	case aliases < ws[0].n:
		ones = fmt.Sprintf(ones, "person_alias me CROSS JOIN person_alias o CROSS JOIN person p")
	default:
		ones = "SELECT o.person FROM person_token t CROSS JOIN person_alias me CROSS JOIN person_alias o CROSS JOIN person p WHERE me.person = t.person AND o.one = me.one AND p.id = me.person AND " + looked("me.person") + " AND " + in
		oargs = append(slices.Clone(args), sargs...)
	}
	m := &match{args: args}
	if ws[0].n <= few {
		m.found = "SELECT DISTINCT t.person FROM person_token t WHERE " + looked("t.person")
		if merged {
			m.found += " UNION " + ones
		}
	} else {
		m.where = "1 = 1" + strings.Repeat(has("person.id"), len(ws))
		if merged {
			m.where += " OR id IN (" + ones + ")"
		}
	}
	if merged {
		m.args = append(slices.Clone(args), oargs...)
	}
	return m, nil
}

// tier is one part of a list: those found by the letters, or by the sound alone.
type tier struct {
	with, from, where string // common table expressions, what rows come from, which of them
	wargs, args       []any  // of with, and of the rest
	sort              string // what rows are put in order by
}

// keep narrows the tier to a match, or to those outside it.
func (t *tier) keep(engine store.Engine, name string, m *match, in bool) {
	switch {
	case m.found == "" && in:
		t.where, t.args = t.where+" AND ("+m.where+")", append(t.args, m.args...)
		return
	case m.found == "":
		t.where, t.args = t.where+" AND NOT ("+m.where+")", append(t.args, m.args...)
		return
	case t.with == "":
		t.with = "WITH "
	default:
		t.with += ", "
	}
	// Looked up once, and told to be: a planner that guesses wrongly walks everybody instead.
	t.with += name + " (who) AS MATERIALIZED (" + m.found + ")"
	t.wargs = append(t.wargs, m.args...)
	if in {
		// Those found are looked up; SQLite, which keeps to the order of a CROSS JOIN, would walk a whole centre for them.
		// PostgreSQL would do so for the order.
		t.from, t.where, t.sort = name+" CROSS JOIN person", "person.id = "+name+".who AND "+t.where, engine.Veiled("sort")
	} else {
		t.where += " AND person.id NOT IN (SELECT who FROM " + name + ")"
	}
}

// hidden is the condition that a record stands for its person: no smaller one in the scope is one with it.
func hidden(scope access.Scope) (string, []any) {
	in, args := scope.People("op.centre", "op.id")
	// A count is asked for each row by its indexes; PostgreSQL makes of NOT EXISTS a join of everybody with everybody's
	// aliases, and SQLite, but for the CROSS JOIN, one with all people of the scope's centre.
	// Few have an alias at all: they alone are asked.
	return " AND (person.id NOT IN (SELECT person FROM person_alias) OR (SELECT count(*) FROM person_alias me CROSS JOIN person_alias o CROSS JOIN person op WHERE me.person = person.id AND o.one = me.one AND o.person < me.person AND op.id = o.person AND " + in + ") = 0)", args
}

// List returns a page of the people in the scope, by family name; of records that are one person, one.
func (p *People) List(ctx context.Context, q store.Querier, scope access.Scope, f Filter) (*Page, error) {
	if f.Size == 0 {
		f.Size = 50
	}
	base, bargs := scope.People("centre", "id")
	if f.Sex != "" {
		base += " AND sex = ?"
		bargs = append(bargs, f.Sex)
	}
	base, bargs = f.Where.add(base, bargs)
	merged, err := anyMerged(ctx, q)
	if err != nil {
		return nil, err
	}
	if merged {
		hide, hargs := hidden(scope)
		base, bargs = base+hide, append(bargs, hargs...)
	}
	letters := spelled(f.Search)
	// part is a tier, worked out when a page needs it; nil when nobody is in it.
	part := func(i int) (*tier, error) {
		t := &tier{from: "person", where: base, args: slices.Clone(bargs), sort: "sort"}
		if len(letters) == 0 {
			if i > 0 {
				return nil, nil
			}
			return t, nil
		}
		exact, err := matching(ctx, q, p.log.DB.Engine, scope, merged, letters)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			if exact == nil {
				return nil, nil
			}
			t.keep(p.log.DB.Engine, "spelled", exact, true)
			return t, nil
		}
		sounds := sounding(f.Search)
		if sounds == nil {
			return nil, nil
		}
		near, err := matching(ctx, q, p.log.DB.Engine, scope, merged, sounds)
		if err != nil || near == nil {
			return nil, err
		}
		t.keep(p.log.DB.Engine, "sounding", near, true)
		if exact != nil {
			t.keep(p.log.DB.Engine, "spelled", exact, false)
		}
		return t, nil
	}
	at, back, from := 0, false, ""
	var after []any
	if dir, cursor, ok := strings.Cut(f.Page, "."); ok {
		if len(cursor) < 33 || cursor[0] != '0' && cursor[0] != '1' {
			return nil, fmt.Errorf("this page of the list: %w", fs.ErrNotExist)
		}
		v, err := id.Parse(cursor[1:33])
		if err != nil {
			return nil, err
		}
		at, back, from, after = int(cursor[0]-'0'), dir == "b", cursor, []any{cursor[33:], v}
	}
	var out []*Person
	tiers := map[id.ID]int{}
	for i := at; i >= 0 && i <= 1 && len(out) <= f.Size; {
		t, err := part(i)
		if err != nil {
			return nil, err
		}
		if t != nil {
			where, args, dir, than := t.where, t.args, "", ">"
			if back {
				dir, than = " DESC", "<"
			}
			if after != nil {
				where += fmt.Sprintf(" AND (%s, id) %s (?, ?)", t.sort, than)
			}
			args = append(append(t.wargs, args...), after...)
			// Only what is shown is read whole: to sort thousands of whole rows for fifty costs more than to find them.
			err := q.Each(ctx, fmt.Sprintf("%s SELECT %s FROM person WHERE id IN (SELECT id FROM %s WHERE %s ORDER BY %s%s, id%[6]s LIMIT %d) ORDER BY sort%[6]s, id%[6]s", t.with, table.List(), t.from, where, t.sort, dir, f.Size+1-len(out)), args, func(r store.Row) error {
				x, err := scan(r)
				if err == nil {
					out = append(out, x)
					tiers[x.ID] = i
				}
				return err
			})
			if err != nil {
				return nil, fmt.Errorf("list people: %w", err)
			}
		}
		after = nil
		if back {
			i--
		} else {
			i++
		}
	}
	more := len(out) > f.Size
	out = out[:min(len(out), f.Size)]
	if back {
		slices.Reverse(out)
	}
	page := &Page{People: out}
	if len(out) > 0 {
		cursor := func(x *Person) string { return fmt.Sprint(tiers[x.ID]) + x.ID.Hex() + x.Sort }
		if back || more {
			page.Next = "f." + cursor(out[len(out)-1])
		}
		if back && more || !back && from != "" {
			page.Prev = "b." + cursor(out[0])
		}
	}
	return page, p.complete(ctx, q, scope, page.People, tiers)
}

// complete makes whole persons of the records of a page.
func (p *People) complete(ctx context.Context, q store.Querier, scope access.Scope, page []*Person, tiers map[id.ID]int) error {
	ids := make([]id.ID, len(page))
	for i, x := range page {
		ids[i] = x.ID
		x.Near = tiers[x.ID] == 1
	}
	ones, err := Ones(ctx, q, ids)
	if err != nil || len(ones) == 0 {
		return err
	}
	for i, x := range page {
		if ones[x.ID] == nil {
			continue
		}
		l, err := p.united(ctx, q, scope, []id.ID{x.ID})
		if err != nil {
			return err
		}
		if len(l) == 1 {
			l[0].Near = x.Near
			page[i] = l[0]
		}
	}
	return nil
}

// Count returns how many people are in the scope, each once.
func (p *People) Count(ctx context.Context, q store.Querier, scope access.Scope) (int64, error) {
	where, args := scope.People("centre", "id")
	var n, twice int64
	if _, err := store.One(ctx, q, "SELECT count(*) FROM person WHERE "+where, args, &n); err != nil {
		return 0, err
	}
	_, err := store.One(ctx, q, "SELECT count(*) - count(DISTINCT one) FROM person_alias JOIN person ON id = person WHERE "+where, args, &twice)
	return n - twice, err
}

// Communes returns how many people of a centre wrote each commune, in their words; who wrote none is not among them.
func (p *People) Communes(ctx context.Context, q store.Querier, centre id.ID) (map[string]int64, error) {
	out := map[string]int64{}
	err := q.Each(ctx, "SELECT commune, count(*) FROM person WHERE centre = ? AND commune <> '' GROUP BY commune", store.Args(centre), func(r store.Row) error {
		var s string
		var n int64
		err := r.Scan(&s, &n)
		out[s] = n
		return err
	})
	return out, err
}

// CountByCentre returns how many people each centre of the scope has, each once at a centre.
func (p *People) CountByCentre(ctx context.Context, q store.Querier, scope access.Scope) (map[id.ID]int64, error) {
	where, args := scope.People("centre", "id")
	out := map[id.ID]int64{}
	for sign, query := range map[int64]string{
		1:  "SELECT centre, count(*) FROM person WHERE " + where + " GROUP BY centre",
		-1: "SELECT centre, count(*) - count(DISTINCT one) FROM person_alias JOIN person ON id = person WHERE " + where + " GROUP BY centre",
	} {
		err := q.Each(ctx, query, args, func(r store.Row) error {
			var c id.ID
			var n int64
			err := r.Scan(&c, &n)
			out[c] += sign * n
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
