package statement

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep what is said may nest.
const maxDepth = 64

// Error says what is wrong with which field of what was sent.
type Error struct {
	Field string // "statements[2].actor.mbox"; "" for the whole
	Why   string
}

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Why
	}
	return e.Field + ": " + e.Why
}

func wrong(field, why string, args ...any) error { return &Error{field, fmt.Sprintf(why, args...)} }

// Value is a value of JSON as it was written: the spelling of strings and numbers and the order of members are kept, white
// space is not.
type Value struct {
	kind    jsontext.Kind
	raw     []byte // of what is neither object nor array
	text    string // of a string
	members []member
	items   []*Value
}

type member struct {
	name  string
	raw   []byte // the name as it was written
	value *Value
}

// Parse reads one value of JSON in UTF-8, whose objects name nothing twice.
func Parse(b []byte) (*Value, error) {
	d := jsontext.NewDecoder(bytes.NewReader(b))
	v, err := parse(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return nil, wrong("", "something stands behind the end of the JSON")
	}
	return v, nil
}

func parse(d *jsontext.Decoder, depth int) (*Value, error) {
	v := &Value{kind: d.PeekKind()}
	if depth > maxDepth {
		return nil, wrong(path(d.StackPointer()), "it nests deeper than %d levels", maxDepth)
	}
	switch v.kind {
	case '{', '[':
		if _, err := d.ReadToken(); err != nil {
			return nil, syntax(err)
		}
		for end := v.kind + 2; d.PeekKind() != end; { // '}' and ']' stand two behind
			var m member
			if v.kind == '{' {
				raw, err := d.ReadValue()
				if err != nil {
					return nil, syntax(err)
				}
				m.raw = bytes.Clone(raw)
				name, err := jsontext.AppendUnquote(nil, m.raw)
				if err != nil {
					return nil, syntax(err)
				}
				m.name = string(name)
			}
			x, err := parse(d, depth+1)
			if err != nil {
				return nil, err
			}
			if m.value = x; v.kind == '{' {
				v.members = append(v.members, m)
			} else {
				v.items = append(v.items, x)
			}
		}
		_, err := d.ReadToken()
		return v, syntax(err)
	}
	raw, err := d.ReadValue()
	if err != nil {
		return nil, syntax(err)
	}
	v.raw = bytes.Clone(raw)
	switch v.kind {
	case '"':
		text, err := jsontext.AppendUnquote(nil, v.raw)
		if err != nil {
			return nil, syntax(err)
		}
		v.text = string(text)
	case '0':
		if n, err := strconv.ParseFloat(string(v.raw), 64); err != nil || math.IsInf(n, 0) {
			return nil, wrong(path(d.StackPointer()), "the number is too large")
		}
	}
	return v, nil
}

// syntax says where the JSON ends to be any.
func syntax(err error) error {
	if err == nil {
		return nil
	}
	var s *jsontext.SyntacticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &s):
		return wrong(path(s.JSONPointer), "an object names this twice")
	case errors.As(err, &s):
		return wrong(path(s.JSONPointer), "this is no JSON in UTF-8, at byte %d: %v", s.ByteOffset, s.Err)
	}
	return wrong("", "this is no JSON in UTF-8: it ends too early")
}

