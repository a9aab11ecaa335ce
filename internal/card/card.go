// Package card makes the cards that learners carry: a QR code with a random token, no name, no login. It knows whose a card
// is and whether it still holds, and nothing of what it opens: a door counts who comes with it.
package card

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of what only this node knows: which card is whose.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// Cards are the learners' cards of a node.
type Cards struct {
	log    *fact.Log
	people *person.People
}

// New returns the cards of a node.
func New(l *fact.Log, p *person.People) *Cards { return &Cards{l, p} }

// Errors of a card that is shown. Doors translate them.
var (
	ErrCode    = errors.New("this is neither a card's code nor its number")
	ErrUnknown = errors.New("this card was not made here")
	ErrEnded   = errors.New("this card has ended")
)

// Card is a card that was just made. It is shown once; of the token only a hash stays.
type Card struct {
	Person id.ID
	Token  string // TokenDigits digits, for a QR code: 128 random bits
	Number string // NumberDigits digits, printed under it, for where nothing reads the code
}

// How long a token and a number are. Both are digits alone: a reader that types does so on the keyboard that the computer
// believes to have, and of digits what another keyboard makes can be undone.
const (
	TokenDigits  = 39
	NumberDigits = 8
)

// endedLife is how long a card that ended is still told from one that never was.
const endedLife = 400 * 24 * time.Hour

var (
	tokens  = new(big.Int).Lsh(big.NewInt(1), 128)
	numbers = big.NewInt(100_000_000)
)

func random(below *big.Int, digits int) string {
	n, err := rand.Int(rand.Reader, below)
	if err != nil {
		panic("no randomness: " + err.Error())
	}
	return fmt.Sprintf("%0*d", digits, n)
}

func digest(token string) []byte {
	h := sha256.Sum256([]byte("learner card " + token))
	return h[:]
}

// Make makes a card for each of some people of the scope, in their order. The card that somebody had ends. Somebody who is
// not of the scope is person.ErrUnknown, and no card is made.
func (c *Cards) Make(ctx context.Context, actor id.ID, scope access.Scope, persons []id.ID) ([]Card, error) {
	if err := c.within(ctx, scope, persons); err != nil {
		return nil, err
	}
	now := c.log.Clock.Now().UnixMilli()
	var out []Card
	err := c.log.DB.Write(ctx, func(tx store.Tx) error {
		out = nil
		if err := tx.Exec(ctx, "DELETE FROM card WHERE ended > 0 AND ended < ?", now-endedLife.Milliseconds()); err != nil {
			return err
		}
		taken := map[string]bool{}
		for _, p := range persons {
			k := Card{Person: p, Token: random(tokens, TokenDigits)}
			for k.Number == "" || taken[k.Number] {
				k.Number = random(numbers, NumberDigits)
				var one int
				used, err := store.One(ctx, tx, "SELECT 1 FROM card WHERE number = ?", store.Args(k.Number), &one)
				if err != nil {
					return err
				}
				if used {
					k.Number = ""
				}
			}
			taken[k.Number] = true
			if err := tx.Exec(ctx, "UPDATE card SET ended = ? WHERE person = ? AND ended = 0", now, p); err != nil {
				return err
			}
			if err := tx.Exec(ctx, "INSERT INTO card (hash, number, person, actor, created, ended) VALUES (?, ?, ?, ?, ?, 0)", digest(k.Token), k.Number, p, actor, now); err != nil {
				return err
			}
			out = append(out, k)
		}
		return nil
	})
	return out, err
}

func (c *Cards) within(ctx context.Context, scope access.Scope, persons []id.ID) error {
	known, err := c.people.Of(ctx, c.log.DB, scope, persons)
	if err != nil {
		return err
	}
	for _, p := range persons {
		if !slices.ContainsFunc(known, func(k *person.Person) bool { return k.ID == p }) {
			return person.ErrUnknown
		}
	}
	return nil
}

