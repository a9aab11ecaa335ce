package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"tizi/internal/house"
	"tizi/internal/node"
	"tizi/internal/release"
	"tizi/internal/store"
	"tizi/internal/web"
)

// releaseKey is the key that releases are signed with, for nodes that are told of no other; set by the build.
var releaseKey = ""

// trusted is a file of keys that releases are signed with.
type trusted struct{ text string }

// UnmarshalText reads the file.
func (t *trusted) UnmarshalText(path []byte) error {
	b, err := os.ReadFile(string(path))
	if err != nil {
		return err
	}
	t.text = string(b)
	_, err = release.ReadKeys(t.text)
	return err
}

func (t trusted) keys() *release.Keys {
	k, err := release.ReadKeys(releaseKey, t.text)
	if err != nil { // the file was read already: the build is wrong
		panic(err)
	}
	return k
}

// launchedEnv names, to a program that was begun by one that chooses, the path of that one.
const launchedEnv = "TIZI_LAUNCHED"

type launchCmd struct{ serveCmd }

// Help says what it is for.
func (launchCmd) Help() string {
	return "Takes the same words as: tizi serve. It runs the program that is installed, or a newer one that came as a release; takes in one that\nsomebody wants (tizi upgrade apply); and goes back by itself where that one does not work. The service of the package runs it.\n\nExample:\n  tizi launch --data /var/lib/tizi --listen :8080"
}

func (c *launchCmd) Run(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil { // a root without /proc
		if self, err = filepath.Abs(os.Args[0]); err != nil {
			return err
		}
	}
	l, err := c.launcher(self)
	if err != nil {
		return err
	}
	path, err := l.Choose(ctx)
	if err != nil {
		return err
	}
	return syscall.Exec(path, append([]string{path, "serve"}, os.Args[2:]...), append(os.Environ(), launchedEnv+"="+self))
}

func (p place) launcher(self string) (*release.Launcher, error) {
	shelf, err := release.OpenShelf(p.Data, p.ReleaseKey.keys())
	if err != nil {
		return nil, err
	}
	l := &release.Launcher{
		Data: p.Data, Database: house.DBFile, Installed: version, Self: self, Arch: node.Arch, Shelf: shelf, Now: time.Now,
		Tell: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }, Trial: []string{"upgrade", "try", "--data", p.Data},
	}
	if p.DB != "" {
		l.Database = ""
		l.Trial = append(l.Trial, "--db", p.DB)
	}
	return l, nil
}

// errAgain is what serving ends with where another program is to go on.
var errAgain = errors.New("another program is to serve")

// again makes the program that chooses go on in this process.
func again() error {
	launcher := os.Getenv(launchedEnv)
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, launchedEnv+"=") })
	return syscall.Exec(launcher, append([]string{launcher, "launch"}, os.Args[2:]...), env)
}

// wanted returns a context that ends when somebody wants another program, where one that chooses began this one.
func wanted(ctx context.Context, h *house.House) (context.Context, context.CancelCauseFunc) {
	ctx, end := context.WithCancelCause(ctx)
	if !h.Config.Launched {
		return ctx, end
	}
	h.Go(func(life context.Context) {
		for {
			select {
			case <-life.Done():
				return
			case <-time.After(time.Second):
			}
			if s, err := release.ReadState(h.Config.Dir); err == nil && s.Asked() {
				end(errAgain)
				return
			}
		}
	})
	return ctx, end
}

// anew is errAgain where that ended the context.
func anew(ctx context.Context) error {
	if errors.Is(context.Cause(ctx), errAgain) {
		return errAgain
	}
	return nil
}

type upgradeCmd struct {
	List     upgradeListCmd     `cmd:"" default:"withargs" help:"Say which program runs, which releases came, and what became of upgrades."`
	Add      upgradeAddCmd      `cmd:"" help:"Take a release in from a file, of a stick."`
	Apply    upgradeApplyCmd    `cmd:"" help:"Run a newer release from now on."`
	Rollback upgradeRollbackCmd `cmd:"" help:"Go back to the program that ran before."`
	Try      upgradeTryCmd      `cmd:"" hidden:"" help:"Get the database ready and say whether this program can serve."`
}

