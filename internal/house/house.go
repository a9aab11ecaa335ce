// Package house builds a node: it puts the rooms together in their order and opens them on one data folder.
package house

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tizi/internal/access"
	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/training"
)

// Registry returns all kinds, folds and aggregates of Tizi.
func Registry() *fact.Registry {
	r := fact.NewRegistry()
	r.AddFold(place.Fold)
	for _, f := range access.Folds {
		r.AddFold(f)
	}
	for _, f := range programme.Folds {
		r.AddFold(f)
	}
	r.AddFold(person.Fold)
	for _, f := range training.Folds {
		r.AddFold(f)
	}
	r.AddAggregate(training.Sum)
	return r
}

// Config says where a node lives.
type Config struct {
	Dir string           // the data folder: the node's key, and the database unless URL says otherwise
	URL string           // a PostgreSQL address; "" for SQLite in Dir
	Now func() time.Time // nil: the machine's clock
	// Store overrides where the database is; tests use it.
	Store *store.Config
}

// House is an open node.
type House struct {
	Config     Config
	DB         *store.DB
	Log        *fact.Log
	Blobs      *blob.Store
	Places     *place.Places
	Access     *access.Access
	Programmes *programme.Programmes
	People     *person.People
	Training   *training.Training
}

// Errors of opening.
var (
	ErrNoNode = errors.New("there is no node in this folder; make one with: tizi init --data DIR --owner NAME --passphrase-file FILE")
	ErrExists = errors.New("there is a node in this folder already; nothing was changed")
)

// KeyFile is the name of the node's key in its folder.
const KeyFile = "node.key"

// BlobDir is the name of the folder of files.
const BlobDir = "blobs"

// DBFile is the name of the SQLite database in the folder.
const DBFile = "tizi.db"

// Exists reports whether a folder holds a node.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, KeyFile))
	return err == nil
}

// Create makes a new node in a folder, which is made when it is missing, and opens it.
func Create(ctx context.Context, c Config) (*House, error) {
	if Exists(c.Dir) {
		return nil, fmt.Errorf("%s: %w", c.Dir, ErrExists)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	// A database without its node's key is another node's, or the rest of one: never written to.
	if _, err := os.Stat(filepath.Join(c.Dir, DBFile)); err == nil && c.URL == "" && c.Store == nil {
		return nil, fmt.Errorf("%s holds a database but no %s; bring the key back from a backup, or choose another folder", c.Dir, KeyFile)
	}
	own, err := seal.NewIdentity()
	if err != nil {
		return nil, err
	}
	if err := own.Save(filepath.Join(c.Dir, KeyFile)); err != nil {
		return nil, err
	}
	return open(ctx, c, own)
}

// Open opens the node in a folder.
func Open(ctx context.Context, c Config) (*House, error) {
	own, err := seal.LoadIdentity(filepath.Join(c.Dir, KeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", c.Dir, ErrNoNode)
	}
	if err != nil {
		return nil, err
	}
	return open(ctx, c, own)
}

func open(ctx context.Context, c Config, own *seal.Identity) (*House, error) {
	sc := store.Config{Path: filepath.Join(c.Dir, DBFile), URL: c.URL}
	if c.Store != nil {
		sc = *c.Store
	}
	db, err := store.Open(ctx, sc)
	if err != nil {
		return nil, err
	}
	h, err := build(ctx, c, db, own)
	if err != nil {
		db.Close()
		return nil, err
	}
	return h, nil
}

func build(ctx context.Context, c Config, db *store.DB, own *seal.Identity) (*House, error) {
	for _, m := range []struct {
		room  string
		files fs.FS
	}{{"fact", fact.Schema()}, {"seal", seal.Schema()}, {"access", access.Schema()}} {
		if err := db.Migrate(ctx, m.room, m.files); err != nil {
			return nil, err
		}
	}
	l, err := fact.Open(ctx, db, own, Registry(), fact.NewClock(c.Now))
	if err != nil {
		return nil, err
	}
	h := &House{Config: c, DB: db, Log: l}
	if h.Blobs, err = blob.Open(filepath.Join(c.Dir, BlobDir)); err != nil {
		l.Close()
		return nil, err
	}
	h.Places = place.New(l)
	h.Access = access.New(l, h.Places)
	h.Programmes = programme.New(l)
	h.People = person.New(l)
	h.Training = training.New(l, h.People, h.Programmes)
	return h, nil
}

// Close ends the node; what was acknowledged is on the disk.
func (h *House) Close() error {
	h.Log.Close()
	return h.DB.Close()
}

// Today returns the civil date at the node, by its own clock and zone.
func (h *House) Today() string { return h.Log.Clock.Now().Format(time.DateOnly) }

// Report is what Check found.
type Report struct {
	*fact.Report
	Files int64 `json:"files"`
}

// Check proves that the logs are whole, that every derived row follows from them, and that every file is the one its
// digest names.
func (h *House) Check(ctx context.Context, progress func(done, total int64)) (*Report, error) {
	rep, err := h.Log.Check(ctx, progress)
	if err != nil {
		return nil, err
	}
	files, err := h.Blobs.Check(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range files.Damaged {
		rep.OK = false
		rep.Faults = append(rep.Faults, fmt.Sprintf("file %s is damaged or was altered", d))
	}
	return &Report{rep, files.Blobs}, nil
}
