package testnode

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Grant lets another node write kinds in streams, from now on.
func (n *Node) Grant(to *seal.Identity, kinds, streams []string) fact.Ref {
	n.t.Helper()
	refs, err := n.Write(fact.New{Stream: "commons", Kind: fact.GrantIssued, Subject: to.Node(), Body: fact.GrantTo(to, "box", kinds, streams)})
	Must(n.t, err)
	return refs[0]
}

// Revoke ends the grants of another node after the given numbers.
func (n *Node) Revoke(of id.ID, after map[string]uint64) fact.Ref {
	n.t.Helper()
	refs, err := n.Write(fact.New{Stream: "commons", Kind: fact.GrantRevoked, Subject: of, Body: fact.Withdrawn{After: after, Reason: "lost"}})
	Must(n.t, err)
	return refs[0]
}

// Box starts a node that takes n for its root and may write kinds in streams.
func (n *Node) Box(place store.Config, reg *fact.Registry, kinds, streams []string) *Node {
	n.t.Helper()
	b := New(n.t, place, reg)
	Must(n.t, b.SetRoot(context.Background(), n.Root()))
	n.Grant(b.Own, kinds, streams)
	n.Carry(b)
	return b
}

// Carry brings to others all that they lack of what n holds, and returns how many facts were new to them.
func (n *Node) Carry(to ...*Node) int {
	n.t.Helper()
	total := 0
	for _, o := range to {
		l := Link{From: n, To: o}
		added, err := l.Carry(nil)
		Must(n.t, err)
		total += added
	}
	return total
}

// Meet makes nodes hold the same facts.
func Meet(nodes ...*Node) {
	for moved := 1; moved > 0; {
		moved = 0
		for _, a := range nodes {
			for _, b := range nodes {
				if a != b {
					moved += a.Carry(b)
				}
			}
		}
	}
}

// Whole fails the test unless Check finds nothing.
func (n *Node) Whole() {
	n.t.Helper()
	rep, err := n.Check(context.Background(), nil)
	Must(n.t, err)
	if !rep.OK {
		n.t.Errorf("node %s: %d faults: %s", n.Node(), len(rep.Faults)+rep.Omitted, strings.Join(rep.Faults, "; "))
	}
}

// Rows returns all derived rows of a node, one a line, in order.
func Rows(t T, l *fact.Log) string {
	t.Helper()
	var b strings.Builder
	for _, table := range l.Registry.Tables() {
		keys := make([]string, table.Key)
		for i := range keys {
			keys[i] = table.Columns[i].Name
		}
		err := l.DB.Each(context.Background(), "SELECT "+table.List()+" FROM "+table.Name+" ORDER BY "+strings.Join(keys, ", "), nil, func(r store.Row) error {
			row, err := table.Scan(r)
			fmt.Fprintln(&b, table.Name, row)
			return err
		})
		Must(t, err)
	}
	return b.String()
}

// Same fails the test unless all nodes show the same rows.
func Same(t testing.TB, nodes ...*Node) {
	t.Helper()
	want := Rows(t, nodes[0].Log)
	for _, n := range nodes[1:] {
		if got := Rows(t, n.Log); got != want {
			t.Fatalf("node %s shows\n%snode %s shows\n%s", nodes[0].Node(), want, n.Node(), got)
		}
	}
}

// Count returns how many rows a query finds.
func (n *Node) CountOf(query string, args ...any) int {
	n.t.Helper()
	c := 0
	_, err := store.One(context.Background(), n.DB, "SELECT count(*) FROM "+query, args, &c)
	Must(n.t, err)
	return c
}
