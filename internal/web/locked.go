package web

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"tizi/internal/vault"
	"tizi/internal/web/box"
	"tizi/internal/web/shell"
)

// UnlockPath is where a locked box takes what unlocks it.
const UnlockPath = "/unlock"

// HubState is what became of asking headquarters to unlock a box: a key of a sentence.
type HubState string

// States of asking headquarters.
const (
	HubNone    HubState = ""
	HubAsked   HubState = "locked.hub_asked"
	HubSilent  HubState = "locked.hub_silent"
	HubRefused HubState = "locked.hub_refused"
)

// LockedOptions are those of a box whose disk is locked.
type LockedOptions struct {
	Lock  *vault.Vault
	HTTPS *box.HTTPS
	Proxy []netip.Prefix
	Log   *slog.Logger
	// Opened is called when somebody has unlocked the disk, once they were told.
	Opened func()
	Hub    func() HubState
}

// Unlocked is what a program is told that tries to unlock a box.
type Unlocked struct {
	Opened bool `json:"opened"`
	Wait   int  `json:"wait_s,omitempty"` // before the next try
}

// Locked returns the handler of a box whose disk is locked: one page, on which it is unlocked, and how to trust the box so that
// this is done by HTTPS. It knows nothing else.
func Locked(o LockedOptions) (http.Handler, error) {
	s, err := shell.New(shell.Options{Assets: Dist(), Log: o.Log, Fill: func(r *http.Request, p *shell.Page) {
		p.Alone = true
		if o.HTTPS != nil && o.HTTPS.Authority != nil && !shell.Safe(r) && r.URL.Path != "/trust" {
			p.TrustURL = "/trust"
		}
	}})
	if err != nil {
		return nil, err
	}
	if err := s.AddEmbedded(box.Templates); err != nil {
		return nil, err
	}
	l := &locked{LockedOptions: o, s: s}
	mux := http.NewServeMux()
	s.Routes(mux)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { l.show(w, r, http.StatusOK, nil) })
	mux.HandleFunc("POST "+UnlockPath, l.unlock)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "the disk is locked", http.StatusServiceUnavailable)
	})
	if o.HTTPS != nil {
		box.Trusting(mux, s, o.HTTPS)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "the disk is locked", http.StatusServiceUnavailable)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	guard := http.NewCrossOriginProtection()
	all := s.Wrap(guard.Handler(http.MaxBytesHandler(mux, 16<<10)))
	if len(o.Proxy) > 0 {
		return shell.Behind(all, o.Proxy), nil
	}
	return all, nil
}

type locked struct {
	LockedOptions
	s *shell.Shell

	mu    sync.Mutex // held while one tries: the next waits, and what is derived needs memory
	wrong int        // tries, one after the other
	until time.Time  // nobody may try before
}

// After some wrong tries each next one waits twice as long.
const (
	freeTries = 3
	maxWait   = 5 * time.Minute
)

// try tries what somebody typed; wait is for how long nobody may try.
func (l *locked) try(typed string) (wait time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := time.Until(l.until); wait > 0 {
		return wait, vault.ErrWrong
	}
	err = l.Lock.Open(typed)
	if !errors.Is(err, vault.ErrWrong) {
		return 0, err
	}
	if l.wrong++; l.wrong >= freeTries {
		wait = min(maxWait, time.Second<<min(l.wrong-freeTries+1, 16))
		l.until = time.Now().Add(wait)
	}
	return wait, err
}

func (l *locked) unlock(w http.ResponseWriter, r *http.Request) {
	typed := r.PostFormValue("secret")
	var wait time.Duration
	err := error(vault.ErrWrong)
	if strings.TrimSpace(typed) != "" {
		wait, err = l.try(typed)
	}
	seconds := int((wait + time.Second - 1) / time.Second)
	if err != nil && !errors.Is(err, vault.ErrWrong) {
		l.Log.Error("the disk could not be unlocked", "err", err)
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(Unlocked{Opened: err == nil, Wait: seconds})
	} else if err == nil {
		w.Header().Set("Refresh", "8; url=/")
		l.s.Render(w, r, http.StatusOK, "box/locked", box.Locked{Opened: true})
	} else {
		p := l.s.Page(r).Printer
		sentence := p.T("locked.wrong")
		switch {
		case strings.TrimSpace(typed) == "":
			sentence = p.T("error.required", "field", p.T("locked.secret"))
		case wait > 0:
			sentence = p.T("locked.wait", "n", seconds)
		case !errors.Is(err, vault.ErrWrong):
			sentence = p.T("error.internal")
		}
		l.show(w, r, http.StatusUnprocessableEntity, map[string]string{"secret": sentence})
	}
	if err == nil {
		l.Log.Info("the disk was unlocked by who came to its page")
		l.Opened()
	}
}

func (l *locked) show(w http.ResponseWriter, r *http.Request, status int, errs map[string]string) {
	l.s.Render(w, r, status, "box/locked", box.Locked{Action: UnlockPath, Hub: string(l.Hub()), Errors: errs})
}
