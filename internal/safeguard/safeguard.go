package safeguard

import (
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/seal"
	"tizi/internal/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of this room.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// Limits.
const (
	OpenFor  = 15 * time.Minute // how long a key stays in memory
	MaxText  = 4000             // letters of one answer
	MaxSent  = 5                // reports of one address in SentIn
	SentIn   = time.Hour
	MaxWrong = 5 // wrong passphrases of one account in WrongIn
	WrongIn  = 15 * time.Minute
	maxCases = 500
)

// Errors. Doors translate them.
var (
	ErrNoCase    = errors.New("there is no such case")
	ErrNobody    = errors.New("no officer with a key answers for this centre")
	ErrEmpty     = errors.New("a worry says something")
	ErrLong      = errors.New("the text is too long")
	ErrOften     = errors.New("too many reports from here; wait")
	ErrTries     = errors.New("too many wrong tries; wait 15 minutes")
	ErrLocked    = errors.New("the officer's key is locked")
	ErrKeyed     = errors.New("this officer has a key already")
	ErrNoKey     = errors.New("this officer has no key on this node")
	ErrUnread    = errors.New("this case is not sealed to this officer")
	ErrDate      = errors.New("a step is due on a date")
	ErrNotHere   = errors.New("there is no such centre")
	ErrNotOpen   = errors.New("a case that is closed takes no due date")
	ErrNoOutcome = errors.New("a case is closed with an outcome")
)

// Safeguard is the area.
type Safeguard struct {
	log    *fact.Log
	access *access.Access
	places *place.Places
	sent   access.Limit

	mu    sync.Mutex // guards what follows
	open  map[string]unlocked
	wrong map[id.ID][]time.Time
}

// unlocked is a private key in memory, by the hash of the session that opened it. It is never on a disk.
type unlocked struct {
	account, key id.ID
	opener       *seal.Opener
	until        time.Time
}

// New returns the area.
func New(l *fact.Log, a *access.Access, p *place.Places) *Safeguard {
	return &Safeguard{log: l, access: a, places: p, open: map[string]unlocked{}, sent: access.Limit{Max: MaxSent, In: SentIn}, wrong: map[id.ID][]time.Time{}}
}

// Officer is somebody who answers for the safety of children and has a key.
type Officer struct {
	Key     id.ID
	Account id.ID
	Name    string
	On      id.ID // the place answered for
	Public  []byte
	At      time.Time
}

// Fingerprint is how two officers compare a key over the telephone.
func (o Officer) Fingerprint() string {
	h := sha256.Sum256(o.Public)
	s := strings.ToUpper(hex.EncodeToString(h[:8]))
	return s[:4] + " " + s[4:8] + " " + s[8:12] + " " + s[12:]
}

// keys returns the newest key of each account, as far as it holds for a centre.
func (s *Safeguard) keys(ctx context.Context, q store.Querier, centre id.ID) (map[id.ID]Officer, error) {
	out := map[id.ID]Officer{}
	err := q.Each(ctx, "SELECT id, account, public, at FROM safeguard_officer WHERE centre IN (?, ?) ORDER BY at, id", store.Args(id.Nil, centre), func(r store.Row) error {
		var o Officer
		var at int64
		err := r.Scan(&o.Key, &o.Account, &o.Public, &at)
		o.At = time.Unix(at, 0)
		out[o.Account] = o
		return err
	})
	return out, err
}

// Officers returns all officers with a key whose place holds a centre, the nearest first.
func (s *Safeguard) Officers(ctx context.Context, q store.Querier, centre id.ID) ([]Officer, error) {
	tree, err := s.places.Tree(ctx, q)
	if err != nil {
		return nil, err
	}
	keys, err := s.keys(ctx, q, centre)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	accounts, err := s.access.Staff(ctx, q)
	if err != nil {
		return nil, err
	}
	size := map[id.ID]int{}
	var out []Officer
	for _, a := range accounts {
		k, ok := keys[a.ID]
		if !ok || a.Closed {
			continue
		}
		found := false
		for _, h := range a.Roles {
			if h.Role == access.Officer && h.On.Kind == access.AtPlace && tree.Holds(h.On.ID, centre) {
				if n := len(tree.Within(h.On.ID)); !found || n < size[k.On] {
					k.On, k.Name, found = h.On.ID, a.Name, true
					size[k.On] = n
				}
			}
		}
		if found {
			out = append(out, k)
		}
	}
	slices.SortStableFunc(out, func(a, b Officer) int { return cmp.Compare(size[a.On], size[b.On]) })
	return out, nil
}

// Nearest returns the officers to whom a worry about a centre goes: all of the nearest place that has any.
func (s *Safeguard) Nearest(ctx context.Context, q store.Querier, centre id.ID) ([]Officer, error) {
	all, err := s.Officers(ctx, q, centre)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return slices.DeleteFunc(all, func(o Officer) bool { return o.On != all[0].On }), nil
}

// Worry is what somebody reports. Any of it may be left out, but not all.
type Worry struct {
	Who   string `json:"who,omitempty"` // whom it is about
	What  string `json:"what,omitempty"`
	When  string `json:"when,omitempty"`  //
	Reply string `json:"reply,omitempty"` // who to talk to, if they want to be
}

// Step is what was done about a case.
type Step struct {
	What    string `json:"what"` // one of Steps
	Text    string `json:"text"`
	Outcome string `json:"outcome,omitempty"`
	Account id.ID  `json:"account"`
}

// Steps are what can be done about a case; Outcomes are how one ends.
var (
	Steps    = []string{"assessed", "spoke", "referred", "closed"}
	Outcomes = []string{"safe", "referred", "unfounded", "other"}
)

func clean(ts ...*string) error {
	for _, t := range ts {
		*t = strings.TrimSpace(*t)
		if utf8.RuneCountInString(*t) > MaxText {
			return ErrLong
		}
	}
	return nil
}

func info(c id.ID) string { return "tizi safeguarding " + c.String() }

func wraps(officers []Officer, c id.ID, secret []byte) ([]Wrap, error) {
	var out []Wrap
	for _, o := range officers {
		w, err := seal.WrapFor(o.Public, info(c), secret)
		if err != nil {
			return nil, err
		}
		out = append(out, Wrap{o.Key, w})
	}
	return out, nil
}

// Report seals a worry to the officers nearest to a centre. from is the device that sent it; nothing of it is kept but a
// count in memory. No actor is kept, whoever is signed in.
func (s *Safeguard) Report(ctx context.Context, from string, centre id.ID, w Worry) (id.ID, error) {
	if err := clean(&w.Who, &w.What, &w.When, &w.Reply); err != nil {
		return id.Nil, err
	}
	if w == (Worry{}) {
		return id.Nil, ErrEmpty
	}
	tree, err := s.places.Tree(ctx, s.log.DB)
	if err != nil {
		return id.Nil, err
	}
	p := tree.Get(centre)
	if p == nil || p.Type != "centre" {
		return id.Nil, ErrNotHere
	}
	officers, err := s.Nearest(ctx, s.log.DB, centre)
	if err != nil {
		return id.Nil, err
	}
	if len(officers) == 0 {
		return id.Nil, ErrNobody
	}
	now := s.log.Clock.Now()
	if !s.sent.May(from, now) {
		return id.Nil, ErrOften
	}
	plain, err := json.Marshal(w)
	if err != nil {
		return id.Nil, fmt.Errorf("seal a worry: %w", err)
	}
	c, key := id.New(), seal.NewContentKey()
	b := Reported{Centre: centre, At: now.Unix()}
	if b.Sealed, err = seal.SealContent(key, info(c), plain); err != nil {
		return id.Nil, fmt.Errorf("seal a worry: %w", err)
	}
	// What officers hold opens nothing without the case's own key, which is destroyed when the case is pruned: their keys
	// are of all cases, and facts are for ever.
	if err := s.log.Keys.Begin(ctx, s.log.DB, p.Stream()); err != nil {
		return id.Nil, err
	}
	own, err := s.log.Keys.New(c, p.Stream())
	if err != nil {
		return id.Nil, err
	}
	if b.For, err = wraps(officers, c, []byte(own.Seal(key))); err != nil {
		return id.Nil, fmt.Errorf("seal a worry: %w", err)
	}
	_, err = s.log.Do(ctx, fact.Command{Name: "report a worry", Stream: p.Stream(), Keys: []id.ID{c}, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
		return fact.Outcome{Keys: []*seal.Key{own}, Facts: []fact.New{{Stream: p.Stream(), Kind: KindReported, Subject: c, Body: b, Born: true}}}, nil
	}})
	return c, err
}

