package list

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"tizi/internal/sheet"
)

// person is what a drawn list says of one person, before somebody writes it his way.
type person struct {
	massar, lastAr, firstAr, last, first, sex, phone string
	born                                             time.Time
}

func drawPeople(t *rapid.T) []person {
	ar := rapid.SampledFrom([]string{"محمد", "فاطمة الزهراء", "أحمد", "عبد الله", "إيمان", "مصطفى", "آية", "هناء"})
	lastAr := rapid.SampledFrom([]string{"العلوي", "بنعيسى", "الفاسي الفهري", "أيت علي", "الؤلؤ"})
	la := rapid.SampledFrom([]string{"Mohamed", "Fatima Zahra", "M'hamed", "Zoé", "Hélène", "Amine"})
	last := rapid.SampledFrom([]string{"El Alaoui", "BENNIS", "Aït-Ali", "Tazi", "O'Brien"})
	out := make([]person, rapid.IntRange(1, 30).Draw(t, "people"))
	for i := range out {
		out[i] = person{
			massar: fmt.Sprintf("%c%09d", 'A'+i%26, i*7919+rapid.IntRange(0, 7000).Draw(t, "massar")),
			lastAr: lastAr.Draw(t, "last, Arabic"), firstAr: ar.Draw(t, "first, Arabic"),
			last: last.Draw(t, "last"), first: la.Draw(t, "first"),
			sex:   rapid.SampledFrom([]string{"f", "m"}).Draw(t, "sex"),
			phone: fmt.Sprintf("06%08d", rapid.IntRange(0, 99999999).Draw(t, "phone")),
			born:  time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 22000).Draw(t, "born")),
		}
	}
	return out
}

var headings = map[string][]string{
	"fr": {"N°", "Code Massar", "Nom (arabe)", "Prénom (arabe)", "Nom (français)", "Prénom (français)", "Date de naissance", "Sexe", "Tél. tuteur"},
	"ar": {"ر.ت", "رقم مسار", "النسب بالعربية", "الاسم بالعربية", "النسب بالفرنسية", "الاسم بالفرنسية", "تاريخ الازدياد", "الجنس", "هاتف ولي الأمر"},
	"en": {"No.", "Massar code", "Last name (Arabic)", "First name (Arabic)", "Last name (French)", "First name (French)", "Birth date", "Sex", "Guardian phone"},
}

var dateForms = []string{"02/01/2006", "02-01-2006", "2006-01-02", "2006/01/02", "2/1/2006", "02.01.2006", "02/01/2006 15:04"}

var sexWords = map[string]map[string][]string{
	"fr": {"f": {"F", "Féminin", "Fille"}, "m": {"M", "Masculin", "Garçon"}},
	"ar": {"f": {"أنثى", "انثى", "بنت"}, "m": {"ذكر", "ولد"}},
	"en": {"f": {"F", "Female", "girl"}, "m": {"M", "Male", "boy"}},
}

var easternDigits = strings.NewReplacer("0", "٠", "1", "١", "2", "٢", "3", "٣", "4", "٤", "5", "٥", "6", "٦", "7", "٧", "8", "٨", "9", "٩")

