package access

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/store"
)

// SecondFactor is the error of SignIn for an account that also shows a one-time code: the ticket goes to EnterCode.
type SecondFactor struct{ Ticket string }

func (*SecondFactor) Error() string { return "a one-time code is needed too" }

// Errors of second factors.
var (
	ErrWrongCode = errors.New("the code is wrong, or was used already")
	ErrNoFactor  = errors.New("there is no second factor to confirm; begin again")
)

// signInLock is held by transactions that take something which is good once, so that two processes of a node on
// PostgreSQL do not take it both.
const signInLock = "signin"

// A one-time code is that of RFC 6238: 6 digits, every 30 seconds, HMAC-SHA-1, which every authenticator app can.
const (
	codeStep   = 30
	codeDigits = 6
)

func oneTimeCode(secret []byte, step int64) string {
	var msg [8]byte
	binary.BigEndian.PutUint64(msg[:], uint64(step))
	h := hmac.New(sha1.New, secret)
	h.Write(msg[:])
	sum := h.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", codeDigits, n%1_000_000)
}

// OneTimeCode is what an authenticator app with a secret shows at a time.
func OneTimeCode(secret []byte, at time.Time) string {
	return oneTimeCode(secret, at.Unix()/codeStep)
}

// stepOf returns the step of time whose code this is, one before or after now included since clocks differ, or 0.
func stepOf(secret []byte, code string, now time.Time) int64 {
	at, found := now.Unix()/codeStep, int64(0)
	for step := at - 1; step <= at+1; step++ {
		if subtle.ConstantTimeCompare([]byte(oneTimeCode(secret, step)), []byte(code)) == 1 {
			found = step
		}
	}
	return found
}

var secretText = base32.StdEncoding.WithPadding(base32.NoPadding)

// Factor is a second factor that is being set up.
type Factor struct {
	Secret string // base32, to be typed where no camera is
	URL    string // otpauth:, for a QR code
}

// HasFactor reports whether an account shows a one-time code when it signs in.
func (a *Access) HasFactor(ctx context.Context, account id.ID) (bool, error) {
	var one int
	return store.One(ctx, a.log.DB, "SELECT 1 FROM access_factor WHERE account = ? AND confirmed = 1", store.Args(account), &one)
}

// BeginFactor makes a secret for a second factor, or returns the one that was made and not confirmed yet: who reloads the
// page has not photographed the wrong picture. One that is confirmed stays until it is removed.
func (a *Access) BeginFactor(ctx context.Context, acc *Account) (*Factor, error) {
	secret := make([]byte, 20)
	rand.Read(secret)
	err := a.log.DB.Write(ctx, func(tx store.Tx) error {
		k, err := a.log.Keys.Get(ctx, tx, acc.ID)
		if err != nil {
			return err
		}
		var sealed string
		var confirmed bool
		found, err := store.One(ctx, tx, "SELECT secret, confirmed FROM access_factor WHERE account = ?", store.Args(acc.ID), &sealed, &confirmed)
		if err != nil {
			return err
		}
		if found && confirmed {
			return ErrNoFactor
		}
		if found {
			secret, err = k.Open(sealed)
			return err
		}
		return tx.Exec(ctx, "INSERT INTO access_factor (account, secret, step, confirmed) VALUES (?, ?, 0, 0)", acc.ID, k.Seal(secret))
	})
	if err != nil {
		return nil, err
	}
	f := &Factor{Secret: secretText.EncodeToString(secret)}
	f.URL = "otpauth://totp/" + url.PathEscape("Tizi:"+acc.Login) + "?" + url.Values{"secret": {f.Secret}, "issuer": {"Tizi"}}.Encode()
	return f, nil
}

// takeCode takes a one-time code once. confirm accepts one for a factor that was not confirmed yet, and confirms it.
func (a *Access) takeCode(ctx context.Context, tx store.Tx, account id.ID, code string, confirm bool) (bool, error) {
	if err := tx.Lock(ctx, signInLock); err != nil {
		return false, err
	}
	var sealed string
	var last int64
	var confirmed bool
	found, err := store.One(ctx, tx, "SELECT secret, step, confirmed FROM access_factor WHERE account = ?", store.Args(account), &sealed, &last, &confirmed)
	if err != nil || !found || confirmed == confirm {
		return false, err
	}
	k, err := a.log.Keys.Get(ctx, tx, account)
	if err != nil {
		return false, err
	}
	secret, err := k.Open(sealed)
	if err != nil {
		return false, err
	}
	step := stepOf(secret, code, a.log.Clock.Now())
	if step == 0 || step <= last { // a code seen over somebody's shoulder is worth nothing any more
		return false, nil
	}
	return true, tx.Exec(ctx, "UPDATE access_factor SET step = ?, confirmed = 1 WHERE account = ?", step, account)
}

