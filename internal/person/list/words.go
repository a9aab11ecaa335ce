package list

import (
	"strings"
	"unicode/utf8"

	"tizi/internal/sheet"
)

// concept is something that a word of a heading means; a heading is a set of them.
type concept uint64

const (
	cPerson concept = 1 << iota
	cGuardian
	cFather
	cMother
	cName     // nom, الاسم
	cPrenom   // a first name by itself
	cFirst    // an adjective: first, given, شخصي
	cLast     // a last name by itself: النسب
	cFamily   // an adjective: family, عائلي
	cFull     // complet, الكامل
	cBirth    // naissance, الازدياد
	cDate     //
	cPlace    //
	cYear     //
	cSex      //
	cPhone    //
	cMassar   //
	cCode     // code, رمز
	cNumber   // n°, رقم
	cOrder    // ordre, ر.ت
	cCIN      //
	cCard     // carte
	cNational //
	cIdentity //
	cSchool   //
	cLevel    //
	cClass    //
	cMilieu   //
	cSchooled // scolarisé, متمدرس
	cScolaire // an adjective: scolaire, دراسي
	cState    // situation, وضعية
	cCommune  //
	cAddress  //
	cRegion   //
	cCategory // profession, فئة
	cDiploma  // diplôme, شهادة
	cForm     // autorisation, consentement, موافقة
	cOther    // known, and not for us: remarks, marks, e-mail
	cArabic   // in Arabic
	cLatin    // in French, in Latin letters
	cLittle   // de, la, و
)

// vocabulary is what each word means, folded. Arabic words stand without their article.
var vocabulary = map[string]concept{}

func init() {
	for c, list := range map[concept]string{
		cPerson: "élève élèves étudiant étudiante étudiants étudiantes apprenant apprenante apprenants bénéficiaire bénéficiaires " +
			"enfant enfants candidat candidate candidats participant participante participants stagiaire jeune jeunes adhérent " +
			"student students pupil learner child children trainee beneficiary apprenti apprentie personne person " +
			"تلميذ تلميذة تلاميذ تلميذات طالب طالبة طلبة مستفيد مستفيدة مستفيدين متعلم متعلمة متعلمين طفل طفلة أطفال مترشح مترشحة متدرب متدربة " +
			"مشارك مشاركة معني معنية ⴰⵏⵍⵎⴰⴷ ⵉⵏⵍⵎⴰⴷⵏ",
		cGuardian: "tuteur tutrice tuteurs parent parents responsable représentant guardian carer وليه ولي ولية أولياء أمر أمور أمره أمرها وصي كفيل والدين والديه",
		cFather:   "père father dad papa أب والد ⴱⴰⴱⴰⵙ",
		cMother:   "mère mother mom mum maman أم والدة ⵉⵎⵎⴰⵙ",
		cName:     "nom noms name names اسم أسماء ⵉⵙⵎ",
		cPrenom:   "prénom prénoms forename forenames firstname givenname",
		cFirst:    "first given شخصي شخصية",
		cLast:     "نسب لقب كنية surname lastname patronyme familyname",
		cFamily:   "famille family last عائلي عائلية patronymique",
		cFull:     "complet complets complete full كامل كاملا entier fullname",
		cBirth: "naissance naissances naiss nais né née nés nées ddn dn dob dnaiss datenaissance datenaiss birthdate birth birthday " +
			"dateofbirth born bday ازدياد ميلاد ولادة مزداد مزدادة مولود مولودة ⵜⵍⴰⵍⵉⵜ",
		cDate:  "date dates تاريخ تواريخ ⴰⵣⵎⵣ ⴰⵙⴰⴽⵓⴷ",
		cPlace: "lieu place ville city مكان محل مدينة pays country",
		cYear:  "année annees an year سنة عام ⴰⵙⴳⴳⵯⴰⵙ",
		cSex:   "sexe sexes genre sex gender جنس نوع civilité ⵓⵣⵓⴼ ⴰⵏⴰⵡ",
		cPhone: "tél téléphone téléphones tlf tlfn telephone gsm mobile portable phone phones phonenumber cellphone whatsapp sms contact contacts " +
			"هاتف هواتف نقال محمول جوال واتساب واتس تلفون تيليفون ⴰⵜⵉⵍⵉⴼⵓⵏ ⵜⵉⵍⵉⴼⵓⵏ",
		cMassar:   "massar masar massare مسار cne codemassar nummassar idmassar ⵎⴰⵙⵙⴰⵔ ⵎⴰⵙⴰⵔ",
		cCode:     "code codes id identifiant identifier matricule réf référence رمز كود معرف قن sourcedid ⴰⵏⴳⴰⵍ",
		cNumber:   "n no nr num numéro number nbr رقم أرقام nº",
		cOrder:    "ordre order رت ترتيبي ترتيب ر ت تسلسلي index",
		cCIN:      "cin cnie cni cine nin",
		cCard:     "carte card بطاقة",
		cNational: "nationale national وطنية وطني",
		cIdentity: "identité identity تعريف هوية تعريفية",
		cSchool: "école écoles établissement établissements etab lycée collège college school schools institution مؤسسة مؤسسات مدرسة " +
			"ثانوية إعدادية ⵜⵉⵏⵎⵍ",
		cLevel:    "niveau niveaux niv level grade مستوى سلك صف مرحلة ⴰⵙⵡⵉⵔ",
		cClass:    "classe classes class section groupe group قسم أقسام فوج شعبة فصل filière branche stream ⵜⴰⵙⵖⵓⵏⵜ",
		cMilieu:   "milieu وسط zone",
		cSchooled: "scolarité scolarisation scolarisé scolarisée scolarisés schooling schooled enrolled تمدرس متمدرس متمدرسة ممدرس ممدرسة ⵜⵉⵖⵔⵉ",
		cScolaire: "scolaire scolaires étude études دراسي دراسية تعليمي تعليمية دراسة تكويني",
		cState:    "situation statut état status state وضعية حالة وضع",
		cCommune:  "commune communes municipalité municipality جماعة جماعات ترابية ⵜⴰⴳⵔⴰⵡⵜ",
		cAddress:  "adresse adresses address عنوان سكن سكنى résidence domicile quartier حي دوار douar إقامة ⴰⵏⵙⴰ",
		cRegion: "province provinces préfecture région région région académie aref direction délégation إقليم عمالة جهة أكاديمية مديرية نيابة " +
			"إقليمية جهوية region district",
		cForm: "autorisation autorisations consentement consentements accord accords formulaire formulaires consent consents form forms " +
			"permission permissions authorization authorisation موافقة إذن ترخيص استمارة استمارات ⵜⵓⵔⴰⴳⵜ",
		cCategory: "profession métier occupation catégorie category socioprofessionnelle socio professionnelle professionnel sociale social مهنة فئة اجتماعية مهنية",
		cDiploma:  "diplôme diplômes diploma diplomas degree qualification شهادة دبلوم شواهد",
		cOther: "image images email emails mail mel courriel بريد إلكتروني observation observations obs remarque remarques note notes commentaire comments " +
			"ملاحظة ملاحظات nationalité جنسية nationality moyenne معدل نقطة نقط غياب تغيب absence absences âge age سن عمر photo صورة " +
			"signature émargement توقيع إمضاء عمل handicap إعاقة inscription تسجيل التحاق langue لغة religion taille " +
			"poids lien قرابة صلة relation parenté username login password motdepasse user role rôle groupe sanguin فصيلة دم تصنيف " +
			"فرض أنشطة مندمجة امتحان مراقبة دورة نتيجة résultat total مجموع présence présent حضور agents datelastmodified",
		cArabic: "arabe ar arabic عربية عربي ara ⵜⴰⵄⵕⴰⴱⵜ",
		cLatin:  "français française fr french latin latine latins فرنسية فرنسي لاتينية لاتيني roman fra lat ⵓⵍⴰⵜⵉⵏ ⵜⴰⴼⵕⴰⵏⵚⵉⵚⵜ ⵜⴼⵕⴰⵏⵚⵉⵚⵜ",
		cLittle: "de du des d la le les l et e s es en a à au aux of the in and or ou sur par pour son sa ses un une complète jj mm aaaa dd yyyy " +
			"parental parentale parentales signé signée signés signées signed papier paper détenu détenue détenus held reçu reçue remis remise dossier formation training " +
			"موقع موقعة موقعون أبوية أبوي ورقية تكوين متوفر متوفرة " +
			"و أو في من على إلى عن هـ ة origine provenance actuel actuelle actuels fréquenté fréquentée accueil أصلية أصلي أصل حالية حالي ⵏ ⵙ ⴷ ⵏⵖ legal légal légale " +
			"principal obligatoire f m g h fille garçon masculin féminin homme femme urbain rural oui non yes lettres lettre letters caractères حروف أحرف urban ذكر أنثى حضري قروي نعم لا sourced usuel highest élevé plus أعلى",
	} {
		for _, w := range strings.Fields(list) {
			vocabulary[sheet.Fold(w)] |= c
		}
	}
	vocabulary["groupe"] = cClass // of pupils, unless of blood
}

