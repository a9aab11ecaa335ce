// Package measure holds the indicators and the cube: who was reached, counted once, at the grain of a person, and the
// sums that dashboards read. It knows nothing of groups or sessions; the areas that do tell it what changed.
package measure

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"tizi/internal/id"
	"tizi/internal/store"
)

// The indicators of this release. Counting people and counting participations are different indicators.
const (
	// People counts each person once who took part at least once in the period.
	People = "people"
	// Participations counts each presence of a person in a session.
	Participations = "participations"
)

// Indicators are all indicators.
var Indicators = []string{People, Participations}

// Total is the period of a whole programme.
const Total = ""

var periodForm = regexp.MustCompile(`^[0-9]{4}(0[1-9]|1[0-2])?$`)

// IsPeriod reports whether s is a month 202601 or a year 2026.
func IsPeriod(s string) bool { return periodForm.MatchString(s) }

// Month returns the period of a civil date: "2026-03-14" → "202603".
func Month(date string) string {
	if len(date) < 7 {
		return ""
	}
	return date[:4] + date[5:7]
}

// Cell is the coarse description of a person that an enrolment carries unsealed, so that counts survive erasure.
type Cell struct {
	Sex       string `json:"sex,omitempty"`       // f, m
	Age       string `json:"age,omitempty"`       // a band of AgeBands
	Milieu    string `json:"milieu,omitempty"`    // urban, rural
	Schooling string `json:"schooling,omitempty"` // in_school, out_of_school, never, graduate
}

// Unknown is the value of a dimension that nobody stated.
const Unknown = "unknown"

// AgeBands are the bands people are counted in, by their age on the first day of a phase.
var AgeBands = []string{"0-7", "8-10", "11-14", "15-18", "19-24", "25-34", "35+", Unknown}

// Dimensions of a cell and the values that each may have.
var Dimensions = []struct {
	Name   string
	Values []string
}{
	{"sex", []string{"f", "m", Unknown}},
	{"age", AgeBands},
	{"milieu", []string{"urban", "rural", Unknown}},
	{"schooling", []string{"in_school", "out_of_school", "never", "graduate", Unknown}},
}

// Check says whether the cell's words are known.
func (c Cell) Check() error {
	for i, v := range []string{c.Sex, c.Age, c.Milieu, c.Schooling} {
		if d := Dimensions[i]; v != "" && !slices.Contains(d.Values, v) {
			return fmt.Errorf("%q is no %s", v, d.Name)
		}
	}
	return nil
}

func known(s string) string {
	if s == "" {
		return Unknown
	}
	return s
}

// Age returns the whole years of somebody born on a date ("2014-12-31") or in a year ("2014") on a day. A year alone
// counts as its middle.
func Age(birth, day string) (years int, ok bool) {
	if len(birth) == 4 {
		birth += "-07-01"
	}
	b, err1 := time.Parse(time.DateOnly, birth)
	d, err2 := time.Parse(time.DateOnly, day)
	if err1 != nil || err2 != nil || d.Before(b) {
		return 0, false
	}
	years = d.Year() - b.Year()
	if d.Month() < b.Month() || d.Month() == b.Month() && d.Day() < b.Day() {
		years--
	}
	return years, true
}

// AgeBand returns the band of somebody born on a date or in a year on a day.
func AgeBand(birth, day string) string {
	years, ok := Age(birth, day)
	if !ok {
		return Unknown
	}
	for _, a := range []struct {
		max  int
		band string
	}{{7, "0-7"}, {10, "8-10"}, {14, "11-14"}, {18, "15-18"}, {24, "19-24"}, {34, "25-34"}} {
		if years <= a.max {
			return a.band
		}
	}
	return "35+"
}

// The tables. A person is counted, in each period, at one centre: the one of the earliest month of the period, and there
// the one with the most presences (the smallest id of two alike). So the centres of a region add up to the region, and
// the list behind a number has just as many names.
var (
	// memberTable has who belongs to a programme, one row for each enrolment.
	memberTable = &store.Table{Name: "measure_member", Key: 3, Columns: store.Cols("programme:id person:id enrolment:id centre:id sex:text age:text milieu:text schooling:text")}
	// monthTable has presences by person, month and centre.
	monthTable = &store.Table{Name: "measure_month", Key: 4, Columns: store.Cols("programme:id person:id month:text centre:id n:int")}
	// reachTable is the cube at the grain of a person: in which cell somebody is counted, by period.
	reachTable = &store.Table{Name: "measure_reach", Key: 3, Columns: store.Cols("programme:id period:text person:id centre:id sex:text age:text milieu:text schooling:text"),
		// The whole row, or a list of one centre would walk the key, in the order of persons, through all centres.
		Indexes: []string{"programme, period, centre, person, sex, age, milieu, schooling"}}
	// cellTable is the cube's sums.
	cellTable = &store.Table{Name: "measure_cell", Key: 7, Columns: store.Cols("programme:id period:text centre:id sex:text age:text milieu:text schooling:text people:int participations:int")}
)

// Tables are the tables of this area.
var Tables = []*store.Table{memberTable, monthTable, reachTable, cellTable}

// Member is one enrolment as the cube sees it.
type Member struct {
	Programme, Person, Enrolment, Centre id.ID
	Cell                                 Cell
}

// Presence is one person being present once.
type Presence struct {
	Programme, Person, Centre id.ID
	Month                     string
}
