// Package house builds a node: it puts the rooms together in their order and opens them on one data folder.
package house

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/agreement"
	"tizi/internal/audit"
	"tizi/internal/backup"
	"tizi/internal/blob"
	"tizi/internal/card"
	"tizi/internal/centre"
	"tizi/internal/consent"
	"tizi/internal/course"
	"tizi/internal/draft"
	"tizi/internal/fact"
	"tizi/internal/family"
	"tizi/internal/feedback"
	"tizi/internal/framework"
	"tizi/internal/id"
	"tizi/internal/lan"
	"tizi/internal/learner"
	"tizi/internal/look"
	"tizi/internal/machine"
	"tizi/internal/node"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/progress"
	"tizi/internal/record"
	"tizi/internal/release"
	"tizi/internal/retention"
	"tizi/internal/safeguard"
	"tizi/internal/seal"
	"tizi/internal/sms"
	"tizi/internal/store"
	"tizi/internal/teaching"
	"tizi/internal/training"
	"tizi/internal/vault"
	"tizi/internal/visit"
)

// Registry returns all kinds, folds and aggregates of Tizi.
func Registry() *fact.Registry {
	r := fact.NewRegistry()
	r.AddFold(place.Fold)
	r.AddFold(framework.Fold)
	for _, f := range course.Folds {
		r.AddFold(f)
	}
	for _, f := range access.Folds {
		r.AddFold(f)
	}
	for _, f := range centre.Folds {
		r.AddFold(f)
	}
	for _, f := range programme.Folds {
		r.AddFold(f)
	}
	for _, f := range agreement.Folds {
		r.AddFold(f)
	}
	r.AddFold(person.Fold)
	r.AddFold(person.EdgeFold)
	for _, f := range person.MoveFolds {
		r.AddFold(f)
	}
	for _, f := range consent.Folds {
		r.AddFold(f)
	}
	for _, f := range family.Folds {
		r.AddFold(f)
	}
	for _, f := range activity.Folds {
		r.AddFold(f)
	}
	for _, f := range feedback.Folds {
		r.AddFold(f)
	}
	for _, f := range training.Folds {
		r.AddFold(f)
	}
	for _, f := range record.Folds {
		r.AddFold(f)
	}
	for _, f := range teaching.Folds {
		r.AddFold(f)
	}
	for _, f := range safeguard.Folds {
		r.AddFold(f)
	}
	for _, f := range retention.Folds {
		r.AddFold(f)
	}
	r.AddFold(audit.Fold)
	r.AddAggregate(person.One) // before the sums that ask who is one
	r.AddAggregate(training.Sum)
	r.AddAggregate(training.SheetSum)
	r.AddAggregate(consent.Sum)
	r.AddAggregate(progress.Sum)
	r.AddAggregate(teaching.Sum) // after that of the works it reads
	return r
}

// Config says where a node lives.
type Config struct {
	Dir string           // the data folder: the node's key, and the database unless URL says otherwise
	URL string           // a PostgreSQL address; "" for SQLite in Dir
	Now func() time.Time // nil: the machine's clock
	// Backup is the folder that Keep saves the node into every night; "" for none.
	Backup string
	// Leave lets Keep save the node every night for the one that it calls, which keeps it.
	Leave bool
	// Keys are those that releases are signed with; without any the node takes none. Launched says that another program began this
	// one, and chooses (tizi launch).
	Keys     *release.Keys
	Launched bool
	// Store overrides where the database is; tests use it.
	Store *store.Config
	// Unlock is a file whose first line is the passphrase of the disk, or the letters of its card; "" where it is not encrypted.
	Unlock string
	// Lock, once it is open, has the key of the disk; nil: it is opened with Unlock where there is one.
	Lock *vault.Vault
}

