package person

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person/list"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Person is one person as this node knows them.
type Person struct {
	ID       id.ID
	Centre   id.ID
	Sort     string
	Details  Details
	Conflict bool // two people edited the same field without seeing each other
}

// People answers questions about people.
type People struct{ log *fact.Log }

// New returns the area on a node's log.
func New(l *fact.Log) *People { return &People{l} }

// Errors of the area. Doors translate them.
var (
	ErrUnknown  = errors.New("nobody with this id is known here")
	ErrNoName   = errors.New("a name is missing")
	ErrNotField = errors.New("there is no such field")
)

// TakenError says that an identifier belongs to somebody else already.
type TakenError struct {
	Field  Field
	Value  string
	Person id.ID
}

func (e *TakenError) Error() string {
	return fmt.Sprintf("%s %s belongs to somebody else already", e.Field, e.Value)
}

func scan(r store.Row) (*Person, error) {
	p := &Person{Details: Details{}}
	values := make([]string, len(Fields))
	dest := []any{&p.ID, &p.Centre, &p.Sort}
	for i := range values {
		dest = append(dest, &values[i])
	}
	var registered int64
	dest = append(dest, &registered, &p.Conflict)
	if err := r.Scan(dest...); err != nil {
		return nil, err
	}
	for i, f := range Fields {
		if values[i] != "" {
			p.Details[f] = values[i]
		}
	}
	return p, nil
}

// Get returns a person in the scope, or nil.
func (p *People) Get(ctx context.Context, q store.Querier, scope access.Scope, person id.ID) (*Person, error) {
	l, err := p.byIDs(ctx, q, scope, []id.ID{person})
	if err != nil || len(l) == 0 {
		return nil, err
	}
	return l[0], nil
}

