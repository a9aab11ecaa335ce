package timetable_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tizi/internal/id"
	"tizi/internal/timetable"
)

func named(n int) id.ID { return id.Named("test", fmt.Sprint(n)) }

// draw draws bookings of few rooms, trainers and hours, so that many clash.
func draw(t *rapid.T) []timetable.Booking {
	var out []timetable.Booking
	for i := range rapid.IntRange(0, 24).Draw(t, "bookings") {
		from := rapid.IntRange(0, 20).Draw(t, "from")
		b := timetable.Booking{ID: named(i), Group: named(200 + rapid.IntRange(0, 9).Draw(t, "group")), Date: fmt.Sprintf("2026-03-0%d", 2+rapid.IntRange(0, 2).Draw(t, "day")), From: from * 30, To: (from + rapid.IntRange(1, 6).Draw(t, "long")) * 30}
		if r := rapid.IntRange(0, 4).Draw(t, "room"); r > 0 {
			b.Room = named(100 + r)
		}
		for j := range rapid.IntRange(0, 2).Draw(t, "trainers") {
			b.Trainers = append(b.Trainers, named(300+3*j+rapid.IntRange(0, 2).Draw(t, "trainer")))
		}
		b.Devices = map[string]int{"laptop": rapid.IntRange(0, 10).Draw(t, "laptops")}
		out = append(out, b)
	}
	return out
}

// words writes clashes so that two lists can be compared.
func words(list []timetable.Clash) []string {
	var out []string
	for _, c := range list {
		out = append(out, fmt.Sprint(c.Kind, c.A, c.B, c.What, c.Device, c.Need, c.Have))
	}
	slices.Sort(out)
	return out
}

func together(a, b timetable.Booking) bool {
	return a.Date == b.Date && a.From < b.To && b.From < a.To
}

// naive holds every booking against every other, minute by minute where devices are counted.
func naive(bs []timetable.Booking, devices map[string]int) (out []timetable.Clash) {
	for i, a := range bs {
		for _, b := range bs[i+1:] {
			x, y := a, b
			if bytes.Compare(b.ID[:], a.ID[:]) < 0 {
				x, y = b, a
			}
			if !together(a, b) {
				continue
			}
			if a.Room == b.Room && !a.Room.IsNil() {
				out = append(out, timetable.Clash{Kind: timetable.RoomTwice, A: x.ID, B: y.ID, What: a.Room})
			}
			if a.Group == b.Group {
				out = append(out, timetable.Clash{Kind: timetable.GroupTwice, A: x.ID, B: y.ID})
			}
			for _, t := range a.Trainers {
				if slices.Contains(b.Trainers, t) {
					out = append(out, timetable.Clash{Kind: timetable.TrainerTwice, A: x.ID, B: y.ID, What: t})
				}
			}
		}
		for kind, have := range devices {
			most := 0
			for m := a.From; m < a.To && a.Devices[kind] > 0; m++ {
				need := 0
				for _, b := range bs {
					if b.Date == a.Date && b.From <= m && m < b.To {
						need += b.Devices[kind]
					}
				}
				most = max(most, need)
			}
			if most > have {
				out = append(out, timetable.Clash{Kind: timetable.DevicesShort, A: a.ID, Device: kind, Need: most, Have: have})
			}
		}
	}
	return out
}

func TestFindsWhatANaiveCheckFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bs, w := draw(t), timetable.World{Devices: map[string]int{"laptop": 12}}
		got, want := words(timetable.Find(bs, w)), words(naive(bs, w.Devices))
		if !slices.Equal(got, want) {
			t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// The order of the bookings does not matter, and neither does which of two is asked first.
func TestSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bs, w := draw(t), timetable.World{Devices: map[string]int{"laptop": 12}}
		want := words(timetable.Find(bs, w))
		slices.Reverse(bs)
		if got := words(timetable.Find(bs, w)); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// Bookings that never meet never clash with each other.
func TestDisjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bs := draw(t)
		for i := range bs {
			bs[i].Date = time.Date(2026, 3, 2+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		}
		if got := timetable.Find(bs, timetable.World{Devices: map[string]int{"laptop": 10}}); len(got) > 0 {
			t.Fatalf("%v", got)
		}
		for i := range bs { // one after the other on one day
			bs[i].Date, bs[i].From, bs[i].To = "2026-03-02", i*30, i*30+30
		}
		if got := timetable.Find(bs, timetable.World{Devices: map[string]int{"laptop": 10}}); len(got) > 0 {
			t.Fatalf("%v", got)
		}
	})
}

