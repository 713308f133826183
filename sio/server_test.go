package sio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"
)

// TestOrder holds that blocking handlers of one socket run one at a time and in
// order, that those of others run meanwhile, and that what they emit keeps it.
func TestOrder(t *testing.T) {
	r := newRig(t, 1, nil)
	gate := make(chan struct{})
	On(r.io, "n", func(s *Socket, n int) error {
		if n == 0 {
			<-gate
		}
		return s.Emit("n", n)
	})
	a, b := r.join(0), r.join(0)
	var want []string
	for n := range 300 {
		a.send(fmt.Sprintf(`42["n",%d]`, n))
		want = append(want, fmt.Sprintf(`42["n",%d]`, n))
	}
	b.send(`42["n",7]`)
	r.until(func() bool { return len(b.out) > 0 })
	if len(a.out) > 0 {
		t.Error("the blocked socket was served")
	}
	close(gate)
	a.expect(want...)
	b.expect(`42["n",7]`)
}

// TestLastWords holds that events which came before the client left are still
// handled, and those behind a Disconnect of ours are not.
func TestLastWords(t *testing.T) {
	r := newRig(t, 1, nil)
	var got []string
	gate := make(chan struct{})
	r.io.On("wait", func(*Event) error { <-gate; return nil })
	r.io.On("bye", func(e *Event) error { got = append(got, "bye"); return nil })
	r.io.On("kick", func(e *Event) error { e.Socket().Disconnect(false); return nil })
	r.io.OnDisconnect(func(*Socket, Reason) { got = append(got, "disconnect") })
	c := r.join(0)
	c.send(`42["wait"]`, `42["bye"]`, "41")
	close(gate)
	r.settle()
	c.send("40")
	r.settle()
	c.send(`42["kick"]`, `42["bye"]`)
	r.settle()
	if want := []string{"bye", "disconnect", "disconnect"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMaxQueue(t *testing.T) {
	r := newRig(t, 1, &Options{MaxQueue: 5000})
	gate := make(chan struct{})
	var failed error
	r.io.OnError(func(_ *Socket, _ string, err error) { failed = err })
	r.io.On("slow", func(*Event) error { <-gate; return nil })
	c := r.join(0)
	for range 100 {
		c.send(`42["slow"]`)
	}
	if got := c.read(); !slices.Equal(got, []string{"close"}) || !errors.Is(failed, ErrTooManyEvents) {
		t.Errorf("got %q, %v", got, failed)
	}
	close(gate)
}

func TestClose(t *testing.T) {
	r := newRig(t, 2, nil)
	var mu sync.Mutex
	var why []Reason
	r.io.OnDisconnect(func(_ *Socket, w Reason) {
		mu.Lock()
		defer mu.Unlock()
		why = append(why, w)
	})
	r.io.Of("/a").OnDisconnect(func(_ *Socket, w Reason) {
		mu.Lock()
		defer mu.Unlock()
		why = append(why, w)
	})
	a, b := r.join(0), r.join(1)
	b.send("40/a")
	b.expect(`40/a,{"sid":"SID"}`)
	r.close()
	for _, c := range []*rigClient{a, b} {
		if got := c.read(); !slices.Equal(got, []string{"close"}) {
			t.Errorf("got %q", got)
		}
	}
	if !slices.Equal(why, []Reason{ReasonShutdown, ReasonShutdown, ReasonShutdown}) {
		t.Errorf("reasons %q", why)
	}
	if err := r.io.Emit("x"); !errors.Is(err, ErrClosed) {
		t.Errorf("Emit after Close: %v", err)
	}
	r.off(func() {
		if err := r.io.Close(context.Background()); err != nil {
			t.Errorf("second Close: %v", err)
		}
	})
}

// TestCloseWaits holds that Close waits for handlers, no longer than it may.
func TestCloseWaits(t *testing.T) {
	r := newRig(t, 1, nil)
	gate := make(chan struct{})
	var begun atomic.Bool
	r.io.On("wait", func(e *Event) error {
		begun.Store(true)
		<-e.Context().Done()
		<-gate
		return nil
	})
	c := r.join(0)
	c.send(`42["wait"]`)
	r.until(begun.Load) // what waits for its turn is not run any more
	r.off(func() {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := r.io.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v", err)
		}
		close(gate)
	})
}

func TestDropHandshake(t *testing.T) {
	r := newRig(t, 1, &Options{DropHandshake: true})
	var s *Socket
	var during string
	r.io.Of("/mw").OnConnect(func(x *Socket) error {
		s, during = x, x.Handshake().Header("x-custom")
		return nil
	})
	c := r.dial(0)
	c.send(`40/mw,{"token":"t"}`)
	c.expect(`40/mw,{"sid":"SID"}`)
	h := s.Handshake()
	if during != "cu" || !h.Empty() || string(h.Auth) != `{"token":"t"}` {
		t.Errorf("during %q, after %q %s", during, h.URL(), h.Auth)
	}
	c.send("40")
	c.expect(`40{"sid":"SID"}`)
}

func TestHandshake(t *testing.T) {
	r := newRig(t, 1, nil)
	var h *Handshake
	r.io.OnConnect(func(s *Socket) error { h = s.Handshake(); return nil })
	c := r.dial(0)
	c.send("40")
	r.settle()
	if string(h.Auth) != "{}" || h.URL() != "/socket.io/?EIO=4&transport=websocket&x=1" || h.XDomain() || h.Secure() ||
		h.Address() != "192.0.2.7" || h.Time() == "" || h.Header("cookie") != "" || h.Query("x") != "1" {
		t.Errorf("handshake: %+v", h)
	}
}

func TestStall(t *testing.T) {
	r := newRig(t, 1, nil)
	var what string
	var by time.Duration
	r.io.Mux().OnStall = func(d time.Duration, w string) { what, by = w, d }
	r.io.Inline().On("long", func(*Event) error { r.now.Add(int64(150 * time.Millisecond)); return nil })
	c := r.join(0)
	c.send(`42["long"]`)
	if what != "long" || by < 150*time.Millisecond {
		t.Errorf("stall of %v by %q", by, what)
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []*Options{
		{Path: "x"}, {MaxRooms: -1}, {PingInterval: -1}, {Transports: []string{"pigeon"}}, {ClientBundle: fstest.MapFS{}},
		{Parser: MsgpackParser{}, AllowEIO3: true},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}

func TestBundle(t *testing.T) {
	files := fstest.MapFS{}
	for _, n := range bundleNames {
		files[n] = &fstest.MapFile{Data: []byte("/*!\n * Socket.IO v4.8.4\n */\n" + n)}
		files[n+".map"] = &fstest.MapFile{Data: []byte("{}")}
	}
	io, err := New(&Options{ClientBundle: files})
	if err != nil {
		t.Fatal(err)
	}
	get := func(target, match string) *http.Response {
		q := httptest.NewRequest("GET", target, nil)
		if match != "" {
			q.Header.Set("If-None-Match", match)
		}
		w := httptest.NewRecorder()
		io.ServeHTTP(w, q)
		return w.Result()
	}
	for name := range files {
		w := get("/socket.io/"+name+"?v=1", "")
		kind := "application/javascript; charset=utf-8"
		if strings.HasSuffix(name, ".map") {
			kind = "application/json; charset=utf-8"
		}
		if w.StatusCode != 200 || w.Header.Get("Content-Type") != kind || w.Header.Get("ETag") != `"4.8.4"` ||
			w.Header.Get("Cache-Control") != "public, max-age=0" || w.ContentLength != int64(len(files[name].Data)) {
			t.Errorf("%s: %d %v", name, w.StatusCode, w.Header)
		}
		for _, m := range []string{`"4.8.4"`, `W/"4.8.4"`} {
			if w := get("/socket.io/"+name, m); w.StatusCode != 304 || len(w.Header) != 0 {
				t.Errorf("%s: %d %v", name, w.StatusCode, w.Header)
			}
		}
		if w := get("/socket.io/"+name, `"4.8.3"`); w.StatusCode != 200 {
			t.Errorf("%s: %d for an old version", name, w.StatusCode)
		}
	}
}

func TestStats(t *testing.T) {
	r := newRig(t, 1, nil)
	r.io.Of("/a")
	c := r.join(0)
	c.send("40/a")
	c.expect(`40/a,{"sid":"SID"}`)
	_ = r.io.Emit("x")
	r.settle()
	want := Stats{Clients: 1, Sockets: 2, Namespaces: 2, Received: 2, Delivered: 1}
	if got := r.io.Stats(); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

// TestIDs holds that an id leads to its slot, and nothing else does.
func TestIDs(t *testing.T) {
	var src idSource
	seen := map[string]bool{}
	for i := range 1000 {
		var id [idLen]byte
		slot, loop := uint32(i*4001)%maxSlots, i%maxLoops
		src.newID(&id, slot, loop)
		if got, ok := slotOf(string(id[:]), loop); !ok || got != slot {
			t.Fatalf("slot %d of loop %d: %d %v", slot, loop, got, ok)
		}
		if _, ok := slotOf(string(id[:]), loop+1); ok {
			t.Fatal("another loop's")
		}
		if seen[string(id[:])] {
			t.Fatal("twice")
		}
		seen[string(id[:])] = true
	}
	for _, id := range []string{"", "short", strings.Repeat("!", idLen), strings.Repeat("a", idLen+1)} {
		if _, ok := slotOf(id, 0); ok {
			t.Errorf("%q has a slot", id)
		}
	}
}

// TestQueueThatNeverEmpties holds that MaxQueue counts what waits, not what has
// waited.
func TestQueueThatNeverEmpties(t *testing.T) {
	r := newRig(t, 1, &Options{MaxQueue: 2000})
	gate, handled := make(chan struct{}), make(chan struct{})
	r.io.On("x", func(*Event) error { <-gate; handled <- struct{}{}; return nil })
	c := r.join(0)
	c.send(`42["x"]`, `42["x"]`)
	for range 100 {
		c.send(`42["x"]`)
		gate <- struct{}{}
		<-handled
	}
	if got := c.read(); len(got) != 0 {
		t.Errorf("got %q", got)
	}
	for range 2 {
		gate <- struct{}{}
		<-handled
	}
	r.settle()
}
