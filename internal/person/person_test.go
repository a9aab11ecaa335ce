package person_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/seal"
	"tizi/internal/sheet"
	"tizi/internal/store"
	"tizi/internal/store/disk"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

var (
	here  = id.Named("test", "a centre")
	there = id.Named("test", "another centre")
	all   = access.Everywhere()
	must  = testnode.Must
	ctx   = context.Background()
)

// node starts a node with everybody's kinds.
func node(t testing.TB, e store.Engine) (*testnode.Node, *person.People) {
	n := testnode.New(t, testhouse.Place(t, e), house.Registry())
	return n, person.New(n.Log)
}

// file is a list of these lines.
func file(lines ...string) person.File {
	b := []byte(strings.Join(lines, "\n") + "\n")
	return func(o sheet.Options) (*sheet.Reader, error) {
		return sheet.New(bytes.NewReader(b), int64(len(b)), "list.csv", o)
	}
}

func take(t testing.TB, p *person.People, centre id.ID, lines ...string) *person.Report {
	t.Helper()
	rep, err := p.Import(t.Context(), person.Import{File: file(lines...), Centre: centre, Today: testnode.Epoch})
	must(t, err)
	return rep
}

// counts are the numbers of a report, in words that a failing test can print.
func counts(r *person.Report) string {
	if sum := r.Accepted + r.Updated + r.Unchanged + r.Repeated + r.Refused; sum != r.Rows {
		return fmt.Sprintf("%d rows but %d outcomes", r.Rows, sum)
	}
	return fmt.Sprintf("new %d updated %d same %d repeated %d refused %d", r.Accepted, r.Updated, r.Unchanged, r.Repeated, r.Refused)
}

func is(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// one is the only person that a search finds everywhere.
func one(t testing.TB, n *testnode.Node, p *person.People, search string) *person.Person {
	t.Helper()
	l, err := p.List(t.Context(), n.DB, all, person.Filter{Search: search})
	must(t, err)
	if len(l.People) != 1 {
		t.Fatalf("%q finds %d people", search, len(l.People))
	}
	return l.People[0]
}

const heading = "Code Massar;Nom;Prénom;Date de naissance;Sexe;CIN;Niveau"

func TestImportSortsRows(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		ctx := t.Context()
		n, p := node(t, e)
		first := []string{heading,
			"R130000001;Bennani;Amina;12/05/2014;F;;5AP",
			"R130000002;Alaoui;Karim;03/11/2013;M;;6AP",
			";Tazi;Salma;01/02/2012;F;AB123456;",
		}
		is(t, "a new list", counts(take(t, p, here, first...)), "new 3 updated 0 same 0 repeated 0 refused 0")
		size, err := n.Count(ctx, n.DB)
		must(t, err)
		is(t, "the same list again", counts(take(t, p, here, first...)), "new 0 updated 0 same 3 repeated 0 refused 0")
		again, err := n.Count(ctx, n.DB)
		must(t, err)
		is(t, "facts after the same list", again, size)
		is(t, "a list of the other centre", counts(take(t, p, there, heading, "R139999999;Fassi;Omar;09/09/2013;M;;")), "new 1 updated 0 same 0 repeated 0 refused 0")

		im := person.Import{Centre: here, Today: testnode.Epoch, DryRun: true, File: file(heading,
			"R130000001;BENNANI;Amina;12/05/2014;F;;6AP", // another class
			"R130000002;alaoui;KARIM;;;;",                // nothing new, told in fewer words
			"R130000001;Bennani;Amina;12/05/2014;F;;6AP", // row 2 again
			"R130000003;Idrissi;Nora;31/02/2014;F;;",     // no such day
			"R139999999;Fassi;Omar;09/09/2013;M;;",       // of the other centre
			"R130000004;Chraibi;Nora;28/02/2014;F;;4AP",
		)}
		const want = "new 1 updated 1 same 1 repeated 2 refused 1"
		before := testnode.Rows(t, n.Log)
		dry, err := p.Import(ctx, im)
		must(t, err)
		is(t, "dry run", counts(dry), want)
		if len(dry.New) != 1 || dry.New[0]["massar"] != "R130000004" {
			t.Errorf("the dry run shows %v", dry.New)
		}
		if testnode.Rows(t, n.Log) != before {
			t.Error("the dry run wrote")
		}
		im.DryRun = false
		rep, err := p.Import(ctx, im)
		must(t, err)
		is(t, "import", counts(rep), want)
		if len(rep.Rejected) != 1 || rep.Rejected[0].Row != 5 || rep.Rejected[0].Reason != "import.reason.date_impossible" || rep.Rejected[0].Column != "Date de naissance" {
			t.Errorf("rejected %+v", rep.Rejected)
		}
		if d := rep.Duplicates; len(d) != 2 || d[0].Row != 4 || d[0].First != 2 || d[1].Row != 6 || d[1].Person.IsNil() {
			t.Errorf("duplicates %+v", d)
		}
		amina := one(t, n, p, "bennani")
		is(t, "Amina", amina.Details, person.Details{"massar": "R130000001", "last_latin": "Bennani", "first_latin": "Amina", "birth": "2014-05-12", "sex": "f", "level": "6AP"})
		is(t, "people", n.CountOf("person"), 5)
		n.Whole()
	})
}

