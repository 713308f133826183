package sio

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// The limits of ARCHITECTURE.md's table that are set by Options, each through
// Options: what is just allowed, and what is beyond it. TestMaxRooms,
// TestMaxQueue, TestBacklog, TestEmitAck (MaxAcks), TestConnectTimeout and
// TestTooManyNamespaces hold the others.

// poller is a client on HTTP long-polling, a request at a time.
type poller struct {
	r   *rig
	sid string
}

// poll opens a session over polling and joins "/".
func (r *rig) poll() *poller {
	r.t.Helper()
	p := &poller{r: r}
	_, rest, ok := strings.Cut(p.do("GET", ""), `"sid":"`)
	if !ok {
		r.t.Fatal("no session")
	}
	p.sid, _, _ = strings.Cut(rest, `"`)
	p.do("POST", "40")
	if got := p.do("GET", ""); !strings.Contains(got, `40{"sid"`) {
		r.t.Fatalf("CONNECT answered %q", got)
	}
	return p
}

// do makes a request on a connection of its own and gives what came back.
func (p *poller) do(method, body string) string {
	c := &rigConn{l: p.r.loops[0]}
	c.l.l.Accept(&c.peer, c)
	target := "/socket.io/?EIO=4&transport=polling"
	if p.sid != "" {
		target += "&sid=" + p.sid
	}
	c.peer.Feed(fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", method, target, len(body), body))
	c.l.l.Flush()
	p.r.settle()
	return string(c.out)
}

// upgrade asks for a websocket for the session, and goes no further.
func (p *poller) upgrade() *rigConn {
	c := &rigConn{l: p.r.loops[0]}
	c.l.l.Accept(&c.peer, c)
	c.peer.Feed([]byte(strings.Replace(upgradeRequest, "&x=1", "&sid="+p.sid, 1)))
	c.l.l.Flush()
	p.r.settle()
	if !bytes.HasPrefix(c.out, []byte("HTTP/1.1 101")) {
		p.r.t.Fatalf("upgrade answered %q", c.out)
	}
	return c
}

func TestMaxPayload(t *testing.T) {
	r := newRig(t, 1, &Options{MaxPayload: 100})
	r.io.On("x", func(e *Event) error { return e.Ack() })
	packet := func(n int) string { return `421["x"` + strings.Repeat(" ", n-8) + `]` }
	c := r.join(0)
	c.send(packet(100))
	c.expect(`431[]`)
	c.send(packet(101))
	r.settle()
	if tooBig := "\x88\x02\x03\xf1"; !strings.Contains(string(c.out), tooBig) { // 1009
		t.Errorf("101 bytes: %q", c.out)
	}
	p := r.poll()
	if got := p.do("POST", packet(100)); !strings.HasPrefix(got, "HTTP/1.1 200") {
		t.Errorf("100 bytes: %q", got)
	}
	if got := p.do("POST", packet(101)); !strings.HasPrefix(got, "HTTP/1.1 413") {
		t.Errorf("101 bytes: %q", got)
	}
	if got := p.do("GET", ""); !strings.HasSuffix(got, "431[]") { // the session lives
		t.Errorf("after it: %q", got)
	}
}

func TestMaxPacketsPerPayload(t *testing.T) {
	r := newRig(t, 1, &Options{MaxPacketsPerPayload: 3})
	var why Reason
	r.io.OnDisconnect(func(_ *Socket, w Reason) { why = w })
	r.io.On("x", func(e *Event) error { return e.Ack() })
	p := r.poll()
	body := func(n int) string { return strings.Repeat("\x1e"+`421["x"]`, n)[1:] }
	p.do("POST", body(3))
	if got := p.do("GET", ""); strings.Count(got, "431[]") != 3 {
		t.Errorf("3 packets: %q", got)
	}
	p.do("POST", body(4))
	if why != ReasonParseError || r.io.Stats().Clients != 0 {
		t.Errorf("4 packets: reason %q, %d clients", why, r.io.Stats().Clients)
	}
}

func TestMaxAttachments(t *testing.T) {
	for most, o := range map[int]*Options{10: nil, 3: {MaxAttachments: 3}} {
		r := newRig(t, 1, o)
		r.io.On("x", func(e *Event) error { return e.Ack(e.Attachments()) })
		packet := func(n int) []string {
			list := []string{fmt.Sprintf(`45%d-1["x"%s]`, n, strings.Repeat(`,{"_placeholder":true,"num":0}`, n))}
			for range n {
				list = append(list, "bin:a")
			}
			return list
		}
		c := r.join(0)
		c.send(packet(most)...)
		c.expect(fmt.Sprintf(`431[%d]`, most))
		c.send(packet(most + 1)[0])
		c.expect("close")
	}
}

func TestMaxDepth(t *testing.T) {
	for most, o := range map[int]*Options{512: nil, 4: {MaxDepth: 4}} {
		r := newRig(t, 1, o)
		r.io.On("x", func(e *Event) error { return e.Ack() })
		packet := func(n int) string { return `421["x",` + strings.Repeat("[", n-1) + strings.Repeat("]", n) }
		c := r.join(0)
		c.send(packet(most))
		c.expect(`431[]`)
		c.send(packet(most + 1))
		c.expect("close")
	}
}

func TestPingOptions(t *testing.T) {
	r := newRig(t, 1, &Options{PingInterval: time.Second, PingTimeout: 500 * time.Millisecond})
	var why []Reason
	r.io.OnDisconnect(func(_ *Socket, w Reason) { why = append(why, w) })
	silent, alive := r.join(0), r.join(0)
	r.pass(1200 * time.Millisecond)
	silent.expect("2")
	alive.expect("2")
	alive.send("3")
	r.pass(500 * time.Millisecond)
	if len(why) != 1 || why[0] != ReasonPingTimeout || r.io.Len() != 1 {
		t.Errorf("reasons %q, %d sockets", why, r.io.Len())
	}
}

func TestUpgradeTimeout(t *testing.T) {
	r := newRig(t, 1, &Options{UpgradeTimeout: time.Second, PingInterval: time.Hour})
	p := r.poll()
	candidate := p.upgrade()
	closed := func() bool { return bytes.HasSuffix(candidate.out, []byte("\x88\x00")) }
	r.pass(800 * time.Millisecond)
	if closed() {
		t.Error("closed too early")
	}
	r.pass(400 * time.Millisecond)
	if !closed() {
		t.Error("the candidate was not closed")
	}
	_ = r.io.Emit("on")
	if got := p.do("GET", ""); !strings.HasSuffix(got, `42["on"]`) {
		t.Errorf("polling does not go on: %q", got)
	}
}

func TestCloseTimeout(t *testing.T) {
	r := newRig(t, 1, &Options{CloseTimeout: time.Second, PingInterval: time.Hour})
	r.poll() // no GET waits
	r.io.Disconnect(true)
	r.settle()
	r.pass(800 * time.Millisecond)
	if n := r.io.Stats().Clients; n != 1 {
		t.Errorf("%d clients before the time, want 1", n)
	}
	r.pass(400 * time.Millisecond)
	if n := r.io.Stats().Clients; n != 0 {
		t.Errorf("%d clients after the time", n)
	}
}

// TestDefaultLimits holds the defaults against ARCHITECTURE.md's table.
func TestDefaultLimits(t *testing.T) {
	text, err := os.ReadFile("../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{} // by option: its default
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, "|"); len(cells) == 6 && strings.HasPrefix(cells[3], " sio `") {
			rows[strings.TrimPrefix(strings.TrimSpace(cells[3]), "sio ")] = strings.TrimSpace(cells[2])
		}
	}
	io, err := New(&Options{Recovery: &Recovery{}})
	if err != nil {
		t.Fatal(err)
	}
	o, e := io.opts, io.Engine().Options()
	seconds := func(d time.Duration) string { return fmt.Sprintf("%g s", d.Seconds()) }
	thousands := func(n int) string {
		s := fmt.Sprint(n)
		for i := len(s) - 3; i > 0; i -= 3 {
			s = s[:i] + "," + s[i:]
		}
		return s
	}
	for option, want := range map[string]string{
		"`MaxPayload`":                  thousands(e.MaxPayload) + " bytes",
		"`MaxPacketsPerPayload`":        thousands(e.MaxPacketsPerPayload),
		"`MaxAttachments`":              thousands(o.MaxAttachments),
		"`MaxDepth`":                    thousands(o.MaxDepth),
		"`MaxNamespaces`":               thousands(o.MaxNamespaces),
		"`MaxRooms`":                    thousands(o.MaxRooms),
		"`MaxEmpty`":                    thousands(o.MaxEmpty),
		"`MaxAcks`":                     thousands(o.MaxAcks),
		"`MaxQueue`":                    fmt.Sprintf("%d MiB a socket", o.MaxQueue>>20),
		"`MaxBacklog`":                  fmt.Sprintf("%d MiB", e.MaxBacklog>>20),
		"`ConnectTimeout`":              seconds(o.ConnectTimeout),
		"`UpgradeTimeout`":              seconds(e.UpgradeTimeout),
		"`PingInterval`, `PingTimeout`": seconds(e.PingInterval) + " + " + seconds(e.PingTimeout),
		"`CloseTimeout`":                seconds(e.CloseTimeout),
		"`Recovery.MaxEvents`":          thousands(o.Recovery.MaxEvents) + " a namespace",
		"`Recovery.MaxBytes`":           fmt.Sprintf("%d MiB a namespace", o.Recovery.MaxBytes>>20),
		"`Recovery.MaxSessions`":        thousands(o.Recovery.MaxSessions) + " a namespace",
		"`Recovery.MaxDisconnection`":   seconds(o.Recovery.MaxDisconnection),
	} {
		if rows[option] != want {
			t.Errorf("%s: ARCHITECTURE.md says %q, the code %q", option, rows[option], want)
		}
		delete(rows, option)
	}
	for option := range rows {
		t.Errorf("%s is in ARCHITECTURE.md and not here", option)
	}
}
