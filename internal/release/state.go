package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"tizi/internal/whole"
)

// ProgramDir is the name of the folder, in the data folder, of programs that came and of the database as it was before the last
// upgrade.
const ProgramDir = "programs"

const (
	stateFile = "state.json"
	lockFile  = "lock"
	savedDir  = "saved"
	// SavedFor is how long the database as it was before an upgrade is kept: it holds names, also of who is erased meanwhile.
	SavedFor = 3 * 24 * time.Hour
	// outcomes is how many are kept.
	outcomes = 20
)

// Why an upgrade did not come about.
const (
	FailedDamaged = "damaged" // what came is not what was signed
	FailedRoom    = "room"    // the disk has no room for a second database
	FailedSave    = "save"    // the database could not be saved
	FailedTrial   = "trial"   // the new program did not get the database ready, or did not serve
	FailedServe   = "serve"   // it got ready, and then did not come up
	FailedOlder   = "older"   // it is no newer one
	FailedNone    = "none"    // there is nothing to go back to
	FailedCut     = "cut"     // the machine was cut off again and again
)

// Outcome is what became of one upgrade, or of going back.
type Outcome struct {
	Version string  `json:"version"` // that was to be run
	From    string  `json:"from"`    // that ran
	At      int64   `json:"at"`      // ms since 1970
	Back    bool    `json:"back,omitempty"`
	Failed  string  `json:"failed,omitempty"` // "": it came about
	Detail  string  `json:"detail,omitempty"` // what the program said, for who mends it
	Seconds float64 `json:"seconds"`
}

// State is what is known of the programs of a data folder.
type State struct {
	// Wanted is the version that somebody wants to be run; Back that they want the earlier one, and Database with the database as
	// it was.
	Wanted   string `json:"wanted,omitempty"`
	Back     bool   `json:"back,omitempty"`
	Database bool   `json:"database,omitempty"`
	// Unsaved lets a node be upgraded whose database is not in its folder: somebody saved it.
	Unsaved bool `json:"unsaved,omitempty"`

	// Current runs, of those that came; "": the one that is installed.
	Current string `json:"current,omitempty"`
	// Fresh says that it has not served yet, and Starts how often it was begun since.
	Fresh  bool `json:"fresh,omitempty"`
	Starts int  `json:"starts,omitempty"`
	// Earlier ran before, "" the installed one; Since is when it was left, 0: there is none to go back to.
	Earlier     string `json:"earlier,omitempty"`
	EarlierName string `json:"earlier_name,omitempty"` // its version
	Since       int64  `json:"since,omitempty"`
	// Saved says that the database as it was before the last upgrade is there whole, and Facts how many it holds.
	Saved bool  `json:"saved,omitempty"`
	Facts int64 `json:"facts,omitempty"`
	// Trying is under way: unless it ends, what was is brought back. Tries is how often it was begun.
	Trying string `json:"trying,omitempty"`
	Tries  int    `json:"tries,omitempty"`

	Outcomes []Outcome `json:"outcomes,omitempty"` // the latest first
}

// Last returns the latest outcome, or nil.
func (s *State) Last() *Outcome {
	if len(s.Outcomes) == 0 {
		return nil
	}
	return &s.Outcomes[0]
}

// Failed reports whether a version was tried and did not come about.
func (s *State) Failed(version string) bool {
	i := slices.IndexFunc(s.Outcomes, func(o Outcome) bool { return o.Version == version && !o.Back })
	return i >= 0 && s.Outcomes[i].Failed != ""
}

// Asked says whether something is to be done at the next start.
func (s *State) Asked() bool { return s.Wanted != "" || s.Back }

func (s *State) ended(o Outcome) {
	s.Outcomes = slices.Insert(s.Outcomes, 0, o)
	s.Outcomes = s.Outcomes[:min(len(s.Outcomes), outcomes)]
}

// ReadState returns what is known of the programs of a data folder.
func ReadState(data string) (*State, error) {
	b, err := os.ReadFile(filepath.Join(data, ProgramDir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return &State{}, nil
	}
	s := &State{}
	if err == nil {
		err = json.Unmarshal(b, s)
	}
	if err != nil {
		return nil, fmt.Errorf("read what is known of the programs: %w", err)
	}
	return s, nil
}

// Change changes what is known; no other process does meanwhile. What is not changed is not written.
func Change(data string, fn func(*State) error) error {
	dir := filepath.Join(data, ProgramDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of programs: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock the folder of programs: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock the folder of programs: %w", err)
	}
	s, err := ReadState(data)
	if err != nil {
		return err
	}
	was, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := fn(s); err != nil {
		return err
	}
	b, err := json.Marshal(s)
	if err != nil || string(b) == string(was) {
		return err
	}
	return whole.Write(filepath.Join(dir, stateFile), b)
}

// Want asks for a version at the next start, if it is newer than the one that runs.
func Want(data, version, running string, unsaved bool) error {
	if !Newer(version, running) {
		return fmt.Errorf("%s runs: %w", running, ErrOlder)
	}
	return Change(data, func(s *State) error {
		s.Wanted, s.Unsaved, s.Back, s.Tries = version, unsaved, false, 0
		return nil
	})
}

// Errors of what is asked for.
var (
	ErrOlder     = errors.New("this release is no newer one; tizi upgrade rollback goes back to the one that ran before")
	ErrNoEarlier = errors.New("no program ran before this one that came as a release")
	ErrNotSaved  = errors.New("the database as it was before the upgrade is not there any more; restore a backup instead: tizi restore")
)

// WantBack asks for the program that ran before, at the next start; database also takes back the database as it was, and with it
// all that was written since.
func WantBack(data string, database bool) error {
	return Change(data, func(s *State) error {
		switch {
		case s.Since == 0:
			return ErrNoEarlier
		case database && !s.Saved:
			return ErrNotSaved
		}
		s.Wanted, s.Back, s.Database, s.Tries = "", true, database, 0
		return nil
	})
}

// Served notes that the program that runs has come up. The database as it was stays for some days.
func Served(data string) error {
	if s, err := ReadState(data); err != nil || !s.Fresh && s.Starts == 0 {
		return err
	}
	return Change(data, func(s *State) error {
		s.Fresh, s.Starts = false, 0
		return nil
	})
}

// Forget takes away the database as it was before the last upgrade: once it is old, or at once, when somebody was erased since.
func Forget(data string, now time.Time, atOnce bool) error {
	s, err := ReadState(data)
	if err != nil || !s.Saved || s.Trying != "" || s.Fresh || !atOnce && now.Sub(time.UnixMilli(s.Since)) < SavedFor {
		return err
	}
	return Change(data, func(s *State) error {
		s.Saved = false
		return os.RemoveAll(filepath.Join(data, ProgramDir, savedDir))
	})
}

// Running is the version that a data folder runs, where that of the program that is installed is known.
func (s *State) Running(installed string) string {
	if s.Current != "" && !Newer(installed, s.Current) {
		return s.Current
	}
	return installed
}
