package entry

import (
	"errors"
	"io"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/card"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/picture"
	"tizi/internal/training"
	"tizi/internal/web/door"
)

// Routes adds the routes of this door.
func Routes(d *door.Door) {
	d.Handle("GET /door", door.Public, front)
	d.Handle("POST /door", door.Public, cardGiven)
	d.Handle("POST /door/photo", door.Public, photoGiven)
	d.Handle("GET /door/number", door.Public, number)
	d.Handle("POST /door/number", door.Public, numberGiven)
	d.Handle("GET /door/group/{group}", door.Public, faces)
	d.Handle("GET /door/group/{group}/{avatar}", door.Public, pick)
	d.Handle("POST /door/group/{group}/{avatar}", door.Public, pickGiven)
	d.Handle("POST /door/out", door.Public, out)
	d.Handle("POST /door/here", access.Learn, here)
	d.Handle("GET /door/in", access.Learn, in)
	d.Handle("GET /door/password", access.Learn, password)
	d.Handle("POST /door/password", access.Learn, passwordGiven)
	tabletRoutes(d)
	packRoutes(d)
}

// enrolled returns the device that the browser is, or nil, and whether the learners of its centre can come in here.
func enrolled(a *door.Ask) (*learner.Device, error) {
	return a.H.Learners.DeviceOf(a.R.Context(), a.DeviceToken())
}

// wrong says what went wrong when somebody came in; "" for what is nobody's mistake.
func wrong(a *door.Ask, err error) string {
	for _, w := range []struct {
		err error
		key string
	}{
		{learner.ErrWrong, "entry.wrong"}, {learner.ErrLocked, "entry.locked"}, {learner.ErrLockedDevice, "entry.locked_device"}, {learner.ErrTooMany, "signin.locked"},
		{learner.ErrNumber, "entry.number_alone"}, {learner.ErrNoSeat, "entry.no_seat"}, {learner.ErrElsewhere, "entry.elsewhere"}, {learner.ErrOutside, "entry.not_outside"},
		{card.ErrCode, "entry.no_card"}, {card.ErrUnknown, "entry.unknown"}, {card.ErrEnded, "entry.ended"},
	} {
		if errors.Is(err, w.err) {
			return a.P.T(w.key)
		}
	}
	return ""
}

// admitted gives the browser the session and leads on.
func admitted(a *door.Ask, token string) error {
	if err := a.Admit(token); err != nil {
		return err
	}
	if next := a.R.FormValue("next"); next != "" {
		return a.Go(next)
	}
	return a.Go("/")
}

// frontView fills the first screen.
func frontView(a *door.Ask) (Front, *learner.Device, error) {
	ctx := a.R.Context()
	v := Front{Next: a.R.FormValue("next"), PhotoAction: "/door/photo", Errors: map[string]string{}}
	words := door.With("/door/number", "next", v.Next)
	d, err := enrolled(a)
	if err != nil {
		return v, nil, err
	}
	if d == nil {
		outside, err := a.H.Learners.AnyOutside(ctx, a.H.DB)
		if outside {
			v.WordsURL = words
		}
		return v, nil, err
	}
	v.Enrolled, v.Device, v.Centre, v.WordsURL = true, d.Name, a.PlaceName(d.Centre), words
	if !a.H.Learners.Here(d.Centre) {
		v.Locked = a.P.T("entry.elsewhere")
		return v, d, nil
	}
	groups, err := a.H.Learners.Groups(ctx, d)
	for _, g := range groups {
		v.Groups = append(v.Groups, Choice{g.Name, door.With("/door/group/"+g.ID.String(), "next", v.Next)})
	}
	return v, d, err
}

func front(a *door.Ask) error {
	if a.Learner != nil {
		return admittedAlready(a)
	}
	v, d, err := frontView(a)
	if err != nil {
		return err
	}
	if d != nil {
		a.KeepDevice()
	}
	return a.Render("entry/front", v)
}

func admittedAlready(a *door.Ask) error {
	if next := a.R.FormValue("next"); next != "" {
		return a.Go(next)
	}
	return a.Go("/")
}

func cardGiven(a *door.Ask) error {
	return cardShown(a, "code", func() (string, string, error) { return a.R.PostFormValue("code"), "", nil })
}

