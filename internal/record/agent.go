package record

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/statement"
	"tizi/internal/store"
)

// known is a description of an agent of outside.
type known struct {
	Face
	said *statement.Value
}

// described returns the descriptions of agents of a centre by what tells them apart, the smallest id first.
func described(ctx context.Context, q store.Querier, centre id.ID, idents []string) (map[string][]known, error) {
	out := map[string][]known{}
	sets := make([][]any, len(idents))
	for i, x := range idents {
		sets[i] = []any{term("ident", x), centre}
	}
	return out, store.Many(ctx, q, "SELECT id, face, said FROM record_agent WHERE ident = ? AND centre = ? ORDER BY id, face", sets, func(_ int, row store.Row) error {
		var k known
		var said string
		if err := row.Scan(&k.Agent, &k.Tag, &said); err != nil {
			return err
		}
		var err error
		if k.said, err = statement.Parse([]byte(said)); err != nil {
			return err
		}
		x := statement.Ident(k.said)
		out[x] = append(out[x], k)
		return nil
	})
}

// meet returns the face of each agent of outside by what was said of it. Those that were not known so are written down, each
// sealed with a key of its own, unless before is an error.
func (r *Records) meet(ctx context.Context, from Source, holes []statement.Hole, before func() error) (map[string]Face, error) {
	out := map[string]Face{}
	said := map[string]*statement.Value{}
	var idents []string
	for _, h := range holes {
		text := h.Said.String()
		if said[text] == nil {
			said[text] = h.Said
			if x := statement.Ident(h.Said); !slices.Contains(idents, x) {
				idents = append(idents, x)
			}
		}
	}
	if len(said) == 0 {
		return out, nil
	}
	look := func(q store.Querier) (map[string][]known, error) {
		all, err := described(ctx, q, from.Centre, idents)
		for _, ks := range all {
			for _, k := range ks {
				if text := k.said.String(); said[text] != nil {
					if _, ok := out[text]; !ok {
						out[text] = k.Face
					}
				}
			}
		}
		return all, err
	}
	if _, err := look(r.log.DB); err != nil || len(out) == len(said) {
		return out, err
	}
	if err := before(); err != nil {
		return nil, err
	}
	keys := make([]id.ID, len(idents))
	for i, x := range idents {
		keys[i] = id.Under(from.Centre, "agent "+x)
	}
	_, err := r.log.Do(ctx, fact.Command{Name: "meet agents", Stream: from.stream(), Keys: keys, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var o fact.Outcome
		clear(out)
		all, err := look(q)
		if err != nil {
			return o, err
		}
		fresh := map[string]*seal.Key{}
		for text, v := range said {
			if _, ok := out[text]; ok {
				continue
			}
			x := statement.Ident(v)
			key, born := fresh[x], false
			if key == nil && len(all[x]) > 0 {
				if key, err = r.log.Keys.Get(ctx, q, all[x][0].Agent); err != nil {
					return o, err
				}
			}
			if key == nil {
				if key, err = r.log.Keys.New(id.New(), from.stream()); err != nil {
					return o, err
				}
				fresh[x], born = key, true
				o.Keys = append(o.Keys, key)
			}
			f := Face{key.Person, tag()}
			o.Facts = append(o.Facts, fact.New{Stream: from.stream(), Kind: KindMet, Subject: f.Agent, Actor: from.Actor, Body: Met{f.Tag, key.Seal([]byte(text))}, Born: born})
			out[text] = f
		}
		return o, nil
	}})
	return out, err
}

// tag names a description.
func tag() string {
	b := make([]byte, 4)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// Agents returns the ids under which this node knows an agent at a centre, the smallest first; a person of Tizi's has one.
func (r *Records) Agents(ctx context.Context, q store.Querier, centre id.ID, agent *statement.Value) ([]id.ID, error) {
	if p, ok := statement.OwnPerson(agent); ok {
		return []id.ID{p}, nil
	}
	x := statement.Ident(agent)
	all, err := described(ctx, q, centre, []string{x})
	var out []id.ID
	for _, k := range all[x] {
		if !slices.Contains(out, k.Agent) {
			out = append(out, k.Agent)
		}
	}
	return out, err
}

// owner is the id under which documents about an agent are kept; an agent of outside that is not known yet is met, unless before is
// an error.
func (r *Records) owner(ctx context.Context, from Source, agent *statement.Value, before func() error) (id.ID, error) {
	ids, err := r.Agents(ctx, r.log.DB, from.Centre, agent)
	if err != nil || len(ids) > 0 {
		return append(ids, id.Nil)[0], err
	}
	said := agent.Without("objectType", "member")
	faces, err := r.meet(ctx, from, []statement.Hole{{Agent: agent, Said: said}}, before)
	return faces[said.String()].Agent, err
}

// Person returns all that is known of an agent at a centre, as the Person object of xAPI.
func (r *Records) Person(ctx context.Context, centre id.ID, agent *statement.Value) (*statement.Value, error) {
	x := statement.Ident(agent)
	all, err := described(ctx, r.log.DB, centre, []string{x})
	if err != nil {
		return nil, err
	}
	out := statement.Object("objectType", statement.Str("Person"))
	for _, name := range []string{"name", "mbox", "mbox_sha1sum", "openid", "account"} {
		var values []*statement.Value
		for _, v := range append([]*statement.Value{agent}, saids(all[x])...) {
			if m := v.Get(name); m != nil && !slices.ContainsFunc(values, func(o *statement.Value) bool { return statement.Equal(o, m) }) {
				values = append(values, m)
			}
		}
		if len(values) > 0 {
			out.Set(name, statement.Array(values...))
		}
	}
	return out, nil
}

func saids(ks []known) []*statement.Value {
	var out []*statement.Value
	for _, k := range ks {
		out = append(out, k.said)
	}
	return out
}

// Forget erases an agent of outside: its key is destroyed, and statements about it stay without saying who it was.
func (r *Records) Forget(ctx context.Context, actor, centre id.ID, agent *statement.Value, reason string) (int, error) {
	ids, err := r.Agents(ctx, r.log.DB, centre, agent)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if _, own := statement.OwnPerson(agent); own {
		return 0, ErrOwn
	}
	stream := Source{Centre: centre}.stream()
	_, err = r.log.Do(ctx, fact.Command{Name: "erase an agent", Stream: stream, Keys: ids, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
		var o fact.Outcome
		for _, v := range ids {
			o.Facts = append(o.Facts, fact.New{Stream: stream, Kind: KindErased, Subject: v, Actor: actor, Body: Forgotten{reason}})
		}
		return o, nil
	}})
	return len(ids), err
}

// Forget takes away the documents about some who are erased.
func Forget(ctx context.Context, tx store.Tx, subjects []id.ID) error {
	for _, v := range subjects {
		if err := tx.Exec(ctx, "DELETE FROM record_document WHERE agent = ?", v); err != nil {
			return err
		}
	}
	return nil
}
