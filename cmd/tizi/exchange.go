package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tizi/internal/api"
	"tizi/internal/bench"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/lan"
	"tizi/internal/node"
)

type pairCmd struct {
	Invite  pairInviteCmd  `cmd:"" help:"At headquarters: make a code for the box of a centre."`
	Prepare pairPrepareCmd `cmd:"" help:"At headquarters: make a file that makes a new machine the box of a centre, before it is sent out."`
	Join    pairJoinCmd    `cmd:"" help:"On the box: ask headquarters with the code."`
	Accept  pairAcceptCmd  `cmd:"" help:"At headquarters: let the box in whose number you were told."`
	List    pairListCmd    `cmd:"" help:"At headquarters: the codes that hold, and who asked."`
	Widen   pairWidenCmd   `cmd:"" help:"At headquarters: let a node hold another centre too, as a region's does."`
	Replace pairReplaceCmd `cmd:"" help:"At headquarters: make a code for the box that takes another's place."`
	Renew   pairRenewCmd   `cmd:"" help:"On the box: give it a key of its own, after its folder was copied or brought back from a backup."`
	Key     pairKeyCmd     `cmd:"" help:"On the box: print a recovery key, with which its saved folder goes on when it is lost far from any link."`
	Recover pairRecoverCmd `cmd:"" help:"On the box that takes its place: go on with the saved folder and the recovery key."`
	Confirm pairConfirmCmd `cmd:"" help:"At headquarters: confirm a box that writes by a recovery key."`
	Refuse  pairRefuseCmd  `cmd:"" help:"At headquarters: let nothing count that a box wrote by a recovery key."`
	Reissue pairReissueCmd `cmd:"" help:"On a box whose folder was copied: say again, under its own key, what headquarters does not hold."`
	Revoke  pairRevokeCmd  `cmd:"" help:"At headquarters: end what a box may do that was stolen, lost or put away."`
}

type pairInviteCmd struct {
	place
	Centre []string `help:"The code of the centre the box is for; of each centre, for the node of a region." placeholder:"CODE" xor:"for" required:""`
	Place  string   `help:"The code of a place, for a node that holds all centres in it and pairs their boxes itself." placeholder:"CODE" xor:"for" required:""`
	Name   string   `help:"What to call the box; the centre's or the place's code unless you say." placeholder:"NAME"`
	JSON   bool     `help:"Print the code as JSON."`
}

// Help gives an example.
func (pairInviteCmd) Help() string {
	return "Example:\n  tizi pair invite --data hub --centre MA-ERR-MJ1\n  tizi pair invite --data hub --place MA-ERR"
}

func (c *pairInviteCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	var codes, streams []string
	for _, code := range c.Centre {
		centre, err := h.Centre(ctx, code)
		if err != nil {
			return usageError{err}
		}
		codes, streams = append(codes, centre.Code), append(streams, centre.Stream())
	}
	if c.Place != "" {
		tree, err := h.Places.Tree(ctx, h.DB)
		if err != nil {
			return err
		}
		p, err := tree.Find(c.Place)
		if err != nil {
			return usageError{err}
		}
		for _, centre := range tree.Within(p.ID) {
			codes, streams = append(codes, centre.Code), append(streams, centre.Stream())
		}
		if len(codes) == 0 {
			return usageError{fmt.Errorf("there is no centre in %s yet", p.Code)}
		}
	}
	if c.Name == "" {
		c.Name = cmp.Or(c.Place, codes[0])
	}
	invite := h.Nodes.Invite
	if c.Place != "" {
		invite = h.Nodes.InviteRegion
	}
	code, _, err := invite(ctx, id.Nil, c.Name, streams...)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"code": code, "centre": codes[0], "centres": codes, "hours": int(node.InviteLife / time.Hour)})
	}
	fmt.Printf("The code is %s, for one box and %d hours. On the box:\n  tizi pair join --data DIR --hub ADDRESS --code %s\n", code, int(node.InviteLife/time.Hour), code)
	return nil
}

