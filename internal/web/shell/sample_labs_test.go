package shell_test

import (
	"os"
	"testing"

	"tizi/internal/i18n"
	"tizi/internal/web/learn"
)

// labs are the screens of the labs that ui/build found, as they begin.
func labs(t testing.TB) []shown {
	t.Helper()
	all, err := learn.Load(os.DirFS("../dist"))
	if err != nil {
		t.Skip(err)
	}
	out := []shown{{"labs", "learn/labs", func(*i18n.Printer) any { return learn.Labs{Rows: all} }}}
	for _, l := range all {
		out = append(out, shown{"labs-" + l.Name, "learn/lab", func(*i18n.Printer) any { return l }})
	}
	return out
}
