// Command tizi is a Tizi node: a box in a centre, a region's hub, the national hub.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by make build.
var version = "dev"

// Exit statuses: 1 the program said no, 2 it was misused.
const (
	exitNo     = 1
	exitMisuse = 2
)

// place says where a node lives; every command that touches one has it.
type place struct {
	Data string `help:"The node's data folder." default:"data" env:"TIZI_DATA" type:"path" placeholder:"DIR"`
	DB   string `help:"The address of a PostgreSQL database, where the node is on one." env:"TIZI_DB" placeholder:"postgres://…"`
	// ReleaseKey is a file; the keys in it are trusted beside the one that was built in.
	ReleaseKey trusted `help:"A file with keys that releases are signed with." env:"TIZI_RELEASE_KEY" placeholder:"FILE"`
	// Unlock is read by house.Open.
	Unlock string `help:"Where the disk is encrypted: a file whose first line is its passphrase, or the letters of its card." env:"TIZI_UNLOCK" type:"path" placeholder:"FILE"`
}

type cli struct {
	Demo       demoCmd       `cmd:"" help:"Show Tizi with a simulated national programme; nothing to set up."`
	Init       initCmd       `cmd:"" help:"Make a new node in a folder."`
	Serve      serveCmd      `cmd:"" help:"Serve the node's pages."`
	Launch     launchCmd     `cmd:"" help:"Serve with the newest program that was taken in, and take in another."`
	Upgrade    upgradeCmd    `cmd:"" help:"Run a newer program, or the earlier one again."`
	Release    releaseCmd    `cmd:"" help:"Sign programs, and give them to nodes."`
	Pair       pairCmd       `cmd:"" help:"Pair a centre's box with headquarters."`
	Sync       syncCmd       `cmd:"" help:"Exchange with headquarters now."`
	Bundle     bundleCmd     `cmd:"" help:"Exchange by a stick or a telephone."`
	Proof      proofCmd      `cmd:"" help:"Prove facts to others, and what others prove."`
	Import     importCmd     `cmd:"" help:"Take people, places, courses or frameworks from a file."`
	Course     courseCmd     `cmd:"" help:"Begin, check and give out courses."`
	Backup     backupCmd     `cmd:"" help:"Save the node, encrypted; try whether a backup can be restored."`
	Restore    restoreCmd    `cmd:"" help:"Make a node out of a backup."`
	Encrypt    encryptCmd    `cmd:"" help:"Encrypt a node's folder."`
	Unlock     unlockCmd     `cmd:"" help:"Unlock a box that serves and waits for it."`
	Lock       lockCmd       `cmd:"" help:"Change what unlocks an encrypted folder."`
	Check      checkCmd      `cmd:"" help:"Prove that the node's logs are whole and that every screen's figures follow from them."`
	Heal       healCmd       `cmd:"" help:"Make a whole database out of a damaged one, with what headquarters has."`
	Rebuild    rebuildCmd    `cmd:"" help:"Derive all tables again from the facts."`
	Status     statusCmd     `cmd:"" help:"Say what this node holds."`
	Passphrase passphraseCmd `cmd:"" help:"Give somebody who signs in a new passphrase."`
	Renew      renewCmd      `cmd:"" help:"Renew the roles of somebody who signs in, before or after they ran out."`
	Simulate   simulateCmd   `cmd:"" help:"Play nodes against everything that goes wrong between them."`
	Bench      benchCmd      `cmd:"" help:"Measure this machine with real facts and real pages."`
	XAPI       xapiCmd       `cmd:"" name:"xapi" help:"The learning record store: keys of tools, and who is erased."`
	Version    versionCmd    `cmd:"" help:"Say which version this is."`
}

type versionCmd struct{}

func (versionCmd) Run() error {
	fmt.Println("tizi", version)
	return nil
}

// usageError is a misuse that the flags alone do not show.
type usageError struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	parser, err := kong.New(&c, kong.Name("tizi"), kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Description("Tizi runs digital-skills and AI training programmes, from one centre without internet to a whole country.\n\nTry it:  tizi demo"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "tizi:", err)
		os.Exit(exitMisuse)
	}
	k, err := parser.Parse(os.Args[1:])
	if err != nil {
		var pe *kong.ParseError
		if errors.As(err, &pe) {
			fmt.Fprintf(os.Stderr, "tizi: %v\nSee: tizi --help\n", err)
		}
		os.Exit(exitMisuse)
	}
	err = become(k)
	if err == nil {
		err = k.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tizi:", err)
		var u usageError
		if errors.As(err, &u) {
			os.Exit(exitMisuse)
		}
		os.Exit(exitNo)
	}
}