type pairPrepareCmd struct {
	place
	File      string `arg:"" help:"The file to write; it must not be there yet." type:"path"`
	Centre    string `help:"The code of the centre the box is for." required:"" placeholder:"CODE"`
	Hub       string `help:"Where boxes reach headquarters." required:"" placeholder:"URL"`
	Name      string `help:"What to call the box; the centre's code unless you say." placeholder:"NAME"`
	Host      string `help:"What the box will be called on the network of the centre: an authority for its HTTPS is made, whose certificate tablets can install before they are sent out." placeholder:"tizi-errachidia.local"`
	Authority string `help:"The authority.pem of the box whose place this one takes, so that tablets trust it already." type:"existingfile" xor:"host" placeholder:"FILE"`
	JSON      bool   `help:"Print what was made as JSON."`
}

// Help gives an example.
func (pairPrepareCmd) Help() string {
	return "The file is the box: who has it and its letters can write for the centre. Send them on two ways, use it once, and delete it.\nWhat went astray is revoked like a stolen box.\n\nExample:\n  tizi pair prepare errachidia.box --data hub --centre MA-ERR-MJ1 --hub https://tizi.example.org --host tizi-errachidia.local\n  tizi init --data box --from errachidia.box --letters letters.txt"
}

func (c *pairPrepareCmd) Run(ctx context.Context) error {
	if u, err := url.Parse(c.Hub); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return usageError{fmt.Errorf("--hub %q: give an address such as https://tizi.example.org", c.Hub)}
	}
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	centre, err := h.Centre(ctx, c.Centre)
	if err != nil {
		return usageError{err}
	}
	if centre.Type != "centre" {
		return usageError{fmt.Errorf("%s is no centre", centre.Code)}
	}
	p := house.Preparing{Centre: centre, Name: cmp.Or(c.Name, centre.Code), Address: strings.TrimSuffix(c.Hub, "/")}
	var cert []byte
	if c.Authority != "" || c.Host != "" {
		if p.Authority, cert, err = c.authority(h.Log.Clock.Now); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	letters, box, err := h.Prepare(ctx, id.Nil, f, p)
	err = errors.Join(err, f.Sync(), f.Close())
	certFile := ""
	if err == nil && cert != nil {
		certFile = strings.TrimSuffix(c.File, filepath.Ext(c.File)) + ".crt"
		err = os.WriteFile(certFile, cert, 0o644)
	}
	if err != nil {
		os.Remove(c.File) // half a file is none; a box that was granted something already has no key
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"file": c.File, "letters": letters, "node": box.Hex(), "name": p.Name, "centre": centre.Code, "certificate": certFile})
	}
	fmt.Printf("%s makes a machine the box of %s. The letters that open it are\n\n  %s\n\nSend them on another way than the file. On the machine, with the letters in the first line of letters.txt:\n  tizi init --data DIR --from %s --letters letters.txt\nIf the file is lost on its way:\n  tizi pair revoke %s --data %s --reason lost\n", c.File, centre.Code, letters, filepath.Base(c.File), box.Hex(), c.Data)
	if certFile != "" {
		fmt.Printf("Tablets that install %s now trust the box from its first day.\n", certFile)
	}
	return nil
}

