package statement

import (
	"errors"
	"fmt"
	"mime"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"tizi/internal/id"
)

// Version is a version of xAPI.
type Version int

// The versions.
const (
	V1 Version = iota // 1.0.0 to 1.0.3
	V2                // 2.0.0, IEEE 9274.1.1
)

// Voided is the verb of a statement that takes another back.
const Voided = "http://adlnet.gov/expapi/verbs/voided"

// SignatureUsage is the usageType of an attachment that signs its statement.
const SignatureUsage = "http://adlnet.gov/expapi/attachments/signature"

// check looks at one value, which stands in a field; it is called only where there is one.
type check func(c *checker, v *Value, field string) error

// checker knows what all checks of a statement depend on.
type checker struct{ version Version }

// rule is what is known of a member of an object.
type rule struct {
	check    check
	required bool
}

// object makes a check of an object that has only these members.
func object(rules map[string]rule) check {
	return func(c *checker, v *Value, field string) error {
		if !v.IsObject() {
			return wrong(field, "this must be an object")
		}
		for _, m := range v.members {
			r, ok := rules[m.name]
			if !ok {
				return wrong(join(field, m.name), "there is no such property here")
			}
			if m.value.kind == 'n' {
				return wrong(join(field, m.name), "null is allowed in extensions only")
			}
			if err := r.check(c, m.value, join(field, m.name)); err != nil {
				return err
			}
		}
		for name, r := range rules {
			if r.required && v.Get(name) == nil {
				return wrong(join(field, name), "this is missing")
			}
		}
		return nil
	}
}

func join(field, name string) string {
	if field == "" {
		return name
	}
	return field + "." + name
}

func array(of check) check {
	return func(c *checker, v *Value, field string) error {
		if !v.IsArray() {
			return wrong(field, "this must be an array")
		}
		for i, x := range v.items {
			if err := of(c, x, fmt.Sprintf("%s[%d]", field, i)); err != nil {
				return err
			}
		}
		return nil
	}
}

// text makes a check of a string that another function may refuse, by saying what it should be.
func text(refuse func(string) string) check {
	return func(_ *checker, v *Value, field string) error {
		if !v.isText() {
			return wrong(field, "this must be a string")
		}
		if refuse != nil {
			if why := refuse(v.text); why != "" {
				return wrong(field, "%s", why)
			}
		}
		return nil
	}
}

func boolean(_ *checker, v *Value, field string) error {
	if v.kind != 't' && v.kind != 'f' {
		return wrong(field, "this must be true or false")
	}
	return nil
}

func number(_ *checker, v *Value, field string) error {
	if !v.isNumber() {
		return wrong(field, "this must be a number")
	}
	return nil
}

var (
	irlForm      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^` + "`" + `\x00-\x20]+$`)
	mailForm     = regexp.MustCompile(`^mailto:[^@\s<>,;]+@[^@\s<>,;]+$`)
	sha1Form     = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)
	sha2Form     = regexp.MustCompile(`^[0-9a-zA-Z+/=]{32,128}$`)
	uuidForm     = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	durationForm = regexp.MustCompile(`^P(\d+([.,]\d+)?W|(\d+([.,]\d+)?Y)?(\d+([.,]\d+)?M)?(\d+([.,]\d+)?D)?(T(\d+([.,]\d+)?H)?(\d+([.,]\d+)?M)?(\d+([.,]\d+)?S)?)?)$`)
	timeForm     = regexp.MustCompile(`^(\d{4})-?(\d{2})-?(\d{2})[Tt ](\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,18}))?)?([Zz]|[+-]\d{2}(?::?\d{2})?)?$`)
	version1Form = regexp.MustCompile(`^1\.0(\.\d+)?$`)
	version2Form = regexp.MustCompile(`^2\.0(\.\d+)?$`)
)

// form refuses what does not match.
func form(re *regexp.Regexp, why string) func(string) string {
	return func(s string) string {
		if !re.MatchString(s) {
			return why
		}
		return ""
	}
}

var (
	iri    = text(form(irlForm, "this must be an IRI with a scheme, such as https://example.org/a"))
	uuid   = text(form(uuidForm, "this must be a UUID"))
	plain  = text(nil)
	moment = text(func(s string) string {
		if _, err := ParseTime(s); err != nil {
			return err.Error()
		}
		return ""
	})
)

// UUID reads an id as xAPI spells it.
func UUID(s string) (id.ID, error) {
	if !uuidForm.MatchString(s) {
		return id.Nil, errors.New("this must be a UUID")
	}
	return id.Parse(strings.ToLower(s))
}

// IsIRI reports whether a text is an IRI with a scheme.
func IsIRI(s string) bool { return irlForm.MatchString(s) }

