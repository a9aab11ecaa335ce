//go:build !unix

package store

// full cannot be told here; SQLite's own word for a full disk is understood everywhere.
func full(string) bool { return false }
