package steer

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"tizi/countries"
	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/source"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func spreadRoutes(d *door.Door) {
	d.Handle("GET /programmes/{code}/spread", access.WriteProgrammes, spread)
	d.Handle("POST /programmes/{code}/spread", access.WriteProgrammes, spreadGiven)
}

// maxPlaces is over how many places a target is spread at once: what a page can show to somebody who answers for it.
const maxPlaces = 400

// sharing is a target as somebody looks at how it is spread.
type sharing struct {
	Spread
	programme *programme.Programme
	whole     *programme.Target // nil: there is none to spread
	like      id.ID
	places    []*place.Place
	parts     []programme.Part
	below     bool // a part is less than what is reached
	asks      bool // what somebody must still say that they mean
}

// spreading is what would be stated.
func (s *sharing) spreading() programme.Spreading {
	return programme.Spreading{From: s.whole.ID, Rule: s.Rule, Of: s.like, Parts: s.parts, Seen: s.Seen, Meant: s.Meant}
}

// below returns the places in a place by level: those of one type, provinces and prefectures together, that are not closed.
func belowBy(a *door.Ask, v id.ID) map[string][]*place.Place {
	out := map[string][]*place.Place{}
	var walk func(v id.ID, depth int)
	walk = func(v id.ID, depth int) {
		for _, c := range a.Tree.Children(v) {
			level := c.Type
			if level == "prefecture" {
				level = "province"
			}
			if c.Closed == "" || c.Closed > a.Today() {
				out[level] = append(out[level], c)
			}
			if depth < len(place.Types) {
				walk(c.ID, depth+1)
			}
		}
	}
	walk(v, 0)
	for _, l := range out {
		slices.SortFunc(l, func(x, y *place.Place) int { return strings.Compare(x.Code, y.Code) })
	}
	return out
}

// targetName says what a target is of, in one line.
func targetName(a *door.Ask, t *programme.Target) string {
	words := []string{nameOf(a, a.PlaceName(t.Place)), periodName(a, t.Period)}
	if t.Indicator == measure.Participations {
		words = append(words, a.P.T("spread.participations"))
	}
	for _, c := range []struct{ family, value string }{{"sex", t.Sex}, {"age", t.Age}, {"milieu", t.Milieu}, {"schooling", t.Schooling}} {
		if c.value != "" {
			words = append(words, a.P.T(c.family+"."+c.value))
		}
	}
	return strings.Join(words, " · ")
}

// chosen is what is asked for among options, or the first of them where nothing is, or nothing that is offered.
func (s *sharing) chosen(a *door.Ask, field string, options []shell.Option) string {
	v := a.R.FormValue(field)
	if shell.Offers(options, v) {
		return v
	}
	if v != "" && len(options) > 0 {
		s.Errors[field] = a.P.T("agree.fault.not_offered")
	}
	if len(options) == 0 {
		return ""
	}
	return options[0].Value
}

