package release_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"tizi/internal/release"
)

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// behaves is what the file "behave" of a data folder tells a program of this test to do when it is tried.
type behaves struct {
	Version string // that it calls itself
	Exit    int
	Writes  string // into the database, before that
	Waits   bool   // for ever
}

// TestMain is also the program that is launched.
func TestMain(m *testing.M) {
	if len(os.Args) != 5 || os.Args[1] != "upgrade" || os.Args[2] != "try" {
		os.Exit(m.Run())
	}
	dir := os.Args[4]
	var is behaves
	b, err := os.ReadFile(filepath.Join(dir, "behave"))
	if err != nil || json.Unmarshal(b, &is) != nil {
		os.Exit(9)
	}
	seen, _ := os.ReadFile(filepath.Join(dir, "tizi.db"))
	os.WriteFile(filepath.Join(dir, "seen"), seen, 0o600)
	if is.Writes != "" {
		os.WriteFile(filepath.Join(dir, "tizi.db"), []byte(is.Writes), 0o600)
		os.WriteFile(filepath.Join(dir, "tizi.db-wal"), []byte("more"), 0o600)
	}
	if is.Waits {
		time.Sleep(time.Hour)
	}
	fmt.Fprintln(os.Stderr, "why")
	fmt.Printf(`{"version": %q, "facts": 7}`, is.Version)
	os.Exit(is.Exit)
}

// small is a program that nobody runs, for any machine: the head of one and what else there is.
func small(t testing.TB, arch string) *os.File {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	b, err := os.ReadFile(self)
	must(t, err)
	head := bytes.Clone(b[:64])
	clear(head[32:48]) // no tables
	clear(head[56:64])
	head[18] = map[string]byte{"linux/amd64": 62, "linux/arm64": 183}[arch]
	rng := rand.NewChaCha8([32]byte{1})
	more := make([]byte, 300<<10)
	rng.Read(more)
	f, err := os.CreateTemp(t.TempDir(), "")
	must(t, err)
	_, err = f.Write(append(head, more...))
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

type signer struct {
	private string
	keys    *release.Keys
}

func newSigner(t testing.TB) signer {
	t.Helper()
	private, public, err := release.NewKey()
	must(t, err)
	keys, err := release.ReadKeys("# whose\n" + public + "\n")
	must(t, err)
	return signer{private, keys}
}

func (s signer) sign(t testing.TB, program *os.File, version string) []byte {
	t.Helper()
	var b bytes.Buffer
	_, err := release.Sign(program, version, "2026-11-27", s.private, &b)
	must(t, err)
	return b.Bytes()
}

func TestOnlyWhatWasSignedIsTaken(t *testing.T) {
	s, other := newSigner(t), newSigner(t)
	program := small(t, "linux/arm64")
	file := s.sign(t, program, "1.4.0")
	if again := s.sign(t, program, "1.4.0"); !bytes.Equal(file, again) {
		t.Error("the same program gives another release")
	}
	dir := t.TempDir()
	shelf, err := release.OpenShelf(dir, s.keys)
	must(t, err)
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range 200 { // one byte anywhere
		at := rng.IntN(len(file))
		bad := bytes.Clone(file)
		bad[at] ^= 1 << (i % 8)
		if _, err := shelf.Add(bytes.NewReader(bad)); err == nil {
			t.Fatalf("byte %d of %d was altered, and it is taken", at, len(file))
		}
		if _, err := shelf.Add(bytes.NewReader(file[:at])); err == nil {
			t.Fatalf("cut at byte %d of %d it is taken", at, len(file))
		}
	}
	if all, err := shelf.List(); err != nil || len(all) != 0 {
		t.Errorf("on the shelf are %v, %v", all, err)
	}
	r, err := shelf.Add(bytes.NewReader(file))
	must(t, err)
	if r.Version != "1.4.0" || r.Arch != "linux/arm64" {
		t.Errorf("it is %+v", r)
	}
	for name, keys := range map[string]*release.Keys{"another key": other.keys, "none": nil} {
		strange, err := release.OpenShelf(t.TempDir(), keys)
		must(t, err)
		if _, err := strange.Add(bytes.NewReader(file)); !errors.Is(err, release.ErrUnknown) && !errors.Is(err, release.ErrNoKeys) {
			t.Errorf("with %s: %v", name, err)
		}
		beside, err := release.OpenShelf(dir, keys)
		must(t, err)
		if all, err := beside.List(); err != nil || len(all) != 0 {
			t.Errorf("with %s it offers %v, %v", name, all, err)
		}
	}
	for _, v := range []string{"", "1", "1.4", "v1.4.0", "1.4.0/../x", "1.4.0+x", "../../etc"} {
		if _, err := release.Sign(program, v, "2026-11-27", s.private, new(bytes.Buffer)); !errors.Is(err, release.ErrVersion) {
			t.Errorf("version %q: %v", v, err)
		}
	}
	text, err := os.CreateTemp(t.TempDir(), "")
	must(t, err)
	if _, err := release.Sign(text, "1.4.0", "2026-11-27", s.private, new(bytes.Buffer)); !errors.Is(err, release.ErrProgram) {
		t.Errorf("no program: %v", err)
	}
	if !release.Newer("1.10.0", "1.9.9") || !release.Newer("1.4.0", "dev") || release.Newer("1.4.0-rc.1", "1.4.0") || release.Newer("1.4.0", "1.4.0") {
		t.Error("which is newer")
	}
}

func TestShelfKeepsTheNewest(t *testing.T) {
	s := newSigner(t)
	shelf, err := release.OpenShelf(t.TempDir(), s.keys)
	must(t, err)
	for _, arch := range []string{"linux/amd64", "linux/arm64"} {
		for _, v := range []string{"1.9.0", "1.10.0", "1.8.0", "2.0.0", "1.11.0"} {
			_, err := shelf.Add(bytes.NewReader(s.sign(t, small(t, arch), v)))
			must(t, err)
		}
	}
	all, err := shelf.List()
	must(t, err)
	var got []string
	for _, r := range all {
		got = append(got, r.Version+" "+r.Arch)
	}
	if want := "2.0.0 linux/amd64, 2.0.0 linux/arm64, 1.11.0 linux/amd64, 1.11.0 linux/arm64, 1.10.0 linux/amd64, 1.10.0 linux/arm64"; strings.Join(got, ", ") != want {
		t.Errorf("on the shelf are %v", got)
	}
}

// machine is a data folder with a program that launches.
type machine struct {
	t   testing.TB
	s   signer
	dir string
	now time.Time
	l   *release.Launcher
}

const before, after = "the database before", "the database after"

func newMachine(t testing.TB) *machine {
	t.Helper()
	ours.Do(func() { whose = newSigner(t) })
	m := &machine{t: t, s: whose, dir: t.TempDir(), now: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)}
	must(t, os.WriteFile(filepath.Join(m.dir, "tizi.db"), []byte(before), 0o600))
	shelf, err := release.OpenShelf(m.dir, m.s.keys)
	must(t, err)
	self, err := os.Executable()
	must(t, err)
	m.l = &release.Launcher{Data: m.dir, Database: "tizi.db", Installed: "1.0.0", Self: self, Arch: runtime.GOOS + "/" + runtime.GOARCH, Shelf: shelf, Now: func() time.Time { return m.now },
		Tell: func(format string, args ...any) { t.Logf(format, args...) }, Trial: []string{"upgrade", "try", "--data", m.dir}}
	return m
}

