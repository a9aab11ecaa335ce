// Package person knows the people of programmes: who they are, sealed, and how to find them. What a person did carries
// the person's id only and belongs to other areas.
package person

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person/list"
	"tizi/internal/person/same"
	"tizi/internal/store"
)

// Field names a detail of a person. A missing field is unknown; an empty one in an edit was cleared.
type Field = string

// The fields, in the order in which a form shows them.
var Fields = []Field{
	"first_ar", "last_ar", "name_ar", "first_latin", "last_latin", "name_latin", "birth", "sex", "massar", "cin",
	"phone", "guardian_name", "guardian_phone", "school", "level", "milieu", "schooling", "category", "diploma", "commune", "address",
	"texts",
}

// NoTexts in the field texts says that no SMS is wanted.
const NoTexts = "no"

// Details are a person's fields.
type Details map[Field]string

// Stated is the body of person.registered and person.edited: fields sealed with the person's key. Each field is a
// register of its own, so that two offline edits of different fields both stand.
type Stated struct {
	Sealed string `json:"sealed"`
}

// Check wants something sealed.
func (s Stated) Check() error {
	if s.Sealed == "" {
		return errors.New("nothing is stated about the person")
	}
	return nil
}

// Erases says so.
func (Erased) Erases() bool { return true }

// Erased is the body of person.erased.
type Erased struct {
	Reason string `json:"reason"`
}

// Check wants a reason.
func (e Erased) Check() error {
	if e.Reason == "" {
		return errors.New("an erasure needs a reason")
	}
	return nil
}

// The kinds of this area.
var (
	KindRegistered = fact.NewKind[Stated](fact.Kind{Name: "person.registered", Streams: []string{"centre"}})
	KindEdited     = fact.NewKind[Stated](fact.Kind{Name: "person.edited", Streams: []string{"centre"}})
	KindErased     = fact.NewKind[Erased](fact.Kind{Name: "person.erased", Critical: true, Streams: []string{"centre"}})
)

var (
	table = &store.Table{
		Name: "person", Key: 1,
		Columns: store.Cols("id:id centre:id sort:text first_ar:text last_ar:text name_ar:text first_latin:text last_latin:text name_latin:text birth:text sex:text massar:text cin:text phone:text guardian_name:text guardian_phone:text school:text level:text milieu:text schooling:text category:text diploma:text commune:text address:text texts:text registered:int conflict:int said:text at:int mark:int"),
		// The third is for distances: few lists name a commune.
		Indexes: []string{"centre, sort, id", "sort, id", "centre, commune WHERE commune <> ''", "centre, id WHERE conflict <> 0"},
	}
	// tokenTable finds a person by the beginning of any word of any name, and, behind a ~, of what it sounds like.
	tokenTable = &store.Table{Name: "person_token", Key: 2, Columns: store.Cols("person:id token:text"), Indexes: []string{"token, person"}}
	// keyTable finds who may be the same: by identifiers and by name with birth date, and, behind a ~, by the keys of
	// person/same.
	keyTable = &store.Table{Name: "person_key", Key: 2, Columns: store.Cols("person:id key:text centre:id"), Indexes: []string{"key"}}
)

// Fold derives a person's rows. Without the key there are none: a person who cannot be read is a person erased.
var Fold = &fact.Fold{
	Name: "person", Kinds: []*fact.Kind{KindRegistered, KindEdited, KindErased}, Tables: []*store.Table{table, tokenTable, keyTable}, Sealed: true,
	Fold: fold,
	Sample: func(d fact.Draw, newKey fact.NewKey) fact.History {
		p := id.New()
		k := newKey(p)
		h := fact.History{Subject: p, Key: k}
		seal := func(m Details) fact.Body {
			b, _ := json.Marshal(m)
			return Stated{k.Seal(b)}
		}
		h.Steps = append(h.Steps, fact.Step{Kind: KindRegistered, By: d.Int("by", 2), Body: seal(Details{"first_latin": "Amina", "last_ar": "بناني", "birth": "2014-12-31", "massar": "R130456789"})})
		for i := range d.Int("edits", 5) {
			st := fact.Step{Kind: KindEdited, By: d.Int("by", 2), Body: seal(Details{Fields[d.Int("field", len(Fields))]: fmt.Sprint("v", d.Int("value", 3)), "sex": "f"})}
			if d.Int("saw", 2) == 1 {
				st.Prev = []int{d.Int("which", i+1)}
			}
			h.Steps = append(h.Steps, st)
		}
		if d.Int("erased", 6) == 0 {
			h.Steps = append(h.Steps, fact.Step{Kind: KindErased, By: d.Int("by", 2), Body: Erased{"asked"}})
		}
		return h
	},
}

