package sheet

import (
	"archive/zip"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
)

// maxTabs is how many sheets of a workbook are looked at for a list.
const maxTabs = 60

// errTooLarge says that a part of a workbook unpacks to more than the limit.
var errTooLarge = errors.New("too large")

// book is an open workbook.
type book struct {
	parts    map[string]*zip.File // by lower-case path: writers do not agree on case
	limit    int64
	strings  *sharedStrings
	styles   []style
	from1904 bool
	tabs     []bookTab
}

type bookTab struct {
	name   string
	hidden bool
	part   *zip.File
}

// openBook opens a workbook and chooses the sheet to read.
func openBook(in io.ReaderAt, size int64, opt Options, info *Info) (source, error) {
	b, err := readBook(in, size, opt.Unzipped)
	if err != nil {
		return nil, b.explain(err)
	}
	i, err := b.choose(opt, info)
	if err != nil {
		return nil, b.explain(err)
	}
	info.Format, info.Sheet = "xlsx", b.tabs[i].name
	src, err := b.open(i, true)
	if err != nil {
		return nil, b.explain(err)
	}
	return src, nil
}

// explain makes an *Error of what went wrong inside a workbook.
func (b *book) explain(err error) error {
	var e *Error
	switch {
	case err == nil || err == io.EOF || errors.As(err, &e):
		return err
	case errors.Is(err, errTooLarge):
		return &Error{Code: CodeTooLarge, Args: map[string]string{"limit": strconv.FormatInt(b.limit>>20, 10)}, Err: err}
	}
	return &Error{Code: CodeDamaged, Err: err}
}

// readBook reads what stands around the sheets: their names, the styles that tell a date, the shared strings.
func readBook(in io.ReaderAt, size, limit int64) (*book, error) {
	b := &book{parts: map[string]*zip.File{}, limit: limit}
	z, err := zip.NewReader(in, size)
	if err != nil {
		return b, err
	}
	if len(z.File) > 20000 {
		return b, errTooLarge
	}
	for _, f := range z.File {
		b.parts[partName(f.Name)] = f
	}
	main, err := b.mainPart()
	if err != nil {
		return b, err
	}
	rels, err := b.relations(main)
	if err != nil {
		return b, err
	}
	if err := b.readTabs(main, rels); err != nil {
		return b, err
	}
	for _, r := range rels {
		switch r.kind {
		case "styles":
			err = b.read(r.target, func(in io.Reader) (err error) { b.styles, err = readStyles(in); return })
		case "sharedStrings":
			err = b.read(r.target, func(in io.Reader) (err error) { b.strings, err = readStrings(in); return })
		}
		if err != nil {
			return b, err
		}
	}
	return b, nil
}

func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Clean(strings.ReplaceAll(name, "\\", "/")), "/"))
}

// mainPart finds the workbook itself, or says what else the zip is.
func (b *book) mainPart() (string, error) {
	rels, err := b.relations("")
	if err != nil {
		return "", err
	}
	for _, r := range rels {
		if r.kind == "officeDocument" && strings.HasPrefix(r.target, "xl/") && strings.HasSuffix(r.target, ".xml") {
			return r.target, nil
		}
	}
	switch {
	case b.parts["xl/workbook.xml"] != nil:
		return "xl/workbook.xml", nil
	case b.parts["xl/workbook.bin"] != nil:
		return "", &Error{Code: CodeOldExcel}
	case b.parts["word/document.xml"] != nil, b.parts["ppt/presentation.xml"] != nil:
		return "", &Error{Code: CodeWord}
	case b.parts["mimetype"] != nil && b.parts["content.xml"] != nil:
		return "", b.openDocument()
	case b.parts["index/document.iwa"] != nil:
		return "", &Error{Code: CodeOpenOffice} // Numbers: the remedy is the same
	}
	for _, r := range rels { // a workbook that keeps its parts elsewhere
		if r.kind == "officeDocument" && b.parts[r.target] != nil {
			return r.target, nil
		}
	}
	return "", &Error{Code: CodeArchive}
}

func (b *book) openDocument() error {
	code := CodeWord
	err := b.read("mimetype", func(in io.Reader) error {
		kind, err := io.ReadAll(io.LimitReader(in, 200))
		if strings.Contains(string(kind), "spreadsheet") {
			code = CodeOpenOffice
		}
		return err
	})
	if err != nil {
		return err
	}
	return &Error{Code: code}
}

type relation struct{ id, kind, target string }

