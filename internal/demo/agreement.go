package demo

import (
	"context"
	"time"

	"tizi/internal/access"
	"tizi/internal/agreement"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/source"
)

// ChildrenCode is the code of the agreement of four parties on the children's programme.
const ChildrenCode = "CC-ENFANTS-2025"

// What the press states of the agreements is sourced: who agreed, on what, when. Who held which office, the money, the due
// dates, the mandates and the decisions are made up, and each says so.

// org names an organisation of the demonstration.
func org(code string) id.ID { return id.Named("demo organisation", code) }

var organisations = []struct {
	code, parent, typ, fr, ar, en string
	office, officeAR, officeEN    string // that signs
	sex                           string
}{
	{"num", "", "ministry", "Ministère de la transition numérique et de la réforme de l’administration", "وزارة الانتقال الرقمي وإصلاح الإدارة", "Ministry of digital transition and administration reform", "Ministre", "الوزير(ة)", "Minister", "f"},
	{"jeunesse", "", "ministry", "Ministère de la jeunesse, de la culture et de la communication", "وزارة الشباب والثقافة والتواصل", "Ministry of youth, culture and communication", "Ministre", "الوزير(ة)", "Minister", "m"},
	{"budget", "", "ministry", "Ministère délégué chargé du budget", "الوزارة المنتدبة المكلفة بالميزانية", "Ministry delegate in charge of the budget", "Ministre délégué(e)", "الوزير(ة) المنتدب(ة)", "Minister delegate", "m"},
	{"um6p", "", "university", "Université Mohammed VI Polytechnique", "جامعة محمد السادس متعددة التخصصات التقنية", "Mohammed VI Polytechnic University", "Présidence", "الرئاسة", "Presidency", "m"},
	{"aim", "um6p", "university", "Ai movement, centre international d’intelligence artificielle du Maroc", "Ai movement، المركز الدولي للذكاء الاصطناعي بالمغرب", "Ai movement, International Centre of Artificial Intelligence of Morocco", "Direction exécutive", "الإدارة التنفيذية", "Executive direction", "f"},
	{"unesco", "", "un", "UNESCO", "اليونسكو", "UNESCO", "Direction générale", "الإدارة العامة", "Direction-general", "f"},
	{"cgi", "", "foundation", "Fondation ConnectinGroup International", "مؤسسة كونيكتين غروب الدولية", "ConnectinGroup International foundation", "Présidence", "الرئاسة", "Presidency", "f"},
	{"fnf", "", "foundation", "Fondation Friedrich Naumann pour la liberté", "مؤسسة فريدريش ناومان من أجل الحرية", "Friedrich Naumann Foundation for Freedom", "", "", "", ""},
	{"uae", "", "university", "Université Abdelmalek Essaâdi", "جامعة عبد المالك السعدي", "Abdelmalek Essaâdi University", "Présidence", "الرئاسة", "Presidency", "m"},
	{"encg", "uae", "school", "École nationale de commerce et de gestion de Tanger", "المدرسة الوطنية للتجارة والتسيير بطنجة", "National school of commerce and management of Tangier", "", "", "", ""},
	{"men", "", "ministry", "Ministère de l’éducation nationale", "وزارة التربية الوطنية", "Ministry of national education", "", "", "", ""},
	{"denf", "men", "direction", "Direction de l’éducation non formelle", "مديرية التربية غير النظامية", "Direction of non-formal education", "Direction", "الإدارة", "Direction", "m"},
	{"aref", "men", "academy", "Académie régionale d’éducation et de formation de Casablanca-Settat", "الأكاديمية الجهوية للتربية والتكوين لجهة الدار البيضاء-سطات", "Regional academy of education and training of Casablanca-Settat", "Direction", "الإدارة", "Direction", "m"},
	{"anfa", "aref", "direction", "Direction provinciale Casa-Anfa", "المديرية الإقليمية الدار البيضاء أنفا", "Provincial direction Casa-Anfa", "Direction provinciale", "الإدارة الإقليمية", "Provincial direction", "f"},
	{"hotaya", "anfa", "school", "École Al Hotaya", "مدرسة الحطيئة", "School Al Hotaya", "", "", "", ""},
	{"gtsia", "", "association", "Groupe technique spécialisé en intelligence artificielle", "المجموعة التقنية المتخصصة في الذكاء الاصطناعي", "Technical group specialised in artificial intelligence", "Présidence", "الرئاسة", "Presidency", "m"},
}

