// Package process tests the real program as its users run it: the command line, kill -9, a full disk.
package process

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var kills = flag.Int("kills", 200, "how often the process is killed in the middle of writes")

const passphrase = "un deux trois soleil"

// tizi returns the program under test: the one make built, or one built here.
func tizi(t testing.TB) string {
	t.Helper()
	if bin := os.Getenv("TIZI_BIN"); bin != "" {
		return bin
	}
	bin := filepath.Join(t.TempDir(), "tizi")
	out, err := exec.Command("go", "build", "-o", bin, "tizi/cmd/tizi").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

func TestScripts(t *testing.T) {
	bin := tizi(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", filepath.Dir(bin)+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("TIZI_DATA", filepath.Join(e.WorkDir, "data"))
			return os.WriteFile(filepath.Join(e.WorkDir, "pass.txt"), []byte(passphrase+"\n"), 0o600)
		},
	})
}

// node is a data folder with a process on it.
type node struct {
	t      testing.TB
	bin    string
	dir    string
	addr   string
	listen string // where it listens, unless that is addr
	env    []string
	cmd    *exec.Cmd
	log    bytes.Buffer
	client *http.Client
}

func newNode(t testing.TB, dir string) *node {
	t.Helper()
	n := &node{t: t, bin: tizi(t), dir: dir}
	pass := filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(pass, []byte(passphrase), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(n.bin, "init", "--data", dir, "--owner", "Nadia", "--passphrase-file", pass, "--centre", "MA-ERR-MJ1").CombinedOutput(); err != nil {
		t.Fatalf("init: %v\n%s", err, out)
	}
	n.pick()
	n.client = newClient(t)
	return n
}

// newClient is a browser without scripts, which does not follow redirects.
func newClient(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// pick chooses a free address.
func (n *node) pick() {
	n.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		n.t.Fatal(err)
	}
	n.addr = l.Addr().String()
	l.Close()
	n.client = &http.Client{}
}

func (n *node) url(path string) string { return "http://" + n.addr + path }

// start runs the program and waits until it answers.
func (n *node) start() {
	n.t.Helper()
	n.log.Reset()
	n.cmd = exec.Command(n.bin, "serve", "--data", n.dir, "--listen", cmp.Or(n.listen, n.addr))
	n.cmd.Env = append(os.Environ(), n.env...)
	n.cmd.Stderr = &n.log
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	for range 3000 { // half a minute, of a machine that does much else
		if res, err := http.Get(n.url("/healthz")); err == nil {
			res.Body.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	n.kill()
	n.t.Fatalf("the node does not answer:\n%s", n.log.String())
}

func (n *node) kill() {
	n.cmd.Process.Kill()
	n.cmd.Wait()
	n.client.CloseIdleConnections()
}

func (n *node) signIn() {
	n.t.Helper()
	status, _, err := n.post("/signin", url.Values{"login": {"admin"}, "passphrase": {passphrase}})
	if err != nil || status != http.StatusSeeOther {
		n.t.Fatalf("sign in: %d, %v", status, err)
	}
}

func (n *node) post(path string, form url.Values) (int, string, error) {
	res, err := n.client.PostForm(n.url(path), form)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

func (n *node) get(path string) (int, string, error) {
	res, err := n.client.Get(n.url(path))
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// check runs tizi check and fails the test when it finds faults.
func (n *node) check() {
	n.t.Helper()
	out, err := exec.Command(n.bin, "check", "--data", n.dir, "--json").Output()
	var rep struct{ OK bool }
	if err != nil || json.Unmarshal(out, &rep) != nil || !rep.OK {
		n.t.Fatalf("check: %v\n%s", err, out)
	}
}

func TestKillLosesNothingAcknowledged(t *testing.T) {
	if testing.Short() {
		*kills = min(*kills, 10)
	}
	n := newNode(t, filepath.Join(t.TempDir(), "data"))
	n.start()
	n.signIn()
	rng := rand.New(rand.NewPCG(7, 7))
	var mu sync.Mutex
	acked := map[string]bool{}
	number := 0
	for round := range *kills {
		// The power goes after so many answers and a moment more: how fast the machine is does not decide what is tested.
		want := len(acked) + 1 + rng.IntN(40)
		reached := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				for ctx.Err() == nil {
					mu.Lock()
					number++
					k := number
					name := fmt.Sprintf("Enfant%06d", k)
					mu.Unlock()
					status, _, err := n.post("/people/new", url.Values{"given": {name}, "family": {family(k)}, "sex": {"f"}, "birth": {fmt.Sprintf("%02d/%02d/%d", 1+k%28, 1+k%12, 2008+k%10)}, "not_double": {"yes"}})
					if err != nil {
						return
					}
					if status != http.StatusSeeOther {
						t.Errorf("status %d", status)
						return
					}
					mu.Lock()
					acked[name] = true
					if len(acked) == want {
						close(reached)
					}
					mu.Unlock()
				}
			})
		}
		select {
		case <-reached:
		case <-time.After(time.Minute):
			t.Errorf("%d writes were to be acknowledged and are not, after a minute", want)
		}
		time.Sleep(time.Duration(rng.IntN(4000)) * time.Microsecond)
		n.kill()
		cancel()
		wg.Wait()
		if round%50 == 49 {
			n.check()
		}
		n.start()
	}
	found := 0
	for name := range acked {
		if found%7 == 0 { // a search each for a part, the count for all
			if _, body, err := n.get("/people?q=" + name); err != nil || !strings.Contains(body, name) {
				t.Errorf("%s was acknowledged and is gone (%v)", name, err)
			}
		}
		found++
	}
	n.kill()
	out, err := exec.Command(n.bin, "status", "--data", n.dir, "--json").Output()
	var st struct{ People int }
	if err != nil || json.Unmarshal(out, &st) != nil {
		t.Fatalf("status: %v\n%s", err, out)
	}
	if st.People < len(acked) || st.People > number {
		t.Errorf("%d people, %d were acknowledged of %d asked for", st.People, len(acked), number)
	}
	n.check()
	t.Logf("%d kills, %d writes acknowledged, %d kept", *kills, len(acked), st.People)
}

func TestFullDiskReadsGoOnAndWritingSaysWhy(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	n := newNode(t, filepath.Join(dir, "data"))
	n.start()
	defer n.kill()
	n.signIn()
	add := func(name string) (int, string) {
		status, body, err := n.post("/people/new", url.Values{"given": {name}, "family": {"Alaoui"}, "not_double": {"yes"}})
		if err != nil {
			t.Fatal(err)
		}
		return status, body
	}
	if status, _ := add("Avant"); status != http.StatusSeeOther {
		t.Fatalf("status %d", status)
	}
	ballast := filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			break
		}
	}
	f.Close()
	refused := false
	for i := range 2000 { // the log's file has some room of its own at first
		status, body := add(fmt.Sprint("Plein", i))
		if status == http.StatusSeeOther {
			continue
		}
		refused = true
		if status != http.StatusInsufficientStorage || !strings.Contains(body, "disque") {
			t.Errorf("status %d; the page does not say that the disk is full\n%s", status, n.log.String())
		}
		break
	}
	if !refused {
		t.Error("a full disk takes writes")
	}
	if status, body, err := n.get("/people?q=avant"); err != nil || status != http.StatusOK || !strings.Contains(body, "Avant") {
		t.Errorf("reading on a full disk: %d, %v", status, err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if status, _ := add("Apres"); status != http.StatusSeeOther {
		t.Errorf("with room again: status %d", status)
	}
	n.kill()
	n.check()
}

// family is a family name of its own for each child: those of one name are looked at as duplicates, which is not what is
// tested.
func family(k int) string {
	var b strings.Builder
	for ; k > 0 || b.Len() < 4; k /= 7 {
		b.WriteString([]string{"ba", "do", "fi", "gu", "ke", "lo", "ma"}[k%7])
	}
	return b.String()
}
