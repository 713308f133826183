package pool

import "github.com/valyala/bytebufferpool"

// Text is a growing buffer for whole texts of uneven size that live for one
// call, off the paths of every message: a payload rewritten for another decoder.
// Its pool learns which size is usual and keeps no larger ones, where [Buf] has
// one limit for all. B is its content; append to it freely.
type Text = bytebufferpool.ByteBuffer

// GetText gives an empty Text. Any goroutine.
func GetText() *Text { return bytebufferpool.Get() }

// PutText takes t back: it and every view into t.B are the caller's no more.
// Any goroutine.
func PutText(t *Text) { bytebufferpool.Put(t) }
