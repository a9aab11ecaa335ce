package i18n

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// message is one entry of a catalogue: a plain text under "other", or plural
// forms chosen by the argument n.
type message struct {
	plural bool
	forms  map[form]string
}

func (m *message) UnmarshalJSON(b []byte) error {
	var plain string
	if json.Unmarshal(b, &plain) == nil {
		m.forms = map[form]string{other: plain}
		return nil
	}
	if err := json.Unmarshal(b, &m.forms); err != nil {
		return fmt.Errorf("a message is a text or an object of plural forms: %w", err)
	}
	for f := range m.forms {
		switch f {
		case zero, one, two, few, many, other:
		default:
			return fmt.Errorf("%q is no plural form", f)
		}
	}
	m.plural = true
	return nil
}

// pick chooses the form for n in the language the message is written in.
func (m message) pick(l Lang, n int64) string {
	if n == 0 {
		if s, ok := m.forms[zero]; ok {
			return s
		}
	}
	if s, ok := m.forms[cardinal(l, n)]; ok {
		return s
	}
	return m.forms[other]
}

var placeholder = regexp.MustCompile(`\{([a-z][a-z0-9_]*)\}`)

// fill puts the arguments in. A placeholder nobody gave stays visible: it is a
// mistake of ours, and a silent gap in a sentence is harder to find.
func fill(p *Printer, text string, args []any) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return placeholder.ReplaceAllStringFunc(text, func(hole string) string {
		v, ok := argument(args, hole[1:len(hole)-1])
		if !ok {
			return hole
		}
		return p.value(v)
	})
}

// argument finds a named value in a list of name, value pairs.
func argument(args []any, name string) (any, bool) {
	for i := 0; i+1 < len(args); i += 2 {
		if s, ok := args[i].(string); ok && s == name {
			return args[i+1], true
		}
	}
	return nil, false
}

// value writes an argument: numbers as numbers of the language, texts fenced
// off where they run the other way.
func (p *Printer) value(v any) string {
	if n, ok := whole(v); ok {
		return p.Number(n)
	}
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return isolate(p.lang, v)
	case Text:
		s, _ := v.In(p.lang)
		return isolate(p.lang, s)
	case float64:
		return p.Decimal(v, 1)
	case float32:
		return p.Decimal(float64(v), 1)
	}
	return isolate(p.lang, fmt.Sprint(v))
}

// whole reads any of Go's integer types, so that a template may count with what
// it has at hand (len gives an int, a table an int64).
func whole(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case int32:
		return int64(v), true
	case int16:
		return int64(v), true
	case int8:
		return int64(v), true
	case uint:
		return clamp(uint64(v)), true
	case uint64:
		return clamp(v), true
	case uint32:
		return int64(v), true
	case uint16:
		return int64(v), true
	case uint8:
		return int64(v), true
	}
	return 0, false
}

func clamp(u uint64) int64 { return int64(min(u, 1<<63-1)) }
