package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/centre"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// TestTimetable plans, moves and cancels sessions by their forms.
func TestTimetable(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}},
			Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 14}}})
		must(t, err)
		s := n.spot(t, "in", "MA-ERR-MJ1")
		acc := n.open(t, access.Centre, access.Place(s.centre), false)
		stand := n.open(t, access.Trainer, access.Place(s.centre), false)
		must(t, n.Centres.SetHours(ctx, id.Nil, access.Everywhere(), centre.HoursStated{Centre: s.centre, Spans: []centre.Span{{Day: time.Tuesday, From: "09:00", To: "18:00"}, {Day: time.Friday, From: "09:00", To: "18:00"}}}))
		other := n.spot(t, "beside", "MA-ERR-MJ1")
		plan, beside := "/groups/"+s.group.String()+"/session", "/groups/"+other.group.String()+"/session"
		room := s.room.String()
		taken := func(what string, want bool, path string, pairs ...string) string {
			t.Helper()
			facts, err := n.Log.Count(ctx, n.DB)
			must(t, err)
			to, body := n.form(t, acc, path, pairs...)
			after, err := n.Log.Count(ctx, n.DB)
			must(t, err)
			if (to != "") != want || (after > facts) != want {
				t.Errorf("%s: to %q, %d facts", what, to, after-facts)
			}
			for i := 0; !want && i < len(pairs); i += 2 {
				if pairs[i+1] != "" && !strings.Contains(body, pairs[i+1]) {
					t.Errorf("%s: %q that was typed is gone", what, pairs[i+1])
				}
			}
			return body
		}
		taken("backwards", false, plan, "date", "2026-03-10", "from", "12:00", "to", "10:00")
		taken("until before", false, plan, "date", "2026-03-10", "until", "2026-03-01", "from", "10:00", "to", "12:00")
		taken("no day", false, plan, "date", "bientôt", "from", "10:00", "to", "12:00")
		taken("after the phase", false, plan, "date", "2027-03-09", "from", "10:00", "to", "12:00")
		taken("too many devices", false, plan, "date", "2026-03-10", "from", "10:00", "to", "12:00", "devices_laptop", "beaucoup")
		// Looking writes nothing and shows the days and the Eid that a series would meet.
		facts, err := n.Log.Count(ctx, n.DB)
		must(t, err)
		status, _, body := n.request(t, acc, "POST", plan, url.Values{"date": {"2026-03-10"}, "until": {"2026-03-31"}, "days": {"2", "5"}, "from": {"10:00"}, "to": {"12:00"}, "room_id": {room}, "look": {"1"}})
		after, err := n.Log.Count(ctx, n.DB)
		must(t, err)
		if status != 200 || after != facts || !strings.Contains(body, "6 nouvelles séances") || !strings.Contains(body, "Aïd al-Fitr") {
			t.Errorf("looking: status %d, %d facts", status, after-facts)
		}
		taken("a series", true, plan, "date", "٢٠٢٦-٠٣-١٠", "until", "2026-03-31", "from", "10:00", "to", "12:00", "room_id", room)
		body = taken("the room again", false, beside, "date", "2026-03-17", "from", "11:00", "to", "13:00", "room_id", room)
		if !strings.Contains(body, "est prise à cette heure par G in") {
			t.Error("the page does not say who has the room")
		}
		body = taken("on a closed day", false, beside, "date", "2026-03-18", "from", "11:00", "to", "13:00")
		if !strings.Contains(body, `name="despite"`) {
			t.Error("the page does not let it be confirmed")
		}
		taken("on a closed day, confirmed", true, beside, "date", "2026-03-18", "from", "11:00", "to", "13:00", "despite", "yes")
		body = taken("Friday noon", false, beside, "date", "2026-03-13", "from", "12:00", "to", "14:00")
		if !strings.Contains(body, "Prière du vendredi vers 12:") { // in Ramadan the clock goes by the sun
			t.Error("the page does not speak of Friday noon")
		}
		for _, by := range []string{"room", "trainer"} {
			if _, _, body := n.request(t, acc, "GET", "/timetable?week=2026-03-20&by="+by, nil); !strings.Contains(body, "G in") || !strings.Contains(body, "G beside") {
				t.Errorf("the week by %s misses a session", by)
			}
		}
		session := training.SessionID(s.group, "2026-03-17", "10:00").String()
		change := "/sessions/" + session + "/change"
		taken("moved without a cause", false, change, "date", "2026-03-24", "from", "14:00", "to", "16:00")
		taken("moved onto its own group", false, change, "date", "2026-03-24", "from", "10:30", "to", "12:30", "why", "room")
		taken("moved", true, change, "date", "2026-03-24", "from", "14:00", "to", "16:00", "why", "room", "trainer", stand.ID.String())
		if status, _, _ := n.request(t, stand, "GET", "/sessions/"+session, nil); status != 200 {
			t.Errorf("who stands in gets %d", status)
		}
		at := strings.TrimSuffix(change, "change")
		taken("cancelled without a cause", false, at+"cancel", "why", "")
		taken("cancelled", true, at+"cancel", "why", "weather")
		_, _, body = n.request(t, acc, "GET", "/sessions/"+session+"/notice", nil)
		if !strings.Contains(body, "est annulée") || !strings.Contains(body, "أُلغيت") {
			t.Error("the notice does not say in two languages that the session is cancelled")
		}
		taken("restored", true, at+"restore")
		must(t, n.Training.Take(ctx, id.Nil, access.Everywhere(), s.session, map[id.ID]string{s.person: training.Present}, "list"))
		taken("what took place", false, "/sessions/"+s.session.String()+"/cancel", "why", "weather")
		// A new group whose series cannot be held stands, and its sessions are looked at.
		to, _ := n.form(t, acc, "/groups/new", "name", "G3", "phase", programme.PhaseID(programme.ID("P"), "1").String(), "centre", s.centre.String(), "from", "2026-03-10", "to", "2026-03-20", "days", "3", "starts", "10:00", "ends", "11:00")
		if !strings.Contains(to, "/session?") {
			t.Errorf("a group on closed days leads to %q", to)
		} else if status, _, body := n.request(t, acc, "GET", to, nil); status != 200 || !strings.Contains(body, "2 nouvelles séances") {
			t.Errorf("what the group leads to: status %d", status)
		}
	})
}
