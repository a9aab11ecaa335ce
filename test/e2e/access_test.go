package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
)

// asks is what each kind of page asks for. A page that is not here is a page that nobody has thought about.
var asks = map[string]access.Action{
	"/today": access.ReadGroups, "/since": access.ReadNews, "/day": access.ReadGroups, "/day?date": access.ReadGroups, "/sessions/{id}": access.ReadGroups,
	"/groups": access.ReadGroups, "/groups/{id}": access.ReadGroups, "/groups/{id}?tab=sessions": access.ReadGroups, "/groups/{id}/learning": access.ReadGroups, "/groups/{id}/learning/{id}": access.ReadGroups, "/groups/{id}/learning/{id}/{id}": access.ReadGroups, "/groups/{id}/learning/{id}/{id}/marks": access.Teach, "/marking": access.Teach, "/groups/{id}/wall": access.ReadGroups, "/sessions/{id}/teams": access.Teach, "/groups/{id}/rehearse/{course}/{lesson}": access.ReadGroups, "/groups/{id}/rehearse/{course}/{lesson}/{step}": access.ReadGroups, "/sessions/{id}/lesson": access.Teach, "/sessions/{id}/lesson?course": access.Teach, "/board/gains": access.ReadBoard,
	"/lessons/{course}/{lesson}": access.ReadGroups, "/groups/new": access.WriteGroups, "/groups/{id}/edit": access.WriteGroups, "/groups/{id}/add": access.WriteGroups, "/groups/{id}/close": access.WriteGroups,
	"/groups/{id}/move/{id}": access.WriteGroups, "/groups/{id}/draw": access.WriteGroups, "/draws/new": access.WriteGroups, "/draws/new?phase": access.WriteGroups, "/joint/{id}": access.WriteGroups, "/groups/{id}/draw/slips": access.WriteGroups, "/groups/{id}/absences/{id}": access.TakeAttendance, "/referrals": access.ReadPeople, "/referrals?all": access.ReadPeople, "/referrals/{id}/answer": access.WritePeople, "/people/{id}/refer": access.WritePeople,
	"/groups/{id}/leave/{id}": access.WriteGroups, "/groups/{id}/session": access.WriteGroups,
	"/groups/{id}/cards": access.MakeCards, "/groups/{id}/learners": access.MakeCards, "/tablets": access.EnrolDevices, "/tablets/packs": access.EnrolDevices, "/sessions/{id}/door": access.TakeAttendance, "/sessions/{id}/scan": access.TakeAttendance, "/sessions/{id}/door?late": access.TakeAttendance,
	"/timetable": access.ReadCentre, "/sessions/{id}/change": access.WriteGroups, "/sessions/{id}/notice": access.WriteGroups, "/texts": access.WriteGroups, "/centres": access.ReadCentre, "/centres/{id}": access.ReadCentre, "/centres/{id}/holders": access.WriteCentre, "/centres/{id}/rooms/new": access.WriteCentre, "/centres/{id}/rooms/{id}": access.WriteCentre,
	"/centres/{id}/access": access.HoldDoor, "/centres/{id}/access?q": access.HoldDoor, "/centres/{id}/hours": access.WriteCentre, "/centres/{id}/devices": access.WriteCentre, "/centres/{id}/devices/new": access.WriteCentre, "/centres/{id}/devices/{id}": access.WriteCentre,
	"/centres/{id}/devices/{id}/edit": access.WriteCentre, "/centres/{id}/rounds/new": access.WriteCentre, "/centres/{id}/rounds/{id}": access.WriteCentre,
	"/people": access.ReadPeople, "/people/{id}": access.ReadPeople, "/people/new": access.WritePeople, "/people/{id}/edit": access.WritePeople, "/people/{id}/move": access.WritePeople,
	"/people/same": access.MergePeople, "/same/{id}/{id}": access.MergePeople, "/people/like": access.WritePeople,
	"/people/{id}/erase": access.ErasePeople, "/people/{id}/export": access.ExportPeople, "/people/{id}/dossier": access.ExportPeople, "/people/{id}/dossier.json": access.ExportPeople,
	"/retention": access.ErasePeople, "/requests": access.DecideRequests, "/requests/{id}": access.DecideRequests,
	"/find": access.ReadPeople, "/setup/done": access.ReadPeople,
	"/import": access.ImportPeople, "/import/example.csv": access.ImportPeople, "/import/{id}/columns": access.ImportPeople,
	"/import/{id}/plan": access.ImportPeople, "/import/{id}/report": access.ImportPeople, "/import/{id}/rejects.csv": access.ImportPeople,
	"/board": access.ReadBoard, "/board?place": access.ReadBoard, "/board?place-": access.ReadBoard, "/board?place--": access.ReadBoard,
	"/board/behind": access.ListPeople, "/board/behind?place": access.ListPeople, "/board/behind?place-": access.ListPeople, "/board/behind?place--": access.ListPeople,
	"/programmes": access.WriteProgrammes, "/programmes/new": access.WriteProgrammes, "/programmes/{code}/targets": access.WriteProgrammes, "/programmes/{code}/targets/new": access.WriteProgrammes, "/programmes/{code}/targets/{id}": access.WriteProgrammes, "/programmes/{code}/spread": access.WriteProgrammes, "/programmes/{code}/rollout": access.WriteProgrammes, "/programmes/{code}/rollout/new": access.WriteProgrammes, "/programmes/{code}/rollout/{id}": access.WriteProgrammes, "/programmes/{code}/rollout/{id}/adopt": access.WriteProgrammes, "/programmes/{code}": access.WriteProgrammes, "/programmes/{code}/withdraw": access.WriteProgrammes, "/programmes/{code}/phases": access.WriteProgrammes, "/programmes/{code}/phases/new": access.WriteProgrammes, "/programmes/{code}/phases/{id}": access.WriteProgrammes, "/programmes/{code}/phases/{id}/rule": access.WriteProgrammes,
	"/appeals": access.DecideAppeals, "/appeals/{id}": access.DecideAppeals, "/people/{id}/appeal/{id}": access.WriteGroups, "/people/{id}/refusal/{id}": access.ReadPeople, "/children/{id}/appeal/{id}": access.ReadChildren,
	"/staff": access.WriteAccounts, "/staff/new": access.WriteAccounts, "/staff/renew": access.WriteAccounts, "/staff/{id}": access.WriteAccounts, "/staff/{id}/role": access.WriteAccounts,
	"/staff/{id}/withdraw/{id}": access.WriteAccounts, "/staff/{id}/close": access.WriteAccounts, "/staff/{id}/reset": access.WriteAccounts, "/setup/centre": access.WritePlaces,
	"/consents": access.ReadConsent, "/consents/texts": access.ReadConsent, "/consents/texts/new": access.WriteProgrammes, "/consents/scans": access.WriteConsent, "/people/{id}/consent": access.ReadConsent,
	"/people/{id}/scans": access.ReadConsent, "/people/{id}/photo": access.ReadPeople, "/people/{id}/guardians": access.WritePeople, "/people/{id}/messages": access.ReadPeople, "/messages": access.ReadPeople,
	"/children": access.ReadChildren, "/children/{id}": access.ReadChildren, "/children/{id}/consent": access.AnswerConsent, "/children/{id}/photo": access.ReadChildren, "/children/{id}/learning": access.ReadChildren,
	"/safeguarding": access.ReadSafeguarding, "/safeguarding/{id}": access.ReadSafeguarding,
	"/audit": access.ReadAudit, "/audit?tab=days": access.ReadAudit, "/audit.csv": access.ReadAudit,
	"/agreements": access.ReadAgreements, "/agreements/due": access.ReadAgreements, "/agreements/mandates": access.ReadAgreements, "/agreements/{id}": access.ReadAgreements, "/agreements/{id}?tab=commitments": access.ReadAgreements,
	"/agreements/{id}?tab=money": access.ReadAgreements, "/agreements/{id}?tab=mandates": access.ReadAgreements, "/agreements/{id}?tab=decisions": access.ReadAgreements, "/agreements/{id}?tab=papers": access.ReadAgreements,
	"/agreements/{id}/commitments/{id}": access.ReadAgreements, "/agreements/{id}/papers/{id}": access.ReadAgreements, "/agreements/{id}/edit": access.WriteAgreements, "/agreements/{id}/renew": access.WriteAgreements,
	"/agreements/{id}/parties/new": access.WriteAgreements, "/agreements/{id}/parties/{id}": access.WriteAgreements, "/agreements/{id}/commitments/{id}/edit": access.WriteAgreements, "/agreements/{id}/commitments/{id}/judge": access.WriteAgreements,
	"/agreements/{id}/money/{id}": access.WriteAgreements, "/agreements/{id}/mandates/{id}/edit": access.WriteAgreements, "/agreements/{id}/decisions/{id}/edit": access.WriteAgreements,
	"/agreements/{id}/withdraw": access.WriteAgreements, "/organisations/{id}/withdraw": access.WriteAgreements,
	"/organisations": access.WriteAgreements, "/organisations/{id}": access.WriteAgreements, "/organisations/{id}/offices/{id}": access.WriteAgreements, "/organisations/{id}/offices/{id}/terms/{id}": access.WriteAgreements,
	"/activities": access.ReadActivities, "/activities/{id}": access.ReadActivities, "/activities/{id}/outputs/{id}": access.ReadActivities, "/activities/{id}/edit": access.WriteActivities, "/activities/{id}/speakers/{id}": access.WriteActivities,
	"/activities/{id}/outputs/{id}/edit": access.WriteActivities, "/activities/{id}/notice": access.WriteActivities, "/activities/{id}/door": access.HoldDoor, "/activities/{id}/feedback/{id}": access.HoldDoor, "/sessions/{id}/feedback": access.TakeAttendance,
	"/gaps": access.ReadBoard, "/gaps?place": access.ReadBoard, "/gaps?place-": access.ReadBoard, "/gaps?place--": access.ReadBoard, "/evidence": access.ReadBoard, "/evidence?place": access.ReadBoard, "/evidence?place-": access.ReadBoard, "/evidence?place--": access.ReadBoard, "/box": access.ReadNode, "/box/lock": access.RunNode, "/network": access.ReadNode, "/network?q": access.ReadNode, "/network/nodes/{id}": access.ReadNode, "/network/nodes/{id}/receipt": access.RunNode, "/network/join": access.RunNode, "/network/recovery": access.RunNode, "/network/invite": access.PairNodes, "/network/held": access.ReadNode, "/network/held/facts": access.ReadNode, "/conflicts": access.WriteGroups, "/records": access.ReadRecords, "/records.jsonl": access.ReadRecords, "/records/keys": access.WriteKeys,
	"/conflicts/people/{id}": access.WritePeople, "/conflicts/consents/{id}": access.WriteConsent, "/conflicts/sheets/{id}": access.WriteGroups, "/conflicts/seats/{id}": access.WriteGroups, "/conflicts/groups/{id}": access.WriteGroups,
	"/openings": access.ReadGlass, "/openings/new": access.BreakGlass,
	"/authoring": access.WriteCourses, "/authoring/{id}": access.WriteCourses, "/authoring/{id}/file": access.WriteCourses, "/authoring/{id}/zip": access.WriteCourses, "/authoring/{id}/discard": access.WriteCourses, "/authoring-files/{id}": access.WriteCourses, "/authoring/{id}/preview": access.WriteCourses, "/authoring/{id}/preview/pre": access.WriteCourses, "/authoring/{id}/preview/post": access.WriteCourses, "/authoring/{id}/preview/{lesson}": access.WriteCourses, "/authoring/{id}/preview/{lesson}/{step}": access.WriteCourses,
	"/me": access.Self, "/me/passphrase": access.Self, "/me/code": access.Self, "/me/sheet": access.Self, "/me/passkey": access.Self,
}

