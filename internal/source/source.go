// Package source says where something was published: what a reader needs to find it and judge it.
package source

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"tizi/internal/i18n"
)

// Kinds are what a publication is. An opinion is never shown as a statement of fact.
var Kinds = []string{"official", "press", "opinion", "document"}

// Source is a publication and what it states. The zero Source is none.
type Source struct {
	Kind string `json:"kind"`
	// Publication is its name; "" where only the kind is known.
	Publication string    `json:"publication,omitempty"`
	On          string    `json:"on"` // a Date
	States      i18n.Text `json:"states,omitempty"`
	URL         string    `json:"url,omitempty"`
}

// IsZero reports whether nothing was published.
func (s Source) IsZero() bool {
	return s.Kind == "" && s.Publication == "" && s.On == "" && len(s.States) == 0 && s.URL == ""
}

// What is wrong with a source.
var (
	ErrKind = errors.New("a source is official, press, an opinion or a document")
	ErrDate = errors.New("a source has a date, written 2025, 2025-06 or 2025-06-14")
	ErrURL  = errors.New("the address of a source begins with https:// or http://")
)

// Check says what is wrong with a source that is not zero.
func (s Source) Check() error {
	switch {
	case s.IsZero():
		return nil
	case !slices.Contains(Kinds, s.Kind):
		return ErrKind
	case !IsDate(s.On):
		return ErrDate
	case s.URL != "" && !address.MatchString(s.URL):
		return ErrURL
	}
	return nil
}

var address = regexp.MustCompile(`^https?://[^\s"'<>]{3,500}$`)

// JSON is the source as a column holds it; "" is none.
func (s Source) JSON() string {
	if s.IsZero() {
		return ""
	}
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // texts alone
	}
	return string(b)
}

// Parse reads what JSON wrote.
func Parse(column string) (Source, error) {
	var s Source
	if column == "" {
		return s, nil
	}
	err := json.Unmarshal([]byte(column), &s)
	return s, err
}

// IsDate reports whether a date is known to the year (2025), the month (2025-06) or the day (2025-06-14): the press
// seldom says more.
func IsDate(s string) bool {
	for _, layout := range []string{"2006", "2006-01", time.DateOnly} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}

// Span returns the first and the last day that a date may mean. They compare as texts; the last one need not exist.
func Span(date string) (first, last string) {
	switch strings.Count(date, "-") {
	case 0:
		return date + "-01-01", date + "-12-31"
	case 1:
		return date + "-01", date + "-31"
	}
	return date, date
}

// Words writes a date as far as it is known.
func Words(p *i18n.Printer, date string) string {
	switch {
	case date == "":
		return ""
	case strings.Count(date, "-") == 2:
		return p.Date(date)
	}
	return p.Period(strings.ReplaceAll(date, "-", ""))
}
