package author

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"path"
	"slices"
	"strconv"
	"strings"

	"tizi/internal/blob"
	"tizi/internal/course"
	"tizi/internal/draft"
	"tizi/internal/i18n"
	"tizi/internal/web/door"
	"tizi/internal/web/learn"
)

// openRaw opens a file of a draft that is no text of it, with the type under which it is served.
func openRaw(a *door.Ask, x *draft.Draft, p string) (blob.File, string, error) {
	kind, ok := course.Types[strings.ToLower(path.Ext(p))]
	if !ok {
		return nil, "", draft.ErrUnknown
	}
	f, err := a.H.Drafts.File(a.R.Context(), a.H.DB, x.ID, p)
	if err != nil {
		return nil, "", err
	}
	r, err := a.H.Drafts.Open(f)
	return r, kind, err
}

func raw(a *door.Ask, x *draft.Draft) error {
	f, kind, err := openRaw(a, x, a.R.URL.Query().Get("file"))
	if err != nil {
		return err
	}
	defer f.Close()
	return learn.Serve(a, f, kind, false)
}

// asked is the file that an address names: the course itself where it names none.
func asked(a *door.Ask) string {
	q := a.R.URL.Query()
	if !q.Has("path") {
		return "course.yaml"
	}
	return q.Get("path")
}

func file(a *door.Ask, x *draft.Draft) error {
	v, err := fileView(a, x, asked(a))
	if err != nil {
		return err
	}
	return a.Render("author/file", v)
}

// minRows is how many lines a field shows at least, maxRows at most.
const minRows, maxRows = 12, 30

// fileView is the page of a file: a text in all languages of the course side by side, any other text, or a picture, a sound, a film. A
// text that is not there yet can be written.
func fileView(a *door.Ask, x *draft.Draft, p string) (v File, err error) {
	ctx := a.R.Context()
	if !course.IsFile(p) {
		return v, draft.ErrUnknown
	}
	v = File{Self: fileURL(x, p), DraftURL: address(x), Code: x.Code, Path: p, Rename: door.With(address(x)+"/rename", "path", p), Remove: door.With(address(x)+"/remove", "path", p), To: p, Errors: map[string]string{}}
	c, rep, err := a.H.Drafts.Check(ctx, a.H.DB, x)
	if err != nil {
		return v, err
	}
	v.Title = c.Title
	v.Line, _ = strconv.Atoi(a.R.URL.Query().Get("line"))
	for _, l := range c.Lessons() {
		if strings.HasPrefix(p, l.Dir()+"/") {
			v.PreviewURL = address(x) + "/preview/" + l.Path()
		}
	}
	f, err := a.H.Drafts.File(ctx, a.H.DB, x.ID, p)
	if v.There = err == nil; err != nil && !errors.Is(err, draft.ErrUnknown) {
		return v, err
	}
	if !course.IsText(p) {
		if !v.There {
			return v, draft.ErrUnknown
		}
		v.Kind, v.Raw, v.Size = course.Types[strings.ToLower(path.Ext(p))], door.With("/authoring-files/"+x.ID.String(), "file", p), a.P.T("author.size", "kb", (f.Size+1023)>>10)
		for _, w := range rep.Faults {
			if w.File == p {
				v.Other = append(v.Other, faultOf(a, x, w))
			}
		}
		return v, nil
	}
	names := door.Names{}
	add := func(l i18n.Lang, name string) error {
		t := Text{Lang: l, Field: fieldOf(name), File: name, Rows: minRows}
		t.BaseName = strings.Replace(t.Field, "text", "base", 1)
		f, err := a.H.Drafts.File(ctx, a.H.DB, x.ID, name)
		switch {
		case errors.Is(err, draft.ErrUnknown):
		case err != nil:
			return err
		default:
			b, err := a.H.Drafts.Text(f)
			if err != nil {
				return err
			}
			t.There, t.Base, t.Value, t.When = true, f.Blob.String(), string(b), a.Moment(f.Changed)
			if t.By, err = names.Of(a, f.Actor); err != nil {
				return err
			}
			t.Rows = min(max(minRows, strings.Count(t.Value, "\n")+2), maxRows)
		}
		if name == p {
			t.Line = v.Line
		}
		lines := strings.Split(t.Value, "\n")
		for _, w := range rep.Faults {
			if w.File != name {
				continue
			}
			out := faultOf(a, x, w)
			if w.Line > 0 && w.Line <= len(lines) {
				out.Said = strings.TrimSpace(lines[w.Line-1])
			}
			t.Faults = append(t.Faults, out)
		}
		v.Texts = append(v.Texts, t)
		return nil
	}
	all := draft.Siblings(p)
	if all == nil {
		return v, add("", p)
	}
	for _, l := range i18n.Langs {
		_, err := a.H.Drafts.File(ctx, a.H.DB, x.ID, all[l])
		if err != nil && !errors.Is(err, draft.ErrUnknown) {
			return v, err
		}
		if err == nil || slices.Contains(c.Languages, l) || all[l] == p {
			if err := add(l, all[l]); err != nil {
				return v, err
			}
		}
	}
	return v, nil
}

