// Package activity knows what a programme runs that is no group: masterclasses, conferences, workshops, campaigns, studies
// and projects; who holds them and speaks at them, who registered, who came, and what came out of it.
//
// All stands in the stream of the centre that answers for an activity: those who register are people of that centre. Who
// spoke is sealed with a key of its own, so that one name can be withdrawn alone.
package activity

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/fault"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/programme"
	"tizi/internal/source"
	"tizi/internal/store"
)

// Kinds are what an activity is.
var Kinds = []string{"masterclass", "conference", "workshop", "campaign", "study", "research", "transfer", "collaboration"}

// States of an activity. Open is open to registration; closed has none any more and is still to be held, or goes on.
const (
	Planned   = "planned"
	Open      = "open"
	Closed    = "closed"
	Held      = "held"
	Cancelled = "cancelled"
)

// States are all states.
var States = []string{Planned, Open, Closed, Held, Cancelled}

// States of a registration.
const (
	Registered = "registered"
	Waiting    = "waiting"
	Withdrawn  = "withdrawn"
)

// Fees are what became of a fee at the door.
const (
	Paid   = "paid"
	Waived = "waived"
)

// OutputKinds are what comes out of an activity.
var OutputKinds = []string{"paper", "data", "tool", "slides", "recording", "report"}

