package record_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tizi/internal/access"
	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/record"
	"tizi/internal/seal"
	"tizi/internal/statement"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

var (
	ctx  = context.Background()
	must = testnode.Must
)

// node is a node with records and nothing else, as one test sees it: with a centre of its own.
type node struct {
	*testnode.Node
	*record.Records
	centre id.ID
	tool   record.Source
}

// in is the node for another test.
func (n *node) in(name string) *node {
	out := *n
	out.centre = id.Named("test centre", name)
	out.tool = record.Source{Centre: out.centre, Key: record.Tool("test")}
	return &out
}

// TestRecords runs on one node for each engine, since to make a node takes longer than most of what is done with it.
func TestRecords(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := open(t, e)
		for _, test := range []struct {
			name string
			run  func(*testing.T, *node)
		}{
			{"Equal", testEqual}, {"Pages", testPages}, {"Voided", testVoided}, {"VoidedStays", testVoidedStays}, {"SameID", testSameID},
			{"OutsidersAreSealed", testOutsidersAreSealed}, {"Long", testLong}, {"Settle", testSettle}, {"Keys", testKeys},
		} {
			t.Run(test.name, func(t *testing.T) { test.run(t, n.in(test.name)) })
		}
		n.Whole()
	})
}

func registry() *fact.Registry {
	reg := fact.NewRegistry()
	for _, f := range record.Folds {
		reg.AddFold(f)
	}
	return reg
}

func with(t testing.TB, n *testnode.Node) *node {
	t.Helper()
	must(t, n.DB.Migrate(ctx, "record", record.Schema()))
	b, err := blob.Open(t.TempDir(), nil)
	must(t, err)
	r := record.New(n.Log, b)
	n.Came = r.Came
	n.Erasing = record.Forget
	return (&node{Node: n, Records: r}).in("centre")
}

func open(t testing.TB, e store.Engine) *node {
	t.Helper()
	return with(t, testnode.New(t, testnode.Place(t, e), registry()))
}

func read(t testnode.T, text string) *statement.Statement {
	t.Helper()
	v, err := statement.Parse([]byte(text))
	must(t, err)
	s, err := statement.New(v, statement.V2, "")
	must(t, err)
	return s
}

// did is a statement that somebody did something to something.
func did(who, verb, what string, more ...string) string {
	return fmt.Sprintf(`{"actor":{"mbox":"mailto:%s@example.org","name":"%s"},"verb":{"id":"http://example.org/%s"},"object":{"id":"http://example.org/%s"}%s}`, who, who, verb, what, strings.Join(more, ""))
}

func (n *node) put(t testnode.T, texts ...string) []id.ID {
	t.Helper()
	var in []*statement.Statement
	for _, s := range texts {
		in = append(in, read(t, s))
	}
	ids, err := n.Put(ctx, n.tool, in, nil)
	must(t, err)
	return ids
}

func (n *node) find(t testnode.T, q record.Query) []id.ID {
	t.Helper()
	q.Centre = n.centre
	rows, _, _, err := n.Find(ctx, q)
	must(t, err)
	var out []id.ID
	for _, r := range rows {
		out = append(out, r.ID)
	}
	return out
}

func same(t testing.TB, what string, got, want []id.ID) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: found %v instead of %v", what, got, want)
	}
}

func agent(t testing.TB, text string) *statement.Value {
	t.Helper()
	v, err := statement.Parse([]byte(text))
	must(t, err)
	return v
}

// testEqual: every accepted statement comes back equal, apart from what the store sets.
func testEqual(t *testing.T, n *node) {
	rapid.Check(t, func(d *rapid.T) {
		text := drawStatement(d)
		ids := n.put(d, text)
		_, v, err := n.Get(ctx, n.centre, id.Nil, ids[0])
		must(d, err)
		was := read(d, text).All
		for _, name := range was.Names() {
			if got := v.Get(name); got == nil || name != "context" && got.String() != was.Get(name).String() || !statement.Equal(statement.Listed(was).Get(name), got) {
				d.Fatalf("%s: %s\ncame back as\n%s", name, was.Get(name), v.Get(name))
			}
		}
		if !statement.Same(v, was) {
			d.Fatalf("%s\ncame back as\n%s", text, v)
		}
	})
}

