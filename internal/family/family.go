package family

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/seal"
	"tizi/internal/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of what only this node knows: cards and PINs, and who has seen which message.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// Family answers who is a child's guardian.
type Family struct {
	log    *fact.Log
	people *person.People
	access *access.Access
}

// New returns the area on a node's log.
func New(l *fact.Log, p *person.People, a *access.Access) *Family { return &Family{l, p, a} }

// Errors of the area. Doors translate them.
var (
	ErrNoLink = errors.New("this is no guardian of the child")
	ErrEmpty  = errors.New("there are no words in it")
	ErrLong   = errors.New("a message has at most 2000 characters")
	ErrStaff  = errors.New("who works for a programme signs in with a passphrase, and has no card")
)

// MaxMessage is how many characters a message may have.
const MaxMessage = 2000

// Link is how a guardian stands to a child.
type Link struct {
	ID, Child, Guardian, Centre id.ID
	Fetch, Consent, Conflict    bool
	Who
}

func (f *Family) links(ctx context.Context, q store.Querier, where string, args ...any) ([]*Link, error) {
	var out []*Link
	sealed := map[*Link]string{}
	var children []id.ID
	err := q.Each(ctx, "SELECT id, child, guardian, centre, may_fetch, may_consent, sealed, conflict FROM family_link WHERE "+where+" ORDER BY id", args, func(r store.Row) error {
		l := &Link{}
		var s string
		err := r.Scan(&l.ID, &l.Child, &l.Guardian, &l.Centre, &l.Fetch, &l.Consent, &s, &l.Conflict)
		out, children, sealed[l] = append(out, l), append(children, l.Child), s
		return err
	})
	if err != nil {
		return nil, err
	}
	ring := seal.Ring{}
	if err := f.log.Keys.Load(ctx, q, ring, children); err != nil {
		return nil, err
	}
	for _, l := range out {
		l.Who = open(ring[l.Child], sealed[l])
	}
	return out, nil
}

func open(k *seal.Key, sealed string) (w Who) {
	if k != nil {
		if plain, err := k.Open(sealed); err == nil {
			json.Unmarshal(plain, &w)
		}
	}
	return w
}

// Guardians returns the guardians of a child. The caller has made sure that the reader may see the child.
func (f *Family) Guardians(ctx context.Context, q store.Querier, child id.ID) ([]*Link, error) {
	return f.links(ctx, q, "child = ?", child)
}

// Children returns how an account stands to its children.
func (f *Family) Children(ctx context.Context, q store.Querier, guardian id.ID) ([]*Link, error) {
	return f.links(ctx, q, "guardian = ?", guardian)
}

// GuardiansOf returns the guardians of a person by whichever record, each once. The caller has made sure that the reader may
// see the person.
func (f *Family) GuardiansOf(ctx context.Context, q store.Querier, child id.ID) ([]*Link, error) {
	of, err := f.GuardiansOfAll(ctx, q, []id.ID{child})
	return of[child], err
}

