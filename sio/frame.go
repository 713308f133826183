package sio

import (
	"strconv"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/internal/debuglog"
)

// The functions of this file append whole websocket frames, the engine's `4`
// included: what eio.Session.Send takes. They borrow their arguments, and do
// not allocate while dst has room.

// frameRoom is what a frame takes beside names and arguments: header, types, an
// acknowledgement's id, punctuation.
const frameRoom = 48

// frameEvent appends an EVENT, or with bins a BINARY_EVENT and its attachments.
// args is a comma-separated list of JSON values; id asks for an acknowledgement
// unless it is negative.
func frameEvent(dst []byte, nsp string, id int64, event string, args []byte, bins [][]byte) []byte {
	if debugParser.On() {
		debugParser.Print("encoding event", "namespace", debuglog.Text(nsp), "event", debuglog.Text(event),
			"attachments", len(bins), "args", debuglog.Text(args))
	}
	start := len(dst)
	dst = appendHead(eio.BeginText(dst, sizeOf(nsp, id)+len(`["",]`)+len(event)+len(args)), packetEvent, nsp, id, len(bins))
	dst = append(dst, '[')
	dst = appendQuoted(dst, event)
	if len(args) > 0 {
		dst = append(dst, ',')
		dst = append(dst, args...)
	}
	dst = append(dst, ']')
	return appendAttachments(eio.EndText(dst, start), bins)
}

// frameAck appends an ACK, or with bins a BINARY_ACK and its attachments.
func frameAck(dst []byte, nsp string, id int64, args []byte, bins [][]byte) []byte {
	start := len(dst)
	dst = appendHead(eio.BeginText(dst, sizeOf(nsp, id)+len(`[]`)+len(args)), packetAck, nsp, id, len(bins))
	dst = append(dst, '[')
	dst = append(dst, args...)
	dst = append(dst, ']')
	return appendAttachments(eio.EndText(dst, start), bins)
}

// frameConnect appends the answer that accepts a CONNECT. pid may be empty.
func frameConnect(dst []byte, nsp, sid, pid string) []byte {
	start := len(dst)
	dst = appendHead(eio.BeginText(dst, len(nsp)+len(sid)+len(pid)), packetConnect, nsp, -1, 0)
	dst = append(dst, `{"sid":`...)
	dst = appendQuoted(dst, sid)
	if pid != "" {
		dst = append(dst, `,"pid":`...)
		dst = appendQuoted(dst, pid)
	}
	dst = append(dst, '}')
	return eio.EndText(dst, start)
}

// frameConnectError appends the answer that refuses a CONNECT. data is JSON; nil
// means none.
func frameConnectError(dst []byte, nsp, message string, data []byte) []byte {
	start := len(dst)
	dst = appendHead(eio.BeginText(dst, len(nsp)+len(message)+len(data)), packetConnectError, nsp, -1, 0)
	dst = append(dst, `{"message":`...)
	dst = appendQuoted(dst, message)
	if data != nil {
		dst = append(dst, `,"data":`...)
		dst = append(dst, data...)
	}
	dst = append(dst, '}')
	return eio.EndText(dst, start)
}

// frameDisconnect appends a DISCONNECT.
func frameDisconnect(dst []byte, nsp string) []byte {
	start := len(dst)
	dst = appendHead(eio.BeginText(dst, len(nsp)), packetDisconnect, nsp, -1, 0)
	return eio.EndText(dst, start)
}

// sizeOf is about what appendHead appends.
func sizeOf(nsp string, id int64) int {
	n := 1
	if nsp != "/" {
		n += len(nsp) + 1
	}
	if id >= 0 {
		n += 3
	}
	return n
}

// appendHead appends all of a packet but its payload. typ is that of the packet
// without attachments.
func appendHead(dst []byte, typ packetType, nsp string, id int64, attachments int) []byte {
	if attachments > 0 {
		typ += packetBinaryEvent - packetEvent
	}
	dst = append(dst, '0'+byte(typ))
	if attachments > 0 {
		dst = appendInt(dst, int64(attachments))
		dst = append(dst, '-')
	}
	if nsp != "/" {
		dst = append(dst, nsp...)
		dst = append(dst, ',')
	}
	if id >= 0 {
		dst = appendInt(dst, id)
	}
	return dst
}

func appendAttachments(dst []byte, bins [][]byte) []byte {
	for _, b := range bins {
		dst = eio.AppendBinary(dst, b)
	}
	return dst
}

func appendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }
