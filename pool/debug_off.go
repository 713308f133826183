//go:build !pooldebug

package pool

const debug = false

func took(any) {}

func gave(any) {}

func poison([]byte) {}

// Outstanding is how many values were taken from this package and not put back,
// in a build with the tag pooldebug, and 0 in any other. Any goroutine.
func Outstanding() int64 { return 0 }

// Leaks says for each of them where it was taken, in a build with the tag
// pooldebug. Any goroutine.
func Leaks() []string { return nil }
