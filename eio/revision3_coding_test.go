package eio_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
	"github.com/sio-fast/sio-fast/pool"
)

// binaryMessage is message for bytes.
func binaryMessage(p string) func() *pool.Shared {
	return func() *pool.Shared {
		f := message("")
		f.B = eio.AppendBinary(f.B[:0], []byte(p))
		return f
	}
}

func textMessage(p string) func() *pool.Shared {
	return func() *pool.Shared { return message(p) }
}

// TestRevision3PollCompression: what is not a payload of revision 4 in plain text
// is compressed like one, by its size as the client gets it.
func TestRevision3PollCompression(t *testing.T) {
	const plain, octets = "text/plain; charset=UTF-8", "application/octet-stream"
	x, zeros := strings.Repeat("x", 2000), strings.Repeat("\x00", 2000)
	base := base64.StdEncoding.EncodeToString([]byte(zeros))
	for _, tc := range []struct {
		name, query string
		packet      func() *pool.Shared
		fl          eio.SendFlags
		typ, want   string
		small       bool
	}{
		{"text", "EIO=3", textMessage(x), 0, plain, "2001:4" + x, false},
		{"bytes", "EIO=3", binaryMessage(zeros), 0, octets, "\x01\x02\x00\x00\x01\xff\x04" + zeros, false},
		{"base64", "EIO=3&b64=1", binaryMessage(zeros), 0, plain, "2670:b4" + base, false},
		{"a script", "EIO=3&j=7", textMessage(x), 0, plain, `___eio[7]("2001:4` + x + `");`, false},
		{"a script with base64", "EIO=3&j=7", binaryMessage(zeros), 0, plain, `___eio[7]("2670:b4` + base + `");`, false},
		{"a script of revision 4", "EIO=4&j=7", textMessage(x), 0, plain, `___eio[7]("4` + x + `");`, false},
		{"not to be compressed", "EIO=3", textMessage(x), eio.NoCompress, plain, "2001:4" + x, true},
		{"small", "EIO=3", textMessage(x[:900]), 0, plain, "901:4" + x[:900], true},
		{"a small script", "EIO=3&j=7", textMessage(x[:900]), 0, plain, `___eio[7]("901:4` + x[:900] + `");`, true},
	} {
		for _, coding := range []string{"gzip", "deflate"} {
			for _, waits := range []bool{false, true} {
				w := newWorld3(t, nil)
				c := w.d.Dial()
				target := "/engine.io/?" + tc.query + "&transport=polling"
				c.WriteString(get(target))
				target += "&sid=" + sidRE.FindStringSubmatch(strings.ReplaceAll(c.String(), `\"`, `"`))[1]
				if waits {
					c.WriteString(coded(target, coding))
				}
				f := tc.packet()
				w.h.sessions[0].Send(f, tc.fl)
				f.Release()
				if !waits {
					c.WriteString(coded(target, coding))
				}
				c.Settle()
				want := coding
				if tc.small {
					want = ""
				}
				if got, body := decoded(t, c.String(), tc.typ); got != want || body != tc.want {
					t.Errorf("%s, %s, %v: %q, %d bytes: %s", tc.name, coding, waits, got, len(body), brief(body))
				}
			}
		}
	}
}

// openDeflate3 opens a websocket of revision 3 that negotiates compression.
func (w *world) openDeflate3(more string) *eiotest.Conn {
	w.t.Helper()
	c := w.d.Dial()
	c.WriteString(offering(base3+"websocket"+more, plainOffer))
	if got := c.String(); !strings.Contains(got, "\r\nSec-WebSocket-Extensions: permessage-deflate; ") {
		w.t.Fatalf("no compression: %q", got)
	}
	w.h.take()
	return c
}

// TestRevision3Deflate: what is compressed is what this client gets, while the
// others get theirs of the same packets.
func TestRevision3Deflate(t *testing.T) {
	w := newWorld3(t, &eio.Options{PerMessageDeflate: &eio.Deflate{}})
	conns := map[*eiotest.Conn][]string{
		w.openDeflate(plainOffer):  {"ztext 4lor… 1201", "text 4lor… 1201", "zbinary \x00\x00\x00\x00… 3000", "text 4small"},
		w.openDeflate3(""):         {"ztext 4lor… 1201", "text 4lor… 1201", "zbinary \x04\x00\x00\x00… 3001", "text 4small"},
		w.openDeflate3("&b64=1"):   {"ztext 4lor… 1201", "text 4lor… 1201", "ztext b4AA… 4002", "text 4small"},
		w.openWS3(""):              {"text 4lor… 1201", "text 4lor… 1201", "binary \x04\x00\x00\x00… 3001", "text 4small"},
		w.openDeflate3("&t=again"): {"ztext 4lor… 1201", "text 4lor… 1201", "zbinary \x04\x00\x00\x00… 3001", "text 4small"},
	}
	lorem, zeros, small := message(strings.Repeat("lorem ", 200)), binaryMessage(strings.Repeat("\x00", 3000))(), message("small")
	for _, s := range w.h.sessions {
		if s.Protocol() == 3 && s.Deflates() {
			t.Error("what is compressed for all is not for revision 3")
		}
		s.Send(lorem, 0)
		s.Send(lorem, eio.NoCompress)
		s.Send(zeros, 0)
		s.Send(small, 0)
	}
	lorem.Release()
	zeros.Release()
	small.Release()
	for c, want := range conns {
		c.Settle()
		gets(t, c, want...)
	}
}

// TestRevision3DeflateEcho: compressed both ways, in one go and by the byte.
func TestRevision3DeflateEcho(t *testing.T) {
	big := strings.Repeat("lorem ", 400)
	for _, bytewise := range []bool{false, true} {
		w := newWorld3(t, &eio.Options{PerMessageDeflate: &eio.Deflate{}})
		w.h.echo = true
		c := w.openDeflate3("")
		run := frame(0x41, true, packed(t, "4"+big)) + frame(0x42, true, packed(t, "\x04"+big)) +
			frame(0x41, true, packed(t, "b4AQL/")) + frame(0x41, true, packed(t, "2"))
		if bytewise {
			c.WriteBytewise([]byte(run))
		} else {
			c.WriteString(run)
		}
		gets(t, c, "ztext 4lor… 2401", "zbinary \x04lor… 2401", "binary \x04\x01\x02\xff", "text 3")
	}
}
