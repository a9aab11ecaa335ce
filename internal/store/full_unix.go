//go:build unix

package store

import "golang.org/x/sys/unix"

// spare is how many bytes a disk must have free for a write to have failed for another reason than room.
const spare = 1 << 20

// full reports whether the disk of a folder has no room left. SQLite's file layer does not always say so itself: growing
// the shared memory of the log fails as a plain fault of the disk.
func full(dir string) bool {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return false
	}
	return uint64(st.Bavail)*uint64(st.Bsize) < spare
}
