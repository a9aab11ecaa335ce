// Package sms hands texts to a gateway that reaches telephones, where a node has one, and knows what became of each. It writes
// no facts: the texts wait on the node that sends them. Each goes at most once: what a gateway may have taken is not sent
// again.
package sms

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/seal"
	"tizi/internal/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of what only this node knows: the texts it sends.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// What became of a text.
const (
	Waiting  = "waiting"
	Sending  = "sending"
	Sent     = "sent"     // the gateway took it
	Unsure   = "unsure"   // the gateway may have taken it; nobody sends it again
	Refused  = "refused"  // the gateway said no
	Failed   = "failed"   // it was not reached, time after time
	Late     = "late"     // what it tells of was over before it could go
	Unwanted = "unwanted" // the person wants no texts, or what it needs was not agreed to
)

// States are all.
var States = []string{Waiting, Sending, Sent, Unsure, Refused, Failed, Late, Unwanted}

// Errors of the area. Doors translate them.
var (
	ErrNone = errors.New("this node has no SMS gateway")
	ErrOver = errors.New("what the texts tell of is over")
)

// Life is how long a text is kept: as long as who looked at a file.
const Life = 400 * 24 * time.Hour

// backoff is how long it is waited after each time that a gateway was not reached.
var backoff = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour}

// stuck is how long after it was begun a message has surely ended: then the program was cut off meanwhile.
const stuck = 10 * time.Minute

// Outbox holds the texts of a node.
type Outbox struct {
	log      *fact.Log
	people   *person.People
	consents *consent.Consents
	gateway  Gateway // nil: there is none
	quiet    []Quiet
	apart    time.Duration
	poke     chan struct{}
}

// New returns the outbox of a node. Nothing leaves it before Plug.
func New(l *fact.Log, p *person.People, c *consent.Consents) *Outbox {
	return &Outbox{log: l, people: p, consents: c, poke: make(chan struct{}, 1)}
}

// Plug gives the node a gateway, before it serves.
func (o *Outbox) Plug(c *Config) {
	o.gateway, o.quiet, o.apart = c.Gateway(), DefaultQuiet, 2*time.Second
	if c.Quiet != nil {
		o.quiet = c.Quiet
	}
	if c.Seconds != nil {
		o.apart = time.Duration(*c.Seconds) * time.Second
	}
}

// Plugged reports whether there is a gateway.
func (o *Outbox) Plugged() bool { return o.gateway != nil }

// Opens returns when a text that is written now may go.
func (o *Outbox) Opens() time.Time { return Open(o.quiet, o.log.Clock.Now()) }

// QuietTimes are when nothing goes.
func (o *Outbox) QuietTimes() []Quiet { return o.quiet }

// Text is what somebody is told.
type Text struct {
	Person        id.ID // whom it concerns, and whose key seals it
	Number, Words string
}

// Notice is what texts tell of.
type Notice struct {
	ID     id.ID // what they tell of: a telephone is not told the same of it twice, unless it was told something else between
	Centre id.ID
	Until  time.Time       // it is of no use later
	Needs  consent.Purpose // that must be agreed to; "": none
}

type body struct {
	Number string `json:"number"`
	Words  string `json:"words"`
}

// Wanted returns those of some people of the scope to whom texts may go: they said nothing against it, and agreed to what it
// needs.
func (o *Outbox) Wanted(ctx context.Context, q store.Querier, scope access.Scope, persons []id.ID, needs consent.Purpose) (map[id.ID]bool, error) {
	people, err := o.people.Of(ctx, q, scope, persons)
	if err != nil {
		return nil, err
	}
	out := map[id.ID]bool{}
	for _, p := range people {
		out[p.ID] = p.Details["texts"] != person.NoTexts
	}
	if needs != "" {
		lacking, err := o.consents.Lacking(ctx, q, persons, needs)
		if err != nil {
			return nil, err
		}
		for p := range lacking {
			out[p] = false
		}
	}
	return out, nil
}

