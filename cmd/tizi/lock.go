package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"tizi/internal/api"
	"tizi/internal/house"
	"tizi/internal/machine"
	"tizi/internal/node"
	"tizi/internal/vault"
	"tizi/internal/web"
)

type encryptCmd struct {
	place
	JSON bool `help:"Print the result as JSON."`
}

// Help gives an example.
func (encryptCmd) Help() string {
	return "Stop the node first. --unlock names a file whose first line is a passphrase of 12 characters or more, which opens the disk from then on. A card is printed that opens it too. What was cut off goes on when it is done again. What lay on the disk before is written over; a memory card or an SSD may keep some of it all the same: see docs/box.md.\n\nExample:\n  tizi encrypt --data /var/lib/tizi --unlock /media/stick/pass.txt"
}

func (c *encryptCmd) Run(ctx context.Context) error {
	if c.Unlock == "" {
		return usageError{errors.New("--unlock FILE: give a file whose first line is a passphrase for the disk")}
	}
	pass, err := house.FirstLine(c.Unlock)
	if err != nil {
		return usageError{err}
	}
	card, err := house.Encrypt(ctx, c.config(), pass, func(what string) {
		if onTerminal() {
			fmt.Fprintln(os.Stderr, "encrypting", what, "…")
		}
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"data": c.Data, "card": card})
	}
	fmt.Printf("%s is encrypted.\n", c.Data)
	sayCard(card)
	return nil
}

func sayCard(card string) {
	fmt.Printf("The card that opens it too:\n  %s\nWrite it down, or print it, and keep it elsewhere than the box: nobody can show it again.\n", card)
}

type lockCmd struct {
	Passphrase lockPassphraseCmd `cmd:"" help:"Change the passphrase of the disk; the one before ends."`
	Card       lockCardCmd       `cmd:"" help:"Make a new card that opens the disk; the one before ends."`
	Hub        lockHubCmd        `cmd:"" help:"Say whether headquarters opens the disk when the box starts."`
}

// vault opens the lock of the folder with --unlock.
func (p place) vault() (*vault.Vault, error) {
	if !house.Encrypted(p.Data) {
		return nil, fmt.Errorf("%s is not encrypted; encrypt it with: tizi encrypt --data %s --unlock FILE", p.Data, p.Data)
	}
	if p.Unlock == "" {
		return nil, usageError{errors.New("--unlock FILE: give a file whose first line is the passphrase of the disk, or the letters of its card")}
	}
	typed, err := house.FirstLine(p.Unlock)
	if err != nil {
		return nil, usageError{err}
	}
	v, err := house.LoadLock(p.Data)
	if err != nil {
		return nil, err
	}
	if err := v.Open(typed); err != nil {
		return nil, fmt.Errorf("what stands in %s is %w", p.Unlock, err)
	}
	return v, nil
}

type lockPassphraseCmd struct {
	place
	New string `help:"A file whose first line is the new passphrase." required:"" type:"existingfile" placeholder:"FILE"`
}

// Help gives an example.
func (lockPassphraseCmd) Help() string {
	return "Where the passphrase was forgotten, --unlock takes the card.\n\nExample:\n  tizi lock passphrase --data /var/lib/tizi --unlock card.txt --new pass.txt"
}

func (c *lockPassphraseCmd) Run() error {
	v, err := c.vault()
	if err != nil {
		return err
	}
	pass, err := house.FirstLine(c.New)
	if err != nil {
		return usageError{err}
	}
	if err := v.SetPassphrase(pass); errors.Is(err, vault.ErrShort) {
		return usageError{fmt.Errorf("%s: %w", c.New, err)}
	} else if err != nil {
		return err
	}
	fmt.Println("The disk has a new passphrase. The one before opens it no more.")
	return nil
}

type lockCardCmd struct {
	place
	JSON bool `help:"Print the card as JSON."`
}

// Help gives an example.
func (lockCardCmd) Help() string {
	return "The page Health of the box, Disk, makes one with a QR.\n\nExample:\n  tizi lock card --data /var/lib/tizi --unlock pass.txt"
}

func (c *lockCardCmd) Run() error {
	v, err := c.vault()
	if err != nil {
		return err
	}
	card, err := v.NewCard()
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"card": card})
	}
	sayCard(card)
	return nil
}

type lockHubCmd struct {
	place
	Opens bool `help:"Whether headquarters opens the disk." default:"true" negatable:""`
}

// Help gives an example.
func (lockHubCmd) Help() string {
	return "Without it, a box that starts waits for its passphrase or its card, also where the link is up.\n\nExample:\n  tizi lock hub --no-opens --data /var/lib/tizi --unlock pass.txt"
}

func (c *lockHubCmd) Run() error {
	v, err := c.vault()
	if err != nil {
		return err
	}
	if err := v.SetAlone(!c.Opens); err != nil {
		return err
	}
	if c.Opens {
		fmt.Println("After the next exchange headquarters opens the disk when the box starts.")
	} else {
		fmt.Println("Headquarters opens the disk no more.")
	}
	return nil
}

type unlockCmd struct {
	place
	At   string `help:"Where the box serves." default:"http://localhost:8080" placeholder:"URL"`
	JSON bool   `help:"Print the result as JSON."`
}

