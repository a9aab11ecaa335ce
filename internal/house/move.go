package house

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/person"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/training"
)

// Somebody goes to another centre: the one that is left says so, and whoever may write at the other one, and holds the record,
// writes it down there: headquarters when it hears of it, or the other centre's box when a file is brought to it.

// Faults of moving. Doors translate them.
var (
	ErrSameCentre = errors.New("this is the centre that the person is at")
	ErrNoCentre   = errors.New("there is no such centre, or it is closed")
	ErrMoveReason = errors.New("say why, by a word of the list")
	ErrNoBox      = errors.New("no box of that centre is known here: headquarters pairs one first")
	ErrNotForHere = errors.New("the person goes to a centre that this node does not write for")
)

// Stays returns those records of a person that were not left for another centre: where they are now. There is none of somebody who is on
// the way.
func (h *House) Stays(ctx context.Context, x *person.Person) ([]*person.Person, error) {
	all := x.Records
	if len(all) == 0 {
		all = []*person.Person{x}
	}
	var out []*person.Person
	for _, r := range all {
		moves, err := h.People.MovesOf(ctx, h.DB, r.ID)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(moves, func(m person.Move) bool { return m.From == r.Centre }) {
			out = append(out, r)
		}
	}
	return out, nil
}

// leaving is the record that is left: the one that was asked for, where somebody is still at its centre, or one of a centre where they are.
func leaving(x *person.Person, stays []*person.Person) (record, from id.ID) {
	at := func(same func(*person.Person) bool) int { return slices.IndexFunc(stays, same) }
	i := at(func(r *person.Person) bool { return r.ID == x.ID })
	if i < 0 {
		i = at(func(r *person.Person) bool { return r.Centre == x.Centre })
	}
	switch {
	case i >= 0:
		return stays[i].ID, stays[i].Centre
	case len(stays) > 0:
		return stays[0].ID, stays[0].Centre
	}
	for _, r := range x.Records {
		if r.Centre == x.Centre {
			return r.ID, r.Centre
		}
	}
	return x.ID, x.Centre
}

// Move says that somebody goes to another centre: they leave the groups of the one they were at. Where this node may write at the
// other one, they are written down there at once, and arrived is their record.
func (h *House) Move(ctx context.Context, actor id.ID, scope access.Scope, p, to id.ID, reason string) (arrived id.ID, err error) {
	tree, err := h.Places.Tree(ctx, h.DB)
	if err != nil {
		return id.Nil, err
	}
	x, err := h.People.Get(ctx, h.DB, scope, p)
	if err != nil {
		return id.Nil, err
	}
	if x == nil {
		return id.Nil, person.ErrUnknown
	}
	stays, err := h.Stays(ctx, x)
	if err != nil {
		return id.Nil, err
	}
	record, from := leaving(x, stays)
	c := tree.Get(to)
	switch {
	case c == nil || c.Type != "centre" || c.Closed != "" && c.Closed <= h.Today():
		return id.Nil, ErrNoCentre
	case from == to || slices.ContainsFunc(stays, func(r *person.Person) bool { return r.Centre == to }):
		return id.Nil, ErrSameCentre
	case !slices.Contains(person.MoveReasons, reason):
		return id.Nil, ErrMoveReason
	}
	var groups []id.ID
	_, err = h.Log.DoKeyed(ctx, fact.Command{Name: "go to another centre", Stream: person.Stream(from), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		groups = nil
		facts, err := h.People.Leave(ctx, q, actor, from, person.Moved{Person: record, To: to, On: h.Today(), Reason: reason})
		if err != nil {
			return out, err
		}
		gone, err := h.Training.Gone(ctx, q, actor, record, training.Transferred, h.Today())
		for _, f := range gone {
			if e, ok := f.Body.(training.EnrolmentStated); ok && !e.Cohort.IsNil() {
				groups = append(groups, e.Cohort)
			}
		}
		out.Facts = append(facts, gone...)
		return out, err
	}}, func(ctx context.Context, q store.Querier) ([]id.ID, error) { return h.touched(ctx, q, []id.ID{record}) })
	if err != nil {
		return id.Nil, err
	}
	for _, g := range groups {
		// Who waits gets the seat, unless a draw decides.
		if _, err := h.Training.Refill(ctx, actor, access.Everywhere(), g, h.Today()); err != nil && !errors.Is(err, training.ErrDraw) {
			return id.Nil, err
		}
	}
	m := person.Move{Person: record, From: from, To: to, On: h.Today(), Reason: reason}
	if !h.Log.May(person.KindRegistered, person.Stream(to)) {
		return id.Nil, nil
	}
	return h.arrive(ctx, actor, m)
}