func recent(l []time.Time, since time.Time) []time.Time {
	return slices.DeleteFunc(l, func(t time.Time) bool { return !t.After(since) })
}

// Has reports whether an account has a key on this node.
func (s *Safeguard) Has(ctx context.Context, q store.Querier, account id.ID) (bool, error) {
	_, _, err := s.locked(ctx, q, account)
	if errors.Is(err, ErrNoKey) {
		return false, nil
	}
	return err == nil, err
}

func (s *Safeguard) locked(ctx context.Context, q store.Querier, account id.ID) (key id.ID, locked []byte, err error) {
	found, err := store.One(ctx, q, "SELECT id, locked FROM safeguard_key WHERE account = ? ORDER BY made DESC, id DESC LIMIT 1", store.Args(account), &key, &locked)
	if err == nil && !found {
		err = ErrNoKey
	}
	return key, locked, err
}

func lockInfo(key id.ID) string { return "tizi officer " + key.String() }

// SetKey makes the pair of keys of an officer. Anew makes another one for whoever lost the passphrase: what was sealed to
// the old one cannot be read by it, until another officer lets it in.
func (s *Safeguard) SetKey(ctx context.Context, account id.ID, passphrase string, anew bool) error {
	if err := access.CheckPassphrase(passphrase); err != nil {
		return err
	}
	has, err := s.Has(ctx, s.log.DB, account)
	if err != nil {
		return err
	}
	if has && !anew {
		return ErrKeyed
	}
	o, err := seal.NewOpener()
	if err != nil {
		return err
	}
	key, now := id.New(), s.log.Clock.Now()
	locked, err := o.Lock(lockInfo(key), passphrase)
	if err != nil {
		return err
	}
	// The private part first: a public part that nobody can open would swallow worries.
	if err := s.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "INSERT INTO safeguard_key (id, account, locked, made) VALUES (?, ?, ?, ?)", key, account, locked, now.UnixMilli())
	}); err != nil {
		return fmt.Errorf("keep the officer's key: %w", err)
	}
	stream, err := s.keyStream(ctx, account)
	if err != nil {
		return err
	}
	_, err = s.log.Do(ctx, fact.Command{Name: "give an officer a key", Stream: stream, Keys: []id.ID{key}, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
		return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: KindKeyed, Subject: key, Actor: account, Body: Keyed{account, o.Recipient(), now.Unix()}, Born: true}}}, nil
	}})
	return err
}

