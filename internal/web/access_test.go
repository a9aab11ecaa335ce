package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"html"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/agreement"
	"tizi/internal/centre"
	"tizi/internal/consent"
	"tizi/internal/course"
	"tizi/internal/family"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/lan"
	"tizi/internal/lot"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/progress"
	"tizi/internal/record"
	"tizi/internal/safeguard"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/teaching"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
	"tizi/internal/training"
	"tizi/internal/web"
	"tizi/internal/web/box"
	"tizi/internal/web/door"
)

var (
	ctx  = context.Background()
	must = testnode.Must
)

const passphrase = "une phrase de passe"

// node is a founded node behind its web server.
type node struct {
	*house.House
	clock *testnode.Time
	srv   *httptest.Server
	web   *web.Server
	owner *access.Account
	quiet bool // what the server logs is expected

	studied id.ID // the course that was taken in
}

func serve(t testing.TB, e store.Engine, sign door.SingleSignOn) *node {
	t.Helper()
	n := &node{clock: &testnode.Time{}}
	n.clock.Set(testnode.Epoch)
	at := testhouse.Place(t, e)
	var err error
	n.House, err = house.Create(ctx, house.Config{Dir: t.TempDir(), Store: &at, Now: n.clock.Now})
	must(t, err)
	t.Cleanup(func() { n.House.Close() })
	must(t, n.Found(ctx, house.Founding{Country: "ma", Centre: "MA-ERR-MJ1", Owner: "Nadia", Login: "nadia", Passphrase: passphrase, Lang: "en"}))
	must(t, n.Places.LoadCountry(ctx, id.Nil, "ma", true))
	l, err := n.Access.List(ctx, n.DB)
	must(t, err)
	n.owner = l[0]
	authority, err := lan.Open(t.TempDir(), "test", []string{"tizi-test.local"}, n.clock.Now)
	must(t, err)
	n.web, err = web.New(n.House, web.Options{Sign: sign, HTTPS: &box.HTTPS{Authority: authority, Port: "8443"}, Log: slog.New(slog.NewTextHandler(testWriter{t, n}, nil))})
	if err != nil {
		t.Skip(err) // the interface is not built
	}
	n.srv = httptest.NewServer(n.web)
	t.Cleanup(n.srv.Close)
	return n
}

// testWriter fails the test with what the server logs: a fault of ours.
type testWriter struct {
	t testing.TB
	n *node
}

func (w testWriter) Write(b []byte) (int, error) {
	if !w.n.quiet {
		w.t.Errorf("logged: %s", b)
	}
	return len(b), nil
}

var logins int

// open opens an account with one role.
func (n *node) open(t testing.TB, r access.Role, on access.On, names bool) *access.Account {
	t.Helper()
	logins++
	v, err := n.Access.Open(ctx, id.Nil, access.Newcomer{Name: "Somebody " + fmt.Sprint(logins), Login: fmt.Sprintf("somebody%d", logins), Role: r, On: on, Names: names, Stream: "hub"})
	must(t, err)
	acc, err := n.Access.Get(ctx, n.DB, v)
	must(t, err)
	return acc
}

// request asks as an account, whose session is new for each; nil is nobody.
func (n *node) request(t testing.TB, acc *access.Account, method, path string, form url.Values) (int, string, string) {
	t.Helper()
	r, err := http.NewRequest(method, n.srv.URL+path, strings.NewReader(form.Encode()))
	must(t, err)
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return n.do(t, acc, r)
}

// learns asks as a learner who has a seat at a centre, whose session is new for each.
func (n *node) learns(t testing.TB, centre, who id.ID, method, path string, form url.Values) (int, string, string) {
	t.Helper()
	token, err := n.Learners.Begin(ctx, centre, who, id.Nil)
	must(t, err)
	r, err := http.NewRequest(method, n.srv.URL+path, strings.NewReader(form.Encode()))
	must(t, err)
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.AddCookie(&http.Cookie{Name: door.SessionCookie + door.LearnerCookie, Value: token})
	return n.do(t, nil, r)
}