func TestAlone(t *testing.T) {
	w := timetable.World{
		Rooms:    map[id.ID]timetable.Room{named(1): {Seats: 20}, named(2): {Seats: 20, Closed: true}},
		Open:     []timetable.Span{{Day: time.Monday, From: 540, To: 720}, {Day: time.Monday, From: 720, To: 1080}, {Day: time.Friday, From: 540, To: 1080}},
		Others:   []timetable.Other{{First: "2026-03-09", Last: "2026-03-10", Why: "peinture"}, {First: "2026-03-16", Last: "2026-03-16", From: 600, To: 720, Why: "ramadan"}},
		Holidays: []timetable.Holiday{{First: "2026-03-20", Last: "2026-03-21"}},
		Prayers: func(date string) []timetable.Prayer {
			if date == "2026-03-06" {
				return []timetable.Prayer{{Name: timetable.Jumua, From: 800, To: 860}, {Name: "asr", From: 960, To: 960}}
			}
			return nil
		},
	}
	for _, c := range []struct {
		what string
		b    timetable.Booking
		want string
	}{
		{"fits", timetable.Booking{Room: named(1), Date: "2026-03-02", From: 600, To: 720, People: 20}, "[]"},
		{"over two stretches that touch", timetable.Booking{Date: "2026-03-02", From: 700, To: 740}, "[]"},
		{"too many", timetable.Booking{Room: named(1), Date: "2026-03-02", From: 600, To: 720, People: 21}, "[seats]"},
		{"a closed room", timetable.Booking{Room: named(2), Date: "2026-03-02", From: 600, To: 720, People: 21}, "[room_closed]"},
		{"an unknown room", timetable.Booking{Room: named(3), Date: "2026-03-02", From: 600, To: 720, People: 21}, "[]"},
		{"too early", timetable.Booking{Date: "2026-03-02", From: 539, To: 720}, "[hours]"},
		{"too late", timetable.Booking{Date: "2026-03-02", From: 1000, To: 1081}, "[hours]"},
		{"a closed day", timetable.Booking{Date: "2026-03-03", From: 600, To: 720}, "[hours]"},
		{"other hours: closed", timetable.Booking{Date: "2026-03-09", From: 600, To: 720}, "[hours]"},
		{"other hours: open", timetable.Booking{Date: "2026-03-16", From: 600, To: 720}, "[]"},
		{"other hours: too long", timetable.Booking{Date: "2026-03-16", From: 600, To: 730}, "[hours]"},
		{"a holiday", timetable.Booking{Date: "2026-03-20", From: 600, To: 720}, "[holiday]"},
		{"Friday noon", timetable.Booking{Date: "2026-03-06", From: 780, To: 810}, "[friday]"},
		{"after Friday noon", timetable.Booking{Date: "2026-03-06", From: 860, To: 900}, "[]"},
		{"a prayer within", timetable.Booking{Date: "2026-03-06", From: 900, To: 1020}, "[prayer]"},
		{"a prayer at its end", timetable.Booking{Date: "2026-03-06", From: 900, To: 960}, "[]"},
	} {
		var kinds []timetable.Kind
		for _, x := range timetable.Find([]timetable.Booking{c.b}, w) {
			kinds = append(kinds, x.Kind)
		}
		if fmt.Sprint(kinds) != c.want {
			t.Errorf("%s: %v, want %s", c.what, kinds, c.want)
		}
	}
	if timetable.RoomTwice.Level() != timetable.Refused || timetable.RoomSmall.Level() != timetable.Warned || timetable.OnPrayer.Level() != timetable.Noted {
		t.Error("levels")
	}
	if got := timetable.Find([]timetable.Booking{{Date: "2026-03-03", From: 0, To: 60}}, timetable.World{}); len(got) > 0 {
		t.Errorf("nobody stated hours, and still %v", got)
	}
}

// Of other hours that overlap the shortest decide, then those that start last, in whatever order they come.
func TestOtherHours(t *testing.T) {
	others := []timetable.Other{
		{First: "2026-02-18", Last: "2026-03-19", From: 600, To: 900, Why: "ramadan"},
		{First: "2026-03-04", Last: "2026-03-04", Why: "peinture"},
		{First: "2026-03-10", Last: "2026-03-12", Why: "panne"},
		{First: "2026-03-11", Last: "2026-03-13", From: 600, To: 660, Why: "visite"},
	}
	for range 2 {
		for date, want := range map[string]string{"2026-02-17": "", "2026-02-18": "ramadan", "2026-03-04": "peinture", "2026-03-05": "ramadan", "2026-03-10": "panne", "2026-03-11": "visite", "2026-03-13": "visite", "2026-03-14": "ramadan"} {
			if o, found := timetable.OtherOn(others, date); o.Why != want || found != (want != "") {
				t.Errorf("%s: %q, want %q", date, o.Why, want)
			}
		}
		slices.Reverse(others)
	}
	w := timetable.World{Others: others}
	if got := timetable.Find([]timetable.Booking{{ID: named(1), Date: "2026-03-04", From: 600, To: 660}}, w); len(got) != 1 || got[0].Kind != timetable.OutOfHours || got[0].Why != "peinture" {
		t.Errorf("a closed day within Ramadan: %v", got)
	}
}

