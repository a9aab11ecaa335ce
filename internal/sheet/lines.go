package sheet

import (
	"bytes"
	"errors"
	"io"
)

const (
	lineBuffer = 64 << 10
	maxLine    = 1 << 20 // bytes; a row of a list is a few hundred
)

var errLongLine = errors.New("line too long")

// lines cuts a stream into lines at \n, \r\n or a lone \r (old Macintosh files), and counts them as an editor shows them.
type lines struct {
	src      io.Reader
	buf      []byte
	pos, end int
	done     bool // src has given all it has
	number   int  // of the line last returned, 1-based
	err      error
}

func newLines(src io.Reader) *lines {
	return &lines{src: src, buf: make([]byte, lineBuffer)}
}

// next returns a line without its end, valid until the following call. io.EOF comes alone, after the last line.
func (l *lines) next() ([]byte, error) {
	from := l.pos // where the search goes on after more was read
	for {
		window := l.buf[from:l.end]
		i := bytes.IndexByte(window, '\n')
		stop := window
		if i >= 0 {
			stop = window[:i]
		}
		if j := bytes.IndexByte(stop, '\r'); j >= 0 {
			if at := from + j; at+1 < l.end || l.done {
				skip := 1
				if at+1 < l.end && l.buf[at+1] == '\n' {
					skip = 2
				}
				return l.cut(at, skip), nil
			}
			// The \r is the last byte here: whether a \n follows is not known yet.
			from += j
		} else if i >= 0 {
			return l.cut(from+i, 1), nil
		} else {
			from = l.end
		}
		if l.done {
			if l.pos == l.end {
				if l.err != nil {
					return nil, l.err
				}
				return nil, io.EOF
			}
			return l.cut(l.end, 0), nil
		}
		moved, err := l.more()
		if err != nil {
			return nil, err
		}
		from -= moved
	}
}

func (l *lines) cut(at, skip int) []byte {
	line := l.buf[l.pos:at]
	l.pos = at + skip
	l.number++
	return line
}

// more reads on, moving what is not yet returned to the front, and says by how much it moved.
func (l *lines) more() (moved int, err error) {
	if l.pos > 0 {
		moved = l.pos
		copy(l.buf, l.buf[l.pos:l.end])
		l.end -= l.pos
		l.pos = 0
	}
	if l.end == len(l.buf) {
		if len(l.buf) >= maxLine {
			if l.err == nil {
				l.err = errLongLine
				l.number++
			}
			return moved, l.err
		}
		l.buf = append(l.buf, make([]byte, len(l.buf))...)
	}
	for range 100 {
		n, err := l.src.Read(l.buf[l.end:])
		l.end += n
		if err == io.EOF {
			l.done = true
			return moved, nil
		}
		if err != nil { // what was read before the failure is still given, then the failure
			l.done, l.err = true, err
			return moved, nil
		}
		if n > 0 {
			return moved, nil
		}
	}
	l.done, l.err = true, io.ErrNoProgress
	return moved, nil
}