// open are the pages for everybody.
var public = map[string]bool{"/learn": true, "/learn/{course}": true, "/learn/{course}/{lesson}": true, "/learn/{course}/{lesson}/{exercise}": true, "/course-files/{id}": true, "/frameworks": true, "/frameworks/{code}": true, "/frameworks/{code}/coverage": true, "/": true, "/demo": true, "/signin": true, "/signin/recover": true, "/card": true, "/door": true, "/door/number": true, "/door/group/{id}": true, "/languages": true, "/pair": true, "/worried": true, "/worried/sent": true, "/initiatives": true, "/labs": true, "/labs/{name}": true, "/draws": true, "/draws/{id}": true, "/draws/{id}/list.txt": true,
	"/events": true, "/feedback": true, "/feedback/thanks": true, "/feedback/{id}": true, "/events/{id}": true, "/events/{id}/outputs/{id}": true, "/registrations": true, "/registrations/{id}": true}

// The words that stand only in what another centre has written down.
const (
	elsewhereGiven  = "Xenophontine"
	elsewhereFamily = "Quasimodeska"
	elsewhereArabic = "زينوفونتين"
	elsewhereGroup  = "Zirconium"
	elsewhereStaff  = "Wilhelmine Xylander"
	elsewhereMassar = "Q987654321"
	elsewherePhone  = "0699887766"
)

