package audit_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/audit"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/sheet"
	"tizi/internal/store"
	"tizi/internal/visit"
)

// BenchmarkAfterAnImport asks for little among much: what was done, and what is new, on the day on which one list brought
// 50,000 people in.
func BenchmarkAfterAnImport(b *testing.B) {
	n := serve(b, store.SQLite)
	clerk := id.Named("test", "clerk")
	var list bytes.Buffer
	list.WriteString("Prénom;Nom;Date de naissance;Sexe\n")
	for i := range 50_000 {
		fmt.Fprintf(&list, "Given%d;Family%d;02/03/2014;f\n", i, i)
	}
	_, err := n.People.Import(ctx, person.Import{Centre: n.here, Actor: clerk, Today: ten, File: func(o sheet.Options) (*sheet.Reader, error) {
		return sheet.New(bytes.NewReader(list.Bytes()), int64(list.Len()), "liste.csv", o)
	}})
	must(b, err)
	from, to := ten.AddDate(0, 0, -7), ten.AddDate(0, 0, 7)
	for name, f := range map[string]audit.Filter{"all": {}, "granted": {Sort: audit.Granted}, "odd": {Odd: true}, "account": {Account: n.owner}} {
		f.Scope, f.From, f.To = access.Everywhere(), from, to
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, err := n.Audit.List(ctx, n.DB, f, 50)
				must(b, err)
			}
		})
	}
	for name, f := range map[string]visit.Filter{"since": {Account: n.owner}, "since-clerk": {Account: clerk}, "since-own": {Account: n.owner, Own: map[id.ID]bool{}}} {
		f.Since, f.Centres, f.Commons = ten.Add(-time.Hour), []id.ID{n.here}, true
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _, err := n.Visits.Changes(ctx, n.DB, f)
				must(b, err)
			}
		})
	}
}
