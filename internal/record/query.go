package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/statement"
	"tizi/internal/store"
)

// Query asks for statements of a centre.
type Query struct {
	Centre            id.ID
	Key               id.ID            // only what this key sent; Nil: whoever did
	Agent             *statement.Value // nil: whoever it is about
	Verb, Activity    string
	Registration      id.ID
	RelatedActivities bool
	RelatedAgents     bool
	Since, Until      time.Time // of storing: after, and not after
	Ascending         bool
	Unnamed           bool // agents of outside under their ids, as if they were erased
	Limit             int  // at most MaxPage; 0 for that
	Bounds            *Bounds
	From              int64 // the place of the last statement of the page before; 0 for the first page
}

// Bounds are those of a reader who may not read all of a centre; nil has none.
type Bounds struct {
	People     []id.ID  // only what one of these did, or was done with
	Activities []string // and of that only what is about one of these, be it in its context alone
}

// MaxPage is how many statements a page has at most.
const MaxPage = 500

// Row is a statement as it is kept.
type Row struct {
	ID     id.ID
	Centre id.ID
	Stored int64 // its place in the order: microseconds since 1970
	Files  []File
	Voided bool
	Others int // facts that say something else under the same id
	Key    id.ID

	at      fact.Time
	version string
	said    string
	whole   string
	faces   []Face
}

// voided is a condition on record_statement s that another statement, which voids nothing that voids, took it back.
const voided = "(s.refers <> 2 AND EXISTS (SELECT 1 FROM record_statement v WHERE v.target = s.id AND v.refers = 2 AND v.refers > 0 AND v.centre = s.centre))"

const columns = "s.id, s.centre, n.at, s.hlc, s.sender, s.version, s.others, s.said, s.whole, s.faces, s.files"

func scanRow(r store.Row, more ...any) (*Row, error) {
	x := &Row{}
	var hlc int64
	var faces, files string
	err := r.Scan(append([]any{&x.ID, &x.Centre, &x.Stored, &hlc, &x.Key, &x.version, &x.Others, &x.said, &x.whole, &faces, &files}, more...)...)
	x.at, x.faces, x.Files = fact.Time(hlc), facesOf(faces), filesOf(files)
	return x, err
}

