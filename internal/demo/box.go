package demo

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/person"
)

// beside asks a node in the same process.
type beside struct {
	hub  *house.House
	from id.ID
}

// Ask implements node.Link.
func (b beside) Ask(ctx context.Context, op string, body []byte) ([]byte, error) {
	return b.hub.Nodes.Serve(ctx, b.from, op, bytes.Clone(body))
}

// Box makes the box of the centre of the players, paired with headquarters, and brings over what it may hold: from then on it
// works with the link or without.
func Box(ctx context.Context, hub *house.House, c house.Config) (*house.House, error) {
	box, err := house.Create(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := join(ctx, hub, box); err != nil {
		box.Close()
		return nil, fmt.Errorf("demo, the box: %w", err)
	}
	return box, os.WriteFile(filepath.Join(c.Dir, house.DemoFile), nil, 0o600)
}

func join(ctx context.Context, hub, box *house.House) error {
	centre, err := hub.Centre(ctx, played)
	if err != nil {
		return err
	}
	code, invite, err := hub.Nodes.Invite(ctx, id.Nil, centre.Code, person.Stream(centre.ID))
	if err != nil {
		return err
	}
	ask := box.Nodes.Asking(code)
	answer, err := hub.Nodes.Answer(ctx, ask)
	if err != nil {
		return err
	}
	number := node.Number(ask.Code, ask, answer)
	if _, err := hub.Nodes.Accept(ctx, id.Nil, invite, number); err != nil {
		return err
	}
	if err := box.Nodes.Join(ctx, "", answer, number, number); err != nil {
		return err
	}
	up, err := box.Nodes.Up(ctx, box.DB)
	if err != nil {
		return err
	}
	_, err = box.Exchange(ctx, *up, beside{hub, box.Log.Node()}, nil)
	return err
}
