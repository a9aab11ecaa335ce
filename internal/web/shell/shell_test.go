package shell_test

import (
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// built is the smallest set of built files there can be.
func built() fstest.MapFS {
	return fstest.MapFS{
		"manifest.json": {Data: []byte(`{"app.css":"app-1.css","desk.css":"app-1.css","app.js":"app-1.js","icons.svg":"icons-1.svg","favicon.svg":"favicon-1.svg","latin-400.woff2":"latin-400-1.woff2","arabic-400.woff2":"arabic-400-1.woff2"}`)},
		"app-1.css":     {Data: []byte("a{}")}, "app-1.css.gz": {Data: []byte("zipped")},
		"app-1.js": {Data: []byte("x")}, "icons-1.svg": {Data: []byte("<svg/>")}, "favicon-1.svg": {Data: []byte("<svg/>")},
		"latin-400-1.woff2": {Data: []byte("f")}, "arabic-400-1.woff2": {Data: []byte("f")},
	}
}

func small(t *testing.T, screens fstest.MapFS) *shell.Shell {
	t.Helper()
	s, err := shell.New(shell.Options{Assets: built()})
	if err != nil {
		t.Fatal(err)
	}
	if screens != nil {
		if err := s.Add(screens); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestNotBuilt(t *testing.T) {
	_, err := shell.New(shell.Options{Assets: fstest.MapFS{}})
	if err == nil || !strings.Contains(err.Error(), "go run ./ui/build") {
		t.Errorf("without built files: %v", err)
	}
}

// TestAddRefuses holds the mistakes a screen can make against sentences.
func TestAddRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"a broken template":     {fstest.MapFS{"a/b.html": file(`{{define "main"}}{{if}}{{end}}`)}, "a/b.html"},
		"an unknown function":   {fstest.MapFS{"a/b.html": file(`{{define "main"}}{{nothing}}{{end}}`)}, "nothing"},
		"text that is lost":     {fstest.MapFS{"a/b.html": file(`hello {{define "main"}}{{end}}`)}, "never shown"},
		"a block among parts":   {fstest.MapFS{"_b.html": file(`{{define "main"}}{{end}}`)}, "file of parts"},
		"a name taken":          {fstest.MapFS{"_b.html": file(`{{define "x-y"}}{{end}}`), "c.html": file(`{{define "x-y"}}{{end}}`)}, "another file"},
		"a name of the shell's": {fstest.MapFS{"_b.html": file(`{{define "field"}}{{end}}`)}, "another file"},
	} {
		s := small(t, nil)
		if err := s.Add(c.files); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want something on %q", name, err, c.want)
		}
		if err := s.Add(fstest.MapFS{"good.html": file(`{{define "main"}}ok{{end}}`)}); err != nil {
			t.Errorf("%s: what comes after is refused too: %v", name, err)
		}
	}
}

// say renders a template text in a language and gives the whole page.
func say(t *testing.T, l i18n.Lang, text string, view any) string {
	t.Helper()
	s := small(t, fstest.MapFS{"x.html": file(`{{define "title"}}{{T "common.save"}}{{end}}{{define "main"}}<i>` + text + `</i>{{end}}`)})
	r := httptest.NewRequest("GET", "/x?lang="+string(l), nil)
	b, err := s.HTML(s.Page(r), "x", view)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return string(b)
}

func between(s string) string {
	_, s, _ = strings.Cut(s, "<i>")
	s, _, _ = strings.Cut(s, "</i>")
	return s
}

