package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// Damage is a page of a SQLite file that cannot be read, or holds what it must not.
type Damage struct {
	Table string // or index; "" where what is damaged is none, or says which tables there are
	Page  int64  // from 1; 0 where it is not known
	What  string // in SQLite's own words
}

// String names the page.
func (d Damage) String() string {
	switch {
	case d.Table != "" && d.Page > 0:
		return fmt.Sprintf("page %d of the table %s is damaged: %s", d.Page, d.Table, d.What)
	case d.Table != "":
		return fmt.Sprintf("the table %s is damaged: %s", d.Table, d.What)
	}
	return "the database file is damaged: " + d.What
}

// maxDamage is how many faults of a file are named.
const maxDamage = 100

var (
	treePage  = regexp.MustCompile(`^Tree (\d+) page (\d+)(?: [^:]*)?: (.*)`)
	otherPage = regexp.MustCompile(`get page (\d+)$`) // one that a tree leads to
)

// Damaged reads a whole SQLite file and names the pages that are damaged: what a checksum says, and what does not fit together.
// With whole, what indexes say is compared with their tables, which takes several times as long. On PostgreSQL it finds nothing: its own tools do.
func (db *DB) Damaged(ctx context.Context, whole bool) ([]Damage, error) {
	if db.Engine == Postgres {
		return nil, nil
	}
	conn, err := sqlite3.OpenContext(ctx, dsn(db.config, "rw"))
	if err != nil {
		return fileDamage(err)
	}
	defer conn.Close()
	conn.SetInterrupt(ctx)
	if err := conn.Exec(fmt.Sprintf("PRAGMA query_only=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-%d", readerCache)); err != nil {
		return fileDamage(err)
	}
	roots, err := rootsOf(conn)
	if err != nil {
		return fileDamage(err)
	}
	check := "quick_check"
	if whole {
		check = "integrity_check"
	}
	var out []Damage
	s, _, err := conn.Prepare(fmt.Sprintf("PRAGMA %s(%d)", check, maxDamage))
	if err != nil {
		return fileDamage(err)
	}
	defer s.Close()
	for s.Step() {
		for line := range strings.SplitSeq(s.ColumnText(0), "\n") {
			if line == "ok" || strings.HasPrefix(line, "***") || line == "" {
				continue
			}
			d := Damage{What: line}
			if m := treePage.FindStringSubmatch(line); m != nil {
				root, _ := strconv.ParseInt(m[1], 10, 64)
				d.Page, _ = strconv.ParseInt(m[2], 10, 64)
				d.Table, d.What = roots[root], m[3]
			}
			if m := otherPage.FindStringSubmatch(line); m != nil {
				d.Page, _ = strconv.ParseInt(m[1], 10, 64)
			}
			out = append(out, d)
		}
	}
	// What ends the reading before all was read is among what it named.
	if err := s.Err(); err != nil && (len(out) == 0 || !IsDamage(err)) {
		return fileDamage(err)
	}
	return out, nil
}

// fileDamage makes of an error that says that the file is damaged what Damaged returns.
func fileDamage(err error) ([]Damage, error) {
	if IsDamage(err) {
		return []Damage{{Table: "sqlite_schema", What: err.Error()}}, nil
	}
	return nil, explain(err)
}

// IsDamage reports whether an error says that a page of the file is damaged.
func IsDamage(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.IOERR_DATA) || errors.Is(err, sqlite3.IOERR_CORRUPTFS)
}

// rootsOf are the tables and indexes of a file by the page that they begin at.
func rootsOf(conn *sqlite3.Conn) (map[int64]string, error) {
	s, _, err := conn.Prepare("SELECT rootpage, tbl_name, name FROM sqlite_schema WHERE rootpage > 0")
	if err != nil {
		return nil, err
	}
	defer s.Close()
	out := map[int64]string{1: "sqlite_schema"}
	for s.Step() {
		name := s.ColumnText(1)
		if index := s.ColumnText(2); index != name {
			name += " (" + index + ")"
		}
		out[s.ColumnInt64(0)] = name
	}
	return out, s.Err()
}
