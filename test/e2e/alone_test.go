package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// alone marks a run of these tests within a network namespace that has the loopback and nothing else.
const alone = "TIZI_TEST_ALONE"

// mayBeAlone is an error where this machine gives no network namespace.
var mayBeAlone = sync.OnceValue(func() error {
	if out, err := exec.Command("unshare", "--net", "ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
})

// TestLabsAlone does each lab where no other machine can be asked anything: node and browser run in a network namespace with loopback alone.
// A page that asks another host fails there, since a browser says so of what it cannot load.
func TestLabsAlone(t *testing.T) {
	if os.Getenv(alone) != "" {
		t.Skip("it is what runs here")
	}
	browser(t)
	if err := mayBeAlone(); err != nil {
		t.Skip("network namespaces are not allowed here, or unshare and ip are missing:", err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("unshare", "--net", "sh", "-c", `ip link set lo up && exec "$0" "$@"`, self, "-test.run", "^TestNobodyElse$|^TestLabs$/-ar$", "-test.v")
	c.Env = append(os.Environ(), alone+"=1")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, done := range []string{"--- PASS: TestNobodyElse", "--- PASS: TestLabs/drawing-ar", "--- PASS: TestLabs/unfair-ar", "--- PASS: TestLabs/feed-ar", "--- PASS: TestLabs/next-word-ar"} {
		if !strings.Contains(string(out), done) {
			t.Errorf("no %q in\n%s", done, out)
		}
	}
}

// TestNobodyElse makes sure that a run that is alone is.
func TestNobodyElse(t *testing.T) {
	if os.Getenv(alone) == "" {
		t.Skip("only where loopback is all there is")
	}
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback == 0 && i.Flags&net.FlagUp != 0 {
			t.Errorf("%s leads elsewhere", i.Name)
		}
	}
}