type upgradeListCmd struct {
	place
	JSON bool `help:"Print the list as JSON."`
}

func (c *upgradeListCmd) Run() error {
	shelf, err := release.OpenShelf(c.Data, c.ReleaseKey.keys())
	if err != nil {
		return err
	}
	s, err := release.ReadState(c.Data)
	if err != nil {
		return err
	}
	all, err := shelf.List()
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(struct {
			Running  string             `json:"running"`
			Trusts   bool               `json:"trusts"`
			Releases []*release.Release `json:"releases"`
			State    *release.State     `json:"state"`
		}{s.Running(version), shelf.Trusts(), all, s})
	}
	fmt.Printf("runs %s (installed is %s)\n", s.Running(version), version)
	if !shelf.Trusts() {
		fmt.Println(release.ErrNoKeys)
	}
	printReleases(all)
	if s.Asked() {
		fmt.Println("another program is wanted, and is run at the next start")
	}
	for _, o := range s.Outcomes {
		what := "taken in"
		if o.Back {
			what = "gone back to"
		}
		if o.Failed != "" {
			what = "not " + what + " (" + o.Failed + ": " + o.Detail + ")"
		}
		fmt.Printf("%s  %s from %s: %s, in %.0f s\n", time.UnixMilli(o.At).Format("2006-01-02 15:04"), o.Version, o.From, what, o.Seconds)
	}
	return nil
}

func printReleases(all []*release.Release) {
	for _, r := range all {
		fmt.Printf("  %-20s %-12s of %s, %.1f MB\n", r.Version, r.Arch, r.Made, float64(r.PackedBytes)/1e6)
	}
}

type upgradeAddCmd struct {
	place
	File string `arg:"" help:"The file of the release." type:"existingfile"`
}

// Help gives an example.
func (upgradeAddCmd) Help() string {
	return "At headquarters the nodes that call fetch it then, each for its own kind of machine.\n\nExample:\n  tizi upgrade add --data /var/lib/tizi /media/stick/tizi_1.4.0_linux-arm64.release"
}

func (c *upgradeAddCmd) Run() error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	shelf, err := release.OpenShelf(c.Data, c.ReleaseKey.keys())
	if err != nil {
		return err
	}
	if _, err := os.Stat(c.Data); err != nil {
		return fmt.Errorf("%s: %w", c.Data, house.ErrNoNode)
	}
	r, err := shelf.Add(f)
	if err != nil {
		return err
	}
	fmt.Printf("tizi %s for %s is here, signed as it should be\n", r.Version, r.Arch)
	return nil
}

type upgradeApplyCmd struct {
	place
	Version string        `arg:"" optional:"" help:"Which; without it the newest."`
	Saved   bool          `help:"The database is on PostgreSQL, and was saved."`
	Wait    time.Duration `help:"Wait so long for what becomes of it, where the service runs." placeholder:"10m"`
}

// Help says what happens.
func (upgradeApplyCmd) Help() string {
	return "The database is saved beside, the new program gets it ready and is tried; where anything fails, the earlier program goes on with\nthe database as it was. With PostgreSQL save it first (pg_dump), end the other processes of the node, and say --saved.\n\nExample:\n  tizi upgrade apply --data /var/lib/tizi --wait 10m"
}

