package sheet

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func TestRefusals(t *testing.T) {
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	w.Write([]byte("Nom;Sexe\nAli;M\n"))
	w.Close()
	locked := func() []byte {
		f := excelize.NewFile()
		defer f.Close()
		var buf bytes.Buffer
		if err := f.Write(&buf, excelize.Options{Password: "secret"}); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}()
	good := workbook(t, func(f *excelize.File) {
		put(t, f, "Sheet1", "A1", "Nom", "Sexe")
		put(t, f, "Sheet1", "A2", "Ali", "M")
	})
	for name, c := range map[string]struct {
		data []byte
		opt  Options
		want string
	}{
		"nothing":          {nil, Options{}, CodeEmpty},
		"blanks":           {[]byte("  \r\n\t\n"), Options{}, CodeEmpty},
		"separators":       {[]byte(";;;\n;;;\n"), Options{}, CodeEmpty},
		"mark alone":       {[]byte("\xef\xbb\xbf"), Options{}, CodeEmpty},
		"headings alone":   {[]byte("Nom;Sexe\n"), Options{Known: known}, CodeNoRows},
		"total alone":      {[]byte("Nom;Sexe\nTotal;0\n"), Options{Known: known}, CodeNoRows},
		"pdf":              {[]byte("%PDF-1.7\n..."), Options{}, CodePDF},
		"png":              {[]byte("\x89PNG\r\n\x1a\n...."), Options{}, CodeImage},
		"jpeg":             {[]byte("\xff\xd8\xff\xe0...."), Options{}, CodeImage},
		"heic":             {[]byte("\x00\x00\x00\x18ftypheic...."), Options{}, CodeImage},
		"old excel":        {append([]byte(oleMagic), bytes.Repeat([]byte{0}, 600)...), Options{}, CodeOldExcel},
		"old word":         {append([]byte(oleMagic), wide("..WordDocument..")...), Options{}, CodeWord},
		"locked":           {locked, Options{}, CodeLocked},
		"web page":         {[]byte("<html><table><tr><td>Nom</td></tr></table></html>"), Options{}, CodeWebPage},
		"xml workbook":     {[]byte("\xef\xbb\xbf<?xml version=\"1.0\"?><Workbook/>"), Options{}, CodeWebPage},
		"wide web page":    {append([]byte("\xff\xfe"), wide("<html>")...), Options{}, CodeWebPage},
		"json":             {[]byte(`[{"nom":"Ali"}]`), Options{}, CodeNotTable},
		"gzip":             {gz.Bytes(), Options{}, CodeArchive},
		"rar":              {[]byte("Rar!\x1a\x07\x00"), Options{}, CodeArchive},
		"zip of a list":    {zipped(t, map[string]string{"liste.csv": "Nom;Sexe\n"}), Options{}, CodeArchive},
		"empty zip":        {zipped(t, nil), Options{}, CodeArchive},
		"word":             {zipped(t, map[string]string{"word/document.xml": "<document/>"}), Options{}, CodeWord},
		"open document":    {zipped(t, map[string]string{"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<c/>"}), Options{}, CodeOpenOffice},
		"open text":        {zipped(t, map[string]string{"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<c/>"}), Options{}, CodeWord},
		"binary workbook":  {zipped(t, map[string]string{"xl/workbook.bin": "x"}), Options{}, CodeOldExcel},
		"no sheets":        {zipped(t, map[string]string{"xl/workbook.xml": "<workbook/>"}), Options{}, CodeNoSheet},
		"binary":           {[]byte("abc\x00def\x00\x00ghi\x01\x02\x03\x04\x05\x06\x07 plain text follows here for a while"), Options{}, CodeNotTable},
		"cut zip":          {good[:len(good)/2], Options{}, CodeDamaged},
		"empty sheet":      {rawBook(t, "<worksheet><sheetData/></worksheet>", "<s/>", "<s/>"), Options{}, CodeNoSheet},
		"cut sheet":        {rawBook(t, `<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row>`, "<s/>", "<s/>"), Options{}, CodeDamaged},
		"bad xml":          {rawBook(t, `<worksheet></a></b></worksheet>`, "<s/>", "<s/>"), Options{}, CodeDamaged},
		"document type":    {rawBook(t, `<!DOCTYPE w [<!ENTITY a "aaaa">]><worksheet><sheetData/></worksheet>`, "<s/>", "<s/>"), Options{}, CodeDamaged},
		"sheet not there":  {good, Options{Sheet: "6A"}, CodeSheetAbsent},
		"row not there":    {good, Options{HeaderRow: 9}, CodeHeaderRow},
		"long line":        {[]byte(strings.Repeat("x", 2*maxLine)), Options{}, CodeLongLine},
		"far too long row": {[]byte("Nom;Sexe\nAli;M\n" + strings.Repeat("x", 2*maxLine)), Options{}, CodeLongLine},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := New(bytes.NewReader(c.data), int64(len(c.data)), "liste.xls", c.opt)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("not refused: %v, %v", r, err)
			}
			if e.Code != c.want {
				t.Errorf("refused with %s: %v", e.Code, err)
			}
			if !strings.Contains(err.Error(), "liste.xls") || regexp.MustCompile(`\{\w+\}`).MatchString(err.Error()) {
				t.Errorf("says %q", err)
			}
		})
	}
}

