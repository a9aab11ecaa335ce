// Package access says who may do what, where. Every command and every query asks it: there is one table of permissions
// and one Scope that a query compiles into its SQL.
package access

import (
	"slices"
	"time"

	"tizi/internal/id"
)

// Role is a part that a person plays, at a place, in a programme or under an agreement.
type Role string

// The roles.
const (
	National Role = "national"     // runs the programmes of a country
	Region   Role = "region"       // runs those of a region
	Centre   Role = "centre"       // runs a centre
	Trainer  Role = "trainer"      // holds the sessions of the groups that are theirs
	Helper   Role = "helper"       // takes attendance beside a trainer
	Author   Role = "author"       // writes courses and sees how learners fare, in numbers
	Mentor   Role = "mentor"       // accompanies learners
	Partner  Role = "partner"      // reads what an agreement or a programme covers, in numbers
	Auditor  Role = "auditor"      // reads numbers, and who did what; names only where the grant says so
	Officer  Role = "safeguarding" // answers for the safety of children
	Guardian Role = "guardian"     // answers for a child
	Learner  Role = "learner"      // learns

	// Glass is no role that is granted: it is what somebody may do who opened a centre for a limited time, with a reason.
	Glass Role = "glass"
)

// Roles are all roles that can be granted, those of managers first and widest first.
var Roles = []Role{National, Region, Centre, Trainer, Helper, Author, Mentor, Partner, Auditor, Officer, Guardian, Learner}

// Action is what a role may be allowed.
type Action string

// The actions.
const (
	// Self is what everybody may do who is signed in, whatever their roles: their own account.
	Self Action = "self"

	ReadPeople         Action = "people.read"         // a person's page, and lists of people
	ListPeople         Action = "people.list"         // the lists behind numbers: all people of a place at once
	WritePeople        Action = "people.write"        //
	ImportPeople       Action = "people.import"       //
	MergePeople        Action = "people.merge"        // by two: one asks, another confirms
	ErasePeople        Action = "people.erase"        // by two
	ExportPeople       Action = "people.export"       // by two
	ReadConsent        Action = "consent.read"        //
	WriteConsent       Action = "consent.write"       // record what somebody else gave, refused or withdrew
	ReadGroups         Action = "groups.read"         //
	WriteGroups        Action = "groups.write"        //
	TakeAttendance     Action = "attendance.take"     //
	Teach              Action = "groups.teach"        // judge works, and say how a group learns
	MakeCards          Action = "cards.make"          // print and revoke the cards of learners
	DecideAppeals      Action = "appeals.decide"      // of those whom the rule of a phase refused
	ReadCentre         Action = "centre.read"         // rooms, hours, rounds, the timetable
	WriteCentre        Action = "centre.write"        // and devices, with who has them
	ReadBoard          Action = "board.read"          // numbers, never names
	WritePlaces        Action = "places.write"        //
	WriteProgrammes    Action = "programmes.write"    //
	ReadAgreements     Action = "agreements.read"     // and their money; see Scope.Agreed
	WriteAgreements    Action = "agreements.write"    //
	ReadNews           Action = "news.read"           // what others changed since one's last visit, of what one may read anyway
	ReadActivities     Action = "activities.read"     // and how many registered and came, never who
	WriteActivities    Action = "activities.write"    //
	HoldDoor           Action = "activities.door"     // who registered for one, and who is here; who comes to open access
	WriteAccounts      Action = "accounts.write"      // open, close, grant, renew, withdraw, reset
	ReadNode           Action = "node.read"           // other nodes, how exchanges fare, what waits
	RunNode            Action = "node.run"            // exchange, bundles, join headquarters, let in what waits
	PairNodes          Action = "node.pair"           // let boxes in and revoke them
	ReadAudit          Action = "audit.read"          // who did and who looked at what
	ReadSafeguarding   Action = "safeguarding.read"   // cases
	ReportSafeguarding Action = "safeguarding.report" // a worry
	BreakGlass         Action = "glass.break"         // open a centre one does not see, for an hour, with a reason
	ReadGlass          Action = "glass.read"          // who opened one's own centres, and why
	DecideRequests     Action = "requests.decide"     // see what waits for a second person; each also needs its own action
	ReadChildren       Action = "children.read"       // one's own
	AnswerConsent      Action = "consent.answer"      // for one's own children, or oneself
	ReadMentees        Action = "mentees.read"        // those one accompanies
	ReadRecords        Action = "records.read"        // learning records one by one, of people under codes; in a programme: of its groups, about their courses
	WriteKeys          Action = "records.keys"        // make and revoke the keys that tools come with
	EnrolDevices       Action = "devices.enrol"       // say which tablets and computers are the centre's, for its learners to sign in on

	// Learn is one's own learning. No account may do it, whatever its roles: it takes a learner's session (learner.Session).
	Learn Action = "learning.own"
)

