package teaching

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"regexp"
	"slices"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Split is how a group is split into small ones for a session.
type Split struct {
	By   string `json:"by"`   // one of SplitBy
	N    int    `json:"n"`    // learners of a small group, or small groups
	How  string `json:"how"`  // one of SplitHow
	Seed string `json:"seed"` // of what is drawn, in hexadecimal digits: the same seed draws the same
}

// The ways to split.
var (
	SplitBy  = []string{"size", "count"}
	SplitHow = []string{"mixed", "random"}
)

// MaxSplit is the most of a split.
const MaxSplit = 50

var seeds = regexp.MustCompile(`^[0-9a-f]{8,40}$`)

// Check says what is missing.
func (s Split) Check() error {
	if !slices.Contains(SplitBy, s.By) || !slices.Contains(SplitHow, s.How) || s.N < 1 || s.N > MaxSplit || !seeds.MatchString(s.Seed) {
		return errors.New("a group is split by size or by number, mixed or drawn")
	}
	return nil
}

// Member is somebody to be put into a small group.
type Member struct {
	ID   id.ID
	Done int // how far they are
}

// Teams splits: as asked, but nobody is alone where there are two or more. Mixed, those who are furthest are dealt out first, there and
// back, so that each small group has some of them.
func (s Split) Teams(members []Member) [][]id.ID {
	if len(members) == 0 {
		return nil
	}
	k := s.N
	if s.By == "size" {
		k = (len(members) + s.N - 1) / s.N
	}
	k = max(1, min(k, len(members)/2))
	lot := func(m Member) []byte {
		h := sha256.Sum256(append([]byte(s.Seed), m.ID[:]...))
		return h[:]
	}
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b Member) int {
		by := 0
		if s.How == "mixed" {
			by = cmp.Compare(b.Done, a.Done)
		}
		return cmp.Or(by, bytes.Compare(lot(a), lot(b)))
	})
	out := make([][]id.ID, k)
	for i, m := range members {
		at := i % k
		if i/k%2 == 1 {
			at = k - 1 - at
		}
		out[at] = append(out[at], m.ID)
	}
	return out
}

// Teamed is the body of teams.made: the small groups of a session. Its subject is named under the session.
type Teamed struct {
	Session id.ID     `json:"session"`
	Group   id.ID     `json:"group"`
	Teams   [][]id.ID `json:"teams"`
	Split   Split     `json:"split,omitzero"` // none of what was changed by hand
}

// Check says what is missing.
func (b Teamed) Check() error {
	seen := map[id.ID]bool{}
	for _, t := range b.Teams {
		for _, p := range t {
			if seen[p] || p.IsNil() {
				return errors.New("somebody is in two small groups")
			}
			seen[p] = true
		}
		if len(t) == 0 {
			return errors.New("a small group has nobody in it")
		}
	}
	if b.Session.IsNil() || b.Group.IsNil() || len(seen) == 0 || len(seen) > 1000 {
		return errors.New("small groups are of a session")
	}
	return nil
}

// KindTeamed is the kind of it.
var KindTeamed = fact.NewKind[Teamed](fact.Kind{Name: "teams.made", Streams: []string{"centre"}})

var teamTable = &store.Table{Name: "teaching_team", Key: 2,
	Columns: store.Cols("id:id person:id session:id team:int conflict:int"),
	Indexes: []string{"session", "person"}}

var teamFold = &fact.Fold{
	Name: "teaching.team", Kinds: []*fact.Kind{KindTeamed}, Tables: []*store.Table{teamTable},
	Fold: func(s *fact.Subject, out *fact.Rows) error {
		b, last, several := fact.Said[Teamed](s, nil)
		if last == nil {
			return nil
		}
		for i, t := range b.Teams {
			for _, p := range t {
				out.Add(teamTable, s.ID, p, b.Session, i, several)
			}
		}
		return nil
	},
	Sample: fact.Statements(KindTeamed, func(d fact.Draw) fact.Body {
		members := []Member{{testID(1), 0}, {testID(2), d.Int("done", 2)}, {testID(3), 1}, {testID(4), 0}}
		return Teamed{Session: testID(5), Group: testID(6), Teams: Split{By: "count", N: 1 + d.Int("n", 2), How: SplitHow[d.Int("how", 2)]}.Teams(members)}
	}),
}

// Team records the small groups of a session at a centre. The same again writes nothing.
func (t *Teaching) Team(ctx context.Context, actor, centre id.ID, b Teamed) error {
	return t.say(ctx, "make small groups", KindTeamed, actor, centre, id.Under(b.Session, "teams"), b)
}

// Teams are the small groups of a session: the number of that of each, from 0 on.
type Teams struct {
	Of       map[id.ID]int
	Conflict bool // two made them who had not seen each other
}

// TeamsOfPeople returns in which small group somebody was in which session, under some records.
func (t *Teaching) TeamsOfPeople(ctx context.Context, q store.Querier, records []id.ID) (map[id.ID]int, error) {
	out := map[id.ID]int{}
	in, args := store.In("person", records)
	err := q.Each(ctx, "SELECT session, team FROM teaching_team WHERE "+in, args, func(r store.Row) error {
		var session id.ID
		var n int
		err := r.Scan(&session, &n)
		out[session] = n
		return err
	})
	return out, err
}

// TeamsOf returns the small groups of a session; none where nobody made any.
func (t *Teaching) TeamsOf(ctx context.Context, q store.Querier, session id.ID) (Teams, error) {
	out := Teams{Of: map[id.ID]int{}}
	err := q.Each(ctx, "SELECT person, team, conflict FROM teaching_team WHERE session = ? ORDER BY person", store.Args(session), func(r store.Row) error {
		var p id.ID
		var n int
		err := r.Scan(&p, &n, &out.Conflict)
		out.Of[p] = n
		return err
	})
	return out, err
}
