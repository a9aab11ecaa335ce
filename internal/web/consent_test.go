package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rsc.io/qr"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/family"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// programmeP is the programme that spots are in.
func (n *node) programmeP(t testing.TB) {
	t.Helper()
	_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}},
		Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 14}}})
	must(t, err)
}

// mother opens an account of a guardian of a child.
func (n *node) mother(t testing.TB, child id.ID) *access.Account {
	t.Helper()
	v, err := n.Family.Welcome(ctx, id.Nil, access.Everywhere(), child, family.Who{Name: "Aïcha", Phone: id.New().Hex()[20:], Relation: "mother"}, "en", true, true)
	must(t, err)
	acc, err := n.Access.Get(ctx, n.DB, v)
	must(t, err)
	return acc
}

// send posts a form with files.
func (n *node) send(t testing.TB, acc *access.Account, path string, fields map[string]string, files ...[]byte) (int, string, string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, v := range fields {
		m.WriteField(k, v)
	}
	for i, f := range files {
		w, err := m.CreateFormFile("file", fmt.Sprint("file", i))
		must(t, err)
		w.Write(f)
	}
	m.Close()
	r, err := http.NewRequest("POST", n.srv.URL+path, &b)
	must(t, err)
	r.Header.Set("Content-Type", m.FormDataContentType())
	return n.do(t, acc, r)
}

// holding returns the files of the node's folder that hold some bytes.
func (n *node) holding(t testing.TB, what []byte) (out []string) {
	t.Helper()
	must(t, filepath.WalkDir(n.Config.Dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		if err == nil && bytes.Contains(b, what) {
			out = append(out, p)
		}
		return err
	}))
	return out
}

// blobs returns the contents of the node's files.
func (n *node) blobs(t testing.TB) (out [][]byte) {
	t.Helper()
	must(t, filepath.WalkDir(filepath.Join(n.Config.Dir, "blobs"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		out = append(out, b)
		return err
	}))
	return out
}

// A guardian withdraws the consent to images: the photo is gone from the pages, from the files, and its key with it.
func TestPhotoGoesWithItsConsent(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		child, err := n.People.Register(ctx, id.Nil, place.ID("MA-ERR-MJ1"), person.Details{"first_latin": "Lina", "birth": "2015-01-06"}, nil)
		must(t, err)
		page := "/people/" + child.String()
		var shot bytes.Buffer
		img := image.NewRGBA(image.Rect(0, 0, 40, 40))
		img.Set(3, 3, color.RGBA{250, 10, 20, 255})
		must(t, png.Encode(&shot, img))

		if _, to, _ := n.send(t, n.owner, page+"/photo", nil, shot.Bytes()); to != page {
			t.Errorf("sent to %q", to)
		}
		if len(n.blobs(t)) != 0 {
			t.Fatal("a photo is kept that nobody agreed to")
		}
		n.agree(t, child, consent.Image)
		n.send(t, n.owner, page+"/photo", nil, shot.Bytes())
		status, _, portrait := n.request(t, n.owner, "GET", page+"/photo", nil)
		if status != 200 || !strings.HasPrefix(portrait, "\xff\xd8\xff") || strings.Contains(portrait, "PNG") {
			t.Fatalf("the photo: status %d, %d bytes", status, len(portrait))
		}
		files := n.blobs(t)
		if len(files) != 1 {
			t.Fatalf("%d files instead of 1", len(files))
		}
		if len(n.holding(t, []byte(portrait[:200]))) != 0 {
			t.Error("the photo lies open on the disk")
		}
		var keys int
		count := func() int {
			_, err := store.One(ctx, n.DB, "SELECT count(*) FROM seal_key", nil, &keys)
			must(t, err)
			return keys
		}
		mother := n.mother(t, child)
		before := count()
		mine := "/children/" + child.String()
		if status, _, _ := n.request(t, mother, "GET", mine+"/photo", nil); status != 200 {
			t.Errorf("the mother sees no photo: %d", status)
		}
		if status, to, body := n.request(t, mother, "POST", mine+"/consent", url.Values{"purpose": {"image"}, "state": {"withdrawn"}}); status != 303 {
			t.Fatalf("withdrawn: %d to %q: %s", status, to, body)
		}
		for _, at := range []struct {
			acc  *access.Account
			path string
		}{{n.owner, page + "/photo"}, {mother, mine + "/photo"}} {
			if status, _, _ := n.request(t, at.acc, "GET", at.path, nil); status != 404 {
				t.Errorf("%s: status %d", at.path, status)
			}
		}
		for _, path := range []string{page, mine} {
			if _, _, body := n.request(t, map[bool]*access.Account{true: n.owner, false: mother}[path == page], "GET", path, nil); strings.Contains(body, page+"/photo\"") || strings.Contains(body, "<img") {
				t.Errorf("%s still shows a photo", path)
			}
		}
		if left := n.blobs(t); len(left) != 0 {
			t.Errorf("%d files are left", len(left))
		}
		if found := n.holding(t, files[0][40:120]); len(found) != 0 {
			t.Errorf("bytes of the photo's file are left in %v", found)
		}
		if count() != before-1 {
			t.Errorf("%d keys, %d before: the photo's is left", keys, before)
		}
		rep, err := n.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Error(rep.Faults)
		}
	})
}

