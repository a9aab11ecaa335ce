package house

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/blob"
	"tizi/internal/card"
	"tizi/internal/fact"
	"tizi/internal/family"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/machine"
	"tizi/internal/person"
	"tizi/internal/record"
	"tizi/internal/retention"
	"tizi/internal/sms"
	"tizi/internal/store"
)

// A person is erased by two (access.ErasePeople), or by the day on which what was kept about them is no longer needed.
// In one transaction the keys are destroyed, the rows go and seats are free again; then the files and the database's own log
// are cleared. The last part may have to wait for who reads an old state, or for a
// crash to be over, so a mark in the folder says that it is still to be done.

// purgeFile marks that something erased may still lie in a file; rewriteFile that tables on PostgreSQL are still to be
// written anew, at night.
const (
	purgeFile   = "purge.pending"
	rewriteFile = "rewrite.pending"
)

// erasure prepares the facts of an erasure, and says which files go.
func (h *House) erasure(ctx context.Context, q store.Querier, actor id.ID, persons []id.ID, reason string) (fact.Outcome, []blob.Digest, error) {
	persons, err := records(ctx, q, persons)
	if err != nil {
		return fact.Outcome{}, nil, err
	}
	out, err := h.People.Erase(ctx, q, actor, persons, reason)
	if err != nil {
		return out, nil, err
	}
	var files []blob.Digest
	for _, p := range persons {
		gone, err := h.Training.Gone(ctx, q, actor, p, "erased", h.Today())
		if err != nil {
			return out, nil, err
		}
		out.Facts = append(out.Facts, gone...)
		seats, err := h.Activities.Gone(ctx, q, actor, p)
		if err != nil {
			return out, nil, err
		}
		out.Facts = append(out.Facts, seats...)
		facts, also, lost, err := h.Consents.Gone(ctx, q, actor, p)
		if err != nil {
			return out, nil, err
		}
		out.Facts, files = append(out.Facts, facts...), append(files, lost...)
		out.Then(also)
	}
	facts, err := h.Family.Gone(ctx, q, actor, persons)
	if err != nil {
		return out, nil, err
	}
	out.Facts = append(out.Facts, facts...)
	return out, files, h.Training.Vacate(ctx, q, actor, persons, h.Today(), &out)
}

// records returns all records of some persons: who is one person is erased under every name.
func records(ctx context.Context, q store.Querier, persons []id.ID) ([]id.ID, error) {
	ones, err := person.Ones(ctx, q, persons)
	out := slices.Clone(persons)
	for _, p := range persons {
		for _, r := range ones[p] {
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out, err
}

// touched are the keys of an erasure: all records of some persons, who answers for them, whose accounts may end, and who waits
// for their seats.
func (h *House) touched(ctx context.Context, q store.Querier, persons []id.ID) ([]id.ID, error) {
	all, err := records(ctx, q, persons)
	if err != nil {
		return nil, err
	}
	guardians, err := h.Family.Answering(ctx, q, all)
	if err != nil {
		return nil, err
	}
	waiting, err := h.Training.VacateKeys(ctx, q, all)
	return slices.Concat(all, guardians, waiting), err
}

// eraser is the executor of erasures.
func (h *House) eraser() access.Executor {
	return access.Executor{
		Check: func(ctx context.Context, q store.Querier, p access.Proposed) error {
			if !slices.Contains(person.EraseReasons, p.Reason) {
				return access.ErrNoReason
			}
			return h.here(ctx, q, p.Centre, p.Subjects)
		},
		Keys: func(ctx context.Context, q store.Querier, r *access.Request) ([]id.ID, error) {
			return h.touched(ctx, q, r.Subjects)
		},
		Run: func(ctx context.Context, q store.Querier, actor id.ID, r *access.Request) (fact.Outcome, error) {
			out, gone, err := h.erasure(ctx, q, actor, r.Subjects, r.Reason)
			if err != nil {
				return out, err
			}
			h.leaving(&out, r.ID, gone)
			return out, nil
		},
		After: func(ctx context.Context, r *access.Request) error {
			return h.cleared(ctx, h.left(r.ID))
		},
	}
}

// here refuses people who are not of a centre.
func (h *House) here(ctx context.Context, q store.Querier, centre id.ID, persons []id.ID) error {
	l, err := h.People.Of(ctx, q, access.At(centre), persons)
	if err == nil && (len(l) == 0 || len(l) != len(persons)) {
		err = person.ErrUnknown
	}
	return err
}

// Expire erases those of some persons of a centre whose time is over, without a second person: the day was announced.
func (h *House) Expire(ctx context.Context, persons []id.ID, centre id.ID) error {
	return h.erase(ctx, persons, centre, h.Retention.Still)
}

// Erase erases persons of a centre at once, asking nobody: for measurements and tests.
func (h *House) Erase(ctx context.Context, persons []id.ID, centre id.ID) error {
	return h.erase(ctx, persons, centre, func(_ context.Context, _ store.Querier, persons []id.ID) ([]id.ID, error) { return persons, nil })
}

// erase erases those of some persons who are asked for when its turn comes.
func (h *House) erase(ctx context.Context, persons []id.ID, centre id.ID, who func(context.Context, store.Querier, []id.ID) ([]id.ID, error)) error {
	var files []blob.Digest
	_, err := h.Log.DoKeyed(ctx, fact.Command{Name: "erase people whose time is over", Stream: person.Stream(centre), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		over, err := who(ctx, q, persons)
		if err != nil {
			return fact.Outcome{}, err
		}
		out, gone, err := h.erasure(ctx, q, id.Nil, over, "retention")
		files = gone
		return out, err
	}}, func(ctx context.Context, q store.Querier) ([]id.ID, error) { return h.touched(ctx, q, persons) })
	if err != nil {
		return err
	}
	return h.cleared(ctx, files)
}

// prune ends cases of safeguarding of a centre whose time is over.
func (h *House) prune(ctx context.Context, cases []id.ID, centre id.ID) error {
	_, err := h.Log.Do(ctx, fact.Command{Name: "prune cases whose time is over", Stream: person.Stream(centre), Keys: cases, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		return h.Safeguard.Prune(ctx, q, cases, retention.ClosedFor(h.Log.Clock.Now()))
	}})
	if err != nil {
		return err
	}
	return h.cleared(ctx, nil)
}