// written is a text as it was typed, with the ends of lines of the file that it takes the place of: browsers send those of old machines.
func written(typed, was string) string {
	s := strings.ReplaceAll(strings.ReplaceAll(typed, "\r\n", "\n"), "\r", "\n")
	if strings.Contains(was, "\r\n") {
		s = strings.ReplaceAll(s, "\n", "\r\n")
	}
	return s
}

func saved(a *door.Ask, x *draft.Draft) error {
	v, err := fileView(a, x, asked(a))
	if err != nil {
		return err
	}
	if len(v.Texts) == 0 { // a picture is not written by hand
		return draft.ErrUnknown
	}
	var edits []draft.Edit
	for i := range v.Texts {
		t := &v.Texts[i]
		typed, ok := single(a, t.Field)
		base, known := single(a, t.BaseName)
		if l := a.R.PostForm[t.Field]; !ok && len(l) > 0 {
			typed = l[0]
		}
		if !ok || !known {
			v.Errors[t.Field] = a.P.T("author.text_missing")
		} else if base != "" {
			if _, err := blob.Parse(base); err != nil {
				v.Errors[t.Field] = a.P.T("author.base_wrong")
			}
		}
		if ok || len(a.R.PostForm[t.Field]) > 0 {
			was := t.Value
			t.Value = written(typed, was)
			if base == t.Base && t.Value == was || base == "" && t.Value == "" { // nobody touched it
				continue
			}
			edits = append(edits, draft.Edit{Path: t.File, Base: base, Text: []byte(t.Value)})
		}
	}
	if len(v.Errors) > 0 {
		return a.Again("author/file", v)
	}
	err = a.H.Drafts.Save(a.R.Context(), a.Actor(), x.ID, edits...)
	var faults course.Faults
	var other *draft.ConflictError
	switch {
	case errors.As(err, &other):
		return bothShown(a, x, v, edits)
	case errors.As(err, &faults):
		field := v.Texts[0].Field
		for _, t := range v.Texts {
			if t.File == faults[0].File {
				field = t.Field
			}
		}
		v.Errors[field] = refusals(a, faults)
		return a.Again("author/file", v)
	case errors.Is(err, draft.ErrThere):
		v.Errors[v.Texts[0].Field] = a.P.T("author.file_there")
		return a.Again("author/file", v)
	case err != nil:
		return err
	}
	a.Notify("good", "common.saved")
	if a.R.PostFormValue("then") == "preview" && v.PreviewURL != "" {
		return a.Go(v.PreviewURL)
	}
	return a.Go(v.Self)
}

// bothShown shows what was typed beside what somebody else saved meanwhile. Saved again, it takes the place of the other.
func bothShown(a *door.Ask, x *draft.Draft, v File, edits []draft.Edit) error {
	now, err := fileView(a, x, v.Path)
	if err != nil {
		return err
	}
	for i := range v.Texts {
		t := &v.Texts[i]
		e := slices.IndexFunc(edits, func(e draft.Edit) bool { return e.Path == t.File })
		n := slices.IndexFunc(now.Texts, func(n Text) bool { return n.File == t.File })
		if n < 0 {
			continue
		}
		theirs := now.Texts[n]
		switch {
		case e < 0:
			*t = theirs
		case edits[e].Base != theirs.Base:
			t.Theirs = &Theirs{By: theirs.By, When: theirs.When, Gone: !theirs.There, Text: theirs.Value}
			t.Base, t.There = theirs.Base, theirs.There
			v.Errors[t.Field] = a.P.T("author.meanwhile")
		}
	}
	return a.Again("author/file", v)
}

// fileAgain shows the page of a file with what was wrong.
func fileAgain(a *door.Ask, x *draft.Draft, field, why string) error {
	v, err := fileView(a, x, asked(a))
	if err != nil {
		return err
	}
	if path.Base(a.R.URL.Path) == "rename" {
		v.To = a.R.PostFormValue("to")
	}
	v.Errors[field] = why
	return a.Again("author/file", v)
}