// One file has a name in one column, another in two, a third in Arabic letters: it is the same child.
func TestImportKnowsNamesHoweverWritten(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n, p := node(t, e)
		is(t, "one column", counts(take(t, p, here, "Nom complet;Date de naissance;Sexe", "Yassine El Amrani;12/05/2014;M")), "new 1 updated 0 same 0 repeated 0 refused 0")
		is(t, "two columns", counts(take(t, p, here, "Nom;Prénom;Date de naissance;Sexe", "ELAMRANI;Yassine;12/05/2014;M")), "new 0 updated 1 same 0 repeated 0 refused 0")
		is(t, "two columns again", counts(take(t, p, here, "Nom;Prénom;Date de naissance;Sexe", "Elamrani;Yassine;12/05/2014;M")), "new 0 updated 0 same 1 repeated 0 refused 0")
		is(t, "both scripts", counts(take(t, p, here, "Nom complet;الاسم الكامل;Date de naissance;Sexe", "Yassine Elamrani;ياسين العمراني;12/05/2014;M")), "new 0 updated 1 same 0 repeated 0 refused 0")
		is(t, "Arabic, two columns", counts(take(t, p, here, "الاسم الشخصي;الاسم العائلي;تاريخ الازدياد;النوع", "ياسين;العمراني;12/05/2014;ذكر")), "new 0 updated 0 same 1 repeated 0 refused 0")
		is(t, "another year", counts(take(t, p, here, "الاسم الشخصي;الاسم العائلي;تاريخ الازدياد;النوع", "ياسين;العمراني;12/05/2013;ذكر")), "new 1 updated 0 same 0 repeated 0 refused 0")
		is(t, "people", n.CountOf("person"), 2)
	})
}

// A row whose two codes name two people tells about the one with the Massar code; the other keeps their card.
func TestImportOfTwoCodesThatNameTwo(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		ctx := t.Context()
		n, p := node(t, e)
		take(t, p, here, heading, "R130000001;Bennani;Amina;12/05/2014;F;;", ";Tazi;Salma;01/02/2012;F;AB123456;")
		before := testnode.Rows(t, n.Log)
		im := person.Import{Centre: here, Today: testnode.Epoch, DryRun: true, File: file(heading, "R130000001;Bennani;Amina;12/05/2014;F;AB123456;")}
		for range 2 {
			rep, err := p.Import(ctx, im)
			must(t, err)
			is(t, fmt.Sprintf("dry run %v", im.DryRun), counts(rep), "new 0 updated 0 same 1 repeated 0 refused 0")
			im.DryRun = false
		}
		if testnode.Rows(t, n.Log) != before {
			t.Error("somebody was changed")
		}
		is(t, "with news", counts(take(t, p, here, heading, "R130000001;Bennani;Amina;12/05/2014;F;AB123456;6AP")), "new 0 updated 1 same 0 repeated 0 refused 0")
		is(t, "Amina", one(t, n, p, "amina").Details["level"]+one(t, n, p, "amina").Details["cin"], "6AP")
		is(t, "the card is", one(t, n, p, "ab123456").Details.Name(false), "Salma Tazi")
	})
}

