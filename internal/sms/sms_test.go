package sms_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/sms"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

var (
	ctx  = context.Background()
	must = testnode.Must
	here = place.ID("MA-ERR-MJ1")
)

// gateway is a server that answers as it is told, and keeps what it was asked.
type gateway struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	answer string
	bodies []string
	heads  []http.Header
	urls   []string
}

func serve(t *testing.T) *gateway {
	g := &gateway{status: 200}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		b, _ := io.ReadAll(r.Body)
		g.bodies, g.heads, g.urls = append(g.bodies, string(b)), append(g.heads, r.Header), append(g.urls, r.URL.String())
		if g.status == 0 { // it hangs up without a word
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(g.status)
		io.WriteString(w, g.answer)
	}))
	g.Config.ErrorLog = nil
	t.Cleanup(g.Close)
	return g
}

func load(t *testing.T, text string) (*sms.Config, error) {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("sésame & co\nsecond line"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "sms.json"), []byte(text), 0o600))
	return sms.Load(filepath.Join(dir, "sms.json"))
}

func node(t *testing.T, e store.Engine, c *sms.Config) (*house.House, *testnode.Time) {
	t.Helper()
	clock := &testnode.Time{}
	clock.Set(time.Date(2026, 3, 2, 10, 0, 0, 0, time.Local)) // a Monday
	at := testhouse.Place(t, e)
	h, err := house.Create(ctx, house.Config{Dir: t.TempDir(), Store: &at, Now: clock.Now})
	must(t, err)
	t.Cleanup(func() { h.Close() })
	must(t, h.Found(ctx, house.Founding{Country: "ma", Centre: "MA-ERR-MJ1", Owner: "Nadia", Login: "nadia", Passphrase: "une phrase de passe", Lang: "fr"}))
	h.Texts.Plug(c)
	return h, clock
}

