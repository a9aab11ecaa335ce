package web_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// leaf is a printed page, drawn from what the browser was sent, and where its boxes stand.
type leaf struct {
	img   *image.Gray
	boxes [][]image.Rectangle
}

const dots = 7 // a millimetre

var (
	codeOnPage = regexp.MustCompile(`translate\(([\d.]+) ([\d.]+)\) scale\(([\d.]+)\)"><path d="([^"]+)"`)
	square     = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1`)
	boxOnPage  = regexp.MustCompile(`<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" fill="none"`)
)

func drawn(t testing.TB, body string) (out []leaf) {
	t.Helper()
	f := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		must(t, err)
		return v
	}
	at := func(x float64) int { return int(x*dots + .5) }
	for _, page := range strings.Split(body, `<svg class="leaf"`)[1:] {
		l := leaf{img: image.NewGray(image.Rect(0, 0, 210*dots, 297*dots))}
		draw.Draw(l.img, l.img.Rect, image.White, image.Point{}, draw.Src)
		fill := func(r image.Rectangle) { draw.Draw(l.img, r, image.Black, image.Point{}, draw.Src) }
		for _, c := range codeOnPage.FindAllStringSubmatch(page, -1) {
			x0, y0, s := f(c[1]), f(c[2]), f(c[3])
			for _, q := range square.FindAllStringSubmatch(c[4], -1) {
				x, y, w := f(q[1]), f(q[2]), f(q[3])
				fill(image.Rect(at(x0+x*s), at(y0+y*s), at(x0+(x+w)*s), at(y0+(y+1)*s)))
			}
		}
		for _, b := range boxOnPage.FindAllStringSubmatch(page, -1) {
			r := image.Rect(at(f(b[1])), at(f(b[2])), at(f(b[1])+f(b[3])), at(f(b[2])+f(b[4])))
			fill(r.Inset(-dots / 4))
			draw.Draw(l.img, r.Inset(dots/4), image.White, image.Point{}, draw.Src)
			if n := len(l.boxes); n == 0 || len(l.boxes[n-1]) == 4 {
				l.boxes = append(l.boxes, nil)
			}
			l.boxes[len(l.boxes)-1] = append(l.boxes[len(l.boxes)-1], r)
		}
		out = append(out, l)
	}
	return out
}

// cross ticks a box with a pen.
func (l leaf) cross(row, box int) {
	r := l.boxes[row][box].Inset(8)
	for i := range r.Dx() {
		for w := range 5 {
			l.img.SetGray(r.Min.X+i+w, r.Min.Y+i, color.Gray{40})
			l.img.SetGray(r.Max.X-i+w, r.Min.Y+i, color.Gray{40})
		}
	}
}

func (l leaf) jpeg(t testing.TB, part image.Rectangle) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, jpeg.Encode(&b, l.img.SubImage(part), &jpeg.Options{Quality: 80}))
	return b.Bytes()
}

