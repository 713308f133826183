package eio_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
)

const notFound = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

func TestSeveralEngines(t *testing.T) {
	w := newWorld(t, nil)
	other := &recorder{}
	e, err := eio.NewEngine(&eio.Options{Path: "/engine.io/sub"}, other)
	if err != nil {
		t.Fatal(err)
	}
	w.mux.Handle(e)
	c := w.d.Dial()
	c.WriteString(get("/engine.io/sub/x?EIO=4&transport=polling"))
	sid := sidRE.FindStringSubmatch(c.String())[1]
	if len(other.log) != 1 || e.Clients() != 1 || w.e.Clients() != 0 {
		t.Error("not the engine with the longest path")
	}
	c.WriteString(get(base + "polling&sid=" + sid)) // a session of the other engine
	expect(t, c, refused(400, `{"code":1,"message":"Session ID unknown"}`))
	c.WriteString(get("/engine.io?EIO=4&transport=polling"))
	expect(t, c, notFound)
	c.WriteString(get("/"))
	expect(t, c, notFound)
}

func TestEndpoint(t *testing.T) {
	w := newWorld(t, nil)
	w.mux.HandleWebsocket("/wsecho", 1<<20, func(p *eio.RawPeer, data []byte, binary bool) { p.Send(data, binary) })
	c := w.d.Dial()
	big := strings.Repeat("x", 100_000)
	c.WriteString(upgrade("/wsecho") + text("hi") + bin("\x00") + text(big) + frame(9, true, "") + frame(8, true, "\x03\xe8bye"))
	expect(t, c, switching+sent("hi")+sentBin("\x00")+sent(big)+"\x8a\x00"+"\x88\x02\x03\xe8")
	if !c.Closing() {
		t.Error("the connection stays open")
	}
	c = w.d.Dial()
	c.WriteString(upgrade("/wsecho") + text(strings.Repeat("x", 1<<20+1)))
	expect(t, c, switching+"\x88\x02\x03\xf1")
	c = w.d.Dial()
	c.WriteString(get("/wsecho"))
	if got := c.String(); !strings.HasPrefix(got, "HTTP/1.1 426 ") {
		t.Errorf("got %q", got)
	}
}

func TestForeignUpgrade(t *testing.T) {
	w := newWorld(t, nil)
	c := w.d.Dial()
	c.WriteString(upgrade("/elsewhere"))
	w.d.Advance(900 * ms)
	if c.Closing() {
		t.Error("closed early")
	}
	w.d.Advance(200 * ms)
	if !c.Closing() {
		t.Error("the connection stays open")
	}
	expect(t, c, "")
}

func TestForeignUpgradeTimeout(t *testing.T) {
	w := newWorld(t, nil)
	w.mux.ForeignUpgradeTimeout = 5 * time.Second
	ours, other := w.d.Dial(), w.d.Dial()
	ours.WriteString(upgrade("/engine.io/?EIO=4&transport=websocket"))
	other.WriteString(upgrade("/elsewhere"))
	w.d.Advance(4900 * ms)
	if other.Closing() {
		t.Error("closed early")
	}
	w.d.Advance(200 * ms)
	if !other.Closing() || ours.Closing() {
		t.Errorf("closed: %v, the engine's own: %v", other.Closing(), ours.Closing())
	}
	expect(t, other, "")

	// Negative: nobody takes it either, but it gets its answer, and the
	// connection goes on.
	w.mux.ForeignUpgradeTimeout = -1
	c := w.d.Dial()
	c.WriteString(upgrade("/elsewhere"))
	if got := c.String(); !strings.HasPrefix(got, "HTTP/1.1 404 ") {
		t.Errorf("got %q", got)
	}
	c.WriteString(get("/elsewhere"))
	if got := c.String(); !strings.HasPrefix(got, "HTTP/1.1 404 ") {
		t.Errorf("then got %q", got)
	}
	w.mux.Fallback = fallbackPages(nil)
	c = w.d.Dial()
	c.WriteString(upgrade("/host"))
	var got string
	w.d.Wait(func() bool { got += c.String(); return got != "" })
	if !strings.HasPrefix(got, "HTTP/1.1 200 OK") {
		t.Errorf("the fallback: got %q", got)
	}
}

