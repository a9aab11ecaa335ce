package quiz

import (
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tizi/internal/i18n"
)

// QTI 3 has one language for an item: an item of a course is as many QTI items as it has languages, and Merge makes one of them again. What
// QTI has no place for stands in data- attributes of the item, which QTI lets everybody add.

const (
	qtiSpace = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
	qtiMatch = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct"
	qtiMap   = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/map_response"
)

// MaxQTI is how many bytes a QTI item may have.
const MaxQTI = 1 << 20

// ErrQTI is returned, wrapped, for what is no QTI 3 item, or one of an interaction that is not known here.
var ErrQTI = errors.New("this is no QTI 3 item of a kind that Tizi knows: choice, order, match, text entry or hotspot")

// elem is an element of XML, as it is written and as it is read.
type elem struct {
	name string
	attr map[string]string
	kids []any // *elem or string
}

func el(name string, kids ...any) *elem {
	return &elem{name: name, attr: map[string]string{}, kids: kids}
}

// with sets attributes, pairs of a name and a value; one without a value is left out.
func (e *elem) with(pairs ...string) *elem {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			e.attr[pairs[i]] = pairs[i+1]
		}
	}
	return e
}

func (e *elem) add(kids ...any) { e.kids = append(e.kids, kids...) }

// all returns the elements of a name below e, in their order.
func (e *elem) all(name string) (out []*elem) {
	for _, k := range e.kids {
		if x, ok := k.(*elem); ok {
			if x.name == name {
				out = append(out, x)
			}
			out = append(out, x.all(name)...)
		}
	}
	return out
}

func (e *elem) first(name string) *elem {
	if l := e.all(name); len(l) > 0 {
		return l[0]
	}
	return nil
}

// words is the text below e, without that of feedback.
func (e *elem) words() string {
	if e == nil {
		return ""
	}
	var b strings.Builder
	for _, k := range e.kids {
		switch x := k.(type) {
		case string:
			b.WriteString(x)
		case *elem:
			if !strings.HasPrefix(x.name, "qti-feedback") {
				b.WriteString(x.words())
			}
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func (e *elem) encode(enc *xml.Encoder) error {
	start := xml.StartElement{Name: xml.Name{Local: e.name}}
	for _, k := range slices.Sorted(maps.Keys(e.attr)) {
		start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: k}, Value: e.attr[k]})
	}
	if err := enc.EncodeToken(start); err != nil {
		return err
	}
	for _, k := range e.kids {
		var err error
		switch x := k.(type) {
		case string:
			err = enc.EncodeToken(xml.CharData(x))
		case *elem:
			err = x.encode(enc)
		}
		if err != nil {
			return err
		}
	}
	return enc.EncodeToken(start.End())
}

// maxDepth bounds how deep elements lie in one another.
const maxDepth = 60

