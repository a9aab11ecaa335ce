package card_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"tizi/internal/card"
)

// What readers type on other keyboards than they believe in is the code all the same.
func TestRead(t *testing.T) {
	azerty := strings.NewReplacer("1", "&", "2", "é", "3", "\"", "4", "'", "5", "(", "6", "-", "7", "è", "8", "_", "9", "ç", "0", "à")
	arabic := strings.NewReplacer("1", "١", "2", "٢", "3", "٣", "4", "٤", "5", "٥", "6", "٦", "7", "٧", "8", "٨", "9", "٩", "0", "٠")
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		digits := func(n int) string {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte('0' + rng.IntN(10))
			}
			return string(b)
		}
		for _, n := range []int{card.TokenDigits, card.NumberDigits} {
			want := digits(n)
			for _, typed := range []string{want, azerty.Replace(want), strings.ToUpper(azerty.Replace(want)), arabic.Replace(want), " " + want[:4] + " " + want[4:] + "\r\n"} {
				if got, err := card.Read(typed); got != want || err != nil {
					t.Fatalf("%q: %q %v, not %s", typed, got, err, want)
				}
			}
		}
		first, second := digits(card.TokenDigits), digits(card.TokenDigits)
		if got, _ := card.Read(first + second); got != second {
			t.Fatalf("two codes in one field: %q", got)
		}
	}
	for _, s := range []string{"", "1234567", "123456789", "amina", "12345678a", "http://x/12345678"} {
		if _, err := card.Read(s); !errors.Is(err, card.ErrCode) {
			t.Errorf("%q: %v", s, err)
		}
	}
}
