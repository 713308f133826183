//go:build !purego

package eio

// fresh is for how many ticks a time holds: 170 µs where the counter is as slow
// as 24 MHz.
const fresh = 1 << 12