// A child that was written down twice is one: where its guardian takes a consent back, it ends for both records, and so do
// the photo and the seat that stood on it.
func TestConsentEndsForAllRecords(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		other := n.spot(t, "in", "MA-ERR-MJ1")
		child, err := n.People.Register(ctx, id.Nil, other.centre, person.Details{"first_latin": "Lina", "birth": "2015-01-06"}, nil)
		must(t, err)
		n.agree(t, child, consent.Training)
		must(t, n.People.Merge(ctx, n.owner.ID, access.Everywhere(), child, other.person, "papers"))
		files := len(n.blobs(t)) // the photo, and what an activity of the spot put out
		mother := n.mother(t, child)
		self := "/children/" + child.String()
		for _, p := range []string{"training", "image"} {
			if status, to, body := n.request(t, mother, "POST", self+"/consent", url.Values{"purpose": {p}, "state": {"withdrawn"}}); status != 303 {
				t.Fatalf("withdrawn: %d to %q: %s", status, to, body)
			}
		}
		if status, _, _ := n.request(t, n.owner, "GET", "/people/"+other.person.String()+"/photo", nil); status != 404 {
			t.Errorf("the photo of the other record: status %d", status)
		}
		if left := n.blobs(t); len(left) != files-1 {
			t.Errorf("%d files are left of %d", len(left), files)
		}
		for _, p := range []consent.Purpose{consent.Training, consent.Image} {
			if has, err := n.Consents.Has(ctx, n.DB, other.person, p); err != nil || has {
				t.Errorf("%s still stands for the other record: %v", p, err)
			}
		}
		l, err := n.Training.OfPerson(ctx, n.DB, access.Everywhere(), other.person)
		must(t, err)
		if len(l) != 1 || l[0].State != training.Waitlisted || l[0].Reason != training.NoConsent {
			t.Errorf("the seat of the other record: %+v", l)
		}
		rep, err := n.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Error(rep.Faults)
		}
	})
}

// A guardian sees their own child and nobody else's; what was looked at is said to them.
func TestGuardianSeesOwnChildOnly(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		mine, other := n.spot(t, "Mine", "MA-ERR-MJ1"), n.spot(t, "Other", "MA-ERR-MJ1")
		mother := n.mother(t, mine.person)
		for _, path := range []string{"", "/consent", "/photo"} {
			if status, _, _ := n.request(t, mother, "GET", "/children/"+mine.person.String()+path, nil); status != 200 {
				t.Errorf("own%s: %d", path, status)
			}
			if status, _, _ := n.request(t, mother, "GET", "/children/"+other.person.String()+path, nil); status != 404 {
				t.Errorf("another's%s: %d", path, status)
			}
		}
		for _, path := range []string{"/messages", "/fetchers", "/consent"} {
			form := url.Values{"text": {"x"}, "name": {"x"}, "purpose": {"image"}, "state": {"withdrawn"}}
			if status, _, _ := n.request(t, mother, "POST", "/children/"+other.person.String()+path, form); status != 404 {
				t.Errorf("another's%s, posted: %d", path, status)
			}
		}
		for _, path := range []string{"/people", "/people/" + mine.person.String(), "/groups", "/consents", "/messages"} {
			if status, _, _ := n.request(t, mother, "GET", path, nil); status != 403 {
				t.Errorf("%s: %d", path, status)
			}
		}
		if ok, err := n.Consents.Has(ctx, n.DB, other.person, consent.Image); err != nil || !ok {
			t.Error("a stranger withdrew", err)
		}
		if _, _, body := n.request(t, mother, "GET", "/children", nil); !strings.Contains(body, "PMine") || strings.Contains(body, "POther") {
			t.Error("the list of children")
		}
		// Who looked.
		n.request(t, n.owner, "GET", "/people/"+mine.person.String(), nil)
		n.request(t, n.owner, "GET", "/people/"+mine.person.String(), nil)
		seen, err := n.Looks.Seen(ctx, n.DB, []id.ID{mine.person}, 10)
		must(t, err)
		if len(seen) != 1 || seen[0].Account != n.owner.ID || seen[0].Action != look.Read {
			t.Errorf("looks: %+v", seen)
		}
		if _, _, body := n.request(t, mother, "GET", "/children/"+mine.person.String(), nil); !strings.Contains(body, "Nadia") {
			t.Error("the mother is not told who looked")
		}
		n.clock.Move(look.Life + time.Hour)
		must(t, n.Looks.Note(ctx, n.owner.ID, look.Read, other.person))
		if seen, err = n.Looks.Seen(ctx, n.DB, []id.ID{mine.person}, 10); err != nil || len(seen) != 0 {
			t.Errorf("looks are not pruned: %+v %v", seen, err)
		}
	})
}