func words(fr, ar, en string) i18n.Text { return i18n.Text{i18n.FR: fr, i18n.AR: ar, i18n.EN: en} }

// owes is one commitment; judged is what is said of it, and why.
type owes struct {
	debtor, creditor, kind string
	what                   i18n.Text
	quantity               int64
	unit                   i18n.Text
	due                    int // days from today; 0 is not stated
	judged                 string
	why                    i18n.Text
	simulated              bool
}

type party struct{ org, role string }

type accord struct {
	agreement.AgreementStated
	parties []party
	owed    []owes
}

// accords are those of the press, the children's first.
func (s *simulation) accords() []accord {
	press := func(on string) source.Source { return source.Source{Kind: "press", On: on} }
	centre := place.ID("MA-CAS-E2C1")
	if s.tree.Code("MA-CAS-E2C1") == nil {
		centre = id.Nil
	}
	list := []accord{{
		AgreementStated: agreement.AgreementStated{Code: ChildrenCode, Kind: agreement.Framework, Signed: "2025", SignedAt: words("Rabat, un samedi", "الرباط، يوم سبت", "Rabat, on a Saturday"),
			Name:       words("Convention-cadre sur la formation des enfants au numérique et à l’IA", "الاتفاقية الإطار لتكوين الأطفال في الرقمنة والذكاء الاصطناعي", "Framework agreement on digital and AI training for children"),
			About:      words("Environ 200 000 enfants, en ville et à la campagne ; de 8 à 14 ans d’abord, de 15 à 18 ans ensuite ; douze maisons de jeunes, une par région, puis tout le pays.", "نحو 200.000 طفل، في المدن والقرى؛ من 8 إلى 14 سنة أولا، ثم من 15 إلى 18 سنة؛ اثنتا عشرة دارا للشباب، واحدة في كل جهة، ثم البلاد كلها.", "About 200,000 children, in town and countryside; ages 8 to 14 first, then 15 to 18; twelve youth centres, one in each region, then the whole country."),
			Programmes: []id.ID{s.prog}, Strategies: []string{"MA-NUM-2030", "SDG-4.4.1"}, Source: press("2025"), Public: true},
		parties: []party{{"num", "lead"}, {"jeunesse", "host"}, {"budget", "funder"}, {"um6p", "operator"}},
		owed: []owes{
			{debtor: "um6p", kind: "content", what: words("Programmes de formation au numérique et à l’intelligence artificielle", "برامج للتكوين في الرقمنة والذكاء الاصطناعي", "Training programmes in digital skills and artificial intelligence"), judged: agreement.Partly, why: words("Phase de 8 à 14 ans livrée (simulé)", "سُلّمت مرحلة 8 إلى 14 سنة (محاكاة)", "The phase for ages 8 to 14 was delivered (simulated)")},
			{debtor: "jeunesse", kind: "premises", what: words("Douze maisons de jeunes, une dans chaque région", "اثنتا عشرة دارا للشباب، واحدة في كل جهة", "Twelve youth centres, one in each region"), quantity: 12, unit: words("maisons de jeunes", "دارا للشباب", "youth centres"), judged: agreement.Kept, why: words("Les douze centres du tableau de bord (simulé)", "المراكز الاثنا عشر في لوحة القيادة (محاكاة)", "The twelve centres on the board (simulated)")},
			{debtor: "um6p", kind: "training", what: words("Former d’abord les formateurs", "تكوين المكوِّنين أولا", "Train the trainers first")},
			{debtor: "num", kind: "access", what: words("Accès égal aux outils numériques ; fracture numérique réduite", "ولوج متكافئ إلى الأدوات الرقمية؛ وتقليص الفجوة الرقمية", "Equal access to digital tools; a smaller divide")},
			{debtor: "num", creditor: "jeunesse", kind: "equipment", what: words("Tablettes pour six centres ruraux", "لوحات إلكترونية لستة مراكز قروية", "Tablets for six rural centres"), quantity: 180, unit: words("tablettes", "لوحة", "tablets"), due: -45, simulated: true},
			{debtor: "um6p", kind: "report", what: words("Rapport du premier semestre", "تقرير النصف الأول من السنة", "Report of the first half-year"), due: -12, judged: agreement.Partly, why: words("Version provisoire reçue", "وصلت نسخة مؤقتة", "A draft was received"), simulated: true},
			{debtor: "jeunesse", kind: "staff", what: words("Deux animateurs par maison de jeunes", "منشطان لكل دار للشباب", "Two facilitators for each youth centre"), quantity: 24, unit: words("animateurs", "منشطا", "facilitators"), due: 60, simulated: true},
		},
	}, {
		AgreementStated: agreement.AgreementStated{Code: "CC-TANGER-2024", Kind: agreement.Framework, Signed: "2024-06",
			Name:       words("Convention-cadre fondation–université : femmes, décision publique et compétences numériques", "اتفاقية إطار بين المؤسسة والجامعة: النساء والقرار العمومي والمهارات الرقمية", "Framework agreement foundation–university: women, public decisions and digital skills"),
			About:      words("Encadrement scientifique, conférences et ateliers d’étudiants ; femmes et jeunes dans des projets d’impact social.", "تأطير علمي وندوات وورشات للطلبة؛ والنساء والشباب في مشاريع ذات أثر اجتماعي.", "Scientific supervision, conferences and student workshops; women and young people in projects of social impact."),
			Strategies: []string{"SDG-5.b"}, Source: press("2025-06"), Public: true},
		parties: []party{{"cgi", "lead"}, {"uae", "host"}},
		owed: []owes{
			{debtor: "cgi", kind: "activity", what: words("Conférences et ateliers : masterclass sur l’IA pour les femmes, Tanger", "ندوات وورشات: ماستر كلاس حول الذكاء الاصطناعي لفائدة النساء بطنجة", "Conferences and workshops: masterclass on AI for women, Tangier"), judged: agreement.Kept, why: words("Tenue à Tanger en juin 2025, avec l’appui de la Fondation Friedrich Naumann et l’ENCG de Tanger (presse)", "نُظمت بطنجة في يونيو 2025 بدعم من مؤسسة فريدريش ناومان ومع المدرسة الوطنية للتجارة والتسيير (الصحافة)", "Held in Tangier in June 2025, with support of the Friedrich Naumann Foundation and ENCG Tangier (press)")},
			{debtor: "uae", kind: "training", what: words("Encadrement scientifique", "التأطير العلمي", "Scientific supervision")},
		},
	}, {
		AgreementStated: agreement.AgreementStated{Code: "CV-E2C-2019", Kind: agreement.Framework, Signed: "2019-12-27", SignedAt: words("Casablanca, école Al Hotaya", "الدار البيضاء، مدرسة الحطيئة", "Casablanca, school Al Hotaya"),
			Name:       words("Centre de la deuxième chance aux métiers de l’intelligence artificielle, Casablanca", "مركز الفرصة الثانية لمهن الذكاء الاصطناعي بالدار البيضاء", "Second-chance centre for the trades of artificial intelligence, Casablanca"),
			About:      words("Pour des élèves de moins de 18 ans, de familles précaires, qui ont quitté l’école ; la convention donne un cadre légal à l’action de l’association.", "لفائدة تلاميذ دون 18 سنة من أسر في وضعية هشاشة غادروا المدرسة؛ وتؤطر الاتفاقية عمل الجمعية قانونيا.", "For pupils under 18 of precarious families who left school; the agreement frames the association’s action in law."),
			Programmes: []id.ID{programme.ID(SecondChanceCode), programme.ID(TeachersCode)},
			Strategies: []string{"MA-VIS-2030", "SDG-8.6"}, Source: press("2019-12"), Public: true},
		parties: []party{{"aref", "lead"}, {"denf", "supervising"}, {"anfa", "host"}, {"gtsia", "operator"}},
		owed: []owes{
			{debtor: "gtsia", kind: "training", what: words("Former 50 enseignants par an à l’intelligence artificielle", "تكوين 50 مدرسا في السنة في الذكاء الاصطناعي", "Train 50 teachers a year in artificial intelligence"), quantity: 50, unit: words("enseignants par an", "مدرسا في السنة", "teachers a year")},
			{debtor: "anfa", creditor: "gtsia", kind: "premises", what: words("Locaux à l’école Al Hotaya", "مقر بمدرسة الحطيئة", "Premises at the school Al Hotaya")},
		},
	}, {
		AgreementStated: agreement.AgreementStated{Code: "UNESCO-C2-AIM", Kind: agreement.Framework, Signed: "2023-11-14", SignedAt: words("Conférence générale de l’UNESCO, 42e session", "المؤتمر العام لليونسكو، الدورة 42", "UNESCO’s General Conference, 42nd session"),
			Name:       words("Ai movement, centre de catégorie 2 de l’UNESCO", "Ai movement، مركز من الفئة 2 لليونسكو", "Ai movement, category 2 centre of UNESCO"),
			About:      words("Approuvé comme centre de catégorie 2, le premier en Afrique pour l’intelligence artificielle ; l’accord entre le gouvernement, le centre et l’UNESCO devait suivre.", "صودق عليه مركزا من الفئة 2، الأول في إفريقيا في الذكاء الاصطناعي؛ وكان من المقرر أن يتبعه اتفاق بين الحكومة والمركز واليونسكو.", "Approved as a category 2 centre, the first in Africa for AI; the agreement of the government, the centre and UNESCO was to follow."),
			Strategies: []string{"AU-2063", "SDG-9.5", "SDG-17.6"}, Source: press("2023-11-15"), Public: true},
		parties: []party{{"aim", "lead"}, {"um6p", "host"}, {"unesco", "partner"}},
		owed: []owes{
			{debtor: "aim", creditor: "unesco", kind: "other", what: words("Contribuer aux objectifs du programme de l’UNESCO", "المساهمة في أهداف برنامج اليونسكو", "Contribute to UNESCO’s programme objectives")},
			{debtor: "aim", kind: "training", what: words("Capacités humaines et institutionnelles pour une IA responsable et éthique, avec une attention pour l’Afrique", "قدرات بشرية ومؤسساتية لذكاء اصطناعي مسؤول وأخلاقي، مع عناية بإفريقيا", "Human and institutional capacity for responsible and ethical AI, with attention to Africa")},
		},
	}}
	if !centre.IsNil() {
		list[2].Places = []id.ID{centre}
	}
	return list
}

