package learner_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/card"
	"tizi/internal/consent"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

var (
	ctx  = context.Background()
	must = testnode.Must
	all  = access.Everywhere()
)

// school is a node with a group and a device of a centre, both new for each part.
type school struct {
	*house.House
	t             *testing.T
	clock         *testnode.Time
	centre, group id.ID
	tablet        *learner.Device
}

func open(t *testing.T, e store.Engine) *school {
	t.Helper()
	s := &school{t: t, clock: &testnode.Time{}, centre: place.ID("MA-ERR-MJ1")}
	s.clock.Set(testnode.Epoch)
	at := testhouse.Place(t, e)
	var err error
	s.House, err = house.Create(ctx, house.Config{Dir: t.TempDir(), Store: &at, Now: s.clock.Now})
	must(t, err)
	t.Cleanup(func() { s.House.Close() })
	must(t, s.Found(ctx, house.Founding{Country: "ma", Centre: "MA-ERR-MJ1", Owner: "Nadia", Login: "nadia", Passphrase: "une phrase de passe", Lang: "fr"}))
	must(t, s.Places.LoadCountry(ctx, id.Nil, "ma", true))
	_, err = s.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}},
		Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 20}}})
	must(t, err)
	return s
}

func (s *school) device(name string, centre id.ID) *learner.Device {
	s.t.Helper()
	token, err := s.Learners.Enrol(ctx, id.Nil, all, centre, name, "test", "")
	must(s.t, err)
	d, err := s.Learners.DeviceOf(ctx, token)
	must(s.t, err)
	return d
}

// pupil is somebody with a seat, and what they come in with.
func (s *school) pupil(name, birth, way string) (id.ID, learner.Given) {
	s.t.Helper()
	p, err := s.People.Register(ctx, id.Nil, s.centre, person.Details{"first_latin": name, "birth": birth, "sex": "f"}, nil)
	must(s.t, err)
	must(s.t, s.Consents.Record(ctx, id.Nil, all, p, []consent.Statement{{Purpose: consent.Training, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-03-01", Who: consent.Who{Name: "A parent"}}}))
	_, err = s.Training.Place(ctx, id.Nil, all, s.group, []id.ID{p}, "2026-03-02")
	must(s.t, err)
	return p, s.give(p, way)
}

func (s *school) give(p id.ID, way string) learner.Given {
	s.t.Helper()
	g, err := s.Learners.Give(ctx, id.Nil, all, s.group, []id.ID{p}, way, i18n.FR)
	must(s.t, err)
	return g[0]
}

func (s *school) who(token string) *learner.Session {
	s.t.Helper()
	x, err := s.Learners.Who(ctx, token)
	must(s.t, err)
	return x
}

func (s *school) refused(what string, err, want error) {
	s.t.Helper()
	if !errors.Is(err, want) {
		s.t.Errorf("%s: %v, not %v", what, err, want)
	}
}

func wrongOf(g learner.Given) []string { return []string{g.Pictures[1], g.Pictures[0], g.Pictures[2]} }

// One node for all parts: it takes longer to make than they take.
func TestLearners(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		s := open(t, e)
		for name, part := range map[string]func(*testing.T, *school){"come in": comingIn, "are limited": limits, "are signed out": ends} {
			t.Run(name, func(t *testing.T) {
				s.t, s.tablet = t, s.device("Tablette", s.centre)
				prog := programme.ID("P")
				var err error
				s.group, err = s.Training.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: name, Programme: prog, Phase: programme.PhaseID(prog, "1"), Centre: s.centre})
				must(t, err)
				part(t, s)
			})
		}
	})
}