// ParseTime reads a timestamp of ISO 8601 or RFC 3339. Without a zone it is of UTC.
func ParseTime(s string) (time.Time, error) {
	m := timeForm.FindStringSubmatch(s)
	if m == nil {
		return time.Time{}, errors.New("this must be a timestamp such as 2026-03-14T09:26:53.589Z")
	}
	zone := strings.ToUpper(m[8])
	switch zone {
	case "":
		zone = "Z"
	case "-00", "-0000", "-00:00":
		return time.Time{}, errors.New("a timestamp has no zone of minus zero; write Z or +00:00")
	case "Z":
	default:
		if len(zone) == 3 {
			zone += ":00"
		}
		if len(zone) == 5 {
			zone = zone[:3] + ":" + zone[3:]
		}
	}
	if m[6] == "" {
		m[6] = "00"
	}
	if m[7] != "" {
		m[7] = "." + m[7]
	}
	t, err := time.Parse("2006-01-02T15:04:05.999999999Z07:00", m[1]+"-"+m[2]+"-"+m[3]+"T"+m[4]+":"+m[5]+":"+m[6]+m[7]+zone)
	if err != nil {
		return t, errors.New("there is no such date, time or zone")
	}
	return t, nil
}

// tag refuses what is no language tag of RFC 5646.
func tag(s string) string {
	var unknown language.ValueError // well formed
	if _, err := language.Parse(s); err != nil && !errors.As(err, &unknown) {
		return "this must be a language tag of RFC 5646, such as ar-MA"
	}
	return ""
}

func languageMap(_ *checker, v *Value, field string) error {
	if !v.IsObject() {
		return wrong(field, "this must be an object of texts by language")
	}
	for _, m := range v.members {
		if why := tag(m.name); why != "" {
			return wrong(join(field, m.name), "%s", why)
		}
		if !m.value.isText() {
			return wrong(join(field, m.name), "this must be a string")
		}
	}
	return nil
}

func extensions(_ *checker, v *Value, field string) error {
	if !v.IsObject() {
		return wrong(field, "this must be an object")
	}
	for _, m := range v.members {
		if !IsIRI(m.name) {
			return wrong(field, "the name %q of an extension must be an IRI", m.name)
		}
	}
	return nil
}

var isAccount = object(map[string]rule{"homePage": {iri, true}, "name": {plain, true}})

var agentRules = map[string]rule{
	"objectType":   {plain, false},
	"name":         {plain, false},
	"mbox":         {text(form(mailForm, "this must be a mail address, such as mailto:amina@example.org")), false},
	"mbox_sha1sum": {text(form(sha1Form, "this must be the 40 hexadecimal digits of a SHA-1")), false},
	"openid":       {iri, false},
	"account":      {isAccount, false},
}

var groupRules = func() map[string]rule {
	out := map[string]rule{"member": {array(agent), false}}
	for name, r := range agentRules {
		out[name] = r
	}
	return out
}()

var agentShape, groupShape check

func init() { agentShape, groupShape = object(agentRules), object(groupRules) }

// agent checks an agent that is no group.
func agent(c *checker, v *Value, field string) error {
	if err := agentShape(c, v, field); err != nil {
		return err
	}
	if t := v.Get("objectType"); t != nil && t.text != "Agent" {
		return wrong(join(field, "objectType"), `this must be "Agent"`)
	}
	switch identifiers(v) {
	case 0:
		return wrong(field, "an agent needs one of mbox, mbox_sha1sum, openid and account")
	case 1:
		return nil
	}
	return wrong(field, "an agent has only one of mbox, mbox_sha1sum, openid and account")
}

// group checks a group.
func group(c *checker, v *Value, field string) error {
	if err := groupShape(c, v, field); err != nil {
		return err
	}
	if v.Get("objectType").Text() != "Group" {
		return wrong(join(field, "objectType"), `this must be "Group"`)
	}
	switch n := identifiers(v); {
	case n > 1:
		return wrong(field, "a group has only one of mbox, mbox_sha1sum, openid and account")
	case n == 0 && len(v.Get("member").Items()) == 0:
		return wrong(join(field, "member"), "a group that nothing identifies needs members")
	}
	return nil
}

func identifiers(v *Value) int {
	n := 0
	for _, f := range functional {
		if v.Get(f) != nil {
			n++
		}
	}
	return n
}

// actor checks an agent or a group.
func actor(c *checker, v *Value, field string) error {
	if v.IsObject() && isGroup(v) {
		return group(c, v, field)
	}
	return agent(c, v, field)
}

var verb = object(map[string]rule{"id": {iri, true}, "display": {languageMap, false}})

var component = object(map[string]rule{"id": {plain, true}, "description": {languageMap, false}})

