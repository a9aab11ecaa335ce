package teach

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"rsc.io/qr"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/picture"
	"tizi/internal/picture/marks"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/me"
)

func paperRoutes(d *door.Door) {
	d.Handle("GET /sessions/{session}/scan", access.TakeAttendance, scan)
	d.Handle("POST /sessions/{session}/paper", access.TakeAttendance, printed)
	d.Handle("POST /sessions/{session}/scan", access.TakeAttendance, scanned)
	d.Handle("POST /sessions/{session}/scan/confirm", access.TakeAttendance, scanConfirmed)
}

// MaxScan is how many bytes the files of one upload of sheets may have together.
const MaxScan = 32 << 20

// maxPages bounds how many pictures of one upload are read: a group has a page or two.
const maxPages = 8

// prefix begins what the codes of a sheet say, in the letters that make a code small: the id of the page, its number, and the
// corner that the code stands in.
const prefix = "TIZI:"

func codeText(p *training.Paper, corner int) string {
	return fmt.Sprintf("%s%s:%d:%d", prefix, strings.ToUpper(p.ID.Hex()), p.Page, corner)
}

// codeOf reads it back.
func codeOf(text string) (paper id.ID, corner int, ok bool) {
	parts := strings.Split(text, ":")
	if len(parts) != 4 || parts[0]+":" != prefix {
		return id.Nil, 0, false
	}
	paper, err := id.Parse(strings.ToLower(parts[1]))
	corner, err2 := strconv.Atoi(parts[3])
	return paper, corner, err == nil && err2 == nil
}

func scanView(a *door.Ask, s *training.Session) Scan {
	self := "/sessions/" + s.ID.String()
	v := Scan{Group: s.CohortName, Date: s.Date, From: s.Starts, To: s.Ends, ListURL: self, Action: self + "/scan", PrintAction: self + "/paper", MaxMB: MaxScan >> 20, Errors: map[string]string{}}
	switch {
	case s.Cancelled != "":
		v.Locked = a.P.T("attendance.cancelled")
	case s.Date > a.Today():
		v.Later = a.P.T("attendance.not_yet")
	}
	return v
}

func scan(a *door.Ask) error {
	s, err := asked(a)
	if err != nil {
		return err
	}
	return a.Render("teach/scan", scanView(a, s))
}

