//go:build !(amd64 || arm64) || purego

package eio

// self does not know: what could go straight out goes through the inbox.
func self() uintptr { return 0 }