// Actions are all actions.
var Actions = []Action{
	ReadPeople, ListPeople, WritePeople, ImportPeople, MergePeople, ErasePeople, ExportPeople, ReadConsent, WriteConsent, ReadGroups, WriteGroups, TakeAttendance, Teach, MakeCards, DecideAppeals,
	ReadCentre, WriteCentre,
	ReadBoard, ReadNews, WritePlaces, WriteProgrammes, ReadAgreements, WriteAgreements, ReadActivities, WriteActivities, HoldDoor, WriteAccounts, ReadNode, RunNode, PairNodes, ReadAudit, ReadSafeguarding, ReportSafeguarding, BreakGlass, ReadGlass, DecideRequests,
	ReadChildren, AnswerConsent, ReadMentees, ReadRecords, WriteKeys, EnrolDevices, Learn,
}

// Extent is how much of what a grant is for an action reaches.
type Extent int

// The extents.
const (
	Nothing Extent = iota
	Named          // the whole of it, where the grant says that names may be seen; otherwise nothing
	Own            // what is the account's own in it: a trainer's groups and the people in them
	Whole          // the whole of it
)

type row map[Action]Extent

func cells(e Extent, actions ...Action) row {
	r := row{}
	for _, a := range actions {
		r[a] = e
	}
	return r
}

func (r row) and(e Extent, actions ...Action) row {
	for _, a := range actions {
		r[a] = e
	}
	return r
}

// table is the one table of permissions. What is not in it is not allowed.
var table = map[Role]row{
	National: cells(Whole, ReadPeople, ListPeople, WritePeople, ImportPeople, MergePeople, ErasePeople, ExportPeople, ReadConsent, WriteConsent, ReadGroups, WriteGroups, TakeAttendance, Teach, MakeCards, DecideAppeals, ReadCentre, WriteCentre,
		ReadBoard, ReadNews, WritePlaces, WriteProgrammes, ReadAgreements, WriteAgreements, ReadActivities, WriteActivities, HoldDoor, WriteAccounts, ReadNode, RunNode, PairNodes, ReadAudit, ReportSafeguarding, BreakGlass, ReadGlass, DecideRequests, ReadRecords, WriteKeys, EnrolDevices),
	Region: cells(Whole, ReadPeople, ListPeople, WritePeople, ImportPeople, MergePeople, ErasePeople, ExportPeople, ReadConsent, WriteConsent, ReadGroups, WriteGroups, TakeAttendance, Teach, MakeCards, DecideAppeals, ReadCentre, WriteCentre,
		ReadBoard, ReadNews, WritePlaces, ReadActivities, WriteActivities, HoldDoor, WriteAccounts, ReadNode, RunNode, PairNodes, ReadAudit, ReportSafeguarding, BreakGlass, ReadGlass, DecideRequests, ReadRecords, WriteKeys, EnrolDevices),
	Centre: cells(Whole, ReadPeople, ListPeople, WritePeople, ImportPeople, MergePeople, ErasePeople, ExportPeople, ReadConsent, WriteConsent, ReadGroups, WriteGroups, TakeAttendance, Teach, MakeCards, DecideAppeals, ReadCentre, WriteCentre,
		ReadBoard, ReadNews, ReadActivities, WriteActivities, HoldDoor, WriteAccounts, ReadNode, RunNode, ReadAudit, ReportSafeguarding, ReadGlass, DecideRequests, ReadRecords, WriteKeys, EnrolDevices),
	Trainer:  cells(Own, ReadPeople, ReadConsent, ReadGroups, TakeAttendance, Teach, MakeCards).and(Whole, ReadBoard, ReadNews, ReadCentre, ReadActivities, HoldDoor, ReportSafeguarding, EnrolDevices),
	Helper:   cells(Whole, ReadCentre, ReadGroups, ReadNews, TakeAttendance, ReadActivities, HoldDoor, ReportSafeguarding),
	Author:   cells(Whole, ReadBoard, ReadRecords), // of its programme: see records.reach
	Mentor:   cells(Own, ReadMentees).and(Whole, ReportSafeguarding),
	Partner:  cells(Whole, ReadBoard, ReadNews, ReadAgreements, ReadActivities),
	Auditor:  cells(Whole, ReadBoard, ReadNews, ReadAgreements, ReadActivities, ReadAudit, ReadGlass).and(Named, ReadPeople, ListPeople, ReadGroups, ReadConsent, ReadRecords),
	Officer:  cells(Whole, ReadPeople, ListPeople, ErasePeople, ExportPeople, ReadConsent, ReadGroups, ReadBoard, ReadNews, ReadAudit, ReadSafeguarding, ReportSafeguarding, BreakGlass, ReadGlass, DecideRequests),
	Guardian: cells(Own, ReadChildren, AnswerConsent),
	Learner:  cells(Own, AnswerConsent),
	Glass:    cells(Whole, ReadPeople, ListPeople, ReadConsent, ReadGroups, ReadBoard, ReadNews), // never cases: those are sealed to the officers
}

