package eio

import (
	"encoding/json"
	"strconv"
)

// openPacket is what the handshake tells the client.
type openPacket struct {
	upgrade      bool // the client may try to change to a websocket
	pingInterval int  // milliseconds
	pingTimeout  int  // milliseconds
	maxPayload   int  // bytes
}

// append appends the open packet with its type digit. The order of the keys is
// the reference's: there are clients that cut them out by position. It borrows
// id, which is JSON-quoted if it needs it. Any goroutine.
//
//	0{"sid":"8hvYWeD2-6l4-W26AAAA","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}
func (o *openPacket) append(dst []byte, id string) []byte {
	dst = append(dst, `0{"sid":`...)
	dst = appendQuoted(dst, id)
	if o.upgrade {
		dst = append(dst, `,"upgrades":["websocket"],"pingInterval":`...)
	} else {
		dst = append(dst, `,"upgrades":[],"pingInterval":`...)
	}
	dst = strconv.AppendInt(dst, int64(o.pingInterval), 10)
	dst = append(dst, `,"pingTimeout":`...)
	dst = strconv.AppendInt(dst, int64(o.pingTimeout), 10)
	dst = append(dst, `,"maxPayload":`...)
	dst = strconv.AppendInt(dst, int64(o.maxPayload), 10)
	return append(dst, '}')
}

// appendQuoted appends s as a JSON string. Ids of our own making, and the
// fixed error texts, take the short way.
func appendQuoted(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			q, _ := json.Marshal(s) // a string always encodes
			return append(dst, q...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// appendPacket appends a message packet.
func appendPacket(dst []byte, text string) []byte {
	dst = append(dst, byte(PacketMessage))
	return append(dst, text...)
}
