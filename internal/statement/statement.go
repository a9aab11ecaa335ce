// Package statement knows what a statement of xAPI is: how it is read and checked, whom and what it is about, which of it
// identifies somebody, and when two say the same. It keeps nothing.
package statement

import (
	"regexp"
	"strconv"
	"strings"

	"tizi/internal/id"
)

// Statement is a statement that was checked.
type Statement struct {
	ID  id.ID  // Nil where it was said without one
	All *Value // as it was said
}

// New reads a statement out of a value. The field begins the names of what is wrong.
func New(v *Value, version Version, field string) (*Statement, error) {
	if err := Check(v, version, field); err != nil {
		return nil, err
	}
	s := &Statement{All: v}
	if text := v.Get("id"); text != nil {
		s.ID, _ = UUID(text.Text())
	}
	return s, nil
}

// own are the members that the store sets or keeps elsewhere.
var own = []string{"id", "stored", "authority", "version"}

// Verb returns the id of the verb.
func (s *Statement) Verb() string { return s.All.Get("verb", "id").Text() }

// Registration returns the registration, or Nil.
func (s *Statement) Registration() id.ID {
	v, _ := UUID(s.All.Get("context", "registration").Text())
	return v
}

// Target returns the statement that this one is about, or Nil.
func (s *Statement) Target() id.ID {
	if o := s.All.Get("object"); o.Get("objectType").Text() == "StatementRef" {
		v, _ := UUID(o.Get("id").Text())
		return v
	}
	return id.Nil
}

// Voids reports whether the statement takes its target back.
func (s *Statement) Voids() bool { return s.Verb() == Voided }

// EachAgent calls fn for every agent and group in it, members of groups too, but for the authority.
func (s *Statement) EachAgent(fn func(agent *Value, r Role)) { eachAgent(s.All, fn) }

// EachActivity calls fn for every activity in it.
func (s *Statement) EachActivity(fn func(activity *Value, r Role)) { eachActivity(s.All, fn) }

// Same reports whether two statements say the same. What the store sets does not count, and a timestamp only where both have
// one.
func Same(a, b *Value) bool {
	not := append([]string{"timestamp"}, own...)
	if !Equal(settled(a.Without(not...)), settled(b.Without(not...))) {
		return false
	}
	at, bt := a.Get("timestamp"), b.Get("timestamp")
	if at == nil || bt == nil {
		return true
	}
	x, err := ParseTime(at.Text())
	y, other := ParseTime(bt.Text())
	return err == nil && other == nil && x.Equal(y)
}

// Listed returns the statement with each of its contextActivities as an array, as the store must give it back, whether it came
// so or not.
func Listed(v *Value) *Value {
	at := func(v *Value) bool {
		for _, name := range contextual {
			if v.Get("context", "contextActivities", name).IsObject() {
				return true
			}
		}
		return false
	}
	if !at(v) && !at(v.Get("object")) {
		return v
	}
	v = v.clone()
	for _, s := range []*Value{v, v.Get("object")} {
		for _, name := range contextual {
			if a := s.Get("context", "contextActivities", name); a.IsObject() {
				s.Get("context", "contextActivities").Set(name, Array(a))
			}
		}
	}
	return v
}

// parts are the seconds of a duration and what is below them.
var parts = regexp.MustCompile(`(\d+)[.,](\d+)S$`)

// settled returns the statement as it is compared: durations to the hundredth of a second.
func settled(v *Value) *Value {
	v = Listed(v)
	short := func(v *Value) *Value {
		d := v.Get("result", "duration")
		m := parts.FindStringSubmatch(d.Text())
		if m == nil {
			return v
		}
		fraction := strings.TrimRight(m[2][:min(2, len(m[2]))], "0")
		if fraction != "" {
			fraction = "." + fraction
		}
		v = v.clone()
		v.Get("result").Set("duration", Str(strings.TrimSuffix(d.Text(), m[0])+m[1]+fraction+"S"))
		return v
	}
	v = short(v)
	if o := v.Get("object"); o.IsObject() {
		if s := short(o); s != o {
			v = v.clone()
			v.Set("object", s)
		}
	}
	return v
}

// Hole is a place in a statement where what identifies somebody was taken out.
type Hole struct {
	Agent *Value // as it was said: its ident tells who it is
	Said  *Value // the members that were taken out
}

// Hollow returns the statement as it may lie open: without what the store keeps elsewhere, and each member that identifies
// somebody of whom seal is true replaced by the number of its hole. Agents that were said alike share a hole.
func (s *Statement) Hollow(seal func(agent *Value) bool) (*Value, []Hole) {
	v := s.All.Without(own...).clone()
	var holes []Hole
	at := map[string]int{} // by what was said
	eachAgent(v, func(a *Value, _ Role) {
		if !seal(a) {
			return
		}
		said := Object()
		for _, m := range a.members {
			for _, name := range identifying {
				if m.name == name {
					said.Set(name, m.value)
				}
			}
		}
		if len(said.members) == 0 {
			return
		}
		n, ok := at[said.String()]
		if !ok {
			n = len(holes)
			at[said.String()] = n
			holes = append(holes, Hole{a.clone(), said})
		}
		mark := &Value{kind: '0', raw: strconv.AppendInt(nil, int64(n), 10)}
		for _, name := range said.Names() {
			a.Set(name, mark)
		}
	})
	return v, holes
}

