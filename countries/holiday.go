package countries

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"tizi/internal/i18n"
)

// The kinds of a holiday.
const (
	HolidayCivil     = "civil"
	HolidayReligious = "religious" // by the moon: the day is announced shortly before
	HolidaySchool    = "school"
)

// Holiday is a stretch of days, both ends included, written 2026-03-14.
type Holiday struct {
	From, To string
	Name     i18n.Text
	Kind     string
	// Approximate says that the days were reckoned and not yet announced.
	Approximate bool

	yearly bool // it comes back on the same day of every year
}

// On tells whether the holiday covers a day, written 2026-03-14.
func (h Holiday) On(day string) bool { return h.From <= day && day <= h.To }

func loadHolidays(folder string) ([]Holiday, error) {
	f, err := folders.Open(path.Join(folder, "holidays.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readHolidays(f)
}

func readHolidays(r io.Reader) ([]Holiday, error) {
	t, bad, err := newTable(r, []string{"from", "to", "kind", "approximate", "yearly", "name_ar", "name_fr", "name_zgh", "name_en"}, nil)
	if err != nil {
		return nil, err
	}
	if bad != nil {
		return nil, bad[0]
	}
	var out []Holiday
	for {
		rec, bad, err := t.next()
		if errors.Is(err, io.EOF) {
			slices.SortStableFunc(out, func(a, b Holiday) int { return strings.Compare(a.From, b.From) })
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if bad != nil {
			return nil, bad[0]
		}
		h, err := holiday(rec.cells)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", rec.line, err)
		}
		out = append(out, h)
		for h.yearly && h.From[:4] < yearlyUntil {
			h.From, h.To = next(h.From), next(h.To)
			out = append(out, h)
		}
	}
}

// yearlyUntil is the last year that a rule is written out for.
const yearlyUntil = "2045"

// next is the same day a year later.
func next(day string) string {
	d, _ := time.Parse(time.DateOnly, day) // it was read already
	return d.AddDate(1, 0, 0).Format(time.DateOnly)
}

func holiday(c map[string]string) (Holiday, error) {
	h := Holiday{From: c["from"], To: c["to"], Kind: c["kind"], Approximate: c["approximate"] == "yes", yearly: c["yearly"] == "yes", Name: name(c)}
	for _, day := range []string{h.From, h.To} {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return h, fmt.Errorf("%q is no date", day)
		}
	}
	switch {
	case h.To < h.From:
		return h, fmt.Errorf("%s ends before it begins", h.From)
	case !slices.Contains([]string{HolidayCivil, HolidayReligious, HolidaySchool}, h.Kind):
		return h, fmt.Errorf("%q is no kind of holiday", h.Kind)
	case c["approximate"] != "yes" && c["approximate"] != "":
		return h, fmt.Errorf("approximate is yes or empty, not %q", c["approximate"])
	case c["yearly"] != "yes" && c["yearly"] != "" || h.yearly && h.Approximate:
		return h, fmt.Errorf("yearly is yes or empty, and yes only of a day that is fixed, not %q", c["yearly"])
	case len(h.Name) == 0:
		return h, errors.New("a holiday has a name")
	}
	return h, nil
}