// House is an open node.
type House struct {
	Config     Config
	DB         *store.DB
	Log        *fact.Log
	Blobs      *blob.Store
	Places     *place.Places
	Frameworks *framework.Frameworks
	Courses    *course.Courses
	Drafts     *draft.Drafts
	Access     *access.Access
	Centres    *centre.Centres
	Programmes *programme.Programmes
	Agreements *agreement.Agreements
	People     *person.People
	Consents   *consent.Consents
	Family     *family.Family
	Activities *activity.Activities
	Feedback   *feedback.Feedback
	Cards      *card.Cards
	Texts      *sms.Outbox
	Looks      *look.Looks
	Visits     *visit.Visits
	Audit      *audit.Audit
	Training   *training.Training
	Learners   *learner.Learners
	Records    *record.Records
	Progress   *progress.Progress
	Teaching   *teaching.Teaching
	Safeguard  *safeguard.Safeguard
	Retention  *retention.Retention
	Nodes      *node.Nodes
	Machine    *machine.Machine
	Releases   *release.Shelf
	Kept       *backup.Kept // backups that other nodes left here

	life context.Context // ends when Close begins
	end  context.CancelFunc
	work sync.WaitGroup // what Go began

	came     chan struct{} // another node has brought facts
	reviewed string        // the day of Keep's last review
	summed   string        // and that of its last summary
	failed   time.Time     // when Keep could not save the node
	leftAt   time.Time     // when it last tried to save it for the one that it calls

	inspected string // the day on which the pages of the database were read last

	mu        sync.Mutex              // guards what follows
	damage    []store.Damage          // pages that were damaged then
	saveFault error                   // of the last backup of the night
	files     map[id.ID][]blob.Digest // that go when a request which is being done is on the disk
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

// UploadDir is the name of the folder of lists that were uploaded and are looked at, hidden by keys in memory.
const UploadDir = "uploads"

// DBFile is the name of the SQLite database in the folder.
const DBFile = "tizi.db"

// DatabaseFile names the file that says where the node's database is: "sqlite" or "postgres", never an address.
const DatabaseFile = "database"

// DemoFile marks a folder whose node was simulated.
const DemoFile = "demo"

// Exists reports whether a folder holds a node.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, KeyFile))
	return err == nil
}

// Create makes a new node in a folder, which is made when it is missing, and opens it.
func Create(ctx context.Context, c Config) (*House, error) {
	if err := c.vacant(); err != nil {
		return nil, err
	}
	own, err := seal.NewIdentity()
	if err != nil {
		return nil, err
	}
	return create(ctx, c, own)
}

// vacant gets a folder ready in which no node is.
func (c *Config) vacant() error {
	if Exists(c.Dir) {
		return fmt.Errorf("%s: %w", c.Dir, ErrExists)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if err := c.unlock(); err != nil {
		return err
	}
	// A database without its node's key is another node's, or the rest of one: never written to.
	if _, err := os.Stat(filepath.Join(c.Dir, DBFile)); err == nil && c.URL == "" && c.Store == nil {
		return fmt.Errorf("%s holds a database but no %s; bring the key back from a backup, or choose another folder", c.Dir, KeyFile)
	}
	return nil
}

func create(ctx context.Context, c Config, own *seal.Identity) (*House, error) {
	if err := os.WriteFile(filepath.Join(c.Dir, DatabaseFile), []byte(c.engine()+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("make the node: %w", err)
	}
	if err := own.Save(filepath.Join(c.Dir, KeyFile), c.Lock.Hider(KeyFile)); err != nil {
		return nil, err
	}
	return open(ctx, c, own)
}

// Discard takes away half a node: one that was just made in a folder, and not to its end.
func Discard(dir string) {
	for _, f := range []string{KeyFile, DatabaseFile, DBFile, DBFile + "-wal", DBFile + "-shm", lan.File, machine.File} {
		os.Remove(filepath.Join(dir, f))
	}
	os.RemoveAll(filepath.Join(dir, BlobDir))
}

// engine is the engine that a configuration asks for.
func (c Config) engine() store.Engine {
	if c.URL != "" || c.Store != nil && c.Store.URL != "" {
		return store.Postgres
	}
	return store.SQLite
}

// Simulated reports whether a folder's node is a demonstration.
func Simulated(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, DemoFile))
	return err == nil
}