// shareOut reads what somebody looks at, and works the parts out. What is wrong stands in Errors.
func shareOut(a *door.Ask) (*sharing, error) {
	ctx := a.R.Context()
	p, err := a.H.Programmes.Code(ctx, a.H.DB, a.R.PathValue("code"))
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, fs.ErrNotExist
	}
	self := "/programmes/" + p.Code
	s := &sharing{programme: p, Spread: Spread{Programme: p.Name, Action: self + "/spread", TargetsURL: self + "/targets", BoardURL: door.With("/board", "programme", p.Code), Errors: map[string]string{}}}
	all, err := a.H.Programmes.Targets(ctx, a.H.DB, p.ID)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(x, y programme.Target) int {
		wide := func(t programme.Target) string {
			return fmt.Sprintf("%v %v %q %s", t.Place != p.Place, t.Indicator != measure.People, t.Period, targetName(a, &t))
		}
		return strings.Compare(wide(x), wide(y))
	})
	for i := range all {
		if len(a.Tree.Children(all[i].Place)) > 0 {
			s.Targets = append(s.Targets, shell.Option{Value: all[i].ID.String(), Label: a.P.T("spread.of", "target", targetName(a, &all[i]), "n", all[i].Value)})
		}
	}
	s.Target = s.chosen(a, "target", s.Targets)
	i := slices.IndexFunc(all, func(t programme.Target) bool { return t.ID.String() == s.Target })
	if i < 0 {
		return s, nil
	}
	s.whole = &all[i]
	s.Whole = s.whole.Value
	levels := belowBy(a, s.whole.Place)
	for _, l := range []string{"region", "province", "commune", "centre"} {
		if n := len(levels[l]); n > 0 && n <= maxPlaces {
			s.Levels = append(s.Levels, shell.Option{Value: l, Label: a.P.T("spread.level."+l, "n", n)})
		}
	}
	s.Level = s.chosen(a, "level", s.Levels)
	s.places = levels[s.Level]
	has := s.whole.Like(all)
	for _, r := range programme.SpreadRules {
		s.Rules = append(s.Rules, shell.Option{Value: r, Label: a.P.T("spread.rule." + r)})
	}
	s.Rule = s.chosen(a, "rule", s.Rules)
	// Of targets that are alike but for the place, one stands for all.
	series := map[id.ID]map[id.ID]programme.Target{}
	for i := range all {
		at := all[i].At(s.whole.Place)
		if series[at] != nil || at == s.whole.ID {
			continue
		}
		series[at] = all[i].Like(all)
		if slices.ContainsFunc(s.places, func(x *place.Place) bool { return series[at][x.ID].Value > 0 }) {
			whole := all[i]
			whole.Place = s.whole.Place
			s.Likes = append(s.Likes, shell.Option{Value: at.String(), Label: targetName(a, &whole)})
		}
	}
	if s.Like = s.chosen(a, "like", s.Likes); s.Rule == programme.ByTarget {
		if s.Like == "" {
			s.Errors["rule"] = a.P.T("spread.no_like")
		} else {
			s.like = id.MustParse(s.Like)
		}
	}
	weights, err := s.weights(a, series[s.like])
	if err != nil {
		return nil, err
	}
	reached, err := s.reached(a)
	if err != nil {
		return nil, err
	}
	// What somebody typed stays, unless whoever spreads says that the rule replaces it.
	s.Replace = a.R.FormValue("replace")
	var ids []id.ID
	lack := 0
	for _, x := range s.places {
		was, set := has[x.ID]
		r := SpreadRow{Code: x.Code, Name: x.Name, Was: -1, Reached: reached[x.ID]}
		if set {
			r.Was = was.Value
		}
		part := programme.Part{Place: x.ID}
		part.Weight, set = weights[x.ID]
		r.Lack, r.Weight = !set, part.Weight
		typed := r.Was >= 0 && (was.Spread.Hand || was.Spread == programme.Spread{})
		if a.R.Method == "POST" {
			r.Hand = strings.TrimSpace(a.R.FormValue("hand_" + x.Code))
		} else if typed {
			r.Hand = fmt.Sprint(was.Value)
		}
		if typed {
			s.Typed++
			if n, err := number(r.Hand); s.Replace == "yes" && err == nil && n == was.Value {
				r.Hand = ""
			}
			r.Replaced = r.Hand == ""
		}
		if r.Hand != "" {
			n, err := number(r.Hand)
			if part.Hand, part.Value = true, n; err != nil || n < 0 || n > 1_000_000_000 {
				s.Errors["hand_"+x.Code], part.Value = a.P.T("programmes.target_wrong"), 0
			}
		} else if r.Lack {
			lack++
		}
		ids = append(ids, x.ID)
		s.parts, s.Rows = append(s.parts, part), append(s.Rows, r)
	}
	s.Seen = programme.Stamp(*s.whole, ids, has)
	if s.Rule == programme.ByTarget && s.Like == "" {
		return s, nil
	}
	if lack > 0 {
		s.Errors["rule"] = a.P.T("spread.lacks", "n", lack)
		return s, nil
	}
	if _, err = programme.Share(s.Whole, s.parts); err != nil {
		if !s.fault(a, err) {
			return nil, err
		}
		return s, nil
	}
	for i, x := range s.parts {
		r := &s.Rows[i]
		r.Part, r.Below, r.Changed = x.Value, x.Value < r.Reached, x.Value != max(r.Was, 0)
		s.Sum += x.Value
		s.below = s.below || r.Below
	}
	s.asks = s.ask(a, programme.Doubts(a.Tree, all, s.spreading().Sets(*s.whole, has)), s.below)
	return s, nil
}