// authority makes the authority of the box's HTTPS, or takes that of the one before it; and its certificate for devices.
func (c *pairPrepareCmd) authority(now func() time.Time) (pem, cert []byte, err error) {
	dir, err := os.MkdirTemp("", "tizi-prepare-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, lan.File)
	var names []string
	if c.Authority != "" {
		if pem, err = os.ReadFile(c.Authority); err == nil {
			err = os.WriteFile(path, pem, 0o600)
		}
		if err != nil {
			return nil, nil, err
		}
	} else {
		names = []string{c.Host}
	}
	a, err := lan.Open(dir, strings.TrimSuffix(c.Host, ".local"), names, now)
	if err != nil {
		return nil, nil, usageError{err}
	}
	pem, err = os.ReadFile(path)
	return pem, a.Certificate(), err
}

type pairJoinCmd struct {
	place
	Hub    string `help:"Where headquarters is reached." required:"" placeholder:"URL"`
	Code   string `help:"The code from headquarters." required:"" placeholder:"CODE"`
	Number string `help:"The number that headquarters shows for this box, once you have compared it." placeholder:"DIGITS"`
	JSON   bool   `help:"Print the result as JSON."`
}

// Help gives an example.
func (pairJoinCmd) Help() string {
	return "Called first without --number it prints the number to compare. Headquarters sees its own with: tizi pair list.\nWhen both are the same, call it again with that number.\n\nExample:\n  tizi pair join --data box --hub https://tizi.example.org --code K7QF2-9M3XD\n  tizi pair join --data box --hub https://tizi.example.org --code K7QF2-9M3XD --number \"1234 5678 9012 3456 7890\""
}

func (c *pairJoinCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	h.Nodes.Program = version
	a := h.Nodes.Asking(c.Code)
	answer, err := api.Pair(ctx, c.Hub, a)
	if err != nil {
		return err
	}
	number := node.Number(a.Code, a, answer)
	if c.Number == "" {
		if c.JSON {
			return printJSON(map[string]any{"number": number, "name": answer.Name, "joined": false})
		}
		fmt.Printf("Headquarters will know this box as %s. The number is\n\n  %s\n\nHeadquarters must show the same. Tell it yours, and when it is the same:\n  tizi pair join --data %s --hub %s --code %s --number \"%s\"\n", answer.Name, number, c.Data, c.Hub, c.Code, "…")
		return nil
	}
	if err := h.Nodes.Join(ctx, strings.TrimSuffix(c.Hub, "/"), answer, number, c.Number); err != nil {
		return err
	}
	streams := answer.Streams
	if len(streams) == 0 {
		streams = []string{answer.Stream}
	}
	key, err := h.Nodes.Keep(ctx, id.Nil, streams...)
	if err != nil && !errors.Is(err, node.ErrNoSheet) {
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"number": number, "name": answer.Name, "joined": true, "recovery_key": key})
	}
	fmt.Printf("This box calls %s now. When headquarters has accepted it:\n  tizi sync --data %s\n", c.Hub, c.Data)
	printKey(key)
	return nil
}

// printKey shows a recovery key, once.
func printKey(key string) {
	if key != "" {
		fmt.Printf("\nIts recovery key is\n\n  %s\n\nWrite it down now: it is not shown again. It holds once headquarters has heard of it. If this box is lost far from any\nlink, bring its saved folder back on another one, and there:\n  tizi pair recover --data DIR\n", key)
	}
}

type pairKeyCmd struct {
	place
	JSON bool `help:"Print the key as JSON."`
}

// Help gives an example.
func (pairKeyCmd) Help() string {
	return "The recovery key that was printed before is good for nothing any more.\n\nExample:\n  tizi pair key --data box"
}

func (c *pairKeyCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	key, err := h.Nodes.Keep(ctx, id.Nil)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"recovery_key": key})
	}
	printKey(key)
	return nil
}

type pairRecoverCmd struct {
	place
	KeyFile string `help:"A file whose first line is the recovery key; without it the key is read from what you type." type:"existingfile" placeholder:"FILE"`
	JSON    bool   `help:"Print the result as JSON."`
}

// Help gives an example.
func (pairRecoverCmd) Help() string {
	return "Bring the saved folder of the lost box back on this one first, and stop tizi serve on it. It takes a key of its own and writes by the recovery key until headquarters confirms; until then it is given nothing new.\n\nExample:\n  tizi pair recover --data box --key-file key.txt"
}

