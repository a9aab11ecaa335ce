package statement

import (
	"strings"

	"tizi/internal/id"
)

// PersonHome is the homePage of the accounts that stand for Tizi's own people: the name is the person's random id.
const PersonHome = "urn:tizi:person"

// KeyHome is the homePage of the accounts that stand for the tools that sent a statement: the authority.
const KeyHome = "urn:tizi:key"

// Person is the agent that stands for one of Tizi's own people.
func Person(p id.ID) *Value {
	return Object("objectType", Str("Agent"), "account", Object("homePage", Str(PersonHome), "name", Str(p.String())))
}

// Tool is the agent that stands for a tool.
func Tool(key id.ID) *Value {
	return Object("objectType", Str("Agent"), "account", Object("homePage", Str(KeyHome), "name", Str(key.String())))
}

// Role is the part in which somebody or an activity stands in a statement.
type Role int

// The roles.
const (
	Main    Role = iota // actor or object, members of a group among them
	Related             // in the context, or in a statement within the statement
)

// identifying are the members of an agent that say who it is.
var identifying = []string{"name", "mbox", "mbox_sha1sum", "openid", "account"}

// functional are those that tell two agents apart.
var functional = []string{"mbox", "mbox_sha1sum", "openid", "account"}

// Ident returns what tells an agent or a group apart from others, as a text: "mbox mailto:a@b". Those that have nothing but a
// name are told apart by it; "" for a group of whom nothing is said.
func Ident(agent *Value) string {
	for _, f := range functional {
		switch v := agent.Get(f); {
		case v == nil:
		case f == "account":
			return "account " + v.Get("homePage").Text() + " " + v.Get("name").Text()
		default:
			return f + " " + v.Text()
		}
	}
	if n := agent.Get("name"); n != nil {
		return "name " + n.Text()
	}
	return ""
}

// OwnPerson returns the id of the person of Tizi's whom an agent stands for.
func OwnPerson(agent *Value) (p id.ID, ok bool) {
	text, ok := account(agent, PersonHome)
	if !ok || agent.Get("name") != nil {
		return p, false
	}
	p, err := id.Parse(text)
	return p, err == nil && p.String() == text
}

// OwnTool returns the id of the key whose tool an agent stands for.
func OwnTool(agent *Value) (key id.ID, ok bool) {
	text, ok := account(agent, KeyHome)
	if !ok {
		return key, false
	}
	key, err := id.Parse(text)
	return key, err == nil
}

func account(agent *Value, home string) (name string, ok bool) {
	a := agent.Get("account")
	return a.Get("name").Text(), a.Get("homePage").Text() == home
}

// isGroup reports whether an agent is a group.
func isGroup(v *Value) bool { return v.Get("objectType").Text() == "Group" }

// eachAgent calls fn for every agent and group that stands in a statement, members of groups too, but for the authority.
func eachAgent(s *Value, fn func(agent *Value, r Role)) {
	one := func(v *Value, r Role) {
		if !v.IsObject() {
			return
		}
		fn(v, r)
		for _, m := range v.Get("member").Items() {
			if m.IsObject() {
				fn(m, r)
			}
		}
	}
	one(s.Get("actor"), Main)
	object := s.Get("object")
	switch object.Get("objectType").Text() {
	case "Agent", "Group":
		one(object, Main)
	case "SubStatement":
		eachAgent(object, func(a *Value, _ Role) { fn(a, Related) })
	}
	c := s.Get("context")
	one(c.Get("instructor"), Related)
	one(c.Get("team"), Related)
	for _, x := range c.Get("contextAgents").Items() {
		one(x.Get("agent"), Related)
	}
	for _, x := range c.Get("contextGroups").Items() {
		one(x.Get("group"), Related)
	}
}

// contextual are the members of contextActivities.
var contextual = []string{"parent", "grouping", "category", "other"}

// eachActivity calls fn for every activity that stands in a statement.
func eachActivity(s *Value, fn func(activity *Value, r Role)) {
	object := s.Get("object")
	switch object.Get("objectType").Text() {
	case "", "Activity":
		if object.IsObject() {
			fn(object, Main)
		}
	case "SubStatement":
		eachActivity(object, func(a *Value, _ Role) { fn(a, Related) })
	}
	for _, name := range contextual {
		for _, a := range s.Get("context", "contextActivities", name).Items() {
			fn(a, Related)
		}
	}
}

// SameMail reports whether two addresses are one: the spelling of the part behind the @ does not count.
func SameMail(a, b string) bool { return strings.EqualFold(a, b) }