// keyStream is where the public key of an officer stands: with the role, so that those who write to the officer know it.
func (s *Safeguard) keyStream(ctx context.Context, account id.ID) (string, error) {
	acc, err := s.access.Get(ctx, s.log.DB, account)
	if err != nil || acc == nil {
		return "commons", err
	}
	t, err := s.places.Tree(ctx, s.log.DB)
	if err != nil {
		return "", err
	}
	var streams []string
	for _, h := range acc.Roles {
		if h.Role == access.Officer {
			streams = append(streams, access.RoleStream(t, h.On))
		}
	}
	if len(streams) == 1 {
		return streams[0], nil
	}
	return "commons", nil
}

// try opens the key of an account with its passphrase, at most MaxWrong wrong times.
func (s *Safeguard) try(ctx context.Context, account id.ID, passphrase string) (id.ID, *seal.Opener, error) {
	key, locked, err := s.locked(ctx, s.log.DB, account)
	if err != nil {
		return key, nil, err
	}
	now := s.log.Clock.Now()
	s.mu.Lock()
	l := recent(s.wrong[account], now.Add(-WrongIn))
	s.wrong[account] = append(l, now) // counted before it is tried: two at once are two
	s.mu.Unlock()
	if len(l) >= MaxWrong {
		return key, nil, ErrTries
	}
	o, err := seal.Unlock(lockInfo(key), passphrase, locked)
	if err == nil {
		s.mu.Lock()
		delete(s.wrong, account)
		s.mu.Unlock()
	}
	return key, o, err
}

func session(token string) string {
	h := sha256.Sum256([]byte(token))
	return string(h[:])
}