// Two children of one name and one birthday, with two codes: when one of them was known without a code, the list tells
// that they are two, wherever in the file they stand.
func TestImportLosesNoNamesake(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n, p := node(t, e)
		take(t, p, here, heading, ";Bennani;Amina;12/05/2014;F;;")
		list := []string{heading, "R130000001;Bennani;Amina;12/05/2014;F;;5AP", "R130000002;Bennani;Amina;12/05/2014;F;;6AP"}
		is(t, "the list", counts(take(t, p, here, list...)), "new 1 updated 1 same 0 repeated 0 refused 0")
		is(t, "again", counts(take(t, p, here, list...)), "new 0 updated 0 same 2 repeated 0 refused 0")
		for code, level := range map[string]string{"r130000001": "5AP", "r130000002": "6AP"} {
			x := one(t, n, p, code)
			is(t, code, fmt.Sprint(x.Details["level"], x.Conflict), fmt.Sprint(level, false))
		}
	})
}

// Two rows that tell different things of one known person are no conflict: the file was written by one hand.
func TestImportOfOnePersonInTwoRows(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n, p := node(t, e)
		take(t, p, here, heading, "R130000001;Bennani;Amina;12/05/2014;F;AB123456;5AP")
		is(t, "the list", counts(take(t, p, here, heading, "R130000001;Bennani;Amina;;;;6AP", ";Benani;Amina;;;AB123456;7AP")), "new 0 updated 2 same 0 repeated 0 refused 0")
		x := one(t, n, p, "amina")
		is(t, "Amina", fmt.Sprint(x.Details["last_latin"], x.Details["level"], x.Conflict), "Benani7APfalse")
	})
}

func many(from, to int) []string {
	lines := []string{heading}
	for i := from; i < to; i++ {
		lines = append(lines, fmt.Sprintf("R13%07d;Nom%c%c;Prénom%c;12/05/2014;F;;", i, 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26))
	}
	return lines
}

// What was taken before the power failed stands; the same file again goes on where it ended.
func TestImportKilledGoesOn(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		place, cut := testnode.Place(t, e), func(context.CancelFunc) {}
		var box *disk.Disk
		if e == store.SQLite {
			box = testnode.NewDisk(t)
			place, cut = box.Place(), func(context.CancelFunc) { box.Cut() }
		} else {
			cut = func(stop context.CancelFunc) { stop() }
		}
		n := testnode.New(t, place, house.Registry())
		lines := many(0, 1200)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		rep, err := person.New(n.Log).Import(ctx, person.Import{File: file(lines...), Centre: here, Today: testnode.Epoch, Progress: func(int) { cut(stop) }})
		if err == nil || rep == nil {
			t.Fatalf("the import ended well: %v", err)
		}
		is(t, "reported before the cut", rep.Accepted, 500)
		n.Stop()
		if box != nil {
			must(t, box.Restore())
		}
		n.Start()
		is(t, "on the disk", n.CountOf("person"), 500)
		is(t, "the file again", counts(take(t, person.New(n.Log), here, lines...)), "new 700 updated 0 same 500 repeated 0 refused 0")
		is(t, "people", n.CountOf("person"), 1200)
		n.Whole()
	})
}

// An application is written with its person or not at all.
func TestImportWithApplications(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		ctx := t.Context()
		n, p := node(t, e)
		bad := "R130000002"
		im := person.Import{Centre: here, Today: testnode.Epoch, Also: func(v id.ID, d person.Details) []fact.New {
			b := training.EnrolmentStated{Person: v, Programme: id.Named("test", "p"), State: training.Applied, On: "2026-03-02"}
			if d["massar"] == bad {
				b.On = "never"
			}
			return []fact.New{{Stream: person.Stream(here), Kind: training.KindEnrolment, Subject: id.New(), Body: b, Born: true}}
		}}
		im.File = file(heading, "R130000001;Bennani;Amina;12/05/2014;F;;", "R130000002;Alaoui;Karim;03/11/2013;M;;")
		if _, err := p.Import(ctx, im); err == nil {
			t.Error("an application without a day was taken")
		}
		is(t, "people after a refusal", n.CountOf("person"), 0)
		is(t, "keys after a refusal", n.CountOf("seal_key"), 0)
		bad = ""
		for range 2 {
			_, err := p.Import(ctx, im)
			must(t, err)
			is(t, "people", n.CountOf("person"), 2)
			is(t, "applications", n.CountOf("training_enrolment e JOIN person p ON p.id = e.person"), 2)
		}
	})
}

