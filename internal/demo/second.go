package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"tizi/countries"
	"tizi/internal/access"
	"tizi/internal/agreement"
	"tizi/internal/centre"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/source"
	"tizi/internal/training"
)

// Codes of the programmes of the second-chance centre of Casablanca.
const (
	SecondChanceCode = "SECONDE-CHANCE-IA"
	TeachersCode     = "ENSEIGNANTS-IA"
)

// secondCentre is the centre at the school Al Hotaya.
const secondCentre = "MA-CAS-E2C1"

// secondChance plays the second-chance centre for trades of AI: that it is for pupils under 18 who left school, and that 50
// teachers are trained a year, is stated by the press; who they are and what they did is simulated.
func (s *simulation) secondChance(ctx context.Context) error {
	c := s.tree.Code(secondCentre)
	at := access.At(c.ID)
	from, to := s.monday(-20).Format(time.DateOnly), s.monday(40).Format(time.DateOnly)
	published := source.Source{Kind: "press", On: "2019-12"}
	bound := agreement.ID("CV-E2C-2019")
	teachers := published
	teachers.States = words("50 enseignants formés par an", "تكوين 50 مدرسا في السنة", "50 teachers trained a year")
	region := s.tree.Up(c.ID, "region").ID
	for _, p := range []programme.Plan{
		{Programme: programme.Opened{Code: SecondChanceCode, Place: place.ID("MA"), Pillars: []string{"training", "transfer"}, Name: words("Deuxième chance : métiers de l’intelligence artificielle", "الفرصة الثانية: مهن الذكاء الاصطناعي", "Second chance: trades of artificial intelligence")},
			Phases:  []programme.PhaseOpened{{Code: "1", From: from, To: to, Places: []id.ID{c.ID}, Name: words("Apprentis, moins de 18 ans", "المتعلمون دون 18 سنة", "Apprentices under 18")}},
			Targets: []programme.TargetSet{{Indicator: measure.People, Place: place.ID("MA"), Value: 60}, {Indicator: measure.People, Place: region, Value: 60}}},
		{Programme: programme.Opened{Code: TeachersCode, Place: place.ID("MA"), Pillars: []string{"training"}, Name: words("Enseignants formés à l’intelligence artificielle", "المدرسون المكونون في الذكاء الاصطناعي", "Teachers trained in artificial intelligence")},
			Phases:  []programme.PhaseOpened{{Code: "1", From: from, To: to, Places: []id.ID{region}, Name: words("Cycle de l’année", "دورة السنة", "This year’s cycle")}},
			Targets: []programme.TargetSet{{Indicator: measure.People, Place: place.ID("MA"), Period: s.today.Format("2006"), Value: 50, Agreement: bound, Source: teachers}, {Indicator: measure.People, Place: place.ID("MA"), Value: 50, Agreement: bound, Source: teachers}}},
	} {
		if _, err := s.h.Programmes.Set(ctx, s.manager, p); err != nil {
			return err
		}
	}
	second, teaching := programme.ID(SecondChanceCode), programme.ID(TeachersCode)
	for _, r := range []programme.RuleStated{
		{Phase: programme.PhaseID(second, "1"), From: from, By: "Convention du 27 décembre 2019", Rule: programme.Rule{AgeMax: 17, AgeOn: from, School: []string{"out_of_school", "never"}}},
		{Phase: programme.PhaseID(teaching, "1"), From: from, By: "Comité de suivi (simulé)", Rule: programme.Rule{Diploma: "licence"}},
	} {
		if err := s.h.Programmes.Decide(ctx, s.manager, r); err != nil {
			return err
		}
	}
	for _, r := range rooms[:2] {
		r.Centre = c.ID
		v, err := s.h.Centres.SetRoom(ctx, s.manager, at, id.Nil, r)
		if err != nil {
			return err
		}
		s.rooms[c.ID] = append(s.rooms[c.ID], v)
	}
	for part, name := range map[string]string{centre.Host: "École Al Hotaya", centre.Operator: "Groupe technique spécialisé en intelligence artificielle", centre.Premises: "Direction provinciale Casa-Anfa"} {
		if err := s.h.Centres.SetHolder(ctx, s.manager, at, centre.HolderStated{Centre: c.ID, Part: part, Name: name, From: "2019-12-27"}); err != nil {
			return err
		}
	}
	var trainers []id.ID
	for i, name := range []string{"Samira Lahbabi (simulée)", "Yassine Kabbaj (simulé)"} {
		a, err := s.h.Access.Open(ctx, id.Nil, access.Newcomer{Name: name, Login: fmt.Sprintf("formateur-e2c-%d", i+1), Role: access.Trainer, On: access.Place(c.ID), Until: s.today.AddDate(10, 0, 0), Stream: c.Stream()})
		if err != nil {
			return err
		}
		trainers = append(trainers, a)
	}
	rng := rand.New(rand.NewPCG(s.o.Seed, 2019))
	pupil := func(n int) person.Details {
		d := s.somebody(rng, time.Date(s.today.Year()-17, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, rng.IntN(36), rng.IntN(28)))
		d["schooling"], d["category"], d["milieu"], d["diploma"] = "out_of_school", "low_income", "urban", []string{"none", "primary", "middle"}[n%3]
		switch n % 20 {
		case 7: // goes to school, and is told to stay there
			d["schooling"] = "in_school"
		case 11: // of whom nobody knows
			delete(d, "schooling")
		case 13:
			d["schooling"] = "never"
		}
		return d
	}
	teacher := func(n int) person.Details {
		d := s.somebody(rng, time.Date(1972, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(rng.IntN(26), rng.IntN(12), rng.IntN(28)))
		d["category"], d["schooling"], d["diploma"], d["milieu"] = "employee", "graduate", []string{"licence", "master", "licence", "bac"}[n%13%4], "urban"
		return d
	}
	for _, g := range []struct {
		name      string
		programme id.ID
		size      int
		of        func(int) person.Details
		days      []time.Weekday
		hours     [2]string
		room      int
		subjects  []string
		trainer   id.ID
	}{
		{"Apprentis A", second, 22, pupil, []time.Weekday{time.Tuesday, time.Thursday}, [2]string{"09:00", "12:00"}, 0, []string{"arabic", "french", "maths"}, trainers[0]},
		{"Apprentis B", second, 20, pupil, []time.Weekday{time.Wednesday, time.Friday}, [2]string{"14:30", "17:30"}, 1, []string{"arabic", "french", "maths"}, trainers[1]},
		{"Enseignants, samedi", teaching, 26, teacher, []time.Weekday{time.Saturday}, [2]string{"09:00", "13:00"}, 0, nil, trainers[0]},
	} {
		start := s.monday(-10)
		end := start.AddDate(0, 0, 7*20-1)
		cohort, err := s.h.Training.OpenCohort(ctx, s.manager, at, training.CohortOpened{Name: g.name, Programme: g.programme, Phase: programme.PhaseID(g.programme, "1"), Centre: c.ID, Capacity: 24, Trainers: []id.ID{g.trainer}, From: start.Format(time.DateOnly), To: end.Format(time.DateOnly), Subjects: g.subjects})
		if err != nil {
			return err
		}
		var ids []id.ID
		for n := range g.size {
			who := g.of(n)
			v, err := s.h.People.Register(ctx, s.manager, c.ID, who, func(v id.ID) []fact.New {
				if g.programme == teaching {
					return nil
				}
				return agreed(rng, s.manager, c.ID, v, who["birth"], from)
			})
			if err != nil {
				return err
			}
			if g.programme == teaching { // who answers for themselves
				if err := s.h.Consents.Record(ctx, s.manager, at, v, []consent.Statement{{Purpose: consent.Training, State: consent.Given, Giver: consent.BySelf, Method: "paper", On: from}}); err != nil {
					return err
				}
			}
			ids = append(ids, v)
		}
		done, err := s.h.Training.Place(ctx, s.manager, at, cohort, ids, start.Format(time.DateOnly))
		if err != nil {
			return err
		}
		if g.programme == second && len(done.Refused) > 0 {
			if err := s.appeal(ctx, at, trainers[0], done.Refused[0]); err != nil {
				return err
			}
		}
		if g.programme == second {
			for i, v := range ids[:4] {
				if _, err := s.h.Training.Refer(ctx, s.manager, at, v, training.ReferralFrom[i], training.ReferralWhy[i%3], start.AddDate(0, 0, -10).Format(time.DateOnly), training.Referrer{School: "Collège Ibn Tofaïl (simulé)"}); err != nil {
					return err
				}
			}
		}
		_, err = s.h.Training.Plan(ctx, s.manager, at, cohort, training.Weekly{From: start.Format(time.DateOnly), To: end.Format(time.DateOnly), Days: g.days, Starts: g.hours[0], Ends: g.hours[1], Room: rooms[g.room].Name, RoomID: s.rooms[c.ID][g.room]})
		if err != nil {
			return err
		}
		if g.programme == second {
			if _, err := s.h.Training.Plan(ctx, s.manager, at, cohort, training.Weekly{From: start.Format(time.DateOnly), To: end.Format(time.DateOnly), Days: []time.Weekday{time.Monday}, Starts: "09:00", Ends: "11:00", Subject: "maths", Room: rooms[g.room].Name, RoomID: s.rooms[c.ID][g.room]}); err != nil {
				return err
			}
		}
		roster, err := s.h.Training.Roster(ctx, s.h.DB, cohort)
		if err != nil {
			return err
		}
		var in []id.ID
		for _, e := range roster {
			if e.State == training.Enrolled {
				in = append(in, e.Person)
			}
		}
		if err := s.attend(ctx, rng, c, cohort, in, g.trainer, .82, false); err != nil {
			return err
		}
	}
	return nil
}

// appeal is one that waits for its decision.
func (s *simulation) appeal(ctx context.Context, at access.Scope, by id.ID, r training.Refusal) error {
	_, err := s.h.Training.Lodge(ctx, by, at, r.Person, r.Version.Phase, "guardian", "Il est inscrit au collège mais n’y va plus depuis janvier. (simulé)", s.today.AddDate(0, 0, -4).Format(time.DateOnly))
	return err
}

// somebody is a simulated person born on a day.
func (s *simulation) somebody(rng *rand.Rand, born time.Time) person.Details {
	d := person.Details{"birth": born.Format(time.DateOnly), "sex": "m"}
	list := s.names.Male
	if rng.IntN(100) < 48 {
		d["sex"], list = "f", s.names.Female
	}
	first, family := countries.Pick(list, rng), countries.Pick(s.names.Family, rng)
	d["first_latin"], d["last_latin"], d["first_ar"], d["last_ar"] = first.FR, family.FR, first.AR, family.AR
	return d
}