func TestFunctions(t *testing.T) {
	for _, c := range []struct {
		lang       i18n.Lang
		text, want string
		view       any
	}{
		{i18n.FR, `{{num 22750}} {{pct 1 3}}`, "22\u202f750 33\u00a0%", nil},
		{i18n.AR, `{{num .View}}`, "22.750", int64(22750)},
		{i18n.FR, `{{date "2026-03-14"}}, {{shortdate "2026-03-14"}}, {{weekday 0}}`, "14 mars 2026, 14/03/2026, dimanche", nil},
		// A message that is not there in the language comes marked; in an attribute it comes bare.
		{i18n.ZGH, `{{T "today.tasks"}}`, `<span lang="fr" dir="ltr">À faire</span>`, nil},
		{i18n.ZGH, `<a title="{{T "today.tasks"}}"></a>`, `<a title="À faire"></a>`, nil},
		{i18n.ZGH, `{{Say "today.tasks"}}`, `À faire`, nil},
		{i18n.EN, `{{text .View}}`, `<span lang="ar" dir="rtl">دار</span>`, i18n.Text{i18n.AR: "دار"}},
		{i18n.FR, `{{text .View}}`, `A&amp;B`, i18n.Text{i18n.FR: "A&B"}},
		// Names are fenced off and escaped.
		{i18n.FR, `{{name .View}}`, `<bdi lang="ar">أمينة</bdi>`, "أمينة"},
		{i18n.AR, `{{name .View}}`, `<bdi>&lt;b&gt; Amina</bdi>`, "<b> Amina"},
		{i18n.FR, `{{initials "amina benali"}}{{initials "يوسف أمراني"}}{{initials ""}}`, "ABي", nil},
		{i18n.FR, `{{url "/people?q=a"}}`, "/people?lang=fr&amp;q=a", nil}, // no cookies: the link carries the language
		{i18n.FR, `{{has .View "b"}}`, "true", []string{"a", "b"}},
		{i18n.FR, `{{param "/x?place=MA-03" "place"}}`, "MA-03", nil},
	} {
		if got := between(say(t, c.lang, c.text, c.view)); got != c.want {
			t.Errorf("%s %s:\n%s, want\n%s", c.lang, c.text, got, c.want)
		}
	}
}

func TestTitleHasNoMarks(t *testing.T) {
	s := small(t, fstest.MapFS{"x.html": file(`{{define "title"}}{{T "today.tasks"}} {{name .View}}{{end}}{{define "main"}}{{end}}`)})
	r := httptest.NewRequest("GET", "/?lang=zgh", nil)
	b, err := s.HTML(s.Page(r), "x", "A & <B>")
	if err != nil {
		t.Fatal(err)
	}
	if want := "<title>À faire A &amp; &lt;B&gt; · Tizi</title>"; !strings.Contains(string(b), want) {
		t.Errorf("no %s in %.600s", want, b)
	}
	if want := `<h1><span lang="fr" dir="ltr">À faire</span> <bdi>A &amp; &lt;B&gt;</bdi></h1>`; !strings.Contains(string(b), want) {
		t.Errorf("no %s", want)
	}
}

func TestStrip(t *testing.T) {
	for in, want := range map[template.HTML]string{"": "", " a ": "a", "<b>a</b> &amp; b": "a & b", "a\n <i>c</i>": "a c"} {
		if got := shell.Strip(in); got != want {
			t.Errorf("Strip(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestField(t *testing.T) {
	html := between(say(t, i18n.FR, `{{template "field" (field "text" "given" "Prénom" .View.value .View.errors | hint "Comme sur la carte" | auto "given-name" | inlang "ar" | optional)}}`,
		map[string]any{"value": `"><script>`, "errors": map[string]string{"given": "Écrivez-le"}}))
	for _, want := range []string{`for="f-given"`, `id="f-given"`, `name="given"`, `autocomplete="given-name"`, `lang="ar" dir="rtl"`, `aria-describedby="f-given-hint f-given-error"`,
		`aria-invalid="true"`, `id="f-given-hint"`, `id="f-given-error"`, "facultatif", `value="&#34;&gt;&lt;script&gt;"`} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in %s", want, html)
		}
	}
	radios := between(say(t, i18n.FR, `{{template "field" (field "radio" "sex" (T "sex") "m" .View | opts (codes "sex" "f" "m"))}}`, map[string]string(nil)))
	if !strings.Contains(radios, `id="f-sex" name="sex" value="f">`) || !strings.Contains(radios, `id="f-sex-1" name="sex" value="m" checked>`) || !strings.Contains(radios, "<fieldset") {
		t.Errorf("radios: %s", radios)
	}
	sum := between(say(t, i18n.FR, `{{template "summary" .View}}`, map[string]string{"sex": "Choisissez", "": "Rien n’est perdu"}))
	if !strings.Contains(sum, `href="#f-sex"`) || !strings.Contains(sum, "data-focus") || !strings.Contains(sum, "<li>Rien n’est perdu</li>") || !strings.Contains(sum, "2 erreurs") {
		t.Errorf("summary: %s", sum)
	}
}

func TestLanguageIsChosen(t *testing.T) {
	s := small(t, nil)
	for _, c := range []struct {
		url, cookie, accept string
		want                i18n.Lang
	}{
		{"/?lang=ar", "fr", "en", i18n.AR},
		{"/", "zgh", "en", i18n.ZGH},
		{"/", "", "en-GB,en", i18n.EN},
		{"/?lang=de", "", "ar-MA", i18n.AR},
		{"/", "xx", "", i18n.FR},
	} {
		r := httptest.NewRequest("GET", c.url, nil)
		r.Header.Set("Accept-Language", c.accept)
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: "lang", Value: c.cookie})
		}
		if got := s.Page(r).Lang; got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// serve wraps a shell with one screen and runs a request through it.
