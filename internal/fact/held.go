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
	Grants   bool // they are grants and revocations, about which nobody decides
	Facts    int
	From, To Time // of the first and the last of them
}

// Waiting returns what waits, by log and reason; those with most facts first.
func (l *Log) Waiting(ctx context.Context, q store.Querier) ([]Waits, error) {
	var out []Waits
	err := q.Each(ctx, "SELECT s.name, n.node, f.state, CASE WHEN k.name LIKE 'grant.%' THEN 1 ELSE 0 END, count(*), min(f.hlc), max(f.hlc) FROM fact f JOIN fact_stream s ON s.id = f.stream JOIN fact_node n ON n.id = f.node JOIN fact_kind k ON k.id = f.kind WHERE f.state <> 0 AND f.state <> ? GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2", store.Args(int64(Voided)), func(r store.Row) error {
		var w Waits
		var state, from, to int64
		err := r.Scan(&w.Stream, &w.Node, &state, &w.Grants, &w.Facts, &from, &to)
		w.State, w.From, w.To = State(state), Time(from), Time(to)
		out = append(out, w)
		return err
	})
	return out, err
}

// Decides says whether somebody's word settles what becomes of them: they were written without a grant, or after their node's was
// revoked. What this program does not understand waits for a newer one, and grants count by their own rules.
func (w Waits) Decides() bool { return !w.Grants && (w.State == Ungranted || w.State == Revoked) }

// Decides says the same of one.
func (h Held) Decides() bool {
	name, _, _ := SplitKind(h.Kind)
	return Waits{State: h.State, Grants: isGrant(name)}.Decides()
}

// HeldOf returns the facts of what waits, oldest first, at most max.
func (l *Log) HeldOf(ctx context.Context, q store.Querier, w Waits, max int) ([]Held, error) {
	not := "NOT "
	if w.Grants {
		not = ""
	}
	return l.held(ctx, q, "stream IN (SELECT id FROM fact_stream WHERE name = ?) AND node IN (SELECT id FROM fact_node WHERE node = ?) AND state = ? AND kind "+not+"IN (SELECT id FROM fact_kind WHERE name LIKE 'grant.%') ORDER BY seq LIMIT ?", w.Stream, w.Node, int64(w.State), max)
}

// LostFacts returns the facts that this node alone has of a log with two histories (Log.Lost), in their order, at most max.
func (l *Log) LostFacts(ctx context.Context, q store.Querier, f Fork, max int) ([]Held, error) {
	return l.held(ctx, q, "stream IN (SELECT id FROM fact_stream WHERE name = ?) AND node IN (SELECT id FROM fact_node WHERE node = ?) AND seq > ? ORDER BY seq LIMIT ?", f.Stream, f.Node, int64(f.Common), max)
}

func (l *Log) held(ctx context.Context, q store.Querier, where string, args ...any) ([]Held, error) {
	var out []Held
	err := l.Facts(ctx, q, where, args, func(f *Fact) error {
		out = append(out, Held{f.Ref(), f.Kind, f.Subject, f.state, f.HLC, f.Body})
		return nil
	})
	return out, err
}
