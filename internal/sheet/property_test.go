package sheet

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"pgregory.net/rapid"
)

var latinOnly = map[string]bool{Western: true, DOS: true, Mac: true}

// header of the tables of the property tests; drawn cells never make a total or a second header of it.
var header = []string{"Code Massar", "Nom", "Prénom", "Date de naissance", "Sexe"}

func drawRows(t *rapid.T, alphabet []rune) [][]string {
	// A row always has a code, as a row of the list has something in it.
	text := rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 12, -1)
	n := rapid.IntRange(1, 40).Draw(t, "rows")
	rows := make([][]string, n)
	for i := range rows {
		rows[i] = []string{rapid.StringMatching(`[A-Z][0-9]{9}`).Draw(t, "code")}
		for range header[1:] {
			rows[i] = append(rows[i], trim(text.Draw(t, "cell")))
		}
	}
	return rows
}

// A list written in any encoding, with any delimiter and line end, is read back as it was.
func TestTextReadsBack(t *testing.T) {
	latin := []rune("abcXYZéèêçàù'-. 0123456789/;,\t|\"()&")
	arabic := []rune("ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإآؤئ 0123456789/;,\t|\"abc.-")
	rapid.Check(t, func(rt *rapid.T) {
		e := rapid.SampledFrom(encodings).Draw(rt, "encoding")
		alphabet := append(slices.Clone(latin), arabic...)
		head := header
		switch e.name {
		case Western, DOS, Mac:
			alphabet = latin
		case Arabic:
			alphabet = arabic
			head = []string{"رقم مسار", "النسب", "الاسم", "تاريخ الازدياد", "الجنس"}
		}
		rows := drawRows(rt, alphabet)
		switch { // an encoding shows by its letters only: give it some
		case e.name == Arabic:
			rows[0][1] = "محمد"
		case latinOnly[e.name]:
			rows[0][1] = "Hélène"
		}
		d := rapid.SampledFrom(delimiters).Draw(rt, "delimiter")
		end := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(rt, "end")
		if e.to == encoding.Nop && rapid.Bool().Draw(rt, "lines in cells") {
			for i := range rows {
				rows[i][2] = strings.ReplaceAll(rows[i][2], "ab", "a\nb")
			}
		}
		text := write(append([][]string{head}, rows...), d, end)
		data, err := e.to.NewEncoder().String(text)
		if err != nil {
			rt.Skip("the encoding has no such letters")
		}
		data = e.bom + data
		r, err := New(strings.NewReader(data), int64(len(data)), "liste", Options{Known: known})
		if err != nil {
			rt.Fatalf("%v\n%q", err, text)
		}
		same(rt, r, rows)
		if got := r.Info(); got.Encoding != e.name || got.Delimiter != d {
			rt.Fatalf("found %s %q in %q", got.Encoding, got.Delimiter, text)
		}
	})
}

func TestWorkbookReadsBack(t *testing.T) {
	alphabet := []rune("abcXYZéèêçàù'-. 0123456789/;,|\"()&<>_xابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإآؤئⵉⵙⵎ😀\n")
	rapid.Check(t, func(rt *rapid.T) {
		rows := drawRows(rt, alphabet)
		f := excelize.NewFile()
		defer f.Close()
		f.SetSheetRow("Sheet1", "A1", &header)
		for i, row := range rows {
			name, _ := excelize.CoordinatesToCellName(1, i+2)
			f.SetSheetRow("Sheet1", name, &row)
		}
		var buf bytes.Buffer
		if err := f.Write(&buf); err != nil {
			rt.Fatal(err)
		}
		r, err := New(bytes.NewReader(buf.Bytes()), int64(buf.Len()), "liste", Options{Known: known})
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, r, rows)
	})
}

func same(t *rapid.T, r *Reader, rows [][]string) {
	for i := 0; ; i++ {
		row, err := r.Next()
		if err == io.EOF && i == len(rows) {
			return
		}
		if err != nil || i == len(rows) {
			t.Fatalf("row %d of %d: %v %v", i, len(rows), row, err)
		}
		if !slices.Equal(row.Cells, rows[i]) {
			t.Fatalf("row %d: read %q, written %q", i, row.Cells, rows[i])
		}
	}
}
