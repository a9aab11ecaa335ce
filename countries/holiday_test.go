package countries

import (
	"strings"
	"testing"

	"tizi/internal/i18n"
)

func TestHolidaysOfMorocco(t *testing.T) {
	c := morocco(t)
	count := map[string]int{}
	for i, h := range c.Holidays {
		count[h.Kind+" "+h.From[:4]]++
		for _, l := range []i18n.Lang{i18n.AR, i18n.FR, i18n.EN} {
			if h.Name[l] == "" {
				t.Errorf("%s has no name in %s", h.From, l)
			}
		}
		if i > 0 && h.From < c.Holidays[i-1].From {
			t.Errorf("%s stands after %s", h.From, c.Holidays[i-1].From)
		}
		if h.Kind == HolidaySchool && !h.Approximate {
			t.Errorf("the school holidays from %s are not marked approximate", h.From)
		}
		if h.Kind == HolidayReligious && h.From > "2026" && !h.Approximate {
			t.Errorf("%s hangs on the moon and is not marked approximate", h.From)
		}
	}
	for kind, want := range map[string]int{
		"civil 2025": 10, "civil 2026": 11, "civil 2027": 11, // Unity Day since 2026
		"religious 2025": 4, "religious 2026": 4, "religious 2027": 4, "religious 2030": 4, "civil 2040": 11,
	} {
		if count[kind] != want {
			t.Errorf("%s: %d, want %d", kind, count[kind], want)
		}
	}
}

func TestHolidayOn(t *testing.T) {
	h := Holiday{From: "2026-01-25", To: "2026-02-01"}
	for day, want := range map[string]bool{"2026-01-24": false, "2026-01-25": true, "2026-01-30": true, "2026-02-01": true, "2026-02-02": false} {
		if h.On(day) != want {
			t.Errorf("%s: %v", day, !want)
		}
	}
}

func TestBadHolidays(t *testing.T) {
	const head = "from,to,kind,approximate,yearly,name_ar,name_fr,name_zgh,name_en\n"
	for row, want := range map[string]string{
		"2026-02-30,2026-03-01,civil,,,,x,,":           "no date",
		"2026-03-02,2026-03-01,civil,,,,x,,":           "ends before",
		"2026-03-02,2026-03-02,feast,,,,x,,":           "no kind",
		"2026-03-02,2026-03-02,civil,maybe,,,x,,":      "approximate",
		"2026-03-02,2026-03-02,civil,,,,,,":            "name",
		"2026-03-02,2026-03-02,religious,yes,yes,,x,,": "yearly",
		"2026-03-02,2026-03-02,civil":                  "cells",
	} {
		if _, err := readHolidays(strings.NewReader(head + row + "\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", row, err, want)
		}
	}
	if _, err := readHolidays(strings.NewReader("from,to\n")); err == nil {
		t.Error("a file without its columns was read")
	}
}
