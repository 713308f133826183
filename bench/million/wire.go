//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// The example of RFC 6455 1.3: one key for everybody spares each client a hash.
const (
	wsKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	wsAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// What clients say, complete with the frame and a mask of zeros.
var (
	frameConnect = masked(opText, "40")
	framePong    = masked(opText, "3")
	frameClose   = masked(opClose, "\x03\xe8") // 1000: normal closure
)

const (
	opText  = 1
	opClose = 8
)

var (
	errHead     = errors.New("not the 101 answer that was asked for")
	errFrame    = errors.New("not a frame that a server sends here")
	headEnd     = []byte("\r\n\r\n")
	headLine    = []byte("HTTP/1.1 101 ")
	headAccept  = []byte("\r\nSec-WebSocket-Accept: " + wsAccept + "\r\n")
	maxMessage  = 4096 // what the server has to say here is far shorter
	maxHeadSize = 2048
)

func upgradeRequest(host string) []byte {
	return []byte("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: " + host +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + wsKey + "\r\n\r\n")
}

// masked is a client's frame. Masking with zeros is as good as any here: there
// is no proxy to protect, and the server unmasks all the same.
func masked(op byte, payload string) []byte {
	b := []byte{0x80 | op}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	default:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	}
	b = append(b, 0, 0, 0, 0)
	return append(b, payload...)
}

// parseHead reads the answer to the upgrade. n == 0 and no error: need more. It
// borrows b.
func parseHead(b []byte) (n int, err error) {
	end := bytes.Index(b, headEnd)
	if end < 0 {
		if len(b) > maxHeadSize {
			return 0, errHead
		}
		return 0, nil
	}
	head := b[:end+2]
	if !bytes.HasPrefix(head, headLine) || !bytes.Contains(head, headAccept) {
		line, _, _ := bytes.Cut(head, headEnd[:2])
		return 0, fmt.Errorf("%w: %q", errHead, line)
	}
	return end + len(headEnd), nil
}

// parseFrame reads one unfragmented frame of a server. n == 0 and no error:
// need more. payload is a view of b.
func parseFrame(b []byte) (op byte, payload []byte, n int, err error) {
	if len(b) < 2 {
		return 0, nil, 0, nil
	}
	size, at := int(b[1]), 2
	if size == 126 {
		if len(b) < 4 {
			return 0, nil, 0, nil
		}
		size, at = int(binary.BigEndian.Uint16(b[2:])), 4
	}
	op = b[0] & 15
	if b[0]&0xf0 != 0x80 || b[1] > 126 || size > maxMessage || op != opText && op != opClose {
		return 0, nil, 0, errFrame
	}
	if len(b) < at+size {
		return 0, nil, 0, nil
	}
	return op, b[at : at+size], at + size, nil
}
