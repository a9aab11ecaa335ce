package web_test

import (
	"bytes"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tizi/internal/access"
	"tizi/internal/agreement"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/source"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// Each wrong answer has its sentence beside its field, keeps what was typed and writes nothing.
func TestAgreementForms(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}}})
	must(t, err)
	x := n.agreedOn(t, "OURS", programme.ID("P"))
	other := n.agreedOn(t, "THEIRS", programme.ID("P"))
	a := "/agreements/" + x.agreement.String()
	fr := i18n.For(i18n.FR)
	centre := place.ID("MA-ERR-MJ1")
	must(t, n.Agreements.SetMandate(ctx, id.Nil, id.New(), agreement.MandateGiven{Agreement: x.agreement, Operator: x.organisation, Place: centre, From: "2025-01-01", To: "2025-12-31"}))
	fresh := func() string { return id.New().String() }
	whole := func(pairs ...string) url.Values {
		v := url.Values{"name_fr": {"Nom gardé"}, "code": {"NEW"}, "kind": {"framework"}, "signed": {"2025-01-01"}}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	form := func(pairs ...string) url.Values {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	expense := func(amount string) url.Values {
		return form("of", x.entry.String(), "what", "Nom gardé", "amount", amount, "currency", "MAD", "on", "2026-02-01", "reference", "F-1")
	}
	for what, c := range map[string]struct {
		path, field, says string
		form              url.Values
	}{
		"a place that is none":        {"/agreements/" + fresh() + "/edit?new=1", "place", fr.T("agree.fault.not_offered"), whole("place", id.New().String())},
		"contradicting dates":         {"/agreements/" + fresh() + "/edit?new=1", "to", fr.T("groups.ends_before"), whole("from", "2026-02-01", "to", "2026-01-01")},
		"a date that is none":         {"/agreements/" + fresh() + "/edit?new=1", "from", fr.T("groups.date_wrong"), whole("from", "2026-02-31")},
		"an amendment of nothing":     {"/agreements/" + fresh() + "/edit?new=1", "parent", fr.T("agree.fault.amends_nothing"), whole("kind", "amendment")},
		"the code of another":         {"/agreements/" + fresh() + "/edit?new=1", "code", fr.T("agree.fault.code_taken"), whole("code", "OURS")},
		"public without a source":     {"/agreements/" + fresh() + "/edit?new=1", "source_kind", fr.T("agree.fault.public_without_source"), whole("public", "yes")},
		"days of notice in letters":   {"/agreements/" + fresh() + "/edit?new=1", "notice", fr.T("agree.fault.notice"), whole("notice", "many")},
		"a party twice":               {a + "/parties/new", "organisation", fr.T("agree.fault.party_twice"), form("organisation", x.organisation.String(), "role", "lead")},
		"an office not held":          {a + "/parties/" + x.party.String(), "joined", "", form("role", "lead", "office", x.office.String(), "joined", "2019-01-01")},
		"an office of another":        {a + "/parties/" + x.party.String(), "office", fr.T("agree.fault.not_offered"), form("role", "lead", "office", other.office.String())},
		"left without a reason":       {a + "/parties/" + x.party.String(), "reason", fr.T("agree.fault.left_without_reason"), form("role", "lead", "left", "2025-06-01")},
		"a party that owes, removed":  {a + "/parties/" + x.party.String(), "", fr.T("agree.fault.party_owes"), form("role", "lead", "remove", "yes")},
		"a commitment of no party":    {a + "/commitments/" + fresh() + "/edit?new=1", "debtor", fr.T("agree.fault.not_offered"), form("debtor", other.organisation.String(), "kind", "report", "what_fr", "Nom gardé")},
		"a quantity in letters":       {a + "/commitments/" + fresh() + "/edit?new=1", "quantity", fr.T("agree.fault.quantity"), form("debtor", x.organisation.String(), "kind", "report", "what_fr", "Nom gardé", "quantity", "fifty")},
		"kept without evidence":       {a + "/commitments/" + x.commitment.String() + "/judge", "evidence", fr.T("agree.fault.no_evidence"), form("state", "kept", "on", "2026-01-05")},
		"an amount that is no number": {a + "/money/" + fresh() + "?new=1&sort=expense", "amount", fr.T("agree.fault.amount"), expense("ten")},
		"an amount of nothing":        {a + "/money/" + fresh() + "?new=1&sort=expense", "amount", fr.T("agree.fault.amount"), expense("0")},
		"no receipt":                  {a + "/money/" + fresh() + "?new=1&sort=expense", "reference", fr.T("agree.fault.no_receipt"), form("of", x.entry.String(), "what", "Nom gardé", "amount", "5", "currency", "MAD", "on", "2026-02-01")},
		"two operators of a centre":   {a + "/mandates/" + fresh() + "/edit?new=1", "from", "en a déjà le mandat", form("operator", other.organisation.String(), "place", centre.String(), "from", "2025-06-01", "to", "2026-06-01")},
		"renewed to before":           {a + "/renew", "to", "choisissez un jour après", form("on", "2026-01-01", "to", "2026-06-01")},
		"done before it was decided":  {a + "/decisions/" + x.decision.String() + "/edit", "done", fr.T("groups.ends_before"), form("committee", "C", "on", "2026-02-01", "what", "Nom gardé", "done", "2026-01-01")},
		"an organisation in a circle": {"/organisations/" + x.organisation.String(), "parent", fr.T("agree.fault.not_offered"), form("name_fr", "Nom gardé", "type", "ministry", "parent", x.organisation.String())},
		"an answer not offered":       {a + "/mandates/" + fresh() + "/edit?new=1", "programme", fr.T("agree.fault.not_offered"), form("operator", other.organisation.String(), "place", centre.String(), "programme", "x", "from", "2025-06-01", "to", "2026-06-01")},
		"a term that ends before":     {"/organisations/" + x.organisation.String() + "/offices/" + x.office.String() + "/terms/" + fresh() + "?new=1", "to", fr.T("groups.ends_before"), form("sex", "f", "from", "2018-01-01", "to", "2017-01-01")},
		"the term of a signature":     {"/organisations/" + x.organisation.String() + "/offices/" + x.office.String() + "/terms/" + x.term.String(), "from", "la période doit contenir cette date", form("sex", "f", "from", "2026-01-01")},
	} {
		before, err := n.Log.Count(ctx, n.DB)
		must(t, err)
		status, _, body := n.request(t, n.owner, "POST", c.path, c.form)
		if status != 422 || !strings.Contains(html.UnescapeString(body), c.says) {
			t.Errorf("%s: status %d, and the sentence %q is there: %v", what, status, c.says, strings.Contains(html.UnescapeString(body), c.says))
		}
		if c.field != "" && !strings.Contains(body, `id="f-`+c.field+`-error"`) {
			t.Errorf("%s: nothing stands beside %s", what, c.field)
		}
		if strings.Contains(c.form.Encode(), "gard") && !strings.Contains(html.UnescapeString(body), "Nom gardé") {
			t.Errorf("%s: what was typed is gone", what)
		}
		if after, _ := n.Log.Count(ctx, n.DB); after != before {
			t.Errorf("%s: %d facts written", what, after-before)
		}
	}
}

// An agreement covers as many places as it must, all in one save; what was ticked is ticked when the form comes back, and what
// is taken out is out.
func TestAgreementPlaces(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	path := "/agreements/" + id.New().String()
	tree, err := n.Places.Tree(ctx, n.DB)
	must(t, err)
	v := url.Values{"name_fr": {"Large"}, "code": {"WIDE"}, "kind": {"framework"}}
	for _, typ := range []string{"region", "province", "centre"} {
		for _, p := range tree.Of(typ)[:10] {
			v.Add("place", p.ID.String())
		}
	}
	wrong := url.Values{"place": v["place"]}
	status, _, body := n.request(t, n.owner, "POST", path+"/edit?new=1", wrong)
	if status != 422 || strings.Count(body, `name="place"`) < 90 {
		t.Errorf("status %d", status)
	}
	for _, p := range v["place"] {
		if !strings.Contains(body, `value="`+p+`" checked`) {
			t.Errorf("%s is not ticked any more", p)
		}
	}
	save := func(want int) {
		t.Helper()
		if status, _, body := n.request(t, n.owner, "POST", path+"/edit?new=1", v); status != 303 {
			t.Fatalf("status %d: %s", status, body)
		}
		l, _, err := n.Agreements.Page(ctx, n.DB, access.Everywhere(), agreement.Filter{Size: 1})
		must(t, err)
		if got := len(l[0].Places); got != want {
			t.Errorf("%d places, want %d", got, want)
		}
	}
	save(30)
	if _, _, body := n.request(t, n.owner, "GET", path+"/edit", nil); strings.Count(body, `name="place"`) < 90 || strings.Count(body, " checked") != 30 {
		t.Errorf("%d are ticked", strings.Count(body, " checked"))
	}
	v["place"] = v["place"][:1]
	save(1)
	v.Del("place")
	save(0)
}

// What is odd and may be so is kept, and said; amounts are read in any digits; a form sent twice is one thing.
func TestAgreementWarnings(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	x := n.agreedOn(t, "OURS", id.New())
	a, fr := "/agreements/"+x.agreement.String(), i18n.For(i18n.FR)
	early := "/agreements/" + id.New().String()
	form := url.Values{"name_fr": {"Tôt"}, "code": {"EARLY"}, "kind": {"framework"}, "signed": {"٢٠٢٥-٠٦"}, "from": {"2025-01-01"}}
	if status, _, body := n.request(t, n.owner, "POST", early+"/edit?new=1", form); status != 303 {
		t.Fatalf("status %d: %s", status, body)
	}
	if _, _, body := n.request(t, n.owner, "GET", early, nil); !strings.Contains(html.UnescapeString(body), fr.T("agree.warn.valid_before_signed", "from", fr.Date("2025-01-01"), "signed", fr.Period("202506"))) {
		t.Error("valid before it was signed, and nobody says so")
	}
	expense := a + "/money/" + id.New().String() + "?new=1&sort=expense"
	spent := url.Values{"of": {x.entry.String()}, "amount": {"١٬٢٣٤٫٥٠"}, "currency": {"MAD"}, "on": {"2026-02-01"}, "reference": {"F-1"}}
	for range 2 {
		if status, _, _ := n.request(t, n.owner, "POST", expense, spent); status != 303 {
			t.Fatalf("status %d", status)
		}
	}
	books, err := n.Agreements.Books(ctx, n.DB, x.agreement, "")
	must(t, err)
	if len(books.Lines) != 1 || books.Lines[0].Spent != 123450 {
		t.Errorf("spent %+v, not 1234.50 once", books.Lines)
	}
	if _, _, body := n.request(t, n.owner, "GET", a+"?tab=money", nil); !strings.Contains(html.UnescapeString(body), fr.T("agree.over_by", "amount", agreement.Money{Currency: "MAD", Amount: 123350}.Words(fr))) {
		t.Error("the line is over, and nobody says so")
	}
	owed := a + "/commitments/" + id.New().String() + "/edit?new=1"
	if status, _, _ := n.request(t, n.owner, "POST", owed, url.Values{"debtor": {x.organisation.String()}, "kind": {"report"}, "what_ar": {"تقرير"}, "due": {"2030-01-01"}}); status != 303 {
		t.Errorf("status %d", status)
	}
	if _, _, body := n.request(t, n.owner, "GET", a+"?tab=commitments", nil); !strings.Contains(body, fr.T("agree.warn.outside_short")) {
		t.Error("due outside of the validity, and nobody says so")
	}
}

// What a person cost does not depend on who reads it: of all who were reached at the places of the agreement, and at how many.
func TestCostIsTheSameForEveryReader(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}}, Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31"}}})
	must(t, err)
	n.quiet = true
	in, out := n.spot(t, "in", "MA-ERR-MJ1"), place.ID("MA-GUE-MJ1")
	must(t, n.Training.Take(ctx, id.Nil, access.Everywhere(), in.session, map[id.ID]string{in.person: training.Present}, "list"))
	for name, where := range map[string]id.ID{"1": place.ID("MA-ERR"), "0": out} {
		x := n.agreedOn(t, "COST"+name, programme.ID("P"))
		must(t, n.Agreements.Set(ctx, id.Nil, x.agreement, agreement.AgreementStated{Code: "COST" + name, Kind: agreement.Framework, Name: i18n.Text{i18n.FR: "COST"}, Signed: "2025-01-01", Programmes: []id.ID{programme.ID("P")}, Places: []id.ID{where, where}}))
		must(t, n.Agreements.SetEntry(ctx, id.Nil, id.New(), agreement.EntryStated{Agreement: x.agreement, Sort: agreement.Expense, Of: x.entry, Currency: "MAD", Amount: 100, On: "2026-02-01", Reference: "F", Programme: programme.ID("P")}))
		partner := n.open(t, access.Partner, access.Agreement(x.agreement), false)
		fr := i18n.For(i18n.FR)
		people := map[string]int{"1": 1, "0": 0}[name]
		want := fr.T("agree.cost_of", "people", fr.T("count.people", "n", people), "n", people)
		for who, acc := range map[string]*access.Account{"national": n.owner, "partner": partner} {
			if _, _, body := n.request(t, acc, "GET", "/agreements/"+x.agreement.String()+"?tab=money&lang=fr", nil); !strings.Contains(html.UnescapeString(body), want) {
				t.Errorf("%s does not read %q", who, want)
			}
		}
	}
}

