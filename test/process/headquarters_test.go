package process

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tizi/internal/place"
)

// cluster runs test/postgres.sh on a cluster of this test's own, and returns its port.
func cluster(t *testing.T, verb, dir, of string) string {
	t.Helper()
	n := &node{t: t}
	n.pick()
	_, port, err := net.SplitHostPort(n.addr)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("../postgres.sh", verb, dir)
	if of != "" {
		c.Args = append(c.Args, of)
	}
	c.Env = append(os.Environ(), "TIZI_TEST_PGPORT="+port)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", verb, dir, err, out)
	}
	return port
}

// front is a proxy before the processes of a node: it asks the first that takes a connection, beginning with another each time.
func front(t *testing.T, nodes ...*node) *httptest.Server {
	var mu sync.Mutex
	next := 0
	s := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		mu.Lock()
		defer mu.Unlock()
		for range nodes {
			n := nodes[next%len(nodes)]
			next++
			c, err := net.Dial("tcp", n.addr)
			if err != nil {
				continue
			}
			c.Close()
			r.Out.URL.Scheme, r.Out.URL.Host = "http", n.addr // the Host header stays
			return
		}
	}, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }})
	t.Cleanup(s.Close)
	return s
}

// Headquarters as docs/quick-start-headquarters.md has it: PostgreSQL with a replica, two processes, a proxy before them. While people
// are written down in a browser and a box exchanges, one process is killed, and then the machine of the database is lost: the
// replica is promoted, both processes go on upon it, and nothing that was acknowledged is lost.
func TestHeadquartersOnPostgreSQL(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes two PostgreSQL clusters")
	}
	if os.Getenv("TIZI_TEST_POSTGRES") == "" {
		t.Skip("no PostgreSQL: TIZI_TEST_POSTGRES is not set (make test sets it)")
	}
	top, err := os.MkdirTemp("", "tizi-test-") // the user of PostgreSQL must reach it
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(top)
	if err := os.Chmod(top, 0o755); err != nil {
		t.Fatal(err)
	}
	first, second := filepath.Join(top, "first"), filepath.Join(top, "second")
	stop := func(dir string) { exec.Command("../postgres.sh", "stop", dir).Run() }
	defer stop(second)
	defer stop(first)
	one := cluster(t, "start", first, "")
	two := cluster(t, "replica", second, first)
	db := fmt.Sprintf("postgres://tizi@127.0.0.1:%s,127.0.0.1:%s/postgres?sslmode=disable&target_session_attrs=read-write&connect_timeout=5", one, two)

	bin := tizi(t)
	via := []string{"env", "TIZI_DB=" + db}
	hub := &box{t: t, bin: bin, dir: filepath.Join(top, "hq"), via: via}
	pass := file(t, passphrase)
	if _, err := hub.run("init", "--owner", "Nadia", "--passphrase-file", pass); err != nil {
		t.Fatal(err)
	}
	// The second machine has the key, and the folder of files is one.
	beside := filepath.Join(top, "hq2")
	key, err := os.ReadFile(filepath.Join(hub.dir, "node.key"))
	for _, err := range []error{err, os.Mkdir(beside, 0o700), os.WriteFile(filepath.Join(beside, "node.key"), key, 0o600), os.Symlink(filepath.Join(hub.dir, "blobs"), filepath.Join(beside, "blobs"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var nodes []*node
	for _, dir := range []string{hub.dir, beside} {
		n := &node{t: t, bin: bin, dir: dir, env: []string{"TIZI_DB=" + db}}
		n.pick()
		n.start()
		defer func() { n.kill() }()
		nodes = append(nodes, n)
	}
	proxy := front(t, nodes...)
	at := &node{t: t, addr: strings.TrimPrefix(proxy.URL, "http://"), client: newClient(t)}

	b := makeBox(t, bin, filepath.Join(top, "box"), "MA-ERR-MJ1")
	b.join(hub, proxy.URL)
	exchange := func() error {
		var err error
		for range 40 {
			if _, err = b.run("sync"); err == nil {
				break
			}
			time.Sleep(250 * time.Millisecond)
		}
		return err
	}
	b.write(100)
	if err := exchange(); err != nil {
		t.Fatal(err)
	}

	// A browser works through the proxy all the while.
	at.signIn()
	var mu sync.Mutex
	acked, asked := 0, 0
	end := make(chan struct{})
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for k := 1_000_000 * (worker + 1); ; k++ {
				select {
				case <-end:
					return
				default:
				}
				mu.Lock()
				asked++
				mu.Unlock()
				status, _, err := at.post("/people/new", url.Values{"given": {"Enfant"}, "family": {family(k)}, "sex": {"f"}, "birth": {fmt.Sprintf("%02d/%02d/%d", 1+k%28, 1+k%12, 2008+k%10)}, "centre": {place.ID("MA-ERR-MJ1").String()}, "not_double": {"yes"}})
				switch {
				case err == nil && status == http.StatusSeeOther:
					mu.Lock()
					acked++
					mu.Unlock()
					time.Sleep(20 * time.Millisecond)
				case err == nil && status < 500:
					t.Errorf("somebody is written down: status %d", status)
					return
				default:
					time.Sleep(50 * time.Millisecond) // and asks again, as people do
				}
			}
		})
	}
	more := func(what string) {
		t.Helper()
		mu.Lock()
		want := acked + 25
		mu.Unlock()
		for range 1200 {
			mu.Lock()
			done := acked >= want
			mu.Unlock()
			if done {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("nobody can write %s:\n%s\n%s", what, nodes[0].log.String(), nodes[1].log.String())
	}
	more("with two processes")

	b.write(100)
	exchanged := make(chan error, 1)
	go func() { exchanged <- exchange() }()
	nodes[0].kill()
	more("with one process")
	if err := <-exchanged; err != nil {
		t.Error(err)
	}
	nodes[0].start()

	b.write(100)
	stop(first)
	cluster(t, "promote", second, "")
	more("on the replica that was promoted")
	if err := exchange(); err != nil {
		t.Error(err)
	}
	close(end)
	wg.Wait()
	for _, n := range nodes {
		n.kill()
	}
	var st struct{ People int }
	hub.json(&st, "status")
	if st.People < acked+b.people || st.People > asked+b.people {
		t.Errorf("headquarters has %d people; the box brought %d, and of %d in the browser %d were acknowledged", st.People, b.people, asked, acked)
	}
	var rep struct {
		OK     bool
		Faults []string
	}
	hub.json(&rep, "check")
	if !rep.OK {
		t.Errorf("%v", rep.Faults)
	}
	t.Logf("%d people by the box, %d acknowledged in the browser, %d asked for, %d there", b.people, acked, asked, st.People)
}