// Who agreed on paper, and whose form nobody scanned, is on a list until somebody files it.
func TestListOfUnscannedForms(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		for _, name := range []string{"Paper", "Screen"} {
			p, err := n.People.Register(ctx, n.owner.ID, place.ID("MA-ERR-MJ1"), person.Details{"first_latin": name}, nil)
			must(t, err)
			must(t, n.Consents.Record(ctx, n.owner.ID, access.Everywhere(), p, []consent.Statement{{Purpose: consent.Training, State: consent.Given, Giver: consent.ByGuardian, Method: strings.ToLower(name), On: "2026-03-01", Who: consent.Who{Name: "A parent"}}}))
		}
		if _, _, body := n.request(t, n.owner, "GET", "/consents?lack=scan", nil); !strings.Contains(body, "Paper") || strings.Contains(body, "Screen") {
			t.Error("the list does not show who has no scan, and nobody else")
		}
	})
}

// A form that is sent twice makes one guardian.
func TestGuardianSentTwice(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		p, err := n.People.Register(ctx, n.owner.ID, place.ID("MA-ERR-MJ1"), person.Details{"first_latin": "Amina"}, nil)
		must(t, err)
		for range 2 {
			if status, _, _ := n.request(t, n.owner, "POST", "/people/"+p.String()+"/guardians", url.Values{"name": {"Fatna"}, "phone": {"0612345678"}, "fetch": {"yes"}}); status != 303 {
				t.Errorf("status %d", status)
			}
		}
		l, err := n.Family.Guardians(ctx, n.DB, p)
		must(t, err)
		accounts, err := n.Access.Guardians(ctx, n.DB, place.ID("MA-ERR-MJ1"), "", 10)
		must(t, err)
		if len(l) != 1 || len(accounts) != 1 {
			t.Errorf("%d guardians, %d accounts", len(l), len(accounts))
		}
	})
}

// A card and a PIN let a guardian in, until they are cancelled; wrong PINs are bounded.
func TestCardOfAGuardian(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		s := n.spot(t, "in", "MA-ERR-MJ1")
		mother := n.mother(t, s.person)
		all := access.Everywhere()
		card, err := n.Family.MakeCard(ctx, all, s.person, mother.ID)
		must(t, err)
		enter := func(form url.Values) bool {
			status, to, _ := n.request(t, nil, "POST", "/card", form)
			return status == 303 && to == "/children"
		}
		byCard, byPIN := url.Values{"card": {card.Token}}, url.Values{"code": {strings.ToLower(card.Code[:4] + " " + card.Code[4:])}, "pin": {card.PIN}}
		if !enter(byCard) || !enter(byPIN) {
			t.Error("a card or a PIN does not let in")
		}
		if enter(url.Values{"card": {card.Token + "x"}}) || enter(url.Values{"code": byPIN["code"], "pin": {"x"}}) || enter(url.Values{}) {
			t.Error("anything lets in")
		}
		if len(n.holding(t, []byte(card.Token))) != 0 || len(n.holding(t, []byte(card.PIN+"$"))) != 0 {
			t.Error("the token lies open on the disk")
		}
		for range access.MaxTries {
			enter(url.Values{"code": byPIN["code"], "pin": {"000"}})
		}
		if enter(byPIN) {
			t.Error("PINs can be guessed without end")
		}
		n.clock.Move(access.TryWindow + time.Minute)
		if !enter(byPIN) {
			t.Error("locked for ever")
		}
		next, err := n.Family.MakeCard(ctx, all, s.person, mother.ID)
		must(t, err)
		if enter(byCard) || !enter(url.Values{"card": {next.Token}}) {
			t.Error("a new card does not replace the old one")
		}
		must(t, n.Family.Unlink(ctx, n.owner.ID, all, s.person, mother.ID))
		if enter(url.Values{"card": {next.Token}}) {
			t.Error("somebody who answers for no child still has a card")
		}
		if status, _, _ := n.request(t, mother, "GET", "/children/"+s.person.String(), nil); status != 303 { // to the sign-in
			t.Errorf("no longer a guardian: %d", status)
		}
	})
}

