package process

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// box is the folder of a centre's box, whose owner calls by hand.
type box struct {
	t      testing.TB
	bin    string
	dir    string
	centre string
	first  int      // what its list is numbered from
	people int      // that the program said it took
	via    []string // the command that runs its commands elsewhere
}

func (b *box) command(args ...string) *exec.Cmd {
	all := append(append(append([]string{}, b.via...), b.bin), args...)
	return exec.Command(all[0], all[1:]...)
}

func (b *box) run(args ...string) (string, error) {
	c := b.command(append(args, "--data", b.dir)...)
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return string(out), err
}

func (b *box) json(into any, args ...string) {
	b.t.Helper()
	out, err := b.run(append(args, "--json")...)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), into); err != nil {
		b.t.Fatalf("%v in %s", err, out)
	}
}

func makeBox(t testing.TB, bin, dir, centre string) *box {
	t.Helper()
	b := &box{t: t, bin: bin, dir: dir, centre: centre}
	pass := filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(pass, []byte(passphrase), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"init", "--owner", "Nadia", "--passphrase-file", pass}
	if centre != "" {
		args = append(args, "--centre", centre)
	}
	if _, err := b.run(args...); err != nil {
		t.Fatal(err)
	}
	return b
}

// join pairs a box with headquarters, which is served.
func (b *box) join(hub *box, address string) {
	b.t.Helper()
	var invite struct{ Code string }
	hub.json(&invite, "pair", "invite", "--centre", b.centre)
	var asked struct{ Number string }
	b.json(&asked, "pair", "join", "--hub", address, "--code", invite.Code)
	if _, err := hub.run("pair", "accept", "--number", asked.Number); err != nil {
		b.t.Fatal(err)
	}
	b.json(&asked, "pair", "join", "--hub", address, "--code", invite.Code, "--number", asked.Number)
}

// write takes a list of people in.
func (b *box) write(rows int) {
	b.t.Helper()
	var list strings.Builder
	list.WriteString("Nom;Prénom;Sexe;Date de naissance\n")
	for range rows {
		k := b.first + b.people
		b.people++
		fmt.Fprintf(&list, "%s%s;Enfant;F;%02d/%02d/%d\n", family(k), family(k*k+1), 1+k%28, 1+k%12, 2008+k%10)
	}
	file := filepath.Join(b.t.TempDir(), "liste.csv")
	if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
		b.t.Fatal(err)
	}
	var rep struct{ Accepted int }
	b.json(&rep, "import", "people", file, "--centre", b.centre)
	if rep.Accepted != rows {
		b.t.Fatalf("of %d rows %d were taken", rows, rep.Accepted)
	}
}

// try exchanges and is killed after a while, unless it ends before. It says what became of it.
func (b *box) try(after time.Duration) string {
	c := b.command("sync", "--data", b.dir, "--json")
	out, err := os.CreateTemp(b.t.TempDir(), "")
	if err != nil {
		return err.Error()
	}
	defer out.Close()
	c.Stderr = out
	if err := c.Start(); err != nil {
		return err.Error()
	}
	time.AfterFunc(after, func() { c.Process.Kill() })
	err = c.Wait()
	said, _ := os.ReadFile(out.Name())
	switch {
	case err == nil:
		return "whole"
	case strings.Contains(string(said), "full"):
		return "full disk"
	case len(said) > 0:
		return "cut"
	}
	return "killed"
}