// printed shows the pages of a session's sheet, to be printed.
func printed(a *door.Ask) error {
	ctx := a.R.Context()
	s, err := asked(a)
	if err != nil {
		return err
	}
	v := scanView(a, s)
	people, err := seated(a, s.Cohort)
	if err != nil {
		return err
	}
	switch {
	case v.Locked != "":
		return a.Again("teach/scan", v)
	case len(people) == 0:
		v.Errors["print"] = a.P.T("attendance.none_text")
		return a.Again("teach/scan", v)
	}
	ids := make([]id.ID, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	rtl := a.Lang.Dir() == "rtl"
	pages, err := a.H.Training.Print(ctx, a.Actor(), a.Scope, s.ID, ids, rtl)
	if err != nil {
		return err
	}
	if err := a.H.Looks.Note(ctx, a.Actor(), look.Print, ids...); err != nil {
		return err
	}
	out := Papers{Group: s.CohortName, BackURL: v.Action}
	for n, p := range pages {
		one, err := paperPage(a, s, p, people[n*marks.MaxRows:])
		if err != nil {
			return err
		}
		out.Pages = append(out.Pages, one)
	}
	return a.Render("teach/paper", out)
}

// paperPage draws one page, in the reader's language.
func paperPage(a *door.Ask, s *training.Session, p *training.Paper, people []*person.Person) (PaperPage, error) {
	l := p.Layout()
	v := PaperPage{Dir: a.Lang.Dir(), Group: s.CohortName, When: a.P.T("common.colon", "label", a.P.DayMonth(s.Date), "value", "\u2066"+s.Starts+"–"+s.Ends+"\u2069"), Page: a.P.T("paper.page", "n", p.Page, "total", p.Pages), Half: marks.BoxSide / 2, Side: marks.BoxSide, Line: marks.BoxLine, NameX: 18, NumberX: 16}
	if p.RTL {
		v.NameX, v.NameAt, v.NumberX = marks.Width-18-100, 100, marks.Width-16
	}
	for c := range marks.Corners {
		d, n, err := me.QRPath(codeText(p, c), qr.Q, 0)
		if err != nil {
			return v, err
		}
		if n != marks.CodeModules {
			return v, fmt.Errorf("a code of a sheet has %d squares a side", n)
		}
		at := marks.Corner(c)
		v.Codes = append(v.Codes, PaperCode{at.X, at.Y, marks.CodeSide / float64(n), d})
	}
	for b, m := range training.Marks {
		key := "attendance." + words[m]
		if m == training.Excused {
			key = "attendance.excused_short"
		}
		v.Heads = append(v.Heads, PaperHead{l.Box(0, b).X, a.P.T(key)})
	}
	for r := range l.Rows {
		at := l.Box(r, 0)
		name, other := a.Names(people[r].Details)
		row := PaperRow{N: a.P.Number(int64((p.Page-1)*marks.MaxRows + r + 1)), Name: name, Other: other, Y: at.Y, Edge: at.Y + marks.RowHeight/2}
		for b := range marks.Boxes {
			row.Boxes = append(row.Boxes, l.Box(r, b).X-marks.BoxSide/2)
		}
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}

// stripWidth is how many pixels a row is shown with, and maxStrip how many bytes its picture may have on its way back.
const (
	stripWidth = 1100
	maxStrip   = 60 << 10
)

// refusal is why a picture is no sheet of this session; at is where it belongs, if that may be seen.
type refusal struct{ key, at string }

func (r refusal) Error() string { return r.key }

// readPage reads one picture.
func readPage(a *door.Ask, s *training.Session, b []byte) (*training.Paper, *marks.Sheet, error) {
	img, err := picture.Read(b)
	if errors.Is(err, picture.ErrLarge) {
		return nil, nil, refusal{key: "sheet.too_large"}
	}
	if err != nil {
		return nil, nil, refusal{key: "sheet.no_picture"}
	}
	gray := picture.Gray(img, 2600)
	found := map[id.ID][]marks.Code{}
	var of id.ID
	for _, c := range picture.Codes(gray) {
		v, corner, ok := codeOf(c.Text)
		if !ok {
			continue
		}
		code := marks.Code{Corner: corner}
		for i, f := range c.Finders {
			code.Finders[i] = marks.Point{X: f[0], Y: f[1]}
		}
		found[v], of = append(found[v], code), v
	}
	switch {
	case len(found) == 0:
		return nil, nil, refusal{key: "sheet.none"}
	case len(found) > 1:
		return nil, nil, refusal{key: "sheet.several"}
	}
	p, err := a.H.Training.Paper(a.R.Context(), a.H.DB, of)
	if errors.Is(err, training.ErrNoPaper) {
		return nil, nil, refusal{key: "sheet.unknown"}
	}
	if err != nil {
		return nil, nil, err
	}
	if p.Session != s.ID {
		r := refusal{key: "sheet.other_session"}
		if o, err := a.H.Training.Session(a.R.Context(), a.H.DB, a.Scope, p.Session); err == nil {
			r.at = o.CohortName + ", " + a.P.DayMonth(o.Date) + " " + o.Starts
		}
		return nil, nil, r
	}
	sheet, err := marks.Read(gray, found[of], p.Layout())
	switch {
	case errors.Is(err, marks.ErrCorners):
		return nil, nil, refusal{key: "sheet.cut"}
	case err != nil:
		return nil, nil, refusal{key: "sheet.bent"}
	}
	return p, sheet, nil
}

// uploaded are the pictures of an upload, at most maxPages and one more.
func uploaded(a *door.Ask) (out [][]byte, err error) {
	var tooLarge *http.MaxBytesError
	if err := a.R.ParseMultipartForm(8 << 20); errors.As(err, &tooLarge) {
		return nil, err
	}
	if a.R.MultipartForm == nil {
		return nil, nil
	}
	defer a.R.MultipartForm.RemoveAll()
	for _, h := range a.R.MultipartForm.File["file"] {
		f, err := h.Open()
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(f)
		f.Close()
		if err != nil {
			return nil, err
		}
		pages, err := picture.Pages(b)
		if err != nil {
			pages = [][]byte{b} // readPage says what is wrong with it
		}
		if out = append(out, pages...); len(out) > maxPages {
			break
		}
	}
	return out, nil
}

// scanned reads the sheets that were sent and proposes what they say. Nothing of it is kept: the page that is shown has the
// pictures of the doubtful rows in it, and no file was written.
func scanned(a *door.Ask) error {
	s, err := asked(a)
	if err != nil {
		return err
	}
	v := scanView(a, s)
	if v.Locked == "" && v.Later != "" {
		v.Locked = v.Later
	}
	files, err := uploaded(a)
	switch {
	case err != nil:
		return err
	case v.Locked != "":
		return a.Again("teach/scan", v)
	case len(files) == 0:
		v.Errors["file"] = a.P.T("consents.no_file")
		return a.Again("teach/scan", v)
	case len(files) > maxPages:
		v.Errors["file"] = a.P.T("sheet.many", "n", maxPages)
		return a.Again("teach/scan", v)
	}
	list, now, err := view(a, s)
	if err != nil {
		return err
	}
	out := proposal(s, list)
	done := map[id.ID]bool{}
	for n, b := range files {
		p, sheet, err := readPage(a, s, b)
		var no refusal
		if errors.As(err, &no) {
			said := a.P.T(no.key)
			if no.at != "" {
				said = a.P.T("sheet.other_session_at", "session", no.at)
			}
			if len(files) > 1 {
				said = a.P.T("common.colon", "label", a.P.T("sheet.picture", "n", n+1), "value", said)
			}
			out.Refused = append(out.Refused, said)
			continue
		}
		if err != nil {
			return err
		}
		if done[p.ID] {
			out.Refused = append(out.Refused, a.P.T("sheet.twice", "n", p.Page))
			continue
		}
		done[p.ID] = true
		if err := propose(a, &out, list, now, p, sheet); err != nil {
			return err
		}
	}
	if len(out.Rows) == 0 {
		v.Errors["file"] = strings.Join(append(out.Refused, out.Gone...), " ")
		return a.Again("teach/scan", v)
	}
	return a.Render("teach/scanned", out)
}

func proposal(s *training.Session, list Attendance) Scanned {
	self := "/sessions/" + s.ID.String()
	return Scanned{Group: s.CohortName, Date: s.Date, ListURL: self, ScanURL: self + "/scan", Action: self + "/scan/confirm", Version: list.Version, Errors: map[string]string{}}
}

// propose adds the rows of a page.
func propose(a *door.Ask, out *Scanned, list Attendance, now map[id.ID]string, p *training.Paper, sheet *marks.Sheet) error {
	for r, who := range p.People {
		i := slices.IndexFunc(list.Rows, func(l Learner) bool { return l.ID == who.String() })
		if i < 0 { // left the group since the sheet was printed
			out.Gone = append(out.Gone, a.P.T("sheet.left", "row", (p.Page-1)*marks.MaxRows+r+1))
			continue
		}
		if slices.ContainsFunc(out.Rows, func(x ScannedRow) bool { return x.ID == who.String() }) {
			continue // on two printings
		}
		l, got := list.Rows[i], sheet.Rows[r]
		row := ScannedRow{ID: l.ID, Name: l.Name, Other: l.Other, NoConsent: l.NoConsent}
		if now[who] != "" {
			row.Was = words[now[who]]
		}
		switch got.Doubt {
		case marks.Sure:
			row.Mark = words[training.Marks[got.Mark]]
		case marks.None:
			row.Doubt = "none"
		case marks.Several:
			row.Doubt = "several"
		default:
			row.Doubt = "unclear"
		}
		if row.Doubt != "" && !row.NoConsent {
			out.Asked++
			var b bytes.Buffer
			if err := jpeg.Encode(&b, sheet.Strip(r, stripWidth), &jpeg.Options{Quality: 55}); err != nil {
				return err
			}
			row.setStrip(base64.StdEncoding.EncodeToString(b.Bytes()))
		}
		out.Rows = append(out.Rows, row)
	}
	return nil
}

// setStrip gives a row its picture; what is none is left out.
func (r *ScannedRow) setStrip(encoded string) {
	b, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(b) > maxStrip {
		return
	}
	if _, kind, err := image.DecodeConfig(bytes.NewReader(b)); err == nil && kind == "jpeg" {
		r.Strip, r.Picture = encoded, template.URL("data:image/jpeg;base64,"+encoded)
	}
}

// scanConfirmed writes what somebody has looked at.
func scanConfirmed(a *door.Ask) error {
	s, err := asked(a)
	if err != nil {
		return err
	}
	list, now, err := view(a, s)
	if err != nil {
		return err
	}
	if list.Locked != "" {
		return a.Render("teach/attendance", list)
	}
	out := proposal(s, list)
	given := map[id.ID]string{}
	for _, l := range list.Rows {
		if !slices.Contains(a.R.PostForm["row"], l.ID) {
			continue
		}
		row := ScannedRow{ID: l.ID, Name: l.Name, Other: l.Other, NoConsent: l.NoConsent, Mark: a.R.PostFormValue("mark_" + l.ID)}
		who := id.MustParse(l.ID)
		row.Was = words[now[who]]
		if d := a.R.PostFormValue("doubt_" + l.ID); slices.Contains([]string{"none", "several", "unclear"}, d) {
			row.Doubt = d
			out.Asked++
			row.setStrip(a.R.PostFormValue("strip_" + l.ID))
		}
		switch m := letters[row.Mark]; {
		case l.NoConsent:
		case m != "":
			given[who] = m
		case row.Mark == "unmarked":
		default: // not answered, or with what was not offered
			row.Mark = ""
			out.Errors["mark_"+l.ID] = a.P.T("sheet.unanswered", "name", l.Name)
		}
		out.Rows = append(out.Rows, row)
	}
	if len(out.Rows) == 0 {
		v := scanView(a, s)
		v.Errors["file"] = a.P.T("consents.no_file")
		return a.Again("teach/scan", v)
	}
	if len(out.Errors) > 0 {
		return a.Again("teach/scanned", out)
	}
	if seen := a.R.PostFormValue("version"); seen != list.Version {
		out.Changed = a.P.T("attendance.changed")
		return a.Again("teach/scanned", out)
	}
	if err := a.H.Training.Take(a.R.Context(), a.Actor(), a.Scope, s.ID, given, "sheet"); err != nil {
		return unmarked(a, err, list.Action)
	}
	a.Notify("good", "attendance.saved")
	return a.Go(list.Action)
}
