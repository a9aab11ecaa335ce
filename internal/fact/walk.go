package fact

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"tizi/internal/id"
	"tizi/internal/store"
)

// Span is what is read of a stream, latest first: facts whose clock says From or later and before To, at most Max of those
// that Want wants. Maybe sees a fact before its body is read, which is most of the work, and Want afterwards.
type Span struct {
	From, To Time
	Max      int
	Maybe    func(*Fact) bool
	Want     func(*Fact) (bool, error)
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
	var out []*Fact
	for _, e := range ends {
		if Time(e.hlc) < s.From {
			continue
		}
		before := e.size + 1
		if Time(e.hlc) >= s.To {
			if before, err = firstFrom(ctx, q, e.stream, e.node, e.size, s.To); err != nil {
				return nil, err
			}
		}
		if out, err = l.walk(ctx, q, e.stream, e.node, before, s, out); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b *Fact) int { return -byClock(a, b) })
	return out[:min(len(out), s.Max)], nil
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
func (l *Log) walk(ctx context.Context, q store.Querier, stream, node, before int64, s Span, out []*Fact) ([]*Fact, error) {
	for found, size := 0, min(walked, s.Max+1); ; size = walked {
		rows, err := selectFacts(ctx, q, "stream = ? AND node = ? AND seq < ? ORDER BY seq DESC LIMIT ?", store.Args(stream, node, before, size))
		if err != nil {
			return nil, err
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
		if len(rows) < size {
			return out, nil
		}
		before = int64(rows[len(rows)-1].f.Seq)
	}
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