// Headquarters and three boxes are killed at random moments while they exchange, and the disk of headquarters fills up: nothing
// that a box said it took is lost, all come to hold the same, and each passes the check.
func TestExchangeIsKilled(t *testing.T) {
	rounds := 7 // the disk fills up in two of them
	if testing.Short() {
		rounds = 3
	}
	n := &node{t: t, bin: tizi(t), dir: filepath.Join(t.TempDir(), "hub")}
	small := false
	if err := os.Mkdir(n.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", n.dir, "tmpfs", 0, "size=160m"); err == nil {
		small = true
		defer syscall.Unmount(n.dir, syscall.MNT_DETACH)
	} else {
		t.Logf("a small disk cannot be mounted here, so none fills up: %v", err)
	}
	n.pick()
	hub := makeBox(t, n.bin, n.dir, "")
	n.start()
	defer func() { // twice does no harm
		n.kill()
	}()
	var boxes []*box
	for i, centre := range []string{"MA-ERR-MJ1", "MA-GUE-MJ1", "MA-CAS-MJ1"} {
		b := makeBox(t, n.bin, filepath.Join(t.TempDir(), "box"), centre)
		b.first = i * 100_000
		b.join(hub, n.url(""))
		boxes = append(boxes, b)
	}
	rng := rand.New(rand.NewPCG(11, 11))
	var mu sync.Mutex
	became := map[string]int{}
	ballast := filepath.Join(n.dir, "ballast")
	for round := range rounds {
		for _, b := range boxes {
			b.write(200 + rng.IntN(200))
		}
		full := small && round%4 == 2
		if full {
			f, err := os.Create(ballast)
			if err != nil {
				t.Fatal(err)
			}
			for err == nil {
				_, err = f.Write(make([]byte, 4096))
			}
			f.Close()
		}
		var wg sync.WaitGroup
		for _, b := range boxes {
			after := time.Duration(100+rng.IntN(700)) * time.Millisecond
			wg.Go(func() {
				what := b.try(after)
				mu.Lock()
				became[what]++
				mu.Unlock()
			})
		}
		if round%2 == 1 {
			time.Sleep(time.Duration(100+rng.IntN(500)) * time.Millisecond)
			n.kill()
			n.start()
		}
		wg.Wait()
		if full {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("what became of exchanges: %v", became)
	n.settle(hub, boxes)
}

// settle lets all boxes exchange until nobody has anything to say, and proves that nothing that one of them took is lost.
func (n *node) settle(hub *box, boxes []*box) {
	t := n.t
	t.Helper()
	total := 0
	for _, b := range boxes {
		total += b.people
		for tries := 0; ; tries++ {
			var r struct {
				Same   bool
				Faults []string
			}
			b.json(&r, "sync")
			if r.Same {
				break
			}
			if tries > 5 || len(r.Faults) > 0 {
				t.Fatalf("the exchange of %s does not end: %v", b.centre, r.Faults)
			}
		}
	}
	n.kill()
	for _, b := range append(boxes, hub) {
		want := b.people
		if b == hub {
			want = total
		}
		var st struct{ People int }
		b.json(&st, "status")
		if st.People != want {
			t.Errorf("%s has %d people, want %d", b.dir, st.People, want)
		}
		var rep struct {
			OK     bool
			Faults []string
		}
		b.json(&rep, "check")
		if !rep.OK {
			t.Errorf("%s: %v", b.dir, rep.Faults)
		}
	}
}

// Headquarters is lost and comes back from a backup at the same address, under a key that follows the one it had. A box that it
// paired after the backup brings it back who that box is; all come to hold the same.
func TestHeadquartersIsRestored(t *testing.T) {
	n := &node{t: t, bin: tizi(t), dir: filepath.Join(t.TempDir(), "hub")}
	n.pick()
	hub := makeBox(t, n.bin, n.dir, "")
	n.start()
	defer func() { n.kill() }()
	var boxes []*box
	add := func(centre string) {
		b := makeBox(t, n.bin, filepath.Join(t.TempDir(), "box"), centre)
		b.first = len(boxes) * 100_000
		b.join(hub, n.url(""))
		b.write(50)
		boxes = append(boxes, b)
	}
	sync := func(b *box) {
		if _, err := b.run("sync"); err != nil {
			t.Fatal(err)
		}
	}
	add("MA-ERR-MJ1")
	sync(boxes[0])
	key, err := hub.run("backup", "key")
	if err != nil {
		t.Fatal(err)
	}
	saved, sheet := t.TempDir(), filepath.Join(t.TempDir(), "sheet.txt")
	if err := os.WriteFile(sheet, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := hub.run("backup", "--to", saved, "--same-disk"); err != nil {
		t.Fatal(err)
	}
	add("MA-GUE-MJ1")
	for _, b := range boxes {
		sync(b)
	}
	boxes[1].write(20)
	n.kill()

	next := &box{t: t, bin: n.bin, dir: filepath.Join(t.TempDir(), "restored")}
	if _, err := next.run("restore", "--from", saved, "--key-file", sheet); err != nil {
		t.Fatal(err)
	}
	n.dir = next.dir
	n.start()
	sync(boxes[1]) // the one that the backup does not know
	sync(boxes[0])
	n.settle(next, boxes)
	// Some other node at the address is not followed.
	n.dir = filepath.Join(t.TempDir(), "another")
	makeBox(t, n.bin, n.dir, "")
	n.start()
	if _, err := boxes[0].run("sync"); err == nil || !strings.Contains(err.Error(), "another node answers") {
		t.Errorf("another node at the address: %v", err)
	}
}
