package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"tizi/countries"
	"tizi/internal/activity"
	"tizi/internal/agreement"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/source"
)

// Codes of the programmes whose activities are played. They come after the children's, which boards show first.
const (
	WomenCode  = "FEMMES-IA"
	CentreCode = "IA-AIM"
)

// event is one activity of the demonstration. What is sourced says so and has no guests; all else is simulated.
type event struct {
	key, programme, kind, pillar, centre string
	title, about                         i18n.Text
	venue                                string
	from, to                             int // days from today
	on                                   string
	session                              bool // on the first day
	hosts                                []string
	agreement                            string
	state                                string
	source                               source.Source
	capacity, guests, came, fee          int
	speakers                             []activity.Speaker
	output                               *activity.OutputStated
}

func (s *simulation) events() []event {
	saturday := (int(time.Saturday) - int(s.today.Weekday()) + 7) % 7
	if saturday == 0 {
		saturday = 7
	}
	women := words("L’intelligence artificielle, levier d’opportunités pour les femmes", "الذكاء الاصطناعي رافعة فرص لفائدة النساء", "Artificial intelligence as a lever of opportunity for women")
	aims := words("Opportunités et défis de l’IA, compétences en IA, en science des données et en éthique, emploi des femmes, diplômées des universités et des instituts surtout.", "فرص الذكاء الاصطناعي وتحدياته، ومهارات في الذكاء الاصطناعي وعلم البيانات والأخلاقيات، وتشغيل النساء، خاصة خريجات الجامعات والمعاهد.", "Opportunities and challenges of AI, skills in AI, data science and ethics, employment of women, graduates of universities and institutes above all.")
	again := i18n.Text{}
	for l, t := range women {
		again[l] = t + map[i18n.Lang]string{i18n.FR: " : deuxième journée", i18n.AR: ": اليوم الثاني", i18n.EN: ": second day"}[l]
	}
	return []event{
		{key: "tangier", programme: WomenCode, kind: "masterclass", pillar: "training", centre: "MA-TNG-MJ1", title: women, about: aims, venue: "Tanger", on: "2025-06", hosts: []string{"cgi", "fnf", "uae", "encg"}, agreement: "CC-TANGER-2024", state: activity.Held,
			source: source.Source{Kind: "press", On: "2025-06", States: words("Tenue à Tanger un samedi de juin 2025, avec l’appui de la Fondation Friedrich Naumann ; les femmes sont environ 20 % des professionnels de l’IA. Ni le jour, ni la salle, ni le nombre des présentes ne sont dits.", "نُظمت بطنجة يوم سبت من يونيو 2025 بدعم من مؤسسة فريدريش ناومان؛ والنساء نحو 20% من مهنيي الذكاء الاصطناعي. ولم يُذكر اليوم ولا القاعة ولا عدد الحاضرات.", "Held in Tangier on a Saturday of June 2025, with support of the Friedrich Naumann Foundation; women are about 20% of AI professionals. Neither the day, nor the room, nor how many came is said.")}},
		{key: "tangier held", programme: WomenCode, kind: "masterclass", pillar: "training", centre: "MA-TNG-MJ1", title: women, about: aims, venue: "ENCG Tanger", from: saturday - 14, to: saturday - 14, session: true, hosts: []string{"cgi", "encg"}, agreement: "CC-TANGER-2024", state: activity.Held, guests: 46, came: 39,
			speakers: []activity.Speaker{{Sex: "f", Name: activity.Name{Latin: "Ghita Simulée", Arabic: "غيثة (محاكاة)", Function: "Enseignante-chercheuse (simulée)"}}, {Sex: "f", Name: activity.Name{Latin: "Imane Simulée", Function: "Ingénieure (simulée)"}}, {Sex: "m", Name: activity.Name{Latin: "Reda Simulé", Function: "Juriste (simulé)"}}},
			output:   &activity.OutputStated{Title: words("Supports de la journée (simulés)", "عروض اليوم (محاكاة)", "Slides of the day (simulated)"), Kind: "slides", Lang: "fr", Licence: "CC-BY-4.0", Link: "https://example.org/supports"}},
		{key: "tangier next", programme: WomenCode, kind: "masterclass", pillar: "training", centre: "MA-TNG-MJ1", title: again, about: aims, venue: "ENCG Tanger", from: saturday + 7, to: saturday + 7, session: true, hosts: []string{"cgi", "encg"}, agreement: "CC-TANGER-2024", state: activity.Open, capacity: 40, guests: 44,
			speakers: []activity.Speaker{{Sex: "f", Name: activity.Name{Latin: "Imane Simulée", Function: "Ingénieure (simulée)"}}}},
		{key: "study", programme: CentreCode, kind: "study", pillar: "field", centre: "MA-SAL-MJ1", title: words("Usages du numérique chez les artisanes et les artisans", "استعمالات الرقمنة لدى الصانعات والصناع التقليديين", "Digital uses among craftswomen and craftsmen"), venue: "Ai movement", from: -90, to: 60, hosts: []string{"aim", "um6p"}, agreement: "UNESCO-C2-AIM", state: activity.Closed,
			output: &activity.OutputStated{Title: words("Questionnaire (simulé)", "الاستمارة (محاكاة)", "Questionnaire (simulated)"), Kind: "tool", Lang: "fr", Licence: "CC-BY-4.0", Link: "https://example.org/questionnaire"}},
		{key: "research", programme: CentreCode, kind: "research", pillar: "research", centre: "MA-SAL-MJ1", title: words("Reconnaissance de la parole en tamazight", "التعرف على الكلام بالأمازيغية", "Speech recognition in Tamazight"), venue: "Ai movement", from: -200, to: 400, hosts: []string{"aim"}, agreement: "UNESCO-C2-AIM", state: activity.Closed,
			output: &activity.OutputStated{Title: words("Premier jeu de données (simulé)", "أول مجموعة بيانات (محاكاة)", "First data set (simulated)"), Kind: "data", Lang: "zgh", Link: "https://example.org/donnees"}},
		{key: "conference", programme: CentreCode, kind: "conference", pillar: "collaboration", centre: "MA-SAL-MJ1", title: words("Une IA responsable pour l’Afrique", "ذكاء اصطناعي مسؤول من أجل إفريقيا", "Responsible AI for Africa"), venue: "Ai movement, Rabat", from: 30, to: 31, session: true, hosts: []string{"aim", "um6p", "unesco"}, agreement: "UNESCO-C2-AIM", state: activity.Open, capacity: 200, guests: 23, fee: 100},
		{key: "workshop", programme: WomenCode, kind: "workshop", pillar: "transfer", centre: "MA-ERR-MJ1", title: words("Mon artisanat en ligne", "صنعتي على الإنترنت", "My craft online"), about: words("Photographier, décrire et vendre en ligne, avec un téléphone.", "التصوير والوصف والبيع على الإنترنت بالهاتف.", "Photograph, describe and sell online, with a telephone."), from: 0, to: 7, session: true, hosts: []string{"cgi"}, state: activity.Open, capacity: 20, guests: 17, came: 6},
	}
}