// Unlock opens an officer's key for a session, for OpenFor.
func (s *Safeguard) Unlock(ctx context.Context, account id.ID, token, passphrase string) error {
	key, o, err := s.try(ctx, account, passphrase)
	if err != nil {
		return err
	}
	now := s.log.Clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, u := range s.open {
		if !u.until.After(now) {
			delete(s.open, k)
		}
	}
	s.open[session(token)] = unlocked{account, key, o, now.Add(OpenFor)}
	return nil
}

// Lock forgets the key of a session.
func (s *Safeguard) Lock(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, session(token))
}

// Until is when the key of a session is locked again; zero: it is.
func (s *Safeguard) Until(account id.ID, token string) time.Time {
	u, _ := s.opened(account, token)
	return u.until
}

func (s *Safeguard) opened(account id.ID, token string) (unlocked, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.open[session(token)]
	if !ok || u.account != account {
		return unlocked{}, ErrLocked
	}
	if !u.until.After(s.log.Clock.Now()) {
		delete(s.open, session(token))
		return unlocked{}, ErrLocked
	}
	return u, nil
}

// Change gives an officer's key another passphrase.
func (s *Safeguard) Change(ctx context.Context, account id.ID, old, passphrase string) error {
	if err := access.CheckPassphrase(passphrase); err != nil {
		return err
	}
	key, o, err := s.try(ctx, account, old)
	if err != nil {
		return err
	}
	locked, err := o.Lock(lockInfo(key), passphrase)
	if err != nil {
		return err
	}
	return s.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "UPDATE safeguard_key SET locked = ? WHERE id = ?", locked, key)
	})
}

// Case is what is known of a case without opening it.
type Case struct {
	ID     id.ID
	Centre id.ID
	At     time.Time
	State  string
	Due    string
	Noted  time.Time // when the last step was written; of a closed case, when it was closed
}

func (s *Safeguard) cases(ctx context.Context, q store.Querier, where string, args []any) ([]Case, error) {
	var out []Case
	err := q.Each(ctx, "SELECT id, centre, at, state, due, noted FROM safeguard_case WHERE "+where, args, func(r store.Row) error {
		var c Case
		var at, noted int64
		err := r.Scan(&c.ID, &c.Centre, &at, &c.State, &c.Due, &noted)
		c.At, c.Noted = time.Unix(at, 0), time.Unix(noted, 0)
		out = append(out, c)
		return err
	})
	return out, err
}

// Cases returns at most max cases of a scope after some, those that are not closed first, latest first.
func (s *Safeguard) Cases(ctx context.Context, q store.Querier, scope access.Scope, after, max int) ([]Case, error) {
	where, args := scope.SQL("centre")
	return s.cases(ctx, q, fmt.Sprintf("%s ORDER BY CASE state WHEN 'closed' THEN 1 ELSE 0 END, at DESC, id LIMIT %d OFFSET %d", where, max, after), args)
}

// Case returns one case of a scope.
func (s *Safeguard) Case(ctx context.Context, q store.Querier, scope access.Scope, c id.ID) (Case, error) {
	where, args := scope.SQL("centre")
	l, err := s.cases(ctx, q, where+" AND id = ?", append(args, c))
	if err != nil {
		return Case{}, err
	}
	if len(l) == 0 {
		return Case{}, ErrNoCase
	}
	return l[0], nil
}

// Waiting counts the new cases of a scope, and those whose next step is overdue.
func (s *Safeguard) Waiting(ctx context.Context, q store.Querier, scope access.Scope) (fresh, overdue int, err error) {
	where, args := scope.SQL("centre")
	today := s.log.Clock.Now().Format(time.DateOnly)
	if _, err = store.One(ctx, q, "SELECT count(*) FROM safeguard_case WHERE "+where+" AND state = 'new'", args, &fresh); err != nil {
		return fresh, overdue, err
	}
	_, err = store.One(ctx, q, "SELECT count(*) FROM safeguard_case WHERE "+where+" AND due <> '' AND due < ?", append(args, today), &overdue)
	return fresh, overdue, err
}

// Entry is a step that was read.
type Entry struct {
	Step
	At  time.Time
	Due string
}

// File is a case that was opened.
type File struct {
	Worry   Worry
	Entries []Entry
}

