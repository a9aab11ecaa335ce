package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Every encoding, delimiter, line end and language of headings that the encoding can write.
func TestEncodingsDelimitersHeadings(t *testing.T) {
	languages := []struct {
		name string
		rows [][]string
	}{
		{"fr", [][]string{
			{"N°", "Nom", "Prénom", "Date de naissance", "Sexe"},
			{"1", "BÉNAÏSSA", "Zoé", "31/12/2014", "F"},
			{"2", "El Fassi", "Hélène, dite Léa; L", "01/02/2015", "F"},
		}},
		{"ar", [][]string{
			{"رقم مسار", "النسب", "الاسم", "تاريخ الازدياد", "الجنس"},
			{"R130456789", "العلوي", "محمد", "31/12/2014", "ذكر"},
			{"R130456790", "بنعيسى", "فاطمة الزهراء", "2015/02/01", "أنثى"},
		}},
		{"en", [][]string{
			{"Code Massar", "Full name", "Birth date", "Sex", "Classe"},
			{"R130456789", "Sara Amrani", "2014-12-31", "F", "6A"},
			{"R130456790", "محمد العلوي", "2014-12-31", "M", "6A"},
		}},
	}
	for _, e := range encodings {
		for _, lang := range languages {
			for _, d := range []byte{';', ',', '\t', '|'} {
				for _, end := range []string{"\n", "\r\n", "\r"} {
					text := write(lang.rows, d, end)
					if latinOnly[e.name] && lang.name != "fr" || e.name == Arabic && lang.name == "fr" {
						continue // the encoding has no such letters
					}
					t.Run(fmt.Sprintf("%s/%s/%q/%q", e.label, lang.name, d, end), func(t *testing.T) {
						r := open(t, encode(t, e.to, e.bom, text), Options{Known: known})
						info := r.Info()
						if info.Encoding != e.name || info.Delimiter != d || info.Format != "csv" || info.HeaderRow != 1 {
							t.Errorf("found %q %q %q, headings in row %d", info.Format, info.Encoding, info.Delimiter, info.HeaderRow)
						}
						if diff := cmp.Diff(lang.rows[0], info.Header); diff != "" {
							t.Errorf("headings: %s", diff)
						}
						got, rows := all(t, r)
						if diff := cmp.Diff(lang.rows[1:], got); diff != "" {
							t.Errorf("rows: %s", diff)
						}
						if rows[0].Number != 2 || rows[1].Number != 3 {
							t.Errorf("numbered %d and %d", rows[0].Number, rows[1].Number)
						}
					})
				}
			}
		}
	}
}

// write is a CSV writer by the book.
func write(rows [][]string, d byte, end string) string {
	var b strings.Builder
	for _, row := range rows {
		for i, c := range row {
			if i > 0 {
				b.WriteByte(d)
			}
			if strings.ContainsAny(c, string(d)+"\"\r\n") || c != trim(c) || c == "" && len(row) == 1 {
				c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
			}
			b.WriteString(c)
		}
		b.WriteString(end)
	}
	return b.String()
}

func TestCapitalAccentsAreNotArabic(t *testing.T) {
	text := "NOM;PRÉNOM;SEXE\nBENAÏSSA;HÉLÈNE;F\nÉCOLE;ÇA;M\n"
	r := open(t, encode(t, encodings[7].to, "", text), Options{})
	if got := r.Info().Encoding; got != Western {
		t.Errorf("found %s", got)
	}
	cells, _ := all(t, r)
	if cells[0][0] != "BENAÏSSA" || cells[0][1] != "HÉLÈNE" {
		t.Errorf("read %q", cells[0])
	}
}

// The accents that decide may come after any sample: in the last of many rows.
func TestLateLetters(t *testing.T) {
	text := "Nom;Sexe\n" + strings.Repeat("Alaoui;F\n", 50000) + "محمد العلوي;M\n"
	r := open(t, encode(t, encodings[6].to, "", text), Options{Known: known})
	if got := r.Info().Encoding; got != Arabic {
		t.Fatalf("found %s", got)
	}
	cells, _ := all(t, r)
	if last := cells[len(cells)-1][0]; last != "محمد العلوي" {
		t.Errorf("read %q", last)
	}
}

func TestStrayBytesInUTF8(t *testing.T) {
	text := "Nom;Sexe\n" + strings.Repeat("محمد;M\n", 100) + "Zo\xe9;F\n"
	r := open(t, []byte(text), Options{Known: known})
	if got := r.Info().Encoding; got != UTF8 {
		t.Fatalf("found %s", got)
	}
	cells, _ := all(t, r)
	if last := cells[len(cells)-1][0]; last != "Zo\ufffd" {
		t.Errorf("read %q", last)
	}
}