// activities are those of the press, as far as it states them, and simulated ones that can be played.
func (s *simulation) activities(ctx context.Context) error {
	for _, p := range []programme.Opened{
		{Code: WomenCode, Place: place.ID("MA"), Name: words("Femmes et intelligence artificielle", "النساء والذكاء الاصطناعي", "Women and artificial intelligence"), Pillars: []string{"training", "transfer"}},
		{Code: CentreCode, Place: place.ID("MA"), Name: words("Centre international d’intelligence artificielle du Maroc", "المركز الدولي للذكاء الاصطناعي بالمغرب", "International Centre of Artificial Intelligence of Morocco"), Pillars: programme.Pillars},
	} {
		if _, err := s.h.Programmes.Set(ctx, s.manager, programme.Plan{Programme: p}); err != nil {
			return err
		}
	}
	rng := rand.New(rand.NewPCG(s.o.Seed, 2025))
	n := 0
	for _, e := range s.events() {
		if err := s.event(ctx, rng, e, &n); err != nil {
			return fmt.Errorf("%s: %w", e.key, err)
		}
	}
	return nil
}

func (s *simulation) event(ctx context.Context, rng *rand.Rand, e event, n *int) error {
	a, v := s.h.Activities, id.Named("demo activity", e.key)
	x := activity.Stated{Programme: programme.ID(e.programme), Kind: e.kind, Pillar: e.pillar, Centre: place.ID(e.centre), Venue: e.venue, Title: e.title, About: e.about, From: s.day(e.from), To: s.day(e.to), Capacity: e.capacity, State: e.state, Source: e.source, Fee: e.fee, Simulated: e.on == ""}
	if e.on != "" {
		x.From, x.To = "2025-06-01", "2025-06-30" // which Saturday it was is not stated
	}
	if e.fee > 0 {
		x.Waived = words("les étudiantes et les étudiants", "الطالبات والطلبة", "students")
	}
	if e.session {
		x.Sessions = []activity.Session{{ID: id.Named("demo activity session", e.key), Date: x.From, From: "09:30", To: "16:00"}}
	}
	for _, o := range e.hosts {
		x.Hosts = append(x.Hosts, org(o))
	}
	if e.agreement != "" {
		x.Agreement = agreement.ID(e.agreement)
	}
	if err := a.Set(ctx, s.manager, v, x); err != nil {
		return err
	}
	for i, y := range e.speakers {
		if err := a.SetSpeaker(ctx, s.manager, v, id.Named("demo speaker", fmt.Sprint(e.key, i)), y); err != nil {
			return err
		}
	}
	if e.output != nil {
		o := *e.output
		o.Activity, o.On = v, s.day(0)
		if err := a.SetOutput(ctx, s.manager, id.Named("demo output", e.key), o, nil); err != nil {
			return err
		}
	}
	for i := range e.guests {
		*n++
		g := activity.Visitor{Phone: fmt.Sprintf("06%08d", 1_000_000+*n), Sex: "f", Birth: fmt.Sprint(s.today.Year() - 19 - rng.IntN(28)), Milieu: "urban", Situation: activity.Situations[rng.IntN(len(activity.Situations))], Agreed: true, AtDoor: e.state == activity.Held}
		names := s.names.Female
		if rng.Float64() < .18 {
			g.Sex, names = "m", s.names.Male
		}
		if rng.Float64() < .3 {
			g.Milieu = "rural"
		}
		first, family := countries.Pick(names, rng), countries.Pick(s.names.Family, rng)
		if g.Name = first.FR + " " + family.FR; rng.Float64() < .3 {
			g.Name = first.AR + " " + family.AR
		}
		r, err := a.Register(ctx, id.Nil, "", v, g)
		if err != nil {
			return err
		}
		if i < e.came {
			if _, err := a.Mark(ctx, s.manager, r.ID, x.Sessions[0].ID, true, ""); err != nil {
				return err
			}
		}
	}
	return nil
}