func register(t *testing.T, h *house.House, name, phone string, agreed bool, more ...string) id.ID {
	t.Helper()
	d := person.Details{"first_latin": name, "birth": "2014-01-06", "sex": "f", "guardian_phone": phone}
	for _, f := range more {
		d[f] = person.NoTexts
	}
	p, err := h.People.Register(ctx, id.Nil, here, d, nil)
	must(t, err)
	if agreed {
		must(t, h.Consents.Record(ctx, id.Nil, access.Everywhere(), p, []consent.Statement{{Purpose: consent.Training, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-03-01", Who: consent.Who{Name: "A parent"}}}))
	}
	return p
}

func drain(t *testing.T, h *house.House) {
	t.Helper()
	for range 100 {
		more, err := h.Texts.Step(ctx)
		must(t, err)
		if !more {
			return
		}
	}
	t.Fatal("there is no end of texts")
}

func states(t *testing.T, h *house.House) map[string]int {
	t.Helper()
	m, err := h.Texts.Counts(ctx, h.DB, access.Everywhere())
	must(t, err)
	return m
}

const post = `{"url": "URL/message?s={secret}", "body": "{\"textMessage\":{\"text\":\"{text}\"},\"phoneNumbers\":[\"{number}\"],\"id\":\"{id}\"}", "user": "sms", "secret_file": "secret", "headers": {"X-Key": "{secret}"}, "seconds": 0}`

// A notice goes once to each telephone, to nobody who wants none or did not agree, and what it said is sealed.
func TestOnceToEachTelephone(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		g := serve(t)
		c, err := load(t, strings.ReplaceAll(post, "URL", g.URL))
		must(t, err)
		h, clock := node(t, e, c)
		words := "Séance annulée. \"Motif\" : pluie\n{number}"
		one, twin := register(t, h, "Aya", "+212611111111", true), register(t, h, "Ali", "+212611111111", true)
		other, shy, un := register(t, h, "Ines", "+212622222222", true), register(t, h, "Omar", "+212633333333", true, "texts"), register(t, h, "Sara", "+212644444444", false)
		n := sms.Notice{ID: id.New(), Centre: here, Until: clock.Now().Add(24 * time.Hour), Needs: consent.Training}
		texts := []sms.Text{{one, "+212611111111", words}, {twin, "+212611111111", words}, {other, "+212622222222", words}, {shy, "+212633333333", words}, {un, "+212644444444", words}}
		for i, want := range []int{2, 0} {
			if got, err := h.Texts.Queue(ctx, id.Nil, access.Everywhere(), n, texts); err != nil || got != want {
				t.Fatal(i, got, err)
			}
		}
		drain(t, h)
		if len(g.bodies) != 2 || states(t, h)[sms.Sent] != 2 {
			t.Fatal(g.bodies, states(t, h))
		}
		var asked struct {
			TextMessage struct{ Text string } `json:"textMessage"`
			To          []string              `json:"phoneNumbers"`
			ID          string
		}
		must(t, json.Unmarshal([]byte(g.bodies[0]), &asked))
		user, secret, _ := (&http.Request{Header: g.heads[0]}).BasicAuth()
		if asked.TextMessage.Text != words || asked.To[0] != "+212611111111" || asked.ID == "" || user != "sms" || secret != "sésame & co" || g.heads[0].Get("X-Key") != "sésame & co" || !strings.HasSuffix(g.urls[0], "?s=s%C3%A9same+%26+co") {
			t.Error(asked, user, secret, g.urls)
		}
		// What became of it is known, and nothing in the database says the number or the words.
		list, err := h.Texts.List(ctx, h.DB, access.At(here), "", time.Time{}, 10)
		must(t, err)
		if len(list) != 2 || list[0].Words != words || list[0].Number == "" {
			t.Error(list)
		}
		must(t, h.DB.Each(ctx, "SELECT sealed FROM sms_text", nil, func(r store.Row) error {
			var s string
			err := r.Scan(&s)
			if strings.Contains(s, "2126") || strings.Contains(s, "pluie") {
				t.Error("in clear:", s)
			}
			return err
		}))
		// Other words go again; what waits and is no longer true does not go.
		for i := range texts {
			texts[i].Words = "La séance a lieu"
		}
		if got, err := h.Texts.Queue(ctx, id.Nil, access.Everywhere(), n, texts); err != nil || got != 2 {
			t.Fatal(got, err)
		}
		for i := range texts {
			texts[i].Words = words
		}
		if got, err := h.Texts.Queue(ctx, id.Nil, access.Everywhere(), n, texts); err != nil || got != 2 {
			t.Fatal("cancelled again, and nobody is told:", got, err)
		}
		drain(t, h)
		if m := states(t, h); len(g.bodies) != 4 || m[sms.Late] != 2 {
			t.Error(len(g.bodies), m)
		}
		// A consent withdrawn meanwhile is heard, and an erasure leaves nothing.
		texts[0].Words, texts[2].Words = "x", "x"
		if _, err := h.Texts.Queue(ctx, id.Nil, access.Everywhere(), n, texts); err != nil {
			t.Fatal(err)
		}
		must(t, h.Consents.Record(ctx, id.Nil, access.Everywhere(), other, []consent.Statement{{Purpose: consent.Training, State: consent.Withdrawn, Giver: consent.ByGuardian, Method: "paper", On: "2026-03-02", Who: consent.Who{Name: "A parent"}}}))
		must(t, h.Erase(ctx, []id.ID{one}, here))
		drain(t, h)
		if m := states(t, h); len(g.bodies) != 4 || m[sms.Unwanted] != 1 {
			t.Error(len(g.bodies), m)
		}
		if l, err := h.Texts.OfPersons(ctx, h.DB, []id.ID{one}); err != nil || len(l) != 0 {
			t.Error("texts of somebody erased stay", l, err)
		}
	})
}

// What a gateway surely did not take is tried again, later each time, and given up; what it may have taken is not sent twice.
func TestTriedAgainOnlyWhereNothingWasSent(t *testing.T) {
	g := serve(t)
	c, err := load(t, strings.ReplaceAll(post, "URL", g.URL))
	must(t, err)
	h, clock := node(t, store.SQLite, c)
	p := register(t, h, "Aya", "+212611111111", true)
	queue := func(words string) {
		t.Helper()
		if n, err := h.Texts.Queue(ctx, id.Nil, access.Everywhere(), sms.Notice{ID: id.New(), Centre: here, Until: clock.Now().AddDate(0, 0, 7)}, []sms.Text{{p, "+212611111111", words}}); err != nil || n != 1 {
			t.Fatal(n, err)
		}
	}
	g.status = 503
	queue("busy")
	drain(t, h)
	if len(g.bodies) != 1 || states(t, h)[sms.Waiting] != 1 {
		t.Fatal(len(g.bodies), states(t, h))
	}
	drain(t, h) // it is not due yet
	if len(g.bodies) != 1 {
		t.Fatal("tried again at once")
	}
	for range 20 {
		clock.Set(clock.Now().Add(3 * time.Hour))
		drain(t, h)
	}
	if m := states(t, h); len(g.bodies) != 6 || m[sms.Failed] != 1 {
		t.Fatal(len(g.bodies), m)
	}
	clock.Set(time.Date(2026, 3, 10, 10, 0, 0, 0, time.Local))
	for status, want := range map[int]string{0: sms.Unsure, 500: sms.Unsure, 403: sms.Refused, 302: sms.Refused} {
		g.status, g.bodies = status, nil
		before := states(t, h)[want]
		queue("x" + want)
		drain(t, h)
		clock.Set(clock.Now().Add(time.Minute))
		drain(t, h)
		if m := states(t, h); len(g.bodies) != 1 || m[want] != before+1 {
			t.Error(status, len(g.bodies), m)
		}
	}
	// What was cut off while it went is unsure.
	g.status = 200
	queue("cut")
	must(t, h.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "UPDATE sms_text SET state = ? WHERE state = ?", sms.Sending, sms.Waiting)
	}))
	before := states(t, h)[sms.Unsure]
	clock.Set(clock.Now().Add(time.Hour))
	drain(t, h)
	if m := states(t, h); m[sms.Unsure] != before+1 {
		t.Error(m)
	}
	// Nobody listens.
	g.Close()
	queue("gone")
	drain(t, h)
	if states(t, h)[sms.Waiting] != 1 {
		t.Error(states(t, h))
	}
}

