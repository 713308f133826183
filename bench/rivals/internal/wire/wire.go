// Package wire is as much of Engine.IO and Socket.IO as the load contract needs,
// by hand, for references that are a websocket server and nothing more. It
// decodes no argument and checks as little as it can.
package wire

import (
	"bytes"
	"sync/atomic"
)

// Kind is what a packet of a client asks for.
type Kind int

// The kinds of packet. Other is to be ignored.
const (
	Other Kind = iota
	Connect
	Disconnect
	Echo
	All
	Room
	Join
)

// Packet is one packet of a client. Its slices are views.
type Packet struct {
	Kind Kind
	ID   []byte // of the acknowledgement asked for; empty: none
	Room []byte // of Room and Join, in its quotes
	Args []byte // the arguments behind the event's (and room's) name, with the closing bracket
}

// Parse reads a packet. It borrows p.
func Parse(p []byte) (k Packet) {
	if len(p) < 2 || p[0] != '4' {
		return k
	}
	switch p[1] {
	case '0':
		k.Kind = Connect
	case '1':
		k.Kind = Disconnect
	case '2':
		i := bytes.IndexByte(p, '[')
		if i < 0 {
			return k
		}
		k.ID = p[2:i]
		k.event(p[i:])
	}
	return k
}

func (k *Packet) event(p []byte) {
	for _, e := range events {
		rest, ok := bytes.CutPrefix(p, e.head)
		if !ok {
			continue
		}
		switch k.Kind = e.kind; k.Kind {
		case Join:
			k.Room = rest[:len(rest)-1]
		case Room:
			k.Room, k.Args, _ = bytes.Cut(rest, []byte(","))
		default:
			k.Args = rest
		}
		return
	}
}

var events = []struct {
	head []byte
	kind Kind
}{
	{[]byte(`["echo",`), Echo},
	{[]byte(`["all",`), All},
	{[]byte(`["room",`), Room},
	{[]byte(`["join",`), Join},
}

// AppendEvent appends the packet of an event with the arguments of another.
func AppendEvent(dst []byte, name string, args []byte) []byte {
	dst = append(dst, `42["`...)
	dst = append(dst, name...)
	dst = append(dst, `",`...)
	return append(dst, args...)
}

// AppendAck appends an acknowledgement; args ends in a bracket.
func AppendAck(dst, id, args []byte) []byte {
	dst = append(dst, "43"...)
	dst = append(dst, id...)
	dst = append(dst, '[')
	return append(dst, args...)
}

// AppendOpen appends the open packet. There is no heartbeat: the interval is an
// hour.
func AppendOpen(dst []byte) []byte {
	dst = append(dst, `0{"sid":"`...)
	dst = appendID(dst)
	return append(dst, `","upgrades":[],"pingInterval":3600000,"pingTimeout":20000,"maxPayload":1000000}`...)
}

// AppendConnect appends the answer to CONNECT.
func AppendConnect(dst []byte) []byte {
	dst = append(dst, `40{"sid":"`...)
	dst = appendID(dst)
	return append(dst, `"}`...)
}

var lastID atomic.Uint64

// appendID makes ids of twenty characters, as clients expect. Any goroutine.
func appendID(dst []byte) []byte {
	dst = append(dst, "AAAAAAAAAAAAAAAAAAAA"...)
	for i, n := len(dst)-1, lastID.Add(1); n > 0; i, n = i-1, n/26 {
		dst[i] = 'A' + byte(n%26)
	}
	return dst
}
