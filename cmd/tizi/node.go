package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/id"
	placearea "tizi/internal/place"
)

func (p place) config() house.Config { return house.Config{Dir: p.Data, URL: p.DB} }

func (p place) open(ctx context.Context) (*house.House, error) { return house.Open(ctx, p.config()) }

func printJSON(v any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// onTerminal reports whether somebody watches standard error.
func onTerminal() bool {
	st, err := os.Stderr.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// progress returns a function that shows how far something is, once it has taken a second, on a terminal only.
func progress(what string) func(done, total int64) {
	if !onTerminal() {
		return func(int64, int64) {}
	}
	start, last := time.Now(), time.Time{}
	return func(done, total int64) {
		now := time.Now()
		if now.Sub(start) < time.Second || now.Sub(last) < 200*time.Millisecond && done < total {
			return
		}
		last = now
		if total > 0 {
			fmt.Fprintf(os.Stderr, "\r%s: %d of %d (%d %%)  ", what, done, total, done*100/total)
		} else {
			fmt.Fprintf(os.Stderr, "\r%s: %d  ", what, done)
		}
		if done == total {
			fmt.Fprintln(os.Stderr)
		}
	}
}

type initCmd struct {
	place
	Owner          string `help:"The owner's name, who may do everything." required:"" placeholder:"NAME"`
	Login          string `help:"What the owner signs in with." default:"admin" placeholder:"LOGIN"`
	PassphraseFile string `help:"A file whose first line is the owner's passphrase." required:"" type:"existingfile" placeholder:"FILE"`
	Country        string `help:"The country folder whose places are loaded." default:"ma" placeholder:"CODE"`
	Centre         string `help:"The code of the centre this node stands in; without it the node is a headquarters." placeholder:"CODE"`
	JSON           bool   `help:"Print what was made as JSON."`
}

// Help gives an example.
func (initCmd) Help() string {
	return "Example:\n  tizi init --data /var/lib/tizi --owner \"Nadia Berrada\" --passphrase-file pass.txt\n  tizi init --data box --owner \"Fatima\" --passphrase-file pass.txt --centre MA-ERR-MJ1"
}

func (c *initCmd) Run(ctx context.Context) error {
	pass, err := readPassphrase(c.PassphraseFile)
	if err != nil {
		return usageError{err}
	}
	if house.Exists(c.Data) {
		return fmt.Errorf("%s: %w", c.Data, house.ErrExists)
	}
	existed := true
	if _, err := os.Stat(c.Data); errors.Is(err, os.ErrNotExist) {
		existed = false
	}
	h, err := house.Create(ctx, c.config())
	if err != nil {
		return err
	}
	err = h.Found(ctx, house.Founding{Country: c.Country, Centre: c.Centre, Owner: c.Owner, Login: c.Login, Passphrase: pass})
	node := h.Log.Node()
	err = errors.Join(err, h.Close())
	if err != nil {
		// Half a node is worse than none: what was made is taken away again.
		for _, f := range []string{house.KeyFile, house.DatabaseFile, house.DBFile, house.DBFile + "-wal", house.DBFile + "-shm"} {
			os.Remove(filepath.Join(c.Data, f))
		}
		os.RemoveAll(filepath.Join(c.Data, house.BlobDir))
		if !existed {
			os.Remove(c.Data)
		}
		if errors.Is(err, placearea.ErrUnknownPlace) || errors.Is(err, access.ErrLoginForm) || errors.Is(err, access.ErrPassphraseShort) || errors.Is(err, access.ErrNameEmpty) {
			return usageError{err}
		}
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"node": node.Hex(), "data": c.Data, "login": c.Login, "centre": c.Centre})
	}
	db := ""
	if c.DB != "" {
		db = " --db ADDRESS"
	}
	fmt.Printf("A node was made in %s.\nServe it with:  tizi serve --data %s%s\nSign in as %s.\n", c.Data, c.Data, db, c.Login)
	return nil
}

func readPassphrase(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(strings.TrimPrefix(string(b), "\ufeff"), "\n")
	line = strings.TrimRight(line, "\r")
	if err := access.CheckPassphrase(line); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return line, nil
}