// cardShown begins a session by what read returns: a code, or what is wrong with it.
func cardShown(a *door.Ask, field string, read func() (code, fault string, err error)) error {
	v, d, err := frontView(a)
	if err != nil {
		return err
	}
	if d == nil || v.Locked != "" {
		return a.Again("entry/front", v)
	}
	code, fault, err := read()
	if err != nil {
		return err
	}
	if field == "code" {
		v.Code = code
	}
	switch {
	case fault != "":
	case strings.TrimSpace(code) == "":
		fault = a.P.T("entry.nothing")
	default:
		fault = a.TooLong(code)
	}
	if fault == "" {
		token, err := a.H.Learners.ByCard(a.R.Context(), d, code)
		if err == nil {
			return admitted(a, token)
		}
		if fault = wrong(a, err); fault == "" {
			return err
		}
	}
	v.Errors[field] = fault
	return a.Again("entry/front", v)
}

// photoGiven takes the photo of a card: a tablet without a reader has nothing else.
func photoGiven(a *door.Ask) error {
	if err := a.R.ParseMultipartForm(picture.MaxBytes); err == nil {
		defer a.R.MultipartForm.RemoveAll()
	}
	return cardShown(a, "file", func() (string, string, error) {
		f, _, err := a.R.FormFile("file")
		if err != nil {
			return "", a.P.T("consents.no_file"), nil
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, picture.MaxBytes+1))
		if err != nil {
			return "", "", err
		}
		img, err := picture.Read(b)
		switch {
		case errors.Is(err, picture.ErrLarge):
			return "", a.P.T("sheet.too_large"), nil
		case err != nil:
			return "", a.P.T("door.no_picture"), nil
		}
		code := picture.Code(img)
		if code == "" {
			return "", a.P.T("door.no_code"), nil
		}
		return code, "", nil
	})
}

func numberView(a *door.Ask) (Number, *learner.Device, error) {
	v := Number{Number: a.R.PostFormValue("number"), Next: a.R.FormValue("next"), Action: "/door/number", Errors: map[string]string{}}
	v.BackURL = door.With("/door", "next", v.Next)
	d, err := enrolled(a)
	return v, d, err
}

func number(a *door.Ask) error {
	v, _, err := numberView(a)
	if err != nil {
		return err
	}
	return a.Render("entry/number", v)
}

func numberGiven(a *door.Ask) error {
	v, d, err := numberView(a)
	if err != nil {
		return err
	}
	words := a.R.PostFormValue("words")
	if strings.TrimSpace(v.Number) == "" {
		v.Errors["number"] = a.P.T("entry.no_number")
	}
	if strings.TrimSpace(words) == "" {
		v.Errors["words"] = a.P.T("entry.no_words")
	}
	if len(v.Errors) == 0 {
		token, err := a.H.Learners.ByNumber(a.R.Context(), d, a.Address(), v.Number, words)
		switch {
		case err == nil:
			return admitted(a, token)
		case errors.Is(err, card.ErrCode):
			v.Errors["number"] = a.P.T("entry.no_number")
		case errors.Is(err, learner.ErrWrong):
			v.Errors["words"] = a.P.T("entry.wrong_number")
		default:
			if v.Errors[""] = wrong(a, err); v.Errors[""] == "" {
				return err
			}
		}
	}
	return a.Again("entry/number", v)
}

func faces(a *door.Ask) error {
	d, err := enrolled(a)
	if err != nil {
		return err
	}
	if d == nil {
		return a.Go("/door")
	}
	g, err := a.ID("group")
	if err != nil {
		return err
	}
	next := a.R.FormValue("next")
	v := Faces{BackURL: door.With("/door", "next", next)}
	avatars, name, err := a.H.Learners.Avatars(a.R.Context(), d, g)
	if err != nil {
		return err
	}
	v.Group = name
	for _, x := range avatars {
		v.Rows = append(v.Rows, Face{x, door.With("/door/group/"+g.String()+"/"+x, "next", next)})
	}
	return a.Render("entry/faces", v)
}

// pickView is the screen of an avatar; nil where it is to be chosen anew, of a device that is not enrolled or an avatar that nobody
// has any more.
func pickView(a *door.Ask) (*Pick, *learner.Device, id.ID, error) {
	d, err := enrolled(a)
	if err != nil {
		return nil, nil, id.Nil, err
	}
	if d == nil {
		return nil, nil, id.Nil, a.Go("/door")
	}
	g, err := a.ID("group")
	if err != nil {
		return nil, nil, id.Nil, err
	}
	v := &Pick{Avatar: a.R.PathValue("avatar"), Pictures: learner.Pictures, Action: a.R.URL.Path, RestartURL: a.R.URL.Path, Next: a.R.FormValue("next"), Errors: map[string]string{}}
	v.BackURL = door.With("/door/group/"+g.String(), "next", v.Next)
	v.RestartURL = door.With(v.RestartURL, "next", v.Next)
	if !learner.IsAvatar(v.Avatar) {
		return nil, nil, id.Nil, training.ErrNoGroup
	}
	_, v.Words, err = a.H.Learners.Whose(a.R.Context(), d, g, v.Avatar)
	if errors.Is(err, learner.ErrNoSeat) {
		err = training.ErrNoGroup
	}
	v.Steps = make([]bool, learner.Picked)
	return v, d, g, err
}

