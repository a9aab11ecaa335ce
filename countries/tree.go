package countries

import (
	"cmp"
	"slices"
)

// tree looks at how the rows hang together.
func (s *sheet) tree() {
	circular := s.circular()
	for i, p := range s.rows {
		if width(p.Type) == 0 {
			// Without a type there is no telling where the place may lie.
			continue
		}
		switch {
		case circular[i]:
			s.object(p, "parent", "cycle", "value", p.Code)
		case p.Parent == "" && p.Type != TypeCountry:
			s.object(p, "parent", "no_parent")
		case p.Parent == "":
		case !s.exists(p.Parent):
			s.object(p, "parent", "unknown_parent", "value", p.Parent)
		case p.Type == TypeCountry || s.tooNarrow(p):
			s.object(p, "parent", "bad_parent", "value", p.Parent)
		}
	}
}

func (s *sheet) exists(code string) bool {
	_, here := s.at[code]
	_, known := s.known[code]
	return here || known || s.rejected[code]
}

// tooNarrow tells whether the parent's type is not wider than the row's own. A
// parent whose own type is in doubt is not held against the row.
func (s *sheet) tooNarrow(p Place) bool {
	parent, ok := s.known[p.Parent]
	if i, here := s.at[p.Parent]; here {
		parent, ok = s.rows[i], true
	}
	return ok && width(parent.Type) != 0 && width(parent.Type) >= width(p.Type)
}

// circular finds the rows that lie inside themselves. Each row is walked once:
// a walk stops at a row some walk has passed before.
func (s *sheet) circular() map[int]bool {
	found := map[int]bool{}
	passed := make([]int, len(s.rows)) // number of the walk, 0 for none yet
	for i := range s.rows {
		walk, at := i+1, i
		for passed[at] == 0 {
			passed[at] = walk
			next, here := s.at[s.rows[at].Parent]
			if !here {
				break
			}
			at = next
		}
		if _, here := s.at[s.rows[at].Parent]; here && passed[at] == walk && !found[at] {
			s.mark(at, found)
		}
	}
	return found
}

// mark notes the rows of the circle that begins at a row, if it is one.
func (s *sheet) mark(start int, found map[int]bool) {
	at := start
	var ring []int
	for range s.rows {
		ring = append(ring, at)
		next, here := s.at[s.rows[at].Parent]
		if !here {
			return
		}
		at = next
		if at == start {
			for _, i := range ring {
				found[i] = true
			}
			return
		}
	}
}

// accepted gives the rows without an objection whose ancestors have none
// either, widest first, so that a parent always stands before its children.
func (s *sheet) accepted() []Place {
	var out []Place
	for _, p := range s.rows {
		if s.sound(p) {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b Place) int { return cmp.Compare(width(a.Type), width(b.Type)) })
	return out
}

// sound walks up to the root. The types narrow on the way down, so the walk is
// at most as long as there are types, or it meets an objection.
func (s *sheet) sound(p Place) bool {
	for {
		if s.rejected[p.Code] {
			return false
		}
		if p.Parent == "" {
			return true
		}
		i, here := s.at[p.Parent]
		if !here {
			_, known := s.known[p.Parent]
			return known
		}
		p = s.rows[i]
	}
}

func sortErrors(errs []RowError) {
	slices.SortStableFunc(errs, func(a, b RowError) int { return cmp.Compare(a.Line, b.Line) })
}
