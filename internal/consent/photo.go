package consent

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/picture"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// photo is a row of a photo that was not removed.
type photo struct {
	id, person, centre id.ID
	digest             blob.Digest
}

func (c *Consents) photos(ctx context.Context, q store.Querier, where string, args ...any) ([]photo, error) {
	var out []photo
	err := q.Each(ctx, "SELECT id, person, centre, digest FROM consent_photo WHERE "+where+" ORDER BY day DESC, id DESC", args, func(r store.Row) error {
		var p photo
		var digest string
		if err := r.Scan(&p.id, &p.person, &p.centre, &digest); err != nil {
			return err
		}
		var err error
		p.digest, err = blob.Parse(digest)
		out = append(out, p)
		return err
	})
	return out, err
}

// removal is the fact that a photo is gone.
func (c *Consents) removal(ctx context.Context, q store.Querier, actor id.ID, p photo, reason string) (fact.New, error) {
	all, err := c.log.Of(ctx, q, p.id)
	return fact.New{Stream: person.Stream(p.centre), Kind: KindRemoved, Subject: p.id, Actor: actor, Body: PhotoRemoved{reason}, Prev: fact.HeadsOf(all)}, err
}

// Destroy removes files whose keys are gone already, and what is left of the keys. A node that is cut off before it comes
// here does so at its next start (Sweep).
func (c *Consents) Destroy(ctx context.Context, gone []blob.Digest) error {
	var errs []error
	for _, d := range gone {
		errs = append(errs, c.blobs.Delete(d))
	}
	if len(gone) > 0 {
		// Where somebody reads an old state for long, the key is gone from the tables and its last trace goes with the next
		// purge, at night at the latest: what was withdrawn goes on its way.
		if err := c.log.DB.Purge(ctx, false, "seal_key"); !errors.Is(err, store.ErrBusy) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// SetPhoto keeps a portrait of a person in the scope who agreed to it. An earlier one is destroyed.
func (c *Consents) SetPhoto(ctx context.Context, actor id.ID, scope access.Scope, who id.ID, file []byte) error {
	portrait, err := picture.Photo(file)
	if err != nil {
		return err
	}
	p, err := c.people.Get(ctx, c.log.DB, scope, who)
	if err != nil {
		return err
	}
	if p == nil {
		return person.ErrUnknown
	}
	if ok, err := c.Has(ctx, c.log.DB, who, Image); err != nil || !ok {
		return errors.Join(err, ErrNoConsent)
	}
	stream, v := person.Stream(p.Centre), id.New()
	key, digest, err := c.keep(ctx, v, stream, portrait)
	if err != nil {
		return err
	}
	var gone []blob.Digest
	_, err = c.log.DoKeyed(ctx, fact.Command{Name: "keep a photo", Stream: stream, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		out := fact.Outcome{Keys: []*seal.Key{key}}
		gone = nil
		if now, err := c.people.Get(ctx, q, scope, who); err != nil || now == nil { // erased since
			return out, errors.Join(err, person.ErrUnknown)
		}
		if ok, err := c.Has(ctx, q, who, Image); err != nil || !ok {
			return out, errors.Join(err, ErrNoConsent)
		}
		old, err := c.photos(ctx, q, "person = ?", who)
		if err != nil {
			return out, err
		}
		out.Facts = []fact.New{{Stream: stream, Kind: KindPhoto, Subject: v, Actor: actor, Born: true, Body: PhotoTaken{who, digest, c.log.Clock.Now().Format(time.DateOnly)}}}
		for _, o := range old {
			n, err := c.removal(ctx, q, actor, o, "replaced")
			if err != nil {
				return out, err
			}
			gone, out.Facts = append(gone, o.digest), append(out.Facts, n)
		}
		return out, nil
	}}, c.records(who)) // a no that is said of another record ends it here
	if err != nil {
		return errors.Join(err, c.blobs.Delete(digest))
	}
	return c.Destroy(ctx, gone)
}

// records names all records of a person, as keys of a command.
func (c *Consents) records(who id.ID) func(context.Context, store.Querier) ([]id.ID, error) {
	return func(ctx context.Context, q store.Querier) ([]id.ID, error) { return person.Records(ctx, q, who) }
}

// keep seals a file with a key of its own, which the caller keeps.
func (c *Consents) keep(ctx context.Context, v id.ID, stream string, b []byte) (*seal.Key, blob.Digest, error) {
	if err := c.log.Keys.Begin(ctx, c.log.DB, stream); err != nil {
		return nil, blob.Digest{}, err
	}
	key, err := c.log.Keys.New(v, stream)
	if err != nil {
		return nil, blob.Digest{}, err
	}
	digest, _, err := c.blobs.PutSealed(key, bytes.NewReader(b))
	return key, digest, err
}

// RemovePhoto destroys the photos of a person in the scope, on whichever record: they show one face.
func (c *Consents) RemovePhoto(ctx context.Context, actor id.ID, scope access.Scope, who id.ID) error {
	p, err := c.people.Get(ctx, c.log.DB, scope, who)
	if err != nil {
		return err
	}
	if p == nil {
		return person.ErrUnknown
	}
	records := c.records(who)
	return c.remove(ctx, actor, p.Centre, "asked", func(ctx context.Context, q store.Querier) ([]photo, error) {
		all, err := records(ctx, q)
		if err != nil {
			return nil, err
		}
		in, args := store.In("person", all)
		return c.photos(ctx, q, in, args...)
	}, records)
}

// remove destroys some photos; keys name whom they show.
func (c *Consents) remove(ctx context.Context, actor, centre id.ID, reason string, which func(context.Context, store.Querier) ([]photo, error), keys func(context.Context, store.Querier) ([]id.ID, error)) error {
	var gone []blob.Digest
	_, err := c.log.DoKeyed(ctx, fact.Command{Name: "remove a photo", Stream: person.Stream(centre), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		gone = nil
		old, err := which(ctx, q)
		if err != nil {
			return out, err
		}
		for _, o := range old {
			n, err := c.removal(ctx, q, actor, o, reason)
			if err != nil {
				return out, err
			}
			gone, out.Facts = append(gone, o.digest), append(out.Facts, n)
		}
		return out, nil
	}}, keys)
	if err != nil {
		return err
	}
	return c.Destroy(ctx, gone)
}