func TestQuotes(t *testing.T) {
	const head = "Nom;Prénom;Sexe;Classe\n"
	row := func(cells ...string) []string { return cells }
	for _, c := range []struct {
		name, body string
		want       [][]string
		numbers    []int
		repaired   []bool
	}{
		{"by the book", "\"El; Fassi\";\"Ali \"\"le grand\"\"\";M;1\n", [][]string{row("El; Fassi", `Ali "le grand"`, "M", "1")}, []int{2}, []bool{false}},
		{"not doubled", "A;\"Ali \"le grand\" Omar\";M;1\n", [][]string{row("A", `Ali "le grand" Omar`, "M", "1")}, []int{2}, []bool{false}},
		{"two lines", "A;\"Ali\nOmar\";M;1\nB;C;F;2\n", [][]string{row("A", "Ali\nOmar", "M", "1"), row("B", "C", "F", "2")}, []int{2, 4}, []bool{false, false}},
		{"inches", "A;5\" d'Ali;M;1\n", [][]string{row("A", `5" d'Ali`, "M", "1")}, []int{2}, []bool{false}},
		{"never closed", "\"A;Ali;M;1\nB;C;F;2\n", [][]string{row("A", "Ali", "M", "1"), row("B", "C", "F", "2")}, []int{2, 3}, []bool{true, false}},
		{"two never closed", "\"A;Ali;M;1\nB;C;F;2\n\"D;E;F;3\n", [][]string{row("A", "Ali", "M", "1"), row("B", "C", "F", "2"), row("D", "E", "F", "3")}, []int{2, 3, 4}, []bool{true, false, true}},
		{"one swallows another", "\"A;Ali;M;1\nB\";C;F;2\n", [][]string{row("A", "Ali", "M", "1"), row("B\"", "C", "F", "2")}, []int{2, 3}, []bool{true, false}},
		{"long cell of wide lines", "A;\"Ali\nb;c\";M;1\n", [][]string{row("A", "Ali\nb;c", "M", "1")}, []int{2}, []bool{false}},
		{"never closed, before a word in quotes", "\"A;Ali;M;1\nB;say \"hi\nC\";D;M;3\n", [][]string{row("A", "Ali", "M", "1"), row("B", "say \"hi", "", ""), row("C\"", "D", "M", "3")},
			[]int{2, 3, 4}, []bool{true, false, false}},
		{"blank rows", "\n;;;\nA;B;M;1\n  ;\t;;\nC;D;F;2\n\n", [][]string{row("A", "B", "M", "1"), row("C", "D", "F", "2")}, []int{4, 6}, []bool{false, false}},
		{"short and long", "A;B\nC;D;F;2;;\nE;F;M;3;x\n", [][]string{row("A", "B", "", ""), row("C", "D", "F", "2"), row("E", "F", "M", "3", "x")}, []int{2, 3, 4}, []bool{false, false, false}},
		{"unseen marks", "\u200f A \u200e;\u00a0B\u202c;M;\u200f1\n", [][]string{row("A", "B", "M", "1")}, []int{2}, []bool{false}},
		{"no end of line", "A;B;M;1", [][]string{row("A", "B", "M", "1")}, []int{2}, []bool{false}},
		{"quote at the very end", "A;B;M;\"1\nC;D;F;2", [][]string{row("A", "B", "M", "1"), row("C", "D", "F", "2")}, []int{2, 3}, []bool{true, false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := open(t, []byte(head+c.body), Options{Known: known})
			got, rows := all(t, r)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Fatal(diff)
			}
			for i, row := range rows {
				if row.Number != c.numbers[i] || row.Repaired != c.repaired[i] {
					t.Errorf("row %d: number %d, repaired %v", i, row.Number, row.Repaired)
				}
			}
		})
	}
}