// relations reads what a part refers to; "" is the package.
func (b *book) relations(part string) ([]relation, error) {
	dir, file := path.Split(part)
	name := partName(dir + "_rels/" + file + ".rels")
	if b.parts[name] == nil {
		return nil, nil
	}
	var out []relation
	err := b.read(name, func(in io.Reader) error {
		x := newScanner(in)
		for len(out) < 10000 {
			kind, err := x.next()
			if err != nil {
				return notEnd(err)
			}
			if kind != tokenOpen || string(x.name) != "Relationship" || string(x.attr("TargetMode")) == "External" {
				continue
			}
			target := x.attrText("Target")
			if !strings.HasPrefix(target, "/") {
				target = dir + target
			}
			out = append(out, relation{x.attrText("Id"), path.Base(x.attrText("Type")), partName(target)})
		}
		return nil
	})
	return out, err
}

func notEnd(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

func (b *book) readTabs(main string, rels []relation) error {
	targets := map[string]relation{}
	for _, r := range rels {
		targets[r.id] = r
	}
	return b.read(main, func(in io.Reader) error {
		x := newScanner(in)
		for {
			kind, err := x.next()
			if err != nil {
				return notEnd(err)
			}
			if kind != tokenOpen {
				continue
			}
			switch string(x.name) {
			case "workbookPr":
				v := string(x.attr("date1904"))
				b.from1904 = v == "1" || v == "true"
			case "sheet":
				r := targets[x.attrText("id")]
				part := b.parts[r.target]
				if part == nil || r.kind != "worksheet" || len(b.tabs) >= maxTabs { // charts and macros are sheets too
					continue
				}
				state := string(x.attr("state"))
				b.tabs = append(b.tabs, bookTab{x.attrText("name"), state == "hidden" || state == "veryHidden", part})
			}
		}
	})
}

// read gives a part to f, cut off beyond the limit.
func (b *book) read(name string, f func(io.Reader) error) error {
	part := b.parts[name]
	if part == nil {
		return nil
	}
	in, err := b.unpack(part)
	if err != nil {
		return err
	}
	defer in.Close()
	return f(in)
}

func (b *book) unpack(part *zip.File) (io.ReadCloser, error) {
	if part.UncompressedSize64 > uint64(b.limit) {
		return nil, errTooLarge
	}
	in, err := part.Open()
	if err != nil {
		return nil, err
	}
	return &limited{in, b.limit}, nil
}

// limited fails when more is read than a part may hold, whatever the zip declares.
type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.ReadCloser.Read(p)
	l.left -= int64(n)
	return n, err
}

// choose picks the sheet to read: the one asked for, or the visible one with most known headings. A workbook whose sheets
// are all hidden is read all the same.
func (b *book) choose(opt Options, info *Info) (int, error) {
	if len(b.tabs) == 0 {
		return 0, &Error{Code: CodeNoSheet}
	}
	hidden := true
	for _, t := range b.tabs {
		hidden = hidden && t.hidden
	}
	best, top, asked := -1, -1, -1
	var failed error
	for i, t := range b.tabs {
		tab := Tab{Name: t.name, Hidden: t.hidden}
		if strings.EqualFold(trim(t.name), trim(opt.Sheet)) && opt.Sheet != "" {
			asked = i
		}
		if !t.hidden || hidden {
			rows, known, err := b.survey(i, opt)
			failed = errors.Join(failed, err) // a sheet that cannot be read matters only when no other can
			tab.Headings = known
			if score := min(rows, 2) + 4*known; err == nil && rows > 0 && score > top {
				best, top = i, score
			}
		}
		info.Sheets = append(info.Sheets, tab)
	}
	switch {
	case asked >= 0:
		return asked, nil
	case opt.Sheet != "":
		names := make([]string, len(info.Sheets))
		for i, t := range info.Sheets {
			names[i] = t.Name
		}
		return 0, &Error{Code: CodeSheetAbsent, Args: map[string]string{"sheet": opt.Sheet, "sheets": strings.Join(names, ", ")}}
	case best < 0 && failed != nil:
		return 0, failed
	case best < 0:
		return 0, &Error{Code: CodeNoSheet}
	}
	return best, nil
}

// survey looks at the top of a sheet: how many rows it has there, and how many known headings.
func (b *book) survey(i int, opt Options) (rows, known int, err error) {
	src, err := b.open(i, false)
	if err != nil {
		return 0, 0, err
	}
	defer src.close()
	top, err := window(src)
	if err != nil || len(top) == 0 {
		return 0, 0, err
	}
	h, err := findHeader(top, Options{Known: opt.Known})
	return len(top), h.known, err
}
