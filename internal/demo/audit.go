package demo

import (
	"context"
	"time"

	"tizi/internal/audit"
)

// auditDays is how many days the centres have summed up.
const auditDays = 14

// audit gives each centre the summaries of the days before today: what a headquarters sees of who saw and changed what.
func (s *simulation) audit(ctx context.Context) error {
	for back := auditDays; back > 0; back-- {
		at := s.today.AddDate(0, 0, -back)
		if at.Weekday() == time.Sunday {
			continue
		}
		day := at.Format(time.DateOnly)
		var list []audit.Summed
		for _, c := range s.centres {
			n := func(most int) int { return s.rng.IntN(most + 1) }
			looks := 8 + n(30)
			x := audit.Summed{Centre: c.ID, Day: day, Looks: looks, People: looks - n(6), Lists: 4 + n(12), Searches: 2 + n(8), Changes: 3 + n(20), Prints: n(6), Accounts: 2 + n(2)}
			x.Names = 20 * (x.Lists + x.Searches)
			if n(14) == 0 {
				x.OutOfHours = 1 + n(5)
			}
			if n(60) == 0 {
				x.Openings = 1
			}
			list = append(list, x)
		}
		if err := s.h.Audit.Write(ctx, day, list); err != nil {
			return err
		}
	}
	return nil
}
