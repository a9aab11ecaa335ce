package activity

import (
	"context"
	"crypto/rand"
	"errors"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/fault"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/person/list"
	"tizi/internal/programme"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Bounds of what a device may do without an account.
const (
	MaxSent  = 60 // registrations in TriesIn: a centre's people share an address
	MaxAsked = 60 // codes that there are not
	TriesIn  = time.Hour
)

// ConsentText is the version of the text that whoever registers agrees to: activity.consent of the catalogue.
const ConsentText = "2026-11"

// letters of a code: none that is taken for another, by eye or by ear.
const letters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

var codeShape = regexp.MustCompile(`^[` + letters + `]{4}-[` + letters + `]{4}$`)

// NewCode draws a code. Some 6·10¹¹ there are, so that nobody finds one by trying.
func NewCode() string {
	b := make([]byte, 0, 9)
	for len(b) < 9 {
		var r [1]byte
		rand.Read(r[:])
		if len(b) == 4 {
			b = append(b, '-')
		}
		if int(r[0]) < 256/len(letters)*len(letters) {
			b = append(b, letters[int(r[0])%len(letters)])
		}
	}
	return string(b)
}

// ReadCode reads a code as typed or scanned, with the address that a QR code holds, or "" of what is none.
func ReadCode(typed string) string {
	typed = typed[strings.LastIndexByte(typed, '/')+1:]
	s := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return unicode.ToUpper(r)
	}, typed)
	if len(s) == 8 {
		s = s[:4] + "-" + s[4:]
	}
	if !codeShape.MatchString(s) {
		return ""
	}
	return s
}

// Visitor is somebody who registers. A name and a telephone number or an address of mail are needed; of a minor, a
// guardian.
type Visitor struct {
	Name, Phone, Mail            string
	Sex, Birth                   string // Birth is a year
	Situation, Milieu            string // Situation is one of Situations
	GuardianName, GuardianPhone  string
	Agreed                       bool // to the text of ConsentText
	AtDoor                       bool // registered by staff while the session goes on
	phone, guardian, arabic, lat string
}

// Situations are what somebody may say of what they do.
var Situations = append([]string{"graduate"}, programme.Categories...)

// check reads what was typed. On is the first day of the activity.
func (v *Visitor) check(on string) error {
	var f fault.Faults
	v.Name = strings.Join(strings.Fields(v.Name), " ")
	f.Add(list.NormaliseName(v.Name) == "", "name", "activity.fault.name")
	for field, s := range map[string]string{"name": v.Name, "mail": v.Mail, "guardian_name": v.GuardianName} {
		f.Add(utf8.RuneCountInString(s) > MaxName, field, "error.too_long", "n", MaxName)
	}
	if strings.IndexFunc(v.Name, func(r rune) bool { return unicode.Is(unicode.Arabic, r) }) >= 0 {
		v.arabic = v.Name
	} else {
		v.lat = v.Name
	}
	f.Add(v.Phone == "" && v.Mail == "", "phone", "activity.fault.contact")
	var err error
	if v.Phone != "" {
		v.phone, err = list.ParsePhone(v.Phone)
		f.Add(err != nil, "phone", "activity.fault.phone")
	}
	if v.Mail != "" {
		a, err := mail.ParseAddress(v.Mail)
		f.Add(err != nil || a.Name != "" || a.Address != v.Mail || !strings.Contains(v.Mail[strings.LastIndexByte(v.Mail, '@')+1:], "."), "mail", "activity.fault.mail")
		v.Mail = strings.ToLower(v.Mail)
	}
	f.Add(v.Sex != "" && v.Sex != "f" && v.Sex != "m", "sex", "agree.fault.not_offered")
	f.Add(v.Situation != "" && !slices.Contains(Situations, v.Situation), "situation", "agree.fault.not_offered")
	f.Add(v.Milieu != "" && v.Milieu != "urban" && v.Milieu != "rural", "milieu", "agree.fault.not_offered")
	minor := false
	if v.Birth != "" {
		y, err := strconv.Atoi(v.Birth)
		year, _ := strconv.Atoi(on[:4])
		f.Add(err != nil || len(v.Birth) != 4 || y < year-110 || y > year, "birth", "activity.fault.birth")
		minor = err == nil && year-y < 18
	}
	f.Add(minor && v.GuardianName == "", "guardian_name", "activity.fault.guardian")
	f.Add(minor && v.GuardianPhone == "", "guardian_phone", "activity.fault.guardian_phone")
	if v.GuardianPhone != "" {
		v.guardian, err = list.ParsePhone(v.GuardianPhone)
		f.Add(err != nil, "guardian_phone", "activity.fault.phone")
	}
	f.Add(!v.Agreed, "agreed", "activity.fault.consent")
	return f.Err()
}