type passphraseCmd struct {
	place
	Login          string `help:"What the person signs in with." required:"" placeholder:"LOGIN"`
	PassphraseFile string `help:"A file whose first line is the new passphrase." required:"" type:"existingfile" placeholder:"FILE"`
}

// Help gives an example.
func (passphraseCmd) Help() string {
	return "The person is signed out everywhere.\n\nExample:\n  tizi passphrase --data /var/lib/tizi --login admin --passphrase-file pass.txt"
}

func (c *passphraseCmd) Run(ctx context.Context) error {
	pass, err := readPassphrase(c.PassphraseFile)
	if err != nil {
		return usageError{err}
	}
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := h.Access.SetPassphrase(ctx, c.Login, pass); err != nil {
		return err
	}
	fmt.Printf("%s has a new passphrase and is signed out everywhere.\n", c.Login)
	return nil
}

type renewCmd struct {
	place
	Login string `help:"What the person signs in with." required:"" placeholder:"LOGIN"`
	JSON  bool   `help:"Print the result as JSON."`
}

// Help gives an example.
func (renewCmd) Help() string {
	return "Roles last 90 days. A manager renews them on the page Team; this command does so where nobody can any more.\n\nExample:\n  tizi renew --data /var/lib/tizi --login admin"
}

func (c *renewCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	n, err := h.Access.RenewAll(ctx, c.Login)
	if errors.Is(err, access.ErrNoGrant) {
		return fmt.Errorf("%s has no role to renew", c.Login)
	}
	if err != nil {
		return err
	}
	until := h.Log.Clock.Now().Add(access.RoleLife).Format(time.DateOnly)
	if c.JSON {
		return printJSON(map[string]any{"login": c.Login, "roles": n, "until": until})
	}
	fmt.Printf("%d roles of %s last until %s.\n", n, c.Login, until)
	return nil
}

type checkCmd struct {
	place
	JSON bool `help:"Print the result as JSON."`
}

// Help gives an example.
func (checkCmd) Help() string { return "Example:\n  tizi check --data /var/lib/tizi --json" }

func (c *checkCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	rep, err := h.Check(ctx, progress("replayed"))
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(rep); err != nil {
			return err
		}
	} else {
		fmt.Printf("%d facts in %d logs, %d rows, %d files, %d facts waiting, on %s\n", rep.Facts, rep.Logs, rep.Rows, rep.Files, rep.Held, rep.Engine)
		for _, f := range rep.Faults {
			fmt.Println("  fault:", f)
		}
		if rep.Omitted > 0 {
			fmt.Println("  and", rep.Omitted, "more")
		}
	}
	if !rep.OK {
		return errors.New("the check found faults; keep a copy of the data folder, then try: tizi rebuild")
	}
	if !c.JSON {
		fmt.Println("all is well")
	}
	return nil
}

type rebuildCmd struct {
	place
}

// Help gives an example.
func (rebuildCmd) Help() string { return "Example:\n  tizi rebuild --data /var/lib/tizi" }

func (c *rebuildCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	start := time.Now()
	if err := h.Log.Rebuild(ctx, progress("replayed")); err != nil {
		return err
	}
	n, err := h.Log.Count(ctx, h.DB)
	if err != nil {
		return err
	}
	fmt.Printf("rebuilt from %d facts in %s\n", n, time.Since(start).Round(time.Millisecond))
	return nil
}

type statusCmd struct {
	place
	JSON bool `help:"Print the status as JSON."`
}

// Help gives an example.
func (statusCmd) Help() string { return "Example:\n  tizi status --data /var/lib/tizi --json" }

// status is what tizi status prints.
type status struct {
	Version string         `json:"version"`
	Node    string         `json:"node"`
	Root    string         `json:"root"`
	Engine  string         `json:"engine"`
	Bytes   int64          `json:"bytes"`
	Facts   int64          `json:"facts"`
	People  int64          `json:"people"`
	Waiting int            `json:"waiting"` // facts that do not count, at most 1,000 looked at
	Centres []centreStatus `json:"centres"`
	Peers   []peerStatus   `json:"peers"`
}

