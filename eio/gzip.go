package eio

import (
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"

	"github.com/sio-fast/sio-fast/internal/http1"
	"github.com/sio-fast/sio-fast/pool"
)

// coding is how the answer to a poll is written.
type coding uint8

const (
	identity coding = iota
	gzipCoding
	deflateCoding
)

// codings are the header lines, by coding.
var codings = [...]string{"", "Content-Encoding: gzip\r\n", "Content-Encoding: deflate\r\n"}

// coding chooses how an answer to r may be written.
func (d *deflate) coding(r *http1.Request) coding {
	if d == nil {
		return identity
	}
	accept := r.Header("Accept-Encoding")
	if accept == nil {
		return identity
	}
	return identity + coding(1+http1.PreferredEncoding(accept, "gzip", "deflate"))
}

// answerCoded answers the waiting GET with the packets of q, compressed.
func (p *Peer) answerCoded(d *deflate, q *outq, size int) {
	x := p.x
	plain := pool.Get()
	plain.Grow(size, size)
	for i, f := range q.items[q.head:] {
		plain.B = appendPayload(plain.B, f.B, i > 0)
	}
	small := pool.Get()
	small.B = appendCoded(small.B, x.coding, d.level, plain.B)
	pool.Put(plain)
	x.lines = append(x.lines, codings[x.coding]...)
	h := http1.Response{Status: 200, ContentType: textType, Headers: x.lines, Minor: int(x.minor), KeepAlive: x.keepAlive}
	f := pool.NewShared()
	f.B = http1.AppendResponse(f.B, &h, small.B)
	pool.Put(small)
	p.send(f)
	f.Release()
}

// appendCoded appends body in a content coding of RFC 9110, 8.4.1: gzip is RFC
// 1952, and deflate is RFC 1951 within RFC 1950. It borrows body.
func appendCoded(dst []byte, c coding, level int, body []byte) []byte {
	d := pool.GetDeflater(level)
	defer pool.PutDeflater(d)
	if c == gzipCoding {
		dst = append(dst, 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255) // no time, no name, system unknown
		dst = d.Append(dst, body, true)
		dst = binary.LittleEndian.AppendUint32(dst, crc32.ChecksumIEEE(body))
		return binary.LittleEndian.AppendUint32(dst, uint32(len(body)))
	}
	dst = append(dst, 0x78, 0x9c) // a window of 32 KiB; the check of these two bytes
	dst = d.Append(dst, body, true)
	return binary.BigEndian.AppendUint32(dst, adler32.Checksum(body))
}

// PreferredEncoding is that of offered which accept, the value of an
// Accept-Encoding header, likes best; "" is none, and the answer goes as it is.
// Any goroutine.
func PreferredEncoding(accept string, offered ...string) string {
	if i := http1.PreferredEncoding([]byte(accept), offered...); i >= 0 {
		return offered[i]
	}
	return ""
}