// byIDs returns statements of a centre, voided or not.
func (r *Records) byIDs(ctx context.Context, q store.Querier, centre id.ID, ids []id.ID) (map[id.ID]*Row, error) {
	out := map[id.ID]*Row{}
	for part := range slices.Chunk(ids, 200) {
		in, args := store.In("s.id", part)
		err := q.Each(ctx, "SELECT "+columns+" FROM record_statement s JOIN record_seen n ON n.id = s.id AND n.centre = s.centre WHERE "+in+" AND s.centre = ?", append(args, centre), func(row store.Row) error {
			x, err := scanRow(row)
			out[x.ID] = x
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Somewhere returns one of some centres that has statements, or Nil.
func (r *Records) Somewhere(ctx context.Context, centres []id.ID) (found id.ID, err error) {
	in, args := store.In("centre", centres)
	_, err = store.One(ctx, r.log.DB, "SELECT centre FROM record_seen WHERE "+in+" LIMIT 1", args, &found)
	return found, err
}

// Get returns a statement and whether it was voided, or ErrUnknown. With a key, only what that key sent.
func (r *Records) Get(ctx context.Context, centre, key, statementID id.ID) (*Row, *statement.Value, error) {
	var out *Row
	err := r.log.DB.Each(ctx, "SELECT "+columns+", CASE WHEN "+voided+" THEN 1 ELSE 0 END FROM record_statement s JOIN record_seen n ON n.id = s.id AND n.centre = s.centre WHERE s.id = ? AND s.centre = ?", store.Args(statementID, centre), func(row store.Row) error {
		var v int
		x, err := scanRow(row, &v)
		x.Voided = v == 1
		out = x
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if out == nil || !key.IsNil() && out.Key != key {
		return nil, nil, ErrUnknown
	}
	v, err := r.render(ctx, r.log.DB, []*Row{out})
	if err != nil {
		return nil, nil, err
	}
	return out, v[0], nil
}

// Find returns a page of statements that are not voided, and the place to go on from; 0 where that is all. What comes while
// somebody pages changes no page: in ascending order it stands behind the last, in descending before the first.
func (r *Records) Find(ctx context.Context, x Query) (rows []*Row, values []*statement.Value, next int64, err error) {
	if x.Limit <= 0 || x.Limit > MaxPage {
		x.Limit = MaxPage
	}
	err = r.log.DB.Snapshot(ctx, func(q store.Querier) error {
		query, args, ok, err := r.compile(ctx, q, x)
		if err != nil || !ok {
			return err
		}
		err = q.Each(ctx, query, args, func(row store.Row) error {
			x, err := scanRow(row)
			rows = append(rows, x)
			return err
		})
		if err != nil {
			return err
		}
		if len(rows) > x.Limit {
			rows = rows[:x.Limit]
			next = rows[x.Limit-1].Stored
		}
		values, err = r.show(ctx, q, rows, x.Unnamed)
		return err
	})
	return rows, values, next, err
}

// condition is one thing that a query asks of a statement.
type condition struct {
	terms []hash64
	main  bool
}

func (c condition) sql(alias string) (string, []any) {
	where, args := alias+".term IN (?"+strings.Repeat(", ?", len(c.terms)-1)+")", make([]any, len(c.terms))
	if len(c.terms) == 1 { // an index whose next column gives the order can be walked
		where = alias + ".term = ?"
	}
	for i, t := range c.terms {
		args[i] = t
	}
	if c.main {
		where += " AND " + alias + ".main = 1"
	}
	return where, args
}

// compile writes a query in SQL. It walks the statements that what tells most apart is said of, in their order, and asks the rest of each.
// ok is false where nothing can be found.
func (r *Records) compile(ctx context.Context, q store.Querier, x Query) (query string, args []any, ok bool, err error) {
	var all []condition
	sender := x.Key
	if x.Agent != nil {
		if key, tool := statement.OwnTool(x.Agent); tool && x.RelatedAgents {
			if !sender.IsNil() && sender != key {
				return "", nil, false, nil
			}
			sender = key
		} else {
			ids, err := r.Agents(ctx, q, x.Centre, x.Agent)
			if err != nil || len(ids) == 0 {
				return "", nil, false, err
			}
			c := condition{main: !x.RelatedAgents}
			for _, v := range ids {
				c.terms = append(c.terms, agentTerm(v))
			}
			all = append(all, c)
		}
	}
	if !x.Registration.IsNil() {
		all = append(all, condition{[]hash64{term("registration", x.Registration.Hex())}, true})
	}
	if x.Activity != "" {
		all = append(all, condition{[]hash64{term("activity", x.Activity)}, !x.RelatedActivities})
	}
	if x.Verb != "" {
		all = append(all, condition{[]hash64{term("verb", x.Verb)}, true})
	}
	if b := x.Bounds; b != nil {
		if len(b.People) == 0 || len(b.Activities) == 0 {
			return "", nil, false, nil
		}
		about, by := condition{}, condition{main: true}
		for _, a := range b.Activities {
			about.terms = append(about.terms, term("activity", a))
		}
		for _, v := range b.People {
			by.terms = append(by.terms, agentTerm(v))
		}
		all = append(all, about, by)
	}
	walk, from := "n", "record_seen n"
	where := "n.centre = ?"
	args = append(args, x.Centre)
	rest := all
	if len(all) > 0 && len(all[0].terms) == 1 {
		walk, from = "x", "record_term x JOIN record_seen n ON n.centre = x.centre AND n.at = x.at"
		w, more := all[0].sql("x")
		where, args = "x.centre = ? AND "+w, append(args, more...)
		rest = all[1:]
	}
	at := walk + ".at"
	if !x.Since.IsZero() {
		where, args = where+" AND "+at+" > ?", append(args, x.Since.UnixMicro())
	}
	if !x.Until.IsZero() {
		where, args = where+" AND "+at+" <= ?", append(args, x.Until.UnixMicro())
	}
	order := " DESC"
	if x.Ascending {
		order = ""
	}
	if x.From > 0 {
		if x.Ascending {
			where += " AND " + at + " > ?"
		} else {
			where += " AND " + at + " < ?"
		}
		args = append(args, x.From)
	}
	for _, c := range rest {
		w, more := c.sql("y")
		where += " AND EXISTS (SELECT 1 FROM record_term y WHERE y.centre = " + walk + ".centre AND y.at = " + at + " AND " + w + ")"
		args = append(args, more...)
	}
	if !sender.IsNil() {
		where, args = where+" AND s.sender = ?", append(args, sender)
	}
	where += " AND NOT " + voided
	query = "SELECT " + columns + " FROM " + from + " JOIN record_statement s ON s.id = n.id AND s.centre = n.centre WHERE " + where + " ORDER BY " + at + order + " LIMIT ?"
	return query, append(args, x.Limit+1), true, nil
}

// Contested returns the statements of a scope under whose ids something else was said on another node, the newest first, at most
// MaxPage.
func (r *Records) Contested(ctx context.Context, scope access.Scope) ([]*Row, error) {
	where, args := scope.SQL("s.centre")
	var out []*Row
	return out, r.log.DB.Each(ctx, fmt.Sprintf("SELECT "+columns+" FROM record_statement s JOIN record_seen n ON n.id = s.id AND n.centre = s.centre WHERE s.others > 0 AND "+where+" ORDER BY n.at DESC LIMIT %d", MaxPage), args, func(row store.Row) error {
		x, err := scanRow(row)
		out = append(out, x)
		return err
	})
}

// Versions returns all that was said under the id of a statement of a centre, what counts first. Two nodes that were told the same
// are one.
func (r *Records) Versions(ctx context.Context, centre, statementID id.ID, unnamed bool) ([]*statement.Value, error) {
	kept, err := r.byIDs(ctx, r.log.DB, centre, []id.ID{statementID})
	if err != nil || kept[statementID] == nil {
		return nil, err
	}
	facts, err := r.log.Of(ctx, r.log.DB, statementID)
	if err != nil {
		return nil, err
	}
	rows := []*Row{kept[statementID]}
	for _, f := range facts {
		if b, ok := fact.As[Stated](f); ok && f.Stream == (Source{Centre: centre}).stream() {
			x := *kept[statementID]
			x.said, x.whole, x.faces, x.at, x.version, x.Key, x.Files = string(b.Said), "", b.Faces, f.HLC, b.Version, b.By, b.Files
			if b.Whole != nil {
				x.whole = b.Whole.String()
			}
			rows = append(rows, &x)
		}
	}
	all, err := r.show(ctx, r.log.DB, rows, unnamed)
	if err != nil {
		return nil, err
	}
	var out []*statement.Value
	for _, v := range all {
		if !slices.ContainsFunc(out, func(o *statement.Value) bool { return statement.Same(o, v) }) {
			out = append(out, v)
		}
	}
	return out, nil
}

// Through returns the time up to which everything that was stored can be found.
func (r *Records) Through(ctx context.Context, centre id.ID) (time.Time, error) {
	var at int64
	_, err := store.One(ctx, r.log.DB, "SELECT at FROM record_seen WHERE centre = ? ORDER BY at DESC LIMIT 1", store.Args(centre), &at)
	return time.UnixMicro(max(at, time.Now().Add(-longTurn).UnixMicro())), err
}

// longTurn is longer than what is being stored takes until it can be found.
const longTurn = 10 * time.Second

// render makes statements whole again.
func (r *Records) render(ctx context.Context, q store.Querier, rows []*Row) ([]*statement.Value, error) {
	return r.show(ctx, q, rows, false)
}

// show is render for a reader who may not be told who the agents of outside are.
func (r *Records) show(ctx context.Context, q store.Querier, rows []*Row, unnamed bool) ([]*statement.Value, error) {
	home, said := UnnamedHome, map[Face]*statement.Value{}
	if !unnamed {
		var err error
		home = ErasedHome
		if said, err = r.faces(ctx, q, rows); err != nil {
			return nil, err
		}
	}
	out := make([]*statement.Value, len(rows))
	for i, x := range rows {
		text := []byte(x.said)
		if x.whole != "" {
			d, err := blob.Parse(x.whole)
			if err != nil {
				return nil, err
			}
			whole, err := r.read(d)
			if err == nil {
				text = whole
			} else if !errors.Is(err, blob.ErrMissing) { // what has not come yet is shown in outline
				return nil, err
			}
		}
		v, err := statement.Parse(text)
		if err != nil {
			return nil, err
		}
		face := func(hole int) Face {
			if hole < len(x.faces) {
				return x.faces[hole]
			}
			return Face{}
		}
		statement.Fill(v, func(hole int) *statement.Value { return said[face(hole)] }, func(hole int) *statement.Value {
			return statement.Object("account", statement.Object("homePage", statement.Str(home), "name", statement.Str(face(hole).Agent.String())))
		})
		whole := statement.Object("id", statement.Str(x.ID.String()))
		for _, name := range v.Names() {
			whole.Set(name, v.Get(name))
		}
		if whole.Get("timestamp") == nil {
			whole.Set("timestamp", statement.Str(stamp(x.at.Wall())))
		}
		whole.Set("stored", statement.Str(stamp(time.UnixMicro(x.Stored))))
		whole.Set("authority", statement.Tool(x.Key))
		whole.Set("version", statement.Str(x.version))
		out[i] = statement.Listed(whole)
	}
	return out, nil
}

// ErasedHome is the homePage of the accounts that stand for agents who were erased: the name is a random id.
const ErasedHome = "urn:tizi:erased"

// UnnamedHome is the homePage of the accounts that stand for agents of outside where nobody is named: the name is a random id.
const UnnamedHome = "urn:tizi:agent"

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// faces returns what was said of the agents of some statements.
func (r *Records) faces(ctx context.Context, q store.Querier, rows []*Row) (map[Face]*statement.Value, error) {
	out := map[Face]*statement.Value{}
	var ids []id.ID
	seen := map[id.ID]bool{}
	for _, x := range rows {
		for _, f := range x.faces {
			if !seen[f.Agent] {
				seen[f.Agent] = true
				ids = append(ids, f.Agent)
			}
		}
	}
	for part := range slices.Chunk(ids, 200) {
		in, args := store.In("id", part)
		err := q.Each(ctx, "SELECT id, face, said FROM record_agent WHERE "+in, args, func(row store.Row) error {
			var f Face
			var said string
			if err := row.Scan(&f.Agent, &f.Tag, &said); err != nil {
				return err
			}
			v, err := statement.Parse([]byte(said))
			out[f] = v
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// toldBy bounds how many statements are asked for what they say of an activity.
const toldBy = 50

// Activity returns the definition of an activity at a centre, put together from what statements say of it; nil where none says
// anything.
func (r *Records) Activity(ctx context.Context, centre id.ID, activity string) (*statement.Value, error) {
	var said []string
	err := r.log.DB.Each(ctx, "SELECT s.said FROM record_term x JOIN record_seen n ON n.centre = x.centre AND n.at = x.at JOIN record_statement s ON s.id = n.id AND s.centre = n.centre WHERE x.centre = ? AND x.term = ? ORDER BY x.at DESC LIMIT ?", store.Args(centre, term("activity", activity), toldBy), func(row store.Row) error {
		var t string
		err := row.Scan(&t)
		said = append(said, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	var known *statement.Value
	for _, t := range slices.Backward(said) {
		v, err := statement.Parse([]byte(t))
		if err != nil {
			return nil, err
		}
		(&statement.Statement{All: v}).EachActivity(func(a *statement.Value, _ statement.Role) {
			if d := a.Get("definition"); d != nil && a.Get("id").Text() == activity {
				known = statement.Merge(known, d)
			}
		})
	}
	return known, nil
}