// GuardiansOfAll is GuardiansOf of some people at once.
func (f *Family) GuardiansOfAll(ctx context.Context, q store.Querier, children []id.ID) (map[id.ID][]*Link, error) {
	ones, err := person.Ones(ctx, q, children)
	if err != nil {
		return nil, err
	}
	records := slices.Clone(children)
	for _, all := range ones {
		records = append(records, all...)
	}
	slices.SortFunc(records, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
	of := map[id.ID][]*Link{} // by record
	for part := range slices.Chunk(slices.Compact(records), 500) {
		in, args := store.In("child", part)
		list, err := f.links(ctx, q, in, args...)
		if err != nil {
			return nil, err
		}
		for _, l := range list {
			of[l.Child] = append(of[l.Child], l)
		}
	}
	out := map[id.ID][]*Link{}
	for _, child := range children {
		all := slices.Clone(of[child]) // what the record itself says comes first
		var others []*Link
		for _, r := range ones[child] {
			if r != child {
				others = append(others, of[r]...)
			}
		}
		slices.SortFunc(others, func(a, b *Link) int { return slices.Compare(a.ID[:], b.ID[:]) })
		for _, l := range others {
			if !slices.ContainsFunc(all, func(o *Link) bool { return o.Guardian == l.Guardian }) {
				all = append(all, l)
			}
		}
		out[child] = all
	}
	return out, nil
}

// LinkOf returns how an account stands to a child, by whichever record, or ErrNoLink.
func (f *Family) LinkOf(ctx context.Context, q store.Querier, child, guardian id.ID) (*Link, error) {
	l, err := f.GuardiansOf(ctx, q, child)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(l, func(l *Link) bool { return l.Guardian == guardian }); i >= 0 {
		return l[i], nil
	}
	return nil, ErrNoLink
}

// Called returns the name that a guardian of a child has, or had before it ended, or "".
func (f *Family) Called(ctx context.Context, q store.Querier, child, guardian id.ID) (string, error) {
	all, err := f.log.Of(ctx, q, LinkID(child, guardian))
	if err != nil || len(all) == 0 {
		return "", err
	}
	k, err := f.log.Keys.Get(ctx, q, child)
	if err != nil && !errors.Is(err, seal.ErrNoKey) {
		return "", err
	}
	name := ""
	for _, x := range all {
		if l, ok := fact.As[Linked](x); ok {
			name = cmp.Or(open(k, l.Sealed).Name, name)
		}
	}
	return name, nil
}

// child returns a child of the scope with the key.
func (f *Family) child(ctx context.Context, q store.Querier, scope access.Scope, child id.ID) (*person.Person, *seal.Key, error) {
	p, err := f.people.Get(ctx, q, scope, child)
	if err != nil {
		return nil, nil, err
	}
	if p == nil {
		return nil, nil, person.ErrUnknown
	}
	k, err := f.log.Keys.Get(ctx, q, child)
	return p, k, err
}

// state writes one fact about a child of the scope, sealed with the child's key. Others are what it depends on besides.
func (f *Family) state(ctx context.Context, name string, actor id.ID, scope access.Scope, child, subject id.ID, make func(ctx context.Context, q store.Querier, k *seal.Key, all []*fact.Fact) (*fact.Kind, fact.Body, error), others ...id.ID) error {
	p, _, err := f.child(ctx, f.log.DB, scope, child)
	if err != nil {
		return err
	}
	stream := person.Stream(p.Centre)
	_, err = f.log.Do(ctx, fact.Command{Name: name, Stream: stream, Keys: append(others, child, subject), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		_, k, err := f.child(ctx, q, scope, child)
		if err != nil {
			return fact.Outcome{}, err
		}
		all, err := f.log.Of(ctx, q, subject)
		if err != nil {
			return fact.Outcome{}, err
		}
		kind, b, err := make(ctx, q, k, all)
		if err != nil || b == nil {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: kind, Subject: subject, Actor: actor, Body: b, Prev: fact.HeadsOf(all)}}}, nil
	}})
	return err
}

// Link makes an account a guardian of a child of the scope, or changes what it may do.
func (f *Family) Link(ctx context.Context, actor id.ID, scope access.Scope, child, guardian id.ID, w Who, fetch, consent bool) error {
	if w.Name = strings.TrimSpace(w.Name); w.Name == "" {
		return access.ErrNameEmpty
	}
	return f.state(ctx, "link a guardian", actor, scope, child, LinkID(child, guardian), func(ctx context.Context, q store.Querier, k *seal.Key, _ []*fact.Fact) (*fact.Kind, fact.Body, error) {
		return KindLinked, Linked{Child: child, Guardian: guardian, Fetch: fetch, Consent: consent, Sealed: k.Seal(w.text())}, f.open(ctx, q, guardian)
	}, guardian)
}

