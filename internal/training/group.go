package training

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/centre"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/programme"
	"tizi/internal/store"
)

// Training runs groups on a node.
type Training struct {
	log        *fact.Log
	people     *person.People
	programmes *programme.Programmes
	centres    *centre.Centres
	// Consents are asked before anybody is placed or marked; the house sets them. nil: nothing asks, as in a test of groups
	// alone.
	Consents *consent.Consents
}

// New returns the area on a node's log.
func New(l *fact.Log, p *person.People, pr *programme.Programmes) *Training {
	return &Training{log: l, people: p, programmes: pr, centres: centre.New(l)}
}

// Own says which groups are an account's own, and who is in them, for scopes that end there. Who left stays on the sheets
// they were on, and so in the sight of who leads the group.
var Own = &access.Relation{
	Groups: "SELECT o.cohort FROM " + own + " o WHERE o.account = ?",
	People: "SELECT e.person FROM " + own + " o JOIN training_enrolment e ON e.cohort = o.cohort WHERE o.account = ?" +
		" UNION ALL SELECT e.person FROM " + own + " o JOIN training_past e ON e.cohort = o.cohort WHERE o.account = ?",
}

// own are the groups that somebody leads, and those of which they hold a session in somebody's place.
const own = "(SELECT cohort, account FROM training_trainer UNION ALL SELECT cohort, account FROM training_stand_in)"

// Errors of the area. Doors translate them.
var (
	ErrNoGroup   = errors.New("there is no such group")
	ErrNoSession = errors.New("there is no such session")
	ErrNoPhase   = errors.New("the programme has no phase that runs; plan one first")
	ErrClosed    = errors.New("the group is closed")
	ErrNotOnList = errors.New("somebody on the sheet does not belong to the group")
	ErrNoConsent = errors.New("nobody agreed that this person takes part in the training")
	ErrEarly     = errors.New("the session is on a later day")
	ErrCancelled = errors.New("the session was cancelled")
	ErrTaken     = errors.New("there is a sheet of the session already")
	ErrFull      = errors.New("the group has fewer seats left than people were chosen")
	ErrOver      = errors.New("more people are in the group than it would have seats")
	ErrNoSeat    = errors.New("the person was not let into the group; a refusal ends by an appeal")
	ErrSame      = errors.New("this is the group that the person is in")
	ErrSeated    = errors.New("the person has a seat in that group already")
	ErrElsewhere = errors.New("the group is at another centre than the person's record")
	ErrPhase     = errors.New("the session lies outside the days of the phase")
)

// SeatedError is ErrSeated of somebody whose seat is in another group of the phase, or who completed the phase there.
type SeatedError struct {
	Person, Cohort id.ID
	Completed      bool
}

func (e *SeatedError) Error() string { return ErrSeated.Error() }

// Unwrap makes it an ErrSeated.
func (e *SeatedError) Unwrap() error { return ErrSeated }

// Cohort is a group.
type Cohort struct {
	ID                       id.ID
	Name                     string
	Programme, Phase, Centre id.ID
	Capacity                 int
	From, To                 string
	Closed                   bool
	ClosedOn                 string // "" of one that is open, or was closed before that was written
	Conflict                 bool
	Trainers                 []id.ID
	Subjects                 []string // caught up on beside the digital track
	Enrolled, Waiting        int      // people
	Sessions, Taken          int      // sessions planned, and those with a sheet
	Next                     string
}

const cohortColumns = `id, name, programme, phase, centre, capacity, starts, ends, closed, ended, subjects, conflict,
	(SELECT count(*) FROM training_enrolment e WHERE e.cohort = training_cohort.id AND e.state IN ('enrolled', 'active', 'completed'))
	- (SELECT count(*) FROM training_double_seat e WHERE e.cohort = training_cohort.id AND e.state IN ('enrolled', 'active', 'completed')),
	(SELECT count(*) FROM training_enrolment e WHERE e.cohort = training_cohort.id AND e.state = 'waitlisted')
	- (SELECT count(*) FROM training_double_seat e WHERE e.cohort = training_cohort.id AND e.state = 'waitlisted'),
	(SELECT count(*) FROM training_session s WHERE s.cohort = training_cohort.id AND s.cancelled = ''),
	(SELECT count(*) FROM training_session s WHERE s.cohort = training_cohort.id AND s.present + s.late + s.excused + s.absent > 0),
	coalesce((SELECT min(s.day) FROM training_session s WHERE s.cohort = training_cohort.id AND s.day >= ? AND s.cancelled = ''), '')`

