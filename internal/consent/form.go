package consent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/picture"
	"tizi/internal/store"
)

// Form is a printed form.
type Form struct {
	ID, Person, Centre id.ID
	Purposes           []Purpose
	Texts              []id.ID
	Lang               i18n.Lang
}

// codeMark begins the code on a form, so that other codes in a picture are not taken for one.
const codeMark = "TIZI1:"

// Code is what the QR code on the paper says: nothing to anybody without this node.
func (f Form) Code() string { return codeMark + f.ID.Hex() }

// parseCode reads what Code wrote.
func parseCode(s string) id.ID {
	h, ok := strings.CutPrefix(s, codeMark)
	if !ok || len(h) != 32 {
		return id.Nil
	}
	v, err := id.Parse(h)
	if err != nil {
		return id.Nil
	}
	return v
}

// MaxForms is how many forms are printed at once.
const MaxForms = 200

// Print returns a form for each of some people in the scope, in the order given. The same form printed again is the same
// form.
func (c *Consents) Print(ctx context.Context, actor id.ID, scope access.Scope, people []id.ID, purposes []Purpose, lang i18n.Lang) ([]Form, error) {
	if len(purposes) == 0 || len(people) > MaxForms {
		return nil, fmt.Errorf("a form asks for something, of at most %d people at once", MaxForms)
	}
	found, err := c.people.Of(ctx, c.log.DB, scope, people)
	if err != nil {
		return nil, err
	}
	if len(found) != len(people) || len(found) == 0 {
		return nil, person.ErrUnknown
	}
	texts := make([]id.ID, len(purposes))
	name := "form " + string(lang)
	for i, p := range purposes {
		t, err := c.Current(ctx, c.log.DB, p)
		if err != nil {
			return nil, err
		}
		texts[i] = t.ID
		name += " " + t.ID.Hex()
	}
	var out []Form
	for _, p := range found {
		out = append(out, Form{id.Under(p.ID, name), p.ID, p.Centre, purposes, texts, lang})
	}
	_, err = c.log.Do(ctx, fact.Command{Name: "print forms", Stream: person.Stream(found[0].Centre), Keys: people, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var o fact.Outcome
		for _, f := range out {
			if known, err := c.form(ctx, q, f.ID); err != nil || known != nil {
				if err != nil {
					return o, err
				}
				continue
			}
			o.Facts = append(o.Facts, fact.New{Stream: person.Stream(f.Centre), Kind: KindForm, Subject: f.ID, Actor: actor, Body: FormPrinted{f.Person, f.Purposes, f.Texts, f.Lang}})
		}
		return o, nil
	}})
	return out, err
}

func (c *Consents) form(ctx context.Context, q store.Querier, v id.ID) (*Form, error) {
	f := &Form{ID: v}
	var purposes, texts string
	found, err := store.One(ctx, q, "SELECT person, centre, purposes, texts, lang FROM consent_form WHERE id = ?", store.Args(v), &f.Person, &f.Centre, &purposes, &texts, (*string)(&f.Lang))
	if err != nil || !found {
		return nil, err
	}
	for _, p := range strings.Fields(purposes) {
		f.Purposes = append(f.Purposes, Purpose(p))
	}
	for _, t := range strings.Fields(texts) {
		v, err := id.Parse(t)
		if err != nil {
			return nil, err
		}
		f.Texts = append(f.Texts, v)
	}
	return f, nil
}

// Waiting is a scanned page in the tray.
type Waiting struct {
	ID, Centre, Account id.ID
	Form                *Form // nil where no code was read, or it is not one of ours
	At                  time.Time
	digest              blob.Digest
}

// Received says what became of an upload.
type Received struct {
	Pages    int // in the tray now
	Unread   int // of them, those without a code that is known
	Refused  int // files that are no pictures
	TooLarge int
}

// Receive puts the pages of an uploaded file into the tray of a centre.
func (c *Consents) Receive(ctx context.Context, actor, centre id.ID, file []byte, rep *Received) error {
	pages, err := picture.Pages(file)
	if err != nil {
		rep.Refused++
		return nil
	}
	for _, b := range pages {
		img, err := picture.Read(b)
		if errors.Is(err, picture.ErrLarge) {
			rep.TooLarge++
			continue
		}
		if err != nil {
			rep.Refused++
			continue
		}
		page, err := picture.Page(img)
		if err != nil {
			return err
		}
		form := parseCode(picture.Code(img))
		if f, err := c.form(ctx, c.log.DB, form); err != nil {
			return err
		} else if f == nil {
			form = id.Nil
			rep.Unread++
		}
		v := id.New()
		key, digest, err := c.keep(ctx, v, person.Stream(centre), page)
		if err != nil {
			return err
		}
		err = c.log.DB.Write(ctx, func(tx store.Tx) error {
			if err := c.log.Keys.Insert(ctx, tx, one(key)); err != nil {
				return err
			}
			return tx.Exec(ctx, "INSERT INTO consent_tray (id, centre, account, digest, form, at) VALUES (?, ?, ?, ?, ?, ?)", v, centre, actor, digest.String(), form, c.log.Clock.Now().UnixMilli())
		})
		if err != nil {
			return errors.Join(err, c.blobs.Delete(digest))
		}
		rep.Pages++
	}
	return nil
}

