package fact

import (
	"cmp"
	"container/heap"
	"reflect"
	"slices"
	"strings"

	"tizi/internal/id"
	"tizi/internal/seal"
)

// Subject is all that is known of one subject while it is folded.
type Subject struct {
	ID id.ID
	// all are the stored facts, effective or not: ancestry runs through those that do not count too.
	all  []*Fact
	ring seal.Ring // nil unless the fold is Sealed
}

// Facts returns the effective facts in canonical order: what replaces comes after what it replaces, otherwise by
// clock, then node, then number.
func (s *Subject) Facts() []*Fact {
	out := make([]*Fact, 0, len(s.all))
	for _, f := range s.all {
		if f.state == Effective {
			out = append(out, f)
		}
	}
	return out
}

// Open decrypts what was sealed with the subject's own key. ok is false when this node holds no such key, or the text
// is not what the key sealed: a person who cannot be read is a person erased. Another person's text cannot be opened,
// since the rows would then depend on keys whose coming and going folds nobody again.
func (s *Subject) Open(person id.ID, sealed string) (plain []byte, ok bool) {
	k := s.ring[person]
	if k == nil || person != s.ID {
		return nil, false
	}
	plain, err := k.Open(sealed)
	return plain, err == nil
}

// Heads returns, of the effective facts that write says belong to one register, those that no other one of them
// replaces, the winner last. Two or more are a conflict: their authors did not see each other. What voids or admits
// another fact belongs to no register: it says nothing itself, and must not replace what stood before a mistake.
func (s *Subject) Heads(write func(*Fact) bool) []*Fact {
	var in []*Fact
	for _, f := range s.all {
		if f.state == Effective && !strings.HasPrefix(f.Kind, "fact.") && write(f) {
			in = append(in, f)
		}
	}
	if len(in) < 2 {
		return in
	}
	at := make(map[Ref]*Fact, len(s.all))
	for _, f := range s.all {
		at[f.Ref()] = f
	}
	replaced := map[Ref]bool{}
	for todo := slices.Clone(in); len(todo) > 0; {
		f := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, p := range f.Prev {
			p = localRef(f, p)
			if replaced[p] {
				continue
			}
			replaced[p] = true
			if g := at[p]; g != nil {
				todo = append(todo, g)
			}
		}
	}
	heads := slices.DeleteFunc(slices.Clone(in), func(f *Fact) bool { return replaced[f.Ref()] })
	if len(heads) == 0 {
		heads = in // a ring of facts that name each other: only a broken node writes one
	}
	slices.SortFunc(heads, byClock)
	return heads
}

// Last returns the winner of Heads, or nil.
func (s *Subject) Last(write func(*Fact) bool) *Fact {
	h := s.Heads(write)
	if len(h) == 0 {
		return nil
	}
	return h[len(h)-1]
}

// Home is the subject as far as one stream goes: headquarters', if it says anything of it that counts, or else the one that
// spoke first. It is for what is named beyond its own stream (accounts, roles): the box of a centre must not overrule
// headquarters by speaking of it in the centre's.
func (s *Subject) Home() *Subject {
	home := ""
	for _, f := range s.Facts() {
		if home == "" || f.Stream == "commons" || f.Stream == "hub" {
			home = f.Stream
		}
		if home == "commons" || home == "hub" {
			break
		}
	}
	out := &Subject{ID: s.ID, ring: s.ring}
	for _, f := range s.all {
		if f.Stream == home {
			out.all = append(out.all, f)
		}
	}
	return out
}

// Is reports whether a fact says a T.
func Is[T Body](f *Fact) bool {
	_, ok := As[T](f)
	return ok
}

// Said returns what was said last of a subject, of those statements of a T that of wants (nil: all), with its fact, nil where
// there is none. several says that others stand beside it, whose authors did not see each other.
func Said[T Body](s *Subject, of func(T) bool) (v T, f *Fact, several bool) {
	heads := s.Heads(func(f *Fact) bool {
		b, ok := As[T](f)
		return ok && (of == nil || of(b))
	})
	if len(heads) == 0 {
		return v, nil, false
	}
	f = heads[len(heads)-1]
	v, _ = As[T](f)
	return v, f, len(heads) > 1
}

// localRef fills in the stream of a reference that names its own.
func localRef(f *Fact, r Ref) Ref {
	if r.Stream == "" {
		r.Stream = f.Stream
	}
	return r
}

func byClock(a, b *Fact) int {
	if c := cmp.Compare(a.HLC, b.HLC); c != 0 {
		return c
	}
	if c := slices.Compare(a.Node[:], b.Node[:]); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Seq, b.Seq); c != 0 {
		return c
	}
	return cmp.Compare(a.Stream, b.Stream)
}

// canonical sorts the facts of a subject. A clock may be wrong, so a fact can carry an earlier reading than one it
// replaces; ancestry goes first.
func canonical(facts []*Fact) []*Fact {
	slices.SortFunc(facts, byClock)
	plain := true
	for _, f := range facts {
		if len(f.Prev) > 0 {
			plain = false
			break
		}
	}
	if plain {
		return facts
	}
	at := make(map[Ref]int, len(facts))
	for i, f := range facts {
		at[f.Ref()] = i
	}
	waits := make([]int, len(facts))
	then := make([][]int, len(facts))
	for i, f := range facts {
		for _, p := range f.Prev {
			if j, ok := at[localRef(f, p)]; ok && j != i {
				waits[i]++
				then[j] = append(then[j], i)
			}
		}
	}
	// Kahn's algorithm; the index in clock order is the priority.
	ready := &intHeap{}
	for i, n := range waits {
		if n == 0 {
			*ready = append(*ready, i)
		}
	}
	out := make([]*Fact, 0, len(facts))
	done := make([]bool, len(facts))
	for ready.Len() > 0 {
		i := heap.Pop(ready).(int)
		done[i] = true
		out = append(out, facts[i])
		for _, j := range then[i] {
			if waits[j]--; waits[j] == 0 {
				heap.Push(ready, j)
			}
		}
	}
	for i, f := range facts { // what is in a ring keeps the order of the clock
		if !done[i] {
			out = append(out, f)
		}
	}
	return out
}

type intHeap []int

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *intHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *intHeap) Pop() any {
	n := len(*h) - 1
	x := (*h)[n]
	*h = (*h)[:n]
	return x
}

// HeadsOf returns the names of those effective facts of a subject that no other replaces: what an edit that saw them all
// names as replaced.
func HeadsOf(all []*Fact) []Ref {
	s := &Subject{all: all}
	var refs []Ref
	for _, f := range s.Heads(func(*Fact) bool { return true }) {
		refs = append(refs, f.Ref())
	}
	return refs
}

// Says reports whether the facts of a subject already end in just this body, without a conflict.
func Says(all []*Fact, b Body) bool {
	s := &Subject{all: all}
	heads := s.Heads(func(*Fact) bool { return true })
	return len(heads) == 1 && reflect.DeepEqual(heads[0].decoded, b)
}