func (n *node) do(t testing.TB, acc *access.Account, r *http.Request) (status int, to, body string) {
	t.Helper()
	if acc != nil {
		token, err := n.Access.Begin(ctx, acc.ID, "test")
		must(t, err)
		r.AddCookie(&http.Cookie{Name: door.SessionCookie, Value: token})
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	must(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, res.Header.Get("Location"), string(b)
}

// spot is what a place of the table of permissions looks like in data: a centre with a person, a group, a session, a
// member of the team and a request.
type spot struct {
	centre               id.ID
	person, other, group id.ID
	session, request     id.ID
	worry                id.ID
	room, device, round  id.ID
	where                string
	agreed               agreed
	activity, speaker    id.ID
	output, meeting      id.ID
	ask                  string
}

// agreed is an agreement with one of each of what hangs from it.
type agreed struct{ agreement, organisation, office, term, party, commitment, entry, mandate, decision, paper id.ID }

// agreedOn makes an agreement that covers a programme.
func (n *node) agreedOn(t testing.TB, code string, covers id.ID) agreed {
	t.Helper()
	x := agreed{id.New(), id.New(), id.New(), id.New(), id.Nil, id.New(), id.New(), id.New(), id.New(), id.Nil}
	a, name := n.Agreements, i18n.Text{i18n.FR: "Accord " + code}
	must(t, a.SetOrganisation(ctx, id.Nil, x.organisation, agreement.OrganisationDescribed{Name: name, Type: "ministry"}))
	must(t, a.SetOffice(ctx, id.Nil, x.office, agreement.OfficeDescribed{Organisation: x.organisation, Title: name}))
	must(t, a.SetTerm(ctx, id.Nil, x.term, agreement.OfficeHeld{Office: x.office, Sex: "f", From: "2020-01-01"}))
	must(t, a.Set(ctx, id.Nil, x.agreement, agreement.AgreementStated{Code: code, Kind: agreement.Framework, Name: name, Signed: "2025-01-01", To: "2027-01-01", Renewal: agreement.Tacit, Programmes: []id.ID{covers}}))
	must(t, a.SetParty(ctx, id.Nil, agreement.PartyStated{Agreement: x.agreement, Organisation: x.organisation, Role: "lead"}, x.office, true))
	x.party = agreement.PartyID(x.agreement, x.organisation)
	must(t, a.SetCommitment(ctx, id.Nil, x.commitment, agreement.CommitmentStated{Agreement: x.agreement, Debtor: x.organisation, Kind: "report", What: i18n.Text{i18n.FR: "Owed " + code}, Due: "2026-01-01"}))
	must(t, a.SetEntry(ctx, id.Nil, x.entry, agreement.EntryStated{Agreement: x.agreement, Sort: agreement.Budget, What: "Line " + code, Currency: "MAD", Amount: 100, On: "2026-01-01"}))
	must(t, a.SetMandate(ctx, id.Nil, x.mandate, agreement.MandateGiven{Agreement: x.agreement, Operator: x.organisation, Place: id.New(), From: "2025-01-01", To: "2025-12-31"}))
	must(t, a.SetDecision(ctx, id.Nil, x.decision, agreement.DecisionTaken{Agreement: x.agreement, Committee: "C", On: "2026-01-01", What: "D"}))
	x.paper = n.paper(t, x.agreement)
	return x
}

// paper files an attachment, again where it was taken out.
func (n *node) paper(t testing.TB, agreement id.ID) id.ID {
	t.Helper()
	must(t, n.Agreements.FilePaper(ctx, id.Nil, agreement, "paper.pdf", []byte("%PDF-1.4\n")))
	l, err := n.Agreements.Papers(ctx, n.DB, agreement)
	must(t, err)
	return l[0].ID
}

func (n *node) spot(t testing.TB, where, code string, lead ...id.ID) spot {
	t.Helper()
	s := spot{centre: place.ID(code), where: where}
	all := access.Everywhere()
	var err error
	s.person, err = n.People.Register(ctx, id.Nil, s.centre, person.Details{"first_latin": "P" + where, "birth": "2015-01-06", "sex": "f"}, nil)
	must(t, err)
	s.other, err = n.People.Register(ctx, id.Nil, s.centre, person.Details{"first_latin": "Q" + where, "birth": "2015-01-07", "sex": "f"}, nil)
	must(t, err)
	n.agree(t, s.person, consent.Training, consent.Image)
	must(t, n.Consents.SetPhoto(ctx, n.owner.ID, all, s.person, picture(t)))
	for _, l := range lead { // whoever leads here is a guardian too, where their role is one
		must(t, n.Family.Link(ctx, n.owner.ID, all, s.person, l, family.Who{Name: "Somebody"}, true, true))
	}
	prog := programme.ID("P")
	s.group, err = n.Training.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: "G " + where, Programme: prog, Phase: programme.PhaseID(prog, "1"), Centre: s.centre, Trainers: lead})
	must(t, err)
	_, err = n.Training.Place(ctx, id.Nil, all, s.group, []id.ID{s.person}, "2026-03-02")
	must(t, err)
	_, err = n.Training.Plan(ctx, id.Nil, all, s.group, training.Weekly{From: "2026-03-02", To: "2026-03-02", Days: []time.Weekday{time.Monday}, Starts: "10:00", Ends: "11:00"})
	must(t, err)
	s.session = training.SessionID(s.group, "2026-03-02", "10:00")
	must(t, n.Training.Take(ctx, id.Nil, all, s.session, map[id.ID]string{s.person: training.Absent}, "list"))
	s.request, err = n.Access.Propose(ctx, n.owner.ID, all, access.Proposed{Action: access.ExportPeople, Centre: s.centre, Subjects: []id.ID{s.person}, Reason: "asked"})
	must(t, err)
	if has, err := n.Safeguard.Has(ctx, n.DB, n.owner.ID); err != nil || !has {
		must(t, err)
		must(t, n.Access.Grant(ctx, n.owner, n.owner.ID, access.Officer, access.Place(place.ID("MA")), false))
		must(t, n.Safeguard.SetKey(ctx, n.owner.ID, passphrase, false))
	}
	s.room, err = n.Centres.SetRoom(ctx, id.Nil, all, id.Nil, centre.RoomDescribed{Centre: s.centre, Name: "R" + id.New().Hex(), Seats: 20})
	must(t, err)
	s.device, err = n.Centres.SetDevice(ctx, id.Nil, all, id.Nil, centre.DeviceDescribed{Centre: s.centre, Number: id.New().Hex(), Kind: "laptop"})
	must(t, err)
	s.round, err = n.Centres.SetRound(ctx, id.Nil, all, id.Nil, centre.RoundPlanned{Centre: s.centre, Name: "R", Stops: []centre.Stop{{Date: "2026-03-09", Spot: "souk"}}})
	must(t, err)
	code = "P"
	if where == "out" {
		code = "OUT"
		_, err = n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: code, Place: place.ID("MA"), Name: i18n.Text{i18n.FR: code}}})
		must(t, err)
	}
	s.activity, s.speaker, s.output = n.event(t, s.centre, code, activity.Open), id.New(), id.New()
	x, err := n.Activities.Get(ctx, n.DB, all, s.activity)
	must(t, err)
	s.meeting, s.ask = x.Sessions[0].ID, activity.NewCode()
	must(t, n.Feedback.Open(ctx, id.Nil, s.centre, s.meeting, s.activity, n.Today(), s.ask))
	must(t, n.Activities.SetSpeaker(ctx, id.Nil, s.activity, s.speaker, activity.Speaker{Name: activity.Name{Latin: "Speaker " + where}}))
	must(t, n.Activities.SetOutput(ctx, id.Nil, s.output, activity.OutputStated{Activity: s.activity, Title: i18n.Text{i18n.FR: "Output"}, Kind: "paper", Lang: "fr", On: n.Today()}, []byte("%PDF-1.4\n")))
	s.worry, err = n.Safeguard.Report(ctx, id.New().String(), s.centre, safeguard.Worry{What: "secret"})
	must(t, err)
	return s
}