func (c *pairRecoverCmd) Run(ctx context.Context) error {
	in := os.Stdin
	if c.KeyFile != "" {
		f, err := os.Open(c.KeyFile)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	} else if onTerminal() {
		fmt.Fprint(os.Stderr, "Recovery key: ")
	}
	line, err := bufio.NewReader(io.LimitReader(in, 1000)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	next, err := house.Recover(ctx, c.config(), line)
	switch {
	case errors.Is(err, node.ErrTyped):
		return usageError{err}
	case errors.Is(err, fact.ErrSheet):
		return fmt.Errorf("%w; headquarters can give a code instead: tizi pair renew --help", err)
	case err != nil:
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"node": next.Hex(), "provisional": true})
	}
	fmt.Printf("This box is node %s now and goes on. With the next exchange headquarters hears of it, and confirms it there with:\n  tizi pair confirm %s\n", next.Hex(), next.Hex())
	return nil
}

type pairReissueCmd struct {
	place
	JSON bool `help:"Print the result as JSON."`
}

// Help gives an example.
func (pairReissueCmd) Help() string {
	return "Give the box a key of its own first (tizi pair renew), let headquarters accept it, and exchange once. What is said again goes out with the next exchange; the originals are kept as they were signed.\n\nExample:\n  tizi pair reissue --data box"
}

func (c *pairReissueCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	lost, err := h.Log.Lost(ctx, h.DB)
	if err != nil {
		return err
	}
	n := 0
	for _, f := range lost {
		k, err := h.Log.Reissue(ctx, f.Stream, f.Node, id.Nil)
		if err != nil {
			return err
		}
		n += k
	}
	if c.JSON {
		return printJSON(map[string]any{"facts": n})
	}
	if n == 0 {
		fmt.Println("There is nothing to say again.")
		return nil
	}
	fmt.Printf("%d facts were said again. They go out with the next exchange.\n", n)
	return nil
}

type pairConfirmCmd struct {
	place
	Node string `arg:"" help:"The box, as tizi pair list names it."`
}

// Help gives an example.
func (pairConfirmCmd) Help() string {
	return "The box whose place it took is revoked, and its recovery key is used up.\n\nExample:\n  tizi pair confirm --data hub 34c057279f411316086baa198fa2934b"
}

func (c *pairConfirmCmd) Run(ctx context.Context) error {
	return c.decide(ctx, c.Node, (*node.Nodes).ConfirmBox, "is confirmed; the box whose place it took is revoked")
}

type pairRefuseCmd struct {
	place
	Node string `arg:"" help:"The box, as tizi pair list names it."`
}

// Help gives an example.
func (pairRefuseCmd) Help() string {
	return "What it wrote is kept aside and counts nowhere. The box whose place it took goes on, without a recovery key.\n\nExample:\n  tizi pair refuse --data hub 34c057279f411316086baa198fa2934b"
}

func (c *pairRefuseCmd) Run(ctx context.Context) error {
	return c.decide(ctx, c.Node, (*node.Nodes).RefuseBox, "is refused; what it wrote counts nowhere")
}

// decide says yes or no to a box that writes by a recovery key.
func (p place) decide(ctx context.Context, box string, word func(n *node.Nodes, ctx context.Context, actor, box id.ID) error, done string) error {
	v, err := id.Parse(box)
	if err != nil {
		return usageError{err}
	}
	h, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := word(h.Nodes, ctx, id.Nil, v); err != nil {
		return err
	}
	fmt.Printf("Node %s %s.\n", v.Hex(), done)
	return nil
}

type pairWidenCmd struct {
	place
	Node   string   `arg:"" help:"The node, as tizi status names it."`
	Centre []string `help:"The code of the centre; again for more." required:"" placeholder:"CODE"`
}

// Help gives an example.
func (pairWidenCmd) Help() string {
	return "Example:\n  tizi pair widen --data hub 34c057279f411316086baa198fa2934b --centre MA-ERR-MJ4"
}

func (c *pairWidenCmd) Run(ctx context.Context) error {
	v, err := id.Parse(c.Node)
	if err != nil {
		return usageError{err}
	}
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	var streams []string
	for _, code := range c.Centre {
		centre, err := h.Centre(ctx, code)
		if err != nil {
			return usageError{err}
		}
		streams = append(streams, centre.Stream())
	}
	if err := h.Nodes.Widen(ctx, id.Nil, v, streams...); err != nil {
		return err
	}
	fmt.Printf("Node %s holds %s too, once it has called.\n", v.Hex(), strings.Join(c.Centre, " and "))
	return nil
}

