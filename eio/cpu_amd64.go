//go:build !purego

package eio

// fresh is for how many ticks a time holds: 25 to 65 µs.
const fresh = 1 << 17
