package countries

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
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
	t, bad, err := newTable(r, []string{"from", "to", "kind", "approximate", "name_ar", "name_fr", "name_zgh", "name_en"}, nil)
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
	}
}

func holiday(c map[string]string) (Holiday, error) {
	h := Holiday{From: c["from"], To: c["to"], Kind: c["kind"], Approximate: c["approximate"] == "yes", Name: name(c)}
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
	case len(h.Name) == 0:
		return h, errors.New("a holiday has a name")
	}
	return h, nil
}
