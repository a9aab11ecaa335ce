package testnode

import (
	"testing"

	"tizi/internal/store/disk"
)

// NewDisk makes a disk in the test's own folder.
func NewDisk(t testing.TB) *disk.Disk {
	d := disk.New(t.TempDir())
	t.Cleanup(d.Close)
	return d
}