// Reach returns how much of a grant's scope a role may do an action on.
func Reach(r Role, a Action) Extent { return table[r][a] }

// Allows reports whether a role may do an action at all within what it is granted for, a grant without names.
func Allows(r Role, a Action) bool { return Reach(r, a) >= Own }

// Kind is the kind of thing that a role is granted for.
type Kind string

// The kinds.
const (
	AtPlace     Kind = "place"
	InProgramme Kind = "programme"
	UnderAgreed Kind = "agreement"
)

// On is what a role is granted for: a place and all below it, a programme wherever it runs, or what an agreement covers.
type On struct {
	Kind Kind  `json:"kind"`
	ID   id.ID `json:"id"`
}

// Place is a role's place.
func Place(v id.ID) On { return On{AtPlace, v} }

// Programme is a role's programme.
func Programme(v id.ID) On { return On{InProgramme, v} }

// Agreement is a role's agreement.
func Agreement(v id.ID) On { return On{UnderAgreed, v} }

// kinds are what each role can be granted for. Numbers can be asked of a programme or an agreement; whoever works with
// people works at a place.
var kinds = map[Role][]Kind{
	Author:  {InProgramme},
	Partner: {UnderAgreed, InProgramme, AtPlace},
	Auditor: {AtPlace, InProgramme, UnderAgreed},
}

// Kinds returns what a role can be granted for.
func Kinds(r Role) []Kind {
	if k := kinds[r]; k != nil {
		return k
	}
	return []Kind{AtPlace}
}

// PlaceTypes returns the types of places that a role is played at.
func PlaceTypes(r Role) []string {
	switch r {
	case National:
		return []string{"country"}
	case Region:
		return []string{"region"}
	case Officer, Partner, Auditor:
		return []string{"country", "region", "centre"}
	}
	return []string{"centre"}
}

// gives are the roles that a role may grant, renew and withdraw, at its place and below. The officer answers to nobody
// whom a case may be about, so only the country gives that role.
var gives = map[Role][]Role{
	National: Roles,
	Region:   {Region, Centre, Trainer, Helper, Mentor, Guardian, Learner},
	Centre:   {Centre, Trainer, Helper, Mentor, Guardian, Learner},
}

// Gives reports whether a role may give another one within its own place.
func Gives(giver, r Role) bool { return slices.Contains(gives[giver], r) }

// RoleLife is how long a granted role lasts unless it is renewed: as long as a centre may be without a link before what
// was withdrawn elsewhere must have come to it.
const RoleLife = 90 * 24 * time.Hour

// longLife is how long the roles of guardians and learners last: they come and go with an enrolment, and withdrawing one
// late opens nobody else's file.
const longLife = 400 * 24 * time.Hour

// Life is how long a role lasts unless it is renewed.
func Life(r Role) time.Duration {
	if r == Guardian || r == Learner {
		return longLife
	}
	return RoleLife
}

// WarnBefore is how long before its end a role is said to run out.
const WarnBefore = 30 * 24 * time.Hour

// GlassLife is how long somebody sees what they opened.
const GlassLife = time.Hour
