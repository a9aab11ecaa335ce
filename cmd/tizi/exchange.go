package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"tizi/internal/api"
	"tizi/internal/bench"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/node"
)

type pairCmd struct {
	Invite  pairInviteCmd  `cmd:"" help:"At headquarters: make a code for the box of a centre."`
	Join    pairJoinCmd    `cmd:"" help:"On the box: ask headquarters with the code."`
	Accept  pairAcceptCmd  `cmd:"" help:"At headquarters: let the box in whose number you were told."`
	List    pairListCmd    `cmd:"" help:"At headquarters: the codes that hold, and who asked."`
	Widen   pairWidenCmd   `cmd:"" help:"At headquarters: let a node hold another centre too, as a region's does."`
	Replace pairReplaceCmd `cmd:"" help:"At headquarters: make a code for the box that takes another's place."`
	Renew   pairRenewCmd   `cmd:"" help:"On the box: give it a key of its own, after its folder was copied or brought back from a backup."`
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
	code, _, err := h.Nodes.Invite(ctx, id.Nil, c.Name, streams...)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"code": code, "centre": codes[0], "centres": codes, "hours": int(node.InviteLife / time.Hour)})
	}
	fmt.Printf("The code is %s, for one box and %d hours. On the box:\n  tizi pair join --data DIR --hub ADDRESS --code %s\n", code, int(node.InviteLife/time.Hour), code)
	return nil
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
	if c.JSON {
		return printJSON(map[string]any{"number": number, "name": answer.Name, "joined": true})
	}
	fmt.Printf("This box calls %s now. When headquarters has accepted it:\n  tizi sync --data %s\n", c.Hub, c.Data)
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
		Until    string `json:"until"`
	}
	out := make([]invite, len(l))
	for i, v := range l {
		out[i] = invite{v.Name, v.Number, v.Accepted, v.Until.Format(time.RFC3339)}
	}
	if c.JSON {
		return printJSON(out)
	}
	for _, v := range out {
		switch {
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
		return printJSON(map[string]any{"same": r.Same, "sent": r.Sent, "got": r.Got, "files": r.Files, "bytes_sent": link.Sent, "bytes_got": link.Got, "seconds": time.Since(start).Seconds(), "ahead_s": r.Ahead.Seconds(), "program": r.Program, "faults": faults, "peak_rss_mb": bench.Peak("self")})
	}
	if r.Same {
		fmt.Println("both hold the same already")
	} else {
		fmt.Printf("sent %d facts, got %d, %d files, %d bytes in %s\n", r.Sent, r.Got, r.Files, link.Sent+link.Got, time.Since(start).Round(time.Millisecond))
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
