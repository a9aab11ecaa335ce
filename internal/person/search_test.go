package person_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/person/list"
	"tizi/internal/person/same"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// walk visits a list forward page by page, then back from its last page, and returns the ids of both ways in the order
// of the list.
func walk(t rapid.TB, n *testnode.Node, p *person.People, scope access.Scope, f person.Filter) (forward, back []id.ID) {
	t.Helper()
	pages := 0
	page := func(at string) *person.Page {
		if pages++; pages > 1000 {
			t.Fatal("the list has no end")
		}
		f.Page = at
		l, err := p.List(ctx, n.DB, scope, f)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.People) > f.Size || len(l.People) == 0 && at != "" {
			t.Fatalf("a page has %d people", len(l.People))
		}
		return l
	}
	l := page("")
	if l.Prev != "" {
		t.Fatal("something stands before the first page")
	}
	for {
		for _, x := range l.People {
			forward = append(forward, x.ID)
		}
		if l.Next == "" {
			break
		}
		l = page(l.Next)
		if l.Prev == "" {
			t.Fatal("nothing stands before a later page")
		}
	}
	for {
		for i := len(l.People) - 1; i >= 0; i-- {
			back = append(back, l.People[i].ID)
		}
		if l.Prev == "" {
			break
		}
		l = page(l.Prev)
		if l.Next == "" {
			t.Fatal("nothing stands after an earlier page")
		}
	}
	slices.Reverse(back)
	return forward, back
}

// words are what a person is found by, worked out anew.
func words(d person.Details) []string {
	var out []string
	for _, f := range []string{"first_ar", "last_ar", "name_ar", "first_latin", "last_latin", "name_latin", "massar", "cin"} {
		out = append(out, strings.Fields(list.NormaliseName(d[f]))...)
	}
	return out
}

func begins(have []string, w string) bool {
	return slices.ContainsFunc(have, func(h string) bool { return strings.HasPrefix(h, w) })
}

// near says whether a search finds somebody by the sound.
func near(d person.Details, search string) bool {
	var codes, names []string
	for _, w := range strings.Fields(search) {
		if strings.ContainsAny(w, "0123456789") {
			codes = append(codes, strings.Fields(list.NormaliseName(w))...)
		} else {
			names = append(names, w)
		}
	}
	have := append(same.Sounds(d.Latin()), same.Sounds(d.Arabic())...)
	want := same.Sounds(strings.Join(names, " "))
	for _, s := range want {
		if len(s) > 1 && !begins(have, s) || len(s) == 1 && !slices.Contains(have, s) {
			return false
		}
	}
	for _, c := range codes {
		if !begins(words(d), c) {
			return false
		}
	}
	return len(want) > 0
}

func naive(people []*person.Person, scope access.Scope, search, sex string) []id.ID {
	var out [2][]*person.Person
	letters := strings.Fields(list.NormaliseName(search))
	for _, x := range people {
		if !scope.Has(x.Centre) || sex != "" && x.Details["sex"] != sex {
			continue
		}
		exact := true
		for _, w := range letters {
			exact = exact && begins(words(x.Details), w)
		}
		if exact {
			out[0] = append(out[0], x)
		} else if near(x.Details, search) {
			out[1] = append(out[1], x)
		}
	}
	var ids []id.ID
	for _, tier := range out {
		slices.SortFunc(tier, func(a, b *person.Person) int {
			if c := strings.Compare(a.Sort, b.Sort); c != 0 {
				return c
			}
			return slices.Compare(a.ID[:], b.ID[:])
		})
		for _, x := range tier {
			ids = append(ids, x.ID)
		}
	}
	return ids
}

var (
	firstNames  = []string{"Amina", "Aminata", "Aïcha", "M'hamed", "Mohamed", "Mohammed Amine", "Zineb", "Jean-Élie", "Ali"}
	familyNames = []string{"Bennani", "Ben Ali", "El Alaoui", "Aït Hammou", "Amrani", "Zeroual"}
	arabicNames = []string{"أمينة بناني", "آمنة بن علي", "محمد أمين العلوي", "عبد الله أيت حمو", "زينب الزروالي", ""}
)

// fill brings many people in, of whom many share a name.
func fill(t testing.TB, p *person.People, people int) {
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(l []string) string { return l[rng.IntN(len(l))] }
	lines := map[id.ID][]string{here: {"Massar;Prénom;Nom;الاسم الكامل;Sexe;CIN"}, there: {"Massar;Prénom;Nom;الاسم الكامل;Sexe;CIN"}}
	for i := range people {
		centre, cin := here, ""
		if rng.IntN(3) == 0 {
			centre = there
		}
		if i%5 == 0 {
			cin = fmt.Sprintf("AB%05d", i)
		}
		first, family := pick(firstNames), pick(familyNames)
		if i%7 == 0 {
			first, family = "", ""
		}
		ar := pick(arabicNames)
		if first+ar == "" {
			ar = arabicNames[0]
		}
		lines[centre] = append(lines[centre], fmt.Sprintf("%c%09d;%s;%s;%s;%s;%s", 'R'-byte(i%2), 130000000+i, first, family, ar, pick([]string{"F", "M"}), cin))
	}
	for centre, l := range lines {
		if rep := take(t, p, centre, l...); rep.Accepted != rep.Rows {
			t.Fatalf("%+v", rep)
		}
	}
}

