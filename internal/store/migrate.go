package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// ErrNewer is returned, wrapped, when the database was written by a newer program.
var ErrNewer = errors.New("this data was written by a newer Tizi; install that version or a later one, nothing was changed")

// Migrate brings the tables of one room to the newest version that files (numbered *.sql, goose's format) hold. Files
// are written in SQLite's words; for PostgreSQL the types are replaced, WITHOUT ROWID is dropped and a comment
// /*pg … */ is read as SQL.
func (db *DB) Migrate(ctx context.Context, room string, files fs.FS) error {
	return db.MigrateTo(ctx, room, files, newest)
}

// newest is every version that there is.
const newest = 1<<63 - 1

// MigrateTo is Migrate to a version, where a room is older; what an older program saved fits into no newer tables.
func (db *DB) MigrateTo(ctx context.Context, room string, files fs.FS, version int64) error {
	if db.Engine == Postgres {
		// Two processes that start at once take turns.
		return db.Write(ctx, func(tx Tx) error {
			if err := tx.Lock(ctx, "migrate"); err != nil {
				return err
			}
			if err := tx.(*pgTx).fly(ctx); err != nil { // another connection does the rest
				return err
			}
			return migrate(ctx, room, goose.DialectPostgres, db.read, pgFiles{files}, version)
		})
	}
	// The reading connections may not write; migrations get one of their own for as long as they run.
	w, err := openSQLiteMigrator(ctx, db.config)
	if err != nil {
		return err
	}
	defer w.Close()
	db.turn.Lock()
	defer db.turn.Unlock()
	for try := 1; ; try++ {
		err := migrate(ctx, room, goose.DialectSQLite3, w, files, version)
		if err == nil || errors.Is(err, ErrNewer) || try == 5 {
			return err
		}
		// Another process that starts just now may have been quicker; then there is nothing left to do.
		time.Sleep(time.Duration(try) * 50 * time.Millisecond)
	}
}

func migrate(ctx context.Context, room string, dialect database.Dialect, conn *sql.DB, files fs.FS, to int64) error {
	table := "schema_" + room
	st, err := database.NewStore(dialect, table)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider("", conn, files, goose.WithStore(st), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations of %s: %w", room, err)
	}
	current, target, err := p.GetVersions(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read the version of %s: %w", room, explain(err))
	}
	if to != newest {
		current = max(current, to)
	}
	if current > target {
		return fmt.Errorf("%s has version %d, this program knows %d: %w", room, current, target, ErrNewer)
	}
	if to == newest {
		_, err = p.Up(ctx)
	} else {
		_, err = p.UpTo(ctx, to)
	}
	if err != nil {
		return fmt.Errorf("migrate %s: %w", room, explain(err))
	}
	return nil
}

// Versions returns the version of each room's tables, as q sees them.
func (db *DB) Versions(ctx context.Context, q Querier, rooms []string) (map[string]int64, error) {
	out := map[string]int64{}
	for _, room := range rooms {
		var v int64
		if _, err := One(ctx, q, "SELECT max(version_id) FROM schema_"+room, nil, &v); err != nil {
			return nil, fmt.Errorf("read the version of %s: %w", room, err)
		}
		out[room] = v
	}
	return out, nil
}

// pgFiles reads migrations in PostgreSQL's words.
type pgFiles struct{ fs.FS }

var pgWords = strings.NewReplacer(" BLOB", " BYTEA", " INTEGER", " BIGINT", ") WITHOUT ROWID", ")", "/*pg ", "", " pg*/", "")

// Open returns the file with its words replaced.
func (p pgFiles) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	b, err := io.ReadAll(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return pgFile{f, strings.NewReader(pgWords.Replace(string(b)))}, nil
}

type pgFile struct {
	fs.File
	r *strings.Reader
}

func (f pgFile) Read(b []byte) (int, error) { return f.r.Read(b) }
