package steer

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// Spread is the screen programmes/spread. What is looked at comes back as target, level, rule and like. It posts them too,
// hand_<code> for each row, of which an empty one is worked out, seen, despite where Ask, and do: look or save.
type Spread struct {
	Programme                    i18n.Text
	Target, Level, Rule, Like    string
	Targets, Levels, Rules       []shell.Option
	Likes                        []shell.Option
	Whole, Sum                   int64 // people or participations
	Rows                         []SpreadRow
	Source                       string // where the people of places were published, in words
	SourceURL                    string
	Seen                         string
	Ask                          bool // a part is below what is reached: it must be meant
	Despite                      string
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
}

// Left is what the parts lack, or have too much, to be the whole.
func (s Spread) Left() int64 { return s.Whole - s.Sum }
