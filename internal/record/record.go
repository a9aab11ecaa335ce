package record

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/statement"
	"tizi/internal/store"
)

// Records are the learning records of a node.
type Records struct {
	log   *fact.Log
	blobs *blob.Store
}

// New returns the area on a node's log and files.
func New(l *fact.Log, b *blob.Store) *Records { return &Records{l, b} }

// maxSaid is how many bytes of a statement lie in the log; of a longer one, what it is found by.
const maxSaid = 40 << 10

// maxFaces is how many agents of outside a statement may name.
const maxFaces = 400

// Errors of the area. Doors translate them.
var (
	ErrTooLong = errors.New("the statement names too many people and activities to be found by them")
	ErrUnknown = errors.New("there is no such statement")
	ErrOwn     = errors.New("this is one of our own people; they are erased with all that is known of them")
)

// ConflictError says that another statement has this id already.
type ConflictError struct{ ID id.ID }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("another statement has the id %s already; nothing was stored", e.ID)
}

// Source says where statements come from.
type Source struct {
	Centre  id.ID             // in whose stream they are kept
	Key     id.ID             // of the tool that sends them
	Actor   id.ID             // the account that does it; Nil for a tool
	Version statement.Version // that they were checked by
}

// Tool returns the key under which a part of this program writes, by its name: "player".
func Tool(name string) id.ID { return id.Named("record tool", name) }

func (s Source) stream() string { return "centre/" + s.Centre.String() }

// version is what a statement says that does not say its version.
func (s Source) version() string {
	if s.Version == statement.V2 {
		return "2.0.0"
	}
	return "1.0.0"
}

// Put keeps statements and returns their ids in order; it is the one way in. Either all are kept or none. Files are attachments by
// the digest that statements name them by. A statement that is there already, and says the same, changes nothing; one that says
// something else is a *ConflictError.
func (r *Records) Put(ctx context.Context, from Source, in []*statement.Statement, files map[string][]byte) ([]id.ID, error) {
	ids := make([]id.ID, len(in))
	fresh := make([]bool, len(in)) // its id was made here
	at := map[id.ID]bool{}
	for i, s := range in {
		if ids[i] = s.ID; s.ID.IsNil() {
			ids[i], fresh[i] = id.New(), true
		}
		if at[ids[i]] {
			return nil, &statement.Error{Field: fmt.Sprintf("statements[%d].id", i), Why: "two statements of the batch have this id"}
		}
		at[ids[i]] = true
	}
	var keys []id.ID
	for i := range ids {
		if !fresh[i] {
			keys = append(keys, ids[i])
		}
	}
	// known says which of the statements are there already, and is an error where one of them says something else.
	known := func(ctx context.Context, q store.Querier) (map[id.ID]*Row, error) {
		old, err := r.byIDs(ctx, q, from.Centre, keys)
		if err != nil {
			return nil, err
		}
		for i, s := range in {
			if x := old[ids[i]]; x != nil {
				v, err := r.render(ctx, q, []*Row{x})
				if err != nil {
					return nil, err
				}
				if !statement.Same(v[0], s.All) {
					return nil, &ConflictError{ids[i]}
				}
			}
		}
		return old, nil
	}
	bodies, err := r.bodies(ctx, from, in, files, func() error { _, err := known(ctx, r.log.DB); return err })
	if err != nil {
		return nil, err
	}
	_, err = r.log.Do(ctx, fact.Command{Name: "keep statements", Stream: from.stream(), Keys: keys, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		old, err := known(ctx, q)
		if err != nil {
			return out, err
		}
		for i := range in {
			if old[ids[i]] == nil {
				out.Facts = append(out.Facts, fact.New{Stream: from.stream(), Kind: KindMade, Subject: ids[i], Actor: from.Actor, Body: bodies[i], Born: fresh[i]})
			}
		}
		return out, nil
	}})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// bodies makes the bodies of statements: agents of outside are met, files kept. before is asked where somebody new would be written
