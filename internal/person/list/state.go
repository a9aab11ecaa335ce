package list

import (
	"strings"

	"tizi/internal/sheet"
)

// What ParseMilieu and ParseSchooling return.
const (
	Urban = "urban"
	Rural = "rural"

	InSchool      = "in_school"
	OutOfSchool   = "out_of_school" // without saying since when
	DroppedOut    = "dropped_out"
	NeverSchooled = "never_schooled"
	Graduate      = "graduate" // left school with a diploma
)

var milieus = phrases(map[string][]string{
	Urban: {"urbain", "urbaine", "u", "ville", "milieu urbain", "zone urbaine", "urban", "city", "town", "حضري", "حضرية", "مجال حضري",
		"وسط حضري", "الوسط الحضري", "حضر", "مدينة", "المدينة"},
	Rural: {"rural", "rurale", "r", "campagne", "milieu rural", "zone rurale", "village", "douar", "countryside", "قروي", "قروية",
		"مجال قروي", "وسط قروي", "الوسط القروي", "قرية", "القرية", "بادية", "البادية", "دوار", "ريفي"},
})

var schoolings = phrases(map[string][]string{
	InSchool: {"scolarisé", "scolarisée", "scolarise(e)", "élève", "étudiant", "étudiante", "en cours de scolarité", "oui", "in school",
		"enrolled", "at school", "student", "yes", "متمدرس", "متمدرسة", "ممدرس", "ممدرسة", "تلميذ", "تلميذة", "طالب", "طالبة", "يدرس", "تدرس", "نعم",
		"متمدرس(ة)", "يتابع دراسته", "تتابع دراستها"},
	OutOfSchool: {"non scolarisé", "non scolarisée", "hors école", "hors de l'école", "non", "out of school", "not enrolled",
		"not in school", "no", "غير متمدرس", "غير متمدرسة", "غير ممدرس", "غير ممدرسة", "خارج المدرسة", "غير متمدرس(ة)"},
	DroppedOut: {"déscolarisé", "déscolarisée", "abandon", "abandon scolaire", "a abandonné", "décrocheur", "décrocheuse",
		"décrochage", "dropped out", "dropout", "drop-out", "منقطع", "منقطعة", "منقطع عن الدراسة", "منقطعة عن الدراسة", "انقطاع", "مفصول",
		"مفصولة", "هدر مدرسي", "منقطع(ة)", "انقطع عن الدراسة"},
	NeverSchooled: {"jamais scolarisé", "jamais scolarisée", "never enrolled", "never attended", "never schooled", "أمي", "أمية",
		"لم يسبق له التمدرس", "لم يسبق لها التمدرس", "لم يلج المدرسة", "لم تلج المدرسة"},
	Graduate: {"diplômé", "diplômée", "diplômé(e)", "bachelier", "bachelière", "licencié", "licenciée", "lauréat", "lauréate", "graduate",
		"graduated", "حامل شهادة", "حاملة شهادة", "حامل(ة) شهادة", "مجاز", "مجازة", "خريج", "خريجة"},
})

var categories = phrases(map[string][]string{
	"student":       {"student", "étudiant", "étudiante", "élève", "طالب", "طالبة", "تلميذ", "تلميذة"},
	"employee":      {"employee", "employé", "employée", "salarié", "salariée", "fonctionnaire", "cadre", "موظف", "موظفة", "أجير", "أجيرة", "مستخدم", "مستخدمة"},
	"worker":        {"worker", "ouvrier", "ouvrière", "manœuvre", "journalier", "journalière", "عامل", "عاملة", "مياوم", "مياومة"},
	"artisan":       {"artisan", "artisane", "craftsman", "craftswoman", "صانع", "صانعة", "صانع تقليدي", "صانعة تقليدية", "حرفي", "حرفية"},
	"farmer":        {"farmer", "agriculteur", "agricultrice", "fellah", "éleveur", "éleveuse", "pêcheur", "فلاح", "فلاحة", "مربي ماشية", "صياد"},
	"self_employed": {"self-employed", "self_employed", "indépendant", "indépendante", "commerçant", "commerçante", "auto-entrepreneur", "auto-entrepreneuse", "profession libérale", "تاجر", "تاجرة", "مقاول ذاتي", "مقاولة ذاتية", "مهنة حرة"},
	"unemployed":    {"unemployed", "chômeur", "chômeuse", "au chômage", "sans emploi", "sans travail", "demandeur d'emploi", "عاطل", "عاطلة", "بدون عمل", "عاطل عن العمل", "عاطلة عن العمل"},
	"homemaker":     {"homemaker", "housewife", "femme au foyer", "au foyer", "ربة بيت"},
	"low_income":    {"low_income", "low income", "famille démunie", "précaire", "famille précaire", "précarité", "faible revenu", "ramed", "amo tadamon", "معوز", "معوزة", "أسرة معوزة", "هشاشة", "في وضعية هشاشة", "دخل محدود", "راميد", "أمو تضامن"},
})

