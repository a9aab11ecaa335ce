// Package demo fills an empty node with a seeded simulation of the national children's programme, in its real shape:
// what the press states (the target of 200,000, twelve youth centres, one a region, ages 8–14 first and 15–18 then) is
// sourced; the children, the groups and who came are simulated. It goes through the same doors as real data: a list is
// imported, groups are opened, sheets are taken.
package demo

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"tizi/countries"
	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/person/same/pairs"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/safeguard"
	"tizi/internal/sheet"
	"tizi/internal/training"
)

// ProgrammeCode is the code of the children's programme.
const ProgrammeCode = "ENFANTS-IA"

// Options of a simulation.
type Options struct {
	Seed     uint64
	Children int // about how many; 0 means 5,000
	Progress func(step string, done, total int)
}

// Cast are the accounts that can be played.
type Cast struct {
	Role  access.Role
	Login string
	Name  string
	Place string // code; of the country for a partner
	// Agreement is the code of what the role is for, where it is no place.
	Agreement string
}

// played is the centre that those can be played of who work at one.
const played = "MA-ERR-MJ1"

// Players are who can be played in the demo, widest first.
var Players = []Cast{
	{access.National, "nationale", "Nadia Berrada", "MA", ""},
	{access.Region, "region", "Hassan Ouhssaine", "MA-08", ""},
	{access.Centre, "centre", "Fatima Aït Hammou", "MA-ERR-MJ1", ""},
	{access.Trainer, "formatrice", "Tilila Ouchen", "MA-ERR-MJ1", ""},
	{access.Guardian, "parent", "Aïcha Ouhaddou", "MA-ERR-MJ1", ""},
	{access.Officer, "protection", "Khadija Alami", "MA-08", ""},
	{access.Partner, "partenaire", "Meryem Tahiri", "MA", ChildrenCode},
	{access.Auditor, "auditeur", "Omar Lamrani", "MA", ChildrenCode},
}

// OfficerPassphrase opens the simulated cases; the page of players shows it.
const OfficerPassphrase = "la montagne est haute"

// profile is how a centre differs from others: shares from 0 to 1, its size against the mean, and how far its target for
// the year aims above its lists.
type profile struct{ girls, rural, out, comes, size, aim float64 }

// profiles by region code: towns reach more girls, the country has more children out of school.
var profiles = map[string]profile{
	"MA-01": {.52, .31, .05, .90, 1.15, 1.05}, "MA-02": {.41, .86, .12, .80, .75, 1.40}, "MA-03": {.44, .78, .10, .84, .90, 1.25},
	"MA-04": {.51, .12, .03, .93, 1.35, 1.00}, "MA-05": {.38, .91, .15, .77, .70, 2.10}, "MA-06": {.53, .06, .04, .91, 1.70, .82},
	"MA-07": {.43, .83, .13, .81, 1.05, 1.30}, "MA-08": {.40, .58, .11, .83, .80, 1.75}, "MA-09": {.46, .80, .09, .86, 1.00, 1.10},
	"MA-10": {.47, .24, .06, .88, .60, 1.45}, "MA-11": {.50, .07, .04, .90, .65, .85}, "MA-12": {.48, .10, .05, .86, .45, 1.50},
}

// shares of the national target by region, in thousandths: about the regions' shares of the population (census 2024).
var shares = map[string]int64{
	"MA-01": 109, "MA-02": 62, "MA-03": 121, "MA-04": 139, "MA-05": 69, "MA-06": 209, "MA-07": 133, "MA-08": 45, "MA-09": 82, "MA-10": 12, "MA-11": 13, "MA-12": 6,
}

// Target is the national target, as the agreement of four parties states it.
const Target = 200_000

// Run fills the node.
func Run(ctx context.Context, h *house.House, o Options) error {
	if o.Children == 0 {
		o.Children = 5000
	}
	s := &simulation{h: h, o: o, rng: rand.New(rand.NewPCG(o.Seed, 2026)), today: h.Log.Clock.Now()}
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{{"places", s.places}, {"accounts", s.accounts}, {"centres", s.furnish}, {"programme", s.programme}, {"agreements", s.agreements}, {"children", s.children}, {"second chance", s.secondChance}, {"loans", s.lend}, {"waiting", s.queue}, {"draws", s.draws}, {"families", s.families}, {"duplicates", s.duplicates}, {"activities", s.activities}, {"safeguarding", s.safeguarding}, {"learning", s.learning}, {"audit", s.audit}} {
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("demo, %s: %w", step.name, err)
		}
	}
	return nil
}

