//go:build linux

package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"strconv"
)

// consume takes whole requests and frames off b and returns the rest. It
// unmasks in place.
func (l *loop) consume(c *conn, b []byte) []byte {
	if !c.open {
		end := bytes.Index(b, []byte("\r\n\r\n"))
		if end < 0 {
			return b
		}
		l.request(c, b[:end+4])
		b = b[end+4:]
	}
	for c.open && !c.dead {
		op, payload, n := frame(b)
		if n == 0 {
			break
		}
		b = b[n:]
		switch op {
		case 1:
			l.packet(c, payload)
		case 8:
			c.dead = true
		case 9:
			l.answer(c, appendFrame(nil, 0x8a, payload))
		}
	}
	return b
}

// frame reads one masked frame; n == 0: there is more to come.
func frame(b []byte) (op byte, payload []byte, n int) {
	if len(b) < 6 {
		return 0, nil, 0
	}
	size, head := int(b[1]&127), 2
	switch size {
	case 126:
		if len(b) < 8 {
			return 0, nil, 0
		}
		size, head = int(binary.BigEndian.Uint16(b[2:])), 4
	case 127:
		if len(b) < 14 {
			return 0, nil, 0
		}
		size, head = int(binary.BigEndian.Uint64(b[2:])), 10
	}
	if len(b) < head+4+size {
		return 0, nil, 0
	}
	payload = b[head+4 : head+4+size]
	unmask(payload, binary.LittleEndian.Uint32(b[head:]))
	return b[0] & 15, payload, head + 4 + size
}

func unmask(p []byte, key uint32) {
	wide := uint64(key) | uint64(key)<<32
	for len(p) >= 8 {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^wide)
		p = p[8:]
	}
	for i := range p {
		p[i] ^= byte(key >> (8 * (i & 3)))
	}
}

func appendFrame(dst []byte, first byte, parts ...[]byte) []byte {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	switch {
	case size < 126:
		dst = append(dst, first, byte(size))
	case size < 1<<16:
		dst = append(dst, first, 126, byte(size>>8), byte(size))
	default:
		dst = append(dst, first, 127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(size))
	}
	for _, p := range parts {
		dst = append(dst, p...)
	}
	return dst
}

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// request answers a websocket handshake with the open packet behind it, and
// the two addresses that a load generator may look at.
func (l *loop) request(c *conn, head []byte) {
	key := header(head, "sec-websocket-key:")
	if key == nil {
		status, body := "404 Not Found", ""
		switch {
		case bytes.HasPrefix(head, []byte("GET /healthz ")):
			status, body = "200 OK", "ok"
		case bytes.HasPrefix(head, []byte("GET /stats ")):
			n := strconv.Itoa(len(l.members))
			status, body = "200 OK", `{"clients":`+n+`,"sockets":`+n+`,"namespaces":1}`
		}
		l.send(c, []byte("HTTP/1.1 "+status+"\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body))
		return
	}
	sum := sha1.Sum(append(append([]byte(nil), key...), guid...))
	out := []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
	out = base64.StdEncoding.AppendEncode(out, sum[:])
	out = append(out, "\r\n\r\n"...)
	// No heartbeat: the interval is an hour.
	out = appendFrame(out, 0x81, []byte(`0{"sid":"`), l.nextID(),
		[]byte(`","upgrades":[],"pingInterval":3600000,"pingTimeout":20000,"maxPayload":1000000}`))
	c.open = true
	l.send(c, out)
}

// nextID makes an id of twenty characters, as the clients expect.
func (l *loop) nextID() []byte {
	l.sid++
	id := []byte("AAAAAAAAAAAAAAAAAAAA")
	for i, n := len(id)-1, l.sid; n > 0; i, n = i-1, n/26 {
		id[i] = 'A' + byte(n%26)
	}
	return id
}

func header(head []byte, name string) []byte {
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if len(line) > len(name) && bytes.EqualFold(line[:len(name)], []byte(name)) {
			return bytes.TrimSpace(line[len(name):])
		}
	}
	return nil
}

// packet serves one Engine.IO packet.
func (l *loop) packet(c *conn, p []byte) {
	if len(p) < 2 || p[0] != '4' {
		return
	}
	switch p[1] {
	case '0':
		if !c.joined {
			c.joined, c.member = true, len(l.members)
			l.members = append(l.members, c)
			l.told.members.Store(int64(len(l.members)))
		}
		l.answer(c, appendFrame(nil, 0x81, []byte(`40{"sid":"`), l.nextID(), []byte(`"}`)))
	case '1':
		c.dead = true
	case '2':
		l.event(c, p)
	}
}

// event serves 42[id]["name",...]. The names have one length each, so a switch
// on the bytes is all the parsing there is.
func (l *loop) event(c *conn, p []byte) {
	i := 2
	for i < len(p) && p[i] != '[' {
		i++
	}
	id, args := p[2:i], p[i:]
	switch {
	case bytes.HasPrefix(args, []byte(`["echo",`)):
		if len(id) > 0 {
			l.scratchAnswer(c, []byte("43"), id, []byte("["), args[len(`["echo",`):])
		} else {
			l.scratchAnswer(c, p)
		}
	case bytes.HasPrefix(args, []byte(`["all",`)):
		l.toAll(p)
	case bytes.HasPrefix(args, []byte(`["room",`)):
		l.toRoom(c, args[len(`["room",`):])
	case bytes.HasPrefix(args, []byte(`["join",`)):
		name := args[len(`["join",`):]
		l.join(c, name[:len(name)-1])
		l.scratchAnswer(c, []byte("43"), id, []byte("[]"))
	}
}