// Welcome opens an account for a new guardian of a child and links it. Nobody signs in with it until a card or a PIN is
// made.
func (f *Family) Welcome(ctx context.Context, actor id.ID, scope access.Scope, child id.ID, w Who, lang string, fetch, consent bool) (id.ID, error) {
	p, _, err := f.child(ctx, f.log.DB, scope, child)
	if err != nil {
		return id.Nil, err
	}
	if w.Name = strings.TrimSpace(w.Name); w.Name == "" {
		return id.Nil, access.ErrNameEmpty
	}
	// The same form sent twice means one guardian. Nobody types this login, and it tells nothing.
	login := "g-" + id.Under(child, "guardian "+w.Name+" "+w.Phone).Hex()
	stream, fresh := person.Stream(p.Centre), id.New()
	guardian := fresh
	_, err = f.log.DoKeyed(ctx, fact.Command{Name: "welcome a guardian", Stream: stream, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		_, k, err := f.child(ctx, q, scope, child)
		if err != nil {
			return fact.Outcome{}, err
		}
		out, holder, err := f.access.Opening(ctx, q, actor, fresh, access.Newcomer{Name: w.Name, Login: login, Lang: lang, Role: access.Guardian, On: access.Place(p.Centre), Stream: stream})
		if guardian = holder; errors.Is(err, access.ErrLoginTaken) {
			err = f.open(ctx, q, guardian)
		}
		if err != nil {
			return out, err
		}
		link := LinkID(child, guardian)
		all, err := f.log.Of(ctx, q, link)
		out.Facts = append(out.Facts, fact.New{Stream: stream, Kind: KindLinked, Subject: link, Actor: actor, Body: Linked{Child: child, Guardian: guardian, Fetch: fetch, Consent: consent, Sealed: k.Seal(w.text())}, Prev: fact.HeadsOf(all)})
		return out, err
	}}, func(ctx context.Context, q store.Querier) ([]id.ID, error) {
		keys := []id.ID{child, access.LoginKey(login)}
		holder, err := f.access.Holder(ctx, q, login)
		if errors.Is(err, access.ErrNoAccount) {
			return keys, nil
		}
		return append(keys, holder), err
	})
	return guardian, err
}

// open refuses an account that ended, perhaps since a form was shown.
func (f *Family) open(ctx context.Context, q store.Querier, guardian id.ID) error {
	acc, err := f.access.Get(ctx, q, guardian)
	if err == nil && (acc == nil || acc.Closed) {
		err = access.ErrNoAccount
	}
	return err
}

// Unlink ends it, for every record of the child: whoever answers for a person no more answers for none of them, and nobody
// fetches a child on their word. An account that has no other child ends too, with the name it keeps: there is nobody it
// answers for.
func (f *Family) Unlink(ctx context.Context, actor id.ID, scope access.Scope, child, guardian id.ID) error {
	p, _, err := f.child(ctx, f.log.DB, scope, child)
	if err != nil {
		return err
	}
	ended := false
	_, err = f.log.DoKeyed(ctx, fact.Command{Name: "unlink a guardian", Stream: person.Stream(p.Centre), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		ended = false
		if _, err := f.LinkOf(ctx, q, child, guardian); err != nil {
			return out, err
		}
		records, err := person.Records(ctx, q, child)
		if err != nil {
			return out, err
		}
		centres, err := f.people.Centres(ctx, q, records)
		if err != nil {
			return out, err
		}
		end := func(kind *fact.Kind, of, subject id.ID, body func(*seal.Key) fact.Body) error {
			k, err := f.log.Keys.Get(ctx, q, of)
			if err != nil {
				return err
			}
			all, err := f.log.Of(ctx, q, subject)
			out.Facts = append(out.Facts, fact.New{Stream: person.Stream(centres[of]), Kind: kind, Subject: subject, Actor: actor, Body: body(k), Prev: fact.HeadsOf(all)})
			return err
		}
		in, args := store.In("child", records)
		links, err := f.links(ctx, q, in+" AND guardian = ?", append(args, guardian)...)
		if err != nil {
			return out, err
		}
		for _, l := range links {
			err := end(KindLinked, l.Child, l.ID, func(k *seal.Key) fact.Body {
				return Linked{Child: l.Child, Guardian: guardian, Ended: true, Sealed: k.Seal(l.Who.text())}
			})
			if err != nil {
				return out, err
			}
		}
		named, err := f.Fetchers(ctx, q, child)
		if err != nil {
			return out, err
		}
		for _, x := range named {
			if x.Actor != guardian {
				continue
			}
			if err := end(KindFetcher, x.Child, x.ID, x.ended); err != nil {
				return out, err
			}
		}
		if left, err := f.answersFor(ctx, q, guardian, records); err != nil || left {
			return out, err
		}
		acc, err := f.access.Get(ctx, q, guardian)
		if err != nil {
			return out, err
		}
		if !isFamily(acc) { // who works here too keeps the account, without a card
			out.Also = func(ctx context.Context, tx store.Tx) error {
				return errors.Join(revoke(ctx, tx, guardian), access.EndAll(ctx, tx, guardian))
			}
			return out, nil
		}
		ended = true
		facts, err := f.access.Gone(ctx, q, actor, acc)
		out.Facts = append(out.Facts, facts...)
		return out, err
	}}, func(ctx context.Context, q store.Querier) ([]id.ID, error) {
		records, err := person.Records(ctx, q, child)
		return append(records, guardian), err
	})
	if err != nil || !ended {
		return err
	}
	if err := f.log.DB.Purge(ctx, false, "seal_key"); !errors.Is(err, store.ErrBusy) { // what is left goes with the next purge
		return err
	}
	return nil
}