func components(c *checker, v *Value, field string) error {
	if err := array(component)(c, v, field); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, x := range v.items {
		if name := x.Get("id").Text(); seen[name] {
			return wrong(fmt.Sprintf("%s[%d].id", field, i), "two components have this id")
		} else {
			seen[name] = true
		}
	}
	return nil
}

var interactions = []string{"true-false", "choice", "fill-in", "long-fill-in", "matching", "performance", "sequencing", "likert", "numeric", "other"}

var definitionShape = object(map[string]rule{
	"name": {languageMap, false}, "description": {languageMap, false}, "type": {iri, false}, "moreInfo": {iri, false}, "extensions": {extensions, false},
	"interactionType": {text(func(s string) string {
		if !slices.Contains(interactions, s) {
			return "this must be one of " + strings.Join(interactions, ", ")
		}
		return ""
	}), false},
	"correctResponsesPattern": {array(plain), false},
	"choices":                 {components, false}, "scale": {components, false}, "source": {components, false}, "target": {components, false}, "steps": {components, false},
})

func definition(c *checker, v *Value, field string) error {
	if err := definitionShape(c, v, field); err != nil {
		return err
	}
	for _, name := range []string{"correctResponsesPattern", "choices", "scale", "source", "target", "steps"} {
		if v.Get(name) != nil && v.Get("interactionType") == nil {
			return wrong(join(field, "interactionType"), "this is missing, since there is %s", name)
		}
	}
	return nil
}

var activityShape = object(map[string]rule{"objectType": {plain, false}, "id": {iri, true}, "definition": {definition, false}})

func activity(c *checker, v *Value, field string) error {
	if err := activityShape(c, v, field); err != nil {
		return err
	}
	if t := v.Get("objectType"); t != nil && t.text != "Activity" {
		return wrong(join(field, "objectType"), `this must be "Activity"`)
	}
	return nil
}

var referenceShape = object(map[string]rule{"objectType": {plain, true}, "id": {uuid, true}})

func reference(c *checker, v *Value, field string) error {
	if err := referenceShape(c, v, field); err != nil {
		return err
	}
	if v.Get("objectType").Text() != "StatementRef" {
		return wrong(join(field, "objectType"), `this must be "StatementRef"`)
	}
	return nil
}

// target checks the object of a statement, or of one within a statement, which has none within it.
func target(inner bool) check {
	return func(c *checker, v *Value, field string) error {
		if !v.IsObject() {
			return wrong(field, "this must be an object")
		}
		t := v.Get("objectType")
		if t != nil && !t.isText() {
			return wrong(join(field, "objectType"), "this must be a string")
		}
		switch t.Text() {
		case "", "Activity":
			return activity(c, v, field)
		case "Agent", "Group":
			return actor(c, v, field)
		case "StatementRef":
			return reference(c, v, field)
		case "SubStatement":
			if !inner {
				return subStatement(c, v, field)
			}
			return wrong(join(field, "objectType"), "a SubStatement holds no other SubStatement")
		}
		return wrong(join(field, "objectType"), "this must be Activity, Agent, Group, StatementRef or SubStatement")
	}
}

var scoreShape = object(map[string]rule{"scaled": {number, false}, "raw": {number, false}, "min": {number, false}, "max": {number, false}})

func score(c *checker, v *Value, field string) error {
	if err := scoreShape(c, v, field); err != nil {
		return err
	}
	scaled, raw, least, most := v.Get("scaled"), v.Get("raw"), v.Get("min"), v.Get("max")
	switch {
	case scaled != nil && (scaled.number() < -1 || scaled.number() > 1):
		return wrong(join(field, "scaled"), "this must be between -1 and 1")
	case least != nil && most != nil && least.number() >= most.number():
		return wrong(join(field, "max"), "this must be greater than min")
	case raw != nil && least != nil && raw.number() < least.number():
		return wrong(join(field, "raw"), "this must not be less than min")
	case raw != nil && most != nil && raw.number() > most.number():
		return wrong(join(field, "raw"), "this must not be greater than max")
	}
	return nil
}

var result = object(map[string]rule{
	"score": {score, false}, "success": {boolean, false}, "completion": {boolean, false}, "response": {plain, false}, "extensions": {extensions, false},
	"duration": {text(func(s string) string {
		if !durationForm.MatchString(s) || strings.HasSuffix(s, "P") || strings.HasSuffix(s, "T") {
			return "this must be a duration of ISO 8601, such as PT1H30M"
		}
		return ""
	}), false},
})

func activities(c *checker, v *Value, field string) error {
	if v.IsArray() {
		return array(activity)(c, v, field)
	}
	return activity(c, v, field)
}

var contextActivities = object(map[string]rule{"parent": {activities, false}, "grouping": {activities, false}, "category": {activities, false}, "other": {activities, false}})

