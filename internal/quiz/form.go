package quiz

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
)

// Form is what one learner was asked and in which order: it is kept with the answers, so that a quiz that is opened again looks the
// same, whatever this program draws then.
type Form struct {
	Items []Asked `json:"items"`
}

// Asked is one item of a form, with the order of its options (choices, steps of an order, right sides of pairs) where they are mixed.
type Asked struct {
	ID      string   `json:"id"`
	Options []string `json:"options,omitempty"`
}

// Form draws the items for a learner and mixes what can be mixed. The same seed draws the same.
func (q *Quiz) Form(seed string) Form {
	h := fnv.New64a()
	h.Write([]byte(seed))
	rng := rand.New(rand.NewPCG(h.Sum64(), uint64(len(seed))))
	at := make([]int, len(q.Items))
	for i := range at {
		at[i] = i
	}
	if q.Shuffle != "no" {
		rng.Shuffle(len(at), func(i, j int) { at[i], at[j] = at[j], at[i] })
	}
	if q.Draw > 0 && q.Draw < len(at) {
		if q.Shuffle == "no" { // a part of them, still in the order of the author
			rng.Shuffle(len(at), func(i, j int) { at[i], at[j] = at[j], at[i] })
			at = at[:q.Draw]
			slices.Sort(at)
		}
		at = at[:q.Draw]
	}
	var f Form
	for _, i := range at {
		it := &q.Items[i]
		a := Asked{ID: it.ID}
		switch it.Kind {
		case Choice, Multiple:
			a.Options = optionIDs(it.Choices)
		case Order:
			a.Options = optionIDs(it.Sequence)
		case Match:
			a.Options = it.parts()
		}
		whole := slices.Clone(a.Options)
		rng.Shuffle(len(a.Options), func(i, j int) { a.Options[i], a.Options[j] = a.Options[j], a.Options[i] })
		if it.Kind == Order && slices.Equal(whole, a.Options) && len(whole) > 1 { // it must not stand there solved
			a.Options[0], a.Options[1] = a.Options[1], a.Options[0]
		}
		f.Items = append(f.Items, a)
	}
	return f
}

func optionIDs(l []Option) (ids []string) {
	for _, o := range l {
		ids = append(ids, o.ID)
	}
	return ids
}

// Arranged returns options in the order of a form; those that it does not name stand behind.
func Arranged[T any](l []T, id func(T) string, order []string) []T {
	out := slices.Clone(l)
	place := func(v T) int {
		if i := slices.Index(order, id(v)); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(out, func(a, b T) int { return place(a) - place(b) })
	return out
}