// Queue puts texts of a notice into the outbox and returns how many: none to a telephone that was told just that. What it was told
// before, and has not gone yet, does not go any more.
func (o *Outbox) Queue(ctx context.Context, actor id.ID, scope access.Scope, n Notice, texts []Text) (int, error) {
	if o.gateway == nil {
		return 0, ErrNone
	}
	now := o.log.Clock.Now()
	if !now.Before(n.Until) {
		return 0, ErrOver
	}
	var persons []id.ID
	for _, t := range texts {
		persons = append(persons, t.Person)
	}
	queued := 0
	err := o.log.DB.Write(ctx, func(tx store.Tx) error {
		queued = 0
		if err := tx.Lock(ctx, "sms"); err != nil {
			return err
		}
		wanted, err := o.Wanted(ctx, tx, scope, persons, n.Needs)
		if err != nil {
			return err
		}
		had, err := o.had(ctx, tx, n.ID)
		if err != nil {
			return err
		}
		ring := seal.Ring{}
		if err := o.log.Keys.Load(ctx, tx, ring, persons); err != nil {
			return err
		}
		for _, t := range each(slices.DeleteFunc(slices.Clone(texts), func(t Text) bool { return !wanted[t.Person] || ring[t.Person] == nil })) {
			k := ring[t.Person]
			if last := had[t.Number]; last != nil && last.Words == t.Words {
				continue
			}
			if last := had[t.Number]; last != nil && last.State == Waiting {
				if err := tx.Exec(ctx, "UPDATE sms_text SET state = ?, ended = ? WHERE id = ? AND state = ?", Late, now.UnixMilli(), last.ID, Waiting); err != nil {
					return err
				}
			}
			plain, err := json.Marshal(body{t.Number, t.Words})
			if err != nil {
				return err
			}
			if err := tx.Exec(ctx, "INSERT INTO sms_text (id, notice, person, centre, actor, sealed, needs, state, tries, made, due, until, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, 0)",
				id.New(), n.ID, t.Person, n.Centre, actor, k.Seal(plain), string(n.Needs), Waiting, now.UnixMilli(), now.UnixMilli(), n.Until.UnixMilli()); err != nil {
				return err
			}
			queued++
		}
		return nil
	})
	if err == nil && queued > 0 {
		select {
		case o.poke <- struct{}{}:
		default:
		}
	}
	return queued, err
}

// Test sends words to a number at once, whatever the hour, and returns what the gateway says. What is kept is who did it, when
// and how it ended.
func (o *Outbox) Test(ctx context.Context, actor, centre id.ID, number, words string) error {
	if o.gateway == nil {
		return ErrNone
	}
	v := id.New()
	sent := o.gateway.Send(ctx, Message{v.String(), number, words})
	now := o.log.Clock.Now().UnixMilli()
	err := o.log.DB.Write(context.WithoutCancel(ctx), func(tx store.Tx) error {
		return tx.Exec(ctx, "INSERT INTO sms_text (id, notice, person, centre, actor, sealed, needs, state, tries, made, due, until, ended) VALUES (?, ?, ?, ?, ?, '', '', ?, 1, ?, ?, ?, ?)", v, v, id.Nil, centre, actor, state(sent, true), now, now, now, now)
	})
	return errors.Join(sent, err)
}

// state is what became of a message after the gateway's answer; last says that it is not tried again.
func state(err error, last bool) string {
	switch {
	case err == nil:
		return Sent
	case errors.Is(err, ErrRefused):
		return Refused
	case errors.Is(err, ErrNotTaken) && last:
		return Failed
	case errors.Is(err, ErrNotTaken):
		return Waiting
	}
	return Unsure
}