// details are what a person's file holds of a visitor.
func (v *Visitor) details() person.Details {
	d := person.Details{}
	for f, s := range map[person.Field]string{"name_ar": v.arabic, "name_latin": v.lat, "phone": v.phone, "sex": v.Sex, "birth": v.Birth, "milieu": v.Milieu, "guardian_name": strings.TrimSpace(v.GuardianName), "guardian_phone": v.guardian} {
		if s != "" {
			d[f] = s
		}
	}
	switch v.Situation {
	case "":
	case "graduate":
		d["schooling"] = "graduate"
	default:
		d["category"] = v.Situation
	}
	return d
}

// Register registers somebody and returns the code. Who registered before, by name and contact, gets the code of then.
// from is the device, of which nothing is kept but a count; it is empty for staff. Full is the list that waits.
func (s *Activities) Register(ctx context.Context, actor id.ID, from string, activity id.ID, v Visitor) (*Registration, error) {
	a, err := s.Get(ctx, s.log.DB, access.Everywhere(), activity)
	if err != nil {
		return nil, err
	}
	if !a.takes(s.today(), v.AtDoor) {
		return nil, ErrNotOpen
	}
	if err := v.check(a.From); err != nil {
		return nil, err
	}
	if from != "" && !s.sent.May(from, s.log.Clock.Now()) {
		return nil, ErrOften
	}
	fresh, r, stream := id.New(), id.New(), person.Stream(a.Centre)
	codes := [3]string{NewCode(), NewCode(), NewCode()}
	var found *Registration
	_, err = s.log.Do(ctx, fact.Command{Name: "register for an activity", Stream: stream, Keys: []id.ID{activity, id.Named("registrant", a.Centre.String()+list.NormaliseName(v.Name))}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		found = nil
		a, err := s.Get(ctx, q, access.Everywhere(), activity)
		if err != nil {
			return out, err
		}
		if !a.takes(s.today(), v.AtDoor) {
			return out, ErrNotOpen
		}
		d := v.details()
		who, key, old, err := s.known(ctx, q, a, d, v.Mail)
		if err != nil || old != nil {
			found = old
			return out, err
		}
		if key == nil {
			who = fresh
			var n fact.New
			if key, n, err = s.people.Fresh(actor, fresh, a.Centre, d); err != nil {
				return out, err
			}
			out.Keys, out.Facts = []*seal.Key{key}, []fact.New{n}
		}
		b := RegistrationStated{Activity: activity, Programme: a.Programme, Person: who, State: Registered, On: s.today(), Consent: ConsentText, AtDoor: v.AtDoor,
			Cell: measure.Cell{Sex: d["sex"], Age: measure.AgeBand(d["birth"], a.From), Milieu: d["milieu"], Schooling: d["schooling"]}}
		if v.Mail != "" {
			b.Mail = key.Seal([]byte(v.Mail))
		}
		c, err := s.Counts(ctx, q, []id.ID{activity})
		if err != nil {
			return out, err
		}
		if a.Capacity > 0 && c[activity].Registered >= a.Capacity {
			if b.Over = v.AtDoor; !v.AtDoor {
				b.State = Waiting
			}
		}
		for _, code := range codes {
			l, err := s.registrations(ctx, q, "code = ?", code)
			if err != nil {
				return out, err
			}
			if len(l) == 0 {
				b.Code = code
				break
			}
		}
		out.Facts = append(out.Facts, fact.New{Stream: stream, Kind: KindRegistration, Subject: r, Actor: actor, Body: b, Born: true})
		return out, nil
	}})
	if err != nil || found != nil {
		return found, err
	}
	return s.byID(ctx, s.log.DB, r)
}

// takes reports whether somebody may register today: by the page while it is open, at the door unless it is called off.
func (a *Activity) takes(today string, atDoor bool) bool {
	if len(a.Sessions) == 0 {
		return false
	}
	if atDoor {
		return a.State != Cancelled
	}
	last := slices.MaxFunc(a.Sessions, func(x, y Session) int { return strings.Compare(x.Date, y.Date) })
	return a.State == Open && last.Date >= today
}

// Takes reports whether anybody may register today.
func (a *Activity) Takes(today string) bool { return a.takes(today, false) }

