package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tizi/internal/id"
)

// transact retries when PostgreSQL asks for it: two processes that lock rows in another order are told so.
func (w *pgWriter) transact(ctx context.Context, fn func(Tx) error) error {
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return explain(err)
	}
	defer conn.Release()
	for try := 1; ; try++ {
		err := inTransaction(ctx, conn, fn)
		if try < 5 && isCode(err, "40001", "40P01") {
			continue
		}
		return explain(err)
	}
}

// byKey has the planner look rows up by their keys, which is what all writing does, and plan each statement once. Left
// alone it would read the whole of tables that are small or that nobody has analysed yet, and go on so when they have
// grown.
const byKey = "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)"

func inTransaction(ctx context.Context, conn *pgxpool.Conn, fn func(Tx) error) (err error) {
	t := &pgTx{conn: conn.Conn()}
	done := false
	defer func() {
		if !done && t.begun {
			// A connection that cannot roll back is closed when it is released.
			_, e := t.conn.Exec(context.WithoutCancel(ctx), "ROLLBACK")
			err = errors.Join(err, e)
		}
	}()
	t.queue("BEGIN", nil, nil)
	t.queue(byKey, nil, nil)
	if err := fn(t); err != nil {
		return err
	}
	if !t.begun && len(t.waiting) == 2 { // nothing but how it begins
		return nil
	}
	t.queue("COMMIT", nil, nil)
	err = t.fly(ctx)
	done = err == nil
	return err
}

// pgTx is a transaction that saves round trips: statements without a result wait until one with a result, or the end,
// takes them along. An error of such a statement shows there; it undoes the transaction all the same.
type pgTx struct {
	conn    *pgx.Conn
	begun   bool  // something was sent
	failed  error // of the first flight that failed: nothing of the transaction is there, BEGIN perhaps not even
	batch   pgx.Batch
	waiting []waiting
	rows    int // in what waits
}

// waiting is a statement in the batch, with where its rows go: nowhere if nil.
type waiting struct {
	query string
	rows  *[]pgRow
}

// maxWaiting bounds the rows that wait: above it the server had better begin.
const maxWaiting = 1000

func (t *pgTx) queue(query string, args []any, into *[]pgRow) {
	t.batch.Queue(query, args...)
	t.waiting = append(t.waiting, waiting{query, into})
}

// fly sends what waits and reads all results.
func (t *pgTx) fly(ctx context.Context) (err error) {
	if t.failed != nil || len(t.waiting) == 0 {
		return t.failed
	}
	batch, sent := t.batch, t.waiting
	t.batch, t.waiting, t.rows, t.begun = pgx.Batch{}, nil, 0, true
	res := t.conn.SendBatch(ctx, &batch)
	defer func() {
		if e := res.Close(); err == nil && e != nil {
			err = explain(e)
		}
		t.failed = err
	}()
	for _, w := range sent {
		if w.rows == nil {
			if _, err := res.Exec(); err != nil {
				return queryError(w.query, err)
			}
			continue
		}
		rows, err := res.Query()
		if err == nil {
			*w.rows, err = collect(rows)
		}
		if err != nil {
			return queryError(w.query, err)
		}
	}
	return nil
}

// later queues a statement without a result that brings n rows.
func (t *pgTx) later(ctx context.Context, query string, args []any, n int) error {
	t.queue(query, args, nil)
	if t.rows += n; t.rows > maxWaiting {
		return t.fly(ctx)
	}
	return nil
}

func (t *pgTx) Exec(ctx context.Context, query string, args ...any) error {
	if verb, _, _ := strings.Cut(query, " "); verb == "INSERT" || verb == "UPDATE" || verb == "DELETE" {
		return t.later(ctx, dollars(query), pgArgs(args), 1)
	}
	// What defines tables must be done before a statement about them can be prepared.
	if err := t.fly(ctx); err != nil {
		return err
	}
	t.queue(dollars(query), pgArgs(args), nil)
	return t.fly(ctx)
}

// Lock goes with the first statement that wants an answer: each statement sees what was committed when the lock was got.
func (t *pgTx) Lock(ctx context.Context, name string) error {
	return t.later(ctx, "INSERT INTO store_lock (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name", []any{name}, 0)
}

func (t *pgTx) Each(ctx context.Context, query string, args []any, fn func(Row) error) error {
	a := &asking{query: query, sets: [][]any{args}}
	if err := t.ask(ctx, a); err != nil {
		return err
	}
	return a.each(func(_ int, r Row) error { return fn(r) })
}