// A card opens an account without a passphrase or a second factor, so it never opens what somebody does who works here,
// whoever says that they answer for a child.
func TestNoCardOpensTheTeam(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		s := n.spot(t, "in", "MA-ERR-MJ1")
		all, here := access.Everywhere(), access.Place(s.centre)
		manager, boss := n.open(t, access.Centre, here, false), n.open(t, access.National, access.Place(place.ID("MA")), false)
		must(t, n.Access.Grant(ctx, n.owner, boss.ID, access.Guardian, here, false))
		guardians := "/people/" + s.person.String() + "/guardians"
		if status, to, _ := n.request(t, manager, "POST", guardians, url.Values{"account": {boss.ID.String()}}); status != 303 || to != guardians {
			t.Fatalf("linked: status %d to %q", status, to)
		}
		status, _, body := n.request(t, manager, "POST", guardians+"/change", url.Values{"guardian": {boss.ID.String()}, "do": {"card"}})
		if status != 303 || strings.Contains(body, "svg") {
			t.Errorf("a manager of a centre has a card of who runs the country: status %d", status)
		}
		if _, err := n.Family.MakeCard(ctx, all, s.person, boss.ID); !errors.Is(err, family.ErrStaff) {
			t.Errorf("a card for the team: %v", err)
		}
		// One whose card is older than the role.
		mother := n.mother(t, s.person)
		card, err := n.Family.MakeCard(ctx, all, s.person, mother.ID)
		must(t, err)
		must(t, n.Access.Grant(ctx, n.owner, mother.ID, access.Helper, here, false))
		if status, to, _ := n.request(t, nil, "POST", "/card", url.Values{"card": {card.Token}}); status != 422 {
			t.Errorf("a card opens a role: status %d to %q", status, to)
		}
	})
}

// What is no text is left out of what was typed, however a form is packed: PostgreSQL refuses it.
func TestFormInPartsIsCleaned(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		status, to, body := n.send(t, n.owner, "/people/new", map[string]string{"given": "Am\x00i\x01na", "birth": "2015-01-06", "sex": "f", "not_double": "1", "centre": place.ID("MA-ERR-MJ1").String()})
		if status != 303 {
			t.Fatalf("status %d: %s", status, body)
		}
		if _, _, body := n.request(t, n.owner, "GET", to, nil); !strings.Contains(body, "Amina") {
			t.Error("the name is not the one that was typed")
		}
	})
}

