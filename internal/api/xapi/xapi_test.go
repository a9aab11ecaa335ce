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
	"time"

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
	node   *testnode.Node
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
	d := &door{Records: record.New(n.Log, b), t: t, node: n, centre: id.Named("test", "centre")}
	n.Came = d.Came
	d.Server = httptest.NewServer(xapi.New(d.Records, slog.New(slog.NewTextHandler(failing{d}, nil))))
	t.Cleanup(d.Close)
	d.key = d.make(record.All)
	return d
}

type failing struct{ d *door }

func (f failing) Write(b []byte) (int, error) {
	f.d.t.Errorf("logged: %s", b)
	return len(b), nil
}

// counts are how much the store holds of what a refused request could leave.
func (d *door) counts() (out [4]int) {
	for i, table := range []string{"record_statement", "record_seen", "record_agent", "record_document"} {
		_, err := store.One(context.Background(), d.node.DB, "SELECT count(*) FROM "+table, nil, &out[i])
		must(d.t, err)
	}
	return out
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

// TestFiltersAndOrder: each parameter of a list finds what it says, in the order in which it was stored, and pages can be asked for again.
func TestFiltersAndOrder(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		d := serve(t, e)
		v2 := []string{"X-Experience-API-Version", "2.0.0"}
		put := func(more string) (name string) {
			t.Helper()
			var ids []string
			must(t, json.Unmarshal([]byte(d.status(200, "POST", "statements", said[:len(said)-1]+more+"}", v2...)), &ids))
			return ids[0]
		}
		type list struct {
			Statements []struct{ ID, Stored string }
			More       string
		}
		get := func(query string) (l list) {
			t.Helper()
			must(t, json.Unmarshal([]byte(d.status(200, "GET", query, "", v2...)), &l))
			return l
		}
		ids := func(query string) (out []string) {
			t.Helper()
			for _, s := range get(query).Statements {
				out = append(out, s.ID)
			}
			return out
		}
		same := func(query string, want ...string) {
			t.Helper()
			if got := ids(query); strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s finds %v instead of %v", query, got, want)
			}
		}
		reg := id.New().String()
		a := put(`,"context":{"registration":"` + reg + `"}`)
		b := put(`,"context":{"contextAgents":[{"objectType":"contextAgent","agent":{"mbox":"mailto:c@example.org"}}],"contextActivities":{"other":{"id":"http://e.org/p"}}}`)
		c := put(`,"context":{"contextGroups":[{"objectType":"contextGroup","group":{"objectType":"Group","member":[{"mbox":"mailto:g@example.org"}]}}]}`)
		who := func(mail string) string {
			return "agent=" + url.QueryEscape(`{"mbox":"mailto:`+mail+`@example.org","name":"another"}`)
		}
		same("statements", c, b, a)
		same("statements?ascending=true", a, b, c)
		same("statements?"+who("a"), c, b, a)
		same("statements?" + who("c"))
		same("statements?related_agents=true&"+who("c"), b)
		same("statements?related_agents=true&"+who("g"), c)
		same("statements?registration="+strings.ToUpper(reg), a)
		same("statements?activity=http://e.org/p")
		same("statements?related_activities=true&activity=http://e.org/p", b)
		same("statements?verb=http://e.org/v", c, b, a)
		same("statements?verb=http://E.org/v")
		stored := get("statements?ascending=true").Statements[1].Stored
		same("statements?since="+stored, c)
		same("statements?ascending=true&until="+stored, a, b)
		key := "agent=" + url.QueryEscape(`{"account":{"homePage":"urn:tizi:key","name":"`+d.key[0]+`"}}`)
		same("statements?related_agents=true&"+key, c, b, a) // the authority

		first := get("statements?limit=2&ascending=true")
		for range 2 { // an address of a page holds for as long as the store does
			next := get(strings.TrimPrefix(first.More, "/xapi/"))
			if len(next.Statements) != 1 || next.Statements[0].ID != c || next.More != "" {
				t.Errorf("the second page is %+v", next)
			}
		}
		res, _ := d.ask("GET", "statements?statementId="+strings.ToUpper(b), "", v2...)
		at, err := time.Parse(time.RFC3339Nano, stored)
		must(t, err)
		if got := res.Header.Get("Last-Modified"); got != at.UTC().Format(http.TimeFormat) {
			t.Errorf("Last-Modified is %q, and it was stored at %s", got, stored)
		}
		through, err := time.Parse(time.RFC3339Nano, res.Header.Get("X-Experience-API-Consistent-Through"))
		if err != nil || through.Before(at) {
			t.Errorf("consistent through %v (%v), and the last was stored at %s", through, err, stored)
		}
	})
}