// agreements states who agreed on what, and makes up the rest.
func (s *simulation) agreements(ctx context.Context) error {
	a := s.h.Agreements
	for _, o := range organisations {
		d := agreement.OrganisationDescribed{Name: words(o.fr, o.ar, o.en), Type: o.typ}
		if o.parent != "" {
			d.Parent = org(o.parent)
		}
		if err := a.SetOrganisation(ctx, s.manager, org(o.code), d); err != nil {
			return err
		}
		if o.office == "" {
			continue
		}
		office := office(o.code)
		if err := a.SetOffice(ctx, s.manager, office, agreement.OfficeDescribed{Organisation: org(o.code), Title: words(o.office, o.officeAR, o.officeEN)}); err != nil {
			return err
		}
		if err := a.SetTerm(ctx, s.manager, id.Named("demo term", o.code), agreement.OfficeHeld{Office: office, Sex: o.sex, From: "2018-01-01", Simulated: true}); err != nil {
			return err
		}
	}
	for _, x := range s.accords() {
		if err := s.agree(ctx, x); err != nil {
			return err
		}
	}
	if err := s.amend(ctx); err != nil {
		return err
	}
	return s.money(ctx)
}

func office(code string) id.ID { return id.Named("demo office", code) }

func (s *simulation) day(n int) string { return s.today.AddDate(0, 0, n).Format(time.DateOnly) }

