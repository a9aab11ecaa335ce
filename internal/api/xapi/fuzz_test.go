package xapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tizi/internal/id"
	"tizi/internal/statement"
	"tizi/internal/store"
)

// answer asks the door without a network.
func (d *door) answer(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://t/xapi/statements", strings.NewReader(body))
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
	r.SetBasicAuth(d.key[0], d.key[1])
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.Config.Handler.ServeHTTP(w, r)
	return w
}

// FuzzStatements sends any bytes as statements, alone and with files: they are all kept, and come back as they were, or they are refused with a
// reason and nothing of them stays.
func FuzzStatements(f *testing.F) {
	const file = "a file"
	const sum = "7365d029861e32c521f8089b00a6fb32daf0615025b69b599d1ce53501b845c2"
	attached := strings.Replace(said, `"object"`, `"attachments":[{"usageType":"http://e.org/u","display":{"en":"x"},"contentType":"text/plain","length":6,"sha2":"`+sum+`"}],"object"`, 1)
	part := func(headers, body string) string { return "--b\r\n" + headers + "\r\n\r\n" + body + "\r\n" }
	whole := part("Content-Type: application/json", attached)
	of := part("Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: "+sum, file)
	named := `{"id":"01a21ee7-26fc-7544-8aa4-a9ff5958f347",` + said[1:]
	for _, body := range []string{
		said, "[" + said + "," + said + "]", "[]", "", "null", "{", `"x"`, named, "[" + named + "," + named + "]",
		"[" + said + "," + strings.Replace(said, "http://e.org/v", "v", 1) + "]", // the second is wrong
		strings.Replace(said, `"verb"`, `"verb":{},"verb"`, 1),                   // a name twice
		strings.Replace(said, `"mbox"`, `"mbox":"mailto:z@z.z","\u006dbox"`, 1),  // the same name in another spelling
		strings.Replace(said, `{"id":"http://e.org/o"}`, `{"id":"http://e.org/o","definition":{"extensions":{"http://e.org/x":`+strings.Repeat(`{"a":[`, 40)+strings.Repeat("]}", 40)+`}}}`, 1),
		strings.Repeat("[", 200), strings.Repeat(`{"a":`, 200),
		"\xef\xbb\xbf" + said, "\xff\xfe{\x00}\x00", strings.Replace(said, "e.org", "\xe9.org", 1), strings.Replace(said, "e.org", "\\ud800.org", 1), said + "\x00",
		strings.Replace(said, `"object":{`, `"result":{"score":{"scaled":1e-400,"raw":1E308,"min":-0.0}},"object":{"objectType":"Activity",`, 1),
		strings.Replace(said, `"object":{"id":"http://e.org/o"}`, `"object":{"objectType":"SubStatement","actor":{"objectType":"Group","member":[{"openid":"http://o.org"}]},"verb":{"id":"http://e.org/v"},"object":{"objectType":"StatementRef","id":"01a21ee7-26fc-7544-8aa4-a9ff5958f347"}}`, 1),
		strings.Replace(said, `"object"`, `"context":{"contextAgents":[{"objectType":"contextAgent","agent":{"mbox":"mailto:c@d.org"},"relevantTypes":["http://e.org/t"]}],"contextActivities":{"parent":{"id":"http://e.org/p"}},"language":"ar-MA","registration":"01A21EE7-26FC-7544-8AA4-A9FF5958F348"},"timestamp":"2026-03-14T09:26:53.589+01:00","object"`, 1),
		strings.Replace(said, `"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"}`, `"verb":{"id":"`+statement.Voided+`"},"object":{"objectType":"StatementRef","id":"01a21ee7-26fc-7544-8aa4-a9ff5958f347"}`, 1),
	} {
		f.Add("application/json", body, true)
		f.Add("application/json; charset=utf-8", body, false)
	}
	for _, body := range []string{
		whole + of + "--b--\r\n", whole + "--b--", of + whole + "--b--", whole + of, "--b--", "--b\r\n\r\n", whole + of + of + "--b--\r\n",
		whole + strings.Replace(of, file, "another", 1) + "--b--", whole + strings.Replace(of, "binary", "base64", 1) + "--b--", strings.ReplaceAll(whole+of, "\r\n", "\n") + "--b--\n",
		part("Content-Type: application/json", "["+attached+","+strings.Replace(said, "e.org/v", "", 1)+"]") + of + "--b--",
	} {
		f.Add("multipart/mixed; boundary=b", body, true)
		f.Add(`multipart/mixed; boundary="c"`, body, false)
	}
	d := serve(f, store.SQLite)
	f.Fuzz(func(t *testing.T, mediaType, body string, second bool) {
		version := "1.0.3"
		if second {
			version = "2.0.0"
		}
		d.t = t
		before := d.counts()
		w := d.answer("POST", "/xapi/statements", body, "Content-Type", mediaType, "X-Experience-API-Version", version)
		after := d.counts()
		switch w.Code {
		case http.StatusOK:
		case http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge:
			if after != before {
				t.Fatalf("%q was refused, and left %v where there was %v", body, after, before)
			}
			var why struct{ Error string }
			if err := json.Unmarshal(w.Body.Bytes(), &why); err != nil || why.Error == "" {
				t.Fatalf("%q was refused without a reason: %s", body, w.Body)
			}
			return
		default:
			t.Fatalf("%q was answered %d: %s", body, w.Code, w.Body)
		}
		var ids []id.ID
		must(t, json.Unmarshal(w.Body.Bytes(), &ids))
		if n := after[0] - before[0]; n > len(ids) || after[1]-before[1] != n {
			t.Fatalf("%d statements have come as %d and %d", len(ids), n, after[1]-before[1])
		}
		if mediaType != "application/json" {
			return
		}
		sent, err := statement.Parse([]byte(strings.TrimPrefix(body, "\xef\xbb\xbf")))
		must(t, err)
		for i, s := range sent.Items() {
			_, v, err := d.Get(t.Context(), d.centre, id.Nil, ids[i])
			must(t, err)
			if !statement.Same(v, s) {
				t.Fatalf("%s\ncame back as\n%s", s, v)
			}
			must(t, statement.Check(v, statement.V2, ""))
		}
	})
}

