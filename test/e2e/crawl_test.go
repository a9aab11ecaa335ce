package e2e

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// kindOf is what pages of one kind have in common: the path without ids, how deep a place lies, which tab is shown.
func kindOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	path := programmeCode.ReplaceAllString(ids.ReplaceAllString(u.Path, "{id}"), "/programmes/{code}")
	if strings.HasPrefix(path, "/labs/") {
		path = "/labs/{name}"
	}
	path = courseOf.ReplaceAllString(frameworkOf.ReplaceAllString(path, "/frameworks/{code}"), "/$1/{course}")
	path = triedStepOf.ReplaceAllString(path, "$1/{course}/{lesson}/{step}")
	path = triedLessonOf.ReplaceAllString(path, "$1/{course}/{lesson}")
	path = draftLessonOf.ReplaceAllString(path, "$1/{lesson}")
	path = draftStepOf.ReplaceAllString(path, "$1/{lesson}/{step}")
	path = exerciseOf.ReplaceAllString(lessonOf.ReplaceAllString(path, "$1/{lesson}"), "$1/{exercise}")
	if place := u.Query().Get("place"); place != "" {
		path += "?place" + strings.Repeat("-", strings.Count(place, "-"))
	}
	if tab := u.Query().Get("tab"); tab != "" {
		path += "?tab=" + tab
	}
	return path
}

var (
	frameworkOf   = regexp.MustCompile(`^/frameworks/[^/]+`)
	courseOf      = regexp.MustCompile(`^/(learn|lessons)/[^/]+`)
	lessonOf      = regexp.MustCompile(`^(/(?:learn|lessons)/\{course\})/[^/]+/[^/]+`)
	triedStepOf   = regexp.MustCompile(`^(/groups/\{id\}/rehearse)/[^/]+/[^/]+/[^/]+/[^/]+$`)
	triedLessonOf = regexp.MustCompile(`^(/groups/\{id\}/rehearse)/[^/]+/[^/]+/[^/]+$`)
	draftStepOf   = regexp.MustCompile(`^(/authoring/\{id\}/preview)/[^/]+/[^/]+/[^/]+$`)
	draftLessonOf = regexp.MustCompile(`^(/authoring/\{id\}/preview)/[^/]+/[^/]+$`)
	exerciseOf    = regexp.MustCompile(`^(/learn/\{course\}/\{lesson\})/[^/]+`)
)

var programmeCode = regexp.MustCompile(`/programmes/[A-Z0-9][A-Za-z0-9-]*`)

// visited is a page that a crawl has seen.
type visited struct {
	address string
	*answer
}

// triesOfKind is how many pages of one kind a crawl fetches to find those that show something new.
const triesOfKind = 6

// crawl follows the links from some pages on, and fetches up to so many of each kind. It keeps those that show what no
// other of their kind does. A link that leads nowhere is an error.
func (c *client) crawl(most int, from ...string) []visited {
	c.t.Helper()
	var kept []visited
	seen, tries, parts := map[string]bool{}, map[string]int{}, map[string]map[string]bool{}
	queue, by := slices.Clone(from), map[string]string{}
	for len(queue) > 0 {
		address := queue[0]
		queue = queue[1:]
		kind := kindOf(address)
		if seen[address] || tries[kind] == most || strings.HasPrefix(address, "/assets/") || strings.HasPrefix(address, "/ims/") {
			continue
		}
		seen[address] = true
		tries[kind]++
		a := c.get(address)
		if a.status == http.StatusSeeOther {
			queue, by[a.to()] = append(queue, a.to()), address
			continue
		}
		if a.status >= 500 || a.status != http.StatusOK && by[address] != "" {
			c.t.Errorf("%s: GET %s: status %d; %s leads there", c.who, address, a.status, by[address])
		}
		if parts[kind] == nil {
			parts[kind] = map[string]bool{}
		}
		fresh := false
		for _, p := range a.parts() {
			fresh = fresh || !parts[kind][p]
			parts[kind][p] = true
		}
		if fresh || tries[kind] == 1 {
			kept = append(kept, visited{address, a})
		}
		for _, l := range a.links() {
			if strings.Contains(l, "lang=") {
				continue // the same page in another language
			}
			queue = append(queue, l)
			if by[l] == "" {
				by[l] = address
			}
		}
	}
	return kept
}

// parts are what a page is put together from.
func (a *answer) parts() []string {
	var out []string
	elements(a.doc, func(n *html.Node) {
		if n.Data != "option" && n.Data != "path" && n.Data != "use" {
			_, off := lookup(n, "disabled")
			out = append(out, n.Data+" "+attribute(n, "class")+" "+attribute(n, "type"))
			if off {
				out = append(out, n.Data+" disabled")
			}
		}
	})
	return out
}

// wrongForms are the forms of some pages, each kind once, that are refused when they come empty.
func (c *client) wrongForms(pages []visited) []*form {
	c.t.Helper()
	var out []*form
	done := map[string]bool{}
	for _, v := range pages {
		for _, f := range v.forms(v.address) {
			kind := kindOf(f.action)
			if f.method != http.MethodPost || done[kind] || ends[f.action] || ends[kind] || sparse[kind] {
				continue
			}
			done[kind] = true
			if !slices.ContainsFunc(f.inputs, func(q *question) bool { return q.kind != "hidden" && q.kind != "button" }) {
				continue // nothing is asked, so nothing can be wrong
			}
			if a := c.send(f, nil); a.status == http.StatusUnprocessableEntity {
				out = append(out, f)
			}
		}
	}
	return out
}

// ends are forms that end what is being done, or that take five an hour: internal/web/safe and internal/safeguard test
// what they take.
var ends = map[string]bool{"/authoring/{id}/discard": true, "/signout": true, "/demo": true, "/worried": true}

// sparse are kinds of forms that may well come empty: a sheet without marks, no targets, a list of nothing to renew, or one
// that is taken without a word about its forms.
var sparse = map[string]bool{"/authoring/{id}/preview/{lesson}/{step}": true, "/groups/{id}/rehearse/{course}/{lesson}/{step}": true, "/authoring/{id}/preview/{lesson}": true, "/learn/{course}/{lesson}/{exercise}": true, "/sessions/{id}": true, "/programmes/{code}/targets": true, "/me/language": true, "/me/sheet": true, "/staff/renew": true, "/staff/{id}/reset": true, "/import/{id}/plan": true}

// send posts a form with some values.
func (c *client) send(f *form, v url.Values) *answer {
	c.t.Helper()
	if f.upload {
		return c.postFile(f.action, v, "", nil)
	}
	return c.post(f.action, v)
}