// erasing takes away what this node alone keeps of subjects whose keys are destroyed, wherever that was decided, and leaves
// the marks before the transaction ends, so that a crash after it is not forgotten.
func (h *House) erasing(ctx context.Context, tx store.Tx, subjects []id.ID) error {
	for _, forget := range []func(context.Context, store.Tx, []id.ID) error{access.Forget, family.Forget, card.Forget, learner.Forget, record.Forget, sms.Forget} {
		if err := forget(ctx, tx, subjects); err != nil {
			return err
		}
	}
	for _, name := range []string{purgeFile, rewriteFile} {
		if err := os.WriteFile(filepath.Join(h.Config.Dir, name), nil, 0o600); err != nil {
			return fmt.Errorf("mark what is to be cleared: %w", err)
		}
	}
	return nil
}

// cleared ends an erasure that is in the log. What cannot be done now is done later: the erasure stands.
func (h *House) cleared(ctx context.Context, files []blob.Digest) error {
	for _, d := range files {
		if err := h.Blobs.Delete(d); err != nil {
			return err
		}
	}
	if err := h.Purge(ctx); err != nil && !errors.Is(err, store.ErrBusy) {
		return err
	}
	return nil
}

// personal are the tables that hold what identifies people, and their keys.
func (h *House) personal() []string {
	out := []string{"seal_key"}
	for _, f := range h.Log.Registry.Folds() {
		if f.Sealed {
			for _, t := range f.Tables {
				out = append(out, t.Name)
			}
		}
	}
	return out
}

// Purge clears what an erasure left: whom the erased were likened to, and the database's log. Lists that colleagues bring in
// are hidden on the disk and not of the person who was erased, so they stay until they are taken, a day at most.
func (h *House) Purge(ctx context.Context) error {
	// Tables that are derived again, or replaced, hold the erased until that is over.
	if some, err := h.DB.Shadowed(ctx); err != nil {
		return err
	} else if some {
		return store.ErrBusy
	}
	if err := h.People.Sweep(ctx); err != nil {
		return err
	}
	if err := h.forgetSaved(true); err != nil {
		return err
	}
	if err := h.DB.Purge(ctx, false, h.personal()...); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(h.Config.Dir, purgeFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("clear a mark: %w", err)
	}
	return nil
}

// Rewrite writes the tables of people anew on PostgreSQL, if somebody was erased since it was done last: only so the
// bytes of dead rows are gone. It takes seconds in which nobody can use them, so it is for the night.
func (h *House) Rewrite(ctx context.Context) error {
	mark := filepath.Join(h.Config.Dir, rewriteFile)
	if _, err := os.Stat(mark); err != nil {
		return nil
	}
	if some, err := h.DB.Shadowed(ctx); err != nil || some {
		return err
	}
	if err := h.DB.Purge(ctx, true, h.personal()...); err != nil {
		return err
	}
	return os.Remove(mark)
}

// keepEvery is how often Keep looks.
const keepEvery = time.Minute

// Keep does what is due from time to time, until ctx ends: what an erasure could not clear at once, by night the tables
// of PostgreSQL, and once a day the retention of people and cases and the summary of who saw and changed what. It is for a
// node that serves.
func (h *House) Keep(ctx context.Context) {
	if err := h.Machine.Begin(); err != nil { // on a full disk
		slog.Error("what is known of this machine is not kept", "err", err)
	}
	alive := time.Now()
	for {
		if time.Since(alive) >= machine.AliveEvery {
			alive = time.Now()
			if err := h.Machine.Alive(); err != nil {
				slog.Error("what is known of this machine is not kept", "err", err)
			}
		}
		h.keep(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(keepEvery):
		case <-h.came:
			// What comes in one exchange comes in several messages.
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
		}
	}
}

