// Package pool holds the memory that is used again: growing buffers, shared
// reference-counted bytes, loop-local free lists, and the queue that crosses
// goroutines. It knows no protocol.
package pool

import _ "github.com/valyala/bytebufferpool"