func scanCohort(r store.Row) (*Cohort, error) {
	c, subjects := &Cohort{}, ""
	err := r.Scan(&c.ID, &c.Name, &c.Programme, &c.Phase, &c.Centre, &c.Capacity, &c.From, &c.To, &c.Closed, &c.ClosedOn, &subjects, &c.Conflict, &c.Enrolled, &c.Waiting, &c.Sessions, &c.Taken, &c.Next)
	if subjects != "" { // nil of none, as it was written
		c.Subjects = strings.Fields(subjects)
	}
	return c, err
}

// CohortFilter narrows a list of groups.
type CohortFilter struct {
	Centre    id.ID
	Programme id.ID
	Search    string
	Trainer   id.ID
	After     string // the After of another page
	Size      int    // 0 means 50
}

// Cohorts returns a page of groups by name, and where the next begins ("" at the end). today decides which session is
// next.
func (t *Training) Cohorts(ctx context.Context, q store.Querier, scope access.Scope, f CohortFilter, today string) ([]*Cohort, string, error) {
	if f.Size == 0 {
		f.Size = 50
	}
	where, args := scope.Groups("centre", "id")
	args = append([]any{today}, args...)
	and := func(cond string, a ...any) {
		where += " AND " + cond
		args = append(args, a...)
	}
	if !f.Centre.IsNil() {
		and("centre = ?", f.Centre)
	}
	if !f.Programme.IsNil() {
		and("programme = ?", f.Programme)
	}
	if !f.Trainer.IsNil() {
		and("id IN (SELECT cohort FROM training_trainer WHERE account = ?)", f.Trainer)
	}
	if s := strings.TrimSpace(f.Search); s != "" {
		and("lower(name) LIKE ? ESCAPE '!'", "%"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(s))+"%")
	}
	if len(f.After) >= 32 {
		v, err := id.Parse(f.After[:32])
		if err != nil {
			return nil, "", fmt.Errorf("this page of the list: %w", fs.ErrNotExist)
		}
		and("(name, id) > (?, ?)", f.After[32:], v)
	}
	var out []*Cohort
	err := q.Each(ctx, fmt.Sprintf("SELECT %s FROM training_cohort WHERE %s ORDER BY name, id LIMIT %d", cohortColumns, where, f.Size+1), args, func(r store.Row) error {
		c, err := scanCohort(r)
		out = append(out, c)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list groups: %w", err)
	}
	next := ""
	if len(out) > f.Size {
		out = out[:f.Size]
		last := out[len(out)-1]
		next = last.ID.Hex() + last.Name
	}
	return out, next, nil
}