// HasPhoto reports whether there is a photo that may be shown.
func (c *Consents) HasPhoto(ctx context.Context, q store.Querier, who id.ID) (bool, error) {
	l, err := c.photos(ctx, q, "person = ? AND "+Holding("consent_photo.person", Image), who)
	return len(l) > 0, err
}

// ErrNoFile is returned, wrapped, for a photo or a scan that there is not, or not any more.
var ErrNoFile = errors.New("there is no such picture")

// Photo returns the portrait of a person as JPEG while the consent to it stands. The caller has made sure that the reader
// may see the person.
func (c *Consents) Photo(ctx context.Context, q store.Querier, who id.ID) ([]byte, error) {
	l, err := c.photos(ctx, q, "person = ? AND "+Holding("consent_photo.person", Image), who)
	if err != nil {
		return nil, err
	}
	if len(l) == 0 {
		return nil, ErrNoFile
	}
	return c.open(ctx, q, l[0].id, l[0].digest)
}

func (c *Consents) open(ctx context.Context, q store.Querier, owner id.ID, d blob.Digest) ([]byte, error) {
	key, err := c.log.Keys.Get(ctx, q, owner)
	if errors.Is(err, seal.ErrNoKey) {
		return nil, ErrNoFile
	}
	if err != nil {
		return nil, err
	}
	r, err := c.blobs.OpenSealed(key, d)
	if errors.Is(err, blob.ErrMissing) {
		return nil, ErrNoFile
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// Sweep destroys what may not be here any more: photos whose consent ended elsewhere, and files whose removal was cut off.
func (c *Consents) Sweep(ctx context.Context) error {
	late, err := c.photos(ctx, c.log.DB, "NOT "+Holding("consent_photo.person", Image))
	if err != nil {
		return err
	}
	for _, p := range late {
		err := c.remove(ctx, id.Nil, p.centre, "withdrawn", func(ctx context.Context, q store.Querier) ([]photo, error) {
			return c.photos(ctx, q, "id = ?", p.id)
		}, c.records(p.person))
		if err != nil {
			return err
		}
	}
	var files []blob.Digest
	err = c.log.DB.Each(ctx, "SELECT digest FROM consent_gone", nil, func(r store.Row) error {
		var s string
		if err := r.Scan(&s); err != nil {
			return err
		}
		d, err := blob.Parse(s)
		if err == nil && c.blobs.Has(d) {
			files = append(files, d)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		return err
	}
	return c.Destroy(ctx, files)
}

// Gone prepares the end of what is kept of somebody who is erased. What they agreed to is counted no more, and photos are said
// to be gone; also throws away forms that wait, in the transaction. The files, of scanned forms too, are for the caller to
// remove when it is over.
func (c *Consents) Gone(ctx context.Context, q store.Querier, actor, who id.ID) (facts []fact.New, also func(context.Context, store.Tx) error, files []blob.Digest, err error) {
	lost, err := c.photos(ctx, q, "person = ?", who)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, p := range lost {
		n, err := c.removal(ctx, q, actor, p, "erased")
		if err != nil {
			return nil, nil, nil, err
		}
		facts, files = append(facts, n), append(files, p.digest)
	}
	centres, err := c.people.Centres(ctx, q, []id.ID{who})
	if err != nil {
		return nil, nil, nil, err
	}
	for _, p := range Purposes {
		all, err := c.log.Of(ctx, q, RegisterID(who, p))
		if err != nil {
			return nil, nil, nil, err
		}
		if len(all) > 0 {
			facts = append(facts, fact.New{Stream: person.Stream(centres[who]), Kind: KindEnded, Subject: RegisterID(who, p), Actor: actor, Body: Ended{who}, Prev: fact.HeadsOf(all)})
		}
	}
	scans, err := blob.Select(ctx, q, "SELECT digest FROM consent_scan WHERE person = ?", store.Args(who))
	if err != nil {
		return nil, nil, nil, err
	}
	files = append(files, scans...)
	// A signed form that nobody has filed yet says the name too, and its code says whose it is.
	waits, err := c.tray(ctx, q, access.Everywhere(), " AND form IN (SELECT id FROM consent_form WHERE person = ?)", who)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, w := range waits {
		files = append(files, w.digest)
	}
	return facts, func(ctx context.Context, tx store.Tx) error {
		for _, w := range waits {
			if err := c.untray(ctx, tx, w); err != nil {
				return err
			}
		}
		return nil
	}, files, nil
}

// Kept is a photo or a signed form of a person, as JPEG.
type Kept struct {
	On    string // civil date
	Photo bool
	JPEG  []byte
}

// Pictures returns the photo of a person, while the consent to it stands, and the signed forms, the latest first. The
// caller has made sure that the reader may see the person.
func (c *Consents) Pictures(ctx context.Context, q store.Querier, who id.ID) ([]Kept, error) {
	var out []Kept
	var owners []id.ID
	var digests []string
	err := q.Each(ctx, "SELECT id, 1, day, digest FROM consent_photo WHERE person = ? AND "+Holding("consent_photo.person", Image)+" UNION ALL SELECT person, 0, day, digest FROM consent_scan WHERE person = ? ORDER BY 2 DESC, 3 DESC", store.Args(who, who), func(r store.Row) error {
		var k Kept
		var owner id.ID
		var digest string
		err := r.Scan(&owner, &k.Photo, &k.On, &digest)
		out, owners, digests = append(out, k), append(owners, owner), append(digests, digest)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range out {
		d, err := blob.Parse(digests[i])
		if err != nil {
			return nil, err
		}
		// A file that has not come to this node is not known here.
		if out[i].JPEG, err = c.open(ctx, q, owners[i], d); err != nil && !errors.Is(err, ErrNoFile) {
			return nil, err
		}
	}
	return slices.DeleteFunc(out, func(k Kept) bool { return k.JPEG == nil }), nil
}

// Files returns the subjects of the facts about the photos and scans of a person that are there.
func (c *Consents) Files(ctx context.Context, q store.Querier, who id.ID) ([]id.ID, error) {
	var out []id.ID
	err := q.Each(ctx, "SELECT id FROM consent_photo WHERE person = ? UNION ALL SELECT id FROM consent_scan WHERE person = ?", store.Args(who, who), func(r store.Row) error {
		var v id.ID
		err := r.Scan(&v)
		out = append(out, v)
		return err
	})
	return out, err
}

// InTray returns the files of forms that nobody has filed yet.
func (c *Consents) InTray(ctx context.Context, q store.Querier) ([]blob.Digest, error) {
	return blob.Select(ctx, q, "SELECT digest FROM consent_tray", nil)
}

// Blobs tells of the files that this area keeps for some centres, or of some files, in which stream a fact speaks of them; nil
// is all.
func (c *Consents) Blobs(ctx context.Context, q store.Querier, centres []id.ID, among []blob.Digest, add func(stream string, d blob.Digest)) error {
	where, args := "1 = 1", []any(nil)
	if centres != nil {
		where, args = store.In("centre", centres)
	}
	if among != nil {
		where += " AND digest IN (?" + strings.Repeat(", ?", len(among)-1) + ")"
		for _, d := range among {
			args = append(args, d.String())
		}
	}
	return q.Each(ctx, "SELECT centre, digest FROM consent_photo WHERE "+where+" UNION ALL SELECT centre, digest FROM consent_scan WHERE "+where+" AND person NOT IN ("+seal.AllErased+") UNION ALL SELECT centre, digest FROM consent_recording WHERE "+where, slices.Concat(args, args, args), func(r store.Row) error {
		var centre id.ID
		var digest string
		if err := r.Scan(&centre, &digest); err != nil {
			return err
		}
		d, err := blob.Parse(digest)
		if err == nil {
			add(person.Stream(centre), d)
		}
		return err
	})
}
