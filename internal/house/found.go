package house

import (
	"context"
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"tizi/countries"
	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/place"
)

// Founding is what an owner says on the first visit.
type Founding struct {
	Country    string // a country folder, "ma"
	Centre     string // the code of the centre this node stands in; "" for a headquarters
	Owner      string
	Login      string
	Passphrase string
	Lang       string
}

// Founded reports whether a node has an owner.
func (h *House) Founded(ctx context.Context) (bool, error) {
	return h.Access.Founded(ctx, h.DB)
}

// Code is what somebody has to know who sets the empty node up from another device: whoever can read its folder or its terminal. Every
// process of the node has the same.
func (h *House) Code() string {
	b := sha256.Sum256(h.Log.Identity().Sign([]byte("tizi first visit")))
	return node.CodeOf(b[:])
}

// Found loads a country's places, the centre this node stands in, and opens the owner's account. On a box that headquarters prepared
// the places are known, and the owner manages the centre.
func (h *House) Found(ctx context.Context, f Founding) error {
	if h.Prepared() {
		return h.foundPrepared(ctx, f)
	}
	country, err := countries.Load(strings.ToLower(f.Country))
	if err != nil {
		return err
	}
	// What can be refused is refused before anything is written.
	if err := access.CheckNewcomer(f.Owner, f.Login, f.Passphrase); err != nil {
		return err
	}
	var centre *countries.Place
	for i, p := range country.Places {
		if f.Centre != "" && strings.EqualFold(p.Code, strings.TrimSpace(f.Centre)) {
			centre = &country.Places[i]
		}
	}
	if f.Centre != "" && (centre == nil || centre.Type != "centre") {
		return fmt.Errorf("centre %q: %w", f.Centre, place.ErrUnknownPlace)
	}
	if err := h.Places.LoadCountry(ctx, id.Nil, f.Country, false); err != nil {
		return err
	}
	// Whoever founds a node answers for all of it: in a centre that stands alone there is nobody above.
	n := access.Newcomer{Name: f.Owner, Login: f.Login, Passphrase: f.Passphrase, Lang: f.Lang, Role: access.National, On: access.Place(place.ID(country.Code)), Stream: "hub"}
	if centre != nil {
		if _, _, err := h.Places.Describe(ctx, id.Nil, []place.Described{place.FromCountry(*centre)}); err != nil {
			return err
		}
		n.Stream, n.Founds = "centre/"+place.ID(centre.Code).String(), true
	}
	_, err = h.Access.Open(ctx, id.Nil, n)
	return err
}

// Centre returns the centre with a code. One that the country folder knows and the node does not is described first:
// whoever names it means it.
func (h *House) Centre(ctx context.Context, code string) (*place.Place, error) {
	tree, err := h.Places.Tree(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	if p := tree.Code(code); p != nil {
		return p, nil
	}
	for _, c := range tree.Countries() {
		country, err := countries.Load(strings.ToLower(c.Code))
		if err != nil {
			continue
		}
		for _, p := range country.Places {
			if p.Type != "centre" || !strings.EqualFold(p.Code, strings.TrimSpace(code)) {
				continue
			}
			if _, _, err := h.Places.Describe(ctx, id.Nil, []place.Described{place.FromCountry(p)}); err != nil {
				return nil, err
			}
			if tree, err = h.Places.Tree(ctx, h.DB); err != nil {
				return nil, err
			}
		}
	}
	return tree.Find(code)
}

// spare reports whether what a box said of the country while it ruled itself is no loss when it is paired: that its founder answers for
// the country, which is over then, and what the country folder says of a place of which headquarters says something.
func spare(f *fact.Fact, said bool) bool {
	if g, ok := fact.As[access.RoleGranted](f); ok {
		return f.Actor.IsNil() && g.Role == access.National
	}
	d, ok := fact.As[place.Described](f)
	code, _, _ := strings.Cut(d.Code, "-")
	if !ok || !said || code == "" {
		return false
	}
	country, err := countries.Load(strings.ToLower(code))
	return err == nil && slices.ContainsFunc(country.Places, func(p countries.Place) bool {
		return p.Code == d.Code && reflect.DeepEqual(place.FromCountry(p), d)
	})
}
