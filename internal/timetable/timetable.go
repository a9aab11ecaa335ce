package timetable

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"tizi/internal/i18n"
	"tizi/internal/id"
)

// Level is what becomes of a clash.
type Level int

// The levels.
const (
	Noted   Level = iota // said, no more
	Warned               // to be confirmed
	Refused              // cannot be
)

// Kind is what clashes.
type Kind string

// The kinds of clashes.
const (
	RoomTwice    Kind = "room"        // two groups in one room at once
	TrainerTwice Kind = "trainer"     // one trainer in two sessions at once
	GroupTwice   Kind = "group"       // one group in two sessions at once
	RoomClosed   Kind = "room_closed" // a room that is not used any more
	RoomSmall    Kind = "seats"       // a group that is larger than the room
	DevicesShort Kind = "devices"     // more devices wanted at once than there are
	OutOfHours   Kind = "hours"       // the centre is not open
	OnHoliday    Kind = "holiday"
	OnFriday     Kind = "friday" // during the prayer of Friday noon
	OnPrayer     Kind = "prayer" // a time of prayer begins in the session: plan a break
)

// level is what becomes of each kind.
var level = map[Kind]Level{RoomTwice: Refused, TrainerTwice: Refused, GroupTwice: Refused, RoomClosed: Refused, RoomSmall: Warned, DevicesShort: Warned, OutOfHours: Warned, OnHoliday: Warned, OnFriday: Warned, OnPrayer: Noted}

// Level is what becomes of clashes of a kind.
func (k Kind) Level() Level { return level[k] }

// Booking is a session as a timetable sees it.
type Booking struct {
	ID, Group id.ID
	Room      id.ID // Nil where none of the known ones is named
	Trainers  []id.ID
	Date      string // ISO date
	From, To  int    // minutes after midnight; To is not part of it
	People    int
	Devices   map[string]int // wanted, by kind
}

// Room is a room that can be booked.
type Room struct {
	Seats  int
	Closed bool
}

// Span is a stretch of a weekday, in minutes after midnight.
type Span struct {
	Day      time.Weekday
	From, To int
}

// Other are days, both included, with other hours than the week's; From equal to To is closed.
type Other struct {
	First, Last string // ISO dates
	From, To    int
	Why         string
}

// Holiday is a stretch of days, both included.
type Holiday struct {
	First, Last string
	Name        i18n.Text
	Uncertain   bool // it hangs on the moon, and the day was not announced yet
}

// Prayer is a time of prayer of a day. The one of Friday noon lasts until To.
type Prayer struct {
	Name     string // fajr, dhuhr, asr, maghrib, isha, jumua
	From, To int
}

// World is what bookings are held against.
type World struct {
	Rooms    map[id.ID]Room
	Open     []Span // none: nobody stated when the centre is open
	Others   []Other
	Devices  map[string]int // that work, by kind; a kind that is not there is not counted
	Holidays []Holiday
	Prayers  func(date string) []Prayer // nil: none are known
}

// Clash is one thing that does not fit.
type Clash struct {
	Kind Kind
	// A is the booking; where two clash, B is the other, and A is the one with the smaller id.
	A, B       id.ID
	What       id.ID  // the room or the trainer
	Device     string // the kind that is short
	Need, Have int    // devices or seats
	Holiday    *Holiday
	Prayer     *Prayer
	Why        string // of other hours
}

// Level is what becomes of the clash.
func (c Clash) Level() Level { return c.Kind.Level() }

// Concerns reports whether a booking is one of those that clash.
func (c Clash) Concerns(booking id.ID) bool { return c.A == booking || c.B == booking }

// Find returns all clashes of bookings, in the order of their days and hours. It does not depend on the order of the
// bookings.
func Find(bookings []Booking, w World) []Clash {
	bs := slices.Clone(bookings)
	slices.SortFunc(bs, func(a, b Booking) int {
		return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), bytes.Compare(a.ID[:], b.ID[:]))
	})
	var out []Clash
	beside := make([][]int, len(bs)) // what goes on at the same time
	for i := range bs {
		for j := i + 1; j < len(bs) && bs[j].Date == bs[i].Date && bs[j].From < bs[i].To; j++ {
			if bs[j].From < bs[j].To && bs[i].From < bs[i].To {
				beside[i], beside[j] = append(beside[i], j), append(beside[j], i)
			}
		}
	}
	for i := range bs {
		out = alone(out, &bs[i], w)
		for _, j := range beside[i] {
			if j > i {
				out = pair(out, &bs[i], &bs[j])
			}
		}
		out = short(out, bs, beside, i, w)
	}
	return out
}

