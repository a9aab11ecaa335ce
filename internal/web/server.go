package web

import (
	"embed"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/agreement"
	"tizi/internal/api"
	"tizi/internal/api/xapi"
	"tizi/internal/consent"
	"tizi/internal/demo"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/learner"
	"tizi/internal/picture"
	"tizi/internal/programme"
	"tizi/internal/store"
	webactivity "tizi/internal/web/activity"
	"tizi/internal/web/agree"
	"tizi/internal/web/author"
	"tizi/internal/web/box"
	"tizi/internal/web/centre"
	"tizi/internal/web/door"
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

// Options of a server.
type Options struct {
	// Demo lets anybody play anybody of demo.Players and says on every page that all is simulated.
	Demo bool
	Log  *slog.Logger
	// Sign is a provider of single sign-on; nil: there is none.
	Sign door.SingleSignOn
	// Other is the address of the other node of a demonstration that has two.
	Other string
	// HTTPS is what the node serves besides; nil: it serves none.
	HTTPS *box.HTTPS
	// Files is a second name of the node, from which what was imported is served; "": there is none.
	Files string
	// Metrics, unless it is nil, measures requests.
	Metrics *box.Metrics
	// Proxy has the addresses of proxies that stand before the node and are to be believed.
	Proxy []netip.Prefix
	// Cookie tells apart the sessions of two nodes of one host: a browser shares cookies between ports.
	Cookie string
}

// Server answers for a node's pages.
type Server struct {
	http.Handler
	// Routes are all its routes for people.
	Routes []door.Route
}

// New returns the handler of a node's pages.
func New(h *house.House, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	d := &door.Door{H: h, Demo: o.Demo, Log: o.Log, Sign: o.Sign, Other: o.Other, Cookie: door.SessionCookie + o.Cookie, Mux: http.NewServeMux()}
	s, err := shell.New(shell.Options{Assets: Dist(), Fill: func(r *http.Request, p *shell.Page) {
		if o.HTTPS != nil && o.HTTPS.Authority != nil && !shell.Safe(r) && r.URL.Path != "/trust" {
			p.TrustURL = "/trust"
		}
		if r.Method == http.MethodPost { // a form is shown again, perhaps where no page answers to its address
			if at := d.PageAt(r.URL.Path); at != r.URL.Path {
				p.Path, p.Canonical = at, at
			}
		}
		fill(d, r, p)
	}, Files: o.Files, Log: o.Log})
	if err != nil {
		return nil, err
	}
	d.S = s
	if o.HTTPS != nil && o.HTTPS.Authority != nil {
		d.Trust = "/trust"
	}
	for _, screens := range []embed.FS{
		open.Templates,
		learn.Templates,
		centre.Templates,
		me.Templates,
		teach.Templates,
		steer.Templates,
		agree.Templates,
		webactivity.Templates,
		family.Templates,
		entry.Templates,
		safe.Templates,
		nodes.Templates,
		box.Templates,
		records.Templates,
		author.Templates,
	} {
		if err := s.AddEmbedded(screens); err != nil {
			return nil, err
		}
	}
	s.Routes(d.Mux)
	me.Routes(d)
	centre.Routes(d)
	teach.Routes(d)
	steer.Routes(d)
	agree.Routes(d)
	webactivity.Routes(d)
	family.Routes(d)
	entry.Routes(d)
	safe.Routes(d)
	nodes.Routes(d)
	labs, err := learn.Load(Dist())
	if err != nil {
		return nil, err
	}
	learn.Routes(d, labs)
	author.Routes(d, labs)
	records.Routes(d)
	seen := &box.Seen{}
	pages := http.Handler(d.Mux)
	if o.Metrics != nil {
		pages = o.Metrics.Wrap(d.Mux)
	}
	box.Routes(d, o.HTTPS, seen)
	d.Handle("GET /{$}", door.Public, front)
	d.Handle("GET /languages", door.Public, func(a *door.Ask) error {
		return a.Render("open/languages", open.Languages{Next: shell.Local(a.R.FormValue("next"))})
	})
	d.Handle("/", door.Public, func(a *door.Ask) error { return fs.ErrNotExist })
	if o.Demo {
		d.Handle("GET /demo", door.Public, players)
		d.Handle("POST /demo", door.Public, play)
	}
	d.Mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { healthz(h, w, r) })
	// A form of another site must not act for whoever is signed in here.
	guard := http.NewCrossOriginProtection()
	all := http.NewServeMux()
	all.Handle("/", seen.Wrap(plain(s.Wrap(guard.Handler(bounded(pages)))), h.Log.Clock.Now))
	all.Handle(api.Path, api.NewExchange(h.Nodes, h.Log, o.Log))
	all.Handle(api.CasePath, api.NewCase(h.Frameworks, h.DB, o.Log))
	all.Handle(xapi.Path, xapi.New(h.Records, o.Log))
	whole := s.Foreign("/course-files/", all)
	if len(o.Proxy) > 0 {
		whole = shell.Behind(whole, o.Proxy)
	}
	return &Server{whole, d.Routes}, nil
}