// A printed form comes back as a scan, finds its child, and is recorded when somebody confirms it; one without a readable
// code is filed by hand.
func TestFormComesBack(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		all := access.Everywhere()
		child, err := n.People.Register(ctx, id.Nil, place.ID("MA-ERR-MJ1"), person.Details{"first_latin": "Yanis", "last_latin": "Zeroual", "birth": "2014-01-06", "guardian_name": "Omar Zeroual"}, nil)
		must(t, err)
		if _, _, body := n.request(t, n.owner, "GET", "/consents", nil); !strings.Contains(body, "Yanis") {
			t.Error("who lacks a consent is not on the list")
		}
		_, _, printed := n.request(t, n.owner, "POST", "/consents/print", url.Values{"person": {child.String()}, "purpose": {"training", "image"}, "lang": {"ar"}})
		if !strings.Contains(printed, `dir="rtl"`) || !strings.Contains(printed, "Yanis") || !strings.Contains(printed, `class="qr"`) {
			t.Error("the printed form")
		}
		forms, err := n.Consents.Print(ctx, n.owner.ID, all, []id.ID{child}, []consent.Purpose{consent.Training, consent.Image}, i18n.AR)
		must(t, err)
		if code := forms[0].Code(); strings.Contains(code, "Yanis") || strings.Contains(code, child.Hex()) {
			t.Error("the code names the child")
		}
		must(t, err)
		_, err = n.Consents.Publish(ctx, n.owner.ID, consent.TextPublished{Purpose: consent.Training, Text: i18n.Text{i18n.FR: "Autre texte", i18n.AR: "نص آخر"}})
		must(t, err)
		c, err := qr.Encode(forms[0].Code(), qr.M)
		must(t, err)
		page := image.NewGray(image.Rect(0, 0, 800, 1100))
		for y := range 1100 {
			for x := range 800 {
				page.SetGray(x, y, color.Gray{240})
				if qx, qy := x-500, y-60; qx >= 0 && qy >= 0 && qx/6 < c.Size && qy/6 < c.Size && c.Black(qx/6, qy/6) {
					page.SetGray(x, y, color.Gray{20})
				}
			}
		}
		var scan bytes.Buffer
		must(t, png.Encode(&scan, page))
		if status, to, body := n.send(t, n.owner, "/consents/scans", map[string]string{"centre": place.ID("MA-ERR-MJ1").String()}, scan.Bytes(), picture(t), []byte("no picture")); status != 303 {
			t.Fatalf("sent: %d %s %s", status, to, body)
		}
		tray, err := n.Consents.Tray(ctx, n.DB, all)
		must(t, err)
		if len(tray) != 2 || tray[0].Form == nil || tray[0].Form.Person != child || tray[1].Form != nil {
			t.Fatalf("the tray: %+v", tray)
		}
		self := "/consents/scans/" + tray[0].ID.String()
		if _, _, body := n.request(t, n.owner, "GET", self, nil); !strings.Contains(body, "Yanis") || strings.Contains(body, "state_research") {
			t.Error("the page of a scan does not show whose it is and what it asks for")
		}
		if ok, _ := n.Consents.Has(ctx, n.DB, child, consent.Training); ok {
			t.Error("recorded before anybody confirmed")
		}
		if status, _, _ := n.request(t, n.owner, "POST", self, url.Values{"person": {child.String()}, "name": {"Omar Zeroual"}, "on": {"2026-03-02"}}); status != 422 {
			t.Errorf("nothing ticked: %d", status)
		}
		if status, _, body := n.request(t, n.owner, "POST", self, url.Values{"person": {child.String()}, "state_training": {"given"}, "state_image": {"refused"}, "name": {"Omar Zeroual"}, "on": {"2026-03-02"}, "assent": {"yes"}}); status != 303 {
			t.Fatalf("filed: %d %s", status, body)
		}
		of, err := n.Consents.Of(ctx, n.DB, child)
		must(t, err)
		if of[0].State != consent.Given || of[0].Method != "paper" || of[0].Who.Name != "Omar Zeroual" || of[0].Assent != "yes" || of[0].Scan.IsNil() || of[1].State != consent.Refused {
			t.Errorf("recorded: %+v", of)
		}
		if of[0].Text != forms[0].Texts[0] {
			t.Error("recorded with other words than those on the paper")
		}
		if _, _, body := n.request(t, n.owner, "GET", "/people/"+child.String()+"/scans", nil); !strings.Contains(body, of[0].Scan.String()) {
			t.Error("the scan is not in the file")
		}
		status, _, b := n.request(t, n.owner, "GET", "/people/"+child.String()+"/scans?scan="+of[0].Scan.String(), nil)
		if status != 200 || !strings.HasPrefix(b, "\xff\xd8\xff") {
			t.Errorf("the scan: %d", status)
		}
		// By hand.
		self = "/consents/scans/" + tray[1].ID.String()
		if _, _, body := n.request(t, n.owner, "GET", self+"?q=zeroual", nil); !strings.Contains(body, "person="+child.String()) {
			t.Error("the child is not found for a scan without a code")
		}
		if status, _, _ := n.request(t, n.owner, "POST", self+"/drop", nil); status != 303 {
			t.Error("not dropped")
		}
		if left := n.blobs(t); len(left) != 1 {
			t.Errorf("%d files instead of the one filed", len(left))
		}
		// One that waits when the child is erased says the name too, and goes with the rest.
		n.send(t, n.owner, "/consents/scans", map[string]string{"centre": place.ID("MA-ERR-MJ1").String()}, scan.Bytes())
		second := n.open(t, access.National, access.Place(place.ID("MA")), false)
		r, err := n.Access.Propose(ctx, n.owner.ID, all, access.Proposed{Action: access.ErasePeople, Centre: place.ID("MA-ERR-MJ1"), Subjects: []id.ID{child}, Reason: "asked"})
		must(t, err)
		must(t, n.Access.Confirm(ctx, second.ID, all, r))
		if tray, err = n.Consents.Tray(ctx, n.DB, all); err != nil || len(tray) != 0 {
			t.Errorf("the tray of who is erased: %+v %v", tray, err)
		}
		if left := n.blobs(t); len(left) != 0 {
			t.Errorf("%d files are left of who is erased", len(left))
		}
	})
}