type pairReplaceCmd struct {
	place
	Node string `arg:"" help:"The box that was lost, as tizi status names it."`
	JSON bool   `help:"Print the code as JSON."`
}

// Help gives an example.
func (pairReplaceCmd) Help() string {
	return "The new box gets everything that the lost one had sent. Where its folder was saved, bring that back on the new box, and there:\n  tizi pair renew\nIt then brings what the lost one had not sent. Revoke the lost one when the new one has called.\n\nExample:\n  tizi pair replace --data hub 34c057279f411316086baa198fa2934b"
}

func (c *pairReplaceCmd) Run(ctx context.Context) error {
	v, err := id.Parse(c.Node)
	if err != nil {
		return usageError{err}
	}
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	code, _, err := h.Nodes.Replace(ctx, id.Nil, v)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"code": code, "replaces": v.Hex(), "hours": int(node.InviteLife / time.Hour)})
	}
	fmt.Printf("The code is %s, for %d hours. On the new box:\n  tizi pair join --data DIR --hub ADDRESS --code %s\nWhen it has called:\n  tizi pair revoke --data %s %s\n", code, int(node.InviteLife/time.Hour), code, c.Data, v.Hex())
	return nil
}

type pairRenewCmd struct{ place }

// Help gives an example.
func (pairRenewCmd) Help() string {
	return "Stop tizi serve on this folder first. What the box wrote under its old key stays; what it writes from now on counts when headquarters has accepted the new one.\n\nExample:\n  tizi pair renew --data box"
}

func (c *pairRenewCmd) Run(ctx context.Context) error {
	old, next, err := house.Renew(ctx, c.config())
	if err != nil {
		return err
	}
	fmt.Printf("This box was node %s and is node %s now. At headquarters:\n  tizi pair replace %s\nand here, with the code:\n  tizi pair join --data %s --hub ADDRESS --code CODE\n", old.Hex(), next.Hex(), old.Hex(), c.Data)
	return nil
}

type pairRevokeCmd struct {
	place
	Node   string `arg:"" help:"The box, as tizi status names it."`
	Reason string `help:"Why; it is kept for ever and names nobody." default:"lost" placeholder:"WORDS"`
	Key    bool   `help:"Only its recovery key, which was lost or seen by others; the box goes on."`
}

// Help gives an example.
func (pairRevokeCmd) Help() string {
	return "What the box wrote that is here stands; what comes of it later counts nowhere, and it gets nothing more.\n\nExample:\n  tizi pair revoke --data hub 34c057279f411316086baa198fa2934b --reason stolen"
}

func (c *pairRevokeCmd) Run(ctx context.Context) error {
	box, err := id.Parse(c.Node)
	if err != nil {
		return usageError{err}
	}
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	if c.Key {
		if err := h.Nodes.RevokeSheet(ctx, id.Nil, box); err != nil {
			return err
		}
		fmt.Printf("The recovery key of node %s is good for nothing any more.\n", box.Hex())
		return nil
	}
	if err := h.Nodes.Revoke(ctx, id.Nil, box, c.Reason); err != nil {
		return err
	}
	fmt.Printf("Node %s was revoked. People who are registered from now on have a key that it cannot open.\n", box.Hex())
	return nil
}

type pairListCmd struct {
	place
	JSON bool `help:"Print the list as JSON."`
}

// Help gives an example.
func (pairListCmd) Help() string { return "Example:\n  tizi pair list --data hub" }

