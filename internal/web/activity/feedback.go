package activity

import (
	"errors"
	"html/template"
	"io/fs"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/feedback"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/web/door"
	"tizi/internal/web/me"
	"tizi/internal/web/shell"
)

// Answer is the screen feedback/answer. It posts understood, useful, safe and words.
type Answer struct {
	Title  i18n.Text
	Date   string
	Action string
	Closed bool
	V      map[string]string
	Errors map[string]string
}

// Feedback is the screen feedback/session. It posts nothing but that the session asks, or on and what to its changes.
type Feedback struct {
	Title           i18n.Text
	Name            string // of a group, where there is no title
	Date            string
	BackURL, Action string
	Early, Record   bool
	Code, Address   string
	QR              template.HTML
	Answers         int
	Rows            []Faces // nil below feedback.Fewest answers
	Fewest          int
	Words           []string
	Changes         []feedback.Change
	On, What, New   string
	Errors          map[string]string
}

// Faces are the answers to one question, the sad face first.
type Faces struct {
	Question string
	N        [3]int
}

func feedbackRoutes(handle func(string, access.Action, func(*door.Ask) error)) {
	handle("GET /feedback", door.Public, func(a *door.Ask) error {
		code := strings.TrimSpace(a.R.URL.Query().Get("code"))
		if c := activity.ReadCode(door.Digits(code)); c != "" {
			return a.Go("/feedback/" + c)
		}
		v := Find{Code: code, Errors: map[string]string{}}
		if code == "" {
			return a.Render("feedback/find", v)
		}
		v.Errors["code"] = a.P.T("feedback.no_code")
		return a.Again("feedback/find", v)
	})
	handle("GET /feedback/thanks", door.Public, func(a *door.Ask) error { return a.Render("feedback/thanks", nil) })
	handle("GET /feedback/{ask}", door.Public, answer)
	handle("POST /feedback/{ask}", door.Public, answered)
	handle("GET /activities/{activity}/feedback/{meeting}", access.HoldDoor, ofActivity)
	handle("POST /activities/{activity}/feedback/{meeting}", access.HoldDoor, ofActivity)
	handle("POST /activities/{activity}/feedback/{meeting}/changes", access.WriteActivities, ofActivity)
	handle("POST /sessions/{session}/feedback/changes", access.WriteGroups, ofGroup)
	handle("GET /sessions/{session}/feedback", access.TakeAttendance, ofGroup)
	handle("POST /sessions/{session}/feedback", access.TakeAttendance, ofGroup)
}

// answerView is the page on which somebody answers. Nothing of it says who else did.
func answerView(a *door.Ask) (Answer, string, error) {
	ctx := a.R.Context()
	code := activity.ReadCode(a.R.PathValue("ask"))
	v := Answer{Action: "/feedback/" + code, V: map[string]string{}, Errors: map[string]string{}}
	x, err := a.H.Feedback.ByCode(ctx, a.H.DB, a.Address(), code)
	if errors.Is(err, feedback.ErrClosed) {
		v.Closed, err = true, nil
	}
	if errors.Is(err, feedback.ErrUnknown) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return v, code, err
	}
	v.Date = x.Date
	if e, err := a.H.Activities.Get(ctx, a.H.DB, access.Everywhere(), x.Of); err == nil {
		v.Title = e.Title
	} else if !errors.Is(err, activity.ErrUnknown) {
		return v, code, err
	} else {
		v.Title = a.PlaceName(x.Centre) // a group is not named to the public
	}
	return v, code, nil
}

func answer(a *door.Ask) error {
	v, _, err := answerView(a)
	if errors.Is(err, feedback.ErrOften) {
		return a.Again("feedback/find", Find{Errors: map[string]string{"code": a.P.T("activity.often")}})
	}
	if err != nil {
		return err
	}
	return a.Render("feedback/answer", v)
}

var faces = map[string]int{"no": 1, "partly": 2, "yes": 3}

func answered(a *door.Ask) error {
	v, code, err := answerView(a)
	if errors.Is(err, feedback.ErrOften) {
		return a.Again("feedback/find", Find{Errors: map[string]string{"code": a.P.T("activity.often")}})
	}
	if err != nil {
		return err
	}
	var n []int
	for _, q := range feedback.Questions {
		v.V[q] = a.R.PostFormValue(q)
		n = append(n, faces[v.V[q]])
	}
	v.V["words"] = a.R.PostFormValue("words")
	switch err = a.H.Feedback.Give(a.R.Context(), a.Address(), code, n, v.V["words"]); {
	case err == nil:
		return a.Go("/feedback/thanks")
	case errors.Is(err, feedback.ErrClosed):
		v.Closed = true
	case errors.Is(err, feedback.ErrOften):
		v.Errors[""] = a.P.T("activity.often")
	default:
		if err = wrong(a, err, v.Errors); err != nil {
			return err
		}
	}
	return a.Again("feedback/answer", v)
}

