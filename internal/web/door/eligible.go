package door

import (
	"strings"

	"tizi/internal/person"
	"tizi/internal/programme"
)

// Why says the grounds of a refusal in words: what the rule asks, and what the person's record says.
func (a *Ask) Why(rule programme.Rule, grounds []string, d person.Details) (out []string) {
	list := func(key string, codes []string) string {
		var words []string
		for _, c := range codes {
			words = append(words, a.P.T(key+"."+c))
		}
		comma := ", "
		if a.Arabic() {
			comma = "، "
		}
		return strings.Join(words, comma)
	}
	for _, g := range grounds {
		s := ""
		switch g {
		case programme.ByAge:
			switch {
			case rule.AgeMin > 0 && rule.AgeMax > 0:
				s = a.P.T("eligible.age_between", "min", rule.AgeMin, "max", rule.AgeMax, "on", a.P.Date(rule.AgeOn))
			case rule.AgeMax > 0:
				s = a.P.T("eligible.age_to", "max", rule.AgeMax, "on", a.P.Date(rule.AgeOn))
			default:
				s = a.P.T("eligible.age_from", "min", rule.AgeMin, "on", a.P.Date(rule.AgeOn))
			}
		case programme.BySex:
			s = a.P.T("eligible.sex." + rule.Sex)
		case programme.ByMilieu:
			s = a.P.T("eligible.milieu." + rule.Milieu)
		case programme.BySchooling:
			s = a.P.T("eligible.only", "what", list("schooling", rule.School))
		case programme.ByCategory:
			s = a.P.T("eligible.only", "what", list("category", rule.Category))
		case programme.ByDiploma:
			s = a.P.T("eligible.diploma", "what", a.P.T("diploma."+rule.Diploma))
		}
		if has := d[fieldOf[g]]; has != "" {
			switch g {
			case programme.ByAge:
				has = a.P.T("eligible.born", "date", birthWords(a, has))
			default:
				has = a.P.T(g + "." + has)
			}
			s = a.P.T("eligible.and_record", "rule", s, "record", has)
		}
		out = append(out, s)
	}
	return out
}

// Unsure says which details of somebody a rule asks for and nobody knows.
func (a *Ask) Unsure(remark []string) string {
	var out []string
	for _, g := range remark {
		out = append(out, a.P.T("eligible.ground."+g))
	}
	comma := ", "
	if a.Arabic() {
		comma = "، "
	}
	return a.P.T("eligible.unsure", "what", strings.Join(out, comma))
}

// fieldOf are the fields that grounds look at.
var fieldOf = map[string]person.Field{programme.ByAge: "birth", programme.BySex: "sex", programme.ByMilieu: "milieu", programme.BySchooling: "schooling", programme.ByCategory: "category", programme.ByDiploma: "diploma"}

func birthWords(a *Ask, birth string) string {
	if len(birth) == 4 {
		return birth
	}
	return a.P.Date(birth)
}
