package course

import (
	"bytes"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// markdown reads CommonMark with ids of headings. Its renderer leaves raw HTML out and dangerous links empty.
var markdown = goldmark.New(goldmark.WithParserOptions(parser.WithHeadingAttribute()))

// outside reports whether an address leads out of the course to where a reader may go.
func outside(dest string) bool {
	u, err := url.Parse(dest)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http" || u.Scheme == "mailto" || u.Scheme == "tel")
}

// beside is the path of a file that a text of a folder names; ok is false where it leaves the folder.
func beside(dir, dest string) (p string, ok bool) {
	u, err := url.Parse(dest)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" {
		return "", false
	}
	p = path.Join(dir, u.Path)
	return p, strings.HasPrefix(p, dir+"/") && !strings.HasPrefix(u.Path, "/")
}

// lineOf is the line of an offset.
func lineOf(src []byte, offset int) int {
	return 1 + bytes.Count(src[:min(offset, len(src))], []byte("\n"))
}

// lineAt is the line that a node of a text stands on.
func lineAt(src []byte, n ast.Node) int {
	for x := n; x != nil; x = x.Parent() {
		switch y := x.(type) {
		case *ast.Text:
			return lineOf(src, y.Segment.Start)
		case *ast.RawHTML:
			if y.Segments.Len() > 0 {
				return lineOf(src, y.Segments.At(0).Start)
			}
		}
		if c := x.FirstChild(); c != nil && c.Kind() == ast.KindText {
			return lineOf(src, c.(*ast.Text).Segment.Start)
		}
		if x.Type() == ast.TypeBlock && x.Lines() != nil && x.Lines().Len() > 0 {
			return lineOf(src, x.Lines().At(0).Start)
		}
	}
	return 1
}

// passage checks a text of a folder and returns the ids of its headings.
func (k *check) passage(name, dir string, src []byte) (ids map[string]bool) {
	ids = map[string]bool{}
	doc := markdown.Parser().Parse(text.NewReader(src))
	ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		at := func(key string, args ...any) { k.fault(name, lineAt(src, n), key, args...) }
		switch x := n.(type) {
		case *ast.Heading:
			if v, ok := x.AttributeString("id"); ok {
				id := fmt.Sprintf("%s", v)
				if ids[id] {
					at("course.fault.twice", "id", id)
				}
				ids[id] = true
			}
		case *ast.RawHTML, *ast.HTMLBlock:
			at("course.fault.html")
		case *ast.Image:
			p, ok := beside(dir, string(x.Destination))
			switch {
			case !ok || !k.has[p]:
				at("course.fault.image", "file", string(x.Destination))
			case x.FirstChild() == nil:
				at("course.fault.alt", "file", string(x.Destination))
			}
			k.used[p] = true
		case *ast.Link:
			dest := string(x.Destination)
			p, ok := beside(dir, dest)
			switch {
			case outside(dest) || strings.HasPrefix(dest, "#"):
			case !ok || !k.has[p]:
				at("course.fault.target", "file", dest)
			default:
				k.used[p] = true
			}
		}
		return ast.WalkContinue, nil
	})
	return ids
}

// HTML renders a text of a folder of the course. at gives the address of a file of the course. Headings begin below the page's own.
func (p *Passage) HTML(at func(file string) string) (string, error) {
	doc := markdown.Parser().Parse(text.NewReader(p.Source))
	dir := path.Dir(p.File)
	ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch x := n.(type) {
		case *ast.Heading:
			x.Level = min(6, max(3, x.Level+1))
			v, ok := x.AttributeString("id")
			x.RemoveAttributes() // of a page only its own forms have others
			if b, is := v.([]byte); ok && is {
				x.SetAttributeString("id", append([]byte("t-"), b...))
			}
		case *ast.Image:
			if f, ok := beside(dir, string(x.Destination)); ok {
				x.Destination = []byte(at(f))
			}
		case *ast.Link:
			if f, ok := beside(dir, string(x.Destination)); ok && !outside(string(x.Destination)) {
				x.Destination = []byte(at(f))
			}
		}
		return ast.WalkContinue, nil
	})
	var b bytes.Buffer
	if err := markdown.Renderer().Render(&b, p.Source, doc); err != nil {
		return "", fmt.Errorf("render %s: %w", p.File, err)
	}
	return b.String(), nil
}
