package entry

import (
	"errors"
	"io/fs"
	"slices"

	"tizi/internal/access"
	"tizi/internal/course"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/web/door"
)

// packsView is what the devices of a centre keep. centre is Nil where none is chosen yet.
func packsView(a *door.Ask) (v Packs, centre id.ID, err error) {
	ctx := a.R.Context()
	v = Packs{BackURL: "/tablets", Action: "/tablets/packs", Centres: a.Centres(a.Scope), Centre: a.R.FormValue("centre"), Errors: map[string]string{}}
	if centre = a.CentreOf(a.Scope, v.Centre); centre.IsNil() {
		if v.Centre != "" {
			return v, centre, fs.ErrNotExist
		}
		return v, centre, nil
	}
	v.Centre, v.Name = centre.String(), a.PlaceName(centre)
	chosen, err := a.H.Learners.Packs(ctx, a.H.DB, centre)
	if err != nil {
		return v, centre, err
	}
	list, err := a.H.Courses.List(ctx, a.H.DB)
	if err != nil {
		return v, centre, err
	}
	titles := map[string]i18n.Text{}
	for _, c := range list {
		titles[c.Code] = c.Title
		bytes, err := a.H.Courses.Size(ctx, a.H.DB, c.ID)
		if err != nil {
			return v, centre, err
		}
		row := PackRow{Code: c.Code, Title: c.Title, MB: megabytes(bytes)}
		for _, l := range c.Languages {
			on := slices.Contains(chosen, learner.Pack{Course: c.Code, Lang: l})
			row.Langs = append(row.Langs, PackLang{l, on})
			row.Kept = row.Kept || on
		}
		v.Rows = append(v.Rows, row)
	}
	devices, err := a.H.Learners.Devices(ctx, a.H.DB, a.Scope)
	if err != nil {
		return v, centre, err
	}
	for _, d := range devices {
		if d.Centre != centre {
			continue
		}
		holds, err := a.H.Learners.Holdings(ctx, a.H.DB, d.ID)
		if err != nil {
			return v, centre, err
		}
		x := PackDevice{Name: d.Name}
		for _, h := range holds {
			t := titles[h.Course]
			if t == nil {
				t = i18n.Text{i18n.FR: h.Course}
			}
			x.Holds = append(x.Holds, PackHeld{t, h.Lang, megabytes(h.Bytes), a.Moment(h.Since)})
		}
		v.Devices = append(v.Devices, x)
	}
	return v, centre, nil
}

// megabytes rounds up: what is kept takes some room.
func megabytes(bytes int64) int { return int((bytes + 1<<20 - 1) >> 20) }

func packs(a *door.Ask) error {
	v, _, err := packsView(a)
	if err != nil {
		return err
	}
	return a.Render("entry/packs", v)
}

// packGiven says which languages of a course are kept. Without any it is asked for one: a course goes only by its own button.
func packGiven(a *door.Ask) error {
	ctx := a.R.Context()
	v, centre, err := packsView(a)
	if err != nil {
		return err
	}
	if centre.IsNil() {
		v.Errors["centre"] = a.P.T("error.choose", "field", a.P.T("place.centre"))
		return a.Again("entry/packs", v)
	}
	code := a.R.PostFormValue("course")
	c, err := a.H.Courses.Find(ctx, a.H.DB, code, 0)
	if errors.Is(err, course.ErrUnknown) {
		v.Errors["course"] = a.P.T("learning.unknown")
		return a.Again("entry/packs", v)
	}
	if err != nil {
		return err
	}
	var langs []i18n.Lang
	known := true
	for _, s := range a.R.PostForm["lang"] {
		l, ok := i18n.Parse(s)
		if known = known && ok && slices.Contains(c.Languages, l); known && !slices.Contains(langs, l) {
			langs = append(langs, l)
		}
	}
	key := "packs.kept"
	switch do := a.R.PostFormValue("do"); {
	case do == "drop":
		langs, key = nil, "packs.dropped"
	case do != "" && do != "keep", !known, len(langs) == 0:
		v.Errors["lang-"+code] = a.P.T("packs.choose")
		for i := range v.Rows {
			if r := &v.Rows[i]; r.Code == code {
				for j := range r.Langs {
					r.Langs[j].Chosen = slices.Contains(langs, r.Langs[j].Lang)
				}
			}
		}
		return a.Again("entry/packs", v)
	}
	if err := a.H.Learners.SetPacks(ctx, a.Actor(), a.Scope, centre, code, langs); err != nil {
		return err
	}
	a.Notify("good", key)
	return a.Go(door.With("/tablets/packs", "centre", centre.String()))
}

func packRoutes(d *door.Door) {
	d.Handle("GET /tablets/packs", access.EnrolDevices, packs)
	d.Handle("POST /tablets/packs", access.EnrolDevices, packGiven)
}
