package consent_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/family"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/sheet"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

var (
	ctx  = context.Background()
	must = testnode.Must
	all  = access.Everywhere()
	here = id.Named("test", "a centre")
)

func open(t *testing.T, e store.Engine) *house.House {
	t.Helper()
	at := testhouse.Place(t, e)
	clock := &testnode.Time{}
	clock.Set(testnode.Epoch)
	h, err := house.Create(ctx, house.Config{Dir: t.TempDir(), Store: &at, Now: clock.Now})
	must(t, err)
	t.Cleanup(func() { h.Close() })
	return h
}

func someone(t *testing.T, h *house.House, name, birth string) id.ID {
	t.Helper()
	v, err := h.People.Register(ctx, id.Nil, here, person.Details{"first_latin": name, "birth": birth}, nil)
	must(t, err)
	return v
}

func said(p consent.Purpose, state string) consent.Statement {
	return consent.Statement{Purpose: p, State: state, Giver: consent.ByGuardian, Method: "paper", On: "2026-03-01", Who: consent.Who{Name: "Fatna"}}
}

func shot(t *testing.T) []byte {
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 20, 20))))
	return b.Bytes()
}

func TestWhatMayBeRecorded(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := open(t, e)
		child, adult := someone(t, h, "Lina", "2015-01-06"), someone(t, h, "Salma", "1999-01-06")
		self := said(consent.Research, consent.Given)
		self.Giver, self.Who = consent.BySelf, consent.Who{}
		late, spoken, nameless := said(consent.Training, consent.Given), said(consent.Training, consent.Given), said(consent.Training, consent.Given)
		late.On, spoken.Method, nameless.Who = "2026-03-03", "spoken", consent.Who{}
		for _, x := range []struct {
			what string
			who  id.ID
			s    consent.Statement
			want error
		}{
			{"a child for itself", child, self, consent.ErrMinor}, {"tomorrow", child, late, consent.ErrFuture}, {"spoken to nobody", child, spoken, consent.ErrNoWitness}, {"by nobody", child, nameless, consent.ErrNoName},
			{"withdrawn before it was given", child, said(consent.Training, consent.Withdrawn), consent.ErrNotGiven}, {"of a stranger", id.New(), self, person.ErrUnknown},
		} {
			if err := h.Consents.Record(ctx, id.Nil, all, x.who, []consent.Statement{x.s}); !errors.Is(err, x.want) {
				t.Errorf("%s: %v", x.what, err)
			}
		}
		if err := h.Consents.Record(ctx, id.Nil, access.At(id.New()), child, []consent.Statement{said(consent.Training, consent.Given)}); !errors.Is(err, person.ErrUnknown) {
			t.Errorf("out of scope: %v", err)
		}
		must(t, h.Consents.Record(ctx, id.Nil, all, adult, []consent.Statement{self}))
		must(t, h.Consents.Record(ctx, id.Nil, all, child, []consent.Statement{said(consent.Training, consent.Given), said(consent.Image, consent.Refused)}))
		for p, want := range map[consent.Purpose]bool{consent.Training: true, consent.Image: false, consent.FollowUp: false} {
			if got, err := h.Consents.Has(ctx, h.DB, child, p); err != nil || got != want {
				t.Errorf("%s: %v %v", p, got, err)
			}
		}
		lacks, err := h.Consents.Lacking(ctx, h.DB, []id.ID{child, adult}, consent.Training)
		must(t, err)
		n, err := h.People.CountIf(ctx, h.DB, all, person.Condition{SQL: "NOT " + consent.Holding("person.id", consent.Training)})
		must(t, err)
		if !lacks[adult] || lacks[child] || n != 1 {
			t.Errorf("who lacks: %v, %d", lacks, n)
		}
		must(t, h.Consents.Record(ctx, id.Nil, all, child, []consent.Statement{said(consent.Training, consent.Withdrawn)}))
		past, err := h.Consents.History(ctx, h.DB, child)
		must(t, err)
		if len(past) != 3 || past[0].State != consent.Withdrawn || past[0].Who.Name != "Fatna" {
			t.Errorf("history: %+v", past)
		}
		var sealed string
		_, err = store.One(ctx, h.DB, "SELECT sealed FROM consent WHERE person = ? AND purpose = 'training'", store.Args(child), &sealed)
		must(t, err)
		if sealed == "" || bytes.Contains([]byte(sealed), []byte("Fatna")) {
			t.Errorf("who gave it lies open: %q", sealed)
		}
	})
}