// secrets are all of them.
var secrets = []string{elsewhereGiven, strings.ToUpper(elsewhereGiven), elsewhereFamily, elsewhereArabic, elsewhereGroup, "Xylander", elsewhereMassar, "699887766"}

// elsewhere is what a centre has that the players of the centre and of the classroom do not work at.
type elsewhere struct {
	centre, code           string
	person, group, session string
	pages                  []string
}

// another writes down somebody at another centre: on a list, in a group, on a sheet, in its team.
func another(t *testing.T, n *node, c *client) elsewhere {
	t.Helper()
	var e elsewhere
	staff := c.form("/staff/new", "/staff/new")
	own := n.play("centre").form("/staff/new", "/staff/new").input("place").options
	for _, p := range staff.input("place").options {
		if strings.HasPrefix(p, "MA-CAS-MJ") && !slices.Contains(own, p) {
			e.code = p
		}
	}
	if e.code == "" {
		t.Fatalf("no other centre among %q", staff.input("place").options)
	}
	// Its id stands in the address of a form on one of its groups' pages.
	group := ""
	for _, l := range c.get("/board/behind?period=all&place=" + e.code).links() {
		if strings.HasPrefix(l, "/people/") {
			for _, g := range c.get(l).links() {
				if strings.HasPrefix(g, "/groups/") {
					group = g
				}
			}
		}
		if group != "" {
			break
		}
	}
	add := c.get(group + "/add")
	for _, l := range add.links() {
		if u, _ := url.Parse(l); u.Path == "/people/new" {
			e.centre = u.Query().Get("centre")
		}
	}
	if e.centre == "" {
		t.Fatalf("%s does not say which centre it is of", group)
	}
	p := filled(c.form("/people/new", "/people/new"), 1)
	p.Set("given", elsewhereGiven)
	p.Set("family", elsewhereFamily)
	p.Set("given_ar", elsewhereArabic)
	p.Set("massar", elsewhereMassar)
	p.Set("phone", elsewherePhone)
	p.Set("centre", e.centre)
	p.Set("consent", "yes")
	e.person = c.must(c.post("/people/new", p)).to()
	s := filled(staff, 1)
	s.Set("name", elsewhereStaff)
	s.Set("role", "trainer")
	s.Set("place", e.code)
	c.must(c.post("/staff/new", s))
	g := filled(c.form("/groups/new", "/groups/new"), 1)
	g.Set("name", elsewhereGroup)
	g.Set("centre", e.centre)
	g.Set("trainer", "")
	g.Set("from", time.Now().Format(time.DateOnly))
	g.Set("to", time.Now().Format(time.DateOnly))
	g.Set("days", "")
	e.group = c.opened(g)
	c.must(c.post(e.group+"/add", url.Values{"person": {strings.TrimPrefix(e.person, "/people/")}}))
	c.must(c.post(e.group+"/session", url.Values{"date": {time.Now().Format(time.DateOnly)}, "from": {"00:10"}, "to": {"23:50"}, "despite": {"yes"}}))
	for _, l := range c.get(e.group + "?tab=sessions").links() {
		if strings.HasPrefix(l, "/sessions/") {
			e.session = l
		}
	}
	c.must(c.post(e.session, url.Values{"rest": {"present"}}))
	e.pages = []string{e.person, e.person + "/edit", e.group, e.group + "?tab=sessions", e.group + "/edit", e.group + "/add", e.group + "/session",
		e.group + "/leave/" + strings.TrimPrefix(e.person, "/people/"), e.session}
	return e
}