// Cohort returns a group in the scope, or ErrNoGroup.
func (t *Training) Cohort(ctx context.Context, q store.Querier, scope access.Scope, cohort id.ID, today string) (*Cohort, error) {
	where, args := scope.Groups("centre", "id")
	args = append([]any{today}, args...)
	var c *Cohort
	err := q.Each(ctx, "SELECT "+cohortColumns+" FROM training_cohort WHERE "+where+" AND id = ?", append(args, cohort), func(r store.Row) error {
		var err error
		c, err = scanCohort(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, ErrNoGroup
	}
	err = q.Each(ctx, "SELECT account FROM training_trainer WHERE cohort = ? ORDER BY account", store.Args(cohort), func(r store.Row) error {
		var a id.ID
		err := r.Scan(&a)
		c.Trainers = append(c.Trainers, a)
		return err
	})
	return c, err
}

// InProgramme returns how many groups are of a programme, and how many people wait in it for a group at some centres.
func (t *Training) InProgramme(ctx context.Context, q store.Querier, v id.ID, centres []id.ID) (groups, waiting int, err error) {
	if _, err = store.One(ctx, q, "SELECT count(*) FROM training_cohort WHERE programme = ?", store.Args(v), &groups); err != nil {
		return 0, 0, err
	}
	at, args := store.In("centre", centres)
	_, err = store.One(ctx, q, "SELECT count(*) FROM training_enrolment WHERE "+at+" AND programme = ? AND cohort = ?", append(args, v, id.Nil), &waiting)
	return groups, waiting, err
}

// OpenCohort opens a group.
func (t *Training) OpenCohort(ctx context.Context, actor id.ID, scope access.Scope, c CohortOpened) (id.ID, error) {
	c.Name = strings.TrimSpace(c.Name)
	if !scope.Has(c.Centre) {
		return id.Nil, access.ErrDenied
	}
	cohort := id.New()
	_, err := t.log.Do(ctx, fact.Command{Name: "open a group", Stream: person.Stream(c.Centre), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		if p, err := t.programmes.Get(ctx, q, c.Programme); err != nil {
			return fact.Outcome{}, err
		} else if p != nil && p.Withdrawn != "" {
			return fact.Outcome{}, programme.ErrGone
		}
		if err := t.fits(ctx, q, c); err != nil {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Facts: []fact.New{{Stream: person.Stream(c.Centre), Kind: KindCohort, Subject: cohort, Actor: actor, Body: c, Born: true}}}, nil
	}})
	return cohort, err
}

// EditCohort states a group anew. A trainer who comes to it and holds something else when it meets is a *ClashError. Seats that
// are more, or not counted any more, go to who waits. Other days stay within those of the phase, and hold the group's sessions: a
// *DaysError.
func (t *Training) EditCohort(ctx context.Context, actor id.ID, scope access.Scope, cohort id.ID, edit func(*CohortOpened)) error {
	now, err := t.Cohort(ctx, t.log.DB, scope, cohort, "")
	if err != nil {
		return err
	}
	today := t.log.Clock.Now().Format(time.DateOnly)
	asked := now.opened()
	edit(&asked)
	waiting, err := t.waitingKeys(ctx, cohort)
	if err != nil {
		return err
	}
	keys := slices.Concat([]id.ID{cohort, timetableKey(now.Centre)}, asked.Trainers, waiting)
	_, err = t.log.Do(ctx, fact.Command{Name: "edit a group", Stream: person.Stream(now.Centre), Keys: keys, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		c, err := t.Cohort(ctx, q, scope, cohort, "")
		if err != nil {
			return out, err
		}
		all, err := t.log.Of(ctx, q, cohort)
		if err != nil {
			return out, err
		}
		if c.Closed {
			return out, ErrClosed
		}
		b := c.opened()
		edit(&b)
		b.Closed = false // which CloseCohort says
		if b.From != c.From || b.To != c.To {
			if err := cmp.Or(t.fits(ctx, q, b), t.within(ctx, q, cohort, b.From, b.To)); err != nil {
				return out, err
			}
		}
		if err := t.newTrainers(ctx, q, scope, c, b.Trainers, today); err != nil {
			return out, err
		}
		if b.Capacity > 0 && b.Capacity != c.Capacity && b.Capacity < c.Enrolled {
			return out, ErrOver
		}
		b.Programme, b.Phase, b.Centre = c.Programme, c.Phase, c.Centre // what was counted there stays there
		if was, _ := last[CohortOpened](all); c.Conflict || !reflect.DeepEqual(was, b) {
			out.Facts = []fact.New{{Stream: person.Stream(c.Centre), Kind: KindCohort, Subject: cohort, Actor: actor, Body: b, Prev: latest[CohortOpened](all)}}
		}
		if b.Capacity != c.Capacity {
			c.Capacity, c.Closed, c.To = b.Capacity, b.Closed, b.To
			_, err = t.fill(ctx, q, actor, c, waiting, 0, today, &out)
		}
		return out, err
	}})
	return err
}

// opened is what was last stated of the group.
func (c *Cohort) opened() CohortOpened {
	return CohortOpened{c.Name, c.Programme, c.Phase, c.Centre, c.Capacity, c.Trainers, c.From, c.To, c.Closed, c.Subjects}
}

// Enrolment is somebody's standing in a phase.
type Enrolment struct {
	ID, Person, Programme, Phase, Cohort, Centre id.ID
	State, Reason, On                            string
	Cell                                         measure.Cell
	Rank                                         int // place in the waiting list
	Conflict                                     bool
	Rule                                         id.ID    // the version it was judged by
	Remark                                       []string // of a refusal its grounds, otherwise what was not known
	Appeal                                       id.ID    // that let the person in
}

func (t *Training) enrolments(ctx context.Context, q store.Querier, where string, args []any) ([]Enrolment, error) {
	var out []Enrolment
	err := q.Each(ctx, "SELECT id, person, programme, phase, cohort, centre, state, reason, day, sex, age, milieu, schooling, place, conflict, rule, remark, appeal FROM training_enrolment WHERE "+where, args, func(r store.Row) error {
		var e Enrolment
		var remark string
		err := r.Scan(&e.ID, &e.Person, &e.Programme, &e.Phase, &e.Cohort, &e.Centre, &e.State, &e.Reason, &e.On, &e.Cell.Sex, &e.Cell.Age, &e.Cell.Milieu, &e.Cell.Schooling, &e.Rank, &e.Conflict, &e.Rule, &remark, &e.Appeal)
		if remark != "" { // an empty list is another statement than none
			e.Remark = strings.Fields(remark)
		}
		out = append(out, e)
		return err
	})
	return out, err
}