func ofActivity(a *door.Ask) error {
	x, err := written(a) // at whose door one may stand
	if err != nil {
		return err
	}
	meeting, err := a.ID("meeting")
	if err != nil {
		return err
	}
	s := x.Session(meeting)
	if s == nil {
		return fs.ErrNotExist
	}
	record, err := writes(a, x.Centre)
	if err != nil {
		return err
	}
	return staff(a, Feedback{Title: x.Title, Date: s.Date, BackURL: link(x.ID), Action: link(x.ID, "feedback", s.ID.String()), Record: record}, x.Centre, s.ID, x.ID)
}

func ofGroup(a *door.Ask) error {
	v, err := a.ID("session")
	if err != nil {
		return err
	}
	s, err := a.H.Training.Session(a.R.Context(), a.H.DB, a.Scope, v)
	if err != nil {
		return err
	}
	f := Feedback{Name: s.CohortName, Date: s.Date, BackURL: "/sessions/" + v.String(), Action: "/sessions/" + v.String() + "/feedback"}
	if a.May(access.WriteGroups) {
		scope, err := a.ScopeOf(access.WriteGroups)
		if err != nil {
			return err
		}
		f.Record = scope.Has(s.Centre)
	}
	return staff(a, f, s.Centre, s.ID, s.Cohort)
}

// unrecorded takes back a change that was recorded by mistake.
func unrecorded(a *door.Ask, centre, of, c id.ID) error {
	ctx := a.R.Context()
	list, err := a.H.Feedback.Changes(ctx, a.H.DB, of)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(x feedback.Change) bool { return x.ID == c })
	if i < 0 { // somebody else took it back
		return nil
	}
	err = a.H.Feedback.Record(ctx, a.Actor(), centre, c, feedback.ChangeRecorded{Of: of, On: list[i].On, What: list[i].What, Withdrawn: true})
	if err == nil {
		a.Notify("good", "feedback.undone")
	}
	return err
}

// staff shows what was answered to a session, lets it ask, and keeps what was changed.
func staff(a *door.Ask, v Feedback, centre, session, of id.ID) error {
	ctx, h := a.R.Context(), a.H
	v.Early, v.Fewest, v.Errors, v.New = v.Date > a.Today(), feedback.Fewest, map[string]string{}, id.New().String()
	failed := false
	if a.R.Method == "POST" {
		var err error
		if !strings.HasSuffix(a.R.URL.Path, "/changes") {
			if v.Early {
				v.Errors[""], failed = a.P.T("activity.too_early", "date", a.P.Date(v.Date)), true
			} else if err = h.Feedback.Open(ctx, a.Actor(), centre, session, of, v.Date, activity.NewCode()); err != nil {
				return err
			}
		} else {
			v.On, v.What = a.R.PostFormValue("on"), strings.TrimSpace(a.R.PostFormValue("what"))
			c, _ := id.Parse(a.R.PostFormValue("change"))
			if c.IsNil() {
				c = id.New()
			}
			v.New = c.String()
			if a.R.PostFormValue("what") == "" && a.R.PostFormValue("undo") == "yes" {
				if err := unrecorded(a, centre, of, c); err != nil {
					return err
				}
				return a.Go(v.Action)
			}
			if err = h.Feedback.Record(ctx, a.Actor(), centre, c, feedback.ChangeRecorded{Of: of, On: v.On, What: v.What}); err != nil {
				if errors.Is(err, feedback.ErrUnknown) { // another's change
					return fs.ErrNotExist
				}
				if err = wrong(a, err, v.Errors); err != nil {
					return err
				}
				failed = true
			}
		}
		if !failed {
			a.Notify("good", "agree.saved")
			return a.Go(v.Action)
		}
	}
	var err error
	if v.Changes, err = h.Feedback.Changes(ctx, h.DB, of); err != nil {
		return err
	}
	x, err := h.Feedback.OfSession(ctx, h.DB, session)
	if err == nil {
		v.Code, v.Address = x.Code, shell.Origin(a.R)+"/feedback/"+x.Code
		if v.QR, err = me.QR(v.Address); err != nil {
			return err
		}
		sum, err := h.Feedback.Sum(ctx, h.DB, x.ID)
		if err != nil {
			return err
		}
		v.Answers, v.Words = sum.Answers, sum.Words
		if sum.Answers >= feedback.Fewest {
			for i, q := range feedback.Questions {
				v.Rows = append(v.Rows, Faces{q, sum.Faces[i]})
			}
		}
	} else if !errors.Is(err, feedback.ErrUnknown) {
		return err
	}
	if a.R.Method == "GET" {
		v.On = a.Today()
	}
	if failed {
		return a.Again("feedback/session", v)
	}
	return a.Render("feedback/session", v)
}
