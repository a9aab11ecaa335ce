package list

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each heading by itself, with nothing below it.
func TestHeadings(t *testing.T) {
	for field, headings := range map[Field]string{
		Massar: "Code Massar|N° Massar|Massar|CODE_MASSAR|codeMassar|Num Massar|رقم مسار|رمز مسار|كود مسار|مسار|CNE|Code national de l'élève|N°MASSAR / CNE|Massar code",
		CIN:    "CIN|CNIE|N° CIN|Carte nationale|N° de la carte d'identité nationale|رقم البطاقة الوطنية|بطاقة التعريف الوطنية|رقم ب.ت.و (CIN)|National ID|C.I.N",
		FullName: "Nom et prénom|Nom & Prénom|NOM ET PRENOM|Nom complet|Nom et prénom(s) de l'élève|Prénom et nom|Nom|Name|Full name|الاسم الكامل|الإسم الكامل|الاسم والنسب|النسب والاسم|" +
			"الاسم الشخصي والعائلي|اسم التلميذ|إسم التلميذ(ة)|الاسم|Noms et prenoms|Élève|Student name|nomPrenom|Nom_Prénom|ⵉⵙⵎ",
		First:         "Prénom|Prénoms|prenom|First name|Given name|givenName|الاسم الشخصي|الإسم الشخصي|Prénom de l'élève|Prenon",
		Last:          "Nom de famille|Family name|Last name|Surname|familyName|النسب|اللقب|الاسم العائلي|الإسم العائلي للتلميذ",
		FullNameAr:    "Nom complet (arabe)|Nom et prénom en arabe|Nom en arabe|الاسم الكامل بالعربية|Full name (Arabic)",
		FullNameLatin: "Nom complet en français|الاسم الكامل بالفرنسية|الاسم الكامل باللاتينية|Full name in Latin",
		FirstAr:       "Prénom en arabe|الاسم الشخصي بالعربية|Prénom (AR)",
		FirstLatin:    "Prénom (FR)|الاسم الشخصي بالفرنسية",
		LastAr:        "Nom de famille en arabe|النسب بالعربية",
		LastLatin:     "النسب بالفرنسية|الاسم العائلي بالفرنسية",
		BirthDate: "Date de naissance|Date naissance|Date de naiss.|DDN|D.D.N|Né(e) le|Née le|Date de naissence|تاريخ الازدياد|تاريخ الإزدياد|تاريخ الميلاد|تاريخ الولادة|ت. الازدياد|" +
			"مزداد(ة) في|Birth date|Date of birth|DOB|birthdate|Date et lieu de naissance|تاريخ ومكان الازدياد|ⴰⵣⵎⵣ ⵏ ⵜⵍⴰⵍⵉⵜ|Date de naissance (jj/mm/aaaa)",
		BirthYear: "Année de naissance|سنة الازدياد|سنة الميلاد|Year of birth",
		Sex:       "Sexe|SEXE|Genre|Sexe (F/M)|الجنس|النوع|Gender|Sex|Civilité",
		Phone:     "Tél|Téléphone|N° de téléphone|GSM|Portable|Mobile|Tel.|الهاتف|رقم الهاتف|Phone|Phone number|Contact",
		GuardianName: "Tuteur|Nom du tuteur|Nom et prénom du tuteur|Parent|Nom du père|Nom de la mère|Responsable légal|ولي الأمر|اسم ولي الأمر|اسم الأب|ولي أمر التلميذ|Guardian|Guardian name|" +
			"Parent name|اسم الولي",
		GuardianPhone: "Tél tuteur|Tél. du tuteur|Téléphone parent|N° tél du père|هاتف ولي الأمر|رقم هاتف ولي الأمر|هاتف الأب|Guardian phone|Parent's phone|GSM des parents",
		School:        "École|Etablissement|Nom de l'établissement|Établissement d'origine|المؤسسة|المؤسسة التعليمية|المدرسة|اسم المؤسسة|School|School name|Lycée",
		Level:         "Niveau|Niveau scolaire|المستوى|المستوى الدراسي|Level|Grade|Niveau / classe",
		Class:         "Classe|القسم|الفوج|Class|Section|Groupe",
		Milieu:        "Milieu|الوسط|Milieu (urbain/rural)|Milieu de résidence",
		Schooling:     "Situation scolaire|Scolarisé(e)|الوضعية الدراسية|متمدرس(ة)|Scolarité|Schooling",
		Commune:       "Commune|الجماعة|Commune de résidence|الجماعة الترابية",
		Forms: "Autorisation parentale|Autorisation parentale signée|Formulaire signé|Formulaire de consentement|Consentement du tuteur (oui/non)|Accord des parents|Accord pour la formation|Consent|Consent form held|" +
			"Signed form (yes or no)|Parental consent|Forms held|موافقة ولي الأمر|إذن الأب|الاستمارة الموقعة|استمارة الموافقة (نعم/لا)|إذن أبوي",
		Address: "Adresse|العنوان|Address|Adresse des parents|عنوان السكن|Quartier",
		Ignored: "N°|N° d'ordre|#|ر.ت|رت|الرقم|الرقم الترتيبي|Lieu de naissance|مكان الازدياد|Observations|ملاحظات|Email|E-mail|Moyenne|المعدل|Signature|Âge|السن|Nationalité|الجنسية|" +
			"Province|الإقليم|Académie|Date d'inscription|Profession du père|CIN du tuteur|Année scolaire|Code établissement|Code|Matricule|رقم التلميذ|Student ID|sourcedId|" +
			"Groupe sanguin|Lien de parenté|Date de naissance du père|المستوى الدراسي للأب|Autorisation de sortie|Autorisation image|Droit à l'image|Consentement photo|Date d'autorisation|Code de l'autorisation|Accord de bourse|xyz|",
	} {
		for _, h := range strings.Split(headings, "|") {
			m, sure := Guess([]string{h}, nil)
			if m[0] != field {
				t.Errorf("%q is taken for %s (%.2f), not %s", h, m[0], sure[0], field)
			}
			if (field != Ignored) && (sure[0] < 0.5 || sure[0] > 1) {
				t.Errorf("%q: sure %.2f", h, sure[0])
			}
			if misspelling := h == "Prenon" || h == "Date de naissence"; h != "xyz" && h != "" && !misspelling && !Known(h) {
				t.Errorf("%q is not known for a heading", h)
			}
		}
	}
}