func TestOpenByPath(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{dir: CodeDirectory, filepath.Join(dir, "none.csv"): CodeMissing} {
		_, err := Open(path, Options{})
		var e *Error
		if !errors.As(err, &e) || e.Code != want {
			t.Errorf("%s: %v", path, err)
		}
		if strings.Contains(fill(English[e.Code], e.Args), dir+"/") {
			t.Errorf("the message tells where the machine keeps its files: %v", e)
		}
	}
	path := filepath.Join(dir, "liste.xlsx") // the name lies
	if err := os.WriteFile(path, []byte("Nom;Sexe\nAli;M\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if cells, _ := all(t, r); cells[0][0] != "Ali" {
		t.Errorf("read %v", cells)
	}
}

// A small file that unpacks to a very large one is refused, whatever it declares, before memory is filled.
func TestBombs(t *testing.T) {
	zeros := strings.Repeat(" ", 1<<20)
	bomb := func(part string) []byte {
		var buf bytes.Buffer
		z := zip.NewWriter(&buf)
		for name, text := range map[string]string{
			"xl/workbook.xml":            `<workbook><sheets><sheet name="L" r:id="rId1"/></sheets></workbook>`,
			"xl/_rels/workbook.xml.rels": `<R><Relationship Id="rId1" Type="x/worksheet" Target="s.xml"/><Relationship Id="rId2" Type="x/sharedStrings" Target="t.xml"/></R>`,
			"xl/s.xml":                   `<worksheet><sheetData><row><c><v>1</v></c></row></sheetData>`,
			"xl/t.xml":                   `<sst><si><t>a</t></si>`,
		} {
			w, _ := z.Create(name)
			io.WriteString(w, text)
			if name == part {
				for range 40 {
					io.WriteString(w, "<a>"+zeros[:1<<19]+"</a>")
				}
			}
			if name == "xl/s.xml" {
				io.WriteString(w, "</worksheet>")
			}
			if name == "xl/t.xml" {
				io.WriteString(w, "</sst>")
			}
		}
		z.Close()
		return buf.Bytes()
	}
	for _, part := range []string{"xl/s.xml", "xl/t.xml"} {
		data := bomb(part)
		if len(data) > 100<<10 {
			t.Fatalf("the bomb is of %d bytes", len(data))
		}
		_, err := New(bytes.NewReader(data), int64(len(data)), "bombe.xlsx", Options{Unzipped: 4 << 20})
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeTooLarge || e.Args["limit"] != "4" {
			t.Errorf("%s: %v", part, err)
		}
	}
	strings := &limited{io.NopCloser(bytes.NewReader(make([]byte, 100))), 10}
	if n, err := io.ReadAll(strings); len(n) != 10 || err != errTooLarge {
		t.Errorf("a part that lies about its size: %d bytes, %v", len(n), err)
	}
}

func TestTooManyRows(t *testing.T) {
	data := []byte("Nom;Sexe\n" + strings.Repeat("Ali;M\n", 10))
	r := open(t, data, Options{Known: known, MaxRows: 9})
	n := 0
	var err error
	for ; err == nil; n++ {
		_, err = r.Next()
	}
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeTooManyRows || n != 10 {
		t.Errorf("after %d: %v", n, err)
	}
	r = open(t, data, Options{Known: known, MaxRows: 10})
	if cells, _ := all(t, r); len(cells) != 10 {
		t.Errorf("read %d", len(cells))
	}
}

// Every code has its sentence and no sentence is of no code.
func TestEnglishIsWhole(t *testing.T) {
	source, err := os.ReadFile("error.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`Code\w+\s+= "(import\.file\.\w+)"`).FindAllSubmatch(source, -1)
	if len(codes) != len(English) {
		t.Errorf("%d codes, %d sentences", len(codes), len(English))
	}
	for _, c := range codes {
		if English[string(c[1])] == "" {
			t.Errorf("%s has no sentence", c[1])
		}
	}
}