// comingIn is a learner with a card, pictures and words, and who may not come in with them.
func comingIn(t *testing.T, s *school) {
	l := s.Learners
	amina, a := s.pupil("Amina", "2016-05-01", learner.ByAge)
	_, b := s.pupil("Brahim", "2010-05-01", learner.ByAge)
	if len(a.Pictures) != learner.Picked || a.Words != "" || len(b.Pictures) != 0 || len(strings.Fields(b.Words)) != 4 || a.Avatar == b.Avatar {
		t.Fatalf("given: %+v %+v", a, b)
	}
	in := func(what string, token string, err error, want id.ID) {
		t.Helper()
		must(t, err)
		x := s.who(token)
		if x == nil || x.Person != want || x.Centre != s.centre {
			t.Errorf("%s: %+v", what, x)
		}
	}
	token, err := l.ByCard(ctx, s.tablet, a.Token)
	in("a card", token, err, amina)
	_, err = l.ByCard(ctx, s.tablet, a.Number)
	s.refused("a number alone", err, learner.ErrNumber)
	_, err = l.ByCard(ctx, s.tablet, strings.Repeat("1", card.TokenDigits))
	s.refused("a card of nobody", err, card.ErrUnknown)
	token, err = l.ByPictures(ctx, s.tablet, s.group, a.Avatar, a.Pictures)
	in("pictures", token, err, amina)
	_, err = l.ByPictures(ctx, s.tablet, s.group, a.Avatar, wrongOf(a))
	s.refused("pictures in another order", err, learner.ErrWrong)
	_, err = l.ByPictures(ctx, s.tablet, s.group, b.Avatar, nil)
	s.refused("no pictures of whoever has words", err, learner.ErrWrong)
	_, err = l.ByWords(ctx, s.tablet, s.group, a.Avatar, "")
	s.refused("no words of whoever has pictures", err, learner.ErrWrong)
	token, err = l.ByWords(ctx, s.tablet, s.group, b.Avatar, "  "+strings.ToUpper(b.Words)+" ")
	must(t, err)
	if _, words, err := l.Whose(ctx, s.tablet, s.group, b.Avatar); err != nil || !words {
		t.Errorf("words are asked for: %v %v", words, err)
	}
	brahim := s.who(token)
	// A password of one's own takes the place of the words.
	s.refused("without the words", l.SetPassword(ctx, brahim, "other", "motdepasse"), learner.ErrWrong)
	s.refused("short", l.SetPassword(ctx, brahim, b.Words, "court"), learner.ErrShort)
	must(t, l.SetPassword(ctx, brahim, b.Words, "Mot de passe"))
	_, err = l.ByWords(ctx, s.tablet, s.group, b.Avatar, b.Words)
	s.refused("the words of before", err, learner.ErrWrong)
	token, err = l.ByWords(ctx, s.tablet, s.group, b.Avatar, "Mot de passe")
	in("a password", token, err, brahim.Person)
	token, err = l.Begin(ctx, s.centre, amina, s.tablet.ID)
	must(t, err)
	s.refused("a child", l.SetPassword(ctx, s.who(token), "", "motdepasse"), learner.ErrYoung)
	// From home: where the centre allows it, with the number and the password.
	_, err = l.ByNumber(ctx, nil, "10.0.0.1", b.Number, "Mot de passe")
	s.refused("from home", err, learner.ErrOutside)
	must(t, l.SetOutside(ctx, id.Nil, all, s.centre, true))
	home, err := l.ByNumber(ctx, nil, "10.0.0.1", b.Number, "Mot de passe")
	in("from home", home, err, brahim.Person)
	if s.who(home).Shared() {
		t.Error("one's own device is not shared")
	}
	_, err = l.ByNumber(ctx, nil, "10.0.0.1", a.Number, "")
	s.refused("a child from home, with nothing", err, learner.ErrWrong)
	_, err = l.ByNumber(ctx, nil, "10.0.0.1", "00000000", "Mot de passe")
	s.refused("a number of nobody", err, learner.ErrWrong)
	must(t, l.SetOutside(ctx, id.Nil, all, s.centre, false))
	if s.who(home) != nil {
		t.Error("from home after it was closed")
	}
	// A device of another centre lets nobody of this one in.
	other := s.device("Ailleurs", place.ID("MA-CAS-MJ1"))
	_, err = l.ByCard(ctx, other, a.Token)
	s.refused("at another centre", err, learner.ErrNoSeat)
	if _, err = l.ByPictures(ctx, other, s.group, a.Avatar, a.Pictures); !errors.Is(err, learner.ErrNoSeat) {
		t.Errorf("pictures at another centre: %v", err)
	}
	// Given anew: the old card and pictures end, with the session; the avatar stays.
	token, err = l.ByCard(ctx, s.tablet, a.Token)
	must(t, err)
	again := s.give(amina, learner.AllPictures)
	if s.who(token) != nil || again.Avatar != a.Avatar {
		t.Errorf("after new pictures: %v, %s for %s", s.who(token), again.Avatar, a.Avatar)
	}
	_, err = l.ByCard(ctx, s.tablet, a.Token)
	s.refused("the old card", err, card.ErrEnded)
}

