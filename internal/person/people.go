package person

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
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
	// Near says that a search found the person by what the name sounds like.
	Near bool
	// Records are those in the scope that are this one person, when there are several, the smallest id first.
	Records        []*Person
	inside         id.ID           // a record in the scope, where there are several
	Contradictions []Contradiction // between the records

	first int64  // the clock of the first fact
	said  string // that of fields which were said later
}

// People answers questions about people.
type People struct {
	log     *fact.Log
	seeking sync.Mutex // held while duplicates are sought
}

// New returns the area on a node's log.
func New(l *fact.Log) *People { return &People{log: l} }

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
	var registered, mark int64
	dest = append(dest, &registered, &p.Conflict, &p.said, &p.first, &mark)
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

// Get returns a person in the scope, or nil: one, made of all the records there that are one person with this. Its id is that of
// a record in the scope, which is another than was asked for where that one lies outside.
func (p *People) Get(ctx context.Context, q store.Querier, scope access.Scope, person id.ID) (*Person, error) {
	l, err := p.united(ctx, q, scope, []id.ID{person})
	if err != nil || len(l) == 0 {
		return nil, err
	}
	if x := l[0]; !x.inside.IsNil() {
		x.ID = x.inside // what hangs from a record outside the scope is not for whoever asks
	}
	return l[0], nil
}

