package store

import (
	"context"
	"database/sql"
	"sync"
)

// Queries of readers that come again are kept prepared: to parse and plan one takes SQLite longer than most of them run.
// pgx does the same for PostgreSQL by itself.
const (
	maxPrepared = 200
	maxSeen     = 1000
)

// prepared are the kept queries of a database's readers.
type prepared struct {
	mu   sync.Mutex // guards the rest
	all  map[string]*sql.Stmt
	seen map[string]bool // asked once
}

// find returns the query if it is kept. wanted says that it should be, from the second time on: many are put together for
// one page and never come again.
func (p *prepared) find(query string) (s *sql.Stmt, wanted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.all[query]; s != nil || len(p.all) >= maxPrepared {
		return s, false
	}
	if p.seen[query] {
		delete(p.seen, query) // one of those who ask at once is enough
		return nil, true
	}
	if p.seen == nil || len(p.seen) == maxSeen {
		p.seen = map[string]bool{}
	}
	p.seen[query] = true
	return nil, false
}

func (p *prepared) keep(query string, s *sql.Stmt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[string]*sql.Stmt{}
	}
	if p.all[query] != nil {
		s.Close()
		return
	}
	p.all[query] = s
}

// query runs a reader's query, in a transaction unless tx is nil.
func (db *DB) query(ctx context.Context, tx *sql.Tx, query string, args []any) (*sql.Rows, error) {
	if db.Engine == Postgres {
		query = dollars(query)
	} else if s, wanted := db.prepared.find(query); s != nil {
		if tx != nil {
			s = tx.StmtContext(ctx, s)
		}
		return s.QueryContext(ctx, args...)
	} else if wanted && tx == nil { // a transaction must not wait for a second connection
		if s, err := db.read.PrepareContext(ctx, query); err == nil { // or else to run it will say why
			db.prepared.keep(query, s)
		}
	}
	if tx != nil {
		return tx.QueryContext(ctx, query, args...)
	}
	return db.read.QueryContext(ctx, query, args...)
}
