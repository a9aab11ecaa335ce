package i18n

import "sync/atomic"

// Printer says things in one language. It is shared and safe for concurrent use.
type Printer struct {
	lang Lang
	// missed counts the messages asked for and not found in this language.
	missed atomic.Int64
}

var printers = map[Lang]*Printer{
	AR: {lang: AR}, FR: {lang: FR}, ZGH: {lang: ZGH}, EN: {lang: EN},
}

// For gives the printer of a language; an unknown language reads French.
func For(l Lang) *Printer {
	if p, ok := printers[l]; ok {
		return p
	}
	return printers[FR]
}

// Lang is the printer's language.
func (p *Printer) Lang() Lang { return p.lang }

// T says a message. The arguments are name, value pairs that fill {name}; the
// argument n also chooses the plural form. A message missing in this language
// is said in French, then English; a key nobody knows comes back in brackets.
func (p *Printer) T(key string, args ...any) string {
	s, _ := p.Say(key, args...)
	return s
}

// Say is T that also tells which language the message is in, so that a page can
// mark a fall-back with lang and dir.
func (p *Printer) Say(key string, args ...any) (string, Lang) {
	for _, l := range [...]Lang{p.lang, FR, EN} {
		m, ok := catalogues()[l][key]
		if !ok {
			continue
		}
		if l != p.lang {
			p.missed.Add(1)
		}
		text := m.forms[other]
		if m.plural {
			if v, ok := argument(args, "n"); ok {
				if n, ok := whole(v); ok {
					text = m.pick(l, n)
				}
			}
		}
		// Numbers inside a fallen-back message are written in its language.
		return fill(For(l), text, args), l
	}
	p.missed.Add(1)
	return "[" + key + "]", p.lang
}

// Has tells whether the message exists in this very language.
func (p *Printer) Has(key string) bool {
	_, ok := catalogues()[p.lang][key]
	return ok
}

// Missed counts the times a message was not found in this language since the
// program started.
func (p *Printer) Missed() int64 { return p.missed.Load() }
