package course

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"tizi/internal/i18n"
	"tizi/internal/quiz"
)

// quizzes are all quizzes of a course.
func (c *Course) quizzes() (out []*quiz.Quiz) {
	for _, q := range []*quiz.Quiz{c.Pre, c.Post} {
		if q != nil {
			out = append(out, q)
		}
	}
	for _, l := range c.Lessons() {
		for _, a := range l.Activities {
			if a.Items != nil && !slices.Contains(out, a.Items) {
				out = append(out, a.Items)
			}
		}
	}
	return out
}

// manifest is the imsmanifest.xml of a QTI 3 package.
type manifest struct {
	XMLName   xml.Name   `xml:"http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1 manifest"`
	ID        string     `xml:"identifier,attr"`
	Schema    string     `xml:"metadata>schema"`
	Version   string     `xml:"metadata>schemaversion"`
	Orgs      struct{}   `xml:"organizations"`
	Resources []resource `xml:"resources>resource"`
}

type resource struct {
	ID   string `xml:"identifier,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
	File struct {
		Href string `xml:"href,attr"`
	} `xml:"file"`
}

// WriteQTI writes the questions of a course as a QTI 3 package: one item for each language in which it is written. It returns how many.
func (c *Course) WriteQTI(w io.Writer) (int, error) {
	z := zip.NewWriter(w)
	m := manifest{ID: c.Code, Schema: "QTI Package", Version: "3.0.0"}
	put := func(name string, b []byte) error {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write(b)
		}
		return err
	}
	for _, q := range c.quizzes() {
		for i := range q.Items {
			it := &q.Items[i]
			for _, l := range i18n.Langs {
				if it.Prompt[l] == "" {
					continue
				}
				b, err := it.QTI(l)
				if err != nil {
					return 0, err
				}
				r := resource{ID: fmt.Sprint("i", len(m.Resources)+1), Type: "imsqti_item_xmlv3p0", Href: strings.TrimSuffix(q.File, ".quiz.yaml") + "/" + it.ID + "." + string(l) + ".xml"}
				r.File.Href = r.Href
				m.Resources = append(m.Resources, r)
				if err := put(r.Href, b); err != nil {
					return 0, fmt.Errorf("write the questions: %w", err)
				}
			}
		}
	}
	b, err := xml.MarshalIndent(m, "", "  ")
	if err == nil {
		err = put("imsmanifest.xml", append([]byte(xml.Header), b...))
	}
	return len(m.Resources), errors.Join(err, z.Close())
}

// FromQTI reads the items of a QTI 3 package, or of one item's file, as a quiz. Files that are no items of a kind that is known are named.
// l is the language of items that say none.
func FromQTI(r io.ReaderAt, size int64, l i18n.Lang) (*quiz.Quiz, []string, error) {
	q := &quiz.Quiz{}
	var not []string
	add := func(name string, b []byte) {
		it, _, err := quiz.ReadQTI(b, l)
		if err == nil {
			it.ID = slug(it.ID)
			if known := q.Item(it.ID); known != nil {
				err = known.Merge(it)
			} else {
				q.Items = append(q.Items, *it)
			}
		}
		if err != nil {
			not = append(not, name)
		}
	}
	head := make([]byte, 2)
	if n, _ := r.ReadAt(head, 0); n < 2 || string(head) != "PK" {
		b, err := readAll("", io.NewSectionReader(r, 0, size), quiz.MaxQTI)
		add("", b)
		return q, not, err
	}
	a, err := openArchive(r, size)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range a.files() {
		if path.Ext(f.path) != ".xml" || path.Base(f.path) == "imsmanifest.xml" {
			continue
		}
		if f.size > quiz.MaxQTI {
			not = append(not, f.path)
			continue
		}
		b, err := a.read(f.path)
		if err != nil {
			return nil, nil, err
		}
		add(f.path, b)
	}
	return q, not, nil
}

// slug makes a name of a course's thing out of an identifier of another system.
func slug(s string) string {
	return strings.Trim(strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') }), "-"), "-")
}

// QuizYAML writes a quiz as the file of a course has it.
func QuizYAML(q *quiz.Quiz) ([]byte, error) { return yaml.Marshal(encode(reflect.ValueOf(*q))) }

// encode makes YAML of what decode reads; what is empty is left out.
func encode(v reflect.Value) *yaml.Node {
	n := &yaml.Node{}
	switch v.Kind() {
	case reflect.Pointer:
		return encode(v.Elem())
	case reflect.Struct:
		n.Kind = yaml.MappingNode
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			x := v.Field(i)
			if name == "" || name == "-" || x.IsZero() || (x.Kind() == reflect.Map || x.Kind() == reflect.Slice) && x.Len() == 0 || x.Kind() == reflect.Struct && len(encode(x).Content) == 0 {
				continue
			}
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, encode(x))
		}
	case reflect.Map:
		n.Kind = yaml.MappingNode
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: k.String()}, encode(v.MapIndex(k)))
		}
		if v.Type() == textType {
			n.Style = yaml.FlowStyle
		}
	case reflect.Slice:
		n.Kind = yaml.SequenceNode
		for i := range v.Len() {
			n.Content = append(n.Content, encode(v.Index(i)))
		}
		if k := v.Type().Elem().Kind(); k == reflect.String || k == reflect.Float64 {
			n.Style = yaml.FlowStyle
		}
	default:
		if err := n.Encode(v.Interface()); err == nil && v.Kind() == reflect.String {
			n.Style = yaml.DoubleQuotedStyle
		}
	}
	return n
}