// It takes a while to pack this program, so it is done once for a version.
var (
	ours   sync.Once
	whose  signer
	packed = map[string][]byte{}
)

// comes puts a release of this very program on the shelf.
func (m *machine) comes(version string) {
	m.t.Helper()
	if packed[version] == nil {
		self, err := os.Open(m.l.Self)
		must(m.t, err)
		defer self.Close()
		packed[version] = m.s.sign(m.t, self, version)
	}
	_, err := m.l.Shelf.Add(bytes.NewReader(packed[version]))
	must(m.t, err)
}

func (m *machine) behaves(b behaves) {
	m.t.Helper()
	text, err := json.Marshal(b)
	must(m.t, err)
	must(m.t, os.WriteFile(filepath.Join(m.dir, "behave"), text, 0o600))
}

func (m *machine) state() *release.State {
	m.t.Helper()
	s, err := release.ReadState(m.dir)
	must(m.t, err)
	return s
}

// launches returns the version that runs: "" is the installed one.
func (m *machine) launches() string {
	m.t.Helper()
	path, err := m.l.Choose(ctx)
	must(m.t, err)
	if path == m.l.Self {
		return ""
	}
	return filepath.Base(filepath.Dir(path))
}

func (m *machine) runs(want string) {
	m.t.Helper()
	if got := m.launches(); got != want {
		m.t.Fatalf("%q runs and not %q; %+v", got, want, m.state())
	}
}

