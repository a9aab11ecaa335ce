package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/store"
)

// Opened is the body of account.opened: somebody who signs in. Name and login are sealed with the account's own key.
type Opened struct {
	Sealed string `json:"sealed"`
}

// Check wants what identifies the account to be sealed.
func (o Opened) Check() error {
	if o.Sealed == "" {
		return errors.New("an account needs a name and a login")
	}
	return nil
}

// details is what Opened seals.
type details struct {
	Name  string `json:"name"`
	Login string `json:"login"`
	Lang  string `json:"lang,omitempty"`
}

// Closed is the body of account.closed and account.reopened: whether somebody may sign in at all.
type Closed struct {
	Closed bool `json:"closed"`
	Gone   bool `json:"gone,omitempty"` // the name goes too
}

// Erases says whether the name goes.
func (c Closed) Erases() bool { return c.Gone }

// Check accepts either.
func (Closed) Check() error { return nil }

// RoleGranted is the body of role.granted: an account plays a role for a place, a programme or an agreement, until a
// time. Said again of the same grant it is a renewal.
type RoleGranted struct {
	Account id.ID `json:"account"`
	Role    Role  `json:"role"`
	On      On    `json:"on"`
	Until   int64 `json:"until,omitempty"` // seconds since 1970; 0 has no end
	Names   bool  `json:"names,omitempty"` // see Named
}

// Check says what is missing.
func (g RoleGranted) Check() error {
	if g.Account.IsNil() || g.On.ID.IsNil() || !slices.Contains(Roles, g.Role) || !slices.Contains(Kinds(g.Role), g.On.Kind) || g.Until < 0 {
		return errors.New("a role needs an account, a name that is known, and what it is for")
	}
	return nil
}

// liftGranted makes version 2 of role.granted of version 1, which knew places only and no end. A grant without an end
// stays without one until it is renewed: an upgrade must lock nobody out.
func liftGranted(b json.RawMessage) (json.RawMessage, error) {
	var was struct {
		Account id.ID `json:"account"`
		Role    Role  `json:"role"`
		Place   id.ID `json:"place"`
	}
	if err := json.Unmarshal(b, &was); err != nil {
		return nil, err
	}
	return json.Marshal(RoleGranted{Account: was.Account, Role: was.Role, On: Place(was.Place)})
}

// RoleWithdrawn is the body of role.withdrawn.
type RoleWithdrawn struct {
	Reason string `json:"reason,omitempty"`
}

// Check accepts any.
func (RoleWithdrawn) Check() error { return nil }

// GlassBroken is the body of glass.broken: somebody opened a centre that they do not see, for a limited time.
type GlassBroken struct {
	Account id.ID  `json:"account"`
	Centre  id.ID  `json:"centre"`
	Reason  string `json:"reason"` // names nobody: the form says so
	At      int64  `json:"at"`     // seconds since 1970
	Until   int64  `json:"until"`
}

// Check bounds it: what is open for longer than a day is no exception.
func (g GlassBroken) Check() error {
	if g.Account.IsNil() || g.Centre.IsNil() || g.Reason == "" || g.Until <= g.At || g.Until-g.At > 24*60*60 {
		return errors.New("to open a centre takes an account, a centre, a reason and at most a day")
	}
	return nil
}

// Proposed is the body of request.proposed: somebody asks for what takes two. What it says of people is their ids.
type Proposed struct {
	Action   Action          `json:"action"`
	Centre   id.ID           `json:"centre"` // whose people it is about
	Subjects []id.ID         `json:"subjects"`
	Reason   string          `json:"reason"`
	At       int64           `json:"at"`
	Until    int64           `json:"until"` // after which nobody can confirm it any more
	Payload  json.RawMessage `json:"payload,omitempty"`
}

// MaxSubjects is how many people one request may be about.
const MaxSubjects = 500

// Check says what is missing.
func (p Proposed) Check() error {
	if p.Action == "" || p.Centre.IsNil() || len(p.Subjects) == 0 || len(p.Subjects) > MaxSubjects || p.Reason == "" || p.Until <= p.At {
		return errors.New("a request needs an action, a centre, a reason and whom it is about")
	}
	return nil
}

// Decided is the body of request.decided: a second person confirmed or refused, or the first took it back.
type Decided struct {
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"` // one of RefuseReasons, where it is refused
}

// RefuseReasons are why a request is refused: words of a list, since a sentence might name whom it is about, and would stay
// when they are erased. Written stands for the sentences of version 1, which are not read any more.
var RefuseReasons = []string{"wrong_person", "not_proven", "not_needed", "talk"}

// Written is the reason of a refusal that was written by hand.
const Written = "written"