// Two who did not see each other: the one who said no is heard until somebody who saw both decides.
func TestTwoAnswersAtOnce(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := open(t, e)
		child := someone(t, h, "Lina", "2015-01-06")
		must(t, h.Consents.Record(ctx, id.Nil, all, child, []consent.Statement{said(consent.Image, consent.Refused)}))
		yes := consent.Held(id.Nil, here, child, "2015-01-06", consent.Image, consent.FirstText(consent.Image), "paper", "2026-03-02")
		yes.Born = false
		_, err := h.Log.Do(ctx, fact.Command{Name: "elsewhere", Stream: person.Stream(here), Run: func(context.Context, store.Querier) (fact.Outcome, error) {
			return fact.Outcome{Facts: []fact.New{yes}}, nil
		}})
		must(t, err)
		of, err := h.Consents.Of(ctx, h.DB, child)
		must(t, err)
		if c := of[1]; !c.Conflict || c.Holds {
			t.Errorf("%+v", c)
		}
		must(t, h.Consents.Record(ctx, id.Nil, all, child, []consent.Statement{said(consent.Image, consent.Given)}))
		if of, err = h.Consents.Of(ctx, h.DB, child); err != nil || of[1].Conflict || !of[1].Holds {
			t.Errorf("%+v %v", of[1], err)
		}
	})
}

// A list says whose signed forms the centre holds: by a column, or for all. Who answered already is not asked by a list, the
// same list says nothing twice, and a dry run states nothing.
func TestFormsOfAList(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := open(t, e)
		clerk := id.Named("test", "a clerk")
		refused, silent := someone(t, h, "Refuse Bennani", "2014-05-12"), someone(t, h, "Silent Bennani", "2014-05-13")
		must(t, h.Consents.Record(ctx, id.Nil, all, refused, []consent.Statement{said(consent.Training, consent.Refused)}))
		text := consent.FirstText(consent.Training)
		take := func(held, dry bool, lines ...string) *person.Report {
			t.Helper()
			rep, err := h.People.Import(ctx, person.Import{Centre: here, Actor: clerk, Today: testnode.Epoch, FormsHeld: held, DryRun: dry,
				Forms: h.Consents.Forms(clerk, here, consent.Training, text, "2026-03-01"),
				File: func(o sheet.Options) (*sheet.Reader, error) {
					b := []byte(strings.Join(lines, "\n") + "\n")
					return sheet.New(bytes.NewReader(b), int64(len(b)), "list.csv", o)
				}})
			must(t, err)
			return rep
		}
		count := func(want int) {
			t.Helper()
			var n int
			_, err := store.One(ctx, h.DB, "SELECT count(*) FROM consent", nil, &n)
			must(t, err)
			if n != want {
				t.Errorf("%d answers, want %d", n, want)
			}
		}
		said := func(name string) (c consent.Consent) {
			t.Helper()
			var v id.ID
			if found, err := store.One(ctx, h.DB, "SELECT id FROM person WHERE first_latin = ? OR name_latin = ?", store.Args(name, name), &v); err != nil || !found {
				t.Fatalf("%s is not there: %v", name, err)
			}
			of, err := h.Consents.Of(ctx, h.DB, v)
			must(t, err)
			return of[0]
		}
		list := []string{"Nom et prénom;Date de naissance;Autorisation parentale signée", "Refuse Bennani;12/05/2014;oui", "Silent Bennani;13/05/2014;oui",
			"Yes Alaoui;14/05/2014;Oui", "No Alaoui;15/05/2014;non", "Blank Alaoui;16/05/2014;", "Odd Alaoui;17/05/2014;peut-être", "Grown Alaoui;18/05/1990;oui"}
		if rep := take(true, true, list...); rep.Consents != 3 { // the column decides, whatever is said of all
			t.Errorf("a dry run would state %d", rep.Consents)
		}
		count(1)
		rep := take(true, false, list...)
		if rep.Consents != 3 || rep.Accepted != 5 || rep.Remarks != 1 || rep.Remarked[0].Reason != "import.reason.forms_unknown" || !slices.Contains(rep.Held, silent) {
			t.Errorf("report: %+v", rep)
		}
		count(4)
		if c := said("Yes Alaoui"); !c.Holds || c.Giver != consent.ByGuardian || c.Method != "list" || c.Actor != clerk || !c.Scan.IsNil() || c.Text != text {
			t.Errorf("a child: %+v", c)
		}
		if c := said("Grown Alaoui"); !c.Holds || c.Giver != consent.BySelf {
			t.Errorf("an adult: %+v", c)
		}
		if said("Refuse Bennani").Holds || said("No Alaoui").State != consent.Missing {
			t.Error("the list said yes for somebody")
		}
		facts, err := h.Log.Count(ctx, h.DB)
		must(t, err)
		if rep := take(true, false, list...); rep.Consents != 0 || rep.Unchanged != 7 {
			t.Errorf("again: %+v", rep)
		}
		if again, err := h.Log.Count(ctx, h.DB); err != nil || again != facts {
			t.Errorf("the same list again wrote %d facts, %v", again-facts, err)
		}
		plain := []string{"Nom et prénom;Date de naissance", "No Alaoui;15/05/2014", "Later Alaoui;19/05/2014"}
		if rep := take(false, false, plain...); rep.Consents != 0 {
			t.Errorf("nobody said that forms are held: %d", rep.Consents)
		}
		if rep := take(true, false, plain...); rep.Consents != 2 || len(rep.Held) != 2 {
			t.Errorf("said later: %+v", rep)
		}
	})
}

