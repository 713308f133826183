//go:build !amd64 || purego

package sio

func plainRun(b []byte) (n int, high bool) { return plainWords(b) }

func plainRunOf(s string) (n int, high bool) { return plainWords(s) }