// event makes an activity of today.
func (n *node) event(t testing.TB, centre id.ID, code, state string) id.ID {
	t.Helper()
	v := id.New()
	a := activity.Stated{Programme: programme.ID(code), Kind: "masterclass", Pillar: "training", Centre: centre, Title: i18n.Text{i18n.FR: "Masterclass " + code}, From: n.Today(), To: n.Today(), State: state,
		Sessions: []activity.Session{{ID: id.New(), Date: n.Today()}}}
	if state == activity.Cancelled {
		a.Reason = "rain"
	}
	must(t, n.Activities.Set(ctx, id.Nil, v, a))
	return v
}

// guest registers somebody new for an activity.
func (n *node) guest(t testing.TB, v id.ID) *activity.Registration {
	t.Helper()
	r, err := n.Activities.Register(ctx, id.Nil, "", v, activity.Visitor{Name: "Guest " + id.New().Hex(), Mail: "guest@example.org", Agreed: true})
	must(t, err)
	return r
}

// agree records what a guardian agreed to on paper.
func (n *node) agree(t testing.TB, who id.ID, purposes ...consent.Purpose) {
	t.Helper()
	var list []consent.Statement
	for _, p := range purposes {
		list = append(list, consent.Statement{Purpose: p, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-03-01", Who: consent.Who{Name: "A parent"}})
	}
	must(t, n.Consents.Record(ctx, n.owner.ID, access.Everywhere(), who, list))
}

// picture is a small picture as a telephone sends one.
func picture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 16)), nil))
	return b.Bytes()
}

var variable = regexp.MustCompile(`\{[a-z]+\}`)