// fallbackPages is what TestFallback serves; it is closed when a client of /gone
// has gone.
type fallbackPages chan bool

func (gone fallbackPages) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/echo":
		body, _ := io.ReadAll(r.Body)
		rw.Header().Set("X-Got", r.Header.Get("X-Sent")+" "+r.Host+" "+r.RemoteAddr)
		rw.WriteHeader(201)
		_, _ = rw.Write(body)
	case "/panic":
		panic("on purpose")
	case "/gone":
		<-r.Context().Done()
		close(gone)
	case "/none":
		rw.WriteHeader(204)
	case "/file": // as http.ServeContent does
		rw.Header().Set("Content-Length", "4711")
		rw.Header().Set("X-A", "b")
		if r.Method != "HEAD" {
			_, _ = rw.Write(make([]byte, 4711))
		}
	case "/page":
		rw.Header().Set("Connection", "Close")
		_, _ = rw.Write([]byte("page"))
	case "/huge":
		if n, err := rw.Write(make([]byte, 64<<20+1)); n != 0 || err == nil {
			panic("more than is held")
		}
	case "/host":
		_, _ = rw.Write([]byte(r.Host))
	}
}

func TestFallback(t *testing.T) {
	w := newWorld(t, nil)
	w.mux.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	block := make(chan bool)
	w.mux.Fallback = fallbackPages(block)
	answer := func(c *eiotest.Conn) string {
		var got string
		w.d.Wait(func() bool { got += c.String(); return got != "" })
		date := "Date: " + w.d.Now().UTC().Format(http.TimeFormat) + "\r\n"
		if strings.HasPrefix(got, "HTTP/1.1 20") && !strings.Contains(got, date) {
			t.Errorf("no date in %q", got)
		}
		return strings.ReplaceAll(got, date, "")
	}
	c := w.d.Dial()
	c.WriteString("POST /echo HTTP/1.1\r\nHost: h\r\nX-Sent: y\r\nContent-Length: 5\r\n\r\nhello" + get("/none"))
	got := answer(c)
	if !strings.HasPrefix(got, "HTTP/1.1 201 Created\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n") ||
		!strings.Contains(got, "X-Got: y h 192.0.2.1:4711\r\n") || !strings.Contains(got, "\r\n\r\nhello") {
		t.Errorf("got %q", got)
	}
	if !strings.Contains(got, " 204 ") { // pipelined
		got = answer(c)
	}
	if !strings.HasSuffix(got, "HTTP/1.1 204 No Content\r\n\r\n") {
		t.Errorf("got %q", got)
	}
	for request, want := range map[string]string{
		"HEAD /":            "HTTP/1.1 200 OK\r\n\r\n",
		"HEAD /file":        "HTTP/1.1 200 OK\r\nContent-Length: 4711\r\nX-A: b\r\n\r\n",
		"GET /huge":         "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HEAD /page":        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\nConnection: close\r\n\r\n",
		"GET http://g/host": "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 1\r\n\r\ng",
	} {
		c := w.d.Dial()
		c.WriteString(request + " HTTP/1.1\r\nHost: h\r\n\r\n")
		if got := answer(c); got != want {
			t.Errorf("%s: got %q", request, got)
		}
	}
	c.WriteString(get("/panic"))
	if got := answer(c); !strings.HasPrefix(got, "HTTP/1.1 500 ") {
		t.Errorf("got %q", got)
	}
	c.WriteString(get("/gone"))
	c.Close()
	<-block
	w.mux.MaxFallbackBytes = 10
	c = w.d.Dial()
	c.WriteString("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello")
	if got := answer(c); !strings.HasPrefix(got, "HTTP/1.1 413 ") {
		t.Errorf("got %q", got)
	}
}