func pick(a *door.Ask) error {
	v, _, _, err := pickView(a)
	if err != nil || v == nil {
		return err
	}
	return a.Render("entry/pick", v)
}

func pickGiven(a *door.Ask) error {
	v, d, g, err := pickView(a)
	if err != nil || v == nil {
		return err
	}
	ctx := a.R.Context()
	var token string
	if v.Words {
		words := a.R.PostFormValue("words")
		if strings.TrimSpace(words) == "" {
			v.Errors["words"] = a.P.T("entry.no_words")
			return a.Again("entry/pick", v)
		}
		token, err = a.H.Learners.ByWords(ctx, d, g, v.Avatar, words)
	} else {
		picked := strings.Fields(a.R.PostFormValue("picked") + " " + a.R.PostFormValue("pick"))
		if len(picked) > learner.Picked || slices.ContainsFunc(picked, func(p string) bool { return !slices.Contains(learner.Pictures, p) }) {
			picked = nil // nothing of ours was sent: begin again
		}
		if len(picked) < learner.Picked {
			v.Picked = strings.Join(picked, " ")
			for i := range picked {
				v.Steps[i] = true
			}
			if len(picked) == 0 {
				v.Errors["pick"] = a.P.T("entry.pick_one")
				return a.Again("entry/pick", v)
			}
			return a.Render("entry/pick", v)
		}
		token, err = a.H.Learners.ByPictures(ctx, d, g, v.Avatar, picked)
	}
	if err == nil {
		return admitted(a, token)
	}
	field := "pick"
	if v.Words {
		field = "words"
	}
	if v.Errors[field] = wrong(a, err); v.Errors[field] == "" {
		return err
	}
	return a.Again("entry/pick", v)
}

func out(a *door.Ask) error {
	if err := a.Dismiss(); err != nil {
		return err
	}
	a.Notify("good", "entry.out")
	return a.Go("/door")
}

// here is told that somebody is at the page, who asks for no other.
func here(a *door.Ask) error {
	return a.JSON(struct{}{})
}

func in(a *door.Ask) error {
	v := In{}
	v.Name, _ = a.Names(a.Learner.Who.Details)
	if a.Age(a.Learner.Who.Details["birth"]) >= learner.GrownAt {
		v.PasswordURL = "/door/password"
	}
	return a.Render("entry/in", v)
}

func passwordView(a *door.Ask) (Password, error) {
	v := Password{Min: learner.MinPassword, BackURL: "/door/in", Action: "/door/password", Errors: map[string]string{}}
	var err error
	v.HasOld, err = a.H.Learners.HasSecret(a.R.Context(), a.Learner.Person)
	return v, err
}

func password(a *door.Ask) error {
	v, err := passwordView(a)
	if err != nil {
		return err
	}
	return a.Render("entry/password", v)
}

func passwordGiven(a *door.Ask) error {
	v, err := passwordView(a)
	if err != nil {
		return err
	}
	given := a.R.PostFormValue("password")
	if given != a.R.PostFormValue("again") {
		v.Errors["again"] = a.P.T("entry.not_same")
		return a.Again("entry/password", v)
	}
	err = a.H.Learners.SetPassword(a.R.Context(), a.Learner, a.R.PostFormValue("old"), given)
	switch {
	case errors.Is(err, learner.ErrShort):
		v.Errors["password"] = a.P.T("entry.short", "n", learner.MinPassword)
	case errors.Is(err, learner.ErrYoung):
		v.Errors[""] = a.P.T("entry.young", "n", learner.GrownAt)
	case errors.Is(err, learner.ErrWrong):
		v.Errors["old"] = a.P.T("entry.wrong")
	case errors.Is(err, learner.ErrLocked):
		v.Errors["old"] = a.P.T("entry.locked")
	case err != nil:
		return err
	default:
		a.Notify("good", "entry.password_set")
		return a.Go(v.BackURL)
	}
	return a.Again("entry/password", v)
}
