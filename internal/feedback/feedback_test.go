package feedback_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tizi/internal/feedback"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

// What was answered is summed from five answers up, and words go after a year while the faces stand.
func TestAnswersAndTheirWords(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		ctx, must := context.Background(), testnode.Must
		clock := &testnode.Time{}
		clock.Set(testnode.Epoch)
		at := testhouse.Place(t, e)
		h, err := house.Create(ctx, house.Config{Dir: t.TempDir(), Store: &at, Now: clock.Now})
		must(t, err)
		t.Cleanup(func() { h.Close() })
		must(t, h.Found(ctx, house.Founding{Country: "ma", Centre: "MA-ERR-MJ1", Owner: "Nadia", Login: "nadia", Passphrase: "une phrase de passe", Lang: "en"}))
		f, here, session, code := h.Feedback, place.ID("MA-ERR-MJ1"), id.New(), "ABCD-2345"
		must(t, f.Open(ctx, id.Nil, here, session, id.New(), h.Today(), code))
		must(t, f.Open(ctx, id.Nil, here, session, id.New(), h.Today(), "ZZZZ-2345")) // keeps its code
		// A change that one centre recorded is not another's to say again, nor of something else.
		recorded, of := id.New(), id.New()
		must(t, f.Record(ctx, id.Nil, here, recorded, feedback.ChangeRecorded{Of: of, On: h.Today(), What: "longer breaks"}))
		for name, try := range map[string]error{
			"another centre":      f.Record(ctx, id.Nil, id.New(), recorded, feedback.ChangeRecorded{Of: of, On: h.Today(), What: "mine"}),
			"another, the same":   f.Record(ctx, id.Nil, id.New(), recorded, feedback.ChangeRecorded{Of: of, On: h.Today(), What: "longer breaks"}),
			"of another activity": f.Record(ctx, id.Nil, here, recorded, feedback.ChangeRecorded{Of: id.New(), On: h.Today(), What: "longer breaks"}),
		} {
			if !errors.Is(try, feedback.ErrUnknown) {
				t.Errorf("%s: %v", name, try)
			}
		}
		ask, err := f.OfSession(ctx, h.DB, session)
		must(t, err)
		if ask.Code != code {
			t.Fatal(ask.Code)
		}
		if err := f.Give(ctx, "1.2.3.4", code, []int{0, 1, 1}, ""); err == nil {
			t.Error("an answer without a face is kept")
		}
		if err := f.Give(ctx, "1.2.3.4", code, []int{1, 1, 1}, strings.Repeat("x", feedback.MaxWords+1)); err == nil {
			t.Error("words without end are kept")
		}
		for i := range feedback.Fewest {
			sum, err := f.Sum(ctx, h.DB, ask.ID)
			must(t, err)
			if sum.Answers != i || len(sum.Words) > 0 || sum.Faces != [3][3]int{} {
				t.Fatalf("after %d answers: %v", i, sum)
			}
			must(t, f.Give(ctx, "1.2.3.4", code, []int{3, 2, 1}, "Sesame"))
		}
		sum, err := f.Sum(ctx, h.DB, ask.ID)
		must(t, err)
		if want := [3][3]int{{0, 0, 5}, {0, 5, 0}, {5, 0, 0}}; sum.Faces != want || len(sum.Words) != 5 {
			t.Fatal(sum)
		}
		for range feedback.MaxSent - feedback.Fewest {
			must(t, f.Give(ctx, "1.2.3.4", code, []int{3, 3, 3}, ""))
		}
		if err := f.Give(ctx, "1.2.3.4", code, []int{3, 3, 3}, ""); !errors.Is(err, feedback.ErrOften) {
			t.Error("a flood is let in", err)
		}
		if n, err := f.Prune(ctx); n != 0 || err != nil {
			t.Error(n, err)
		}
		clock.Set(testnode.Epoch.Add(feedback.OpenFor + 48*time.Hour))
		if err := f.Give(ctx, "1.2.3.5", code, []int{3, 3, 3}, ""); !errors.Is(err, feedback.ErrClosed) {
			t.Error("a session that is long over takes answers", err)
		}
		clock.Set(testnode.Epoch.Add(feedback.KeepWords + 48*time.Hour))
		if n, err := f.Prune(ctx); n != 5 || err != nil {
			t.Error(n, err)
		}
		if sum, err = f.Sum(ctx, h.DB, ask.ID); err != nil || len(sum.Words) != 0 || sum.Answers != feedback.MaxSent {
			t.Error(sum, err)
		}
		of = id.New()
		if err := f.Record(ctx, id.Nil, here, id.New(), feedback.ChangeRecorded{Of: of, On: "2099-01-01", What: "x"}); err == nil {
			t.Error("a change of tomorrow is recorded")
		}
		must(t, f.Record(ctx, id.Nil, here, id.New(), feedback.ChangeRecorded{Of: of, On: h.Today(), What: "Later"}))
		if l, err := f.Changes(ctx, h.DB, of); err != nil || len(l) != 1 || l[0].What != "Later" {
			t.Error(l, err)
		}
		rep, err := h.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Error(rep.Faults)
		}
	})
}
