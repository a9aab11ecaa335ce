package person_test

import (
	"fmt"
	"slices"
	"testing"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// One person of two records: the last word of each field wins, what only one says stands, contradictions are told, and a
// scope sees what lies in it.
func TestOneOfTwoRecords(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n, p := node(t, e)
		reg := func(centre id.ID, d person.Details) id.ID {
			v, err := p.Register(ctx, id.Nil, centre, d, nil)
			must(t, err)
			return v
		}
		a := reg(here, person.Details{"first_latin": "Mohamed", "last_latin": "Tazi", "birth": "2014-03-09", "massar": "R130000001", "address": "1, rue Haute"})
		b := reg(there, person.Details{"first_ar": "محمد", "last_ar": "التازي", "first_latin": "Mohammed", "last_latin": "Ettazi", "birth": "2014", "phone": "+212612345678"})
		c := reg(here, person.Details{"first_latin": "Zineb", "last_latin": "Tazi"})
		must(t, p.Merge(ctx, id.Nil, all, b, a, "same phone"))
		for _, c := range []person.Condition{{}, {SQL: "person.first_latin <> ''"}} { // counted as they are listed, whatever is asked
			page, err := p.List(ctx, n.DB, all, person.Filter{Where: c})
			must(t, err)
			got, err := p.CountIf(ctx, n.DB, all, c)
			must(t, err)
			is(t, "counted", got, int64(len(page.People)))
			beside, err := p.BesideIf(ctx, n.DB, all, c)
			must(t, err)
			is(t, "beside", beside, int64(1))
		}
		if err := p.Merge(ctx, id.Nil, access.At(here), a, b, "x"); err == nil {
			t.Error("who sees one of two merges them")
		}
		if err := p.Merge(ctx, id.Nil, all, a, c, " "); err == nil {
			t.Error("people are merged without a reason")
		}
		for _, v := range []id.ID{a, b} {
			x, err := p.Get(ctx, n.DB, all, v)
			must(t, err)
			is(t, "id", x.ID, v)
			is(t, "records", len(x.Records), 2)
			is(t, "names", x.Details.Latin()+" "+x.Details.Arabic(), "Mohammed Ettazi محمد التازي")
			is(t, "rest", x.Details["massar"]+x.Details["phone"]+x.Details["address"]+x.Details["birth"], "R130000001+2126123456781, rue Haute2014-03-09")
			var fields []string
			for _, c := range x.Contradictions {
				fields = append(fields, c.Field)
			}
			is(t, "contradictions", fields, "[name_latin]")
		}
		x, err := p.Get(ctx, n.DB, access.At(here), b)
		must(t, err)
		is(t, "seen from here", x.Details.Latin()+x.Details["phone"], "Mohamed Tazi")
		is(t, "as the record here", x.ID, a)
		for search, want := range map[string]int{"": 2, "mohamed": 1, "mohammed": 1, "محمد": 1, "r130000001": 1, "tazi": 2, "زينب": 1} {
			l, err := p.List(ctx, n.DB, all, person.Filter{Search: search})
			must(t, err)
			is(t, "found with "+search, len(l.People), want)
		}
		l, err := p.List(ctx, n.DB, access.At(there), person.Filter{})
		must(t, err)
		is(t, "listed there", len(l.People), 1)
		by, err := p.CountByCentre(ctx, n.DB, all)
		must(t, err)
		is(t, "by centre", fmt.Sprint(by[here], by[there]), "2 1")

		// An edit of the one is an edit of what both say; a code of the one is no other's.
		must(t, p.Edit(ctx, id.Nil, all, b, person.Details{"phone": "", "birth": "2014-03-09", "massar": "R130000001", "first_latin": "Mohamed"}))
		for _, v := range []id.ID{a, b} {
			x, err := p.Get(ctx, n.DB, all, v)
			must(t, err)
			is(t, "edited", x.Details["phone"]+x.Details["birth"]+x.Details.Latin(), "2014-03-09Mohamed Ettazi")
		}
		must(t, p.Unmerge(ctx, id.Nil, all, a, b, "two after all"))
		x, err = p.Get(ctx, n.DB, all, a)
		must(t, err)
		is(t, "apart", fmt.Sprint(x.Details.Latin(), len(x.Records)), "Mohamed Tazi0")
		said, err := p.SaidOf(ctx, n.DB, b, a)
		must(t, err)
		is(t, "said", said.State+said.Reason, "two after all")
		rep, err := n.Check(ctx, nil)
		must(t, err)
		is(t, "faults", rep.Faults, "[]")
	})
}

