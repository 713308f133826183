package sio

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestRecoveryForgets holds that what is remembered goes in time by itself, where
// nothing happens any more, and that one who comes back leaves nothing.
func TestRecoveryForgets(t *testing.T) {
	r := recoveryRig(t, 1, Recovery{MaxDisconnection: time.Minute})
	timers := func() int { return r.loops[0].l.Wheel().Len() }
	c := r.come(0, nil)
	r.settle()
	_ = r.io.Emit("x")
	c.wants("40", `42["x"]`)
	before := timers()
	for range 50 {
		c.hangUp()
		c = r.come(0, c)
		c.wants("40")
	}
	if n := timers(); n > before {
		t.Errorf("%d timers after 50 returns, %d before", n, before)
	}
	c.hangUp()
	r.pass(2 * time.Minute)
	if st := r.io.Stats().Recovery; st.Expired != 1 || st.Sessions != 0 || st.Events != 1 {
		t.Errorf("%+v", st)
	}
	r.now.Add(int64(r.io.store.retain)) // in one step: it is long
	r.pass(2 * time.Minute)
	if st := r.io.Stats().Recovery; st.Events != 0 || st.Bytes != 0 {
		t.Errorf("after all that time: %+v", st)
	}
	if n := timers(); n != 0 || r.io.store.ticks.Load() {
		t.Errorf("%d timers left", n)
	}
	if b := &r.io.held; b.events.Load() != 0 || b.bytes.Load() != 0 || b.sessions.Load() != 0 || b.names.Load() != 0 {
		t.Error("the budget is not even")
	}
	_ = r.io.Emit("again")
	r.settle()
	if n := timers(); n != 1 {
		t.Errorf("%d timers", n)
	}
}

// TestRecoveryNames counts the names of rooms, which clients may choose.
func TestRecoveryNames(t *testing.T) {
	r := recoveryRig(t, 1, Recovery{MaxBytes: 10_000, MaxSessions: 4})
	r.io.OnConnect(func(s *Socket) error { s.Join(strings.Repeat("j", 500) + s.ID()); return nil })
	c := r.come(0, nil)
	r.settle()
	for range 10 {
		b := r.io.To(strings.Repeat("r", 1000)).Except(strings.Repeat("e", 1000))
		for range 100 {
			b = b.To("x")
		}
		_ = b.Emit("x")
	}
	st := r.io.Stats().Recovery
	if st.Bytes > 10_000 || st.EventsDropped < 6 {
		t.Errorf("%+v", st)
	}
	c.take()
	for range 4 {
		c := r.come(0, nil)
		r.settle()
		c.hangUp()
	}
	if st := r.io.Stats().Recovery; st.Sessions != 1 || st.SessionsDropped != 3 {
		t.Errorf("%+v", st)
	}
}

// TestRecoveryOfChildren holds that the children of a dynamic namespace share
// what one may keep, and give it back when they are removed.
func TestRecoveryOfChildren(t *testing.T) {
	r := newRig(t, 1, &Options{Recovery: &Recovery{MaxEvents: 10, MaxSessions: 2, MaxDisconnection: time.Second},
		ConnectTimeout: -1, PingInterval: time.Second, PingTimeout: time.Second, CleanupEmpty: true})
	parent := r.io.OfPattern(regexp.MustCompile(`^/d\d$`))
	c := r.dial(0)
	for _, name := range []string{"/d0", "/d1", "/d2", "/d3"} {
		c.send("40" + name + ",")
		r.settle()
		for range 8 {
			_ = r.io.Of(name).Emit("x")
		}
	}
	_ = r.io.Emit("the main one has its own")
	if n := parent.held.events.Load(); n > 10 || r.io.held.events.Load() != 1 {
		t.Errorf("%d events of the children, %d of the main namespace", n, r.io.held.events.Load())
	}
	c.hangUp()
	if n := parent.held.sessions.Load(); n != 2 || len(r.io.Namespaces()) != 1 {
		t.Errorf("%d are waited for, %d namespaces", n, len(r.io.Namespaces()))
	}
	r.pass(10 * time.Second)
	if b := &parent.held; b.events.Load() != 0 || b.bytes.Load() != 0 || b.sessions.Load() != 0 || r.loops[0].l.Wheel().Len() != 0 {
		t.Errorf("left: %d events of %d bytes, %d clients, %d timers", b.events.Load(), b.bytes.Load(), b.sessions.Load(), r.loops[0].l.Wheel().Len())
	}
}

// FuzzClaim sends what a client that comes back might say, and holds that nobody
// but the right one gets the socket, and that nothing is left over.
func FuzzClaim(f *testing.F) {
	for _, seed := range []string{
		`{"pid":"PID","offset":"OFF"}`, `{"pid":"PID","offset":"OFF","pid":1}`, `{"p\u0069d":"PID","offset":"OFF"}`,
		`{"pid":"PID"}`, `{"offset":"OFF"}`, `{}`, `{"pid":{"pid":"PID"},"offset":["OFF"]}`, `{"pid":"PID","offset":"OFF0"}`,
		`{ "offset" : "OFF" , "x" : null , "pid" : "PID" }`, `{"pid":"","offset":""}`, `[`, `{"pid":"PID","offset":"zzz.1"}`, `{"pid":"\`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, auth string) {
		r := recoveryRig(t, 1, Recovery{})
		c, other := r.come(0, nil), r.come(0, nil)
		r.settle()
		_ = r.io.Emit("x")
		c.wants("40", `42["x"]`)
		other.wants("40", `42["x"]`)
		c.hangUp()
		auth = strings.NewReplacer("PID", c.pid, "OFF", c.offset).Replace(auth)
		d := r.dial(0)
		d.send("40" + auth)
		r.settle()
		for _, g := range d.read() {
			if strings.Contains(g, c.sid) && !(strings.Contains(auth, "pid") || strings.Contains(auth, `\`)) {
				t.Errorf("%q got the socket", auth)
			}
		}
		_ = r.io.Emit("y")
		other.wants(`42["y"]`)
		r.settle()
		sessions := r.io.Stats().Recovery.Sessions
		d.hangUp()
		if n := r.io.Stats().Sockets; n != 1 || sessions > 1 {
			t.Errorf("%d sockets, %d waited for", n, sessions)
		}
	})
}
