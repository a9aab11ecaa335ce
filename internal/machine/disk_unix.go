//go:build unix

package machine

import (
	"fmt"
	"syscall"
)

// Disk returns the bytes that are left for this program on the disk of a folder, and those that it has.
func Disk(dir string) (left, all int64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, 0, fmt.Errorf("ask the disk for its room: %w", err)
	}
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize), nil
}