// fill puts the ids of a spot into a pattern. What a request may use up is made anew for each.
func (n *node) fill(t testing.TB, r door.Route, s spot, acc *access.Account) string {
	t.Helper()
	path := strings.TrimSuffix(r.Path, "{$}")
	var member *access.Account
	return variable.ReplaceAllStringFunc(path, func(v string) string {
		switch v {
		case "{person}", "{a}":
			return s.person.String()
		case "{b}":
			return s.other.String()
		case "{centre}":
			return s.centre.String()
		case "{room}":
			return s.room.String()
		case "{device}":
			return s.device.String()
		case "{round}":
			return s.round.String()
		case "{group}":
			return s.group.String()
		case "{session}":
			return s.session.String()
		case "{draft}":
			v, err := n.Drafts.Begin(ctx, n.owner.ID, "d"+id.New().Hex())
			must(t, err)
			if strings.HasPrefix(r.Path, "/authoring-files/") {
				return v.String() + "?file=modules/commencer/premiere-lecon/media/exemples.svg"
			}
			return v.String()
		case "{lab}":
			return "drawing"
		case "{draw}":
			g, err := n.Training.OpenCohort(ctx, id.Nil, access.Everywhere(), training.CohortOpened{Name: "D", Programme: programme.ID("P"), Phase: programme.PhaseID(programme.ID("P"), "1"), Centre: s.centre, Capacity: 1})
			must(t, err)
			v, err := n.Training.OpenDraw(ctx, id.Nil, access.Everywhere(), training.DrawOpened{Cohort: g, On: "2026-03-02", Closes: "2026-03-10", SeedOn: "2026-03-12", Source: "balls", Rule: lot.Standard()})
			must(t, err)
			return v.String()
		case "{joint}":
			var groups []id.ID
			for range 2 {
				g, err := n.Training.OpenCohort(ctx, id.Nil, access.Everywhere(), training.CohortOpened{Name: "D", Programme: programme.ID("P"), Phase: programme.PhaseID(programme.ID("P"), "1"), Centre: s.centre, Capacity: 1})
				must(t, err)
				groups = append(groups, g)
			}
			v, err := n.Training.OpenJoint(ctx, id.Nil, access.Everywhere(), groups, training.DrawOpened{On: "2026-03-02", Closes: "2026-03-10", SeedOn: "2026-03-12", Source: "balls", Rule: lot.Standard()})
			must(t, err)
			return v.String()
		case "{plan}":
			rows := []programme.Opening{{Place: place.ID("MA-ERR-MJ1"), From: "202601", To: "202602", Groups: 1, Seats: 20, Months: 2}}
			v, err := n.Programmes.SetRollout(ctx, id.Nil, id.Nil, programme.RolloutStated{Programme: programme.ID("P"), Name: id.New().String(), Hours: 2, Rows: rows})
			must(t, err)
			return v.String()
		case "{target}":
			b := programme.TargetSet{Indicator: measure.People, Place: place.ID("MA-ERR-MJ1"), Period: "2031", Value: 7}
			p, err := n.Programmes.Get(ctx, n.DB, programme.ID("P"))
			must(t, err)
			_, err = n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: p.Code, Name: p.Name, Place: p.Place, Pillars: p.Pillars}, Targets: []programme.TargetSet{b}})
			must(t, err)
			return programme.TargetID(p.ID, b).String()
		case "{phase}":
			return n.refused(t, s).String()
		case "{appeal}":
			phase := n.refused(t, s)
			v, err := n.Training.Lodge(ctx, id.Nil, access.Everywhere(), s.person, phase, "guardian", "please", "2026-03-02")
			must(t, err)
			return v.String()
		case "{referral}":
			v, err := n.Training.Refer(ctx, id.Nil, access.Everywhere(), s.person, "college", "at_risk", "2026-03-02", training.Referrer{School: "Collège"})
			must(t, err)
			return v.String()
		case "{case}":
			return s.worry.String()
		case "{request}":
			return s.request.String()
		case "{code}":
			return "P"
		case "{agreement}":
			return s.agreed.agreement.String()
		case "{organisation}":
			return s.agreed.organisation.String()
		case "{office}":
			return s.agreed.office.String()
		case "{term}":
			return s.agreed.term.String()
		case "{party}":
			return s.agreed.party.String()
		case "{commitment}":
			return s.agreed.commitment.String()
		case "{entry}":
			return s.agreed.entry.String()
		case "{mandate}":
			return s.agreed.mandate.String()
		case "{decision}":
			return s.agreed.decision.String()
		case "{paper}":
			return n.paper(t, s.agreed.agreement).String()
		case "{register}":
			return consent.RegisterID(s.person, consent.Training).String()
		case "{enrolment}":
			return training.EnrolmentID(s.person, programme.PhaseID(programme.ID("P"), "1")).String()
		case "{node}":
			box, err := seal.NewIdentity()
			must(t, err)
			must(t, n.Nodes.Grant(ctx, id.Nil, box.Public(), box.Recipient(), "box", []string{person.Stream(s.centre)}))
			return box.Node().String()
		case "{key}":
			k, _, err := n.Records.MakeKey(ctx, id.Nil, s.centre, "outil", []record.Grant{record.Read})
			must(t, err)
			return k.ID.String()
		case "{invite}":
			_, v, err := n.Nodes.Invite(ctx, id.Nil, "box", person.Stream(s.centre))
			must(t, err)
			return v.String()
		case "{card}":
			return "no-such-card"
		case "{avatar}":
			return "cat-red"
		case "{tablet}":
			token, err := n.Learners.Enrol(ctx, id.Nil, access.Everywhere(), s.centre, "Tablette", "test", "")
			must(t, err)
			d, err := n.Learners.DeviceOf(ctx, token)
			must(t, err)
			return d.ID.String()
		case "{activity}", "{event}":
			if strings.HasSuffix(r.Path, "/notice") {
				x, err := n.Activities.Get(ctx, n.DB, access.Everywhere(), s.activity)
				must(t, err)
				programmes, err := n.Programmes.List(ctx, n.DB)
				must(t, err)
				for _, p := range programmes {
					if p.ID == x.Programme {
						return n.event(t, s.centre, p.Code, activity.Cancelled).String()
					}
				}
			}
			return s.activity.String()
		case "{meeting}":
			return s.meeting.String()
		case "{ask}":
			return s.ask
		case "{speaker}":
			return s.speaker.String()
		case "{output}":
			return s.output.String()
		case "{registration}":
			return n.guest(t, s.activity).ID.String()
		case "{pass}":
			return n.guest(t, s.activity).Code
		case "{scan}":
			var rep consent.Received
			must(t, n.Consents.Receive(ctx, n.owner.ID, s.centre, picture(t), &rep))
			tray, err := n.Consents.Tray(ctx, n.DB, access.At(s.centre))
			must(t, err)
			return tray[len(tray)-1].ID.String()
		case "{recording}":
			text := consent.FirstText(consent.Training)
			must(t, n.Consents.SetRecording(ctx, n.owner.ID, access.Everywhere(), text, s.centre, "ary", []byte("ID3\x04 a voice")))
			l, err := n.Consents.Recordings(ctx, n.DB, text, s.centre)
			must(t, err)
			return l[0].ID.String()
		case "{account}":
			member = n.open(t, access.Helper, access.Place(s.centre), false)
			return member.ID.String()
		case "{grant}":
			return member.Roles[0].Grant.String()
		case "{course}":
			version := n.course(t)
			if strings.HasPrefix(r.Path, "/my/") || strings.Contains(r.Path, "/rehearse/") { // a learner has the courses of their groups
				must(t, n.Courses.Assign(ctx, id.Nil, person.Stream(s.centre), s.group, "mon-cours", version))
			}
			return "mon-cours"
		case "{step}":
			if strings.HasSuffix(r.Path, "/records") {
				return "dessiner" // a lab
			}
			return "lire"
		case "{test}":
			return progress.Pretest
		case "{piece}":
			if strings.HasPrefix(r.Path, "/my/wall/") { // what hangs there
				must(t, n.Courses.Assign(ctx, id.Nil, person.Stream(s.centre), s.group, "mon-cours", n.course(t)))
				must(t, n.Teaching.Allow(ctx, id.Nil, s.centre, teaching.Allowed{Group: s.group, Allow: true}))
				w, err := n.Progress.Work(ctx, n.DB, s.centre, n.work(t, s.centre, s.person))
				must(t, err)
				must(t, n.Teaching.Hang(ctx, w, s.group, true))
				return w.ID.String()
			}
			if strings.HasSuffix(r.Path, "/marks") { // where the group follows the course that has the rubric
				must(t, n.Courses.Assign(ctx, id.Nil, person.Stream(s.centre), s.group, "mon-cours", n.course(t)))
			}
			return n.work(t, s.centre, s.person).String()
		case "{version}":
			return n.course(t).String() + "?file=modules/commencer/premiere-lecon/media/exemples.svg"
		case "{module}":
			return "commencer"
		case "{lesson}":
			return "premiere-lecon"
		case "{exercise}":
			return "verifier"
		case "{framework}":
			return "digcomp-2.2"
		case "{upload}":
			if s.where == "out" {
				acc = n.owner // somebody else's list
			}
			return n.upload(t, acc, s.centre)
		}
		t.Fatalf("%s %s: this test does not know the variable %s yet", r.Method, r.Path, v)
		return ""
	})
}

