package list

import (
	"slices"
	"strings"
)

// Entry is one person of a list, as far as the list tells. What it does not tell is "".
type Entry struct {
	Row           int // as the clerk sees it in the file
	NameAr        Name
	NameLatin     Name
	Massar        string // "R130456789"
	CIN           string // "AB123456"
	Birth         string // "2014-12-31", or "2014" where no more is known
	Sex           string // "f" or "m"
	Phone         string // "+212612345678", as are all telephone numbers
	GuardianName  string
	GuardianPhone string
	School        string
	Level         string
	Class         string
	Milieu        string // Urban or Rural
	Schooling     string // as ParseSchooling has it
	Category      string // as ParseCategory has it
	Diploma       string // as ParseDiploma has it
	Commune       string
	Address       string
	Forms         bool     // the column of forms says yes
	Cells         []string // as they stand in the file, for a report of what was left out
}

// Prefixes of keys, the strongest first.
const (
	KeyMassar = "massar:"
	KeyCIN    = "cin:"
	KeyAr     = "ar:" // name in Arabic letters, birth, sex
	KeyLatin  = "la:" // name in Latin letters, birth, sex
)

// Keys are what the entry can be known again by, the strongest first. Two entries with a key in common are one person,
// unless a stronger kind of key, which both have, says that they are two: twins in all but their codes. A key by name joins
// birth and sex to it; where the birth is not known, also what else the list tells, for a name alone is nobody. The order
// of the words of a name does not matter.
func (e *Entry) Keys() []string {
	keys := make([]string, 0, 4)
	if e.Massar != "" {
		keys = append(keys, KeyMassar+e.Massar)
	}
	if e.CIN != "" {
		keys = append(keys, KeyCIN+e.CIN)
	}
	rest := "|" + e.Birth + "|" + e.Sex
	if e.Birth == "" {
		rest += "|" + strings.Join([]string{
			NormaliseName(e.GuardianName), e.GuardianPhone, e.Phone, plain(e.School), plain(e.Level), plain(e.Class), plain(e.Commune),
		}, "|")
	}
	if name := nameKey(e.NameAr.Full); name != "" {
		keys = append(keys, KeyAr+name+rest)
	}
	if name := nameKey(e.NameLatin.Full); name != "" {
		keys = append(keys, KeyLatin+name+rest)
	}
	return keys
}

// particles join the word after them: people write El Alaoui and Elalaoui, عبد الله and عبدالله.
var particles = foldedSet("el al ben bent bin bou ait abd abdel abdal ould عبد بن بنت أبو بو آيت ايت ابن ال")

// nameKey is a name as keys have it: normal, its words in order of the alphabet, particles joined.
func nameKey(full string) string {
	if full == "" {
		return ""
	}
	var scratch [24]string
	words := append(scratch[:0], strings.Fields(NormaliseName(full))...)
	for i := 0; i+1 < len(words); i++ {
		if particles[words[i]] {
			words[i+1] = words[i] + words[i+1]
			words[i] = ""
		}
	}
	slices.Sort(words)
	return strings.TrimLeft(strings.Join(words, " "), " ")
}

// Seen finds the rows that a file repeats. It keeps some eighty bytes a row. The zero value is ready.
type Seen struct {
	of   map[uint64]uint32 // the place in rows of the first row with a key, by the digest of the key
	rows []seenRow
}

// seenRow is kept small: there may be a million.
type seenRow struct {
	row         uint32
	massar, cin uint32 // digests of the codes of that row; 0 where it has none
}

// Check returns the row that e repeats, or 0 when it is the first of its kind, which Seen remembers.
func (s *Seen) Check(e *Entry) (first int) {
	if s.of == nil {
		s.of = map[uint64]uint32{}
	}
	keys := e.Keys()
	mine := seenRow{row: uint32(e.Row), massar: uint32(digest(e.Massar)), cin: uint32(digest(e.CIN))}
	for _, key := range keys {
		i, known := s.of[digest(key)]
		if !known {
			continue
		}
		other := s.rows[i]
		switch {
		case strings.HasPrefix(key, KeyMassar):
			return int(other.row)
		case differ(mine.massar, other.massar):
		case strings.HasPrefix(key, KeyCIN):
			return int(other.row)
		case differ(mine.cin, other.cin):
		default:
			return int(other.row)
		}
	}
	for _, key := range keys {
		if d := digest(key); !s.has(d) {
			s.of[d] = uint32(len(s.rows))
		}
	}
	s.rows = append(s.rows, mine)
	return 0
}

func (s *Seen) has(d uint64) bool {
	_, ok := s.of[d]
	return ok
}

// differ says whether both are known and not the same.
func differ(a, b uint32) bool { return a != 0 && b != 0 && a != b }

// digest is FNV-1a of 64 bits: for a million keys, one chance in thirty million that any two meet.
func digest(s string) uint64 {
	if s == "" {
		return 0
	}
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