// Licences are what an output may be used under, as SPDX spells it; "" is not stated, and then all rights are reserved.
var Licences = []string{"", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC0-1.0", "Apache-2.0", "MIT", "ODbL-1.0"}

// FileTypes are what the file of an output may be.
var FileTypes = map[string]string{"application/pdf": ".pdf", "application/zip": ".zip", "text/plain; charset=utf-8": ".txt", "image/png": ".png", "image/jpeg": ".jpg"}

// Bounds.
const (
	MaxSessions = 60
	MaxCapacity = 100_000
	MaxFee      = 100_000  // dirhams
	MaxFile     = 12 << 20 // bytes of the file of an output
	MaxName     = 200      // letters of a name
)

// Session is one meeting of an activity.
type Session struct {
	ID   id.ID  `json:"id"`
	Date string `json:"date"`           // ISO date
	From string `json:"from,omitempty"` // 15:04, local
	To   string `json:"to,omitempty"`
	Room string `json:"room,omitempty"`
}

// Stated is the body of activity.stated.
type Stated struct {
	Programme id.ID         `json:"programme"`
	Kind      string        `json:"kind"`
	Pillar    string        `json:"pillar"` // one of programme.Pillars
	Centre    id.ID         `json:"centre"` // that answers for it, and keeps who registers
	Venue     string        `json:"venue,omitempty"`
	Title     i18n.Text     `json:"title"`
	About     i18n.Text     `json:"about,omitempty"`
	From      string        `json:"from"` // ISO dates, both included
	To        string        `json:"to"`
	Sessions  []Session     `json:"sessions,omitempty"`
	Hosts     []id.ID       `json:"hosts,omitempty"`    // organisations of agreements
	Capacity  int           `json:"capacity,omitempty"` // 0 is no bound
	Agreement id.ID         `json:"agreement,omitzero"`
	Source    source.Source `json:"source,omitzero"`
	State     string        `json:"state"`
	Reason    string        `json:"reason,omitempty"` // of being cancelled
	Fee       int           `json:"fee,omitempty"`    // whole dirhams; 0 is free
	Waived    i18n.Text     `json:"waived,omitempty"` // for whom
	Simulated bool          `json:"simulated,omitempty"`
	// Was is when it was to begin before it was moved with people registered for it: "2026-03-14", with the hour where there was one.
	Was string `json:"was,omitempty"`
}

// Begins is when it begins: its first day, with the hour of its first session where that has one.
func (a Stated) Begins() string {
	first := ""
	for _, s := range a.Sessions {
		if at := strings.TrimSpace(s.Date + " " + s.From); first == "" || at < first {
			first = at
		}
	}
	return cmp.Or(first, a.From)
}

// elsewhere reports whether somebody who would come to b would miss a: on other days, at other hours, or in another place.
func (a Stated) elsewhere(b Stated) bool {
	return a.From != b.From || a.To != b.To || a.Venue != b.Venue || !slices.Equal(a.Sessions, b.Sessions)
}

var clock = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// Check says what is missing or contradicts itself.
func (a Stated) Check() error {
	var f fault.Faults
	f.Add(a.Programme.IsNil(), "programme", "agree.fault.missing")
	f.Add(!slices.Contains(Kinds, a.Kind), "kind", "agree.fault.missing")
	f.Add(!slices.Contains(programme.Pillars, a.Pillar), "pillar", "agree.fault.missing")
	f.Add(a.Centre.IsNil(), "centre", "agree.fault.missing")
	f.Line("venue", a.Venue)
	f.Text("title_fr", a.Title, true)
	f.Text("about_fr", a.About, false)
	f.Day("from", a.From, true)
	f.Day("to", a.To, true)
	f.Order("to", a.From, a.To)
	f.Add(len(a.Sessions) > MaxSessions, "sessions", "activity.fault.sessions", "n", MaxSessions)
	seen := map[id.ID]bool{}
	for i, s := range a.Sessions {
		field := fmt.Sprint("session_date_", i)
		f.Day(field, s.Date, true)
		f.Add(s.ID.IsNil() || seen[s.ID], field, "agree.fault.missing")
		f.Add(fault.IsDay(s.Date) && fault.IsDay(a.From) && fault.IsDay(a.To) && (s.Date < a.From || s.Date > a.To), field, "activity.fault.session_outside", "from", a.From, "to", a.To)
		f.Add(s.From != "" && !clock.MatchString(s.From) || s.To != "" && !clock.MatchString(s.To), fmt.Sprint("session_from_", i), "activity.fault.clock")
		f.Add(clock.MatchString(s.From) && clock.MatchString(s.To) && s.To <= s.From, fmt.Sprint("session_to_", i), "activity.fault.session_order")
		f.Line(fmt.Sprint("session_room_", i), s.Room)
		seen[s.ID] = true
	}
	f.Add(a.Capacity < 0 || a.Capacity > MaxCapacity, "capacity", "activity.fault.capacity", "n", MaxCapacity)
	f.Add(a.Fee < 0 || a.Fee > MaxFee, "fee", "activity.fault.fee", "n", MaxFee)
	f.Text("waived_fr", a.Waived, false)
	f.Add(a.Fee == 0 && len(a.Waived) > 0, "fee", "activity.fault.waived_free")
	f.Source(a.Source)
	f.Add(!slices.Contains(States, a.State), "state", "agree.fault.missing")
	f.Add(a.State == Open && len(a.Sessions) == 0, "state", "activity.fault.open_without_session")
	f.Add(a.State == Cancelled && a.Reason == "", "reason", "activity.fault.cancelled_without_reason")
	f.Add(a.State != Cancelled && a.Reason != "", "reason", "activity.fault.reason_without_cancelled")
	f.Line("reason", a.Reason)
	return f.Err()
}

// SpeakerStated is the body of speaker.stated: who speaks at an activity. Sealed is a Name, with the speaker's own key.
type SpeakerStated struct {
	Activity id.ID  `json:"activity"`
	Sealed   string `json:"sealed"`
	Sex      string `json:"sex,omitempty"`
	// Withdrawn takes the name out and lets the number stand; Removed takes both out, for what was never so.
	Withdrawn bool `json:"withdrawn,omitempty"`
	Removed   bool `json:"removed,omitempty"`
}

// Erases says that the name goes.
func (s SpeakerStated) Erases() bool { return s.Withdrawn || s.Removed }

// Check says what is missing.
func (s SpeakerStated) Check() error {
	var f fault.Faults
	f.Add(s.Activity.IsNil() || s.Sealed == "", "name_latin", "agree.fault.missing")
	f.Add(s.Sex != "" && s.Sex != "f" && s.Sex != "m", "sex", "agree.fault.missing")
	return f.Err()
}

// Name is how a speaker is announced, in one script or two.
type Name struct {
	Latin    string `json:"latin,omitempty"`
	Arabic   string `json:"arabic,omitempty"`
	Function string `json:"function,omitempty"`
}

// text spells a name for its seal.
func (n Name) text() []byte {
	b, err := json.Marshal(n)
	if err != nil {
		panic(err) // three texts
	}
	return b
}

// RegistrationStated is the body of registration.stated. Centre is the stream's.
type RegistrationStated struct {
	Activity  id.ID        `json:"activity"`
	Programme id.ID        `json:"programme"`
	Person    id.ID        `json:"person"`
	State     string       `json:"state"`
	On        string       `json:"on"` // ISO date
	Code      string       `json:"code"`
	Cell      measure.Cell `json:"cell"`
	Consent   string       `json:"consent"`          // the version of the text that was agreed to
	Mail      string       `json:"mail,omitempty"`   // sealed with the person's key
	Over      bool         `json:"over,omitempty"`   // let in at the door beyond the capacity
	AtDoor    bool         `json:"door,omitempty"`   // registered at the door
	Reason    string       `json:"reason,omitempty"` // of being withdrawn: one of Reasons
}

// Reasons are why a registration ended.
var Reasons = []string{"self", "staff", "erased"}

// Check says what is missing.
func (r RegistrationStated) Check() error {
	switch {
	case r.Activity.IsNil() || r.Programme.IsNil() || r.Person.IsNil():
		return fmt.Errorf("a registration needs an activity, a programme and a person")
	case r.State != Registered && r.State != Waiting && r.State != Withdrawn:
		return fmt.Errorf("%q is no state of a registration", r.State)
	case (r.State == Withdrawn) != slices.Contains(Reasons, r.Reason):
		return fmt.Errorf("a registration ends with a reason")
	case !codeShape.MatchString(r.Code) || !fault.IsDay(r.On) || r.Consent == "":
		return fmt.Errorf("a registration needs a code, a date and an agreement to a text")
	}
	return r.Cell.Check()
}

// VisitMarked is the body of visit.marked: somebody registered was at a session, or was not after all.
type VisitMarked struct {
	Session id.ID  `json:"session"`
	Date    string `json:"date"` // of the session
	Here    bool   `json:"here"`
	Fee     string `json:"fee,omitempty"` // what became of it; "" where nothing was asked
}

// Check says what is missing.
func (v VisitMarked) Check() error {
	if v.Session.IsNil() || !fault.IsDay(v.Date) || v.Fee != "" && v.Fee != Paid && v.Fee != Waived {
		return fmt.Errorf("a visit is of a session on a date")
	}
	return nil
}

// OutputStated is the body of output.stated: a paper, data or a tool that an activity brought forth.
type OutputStated struct {
	Activity  id.ID       `json:"activity"`
	Title     i18n.Text   `json:"title"`
	Kind      string      `json:"kind"`
	Lang      string      `json:"lang"` // that it is in
	On        string      `json:"on"`
	Licence   string      `json:"licence,omitempty"`
	Link      string      `json:"link,omitempty"`
	Blob      blob.Digest `json:"blob,omitzero"`
	Type      string      `json:"type,omitempty"`
	Size      int64       `json:"size,omitempty"` // bytes
	Withdrawn bool        `json:"withdrawn,omitempty"`
}

var address = regexp.MustCompile(`^https?://[^\s"'<>]{3,500}$`)

// Check says what is missing.
func (o OutputStated) Check() error {
	var f fault.Faults
	f.Add(o.Activity.IsNil(), "", "agree.fault.missing")
	f.Text("title_fr", o.Title, true)
	f.Add(!slices.Contains(OutputKinds, o.Kind), "kind", "agree.fault.missing")
	f.Add(o.Lang == "" || len(o.Lang) > 10, "lang", "agree.fault.missing")
	f.Day("on", o.On, true)
	f.Add(!slices.Contains(Licences, o.Licence), "licence", "agree.fault.missing")
	f.Add(o.Link != "" && !address.MatchString(o.Link), "link", "agree.fault.url")
	file := o.Blob != blob.Digest{}
	f.Add(o.Link == "" && !file, "link", "activity.fault.nothing_to_read")
	f.Add(file && (o.Size < 1 || o.Size > MaxFile || FileTypes[o.Type] == ""), "file", "activity.fault.file_kind")
	return f.Err()
}

// The kinds of this area.
var (
	KindActivity     = fact.NewKind[Stated](fact.Kind{Name: "activity.stated", Streams: []string{"centre"}})
	KindSpeaker      = fact.NewKind[SpeakerStated](fact.Kind{Name: "speaker.stated", Critical: true, Streams: []string{"centre"}})
	KindRegistration = fact.NewKind[RegistrationStated](fact.Kind{Name: "registration.stated", Streams: []string{"centre"}})
	KindVisit        = fact.NewKind[VisitMarked](fact.Kind{Name: "visit.marked", Streams: []string{"centre"}})
	KindOutput       = fact.NewKind[OutputStated](fact.Kind{Name: "output.stated", Streams: []string{"centre"}})
)

var (
	table = &store.Table{Name: "activity", Key: 1, Columns: store.Cols("id:id programme:id centre:id agreement:id kind:text pillar:text state:text starts:text ends:text body:text conflict:int"),
		Indexes: []string{"starts, id", "state, ends", "programme, starts", "centre, starts", "agreement"}}
	speakerTable      = &store.Table{Name: "activity_speaker", Key: 1, Columns: store.Cols("id:id activity:id sex:text latin:text arabic:text title:text at:int withdrawn:int"), Indexes: []string{"activity"}}
	registrationTable = &store.Table{Name: "activity_registration", Key: 1,
		Columns: store.Cols("id:id activity:id person:id programme:id centre:id state:text day:text at:int code:text sex:text age:text milieu:text schooling:text mail:text agreed:text over:int door:int reason:text fee:text here:int last:text conflict:int"),
		Indexes: []string{"activity, state, at, id", "person", "code"}}
	visitTable  = &store.Table{Name: "activity_visit", Key: 2, Columns: store.Cols("registration:id session:id person:id programme:id centre:id month:text"), Indexes: []string{"session", "person"}}
	outputTable = &store.Table{Name: "activity_output", Key: 1, Columns: store.Cols("id:id activity:id day:text body:text conflict:int"), Indexes: []string{"activity"}}
)

func body(v fact.Body) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts, numbers and ids
	}
	return string(b)
}