func TestRegisterAndEdit(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		ctx := t.Context()
		n, p := node(t, e)
		amina, err := p.Register(ctx, id.Nil, here, person.Details{"first_latin": "Amina", "massar": "R130000001", "phone": "+212611111111"}, nil)
		must(t, err)
		karim, err := p.Register(ctx, id.Nil, there, person.Details{"name_ar": "كريم", "cin": "AB123456"}, nil)
		must(t, err)
		before := testnode.Rows(t, n.Log)
		taken := func(what string, err error, field person.Field, by id.ID) {
			t.Helper()
			var te *person.TakenError
			if !errors.As(err, &te) || te.Field != field || te.Person != by {
				t.Errorf("%s: got %v", what, err)
			}
		}
		_, err = p.Register(ctx, id.Nil, there, person.Details{"first_latin": "X", "massar": "R130000001"}, nil)
		taken("a Massar code of another centre", err, "massar", amina)
		taken("a card", p.Edit(ctx, id.Nil, all, amina, person.Details{"cin": "AB123456"}), "cin", karim)
		for what, err := range map[string]error{
			"nobody":         p.Edit(ctx, id.Nil, all, id.New(), person.Details{"phone": ""}),
			"out of scope":   p.Edit(ctx, id.Nil, access.At(there), amina, person.Details{"phone": ""}),
			"out of nowhere": p.Edit(ctx, id.Nil, access.Scope{}, amina, person.Details{"phone": ""}),
		} {
			if !errors.Is(err, person.ErrUnknown) {
				t.Errorf("%s: got %v", what, err)
			}
		}
		if _, err := p.Register(ctx, id.Nil, here, person.Details{"phone": "+212611111111", "first_latin": " "}, nil); !errors.Is(err, person.ErrNoName) {
			t.Errorf("no name: got %v", err)
		}
		if err := p.Edit(ctx, id.Nil, all, karim, person.Details{"name_ar": ""}); !errors.Is(err, person.ErrNoName) {
			t.Errorf("the only name cleared: got %v", err)
		}
		if err := p.Edit(ctx, id.Nil, all, karim, person.Details{"shoe": "42"}); !errors.Is(err, person.ErrNotField) {
			t.Errorf("no field: got %v", err)
		}
		must(t, p.Edit(ctx, id.Nil, all, karim, person.Details{"cin": "AB123456", "phone": ""})) // as it is already
		if testnode.Rows(t, n.Log) != before {
			t.Error("a refusal wrote")
		}

		must(t, p.Edit(ctx, id.Nil, access.At(here), amina, person.Details{"phone": "", "massar": "", "last_latin": "Bennani"}))
		x, err := p.Get(ctx, n.DB, all, amina)
		must(t, err)
		is(t, "cleared", x.Details, person.Details{"first_latin": "Amina", "last_latin": "Bennani"})
		must(t, p.Edit(ctx, id.Nil, all, karim, person.Details{"massar": "R130000001"})) // free again
		is(t, "found by the code", one(t, n, p, "R130000001").ID, karim)
		n.Whole()
	})
}

// Commands that wait for one turn see the state before it, unless they name what they compete for.
func TestCodeGivenOnceWhoeverAsksAtOnce(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		ctx := t.Context()
		for what, rival := range map[string]func(p *person.People) error{
			"a form": func(p *person.People) error {
				_, err := p.Register(ctx, id.Nil, there, person.Details{"first_latin": "Amina", "massar": "R130000001"}, nil)
				return err
			},
			"a list": func(p *person.People) error {
				_, err := p.Import(ctx, person.Import{File: file(heading, "R130000001;Bennani;Amina;12/05/2014;F;;"), Centre: there, Today: testnode.Epoch})
				return err
			},
		} {
			t.Run(what, func(t *testing.T) {
				n, p := node(t, e)
				take(t, p, there, heading, "R130000009;Tazi;Salma;12/05/2014;F;;") // the stream has its epoch
				take(t, p, here, heading, "R130000008;Tazi;Sara;12/05/2014;F;;")
				busy, go_, done := make(chan bool), make(chan bool), make(chan error)
				go func() {
					_, err := n.Do(ctx, fact.Command{Name: "hold the turn", Stream: "hub", Run: func(context.Context, store.Querier) (fact.Outcome, error) {
						close(busy)
						<-go_
						return fact.Outcome{}, nil
					}})
					done <- err
				}()
				<-busy
				go func() {
					_, err := p.Register(ctx, id.Nil, here, person.Details{"first_latin": "Amina", "massar": "R130000001"}, nil)
					done <- err
				}()
				go func() { done <- rival(p) }()
				time.Sleep(200 * time.Millisecond) // until both wait; a machine too slow for that proves nothing and fails nothing
				close(go_)
				for range 3 {
					var te *person.TakenError
					if err := <-done; err != nil && !errors.As(err, &te) {
						t.Error(err)
					}
				}
				is(t, "people with the code", n.CountOf("person WHERE massar = 'R130000001'"), 1)
			})
		}
	})
}

