package centre

import (
	"encoding/csv"
	"strings"

	"tizi/internal/web/door"
)

// csvFile begins a CSV that spreadsheets of the country open as it is: UTF-8 with a byte order mark, semicolons.
func csvFile(a *door.Ask, name string) *csv.Writer {
	h := a.W.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	a.W.Write([]byte("\ufeff"))
	w := csv.NewWriter(a.W)
	w.Comma = ';'
	return w
}

// safeCell keeps a spreadsheet from taking a value that somebody typed for a formula.
func safeCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// example gives a list to fill in.
func example(a *door.Ask) error {
	w := csvFile(a, "liste-exemple.csv")
	w.Write([]string{"Code Massar", "Nom", "Prénom", "النسب", "الاسم الشخصي", "Date de naissance", "Sexe", "Milieu", "Tél tuteur"})
	w.Write([]string{"R130456789", "AIT HAMMOU", "Tilila", "أيت حمو", "تيليلا", "31/12/2014", "Fille", "rural", "0612345678"})
	w.Write([]string{"", "BENNANI", "Youssef", "بناني", "يوسف", "02/03/2013", "Garçon", "urbain", ""})
	w.Flush()
	return w.Error()
}