func TestClock(t *testing.T) {
	for s, want := range map[string]int{"00:00": 0, "09:05": 545, "23:59": 1439, "24:00": -1, "9:00": -1, "09:60": -1, "": -1, "ab:cd": -1, "٠٩:00": -1} {
		got, ok := timetable.Clock(s)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %d %v", s, got, ok)
		}
		if ok && timetable.Hour(got) != s {
			t.Errorf("%q comes back as %q", s, timetable.Hour(got))
		}
	}
}

var morocco = timetable.Method{Fajr: 19, Isha: 17, Noon: 5, Sunset: 5}

// Times of prayer follow the sun: noon in the middle of the day, days of the length that the latitude gives, and clocks
// that leave their hour in Ramadan.
func TestPrayers(t *testing.T) {
	at, err := timetable.Prayers(34.02, -6.84, "Africa/Casablanca", morocco)
	if err != nil {
		t.Fatal(err)
	}
	of := func(date, name string) int {
		for _, p := range at(date) {
			if p.Name == name {
				return p.From
			}
		}
		t.Fatalf("%s has no %s: %v", date, name, at(date))
		return 0
	}
	near := func(what string, got, want int) {
		t.Helper()
		if got < want-4 || got > want+4 {
			t.Errorf("%s: %s, want about %s", what, timetable.Hour(got), timetable.Hour(want))
		}
	}
	near("noon in March", of("2026-04-15", "dhuhr"), 13*60+32)                                   // 12:27 by the sun, an hour for the clock, five minutes for the method
	near("sunset on the longest day", of("2026-06-21", "maghrib"), 20*60+44+5)                   // half of 14:21 after noon
	near("an hour less in Ramadan", of("2026-03-02", "dhuhr")-of("2026-04-15", "dhuhr"), -60+12) // and the equation of time
	for _, date := range []string{"2026-01-01", "2026-06-21", "2026-12-31"} {
		last := 0
		for _, p := range at(date) {
			if p.From <= last {
				t.Errorf("%s: %v", date, at(date))
			}
			last = p.From
		}
	}
	if p := at("2026-03-06")[1]; p.Name != timetable.Jumua || p.To-p.From != 60 {
		t.Errorf("Friday noon: %+v", p)
	}
	if at("never") != nil {
		t.Error("a day that there is not has prayers")
	}
	if _, err := timetable.Prayers(0, 0, "Nowhere/At_All", morocco); err == nil {
		t.Error("a zone that there is not was taken")
	}
}

// week is a week's timetable of 12 rooms and 20 trainers: six days, six sessions a day in each room.
func week() ([]timetable.Booking, timetable.World) {
	rng := rand.New(rand.NewPCG(1, 2))
	w := timetable.World{Rooms: map[id.ID]timetable.Room{}, Devices: map[string]int{"laptop": 60, "tablet": 30}}
	for d := range 6 {
		w.Open = append(w.Open, timetable.Span{Day: time.Weekday(d + 1), From: 480, To: 1200})
	}
	for y := 2025; y < 2046; y++ {
		for m := range 12 {
			w.Holidays = append(w.Holidays, timetable.Holiday{First: fmt.Sprintf("%d-%02d-28", y, m+1), Last: fmt.Sprintf("%d-%02d-28", y, m+1)})
		}
	}
	w.Prayers, _ = timetable.Prayers(34.02, -6.84, "Africa/Casablanca", morocco)
	var bs []timetable.Booking
	for d := range 6 {
		for r := range 12 {
			w.Rooms[named(100+r)] = timetable.Room{Seats: 25}
			for s := range 6 {
				bs = append(bs, timetable.Booking{ID: id.New(), Group: named(200 + rng.IntN(60)), Room: named(100 + r), Trainers: []id.ID{named(300 + rng.IntN(20))}, Date: fmt.Sprintf("2026-03-0%d", 2+d),
					From: 480 + 120*s, To: 600 + 120*s, People: 20 + rng.IntN(10), Devices: map[string]int{"laptop": rng.IntN(12)}})
			}
		}
	}
	return bs, w
}

func BenchmarkWeek(b *testing.B) {
	bs, w := week()
	w.Prayers("2026-03-02")
	for b.Loop() {
		if len(timetable.Find(bs, w)) == 0 {
			b.Fatal("nothing clashes")
		}
	}
}

func BenchmarkPrayerYear(b *testing.B) {
	n := 2000
	for b.Loop() {
		at, err := timetable.Prayers(34, -6, "Africa/Casablanca", morocco)
		if err != nil {
			b.Fatal(err)
		}
		n++
		at(fmt.Sprintf("%d-01-01", n%50+2000))
	}
}
