package sheet

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
)

const benchRows = 200_000

func benchText() []byte {
	var b bytes.Buffer
	b.WriteString("N°;Code Massar;Nom;Prénom;الاسم الكامل;Date de naissance;Sexe;Téléphone;Classe\r\n")
	for i := range benchRows {
		fmt.Fprintf(&b, "%d;R%09d;EL ALAOUI;Mohammed %d;محمد العلوي %d;31/12/2014;M;0612%06d;\"6A; B\"\r\n", i+1, i, i, i, i)
	}
	return b.Bytes()
}

func BenchmarkText(b *testing.B) {
	data := benchText()
	b.Run("utf-8", func(b *testing.B) { benchmark(b, data) })
	arabic, err := charmap.Windows1256.NewEncoder().Bytes(data)
	if err != nil {
		b.Fatal(err)
	}
	data = nil
	b.Run("windows-1256", func(b *testing.B) { benchmark(b, arabic) })
}

func BenchmarkWorkbook(b *testing.B) {
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		b.Fatal(err)
	}
	w.SetRow("A1", []any{"N°", "Code Massar", "Nom", "Prénom", "الاسم الكامل", "Date de naissance", "Sexe", "Téléphone"})
	day := time.Date(2014, 12, 31, 0, 0, 0, 0, time.UTC)
	for i := range benchRows {
		w.SetRow(fmt.Sprintf("A%d", i+2), []any{i + 1, fmt.Sprintf("R%09d", i), "EL ALAOUI", fmt.Sprintf("Mohammed %d", i),
			fmt.Sprintf("محمد العلوي %d", i), day, "M", fmt.Sprintf("0612%06d", i)})
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		b.Fatal(err)
	}
	f.Close()
	benchmark(b, buf.Bytes())
}

// benchmark reads a list of benchRows and reports how far the heap grew above what holds the file itself.
func benchmark(b *testing.B, data []byte) {
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	base, peak := m.HeapInuse, uint64(0)
	for b.Loop() {
		r, err := New(bytes.NewReader(data), int64(len(data)), "x", Options{Known: known})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for ; ; n++ {
			if _, err := r.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			if n%10_000 == 0 {
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
		}
		if n != benchRows {
			b.Fatalf("read %d rows", n)
		}
	}
	b.ReportMetric(float64(peak-min(base, peak))/(1<<20), "peak-MB")
}
