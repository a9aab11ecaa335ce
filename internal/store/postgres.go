package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"tizi/internal/id"
)

func openPostgres(ctx context.Context, c Config) (*DB, error) {
	pc, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, fmt.Errorf("the PostgreSQL address cannot be read: %w", err)
	}
	// Readers may use all but these, so that a reader waiting for a write never waits for itself.
	pc.MaxConns = int32(c.Readers) + 4
	pc.MaxConnIdleTime = time.Minute
	pc.ConnConfig.RuntimeParams["jit"] = "off" // to compile a query takes 0.1 s, more than any of ours should run
	// What is asked for lies in memory or on a fast disk, so that some thousand look-ups cost less than to read a table whole.
	pc.ConnConfig.RuntimeParams["random_page_cost"] = "1.1"
	pc.ConnConfig.RuntimeParams["cpu_tuple_cost"] = "0.03"
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open PostgreSQL: %w", explain(err))
	}
	for try := 1; ; try++ {
		_, err := pool.Exec(ctx, "CREATE TABLE IF NOT EXISTS store_lock (name TEXT PRIMARY KEY)")
		if err == nil {
			break
		}
		if try < 5 && isCode(err, "23505", "42P07", "42710") { // another process is making it just now
			continue
		}
		pool.Close()
		return nil, fmt.Errorf("open PostgreSQL: %w", explain(err))
	}
	read := stdlib.OpenDBFromPool(pool)
	read.SetMaxOpenConns(c.Readers)
	return &DB{Engine: Postgres, config: c, read: read, writer: &pgWriter{pool}}, nil
}

type pgWriter struct{ pool *pgxpool.Pool }

func (w *pgWriter) close() error {
	w.pool.Close()
	return nil
}

func (w *pgWriter) script(ctx context.Context, sql string) error {
	_, err := w.pool.Exec(ctx, sql)
	return explain(err)
}

func isCode(err error, codes ...string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && slices.Contains(codes, pg.Code)
}

// pgArgs passes ids as bytes: pgx would offer them as UUIDs.
func pgArgs(args []any) []any {
	out := args
	for i, a := range args {
		switch v := a.(type) {
		case id.ID:
			if &out[0] == &args[0] {
				out = append([]any(nil), args...)
			}
			out[i] = v[:]
		case uint64:
			if &out[0] == &args[0] {
				out = append([]any(nil), args...)
			}
			out[i] = int64(v)
		}
	}
	return out
}

// pgRow is a row read out of its result.
type pgRow []any

func collect(rows pgx.Rows) ([]pgRow, error) {
	defer rows.Close()
	var all []pgRow
	for rows.Next() {
		v, err := rows.Values()
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

func (r pgRow) Scan(dest ...any) error {
	if len(dest) != len(r) {
		return fmt.Errorf("store: %d columns read into %d variables", len(r), len(dest))
	}
	for i, d := range dest {
		if err := assign(d, r[i]); err != nil {
			return err
		}
	}
	return nil
}

func assign(dest, src any) error {
	switch v := src.(type) {
	case int32:
		src = int64(v)
	case int16:
		src = int64(v)
	}
	switch p := dest.(type) {
	case *[]byte:
		*p, _ = src.([]byte)
		return nil
	case interface{ Scan(any) error }:
		return p.Scan(src)
	case *int64:
		return zero[int64]{p}.Scan(src)
	case *int:
		return zero[int]{p}.Scan(src)
	case *uint64:
		var n int64
		err := zero[int64]{&n}.Scan(src)
		*p = uint64(n)
		return err
	case *string:
		return zero[string]{p}.Scan(src)
	case *bool:
		return zero[bool]{p}.Scan(src)
	case *float64:
		return zero[float64]{p}.Scan(src)
	}
	return fmt.Errorf("store: cannot scan into a %T", dest)
}

func explainPostgres(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "53100":
			return fmt.Errorf("%w: %w", ErrFull, err)
		case "55P03":
			return fmt.Errorf("%w: %w", ErrBusy, err)
		}
		// Classes: connection, resources, operator's intervention, system error.
		if slices.Contains([]string{"08", "53", "57", "58"}, pg.Code[:2]) {
			return fmt.Errorf("%w: %w", ErrFailed, err)
		}
		return err
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return fmt.Errorf("PostgreSQL does not answer at the address given: %w: %w", ErrFailed, err)
	}
	var broken *net.OpError
	if errors.As(err, &broken) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "conn closed") {
		return fmt.Errorf("%w: %w", ErrFailed, err)
	}
	return err
}