func (s *simulation) agree(ctx context.Context, x accord) error {
	a, v := s.h.Agreements, agreement.ID(x.Code)
	if err := a.Set(ctx, s.manager, v, x.AgreementStated); err != nil {
		return err
	}
	for _, p := range x.parties {
		if err := a.SetParty(ctx, s.manager, agreement.PartyStated{Agreement: v, Organisation: org(p.org), Role: p.role}, office(p.org), true); err != nil {
			return err
		}
	}
	for _, o := range x.owed {
		c := agreement.CommitmentStated{Agreement: v, Debtor: org(o.debtor), Kind: o.kind, What: o.what, Quantity: o.quantity, Unit: o.unit, Simulated: o.simulated}
		if o.creditor != "" {
			c.Creditor = org(o.creditor)
		}
		if o.due != 0 {
			c.Due = s.day(o.due)
		}
		if !o.simulated {
			c.Source = x.Source
		}
		subject := id.New()
		if err := a.SetCommitment(ctx, s.manager, subject, c); err != nil {
			return err
		}
		if o.judged == "" {
			continue
		}
		if err := a.Judge(ctx, s.manager, subject, agreement.CommitmentJudged{State: o.judged, On: s.day(-20), Evidence: o.why}); err != nil {
			return err
		}
	}
	return nil
}

