package sio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// slowRig is a rig with one websocket client, its socket, and notes of what its
// hooks have heard.
type slowRig struct {
	*rig
	c       *rigClient
	s       *Socket
	drained int
	refused []string
	why     Reason
}

func newSlowRig(t testing.TB, o *Options) *slowRig {
	t.Helper()
	r := &slowRig{rig: newRig(t, 1, o)}
	r.io.OnConnect(func(s *Socket) error { r.s = s; return nil })
	r.io.OnDrain(func(*Socket) { r.drained++ })
	r.io.OnRefused(func(s *Socket, event string) { r.refused = append(r.refused, event) })
	r.io.OnDisconnect(func(s *Socket, why Reason) { r.why = why })
	r.c = r.join(0)
	return r
}

// fill has the client stop reading, and puts more than n bytes into its backlog.
func (r *slowRig) fill(n int) (want []string) {
	r.t.Helper()
	r.c.full = true
	for i := 0; r.s.Backlog() <= n; i++ {
		if err := r.s.WhenSlow(Refuse).Emit("fill", i, strings.Repeat("x", 300)); err != nil {
			r.t.Fatal(err)
		}
		want = append(want, fmt.Sprintf(`42["fill",%d,"%s"]`, i, strings.Repeat("x", 300)))
		r.settle()
	}
	return want
}

// empty has the client read again.
func (r *slowRig) empty() {
	r.c.full = false
	r.c.peer.Writable()
	r.settle()
}