// TestStoreSetsItsOwn: what the store answers for is its own, whatever a statement says.
func TestStoreSetsItsOwn(t *testing.T) {
	d := serve(t, store.SQLite)
	name := id.New().String()
	d.status(204, "PUT", "statements?statementId="+name, said[:len(said)-1]+`,"id":"`+strings.ToUpper(name)+`","stored":"2001-01-01T00:00:00Z","authority":{"mbox":"mailto:z@example.org"},"version":"1.0.2","timestamp":"2099-03-14T09:26:53.589123Z"}`)
	var got struct {
		ID, Stored, Version, Timestamp string
		Authority                      struct{ Account struct{ Name string } }
	}
	must(t, json.Unmarshal([]byte(d.status(200, "GET", "statements?statementId="+name, "")), &got))
	if got.Authority.Account.Name != d.key[0] || strings.HasPrefix(got.Stored, "2001") || got.Version != "1.0.2" || got.Timestamp != "2099-03-14T09:26:53.589123Z" {
		t.Errorf("it came back as %+v", got)
	}
	d.status(400, "PUT", "statements?statementId="+id.New().String(), `{"id":"`+name+`",`+said[1:])
	d.status(204, "PUT", "statements?statementId="+name, said)
}

// TestDocumentsAreBytes: a document comes back as it was sent, with its type; lists are of those changed since; what is refused leaves nothing, not even
// who it was about.
func TestDocumentsAreBytes(t *testing.T) {
	d := serve(t, store.SQLite)
	who := "&agent=" + url.QueryEscape(`{"mbox":"mailto:a@example.org"}`)
	profile := "agents/profile?profileId=p" + who
	before := d.counts()
	d.status(400, "PUT", profile, "x", "Content-Type", "text/plain")
	d.status(400, "POST", profile, "[]", "If-None-Match", "*")
	d.status(412, "PUT", profile, "x", "Content-Type", "text/plain", "If-Match", `"x"`)
	if got := d.counts(); got != before {
		t.Errorf("refused documents left %v where there was %v", got, before)
	}
	d.status(204, "PUT", profile, "\x00\xff\r\n", "Content-Type", "application/x-thing; v=1", "If-None-Match", "*")
	res, b := d.ask("GET", profile, "")
	if b != "\x00\xff\r\n" || res.Header.Get("Content-Type") != "application/x-thing; v=1" {
		t.Errorf("it came back as %q, %v", b, res.Header)
	}
	changed, err := http.ParseTime(res.Header.Get("Last-Modified"))
	must(t, err)
	list := "agents/profile?since=" + changed.Add(-time.Hour).UTC().Format(time.RFC3339) + who
	if b := d.status(200, "GET", list, ""); b != `["p"]` {
		t.Errorf("the list of an hour is %s", b)
	}
	if b := d.status(200, "GET", strings.Replace(list, "since="+changed.Add(-time.Hour).UTC().Format(time.RFC3339), "since="+changed.Add(time.Hour).UTC().Format(time.RFC3339), 1), ""); b != `[]` {
		t.Errorf("the list of what changed later is %s", b)
	}
	d.status(400, "DELETE", strings.Replace(profile, "profileId=p", "", 1), "")
	d.status(412, "DELETE", profile, "", "If-Match", `"x"`)
	d.status(204, "DELETE", profile, "", "If-Match", res.Header.Get("ETag"))
	d.status(404, "GET", profile, "")
}

// TestKnown: an activity and an agent come back with all that is known of them, and those of whom nothing is known too.
func TestKnown(t *testing.T) {
	d := serve(t, store.SQLite)
	named := func(lang, name string) string {
		return strings.Replace(said, `{"id":"http://e.org/o"}`, `{"id":"http://e.org/o","definition":{"name":{"`+lang+`":"`+name+`"},"type":"http://e.org/t"}}`, 1)
	}
	d.status(200, "POST", "statements", "["+named("fr", "un")+","+named("ar", "واحد")+"]")
	if b := d.status(200, "GET", "activities?activityId=http://e.org/o", ""); !strings.Contains(b, "un") || !strings.Contains(b, "واحد") {
		t.Errorf("of the activity is known: %s", b)
	}
	if b := d.status(200, "GET", "activities?activityId=http://e.org/unknown", ""); !strings.Contains(b, `"http://e.org/unknown"`) {
		t.Errorf("of an activity that nobody named is known: %s", b)
	}
	if b := d.status(200, "GET", "agents?agent="+url.QueryEscape(`{"mbox":"mailto:nobody@example.org"}`), ""); !strings.Contains(b, `"mbox":["mailto:nobody@example.org"]`) || !strings.Contains(b, `"Person"`) {
		t.Errorf("of an agent that nobody named is known: %s", b)
	}
	b := d.status(200, "GET", "statements?format=canonical", "", "Accept-Language", "ar, fr;q=0.5")
	if !strings.Contains(b, "واحد") || strings.Contains(b, `"un"`) {
		t.Errorf("in Arabic alone: %s", b)
	}
	if b := d.status(200, "GET", "statements?format=ids", ""); strings.Contains(b, "definition") {
		t.Errorf("ids alone: %s", b)
	}
}