// A removal that was cut off after the fact was written is finished at the next start.
func TestSweepFinishes(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := open(t, e)
		child := someone(t, h, "Lina", "2015-01-06")
		must(t, h.Consents.Record(ctx, id.Nil, all, child, []consent.Statement{said(consent.Image, consent.Given)}))
		must(t, h.Consents.SetPhoto(ctx, id.Nil, all, child, shot(t)))
		files := func() []string {
			l, err := filepath.Glob(filepath.Join(h.Config.Dir, house.BlobDir, "??", "*"))
			must(t, err)
			return l
		}
		first := files()
		kept, err := os.ReadFile(first[0])
		must(t, err)
		must(t, h.Consents.SetPhoto(ctx, id.Nil, all, child, shot(t)))
		if l := files(); len(l) != 1 || l[0] == first[0] {
			t.Errorf("a new photo does not replace the old one: %v", l)
		}
		must(t, h.Consents.RemovePhoto(ctx, id.Nil, all, child))
		if l := files(); len(l) != 0 {
			t.Errorf("removed: %v", l)
		}
		must(t, os.WriteFile(first[0], kept, 0o600)) // as if the node had been cut off
		must(t, h.Consents.Sweep(ctx))
		if l := files(); len(l) != 0 {
			t.Errorf("swept: %v", l)
		}
		// A withdrawal that came from elsewhere, without the photo's removal.
		must(t, h.Consents.SetPhoto(ctx, id.Nil, all, child, shot(t)))
		all0, err := h.Log.Of(ctx, h.DB, consent.RegisterID(child, consent.Image))
		must(t, err)
		_, err = h.Log.Do(ctx, fact.Command{Name: "elsewhere", Stream: person.Stream(here), Run: func(context.Context, store.Querier) (fact.Outcome, error) {
			b := consent.Stated{Person: child, Purpose: consent.Image, State: consent.Withdrawn, Text: consent.FirstText(consent.Image), Giver: consent.ByGuardian, Method: "paper", On: "2026-03-02"}
			return fact.Outcome{Facts: []fact.New{{Stream: person.Stream(here), Kind: consent.KindStated, Subject: consent.RegisterID(child, consent.Image), Body: b, Prev: fact.HeadsOf(all0)}}}, nil
		}})
		must(t, err)
		if _, err := h.Consents.Photo(ctx, h.DB, child); !errors.Is(err, consent.ErrNoFile) {
			t.Errorf("shown without a consent: %v", err)
		}
		must(t, h.Consents.Sweep(ctx))
		if l := files(); len(l) != 0 {
			t.Errorf("the late withdrawal: %v", l)
		}
	})
}