// TestPaper prints the sheet of a session, ticks it, sends it back as a picture, looks at what was read and confirms it.
func TestPaper(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		s, _ := n.class(t, "Amina", "Brahim", "Chama", "Driss")
		all, at := access.Everywhere(), "/sessions/"+s.session.String()
		n.clock.Set(time.Date(2026, 3, 2, 12, 0, 0, 0, testnode.Epoch.Location()))
		helper := n.open(t, access.Helper, access.Place(s.centre), false)
		send := func(path string, files ...[]byte) (int, string) {
			t.Helper()
			var form bytes.Buffer
			m := multipart.NewWriter(&form)
			for _, b := range files {
				f, err := m.CreateFormFile("file", "sheet.jpg")
				must(t, err)
				f.Write(b)
			}
			m.Close()
			r, err := http.NewRequest("POST", n.srv.URL+path, &form)
			must(t, err)
			r.Header.Set("Content-Type", m.FormDataContentType())
			status, _, body := n.do(t, helper, r)
			return status, body
		}
		print := func(path string) []leaf {
			t.Helper()
			status, _, body := n.request(t, helper, "POST", path+"/paper", nil)
			if status != 200 {
				t.Fatalf("print: status %d", status)
			}
			return drawn(t, body)
		}
		facts := func() int64 {
			v, err := n.Log.Count(ctx, n.DB)
			must(t, err)
			return v
		}
		pages := print(at)
		before := facts()
		again := print(at)
		if facts() != before || len(pages) != 1 || len(pages[0].boxes) != 5 {
			t.Fatalf("%d pages, %d rows, and printing again wrote %d facts", len(pages), len(pages[0].boxes), facts()-before)
		}
		l := pages[0]
		whole := l.img.Rect
		// The rows of the paper, by the page that is shown when nothing is marked.
		status, body := send(at+"/scan", l.jpeg(t, whole))
		ids := regexp.MustCompile(`name="row" value="([^"]+)"`).FindAllStringSubmatch(body, -1)
		if status != 200 || len(ids) != 5 || strings.Count(body, "Aucune case") != 5 || strings.Count(body, "data:image/jpeg;base64,") != 5 {
			t.Fatalf("an empty sheet: status %d, %d rows", status, len(ids))
		}
		people := make([]id.ID, 5)
		for i, m := range ids {
			people[i] = id.MustParse(m[1])
		}
		for r, b := range []int{0, 1, 2, 3} {
			l.cross(r, b)
		}
		l.cross(4, 0)
		l.cross(4, 3)
		marks := n.marksOf(t, s.session, people)
		status, body = send(at+"/scan", l.jpeg(t, whole))
		if status != 200 || strings.Count(body, " checked") != 4 || strings.Count(body, "Plusieurs cases") != 1 || !strings.Contains(body, "1 ligne n’est pas claire") {
			t.Errorf("a sheet: status %d, %d marks", status, strings.Count(body, " checked"))
		}
		if facts() != before || n.marksOf(t, s.session, people) != marks {
			t.Error("something is written before anybody confirmed")
		}
		field := func(name string) string {
			m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(body)
			if m == nil {
				t.Fatalf("no field %s", name)
			}
			return strings.ReplaceAll(m[1], "&#43;", "+")
		}
		form := url.Values{"version": {field("version")}}
		for i, w := range []string{"present", "late", "excused", "absent"} {
			form.Set("mark_"+people[i].String(), w)
		}
		for _, p := range people {
			form.Add("row", p.String())
		}
		last := people[4].String()
		form.Set("doubt_"+last, field("doubt_"+last))
		form.Set("strip_"+last, field("strip_"+last))
		confirm := func(what string, want int, sentence string) string {
			t.Helper()
			status, _, body := n.request(t, helper, "POST", at+"/scan/confirm", form)
			if status != want || !strings.Contains(body, sentence) {
				t.Errorf("%s: status %d, %q there: %v", what, status, sentence, strings.Contains(body, sentence))
			}
			return body
		}
		if body := confirm("a doubtful row without an answer", 422, "choisissez une case"); !strings.Contains(body, "data:image/jpeg;base64,") || strings.Count(body, " checked") != 4 {
			t.Error("what was chosen, or the picture, is lost")
		}
		form.Set("mark_"+last, "perhaps")
		confirm("an answer that was not offered", 422, "choisissez une case")
		form.Set("mark_"+last, "unmarked")
		form.Set("strip_"+last, "PHN2Zy8+")
		must(t, n.Training.Take(ctx, id.Nil, all, s.session, map[id.ID]string{people[0]: training.Late}, "list"))
		if body := confirm("somebody else saved meanwhile", 422, "entre-temps"); strings.Contains(body, "data:image") {
			t.Error("a picture that is none is shown")
		} else {
			form.Set("version", regexp.MustCompile(`name="version" value="([^"]*)"`).FindStringSubmatch(body)[1])
		}
		confirm("confirmed", 303, "")
		// The spot had its person absent before: unmarked says nothing of them.
		want := strings.Split("p-l-e-a-"+strings.Split(marks, "-")[4]+"-", "-")
		if got := n.marksOf(t, s.session, people); got != strings.Join(want, "-") {
			t.Errorf("marks %s, not %s", got, strings.Join(want, "-"))
		}
		// What is no sheet, or not this one.
		refused := func(what, sentence string, files ...[]byte) {
			t.Helper()
			before := facts()
			if status, body := send(at+"/scan", files...); status != 422 || !strings.Contains(body, sentence) || facts() != before {
				t.Errorf("%s: status %d, %q there: %v", what, status, sentence, strings.Contains(body, sentence))
			}
		}
		refused("nothing", "Choisissez")
		refused("a picture of something else", "n’est reconnue", picture(t))
		refused("no picture", "ni une photo", []byte("GIF89a"))
		refused("half a sheet", "coins", l.jpeg(t, image.Rect(0, 0, whole.Dx(), whole.Dy()/2)))
		refused("too many", "8 pages", [][]byte{picture(t), picture(t), picture(t), picture(t), picture(t), picture(t), picture(t), picture(t), picture(t)}...)
		near := n.spot(t, "near", "MA-ERR-MJ1")
		status, _, other := n.request(t, helper, "POST", "/sessions/"+near.session.String()+"/paper", nil)
		if status != 200 {
			t.Fatal(status)
		}
		o := drawn(t, other)[0]
		refused("the sheet of another session", "G near", o.jpeg(t, whole))
		far := n.spot(t, "out", "MA-CAS-MJ1")
		_, _, other = n.request(t, n.owner, "POST", "/sessions/"+far.session.String()+"/paper", nil)
		refused("the sheet of a session that one may not see", "autre séance", drawn(t, other)[0].jpeg(t, whole))
		if _, body := send(at+"/scan", drawn(t, other)[0].jpeg(t, whole)); strings.Contains(body, "G out") {
			t.Error("a sheet tells of a group of another centre")
		}
		// One of two is good: it is read, and the other one is said; the same one twice is read once.
		if status, body := send(at+"/scan", l.jpeg(t, whole), o.jpeg(t, whole), again[0].jpeg(t, whole)); status != 200 || !strings.Contains(body, "Image 2") || !strings.Contains(body, "deux fois") {
			t.Errorf("a good one among others: status %d", status)
		}
		scan := append(append([]byte("%PDF-1.7\n1 0 obj<<>>stream\n"), l.jpeg(t, whole)...), "\nendstream"...)
		if status, body := send(at+"/scan", scan); status != 200 || strings.Count(body, " checked") != 4 {
			t.Errorf("a scan as PDF: status %d", status)
		}
		// Who left since is said, and who has no consent any more cannot be marked.
		must(t, n.Consents.Record(ctx, n.owner.ID, all, people[1], []consent.Statement{{Purpose: consent.Training, State: consent.Withdrawn, Giver: consent.ByGuardian, Method: "paper", On: "2026-03-02", Who: consent.Who{Name: "A parent"}}}))
		status, body = send(at+"/scan", l.jpeg(t, whole))
		if status != 200 || strings.Count(body, "<fieldset class=\"marks marks-5\"") != 5 || strings.Count(body, " disabled") != 1 {
			t.Errorf("without consent: status %d, %d of %d", status, strings.Count(body, " disabled"), strings.Count(body, "<fieldset"))
		}
		if rep, err := n.Check(ctx, nil); err != nil || !rep.OK {
			t.Errorf("check: %v %v", rep, err)
		}
	})
}