// course is the small course that the program begins with, taken in.
func (n *node) course(t testing.TB) id.ID {
	t.Helper()
	if !n.studied.IsNil() {
		return n.studied
	}
	im := n.version(t, 1)
	n.studied = im
	return im
}

// version takes a version of the small course in, with other words in its lesson, each after what it stands for.
func (n *node) version(t testing.TB, number int, words ...string) id.ID {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mon-cours")
	must(t, course.Start(dir))
	for file, replaced := range map[string][]string{
		"course.yaml": {"version: 1", fmt.Sprint("version: ", number)}, "modules/commencer/premiere-lecon/lesson.yaml": words,
	} {
		path := filepath.Join(dir, filepath.FromSlash(file))
		b, err := os.ReadFile(path)
		must(t, err)
		must(t, os.WriteFile(path, []byte(strings.NewReplacer(replaced...).Replace(string(b))), 0o644))
	}
	f, err := course.Open(dir)
	must(t, err)
	defer f.Close()
	im, err := n.Courses.Import(ctx, id.Nil, f)
	must(t, err)
	return im.ID
}

// work hands a file in for somebody.
func (n *node) work(t testing.TB, centre, who id.ID) id.ID {
	t.Helper()
	b := picture(t)
	sum := fmt.Sprintf("%x", sha256.Sum256(b))
	d := progress.Deed{ID: id.New(), Person: who, At: progress.At{Course: "mon-cours", Lesson: "commencer/premiere-lecon", Step: "dessiner"}, Verb: progress.Completed,
		Files: []progress.Attached{{Type: "image/jpeg", SHA2: sum, Length: len(b)}}}
	must(t, n.Progress.Put(ctx, centre, []progress.Deed{d}, map[string][]byte{sum: b}))
	return d.ID
}

// refused makes a phase that is not for the person of a spot, and returns it.
func (n *node) refused(t testing.TB, s spot) id.ID {
	t.Helper()
	prog, code := programme.ID("P"), id.New().Hex()
	now, err := n.Programmes.Get(ctx, n.DB, prog)
	must(t, err)
	_, err = n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: now.Code, Name: now.Name, Place: now.Place, Pillars: now.Pillars},
		Phases: []programme.PhaseOpened{{Code: code, Name: i18n.Text{i18n.FR: "Adultes"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 40}}})
	must(t, err)
	phase := programme.PhaseID(prog, code)
	g, err := n.Training.OpenCohort(ctx, id.Nil, access.Everywhere(), training.CohortOpened{Name: "Adultes", Programme: prog, Phase: phase, Centre: s.centre})
	must(t, err)
	done, err := n.Training.Place(ctx, id.Nil, access.Everywhere(), g, []id.ID{s.person}, "2026-03-02")
	must(t, err)
	if len(done.Refused) != 1 {
		t.Fatalf("nobody was refused: %+v", done)
	}
	return phase
}