// down: what is refused leaves nothing of anybody.
func (r *Records) bodies(ctx context.Context, from Source, in []*statement.Statement, files map[string][]byte, before func() error) ([]Stated, error) {
	out := make([]Stated, len(in))
	holes := make([][]statement.Hole, len(in))
	var met []statement.Hole
	whole := map[int][]byte{} // what is too long for the log
	for i, s := range in {
		var hollow *statement.Value
		hollow, holes[i] = s.Hollow(func(a *statement.Value) bool {
			_, own := statement.OwnPerson(a)
			return !own
		})
		if len(holes[i]) > maxFaces {
			return nil, ErrTooLong
		}
		b := Stated{Said: hollow.Append(nil), By: from.Key, Version: from.version()}
		if v := s.All.Get("version"); v != nil {
			b.Version = v.Text()
		}
		if len(b.Said)+80*len(holes[i]) > maxSaid {
			whole[i], b.Said = b.Said, s.Outline(hollow).Append(nil)
			if len(b.Said)+80*len(holes[i]) > maxSaid {
				return nil, ErrTooLong
			}
		}
		out[i] = b
		met = append(met, holes[i]...)
	}
	faces, err := r.meet(ctx, from, met, before)
	if err != nil {
		return nil, err
	}
	for i, s := range in {
		b := &out[i]
		for _, h := range holes[i] {
			b.Faces = append(b.Faces, faces[h.Said.String()])
		}
		if whole[i] != nil {
			d, _, err := r.blobs.Put(bytes.NewReader(whole[i]))
			if err != nil {
				return nil, err
			}
			b.Whole = &d
		}
		for _, a := range s.Attachments() {
			content, ok := files[a.SHA2]
			if !ok || slices.ContainsFunc(b.Files, func(f File) bool { return f.SHA2 == a.SHA2 }) {
				continue
			}
			f, err := r.keep(ctx, s, b.Faces, a, content)
			if err != nil {
				return nil, err
			}
			b.Files = append(b.Files, f)
		}
	}
	return out, nil
}

// keep keeps a file, sealed with the key of who the statement is about.
func (r *Records) keep(ctx context.Context, s *statement.Statement, faces []Face, a statement.Attachment, content []byte) (File, error) {
	f := File{SHA2: a.SHA2, Type: a.Type, Size: int64(len(content))}
	owner, own := statement.OwnPerson(s.All.Get("actor"))
	if !own && len(faces) > 0 {
		owner, own = faces[0].Agent, true
	}
	if own {
		key, err := r.log.Keys.Get(ctx, r.log.DB, owner)
		if err == nil {
			f.Key = owner
			f.File, _, err = r.blobs.PutSealed(key, bytes.NewReader(content))
			return f, err
		}
		if !errors.Is(err, seal.ErrNoKey) {
			return f, err
		}
	}
	var err error
	f.File, _, err = r.blobs.Put(bytes.NewReader(content))
	return f, err
}

// Open returns what an attachment holds. Of somebody who was erased it is seal.ErrNoKey; what has not come yet is
// blob.ErrMissing.
func (r *Records) Open(ctx context.Context, f File) ([]byte, error) {
	if f.Key.IsNil() {
		return r.read(f.File)
	}
	key, err := r.log.Keys.Get(ctx, r.log.DB, f.Key)
	if err != nil {
		return nil, err
	}
	in, err := r.blobs.OpenSealed(key, f.File)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(in)
}

func (r *Records) read(d blob.Digest) ([]byte, error) {
	in, err := r.blobs.Open(d)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(in)
}

// Blobs calls add for each file of which statements of some centres speak, nil for all.
func (r *Records) Blobs(ctx context.Context, q store.Querier, centres []id.ID, add func(stream string, d blob.Digest)) error {
	where, args := "files <> ''", []any(nil)
	if centres != nil {
		var in string
		in, args = store.In("centre", centres)
		where += " AND " + in
	}
	return q.Each(ctx, "SELECT centre, whole, files FROM record_statement WHERE "+where, args, func(row store.Row) error {
		var centre id.ID
		var whole, files string
		if err := row.Scan(&centre, &whole, &files); err != nil {
			return err
		}
		stream := Source{Centre: centre}.stream()
		if whole != "" {
			d, err := blob.Parse(whole)
			if err != nil {
				return err
			}
			add(stream, d)
		}
		for _, f := range filesOf(files) {
			add(stream, f.File)
		}
		return nil
	})
}

func filesOf(text string) []File {
	var out []File
	if text != "" {
		json.Unmarshal([]byte(text), &out) // the fold wrote it
	}
	return out
}
