package consent

import (
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/seal"
	"tizi/internal/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of what only this node holds: scans that are not filed yet.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// Consents answers who agreed to what.
type Consents struct {
	log    *fact.Log
	people *person.People
	blobs  *blob.Store
}

// New returns the area on a node's log. Files may be nil where no photo and no scan is kept.
func New(l *fact.Log, p *person.People, b *blob.Store) *Consents { return &Consents{l, p, b} }

// Errors of the area. Doors translate them.
var (
	ErrMinor     = errors.New("a guardian agrees for somebody under 18, or of unknown age")
	ErrAdult     = errors.New("nobody agrees for somebody who is 18 or over")
	ErrNoWitness = errors.New("a spoken consent needs a witness")
	ErrNoName    = errors.New("who gave the consent is missing")
	ErrNotGiven  = errors.New("what was not given cannot be withdrawn")
	ErrFuture    = errors.New("the date lies in the future")
	ErrBefore    = errors.New("the date lies before the person was born")
	ErrOlder     = errors.New("it was refused or withdrawn after that day")
	ErrNoConsent = errors.New("nobody agreed to this")
	ErrNoText    = errors.New("there is no such text")
)

// Adult is the age from which somebody agrees for themselves.
const Adult = 18

// Giver says who answers for somebody born then, on a day.
func Giver(birth, on string) string {
	if years, known := measure.Age(birth, on); known && years >= Adult {
		return BySelf
	}
	return ByGuardian
}

// longAgo is before any consent that concerns somebody whose birth is not known.
const longAgo = "1920-01-01"

// Holding returns a condition on a column that holds a person: that a consent to the purpose stands. Lists of other areas
// use it, so that they need not know how consents are kept.
func Holding(column string, p Purpose) string {
	return "EXISTS (SELECT 1 FROM consent WHERE consent.person = " + column + " AND consent.purpose = '" + string(known(p)) + "' AND consent.holds = 1)"
}

// Unscanned returns a condition on a column that holds a person: that a consent to the purpose stands which was given on
// paper, and no scan of the signed form is filed with it.
func Unscanned(column string, p Purpose) (string, []any) {
	return "EXISTS (SELECT 1 FROM consent WHERE consent.person = " + column + " AND consent.purpose = ? AND consent.holds = 1 AND consent.method IN ('paper', 'list') AND consent.scan = ?)", store.Args(string(p), id.Nil)
}

// Stands returns a value for the list of a SELECT: 1 if a consent to the purpose stands for the person in a column, else
// 0. Unlike Holding, it always looks up the one person: PostgreSQL may answer an EXISTS in that place from a table of all
// consents, made for each statement.
func Stands(column string, p Purpose) string {
	return "coalesce((SELECT max(consent.holds) FROM consent WHERE consent.person = " + column + " AND consent.purpose = '" + string(known(p)) + "'), 0)"
}

// known makes sure that a purpose is one of ours, for it is written into SQL.
func known(p Purpose) Purpose {
	if !slices.Contains(Purposes, p) {
		panic("consent: " + string(p) + " is no purpose")
	}
	return p
}

// Has reports whether a person's consent to a purpose stands. What needs one does not run without it.
func (c *Consents) Has(ctx context.Context, q store.Querier, person id.ID, p Purpose) (bool, error) {
	var one int
	return store.One(ctx, q, "SELECT 1 FROM consent WHERE id = ? AND holds = 1", store.Args(RegisterID(person, known(p))), &one)
}

// Lacking returns those of some persons whose consent does not stand.
func (c *Consents) Lacking(ctx context.Context, q store.Querier, persons []id.ID, p Purpose) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	for part := range slices.Chunk(persons, 500) {
		registers := make([]id.ID, len(part))
		of := map[id.ID]id.ID{}
		for i, v := range part {
			out[v] = true
			registers[i] = RegisterID(v, known(p))
			of[registers[i]] = v
		}
		in, args := store.In("id", registers)
		// Whether it holds is looked at here: SQLite would rather walk all that hold than look some up.
		err := q.Each(ctx, "SELECT id, holds FROM consent WHERE "+in, args, func(r store.Row) error {
			var register id.ID
			var holds bool
			err := r.Scan(&register, &holds)
			if holds {
				delete(out, of[register])
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Counts returns, of the people in a scope, how many agreed to each purpose.
func (c *Consents) Counts(ctx context.Context, q store.Querier, scope access.Scope) (map[Purpose]int64, error) {
	var query string
	var args []any
	if scope.Whole() {
		query, args = scope.SQL("centre")
		query = "SELECT purpose, CAST(sum(n) AS BIGINT) FROM consent_sum WHERE " + query + " GROUP BY purpose"
	} else {
		// By the person: all that hold are many more than whom somebody has in their groups.
		query, args = scope.People("centre", "person")
		query = "SELECT purpose, count(*) FROM consent WHERE holds + 0 = 1 AND " + query + " GROUP BY purpose"
	}
	out := map[Purpose]int64{}
	err := q.Each(ctx, query, args, func(r store.Row) error {
		var p string
		var n int64
		err := r.Scan(&p, &n)
		out[Purpose(p)] = n
		return err
	})
	return out, err
}

// Consent is how somebody stands to a purpose.
type Consent struct {
	Purpose               Purpose
	State                 string // Missing where nothing was stated
	Giver, Method, Assent string
	On                    string
	Text, Scan, Actor     id.ID
	Who                   Who
	Holds, Conflict       bool
}

// Of returns how a person stands to each purpose. The caller has made sure that the reader may see the person.
func (c *Consents) Of(ctx context.Context, q store.Querier, person id.ID) ([]Consent, error) {
	by := map[Purpose]Consent{}
	var key *seal.Key
	var sealed []string
	err := q.Each(ctx, "SELECT purpose, state, giver, method, assent, day, version, scan, sealed, actor, holds, conflict FROM consent WHERE person = ?", store.Args(person), func(r store.Row) error {
		var x Consent
		var s string
		err := r.Scan((*string)(&x.Purpose), &x.State, &x.Giver, &x.Method, &x.Assent, &x.On, &x.Text, &x.Scan, &s, &x.Actor, &x.Holds, &x.Conflict)
		x.Who.Name = s // sealed still: keys are read when the rows are
		by[x.Purpose] = x
		sealed = append(sealed, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(sealed, func(s string) bool { return s != "" }) {
		if key, err = c.log.Keys.Get(ctx, q, person); err != nil && !errors.Is(err, seal.ErrNoKey) {
			return nil, err
		}
	}
	out := make([]Consent, len(Purposes))
	for i, p := range Purposes {
		x, ok := by[p]
		if !ok {
			x = Consent{Purpose: p, State: Missing}
		}
		x.Who = openWho(key, x.Who.Name)
		out[i] = x
	}
	return out, nil
}

func openWho(k *seal.Key, sealed string) (w Who) {
	if k == nil || sealed == "" {
		return w
	}
	if plain, err := k.Open(sealed); err == nil {
		json.Unmarshal(plain, &w)
	}
	return w
}

// Line is one statement of a person's history of consents.
type Line struct {
	Stated
	Who   Who
	Actor id.ID
	At    fact.Time
}

// History returns what was stated of a person, the latest first.
func (c *Consents) History(ctx context.Context, q store.Querier, person id.ID) ([]Line, error) {
	key, err := c.log.Keys.Get(ctx, q, person)
	if err != nil && !errors.Is(err, seal.ErrNoKey) {
		return nil, err
	}
	var out []Line
	for _, p := range Purposes {
		all, err := c.log.Of(ctx, q, RegisterID(person, p))
		if err != nil {
			return nil, err
		}
		for _, f := range all {
			if b, ok := fact.As[Stated](f); ok && f.State() == fact.Effective {
				out = append(out, Line{b, openWho(key, b.Sealed), f.Actor, f.HLC})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Line) int { return cmp.Compare(b.At, a.At) })
	return out, nil
}

// Statement is what somebody wants recorded.
type Statement struct {
	Purpose Purpose
	State   string
	Giver   string
	Method  string
	Assent  string
	On      string
	Text    id.ID // Nil: the version of today
	Who     Who
}

// Record states consents of a person in the scope. Where one to images ends, the photos are destroyed with it.
func (c *Consents) Record(ctx context.Context, actor id.ID, scope access.Scope, who id.ID, list []Statement) error {
	return c.record(ctx, actor, scope, who, list, nil)
}

// record also takes facts and rows that belong to the same decision: a scan that is filed.
func (c *Consents) record(ctx context.Context, actor id.ID, scope access.Scope, who id.ID, list []Statement, filed *filing) error {
	now, err := c.people.Get(ctx, c.log.DB, scope, who)
	if err != nil {
		return err
	}
	if now == nil {
		return person.ErrUnknown
	}
	stream := person.Stream(now.Centre)
	today := c.log.Clock.Now().Format(time.DateOnly)
	var gone []blob.Digest
	_, err = c.log.DoKeyed(ctx, fact.Command{Name: "record consent", Stream: stream, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		gone = nil
		if filed != nil { // dropped or filed by somebody else since it was shown
			if _, err := c.Waits(ctx, q, access.Everywhere(), filed.scan); err != nil {
				return out, err
			}
		}
		p, err := c.people.Get(ctx, q, scope, who)
		if err != nil {
			return out, err
		}
		if p == nil {
			return out, person.ErrUnknown
		}
		key, err := c.log.Keys.Get(ctx, q, who)
		if err != nil {
			return out, err
		}
		born := cmp.Or(p.Details["birth"], longAgo)
		var lost []photo
		for _, s := range list {
			switch {
			case s.Method == "spoken" && s.Who.Witness == "":
				return out, ErrNoWitness
			case s.Method != "list" && s.Giver == ByGuardian && s.Who.Name == "":
				return out, ErrNoName
			case s.On > today:
				return out, ErrFuture
			case s.On < born:
				return out, ErrBefore
			case s.Giver != Giver(p.Details["birth"], s.On) && s.Giver == BySelf:
				return out, ErrMinor
			case s.Giver != Giver(p.Details["birth"], s.On):
				return out, ErrAdult
			}
			reg := RegisterID(who, s.Purpose)
			all, err := c.log.Of(ctx, q, reg)
			if err != nil {
				return out, err
			}
			if s.State == Given {
				later, err := c.laterNo(ctx, q, who, s.Purpose, s.On)
				if err != nil {
					return out, err
				}
				if later {
					return out, ErrOlder
				}
			}
			ended, photos, err := c.ends(ctx, q, actor, who, s)
			if err != nil {
				return out, err
			}
			out.Facts, lost = append(out.Facts, ended...), append(lost, photos...)
			if s.State == Withdrawn && !standing(all) {
				if len(ended) == 0 {
					return out, ErrNotGiven
				}
				continue
			}
			if s.Text.IsNil() {
				t, err := c.Current(ctx, q, s.Purpose)
				if err != nil {
					return out, err
				}
				s.Text = t.ID
			}
			b := Stated{Person: who, Purpose: s.Purpose, State: s.State, Text: s.Text, Giver: s.Giver, Method: s.Method, Assent: s.Assent, On: s.On}
			if filed != nil {
				b.Scan = filed.scan
			}
			if s.Who != (Who{}) {
				plain, err := json.Marshal(s.Who)
				if err != nil {
					return out, err
				}
				b.Sealed = key.Seal(plain)
			}
			out.Facts = append(out.Facts, fact.New{Stream: stream, Kind: KindStated, Subject: reg, Actor: actor, Body: b, Prev: fact.HeadsOf(all)})
			if s.Purpose == Image && s.State != Given {
				mine, err := c.photos(ctx, q, "person = ?", who)
				if err != nil {
					return out, err
				}
				lost = append(lost, mine...)
			}
		}
		if filed != nil {
			out.Facts = append(out.Facts, filed.facts...)
		}
		for _, l := range lost {
			gone = append(gone, l.digest)
			n, err := c.removal(ctx, q, actor, l, "withdrawn")
			if err != nil {
				return out, err
			}
			out.Facts = append(out.Facts, n)
		}
		if filed != nil {
			out.Also = filed.also
		}
		return out, nil
	}}, func(ctx context.Context, q store.Querier) ([]id.ID, error) {
		keys, err := person.Records(ctx, q, who)
		if filed != nil {
			keys = append(keys, filed.scan)
		}
		return keys, err
	})
	if err != nil {
		return err
	}
	return c.Destroy(ctx, gone)
}

// others are the records that are one person with this one.
func (c *Consents) others(ctx context.Context, q store.Querier, who id.ID) ([]id.ID, error) {
	ones, err := person.Ones(ctx, q, []id.ID{who})
	return slices.DeleteFunc(ones[who], func(v id.ID) bool { return v == who }), err
}

// ends says a no to all records that are one person with this one, where a yes stands: a child has one face, however often
// it was written down. It returns the photos that go with it.
func (c *Consents) ends(ctx context.Context, q store.Querier, actor, who id.ID, s Statement) (out []fact.New, lost []photo, err error) {
	if s.State == Given {
		return nil, nil, nil
	}
	others, err := c.others(ctx, q, who)
	if err != nil {
		return nil, nil, err
	}
	return c.end(ctx, q, actor, others, s)
}

// end says a no to those of some records where a yes stands.
func (c *Consents) end(ctx context.Context, q store.Querier, actor id.ID, records []id.ID, s Statement) (out []fact.New, lost []photo, err error) {
	if len(records) == 0 {
		return nil, nil, nil
	}
	centres, err := c.people.Centres(ctx, q, records)
	if err != nil {
		return nil, nil, err
	}
	for _, v := range records {
		all, err := c.log.Of(ctx, q, RegisterID(v, s.Purpose))
		if err != nil {
			return nil, nil, err
		}
		if _, known := centres[v]; !known || !standing(all) {
			continue
		}
		i := slices.IndexFunc(all, fact.Is[Stated])
		now, _ := fact.As[Stated](all[i])
		b := Stated{Person: v, Purpose: s.Purpose, State: s.State, Text: now.Text, Giver: s.Giver, Method: s.Method, Assent: s.Assent, On: s.On}
		if s.Who != (Who{}) {
			key, err := c.log.Keys.Get(ctx, q, v)
			if err != nil {
				return nil, nil, err
			}
			plain, err := json.Marshal(s.Who)
			if err != nil {
				return nil, nil, err
			}
			b.Sealed = key.Seal(plain)
		}
		out = append(out, fact.New{Stream: person.Stream(centres[v]), Kind: KindStated, Subject: RegisterID(v, s.Purpose), Actor: actor, Body: b, Prev: fact.HeadsOf(all)})
		if s.Purpose == Image {
			photos, err := c.photos(ctx, q, "person = ?", v)
			if err != nil {
				return nil, nil, err
			}
			lost = append(lost, photos...)
		}
	}
	return out, lost, nil
}

// Joined prepares what it means for consents that some records become one person: a no that was said of one of them, and
// not before the yes of another, ends that yes. Photos lose their keys, and the files are
// for the caller to remove when it is over.
func (c *Consents) Joined(ctx context.Context, q store.Querier, actor id.ID, persons []id.ID) (facts []fact.New, files []blob.Digest, err error) {
	ones, err := person.Ones(ctx, q, persons)
	if err != nil {
		return nil, nil, err
	}
	var records []id.ID
	for _, p := range persons {
		for _, r := range append(ones[p], p) {
			if !slices.Contains(records, r) {
				records = append(records, r)
			}
		}
	}
	var lost []photo
	for _, purpose := range Purposes {
		var no *Stated
		yes := map[id.ID]string{} // since when
		for _, r := range records {
			all, err := c.log.Of(ctx, q, RegisterID(r, purpose))
			if err != nil {
				return nil, nil, err
			}
			refs := fact.HeadsOf(all)
			for _, f := range all {
				b, ok := fact.As[Stated](f)
				switch {
				case !ok || !slices.Contains(refs, f.Ref()):
				case b.State == Given:
					yes[r] = max(yes[r], b.On)
				case no == nil || b.On > no.On:
					no = &b
				}
			}
		}
		if no == nil {
			continue
		}
		key, err := c.log.Keys.Get(ctx, q, no.Person)
		if err != nil && !errors.Is(err, seal.ErrNoKey) {
			return nil, nil, err
		}
		var ended []id.ID
		for _, r := range records {
			if on, ok := yes[r]; ok && on <= no.On {
				ended = append(ended, r)
			}
		}
		s := Statement{Purpose: purpose, State: no.State, Giver: no.Giver, Method: no.Method, Assent: no.Assent, On: no.On, Who: openWho(key, no.Sealed)}
		more, photos, err := c.end(ctx, q, actor, ended, s)
		if err != nil {
			return nil, nil, err
		}
		facts, lost = append(facts, more...), append(lost, photos...)
	}
	for _, p := range lost {
		n, err := c.removal(ctx, q, actor, p, "withdrawn")
		if err != nil {
			return nil, nil, err
		}
		facts, files = append(facts, n), append(files, p.digest)
	}
	return facts, files, nil
}

// standing reports whether the facts of a register end in a consent that was given, by one of its authors at least.
func standing(all []*fact.Fact) bool {
	refs := fact.HeadsOf(all)
	return slices.ContainsFunc(all, func(f *fact.Fact) bool {
		b, ok := fact.As[Stated](f)
		return ok && b.State == Given && slices.Contains(refs, f.Ref())
	})
}

// Held returns the fact that a form for a new person is held at the centre, for the transaction that registers the person;
// whoever records it answers for it.
func Held(actor, centre, who id.ID, birth string, p Purpose, text id.ID, method, on string) fact.New {
	return fact.New{Stream: person.Stream(centre), Kind: KindStated, Subject: RegisterID(who, p), Actor: actor, Born: true,
		Body: Stated{Person: who, Purpose: p, State: Given, Text: text, Giver: Giver(birth, on), Method: method, On: on}}
}

// laterNo reports whether a consent of somebody, on whichever record, was refused or withdrawn after a day: a form that was
// signed before does not bring it back.
func (c *Consents) laterNo(ctx context.Context, q store.Querier, who id.ID, p Purpose, on string) (bool, error) {
	records, err := person.Records(ctx, q, who)
	if err != nil {
		return false, err
	}
	in, args := store.In("person", records)
	var n int
	_, err = store.One(ctx, q, "SELECT count(*) FROM consent WHERE "+in+" AND purpose = ? AND state IN ('"+Refused+"', '"+Withdrawn+"') AND day > ?", append(args, string(p), on), &n)
	return n > 0, err
}

// Forms returns what states, for an import, the consent of those whose signed forms a centre holds and of whom nothing was
// stated yet: what somebody answered outweighs a list. Who signed is not known by name, and no scan is filed.
func (c *Consents) Forms(actor, centre id.ID, p Purpose, text id.ID, on string) func(context.Context, store.Querier, []person.Formed) ([]fact.New, error) {
	return func(ctx context.Context, q store.Querier, l []person.Formed) ([]fact.New, error) {
		stated := map[id.ID]bool{}
		var known []id.ID
		for _, f := range l {
			if !f.New {
				known = append(known, f.Person)
			}
		}
		ones, err := person.Ones(ctx, q, known)
		if err != nil {
			return nil, err
		}
		for part := range slices.Chunk(l, 500) {
			var registers []id.ID
			for _, f := range part {
				if f.New {
					continue
				}
				registers = append(registers, RegisterID(f.Person, p))
				for _, r := range ones[f.Person] { // what was said of another record is said of the person
					registers = append(registers, RegisterID(r, p))
				}
			}
			if len(registers) == 0 {
				continue
			}
			in, args := store.In("id", registers)
			err := q.Each(ctx, "SELECT person FROM consent WHERE "+in, args, func(r store.Row) error {
				var v id.ID
				err := r.Scan(&v)
				stated[v] = true
				return err
			})
			if err != nil {
				return nil, err
			}
		}
		var out []fact.New
		for _, f := range l {
			if stated[f.Person] || slices.ContainsFunc(ones[f.Person], func(r id.ID) bool { return stated[r] }) {
				continue
			}
			n := Held(actor, centre, f.Person, f.Birth, p, text, "list", on)
			n.Born = f.New
			out = append(out, n)
		}
		return out, nil
	}
}

// Text is one version of what people are asked.
type Text struct {
	ID      id.ID
	Purpose Purpose
	Version int
	Text    i18n.Text
	At      time.Time // zero for what the program brings
}

// Texts returns all versions of a purpose's text, the one in force first.
func (c *Consents) Texts(ctx context.Context, q store.Querier, p Purpose) ([]Text, error) {
	out := []Text{first[p]}
	err := q.Each(ctx, "SELECT id, body, at FROM consent_text WHERE purpose = ? ORDER BY at, id", store.Args(string(p)), func(r store.Row) error {
		t := Text{Purpose: p, Version: len(out) + 1}
		var body string
		var at int64
		if err := r.Scan(&t.ID, &body, &at); err != nil {
			return err
		}
		t.At = time.UnixMilli(at)
		out = append(out, t)
		return json.Unmarshal([]byte(body), &out[len(out)-1].Text)
	})
	slices.Reverse(out)
	return out, err
}

// Current returns the version in force.
func (c *Consents) Current(ctx context.Context, q store.Querier, p Purpose) (Text, error) {
	l, err := c.Texts(ctx, q, p)
	if err != nil {
		return Text{}, err
	}
	return l[0], nil
}

// Text returns a version by its id, however old, or ErrNoText.
func (c *Consents) Text(ctx context.Context, q store.Querier, text id.ID) (Text, error) {
	for _, p := range Purposes {
		l, err := c.Texts(ctx, q, p)
		if err != nil {
			return Text{}, err
		}
		if i := slices.IndexFunc(l, func(t Text) bool { return t.ID == text }); i >= 0 {
			return l[i], nil
		}
	}
	return Text{}, ErrNoText
}

// Publish puts a new version in force. What was agreed to before was agreed to in the words of then.
func (c *Consents) Publish(ctx context.Context, actor id.ID, t TextPublished) (id.ID, error) {
	v := id.New()
	_, err := c.log.Do(ctx, fact.Command{Name: "publish a consent text", Stream: "commons", Run: func(context.Context, store.Querier) (fact.Outcome, error) {
		return fact.Outcome{Facts: []fact.New{{Stream: "commons", Kind: KindText, Subject: v, Actor: actor, Body: t, Born: true}}}, nil
	}})
	return v, err
}