// known finds whoever registers among the people of the centre, by name and contact: with their registration for this
// activity, if they have one that stands, or with their key, so that one person is counted once.
func (s *Activities) known(ctx context.Context, q store.Querier, a *Activity, d person.Details, mail string) (who id.ID, key *seal.Key, r *Registration, err error) {
	same, err := s.people.Namesakes(ctx, q, a.Centre, d)
	if err != nil || len(same) == 0 {
		return id.Nil, nil, nil, err
	}
	ids := make([]id.ID, len(same))
	for i, p := range same {
		ids[i] = p.ID
	}
	all, err := s.OfPerson(ctx, q, ids)
	if err != nil {
		return id.Nil, nil, nil, err
	}
	for _, p := range same {
		match := d["phone"] != "" && p.Details["phone"] == d["phone"] && (d["birth"] == "" || p.Details["birth"] == "" || p.Details["birth"][:4] == d["birth"])
		k, err := s.log.Keys.Get(ctx, q, p.ID)
		if errors.Is(err, seal.ErrNoKey) {
			continue
		}
		if err != nil {
			return id.Nil, nil, nil, err
		}
		for _, x := range all {
			if x.Person == p.ID && !match && mail != "" {
				plain, err := k.Open(x.body.Mail)
				match = err == nil && string(plain) == mail
			}
		}
		if !match {
			continue
		}
		for i, x := range all {
			if x.Person == p.ID && x.Activity == a.ID && x.State != Withdrawn {
				return p.ID, k, &all[i], nil
			}
		}
		return p.ID, k, nil, nil
	}
	return id.Nil, nil, nil, nil
}

func (s *Activities) byID(ctx context.Context, q store.Querier, v id.ID) (*Registration, error) {
	l, err := s.registrations(ctx, q, "id = ?", v)
	if err == nil && len(l) == 0 {
		err = ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	return &l[0], nil
}

// Registration returns one of an activity, or ErrUnknown.
func (s *Activities) Registration(ctx context.Context, q store.Querier, activity, v id.ID) (*Registration, error) {
	r, err := s.byID(ctx, q, v)
	if err == nil && r.Activity != activity {
		err = ErrUnknown
	}
	return r, err
}

// ByCode returns the registration that a code is of, or ErrUnknown. from is the device that asks, which may not try many.
func (s *Activities) ByCode(ctx context.Context, q store.Querier, from, code string) (*Registration, error) {
	if code != "" {
		l, err := s.registrations(ctx, q, "code = ?", code)
		if err != nil {
			return nil, err
		}
		if len(l) > 0 {
			return &l[0], nil
		}
	}
	if from != "" && !s.asked.May(from, s.log.Clock.Now()) {
		return nil, ErrOften
	}
	return nil, ErrUnknown
}

// Withdraw ends a registration. Whoever waits longest gets the seat.
func (s *Activities) Withdraw(ctx context.Context, actor, registration id.ID, reason string) error {
	r, err := s.byID(ctx, s.log.DB, registration)
	if err != nil {
		return err
	}
	_, err = s.log.Do(ctx, fact.Command{Name: "end a registration", Stream: person.Stream(r.Centre), Keys: []id.ID{r.Activity, r.ID}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		r, err := s.byID(ctx, q, registration)
		if err != nil || r.State == Withdrawn {
			return out, err
		}
		if r.Here > 0 {
			return out, ErrCame
		}
		out.Facts, err = s.end(ctx, q, actor, *r, reason)
		return out, err
	}})
	return err
}

// end prepares the end of a registration, and the seat for who waits.
func (s *Activities) end(ctx context.Context, q store.Querier, actor id.ID, r Registration, reason string) ([]fact.New, error) {
	b := r.body
	b.State, b.Reason, b.On = Withdrawn, reason, s.today()
	out, err := s.state(ctx, q, actor, r.Centre, KindRegistration, r.ID, b, KindVisit)
	if err != nil || r.State != Registered {
		return out, err
	}
	a, err := s.Get(ctx, q, access.Everywhere(), r.Activity)
	if err != nil {
		return out, err
	}
	up, err := s.refill(ctx, q, actor, r.Activity, a.Stated, r.ID)
	return append(out, up...), err
}

