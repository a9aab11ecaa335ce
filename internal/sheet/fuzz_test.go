package sheet

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// FuzzNew feeds any bytes to the reader: it says no with an *Error, or gives rows that hold together.
func FuzzNew(f *testing.F) {
	for _, e := range encodings[:6] {
		f.Add(encode(f, e.to, e.bom, "رقم مسار;Nom;Sexe\nR130456789;\"Ali\nOmar\";M\nTotal;1\n"))
	}
	f.Add([]byte("sep=,\r\nNom,Sexe\r\"a\"\"b\",\"c\n\n;;\n"))
	f.Add([]byte("\"a;b\n\"c;d\n\"e;\"f\"g\";h"))
	f.Add(workbook(f, func(x *excelize.File) {
		put(f, x, "Sheet1", "A1", "Nom", "Date de naissance")
		put(f, x, "Sheet1", "A2", "Ali", time.Date(2014, 12, 31, 0, 0, 0, 0, time.UTC))
		x.MergeCell("Sheet1", "A2", "A4")
	}))
	for _, s := range samples(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) { hold(t, data) })
}

// FuzzSheetXML feeds any XML to the reader as the sheet of a workbook, past the zip that would hide it from mutation.
func FuzzSheetXML(f *testing.F) {
	f.Add(`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c t="inlineStr"><is><t>b</t></is></c></row><row><c s="1"><v>42004</v></c></row></sheetData><mergeCells><mergeCell ref="A1:A9"/></mergeCells></worksheet>`, `<sst><si><t>Nom</t></si><si><r><t>a</t></r><rPh><t>x</t></rPh></si></sst>`)
	f.Add(`<a:worksheet><![CDATA[x]]><!-- c --><a:sheetData><a:row r='9'/><a:row><a:c r="ZZZZZZ1"><a:v>&#x31;&amp;</a:v></a:c></a:row></a:sheetData></a:worksheet>`, `<sst/>`)
	f.Fuzz(func(t *testing.T, sheet, texts string) {
		hold(t, rawBook(t, sheet, `<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`, texts))
	})
}

func hold(t *testing.T, data []byte) {
	r, err := New(bytes.NewReader(data), int64(len(data)), "x", Options{Known: known, Unzipped: 1 << 20, MaxRows: 1 << 16})
	if err != nil {
		proper(t, err)
		return
	}
	defer r.Close()
	width, last := len(r.Info().Header), 0
	for {
		row, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			proper(t, err)
			break
		}
		if row.Number <= last {
			t.Fatalf("row %d comes after %d", row.Number, last)
		}
		last = row.Number
		if len(row.Cells) < width || len(row.Cells) > maxColumns || row.Dates != nil && r.Info().Format == "csv" {
			t.Fatalf("row %d has %d cells for %d headings", row.Number, len(row.Cells), width)
		}
		for _, c := range row.Cells {
			if r.Info().Format == "csv" && !utf8.ValidString(c) {
				t.Fatalf("row %d: %q is no text", row.Number, c)
			}
		}
	}
	if _, err := r.Next(); err == nil {
		t.Fatal("a row after the end")
	}
}

func proper(t *testing.T, err error) {
	var e *Error
	if !errors.As(err, &e) || English[e.Code] == "" || e.Args["file"] != "x" {
		t.Fatalf("improper error: %#v", err)
	}
}

// samples are the real tables at hand: those of the folder named by TIZI_SAMPLES, or of shared/samples beside a folder
// above. There may be none.
func samples(t testing.TB) [][]byte {
	dir := os.Getenv("TIZI_SAMPLES")
	for up := "."; dir == "" && len(up) < 40; up = filepath.Join(up, "..") {
		if found := filepath.Join(up, "shared", "samples"); isDir(found) {
			dir = found
		}
	}
	paths, _ := filepath.Glob(filepath.Join(dir, "oneroster", "*.csv"))
	var out [][]byte
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, data)
	}
	return out
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func TestSamples(t *testing.T) {
	files := samples(t)
	if len(files) == 0 {
		t.Skip("no samples: name their folder in TIZI_SAMPLES")
	}
	for _, data := range files {
		r, err := New(bytes.NewReader(data), int64(len(data)), "sample.csv", Options{})
		var e *Error
		if errors.As(err, &e) && e.Code == CodeNoRows && bytes.Count(data, []byte("\n")) <= 1 {
			continue // the set has files of headings alone
		}
		if err != nil {
			t.Errorf("%v: %.80q", err, data)
			continue
		}
		cells, _ := all(t, r)
		if got := r.Info(); got.Delimiter != ',' || got.HeaderRow != 1 || len(cells) == 0 {
			t.Errorf("%.80q: %+v, %d rows", data, got, len(cells))
		}
	}
}
