package fact

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Kind describes one kind of fact: what its body is and how older versions of it are read.
type Kind struct {
	Name     string // "attendance.taken"
	Version  int    // the version that this program writes
	Critical bool   // a node that does not know it must not act on its subject
	// Streams are the classes of stream it may be written in: "commons", "hub", "centre".
	Streams []string
	// Lifts turn the body of version i+1 into version i+2, for ever.
	Lifts []func(json.RawMessage) (json.RawMessage, error)

	body   reflect.Type
	tag    string
	erases bool // its body is an Eraser
}

// Tag is the kind as the envelope spells it.
func (k *Kind) Tag() string { return k.tag }

func (k *Kind) spell() string {
	if k.Critical {
		return fmt.Sprintf("%s@%d!", k.Name, k.Version)
	}
	return fmt.Sprintf("%s@%d", k.Name, k.Version)
}

// Body is what a kind's Go type must do: say whether it makes sense by itself. A body that does not is kept, held and
// shown, and counts nowhere.
type Body interface{ Check() error }

// Eraser is a body that may say that its subject is gone: such a fact, once it counts, destroys the key that its subject has
// in the fact's stream, wherever it comes.
type Eraser interface{ Erases() bool }

// Fold derives the rows of one class of subject from its facts. The rows of a subject depend on nothing but the facts
// of that subject and its keys, so that any order, any repetition and any late revocation end in the same rows.
type Fold struct {
	Name   string
	Kinds  []*Kind
	Tables []*store.Table // the first column of each is the subject's id
	// Sealed says that the subject is a person whose key Fold will ask for.
	Sealed bool
	// Revision is to be raised when Fold derives other rows than before from the same facts: each node then builds its
	// tables again.
	Revision int
	// Fold adds the subject's rows. It must not keep s.
	Fold func(s *Subject, out *Rows) error
	// Sample draws a history of facts of one subject for the property test of the law; see law.go.
	Sample Sampler
}

// Aggregate keeps sums over rows of many subjects. It is given what changed and must end in the same state whatever
// the order of changes.
type Aggregate struct {
	Name    string
	Tables  []*store.Table // what it owns
	Sources []*store.Table // the rows it sums
	// Begin starts to collect the changes of one transaction.
	Begin func() Collector
}

// Collector takes the changes of a transaction and writes them at its end.
type Collector interface {
	// Change tells that a row of a source went from old to new; a missing one is nil.
	Change(t *store.Table, old, new []any)
	// Flush writes the sums.
	Flush(ctx context.Context, tx store.Tx) error
}

// Rows collects what a fold derives.
type Rows struct {
	subject id.ID
	tables  []*store.Table
	rows    [][][]any // by table
}

// Add adds a row; values are int64, int, bool, string, float64, []byte or id.ID as the table's columns say, and the
// first is the subject's id. A row that does not fit is a bug of the fold: it panics, and the subject has no rows.
func (r *Rows) Add(t *store.Table, values ...any) {
	i := slices.Index(r.tables, t)
	if i < 0 {
		panic("a fold wrote to the table " + t.Name + " that it does not own")
	}
	if len(values) != len(t.Columns) {
		panic(fmt.Sprintf("a row of %s has %d values instead of %d", t.Name, len(values), len(t.Columns)))
	}
	if values[0] != r.subject {
		panic("a row of " + t.Name + " does not begin with its subject")
	}
	for j, v := range values {
		values[j] = column(t, j, v)
	}
	r.rows[i] = append(r.rows[i], values)
}

