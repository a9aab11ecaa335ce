package list

import "strings"

// claim is what a heading, or the content of a column, says that the column holds.
type claim struct {
	field Field
	sure  float64 // 0 to 1
	kind  claimKind
	latin bool // the heading says "in Latin letters"
	ar    bool // the heading says "in Arabic letters"
	who   concept
}

type claimKind int

const (
	plainClaim claimKind = iota
	nameClaim            // "nom", "الاسم": a full name, or the part of it that no other column claims
	codeClaim            // "code", "رقم التلميذ": the Massar code, if that is what it holds
	dateClaim            // "date": of birth, if that is what it holds
	noClaim              // the heading says nothing
)

// Known says whether a heading is one that lists of people have, whether or not the column matters. It is the vocabulary
// by which sheet finds the headings.
func Known(heading string) bool {
	if heading == "" || len(heading) > 90 {
		return false
	}
	words := tokens(heading)
	known, content := 0, 0
	var set concept
	for _, w := range words {
		c := meaning(w)
		set |= c
		switch {
		case c == cLittle:
			known++
		case c != 0:
			known++
			content++
		}
	}
	// Most of its words must be ours: "Lycée Ibn Sina" is a school, not a heading.
	if content == 0 || 3*known < 2*len(words) {
		return strings.TrimSpace(heading) == "#"
	}
	return decide(set).kind != noClaim
}

// claimOf reads a heading.
func claimOf(heading string) claim {
	var set concept
	whole := true
	for _, w := range tokens(heading) {
		c := meaning(w)
		if c == 0 {
			c = misspelt(w)
		}
		set |= c
		whole = whole && c != 0
	}
	c := decide(set)
	if c.field == Forms && !whole { // leave to go on an outing is no consent to the training
		return claim{field: Ignored, sure: 0.5}
	}
	c.ar, c.latin = set&cArabic != 0, set&cLatin != 0
	if c.ar && c.latin { // "nom (arabe ou français)"
		c.ar, c.latin = false, false
	}
	if strings.TrimSpace(heading) == "#" {
		return claim{field: Ignored, sure: 0.9}
	}
	return c
}

// decide weighs the concepts of a heading. The order is the rule: what is said first is stronger.
func decide(set concept) claim {
	has := func(c concept) bool { return set&c != 0 }
	all := func(c concept) bool { return set&c == c }
	is := func(f Field, sure float64) claim { return claim{field: f, sure: sure} }
	guardian := has(cGuardian | cFather | cMother)
	switch {
	case set&^(cLittle|cArabic|cLatin) == 0:
		return claim{kind: noClaim}
	case has(cMassar):
		if guardian {
			return is(Ignored, 0.9)
		}
		return is(Massar, 0.98)
	case has(cOther):
		return is(Ignored, 0.9)
	case has(cForm):
		if has(cDate | cCode | cPhone | cSchool | cPlace | cAddress | cOrder) {
			return is(Ignored, 0.7)
		}
		return is(Forms, 0.9)
	case has(cPhone):
		if guardian {
			return claim{field: GuardianPhone, sure: 0.97, who: set & (cGuardian | cFather | cMother)}
		}
		return is(Phone, 0.95)
	case all(cNational | cCode | cPerson), all(cNational | cNumber | cPerson):
		return is(Massar, 0.7) // code national de l'étudiant
	case has(cCIN), has(cCard) && has(cNational|cIdentity), all(cNational | cIdentity), all(cNational | cCode), all(cNational | cNumber):
		if guardian {
			return is(Ignored, 0.9)
		}
		return is(CIN, 0.95)
	case has(cBirth):
		switch {
		case guardian, has(cPlace|cCommune|cRegion|cAddress) && !has(cDate):
			return is(Ignored, 0.9)
		case has(cYear):
			return is(BirthYear, 0.95)
		}
		return is(BirthDate, 0.97)
	case has(cSex):
		if guardian {
			return is(Ignored, 0.9)
		}
		return is(Sex, 0.95)
	case guardian:
		return decideGuardian(set)
	case has(cYear):
		return is(Ignored, 0.6) // the school year
	case has(cDiploma):
		if has(cCode | cNumber | cPlace | cDate) {
			return is(Ignored, 0.7)
		}
		return is(Diploma, 0.9)
	case has(cCategory):
		return is(Category, 0.8)
	case has(cSchooled), all(cState | cScolaire):
		return is(Schooling, 0.9)
	case has(cSchool):
		if has(cCode | cNumber | cPlace | cCommune | cRegion | cAddress | cDate) {
			return is(Ignored, 0.7)
		}
		return is(School, 0.9)
	case has(cLevel):
		return is(Level, 0.9)
	case has(cClass):
		return is(Class, 0.9)
	case has(cMilieu):
		return is(Milieu, 0.9)
	case has(cCommune):
		return is(Commune, 0.9)
	case has(cAddress):
		return is(Address, 0.9)
	case has(cRegion | cPlace | cState):
		return is(Ignored, 0.7)
	}
	return decideName(set)
}

func decideGuardian(set concept) claim {
	who := set & (cGuardian | cFather | cMother)
	switch {
	case set&(cCode|cLevel|cSchool|cState|cNational|cIdentity|cCard|cDate|cScolaire|cSchooled|cCategory|cDiploma) != 0:
		return claim{field: Ignored, sure: 0.8}
	case set&cAddress != 0:
		return claim{field: Address, sure: 0.6}
	case set&(cName|cPrenom|cFirst|cLast|cFamily|cFull) == 0 && set&cNumber != 0:
		return claim{field: GuardianPhone, sure: 0.5, who: who}
	}
	return claim{field: GuardianName, sure: 0.9, who: who}
}

func decideName(set concept) claim {
	has := func(c concept) bool { return set&c != 0 }
	switch {
	case has(cDate): // not "last modified" for a last name
		return claim{kind: dateClaim}
	case has(cPrenom) && has(cName|cLast|cFamily), has(cFirst) && has(cLast|cFamily), has(cName) && has(cLast), has(cFull):
		return claim{field: FullName, sure: 0.97}
	case has(cPrenom | cFirst):
		return claim{field: First, sure: 0.95}
	case has(cLast | cFamily):
		return claim{field: Last, sure: 0.95}
	case has(cName):
		return claim{field: FullName, sure: 0.85, kind: nameClaim}
	case has(cOrder), has(cNumber) && !has(cPerson|cCode):
		return claim{field: Ignored, sure: 0.85, kind: codeClaim}
	case has(cCode | cNumber):
		return claim{field: Ignored, sure: 0.6, kind: codeClaim}
	case has(cPerson):
		return claim{field: FullName, sure: 0.7, kind: nameClaim}
	}
	return claim{kind: noClaim}
}
