package api

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Path is where nodes are asked: Path + the question.
const Path = "/exchange/"

// OpPair is the question of a box that is not known yet: node.Ask → node.Answer.
const OpPair = "pair"

// maxAsk bounds what a box that is not known yet may send.
const maxAsk = 16 << 10

// sessionLife is how long a session that hello gave out holds: longer than any one exchange over a bad link.
const sessionLife = 24 * time.Hour

// faults are those that one node tells another, by the names that travel.
var faults = []struct {
	name   string
	err    error
	status int
}{
	{"stranger", node.ErrStranger, http.StatusForbidden},
	{"revoked", node.ErrRevoked, http.StatusForbidden},
	{"format", node.ErrFormat, http.StatusUpgradeRequired},
	{"message", node.ErrMessage, http.StatusBadRequest},
	{"message", fact.ErrWire, http.StatusBadRequest},
	{"code", node.ErrCode, http.StatusForbidden},
	{"session", errSession, http.StatusUnauthorized},
	{"signature", errSignature, http.StatusUnauthorized},
	{"full", store.ErrFull, http.StatusInsufficientStorage},
	{"busy", store.ErrBusy, http.StatusServiceUnavailable},
}

var (
	errSession = errors.New("this exchange has lasted too long; begin another")
	// ErrOther is returned, wrapped, when the other node cannot answer; its own log says why.
	ErrOther = errors.New("the other node could not answer")
	// ErrAddress is returned, wrapped, when no node answers at an address.
	ErrAddress = errors.New("no Tizi node answers at this address")
)

// Exchange is the door at which other nodes ask.
type Exchange struct {
	nodes  *node.Nodes
	log    *fact.Log
	own    *seal.Identity
	secret []byte
	errors *slog.Logger
}

// NewExchange returns the door of a node.
func NewExchange(n *node.Nodes, l *fact.Log, errors *slog.Logger) *Exchange {
	own := l.Identity()
	// Every process of a node has the same.
	h := sha256.Sum256(own.Sign([]byte("tizi exchange session")))
	return &Exchange{n, l, own, h[:], errors}
}

// ServeHTTP implements http.Handler.
func (x *Exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op := strings.TrimPrefix(r.URL.Path, Path)
	h := w.Header()
	body, err := x.answer(w, r, op)
	status := http.StatusOK
	if err != nil {
		status, body = http.StatusInternalServerError, nil
		h.Set(headerFault, "other")
		for _, f := range faults {
			if errors.Is(err, f.err) {
				h.Set(headerFault, f.name)
				status = f.status
				break
			}
		}
		if status == http.StatusInternalServerError {
			x.errors.Error("another node could not be answered", "asked", op, "err", err)
		}
	}
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Digest", digest(body))
	sign(x.own, answered, answeredValues(status, h, r.Header.Get("Signature")), h)
	w.WriteHeader(status)
	w.Write(body)
}

func (x *Exchange) answer(w http.ResponseWriter, r *http.Request, op string) ([]byte, error) {
	if r.Method != http.MethodPost {
		return nil, node.ErrMessage
	}
	if op == OpPair {
		return x.pair(w, r)
	}
	if op == node.OpRecover || op == node.OpFollow { // what it shows proves itself
		b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, node.MaxShown))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", node.ErrMessage, err)
		}
		return x.nodes.Serve(r.Context(), id.Nil, op, b)
	}
	// A box may have been revoked by a command while its exchange goes on.
	if err := x.log.Refresh(r.Context()); err != nil {
		return nil, err
	}
	from, err := signer(r.Header, asked)
	if err != nil {
		return nil, err
	}
	public, err := x.public(r.Context(), op, from)
	if err != nil {
		return nil, err
	}
	// Before a byte of it is read it is known who sends it.
	if err := verify(public, asked, askedValues(r), r.Header); err != nil {
		return nil, err
	}
	if r.Header.Get(headerTo) != x.own.Node().Hex() {
		return nil, errSignature
	}
	if op == node.OpHello {
		w.Header().Set(headerSession, x.session(from))
	} else if op != node.OpUnlock && !x.holds(r.Header.Get(headerSession), from) {
		return nil, errSession
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, node.MaxMessage))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", node.ErrMessage, err)
	}
	if digest(body) != r.Header.Get("Content-Digest") {
		return nil, errSignature
	}
	if op == node.OpUnlock {
		return x.nodes.Release(r.Context(), from, body)
	}
	return x.nodes.Serve(r.Context(), from, op, body)
}

// public is the key of who asks: a node's, or that with which its locked disk asks to be unlocked.
func (x *Exchange) public(ctx context.Context, op string, from id.ID) (ed25519.PublicKey, error) {
	if op == node.OpUnlock {
		return x.nodes.Asker(ctx, from)
	}
	who, ok := x.log.Grantee(from)
	if !ok {
		return nil, node.ErrStranger
	}
	return who.Public, nil
}

// session lets a node ask for a while: the time until which, and a seal over it.
func (x *Exchange) session(of id.ID) string {
	until := binary.BigEndian.AppendUint64(nil, uint64(x.log.Clock.Now().Add(sessionLife).Unix()))
	return base64.RawURLEncoding.EncodeToString(append(until, x.seal(of, until)...))
}

func (x *Exchange) seal(of id.ID, until []byte) []byte {
	m := hmac.New(sha256.New, x.secret)
	m.Write(of[:])
	m.Write(until)
	return m.Sum(nil)[:16]
}

