package sheet

import (
	"bytes"
	"io"
	"slices"
	"strconv"
)

const maxMerges = 100000

// readMerges reads which cells of a sheet are merged over several rows.
func readMerges(in io.Reader) ([]merge, error) {
	var out []merge
	x := newScanner(in)
	for {
		kind, err := x.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if kind != tokenOpen || string(x.name) != "mergeCell" {
			continue
		}
		from, to, ok := bytes.Cut(x.attr("ref"), []byte(":"))
		if !ok {
			continue
		}
		c, ok1 := columnOf(from)
		r1, ok2 := rowOf(from)
		r2, ok3 := rowOf(to)
		if ok1 && ok2 && ok3 && r2 > r1 && c < maxColumns && len(out) < maxMerges {
			out = append(out, merge{column: c, from: r1, to: r2})
		}
	}
	slices.SortStableFunc(out, func(a, b merge) int { return a.from - b.from })
	return out, nil
}

// columnOf reads the letters of a reference such as "AB12": 0 for A.
func columnOf(ref []byte) (int, bool) {
	n := 0
	for i, c := range ref {
		c |= 0x20
		if c < 'a' || c > 'z' {
			return n - 1, i > 0
		}
		if n = n*26 + int(c-'a') + 1; n > 1<<20 {
			return 0, false
		}
	}
	return n - 1, n > 0
}

// rowOf reads the digits of a reference.
func rowOf(ref []byte) (int, bool) {
	n, err := strconv.Atoi(string(bytes.TrimLeft(ref, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")))
	return n, err == nil && n > 0
}