// A renewal that was written down by mistake is taken back; past its end a tacit agreement runs on.
func TestRenewalTakenBack(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	x := n.agreedOn(t, "OURS", id.New()) // until 2027-01-01, tacit
	a, fr := "/agreements/"+x.agreement.String(), i18n.For(i18n.FR)
	if status, _, _ := n.request(t, n.owner, "POST", a+"/renew", url.Values{"on": {n.Today()}, "to": {"2030-01-01"}}); status != 303 {
		t.Fatal(status)
	}
	if _, _, body := n.request(t, n.owner, "GET", a+"?lang=fr", nil); !strings.Contains(body, fr.T("agree.renewal_undo")) {
		t.Error("no button takes the renewal back")
	}
	for range 2 { // the second finds nothing
		if status, _, _ := n.request(t, n.owner, "POST", a+"/renew/undo", url.Values{"to": {"2030-01-01"}}); status != 303 {
			t.Error(status)
		}
	}
	g, err := n.Agreements.Get(ctx, n.DB, access.Everywhere(), x.agreement)
	must(t, err)
	if g.Until != "2027-01-01" {
		t.Errorf("until %s", g.Until)
	}
	n.clock.Set(testnode.Epoch.AddDate(2, 0, 0))
	n.owner = n.renewed(t)
	if _, _, body := n.request(t, n.owner, "GET", a+"?lang=fr", nil); !strings.Contains(html.UnescapeString(body), fr.T("agree.warn.tacit", "date", fr.Date("2027-01-01"))) {
		t.Error("a tacit renewal is not said to run on")
	}
}

