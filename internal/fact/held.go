package fact

import (
	"context"

	"tizi/internal/id"
	"tizi/internal/store"
)

// Held is a fact that waits: stored, passed on, and without effect.
type Held struct {
	Ref     Ref
	Kind    string
	Subject id.ID
	State   State
	At      Time
	Body    []byte
}

// Quarantine returns facts that wait, oldest first, at most max.
func (l *Log) Quarantine(ctx context.Context, q store.Querier, max int) ([]Held, error) {
	return l.held(ctx, q, "state <> 0 AND state <> ? ORDER BY hlc LIMIT ?", int64(Voided), max)
}

// Waits are the facts of one log that wait for one reason.
type Waits struct {
	Stream   string
	Node     id.ID
	State    State
	Facts    int
	From, To Time // of the first and the last of them
}

// Waiting returns what waits, by log and reason; those with most facts first.
func (l *Log) Waiting(ctx context.Context, q store.Querier) ([]Waits, error) {
	var out []Waits
	err := q.Each(ctx, "SELECT s.name, n.node, f.state, count(*), min(f.hlc), max(f.hlc) FROM fact f JOIN fact_stream s ON s.id = f.stream JOIN fact_node n ON n.id = f.node WHERE f.state <> 0 AND f.state <> ? GROUP BY s.name, n.node, f.state ORDER BY 4 DESC, s.name, n.node", store.Args(int64(Voided)), func(r store.Row) error {
		var w Waits
		var state, from, to int64
		err := r.Scan(&w.Stream, &w.Node, &state, &w.Facts, &from, &to)
		w.State, w.From, w.To = State(state), Time(from), Time(to)
		out = append(out, w)
		return err
	})
	return out, err
}

// HeldOf returns the facts of what waits, oldest first, at most max.
func (l *Log) HeldOf(ctx context.Context, q store.Querier, w Waits, max int) ([]Held, error) {
	return l.held(ctx, q, "stream IN (SELECT id FROM fact_stream WHERE name = ?) AND node IN (SELECT id FROM fact_node WHERE node = ?) AND state = ? ORDER BY seq LIMIT ?", w.Stream, w.Node, int64(w.State), max)
}

func (l *Log) held(ctx context.Context, q store.Querier, where string, args ...any) ([]Held, error) {
	var out []Held
	err := l.Facts(ctx, q, where, args, func(f *Fact) error {
		out = append(out, Held{f.Ref(), f.Kind, f.Subject, f.state, f.HLC, f.Body})
		return nil
	})
	return out, err
}