// refill gives free seats to those who wait, the first first. leaving is a registration that ends in the same command.
func (s *Activities) refill(ctx context.Context, q store.Querier, actor, activity id.ID, a Stated, leaving id.ID) ([]fact.New, error) {
	if a.State == Cancelled || a.State == Held || a.To < s.today() {
		return nil, nil
	}
	c, err := s.Counts(ctx, q, []id.ID{activity})
	if err != nil {
		return nil, err
	}
	waiting := c[activity].Waiting
	free := waiting
	if a.Capacity > 0 {
		free = a.Capacity - c[activity].Registered
		if !leaving.IsNil() {
			free++
		}
	}
	if free = min(free, waiting); free <= 0 {
		return nil, nil
	}
	l, err := s.registrations(ctx, q, "activity = ? AND state = ? ORDER BY at, id LIMIT "+strconv.Itoa(free), activity, Waiting)
	if err != nil {
		return nil, err
	}
	var out []fact.New
	for _, r := range l {
		b := r.body
		b.State = Registered
		n, err := s.state(ctx, q, actor, r.Centre, KindRegistration, r.ID, b, KindVisit)
		if err != nil {
			return nil, err
		}
		out = append(out, n...)
	}
	return out, nil
}

// Mark says that somebody registered is at a session, or is not after all. already says that it was said before. Of
// somebody who waits it is a seat beyond the capacity. fee is what became of the fee, where there is one.
func (s *Activities) Mark(ctx context.Context, actor, registration, session id.ID, here bool, fee string) (already bool, err error) {
	r, err := s.byID(ctx, s.log.DB, registration)
	if err != nil {
		return false, err
	}
	_, err = s.log.Do(ctx, fact.Command{Name: "mark at the door", Stream: person.Stream(r.Centre), Keys: []id.ID{r.Activity, r.ID}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		already = false
		r, err := s.byID(ctx, q, registration)
		if err != nil {
			return out, err
		}
		a, err := s.Get(ctx, q, access.Everywhere(), r.Activity)
		if err != nil {
			return out, err
		}
		at := a.Session(session)
		switch {
		case at == nil:
			return out, ErrUnknown
		case r.State == Withdrawn:
			return out, ErrGone
		case a.State == Cancelled || here && at.Date > s.today():
			return out, ErrNotHeld
		case fee != "" && (fee != Paid && fee != Waived || a.Fee == 0):
			fee = ""
		}
		was, err := s.HereAt(ctx, q, session)
		if err != nil {
			return out, err
		}
		if was[r.ID] == here && (fee == "" || fee == r.Fee) {
			already = here
			return out, nil
		}
		if here && a.Fee > 0 && fee == "" && r.Fee == "" {
			return out, ErrFee
		}
		old, err := s.log.Of(ctx, q, r.ID)
		if err != nil {
			return out, err
		}
		prev := fact.HeadsOf(old)
		if here && r.State == Waiting {
			b := r.body
			b.State, b.Over = Registered, true
			out.Facts = append(out.Facts, fact.New{Stream: person.Stream(r.Centre), Kind: KindRegistration, Subject: r.ID, Actor: actor, Body: b, Prev: prev})
		}
		out.Facts = append(out.Facts, fact.New{Stream: person.Stream(r.Centre), Kind: KindVisit, Subject: r.ID, Actor: actor, Body: VisitMarked{Session: session, Date: at.Date, Here: here, Fee: fee}, Prev: prev})
		return out, nil
	}})
	return already, err
}

// Gone prepares the end of what somebody who is erased is registered for. What was is counted as before.
func (s *Activities) Gone(ctx context.Context, q store.Querier, actor, p id.ID) ([]fact.New, error) {
	l, err := s.registrations(ctx, q, "person = ? AND state <> ? AND here = 0 ORDER BY id", p, Withdrawn)
	if err != nil {
		return nil, err
	}
	var out []fact.New
	for _, r := range l {
		n, err := s.end(ctx, q, actor, r, "erased")
		if err != nil {
			return nil, err
		}
		out = append(out, n...)
	}
	return out, nil
}

// Mails returns the addresses of mail of some registrations, where they left one.
func (s *Activities) Mails(ctx context.Context, q store.Querier, l []Registration) (map[id.ID]string, error) {
	var people []id.ID
	for _, r := range l {
		if r.body.Mail != "" {
			people = append(people, r.Person)
		}
	}
	ring := seal.Ring{}
	if err := s.log.Keys.Load(ctx, q, ring, people); err != nil {
		return nil, err
	}
	out := map[id.ID]string{}
	for _, r := range l {
		if k := ring[r.Person]; k != nil && r.body.Mail != "" {
			if plain, err := k.Open(r.body.Mail); err == nil {
				out[r.ID] = string(plain)
			}
		}
	}
	return out, nil
}
