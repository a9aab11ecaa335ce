package list

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"

	"tizi/internal/sheet"
)

// BenchmarkRead reads a list of 200,000 people from CSV to entries, with the check for repeated rows, and reports how far
// the heap grew above what holds the file itself.
func BenchmarkRead(b *testing.B) {
	const people = 200_000
	var text bytes.Buffer
	text.WriteString("N°;Code Massar;Nom;Prénom;الاسم الكامل;Date de naissance;Sexe;Tél tuteur;Tuteur;Classe;Milieu\r\n")
	for i := range people {
		fmt.Fprintf(&text, "%d;R%09d;EL ALAOUI;Mohammed Amine;محمد أمين العلوي;%02d/%02d/%d;M;06%08d;Omar El Alaoui;6A;Urbain\r\n",
			i+1, i, i%28+1, i%12+1, 2008+i%10, i)
	}
	data := text.Bytes()
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	var mem runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&mem)
	base, peak := mem.HeapInuse, uint64(0)
	for b.Loop() {
		s, err := sheet.New(bytes.NewReader(data), int64(len(data)), "x", sheet.Options{Known: Known})
		if err != nil {
			b.Fatal(err)
		}
		var sample [][]string
		for _, row := range s.Peek(200) {
			sample = append(sample, row.Cells)
		}
		m, _ := Guess(s.Info().Header, sample)
		r, err := NewReader(m, s.Info().Header, today)
		if err != nil {
			b.Fatal(err)
		}
		var seen Seen
		n := 0
		for {
			e, problems, err := r.Next(s)
			if err == io.EOF {
				break
			}
			if err != nil || len(problems) > 0 || seen.Check(&e) != 0 {
				b.Fatal(e, problems, err)
			}
			if n++; n%10_000 == 0 {
				runtime.ReadMemStats(&mem)
				peak = max(peak, mem.HeapInuse)
			}
		}
		if n != people {
			b.Fatalf("read %d people", n)
		}
	}
	b.ReportMetric(float64(peak-min(base, peak))/(1<<20), "peak-MB")
}

func BenchmarkParseDate(b *testing.B) {
	for _, text := range []string{"31/12/2014", "٣١/١٢/٢٠١٤", "31 décembre 2014"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseDate(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNormaliseName(b *testing.B) {
	for _, name := range []string{"Mohammed El Alaoui", "محمد أمين العلوي"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				NormaliseName(name)
			}
		})
	}
}