// A column that may let children in is taken by what it says, never by where it stands.
func TestFormsAreNotGuessed(t *testing.T) {
	for _, c := range []struct {
		heading string
		cells   string
		want    Field
	}{
		{"Autorisation parentale", "oui|non||Oui|✓", Forms},
		{"موافقة ولي الأمر", "نعم|لا|نعم|نعم", Forms},
		{"Autorisation parentale", "n° 12|n° 13|n° 14", Ignored},
		{"Autorisation de sortie", "oui|non|oui", Ignored},
		{"", "oui|non|oui", Ignored},
		{"xyz", "yes|no|yes", Ignored},
	} {
		var sample [][]string
		for _, v := range strings.Split(c.cells, "|") {
			sample = append(sample, []string{"Amina", v})
		}
		if m, _ := Guess([]string{"Nom", c.heading}, sample); m[1] != c.want {
			t.Errorf("%q with %s is taken for %s", c.heading, c.cells, m[1])
		}
	}
	for text, want := range map[string]string{"OUI": "yes", " Signée": "yes", "نعم": "yes", "x": "yes", "✓": "yes", "Non": "no", "لا": "no", "pas encore": "no", "peut-être": "", "12": "", "1": ""} {
		got := "no"
		if yes, err := ParseForms(text); err != nil {
			got = ""
		} else if yes {
			got = "yes"
		}
		if got != want {
			t.Errorf("%q is read as %q", text, got)
		}
	}
}

func TestNotHeadings(t *testing.T) {
	for _, s := range []string{"", "Rabat", "Mohamed Alaoui", "محمد العلوي", "31/12/2014", "R130456789", "M", "F", "ذكر", "أنثى", "Lycée Ibn Sina",
		"ثانوية ابن سينا", "0612345678", "Fille", "12", "Royaume du Maroc", "المملكة المغربية", "Hay Salam n° 12, Salé", "a b c d e f"} {
		if Known(s) {
			t.Errorf("%q is taken for a heading", s)
		}
	}
}

