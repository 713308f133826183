package eio_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
)

const base3 = "/engine.io/?EIO=3&transport="

func newWorld3(t testing.TB, o *eio.Options) *world {
	if o == nil {
		o = &eio.Options{}
	}
	o.AllowEIO3 = true
	return newWorld(t, o)
}

// openPolling3 opens a polling session of revision 3; more is added to the query.
func (w *world) openPolling3(more string) (*eiotest.Conn, string) {
	w.t.Helper()
	c := w.d.Dial()
	c.WriteString(get(base3 + "polling" + more))
	m := sidRE.FindStringSubmatch(strings.ReplaceAll(c.String(), `\"`, `"`))
	if m == nil {
		w.t.Fatal("no session")
	}
	w.h.take()
	return c, base3 + "polling" + more + "&sid=" + m[1]
}

func (w *world) openWS3(more string) *eiotest.Conn {
	w.t.Helper()
	c := w.d.Dial()
	c.WriteString(upgrade(base3 + "websocket" + more))
	if got := c.String(); !strings.HasPrefix(got, switching) || sidRE.FindString(got) == "" {
		w.t.Fatalf("no session: %q", got)
	}
	w.h.take()
	return c
}

// octets is a POST of a binary payload.
func octets(target, body string) string {
	return strings.Replace(post(target, body), "text/plain;charset=UTF-8", "application/octet-stream", 1)
}

// polledOctets is the answer to a poll with a binary payload.
func polledOctets(body string) string {
	return strings.Replace(polled(body), "text/plain; charset=UTF-8", "application/octet-stream", 1)
}

// form is a POST of a JSONP client.
func form(target, payload string) string { return rawForm(target, "d="+url.QueryEscape(payload)) }

func rawForm(target, body string) string {
	return strings.Replace(post(target, body), "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", 1)
}

func TestRevision3Handshake(t *testing.T) {
	w := newWorld3(t, nil)
	c := w.d.Dial()
	for query, revision := range map[string]int{"EIO=3&": 3, "": 3, "EIO=2&": 3, "EIO=abc&": 3, "EIO=4&": 4} {
		c.WriteString(get("/engine.io/?" + query + "transport=polling"))
		got := c.String()
		sid := sidRE.FindStringSubmatch(got)
		if sid == nil {
			t.Fatalf("%q: got %q", query, got)
		}
		want := `0{"sid":"` + sid[1] + `","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`
		if revision == 3 {
			want = "118:" + want
		}
		if got != polled(want) {
			t.Errorf("%q: got  %q\nwant %q", query, got, polled(want))
		}
		if s := w.h.sessions[len(w.h.sessions)-1]; s.Protocol() != revision {
			t.Errorf("%q: Protocol() is %d", query, s.Protocol())
		}
	}
	ws := w.d.Dial()
	ws.WriteString(upgrade(base3 + "websocket"))
	got := ws.String()
	sid := sidRE.FindStringSubmatch(got)
	if sid == nil || got != switching+sent(`0{"sid":"`+sid[1]+`","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`) {
		t.Errorf("websocket: %q", got)
	}
}

// TestRevision3CustomID: a length counts code units, also of what users make.
func TestRevision3CustomID(t *testing.T) {
	w := newWorld3(t, &eio.Options{GenerateID: func(*eio.Request) (string, error) { return "é😀", nil }})
	c := w.d.Dial()
	c.WriteString(get(base3 + "polling"))
	expect(t, c, polled(`101:0{"sid":"é😀","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`))
}