// pair adds what two bookings want both.
func pair(out []Clash, a, b *Booking) []Clash {
	if bytes.Compare(b.ID[:], a.ID[:]) < 0 {
		a, b = b, a
	}
	if a.Room == b.Room && !a.Room.IsNil() {
		out = append(out, Clash{Kind: RoomTwice, A: a.ID, B: b.ID, What: a.Room})
	}
	if a.Group == b.Group && !a.Group.IsNil() {
		out = append(out, Clash{Kind: GroupTwice, A: a.ID, B: b.ID})
	}
	for _, t := range a.Trainers {
		if slices.Contains(b.Trainers, t) {
			out = append(out, Clash{Kind: TrainerTwice, A: a.ID, B: b.ID, What: t})
		}
	}
	return out
}

// short adds the devices of which too few are left at some moment of a booking. The need grows only when another begins,
// so the moments are the booking's beginning and those of the others.
func short(out []Clash, bs []Booking, beside [][]int, i int, w World) []Clash {
	b := &bs[i]
	for kind, n := range b.Devices {
		have, known := w.Devices[kind]
		if n <= 0 || !known {
			continue
		}
		most := 0
		for _, m := range append([]int{i}, beside[i]...) {
			at, need := max(bs[m].From, b.From), n
			for _, o := range beside[i] {
				if bs[o].From <= at && at < bs[o].To {
					need += max(bs[o].Devices[kind], 0)
				}
			}
			most = max(most, need)
		}
		if most > have {
			out = append(out, Clash{Kind: DevicesShort, A: b.ID, Device: kind, Need: most, Have: have})
		}
	}
	return out
}

// alone adds what is wrong with a booking by itself.
func alone(out []Clash, b *Booking, w World) []Clash {
	if r, ok := w.Rooms[b.Room]; ok {
		if r.Closed {
			out = append(out, Clash{Kind: RoomClosed, A: b.ID, What: b.Room})
		} else if b.People > r.Seats {
			out = append(out, Clash{Kind: RoomSmall, A: b.ID, What: b.Room, Need: b.People, Have: r.Seats})
		}
	}
	if open, why := w.opens(b); !open {
		out = append(out, Clash{Kind: OutOfHours, A: b.ID, Why: why})
	}
	for i, h := range w.Holidays {
		if h.First <= b.Date && b.Date <= h.Last {
			out = append(out, Clash{Kind: OnHoliday, A: b.ID, Holiday: &w.Holidays[i]})
		}
	}
	if w.Prayers == nil {
		return out
	}
	for _, p := range w.Prayers(b.Date) {
		if p.Name == Jumua {
			if p.From < b.To && b.From < p.To {
				out = append(out, Clash{Kind: OnFriday, A: b.ID, Prayer: &p})
			}
		} else if b.From <= p.From && p.From < b.To {
			out = append(out, Clash{Kind: OnPrayer, A: b.ID, Prayer: &p})
		}
	}
	return out
}

// OpenOn reports whether the week opens the centre on a day at all.
func (w World) OpenOn(date string) bool {
	day, err := time.Parse(time.DateOnly, date)
	return err == nil && (len(w.Open) == 0 || slices.ContainsFunc(w.Open, func(s Span) bool { return s.Day == day.Weekday() }))
}

// OtherOn returns what was stated of other hours of a day. Of several the shortest decides, a closed day within the hours of
// Ramadan; of those that are as long, the one that starts last.
func OtherOn(others []Other, date string) (best Other, found bool) {
	days := func(o Other) int {
		first, _ := time.Parse(time.DateOnly, o.First)
		last, _ := time.Parse(time.DateOnly, o.Last)
		return int(last.Sub(first).Hours())
	}
	for _, o := range others {
		if date < o.First || o.Last < date {
			continue
		}
		if !found || cmp.Or(cmp.Compare(days(o), days(best)), -cmp.Compare(o.First, best.First)) < 0 {
			best, found = o, true
		}
	}
	return best, found
}

// opens reports whether the centre is open during a whole booking; why is what was stated of other hours.
func (w World) opens(b *Booking) (open bool, why string) {
	if o, ok := OtherOn(w.Others, b.Date); ok {
		return o.From <= b.From && b.To <= o.To && o.From < o.To, o.Why
	}
	if len(w.Open) == 0 {
		return true, ""
	}
	day, err := time.Parse(time.DateOnly, b.Date)
	if err != nil {
		return false, ""
	}
	// Two stretches that touch are one.
	until := b.From
	for range w.Open {
		for _, s := range w.Open {
			if s.Day == day.Weekday() && s.From <= until && until < s.To {
				until = s.To
			}
		}
		if until >= b.To {
			return true, ""
		}
	}
	return false, ""
}
