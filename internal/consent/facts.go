// Package consent knows what people agreed to: for which purpose, in which words, by whom, how and when, and until when.
// What needs a consent asks here before it runs. Photographs and scanned forms are kept here too, for they stand and fall
// with a consent.
package consent

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Purpose is what somebody agrees to. Each is a register of its own.
type Purpose string

// The purposes.
const (
	Training Purpose = "training"
	Image    Purpose = "image"
	FollowUp Purpose = "follow_up"
	Research Purpose = "research"
)

// Purposes are all purposes, in the order of a form.
var Purposes = []Purpose{Training, Image, FollowUp, Research}

// States of a consent. Missing is never stated.
const (
	Given     = "given"
	Refused   = "refused"
	Withdrawn = "withdrawn"
	Missing   = "missing"
)

// States are those that can be stated.
var States = []string{Given, Refused, Withdrawn}

// Who gives a consent.
const (
	ByGuardian = "guardian"
	BySelf     = "self"
)

// Methods are how a consent is given: on paper, on a screen, spoken before a witness, or on forms that the centre holds
// for a whole list, for which whoever recorded it answers.
var Methods = []string{"paper", "screen", "spoken", "list"}

// Assents are what a child said to it; "" is not asked.
var Assents = []string{"", "yes", "no"}

// Stated is the body of consent.stated. State, date and giver belong together, so they are one register.
type Stated struct {
	Person  id.ID   `json:"person"`
	Purpose Purpose `json:"purpose"`
	State   string  `json:"state"`
	Text    id.ID   `json:"text"` // the version that was read
	Giver   string  `json:"giver"`
	Method  string  `json:"method"`
	Assent  string  `json:"assent,omitempty"`
	On      string  `json:"on"` // civil date
	Scan    id.ID   `json:"scan,omitzero"`
	// Sealed is a Who, sealed with the person's key; it may be empty.
	Sealed string `json:"sealed,omitempty"`
}

// Who says who gave or withdrew a consent.
type Who struct {
	Name     string `json:"name,omitempty"`
	Relation string `json:"relation,omitempty"`
	Witness  string `json:"witness,omitempty"`
}