// plain makes text of the questions in an address.
func plain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, changed := r.URL.Query(), false
		for _, vs := range q {
			for i, v := range vs {
				if t := door.Text(v); t != v {
					vs[i], changed = t, true
				}
			}
		}
		if changed {
			r.URL.RawQuery = q.Encode()
		}
		next.ServeHTTP(w, r)
	})
}

// maxForm is how many bytes a form may have; the door of imports has a limit of its own.
const maxForm = 1 << 20

// bound is how many bytes a request to a path may carry; 0 is left to the path's own door.
func bound(path string) int64 {
	switch {
	case path == "/import":
		return 0
	case path == "/consents/scans":
		return centre.MaxScans
	case path == "/consents/recordings":
		return consent.MaxRecording + maxForm
	case strings.HasPrefix(path, "/agreements/") && strings.HasSuffix(path, "/papers"):
		return agreement.MaxPaper + maxForm
	case strings.HasPrefix(path, "/activities/") && strings.Contains(path, "/outputs/"):
		return activity.MaxFile + maxForm
	case strings.HasPrefix(path, "/sessions/") && strings.HasSuffix(path, "/scan"):
		return teach.MaxScan + maxForm
	case path == "/network/bundles":
		return 0
	case path == "/authoring/upload":
		return author.MaxArchive
	case strings.HasPrefix(path, "/authoring/") && strings.HasSuffix(path, "/files"):
		return author.MaxUpload
	case strings.HasPrefix(path, "/authoring/") && strings.HasSuffix(path, "/file"):
		return author.MaxText
	case strings.HasPrefix(path, "/my/courses/"), path == "/outbox":
		return learn.MaxWork
	case strings.HasSuffix(path, "/photo"):
		return picture.MaxBytes + maxForm
	}
	return maxForm
}

func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		max := bound(r.URL.Path)
		if max > 0 {
			r.Body = http.MaxBytesReader(w, r.Body, max)
		}
		// Where no file is sent, a form is read here in whichever way it was packed, so that the door cleans what was typed.
		// What cannot be read is missing, and the form says so.
		if max == maxForm && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
			r.ParseMultipartForm(maxForm)
		}
		next.ServeHTTP(w, r)
	})
}

