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
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/node"
	placearea "tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/vault"
)

func (p place) config() house.Config {
	return house.Config{Dir: p.Data, URL: p.DB, Unlock: p.Unlock, Keys: p.ReleaseKey.keys()}
}

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
	Owner          string `help:"The owner's name, who may do everything." placeholder:"NAME"`
	Login          string `help:"What the owner signs in with." default:"admin" placeholder:"LOGIN"`
	PassphraseFile string `help:"A file whose first line is the owner's passphrase." type:"existingfile" placeholder:"FILE"`
	From           string `help:"A file that headquarters prepared (tizi pair prepare): the node is the paired box of its centre. Without --owner the first visit in a browser asks for one." type:"existingfile" placeholder:"FILE"`
	Letters        string `help:"A file whose first line is the letters that open that one." type:"existingfile" placeholder:"FILE"`
	Country        string `help:"The country folder whose places are loaded." default:"ma" placeholder:"CODE"`
	Centre         string `help:"The code of the centre this node stands in; without it the node is a headquarters." placeholder:"CODE"`
	Encrypt        bool   `help:"Encrypt the folder, with a passphrase for the disk in the first line of the file that --unlock names; a card is printed that opens it too."`
	JSON           bool   `help:"Print what was made as JSON."`
}

// Help gives an example.
func (initCmd) Help() string {
	return "Example:\n  tizi init --data /var/lib/tizi --owner \"Nadia Berrada\" --passphrase-file pass.txt\n  tizi init --data box --owner \"Fatima\" --passphrase-file pass.txt --centre MA-ERR-MJ1\n  tizi init --data box --from errachidia.box --letters letters.txt"
}

func (c *initCmd) Run(ctx context.Context) error {
	pass, letters := "", ""
	var err error
	switch {
	case (c.From == "") != (c.Letters == ""):
		return usageError{errors.New("--from and --letters go together")}
	case c.From != "" && c.Centre != "":
		return usageError{errors.New("--from says which centre the node is for; leave out --centre")}
	case (c.Owner == "") != (c.PassphraseFile == "") || c.From == "" && c.Owner == "":
		return usageError{errors.New("say who owns the node, with --owner NAME and --passphrase-file FILE")}
	}
	if c.PassphraseFile != "" {
		if pass, err = readPassphrase(c.PassphraseFile); err != nil {
			return usageError{err}
		}
	}
	if c.Letters != "" {
		if letters, err = house.FirstLine(c.Letters); err != nil {
			return usageError{err}
		}
	}
	if house.Exists(c.Data) {
		return fmt.Errorf("%s: %w", c.Data, house.ErrExists)
	}
	existed := true
	if _, err := os.Stat(c.Data); errors.Is(err, os.ErrNotExist) {
		existed = false
	}
	at := c.config()
	card := ""
	if c.Encrypt {
		if at.Lock, card, err = c.encrypted(); err != nil {
			return err
		}
	}
	h, err := c.create(ctx, at, letters)
	if err != nil {
		if c.Encrypt {
			os.Remove(filepath.Join(c.Data, vault.File))
		}
		if errors.Is(err, house.ErrPrepared) {
			return usageError{fmt.Errorf("%s: %w", c.From, err)}
		}
		return err
	}
	key := ""
	if c.From != "" {
		key, err = h.Nodes.Keep(ctx, id.Nil)
	}
	if err == nil && c.Owner != "" {
		err = h.Found(ctx, house.Founding{Country: c.Country, Centre: c.Centre, Owner: c.Owner, Login: c.Login, Passphrase: pass})
	}
	node := h.Log.Node()
	err = errors.Join(err, h.Close())
	if err != nil {
		house.Discard(c.Data)
		os.Remove(filepath.Join(c.Data, vault.File))
		if !existed {
			os.Remove(c.Data)
		}
		if errors.Is(err, placearea.ErrUnknownPlace) || errors.Is(err, access.ErrLoginForm) || errors.Is(err, access.ErrPassphraseShort) || errors.Is(err, access.ErrNameEmpty) {
			return usageError{err}
		}
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"node": node.Hex(), "data": c.Data, "login": c.Login, "centre": c.Centre, "card": card, "recovery_key": key})
	}
	db := ""
	if c.DB != "" {
		db = " --db ADDRESS"
	}
	if card != "" {
		defer sayCard(card)
	}
	fmt.Printf("A node was made in %s.\nServe it with:  tizi serve --data %s%s\n", c.Data, c.Data, db)
	if c.Owner != "" {
		fmt.Printf("Sign in as %s.\n", c.Login)
	}
	printKey(key)
	return nil
}

// create makes the node, out of the file that headquarters prepared where there is one.
func (c *initCmd) create(ctx context.Context, at house.Config, letters string) (*house.House, error) {
	if c.From == "" {
		return house.Create(ctx, at)
	}
	f, err := os.Open(c.From)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return house.CreatePrepared(ctx, at, f, letters)
}

