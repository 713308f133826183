//go:build (amd64 || arm64) && !purego

package eio

// self names the calling goroutine: no other that lives at the same time has
// the same number. It is never 0.
func self() uintptr

// ticks reads the processor's own counter, in a third of the time that the clock
// takes. Its rate is the machine's, and it may jump when the goroutine changes
// its processor: it says only when it is time to ask the clock.
func ticks() uint64