// Kept is a text and what became of it.
type Kept struct {
	ID, Notice, Person, Centre, Actor id.ID
	Number, Words                     string // "": a test, or the person's key is gone
	State                             string
	Tries                             int
	Made, Due, Until, Ended           time.Time
	needs                             consent.Purpose
}

func (o *Outbox) texts(ctx context.Context, q store.Querier, max int, where string, args ...any) ([]*Kept, error) {
	var out []*Kept
	sealed := map[*Kept]string{}
	var persons []id.ID
	err := q.Each(ctx, "SELECT id, notice, person, centre, actor, sealed, needs, state, tries, made, due, until, ended FROM sms_text WHERE "+where+" LIMIT ?", append(args, max), func(r store.Row) error {
		k := &Kept{}
		var s string
		var made, due, until, ended int64
		err := r.Scan(&k.ID, &k.Notice, &k.Person, &k.Centre, &k.Actor, &s, (*string)(&k.needs), &k.State, &k.Tries, &made, &due, &until, &ended)
		k.Made, k.Due, k.Until = time.UnixMilli(made), time.UnixMilli(due), time.UnixMilli(until)
		if ended > 0 {
			k.Ended = time.UnixMilli(ended)
		}
		sealed[k] = s
		out = append(out, k)
		if !k.Person.IsNil() {
			persons = append(persons, k.Person)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	ring := seal.Ring{}
	if err := o.log.Keys.Load(ctx, q, ring, persons); err != nil {
		return nil, err
	}
	for _, k := range out {
		if key := ring[k.Person]; key != nil {
			if plain, err := key.Open(sealed[k]); err == nil {
				var b body
				if json.Unmarshal(plain, &b) == nil {
					k.Number, k.Words = b.Number, b.Words
				}
			}
		}
	}
	return out, nil
}

// List returns texts of a scope, the latest first, those before a moment where one is given.
func (o *Outbox) List(ctx context.Context, q store.Querier, scope access.Scope, state string, before time.Time, max int) ([]*Kept, error) {
	where, args := scope.SQL("centre")
	if state != "" {
		where, args = where+" AND state = ?", append(args, state)
	}
	if !before.IsZero() {
		where, args = where+" AND made < ?", append(args, before.UnixMilli())
	}
	return o.texts(ctx, q, max, where+" ORDER BY made DESC, id DESC", args...)
}

// Counts returns how many texts of a scope are in which state.
func (o *Outbox) Counts(ctx context.Context, q store.Querier, scope access.Scope) (map[string]int, error) {
	where, args := scope.SQL("centre")
	out := map[string]int{}
	return out, q.Each(ctx, "SELECT state, count(*) FROM sms_text WHERE "+where+" GROUP BY state", args, func(r store.Row) error {
		var s string
		var n int
		err := r.Scan(&s, &n)
		out[s] = n
		return err
	})
}

// Stands says how a notice stands: how many telephones have not been told these words as the last of it, and what became of the
// texts that said them.
func (o *Outbox) Stands(ctx context.Context, q store.Querier, notice id.ID, texts []Text) (fresh int, became map[string]int, err error) {
	had, err := o.had(ctx, q, notice)
	if err != nil {
		return 0, nil, err
	}
	became = map[string]int{}
	for _, t := range each(texts) {
		if last := had[t.Number]; last != nil && last.Words == t.Words {
			became[last.State]++
		} else {
			fresh++
		}
	}
	return fresh, became, nil
}

// each returns the first of some texts to each number: brothers and sisters share a telephone.
func each(texts []Text) (out []Text) {
	for _, t := range texts {
		if t.Number != "" && !slices.ContainsFunc(out, func(o Text) bool { return o.Number == t.Number }) {
			out = append(out, t)
		}
	}
	return out
}

// had returns the last text of a notice to each number.
func (o *Outbox) had(ctx context.Context, q store.Querier, notice id.ID) (map[string]*Kept, error) {
	list, err := o.texts(ctx, q, 10_000, "notice = ? ORDER BY made, id", notice)
	out := map[string]*Kept{}
	for _, k := range list {
		out[k.Number] = k
	}
	return out, err
}

// OfPersons returns the texts that concerned some persons, the latest first. The caller has made sure that the reader may see
// them.
func (o *Outbox) OfPersons(ctx context.Context, q store.Querier, persons []id.ID) ([]*Kept, error) {
	in, args := store.In("person", persons)
	return o.texts(ctx, q, 10_000, in+" ORDER BY made DESC, id DESC", args...)
}

// Forget takes away the texts of persons who are erased.
func Forget(ctx context.Context, tx store.Tx, persons []id.ID) error {
	for _, p := range persons {
		if err := tx.Exec(ctx, "DELETE FROM sms_text WHERE person = ?", p); err != nil {
			return err
		}
	}
	return nil
}

// Prune takes away texts whose time is over.
func (o *Outbox) Prune(ctx context.Context) error {
	return o.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "DELETE FROM sms_text WHERE made < ?", o.log.Clock.Now().Add(-Life).UnixMilli())
	})
}