func TestGuess(t *testing.T) {
	ar := []string{"العلوي", "بنعيسى", "الفاسي", "التازي"}
	arFirst := []string{"محمد", "فاطمة", "علي", "سارة"}
	la := []string{"ALAOUI", "BENAISSA", "EL FASSI", "TAZI"}
	laFirst := []string{"Mohamed", "Fatima", "Ali", "Sara"}
	full := []string{"محمد العلوي", "فاطمة بنعيسى", "علي الفاسي", "سارة التازي"}
	laFull := []string{"Mohamed Alaoui", "Fatima Benaissa", "Ali El Fassi", "Sara Tazi"}
	massar := []string{"R130456789", "R130456790", "S130456791", "R130456792"}
	born := []string{"31/12/2014", "01/02/2013", "05/06/2012", "2013-07-08"}
	enrolled := []string{"01/09/2025", "02/09/2025", "02/09/2025", "03/09/2025"}
	sex := []string{"M", "F", "M", "F"}
	phone := []string{"0612345678", "0612345679", "", "0612345670"}
	order := []string{"1", "2", "3", "4"}
	school := []string{"École Ibn Sina", "École Ibn Sina", "École Ibn Sina", "École Al Farabi"}
	cin := []string{"AB123456", "K12345", "BE987654", ""}
	for _, c := range []struct {
		name    string
		columns []string
		sample  [][]string
		want    Mapping
	}{
		{"the export of Massar", []string{"رت", "الرمز", "النسب", "الاسم", "النوع", "تاريخ الازدياد", "مكان الازدياد"},
			[][]string{order, massar, ar, arFirst, {"ذكر", "أنثى", "ذكر", "أنثى"}, born, {"الرباط", "سلا", "تمارة", "الرباط"}},
			Mapping{Ignored, Massar, Last, First, Sex, BirthDate, Ignored}},
		{"mark sheet of Massar", []string{"ID", "رقم التلميذ", "إسم التلميذ", "تاريخ الإزدياد", "الفرض الأول النقطة"},
			[][]string{order, massar, full, born, order}, Mapping{Ignored, Massar, FullName, BirthDate, Ignored}},
		{"nom alone", []string{"Nom", "Sexe"}, [][]string{laFull, sex}, Mapping{FullName, Sex}},
		{"nom beside prénom", []string{"Nom", "Prénom", "Date naissance"}, [][]string{la, laFirst, born}, Mapping{Last, First, BirthDate}},
		{"name beside first name", []string{"Name", "First name"}, [][]string{la, laFirst}, Mapping{Last, First}},
		{"two scripts by their headings", []string{"Nom (fr)", "Prénom (fr)", "Nom (ar)", "Prénom (ar)"}, [][]string{la, laFirst, ar, arFirst},
			Mapping{LastLatin, FirstLatin, LastAr, FirstAr}},
		{"two scripts by what is in them", []string{"Nom", "Prénom", "النسب", "الاسم"}, [][]string{la, laFirst, ar, arFirst},
			Mapping{LastLatin, FirstLatin, LastAr, FirstAr}},
		{"the same heading twice", []string{"Nom complet", "Nom complet"}, [][]string{full, laFull}, Mapping{FullNameAr, FullNameLatin}},
		{"one full, one in parts", []string{"الاسم الكامل", "Nom", "Prénom"}, [][]string{full, la, laFirst}, Mapping{FullName, Last, First}},
		{"Arabic headings over Latin names", []string{"الاسم الكامل", "الجنس"}, [][]string{laFull, sex}, Mapping{FullName, Sex}},
		{"code that is a Massar code", []string{"Code", "Nom"}, [][]string{massar, laFull}, Mapping{Massar, FullName}},
		{"code that is not", []string{"Code", "Nom"}, [][]string{order, laFull}, Mapping{Ignored, FullName}},
		{"number that is a Massar code", []string{"N°", "Nom"}, [][]string{massar, laFull}, Mapping{Massar, FullName}},
		{"date of what", []string{"Nom", "Date"}, [][]string{laFull, born}, Mapping{FullName, BirthDate}},
		{"two dates, one explained", []string{"Nom", "Date", "DDN"}, [][]string{laFull, enrolled, born}, Mapping{FullName, Ignored, BirthDate}},
		{"two dates, none explained", []string{"", "", ""}, [][]string{laFull, enrolled, born}, Mapping{FullName, Ignored, BirthDate}},
		{"no headings", []string{"", "", "", "", "", "", ""}, [][]string{order, massar, full, laFull, born, sex, phone},
			Mapping{Ignored, Massar, FullNameAr, FullNameLatin, BirthDate, Sex, Phone}},
		{"no headings, names in two columns", []string{"", "", ""}, [][]string{la, laFirst, born}, Mapping{Last, First, BirthDate}},
		{"no headings, a card", []string{"", ""}, [][]string{laFull, cin}, Mapping{FullName, CIN}},
		{"guardian in two columns", []string{"Nom", "Nom du tuteur", "Prénom du tuteur", "Tél tuteur", "Tél"}, [][]string{laFull, la, laFirst, phone, phone},
			Mapping{FullName, GuardianName, GuardianName, GuardianPhone, Phone}},
		{"father and mother", []string{"Nom", "Nom de la mère", "Nom du père", "Tél mère", "Tél père"}, [][]string{laFull, laFull, laFull, phone, phone},
			Mapping{FullName, Ignored, GuardianName, Ignored, GuardianPhone}},
		{"guardian before father", []string{"Nom", "Nom du père", "Tuteur"}, [][]string{laFull, laFull, laFull}, Mapping{FullName, Ignored, GuardianName}},
		{"groups over headings", []string{"Élève Nom", "Élève Prénom", "Élève Sexe", "Tuteur Nom", "Tuteur Téléphone"}, [][]string{la, laFirst, sex, laFull, phone},
			Mapping{Last, First, Sex, GuardianName, GuardianPhone}},
		{"genre that is no sex", []string{"Nom", "Genre"}, [][]string{laFull, {"Roman", "Conte", "Roman", "BD"}}, Mapping{FullName, Sex}},
		{"heading over the wrong column", []string{"Nom", "Sexe"}, [][]string{massar, sex}, Mapping{Massar, Sex}},
		{"school is not a name", []string{"Nom", "École", "Classe"}, [][]string{laFull, school, {"6A", "6A", "6B", "6B"}}, Mapping{FullName, School, Class}},
		{"the same field twice", []string{"Tél", "GSM", "Nom"}, [][]string{order, phone, laFull}, Mapping{Ignored, Phone, FullName}},
		{"nothing at all", []string{"", ""}, nil, Mapping{Ignored, Ignored}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sample := make([][]string, 4)
			for i := range sample {
				for _, column := range c.sample {
					sample[i] = append(sample[i], column[i])
				}
			}
			m, sure := Guess(c.columns, sample)
			if diff := cmp.Diff(c.want, m); diff != "" {
				t.Errorf("%s\nsure %.2f", diff, sure)
			}
		})
	}
}

