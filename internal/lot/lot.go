// Package lot draws lots in a way that anybody can check with a pen, a list and one common command, and that nobody can
// steer. It has no database.
//
// The list of who takes part is closed first and its digest published; the numbers in it come from a key made at the closing,
// so that neither who came first nor who typed the names decides them. Then a seed appears that nobody knew at the closing, such as
// the result of a drawing of balls in public. The order follows from list, seed and the rule that was stated at the beginning.
package lot

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tizi/internal/i18n"
	"tizi/internal/id"
)

// Version is the version of how points, numbers and order are worked out. Whoever changes what they come to raises it.
const Version = 1

// Rule is what counts for somebody, in points. Who has more comes before who has fewer, whatever the lot says.
type Rule struct {
	Version int `json:"version"`
	First   int `json:"first,omitempty"` // took part in nothing before
	Out     int `json:"out,omitempty"`   // is not at school
	Rural   int `json:"rural,omitempty"` // lives in a rural milieu
	Girls   int `json:"girls,omitempty"` // is a girl or woman, where they are fewer than boys and men on the list
}

// MaxPoints bounds what one thing may count for.
const MaxPoints = 100

// Check says what is wrong with a rule.
func (r Rule) Check() error {
	for _, n := range []int{r.First, r.Out, r.Rural, r.Girls} {
		if n < 0 || n > MaxPoints {
			return fmt.Errorf("what counts does so for 0 to %d points", MaxPoints)
		}
	}
	if r.Version < 1 {
		return errors.New("a rule has a version")
	}
	return nil
}

// Standard is the rule that is proposed: who was never served first, then the excluded.
func Standard() Rule { return Rule{Version: Version, First: 100, Out: 20, Rural: 20, Girls: 20} }

// Applicant is somebody as the rule sees them. What is not known counts for nothing.
type Applicant struct {
	Person            id.ID
	Sex               string // f, m or ""
	First, Out, Rural bool
}

// Points returns what each applicant has, in their order, and whether girls and women were the fewer, so that it counted.
func (r Rule) Points(list []Applicant) (points []int, fewer bool) {
	f, m := 0, 0
	for _, a := range list {
		switch a.Sex {
		case "f":
			f++
		case "m":
			m++
		}
	}
	fewer = f < m
	for _, a := range list {
		n := 0
		for _, c := range []struct {
			holds bool
			n     int
		}{{a.First, r.First}, {a.Out, r.Out}, {a.Rural, r.Rural}, {fewer && a.Sex == "f", r.Girls}} {
			if c.holds {
				n += c.n
			}
		}
		points = append(points, n)
	}
	return points, fewer
}

// Tag stands for a person on a list without naming them: an HMAC-SHA256 of their id under the key of the list, of which the
// first 16 bytes are written in hexadecimal. Whoever has a number can see that its tag is the same before and after.
func Tag(key []byte, person id.ID) string {
	return hex.EncodeToString(mac(key, person[:])[:16])
}

func mac(key, of []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(of)
	return h.Sum(nil)
}

// Entry is a line of the list. Numbers begin at 1, in the order of the tags.
type Entry struct {
	Number int
	Points int
	Tag    string
}

// Text is the list as it is published: a line for each number, with its points and its tag, ended by a line feed.
func Text(list []Entry) string {
	var b strings.Builder
	for _, e := range list {
		fmt.Fprintf(&b, "%d %d %s\n", e.Number, e.Points, e.Tag)
	}
	return b.String()
}

// Digest is the SHA-256 of the text of a list, in hexadecimal: what sha256sum prints.
func Digest(list []Entry) string {
	sum := sha256.Sum256([]byte(Text(list)))
	return hex.EncodeToString(sum[:])
}

var seedForm = regexp.MustCompile(`^[A-Z0-9]+([ -][A-Z0-9]+)*$`)

// ErrSeed is returned for what is no seed.
var ErrSeed = errors.New("a seed has 4 to 100 letters and digits, such as 07 12 33 41 45")

// Seed writes a seed in the one way in which it is used: capitals and digits, single spaces. Digits may be typed as Arabic ones.
func Seed(typed string) (string, error) {
	s := strings.ToUpper(strings.Join(strings.Fields(i18n.Digits(typed)), " "))
	if len(s) < 4 || len(s) > 100 || !seedForm.MatchString(s) {
		return "", ErrSeed
	}
	return s, nil
}

// Lot is what decides between numbers with the same points: the HMAC-SHA256 of the number, in decimal digits, under the seed,
// in hexadecimal. The smaller one comes first. printf 17 | openssl dgst -sha256 -hmac "07 12 33" prints it too.
func Lot(seed string, number int) string {
	return hex.EncodeToString(mac([]byte(seed), []byte(strconv.Itoa(number))))
}

// Order returns the numbers of a list in the order in which seats are given.
func Order(seed string, list []Entry) []int {
	lots := map[int]string{}
	for _, e := range list {
		lots[e.Number] = Lot(seed, e.Number)
	}
	by := slices.Clone(list)
	slices.SortFunc(by, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(b.Points, a.Points), strings.Compare(lots[a.Number], lots[b.Number]))
	})
	out := make([]int, len(by))
	for i, e := range by {
		out[i] = e.Number
	}
	return out
}
