package fact

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"tizi/internal/seal"
)

// The specification is what others implement from, so its examples must be what this program does.
func TestSpecificationSaysWhatTheProgramDoes(t *testing.T) {
	b, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	spec := string(b)
	packed := strings.Join(strings.Fields(spec), "")
	for _, g := range golden {
		if !strings.Contains(packed, hex.EncodeToString(g.fact.Encode(nil))) || !strings.Contains(packed, g.hash) {
			t.Errorf("the bytes or the hash of %s are not in SPEC.md", g.fact.Ref())
		}
	}
	for _, s := range stateNames {
		if !strings.Contains(spec, "| "+s+" |") {
			t.Errorf("the state %s is not in SPEC.md", s)
		}
	}
	for _, k := range NewRegistry().kinds {
		if !strings.Contains(spec, "`"+k.Tag()+"`") {
			t.Errorf("the kind %s is not in SPEC.md", k.Tag())
		}
	}

	// A head of a known key is the same for ever.
	seed := make([]byte, 32)
	for i := range seed {
		seed[i] = byte(i)
	}
	path := filepath.Join(t.TempDir(), "node.key")
	b64 := base64.StdEncoding.EncodeToString(seed)
	if err := os.WriteFile(path, fmt.Appendf(nil, `{"tizi_node_key": 1, "ed25519_seed": %q, "mlkem768_x25519": %q}`, b64, b64), 0o600); err != nil {
		t.Fatal(err)
	}
	own, err := seal.LoadIdentity(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	root := tlog.NodeHash(golden[0].fact.Hash(), golden[1].fact.Hash())
	signed, err := (&Log{own: own, node: own.Node()}).signHead("commons", 2, root)
	if err != nil {
		t.Fatal(err)
	}
	note := string(signed)
	if !strings.Contains(spec, note) {
		t.Errorf("this head is not in SPEC.md:\n%s", note)
	}
	if h, err := ParseHead([]byte(note), own.Public()); err != nil || h.Size != 2 || h.Root != root || h.Stream != "commons" || h.Node != own.Node() {
		t.Errorf("the head of SPEC.md reads as %+v, %v", h, err)
	}
	if !strings.Contains(spec, hex.EncodeToString(own.Public())) || !strings.Contains(spec, hex.EncodeToString(root[:])) {
		t.Errorf("key %x or root %x is not in SPEC.md", own.Public(), root[:])
	}
}
