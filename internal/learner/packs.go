package learner

import (
	"context"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Pack is a course in a language that the devices of a centre keep, so that its lessons go on without a link.
type Pack struct {
	Course string
	Lang   i18n.Lang
}

// Packs returns what a centre chose.
func (l *Learners) Packs(ctx context.Context, q store.Querier, centre id.ID) (out []Pack, err error) {
	err = q.Each(ctx, "SELECT course, lang FROM learner_pack WHERE centre = ? ORDER BY course, lang", store.Args(centre), func(r store.Row) error {
		var p Pack
		var lang string
		err := r.Scan(&p.Course, &lang)
		p.Lang = i18n.Lang(lang)
		out = append(out, p)
		return err
	})
	return out, err
}

// SetPacks says which languages of a course the devices of a centre of the scope keep; none: it is kept no more.
func (l *Learners) SetPacks(ctx context.Context, actor id.ID, scope access.Scope, centre id.ID, course string, langs []i18n.Lang) error {
	if !scope.Has(centre) {
		return access.ErrDenied
	}
	now := l.log.Clock.Now().UnixMilli()
	return l.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Exec(ctx, "DELETE FROM learner_pack WHERE centre = ? AND course = ?", centre, course); err != nil {
			return err
		}
		for _, lang := range langs {
			if err := tx.Exec(ctx, "INSERT INTO learner_pack (centre, course, lang, actor, changed) VALUES (?, ?, ?, ?, ?)", centre, course, string(lang), actor, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// Holding is a pack that a device says it holds.
type Holding struct {
	Pack
	Version id.ID
	Bytes   int64
	Since   time.Time
}

// MaxHolding is how many packs a device holds at most.
const MaxHolding = 200

// Hold notes what a device says that it holds. What it held before in the same version keeps its date.
func (l *Learners) Hold(ctx context.Context, device id.ID, all []Holding) error {
	now := l.log.Clock.Now().UnixMilli()
	return l.log.DB.Write(ctx, func(tx store.Tx) error {
		old, err := holdings(ctx, tx, device)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, "DELETE FROM learner_holds WHERE device = ?", device); err != nil {
			return err
		}
		for _, h := range all[:min(len(all), MaxHolding)] {
			since := now
			if i := slices.IndexFunc(old, func(o Holding) bool { return o.Pack == h.Pack && o.Version == h.Version }); i >= 0 {
				since = old[i].Since.UnixMilli()
			}
			err := tx.Exec(ctx, "INSERT INTO learner_holds (device, course, lang, version, bytes, since) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (device, course, lang, version) DO NOTHING", device, h.Course, string(h.Lang), h.Version, max(h.Bytes, 0), since)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Holdings returns what a device said last.
func (l *Learners) Holdings(ctx context.Context, q store.Querier, device id.ID) ([]Holding, error) {
	return holdings(ctx, q, device)
}

func holdings(ctx context.Context, q store.Querier, device id.ID) (out []Holding, err error) {
	err = q.Each(ctx, "SELECT course, lang, version, bytes, since FROM learner_holds WHERE device = ? ORDER BY course, lang, version", store.Args(device), func(r store.Row) error {
		var h Holding
		var lang string
		var since int64
		err := r.Scan(&h.Course, &lang, &h.Version, &h.Bytes, &since)
		h.Lang = i18n.Lang(lang)
		h.Since = time.UnixMilli(since)
		out = append(out, h)
		return err
	})
	return out, err
}
