package statement_test

import (
	"errors"
	"strings"
	"testing"

	"tizi/internal/id"
	"tizi/internal/statement"
)

func parse(t testing.TB, text string) *statement.Value {
	t.Helper()
	v, err := statement.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// TestWrongFields: what is wrong is named by its field.
func TestWrongFields(t *testing.T) {
	for _, c := range []struct{ text, field string }{
		{`{`, ""},
		{"{\"a\":\"\xff\"}", "a"},
		{`{"a":1,"a":2}`, "a"},
		{`{"a":[1,{"b":1e999}]}`, "a[1].b"},
		{strings.Repeat("[", 100), ""},
		{`{} {}`, ""},
		{`[]`, "s"},
		{`{"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"}}`, "s.actor"},
		{`{"actor":{"mbox":"a@b"},"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"}}`, "s.actor.mbox"},
		{`{"actor":{"mbox":"mailto:a@b","openid":"http://o.org"},"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"}}`, "s.actor"},
		{`{"actor":{"mbox":"mailto:a@b"},"verb":{"id":"v"},"object":{"id":"http://e.org/o"}}`, "s.verb.id"},
		{`{"actor":{"mbox":"mailto:a@b"},"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"},"result":{"score":{"scaled":2}}}`, "s.result.score.scaled"},
		{`{"actor":{"mbox":"mailto:a@b"},"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"},"context":{"team":null}}`, "s.context.team"},
		{`{"actor":{"mbox":"mailto:a@b"},"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"},"Result":{}}`, "s.Result"},
	} {
		v, err := statement.Parse([]byte(c.text))
		if err == nil {
			err = statement.Check(v, statement.V1, "s")
		}
		var e *statement.Error
		if !errors.As(err, &e) || c.field != "" && e.Field != c.field {
			t.Errorf("%.80s: %v instead of something wrong with %q", c.text, err, c.field)
		}
	}
}

func TestVersions(t *testing.T) {
	v := parse(t, `{"actor":{"mbox":"mailto:a@b"},"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"},"context":{"contextAgents":[{"objectType":"contextAgent","agent":{"mbox":"mailto:c@d"},"relevantTypes":["http://e.org/t"]}]}}`)
	if err := statement.Check(v, statement.V2, ""); err != nil {
		t.Error(err)
	}
	if err := statement.Check(v, statement.V1, ""); err == nil {
		t.Error("version 1 has no contextAgents")
	}
}

// TestShapes: what may stand in a statement of version 2, and what is wrong with the rest, by its field.
func TestShapes(t *testing.T) {
	const group, in = `{"objectType":"Group","member":[{"mbox":"mailto:a@b"}]}`, `{"actor":{"mbox":"mailto:a@b"},"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"}`
	object := func(s string) string { return strings.Replace(in, `{"id":"http://e.org/o"}`, s, 1) + "}" }
	more := func(s string) string { return in + "," + s + "}" }
	within := func(s string) string {
		return object(`{"objectType":"SubStatement",` + s + in[1:] + "}")
	}
	attached := func(s string) string {
		return more(`"attachments":[` + s + `]`)
	}
	for _, c := range []struct{ text, field string }{
		{object(group), ""}, {object(`{"mbox":"mailto:a@b"}`), "object.mbox"}, {object(`{"objectType":"Agent","mbox":"mailto:a@b"}`), ""},
		{object(`{"objectType":"Group"}`), "object.member"}, {object(`{"objectType":"Group","member":[` + group + `]}`), "object.member[0].member"},
		{object(`{"objectType":"StatementRef","id":"x"}`), "object.id"}, {object(`{"objectType":"activity","id":"http://e.org/o"}`), "object.objectType"},
		{within(""), ""}, {within(`"id":"01a21ee7-26fc-7544-8aa4-a9ff5958f347",`), "object.id"}, {within(`"authority":{"mbox":"mailto:a@b"},`), "object.authority"}, {within(`"version":"2.0.0",`), "object.version"}, {within(`"stored":"2026-03-14T09:26:53Z",`), "object.stored"},
		{object(`{"objectType":"SubStatement",` + within("")[1:]), "object.object.objectType"},
		{object(`{"id":"http://e.org/o","definition":{"interactionType":"choice","choices":[{"id":"a"},{"id":"b","description":{"ar-MA":"x"}}],"correctResponsesPattern":["a[,]b"]}}`), ""},
		{object(`{"id":"http://e.org/o","definition":{"interactionType":"choice","choices":[{"id":"a"},{"id":"a"}]}}`), "object.definition.choices[1].id"},
		{object(`{"id":"http://e.org/o","definition":{"choices":[{"id":"a"}]}}`), "object.definition.interactionType"},
		{object(`{"id":"http://e.org/o","definition":{"name":{"not a tag":"x"}}}`), "object.definition.name.not a tag"},
		{object(`{"id":"http://e.org/o","definition":{"extensions":{"x":null}}}`), "object.definition.extensions"}, {object(`{"id":"http://e.org/o","definition":{"extensions":{"http://e.org/x":null}}}`), ""},
		{strings.Replace(object(group), `"verb"`, `"context":{"revision":"1"},"verb"`, 1), "context.revision"}, {more(`"context":{"revision":"1","platform":"p","language":"ar-MA","team":` + group + `}`), ""},
		{more(`"context":{"language":"_"}`), "context.language"}, {more(`"context":{"team":{"mbox":"mailto:a@b"}}`), "context.team.objectType"},
		{more(`"context":{"contextAgents":[{"objectType":"contextAgent","agent":{"mbox":"mailto:a@b"},"relevantTypes":[]}]}`), "context.contextAgents[0].relevantTypes"},
		{more(`"context":{"contextAgents":[{"objectType":"contextAgent","agent":{"mbox":"mailto:a@b"},"relevantTypes":["x"]}]}`), "context.contextAgents[0].relevantTypes[0]"},
		{more(`"context":{"contextGroups":[{"objectType":"contextAgent","group":` + group + `}]}`), "context.contextGroups[0].objectType"}, {more(`"context":{"contextGroups":[{"objectType":"contextGroup","group":` + group + `}]}`), ""},
		{attached(`{"usageType":"http://e.org/u","display":{"en":"x"},"contentType":"text/plain","length":1,"sha2":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}`), ""},
		{attached(`{"usageType":"http://e.org/u","display":{"en":"x"},"contentType":"text/plain","length":1.5,"sha2":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}`), "attachments[0].length"},
		{attached(`{"usageType":"http://e.org/u","display":{"en":"x"},"contentType":"text","length":1,"sha2":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}`), "attachments[0].contentType"},
		{attached(`{"usageType":"http://e.org/u","display":{"en":"x"},"contentType":"text/plain","length":1,"sha2":"x"}`), "attachments[0].sha2"},
		{more(`"authority":{"objectType":"Group","member":[{"mbox":"mailto:a@b"},{"mbox":"mailto:c@d"}]}`), ""}, {more(`"authority":` + group), "authority"},
		{more(`"version":"2.0.1"`), ""}, {more(`"version":"1.0.3"`), ""}, {more(`"version":"3.0.0"`), "version"},
		{strings.Replace(in, "http://e.org/v", statement.Voided, 1) + "}", "object"},
	} {
		err := statement.Check(parse(t, c.text), statement.V2, "")
		var e *statement.Error
		if c.field == "" && err != nil || c.field != "" && (!errors.As(err, &e) || e.Field != c.field) {
			t.Errorf("%s: %v instead of something wrong with %q", c.text, err, c.field)
		}
	}
}

func TestTime(t *testing.T) {
	for text, good := range map[string]bool{
		"2026-03-14T09:26:53.589Z": true, "2026-03-14T09:26:53+01:00": true, "20260314T092653Z": true, "2026-03-14T09:26:53": true, "2026-03-14T09:26Z": true,
		"2026-03-14": false, "2026-02-30T09:26:53Z": false, "2026-03-14T25:00:00Z": false, "2026-03-14T09:26:53-00:00": false, "2026-03-14T09:26:53+25:00": false, "": false,
	} {
		if _, err := statement.ParseTime(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSame(t *testing.T) {
	base := `{"actor":{"mbox":"mailto:a@b"},"result":{"duration":"PT1.234S","score":{"raw":1.50}},"timestamp":"2026-03-14T09:26:53Z"}`
	for text, want := range map[string]bool{
		`{"result":{"score":{"raw":15e-1},"duration":"PT1.239S"},"actor":{"mbox":"mailto:a\u0040b"},"timestamp":"2026-03-14T10:26:53+01:00","version":"1.0.0"}`: true,
		`{"actor":{"mbox":"mailto:a@b"},"result":{"duration":"PT1.23S","score":{"raw":1.5}}}`:                                                                   true,
		`{"actor":{"mbox":"mailto:a@b"},"result":{"duration":"PT1.24S","score":{"raw":1.5}}}`:                                                                   false,
		`{"actor":{"mbox":"mailto:a@b"},"result":{"duration":"PT1.23S","score":{"raw":1.500001}}}`:                                                              false,
		strings.Replace(base, "09:26:53", "09:26:54", 1):                                                                                                        false,
	} {
		if got := statement.Same(parse(t, base), parse(t, text)); got != want {
			t.Errorf("%s\nis the same: %t", text, got)
		}
	}
}

// FuzzStatement feeds any bytes to the reader: it says no with an *Error, or gives a statement that comes back as it was, and of which
// nothing that identifies anybody is left when it is made hollow.
func FuzzStatement(f *testing.F) {
	f.Add([]byte(`{"actor":{"mbox":"mailto:a@b","name":"A"},"verb":{"id":"http://e.org/v"},"object":{"objectType":"SubStatement","actor":{"objectType":"Group","member":[{"openid":"http://o.org"}]},"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"}},"context":{"instructor":{"account":{"homePage":"http://h.org","name":"n"}},"contextActivities":{"parent":{"id":"http://e.org/p"}}}}`))
	f.Add([]byte(`{"actor":{"objectType":"Group","name":"G","member":[{"mbox_sha1sum":"ebd31e95054c018b10727ccffd2ef2ec3a016ee9"}]},"verb":{"id":"http://e.org/v","display":{"ar":"x"}},"object":{"objectType":"StatementRef","id":"01a21ee7-26fc-7544-8aa4-a9ff5958f347"},"attachments":[]}`))
	f.Add([]byte(`[[[[1e400,"\ud800"]]]]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := statement.Parse(b)
		var e *statement.Error
		if err != nil {
			if !errors.As(err, &e) {
				t.Fatalf("%q: %v", b, err)
			}
			return
		}
		s, err := statement.New(v, statement.V2, "")
		if err != nil {
			if !errors.As(err, &e) {
				t.Fatalf("%q: %v", b, err)
			}
			return
		}
		hollow, holes := s.Hollow(func(*statement.Value) bool { return true })
		again := parse(t, hollow.String())
		statement.Holes(again, func(a *statement.Value, _ statement.Role, _ int) {
			for _, name := range []string{"name", "mbox", "account", "openid"} {
				if a.Get(name).Text() != "" || a.Get(name).IsObject() {
					t.Fatalf("%q is hollow as %s", b, hollow)
				}
			}
		})
		statement.Fill(again, func(n int) *statement.Value { return holes[n].Said }, func(int) *statement.Value { return statement.Tool(id.Nil) })
		want := v.Without("id", "stored", "authority", "version").String()
		if again.String() != want {
			t.Fatalf("%s came back as %s", want, again)
		}
	})
}
