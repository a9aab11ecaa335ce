package demo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"time"

	"tizi/countries"
	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/family"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/place"
)

// consented are the shares of children whose forms are at the centre, by purpose.
var consented = []struct {
	purpose consent.Purpose
	share   float64
}{{consent.Training, .95}, {consent.Image, .62}, {consent.FollowUp, .48}, {consent.Research, .31}}

// agreed are the consents of a new child: forms held at the centre.
func agreed(rng *rand.Rand, actor, centre, child id.ID, birth, on string) []fact.New {
	var out []fact.New
	for _, c := range consented {
		if rng.Float64() < c.share {
			out = append(out, consent.Held(actor, centre, child, birth, c.purpose, consent.FirstText(c.purpose), "list", on))
		}
	}
	return out
}

// families gives some children guardians, photos and messages, and lets some consents be refused or withdrawn.
func (s *simulation) families(ctx context.Context) error {
	rng := rand.New(rand.NewPCG(s.o.Seed, 77))
	today := s.today.Format(time.DateOnly)
	for i, c := range s.centres {
		here := access.At(c.ID)
		list, err := s.h.People.List(ctx, s.h.DB, here, person.Filter{Size: 40})
		if err != nil {
			return err
		}
		played := c.ID == place.ID(Players[2].Place)
		photos, guardians := 2, 2
		if played {
			photos, guardians = 14, 6
		}
		for n, p := range list.People {
			has, err := s.h.Consents.Has(ctx, s.h.DB, p.ID, consent.Image)
			if err != nil {
				return err
			}
			if has && photos > 0 {
				photos--
				if err := s.h.Consents.SetPhoto(ctx, s.head, here, p.ID, portrait(rng)); err != nil {
					return err
				}
			}
			if guardians > 0 && n%3 == 0 {
				guardians--
				name := countries.Pick(s.names.Female, rng).FR + " " + p.Details["last_latin"]
				if _, err := s.h.Family.Welcome(ctx, id.Nil, here, p.ID, family.Who{Name: name, Phone: fmt.Sprintf("+2126000000%02d", n), Relation: family.Relations[rng.IntN(2)]}, "fr", true, true); err != nil {
					return err
				}
			}
			if n%17 == 5 { // a no, said at the desk
				state := consent.Refused
				if has {
					state = consent.Withdrawn
				}
				if err := s.h.Consents.Record(ctx, s.manager, here, p.ID, []consent.Statement{{Purpose: consent.Image, State: state, Giver: consent.ByGuardian, Method: "paper", On: today, Who: consent.Who{Name: "Parent " + p.Details["last_latin"], Relation: "father"}}}); err != nil {
					return err
				}
			}
		}
		if played {
			if err := s.play(ctx, here, list.People); err != nil {
				return err
			}
		}
		s.progress("families", i+1, len(s.centres))
	}
	return nil
}

// play gives the guardian who can be played two children, and a conversation.
func (s *simulation) play(ctx context.Context, here access.Scope, people []*person.Person) error {
	today := s.today.Format(time.DateOnly)
	who := family.Who{Name: Players[4].Name, Phone: "+212600000001", Relation: "mother"}
	n := 0
	for _, p := range people {
		has, err := s.h.Consents.HasPhoto(ctx, s.h.DB, p.ID)
		if err != nil {
			return err
		}
		l, err := s.h.Training.OfPerson(ctx, s.h.DB, here, p.ID)
		if err != nil {
			return err
		}
		if !has || len(l) == 0 || l[0].Cohort.IsNil() || l[0].State != "enrolled" {
			continue
		}
		if err := s.h.Family.Link(ctx, s.head, here, p.ID, s.parent, who, true, true); err != nil {
			return err
		}
		err = s.h.Consents.Record(ctx, s.parent, here, p.ID, []consent.Statement{{Purpose: consent.Training, State: consent.Given, Giver: consent.ByGuardian, Method: "screen", Assent: "yes", On: today, Who: consent.Who{Name: who.Name, Relation: who.Relation}}})
		if err != nil {
			return err
		}
		if n++; n == 1 {
			for _, m := range []struct {
				from id.ID
				text string
			}{{s.head, "Bonjour, la séance de samedi commence une demi-heure plus tôt."}, {s.parent, "Merci. Son oncle viendra le chercher cette fois."}, {s.head, "C’est noté, à samedi."}} {
				if err := s.h.Family.Send(ctx, m.from, here, p.ID, s.parent, m.text); err != nil {
					return err
				}
			}
			if err := s.h.Family.NameFetcher(ctx, s.parent, here, p.ID, family.Who{Name: "Brahim Ouhaddou", Relation: "aunt_uncle"}); err != nil {
				return err
			}
			if err := s.h.Looks.Note(ctx, s.trainer[place.ID(Players[3].Place)][0], look.Read, p.ID); err != nil {
				return err
			}
			if err := s.h.Looks.Note(ctx, s.head, look.Consent, p.ID); err != nil {
				return err
			}
		}
		if n == 2 {
			break
		}
	}
	return nil
}

// portrait draws a picture that is nobody: a head and shoulders in flat colours.
func portrait(rng *rand.Rand) []byte {
	palette := []color.RGBA{{0x0b, 0x64, 0x57, 255}, {0x35, 0x38, 0xb0, 255}, {0xa8, 0x40, 0x1f, 255}, {0xf0, 0xb4, 0x29, 255}, {0x4d, 0x58, 0x70, 255}}
	skin := []color.RGBA{{0xe8, 0xc3, 0xa0, 255}, {0xc9, 0x96, 0x6b, 255}, {0x9c, 0x6a, 0x45, 255}}
	back, dress, hair := palette[rng.IntN(5)], palette[rng.IntN(5)], color.RGBA{0x2b, 0x1d, 0x14, 255}
	face := skin[rng.IntN(3)]
	const side = 120
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	round := func(x, y, cx, cy, rx, ry int) bool {
		return (x-cx)*(x-cx)*ry*ry+(y-cy)*(y-cy)*rx*rx <= rx*rx*ry*ry
	}
	for y := range side {
		for x := range side {
			c := color.RGBA{back.R/2 + 110, back.G/2 + 110, back.B/2 + 110, 255}
			switch {
			case round(x, y, 60, 54, 21, 26):
				c = face
			case round(x, y, 60, 46, 28, 30):
				c = hair
			case round(x, y, 60, 126, 50, 44):
				c = dress
			}
			img.SetRGBA(x, y, c)
		}
	}
	for _, e := range []image.Point{{52, 54}, {68, 54}} {
		for y := -2; y <= 2; y++ {
			for x := -2; x <= 2; x++ {
				img.SetRGBA(e.X+x, e.Y+y, hair)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic("demo: " + err.Error()) // a picture of ours
	}
	return b.Bytes()
}