// healthz tells a supervisor whether the node can read its database.
func healthz(h *house.House, w http.ResponseWriter, r *http.Request) {
	var one int
	if _, err := store.One(r.Context(), h.DB, "SELECT 1", nil, &one); err != nil {
		http.Error(w, "cannot read the database", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte("ok\n"))
}

// front sends everybody to the screen they need first.
func front(a *door.Ask) error {
	founded, err := a.D.Founded(a.R.Context())
	if err != nil {
		return err
	}
	switch {
	case !founded:
		return a.Go("/setup")
	case a.Learner != nil:
		return a.Go("/my")
	case a.Account == nil && a.D.Demo:
		return a.Go("/demo")
	case a.Account == nil:
		return a.Go("/signin")
	case plays(a, access.National, access.Region):
		return a.Go("/board")
	case plays(a, access.Officer):
		return a.Go("/safeguarding")
	case plays(a, access.Author):
		return a.Go("/authoring")
	case a.May(access.ReadGroups) && !plays(a, access.Auditor):
		return a.Go("/today")
	case a.May(access.ReadBoard):
		return a.Go("/board")
	}
	if a.May(access.ReadChildren) {
		return a.Go("/children")
	}
	return a.Go("/me")
}

// plays reports whether the account plays one of some roles.
func plays(a *door.Ask, roles ...access.Role) bool {
	return slices.ContainsFunc(a.Account.Roles, func(h access.Held) bool { return slices.Contains(roles, h.Role) })
}

// sections are the parts of the program, for whoever may enter.
var sections = []struct {
	key, url, icon string
	action         access.Action
}{
	{"nav.today", "/today", "today", access.ReadGroups},
	{"nav.people", "/people", "people", access.ReadPeople},
	{"nav.groups", "/groups", "group", access.ReadGroups},
	{"nav.activities", "/activities", "calendar", access.ReadActivities},
	{"nav.centres", "/centres", "building", access.ReadCentre},
	{"nav.consents", "/consents", "file", access.ReadConsent},
	{"nav.messages", "/messages", "mail", access.WritePeople},
	{"nav.children", "/children", "people", access.ReadChildren},
	{"nav.board", "/board", "board", access.ReadBoard},
	{"nav.since", "/since", "clock", access.ReadNews},
	{"nav.programmes", "/programmes", "flag", access.WriteProgrammes},
	{"nav.agreements", "/agreements", "file", access.ReadAgreements},
	{"nav.authoring", "/authoring", "edit", access.WriteCourses},
	{"nav.staff", "/staff", "key", access.WriteAccounts},
	{"nav.network", "/network", "link-on", access.ReadNode},
	{"nav.requests", "/requests", "check", access.DecideRequests},
	{"nav.openings", "/openings", "lock", access.ReadGlass},
	{"nav.audit", "/audit", "list", access.ReadAudit},
	{"nav.safe", "/safeguarding", "help", access.ReadSafeguarding},
}

// enters reports whether a section is shown to the account. Who manages accounts finds openings and the audit among them, and requests
// show where something can be asked for.
func enters(a *door.Ask, action access.Action) bool {
	switch action {
	case access.ReadGlass, access.ReadAudit:
		return a.May(action) && !a.May(access.WriteAccounts)
	case access.ReadNews:
		return a.May(action) && !a.May(access.ReadGroups) // whose today leads there
	case access.WriteCourses:
		return a.May(action) && !a.May(access.WriteAccounts) // who manages a country finds it beside the courses
	case access.DecideRequests:
		return a.May(action) && len(a.H.Access.TwoPerson()) > 0
	}
	return a.May(action)
}

// fill completes the frame of a page: who is signed in, where, and the ways to go.
func fill(d *door.Door, r *http.Request, p *shell.Page) {
	a := door.Of(r)
	p.Simulated = d.Demo
	if a != nil && a.Learner != nil {
		called, _ := a.Names(a.Learner.Who.Details)
		p.Learner = &shell.Learner{Name: called, SignOut: "/door/out", Here: "/door/here", Idle: int(a.Learner.Idle().Seconds())}
		if a.Learner.Shared() {
			p.Learner.ID = a.Learner.Person.String()
		}
		p.Place = a.PlaceName(a.Learner.Centre)
		return
	}
	if r.URL.Path == "/offline" { // of nobody: whoever learns without a link signs out on it
		p.Learner = &shell.Learner{SignOut: "/door/out", Here: "/door/here", Idle: int(learner.SharedIdle.Seconds())}
		return
	}
	if a == nil || a.Account == nil {
		return
	}
	u := &shell.User{Name: a.Account.Name, URL: "/me", SignOut: "/signout"}
	if len(a.Account.Roles) > 0 {
		h := a.Account.Roles[0]
		u.Role = "role." + string(h.Role)
		p.Place = a.For(h.On)
	}
	if l, ok := i18n.Parse(a.Account.Lang); ok {
		u.Lang = l
	}
	p.User = u
	if a.May(access.ReadPeople) {
		p.Find = "/find"
	}
	p.Alerts = a.Alerts()
	waits := a.Unread()
	for _, s := range sections {
		if enters(a, s.action) {
			p.Nav = append(p.Nav, shell.NavItem{Key: s.key, URL: s.url, Icon: s.icon, Unread: waits[s.url], Current: r.URL.Path == s.url || strings.HasPrefix(r.URL.Path, s.url+"/") || s.url == "/agreements" && strings.HasPrefix(r.URL.Path, "/organisations")})
		}
	}
	p.Commands = append(p.Commands, shell.NavItem{Key: "shell.my_account", URL: "/me", Icon: "person"}, shell.NavItem{Key: "learn.title", URL: "/learn", Icon: "school"})
	if a.May(access.ReadCentre) {
		p.Commands = append(p.Commands, shell.NavItem{Key: "nav.timetable", URL: "/timetable", Icon: "calendar"})
	}
	if a.May(access.WriteGroups) && d.H.Texts.Plugged() {
		p.Commands = append(p.Commands, shell.NavItem{Key: "texts.title", URL: "/texts", Icon: "phone"})
	}
	if a.May(access.WriteAccounts) {
		p.Commands = append(p.Commands, shell.NavItem{Key: "staff.renew", URL: "/staff/renew", Icon: "clock"})
	}
	if a.May(access.ReadAgreements) {
		p.Commands = append(p.Commands, shell.NavItem{Key: "agree.all_commitments", URL: "/agreements/due", Icon: "check"}, shell.NavItem{Key: "agree.all_mandates", URL: "/agreements/mandates", Icon: "key"})
	}
	if a.May(access.WriteAgreements) {
		p.Commands = append(p.Commands, shell.NavItem{Key: "agree.organisations", URL: "/organisations", Icon: "building"})
	}
	if a.May(access.ReadAudit) {
		p.Commands = append(p.Commands, shell.NavItem{Key: "audit.title", URL: "/audit", Icon: "list"})
	}
	if a.May(access.ReadRecords) {
		p.Commands = append(p.Commands, shell.NavItem{Key: "records.title", URL: "/records", Icon: "list"})
	}
	if a.May(access.WriteCourses) {
		p.Commands = append(p.Commands, shell.NavItem{Key: "author.title", URL: "/authoring", Icon: "edit"})
	}
	if a.May(access.EnrolDevices) {
		p.Commands = append(p.Commands, shell.NavItem{Key: "tablets.title", URL: "/tablets", Icon: "device"})
	}
	if a.May(access.ReadNode) {
		p.Commands = append(p.Commands, shell.NavItem{Key: "box.title", URL: "/box", Icon: "device"})
	}
	if a.May(access.BreakGlass) {
		p.Commands = append(p.Commands, shell.NavItem{Key: "openings.new", URL: "/openings/new", Icon: "lock"})
	}
	if a.May(access.ImportPeople) {
		p.Commands = append(p.Commands, shell.NavItem{Key: "import.title", URL: "/import", Icon: "upload"})
	}
}

// players shows who can be played.
func players(a *door.Ask) error {
	ctx := a.R.Context()
	accounts, err := a.H.Access.List(ctx, a.H.DB)
	if err != nil {
		return err
	}
	up, err := a.H.Nodes.Up(ctx, a.H.DB)
	if err != nil {
		return err
	}
	v := open.Demo{Action: "/demo", Other: beside(a.R, a.D.Other), Box: up != nil}
	for _, c := range demo.Players {
		for _, acc := range accounts {
			if acc.Login == c.Login {
				v.People = append(v.People, open.Player{ID: c.Login, Name: acc.Name, Role: "role." + string(c.Role), Place: a.For(c.On()), Shows: "demo.shows." + string(c.Role)})
			}
		}
	}
	n, err := a.H.People.Count(ctx, a.H.DB, access.Everywhere())
	if err != nil {
		return err
	}
	v.PersonCount = int(n)
	v.CentreCount = len(a.Tree.Of("centre"))
	if v.SessionCount, err = a.H.Training.CountSessions(ctx, a.H.DB, programme.ID(demo.ProgrammeCode)); err != nil {
		return err
	}
	return a.Render("open/demo", v)
}

// beside is the other node's address on the host that the browser asked.
func beside(r *http.Request, other string) string {
	o, err := url.Parse(other)
	if other == "" || err != nil {
		return ""
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return "http://" + net.JoinHostPort(host, o.Port()) + "/demo"
}

// play begins a session as somebody of the demonstration.
func play(a *door.Ask) error {
	ctx := a.R.Context()
	accounts, err := a.H.Access.List(ctx, a.H.DB)
	if err != nil {
		return err
	}
	who := a.R.FormValue("person")
	if !slices.ContainsFunc(demo.Players, func(c demo.Cast) bool { return c.Login == who }) {
		return fs.ErrNotExist
	}
	for _, acc := range accounts {
		if acc.Login == who {
			token, err := a.H.Access.Begin(ctx, acc.ID, a.R.UserAgent())
			if err != nil {
				return err
			}
			a.SignIn(token)
			return a.Go("/")
		}
	}
	return fs.ErrNotExist
}
