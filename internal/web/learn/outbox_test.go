package learn

import (
	"strings"
	"testing"
	"time"

	"tizi/internal/statement"
)

// FuzzLetters: whatever a device sends, it is a batch of at most MaxLetters objects with ids, or an error.
func FuzzLetters(f *testing.F) {
	for _, s := range []string{"", "--b--", "--b\r\n\r\n[]\r\n--b--\r\n", "--b\r\n\r\n{}\r\n--b--\r\n", "--b\r\nContent-Type: a\r\n\r\n[{\"id\":\"01890000-0000-7000-8000-000000000001\",\"timestamp\":\"x\"}]\r\n--b\r\n\r\n\xff\xd8\r\n--b--\r\n", "--b\r\n\r\n[[[[["} {
		f.Add("multipart/mixed; boundary=b", s)
	}
	f.Add("multipart/mixed", "x")
	f.Add("text/plain; boundary=b", "--b\r\n\r\n[]\r\n--b--\r\n")
	f.Fuzz(func(t *testing.T, kind, body string) {
		all, _, err := letters(kind, strings.NewReader(body))
		if err != nil {
			return
		}
		if len(all) > MaxLetters {
			t.Errorf("%d letters", len(all))
		}
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		for _, v := range all {
			if _, err := statement.UUID(v.Get("id").Text()); err != nil {
				t.Errorf("a letter without an id: %s", v)
			}
			verbSaid(v)
			from := now.AddDate(0, -1, 0)
			if on, _ := clockOf(now, v.Get("sent").Text(), from).when(v.Get("timestamp").Text()); !on.IsZero() && (on.After(now) || on.Before(from.Add(-right))) {
				t.Errorf("it was done at %v", on)
			}
		}
	})
}