// stands is the condition that no other record of the same person stands for an enrolment.
const stands = " AND NOT EXISTS (SELECT 1 FROM training_double_seat d WHERE d.enrolment = training_enrolment.id)"

// OfPerson returns the enrolments of a person in the scope, by whichever record.
func (t *Training) OfPerson(ctx context.Context, q store.Querier, scope access.Scope, p id.ID) ([]Enrolment, error) {
	all, err := person.Records(ctx, q, p)
	if err != nil {
		return nil, err
	}
	where, args := scope.People("centre", "person")
	who, pargs := store.In("person", all)
	return t.enrolments(ctx, q, where+" AND "+who+stands+" ORDER BY day DESC, id", append(args, pargs...))
}

// OfPeople returns, for a page of people, the groups they are in.
func (t *Training) OfPeople(ctx context.Context, q store.Querier, people []id.ID) (map[id.ID][]Enrolment, error) {
	out := map[id.ID][]Enrolment{}
	if len(people) == 0 {
		return out, nil
	}
	ones, err := person.Ones(ctx, q, people)
	if err != nil {
		return nil, err
	}
	as := map[id.ID][]id.ID{} // under whom of the page a record's enrolments are shown
	var all []id.ID
	for _, p := range people {
		m := ones[p]
		if m == nil {
			m = []id.ID{p}
		}
		for _, o := range m {
			as[o] = append(as[o], p)
			all = append(all, o)
		}
	}
	where, args := store.In("person", all)
	l, err := t.enrolments(ctx, q, where+stands+" ORDER BY day, id", args)
	for _, e := range l {
		for _, p := range as[e.Person] {
			out[p] = append(out[p], e)
		}
	}
	return out, err
}

// InGroup is a condition on a column that holds a person: that they are or wait in a group.
func InGroup(column string, cohort id.ID) person.Condition {
	return person.Condition{SQL: column + " IN (SELECT e.person FROM training_enrolment e WHERE e.cohort = ? AND e.state IN ('enrolled', 'active', 'completed', 'waitlisted'))", Args: store.Args(cohort)}
}

// Roster returns who is in a group, in any state, each person once.
func (t *Training) Roster(ctx context.Context, q store.Querier, cohort id.ID) ([]Enrolment, error) {
	return t.enrolments(ctx, q, "cohort = ?"+stands+" ORDER BY id", store.Args(cohort))
}

// Unplaced returns those who applied to a programme at a centre and are in no group yet, at most max, after an
// enrolment of an earlier page.
func (t *Training) Unplaced(ctx context.Context, q store.Querier, centre, prog id.ID, after id.ID, max int) ([]Enrolment, error) {
	return t.enrolments(ctx, q, fmt.Sprintf("centre = ? AND programme = ? AND cohort = ? AND state IN ('applied', 'waitlisted') AND id > ?%s ORDER BY id LIMIT %d", stands, max), store.Args(centre, prog, id.Nil, after))
}

// CountUnplaced returns how many Unplaced there are.
func (t *Training) CountUnplaced(ctx context.Context, q store.Querier, centre, prog id.ID) (int64, error) {
	var n int64
	_, err := store.One(ctx, q, "SELECT count(*) FROM training_enrolment WHERE centre = ? AND programme = ? AND cohort = ? AND state IN ('applied', 'waitlisted')"+stands, store.Args(centre, prog, id.Nil), &n)
	return n, err
}

// EnrolmentID names somebody's enrolment in a phase: two nodes that enrol one person in one phase mean the same.
func EnrolmentID(p, phase id.ID) id.ID { return id.Under(p, "enrolment "+phase.Hex()) }

// CellOf returns the counting cell of a person on the first day of a phase.
func CellOf(d person.Details, on string) measure.Cell {
	return measure.Cell{Sex: d["sex"], Age: measure.AgeBand(d["birth"], on), Milieu: d["milieu"], Schooling: d["schooling"]}
}

// Applying is what decides to which phase somebody applies who is registered: the phases of a programme, who each is for, and where
// and when that is.
type Applying struct {
	Phases []programme.Phase
	Rules  map[id.ID][]programme.Version
	Runs   func(programme.Phase) bool // there
	On     string                     // ISO date
}