// relevant makes a check of a context agent or group of version 2.
func relevant(kind, member string, who check) check {
	shape := object(map[string]rule{"objectType": {plain, true}, member: {who, true}, "relevantTypes": {array(iri), false}})
	return func(c *checker, v *Value, field string) error {
		if err := shape(c, v, field); err != nil {
			return err
		}
		if v.Get("objectType").Text() != kind {
			return wrong(join(field, "objectType"), "this must be %q", kind)
		}
		if types := v.Get("relevantTypes"); types != nil && len(types.items) == 0 {
			return wrong(join(field, "relevantTypes"), "this must not be empty")
		}
		return nil
	}
}

var contextRules = map[string]rule{
	"registration": {uuid, false}, "instructor": {actor, false}, "team": {group, false}, "contextActivities": {contextActivities, false}, "revision": {plain, false},
	"platform": {plain, false}, "language": {text(tag), false}, "statement": {reference, false}, "extensions": {extensions, false},
}

var context1 = object(contextRules)

var context2 = func() check {
	rules := map[string]rule{
		"contextAgents": {array(relevant("contextAgent", "agent", agent)), false},
		"contextGroups": {array(relevant("contextGroup", "group", group)), false},
	}
	for name, r := range contextRules {
		rules[name] = r
	}
	return object(rules)
}()

func inContext(c *checker, v *Value, field string) error {
	if c.version == V2 {
		return context2(c, v, field)
	}
	return context1(c, v, field)
}

var attachmentShape = object(map[string]rule{
	"usageType": {iri, true}, "display": {languageMap, true}, "description": {languageMap, false}, "fileUrl": {iri, false},
	"contentType": {text(func(s string) string {
		if _, _, err := mime.ParseMediaType(s); err != nil || !strings.Contains(s, "/") {
			return "this must be a media type, such as image/jpeg"
		}
		return ""
	}), true},
	"length": {func(_ *checker, v *Value, field string) error {
		if !v.isNumber() || strings.ContainsAny(string(v.raw), ".eE-") {
			return wrong(field, "this must be a whole number of bytes")
		}
		return nil
	}, true},
	"sha2": {text(form(sha2Form, "this must be a SHA-2 digest")), true},
})

// outer are the members that both a statement and one within it have.
func outer(inner bool, more map[string]rule) map[string]rule {
	out := map[string]rule{
		"actor": {actor, true}, "verb": {verb, true}, "object": {target(inner), true}, "result": {result, false}, "context": {inContext, false},
		"timestamp": {moment, false}, "attachments": {array(attachmentShape), false},
	}
	for name, r := range more {
		out[name] = r
	}
	return out
}

var subShape, wholeShape check

func init() {
	subShape = object(outer(true, map[string]rule{"objectType": {plain, true}}))
	wholeShape = object(outer(false, map[string]rule{
		"id": {uuid, false}, "stored": {moment, false}, "authority": {authority, false},
		"version": {func(c *checker, v *Value, field string) error {
			if !v.isText() || !version1Form.MatchString(v.text) && !(c.version == V2 && version2Form.MatchString(v.text)) {
				return wrong(field, "this version of xAPI is not spoken here")
			}
			return nil
		}, false},
	}))
}

func subStatement(c *checker, v *Value, field string) error {
	if err := subShape(c, v, field); err != nil {
		return err
	}
	return coherent(v, field)
}

// authority checks who answers for a statement: an agent, or a group of two, a tool and a user.
func authority(c *checker, v *Value, field string) error {
	if err := actor(c, v, field); err != nil {
		return err
	}
	if isGroup(v) && (identifiers(v) > 0 || len(v.Get("member").Items()) != 2) {
		return wrong(field, "a group answers for a statement only as one of two members that nothing else identifies")
	}
	return nil
}

// coherent checks what lies between the members of a statement.
func coherent(v *Value, field string) error {
	t := v.Get("object", "objectType").Text()
	if t != "" && t != "Activity" {
		for _, name := range []string{"revision", "platform"} {
			if v.Get("context", name) != nil {
				return wrong(join(field, "context."+name), "this is said of activities only")
			}
		}
	}
	if v.Get("verb", "id").Text() == Voided && t != "StatementRef" {
		return wrong(join(field, "object"), "what is voided is named by a StatementRef")
	}
	return nil
}

// Check says what is wrong with a statement. The field begins the name of what is wrong: "statements[2]".
func Check(v *Value, version Version, field string) error {
	c := &checker{version}
	if err := wholeShape(c, v, field); err != nil {
		return err
	}
	return coherent(v, field)
}

// CheckAgent says what is wrong with an agent or a group.
func CheckAgent(v *Value, field string) error { return actor(&checker{}, v, field) }

// IsTag reports whether a text is a language tag.
func IsTag(s string) bool { return tag(s) == "" }
