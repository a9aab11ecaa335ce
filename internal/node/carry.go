package node

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
)

// What is known of one person goes from one centre to another by hand: the facts as they were signed, each with the proof that it
// stands in its node's log, sealed for the box of the other centre. It needs no headquarters.

// PersonMagic begins the file of a person, bundleMagic that of a bundle.
const PersonMagic = "tizi.person/1\n"

// maxPerson bounds such a file.
const maxPerson = 8 << 20

// ErrPerson is returned for a file that is damaged, for another, or not vouched for. Doors translate it.
var ErrPerson = errors.New("this file of a person is damaged, for another box, or of a node that may not speak for that centre; nothing of it was kept")

// Carried is what is known of a person on the way. Subject is theirs; Facts are about them and what is named under them.
type Carried struct {
	From, To id.ID // nodes
	Person   id.ID
	Facts    []*fact.Fact
	Secrets  [][]byte        // of the person's keys
	Also     json.RawMessage // what the sender says beside, which no fact says
}

// envelope is Carried in the file.
type envelope struct {
	From      id.ID           `json:"from"`
	To        id.ID           `json:"to"`
	Person    id.ID           `json:"person"`
	Facts     []vouched       `json:"facts"`
	Secrets   [][]byte        `json:"secrets"`
	Also      json.RawMessage `json:"also"`
	Public    []byte          `json:"public"` // of the sender
	Signature string          `json:"signature,omitempty"`
}

type vouched struct {
	Batch []byte           `json:"batch"`
	Proof tlog.RecordProof `json:"proof"`
}

func (e envelope) signed() []byte {
	e.Signature = ""
	return append([]byte(PersonMagic), encode(e)...)
}

// Carry writes the facts of a person into a file for the node of another centre.
func (n *Nodes) Carry(ctx context.Context, to, person id.ID, facts []*fact.Fact, also any, w io.Writer) error {
	if err := n.log.Refresh(ctx); err != nil {
		return err
	}
	g, ok := n.log.Grantee(to)
	recipient := g.Recipient
	if !ok { // headquarters, which is granted nothing
		var err error
		if _, recipient, err = n.other(ctx, to); err != nil {
			return err
		}
	}
	if g.Revoked != nil {
		return ErrStranger
	}
	e := envelope{From: n.log.Node(), To: to, Person: person, Public: n.log.Identity().Public()}
	var err error
	if e.Also, err = json.Marshal(also); err != nil {
		return err
	}
	if e.Secrets, err = n.log.Keys.Secrets(ctx, n.log.DB, person); err != nil {
		return err
	}
	for _, f := range facts {
		b, proof, err := n.log.Attest(ctx, n.log.DB, f)
		if err != nil {
			return err
		}
		e.Facts = append(e.Facts, vouched{b.Encode(), proof})
	}
	e.Signature = base64.StdEncoding.EncodeToString(n.log.Identity().Sign(e.signed()))
	out, err := seal.WriterFor(w, PersonMagic, recipient)
	if err != nil {
		return err
	}
	if _, err := out.Write(encode(e)); err != nil {
		return err
	}
	return out.Close()
}

// Uncarry reads such a file for this node. Every fact is vouched for by its own signed head, and counts as far as this node knows
// of grants; who sends may read the stream that the facts stand in.
func (n *Nodes) Uncarry(ctx context.Context, r io.Reader) (*Carried, error) {
	if err := n.log.Refresh(ctx); err != nil {
		return nil, err
	}
	in, err := n.log.Identity().Reader(r, PersonMagic)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPerson, err)
	}
	b, err := io.ReadAll(io.LimitReader(in, maxPerson))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPerson, err)
	}
	var e envelope
	if err := decode(b, &e); err != nil || e.To != n.log.Node() || len(e.Public) != ed25519.PublicKeySize || seal.NodeOf(e.Public) != e.From {
		return nil, errors.Join(ErrPerson, err)
	}
	sig, err := base64.StdEncoding.DecodeString(e.Signature)
	if err != nil || !ed25519.Verify(e.Public, e.signed(), sig) {
		return nil, ErrPerson
	}
	out := &Carried{From: e.From, To: e.To, Person: e.Person, Secrets: e.Secrets, Also: e.Also}
	for _, v := range e.Facts {
		b, err := fact.DecodeBatch(v.Batch)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPerson, err)
		}
		f, err := n.log.Vouch(b, v.Proof)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPerson, err)
		}
		if !n.log.Reads(e.From, f.Stream) {
			return nil, ErrPerson
		}
		if f.State() == fact.Effective {
			out.Facts = append(out.Facts, f)
		}
	}
	if len(out.Facts) == 0 {
		return nil, ErrPerson
	}
	return out, nil
}
