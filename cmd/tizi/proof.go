package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

type proofCmd struct {
	Export proofExportCmd `cmd:"" help:"Write a file that proves a fact, or all facts about something, to whoever has no database."`
	Check  proofCheckCmd  `cmd:"" help:"Prove such a file, on any machine; no node is needed."`
}

type proofExportCmd struct {
	place
	File    string `arg:"" help:"The file to write; it must not be there yet." type:"path"`
	Fact    string `help:"The fact, as stream:node:number." placeholder:"FACT" xor:"what" required:""`
	Subject string `help:"The id of a record, a group or a session: all facts about it that count." placeholder:"ID" xor:"what" required:""`
	JSON    bool   `help:"Print what is in it as JSON."`
}

// Help gives an example.
func (proofExportCmd) Help() string {
	return "The file has the exact bytes of each fact, the proof that it stands in its node's signed log, who saw that log and when, and the grants by which the node might write it. What identifies a person stays sealed in it; the rest, ids too, can be read by whoever has the file.\n\nExample:\n  tizi proof export --data hub --subject 0198f2a0-0000-7000-8000-000000000001 record.proof"
}

func (c *proofExportCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	var facts []*fact.Fact
	if c.Fact != "" {
		ref, err := fact.ParseRef(c.Fact)
		if err != nil {
			return usageError{err}
		}
		err = h.Log.Facts(ctx, h.DB, "stream IN (SELECT id FROM fact_stream WHERE name = ?) AND node IN (SELECT id FROM fact_node WHERE node = ?) AND seq = ?", store.Args(ref.Stream, ref.Node, int64(ref.Seq)), func(f *fact.Fact) error {
			facts = append(facts, f)
			return nil
		})
		if err != nil {
			return err
		}
	} else {
		v, err := id.Parse(c.Subject)
		if err != nil {
			return usageError{err}
		}
		if facts, err = h.Log.Of(ctx, h.DB, v); err != nil {
			return err
		}
		facts = slices.DeleteFunc(facts, func(f *fact.Fact) bool { return f.State() != fact.Effective })
	}
	if len(facts) == 0 {
		return errors.New("this node holds no such fact")
	}
	b, err := h.Log.ProveFacts(ctx, h.DB, facts)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(c.File) // half a proof is none
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"file": c.File, "facts": len(facts), "root": h.Log.Root().Hex()})
	}
	fmt.Printf("%s proves %d facts. Anywhere, with the name of headquarters that the reader has from elsewhere:\n  tizi proof check %s --root %s\n", c.File, len(facts), c.File, h.Log.Root().Hex())
	return nil
}

type proofCheckCmd struct {
	File string `arg:"" help:"The file." type:"existingfile"`
	Root string `help:"The headquarters that the reader trusts, as tizi status names it there: says which facts its nodes might write." placeholder:"NODE"`
	JSON bool   `help:"Print what is proved as JSON."`
}

// Help gives an example.
func (proofCheckCmd) Help() string {
	return "Exit status 1 where anything in the file is not proved, or with --root where a fact was not granted. That a grant was revoked later a file may keep silent about.\n\nExample:\n  tizi proof check record.proof --root 34c057279f411316086baa198fa2934b --json"
}

// provedFact is a fact as tizi proof check prints it.
type provedFact struct {
	Fact    string            `json:"fact"`
	Kind    string            `json:"kind"`
	Subject string            `json:"subject"`
	Node    string            `json:"node"`
	Name    string            `json:"name,omitempty"`
	Clock   string            `json:"clock"`          // what its node's clock showed
	Seen    map[string]string `json:"seen,omitempty"` // by whom, and by when it had been written
	Granted *bool             `json:"granted,omitempty"`
	Body    string            `json:"body"`
}

func (c *proofCheckCmd) Run() error {
	var root id.ID
	var err error
	if c.Root != "" {
		if root, err = id.Parse(c.Root); err != nil {
			return usageError{err}
		}
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, fact.MaxProof+1))
	if err != nil {
		return err
	}
	proved, err := fact.CheckProof(b, root)
	if err != nil {
		return err
	}
	all := true
	out := make([]provedFact, len(proved))
	for i, p := range proved {
		x := provedFact{Fact: p.Ref().String(), Kind: p.Kind, Subject: p.Subject.String(), Node: p.Node.Hex(), Name: p.Name, Clock: p.HLC.Wall().UTC().Format(time.RFC3339), Body: string(p.Body)}
		for by, at := range p.Seen {
			if x.Seen == nil {
				x.Seen = map[string]string{}
			}
			x.Seen[by.Hex()] = at.UTC().Format(time.RFC3339)
		}
		if !root.IsNil() {
			x.Granted = &p.Granted
			all = all && p.Granted
		}
		out[i] = x
	}
	if c.JSON {
		if err := printJSON(map[string]any{"ok": all, "facts": out}); err != nil {
			return err
		}
	} else {
		for _, x := range out {
			fmt.Printf("%s %s\n  signed by node %s %s, whose clock showed %s\n", x.Fact, x.Kind, x.Node, x.Name, x.Clock)
			for by, at := range x.Seen {
				fmt.Printf("  written before %s, signs node %s\n", at, by)
			}
			if x.Granted != nil && !*x.Granted {
				fmt.Printf("  NOT granted by headquarters %s\n", root.Hex())
			}
			fmt.Printf("  %s\n", x.Body)
		}
	}
	if !all {
		return errors.New("a fact was written by a node that this headquarters had not let write it, as far as the file says")
	}
	return nil
}