// brought is what is known of somebody who comes: out of this node's own rows, or out of a file.
type brought struct {
	Details  person.Details
	Consents []consent.Carried
	Reached  []person.Reached
}

// arrive writes somebody down at the centre they go to, of whom this node holds the record.
func (h *House) arrive(ctx context.Context, actor id.ID, m person.Move) (id.ID, error) {
	x, err := h.People.Get(ctx, h.DB, access.Everywhere(), m.Person)
	if err != nil {
		return id.Nil, err
	}
	if x == nil { // erased meanwhile
		return id.Nil, nil
	}
	b := brought{Details: x.Details}
	if b.Consents, err = h.Consents.Standing(ctx, h.DB, m.Person); err != nil && !errors.Is(err, seal.ErrNoKey) {
		return id.Nil, err
	}
	if b.Reached, err = h.Training.ReachedOf(ctx, h.DB, m.Person); err != nil {
		return id.Nil, err
	}
	return h.writeDown(ctx, actor, m, b)
}

// writeDown makes the record at the other centre, once.
func (h *House) writeDown(ctx context.Context, actor id.ID, m person.Move, b brought) (id.ID, error) {
	record := person.Successor(m.Person, m.To)
	if err := h.Log.Keys.Begin(ctx, h.DB, person.Stream(m.To)); err != nil {
		return id.Nil, err
	}
	_, err := h.Log.Do(ctx, fact.Command{Name: "come from another centre", Stream: person.Stream(m.To), Keys: []id.ID{m.Person, record, person.EdgeID(m.Person, record)}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		if known, err := h.Log.Of(ctx, q, person.ArrivalID(record)); err != nil || len(known) > 0 {
			return out, err
		}
		key, facts, err := h.People.Arrive(ctx, q, actor, m, b.Details, b.Reached)
		if err != nil {
			return out, err
		}
		consents, err := consent.Arrive(actor, record, m.To, b.Consents, key)
		out.Keys, out.Facts = []*seal.Key{key}, append(facts, consents...)
		return out, err
	}})
	return record, err
}

// Arrivals writes down those who left a centre for one that this node writes for, and erases what others hold of whoever was
// erased at one of their centres. Every node may call it; each does what it may.
func (h *House) Arrivals(ctx context.Context) error {
	moves, err := h.People.Underway(ctx, h.DB)
	if err != nil {
		return err
	}
	for _, m := range moves {
		if h.Log.May(person.KindRegistered, person.Stream(m.To)) {
			if _, err := h.arrive(ctx, id.Nil, m); err != nil {
				return err
			}
		}
	}
	left, err := h.People.Widowed(ctx, h.DB)
	if err != nil {
		return err
	}
	for _, x := range left {
		if h.Log.May(person.KindErased, person.Stream(x.Centre)) {
			if err := h.Erase(ctx, []id.ID{x.ID}, x.Centre); err != nil && !errors.Is(err, person.ErrUnknown) {
				return err
			}
		}
	}
	return h.Training.PassOnArrived(ctx, h.answers, h.Today())
}

// answers reports whether this node is the one that acts for a centre by itself: its own box, or headquarters where it has none.
func (h *House) answers(centre id.ID) bool {
	box, err := h.BoxOf(context.Background(), centre)
	return err == nil && box == h.Log.Node() || err != nil && h.Log.IsRoot(h.Log.Node())
}