func (c *upgradeApplyCmd) Run(ctx context.Context) error {
	shelf, err := release.OpenShelf(c.Data, c.ReleaseKey.keys())
	if err != nil {
		return err
	}
	if !shelf.Trusts() {
		return release.ErrNoKeys
	}
	var r *release.Release
	if c.Version != "" {
		r, err = shelf.Get(c.Version, node.Arch)
	} else if r, err = shelf.Newest(node.Arch); r == nil && err == nil {
		err = release.ErrNone
	}
	if err != nil {
		return err
	}
	if c.DB == "" && onPostgres(c.Data) {
		return errors.New("the database of this node is on PostgreSQL; give its address with --db")
	}
	if c.DB != "" && !c.Saved {
		return errors.New("the database is on PostgreSQL: save it (pg_dump --format=custom --file=before.dump …), end the other processes of this node, then: tizi upgrade apply --saved")
	}
	s, err := release.ReadState(c.Data)
	if err != nil {
		return err
	}
	if err := release.Want(c.Data, r.Version, s.Running(version), c.Saved); err != nil {
		return err
	}
	return outcome(ctx, c.Data, c.Wait, "tizi "+r.Version+" will be run")
}

func onPostgres(data string) bool {
	b, err := os.ReadFile(filepath.Join(data, house.DatabaseFile))
	return err == nil && store.Engine(strings.TrimSpace(string(b))) == store.Postgres
}

// outcome waits for what becomes of what is wanted, or says how to see it.
func outcome(ctx context.Context, data string, wait time.Duration, what string) error {
	if wait == 0 {
		fmt.Printf("%s: within seconds where the service runs (tizi launch), otherwise when it starts.\nWhat became of it:  tizi upgrade list --data %s\n", what, data)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		s, err := release.ReadState(data)
		if err != nil {
			return err
		}
		if !s.Asked() && !s.Fresh {
			o := s.Last()
			switch {
			case o == nil:
				return errors.New("nothing is wanted any more")
			case o.Failed != "":
				return fmt.Errorf("tizi %s is not run (%s): %s", o.Version, o.Failed, o.Detail)
			}
			fmt.Printf("tizi %s runs; it took %.0f s\n", o.Version, o.Seconds)
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("it is not over yet; see: tizi upgrade list")
		case <-time.After(200 * time.Millisecond):
		}
	}
}

type upgradeRollbackCmd struct {
	place
	Database bool          `help:"Also bring the database back as it was before the upgrade. What was written since is lost."`
	Yes      bool          `help:"I know what is lost."`
	Wait     time.Duration `help:"Wait so long for what becomes of it, where the service runs." placeholder:"10m"`
}

// Help says what happens.
func (upgradeRollbackCmd) Help() string {
	return "The earlier program goes on with the database as it is, if it can read it; nothing is lost then. If it cannot, the later one goes\non, and --database brings back the database too, as it was before the upgrade, for three days.\n\nExample:\n  tizi upgrade rollback --data /var/lib/tizi --wait 10m"
}

func (c *upgradeRollbackCmd) Run(ctx context.Context) error {
	s, err := release.ReadState(c.Data)
	if err != nil {
		return err
	}
	if c.Database && !c.Yes {
		return fmt.Errorf("the database held %d facts before the upgrade on %s; what was written since is lost with --database, but for what headquarters has: that comes back, and this box needs a key of its own then (tizi pair renew). If that is meant, add --yes", s.Facts, time.UnixMilli(s.Since).Format("2006-01-02 15:04"))
	}
	if err := release.WantBack(c.Data, c.Database); err != nil {
		return err
	}
	return outcome(ctx, c.Data, c.Wait, "tizi "+s.EarlierName+" will be run again")
}

type upgradeTryCmd struct{ place }

func (c *upgradeTryCmd) Run(ctx context.Context) error {
	out := struct {
		Version string `json:"version"`
		Facts   int64  `json:"facts"`
	}{Version: version}
	if !house.Exists(c.Data) { // nothing to get ready
		return printJSON(out)
	}
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	if out.Facts, err = h.Sound(ctx); err != nil {
		return err
	}
	if err := answers(ctx, h); err != nil {
		return err
	}
	return printJSON(out)
}