func (c *pairListCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	l, err := h.Nodes.Invites(ctx, h.DB)
	if err != nil {
		return err
	}
	type invite struct {
		Name     string `json:"name"`
		Number   string `json:"number,omitempty"`
		Accepted bool   `json:"accepted"`
		Until    string `json:"until,omitempty"`
		Recovers string `json:"recovers,omitempty"` // a box that writes by a recovery key
	}
	out := make([]invite, len(l))
	for i, v := range l {
		out[i] = invite{v.Name, v.Number, v.Accepted, v.Until.Format(time.RFC3339), ""}
	}
	for _, v := range h.Nodes.Claims() {
		out = append(out, invite{Name: v.Name, Recovers: v.Node.Hex()})
	}
	if c.JSON {
		return printJSON(out)
	}
	for _, v := range out {
		switch {
		case v.Recovers != "":
			fmt.Printf("%-20s writes by a recovery key; confirm or refuse it: it is node %s\n", v.Name, v.Recovers)
		case v.Accepted:
			fmt.Printf("%-20s accepted\n", v.Name)
		case v.Number != "":
			fmt.Printf("%-20s asks; its number is %s\n", v.Name, v.Number)
		default:
			fmt.Printf("%-20s nobody asked yet, until %s\n", v.Name, v.Until)
		}
	}
	return nil
}

type pairAcceptCmd struct {
	place
	Number string `help:"The number that the box shows." required:"" placeholder:"DIGITS"`
}

// Help gives an example.
func (pairAcceptCmd) Help() string {
	return "Example:\n  tizi pair accept --data hub --number \"1234 5678 9012 3456 7890\""
}

func (c *pairAcceptCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	l, err := h.Nodes.Invites(ctx, h.DB)
	if err != nil {
		return err
	}
	for _, v := range l {
		box, err := h.Nodes.Accept(ctx, id.Nil, v.ID, c.Number)
		if err == nil {
			fmt.Printf("%s may exchange now; it is node %s.\n", v.Name, box.Hex())
			return nil
		}
		if !errors.Is(err, node.ErrNumber) && !errors.Is(err, node.ErrNoInvite) {
			return err
		}
	}
	return node.ErrNumber
}

type syncCmd struct {
	place
	Limit int  `help:"At most so many bytes a second; 0 is what the plan says." default:"0" placeholder:"BYTES"`
	JSON  bool `help:"Print the result as JSON."`
}

// Help gives an example.
func (syncCmd) Help() string {
	return "Brings this box and headquarters to hold the same, once. A node that serves does so by itself.\n\nExample:\n  tizi sync --data box"
}

func (c *syncCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	h.Nodes.Program = version
	up, err := h.Nodes.Up(ctx, h.DB)
	if err != nil {
		return err
	}
	if up == nil {
		return errors.New("this node calls no other; pair it first: tizi pair join --help")
	}
	if c.Limit == 0 {
		c.Limit = up.Cap
	}
	link := api.Dial(h.Log.Identity(), *up, c.Limit)
	tell := progress("exchanged")
	start := time.Now()
	r, err := h.Exchange(ctx, *up, link, func(s node.Step) { tell(int64(s.Sent+s.Got), int64(s.ToSend+s.ToGet)) })
	if err != nil {
		return err
	}
	faults := []string{}
	for _, f := range r.Faults {
		faults = append(faults, fmt.Sprintf("%s of node %s: %s", f.Stream, f.Node.Hex(), f.Fault))
	}
	if c.JSON {
		return printJSON(map[string]any{"same": r.Same, "sent": r.Sent, "got": r.Got, "files": r.Files, "bytes_sent": link.Sent, "bytes_got": link.Got, "seconds": time.Since(start).Seconds(), "ahead_s": r.Ahead.Seconds(), "program": r.Program, "faults": faults, "release": r.Release, "peak_rss_mb": bench.Peak("self")})
	}
	if r.Same {
		fmt.Println("both hold the same already")
	} else {
		fmt.Printf("sent %d facts, got %d, %d files, %d bytes in %s\n", r.Sent, r.Got, r.Files, link.Sent+link.Got, time.Since(start).Round(time.Millisecond))
	}
	if r.Release != "" {
		fmt.Printf("tizi %s came; take it in with: tizi upgrade apply --data %s\n", r.Release, c.Data)
	}
	for what, fault := range map[string]error{"a release did not come": r.ReleaseFault, "the backup was not left with headquarters": r.BackupFault} {
		if fault != nil {
			fmt.Printf("%s, and goes on with the next exchange: %v\n", what, fault)
		}
	}
	for _, f := range faults {
		fmt.Println("  stopped:", f)
	}
	if r.Copied {
		fmt.Fprintln(os.Stderr, "Headquarters knows more, or other, facts of this box than it holds itself: this folder is a copy, or came back from a backup. Give it a key of its own: tizi pair renew --help")
	}
	if r.Revoked {
		return node.ErrRevoked
	}
	if len(faults) > 0 {
		return errors.New("some logs could not be brought over")
	}
	return nil
}