func fold(s *fact.Subject, out *fact.Rows) error {
	read := map[*fact.Fact]Details{}
	var first *fact.Fact
	erased := map[string]bool{} // the streams
	for _, f := range s.Facts() {
		switch b := bodyOf(f).(type) {
		case Erased:
			erased[f.Stream] = true
		case Stated:
			var d Details
			plain, ok := s.Open(s.ID, b.Sealed)
			if !ok || json.Unmarshal(plain, &d) != nil {
				continue
			}
			read[f] = d
			if name, _, _ := fact.SplitKind(f.Kind); name == KindRegistered.Name && first == nil {
				first = f
			}
		}
	}
	if first == nil || erased[first.Stream] {
		return nil
	}
	d, conflict, said := Details{}, false, ""
	if len(read) == 1 {
		d = read[first]
	} else {
		for _, field := range Fields {
			heads := s.Heads(func(f *fact.Fact) bool { _, ok := read[f][field]; return ok })
			if len(heads) == 0 {
				continue
			}
			last := heads[len(heads)-1]
			d[field] = read[last][field]
			if last != first { // when, for those who are one with others
				said += fmt.Sprintf(" %s=%d", field, last.HLC)
			}
			for _, h := range heads {
				conflict = conflict || read[h][field] != d[field]
			}
		}
	}
	centre, err := id.Parse(strings.TrimPrefix(first.Stream, "centre/"))
	if err != nil {
		return nil // the envelope allows no such stream
	}
	row := []any{s.ID, centre, d.sortKey()}
	for _, f := range Fields {
		row = append(row, d[f])
	}
	out.Add(table, append(row, first.HLC.Wall().UnixMilli(), conflict, strings.TrimPrefix(said, " "), int64(first.HLC), d.mark())...)
	for _, t := range d.tokens() {
		out.Add(tokenTable, s.ID, t)
	}
	for _, k := range d.keys() {
		out.Add(keyTable, s.ID, k, centre)
	}
	for _, k := range same.Compile(d.record(centre)).Keys() {
		out.Add(keyTable, s.ID, "~"+k, centre)
	}
	return nil
}

func bodyOf(f *fact.Fact) fact.Body {
	if b, ok := fact.As[Stated](f); ok {
		return b
	}
	if b, ok := fact.As[Erased](f); ok {
		return b
	}
	return nil
}

// Latin returns the name in Latin script, first name first; it may be empty.
func (d Details) Latin() string { return joined(d["first_latin"], d["last_latin"], d["name_latin"]) }

// Arabic returns the name in Arabic script, first name first; it may be empty.
func (d Details) Arabic() string { return joined(d["first_ar"], d["last_ar"], d["name_ar"]) }

func joined(first, last, full string) string {
	if s := strings.TrimSpace(first + " " + last); s != "" {
		return s
	}
	return full
}

// Name returns the name in the script a reader prefers, or in the other.
func (d Details) Name(arabic bool) string {
	a, l := d.Arabic(), d.Latin()
	if arabic && a != "" || l == "" {
		return a
	}
	return l
}

// sortKey orders a list: family name first, Latin before Arabic.
func (d Details) sortKey() string {
	for _, s := range []string{d["last_latin"] + " " + d["first_latin"], d["name_latin"], d["last_ar"] + " " + d["first_ar"], d["name_ar"]} {
		if n := list.NormaliseName(s); n != "" {
			return n
		}
	}
	return ""
}

// tokens are the words by whose beginnings a person is found.
func (d Details) tokens() []string {
	set := map[string]bool{}
	for _, f := range []Field{"first_ar", "last_ar", "name_ar", "first_latin", "last_latin", "name_latin"} {
		for _, w := range strings.Fields(list.NormaliseName(d[f])) {
			set[w] = true
		}
	}
	for _, f := range []Field{"massar", "cin"} {
		if d[f] != "" {
			set[strings.ToLower(d[f])] = true
		}
	}
	for _, n := range []string{d.Latin(), d.Arabic()} {
		for _, w := range same.Sounds(n) {
			set["~"+w] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// keys are what two records of one person share.
func (d Details) keys() []string {
	ks := d.entry().Keys()
	slices.Sort(ks)
	return slices.Compact(ks)
}

// record is what tells people apart, for the matcher.
func (d Details) record(centre id.ID) same.Record {
	return same.Record{
		GivenLatin: d["first_latin"], FamilyLatin: d["last_latin"], FullLatin: d["name_latin"],
		GivenArabic: d["first_ar"], FamilyArabic: d["last_ar"], FullArabic: d["name_ar"],
		Birth: d["birth"], Sex: d["sex"], Massar: d["massar"], CIN: d["cin"], Phone: d["phone"],
		GuardianPhone: d["guardian_phone"], Guardian: d["guardian_name"], Commune: d["commune"], Centre: string(centre[:]),
	}
}

// mark changes when anything does that tells people apart.
func (d Details) mark() int64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%q", d.record(id.Nil))
	return int64(h.Sum64() >> 1)
}