type simulation struct {
	h       *house.House
	o       Options
	rng     *rand.Rand
	today   time.Time
	country *countries.Country
	names   *countries.Names
	centres []*place.Place
	tree    *place.Tree
	manager id.ID
	head    id.ID // runs the centre of the players
	parent  id.ID // the guardian who can be played
	trainer map[id.ID][]id.ID
	rooms   map[id.ID][]id.ID // of each centre, as in rooms
	phase   programme.Phase
	prog    id.ID
	some    [][]child // of each centre, the first of its list
	taught  []taught  // groups of the centre of the players
}

func (s *simulation) progress(step string, done, total int) {
	if s.o.Progress != nil {
		s.o.Progress(step, done, total)
	}
}

func (s *simulation) places(ctx context.Context) error {
	var err error
	if s.country, err = countries.Load("ma"); err != nil {
		return err
	}
	if s.names, err = s.country.Names(); err != nil {
		return err
	}
	if err := s.h.Places.LoadCountry(ctx, id.Nil, "ma", true); err != nil {
		return err
	}
	if s.tree, err = s.h.Places.Tree(ctx, s.h.DB); err != nil {
		return err
	}
	for _, p := range s.tree.Of("centre") {
		if p.Kind == "youth" {
			s.centres = append(s.centres, p)
		}
	}
	s.progress("places", 1, 1)
	return nil
}

func (s *simulation) accounts(ctx context.Context) error {
	s.trainer = map[id.ID][]id.ID{}
	open := func(c Cast, stream string) (id.ID, error) {
		return s.h.Access.Open(ctx, id.Nil, access.Newcomer{Name: c.Name, Login: c.Login, Role: c.Role, On: c.On(), Until: s.today.AddDate(10, 0, 0), Stream: stream})
	}
	for _, c := range Players {
		stream := "hub"
		if p := s.tree.Code(c.Place); p.Type == "centre" {
			stream = p.Stream()
		}
		a, err := open(c, stream)
		if err != nil {
			return err
		}
		if c.Role == access.National {
			s.manager = a
		}
		switch c.Role {
		case access.Guardian:
			s.parent = a
		case access.Centre:
			s.head = a
		}
		if c.Role == access.Trainer {
			s.trainer[place.ID(c.Place)] = append(s.trainer[place.ID(c.Place)], a)
		}
	}
	sizes := s.sizes()
	for i, c := range s.centres {
		for n := range max(2, sizes[i]/groupSize/groupsEach) {
			first, family := countries.Pick(s.names.Female, s.rng), countries.Pick(s.names.Family, s.rng)
			if n%2 == 1 {
				first = countries.Pick(s.names.Male, s.rng)
			}
			a, err := open(Cast{access.Trainer, fmt.Sprintf("formateur-%d-%d", i+1, n+1), first.FR + " " + family.FR, c.Code, ""}, c.Stream())
			if err != nil {
				return err
			}
			s.trainer[c.ID] = append(s.trainer[c.ID], a)
		}
	}
	s.progress("accounts", 1, 1)
	return nil
}

// safeguarding gives the officer a key, and reports two worries.
func (s *simulation) safeguarding(ctx context.Context) error {
	accounts, err := s.h.Access.Staff(ctx, s.h.DB)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(accounts, func(a *access.Account) bool { return a.Login == "protection" })
	if i < 0 {
		return nil
	}
	officer, all, token := accounts[i].ID, access.At(place.ID("MA-ERR-MJ1")), "demo"
	if err := s.h.Safeguard.SetKey(ctx, officer, OfficerPassphrase, false); err != nil {
		return err
	}
	if _, err := s.h.Safeguard.Report(ctx, token, place.ID("MA-ERR-MJ1"), safeguard.Worry{What: "Un grand attend les petits devant la porte et prend leurs affaires.", When: "lundi et mercredi"}); err != nil {
		return err
	}
	c, err := s.h.Safeguard.Report(ctx, token, place.ID("MA-ERR-MJ1"), safeguard.Worry{What: "طفلة لا تريد الرجوع إلى البيت بعد الحصة.", Reply: "نعم"})
	if err != nil {
		return err
	}
	if err := s.h.Safeguard.Unlock(ctx, officer, token, OfficerPassphrase); err != nil {
		return err
	}
	defer s.h.Safeguard.Lock(token)
	return s.h.Safeguard.Note(ctx, all, officer, token, c, safeguard.Step{What: "spoke", Text: "Parlé avec l’enfant ; elle est en sécurité ce soir."}, s.today.AddDate(0, 0, -2).Format(time.DateOnly))
}