// Open opens the node in a folder.
func Open(ctx context.Context, c Config) (*House, error) {
	if err := c.unlock(); err != nil {
		return nil, err
	}
	own, err := seal.LoadIdentity(filepath.Join(c.Dir, KeyFile), c.Lock.Shower(KeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", c.Dir, ErrNoNode)
	}
	if err != nil {
		return nil, err
	}
	// A node opened on the wrong database would begin a second history under the same key.
	if b, err := os.ReadFile(filepath.Join(c.Dir, DatabaseFile)); err == nil {
		switch was := store.Engine(strings.TrimSpace(string(b))); {
		case was == store.Postgres && c.engine() == store.SQLite:
			return nil, fmt.Errorf("the database of the node in %s is on PostgreSQL; give its address with --db", c.Dir)
		case was == store.SQLite && c.engine() == store.Postgres:
			return nil, fmt.Errorf("the database of the node in %s is in that folder; leave out --db", c.Dir)
		}
	}
	h, err := open(ctx, c, own)
	if errors.Is(err, ErrOthers) {
		if next, e := seal.LoadIdentity(filepath.Join(c.Dir, nextKeyFile), c.Lock.Shower(KeyFile)); e == nil { // Renew was cut short
			if h, e := open(ctx, c, next); e == nil {
				return h, takeNext(c.Dir)
			}
		}
	}
	return h, err
}

// nextKeyFile is the key that is about to take the place of the node's.
const nextKeyFile = KeyFile + ".next"

// Renew gives the node in a folder a key of its own, because the folder is a copy of another's or came back from an older state:
// two that write under one key sign two histories. Nobody may have the node open. It returns the old name and the new one.
func Renew(ctx context.Context, c Config) (old, next id.ID, err error) {
	h, err := Open(ctx, c)
	if err != nil {
		return old, next, err
	}
	defer h.Close()
	was := h.Log.Identity()
	os.Remove(filepath.Join(c.Dir, nextKeyFile)) // of one that was cut short before the database was given over
	is, err := seal.NewIdentity()
	if err != nil {
		return old, next, err
	}
	if err := is.Save(filepath.Join(c.Dir, nextKeyFile), h.Config.Lock.Hider(KeyFile)); err != nil {
		return old, next, err
	}
	if err := h.DB.Write(ctx, func(tx store.Tx) error { return node.Succeed(ctx, tx, was, is) }); err != nil {
		return old, next, errors.Join(err, os.Remove(filepath.Join(c.Dir, nextKeyFile)))
	}
	if err := renamed(c.Dir, was.Node()); err != nil {
		return old, next, err
	}
	return was.Node(), is.Node(), takeNext(c.Dir)
}

// Recover lets the folder of a lost box, brought back on another one, go on with the recovery key of its sheet before headquarters
// hears of it: the node gets a key of its own, which writes by the recovery key. Nobody may have the node open. What is cut short
// is ended by doing it again.
func Recover(ctx context.Context, c Config, sheet string) (next id.ID, err error) {
	key, err := node.Sheet(sheet)
	if err != nil {
		return next, err
	}
	h, err := Open(ctx, c)
	if err != nil {
		return next, err
	}
	r, err := h.Log.Recovery(key.Node())
	renewed := r.Box != h.Log.Node()
	if err = errors.Join(err, h.Close()); err != nil {
		return next, err
	}
	if !renewed {
		if _, _, err := Renew(ctx, c); err != nil {
			return next, err
		}
	}
	if h, err = Open(ctx, c); err != nil {
		return next, err
	}
	return h.Log.Node(), errors.Join(h.Log.Recover(ctx, key), h.Close())
}

func takeNext(dir string) error {
	err := os.Rename(filepath.Join(dir, nextKeyFile), filepath.Join(dir, KeyFile))
	if d, e := os.Open(dir); e == nil {
		d.Sync()
		d.Close()
	}
	return err
}

func open(ctx context.Context, c Config, own *seal.Identity) (*House, error) {
	db, err := store.Open(ctx, c.place())
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

// room is the tables of a room that cannot be derived.
type room struct {
	name  string
	files fs.FS
}

func rooms() []room {
	return []room{{"fact", fact.Schema()}, {"seal", seal.Schema()}, {"access", access.Schema()}, {"person", person.Schema()}, {"consent", consent.Schema()}, {"family", family.Schema()}, {"card", card.Schema()}, {"learner", learner.Schema()}, {"sms", sms.Schema()}, {"look", look.Schema()}, {"visit", visit.Schema()}, {"record", record.Schema()}, {"draft", draft.Schema()}, {"retention", retention.Schema()}, {"safeguard", safeguard.Schema()}, {"node", node.Schema()}}
}

// migrate makes the tables that cannot be derived, or brings them up to date.
func migrate(ctx context.Context, db *store.DB) error {
	for _, r := range rooms() {
		if err := db.Migrate(ctx, r.name, r.files); err != nil {
			return err
		}
	}
	return nil
}

// migrateTo makes those tables as they were in some versions; where none are known, as they are now.
func migrateTo(ctx context.Context, db *store.DB, versions map[string]int64) error {
	if versions == nil {
		return migrate(ctx, db)
	}
	for _, r := range rooms() {
		if v, ok := versions[r.name]; ok {
			if err := db.MigrateTo(ctx, r.name, r.files, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func build(ctx context.Context, c Config, db *store.DB, own *seal.Identity) (*House, error) {
	if err := migrate(ctx, db); err != nil {
		return nil, err
	}
	if err := owned(ctx, db, own.Node()); err != nil {
		return nil, err
	}
	sweepOld(filepath.Join(c.Dir, backup.WorkName))
	m := machine.Open(c.Dir, c.Now)
	l, err := fact.Open(ctx, db, own, Registry(), fact.NewClock(m.Now))
	if err != nil {
		return nil, err
	}
	m.Seed(l.Clock.Last().Wall())
	h := &House{Config: c, DB: db, Log: l, Machine: m}
	h.life, h.end = context.WithCancel(context.Background())
	if h.Blobs, err = blob.Open(filepath.Join(c.Dir, BlobDir), c.Lock.Key(filesKey, blob.KeySize)); err != nil {
		l.Close()
		return nil, err
	}
	if h.Releases, err = release.OpenShelf(c.Dir, c.Keys); err != nil {
		l.Close()
		return nil, err
	}
	l.Erasing, l.Strict = h.erasing, true
	h.Nodes = node.New(l, h.Blobs)
	h.Nodes.Files, h.Nodes.Spare, h.Nodes.Vitals, h.Nodes.Releases = h.Files, spare, h.vitals, h.Releases
	h.Kept = backup.NewKept(c.Dir, own.Node(), l.Clock.Now)
	h.Nodes.Archives = archives{h.Kept, h}
	h.Nodes.Printed = func(sheet string) error { return backup.Admit(c.Dir, sheet, backup.RecoveryKey) }
	h.came = make(chan struct{}, 1)
	h.Nodes.Took = func() {
		select {
		case h.came <- struct{}{}:
		default:
		}
	}
	h.Places = place.New(l)
	h.Frameworks = framework.New(l)
	h.Courses = course.New(l, h.Blobs, h.Frameworks)
	h.Drafts = draft.New(l, h.Blobs, h.Courses)
	h.Access = access.New(l, h.Places)
	h.Access.Own = training.Own
	h.Centres = centre.New(l)
	h.Programmes = programme.New(l)
	h.Agreements = agreement.New(l, h.Blobs)
	h.Access.Covers = h.Agreements.Covers
	h.People = person.New(l)
	h.Looks = look.New(l, h.People)
	h.Visits = visit.New(l)
	h.Consents = consent.New(l, h.People, h.Blobs)
	h.Family = family.New(l, h.People, h.Access)
	h.Access.Owns = map[access.Action]*access.Relation{access.ReadChildren: family.Own, access.AnswerConsent: family.Own}
	h.Activities = activity.New(l, h.People, h.Programmes, h.Agreements, h.Blobs)
	h.Feedback = feedback.New(l)
	h.Cards = card.New(l, h.People)
	h.Texts = sms.New(l, h.People, h.Consents)
	h.Training = training.New(l, h.People, h.Programmes)
	h.Learners = learner.New(l, h.People, h.Training, h.Cards)
	h.Records = record.New(l, h.Blobs)
	h.Progress = progress.New(h.Records)
	h.Teaching = teaching.New(l)
	l.Came = h.Records.Came
	h.Safeguard = safeguard.New(l, h.Access, h.Places)
	h.Retention = retention.New(l, h.People, h.Training, h.Activities, h.Safeguard)
	h.Access.Executes(access.MergePeople, h.merger())
	h.Access.Executes(access.ErasePeople, h.eraser())
	h.Access.Executes(access.ExportPeople, h.exporter())
	h.Training.Consents = h.Consents
	// A photo whose consent ended must not wait for somebody to look: not for a withdrawal that was cut off either.
	if err := h.Consents.Sweep(ctx); err != nil && !errors.Is(err, store.ErrFull) {
		l.Close()
		return nil, err
	}
	if err := h.Records.Settle(ctx); err != nil && !errors.Is(err, store.ErrFull) {
		l.Close()
		return nil, err
	}
	h.Audit = audit.New(l, h.Places, h.Access, h.People, h.Consents, h.Family, h.Looks)
	return h, nil
}

// ErrOthers is returned, wrapped, when a database belongs to another node.
var ErrOthers = errors.New("this database belongs to another node; give the folder that holds that node's key, or an empty database")

// owned makes a database this node's own, for ever, and refuses one that is another's.
func owned(ctx context.Context, db *store.DB, node id.ID) error {
	return db.Write(ctx, func(tx store.Tx) error {
		if err := tx.Exec(ctx, "INSERT INTO fact_setting (name, value) VALUES ('node', ?) ON CONFLICT (name) DO NOTHING", node); err != nil {
			return err
		}
		var owner id.ID
		if _, err := store.One(ctx, tx, "SELECT value FROM fact_setting WHERE name = 'node'", nil, &owner); err != nil {
			return err
		}
		if owner != node {
			return fmt.Errorf("%w (it is that of %s)", ErrOthers, owner.Hex())
		}
		return nil
	})
}

// Go runs work beside the requests, which Close ends by its context and waits for.
func (h *House) Go(work func(ctx context.Context)) {
	h.work.Go(func() { work(h.life) })
}

// Close ends the node; what was acknowledged is on the disk.
func (h *House) Close() error {
	h.end()
	h.work.Wait()
	err := h.Looks.Close()
	h.Log.Close()
	return errors.Join(err, h.DB.Close(), h.Machine.End())
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
	damage, err := h.DB.Damaged(ctx, true)
	if err != nil {
		return nil, err
	}
	rep, err := h.Log.Check(ctx, progress)
	if err != nil && len(damage) == 0 {
		return nil, err
	}
	for _, d := range damage {
		rep.OK = false
		rep.Faults = append(rep.Faults, d.String())
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
