package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/demo"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/web"
)

// Pages is the result of measuring the staff's pages.
type Pages struct {
	Machine
	People   int64      `json:"people"`
	Facts    int64      `json:"facts"`
	Requests int        `json:"requests_per_page"`
	Pages    []PageTime `json:"pages"`
	WorstP95 float64    `json:"worst_p95_ms"`
	Worst    string     `json:"worst"`
	EraseMax float64    `json:"erase_max_ms"` // the longest of some erasures of one person, until nothing is left in the files
}

// PageTime is one page as one role saw it.
type PageTime struct {
	Role string  `json:"role"`
	Path string  `json:"path"`
	P50  float64 `json:"p50_ms"`
	P95  float64 `json:"p95_ms"`
	Max  float64 `json:"max_ms"`
	Size int     `json:"bytes"`
}

// MeasurePages asks every staff page of a demo node many times over loopback HTTP, one after the other; of only, those alone whose
// address has it in it, and nobody is erased then.
func MeasurePages(ctx context.Context, h *house.House, requests int, only string, progress func(done, total int64)) (*Pages, error) {
	handler, err := web.New(h, web.Options{Demo: true})
	if err != nil {
		return nil, err
	}
	srv := httptest.NewServer(handler)
	defer srv.Close()
	r := &Pages{Machine: machine(string(h.DB.Engine)), Requests: requests}
	if r.People, err = h.People.Count(ctx, h.DB, access.Everywhere()); err != nil {
		return nil, err
	}
	if r.Facts, err = h.Log.Count(ctx, h.DB); err != nil {
		return nil, err
	}
	todo, err := pagesOf(srv.URL)
	if err != nil {
		return nil, err
	}
	todo = slices.DeleteFunc(todo, func(w work) bool { return !strings.Contains(w.path, only) })
	total := int64(len(todo))
	for i, w := range todo {
		pt := PageTime{Role: w.role, Path: w.path}
		var times []time.Duration
		for n := range requests + 1 {
			t := time.Now()
			body, status, err := get(w.client, srv.URL+w.path)
			if err != nil {
				return nil, err
			}
			if status != http.StatusOK {
				return nil, fmt.Errorf("%s as %s answered %d", w.path, w.role, status)
			}
			if n > 0 { // the first fills caches, as the first of a day does
				times = append(times, time.Since(t))
			}
			pt.Size = len(body)
		}
		pt.P50, pt.P95, pt.Max = percentile(times, .5), percentile(times, .95), float64(slices.Max(times).Microseconds())/1000
		r.Pages = append(r.Pages, pt)
		if pt.P95 > r.WorstP95 {
			r.WorstP95, r.Worst = pt.P95, w.role+" "+w.path
		}
		if progress != nil {
			progress(int64(i+1), total)
		}
	}
	if only != "" {
		return r, nil
	}
	return r, measureErasures(ctx, h, r)
}

// work is a page to ask for as somebody.
type work struct {
	role   string
	client *http.Client
	path   string
}

// pagesOf signs in as each player of the demonstration and finds the pages they have.
func pagesOf(base string) (todo []work, err error) {
	for _, c := range demo.Players {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return nil, err
		}
		client := &http.Client{Jar: jar}
		res, err := client.PostForm(base+"/demo", url.Values{"person": {c.Login}})
		if err != nil {
			return nil, err
		}
		res.Body.Close()
		if sentOut(res) {
			return nil, fmt.Errorf("%q cannot be played on this node: an earlier version filled it; fill one anew", c.Login)
		}
		paths, err := discover(client, base, c.Role)
		if err != nil {
			return nil, err
		}
		for _, p := range paths {
			todo = append(todo, work{string(c.Role), client, p})
		}
	}
	return todo, nil
}

// erasures is how many people are erased to see how long it takes.
const erasures = 5

func measureErasures(ctx context.Context, h *house.House, r *Pages) error {
	page, err := h.People.List(ctx, h.DB, access.Everywhere(), person.Filter{Size: erasures})
	if err != nil {
		return err
	}
	for _, p := range page.People {
		t := time.Now()
		if err := h.Erase(ctx, []id.ID{p.ID}, p.Centre); err != nil {
			return fmt.Errorf("erase one person: %w", err)
		}
		r.EraseMax = max(r.EraseMax, float64(time.Since(t).Microseconds())/1000)
	}
	return nil
}

var links = regexp.MustCompile(`href="(/(?:people|groups|sessions|staff|centres|activities)/[0-9a-f-]{36}[^"]*)"`)

