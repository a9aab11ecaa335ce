package centre

import (
	"html/template"

	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// Consents is the screen consents/list: who lacks a consent. Its filters come back as purpose, centre and group; it posts
// person, once for each one chosen, purpose, once for each, and lang.
type Consents struct {
	Purpose, Centre, Group string
	Centres, Groups        []shell.Option
	// Lack is what those of the list lack: "" the consent, "scan" a scan of the signed form.
	Lack    string
	Lacks   []shell.Option
	Tallies []ConsentTally
	Rows    []PersonRow
	Pager   shell.Pager
	// Langs are the languages of a form, Lang the one proposed.
	Lang              string
	Langs             []shell.Option
	Asked             map[string]bool
	PrintAction       string
	ScansURL          string
	Waiting           int
	TextsURL, NoneURL string
	Errors            map[string]string
}

// ConsentTally is how many have agreed to a purpose.
type ConsentTally struct {
	Purpose              string
	Have, Total, Lacking int
	URL                  string
	Current              bool
}

// PersonConsents is the screen consents/person. It posts state_<purpose> (given, refused, withdrawn or nothing), giver,
// name, relation, method, witness, assent and on.
type PersonConsents struct {
	Name, Other, PersonURL string
	Rows                   []ConsentRow
	History                []ConsentLine
	ScansURL               string
	// Form is whether the reader may record.
	Form                                                  bool
	Adult                                                 bool
	Giver, GivenBy, Relation, Method, Witness, Assent, On string
	Relations, Methods                                    []shell.Option
	States                                                map[string]string
	Action                                                string
	Errors                                                map[string]string
}

// ConsentRow is how somebody stands to a purpose.
type ConsentRow struct {
	Purpose, State       string
	By, Relation, Method string
	Witness, Assent, On  string
	Version              int
	Text                 i18n.Text
	Conflict             bool
	// CanWithdraw says that there is something to withdraw.
	CanWithdraw bool
}

// ConsentLine is one statement of the past.
type ConsentLine struct {
	Purpose, State, By, Method, On, Recorder string
}

// ConsentTexts is the screen consents/texts. It posts a recording: text, voice, centre and file.
type ConsentTexts struct {
	Purposes     []ConsentText
	Centre       string
	Centres      []shell.Option
	Voices       []shell.Option
	UploadAction string
	Errors       map[string]string
}

// ConsentText is a purpose with its versions, the one in force first.
type ConsentText struct {
	Purpose  string
	Versions []ConsentVersion
	NewURL   string
}

// ConsentVersion is one version.
type ConsentVersion struct {
	ID      string
	Number  int
	On      string
	Words   []ConsentWords
	Sounds  []ConsentSound
	Current bool
}

// ConsentWords are the words in one language.
type ConsentWords struct {
	Lang, Dir, Text string
}

// ConsentSound is a recording.
type ConsentSound struct {
	Voice, URL string
}

// TextForm is the screen consents/text. It posts text_<language>.
type TextForm struct {
	Purpose string
	Texts   []TextField
	Action  string
	Errors  map[string]string
}

// TextField is the text in one language.
type TextField struct {
	Lang, Name, Value string
	Optional          bool
}

// Paper is the screen consents/print: one form a person, in the language of the guardian.
type Paper struct {
	BackURL string
	Forms   []PaperForm
}

// PaperForm is one printed form.
type PaperForm struct {
	Lang, Dir                                                     string
	Title, Intro, ForWhom, Name, Other, Centre                    string
	Yes, No, GivenName, RelationWord, Signature, DateWord, Assent string
	Asks                                                          []PaperAsk
	QR                                                            template.HTML
	Code                                                          string
}

// PaperAsk is one purpose on a form.
type PaperAsk struct{ Title, Text, Version string }

// Scans is the screen consents/scans: the tray. It posts centre and files.
type Scans struct {
	Rows    []ScanRow
	Centre  string
	Centres []shell.Option
	MaxMB   int
	Errors  map[string]string
}

// ScanRow is one page that waits.
type ScanRow struct {
	URL, Picture string
	Name, Other  string // empty where no code was read
	Purposes     []string
	At, Until    string // ISO dates: when it came, and when it is destroyed unless it is filed
}

// ScanForm is the screen consents/scan: one page, and what is ticked on it. It is searched by q and posts person,
// state_<purpose>, giver, name, relation, on and assent.
type ScanForm struct {
	// Adult says that the person answers for themself, but for what was signed before.
	Adult                     bool
	Giver                     string
	Picture                   string
	Person, Name, Other       string // chosen
	Query                     string
	Found                     []PersonRow
	Purposes                  []string
	States                    map[string]string
	GivenBy, Relation, Assent string
	On                        string
	Relations                 []shell.Option
	Action, DropAction        string
	ChooseURL                 string
	Errors                    map[string]string
}

// FiledScans is the screen consents/filed.
type FiledScans struct {
	Name, PersonURL string
	Rows            []FiledScan
}

// FiledScan is a signed form that was filed.
type FiledScan struct {
	Picture, On string
	Purposes    []string
}

// Guardians is the screen family/guardians. It posts name, phone, relation, fetch, consent and account.
type Guardians struct {
	Name, Other, PersonURL string
	Rows                   []GuardianRow
	Fetchers               []FetcherRow
	New, Phone, Relation   string
	Account                string
	Known                  []shell.Option
	Relations              []shell.Option
	Action, ChangeAction   string
	FetchAction            string
	Fetch                  FetcherForm
	Errors                 map[string]string
}

// GuardianRow is a guardian of a child.
type GuardianRow struct {
	ID, Name, Phone, Relation string
	Fetch, Consent, Conflict  bool
	CardSince                 string
}

// FetcherRow is somebody who may fetch a child.
type FetcherRow struct {
	ID, Name, Phone, Relation string
	// ByGuardian says that a guardian named them, and not the centre.
	ByGuardian bool
}

// Card is the screen family/card: a way in, shown once.
type Card struct {
	Guardian, BackURL string
	Address           string
	QR                template.HTML
	Code, PIN         string
}

// Messages is the screen family/messages: the latest of each conversation.
type Messages struct {
	Rows []ThreadRow
}

// ThreadRow is the latest message of a conversation.
type ThreadRow struct {
	URL, Child, Guardian, Text, At string
	// Answer says that the guardian wrote last, New that the reader has not seen it.
	Answer, New bool
}

// Thread is the screen family/thread: what was written about a child. It posts guardian and text.
type Thread struct {
	Name, PersonURL string
	Rows            []MessageRow
	Guardians       []shell.Option
	Guardian        string
	Text            string
	Action          string
	Errors          map[string]string
}

// MessageRow is one message.
type MessageRow struct {
	From, To, Text, At string
	Guardian           bool // a guardian wrote it
	New                bool // the reader has not seen it before
}

// FetcherForm is what was typed of somebody who may fetch a child, and what is wrong with it.
type FetcherForm struct {
	Name, Phone string
	Errors      map[string]string
}
