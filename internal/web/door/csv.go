package door

import (
	"encoding/csv"
	"strings"
)

// CSV begins a CSV that spreadsheets of the country open as it is: UTF-8 with a byte order mark, semicolons.
func (a *Ask) CSV(name string) *csv.Writer {
	h := a.W.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	a.W.Write([]byte("\ufeff"))
	w := csv.NewWriter(a.W)
	w.Comma = ';'
	return w
}

// Cell keeps a spreadsheet from taking a value that somebody typed for a formula.
func Cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