func (h *House) keep(ctx context.Context) {
	note := func(what string, err error) {
		if err != nil && ctx.Err() == nil {
			slog.Error("keeping the house failed; it is tried again", "what", what, "err", err)
		}
	}
	note("tidy", h.Log.Tidy(ctx))
	if err := h.DB.Scrub(ctx, func() { time.Sleep(20 * time.Millisecond) }); !errors.Is(err, store.ErrBusy) {
		note("scrub", err)
	}
	note("purge", h.Settle(ctx))
	note("arrivals", h.Arrivals(ctx))
	note("backup", h.save(ctx))
	note("backup for headquarters", h.leave(ctx))
	if h.Machine.Doubt() == "" {
		note("backups of others", h.Kept.Tidy())
	}
	note("the database before the upgrade", h.forgetSaved(false))
	note("inspect", h.inspect(ctx))
	if h.Log.Clock.Now().Hour() == 3 {
		note("rewrite", h.Rewrite(ctx))
	}
	// Nobody is erased because a clock is wrong.
	if today := h.Today(); today != h.reviewed && h.Machine.Doubt() == "" {
		err := h.Review(ctx)
		note("retention", err)
		if err == nil {
			h.reviewed = today
		}
	}
	if today := h.Today(); today != h.summed {
		note("visits", h.Visits.Forget(ctx))
		note("texts", h.Texts.Prune(ctx))
		note("photos", h.Consents.Sweep(ctx)) // whose consent ended elsewhere
		note("files", h.SweepFiles(ctx))
		err := h.Audit.Sum(ctx)
		note("audit", err)
		if err == nil {
			h.summed = today
		}
	}
}

// Review works out whose time will be over, and erases those whose time is over and was announced; cases too, and pages
// that nobody filed.
func (h *House) Review(ctx context.Context) error {
	if err := h.Consents.DropLate(ctx); err != nil {
		return err
	}
	for {
		n, err := h.Feedback.Prune(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	if err := h.Retention.Review(ctx); err != nil {
		return err
	}
	for {
		over, err := h.Retention.Over(ctx, h.DB, 50)
		if err != nil || len(over) == 0 {
			return err
		}
		byCentre, cases := map[id.ID][]id.ID{}, map[id.ID][]id.ID{}
		var all []id.ID
		for _, d := range over {
			all = append(all, d.Person)
			if d.Class == retention.Case {
				cases[d.Centre] = append(cases[d.Centre], d.Person)
			} else {
				byCentre[d.Centre] = append(byCentre[d.Centre], d.Person)
			}
		}
		for centre, l := range cases {
			if err := h.prune(ctx, l, centre); err != nil {
				return err
			}
		}
		for centre, persons := range byCentre {
			if err := h.Expire(ctx, persons, centre); err != nil && !errors.Is(err, person.ErrUnknown) {
				return err
			}
		}
		if err := h.Retention.Forget(ctx, all); err != nil {
			return err
		}
	}
}

// merger is the executor of merges. The two may be of two centres; the request is at that of the first. What was refused of
// one of them is refused of both.
func (h *House) merger() access.Executor {
	return access.Executor{
		Check: func(ctx context.Context, q store.Querier, p access.Proposed) error {
			if !slices.Contains(person.MergeReasons, p.Reason) {
				return access.ErrNoReason
			}
			_, err := h.People.Merging(ctx, q, id.Nil, p.Subjects, p.Reason)
			return err
		},
		Keys: func(ctx context.Context, q store.Querier, r *access.Request) ([]id.ID, error) {
			all, err := records(ctx, q, r.Subjects) // consents of all of them end
			if len(r.Subjects) == 2 {
				all = append(all, person.EdgeID(r.Subjects[0], r.Subjects[1]))
			}
			return all, err
		},
		Run: func(ctx context.Context, q store.Querier, actor id.ID, r *access.Request) (fact.Outcome, error) {
			out, err := h.People.Merging(ctx, q, actor, r.Subjects, r.Reason)
			if err != nil {
				return out, err
			}
			facts, gone, err := h.Consents.Joined(ctx, q, actor, r.Subjects)
			if err != nil {
				return out, err
			}
			out.Facts = append(out.Facts, facts...)
			h.leaving(&out, r.ID, gone)
			return out, nil
		},
		After: func(ctx context.Context, r *access.Request) error {
			if err := h.Consents.Destroy(ctx, h.left(r.ID)); err != nil {
				return err
			}
			for _, p := range r.Subjects { // to have no consent is to have no seat
				if err := h.Training.Review(ctx, r.Decider, p, h.Today()); err != nil {
					return err
				}
			}
			return h.Training.PassOn(ctx, r.Decider, r.Subjects, h.Today())
		},
	}
}

// leaving keeps which files go when what a request decided is on the disk; left hands them over.
func (h *House) leaving(out *fact.Outcome, request id.ID, files []blob.Digest) {
	out.Then(func(context.Context, store.Tx) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.files == nil {
			h.files = map[id.ID][]blob.Digest{}
		}
		h.files[request] = files
		return nil
	})
}

func (h *House) left(request id.ID) []blob.Digest {
	h.mu.Lock()
	defer h.mu.Unlock()
	files := h.files[request]
	delete(h.files, request)
	return files
}