// Many makes one statement of all sets where it can.
func (t *pgTx) Many(ctx context.Context, query string, sets [][]any, fn func(int, Row) error) error {
	if len(sets) == 0 {
		return nil
	}
	if fn == nil {
		if q, args := together(query, sets); q != "" {
			return t.later(ctx, q, args, len(sets))
		}
		for _, args := range sets {
			if err := t.later(ctx, dollars(query), pgArgs(args), 1); err != nil {
				return err
			}
		}
		return nil
	}
	a := &asking{query: query, sets: sets}
	if err := t.ask(ctx, a); err != nil {
		return err
	}
	return a.each(fn)
}

// asking is a query for each of some sets of arguments, and what came back for each.
type asking struct {
	query string
	sets  [][]any
	got   [][]pgRow
	err   error
}

// each hands the rows out when all are read, so that fn may use the connection.
func (a *asking) each(fn func(int, Row) error) error {
	for i, rows := range a.got {
		for _, r := range rows {
			if err := fn(i, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// ask answers several askings in one flight. Those with the same query become one statement.
func (t *pgTx) ask(ctx context.Context, as ...*asking) error {
	type place struct {
		a *asking
		i int
	}
	type group struct {
		sets   [][]any
		places []place
		rows   []pgRow   // of one statement: the number of the set first
		apart  [][]pgRow // of a statement a set
	}
	groups := map[string]*group{}
	var order []*group
	for _, a := range as {
		a.got = make([][]pgRow, len(a.sets))
		g := groups[a.query]
		if g == nil {
			g = &group{}
			groups[a.query] = g
			order = append(order, g)
		}
		for i, args := range a.sets {
			g.sets = append(g.sets, args)
			g.places = append(g.places, place{a, i})
		}
	}
	for query, g := range groups {
		if len(g.sets) > 1 {
			if q, args := together(query, g.sets); q != "" {
				t.queue(q, args, &g.rows)
				continue
			}
		}
		g.apart = make([][]pgRow, len(g.sets))
		for i, args := range g.sets {
			t.queue(dollars(query), pgArgs(args), &g.apart[i])
		}
	}
	if err := t.fly(ctx); err != nil {
		return err
	}
	for _, g := range order {
		for _, r := range g.rows {
			p := g.places[r[0].(int64)-1]
			p.a.got[p.i] = append(p.a.got[p.i], r[1:])
		}
		for i, rows := range g.apart {
			p := g.places[i]
			p.a.got[p.i] = rows
		}
	}
	return nil
}

// Together lets each fn run until it asks something, answers all of them in one flight, and so on. They are coroutines:
// no two run at the same time.
func (t *pgTx) Together(ctx context.Context, n int, fn func(i int, q Querier) error) []error {
	errs := make([]error, n)
	type fibre struct {
		next  func() (*asking, bool)
		asked *asking
	}
	var running []*fibre
	for i := range n {
		next, stop := iter.Pull(func(yield func(*asking) bool) { errs[i] = fn(i, pgFibre{yield}) })
		defer stop()
		running = append(running, &fibre{next: next})
	}
	for len(running) > 0 {
		var waiting []*fibre
		var asked []*asking
		for _, f := range running {
			var ok bool
			if f.asked, ok = f.next(); ok {
				waiting = append(waiting, f)
				asked = append(asked, f.asked)
			}
		}
		if len(asked) > 0 {
			if err := t.ask(ctx, asked...); err != nil {
				for _, a := range asked {
					a.err = err
				}
			}
		}
		running = waiting
	}
	return errs
}

// pgFibre is what one of several that run together asks.
type pgFibre struct{ yield func(*asking) bool }

var errStopped = errors.New("store: another of those that run together failed")

func (q pgFibre) Each(ctx context.Context, query string, args []any, fn func(Row) error) error {
	return q.Many(ctx, query, [][]any{args}, func(_ int, r Row) error { return fn(r) })
}

func (q pgFibre) Many(_ context.Context, query string, sets [][]any, fn func(int, Row) error) error {
	if len(sets) == 0 {
		return nil
	}
	a := &asking{query: query, sets: sets}
	if !q.yield(a) {
		return errStopped
	}
	if a.err != nil {
		return a.err
	}
	return a.each(fn)
}

// Insert sends one array a column, which is as fast as COPY here and can replace.
func (t *pgTx) Insert(ctx context.Context, table *Table, rows [][]any) error {
	return t.insert(ctx, table, rows, true)
}

func (t *pgTx) Add(ctx context.Context, table *Table, rows [][]any) error {
	return t.insert(ctx, table, rows, false)
}

func (t *pgTx) insert(ctx context.Context, table *Table, rows [][]any, replace bool) error {
	if len(rows) == 0 {
		return nil
	}
	args := make([]any, len(table.Columns))
	var names, casts, sets []string
	for i, c := range table.Columns {
		a, err := column(table, i, rows)
		if err != nil {
			return err
		}
		args[i] = a
		names = append(names, c.Name)
		casts = append(casts, fmt.Sprintf("$%d::%s[]", i+1, arrayTypes[c.Type]))
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
	return t.later(ctx, q, args, len(rows))
}

var arrayTypes = map[Type]string{Int: "bigint", Text: "text", Real: "float8", Blob: "bytea", ID: "bytea"}

// column gathers a column of rows as the array that pgx sends.
func column(table *Table, i int, rows [][]any) (any, error) {
	a := array(i, rows)
	fits := false
	switch table.Columns[i].Type {
	case Int:
		_, fits = a.([]int64)
	case Text:
		_, fits = a.([]string)
	case Real:
		_, fits = a.([]float64)
	case Blob, ID:
		_, fits = a.([][]byte)
	}
	if !fits {
		return nil, fmt.Errorf("store: %s.%s: cannot store a %T", table.Name, table.Columns[i].Name, rows[0][i])
	}
	return a, nil
}

// array gathers the i-th values of sets, which must be of one type, or returns nil.
func array(i int, sets [][]any) any {
	switch sets[0][i].(type) {
	case int64, int, uint64:
		return gather(i, sets, func(v any) (int64, bool) {
			switch v := v.(type) {
			case int64:
				return v, true
			case int:
				return int64(v), true
			case uint64:
				return int64(v), true
			}
			return 0, false
		})
	case string:
		return gather(i, sets, func(v any) (string, bool) { s, ok := v.(string); return s, ok })
	case float64:
		return gather(i, sets, func(v any) (float64, bool) { f, ok := v.(float64); return f, ok })
	case bool:
		return gather(i, sets, func(v any) (bool, bool) { b, ok := v.(bool); return b, ok })
	case []byte, id.ID:
		return gather(i, sets, func(v any) ([]byte, bool) {
			switch v := v.(type) {
			case []byte:
				return v, true
			case id.ID:
				return v[:], true
			}
			return nil, false
		})
	}
	return nil
}

func gather[T any](i int, sets [][]any, value func(any) (T, bool)) any {
	out := make([]T, len(sets))
	for j, set := range sets {
		v, ok := value(set[i])
		if !ok {
			return nil
		}
		out[j] = v
	}
	return out
}

// together writes a query as one statement that takes an array an argument and does for all sets what the query does
// for one; "" where it cannot. Rows of a SELECT begin with the number of their set, from 1. A statement that writes must
// touch each row for one set only, as all callers' keys make sure.
func together(query string, sets [][]any) (string, []any) {
	args := make([]any, len(sets[0]))
	var types, names []string
	for i := range args {
		args[i] = array(i, sets)
		t := ""
		switch args[i].(type) {
		case []int64:
			t = "bigint"
		case []string:
			t = "text"
		case []float64:
			t = "float8"
		case []bool:
			t = "boolean"
		case [][]byte:
			t = "bytea"
		default:
			return "", nil
		}
		types = append(types, fmt.Sprintf("$%d::%s[]", i+1, t))
		names = append(names, fmt.Sprintf("arg%d", i+1))
	}
	if len(args) == 0 {
		return "", nil
	}
	from := "unnest(" + strings.Join(types, ", ") + ")"
	key := from + query
	if q, ok := togetherCache.Load(key); ok {
		return q.(string), args
	}
	q := placeholders(query, func(n int) string { return fmt.Sprintf("set_.arg%d", n) })
	as := " AS set_(" + strings.Join(names, ", ")
	switch verb, _, _ := strings.Cut(q, " "); verb {
	case "SELECT":
		// OFFSET keeps the planner from joining otherwise than by looking each set up, as the query alone would.
		q = "SELECT set_.nr, one_.* FROM " + from + " WITH ORDINALITY" + as + ", nr) CROSS JOIN LATERAL (" + q + " OFFSET 0) AS one_"
	case "DELETE":
		q = strings.Replace(q, " WHERE ", " USING "+from+as+") WHERE ", 1)
	case "UPDATE":
		q = strings.Replace(q, " WHERE ", " FROM "+from+as+") WHERE ", 1)
	case "INSERT":
		before, values, ok := strings.Cut(q, " VALUES (")
		if !ok {
			return "", nil
		}
		value, after, _ := strings.Cut(values, ")")
		q = before + " SELECT " + value + " FROM " + from + as + ")" + after
	default:
		return "", nil
	}
	togetherCache.Store(key, q)
	return q, args
}

var togetherCache sync.Map