// Without a consent to the training nobody has a seat or a mark; with it they come in, and without it they leave again.
func TestTrainingAsksForConsent(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		s := n.spot(t, "in", "MA-ERR-MJ1")
		child, err := n.People.Register(ctx, id.Nil, s.centre, person.Details{"first_latin": "Late", "birth": "2015-01-06"}, nil)
		must(t, err)
		n.request(t, n.owner, "POST", "/groups/"+s.group.String()+"/add", url.Values{"person": {child.String()}})
		state := func() string {
			l, err := n.Training.OfPerson(ctx, n.DB, access.Everywhere(), child)
			must(t, err)
			return l[0].State + " " + l[0].Reason
		}
		if got := state(); got != "waitlisted consent" {
			t.Errorf("placed without a consent: %s", got)
		}
		if _, _, body := n.request(t, n.owner, "GET", "/groups/"+s.group.String(), nil); !strings.Contains(body, "/consents?centre=") {
			t.Error("the group does not say who waits")
		}
		marks := map[id.ID]string{child: training.Present}
		if err := n.Training.Take(ctx, id.Nil, access.Everywhere(), s.session, marks, "list"); err == nil {
			t.Error("marked without a consent")
		}
		form := url.Values{"state_training": {"given"}, "giver": {"guardian"}, "method": {"spoken"}, "name": {"Fatna"}, "on": {"2026-03-02"}}
		if status, _, _ := n.request(t, n.owner, "POST", "/people/"+child.String()+"/consent", form); status != 422 {
			t.Errorf("spoken without a witness: %d", status)
		}
		form.Set("witness", "Hassan")
		if status, _, body := n.request(t, n.owner, "POST", "/people/"+child.String()+"/consent", form); status != 303 {
			t.Fatalf("recorded: %d %s", status, body)
		}
		if got := state(); got != "enrolled " {
			t.Errorf("with a consent: %s", got)
		}
		must(t, n.Training.Take(ctx, id.Nil, access.Everywhere(), s.session, marks, "list"))
		mother := n.mother(t, child)
		n.request(t, mother, "POST", "/children/"+child.String()+"/consent", url.Values{"purpose": {"training"}, "state": {"withdrawn"}})
		if got := state(); got != "waitlisted consent" {
			t.Errorf("withdrawn: %s", got)
		}
	})
}

// What somebody has not read is counted beside the menu's entry and stands bold, for the reader alone, until it was shown.
func TestUnread(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		s := n.spot(t, "in", "MA-ERR-MJ1")
		mother, other := n.mother(t, s.person), n.mother(t, s.person)
		v, err := n.Access.Open(ctx, id.Nil, access.Newcomer{Name: "Colleague", Login: "colleague", Role: access.Centre, On: access.Place(s.centre), Stream: "hub"})
		must(t, err)
		colleague, err := n.Access.Get(ctx, n.DB, v)
		must(t, err)
		page, mine := "/people/"+s.person.String(), "/children/"+s.person.String()
		count := regexp.MustCompile(`class="nav-count" aria-hidden="true">(\d+)<`)
		waits := func(who *access.Account, path, want string) string {
			t.Helper()
			_, _, body := n.request(t, who, "GET", path, nil)
			got := ""
			if m := count.FindStringSubmatch(body); m != nil {
				got = m[1]
			}
			if got != want {
				t.Errorf("%s of %s: %q unread, want %q", path, who.Name, got, want)
			}
			return body
		}
		send := func(to *access.Account, text string) {
			n.request(t, n.owner, "POST", page+"/messages", url.Values{"guardian": {to.ID.String()}, "text": {text}})
		}
		waits(mother, "/children", "")
		send(mother, "un")
		send(mother, "deux")
		if b := waits(mother, "/children", "2"); !strings.Contains(b, mine+"#messages") {
			t.Error("the list of children does not say which has messages")
		}
		waits(other, "/children", "") // another guardian's
		waits(n.owner, "/people", "") // one's own
		if b := waits(mother, mine, ""); strings.Count(b, "letter-new") != 2 {
			t.Error("new messages are not marked")
		}
		if b := waits(mother, mine, ""); strings.Contains(b, "letter-new") {
			t.Error("what was read is marked")
		}
		n.request(t, mother, "POST", mine+"/messages", url.Values{"text": {"trois"}})
		for _, who := range []*access.Account{n.owner, colleague} {
			if b := waits(who, "/messages", "1"); !strings.Contains(b, `class="unread"`) {
				t.Error("the list does not mark it")
			}
		}
		if b := waits(n.owner, page+"/messages", ""); strings.Count(b, "letter-new") != 1 {
			t.Error("the conversation does not mark it")
		}
		waits(n.owner, "/messages", "")
		waits(colleague, "/people", "1") // has not seen it
		send(mother, "quatre")
		waits(colleague, "/people", "") // somebody answered
		waits(mother, "/children", "1")
		rep, err := n.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Error(rep.Faults)
		}
	})
}

