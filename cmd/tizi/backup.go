package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tizi/internal/backup"
	"tizi/internal/house"
)

type backupCmd struct {
	Now   backupNowCmd   `cmd:"" default:"withargs" help:"Save the node into a folder, encrypted."`
	Key   backupKeyCmd   `cmd:"" help:"Print a key that opens backups from now on; nobody can show it again."`
	List  backupListCmd  `cmd:"" help:"List the backups of a folder."`
	Leave backupLeaveCmd `cmd:"" help:"Save the node for headquarters, which keeps it; it goes with the next exchange."`
	Kept  backupKeptCmd  `cmd:"" help:"List the backups that boxes left here, or take those of one out."`
	Drill backupDrillCmd `cmd:"" help:"Restore a backup beside, prove that it is whole, and take it away again."`
}

type backupNowCmd struct {
	place
	To       string `help:"The folder for backups: of another disk, or a stick." required:"" type:"existingdir" placeholder:"DIR"`
	SameDisk bool   `help:"Also where that folder lies on the disk of the node."`
	JSON     bool   `help:"Print the result as JSON."`
}

// Help gives an example.
func (backupNowCmd) Help() string {
	return "Example:\n  tizi backup --data /var/lib/tizi --to /media/stick"
}

func (c *backupNowCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	h.Nodes.Program = version
	made, err := h.Backup(ctx, house.BackupOptions{To: c.To, SameDisk: c.SameDisk})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(made)
	}
	fmt.Printf("%d rows and %d new files in %.1f MB\n  %s\n  %s (for 35 days)\n", made.Rows, made.Blobs, float64(made.Bytes)/1e6, made.Data, made.Keys)
	return nil
}

type backupLeaveCmd struct{ place }

func (c *backupLeaveCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	up, err := h.Nodes.Up(ctx, h.DB)
	if err != nil {
		return err
	}
	if up == nil {
		return errors.New("this node calls no other that could keep its backup; save it onto a stick: tizi backup --to DIR")
	}
	h.Nodes.Program = version
	if err := h.Leave(ctx); err != nil {
		return err
	}
	fmt.Println("saved; it goes to headquarters with the next exchange (tizi sync)")
	return nil
}

type backupKeptCmd struct {
	place
	Node string `help:"Of which node: the beginning of its name, or what the network page calls it." placeholder:"NAME"`
	To   string `help:"Copy them into this folder, of a stick." type:"existingdir" placeholder:"DIR"`
	JSON bool   `help:"Print the list as JSON."`
}

// Help gives an example.
func (backupKeptCmd) Help() string {
	return "They are sealed for the sheet of the box: nobody here reads them.\n\nExample:\n  tizi backup kept --data hub --node MA-ERR-MJ1 --to /media/stick\n  tizi restore --data /var/lib/tizi --from /media/stick --key-file sheet.txt"
}

// keptOf is what a box left.
type keptOf struct {
	Node    string           `json:"node"`
	Name    string           `json:"name"`
	Folder  string           `json:"folder"`
	Backups []backup.Archive `json:"backups"`
}

func (c *backupKeptCmd) Run(ctx context.Context) error {
	if c.To != "" && c.Node == "" {
		return usageError{errors.New("--to goes with --node")}
	}
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	out := []keptOf{}
	for _, g := range h.Log.Grantees() {
		if c.Node != "" && g.Name != c.Node && !strings.HasPrefix(g.Node.Hex(), c.Node) {
			continue
		}
		all, err := h.Kept.List(g.Node)
		if err != nil {
			return err
		}
		if len(all) > 0 {
			out = append(out, keptOf{g.Node.Hex(), g.Name, h.Kept.Of(g.Node), all})
		}
	}
	if c.Node != "" && len(out) == 0 {
		return fmt.Errorf("%w: nothing of %s is kept here", backup.ErrNone, c.Node)
	}
	if c.To != "" {
		for _, k := range out {
			if err := os.CopyFS(filepath.Join(c.To, filepath.Base(k.Folder)), os.DirFS(k.Folder)); err != nil {
				return err
			}
		}
	}
	if c.JSON {
		return printJSON(out)
	}
	for _, k := range out {
		for _, a := range k.Backups {
			fmt.Printf("%s  %s  %s\n", a.At.Local().Format("2006-01-02 15:04"), k.Node[:16], k.Name)
		}
	}
	return nil
}

