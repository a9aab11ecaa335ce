// Package programme knows what is run: programmes, their phases and their targets. They are published in commons, so
// that every node shows the same ones.
package programme

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/source"
	"tizi/internal/store"
)

// Opened is the body of programme.opened.
type Opened struct {
	Code  string    `json:"code"`
	Name  i18n.Text `json:"name"`
	Place id.ID     `json:"place"` // it is for, with what lies within: the country, a region, a centre
	// Pillars are some of Pillars; an earlier version knew none.
	Pillars []string `json:"pillars,omitempty"`
	// Withdrawn is why it was entered by mistake: it is listed no more, until it is stated again without.
	Withdrawn string `json:"withdrawn,omitempty"`
}

// Pillars are what a programme can rest on: those of an AI centre that answers to UNESCO.
var Pillars = []string{"training", "research", "innovation", "transfer", "strategic", "field", "collaboration"}

// Check says what is missing.
func (o Opened) Check() error {
	if o.Code == "" || len(o.Code) > 40 || len(o.Name) == 0 {
		return errors.New("a programme needs a code of at most 40 characters and a name")
	}
	if slices.ContainsFunc(o.Pillars, func(p string) bool { return !slices.Contains(Pillars, p) }) {
		return errors.New("a programme rests on pillars that are known")
	}
	return nil
}

// PhaseOpened is the body of phase.opened. Ages are whole years on the first day: they are the first rule of who the phase
// is for, see RuleStated.
type PhaseOpened struct {
	Programme id.ID     `json:"programme"`
	Code      string    `json:"code"`
	Name      i18n.Text `json:"name"`
	From      string    `json:"from"` // ISO dates, both included
	To        string    `json:"to"`
	AgeMin    int       `json:"age_min,omitempty"`
	AgeMax    int       `json:"age_max,omitempty"` // 0 is no bound
	Planned   bool      `json:"planned,omitempty"` // announced, not running yet
	Places    []id.ID   `json:"places,omitempty"`  // where it runs, with what lies within; none: wherever the programme does
}

// Check says what is missing or contradicts itself.
func (p PhaseOpened) Check() error {
	from, err1 := time.Parse(time.DateOnly, p.From)
	to, err2 := time.Parse(time.DateOnly, p.To)
	switch {
	case p.Programme.IsNil() || p.Code == "" || len(p.Name) == 0:
		return errors.New("a phase needs a programme, a code and a name")
	case err1 != nil || err2 != nil:
		return errors.New("a phase needs a first and a last day, written 2026-03-14")
	case to.Before(from):
		return fmt.Errorf("the phase ends on %s, before it begins on %s", p.To, p.From)
	case p.AgeMin < 0 || p.AgeMax < 0 || p.AgeMax > 0 && p.AgeMax < p.AgeMin:
		return fmt.Errorf("the ages %d to %d contradict each other", p.AgeMin, p.AgeMax)
	}
	return nil
}

// TargetSet is the body of target.set: what an indicator should reach, somewhere, in a period.
type TargetSet struct {
	Programme id.ID             `json:"programme"`
	Phase     id.ID             `json:"phase,omitzero"`
	Indicator string            `json:"indicator"` // measure.People or measure.Participations
	Place     id.ID             `json:"place"`
	Period    string            `json:"period"`         // 202601, 2026 or "" for the whole programme
	Cell      map[string]string `json:"cell,omitempty"` // {"sex":"f"}: dimensions of measure.Cell, each with one value
	Value     int64             `json:"value"`
	Baseline  int64             `json:"baseline,omitempty"`
	Withdrawn bool              `json:"withdrawn,omitempty"`
	Agreement id.ID             `json:"agreement,omitzero"` // that binds it
	Source    source.Source     `json:"source,omitzero"`
	Spread    Spread            `json:"spread,omitzero"`  // how it follows from the target of a wider place
	Rollout   id.ID             `json:"rollout,omitzero"` // the plan that it was adopted from, see RolloutStated
}

// Check says what is missing.
func (t TargetSet) Check() error {
	switch {
	case t.Spread.check() != nil:
		return t.Spread.check()
	case t.Programme.IsNil() || t.Place.IsNil():
		return errors.New("a target needs a programme and a place")
	case !slices.Contains(measure.Indicators, t.Indicator):
		return fmt.Errorf("%q is no indicator", t.Indicator)
	case t.Value < 0 || t.Baseline < 0:
		return errors.New("a target counts people or participations and cannot be negative")
	case t.Source.Check() != nil:
		return t.Source.Check()
	case t.Period != "" && !measure.IsPeriod(t.Period):
		return fmt.Errorf("%q is no period; write 202601 for a month or 2026 for a year", t.Period)
	}
	return nil
}

