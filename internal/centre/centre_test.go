package centre_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/centre"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

var (
	ctx   = context.Background()
	must  = testnode.Must
	all   = access.Everywhere()
	here  = id.Named("test", "a centre")
	there = id.Named("test", "another centre")
)

func is(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func refused(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// words writes values side by side.
func words(v ...any) string { return strings.TrimSpace(fmt.Sprintln(v...)) }

func second[T any](_ T, err error) error { return err }

// node is a node with the area on it.
type node struct {
	*testnode.Node
	*centre.Centres
}

func each(t *testing.T, f func(t *testing.T, n node)) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := testnode.New(t, testhouse.Place(t, e), house.Registry())
		f(t, node{n, centre.New(n.Log)})
		n.Whole()
	})
}

func (n node) facts(t testing.TB) int64 {
	t.Helper()
	c, err := n.Count(ctx, n.DB)
	must(t, err)
	return c
}

// Host, operator and premises change hands each by itself, and each day has its holder.
func TestHolders(t *testing.T) {
	each(t, func(t *testing.T, n node) {
		set := func(part, name, from, to string) error {
			return n.SetHolder(ctx, id.Nil, all, centre.HolderStated{Centre: here, Part: part, Name: name, From: from, To: to})
		}
		must(t, set(centre.Host, "Ministère", "2024-01-01", ""))
		must(t, set(centre.Operator, "A", "2024-01-01", "2025-06-30"))
		must(t, set(centre.Operator, "B", "2025-09-01", ""))
		must(t, set(centre.Operator, "B bis", "2025-09-01", "")) // corrected
		before := n.facts(t)
		must(t, set(centre.Operator, "B bis", "2025-09-01", ""))
		refused(t, "backwards", set(centre.Premises, "C", "2025-09-01", "2025-08-01"), centre.ErrEndsBefore)
		refused(t, "of another centre", n.SetHolder(ctx, id.Nil, access.At(there), centre.HolderStated{Centre: here, Part: centre.Host, Name: "X", From: "2025-01-01"}), access.ErrDenied)
		is(t, "facts of what was said and of refusals", n.facts(t), before)
		l, err := n.Holders(ctx, n.DB, here)
		must(t, err)
		for _, c := range []struct{ part, day, want string }{
			{centre.Host, "2023-12-31", ""}, {centre.Host, "2026-01-01", "Ministère"}, {centre.Operator, "2025-06-30", "A"}, {centre.Operator, "2025-07-15", ""},
			{centre.Operator, "2026-03-02", "B bis"}, {centre.Premises, "2026-03-02", ""},
		} {
			got := ""
			if h := centre.Holding(l, c.part, c.day); h != nil {
				got = h.Name
			}
			is(t, c.part+" on "+c.day, got, c.want)
		}
		must(t, n.SetHolder(ctx, id.Nil, all, centre.HolderStated{Centre: here, Part: centre.Operator, Name: "B bis", From: "2025-09-01", Removed: true}))
		l, err = n.Holders(ctx, n.DB, here)
		must(t, err)
		is(t, "without the mistake", len(l), 2)
	})
}

