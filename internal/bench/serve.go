package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"tizi/internal/house"
)

// served is a node that this program serves in a process of its own.
type served struct {
	cmd *exec.Cmd
	log *os.File
}

// serveHub serves a node at an address, with more of an environment, and waits until it answers; what it says goes to a file in dir.
func serveHub(ctx context.Context, dir string, at house.Config, address string, env ...string) (*served, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &served{cmd: exec.CommandContext(ctx, self, "serve", "--data", at.Dir, "--listen", address)}
	if at.URL != "" {
		s.cmd.Args = append(s.cmd.Args, "--db", at.URL)
	}
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	if s.log, err = os.Create(filepath.Join(dir, "hub.log")); err != nil {
		return nil, err
	}
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		s.log.Close()
		return nil, err
	}
	if err := waitFor("http://" + address + "/healthz"); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// peak is the most memory that it has held, in MB.
func (s *served) peak() float64 { return Peak(fmt.Sprint(s.cmd.Process.Pid)) }

// stop lets it finish what is under way.
func (s *served) stop() error {
	defer s.log.Close()
	s.cmd.Process.Signal(syscall.SIGTERM)
	return s.cmd.Wait()
}
