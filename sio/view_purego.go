//go:build purego

package sio

// b2s copies, where unsafe is not wanted.
func b2s(b []byte) string { return string(b) }

// s2b copies, where unsafe is not wanted.
func s2b(s string) []byte { return []byte(s) }
