package centre

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"tizi/internal/consent"
	"tizi/internal/family"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/web/door"
)

// MaxScans is how many bytes the files of one upload of scans may have together.
const MaxScans = 64 << 20

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func scansView(a *door.Ask) (Scans, error) {
	ctx := a.R.Context()
	v := Scans{Centres: a.Centres(a.Scope), MaxMB: MaxScans >> 20, Errors: map[string]string{}}
	list, err := a.H.Consents.Tray(ctx, a.H.DB, a.Scope)
	if err != nil {
		return v, err
	}
	for _, w := range list {
		r := ScanRow{URL: "/consents/scans/" + w.ID.String(), At: w.At.Format(time.DateOnly), Until: w.At.Add(consent.TrayLife).Format(time.DateOnly)}
		r.Picture = r.URL + "/page"
		if w.Form != nil {
			p, err := a.H.People.Get(ctx, a.H.DB, a.Scope, w.Form.Person)
			if err != nil {
				return v, err
			}
			if p != nil {
				r.Name, r.Other = a.Names(p.Details)
				for _, x := range w.Form.Purposes {
					r.Purposes = append(r.Purposes, string(x))
				}
			}
		}
		v.Rows = append(v.Rows, r)
	}
	return v, nil
}

func scans(a *door.Ask) error {
	v, err := scansView(a)
	if err != nil {
		return err
	}
	return a.Render("consents/scans", v)
}

func scansGiven(a *door.Ask) error {
	ctx := a.R.Context()
	var rep consent.Received
	// What is no form has no file, and the page says so; what is too large is said as such.
	var tooLarge *http.MaxBytesError
	if err := a.R.ParseMultipartForm(8 << 20); errors.As(err, &tooLarge) {
		return err
	}
	centre := a.CentreOf(a.Scope, a.R.FormValue("centre"))
	v, err := scansView(a)
	if err != nil {
		return err
	}
	v.Centre = a.R.FormValue("centre")
	if centre.IsNil() {
		v.Errors["centre"] = a.P.T("people.centre_missing")
	}
	if a.R.MultipartForm == nil || len(a.R.MultipartForm.File["file"]) == 0 {
		v.Errors["file"] = a.P.T("consents.no_file")
	}
	if len(v.Errors) > 0 {
		return a.Again("consents/scans", v)
	}
	defer a.R.MultipartForm.RemoveAll()
	for _, h := range a.R.MultipartForm.File["file"] {
		f, err := h.Open()
		if err != nil {
			return err
		}
		b, err := io.ReadAll(f)
		f.Close()
		if err != nil {
			return err
		}
		if err := a.H.Consents.Receive(ctx, a.Actor(), centre, b, &rep); err != nil {
			return err
		}
	}
	if rep.Pages > 0 {
		a.Notify("good", "scans.received", "n", rep.Pages)
	}
	if rep.Unread > 0 {
		a.Notify("wait", "scans.unread", "n", rep.Unread)
	}
	if n := rep.Refused + rep.TooLarge; n > 0 {
		a.Notify("help", "scans.refused", "n", n)
	}
	return a.Go("/consents/scans")
}

func askedScan(a *door.Ask) (*consent.Waiting, error) {
	v, err := a.ID("scan")
	if err != nil {
		return nil, err
	}
	w, err := a.H.Consents.Waits(a.R.Context(), a.H.DB, a.Scope, v)
	return w, notThere(err)
}

// notThere is what a page is that somebody else filed or dropped.
func notThere(err error) error {
	if errors.Is(err, consent.ErrNoFile) {
		return fs.ErrNotExist
	}
	return err
}

func scanPage(a *door.Ask) error {
	w, err := askedScan(a)
	if err != nil {
		return err
	}
	b, err := a.H.Consents.Page(a.R.Context(), a.H.DB, w)
	return picturesOf(a, b, err)
}

