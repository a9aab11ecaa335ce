package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"tizi/internal/access"
	"tizi/internal/centre"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/training"
)

// rooms are those of a youth centre of the simulation.
var rooms = []centre.RoomDescribed{
	{Name: "Salle 1", Seats: 30, Equipment: "Vidéoprojecteur, tableau", Accessible: true},
	{Name: "Salle 2", Seats: 30, Equipment: "Tableau"},
	{Name: "Salle polyvalente", Seats: 60, Equipment: "Scène, sonorisation", Accessible: true},
}

// hours are the week of a youth centre: closed on Mondays, with open access on three afternoons.
var hours = []centre.Span{
	{Day: time.Tuesday, From: "09:00", To: "19:00"}, {Day: time.Wednesday, From: "09:00", To: "19:00"}, {Day: time.Thursday, From: "09:00", To: "19:00"},
	{Day: time.Friday, From: "09:00", To: "12:30"}, {Day: time.Friday, From: "14:30", To: "19:00"}, {Day: time.Saturday, From: "09:00", To: "19:00"}, {Day: time.Sunday, From: "09:00", To: "19:00"},
	{Day: time.Tuesday, From: "16:00", To: "18:00", Access: true}, {Day: time.Thursday, From: "14:00", To: "18:00", Access: true},
}

// furnish gives each centre its holders, rooms, week and devices, and the players' a round.
func (s *simulation) furnish(ctx context.Context) error {
	s.rooms = map[id.ID][]id.ID{}
	day := func(days int) string { return s.today.AddDate(0, 0, days).Format(time.DateOnly) }
	for i, c := range s.centres {
		rng, at := rand.New(rand.NewPCG(s.o.Seed, uint64(i)+900)), access.At(c.ID)
		for part, name := range map[string]string{centre.Host: "Ministère de la Jeunesse, de la Culture et de la Communication", centre.Operator: "Association des éducateurs numériques (simulée)", centre.Premises: "Commune"} {
			if err := s.h.Centres.SetHolder(ctx, s.manager, at, centre.HolderStated{Centre: c.ID, Part: part, Name: name, From: s.monday(-weeksBack).Format(time.DateOnly)}); err != nil {
				return err
			}
		}
		for _, r := range rooms {
			r.Centre = c.ID
			v, err := s.h.Centres.SetRoom(ctx, s.manager, at, id.Nil, r)
			if err != nil {
				return err
			}
			s.rooms[c.ID] = append(s.rooms[c.ID], v)
		}
		week := hours
		if d := s.today.Weekday(); d == time.Monday { // the players have a session today
			week = append(week[:len(week):len(week)], centre.Span{Day: d, From: "09:00", To: "19:00"})
		}
		if err := s.h.Centres.SetHours(ctx, s.manager, at, centre.HoursStated{Centre: c.ID, Spans: week}); err != nil {
			return err
		}
		for n := range 24 {
			b := centre.DeviceDescribed{Centre: c.ID, Number: fmt.Sprintf("%s-%03d", c.Code, n+1), Kind: "laptop", Model: "14 pouces, 8 Go", Since: s.monday(-weeksBack).Format(time.DateOnly)}
			switch {
			case n >= 22:
				b.Kind, b.Model = "robot", "Kit de robotique éducative"
			case n >= 16:
				b.Kind, b.Model = "tablet", "Tablette 10 pouces"
			case n == 15:
				b.Kind, b.Model = "projector", ""
			}
			d, err := s.h.Centres.SetDevice(ctx, s.manager, at, id.Nil, b)
			if err != nil {
				return err
			}
			switch rng.IntN(12) {
			case 0:
				err = s.h.Centres.Set(ctx, s.manager, at, d, centre.DeviceStated{State: centre.Faulty, On: day(-rng.IntN(20)), What: "La batterie ne charge plus"})
			case 1:
				err = s.h.Centres.Set(ctx, s.manager, at, d, centre.DeviceStated{State: centre.Repair, On: day(-rng.IntN(20)), What: "Clavier"})
			}
			if err != nil {
				return err
			}
		}
		if c.Code != played {
			continue
		}
		if err := s.h.Centres.SetException(ctx, s.head, at, centre.ExceptionStated{Centre: c.ID, From: day(40), To: day(42), Why: "Travaux de peinture"}); err != nil {
			return err
		}
		_, err := s.h.Centres.SetRound(ctx, s.head, at, id.Nil, centre.RoundPlanned{Centre: c.ID, Name: "Vallée du Ziz", Stops: []centre.Stop{
			{Date: day(5), Spot: "École d’Aoufous", From: "09:00", To: "12:00"}, {Date: day(6), Spot: "Souk d’Erfoud", From: "09:00", To: "13:00"}, {Date: day(7), Spot: "Dar Taliba, Rissani", From: "10:00", To: "12:30"}}})
		if err != nil {
			return err
		}
	}
	s.progress("centres", 1, 1)
	return nil
}

// lend lends some devices of the players' centre, one of them for too long.
func (s *simulation) lend(ctx context.Context) error {
	at := access.At(s.tree.Code(played).ID)
	list, _, err := s.h.Centres.Devices(ctx, s.h.DB, s.tree.Code(played).ID, centre.DeviceFilter{State: centre.Ready, Kind: "laptop", Size: 3})
	if err != nil {
		return err
	}
	page, err := s.h.People.List(ctx, s.h.DB, at, person.Filter{Size: 3})
	if err != nil {
		return err
	}
	for i, d := range list[:min(len(list), len(page.People))] {
		b := centre.DeviceStated{State: centre.Lent, On: s.today.AddDate(0, 0, -20).Format(time.DateOnly), Person: page.People[i].ID, Due: s.today.AddDate(0, 0, 7*i-4).Format(time.DateOnly)}
		if err := s.h.Centres.Set(ctx, s.head, at, d.ID, b); err != nil {
			return err
		}
	}
	return nil
}

// queue makes the players' groups that run as large as they are, with some who wait.
func (s *simulation) queue(ctx context.Context) error {
	c := s.tree.Code(played)
	at, today := access.At(c.ID), s.today.Format(time.DateOnly)
	groups, _, err := s.h.Training.Cohorts(ctx, s.h.DB, at, training.CohortFilter{Size: 200}, today)
	if err != nil {
		return err
	}
	wait, err := s.h.Training.Unplaced(ctx, s.h.DB, c.ID, s.prog, id.Nil, 6)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if g.To < today || g.Enrolled == 0 || len(wait) == 0 {
			continue
		}
		if err := s.h.Training.EditCohort(ctx, s.head, at, g.ID, func(b *training.CohortOpened) { b.Capacity = g.Enrolled }); err != nil {
			return err
		}
		n := min(3, len(wait))
		for _, e := range wait[:n] {
			if _, err := s.h.Training.Place(ctx, s.head, at, g.ID, []id.ID{e.Person}, today); err != nil {
				return err
			}
		}
		wait = wait[n:]
	}
	return nil
}