// Nothing goes at night or during the prayer of Friday, and nothing once what it tells of has begun.
func TestQuietHours(t *testing.T) {
	g := serve(t)
	c, err := load(t, strings.ReplaceAll(post, "URL", g.URL))
	must(t, err)
	h, clock := node(t, store.SQLite, c)
	p := register(t, h, "Aya", "+212611111111", true)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, time.Local) }
	queue := func(now, until time.Time) error {
		clock.Set(now)
		_, err := h.Texts.Queue(ctx, id.Nil, access.Everywhere(), sms.Notice{ID: id.New(), Centre: here, Until: until}, []sms.Text{{p, "+212611111111", "x"}})
		return err
	}
	must(t, queue(at(3, 22, 0), at(5, 9, 0)))
	must(t, queue(at(3, 22, 0), at(4, 7, 0))) // over before the day begins
	drain(t, h)
	clock.Set(at(4, 7, 59))
	drain(t, h)
	if m := states(t, h); len(g.bodies) != 0 || m[sms.Late] != 1 {
		t.Fatal(len(g.bodies), m)
	}
	clock.Set(at(4, 8, 0))
	drain(t, h)
	if len(g.bodies) != 1 {
		t.Fatal(len(g.bodies))
	}
	must(t, queue(at(6, 12, 30), at(7, 9, 0))) // a Friday
	drain(t, h)
	if opens := h.Texts.Opens(); len(g.bodies) != 1 || !opens.Equal(at(6, 14, 30)) {
		t.Fatal(len(g.bodies), opens)
	}
	clock.Set(at(6, 14, 30))
	drain(t, h)
	if len(g.bodies) != 2 {
		t.Fatal(len(g.bodies))
	}
	if err := queue(at(6, 15, 0), at(6, 15, 0)); err != sms.ErrOver {
		t.Error(err)
	}
}