func TestLimits(t *testing.T) {
	w := newWorld(t, nil)
	w.mux.HeaderTimeout, w.mux.RequestTimeout, w.mux.IdleTimeout = 1500*ms, 2*time.Second, 5*time.Second
	const late = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"
	closed := func(c *eiotest.Conn, after time.Duration, want string) {
		t.Helper()
		w.d.Advance(after - 50*ms)
		expect(t, c, "")
		w.d.Advance(100 * ms)
		expect(t, c, want)
		w.d.Advance(time.Second)
		if !c.Closing() {
			t.Error("the connection stays open")
		}
	}
	closed(w.d.Dial(), 1500*ms, late) // never speaks

	c := w.d.Dial() // slow headers
	for _, b := range []byte("GET / HT") {
		c.WriteString(string(b))
		w.d.Advance(100 * ms)
	}
	closed(c, 700*ms, late)

	c = w.d.Dial() // slow body
	c.WriteString(get(base + "polling"))
	target := base + "polling&sid=" + sidRE.FindStringSubmatch(c.String())[1]
	w.h.take()
	w.d.Advance(time.Second)
	head := post(target, "4hello")
	c.WriteString(head[:20])
	w.d.Advance(time.Second)
	c.WriteString(head[20 : len(head)-2])
	closed(c, time.Second, late)
	w.heard("close transport error: data request connection closed prematurely")

	c = w.d.Dial() // idle between requests
	c.WriteString(get("/"))
	expect(t, c, notFound)
	closed(c, 5*time.Second, "")

	c, target = w.openPolling() // but a poll may wait, and a websocket be silent
	c.WriteString(get(target))
	ws := w.openWS()
	w.d.Advance(20 * time.Second)
	if c.Closing() || ws.Closing() {
		t.Error("closed while waiting")
	}
}

