package sheet

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// encodings are the ways the text of a list is written, by the name detection should give it.
var encodings = []struct {
	label, name string
	to          encoding.Encoding
	bom         string
}{
	{"utf-8", UTF8, encoding.Nop, ""},
	{"utf-8 with mark", UTF8, encoding.Nop, "\xef\xbb\xbf"},
	{"utf-16le with mark", UTF16LE, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "\xff\xfe"},
	{"utf-16be with mark", UTF16BE, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "\xfe\xff"},
	{"utf-16le", UTF16LE, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), ""},
	{"utf-16be", UTF16BE, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), ""},
	{"windows-1256", Arabic, charmap.Windows1256, ""},
	{"windows-1252", Western, charmap.Windows1252, ""},
	{"ibm850", DOS, charmap.CodePage850, ""},
	{"macintosh", Mac, charmap.Macintosh, ""},
}

func encode(t testing.TB, e encoding.Encoding, bom, text string) []byte {
	t.Helper()
	out, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatalf("the fixture does not fit the encoding: %v", err)
	}
	return append([]byte(bom), out...)
}

// known is a small vocabulary such as a caller gives.
func known(h string) bool {
	switch strings.Trim(Fold(h), " .:") {
	case "n°", "no", "nom", "prenom", "code massar", "date de naissance", "sexe", "tuteur", "eleve", "telephone", "classe",
		"الاسم الكامل", "تاريخ الازدياد", "الجنس", "رقم مسار", "النسب", "الاسم", "رقم التلميذ", "اسم التلميذ", "النقطه", "التغيب",
		"full name", "birth date", "sex", "en arabe", "en francais", "nom complet", "nom complet en arabe", "ecole":
		return true
	}
	return false
}

func open(t testing.TB, data []byte, opt Options) *Reader {
	t.Helper()
	r, err := New(bytes.NewReader(data), int64(len(data)), "liste", opt)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// all reads every row; their cells, and the rows themselves.
func all(t testing.TB, r *Reader) (cells [][]string, rows []Row) {
	t.Helper()
	for {
		row, err := r.Next()
		if err == io.EOF {
			return cells, rows
		}
		if err != nil {
			t.Fatalf("next: %v", err)
		}
		cells, rows = append(cells, row.Cells), append(rows, row)
	}
}

// workbook builds an XLSX by hand over excelize.
func workbook(t testing.TB, build func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	build(f)
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func put(t testing.TB, f *excelize.File, sheet, cell string, values ...any) {
	t.Helper()
	if err := f.SetSheetRow(sheet, cell, &values); err != nil {
		t.Fatal(err)
	}
}

// zipped builds a zip of raw parts.
func zipped(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for name, text := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// rawBook is a workbook of one sheet as other programs write it.
func rawBook(t testing.TB, sheetXML, stylesXML, stringsXML string) []byte {
	return zipped(t, map[string]string{
		"_rels/.rels":                `<Relationships><Relationship Id="rId1" Type="http://x/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook><sheets><sheet name="Liste" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://x/styles" Target="/xl/styles.xml"/><Relationship Id="rId3" Type="http://x/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   sheetXML,
		"xl/styles.xml":              stylesXML,
		"xl/sharedStrings.xml":       stringsXML,
	})
}
