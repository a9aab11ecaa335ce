package person

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Somebody who goes to another centre is written down there anew, and both records are one person (Edge). The centre that is
// left says so in its own stream; whoever may write at the other one completes it: headquarters, or the other centre's box
// when it is brought what is known by hand. All derive the same id for the new record, so it does not matter who is first.

// Moved is the body of person.moved: somebody goes to another centre.
type Moved struct {
	Person id.ID  `json:"person"` // the record that is left
	To     id.ID  `json:"to"`     // a centre
	On     string `json:"on"`     // ISO date
	Reason string `json:"reason"` // one of MoveReasons
}

// MoveReasons are why somebody goes to another centre. They name nobody.
var MoveReasons = []string{"home", "school", "nearer", "hours", "closing", "other"}

// Check wants a person, a centre and a reason of the list.
func (m Moved) Check() error {
	if m.Person.IsNil() || m.To.IsNil() || !slices.Contains(MoveReasons, m.Reason) {
		return errors.New("somebody moves to a centre, with a reason of the list")
	}
	return nil
}

// Arrived is the body of person.arrived: a record is of somebody who came from another centre.
type Arrived struct {
	Person id.ID `json:"person"` // the record here
	Origin id.ID `json:"origin"` // the record there
	From   id.ID `json:"from"`   // the centre
	// Reached are the months in which they were there, by programme. A node without the log of that centre counts them where
	// they were first reached by it.
	Reached []Reached `json:"reached,omitempty"`
}

// Reached is a month in which somebody was at a session of a programme.
type Reached struct {
	Programme id.ID  `json:"programme"`
	Month     string `json:"month"` // as measure.Month writes it, 202603
}

// maxReached bounds what one arrival says: ten years of two programmes.
const maxReached = 240

var monthForm = regexp.MustCompile(`^\d{4}(0[1-9]|1[0-2])$`)

// Check wants two records and months.
func (a Arrived) Check() error {
	if a.Person.IsNil() || a.Origin.IsNil() || a.From.IsNil() || a.Person == a.Origin || len(a.Reached) > maxReached {
		return errors.New("somebody arrives from another centre's record")
	}
	for _, r := range a.Reached {
		if r.Programme.IsNil() || !monthForm.MatchString(r.Month) {
			return fmt.Errorf("%q is no month of a programme", r.Month)
		}
	}
	return nil
}

// Kinds of facts about going to another centre.
var (
	KindMoved   = fact.NewKind[Moved](fact.Kind{Name: "person.moved", Streams: []string{"centre"}})
	KindArrived = fact.NewKind[Arrived](fact.Kind{Name: "person.arrived", Streams: []string{"centre"}})

	moveTable    = &store.Table{Name: "person_move", Key: 1, Columns: store.Cols("id:id person:id centre:id destination:id day:text reason:text"), Indexes: []string{"person", "destination"}}
	arrivalTable = &store.Table{Name: "person_arrival", Key: 1, Columns: store.Cols("id:id person:id origin:id centre:id"), Indexes: []string{"person", "origin"}}
)

// Elsewhere has the months in which those who came from another centre were reached there. It is a source of sums over people.
var Elsewhere = &store.Table{Name: "person_elsewhere", Key: 2, Columns: store.Cols("id:id n:int origin:id programme:id centre:id month:text"), Indexes: []string{"origin"}}

// MoveID names that a record goes to a centre, ArrivalID that one came.
func MoveID(record, to id.ID) id.ID    { return id.Under(record, "moved "+to.Hex()) }
func ArrivalID(record id.ID) id.ID     { return id.Under(record, "arrived") }
func Successor(record, to id.ID) id.ID { return id.Named(record.Hex(), "moved to "+to.Hex()) }

// MoveFolds derive who goes where and who came.
var MoveFolds = []*fact.Fold{
	{
		Name: "person.move", Kinds: []*fact.Kind{KindMoved}, Tables: []*store.Table{moveTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			if m, f, _ := fact.Said[Moved](s, nil); f != nil {
				out.Add(moveTable, s.ID, m.Person, fact.CentreOf(f.Stream), m.To, m.On, m.Reason)
			}
			return nil
		},
		Sample: fact.Statements(KindMoved, func(d fact.Draw) fact.Body {
			return Moved{Person: id.Named("sample", "0"), To: id.Named("sample", fmt.Sprint(3+d.Int("to", 2))), On: "2026-03-02", Reason: MoveReasons[d.Int("reason", 2)]}
		}),
	},
	{
		Name: "person.arrival", Kinds: []*fact.Kind{KindArrived}, Tables: []*store.Table{arrivalTable, Elsewhere},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			a, f, _ := fact.Said[Arrived](s, nil)
			if f == nil {
				return nil
			}
			out.Add(arrivalTable, s.ID, a.Person, a.Origin, a.From)
			for n, r := range a.Reached {
				out.Add(Elsewhere, s.ID, n, a.Origin, r.Programme, a.From, r.Month)
			}
			return nil
		},
		Sample: fact.Statements(KindArrived, func(d fact.Draw) fact.Body {
			// The people and the programme of the samples of training, so that together they try the sums.
			a := Arrived{Person: id.Named("sample", "10"), Origin: id.Named("sample", fmt.Sprint(d.Int("origin", 2))), From: id.Named("sample", "4")}
			for i := range d.Int("months", 3) {
				a.Reached = append(a.Reached, Reached{id.Named("sample", "1"), fmt.Sprintf("20260%d", 1+i+d.Int("month", 3))})
			}
			return a
		}),
	},
}