// renewed opens an account for who manages the node, whose role has run out.
func (n *node) renewed(t testing.TB) *access.Account {
	return n.open(t, access.National, access.Place(place.ID("MA")), false)
}

// Anybody reads the initiatives, and of this node's agreements those alone that are public; nobody is asked to sign in.
func TestInitiativesArePublic(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	must(t, n.Agreements.Set(ctx, id.Nil, id.New(), agreement.AgreementStated{Code: "SECRET", Kind: agreement.Framework, Name: i18n.Text{i18n.FR: "SECRET"}, Source: source.Source{Kind: "document", On: "2025"}}))
	status, _, body := n.request(t, nil, "GET", "/initiatives", nil)
	for _, want := range []string{"UNESCO", "L’Opinion", "27 décembre 2019", "Agenda 2063"} {
		if !strings.Contains(html.UnescapeString(body), want) {
			t.Errorf("%s is not there", want)
		}
	}
	if status != 200 || strings.Contains(body, "SECRET") {
		t.Errorf("status %d, an agreement that is not public shows: %v", status, strings.Contains(body, "SECRET"))
	}
}

// A paper is a PDF or a picture; it comes back as it went, to be kept and not shown.
func TestPapers(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	x := n.agreedOn(t, "OURS", id.New())
	send := func(b []byte) (int, string) {
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		f, err := m.CreateFormFile("file", "x.pdf")
		must(t, err)
		f.Write(b)
		m.Close()
		r, err := http.NewRequest("POST", n.srv.URL+"/agreements/"+x.agreement.String()+"/papers", &body)
		must(t, err)
		r.Header.Set("Content-Type", m.FormDataContentType())
		status, _, page := n.do(t, n.owner, r)
		return status, html.UnescapeString(page)
	}
	if status, _ := send([]byte("%PDF-1.7\nnew")); status != 303 {
		t.Errorf("a PDF: status %d", status)
	}
	if status, page := send([]byte("<script>alert(1)</script>")); status != 422 || !strings.Contains(page, i18n.For(i18n.FR).T("agree.fault.file_kind")) {
		t.Errorf("a page: status %d", status)
	}
	if status, _ := send(append([]byte("%PDF-1.7\n"), make([]byte, agreement.MaxPaper)...)); status != 422 && status != 413 {
		t.Errorf("a huge one: status %d", status)
	}
	status, _, got := n.request(t, n.owner, "GET", "/agreements/"+x.agreement.String()+"/papers/"+x.paper.String(), nil)
	if status != 200 || got != "%PDF-1.4\n" {
		t.Errorf("status %d, %q", status, got)
	}
}