// discover finds the pages a role has: the fixed ones, and of each kind with an id the first that a list leads to.
func discover(c *http.Client, base string, role access.Role) ([]string, error) {
	if role == access.Guardian {
		body, _, err := get(c, base+"/children")
		if err != nil {
			return nil, err
		}
		paths := []string{"/children", "/me"}
		if m := regexp.MustCompile(`href="(/children/[0-9a-f-]{36})"`).FindSubmatch(body); m != nil {
			paths = append(paths, string(m[1]), string(m[1])+"/consent", string(m[1])+"/learning")
		}
		return paths, nil
	}
	agreements, err := agreementPages(c, base, role)
	if err != nil || role == access.Partner || role == access.Auditor {
		return append(agreements, "/board", "/board?period=all", "/gaps?period=all", "/evidence?period=all", "/since", "/me"), err
	}
	paths := []string{"/today", "/day", "/since", "/people", "/people?q=ami", "/people?q=a", "/people?q=fatima+ait", "/people?q=ben&sex=f", "/people?q=%D9%85%D8%AD%D9%85%D8%AF", "/groups", "/groups?q=1", "/referrals", "/referrals?all=1", "/find?q=ami", "/board", "/board?period=all", "/board?period=all&indicator=participations", "/me"}
	if access.Allows(role, access.ReadCentre) {
		paths = append(paths, "/centres", "/timetable", "/timetable?by=trainer")
	}
	if access.Allows(role, access.ListPeople) {
		paths = append(paths, "/board/behind?period=all", "/board/behind?period=all&sex=f&milieu=rural")
	}
	if access.Allows(role, access.ReadConsent) {
		paths = append(paths, "/consents", "/consents?purpose=image", "/consents/texts", "/messages")
	}
	if access.Allows(role, access.WriteConsent) {
		paths = append(paths, "/consents/scans")
	}
	if access.Allows(role, access.ReadGlass) {
		paths = append(paths, "/openings")
	}
	if access.Allows(role, access.ReadAudit) {
		paths = append(paths, "/audit", "/audit?tab=days", "/audit?kind=granted", "/audit?hours=out")
	}
	paths = append(paths, "/gaps?period=all", "/evidence?period=all", "/board/gains")
	if access.Allows(role, access.Teach) {
		paths = append(paths, "/marking")
	}
	if access.Allows(role, access.EnrolDevices) {
		paths = append(paths, "/tablets", "/tablets/packs")
	}
	if access.Allows(role, access.ReadNode) {
		paths = append(paths, "/network", "/network/held", "/network/held/facts", "/box", "/box/lock")
	}
	if access.Allows(role, access.ReadRecords) {
		paths = append(paths, "/records")
	}
	if access.Allows(role, access.WriteCourses) {
		paths = append(paths, "/authoring")
	}
	if access.Allows(role, access.WriteKeys) {
		paths = append(paths, "/records/keys")
	}
	if access.Allows(role, access.RunNode) {
		paths = append(paths, "/network/recovery")
	}
	if access.Allows(role, access.WriteGroups) {
		paths = append(paths, "/conflicts", "/texts", "/draws/new")
	}
	if access.Allows(role, access.ErasePeople) {
		paths = append(paths, "/retention")
	}
	if access.Allows(role, access.DecideAppeals) {
		paths = append(paths, "/appeals")
	}
	paths = append(paths, "/worried", "/events", "/registrations", "/learn", "/frameworks", "/frameworks/digcomp-2.2", "/frameworks/digcomp-2.2/coverage")
	if access.Allows(role, access.ReadActivities) {
		paths = append(paths, "/activities", "/activities?pillar=training&state=held")
	}
	if access.Allows(role, access.ReadSafeguarding) {
		paths = append(paths, "/safeguarding")
	}
	if access.Allows(role, access.DecideRequests) {
		paths = append(paths, "/requests")
	}
	if access.Allows(role, access.WritePeople) {
		paths = append(paths, "/people/new", "/people/same", "/people/same?state=merged", "/people?q=Muhammad", "/people/like?given=Muhamad&family=Alaoui&birth=2014-03-09", "/groups/new", "/import", "/staff", "/staff/new", "/staff/renew")
	}
	if access.Allows(role, access.WriteProgrammes) {
		paths = append(paths, "/programmes", "/programmes/"+demo.ProgrammeCode+"/targets", "/programmes/"+demo.ProgrammeCode+"/targets/new", "/programmes/"+demo.ProgrammeCode+"/spread", "/programmes/"+demo.ProgrammeCode+"/spread?level=centre&rule=seats", "/programmes/"+demo.ProgrammeCode+"/rollout", "/programmes/"+demo.ProgrammeCode+"/rollout/new", "/programmes/"+demo.ProgrammeCode+"/phases", "/programmes/"+demo.ProgrammeCode+"/phases/new", "/programmes/new", "/consents/texts/new", "/programmes/"+demo.ProgrammeCode, "/programmes/"+demo.ProgrammeCode+"/withdraw")
	}
	paths = append(paths, agreements...)
	seen := map[string]bool{}
	for _, from := range []string{"/people", "/groups", "/today", "/groups", "/staff", "/centres", "/activities"} {
		body, _, err := get(c, base+from)
		if err != nil {
			return nil, err
		}
		for _, m := range links.FindAllStringSubmatch(string(body), -1) {
			kind := m[1][:8]
			if seen[kind] || strings.Contains(m[1], "?new=1") { // the form of a new one is no page of one
				continue
			}
			seen[kind] = true
			paths = append(paths, m[1])
			if kind == "/groups/" && access.Allows(role, access.WriteGroups) {
				paths = append(paths, m[1]+"/edit", m[1]+"/add", m[1]+"/close", m[1]+"/draw", m[1]+"?tab=sessions", m[1]+"/learning")
				sub, _, err := get(c, base+m[1]+"?tab=sessions")
				if err != nil {
					return nil, err
				}
				for _, s := range links.FindAllStringSubmatch(string(sub), -1) {
					if s[1][:8] == "/session" && !seen["/session"] {
						seen["/session"] = true
						paths = append(paths, m[1]+"/cards", m[1]+"/learners", s[1]+"/door", s[1]+"/scan")
						paths = append(paths, s[1], s[1]+"/change", s[1]+"/notice", m[1]+"/session", m[1]+"/session?look=1&from=14:30&to=16:30&date="+time.Now().Format(time.DateOnly)+"&until="+time.Now().AddDate(0, 3, 0).Format(time.DateOnly))
					}
				}
			}
			if kind == "/centres" && access.Allows(role, access.WriteCentre) {
				at := m[1][:len("/centres/")+36]
				paths = append(paths, at+"/access", at+"/rooms/new", at+"/devices/new", at+"/hours", at+"/holders", at+"/devices", at+"/devices?state=late", at+"/rounds/new")
			}
			if kind == "/activit" {
				at := m[1][:len("/activities/")+36]
				if paths = append(paths, "/events"+at[len("/activities"):]); access.Allows(role, access.WriteActivities) {
					paths = append(paths, at+"/edit", at+"/door")
				}
			}
			if kind == "/people/" && access.Allows(role, access.WritePeople) {
				paths = append(paths, m[1]+"/edit", m[1]+"/erase", m[1]+"/export", m[1]+"/move", m[1]+"/scans", m[1]+"/refer", m[1]+"/consent", m[1]+"/guardians", m[1]+"/messages")
			}
		}
	}
	return paths, nil
}