type backupKeyCmd struct {
	place
}

// Help gives an example.
func (backupKeyCmd) Help() string {
	return "A box that is paired has one already: its recovery key.\n\nExample:\n  tizi backup key --data /var/lib/tizi"
}

func (c *backupKeyCmd) Run(ctx context.Context) error {
	if !house.Exists(c.Data) {
		return house.ErrNoNode
	}
	sheet, err := backup.PrintKey(c.Data, "printed on "+time.Now().Format(time.DateOnly))
	if err != nil {
		return err
	}
	fmt.Printf("%s\nWrite it down, or print it, and keep it elsewhere than the node: without it no backup can be opened.\n", sheet)
	return nil
}

type backupListCmd struct {
	From string `arg:"" help:"The folder of backups." type:"existingdir"`
	JSON bool   `help:"Print the list as JSON."`
}

func (c *backupListCmd) Run(ctx context.Context) error {
	all, err := backup.List(c.From)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("%w: %s (those of a node lie in a folder tizi-… within)", backup.ErrNone, c.From)
	}
	if c.JSON {
		return printJSON(all)
	}
	for _, a := range all {
		what := "data and keys"
		if a.Keys == "" {
			what = "data; its keys have ended"
		} else if a.Data == "" {
			what = "keys"
		}
		fmt.Printf("%s  %s\n", a.At.Local().Format("2006-01-02 15:04"), what)
	}
	return nil
}

// opener says which backup, and what opens it.
type opener struct {
	From    string `help:"The folder of backups." required:"" type:"existingdir" placeholder:"DIR"`
	Moment  string `help:"Which one, as in its name; without it the latest." placeholder:"20261127"`
	KeyFile string `help:"A file whose first line is the key on the sheet." required:"" type:"existingfile" placeholder:"FILE"`
	JSON    bool   `help:"Print the result as JSON."`
}

func (o opener) sheet() (string, error) {
	line, err := house.FirstLine(o.KeyFile)
	if err != nil {
		return "", usageError{err}
	}
	return line, nil
}

func (o opener) say(r *house.Restored) error {
	if o.JSON {
		return printJSON(r)
	}
	fmt.Printf("restored from %s, of %s\n  %d rows, %d files, %d keys destroyed of people erased since\n  all logs hashed again, their signatures checked, every figure derived again: %d facts, %d rows, no fault\n",
		r.From, r.At.Local().Format("2006-01-02 15:04"), r.Rows, r.Files, r.Erased, r.Checked.Facts, r.Checked.Rows)
	for _, d := range r.Damaged {
		fmt.Printf("  the file %s is damaged in the backup and did not come back\n", d)
	}
	return nil
}

type backupDrillCmd struct{ opener }

// Help gives an example.
func (backupDrillCmd) Help() string {
	return "Example:\n  tizi backup drill --from /media/stick --key-file sheet.txt"
}

func (c *backupDrillCmd) Run(ctx context.Context) error {
	sheet, err := c.sheet()
	if err != nil {
		return err
	}
	r, err := house.Drill(ctx, c.From, c.Moment, sheet)
	if err != nil {
		return err
	}
	return c.say(r)
}

type restoreCmd struct {
	place
	opener
}

// Help gives an example.
func (restoreCmd) Help() string {
	return "Example:\n  tizi restore --data /var/lib/tizi --from /media/stick --key-file sheet.txt\n  tizi restore --data hub --db postgres://… --from /backup --key-file sheet.txt"
}

func (c *restoreCmd) Run(ctx context.Context) error {
	sheet, err := c.sheet()
	if err != nil {
		return err
	}
	r, err := house.Restore(ctx, c.config(), c.From, c.Moment, sheet)
	if err != nil {
		return err
	}
	if err := c.say(r); err != nil || c.JSON || r.Node == r.Was {
		return err
	}
	fmt.Printf("\nIt has a key of its own now, and writes nothing that counts until headquarters knows it:\n  with a link:     tizi pair replace, at headquarters (see docs/nodes.md)\n  without a link:  tizi pair recover --data %s\n", c.Data)
	return nil
}
