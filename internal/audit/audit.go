// Package audit says who saw or changed whom: it reads the looks of a node (look) and the facts, which name who wrote them,
// as one list, and sums up each day in a fact that travels to the nodes above.
package audit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/centre"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/family"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/record"
	"tizi/internal/retention"
	"tizi/internal/store"
	"tizi/internal/training"
)

// Sort is a sort of thing that somebody did.
type Sort string

// The sorts.
const (
	Seen    Sort = "seen"    // opened a file
	Listed  Sort = "listed"  // was shown names
	Taken   Sort = "taken"   // printed or took along
	Changed Sort = "changed" // wrote something about a person
	Granted Sort = "granted" // who may see what: accounts, roles, opened centres, keys of tools
)

// Sorts are all sorts.
var Sorts = []Sort{Seen, Listed, Taken, Changed, Granted}

// sortOf are the sorts of looks.
var sortOf = map[look.Action]Sort{look.Read: Seen, look.Consent: Seen, look.Photo: Seen, look.Scan: Seen, look.Case: Seen, look.Listed: Listed, look.Search: Listed, look.Print: Taken, look.Export: Taken, look.Unlocked: Changed, look.Given: Changed}

// Kinds are the kinds of facts that the list shows.
var Kinds = map[string]Sort{
	person.KindRegistered.Name: Changed, person.KindEdited.Name: Changed, person.KindErased.Name: Changed,
	person.KindMoved.Name: Changed, person.KindArrived.Name: Changed, person.KindMerged.Name: Changed, person.KindUnmerged.Name: Changed, person.KindParted.Name: Changed, person.KindReopened.Name: Changed,
	consent.KindStated.Name: Changed, consent.KindPhoto.Name: Changed, consent.KindRemoved.Name: Changed, consent.KindScan.Name: Changed, consent.KindDropped.Name: Changed,
	family.KindLinked.Name: Changed, family.KindFetcher.Name: Changed, family.KindMessage.Name: Changed,
	training.KindEnrolment.Name: Changed, training.KindAttendance.Name: Changed, training.KindFollowed.Name: Changed, training.KindReferral.Name: Changed, training.KindAnswer.Name: Changed, training.KindAppeal.Name: Changed, training.KindAppealDecided.Name: Changed, retention.KindKept.Name: Changed,
	activity.KindRegistration.Name: Changed, activity.KindVisit.Name: Changed, centre.KindDropIn.Name: Changed,
	access.KindProposed.Name: Changed, access.KindDecided.Name: Changed,
	access.KindGranted.Name: Granted, access.KindWithdrawn.Name: Granted, access.AccountOpened.Name: Granted, access.AccountClosed.Name: Granted, access.KindGlass.Name: Granted,
	record.KindKeyMade.Name: Granted, record.KindKeyRevoked.Name: Granted,
}

// What is said of a kind when the fact says more than its kind.
const (
	Renewed  = "role.renewed"
	Reopened = "account.reopened"
)

// The day of a centre: what staff do on a Sunday, before DayStarts or from DayEnds on is out of hours.
const (
	DayStarts = 7
	DayEnds   = 20
)

// Audit is the area.
type Audit struct {
	log      *fact.Log
	places   *place.Places
	access   *access.Access
	people   *person.People
	consents *consent.Consents
	family   *family.Family
	looks    *look.Looks
}

// New returns the area.
func New(l *fact.Log, p *place.Places, a *access.Access, pp *person.People, c *consent.Consents, f *family.Family, k *look.Looks) *Audit {
	return &Audit{l, p, a, pp, c, f, k}
}

// Entry is one thing that somebody did.
type Entry struct {
	At      time.Time
	Account id.ID  // who; Nil: the program itself
	What    string // an action of look, or a kind of fact
	Sort    Sort
	Centre  id.ID // Nil: none, or several
	Persons []id.ID
	List    look.List // which list showed names
	Names   int       // how many
	Other   id.ID     // the account that it is about
	Role    access.Role
	Tool    string // what has the key that was made or revoked
	Odd     bool   // out of hours

	order fact.Time // finer than At: what was written in one instant stays in its order
}

// Filter says what is read. What is not said is not narrowed.
type Filter struct {
	Scope    access.Scope // of access.ReadAudit
	Cases    access.Scope // of access.ReadSafeguarding: where it is said who opened a case
	Centre   id.ID
	Person   id.ID
	Account  id.ID
	Sort     Sort
	Odd      bool
	From, To time.Time // From is in it, To is not
	After    string    // the end of the page before
	// Look is how many facts of a log are looked at before the page ends with what it found; 0: all. A log may have an import of 50,000
	// people in one hour.
	Look int
}