// PhaseFor returns the phase that a person belongs in: of those that are not merely planned and run there, the first that is not over
// and lets the person in, one that runs before one to come; otherwise the first that is not over; otherwise the first.
func (a Applying) PhaseFor(d person.Details) (programme.Phase, error) {
	if len(a.Phases) == 0 {
		return programme.Phase{}, ErrNoPhase
	}
	yes := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	rank := func(p programme.Phase) int {
		v := programme.InForce(a.Rules[p.ID], a.On).Rule.Judge(TraitsOf(d))
		return yes(p.Planned)<<4 | yes(!a.Runs(p))<<3 | yes(p.To != "" && p.To < a.On)<<2 | yes(len(v.Refused) > 0)<<1 | yes(p.From > a.On)
	}
	return slices.MinFunc(a.Phases, func(x, y programme.Phase) int { return rank(x) - rank(y) }), nil
}

// Applications makes each new person of a centre apply to a phase.
func (a Applying) Applications(actor, centre id.ID) func(id.ID, person.Details) []fact.New {
	return func(v id.ID, d person.Details) []fact.New {
		phase, err := a.PhaseFor(d)
		if err != nil {
			return nil
		}
		return []fact.New{Application(actor, centre, phase, a.On, v, d)}
	}
}

// Application returns the fact that a new person applies to a phase, for the transaction that registers the person.
func Application(actor, centre id.ID, phase programme.Phase, on string, p id.ID, d person.Details) fact.New {
	return fact.New{
		Stream: person.Stream(centre), Kind: KindEnrolment, Subject: EnrolmentID(p, phase.ID), Actor: actor, Born: true,
		Body: EnrolmentStated{Person: p, Programme: phase.Programme, Phase: phase.ID, State: Applied, On: on, Cell: CellOf(d, phase.From)},
	}
}

// Placed says what Place did.
type Placed struct {
	Enrolled, Waiting, Already int
	Pending                    int // of those who wait: whose consent to the training is missing
	Over                       int // of those enrolled: beyond the last seat
	Refused                    []Refusal
}

// Refilled is the reason of an enrolment that had waited, and got the seat that somebody left.
const Refilled = "seat_freed"

// NoConsent is the reason of an enrolment that waits for a consent.
const NoConsent = "consent"

// lacking returns whose consent to the training is missing, on whichever of their records; ones says who is one person.
func (t *Training) lacking(ctx context.Context, q store.Querier, people []id.ID, ones map[id.ID][]id.ID) (map[id.ID]bool, error) {
	if t.Consents == nil {
		return nil, nil
	}
	all := slices.Clone(people)
	for _, records := range ones {
		all = append(all, records...)
	}
	out, err := t.Consents.Lacking(ctx, q, all, consent.Training)
	if err != nil {
		return nil, err
	}
	for p, records := range ones {
		if slices.ContainsFunc(records, func(r id.ID) bool { return !out[r] }) {
			delete(out, p)
		}
	}
	return out, nil
}

// Lacking returns who of a group's people, in whatever state, may not be marked because consent to the training is missing.
func (t *Training) Lacking(ctx context.Context, q store.Querier, people []id.ID) (map[id.ID]bool, error) {
	ones, err := person.Ones(ctx, q, people)
	if err != nil {
		return nil, err
	}
	return t.lacking(ctx, q, people, ones)
}

// Wait is what becomes of those for whom a group has no seat left: they wait.
const Wait = "wait"

// Place puts people into a group. When its seats are taken, the rest wait; so do those who nobody agreed for yet.
func (t *Training) Place(ctx context.Context, actor id.ID, scope access.Scope, cohort id.ID, people []id.ID, on string) (Placed, error) {
	return t.Seat(ctx, actor, scope, cohort, people, Wait, on)
}