// Of returns those of the persons who are in the scope, in the order of a list, each under the id that was asked for.
func (p *People) Of(ctx context.Context, q store.Querier, scope access.Scope, persons []id.ID) ([]*Person, error) {
	out, err := p.united(ctx, q, scope, persons)
	if err != nil {
		return nil, err
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
	in, more := store.In("id", persons)
	var out []*Person
	// IS TRUE keeps a planner from reading a whole centre by its index for some people of it.
	err := q.Each(ctx, "SELECT "+table.List()+" FROM person WHERE ("+where+") IS TRUE AND "+in, append(args, more...), func(r store.Row) error {
		x, err := scan(r)
		out = append(out, x)
		return err
	})
	return out, err
}

// Centres returns the centre of each of some records that is known, merged or not.
func (p *People) Centres(ctx context.Context, q store.Querier, persons []id.ID) (map[id.ID]id.ID, error) {
	return Homes(ctx, q, persons)
}

// Sheet has everybody whom this node knows. It is a source of sums over people, which end with them: HomeOf reads its rows.
var Sheet = table

// HomeOf returns whose row of Sheet it is that changed. moved is false where neither they came, went, nor are of another centre.
func HomeOf(old, new []any) (person id.ID, moved bool) {
	switch {
	case old == nil:
		return new[0].(id.ID), true
	case new == nil:
		return old[0].(id.ID), true
	}
	return new[0].(id.ID), old[1] != new[1]
}

// Homes is Centres for sums over people.
func Homes(ctx context.Context, q store.Querier, persons []id.ID) (map[id.ID]id.ID, error) {
	out := map[id.ID]id.ID{}
	for part := range slices.Chunk(persons, 500) {
		in, args := store.In("id", part)
		err := q.Each(ctx, "SELECT id, centre FROM person WHERE "+in, args, func(r store.Row) error {
			var v, centre id.ID
			err := r.Scan(&v, &centre)
			out[v] = centre
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// CountIf returns how many people in the scope a condition on person.id is true of, as List would list them.
func (p *People) CountIf(ctx context.Context, q store.Querier, scope access.Scope, c Condition) (int64, error) {
	where, args := scope.People("centre", "id")
	where, args = c.add(where, args)
	var n int64
	if _, err := store.One(ctx, q, "SELECT count(*) FROM person WHERE "+where, args, &n); err != nil {
		return 0, err
	}
	beside, err := p.BesideIf(ctx, q, scope, c)
	return n - beside, err
}

// BesideIf returns how many records, of those in the scope that a condition on person.id is true of, stand beside another
// that List shows for the same person. They are few, so it begins from them.
func (p *People) BesideIf(ctx context.Context, q store.Querier, scope access.Scope, c Condition) (int64, error) {
	where, args := scope.People("person.centre", "person.id")
	where, args = c.add(where, args)
	in, more := scope.People("op.centre", "op.id")
	var n int64
	_, err := store.One(ctx, q, "SELECT count(*) FROM person_alias me CROSS JOIN person WHERE person.id = me.person AND "+where+
		" AND EXISTS (SELECT 1 FROM person_alias o CROSS JOIN person op WHERE op.id = o.person AND o.one = me.one AND o.person < me.person AND "+in+")", append(args, more...), &n)
	return n, err
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
		k, n, err := p.Fresh(actor, person, centre, d)
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

// Fresh prepares somebody new at a centre for the command of another area: a key and a fact. The details hold a name, and
// no identifiers, which would have to be free.
func (p *People) Fresh(actor, person, centre id.ID, d Details) (*seal.Key, fact.New, error) {
	stream := Stream(centre)
	k, err := p.log.Keys.New(person, stream)
	if err != nil {
		return nil, fact.New{}, err
	}
	n, err := stated(KindRegistered, k, stream, actor, d, nil)
	return k, n, err
}

// Namesakes returns at most 50 records of a centre that have the name of d, however it is spelt in capitals, accents and
// hyphens, and whether the given or the family name comes first.
func (p *People) Namesakes(ctx context.Context, q store.Querier, centre id.ID, d Details) ([]*Person, error) {
	name := d.sortKey()
	sorts := []any{centre, name, name, name}
	if w := strings.Fields(name); len(w) > 1 {
		sorts[2] = strings.Join(append(w[1:len(w):len(w)], w[0]), " ")
		sorts[3] = strings.Join(append([]string{w[len(w)-1]}, w[:len(w)-1]...), " ")
	}
	var out []*Person
	err := q.Each(ctx, "SELECT "+table.List()+" FROM person WHERE centre = ? AND sort IN (?, ?, ?) ORDER BY id LIMIT 50", sorts, func(r store.Row) error {
		x, err := scan(r)
		out = append(out, x)
		return err
	})
	return out, err
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
		var others []id.ID
		err := q.Each(ctx, "SELECT person FROM person_key WHERE key = ?", store.Args(f+":"+d[f]), func(r store.Row) error {
			var other id.ID
			err := r.Scan(&other)
			if other != self {
				others = append(others, other)
			}
			return err
		})
		if err != nil {
			return err
		}
		if len(others) == 0 {
			continue
		}
		ones, err := Ones(ctx, q, []id.ID{self})
		if err != nil {
			return err
		}
		for _, other := range others {
			if !slices.Contains(ones[self], other) {
				return &TakenError{f, d[f], other}
			}
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
	keys := append(p.claims(d), person)
	for _, r := range now.Records {
		keys = append(keys, r.ID)
	}
	_, err = p.log.Do(ctx, fact.Command{Name: "edit a person", Stream: Stream(now.Centre), Keys: keys, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		var err error
		out.Facts, err = p.edit(ctx, q, actor, scope, person, d)
		return out, err
	}})
	return err
}

// edit prepares the facts of an edit, none when nothing changes. Of several records that are one person, one is told what
// is new, and what is cleared is cleared in each: nothing else would make it go.
func (p *People) edit(ctx context.Context, q store.Querier, actor id.ID, scope access.Scope, person id.ID, d Details) ([]fact.New, error) {
	now, err := p.Get(ctx, q, scope, person)
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
	records, target := now.Records, person
	if len(records) == 0 {
		records = []*Person{now}
	} else if !slices.ContainsFunc(records, func(r *Person) bool { return r.ID == person }) {
		target = records[0].ID
	}
	var out []fact.New
	for _, r := range records {
		says := Details{}
		for f, v := range change {
			if r.ID == target || v == "" && r.Details[f] != "" {
				says[f] = v
			}
		}
		if r.ID == target && len(records) > 1 {
			for _, g := range together { // a name is taken from one record whole
				if slices.ContainsFunc(g, func(f Field) bool { _, ok := change[f]; return ok }) {
					for _, f := range g {
						if after[f] != "" || r.Details[f] != "" {
							says[f] = after[f]
						}
					}
				}
			}
		}
		if len(says) == 0 {
			continue
		}
		k, err := p.log.Keys.Get(ctx, q, r.ID)
		if err != nil {
			return nil, err
		}
		// Every fact known of the person was seen, so each of the changed fields replaces what it said before.
		all, err := p.log.Of(ctx, q, r.ID)
		if err != nil {
			return nil, err
		}
		n, err := stated(KindEdited, k, Stream(r.Centre), actor, says, fact.HeadsOf(all))
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// Since is when somebody was registered.
type Since struct {
	ID, Centre id.ID
	Registered string // ISO date
}

// RegisteredBefore returns at most max people who were registered before an instant, in the order of their ids, after
// one.
func (p *People) RegisteredBefore(ctx context.Context, q store.Querier, before time.Time, after id.ID, max int) ([]Since, error) {
	var out []Since
	err := q.Each(ctx, fmt.Sprintf("SELECT id, centre, registered FROM person WHERE id > ? AND registered < ? ORDER BY id LIMIT %d", max), store.Args(after, before.UnixMilli()), func(r store.Row) error {
		var x Since
		var at int64
		err := r.Scan(&x.ID, &x.Centre, &at)
		x.Registered = time.UnixMilli(at).Format(time.DateOnly)
		out = append(out, x)
		return err
	})
	return out, err
}

// Registered returns on which date each of some records that are known was registered.
func (p *People) Registered(ctx context.Context, q store.Querier, persons []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	for part := range slices.Chunk(persons, 500) {
		in, args := store.In("id", part)
		err := q.Each(ctx, "SELECT id, registered FROM person WHERE "+in, args, func(r store.Row) error {
			var v id.ID
			var at int64
			err := r.Scan(&v, &at)
			out[v] = time.UnixMilli(at).Format(time.DateOnly)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