// encrypted makes the lock of a folder that is to be encrypted from its beginning.
func (c *initCmd) encrypted() (*vault.Vault, string, error) {
	if c.Unlock == "" {
		return nil, "", usageError{errors.New("--encrypt: name a file with --unlock whose first line is a passphrase for the disk")}
	}
	pass, err := house.FirstLine(c.Unlock)
	if err != nil {
		return nil, "", usageError{err}
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, "", fmt.Errorf("make the data folder: %w", err)
	}
	v, err := vault.Create(c.Data, pass)
	if errors.Is(err, vault.ErrShort) {
		return nil, "", usageError{fmt.Errorf("%s: %w", c.Unlock, err)}
	}
	if err != nil {
		return nil, "", err
	}
	card, err := v.NewCard()
	return v, card, err
}

func readPassphrase(path string) (string, error) {
	line, err := house.FirstLine(path)
	if err != nil {
		return "", err
	}
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
	if store.IsDamage(err) {
		return c.damaged(ctx, err)
	}
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
		return errors.New("the check found faults; keep a copy of the data folder, then try: tizi rebuild, or tizi heal where pages are damaged")
	}
	if !c.JSON {
		fmt.Println("all is well")
	}
	return nil
}

// damaged names the pages of a database that does not open any more.
func (c *checkCmd) damaged(ctx context.Context, err error) error {
	damage, e := house.Inspect(ctx, c.config(), true)
	if e != nil {
		return errors.Join(err, e)
	}
	for _, d := range damage {
		fmt.Fprintln(os.Stderr, "  fault:", d)
	}
	return fmt.Errorf("the database is damaged; stop the node, keep a copy of the data folder, then try: tizi heal: %w", err)
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
	Locked  bool           `json:"locked"` // the disk is encrypted, and nothing was given that opens it; the rest is not known then
	Node    string         `json:"node"`
	Root    string         `json:"root"`
	Engine  string         `json:"engine"`
	Bytes   int64          `json:"bytes"`
	Facts   int64          `json:"facts"`
	People  int64          `json:"people"`
	Waiting int            `json:"waiting"` // facts that do not count, at most 1,000 looked at
	Lacking int            `json:"lacking"` // files that facts speak of and that are not here
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
	// Machine is how it said that its machine is, when it called last.
	Machine *node.Vitals `json:"machine,omitempty"`
}

// machine says in a line how the machine of a node that calls is.
func (p peerStatus) machine() string {
	v := p.Machine
	saved := "never saved"
	if at := v.SavedAt(); !at.IsZero() {
		saved = "saved on " + at.Format(time.DateOnly)
	}
	said := fmt.Sprintf("tizi %s on %s, %.1f of %.1f GB free, %s, %d power cuts in 30 days, %d facts to bring, %d to decide", p.Program, v.Arch, float64(v.DiskLeft)/1e9, float64(v.DiskAll)/1e9, saved, v.Cuts, v.Waiting, v.Held)
	if at := v.DoubtedAt(); !at.IsZero() {
		said += ", clock in doubt since " + at.Format(time.DateOnly)
	}
	switch {
	case v.Failed != "":
		said += ", " + v.Failed + " did not work there"
	case v.Ready != "":
		said += ", " + v.Ready + " has come and waits to be taken in"
	}
	return said
}

func (c *statusCmd) Run(ctx context.Context) error {
	if house.Encrypted(c.Data) && c.Unlock == "" {
		if c.JSON {
			return printJSON(status{Version: version, Locked: true, Centres: []centreStatus{}, Peers: []peerStatus{}})
		}
		fmt.Printf("locked: the disk of the node in %s is encrypted. To read it, give its passphrase or card with --unlock FILE.\n", c.Data)
		return nil
	}
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
	if b, err := os.ReadFile(filepath.Join(c.Data, firstFile)); err == nil {
		fmt.Print(string(b))
	}
	if s.Lacking > 0 {
		fmt.Printf("%d files are lacking that facts speak of; they are asked for at every exchange, those that nobody has once a day\n", s.Lacking)
	}
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
		if p.Machine != nil {
			fmt.Println("   ", p.machine())
		}
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
	if s.Lacking, err = h.Nodes.Lacking(ctx); err != nil {
		return nil, err
	}
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
	for _, r := range h.Log.Reservations() {
		delete(others, r.Key) // that signs one fact, and is no node to exchange with
	}
	now := h.Log.Clock.Now()
	for _, p := range peers {
		x := peerStatus{Node: p.Node.Hex(), Name: names[p.Node].Name, Up: p.Up, Address: p.Address, Facts: others[p.Node], Age: -1, Fault: p.Fault, Ahead: int64(p.Ahead.Seconds()), Program: p.Program, Revoked: names[p.Node].Revoked != nil, Machine: p.Vitals}
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