// Of returns those of the persons who are in the scope, in the order of a list.
func (p *People) Of(ctx context.Context, q store.Querier, scope access.Scope, persons []id.ID) ([]*Person, error) {
	var out []*Person
	for part := range slices.Chunk(persons, 500) {
		l, err := p.byIDs(ctx, q, scope, part)
		if err != nil {
			return nil, err
		}
		out = append(out, l...)
	}
	slices.SortFunc(out, func(a, b *Person) int {
		if c := strings.Compare(a.Sort, b.Sort); c != 0 {
			return c
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return out, nil
}

func (p *People) byIDs(ctx context.Context, q store.Querier, scope access.Scope, persons []id.ID) ([]*Person, error) {
	if len(persons) == 0 {
		return nil, nil
	}
	where, args := scope.People("centre", "id")
	for _, v := range persons {
		args = append(args, v)
	}
	var out []*Person
	err := q.Each(ctx, "SELECT "+table.List()+" FROM person WHERE "+where+" AND id IN (?"+strings.Repeat(", ?", len(persons)-1)+")", args, func(r store.Row) error {
		x, err := scan(r)
		out = append(out, x)
		return err
	})
	return out, err
}

// Filter narrows a list of people.
type Filter struct {
	Search string // beginnings of words of names, or of a Massar code or CIN
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

// nothing is the condition of a search that nobody can match.
const nothing = " AND 1 = 0"

// matching is the condition that some word of a person begins with each of the words. The rarest word is looked up and
// the others tried on whoever it finds; only when every word is common is the list walked instead, where matches lie
// close together.
func matching(ctx context.Context, q store.Querier, words []string) (string, []any, error) {
	type word struct {
		lo, hi string
		n      int
	}
	ws := make([]word, len(words))
	for i, w := range words {
		ws[i] = word{lo: w, hi: w + "\U0010FFFF"}
		if _, err := store.One(ctx, q, fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM person_token WHERE token >= ? AND token < ? LIMIT %d) AS t", common+1), store.Args(ws[i].lo, ws[i].hi), &ws[i].n); err != nil {
			return "", nil, err
		}
		if ws[i].n == 0 {
			return nothing, nil, nil
		}
	}
	slices.SortFunc(ws, func(a, b word) int { return a.n - b.n })
	has := func(person string) string {
		return " AND EXISTS (SELECT 1 FROM person_token u WHERE u.person = " + person + " AND u.token >= ? AND u.token < ?)"
	}
	var where string
	var args []any
	for i, w := range ws {
		args = append(args, w.lo, w.hi)
		switch {
		case i == 0 && (w.n <= common/10 || w.n <= common && len(ws) > 1):
			where = " AND id IN (SELECT t.person FROM person_token t WHERE t.token >= ? AND t.token < ?" + strings.Repeat(has("t.person"), len(ws)-1) + ")"
		case i == 0:
			where = strings.Repeat(has("person.id"), len(ws))
		}
	}
	return where, args, nil
}

// List returns a page of the people in the scope, by family name.
func (p *People) List(ctx context.Context, q store.Querier, scope access.Scope, f Filter) (*Page, error) {
	if f.Size == 0 {
		f.Size = 50
	}
	where, args := scope.People("centre", "id")
	if f.Sex != "" {
		where += " AND sex = ?"
		args = append(args, f.Sex)
	}
	where, args = f.Where.add(where, args)
	found, fargs, err := matching(ctx, q, strings.Fields(list.NormaliseName(f.Search)))
	if err != nil || found == nothing {
		return &Page{}, err
	}
	where, args = where+found, append(args, fargs...)
	order, back := "sort, id", false
	if dir, at, ok := strings.Cut(f.Page, "."); ok {
		sort, v, err := decodeAt(at)
		if err != nil {
			return nil, err
		}
		if back = dir == "b"; back {
			where += " AND (sort, id) < (?, ?)"
			order = "sort DESC, id DESC"
		} else {
			where += " AND (sort, id) > (?, ?)"
		}
		args = append(args, sort, v)
	}
	var out []*Person
	err = q.Each(ctx, fmt.Sprintf("SELECT %s FROM person WHERE %s ORDER BY %s LIMIT %d", table.List(), where, order, f.Size+1), args, func(r store.Row) error {
		x, err := scan(r)
		out = append(out, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	more := len(out) > f.Size
	out = out[:min(len(out), f.Size)]
	if back {
		slices.Reverse(out)
	}
	page := &Page{People: out}
	if len(out) > 0 {
		first, last := out[0], out[len(out)-1]
		if back || more {
			page.Next = "f." + encodeAt(last)
		}
		if back && more || !back && f.Page != "" {
			page.Prev = "b." + encodeAt(first)
		}
	}
	return page, nil
}

func encodeAt(p *Person) string { return p.ID.Hex() + p.Sort }

func decodeAt(s string) (string, id.ID, error) {
	if len(s) < 32 {
		return "", id.Nil, fmt.Errorf("this page of the list: %w", fs.ErrNotExist)
	}
	v, err := id.Parse(s[:32])
	return s[32:], v, err
}

// Count returns how many people are in the scope.
func (p *People) Count(ctx context.Context, q store.Querier, scope access.Scope) (int64, error) {
	where, args := scope.People("centre", "id")
	var n int64
	_, err := store.One(ctx, q, "SELECT count(*) FROM person WHERE "+where, args, &n)
	return n, err
}

// CountIf returns how many people in the scope a condition on person.id is true of.
func (p *People) CountIf(ctx context.Context, q store.Querier, scope access.Scope, c Condition) (int64, error) {
	where, args := scope.People("centre", "id")
	where, args = c.add(where, args)
	var n int64
	_, err := store.One(ctx, q, "SELECT count(*) FROM person WHERE "+where, args, &n)
	return n, err
}

// CountByCentre returns how many people each centre of the scope has.
func (p *People) CountByCentre(ctx context.Context, q store.Querier, scope access.Scope) (map[id.ID]int64, error) {
	where, args := scope.People("centre", "id")
	out := map[id.ID]int64{}
	err := q.Each(ctx, "SELECT centre, count(*) FROM person WHERE "+where+" GROUP BY centre", args, func(r store.Row) error {
		var c id.ID
		var n int64
		err := r.Scan(&c, &n)
		out[c] = n
		return err
	})
	return out, err
}

// Stream returns where the people of a centre are kept.
func Stream(centre id.ID) string { return "centre/" + centre.String() }

// stated prepares a fact that states fields of a person, sealed.
func stated(kind *fact.Kind, k *seal.Key, stream string, actor id.ID, d Details, prev []fact.Ref) (fact.New, error) {
	plain, err := json.Marshal(d)
	if err != nil {
		return fact.New{}, err
	}
	return fact.New{Stream: stream, Kind: kind, Subject: k.Person, Actor: actor, Prev: prev, Body: Stated{k.Seal(plain)}, Born: kind == KindRegistered}, nil
}

// Register brings a new person in at a centre. also may add facts about the person (an enrolment) to the same
// transaction.
func (p *People) Register(ctx context.Context, actor, centre id.ID, d Details, also func(person id.ID) []fact.New) (id.ID, error) {
	person := id.New()
	stream := Stream(centre)
	_, err := p.log.Do(ctx, fact.Command{Name: "register a person", Stream: stream, Keys: p.claims(d), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		if d.Name(false) == "" {
			return out, ErrNoName
		}
		if err := p.free(ctx, q, d, id.Nil); err != nil {
			return out, err
		}
		k, err := p.log.Keys.New(person, stream)
		if err != nil {
			return out, err
		}
		n, err := stated(KindRegistered, k, stream, actor, d, nil)
		if err != nil {
			return out, err
		}
		out.Keys, out.Facts = []*seal.Key{k}, []fact.New{n}
		if also != nil {
			out.Facts = append(out.Facts, also(person)...)
		}
		return out, nil
	}})
	if err != nil {
		return id.Nil, err
	}
	return person, nil
}

// claims are the identifiers that must be free, as keys that serialise commands.
func (p *People) claims(d Details) []id.ID {
	var out []id.ID
	for _, f := range []Field{"massar", "cin"} {
		if d[f] != "" {
			out = append(out, id.Named("identifier", f+":"+d[f]))
		}
	}
	return out
}

// free refuses identifiers that somebody other than self has. It is asked when a command is taken; two offline nodes may
// still give one out twice, which shows as possible duplicates.
func (p *People) free(ctx context.Context, q store.Querier, d Details, self id.ID) error {
	for _, f := range []Field{"massar", "cin"} {
		if d[f] == "" {
			continue
		}
		err := q.Each(ctx, "SELECT person FROM person_key WHERE key = ?", store.Args(f+":"+d[f]), func(r store.Row) error {
			var other id.ID
			if err := r.Scan(&other); err != nil {
				return err
			}
			if other != self {
				return &TakenError{f, d[f], other}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Edit states those fields of a person that change; a field set to "" is cleared. Without a change nothing is written.
func (p *People) Edit(ctx context.Context, actor id.ID, scope access.Scope, person id.ID, d Details) error {
	now, err := p.Get(ctx, p.log.DB, scope, person)
	if err != nil {
		return err
	}
	if now == nil {
		return ErrUnknown
	}
	_, err = p.log.Do(ctx, fact.Command{Name: "edit a person", Stream: Stream(now.Centre), Keys: append(p.claims(d), person), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		n, err := p.edit(ctx, q, actor, person, d)
		if err == nil && n != nil {
			out.Facts = []fact.New{*n}
		}
		return out, err
	}})
	return err
}

// edit prepares the fact of an edit, or nil when nothing changes.
func (p *People) edit(ctx context.Context, q store.Querier, actor, person id.ID, d Details) (*fact.New, error) {
	now, err := p.Get(ctx, q, access.Everywhere(), person)
	if err != nil {
		return nil, err
	}
	if now == nil {
		return nil, ErrUnknown
	}
	change, after := Details{}, Details{}
	for f, v := range now.Details {
		after[f] = v
	}
	for f, v := range d {
		if !slices.Contains(Fields, f) {
			return nil, fmt.Errorf("%w: %s", ErrNotField, f)
		}
		if now.Details[f] != v {
			change[f] = v
		}
		after[f] = v
	}
	if len(change) == 0 {
		return nil, nil
	}
	if after.Name(false) == "" {
		return nil, ErrNoName
	}
	if err := p.free(ctx, q, change, person); err != nil {
		return nil, err
	}
	k, err := p.log.Keys.Get(ctx, q, person)
	if err != nil {
		return nil, err
	}
	// Every fact known of the person was seen, so each of the changed fields replaces what it said before.
	all, err := p.log.Of(ctx, q, person)
	if err != nil {
		return nil, err
	}
	n, err := stated(KindEdited, k, Stream(now.Centre), actor, change, fact.HeadsOf(all))
	return &n, err
}