// drawStatement draws a statement with whatever may stand in one.
func drawStatement(d *rapid.T) string {
	word := rapid.StringMatching(`[a-zé ا-ي\\n"]{0,12}`)
	str := func(what string) string {
		return statement.Str(word.Draw(d, what)).String()
	}
	who := func(what string) string {
		switch rapid.IntRange(0, 4).Draw(d, what) {
		case 0:
			return fmt.Sprintf(`{"name":%s,"mbox":"mailto:%d@example.org"}`, str("name"), rapid.IntRange(0, 3).Draw(d, "mail"))
		case 1:
			return fmt.Sprintf(`{"objectType":"Agent","account":{"name":%s,"homePage":"https://a.example"},"name":"x"}`, str("account"))
		case 2:
			return statement.Person(id.Named("test", fmt.Sprint(rapid.IntRange(0, 3).Draw(d, "person")))).String()
		case 3:
			return fmt.Sprintf(`{"objectType":"Group","member":[{"mbox":"mailto:m@example.org"},{"openid":"https://o.example/%d"}],"name":%s}`, rapid.IntRange(0, 3).Draw(d, "openid"), str("group"))
		}
		return `{"mbox_sha1sum":"ebd31e95054c018b10727ccffd2ef2ec3a016ee9"}`
	}
	object := `{"id":"http://example.org/a b","x":1}`
	switch rapid.IntRange(0, 3).Draw(d, "object") {
	case 0:
		object = fmt.Sprintf(`{"definition":{"name":{"ar-MA":%s},"extensions":{"http://e.org/n":{"a":[1.50,-0,1e3,null,true]}}},"id":"http://example.org/a"}`, str("title"))
	case 1:
		object = strings.Replace(who("whom"), "{", `{"objectType":"Agent",`, 1)
		if strings.Count(object, "objectType") > 1 {
			object = fmt.Sprintf(`{"objectType":"StatementRef","id":%q}`, id.New())
		}
	case 2:
		object = fmt.Sprintf(`{"objectType":"SubStatement","actor":%s,"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"}}`, who("sub"))
	default:
		object = `{"id":"http://example.org/plain"}`
	}
	out := fmt.Sprintf(`{"verb":{"id":"http://example.org/v","display":{"en":%s}}, "actor":%s,"object":%s`, str("display"), who("actor"), object)
	if rapid.Bool().Draw(d, "context") {
		more := ""
		if rapid.Bool().Draw(d, "agents") { // of version 2
			more = fmt.Sprintf(`,"contextAgents":[{"objectType":"contextAgent","agent":%s,"relevantTypes":["http://e.org/t"]}],"contextGroups":[{"objectType":"contextGroup","group":{"objectType":"Group","mbox":"mailto:g@example.org","member":[]}}]`, `{"openid":"https://o.example/c"}`)
		}
		out += fmt.Sprintf(`,"context":{"registration":%q,"instructor":%s,"contextActivities":{"parent":{"id":"http://e.org/p"},"other":[{"id":"http://e.org/q"},{"id":"http://e.org/q"}]}%s}`, id.New(), who("instructor"), more)
	}
	if rapid.Bool().Draw(d, "result") {
		out += fmt.Sprintf(`,"result":{"response":%s,"score":{"scaled":0.%d}}`, str("response"), rapid.IntRange(0, 9).Draw(d, "score"))
	}
	if rapid.Bool().Draw(d, "time") {
		out += `,"timestamp":"2026-03-14T09:26:53.5+01:00"`
	}
	if rapid.Bool().Draw(d, "attached") {
		out += fmt.Sprintf(`,"attachments":[{"usageType":"http://e.org/u","display":{"fr":%s},"contentType":"text/plain; charset=utf-8","length":0,"sha2":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","fileUrl":"http://e.org/f"}]`, str("attachment"))
	}
	return out + "}"
}

