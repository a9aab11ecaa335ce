package list

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tizi/internal/sheet"
)

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"31/12/2014", "٣١/١٢/٢٠١٤", "31 دجنبر 2014", "1er janvier 2014", "42004", "31122014", "2014-12-31T00:00", "12/31/2014",
		"00/00/2014", "31/12/14", "14/03/1435", "", ":", "1:2:3", "31/12/2014 à Rabat"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		iso, err := ParseDate(s)
		if err != nil {
			if _, ok := err.(Fault); !ok || iso != "" {
				t.Fatalf("%q: %q, %v", s, iso, err)
			}
			return
		}
		form := time.DateOnly
		if len(iso) == 4 {
			form = "2006"
		}
		day, err := time.Parse(form, iso)
		if err != nil || day.Year() < 1850 || day.Year() > 2200 {
			t.Fatalf("%q is read as %q: %v", s, iso, err)
		}
	})
}

// FuzzGuessAndRead feeds any table to the whole way from bytes to entries: nobody without a name comes out of it, no
// value out of its form, and the same file again repeats each row.
func FuzzGuessAndRead(f *testing.F) {
	f.Add([]byte("رقم مسار;الاسم الكامل;تاريخ الازدياد;الجنس\nR130456789;محمد العلوي;31/12/2014;ذكر\nR130456780;سارة;2014/13/01;x\n"))
	f.Add([]byte("Nom,Prénom,Sexe,Tél tuteur,DDN\nALAOUI,Ali,M,0612345678,31/12/2014\n,,,,\nTotal,1,,,\n"))
	f.Add([]byte("Nom\tMilieu\tScolarité\tNom\n#N/A\turbain\tnon\t?????\n"))
	f.Add([]byte("R130456789;M;01/01/2010;Ali Omar\nR130456780;F;02/01/2010;Sara Omar\n"))
	for _, s := range samples(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var seen Seen
		for pass := range 2 {
			s, err := sheet.New(bytes.NewReader(data), int64(len(data)), "x", sheet.Options{Known: Known, Unzipped: 1 << 20, MaxRows: 5000})
			if err != nil {
				return
			}
			defer s.Close()
			var sample [][]string
			for _, row := range s.Peek(100) {
				sample = append(sample, row.Cells)
			}
			header := s.Info().Header
			m, sure := Guess(header, sample)
			if len(m) != len(header) || len(sure) != len(header) {
				t.Fatalf("%d headings, %d fields, %d confidences", len(header), len(m), len(sure))
			}
			for i := range m {
				if sure[i] < 0 || sure[i] > 1 {
					t.Fatalf("column %d: sure %v", i, sure[i])
				}
			}
			r, err := NewReader(m, header, today)
			if err != nil {
				if err.(*MappingError).Code != CodeNoName {
					t.Fatalf("guessed a mapping that does not hold: %v %v", m, err)
				}
				return
			}
			for {
				e, problems, err := r.Next(s)
				if err == io.EOF {
					break
				}
				if err != nil {
					return
				}
				if !check(t, e, problems) {
					continue
				}
				if first := seen.Check(&e); pass == 1 && first == 0 {
					t.Fatalf("row %d is new the second time: %+v", e.Row, e)
				}
			}
		}
	})
}

// check looks at one entry; it says whether it was accepted.
func check(t *testing.T, e Entry, problems []Problem) bool {
	fatal := false
	for _, p := range problems {
		fatal = fatal || p.Fatal
		if p.Row != e.Row || English[p.Reason] == "" || utf8.RuneCountInString(p.Value) > 201 {
			t.Fatalf("problem %+v", p)
		}
	}
	if fatal {
		return false
	}
	if e.NameAr.Full == "" && e.NameLatin.Full == "" {
		t.Fatalf("nobody: %+v", e)
	}
	for _, v := range []struct {
		text  string
		parse func(string) (string, error)
	}{{e.Massar, ParseMassar}, {e.CIN, ParseCIN}, {e.Birth, ParseDate}, {e.Sex, ParseSex}, {e.Phone, ParsePhone}, {e.GuardianPhone, ParsePhone}} {
		if again, err := v.parse(v.text); v.text != "" && (err != nil || again != v.text) {
			t.Fatalf("%q is not in its form: %+v", v.text, e)
		}
	}
	if e.Birth > "2026-01-31" || e.Birth != "" && e.Birth < "1926" {
		t.Fatalf("born %s", e.Birth)
	}
	if len(e.Keys()) == 0 {
		t.Fatalf("no keys: %+v", e)
	}
	return true
}

// samples are the real tables at hand: those of the folder named by TIZI_SAMPLES, or of shared/samples beside a folder
// above. There may be none.
func samples(t testing.TB) [][]byte {
	dir := os.Getenv("TIZI_SAMPLES")
	for up := "."; dir == "" && len(up) < 40; up = filepath.Join(up, "..") {
		if info, err := os.Stat(filepath.Join(up, "shared", "samples")); err == nil && info.IsDir() {
			dir = filepath.Join(up, "shared", "samples")
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

// The users of a OneRoster export are people too.
func TestOneRosterUsers(t *testing.T) {
	files := samples(t)
	if len(files) == 0 {
		t.Skip("no samples: name their folder in TIZI_SAMPLES")
	}
	for _, data := range files {
		if !bytes.HasPrefix(data, []byte("sourcedId,enabledUser")) {
			continue
		}
		entries, problems, m, _ := read(t, data)
		if len(entries) != 2 || entries[0].NameLatin != (Name{"ionut", "padurariu", "ionut padurariu"}) {
			t.Errorf("%v: %+v %+v", m, entries, problems)
		}
		for _, p := range problems { // the second is called ionut2
			if p.Reason != string(NameDigits) {
				t.Errorf("%v: %+v", m, p)
			}
		}
		return
	}
	t.Error("no users.csv among the samples: " + strings.Repeat("?", len(files)))
}
