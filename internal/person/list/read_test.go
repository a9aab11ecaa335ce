package list

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/xuri/excelize/v2"

	"tizi/internal/sheet"
)

var today = time.Date(2026, 1, 31, 23, 0, 0, 0, time.FixedZone("", 3600))

// read reads a whole file as the command line will.
func read(t testing.TB, data []byte) (entries []Entry, problems []Problem, m Mapping, sheetReader *sheet.Reader) {
	t.Helper()
	s, err := sheet.New(bytes.NewReader(data), int64(len(data)), "liste", sheet.Options{Known: Known})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	var sample [][]string
	for _, row := range s.Peek(200) {
		sample = append(sample, row.Cells)
	}
	m, _ = Guess(s.Info().Header, sample)
	r, err := NewReader(m, s.Info().Header, today)
	if err != nil {
		t.Fatalf("%v: %v", m, err)
	}
	for {
		e, ps, err := r.Next(s)
		if err == io.EOF {
			return entries, problems, m, s
		}
		if err != nil {
			t.Fatal(err)
		}
		fatal := false
		for _, p := range ps {
			fatal = fatal || p.Fatal
		}
		if !fatal {
			entries = append(entries, e)
		}
		problems = append(problems, ps...)
	}
}

// A workbook as a school sends it, whole.
func TestSchoolWorkbook(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	put := func(cell string, values ...any) { f.SetSheetRow("Sheet1", cell, &values) }
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	put("A1", "المملكة المغربية")
	put("A2", "وزارة التربية الوطنية", "", "", "المؤسسة:", "مدرسة ابن سينا")
	put("A3", "السنة الدراسية: 2025/2026", "", "", "القسم:", "6/1")
	put("A5", "ر.ت", "رقم مسار", "النسب", "الاسم", "Nom", "Prénom", "النوع", "تاريخ الازدياد", "هاتف ولي الأمر", "الوسط")
	put("A6", 1, "R130456789", "العلوي", "محمد", "ALAOUI", "Mohamed", "ذكر", day(2014, 12, 31), 612345678, "حضري")
	put("A7", 2, "r130456790", "بنعيسى", "فاطمة الزهراء", "BENAÏSSA", "Fatima Zahra", "أنثى", "٠١/٠٢/٢٠١٥", "06 12 34 56 79", "قروي")
	put("A8", 3, "R13045679", "الفاسي", "علي", "EL FASSI", "Ali", "ذكر", "2014/13/45", "-", "حضري")
	put("A9", 4)
	put("A10", "المجموع", 3)
	put("A13", "توقيع المدير")
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		t.Fatal(err)
	}
	entries, problems, m, s := read(t, buf.Bytes())
	if diff := cmp.Diff(Mapping{Ignored, Massar, LastAr, FirstAr, LastLatin, FirstLatin, Sex, BirthDate, GuardianPhone, Milieu}, m); diff != "" {
		t.Error(diff)
	}
	want := []Entry{
		{Row: 6, NameAr: Name{"محمد", "العلوي", "محمد العلوي"}, NameLatin: Name{"Mohamed", "ALAOUI", "Mohamed ALAOUI"}, Massar: "R130456789",
			Birth: "2014-12-31", Sex: "m", GuardianPhone: "+212612345678", Milieu: Urban},
		{Row: 7, NameAr: Name{"فاطمة الزهراء", "بنعيسى", "فاطمة الزهراء بنعيسى"}, NameLatin: Name{"Fatima Zahra", "BENAÏSSA", "Fatima Zahra BENAÏSSA"},
			Massar: "R130456790", Birth: "2015-02-01", Sex: "f", GuardianPhone: "+212612345679", Milieu: Rural},
	}
	if diff := cmp.Diff(want, entries, cmpopts.IgnoreFields(Entry{}, "Cells")); diff != "" {
		t.Error(diff)
	}
	wantProblems := []Problem{
		{Row: 8, Column: "رقم مسار", Value: "R13045679", Reason: string(MassarShape), Fatal: true},
		{Row: 8, Column: "تاريخ الازدياد", Value: "2014/13/45", Reason: string(DateImpossible), Fatal: true},
	}
	if diff := cmp.Diff(wantProblems, problems); diff != "" {
		t.Error(diff)
	}
	if info := s.Info(); info.HeaderRow != 5 || info.SkippedCount != 2 || len(info.Titles) != 3 {
		t.Errorf("%+v", info)
	}
}