// upload sends a list as an account and returns its key, or one that there is not where the account may not send any.
func (n *node) upload(t testing.TB, acc *access.Account, centre id.ID) string {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	m.WriteField("centre", centre.String())
	f, err := m.CreateFormFile("file", "list.csv")
	must(t, err)
	fmt.Fprint(f, "Nom;Prénom;Date de naissance;Sexe\nAlaoui;Zineb;06/01/2015;F\n")
	m.Close()
	r, err := http.NewRequest("POST", n.srv.URL+"/import", &b)
	must(t, err)
	r.Header.Set("Content-Type", m.FormDataContentType())
	_, to, _ := n.do(t, acc, r)
	if parts := strings.Split(to, "/"); len(parts) == 4 && parts[1] == "import" {
		return parts[2]
	}
	return strings.Repeat("0", 32)
}

// TestEveryCell asks every route of the program in every role, within the scope of the role, out of it, and, where the
// role reaches its own groups only, beside them.
func TestEveryCell(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}},
			Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 14}}})
		must(t, err)
		here, region := place.ID("MA-ERR-MJ1"), place.ID("MA-08")
		ours, theirs := n.agreedOn(t, "OURS", programme.ID("P")), n.agreedOn(t, "THEIRS", id.New())
		tree, err := n.Places.Tree(ctx, n.DB)
		must(t, err)
		var far *place.Place
		for _, c := range tree.Of("centre") {
			if !tree.Holds(region, c.ID) {
				far = c
			}
		}
		type player struct {
			role  access.Role
			on    access.On
			names bool
		}
		players := []player{{access.National, access.Place(place.ID("MA")), false}, {access.Region, access.Place(region), false}, {access.Author, access.Programme(programme.ID("P")), false},
			{access.Partner, access.Programme(programme.ID("P")), false}, {access.Partner, access.Agreement(ours.agreement), false}, {access.Auditor, access.Agreement(ours.agreement), false}, {access.Auditor, access.Place(here), false}, {access.Auditor, access.Place(here), true}, {access.Officer, access.Place(region), false}}
		for _, r := range []access.Role{access.Centre, access.Trainer, access.Helper, access.Mentor, access.Guardian, access.Learner} {
			players = append(players, player{r, access.Place(here), false})
		}
		played := map[access.Role]bool{}
		cells := 0
		for _, p := range players {
			played[p.role] = true
			acc := n.open(t, p.role, p.on, p.names)
			own, near, out := n.spot(t, "in", "MA-ERR-MJ1", acc.ID), n.spot(t, "near", "MA-ERR-MJ1"), n.spot(t, "out", far.Code)
			own.agreed, near.agreed, out.agreed = ours, ours, theirs
			for _, r := range n.web.Routes {
				if r.Path == "/" || r.Path == "/signin/outside" || r.Path == "/signin/outside/back" || r.Path == "/outbox" || strings.HasPrefix(r.Path, "/packs") { // of what there is not; with a pass, or on an enrolled device, and for nobody without
					continue
				}
				spots := []spot{own}
				if variable.MatchString(r.Path) && !strings.HasPrefix(r.Path, "/programmes/{code}/") && !strings.HasPrefix(r.Path, "/lessons/") && !strings.HasPrefix(r.Path, "/authoring") { // a lesson is everywhere the same
					spots = append(spots, near, out)
				}
				for _, s := range spots {
					// Who may do what is decided above the engine: of the second one, every fourth cell.
					if cells++; e == store.Postgres && cells%4 != 0 {
						continue
					}
					path := n.fill(t, r, s, acc)
					form := url.Values{}
					if strings.HasSuffix(r.Path, "/refuse") {
						form.Set("reason", access.RefuseReasons[0])
					}
					status, to, _ := n.request(t, acc, r.Method, path, form)
					if r.Action == access.Learn { // no account learns
						if status != 303 || to != "/door" && !strings.HasPrefix(to, "/door?") {
							t.Errorf("%s, %s %s: status %d to %q, not the learners' door", p.role, r.Method, r.Path, status, to)
						}
						continue
					}
					admitted := status == 200 || status == 409 || status == 422 || status == 303 && !strings.HasPrefix(to, "/signin?")
					refused := status == 403 || status == 404
					if want := allowed(n, r, p.role, p.names, s.where) && (p.role == access.National || p.on.Kind == access.UnderAgreed || !strings.Contains(r.Path, "{agreement}")); want != admitted || want == refused {
						t.Errorf("%s (names %v), %s %s, %s: status %d to %q; the table says %v for %s", p.role, p.names, r.Method, r.Path, s.where, status, to, want, r.Action)
					}
				}
			}
		}
		for _, r := range access.Roles {
			if !played[r] {
				t.Errorf("nobody plays %s", r)
			}
		}
		// Nobody, and somebody whose account is closed.
		closed := n.open(t, access.Helper, access.Place(here), false)
		must(t, n.Access.SetClosed(ctx, n.owner, closed.ID, true))
		in := n.spot(t, "in", "MA-ERR-MJ1")
		in.agreed = ours
		for _, acc := range []*access.Account{nil, closed} {
			for _, r := range n.web.Routes {
				if r.Action == door.Public {
					continue
				}
				cells++
				status, to, _ := n.request(t, acc, r.Method, n.fill(t, r, in, n.owner), nil)
				want := "/signin?"
				if r.Action == access.Learn {
					want = "/door"
				}
				if status != 303 || !strings.HasPrefix(to, want) {
					t.Errorf("%s %s without a session: status %d to %s", r.Method, r.Path, status, to)
				}
			}
		}
		// A learner learns, and does nothing of what accounts do.
		near := n.spot(t, "near", "MA-ERR-MJ1")
		for _, r := range n.web.Routes {
			if r.Action == door.Public {
				continue
			}
			spots := []spot{in}
			if r.Action == access.Learn && strings.Contains(r.Path, "{person}") {
				spots = append(spots, near)
			}
			for _, s := range spots {
				cells++
				status, to, _ := n.learns(t, in.centre, in.person, r.Method, n.fill(t, r, s, n.owner), nil)
				admitted := status == 200 || status == 409 || status == 422 || status == 303 && !strings.HasPrefix(to, "/door?") && !strings.HasPrefix(to, "/signin?")
				if want := r.Action == access.Learn && s.where == "in"; want != admitted {
					t.Errorf("a learner, %s %s, %s: status %d to %s", r.Method, r.Path, s.where, status, to)
				}
			}
		}
		t.Logf("%d routes, %d cells", len(n.web.Routes), cells)
	})
}