// holds makes sure what the database is.
func (m *machine) holds(want string) {
	m.t.Helper()
	b, err := os.ReadFile(filepath.Join(m.dir, "tizi.db"))
	must(m.t, err)
	wal, err := os.ReadFile(filepath.Join(m.dir, "tizi.db-wal"))
	if string(b) != want || (want == before) != errors.Is(err, os.ErrNotExist) {
		m.t.Fatalf("the database is %q with %q, and not %q", b, wal, want)
	}
}

func (m *machine) failed(why string) {
	m.t.Helper()
	if o := m.state().Last(); o == nil || o.Failed != why {
		m.t.Fatalf("it failed with %+v and not %q", o, why)
	}
}

// A new program is tried on the database, of which a copy stays for three days; then it runs, and the earlier one can be run again.
func TestUpgrade(t *testing.T) {
	m := newMachine(t)
	m.runs("")
	m.comes("1.4.0")
	m.runs("") // nobody wants it
	must(t, release.Want(m.dir, "1.4.0", "1.0.0", false))
	m.behaves(behaves{Version: "1.4.0", Writes: after})
	m.runs("1.4.0")
	m.holds(after)
	must(t, release.Served(m.dir))
	m.runs("1.4.0")
	if s := m.state(); s.Fresh || !s.Saved || s.Facts != 7 || s.Last().Failed != "" {
		t.Errorf("it is known %+v", s)
	}
	if err := release.Want(m.dir, "1.4.0", "1.4.0", false); !errors.Is(err, release.ErrOlder) {
		t.Errorf("the same again: %v", err)
	}
	if err := release.Want(m.dir, "1.3.0", "1.4.0", false); !errors.Is(err, release.ErrOlder) {
		t.Errorf("an older one: %v", err)
	}
	// The earlier program cannot read what the new one made of the database.
	must(t, release.WantBack(m.dir, false))
	m.behaves(behaves{Exit: 1})
	m.runs("1.4.0")
	m.failed(release.FailedTrial)
	m.holds(after)
	// It can.
	must(t, release.WantBack(m.dir, false))
	m.behaves(behaves{Version: "1.0.0"})
	m.runs("")
	m.holds(after)
	if err := release.WantBack(m.dir, false); !errors.Is(err, release.ErrNoEarlier) {
		t.Errorf("back further: %v", err)
	}
	// Again, and back with the database as it was.
	must(t, os.Remove(filepath.Join(m.dir, "tizi.db-wal")))
	must(t, os.WriteFile(filepath.Join(m.dir, "tizi.db"), []byte(before), 0o600))
	must(t, release.Want(m.dir, "1.4.0", "1.0.0", false))
	m.behaves(behaves{Version: "1.4.0", Writes: after})
	m.runs("1.4.0")
	must(t, release.Served(m.dir))
	must(t, release.WantBack(m.dir, true))
	m.behaves(behaves{Version: "1.0.0"})
	m.runs("")
	m.holds(before)
}

func TestSavedDatabaseGoes(t *testing.T) {
	m := newMachine(t)
	m.comes("1.4.0")
	for _, atOnce := range []bool{false, true} {
		must(t, os.WriteFile(filepath.Join(m.dir, "tizi.db"), []byte(before), 0o600))
		must(t, release.Want(m.dir, "1.4.0", "1.0.0", false))
		m.behaves(behaves{Version: "1.4.0"})
		m.runs("1.4.0")
		must(t, release.Forget(m.dir, m.now.Add(release.SavedFor), true)) // it has not served yet: it is needed
		must(t, release.Served(m.dir))
		must(t, release.Forget(m.dir, m.now.Add(time.Hour), false))
		saved := filepath.Join(m.dir, release.ProgramDir, "saved", "tizi.db")
		if b, err := os.ReadFile(saved); err != nil || string(b) != before {
			t.Fatalf("saved is %q, %v", b, err)
		}
		later := m.now.Add(release.SavedFor)
		if atOnce {
			later = m.now
		}
		must(t, release.Forget(m.dir, later, atOnce))
		if _, err := os.Stat(saved); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("what was saved is there still (at once: %v)", atOnce)
		}
		if err := release.WantBack(m.dir, true); !errors.Is(err, release.ErrNotSaved) {
			t.Errorf("back to it: %v", err)
		}
		must(t, release.WantBack(m.dir, false))
		m.behaves(behaves{Version: "1.0.0"})
		m.runs("")
	}
}