func TestRevision3Polling(t *testing.T) {
	for _, tc := range []struct{ name, query, post, answer, heard string }{
		{"text", "", "6:4hello4:4€😀", polled("6:4hello4:4€😀"), "text \"hello\"\ntext \"€😀\""},
		{"base64 in, bytes out", "", "6:b4AQL/", polledOctets("\x01\x04\xff\x04\x01\x02\xff"), "binary \"\\x01\\x02\\xff\""},
		{"mixed", "", "2:4€6:b4AQL/", polledOctets("\x00\x04\xff4€\x01\x04\xff\x04\x01\x02\xff"), "text \"€\"\nbinary \"\\x01\\x02\\xff\""},
		{"b64", "&b64=1", "2:4€6:b4AQL/", polled("2:4€6:b4AQL/"), "text \"€\"\nbinary \"\\x01\\x02\\xff\""},
		{"ping", "", "1:2", polled("1:3"), ""},
		{"probe outside of a probe", "", "6:2probe", polled("1:3"), ""},
		{"open, upgrade, noop, none", "", "1:01:51:60:", "", ""},
	} {
		for _, bytewise := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", tc.name, bytewise), func(t *testing.T) {
				w := newWorld3(t, nil)
				w.h.echo = true
				c, target := w.openPolling3(tc.query)
				c2 := w.d.Dial()
				if bytewise {
					c2.WriteBytewise([]byte(post(target, tc.post)))
				} else {
					c2.WriteString(post(target, tc.post))
				}
				expect(t, c2, posted)
				c.WriteString(get(target))
				expect(t, c, tc.answer)
				w.heard(tc.heard)
			})
		}
	}
}

func TestRevision3BinaryPayload(t *testing.T) {
	w := newWorld3(t, nil)
	w.h.echo = true
	c, target := w.openPolling3("")
	const body = "\x00\x04\xff4€\x01\x04\xff\x04\x01\x02\xff\x00\x01\xff2"
	c.WriteString(get(target))
	c2 := w.d.Dial()
	c2.WriteBytewise([]byte(octets(target, body)))
	expect(t, c2, posted)
	expect(t, c, polledOctets("\x00\x04\xff4€\x01\x04\xff\x04\x01\x02\xff\x00\x01\xff3"))
	w.heard("text \"€\"\nbinary \"\\x01\\x02\\xff\"")
	for i, piece := range cuts(octets(target, body), 3) {
		if i == 0 {
			c2 = w.d.Dial()
		}
		c2.WriteString(piece)
	}
	expect(t, c2, posted)
	w.h.take()
	c2.WriteString(octets(target, "")) // no packet, and no error
	expect(t, c2, posted)
	c2.WriteString(octets(target, "\x00\x09\xff4"))
	expect(t, c2, posted)
	w.heard("close parse error: eio: bad packet in a payload")
}

func TestRevision3LargeAnswer(t *testing.T) {
	w := newWorld3(t, nil)
	c, target := w.openPolling3("")
	big := strings.Repeat("é", 150_000)
	w.h.sessions[0].SendText([]byte(big))
	c.WriteString(get(target))
	expect(t, c, polled("150001:4"+big))
	w.h.sessions[0].SendText([]byte(big))
	w.h.sessions[0].SendBinary(nil)
	c.WriteString(get(target))
	expect(t, c, polledOctets("\x00\x03\x00\x00\x00\x00\x01\xff4"+big+"\x01\x01\xff\x04"))
}

// TestRevision3Edges is TestPollingEdges with lengths.
func TestRevision3Edges(t *testing.T) {
	for _, tc := range []struct {
		name    string
		waiting string
		send    func(target string) string
		want    string
		heard   string
	}{
		{"second GET", "1:1", get, empty400, "close transport error: overlap from client"},
		{"bad packet", "1:1", func(s string) string { return post(s, "3:abc") }, posted, "close parse error: eio: bad packet in a payload"},
		{"bad length", "1:1", func(s string) string { return post(s, "4hello") }, posted, "close parse error: eio: bad packet in a payload"},
		{"empty body", "1:1", func(s string) string { return post(s, "") }, posted, "close parse error: eio: bad packet in a payload"},
		{"close", "1:6", func(s string) string { return post(s, "1:1") }, posted, "close transport close"},
		{"pong", "1:1", func(s string) string { return post(s, "1:3") }, posted, "close transport error: invalid heartbeat direction"},
		{"packets after a close", "1:6", func(s string) string { return post(s, "2:4a1:12:4b") }, posted, "text \"a\"\nclose transport close"},
		{"packets before a bad one", "1:1", func(s string) string { return post(s, "2:4a9:4b") }, posted, "text \"a\"\nclose parse error: eio: bad packet in a payload"},
	} {
		for _, jsonp := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", tc.name, jsonp), func(t *testing.T) {
				w := newWorld3(t, nil)
				query, waiting, send := "", polled(tc.waiting), tc.send
				if jsonp {
					query, waiting = "&j=7", polled(`___eio[7]("`+tc.waiting+`");`)
					send = func(target string) string {
						head, body, _ := strings.Cut(tc.send(target), "\r\n\r\n")
						if strings.HasPrefix(head, "POST") {
							return form(target, body)
						}
						return head + "\r\n\r\n"
					}
				}
				c, target := w.openPolling3(query)
				c.WriteString(get(target))
				c2 := w.d.Dial()
				c2.WriteString(send(target))
				expect(t, c2, tc.want)
				expect(t, c, waiting)
				w.heard(tc.heard)
			})
		}
	}
}

