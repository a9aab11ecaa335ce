package steer

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// Programmes is the screen programmes/list.
type Programmes struct {
	Rows   []ProgrammeRow
	NewURL string
}

// ProgrammeRow is one programme.
type ProgrammeRow struct {
	Name i18n.Text
	Code string
	// Target is how many people the whole of it is to reach; 0 is not set.
	Target                          int64
	Phases                          []PhaseRow
	Pillars                         []string
	BoardURL, TargetsURL, PhasesURL string
}

// PhaseRow is one phase of a programme.
type PhaseRow struct {
	Name           i18n.Text
	From, To       string // ISO dates
	AgeMin, AgeMax int    // whole years; 0 is no bound
	// Planned is announced and not open yet.
	Planned bool
}

// ProgrammeForm is the screen programmes/form. It posts name_fr, name_ar, code,
// phase_fr, phase_ar, from, to, age_min, age_max and target.
type ProgrammeForm struct {
	NameFR, NameAR, Code string
	PhaseFR, PhaseAR     string
	From, To             string
	AgeMin, AgeMax       string
	Target               string
	Action, CancelURL    string
	Errors               map[string]string
}

// Targets is the screen programmes/targets. It posts period, of, target_<code> for
// each row, of which an empty one sets no target, and what binds them all:
// agreement, source_kind and source_on; despite where it asks.
type Targets struct {
	Programme i18n.Text
	Period    string
	Periods   []PeriodTab
	Of        string // the code of whom they count; "" is everybody
	Groups    []PeriodTab
	// Agreements and SourceKinds are what can be chosen.
	Agreements, SourceKinds         []shell.Option
	Agreement, SourceKind, SourceOn string
	// Rows begin with the country.
	Rows []TargetRow
	// Ask is set where a target that changes is less than what is reached, which Despite = "yes" means.
	Ask                                    bool
	Despite                                string
	Action, CancelURL, BoardURL, SpreadURL string
	Errors                                 map[string]string
}

// PeriodTab is a year, or the whole, that targets can be set for.
type PeriodTab struct {
	Name, URL string
	Current   bool
}

// TargetRow is one place.
type TargetRow struct {
	Code  string
	Name  i18n.Text
	Value string
	How   string // that it was spread, in words
}
