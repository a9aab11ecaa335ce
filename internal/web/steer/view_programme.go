package steer

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// Programmes is the screen programmes/list.
type Programmes struct {
	Rows   []ProgrammeRow
	Gone   []GoneRow // that were withdrawn
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
	RolloutURL                      string
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
// phase_fr, phase_ar, from, to, age_min, age_max, place and target.
type ProgrammeForm struct {
	NameFR, NameAR, Code string
	PhaseFR, PhaseAR     string
	From, To             string
	AgeMin, AgeMax       string
	Place, Target        string
	Known                []string // places, as they can be typed
	Action, CancelURL    string
	Errors               map[string]string
}

// Targets is the screen programmes/targets. It posts period, of, target_<code> for
// each row, of which an empty one sets no target, and what binds them all:
// agreement, source_kind and source_on; despite and meant where it asks.
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
	Asking
	// Others are the targets that no row and no tab shows; More are left off.
	Others                                 []OtherTarget
	More                                   int
	NewURL                                 string
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
	URL   string // of its own form; "": there is no target
	Seen  string // the mark of the target that was shown, "" of none
}

// OtherTarget is a target with a form of its own alone.
type OtherTarget struct {
	Name  string
	Value int64
	URL   string
}

// Asking is what targets do that must be meant before they are saved: fall below what is reached, or contradict each other. A
// form that asks posts despite, "yes", and meant.
type Asking struct {
	Ask            bool
	Doubts         []string // how they contradict each other, in sentences
	Meant, Despite string
}

// TargetForm is the screen programmes/target: one target. It posts indicator, place, period, sex, age, milieu, schooling, value,
// agreement, source_kind, source_publication, source_on, source_url, source_states_fr and source_states_ar, seen, despite and
// meant where it asks, and do: save or remove.
type TargetForm struct {
	New                                                   bool
	Programme                                             i18n.Text
	Indicator, Place, Period, Sex, Age, Milieu, Schooling string
	Value, Agreement                                      string
	SourceKind, SourcePublication, SourceOn, SourceURL    string
	StatesFR, StatesAR                                    string
	Indicators, Sexes, Ages, Milieus, Schoolings          []shell.Option
	Agreements, SourceKinds                               []shell.Option
	Known                                                 []string // places, as they can be typed
	How                                                   []string // that it was spread, or comes from a plan
	There                                                 string   // the address of the target that is there already
	Seen                                                  string
	Asking
	Action, BackURL string
	Errors          map[string]string
}