// allowed says what the table says of a route, at a spot.
func allowed(n *node, r door.Route, role access.Role, names bool, where string) bool {
	if r.Action == door.Public || r.Action == access.Self {
		return true
	}
	reach := func(a access.Action) bool {
		switch access.Reach(role, a) {
		case access.Whole:
			return where != "out" || role == access.National
		case access.Named:
			return names && where != "out"
		case access.Own:
			return where == "in"
		}
		return false
	}
	if strings.Contains(r.Path, "{upload}") && where == "out" {
		return false // somebody else's list is nobody's, not even of who may read all
	}
	if strings.Contains(r.Path, "{request}") && !reach(access.ExportPeople) {
		return false // each request also needs its own action
	}
	// A role for a place or a programme alone is shown no agreement, and an empty list says so.
	return reach(r.Action)
}

// Whoever may not know the people is told of few that they are few, and nothing to work them out from; the whole stays.
func TestPartnerIsNotToldOfFew(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	s, people := n.class(t, "A", "B", "C", "D", "E", "F")
	marks := map[id.ID]string{}
	for _, name := range []string{"X", "Y"} {
		p, err := n.People.Register(ctx, id.Nil, s.centre, person.Details{"first_latin": name, "birth": "2015-01-06", "sex": "m"}, nil)
		must(t, err)
		n.agree(t, p, consent.Training)
		people = append(people, p)
	}
	_, err := n.Training.Place(ctx, id.Nil, access.Everywhere(), s.group, people[6:], "2026-03-02")
	must(t, err)
	for _, p := range people {
		marks[p] = training.Present
	}
	must(t, n.Training.Take(ctx, id.Nil, access.Everywhere(), s.session, marks, "list"))
	fr := i18n.For(i18n.FR)
	rows := regexp.MustCompile(`(?s)cells-sex.*?</section>`)
	sexes := func(acc *access.Account, place string) string {
		status, _, body := n.request(t, acc, "GET", "/board?period=all&programme=P&place="+place, nil)
		if !strings.Contains(body, `<dd class="stat-value">8</dd>`) && !strings.Contains(body, ">8</a>") {
			t.Errorf("status %d, and the whole is not there", status)
		}
		if acc != n.owner && (strings.Contains(body, fr.T("board.of_reached", "n", 6, "total", 8)) || strings.Contains(body, fr.Percent(6, 8))) {
			t.Errorf("%s: the part of women gives the others away", place)
		}
		return html.UnescapeString(rows.FindString(body))
	}
	partner := n.open(t, access.Partner, access.Programme(programme.ID("P")), false)
	for _, place := range []string{"MA", "MA-08", "MA-ERR-MJ1"} {
		if told := sexes(partner, place); strings.Contains(told, ">2<") || strings.Contains(told, ">6<") || strings.Count(told, fr.T("shell.few_number")) != 1 {
			t.Errorf("%s: %s", place, told)
		}
	}
	if told := sexes(n.owner, "MA"); !strings.Contains(told, ">2</a>") || !strings.Contains(told, ">6</a>") {
		t.Errorf("who may list them reads: %s", told)
	}
	if status, _, _ := n.request(t, partner, "GET", "/board/behind?programme=P&sex=m", nil); status != 403 {
		t.Errorf("the list behind: status %d", status)
	}
}