// Seat puts people into a group. beyond says what becomes of those for whom it has no seat left: Wait, one of Overs for a
// seat beyond the last, or "": then nobody is placed and ErrFull returned. While a draw decides who gets the seats, everybody
// waits, and it returns ErrDraw unless beyond is Wait. Free seats go to those who wait for one before anybody else. Who has a seat in another group of the phase gives it up for a seat
// here, but not for a place in a list, nor by another record, and who completed the phase stays so: that is a SeatedError, and nobody
// is placed.
func (t *Training) Seat(ctx context.Context, actor id.ID, scope access.Scope, cohort id.ID, people []id.ID, beyond, on string) (Placed, error) {
	var done Placed
	now, err := t.Cohort(ctx, t.log.DB, scope, cohort, "")
	if err != nil {
		return done, err
	}
	// Who waits comes first. Whoever comes from another group of the phase leaves a seat there.
	first, err := t.waitingKeys(ctx, cohort)
	if err != nil {
		return done, err
	}
	waiting := map[id.ID][]id.ID{}
	keys := slices.Concat(people, first, []id.ID{cohort})
	for part := range slices.Chunk(people, 500) {
		who, args := store.In("person", part)
		in, err := t.enrolments(ctx, t.log.DB, who+" AND phase = ? AND cohort <> ? AND state IN ('enrolled', 'active')", append(args, now.Phase, cohort))
		if err != nil {
			return done, err
		}
		for _, e := range in {
			if _, ok := waiting[e.Cohort]; ok || e.Cohort.IsNil() {
				continue
			}
			if waiting[e.Cohort], err = t.waitingKeys(ctx, e.Cohort); err != nil {
				return done, err
			}
			keys = append(append(keys, e.Cohort), waiting[e.Cohort]...)
		}
	}
	_, err = t.log.Do(ctx, fact.Command{Name: "place in a group", Stream: person.Stream(now.Centre), Keys: keys, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		done = Placed{}
		var out fact.Outcome
		c, err := t.Cohort(ctx, q, scope, cohort, "")
		if err != nil {
			return out, err
		}
		if c.Closed {
			return out, ErrClosed
		}
		drawn, err := t.undecided(ctx, q, cohort)
		if err != nil {
			return out, err
		}
		if drawn && beyond != Wait {
			return out, ErrDraw
		}
		g, err := t.gate(ctx, q, c.Programme, c.Phase, on)
		if err != nil {
			return out, err
		}
		from := cmp.Or(g.phase.From, on)
		found, err := t.people.Of(ctx, q, scope, people)
		if err != nil {
			return out, err
		}
		if len(found) != len(people) {
			return out, person.ErrUnknown
		}
		ones, err := person.Ones(ctx, q, people)
		if err != nil {
			return out, err
		}
		// Who has a seat by another record has one; of two records of one person one is placed.
		seated := map[id.ID]bool{}
		if len(ones) > 0 {
			roster, err := t.Roster(ctx, q, cohort)
			if err != nil {
				return out, err
			}
			for _, e := range roster {
				seated[e.Person] = slices.Contains([]string{Enrolled, Active, Completed}, e.State)
			}
		}
		other, err := t.seatsBeside(ctx, q, c, people, ones)
		if err != nil {
			return out, err
		}
		lacks, err := t.lacking(ctx, q, people, ones)
		if err != nil {
			return out, err
		}
		ahead, err := t.fill(ctx, q, actor, c, first, 0, on, &out)
		if err != nil {
			return out, err
		}
		free := c.Capacity - c.Enrolled - len(ahead)
		bounded := c.Capacity > 0
		if drawn {
			bounded, free = true, 0 // whoever is placed applies
		}
		left := map[id.ID]int{} // seats that are left for this group
		rank, err := t.lastRank(ctx, q, cohort)
		if err != nil {
			return out, err
		}
		for _, p := range found {
			if p.Centre != c.Centre {
				return fact.Outcome{}, ErrElsewhere
			}
			if slices.ContainsFunc(ones[p.ID], func(o id.ID) bool { return o != p.ID && seated[o] }) {
				done.Already++
				continue
			}
			for _, o := range ones[p.ID] {
				if g := other[o]; o != p.ID && !g.IsNil() {
					return fact.Outcome{}, &SeatedError{Person: p.ID, Cohort: g}
				}
			}
			seated[p.ID] = true
			if slices.Contains(ahead, p.ID) { // it was their turn
				done.Enrolled++
				continue
			}
			eid := EnrolmentID(p.ID, c.Phase)
			all, err := t.log.Of(ctx, q, eid)
			if err != nil {
				return out, err
			}
			was, err := t.enrolments(ctx, q, "id = ?", store.Args(eid))
			if err != nil {
				return out, err
			}
			e := EnrolmentStated{Person: p.ID, Programme: c.Programme, Phase: c.Phase, Cohort: cohort, State: Enrolled, On: on, Cell: CellOf(p.Details, from)}
			if len(was) > 0 && was[0].Cohort == cohort && slices.Contains([]string{Enrolled, Active, Completed}, was[0].State) {
				done.Already++
				continue
			}
			if len(was) > 0 && was[0].State == Completed {
				return fact.Outcome{}, &SeatedError{p.ID, was[0].Cohort, true}
			}
			var before *Enrolment
			if len(was) > 0 {
				before = &was[0]
			}
			refused := g.judge(&e, before, p.Details)
			switch {
			case refused != nil:
				done.Refused = append(done.Refused, *refused)
			case lacks[p.ID]:
				e.State, e.Reason = Waitlisted, NoConsent
				done.Pending++
				done.Waiting++
			case bounded && free <= 0 && beyond == "":
				return fact.Outcome{}, ErrFull
			case bounded && free <= 0 && beyond == Wait:
				e.State = Waitlisted
				if e.Rank = rank + 1; len(was) > 0 && was[0].Cohort == cohort && was[0].State == Waitlisted && was[0].Reason == "" {
					e.Rank, e.On = was[0].Rank, was[0].On // who waits keeps the place in the list
				}
				rank = max(rank, e.Rank)
				done.Waiting++
			default:
				if bounded && free <= 0 {
					e.Reason = beyond
					done.Over++
				}
				free--
				done.Enrolled++
			}
			if fact.Says(all, e) {
				continue
			}
			if g := other[p.ID]; !g.IsNil() && e.State == Waitlisted {
				return fact.Outcome{}, &SeatedError{Person: p.ID, Cohort: g}
			}
			if len(was) > 0 && was[0].Cohort != cohort && slices.Contains([]string{Enrolled, Active}, was[0].State) {
				left[was[0].Cohort]++
			}
			out.Facts = append(out.Facts, fact.New{Stream: person.Stream(c.Centre), Kind: KindEnrolment, Subject: eid, Actor: actor, Body: e, Prev: fact.HeadsOf(all)})
		}
		for g, n := range left {
			if err := t.refill(ctx, q, actor, g, waiting[g], n, on, &out); err != nil {
				return out, err
			}
		}
		return out, nil
	}})
	return done, err
}