// The kinds of this area.
var (
	KindOpened = fact.NewKind[Opened](fact.Kind{Name: "programme.opened", Streams: []string{"commons"}})
	KindPhase  = fact.NewKind[PhaseOpened](fact.Kind{Name: "phase.opened", Streams: []string{"commons"}})
	KindTarget = fact.NewKind[TargetSet](fact.Kind{Name: "target.set", Streams: []string{"commons"}})
)

var (
	table       = &store.Table{Name: "programme", Key: 1, Columns: store.Cols("id:id code:text ar:text fr:text zgh:text en:text place:id pillars:text withdrawn:text conflict:int"), Indexes: []string{"code"}}
	phaseTable  = &store.Table{Name: "programme_phase", Key: 1, Columns: store.Cols("id:id programme:id code:text ar:text fr:text zgh:text en:text starts:text ends:text age_min:int age_max:int aged:text planned:int places:text conflict:int"), Indexes: []string{"programme"}}
	targetTable = &store.Table{Name: "programme_target", Key: 1, Columns: store.Cols("id:id programme:id phase:id indicator:text place:id period:text sex:text age:text milieu:text schooling:text value:int baseline:int agreement:id source:text spread:text rollout:id conflict:int"), Indexes: []string{"programme", "agreement"}}
)

// Folds of this area: each subject is stated whole, the last statement holds.
var Folds = []*fact.Fold{
	{
		Name: "programme", Revision: 1, Kinds: []*fact.Kind{KindOpened}, Tables: []*store.Table{table},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			o, f, several := fact.Said[Opened](s, nil)
			if f == nil {
				return nil
			}
			out.Add(table, s.ID, o.Code, o.Name[i18n.AR], o.Name[i18n.FR], o.Name[i18n.ZGH], o.Name[i18n.EN], o.Place, strings.Join(o.Pillars, " "), o.Withdrawn, several)
			return nil
		},
		Sample: fact.Statements(KindOpened, func(d fact.Draw) fact.Body {
			return Opened{Code: fmt.Sprint("P", d.Int("code", 3)), Name: i18n.Text{i18n.FR: "x"}, Withdrawn: []string{"", "", "x"}[d.Int("withdrawn", 3)]}
		}),
	},
	{
		Name: "programme.phase", Revision: 1, Kinds: []*fact.Kind{KindPhase}, Tables: []*store.Table{phaseTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			p, f, several := fact.Said[PhaseOpened](s, nil)
			if f == nil {
				return nil
			}
			out.Add(phaseTable, s.ID, p.Programme, p.Code, p.Name[i18n.AR], p.Name[i18n.FR], p.Name[i18n.ZGH], p.Name[i18n.EN], p.From, p.To, p.AgeMin, p.AgeMax, aged(s, p), p.Planned, joined(p.Places), several)
			return nil
		},
		Sample: fact.Statements(KindPhase, func(d fact.Draw) fact.Body {
			return PhaseOpened{Programme: id.Named("test", "p"), Code: "1", Name: i18n.Text{i18n.FR: "x"}, From: fmt.Sprint("2026-01-0", 1+d.Int("from", 3)), To: "2026-06-30", AgeMin: d.Int("age", 3), Planned: d.Int("planned", 3) == 0}
		}),
	},
	{
		Name: "programme.target", Kinds: []*fact.Kind{KindTarget}, Tables: []*store.Table{targetTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			t, f, several := fact.Said[TargetSet](s, nil)
			if f == nil {
				return nil
			}
			if t.Withdrawn {
				return nil
			}
			out.Add(targetTable, s.ID, t.Programme, t.Phase, t.Indicator, t.Place, t.Period, t.Cell["sex"], t.Cell["age"], t.Cell["milieu"], t.Cell["schooling"], t.Value, t.Baseline, t.Agreement, t.Source.JSON(), t.Spread.json(), t.Rollout, several)
			return nil
		},
		Sample: fact.Statements(KindTarget, func(d fact.Draw) fact.Body {
			t := TargetSet{Programme: id.Named("test", "p"), Indicator: measure.People, Place: id.Named("test", "x"), Value: int64(d.Int("value", 1000)), Withdrawn: d.Int("withdrawn", 5) == 0}
			if d.Int("spread", 2) == 1 {
				t.Spread = Spread{From: id.Named("test", "w"), Rule: ByEqual, Version: 1, Weight: 1, Hand: d.Int("hand", 2) == 1}
			} else if d.Int("rollout", 2) == 1 {
				t.Rollout = id.Named("test", "plan")
			}
			return t
		}),
	},
}

