package sheet

import (
	"io"
	"strconv"
)

// style is what the look of a cell says of its content.
type style struct {
	date  bool
	zeros int // width of a number kept with the zeros before it
}

// readStyles reads the part xl/styles.xml: for each cell format, whether it shows a date.
func readStyles(in io.Reader) ([]style, error) {
	formats := map[int]string{}
	var out []style
	x := newScanner(in)
	inCells := false
	for {
		kind, err := x.next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if kind == tokenEnd {
			if string(x.name) == "cellXfs" {
				inCells = false
			}
			continue
		}
		if kind != tokenOpen {
			continue
		}
		switch string(x.name) {
		case "numFmt":
			if id, err := strconv.Atoi(string(x.attr("numFmtId"))); err == nil && len(formats) < 1<<16 {
				formats[id] = x.attrText("formatCode")
			}
		case "cellXfs":
			inCells = true
		case "xf":
			if !inCells || len(out) >= 1<<16 {
				continue
			}
			id, _ := strconv.Atoi(string(x.attr("numFmtId")))
			code, own := formats[id]
			out = append(out, style{date: builtinDate(id) && !own || own && dateFormat(code), zeros: zeroFormat(code)})
		}
	}
}
