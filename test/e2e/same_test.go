package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestDuplicates does over plain forms what a manager does: the form asks before it saves, the list shows the pair, the two
// are compared, merged, shown as one, and separated again.
func TestDuplicates(t *testing.T) {
	slow(t)
	t.Parallel()
	n := serveDemo(t)
	c := n.play("centre")
	first := url.Values{"given": {"Mohammed"}, "family": {"Ouzzaguine"}, "birth": {"09/03/2014"}, "sex": {"m"}, "guardian_phone": {"0612345678"}}
	a := c.must(c.post("/people/new", first)).to()

	// As one types, in the other script, with the day and the month swapped.
	second := url.Values{"given_ar": {"محمد"}, "family_ar": {"أوزكين"}, "birth": {"03/09/2014"}, "sex": {"m"}, "guardian_phone": {"0612345678"}}
	var like []struct{ Name, Note, URL string }
	if err := json.Unmarshal([]byte(c.get("/people/like?"+second.Encode()).body), &like); err != nil || len(like) != 1 || like[0].URL != a {
		t.Fatalf("while one types: %+v %v", like, err)
	}
	if err := json.Unmarshal([]byte(c.get("/people/like?given=Zoubida&family=Ouzzaguine").body), &like); err != nil || len(like) != 0 {
		t.Errorf("somebody else: %+v %v", like, err)
	}
	asked := c.post("/people/new", second)
	if asked.status != http.StatusUnprocessableEntity || !strings.Contains(asked.text(), "existe peut-être déjà") || !strings.Contains(asked.text(), "Ouzzaguine") {
		t.Fatalf("the form does not ask: status %d\n%s", asked.status, asked.text())
	}
	second.Set("not_double", "yes")
	b := c.must(c.post("/people/new", second)).to()

	list := c.get("/people?q=Muhamed+Uzaguin")
	if !strings.Contains(list.text(), "Ouzzaguine") || !strings.Contains(list.text(), "أوزكين") {
		t.Errorf("another spelling does not find both:\n%s", list.text())
	}
	pair := ""
	for _, l := range c.get(b).links() {
		if strings.HasPrefix(l, "/same/") && strings.Contains(l, strings.TrimPrefix(a, "/people/")) {
			pair = l
		}
	}
	if pair == "" {
		t.Fatal("the page of the second does not lead to the first")
	}
	compared := c.get(pair)
	for _, w := range []string{"jour et mois échangés", "même téléphone", "écrit autrement"} {
		if !strings.Contains(compared.text(), w) {
			t.Errorf("the comparison does not say %q:\n%s", w, compared.text())
		}
	}
	if x := c.post(pair, url.Values{"do": {"merge"}}); x.status != http.StatusUnprocessableEntity {
		t.Errorf("merged without a reason: status %d", x.status)
	}
	c.must(c.post(pair, url.Values{"do": {"later"}}))
	c.must(c.post(pair, url.Values{"do": {"merge"}, "reason": {"papers"}}))
	if !strings.Contains(c.get(pair).text(), "attend une deuxième personne") {
		t.Error("the pair does not say that a second person must confirm")
	}
	n.confirm(t, "nationale")
	for _, page := range []string{a, b} {
		if text := c.get(page).text(); !strings.Contains(text, "2 fiches réunies") || !strings.Contains(text, "Ouzzaguine") || !strings.Contains(text, "أوزكين") {
			t.Errorf("%s does not show one person:\n%s", page, text)
		}
	}
	if rows := strings.Count(c.get("/people?q=Ouzzaguine").body, `class="row-link"`); rows != 1 {
		t.Errorf("the list shows one person %d times", rows)
	}
	if !strings.Contains(c.get("/people/same?state=merged").text(), "Ouzzaguine") {
		t.Error("the merged pair is not on the list of the merged")
	}
	// Whoever holds sessions reads, and decides nothing.
	trainer := n.play("formatrice")
	if x := trainer.post(pair, url.Values{"do": {"unmerge"}}); x.status != http.StatusForbidden {
		t.Errorf("a trainer separates: status %d", x.status)
	}
	if x := trainer.get(a); x.status != http.StatusNotFound {
		t.Errorf("a trainer sees who is in none of the own groups: status %d", x.status)
	}
	c.must(c.post(pair, url.Values{"do": {"unmerge"}}))
	if text := c.get(a).text(); strings.Contains(text, "fiches réunies") || !strings.Contains(text, "Peut-être la même personne") {
		t.Errorf("separated, and still one:\n%s", text)
	}
	c.must(c.post(pair, url.Values{"do": {"part"}}))
	if text := c.get("/people/same").text(); strings.Contains(text, "Ouzzaguine") {
		t.Error("told apart, and still to be decided")
	}
	c.must(c.post("/people/same", nil))
}

// confirm lets a player confirm the request that waits.
func (n *node) confirm(t *testing.T, who string) {
	t.Helper()
	c := n.play(who)
	for _, l := range c.get("/requests").links() {
		if strings.HasPrefix(l, "/requests/") {
			c.must(c.post(l+"/confirm", nil))
			return
		}
	}
	t.Fatalf("nothing waits for %s", who)
}
