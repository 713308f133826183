//go:build !purego

package sio

// plainRun is plainWords, sixteen bytes at a time. It borrows b.
//
//go:noescape
func plainRun(b []byte) (n int, high bool)

// plainRunOf is plainRun of a string.
func plainRunOf(s string) (n int, high bool) { return plainRun(s2b(s)) }
