package house

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"filippo.io/age"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/lan"
	"tizi/internal/node"
	"tizi/internal/place"
	"tizi/internal/seal"
	"tizi/internal/whole"
)

// ErrPrepared is returned, wrapped, for a file that is not one that headquarters prepared, or not for these letters.
var ErrPrepared = errors.New("this file was not prepared at headquarters, is damaged, or has other letters")

// Preparing is what headquarters says of a box before it is sent out.
type Preparing struct {
	Centre    *place.Place
	Name      string // what to call it
	Address   string // where headquarters is reached
	Authority []byte // of its HTTPS, as lan.Open keeps it; nil: the box makes one
}

// prepared is the first line of the file; the rest is the first bundle for the box.
type prepared struct {
	Version   int         `json:"tizi_box"`
	Address   string      `json:"address"`
	Key       []byte      `json:"key"`
	Answer    node.Answer `json:"answer"`
	Authority []byte      `json:"authority,omitempty"`
}

// preparedWork is scrypt's (2^n): the letters have 132 bits, and a small box must not need 256 MB to read them.
const preparedWork = 10

// Prepare writes a file that makes a new machine the paired box of a centre, with all that headquarters has for it, and returns the
// letters that open it and the node that it makes.
func (h *House) Prepare(ctx context.Context, actor id.ID, w io.Writer, p Preparing) (letters string, box id.ID, err error) {
	own, answer, err := h.Nodes.Prepare(ctx, actor, p.Name, p.Centre.Stream())
	if err != nil {
		return "", box, err
	}
	letters, box = node.NewSheet(), own.Node()
	key, err := own.Bytes()
	if err != nil {
		return "", box, err
	}
	head, err := json.Marshal(prepared{1, p.Address, key, answer, p.Authority})
	if err != nil {
		return "", box, err
	}
	to, err := age.NewScryptRecipient(plainLetters(letters))
	if err != nil {
		return "", box, err
	}
	to.SetWorkFactor(preparedWork)
	out, err := age.Encrypt(w, to)
	if err != nil {
		return "", box, fmt.Errorf("write the file of a box: %w", err)
	}
	if _, err := out.Write(append(head, '\n')); err != nil {
		return "", box, fmt.Errorf("write the file of a box: %w", err)
	}
	if _, err := h.Nodes.Bundle(ctx, box, out); err != nil {
		return "", box, err
	}
	return letters, box, out.Close()
}

// plainLetters are those that somebody typed, or what was typed where that is no sheet.
func plainLetters(typed string) string {
	if s, err := node.SheetLetters(typed); err == nil {
		return s
	}
	return typed
}

// CreatePrepared makes the node of a file that Prepare wrote, in a folder without one, and opens it. Nobody can sign in until Found,
// unless the centre had accounts.
func CreatePrepared(ctx context.Context, c Config, r io.Reader, letters string) (*House, error) {
	by, err := age.NewScryptIdentity(plainLetters(letters))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPrepared, err)
	}
	by.SetMaxWorkFactor(preparedWork)
	in, err := age.Decrypt(r, by)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPrepared, err)
	}
	lines := bufio.NewReader(in)
	line, err := lines.ReadBytes('\n')
	var p prepared
	if err != nil || json.Unmarshal(line, &p) != nil || p.Version != 1 {
		return nil, ErrPrepared
	}
	own, err := seal.ParseIdentity(p.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPrepared, err)
	}
	if err := c.vacant(); err != nil {
		return nil, err
	}
	bundle, err := os.CreateTemp(c.Dir, "bundle-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(bundle.Name())
	defer bundle.Close()
	if _, err := io.Copy(bundle, lines); err != nil { // read to its end before anything is made
		return nil, fmt.Errorf("%w: %w", ErrPrepared, err)
	}
	h, err := create(ctx, c, own)
	if err != nil {
		return nil, err
	}
	if err = h.take(ctx, p, bundle); err == nil && p.Authority != nil {
		err = whole.Write(filepath.Join(c.Dir, lan.File), p.Authority)
	}
	if err != nil {
		err = errors.Join(err, h.Close())
		Discard(c.Dir)
		return nil, err
	}
	return h, nil
}

// take makes the node one that headquarters rules, and takes in what it sent along.
func (h *House) take(ctx context.Context, p prepared, bundle io.ReadSeeker) error {
	if err := h.Nodes.JoinPrepared(ctx, p.Address, p.Answer); err != nil {
		return err
	}
	if _, err := bundle.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, faults, err := h.TakeBundle(ctx, bundle)
	if err == nil && len(faults) > 0 {
		err = fmt.Errorf("%w: %s of node %s: %s", ErrPrepared, faults[0].Stream, faults[0].Node.Hex(), faults[0].Fault)
	}
	return err
}

// Prepared reports whether another node rules this one, so that places are not its own to say.
func (h *House) Prepared() bool { return h.Log.Root() != h.Log.Node() }

// foundPrepared opens the account of who manages the centre of a box that headquarters prepared.
func (h *House) foundPrepared(ctx context.Context, f Founding) error {
	tree, err := h.Places.Tree(ctx, h.DB)
	if err != nil {
		return err
	}
	who, _ := h.Log.Grantee(h.Log.Node())
	for _, p := range tree.Of("centre") {
		if slices.Contains(who.Streams, p.Stream()) {
			if err := h.Log.Keys.Begin(ctx, h.DB, p.Stream()); err != nil {
				return err
			}
			_, err := h.Access.Open(ctx, id.Nil, access.Newcomer{Name: f.Owner, Login: f.Login, Passphrase: f.Passphrase, Lang: f.Lang, Role: access.Centre, On: access.Place(p.ID), Stream: p.Stream()})
			return err
		}
	}
	return fmt.Errorf("found the node: %w", fact.ErrNotHere)
}