// limits: five wrong tries of a learner and twenty on a device lock until somebody unlocks, whatever comes at once.
func limits(t *testing.T, s *school) {
	l := s.Learners
	amina, a := s.pupil("Amina", "2016-05-01", learner.AllPictures)
	// Wrong ones at once: no more than five are looked at.
	var wg sync.WaitGroup
	errs := make([]error, 12)
	for i := range errs {
		wg.Go(func() { _, errs[i] = l.ByPictures(ctx, s.tablet, s.group, a.Avatar, wrongOf(a)) })
	}
	wg.Wait()
	wrong, locks := 0, 0
	for _, err := range errs {
		if errors.Is(err, learner.ErrWrong) {
			wrong++
		} else if errors.Is(err, learner.ErrLocked) {
			locks++
		}
	}
	if wrong != learner.MaxLearner || wrong+locks != len(errs) {
		t.Fatalf("at once: %v", errs)
	}
	s.clock.Move(24 * time.Hour)
	_, err := l.ByPictures(ctx, s.tablet, s.group, a.Avatar, a.Pictures)
	s.refused("the right ones a day later", err, learner.ErrLocked)
	_, err = l.ByCard(ctx, s.tablet, a.Token)
	s.refused("the card of a locked learner", err, learner.ErrLocked)
	since, err := l.Locked(ctx, s.DB, []id.ID{amina})
	if err != nil || since[amina].IsZero() {
		t.Errorf("nobody is told: %v %v", since, err)
	}
	must(t, l.Unlock(ctx, amina))
	for range 2 { // who is right in the end has not used up tries
		for range learner.MaxLearner - 1 {
			_, err = l.ByPictures(ctx, s.tablet, s.group, a.Avatar, wrongOf(a))
			s.refused("wrong", err, learner.ErrWrong)
		}
		if _, err = l.ByPictures(ctx, s.tablet, s.group, a.Avatar, a.Pictures); err != nil {
			t.Errorf("the fifth, right: %v", err)
		}
		s.clock.Move(learner.TryWindow)
	}
	// A device: cards of nobody, in which no learner is tried.
	for i := range learner.MaxDevice {
		_, err = l.ByCard(ctx, s.tablet, strings.Repeat("1", card.TokenDigits-2)+string(rune('0'+i/10))+string(rune('0'+i%10)))
		s.refused("a card of nobody", err, card.ErrUnknown)
	}
	s.clock.Move(time.Hour)
	_, err = l.ByCard(ctx, s.tablet, a.Token)
	s.refused("a good card on a locked device", err, learner.ErrLockedDevice)
	second := s.device("Tablette 2", s.centre)
	if _, err = l.ByCard(ctx, second, a.Token); err != nil {
		t.Errorf("another device: %v", err)
	}
	devices, err := l.Devices(ctx, s.DB, access.At(s.centre))
	for _, d := range devices {
		if d.Locked != (d.ID == s.tablet.ID) {
			t.Errorf("%s is locked: %v", d.Name, d.Locked)
		}
	}
	if err != nil || len(devices) < 2 {
		t.Errorf("devices: %v %v", devices, err)
	}
	s.refused("unlocked by whoever may not", l.UnlockDevice(ctx, access.At(), s.tablet.ID), learner.ErrNoDevice)
	must(t, l.UnlockDevice(ctx, access.At(s.centre), s.tablet.ID))
	if _, err = l.ByCard(ctx, s.tablet, a.Token); err != nil {
		t.Errorf("unlocked: %v", err)
	}
	// From outside an address waits, and nobody needs to unlock it.
	for range learner.MaxDevice {
		_, err = l.ByNumber(ctx, nil, "10.0.0.9", "00000000", "x")
		s.refused("outside", err, learner.ErrWrong)
	}
	_, err = l.ByNumber(ctx, nil, "10.0.0.9", "00000000", "x")
	s.refused("outside, too often", err, learner.ErrTooMany)
	s.clock.Move(learner.TryWindow)
	_, err = l.ByNumber(ctx, nil, "10.0.0.9", "00000000", "x")
	s.refused("outside, later", err, learner.ErrWrong)
}