// Gateways that are asked in an address, that say yes to all with 200, and that are a command.
func TestOtherGateways(t *testing.T) {
	g := serve(t)
	c, err := load(t, `{"url": "`+g.URL+`/cgi-bin/sendsms?username=tizi&password={secret}&to={digits}&charset=UTF-8&coding=2&text={text}", "secret_file": "secret", "accepted": "\"OK\""}`)
	must(t, err)
	m := sms.Message{ID: "1", Number: "+212611111111", Words: "نص & more"}
	g.answer = `{"status":"ERR"}`
	if err := c.Gateway().Send(ctx, m); err == nil || !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), "2126") {
		t.Error(err)
	}
	g.answer = `{"status":"OK"}`
	if err := c.Gateway().Send(ctx, m); err != nil || !strings.HasSuffix(g.urls[1], "&to=212611111111&charset=UTF-8&coding=2&text=%D9%86%D8%B5+%26+more") {
		t.Error(err, g.urls)
	}
	out := filepath.Join(t.TempDir(), "out")
	for exit, want := range map[string]string{"0": "", "75": "nothing was sent", "3": "refused"} {
		c, err := load(t, `{"command": ["/bin/sh", "-c", "echo $1 > `+out+`; cat >> `+out+`; exit `+exit+`", "sh", "{number}"]}`)
		must(t, err)
		err = c.Gateway().Send(ctx, m)
		if b, _ := os.ReadFile(out); string(b) != "+212611111111\nنص & more" {
			t.Errorf("%q", b)
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Error(exit, err)
		}
	}
}

// A configuration that would not work, or would tell what it should not, is refused with what to do.
func TestConfigurationsRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "either url or command",
		`{"url": "https://x/{number}{text}", "command": ["true", "{number}"]}`:                                 "either url or command",
		`{"url": "https://x/{number}"}`:                                                                        "{text}",
		`{"url": "https://x/{text}"}`:                                                                          "{number}",
		`{"url": "http://sms.example.org/{number}{text}"}`:                                                     "https://",
		`{"url": "http://8.8.8.8/{number}{text}"}`:                                                             "https://",
		`{"url": "ftp://x/{number}{text}"}`:                                                                    "https://",
		`{"url": "https://x/{number}{text}{secret}"}`:                                                          "secret_file",
		`{"url": "https://x/{number}{text}", "secret_file": "nowhere"}`:                                        "secret_file",
		`{"url": "https://x/{number}{text}", "sekret": "x"}`:                                                   "sekret",
		`{"command": ["true"]}`:                                                                                "{number}",
		`{"command": ["no-such-program-here", "{number}"]}`:                                                    "command",
		`{"command": ["true", "{number}", "{text}"]}`:                                                          "standard input",
		`{"command": ["true", "{number}"], "quiet": [{"from": "25:00", "to": "08:00"}]}`:                       "quiet",
		`{"command": ["true", "{number}"], "quiet": [{"from": "20:00", "to": "08:00", "days": ["vendredi"]}]}`: "English",
		`{"command": ["true", "{number}"], "seconds": -1}`:                                                     "seconds",
	} {
		if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{`{"url": "http://192.168.1.20:8080/{number}{text}"}`, `{"url": "http://localhost/{digits}{text}"}`, `{"command": ["true", "{number}"], "quiet": []}`} {
		if _, err := load(t, text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
