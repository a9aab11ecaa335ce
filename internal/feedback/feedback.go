// Package feedback knows what those who came to a session thought of it: three answers and a few words, of nobody, and what
// was changed because of them.
//
// Nothing of who answered is kept: no account, no name, no device. Words may hold a name all the same, so each is sealed
// with a key of its own, which is destroyed after a year.
package feedback

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/fault"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Limits.
const (
	MaxWords  = 500 // letters
	MaxSent   = 60  // answers of one device in TriesIn: a group may share a tablet
	TriesIn   = time.Hour
	Fewest    = 5                    // answers before anybody reads their sum
	OpenFor   = 14 * 24 * time.Hour  // how long a session takes answers, from its day
	KeepWords = 365 * 24 * time.Hour // how long words are kept
)

// Questions are what is asked. Each is answered by a face, from 1 (no) to 3 (yes); 0 is no answer.
var Questions = []string{"understood", "useful", "safe"}

// Errors of the area. Doors translate them.
var (
	ErrUnknown = errors.New("no session asks by this code")
	ErrOften   = errors.New("too many answers from here; wait")
	ErrClosed  = errors.New("the session takes no answers any more, or not yet")
)

// Asked is the body of feedback.asked: a session asks those who came. Of is the activity or the group that it is of.
type Asked struct {
	Session id.ID  `json:"session"`
	Of      id.ID  `json:"of"`
	Date    string `json:"date"` // of the session
	Code    string `json:"code"`
}

// Check says what is missing.
func (a Asked) Check() error {
	if a.Session.IsNil() || a.Of.IsNil() || !fault.IsDay(a.Date) || a.Code == "" {
		return errors.New("who is asked needs a session, a date and a code")
	}
	return nil
}

// Given is the body of feedback.given: one answer.
type Given struct {
	Asked   id.ID  `json:"asked"`
	Answers []int  `json:"answers"`         // to Questions
	Words   string `json:"words,omitempty"` // sealed with a key of its own
}

// Check says what is missing.
func (g Given) Check() error {
	if g.Asked.IsNil() || len(g.Answers) != len(Questions) || slices.Max(g.Answers) > 3 || slices.Min(g.Answers) < 0 {
		return errors.New("an answer is of a session, with a face for each question")
	}
	return nil
}

// Pruned is the body of feedback.pruned: the key of the words was destroyed, for their year is over.
type Pruned struct {
	On string `json:"on"`
}

// Erases says so.
func (Pruned) Erases() bool { return true }

// Check says what is missing.
func (p Pruned) Check() error {
	if !fault.IsDay(p.On) {
		return errors.New("words go on a date")
	}
	return nil
}