// column makes a value one that both engines store and give back alike.
func column(t *store.Table, j int, v any) any {
	fits := false
	switch x := v.(type) {
	case int:
		v, fits = int64(x), t.Columns[j].Type == store.Int
	case int64:
		fits = t.Columns[j].Type == store.Int
	case bool:
		fits = t.Columns[j].Type == store.Int
		if v = int64(0); x {
			v = int64(1)
		}
	case string:
		fits = t.Columns[j].Type == store.Text
		// JSON may spell a NUL, which PostgreSQL's text cannot hold.
		if strings.IndexByte(x, 0) >= 0 || !utf8.ValidString(x) {
			v = strings.ToValidUTF8(strings.ReplaceAll(x, "\x00", "\uFFFD"), "\uFFFD")
		}
	case float64:
		fits = t.Columns[j].Type == store.Real && !math.IsNaN(x) && !math.IsInf(x, 0)
	case []byte:
		fits = t.Columns[j].Type == store.Blob
		if x == nil {
			v = []byte{}
		}
	case id.ID:
		fits = t.Columns[j].Type == store.ID
	}
	if !fits {
		panic(fmt.Sprintf("%s.%s cannot hold the %T %v", t.Name, t.Columns[j].Name, v, v))
	}
	return v
}

// Registry is the kinds, folds and aggregates that a program knows. It is filled at start and then only read.
type Registry struct {
	kinds      map[string]*Kind
	folds      []*Fold
	byKind     map[string]*Fold
	aggregates []*Aggregate
}

// NewRegistry returns a registry of the kinds that the log itself is ruled by.
func NewRegistry() *Registry {
	r := &Registry{kinds: map[string]*Kind{}, byKind: map[string]*Fold{}}
	for _, k := range ownKinds {
		r.kinds[k.Name] = k
	}
	r.AddFold(grantFold)
	return r
}

// NewKind defines a kind whose body is a T.
func NewKind[T Body](k Kind) *Kind {
	k.body = reflect.TypeFor[T]()
	k.erases = k.body.Implements(reflect.TypeFor[Eraser]())
	if k.Version == 0 {
		k.Version = 1
	}
	if len(k.Lifts) != k.Version-1 {
		panic(fmt.Sprintf("fact: kind %s has version %d and %d lifts", k.Name, k.Version, len(k.Lifts)))
	}
	if k.tag = k.spell(); !validKind(k.tag) {
		panic("fact: kind " + k.tag + " is malformed")
	}
	return &k
}

// AddFold registers a fold and its kinds. Two folds cannot share a kind.
func (r *Registry) AddFold(f *Fold) {
	for _, k := range f.Kinds {
		if r.byKind[k.Name] != nil {
			panic("fact: kind " + k.Name + " is folded twice")
		}
		r.kinds[k.Name] = k
		r.byKind[k.Name] = f
	}
	for _, t := range f.Tables {
		if t.Columns[0].Type != store.ID {
			panic("fact: the first column of " + t.Name + " must be the subject's id")
		}
	}
	r.claim(f.Tables)
	r.folds = append(r.folds, f)
}

// AddAggregate registers sums.
func (r *Registry) AddAggregate(a *Aggregate) {
	r.claim(a.Tables)
	r.aggregates = append(r.aggregates, a)
}

// claim makes sure that one fold or aggregate alone writes to a table.
func (r *Registry) claim(tables []*store.Table) {
	for _, t := range tables {
		if slices.ContainsFunc(r.Tables(), func(u *store.Table) bool { return u.Name == t.Name }) {
			panic("fact: the table " + t.Name + " is written by two")
		}
	}
}

// keyed returns the subjects of facts that may have a key of their own.
func (r *Registry) keyed(facts []*Fact) []id.ID {
	seen := map[id.ID]bool{}
	var out []id.ID
	for _, f := range facts {
		name, _, _ := SplitKind(f.Kind)
		fd := r.byKind[name]
		if fd == nil || seen[f.Subject] || !fd.Sealed && !slices.ContainsFunc(fd.Kinds, func(k *Kind) bool { return k.erases }) {
			continue
		}
		seen[f.Subject] = true
		out = append(out, f.Subject)
	}
	return out
}

// closed returns the subjects of facts that are sealed and whose keys are not among some.
func (r *Registry) closed(facts []*Fact, keys []seal.WrappedPerson) []id.ID {
	has := map[id.ID]bool{}
	for _, k := range keys {
		has[k.Person] = true
	}
	var out []id.ID
	for _, f := range facts {
		name, _, _ := SplitKind(f.Kind)
		if fd := r.byKind[name]; fd != nil && fd.Sealed && !has[f.Subject] {
			has[f.Subject] = true
			out = append(out, f.Subject)
		}
	}
	return out
}

