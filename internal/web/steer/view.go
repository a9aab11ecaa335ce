// Package steer is the door of who steers programmes: targets against reached,
// and the lists behind the numbers.
//
// The types named after a screen are what its template shows; see package centre
// for what is common to all of them. A number is kept as what was counted and
// what it is counted against, never as a percentage.
package steer

import (
	"tizi/internal/i18n"
	"tizi/internal/web/chart"
	"tizi/internal/web/shell"
)

// Board is the screen board/board, for the country or for one place in it. Its
// filters come back as programme, period and indicator.
type Board struct {
	// Place is what the screen is about; Way leads up to the country.
	Place         i18n.Text
	ProgrammeName i18n.Text
	Way           []shell.Crumb
	// Programme, Period and Indicator are the values chosen.
	Programme, Period, Indicator string
	Programmes, Periods          []shell.Option
	// NewURL leads to setting up a programme where there is none.
	NewURL string
	// PeriodName is the period, written out.
	PeriodName string

	Target, Reached shell.Figure
	// Women, Rural and OutOfSchool are parts of Reached.
	Women, Rural, OutOfSchool shell.Figure
	// WomenGoal and RuralGoal are the parts of the target, -1 where none is set.
	WomenGoal, RuralGoal int64
	// Centres that sent something, of all there are.
	Centres, CentresAll shell.Figure

	// Map is shown where Rows are regions; its Tiles are empty elsewhere.
	Map chart.TileMap
	// RowKind is the key of what a row is: place.region, place.centre …
	RowKind string
	Rows    []BoardRow
	// Sort has the columns name, target, reached, share, women and rural.
	Sort map[string]shell.Sort

	Months chart.Months
	// MonthRows are the same months as a table.
	MonthRows []MonthRow

	// Cells are the reached by sex, by age and by milieu, a table each.
	Cells []CellTable

	// GapsURL and EvidenceURL lead to where targets are missed, and to what stands behind the number of the place.
	GapsURL, EvidenceURL string

	// AsOf says when the figures were worked out, ready to read.
	AsOf string
}

// BoardRow is one place below.
type BoardRow struct {
	Name            i18n.Text
	URL             string
	Target, Reached shell.Figure
	Women, Rural    shell.Figure
	Bar             chart.Bar
}

// MonthRow is one month of the table.
type MonthRow struct {
	Period  string // 202601
	Reached shell.Figure
	Goal    int64 // -1 where none is set
}

// CellTable is one disaggregation.
type CellTable struct {
	// Family is the key of what it is by: sex, age or milieu. Row codes follow it.
	Family string
	Rows   []CellRow
	// Total is what the shares are of.
	Total int64
}

// CellRow is one value of a disaggregation.
type CellRow struct {
	Code    string
	Reached shell.Figure
	Target  int64 // -1 where none is set
	Bar     chart.Bar
}

// Behind is the screen board/behind: the people, or the participations, that a
// number counts.
type Behind struct {
	// What says in words what is counted.
	What string
	// Number is what stands on the board.
	Number int64
	// Filters are the limits it was counted within, in words.
	Filters []string
	// Participations says that a person may stand here more than once.
	Participations bool
	Rows           []BehindRow
	Pager          shell.Pager
	BackURL        string
}

// BehindRow is one that is counted.
type BehindRow struct {
	Name, Other string
	// URL is the person's page, for who may see it.
	URL         string
	Sex, Milieu string
	Age         int // -1 is not known
	Centre      i18n.Text
	// Times is how often the person took part in the period.
	Times int64
}