// testPages: each statement is on one page, whatever comes meanwhile: others, some about earlier ones, some that void them.
func testPages(t *testing.T, n *node) {
	rapid.Check(t, func(d *rapid.T) {
		verb := id.New().String()
		var plain, all []id.ID
		voided := map[id.ID]bool{}
		come := func(some int) {
			var texts []string
			var kinds []int
			for i := range some {
				kind := rapid.IntRange(0, 3).Draw(d, "kind")
				if len(plain) == 0 {
					kind = 0
				}
				kinds = append(kinds, kind)
				about := func() id.ID { return plain[rapid.IntRange(0, len(plain)-1).Draw(d, "about")] }
				switch kind {
				case 2: // found by the verb of what it is about
					texts = append(texts, fmt.Sprintf(`{"actor":{"mbox":"mailto:b@example.org"},"verb":{"id":"http://example.org/said"},"object":{"objectType":"StatementRef","id":%q}}`, about()))
				case 3:
					v := about()
					voided[v] = true
					texts = append(texts, fmt.Sprintf(`{"actor":{"mbox":"mailto:b@example.org"},"verb":{"id":%q},"object":{"objectType":"StatementRef","id":%q}}`, statement.Voided, v))
				default:
					texts = append(texts, did("a", verb, fmt.Sprint(i)))
				}
			}
			if some == 0 {
				return
			}
			ids := n.put(d, texts...)
			for i, v := range ids {
				if kinds[i] < 2 {
					plain = append(plain, v)
				}
			}
			all = append(all, ids...)
		}
		come(rapid.IntRange(0, 4).Draw(d, "before"))
		come(rapid.IntRange(0, 4).Draw(d, "before"))
		before := len(all)
		q := record.Query{Centre: n.centre, Verb: "http://example.org/" + verb, Limit: rapid.IntRange(1, 3).Draw(d, "limit"), Ascending: rapid.Bool().Draw(d, "ascending")}
		seen := map[id.ID]int{}
		for page := 0; ; page++ {
			rows, _, next, err := n.Find(ctx, q)
			must(d, err)
			if len(rows) > q.Limit {
				d.Fatalf("a page of %d has %d", q.Limit, len(rows))
			}
			for _, r := range rows {
				if seen[r.ID]++; seen[r.ID] > 1 {
					d.Fatalf("statement %s stands on two pages", r.ID)
				}
			}
			if q.From = next; next == 0 {
				break
			}
			if page < 3 {
				come(rapid.IntRange(0, 2).Draw(d, "meanwhile"))
			}
		}
		for i, v := range all {
			if seen[v] == 0 && !voided[v] && (i < before || q.Ascending) {
				d.Fatalf("statement %d of %d (%d of them before the first page) stood on no page", i, len(all), before)
			}
		}
	})
}

func testVoided(t *testing.T, n *node) {
	first := n.put(t, did("a", "did", "x"))[0]
	void := func(v id.ID) string {
		return fmt.Sprintf(`{"actor":{"mbox":"mailto:b@example.org"},"verb":{"id":%q},"object":{"objectType":"StatementRef","id":%q}}`, statement.Voided, v)
	}
	second := n.put(t, void(first))[0]
	third := n.put(t, void(second))[0] // voids nothing: what voids stays
	for v, want := range map[id.ID]bool{first: true, second: false, third: false} {
		row, _, err := n.Get(ctx, n.centre, id.Nil, v)
		must(t, err)
		if row.Voided != want {
			t.Errorf("statement %s is voided: %t", v, row.Voided)
		}
	}
	same(t, "what is not voided", n.find(t, record.Query{}), []id.ID{third, second})
	same(t, "what was said of what the agent did", n.find(t, record.Query{Agent: agent(t, `{"mbox":"mailto:a@example.org"}`)}), []id.ID{third, second})

	// What voids may come before what it voids.
	late := id.New()
	early := n.put(t, void(late))[0]
	n.put(t, strings.Replace(did("c", "did", "y"), "{", fmt.Sprintf(`{"id":%q,`, late), 1))
	row, _, err := n.Get(ctx, n.centre, id.Nil, late)
	must(t, err)
	if !row.Voided {
		t.Error("what was voided before it came is not")
	}
	same(t, "what is about it", n.find(t, record.Query{Activity: "http://example.org/y"}), []id.ID{early})
	if _, _, err := n.Get(ctx, n.centre, record.Tool("other"), first); !errors.Is(err, record.ErrUnknown) {
		t.Errorf("a key that reads its own only was given another's: %v", err)
	}
}

