package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/xuri/excelize/v2"

	"tizi/internal/i18n"
)

// workbook is a list as people keep it: a title, whose it is, an empty row, headings, learners, a total.
func workbook(t testing.TB) []byte {
	t.Helper()
	x := excelize.NewFile()
	defer x.Close()
	put := func(row int, cells ...any) {
		if err := x.SetSheetRow("Sheet1", fmt.Sprintf("A%d", row), &cells); err != nil {
			t.Fatal(err)
		}
	}
	put(1, "Liste des élèves inscrits au programme")
	put(2, "École Al Massira, année 2026/2027")
	if err := x.MergeCell("Sheet1", "A1", "E1"); err != nil {
		t.Fatal(err)
	}
	put(4, "N°", "Nom", "Prénom", "Date de naissance", "Sexe")
	for i, l := range learners {
		put(5+i, i+1, l.family, l.given, l.birth, l.sex)
	}
	put(5+len(learners), "", "Total", len(learners))
	var b bytes.Buffer
	if err := x.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// peak is the most memory that the program has held, in MB.
func (n *node) peak() int {
	n.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err != nil {
		n.t.Skip("memory is only measured on Linux")
	}
	for _, l := range strings.Split(string(b), "\n") {
		if f := strings.Fields(l); len(f) > 1 && f[0] == "VmHWM:" {
			kb, _ := strconv.Atoi(f[1])
			return kb >> 10
		}
	}
	return 0
}

// TestUpload gives files to the import that are no lists, and one that is a list with more around it.
func TestUpload(t *testing.T) {
	slow(t)
	n, c, _ := centreWith30(t)
	people := n.status().People
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 40, 40))); err != nil {
		t.Fatal(err)
	}
	form := c.form("/import", "/import").values()
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"vide.csv", nil},
		{"saut.csv", []byte("\n")},
		{"blancs.csv", []byte("  \n\n ; ; \n")},
		{"rapport.pdf", []byte("%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n%%EOF\n")},
		{"rapport.csv", []byte("%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n%%EOF\n")},
		{"photo.csv", picture.Bytes()},
		{"photo.xlsx", picture.Bytes()},
		{"ancien.xls", append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 600)...)},
		{"page.csv", []byte("<!doctype html><html><body><table><tr><td>Nom</td></tr></table></body></html>")},
		{"archive.xlsx", []byte("PK\x03\x04 nothing of a workbook")},
		{"nuls.csv", make([]byte, 5000)},
		{"", []byte("Nom;Prénom\nA;B\n")},
	} {
		t.Run(f.name, func(t *testing.T) {
			d := *c
			d.t = t
			a := d.postFile("/import", form, f.name, f.data)
			if a.status != http.StatusUnprocessableEntity {
				t.Fatalf("status %d, leads to %s", a.status, a.to())
			}
			said := ""
			elements(a.doc, func(e *htmlNode) {
				if attribute(e, "role") == "alert" {
					said = words(e)
				}
			})
			if len(said) < 30 || strings.Contains(said, "[") || strings.Contains(said, "sheet.") {
				t.Errorf("the page says only %q", said)
			}
			t.Logf("%s: %s", f.name, said)
		})
	}
	left, _ := os.ReadDir(filepath.Join(n.dir, "uploads"))
	// The list of thirty was taken: only what is known beside its bytes may still lie there.
	for _, f := range left {
		if !strings.HasSuffix(f.Name(), ".json") {
			t.Errorf("a file that was refused or taken still lies in the node: %s", f.Name())
		}
	}
	t.Run("one letter", func(t *testing.T) { // a heading with nothing below it: a list, but of nobody
		d := *c
		d.t = t
		columns := d.must(d.postFile("/import", form, "un.csv", []byte("x"))).to()
		plan := d.must(d.post(columns, d.form(columns, columns).values())).to()
		if a := d.get(plan); a.status >= 500 || n.status().People != people {
			t.Errorf("status %d", a.status)
		}
		d.must(d.post(strings.Replace(columns, "/columns", "/drop", 1), nil))
	})
	t.Run("a workbook with a title and a total", func(t *testing.T) {
		d := *c
		d.t = t
		columns := d.must(d.postFile("/import", form, "élèves.xlsx", workbook(t))).to()
		plan := d.must(d.post(columns, d.form(columns, columns).values())).to()
		report := d.must(d.post(plan, nil)).to()
		if got := n.status().People - people; got != len(learners) {
			t.Errorf("%d people of a workbook of %d: %s", got, len(learners), d.get(report).text())
		}
		for _, back := range []string{plan, columns} {
			if a := d.get(back); a.to() != report {
				t.Errorf("who goes back to %s after the list was taken gets status %d", back, a.status)
			}
		}
		if s := d.get(report).text(); strings.Contains(s, "Total") {
			t.Errorf("the total is taken for somebody: %s", s)
		}
	})
	t.Run("70 MB over HTTP", func(t *testing.T) {
		before := n.peak()
		r, w := io.Pipe()
		m := multipart.NewWriter(w)
		go func() {
			f, err := m.CreateFormFile("file", "grand.csv")
			line := []byte(strings.Repeat("BENALI;Amina;17/09/2014;F\n", 4000))
			for sent := 0; err == nil && sent < 70<<20; sent += len(line) {
				_, err = f.Write(line)
			}
			m.Close()
			w.CloseWithError(err)
		}()
		d := *c
		d.t = t
		q := d.request(http.MethodPost, "/import", r)
		q.Header.Set("Content-Type", m.FormDataContentType())
		res, err := d.http.Do(q)
		if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
			t.Skip("the program hung up before everything was sent, which plain HTTP allows; the browser is asked below")
		}
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d", res.StatusCode)
		}
		if grown := n.peak() - before; grown > 100 {
			t.Errorf("refusing a file of 70 MB takes %d MB of memory", grown)
		} else {
			t.Logf("refusing a file of 70 MB takes %d MB of memory", grown)
		}
	})
	t.Run("70 MB in the browser", func(t *testing.T) {
		big := filepath.Join(t.TempDir(), "grand.csv")
		f, err := os.Create(big)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Truncate(70<<20), f.Close()); err != nil {
			t.Fatal(err)
		}
		p := newTab(t, n)
		p.signIn(c)
		p.open("/import?lang=" + string(i18n.AR))
		p.upload(p.T("import.file"), big)
		p.press(p.find(p.T("import.read"), "button"))
		p.reads("64")
		p.picture("-too-large")
		t.Logf("the browser shows: %s", short(p.text()))
	})
	if s := n.status(); s.People != people+len(learners) {
		t.Errorf("%d people in the end", s.People)
	}
	n.check()
}
