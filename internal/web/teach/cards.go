package teach

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/card"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/picture"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/me"
	"tizi/internal/web/shell"
)

func cardRoutes(d *door.Door) {
	d.Handle("GET /groups/{group}/cards", access.MakeCards, cards)
	d.Handle("POST /groups/{group}/cards", access.MakeCards, cardsGiven)
	d.Handle("GET /groups/{group}/learners", access.MakeCards, signing)
	d.Handle("POST /groups/{group}/learners", access.MakeCards, signingGiven)
	d.Handle("GET /sessions/{session}/door", access.TakeAttendance, doorway)
	d.Handle("POST /sessions/{session}/door", access.TakeAttendance, doorwayGiven)
	d.Handle("POST /sessions/{session}/door/photo", access.TakeAttendance, doorwayPhoto)
}

// seated are the people of a group who have a seat, in the order of their names.
func seated(a *door.Ask, group id.ID) ([]*person.Person, error) {
	roster, err := a.H.Training.Roster(a.R.Context(), a.H.DB, group)
	if err != nil {
		return nil, err
	}
	var ids []id.ID
	for _, e := range roster {
		if slices.Contains([]string{training.Enrolled, training.Active, training.Completed}, e.State) {
			ids = append(ids, e.Person)
		}
	}
	return a.H.People.Of(a.R.Context(), a.H.DB, a.Scope, ids)
}