// amend makes up an amendment that runs out soon, mandates of which one has ended, and decisions of a committee.
func (s *simulation) amend(ctx context.Context) error {
	a, children := s.h.Agreements, agreement.ID(ChildrenCode)
	if err := a.Set(ctx, s.manager, id.Named("demo agreement", "amendment"), agreement.AgreementStated{Code: ChildrenCode + "-A1", Kind: agreement.Amendment, Parent: children, Simulated: true,
		Name:   words("Avenant : extension aux centres ruraux", "ملحق: التوسيع إلى المراكز القروية", "Amendment: extension to rural centres"),
		Signed: s.day(-200), From: s.day(-190), To: s.day(50), Renewal: agreement.Tacit, Notice: 30}); err != nil {
		return err
	}
	for i, c := range s.centres {
		if i >= 3 {
			break
		}
		m := agreement.MandateGiven{Agreement: children, Operator: org("um6p"), Place: c.ID, Programme: s.prog, From: s.day(-300), To: s.day(-5 + 200*i), Simulated: true}
		if err := a.SetMandate(ctx, s.manager, id.New(), m); err != nil {
			return err
		}
	}
	for _, d := range []agreement.DecisionTaken{
		{On: s.day(-90), What: "Ouvrir les inscriptions le samedi dans les centres ruraux", Owner: org("jeunesse"), Due: s.day(-60), Done: s.day(-63)},
		{On: s.day(-30), What: "Publier les listes d’attente par région", Owner: org("num"), Due: s.day(-3)},
	} {
		d.Agreement, d.Committee, d.Simulated = children, "Comité de pilotage", true
		if err := a.SetDecision(ctx, s.manager, id.New(), d); err != nil {
			return err
		}
	}
	return nil
}

// money makes up the books of the children's agreement: one line is over-spent.
func (s *simulation) money(ctx context.Context) error {
	children := agreement.ID(ChildrenCode)
	set := func(v id.ID, e agreement.EntryStated) error {
		e.Agreement, e.Currency, e.Simulated = children, "MAD", true
		return s.h.Agreements.SetEntry(ctx, s.manager, v, e)
	}
	funded, lent := id.New(), id.New()
	lines := []struct {
		what   string
		amount int64 // dirhams
		spent  []int64
	}{{"Formation des formateurs", 600_000, []int64{210_000, 185_000}}, {"Tablettes et connexion", 900_000, []int64{520_000, 431_500}}, {"Animation des séances", 1_200_000, []int64{240_000, 260_000, 255_000}}}
	if err := set(funded, agreement.EntryStated{Sort: agreement.Promise, Organisation: org("budget"), What: "Dotation de la première phase", Amount: 300_000_000, On: s.day(-320)}); err != nil {
		return err
	}
	if err := set(lent, agreement.EntryStated{Sort: agreement.Promise, Organisation: org("jeunesse"), InKind: true, What: "Salles des douze maisons de jeunes", Amount: 48_000_000, On: s.day(-320)}); err != nil {
		return err
	}
	for i, n := range []int64{120_000_000, 100_000_000} {
		if err := set(id.New(), agreement.EntryStated{Sort: agreement.Receipt, Of: funded, Amount: n, On: s.day(-280 + 140*i), Reference: "V-2025-0" + string(rune('1'+i))}); err != nil {
			return err
		}
	}
	for i, l := range lines {
		line := id.New()
		if err := set(line, agreement.EntryStated{Sort: agreement.Budget, What: l.what, Amount: l.amount * 100, On: s.day(-310), Until: s.day(55)}); err != nil {
			return err
		}
		for k, n := range l.spent {
			e := agreement.EntryStated{Sort: agreement.Expense, Of: line, Amount: n * 100, On: s.day(-250 + 70*k), Programme: s.prog, Reference: "F-" + string(rune('A'+i)) + "-10" + string(rune('1'+k))}
			if k == 1 {
				e.Place = s.centres[i].ID
			}
			if err := set(id.New(), e); err != nil {
				return err
			}
		}
	}
	// The national target is bound by the agreement, and the press states it.
	p, err := s.h.Programmes.Get(ctx, s.h.DB, s.prog)
	if err != nil {
		return err
	}
	_, err = s.h.Programmes.Set(ctx, s.manager, programme.Plan{Programme: programme.Opened{Code: p.Code, Name: p.Name, Place: p.Place, Pillars: p.Pillars}, Targets: []programme.TargetSet{{
		Indicator: measure.People, Place: place.ID("MA"), Value: Target, Agreement: children, Source: source.Source{Kind: "press", On: "2025", States: words("environ 200 000 enfants", "نحو 200.000 طفل", "about 200,000 children")},
	}}})
	return err
}

// On is what somebody of the cast is there for.
func (c Cast) On() access.On {
	if c.Agreement != "" {
		return access.Agreement(agreement.ID(c.Agreement))
	}
	return access.Place(place.ID(c.Place))
}
