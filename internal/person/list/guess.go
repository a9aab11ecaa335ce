package list

// Guess says what each column holds, from its heading and from a sample of the rows, and how sure that is, from 0 to 1.
// Columns that do not matter, or that nothing is known of, are Ignored; a heading known not to matter is so with
// confidence. The mapping has as many columns as the header.
func Guess(header []string, sample [][]string) (Mapping, []float64) {
	g := guess{claims: make([]claim, len(header)), seen: make([]contents, len(header))}
	for i, h := range header {
		g.seen[i] = look(sample, i)
		g.claims[i] = weigh(claimOf(h), g.seen[i])
	}
	g.names()
	g.dates()
	g.guardians()
	g.unique()
	m, sure := make(Mapping, len(header)), make([]float64, len(header))
	for i, c := range g.claims {
		m[i], sure[i] = c.field, c.sure
		if c.field == "" {
			m[i] = Ignored
		}
	}
	return m, sure
}

type guess struct {
	claims []claim
	seen   []contents
}

// weigh sets what a heading claims against what the column shows.
func weigh(c claim, s contents) claim {
	switch c.kind {
	case noClaim:
		return s.suggest()
	case codeClaim:
		switch {
		case s.massar >= 0.6:
			return claim{field: Massar, sure: 0.95 * s.massar}
		case s.cin >= 0.7:
			return claim{field: CIN, sure: 0.6 * s.cin}
		}
		return c
	case dateClaim:
		return c
	}
	borne := s.bears(c.field)
	if c.field == Forms && borne < 0.5 {
		return claim{field: Ignored, sure: 0.4} // what it may say must not be guessed
	}
	if borne < 0.2 {
		// Under a heading we know stands something else. What the content says plainly, such as codes under "name", wins.
		if other := s.suggest(); other.kind == plainClaim && other.sure >= 0.7 {
			return other
		}
		c.sure *= 0.4
		return c
	}
	if s.filled == 0 {
		c.sure *= 0.9
	} else {
		c.sure *= 0.7 + 0.3*borne
	}
	return c
}

// names decides what "nom" and "الاسم" are beside the other columns, and which of two columns is in which script.
func (g *guess) names() {
	for i := range g.claims {
		if g.claims[i].kind != nameClaim || g.claims[i].field != FullName {
			continue
		}
		switch {
		case g.beside(i, First):
			g.claims[i].field = Last
		case g.beside(i, Last):
			g.claims[i].field = First
		}
	}
	if !g.any(FullName) && !g.any(First) && !g.any(Last) {
		g.namesByContent()
	}
	g.scripts(FullName, FullNameAr, FullNameLatin)
	g.scripts(First, FirstAr, FirstLatin)
	g.scripts(Last, LastAr, LastLatin)
}

// beside says whether another column claims f, by its heading alone, in the script of column i.
func (g *guess) beside(i int, f Field) bool {
	mine := g.script(i)
	for j, c := range g.claims {
		if j == i || c.field != f || c.kind == nameClaim {
			continue
		}
		if theirs := g.script(j); mine == 0 || theirs == 0 || mine == theirs {
			return true
		}
	}
	return false
}

// script is that of column i: as its heading says, or as it shows.
func (g *guess) script(i int) byte {
	switch {
	case g.claims[i].ar:
		return 'a'
	case g.claims[i].latin:
		return 'l'
	}
	return g.seen[i].script()
}

func (g *guess) any(f Field) bool {
	for _, c := range g.claims {
		if c.field == f {
			return true
		}
	}
	return false
}

// namesByContent looks for names where no heading tells of any: columns of words, nearly all different.
func (g *guess) namesByContent() {
	var full, words []int
	for i, s := range g.seen {
		if g.claims[i].kind != noClaim || s.script() == 0 || s.distinct < 0.5 {
			continue
		}
		if s.two >= 0.5 {
			full = append(full, i)
		} else {
			words = append(words, i)
		}
	}
	switch {
	case len(full) > 0:
		for _, i := range full {
			g.claims[i] = claim{field: FullName, sure: 0.5}
		}
	case len(words) == 1:
		g.claims[words[0]] = claim{field: FullName, sure: 0.4}
	default:
		// The last name first, as registers have it. A key by name does not mind if it is the other way round.
		for n, i := range words {
			field := Last
			if n%2 == 1 {
				field = First
			}
			g.claims[i] = claim{field: field, sure: 0.3}
		}
	}
}

// scripts gives one of several columns of the same part of a name to each script.
func (g *guess) scripts(both, arabic, latin Field) {
	n := 0
	for _, c := range g.claims {
		if c.field == both {
			n++
		}
	}
	for i := range g.claims {
		c := &g.claims[i]
		if c.field != both {
			continue
		}
		switch {
		case c.ar || n > 1 && g.script(i) == 'a':
			c.field = arabic
		case c.latin || n > 1 && g.script(i) == 'l':
			c.field = latin
		}
	}
}

// dates gives the columns of dates that no heading explains to the birth date, if that is not known: to the earliest of
// them, for who enrolls was born before.
func (g *guess) dates() {
	best := -1
	for i, c := range g.claims {
		if c.kind != dateClaim {
			continue
		}
		if g.seen[i].date >= 0.6 && (best < 0 || g.seen[i].middle < g.seen[best].middle) {
			best = i
		}
	}
	known := g.any(BirthDate)
	for i := range g.claims {
		if g.claims[i].kind == dateClaim {
			g.claims[i] = claim{field: Ignored, sure: 0.3}
			if i == best && !known {
				g.claims[i] = claim{field: BirthDate, sure: 0.6}
			}
		}
	}
}

// guardians keeps the columns of one guardian: the one called so, else the father, else the mother. First and last name
// of the same are two columns that will be joined.
func (g *guess) guardians() {
	for _, f := range []Field{GuardianName, GuardianPhone} {
		keep := concept(0)
		for _, who := range []concept{cGuardian, cFather, cMother} {
			for _, c := range g.claims {
				if c.field == f && c.who&who != 0 && keep == 0 {
					keep = c.who
				}
			}
		}
		for i, c := range g.claims {
			if c.field == f && keep != 0 && c.who != keep {
				g.claims[i] = claim{field: Ignored, sure: 0.5}
			}
		}
	}
}

// unique leaves each field to the column that claims it most surely, the first of equals.
func (g *guess) unique() {
	best := map[Field]int{}
	for i, c := range g.claims {
		if c.field == "" || c.field == Ignored || c.field == GuardianName {
			continue
		}
		if j, taken := best[c.field]; !taken || c.sure > g.claims[j].sure {
			best[c.field] = i
		}
	}
	for i, c := range g.claims {
		if j, taken := best[c.field]; taken && i != j {
			g.claims[i] = claim{field: Ignored, sure: 0.3}
		}
	}
}
