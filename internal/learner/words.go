package learner

import (
	"slices"
	"strings"
	"unicode/utf8"

	"tizi/internal/i18n"
	"tizi/internal/person/list"
)

// wordsGiven is how many words somebody gets, and MinPassword how many characters a password of one's own has.
const (
	wordsGiven  = 4
	MinPassword = 8
)

// maxSecret is how many characters of what was typed are looked at.
const maxSecret = 200

// lists are easy words in the languages that learners type.
var lists = map[i18n.Lang][]string{
	i18n.FR: strings.Fields(`abeille amande ananas arbre argan assiette avion balle bateau bijou blanc bleu boussole bouton brique bulle cactus carotte cerise chaise
		chemin cheval cigogne citron clef cloche colline coq coton cousin cuisine dattier dessin dune eau fenêtre ferme feuille figue fleur
		fontaine four fraise frère gazelle girafe gomme grain grenade herbe hiver huile image jardin jasmin jaune jeudi jouet jour lampe
		lapin laine lettre lion livre lundi lune main maison mardi marché matin melon menthe miel montagne moulin mouton navire neige
		nuage oasis olive orange oiseau pain panier papier pêche pierre plage pluie poisson pomme pont porte poule raisin rivière robe
		rose rouge route sable safran samedi savon sel soir soleil table tapis tasse terre thé tomate tortue train vague vélo
		vent verre vert ville village violet voile voiture`),
	i18n.AR: strings.Fields(`أرنب أسد أحمر أخضر أزرق أصفر أبيض أسود برتقال بحر بطاطس بطيخ بيت بيضة باب بستان تفاح تمر تين ثلج
		ثوب جبل جزر جمل جرس جسر حصان حليب حمامة حديقة حائط خبز خيط خيمة خريف دجاجة درج دراجة دفتر ذهب
		رمان رمل ريح ربيع رسالة زهرة زيت زيتون زرافة سمكة سماء سوق سكر سفينة ساعة شمس شجرة شمعة شاي شتاء
		شارع صابون صورة صيف صندوق صخرة ضوء طاولة طائرة طريق طبل طماطم ظل عسل عنب عصفور عين غابة غيمة غزال
		فراشة فستان فطور قمر قلم قطار قطة قميص قرية قهوة قفل كتاب كرسي كرة كأس لوز ليمون لعبة لون ليل
		ماء مفتاح مدرسة مدينة مطر ملح موز ملعقة نجمة نهر نخلة نافذة نعناع نحلة نار هلال هدية ورد ورقة وردي
		واحة ياسمين يد يوم`),
	i18n.EN: strings.Fields(`almond apple arrow ball basket beach bean bear bell bird blue boat book bread brick bridge brown bucket butter button
		cake camel candle carpet carrot castle chair cheese cherry circle clay cloud coast coffee corn cotton cousin cup date desert
		donkey door dream drum duck eagle earth farm feather field fig fire fish flower forest fountain fox fruit garden gate
		giraffe glass goat gold grape grass green hand hat hill honey horse house ice island jar jasmine juice key kite
		ladder lake lamp leaf lemon letter lion market melon milk mint moon morning mountain mouse music night oasis ocean olive
		onion orange paper path peach pearl pencil pepper piano pink plate pocket pond rabbit rain river road rock rope rose
		sail salt sand school sea sheep ship shoe silk silver snow soap song spoon spring star stone street sugar summer`),
}

// wordsOf draws the words of somebody in a language; who reads none of those there are lists of gets French ones.
func wordsOf(lang i18n.Lang) string {
	l := lists[lang]
	if l == nil {
		l = lists[i18n.FR]
	}
	return strings.Join(shuffled(l)[:wordsGiven], " ")
}

// spelt makes the spellings of some words one: capitals, accents, hamza, blanks and commas between them.
func spelt(s string) string { return list.NormaliseName(cut(s)) }

// cut bounds what is hashed.
func cut(s string) string {
	if utf8.RuneCountInString(s) > maxSecret {
		return string([]rune(s)[:maxSecret])
	}
	return s
}

// Written are the languages there are words in.
func Written() []i18n.Lang {
	var out []i18n.Lang
	for _, l := range i18n.Langs {
		if lists[l] != nil {
			out = append(out, l)
		}
	}
	return slices.Clip(out)
}
