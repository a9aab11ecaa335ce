package xapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tizi/internal/api/xapi"
	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/record"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

var must = testnode.Must

// door is a store behind HTTP.
type door struct {
	*httptest.Server
	*record.Records
	t      testing.TB
	centre id.ID
	key    [2]string
}

func serve(t testing.TB, e store.Engine) *door {
	t.Helper()
	reg := fact.NewRegistry()
	for _, f := range record.Folds {
		reg.AddFold(f)
	}
	n := testnode.New(t, testnode.Place(t, e), reg)
	must(t, n.DB.Migrate(context.Background(), "record", record.Schema()))
	b, err := blob.Open(t.TempDir(), nil)
	must(t, err)
	d := &door{Records: record.New(n.Log, b), t: t, centre: id.Named("test", "centre")}
	n.Came = d.Came
	d.Server = httptest.NewServer(xapi.New(d.Records, slog.New(slog.NewTextHandler(failing{t}, nil))))
	t.Cleanup(d.Close)
	d.key = d.make(record.All)
	return d
}

type failing struct{ t testing.TB }

func (f failing) Write(b []byte) (int, error) {
	f.t.Errorf("logged: %s", b)
	return len(b), nil
}

func (d *door) make(grants ...record.Grant) [2]string {
	d.t.Helper()
	k, secret, err := d.MakeKey(context.Background(), id.Nil, d.centre, "test", grants)
	must(d.t, err)
	return [2]string{k.ID.String(), secret}
}

// ask sends a request; headers are names and values in turns.
func (d *door) ask(method, path, body string, headers ...string) (*http.Response, string) {
	d.t.Helper()
	r, err := http.NewRequest(method, d.URL+"/xapi/"+path, strings.NewReader(body))
	must(d.t, err)
	r.SetBasicAuth(d.key[0], d.key[1])
	r.Header.Set("X-Experience-API-Version", "1.0.3")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	must(d.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(d.t, err)
	return res, string(b)
}

func (d *door) status(want int, method, path, body string, headers ...string) string {
	d.t.Helper()
	res, b := d.ask(method, path, body, headers...)
	if res.StatusCode != want {
		d.t.Errorf("%s %s: %d instead of %d: %s", method, path, res.StatusCode, want, b)
	}
	return b
}

const said = `{"actor":{"mbox":"mailto:a@example.org"},"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"}}`

func TestScopes(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		d := serve(t, e)
		d.status(200, "POST", "statements", said)
		d.key = d.make(record.Write)
		d.status(200, "POST", "statements", said)
		d.status(403, "GET", "statements", "")
		d.status(403, "GET", "agents?agent="+url.QueryEscape(`{"mbox":"mailto:a@example.org"}`), "")
		d.key = d.make(record.Own, record.Write)
		d.status(200, "POST", "statements", said)
		var page struct{ Statements []any }
		must(t, json.Unmarshal([]byte(d.status(200, "GET", "statements", "")), &page))
		if len(page.Statements) != 1 {
			t.Errorf("a key that reads its own was given %d", len(page.Statements))
		}
		d.status(403, "PUT", "agents/profile?profileId=x&agent="+url.QueryEscape(`{"mbox":"mailto:a@example.org"}`), "{}", "If-None-Match", "*")
		d.key = d.make(record.Read)
		must(t, json.Unmarshal([]byte(d.status(200, "GET", "statements", "")), &page))
		if len(page.Statements) != 3 {
			t.Errorf("a key that reads all was given %d", len(page.Statements))
		}
		d.status(403, "POST", "statements", said)
		d.key[1] += "x"
		d.status(401, "GET", "statements", "")
	})
}

// TestBadInput: what is wrong is answered with the specification's status and names the field, and nothing is stored.
func TestBadInput(t *testing.T) {
	d := serve(t, store.SQLite)
	for body, field := range map[string]string{
		`[` + said + `,` + strings.Replace(said, "http://e.org/v", "v", 1) + `]`:                        "statements[1].verb.id",
		strings.Replace(said, `"verb"`, `"actor":1,"verb"`, 1):                                          "actor",
		strings.Replace(said, "http://e.org/o", "http://e.org/\xff", 1):                                 "object.id",
		strings.Repeat(`{"a":`, 1000):                                                                   "a.a",
		strings.Replace(said, `"object"`, `"result":{"score":{"raw":1e9999}},"object"`, 1):              "result.score.raw",
		strings.Replace(said, `"object"`, `"attachments":[{"usageType":"http://e.org/u"}],"object"`, 1): "attachments[0]",
		``: "no content",
	} {
		if b := d.status(400, "POST", "statements", body); !strings.Contains(b, field) {
			t.Errorf("%.60q: %s does not name %s", body, b, field)
		}
	}
	d.status(400, "POST", "statements", said, "Content-Type", "application/json; charset=utf-16")
	d.status(400, "POST", "statements", said, "Content-Type", "text/plain")
	d.status(413, "POST", "statements", `"`+strings.Repeat("x", 33<<20)+`"`)
	d.status(400, "GET", "statements?limit=-1", "")
	d.status(400, "GET", "statements?Limit=1", "")
	d.status(400, "GET", "statements?limit=1&limit=2", "")
	d.status(400, "GET", "statements?more=xyz", "")
	d.status(404, "GET", "statements?statementId="+id.New().String(), "")
	d.status(404, "GET", "nothing", "")
	d.status(405, "DELETE", "statements", "")
	var page struct{ Statements []any }
	must(t, json.Unmarshal([]byte(d.status(200, "GET", "statements", "")), &page))
	if len(page.Statements) != 0 {
		t.Errorf("%d statements were stored", len(page.Statements))
	}
	same := `{"id":"` + id.New().String() + `",` + said[1:]
	d.status(200, "POST", "statements", same)
	d.status(200, "POST", "statements", same)
	d.status(409, "POST", "statements", strings.Replace(same, "mailto:a@", "mailto:b@", 1))
}

