package learner

import (
	"context"
	"errors"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/card"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
	"tizi/internal/training"
)

// ErrNumber is returned for the number of a card without anything else: it is printed for whoever stands at a door, and proves
// nothing.
var ErrNumber = errors.New("the number of a card opens nothing; show its code")

// ErrOutside is returned where a centre does not let its learners in from devices that are not its own.
var ErrOutside = errors.New("learners of this centre sign in on the devices of the centre")

// held is a secret and whose record it hangs from.
type held struct {
	person     id.ID
	kind, hash string
}

// is reports whether what was typed is the secret. No secret takes as long, and is none.
func (h held) is(typed string) bool {
	if h.kind == "words" {
		return access.MatchesSecret(h.hash, spelt(typed))
	}
	return access.MatchesSecret(h.hash, cut(typed))
}

// secret returns the words or the password of somebody, under whichever record, and whether there are any.
func (l *Learners) secret(ctx context.Context, p id.ID) (h held, found bool, err error) {
	all, err := person.Records(ctx, l.log.DB, p)
	if err != nil {
		return h, false, err
	}
	in, args := store.In("person", all)
	found, err = store.One(ctx, l.log.DB, "SELECT person, kind, secret FROM learner_secret WHERE "+in+" ORDER BY changed DESC LIMIT 1", args, &h.person, &h.kind, &h.hash)
	return h, found, err
}

// Group is a group whose learners come in at a device.
type Group struct {
	ID   id.ID
	Name string
}

// Groups returns the groups of the centre of a device in which somebody has an avatar, in the order of their names.
func (l *Learners) Groups(ctx context.Context, d *Device) ([]Group, error) {
	var cohorts []id.ID
	err := l.log.DB.Each(ctx, "SELECT DISTINCT cohort FROM learner_avatar", nil, func(r store.Row) error {
		var c id.ID
		err := r.Scan(&c)
		cohorts = append(cohorts, c)
		return err
	})
	if err != nil || len(cohorts) == 0 {
		return nil, err
	}
	var out []Group
	for after := ""; ; {
		list, next, err := l.training.Cohorts(ctx, l.log.DB, access.At(d.Centre), training.CohortFilter{After: after}, l.today())
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			if !c.Closed && slices.Contains(cohorts, c.ID) {
				out = append(out, Group{c.ID, c.Name})
			}
		}
		if after = next; after == "" {
			return out, nil
		}
	}
}

func (l *Learners) today() string { return l.log.Clock.Now().Format(time.DateOnly) }

// Avatars returns the avatars of those who have a seat in a group of the centre of a device, and the name of the group; or
// training.ErrNoGroup.
func (l *Learners) Avatars(ctx context.Context, d *Device, cohort id.ID) (avatars []string, name string, err error) {
	c, err := l.training.Cohort(ctx, l.log.DB, access.At(d.Centre), cohort, l.today())
	if err != nil {
		return nil, "", err
	}
	roster, err := l.training.Roster(ctx, l.log.DB, cohort)
	if err != nil {
		return nil, "", err
	}
	has, err := l.Of(ctx, l.log.DB, cohort)
	if err != nil {
		return nil, "", err
	}
	for _, e := range roster {
		if h := has[e.Person]; Seated(e) && h.Way != "" {
			avatars = append(avatars, h.Avatar)
		}
	}
	slices.SortFunc(avatars, func(a, b string) int { return order(a) - order(b) })
	return avatars, c.Name, nil
}

// order puts avatars of one animal beside each other, always in the same order: a child finds theirs where it was.
func order(avatar string) int {
	i := 0
	for _, a := range Animals {
		for _, c := range Colours {
			if a+"-"+c == avatar {
				return i
			}
			i++
		}
	}
	return i
}

// Whose says whose an avatar of a group at a device's centre is, and whether words are asked for and not pictures; or ErrNoSeat for
// one that nobody has, or somebody who left the group.
func (l *Learners) Whose(ctx context.Context, d *Device, cohort id.ID, avatar string) (p id.ID, words bool, err error) {
	p, pictures, err := l.avatar(ctx, d, cohort, avatar)
	return p, pictures == "", err
}

func (l *Learners) avatar(ctx context.Context, d *Device, cohort id.ID, avatar string) (p id.ID, pictures string, err error) {
	found, err := store.One(ctx, l.log.DB, "SELECT person, pictures FROM learner_avatar WHERE cohort = ? AND avatar = ?", store.Args(cohort, avatar), &p, &pictures)
	if err != nil {
		return id.Nil, "", err
	}
	if !found {
		return id.Nil, "", ErrNoSeat
	}
	_, err = l.seat(ctx, l.log.DB, d.Centre, p, cohort)
	return p, pictures, err
}