func TestRoomsAndHours(t *testing.T) {
	each(t, func(t *testing.T, n node) {
		a, err := n.SetRoom(ctx, id.Nil, all, id.Nil, centre.RoomDescribed{Centre: here, Name: " Salle 1 ", Seats: 24})
		must(t, err)
		refused(t, "the same name", second(n.SetRoom(ctx, id.Nil, all, id.Nil, centre.RoomDescribed{Centre: here, Name: "salle 1", Seats: 10})), centre.ErrNameTaken)
		if second(n.SetRoom(ctx, id.Nil, all, id.Nil, centre.RoomDescribed{Centre: here, Name: "x"})) == nil {
			t.Error("a room without seats was taken")
		}
		_, err = n.SetRoom(ctx, id.Nil, all, a, centre.RoomDescribed{Centre: here, Name: "Salle 1", Seats: 24, Closed: true})
		must(t, err)
		_, err = n.SetRoom(ctx, id.Nil, all, id.Nil, centre.RoomDescribed{Centre: here, Name: "salle 1", Seats: 10, Accessible: true})
		must(t, err) // the name is free again
		l, err := n.Rooms(ctx, n.DB, here)
		must(t, err)
		is(t, "rooms", words(len(l), l[0].Name, l[0].Accessible, l[1].Closed), "2 salle 1 true true")
		_, err = n.Room(ctx, n.DB, there, a)
		refused(t, "another centre's room", err, centre.ErrNoRoom)

		week := centre.HoursStated{Centre: here, Spans: []centre.Span{{Day: 6, From: "09:00", To: "12:00"}, {Day: 3, From: "14:00", To: "18:00"}, {Day: 3, From: "16:00", To: "18:00", Access: true}}}
		must(t, n.SetHours(ctx, id.Nil, all, week))
		got, conflict, err := n.Hours(ctx, n.DB, here)
		must(t, err)
		is(t, "week", words(got, conflict), "[{Wednesday 14:00 18:00 false} {Wednesday 16:00 18:00 true} {Saturday 09:00 12:00 false}] false")
		week.Spans = append(week.Spans, centre.Span{Day: 6, From: "11:00", To: "13:00"})
		refused(t, "overlap", n.SetHours(ctx, id.Nil, all, week), centre.ErrOverlap)
		must(t, n.SetHours(ctx, id.Nil, all, centre.HoursStated{Centre: here}))
		got, _, err = n.Hours(ctx, n.DB, here)
		must(t, err)
		is(t, "no hours", len(got), 0)

		must(t, n.SetException(ctx, id.Nil, all, centre.ExceptionStated{Centre: here, From: "2026-03-10", To: "2026-03-12", Why: "peinture"}))
		must(t, n.SetException(ctx, id.Nil, all, centre.ExceptionStated{Centre: here, From: "2026-02-10", To: "2026-02-12", Opens: "10:00", Closes: "12:00", Why: "passé"}))
		e, err := n.Exceptions(ctx, n.DB, here, "2026-03-12")
		must(t, err)
		is(t, "exceptions to come", words(len(e), e[0].Why), "1 peinture")
		b := centre.ExceptionStated{Centre: here, From: "2026-03-10", To: "2026-03-12", Why: "peinture"}
		must(t, n.SetException(ctx, id.Nil, all, b)) // the same again says nothing
		b.To, b.Why = "2026-04-10", "ramadan"
		refused(t, "others from the same day", n.SetException(ctx, id.Nil, all, b), centre.ErrDayTaken)
		e, err = n.Exceptions(ctx, n.DB, here, "2026-03-12")
		must(t, err)
		is(t, "what stands", words(len(e), e[0].Why, e[0].To), "1 peinture 2026-03-12")
		b.Removed = true
		must(t, n.SetException(ctx, id.Nil, all, b))
		b.Removed = false
		must(t, n.SetException(ctx, id.Nil, all, b))
	})
}