// seatsBeside says who of some people, by whichever record, has a seat in another group of a group's phase, and in which.
func (t *Training) seatsBeside(ctx context.Context, q store.Querier, c *Cohort, people []id.ID, ones map[id.ID][]id.ID) (map[id.ID]id.ID, error) {
	records := slices.Clone(people)
	for _, all := range ones {
		records = append(records, all...)
	}
	out := map[id.ID]id.ID{}
	for part := range slices.Chunk(records, 500) {
		who, args := store.In("person", part)
		in, err := t.enrolments(ctx, q, who+" AND phase = ? AND cohort <> ? AND state IN ('enrolled', 'active')", append(args, c.Phase, c.ID))
		if err != nil {
			return nil, err
		}
		for _, e := range in {
			out[e.Person] = e.Cohort
		}
	}
	return out, nil
}

// Leave takes somebody out of a group, with the cause. Who was refused, or has applied only, was never in it: ErrNoSeat.
func (t *Training) Leave(ctx context.Context, actor id.ID, scope access.Scope, cohort, p id.ID, reason, on string) error {
	c, err := t.Cohort(ctx, t.log.DB, scope, cohort, "")
	if err != nil {
		return err
	}
	waiting, err := t.waitingKeys(ctx, cohort)
	if err != nil {
		return err
	}
	_, err = t.log.Do(ctx, fact.Command{Name: "leave a group", Stream: person.Stream(c.Centre), Keys: append(slices.Clone(waiting), p, cohort), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		c, err := t.Cohort(ctx, q, scope, cohort, "")
		if err != nil {
			return out, err
		}
		records, err := person.Records(ctx, q, p)
		if err != nil {
			return out, err
		}
		found, freed, undecided := false, 0, false
		for _, r := range records {
			eid := EnrolmentID(r, c.Phase)
			was, err := t.enrolments(ctx, q, "id = ? AND cohort = ?", store.Args(eid, cohort))
			if err != nil {
				return out, err
			}
			if len(was) == 0 {
				continue
			}
			if slices.Contains([]string{Denied, Applied}, was[0].State) {
				undecided = true // leaving would be a way around the rule and its appeal
				continue
			}
			if c.Closed {
				return out, ErrClosed
			}
			found = true
			if was[0].State == WithdrawnS && len(records) > 1 {
				continue
			}
			all, err := t.log.Of(ctx, q, eid)
			if err != nil {
				return out, err
			}
			if slices.Contains([]string{Enrolled, Active}, was[0].State) {
				freed = 1 // a person with two records had one seat
			}
			b := was[0].restated(WithdrawnS, reason, on)
			out.Facts = append(out.Facts, fact.New{Stream: person.Stream(c.Centre), Kind: KindEnrolment, Subject: eid, Actor: actor, Body: b, Prev: fact.HeadsOf(all)})
		}
		switch {
		case !found && undecided:
			return out, ErrNoSeat
		case !found:
			return out, person.ErrUnknown
		}
		return out, t.refill(ctx, q, actor, cohort, waiting, freed, on, &out)
	}})
	return err
}