var nextPage = regexp.MustCompile(`rel="next"`)

var agreementLink = regexp.MustCompile(`href="(/agreements/[0-9a-f-]{36})"`)

// agreementPages are the pages of agreements that a role has, with each tab of the first one, and the open page.
func agreementPages(c *http.Client, base string, role access.Role) ([]string, error) {
	paths := []string{"/initiatives", "/draws"}
	if !access.Allows(role, access.ReadAgreements) {
		return paths, nil
	}
	paths = append(paths, "/agreements", "/agreements/due", "/agreements/mandates")
	for _, list := range []string{"/initiatives", "/agreements", "/agreements/due", "/agreements/mandates"} {
		body, _, err := get(c, base+list)
		if err != nil {
			return nil, err
		}
		if nextPage.Match(body) {
			paths = append(paths, list+"?page=2", list+"?page=20")
		}
	}
	paths = append(paths, "/agreements?q=accord&state=late", "/agreements/due?state=late", "/agreements/due?state=kept")
	body, _, err := get(c, base+"/agreements?q=BENCH-0") // which has the most of everything
	m := agreementLink.FindSubmatch(body)
	if m == nil && err == nil {
		body, _, err = get(c, base+"/agreements")
		m = agreementLink.FindSubmatch(body)
	}
	if m != nil {
		for _, tab := range []string{"", "?tab=commitments", "?tab=money", "?tab=mandates", "?tab=decisions", "?tab=papers"} {
			paths = append(paths, string(m[1])+tab)
		}
		if access.Allows(role, access.WriteAgreements) {
			paths = append(paths, "/organisations", "/organisations?q=a", "/organisations?page=2", string(m[1])+"/edit", string(m[1])+"/renew", string(m[1])+"/withdraw", string(m[1])+"/parties/new")
		}
	}
	return paths, err
}

func get(c *http.Client, address string) ([]byte, int, error) {
	res, err := c.Get(address)
	if err != nil {
		return nil, 0, err
	}
	defer res.Body.Close()
	if sentOut(res) {
		return nil, 0, fmt.Errorf("%s sends out to %s", address, res.Request.URL.Path)
	}
	b, err := io.ReadAll(res.Body)
	return b, res.StatusCode, err
}

// sentOut reports whether somebody who is not signed in was answered: then another page than the one asked for was.
func sentOut(res *http.Response) bool {
	return slices.Contains([]string{"/", "/demo", "/signin"}, res.Request.URL.Path)
}