// A no stands against a form that was signed before it, on whichever record of a person it was said.
func TestLaterNoStands(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := open(t, e)
		must(t, h.Places.LoadCountry(ctx, id.Nil, "ma", true))
		a, b := someone(t, h, "Lina", "2015-01-06"), someone(t, h, "Leena", "2015-01-06")
		on := func(who id.ID, state, day string) error {
			s := said(consent.Training, state)
			s.On = day
			return h.Consents.Record(ctx, id.Nil, all, who, []consent.Statement{s})
		}
		must(t, on(a, consent.Given, "2026-01-10"))
		must(t, on(a, consent.Withdrawn, "2026-02-20"))
		if err := on(a, consent.Given, "2026-01-15"); !errors.Is(err, consent.ErrOlder) {
			t.Errorf("a form signed before the withdrawal: %v", err)
		}
		must(t, h.People.Merge(ctx, id.Nil, all, a, b, "papers"))
		if err := on(b, consent.Given, "2026-01-15"); !errors.Is(err, consent.ErrOlder) {
			t.Errorf("the same on the other record: %v", err)
		}
		// A list says nothing of whoever answered, by another record either.
		forms := h.Consents.Forms(id.Nil, here, consent.Training, consent.FirstText(consent.Training), "2026-03-01")
		if list, err := forms(ctx, h.DB, []person.Formed{{Person: b, Birth: "2015-01-06"}}); err != nil || len(list) != 0 {
			t.Errorf("a list brings it back: %d, %v", len(list), err)
		}
		must(t, on(a, consent.Given, "2026-02-20")) // minds change within a day
		if has, err := h.Consents.Has(ctx, h.DB, a, consent.Training); err != nil || !has {
			t.Errorf("a new yes: %v %v", has, err)
		}
	})
}

// counted counts what is asked of a database.
type counted struct {
	store.Querier
	n int
}

func (c *counted) Each(ctx context.Context, query string, args []any, fn func(store.Row) error) error {
	c.n++
	return c.Querier.Each(ctx, query, args, fn)
}

// The guardians of a group are those of each of its people, asked for at once however many they are; so are accounts.
func TestGuardiansOfAGroup(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := open(t, e)
		must(t, h.Places.LoadCountry(ctx, id.Nil, "ma", true))
		var group, guardians []id.ID
		for i := range 6 {
			p := someone(t, h, fmt.Sprint("Child ", i), "2015-01-06")
			group = append(group, p)
			for j := range i % 3 {
				g, err := h.Family.Welcome(ctx, id.Nil, all, p, family.Who{Name: fmt.Sprint("Guardian ", i, j)}, "fr", true, true)
				must(t, err)
				guardians = append(guardians, g)
			}
		}
		must(t, h.People.Merge(ctx, id.Nil, all, group[2], group[5], "papers"))
		words := func(list []*family.Link) (out []string) {
			for _, l := range list {
				out = append(out, l.Name)
			}
			return out
		}
		asked := func(people []id.ID) int {
			t.Helper()
			q := &counted{Querier: h.DB}
			got, err := h.Family.GuardiansOfAll(ctx, q, people)
			must(t, err)
			for i, p := range people {
				want, err := h.Family.GuardiansOf(ctx, h.DB, p)
				must(t, err)
				if fmt.Sprint(words(got[p])) != fmt.Sprint(words(want)) || len(want) < i%3 {
					t.Errorf("person %d: %v, want %v", i, words(got[p]), words(want))
				}
			}
			accounts, err := h.Access.Of(ctx, q, guardians)
			must(t, err)
			if len(accounts) != len(guardians) {
				t.Errorf("%d accounts of %d", len(accounts), len(guardians))
			}
			return q.n
		}
		if few, many := asked(group[4:]), asked(group); many > few {
			t.Errorf("%d questions for two people, %d for six", few, many)
		}
	})
}

