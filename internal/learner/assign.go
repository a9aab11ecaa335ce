package learner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tizi/internal/access"
	"tizi/internal/card"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/store"
)

// GrownAt is the age from which words take the place of pictures.
const GrownAt = 12

// How a trainer gives people what they come in with.
const (
	ByAge       = "age"      // pictures, and from GrownAt words
	AllPictures = "pictures" // pictures for all
	AllWords    = "words"    // words for all: to come in from home
)

// Ways are all of them, that which is usual first.
var Ways = []string{ByAge, AllPictures, AllWords}

// Given is what somebody comes in with. It is shown once: of the card, the pictures and the words only hashes stay.
type Given struct {
	card.Card
	Avatar   string
	Pictures []string // three, in their order; none of whoever has words
	Words    string   // four, in the language that was chosen; "" of whoever has pictures
}

// Errors of giving.
var (
	ErrWay      = errors.New("this is no way to sign in")
	ErrAllTaken = errors.New("there are no more avatars for this group")
	ErrShort    = errors.New("a password has 8 to 200 characters")
	ErrYoung    = errors.New("a learner of less than 12 years comes in with a card or pictures")
)

// aged reports whether somebody is at least GrownAt on a day; of whom no birth date is known, the answer is no.
func aged(birth, today string) bool {
	n, ok := measure.Age(birth, today)
	return ok && n >= GrownAt
}