// Folds of this area.
var Folds = []*fact.Fold{
	{
		Name: "activity", Kinds: []*fact.Kind{KindActivity}, Tables: []*store.Table{table},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			if a, f, conflict := fact.Said[Stated](s, nil); f != nil {
				out.Add(table, s.ID, a.Programme, a.Centre, a.Agreement, a.Kind, a.Pillar, a.State, a.From, a.To, body(a), conflict)
			}
			return nil
		},
		Sample: fact.Statements(KindActivity, func(d fact.Draw) fact.Body {
			return Stated{Programme: sampleID(1), Centre: sampleID(2), Kind: Kinds[d.Int("kind", 3)], Pillar: programme.Pillars[d.Int("pillar", 3)], Title: i18n.Text{i18n.FR: "x"}, From: "2026-03-02", To: "2026-03-02", State: []string{Planned, Closed, Held}[d.Int("state", 3)]}
		}),
	},
	{
		Name: "activity.speaker", Kinds: []*fact.Kind{KindSpeaker}, Tables: []*store.Table{speakerTable}, Sealed: true,
		Fold: foldSpeaker,
		Sample: func(d fact.Draw, newKey fact.NewKey) fact.History {
			v := id.New()
			k := newKey(v)
			h := fact.Statements(KindSpeaker, func(d fact.Draw) fact.Body {
				return SpeakerStated{Activity: sampleID(1), Sex: []string{"", "f", "m"}[d.Int("sex", 3)], Withdrawn: d.Int("withdrawn", 4) == 0, Removed: d.Int("removed", 6) == 0, Sealed: k.Seal([]byte(fmt.Sprintf(`{"latin":"N%d"}`, d.Int("name", 3))))}
			})(d, newKey)
			h.Subject, h.Key = v, k
			return h
		},
	},
	{
		Name: "activity.registration", Kinds: []*fact.Kind{KindRegistration, KindVisit}, Tables: []*store.Table{registrationTable, visitTable},
		Fold: foldRegistration,
		Sample: func(d fact.Draw, key fact.NewKey) fact.History {
			h := fact.Statements(KindRegistration, func(d fact.Draw) fact.Body {
				r := RegistrationStated{Activity: sampleID(1), Programme: sampleID(2), Person: sampleID(3 + d.Int("person", 2)), State: []string{Registered, Waiting, Withdrawn}[d.Int("state", 3)], On: "2026-03-02", Code: "2222-2222", Consent: "1"}
				if r.State == Withdrawn {
					r.Reason = "self"
				}
				return r
			})(d, key)
			for range d.Int("visits", 5) {
				st := fact.Step{Kind: KindVisit, By: d.Int("by", 2), Body: VisitMarked{Session: sampleID(7 + d.Int("session", 2)), Date: []string{"2026-03-02", "2026-04-02"}[d.Int("date", 2)], Here: d.Int("here", 3) > 0, Fee: []string{"", Paid, Waived}[d.Int("fee", 3)]}}
				if d.Int("saw", 2) == 1 {
					st.Prev = []int{d.Int("which", len(h.Steps))}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	},
	{
		Name: "activity.output", Kinds: []*fact.Kind{KindOutput}, Tables: []*store.Table{outputTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			if o, f, conflict := fact.Said[OutputStated](s, nil); f != nil && !o.Withdrawn {
				out.Add(outputTable, s.ID, o.Activity, o.On, body(o), conflict)
			}
			return nil
		},
		Sample: fact.Statements(KindOutput, func(d fact.Draw) fact.Body {
			return OutputStated{Activity: sampleID(1), Title: i18n.Text{i18n.FR: fmt.Sprint(d.Int("title", 3))}, Kind: "paper", Lang: "fr", On: "2026-03-02", Link: "https://example.org", Withdrawn: d.Int("withdrawn", 4) == 0}
		}),
	},
}

func sampleID(n int) id.ID { return id.Named("sample", fmt.Sprint("activity ", n)) }

// foldSpeaker derives a speaker. Of statements that did not see each other, one that withdraws is heard: a name that was
// to go must not come back.
func foldSpeaker(s *fact.Subject, out *fact.Rows) error {
	v, f, _ := fact.Said[SpeakerStated](s, nil)
	if f == nil {
		return nil
	}
	for _, h := range s.Heads(fact.Is[SpeakerStated]) {
		b, _ := fact.As[SpeakerStated](h)
		v.Withdrawn, v.Removed = v.Withdrawn || b.Withdrawn, v.Removed || b.Removed
	}
	if v.Removed {
		return nil
	}
	var n Name
	plain, ok := s.Open(s.ID, v.Sealed)
	if v.Withdrawn || !ok || json.Unmarshal(plain, &n) != nil {
		n, v.Withdrawn = Name{}, true
	}
	var at int64
	for _, f := range s.Facts() {
		if at == 0 || int64(f.HLC) < at {
			at = int64(f.HLC)
		}
	}
	out.Add(speakerTable, s.ID, v.Activity, v.Sex, n.Latin, n.Arabic, n.Function, at, v.Withdrawn)
	return nil
}

// foldRegistration derives a registration with its visits. Each session is a register of its own.
func foldRegistration(s *fact.Subject, out *fact.Rows) error {
	r, f, conflict := fact.Said[RegistrationStated](s, nil)
	if f == nil {
		return nil
	}
	centre := fact.CentreOf(f.Stream)
	var at int64
	sessions := map[id.ID]bool{}
	for _, f := range s.Facts() {
		if fact.Is[RegistrationStated](f) && (at == 0 || int64(f.HLC) < at) {
			at = int64(f.HLC)
		}
		if v, ok := fact.As[VisitMarked](f); ok {
			sessions[v.Session] = true
		}
	}
	here, latest := 0, ""
	for session := range sessions {
		v, _, _ := fact.Said(s, func(v VisitMarked) bool { return v.Session == session })
		if v.Here {
			here, latest = here+1, max(latest, v.Date)
			out.Add(visitTable, s.ID, session, r.Person, r.Programme, centre, measure.Month(v.Date))
		}
	}
	fee, _, _ := fact.Said(s, func(v VisitMarked) bool { return v.Fee != "" })
	out.Add(registrationTable, s.ID, r.Activity, r.Person, r.Programme, centre, r.State, r.On, at, r.Code, r.Cell.Sex, r.Cell.Age, r.Cell.Milieu, r.Cell.Schooling, r.Mail, r.Consent, r.Over, r.AtDoor, r.Reason, fee.Fee, here, latest, conflict)
	return nil
}

// Visits and Guests are the rows that the sums of people reached are made of: who was at a session, and who registered.
var (
	Visits = visitTable
	Guests = registrationTable
)

// GuestsOf and VisitsOf select the rows of a person.
var (
	GuestsOf = "SELECT " + registrationTable.List() + " FROM activity_registration WHERE person = ?"
	VisitsOf = "SELECT " + visitTable.List() + " FROM activity_visit WHERE person = ?"
)

// Came reads a row of Visits.
func Came(r []any) (session id.ID, p measure.Presence) {
	return r[1].(id.ID), measure.Presence{Person: r[2].(id.ID), Programme: r[3].(id.ID), Centre: r[4].(id.ID), Month: r[5].(string)}
}

// Guest reads a row of Guests; ok is false of somebody who never came, whom no programme reached.
func Guest(r []any) (m measure.Member, ok bool) {
	return measure.Member{Enrolment: r[0].(id.ID), Person: r[2].(id.ID), Programme: r[3].(id.ID), Centre: r[4].(id.ID),
		Cell: measure.Cell{Sex: r[9].(string), Age: r[10].(string), Milieu: r[11].(string), Schooling: r[12].(string)}}, r[19].(int64) > 0
}

func day(t time.Time) string { return t.Format(time.DateOnly) }