var diplomas = phrases(map[string][]string{
	"none":       {"none", "no", "aucun", "sans", "sans diplôme", "néant", "بدون", "بدون شهادة", "لا شيء"},
	"primary":    {"primary", "primaire", "cep", "certificat d'études primaires", "شهادة ابتدائية", "ابتدائي", "الشهادة الابتدائية"},
	"middle":     {"middle", "brevet", "collège", "bepc", "certificat d'enseignement collégial", "شهادة إعدادية", "إعدادي", "السلك الإعدادي"},
	"bac":        {"bac", "baccalauréat", "baccalaureate", "high school", "باكالوريا", "البكالوريا", "بكالوريا", "الباكالوريا"},
	"technician": {"technician", "technicien", "technicienne", "technicien spécialisé", "bts", "dts", "dut", "deug", "ofppt", "bac+2", "تقني", "تقنية", "تقني متخصص", "دبلوم تقني"},
	"licence":    {"licence", "bachelor", "bac+3", "إجازة", "الإجازة", "مجاز", "مجازة"},
	"master":     {"master", "ingénieur", "ingénieure", "dess", "dea", "bac+5", "ماستر", "ماجستير", "مهندس", "مهندسة"},
	"doctorate":  {"doctorate", "doctorat", "phd", "docteur", "دكتوراه", "الدكتوراه"},
})

// ParseCategory reads somebody's social category, one of programme.Categories. The error is a Fault.
func ParseCategory(text string) (string, error) {
	if v := categories[plain(text)]; v != "" {
		return v, nil
	}
	return "", CategoryUnknown
}

// ParseDiploma reads somebody's highest diploma, one of programme.Diplomas. The error is a Fault.
func ParseDiploma(text string) (string, error) {
	if v := diplomas[plain(text)]; v != "" {
		return v, nil
	}
	return "", DiplomaUnknown
}

var held = phrases(map[string][]string{
	"yes": {"oui", "o", "signé", "signée", "signé(e)", "reçu", "reçue", "remis", "remise", "x", "ok", "vrai", "yes", "y", "true", "signed", "held", "received",
		"نعم", "موقع", "موقعة", "مسلم", "مسلمة", "متوفر", "متوفرة", "ⵢⴰⵀ"},
	"no": {"non", "n", "pas encore", "manquant", "manquante", "en attente", "faux", "no", "false", "not yet", "missing", "pending",
		"لا", "ليس بعد", "ناقص", "ناقصة", "غير متوفر", "غير متوفرة", "في الانتظار", "ⵓⵀⵓ"},
})

func phrases(byValue map[string][]string) map[string]string {
	out := map[string]string{}
	for value, list := range byValue {
		for _, p := range list {
			out[plain(p)] = value
		}
	}
	return out
}

// plain folds a phrase and leaves only its words.
func plain(s string) string {
	return strings.Join(strings.FieldsFunc(sheet.Fold(s), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 0x80 || r >= '0' && r <= '9')
	}), " ")
}

// ParseMilieu reads where somebody lives: Urban or Rural. The error is a Fault.
func ParseMilieu(text string) (string, error) {
	if v := milieus[plain(text)]; v != "" {
		return v, nil
	}
	return "", MilieuUnknown
}

// ParseForms reads whether a signed form is held. The error is a Fault.
func ParseForms(text string) (bool, error) {
	if strings.TrimSpace(text) == "✓" || strings.TrimSpace(text) == "✔" {
		return true, nil
	}
	if v := held[plain(text)]; v != "" {
		return v == "yes", nil
	}
	return false, FormsUnknown
}

// ParseSchooling reads whether somebody goes to school: InSchool, OutOfSchool, DroppedOut, NeverSchooled or
// Graduate. The error is a Fault.
func ParseSchooling(text string) (string, error) {
	if v := schoolings[plain(text)]; v != "" {
		return v, nil
	}
	return "", SchoolingUnknown
}
