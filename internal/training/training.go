// Package training runs groups: cohorts, who is enrolled in them, their sessions and who came. All of it is kept in the
// centre's stream.
package training

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/store"
	"tizi/internal/timetable"
)

// CohortOpened is the body of cohort.opened: a group of a programme's phase at a centre.
type CohortOpened struct {
	Name      string  `json:"name"`
	Programme id.ID   `json:"programme"`
	Phase     id.ID   `json:"phase"`
	Centre    id.ID   `json:"centre"`
	Capacity  int     `json:"capacity,omitempty"` // seats; 0 is no bound
	Trainers  []id.ID `json:"trainers,omitempty"` // accounts
	From      string  `json:"from,omitempty"`
	To        string  `json:"to,omitempty"`
	Closed    bool    `json:"closed,omitempty"` // as groups were closed before CohortClosed said on which day
	// Subjects are what the group catches up on beside the digital track.
	Subjects []string `json:"subjects,omitempty"`
}

// Subjects are what a group can catch up on beside the digital track.
var Subjects = []string{"arabic", "french", "tamazight", "english", "maths", "science", "literacy", "life"}

func knownSubjects(list []string) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(Subjects, s) })
}

// Check says what is missing.
func (c CohortOpened) Check() error {
	switch {
	case c.Name == "" || len(c.Name) > 200:
		return errors.New("a group needs a name of at most 200 characters")
	case c.Programme.IsNil() || c.Phase.IsNil() || c.Centre.IsNil():
		return errors.New("a group needs a programme, a phase and a centre")
	case c.Capacity < 0 || c.Capacity > 1000:
		return errors.New("a group has from 1 to 1000 seats")
	case !knownSubjects(c.Subjects):
		return errors.New("nobody catches up on that subject")
	}
	return nil
}

// States of an enrolment.
const (
	Applied    = "applied"
	Waitlisted = "waitlisted"
	Enrolled   = "enrolled"
	Active     = "active"
	Completed  = "completed"
	WithdrawnS = "withdrawn"
	Denied     = "denied"
)

// States are all states of an enrolment.
var States = []string{Applied, Waitlisted, Enrolled, Active, Completed, WithdrawnS, Denied}

// EnrolmentStated is the body of enrolment.stated: somebody's standing in a programme's phase. State, reason and date
// belong together, so they are one register.
type EnrolmentStated struct {
	Person    id.ID        `json:"person"`
	Programme id.ID        `json:"programme"`
	Phase     id.ID        `json:"phase,omitzero"`
	Cohort    id.ID        `json:"cohort,omitzero"` // Nil while nobody has placed the person in a group
	State     string       `json:"state"`
	Reason    string       `json:"reason,omitempty"`
	On        string       `json:"on"`             // ISO date
	Cell      measure.Cell `json:"cell"`           // the person's counting cell, unsealed
	Rank      int          `json:"rank,omitempty"` // of whoever waits, the place in the list; 0 from before lists had places
	// Moved is why somebody came over from another group: one of Moves.
	Moved string `json:"moved,omitempty"`

	Rule   id.ID    `json:"rule,omitzero"`    // the version of the phase's rule it was judged by; Nil: the ages of the phase
	Remark []string `json:"remark,omitempty"` // of a refusal, its grounds; otherwise what nobody knew: some of programme.Grounds
	Appeal id.ID    `json:"appeal,omitzero"`  // that let the person in whom the rule refused
}

// Moves are why somebody is moved to another group.
var Moves = []string{"hours", "level", "distance", "together", "trainer", "closing", "other"}

// Transferred is the reason of an enrolment that was left for a group of another phase.
const Transferred = "transferred"

// Overs are why somebody has a seat beyond those of a group. Each is the reason of the enrolment.
var Overs = []string{"over_family", "over_agreed", "over_absent", "over_end", "over_other"}