// answersFor reports whether a guardian answers for anybody who is known, but some: the links of the erased stay.
func (f *Family) answersFor(ctx context.Context, q store.Querier, guardian id.ID, but []id.ID) (bool, error) {
	var children []id.ID
	err := q.Each(ctx, "SELECT child FROM family_link WHERE guardian = ?", store.Args(guardian), func(r store.Row) error {
		var c id.ID
		err := r.Scan(&c)
		if !slices.Contains(but, c) {
			children = append(children, c)
		}
		return err
	})
	if err != nil {
		return false, err
	}
	known, err := f.people.Centres(ctx, q, children)
	return len(known) > 0, err
}

// Answering returns who answers for some persons, or did.
func (f *Family) Answering(ctx context.Context, q store.Querier, persons []id.ID) ([]id.ID, error) {
	var out []id.ID
	for part := range slices.Chunk(persons, 500) {
		in, args := store.In("child", part)
		err := q.Each(ctx, "SELECT DISTINCT guardian FROM family_link WHERE "+in+" ORDER BY guardian", args, func(r store.Row) error {
			var g id.ID
			err := r.Scan(&g)
			if !slices.Contains(out, g) {
				out = append(out, g)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Gone prepares the end of the accounts of those who answered for some persons that are erased and for nobody else who is
// known.
func (f *Family) Gone(ctx context.Context, q store.Querier, actor id.ID, persons []id.ID) ([]fact.New, error) {
	guardians, err := f.Answering(ctx, q, persons)
	if err != nil {
		return nil, err
	}
	var facts []fact.New
	for _, g := range guardians {
		left, err := f.answersFor(ctx, q, g, persons)
		if err != nil {
			return nil, err
		}
		acc, err := f.access.Get(ctx, q, g)
		if err != nil {
			return nil, err
		}
		if left || acc == nil || slices.ContainsFunc(append(slices.Clone(acc.Roles), acc.Ended...), func(h access.Held) bool { return h.Role != access.Guardian }) {
			continue
		}
		more, err := f.access.Gone(ctx, q, actor, acc)
		if err != nil {
			return nil, err
		}
		facts = append(facts, more...)
	}
	return facts, nil
}

// Forget takes away the cards and PINs of accounts on this node.
func Forget(ctx context.Context, tx store.Tx, accounts []id.ID) error {
	for _, v := range accounts {
		if err := revoke(ctx, tx, v); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "DELETE FROM family_read WHERE account = ?", v); err != nil {
			return err
		}
	}
	return nil
}

// Fetcher is somebody who may fetch a child.
type Fetcher struct {
	ID, Child, Actor id.ID // Child is the record for which somebody named them
	Who
}

// Fetchers returns who may fetch a child beside the guardians, by whichever record. The caller has made sure that the reader
// may see the child.
func (f *Family) Fetchers(ctx context.Context, q store.Querier, child id.ID) ([]Fetcher, error) {
	records, err := person.Records(ctx, q, child)
	if err != nil {
		return nil, err
	}
	ring := seal.Ring{}
	if err := f.log.Keys.Load(ctx, q, ring, records); err != nil {
		return nil, err
	}
	in, args := store.In("child", records)
	var out []Fetcher
	err = q.Each(ctx, "SELECT id, child, actor, sealed FROM family_fetcher WHERE "+in+" ORDER BY id", args, func(r store.Row) error {
		var x Fetcher
		var s string
		err := r.Scan(&x.ID, &x.Child, &x.Actor, &s)
		x.Who = open(ring[x.Child], s)
		out = append(out, x)
		return err
	})
	return out, err
}

// NameFetcher lets somebody fetch a child of the scope.
func (f *Family) NameFetcher(ctx context.Context, actor id.ID, scope access.Scope, child id.ID, w Who) error {
	if w.Name = strings.TrimSpace(w.Name); w.Name == "" {
		return access.ErrNameEmpty
	}
	return f.state(ctx, "name who may fetch", actor, scope, child, id.New(), func(_ context.Context, _ store.Querier, k *seal.Key, _ []*fact.Fact) (*fact.Kind, fact.Body, error) {
		return KindFetcher, FetcherNamed{Child: child, Sealed: k.Seal(w.text())}, nil
	})
}

// EndFetcher takes it back.
func (f *Family) EndFetcher(ctx context.Context, actor id.ID, scope access.Scope, child, fetcher id.ID) error {
	l, err := f.Fetchers(ctx, f.log.DB, child)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(l, func(x Fetcher) bool { return x.ID == fetcher })
	if i < 0 {
		return fs.ErrNotExist
	}
	if _, _, err := f.child(ctx, f.log.DB, scope, child); err != nil {
		return err
	}
	return f.endFetcher(ctx, actor, l[i])
}

func (f *Family) endFetcher(ctx context.Context, actor id.ID, x Fetcher) error {
	return f.state(ctx, "end who may fetch", actor, access.Everywhere(), x.Child, x.ID, func(_ context.Context, _ store.Querier, k *seal.Key, _ []*fact.Fact) (*fact.Kind, fact.Body, error) {
		return KindFetcher, x.ended(k), nil
	})
}

func (x Fetcher) ended(k *seal.Key) fact.Body {
	return FetcherNamed{Child: x.Child, Ended: true, Sealed: k.Seal(x.Who.text())}
}

// Message is a few words between a centre and a guardian.
type Message struct {
	ID, Child, Guardian, Sender id.ID
	Text                        string
	At                          time.Time
}

// FromGuardian reports whether the guardian wrote it.
func (m Message) FromGuardian() bool { return m.Sender == m.Guardian }

// Send writes to a guardian of a child of the scope, or from one: the sender says which.
func (f *Family) Send(ctx context.Context, sender id.ID, scope access.Scope, child, guardian id.ID, text string) error {
	text = strings.ReplaceAll(text, "\r\n", "\n") // as forms send the end of a line, which is one character
	switch text = strings.TrimSpace(text); {
	case text == "":
		return ErrEmpty
	case len([]rune(text)) > MaxMessage:
		return ErrLong
	}
	if _, err := f.LinkOf(ctx, f.log.DB, child, guardian); err != nil {
		return err
	}
	return f.state(ctx, "send a message", sender, scope, child, id.New(), func(_ context.Context, _ store.Querier, k *seal.Key, _ []*fact.Fact) (*fact.Kind, fact.Body, error) {
		return KindMessage, MessageSent{child, guardian, k.Seal([]byte(text))}, nil
	})
}

func (f *Family) messages(ctx context.Context, q store.Querier, max int, where string, args ...any) ([]Message, error) {
	var out []Message
	var children []id.ID
	err := q.Each(ctx, fmt.Sprintf("SELECT id, child, guardian, sender, at, sealed FROM family_message WHERE %s ORDER BY at DESC, id DESC LIMIT %d", where, max), args, func(r store.Row) error {
		var m Message
		var at int64
		err := r.Scan(&m.ID, &m.Child, &m.Guardian, &m.Sender, &at, &m.Text)
		m.At = time.UnixMilli(at)
		out, children = append(out, m), append(children, m.Child)
		return err
	})
	if err != nil {
		return nil, err
	}
	ring := seal.Ring{}
	if err := f.log.Keys.Load(ctx, q, ring, children); err != nil {
		return nil, err
	}
	for i, m := range out {
		out[i].Text = ""
		if k := ring[m.Child]; k != nil {
			if plain, err := k.Open(m.Text); err == nil {
				out[i].Text = string(plain)
			}
		}
	}
	return out, nil
}

// Messages returns the latest messages about a child, with all guardians or with one, the latest first.
func (f *Family) Messages(ctx context.Context, q store.Querier, child, guardian id.ID) ([]Message, error) {
	if guardian.IsNil() {
		return f.messages(ctx, q, 100, "child = ?", child)
	}
	return f.messages(ctx, q, 100, "child = ? AND guardian = ?", child, guardian)
}

// Written returns all that was written about a child, with whomever, the latest first.
func (f *Family) Written(ctx context.Context, q store.Querier, child id.ID) ([]Message, error) {
	return f.messages(ctx, q, 10_000, "child = ?", child)
}

// Threads returns the latest message of each conversation in a scope, the latest first.
func (f *Family) Threads(ctx context.Context, q store.Querier, scope access.Scope, max int) ([]Message, error) {
	where, args := scope.People("centre", "child")
	return f.messages(ctx, q, max, where+" AND NOT EXISTS (SELECT 1 FROM family_message m WHERE m.child = family_message.child AND m.guardian = family_message.guardian AND (m.at, m.id) > (family_message.at, family_message.id))", args...)
}

// FreshFor is how long a message that nobody answered is called for in the count of a centre.
const FreshFor = 60 * 24 * time.Hour

// unseen is a condition on family_message m: the account of the argument has not had it before it.
const unseen = "NOT EXISTS (SELECT 1 FROM family_read r WHERE r.account = ? AND r.message = m.id)"

// ToRead counts, by child, what centres wrote to a guardian and the guardian has not seen.
func (f *Family) ToRead(ctx context.Context, q store.Querier, guardian id.ID) (map[id.ID]int, error) {
	out := map[id.ID]int{}
	err := q.Each(ctx, "SELECT m.child, count(*) FROM family_link l JOIN family_message m ON m.child = l.child AND m.guardian = l.guardian WHERE l.guardian = ? AND m.sender <> l.guardian AND "+unseen+" GROUP BY m.child", store.Args(guardian, guardian), func(r store.Row) error {
		var child id.ID
		var n int
		err := r.Scan(&child, &n)
		out[child] = n
		return err
	})
	return out, err
}

// ToAnswer counts the conversations of a scope in which a guardian wrote last, not long ago, and an account has not seen
// it. Who answers a guardian answers for the centre, so it waits for nobody else then.
func (f *Family) ToAnswer(ctx context.Context, q store.Querier, scope access.Scope, account id.ID) (int, error) {
	where, args := scope.People("m.centre", "m.child")
	args = append(args, f.log.Clock.Now().Add(-FreshFor).UnixMilli(), account)
	var n int
	_, err := store.One(ctx, q, "SELECT count(*) FROM family_message m WHERE "+where+" AND m.at > ? AND m.sender = m.guardian AND "+unseen+
		" AND NOT EXISTS (SELECT 1 FROM family_message n WHERE n.child = m.child AND n.guardian = m.guardian AND (n.at, n.id) > (m.at, m.id))", args, &n)
	return n, err
}

// Unseen returns those of the messages that the other side wrote and the account has not seen: for a guardian what the
// centre wrote, for all others what the guardian did.
func (f *Family) Unseen(ctx context.Context, q store.Querier, account id.ID, list []Message) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	var theirs []id.ID
	for _, m := range list {
		if m.FromGuardian() != (m.Guardian == account) {
			out[m.ID] = true
			theirs = append(theirs, m.ID)
		}
	}
	if len(out) == 0 {
		return out, nil
	}
	in, args := store.In("message", theirs)
	err := q.Each(ctx, "SELECT message FROM family_read WHERE "+in+" AND account = ?", append(args, account), func(r store.Row) error {
		var v id.ID
		err := r.Scan(&v)
		delete(out, v)
		return err
	})
	return out, err
}

// Saw remembers that an account has had messages before it.
func (f *Family) Saw(ctx context.Context, account id.ID, messages map[id.ID]bool) error {
	if len(messages) == 0 {
		return nil
	}
	var rows [][]any
	for v := range messages {
		rows = append(rows, []any{account, v})
	}
	return f.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Many(ctx, "INSERT INTO family_read (account, message) VALUES (?, ?) ON CONFLICT (account, message) DO NOTHING", rows, nil)
	})
}

// The letters of a code are told apart by hand and by ear.
const alphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"

func letters(n int) string {
	out := make([]byte, n)
	for i := range out {
		v, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			panic("no randomness: " + err.Error())
		}
		out[i] = alphabet[v.Int64()]
	}
	return string(out)
}