// TestRoles asks for every page that the national manager reaches, in every role: who may gets it, who may not is told
// so, what is of another centre is not found, and no name of another centre comes to light.
func TestRoles(t *testing.T) {
	slow(t)
	t.Parallel()
	n := serveDemo(t)
	national := n.play("nationale")
	other := another(t, n, national)
	imports := national.importPages()
	pages := national.crawl(triesOfKind, append([]string{"/", "/today", "/people", "/groups", "/setup/centre", "/import/example.csv", other.group, national.drafted(), "/find?q=a", "/setup/done?centre=" + other.code}, imports...)...)
	for _, p := range pages {
		if kind := kindOf(p.address); asks[kind] == "" && !public[kind] {
			t.Errorf("%s: nobody has said who may see a page like %s", kind, p.address)
		}
	}
	for _, p := range other.pages {
		if a := national.get(p); a.status != http.StatusOK {
			t.Errorf("nationale: GET %s: status %d", p, a.status)
		}
	}
	if a := national.get(other.person); !strings.Contains(a.body, elsewhereMassar) || !strings.Contains(national.get(other.session).body, elsewhereGiven) {
		t.Fatal("what is to be kept secret is nowhere")
	}
	for _, who := range []struct {
		login string
		role  access.Role
	}{{"nationale", access.National}, {"region", access.Region}, {"centre", access.Centre}, {"formatrice", access.Trainer}} {
		t.Run(who.login, func(t *testing.T) {
			c := n.play(who.login)
			c.t = t
			mine := map[string]bool{} // what the links of one's own pages lead to
			near := who.role == access.Centre || who.role == access.Trainer
			own := c.crawl(20, "/", "/today", "/people", "/groups", "/board", "/find?q=a")
			for _, v := range own {
				mine[v.address] = true
			}
			for _, v := range pages {
				kind := kindOf(v.address)
				a := c.get(v.address)
				switch {
				case public[kind] || asks[kind] == access.Self:
				case !access.Allows(who.role, asks[kind]):
					if a.status != http.StatusForbidden {
						t.Errorf("GET %s: status %d, and the role may not %s", v.address, a.status, asks[kind])
					}
				case strings.Contains(kind, "{id}"):
					if a.status != http.StatusOK && a.status != http.StatusNotFound && a.status != http.StatusForbidden && (a.status != http.StatusSeeOther || who.role != access.National) {
						t.Errorf("GET %s: status %d", v.address, a.status)
					}
					if who.role == access.National && a.status >= 400 || mine[v.address] && a.status != http.StatusOK {
						t.Errorf("GET %s: status %d of what one may see", v.address, a.status)
					}
				case asks[kind] == access.ReadAudit && a.status == http.StatusUnprocessableEntity && who.role != access.National && strings.Contains(v.address, "centre="): // another's centre
				case strings.HasPrefix(v.address, "/groups?person=") && a.status == http.StatusNotFound && who.role != access.National && !mine[v.address]: // somebody elsewhere
				case a.status != http.StatusOK && a.status != http.StatusSeeOther:
					t.Errorf("GET %s: status %d", v.address, a.status)
				}
				if near {
					quiet(t, v.address, a)
				}
			}
			for _, f := range imports {
				if a := c.get(f); who.role != access.National && a.status != http.StatusNotFound && a.status != http.StatusForbidden {
					t.Errorf("GET %s: status %d of somebody else's list", f, a.status)
				}
			}
			if !near {
				return
			}
			for _, p := range other.pages {
				if a := c.get(p); a.status != http.StatusNotFound && a.status != http.StatusForbidden {
					t.Errorf("GET %s: status %d, and it is of another centre", p, a.status)
				}
			}
			for _, v := range own {
				quiet(t, v.address, v.answer)
			}
			for _, p := range []string{
				"/people?q=" + elsewhereGiven, "/people?q=" + elsewhereMassar, "/people?q=" + elsewherePhone, "/people?centre=" + other.centre, "/find?q=" + elsewhereGiven, "/find?q=" + elsewhereGroup,
				"/groups?q=" + elsewhereGroup, "/groups?centre=" + other.centre, "/board?period=all&place=" + other.code, "/board?place=MA&period=all", "/board/behind?period=all&place=" + other.code,
				"/board/behind?place=MA&period=all", "/people/new?centre=" + other.centre, "/groups/new?centre=" + other.centre, "/import?centre=" + other.centre, "/staff", "/groups/new",
				"/setup/done?centre=" + other.code,
			} {
				a := c.get(p)
				if a.status >= 500 {
					t.Errorf("GET %s: status %d", p, a.status)
				}
				// What one asks for stands in the field that it was typed into.
				a.body = strings.ReplaceAll(a.body, `value="`+elsewhereGiven+`"`, "")
				a.body = strings.ReplaceAll(a.body, `value="`+elsewhereGroup+`"`, "")
				a.body = strings.ReplaceAll(a.body, `value="`+elsewhereMassar+`"`, "")
				a.body = strings.ReplaceAll(a.body, `value="`+elsewherePhone+`"`, "")
				quiet(t, p, a, elsewhereGiven, elsewhereGroup, elsewhereMassar, elsewherePhone)
			}
			t.Run("posts", func(t *testing.T) { intrude(t, n, national, c, who.role, other) })
		})
	}
	n.check()
}