// testVoidedStays: whatever voids what, in whichever order it comes, each statement is given back by its id, says whether it is voided, and
// is in lists where it is not.
func testVoidedStays(t *testing.T, n *node) {
	rapid.Check(t, func(d *rapid.T) {
		ids := make([]id.ID, rapid.IntRange(2, 6).Draw(d, "statements"))
		target := make([]int, len(ids)) // which it voids; itself: none
		for i := range ids {
			ids[i] = id.New()
			target[i] = rapid.IntRange(0, len(ids)-1).Draw(d, "voids")
		}
		for _, i := range rapid.Permutation(seq(len(ids))).Draw(d, "order") {
			all := fmt.Sprintf(`,"context":{"registration":%q}`, ids[0])
			text := did("a", "did", "x", all)
			if target[i] != i {
				text = fmt.Sprintf(`{"actor":{"mbox":"mailto:b@example.org"},"verb":{"id":%q},"object":{"objectType":"StatementRef","id":%q}%s}`, statement.Voided, ids[target[i]], all)
			}
			n.put(d, strings.Replace(text, "{", fmt.Sprintf(`{"id":%q,`, ids[i]), 1))
		}
		listed := n.find(d, record.Query{Registration: ids[0]})
		for i, v := range ids {
			want := false
			for j := range ids {
				want = want || target[j] == i && i != j && target[i] == i // what voids is not voided
			}
			row, x, err := n.Get(ctx, n.centre, id.Nil, v)
			must(d, err)
			if row.Voided != want || x.Get("id").Text() != v.String() {
				d.Fatalf("statement %d of %v is voided: %t", i, target, row.Voided)
			}
			if slices.Contains(listed, v) == want {
				d.Fatalf("statement %d of %v is listed: %t", i, target, !want)
			}
		}
	})
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func testSameID(t *testing.T, n *node) {
	v := id.New()
	under := func(s string) *statement.Statement { x := read(t, s); x.ID = v; return x }
	for range 2 {
		_, err := n.Put(ctx, n.tool, []*statement.Statement{under(did("a", "did", "x"))}, nil)
		must(t, err)
	}
	var conflict *record.ConflictError
	_, err := n.Put(ctx, n.tool, []*statement.Statement{read(t, did("z", "did", "z")), under(did("b", "did", "x"))}, nil)
	if !errors.As(err, &conflict) || conflict.ID != v {
		t.Errorf("another statement under the same id: %v", err)
	}
	same(t, "nothing half-stored", n.find(t, record.Query{}), []id.ID{v})
	if c := n.CountOf("record_agent WHERE centre = ?", n.centre); c != 1 {
		t.Errorf("%d agents are known of one statement that was kept and others that were not", c)
	}
}

// TestNodesMeet: two nodes that were told different things under one id show the same, and both keep both.
func TestNodesMeet(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := open(t, e)
		box := with(t, hub.Box(testnode.Fast(t), registry(), []string{"*"}, []string{"*"}))
		v := id.New()
		under := func(s string) []*statement.Statement { x := read(t, s); x.ID = v; return []*statement.Statement{x} }
		_, err := hub.Put(ctx, hub.tool, under(did("a", "did", "x")), nil)
		must(t, err)
		_, err = box.Put(ctx, hub.tool, under(did("a", "did", "y")), nil)
		must(t, err)
		only := box.put(t, did("c", "did", "z"))[0]
		testnode.Meet(hub.Node, box.Node)
		must(t, (&testnode.Link{From: box.Node, To: hub.Node}).CarryKeys("centre/"+hub.centre.String()))
		must(t, (&testnode.Link{From: hub.Node, To: box.Node}).CarryKeys("centre/"+hub.centre.String()))
		testnode.Same(t, hub.Node, box.Node)
		for name, n := range map[string]*node{"hub": hub, "box": box} {
			all, err := n.Versions(ctx, hub.centre, v, false)
			must(t, err)
			rows, err := n.Contested(ctx, access.At(hub.centre))
			must(t, err)
			if len(all) != 2 || len(rows) != 1 || rows[0].ID != v {
				t.Errorf("%s shows %d versions and %d conflicts", name, len(all), len(rows))
			}
			same(t, name, n.find(t, record.Query{Agent: agent(t, `{"mbox":"mailto:c@example.org"}`)}), []id.ID{only})
		}
		hub.Whole()
	})
}

