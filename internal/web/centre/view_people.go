package centre

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// People is the screen people/list. Its filters come back as q, sex, and, where
// the view asks for them, centre, group, age, milieu and state.
type People struct {
	// ReferralsURL leads to whom schools sent.
	ReferralsURL string
	// AppealsURL leads to those who appeal against the rule of a phase.
	AppealsURL                            string
	Query, Sex, Age, Milieu, Group, State string
	// Centre is the one chosen among Centres; one alone is not asked for.
	Centre  string
	Centres []shell.Option
	// By names the further filters this list knows: age, milieu, state.
	By []string
	// Groups are the groups one can filter by.
	Groups []shell.Option
	// Sort has the columns name, age, group and state.
	Sort  map[string]shell.Sort
	Rows  []PersonRow
	Pager shell.Pager
	// Filtered says that an empty list is the filters' doing.
	Filtered          bool
	NewURL, ImportURL string
	SameURL           string
	// MessagesURL leads to what the centre and guardians write to each other.
	MessagesURL string
}

// PersonRow is one person in a list.
type PersonRow struct {
	ID, URL string
	// Name is the one in the reader's script where there is one, Other the one in
	// the other script.
	Name, Other string
	// Sex, Milieu and State are codes of the catalogue; empty is not known.
	Sex, Milieu, State string
	// Age in whole years; -1 is not known.
	Age             int
	Group, GroupURL string
	// Centre is set where the list spans several.
	Centre i18n.Text
	Massar string
	// NoConsent says that nobody agreed to the training yet.
	NoConsent bool
	// Near says that a search found the person by what the name sounds like.
	Near bool
}

// Person is the screen people/person.
type Person struct {
	// Referrals are who sent the person, ReferURL leads to writing one down.
	Referrals   []ReferralRow
	ReferURL    string
	Refusals    Refusals
	Name, Other string
	// Sex, Milieu, Schooling, Category and Diploma are codes of the catalogue.
	Sex, Milieu, Schooling, Category, Diploma string
	// Birth is an ISO date or a year alone; Age is -1 when neither is known.
	Birth       string
	Age         int
	Massar, CIN string
	Phone       string
	Email       string
	Address     string
	School      string
	Level       string
	Centre      i18n.Text
	// Conflict says that two people changed the record at the same time.
	Conflict bool
	// Attendance is the latest sessions, newest first.
	Attendance []AttendanceLine
	Guardians  []Guardian
	Consents   []Consent
	Enrolments []Enrolment
	// Present of Held sessions.
	Present, Held int
	History       []HistoryLine
	// Doubles are people who may be the same one.
	Doubles []PersonRow
	// Records are those that are this one person, when there are several; each leads to where that is undone.
	Records []PersonRow
	// Contradictions are what the records say differently.
	Contradictions    []Contradiction
	EditURL, EnrolURL string
	ConsentURL        string
	// Photo is the portrait, PhotoAction where one is sent to; empty where nobody agreed to it.
	Photo, PhotoAction            string
	GuardiansURL, MessagesURL     string
	AuditURL, EraseURL, ExportURL string
	MoveURL, ConflictURL          string
}

// Contradiction is a field of which records of one person say different things: Shown, and the Others. Field is a message.
type Contradiction struct {
	Field, Shown string
	Others       []string
}

// Guardian is who answers for a minor, or may fetch one.
type Guardian struct {
	Name, Phone, Relation string
	Fetch                 bool
}

// Enrolment is a person's place in a group.
type Enrolment struct {
	Group, GroupURL string
	Programme       i18n.Text
	// State is a code of the catalogue, since On, an ISO date.
	State, On     string
	Present, Held int
	// From is the group that the person was moved from, on FromOn.
	From, FromOn string
}

// AttendanceLine is one session a person was expected at.
type AttendanceLine struct {
	// On is an ISO date; Mark is present, late, excused or absent.
	On, Group, Mark, URL string
}

// HistoryLine is something that happened, said in a sentence.
type HistoryLine struct {
	Text string
	// On is an ISO date; By is who wrote it.
	On, By string
}

// PersonForm is the screen people/form, for a new person as for one that is
// there. It posts given, family, given_ar, family_ar, birth (a date, day first,
// or a year), sex, milieu, schooling, category, diploma, school, level, massar, cin, phone, address,
// guardian, guardian_phone and no_texts; centre and group where there are some to choose
// from; consent and not_double where the view asks.
type PersonForm struct {
	// New tells a new person from one that is changed.
	New                              bool
	Given, Family, GivenAR, FamilyAR string
	Birth, Sex, Milieu, Schooling    string
	Category, Diploma                string
	School, Level                    string
	Massar, CIN, Phone, Address      string
	Guardian, GuardianPhone          string
	NoTexts                          string // "yes": no SMS is wanted
	// Centre is the one chosen among Centres; one alone is not asked for.
	Centre  string
	Centres []shell.Option
	Group   string
	Groups  []shell.Option
	// AskConsent records the agreement to the training with the person; Consent
	// is "yes" where it is given.
	AskConsent bool
	Consent    string
	// Doubles look like the one being written; AskDouble lets the author say
	// that it is somebody else.
	Doubles   []PersonRow
	AskDouble bool
	// LikeURL answers who may be the same while one types; "" where nobody is looked for.
	LikeURL string
	Action  string
	// Version names what the author saw, so that two who write at once are told.
	Version   string
	CancelURL string
	Errors    map[string]string
}

// Consent is the state of one purpose.
type Consent struct {
	// Purpose is training, image, follow_up or research.
	Purpose string
	// State is given, refused, withdrawn or missing.
	State string
	// By is who gave it, On the ISO date.
	By, On string
	// Conflict says that two stated different things without seeing each other.
	Conflict bool
}