// A guardian answers a centre; what a centre reads aloud is played; the words are data with versions.
func TestWordsBetweenCentreAndGuardian(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	n.programmeP(t)
	s := n.spot(t, "in", "MA-ERR-MJ1")
	mother := n.mother(t, s.person)
	page, mine := "/people/"+s.person.String(), "/children/"+s.person.String()
	n.request(t, n.owner, "POST", page+"/messages", url.Values{"guardian": {mother.ID.String()}, "text": {"Samedi à dix heures"}})
	if _, _, body := n.request(t, mother, "GET", mine, nil); !strings.Contains(body, "Samedi à dix heures") {
		t.Error("the message did not come")
	}
	n.request(t, mother, "POST", mine+"/messages", url.Values{"text": {"D’accord, merci"}})
	for _, path := range []string{"/messages", page + "/messages"} {
		if _, _, body := n.request(t, n.owner, "GET", path, nil); !strings.Contains(body, "D’accord, merci") {
			t.Errorf("%s: the answer did not come", path)
		}
	}
	if len(n.holding(t, []byte("accord, merci"))) != 0 {
		t.Error("a message lies open on the disk")
	}
	if _, _, body := n.request(t, mother, "GET", mine+"/consent", nil); strings.Contains(body, "<audio") {
		t.Error("a button to listen, and nothing to hear")
	}
	text := consent.FirstText(consent.Training)
	n.send(t, n.owner, "/consents/recordings", map[string]string{"text": text.String(), "centre": s.centre.String(), "voice": "ary"}, []byte("no sound at all"))
	if l, _ := n.Consents.Recordings(ctx, n.DB, text, s.centre); len(l) != 0 {
		t.Error("anything is a recording")
	}
	n.send(t, n.owner, "/consents/recordings", map[string]string{"text": text.String(), "centre": s.centre.String(), "voice": "ary"}, []byte("ID3\x04 a voice"))
	l, err := n.Consents.Recordings(ctx, n.DB, text, s.centre)
	must(t, err)
	if len(l) != 1 {
		t.Fatalf("%d recordings", len(l))
	}
	if _, _, body := n.request(t, mother, "GET", mine+"/consent", nil); !strings.Contains(body, "/recordings/"+l[0].ID.String()) {
		t.Error("nothing to listen to")
	}
	if status, _, b := n.request(t, mother, "GET", "/recordings/"+l[0].ID.String(), nil); status != 200 || b != "ID3\x04 a voice" {
		t.Errorf("the recording: %d %q", status, b)
	}
	if status, _, _ := n.request(t, n.owner, "POST", "/consents/texts/new?purpose=image", url.Values{"text_fr": {"Nouveaux mots"}}); status != 422 {
		t.Errorf("a text without Arabic: %d", status)
	}
	n.request(t, n.owner, "POST", "/consents/texts/new?purpose=image", url.Values{"text_fr": {"Nouveaux mots"}, "text_ar": {"كلمات"}})
	_, _, body := n.request(t, n.owner, "GET", "/consents/texts", nil)
	if !strings.Contains(body, "Nouveaux mots") || !strings.Contains(body, "photographier votre enfant") {
		t.Error("a version is missing")
	}
	if _, _, body := n.request(t, mother, "GET", mine+"/consent", nil); strings.Contains(body, "Nouveaux mots") {
		t.Error("who agreed reads other words than those agreed to")
	}
}