func one[T any](v T) []T { return []T{v} }

func (c *Consents) tray(ctx context.Context, q store.Querier, scope access.Scope, and string, args ...any) ([]*Waiting, error) {
	where, a := scope.SQL("centre")
	var out []*Waiting
	var forms []id.ID
	err := q.Each(ctx, "SELECT id, centre, account, digest, form, at FROM consent_tray WHERE "+where+and+" ORDER BY at, id LIMIT 200", append(a, args...), func(r store.Row) error {
		w := &Waiting{}
		var digest string
		var form id.ID
		var at int64
		if err := r.Scan(&w.ID, &w.Centre, &w.Account, &digest, &form, &at); err != nil {
			return err
		}
		w.At = time.UnixMilli(at)
		var err error
		w.digest, err = blob.Parse(digest)
		out, forms = append(out, w), append(forms, form)
		return err
	})
	for i, f := range forms {
		if err != nil || f.IsNil() {
			continue
		}
		out[i].Form, err = c.form(ctx, q, f)
	}
	return out, err
}

// Tray returns the scans that wait in a scope, the oldest first.
func (c *Consents) Tray(ctx context.Context, q store.Querier, scope access.Scope) ([]*Waiting, error) {
	return c.tray(ctx, q, scope, "")
}

// Waits returns one scan that waits, or ErrNoFile.
func (c *Consents) Waits(ctx context.Context, q store.Querier, scope access.Scope, v id.ID) (*Waiting, error) {
	l, err := c.tray(ctx, q, scope, " AND id = ?", v)
	if err == nil && len(l) == 0 {
		err = ErrNoFile
	}
	if err != nil {
		return nil, err
	}
	return l[0], nil
}

// Page returns the picture of a scan that waits.
func (c *Consents) Page(ctx context.Context, q store.Querier, w *Waiting) ([]byte, error) {
	return c.open(ctx, q, w.ID, w.digest)
}

// TrayLife is how long a page waits for somebody to file it: whose it is may never be known, and a name stands on it.
const TrayLife = 90 * 24 * time.Hour

// Drop throws a scan away.
func (c *Consents) Drop(ctx context.Context, actor id.ID, w *Waiting) error {
	b := ScanDropped{}
	if w.Form != nil {
		b = ScanDropped{w.Form.Person, w.Form.ID}
	}
	_, err := c.log.Do(ctx, fact.Command{Name: "drop a scan", Stream: person.Stream(w.Centre), Keys: one(w.ID), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		if _, err := c.Waits(ctx, q, access.Everywhere(), w.ID); err != nil { // filed meanwhile
			return fact.Outcome{}, err
		}
		return fact.Outcome{
			Facts: []fact.New{{Stream: person.Stream(w.Centre), Kind: KindDropped, Subject: w.ID, Actor: actor, Body: b}},
			Also:  func(ctx context.Context, tx store.Tx) error { return c.untray(ctx, tx, w) },
		}, nil
	}})
	if err != nil {
		return err
	}
	return c.Destroy(ctx, one(w.digest))
}

// DropLate throws away what waited too long.
func (c *Consents) DropLate(ctx context.Context) error {
	late, err := c.tray(ctx, c.log.DB, access.Everywhere(), " AND at < ?", c.log.Clock.Now().Add(-TrayLife).UnixMilli())
	if err != nil {
		return err
	}
	for _, w := range late {
		if err := c.Drop(ctx, id.Nil, w); err != nil && !errors.Is(err, ErrNoFile) { // filed meanwhile
			return err
		}
	}
	return nil
}

func (c *Consents) untray(ctx context.Context, tx store.Tx, w *Waiting) error {
	if err := tx.Exec(ctx, "DELETE FROM consent_tray WHERE id = ?", w.ID); err != nil {
		return err
	}
	return c.log.Keys.Erase(ctx, tx, w.ID, person.Stream(w.Centre), c.log.Clock.Now().UnixMilli())
}

// filing is a scan on its way out of the tray.
type filing struct {
	scan  id.ID
	facts []fact.New
	also  func(context.Context, store.Tx) error
}