// ends: idle, device struck, group left, person merged, erased.
func ends(t *testing.T, s *school) {
	l := s.Learners
	amina, a := s.pupil("Amina", "2016-05-01", learner.AllPictures)
	begin := func() string {
		t.Helper()
		token, err := l.Begin(ctx, s.centre, amina, s.tablet.ID)
		must(t, err)
		return token
	}
	token := begin()
	for range 6 {
		s.clock.Move(learner.SharedIdle - time.Minute)
		if s.who(token) == nil {
			t.Fatal("signed out while something was done")
		}
	}
	s.clock.Move(learner.SharedIdle + time.Second)
	if s.who(token) != nil {
		t.Error("idle for more than ten minutes")
	}
	token = begin()
	must(t, l.End(ctx, token))
	if s.who(token) != nil {
		t.Error("signed out")
	}
	// One who is the same person under another record, whose card opens the seat too; and not when that is taken back.
	double, err := s.People.Register(ctx, id.Nil, s.centre, person.Details{"first_latin": "Amina", "birth": "2016-05-01", "sex": "f"}, nil)
	must(t, err)
	k, err := s.Cards.Make(ctx, id.Nil, all, []id.ID{double})
	must(t, err)
	_, err = l.ByCard(ctx, s.tablet, k[0].Token)
	s.refused("a record without a seat", err, learner.ErrNoSeat)
	must(t, s.People.Merge(ctx, id.Nil, all, amina, double, "papers"))
	token, err = l.ByCard(ctx, s.tablet, k[0].Token)
	must(t, err)
	if x := s.who(token); x == nil || x.Person != amina {
		t.Errorf("a merged record: %+v", x)
	}
	for range learner.MaxLearner {
		_, err = l.ByPictures(ctx, s.tablet, s.group, a.Avatar, wrongOf(a))
		s.refused("wrong", err, learner.ErrWrong)
	}
	_, err = l.ByCard(ctx, s.tablet, k[0].Token)
	s.refused("the other card of a locked learner", err, learner.ErrLocked)
	must(t, l.Unlock(ctx, double))
	// The device is struck.
	must(t, l.Strike(ctx, all, s.tablet.ID))
	if s.who(token) != nil {
		t.Error("the device is struck")
	}
	s.tablet = s.device("Tablette 2", s.centre)
	token = begin()
	avatars, _, err := l.Avatars(ctx, s.tablet, s.group)
	if err != nil || !slices.Equal(avatars, []string{a.Avatar}) {
		t.Errorf("avatars %v %v", avatars, err)
	}
	groups, err := l.Groups(ctx, s.tablet)
	if err != nil || !slices.ContainsFunc(groups, func(g learner.Group) bool { return g.ID == s.group }) {
		t.Errorf("groups %v %v", groups, err)
	}
	must(t, s.Training.Leave(ctx, id.Nil, all, s.group, amina, "moved", "2026-03-03"))
	if s.who(token) != nil {
		t.Error("left the group")
	}
	_, err = l.ByPictures(ctx, s.tablet, s.group, a.Avatar, a.Pictures)
	s.refused("pictures of whoever left", err, learner.ErrNoSeat)
	if avatars, _, _ := l.Avatars(ctx, s.tablet, s.group); len(avatars) != 0 {
		t.Error("the avatar of whoever left is shown")
	}
	// Erased: nothing of theirs stays.
	brahim, b := s.pupil("Brahim", "2010-05-01", learner.AllWords)
	token, err = l.ByWords(ctx, s.tablet, s.group, b.Avatar, b.Words)
	must(t, err)
	_, err = l.ByWords(ctx, s.tablet, s.group, b.Avatar, "wrong")
	s.refused("wrong", err, learner.ErrWrong)
	must(t, s.Erase(ctx, []id.ID{brahim}, s.centre))
	if s.who(token) != nil {
		t.Error("erased")
	}
	for _, q := range []string{"SELECT count(*) FROM learner_session WHERE person = ?", "SELECT count(*) FROM learner_avatar WHERE person = ?", "SELECT count(*) FROM learner_secret WHERE person = ?", "SELECT count(*) FROM card WHERE person = ?"} {
		var n int
		if _, err := store.One(ctx, s.DB, q, store.Args(brahim), &n); err != nil || n != 0 {
			t.Errorf("%s: %d %v", q, n, err)
		}
	}
	var n int
	if _, err := store.One(ctx, s.DB, "SELECT count(*) FROM learner_try WHERE who = ?", store.Args(brahim.Hex()), &n); err != nil || n != 0 {
		t.Errorf("%d tries of whoever is erased %v", n, err)
	}
}