// quiet fails when a page says what only another centre knows. A question that was asked comes back in the address of
// the page in other languages.
func quiet(t *testing.T, page string, a *answer, asked ...string) {
	t.Helper()
	body := a.body
	for _, q := range asked {
		body = strings.ReplaceAll(body, "q="+q, "")
	}
	for _, s := range secrets {
		if i := strings.Index(body, s); i >= 0 {
			t.Errorf("GET %s shows %q of another centre: …%s…", page, s, body[max(0, i-100):min(len(body), i+60)])
		}
	}
}

// intrude posts to what is of another centre, and what is of another centre into one's own forms.
func intrude(t *testing.T, n *node, national, c *client, role access.Role, other elsewhere) {
	d := *c
	d.t = t
	before := n.status().Facts
	refused := func(what string, a *answer) {
		t.Helper()
		if a.status != http.StatusForbidden && a.status != http.StatusNotFound && a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", what, a.status)
		}
		quiet(t, what, a)
		if after := n.status().Facts; after != before {
			t.Errorf("%s left %d facts", what, after-before)
			before = after
		}
	}
	for _, page := range other.pages {
		for _, f := range national.get(page).forms(page) {
			if f.method == http.MethodPost && strings.Contains(f.action, "/") && ids.MatchString(f.action) {
				a := d.sendFull(f, filled(f, 4711))
				if a.status != http.StatusForbidden && a.status != http.StatusNotFound {
					t.Errorf("POST %s: status %d, and it is of another centre", f.action, a.status)
				}
				refused("POST "+f.action, a)
			}
		}
	}
	if role == access.Trainer {
		for _, p := range []string{"/people/new", "/groups/new", "/import", "/staff/new", "/programmes/new", "/setup/centre", "/programmes/ENFANTS-IA/targets"} {
			a := d.post(p, url.Values{"name": {"x"}, "given": {"x"}, "family": {"y"}})
			if a.status != http.StatusForbidden {
				t.Errorf("POST %s: status %d, and a trainer may not", p, a.status)
			}
			refused("POST "+p, a)
		}
		return
	}
	// One's own forms with what is of the other centre in them.
	person := filled(d.form("/people/new", "/people/new"), 4712)
	person.Set("centre", other.centre)
	refused("a person at another centre", d.post("/people/new", person))
	known := filled(d.form("/people/new", "/people/new"), 4713)
	known.Set("massar", elsewhereMassar)
	a := d.post("/people/new", known)
	a.body = strings.ReplaceAll(a.body, elsewhereMassar, "") // as it was typed
	refused("a person with the code of somebody elsewhere", a)
	g := filled(d.form("/groups/new", "/groups/new"), 4714)
	g.Set("centre", other.centre)
	refused("a group at another centre", d.post("/groups/new", g))
	list := d.form("/import", "/import").values()
	list.Set("centre", other.centre)
	refused("a list for another centre", d.postFile("/import", list, "l.csv", goodList))
	staff := filled(d.form("/staff/new", "/staff/new"), 4715)
	staff.Set("role", "trainer")
	staff.Set("place", other.code)
	refused("a trainer at another centre", d.post("/staff/new", staff))
	for role, place := range map[string]string{"national": "MA", "region": "MA-08", "centre": other.code} {
		staff.Set("role", role)
		staff.Set("place", place)
		refused("a wider role than one's own: "+role, d.post("/staff/new", staff))
	}
	refused("a programme", d.post("/programmes/new", url.Values{"name_fr": {"x"}}))
	refused("a centre", d.post("/setup/centre", url.Values{"name_fr": {"x"}, "milieu": {"urban"}, "kind": {"youth"}, "province": {"MA-CAS"}}))
	var own string
	for _, l := range d.get("/groups").links() {
		if strings.HasPrefix(l, "/groups/") && ids.MatchString(l) {
			own = l
		}
	}
	refused("somebody of another centre in one's own group", d.post(own+"/add", url.Values{"person": {strings.TrimPrefix(other.person, "/people/")}}))
	refused("somebody of another centre leaves one's own group", d.post(own+"/leave/"+strings.TrimPrefix(other.person, "/people/"), url.Values{"reason": {"other"}}))
	for _, s := range d.get("/today").links() {
		if strings.HasPrefix(s, "/sessions/") {
			// A mark for somebody who is not on the sheet is no mark.
			f := d.form(s, s).values()
			f.Set("mark_"+strings.TrimPrefix(other.person, "/people/"), "absent")
			d.post(s, f)
			break
		}
	}
	quiet(t, "the board afterwards", d.get("/board/behind?period=all"))
}