// Who answers for a person no more answers for none of its records, and whoever they sent fetches nobody.
func TestUnlinkedOfAllRecords(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := open(t, e)
		must(t, h.Places.LoadCountry(ctx, id.Nil, "ma", true))
		a, b := someone(t, h, "Lina", "2015-01-06"), someone(t, h, "Leena", "2015-01-06")
		g, err := h.Family.Welcome(ctx, id.Nil, all, a, family.Who{Name: "Fatna"}, "fr", true, true)
		must(t, err)
		must(t, h.Family.Link(ctx, id.Nil, all, b, g, family.Who{Name: "Fatna"}, true, true))
		must(t, h.Family.NameFetcher(ctx, g, all, b, family.Who{Name: "Brahim"}))
		must(t, h.Family.NameFetcher(ctx, id.Nil, all, b, family.Who{Name: "Driss"}))
		must(t, h.People.Merge(ctx, id.Nil, all, a, b, "papers"))
		for _, r := range []id.ID{a, b} {
			l, err := h.Family.GuardiansOf(ctx, h.DB, r)
			must(t, err)
			f, err := h.Family.Fetchers(ctx, h.DB, r)
			must(t, err)
			if len(l) != 1 || l[0].Child != r || len(f) != 2 {
				t.Errorf("of one person: %d guardians, %d who may fetch", len(l), len(f))
			}
		}
		must(t, h.Family.Unlink(ctx, id.Nil, all, a, g))
		mine, err := h.Family.Children(ctx, h.DB, g)
		must(t, err)
		f, err := h.Family.Fetchers(ctx, h.DB, a)
		must(t, err)
		if len(mine) != 0 || len(f) != 1 || f[0].Name != "Driss" {
			t.Errorf("still: %d links, who may fetch %+v", len(mine), f)
		}
		must(t, h.Family.EndFetcher(ctx, id.Nil, all, a, f[0].ID))
		if acc, err := h.Access.Get(ctx, h.DB, g); err != nil || acc != nil {
			t.Errorf("the account: %+v %v", acc, err)
		}
	})
}

// A card that was lost opens nothing any more, whatever whoever found it did with it.
func TestLostCard(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := open(t, e)
		must(t, h.Places.LoadCountry(ctx, id.Nil, "ma", true))
		child := someone(t, h, "Lina", "2015-01-06")
		for _, again := range []bool{false, true} { // revoked, or replaced by another card
			g, err := h.Family.Welcome(ctx, id.Nil, all, child, family.Who{Name: fmt.Sprint("Fatna ", again)}, "fr", true, true)
			must(t, err)
			card, err := h.Family.MakeCard(ctx, all, child, g)
			must(t, err)
			token, err := h.Family.Enter(ctx, card.Token, "", "", "finder", "10.0.0.9")
			must(t, err)
			must(t, h.Access.ChangePassphrase(ctx, g, token, "", "un deux trois soleil"))
			acc, err := h.Access.Get(ctx, h.DB, g)
			must(t, err)
			if again {
				_, err = h.Family.MakeCard(ctx, all, child, g)
			} else {
				err = h.Family.Revoke(ctx, g)
			}
			must(t, err)
			if _, err := h.Access.SignIn(ctx, acc.Login, "un deux trois soleil", "finder", "10.0.0.9"); err == nil {
				t.Errorf("again %v: the passphrase that the finder set opens the account", again)
			}
			if who, err := h.Access.Who(ctx, token); err == nil && who != nil {
				t.Errorf("again %v: whoever came in is in still", again)
			}
		}
	})
}

// Whoever links a guardian to another child while the last link ends meets either a guardian or a refusal, never an account
// that is gone.
func TestGuardianEndsWhileLinked(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := open(t, e)
		must(t, h.Places.LoadCountry(ctx, id.Nil, "ma", true))
		one, two := someone(t, h, "Lina", "2015-01-06"), someone(t, h, "Adam", "2016-01-06")
		for range 10 {
			g, err := h.Family.Welcome(ctx, id.Nil, all, one, family.Who{Name: "Fatna"}, "fr", true, true)
			must(t, err)
			var wg sync.WaitGroup
			var linked, ended error
			wg.Go(func() { linked = h.Family.Link(ctx, id.Nil, all, two, g, family.Who{Name: "Fatna"}, false, true) })
			wg.Go(func() { ended = h.Family.Unlink(ctx, id.Nil, all, one, g) })
			wg.Wait()
			must(t, ended)
			mine, err := h.Family.Children(ctx, h.DB, g)
			must(t, err)
			acc, err := h.Access.Get(ctx, h.DB, g)
			must(t, err)
			if known := acc != nil; known != (len(mine) == 1) || known != (linked == nil) || !known && !errors.Is(linked, access.ErrNoAccount) {
				t.Fatalf("%d children, account %+v, linked %v", len(mine), acc, linked)
			}
			if linked == nil {
				must(t, h.Family.Unlink(ctx, id.Nil, all, two, g))
			}
			if err := h.Family.Link(ctx, id.Nil, all, two, g, family.Who{Name: "Fatna"}, false, true); !errors.Is(err, access.ErrNoAccount) {
				t.Fatalf("linked to nobody: %v", err)
			}
		}
	})
}