// fault says what is wrong with a spreading beside what was asked; false for what it cannot say.
func (s *sharing) fault(a *door.Ask, err error) bool {
	var over *programme.OverError
	switch {
	case errors.As(err, &over):
		s.Errors[""] = a.P.T("spread.over", "hand", over.Hand, "whole", over.Whole)
	case errors.Is(err, programme.ErrNoWeight):
		s.Errors["rule"] = a.P.T("spread.no_weight")
	case errors.Is(err, programme.ErrChanged), errors.Is(err, programme.ErrNoTarget):
		s.Errors[""] = a.P.T("spread.changed")
	default:
		return err == nil
	}
	return true
}

// weights returns what the rule goes by, of the places of which it is known.
func (s *sharing) weights(a *door.Ask, like map[id.ID]programme.Target) (map[id.ID]int64, error) {
	out := map[id.ID]int64{}
	switch s.Rule {
	case programme.ByEqual:
		for _, x := range s.places {
			out[x.ID] = 1
		}
	case programme.ByPopulation:
		c, err := countries.Load(a.Country())
		if errors.Is(err, countries.ErrUnknown) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if p := c.Population; len(p.People) > 0 {
			s.Source, s.SourceURL = p.Source.Publication+" · "+source.Words(a.P, p.Source.On), p.Source.URL
		}
		for _, x := range s.places {
			if n, ok := c.Population.People[x.Code]; ok {
				out[x.ID] = n
			}
		}
	case programme.BySeats:
		seats, err := a.H.Centres.Seats(a.R.Context(), a.H.DB)
		if err != nil {
			return nil, err
		}
		for _, x := range s.places {
			out[x.ID] = 0
			for _, c := range a.Tree.Within(x.ID) {
				out[x.ID] += seats[c.ID]
			}
		}
	case programme.ByTarget:
		for _, x := range s.places {
			out[x.ID] = like[x.ID].Value
		}
	}
	return out, nil
}

// reached returns how many of what the target counts each place has reached.
func (s *sharing) reached(a *door.Ask) (map[id.ID]int64, error) {
	scope, err := a.ScopeOf(access.ReadBoard)
	if err != nil {
		return nil, err
	}
	b, err := measure.Read(a.R.Context(), a.H.DB, scope, measure.Filter{Programme: s.programme.ID, Period: s.whole.Period, Sex: s.whole.Sex, Age: s.whole.Age, Milieu: s.whole.Milieu, Schooling: s.whole.Schooling})
	if err != nil {
		return nil, err
	}
	out := map[id.ID]int64{}
	for _, x := range s.places {
		for _, c := range a.Tree.Within(x.ID) {
			if s.whole.Indicator == measure.People {
				out[x.ID] += b.Centres[c.ID].People
			} else {
				out[x.ID] += b.Centres[c.ID].Participations
			}
		}
	}
	return out, nil
}

func spread(a *door.Ask) error {
	s, err := shareOut(a)
	if err != nil {
		return err
	}
	return a.Render("programmes/spread", s.Spread)
}

func spreadGiven(a *door.Ask) error {
	s, err := shareOut(a)
	if err != nil {
		return err
	}
	save := a.R.FormValue("do") != "look"
	if save && s.asks {
		s.Errors["despite"] = a.P.T("spread.despite_missing")
	}
	if save && s.whole == nil && len(s.Errors) == 0 {
		s.Errors[""] = a.P.T("spread.none")
	}
	if len(s.Errors) > 0 {
		return a.Again("programmes/spread", s.Spread)
	}
	if !save {
		return a.Render("programmes/spread", s.Spread)
	}
	x := s.spreading()
	x.Seen = a.R.FormValue("seen")
	err = a.H.Programmes.Spread(a.R.Context(), a.Actor(), s.programme.ID, x)
	var doubt *programme.DoubtError
	if errors.As(err, &doubt) && s.ask(a, doubt.Doubts, s.below) {
		s.Errors["despite"] = a.P.T("spread.despite_missing")
		return a.Again("programmes/spread", s.Spread)
	}
	if !s.fault(a, err) {
		return err
	}
	if len(s.Errors) > 0 {
		return a.Again("programmes/spread", s.Spread)
	}
	a.Notify("good", "spread.saved", "n", len(s.parts))
	if left := s.Left(); left != 0 {
		a.Notify("wait", "spread.left", "n", left)
	}
	return a.Go(door.With(s.Action, "target", s.Target, "level", s.Level, "rule", s.Rule, "like", s.Like))
}