// ChangeRecorded is the body of change.recorded: what a manager changed because of what was said.
type ChangeRecorded struct {
	Of        id.ID  `json:"of"` // an activity or a group
	On        string `json:"on"`
	What      string `json:"what"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
}

// Check says what is missing.
func (c ChangeRecorded) Check() error {
	var f fault.Faults
	f.Add(c.Of.IsNil(), "", "agree.fault.missing")
	f.Day("on", c.On, true)
	f.Add(strings.TrimSpace(c.What) == "", "what", "agree.fault.missing")
	f.Line("what", c.What)
	return f.Err()
}

// The kinds of this area.
var (
	KindAsked  = fact.NewKind[Asked](fact.Kind{Name: "feedback.asked", Streams: []string{"centre"}})
	KindGiven  = fact.NewKind[Given](fact.Kind{Name: "feedback.given", Streams: []string{"centre"}})
	KindPruned = fact.NewKind[Pruned](fact.Kind{Name: "feedback.pruned", Streams: []string{"centre"}})
	KindChange = fact.NewKind[ChangeRecorded](fact.Kind{Name: "change.recorded", Streams: []string{"centre"}})
)

var (
	askedTable  = &store.Table{Name: "feedback_asked", Key: 1, Columns: store.Cols("id:id session:id subject:id centre:id day:text code:text"), Indexes: []string{"code", "session"}}
	answerTable = &store.Table{Name: "feedback_answer", Key: 1, Columns: store.Cols("id:id asked:id centre:id at:int understood:int useful:int safe:int words:text"), Indexes: []string{"asked", "at WHERE words <> ''"}}
	changeTable = &store.Table{Name: "feedback_change", Key: 1, Columns: store.Cols("id:id subject:id centre:id day:text what:text conflict:int"), Indexes: []string{"subject, day"}}
)

// Folds of this area.
var Folds = []*fact.Fold{
	{
		Name: "feedback.asked", Kinds: []*fact.Kind{KindAsked}, Tables: []*store.Table{askedTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			if f := s.Last(fact.Is[Asked]); f != nil {
				a, _ := fact.As[Asked](f)
				out.Add(askedTable, s.ID, a.Session, a.Of, fact.CentreOf(f.Stream), a.Date, a.Code)
			}
			return nil
		},
		Sample: fact.Statements(KindAsked, func(d fact.Draw) fact.Body {
			return Asked{Session: sampleID(1), Of: sampleID(2), Date: "2026-03-02", Code: fmt.Sprint(d.Int("code", 3))}
		}),
	},
	{
		Name: "feedback.answer", Kinds: []*fact.Kind{KindGiven, KindPruned}, Tables: []*store.Table{answerTable}, Sealed: true,
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			f := s.Last(fact.Is[Given])
			if f == nil {
				return nil
			}
			g, _ := fact.As[Given](f)
			words := ""
			if s.Last(fact.Is[Pruned]) == nil {
				plain, _ := s.Open(s.ID, g.Words)
				words = string(plain)
			}
			out.Add(answerTable, s.ID, g.Asked, fact.CentreOf(f.Stream), f.HLC.Wall().UnixMilli(), g.Answers[0], g.Answers[1], g.Answers[2], words)
			return nil
		},
		Sample: func(d fact.Draw, newKey fact.NewKey) fact.History {
			v := id.New()
			k := newKey(v)
			h := fact.Statements(KindGiven, func(d fact.Draw) fact.Body {
				return Given{sampleID(1), []int{d.Int("understood", 4), 2, 3}, k.Seal([]byte(fmt.Sprint("w", d.Int("words", 3))))}
			})(d, newKey)
			h.Subject, h.Key = v, k
			if d.Int("pruned", 4) == 0 {
				h.Steps = append(h.Steps, fact.Step{Kind: KindPruned, By: d.Int("by", 2), Body: Pruned{"2027-03-02"}})
			}
			return h
		},
	},
	{
		Name: "feedback.change", Kinds: []*fact.Kind{KindChange}, Tables: []*store.Table{changeTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			if c, f, several := fact.Said[ChangeRecorded](s, nil); f != nil && !c.Withdrawn {
				out.Add(changeTable, s.ID, c.Of, fact.CentreOf(f.Stream), c.On, c.What, several)
			}
			return nil
		},
		Sample: fact.Statements(KindChange, func(d fact.Draw) fact.Body {
			return ChangeRecorded{Of: sampleID(1), On: "2026-03-02", What: fmt.Sprint("x", d.Int("what", 3)), Withdrawn: d.Int("withdrawn", 4) == 0}
		}),
	},
}

func sampleID(n int) id.ID { return id.Named("sample", fmt.Sprint("feedback ", n)) }

// Feedback is the area.
type Feedback struct {
	log  *fact.Log
	sent access.Limit
}

// New returns the area on a node's log.
func New(l *fact.Log) *Feedback {
	return &Feedback{log: l, sent: access.Limit{Max: MaxSent, In: TriesIn}}
}

// Ask is a session that asks.
type Ask struct {
	ID, Session, Of, Centre id.ID
	Date, Code              string
}

func (s *Feedback) asks(ctx context.Context, q store.Querier, where string, args ...any) (*Ask, error) {
	var a Ask
	found, err := store.One(ctx, q, "SELECT id, session, subject, centre, day, code FROM feedback_asked WHERE "+where+" ORDER BY id LIMIT 1", args, &a.ID, &a.Session, &a.Of, &a.Centre, &a.Date, &a.Code)
	if err == nil && !found {
		err = ErrUnknown
	}
	return &a, err
}

// OfSession returns how a session asks, or ErrUnknown where it does not.
func (s *Feedback) OfSession(ctx context.Context, q store.Querier, session id.ID) (*Ask, error) {
	return s.asks(ctx, q, "session = ?", session)
}

// ByCode returns the session that asks by a code and takes answers today. from is the device, which may not try many.
func (s *Feedback) ByCode(ctx context.Context, q store.Querier, from, code string) (*Ask, error) {
	a, err := s.asks(ctx, q, "code = ?", code)
	if errors.Is(err, ErrUnknown) && !s.sent.May(from, s.log.Clock.Now()) {
		return nil, ErrOften
	}
	if err != nil {
		return nil, err
	}
	now := s.log.Clock.Now()
	if today := now.Format(time.DateOnly); a.Date > today || a.Date < now.Add(-OpenFor).Format(time.DateOnly) {
		return a, ErrClosed
	}
	return a, nil
}

// Open lets a session ask. One that asks already keeps its code.
func (s *Feedback) Open(ctx context.Context, actor, centre, session, of id.ID, date, code string) error {
	v, stream := id.Named("feedback", session.String()), person.Stream(centre)
	_, err := s.log.Do(ctx, fact.Command{Name: "ask after a session", Stream: stream, Keys: []id.ID{v}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		if _, err := s.OfSession(ctx, q, session); !errors.Is(err, ErrUnknown) {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: KindAsked, Subject: v, Actor: actor, Body: Asked{session, of, date, code}}}}, nil
	}})
	return err
}

// Give keeps an answer, of nobody.
func (s *Feedback) Give(ctx context.Context, from, code string, answers []int, words string) error {
	a, err := s.ByCode(ctx, s.log.DB, from, code)
	if err != nil {
		return err
	}
	words = strings.TrimSpace(words)
	var f fault.Faults
	for i, q := range Questions {
		f.Add(i >= len(answers) || answers[i] < 1 || answers[i] > 3, q, "feedback.choose")
	}
	f.Add(utf8.RuneCountInString(words) > MaxWords, "words", "error.too_long", "n", MaxWords)
	if err := f.Err(); err != nil {
		return err
	}
	if !s.sent.May(from, s.log.Clock.Now()) {
		return ErrOften
	}
	v, stream := id.New(), person.Stream(a.Centre)
	_, err = s.log.Do(ctx, fact.Command{Name: "answer after a session", Stream: stream, Keys: []id.ID{v}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		g := Given{Asked: a.ID, Answers: answers}
		if words != "" {
			k, err := s.log.Keys.New(v, stream)
			if err != nil {
				return out, err
			}
			out.Keys, g.Words = []*seal.Key{k}, k.Seal([]byte(words))
		}
		out.Facts = []fact.New{{Stream: stream, Kind: KindGiven, Subject: v, Body: g, Born: true}}
		return out, nil
	}})
	return err
}

// Sum is what was answered: of each question how often each face was chosen, the sad one first, and the words. Below
// Fewest answers there is nothing but their number.
type Sum struct {
	Answers int
	Faces   [3][3]int // by question, by face
	Words   []string
}

// Sum sums the answers to a session.
func (s *Feedback) Sum(ctx context.Context, q store.Querier, ask id.ID) (Sum, error) {
	var out Sum
	err := q.Each(ctx, "SELECT understood, useful, safe, words FROM feedback_answer WHERE asked = ? ORDER BY words", store.Args(ask), func(r store.Row) error {
		var n [3]int
		var words string
		err := r.Scan(&n[0], &n[1], &n[2], &words)
		out.Answers++
		for i, x := range n {
			if x > 0 {
				out.Faces[i][x-1]++
			}
		}
		if words != "" {
			out.Words = append(out.Words, words)
		}
		return err
	})
	if out.Answers < Fewest {
		out = Sum{Answers: out.Answers}
	}
	return out, err
}

// Change is what was changed because of what was said.
type Change struct {
	ID       id.ID
	On, What string
}

// Changes returns at most 50 changes of an activity or a group, the latest first.
func (s *Feedback) Changes(ctx context.Context, q store.Querier, of id.ID) ([]Change, error) {
	var out []Change
	err := q.Each(ctx, "SELECT id, day, what FROM feedback_change WHERE subject = ? ORDER BY day DESC, id LIMIT 50", store.Args(of), func(r store.Row) error {
		var c Change
		err := r.Scan(&c.ID, &c.On, &c.What)
		out = append(out, c)
		return err
	})
	return out, err
}

// Record keeps what was changed.
func (s *Feedback) Record(ctx context.Context, actor, centre, v id.ID, c ChangeRecorded) error {
	if err := c.Check(); err != nil {
		return err
	}
	if c.On > s.log.Clock.Now().Format(time.DateOnly) {
		return fault.Faults{{Field: "on", Key: "agree.fault.future"}}
	}
	stream := person.Stream(centre)
	_, err := s.log.Do(ctx, fact.Command{Name: "record a change", Stream: stream, Keys: []id.ID{v}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		old, err := s.log.Of(ctx, q, v)
		if err != nil {
			return fact.Outcome{}, err
		}
		// What another centre recorded, or of something else, is not this one's to say again.
		for _, f := range old {
			if is, ok := fact.As[ChangeRecorded](f); !ok || is.Of != c.Of || f.Stream != stream {
				return fact.Outcome{}, ErrUnknown
			}
		}
		if fact.Says(old, c) {
			return fact.Outcome{}, nil
		}
		return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: KindChange, Subject: v, Actor: actor, Body: c, Prev: fact.HeadsOf(old)}}}, nil
	}})
	return err
}

// Prune destroys the words whose year is over, at most 500 in one go, and says how many there were. What was answered by
// faces stands.
func (s *Feedback) Prune(ctx context.Context) (int, error) {
	now := s.log.Clock.Now()
	byCentre := map[id.ID][]id.ID{}
	n := 0
	err := s.log.DB.Each(ctx, "SELECT id, centre FROM feedback_answer WHERE words <> '' AND at < ? ORDER BY at LIMIT "+strconv.Itoa(500), store.Args(now.Add(-KeepWords).UnixMilli()), func(r store.Row) error {
		var v, centre id.ID
		err := r.Scan(&v, &centre)
		byCentre[centre] = append(byCentre[centre], v)
		n++
		return err
	})
	if err != nil || n == 0 {
		return 0, err
	}
	for centre, l := range byCentre {
		stream := person.Stream(centre)
		_, err := s.log.Do(ctx, fact.Command{Name: "prune words whose time is over", Stream: stream, Keys: l, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
			var out fact.Outcome
			for _, v := range l {
				out.Facts = append(out.Facts, fact.New{Stream: stream, Kind: KindPruned, Subject: v, Body: Pruned{now.Format(time.DateOnly)}})
			}
			return out, nil
		}})
		if err != nil {
			return 0, err
		}
	}
	if err := s.log.DB.Purge(ctx, false, "seal_key", answerTable.Name); err != nil && !errors.Is(err, store.ErrBusy) {
		return n, err
	}
	return n, nil
}