// Page is a part of the list, latest first.
type Page struct {
	Entries []Entry
	Next    string // After of the next page; "" at the end
	// Down is until when was looked, where there was too much to look at for one page; what is earlier comes with the next.
	Down time.Time
}

// Day is the beginning of a civil date at the node.
func (a *Audit) Day(date string) (time.Time, error) {
	return time.ParseInLocation(time.DateOnly, date, a.log.Clock.Now().Location())
}

// List reads a page of at most max entries.
func (a *Audit) List(ctx context.Context, q store.Querier, f Filter, max int) (*Page, error) {
	r := &reader{Audit: a, q: q, f: f, staff: map[id.ID]bool{}}
	skip, err := r.from(f.After)
	if err != nil {
		return nil, err
	}
	if r.tree, err = a.places.Tree(ctx, q); err != nil {
		return nil, err
	}
	if err := r.narrow(ctx); err != nil {
		return nil, err
	}
	r.max = skip + max + 1
	if err := r.readLooks(ctx); err != nil {
		return nil, err
	}
	if err := r.readFacts(ctx); err != nil {
		return nil, err
	}
	// Where one log was not read to its end, nothing before that is shown of the others either: it comes with the next page.
	r.out = slices.DeleteFunc(r.out, func(e Entry) bool { return e.order < r.down })
	slices.SortStableFunc(r.out, func(x, y Entry) int { return cmp.Compare(y.order, x.order) })
	a.local(r.out)
	p := &Page{Entries: r.out[min(skip, len(r.out)):]}
	if len(p.Entries) > max {
		p.Entries = p.Entries[:max]
		last, same := p.Entries[max-1].At.UnixMilli(), 0
		for _, e := range r.out[:skip+max] {
			if e.At.UnixMilli() == last {
				same++
			}
		}
		p.Next = fmt.Sprintf("%d.%d", last, same)
	} else if r.down > 0 {
		p.Down = r.down.Wall().In(a.log.Clock.Now().Location())
		last, same := p.Down.UnixMilli(), 0
		for _, e := range r.out {
			if e.At.UnixMilli() == last {
				same++
			}
		}
		p.Next = fmt.Sprintf("%d.%d", last, same)
	}
	return p, nil
}

// local puts entries into the time of the node.
func (a *Audit) local(entries []Entry) {
	zone := a.log.Clock.Now().Location()
	for i := range entries {
		entries[i].At = entries[i].At.In(zone)
	}
}

// reader reads one page.
type reader struct {
	*Audit
	q       store.Querier
	f       Filter
	tree    *place.Tree
	scope   access.Scope // of the filter, within its centre
	centres []id.ID      // whose facts are read
	persons []id.ID      // the records of the filter's person
	staff   map[id.ID]bool
	max     int
	out     []Entry
	down    fact.Time // what is before it was not looked at; 0: everything was
}

// from reads where a page begins: at an instant, behind so many entries of it.
func (r *reader) from(after string) (skip int, err error) {
	if after == "" {
		return 0, nil
	}
	ms, n, _ := strings.Cut(after, ".")
	at, err := strconv.ParseInt(ms, 10, 64)
	if err == nil {
		skip, err = strconv.Atoi(n)
	}
	if err != nil || skip < 0 || skip > maxSkip {
		return 0, ErrPage
	}
	if to := time.UnixMilli(at + 1); to.Before(r.f.To) {
		r.f.To = to
	}
	return skip, nil
}

// maxSkip bounds how many things of one instant a page may begin behind: a list of people is written 500 at a time.
const maxSkip = 20_000

// ErrPage says that there is no such page.
var ErrPage = errors.New("there is no such page")

// narrow works out the centres and the records that the filter means.
func (r *reader) narrow(ctx context.Context) error {
	r.scope = r.f.Scope
	if !r.f.Centre.IsNil() {
		r.scope = r.scope.Within([]id.ID{r.f.Centre})
	}
	for _, p := range r.tree.Of("centre") {
		if r.scope.Has(p.ID) {
			r.centres = append(r.centres, p.ID)
		}
	}
	if r.f.Person.IsNil() {
		return nil
	}
	var err error
	if r.persons, err = person.Records(ctx, r.q, r.f.Person); err != nil {
		return err
	}
	at, err := r.people.Centres(ctx, r.q, r.persons)
	if err != nil {
		return err
	}
	if len(at) > 0 {
		r.centres = slices.DeleteFunc(r.centres, func(c id.ID) bool {
			return !slices.ContainsFunc(r.persons, func(p id.ID) bool { return at[p] == c })
		})
	}
	return nil
}

