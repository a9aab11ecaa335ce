package node_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tizi/internal/fact"
	"tizi/internal/node"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// Headquarters signs when it saw a box's log and how far, and the box can show it: what it wrote before cannot be said to be
// written later, nor what it writes after to be older.
func TestLogsAreSeen(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := hub(t, e)
		a := h.box(t, store.SQLite, here)
		write(t, a, here, 10)
		h.Time.Move(time.Minute)
		a.call(t, h)
		first := h.Time.Now().Truncate(time.Second)
		ref := func(seq uint64) fact.Ref { return fact.Ref{Stream: here, Node: a.Own.Node(), Seq: seq} }
		seen := func(n *end, seq uint64) fact.Seen {
			t.Helper()
			s, err := n.Seen(ctx, n.DB, ref(seq))
			must(t, err)
			return s
		}
		for _, n := range []*end{a, h} {
			s := seen(n, 3)
			if !s.Before.Equal(first) || !s.After.IsZero() {
				t.Fatalf("fact 3 came to be from %v to %v, want until %v", s.After, s.Before, first)
			}
			head, at, err := fact.OpenCosigned(s.Note, a.Own.Node(), h.Own.Public())
			must(t, err)
			b, err := n.Read(ctx, n.DB, here, a.Own.Node(), 2, 1)
			must(t, err)
			if !at.Equal(first) || head.Size != 10 || tlog.CheckRecord(s.Proof, 10, head.Root, 2, b.Facts[0].Hash()) != nil {
				t.Errorf("the proof shows %d facts at %v", head.Size, at)
			}
			asWritten(t, string(s.Note), h)
			if _, _, err := fact.OpenCosigned(s.Note, a.Own.Node(), a.Own.Public()); err == nil {
				t.Error("it is taken for another's word")
			}
		}
		write(t, a, here, 5)
		h.Time.Move(time.Minute)
		a.call(t, h) // too soon to sign again
		if s := seen(a, 13); !s.After.Equal(first) || !s.Before.IsZero() {
			t.Errorf("fact 13 came to be from %v to %v", s.After, s.Before)
		}
		write(t, a, here, 1)
		h.Time.Move(2 * fact.CosignEvery)
		a.call(t, h)
		if s := seen(a, 13); !s.After.Equal(first) || !s.Before.Equal(h.Time.Now().Truncate(time.Second)) {
			t.Errorf("fact 13 came to be from %v to %v", s.After, s.Before)
		}
		for _, n := range []*end{a, h} {
			rep, err := n.Check(ctx, nil)
			must(t, err)
			if !rep.OK || rep.Seen != 2 {
				t.Errorf("%d signatures were checked: %v", rep.Seen, rep.Faults)
			}
			must(t, n.DB.Write(ctx, func(tx store.Tx) error { return tx.Exec(ctx, "UPDATE fact_cosigned SET at = at - 86400") }))
			if rep, err = n.Check(ctx, nil); err != nil || rep.OK {
				t.Error("a signature that was altered passes the check")
			}
		}
		// What is not true is not kept.
		all, err := h.Cosigned(ctx, h.DB, func(string) bool { return true })
		must(t, err)
		must(t, a.DB.Write(ctx, func(tx store.Tx) error { return tx.Exec(ctx, "DELETE FROM fact_cosigned") }))
		must(t, a.TakeCosigned(ctx, all))
		if n := a.CountOf("fact_cosigned"); n != 0 {
			t.Errorf("%d signatures with another time are kept", n)
		}
	})
}

// asWritten checks a note as C2SP writes it: tlog-cosignature, version 1.
func asWritten(t *testing.T, note string, by *end) {
	t.Helper()
	text, sigs, ok := strings.Cut(note, "\n\n")
	name := by.Own.Node().Hex()
	line, ok2 := strings.CutPrefix(strings.TrimSuffix(sigs, "\n"), "— "+name+" ")
	b, err := base64.StdEncoding.DecodeString(line)
	if !ok || !ok2 || err != nil || len(b) != 4+8+64 {
		t.Fatalf("the note is\n%s", note)
	}
	id := sha256.Sum256(append([]byte(name+"\n\x04"), by.Own.Public()...))
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s\n", binary.BigEndian.Uint64(b[4:]), text)
	if string(b[:4]) != string(id[:4]) || !ed25519.Verify(by.Own.Public(), []byte(signed), b[12:]) {
		t.Errorf("the note is\n%s", note)
	}
}

// older is a link to a program that does not know the newest questions yet.
type older struct{ *wire }

func (o older) Ask(ctx context.Context, op string, body []byte) ([]byte, error) {
	switch op {
	case node.OpSeen, node.OpGives, node.OpFiles:
		return nil, node.ErrMessage
	}
	return o.wire.Ask(ctx, op, body)
}

// A program that does not know what has been seen exchanges all the same.
func TestOlderProgram(t *testing.T) {
	h := hub(t, store.SQLite)
	a := h.box(t, store.SQLite, here)
	write(t, a, here, 10)
	r, err := a.Exchange(ctx, a.peer(h), older{&wire{to: h, from: a.Node.Node()}}, nil)
	must(t, err)
	if r.Sent != 10 || len(r.Faults) > 0 {
		t.Errorf("the exchange: %+v", r)
	}
	if n := a.CountOf("fact_cosigned"); n != 0 {
		t.Errorf("%d signatures came of nowhere", n)
	}
}

// A bundle tells too what was seen.
func TestBundleTellsWhatWasSeen(t *testing.T) {
	h := hub(t, store.SQLite)
	a := h.box(t, store.SQLite, here)
	a.call(t, h)
	write(t, a, here, 10)
	carry := func(from, to *end) {
		t.Helper()
		var b bytes.Buffer
		_, err := from.Bundle(ctx, to.Own.Node(), &b)
		must(t, err)
		_, faults, err := to.Take(ctx, bytes.NewReader(b.Bytes()))
		must(t, err)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
	}
	must(t, a.Join(ctx, "", node.Answer{Public: h.Own.Public(), Recipient: h.Own.Recipient(), Root: h.Own.Node()}, "1", "1"))
	carry(a, h)
	if n := h.CountOf("fact_cosigned"); n != 0 {
		t.Errorf("a box signs what it has seen of headquarters: %d", n)
	}
	carry(h, a)
	s, err := a.Seen(ctx, a.DB, fact.Ref{Stream: here, Node: a.Own.Node(), Seq: 3})
	must(t, err)
	if s.Before.IsZero() {
		t.Error("the box does not learn that it was seen")
	}
	a.Whole()
}