func testOutsidersAreSealed(t *testing.T, n *node) {
	amina := agent(t, `{"mbox":"mailto:amina@example.org"}`)
	v := n.put(t, did("amina", "did", "x"))[0]
	text := "a photograph"
	sum := "1b7ca2a4ec9b4e1b2c3e9c6d2b8f4a2a1b7ca2a4ec9b4e1b2c3e9c6d2b8f4a2a"
	s := read(t, did("amina", "sent", "x", fmt.Sprintf(`,"attachments":[{"usageType":"http://e.org/u","display":{"en":"x"},"contentType":"image/png","length":12,"sha2":"%s"}]`, sum)))
	ids, err := n.Put(ctx, n.tool, []*statement.Statement{s}, map[string][]byte{sum: []byte(text)})
	must(t, err)
	must(t, n.SetDocument(ctx, n.tool, record.Address{Resource: record.AgentProfile, Agent: amina, Name: "p"}, record.Document{Name: "p", Type: "text/plain", Content: []byte("x")}, record.Condition{None: []string{"*"}}, false))
	must(t, n.Facts(ctx, n.DB, "1 = 1", nil, func(f *fact.Fact) error {
		if strings.Contains(string(f.Body), "amina") {
			t.Errorf("%s says in clear %s", f.Kind, f.Body)
		}
		return nil
	}))
	row, _, err := n.Get(ctx, n.centre, id.Nil, ids[0])
	must(t, err)
	b, err := n.Open(ctx, row.Files[0])
	must(t, err)
	if string(b) != text {
		t.Errorf("the attachment came back as %q", b)
	}
	gone, err := n.Forget(ctx, id.Nil, n.centre, amina, "asked")
	must(t, err)
	if gone != 1 {
		t.Errorf("%d agents were erased", gone)
	}
	_, x, err := n.Get(ctx, n.centre, id.Nil, v)
	must(t, err)
	if a := x.Get("actor", "account"); a.Get("homePage").Text() != record.ErasedHome || strings.Contains(x.String(), "amina") {
		t.Errorf("somebody who was erased is still named: %s", x)
	}
	must(t, statement.Check(x, statement.V1, ""))
	if _, err := n.Open(ctx, row.Files[0]); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("the attachment of somebody who was erased: %v", err)
	}
	if c := n.CountOf("record_document WHERE centre = ?", n.centre); c != 0 {
		t.Errorf("%d documents of somebody who was erased are left", c)
	}
	same(t, "by the mail address", n.find(t, record.Query{Agent: amina}), nil)
	if len(n.find(t, record.Query{})) != 2 {
		t.Error("what was recorded is gone with the name")
	}
	n.Whole()
}

