package person

import (
	"context"
	"encoding/json"
	"slices"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Contest is a field of a record that several people wrote without seeing each other, each something else.
type Contest struct {
	Field Field
	Sides []Written // the one that stands meanwhile last
}

// Written is what one of them wrote.
type Written struct {
	fact.Side
	Value string
}

// Contested returns records in which a field is in doubt, at most max.
func (p *People) Contested(ctx context.Context, q store.Querier, scope access.Scope, max int) ([]*Person, error) {
	where, args := scope.SQL("centre")
	var ids []id.ID
	err := q.Each(ctx, "SELECT id FROM person WHERE conflict <> 0 AND "+where+" ORDER BY centre, id LIMIT ?", append(args, max), func(r store.Row) error {
		var v id.ID
		err := r.Scan(&v)
		ids = append(ids, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.byIDs(ctx, q, scope, ids)
}

// Contests returns what is in doubt of a record.
func (p *People) Contests(ctx context.Context, q store.Querier, scope access.Scope, record id.ID) ([]Contest, error) {
	l, err := p.byIDs(ctx, q, scope, []id.ID{record})
	if err != nil {
		return nil, err
	}
	if len(l) == 0 {
		return nil, ErrUnknown
	}
	s, err := p.log.Subject(ctx, q, record)
	if err != nil {
		return nil, err
	}
	return contests(s), nil
}

// said are the details that each fact says.
func said(s *fact.Subject) map[*fact.Fact]Details {
	read := map[*fact.Fact]Details{}
	for _, f := range s.Facts() {
		b, ok := fact.As[Stated](f)
		if !ok {
			continue
		}
		var d Details
		if plain, ok := s.Open(s.ID, b.Sealed); ok && json.Unmarshal(plain, &d) == nil {
			read[f] = d
		}
	}
	return read
}

func contests(s *fact.Subject) []Contest {
	read := said(s)
	var out []Contest
	for _, field := range Fields {
		c := Contest{Field: field}
		differ := false
		for _, h := range s.Heads(func(f *fact.Fact) bool { _, ok := read[f][field]; return ok }) {
			c.Sides = append(c.Sides, Written{fact.SideOf(h), read[h][field]})
			differ = differ || read[h][field] != c.Sides[0].Value
		}
		if differ {
			out = append(out, c)
		}
	}
	return out
}

// Settle says which of what was written stands: of each field in doubt that d names, one of its values.
func (p *People) Settle(ctx context.Context, actor id.ID, scope access.Scope, record id.ID, d Details) error {
	l, err := p.byIDs(ctx, p.log.DB, scope, []id.ID{record})
	if err != nil {
		return err
	}
	if len(l) == 0 {
		return ErrUnknown
	}
	_, err = p.log.Do(ctx, fact.Command{Name: "settle what is in doubt of a person", Stream: Stream(l[0].Centre), Keys: append(p.claims(d), record), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		s, err := p.log.Subject(ctx, q, record)
		if err != nil {
			return out, err
		}
		now := contests(s)
		for f, v := range d {
			i := slices.IndexFunc(now, func(c Contest) bool { return c.Field == f })
			if i < 0 || !slices.ContainsFunc(now[i].Sides, func(w Written) bool { return w.Value == v }) {
				return out, fact.ErrSettled
			}
		}
		if len(d) == 0 {
			return out, fact.ErrSettled
		}
		if err := p.free(ctx, q, d, record); err != nil {
			return out, err
		}
		k, err := p.log.Keys.Get(ctx, q, record)
		if err != nil {
			return out, err
		}
		n, err := stated(KindEdited, k, Stream(l[0].Centre), actor, d, s.All())
		out.Facts = []fact.New{n}
		return out, err
	}})
	return err
}