// ConfirmFactor ends the setting up of a second factor with a first code.
func (a *Access) ConfirmFactor(ctx context.Context, acc *Account, code string) error {
	who := "code " + acc.ID.String()
	right, err := a.attempt(ctx, try{who, MaxTries})
	if err != nil {
		return err
	}
	taken := false
	err = a.log.DB.Write(ctx, func(tx store.Tx) (err error) {
		taken, err = a.takeCode(ctx, tx, acc.ID, digits(code), true)
		return err
	})
	if err != nil {
		return err
	}
	if !taken {
		return ErrWrongCode
	}
	return right(ctx)
}

// DropFactor removes the second factor of an account, for whoever has it: with a code.
func (a *Access) DropFactor(ctx context.Context, acc *Account, code string) error {
	who := "code " + acc.ID.String()
	right, err := a.attempt(ctx, try{who, MaxTries})
	if err != nil {
		return err
	}
	taken := false
	err = a.log.DB.Write(ctx, func(tx store.Tx) (err error) {
		if taken, err = a.takeCode(ctx, tx, acc.ID, digits(code), false); err != nil || !taken {
			return err
		}
		return tx.Exec(ctx, "DELETE FROM access_factor WHERE account = ?", acc.ID)
	})
	if err != nil {
		return err
	}
	if !taken {
		return ErrWrongCode
	}
	return right(ctx)
}

// EnterCode ends a sign-in that wants a second factor: with a one-time code, or a printed one, which is then used up.
func (a *Access) EnterCode(ctx context.Context, ticket, code, agent, address string) (token string, err error) {
	account, _, err := a.look(ctx, a.log.DB, "factor", ticket)
	if err != nil {
		return "", err
	}
	whos := []string{"code " + account.String(), "from " + address}
	right, err := a.attempt(ctx, try{whos[0], MaxTries}, try{whos[1], MaxTries * 4})
	if err != nil {
		return "", err
	}
	taken := false
	err = a.log.DB.Write(ctx, func(tx store.Tx) (err error) {
		if printed, ok := printedCode(code); ok {
			taken, err = a.takePrinted(ctx, tx, account, printed)
		} else {
			taken, err = a.takeCode(ctx, tx, account, digits(code), false)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if !taken {
		return "", ErrWrongCode
	}
	if err := right(ctx); err != nil {
		return "", err
	}
	if _, _, err := a.punch(ctx, "factor", ticket); err != nil {
		return "", err
	}
	return a.Begin(ctx, account, agent)
}

// digits are the digits of a code as somebody types it.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, i18n.Digits(s))
}

// Printed codes: 100 random bits, so a plain hash of one is safe. They are written in letters that are not mistaken for
// each other on paper.
const (
	printedLetters = "ABCDEFGHJKMNPQRSTVWXYZ0123456789"
	printedLength  = 20
)

// SheetCodes is how many codes a sheet has.
const SheetCodes = 8

// CodeLife is how long a code is good that a manager printed for somebody.
const CodeLife = 14 * 24 * time.Hour

func newPrinted() string {
	raw := make([]byte, printedLength)
	rand.Read(raw)
	var b strings.Builder
	for i, x := range raw {
		if i > 0 && i%5 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(printedLetters[x&31])
	}
	return b.String()
}

// printedCode reads a printed code as somebody types it; ok says that it may be one.
func printedCode(s string) (code string, ok bool) {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		switch r {
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		case 'U':
			r = 'V'
		}
		if r < 128 && strings.IndexByte(printedLetters, byte(r)) >= 0 {
			return r
		}
		return -1
	}, i18n.Digits(s))
	return s, len(s) == printedLength
}

func printedHash(account id.ID, code string) []byte {
	h := sha256.New()
	h.Write(account[:])
	h.Write([]byte(code))
	return h.Sum(nil)
}