func (x *Exchange) holds(session string, of id.ID) bool {
	b, err := base64.RawURLEncoding.DecodeString(session)
	if err != nil || len(b) != 24 || !hmac.Equal(b[8:], x.seal(of, b[:8])) {
		return false
	}
	return int64(binary.BigEndian.Uint64(b)) > x.log.Clock.Now().Unix()
}

func (x *Exchange) pair(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAsk))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", node.ErrMessage, err)
	}
	var a node.Ask
	if err := json.Unmarshal(b, &a); err != nil {
		return nil, fmt.Errorf("%w: %w", node.ErrMessage, err)
	}
	out, err := x.nodes.Answer(r.Context(), a)
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// Link asks a node over HTTP.
type Link struct {
	own     *seal.Identity
	peer    node.Peer
	base    string
	client  *http.Client
	limit   *rate.Limiter // nil: as fast as it goes
	session string
	// Sent and Got count bytes of messages, without headers.
	Sent, Got int64
}

// Dial returns a link to a peer that this node calls. limit bounds the bytes a second both ways together; 0 does not.
func Dial(own *seal.Identity, p node.Peer, limit int) *Link {
	l := &Link{own: own, peer: p, base: strings.TrimSuffix(p.Address, "/"), client: client()}
	if limit > 0 {
		l.limit = rate.NewLimiter(rate.Limit(limit), max(limit, 64<<10))
	}
	return l
}

// linkPatience is how long nothing that was sent may be taken before a link is given up.
const linkPatience = time.Minute

// client waits long for an answer: the other may have a megabyte of facts to take in, on a small machine.
func client() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 5 * time.Minute
	t.DialContext = (&net.Dialer{Timeout: 30 * time.Second, Control: patient(linkPatience)}).DialContext
	t.MaxIdleConnsPerHost = 2
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Ask implements node.Link.
func (l *Link) Ask(ctx context.Context, op string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.base+Path+op, l.slow(ctx, bytes.NewReader(body)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.base, ErrAddress)
	}
	r.ContentLength = int64(len(body))
	r.Header.Set("Content-Type", "application/octet-stream")
	r.Header.Set("Content-Digest", digest(body))
	r.Header.Set(headerTo, l.peer.Node.Hex())
	r.Header.Set(headerSession, l.session)
	sign(l.own, asked, askedValues(r), r.Header)
	res, err := l.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", l.base, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(l.slow(ctx, res.Body), node.MaxMessage+1))
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", l.base, err)
	}
	l.Sent, l.Got = l.Sent+int64(len(body)), l.Got+int64(len(answer))
	if res.Header.Get("Signature") == "" {
		return nil, fmt.Errorf("%s: %w", l.base, ErrAddress)
	}
	if op != node.OpFollow { // what it answers proves itself
		if err := verify(l.peer.Public, answered, answeredValues(res.StatusCode, res.Header, r.Header.Get("Signature")), res.Header); err != nil {
			if v, e := signer(res.Header, answered); e == nil && v != l.peer.Node {
				err = node.ErrAnother
			}
			return nil, err
		}
	}
	if digest(answer) != res.Header.Get("Content-Digest") {
		return nil, errSignature
	}
	if s := res.Header.Get(headerSession); s != "" {
		l.session = s
	}
	return answer, told(res)
}

// To asks another node from now on at the same address: one that follows the one that was asked.
func (l *Link) To(p node.Peer) { l.peer, l.session = p, "" }

// told is the fault that an answer is.
func told(res *http.Response) error {
	name := res.Header.Get(headerFault)
	if name == "" && res.StatusCode == http.StatusOK {
		return nil
	}
	for _, f := range faults {
		if f.name == name {
			return f.err
		}
	}
	return ErrOther
}

// slow reads no faster than the limit.
func (l *Link) slow(ctx context.Context, r io.Reader) io.Reader {
	if l.limit == nil {
		return r
	}
	return &slowly{ctx, r, l.limit}
}

type slowly struct {
	ctx   context.Context
	r     io.Reader
	limit *rate.Limiter
}

func (s *slowly) Read(p []byte) (int, error) {
	n, err := s.r.Read(p[:min(len(p), s.limit.Burst(), 16<<10)])
	if n > 0 {
		if err := s.limit.WaitN(s.ctx, n); err != nil {
			return n, err
		}
	}
	return n, err
}

// Pair asks the node at an address to be paired with it.
func Pair(ctx context.Context, address string, a node.Ask) (node.Answer, error) {
	var out node.Answer
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return out, fmt.Errorf("%q is no address like https://tizi.example.org: %w", address, ErrAddress)
	}
	b, err := json.Marshal(a)
	if err != nil {
		return out, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(address, "/")+Path+OpPair, bytes.NewReader(b))
	if err != nil {
		return out, fmt.Errorf("%s: %w", address, ErrAddress)
	}
	res, err := client().Do(r)
	if err != nil {
		return out, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	defer res.Body.Close()
	if res.Header.Get("Signature") == "" {
		return out, fmt.Errorf("%s: %w", address, ErrAddress)
	}
	if err := told(res); err != nil {
		return out, err
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAsk)).Decode(&out); err != nil || len(out.Public) != ed25519.PublicKeySize {
		return out, fmt.Errorf("%s: %w", address, ErrAddress)
	}
	return out, nil
}
