package sheet

import (
	"slices"
	"strings"
	"unicode"
)

// maxHeld is how many sparse rows may wait for the end of the file before they are taken for rows of the list.
const maxHeld = 40

// tail keeps out of the list what is printed round it: totals, signatures, the headings again on each page. Everything it
// leaves out is remembered.
type tail struct {
	header  [][]string // the rows of headings as they stand
	least   int        // cells filled in the emptiest row so far that has two or more; 0 before the first
	after   bool       // a total was just seen
	held    []Row      // sparse rows that are a footer if no row of the list follows
	skipped []Skipped
	count   int
}

func newTail(header ...[]string) tail { return tail{header: header} }

// push takes the next row and appends to ready what is known to be of the list.
func (t *tail) push(ready []Row, row Row) []Row {
	switch {
	case t.isHeader(row.Cells):
		for _, h := range t.held { // the titles of the next page
			t.skip(h, SkippedHeader)
		}
		t.held = nil
		t.skip(row, SkippedHeader)
		return ready
	case isTotal(row.Cells):
		t.skip(row, SkippedTotal)
		t.after = true
		return ready
	}
	fill := fillOf(row.Cells)
	sparse := fill <= 2 && fill < t.least
	if sparse && (row.gap || t.after || len(t.held) > 0 || closing(row.Cells)) && len(t.held) < maxHeld {
		t.held = append(t.held, row)
		return ready
	}
	ready = t.release(ready)
	t.after = false
	if fill > 1 && (t.least == 0 || fill < t.least) { // a row of its number alone, in a form to fill in, says nothing
		t.least = fill
	}
	return append(ready, row)
}

// release gives back what was held, for a row of the list came after it.
func (t *tail) release(ready []Row) []Row {
	ready = append(ready, t.held...)
	t.held = nil
	return ready
}

// end is told that no row follows: what was held is a footer.
func (t *tail) end(ready []Row) []Row {
	for _, row := range t.held {
		t.skip(row, SkippedFooter)
	}
	t.held = nil
	return ready
}

func (t *tail) skip(row Row, why string) {
	t.count++
	if len(t.skipped) < maxSkipped {
		t.skipped = append(t.skipped, Skipped{row.Number, join(row.Cells), why})
	}
}

// isHeader says whether a row repeats the headings.
func (t *tail) isHeader(cells []string) bool {
	for _, header := range t.header {
		same := 0
		for i, h := range header {
			if h != at(cells, i) {
				same = 0
				break
			}
			if h != "" {
				same++
			}
		}
		if same > 1 {
			return true
		}
	}
	return false
}

// Words of totals, folded. The first decide; the others may stand with them.
var (
	totalFirst = set("total totaux totale totales soustotal sous somme effectif effectifs nombre count sum ensemble subtotal " +
		"المجموع مجموع العدد عدد الاجمالي اجمالي المجاميع")
	totalOther = set("total totaux general generale generaux global globale de des du d la le les l et eleve eleves fille filles " +
		"garcon garcons inscrit inscrits inscrites beneficiaire beneficiaires apprenant apprenants enfant enfants classe liste " +
		"f m g h homme hommes femme femmes dont effectif nombre grand of the students pupils learners children girls boys men women " +
		"العام عام الكلي الاجمالي العدد التلاميذ تلميذ تلميذه تلاميذ الذكور الاناث ذكور اناث ذكر انثي المستفيدين المستفيدات " +
		"المتعلمين مستفيد منهم اللايحه القسم")
)

func set(list string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(list) {
		out[w] = true
	}
	return out
}

// isTotal says whether a row is a total: one cell names it, and the others hold nothing but numbers and words of totals.
func isTotal(cells []string) bool {
	named := false
	for _, c := range cells {
		if c == "" || isCount(c) {
			continue
		}
		if len(c) > 100 {
			return false
		}
		ws := words(Fold(c))
		if len(ws) == 0 {
			return false
		}
		for i, w := range ws {
			if i == 0 && totalFirst[w] {
				continue
			}
			if !totalOther[w] {
				return false
			}
		}
		named = named || totalFirst[ws[0]]
	}
	return named
}

// isCount says whether a cell is a number as totals have them: few digits, perhaps a share.
func isCount(cell string) bool {
	digits := 0
	for _, r := range cell {
		switch {
		case unicode.IsDigit(r):
			digits++
		case !strings.ContainsRune(" .,%+=\u00a0\u202f()", r):
			return false
		}
	}
	return digits > 0 && digits <= 7
}

// Beginnings of what is written under a list, folded.
var closings = []string{
	"fait a ", "fait le ", "le directeur", "la directrice", "directeur", "signature", "cachet", "visa", "arrete la presente",
	"arretee la presente", "la presente liste", "le chef d", "imprime le", "edite le", "page ", "signed", "printed on",
	"حرر ب", "حرر في", "توقيع", "التوقيع", "امضا", "الامضا", "مدير الموسسه", "السيد المدير", "السيده المديره", "المدير", "خاتم", "طابع",
	"صفحه ", "حصر",
}

// closing says whether a row begins as the lines under a list do.
func closing(cells []string) bool {
	i := slices.IndexFunc(cells, func(c string) bool { return c != "" })
	if i < 0 {
		return false
	}
	text := Fold(cells[i])
	for _, c := range closings {
		if strings.HasPrefix(text, c) {
			return true
		}
	}
	return false
}