// takePrinted uses a printed code of an account up.
func (a *Access) takePrinted(ctx context.Context, tx store.Tx, account id.ID, code string) (bool, error) {
	if err := tx.Lock(ctx, signInLock); err != nil {
		return false, err
	}
	hash := printedHash(account, code)
	var one int
	found, err := store.One(ctx, tx, "SELECT 1 FROM access_recovery WHERE hash = ? AND account = ? AND (until = 0 OR until > ?)", store.Args(hash, account, a.log.Clock.Now().UnixMilli()), &one)
	if err != nil || !found {
		return false, err
	}
	return true, tx.Exec(ctx, "DELETE FROM access_recovery WHERE hash = ?", hash)
}

// PrintSheet makes a new sheet of codes for an account, which are shown this once; those of an older sheet are void.
func (a *Access) PrintSheet(ctx context.Context, account id.ID) ([]string, error) {
	return a.print(ctx, account, SheetCodes, 0, nil)
}

// Codes returns how many codes of its sheet an account has left.
func (a *Access) Codes(ctx context.Context, account id.ID) (int, error) {
	var n int
	_, err := store.One(ctx, a.log.DB, "SELECT count(*) FROM access_recovery WHERE account = ? AND until = 0", store.Args(account), &n)
	return n, err
}

// Reset takes the passphrase, the second factor and the sessions of somebody whom the actor manages away, and returns a
// code to print: with it the other chooses a new passphrase. Passkeys stay unless all is said, as when a device was lost.
func (a *Access) Reset(ctx context.Context, actor *Account, account id.ID, passkeys bool) (string, error) {
	if _, err := a.managed(ctx, a.log.DB, actor, account); err != nil {
		return "", err
	}
	codes, err := a.print(ctx, account, 1, a.log.Clock.Now().Add(CodeLife).UnixMilli(), func(tx store.Tx) error {
		drop := []string{"access_secret", "access_factor"}
		if passkeys {
			drop = append(drop, "access_passkey")
		}
		for _, table := range drop {
			if err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE account = ?", account); err != nil {
				return err
			}
		}
		return endAll(ctx, tx, account, nil)
	})
	if err != nil {
		return "", err
	}
	return codes[0], nil
}

func (a *Access) print(ctx context.Context, account id.ID, n int, until int64, also func(store.Tx) error) ([]string, error) {
	var codes []string
	for range n {
		codes = append(codes, newPrinted())
	}
	return codes, a.log.DB.Write(ctx, func(tx store.Tx) error {
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		if err := tx.Exec(ctx, "DELETE FROM access_recovery WHERE account = ?", account); err != nil {
			return err
		}
		for _, c := range codes {
			plain, _ := printedCode(c)
			if err := tx.Exec(ctx, "INSERT INTO access_recovery (hash, account, created, until) VALUES (?, ?, ?, ?)", printedHash(account, plain), account, a.log.Clock.Now().UnixMilli(), until); err != nil {
				return err
			}
		}
		return nil
	})
}

// Recover lets somebody in with a printed code and gives them a new passphrase. What they lost, a passphrase or the device
// of the second factor, is void, and every other session ends.
func (a *Access) Recover(ctx context.Context, login, code, passphrase, agent, address string) (token string, err error) {
	login = strings.ToLower(strings.TrimSpace(login))
	whos := []string{"login " + login, "from " + address}
	if err := CheckPassphrase(passphrase); err != nil {
		return "", err
	}
	right, err := a.attempt(ctx, try{whos[0], MaxTries}, try{whos[1], MaxTries * 4})
	if err != nil {
		return "", err
	}
	hash := hashPassphrase(passphrase)
	var account id.ID
	if _, err := store.One(ctx, a.log.DB, "SELECT id FROM access_account WHERE login = ? AND closed = 0", store.Args(login), &account); err != nil {
		return "", err
	}
	taken := false
	err = a.log.DB.Write(ctx, func(tx store.Tx) (err error) {
		printed, _ := printedCode(code)
		if taken, err = a.takePrinted(ctx, tx, account, printed); err != nil || !taken {
			return err
		}
		if err := tx.Exec(ctx, "DELETE FROM access_factor WHERE account = ?", account); err != nil {
			return err
		}
		if err := saveSecret(ctx, tx, account, hash, a.log.Clock.Now()); err != nil {
			return err
		}
		return endAll(ctx, tx, account, nil)
	})
	if err != nil {
		return "", err
	}
	if !taken {
		return "", ErrWrongCode
	}
	if err := right(ctx); err != nil {
		return "", err
	}
	return a.Begin(ctx, account, agent)
}
