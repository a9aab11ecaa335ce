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
	Invites               []Invite
	Boxes                 []Peer
	Query                 string
	Pager                 shell.Pager
	Held                  int // facts that wait
	HeldURL               string
	Sides                 int // contradictions
	SidesURL              string
	Forks                 []Fork
	Errors                map[string]string
}

// Fork is a log that has two histories.
type Fork struct{ Node, Stream string }

// Invite is a code that waits. It posts number.
type Invite struct {
	Name, Until, Number string
	Centre              i18n.Text
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
	Age             Age
	State           string // good, late, never, fault, paused, revoked
	Fault           string // a sentence
	Detail          string // what the program said, for who mends it
	Waiting         int    // facts that it is not known to hold
	Ahead           string // how far its clock is off, where that is much
	Program         string
	Under           *Progress
	CallAction      string
	PauseAction     string
	Paused          bool
	Copied          bool // this node is a copy, and has no key of its own yet
}

// Age is how long ago something was, in words: a key and its number.
type Age struct {
	Key string
	N   int
}

// Progress is how far an exchange is.
type Progress struct{ Done, Total, Files int }

// Box is the screen network/node. It posts every, cap, opens and closes; reason; and asks for bundles.
type Box struct {
	Peer
	PlanAction                string
	Every, Cap, Opens, Closes string
	RevokeAction, Reason      string
	Reasons                   []shell.Option
	Confirm                   bool // whether it is meant was asked
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