// Give gives people of a group of the scope a new card, an avatar that is theirs in the group and stays, and pictures or words, in
// their order. What they had before ends, with the sessions that were begun with it, and who was locked is not any more.
func (l *Learners) Give(ctx context.Context, actor id.ID, scope access.Scope, cohort id.ID, persons []id.ID, way string, lang i18n.Lang) ([]Given, error) {
	if !slices.Contains(Ways, way) {
		return nil, ErrWay
	}
	today := l.log.Clock.Now().Format(time.DateOnly)
	if _, err := l.training.Cohort(ctx, l.log.DB, scope, cohort, today); err != nil {
		return nil, err
	}
	roster, err := l.training.Roster(ctx, l.log.DB, cohort)
	if err != nil {
		return nil, err
	}
	seated := map[id.ID]bool{}
	for _, e := range roster {
		seated[e.Person] = Seated(e)
	}
	who, err := l.people.Of(ctx, l.log.DB, scope, persons)
	if err != nil {
		return nil, err
	}
	births := map[id.ID]string{}
	for _, p := range who {
		births[p.ID] = p.Details["birth"]
	}
	if len(persons) > len(Animals)*len(Colours) {
		return nil, ErrAllTaken
	}
	out, pictures, words := make([]Given, len(persons)), make([]string, len(persons)), make([]string, len(persons))
	for i, p := range persons {
		if _, known := births[p]; !known || !seated[p] {
			return nil, ErrNoSeat
		}
		if way == AllWords || way == ByAge && aged(births[p], today) {
			out[i].Words = wordsOf(lang)
			words[i] = access.HashSecret(spelt(out[i].Words))
		} else {
			out[i].Pictures = shuffled(Pictures)[:Picked]
			pictures[i] = access.HashSecret(secretOf(out[i].Pictures))
		}
	}
	now := l.log.Clock.Now().UnixMilli()
	err = l.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Lock(ctx, "learner"); err != nil {
			return err
		}
		has, taken := map[id.ID]string{}, map[string]bool{}
		err := tx.Each(ctx, "SELECT person, avatar FROM learner_avatar WHERE cohort = ?", store.Args(cohort), func(r store.Row) error {
			var p id.ID
			var avatar string
			err := r.Scan(&p, &avatar)
			has[p] = avatar
			return err
		})
		if err != nil {
			return err
		}
		for p, avatar := range has {
			if seated[p] {
				taken[avatar] = true
			} else if err := tx.Exec(ctx, "DELETE FROM learner_avatar WHERE cohort = ? AND person = ?", cohort, p); err != nil { // left the group
				return err
			}
		}
		for i, p := range persons {
			avatar := has[p]
			if avatar == "" {
				if avatar = freeAvatar(taken); avatar == "" {
					return ErrAllTaken
				}
				taken[avatar] = true
			}
			out[i].Avatar = avatar
			if err := tx.Exec(ctx, "INSERT INTO learner_avatar (cohort, person, avatar, pictures, actor, changed) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (cohort, person) DO UPDATE SET pictures = excluded.pictures, actor = excluded.actor, changed = excluded.changed",
				cohort, p, avatar, pictures[i], actor, now); err != nil {
				return err
			}
			if err := tx.Exec(ctx, "DELETE FROM learner_secret WHERE person = ?", p); err != nil {
				return err
			}
			if words[i] != "" {
				if err := tx.Exec(ctx, "INSERT INTO learner_secret (person, kind, secret, actor, changed) VALUES (?, 'words', ?, ?, ?)", p, words[i], actor, now); err != nil {
					return err
				}
			}
			if err := tx.Exec(ctx, "DELETE FROM learner_session WHERE person = ?", p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := l.Unlock(ctx, persons...); err != nil {
		return nil, err
	}
	cards, err := l.cards.Make(ctx, actor, scope, persons)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Card = cards[i]
	}
	return out, nil
}

// Held is what somebody has to come in with in a group.
type Held struct {
	Avatar string
	Since  time.Time
	Way    string // pictures, words or password
}

// Of returns what those of a group have. The caller has made sure that the reader may see them.
func (l *Learners) Of(ctx context.Context, q store.Querier, cohort id.ID) (map[id.ID]Held, error) {
	out := map[id.ID]Held{}
	err := q.Each(ctx, "SELECT a.person, a.avatar, a.pictures, a.changed, coalesce((SELECT s.kind FROM learner_secret s WHERE s.person = a.person), '') FROM learner_avatar a WHERE a.cohort = ?", store.Args(cohort), func(r store.Row) error {
		var p id.ID
		var h Held
		var pictures string
		var changed int64
		err := r.Scan(&p, &h.Avatar, &pictures, &changed, &h.Way)
		if pictures != "" {
			h.Way = "pictures"
		}
		h.Since = time.UnixMilli(changed)
		out[p] = h
		return err
	})
	return out, err
}

// SetPassword gives a learner of GrownAt or more a password of their own, which takes the place of words and pictures. old are the words or the
// password that they have; who has neither, and came in by card or pictures, needs none.
func (l *Learners) SetPassword(ctx context.Context, s *Session, old, password string) error {
	if !aged(s.Who.Details["birth"], l.log.Clock.Now().Format(time.DateOnly)) {
		return ErrYoung
	}
	password = strings.TrimSpace(password)
	if utf8.RuneCountInString(password) < MinPassword || utf8.RuneCountInString(password) > maxSecret {
		return ErrShort
	}
	t, err := l.ofLearner(ctx, s.Person)
	if err != nil {
		return err
	}
	right, err := l.attempt(ctx, t)
	if err != nil {
		return err
	}
	has, _, err := l.secret(ctx, s.Person)
	if err != nil {
		return err
	}
	if has.hash != "" && !has.is(old) {
		return ErrWrong
	}
	if err := right(t); err != nil {
		return err
	}
	hash := access.HashSecret(password)
	return l.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Exec(ctx, "DELETE FROM learner_secret WHERE person = ?", has.person); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "DELETE FROM learner_secret WHERE person = ?", s.Person); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "UPDATE learner_avatar SET pictures = '' WHERE person = ?", s.Person); err != nil {
			return err
		}
		return tx.Exec(ctx, "INSERT INTO learner_secret (person, kind, secret, actor, changed) VALUES (?, 'password', ?, ?, ?)", s.Person, hash, id.Nil, l.log.Clock.Now().UnixMilli())
	})
}

// HasSecret reports whether somebody has words or a password.
func (l *Learners) HasSecret(ctx context.Context, p id.ID) (bool, error) {
	has, _, err := l.secret(ctx, p)
	return has.hash != "", err
}
