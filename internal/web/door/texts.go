package door

import (
	"errors"
	"time"

	"tizi/internal/sms"
)

// Texting is the part of a notice that sends it to telephones, where the node has a gateway: the template "texting".
type Texting struct {
	Action string // "": nothing is to be sent
	N      int    // how many telephones have not been told yet
	Over   bool   // what it tells of has begun
	Opens  string // when it goes, where nothing goes now
	Had    []TextState
	URL    string // of all texts
}

// TextState is how many texts are in a state.
type TextState struct {
	State string
	N     int
}

// TextStates puts counts of states into the order in which they are told.
func TextStates(counts map[string]int) (out []TextState) {
	for _, s := range sms.States {
		if counts[s] > 0 {
			out = append(out, TextState{s, counts[s]})
		}
	}
	return out
}

// Texting says how a notice stands with telephones; nil where there is no gateway.
func (a *Ask) Texting(action string, n sms.Notice, texts []sms.Text) (*Texting, error) {
	if !a.H.Texts.Plugged() {
		return nil, nil
	}
	v := &Texting{URL: "/texts", Over: !a.H.Log.Clock.Now().Before(n.Until)}
	fresh, became, err := a.H.Texts.Stands(a.R.Context(), a.H.DB, n.ID, texts)
	if err != nil {
		return nil, err
	}
	v.N, v.Had = fresh, TextStates(became)
	if v.N > 0 && !v.Over {
		v.Action, v.Opens = action, a.opens()
	}
	return v, nil
}

// opens is when a text would go that is written now, or "" for at once.
func (a *Ask) opens() string {
	t := a.H.Texts.Opens()
	if !t.After(a.H.Log.Clock.Now()) {
		return ""
	}
	return a.P.T("notice.when", "day", a.P.DayMonth(t.Format(time.DateOnly)), "hour", t.Format("15:04"))
}

// Text puts the texts of a notice into the outbox, says so, and sends the browser back to it.
func (a *Ask) Text(back string, n sms.Notice, texts []sms.Text) error {
	queued, err := a.H.Texts.Queue(a.R.Context(), a.Actor(), a.Scope, n, texts)
	opens := a.opens()
	switch {
	case errors.Is(err, sms.ErrNone):
		a.Notify("help", "texts.no_gateway")
	case errors.Is(err, sms.ErrOver):
		a.Notify("help", "texts.over")
	case err != nil:
		return err
	case queued == 0:
		a.Notify("wait", "texts.nobody_left")
	case opens != "":
		a.Notify("good", "texts.queued_later", "n", queued, "when", opens)
	default:
		a.Notify("good", "texts.queued", "n", queued)
	}
	return a.Go(back)
}
