package sms

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Quiet is a part of the day in which no telephone rings. One that ends before it begins goes on into the next day.
type Quiet struct {
	From string   `json:"from"` // "20:00"
	To   string   `json:"to"`
	Days []string `json:"days,omitempty"` // on which it begins, as "friday"; none: every day
}

// DefaultQuiet is the night, and the prayer of Friday.
var DefaultQuiet = []Quiet{{From: "20:00", To: "08:00"}, {From: "12:00", To: "14:30", Days: []string{"friday"}}}

func (q Quiet) check() error {
	from, err1 := minutes(q.From)
	to, err2 := minutes(q.To)
	if err1 != nil || err2 != nil || from == to {
		return errors.New("from and to must be two hours, as \"20:00\" and \"08:00\"")
	}
	for _, d := range q.Days {
		if !slices.ContainsFunc(week, func(w time.Weekday) bool { return strings.EqualFold(d, w.String()) }) {
			return errors.New("days are monday, tuesday, … in English")
		}
	}
	return nil
}

var week = []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday}

func minutes(s string) (int, error) {
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err
}

// until returns when the quiet in which a moment lies ends; ok is false where none does.
func (q Quiet) until(t time.Time) (end time.Time, ok bool) {
	from, _ := minutes(q.From)
	to, _ := minutes(q.To)
	for _, back := range []int{1, 0} { // what began yesterday may still last
		day := t.AddDate(0, 0, -back)
		if len(q.Days) > 0 && !slices.ContainsFunc(q.Days, func(d string) bool { return strings.EqualFold(d, day.Weekday().String()) }) {
			continue
		}
		at := func(m, days int) time.Time {
			return time.Date(day.Year(), day.Month(), day.Day()+days, m/60, m%60, 0, 0, t.Location())
		}
		begin, stop := at(from, 0), at(to, 0)
		if to < from {
			stop = at(to, 1)
		}
		if !t.Before(begin) && t.Before(stop) {
			return stop, true
		}
	}
	return t, false
}

// Open returns the first moment from t on that no quiet covers.
func Open(quiet []Quiet, t time.Time) time.Time {
	for range 2 * len(week) { // quiets that touch are passed one after the other; who is always quiet sends nothing
		end, moved := t, false
		for _, q := range quiet {
			if e, ok := q.until(end); ok {
				end, moved = e, true
			}
		}
		if !moved {
			return t
		}
		t = end
	}
	return t.AddDate(1, 0, 0)
}