func TestRows(t *testing.T) {
	header := []string{"Massar", "CIN", "Nom complet", "Date de naissance", "Sexe", "Tél", "", "Tuteur", "Scolarité", "Ville"}
	mapping := Mapping{Massar, CIN, FullName, BirthDate, Sex, Phone, Milieu, GuardianName, Schooling, Ignored}
	r, err := NewReader(mapping, header, today)
	if err != nil {
		t.Fatal(err)
	}
	fine := Entry{NameLatin: Name{Full: "Ali Omar"}, Birth: "2014-12-31", Sex: "m"}
	with := func(change func(e *Entry)) *Entry { e := fine; change(&e); return &e }
	for _, c := range []struct {
		name string
		row  string
		want *Entry // nil: rejected
		says []Problem
	}{
		{"fine", ";;Ali Omar;31/12/2014;M;;;;;", &fine, nil},
		{"nothing said in words", "néant;-;Ali Omar;31/12/2014;M;/;لا يوجد;n/a;;", &fine, nil},
		{"both scripts in one cell", ";;محمد Ali Omar;31/12/2014;M;;;;;", with(func(e *Entry) { e.NameAr.Full = "محمد" }), nil},
		{"capitals are the last name", ";;OMAR Ali;31/12/2014;M;;;;;", with(func(e *Entry) { e.NameLatin = Name{"Ali", "OMAR", "OMAR Ali"} }), nil},
		{"a year", ";;Ali Omar;2014;M;;;;;", with(func(e *Entry) { e.Birth = "2014" }), nil},
		{"all there is", "r130456789;k12345;Ali Omar;31/12/2014;M;0612345678;Rural;Omar  Ali;non;Fès",
			with(func(e *Entry) {
				e.Massar, e.CIN, e.Phone, e.Milieu, e.GuardianName, e.Schooling = "R130456789", "K12345", "+212612345678", Rural, "Omar Ali", OutOfSchool
			}), nil},
		{"no name", ";;;31/12/2014;M;;;;;", nil, []Problem{{Column: "Nom complet", Reason: string(NameMissing), Fatal: true}}},
		{"a name of signs", ";;...1;31/12/2014;M;;;;;", nil, []Problem{{Column: "Nom complet", Value: "...1", Reason: string(NameMissing), Fatal: true}}},
		{"a name of hamzas", ";;ءء;31/12/2014;M;;;;;", nil, []Problem{{Column: "Nom complet", Reason: string(NameMissing), Value: "ءء", Fatal: true}}},
		{"name lost in saving", ";;????? ???;31/12/2014;M;;;;;", nil, []Problem{{Column: "Nom complet", Value: "????? ???", Reason: string(NameGarbled), Fatal: true}}},
		{"name in Tifinagh alone", ";;ⵎⵓⵃⵎⵎⴷ;31/12/2014;M;;;;;", nil, []Problem{{Column: "Nom complet", Value: "ⵎⵓⵃⵎⵎⴷ", Reason: string(NameScript), Fatal: true}}},
		{"name with digits", ";;Ali Omar 2;31/12/2014;M;;;;;", with(func(e *Entry) { e.NameLatin.Full = "Ali Omar 2" }),
			[]Problem{{Column: "Nom complet", Value: "Ali Omar 2", Reason: string(NameDigits)}}},
		{"name of a page", ";;" + strings.Repeat("Ali ", 29) + "Ali;31/12/2014;M;;;;;", nil,
			[]Problem{{Column: "Nom complet", Value: strings.Repeat("Ali ", 29) + "Ali", Reason: string(NameLong), Fatal: true}}},
		{"formula failed", ";;#N/A;31/12/2014;M;;;;;", nil, []Problem{{Column: "Nom complet", Value: "#N/A", Reason: string(CellError), Fatal: true}}},
		{"born tomorrow", ";;Ali Omar;01/02/2026;M;;;;;", nil,
			[]Problem{{Column: "Date de naissance", Value: "01/02/2026", Reason: string(BirthFuture), Fatal: true, Args: map[string]string{"today": "31/01/2026"}}}},
		{"born today", ";;Ali Omar;31/01/2026;M;;;;;", with(func(e *Entry) { e.Birth = "2026-01-31" }),
			[]Problem{{Column: "Date de naissance", Value: "31/01/2026", Reason: string(BirthRecent)}}},
		{"born next year", ";;Ali Omar;2027;M;;;;;", nil,
			[]Problem{{Column: "Date de naissance", Value: "2027", Reason: string(BirthFuture), Fatal: true, Args: map[string]string{"today": "31/01/2026"}}}},
		{"a hundred today", ";;Ali Omar;31/01/1926;M;;;;;", with(func(e *Entry) { e.Birth = "1926-01-31" }), nil},
		{"over a hundred", ";;Ali Omar;30/01/1926;M;;;;;", nil, []Problem{{Column: "Date de naissance", Value: "30/01/1926", Reason: string(BirthTooOld), Fatal: true}}},
		{"no such day", ";;Ali Omar;31/02/2014;M;;;;;", nil, []Problem{{Column: "Date de naissance", Value: "31/02/2014", Reason: string(DateImpossible), Fatal: true}}},
		{"no birth date", ";;Ali Omar;;M;;;;;", with(func(e *Entry) { e.Birth = "" }), []Problem{{Column: "Date de naissance", Reason: string(BirthMissing)}}},
		{"sex of neither", ";;Ali Omar;31/12/2014;Z;;;;;", nil, []Problem{{Column: "Sexe", Value: "Z", Reason: string(SexUnknown), Fatal: true}}},
		{"no sex", ";;Ali Omar;31/12/2014;-;;;;;", with(func(e *Entry) { e.Sex = "" }), []Problem{{Column: "Sexe", Value: "-", Reason: string(SexMissing)}}},
		{"Massar of eight digits", "R13045678;;Ali Omar;31/12/2014;M;;;;;", nil, []Problem{{Column: "Massar", Value: "R13045678", Reason: string(MassarShape), Fatal: true}}},
		{"CIN of digits", ";123456;Ali Omar;31/12/2014;M;;;;;", nil, []Problem{{Column: "CIN", Value: "123456", Reason: string(CINShape), Fatal: true}}},
		{"telephone cut short", ";;Ali Omar;31/12/2014;M;06123;;;;", &fine, []Problem{{Column: "Tél", Value: "06123", Reason: string(PhoneShape)}}},
		{"milieu unknown, in a column without heading", ";;Ali Omar;31/12/2014;M;;lune;;;", &fine, []Problem{{Column: "G", Value: "lune", Reason: string(MilieuUnknown)}}},
		{"all wrong at once", "1;2;;x;y;;;;;", nil, []Problem{
			{Column: "Nom complet", Reason: string(NameMissing), Fatal: true},
			{Column: "Massar", Value: "1", Reason: string(MassarShape), Fatal: true}, {Column: "CIN", Value: "2", Reason: string(CINShape), Fatal: true},
			{Column: "Date de naissance", Value: "x", Reason: string(DateUnreadable), Fatal: true},
			{Column: "Sexe", Value: "y", Reason: string(SexUnknown), Fatal: true}}},
		{"too many cells", ";;Ali Omar;31/12/2014;M;;;;;Fès;and;more", nil,
			[]Problem{{Value: "and | more", Reason: string(CellsExtra), Fatal: true, Args: map[string]string{"cells": "12", "headings": "10"}}}},
		{"too few cells", ";;Ali Omar;31/12/2014;M", &fine, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, problems := r.Read(sheet.Row{Number: 7, Cells: strings.Split(strings.TrimSpace(c.row), ";")})
			for i := range c.says {
				c.says[i].Row = 7
			}
			if diff := cmp.Diff(c.says, problems); diff != "" {
				t.Error(diff)
			}
			rejected := false
			for _, p := range problems {
				rejected = rejected || p.Fatal
				if text := p.English(); strings.ContainsAny(text, "{}") || text == p.Reason {
					t.Errorf("says %q", text)
				}
			}
			if rejected != (c.want == nil) {
				t.Fatalf("rejected: %v", rejected)
			}
			if c.want != nil {
				c.want.Row = 7
				if diff := cmp.Diff(*c.want, e, cmpopts.IgnoreFields(Entry{}, "Cells")); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestQuoteOpenIsTold(t *testing.T) {
	_, problems, _, _ := read(t, []byte("Nom;Sexe;Classe;Ville\n\"Ali;M;6A;Fès\nSara;F;6A;Fès\n"))
	want := []Problem{{Row: 2, Reason: string(QuoteOpen)}}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
}

func TestYearColumn(t *testing.T) {
	entries, problems, _, _ := read(t, []byte("Nom complet;Date de naissance;Année de naissance\nAli Omar;31/12/2014;2014\nSara Omar;;2013\nZoé Omar;;\nAdam Omar;x;2012\n"))
	var got []string
	for _, e := range entries {
		got = append(got, e.Birth)
	}
	if diff := cmp.Diff([]string{"2014-12-31", "2013", ""}, got); diff != "" {
		t.Error(diff)
	}
	want := []Problem{{Row: 4, Column: "Date de naissance", Reason: string(BirthMissing)},
		{Row: 5, Column: "Date de naissance", Value: "x", Reason: string(DateUnreadable), Fatal: true}}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
}

// Rows that a template numbers in advance are nobody.
func TestNumberedBlankRows(t *testing.T) {
	entries, problems, _, _ := read(t, []byte("N°;Nom;Sexe\n1;Ali;M\n2;Sara;F\n3;;\n4;-;\n"))
	if len(entries) != 2 || len(problems) != 0 {
		t.Errorf("%v %v", entries, problems)
	}
}

func TestProblemJSON(t *testing.T) {
	got, err := json.Marshal(Problem{Row: 3, Column: "Sexe", Value: "Z", Reason: string(SexUnknown), Fatal: true})
	if want := `{"row":3,"column":"Sexe","value":"Z","reason":"import.reason.sex_unknown","fatal":true}`; err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

func TestKeysAndSeen(t *testing.T) {
	e := func(row int, change func(e *Entry)) *Entry {
		out := &Entry{Row: row, NameLatin: Name{Full: "Mohamed El Alaoui"}, Birth: "2014-12-31", Sex: "m"}
		change(out)
		return out
	}
	full := e(1, func(e *Entry) { e.Massar, e.CIN, e.NameAr.Full = "R130456789", "AB123456", "محمد العلوي" })
	want := []string{"massar:R130456789", "cin:AB123456", "ar:العلوي محمد|2014-12-31|m", "la:elalaoui mohamed|2014-12-31|m"}
	if diff := cmp.Diff(want, full.Keys()); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct {
		name string
		a, b func(e *Entry)
		same bool
	}{
		{"all the same", func(e *Entry) {}, func(e *Entry) {}, true},
		{"order and spelling of the name", func(e *Entry) {}, func(e *Entry) { e.NameLatin.Full = "EL-ALAOUI mohamed" }, true},
		{"particle joined", func(e *Entry) {}, func(e *Entry) { e.NameLatin.Full = "Mohamed Elalaoui" }, true},
		{"other day", func(e *Entry) {}, func(e *Entry) { e.Birth = "2014-12-30" }, false},
		{"other sex", func(e *Entry) {}, func(e *Entry) { e.Sex = "f" }, false},
		{"same code, other name", func(e *Entry) { e.Massar = "R130456789" }, func(e *Entry) { e.Massar, e.NameLatin.Full = "R130456789", "X" }, true},
		{"same name, other code", func(e *Entry) { e.Massar = "R130456789" }, func(e *Entry) { e.Massar = "R130456780" }, false},
		{"same name, one code", func(e *Entry) { e.Massar = "R130456789" }, func(e *Entry) {}, true},
		{"same name, other card", func(e *Entry) { e.CIN = "AB123456" }, func(e *Entry) { e.CIN = "AB123457" }, false},
		{"same card, other code", func(e *Entry) { e.CIN, e.Massar = "AB123456", "R130456789" }, func(e *Entry) { e.CIN, e.Massar = "AB123456", "R130456780" }, false},
		{"Arabic name the same", func(e *Entry) { e.NameAr.Full = "عبد الله أحمد" }, func(e *Entry) { e.NameAr.Full, e.NameLatin.Full = "احمد عبدالله", "Autre" }, true},
		{"no birth date, nothing else", func(e *Entry) { e.Birth = "" }, func(e *Entry) { e.Birth = "" }, true},
		{"no birth date, other class", func(e *Entry) { e.Birth, e.Class = "", "6A" }, func(e *Entry) { e.Birth, e.Class = "", "6B" }, false},
		{"no birth date, other guardian", func(e *Entry) { e.Birth, e.GuardianName = "", "Omar" }, func(e *Entry) { e.Birth, e.GuardianName = "", "Said" }, false},
	} {
		var seen Seen
		if first := seen.Check(e(5, c.a)); first != 0 {
			t.Errorf("%s: the first repeats row %d", c.name, first)
		}
		if got := seen.Check(e(9, c.b)); (got == 5) != c.same || got != 0 && got != 5 {
			t.Errorf("%s: repeats row %d", c.name, got)
		}
	}
	if keys := (&Entry{Birth: "2014"}).Keys(); len(keys) != 0 {
		t.Errorf("keys of nobody: %v", keys)
	}
}

// Every reason has its sentence; every sentence tells what to do with placeholders that are filled.
func TestEnglishIsWhole(t *testing.T) {
	n := 0
	for _, file := range []string{"problem.go", "field.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range regexp.MustCompile(`= "(import\.(?:reason|mapping)\.\w+)"`).FindAllSubmatch(source, -1) {
			n++
			if English[string(c[1])] == "" {
				t.Errorf("%s has no sentence", c[1])
			}
		}
	}
	if n != len(English) {
		t.Errorf("%d codes, %d sentences", n, len(English))
	}
}
