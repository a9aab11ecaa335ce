package consent

import (
	"context"
	"encoding/json"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Carried is a consent as it stands, on its way to another centre.
type Carried struct {
	Stated
	Who Who
}

// Standing returns the consents of a record as they stand.
func (c *Consents) Standing(ctx context.Context, q store.Querier, record id.ID) ([]Carried, error) {
	facts := map[Purpose][]*fact.Fact{}
	for _, p := range Purposes {
		all, err := c.log.Of(ctx, q, RegisterID(record, p))
		if err != nil {
			return nil, err
		}
		facts[p] = all
	}
	k, err := c.log.Keys.Get(ctx, q, record)
	if err != nil {
		return nil, err
	}
	return StandingOf(record, facts, k), nil
}

// StandingOf returns the consents that facts say, by purpose, with the key that their names are sealed with. Of two who did not
// see each other, the one who said no is heard.
func StandingOf(record id.ID, facts map[Purpose][]*fact.Fact, k *seal.Key) []Carried {
	var out []Carried
	for _, p := range Purposes {
		s := fact.SubjectOf(RegisterID(record, p), facts[p], nil)
		heads := s.Heads(fact.Is[Stated])
		if len(heads) == 0 || s.Last(fact.Is[Ended]) != nil {
			continue
		}
		var stands Stated
		for _, h := range heads {
			b, _ := fact.As[Stated](h)
			if stands = b; b.State != Given {
				break
			}
		}
		x := Carried{Stated: stands}
		if stands.Sealed != "" && k != nil {
			if plain, err := k.Open(stands.Sealed); err == nil {
				json.Unmarshal(plain, &x.Who)
			}
		}
		out = append(out, x)
	}
	return out
}

// Arrive prepares the consents of somebody who came from another centre, under the new record and its key. The scan of a form
// stays with the centre that filed it.
func Arrive(actor, record, centre id.ID, list []Carried, k *seal.Key) ([]fact.New, error) {
	var out []fact.New
	for _, x := range list {
		b := x.Stated
		b.Person, b.Scan, b.Sealed = record, id.Nil, ""
		if x.Who != (Who{}) {
			plain, err := json.Marshal(x.Who)
			if err != nil {
				return nil, err
			}
			b.Sealed = k.Seal(plain)
		}
		out = append(out, fact.New{Stream: person.Stream(centre), Kind: KindStated, Subject: RegisterID(record, b.Purpose), Actor: actor, Body: b})
	}
	return out, nil
}