// Revoke ends the card of somebody of the scope: it was lost, or they left.
func (c *Cards) Revoke(ctx context.Context, scope access.Scope, p id.ID) error {
	if err := c.within(ctx, scope, []id.ID{p}); err != nil {
		return err
	}
	return c.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "UPDATE card SET ended = ? WHERE person = ? AND ended = 0", c.log.Clock.Now().UnixMilli(), p)
	})
}

// Since says, of those of some people who have a card, since when. The caller has made sure that the reader may see them.
func (c *Cards) Since(ctx context.Context, q store.Querier, persons []id.ID) (map[id.ID]time.Time, error) {
	out := map[id.ID]time.Time{}
	for part := range slices.Chunk(persons, 500) {
		in, args := store.In("person", part)
		err := q.Each(ctx, "SELECT person, created FROM card WHERE "+in+" AND ended = 0", args, func(r store.Row) error {
			var p id.ID
			var at int64
			err := r.Scan(&p, &at)
			out[p] = time.UnixMilli(at)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Held is a card that somebody has or had.
type Held struct {
	Made, Ended time.Time // Ended is zero while it holds
	Actor       id.ID     // who made it
}

// Of returns the cards of some records of a person, the earliest first. The caller has made sure that the reader may see them.
func (c *Cards) Of(ctx context.Context, q store.Querier, records []id.ID) ([]Held, error) {
	in, args := store.In("person", records)
	var out []Held
	err := q.Each(ctx, "SELECT actor, created, ended FROM card WHERE "+in+" ORDER BY created, CASE WHEN ended = 0 THEN 1 ELSE 0 END, ended, hash", args, func(r store.Row) error {
		var x Held
		var made, ended int64
		err := r.Scan(&x.Actor, &made, &ended)
		if x.Made = time.UnixMilli(made); ended > 0 {
			x.Ended = time.UnixMilli(ended)
		}
		out = append(out, x)
		return err
	})
	return out, err
}

// keyboards undoes what a reader types that believes in an American keyboard, where the computer has a French one: its row of
// digits without the shift key.
var keyboards = strings.NewReplacer("&", "1", "é", "2", "É", "2", "\"", "3", "'", "4", "(", "5", "-", "6", "è", "7", "È", "7", "_", "8", "ç", "9", "Ç", "9", "à", "0", "À", "0", " ", "", "\u00a0", "", "\t", "", "\r", "", "\n", "")

// Read returns the digits of what was scanned or typed, or ErrCode. Two codes that a reader typed one behind the other, since
// nobody emptied the field, are the latter.
func Read(typed string) (string, error) {
	s := keyboards.Replace(i18n.Digits(typed))
	if strings.Trim(s, "0123456789") != "" {
		return "", ErrCode
	}
	if len(s) > TokenDigits {
		s = s[len(s)-TokenDigits:]
	}
	if len(s) != TokenDigits && len(s) != NumberDigits {
		return "", ErrCode
	}
	return s, nil
}

// Whose says whose a card is, by the code that was scanned or the number that was typed, or ErrCode, ErrUnknown or ErrEnded.
// A number proves nothing: it is for a door at which somebody of the centre stands.
func (c *Cards) Whose(ctx context.Context, q store.Querier, typed string) (id.ID, error) {
	s, err := Read(typed)
	if err != nil {
		return id.Nil, err
	}
	where, arg := "number = ?", any(s)
	if len(s) == TokenDigits {
		where, arg = "hash = ?", digest(s)
	}
	var p id.ID
	var ended int64
	found, err := store.One(ctx, q, "SELECT person, ended FROM card WHERE "+where, store.Args(arg), &p, &ended)
	switch {
	case err != nil:
		return id.Nil, err
	case !found:
		return id.Nil, ErrUnknown
	case ended > 0:
		return id.Nil, ErrEnded
	}
	return p, nil
}

// Forget takes away the cards of people who are erased.
func Forget(ctx context.Context, tx store.Tx, persons []id.ID) error {
	for _, p := range persons {
		if err := tx.Exec(ctx, "DELETE FROM card WHERE person = ?", p); err != nil {
			return err
		}
	}
	return nil
}
