package release

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"tizi/internal/blob"
	"tizi/internal/machine"
	"tizi/internal/whole"
)

// Launcher chooses the program that is run on a data folder: the one that is installed, or one that came. It is itself the
// installed one, and so may be older than the data: it never opens the database.
type Launcher struct {
	Data      string // the folder
	Database  string // the name of the database's file in it; "": it is on PostgreSQL
	Installed string // version of the program that launches
	Self      string // its path
	Arch      string
	Shelf     *Shelf
	Now       func() time.Time
	Tell      func(format string, args ...any)
	// Trial is what a new program is asked on the command line, before it is run: to get the database ready, to look whether all
	// is well, to serve, and to print what it is as JSON ({"version": …, "facts": …}).
	Trial []string
	// Calls, unless it is nil, says what a program calls itself that was signed as another version: a measurement signs itself.
	Calls func(version string) string
}

const (
	// trialTime is how long a trial may take: a large node on a slow disk derives its tables again.
	trialTime = 2 * time.Hour
	// maxTries is how often what is cut off is begun again, and how often a new program may fail to come up.
	maxTries = 3
	// spare is what is left free beside a second database.
	spare = 256 << 20
)

// program is where a version that came is unpacked; "" is the installed one.
func (l *Launcher) program(version string) string {
	if version == "" {
		return l.Self
	}
	return filepath.Join(l.Data, ProgramDir, version, "tizi")
}

func (l *Launcher) change(fn func(*State)) error {
	return Change(l.Data, func(s *State) error { fn(s); return nil })
}

// running is the version that would be run now.
func (l *Launcher) running(s *State) string {
	if s.Current == "" {
		return l.Installed
	}
	return s.Current
}

// Choose does what somebody wants — takes in a new program or goes back — and returns the program to run. Whatever fails, the one
// that ran before is run, on the database as it was.
func (l *Launcher) Choose(ctx context.Context) (path string, err error) {
	s, err := ReadState(l.Data)
	if err != nil {
		return "", err
	}
	if s.Trying != "" {
		if err := l.cutOff(s); err != nil {
			return "", err
		}
	}
	if s.Fresh && s.Starts >= maxTries {
		if err := l.neverServed(s); err != nil {
			return "", err
		}
	}
	if s, err = ReadState(l.Data); err != nil {
		return "", err
	}
	// A package that was installed since is newer than what came.
	if s.Current != "" && Newer(l.Installed, s.Current) && !s.Asked() {
		l.Tell("tizi %s is installed, which is newer than %s that came", l.Installed, s.Current)
		if err := l.change(func(s *State) { s.Current, s.Fresh, s.Starts, s.Since = "", false, 0, 0 }); err != nil {
			return "", err
		}
	}
	switch {
	case s.Wanted != "":
		err = l.upgrade(ctx, s)
	case s.Back:
		err = l.back(ctx, s)
	}
	if err != nil {
		return "", err
	}
	if s, err = ReadState(l.Data); err != nil {
		return "", err
	}
	path = l.program(s.Current)
	if s.Current != "" {
		if err := l.whole(s.Current); err != nil {
			return "", fmt.Errorf("the program %s that this node runs is gone or damaged; install the package of this version or a later one: %w", s.Current, err)
		}
	}
	if s.Fresh {
		err = l.change(func(s *State) { s.Starts++ })
	}
	return path, err
}

// whole makes sure that a version that came is unpacked, as it was signed.
func (l *Launcher) whole(version string) error {
	r, err := l.Shelf.Get(version, l.Arch)
	if err != nil {
		// The release may have gone from the shelf; what was unpacked was made sure of then.
		_, gone := os.Stat(l.program(version))
		return gone
	}
	if ok, err := r.is(l.program(version)); err != nil || ok {
		return err
	}
	return l.unpack(r)
}

// is says whether a file is the program of the release.
func (r *Release) is(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return false, err
	}
	return blob.Digest(h.Sum(nil)) == r.Program, nil
}

// unpack makes the program of a release ready to be run: it is the one that was signed, or none.
func (l *Launcher) unpack(r *Release) error {
	packed, err := l.Shelf.Files.Open(r.Packed)
	if err != nil {
		return err
	}
	defer packed.Close()
	path := l.program(r.Version)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("unpack the program: %w", err)
	}
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o700)
	if err != nil {
		return fmt.Errorf("unpack the program: %w", err)
	}
	err = r.unpack(packed, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		os.Remove(path + ".part")
		return fmt.Errorf("unpack the program: %w", err)
	}
	return whole.SyncDir(filepath.Dir(path))
}

