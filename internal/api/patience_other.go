//go:build !linux

package api

import (
	"syscall"
	"time"
)

func patient(time.Duration) func(network, address string, c syscall.RawConn) error { return nil }
