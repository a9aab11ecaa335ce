package fact_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

var (
	ctx    = context.Background()
	must   = testnode.Must
	centre = "centre/" + id.Named("test", "centre").String()
)

// What tests provoke is not for the console.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// node starts a node with the toy area.
func node(t testing.TB, e store.Engine) *testnode.Node {
	return testnode.New(t, testnode.Place(t, e), toy.Registry())
}

// fast starts a node that does not wait for the disk.
func fast(t testing.TB) *testnode.Node { return testnode.New(t, testnode.Fast(t), toy.Registry()) }

// box starts a node that a hub lets write the toy area in the centre.
func box(t testing.TB, e store.Engine, hub *testnode.Node) *testnode.Node {
	return hub.Box(testnode.Place(t, e), toy.Registry(), []string{"toy.*", "soul.*"}, []string{centre})
}

func count(subject id.ID, group string, n int) fact.New {
	return fact.New{Stream: centre, Kind: toy.KindCounted, Subject: subject, Body: toy.Counted{Group: group, N: n}}
}

func say(subject id.ID, text string, saw ...fact.Ref) fact.New {
	return fact.New{Stream: centre, Kind: toy.KindSaid, Subject: subject, Body: toy.Said{Text: text}, Prev: saw}
}

// write runs a command of these facts and wants it to succeed.
func write(t testing.TB, n *testnode.Node, facts ...fact.New) []fact.Ref {
	t.Helper()
	refs, err := n.Write(facts...)
	must(t, err)
	return refs
}

// register brings a person in and returns their id.
func register(t testing.TB, n *testnode.Node, name, group string) id.ID {
	t.Helper()
	p := id.New()
	_, err := n.Do(ctx, fact.Command{Name: "register", Stream: centre, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
		k, err := n.Keys.New(p, centre)
		if err != nil {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Keys: []*seal.Key{k}, Facts: []fact.New{{
			Stream: centre, Kind: toy.KindNamed, Subject: p, Body: toy.Named{Sealed: k.Seal([]byte(name)), Group: group}, Born: true,
		}}}, nil
	}})
	must(t, err)
	return p
}

// erase destroys a person's keys.
func erase(t testing.TB, n *testnode.Node, p id.ID) {
	t.Helper()
	must(t, n.DB.Write(ctx, func(tx store.Tx) error {
		if err := n.Keys.Erase(ctx, tx, p, centre, n.Clock.Now().UnixMilli()); err != nil {
			return err
		}
		return n.Refold(ctx, tx, []id.ID{p})
	}))
}

// text returns what a register says, "" when there is no row.
func text(t testing.TB, n *testnode.Node, subject id.ID) string {
	t.Helper()
	var s string
	_, err := store.One(ctx, n.DB, "SELECT text FROM toy_register WHERE id = ?", store.Args(subject), &s)
	must(t, err)
	return s
}

// total returns what a group's sum says.
func total(t testing.TB, n *testnode.Node, group string) (counted, people int) {
	t.Helper()
	_, err := store.One(ctx, n.DB, "SELECT n, people FROM toy_sum WHERE grp = ?", store.Args(group), &counted, &people)
	must(t, err)
	return counted, people
}

// state returns the state of a fact as it is stored.
func state(t testing.TB, n *testnode.Node, ref fact.Ref) fact.State {
	t.Helper()
	s := fact.State(-1)
	must(t, n.Facts(ctx, n.DB, "stream IN (SELECT id FROM fact_stream WHERE name = ?) AND node IN (SELECT id FROM fact_node WHERE node = ?) AND seq = ?",
		store.Args(ref.Stream, ref.Node, int64(ref.Seq)), func(f *fact.Fact) error {
			s = f.State()
			return nil
		}))
	return s
}

// wantState fails the test unless a fact has a state.
func wantState(t testing.TB, n *testnode.Node, ref fact.Ref, want fact.State) {
	t.Helper()
	if got := state(t, n, ref); got != want {
		t.Errorf("fact %s is %s, want %s", ref, got, want)
	}
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// sorted sorts lines.
func sorted(lines string) string {
	l := strings.Split(lines, "\n")
	slices.Sort(l)
	return strings.Join(l, "\n")
}