// aged is the day on which the ages of a phase are asked: its first day as it was when it was first opened to people with these
// ages. A phase whose days are moved afterwards asks as it did, for people were judged by it.
func aged(s *fact.Subject, now PhaseOpened) string {
	for _, f := range s.Facts() {
		if p, ok := fact.As[PhaseOpened](f); ok && !p.Planned && p.AgeMin == now.AgeMin && p.AgeMax == now.AgeMax {
			return p.From
		}
	}
	return now.From
}

// Programme is one programme.
type Programme struct {
	ID    id.ID
	Code  string
	Name  i18n.Text
	Place id.ID
	// Pillars are some of Pillars.
	Pillars []string
	// Withdrawn is why it was entered by mistake; "": it was not.
	Withdrawn string
}

func (p *Programme) opened() Opened {
	return Opened{Code: p.Code, Name: p.Name, Place: p.Place, Pillars: p.Pillars, Withdrawn: p.Withdrawn}
}

// Phase is a part of a programme with its own dates and ages.
type Phase struct {
	ID, Programme  id.ID
	Code           string
	Name           i18n.Text
	From, To       string
	AgeMin, AgeMax int
	Aged           string // the day on which these ages are asked; "": From
	Planned        bool
	Places         []id.ID // none: wherever the programme runs
}

func joined(ids []id.ID) string {
	var s []string
	for _, v := range ids {
		s = append(s, v.String())
	}
	return strings.Join(s, " ")
}

// Target is what should be reached.
type Target struct {
	ID, Programme, Phase, Place id.ID
	Indicator, Period           string
	Sex, Age, Milieu, Schooling string
	Value, Baseline             int64
	Agreement                   id.ID // that binds it; Nil: none is named
	Source                      source.Source
	Spread                      Spread // how it follows from the target of a wider place; zero: it stands for itself
	Rollout                     id.ID  // the plan that it was adopted from; Nil: it was set by itself
}

// Whole reports whether a target counts everybody, and not a group alone.
func (t Target) Whole() bool { return t.Sex+t.Age+t.Milieu+t.Schooling == "" }

// Programmes answers questions about programmes.
type Programmes struct {
	log    *fact.Log
	places *place.Places
}

// New returns the area on a node's log.
func New(l *fact.Log) *Programmes { return &Programmes{l, place.New(l)} }

// ID is the same for a code on every node.
func ID(code string) id.ID { return id.Named("programme", code) }

// PhaseID is the same for a phase's code on every node.
func PhaseID(programme id.ID, code string) id.ID {
	return id.Named("phase", programme.String()+"/"+code)
}

// List returns the programmes by code, without those that were withdrawn.
func (p *Programmes) List(ctx context.Context, q store.Querier) ([]Programme, error) {
	return p.list(ctx, q, "withdrawn = ''", nil)
}

// Gone returns the programmes that were withdrawn, by code.
func (p *Programmes) Gone(ctx context.Context, q store.Querier) ([]Programme, error) {
	return p.list(ctx, q, "withdrawn <> ''", nil)
}

// Get returns one programme, or nil. One that was withdrawn has a name still: a group of a box that did not know may be of it.
func (p *Programmes) Get(ctx context.Context, q store.Querier, v id.ID) (*Programme, error) {
	l, err := p.list(ctx, q, "id = ?", store.Args(v))
	if err != nil || len(l) == 0 {
		return nil, err
	}
	return &l[0], nil
}

// Code returns the programme with a code, or nil, also of one that was withdrawn.
func (p *Programmes) Code(ctx context.Context, q store.Querier, code string) (*Programme, error) {
	x, err := p.Get(ctx, q, ID(code))
	if x != nil && x.Withdrawn != "" {
		x = nil
	}
	return x, err
}

func (p *Programmes) list(ctx context.Context, q store.Querier, where string, args []any) ([]Programme, error) {
	var out []Programme
	err := q.Each(ctx, "SELECT id, code, ar, fr, zgh, en, place, pillars, withdrawn FROM programme WHERE "+where+" ORDER BY code", args, func(r store.Row) error {
		x := Programme{}
		var t text
		var pillars string
		err := r.Scan(&x.ID, &x.Code, &t.ar, &t.fr, &t.zgh, &t.en, &x.Place, &pillars, &x.Withdrawn)
		x.Name = t.text()
		if pillars != "" { // none is nil, as it was stated, or the same programme stated again would differ
			x.Pillars = strings.Fields(pillars)
		}
		out = append(out, x)
		return err
	})
	return out, err
}

type text struct{ ar, fr, zgh, en string }