type centreStatus struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	People int64  `json:"people"`
}

type peerStatus struct {
	Node    string `json:"node"`
	Name    string `json:"name,omitempty"`
	Up      bool   `json:"up,omitempty"` // this node calls it
	Address string `json:"address,omitempty"`
	Facts   uint64 `json:"facts"`          // that it wrote, and that are here
	Done    string `json:"done,omitempty"` // the last exchange that was whole
	Age     int64  `json:"age_s"`          // how long ago; -1: never
	Fault   string `json:"fault,omitempty"`
	Ahead   int64  `json:"ahead_s,omitempty"`
	Program string `json:"program,omitempty"`
	Revoked bool   `json:"revoked,omitempty"`
}

func (c *statusCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	s, err := readStatus(ctx, h)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s)
	}
	fmt.Printf("node %s on %s, %.1f MB\n%d facts, %d people, %d facts waiting\n", s.Node, s.Engine, float64(s.Bytes)/1e6, s.Facts, s.People, s.Waiting)
	for _, c := range s.Centres {
		fmt.Printf("  %-14s %7d  %s\n", c.Code, c.People, c.Name)
	}
	for _, p := range s.Peers {
		when := "never exchanged"
		if p.Age >= 0 {
			when = "exchanged " + (time.Duration(p.Age) * time.Second).String() + " ago"
		}
		fmt.Printf("  node %s %s: %d facts of it here, %s", p.Node, cmp.Or(p.Name, p.Address), p.Facts, when)
		if p.Fault != "" {
			fmt.Printf("; the last one stopped: %s", p.Fault)
		}
		fmt.Println()
	}
	return nil
}

func readStatus(ctx context.Context, h *house.House) (*status, error) {
	s := &status{Version: version, Node: h.Log.Node().Hex(), Root: h.Log.Root().Hex(), Engine: string(h.DB.Engine), Centres: []centreStatus{}, Peers: []peerStatus{}}
	var err error
	if s.Bytes, err = h.DB.Size(ctx); err != nil {
		return nil, err
	}
	if s.Facts, err = h.Log.Count(ctx, h.DB); err != nil {
		return nil, err
	}
	held, err := h.Log.Quarantine(ctx, h.DB, 1000)
	if err != nil {
		return nil, err
	}
	s.Waiting = len(held)
	tree, err := h.Places.Tree(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	people, err := h.People.CountByCentre(ctx, h.DB, access.Everywhere())
	if err != nil {
		return nil, err
	}
	for _, p := range tree.Of("centre") {
		name, _ := p.Name.In("fr")
		s.Centres = append(s.Centres, centreStatus{p.Code, name, people[p.ID]})
		s.People += people[p.ID]
	}
	vector, err := h.Log.Vector(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	others := map[id.ID]uint64{}
	for _, nodes := range vector {
		for n, size := range nodes {
			if n != h.Log.Node() {
				others[n] += size
			}
		}
	}
	peers, err := h.Nodes.Peers(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	names := map[id.ID]fact.Grantee{}
	for _, g := range h.Log.Grantees() {
		names[g.Node] = g
	}
	now := h.Log.Clock.Now()
	for _, p := range peers {
		x := peerStatus{Node: p.Node.Hex(), Name: names[p.Node].Name, Up: p.Up, Address: p.Address, Facts: others[p.Node], Age: -1, Fault: p.Fault, Ahead: int64(p.Ahead.Seconds()), Program: p.Program, Revoked: names[p.Node].Revoked != nil}
		if !p.Done.IsZero() {
			x.Done, x.Age = p.Done.UTC().Format(time.RFC3339), int64(now.Sub(p.Done).Seconds())
		}
		s.Peers = append(s.Peers, x)
		delete(others, p.Node)
	}
	for n, size := range others { // they came by way of somebody else
		s.Peers = append(s.Peers, peerStatus{Node: n.Hex(), Name: names[n].Name, Facts: size, Age: -1, Revoked: names[n].Revoked != nil})
	}
	slices.SortFunc(s.Peers, func(a, b peerStatus) int { return cmp.Compare(a.Node, b.Node) })
	return s, nil
}
