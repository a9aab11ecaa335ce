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
		if try < 5 && isCode(err, "23505", "42P07") { // another process is making it just now
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

// transact retries when PostgreSQL asks for it: two processes that lock rows in another order are told so.
func (w *pgWriter) transact(ctx context.Context, fn func(Tx) error) error {
	for try := 1; ; try++ {
		err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error { return fn(pgTx{tx}) })
		if try < 5 && isCode(err, "40001", "40P01") {
			continue
		}
		return explain(err)
	}
}

func isCode(err error, codes ...string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && slices.Contains(codes, pg.Code)
}

type pgTx struct{ tx pgx.Tx }

func (t pgTx) Exec(ctx context.Context, query string, args ...any) error {
	if _, err := t.tx.Exec(ctx, dollars(query), pgArgs(args)...); err != nil {
		return queryError(query, err)
	}
	return nil
}

func (t pgTx) Each(ctx context.Context, query string, args []any, fn func(Row) error) error {
	rows, err := t.tx.Query(ctx, dollars(query), pgArgs(args)...)
	if err != nil {
		return queryError(query, err)
	}
	// Rows are read out first, so that fn may use the connection.
	all, err := collect(rows)
	if err != nil {
		return queryError(query, err)
	}
	for _, r := range all {
		if err := fn(r); err != nil {
			return err
		}
	}
	return nil
}

// Many sends all queries in one flight.
func (t pgTx) Many(ctx context.Context, query string, sets [][]any, fn func(int, Row) error) error {
	if len(sets) == 0 {
		return nil
	}
	q := dollars(query)
	const flight = 2000
	for from := 0; from < len(sets); from += flight {
		to := min(from+flight, len(sets))
		var b pgx.Batch
		for _, args := range sets[from:to] {
			b.Queue(q, pgArgs(args)...)
		}
		res := t.tx.SendBatch(ctx, &b)
		var got [][]pgRow
		for range sets[from:to] {
			rows, err := res.Query()
			var all []pgRow
			if err == nil {
				all, err = collect(rows)
			}
			if err != nil {
				res.Close()
				return queryError(query, err)
			}
			got = append(got, all)
		}
		if err := res.Close(); err != nil {
			return queryError(query, err)
		}
		if fn == nil {
			continue
		}
		for i, all := range got {
			for _, r := range all {
				if err := fn(from+i, r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (t pgTx) Lock(ctx context.Context, name string) error {
	return t.Exec(ctx, "INSERT INTO store_lock (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = excluded.name", name)
}

// Insert sends one array a column, which is as fast as COPY here and can replace.
func (t pgTx) Insert(ctx context.Context, table *Table, rows [][]any) error {
	return t.insert(ctx, table, rows, true)
}

func (t pgTx) Add(ctx context.Context, table *Table, rows [][]any) error {
	return t.insert(ctx, table, rows, false)
}

func (t pgTx) insert(ctx context.Context, table *Table, rows [][]any, replace bool) error {
	if len(rows) == 0 {
		return nil
	}
	args := make([]any, len(table.Columns))
	var names, casts, sets []string
	for i, c := range table.Columns {
		names = append(names, c.Name)
		switch c.Type {
		case Int:
			a := make([]int64, len(rows))
			for j, r := range rows {
				switch v := r[i].(type) {
				case int64:
					a[j] = v
				case int:
					a[j] = int64(v)
				default:
					return fmt.Errorf("store: %s.%s: a %T is no integer", table.Name, c.Name, v)
				}
			}
			args[i] = a
			casts = append(casts, fmt.Sprintf("$%d::bigint[]", i+1))
		case Text:
			a, err := column[string](table, i, rows)
			if err != nil {
				return err
			}
			args[i] = a
			casts = append(casts, fmt.Sprintf("$%d::text[]", i+1))
		case Real:
			a, err := column[float64](table, i, rows)
			if err != nil {
				return err
			}
			args[i] = a
			casts = append(casts, fmt.Sprintf("$%d::float8[]", i+1))
		case Blob:
			a, err := column[[]byte](table, i, rows)
			if err != nil {
				return err
			}
			args[i] = a
			casts = append(casts, fmt.Sprintf("$%d::bytea[]", i+1))
		case ID:
			a := make([][]byte, len(rows))
			for j, r := range rows {
				v, ok := r[i].(id.ID)
				if !ok {
					return fmt.Errorf("store: %s.%s: a %T is no id", table.Name, c.Name, r[i])
				}
				a[j] = v[:]
			}
			args[i] = a
			casts = append(casts, fmt.Sprintf("$%d::bytea[]", i+1))
		}
		if i >= table.Key {
			sets = append(sets, c.Name+" = excluded."+c.Name)
		}
	}
	q := fmt.Sprintf("INSERT INTO %s (%s) SELECT * FROM unnest(%s)", table.Name, strings.Join(names, ", "), strings.Join(casts, ", "))
	if replace {
		q += " ON CONFLICT (" + strings.Join(names[:table.Key], ", ") + ") DO "
		if len(sets) > 0 {
			q += "UPDATE SET " + strings.Join(sets, ", ")
		} else {
			q += "NOTHING"
		}
	}
	if _, err := t.tx.Exec(ctx, q, args...); err != nil {
		return queryError("INSERT INTO "+table.Name, err)
	}
	return nil
}

func column[T any](table *Table, i int, rows [][]any) ([]T, error) {
	a := make([]T, len(rows))
	for j, r := range rows {
		v, ok := r[i].(T)
		if !ok {
			return nil, fmt.Errorf("store: %s.%s: cannot store a %T", table.Name, table.Columns[i].Name, r[i])
		}
		a[j] = v
	}
	return a, nil
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
