package house_test

import (
	"slices"
	"testing"

	"tizi/internal/access"
	"tizi/internal/blob"
	"tizi/internal/consent"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// A file belongs to the streams whose facts speak of it, whether one asks for all of a stream or for one file.
func TestFilesOfStreams(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, _ := create(t, e)
		defer h.Close()
		must(t, h.Found(ctx, founding))
		var streams []string
		for _, code := range []string{founding.Centre, "MA-GUE-MJ1"} {
			_, err := h.Centre(ctx, code)
			must(t, err)
			p, err := h.People.Register(ctx, id.Nil, place.ID(code), person.Details{"first_latin": code, "birth": "2014-05-03"}, nil)
			must(t, err)
			must(t, h.Consents.Record(ctx, id.Nil, access.Everywhere(), p, []consent.Statement{{Purpose: consent.Image, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "Fatna"}}}))
			must(t, h.Consents.SetPhoto(ctx, id.Nil, access.Everywhere(), p, portrait(t)))
			streams = append(streams, person.Stream(place.ID(code)))
		}
		files := func(of []string, among ...blob.Digest) []blob.Digest {
			t.Helper()
			l, err := h.Files(ctx, h.DB, func(s string) bool { return slices.Contains(of, s) }, among...)
			must(t, err)
			return l
		}
		all, a, b := files(streams), files(streams[:1]), files(streams[1:])
		if len(all) != 2 || len(a) != 1 || len(b) != 1 || a[0] == b[0] {
			t.Fatalf("%v are %v and %v", all, a, b)
		}
		if l := files(streams[:1], a[0], b[0]); !slices.Equal(l, a) {
			t.Errorf("of one centre are %v, want %v", l, a)
		}
		if l := files(streams, b[0]); !slices.Equal(l, b) {
			t.Errorf("asked for %v: %v", b, l)
		}
		if l := files(nil); len(l) != 0 {
			t.Errorf("of no stream are %v", l)
		}
	})
}