// tokens are the words of a heading: split at blanks, signs, and the capitals inside givenName; digits dropped.
func tokens(heading string) []string {
	var b strings.Builder
	small := false
	for _, r := range heading {
		if small && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		small = r >= 'a' && r <= 'z'
		b.WriteRune(r)
	}
	return spelt(strings.FieldsFunc(sheet.Fold(b.String()), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 0x621 && r <= 0x64a || r >= 0x2d30 && r <= 0x2d7f)
	}))
}

// spelt joins letters that stand alone where together they are a word we know: D.D.N., C.I.N., ر.ت
func spelt(words []string) []string {
	for i := 0; i < len(words); i++ {
		joined, j := "", i
		for j < len(words) && utf8.RuneCountInString(words[j]) == 1 {
			joined += words[j]
			j++
		}
		if j > i+1 && vocabulary[joined] != 0 {
			words = append(append(words[:i:i], joined), words[j:]...)
		}
	}
	return words
}

// meaning looks a word up: as it is, then without the article and the particles that Arabic writes as one with it.
func meaning(word string) concept {
	if c := vocabulary[word]; c != 0 {
		return c
	}
	for _, prefix := range []string{"ال", "وال", "لل", "بال", "و", "ل", "ب"} {
		if rest, ok := strings.CutPrefix(word, prefix); ok && len(rest) >= 4 {
			if c := vocabulary[rest]; c != 0 {
				return c
			}
		}
	}
	return 0
}

// misspelt finds the one word of five letters or more that differs from word by a letter.
func misspelt(word string) concept {
	w := []rune(word)
	if len(w) < 5 {
		return 0
	}
	found := concept(0)
	for known, c := range vocabulary {
		k := []rune(known)
		if len(k) < 5 || len(k)-len(w) > 1 || len(w)-len(k) > 1 || !oneApart(w, k) {
			continue
		}
		if found != 0 && found != c {
			return 0
		}
		found = c
	}
	return found
}

// oneApart says whether one letter changed, added, dropped or swapped makes a into b.
func oneApart(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return string(a[i:]) == string(b[i+1:])
	}
	if i == len(a) || string(a[i+1:]) == string(b[i+1:]) {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && string(a[i+2:]) == string(b[i+2:])
}
