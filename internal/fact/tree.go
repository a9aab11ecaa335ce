package fact

import (
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// tileLevel is the height of the subtrees whose hashes are stored; hashes below are computed again from the facts.
const tileLevel = 8

// Edge is the right edge of an RFC 6962 tree: the roots of its complete subtrees, largest first. It is all that an
// append needs.
type Edge struct {
	Size   uint64
	Hashes []tlog.Hash
}

// Add appends a leaf. When it completes a subtree of 256 leaves, the root of that subtree is returned with its index.
func (e *Edge) Add(leaf tlog.Hash) (tile tlog.Hash, index uint64, done bool) {
	e.Hashes = append(e.Hashes, leaf)
	e.Size++
	for level := range bits.TrailingZeros64(e.Size) {
		n := len(e.Hashes)
		e.Hashes[n-2] = tlog.NodeHash(e.Hashes[n-2], e.Hashes[n-1])
		e.Hashes = e.Hashes[:n-1]
		if level+1 == tileLevel {
			tile, index, done = e.Hashes[n-2], e.Size>>tileLevel-1, true
		}
	}
	return tile, index, done
}

// Root returns the tree's hash.
func (e *Edge) Root() tlog.Hash {
	if e.Size == 0 {
		h, _ := tlog.TreeHash(0, nil)
		return h
	}
	n := len(e.Hashes)
	h := e.Hashes[n-1]
	for i := n - 2; i >= 0; i-- {
		h = tlog.NodeHash(e.Hashes[i], h)
	}
	return h
}

func (e *Edge) clone() Edge {
	return Edge{e.Size, append([]tlog.Hash(nil), e.Hashes...)}
}

func (e *Edge) encode() []byte {
	b := make([]byte, 0, len(e.Hashes)*tlog.HashSize)
	for _, h := range e.Hashes {
		b = append(b, h[:]...)
	}
	return b
}

var errEdge = errors.New("the log's head is damaged")

func decodeEdge(size uint64, b []byte) (Edge, error) {
	if len(b) != bits.OnesCount64(size)*tlog.HashSize {
		return Edge{}, errEdge
	}
	e := Edge{Size: size}
	for ; len(b) > 0; b = b[tlog.HashSize:] {
		e.Hashes = append(e.Hashes, tlog.Hash(b))
	}
	return e, nil
}

// hashReader gives tlog the stored hashes of one log: level-8 hashes from the table, what is below from the facts.
type hashReader struct {
	tile func(index uint64) (tlog.Hash, error)
	// leaves returns the leaf hashes [from, to), 0-based.
	leaves func(from, to uint64) ([]tlog.Hash, error)
}

// ReadHashes implements tlog.HashReader.
func (r hashReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		level, n := tlog.SplitStoredHashIndex(x)
		h, err := r.subtree(level, uint64(n))
		if err != nil {
			return nil, err
		}
		out[i] = h
	}
	return out, nil
}

// edge returns the right edge of the tree of the first size leaves.
func (r hashReader) edge(size uint64) (Edge, error) {
	e := Edge{Size: size}
	var at uint64
	for level := bits.Len64(size) - 1; level >= 0; level-- {
		if size&(1<<level) == 0 {
			continue
		}
		h, err := r.subtree(level, at>>level)
		if err != nil {
			return e, err
		}
		e.Hashes = append(e.Hashes, h)
		at += 1 << level
	}
	return e, nil
}

func (r hashReader) subtree(level int, n uint64) (tlog.Hash, error) {
	switch {
	case level == tileLevel:
		return r.tile(n)
	case level > tileLevel:
		a, err := r.subtree(level-1, 2*n)
		if err != nil {
			return a, err
		}
		b, err := r.subtree(level-1, 2*n+1)
		if err != nil {
			return b, err
		}
		return tlog.NodeHash(a, b), nil
	}
	hs, err := r.leaves(n<<level, (n+1)<<level)
	if err != nil {
		return tlog.Hash{}, err
	}
	if len(hs) != 1<<level {
		return tlog.Hash{}, fmt.Errorf("the log has %d of the %d facts asked for", len(hs), 1<<level)
	}
	for len(hs) > 1 {
		for i := range len(hs) / 2 {
			hs[i] = tlog.NodeHash(hs[2*i], hs[2*i+1])
		}
		hs = hs[:len(hs)/2]
	}
	return hs[0], nil
}