// Check says what is missing.
func (e EnrolmentStated) Check() error {
	switch {
	case e.Person.IsNil() || e.Programme.IsNil():
		return errors.New("an enrolment needs a person and a programme")
	case !slices.Contains(States, e.State):
		return fmt.Errorf("%q is no state of an enrolment", e.State)
	case e.Moved != "" && !slices.Contains(Moves, e.Moved):
		return fmt.Errorf("%q is no reason to move", e.Moved)
	case e.Rank < 0:
		return errors.New("a list begins at 1")
	case !isDate(e.On):
		return errors.New("an enrolment needs a date, written 2026-03-14")
	}
	return errors.Join(e.Cell.Check(), checkGrounds(e.Remark))
}

// SessionPlanned is the body of session.planned. Programme and centre are the cohort's, stated here so that a session
// can be counted without it.
type SessionPlanned struct {
	Cohort    id.ID  `json:"cohort"`
	Programme id.ID  `json:"programme"`
	Centre    id.ID  `json:"centre"`
	Date      string `json:"date"`             // ISO date
	Starts    string `json:"starts,omitempty"` // 15:04, local
	Ends      string `json:"ends,omitempty"`
	Room      string `json:"room,omitempty"`
	Title     string `json:"title,omitempty"`
	Subject   string `json:"subject,omitempty"`   // what is caught up on: one of Subjects; "": the digital track
	Cancelled string `json:"cancelled,omitempty"` // why it does not take place: one of Causes, or words of an earlier version

	RoomID   id.ID          `json:"room_id,omitzero"`   // where the centre knows the room; Room is its name then
	Trainers []id.ID        `json:"trainers,omitempty"` // accounts; none: those of the group
	Devices  map[string]int `json:"devices,omitempty"`  // wanted, by kind
	Was      string         `json:"was,omitempty"`      // when it was planned before it was moved: "2026-03-14 10:00"
	Why      string         `json:"why,omitempty"`      // why it was moved or has another trainer: one of Causes
	Despite  []string       `json:"despite,omitempty"`  // the kinds of clashes that somebody confirmed
}

// Causes are why a session is cancelled, moved or held by somebody else.
var Causes = []string{"trainer", "room", "equipment", "weather", "holiday", "event", "other"}

// maxDevices bounds how many devices of a kind a session may want.
const maxDevices = 1000

func isClock(s string) bool {
	_, ok := timetable.Clock(s)
	return ok
}

// Check says what is missing or contradicts itself.
func (s SessionPlanned) Check() error {
	switch {
	case s.Cohort.IsNil() || s.Programme.IsNil() || s.Centre.IsNil():
		return errors.New("a session needs a group, a programme and a centre")
	case !isDate(s.Date):
		return errors.New("a session needs a date, written 2026-03-14")
	case s.Starts != "" && !isClock(s.Starts), s.Ends != "" && !isClock(s.Ends):
		return errors.New("a time is written 14:30")
	case s.Subject != "" && !slices.Contains(Subjects, s.Subject):
		return fmt.Errorf("%q is no subject to catch up on", s.Subject)
	case len(s.Trainers) > 20 || len(s.Devices) > 20:
		return errors.New("a session has at most 20 trainers and 20 kinds of devices")
	case s.Starts != "" && s.Ends != "" && s.Ends <= s.Starts:
		return fmt.Errorf("the session ends at %s, before it begins at %s", s.Ends, s.Starts)
	}
	for _, n := range s.Devices {
		if n < 1 || n > maxDevices {
			return fmt.Errorf("a session wants from 1 to %d devices of a kind", maxDevices)
		}
	}
	return nil
}

// Marks of attendance.
const (
	Present = "p"
	Late    = "l"
	Excused = "e"
	Absent  = "a"
)

// Marks are all marks.
var Marks = []string{Present, Late, Excused, Absent}

// Here reports whether a mark means that the person took part.
func Here(mark string) bool { return mark == Present || mark == Late }

