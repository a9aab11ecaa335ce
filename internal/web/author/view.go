package author

import (
	"tizi/internal/i18n"
)

// List is the screen author/list.
type List struct {
	Rows   []Row
	Code   string // typed
	Errors map[string]string
	Faults []Fault // of a folder that was sent
}

// Row is a course: a draft of it, its newest version, or both.
type Row struct {
	Code     string
	Title    i18n.Text
	Version  int // the newest; 0: none
	ID       string
	URL      string // of its draft; "" without
	By, When string
	Clash    bool // to be opened is what has a draft
}

// Fault is what is wrong, and where.
type Fault struct {
	Where string // file:line
	Text  string
	URL   string
	Line  int
	Said  string // the line
}

// Page is the screen author/draft.
type Page struct {
	Self, Code       string
	Title            i18n.Text
	Base             int
	By, When         string
	Changed          bool // it differs from the version that it began from
	PreviewURL       string
	ZipURL           string
	Faults, Remarks  []Fault
	More             int // faults that are not shown
	Lessons, Minutes int
	Items            int
	Lacks            []Lack
	Parts            []Part
	Number           string // of the version to be
	Newest           int
	Asks             bool // a newer version came since
	Module, Lesson   string
	Modules          []string
	Folder, Over     string
	Despite          string
	Folders          []string
	Path             string
	Errors           map[string]string
}

// Lack is how much is not translated into a language.
type Lack struct {
	Lang  i18n.Lang
	N, Of int
	First []Fault
}

// Dir is the direction of the language.
func (l Lack) Dir() string { return l.Lang.Dir() }

// Part is a folder of the draft: a module, the tests, or what lies above them.
type Part struct {
	Name    string // "" of the course itself
	Kind    string // course, module, tests
	Title   i18n.Text
	Files   []FileRow
	Lessons []LessonPart
	Faults  int
}

// LessonPart is a lesson's folder.
type LessonPart struct {
	Name       string
	Title      i18n.Text
	PreviewURL string
	Files      []FileRow
	Faults     int
}

// FileRow is a file, or a text with all its languages.
type FileRow struct {
	Name, URL string
	Langs     []i18n.Lang // that it is there in
	Faults    int
}

// File is the screen author/file.
type File struct {
	Self, DraftURL, Code string
	Path                 string
	Title                i18n.Text
	There                bool
	Texts                []Text
	Raw, Kind            string // of what is not written by hand
	Size                 string
	Other                []Fault // of the draft's other files
	PreviewURL           string
	To                   string // typed
	Line                 int
	Rename, Remove       string // addresses
	Errors               map[string]string
}

// Text is a text in one language, or one that has none.
type Text struct {
	Lang     i18n.Lang
	Field    string // the name of its field
	BaseName string
	Base     string
	Value    string
	File     string
	There    bool
	Rows     int
	Line     int
	Faults   []Fault
	By, When string
	Theirs   *Theirs
}

// Dir is the direction in which it is written.
func (t Text) Dir() string {
	if t.Lang == "" {
		return "ltr"
	}
	return t.Lang.Dir()
}

// Theirs is what somebody else saved meanwhile.
type Theirs struct {
	By, When string
	Gone     bool
	Text     string
}

// Discard is the screen author/discard.
type Discard struct {
	Self, Code string
	Title      i18n.Text
	Changed    bool
	Errors     map[string]string
}