// TestRefuse holds that an emit is told at once that the client has no room,
// that nothing of what was refused arrives and everything of what was taken, in
// order, and that the producer hears when it can go on.
func TestRefuse(t *testing.T) {
	r := newSlowRig(t, &Options{MaxBacklog: 4000})
	want := r.fill(4000)
	prepared, err := Prepare("p", []byte("bin"))
	if err != nil {
		t.Fatal(err)
	}
	called := 0
	heard := 0
	r.io.OnAnyOutgoing(func(*Socket, string, []byte) { heard++ })
	s := r.s.WhenSlow(Refuse)
	for name, err := range map[string]error{
		"Emit":       s.Emit("lost", 1),
		"EmitRaw":    s.EmitRaw("lost", []byte("1")),
		"attachment": s.Emit("lost", []byte{1, 2, 3}, []byte{4}),
		"Send":       s.Send(prepared),
		"EmitAck":    s.EmitAck("lost", func(*Event, error) { called++ }),
		"timeout":    s.Timeout(time.Second).EmitAck("lost", func(*Event, error) { called++ }),
	} {
		if !errors.Is(err, ErrSlow) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Volatile().Emit("lost"); err != nil { // dropped, as ever
		t.Errorf("volatile: %v", err)
	}
	r.settle()
	if st := r.io.Stats(); st.Refused != 6 || heard != 1 {
		t.Errorf("stats %+v, %d heard", st, heard)
	}
	r.empty()
	r.c.expect(want...)
	if r.drained != 1 || r.s.Backlog() != 0 || called != 0 || r.s.extra().ackCount != 0 {
		t.Errorf("drained %d, backlog %d, acks %d", r.drained, r.s.Backlog(), called)
	}
	if err := s.Emit("on", []byte{1}); err != nil {
		t.Error(err)
	}
	r.c.expect(`451-["on",{"_placeholder":true,"num":0}]`, "bin:\x01")
}

// TestRefuseInbox: what waits for the loop counts as well, so that a producer
// that is faster than the loop is told; and hears of the drain although the
// client was never held up.
func TestRefuseInbox(t *testing.T) {
	r := newSlowRig(t, &Options{MaxBacklog: 4000, WhenSlow: Refuse})
	n := 0
	for ; r.s.EmitRaw("n", fmt.Append(nil, n)) == nil; n++ {
	}
	if n < 300 || n > 500 {
		t.Errorf("%d events were taken", n)
	}
	r.settle()
	if got := r.c.read(); len(got) != n || r.drained != 1 || r.s.Backlog() != 0 {
		t.Errorf("%d of %d came, drained %d times, backlog %d", len(got), n, r.drained, r.s.Backlog())
	}
	// Acks that are refused for another reason give their room back.
	r.io.opts.MaxAcks = 1
	for range 10 {
		if err := r.s.EmitAck("q", nil); err != nil {
			t.Fatal(err)
		}
	}
	r.settle()
	if r.s.Backlog() != 0 {
		t.Errorf("backlog %d", r.s.Backlog())
	}
	_ = r.s.EmitAck("late", nil)
	r.c.feed(frame(ws.OpText, []byte("41"))) // it leaves the namespace before the loop gets there
	r.settle()
	if n := r.s.Backlog(); n != 0 {
		t.Errorf("backlog %d after the socket has left", n)
	}
}

// TestRefuseAnswer: an ack that was refused can be given again.
func TestRefuseAnswer(t *testing.T) {
	r := newSlowRig(t, &Options{MaxBacklog: 1000, WhenSlow: Refuse})
	var ev *Event
	var inline error
	r.io.On("q", func(e *Event) error { ev = e.Clone(); return nil })
	r.io.Inline().On("i", func(e *Event) error { inline = e.AckRaw(nil); return nil })
	r.c.send(`427["q"]`)
	r.settle()
	want := r.fill(1000)
	if err := ev.Ack(1); !errors.Is(err, ErrSlow) {
		t.Errorf("Ack: %v", err)
	}
	r.c.send(`428["i"]`)
	r.settle()
	if !errors.Is(inline, ErrSlow) {
		t.Errorf("Ack on the loop: %v", inline)
	}
	r.empty()
	if err := ev.Ack(1); err != nil {
		t.Errorf("Ack again: %v", err)
	}
	r.c.expect(append(want, `437[1]`)...)
}

// TestRefuseBroadcast: sockets without room are passed over, and somebody hears
// of each event they miss; the others get everything.
func TestRefuseBroadcast(t *testing.T) {
	r := newSlowRig(t, &Options{MaxBacklog: 1000})
	slow, s := r.c, r.s
	other := r.join(0)
	r.c, r.s = slow, s
	want := r.fill(1000)
	all := r.io.WhenSlow(Refuse)
	_ = all.Emit("one")
	r.settle()
	for _, name := range []string{"a", "b", "c"} { // merged
		_ = all.EmitRaw(name, nil)
	}
	_ = s.Broadcast().WhenSlow(Refuse).Emit("not its own")
	_ = all.Volatile().Emit("v")
	r.settle()
	other.expect(`42["one"]`, `42["a"]`, `42["b"]`, `42["c"]`, `42["not its own"]`, `42["v"]`)
	if !slices.Equal(r.refused, []string{"one", "a", "b", "c"}) {
		t.Errorf("refused %q", r.refused)
	}
	if st := r.io.Stats(); st.Refused != 4 || st.Dropped != 5 || st.Delivered != 6 {
		t.Errorf("stats %+v", st)
	}
	var got []string
	acks := all.Timeout(time.Second).Acks(context.Background(), "vote")
	r.settle()
	other.hangUp()
	r.off(func() {
		for a, err := range acks {
			got = append(got, fmt.Sprint(a.ID == s.ID(), err))
		}
	})
	if len(got) != 2 || got[0] != "true "+ErrSlow.Error() {
		t.Errorf("acks %q", got)
	}
	r.empty()
	slow.expect(want...)
	if r.drained != 1 {
		t.Errorf("drained %d times", r.drained)
	}
}

// TestWhenSlow: the emit says otherwise than the server.
func TestWhenSlow(t *testing.T) {
	if _, err := New(&Options{WhenSlow: 7}); err == nil {
		t.Error("a policy that does not exist is taken")
	}
	r := newSlowRig(t, &Options{MaxBacklog: 1000, WhenSlow: Refuse})
	r.fill(1000)
	_ = r.io.Emit("missed")
	_ = r.s.Compress(false).Emit("missed")
	_ = r.s.To(r.s.ID()).Emit("nobody")
	r.settle()
	if r.why != "" || r.io.Stats().Refused != 2 || !slices.Equal(r.refused, []string{"missed"}) {
		t.Errorf("%q, %+v, %q", r.why, r.io.Stats(), r.refused)
	}
	_ = r.s.WhenSlow(Cut).Emit("last")
	r.settle()
	if r.why != ReasonSlow || r.drained != 0 {
		t.Errorf("cut: %q, drained %d times", r.why, r.drained)
	}
	if err := r.s.Emit("after"); !errors.Is(err, ErrDisconnected) {
		t.Errorf("after the end: %v", err)
	}

	r = newSlowRig(t, &Options{MaxBacklog: 1000})
	r.fill(1000)
	_ = r.io.WhenSlow(Refuse).WhenSlow(Cut).Emit("last")
	r.settle()
	if r.why != ReasonSlow {
		t.Errorf("cut by a broadcast: %q", r.why)
	}
}

// TestRefusePolling is TestRefuse where every event waits for a request.
func TestRefusePolling(t *testing.T) {
	r := newRig(t, 1, &Options{MaxBacklog: 1000, WhenSlow: Refuse})
	var s *Socket
	drained := 0
	r.io.OnConnect(func(x *Socket) error { s = x; return nil })
	r.io.OnDrain(func(*Socket) { drained++ })
	p := r.poll()
	body := func(answer string) string { _, b, _ := strings.Cut(answer, "\r\n\r\n"); return b }
	_ = s.Emit("a")
	r.settle()
	if got := body(p.do("GET", "")); got != `42["a"]` || drained != 0 {
		t.Errorf("%q, drained %d times", got, drained)
	}
	for _, how := range []func() error{
		func() error { return s.Emit("x", []byte{1}, strings.Repeat("x", 100)) },
		func() error { err := r.io.Emit("x", []byte{1}, strings.Repeat("x", 100)); r.settle(); return err },
	} {
		before := r.io.Stats().Refused
		n := 0
		for ; r.io.Stats().Refused < before+3; n++ {
			_ = how()
		}
		r.settle()
		if s.Backlog() < 1000 || s.Backlog() > 1300 {
			t.Errorf("backlog %d", s.Backlog())
		}
		got := strings.Split(body(p.do("GET", "")), "\x1e")
		if len(got) != 2*(n-3) || got[len(got)-1] != "bAQ==" {
			t.Errorf("%d packets of %d events, the last %q", len(got), n-3, got[len(got)-1])
		}
		if s.Backlog() != 0 || drained != 1 {
			t.Errorf("backlog %d, drained %d times", s.Backlog(), drained)
		}
		drained = 0
	}
	// What was held up moves to the websocket, and so does the wish to be told.
	for s.Emit("y") == nil {
	}
	r.settle()
	up := p.upgrade()
	up.full = true
	up.peer.Feed(append(frame(ws.OpText, []byte("2probe")), frame(ws.OpText, []byte("5"))...))
	up.l.l.Flush()
	r.settle()
	if drained != 0 || s.Backlog() < 1000 || !s.Connected() {
		t.Errorf("held up after the upgrade: drained %d times, backlog %d", drained, s.Backlog())
	}
	up.full = false
	up.peer.Writable()
	r.settle()
	if drained != 1 || s.Backlog() != 0 || !strings.HasSuffix(string(up.out), `42["y"]`) {
		t.Errorf("drained %d times, backlog %d, the end is %q", drained, s.Backlog(), up.out[max(0, len(up.out)-20):])
	}
}

// TestVolatilePolling: a volatile event travels with the poll that waits, alone,
// as the reference has it; its attachments with it.
func TestVolatilePolling(t *testing.T) {
	r := newRig(t, 1, nil)
	var s *Socket
	r.io.OnConnect(func(x *Socket) error { s = x; return nil })
	p := r.poll()
	_ = s.Volatile().Emit("no poll waits")
	r.settle()
	c := &rigConn{l: r.loops[0]}
	c.l.l.Accept(&c.peer, c)
	c.peer.Feed([]byte("GET /socket.io/?EIO=4&transport=polling&sid=" + p.sid + " HTTP/1.1\r\nHost: h\r\n\r\n"))
	c.l.l.Flush()
	r.settle()
	_ = s.Volatile().Emit("v", []byte{1})
	_ = s.Volatile().Emit("consecutive", []byte{2})
	_ = s.Emit("plain")
	_ = s.Volatile().Emit("behind a plain one")
	r.settle()
	if _, got, _ := strings.Cut(string(c.out), "\r\n\r\n"); got != "451-[\"v\",{\"_placeholder\":true,\"num\":0}]\x1ebAQ==\x1e42[\"plain\"]" {
		t.Errorf("got %q", got)
	}
}

// TestVolatileWebsocket: dropped as long as the kernel has not taken everything,
// attachments and all, and never kept for later.
func TestVolatileWebsocket(t *testing.T) {
	r := newSlowRig(t, nil)
	_ = r.s.Volatile().Emit("v", []byte{1})
	r.c.expect(`451-["v",{"_placeholder":true,"num":0}]`, "bin:\x01")
	r.c.full = true
	_ = r.s.Volatile().Emit("tried") // the first finds it writable
	r.settle()
	_ = r.s.Volatile().Emit("lost", []byte{2})
	_ = r.io.Volatile().Emit("lost", []byte{2})
	_ = r.s.Emit("kept", []byte{3})
	r.settle()
	r.empty()
	r.c.expect(`42["tried"]`, `451-["kept",{"_placeholder":true,"num":0}]`, "bin:\x03")
	_ = r.s.Volatile().Emit("again")
	r.c.expect(`42["again"]`)
}

// TestProducer has a goroutine write as fast as it is let, to a client that reads
// now and then. Everything arrives, in order, and the backlog keeps its limit.
func TestProducer(t *testing.T) {
	const events, limit = 20_000, 10_000
	r := newRig(t, 1, &Options{MaxBacklog: limit, WhenSlow: Refuse})
	drain := make(chan struct{}, 1)
	var s *Socket
	r.io.OnConnect(func(x *Socket) error { s = x; return nil })
	r.io.OnDrain(func(*Socket) {
		select {
		case drain <- struct{}{}:
		default:
		}
	})
	c := r.join(0)
	var wg sync.WaitGroup
	var refusals atomic.Int64
	peak := 0
	wg.Go(func() {
		for i := range events {
			for s.EmitRaw("n", fmt.Append(nil, i)) != nil {
				refusals.Add(1)
				<-drain
			}
			peak = max(peak, s.Backlog())
		}
	})
	next := 0
	for turn := 0; next < events; turn++ {
		c.full = turn%3 == 0
		if !c.full {
			c.peer.Writable()
		}
		for range 20 {
			r.round()
		}
		for turn == 0 && refusals.Load() == 0 { // the first time until it has had enough
			r.round()
		}
		for _, got := range c.read() {
			if want := fmt.Sprintf(`42["n",%d]`, next); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
			next++
		}
	}
	wg.Wait()
	r.settle()
	if n := refusals.Load(); peak > limit+100 || int64(r.io.Stats().Refused) != n {
		t.Errorf("%d refusals, %d counted; backlog up to %d", n, r.io.Stats().Refused, peak)
	}
}

// TestBreath: between the chunks of a large broadcast other sockets are served:
// their events are handled, their control frames answered. What they emit stands
// behind the broadcast, for nothing overtakes.
func TestBreath(t *testing.T) {
	defer func(old int) { chunk = old }(chunk)
	chunk = 10
	r := newRig(t, 1, nil)
	handled := 0
	r.io.Inline().On("in", func(e *Event) error { handled++; return e.AckRaw(nil) })
	var clients []*rigClient
	for range 100 {
		clients = append(clients, r.join(0))
	}
	_ = r.io.Emit("big")
	last, rounds := clients[99], 0
	for r.round(); ; r.round() {
		if got := last.read(); len(got) > 0 { // the last chunk has come
			if !slices.Equal(got, append([]string{`42["big"]`}, slices.Repeat([]string{"430[]"}, rounds)...)) {
				t.Errorf("got %q", got)
			}
			break
		}
		rounds++
		if got := clients[10*rounds-1].read(); !slices.Equal(got, []string{`42["big"]`}) {
			t.Fatalf("chunk %d brought %q", rounds, got)
		}
		last.send(`420["in"]`)
		last.feed(frame(ws.OpPing, []byte("alive?")))
		if got := last.read(); handled != rounds || len(got) != 1 {
			t.Fatalf("after chunk %d: %d events handled, %q answered", rounds, handled, got)
		}
	}
	if rounds != 9 {
		t.Errorf("%d breaths", rounds)
	}
}
