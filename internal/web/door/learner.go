package door

import (
	"net/http"
	"time"

	"tizi/internal/learner"
	"tizi/internal/web/shell"
)

// LearnerCookie and DeviceCookie come behind Door.Cookie in the names of the cookies of a learner's session and of an enrolled
// device.
const (
	LearnerCookie = "_learner"
	DeviceCookie  = "_device"
)

func (a *Ask) cookie(suffix string) string {
	c, err := a.R.Cookie(a.D.Cookie + suffix)
	if err != nil {
		return ""
	}
	return c.Value
}

func (a *Ask) setCookie(suffix, value string, life time.Duration) {
	c := &http.Cookie{Name: a.D.Cookie + suffix, Value: value, Path: "/", HttpOnly: true, Secure: shell.Safe(a.R), SameSite: http.SameSiteLaxMode, MaxAge: int(life / time.Second)}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(a.W, c)
}

// admitLearner lets in whoever has a learner's session. The others are shown the learners' door, which leads back.
func (a *Ask) admitLearner() error {
	switch {
	case a.Learner != nil:
		return nil
	case a.Script():
		a.JSONStatus(http.StatusUnauthorized, struct {
			Message string `json:"message"`
		}{a.P.T("error.signed_out")})
	default:
		next := ""
		if a.R.Method == http.MethodGet {
			next = a.R.URL.RequestURI()
		}
		a.Go(With("/door", "next", next))
	}
	a.W = nil
	return nil
}

// LearnerToken is that of the learner's session of the browser.
func (a *Ask) LearnerToken() string { return a.cookie(LearnerCookie) }

// Admit gives the browser a learner's session, and ends that of an account: a tablet that a trainer enrolled and put down must
// not open the trainer's pages to a child.
func (a *Ask) Admit(token string) error {
	a.setCookie(LearnerCookie, token, learner.SessionLife)
	return a.SignOut()
}

// Dismiss ends the learner's session of the browser.
func (a *Ask) Dismiss() error {
	token := a.LearnerToken()
	if token == "" {
		return nil
	}
	a.setCookie(LearnerCookie, "", 0)
	return a.H.Learners.End(a.R.Context(), token)
}

// DeviceToken is that by which the browser is a device of a centre.
func (a *Ask) DeviceToken() string { return a.cookie(DeviceCookie) }

// EnrolDevice makes the browser a device of a centre.
func (a *Ask) EnrolDevice(token string) { a.setCookie(DeviceCookie, token, learner.DeviceLife) }

// KeepDevice renews the cookie of the device: browsers forget one after 400 days, however it is asked for.
func (a *Ask) KeepDevice() { a.EnrolDevice(a.DeviceToken()) }