func decodeXML(b []byte) (*elem, error) {
	d := xml.NewDecoder(strings.NewReader(string(b)))
	top := el("")
	stack := []*elem{top}
	for {
		t, err := d.Token()
		if t == nil {
			if len(stack) == 1 && len(top.kids) > 0 {
				break
			}
			return nil, fmt.Errorf("%w: %v", ErrQTI, err)
		}
		last := stack[len(stack)-1]
		switch x := t.(type) {
		case xml.StartElement:
			if len(stack) > maxDepth {
				return nil, ErrQTI
			}
			e := el(x.Name.Local)
			for _, a := range x.Attr {
				name := a.Name.Local
				if a.Name.Space == "xml" || strings.HasSuffix(a.Name.Space, "/namespace") {
					name = "xml:" + name
				}
				e.attr[name] = a.Value
			}
			last.add(e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 1 {
				last.add(string(x))
			}
		}
	}
	for _, k := range top.kids {
		if e, ok := k.(*elem); ok && e.name == "qti-assessment-item" {
			return e, nil
		}
	}
	return nil, ErrQTI
}

// QTI is the item in one language as QTI 3 spells it.
func (it *Item) QTI(l i18n.Lang) ([]byte, error) {
	item := el("qti-assessment-item").with("xmlns", qtiSpace, "identifier", it.ID, "title", it.ID, "adaptive", "false", "time-dependent", "false", "xml:lang", string(l),
		"data-competencies", strings.Join(it.Competencies, " "), "data-parallel", it.Parallel, "data-hint", it.Hint[l])
	body := el("qti-item-body")
	prompt := el("qti-prompt", it.Prompt[l])
	declare := func(id, cardinality, base string, correct ...string) *elem {
		d := el("qti-response-declaration").with("identifier", id, "cardinality", cardinality, "base-type", base)
		if len(correct) > 0 {
			c := el("qti-correct-response")
			for _, v := range correct {
				c.add(el("qti-value", v))
			}
			d.add(c)
		}
		item.add(d)
		return d
	}
	// Several words may be right: the first is the correct response, and all are worth 1.
	accept := func(id string, words []string) {
		var first []string
		if len(words) > 0 {
			first = words[:1]
		}
		d := declare(id, "single", "string", first...)
		m := el("qti-mapping").with("default-value", "0")
		for _, w := range words {
			m.add(el("qti-map-entry").with("map-key", w, "mapped-value", "1", "case-sensitive", "false"))
		}
		d.add(m)
	}
	options := func(l2 []Option) (out []any) {
		for _, o := range l2 {
			c := el("qti-simple-choice", o.Text[l]).with("identifier", o.ID)
			if f := o.Feedback[l]; f != "" {
				c.add(el("qti-feedback-inline", f).with("outcome-identifier", "FEEDBACK", "identifier", o.ID, "show-hide", "show"))
			}
			out = append(out, c)
		}
		return out
	}
	process := qtiMatch
	switch it.Kind {
	case Choice, Multiple:
		cardinality, most := "single", "1"
		if it.Kind == Multiple {
			cardinality, most = "multiple", "0"
		}
		declare("RESPONSE", cardinality, "identifier", it.Right()...)
		body.add(el("qti-choice-interaction", append([]any{prompt}, options(it.Choices)...)...).with("response-identifier", "RESPONSE", "shuffle", "true", "max-choices", most))
	case Likert:
		declare("RESPONSE", "single", "identifier")
		x := el("qti-choice-interaction", prompt).with("response-identifier", "RESPONSE", "shuffle", "false", "max-choices", "1", "class", "likert")
		for i, s := range it.Steps {
			x.add(el("qti-simple-choice", s[l]).with("identifier", "s"+strconv.Itoa(i+1)))
		}
		body.add(x)
	case Order:
		declare("RESPONSE", "ordered", "identifier", optionIDs(it.Sequence)...)
		body.add(el("qti-order-interaction", append([]any{prompt}, options(it.Sequence)...)...).with("response-identifier", "RESPONSE", "shuffle", "true"))
	case Match:
		var right []string
		from, to := el("qti-simple-match-set"), el("qti-simple-match-set")
		for _, p := range it.Pairs {
			right = append(right, p.ID+" "+p.ID+"-r")
			from.add(el("qti-simple-associable-choice", p.Left[l]).with("identifier", p.ID, "match-max", "1"))
			to.add(el("qti-simple-associable-choice", p.Right[l]).with("identifier", p.ID+"-r", "match-max", "1"))
		}
		declare("RESPONSE", "multiple", "directedPair", right...)
		body.add(el("qti-match-interaction", prompt, from, to).with("response-identifier", "RESPONSE", "shuffle", "true", "max-associations", strconv.Itoa(len(it.Pairs))))
	case Gap:
		process = qtiMap
		s, text, last := it.Text[l], el("p"), 0
		for _, at := range GapMark.FindAllStringSubmatchIndex(s, -1) {
			g := s[at[2]:at[3]]
			accept(g, it.Gaps[g].Accept[l])
			text.add(s[last:at[0]], el("qti-text-entry-interaction").with("response-identifier", g))
			last = at[1]
		}
		text.add(s[last:])
		body.add(el("p", it.Prompt[l]).with("class", "prompt"), text)
	case Written:
		process = qtiMap
		accept("RESPONSE", it.Accept[l])
		body.add(el("p", it.Prompt[l]).with("class", "prompt"), el("p", el("qti-text-entry-interaction").with("response-identifier", "RESPONSE")))
	case Number:
		answer := ""
		if it.Answer != nil {
			answer = strconv.FormatFloat(*it.Answer, 'g', -1, 64)
		}
		declare("RESPONSE", "single", "float", answer)
		x := el("qti-text-entry-interaction").with("response-identifier", "RESPONSE")
		if it.Within != 0 {
			item.with("data-tolerance", strconv.FormatFloat(it.Within, 'g', -1, 64))
		}
		body.add(el("p", it.Prompt[l]).with("class", "prompt"), el("p", x))
	case Hotspot:
		declare("RESPONSE", "single", "identifier", it.Right()...)
		x := el("qti-hotspot-interaction", prompt, el("img").with("src", it.Image, "alt", it.Prompt[l])).with("response-identifier", "RESPONSE", "max-choices", "1")
		for _, s := range it.Spots {
			var at []string
			for _, n := range s.At {
				at = append(at, strconv.FormatFloat(n, 'g', -1, 64))
			}
			x.add(el("qti-hotspot-choice").with("identifier", s.ID, "shape", s.Shape, "coords", strings.Join(at, ","), "hotspot-label", s.Label[l]))
		}
		body.add(x)
	default:
		return nil, fmt.Errorf("%w: %q", ErrQTI, it.Kind)
	}
	item.add(el("qti-outcome-declaration").with("identifier", "SCORE", "cardinality", "single", "base-type", "float"),
		el("qti-outcome-declaration").with("identifier", "FEEDBACK", "cardinality", "multiple", "base-type", "identifier"), body)
	if it.Scored() {
		item.add(el("qti-response-processing").with("template", process))
	}
	for id, f := range map[string]string{"correct": it.Feedback.Correct[l], "incorrect": it.Feedback.Incorrect[l]} {
		if f != "" {
			item.add(el("qti-modal-feedback", el("qti-content-body", el("p", f))).with("outcome-identifier", "FEEDBACK", "identifier", id, "show-hide", "show"))
		}
	}
	var b strings.Builder
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	err := errors.Join(item.encode(enc), enc.Flush())
	return []byte(b.String()), err
}

// ReadQTI reads an item of QTI 3, with the language that it says it is in, or the one that is given. What is no item of a kind that is
// known is ErrQTI.
func ReadQTI(b []byte, otherwise i18n.Lang) (*Item, i18n.Lang, error) {
	if len(b) > MaxQTI {
		return nil, "", ErrQTI
	}
	x, err := decodeXML(b)
	if err != nil {
		return nil, "", err
	}
	l, ok := i18n.Parse(x.attr["xml:lang"])
	if !ok {
		l = otherwise
	}
	text := func(s string) i18n.Text {
		if s == "" {
			return nil
		}
		return i18n.Text{l: s}
	}
	it := &Item{ID: x.attr["identifier"], Competencies: strings.Fields(x.attr["data-competencies"]), Parallel: x.attr["data-parallel"], Hint: text(x.attr["data-hint"])}
	body := x.first("qti-item-body")
	if body == nil || it.ID == "" {
		return nil, "", ErrQTI
	}
	correct, base, accept := map[string][]string{}, map[string]string{}, map[string][]string{}
	for _, d := range x.all("qti-response-declaration") {
		id := d.attr["identifier"]
		base[id] = d.attr["base-type"]
		for _, v := range d.all("qti-value") {
			correct[id] = append(correct[id], v.words())
		}
		for _, m := range d.all("qti-map-entry") {
			if n, err := strconv.ParseFloat(m.attr["mapped-value"], 64); err == nil && n > 0 {
				accept[id] = append(accept[id], m.attr["map-key"])
			}
		}
		if accept[id] == nil {
			accept[id] = correct[id]
		}
	}
	for _, f := range x.all("qti-modal-feedback") {
		switch t := text(f.words()); f.attr["identifier"] {
		case "correct":
			it.Feedback.Correct = t
		case "incorrect":
			it.Feedback.Incorrect = t
		}
	}
	options := func(e *elem, right []string) (out []Option) {
		for _, c := range e.all("qti-simple-choice") {
			out = append(out, Option{ID: c.attr["identifier"], Text: text(c.words()), Correct: slices.Contains(right, c.attr["identifier"]), Feedback: text(c.first("qti-feedback-inline").words())})
		}
		return out
	}
	entries := body.all("qti-text-entry-interaction")
	if e := body.first("qti-choice-interaction"); e != nil {
		right := correct[e.attr["response-identifier"]]
		switch {
		case strings.Contains(e.attr["class"], "likert"):
			it.Kind = Likert
			for _, c := range e.all("qti-simple-choice") {
				it.Steps = append(it.Steps, text(c.words()))
			}
		case e.attr["max-choices"] == "1":
			it.Kind, it.Choices = Choice, options(e, right)
		default:
			it.Kind, it.Choices = Multiple, options(e, right)
		}
	} else if e := body.first("qti-order-interaction"); e != nil {
		it.Kind = Order
		it.Sequence = Arranged(options(e, nil), func(o Option) string { return o.ID }, correct[e.attr["response-identifier"]])
	} else if e := body.first("qti-match-interaction"); e != nil {
		it.Kind = Match
		if sets := e.all("qti-simple-match-set"); len(sets) == 2 {
			right := map[string]string{}
			for _, c := range sets[1].all("qti-simple-associable-choice") {
				right[c.attr["identifier"]] = c.words()
			}
			of := map[string]string{}
			for _, p := range correct[e.attr["response-identifier"]] {
				if a, b, ok := strings.Cut(p, " "); ok {
					of[a] = b
				}
			}
			for _, c := range sets[0].all("qti-simple-associable-choice") {
				it.Pairs = append(it.Pairs, Pair{ID: c.attr["identifier"], Left: text(c.words()), Right: text(right[of[c.attr["identifier"]]])})
			}
		}
	} else if e := body.first("qti-hotspot-interaction"); e != nil {
		it.Kind = Hotspot
		if img := e.first("img"); img != nil {
			it.Image = img.attr["src"]
		}
		for _, c := range e.all("qti-hotspot-choice") {
			s := Spot{ID: c.attr["identifier"], Shape: c.attr["shape"], Label: text(c.attr["hotspot-label"]), Correct: slices.Contains(correct[e.attr["response-identifier"]], c.attr["identifier"])}
			for n := range strings.SplitSeq(c.attr["coords"], ",") {
				v, err := strconv.ParseFloat(strings.TrimSpace(n), 64)
				if err != nil {
					return nil, "", fmt.Errorf("%w: coords %q", ErrQTI, c.attr["coords"])
				}
				s.At = append(s.At, v)
			}
			it.Spots = append(it.Spots, s)
		}
	} else if len(entries) == 1 && entries[0].attr["response-identifier"] == "RESPONSE" {
		if base["RESPONSE"] == "float" || base["RESPONSE"] == "integer" {
			it.Kind = Number
			if len(correct["RESPONSE"]) == 1 {
				if n, ok := ParseNumber(correct["RESPONSE"][0]); ok {
					it.Answer = &n
				}
			}
			it.Within, _ = ParseNumber(x.attr["data-tolerance"])
		} else {
			it.Kind, it.Accept = Written, map[i18n.Lang][]string{l: accept["RESPONSE"]}
		}
	} else if len(entries) > 0 {
		it.Kind, it.Gaps = Gap, map[string]Blank{}
		for _, e := range entries {
			g := e.attr["response-identifier"]
			it.Gaps[g] = Blank{Accept: map[i18n.Lang][]string{l: accept[g]}}
			e.kids = []any{"[[" + g + "]]"}
		}
	} else {
		return nil, "", ErrQTI
	}
	if p := body.first("qti-prompt"); p != nil {
		it.Prompt = text(p.words())
		return it, l, nil
	}
	var rest []string
	for _, p := range body.all("p") {
		if w := p.words(); p.attr["class"] == "prompt" {
			it.Prompt = text(w)
		} else if w != "" {
			rest = append(rest, w)
		}
	}
	switch s := strings.Join(rest, " "); {
	case it.Kind == Gap:
		it.Text = text(s)
	case it.Prompt == nil:
		it.Prompt = text(s)
	}
	return it, l, nil
}

// Merge adds what another reading of an item says in its language.
func (it *Item) Merge(o *Item) error {
	if it.ID != o.ID || it.Kind != o.Kind || len(it.Choices) != len(o.Choices) || len(it.Sequence) != len(o.Sequence) || len(it.Pairs) != len(o.Pairs) || len(it.Gaps) != len(o.Gaps) || len(it.Spots) != len(o.Spots) || len(it.Steps) != len(o.Steps) {
		return fmt.Errorf("%w: the languages of %s differ in more than words", ErrQTI, it.ID)
	}
	join := func(a *i18n.Text, b i18n.Text) {
		if *a == nil && len(b) > 0 {
			*a = i18n.Text{}
		}
		maps.Copy(*a, b)
	}
	options := func(a, b []Option) {
		for i := range a {
			join(&a[i].Text, b[i].Text)
			join(&a[i].Feedback, b[i].Feedback)
		}
	}
	join(&it.Prompt, o.Prompt)
	join(&it.Text, o.Text)
	join(&it.Hint, o.Hint)
	join(&it.Feedback.Correct, o.Feedback.Correct)
	join(&it.Feedback.Incorrect, o.Feedback.Incorrect)
	options(it.Choices, o.Choices)
	options(it.Sequence, o.Sequence)
	for i := range it.Pairs {
		join(&it.Pairs[i].Left, o.Pairs[i].Left)
		join(&it.Pairs[i].Right, o.Pairs[i].Right)
	}
	for i := range it.Spots {
		join(&it.Spots[i].Label, o.Spots[i].Label)
	}
	for i := range it.Steps {
		join(&it.Steps[i], o.Steps[i])
	}
	for g, b := range o.Gaps {
		if a, ok := it.Gaps[g]; ok {
			maps.Copy(a.Accept, b.Accept)
		}
	}
	if it.Accept != nil {
		maps.Copy(it.Accept, o.Accept)
	}
	return nil
}