func (r *reader) readLooks(ctx context.Context) error {
	if r.f.Sort == Granted {
		return nil
	}
	n := 0
	var fault error
	err := r.looks.Each(ctx, r.q, look.Filter{Scope: r.scope, Cases: r.f.Cases, From: r.f.From, To: r.f.To, Account: r.f.Account, Persons: r.persons, Deeds: r.f.Sort == Changed}, func(l look.Entry) bool {
		e := Entry{At: l.At, Account: l.Account, What: string(l.Action), Sort: sortOf[l.Action], Centre: l.Centre, List: l.List, Names: l.Names, order: fact.At(l.At)}
		if r.f.Sort != "" && e.Sort != r.f.Sort {
			return true
		}
		if e.Odd, fault = r.odd(ctx, e.Account, e.At); fault != nil || r.f.Odd && !e.Odd {
			return fault == nil
		}
		if !l.Person.IsNil() && l.Action != look.Case {
			e.Persons = []id.ID{l.Person}
		}
		r.out = append(r.out, e)
		n++
		return n < r.max
	})
	if err == nil {
		err = fault
	}
	return err
}

// odd says whether an account does something out of hours. Families answer when they have time.
func (r *reader) odd(ctx context.Context, account id.ID, at time.Time) (bool, error) {
	if account.IsNil() || !r.late(at) {
		return false, nil
	}
	is, known := r.staff[account]
	if !known {
		acc, err := r.access.Get(ctx, r.q, account)
		if err != nil {
			return false, err
		}
		is = acc == nil || !acc.Family()
		r.staff[account] = is
	}
	return is, nil
}

func (r *reader) readFacts(ctx context.Context) error {
	if r.f.Sort != "" && r.f.Sort != Changed && r.f.Sort != Granted {
		return nil
	}
	for _, c := range r.centres {
		err := r.readStream(ctx, person.Stream(c), func(Sort) bool { return true }, func(_ context.Context, e *Entry) (bool, error) {
			e.Centre = c
			return true, nil
		})
		if err != nil {
			return err
		}
	}
	if r.f.Sort == Changed || !r.f.Person.IsNil() {
		return nil
	}
	// Roles are given where all nodes read it, and some accounts are kept at headquarters: those of one's own places.
	only := func(s Sort) bool { return s == Granted }
	if err := r.readStream(ctx, "commons", only, r.given); err != nil {
		return err
	}
	return r.readStream(ctx, "hub", only, r.plays)
}

// readStream adds what a stream says of the filter. keep may complete an entry, and refuses what is not of the scope.
func (r *reader) readStream(ctx context.Context, stream string, of func(Sort) bool, keep func(context.Context, *Entry) (bool, error)) error {
	if r.f.Account.IsNil() {
		return r.readSorts(ctx, stream, id.Nil, of, keep)
	}
	// What an account did, and what was done with it.
	err := r.readSorts(ctx, stream, r.f.Account, func(s Sort) bool { return s != Granted && of(s) }, keep)
	if err != nil {
		return err
	}
	return r.readSorts(ctx, stream, id.Nil, func(s Sort) bool { return s == Granted && of(s) }, keep)
}

func (r *reader) readSorts(ctx context.Context, stream string, by id.ID, of func(Sort) bool, keep func(context.Context, *Entry) (bool, error)) error {
	told := map[fact.Ref]Entry{}
	wanted := func(s Sort) bool { return s != "" && of(s) && (r.f.Sort == "" || s == r.f.Sort) }
	if !slices.ContainsFunc(Sorts, wanted) {
		return nil
	}
	l, err := r.log.Latest(ctx, r.q, stream, fact.Span{From: fact.At(r.f.From), To: fact.At(r.f.To), Max: r.max, By: by, When: r.when(), Look: r.f.Look, Stopped: func(t fact.Time) { r.down = max(r.down, t) },
		Kinds: func(name string) bool { return wanted(Kinds[name]) },
		Maybe: r.mayConcern,
		Want: func(f *fact.Fact) (bool, error) {
			e, ok, err := r.entry(ctx, f)
			if err != nil || !ok {
				return false, err
			}
			if ok, err = keep(ctx, &e); ok {
				told[f.Ref()] = e
			}
			return ok, err
		}})
	for _, f := range l {
		r.out = append(r.out, told[f.Ref()])
	}
	return err
}