// What a program that does not work did to the database is undone.
func TestProgramThatDoesNotWork(t *testing.T) {
	for name, c := range map[string]struct {
		is  behaves
		why string
	}{
		"it ends with a fault":  {behaves{Version: "1.4.0", Writes: after, Exit: 1}, release.FailedTrial},
		"it is another version": {behaves{Version: "1.3.9", Writes: after}, release.FailedTrial},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.comes("1.4.0")
			must(t, release.Want(m.dir, "1.4.0", "1.0.0", false))
			m.behaves(c.is)
			m.runs("")
			m.holds(before)
			m.failed(c.why)
			s := m.state()
			if s.Asked() || s.Saved || !s.Failed("1.4.0") || !strings.Contains(s.Last().Detail, "1.3.9") && !strings.Contains(s.Last().Detail, "why") {
				t.Errorf("it is known %+v", s)
			}
			if _, err := os.Stat(filepath.Join(m.dir, release.ProgramDir, "1.4.0")); err == nil {
				t.Error("the program that does not work stays unpacked")
			}
			m.runs("")
		})
	}
}

// The machine is cut off while a program is tried: the database is as it was, and the upgrade goes on; not for ever.
func TestCutOffWhileTrying(t *testing.T) {
	m := newMachine(t)
	m.comes("1.4.0")
	must(t, release.Want(m.dir, "1.4.0", "1.0.0", false))
	for try := range 4 {
		m.behaves(behaves{Version: "1.4.0", Writes: after, Waits: try < 3})
		short, cancel := context.WithCancel(ctx)
		seen := filepath.Join(m.dir, "seen")
		os.Remove(seen)
		go func() { // the power goes once the program has written
			for short.Err() == nil {
				_, err := os.Stat(seen)
				if b, e := os.ReadFile(filepath.Join(m.dir, "tizi.db")); err == nil && e == nil && string(b) == after {
					cancel()
				}
				time.Sleep(5 * time.Millisecond)
			}
		}()
		_, err := m.l.Choose(short)
		cancel()
		if b, e := os.ReadFile(seen); e == nil && string(b) != before {
			t.Fatalf("try %d: the program was given %q", try, b)
		}
		if try < 3 {
			if !errors.Is(err, context.Canceled) || m.state().Trying != "1.4.0" {
				t.Fatalf("try %d: %v, %+v", try, err, m.state())
			}
			continue
		}
		must(t, err)
		m.failed(release.FailedCut)
		m.holds(before)
	}
	// Once more, where the power holds.
	must(t, release.Want(m.dir, "1.4.0", "1.0.0", false))
	m.behaves(behaves{Version: "1.4.0"})
	m.runs("1.4.0")
}

// A program that got ready and then does not come up is left again, with the database as it was.
func TestProgramThatDoesNotComeUp(t *testing.T) {
	m := newMachine(t)
	m.comes("1.4.0")
	must(t, release.Want(m.dir, "1.4.0", "1.0.0", false))
	m.behaves(behaves{Version: "1.4.0", Writes: after})
	for range 3 {
		m.runs("1.4.0")
	}
	m.runs("")
	m.failed(release.FailedServe)
	m.holds(before)
}

func TestDamagedAndStrange(t *testing.T) {
	m := newMachine(t)
	m.comes("1.4.0")
	must(t, release.Want(m.dir, "1.4.0", "1.0.0", false))
	must(t, filepath.WalkDir(filepath.Join(m.dir, release.Dir, "files"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil {
			b[len(b)/2] ^= 1
			err = os.WriteFile(path, b, 0o600)
		}
		return err
	}))
	m.runs("")
	m.failed(release.FailedDamaged)
	m.holds(before)
	must(t, release.Want(m.dir, "1.5.0", "1.0.0", false))
	m.runs("")
	m.failed(release.FailedDamaged)
}

// Where the database is not in the folder, somebody must have saved it.
func TestDatabaseElsewhere(t *testing.T) {
	m := newMachine(t)
	m.l.Database = ""
	m.comes("1.4.0")
	m.behaves(behaves{Version: "1.4.0"})
	must(t, release.Want(m.dir, "1.4.0", "1.0.0", false))
	m.runs("")
	m.failed(release.FailedSave)
	must(t, release.Want(m.dir, "1.4.0", "1.0.0", true))
	m.runs("1.4.0")
}

// A package that was installed since is newer than what came.
func TestInstalledIsNewer(t *testing.T) {
	m := newMachine(t)
	m.comes("1.4.0")
	must(t, release.Want(m.dir, "1.4.0", "1.0.0", false))
	m.behaves(behaves{Version: "1.4.0"})
	m.runs("1.4.0")
	must(t, release.Served(m.dir))
	m.l.Installed = "1.3.0"
	m.runs("1.4.0")
	m.l.Installed = "1.5.0"
	m.runs("")
}