// Last is the last that training knows of somebody; the days are ISO dates or "".
type Last struct {
	Enrolled, Here string // when an enrolment changed, and when they were present
	Open           bool   // they are in a group
}

// LastDays returns the last of each of some people.
func (t *Training) LastDays(ctx context.Context, q store.Querier, people []id.ID) (map[id.ID]Last, error) {
	out := map[id.ID]Last{}
	who, args := store.In("person", people)
	err := q.Each(ctx, "SELECT person, max(day), max(CASE WHEN state IN ('enrolled', 'active') THEN 1 ELSE 0 END) FROM training_enrolment WHERE "+who+" GROUP BY person", args, func(r store.Row) error {
		var p id.ID
		var l Last
		err := r.Scan(&p, &l.Enrolled, &l.Open)
		out[p] = l
		return err
	})
	if err != nil {
		return nil, err
	}
	who, args = store.In("a.person", people)
	err = q.Each(ctx, "SELECT a.person, max(s.day) FROM training_attendance a JOIN training_session s ON s.id = a.session WHERE a.mark IN ('p', 'l') AND "+who+" GROUP BY a.person", args, func(r store.Row) error {
		var p id.ID
		var here string
		err := r.Scan(&p, &here)
		l := out[p]
		l.Here = here
		out[p] = l
		return err
	})
	return out, err
}

// Gone prepares the end of all that somebody has open: the seats of a person who is erased are free again. What was is
// counted as before.
func (t *Training) Gone(ctx context.Context, q store.Querier, actor, p id.ID, reason, on string) ([]fact.New, error) {
	open, err := t.enrolments(ctx, q, "person = ? AND state IN ('applied', 'waitlisted', 'enrolled', 'active') ORDER BY id", store.Args(p))
	if err != nil {
		return nil, err
	}
	var out []fact.New
	for _, e := range open {
		all, err := t.log.Of(ctx, q, e.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, fact.New{Stream: person.Stream(e.Centre), Kind: KindEnrolment, Subject: e.ID, Actor: actor, Prev: fact.HeadsOf(all),
			Body: e.restated(WithdrawnS, reason, on)})
	}
	return out, nil
}

// Names returns the names of groups.
func (t *Training) Names(ctx context.Context, q store.Querier, cohorts []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	if len(cohorts) == 0 {
		return out, nil
	}
	in, args := store.In("id", cohorts)
	err := q.Each(ctx, "SELECT id, name FROM training_cohort WHERE "+in, args, func(r store.Row) error {
		var v id.ID
		var name string
		err := r.Scan(&v, &name)
		out[v] = name
		return err
	})
	return out, err
}

// CentresOf returns where groups of some programmes are.
func (t *Training) CentresOf(ctx context.Context, q store.Querier, programmes []id.ID) ([]id.ID, error) {
	in, args := store.In("programme", programmes)
	var out []id.ID
	return out, q.Each(ctx, "SELECT DISTINCT centre FROM training_cohort WHERE "+in, args, func(r store.Row) error {
		var c id.ID
		err := r.Scan(&c)
		out = append(out, c)
		return err
	})
}

// SeatsOf returns the groups of some programmes at a centre, and who has a seat in one or has completed it.
func (t *Training) SeatsOf(ctx context.Context, q store.Querier, programmes []id.ID, centre id.ID) (groups, people []id.ID, err error) {
	in, args := store.In("programme", programmes)
	in, args = "centre = ? AND "+in, append(store.Args(centre), args...)
	collect := func(out *[]id.ID) func(store.Row) error {
		return func(r store.Row) error {
			var v id.ID
			err := r.Scan(&v)
			*out = append(*out, v)
			return err
		}
	}
	if err = q.Each(ctx, "SELECT id FROM training_cohort WHERE "+in, args, collect(&groups)); err != nil {
		return nil, nil, err
	}
	err = q.Each(ctx, "SELECT DISTINCT person FROM training_enrolment WHERE "+in+" AND cohort <> ? AND state IN (?, ?, ?)", append(args, id.Nil, Enrolled, Active, Completed), collect(&people))
	return groups, people, err
}
