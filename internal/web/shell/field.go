package shell

import (
	"fmt"
	"slices"

	"tizi/internal/i18n"
)

// Field is one question of a form, ready for the template "field". Templates
// build it with functions, the kind first:
//
//	{{template "field" (field "text" "family_name" (T "people.family") .Form.Family .Errors | hint (T "…") | auto "family-name")}}
//
// Kinds: text, email, tel, password, search, number, date, time, textarea,
// select, radio (cards below each other), radios (cards in a row), checkbox,
// file. Every field must be answered unless optional says otherwise.
type Field struct {
	Kind, Name, ID string
	// Label and Hint are words, or words marked with their language.
	Label, Hint any
	Value       string
	Error       string
	Optional    bool
	Auto, Mode  string
	Width, Lang string
	Options     []Option
	Row         bool
	// Choose puts an empty answer first, so that none is taken for granted.
	Choose bool
	Attrs  map[string]string
}

// Offers reports whether a value is among the answers of a field.
func Offers(options []Option, value string) bool {
	return slices.ContainsFunc(options, func(o Option) bool { return o.Value == value })
}

// Option is one answer of a field.
type Option struct {
	Value string
	// Label is words, or words marked with their language.
	Label any
	Hint  any
	Icon  string
}

// Chosen tells whether an option is the field's value.
func (f Field) Chosen(o Option) bool { return f.Value == o.Value }

// OptionID names the input of the nth option; the first one carries the field's
// own name, so that the error summary leads to it.
func (f Field) OptionID(n int) string {
	if n == 0 {
		return f.ID
	}
	return fmt.Sprintf("%s-%d", f.ID, n)
}

// Described lists the ids of what describes the field.
func (f Field) Described() string {
	switch {
	case f.Hint != nil && f.Error != "":
		return f.ID + "-hint " + f.ID + "-error"
	case f.Hint != nil:
		return f.ID + "-hint"
	case f.Error != "":
		return f.ID + "-error"
	}
	return ""
}

func field(kind, name string, label any, value any, errs map[string]string) Field {
	return Field{Kind: kind, Name: name, ID: "f-" + name, Label: label, Value: fmt.Sprint(value), Error: errs[name]}
}

func hint(h any, f Field) Field       { f.Hint = h; return f }
func auto(a string, f Field) Field    { f.Auto = a; return f }
func mode(m string, f Field) Field    { f.Mode = m; return f }
func width(w string, f Field) Field   { f.Width = w; return f }
func inLang(l string, f Field) Field  { f.Lang = l; return f }
func optional(f Field) Field          { f.Optional = true; return f }
func row(f Field) Field               { f.Row = true; return f }
func choose(f Field) Field            { f.Choose = true; return f }
func opts(o []Option, f Field) Field  { f.Options = o; return f }
func attr(k, v string, f Field) Field { f.Attrs = with(f.Attrs, k, v); return f }

func with(m map[string]string, k, v string) map[string]string {
	c := map[string]string{k: v}
	for k, v := range m {
		c[k] = v
	}
	return c
}

// DirOf is the direction of a field that takes another language's words.
func (f Field) DirOf() string { return i18n.Lang(f.Lang).Dir() }

// codes makes options of codes that the catalogue names: (codes "sex" "f" "m").
func (v *voice) codes(family string, codes ...string) []Option {
	list := make([]Option, len(codes))
	for i, c := range codes {
		list[i] = Option{Value: c, Label: v.mark(family + "." + c)}
	}
	return list
}