// A device goes through its states, and nobody lends what is not there.
func TestDevices(t *testing.T) {
	each(t, func(t *testing.T, n node) {
		add := func(number string) (id.ID, error) {
			return n.SetDevice(ctx, id.Nil, all, id.Nil, centre.DeviceDescribed{Centre: here, Number: number, Kind: "laptop", Model: "L 14"})
		}
		d, err := add("PC-01")
		must(t, err)
		refused(t, "the same number", second(add("PC-01")), centre.ErrNumberTaken)
		_, err = add("PC-02")
		must(t, err)
		p := id.New()
		set := func(s centre.DeviceStated) error { s.On = "2026-03-02"; return n.Set(ctx, id.Nil, all, d, s) }
		shows := func(want string) {
			t.Helper()
			x, err := n.Device(ctx, n.DB, all, d)
			must(t, err)
			is(t, "device", words(x.State, x.Due, x.What, x.Person == p), want)
		}
		shows("ready   false")
		must(t, set(centre.DeviceStated{State: centre.Lent, Person: p, Due: "2026-03-09"}))
		shows("lent 2026-03-09  true")
		must(t, set(centre.DeviceStated{State: centre.Lent, Person: p, Due: "2026-03-16"})) // longer
		before := n.facts(t)
		refused(t, "retired while lent", set(centre.DeviceStated{State: centre.Retired, What: "old"}), centre.ErrState)
		refused(t, "lent into the past", set(centre.DeviceStated{State: centre.Lent, Person: p, Due: "2026-03-01"}), centre.ErrEndsBefore)
		for what, s := range map[string]centre.DeviceStated{"to nobody": {State: centre.Lent, Due: "2026-03-09"}, "to two": {State: centre.Lent, Person: p, Group: p, Due: "2026-03-09"}, "a fault without words": {State: centre.Faulty}} {
			if set(s) == nil {
				t.Errorf("%s was taken", what)
			}
		}
		refused(t, "another's", n.Set(ctx, id.Nil, access.At(there), d, centre.DeviceStated{State: centre.Ready, On: "2026-03-02"}), centre.ErrNoDevice)
		is(t, "facts of refusals", n.facts(t), before)
		lent, err := n.LentTo(ctx, n.DB, all, p)
		must(t, err)
		is(t, "what the person has", len(lent), 1)
		is(t, "late", words(lent[0].Late("2026-03-16"), lent[0].Late("2026-03-17")), "false true")
		must(t, set(centre.DeviceStated{State: centre.Faulty, What: "écran"}))
		must(t, set(centre.DeviceStated{State: centre.Repair}))
		must(t, set(centre.DeviceStated{State: centre.Retired, What: "irréparable"}))
		shows("retired  irréparable false")
		h, err := n.HistoryOf(ctx, n.DB, d)
		must(t, err)
		is(t, "history", words(len(h), h[0].State, h[4].State), "5 retired lent")
		s, err := n.Stock(ctx, n.DB, here)
		must(t, err)
		is(t, "stock", words(len(s), s[0].All, s[0].State[centre.Ready]), "1 1 1")
		l, next, err := n.Devices(ctx, n.DB, here, centre.DeviceFilter{Search: "pc", Size: 1})
		must(t, err)
		is(t, "first page", words(len(l), l[0].Number), "1 PC-01")
		l, next, err = n.Devices(ctx, n.DB, here, centre.DeviceFilter{Search: "pc", Size: 1, After: next})
		must(t, err)
		is(t, "second page", words(len(l), l[0].Number, next == ""), "1 PC-02 true")
	})
}

// Of two who bring one device into two states at once, one is told.
func TestOneDeviceTwoHands(t *testing.T) {
	each(t, func(t *testing.T, n node) {
		d, err := n.SetDevice(ctx, id.Nil, all, id.Nil, centre.DeviceDescribed{Centre: here, Number: "1", Kind: "tablet"})
		must(t, err)
		done := make(chan error)
		for range 4 {
			go func() {
				done <- n.Set(ctx, id.Nil, all, d, centre.DeviceStated{State: centre.Retired, On: "2026-03-02", What: "old"})
			}()
		}
		bad := 0
		for range 4 {
			if err := <-done; errors.Is(err, centre.ErrState) {
				bad++
			} else {
				must(t, err)
			}
		}
		is(t, "told", bad, 3)
	})
}

