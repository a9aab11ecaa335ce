package demo

import (
	"context"
	"math/rand/v2"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/lot"
	"tizi/internal/place"
	"tizi/internal/training"
)

// drawSeed is what was drawn in the simulated draw.
const drawSeed = "07 12 33 41 45"

// draws holds a draw for two groups at two centres, one of them the players', among more applicants than seats: announced,
// closed, drawn and confirmed over the last weeks.
func (s *simulation) draws(ctx context.Context) error {
	all, day := access.Everywhere(), func(n int) string { return s.today.AddDate(0, 0, n).Format(time.DateOnly) }
	deputy, err := s.h.Access.Open(ctx, id.Nil, access.Newcomer{Name: "Hajar Bennis (simulée)", Login: "adjointe", Role: access.National, On: access.Place(place.ID("MA")), Until: s.today.AddDate(10, 0, 0), Stream: "hub"})
	if err != nil {
		return err
	}
	at := []*place.Place{s.tree.Code(played)}
	for _, c := range s.centres {
		if c.ID != at[0].ID {
			at = append(at, c)
			break
		}
	}
	begins := s.monday(1)
	var groups []id.ID
	for _, c := range at {
		g, err := s.h.Training.OpenCohort(ctx, s.manager, all, training.CohortOpened{Name: "Nouveau groupe", Programme: s.prog, Phase: s.phase.ID, Centre: c.ID, Capacity: 5, Trainers: s.trainer[c.ID][:1], From: begins.Format(time.DateOnly), To: begins.AddDate(0, 0, 7*weeks-1).Format(time.DateOnly)})
		if err != nil {
			return err
		}
		groups = append(groups, g)
	}
	joint, err := s.h.Training.OpenJoint(ctx, s.manager, all, groups, training.DrawOpened{On: day(-20), Closes: day(-6), SeedOn: day(-2), Source: "Boules tirées devant les familles, au centre, à 10 h (simulé)", Rule: lot.Standard()})
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(s.o.Seed, 45))
	for i, c := range at {
		for n := range 9 {
			d := s.somebody(rng, time.Date(s.today.Year()-12, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, rng.IntN(24), rng.IntN(28)))
			d["milieu"], d["schooling"] = []string{"urban", "rural"}[n%2], "in_school"
			if n%4 == 3 {
				d["schooling"] = "out_of_school"
			}
			p, err := s.h.People.Register(ctx, s.manager, c.ID, d, func(v id.ID) []fact.New {
				text := consent.FirstText(consent.Training)
				return []fact.New{consent.Held(s.manager, c.ID, v, d["birth"], consent.Training, text, "paper", day(-15))}
			})
			if err != nil {
				return err
			}
			if _, err := s.h.Training.Place(ctx, s.manager, all, groups[i], []id.ID{p}, day(-14+n)); err != nil {
				return err
			}
		}
	}
	if _, _, err := s.h.Training.FreezeJoint(ctx, s.manager, all, joint, day(-5)); err != nil {
		return err
	}
	if _, _, _, err := s.h.Training.SeedJoint(ctx, s.manager, all, joint, drawSeed, day(-2)); err != nil {
		return err
	}
	_, _, _, err = s.h.Training.SeedJoint(ctx, deputy, all, joint, drawSeed, day(-2))
	return err
}