// AttendanceTaken is the body of attendance.taken: a sheet, or a part of one. Each person on it is a register.
type AttendanceTaken struct {
	Marks  map[id.ID]string `json:"marks"`
	Method string           `json:"method"` // list, card, or a paper sheet that was read
}

// Methods of taking attendance.
var Methods = []string{"list", "card", "sheet"}

// Check says what is missing.
func (a AttendanceTaken) Check() error {
	if len(a.Marks) == 0 || len(a.Marks) > 1000 {
		return errors.New("a sheet has from 1 to 1000 people")
	}
	for p, m := range a.Marks {
		if p.IsNil() || m != "" && !slices.Contains(Marks, m) {
			return fmt.Errorf("%q is no mark; write p, l, e or a", m)
		}
	}
	if !slices.Contains(Methods, a.Method) {
		return fmt.Errorf("%q is no way of taking attendance", a.Method)
	}
	return nil
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// The kinds of this area.
var (
	KindCohort     = fact.NewKind[CohortOpened](fact.Kind{Name: "cohort.opened", Streams: []string{"centre"}})
	KindEnrolment  = fact.NewKind[EnrolmentStated](fact.Kind{Name: "enrolment.stated", Streams: []string{"centre"}})
	KindSession    = fact.NewKind[SessionPlanned](fact.Kind{Name: "session.planned", Streams: []string{"centre"}})
	KindAttendance = fact.NewKind[AttendanceTaken](fact.Kind{Name: "attendance.taken", Streams: []string{"centre"}})
)

var (
	cohortTable = &store.Table{Name: "training_cohort", Key: 1,
		Columns: store.Cols("id:id name:text programme:id phase:id centre:id capacity:int starts:text ends:text closed:int ended:text subjects:text conflict:int"),
		Indexes: []string{"centre, name, id", "programme"}}
	trainerTable = &store.Table{Name: "training_trainer", Key: 2, Columns: store.Cols("cohort:id account:id"), Indexes: []string{"account"}}
	enrolTable   = &store.Table{Name: "training_enrolment", Key: 1,
		Columns: store.Cols("id:id person:id programme:id phase:id cohort:id centre:id state:text reason:text day:text sex:text age:text milieu:text schooling:text place:int conflict:int rule:id remark:text appeal:id"),
		Indexes: []string{"cohort, state", "person", "centre, programme, cohort, state", "centre, id WHERE conflict <> 0"}}
	// pastTable has the groups in which somebody had a seat before they were moved to another one of the phase, until when,
	// and why.
	pastTable = &store.Table{Name: "training_past", Key: 2, Columns: store.Cols("enrolment:id cohort:id person:id day:text reason:text"), Indexes: []string{"cohort", "person"}}
	// absentTable has the absences alone, so that those in a row are found without reading all marks.
	absentTable  = &store.Table{Name: "training_absent", Key: 2, Columns: store.Cols("session:id person:id cohort:id centre:id at:text"), Indexes: []string{"centre, at, cohort, person", "at, cohort, person", "cohort, person, at"}}
	sessionTable = &store.Table{Name: "training_session", Key: 1,
		Columns: store.Cols("id:id cohort:id programme:id centre:id day:text starts:text ends:text room:text room_id:id devices:text title:text subject:text cancelled:text was:text why:text present:int late:int excused:int absent:int conflict:int"),
		Indexes: []string{"cohort, day", "centre, day, starts", "day", "centre, day WHERE conflict <> 0"}}
	// standTable has who holds a session in the place of the group's trainers.
	standTable  = &store.Table{Name: "training_stand_in", Key: 2, Columns: store.Cols("session:id account:id cohort:id"), Indexes: []string{"account"}}
	attendTable = &store.Table{Name: "training_attendance", Key: 2,
		Columns: store.Cols("session:id person:id mark:text programme:id centre:id month:text"),
		Indexes: []string{"person"}}
)

// Folds of this area.
var Folds = []*fact.Fold{
	{
		Name: "training.cohort", Kinds: []*fact.Kind{KindCohort, KindClosed}, Tables: []*store.Table{cohortTable, trainerTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			c, f, several := fact.Said[CohortOpened](s, nil)
			if f == nil {
				return nil
			}
			over, _, disputed := fact.Said[CohortClosed](s, nil)
			if several = several || disputed; !over.Closed {
				over.On = ""
			}
			out.Add(cohortTable, s.ID, c.Name, c.Programme, c.Phase, c.Centre, c.Capacity, c.From, c.To, c.Closed || over.Closed, over.On, strings.Join(c.Subjects, " "), several)
			seen := map[id.ID]bool{}
			for _, t := range c.Trainers {
				if !seen[t] {
					seen[t] = true
					out.Add(trainerTable, s.ID, t)
				}
			}
			return nil
		},
		Sample: answered(KindCohort, KindClosed, func(d fact.Draw, _ int) fact.Body {
			return CohortOpened{Name: fmt.Sprint("G", d.Int("name", 3)), Programme: testID(1), Phase: testID(2), Centre: testID(3), Trainers: []id.ID{testID(d.Int("trainer", 3)), testID(4)}, Closed: d.Int("as before", 4) == 0}
		}, func(d fact.Draw, _ int) fact.Body {
			return CohortClosed{d.Int("closed", 2) == 1, fmt.Sprint("2026-06-0", 1+d.Int("on", 3))}
		}),
	},
	{
		Name: "training.enrolment", Revision: 1, Kinds: []*fact.Kind{KindEnrolment}, Tables: []*store.Table{enrolTable, pastTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			e, last, several := fact.Said[EnrolmentStated](s, nil)
			if last == nil {
				return nil
			}
			out.Add(enrolTable, s.ID, e.Person, e.Programme, e.Phase, e.Cohort, fact.CentreOf(last.Stream), e.State, e.Reason, e.On, e.Cell.Sex, e.Cell.Age, e.Cell.Milieu, e.Cell.Schooling, e.Rank, several, e.Rule, strings.Join(e.Remark, " "), e.Appeal)
			foldPast(s, e, out)
			return nil
		},
		Sample: fact.Statements(KindEnrolment, func(d fact.Draw) fact.Body {
			return EnrolmentStated{Person: testID(d.Int("person", 2)), Programme: testID(1), State: States[d.Int("state", len(States))], Cohort: testID(5 + d.Int("group", 3)), On: "2026-01-05", Rank: d.Int("rank", 3), Cell: measure.Cell{Sex: []string{"f", "m"}[d.Int("sex", 2)]}}
		}),
	},
	{
		Name: "training.session", Revision: 3, Kinds: []*fact.Kind{KindSession, KindAttendance}, Tables: []*store.Table{sessionTable, attendTable, standTable, absentTable},
		Fold: foldSession,
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			for i := range 1 + d.Int("facts", 5) {
				st := fact.Step{By: d.Int("by", 2)}
				if i == 0 || d.Int("plan", 4) == 0 {
					st.Kind = KindSession
					b := SessionPlanned{Cohort: testID(5), Programme: testID(1), Centre: testID(3), Date: []string{"2026-01-05", "2026-02-09"}[d.Int("day", 2)]}
					if d.Int("replaced", 3) == 0 {
						b.Trainers, b.Devices, b.RoomID = []id.ID{testID(d.Int("trainer", 2))}, map[string]int{"laptop": 1 + d.Int("laptops", 2)}, testID(6)
					}
					st.Body = b
				} else {
					st.Kind, st.Body = KindAttendance, AttendanceTaken{Method: "list", Marks: map[id.ID]string{testID(10 + d.Int("person", 3)): Marks[d.Int("mark", 4)], testID(20): Marks[d.Int("mark", 4)]}}
				}
				if i > 0 && d.Int("saw", 2) == 1 {
					st.Prev = []int{d.Int("which", i)}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	},
}

// testID is a fixed id for samples.
func testID(n int) id.ID { return id.Named("sample", fmt.Sprint(n)) }

// foldPast derives in which groups of the phase somebody had a seat before the one of last.
func foldPast(s *fact.Subject, last EnrolmentStated, out *fact.Rows) {
	type stay struct{ day, reason string }
	past := map[id.ID]stay{}
	var in id.ID // where the seat is, in the order of the facts
	for _, f := range s.Facts() {
		e, ok := fact.As[EnrolmentStated](f)
		if !ok {
			continue
		}
		if !in.IsNil() && e.Cohort != in {
			past[in] = stay{e.On, e.Moved}
			in = id.Nil
		}
		if !e.Cohort.IsNil() && slices.Contains([]string{Enrolled, Active, Completed}, e.State) {
			in = e.Cohort
		}
	}
	for g, x := range past {
		if g != last.Cohort {
			out.Add(pastTable, s.ID, g, last.Person, x.day, x.reason)
		}
	}
}

// foldSession derives a session with its sheet. Each person on the sheet is a register of their own: two trainers who
// marked different children offline are no conflict.
func foldSession(s *fact.Subject, out *fact.Rows) error {
	p, f, conflict := fact.Said[SessionPlanned](s, nil)
	if f == nil {
		return nil
	}
	conflict = conflict && planContest(s) != nil // planned alike on two nodes it is planned once
	var sheets []*fact.Fact
	for _, f := range s.Facts() {
		if _, ok := fact.As[AttendanceTaken](f); ok {
			sheets = append(sheets, f)
		}
	}
	said := map[id.ID]int{} // how many sheets have a mark of the person
	marks := map[id.ID]string{}
	for _, f := range sheets {
		a, _ := fact.As[AttendanceTaken](f)
		for v, m := range a.Marks {
			said[v]++
			marks[v] = m
		}
	}
	for v, n := range said {
		if n == 1 {
			continue
		}
		delete(marks, v)
		hs := s.Heads(func(f *fact.Fact) bool {
			a, ok := fact.As[AttendanceTaken](f)
			return ok && a.has(v)
		})
		// A mark taken back says nothing, so it contradicts nobody: a card may be read after it without looking.
		for _, h := range hs {
			a, _ := fact.As[AttendanceTaken](h)
			if m := a.Marks[v]; m != "" {
				conflict = conflict || marks[v] != "" && marks[v] != m
				marks[v] = m
			}
		}
	}
	count := map[string]int{}
	// What all rows share is made a value once: a sheet is derived again with each card that is read.
	var session, programme, centre, month any = s.ID, p.Programme, p.Centre, measure.Month(p.Date)
	for v, m := range marks {
		if m == "" { // taken back
			continue
		}
		count[m]++
		out.Add(attendTable, session, v, m, programme, centre, month)
		if m == Absent {
			out.Add(absentTable, session, v, p.Cohort, centre, p.Date+" "+p.Starts)
		}
	}
	seen := map[id.ID]bool{}
	for _, a := range p.Trainers {
		if !seen[a] {
			seen[a] = true
			out.Add(standTable, session, a, p.Cohort)
		}
	}
	out.Add(sessionTable, s.ID, p.Cohort, p.Programme, p.Centre, p.Date, p.Starts, p.Ends, p.Room, p.RoomID, devicesText(p.Devices), p.Title, p.Subject, p.Cancelled, p.Was, p.Why, count[Present], count[Late], count[Excused], count[Absent], conflict)
	return nil
}

// devicesText is how a row keeps the devices of a session: JSON with sorted names, "" without any.
func devicesText(devices map[string]int) string {
	if len(devices) == 0 {
		return ""
	}
	b, _ := json.Marshal(devices) // of words and numbers
	return string(b)
}

func (a AttendanceTaken) has(v id.ID) bool {
	_, ok := a.Marks[v]
	return ok
}