// Move is that somebody goes to another centre.
type Move struct {
	Person, From, To id.ID
	On, Reason       string
}

// Arrived reports whether the record at the other centre is there, and returns it.
func (p *People) Arrival(ctx context.Context, q store.Querier, m Move) (record id.ID, ok bool, err error) {
	record = Successor(m.Person, m.To)
	l, err := p.byIDs(ctx, q, access.Everywhere(), []id.ID{record})
	return record, len(l) > 0, err
}

// Moves returns who left a record for another centre, at most max of those that condition selects.
func (p *People) moves(ctx context.Context, q store.Querier, where string, args ...any) ([]Move, error) {
	var out []Move
	err := q.Each(ctx, "SELECT person, centre, destination, day, reason FROM person_move WHERE "+where+" ORDER BY day, id", args, func(r store.Row) error {
		var m Move
		err := r.Scan(&m.Person, &m.From, &m.To, &m.On, &m.Reason)
		out = append(out, m)
		return err
	})
	return out, err
}

// MovesOf returns where a record went.
func (p *People) MovesOf(ctx context.Context, q store.Querier, record id.ID) ([]Move, error) {
	return p.moves(ctx, q, "person = ?", record)
}

// Underway returns those who left a centre and are not written down at the other one yet, whose record this node holds.
func (p *People) Underway(ctx context.Context, q store.Querier) ([]Move, error) {
	l, err := p.moves(ctx, q, "EXISTS (SELECT 1 FROM person WHERE person.id = person_move.person) AND NOT EXISTS (SELECT 1 FROM person_arrival a WHERE a.origin = person_move.person)")
	return slices.DeleteFunc(l, func(m Move) bool { return m.From == m.To }), err
}

// Leave prepares that somebody goes to another centre; nothing when it is said already.
func (p *People) Leave(ctx context.Context, q store.Querier, actor id.ID, from id.ID, m Moved) ([]fact.New, error) {
	v := MoveID(m.Person, m.To)
	all, err := p.log.Of(ctx, q, v)
	if err != nil || fact.Says(all, m) {
		return nil, err
	}
	return []fact.New{{Stream: Stream(from), Kind: KindMoved, Subject: v, Actor: actor, Prev: fact.HeadsOf(all), Body: m}}, nil
}

// Arrive prepares the record at the other centre: who it is, where they came from, and that both are one. The key is new: the
// centre that was left cannot read what is written here.
func (p *People) Arrive(ctx context.Context, q store.Querier, actor id.ID, m Move, d Details, reached []Reached) (*seal.Key, []fact.New, error) {
	record := Successor(m.Person, m.To)
	if d.Name(false) == "" {
		return nil, nil, ErrNoName
	}
	stream := Stream(m.To)
	k, err := p.log.Keys.New(record, stream)
	if err != nil {
		return nil, nil, err
	}
	n, err := stated(KindRegistered, k, stream, actor, d, nil)
	if err != nil {
		return nil, nil, err
	}
	a, b := m.Person, record
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	said, err := p.log.Of(ctx, q, EdgeID(a, b))
	if err != nil {
		return nil, nil, err
	}
	out := []fact.New{n,
		{Stream: stream, Kind: KindArrived, Subject: ArrivalID(record), Actor: actor, Body: Arrived{record, m.Person, m.From, reached}},
		{Stream: stream, Kind: KindMerged, Subject: EdgeID(a, b), Actor: actor, Prev: fact.HeadsOf(said), Body: Edge{a, b, "moved"}},
	}
	if p.log.May(KindMerged, Stream(m.From)) {
		out = append(out, fact.New{Stream: Stream(m.From), Kind: KindMerged, Subject: EdgeID(a, b), Actor: actor, Prev: fact.HeadsOf(said), Body: Edge{a, b, "moved"}})
	}
	return k, out, nil
}

// DetailsOf returns what the facts of a record say, as its fold does, with the key that they are sealed with.
func DetailsOf(record id.ID, facts []*fact.Fact, k *seal.Key) Details {
	s := fact.SubjectOf(record, facts, k)
	read := said(s)
	d := Details{}
	for _, field := range Fields {
		if h := s.Heads(func(f *fact.Fact) bool { _, ok := read[f][field]; return ok }); len(h) > 0 {
			d[field] = read[h[len(h)-1]][field]
		}
	}
	return d
}

// Widowed returns records of somebody whose record at another centre, which they came from or went to, was erased: an erasure
// reaches the others when a node that holds them hears of it. The centre that was left must have said where they went, so that
// no box can end people of another centre by claiming them.
func (p *People) Widowed(ctx context.Context, q store.Querier) ([]*Person, error) {
	var ids []id.ID
	err := q.Each(ctx, "SELECT a.origin, a.person, m.centre, m.destination, p.id, p.centre FROM person_arrival a JOIN person_move m ON m.person = a.origin JOIN person p ON p.id = a.person OR p.id = a.origin WHERE a.origin IN ("+seal.AllErased+") OR a.person IN ("+seal.AllErased+")", nil, func(r store.Row) error {
		var origin, record, from, to, left, at id.ID
		err := r.Scan(&origin, &record, &from, &to, &left, &at)
		if err == nil && record == Successor(origin, to) && (left == record && at == to || left == origin && at == from) {
			ids = append(ids, left)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.byIDs(ctx, q, access.Everywhere(), ids)
}