// File files a scan to a person in the scope and records what is ticked on it. The page is sealed anew, with the person's
// key, so that it goes when the person goes.
func (c *Consents) File(ctx context.Context, actor id.ID, scope access.Scope, w *Waiting, who id.ID, list []Statement) error {
	p, err := c.people.Get(ctx, c.log.DB, scope, who)
	if err != nil {
		return err
	}
	if p == nil {
		return person.ErrUnknown
	}
	page, err := c.Page(ctx, c.log.DB, w)
	if err != nil {
		return err
	}
	key, err := c.log.Keys.Get(ctx, c.log.DB, who)
	if err != nil {
		return err
	}
	digest, _, err := c.blobs.PutSealed(key, bytes.NewReader(page))
	if err != nil {
		return err
	}
	form, on := id.Nil, c.log.Clock.Now().Format(time.DateOnly)
	if w.Form != nil && w.Form.Person == who {
		form = w.Form.ID
		for i, s := range list { // what was signed are the words on the paper, whatever is in force today
			if j := slices.Index(w.Form.Purposes, s.Purpose); j >= 0 {
				list[i].Text = w.Form.Texts[j]
			}
		}
	}
	f := &filing{scan: w.ID, facts: []fact.New{{Stream: person.Stream(p.Centre), Kind: KindScan, Subject: w.ID, Actor: actor, Body: ScanFiled{who, digest, form, on}}}}
	f.also = func(ctx context.Context, tx store.Tx) error { return c.untray(ctx, tx, w) }
	if err := c.record(ctx, actor, scope, who, list, f); err != nil {
		return errors.Join(err, c.blobs.Delete(digest))
	}
	return c.Destroy(ctx, one(w.digest))
}

// Scan returns a filed scan of a person as JPEG. The caller has made sure that the reader may see the person.
func (c *Consents) Scan(ctx context.Context, q store.Querier, who, scan id.ID) ([]byte, error) {
	var digest string
	found, err := store.One(ctx, q, "SELECT digest FROM consent_scan WHERE id = ? AND person = ?", store.Args(scan, who), &digest)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNoFile
	}
	d, err := blob.Parse(digest)
	if err != nil {
		return nil, err
	}
	return c.open(ctx, q, who, d)
}

// Recording is a text read aloud.
type Recording struct {
	ID, Text, Centre id.ID
	Voice, Type      string
	digest           string
}

// Recordings returns the recordings of a text at a centre.
func (c *Consents) Recordings(ctx context.Context, q store.Querier, text, centre id.ID) ([]Recording, error) {
	var out []Recording
	err := q.Each(ctx, "SELECT id, version, centre, voice, type, digest FROM consent_recording WHERE version = ? AND centre = ? ORDER BY voice", store.Args(text, centre), func(r store.Row) error {
		var x Recording
		err := r.Scan(&x.ID, &x.Text, &x.Centre, &x.Voice, &x.Type, &x.digest)
		out = append(out, x)
		return err
	})
	return out, err
}

// MaxRecording is how many bytes a recording may have.
const MaxRecording = 10 << 20

// Errors of recordings.
var (
	ErrSound = errors.New("this is no MP3, Ogg, WAV or M4A recording")
)

// soundType tells the type of a recording by its content, or "".
func soundType(b []byte) string {
	switch t := http.DetectContentType(b); {
	case t == "audio/mpeg", len(b) > 2 && b[0] == 0xff && b[1]&0xe6 == 0xe2:
		return "audio/mpeg"
	case t == "application/ogg":
		return "audio/ogg"
	case t == "audio/wave":
		return "audio/wav"
	case len(b) > 12 && string(b[4:8]) == "ftyp" && (string(b[8:11]) == "M4A" || string(b[8:12]) == "mp42" || string(b[8:12]) == "isom"):
		return "audio/mp4"
	}
	return ""
}

// SetRecording keeps a recording of a text for a centre; an empty one takes it back.
func (c *Consents) SetRecording(ctx context.Context, actor id.ID, scope access.Scope, text, centre id.ID, voice string, file []byte) error {
	if !scope.Has(centre) {
		return access.ErrDenied
	}
	if _, err := c.Text(ctx, c.log.DB, text); err != nil {
		return err
	}
	body := RecordingMade{Text: text, Centre: centre, Voice: voice, Type: Sounds[0]}
	if len(file) > 0 {
		if body.Type = soundType(file); body.Type == "" || len(file) > MaxRecording {
			return ErrSound
		}
		var err error
		if body.Blob, _, err = c.blobs.Put(bytes.NewReader(file)); err != nil {
			return err
		}
	}
	v := id.Under(text, "recording "+voice+" "+centre.Hex())
	_, err := c.log.Do(ctx, fact.Command{Name: "keep a recording", Stream: person.Stream(centre), Keys: one(v), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		all, err := c.log.Of(ctx, q, v)
		if err != nil || fact.Says(all, body) {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Facts: []fact.New{{Stream: person.Stream(centre), Kind: KindRecording, Subject: v, Actor: actor, Body: body, Prev: fact.HeadsOf(all)}}}, nil
	}})
	return err
}

// Sound opens a recording, or says ErrNoFile.
func (c *Consents) Sound(ctx context.Context, q store.Querier, v id.ID) (blob.File, string, error) {
	var digest, kind string
	found, err := store.One(ctx, q, "SELECT digest, type FROM consent_recording WHERE id = ?", store.Args(v), &digest, &kind)
	if err == nil && !found {
		err = ErrNoFile
	}
	if err != nil {
		return nil, "", err
	}
	d, err := blob.Parse(digest)
	if err != nil {
		return nil, "", err
	}
	f, err := c.blobs.Open(d)
	if errors.Is(err, blob.ErrMissing) {
		err = ErrNoFile
	}
	return f, kind, err
}