// Folds returns the folds in the order of registration.
func (r *Registry) Folds() []*Fold { return r.folds }

// Aggregates returns the aggregates.
func (r *Registry) Aggregates() []*Aggregate { return r.aggregates }

// Kinds returns the names of the kinds, sorted.
func (r *Registry) Kinds() []string { return slices.Sorted(maps.Keys(r.kinds)) }

// Tables returns every derived table.
func (r *Registry) Tables() []*store.Table {
	var out []*store.Table
	for _, f := range r.folds {
		out = append(out, f.Tables...)
	}
	for _, a := range r.aggregates {
		out = append(out, a.Tables...)
	}
	return out
}

// read decodes a fact's body into its kind's newest version and says whether it can be used. A body comes from anywhere,
// so nothing in it may bring the program down.
func (r *Registry) read(f *Fact) (s State) {
	name, version, critical := SplitKind(f.Kind)
	k := r.kinds[name]
	if k == nil || version > k.Version {
		if critical {
			return Critical
		}
		return Unknown
	}
	if f.decoded != nil {
		return Effective
	}
	if !k.streamAllowed(f.Stream) {
		return Malformed // or a centre's box could write what only commons may say
	}
	defer func() {
		if p := recover(); p != nil {
			s = Malformed
		}
	}()
	body := json.RawMessage(f.Body)
	for v := version; v < k.Version; v++ {
		var err error
		if body, err = k.Lifts[v-1](body); err != nil {
			return Malformed
		}
	}
	p := reflect.New(k.body)
	if err := json.Unmarshal(body, p.Interface()); err != nil {
		return Malformed
	}
	v := p.Elem().Interface().(Body)
	if err := v.Check(); err != nil {
		return Malformed
	}
	f.decoded = v
	return Effective
}

// streamAllowed says whether the kind may stand in the stream.
func (k *Kind) streamAllowed(stream string) bool {
	class := stream
	if len(stream) > 7 && stream[:7] == "centre/" {
		class = "centre"
	}
	return slices.Contains(k.Streams, class)
}

// As returns the body of a fact that the registry has read.
func As[T Body](f *Fact) (T, bool) {
	v, ok := f.decoded.(T)
	return v, ok
}

// New is a fact about to be written: the log adds stream position, time and node.
type New struct {
	Stream  string
	Kind    *Kind
	Subject id.ID
	Actor   id.ID
	Prev    []Ref
	Body    Body
	// Born says that the subject's id was made for this very fact, so nothing is known of it yet: a hint that saves
	// looking.
	Born bool
}

// fact makes a fact of it that lacks only its place in the log. What is folded is what was encoded, never what was
// given: a body that JSON does not bring back whole would make other rows today than after a replay.
func (n *New) fact(r *Registry) (*Fact, error) {
	if n.Kind == nil || r.kinds[n.Kind.Name] != n.Kind {
		return nil, errors.New("the kind of a fact is not registered")
	}
	if reflect.TypeOf(n.Body) != n.Kind.body {
		return nil, fmt.Errorf("%s: the body is a %T", n.Kind.Name, n.Body)
	}
	if err := n.Body.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", n.Kind.Name, err)
	}
	if !n.Kind.streamAllowed(n.Stream) {
		return nil, fmt.Errorf("%s cannot be written in stream %s", n.Kind.Name, n.Stream)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(n.Body); err != nil {
		return nil, fmt.Errorf("%s: %w", n.Kind.Name, err)
	}
	f := &Fact{Stream: n.Stream, Kind: n.Kind.Tag(), Subject: n.Subject, Actor: n.Actor, Prev: n.Prev,
		Body: bytes.TrimSuffix(buf.Bytes(), []byte("\n"))}
	if err := f.checkContent(); err != nil {
		return nil, err
	}
	if r.read(f) != Effective {
		return nil, fmt.Errorf("%s: the body does not come back whole from JSON", n.Kind.Name)
	}
	return f, nil
}