// look is how often the outbox is looked at when nobody writes.
const look = 20 * time.Second

// Run sends what is due until ctx ends. Without a gateway it returns.
func (o *Outbox) Run(ctx context.Context, log *slog.Logger) {
	for o.gateway != nil {
		more, err := o.Step(ctx)
		if err != nil && ctx.Err() == nil {
			log.Error("texts were not sent; it is tried again", "err", err)
		}
		wait := look
		if more {
			wait = o.apart
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		case <-o.poke:
		}
	}
}

// Step settles what was cut off or comes too late, and sends one text that is due. more says that another may be.
func (o *Outbox) Step(ctx context.Context) (more bool, err error) {
	now := o.log.Clock.Now()
	ms := now.UnixMilli()
	closed := Open(o.quiet, now).After(now)
	var next *Kept
	err = o.log.DB.Write(ctx, func(tx store.Tx) error {
		next = nil
		if err := tx.Lock(ctx, "sms"); err != nil { // processes of one node take different texts
			return err
		}
		if err := tx.Exec(ctx, "UPDATE sms_text SET state = ?, ended = ? WHERE state = ? AND due < ?", Unsure, ms, Sending, now.Add(-stuck).UnixMilli()); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "UPDATE sms_text SET state = ?, ended = ? WHERE state = ? AND until <= ?", Late, ms, Waiting, ms); err != nil {
			return err
		}
		if closed {
			return nil
		}
		due, err := o.texts(ctx, tx, 1, "state = ? AND due <= ? ORDER BY due, id", Waiting, ms)
		if err != nil || len(due) == 0 {
			return err
		}
		next = due[0]
		wanted, err := o.Wanted(ctx, tx, access.Everywhere(), []id.ID{next.Person}, next.needs)
		if err != nil {
			return err
		}
		if next.State = Sending; !wanted[next.Person] || next.Number == "" { // since it was written
			next.State = Unwanted
		}
		return tx.Exec(ctx, "UPDATE sms_text SET state = ?, tries = tries + 1, due = ?, ended = ? WHERE id = ?", next.State, ms, ms, next.ID)
	})
	if err != nil || next == nil || next.State != Sending {
		return next != nil, err
	}
	// What is written next may be cut off: then the text is unsure, and not sent again.
	sent := o.gateway.Send(ctx, Message{next.ID.String(), next.Number, next.Words})
	now = o.log.Clock.Now()
	is, due := state(sent, next.Tries >= len(backoff)), now
	if is == Waiting {
		due = now.Add(backoff[next.Tries])
	}
	return true, o.log.DB.Write(context.WithoutCancel(ctx), func(tx store.Tx) error {
		return tx.Exec(ctx, "UPDATE sms_text SET state = ?, due = ?, ended = ? WHERE id = ?", is, due.UnixMilli(), now.UnixMilli(), next.ID)
	})
}
