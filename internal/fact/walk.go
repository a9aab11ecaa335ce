package fact

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"tizi/internal/id"
	"tizi/internal/store"
)

// Span is what is read of a stream, latest first: facts whose clock says From or later and before To, at most Max of those
// that Want wants. Kinds, By, NotBy and When narrow what the database gives at all: whoever looks for little among much, a
// role given among an import of 50,000 people, says so there. Maybe sees a fact before its body is read, and Want afterwards.
type Span struct {
	From, To Time
	Max      int
	Kinds    func(name string) bool // nil: every kind
	By       id.ID                  // only what this account did
	NotBy    id.ID                  // only what other accounts did
	When     func(Time) bool        // nil: at whatever time
	Maybe    func(*Fact) bool
	Want     func(*Fact) (bool, error)
	// Look is how many facts of a log are looked at where the database narrows; 0: all. Stopped is told the clock of the first one
	// that was, when there are more of the span before it.
	Look    int
	Stopped func(Time)
}

// walked is how many facts are read at once.
const walked = 500

// Latest returns the latest facts of a stream in a span, whether they count or not. It needs no index of times: a node's
// clock never goes back, so each log is in the order of its clock, and is read from its end.
func (l *Log) Latest(ctx context.Context, q store.Querier, stream string, s Span) ([]*Fact, error) {
	type end struct{ stream, node, size, hlc int64 }
	var ends []end
	err := q.Each(ctx, "SELECT h.stream, h.node, h.size, h.hlc FROM fact_head h JOIN fact_stream s ON s.id = h.stream WHERE s.name = ? ORDER BY h.node", store.Args(stream), func(r store.Row) error {
		var e end
		err := r.Scan(&e.stream, &e.node, &e.size, &e.hlc)
		ends = append(ends, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	ends = slices.DeleteFunc(ends, func(e end) bool { return Time(e.hlc) < s.From })
	if len(ends) == 0 {
		return nil, nil
	}
	where, args, err := l.narrowed(ctx, q, s)
	if err != nil {
		return nil, err
	}
	var out []*Fact
	for _, e := range ends {
		before := e.size + 1
		if Time(e.hlc) >= s.To {
			if before, err = firstFrom(ctx, q, e.stream, e.node, e.size, s.To); err != nil {
				return nil, err
			}
		}
		if out, err = l.walk(ctx, q, e.stream, e.node, before, where, args, s, out); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b *Fact) int { return -byClock(a, b) })
	return out[:min(len(out), s.Max)], nil
}

// narrowed is what a span says of the rows of the log.
func (l *Log) narrowed(ctx context.Context, q store.Querier, s Span) (where string, args []any, err error) {
	if s.Kinds != nil {
		// Asked for anew: another process, or this transaction, may have given out a number.
		var kinds []string
		err := q.Each(ctx, "SELECT id, name FROM fact_kind", nil, func(r store.Row) error {
			var num int64
			var tag string
			err := r.Scan(&num, &tag)
			if name, _, _ := SplitKind(tag); s.Kinds(name) {
				kinds = append(kinds, strconv.FormatInt(num, 10))
			}
			return err
		})
		if err != nil {
			return "", nil, err
		}
		where += " AND kind IN (" + strings.Join(append(kinds, "-1"), ", ") + ")"
	}
	if !s.By.IsNil() {
		where, args = where+" AND actor = ?", append(args, s.By)
	}
	if !s.NotBy.IsNil() {
		where, args = where+" AND actor <> ?", append(args, s.NotBy)
	}
	return where, args, nil
}

// firstFrom is the number of the first fact of a log that was not written before a time, which there is.
func firstFrom(ctx context.Context, q store.Querier, stream, node, size int64, t Time) (int64, error) {
	low, high := int64(1), size
	for low < high {
		mid := (low + high) / 2
		var hlc int64
		if _, err := store.One(ctx, q, "SELECT hlc FROM fact WHERE stream = ? AND node = ? AND seq = ?", store.Args(stream, node, mid), &hlc); err != nil {
			return 0, err
		}
		if Time(hlc) < t {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, nil
}

// walk reads one log backwards.
func (l *Log) walk(ctx context.Context, q store.Querier, stream, node, before int64, narrow string, with []any, s Span, out []*Fact) ([]*Fact, error) {
	first, stopped := int64(1), Time(0)
	if narrow != "" || s.When != nil { // the database must not look for more of it below the span
		var err error
		if first, err = firstFrom(ctx, q, stream, node, before-1, s.From); err != nil {
			return nil, err
		}
		if cut := before - int64(s.Look); s.Look > 0 && cut > first {
			var from, to int64
			if _, err := store.One(ctx, q, "SELECT min(hlc), max(hlc) FROM fact WHERE stream = ? AND node = ? AND seq IN (?, ?)", store.Args(stream, node, cut, before-1), &from, &to); err != nil {
				return nil, err
			}
			if !Time(from).Wall().Equal(Time(to).Wall()) { // who goes on from an instant must come before it
				first, stopped = cut, Time(from)
			}
		}
	}
	for found, size := 0, min(walked, s.Max+1); ; size = walked {
		where, args := "stream = ? AND node = ? AND seq >= ? AND seq < ?"+narrow, append(store.Args(stream, node, first, before), with...)
		var last int64 // of the numbers looked at
		var more bool
		if s.When != nil {
			seqs, l, m, err := when(ctx, q, where, args, s, size)
			if err != nil {
				return nil, err
			}
			last, more = l, m
			where, args = "stream = ? AND node = ? AND seq IN ("+strings.Join(append(seqs, "-1"), ", ")+")", store.Args(stream, node)
		}
		rows, err := selectFacts(ctx, q, where+" ORDER BY seq DESC LIMIT ?", append(args, size))
		if err != nil {
			return nil, err
		}
		if s.When == nil {
			if more = len(rows) == size; more {
				last = int64(rows[len(rows)-1].f.Seq)
			}
		}
		if err := l.name(ctx, q, rows); err != nil {
			return nil, err
		}
		for _, x := range rows {
			if x.f.HLC < s.From {
				return out, nil
			}
			if x.f.HLC >= s.To || !s.Maybe(x.f) {
				continue
			}
			l.Registry.read(x.f)
			if want, err := s.Want(x.f); err != nil {
				return nil, err
			} else if !want {
				continue
			}
			out = append(out, x.f)
			if found++; found == s.Max {
				return out, nil
			}
		}
		if !more {
			if stopped > 0 {
				s.Stopped(stopped)
			}
			return out, nil
		}
		before = last
	}
}

// looked is how many numbers and times are read at once, without what was said.
const looked = 20 * walked

// errEnough ends a query whose further rows nobody needs.
var errEnough = errors.New("enough")

// when returns the numbers of at most size facts that were written at a time that the span wants, among the last ones of a log; the
// last number it looked at, and whether there may be more below.
func when(ctx context.Context, q store.Querier, where string, args []any, s Span, size int) (seqs []string, last int64, more bool, err error) {
	n := 0
	err = q.Each(ctx, "SELECT seq, hlc FROM fact WHERE "+where+" ORDER BY seq DESC LIMIT ?", append(args, looked), func(r store.Row) error {
		var seq, hlc int64
		if err := r.Scan(&seq, &hlc); err != nil {
			return err
		}
		if n, last = n+1, seq; s.When(Time(hlc)) {
			seqs = append(seqs, strconv.FormatInt(seq, 10))
		}
		if len(seqs) == size {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return seqs, last, n == looked || len(seqs) == size, err
}

// About returns the stored facts of some subjects whose clock says from or later, latest first, whether they count or not.
func (l *Log) About(ctx context.Context, q store.Querier, subjects []id.ID, from Time) ([]*Fact, error) {
	var out []*Fact
	where, args := store.In("subject", subjects)
	err := l.Facts(ctx, q, where+" AND hlc >= ?", append(args, int64(from)), func(f *Fact) error {
		l.Registry.read(f)
		out = append(out, f)
		return nil
	})
	slices.SortStableFunc(out, func(a, b *Fact) int { return -byClock(a, b) })
	return out, err
}

// Near returns the stored facts of a subject and of all that is named under it (id.Under), latest first.
func (l *Log) Near(ctx context.Context, q store.Querier, subject id.ID) ([]*Fact, error) {
	var out []*Fact
	seen := map[Ref]bool{}
	for _, version := range []byte{subject[6] & 0xf0, 0x80} {
		first, last := subject, subject
		first[6] = subject[6]&0x0f | version
		last[6] = first[6]
		copy(first[8:], bytes.Repeat([]byte{0}, 8))
		copy(last[8:], bytes.Repeat([]byte{0xff}, 8))
		err := l.Facts(ctx, q, "subject >= ? AND subject <= ?", store.Args(first, last), func(f *Fact) error {
			if l.Registry.read(f); !seen[f.Ref()] {
				out, seen[f.Ref()] = append(out, f), true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b *Fact) int { return cmp.Compare(b.HLC, a.HLC) })
	return out, nil
}