func askedCards(a *door.Ask) (Cards, []*person.Person, error) {
	ctx := a.R.Context()
	g, err := a.ID("group")
	if err != nil {
		return Cards{}, nil, err
	}
	c, err := a.H.Training.Cohort(ctx, a.H.DB, a.Scope, g, a.Today())
	if err != nil {
		return Cards{}, nil, err
	}
	v := Cards{Group: c.Name, GroupURL: "/groups/" + c.ID.String(), Chosen: map[string]bool{}, Errors: map[string]string{}}
	v.Action = v.GroupURL + "/cards"
	people, err := seated(a, c.ID)
	if err != nil {
		return v, nil, err
	}
	a.Shows(look.Listed, look.Group, people...)
	ids := make([]id.ID, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	since, err := a.H.Cards.Since(ctx, a.H.DB, ids)
	if err != nil {
		return v, nil, err
	}
	for _, p := range people {
		r := CardRow{ID: p.ID.String()}
		r.Name, r.Other = a.Names(p.Details)
		if at := since[p.ID]; !at.IsZero() {
			r.Since = at.Format(time.DateOnly)
		}
		v.Chosen[r.ID] = r.Since == ""
		v.Rows = append(v.Rows, r)
	}
	return v, people, nil
}

func cards(a *door.Ask) error {
	v, _, err := askedCards(a)
	if err != nil {
		return err
	}
	return a.Render("teach/cards", v)
}

// cardsGiven revokes the card of one of the group, or makes those of the chosen and shows them to be printed.
func cardsGiven(a *door.Ask) error {
	v, people, err := askedCards(a)
	if err != nil {
		return err
	}
	ctx := a.R.Context()
	if s := a.R.PostFormValue("revoke"); s != "" {
		i := slices.IndexFunc(people, func(p *person.Person) bool { return p.ID.String() == s })
		if i < 0 {
			return fs.ErrNotExist
		}
		if err := a.H.Cards.Revoke(ctx, a.Scope, people[i].ID); err != nil {
			return err
		}
		a.Notify("good", "cards.revoked")
		return a.Go(v.Action)
	}
	var chosen []*person.Person
	var ids []id.ID
	if chosen, ids, v.Chosen, err = chosenOf(a, people); err != nil {
		return err
	}
	if len(ids) == 0 {
		v.Errors["person"] = a.P.T("cards.nobody")
		return a.Again("teach/cards", v)
	}
	made, err := a.H.Cards.Make(ctx, a.Actor(), a.Scope, ids)
	if err != nil {
		return err
	}
	if err := a.H.Looks.Note(ctx, a.Actor(), look.Print, ids...); err != nil {
		return err
	}
	sheet := CardSheet{Group: v.Group, BackURL: v.Action}
	for i, c := range made {
		one, err := cardOf(a, chosen[i], c)
		if err != nil {
			return err
		}
		sheet.Cards = append(sheet.Cards, one)
	}
	return a.Render("teach/cardsheet", sheet)
}

// cardOf is somebody's card as it is printed.
func cardOf(a *door.Ask, p *person.Person, c card.Card) (one PrintedCard, err error) {
	one.Number = c.Number[:4] + " " + c.Number[4:]
	one.Name, one.Other = a.Names(p.Details)
	one.QR, err = me.QR(c.Token)
	return one, err
}

// chosenOf returns those of some people whom a form names, each once, in its order.
func chosenOf(a *door.Ask, people []*person.Person) (chosen []*person.Person, ids []id.ID, marked map[string]bool, err error) {
	marked = map[string]bool{}
	for _, s := range a.R.PostForm["person"] {
		i := slices.IndexFunc(people, func(p *person.Person) bool { return p.ID.String() == s })
		if i < 0 { // of another group, or gone from this one since the form was shown
			return nil, nil, nil, fs.ErrNotExist
		}
		if !marked[s] {
			marked[s] = true
			chosen, ids = append(chosen, people[i]), append(ids, people[i].ID)
		}
	}
	return chosen, ids, marked, nil
}

// lates are after how many minutes somebody is late, and lateAfter what holds until somebody says otherwise.
var lates = []int{0, 5, 10, 15, 20, 30, 45, 60}

const lateAfter = 10

// shownArrivals is how many of those who came last stand at the door.
const shownArrivals = 8

// doorView fills the screen of a session's door. late is how many minutes were chosen.
func doorView(a *door.Ask) (Doorway, *training.Session, int, error) {
	ctx := a.R.Context()
	s, err := asked(a)
	if err != nil {
		return Doorway{}, nil, 0, err
	}
	self := "/sessions/" + s.ID.String()
	v := Doorway{Group: s.CohortName, Date: s.Date, From: s.Starts, To: s.Ends, Here: s.Here(), Expected: s.Expected, Action: self + "/door", PhotoAction: self + "/door/photo", ListURL: self, CardsURL: "/groups/" + s.Cohort.String() + "/cards", Late: strconv.Itoa(lateAfter), Errors: map[string]string{}}
	if !a.May(access.MakeCards) {
		v.CardsURL = ""
	}
	late := lateAfter
	for _, n := range lates {
		v.Lates = append(v.Lates, shell.Option{Value: strconv.Itoa(n), Label: a.P.T("door.late_after", "n", n)})
	}
	if given := a.R.FormValue("late"); given != "" {
		v.Late = door.Text(given)
		if shell.Offers(v.Lates, given) {
			late, _ = strconv.Atoi(given)
		} else {
			v.Errors["late"] = a.P.T("error.choose", "field", a.P.T("door.late"))
		}
	}
	switch {
	case s.Cancelled != "":
		v.Locked = a.P.T("attendance.cancelled")
	case s.Date > a.Today():
		v.Locked = a.P.T("attendance.not_yet")
	case s.Date < a.Today():
		v.Locked = a.P.T("door.over")
	}
	list, err := a.H.Training.Arrivals(ctx, a.H.DB, s.ID)
	if err != nil {
		return v, s, late, err
	}
	list = list[:min(len(list), shownArrivals)]
	ids := make([]id.ID, len(list))
	for i, x := range list {
		ids[i] = x.Person
	}
	people, err := a.H.People.Of(ctx, a.H.DB, a.Scope, ids)
	if err != nil {
		return v, s, late, err
	}
	a.Shows(look.Listed, look.Sheet, people...)
	for _, x := range list {
		if i := slices.IndexFunc(people, func(p *person.Person) bool { return p.ID == x.Person }); i >= 0 {
			r := ArrivalRow{ID: x.Person.String(), Mark: words[x.Mark], At: x.At.Format("15:04")}
			r.Name, r.Other = a.Names(people[i].Details)
			v.Rows = append(v.Rows, r)
		}
	}
	return v, s, late, nil
}

func doorway(a *door.Ask) error {
	v, _, _, err := doorView(a)
	if err != nil {
		return err
	}
	if v.Errors["late"] != "" {
		v.Late, v.Errors = strconv.Itoa(lateAfter), map[string]string{}
	}
	return a.Render("teach/door", v)
}

func doorwayGiven(a *door.Ask) error {
	v, s, late, err := doorView(a)
	if err != nil {
		return err
	}
	if v.Locked != "" {
		return a.Again("teach/door", v)
	}
	if s := a.R.PostFormValue("undo"); s != "" {
		return departs(a, v, s)
	}
	v.Code = a.R.PostFormValue("code")
	if e := a.TooLong(v.Code); e != "" {
		v.Errors["code"] = e
	} else if strings.TrimSpace(v.Code) == "" {
		v.Errors["code"] = a.P.T("door.nothing")
	}
	if len(v.Errors) > 0 {
		return a.Again("teach/door", v)
	}
	return arrives(a, v, s, late, v.Code)
}

// doorwayPhoto takes the photo of a card: a telephone without a reader, or a browser without scripts, has nothing else.
func doorwayPhoto(a *door.Ask) error {
	if err := a.R.ParseMultipartForm(picture.MaxBytes); err == nil {
		defer a.R.MultipartForm.RemoveAll()
	}
	v, s, late, err := doorView(a)
	if err != nil {
		return err
	}
	if v.Locked != "" {
		return a.Again("teach/door", v)
	}
	code := ""
	if f, _, err := a.R.FormFile("file"); err == nil {
		b, err := io.ReadAll(io.LimitReader(f, picture.MaxBytes+1))
		f.Close()
		if err != nil {
			return err
		}
		switch img, err := picture.Read(b); {
		case errors.Is(err, picture.ErrLarge):
			v.Errors["file"] = a.P.T("sheet.too_large")
		case err != nil:
			v.Errors["file"] = a.P.T("door.no_picture")
		default:
			if code = picture.Code(img); code == "" {
				v.Errors["file"] = a.P.T("door.no_code")
			}
		}
	} else {
		v.Errors["file"] = a.P.T("consents.no_file")
	}
	if len(v.Errors) > 0 {
		return a.Again("teach/door", v)
	}
	return arrives(a, v, s, late, code)
}

// back is the door again, with what was chosen on it.
func (v Doorway) back() string { return door.With(v.Action, "late", v.Late) }

// departs takes the mark of a card back.
func departs(a *door.Ask, v Doorway, who string) error {
	p, err := id.Parse(who)
	if err != nil {
		return fs.ErrNotExist
	}
	s, err := a.ID("session")
	if err != nil {
		return err
	}
	switch err := a.H.Training.Depart(a.R.Context(), a.Actor(), a.Scope, s, p); {
	case errors.Is(err, training.ErrNotOnList): // somebody else took it back
		a.Notify("help", "door.undone_already")
	case err != nil:
		return err
	default:
		a.Notify("good", "door.undone")
	}
	return a.Go(v.back())
}

// arrives counts whoever has a card as here, and says so, or why not.
func arrives(a *door.Ask, v Doorway, s *training.Session, late int, code string) error {
	ctx := a.R.Context()
	wrong := func(key string, args ...any) error {
		v.Errors["code"] = a.P.T(key, args...)
		return a.Again("teach/door", v)
	}
	who, err := a.H.Cards.Whose(ctx, a.H.DB, code)
	switch {
	case errors.Is(err, card.ErrCode):
		return wrong("door.no_card")
	case errors.Is(err, card.ErrUnknown):
		return wrong("door.unknown")
	case errors.Is(err, card.ErrEnded):
		return wrong("door.ended")
	case err != nil:
		return err
	}
	name := a.P.T("door.somebody") // until one knows that the reader may see who it is
	people, err := a.H.People.Of(ctx, a.H.DB, a.Scope, []id.ID{who})
	if err != nil {
		return err
	}
	if len(people) > 0 {
		a.Shows(look.Listed, look.Sheet, people...)
		name, _ = a.Names(people[0].Details)
	}
	mark, now := training.Present, a.H.Log.Clock.Now()
	if t, err := time.Parse("15:04", s.Starts); err == nil && now.Hour()*60+now.Minute() > t.Hour()*60+t.Minute()+late {
		mark = training.Late
	}
	stood, err := a.H.Training.Arrive(ctx, a.Actor(), a.Scope, s, who, mark)
	switch {
	case errors.Is(err, training.ErrNotOnList):
		return wrong("door.other_group", "name", name)
	case errors.Is(err, training.ErrEarly):
		return wrong("attendance.not_yet")
	case errors.Is(err, training.ErrNoConsent):
		return wrong("door.no_consent", "name", name)
	case err != nil:
		return err
	case stood != "":
		a.Notify("info", "door.again", "name", name)
	case mark == training.Late:
		a.Notify("wait", "door.came_late", "name", name, "hour", now.Format("15:04"))
	default:
		a.Notify("good", "door.came", "name", name)
	}
	return a.Go(v.back())
}