// testLong: what is too long for the log lies in a file, and is found and given back whole.
func testLong(t *testing.T, n *node) {
	long := strings.Repeat("long ", 40<<10)
	v := n.put(t, did("a", "wrote", "x", `,"result":{"response":"`+long+`"}`))[0]
	_, x, err := n.Get(ctx, n.centre, id.Nil, v)
	must(t, err)
	if x.Get("result", "response").Text() != long {
		t.Error("a long answer did not come back whole")
	}
	same(t, "what is long", n.find(t, record.Query{Verb: "http://example.org/wrote", Agent: agent(t, `{"mbox":"mailto:a@example.org"}`)}), []id.ID{v})
	var files int
	must(t, n.Blobs(ctx, n.DB, []id.ID{n.centre}, func(string, blob.Digest) { files++ }))
	if files != 1 {
		t.Errorf("%d files are spoken of", files)
	}
	var members []string
	for i := range 3000 {
		members = append(members, fmt.Sprintf(`{"mbox":"mailto:m%d@example.org"}`, i))
	}
	s := read(t, `{"actor":{"objectType":"Group","member":[`+strings.Join(members, ",")+`]},"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"}}`)
	if _, err := n.Put(ctx, n.tool, []*statement.Statement{s}, nil); !errors.Is(err, record.ErrTooLong) {
		t.Errorf("a statement about thousands of people: %v", err)
	}
}

// testSettle: what has lost its place in the order gets one again.
func testSettle(t *testing.T, n *node) {
	v := n.put(t, did("a", "did", "x"))[0]
	must(t, n.DB.Write(ctx, func(tx store.Tx) error {
		return errors.Join(tx.Exec(ctx, "DELETE FROM record_seen WHERE centre = ?", n.centre), tx.Exec(ctx, "DELETE FROM record_term WHERE centre = ?", n.centre))
	}))
	same(t, "before", n.find(t, record.Query{}), nil)
	must(t, n.Settle(ctx))
	same(t, "after", n.find(t, record.Query{Activity: "http://example.org/x"}), []id.ID{v})
}

func testKeys(t *testing.T, n *node) {
	if _, _, err := n.MakeKey(ctx, id.Nil, n.centre, " ", []record.Grant{record.Write}); !errors.Is(err, record.ErrKeyName) {
		t.Error(err)
	}
	if _, _, err := n.MakeKey(ctx, id.Nil, n.centre, "x", []record.Grant{"root"}); !errors.Is(err, record.ErrGrants) {
		t.Error(err)
	}
	k, secret, err := n.MakeKey(ctx, id.Nil, n.centre, "x", []record.Grant{record.Read})
	must(t, err)
	got, err := n.Authenticate(ctx, k.ID.String(), secret)
	must(t, err)
	if got.May(record.Write) || !got.May(record.Own) || got.Centre != n.centre {
		t.Errorf("the key came back as %+v", got)
	}
	for _, wrong := range []string{"", secret + "x"} {
		if _, err := n.Authenticate(ctx, k.ID.String(), wrong); !errors.Is(err, record.ErrSecret) {
			t.Errorf("the secret %q: %v", wrong, err)
		}
	}
	if err := n.RevokeKey(ctx, id.Nil, access.At(id.New()), k.ID); !errors.Is(err, record.ErrNoKey) {
		t.Errorf("a key of another centre: %v", err)
	}
	for range 2 { // again, it stays as it is
		must(t, n.RevokeKey(ctx, id.Nil, access.At(n.centre), k.ID))
	}
	if _, err := n.Authenticate(ctx, k.ID.String(), secret); !errors.Is(err, record.ErrSecret) {
		t.Errorf("a revoked key: %v", err)
	}
	keys, err := n.Keys(ctx, n.DB, access.At(n.centre))
	must(t, err)
	if len(keys) != 1 || keys[0].Name != "x" || keys[0].Revoked.IsZero() {
		t.Errorf("the list of keys: %+v", keys)
	}
	facts, err := n.Of(ctx, n.DB, k.ID)
	must(t, err)
	if len(facts) != 2 {
		t.Errorf("%d facts say of a key that it was made and revoked", len(facts))
	}
}