// weeksBack is how long the programme has run, weeksOn how far it is planned.
const (
	weeksBack = 44
	weeksOn   = 8
	waves     = 4
)

func (s *simulation) monday(weeks int) time.Time {
	d := s.today.AddDate(0, 0, 7*weeks)
	return d.AddDate(0, 0, -int(d.Weekday()+6)%7)
}

func (s *simulation) programme(ctx context.Context) error {
	from := s.monday(-weeksBack).Format(time.DateOnly)
	to := s.monday(52).Format(time.DateOnly)
	plan := programme.Plan{
		Programme: programme.Opened{Code: ProgrammeCode, Place: place.ID("MA"), Pillars: []string{"training"}, Name: i18n.Text{
			i18n.FR:  "Programme national de formation des enfants au numérique et à l’IA",
			i18n.AR:  "البرنامج الوطني لتكوين الأطفال في الرقمنة والذكاء الاصطناعي",
			i18n.ZGH: "ⴰⵀⵉⵍ ⴰⵏⴰⵎⵓⵔ ⵏ ⵓⵙⵎⵓⵜⵜⴳ ⵏ ⵉⵎⵥⵥⵢⴰⵏⵏ",
			i18n.EN:  "National digital and AI training programme for children",
		}},
		Phases: []programme.PhaseOpened{
			{Code: "1", From: from, To: to, AgeMin: 8, AgeMax: 14, Name: i18n.Text{i18n.FR: "Phase 1 : 8 à 14 ans", i18n.AR: "المرحلة 1: من 8 إلى 14 سنة", i18n.ZGH: "ⵜⴰⵙⴽⴽⵉⵔⵜ 1: 8–14", i18n.EN: "Phase 1: ages 8 to 14"}},
			{Code: "2", From: s.monday(53).Format(time.DateOnly), To: s.monday(105).Format(time.DateOnly), AgeMin: 15, AgeMax: 18, Planned: true, Name: i18n.Text{i18n.FR: "Phase 2 : 15 à 18 ans", i18n.AR: "المرحلة 2: من 15 إلى 18 سنة", i18n.ZGH: "ⵜⴰⵙⴽⴽⵉⵔⵜ 2: 15–18", i18n.EN: "Phase 2: ages 15 to 18"}},
		},
	}
	plan.Targets = append(plan.Targets, programme.TargetSet{Indicator: measure.People, Place: place.ID("MA"), Value: Target})
	year := s.today.Format("2006")
	var pilot int64
	for code, share := range shares {
		whole := Target * share / 1000
		plan.Targets = append(plan.Targets, programme.TargetSet{Indicator: measure.People, Place: place.ID(code), Value: whole})
		n := min(whole, int64(float64(s.o.Children)*profiles[code].aim*profiles[code].size/12/50+0.5)*50)
		pilot += n
		plan.Targets = append(plan.Targets, programme.TargetSet{Indicator: measure.People, Place: place.ID(code), Period: year, Value: n})
	}
	plan.Targets = append(plan.Targets, programme.TargetSet{Indicator: measure.People, Place: place.ID("MA"), Period: year, Value: pilot})
	var err error
	if s.prog, err = s.h.Programmes.Set(ctx, s.manager, plan); err != nil {
		return err
	}
	phases, err := s.h.Programmes.Phases(ctx, s.h.DB, s.prog)
	if err != nil {
		return err
	}
	s.phase = phases[0]
	s.progress("programme", 1, 1)
	return nil
}

// child is one simulated child.
type child struct {
	sex, birth, milieu, schooling string
	first, family                 countries.Name
	massar, commune               string
}