// plainKey is how long the key of a case is that was wrapped as it is, before cases had keys of their own.
const plainKey = 32

// keyOf opens the key of a case with a session's key and the case's own.
func (s *Safeguard) keyOf(ctx context.Context, u unlocked, c id.ID, all []*fact.Fact) ([]byte, error) {
	secret, err := s.secretOf(u, c, all)
	if err != nil || len(secret) == plainKey {
		return secret, err
	}
	own, err := s.log.Keys.Get(ctx, s.log.DB, c)
	if errors.Is(err, seal.ErrNoKey) {
		return nil, ErrUnread
	}
	if err != nil {
		return nil, err
	}
	return own.Open(string(secret))
}

// secretOf unwraps what is wrapped for a session's key.
func (s *Safeguard) secretOf(u unlocked, c id.ID, all []*fact.Fact) ([]byte, error) {
	for _, f := range all {
		if f.State() != fact.Effective {
			continue
		}
		var l []Wrap
		if r, ok := fact.As[Reported](f); ok {
			l = r.For
		} else if sh, ok := fact.As[Shared](f); ok {
			l = sh.For
		}
		for _, w := range l {
			if w.Key == u.key {
				if k, err := u.opener.Unwrap(info(c), w.Wrapped); err == nil {
					return k, nil
				}
			}
		}
	}
	return nil, ErrUnread
}

// Read opens a case of a scope.
func (s *Safeguard) Read(ctx context.Context, scope access.Scope, account id.ID, token string, c id.ID) (*File, error) {
	if _, err := s.Case(ctx, s.log.DB, scope, c); err != nil {
		return nil, err
	}
	u, err := s.opened(account, token)
	if err != nil {
		return nil, err
	}
	all, err := s.log.Of(ctx, s.log.DB, c)
	if err != nil {
		return nil, err
	}
	key, err := s.keyOf(ctx, u, c, all)
	if err != nil {
		return nil, err
	}
	out := &File{}
	for _, f := range all {
		if f.State() != fact.Effective {
			continue
		}
		if r, ok := fact.As[Reported](f); ok {
			b, err := seal.OpenContent(key, info(c), r.Sealed)
			if err == nil {
				err = json.Unmarshal(b, &out.Worry)
			}
			if err != nil {
				return nil, fmt.Errorf("open a case: %w", err)
			}
		}
		if n, ok := fact.As[Noted](f); ok {
			e := Entry{At: time.Unix(n.At, 0), Due: n.Due}
			b, err := seal.OpenContent(key, info(c), n.Sealed)
			if err == nil {
				err = json.Unmarshal(b, &e.Step)
			}
			if err != nil {
				return nil, fmt.Errorf("open a case: %w", err)
			}
			out.Entries = append(out.Entries, e)
		}
	}
	return out, nil
}

// Note adds a step to a case. due is when the next one is, or "".
func (s *Safeguard) Note(ctx context.Context, scope access.Scope, account id.ID, token string, c id.ID, st Step, due string) error {
	if err := clean(&st.Text); err != nil {
		return err
	}
	state := Open
	switch {
	case st.Text == "" || !slices.Contains(Steps, st.What):
		return ErrEmpty
	case st.What == "closed" && !slices.Contains(Outcomes, st.Outcome):
		return ErrNoOutcome
	case st.What == "closed" && due != "":
		return ErrNotOpen
	case st.What == "closed":
		state = Closed
	default:
		st.Outcome = ""
	}
	if due != "" {
		if _, err := time.Parse(time.DateOnly, due); err != nil {
			return ErrDate
		}
	}
	st.Account = account
	cs, err := s.Case(ctx, s.log.DB, scope, c)
	if err != nil {
		return err
	}
	u, err := s.opened(account, token)
	if err != nil {
		return err
	}
	all, err := s.log.Of(ctx, s.log.DB, c)
	if err != nil {
		return err
	}
	key, err := s.keyOf(ctx, u, c, all)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("seal a step: %w", err)
	}
	b := Noted{At: s.log.Clock.Now().Unix(), State: state, Due: due}
	if b.Sealed, err = seal.SealContent(key, info(c), plain); err != nil {
		return fmt.Errorf("seal a step: %w", err)
	}
	stream := "centre/" + cs.Centre.String()
	_, err = s.log.Do(ctx, fact.Command{Name: "note a step", Stream: stream, Keys: []id.ID{c}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		all, err := s.log.Of(ctx, q, c)
		if err != nil {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: KindNoted, Subject: c, Actor: account, Prev: fact.HeadsOf(all), Body: b}}}, nil
	}})
	return err
}