func serve(t *testing.T, r *http.Request) *http.Response {
	t.Helper()
	s := small(t, fstest.MapFS{"x.html": file(`{{define "title"}}x{{end}}{{define "main"}}` + strings.Repeat("long ", 400) + `{{end}}`)})
	mux := http.NewServeMux()
	s.Routes(mux)
	mux.HandleFunc("/x", func(w http.ResponseWriter, r *http.Request) { s.Render(w, r, http.StatusOK, "x", nil) })
	mux.HandleFunc("/act", func(w http.ResponseWriter, r *http.Request) {
		shell.Flash(w, r, "wait", "Attention")
		shell.Flash(w, r, "good", "Fait <b>")
		http.Redirect(w, r, "/x", http.StatusSeeOther)
	})
	w := httptest.NewRecorder()
	s.Wrap(mux).ServeHTTP(w, r)
	return w.Result()
}

func TestHeaders(t *testing.T) {
	r := httptest.NewRequest("GET", "/x?lang=ar&page=2", nil)
	r.Header.Set("Accept-Encoding", "br, gzip;q=0.5")
	res := serve(t, r)
	for name, want := range map[string]string{
		"Content-Encoding": "gzip", "Cache-Control": "no-store", "Content-Language": "ar", "X-Content-Type-Options": "nosniff",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	csp := res.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'", "form-action 'self'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy has no %s: %s", want, csp)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("the policy allows something unsafe: %s", csp)
	}
	var kept *http.Cookie
	for _, c := range res.Cookies() {
		if c.Name == "lang" {
			kept = c
		}
	}
	if kept == nil || kept.Value != "ar" || !kept.HttpOnly || kept.SameSite != http.SameSiteLaxMode {
		t.Errorf("the language is not kept: %v", kept)
	}
}

func TestFlash(t *testing.T) {
	res := serve(t, httptest.NewRequest("POST", "/act", nil))
	r := httptest.NewRequest("GET", "/x", nil)
	if l := res.Cookies(); len(l) > 0 {
		r.AddCookie(l[len(l)-1]) // a browser keeps the last of a name
	}
	res = serve(t, r)
	b, _ := io.ReadAll(res.Body)
	if !strings.Contains(string(b), "Fait &lt;b&gt;") {
		t.Error("the notice is not shown, or not escaped")
	}
	if !strings.Contains(string(b), "Attention") {
		t.Error("of two notices one is lost")
	}
	gone := false
	for _, c := range res.Cookies() {
		gone = gone || c.Name == "flash" && c.MaxAge < 0
	}
	if !gone {
		t.Error("the notice would be shown again")
	}
	r = httptest.NewRequest("GET", "/x", nil)
	r.AddCookie(&http.Cookie{Name: "flash", Value: "!!"})
	if res := serve(t, r); res.StatusCode != http.StatusOK {
		t.Errorf("a broken notice breaks the page: %d", res.StatusCode)
	}
}