func (s *simulation) child(rng *rand.Rand, p profile, n int) child {
	c := child{sex: "m", milieu: "urban", schooling: "in_school"}
	if rng.Float64() < p.girls {
		c.sex = "f"
	}
	if rng.Float64() < p.rural {
		c.milieu = "rural"
	}
	if rng.Float64() < p.out {
		c.schooling = "out_of_school"
	}
	from, _ := time.Parse(time.DateOnly, s.phase.From)
	c.birth = from.AddDate(-8, 0, -1-rng.IntN(7*365-1)).Format(time.DateOnly)
	list := s.names.Male
	if c.sex == "f" {
		list = s.names.Female
	}
	c.first, c.family = countries.Pick(list, rng), countries.Pick(s.names.Family, rng)
	if c.schooling == "in_school" {
		c.massar = fmt.Sprintf("%c%09d", "DEFGHJKLMNPRS"[rng.IntN(13)], 100_000_000+n)
	}
	return c
}

// lives is the commune that a child of a centre's list wrote, if any: most the centre's own, some one of the region.
func (s *simulation) lives(c *place.Place, n int) string {
	near := s.tree.Children(s.tree.Up(c.ID, "region").ID)
	switch {
	case n%5 < 2:
		return ""
	case n%5 == 2:
		return near[n%len(near)].Name[i18n.FR]
	}
	return s.tree.Get(c.Parent).Name[i18n.FR]
}

// list writes a centre's children as a school's list, in one of the ways schools do.
func (s *simulation) list(rng *rand.Rand, children []child) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = ';'
	w.Write([]string{"Code Massar", "Nom", "Prénom", "النسب", "الاسم الشخصي", "Date de naissance", "Sexe", "Milieu", "Scolarité", "Commune"})
	for _, c := range children {
		d, _ := time.Parse(time.DateOnly, c.birth)
		sex := map[string]string{"f": "Fille", "m": "Garçon"}[c.sex]
		milieu := map[string]string{"urban": "urbain", "rural": "rural"}[c.milieu]
		schooling := map[string]string{"in_school": "scolarisé", "out_of_school": "non scolarisé"}[c.schooling]
		w.Write([]string{c.massar, strings.ToUpper(c.family.Spelling(rng)), c.first.Spelling(rng), c.family.AR, c.first.AR, d.Format("02/01/2006"), sex, milieu, schooling, c.commune})
	}
	w.Flush()
	return b.Bytes()
}