func TestRevision3Close(t *testing.T) {
	w := newWorld3(t, nil)
	c, target := w.openPolling3("")
	w.h.sessions[0].Close(eio.ReasonForced)
	c.WriteString(get(target))
	expect(t, c, polled("1:61:1"))
	c, target = w.openPolling3("")
	c.WriteString(get(target))
	w.h.sessions[1].Close(eio.ReasonForced)
	c.Settle()
	expect(t, c, polled("1:1"))
}

func TestRevision3Mismatch(t *testing.T) {
	w := newWorld3(t, nil)
	const mismatch = `{"code":3,"message":"Bad request"}`
	_, three := w.openPolling3("")
	_, four := w.openPolling()
	c := w.d.Dial()
	for _, request := range []string{
		get(strings.Replace(three, "EIO=3", "EIO=4", 1)), get(strings.Replace(four, "EIO=4", "EIO=3", 1)),
		post(strings.Replace(three, "EIO=3", "EIO=4", 1), "4a"),
	} {
		c.WriteString(request)
		expect(t, c, refused(400, mismatch))
	}
	c.WriteString(upgrade(asWebsocket(strings.Replace(three, "EIO=3", "EIO=4", 1))))
	if got := c.String(); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
		t.Errorf("%q", got)
	}
	w.heard("")
}

func TestRevision3Websocket(t *testing.T) {
	w := newWorld3(t, nil)
	w.h.echo = true
	c := w.openWS3("")
	c.WriteString(text("4hello") + bin("\x04\x01\x02\xff") + text("b4AQL/") + bin("\x04") + text("2") + text("2probe"))
	expect(t, c, sent("4hello")+sentBin("\x04\x01\x02\xff")+sentBin("\x04\x01\x02\xff")+sentBin("\x04")+sent("3")+sent("3"))
	w.heard("text \"hello\"\nbinary \"\\x01\\x02\\xff\"\nbinary \"\\x01\\x02\\xff\"\nbinary \"\"")
	c = w.openWS3("&b64=1")
	c.WriteBytewise([]byte(bin("\x04\x01\x02\xff") + text("4a")))
	expect(t, c, sent("b4AQL/")+sent("4a"))
	big := strings.Repeat("\xfe", 100_000)
	c = w.openWS3("")
	c.WriteString(bin("\x04" + big))
	expect(t, c, sentBin("\x04"+big))
	w.h.take()
	for sends, heard := range map[string]string{
		bin(""): "parse error", bin("\x07"): "parse error", bin("4"): "parse error", text(""): "parse error", text("b"): "parse error",
		text("b9"): "parse error", text("b4!"): "parse error", text("7"): "parse error",
		text("3"): "transport error: invalid heartbeat direction", text("1"): "transport close", bin("\x03"): "transport error: invalid heartbeat direction",
	} {
		c := w.openWS3("")
		c.WriteString(sends)
		expect(t, c, "\x88\x00")
		w.heard("close " + heard)
	}
}

func TestRevision3Heartbeat(t *testing.T) {
	w := newWorld3(t, nil)
	c := w.openWS3("")
	poll, target := w.openPolling3("")
	w.d.Advance(44 * time.Second)
	expect(t, c, "") // the server never pings
	c.WriteString(text("2"))
	expect(t, c, sent("3"))
	w.d.Advance(2 * time.Second)
	w.heard("close ping timeout")
	poll.WriteString(get(target))
	expect(t, poll, refused(400, `{"code":1,"message":"Session ID unknown"}`))
	w.d.Advance(42 * time.Second)
	c.WriteString(text("4a")) // only a ping counts
	expect(t, c, "")
	w.h.take()
	w.d.Advance(2 * time.Second)
	w.heard("close ping timeout")
	expect(t, c, "\x88\x00")
}

