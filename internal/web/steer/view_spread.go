package steer

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// Spread is the screen programmes/spread. What is looked at comes back as target, level, rule and like. It posts them too,
// hand_<code> for each row, of which an empty one is worked out, replace, seen, despite and meant where
// it asks, and do: look or save.
type Spread struct {
	Programme                 i18n.Text
	Target, Level, Rule, Like string
	Targets, Levels, Rules    []shell.Option
	Likes                     []shell.Option
	Whole, Sum                int64 // people or participations
	Rows                      []SpreadRow
	Source                    string // where the people of places were published, in words
	SourceURL                 string
	Seen                      string
	Asking
	Typed                        int    // places whose target somebody typed
	Replace                      string // yes: the rule replaces what was typed
	Action, TargetsURL, BoardURL string
	Errors                       map[string]string
}

// SpreadRow is what a place gets.
type SpreadRow struct {
	Code                 string
	Name                 i18n.Text
	Weight, Part, Was    int64 // Was is the target that it has; -1 is none
	Reached              int64
	Hand                 string // as it was typed
	Below, Changed, Lack bool   // Lack: what the rule goes by is not known of the place
	Replaced             bool   // somebody typed what it has, and the rule replaces that
}

// Left is what the parts lack, or have too much, to be the whole.
func (s Spread) Left() int64 { return s.Whole - s.Sum }
