package nodes

import (
	"html/template"

	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// Network is the screen network/list: how this node stands with others.
type Network struct {
	Own                   string // this node, as others name it
	Up                    *Peer  // the one that it calls
	Alone                 bool   // it calls none and none calls it
	JoinURL               string
	InviteURL, TakeAction string
	RecoveryURL           string // where this box keeps a recovery key
	Kept                  bool   // it has one
	Provisional           bool   // this box writes by one, and waits for a word
	Restored              string // the day on which headquarters came back from a backup, while boxes have not called since
	Silent                int    // these
	Invites               []Invite
	Boxes                 []Peer
	Query                 string
	Pager                 shell.Pager
	Lacking               int // files that facts speak of and that are not here
	Held                  int // facts that wait
	HeldURL               string
	Sides                 int // contradictions
	SidesURL              string
	Forks                 []Fork
	Lost                  []Fork // of which this box holds what headquarters does not
	Errors                map[string]string
}

// Fork is a log that has two histories. Where this box has the one that does not stand, it posts node and stream.
type Fork struct {
	Node, Stream     string // in words
	NodeID, StreamID string
	Facts            int
	Rows             []HeldFact // the first of them
	Action           string
}

// Invite is a code that waits. It posts number.
type Invite struct {
	Name, Until, Number string
	Centres             []i18n.Text // several for the node of a region
	Accepted            bool
	Action, Typed       string
	Errors              map[string]string
}

// Peer is another node.
type Peer struct {
	Name, Node, URL string
	Centres         []i18n.Text
	Up              bool
	Address         string
	Age             shell.Age
	State           string // good, late, never, fault, paused, revoked, provisional
	Fault           string // a sentence
	Detail          string // what the program said, for who mends it
	Waiting         int    // facts that it is not known to hold
	Ahead           string // how far its clock is off, where that is much
	Program         string
	Under           *Progress
	CallAction      string
	PauseAction     string
	Paused          bool
	Copied          bool    // this node is a copy, and has no key of its own yet
	Worries         []Worry // what is wrong with the machine, by its own word, the worst first
	Room            string  // left on its disk; "": it did not say
	Saved           shell.Age
	Kept            *shell.Age // of the latest backup of it that is kept here
}

// Worry is one thing that is wrong with a box: how urgent it is (wait, help), what it is, and what to do.
type Worry struct{ State, Text, Do string }

// Progress is how far an exchange is.
type Progress struct{ Done, Total, Files int }

// Box is the screen network/node. It posts every, cap, opens and closes; reason; and asks for bundles.
type Box struct {
	Peer
	PlanAction                string
	Every, Cap, Opens, Closes string
	RevokeAction, Reason      string
	Reasons                   []shell.Option
	Disk, Refused             string // how often this node unlocked its disk, and refused to; "": it does not
	RecoveredAction           string // it writes by a recovery key: yes or no; posts what
	SheetAction               string // ends its recovery key
	Confirm                   bool   // whether it is meant was asked
	BundleAction, ReceiptURL  string
	TakeAction                string
	Flow                      []Passed
	Errors                    map[string]string
}

// Passed is a fact of the flow.
type Passed struct {
	At, Kind, From string
	There          bool // the other is known to hold it
}

// InviteForm is the screen network/invite. It posts centre and name.
type InviteForm struct {
	Centres      []shell.Option
	Centre, Name string
	Action       string
	Errors       map[string]string
}

// Invited is the screen network/invited: a code, once.
type Invited struct {
	Code, Address, Pair string
	Centre              i18n.Text
	Hours               int
	QR                  template.HTML
}

// Join is the screen network/join: first hub and code, then number.
type Join struct {
	Hub, Code, Typed string
	Name, Number     string // "": not asked yet
	Action           string
	Errors           map[string]string
}

// Pair is the open screen network/pair, to which the QR of a code leads.
type Pair struct{ Code, Address string }

// Held is the screen network/held: facts that wait, by who wrote them and why. It posts stream, node, state, reason and what.
type Held struct {
	Rows   []HeldRow
	Errors map[string]string
}

// HeldRow is one log's.
type HeldRow struct {
	Who, Stream    string // Stream is a centre's name or a word
	State, What    string // why, and what to do, as keys
	Facts          int
	From, To       string
	URL            string
	Node, StreamID string
	Grants         string // "yes": they are grants, about which nobody decides
	Decides        bool
}

// HeldFacts is the screen network/facts.
type HeldFacts struct {
	HeldRow
	Rows           []HeldFact
	More           bool
	Action, Reason string
	Errors         map[string]string
}

// HeldFact is one.
type HeldFact struct{ At, Kind, Body string }