// word is what the sender of a person's file says beside the facts.
type word struct {
	Move    person.Move      `json:"move"`
	Reached []person.Reached `json:"reached"`
}

// BoxOf returns the node that may be brought somebody who goes to a centre: the one that holds it and the fewest others, so its
// own box before a region's. One that goes on by a recovery key is given nobody.
func (h *House) BoxOf(ctx context.Context, centre id.ID) (id.ID, error) {
	var best *fact.Grantee
	for _, g := range h.Log.Grantees() {
		if g.Revoked == nil && !g.Provisional && slices.Contains(g.Streams, person.Stream(centre)) && (best == nil || len(g.Streams) < len(best.Streams)) {
			best = &g
		}
	}
	if best == nil {
		return id.Nil, ErrNoBox
	}
	return best.Node, nil
}

// CarryPerson writes what is known of somebody who left for another centre into a file for the box of that centre.
func (h *House) CarryPerson(ctx context.Context, m person.Move, w io.Writer) error {
	to, err := h.BoxOf(ctx, m.To)
	if err != nil {
		return err
	}
	facts, err := h.Log.Of(ctx, h.DB, m.Person)
	if err != nil {
		return err
	}
	for _, p := range consent.Purposes {
		more, err := h.Log.Of(ctx, h.DB, consent.RegisterID(m.Person, p))
		if err != nil {
			return err
		}
		facts = append(facts, more...)
	}
	more, err := h.Log.Of(ctx, h.DB, person.MoveID(m.Person, m.To))
	if err != nil {
		return err
	}
	facts = slices.DeleteFunc(append(facts, more...), func(f *fact.Fact) bool { return f.State() != fact.Effective })
	say := word{Move: m}
	if say.Reached, err = h.Training.ReachedOf(ctx, h.DB, m.Person); err != nil {
		return err
	}
	return h.Nodes.Carry(ctx, to, m.Person, facts, say, w)
}

// TakePerson writes somebody down here out of such a file, and returns their record. The same file again changes nothing.
func (h *House) TakePerson(ctx context.Context, actor id.ID, r io.Reader) (id.ID, error) {
	c, err := h.Nodes.Uncarry(ctx, r)
	if err != nil {
		return id.Nil, err
	}
	var say word
	if err := json.Unmarshal(c.Also, &say); err != nil {
		return id.Nil, fmt.Errorf("%w: %w", node.ErrPerson, err)
	}
	of := map[id.ID][]*fact.Fact{}
	for _, f := range c.Facts {
		of[f.Subject] = append(of[f.Subject], f)
	}
	key, err := seal.KeyOf(c.Person, c.Secrets)
	if err != nil {
		return id.Nil, fmt.Errorf("%w: %w", node.ErrPerson, err)
	}
	// Where they go is said by the centre that they leave, in its own stream, and signed.
	m := say.Move
	moved, last, _ := fact.Said[person.Moved](fact.SubjectOf(person.MoveID(c.Person, m.To), of[person.MoveID(c.Person, m.To)], nil), nil)
	switch {
	case last == nil || moved.Person != c.Person || moved.To != m.To:
		return id.Nil, node.ErrPerson
	case !h.Log.May(person.KindRegistered, person.Stream(m.To)):
		return id.Nil, ErrNotForHere
	}
	m = person.Move{Person: c.Person, From: fact.CentreOf(last.Stream), To: moved.To, On: moved.On, Reason: moved.Reason}
	b := brought{Details: person.DetailsOf(c.Person, of[c.Person], key), Reached: say.Reached}
	consents := map[consent.Purpose][]*fact.Fact{}
	for _, p := range consent.Purposes {
		consents[p] = of[consent.RegisterID(c.Person, p)]
	}
	b.Consents = consent.StandingOf(c.Person, consents, key)
	if erased := slices.ContainsFunc(of[c.Person], func(f *fact.Fact) bool { return fact.Is[person.Erased](f) }); erased || b.Details.Name(false) == "" {
		return id.Nil, node.ErrPerson
	}
	return h.writeDown(ctx, actor, m, b)
}