// What there is not is not found, and no form begins it but where the address says that it is new.
func TestAgreementUnknown(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	x, other := n.agreedOn(t, "OURS", id.New()), n.agreedOn(t, "THEIRS", id.New())
	a, o := "/agreements/"+x.agreement.String(), "/organisations/"+x.organisation.String()
	office := o + "/offices/" + x.office.String()
	for path, of := range map[string]id.ID{
		"/agreements/%/edit": id.Nil, a + "/commitments/%/edit": other.commitment, a + "/money/%": other.entry, a + "/mandates/%/edit": other.mandate, a + "/decisions/%/edit": other.decision,
		"/organisations/%": id.Nil, o + "/offices/%": other.office, office + "/terms/%": other.term,
	} {
		at := func(v id.ID) string { return strings.Replace(path, "%", v.String(), 1) }
		for _, c := range []struct {
			path string
			want int
		}{{at(id.New()), 404}, {at(id.Nil), 404}, {at(of), 404}, {at(id.Nil) + "?new=1", 404}, {at(id.New()) + "?new=1", 200}} {
			if status, _, _ := n.request(t, n.owner, "GET", c.path, nil); status != c.want {
				t.Errorf("GET %s: status %d, not %d", c.path, status, c.want)
			}
			if c.want == 404 {
				if status, _, _ := n.request(t, n.owner, "POST", c.path, url.Values{}); status != 404 {
					t.Errorf("POST %s: status %d", c.path, status)
				}
			}
		}
		if of.IsNil() {
			continue
		}
		// What is another's is not taken over by saying that it is new.
		before, err := n.Log.Count(ctx, n.DB)
		must(t, err)
		if status, _, _ := n.request(t, n.owner, "POST", at(of)+"?new=1", url.Values{"remove": {"yes"}}); status == 303 {
			t.Errorf("POST %s of another agreement: taken", path)
		}
		if after, _ := n.Log.Count(ctx, n.DB); after != before {
			t.Errorf("POST %s of another agreement: %d facts", path, after-before)
		}
	}
}
