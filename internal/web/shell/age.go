package shell

import "time"

// Age is how long ago something was, in words: a key and its number.
type Age struct {
	Key string
	N   int
}

// Ago is how long before now an instant was; the zero time was never.
func Ago(now, t time.Time) Age {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return Age{Key: "ago.never"}
	case d < time.Minute:
		return Age{Key: "ago.now"}
	case d < time.Hour:
		return Age{"ago.minutes", int(d / time.Minute)}
	case d < 24*time.Hour:
		return Age{"ago.hours", int(d / time.Hour)}
	}
	return Age{"ago.days", int(d / (24 * time.Hour))}
}