// Fill puts back what Hollow took out. said returns what was said of the agent of a hole; where it is nil, who it was is not
// known any more, and stand is put in its place.
func Fill(v *Value, said func(hole int) *Value, stand func(hole int) *Value) {
	eachAgent(v, func(a *Value, _ Role) {
		n, filled := -1, (*Value)(nil)
		for i := range a.members {
			m := &a.members[i]
			if !m.value.isNumber() {
				continue
			}
			if n < 0 {
				n, _ = strconv.Atoi(string(m.value.raw))
				filled = said(n)
			}
			if x := filled.Get(m.name); x != nil {
				m.value = x
			}
		}
		if n >= 0 && filled == nil {
			rest := a.Without(identifying...)
			rest.Set("account", stand(n).Get("account"))
			*a = *rest
		}
	})
}

// Holes calls fn for each agent of a statement that was made hollow, with the number of its hole, or -1 where it lies open.
func Holes(v *Value, fn func(agent *Value, r Role, hole int)) {
	eachAgent(v, func(a *Value, r Role) {
		n := -1
		for _, m := range a.members {
			if m.value.isNumber() {
				n, _ = strconv.Atoi(string(m.value.raw))
			}
		}
		fn(a, r, n)
	})
}

// Outline returns what a statement is found by, and nothing else: for one that is too long to lie in the log.
func (s *Statement) Outline(hollow *Value) *Value {
	out := hollow.Without("result", "attachments").clone()
	bare := func(v *Value) *Value {
		if !v.IsObject() {
			return v
		}
		return v.Without("definition", "display")
	}
	var slim func(v *Value)
	slim = func(v *Value) {
		for i := range v.members {
			switch m := &v.members[i]; m.name {
			case "verb":
				m.value = bare(m.value)
			case "object":
				m.value = bare(m.value)
				if m.value.Get("objectType").Text() == "SubStatement" {
					m.value = m.value.Without("result", "attachments")
					slim(m.value)
				}
			case "context":
				m.value = m.value.Without("extensions", "revision", "platform")
				for j := range m.value.members {
					if m.value.members[j].name == "contextActivities" {
						all := m.value.members[j].value
						for k := range all.members {
							var items []*Value
							for _, a := range all.members[k].value.Items() {
								items = append(items, bare(a))
							}
							all.members[k].value = Array(items...)
						}
					}
				}
			}
		}
	}
	slim(out)
	return out
}

// Attachment is what a statement says of a file that goes with it.
type Attachment struct {
	SHA2, Type, Usage string
	Remote            bool // it lies elsewhere, where a fileUrl says
}

// Attachments returns what is said of files, in the statement and in one within it.
func (s *Statement) Attachments() []Attachment {
	var out []Attachment
	for _, v := range []*Value{s.All, s.All.Get("object")} {
		for _, a := range v.Get("attachments").Items() {
			out = append(out, Attachment{a.Get("sha2").Text(), a.Get("contentType").Text(), a.Get("usageType").Text(), a.Get("fileUrl") != nil})
		}
	}
	return out
}

// WithoutDisplay returns the statement as the format "ids" has it: agents by what identifies them, activities and verbs by
// their ids.
func WithoutDisplay(v *Value) *Value {
	v = v.clone()
	bare(v)
	return v
}

func bare(v *Value) {
	keep := func(x *Value, names ...string) {
		var out []member
		for _, m := range x.members {
			for _, n := range names {
				if m.name == n {
					out = append(out, m)
				}
			}
		}
		x.members = out
	}
	each := func(x *Value, _ Role) {
		names := append([]string{"objectType"}, functional...)
		if isGroup(x) && identifiers(x) == 0 {
			names = append(names, "member")
		}
		keep(x, names...)
	}
	eachAgent(v, each)
	if a := v.Get("authority"); a.IsObject() {
		each(a, Main)
		for _, m := range a.Get("member").Items() {
			each(m, Main)
		}
	}
	eachActivity(v, func(x *Value, _ Role) { keep(x, "id") })
	keep(v.Get("verb"), "id")
	if o := v.Get("object"); o.Get("objectType").Text() == "SubStatement" {
		keep(o.Get("verb"), "id")
	}
}

// Canonical returns the statement as the format "canonical" has it: of activities what the store knows of them, and of texts
// one language each, the first that choose returns of those there are.
func Canonical(v *Value, known func(activity string) *Value, choose func(tags []string) string) *Value {
	v = v.clone()
	one := func(m *Value) {
		if m.IsObject() && len(m.members) > 1 {
			if t := choose(m.Names()); t != "" {
				x := m.Get(t)
				m.members = nil
				m.Set(t, x)
			}
		}
	}
	eachActivity(v, func(a *Value, _ Role) {
		if d := known(a.Get("id").Text()); d != nil {
			a.Set("definition", d.clone())
		}
		one(a.Get("definition", "name"))
		one(a.Get("definition", "description"))
		for _, list := range []string{"choices", "scale", "source", "target", "steps"} {
			for _, x := range a.Get("definition", list).Items() {
				one(x.Get("description"))
			}
		}
	})
	for _, s := range []*Value{v, v.Get("object")} {
		one(s.Get("verb", "display"))
		for _, a := range s.Get("attachments").Items() {
			one(a.Get("display"))
			one(a.Get("description"))
		}
	}
	return v
}

// Merge adds to what is known of an activity what a statement says: what was said later stands, and texts in other languages
// stay.
func Merge(known, said *Value) *Value {
	if known == nil {
		return said.clone()
	}
	out := known.clone()
	for _, m := range said.members {
		if old := out.Get(m.name); (m.name == "name" || m.name == "description" || m.name == "extensions") && old.IsObject() {
			for _, t := range m.value.members {
				old.Set(t.name, t.value)
			}
			continue
		}
		out.Set(m.name, m.value)
	}
	return out
}