// Check says what is missing.
func (s Stated) Check() error {
	switch {
	case s.Person.IsNil() || !slices.Contains(Purposes, s.Purpose) || s.Text.IsNil():
		return errors.New("a consent needs a person, a purpose and the text that was read")
	case !slices.Contains(States, s.State):
		return fmt.Errorf("%q is no state of a consent", s.State)
	case s.Giver != ByGuardian && s.Giver != BySelf || !slices.Contains(Methods, s.Method) || !slices.Contains(Assents, s.Assent):
		return errors.New("a consent is given by a guardian or oneself, in a way that is known")
	case !isDate(s.On):
		return errors.New("a consent needs a date, written 2026-03-14")
	}
	return nil
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// TextPublished is the body of consent.text_published: a new version of what people are asked. The older ones stay.
type TextPublished struct {
	Purpose Purpose   `json:"purpose"`
	Text    i18n.Text `json:"text"`
}

// MaxText is how long a text may be, in bytes.
const MaxText = 8000

// Check wants the text in the languages of every centre.
func (t TextPublished) Check() error {
	if !slices.Contains(Purposes, t.Purpose) || t.Text[i18n.FR] == "" || t.Text[i18n.AR] == "" {
		return errors.New("a text needs a purpose, and words in French and Arabic at least")
	}
	for _, s := range t.Text {
		if len(s) > MaxText {
			return fmt.Errorf("a text has at most %d bytes", MaxText)
		}
	}
	return nil
}

// PhotoTaken is the body of photo.taken. Its subject is a photo, which has a key of its own: destroying that key destroys
// the photo alone, wherever a copy of its file lies.
type PhotoTaken struct {
	Person id.ID       `json:"person"`
	Blob   blob.Digest `json:"blob"`
	On     string      `json:"on"`
}

// Check says what is missing.
func (p PhotoTaken) Check() error {
	if p.Person.IsNil() || p.Blob == (blob.Digest{}) || !isDate(p.On) {
		return errors.New("a photo needs a person, a file and a date")
	}
	return nil
}

// PhotoRemoved is the body of photo.removed.
type PhotoRemoved struct {
	Reason string `json:"reason"` // replaced, withdrawn, asked
}

// Check accepts any.
func (PhotoRemoved) Check() error { return nil }

// Erases says so.
func (PhotoRemoved) Erases() bool { return true }

// FormPrinted is the body of form.printed: what a printed form asks whom. The code on the paper is the fact's subject.
type FormPrinted struct {
	Person   id.ID     `json:"person"`
	Purposes []Purpose `json:"purposes"`
	Texts    []id.ID   `json:"texts"` // of each purpose
	Lang     i18n.Lang `json:"lang"`
}

// Check says what is missing.
func (f FormPrinted) Check() error {
	if f.Person.IsNil() || len(f.Purposes) == 0 || len(f.Purposes) != len(f.Texts) || slices.ContainsFunc(f.Purposes, func(p Purpose) bool { return !slices.Contains(Purposes, p) }) {
		return errors.New("a form needs a person and purposes, each with its text")
	}
	return nil
}

// ScanFiled is the body of scan.filed: a signed form, sealed with the person's key.
type ScanFiled struct {
	Person id.ID       `json:"person"`
	Blob   blob.Digest `json:"blob"`
	Form   id.ID       `json:"form,omitzero"`
	On     string      `json:"on"`
}

// Check says what is missing.
func (s ScanFiled) Check() error {
	if s.Person.IsNil() || s.Blob == (blob.Digest{}) || !isDate(s.On) {
		return errors.New("a scan needs a person, a file and a date")
	}
	return nil
}

// ScanDropped is the body of scan.dropped: a page of the tray was thrown away, or nobody had filed it in time.
type ScanDropped struct {
	Person id.ID `json:"person,omitzero"` // whom its code names
	Form   id.ID `json:"form,omitzero"`
}

// Check accepts any.
func (ScanDropped) Check() error { return nil }

// RecordingMade is the body of recording.made: a text read aloud, for those who do not read.
type RecordingMade struct {
	Text   id.ID       `json:"text"`
	Centre id.ID       `json:"centre"`
	Voice  string      `json:"voice"` // a language of the program, or ary: Darija
	Blob   blob.Digest `json:"blob"`  // the zero digest takes it back
	Type   string      `json:"type"`
}

// Voices are the languages of recordings.
var Voices = []string{"ary", "ar", "zgh", "fr", "en"}

// Sounds are the types of recordings.
var Sounds = []string{"audio/mpeg", "audio/ogg", "audio/wav", "audio/mp4"}

// Check says what is missing.
func (r RecordingMade) Check() error {
	if r.Text.IsNil() || r.Centre.IsNil() || !slices.Contains(Voices, r.Voice) || !slices.Contains(Sounds, r.Type) {
		return errors.New("a recording needs a text, a centre, a language and a kind")
	}
	return nil
}

// Ended is the body of consent.ended: the person was erased, and is counted among those who agreed no more.
type Ended struct {
	Person id.ID `json:"person"`
}

// Check wants a person.
func (e Ended) Check() error {
	if e.Person.IsNil() {
		return errors.New("a consent that ended was somebody's")
	}
	return nil
}

// The kinds of this area.
var (
	KindStated    = fact.NewKind[Stated](fact.Kind{Name: "consent.stated", Critical: true, Streams: []string{"centre"}})
	KindEnded     = fact.NewKind[Ended](fact.Kind{Name: "consent.ended", Critical: true, Streams: []string{"centre"}})
	KindText      = fact.NewKind[TextPublished](fact.Kind{Name: "consent.text_published", Streams: []string{"commons"}})
	KindPhoto     = fact.NewKind[PhotoTaken](fact.Kind{Name: "photo.taken", Streams: []string{"centre"}})
	KindRemoved   = fact.NewKind[PhotoRemoved](fact.Kind{Name: "photo.removed", Critical: true, Streams: []string{"centre"}})
	KindForm      = fact.NewKind[FormPrinted](fact.Kind{Name: "form.printed", Streams: []string{"centre"}})
	KindScan      = fact.NewKind[ScanFiled](fact.Kind{Name: "scan.filed", Streams: []string{"centre"}})
	KindDropped   = fact.NewKind[ScanDropped](fact.Kind{Name: "scan.dropped", Streams: []string{"centre"}})
	KindRecording = fact.NewKind[RecordingMade](fact.Kind{Name: "recording.made", Streams: []string{"centre"}})
)

var (
	table = &store.Table{Name: "consent", Key: 1,
		Columns: store.Cols("id:id person:id purpose:text centre:id state:text giver:text method:text assent:text day:text version:id scan:id sealed:text actor:id holds:int conflict:int"),
		Indexes: []string{"person, purpose, holds", "holds, purpose, centre, person", "centre, id WHERE conflict <> 0"}}
	textTable      = &store.Table{Name: "consent_text", Key: 1, Columns: store.Cols("id:id purpose:text body:text at:int"), Indexes: []string{"purpose, at"}}
	photoTable     = &store.Table{Name: "consent_photo", Key: 1, Columns: store.Cols("id:id person:id centre:id digest:text day:text"), Indexes: []string{"person", "centre", "digest"}}
	goneTable      = &store.Table{Name: "consent_gone", Key: 1, Columns: store.Cols("id:id digest:text")}
	formTable      = &store.Table{Name: "consent_form", Key: 1, Columns: store.Cols("id:id person:id centre:id purposes:text texts:text lang:text"), Indexes: []string{"person"}}
	scanTable      = &store.Table{Name: "consent_scan", Key: 1, Columns: store.Cols("id:id person:id centre:id digest:text day:text form:id"), Indexes: []string{"person", "centre", "digest"}}
	recordingTable = &store.Table{Name: "consent_recording", Key: 1, Columns: store.Cols("id:id version:id centre:id voice:text digest:text type:text"), Indexes: []string{"version, centre"}}
)

// Folds of this area.
var Folds = []*fact.Fold{
	{
		Name: "consent", Revision: 1, Kinds: []*fact.Kind{KindStated, KindEnded}, Tables: []*store.Table{table},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			heads := s.Heads(fact.Is[Stated])
			// Who is erased does not come back, whatever is said later elsewhere.
			if len(heads) == 0 || s.Last(fact.Is[Ended]) != nil {
				return nil
			}
			last := heads[len(heads)-1]
			c, _ := fact.As[Stated](last)
			// Of two who did not see each other, the one who said no is heard until somebody who saw both decides.
			holds, conflict := true, false
			for _, h := range heads {
				b, _ := fact.As[Stated](h)
				holds = holds && b.State == Given
				conflict = conflict || b.State != c.State
			}
			out.Add(table, s.ID, c.Person, string(c.Purpose), fact.CentreOf(last.Stream), c.State, c.Giver, c.Method, c.Assent, c.On, c.Text, c.Scan, c.Sealed, last.Actor, holds, conflict)
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			p := sampleID(1)
			h := fact.History{Subject: RegisterID(p, Training)}
			for i := range 1 + d.Int("steps", 5) {
				st := fact.Step{Kind: KindStated, By: d.Int("by", 2), Body: Stated{Person: p, Purpose: Training, State: States[d.Int("state", 3)], Text: sampleID(2), Giver: ByGuardian, Method: Methods[d.Int("method", 4)], Assent: Assents[d.Int("assent", 3)], On: "2026-03-02"}}
				if d.Int("end", 6) == 0 {
					st.Kind, st.Body = KindEnded, Ended{p}
				}
				if i > 0 && d.Int("saw", 2) == 1 {
					st.Prev = []int{d.Int("which", i)}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	},
	{
		Name: "consent.text", Kinds: []*fact.Kind{KindText}, Tables: []*store.Table{textTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			f := s.Last(fact.Is[TextPublished])
			if f == nil {
				return nil
			}
			t, _ := fact.As[TextPublished](f)
			b, err := json.Marshal(t.Text)
			if err != nil {
				return err
			}
			out.Add(textTable, s.ID, string(t.Purpose), string(b), f.HLC.Wall().UnixMilli())
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			for i := range 1 + d.Int("steps", 2) {
				h.Steps = append(h.Steps, fact.Step{Kind: KindText, By: d.Int("by", 2), Body: TextPublished{Purposes[d.Int("purpose", 4)], i18n.Text{i18n.FR: fmt.Sprint("texte ", i), i18n.AR: "نص"}}})
			}
			return h
		},
	},
	{
		Name: "consent.photo", Kinds: []*fact.Kind{KindPhoto, KindRemoved}, Tables: []*store.Table{photoTable, goneTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			f := s.Last(fact.Is[PhotoTaken])
			if f == nil {
				return nil
			}
			p, _ := fact.As[PhotoTaken](f)
			// Its key is gone, so nothing said later brings it back.
			if s.Last(fact.Is[PhotoRemoved]) != nil {
				out.Add(goneTable, s.ID, p.Blob.String())
				return nil
			}
			out.Add(photoTable, s.ID, p.Person, fact.CentreOf(f.Stream), p.Blob.String(), p.On)
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			for range 1 + d.Int("steps", 3) {
				st := fact.Step{Kind: KindPhoto, By: d.Int("by", 2), Body: PhotoTaken{sampleID(1), blob.Digest{1, byte(d.Int("file", 3))}, "2026-03-02"}}
				if d.Int("remove", 3) == 0 {
					st.Kind, st.Body = KindRemoved, PhotoRemoved{"withdrawn"}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	},
	{
		Name: "consent.form", Kinds: []*fact.Kind{KindForm}, Tables: []*store.Table{formTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			f := s.Last(fact.Is[FormPrinted])
			if f == nil {
				return nil
			}
			b, _ := fact.As[FormPrinted](f)
			purposes, texts := make([]string, len(b.Purposes)), make([]string, len(b.Texts))
			for i := range b.Purposes {
				purposes[i], texts[i] = string(b.Purposes[i]), b.Texts[i].Hex()
			}
			out.Add(formTable, s.ID, b.Person, fact.CentreOf(f.Stream), strings.Join(purposes, " "), strings.Join(texts, " "), string(b.Lang))
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			for range 1 + d.Int("steps", 2) {
				h.Steps = append(h.Steps, fact.Step{Kind: KindForm, By: d.Int("by", 2), Body: FormPrinted{sampleID(1), []Purpose{Purposes[d.Int("purpose", 4)]}, []id.ID{sampleID(2)}, i18n.FR}})
			}
			return h
		},
	},
	{
		Name: "consent.scan", Kinds: []*fact.Kind{KindScan, KindDropped}, Tables: []*store.Table{scanTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			if f := s.Last(fact.Is[ScanFiled]); f != nil {
				b, _ := fact.As[ScanFiled](f)
				out.Add(scanTable, s.ID, b.Person, fact.CentreOf(f.Stream), b.Blob.String(), b.On, b.Form)
			}
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			for range 1 + d.Int("steps", 2) {
				st := fact.Step{Kind: KindScan, By: d.Int("by", 2), Body: ScanFiled{Person: sampleID(1), Blob: blob.Digest{2, byte(d.Int("file", 3))}, On: "2026-03-02"}}
				if d.Int("drop", 3) == 0 {
					st.Kind, st.Body = KindDropped, ScanDropped{Person: sampleID(1)}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	},
	{
		Name: "consent.recording", Kinds: []*fact.Kind{KindRecording}, Tables: []*store.Table{recordingTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			f := s.Last(fact.Is[RecordingMade])
			if f == nil {
				return nil
			}
			if b, _ := fact.As[RecordingMade](f); b.Blob != (blob.Digest{}) {
				out.Add(recordingTable, s.ID, b.Text, b.Centre, b.Voice, b.Blob.String(), b.Type)
			}
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			for i := range 1 + d.Int("steps", 3) {
				st := fact.Step{Kind: KindRecording, By: d.Int("by", 2), Body: RecordingMade{sampleID(1), sampleID(2), Voices[d.Int("voice", 5)], blob.Digest{byte(d.Int("file", 2))}, Sounds[0]}}
				if i > 0 && d.Int("saw", 2) == 1 {
					st.Prev = []int{d.Int("which", i)}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	},
}

func sampleID(n int) id.ID { return id.Named("sample", fmt.Sprint("consent ", n)) }

// RegisterID names the register of a person's consent to a purpose: two nodes that record it mean the same one.
func RegisterID(person id.ID, p Purpose) id.ID { return id.Under(person, "consent "+string(p)) }

//go:embed texts/*.json
var textFiles embed.FS

// first are the texts that the program brings: version 1 of each purpose, the same on every node.
var first = func() map[Purpose]Text {
	out := map[Purpose]Text{}
	for _, p := range Purposes {
		b, err := textFiles.ReadFile("texts/" + string(p) + ".json")
		t := Text{ID: FirstText(p), Purpose: p, Version: 1}
		if err == nil {
			err = json.Unmarshal(b, &t.Text)
		}
		if err != nil {
			panic("consent: the text of " + string(p) + ": " + err.Error())
		}
		out[p] = t
	}
	return out
}()

// FirstText names the text that the program brings for a purpose.
func FirstText(p Purpose) id.ID { return id.Named("consent text", string(p)+" 1") }