// liftDecided makes version 2 of request.decided of version 1, whose reason was a sentence.
func liftDecided(b json.RawMessage) (json.RawMessage, error) {
	var d Decided
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, err
	}
	if d.Reason != "" {
		d.Reason = Written
	}
	return json.Marshal(d)
}

// States of a request. Pending and Lapsed are never stated: one that nobody decided is pending until its time is over.
const (
	Pending   = "pending"
	Lapsed    = "lapsed"
	Confirmed = "confirmed"
	Refused   = "refused"
	TakenBack = "taken_back"
)

// Check wants a state.
func (d Decided) Check() error {
	if d.State != Confirmed && d.State != Refused && d.State != TakenBack {
		return errors.New("a request is confirmed, refused or taken back")
	}
	if d.Reason != "" && d.Reason != Written && !slices.Contains(RefuseReasons, d.Reason) {
		return errors.New("a request is refused for a reason of the list")
	}
	return nil
}

// The kinds of this area.
var (
	AccountOpened = fact.NewKind[Opened](fact.Kind{Name: "account.opened", Streams: []string{"hub", "centre"}})
	AccountClosed = fact.NewKind[Closed](fact.Kind{Name: "account.closed", Critical: true, Streams: []string{"hub", "centre"}})
	KindGranted   = fact.NewKind[RoleGranted](fact.Kind{Name: "role.granted", Version: 2, Critical: true, Streams: []string{"commons", "centre"},
		Lifts: []func(json.RawMessage) (json.RawMessage, error){liftGranted}})
	KindWithdrawn = fact.NewKind[RoleWithdrawn](fact.Kind{Name: "role.withdrawn", Critical: true, Streams: []string{"commons", "centre"}})
	KindGlass     = fact.NewKind[GlassBroken](fact.Kind{Name: "glass.broken", Streams: []string{"centre"}})
	KindProposed  = fact.NewKind[Proposed](fact.Kind{Name: "request.proposed", Streams: []string{"centre"}})
	KindDecided   = fact.NewKind[Decided](fact.Kind{Name: "request.decided", Version: 2, Streams: []string{"centre"},
		Lifts: []func(json.RawMessage) (json.RawMessage, error){liftDecided}})
)

var (
	accountTable = &store.Table{Name: "access_account", Key: 1, Columns: store.Cols("id:id login:text name:text lang:text closed:int"), Indexes: []string{"login"}}
	roleTable    = &store.Table{Name: "access_role", Key: 1, Columns: store.Cols("id:id account:id role:text kind:text thing:id until:int names:int"), Indexes: []string{"account", "until", "role, thing"}}
	glassTable   = &store.Table{Name: "access_glass", Key: 1, Columns: store.Cols("id:id account:id centre:id reason:text at:int until:int"), Indexes: []string{"account, until", "centre, at"}}
	requestTable = &store.Table{Name: "access_request", Key: 1,
		Columns: store.Cols("id:id action:text centre:id reason:text proposer:id at:int until:int payload:text subjects:text state:text decider:id decided:int answer:text conflict:int"), Indexes: []string{"state, until", "centre"}}
)

// within is what a role that was given in a stream amounts to: a centre gives roles at itself, whatever its box says.
func within(g RoleGranted, stream string) (RoleGranted, bool) {
	centre := fact.CentreOf(stream)
	if centre.IsNil() {
		return g, stream == "commons"
	}
	if g.On.Kind != AtPlace {
		return g, false
	}
	if g.Role == National || g.Role == Region {
		g.Role = Centre
	}
	g.On = Place(centre)
	return g, slices.Contains(Kinds(g.Role), AtPlace)
}

// RoleStream is where a role is written: what is played at a centre in that centre's stream, so that its box knows and gives
// it without a link; all else in commons.
func RoleStream(t *place.Tree, on On) string {
	if p := t.Get(on.ID); on.Kind == AtPlace && p != nil && p.Type == "centre" {
		return "centre/" + p.ID.String()
	}
	return "commons"
}