func TestGuardiansOfAChild(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := open(t, e)
		must(t, h.Places.LoadCountry(ctx, id.Nil, "ma", true))
		one, two := someone(t, h, "Lina", "2015-01-06"), someone(t, h, "Adam", "2016-01-06")
		g, err := h.Family.Welcome(ctx, id.Nil, all, one, family.Who{Name: "Fatna", Relation: "mother"}, "fr", true, true)
		must(t, err)
		must(t, h.Family.Link(ctx, id.Nil, all, two, g, family.Who{Name: "Fatna"}, false, true))
		mine, err := h.Family.Children(ctx, h.DB, g)
		must(t, err)
		if len(mine) != 2 || mine[0].Name != "Fatna" {
			t.Errorf("children: %+v", mine)
		}
		if err := h.Family.Send(ctx, g, all, one, id.New(), "x"); !errors.Is(err, family.ErrNoLink) {
			t.Errorf("to a stranger: %v", err)
		}
		for i := range 3 {
			must(t, h.Family.Send(ctx, g, all, one, g, fmt.Sprint("word ", i)))
		}
		must(t, h.Family.Send(ctx, id.New(), all, two, g, "answer"))
		threads, err := h.Family.Threads(ctx, h.DB, access.At(here), 10)
		must(t, err)
		texts := []string{}
		for _, m := range threads {
			texts = append(texts, m.Text)
		}
		slices.Sort(texts)
		if fmt.Sprint(texts) != "[answer word 2]" {
			t.Errorf("threads: %v", texts)
		}
		must(t, h.Family.NameFetcher(ctx, g, all, one, family.Who{Name: "Brahim"}))
		f, err := h.Family.Fetchers(ctx, h.DB, one)
		must(t, err)
		if len(f) != 1 || f[0].Name != "Brahim" || f[0].Actor != g {
			t.Errorf("fetchers: %+v", f)
		}
		must(t, h.Family.EndFetcher(ctx, g, all, one, f[0].ID))
		if f, err = h.Family.Fetchers(ctx, h.DB, one); err != nil || len(f) != 0 {
			t.Errorf("ended: %+v %v", f, err)
		}
		must(t, h.Family.Unlink(ctx, id.Nil, all, one, g))
		if _, err := h.Family.LinkOf(ctx, h.DB, one, g); !errors.Is(err, family.ErrNoLink) {
			t.Errorf("unlinked: %v", err)
		}
	})
}

// From 18 on, nobody agrees, refuses or withdraws for somebody else; a form that a parent signed before is still theirs.
func TestGuardianDoesNotAnswerForAnAdult(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := open(t, e)
		p := someone(t, h, "Lina", "2008-03-01") // 18 on the day of said
		for _, x := range []struct {
			giver, on string
			want      error
		}{
			{consent.ByGuardian, "2026-03-01", consent.ErrAdult},
			{consent.BySelf, "2026-02-28", consent.ErrMinor},
			{consent.ByGuardian, "2026-02-28", nil},
			{consent.BySelf, "2026-03-01", nil},
		} {
			s := said(consent.Image, consent.Given)
			s.Giver, s.On = x.giver, x.on
			if err := h.Consents.Record(ctx, id.Nil, all, p, []consent.Statement{s}); !errors.Is(err, x.want) {
				t.Errorf("given by the %s on %s: %v, want %v", x.giver, x.on, err, x.want)
			}
		}
		for _, state := range []string{consent.Refused, consent.Withdrawn} {
			if err := h.Consents.Record(ctx, id.Nil, all, p, []consent.Statement{said(consent.Image, state)}); !errors.Is(err, consent.ErrAdult) {
				t.Errorf("%s by a guardian: %v", state, err)
			}
		}
		if consent.Giver("", "2026-03-01") != consent.ByGuardian {
			t.Error("of unknown age, yet nobody's guardian answers")
		}
	})
}