func renamed(a *door.Ask, x *draft.Draft) error {
	p := asked(a)
	if _, err := a.H.Drafts.File(a.R.Context(), a.H.DB, x.ID, p); err != nil {
		return err
	}
	to, ok := single(a, "to")
	if to = strings.TrimSpace(to); !ok || to == "" {
		return fileAgain(a, x, "to", a.P.T("author.path_missing"))
	}
	err := a.H.Drafts.Rename(a.R.Context(), a.Actor(), x.ID, p, to)
	var faults course.Faults
	switch {
	case errors.Is(err, draft.ErrThere):
		return fileAgain(a, x, "to", a.P.T("author.file_there"))
	case errors.As(err, &faults):
		return fileAgain(a, x, "to", a.P.T(faults[0].Key, faults[0].Args...))
	case err != nil:
		return err
	}
	a.Notify("good", "author.renamed")
	return a.Go(fileURL(x, to))
}

func removed(a *door.Ask, x *draft.Draft) error {
	p := asked(a)
	if _, err := a.H.Drafts.File(a.R.Context(), a.H.DB, x.ID, p); err != nil {
		return err
	}
	if s, ok := single(a, "gone"); !ok || s != "yes" {
		return fileAgain(a, x, "gone", a.P.T("author.sure_missing"))
	}
	if err := a.H.Drafts.Remove(a.R.Context(), a.Actor(), x.ID, p); err != nil {
		return err
	}
	a.Notify("good", "author.removed", "file", p)
	return a.Go(address(x))
}

// uploaded takes files, and folders with what lies in them.
func uploaded(a *door.Ask, x *draft.Draft) error {
	if err := multipartOf(a); err != nil {
		return err
	}
	defer cleared(a)
	dir := strings.Trim(strings.TrimSpace(a.R.PostFormValue("folder")), "/")
	if len(a.R.PostForm["folder"]) > 1 || dir != "" && !course.IsFile(dir) {
		return pageAgain(a, x, "folder", a.P.T("author.folder_wrong"))
	}
	var in []draft.Upload
	if m := a.R.MultipartForm; m != nil {
		for _, h := range m.File["file"] {
			if h.Filename != "" {
				in = append(in, upload(strings.TrimPrefix(dir+"/"+door.Text(h.Filename), "/"), h))
			}
		}
		in = append(in, folderOf(dir, m.File["tree"])...)
	}
	if len(in) == 0 {
		return pageAgain(a, x, "file", a.P.T("author.files_missing"))
	}
	err := a.H.Drafts.Upload(a.R.Context(), a.Actor(), x.ID, in, a.R.PostFormValue("over") == "yes")
	var faults course.Faults
	switch {
	case errors.Is(err, draft.ErrThere):
		return pageAgain(a, x, "over", a.P.T("author.files_there"))
	case errors.As(err, &faults):
		return pageAgain(a, x, "file", refusals(a, faults))
	case err != nil:
		return err
	}
	a.Notify("good", "author.uploaded", "n", len(in))
	return a.Go(address(x))
}

func upload(p string, h *multipart.FileHeader) draft.Upload {
	return draft.Upload{Path: p, Read: func() ([]byte, error) {
		f, err := h.Open()
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(f)
	}}
}

// folderOf are the files of a folder that a browser sent whole, each with its way from the folder on. A folder that is the course's own
// stands for the draft; any other is put below the one that was asked for. What systems leave in folders is left out.
func folderOf(dir string, headers []*multipart.FileHeader) (out []draft.Upload) {
	ways := make([]string, len(headers))
	own := ""
	for i, h := range headers {
		if _, p, err := mime.ParseMediaType(h.Header.Get("Content-Disposition")); err == nil {
			ways[i] = door.Text(p["filename"])
		}
		if top, rest, ok := strings.Cut(ways[i], "/"); ok && rest == "course.yaml" {
			own = top + "/"
		}
	}
	for i, h := range headers {
		p := strings.TrimPrefix(ways[i], own)
		if p == "" || strings.HasPrefix(path.Base(p), ".") || path.Base(p) == "Thumbs.db" {
			continue
		}
		// Joined by hand: whatever leads out of the folder must be seen to, and refused.
		if dir != "" {
			p = dir + "/" + p
		}
		out = append(out, upload(p, h))
	}
	return out
}
