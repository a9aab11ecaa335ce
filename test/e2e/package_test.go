package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The package installs in a clean Debian root, its service starts as a user of its own and serves HTTPS that Chromium trusts
// after the authority was installed; it is upgraded and taken away, and the data stays.
func TestPackage(t *testing.T) {
	t.Parallel() // with what else takes minutes
	slow(t)
	archive := os.Getenv("TIZI_TEST_DEBIAN")
	if archive == "" {
		archive = "/var/cache/tizi/debian.tar"
	}
	if _, err := os.Stat(archive); err != nil {
		t.Skip("there is no clean Debian root (make tools makes one as root; TIZI_TEST_DEBIAN may name one)")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can change the root of a program")
	}
	tizi(t)                   // the pages are built
	var program, parts []byte // alone, and what it is made of
	build := func() (deb string, content []byte) {
		dist := t.TempDir()
		c := exec.Command("../../packaging/build.sh")
		c.Env = append(os.Environ(), "OUT="+dist, "ARCH="+runtime.GOARCH)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("build the package: %v\n%s", err, out)
		}
		found, err := filepath.Glob(filepath.Join(dist, "tizi_*.deb"))
		if err != nil || len(found) != 1 {
			t.Fatalf("%v, %v", found, err)
		}
		content, err = os.ReadFile(found[0])
		ok(t, err)
		alone, err := filepath.Glob(filepath.Join(dist, "tizi_*_linux-"+runtime.GOARCH))
		if err != nil || len(alone) != 1 {
			t.Fatalf("%v, %v", alone, err)
		}
		program, err = os.ReadFile(alone[0])
		ok(t, err)
		parts, err = os.ReadFile(alone[0] + ".cdx.json")
		ok(t, err)
		return found[0], content
	}
	deb, first := build()
	if *long { // a minute of two processors
		firstProgram, firstParts := program, parts
		if _, again := build(); string(again) != string(first) || string(program) != string(firstProgram) || string(parts) != string(firstParts) {
			t.Error("the same commit gave another package the second time")
		}
	}
	// What it is made of names what is linked and what is served, each with its version.
	var bom struct {
		BOMFormat  string
		Components []struct {
			Name, Version, Purl string
			Licenses            []struct{ License struct{ ID string } }
		}
	}
	ok(t, json.Unmarshal(parts, &bom))
	listed := map[string]bool{}
	for _, c := range bom.Components {
		if c.Version == "" || c.Purl == "" || len(c.Licenses) == 0 || c.Licenses[0].License.ID == "" {
			t.Errorf("a part without version or licence: %+v", c)
		}
		listed[c.Name] = true
	}
	for _, name := range []string{"std", "github.com/ncruces/go-sqlite3", "filippo.io/age", "@fontsource/ibm-plex-sans-arabic", "js-tiktoken"} {
		if bom.BOMFormat != "CycloneDX" || !listed[name] {
			t.Errorf("%s is not among the %d parts", name, len(bom.Components))
		}
	}

	root := filepath.Join(t.TempDir(), "root")
	ok(t, os.Mkdir(root, 0o755))
	run := func(name string, args ...string) string {
		t.Helper()
		out, err := exec.Command(name, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	run("tar", "-xf", archive, "-C", root, "--exclude=./dev/*")
	ok(t, os.WriteFile(filepath.Join(root, "dev/null"), nil, 0o666))
	b, err := os.ReadFile(deb)
	ok(t, err)
	ok(t, os.WriteFile(filepath.Join(root, "tizi.deb"), b, 0o644))
	run("chroot", root, "dpkg", "-i", "/tizi.deb")
	for path, want := range map[string][]byte{"usr/bin/tizi": program, "usr/share/doc/tizi/tizi.cdx.json": parts} {
		if got, err := os.ReadFile(filepath.Join(root, path)); err != nil || string(got) != string(want) {
			t.Errorf("the package has another %s than lies beside it: %v", path, err)
		}
	}
	if out := run("chroot", root, "dpkg", "--verify", "tizi"); out != "" {
		t.Errorf("the package is not as it was installed: %s", out)
	}
	uid := strings.TrimSpace(run("chroot", root, "id", "-u", "tizi"))
	if uid == "0" {
		t.Error("the service runs as root")
	}

	// What the operator writes.
	plain, _ := free(t)
	safe, port := free(t)
	config := filepath.Join(root, "etc/default/tizi")
	was, err := os.ReadFile(config)
	ok(t, err)
	now := strings.NewReplacer("TIZI_LISTEN=:80", "TIZI_LISTEN="+plain, "TIZI_HTTPS=:443", "TIZI_HTTPS="+safe, "#TIZI_NAME=", "TIZI_NAME=").Replace(string(was))
	ok(t, os.WriteFile(config, []byte(now), 0o644))

	// There is no systemd in a root, so what it would run is run with what it would be given.
	unit, err := os.ReadFile(filepath.Join(root, "lib/systemd/system/tizi.service"))
	ok(t, err)
	command, env := "", []string{"PATH=/usr/bin:/bin"}
	for line := range strings.Lines(string(unit)) {
		if c, found := strings.CutPrefix(strings.TrimSpace(line), "ExecStart="); found {
			command = c
		}
	}
	for line := range strings.Lines(now) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			env = append(env, line)
		}
	}
	c := exec.Command("chroot", append([]string{"--userspec=tizi:tizi", root}, strings.Fields(command)...)...)
	c.Env = env
	var said logged
	c.Stderr = &said
	ok(t, c.Start())
	stop := func() {
		c.Process.Signal(syscall.SIGTERM)
		c.Wait()
	}
	defer stop()
	for try := 0; ; try++ {
		if res, err := http.Get("http://" + plain + "/healthz"); err == nil {
			res.Body.Close()
			break
		}
		if try == 1000 {
			t.Fatalf("the service does not answer:\n%s", said.String())
		}
		time.Sleep(10 * time.Millisecond)
	}
	// Whoever installed it is told how it is set up.
	if b, err := os.ReadFile(filepath.Join(root, "var/lib/tizi/first-visit.txt")); err != nil || !strings.Contains(string(b), "Nobody has set this node up yet") {
		t.Errorf("the first visit is not told: %v %s", err, b)
	}
	trusted(t, device(t, authority(t, "http://"+plain), boxName), port)
	stop()

	// Again is an upgrade: what the operator wrote stays, and so does the data when the package is purged.
	run("chroot", root, "dpkg", "-i", "--force-confold", "/tizi.deb")
	if kept, err := os.ReadFile(config); err != nil || string(kept) != now {
		t.Errorf("the settings were not kept: %v", err)
	}
	former := filepath.Join(root, "usr/lib/tizi/former")
	if _, err := os.Stat(former); err == nil {
		t.Error("the same version again is kept as the former one")
	}
	// A later version keeps the program that it replaces, with which one goes back.
	later := filepath.Join(t.TempDir(), "later")
	run("dpkg-deb", "-R", deb, later)
	control := filepath.Join(later, "DEBIAN/control")
	run("sed", "-i", "s/^Version: .*/Version: 9999/", control)
	run("sed", "-i", `s/"$2" != "[^"]*"/"$2" != "9999"/`, filepath.Join(later, "DEBIAN/preinst"))
	ok(t, os.WriteFile(filepath.Join(later, "usr/bin/tizi"), []byte("#!/bin/sh\n"), 0o755))
	run("dpkg-deb", "--root-owner-group", "-Znone", "--build", later, filepath.Join(root, "later.deb"))
	run("chroot", root, "dpkg", "-i", "--force-confold", "/later.deb")
	if b, err := os.ReadFile(former); err != nil || string(b) != string(program) {
		t.Errorf("the former program was not kept: %v", err)
	}
	run("chroot", root, "dpkg", "--purge", "tizi")
	if _, err := os.Stat(filepath.Dir(former)); err == nil {
		t.Error("the former program stays when the package is taken away")
	}
	info, err := os.Stat(filepath.Join(root, "var/lib/tizi/node.key"))
	if err != nil {
		t.Fatalf("the data went with the package: %v", err)
	}
	if s := info.Sys().(*syscall.Stat_t); fmt.Sprint(s.Uid) != uid || info.Mode().Perm() != 0o600 {
		t.Errorf("the key is %v of %d", info.Mode(), s.Uid)
	}
}

// The unit says what systemd knows, and gives the service little.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here")
	}
	out, err := exec.Command(analyze, "security", "--offline=true", "--threshold=20", "../../packaging/debian/tizi.service").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	out, _ = exec.Command(analyze, "verify", "../../packaging/debian/tizi.service").CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "tizi.service") && !strings.Contains(line, "is not executable") { // the program is not installed here
			t.Error(line)
		}
	}
}
