package centre

import (
	"errors"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/training"
	"tizi/internal/web/door"
)

// GroupClose is the screen groups/close. It posts outcome_<person>, yes or no, for everybody who is in the group, and despite
// where sessions have no sheet.
type GroupClose struct {
	Group, GroupURL string
	// Until is the group's last day, an ISO date, while that has not come; Coming are sessions still to be held; Drawing: a draw of its
	// seats is not over. With one of them the group cannot be closed yet.
	Until   string
	Coming  int
	Drawing bool
	// Unmarked are sessions without a sheet, Waiting who waits for a seat.
	Unmarked []SessionRow
	Waiting  int
	People   []ClosingRow
	Despite  string
	Action   string
	Errors   map[string]string
}

// ClosingRow is one learner of a group that is closed.
type ClosingRow struct {
	ID, Name, Other string
	Present, Held   int
	Outcome         string // yes, no, or "" while nobody said
}

func closingRoutes(d *door.Door) {
	d.Handle("GET /groups/{group}/close", access.WriteGroups, groupClose)
	d.Handle("POST /groups/{group}/close", access.WriteGroups, groupCloseGiven)
	d.Handle("POST /groups/{group}/reopen", access.WriteGroups, groupReopen)
}

// proposed is what is said of somebody before anybody did: who came to half of the sessions or more completed the group, who never
// came did not, and of the others somebody says so.
func proposed(t training.Tally) string {
	switch {
	case t.Here == 0:
		return "no"
	case 2*t.Here >= t.Held:
		return "yes"
	}
	return ""
}

func closeView(a *door.Ask) (*training.Cohort, GroupClose, error) {
	ctx := a.R.Context()
	c, err := askedGroup(a)
	if err != nil {
		return nil, GroupClose{}, err
	}
	self := "/groups/" + c.ID.String()
	v := GroupClose{Group: c.Name, GroupURL: self, Action: self + "/close", Errors: map[string]string{}}
	left, err := a.H.Training.Remaining(ctx, a.H.DB, c, a.Today())
	if err != nil {
		return nil, v, err
	}
	d, err := a.H.Training.DrawOf(ctx, a.H.DB, c.ID)
	if err != nil {
		return nil, v, err
	}
	v.Until, v.Coming, v.Waiting, v.Drawing = left.Until, left.Coming, left.Waiting, d.Undecided()
	for _, s := range left.Unmarked {
		v.Unmarked = append(v.Unmarked, SessionRow{Date: s.Date, From: s.Starts, To: s.Ends, URL: "/sessions/" + s.ID.String()})
	}
	ids := make([]id.ID, len(left.People))
	for i, e := range left.People {
		ids[i] = e.Person
	}
	people, err := a.H.People.Of(ctx, a.H.DB, a.Scope, ids)
	if err != nil {
		return nil, v, err
	}
	a.Shows(look.Listed, look.Group, people...)
	tally, err := a.H.Training.Tally(ctx, a.H.DB, c.ID)
	for _, p := range people {
		t := tally[p.ID]
		r := ClosingRow{ID: p.ID.String(), Present: t.Here, Held: t.Held, Outcome: proposed(t)}
		r.Name, r.Other = a.Names(p.Details)
		v.People = append(v.People, r)
	}
	return c, v, err
}

func groupClose(a *door.Ask) error {
	c, v, err := closeView(a)
	if err != nil {
		return err
	}
	if c.Closed {
		a.Notify("help", "groups.closed")
		return a.Go(v.GroupURL)
	}
	return a.Render("groups/close", v)
}

func groupCloseGiven(a *door.Ask) error {
	c, v, err := closeView(a)
	if err != nil {
		return err
	}
	if c.Closed { // by somebody else, since the page was shown
		v.Errors[""] = a.P.T("groups.closed")
	}
	v.Despite = a.R.PostFormValue("despite")
	completed := map[id.ID]bool{}
	for i := range v.People {
		r := &v.People[i]
		switch r.Outcome = a.R.PostFormValue("outcome_" + r.ID); r.Outcome {
		case "yes", "no":
			completed[id.MustParse(r.ID)] = r.Outcome == "yes"
		default:
			r.Outcome = ""
			v.Errors["outcome_"+r.ID] = a.P.T("groups.outcome_missing", "name", r.Name)
		}
	}
	if len(v.Unmarked) > 0 && v.Despite != "yes" {
		v.Errors["despite"] = a.P.T("groups.close_unmarked", "n", len(v.Unmarked))
	}
	if v.Until != "" || v.Coming > 0 || v.Drawing { // the page says why not
		v.Errors = map[string]string{}
		return a.Again("groups/close", v)
	}
	if len(v.Errors) > 0 {
		return a.Again("groups/close", v)
	}
	err = a.H.Training.CloseCohort(a.R.Context(), a.Actor(), a.Scope, c.ID, completed, v.Despite == "yes", a.Today())
	for e, key := range map[error]string{training.ErrClosed: "groups.closed", training.ErrOutcome: "groups.close_changed", training.ErrUnmarked: "groups.close_changed", training.ErrComing: "groups.close_changed", training.ErrNotOver: "groups.close_changed", training.ErrDraw: "draw.by_hand"} {
		if errors.Is(err, e) { // somebody else changed the group since it was read
			v.Errors[""] = a.P.T(key)
			return a.Again("groups/close", v)
		}
	}
	if err != nil {
		return err
	}
	a.Notify("good", "groups.close_done")
	return a.Go(v.GroupURL)
}

func groupReopen(a *door.Ask) error {
	c, err := askedGroup(a)
	if err != nil {
		return err
	}
	if err := a.H.Training.ReopenCohort(a.R.Context(), a.Actor(), a.Scope, c.ID, a.Today()); err != nil {
		return err
	}
	a.Notify("good", "groups.reopened")
	return a.Go("/groups/" + c.ID.String())
}