func TestRounds(t *testing.T) {
	each(t, func(t *testing.T, n node) {
		r, err := n.SetRound(ctx, id.Nil, all, id.Nil, centre.RoundPlanned{Centre: here, Name: "Vallée", Stops: []centre.Stop{{Date: "2026-03-05", Spot: "Souk", From: "09:00", To: "12:00"}, {Date: "2026-03-03", Spot: "École"}}})
		must(t, err)
		for what, b := range map[string]centre.RoundPlanned{"no stops": {Centre: here, Name: "x"}, "no date": {Centre: here, Name: "x", Stops: []centre.Stop{{Spot: "y"}}},
			"backwards": {Centre: here, Name: "x", Stops: []centre.Stop{{Date: "2026-03-05", Spot: "y", From: "12:00", To: "09:00"}}}} {
			if second(n.SetRound(ctx, id.Nil, all, id.Nil, b)) == nil {
				t.Errorf("a round with %s was taken", what)
			}
		}
		x, err := n.Round(ctx, n.DB, here, r)
		must(t, err)
		is(t, "round", words(x.From, x.To, x.Stops[0].Spot, x.Count), "2026-03-03 2026-03-05 École 2")
		refused(t, "another centre's", second(n.Round(ctx, n.DB, there, r)), centre.ErrNoRound)
		for _, c := range []struct {
			today string
			past  bool
			want  int
		}{{"2026-03-05", false, 1}, {"2026-03-06", false, 0}, {"2026-03-06", true, 1}} {
			l, err := n.Rounds(ctx, n.DB, here, c.today, c.past, 10)
			must(t, err)
			is(t, c.today, len(l), c.want)
		}
	})
}

func TestDistance(t *testing.T) {
	n := testnode.New(t, testnode.Place(t, store.SQLite), house.Registry())
	p := place.New(n.Log)
	at := func(code, typ, parent, name string, lat, lon float64) place.Described {
		return place.Described{Code: code, Type: typ, Parent: parent, Name: i18n.Text{i18n.FR: name, i18n.AR: name + "ة"}, Lat: lat, Lon: lon}
	}
	_, _, err := p.Describe(ctx, id.Nil, []place.Described{at("X", "country", "", "X", 0, 0), at("X-P", "province", "X", "Érrachidia", 31.93, -4.42), at("X-C", "commune", "X-P", "Goulmima", 31.69, -4.96),
		at("X-N", "commune", "X-P", "Nowhere", 0, 0), at("X-M", "centre", "X-P", "M", 31.94, -4.43), at("X-L", "centre", "X-P", "L", 0, 0)})
	must(t, err)
	tree, err := p.Tree(ctx, n.DB)
	must(t, err)
	wrote := map[string]int64{"ERRACHIDIA": 3, "goul-mima": 1, "Nowhere": 5, "Paris": 1}
	d := centre.DistanceTo(tree, tree.Code("X-M"), wrote, 20)
	if d.Known != 4 || d.Unknown != 16 || d.Beyond != 1 || d.Median < 1 || d.Median > 2 {
		t.Errorf("%+v", d)
	}
	d = centre.DistanceTo(tree, tree.Code("X-M"), map[string]int64{"Goulmima": 3, "Errachidia": 1}, 4)
	if d.Median < 50 || d.Median > 65 || d.Beyond != 3 || d.Unknown != 0 {
		t.Errorf("%+v", d)
	}
	if d := centre.DistanceTo(tree, tree.Code("X-L"), wrote, 20); d.Known != 0 || d.Unknown != 20 {
		t.Errorf("a centre without coordinates: %+v", d)
	}
}

func TestHoursCheck(t *testing.T) {
	for what, h := range map[string]centre.HoursStated{
		"no clock":  {Centre: here, Spans: []centre.Span{{Day: 1, From: "9:00", To: "10:00"}}},
		"no day":    {Centre: here, Spans: []centre.Span{{Day: 7, From: "09:00", To: "10:00"}}},
		"backwards": {Centre: here, Spans: []centre.Span{{Day: time.Monday, From: "10:00", To: "10:00"}}},
		"nowhere":   {},
	} {
		if h.Check() == nil {
			t.Errorf("%s: taken", what)
		}
	}
}
