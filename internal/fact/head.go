package fact

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tizi/internal/id"
	"tizi/internal/seal"
)

// Head is a signed head of a log, as transparency logs publish theirs (C2SP tlog-checkpoint, a signed note): origin,
// size, root, signature. Any tool that checks those can check ours.
type Head struct {
	Stream string
	Node   id.ID
	Size   uint64
	Root   tlog.Hash
	Note   []byte
}

// maxNote bounds a signed head with the signatures of others who have seen it.
const maxNote = 4 << 10

// origin is the first line of a head.
func origin(stream string, node id.ID) string { return "tizi/" + stream + "/" + node.Hex() }

// key is a node's public key as signed notes name it.
type key struct {
	name string
	pub  ed25519.PublicKey
}

// algorithm is that of plain Ed25519 in signed notes.
const algorithm = 1

// Name implements note.Verifier.
func (k key) Name() string { return k.name }

// KeyHash implements note.Verifier.
func (k key) KeyHash() uint32 {
	h := sha256.Sum256(slices.Concat([]byte(k.name), []byte{'\n', algorithm}, k.pub))
	return binary.BigEndian.Uint32(h[:])
}

// Verify implements note.Verifier.
func (k key) Verify(msg, sig []byte) bool { return ed25519.Verify(k.pub, msg, sig) }

// signer is a node's own key.
type signer struct {
	key
	own *seal.Identity
}

// Sign implements note.Signer.
func (s signer) Sign(msg []byte) ([]byte, error) { return s.own.Sign(msg), nil }

// headText is what is signed.
func headText(stream string, node id.ID, size uint64, root tlog.Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin(stream, node), size, root)
}

func (l *Log) signHead(stream string, size uint64, root tlog.Hash) ([]byte, error) {
	return note.Sign(&note.Note{Text: headText(stream, l.node, size, root)}, signer{key{l.node.Hex(), l.own.Public()}, l.own})
}

var errHead = errors.New("the signed head of the log is malformed")

// ParseHead checks a signed head against the node's public key. Signatures of others beside the node's are passed over.
func ParseHead(signed []byte, public ed25519.PublicKey) (Head, error) {
	if len(public) != ed25519.PublicKeySize || len(signed) > maxNote {
		return Head{}, errHead
	}
	node := seal.NodeOf(public)
	n, err := note.Open(signed, note.VerifierList(key{node.Hex(), public}))
	if err != nil {
		return Head{}, fmt.Errorf("%w, or another's: %w", errHead, err)
	}
	for _, s := range n.Sigs {
		// One signature has one spelling: the bits that base64 leaves over say nothing.
		if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil {
			return Head{}, errHead
		}
	}
	h, err := readHeadText(n.Text, node)
	h.Note = signed
	return h, err
}

// readHeadText reads what was signed of a node's log.
func readHeadText(text string, node id.ID) (h Head, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Head{}, errHead
	}
	stream, ok1 := strings.CutPrefix(lines[0], "tizi/")
	stream, ok2 := strings.CutSuffix(stream, "/"+node.Hex())
	if !ok1 || !ok2 {
		return Head{}, errHead
	}
	h = Head{Stream: stream, Node: node}
	if h.Size, err = strconv.ParseUint(lines[1], 10, 62); err != nil || strconv.FormatUint(h.Size, 10) != lines[1] {
		return Head{}, errHead
	}
	if h.Root, err = tlog.ParseHash(lines[2]); err != nil || h.Root.String() != lines[2] {
		return Head{}, errHead
	}
	return h, nil
}
