package process

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Boxes in network namespaces of their own exchange over slow links that are cut and come back, some within the patience of a
// connection and some not: nothing is lost, and all come to hold the same.
func TestLinksAreCut(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for links")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root makes network namespaces")
	}
	sh := func(format string, args ...any) error {
		c := strings.Fields(fmt.Sprintf(format, args...))
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(c, " "), err, out)
		}
		return nil
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tool := range []string{"ip", "tc"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " (iproute2) is not here")
		}
	}
	id := fmt.Sprintf("tz%d", os.Getpid()%100000)
	link := func(i int) string { return fmt.Sprintf("%sv%d", id, i) }
	space := func(i int) string { return fmt.Sprintf("%sn%d", id, i) }
	subnet := os.Getpid() % 200
	address := func(i, host int) string { return fmt.Sprintf("10.%d.%d.%d", 20+subnet, i, host) }

	n := &node{t: t, bin: tizi(t), dir: filepath.Join(t.TempDir(), "hub")}
	must(os.Mkdir(n.dir, 0o700))
	n.pick()
	_, port, err := net.SplitHostPort(n.addr)
	must(err)
	n.listen = "0.0.0.0:" + port
	hub := makeBox(t, n.bin, n.dir, "")
	n.start()
	defer n.kill()
	// up makes the link of a box; a modem of 1 Mbit/s.
	up := func(i int) error {
		for _, c := range []string{
			fmt.Sprintf("ip link add %s type veth peer name e0 netns %s", link(i), space(i)),
			fmt.Sprintf("ip addr add %s/24 dev %s", address(i, 1), link(i)),
			fmt.Sprintf("ip link set %s up", link(i)),
			fmt.Sprintf("ip -n %s addr add %s/24 dev e0", space(i), address(i, 2)),
			fmt.Sprintf("ip -n %s link set e0 up", space(i)),
			fmt.Sprintf("ip netns exec %s tc qdisc add dev e0 root tbf rate 1mbit burst 16kb latency 2s", space(i)),
		} {
			if err := sh("%s", c); err != nil {
				return err
			}
		}
		return nil
	}
	var boxes []*box
	for i, centre := range []string{"MA-ERR-MJ1", "MA-GUE-MJ1"} {
		if err := sh("ip netns add %s", space(i)); err != nil {
			t.Skipf("network namespaces are not allowed here: %v", err)
		}
		defer sh("ip netns del %s", space(i))
		if err := up(i); err != nil {
			t.Skipf("links between network namespaces are not allowed here: %v", err)
		}
		defer sh("ip link del %s", link(i))
		b := makeBox(t, n.bin, filepath.Join(t.TempDir(), "box"), centre)
		b.first, b.via = i*100_000, []string{"ip", "netns", "exec", space(i)}
		b.join(hub, "http://"+net.JoinHostPort(address(i, 1), port))
		boxes = append(boxes, b)
	}
	rng := rand.New(rand.NewPCG(13, 13))
	became := map[string]int{}
	for round := range 4 {
		for i, b := range boxes {
			b.write(400 + rng.IntN(200))
			done := make(chan string, 1)
			go func() { done <- b.try(8 * time.Second) }()
			time.Sleep(time.Duration(200+rng.IntN(700)) * time.Millisecond)
			if round%2 == 0 { // a moment without a carrier
				must(sh("ip link set %s down", link(i)))
				time.Sleep(time.Duration(200+rng.IntN(800)) * time.Millisecond)
				must(sh("ip link set %s up", link(i)))
			} else { // the modem is unplugged
				must(sh("ip link del %s", link(i)))
				became[<-done]++
				must(up(i))
				continue
			}
			became[<-done]++
		}
	}
	t.Logf("what became of exchanges: %v", became)
	if became["whole"] == 0 || became["killed"]+became["cut"] == 0 {
		t.Error("no link was cut while somebody exchanged, or none came back in time")
	}
	n.settle(hub, boxes)
}