// TestLimitOptions: the limits that have an option keep to it.
func TestLimitOptions(t *testing.T) {
	w := newWorld(t, &eio.Options{MaxPacketsPerPayload: 3, UpgradeTimeout: time.Second, CloseTimeout: 2 * time.Second, MaxPayload: 50})
	w.mux.MaxHeaderBytes = 200
	c, target := w.openPolling()
	fits := strings.Replace(get("/"), "\r\n\r\n", "\r\nX: "+strings.Repeat("x", 200-len(get("/"))-5)+"\r\n\r\n", 1)
	c.WriteString(fits)
	expect(t, c, notFound)
	c.WriteString(strings.Replace(fits, "X:", "X: ", 1))
	expect(t, c, "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

	w.mux.MaxHeaderBytes = 0
	c = w.d.Dial()
	c.WriteString(post(target, "4a\x1e4b\x1e4c"))
	w.heard("text \"a\"\ntext \"b\"\ntext \"c\"")
	c.WriteString(post(target, "4a\x1e4b\x1e4c\x1e4d"))
	w.heard("text \"a\"\ntext \"b\"\ntext \"c\"\nclose parse error: eio: too many packets in a payload")

	_, target = w.openPolling()
	ws := w.d.Dial()
	ws.WriteString(upgrade(asWebsocket(target)) + text("2probe"))
	ws.Take()
	w.d.Advance(900 * ms)
	expect(t, ws, "")
	w.d.Advance(200 * ms)
	expect(t, ws, "\x88\x00")

	w.h.sessions[1].Close(eio.ReasonForced)
	w.d.Advance(1900 * ms)
	w.heard("")
	w.d.Advance(200 * ms)
	w.heard("close forced close")

	ws = w.openWS()
	ws.WriteString(text("4" + strings.Repeat("a", 49)))
	ws.WriteString(text("4" + strings.Repeat("a", 50)))
	expect(t, ws, "\x88\x02\x03\xf1")
}

// TestSentAhead: what a client sends while its request still waits is held up to
// a limit, beyond which the connection ends; and so does one that does not read
// its answers.
func TestSentAhead(t *testing.T) {
	for name, held := range map[string]func(c *eiotest.Conn, target string){
		"a poll waits": func(c *eiotest.Conn, target string) { c.WriteString(get(target)) },
		"nothing is read": func(c *eiotest.Conn, _ string) {
			c.SetRoom(10)
			c.WriteString(get("/"))
		},
	} {
		w := newWorld(t, nil)
		c, target := w.openPolling()
		held(c, target)
		piece := strings.Repeat(get("/next"), 100)
		sent := 0
		for ; !c.Closing() && sent < 1<<20; sent += len(piece) {
			c.WriteString(piece)
		}
		if sent < 60<<10 || sent > 80<<10 {
			t.Errorf("%s: ended after %d bytes", name, sent)
		}
	}
}

func TestHeaderSize(t *testing.T) {
	w := newWorld(t, nil)
	for n, want := range map[int]string{8 << 10: "HTTP/1.1 404 ", 20 << 10: "HTTP/1.1 431 "} {
		c := w.d.Dial()
		c.WriteString(strings.Replace(get("/"), "\r\n\r\n", "\r\nX: "+strings.Repeat("x", n-40)+"\r\n\r\n", 1))
		if got := c.String(); !strings.HasPrefix(got, want) {
			t.Errorf("%d bytes: %q", n, got)
		}
	}
	c := w.d.Dial()
	c.WriteString("GET /" + strings.Repeat("x", 20<<10))
	if got := c.String(); !strings.HasPrefix(got, "HTTP/1.1 414 ") {
		t.Errorf("long line: %q", got)
	}
}

func TestMove(t *testing.T) {
	w := newWorldLoops(t, nil, 3)
	w.h.echo = true
	c, target := w.openPolling()
	other := w.d.DialLoop(1)
	other.WriteString(post(target, "4a") + get(target))
	expect(t, other, posted+polled("4a"))
	if other.Peer().Loop() != w.d.Loop(0) {
		t.Error("the connection has not moved")
	}
	ws := w.d.DialLoop(2)
	ws.WriteBytewise([]byte(upgrade(asWebsocket(target)) + text("5") + text("4b")))
	expect(t, ws, switching+sent("4b"))
	w.heard("text \"a\"\ntext \"b\"")

	stuck := w.d.DialLoop(1)
	stuck.Stuck = true
	_, target = w.openPolling()
	stuck.WriteString(post(target, "4a"))
	expect(t, stuck, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	_ = c
}

func TestEngineClose(t *testing.T) {
	w := newWorldLoops(t, nil, 2)
	c, target := w.openPolling()
	c.WriteString(get(target))
	ws := w.openWS()
	ws.SetRoom(0)
	w.h.sessions[1].SendText([]byte("dropped"))
	ws.Settle()
	done := make(chan error)
	go func() { done <- w.e.Close(context.Background()) }()
	w.d.Wait(func() bool { return w.e.Clients() == 0 })
	w.d.Run()
	if err := <-done; err != nil {
		t.Error(err)
	}
	expect(t, c, polled("1"))
	ws.SetRoom(-1)
	expect(t, ws, "\x88\x00")
	w.heard("close server shutting down\nclose server shutting down")
	fresh := w.d.Dial()
	fresh.WriteString(get(base + "polling"))
	if got := fresh.String(); !strings.HasPrefix(got, "HTTP/1.1 503 ") {
		t.Errorf("after Close: %q", got)
	}
}

// TestUnreadAnswers: who pipelines requests and reads no answers gets no more
// of them than the kernel holds, and goes on when it reads.
func TestUnreadAnswers(t *testing.T) {
	w := newWorld(t, nil)
	c := w.d.Dial()
	c.SetRoom(100)
	c.WriteString(strings.Repeat(get("/"), 500))
	c.WriteString(get("/last"))
	if c.Peer().Loop() == nil || c.Closing() || c.Bytes != 100 {
		t.Fatalf("%d bytes sent", c.Bytes)
	}
	for range 1000 {
		c.SetRoom(100)
	}
	c.SetRoom(-1)
	expect(t, c, strings.Repeat(notFound, 501))
	c.SetRoom(0)
	for range 100 {
		c.WriteString(strings.Repeat(get("/"), 100))
	}
	if !c.Aborted() {
		t.Error("the connection lives")
	}
	c = w.d.Dial() // and one that never reads is idle
	c.SetRoom(0)
	c.WriteString(get("/"))
	w.d.Advance(76 * time.Second)
	if !c.Closing() {
		t.Error("the connection lives")
	}
}