// TestRevision3HeartbeatUpgrade: the reference forgets the deadline when a
// session of revision 3 upgrades.
func TestRevision3HeartbeatUpgrade(t *testing.T) {
	w := newWorld3(t, nil)
	_, target := w.openPolling3("")
	c := w.d.Dial()
	c.WriteString(upgrade(asWebsocket(target)) + text("2probe") + text("5"))
	w.d.Advance(46 * time.Second)
	w.heard("close ping timeout")
}

func TestRevision3Upgrade(t *testing.T) {
	w := newWorld3(t, nil)
	poll, target := w.openPolling3("&b64=1")
	poll.WriteString(get(target))
	c := w.d.Dial()
	c.WriteString(upgrade(strings.Replace(asWebsocket(target), "&b64=1", "", 1)) + text("2probe"))
	expect(t, c, switching+sent("3probe"))
	w.d.Advance(100 * time.Millisecond)
	expect(t, poll, polled("1:6"))
	s := w.h.sessions[0]
	s.SendText([]byte("early"))
	s.SendBinary([]byte{1})
	poll.WriteString(get(target))
	expect(t, poll, polled("6:4early6:b4AQ=="))
	s.SendText([]byte("late"))
	s.SendBinary([]byte{2})
	c.WriteString(text("5"))
	// The websocket's own request does not say b64: it takes bytes.
	expect(t, c, sent("4late")+sentBin("\x04\x02"))
	c.WriteString(bin("\x04a"))
	w.heard("binary \"a\"")
	if s.Transport() != eio.Websocket || s.Protocol() != 3 {
		t.Error(s.Transport(), s.Protocol())
	}
	// A GET that waits when the 5 comes.
	poll, target = w.openPolling3("&j=0")
	poll.WriteString(get(target))
	c = w.d.Dial()
	c.WriteString(upgrade(asWebsocket(target)) + text("2probe") + text("5"))
	expect(t, c, switching+sent("3probe"))
	expect(t, poll, polled(`___eio[0]("1:6");`))
}

// TestRevision3Pings: a client that pings and does not poll, or does not read,
// is a slow client like any other.
func TestRevision3Pings(t *testing.T) {
	w := newWorld3(t, &eio.Options{MaxBacklog: 3000})
	_, target := w.openPolling3("")
	c := w.d.Dial()
	c.WriteString(post(target, strings.Repeat("1:2", 1002)))
	w.heard("close slow client")
	ws := w.openWS3("")
	ws.SetRoom(0)
	for range 1100 {
		ws.WriteString(text("2"))
	}
	w.heard("close slow client")
}

// TestMixedBroadcast sends the same frames to clients of every kind, as a
// broadcast does.
func TestMixedBroadcast(t *testing.T) {
	w := newWorld3(t, nil)
	wants := map[string]string{
		"EIO=4":       sent("4e") + sentBin("\x01\xff"),
		"EIO=3":       sent("4e") + sentBin("\x04\x01\xff"),
		"EIO=4&b64=1": sent("4e") + sent("bAf8="),
		"EIO=3&b64=1": sent("4e") + sent("b4Af8="),
	}
	conns := map[*eiotest.Conn]string{}
	for range 2 {
		for query := range wants {
			c := w.d.Dial()
			c.WriteString(upgrade("/engine.io/?" + query + "&transport=websocket"))
			c.Take()
			conns[c] = query
		}
	}
	f := message("e")
	f.B = eio.AppendBinary(f.B, []byte{1, 0xff})
	for _, s := range w.h.sessions {
		s.Send(f, 0)
	}
	f.Release()
	for c, query := range conns {
		c.Settle()
		if got := c.String(); got != wants[query] {
			t.Errorf("%s: %q, want %q", query, got, wants[query])
		}
	}
}
