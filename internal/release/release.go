// Package release has programs that were signed to be run by the nodes of a country: how one is made and known to be right, where
// those lie that came, which is run, and how one that does not work is taken back. It knows nothing of what a node holds.
package release

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/mod/semver"
	"golang.org/x/mod/sumdb/note"

	"tizi/internal/blob"
)

// Errors of releases.
var (
	ErrNoKeys  = errors.New("this program knows no key that releases are signed with: name a file that has one with TIZI_RELEASE_KEY (tizi release key makes one)")
	ErrUnknown = errors.New("this release is not signed with a key that this node trusts; it is not run. Get it from headquarters again")
	ErrDamaged = errors.New("this release is damaged or cut short; get it again")
	ErrVersion = errors.New("a version is three numbers, such as 1.4.0")
	ErrProgram = errors.New("this is no program of Tizi for a Linux machine that it runs on (amd64, arm64)")
	ErrKey     = errors.New("this is no key that signs releases; tizi release key makes one")
)

// Key is what the keys that sign releases are called.
const Key = "tizi-release"

// NewKey makes a key that signs releases, and the one that nodes know it by. Each is one line.
func NewKey() (private, public string, err error) { return note.GenerateKey(rand.Reader, Key) }

// Keys are those that a node trusts. Without any it takes no release.
type Keys struct{ list []note.Verifier }

// ReadKeys reads keys, one a line, from texts; what begins with # is passed over.
func ReadKeys(texts ...string) (*Keys, error) {
	k := &Keys{}
	for _, text := range texts {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			v, err := note.NewVerifier(line)
			if err != nil {
				return nil, fmt.Errorf("read a key that releases are signed with: %w", err)
			}
			k.list = append(k.list, v)
		}
	}
	return k, nil
}

func (k *Keys) none() bool { return k == nil || len(k.list) == 0 }

// Release is one program for one kind of machine.
type Release struct {
	Version string `json:"version"`
	Arch    string `json:"arch"` // "linux/arm64"
	Made    string `json:"made"` // the day, "2026-11-27"
	// Packed is the program as it travels, compressed; Program as it is run.
	Packed      blob.Digest `json:"packed"`
	PackedBytes int64       `json:"packed_bytes"`
	Program     blob.Digest `json:"program"`
	ProgramLen  int64       `json:"program_bytes"`

	note []byte // says all this, signed
}

// Note says what the release is, signed.
func (r *Release) Note() []byte { return r.note }

// Newer reports whether version a comes after b. A version that is none, as of a program that was built by hand, comes before all.
func Newer(a, b string) bool { return semver.Compare("v"+a, "v"+b) > 0 }

// magic begins what is signed.
const magic = "tizi.release/1"

func (r *Release) text() string {
	return fmt.Sprintf("%s\nversion %s\narch %s\nmade %s\npacked %d %s\nprogram %d %s\n", magic, r.Version, r.Arch, r.Made, r.PackedBytes, r.Packed, r.ProgramLen, r.Program)
}

// maxProgram bounds a program, packed or not, and maxNote what says what it is.
const (
	maxProgram = 512 << 20
	maxNote    = 4 << 10
)

// Open reads what a signed note says of a release.
func (k *Keys) Open(b []byte) (*Release, error) {
	if k.none() {
		return nil, ErrNoKeys
	}
	if len(b) > maxNote {
		return nil, ErrDamaged
	}
	n, err := note.Open(b, note.VerifierList(k.list...))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified), errors.As(err, &invalid):
		return nil, ErrUnknown
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	r := &Release{note: bytes.Clone(b)}
	var packed, program string
	if _, err := fmt.Sscanf(n.Text, magic+"\nversion %s\narch %s\nmade %s\npacked %d %s\nprogram %d %s\n", &r.Version, &r.Arch, &r.Made, &r.PackedBytes, &packed, &r.ProgramLen, &program); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if r.Packed, err = blob.Parse(packed); err == nil {
		r.Program, err = blob.Parse(program)
	}
	// What was signed says the same once more, so nothing stands in it that is not looked at.
	if err != nil || r.text() != n.Text || !valid(r.Version) || !arches[r.Arch] || r.PackedBytes <= 0 || r.PackedBytes > maxProgram || r.ProgramLen <= 0 || r.ProgramLen > maxProgram {
		return nil, ErrDamaged
	}
	return r, nil
}