func (s *simulation) children(ctx context.Context) error {
	sizes := s.sizes()
	// The centres work side by side, as they do; each has a generator of its own, so that the result does not depend on
	// which was faster.
	errs := make([]error, len(s.centres))
	s.some = make([][]child, len(s.centres))
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for i, c := range s.centres {
		wg.Go(func() {
			errs[i] = s.centre(ctx, i, c, sizes[i])
			mu.Lock()
			defer mu.Unlock()
			done++
			s.progress("children", done, len(s.centres))
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *simulation) profile(c *place.Place) profile {
	return profiles[s.tree.Up(c.ID, "region").Code]
}

// groupSize is how many children a room of a youth centre seats, groupsEach how many groups a trainer has in a year.
const (
	groupSize  = 28
	groupsEach = 12
)

// sizes are how many children each centre has.
func (s *simulation) sizes() []int {
	total := 0.0
	for _, c := range s.centres {
		total += s.profile(c).size
	}
	out := make([]int, len(s.centres))
	for i, c := range s.centres {
		out[i] = int(float64(s.o.Children)*s.profile(c).size/total + 0.5)
	}
	return out
}

// centre simulates one centre: its list, its groups, wave after wave, and who came.
func (s *simulation) centre(ctx context.Context, index int, c *place.Place, n int) error {
	rng := rand.New(rand.NewPCG(s.o.Seed, uint64(index)+100))
	p := s.profile(c)
	children := make([]child, n)
	for i := range children {
		children[i] = s.child(rng, p, index*100_000+i)
		children[i].commune = s.lives(c, i)
	}
	s.some[index] = children
	file := s.list(rng, children)
	_, err := s.h.People.Import(ctx, person.Import{
		File: func(o sheet.Options) (*sheet.Reader, error) {
			return sheet.New(bytes.NewReader(file), int64(len(file)), "liste.csv", o)
		},
		Centre: c.ID, Actor: s.manager, Today: s.today,
		Also: func(v id.ID, d person.Details) []fact.New {
			return append(agreed(rng, s.manager, c.ID, v, d["birth"], s.phase.From), training.Application(s.manager, c.ID, s.phase, s.phase.From, v, d))
		},
	})
	if err != nil {
		return err
	}
	var waiting []training.Enrolment
	var after id.ID
	for {
		l, err := s.h.Training.Unplaced(ctx, s.h.DB, c.ID, s.prog, after, 500)
		if err != nil {
			return err
		}
		if len(l) == 0 {
			break
		}
		waiting = append(waiting, l...)
		after = l[len(l)-1].ID
	}
	// A tenth still waits for a place; the rest were or are in a group.
	waiting = waiting[:len(waiting)*93/100]
	groups := (len(waiting) + groupSize - 1) / groupSize
	for g := range groups {
		part := waiting[g*len(waiting)/groups : (g+1)*len(waiting)/groups]
		if err := s.group(ctx, rng, c, p, g, groups, part); err != nil {
			return err
		}
	}
	return nil
}

// weeks is how long a group meets.
const weeks = 12

func (s *simulation) group(ctx context.Context, rng *rand.Rand, c *place.Place, p profile, g, groups int, members []training.Enrolment) error {
	// Waves begin every twelve weeks; the last one is under way. Its groups meet on different days, one of them today.
	wave := g * waves / groups
	first := g*waves/groups != (g-1)*waves/groups || g == 0
	start := s.monday(-weeksBack + wave*weeks)
	day := []time.Weekday{time.Wednesday, time.Saturday, time.Sunday, time.Friday, time.Tuesday}[g%5]
	if wave == waves-1 && first {
		day = s.today.Weekday()
	}
	hours := [][2]string{{"09:00", "11:00"}, {"10:30", "12:30"}, {"14:30", "16:30"}, {"16:00", "18:00"}}[g%4]
	end := start.AddDate(0, 0, 7*weeks-1)
	trainers := s.trainer[c.ID]
	who := []id.ID{trainers[g%len(trainers)]}
	if wave == waves-1 && first {
		who = trainers[:1] // whoever plays the trainer has a session today
	}
	cohort, err := s.h.Training.OpenCohort(ctx, s.manager, access.At(c.ID), training.CohortOpened{
		Name: fmt.Sprintf("Groupe %02d", g+1), Programme: s.prog, Phase: s.phase.ID, Centre: c.ID, Capacity: 30, Trainers: who,
		From: start.Format(time.DateOnly), To: end.Format(time.DateOnly),
	})
	if err != nil {
		return err
	}
	ids := make([]id.ID, len(members))
	for i, m := range members {
		ids[i] = m.Person
	}
	if _, err := s.h.Training.Place(ctx, s.manager, access.At(c.ID), cohort, ids, start.Format(time.DateOnly)); err != nil {
		return err
	}
	_, err = s.h.Training.Plan(ctx, s.manager, access.At(c.ID), cohort, training.Weekly{
		From: start.Format(time.DateOnly), To: end.Format(time.DateOnly), Days: []time.Weekday{day},
		Starts: hours[0], Ends: hours[1], Room: rooms[g%len(rooms)].Name, RoomID: s.rooms[c.ID][g%len(rooms)],
	})
	if err != nil {
		return err
	}
	if c.Code == played {
		s.taught = append(s.taught, taught{cohort, ids, who[0], wave == waves-1 && first})
	}
	return s.attend(ctx, rng, c, cohort, ids, who[0], p.comes, g%7 == 3)
}

// attend fills the sheets of a group up to yesterday. forgets leaves out the latest: somebody's task.
func (s *simulation) attend(ctx context.Context, rng *rand.Rand, c *place.Place, cohort id.ID, ids []id.ID, who id.ID, usually float64, forgets bool) error {
	sessions, err := s.h.Training.SessionsOf(ctx, s.h.DB, access.At(c.ID), cohort)
	if err != nil {
		return err
	}
	// Whoever lacks a consent waits, and is on no sheet.
	lacks, err := s.h.Training.Lacking(ctx, s.h.DB, ids)
	if err != nil {
		return err
	}
	// Each child has a way of their own: most come nearly always, some now and then, a few never began.
	comes := make([]float64, len(ids))
	for i := range comes {
		comes[i] = min(.99, usually+rng.NormFloat64()*.08)
		switch x := rng.Float64(); {
		case x < .03:
			comes[i] = 0
		case x < .10:
			comes[i] = .35
		}
	}
	today := s.today.Format(time.DateOnly)
	for i, se := range sessions {
		if se.Date >= today {
			break
		}
		if s.today.Sub(mustDate(se.Date)) < 8*24*time.Hour && forgets || slices.ContainsFunc(s.country.Holidays, func(h countries.Holiday) bool { return h.Kind == countries.HolidayCivil && h.On(se.Date) }) {
			continue
		}
		marks := map[id.ID]string{}
		for j, v := range ids {
			if lacks[v] {
				continue
			}
			tired := 1 - .12*float64(i)/weeks
			switch x := rng.Float64(); {
			case x < comes[j]*tired*.93:
				marks[v] = training.Present
			case x < comes[j]*tired:
				marks[v] = training.Late
			case x < comes[j]*tired+.04:
				marks[v] = training.Excused
			default:
				marks[v] = training.Absent
			}
		}
		if err := s.h.Training.Take(ctx, who, access.At(c.ID), se.ID, marks, "list"); err != nil {
			return err
		}
	}
	return nil
}

// duplicates writes some children a second time, in each of the ways in which that happens: at the desk, with no code, from
// what somebody said. Then the node looks for them, and two pairs are decided.
func (s *simulation) duplicates(ctx context.Context) error {
	for i, c := range s.centres {
		rng := rand.New(rand.NewPCG(s.o.Seed, uint64(i)+500))
		n := max(len(s.some[i])/120, 2)
		if c.Code == played {
			n = 8 // whoever plays this centre sees one of each
		}
		for k := range min(n, len(s.some[i])) {
			x := s.some[i][k*7%len(s.some[i])]
			d := person.Details{"first_latin": x.first.FR, "last_latin": x.family.FR, "birth": x.birth, "sex": x.sex}
			at := c
			switch k % 8 {
			case 0: // in the other script
				d = person.Details{"first_ar": x.first.AR, "last_ar": x.family.AR, "birth": x.birth, "sex": x.sex}
			case 1: // as it sounds
				d["first_latin"], d["last_latin"] = pairs.Respell(rng, x.first.FR), pairs.Respell(rng, x.family.FR)
			case 2:
				d["first_latin"], d["last_latin"] = x.family.FR, x.first.FR
			case 3: // day and month in the wrong order, or a digit
				day, month := x.birth[8:], x.birth[5:7]
				d["birth"] = x.birth[:5] + day + "-" + month
				if day > "12" || day == month {
					d["birth"] = x.birth[:3] + string('0'+(x.birth[3]-'0'+1)%10) + x.birth[4:7] + "-" + min(day, "28")
				}
			case 4:
				d["birth"] = x.birth[:4]
			case 5: // a twin, who is somebody else
				twin := countries.Pick(s.names.Female, rng)
				d["first_latin"], d["sex"] = twin.FR, "f"
			case 6: // moved
				at = s.centres[(i+1)%len(s.centres)]
			case 7: // two fields in one
				d = person.Details{"name_latin": strings.ToUpper(x.family.FR) + " " + pairs.Respell(rng, x.first.FR), "birth": x.birth, "sex": x.sex}
			}
			_, err := s.h.People.Register(ctx, s.manager, at.ID, d, func(v id.ID) []fact.New {
				return []fact.New{training.Application(s.manager, at.ID, s.phase, s.phase.From, v, d)}
			})
			if err != nil {
				return err
			}
		}
	}
	if _, err := s.h.People.Seek(ctx, nil); err != nil {
		return err
	}
	at := access.At(place.ID(played))
	page, err := s.h.People.Pairs(ctx, s.h.DB, at, person.PairFilter{})
	if err != nil {
		return err
	}
	decided := 0
	for _, x := range page.Pairs {
		if !x.Both || decided == 2 {
			continue
		}
		if decided++; decided == 1 {
			err = s.h.People.Merge(ctx, s.manager, at, x.A, x.B, "family")
		} else {
			err = s.h.People.Part(ctx, s.manager, at, x.A, x.B, "")
		}
		if err != nil {
			return err
		}
	}
	s.progress("duplicates", 1, 1)
	return nil
}

func mustDate(s string) time.Time {
	t, _ := time.Parse(time.DateOnly, s)
	return t
}
