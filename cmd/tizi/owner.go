package main

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"github.com/alecthomas/kong"
)

// become makes a command that root runs on a data folder of somebody else's, as of the service's user, go on as that one: files that
// root wrote there could not be read by the service.
func become(k *kong.Context) error {
	if os.Geteuid() != 0 {
		return nil
	}
	for _, f := range k.Flags() {
		if f.Name != "data" || !f.Target.IsValid() {
			continue
		}
		info, err := os.Stat(f.Target.String())
		if err != nil {
			return nil // nothing is there yet
		}
		s, ok := info.Sys().(*syscall.Stat_t)
		if !ok || s.Uid == 0 {
			return nil
		}
		return turnInto(int(s.Uid), int(s.Gid))
	}
	return nil
}

func turnInto(uid, gid int) error {
	groups := []int{gid}
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		if ids, err := u.GroupIds(); err == nil {
			for _, v := range ids {
				if n, err := strconv.Atoi(v); err == nil {
					groups = append(groups, n)
				}
			}
		}
	}
	if err := syscall.Setgroups(groups); err != nil {
		return fmt.Errorf("go on as the owner of the data folder: %w", err)
	}
	if err := syscall.Setgid(gid); err != nil {
		return fmt.Errorf("go on as the owner of the data folder: %w", err)
	}
	if err := syscall.Setuid(uid); err != nil {
		return fmt.Errorf("go on as the owner of the data folder: %w", err)
	}
	return nil
}
