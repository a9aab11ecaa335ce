package agreement_test

import (
	"testing"

	"pgregory.net/rapid"

	"tizi/internal/agreement"
	"tizi/internal/i18n"
)

// What is typed is read as what is meant, or refused.
func TestParseAmount(t *testing.T) {
	for _, c := range []struct {
		typed, currency string
		want            int64 // -1 is refused
	}{
		{"12500", "MAD", 1250000}, {"12 500,50", "MAD", 1250050}, {"12.500,5", "MAD", 1250050}, {"12,500.50", "MAD", 1250050},
		{"1.250.000", "MAD", 125000000}, {"12.500", "MAD", 1250000}, {"12,5", "MAD", 1250}, {"0,01", "MAD", 1}, {"12\u202f500", "MAD", 1250000},
		{"١٢٥٠٠", "MAD", 1250000}, {"١٢٬٥٠٠٫٥٠", "MAD", 1250050}, {"۱۲۵۰۰", "MAD", 1250000}, {" 7 ", "MAD", 700},
		{"12.500", "TND", 12500}, {"12.500.000", "TND", 12500000000}, {"1,5", "TND", 1500}, {"1500", "XOF", 1500}, {"1.500", "XOF", 1500},
		{"", "MAD", -1}, {"abc", "MAD", -1}, {"12,345.678", "MAD", -1}, {"1.2.3", "MAD", -1}, {"-5", "MAD", -1}, {"1e6", "MAD", -1}, {"12,", "MAD", 1200}, {",50", "MAD", -1},
		{"12.34,56", "MAD", -1}, {"1,5", "XOF", -1}, {"12 MAD", "MAD", -1}, {"5", "ZZZ", -1}, {"100000000000,01", "MAD", -1}, {"99999999999999999999", "MAD", -1}, {"½", "MAD", -1},
	} {
		got, err := agreement.ParseAmount(c.typed, c.currency)
		if err != nil {
			got = -1
		}
		if got != c.want {
			t.Errorf("%q of %s is read as %d, not %d", c.typed, c.currency, got, c.want)
		}
	}
}

func money(t *rapid.T) agreement.Money {
	c := rapid.SampledFrom(agreement.Currencies).Draw(t, "currency")
	return agreement.Money{Currency: c.Code, Amount: rapid.Int64Range(0, agreement.MaxAmount).Draw(t, "amount")}
}

// What a form shows is read back as it was, and so is what a page says, in each language.
func TestAmountsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := money(t)
		if got, err := agreement.ParseAmount(m.Typed(), m.Currency); err != nil || got != m.Amount {
			t.Fatalf("%+v is typed %q and read as %d, %v", m, m.Typed(), got, err)
		}
		for _, l := range i18n.Langs {
			words := m.Words(i18n.For(l))
			said := words[:len(words)-len("\u00a0"+m.Currency)]
			got, err := agreement.ParseAmount(said, m.Currency)
			// 12.500 of a currency with three decimals may be both; the form writes it without a mark.
			if err == nil && got != m.Amount && len(m.Currency) > 0 && decimals(m.Currency) == 3 {
				continue
			}
			if err != nil || got != m.Amount {
				t.Fatalf("%+v is said %q in %s and read as %d, %v", m, words, l, got, err)
			}
		}
	})
}

func decimals(code string) int {
	for _, c := range agreement.Currencies {
		if c.Code == code {
			return c.Decimals
		}
	}
	return -1
}

// A sum is the same in any order and never mixes currencies.
func TestSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(money), 0, 40).Draw(t, "entries")
		forth, back, by := agreement.Sums{}, agreement.Sums{}, map[string]int64{}
		for i, m := range list {
			forth.Add(m)
			back.Add(list[len(list)-1-i])
			by[m.Currency] += m.Amount
		}
		if len(forth.List()) != len(by) || len(back.List()) != len(by) {
			t.Fatalf("%v and %v of %d currencies", forth, back, len(by))
		}
		for _, m := range forth.List() {
			if m.Amount != by[m.Currency] || back[m.Currency] != m.Amount {
				t.Fatalf("%s sums to %d and %d, not %d", m.Currency, m.Amount, back[m.Currency], by[m.Currency])
			}
		}
	})
}

// The cost of one, times how many there are, is off by at most half a minor unit each; of nobody there is none.
func TestPer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, n := money(t), rapid.Int64Range(1, 1_000_000).Draw(t, "people")
		each, ok := m.Per(n)
		rest := m.Amount - each.Amount*n
		if !ok || each.Currency != m.Currency || 2*rest >= n || 2*rest < -n {
			t.Fatalf("%+v for %d is %+v each, %d are left", m, n, each, rest)
		}
		if _, ok := m.Per(0); ok {
			t.Fatal("there is a cost of nobody")
		}
	})
}