// Pairs are found when people come and change, by a whole search as by small ones, and what was decided stays decided.
func TestPairs(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n, p := node(t, e)
		must(t, n.DB.Migrate(ctx, "person", person.Schema()))
		reg := func(centre id.ID, d person.Details) id.ID {
			v, err := p.Register(ctx, id.Nil, centre, d, nil)
			must(t, err)
			return v
		}
		birth := "2014-03-09"
		a := reg(here, person.Details{"first_latin": "Mohamed", "last_latin": "Aït Hammou", "birth": birth, "sex": "m"})
		b := reg(here, person.Details{"first_ar": "محمد", "last_ar": "أيت حمو", "birth": birth, "sex": "m"})
		twin := reg(here, person.Details{"first_latin": "Ilyas", "last_latin": "Aït Hammou", "birth": birth, "sex": "m"})
		far := reg(there, person.Details{"first_latin": "Mohammed", "last_latin": "Ait-Hamou", "birth": "2014-09-03", "sex": "m", "guardian_phone": "+212612345678"})
		pairs := func(scope access.Scope, only string) (out []string) {
			l, err := p.Pairs(ctx, n.DB, scope, person.PairFilter{State: only, Size: 50})
			must(t, err)
			names := map[id.ID]string{a: "a", b: "b", twin: "twin", far: "far"}
			for _, x := range l.Pairs {
				s := names[x.A] + names[x.B]
				if !x.Both {
					s += "?"
				}
				out = append(out, s)
			}
			slices.Sort(out)
			return out
		}
		rep, err := p.Seek(ctx, nil)
		must(t, err)
		is(t, "looked at", rep.People, 4)
		is(t, "pairs", pairs(all, person.Open), "[ab afar bfar]")
		is(t, "seen from here", pairs(access.At(here), person.Open), "[ab afar? bfar?]")
		is(t, "seen from nowhere", pairs(access.Scope{}, person.Open), "[]")
		rep, err = p.Seek(ctx, nil)
		must(t, err)
		is(t, "looked at again", rep.People, 0)

		must(t, p.Part(ctx, id.Nil, all, far, a, "cousins"))
		must(t, p.Merge(ctx, id.Nil, all, a, b, "same"))
		is(t, "open", pairs(all, person.Open), "[bfar]")
		is(t, "parted", pairs(all, person.Parted), "[afar]")
		is(t, "merged", pairs(all, person.Merged), "[ab]")

		must(t, p.Edit(ctx, id.Nil, all, far, person.Details{"birth": "2009-01-20"}))
		_, err = p.Seek(ctx, nil)
		must(t, err)
		is(t, "after an edit", pairs(all, person.Open), "[]")
		is(t, "what was decided stays", pairs(all, person.Parted), "[afar]")
		must(t, p.Reopen(ctx, id.Nil, all, a, far))
		is(t, "taken back", pairs(all, person.Parted), "[]")

		like, err := p.Like(ctx, n.DB, person.Details{"first_latin": "Muhamad", "last_latin": "Ait Hammou", "birth": birth}, here, 5)
		must(t, err)
		is(t, "as one types", len(like) > 0 && (like[0].Person == a || like[0].Person == b), true)
		like, err = p.Like(ctx, n.DB, person.Details{"first_latin": "Muhamad", "last_latin": "Aithamou"}, here, 5)
		must(t, err)
		is(t, "as one types, before the birth", len(like) > 0, true)
		like, err = p.Like(ctx, n.DB, person.Details{"first_latin": "Salma", "last_latin": "Aithamou", "birth": birth}, here, 5)
		must(t, err)
		is(t, "somebody else", len(like), 0)
	})
}

// A search in memory and one by the keys in the database find the same pairs.
func TestWholeSearchFindsWhatSmallOnesFind(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n, p := node(t, e)
		must(t, n.DB.Migrate(ctx, "person", person.Schema()))
		fill(t, p, 400)
		all := func() (out []string) {
			must(t, n.DB.Each(ctx, "SELECT a, b, bits FROM person_pair ORDER BY a, b", nil, func(r store.Row) error {
				var a, b id.ID
				var bits int64
				err := r.Scan(&a, &b, &bits)
				out = append(out, fmt.Sprint(a, b, bits))
				return err
			}))
			return out
		}
		defer person.SetMany(0)()
		_, err := p.Seek(ctx, nil)
		must(t, err)
		whole := all()
		must(t, n.DB.Write(ctx, func(tx store.Tx) error {
			must(t, tx.Exec(ctx, "DELETE FROM person_pair"))
			return tx.Exec(ctx, "DELETE FROM person_sought")
		}))
		defer person.SetMany(1000)()
		_, err = p.Seek(ctx, nil)
		must(t, err)
		if small := all(); !slices.Equal(small, whole) || len(whole) == 0 {
			t.Fatalf("the whole search finds %d pairs, small ones %d", len(whole), len(small))
		}
	})
}