// What a partner reads of a programme is that programme.
func TestPartnerReadsTheirProgramme(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	for _, code := range []string{"P", "Q"} {
		_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: code, Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "Programme " + code}},
			Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 14}}})
		must(t, err)
	}
	s := n.spot(t, "in", "MA-ERR-MJ1")
	must(t, n.Training.Take(ctx, id.Nil, access.Everywhere(), s.session, map[id.ID]string{s.person: training.Present}, "list"))
	for code, want := range map[string]bool{"P": true, "Q": false} {
		acc := n.open(t, access.Partner, access.Programme(programme.ID(code)), false)
		_, _, body := n.request(t, acc, "GET", "/board?period=all&programme=P", nil)
		if got := strings.Contains(body, "Programme P"); got != want {
			t.Errorf("a partner of %s sees programme P: %v", code, got)
		}
		if strings.Contains(body, "/board/behind") {
			t.Errorf("a partner of %s is led to names", code)
		}
	}
	ours, theirs := n.agreedOn(t, "OURS", programme.ID("P")), n.agreedOn(t, "THEIRS", programme.ID("Q"))
	amendment := id.New()
	must(t, n.Agreements.Set(ctx, id.Nil, amendment, agreement.AgreementStated{Code: "AMENDED", Kind: agreement.Amendment, Parent: ours.agreement, Name: i18n.Text{i18n.FR: "x"}}))
	for _, r := range []access.Role{access.Partner, access.Auditor} {
		if status, _, _ := n.request(t, n.open(t, r, access.Agreement(ours.agreement), false), "GET", "/agreements/"+amendment.String(), nil); status != 200 {
			t.Errorf("a %s does not see an amendment: status %d", r, status)
		}
		acc := n.open(t, r, access.Agreement(ours.agreement), false)
		if _, _, body := n.request(t, acc, "GET", "/board?period=all", nil); !strings.Contains(body, "Programme P") || strings.Contains(body, "Programme Q") {
			t.Errorf("a %s does not read what the agreement covers, and that alone", r)
		}
		for _, path := range []string{"/agreements", "/agreements/due", "/agreements/mandates"} {
			if _, _, body := n.request(t, acc, "GET", path, nil); !strings.Contains(body, "OURS") || strings.Contains(body, "THEIRS") {
				t.Errorf("%s: a %s sees ours %v, theirs %v", path, r, strings.Contains(body, "OURS"), strings.Contains(body, "THEIRS"))
			}
		}
		for _, tab := range []string{"", "commitments", "money", "mandates", "decisions", "papers"} {
			status, _, body := n.request(t, acc, "GET", "/agreements/"+ours.agreement.String()+"?tab="+tab, nil)
			if status != 200 || strings.Contains(body, "/edit") || strings.Contains(body, `enctype="multipart`) || strings.Contains(body, "/organisations") {
				t.Errorf("tab %q: status %d, and a %s is led to change it: %v", tab, status, r, strings.Contains(body, "/edit"))
			}
			if status, _, _ = n.request(t, acc, "GET", "/agreements/"+theirs.agreement.String()+"?tab="+tab, nil); status != 404 {
				t.Errorf("tab %q of theirs: status %d", tab, status)
			}
		}
		// What hangs from theirs is not found under ours either.
		for _, path := range []string{"/commitments/" + theirs.commitment.String(), "/papers/" + theirs.paper.String()} {
			if status, _, _ := n.request(t, acc, "GET", "/agreements/"+ours.agreement.String()+path, nil); status != 404 {
				t.Errorf("%s of theirs under ours: status %d", path, status)
			}
		}
	}
	acc := n.open(t, access.Partner, access.Agreement(ours.agreement), false)
	n.Access.Covers = func(context.Context, store.Querier, id.ID) ([]access.On, error) { return nil, errors.New("broken") }
	if _, err := n.Access.Scope(ctx, n.DB, acc, access.ReadBoard); err == nil {
		t.Error("what an agreement covers cannot be read, and nobody says so")
	}
}

// A trainer finds the people of the own groups, by whichever way.
func TestTrainerSeesOwnGroups(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}},
			Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 14}}})
		must(t, err)
		acc := n.open(t, access.Trainer, access.Place(place.ID("MA-ERR-MJ1")), false)
		n.spot(t, "Ownelia", "MA-ERR-MJ1", acc.ID)
		n.spot(t, "Nearelia", "MA-ERR-MJ1")
		for _, path := range []string{"/people", "/people?q=P", "/people?centre=" + place.ID("MA-ERR-MJ1").String(), "/groups", "/find?q=P", "/today"} {
			_, _, body := n.request(t, acc, "GET", path, nil)
			if !strings.Contains(body, "Ownelia") || strings.Contains(body, "Nearelia") {
				t.Errorf("%s: own %v, of others %v", path, strings.Contains(body, "Ownelia"), strings.Contains(body, "Nearelia"))
			}
		}
		manager := n.open(t, access.Centre, access.Place(place.ID("MA-ERR-MJ1")), false)
		if _, _, body := n.request(t, manager, "GET", "/people", nil); !strings.Contains(body, "Nearelia") {
			t.Error("a manager does not see all")
		}
	})
}