// when narrows the facts to those out of hours, where the filter does.
func (r *reader) when() func(fact.Time) bool {
	if !r.f.Odd {
		return nil
	}
	return func(t fact.Time) bool { return r.late(t.Wall()) }
}

// late reports whether it is out of hours at the node.
func (a *Audit) late(at time.Time) bool {
	at = at.In(a.log.Clock.Now().Location())
	return at.Weekday() == time.Sunday || at.Hour() < DayStarts || at.Hour() >= DayEnds
}

// entry says what a fact did, if the filter asks for it.
func (r *reader) entry(ctx context.Context, f *fact.Fact) (e Entry, ok bool, err error) {
	var all []*fact.Fact
	if slices.Contains(byOther, kindOf(f)) {
		if all, err = r.log.Of(ctx, r.q, f.Subject); err != nil {
			return e, false, err
		}
	}
	if e, ok = tell(f, all); !ok {
		return e, false, nil
	}
	if len(r.persons) > 0 {
		i := slices.IndexFunc(e.Persons, func(p id.ID) bool { return slices.Contains(r.persons, p) })
		if i < 0 {
			return e, false, nil
		}
		e.Persons[0], e.Persons[i] = e.Persons[i], e.Persons[0] // who was asked for comes first
	}
	if a := r.f.Account; !a.IsNil() && e.Account != a && e.Other != a {
		return e, false, nil
	}
	e.Odd, err = r.odd(ctx, e.Account, e.At)
	return e, !r.f.Odd || e.Odd, err
}

// byOther are the kinds that do not say themselves whom they are about: earlier facts of their subject do.
var byOther = []string{record.KindKeyRevoked.Name, consent.KindRemoved.Name, activity.KindVisit.Name, access.KindDecided.Name, access.KindWithdrawn.Name}

// mayConcern is a quick look at whether a fact can be about the filter's person.
func (r *reader) mayConcern(f *fact.Fact) bool {
	return len(r.persons) == 0 || slices.Contains(byOther, kindOf(f)) ||
		slices.ContainsFunc(r.persons, func(p id.ID) bool { return f.Subject == p || bytes.Contains(f.Body, []byte(p.String())) })
}

// ours reports whether all of a place lies in the scope.
func (r *reader) ours(on id.ID) bool {
	if r.f.Scope.All() && r.f.Centre.IsNil() {
		return true
	}
	within := r.tree.Within(on)
	return len(within) > 0 && !slices.ContainsFunc(within, func(p *place.Place) bool { return !r.scope.Has(p.ID) })
}

// given keeps what was done with a role at a place of the scope.
func (r *reader) given(_ context.Context, e *Entry) (bool, error) { return r.ours(e.Centre), nil }

// plays keeps what was done with an account whose roles are of places of the scope.
func (r *reader) plays(ctx context.Context, e *Entry) (bool, error) {
	acc, err := r.access.Get(ctx, r.q, e.Other)
	if err != nil || acc == nil {
		return false, err
	}
	roles := append(slices.Clone(acc.Roles), acc.Ended...)
	all := r.f.Scope.All() && r.f.Centre.IsNil()
	return all || len(roles) > 0 && !slices.ContainsFunc(roles, func(h access.Held) bool { return h.Role != access.Glass && !r.ours(h.On.ID) }), nil
}

func kindOf(f *fact.Fact) string {
	name, _, _ := fact.SplitKind(f.Kind)
	return name
}

// tell says what a fact did. before are the facts of its subject, where it does not say itself whom it is about.
func tell(f *fact.Fact, before []*fact.Fact) (Entry, bool) {
	name := kindOf(f)
	e := Entry{At: f.HLC.Wall(), Account: f.Actor, What: name, Sort: Kinds[name], order: f.HLC}
	for _, g := range append([]*fact.Fact{f}, before...) {
		subject(&e, g)
	}
	switch name {
	case access.KindGranted.Name:
		if len(f.Prev) > 0 {
			e.What = Renewed
		}
	case access.AccountOpened.Name:
		return e, len(f.Prev) == 0 // said again, it is a language that somebody chose for themselves
	case access.AccountClosed.Name:
		if c, _ := fact.As[access.Closed](f); !c.Closed {
			e.What = Reopened
		}
	}
	return e, e.Sort != ""
}