// answers serves pages to itself, once.
func answers(ctx context.Context, h *house.House) error {
	handler, err := web.New(h, web.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go s.Serve(ln)
	defer s.Close()
	for _, path := range []string{"/healthz", "/"} {
		ask, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+ln.Addr().String()+path, nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(ask)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, res.Body)
		if err = errors.Join(err, res.Body.Close()); err != nil {
			return err
		}
		if res.StatusCode >= http.StatusInternalServerError {
			return fmt.Errorf("the page %s answers with %s", path, res.Status)
		}
	}
	return nil
}

type releaseCmd struct {
	Key    releaseKeyCmd    `cmd:"" help:"Make a key that signs releases, and the one that nodes know it by."`
	Sign   releaseSignCmd   `cmd:"" help:"Sign a program, so that nodes run it."`
	Add    upgradeAddCmd    `cmd:"" help:"Give a release to all nodes that call this one."`
	List   upgradeListCmd   `cmd:"" help:"List the releases that nodes which call this one get."`
	Remove releaseRemoveCmd `cmd:"" help:"Give a release to nobody any more."`
}

type releaseKeyCmd struct {
	Out string `arg:"" help:"The file of the key that signs; the one that nodes trust is written beside, with .pub." type:"path"`
}

// Help gives an example.
func (releaseKeyCmd) Help() string {
	return "Whoever has the key that signs can run programs on every node: keep it away from any network.\n\nExample:\n  tizi release key release.key"
}

func (c *releaseKeyCmd) Run() error {
	private, public, err := release.NewKey()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(private + "\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.WriteFile(c.Out+".pub", []byte(public+"\n"), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s signs; keep it away from any network.\n%s.pub is for all nodes: RELEASE_KEY=… make package puts it into the program, TIZI_RELEASE_KEY=FILE tells one node.\n", c.Out, c.Out)
	return nil
}

type releaseSignCmd struct {
	Program string `arg:"" help:"The program, as make package built it." type:"existingfile"`
	Version string `help:"Its version; what it calls itself must be the same." required:"" placeholder:"1.4.0"`
	Key     string `help:"The file of the key that signs." required:"" type:"existingfile" placeholder:"FILE"`
	Made    string `help:"The day it was made; without it, today." placeholder:"2026-11-27"`
	Out     string `help:"The folder that the release is written into." default:"." type:"existingdir" placeholder:"DIR"`
}

// Help gives an example.
func (releaseSignCmd) Help() string {
	return "Example:\n  tizi release sign dist/tizi_1.4.0_linux-arm64 --version 1.4.0 --key release.key"
}

func (c *releaseSignCmd) Run() error {
	private, err := house.FirstLine(c.Key)
	if err != nil {
		return usageError{err}
	}
	program, err := os.Open(c.Program)
	if err != nil {
		return err
	}
	defer program.Close()
	if c.Made == "" {
		c.Made = time.Now().Format(time.DateOnly)
	}
	f, err := os.CreateTemp(c.Out, ".release-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	r, err := release.Sign(program, c.Version, c.Made, private, f)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	path := filepath.Join(c.Out, fmt.Sprintf("tizi_%s_%s.release", r.Version, strings.ReplaceAll(r.Arch, "/", "-")))
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	fmt.Printf("%s, %.1f MB, of the program with the SHA-256 %s\n", path, float64(r.PackedBytes)/1e6, r.Program)
	return nil
}

type releaseRemoveCmd struct {
	place
	Version string `arg:"" help:"Which."`
}

func (c *releaseRemoveCmd) Run() error {
	shelf, err := release.OpenShelf(c.Data, c.ReleaseKey.keys())
	if err != nil {
		return err
	}
	all, err := shelf.List()
	if err != nil {
		return err
	}
	n := 0
	for _, r := range all {
		if r.Version == c.Version {
			n++
			if err := shelf.Remove(r); err != nil {
				return err
			}
		}
	}
	if n == 0 {
		return release.ErrNone
	}
	fmt.Printf("nodes that call get %s no more; those that have it keep it\n", c.Version)
	return nil
}
