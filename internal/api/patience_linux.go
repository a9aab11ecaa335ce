package api

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// patient lets a connection end when what was sent is not taken for a while. By itself Linux goes on for a quarter of an hour,
// through which a box whose link is gone would seem to exchange.
func patient(d time.Duration) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var err error
		if e := c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
		}); e != nil {
			return e
		}
		return err
	}
}