// Help gives an example.
func (unlockCmd) Help() string {
	return "Opens a box that serves and waits to be unlocked; its page does the same.\n\nExample:\n  tizi unlock --unlock pass.txt --at http://localhost"
}

func (c *unlockCmd) Run(ctx context.Context) error {
	if c.Unlock == "" {
		return usageError{errors.New("--unlock FILE: give a file whose first line is the passphrase of the disk, or the letters of its card")}
	}
	typed, err := house.FirstLine(c.Unlock)
	if err != nil {
		return usageError{err}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.At, "/")+web.UnlockPath, strings.NewReader(url.Values{"secret": {typed}}.Encode()))
	if err != nil {
		return usageError{err}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("no box answers at %s; say where it serves with --at: %w", c.At, err)
	}
	defer res.Body.Close()
	var said web.Unlocked
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	if err != nil || json.Unmarshal(b, &said) != nil {
		return fmt.Errorf("the box at %s is not locked", c.At)
	}
	if c.JSON {
		if err := printJSON(said); err != nil {
			return err
		}
	}
	switch {
	case said.Opened:
		if !c.JSON {
			fmt.Println("The box is unlocked; it serves in a moment.")
		}
		return nil
	case said.Wait > 0:
		return fmt.Errorf("too many tries: wait %d seconds", said.Wait)
	}
	return fmt.Errorf("what stands in %s is %w", c.Unlock, vault.ErrWrong)
}

// askEvery is how long a locked box waits between questions to headquarters: at first, at most.
const (
	askFirst = 5 * time.Second
	askEvery = 5 * time.Minute
)

// unlock opens the disk of an encrypted folder: with --unlock, or by headquarters, or by who comes to the page that is all that is
// served until then. It returns nil when the context ends before.
func (c *serveCmd) unlock(ctx context.Context) (*vault.Vault, error) {
	v, err := house.LoadLock(c.Data)
	if err != nil {
		return nil, err
	}
	if c.Unlock != "" {
		typed, err := house.FirstLine(c.Unlock)
		if err == nil {
			err = v.Open(typed)
		}
		if err == nil {
			return v, nil
		}
		fmt.Fprintf(os.Stderr, "%s does not unlock the disk: %v\n", c.Unlock, err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	opened := make(chan struct{}, 2)
	done := func() {
		select {
		case opened <- struct{}{}:
		default:
		}
	}
	var hub atomic.Value
	hub.Store(web.HubNone)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	asking := make(chan struct{})
	go func() {
		defer close(asking)
		if ask(ctx, v, log, func(s web.HubState) { hub.Store(s) }) {
			done()
		}
	}()
	defer func() {
		stop()
		<-asking
	}()
	config, https, err := c.secure.open(c.Data, machine.Open(c.Data, nil).Now)
	if err != nil {
		return nil, err
	}
	page, err := web.Locked(web.LockedOptions{Lock: v, HTTPS: https, Proxy: c.Proxy, Log: log, Opened: done, Hub: func() web.HubState { return hub.Load().(web.HubState) }})
	if err != nil {
		return nil, err
	}
	at := doors{tls: config}
	if at.plain, err = c.listener(); err != nil {
		return nil, err
	}
	if https != nil {
		if at.safe, err = (listen{c.HTTPS}).listener(); err != nil {
			at.plain.Close()
			return nil, err
		}
	}
	s := &http.Server{Handler: page, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, MaxHeaderBytes: 64 << 10, TLSConfig: at.tls, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	errs := make(chan error, 2)
	go func() { errs <- s.Serve(at.plain) }()
	if at.safe != nil {
		go func() { errs <- s.ServeTLS(at.safe, "", "") }()
	}
	fmt.Fprintf(os.Stderr, "The disk is locked. Unlock it at %s\n", address(at.plain))
	select {
	case err := <-errs:
		s.Close()
		return nil, err
	case <-ctx.Done():
		return nil, s.Close()
	case <-opened:
	}
	end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if s.Shutdown(end) != nil {
		s.Close()
	}
	return v, nil
}

// ask asks headquarters for the half of the key until it gives it.
func ask(ctx context.Context, v *vault.Vault, log *slog.Logger, say func(web.HubState)) bool {
	h := v.Hub()
	if h == nil {
		return false
	}
	link := api.Dial(h.Ask, h.Peer, 0)
	for wait := askFirst; ; wait = min(2*wait, askEvery) {
		say(web.HubAsked)
		once, cancel := context.WithTimeout(ctx, time.Minute)
		half, err := node.Fetch(once, link)
		cancel()
		if err == nil {
			err = v.OpenWith(half)
		}
		switch {
		case err == nil:
			log.Info("headquarters unlocked the disk")
			return true
		case ctx.Err() != nil:
			return false
		case errors.Is(err, node.ErrRevoked):
			say(web.HubRefused)
		case errors.Is(err, node.ErrStranger), errors.Is(err, vault.ErrHalf):
			v.Forgotten()
			say(web.HubSilent)
		default:
			say(web.HubSilent)
		}
		log.Warn("headquarters did not unlock the disk", "err", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}
