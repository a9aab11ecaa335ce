package nodes

import (
	"cmp"
	"slices"
	"time"

	"tizi/internal/house"
	"tizi/internal/node"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

const gigabyte = 1 << 30

// size is a number of bytes in words.
func size(a *door.Ask, n int64) string {
	if n < gigabyte {
		return a.P.T("box.megabytes", "n", a.P.Number(n>>20))
	}
	return a.P.T("box.gigabytes", "n", a.P.Decimal(float64(n)/gigabyte, 1))
}

// worries are what is wrong with a box by its own word, the worst first. Each says what to do; nobody who reads it stands
// before the box.
func worries(a *door.Ask, v *node.Vitals) []Worry {
	if v == nil {
		return nil
	}
	var out []Worry
	add := func(l house.Level, text, do string) {
		if l != house.Good {
			out = append(out, Worry{string(l), text, do})
		}
	}
	if v.DiskAll > 0 {
		add(house.Room(v.DiskLeft, v.DiskAll), a.P.T("fleet.disk", "left", size(a, v.DiskLeft)), a.P.T("fleet.disk.do"))
	}
	if v.Doubted != 0 {
		add(house.Help, a.P.T("fleet.clock", "date", a.P.Date(v.DoubtedAt().Format(time.DateOnly))), a.P.T("fleet.clock.do"))
	}
	switch saved := v.SavedAt(); {
	case saved.IsZero():
		add(house.Help, a.P.T("fleet.unsaved"), a.P.T("fleet.unsaved.do"))
	case v.Unsaved:
		add(house.Help, a.P.T("fleet.save_failed"), a.P.T("fleet.saved.do"))
	default:
		add(house.Age(v.SaidAt().Sub(saved)), a.P.T("fleet.saved", "n", int(v.SaidAt().Sub(saved)/(24*time.Hour))), a.P.T("fleet.saved.do"))
	}
	if house.Cut(v.Cuts) == house.Help { // now and then it goes everywhere
		add(house.Wait, a.P.T("fleet.cuts", "n", v.Cuts), a.P.T("fleet.cuts.do"))
	}
	if v.Held > 0 {
		add(house.Wait, a.P.T("fleet.held", "n", v.Held), a.P.T("fleet.held.do"))
	}
	switch {
	case v.Failed != "":
		add(house.Help, a.P.T("fleet.failed", "version", v.Failed), a.P.T("fleet.failed.do"))
	case v.Ready != "":
		add(house.Wait, a.P.T("fleet.ready", "version", v.Ready), a.P.T("fleet.ready.do"))
	}
	slices.SortStableFunc(out, func(x, y Worry) int { return cmp.Compare(urgency(y.State), urgency(x.State)) })
	return out
}

func urgency(level string) int { return slices.Index([]string{"good", "wait", "help"}, level) }

// worse says which of two boxes somebody should look at first: the one that does not exchange as it should, then the one whose
// machine is worse off, by the worst of it and by how much there is.
func worse(x, y Peer) int {
	urgent := func(p Peer) (worst, all int) {
		for _, w := range p.Worries {
			worst = max(worst, urgency(w.State))
			all += urgency(w.State)
		}
		if p.State == "revoked" {
			return -1, 0
		}
		if p.State != "good" && p.State != "paused" {
			worst = 2
		}
		return worst, all
	}
	xWorst, xAll := urgent(x)
	yWorst, yAll := urgent(y)
	return cmp.Or(cmp.Compare(yWorst, xWorst), cmp.Compare(rank(x.State), rank(y.State)), cmp.Compare(yAll, xAll))
}

// tell adds to a peer how it said that it is.
func tell(a *door.Ask, v *Peer, s *node.Vitals) {
	if s == nil || v.State == "revoked" {
		return
	}
	v.Worries, v.Saved = worries(a, s), shell.Ago(a.H.Log.Clock.Now(), s.SavedAt())
	if s.DiskAll > 0 {
		v.Room = a.P.T("fleet.room", "left", size(a, s.DiskLeft), "all", size(a, s.DiskAll))
	}
}
