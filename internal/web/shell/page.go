package shell

import (
	"html/template"
	"net/http"
	"net/url"

	"tizi/internal/i18n"
)

// Page is what the frame knows about the page being shown.
type Page struct {
	// Lang, Dir and Printer follow from the request, or from the person.
	Lang    i18n.Lang
	Dir     string
	Printer *i18n.Printer
	// Theme is "light", "dark", or empty to follow the device.
	Theme string
	// Path is the address being shown, with its query and without ?lang=.
	Path string
	// Canonical is Path where the request had another address, as that of a form that is shown again.
	Canonical string

	// Place is the centre or other place one works in; its name stands beside the
	// brand.
	Place i18n.Text
	// User is who is signed in; nil before.
	User *User
	// Learner is the learner who is signed in; nil otherwise. There is a User or a Learner, or neither.
	Learner *Learner
	// Nav leads to the sections; empty hides it.
	Nav []NavItem
	// Commands are further destinations of the command palette.
	Commands []NavItem
	// Find is the address of a search that answers the palette in JSON: a list of
	// {"label","note","url","icon"} for ?q=. Empty leaves the palette to Nav and
	// Commands.
	Find string
	// Simulated says that what is shown was made up.
	Simulated bool
	// TrustURL is where a browser that is not connected by HTTPS finds out how to be; "" where it is, or cannot.
	TrustURL string
	// Alone says that there is no page but this one, so that none is offered: the disk of the node is locked.
	Alone bool
	// Alerts are what somebody must know before it is too late.
	Alerts []Alert
	// Flash is what the last action has to say.
	Flash []Notice

	keep bool // links carry the language, for want of cookies
}

// User is who is signed in, as the header shows it.
type User struct {
	Name string
	// Role is the key of what they are here as, such as "role.trainer".
	Role string
	// URL leads to their own page; empty leaves the link out.
	URL string
	// SignOut is where the sign-out form is posted.
	SignOut string
	// Lang is the language they chose for themselves, if any.
	Lang i18n.Lang
}

// Learner is a learner who is signed in, as the header shows it: with a way out in sight, since others use the device too.
type Learner struct {
	Name string
	// ID is theirs where others use the device too, and "" on their own: under it the device keeps what they do until the node has it.
	ID string
	// SignOut is where the sign-out form is posted, Here where a script says that somebody is still there.
	SignOut, Here string
	// Idle is after how many seconds without a touch the page signs out.
	Idle int
}

// NavItem is a destination.
type NavItem struct {
	// Key is the message that names it.
	Key     string
	URL     string
	Icon    string
	Current bool
	// Unread is how many messages wait there.
	Unread int
}

// Notice is a sentence that tells what just happened.
type Notice struct {
	// Kind is good, help (something needs attention), wait or info.
	Kind string `json:"k"`
	Text string `json:"t"`
}

// Alert is a sentence that stays until what it tells of is dealt with. Kind is that of a Notice.
type Alert struct {
	Kind, Text string
	// URL leads to where it is dealt with; Button says so.
	URL, Button string
}

// Scene is what every block of a screen is given.
type Scene struct {
	Page *Page
	View any
}

// frame is what the frame's own templates are given.
type frame struct {
	*Page
	// Plain is the title without marks, for the browser's tab.
	Plain   string
	Title   template.HTML
	Crumbs  template.HTML
	Lead    template.HTML
	Actions template.HTML
	Body    template.HTML
	Langs   []langChoice
	// Desk says that the screen needs more styles than those of a learner, whose tablet is slow.
	Desk bool
}

type langChoice struct {
	Lang    i18n.Lang
	Dir     string
	Name    string
	URL     string
	Current bool
}

// languages lists the languages by their own names.
func languages() []langChoice {
	var list []langChoice
	for _, l := range i18n.Langs {
		list = append(list, langChoice{Lang: l, Dir: l.Dir(), Name: l.Self()})
	}
	return list
}

// Carry adds the page's language to an address of this server where nothing else keeps it: without cookies.
func (p *Page) Carry(path string) string {
	if !p.keep {
		return path
	}
	return withLang(path, p.Lang)
}

// choices lists the languages, each with the address of this page in it.
func (p *Page) choices() []langChoice {
	list := languages()
	for i, c := range list {
		list[i].URL, list[i].Current = withLang(p.Path, c.Lang), c.Lang == p.Lang
	}
	return list
}

func withLang(path string, l i18n.Lang) string {
	u, err := url.Parse(path)
	if err != nil {
		return path
	}
	q := u.Query()
	q.Set("lang", string(l))
	u.RawQuery = q.Encode()
	return u.String()
}

// pathOf is the address of a request without its wish for a language.
func pathOf(r *http.Request) string {
	u := url.URL{Path: r.URL.Path, RawQuery: r.URL.RawQuery}
	q := u.Query()
	if q.Has("lang") {
		q.Del("lang")
		u.RawQuery = q.Encode()
	}
	return u.String()
}