// Whoever writes a list, in whatever language, encoding, separator and form of dates, it is read as the same people.
func TestListReadsBack(t *testing.T) {
	encodings := []struct {
		name string
		to   encoding.Encoding
		bom  string
	}{
		{"utf-8", encoding.Nop, ""}, {"utf-8 with mark", encoding.Nop, "\xef\xbb\xbf"},
		{"utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "\xff\xfe"},
		{"utf-16be, no mark", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), ""},
		{"windows-1256", charmap.Windows1256, ""},
	}
	rapid.Check(t, func(rt *rapid.T) {
		people := drawPeople(rt)
		lang := rapid.SampledFrom([]string{"fr", "ar", "en"}).Draw(rt, "language")
		form := rapid.SampledFrom(dateForms).Draw(rt, "form of dates")
		asXLSX := rapid.Bool().Draw(rt, "xlsx")
		rows := [][]string{headings[lang]}
		for i, p := range people {
			words := sexWords[lang][p.sex]
			rows = append(rows, []string{fmt.Sprint(i + 1), p.massar, p.lastAr, p.firstAr, p.last, p.first, p.born.Format(form),
				words[rapid.IntRange(0, len(words)-1).Draw(rt, "word")], p.phone})
		}
		var data []byte
		if asXLSX {
			data = writeBook(rt, rows, people, rapid.Bool().Draw(rt, "real dates"))
		} else {
			e := rapid.SampledFrom(encodings).Draw(rt, "encoding")
			if e.to != charmap.Windows1256 && rapid.Bool().Draw(rt, "eastern digits") { // Windows-1256 has none
				for _, row := range rows[1:] {
					row[6], row[8] = easternDigits.Replace(row[6]), easternDigits.Replace(row[8])
				}
			}
			d := rapid.SampledFrom([]string{";", ",", "\t"}).Draw(rt, "delimiter")
			end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(rt, "end")
			var b strings.Builder
			for _, row := range rows {
				b.WriteString(strings.Join(row, d) + end)
			}
			text := b.String()
			if e.to == charmap.Windows1256 { // which has no capital accents and no dotted i
				text = strings.NewReplacer("Aï", "Ai", "ï", "i").Replace(text)
			}
			encoded, err := e.to.NewEncoder().String(text)
			if err != nil {
				rt.Fatalf("%v", err)
			}
			data = []byte(e.bom + encoded)
		}
		s, err := sheet.New(bytes.NewReader(data), int64(len(data)), "liste", sheet.Options{Known: Known})
		if err != nil {
			rt.Fatal(err)
		}
		var sample [][]string
		for _, row := range s.Peek(100) {
			sample = append(sample, row.Cells)
		}
		m, _ := Guess(s.Info().Header, sample)
		r, err := NewReader(m, s.Info().Header, today)
		if err != nil {
			rt.Fatalf("%v: %v", err, m)
		}
		for i := 0; ; i++ {
			e, problems, err := r.Next(s)
			if err == io.EOF && i == len(people) {
				return
			}
			if err != nil || i == len(people) || len(problems) > 0 {
				rt.Fatalf("row %d of %d: %+v %+v %v\nmapped %v\n%q", i, len(people), e, problems, err, m, data)
			}
			p := people[i]
			want := Entry{Row: i + 2, Massar: p.massar, Birth: p.born.Format(time.DateOnly), Sex: p.sex, GuardianPhone: "+212" + p.phone[1:],
				NameAr:    Name{p.firstAr, p.lastAr, p.firstAr + " " + p.lastAr},
				NameLatin: Name{p.first, p.last, p.first + " " + p.last}}
			if asXLSX || !bytes.Contains(data, []byte("Ai")) {
				if diff := cmp.Diff(want, e, cmpopts.IgnoreFields(Entry{}, "Cells")); diff != "" {
					rt.Fatalf("row %d: %s\nmapped %v", i, diff, m)
				}
			}
			if NormaliseName(e.NameLatin.Full) != NormaliseName(want.NameLatin.Full) || e.Keys()[0] != want.Keys()[0] {
				rt.Fatalf("row %d: keys %v, not %v", i, e.Keys(), want.Keys())
			}
		}
	})
}

func writeBook(t *rapid.T, rows [][]string, people []person, realDates bool) []byte {
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		values := make([]any, len(row))
		for j, c := range row {
			values[j] = c
		}
		if i > 0 && realDates {
			values[6] = people[i-1].born
		}
		name, _ := excelize.CoordinatesToCellName(1, i+1)
		if err := f.SetSheetRow("Sheet1", name, &values); err != nil {
			t.Fatal(err)
		}
	}
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// Every day there is, in every form, is read as itself.
func TestEveryDay(t *testing.T) {
	forms := append([]string{"02012006", "20060102", "2 January 2006", "January 2, 2006"}, dateForms...)
	for day := time.Date(1920, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2031; day = day.AddDate(0, 0, 1) {
		want := day.Format(time.DateOnly)
		for _, form := range forms {
			text := day.Format(form)
			if got, err := ParseDate(text); got != want || err != nil {
				t.Fatalf("ParseDate(%q) = %q, %v; want %q", text, got, err, want)
			}
			if got, err := ParseDate(easternDigits.Replace(text)); got != want || err != nil {
				t.Fatalf("ParseDate(%q) = %q, %v; want %q", easternDigits.Replace(text), got, err, want)
			}
		}
	}
}

// What the parsers return they read again as itself, and a name once normal stays so.
func TestParsersAreSteady(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ \-+./A-Za-z0-9٠-٩]{0,20}`)).Draw(rt, "text")
		for name, parse := range map[string]func(string) (string, error){
			"date": ParseDate, "massar": ParseMassar, "cin": ParseCIN, "phone": ParsePhone, "sex": ParseSex,
			"milieu": ParseMilieu, "schooling": func(s string) (string, error) { _, err := ParseSchooling(s); return s, err },
		} {
			if got, err := parse(text); err == nil {
				if again, err := parse(got); again != got || err != nil {
					rt.Fatalf("%s: %q gives %q, which gives %q, %v", name, text, got, again, err)
				}
			}
		}
		if n := NormaliseName(text); NormaliseName(n) != n {
			rt.Fatalf("%q is normal as %q, then as %q", text, n, NormaliseName(n))
		}
		if n := cleanName(text); cleanName(n) != n {
			rt.Fatalf("%q is clean as %q, then as %q", text, n, cleanName(n))
		}
	})
}
