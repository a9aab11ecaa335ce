package backup

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/btcsuite/btcd/btcutil/bech32"

	"tizi/internal/node"
)

// KeysFile is the name of the file in the data folder that says who can open backups: age recipients, a line each. Lines
// that begin with # say whose they are. An operator may add to it.
const KeysFile = "backup.keys"

// Identity is what opens backups, out of the letters of a sheet: the recovery key of a box, or the key that PrintKey made.
func Identity(sheet string) (*age.X25519Identity, error) {
	letters, err := node.SheetLetters(sheet)
	if err != nil {
		return nil, err
	}
	secret := sha256.Sum256([]byte("tizi backup key " + letters))
	// age takes keys as text only: https://age-encryption.org/v1, "The X25519 recipient type".
	five, err := bech32.ConvertBits(secret[:], 8, 5, true)
	if err != nil {
		return nil, err
	}
	text, err := bech32.Encode("age-secret-key-", five)
	if err != nil {
		return nil, err
	}
	return age.ParseX25519Identity(strings.ToUpper(text))
}

// PrintKey makes a key that opens backups and returns it as it is printed: nobody can show it again. Backups from now on can be
// opened with it, and with those from before as long as they stand in the file.
func PrintKey(dir, whose string) (string, error) {
	sheet := node.NewSheet()
	return sheet, Admit(dir, sheet, whose)
}

// RecoveryKey is whose key a recovery key is, of which a node keeps one.
const RecoveryKey = "recovery key"

// Admit lets the key on a sheet open backups from now on. A recovery key takes the place of the one before; others are taken
// out of the file by hand.
func Admit(dir, sheet, whose string) error {
	k, err := Identity(sheet)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, KeysFile)
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("keep who can open backups: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if i := slices.Index(lines, "# "+RecoveryKey); i >= 0 && whose == RecoveryKey {
		lines = slices.Delete(lines, i, min(i+2, len(lines)))
	}
	lines = append(lines, "# "+strings.Join(strings.Fields(whose), " "), k.Recipient().String())
	if err := writeWhole(path, []byte(strings.TrimSpace(strings.Join(lines, "\n"))+"\n")); err != nil {
		return fmt.Errorf("keep who can open backups: %w", err)
	}
	return nil
}

// Recipients returns who can open backups of a node.
func Recipients(dir string) ([]age.Recipient, error) {
	f, err := os.Open(filepath.Join(dir, KeysFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoKey
	}
	if err != nil {
		return nil, fmt.Errorf("read who can open backups: %w", err)
	}
	defer f.Close()
	out, err := age.ParseRecipients(f)
	if err != nil {
		return nil, fmt.Errorf("%s has a line that is no age recipient: %w", KeysFile, err)
	}
	return out, nil
}