// A guardian reads what an adult child answered and cannot answer; the desk is offered the person's own answer.
func TestGuardianOfAnAdultAnswersForNobody(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		centre := place.ID("MA-ERR-MJ1")
		p, err := n.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": "Salma", "birth": "2005-01-06", "guardian_name": "Fatna"}, nil)
		must(t, err)
		mother := n.mother(t, p)
		page := "/children/" + p.String() + "/consent"
		if _, _, body := n.request(t, mother, "GET", page, nil); !strings.Contains(body, "18 ans ou plus") || strings.Contains(body, `value="given"`) {
			t.Error("the page of the guardian does not say why, or offers to answer")
		}
		if status, _, body := n.request(t, mother, "POST", page, url.Values{"purpose": {"training"}, "state": {"given"}}); status != 422 || !strings.Contains(body, "18 ans ou plus") {
			t.Errorf("a guardian answers for an adult: %d", status)
		}
		page = "/people/" + p.String() + "/consent"
		if _, _, body := n.request(t, n.owner, "GET", page, nil); !strings.Contains(body, `value="self" checked`) || strings.Contains(body, `value="Fatna"`) {
			t.Error("the desk is not offered the answer of the person")
		}
		form := url.Values{"state_training": {"given"}, "giver": {"guardian"}, "method": {"paper"}, "name": {"Fatna"}, "on": {n.Today()}}
		if status, _, body := n.request(t, n.owner, "POST", page, form); status != 422 || !strings.Contains(body, "À partir de 18 ans") {
			t.Errorf("the desk notes a guardian's answer: %d", status)
		}
		form.Set("giver", "self")
		if status, _, _ := n.request(t, n.owner, "POST", page, form); status != 303 {
			t.Errorf("the desk notes the person's answer: %d", status)
		}
		for who, want := range map[id.ID][2]bool{p: {false, true}, n.spot(t, "in", "MA-ERR-MJ1").person: {true, false}} {
			status, _, body := n.request(t, n.owner, "POST", "/consents/print", url.Values{"person": {who.String()}, "purpose": {"training"}, "lang": {"fr"}})
			if got := [2]bool{strings.Contains(body, "parent ou tuteur</dt>"), strings.Contains(body, `"paper-child">Personne`)}; got != want {
				t.Errorf("the printed form asks for a guardian's name, or names a person: %v, want %v (%d)", got, want, status)
			}
		}
	})
}

// What a guardian is shown holds for the person, whichever record somebody looked at; what they wrote and is refused comes
// back, and the end of a line is one character.
func TestGuardianOfTwoRecords(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		s := n.spot(t, "in", "MA-ERR-MJ1")
		must(t, n.People.Merge(ctx, n.owner.ID, access.Everywhere(), s.person, s.other, "papers"))
		mother := n.mother(t, s.person)
		page := "/children/" + s.person.String()
		n.request(t, n.owner, "GET", "/people/"+s.other.String(), nil)
		if _, _, body := n.request(t, mother, "GET", page, nil); !strings.Contains(body, "Nadia") {
			t.Error("the mother is not told who looked at the other record")
		}
		long := strings.Repeat("é", family.MaxMessage-2)
		if status, _, body := n.request(t, mother, "POST", page+"/messages", url.Values{"text": {"mon long mot " + long}}); status != 422 || !strings.Contains(body, "mon long mot") {
			t.Errorf("a message that is too long: %d, or its text is lost", status)
		}
		if status, _, _ := n.request(t, mother, "POST", page+"/messages", url.Values{"text": {"a\r\n" + long}}); status != 303 {
			t.Errorf("a message of just as many characters as it may have: %d", status)
		}
		l, err := n.Family.Messages(ctx, n.DB, s.person, id.Nil)
		must(t, err)
		if len(l) != 1 || l[0].Text != "a\n"+long {
			t.Errorf("%d messages", len(l))
		}
	})
}

// Whoever prints forms comes back to the list as it was narrowed, also when nothing was chosen.
func TestPrintingKeepsTheFilter(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	n.programmeP(t)
	n.spot(t, "in", "MA-ERR-MJ1")
	list := "/consents?centre=MA-ERR-MJ1&lack=scan&purpose=image"
	_, _, body := n.request(t, n.owner, "GET", "/consents?centre=MA-ERR-MJ1&purpose=research&lack=", nil)
	action := "/consents/print?centre=MA-ERR-MJ1&amp;purpose=research"
	if !strings.Contains(body, action) {
		t.Error("the form does not say what the list is narrowed to")
	}
	if status, to, _ := n.request(t, n.owner, "POST", strings.Replace(list, "?", "/print?", 1), url.Values{"lang": {"fr"}}); status != 303 || to != list {
		t.Errorf("nothing chosen: %d to %q, want %q", status, to, list)
	}
}
