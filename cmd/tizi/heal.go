package main

import (
	"context"
	"errors"
	"fmt"

	"tizi/internal/api"
	"tizi/internal/house"
	"tizi/internal/node"
	"tizi/internal/seal"
)

type healCmd struct {
	place
	Link bool `help:"Ask headquarters for what cannot be read here." default:"true" negatable:""`
	JSON bool `help:"Print the result as JSON."`
}

// Help gives an example.
func (healCmd) Help() string {
	return "Stop the node first. What can be read goes into a new file, what is missing of the logs comes from headquarters, the rest is derived again. What neither has is named, and the damaged file is kept then.\n\nExample:\n  tizi heal --data /var/lib/tizi"
}

func (c *healCmd) Run(ctx context.Context) error {
	dial := func(own *seal.Identity, p node.Peer) node.Link { return api.Dial(own, p, p.Cap) }
	if !c.Link {
		dial = nil
	}
	r, err := house.Heal(ctx, c.config(), dial, progress("derived"))
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(r); err != nil {
			return err
		}
	} else {
		for _, d := range r.Damage {
			fmt.Println(" ", d)
		}
		if len(r.Damage) == 0 {
			fmt.Println("no page is damaged")
		} else {
			fmt.Printf("%d rows were read, %d facts came from headquarters\n", r.Rows, r.Mended)
		}
		for _, l := range r.Lost {
			fmt.Println("  lost:", l)
		}
		if r.Again {
			fmt.Println("The node has a key of its own now. Headquarters takes it in (tizi pair replace, see docs/nodes.md); then its page Network offers to say again what stands behind the facts that are lost.")
		}
		if r.Kept != "" {
			fmt.Printf("The damaged file is kept: %s. It holds names like the database; delete it when nobody needs it.\n", r.Kept)
		}
		for _, f := range r.Check.Faults {
			fmt.Println("  fault:", f)
		}
	}
	if len(r.Lost) > 0 || !r.Check.OK {
		return errors.New("not all came back; restore a backup where one has what is named")
	}
	if !c.JSON {
		fmt.Println("all is well")
	}
	return nil
}