// FuzzAsked asks any resource with any parameters and any body: nothing is an error of the node's, and what is refused changes nothing.
func FuzzAsked(f *testing.F) {
	who := url.QueryEscape(`{"mbox":"mailto:a@example.org"}`)
	for _, x := range [][3]string{
		{"GET", "statements?limit=1&ascending=true&related_agents=true&agent=" + who, ""}, {"GET", "statements?more=eyJxIjoiIiwiZiI6MX0", ""}, {"GET", "statements?more=eyJxIjoibW9yZT14IiwiZiI6LTF9", ""},
		{"GET", "statements?since=2026-03-14T09:26:53Z&until=2026-02-30T00:00:00Z", ""}, {"GET", "statements?statementId=x&voidedStatementId=", ""}, {"GET", "statements?format=canonical&attachments=true", ""},
		{"PUT", "statements?statementId=01a21ee7-26fc-7544-8aa4-a9ff5958f347", said}, {"PUT", "activities/state?stateId=s&activityId=http://e.org/a&agent=" + who, `{"a":1}`},
		{"POST", "activities/state?stateId=s&activityId=http://e.org/a&registration=01a21ee7-26fc-7544-8aa4-a9ff5958f347&agent=" + who, `{"b":{}}`}, {"DELETE", "activities/state?activityId=http://e.org/a&agent=" + who, ""},
		{"PUT", "agents/profile?profileId=%00&agent=" + who, "x"}, {"POST", "activities/profile?profileId=p&activityId=http://e.org/a", "[]"}, {"GET", "agents?agent=%7B%7D", ""}, {"GET", "activities?activityId=%FF", ""},
		{"POST", "statements?method=PUT", "statementId=01a21ee7-26fc-7544-8aa4-a9ff5958f348&content=" + url.QueryEscape(said)}, {"HEAD", "about", ""}, {"PATCH", "../statements?;", ""},
	} {
		f.Add(x[0], x[1], x[2], "application/json", "*", "")
		f.Add(x[0], x[1], x[2], "application/x-www-form-urlencoded", "", `"0", W/"1"`)
	}
	d := serve(f, store.SQLite)
	f.Fuzz(func(t *testing.T, method, path, body, mediaType, none, match string) {
		if strings.ContainsFunc(method, func(r rune) bool { return r < 'A' || r > 'Z' }) || method == "" {
			return // no server hands it on
		}
		d.t = t
		before := d.counts()
		w := d.answer(method, "/xapi/"+path, body, "Content-Type", mediaType, "X-Experience-API-Version", "1.0.3", "If-None-Match", none, "If-Match", match)
		if w.Code >= 500 {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		if after := d.counts(); w.Code >= 400 && after != before {
			t.Fatalf("%s %s: %d, and it left %v where there was %v", method, path, w.Code, after, before)
		}
	})
}