// Folds of this area.
var Folds = []*fact.Fold{
	{
		Name: "access.account", Kinds: []*fact.Kind{AccountOpened, AccountClosed}, Tables: []*store.Table{accountTable}, Sealed: true,
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			s = s.Home()
			f := s.Last(fact.Is[Opened])
			if f == nil {
				return nil
			}
			o, _ := fact.As[Opened](f)
			var d details
			if plain, ok := s.Open(s.ID, o.Sealed); !ok || json.Unmarshal(plain, &d) != nil {
				return nil
			}
			closed := false
			// Closed by one and reopened by another who did not know: it stays closed until somebody who saw both says so.
			for _, f := range s.Heads(fact.Is[Closed]) {
				c, _ := fact.As[Closed](f)
				closed = closed || c.Closed
			}
			out.Add(accountTable, s.ID, d.Login, d.Name, d.Lang, closed)
			return nil
		},
		Sample: func(d fact.Draw, newKey fact.NewKey) fact.History {
			p := id.New()
			k := newKey(p)
			h := fact.History{Subject: p, Key: k}
			for i := range 1 + d.Int("edits", 4) {
				b, _ := json.Marshal(details{Name: fmt.Sprint("name ", i), Login: fmt.Sprint("login", d.Int("login", 3))})
				st := fact.Step{Kind: AccountOpened, Body: Opened{Sealed: k.Seal(b)}, By: d.Int("by", 2)}
				if i > 0 && d.Int("close", 2) == 1 {
					st.Kind, st.Body = AccountClosed, Closed{Closed: d.Int("closed", 2) == 1}
				}
				if i > 0 && d.Int("sees", 2) == 1 {
					st.Prev = []int{d.Int("saw", i)}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	},
	{
		Name: "access.role", Kinds: []*fact.Kind{KindGranted, KindWithdrawn}, Tables: []*store.Table{roleTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			f := s.Home().Last(func(*fact.Fact) bool { return true })
			if f == nil {
				return nil
			}
			if g, ok := fact.As[RoleGranted](f); ok {
				if g, ok = within(g, f.Stream); !ok {
					return nil
				}
				out.Add(roleTable, s.ID, g.Account, string(g.Role), string(g.On.Kind), g.On.ID, g.Until, g.Names)
			}
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			for i := range 1 + d.Int("steps", 4) {
				g := RoleGranted{Account: id.New(), Role: Roles[d.Int("role", len(Roles))], Until: int64(d.Int("until", 3)), Names: d.Int("names", 2) == 1}
				g.On = On{Kinds(g.Role)[0], id.New()}
				st := fact.Step{Kind: KindGranted, Body: g, By: d.Int("by", 2)}
				if i > 0 {
					st.Prev = []int{d.Int("saw", i)}
					if d.Int("withdraw", 2) == 1 {
						st.Kind, st.Body = KindWithdrawn, RoleWithdrawn{Reason: "left"}
					}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	},
	{
		Name: "access.glass", Kinds: []*fact.Kind{KindGlass}, Tables: []*store.Table{glassTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			if f := s.Last(func(*fact.Fact) bool { return true }); f != nil {
				g, _ := fact.As[GlassBroken](f)
				out.Add(glassTable, s.ID, g.Account, g.Centre, g.Reason, g.At, g.Until)
			}
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			for i := range 1 + d.Int("steps", 2) {
				h.Steps = append(h.Steps, fact.Step{Kind: KindGlass, By: d.Int("by", 2), Body: GlassBroken{Account: id.New(), Centre: id.New(), Reason: fmt.Sprint("reason ", i), At: int64(i), Until: int64(i + 60)}})
			}
			return h
		},
	},
	{
		Name: "access.request", Revision: 1, Kinds: []*fact.Kind{KindProposed, KindDecided}, Tables: []*store.Table{requestTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			f := s.Last(fact.Is[Proposed])
			if f == nil {
				return nil
			}
			p, _ := fact.As[Proposed](f)
			state, answer, decider, at := Pending, "", id.Nil, int64(0)
			decided := s.Heads(fact.Is[Decided])
			for _, f := range decided {
				d, _ := fact.As[Decided](f)
				state, answer, decider, at = d.State, d.Reason, f.Actor, f.HLC.Wall().Unix()
			}
			subjects, err := json.Marshal(p.Subjects)
			if err != nil {
				return err
			}
			out.Add(requestTable, s.ID, string(p.Action), p.Centre, p.Reason, f.Actor, p.At, p.Until, string(p.Payload), string(subjects), state, decider, at, answer, len(decided) > 1)
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			h.Steps = append(h.Steps, fact.Step{Kind: KindProposed, By: d.Int("by", 2), Body: Proposed{Action: MergePeople, Centre: id.New(), Subjects: []id.ID{id.New(), id.New()}, Reason: "twice", At: 1, Until: 2, Payload: json.RawMessage(`{"keep":1}`)}})
			for range d.Int("decisions", 3) {
				st := fact.Step{Kind: KindDecided, By: d.Int("by", 2), Body: []Decided{{State: Confirmed}, {Refused, RefuseReasons[d.Int("why", len(RefuseReasons))]}, {State: TakenBack}}[d.Int("state", 3)]}
				if d.Int("sees", 2) == 1 {
					st.Prev = []int{d.Int("saw", len(h.Steps))}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	},
}
