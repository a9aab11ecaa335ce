package sheet

import (
	"bytes"
	"io"
)

// headSize is how much of a file is looked at to know what it is.
const headSize = 4096

// magics are the first bytes of files that are no table, and the code that says so.
var magics = []struct {
	prefix string
	code   string
}{
	{"%PDF-", CodePDF},
	{"\x89PNG\r\n", CodeImage},
	{"\xff\xd8\xff", CodeImage},
	{"GIF8", CodeImage},
	{"II*\x00", CodeImage},
	{"MM\x00*", CodeImage},
	{"{\\rtf", CodeWord},
	{"Rar!\x1a", CodeArchive},
	{"7z\xbc\xaf\x27\x1c", CodeArchive},
	{"\x1f\x8b", CodeArchive},
	{"BZh91AY", CodeArchive},
	{"\xfd7zXZ", CodeArchive},
	{"\x28\xb5\x2f\xfd", CodeArchive},
	{"SQLite format 3", CodeNotTable},
	{"\x7fELF", CodeNotTable},
	{"MZ\x90", CodeNotTable},
}

const (
	zipMagic = "PK\x03\x04"
	oleMagic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
)

// refuse says why a file that starts so cannot be a table, or "" when it may be one (text or a zip).
func refuse(head []byte, r io.ReaderAt, size int64) string {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.prefix)) {
			return m.code
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x05\x06")), bytes.HasPrefix(head, []byte("PK\x07\x08")):
		return CodeArchive
	case bytes.HasPrefix(head, []byte(oleMagic)):
		return compound(r, size)
	case len(head) > 11 && (string(head[4:8]) == "ftyp" || string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP"):
		return CodeImage // HEIC and its kin from phones, WebP
	case len(head) > 14 && string(head[:2]) == "BM" && head[6] == 0 && head[7] == 0:
		return CodeImage
	}
	return markup(head)
}

// markup recognises a web page or XML workbook that was given a spreadsheet's name, and JSON.
func markup(head []byte) string {
	text := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(text, 0) >= 0 { // UTF-16: its ASCII is enough to know markup by
		text = bytes.ReplaceAll(bytes.TrimLeft(text, "\xff\xfe"), []byte{0}, nil)
	}
	text = bytes.ToLower(bytes.TrimLeft(text, " \t\r\n"))
	for _, tag := range []string{"<!doctype", "<html", "<head", "<meta", "<table", "<?xml", "<workbook", "<body", "<style", "<div"} {
		if bytes.HasPrefix(text, []byte(tag)) {
			return CodeWebPage
		}
	}
	if bytes.HasPrefix(text, []byte("{\"")) || bytes.HasPrefix(text, []byte("[{")) {
		return CodeNotTable
	}
	return ""
}

// compound tells apart the things kept in Microsoft's old container: an old workbook, a text document, and a modern
// workbook behind a password. Its directory names them in UTF-16; looking for the names is enough for a message.
func compound(r io.ReaderAt, size int64) string {
	const window = 1 << 20
	part := make([]byte, min(size, window))
	n, _ := r.ReadAt(part, 0)
	found := part[:n]
	if size > window { // the directory may sit at either end
		tail := make([]byte, window)
		n, _ := r.ReadAt(tail, max(size-window, window))
		found = append(found, tail[:n]...)
	}
	switch {
	case bytes.Contains(found, wide("EncryptedPackage")):
		return CodeLocked
	case bytes.Contains(found, wide("WordDocument")), bytes.Contains(found, wide("PowerPoint")):
		return CodeWord
	}
	return CodeOldExcel
}

func wide(s string) []byte {
	out := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		out = append(out, s[i], 0)
	}
	return out
}