func (t text) text() i18n.Text {
	out := i18n.Text{}
	for l, s := range map[i18n.Lang]string{i18n.AR: t.ar, i18n.FR: t.fr, i18n.ZGH: t.zgh, i18n.EN: t.en} {
		if s != "" {
			out[l] = s
		}
	}
	return out
}

// Phases returns the phases of a programme, earliest first.
func (p *Programmes) Phases(ctx context.Context, q store.Querier, programme id.ID) ([]Phase, error) {
	return p.phases(ctx, q, "programme = ? ORDER BY starts, code", programme)
}

// AllPhases returns the phases of all programmes, the earliest of each first.
func (p *Programmes) AllPhases(ctx context.Context, q store.Querier) (map[id.ID][]Phase, error) {
	l, err := p.phases(ctx, q, "1 = 1 ORDER BY starts, code")
	out := map[id.ID][]Phase{}
	for _, ph := range l {
		out[ph.Programme] = append(out[ph.Programme], ph)
	}
	return out, err
}

// Phase returns a phase, or nil.
func (p *Programmes) Phase(ctx context.Context, q store.Querier, phase id.ID) (*Phase, error) {
	l, err := p.phases(ctx, q, "id = ?", phase)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	return &l[0], nil
}

func (p *Programmes) phases(ctx context.Context, q store.Querier, where string, args ...any) ([]Phase, error) {
	var out []Phase
	err := q.Each(ctx, "SELECT id, programme, code, ar, fr, zgh, en, starts, ends, age_min, age_max, aged, planned, places FROM programme_phase WHERE "+where, args, func(r store.Row) error {
		x := Phase{}
		var t text
		var places string
		err := r.Scan(&x.ID, &x.Programme, &x.Code, &t.ar, &t.fr, &t.zgh, &t.en, &x.From, &x.To, &x.AgeMin, &x.AgeMax, &x.Aged, &x.Planned, &places)
		x.Name = t.text()
		for _, s := range strings.Fields(places) {
			v, perr := id.Parse(s)
			x.Places, err = append(x.Places, v), errors.Join(err, perr)
		}
		out = append(out, x)
		return err
	})
	return out, err
}

// Targets returns the targets of a programme.
func (p *Programmes) Targets(ctx context.Context, q store.Querier, programme id.ID) ([]Target, error) {
	return p.targets(ctx, q, "programme", programme)
}

// Wholes returns how many people each programme is to reach in its own place in all, where that is set.
func (p *Programmes) Wholes(ctx context.Context, q store.Querier) (map[id.ID]int64, error) {
	out := map[id.ID]int64{}
	err := q.Each(ctx, "SELECT t.programme, t.value FROM programme_target t JOIN programme p ON p.id = t.programme AND p.place = t.place WHERE t.indicator = ? AND t.period = ? AND t.sex = '' AND t.age = '' AND t.milieu = '' AND t.phase = ?", store.Args(measure.People, measure.Total, id.Nil), func(r store.Row) error {
		var v id.ID
		var n int64
		err := r.Scan(&v, &n)
		out[v] = n
		return err
	})
	return out, err
}

// Bound returns the targets that an agreement binds.
func (p *Programmes) Bound(ctx context.Context, q store.Querier, agreement id.ID) ([]Target, error) {
	return p.targets(ctx, q, "agreement", agreement)
}

func (p *Programmes) targets(ctx context.Context, q store.Querier, column string, v id.ID) ([]Target, error) {
	var out []Target
	err := q.Each(ctx, "SELECT id, programme, phase, indicator, place, period, sex, age, milieu, schooling, value, baseline, agreement, source, spread, rollout FROM programme_target WHERE "+column+" = ? ORDER BY id", store.Args(v), func(r store.Row) error {
		x := Target{}
		var published, spread string
		err := r.Scan(&x.ID, &x.Programme, &x.Phase, &x.Indicator, &x.Place, &x.Period, &x.Sex, &x.Age, &x.Milieu, &x.Schooling, &x.Value, &x.Baseline, &x.Agreement, &published, &spread, &x.Rollout)
		if err == nil {
			x.Source, err = source.Parse(published)
		}
		if err == nil && spread != "" {
			err = json.Unmarshal([]byte(spread), &x.Spread)
		}
		out = append(out, x)
		return err
	})
	return out, err
}

// Agreed returns how many targets of a programme an agreement binds.
func (p *Programmes) Agreed(ctx context.Context, q store.Querier, v id.ID) (n int, err error) {
	_, err = store.One(ctx, q, "SELECT count(*) FROM programme_target WHERE programme = ? AND agreement <> ?", store.Args(v, id.Nil), &n)
	return n, err
}