// upgrade takes the wanted version in.
func (l *Launcher) upgrade(ctx context.Context, s *State) error {
	begun, version, from := l.Now(), s.Wanted, l.running(s)
	fail := func(why string, err error) error {
		l.Tell("tizi %s was not taken in (%s): %v; %s goes on", version, why, err, from)
		return l.end(Outcome{Version: version, From: from, Failed: why, Detail: detail(err)}, begun)
	}
	r, err := l.Shelf.Get(version, l.Arch)
	if err != nil {
		return fail(FailedDamaged, err)
	}
	if !Newer(version, from) {
		return fail(FailedOlder, ErrOlder)
	}
	l.Tell("taking tizi %s in, from %s", version, from)
	if err := l.unpack(r); err != nil {
		return fail(FailedDamaged, err)
	}
	if s.Tries >= maxTries {
		return fail(FailedCut, errors.New("it was cut off each time"))
	}
	if l.Database != "" {
		if err := l.room(); err != nil {
			return fail(FailedRoom, err)
		}
	} else if !s.Unsaved {
		return fail(FailedSave, errors.New("the database is on PostgreSQL; save it with pg_dump, then: tizi upgrade apply --saved"))
	}
	// What was saved before goes now: the mark that something is tried stands for what is whole.
	if err := l.change(func(s *State) { s.Saved, s.Tries = false, s.Tries+1 }); err != nil {
		return err
	}
	if err := l.save(); err != nil {
		return fail(FailedSave, err)
	}
	if err := l.change(func(s *State) { s.Saved, s.Trying = l.Database != "", version }); err != nil {
		return err
	}
	facts, err := l.try(ctx, version, version)
	if ctx.Err() != nil { // somebody ends this program, and it goes on when it is begun again
		return ctx.Err()
	}
	if err != nil {
		if back := l.bring(); back != nil {
			return fmt.Errorf("bring the database back as it was before the upgrade (it lies in %s): %w", l.saved(), back)
		}
		return fail(FailedTrial, err)
	}
	l.Tell("tizi %s is ready", version)
	return l.end(Outcome{Version: version, From: from}, begun, func(s *State) {
		s.Earlier, s.EarlierName, s.Since = s.Current, from, l.Now().UnixMilli()
		s.Current, s.Fresh, s.Starts, s.Facts = version, true, 0, facts
	})
}

// end writes down what became of what was wanted.
func (l *Launcher) end(o Outcome, begun time.Time, also ...func(*State)) error {
	o.At, o.Seconds = l.Now().UnixMilli(), l.Now().Sub(begun).Seconds()
	return l.change(func(s *State) {
		for _, fn := range also {
			fn(s)
		}
		s.Wanted, s.Back, s.Database, s.Unsaved, s.Trying, s.Tries = "", false, false, false, "", 0
		if o.Failed != "" && !o.Back { // what was saved for it is no use any more
			s.Saved = false
		}
		s.ended(o)
		l.tidy(s)
	})
}

// tidy takes away programs that are not gone back to, and a database that was saved and is not kept. What cannot be taken away
// now is another time.
func (l *Launcher) tidy(s *State) {
	entries, _ := os.ReadDir(filepath.Join(l.Data, ProgramDir))
	for _, e := range entries {
		if name := e.Name(); e.IsDir() && (valid(name) && name != s.Current && name != s.Earlier || name == savedDir && !s.Saved) {
			os.RemoveAll(filepath.Join(l.Data, ProgramDir, name))
		}
	}
}

// detail is what a fault said, shortened.
func detail(err error) string {
	const most = 2000
	said := err.Error()
	return said[max(0, len(said)-most):]
}

// cutOff brings back what was, after a trial that did not end because the machine was cut off. What was wanted is wanted still.
func (l *Launcher) cutOff(s *State) error {
	l.Tell("the machine was cut off while tizi %s was tried; the database is as it was before", s.Trying)
	if err := l.bring(); err != nil {
		return fmt.Errorf("bring the database back as it was before the upgrade (it lies in %s): %w", l.saved(), err)
	}
	return l.change(func(s *State) { s.Trying = "" })
}

// neverServed goes back from a program that got ready and then never came up: nothing was written with it.
func (l *Launcher) neverServed(s *State) error {
	begun, version := l.Now(), s.Current
	l.Tell("tizi %s did not come up; %s goes on", version, s.EarlierName)
	if l.Database != "" {
		if !s.Saved {
			return ErrNotSaved
		}
		if err := l.bring(); err != nil {
			return fmt.Errorf("bring the database back as it was before the upgrade (it lies in %s): %w", l.saved(), err)
		}
	}
	return l.end(Outcome{Version: version, From: s.EarlierName, Failed: FailedServe, Detail: "it was begun " + fmt.Sprint(s.Starts) + " times and did not serve"}, begun, func(s *State) {
		s.Current, s.Earlier, s.EarlierName, s.Since, s.Fresh, s.Starts = s.Earlier, "", "", 0, false, 0
	})
}