func TestAppearance(t *testing.T) {
	for theme, want := range map[string]string{"dark": "dark", "light": "light", "system": "", "purple": ""} {
		r := httptest.NewRequest("POST", "/appearance", strings.NewReader(url.Values{"theme": {theme}, "back": {"//evil.example/x"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res := serve(t, r)
		if got := res.Header.Get("Location"); got != "/" {
			t.Errorf("leads to %q", got)
		}
		for _, c := range res.Cookies() {
			if c.Name == "theme" && c.Value != want {
				t.Errorf("%s kept as %q", theme, c.Value)
			}
		}
	}
}

func TestLocal(t *testing.T) {
	for in, want := range map[string]string{
		"/people?q=a": "/people?q=a", "": "/", "people": "/", "//x.example": "/", `/\x.example`: "/", "https://x.example": "/", "/a\nb": "/", "/a\tb": "/",
	} {
		if got := shell.Local(in); got != want {
			t.Errorf("Local(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestAssets(t *testing.T) {
	r := httptest.NewRequest("GET", "/assets/app-1.css", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	res := serve(t, r)
	b, _ := io.ReadAll(res.Body)
	if string(b) != "zipped" || res.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/css") {
		t.Errorf("%q %v", b, res.Header)
	}
	r.Header.Set("Accept-Encoding", "gzip;q=0")
	if b, _ := io.ReadAll(serve(t, r).Body); string(b) != "a{}" {
		t.Errorf("plain: %q", b)
	}
	for _, path := range []string{"/assets/manifest.json", "/assets/../shell.go", "/assets/", "/assets/app-1.css.gz"} {
		if res := serve(t, httptest.NewRequest("GET", path, nil)); res.StatusCode == http.StatusOK {
			t.Errorf("%s is served", path)
		}
	}
}

// TestBudgets weighs what a page loads, compressed as it travels.
func TestBudgets(t *testing.T) {
	const dist = "../dist"
	entries, err := os.ReadDir(dist)
	if err != nil || len(entries) < 3 {
		t.Skip("the interface is not built")
	}
	var css, entry, js, fonts int64
	labCSS, labJS := map[string]int64{}, map[string]int64{} // a lab comes on top, with its worker
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		switch name := e.Name(); {
		case strings.Contains(name, "-vocabulary-"): // data beside a lab's script, which its worker fetches
		case strings.HasPrefix(name, "lab-"):
			lab := strings.TrimSuffix(name[:strings.LastIndexByte(name, '-')], "-worker")
			if strings.HasSuffix(name, ".css.gz") {
				labCSS[lab] += info.Size()
			} else if strings.HasSuffix(name, ".js.gz") {
				labJS[lab] += info.Size()
			}
		case strings.HasPrefix(name, "desk-"): // pages of learners do not load it
		case strings.HasPrefix(name, "entry-") && strings.HasSuffix(name, ".css.gz"): // the learners' door loads it besides
			entry += info.Size()
		case strings.HasSuffix(name, ".css.gz"):
			css += info.Size()
		case strings.HasSuffix(name, ".js.gz"):
			js += info.Size()
		case strings.HasSuffix(name, ".woff2"):
			fonts += info.Size()
		}
	}
	t.Logf("styles %d, of learners %d more, scripts %d, fonts %d bytes", css, entry, js, fonts)
	if css+entry > 15<<10 || js > 30<<10 || fonts > 65<<10 {
		t.Errorf("styles %d, scripts %d, fonts %d bytes; 15, 30 and 65 KB are allowed", css, js, fonts)
	}
	for lab, size := range labJS {
		t.Logf("%s: styles %d, scripts %d bytes", lab, labCSS[lab], size)
		if css+labCSS[lab] > 15<<10 || size > 60<<10 {
			t.Errorf("%s: styles %d with those of every page, scripts %d; 15 and 60 KB are allowed", lab, css+labCSS[lab], size)
		}
	}
	_, srv := newGallery(t)
	for _, g := range gallery {
		if strings.HasPrefix(g.name, "gallery") {
			continue
		}
		r, err := http.NewRequest("GET", srv.URL+"/"+g.name+"?lang=ar", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "gzip")
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		n, _ := io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if n > 20<<10 {
			t.Errorf("%s: %d bytes of HTML, 20 KB are allowed", g.name, n)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	s, _ := newGallery(b)
	r := httptest.NewRequest("GET", "/people?lang=fr", nil)
	p := s.Page(r)
	view := people(p.Printer)
	for b.Loop() {
		if _, err := s.HTML(p, "people/list", view); err != nil {
			b.Fatal(err)
		}
	}
}