// Plan is a programme with its phases and targets, to be stated in one go.
type Plan struct {
	Programme Opened
	Phases    []PhaseOpened // Programme is filled in
	Targets   []TargetSet   // Programme is filled in
	// Meant is the DoubtStamp of the contradictions that are meant, or Anything.
	Meant string
	// Seen are the marks of targets as they were looked at, by id; "" is none.
	Seen map[id.ID]string
	// May, unless it is nil, is asked in the turn; its error says what stands against it.
	May func(ctx context.Context, q store.Querier) error
}

// TargetID is the same on every node for what a target is of: what is said of it again replaces it.
func TargetID(programme id.ID, t TargetSet) id.ID {
	return id.Named("target", fmt.Sprint(programme, t.Phase, t.Indicator, t.Place, t.Period, t.Cell))
}

// state adds the fact that says b of a subject, unless that is so already.
func (p *Programmes) state(ctx context.Context, q store.Querier, out *fact.Outcome, actor, subject id.ID, k *fact.Kind, b fact.Body) error {
	if err := b.Check(); err != nil {
		return err
	}
	old, err := p.log.Of(ctx, q, subject)
	if err != nil || fact.Says(old, b) {
		return err
	}
	out.Facts = append(out.Facts, fact.New{Stream: "commons", Kind: k, Subject: subject, Actor: actor, Body: b, Prev: fact.HeadsOf(old)})
	return nil
}

// ErrGone is returned where something is stated of a programme that was withdrawn.
var ErrGone = errors.New("the programme was withdrawn; take it back first")

// Withdraw takes a programme back that was entered by mistake, with why. stands is asked in the turn; its error says what
// stands on the programme.
func (p *Programmes) Withdraw(ctx context.Context, actor, v id.ID, cause string, stands func(context.Context, store.Querier) error) error {
	return p.restate(ctx, "withdraw a programme", actor, v, cause, stands)
}

// Restore takes a withdrawal back.
func (p *Programmes) Restore(ctx context.Context, actor, v id.ID) error {
	return p.restate(ctx, "restore a programme", actor, v, "", nil)
}

func (p *Programmes) restate(ctx context.Context, name string, actor, v id.ID, withdrawn string, may func(context.Context, store.Querier) error) error {
	_, err := p.log.Do(ctx, fact.Command{Name: name, Stream: "commons", Keys: []id.ID{v}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		x, err := p.Get(ctx, q, v)
		if err == nil && x == nil {
			err = fs.ErrNotExist
		}
		if err == nil && may != nil {
			err = may(ctx, q)
		}
		if err != nil {
			return out, err
		}
		b := x.opened()
		b.Withdrawn = withdrawn
		err = p.state(ctx, q, &out, actor, v, KindOpened, b)
		return out, err
	}})
	return err
}

// Set states a plan. What is stated again just so writes nothing. It returns a *DoubtError where targets would contradict each
// other, ErrChanged where those seen are others by now, and writes nothing then.
func (p *Programmes) Set(ctx context.Context, actor id.ID, plan Plan) (id.ID, error) {
	pid := ID(plan.Programme.Code)
	_, err := p.log.Do(ctx, fact.Command{Name: "set a programme", Stream: "commons", Keys: []id.ID{pid}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		if was, err := p.Get(ctx, q, pid); err != nil {
			return out, err
		} else if was != nil && was.Withdrawn != "" {
			return out, ErrGone
		}
		if plan.May != nil {
			if err := plan.May(ctx, q); err != nil {
				return out, err
			}
		}
		if err := p.state(ctx, q, &out, actor, pid, KindOpened, plan.Programme); err != nil {
			return out, err
		}
		for _, ph := range plan.Phases {
			ph.Programme = pid
			if err := p.state(ctx, q, &out, actor, PhaseID(pid, ph.Code), KindPhase, ph); err != nil {
				return out, err
			}
		}
		all, err := p.Targets(ctx, q, pid)
		if err != nil {
			return out, err
		}
		marks := map[id.ID]string{}
		for _, t := range all {
			marks[t.ID] = t.Mark()
		}
		for v, seen := range plan.Seen {
			if marks[v] != seen {
				return out, ErrChanged
			}
		}
		sets := slices.Clone(plan.Targets)
		for i := range sets {
			sets[i].Programme = pid
		}
		if err := p.meant(ctx, q, all, sets, plan.Meant); err != nil {
			return out, err
		}
		for _, t := range sets {
			if err := p.state(ctx, q, &out, actor, TargetID(pid, t), KindTarget, t); err != nil {
				return out, err
			}
		}
		return out, nil
	}})
	return pid, err
}