// back goes back to the program that ran before: on the database as it is, if that program can read it, or on the database as it
// was, if that was said.
func (l *Launcher) back(ctx context.Context, s *State) error {
	begun, from, to := l.Now(), l.running(s), s.EarlierName
	fail := func(why string, err error) error {
		l.Tell("tizi %s was not brought back (%s): %v; %s goes on", to, why, err, from)
		return l.end(Outcome{Version: to, From: from, Back: true, Failed: why, Detail: detail(err)}, begun)
	}
	if s.Since == 0 {
		return fail(FailedNone, ErrNoEarlier)
	}
	if s.Earlier != "" {
		if err := l.whole(s.Earlier); err != nil {
			return fail(FailedDamaged, err)
		}
	}
	l.Tell("going back from tizi %s to %s", from, to)
	if s.Database {
		if !s.Saved {
			return fail(FailedNone, ErrNotSaved)
		}
		if err := l.bring(); err != nil {
			return fmt.Errorf("bring the database back as it was before the upgrade (it lies in %s): %w", l.saved(), err)
		}
	}
	if _, err := l.try(ctx, s.Earlier, to); ctx.Err() != nil {
		return ctx.Err()
	} else if err != nil {
		return fail(FailedTrial, err)
	}
	return l.end(Outcome{Version: to, From: from, Back: true}, begun, func(s *State) {
		s.Current, s.Earlier, s.EarlierName, s.Since, s.Fresh, s.Starts = s.Earlier, "", "", 0, false, 0
	})
}

// try asks a program whether it can run this node, and returns how many facts it found.
func (l *Launcher) try(ctx context.Context, version, name string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, trialTime)
	defer cancel()
	c := exec.CommandContext(ctx, l.program(version), l.Trial...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 30 * time.Second
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	var is struct {
		Version string
		Facts   int64
	}
	if err := json.Unmarshal(out.Bytes(), &is); err != nil {
		return 0, fmt.Errorf("the program does not say what it is: %w", err)
	}
	if l.Calls != nil {
		name = l.Calls(name)
	}
	if is.Version != name {
		return 0, fmt.Errorf("the program was signed as %s and says that it is %s", name, is.Version)
	}
	return is.Facts, nil
}

func (l *Launcher) saved() string { return filepath.Join(l.Data, ProgramDir, savedDir) }

// parts are the files of the database, in the order in which they are read.
func (l *Launcher) parts() []string { return []string{l.Database, l.Database + "-wal"} }

// room makes sure that the disk holds the database twice.
func (l *Launcher) room() error {
	var size int64
	for _, name := range l.parts() {
		if info, err := os.Stat(filepath.Join(l.Data, name)); err == nil {
			size += info.Size()
		}
	}
	left, _, err := machine.Disk(l.Data)
	if err != nil {
		return err
	}
	if left < size+size/4+spare {
		return fmt.Errorf("%d MB are free, and %d are needed to keep the database as it is beside the new one", left>>20, (size+size/4+spare)>>20)
	}
	return nil
}

// save copies the database, which no program has open, beside. It is copied as it lies on the disk, so that this program need
// not know what is in it.
func (l *Launcher) save() error {
	if err := os.RemoveAll(l.saved()); err != nil {
		return fmt.Errorf("save the database: %w", err)
	}
	if l.Database == "" {
		return nil
	}
	if err := os.MkdirAll(l.saved(), 0o700); err != nil {
		return fmt.Errorf("save the database: %w", err)
	}
	before, err := l.looks()
	if err != nil {
		return err
	}
	for _, name := range l.parts() {
		err := copyFile(filepath.Join(l.Data, name), filepath.Join(l.saved(), name))
		if err != nil && !(errors.Is(err, fs.ErrNotExist) && name != l.Database) {
			return fmt.Errorf("save the database: %w", err)
		}
	}
	after, err := l.looks()
	if err == nil && before != after {
		err = errors.New("another program writes to this node; end it and try again")
	}
	return err
}

// looks tells whether something was written to the database: its files' sizes and times.
func (l *Launcher) looks() (string, error) {
	out := ""
	for _, name := range l.parts() {
		info, err := os.Stat(filepath.Join(l.Data, name))
		switch {
		case err == nil:
			out += fmt.Sprint(info.Size(), info.ModTime().UnixNano(), " ")
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("look at the database: %w", err)
		}
	}
	return out, nil
}

// bring puts the database that was saved back. It may be cut off and begun again.
func (l *Launcher) bring() error {
	if l.Database == "" {
		return nil
	}
	next := filepath.Join(l.Data, l.Database) + ".before"
	if err := copyFile(filepath.Join(l.saved(), l.Database), next); err != nil {
		return err
	}
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(filepath.Join(l.Data, l.Database) + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(next, filepath.Join(l.Data, l.Database)); err != nil {
		return err
	}
	wal := l.Database + "-wal"
	if err := copyFile(filepath.Join(l.saved(), wal), filepath.Join(l.Data, wal)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return whole.SyncDir(l.Data)
}

// copyFile copies a file so that it is on the disk; where the file system can, without writing it twice.
func copyFile(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Sync(), w.Close())
}