// valid says whether a version can be one, also as the name of a file.
func valid(version string) bool {
	return semver.IsValid("v"+version) && semver.Canonical("v"+version) == "v"+version && len(version) <= 64
}

var arches = map[string]bool{"linux/amd64": true, "linux/arm64": true}

// archOf reads for which machine a program was built.
func archOf(r io.ReaderAt) (string, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrProgram, err)
	}
	switch f.Machine {
	case elf.EM_X86_64:
		return "linux/amd64", nil
	case elf.EM_AARCH64:
		return "linux/arm64", nil
	}
	return "", ErrProgram
}

// fileMagic begins a file that has a release: a line with the length of the note, the note, the program as it travels.
const fileMagic = "tizi.program/1 "

// Sign packs a program and signs it, and writes the file of the release. The same program gives the same file.
func Sign(program *os.File, version, made, private string, w io.Writer) (*Release, error) {
	if !valid(version) {
		return nil, fmt.Errorf("%q: %w", version, ErrVersion)
	}
	if _, err := time.Parse(time.DateOnly, made); err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(strings.TrimSpace(private))
	if err != nil {
		return nil, ErrKey
	}
	r := &Release{Version: version, Made: made}
	if r.Arch, err = archOf(program); err != nil {
		return nil, err
	}
	tmp, err := os.CreateTemp("", "tizi-release-")
	if err != nil {
		return nil, fmt.Errorf("pack the program: %w", err)
	}
	defer func() { tmp.Close(); os.Remove(tmp.Name()) }()
	plain, packed := sha256.New(), sha256.New()
	z, err := zstd.NewWriter(io.MultiWriter(tmp, packed), zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
	if err != nil {
		return nil, err
	}
	if r.ProgramLen, err = io.Copy(io.MultiWriter(z, plain), io.NewSectionReader(program, 0, maxProgram+1)); err == nil {
		err = z.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("pack the program: %w", err)
	}
	if r.PackedBytes, err = tmp.Seek(0, io.SeekEnd); err != nil {
		return nil, err
	}
	if r.ProgramLen > maxProgram || r.PackedBytes > maxProgram {
		return nil, ErrProgram
	}
	plain.Sum(r.Program[:0])
	packed.Sum(r.Packed[:0])
	if r.note, err = note.Sign(&note.Note{Text: r.text()}, signer); err != nil {
		return nil, err
	}
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(w, "%s%d\n%s", fileMagic, len(r.note), r.note); err != nil {
		return nil, err
	}
	_, err = io.Copy(w, tmp)
	return r, err
}

// window is how far back the packing looks: what unpacking takes of a small box's memory.
const window = 8 << 20

// readFile reads the note of the file of a release; what is left of it is the program as it travels.
func (k *Keys) readFile(r io.Reader) (*Release, io.Reader, error) {
	b := bufio.NewReader(r)
	line, err := b.ReadString('\n')
	var n int
	if err == nil {
		_, err = fmt.Sscanf(line, fileMagic+"%d\n", &n)
	}
	if err != nil || n <= 0 || n > maxNote {
		return nil, nil, ErrDamaged
	}
	signed := make([]byte, n)
	if _, err := io.ReadFull(b, signed); err != nil {
		return nil, nil, ErrDamaged
	}
	rel, err := k.Open(signed)
	return rel, b, err
}

// unpack writes the program of a release, of which packed gives what travelled, and makes sure that it is the one.
func (r *Release) unpack(packed io.Reader, w io.Writer) error {
	z, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(2*window))
	if err != nil {
		return err
	}
	defer z.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, h), io.LimitReader(z, r.ProgramLen+1))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if n != r.ProgramLen || blob.Digest(h.Sum(nil)) != r.Program {
		return ErrDamaged
	}
	return nil
}
