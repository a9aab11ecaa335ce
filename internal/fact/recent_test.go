package fact

import (
	"math/rand/v2"
	"slices"
	"testing"

	"tizi/internal/id"
)

// Three processes take turns on one disk: what one remembers is what is there, whoever wrote last, and what others did not
// touch is remembered.
func TestRecentHoldsBesideOthers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	disk := map[id.ID]int{} // facts of a subject
	var clock Time
	var lately []passed
	processes := []*recent{{}, {}, {}}
	remembered := 0
	for turn := range 5000 {
		r := processes[rng.IntN(3)]
		r.catchUp(clock, slices.Clone(lately))
		p := passed{From: clock, To: clock + 1 + Time(rng.IntN(5))}
		more := map[id.ID]*known{}
		for range 1 + rng.IntN(10) {
			s := id.Named("subject", string(rune('a'+rng.IntN(20))))
			p.Subjects = append(p.Subjects, s)
		}
		if rng.IntN(50) == 0 { // more than are told
			for i := range tellSubject {
				p.Subjects = append(p.Subjects, id.Named("other", string(rune('A'+i))))
			}
		}
		for _, s := range p.Subjects {
			if k := r.take(s); k != nil {
				remembered++
				if len(k.facts) != disk[s]*20 {
					t.Fatalf("turn %d: %d facts of a subject are remembered, and %d are there", turn, len(k.facts), disk[s]*20)
				}
			}
			if r.take(s) != nil {
				t.Fatalf("turn %d: what was taken is still remembered", turn)
			}
			disk[s]++
			more[s] = &known{facts: make([]*Fact, disk[s]*20)}
		}
		found := clock
		clock, lately = p.To, r.told(lately, p)
		if rng.IntN(10) > 0 { // or another is quicker
			r.learn(more, found, clock)
		}
		if rng.IntN(100) == 0 {
			r.forget()
		}
	}
	if remembered < 3_000 {
		t.Errorf("only %d times was something remembered", remembered)
	}
}
