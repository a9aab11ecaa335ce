// Package e2e drives the real program in a real browser, as people use it: what is clicked, typed and read is found by
// its role and its accessible name, in the words of the catalogue. Forms that browsers do not show are posted over plain
// HTTP.
//
//	go test ./test/e2e                         the walks, the sheet, the screens in Arabic light and French dark
//	go test ./test/e2e -long                   every screen in four languages, light and dark
//	go test ./test/e2e -screens /tmp/screens   a picture of every page visited
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

var (
	screens = flag.String("screens", "", "write a picture of every page visited into this folder")
	long    = flag.Bool("long", false, "look at every screen in four languages, light and dark, send each field every nonsense, and take every walk in French and in Arabic")
)

// passphrase is everybody's in these tests.
const passphrase = "un deux trois soleil"

// root is what these tests share: the program, its demo, the browser.
var root struct {
	dir     string
	browser context.Context
	stop    []func()
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if root.dir, err = os.MkdirTemp("", "tizi-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(root.dir)
	if *screens != "" {
		if err := os.MkdirAll(*screens, 0o755); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	defer func() {
		for _, f := range root.stop {
			f()
		}
	}()
	return m.Run()
}

// program is the program under test: the one make built, or one built here.
var program = sync.OnceValues(func() (string, error) {
	if bin := os.Getenv("TIZI_BIN"); bin != "" {
		return bin, nil
	}
	bin := filepath.Join(root.dir, "tizi")
	if out, err := exec.Command("go", "build", "-o", bin, "tizi/cmd/tizi").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %v\n%s", err, out)
	}
	return bin, nil
})

func tizi(t testing.TB) string {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// node is the program, serving.
type node struct {
	t    testing.TB
	dir  string
	base string
	args []string
	cmd  *exec.Cmd
	log  logged
}

// logged is what the program wrote to standard error.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs the program on a folder until the test ends. Whatever happens meanwhile, it may not fail inside.
func start(t testing.TB, what, dir string, more ...string) *node {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	n := &node{t: t, dir: dir, base: "http://" + address}
	n.args = append([]string{what, "--data", dir, "--listen", address}, more...)
	t.Cleanup(func() {
		n.cmd.Process.Signal(syscall.SIGTERM)
		stuck := time.AfterFunc(10*time.Second, func() { n.cmd.Process.Kill() })
		n.cmd.Wait()
		stuck.Stop()
		if s := n.log.String(); strings.Contains(s, "level=ERROR") || strings.Contains(s, "panic") {
			t.Errorf("the program failed inside:\n%s", s)
		}
	})
	n.again()
	return n
}

// again starts the program, which does not run, and waits until it answers.
func (n *node) again() {
	n.t.Helper()
	n.cmd = exec.Command(tizi(n.t), n.args...)
	n.cmd.Stderr = &n.log
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	for range 6000 { // a demonstration fills its box first
		if res, err := http.Get(n.base + "/healthz"); err == nil {
			res.Body.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	n.t.Fatalf("the program does not answer:\n%s", n.log.String())
}

// serveEmpty serves an empty folder: the first visit is to come.
func serveEmpty(t testing.TB) *node {
	t.Helper()
	return start(t, "serve", filepath.Join(t.TempDir(), "data"))
}

// simulated is a small simulated programme, made once and copied for each test.
var simulated = sync.OnceValues(func() (string, error) {
	bin, err := program()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root.dir, "demo")
	if out, err := exec.Command(bin, "demo", "--data", dir, "--children", "600", "--no-serve", "--no-box").CombinedOutput(); err != nil {
		return "", fmt.Errorf("demo: %v\n%s", err, out)
	}
	return dir, nil
})

// serveDemo serves a copy of the simulated programme; anybody may play anybody. Headquarters stands alone unless more says
// where its box is served.
func serveDemo(t testing.TB, more ...string) *node {
	t.Helper()
	from, err := simulated()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	// The key of the node is for its user only, in the copy too.
	filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			err = os.Chmod(path, 0o600)
		}
		return err
	})
	if more == nil {
		more = []string{"--no-box"}
	}
	return start(t, "demo", dir, more...)
}

// status is what tizi status says of the node while it serves.
func (n *node) status() (s struct{ Facts, People int }) {
	n.t.Helper()
	out, err := exec.Command(tizi(n.t), "status", "--data", n.dir, "--json").Output()
	if err == nil {
		err = json.Unmarshal(out, &s)
	}
	if err != nil {
		n.t.Fatalf("status: %v\n%s", err, out)
	}
	return s
}

// check proves that the node's figures follow from its facts.
func (n *node) check() {
	n.t.Helper()
	out, err := exec.Command(tizi(n.t), "check", "--data", n.dir, "--json").Output()
	var rep struct{ OK bool }
	if err != nil || json.Unmarshal(out, &rep) != nil || !rep.OK {
		n.t.Errorf("check: %v\n%s", err, out)
	}
}

// slow tests are left out of the quick loop.
func slow(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("the whole program takes its time")
	}
}

func chromiumPath() string {
	if path := os.Getenv("TIZI_CHROMIUM"); path != "" {
		return path
	}
	return "/usr/bin/chromium"
}

// chromium are the options of a browser with a profile.
func chromium(profile string) []chromedp.ExecAllocatorOption {
	return append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromiumPath()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("lang", "fr"), chromedp.UserDataDir(profile))
}

var launch = sync.OnceValues(func() (context.Context, error) {
	if _, err := os.Stat(chromiumPath()); err != nil {
		return nil, nil
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), chromium(filepath.Join(root.dir, "chromium"))...)
	ctx, cancel := chromedp.NewContext(alloc)
	root.stop = append(root.stop, cancel, stop)
	return ctx, chromedp.Do(ctx, chromedp.Navigate("about:blank"))
})

// browser is the one browser of these tests; without one they are skipped.
func browser(t testing.TB) context.Context {
	t.Helper()
	slow(t)
	ctx, err := launch()
	if err != nil {
		t.Fatal(err)
	}
	if ctx == nil {
		t.Skip("there is no Chromium here; TIZI_CHROMIUM may name one")
	}
	return ctx
}
