package e2e

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// client asks the program over plain HTTP, as a browser without scripts would, and does not follow redirects.
type client struct {
	t    testing.TB
	base string
	http *http.Client
	who  string
}

func (n *node) client(who string) *client {
	n.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		n.t.Fatal(err)
	}
	return &client{t: n.t, base: n.base, who: who, http: &http.Client{Jar: jar, Timeout: 60 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// play signs in as somebody of the demo.
func (n *node) play(login string) *client {
	n.t.Helper()
	c := n.client(login)
	if a := c.post("/demo", url.Values{"person": {login}}); a.status != http.StatusSeeOther {
		n.t.Fatalf("play %s: status %d", login, a.status)
	}
	return c
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	doc    *html.Node
}

func (a *answer) to() string { return a.header.Get("Location") }

func (c *client) do(r *http.Request) *answer {
	c.t.Helper()
	res, err := c.http.Do(r)
	if err != nil {
		c.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	a := &answer{status: res.StatusCode, header: res.Header, body: string(b)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		if a.doc, err = html.Parse(bytes.NewReader(b)); err != nil {
			c.t.Fatal(err)
		}
	}
	return a
}

func (c *client) request(method, path string, body io.Reader) *http.Request {
	c.t.Helper()
	r, err := http.NewRequest(method, c.base+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Accept-Language", "fr")
	return r
}

func (c *client) get(path string) *answer {
	c.t.Helper()
	return c.do(c.request(http.MethodGet, path, nil))
}

func (c *client) post(path string, form url.Values) *answer {
	c.t.Helper()
	r := c.request(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.do(r)
}

// postFile posts a form with a file in it.
func (c *client) postFile(path string, form url.Values, name string, data []byte) *answer {
	c.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, vs := range form {
		for _, v := range vs {
			w.WriteField(k, v)
		}
	}
	f, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	r := c.request(http.MethodPost, path, &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return c.do(r)
}

// must is an answer that sends on to another page.
func (c *client) must(a *answer) *answer {
	c.t.Helper()
	if a.status != http.StatusSeeOther {
		c.t.Fatalf("%s: status %d\n%s", c.who, a.status, a.text())
	}
	return a
}

// elements walks a document.
func elements(n *html.Node, visit func(*html.Node)) {
	if n == nil {
		return
	}
	if n.Type == html.ElementNode {
		visit(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		elements(c, visit)
	}
}

func attribute(n *html.Node, name string) string {
	v, _ := lookup(n, name)
	return v
}

func lookup(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// content is the text within an element as it stands.
func content(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(c.Data)
	}
	return b.String()
}

// words are the texts within a node.
func words(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
		if n.Data == "script" || n.Data == "style" {
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	if n != nil {
		walk(n)
	}
	return clean(b.String())
}

func (a *answer) text() string {
	if a.doc == nil {
		return clean(a.body)
	}
	return words(a.doc)
}

// links are the addresses of this server that a page leads to.
func (a *answer) links() []string {
	var out []string
	elements(a.doc, func(n *html.Node) {
		if h := attribute(n, "href"); n.Data == "a" && strings.HasPrefix(h, "/") {
			out = append(out, h)
		}
	})
	return out
}

// input is one question of a form, as the page asks it.
type question struct {
	name, kind, value string
	options           []string // of a choice, without the empty answer
	numeric           bool
	checked           bool
}

// form is a form of a page.
type form struct {
	page, method, action string
	upload               bool
	inputs               []*question
}

// forms reads the forms of a page.
func (a *answer) forms(page string) []*form {
	var out []*form
	elements(a.doc, func(n *html.Node) {
		if n.Data != "form" {
			return
		}
		f := &form{page: page, method: strings.ToUpper(attribute(n, "method")), action: attribute(n, "action"), upload: attribute(n, "enctype") == "multipart/form-data"}
		if f.action == "" {
			f.action = page
		}
		by := map[string]*question{}
		add := func(name, kind string) *question {
			if i := by[name]; i != nil {
				return i
			}
			i := &question{name: name, kind: kind}
			by[name] = i
			f.inputs = append(f.inputs, i)
			return i
		}
		elements(n, func(e *html.Node) {
			name, _ := lookup(e, "name")
			if name == "" {
				return
			}
			switch e.Data {
			case "input":
				kind, value := attribute(e, "type"), attribute(e, "value")
				if kind == "" {
					kind = "text"
				}
				i := add(name, kind)
				i.numeric = attribute(e, "inputmode") == "numeric"
				_, on := lookup(e, "checked")
				if kind == "radio" || kind == "checkbox" {
					i.options = append(i.options, value)
					if on {
						i.value, i.checked = value, true
					}
				} else {
					i.value = value
				}
			case "textarea":
				add(name, "textarea").value = content(e)
			case "select":
				i := add(name, "select")
				elements(e, func(o *html.Node) {
					if o.Data != "option" {
						return
					}
					v, ok := lookup(o, "value")
					if !ok {
						v = words(o)
					}
					if v != "" {
						i.options = append(i.options, v)
					}
					if _, on := lookup(o, "selected"); on {
						i.value = v
					}
				})
			case "button":
				i := add(name, "button")
				i.options = append(i.options, attribute(e, "value"))
			}
		})
		out = append(out, f)
	})
	return out
}

// form is the one form of a page that posts to an address.
func (c *client) form(page, action string) *form {
	c.t.Helper()
	a := c.get(page)
	for _, f := range a.forms(page) {
		if f.method == http.MethodPost && f.action == action {
			return f
		}
	}
	c.t.Fatalf("%s: status %d, and no form that posts to %s", page, a.status, action)
	return nil
}

// values are what a browser would post of a form as it stands.
func (f *form) values() url.Values {
	v := url.Values{}
	for _, i := range f.inputs {
		switch {
		case i.kind == "button" || i.kind == "file":
		case i.kind == "radio" || i.kind == "checkbox":
			if i.checked {
				v.Add(i.name, i.value)
			}
		default:
			v.Add(i.name, i.value)
		}
	}
	return v
}

// marksOn reads a sheet as the server has it: how many learners have each mark.
func (c *client) marksOn(sheet string) map[string]int {
	c.t.Helper()
	out := map[string]int{}
	for _, i := range c.form(sheet, sheet).inputs {
		if strings.HasPrefix(i.name, "mark_") {
			out[i.value]++
		}
	}
	return out
}

// aGroup is where the first group of the list stands; "" where there is none.
func (c *client) aGroup() string {
	c.t.Helper()
	for _, l := range c.get("/groups").links() {
		if strings.HasPrefix(l, "/groups/") && ids.MatchString(l) {
			return l
		}
	}
	return ""
}

// centreWith30 founds a node, by its forms, with a centre and a group of thirty who have met for some weeks, holidays
// aside. It returns the owner, and the sheets that can be filled in.
func centreWith30(t testing.TB) (*node, *client, []string) {
	t.Helper()
	n := serveEmpty(t)
	c := n.client("owner")
	c.must(c.post("/setup", url.Values{"country": {"ma"}}))
	c.must(c.post("/setup/owner", url.Values{"country": {"ma"}, "name": {"Nadia Berrada"}, "login": {"nadia"}, "passphrase": {passphrase}}))
	f := c.form("/setup/centre", "/setup/centre").values()
	f.Set("name_fr", "Maison de jeunes Hay Salam")
	f.Set("province", c.form("/setup/centre", "/setup/centre").input("province").options[0])
	f.Set("milieu", "urban")
	c.must(c.post("/setup/centre", f))
	today := time.Now()
	day := func(n int) string { return today.AddDate(0, 0, n).Format(time.DateOnly) }
	c.must(c.post("/programmes/new", url.Values{"name_fr": {"Jil"}, "code": {"JIL"}, "phase_fr": {"Enfants"}, "from": {day(-100)}, "to": {day(300)}, "age_min": {"8"}, "age_max": {"14"}, "place": {"MA"}, "target": {"300"}}))
	var list strings.Builder
	list.WriteString("Nom;Prénom;Date de naissance;Sexe\n")
	for i := range 30 {
		fmt.Fprintf(&list, "%c%clami;%s;%02d/03/2015;%s\n", 'A'+i%26, 'a'+i/26, []string{"Salma", "Amina", "Zineb"}[i%3], i%28+1, []string{"F", "M"}[i%2])
	}
	upload := c.must(c.postFile("/import", c.form("/import", "/import").values(), "liste.csv", []byte(list.String()))).to()
	plan := c.must(c.post(upload, c.form(upload, upload).values())).to()
	c.must(c.post(plan, url.Values{"consent": {"yes"}})) // the forms are at the centre
	if s := n.status(); s.People != 30 {
		t.Fatalf("%d people of a list of 30", s.People)
	}
	g := c.form("/groups/new", "/groups/new").values()
	g.Set("name", "Enfants")
	g.Set("from", day(-9*7))
	g.Set("to", day(7))
	g.Set("days", fmt.Sprint(int(today.Weekday())))
	g.Set("starts", "00:05")
	g.Set("ends", "23:55")
	group := c.opened(g)
	add := group + "/add"
	c.must(c.post(add, url.Values{"person": c.form(add, add).input("person").options}))
	var sheets []string
	for _, l := range c.get(group + "?tab=sessions").links() {
		if strings.HasPrefix(l, "/sessions/") {
			sheets = append(sheets, l)
		}
	}
	// The next session is not to be marked yet.
	var open []string
	for _, s := range sheets {
		if strings.Contains(c.get(s).body, `name="save"`) {
			open = append(open, s)
		}
	}
	if len(open) < 6 {
		t.Fatalf("%d sheets to mark", len(open))
	}
	return n, c, open
}

// opened opens a group and confirms what its sessions are warned of, such as Friday noon.
func (c *client) opened(g url.Values) string {
	path, query, warned := strings.Cut(c.must(c.post("/groups/new", g)).to(), "/session?")
	if warned {
		v, err := url.ParseQuery(query)
		if err != nil {
			c.t.Fatal(err)
		}
		v.Del("look")
		v.Set("despite", "yes")
		c.must(c.post(path+"/session", v))
	}
	return strings.TrimSuffix(path, "/add")
}

// input is a question of the form by its name.
func (f *form) input(name string) *question {
	for _, i := range f.inputs {
		if i.name == name {
			return i
		}
	}
	return &question{name: name}
}
