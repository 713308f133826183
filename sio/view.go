//go:build !purego

package sio

import "unsafe"

// b2s lends b as a string: it must not be kept beyond b's life, nor b changed
// meanwhile.
func b2s(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// s2b lends the bytes of s, which must not be written to.
func s2b(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
