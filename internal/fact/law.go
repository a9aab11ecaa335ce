package fact

import (
	"tizi/internal/id"
	"tizi/internal/seal"
)

// The law: the rows of a subject are a function of the set of its effective facts, never of the order, the repetition
// or the day in which they arrived. A fold is believed to keep the law only when a property test has tried: each
// registers a Sampler, and the test of the whole house fails for a fold without one.

// Draw gives a Sampler its choices; the test shrinks them to the smallest history that breaks the law.
type Draw interface {
	// Int returns a number from 0 to n-1.
	Int(label string, n int) int
}

// History is what a Sampler draws: facts of one subject, in the order in which their authors wrote them. A fact may
// name earlier ones of the history as replaced, by index.
type History struct {
	Subject id.ID
	Steps   []Step
	// Key, when the subject is a person, is the key that bodies were sealed with.
	Key *seal.Key
}

// Step is one fact of a History.
type Step struct {
	Kind *Kind
	Body Body
	Prev []int
	// By chooses which of the writing nodes of the test writes it.
	By int
}

// Sampler draws a history of one subject.
type Sampler func(d Draw, newKey NewKey) History

// NewKey makes the key of a person.
type NewKey = func(person id.ID) *seal.Key

// Statements returns a Sampler of a subject that is stated whole: each statement may have seen an earlier one.
func Statements(k *Kind, body func(Draw) Body) Sampler {
	return func(d Draw, _ NewKey) History {
		h := History{Subject: id.New()}
		for i := range 1 + d.Int("edits", 4) {
			st := Step{Kind: k, Body: body(d), By: d.Int("by", 2)}
			if i > 0 && d.Int("saw", 2) == 1 {
				st.Prev = []int{d.Int("which", i)}
			}
			h.Steps = append(h.Steps, st)
		}
		return h
	}
}

// sampleGrants draws grants and revocations of one node.
func sampleGrants(d Draw, _ NewKey) History {
	own, err := seal.NewIdentity()
	if err != nil {
		panic(err)
	}
	h := History{Subject: own.Node()}
	for i := range 1 + d.Int("grants", 3) {
		h.Steps = append(h.Steps, Step{Kind: GrantIssued, By: d.Int("by", 2), Body: GrantTo(own, "box", []string{"person.*"}, []string{"*"})})
		if d.Int("revoke", 3) == 0 {
			h.Steps = append(h.Steps, Step{Kind: GrantRevoked, By: d.Int("by", 2), Body: Withdrawn{After: map[string]uint64{"commons": uint64(i)}, Reason: "lost"}})
		}
	}
	return h
}
