package node

import (
	"context"
	"fmt"
	"time"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
)

// A node may leave its backup with the one that it calls: archives that are sealed for its sheet, so that whoever keeps them reads
// nothing. They go after facts and files, in parts, and like programs are no part of the exchange.

// Archive is a file of a backup.
type Archive struct {
	Name string      `json:"name"`
	File blob.Digest `json:"file"` // of its bytes
	Size int64       `json:"size"`
}

// MaxArchive bounds one, in bytes.
const MaxArchive = 8 << 30

// Archives are those that this node leaves with the one it calls, and those of others that it keeps; the house knows both.
type Archives interface {
	// Mine returns those to leave with a node that does not have them, keys before data.
	Mine(peer id.ID) ([]Archive, error)
	// Read returns bytes of one of this node's.
	Read(a Archive, offset int64, most int) ([]byte, error)
	// Left notes that a node has one.
	Left(peer id.ID, a Archive) error
	// Keep takes bytes of another's from an offset, and says how many are here; none only asks. A whole one has all.
	Keep(of id.ID, a Archive, offset int64, b []byte) (held int64, err error)
}

// keepTime is how long one exchange brings a backup.
const keepTime = 10 * time.Minute

// kept is a place in an archive.
type kept struct {
	Archive
	Offset int64 `json:"offset"` // how much is held, in an answer
}

// keepPart takes a part of an archive of another node.
func (n *Nodes) keepPart(who fact.Grantee, body []byte) ([]byte, error) {
	var k kept
	b, err := readHead(body, &k)
	if err != nil {
		return nil, err
	}
	if n.Archives == nil || who.Provisional || k.Size <= 0 || k.Size > MaxArchive || k.Offset < 0 || k.Offset+int64(len(b)) > k.Size {
		return nil, fmt.Errorf("%w: no backup is kept of it here", ErrMessage)
	}
	if k.Offset, err = n.Archives.Keep(who.Node, k.Archive, k.Offset, b); err != nil {
		return nil, err
	}
	return encode(k), nil
}

// leave brings this node's backup to the one that it calls.
func (x *exchange) leave(ctx context.Context) error {
	if !x.peer.Up || x.n.Archives == nil || !x.keeps {
		return nil
	}
	mine, err := x.n.Archives.Mine(x.peer.Node)
	if err != nil {
		return err
	}
	until := time.Now().Add(keepTime)
	for _, a := range mine {
		at, tries := int64(0), 0
		var b []byte
		for {
			answer, err := x.link.Ask(ctx, OpKeep, withHead(kept{a, at}, b))
			if err != nil {
				return err
			}
			var k kept
			if err := decode(answer, &k); err != nil {
				return err
			}
			if k.Offset == a.Size {
				break
			}
			if k.Offset < 0 || k.Offset > a.Size || len(b) > 0 && k.Offset <= at && tries > 3 {
				return fmt.Errorf("%w: the other node does not take the backup", ErrMessage)
			}
			if tries++; k.Offset > at {
				tries = 0
			}
			if time.Now().After(until) {
				return nil
			}
			at = k.Offset
			if b, err = x.n.Archives.Read(a, at, partBytes); err != nil {
				return err
			}
		}
		if err := x.n.Archives.Left(x.peer.Node, a); err != nil {
			return err
		}
	}
	return nil
}