// Who is erased is counted no more among those who agreed, in the sums of a scope and in a fresh replay alike.
func TestErasedAreNotCounted(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := open(t, e)
		gone, stays := someone(t, h, "Lina", "2015-01-06"), someone(t, h, "Adam", "2016-01-06")
		for _, p := range []id.ID{gone, stays} {
			must(t, h.Consents.Record(ctx, id.Nil, all, p, []consent.Statement{said(consent.Training, consent.Given), said(consent.Image, consent.Refused)}))
		}
		must(t, h.Erase(ctx, []id.ID{gone}, here))
		for _, scope := range []access.Scope{all, access.At(here)} {
			have, err := h.Consents.Counts(ctx, h.DB, scope)
			must(t, err)
			if have[consent.Training] != 1 || have[consent.Image] != 0 {
				t.Errorf("counted: %v", have)
			}
		}
		rep, err := h.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Error(rep.Faults)
		}
	})
}

// The photos of all records of a child go together; a page is filed once, and neither dropped after it was nor filed after
// it was dropped.
func TestPhotosAndPagesOfOne(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := open(t, e)
		a, b := someone(t, h, "Lina", "2015-01-06"), someone(t, h, "Leena", "2015-01-06")
		for _, p := range []id.ID{a, b} {
			must(t, h.Consents.Record(ctx, id.Nil, all, p, []consent.Statement{said(consent.Image, consent.Given)}))
			must(t, h.Consents.SetPhoto(ctx, id.Nil, all, p, shot(t)))
		}
		must(t, h.People.Merge(ctx, id.Nil, all, a, b, "papers"))
		must(t, h.Consents.RemovePhoto(ctx, id.Nil, all, a))
		for i, p := range []id.ID{a, b} {
			if has, err := h.Consents.HasPhoto(ctx, h.DB, p); err != nil || has {
				t.Errorf("the photo of record %d is there: %v", i, err)
			}
		}
		// A no of one record, while a photo comes for the other: whichever is first, no photo is left.
		for range 8 {
			for _, p := range []id.ID{a, b} {
				must(t, h.Consents.Record(ctx, id.Nil, all, p, []consent.Statement{said(consent.Image, consent.Given)}))
			}
			var wg sync.WaitGroup
			wg.Go(func() { h.Consents.SetPhoto(ctx, id.Nil, all, a, shot(t)) })
			wg.Go(func() {
				if err := h.Consents.Record(ctx, id.Nil, all, b, []consent.Statement{said(consent.Image, consent.Refused)}); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			var n int
			_, err := store.One(ctx, h.DB, "SELECT count(*) FROM consent_photo", nil, &n)
			must(t, err)
			if n != 0 {
				t.Fatalf("%d photos are kept of who refused", n)
			}
		}
		var rep consent.Received
		for range 2 {
			must(t, h.Consents.Receive(ctx, id.Nil, here, shot(t), &rep))
		}
		pages, err := h.Consents.Tray(ctx, h.DB, all)
		must(t, err)
		if len(pages) != 2 {
			t.Fatalf("%d pages wait", len(pages))
		}
		file := func(w *consent.Waiting, p id.ID) error {
			return h.Consents.File(ctx, id.Nil, all, w, p, []consent.Statement{said(consent.Training, consent.Given)})
		}
		must(t, file(pages[0], a))
		must(t, h.Consents.Drop(ctx, id.Nil, pages[1]))
		for what, err := range map[string]error{"filed twice": file(pages[0], b), "filed after it was dropped": file(pages[1], a), "dropped after it was filed": h.Consents.Drop(ctx, id.Nil, pages[0]), "dropped twice": h.Consents.Drop(ctx, id.Nil, pages[1])} {
			if !errors.Is(err, consent.ErrNoFile) {
				t.Errorf("%s: %v", what, err)
			}
		}
		// Two at once: one files it, the other is told.
		must(t, h.Consents.Receive(ctx, id.Nil, here, shot(t), &rep))
		pages, err = h.Consents.Tray(ctx, h.DB, all)
		must(t, err)
		page, err := h.Consents.Page(ctx, h.DB, pages[0])
		if err != nil || len(page) == 0 {
			t.Fatal(err)
		}
		c, d := someone(t, h, "Sami", "2015-01-06"), someone(t, h, "Rim", "2015-01-06")
		var wg sync.WaitGroup
		var errs [2]error
		for i, p := range []id.ID{c, d} {
			wg.Go(func() { errs[i] = file(pages[0], p) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs[:]...), consent.ErrNoFile) {
			t.Errorf("two at once: %v", errs)
		}
		has, err := h.Consents.Has(ctx, h.DB, a, consent.Training)
		must(t, err)
		if b, err := h.Consents.Has(ctx, h.DB, b, consent.Training); err != nil || b || !has {
			t.Errorf("the page that was filed twice states: %v %v", has, b)
		}
	})
}

// Whoever is cut off while a guardian comes or goes leaves all of it or nothing: no account without a child, no child that is
// fetched on the word of nobody.
func TestGuardiansComeAndGoWhole(t *testing.T) {
	at := testnode.Place(t, store.SQLite)
	clock := &testnode.Time{}
	clock.Set(testnode.Epoch)
	var left atomic.Int64 // how often the clock is asked before cut is called
	cut := func() {}
	now := func() time.Time {
		if left.Add(-1) == 0 {
			cut()
		}
		return clock.Now()
	}
	h, err := house.Create(ctx, house.Config{Dir: t.TempDir(), Store: &at, Now: now})
	must(t, err)
	defer h.Close()
	must(t, h.Places.LoadCountry(ctx, id.Nil, "ma", true))
	a, b := someone(t, h, "Lina", "2015-01-06"), someone(t, h, "Leena", "2015-01-06")
	must(t, h.People.Merge(ctx, id.Nil, all, a, b, "papers"))
	state := func() (accounts, links, fetchers int) {
		_, err := store.One(ctx, h.DB, "SELECT (SELECT count(*) FROM access_account), (SELECT count(*) FROM family_link), (SELECT count(*) FROM family_fetcher)", nil, &accounts, &links, &fetchers)
		must(t, err)
		return accounts, links, fetchers
	}
	var cuts atomic.Int64
	for n := range int64(30) {
		for _, what := range []string{"come", "go"} {
			var g id.ID
			if what == "go" {
				g, err = h.Family.Welcome(ctx, id.Nil, all, a, family.Who{Name: "Fatna"}, "fr", true, true)
				must(t, err)
				must(t, h.Family.Link(ctx, id.Nil, all, b, g, family.Who{Name: "Fatna"}, true, true))
				must(t, h.Family.NameFetcher(ctx, g, all, b, family.Who{Name: "Brahim"}))
			}
			some, end := context.WithCancel(ctx)
			cut = func() { cuts.Add(1); end() }
			left.Store(n + 1)
			if what == "come" {
				h.Family.Welcome(some, id.Nil, all, a, family.Who{Name: "Fatna"}, "fr", true, true)
			} else {
				h.Family.Unlink(some, id.Nil, all, a, g)
			}
			end()
			left.Store(0)
			accounts, links, fetchers := state()
			switch got := [3]int{accounts, links, fetchers}; {
			case what == "come" && got != [3]int{} && got != [3]int{1, 1, 0}, what == "go" && got != [3]int{} && got != [3]int{1, 2, 1}:
				t.Fatalf("cut off at %d while a guardian was to %s: %d accounts, %d links, %d who may fetch", n, what, accounts, links, fetchers)
			case accounts > 0: // to begin again
				l, err := h.Family.Guardians(ctx, h.DB, a)
				must(t, err)
				must(t, h.Family.Unlink(ctx, id.Nil, all, a, l[0].Guardian))
			}
		}
	}
	if cuts.Load() == 0 {
		t.Error("nothing was cut off: the test says nothing")
	}
}