// subject adds whom a fact is about.
func subject(e *Entry, f *fact.Fact) {
	name := kindOf(f)
	if strings.HasPrefix(name, "person.") {
		e.Persons = []id.ID{f.Subject}
	}
	if b, ok := fact.As[person.Edge](f); ok {
		e.Persons = []id.ID{b.A, b.B}
	}
	if b, ok := fact.As[consent.Stated](f); ok {
		e.Persons = []id.ID{b.Person}
	}
	if b, ok := fact.As[consent.PhotoTaken](f); ok {
		e.Persons = []id.ID{b.Person}
	}
	if b, ok := fact.As[consent.ScanFiled](f); ok {
		e.Persons = []id.ID{b.Person}
	}
	if b, ok := fact.As[consent.ScanDropped](f); ok && !b.Person.IsNil() {
		e.Persons = []id.ID{b.Person}
	}
	if b, ok := fact.As[family.Linked](f); ok {
		e.Persons, e.Other = []id.ID{b.Child}, b.Guardian
	}
	if b, ok := fact.As[family.FetcherNamed](f); ok {
		e.Persons = []id.ID{b.Child}
	}
	if b, ok := fact.As[family.MessageSent](f); ok {
		e.Persons, e.Other = []id.ID{b.Child}, b.Guardian
	}
	if b, ok := fact.As[training.EnrolmentStated](f); ok {
		e.Persons = []id.ID{b.Person}
	}
	if b, ok := fact.As[centre.DropInMarked](f); ok {
		e.Persons = []id.ID{b.Person}
	}
	if b, ok := fact.As[activity.RegistrationStated](f); ok {
		e.Persons = []id.ID{b.Person}
	}
	if b, ok := fact.As[training.AttendanceTaken](f); ok {
		for p := range b.Marks {
			e.Persons = append(e.Persons, p)
		}
		slices.SortFunc(e.Persons, func(x, y id.ID) int { return bytes.Compare(x[:], y[:]) })
	}
	if b, ok := fact.As[training.AbsenceFollowed](f); ok {
		e.Persons = []id.ID{b.Person}
	}
	if b, ok := fact.As[training.ReferralMade](f); ok {
		e.Persons = []id.ID{b.Person}
	}
	if b, ok := fact.As[training.ReferralAnswered](f); ok {
		e.Persons = []id.ID{b.Person}
	}
	if b, ok := fact.As[person.Moved](f); ok {
		e.Persons = []id.ID{b.Person}
	}
	if b, ok := fact.As[person.Arrived](f); ok {
		e.Persons = []id.ID{b.Person}
	}
	if b, ok := fact.As[retention.Kept](f); ok {
		e.Persons = []id.ID{b.Person}
	}
	if b, ok := fact.As[access.Proposed](f); ok {
		e.Persons = slices.Clone(b.Subjects)
	}
	if b, ok := fact.As[access.RoleGranted](f); ok {
		e.Other, e.Role, e.Centre = b.Account, b.Role, b.On.ID
	}
	if b, ok := fact.As[access.GlassBroken](f); ok {
		e.Other, e.Role, e.Centre = b.Account, access.Glass, b.Centre
	}
	if b, ok := fact.As[record.KeyMade](f); ok {
		e.Tool = b.Name
	}
	if strings.HasPrefix(name, "account.") {
		e.Other = f.Subject
	}
}

// Changes returns the latest changes of a person's file, at most max: for whoever answers for the person.
func (a *Audit) Changes(ctx context.Context, q store.Querier, p id.ID, max int) ([]Entry, error) {
	records, err := person.Records(ctx, q, p)
	if err != nil {
		return nil, err
	}
	var out []Entry
	for _, v := range records {
		near, err := a.log.Near(ctx, q, v)
		if err != nil {
			return nil, err
		}
		files, err := a.consents.Files(ctx, q, v)
		if err != nil {
			return nil, err
		}
		fetchers, err := a.family.Fetchers(ctx, q, v)
		if err != nil {
			return nil, err
		}
		for _, f := range fetchers {
			if f.Child == v { // those of another record come with it
				files = append(files, f.ID)
			}
		}
		for _, s := range files {
			l, err := a.log.Of(ctx, q, s)
			if err != nil {
				return nil, err
			}
			near = append(near, l...)
		}
		for _, f := range near {
			if e, ok := tell(f, nil); ok && e.Sort == Changed && slices.Contains(e.Persons, v) {
				out = append(out, e)
			}
		}
	}
	slices.SortStableFunc(out, func(x, y Entry) int { return cmp.Compare(y.order, x.order) })
	a.local(out)
	return out[:min(len(out), max)], nil
}
