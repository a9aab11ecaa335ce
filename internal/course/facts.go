package course

import (
	"encoding/json"
	"errors"
	"fmt"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Published is the body of course.published: a version of a course was taken in. Its files are course.filed facts of the same subject,
// which is named by the content, so that two nodes that take in the same bytes mean the same version.
type Published struct {
	Code      string      `json:"code"`
	Version   int         `json:"version"`
	Digest    string      `json:"digest"` // of the names and digests of all files
	Title     i18n.Text   `json:"title"`
	Summary   i18n.Text   `json:"summary,omitempty"`
	Ages      []int       `json:"ages,omitempty"`
	Public    string      `json:"public,omitempty"`
	Hours     int         `json:"hours"`
	Languages []i18n.Lang `json:"languages"`
	Licence   string      `json:"licence"`
	Lessons   []Outlined  `json:"lessons"`
	Files     int         `json:"files"`
}

// Outlined is a lesson in the outline of a course.
type Outlined struct {
	Path         string    `json:"path"` // module/lesson
	Title        i18n.Text `json:"title"`
	Minutes      int       `json:"minutes"`
	Competencies []string  `json:"competencies,omitempty"`
}

// Check says what is missing.
func (p Published) Check() error {
	if !IsName(p.Code) || p.Version < 1 || p.Digest == "" || len(p.Title) == 0 || len(p.Languages) == 0 || p.Files < 1 || len(p.Ages) != 0 && len(p.Ages) != 2 {
		return errors.New("a version of a course has a code, a number, a title, languages and files")
	}
	return nil
}

// Filed is the body of course.filed: some files of a version, which stand in the list of all from From on.
type Filed struct {
	From  int    `json:"from"`
	Files []Kept `json:"files"`
}

// Kept is a file of a version.
type Kept struct {
	Path string      `json:"path"`
	Blob blob.Digest `json:"blob"`
	Size int64       `json:"size"`
}

// Check says what is missing.
func (p Filed) Check() error {
	if p.From < 0 || len(p.Files) == 0 {
		return errors.New("files stand somewhere in the list of all")
	}
	for _, f := range p.Files {
		if !wellNamed(f.Path) || f.Size < 0 {
			return fmt.Errorf("%q cannot be a file of a course", f.Path)
		}
	}
	return nil
}

// Assigned is the body of course.assigned: a group follows a course in one version, and stays on it until somebody moves it.
type Assigned struct {
	Group   id.ID  `json:"group"`
	Code    string `json:"code"`
	Version id.ID  `json:"version"` // Nil: it follows the course no more
}

// Check says what is missing.
func (p Assigned) Check() error {
	if p.Group.IsNil() || !IsName(p.Code) {
		return errors.New("a group follows a course")
	}
	return nil
}

// The kinds of this area.
var (
	KindPublished = fact.NewKind[Published](fact.Kind{Name: "course.published", Streams: []string{"commons"}})
	KindFiled     = fact.NewKind[Filed](fact.Kind{Name: "course.filed", Streams: []string{"commons"}})
	KindAssigned  = fact.NewKind[Assigned](fact.Kind{Name: "course.assigned", Streams: []string{"centre"}})
)

var (
	table      = &store.Table{Name: "course", Key: 1, Columns: store.Cols("id:id code:text version:int digest:text title:text about:text hours:int at:int"), Indexes: []string{"code, version"}}
	fileTable  = &store.Table{Name: "course_file", Key: 2, Columns: store.Cols("course:id path:text blob:text size:int")}
	groupTable = &store.Table{Name: "course_group", Key: 1, Columns: store.Cols("id:id cohort:id code:text version:id conflict:int"), Indexes: []string{"cohort", "version"}}
)

// VersionID names a version by what is in it.
func VersionID(code, digest string) id.ID { return id.Named("course", code+"/"+digest) }

// Folds derive versions that are whole, their files, and who follows which.
var Folds = []*fact.Fold{
	{
		Name: "course", Kinds: []*fact.Kind{KindPublished, KindFiled}, Tables: []*store.Table{table, fileTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			at := map[int]Kept{}
			paths := map[string]bool{}
			for _, f := range s.Facts() {
				if p, ok := fact.As[Filed](f); ok {
					for i, x := range p.Files {
						if _, twice := at[p.From+i]; twice || paths[x.Path] {
							continue // said by two nodes; the first in canonical order stands
						}
						at[p.From+i], paths[x.Path] = x, true
						out.Add(fileTable, s.ID, x.Path, x.Blob.String(), x.Size)
					}
				}
			}
			p, last, _ := fact.Said[Published](s, nil)
			if last == nil || len(at) < p.Files || VersionID(p.Code, p.Digest) != s.ID {
				return nil
			}
			title, err := json.Marshal(p.Title)
			if err != nil {
				return err
			}
			about, err := json.Marshal(p)
			if err != nil {
				return err
			}
			out.Add(table, s.ID, p.Code, p.Version, p.Digest, string(title), string(about), p.Hours, int64(last.HLC))
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			digest := fmt.Sprint("d", d.Int("digest", 1000))
			h := fact.History{Subject: VersionID("x", digest)}
			for range 1 + d.Int("nodes", 2) {
				by := d.Int("by", 2)
				h.Steps = append(h.Steps,
					fact.Step{Kind: KindFiled, Body: Filed{0, []Kept{{"course.yaml", blob.Digest{1}, 3}, {"a.md", blob.Digest{byte(d.Int("blob", 3))}, 4}}}, By: by},
					fact.Step{Kind: KindPublished, Body: Published{Code: "x", Version: 1 + d.Int("version", 3), Digest: digest, Title: i18n.Text{i18n.FR: "x"}, Languages: []i18n.Lang{i18n.FR}, Files: 2 + d.Int("files", 2)}, By: by})
			}
			return h
		},
	},
	{
		Name: "course.group", Kinds: []*fact.Kind{KindAssigned}, Tables: []*store.Table{groupTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			a, last, several := fact.Said[Assigned](s, nil)
			if last != nil && !a.Version.IsNil() {
				out.Add(groupTable, s.ID, a.Group, a.Code, a.Version, several)
			}
			return nil
		},
		Sample: fact.Statements(KindAssigned, func(d fact.Draw) fact.Body {
			return Assigned{Group: id.Named("test", "group"), Code: "x", Version: id.ID{byte(d.Int("version", 3))}}
		}),
	},
}
