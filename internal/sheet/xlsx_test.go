package sheet

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

func TestWorkbook(t *testing.T) {
	day := time.Date(2014, 12, 31, 0, 0, 0, 0, time.UTC)
	data := workbook(t, func(f *excelize.File) {
		const s = "Sheet1"
		put(t, f, s, "A1", "المملكة المغربية")
		f.MergeCell(s, "A1", "F1")
		put(t, f, s, "A2", "Liste des élèves", "", "", "Année 2025/2026")
		put(t, f, s, "A5", "N°", "Nom complet", "Date de naissance", "Sexe", "Téléphone", "Classe")
		put(t, f, s, "A6", 1, "محمد العلوي", day, "M", 612345678, 6.5)
		put(t, f, s, "A8", 2, "Sara  & <Amrani>", "30/11/2013", "F", "0612345678", true)
		put(t, f, s, "A9", "Total", 2)
		f.SetCellFormula(s, "B9", "COUNTA(B6:B8)")
		put(t, f, s, "A12", "Le directeur")
		style, err := f.NewStyle(&excelize.Style{CustomNumFmt: ptr("[$-40C]dd\\ mmmm\\ yyyy")})
		if err != nil {
			t.Fatal(err)
		}
		f.SetCellStyle(s, "C6", "C6", style)
	})
	r := open(t, data, Options{Known: known})
	got, rows := all(t, r)
	want := [][]string{
		{"1", "محمد العلوي", "2014-12-31", "M", "612345678", "6.5"},
		{"2", "Sara  & <Amrani>", "30/11/2013", "F", "0612345678", "TRUE"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if rows[0].Number != 6 || rows[1].Number != 8 || !rows[0].Date(2) || rows[0].Date(1) || rows[1].Date(2) {
		t.Errorf("rows %+v", rows)
	}
	info := r.Info()
	wantInfo := Info{
		Format: "xlsx", Sheet: "Sheet1", Sheets: []Tab{{Name: "Sheet1", Headings: 6}}, HeaderRow: 5,
		Header:       []string{"N°", "Nom complet", "Date de naissance", "Sexe", "Téléphone", "Classe"},
		Titles:       []string{"المملكة المغربية", "Liste des élèves | Année 2025/2026"},
		Skipped:      []Skipped{{9, "Total | 2", SkippedTotal}, {12, "Le directeur", SkippedFooter}},
		SkippedCount: 2,
	}
	if diff := cmp.Diff(wantInfo, info); diff != "" {
		t.Error(diff)
	}
}

func ptr[T any](v T) *T { return &v }

func TestSheetsOfAWorkbook(t *testing.T) {
	data := workbook(t, func(f *excelize.File) {
		put(t, f, "Sheet1", "A1", "Nom", "Sexe", "Classe", "Téléphone") // a hidden list of last year
		put(t, f, "Sheet1", "A2", "Vieux", "M", "5A", "0")
		f.NewSheet("Notice")
		put(t, f, "Notice", "A1", "Comment remplir ce fichier")
		f.NewSheet("6A")
		put(t, f, "6A", "A1", "Nom", "Sexe")
		put(t, f, "6A", "A2", "Ali", "M")
		f.NewSheet("6B")
		put(t, f, "6B", "A1", "Nom", "Sexe")
		put(t, f, "6B", "A2", "Sara", "F")
		f.NewSheet("Vide")
		idx, _ := f.GetSheetIndex("6A")
		f.SetActiveSheet(idx)
		if err := f.SetSheetVisible("Sheet1", false); err != nil {
			t.Fatal(err)
		}
	})
	r := open(t, data, Options{Known: known})
	if got, _ := all(t, r); r.Info().Sheet != "6A" || got[0][0] != "Ali" {
		t.Errorf("read %s: %v", r.Info().Sheet, got)
	}
	want := []Tab{{Name: "Sheet1", Hidden: true}, {Name: "Notice"}, {Name: "6A", Headings: 2}, {Name: "6B", Headings: 2}, {Name: "Vide"}}
	if diff := cmp.Diff(want, r.Info().Sheets); diff != "" {
		t.Error(diff)
	}
	r = open(t, data, Options{Known: known, Sheet: "6b"})
	if got, _ := all(t, r); got[0][0] != "Sara" {
		t.Errorf("asked for 6b, read %v", got)
	}
	r = open(t, data, Options{Known: known, Sheet: "Sheet1"})
	if got, _ := all(t, r); got[0][0] != "Vieux" {
		t.Errorf("asked for the hidden one, read %v", got)
	}
}

func TestMergedCells(t *testing.T) {
	data := workbook(t, func(f *excelize.File) {
		const s = "Sheet1"
		put(t, f, s, "A1", "N°", "Élève", "", "Tuteur", "", "Ecole")
		put(t, f, s, "A2", "", "Nom", "Prénom", "Nom", "Téléphone", "")
		put(t, f, s, "A3", 1, "Alaoui", "Ali", "Omar", "0612345678", "Ibn Sina")
		put(t, f, s, "A4", 2, "Amrani", "Sara", "Nadia", "0612345679")
		put(t, f, s, "A5", 3, "Bennis", "Zoé", "Hind", "0612345670")
		put(t, f, s, "A6", 4, "Tazi", "Adam", "Said", "0612345671", "Al Farabi")
		for _, m := range [][2]string{{"A1", "A2"}, {"B1", "C1"}, {"D1", "E1"}, {"F1", "F2"}, {"F3", "F5"}, {"F6", "F20"}} {
			if err := f.MergeCell(s, m[0], m[1]); err != nil {
				t.Fatal(err)
			}
		}
	})
	r := open(t, data, Options{Known: known})
	got, _ := all(t, r)
	want := [][]string{
		{"1", "Alaoui", "Ali", "Omar", "0612345678", "Ibn Sina"},
		{"2", "Amrani", "Sara", "Nadia", "0612345679", "Ibn Sina"},
		{"3", "Bennis", "Zoé", "Hind", "0612345670", "Ibn Sina"},
		{"4", "Tazi", "Adam", "Said", "0612345671", "Al Farabi"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	header := []string{"N°", "Élève Nom", "Élève Prénom", "Tuteur Nom", "Tuteur Téléphone", "Ecole"}
	if diff := cmp.Diff(header, r.Info().Header); diff != "" || r.Info().HeaderRow != 2 {
		t.Errorf("row %d %s", r.Info().HeaderRow, diff)
	}
}

// Workbooks of other programs: prefixes, no references, inline text, runs, phonetic guides, strict dates, formulas, errors.
func TestWorkbooksOfOthers(t *testing.T) {
	styles := `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="0000000000"/><numFmt numFmtId="165" formatCode="&quot;day&quot; 0"/><numFmt numFmtId="22" formatCode="0.0"/></numFmts>
<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="22"/></cellXfs></styleSheet>`
	texts := `<x:sst xmlns:x="u"><x:si><x:t xml:space="preserve"> Nom </x:t></x:si><x:si><x:r><x:rPr><x:b/></x:rPr><x:t>Ma</x:t></x:r><x:r><x:t>rie</x:t></x:r><x:rPh sb="0" eb="1"><x:t>guide</x:t></x:rPh></x:si><x:si/><x:si><x:t>a_x000D_b &#233;&amp;é<![CDATA[<&>]]> _x12 _xZZZZ_</x:t></x:si></x:sst>`
	sheet := `<?xml version="1.0"?><!-- by hand --><x:worksheet xmlns:x="u"><x:cols><x:col min="1"/></x:cols><x:sheetData>
<x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="inlineStr"><x:is><x:t>Sexe</x:t></x:is></x:c><x:c t="str"><x:f>A1&amp;"&lt;"</x:f><x:v>Classe</x:v></x:c><x:c t="inlineStr"><x:is><x:r><x:t>Télé</x:t></x:r><x:r><x:t>phone</x:t></x:r></x:is></x:c></x:row>
<x:row><x:c t="s"><x:v>1</x:v></x:c><x:c s="1"><x:v>42004</x:v></x:c><x:c t='d'><x:v>2014-12-31T00:00:00</x:v></x:c><x:c s="2"><x:v>612345678</x:v></x:c></x:row>
<x:row r="7" spans="1:4"><x:c r="A7" t="s"><x:v>3</x:v></x:c><x:c r="B7" t="e"><x:v>#N/A</x:v></x:c><x:c r="D7"><x:v>6.12345678E8</x:v></x:c><x:c r="XFD7"><x:v>9</x:v></x:c></x:row>
<x:row r="8"><x:c r="A8" s="3"><x:v>42004</x:v></x:c><x:c r="B8" s="1"><x:v>0.5</x:v></x:c><x:c r="C8" s="4"><x:v>30.000000000000004</x:v></x:c><x:c r="D8" s="99"><x:v>1e300</x:v></x:c></x:row>
<x:row r="9"><x:c r="A9" t="s"><x:v>77</x:v></x:c><x:c r="B9" t="s"><x:v>2</x:v></x:c></x:row>
</x:sheetData><x:pageMargins left="1"/></x:worksheet>`
	r := open(t, rawBook(t, sheet, styles, texts), Options{Known: known})
	got, rows := all(t, r)
	want := [][]string{
		{"Marie", "2014-12-31", "2014-12-31", "0612345678"},
		{"a\rb é&é<&> _x12 _xZZZZ_", "#N/A", "", "612345678"},
		{"42004", "0.5", "30", "1e300"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !rows[0].Date(1) || !rows[0].Date(2) || rows[1].Number != 7 {
		t.Errorf("%+v", rows)
	}
	if diff := cmp.Diff([]string{"Nom", "Sexe", "Classe", "Téléphone"}, r.Info().Header); diff != "" {
		t.Error(diff)
	}
}

func TestDates1904(t *testing.T) {
	data := workbook(t, func(f *excelize.File) {
		if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: ptr(true)}); err != nil {
			t.Fatal(err)
		}
		put(t, f, "Sheet1", "A1", "Nom", "Date de naissance")
		put(t, f, "Sheet1", "A2", "Ali", time.Date(2014, 12, 31, 0, 0, 0, 0, time.UTC))
	})
	if got, _ := all(t, open(t, data, Options{Known: known})); got[0][1] != "2014-12-31" {
		t.Errorf("read %v", got)
	}
}

func TestSerialDate(t *testing.T) {
	for _, c := range []struct {
		serial float64
		from04 bool
		want   string
	}{
		{42004, false, "2014-12-31"}, {42004.99, false, "2014-12-31"}, {1, false, "1900-01-01"}, {59, false, "1900-02-28"},
		{61, false, "1900-03-01"}, {36526, false, "2000-01-01"}, {0.5, false, ""}, {-3, false, ""}, {2958465, false, "9999-12-31"},
		{2958466, false, ""}, {40542, true, "2014-12-31"}, {0, true, "1904-01-01"},
	} {
		if got, ok := SerialDate(c.serial, c.from04); got != c.want || ok != (c.want != "") {
			t.Errorf("SerialDate(%v, %v) = %q, %v", c.serial, c.from04, got, ok)
		}
	}
}

func TestDateFormats(t *testing.T) {
	for code, want := range map[string]bool{
		"dd/mm/yyyy": true, "[$-40C]d mmmm yyyy;@": true, "yyyy\\-mm\\-dd": true, "[$-1010000]yyyy/mm/dd;@": true, "mmm-yy": true,
		"dd/mm/yyyy hh:mm": true, "mmmm": true, "General": false, "0.00": false, "#,##0": false, "h:mm AM/PM": false, "[h]:mm:ss": false,
		"mm:ss": false, `"jour" 0`: false, "@": false, `_-* #,##0.00\ "DH"_-`: false, "[Red]0": false, "": false, "0000000000": false,
	} {
		if got := dateFormat(code); got != want {
			t.Errorf("%q: %v", code, got)
		}
	}
}

// What is read back from a workbook of many shapes is what was put there.
func TestWorkbookManyColumns(t *testing.T) {
	data := workbook(t, func(f *excelize.File) {
		for c := range 40 {
			name, _ := excelize.CoordinatesToCellName(c+1, 3)
			f.SetCellValue("Sheet1", name, fmt.Sprintf("H%d", c))
			name, _ = excelize.CoordinatesToCellName(c+1, 4)
			f.SetCellValue("Sheet1", name, c*1000)
		}
	})
	got, _ := all(t, open(t, data, Options{}))
	if len(got) != 1 || len(got[0]) != 40 || got[0][39] != "39000" || got[0][26] != "26000" {
		t.Errorf("read %v", got)
	}
}