type bundleCmd struct {
	Export  bundleExportCmd  `cmd:"" help:"Write what the other node lacks into a file, sealed for it."`
	Import  bundleImportCmd  `cmd:"" help:"Take such a file in, and write a receipt."`
	Receipt bundleReceiptCmd `cmd:"" help:"Take a receipt, so that the next bundle is smaller."`
}

type bundleExportCmd struct {
	place
	File string `arg:"" help:"The file to write; it must not be there yet." type:"path"`
	To   string `help:"The node it is for, as tizi status names it; on a box, headquarters unless you say." placeholder:"NODE"`
	JSON bool   `help:"Print what is in it as JSON."`
}

// Help gives an example.
func (bundleExportCmd) Help() string {
	return "Example:\n  tizi bundle export --data box stick/errachidia.tizi\n  tizi bundle export --data hub --to 34c057279f411316086baa198fa2934b stick/down.tizi"
}

func (c *bundleExportCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	var to id.ID
	if c.To != "" {
		if to, err = id.Parse(c.To); err != nil {
			return usageError{err}
		}
	} else if up, err := h.Nodes.Up(ctx, h.DB); err != nil {
		return err
	} else if up != nil {
		to = up.Node
	} else {
		return usageError{errors.New("say which node it is for: --to NODE, as tizi status names it")}
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	head, err := h.Nodes.Bundle(ctx, to, f)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		os.Remove(c.File) // half a bundle is none
		return err
	}
	if c.JSON {
		return printJSON(head)
	}
	fmt.Printf("%s has %d facts and %d files for node %s.\n", c.File, head.Facts, head.Files, to.Hex())
	return nil
}

type bundleImportCmd struct {
	place
	File    string `arg:"" help:"The bundle." type:"existingfile"`
	Receipt string `help:"Where to write the receipt; beside the bundle unless you say." type:"path" placeholder:"FILE"`
	JSON    bool   `help:"Print the receipt as JSON."`
}

// Help gives an example.
func (bundleImportCmd) Help() string {
	return "A bundle that is damaged or cut short is refused whole.\n\nExample:\n  tizi bundle import --data hub stick/errachidia.tizi"
}

func (c *bundleImportCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	r, faults, err := h.TakeBundle(ctx, f)
	if err != nil {
		return err
	}
	if c.Receipt == "" {
		c.Receipt = c.File + ".receipt"
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Receipt, append(b, '\n'), 0o600); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"added": r.Added, "receipt": c.Receipt, "faults": len(faults)})
	}
	fmt.Printf("%d facts were new. Carry %s back.\n", r.Added, c.Receipt)
	for _, f := range faults {
		fmt.Printf("  stopped: %s of node %s: %s\n", f.Stream, f.Node.Hex(), f.Fault)
	}
	if len(faults) > 0 {
		return errors.New("some logs could not be brought over")
	}
	return nil
}

type bundleReceiptCmd struct {
	place
	File string `arg:"" help:"The receipt." type:"existingfile"`
}

// Help gives an example.
func (bundleReceiptCmd) Help() string {
	return "Example:\n  tizi bundle receipt --data box stick/errachidia.tizi.receipt"
}

func (c *bundleReceiptCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	b, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	r, err := h.Nodes.Confirm(ctx, b)
	if err != nil {
		return err
	}
	fmt.Printf("Node %s has taken the bundle in.\n", r.From.Hex())
	return nil
}
