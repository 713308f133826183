//go:build (amd64 || arm64) && !purego

package eio

// self names the calling goroutine: no other that lives at the same time has
// the same number. It is never 0.
func self() uintptr
