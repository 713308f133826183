package fake

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"
)

// websocket serves one connection; the accept key is that of the one key that
// loadtest sends.
func (s *Server) websocket(conn net.Conn, in *bufio.Reader) {
	_ = conn.(*net.TCPConn).SetWriteBuffer(64 << 10)
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
	c := s.open(conn)
	defer s.drop(c)
	go func() {
		for {
			var b []byte
			for _, p := range c.take(2) { // both of a doubled message leave in one write
				b = append(b, frame(1, p)...)
			}
			if b == nil {
				return
			}
			c.since.Store(time.Now().UnixNano())
			if _, err := conn.Write(b); err != nil {
				return
			}
			c.since.Store(0)
		}
	}()
	for {
		op, p, err := readFrame(in)
		if err != nil {
			return
		}
		if op == 8 {
			_, _ = conn.Write(frame(8, p))
			time.Sleep(time.Millisecond)
			return
		}
		if op == 1 && !s.packet(c, p) {
			return
		}
	}
}

func frame(op byte, p []byte) []byte {
	b := []byte{0x80 | op}
	if len(p) < 126 {
		b = append(b, byte(len(p)))
	} else {
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(len(p))) // a long form is legal for any size
	}
	return append(b, p...)
}

func readFrame(in *bufio.Reader) (op byte, p []byte, err error) {
	var h [2]byte
	if _, err := io.ReadFull(in, h[:]); err != nil {
		return 0, nil, err
	}
	if h[1]&0x80 == 0 {
		return 0, nil, errors.New("unmasked frame of a client")
	}
	n := uint64(h[1] & 0x7f)
	if more := map[uint64]int{126: 2, 127: 8}[n]; more > 0 {
		var long [8]byte
		if _, err := io.ReadFull(in, long[8-more:]); err != nil {
			return 0, nil, err
		}
		n = binary.BigEndian.Uint64(long[:])
	}
	var key [4]byte
	if _, err := io.ReadFull(in, key[:]); err != nil {
		return 0, nil, err
	}
	p = make([]byte, n)
	_, err = io.ReadFull(in, p)
	for i := range p {
		p[i] ^= key[i%4]
	}
	return h[0] & 15, p, err
}