// Card is a way in that was just made. It is shown once; only hashes stay.
type Card struct {
	Token     string // in a QR code
	Code, PIN string // to be typed where no camera is
}

// Means is what an account could be entered with.
type Means struct {
	Cards   int
	Created time.Time
}

// MakeCard makes a card for a guardian of a child of the scope. What was made before ends, with whoever is in and every other
// way in: a lost card is replaced.
func (f *Family) MakeCard(ctx context.Context, scope access.Scope, child, guardian id.ID) (*Card, error) {
	if _, _, err := f.child(ctx, f.log.DB, scope, child); err != nil {
		return nil, err
	}
	if _, err := f.LinkOf(ctx, f.log.DB, child, guardian); err != nil {
		return nil, err
	}
	// A card opens all that its account may do, so it is for those who may see their own children and nothing else.
	acc, err := f.access.Get(ctx, f.log.DB, guardian)
	if err != nil {
		return nil, err
	}
	if !isFamily(acc) {
		return nil, ErrStaff
	}
	if err := f.access.RenewRole(ctx, guardian, access.Guardian); err != nil { // a card that opens nothing is none
		return nil, err
	}
	raw := make([]byte, 16)
	rand.Read(raw)
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return nil, err
	}
	c := &Card{base64.RawURLEncoding.EncodeToString(raw), letters(8), fmt.Sprintf("%06d", n.Int64())}
	pin := access.HashSecret(c.PIN)
	now := f.log.Clock.Now().UnixMilli()
	return c, f.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := errors.Join(revoke(ctx, tx, guardian), access.Strip(ctx, tx, guardian)); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "INSERT INTO family_card (hash, account, created) VALUES (?, ?, ?)", digest(c.Token), guardian, now); err != nil {
			return err
		}
		return tx.Exec(ctx, "INSERT INTO family_pin (code, account, hash, created) VALUES (?, ?, ?, ?)", c.Code, guardian, pin, now)
	})
}