// Share lets every officer of a case's centre who has a key, and cannot read the case yet, into the cases of a scope that
// this officer can read. It returns how many cases it opened to somebody, and how many this officer cannot read.
func (s *Safeguard) Share(ctx context.Context, scope access.Scope, account id.ID, token string) (shared, unread int, err error) {
	u, err := s.opened(account, token)
	if err != nil {
		return 0, 0, err
	}
	var cases []Case
	for {
		l, err := s.Cases(ctx, s.log.DB, scope, len(cases), maxCases)
		if err != nil {
			return 0, 0, err
		}
		if cases = append(cases, l...); len(l) < maxCases {
			break
		}
	}
	officers := map[id.ID][]Officer{}
	for _, c := range cases {
		if _, ok := officers[c.Centre]; !ok {
			if officers[c.Centre], err = s.Officers(ctx, s.log.DB, c.Centre); err != nil {
				return shared, unread, err
			}
		}
		all, err := s.log.Of(ctx, s.log.DB, c.ID)
		if err != nil {
			return shared, unread, err
		}
		secret, err := s.secretOf(u, c.ID, all)
		if errors.Is(err, ErrUnread) {
			unread++
			continue
		}
		if err != nil {
			return shared, unread, err
		}
		has := map[id.ID]bool{}
		for _, f := range all {
			r, _ := fact.As[Reported](f)
			sh, _ := fact.As[Shared](f)
			for _, w := range append(slices.Clone(r.For), sh.For...) {
				has[w.Key] = true
			}
		}
		missing := slices.DeleteFunc(slices.Clone(officers[c.Centre]), func(o Officer) bool { return has[o.Key] })
		if len(missing) == 0 {
			continue
		}
		l, err := wraps(missing, c.ID, secret)
		if err != nil {
			return shared, unread, err
		}
		stream := "centre/" + c.Centre.String()
		if _, err := s.log.Do(ctx, fact.Command{Name: "let an officer in", Stream: stream, Keys: []id.ID{c.ID}, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
			return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: KindShared, Subject: c.ID, Actor: account, Body: Shared{l}}}}, nil
		}}); err != nil {
			return shared, unread, err
		}
		shared++
	}
	return shared, unread, nil
}

// ClosedBefore returns the cases that were closed at a time or before it and not taken up again.
func (s *Safeguard) ClosedBefore(ctx context.Context, q store.Querier, t time.Time) ([]Case, error) {
	return s.cases(ctx, q, "state = ? AND noted <= ? ORDER BY noted, id", store.Args(Closed, t.Unix()))
}

// Prune prepares the end of cases that were closed at a time or before it: that it happened becomes a fact of each, and the
// case's own key is destroyed in the same transaction, so that no officer's key opens it again, here or in any copy. A case
// that is open, or was open since, is passed over.
func (s *Safeguard) Prune(ctx context.Context, q store.Querier, cases []id.ID, t time.Time) (fact.Outcome, error) {
	var out fact.Outcome
	for _, c := range cases {
		l, err := s.cases(ctx, q, "id = ? AND state = ? AND noted <= ?", store.Args(c, Closed, t.Unix()))
		if err != nil {
			return out, err
		}
		if len(l) == 0 {
			continue
		}
		all, err := s.log.Of(ctx, q, c)
		if err != nil {
			return out, err
		}
		stream := "centre/" + l[0].Centre.String()
		out.Facts = append(out.Facts, fact.New{Stream: stream, Kind: KindPruned, Subject: c, Body: Pruned{l[0].Noted.Unix()}, Prev: fact.HeadsOf(all)})
	}
	return out, nil
}

// Any reports whether any officer has a key at all.
func (s *Safeguard) Any(ctx context.Context, q store.Querier) (bool, error) {
	var one int
	return store.One(ctx, q, "SELECT 1 FROM safeguard_officer LIMIT 1", nil, &one)
}
