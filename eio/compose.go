package eio

import "github.com/sio-fast/sio-fast/wsframe"

// The functions of this file write what [Session.Send] takes: a run of whole
// websocket frames, of which a text frame begins with the packet type `4`. All
// of them: any goroutine; they do not allocate while dst has room.

// BeginText makes room in dst for a frame's header and writes the packet type of
// a message; its data is appended next, about size bytes, and [EndText] completes
// the frame.
func BeginText(dst []byte, size int) []byte { return append(wsframe.Begin(dst, size+1), '4') }

// EndText completes the frame begun at start, the length of dst before
// [BeginText].
func EndText(dst []byte, start int) []byte { return wsframe.End(dst, start, wsframe.OpText) }

// AppendBinary appends a frame that holds a message of binary data, which it
// borrows.
func AppendBinary(dst, data []byte) []byte { return wsframe.AppendFrame(dst, wsframe.OpBinary, data) }