func isFamily(acc *access.Account) bool { return acc != nil && acc.Family() }

func digest(token string) []byte {
	h := sha256.Sum256([]byte("guardian card " + token))
	return h[:]
}

func revoke(ctx context.Context, tx store.Tx, guardian id.ID) error {
	if err := tx.Exec(ctx, "DELETE FROM family_card WHERE account = ?", guardian); err != nil {
		return err
	}
	return tx.Exec(ctx, "DELETE FROM family_pin WHERE account = ?", guardian)
}

// Revoke ends the card and the PIN of a guardian, and whoever came in with them. So does every other way in that somebody may
// have made meanwhile with a card that was lost; who works here too keeps those.
func (f *Family) Revoke(ctx context.Context, guardian id.ID) error {
	acc, err := f.access.Get(ctx, f.log.DB, guardian)
	if err != nil {
		return err
	}
	return f.log.DB.Write(ctx, func(tx store.Tx) error {
		out := access.EndAll
		if isFamily(acc) {
			out = access.Strip
		}
		return errors.Join(revoke(ctx, tx, guardian), out(ctx, tx, guardian))
	})
}

// HasCard says since when a guardian has a card; the zero time is none.
func (f *Family) HasCard(ctx context.Context, q store.Querier, guardian id.ID) (time.Time, error) {
	var at int64
	found, err := store.One(ctx, q, "SELECT created FROM family_card WHERE account = ?", store.Args(guardian), &at)
	if err != nil || !found {
		return time.Time{}, err
	}
	return time.UnixMilli(at), nil
}