func TestVersions(t *testing.T) {
	d := serve(t, store.SQLite)
	for version, want := range map[string]string{"1.0": "1.0.3", "1.0.1": "1.0.3", "2.0.0": "2.0.0"} {
		res, _ := d.ask("GET", "statements", "", "X-Experience-API-Version", version)
		if got := res.Header.Get("X-Experience-API-Version"); res.StatusCode != 200 || got != want {
			t.Errorf("version %s was answered %d in %s", version, res.StatusCode, got)
		}
	}
	d.status(400, "GET", "statements", "", "X-Experience-API-Version", "0.9")
	form := url.Values{"content": {said}, "X-Experience-API-Version": {"1.0.3"}}.Encode()
	d.status(200, "POST", "statements?method=POST", form, "Content-Type", "application/x-www-form-urlencoded")
	form = url.Values{"content": {said}, "X-Experience-API-Version": {"2.0.0"}}.Encode()
	d.status(400, "POST", "statements?method=POST", form, "Content-Type", "application/x-www-form-urlencoded")
}

func TestDocuments(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		d := serve(t, e)
		who := "&agent=" + url.QueryEscape(`{"mbox":"mailto:a@example.org"}`)
		state := "activities/state?stateId=s&activityId=http%3A%2F%2Fe.org%2Fa" + who
		profile := "activities/profile?profileId=p&activityId=http%3A%2F%2Fe.org%2Fa"
		d.status(404, "GET", state, "")
		d.status(204, "PUT", state, `{"a":1,"b":2}`)
		d.status(204, "POST", state, `{"b":3}`)
		res, b := d.ask("GET", state, "")
		if b != `{"a":1,"b":3}` || res.Header.Get("ETag") == "" || res.Header.Get("Last-Modified") == "" {
			t.Errorf("the state came back as %s with %v", b, res.Header)
		}
		d.status(412, "PUT", state, `{}`, "If-Match", `"other"`)
		d.status(204, "PUT", state, `{}`, "If-Match", res.Header.Get("ETag"))
		d.status(412, "PUT", state, `{}`, "If-None-Match", "*")
		d.status(409, "PUT", state, `{}`, "X-Experience-API-Version", "2.0.0")
		d.status(400, "POST", state, `x`, "Content-Type", "text/plain")
		d.status(400, "PUT", profile, `{}`)
		d.status(204, "PUT", profile, `{}`, "If-None-Match", "*")
		d.status(409, "PUT", profile, `{}`)
		if b := d.status(200, "GET", strings.Replace(state, "stateId=s&", "", 1), ""); b != `["s"]` {
			t.Errorf("the list of states is %s", b)
		}
		d.status(204, "DELETE", strings.Replace(state, "stateId=s&", "", 1), "")
		d.status(404, "GET", state, "")
		d.status(200, "GET", profile, "")
	})
}

// TestAttachments: what comes with a statement is given back with it.
func TestAttachments(t *testing.T) {
	d := serve(t, store.SQLite)
	file := "a file\r\nof two lines"
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(file)))
	s := strings.Replace(said, `"object"`, fmt.Sprintf(`"attachments":[{"usageType":"http://e.org/u","display":{"en":"x"},"contentType":"text/plain","length":%d,"sha2":%q}],"object"`, len(file), sum), 1)
	d.status(400, "POST", "statements", s)
	parts := func(hash, content string) string {
		return "--b\r\nContent-Type: application/json\r\n\r\n" + s + "\r\n--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: " + hash + "\r\n\r\n" + content + "\r\n--b--\r\n"
	}
	d.status(400, "POST", "statements", parts(sum, "another"), "Content-Type", "multipart/mixed; boundary=b")
	d.status(200, "POST", "statements", parts(sum, file), "Content-Type", "multipart/mixed; boundary=b")
	res, b := d.ask("GET", "statements?attachments=true", "")
	_, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	must(t, err)
	in := multipart.NewReader(bytes.NewReader([]byte(b)), params["boundary"])
	_, err = in.NextRawPart()
	must(t, err)
	p, err := in.NextRawPart()
	must(t, err)
	got, err := io.ReadAll(p)
	must(t, err)
	if string(got) != file || p.Header.Get("X-Experience-API-Hash") != sum {
		t.Errorf("the file came back as %q with %v", got, p.Header)
	}
}
