package shell_test

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tizi/internal/i18n"
	"tizi/internal/web/activity"
	"tizi/internal/web/agree"
	"tizi/internal/web/author"
	"tizi/internal/web/box"
	"tizi/internal/web/centre"
	"tizi/internal/web/entry"
	"tizi/internal/web/family"
	"tizi/internal/web/learn"
	"tizi/internal/web/me"
	"tizi/internal/web/nodes"
	"tizi/internal/web/open"
	"tizi/internal/web/records"
	"tizi/internal/web/safe"
	"tizi/internal/web/shell"
	"tizi/internal/web/steer"
	"tizi/internal/web/teach"
)

var (
	screensDir = flag.String("screens", "", "write a picture of every screen into this folder")
	only       = flag.String("only", "", "look at the screens whose name contains this")
	in         = flag.String("in", "", "look in these ways only, such as ar-dark or fr")
	browse     = flag.Bool("browse", false, "check every screen in a browser, in four languages, light and dark")
)

// newGallery is a shell with every package of screens, and a server that shows
// each of them with sample data: /<name>?lang=ar&theme=dark.
func newGallery(t testing.TB) (*shell.Shell, *httptest.Server) {
	t.Helper()
	s, err := shell.New(shell.Options{Assets: os.DirFS("../dist"), Fill: fill, Log: slog.New(slog.NewTextHandler(testWriter{t}, nil))})
	if err != nil {
		t.Skip(err) // a test of the look needs the look
	}
	for _, screens := range []embed.FS{
		me.Templates,
		centre.Templates,
		teach.Templates,
		steer.Templates,
		agree.Templates,
		activity.Templates,
		family.Templates,
		entry.Templates,
		safe.Templates,
		learn.Templates,
		nodes.Templates,
		box.Templates,
		records.Templates,
		author.Templates,
		open.Templates,
	} {
		if err := s.AddEmbedded(screens); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Add(os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	s.Routes(mux)
	for _, g := range slices.Concat(gallery, labs(t)) {
		mux.HandleFunc("/"+g.name, func(w http.ResponseWriter, r *http.Request) {
			s.Render(w, r, http.StatusOK, g.screen, g.view(s.Page(r).Printer))
		})
	}
	srv := httptest.NewServer(s.Wrap(mux))
	t.Cleanup(srv.Close)
	return s, srv
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) { w.t.Errorf("%s", b); return len(b), nil }

// fill is what a signed-in member of a centre sees around a screen.
func fill(r *http.Request, p *shell.Page) {
	p.Theme = r.URL.Query().Get("theme")
	p.Place = i18n.Text{i18n.FR: "Maison de jeunes Hay Salam", i18n.AR: "دار الشباب حي السلام", i18n.EN: "Hay Salam youth centre"}
	p.User = &shell.User{Name: "Salma Bennani", Role: "role.centre", URL: "/me", SignOut: "/sign-out"}
	at := func(prefix string) bool { return strings.HasPrefix(r.URL.Path, prefix) }
	p.Nav = []shell.NavItem{
		{Key: "nav.today", URL: "/today", Icon: "today", Current: at("/today") || at("/attendance")},
		{Key: "nav.people", URL: "/people", Icon: "people", Current: at("/people") || at("/import")},
		{Key: "nav.groups", URL: "/groups", Icon: "groups", Current: at("/group")},
		{Key: "nav.activities", URL: "/activities", Icon: "calendar", Current: at("/activit")},
		{Key: "nav.messages", URL: "/messages", Icon: "mail", Current: at("/messages"), Unread: 3},
		{Key: "nav.board", URL: "/board", Icon: "board", Current: at("/board") || at("/behind")},
		{Key: "nav.programmes", URL: "/programmes", Icon: "flag", Current: at("/programme")},
		{Key: "nav.staff", URL: "/staff", Icon: "key", Current: at("/staff")},
	}
	p.Commands = []shell.NavItem{{Key: "people.new", URL: "/people/new", Icon: "person-add"}, {Key: "import.title", URL: "/people/import", Icon: "import"}}
	if at("/people-form") {
		p.Flash = []shell.Notice{{Kind: "good", Text: p.Printer.T("common.saved")}}
	}
	if at("/staff") {
		p.Alerts = []shell.Alert{{Kind: "help", Text: p.Printer.T("alert.openings", "n", 1), URL: "/openings", Button: p.Printer.T("common.open")}, {Kind: "wait", Text: p.Printer.T("alert.runs_out", "n", 3), URL: "/staff/renew", Button: p.Printer.T("staff.renew")}}
	}
	if at("/entry-") && !at("/entry-tablets") {
		p.User, p.Nav = nil, nil
	}
	if at("/entry-in") || at("/entry-password") {
		p.Learner = &shell.Learner{Name: "Amina Benali", SignOut: "/door/out", Here: "/door/here", Idle: 600}
	}
	if at("/offline") {
		p.User, p.Nav, p.Learner = nil, nil, &shell.Learner{SignOut: "/door/out", Here: "/door/here", Idle: 600}
	}
	p.Simulated, p.Alone = at("/board"), at("/locked")
}

// TestScreensRender puts every screen together in every language and looks for
// what must not be there.
func TestScreensRender(t *testing.T) {
	s, srv := newGallery(t)
	screens, err := s.Screens()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, g := range slices.Concat(gallery, labs(t)) {
		shown[g.screen] = true
		for _, l := range i18n.Langs {
			res, err := http.Get(srv.URL + "/" + g.name + "?lang=" + string(l))
			if err != nil {
				t.Fatal(err)
			}
			html := readAll(t, res)
			where := g.name + " in " + string(l)
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s: status %d", where, res.StatusCode)
			}
			if want := fmt.Sprintf(`<html lang="%s" dir="%s"`, l, l.Dir()); !strings.Contains(html, want) {
				t.Errorf("%s: no %s", where, want)
			}
			for _, bad := range []string{"[shell.", "[people.", "[groups.", "[board.", "[import.", "[today.", "[attendance.", "ZgotmplZ", "&lt;span", "<no value>", ` style="`, "<script>", "%!"} {
				if i := strings.Index(html, bad); i >= 0 {
					t.Errorf("%s: has %s: …%s…", where, bad, html[max(0, i-60):min(len(html), i+60)])
				}
			}
		}
	}
	for _, name := range screens {
		if !shown[name] {
			t.Errorf("screen %s is not in the gallery", name)
		}
	}
}

func readAll(t *testing.T, res *http.Response) string {
	t.Helper()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// browser starts Chromium, or skips where there is none.
func browser(t testing.TB) context.Context {
	t.Helper()
	const chromium = "/usr/bin/chromium"
	if _, err := os.Stat(chromium); err != nil {
		t.Skip("no Chromium here")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("hide-scrollbars", true), chromedp.UserDataDir(t.TempDir()))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// violation is what axe found.
type violation struct {
	ID    string   `json:"id"`
	Help  string   `json:"help"`
	Nodes []string `json:"nodes"`
}

const runAxe = `(async () => { const r = await axe.run(document, {runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"]});
 return r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.slice(0, 4).map(n => n.html.slice(0, 160) + " ~ " + (n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? ""))})) })()`

// TestScreensInBrowser looks at every screen in four languages, light and dark:
// axe finds nothing, nothing runs over the edge at 360, 800 and 1280 pixels, and
// the console stays silent.
func TestScreensInBrowser(t *testing.T) {
	if !*browse && *screensDir == "" {
		t.Skip("give -browse, or -screens DIR")
	}
	axe, err := os.ReadFile("../../../ui/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Skip("axe-core is not installed: run npm ci in ui")
	}
	_, srv := newGallery(t)
	ctx := browser(t)
	for _, g := range slices.Concat(gallery, labs(t)) {
		if *only != "" && !strings.Contains(g.name, *only) {
			continue
		}
		for _, l := range i18n.Langs {
			for _, theme := range []string{"light", "dark"} {
				if way := string(l) + "-" + theme; !strings.Contains(way, *in) {
					continue
				}
				where := fmt.Sprintf("%s %s %s", g.name, l, theme)
				address := fmt.Sprintf("%s/%s?lang=%s&theme=%s", srv.URL, g.name, l, theme)
				look(t, ctx, where, address, string(axe), fmt.Sprintf("%s-%s-%s", g.name, l, theme))
			}
		}
	}
}

// look opens one page and checks it at every width.
func look(t *testing.T, ctx context.Context, where, address, axe, picture string) {
	c, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(where, ": ", err)
		}
	}
	must(chromedp.Do(c, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(address)))
	_, err := chromedp.Run(c, chromedp.Evaluate[bool](`document.fonts.ready.then(() => true)`, chromedp.EvalAwaitPromise))
	must(err)
	if *browse {
		_, err := chromedp.Run(c, chromedp.Evaluate[bool](axe+";true"))
		must(err)
		found, err := chromedp.Run(c, chromedp.Evaluate[[]violation](runAxe, chromedp.EvalAwaitPromise))
		must(err)
		for _, v := range found {
			t.Errorf("%s: axe %s: %s\n\t%s", where, v.ID, v.Help, strings.Join(v.Nodes, "\n\t"))
		}
	}
	for _, w := range []int64{360, 800, 1280} {
		must(chromedp.Do(c, chromedp.EmulateViewport(w, 900)))
		over, err := chromedp.Run(c, chromedp.Evaluate[float64](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
		must(err)
		if over > 0 {
			t.Errorf("%s: %.0f pixels too wide at %d", where, over, w)
		}
		if *screensDir == "" {
			continue
		}
		// The window is made as tall as the page: a picture beyond the window is
		// taken from beside a right-to-left page.
		tall, err := chromedp.Run(c, chromedp.Evaluate[int64](`Math.max(900, Math.ceil(document.body.getBoundingClientRect().height))`))
		must(err)
		must(chromedp.Do(c, chromedp.EmulateViewport(w, tall)))
		shot, err := chromedp.Run(c, chromedp.CaptureScreenshot())
		must(err)
		must(os.WriteFile(filepath.Join(*screensDir, fmt.Sprintf("%s-%d.png", picture, w)), shot, 0o644))
	}
}