// Doubt shows: a heading that its column belies is less sure than one it bears out.
func TestConfidence(t *testing.T) {
	good, _ := sureOf("Sexe", "M", "F", "M")
	bad, f := sureOf("Sexe", "Rabat", "Salé", "Fès")
	if good < 0.9 || bad > 0.5 || f != Sex {
		t.Errorf("borne out %.2f, belied %.2f as %s", good, bad, f)
	}
}

func sureOf(heading string, values ...string) (float64, Field) {
	var sample [][]string
	for _, v := range values {
		sample = append(sample, []string{v})
	}
	m, sure := Guess([]string{heading}, sample)
	return sure[0], m[0]
}

func TestCorrectAndCheck(t *testing.T) {
	header := []string{"N°", "Nom élève", "Date"}
	m := Mapping{Ignored, Ignored, BirthDate}
	if err := m.Check(header); err == nil || err.(*MappingError).Code != CodeNoName {
		t.Errorf("no name: %v", err)
	}
	for _, column := range []string{"Nom élève", "nom eleve ", "B", "b", "2", "٢"} {
		got, err := m.Correct(header, column, FullName)
		if err != nil || got[1] != FullName || m[1] != Ignored {
			t.Errorf("%q: %v, %v", column, got, err)
		}
	}
	got, err := m.Correct(header, "A", BirthDate)
	if diff := cmp.Diff(Mapping{BirthDate, Ignored, Ignored}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for column, code := range map[string]string{"D": CodeNoColumn, "0": CodeNoColumn, "Prénom": CodeNoColumn, "": CodeNoColumn, "99999999999999999999": CodeNoColumn} {
		if _, err := m.Correct(header, column, First); err == nil || err.(*MappingError).Code != code {
			t.Errorf("%q: %v", column, err)
		}
	}
	if _, err := m.Correct(header, "A", "shoe"); err == nil || err.(*MappingError).Code != CodeNoField {
		t.Errorf("shoe: %v", err)
	}
	if err := (Mapping{FullName, Sex, Sex}).Check(header); err == nil || err.(*MappingError).Code != CodeTwice ||
		!strings.Contains(err.Error(), "“Nom élève” and “Date”") {
		t.Errorf("twice: %v", err)
	}
	if err := (Mapping{FullName, GuardianName, GuardianName}).Check(header); err != nil {
		t.Errorf("guardian in two columns: %v", err)
	}
}

func TestLetter(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 27: "AB", 51: "AZ", 52: "BA", 511: "SR"} {
		if got := letter(i); got != want {
			t.Errorf("letter(%d) = %s", i, got)
		}
		if back := findColumn(nil, want); back != i {
			t.Errorf("findColumn(%s) = %d", want, back)
		}
	}
}

// Guess does not depend on the order of a map: a hundred times the same.
func TestGuessIsSteady(t *testing.T) {
	header := []string{"Prenon", "Nmo", "Telephne", "Etablisement", "Date naisance", "Adrese"}
	first, _ := Guess(header, nil)
	for range 100 {
		if m, _ := Guess(header, nil); fmt.Sprint(m) != fmt.Sprint(first) {
			t.Fatalf("%v, then %v", first, m)
		}
	}
}
