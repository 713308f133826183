package pool

import "sync"

// MaxPooled is the capacity in bytes above which a buffer is left to the
// garbage collector and not pooled: one large message must not make every later
// holder of its buffer large. 64 KiB is the size of a loop's read buffer, so
// what arrives in one read is always pooled.
const MaxPooled = 64 << 10

// Buf is a growing buffer from a pool. B is its content; append to it freely.
type Buf struct{ B []byte }

// bufs keeps every buffer up to MaxPooled. (bytebufferpool, which was here
// first, calibrates itself and drops what is larger than 95 % of those before:
// the fewer large messages then allocated and copied four times each.)
var bufs = sync.Pool{New: func() any { return new(Buf) }}

// Get gives an empty Buf. Any goroutine. Does not allocate once the pool is
// warm.
func Get() *Buf {
	b := bufs.Get().(*Buf)
	took(b)
	return b
}

// Put takes b back. b and every view into b.B are the caller's no more. Putting
// nil does nothing. Any goroutine. Does not allocate.
func Put(b *Buf) {
	if b == nil {
		return
	}
	gave(b)
	if debug {
		poison(b.B)
		b.B = nil // never pooled: whoever kept b finds it empty
		return
	}
	if cap(b.B) <= MaxPooled {
		b.B = b.B[:0]
		bufs.Put(b)
	}
}

// Grow makes room for n more bytes after len(b.B), so that appending them does
// not allocate. It at least doubles the capacity, but stops at limit bytes in
// all where that is enough: so the buffer of a message whose size is known ends
// exactly as large as the message, without ever being more than twice what has
// come of it. limit 0 means none. Owner only.
func (b *Buf) Grow(n, limit int) {
	need := len(b.B) + n
	if need <= cap(b.B) {
		return
	}
	size := max(need, 2*cap(b.B), 64)
	if limit > 0 && size > limit {
		size = max(need, limit)
	}
	grown := make([]byte, len(b.B), size)
	copy(grown, b.B)
	b.B = grown
}