func TestEditsOfTwoNodes(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		ctx := t.Context()
		hub, hp := node(t, e)
		box := hub.Box(testnode.Place(t, store.SQLite), house.Registry(), []string{"*"}, []string{"*"})
		bp := person.New(box.Log)
		v, err := hp.Register(ctx, id.Nil, here, person.Details{"first_latin": "Amina", "level": "5AP"}, nil)
		must(t, err)
		other, err := hp.Register(ctx, id.Nil, here, person.Details{"first_latin": "Salma"}, nil)
		must(t, err)
		testnode.Meet(hub, box)
		must(t, (&testnode.Link{From: hub, To: box}).CarryKeys(person.Stream(here)))
		shown := func(want person.Details, conflict bool) {
			t.Helper()
			testnode.Meet(hub, box)
			for n, p := range map[*testnode.Node]*person.People{hub: hp, box: bp} {
				x, err := p.Get(ctx, n.DB, all, v)
				must(t, err)
				if x == nil || !maps.Equal(x.Details, want) || x.Conflict != conflict {
					t.Fatalf("got %+v, want %v, conflict %v", x, want, conflict)
				}
			}
			testnode.Same(t, hub, box)
		}
		shown(person.Details{"first_latin": "Amina", "level": "5AP"}, false)
		// Different fields: both stand.
		must(t, hp.Edit(ctx, id.Nil, all, v, person.Details{"phone": "+212611111111", "level": ""}))
		must(t, bp.Edit(ctx, id.Nil, all, v, person.Details{"school": "Ibn Sina"}))
		shown(person.Details{"first_latin": "Amina", "phone": "+212611111111", "school": "Ibn Sina"}, false)
		// The same said twice is no quarrel.
		must(t, hp.Edit(ctx, id.Nil, all, v, person.Details{"sex": "f"}))
		must(t, bp.Edit(ctx, id.Nil, all, v, person.Details{"sex": "f"}))
		shown(person.Details{"first_latin": "Amina", "phone": "+212611111111", "school": "Ibn Sina", "sex": "f"}, false)
		// The same field: the later one is shown, with the conflict, until somebody settles it.
		must(t, hp.Edit(ctx, id.Nil, all, v, person.Details{"school": "Al Khawarizmi"}))
		box.Time.Move(1e9)
		must(t, bp.Edit(ctx, id.Nil, all, v, person.Details{"school": "Al Farabi"}))
		shown(person.Details{"first_latin": "Amina", "phone": "+212611111111", "school": "Al Farabi", "sex": "f"}, true)
		must(t, hp.Edit(ctx, id.Nil, all, v, person.Details{"school": "Al Khawarizmi"}))
		shown(person.Details{"first_latin": "Amina", "phone": "+212611111111", "school": "Al Khawarizmi", "sex": "f"}, false)

		// Erased here, edited there: nobody is left, on either, whatever comes later.
		_, err = hub.Write(fact.New{Stream: person.Stream(here), Kind: person.KindErased, Subject: v, Body: person.Erased{Reason: "asked"}})
		must(t, err)
		must(t, bp.Edit(ctx, id.Nil, all, v, person.Details{"school": "Ibn Rochd"}))
		testnode.Meet(hub, box)
		for n, p := range map[*testnode.Node]*person.People{hub: hp, box: bp} {
			for table, column := range map[string]string{"person": "id", "person_token": "person", "person_key": "person"} {
				is(t, table+" of the erased", n.CountOf(table+" WHERE "+column+" = ?", v), 0)
				is(t, table+" of the other", n.CountOf(table+" WHERE "+column+" = ?", other) > 0, true)
			}
			if err := p.Edit(ctx, id.Nil, all, v, person.Details{"school": "x"}); !errors.Is(err, person.ErrUnknown) {
				t.Errorf("edit of the erased: got %v", err)
			}
			must(t, n.DB.Write(ctx, func(tx store.Tx) error { return n.Keys.Erase(ctx, tx, v, person.Stream(here), 1) }))
			if _, err := n.Keys.Get(ctx, n.DB, v); !errors.Is(err, seal.ErrNoKey) {
				t.Errorf("got %v", err)
			}
			must(t, n.Rebuild(ctx, nil))
			n.Whole()
		}
		testnode.Same(t, hub, box)
	})
}
