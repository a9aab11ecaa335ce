package sheet

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func lines2(rows ...string) []byte { return []byte(strings.Join(rows, "\n") + "\n") }

func TestLayout(t *testing.T) {
	row := func(cells ...string) []string { return cells }
	for _, c := range []struct {
		name    string
		text    []byte
		opt     Options
		header  []string
		at      int
		titles  []string
		want    [][]string
		skipped []Skipped
	}{
		{
			name: "titles, a total and a signature",
			text: lines2("Royaume du Maroc;;;", "École : Ibn Sina;;Classe:;6A", ";;;", "N°;Nom;Sexe;Classe", "1;Ali;M;6A", "2;Sara;F;6A",
				"Total;2;;", "", "Le directeur;;;"),
			opt: Options{Known: known}, header: row("N°", "Nom", "Sexe", "Classe"), at: 4,
			titles:  row("Royaume du Maroc", "École : Ibn Sina | Classe: | 6A"),
			want:    [][]string{row("1", "Ali", "M", "6A"), row("2", "Sara", "F", "6A")},
			skipped: []Skipped{{7, "Total | 2", SkippedTotal}, {9, "Le directeur", SkippedFooter}},
		},
		{
			name: "totals in Arabic, one a class",
			text: lines2("الاسم الكامل,الجنس,رقم مسار", "علي,ذكر,R1", "المجموع,1,", "سارة,أنثى,R2", "المجموع العام,2,", "توقيع المدير,,"),
			opt:  Options{Known: known}, header: row("الاسم الكامل", "الجنس", "رقم مسار"), at: 1,
			want: [][]string{row("علي", "ذكر", "R1"), row("سارة", "أنثى", "R2")},
			skipped: []Skipped{{3, "المجموع | 1", SkippedTotal}, {5, "المجموع العام | 2", SkippedTotal},
				{6, "توقيع المدير", SkippedFooter}},
		},
		{
			name: "total with its parts, in words",
			text: lines2("Nom;Sexe;Classe", "Ali;M;6A", "Total général : 35 élèves;dont filles : 18;", "Fait à Rabat, le 12/09/2025;;"),
			opt:  Options{Known: known}, header: row("Nom", "Sexe", "Classe"), at: 1,
			want:    [][]string{row("Ali", "M", "6A")},
			skipped: []Skipped{{3, "Total général : 35 élèves | dont filles : 18", SkippedTotal}, {4, "Fait à Rabat, le 12/09/2025", SkippedFooter}},
		},
		{
			name: "a person is not a total",
			text: lines2("Nom;Sexe;Classe", "Total Ahmed;M;6A", "Nombre;F;6A", "Somme;F;2014-12-31"),
			opt:  Options{Known: known}, header: row("Nom", "Sexe", "Classe"), at: 1,
			want: [][]string{row("Total Ahmed", "M", "6A"), row("Nombre", "F", "6A"), row("Somme", "F", "2014-12-31")},
		},
		{
			name: "headings again on the second page",
			text: lines2("Nom;Sexe;Classe", "Ali;M;6A", "", "École Ibn Sina;;", "Nom;Sexe;Classe", "Sara;F;6A"),
			opt:  Options{Known: known}, header: row("Nom", "Sexe", "Classe"), at: 1,
			want:    [][]string{row("Ali", "M", "6A"), row("Sara", "F", "6A")},
			skipped: []Skipped{{4, "École Ibn Sina", SkippedHeader}, {5, "Nom | Sexe | Classe", SkippedHeader}},
		},
		{
			name: "rows numbered in advance, then words nobody foresaw",
			text: lines2("N°;Nom;Sexe;Classe", "1;Ali;M;6A", "2;;;", "", "Vu;;;"),
			opt:  Options{Known: known}, header: row("N°", "Nom", "Sexe", "Classe"), at: 1,
			want:    [][]string{row("1", "Ali", "M", "6A"), row("2", "", "", "")},
			skipped: []Skipped{{5, "Vu", SkippedFooter}},
		},
		{
			name: "words right under the total",
			text: lines2("Nom;Sexe;Classe", "Ali;M;6A", "Total;1;", "Vu et approuvé;;"),
			opt:  Options{Known: known}, header: row("Nom", "Sexe", "Classe"), at: 1,
			want:    [][]string{row("Ali", "M", "6A")},
			skipped: []Skipped{{3, "Total | 1", SkippedTotal}, {4, "Vu et approuvé", SkippedFooter}},
		},
		{
			name: "labels above are no headings",
			text: lines2("Nom:;Zoé;Sexe:;F;Classe:;6A", "Nom;Sexe;Ville", "Ali;M;Fès"),
			opt:  Options{Known: known}, header: row("Nom", "Sexe", "Ville"), at: 2, titles: row("Nom: | Zoé | Sexe: | F | Classe: | 6A"),
			want: [][]string{row("Ali", "M", "Fès")},
		},
		{
			name: "a thin row between full ones stays",
			text: lines2("Nom;Sexe;Classe", "Ali;M;6A", "", "Sara;;", "Omar;M;6A"),
			opt:  Options{Known: known}, header: row("Nom", "Sexe", "Classe"), at: 1,
			want: [][]string{row("Ali", "M", "6A"), row("Sara", "", ""), row("Omar", "M", "6A")},
		},
		{
			name: "a thin last row, right under the list, stays",
			text: lines2("Nom;Sexe;Classe", "Ali;M;6A", "Sara;;"),
			opt:  Options{Known: known}, header: row("Nom", "Sexe", "Classe"), at: 1,
			want: [][]string{row("Ali", "M", "6A"), row("Sara", "", "")},
		},
		{
			name: "groups over headings",
			text: lines2("N°;Élève;;;Tuteur;", ";Nom;Prénom;Sexe;Nom;Téléphone", "1;Alaoui;Ali;M;Alaoui Omar;0612345678"),
			opt:  Options{Known: known}, header: row("N°", "Élève Nom", "Élève Prénom", "Élève Sexe", "Tuteur Nom", "Tuteur Téléphone"), at: 2,
			want: [][]string{row("1", "Alaoui", "Ali", "M", "Alaoui Omar", "0612345678")},
		},
		{
			name: "details under headings, as the mark sheets of Massar",
			text: lines2(";رقم التلميذ;اسم التلميذ;;تاريخ الازدياد;الفرض الأول;", ";;;;;النقطة;التغيب", ";R130456789;علي;العلوي;31/12/2014;12;0", ";R130456780;سارة;العلوي;31/12/2013;15;0"),
			opt:  Options{Known: known}, at: 2,
			header: row("", "رقم التلميذ", "اسم التلميذ", "", "تاريخ الازدياد", "الفرض الأول النقطة", "الفرض الأول التغيب"),
			want: [][]string{row("", "R130456789", "علي", "العلوي", "31/12/2014", "12", "0"),
				row("", "R130456780", "سارة", "العلوي", "31/12/2013", "15", "0")},
		},
		{
			name: "no headings, codes and dates", text: lines2("R130456789;Ali;31/12/2014", "R130456780;Sara;30/11/2013"),
			opt: Options{Known: known}, header: row("", "", ""),
			want: [][]string{row("R130456789", "Ali", "31/12/2014"), row("R130456780", "Sara", "30/11/2013")},
		},
		{
			name: "no headings, names only", text: lines2("Alaoui;Ali", "Amrani;Sara"),
			opt: Options{Known: known}, header: row("", ""),
			want: [][]string{row("Alaoui", "Ali"), row("Amrani", "Sara")},
		},
		{
			name: "headings of another vocabulary, by shape", text: lines2("Liste", "", "Apellido;Fecha", "Ali;31/12/2014"),
			opt: Options{Known: known}, header: row("Apellido", "Fecha"), at: 3, titles: row("Liste"),
			want: [][]string{row("Ali", "31/12/2014")},
		},
		{
			name: "no vocabulary", text: lines2("a;b", "c;d"), header: row("a", "b"), at: 1, want: [][]string{row("c", "d")},
		},
		{
			name: "row of headings given", text: lines2("Nom;Sexe", "x;y", "Ali;M"), opt: Options{Known: known, HeaderRow: 2},
			header: row("x", "y"), at: 2, titles: row("Nom | Sexe"), want: [][]string{row("Ali", "M")},
		},
		{
			name: "no headings, as told", text: lines2("Nom;Sexe", "Ali;M"), opt: Options{Known: known, HeaderRow: -1},
			header: row("", ""), want: [][]string{row("Nom", "Sexe"), row("Ali", "M")},
		},
		{
			name: "a column without heading", text: lines2("Nom;Sexe", "Ali;M;R130456789", "Sara;F;R130456780", "Omar;M"),
			opt: Options{Known: known}, header: row("Nom", "Sexe", ""), at: 1,
			want: [][]string{row("Ali", "M", "R130456789"), row("Sara", "F", "R130456780"), row("Omar", "M", "")},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := open(t, c.text, c.opt)
			got, _ := all(t, r)
			info := r.Info()
			if diff := cmp.Diff(c.header, info.Header); diff != "" || info.HeaderRow != c.at {
				t.Errorf("headings in row %d: %s", info.HeaderRow, diff)
			}
			if diff := cmp.Diff(c.titles, info.Titles); diff != "" {
				t.Errorf("titles: %s", diff)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("rows: %s", diff)
			}
			if diff := cmp.Diff(c.skipped, info.Skipped); diff != "" {
				t.Errorf("left out: %s", diff)
			}
			if info.SkippedCount != len(c.skipped) {
				t.Errorf("counted %d left out", info.SkippedCount)
			}
		})
	}
}

func TestPeekTakesNothing(t *testing.T) {
	r := open(t, lines2("Nom;Sexe", "A;M", "B;F", "C;M", "Total;3"), Options{Known: known})
	if got := r.Peek(2); len(got) != 2 || got[1].Cells[0] != "B" {
		t.Errorf("peeked %v", got)
	}
	if got := r.Peek(10); len(got) != 3 {
		t.Errorf("peeked %v", got)
	}
	if cells, _ := all(t, r); len(cells) != 3 {
		t.Errorf("then read %v", cells)
	}
	if got := r.Peek(1); len(got) != 0 {
		t.Errorf("at the end: %v", got)
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Prénom":          "prenom",
		"ÉLÈVE":           "eleve",
		"الْأَسْمَاءُ":    "الاسما",
		"إسم التلميـــذة": "اسم التلميذه",
		"مصطفى":           "مصطفي",
		"ﻻ":               "لا",
		"٢٠١٤ ۲۰۱۴":       "2014 2014",
		"N°":              "n°",
		"Œuvre":           "oeuvre",
		"d’Ali":           "d'ali",
		"a\u00a0b\u200fc": "a bc",
		"ⵉⵙⵎ":             "ⵉⵙⵎ",
		"":                "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}