// ByCard begins a session for whoever shows the code of a card on a device: 128 random bits. The number under it does not do.
func (l *Learners) ByCard(ctx context.Context, d *Device, typed string) (token string, err error) {
	code, err := card.Read(typed)
	if err != nil {
		return "", err
	}
	if len(code) == card.NumberDigits {
		return "", ErrNumber
	}
	right, err := l.attempt(ctx, ofDevice(d))
	if err != nil {
		return "", err
	}
	p, err := l.cards.Whose(ctx, l.log.DB, code)
	if err != nil {
		return "", err
	}
	if err := right(); err != nil {
		return "", err
	}
	t, err := l.ofLearner(ctx, p)
	if err != nil {
		return "", err
	}
	if err := l.free(ctx, t); err != nil {
		return "", err
	}
	return l.begin(ctx, d.Centre, p, id.Nil, d.ID)
}

// ByPictures begins a session for whoever chooses the three pictures of an avatar in their order.
func (l *Learners) ByPictures(ctx context.Context, d *Device, cohort id.ID, avatar string, picked []string) (token string, err error) {
	p, pictures, err := l.avatar(ctx, d, cohort, avatar)
	if err != nil {
		return "", err
	}
	return l.guess(ctx, d, p, cohort, func() (bool, error) { return access.MatchesSecret(pictures, secretOf(picked)), nil })
}

// ByWords begins a session for whoever types the words or the password of an avatar.
func (l *Learners) ByWords(ctx context.Context, d *Device, cohort id.ID, avatar, typed string) (token string, err error) {
	p, _, err := l.avatar(ctx, d, cohort, avatar)
	if err != nil {
		return "", err
	}
	return l.guess(ctx, d, p, cohort, func() (bool, error) {
		h, _, err := l.secret(ctx, p)
		return err == nil && h.is(typed), err
	})
}

func (l *Learners) guess(ctx context.Context, d *Device, p, cohort id.ID, is func() (bool, error)) (token string, err error) {
	t, err := l.ofLearner(ctx, p)
	if err != nil {
		return "", err
	}
	right, err := l.attempt(ctx, t, ofDevice(d))
	if err != nil {
		return "", err
	}
	ok, err := is()
	if err != nil {
		return "", err
	}
	if !ok {
		return "", ErrWrong
	}
	if err := right(t); err != nil {
		return "", err
	}
	return l.begin(ctx, d.Centre, p, cohort, d.ID)
}

// ByNumber begins a session for whoever has a card's number and the words or the password that go with it. d is the device, or nil
// outside of the centre, where the centre of the learner must allow it; address is where the try comes from. Whose number it is
// nobody is told: a number that there is not is ErrWrong too.
func (l *Learners) ByNumber(ctx context.Context, d *Device, address, number, typed string) (token string, err error) {
	code, err := card.Read(number)
	if err != nil || len(code) != card.NumberDigits {
		return "", card.ErrCode
	}
	from, centre, device := ofAddress(address), id.Nil, id.Nil
	if d != nil {
		from, centre, device = ofDevice(d), d.Centre, d.ID
	}
	p, err := l.cards.Whose(ctx, l.log.DB, code)
	if err != nil && !errors.Is(err, card.ErrUnknown) && !errors.Is(err, card.ErrEnded) {
		return "", err
	}
	tries := []try{from}
	var h held
	if err == nil {
		t, err := l.ofLearner(ctx, p)
		if err != nil {
			return "", err
		}
		tries = append(tries, t)
		if h, _, err = l.secret(ctx, p); err != nil {
			return "", err
		}
	}
	right, err := l.attempt(ctx, tries...)
	if err != nil {
		return "", err
	}
	if !h.is(typed) {
		return "", ErrWrong
	}
	if err := right(tries[1:]...); err != nil {
		return "", err
	}
	if d == nil {
		at, err := l.people.Centres(ctx, l.log.DB, []id.ID{p})
		if err != nil {
			return "", err
		}
		centre = at[p]
		allowed, err := l.Outside(ctx, l.log.DB, centre)
		if err != nil {
			return "", err
		}
		if !allowed {
			return "", ErrOutside
		}
	}
	return l.begin(ctx, centre, p, id.Nil, device)
}