// However a reader hands out its bytes, the rows are the same.
func TestLinesInPieces(t *testing.T) {
	text := "a;b\r\nc;\"d\r\ne\"\rf;g\n\nh;i"
	want := []string{"a|b", "c|d\ne", "f|g", "h|i"}
	for name, in := range map[string]io.Reader{
		"whole":    strings.NewReader(text),
		"bytes":    iotest.OneByteReader(strings.NewReader(text)),
		"halves":   iotest.HalfReader(strings.NewReader(text)),
		"with EOF": iotest.DataErrReader(strings.NewReader(text)),
	} {
		rec := newRecords(in, ';', 2)
		var got []string
		for {
			row, err := rec.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, strings.Join(row.Cells, "|"))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Lines about as long as the buffer, so that every boundary falls on every byte.
func TestLinesAcrossTheBuffer(t *testing.T) {
	for size := lineBuffer - 4; size <= lineBuffer+4; size++ {
		for _, end := range []string{"\n", "\r\n", "\r"} {
			long := strings.Repeat("x", size)
			l := newLines(strings.NewReader(long + end + "second" + end + end + "fourth"))
			for i, want := range []string{long, "second", "", "fourth"} {
				got, err := l.next()
				if err != nil || string(got) != want || l.number != i+1 {
					t.Fatalf("size %d, end %q: line %d is %.20q (%d bytes), %v", size, end, l.number, got, len(got), err)
				}
			}
			if _, err := l.next(); err != io.EOF {
				t.Fatalf("after the last: %v", err)
			}
		}
	}
}

func TestDelimiterIsNotFooled(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		want  byte
		first string
	}{
		"commas inside":     {"Nom complet;Note;Adresse\nEl Fassi, Ali;12,5;1, rue A, Salé\nAlaoui, Sara;13,5;2, rue B, Fès\n", ';', "El Fassi, Ali"},
		"semicolons inside": {"Nom complet,Note\n\"Ali; Omar\",1\n\"B; C\",2\n", ',', "Ali; Omar"},
		"declared":          {"sep=|\nNom|Sexe\nAli|M\n", '|', "Ali"},
		"declared, UTF-8":   {"\xef\xbb\xbfsep=;\r\nNom;Sexe\r\nAli;M\r\n", ';', "Ali"},
		"one column":        {"Nom\nAli\nSara\n", 0, "Ali"},
		"titles above":      {"Académie de Rabat, Salé, Kénitra, Maroc\nListe, classe, 2025\n\nNom;Sexe\nAli;M\nSara;F\n", ';', "Ali"},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, []byte(c.text), Options{Known: known})
			if got := r.Info().Delimiter; got != c.want {
				t.Errorf("found %q", got)
			}
			cells, _ := all(t, r)
			if cells[0][0] != c.first {
				t.Errorf("first row %q", cells[0])
			}
		})
	}
}

func TestCorrected(t *testing.T) {
	text := "Nom,Sexe\nZo\xe9;x,F\nAli;y,M\n"
	r := open(t, []byte(text), Options{Delimiter: ';', Encoding: Western})
	if info := r.Info(); info.Delimiter != ';' || info.Encoding != Western {
		t.Errorf("not obeyed: %+v", info)
	}
}

func TestReadFailure(t *testing.T) {
	data := []byte("Nom;Sexe\n" + strings.Repeat("Alaoui;F\n", 100000))
	flaky := &failing{data: data}
	r, err := New(flaky, int64(len(data)), "liste.csv", Options{Known: known})
	if err != nil {
		t.Fatal(err)
	}
	flaky.after = len(data) / 2
	n := 0
	for {
		_, err = r.Next()
		if err != nil {
			break
		}
		n++
	}
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeUnreadable || n < 40000 {
		t.Errorf("after %d rows: %v", n, err)
	}
	if _, again := r.Next(); again != err {
		t.Errorf("then: %v", again)
	}
}

// failing is a file whose disk dies half-way.
type failing struct {
	data  []byte
	after int
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if f.after > 0 && off+int64(len(p)) > int64(f.after) {
		return 0, errors.New("input/output error")
	}
	return bytes.NewReader(f.data).ReadAt(p, off)
}

// The tally of a file does not depend on how its bytes come.
func TestTallyInPieces(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		data := []byte(rapid.StringOf(rapid.SampledFrom([]rune("aé محمدⵉ😀\x00;"))).Draw(rt, "text"))
		for range rapid.IntRange(0, 4).Draw(rt, "wounds") {
			if len(data) > 0 {
				data[rapid.IntRange(0, len(data)-1).Draw(rt, "at")] = rapid.Byte().Draw(rt, "byte")
			}
		}
		var whole, pieces, bytewise tally
		whole.add(data)
		whole.end()
		for i := range data {
			bytewise.add(data[i : i+1])
		}
		bytewise.end()
		for rest := data; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "piece")
			pieces.add(rest[:n])
			rest = rest[n:]
		}
		pieces.end()
		whole.rest, pieces.rest, bytewise.rest = nil, nil, nil
		if fmt.Sprint(whole) != fmt.Sprint(pieces) || fmt.Sprint(whole) != fmt.Sprint(bytewise) {
			rt.Fatalf("%q: whole %+v, in pieces %+v, byte by byte %+v", data, whole, pieces, bytewise)
		}
		valid := 0
		for rest := data; len(rest) > 0; {
			r, size := utf8.DecodeRune(rest)
			if r == utf8.RuneError && size == 1 {
				valid++
			}
			rest = rest[size:]
		}
		if (whole.invalid == 0) != (valid == 0) {
			rt.Fatalf("%q: %d invalid, found %d", data, valid, whole.invalid)
		}
	})
}