// Enter begins a session with a card, or with a child's code and a PIN.
func (f *Family) Enter(ctx context.Context, card, code, pin, agent, address string) (token string, err error) {
	code = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(code))
	which := "code " + code
	if card != "" {
		which = "card " + address
	}
	proved := func() (account id.ID, err error) {
		if card != "" {
			_, err = store.One(ctx, f.log.DB, "SELECT account FROM family_card WHERE hash = ?", store.Args(digest(card)), &account)
			return account, err
		}
		hash := ""
		if _, err := store.One(ctx, f.log.DB, "SELECT account, hash FROM family_pin WHERE code = ?", store.Args(code), &account, &hash); err != nil {
			return id.Nil, err
		}
		if !access.MatchesSecret(hash, strings.TrimSpace(pin)) {
			return id.Nil, nil
		}
		return account, nil
	}
	account, err := f.access.Proved(ctx, which, address, func() (id.ID, error) {
		account, err := proved()
		if err != nil || account.IsNil() {
			return id.Nil, err
		}
		acc, err := f.access.Get(ctx, f.log.DB, account)
		if err != nil || !isFamily(acc) { // a role was given since the card was made
			return id.Nil, err
		}
		return account, nil
	})
	if err != nil {
		return "", err
	}
	return f.access.Begin(ctx, account, agent)
}
