package training

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/picture/marks"
	"tizi/internal/store"
)

// SheetPrinted is the body of sheet.printed: a page of paper on which somebody marks who came to a session. The subject is
// named in the codes of the page, so that whoever joins or leaves the group afterwards changes nothing on it.
type SheetPrinted struct {
	Session id.ID   `json:"session"`
	Page    int     `json:"page"`  // from 1
	Pages   int     `json:"pages"` // of the same printing
	People  []id.ID `json:"people"`
	RTL     bool    `json:"rtl,omitempty"` // the boxes stand on the left
}

// maxSheets bounds how many pages one printing has.
const maxSheets = 40

// Check says what is missing.
func (s SheetPrinted) Check() error {
	switch {
	case s.Session.IsNil() || len(s.People) < 1 || len(s.People) > marks.MaxRows:
		return fmt.Errorf("a sheet is of a session and has from 1 to %d rows", marks.MaxRows)
	case s.Page < 1 || s.Page > s.Pages || s.Pages > maxSheets:
		return errors.New("a sheet has a number among its pages")
	case slices.ContainsFunc(s.People, id.ID.IsNil):
		return errors.New("each row is of a person")
	}
	return nil
}

// KindSheet is the kind of a printed sheet.
var KindSheet = fact.NewKind[SheetPrinted](fact.Kind{Name: "sheet.printed", Streams: []string{"centre"}})

var paperTable = &store.Table{Name: "training_paper", Key: 1, Columns: store.Cols("id:id session:id page:int pages:int people:text rtl:int")}

func init() {
	Folds = append(Folds, &fact.Fold{
		Name: "training.paper", Kinds: []*fact.Kind{KindSheet}, Tables: []*store.Table{paperTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			p, f, _ := fact.Said[SheetPrinted](s, nil)
			if f == nil {
				return nil
			}
			people, err := json.Marshal(p.People)
			if err != nil {
				return err
			}
			out.Add(paperTable, s.ID, p.Session, p.Page, p.Pages, string(people), p.RTL)
			return nil
		},
		Sample: fact.Statements(KindSheet, func(d fact.Draw) fact.Body {
			return SheetPrinted{Session: testID(7), Page: 1, Pages: 1 + d.Int("pages", 3), People: []id.ID{testID(10 + d.Int("person", 3)), testID(20)}, RTL: d.Int("rtl", 2) == 1}
		}),
	})
}

// Paper is a page of a printed sheet.
type Paper struct {
	ID id.ID
	SheetPrinted
}

// Layout is how the page is drawn.
func (p *Paper) Layout() marks.Layout { return marks.Layout{Rows: len(p.People), RTL: p.RTL} }

// ErrNoPaper is returned for a sheet that was not printed here.
var ErrNoPaper = errors.New("this sheet was not printed here")

// Print makes the pages of a session's sheet, with some people in this order. The same people again are the same pages.
func (t *Training) Print(ctx context.Context, actor id.ID, scope access.Scope, session id.ID, people []id.ID, rtl bool) ([]*Paper, error) {
	s, err := t.Session(ctx, t.log.DB, scope, session)
	if err != nil {
		return nil, err
	}
	if s.Cancelled != "" {
		return nil, ErrCancelled
	}
	var out []*Paper
	var keys []id.ID
	pages := (len(people) + marks.MaxRows - 1) / marks.MaxRows
	for part := range slices.Chunk(people, marks.MaxRows) {
		p := &Paper{SheetPrinted: SheetPrinted{Session: session, Page: len(out) + 1, Pages: pages, People: part, RTL: rtl}}
		b, err := json.Marshal(p.SheetPrinted)
		if err != nil {
			return nil, err
		}
		p.ID = id.Under(session, "sheet "+string(b))
		out, keys = append(out, p), append(keys, p.ID)
	}
	_, err = t.log.Do(ctx, fact.Command{Name: "print a sheet", Stream: person.Stream(s.Centre), Keys: keys, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var o fact.Outcome
		for _, p := range out {
			all, err := t.log.Of(ctx, q, p.ID)
			if err != nil {
				return o, err
			}
			if len(all) == 0 {
				o.Facts = append(o.Facts, fact.New{Stream: person.Stream(s.Centre), Kind: KindSheet, Subject: p.ID, Actor: actor, Body: p.SheetPrinted})
			}
		}
		return o, nil
	}})
	return out, err
}

// Paper returns a printed page, or ErrNoPaper. The caller asks for its session in the reader's scope.
func (t *Training) Paper(ctx context.Context, q store.Querier, v id.ID) (*Paper, error) {
	p := &Paper{ID: v}
	var people string
	found, err := store.One(ctx, q, "SELECT session, page, pages, people, rtl FROM training_paper WHERE id = ?", store.Args(v), &p.Session, &p.Page, &p.Pages, &people, &p.RTL)
	if err == nil && !found {
		err = ErrNoPaper
	}
	if err != nil {
		return nil, err
	}
	return p, json.Unmarshal([]byte(people), &p.People)
}