// scanView fills the form of a page: for the person that its code names, or the one that was chosen.
func scanView(a *door.Ask, w *consent.Waiting) (ScanForm, error) {
	ctx, self := a.R.Context(), "/consents/scans/"+w.ID.String()
	v := ScanForm{Picture: self + "/page", Action: self, DropAction: self + "/drop", ChooseURL: self + "?q=", Query: strings.TrimSpace(a.R.URL.Query().Get("q")), On: a.Today(), Relations: relations(a), States: map[string]string{}, Errors: map[string]string{}}
	chosen, err := id.Parse(a.R.FormValue("person"))
	if err != nil && w.Form != nil && !a.R.URL.Query().Has("q") {
		chosen = w.Form.Person
	}
	if !chosen.IsNil() {
		p, err := a.H.People.Get(ctx, a.H.DB, a.Scope, chosen)
		if err != nil {
			return v, err
		}
		if p != nil {
			v.Person, v.GivenBy = p.ID.String(), p.Details["guardian_name"]
			v.Name, v.Other = a.Names(p.Details)
			if v.Giver = consent.Giver(p.Details["birth"], v.On); v.Giver == consent.BySelf {
				v.Adult, v.GivenBy = true, ""
			}
			links, err := a.H.Family.GuardiansOf(ctx, a.H.DB, p.ID)
			if err != nil {
				return v, err
			}
			if len(links) > 0 && !v.Adult {
				v.GivenBy, v.Relation = links[0].Name, links[0].Relation
			}
		}
	}
	for _, p := range consent.Purposes {
		if w.Form == nil || w.Form.Person != chosen || slices.Contains(w.Form.Purposes, p) {
			v.Purposes = append(v.Purposes, string(p))
		}
	}
	if v.Person == "" && v.Query != "" {
		page, err := a.H.People.List(ctx, a.H.DB, a.Scope, person.Filter{Search: v.Query, Size: 12})
		if err != nil {
			return v, err
		}
		a.Shows(look.Search, look.Consents, page.People...)
		for _, p := range page.People {
			r := personRow(a, p)
			r.URL = door.With(self, "person", r.ID)
			v.Found = append(v.Found, r)
		}
	}
	return v, nil
}

func scan(a *door.Ask) error {
	w, err := askedScan(a)
	if err != nil {
		return err
	}
	v, err := scanView(a, w)
	if err != nil {
		return err
	}
	return a.Render("consents/scan", v)
}

func scanFiled(a *door.Ask) error {
	w, err := askedScan(a)
	if err != nil {
		return err
	}
	v, err := scanView(a, w)
	if err != nil {
		return err
	}
	v.GivenBy, v.Relation, v.Assent, v.On = strings.TrimSpace(a.R.PostFormValue("name")), given(a, "relation", family.Relations), given(a, "assent", consent.Assents), a.R.PostFormValue("on")
	if g := given(a, "giver", []string{consent.ByGuardian, consent.BySelf}); g != "" {
		v.Giver = g
	}
	list, states := statements(a, consent.Statement{Giver: v.Giver, Method: "paper", Assent: v.Assent, On: v.On, Who: consent.Who{Name: v.GivenBy, Relation: v.Relation}})
	v.States = states
	switch {
	case v.Person == "":
		v.Errors["q"] = a.P.T("scans.choose_person")
	case len(list) == 0:
		v.Errors["state_"+v.Purposes[0]] = a.P.T("consents.nothing")
	}
	if !isDay(v.On) {
		v.Errors["on"] = a.P.T("groups.date_wrong")
	}
	if e := a.TooLong(v.GivenBy); e != "" {
		v.Errors["name"] = e
	}
	if len(v.Errors) > 0 {
		return a.Again("consents/scan", v)
	}
	who := id.MustParse(v.Person)
	if err := a.H.Consents.File(a.R.Context(), a.Actor(), a.Scope, w, who, list); err != nil {
		if consentError(a, v.Errors, err) {
			return a.Again("consents/scan", v)
		}
		return notThere(err)
	}
	if err := a.H.Training.Review(a.R.Context(), a.Actor(), who, a.Today()); err != nil {
		return err
	}
	a.Notify("good", "consents.recorded")
	return a.Go("/consents/scans")
}

func scanDropped(a *door.Ask) error {
	w, err := askedScan(a)
	if err != nil {
		return err
	}
	if err := a.H.Consents.Drop(a.R.Context(), a.Actor(), w); err != nil {
		return notThere(err)
	}
	a.Notify("good", "scans.dropped")
	return a.Go("/consents/scans")
}

// filedScans shows the signed forms of a person, and with ?scan= the picture of one.
func filedScans(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	ctx, self := a.R.Context(), a.R.URL.Path
	if err := a.H.Looks.Note(ctx, a.Actor(), look.Scan, p.ID); err != nil {
		return err
	}
	if s := a.R.URL.Query().Get("scan"); s != "" {
		v, err := id.Parse(s)
		if err != nil {
			return fs.ErrNotExist
		}
		b, err := a.H.Consents.Scan(ctx, a.H.DB, p.ID, v)
		return picturesOf(a, b, err)
	}
	v := FiledScans{PersonURL: "/people/" + p.ID.String() + "/consent"}
	v.Name, _ = a.Names(p.Details)
	past, err := a.H.Consents.History(ctx, a.H.DB, p.ID)
	if err != nil {
		return err
	}
	at := map[id.ID]int{}
	for _, l := range past {
		if l.Scan.IsNil() {
			continue
		}
		i, ok := at[l.Scan]
		if !ok {
			i = len(v.Rows)
			at[l.Scan] = i
			v.Rows = append(v.Rows, FiledScan{Picture: door.With(self, "scan", l.Scan.String()), On: l.On})
		}
		v.Rows[i].Purposes = append(v.Rows[i].Purposes, string(l.Purpose))
	}
	return a.Render("consents/filed", v)
}
