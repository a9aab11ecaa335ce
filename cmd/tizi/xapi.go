package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/house"
	"tizi/internal/id"
	centres "tizi/internal/place"
	"tizi/internal/record"
	"tizi/internal/statement"
)

type xapiCmd struct {
	Key    xapiKeyCmd    `cmd:"" help:"Make, list and revoke the keys that tools come with."`
	Forget xapiForgetCmd `cmd:"" help:"Erase somebody of outside, of whom a tool spoke."`
}

type xapiKeyCmd struct {
	Make   xapiKeyMakeCmd   `cmd:"" help:"Make a key for a tool. Its secret is shown once."`
	List   xapiKeyListCmd   `cmd:"" help:"List the keys."`
	Revoke xapiKeyRevokeCmd `cmd:"" help:"Revoke a key. What its tool sent stays."`
}

type xapiKeyMakeCmd struct {
	place
	Name   string   `arg:"" help:"Whose key it is."`
	Centre string   `help:"The code of the centre whose records the tool writes and reads." required:"" placeholder:"CODE"`
	May    []string `help:"What the tool may do: statements/write, statements/read/mine, statements/read, state or all." default:"statements/write,statements/read/mine,state" placeholder:"WHAT"`
	JSON   bool     `help:"Print one JSON object."`
}

func (xapiKeyMakeCmd) Help() string {
	return "Example:\n  tizi xapi key make \"Moodle of the academy\" --centre MA-ERR-MJ1 --may statements/write"
}

// centreOf opens the node and finds the centre of a code.
func (p place) centreOf(ctx context.Context, code string) (*house.House, *centres.Place, error) {
	h, err := p.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	c, err := h.Centre(ctx, code)
	if err == nil && c.Type != "centre" {
		err = fmt.Errorf("%s is a %s; records belong to a centre", c.Code, c.Type)
	}
	if err != nil {
		return nil, nil, errors.Join(usageError{fmt.Errorf("--centre: %w; see the codes with: tizi status", err)}, h.Close())
	}
	return h, c, nil
}

// Run makes the key.
func (c *xapiKeyMakeCmd) Run(ctx context.Context) error {
	h, centre, err := c.centreOf(ctx, c.Centre)
	if err != nil {
		return err
	}
	defer h.Close()
	var grants []record.Grant
	for _, g := range c.May {
		grants = append(grants, record.Grant(g))
	}
	k, secret, err := h.Records.MakeKey(ctx, id.Nil, centre.ID, c.Name, grants)
	if errors.Is(err, record.ErrGrants) || errors.Is(err, record.ErrKeyName) {
		return usageError{fmt.Errorf("%w: --may has statements/write, statements/read/mine, statements/read, state or all", err)}
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"key": k.ID, "secret": secret, "centre": centre.Code, "may": k.Grants})
	}
	fmt.Printf("Key:    %s\nSecret: %s\n\nThe secret is not kept here: copy it now. The address is that of this node, with /xapi behind it.\n", k.ID, secret)
	return nil
}

type xapiKeyListCmd struct {
	place
	JSON bool `help:"Print one JSON array."`
}

// Run lists the keys.
func (c *xapiKeyListCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	keys, err := h.Records.Keys(ctx, h.DB, access.Everywhere())
	if err != nil {
		return err
	}
	tree, err := h.Places.Tree(ctx, h.DB)
	if err != nil {
		return err
	}
	type line struct {
		Key     id.ID          `json:"key"`
		Name    string         `json:"name"`
		Centre  string         `json:"centre"`
		May     []record.Grant `json:"may"`
		Made    time.Time      `json:"made"`
		Revoked *time.Time     `json:"revoked,omitempty"`
	}
	out := []line{}
	for _, k := range keys {
		l := line{Key: k.ID, Name: k.Name, May: k.Grants, Made: k.Made}
		if p := tree.Get(k.Centre); p != nil {
			l.Centre = p.Code
		}
		if !k.Revoked.IsZero() {
			l.Revoked = &k.Revoked
		}
		out = append(out, l)
	}
	if c.JSON {
		return printJSON(out)
	}
	for _, l := range out {
		var may []string
		for _, g := range l.May {
			may = append(may, string(g))
		}
		state := ""
		if l.Revoked != nil {
			state = "  revoked " + l.Revoked.Format(time.DateOnly)
		}
		fmt.Printf("%s  %s  %s  %s%s\n", l.Key, l.Centre, l.Name, strings.Join(may, ","), state)
	}
	return nil
}

type xapiKeyRevokeCmd struct {
	place
	Key string `arg:"" help:"The key, as tizi xapi key list names it."`
}

// Run revokes the key.
func (c *xapiKeyRevokeCmd) Run(ctx context.Context) error {
	v, err := id.Parse(c.Key)
	if err != nil {
		return usageError{err}
	}
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := h.Records.RevokeKey(ctx, id.Nil, access.Everywhere(), v); err != nil {
		return fmt.Errorf("%w; see the keys with: tizi xapi key list", err)
	}
	fmt.Println("The key is revoked.")
	return nil
}

type xapiForgetCmd struct {
	place
	Agent  string `arg:"" help:"Who it is, as the tool says it, in JSON: {\"mbox\":\"mailto:amina@example.org\"}"`
	Centre string `help:"The code of the centre." required:"" placeholder:"CODE"`
	Reason string `help:"Why: asked or retention." enum:"asked,retention" default:"asked"`
}

// Run erases the agent.
func (c *xapiForgetCmd) Run(ctx context.Context) error {
	v, err := statement.Parse([]byte(c.Agent))
	if err == nil {
		err = statement.CheckAgent(v, "")
	}
	if err != nil {
		return usageError{fmt.Errorf("the agent: %w", err)}
	}
	h, centre, err := c.centreOf(ctx, c.Centre)
	if err != nil {
		return err
	}
	defer h.Close()
	n, err := h.Records.Forget(ctx, id.Nil, centre.ID, v, c.Reason)
	if err != nil {
		return err
	}
	if n == 0 {
		return errors.New("no tool has spoken of this agent here; nothing was changed")
	}
	fmt.Println("The key of this agent is destroyed. What was recorded stays, and names nobody.")
	return h.Purge(ctx)
}