// path spells a pointer into JSON as the names of fields are spelt in messages.
func path(p jsontext.Pointer) string {
	var b strings.Builder
	for name := range p.Tokens() {
		if n, err := strconv.Atoi(name); err == nil {
			fmt.Fprintf(&b, "[%d]", n)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(name)
	}
	return b.String()
}

// Get returns a member of an object, or nil.
func (v *Value) Get(names ...string) *Value {
	for _, name := range names {
		if v == nil {
			return nil
		}
		i := slices.IndexFunc(v.members, func(m member) bool { return m.name == name })
		if i < 0 {
			return nil
		}
		v = v.members[i].value
	}
	return v
}

// Text returns what a string says; "" for anything else.
func (v *Value) Text() string {
	if v == nil {
		return ""
	}
	return v.text
}

// Items returns the elements of an array, or the one value that stands in its place.
func (v *Value) Items() []*Value {
	switch {
	case v == nil:
		return nil
	case v.kind == '[':
		return v.items
	}
	return []*Value{v}
}

// IsObject and IsArray tell what a value is.
func (v *Value) IsObject() bool { return v != nil && v.kind == '{' }

// IsArray tells whether a value is an array.
func (v *Value) IsArray() bool { return v != nil && v.kind == '[' }

func (v *Value) isText() bool   { return v != nil && v.kind == '"' }
func (v *Value) isNumber() bool { return v != nil && v.kind == '0' }

func (v *Value) number() float64 {
	n, _ := strconv.ParseFloat(string(v.raw), 64)
	return n
}

// Names returns the names of an object's members, in their order.
func (v *Value) Names() []string {
	var out []string
	for _, m := range v.members {
		out = append(out, m.name)
	}
	return out
}

// Append writes the value without white space.
func (v *Value) Append(dst []byte) []byte {
	switch v.kind {
	case '{':
		dst = append(dst, '{')
		for i, m := range v.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(dst, m.raw...), ':')
			dst = m.value.Append(dst)
		}
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		for i, x := range v.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = x.Append(dst)
		}
		return append(dst, ']')
	}
	return append(dst, v.raw...)
}

// String returns the value as JSON.
func (v *Value) String() string { return string(v.Append(nil)) }

// Str makes a string of JSON.
func Str(s string) *Value {
	raw, err := jsontext.AppendQuote(nil, s)
	if err != nil { // no UTF-8
		s = strings.ToValidUTF8(s, "\uFFFD")
		raw, _ = jsontext.AppendQuote(nil, s)
	}
	return &Value{kind: '"', raw: raw, text: s}
}

// Object makes an object of names and values in turns.
func Object(pairs ...any) *Value {
	v := &Value{kind: '{'}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i].(string), pairs[i+1].(*Value))
	}
	return v
}

// Array makes an array.
func Array(items ...*Value) *Value { return &Value{kind: '[', items: items} }

// Set changes a member of an object, or adds it at the end.
func (v *Value) Set(name string, x *Value) {
	for i := range v.members {
		if v.members[i].name == name {
			v.members[i].value = x
			return
		}
	}
	v.members = append(v.members, member{name, Str(name).raw, x})
}

// Without returns the object less some members; the members that stay are shared.
func (v *Value) Without(names ...string) *Value {
	out := &Value{kind: '{'}
	for _, m := range v.members {
		if !slices.Contains(names, m.name) {
			out.members = append(out.members, m)
		}
	}
	return out
}

// clone copies objects and arrays, so that the copy's members can be changed.
func (v *Value) clone() *Value {
	c := *v
	c.members, c.items = slices.Clone(v.members), slices.Clone(v.items)
	for i := range c.members {
		c.members[i].value = c.members[i].value.clone()
	}
	for i := range c.items {
		c.items[i] = c.items[i].clone()
	}
	return &c
}

// Equal reports whether two values are the same JSON: the order of members and the spelling of strings and numbers do not
// count.
func Equal(a, b *Value) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.kind != b.kind || len(a.members) != len(b.members) || len(a.items) != len(b.items) {
		return false
	}
	switch a.kind {
	case '{':
		for _, m := range a.members {
			if !Equal(m.value, b.Get(m.name)) {
				return false
			}
		}
		return true
	case '[':
		for i := range a.items {
			if !Equal(a.items[i], b.items[i]) {
				return false
			}
		}
		return true
	case '"':
		return a.text == b.text
	case '0':
		return decimal(string(a.raw)) == decimal(string(b.raw))
	}
	return true
}

// decimal spells a number of JSON one way: its digits without zeros around them, and the power of ten behind.
func decimal(s string) string {
	s, negative := strings.CutPrefix(s, "-")
	mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	e, _ := strconv.Atoi(exponent)
	whole, part, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+part, "0")
	e -= len(part)
	short := strings.TrimRight(digits, "0")
	if short == "" {
		return "0"
	}
	e += len(digits) - len(short)
	if negative {
		short = "-" + short
	}
	return short + "e" + strconv.Itoa(e)
}