// Whatever is searched, in whatever pages, by whichever way: just those whose words begin so, once each, in order.
func TestListFindsWhatANaiveSearchFinds(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n, p := node(t, e)
		fill(t, p, 160)
		var ids []id.ID
		must(t, n.DB.Each(ctx, "SELECT id FROM person", nil, func(r store.Row) error {
			var v id.ID
			err := r.Scan(&v)
			ids = append(ids, v)
			return err
		}))
		people, err := p.Of(ctx, n.DB, all, ids)
		must(t, err)
		is(t, "people", len(people), 160)
		scopes := map[string]access.Scope{"all": all, "here": access.At(here), "there": access.At(there), "both": access.At(here, there), "other": access.At(id.New()), "nowhere": {}}
		rapid.Check(t, func(t *rapid.T) {
			defer person.SetCommon(rapid.SampledFrom([]int{1, 12, 60, 20_000}).Draw(t, "common"))()
			scope := scopes[rapid.SampledFrom([]string{"all", "all", "here", "there", "both", "other", "nowhere"}).Draw(t, "scope")]
			var search []string
			someone := people[rapid.IntRange(0, len(people)-1).Draw(t, "someone")]
			for range rapid.IntRange(0, 3).Draw(t, "words") {
				w := rapid.SampledFrom(words(someone.Details)).Draw(t, "word")
				if rapid.IntRange(0, 9).Draw(t, "other") == 0 {
					w = rapid.StringOfN(rapid.RuneFrom([]rune("abz1_%'مأ")), 1, 3, -1).Draw(t, "letters")
				}
				r := []rune(w)
				w = string(r[:rapid.IntRange(1, len(r)).Draw(t, "beginning")])
				if rapid.Bool().Draw(t, "upper") {
					w = strings.ToUpper(w)
				}
				search = append(search, w)
			}
			f := person.Filter{Search: strings.Join(search, " "), Sex: rapid.SampledFrom([]string{"", "f", "m"}).Draw(t, "sex"), Size: rapid.IntRange(1, 70).Draw(t, "size")}
			want := naive(people, scope, f.Search, f.Sex)
			forward, back := walk(t, n, p, scope, f)
			if !slices.Equal(forward, want) {
				t.Fatalf("%q finds %d, should find %d", f.Search, len(forward), len(want))
			}
			if !slices.Equal(back, want) {
				t.Fatalf("%q finds %d on the way back, should find %d", f.Search, len(back), len(want))
			}
		})
		for search, want := range map[string]bool{"r1300000": true, "R130000001": false, "Q130000001": true, "ab000": true, "بن": true, "امينه": true, "mhamed": true, "AÏT HAM": true, "mina": true, "Mohammed": true, "أمينه": true, "Muhamad": true, "Abdellah": true, "%": true, "zzz": false} {
			l, err := p.List(ctx, n.DB, all, person.Filter{Search: search})
			must(t, err)
			is(t, search, len(l.People) > 0, want)
		}
		if _, err := p.List(ctx, n.DB, all, person.Filter{Page: "f.zz"}); err == nil {
			t.Error("a page that does not exist is shown")
		}
	})
}

// A scope is the end of the world: nothing of another centre is read, counted or found, whichever way one asks.
func TestScopeShowsNobodyElse(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n, p := node(t, e)
		mine, err := p.Register(ctx, id.Nil, here, person.Details{"first_latin": "Amina", "massar": "R130000001"}, nil)
		must(t, err)
		theirs, err := p.Register(ctx, id.Nil, there, person.Details{"first_latin": "Amina", "massar": "R130000002"}, nil)
		must(t, err)
		for scope, want := range map[*access.Scope][]id.ID{ptr(access.At(here)): {mine}, ptr(access.At(there)): {theirs}, ptr(access.Scope{}): nil, ptr(access.At()): nil} {
			var got [][]id.ID
			for _, search := range []string{"", "ami", "r13"} {
				f, _ := walk(t, n, p, *scope, person.Filter{Search: search, Size: 1})
				got = append(got, f)
			}
			of, err := p.Of(ctx, n.DB, *scope, []id.ID{mine, theirs})
			must(t, err)
			var ids []id.ID
			for _, x := range of {
				ids = append(ids, x.ID)
			}
			got = append(got, ids)
			for i, g := range got {
				if !slices.Equal(g, want) {
					t.Errorf("way %d shows %v, want %v", i, g, want)
				}
			}
			count, err := p.Count(ctx, n.DB, *scope)
			must(t, err)
			is(t, "count", count, len(want))
			by, err := p.CountByCentre(ctx, n.DB, *scope)
			must(t, err)
			is(t, "centres", len(by), len(want))
			for _, v := range []id.ID{mine, theirs} {
				x, err := p.Get(ctx, n.DB, *scope, v)
				must(t, err)
				is(t, "get", x != nil, slices.Contains(want, v))
			}
		}
	})
}

func ptr[T any](v T) *T { return &v }
