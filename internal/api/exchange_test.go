package api_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tizi/internal/api"
	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

var (
	ctx    = context.Background()
	centre = "centre/" + id.Named("test", "centre").String()
)

// served is a node behind a door that a test may stand in.
type served struct {
	*testnode.Node
	nodes *node.Nodes
	url   string
	// spoil may alter a question on its way, and its answer.
	spoil func(r *http.Request)
	bend  func(h http.Header, body []byte) []byte
}

func serve(t *testing.T) *served {
	t.Helper()
	s := &served{Node: testnode.New(t, testnode.Fast(t), toy.Registry())}
	testnode.Must(t, s.DB.Migrate(ctx, "node", node.Schema()))
	files, err := blob.Open(t.TempDir(), nil)
	testnode.Must(t, err)
	s.nodes = node.New(s.Log, files)
	door := api.NewExchange(s.nodes, s.Log, slog.New(slog.DiscardHandler))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.spoil != nil {
			s.spoil(r)
		}
		rec := httptest.NewRecorder()
		door.ServeHTTP(rec, r)
		body := rec.Body.Bytes()
		if s.bend != nil {
			body = s.bend(rec.Header(), body)
		}
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		w.Write(body)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *served) write(t *testing.T, stream string, n int) {
	t.Helper()
	for i := range n {
		_, err := s.Node.Write(fact.New{Stream: stream, Kind: toy.KindCounted, Subject: id.New(), Body: toy.Counted{Group: "a", N: i}})
		testnode.Must(t, err)
	}
}

// call makes a box exchange with a hub over HTTP.
func (s *served) call(hub *served) (node.Result, error) {
	p := node.Peer{Node: hub.Node.Node(), Up: true, Address: hub.url, Public: hub.Own.Public(), Recipient: hub.Own.Recipient(), Root: hub.Root()}
	return s.nodes.Exchange(ctx, p, api.Dial(s.Own, p, 0), nil)
}

func TestExchangeOverHTTP(t *testing.T) {
	hub, box, stranger := serve(t), serve(t), serve(t)
	hub.Grant(box.Own, []string{"toy.*"}, []string{centre})
	hub.write(t, "commons", 3)
	box.write(t, centre, 5)
	r, err := box.call(hub)
	if err != nil || r.Sent != 5 || r.Got != 4 {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err = box.call(hub); err != nil || !r.Same {
		t.Errorf("again: %+v, %v", r, err)
	}
	if _, err := stranger.call(hub); !errors.Is(err, node.ErrStranger) {
		t.Errorf("a stranger: %v", err)
	}
	if _, err := api.Pair(ctx, stranger.url, hub.nodes.Asking("AAAAA-AAAAA")); !errors.Is(err, node.ErrCode) {
		t.Errorf("a code that nobody gave out: %v", err)
	}
	if _, err := api.Pair(ctx, "ftp://hub", hub.nodes.Asking("AAAAA-AAAAA")); !errors.Is(err, api.ErrAddress) {
		t.Errorf("no address: %v", err)
	}
}

// Whoever stands in between changes nothing unseen, neither what is asked nor what is answered, and asks nothing in another's
// name.
func TestMessagesAreSigned(t *testing.T) {
	hub, box, other := serve(t), serve(t), serve(t)
	hub.Grant(box.Own, []string{"toy.*"}, []string{centre})
	refused := func(what string) {
		t.Helper()
		before := hub.CountOf("fact")
		box.write(t, centre, 1)
		if _, err := box.call(hub); err == nil {
			t.Errorf("%s: nothing was noticed", what)
		}
		if hub.CountOf("fact") != before {
			t.Errorf("%s: something was taken in", what)
		}
		hub.spoil, hub.bend = nil, nil
	}
	hub.spoil = func(r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(append(b, ' ')))
	}
	refused("a longer body")
	hub.spoil = func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, node.OpKeys) {
			r.URL.Path = api.Path + node.OpPush
		}
	}
	refused("another question")
	hub.spoil = func(r *http.Request) { r.Header.Set("Tizi-To", other.Node.Node().Hex()) }
	refused("asked of another")
	hub.spoil = func(r *http.Request) {
		if r.Header.Get("Tizi-Session") != "" {
			hub.Time.Move(25 * time.Hour) // it lay about for a day
		}
	}
	refused("an old question")
	hub.bend = func(_ http.Header, b []byte) []byte { return append(b, ' ') }
	refused("another answer")
	hub.bend = func(h http.Header, b []byte) []byte { h.Set("Tizi-Session", "x"); return b }
	refused("another session")
	hub.bend = func(h http.Header, b []byte) []byte { h.Del("Signature"); return b }
	refused("an answer without a signature")

	// An answer fits no other question.
	var kept *http.Response
	hub.bend = func(h http.Header, b []byte) []byte {
		if kept == nil {
			kept = &http.Response{Header: h.Clone(), Body: io.NopCloser(bytes.NewReader(b))}
			return b
		}
		for k, v := range kept.Header {
			h[k] = v
		}
		return b
	}
	refused("the answer to another question")
	if _, err := box.call(hub); err != nil {
		t.Errorf("left alone: %v", err)
	}
}
