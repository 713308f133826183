package sio

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// serve starts a server under net/http, on a real port.
func serve(t *testing.T, o *Options) (*Server, *httptest.Server) {
	t.Helper()
	srv, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(srv)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := srv.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		h.CloseClientConnections()
		h.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return srv, h
}

// netClient is a client on a real websocket.
type netClient struct {
	t    *testing.T
	conn net.Conn
	r    io.Reader
}

func dialNet(t *testing.T, h *httptest.Server) *netClient {
	t.Helper()
	url := "ws" + strings.TrimPrefix(h.URL, "http") + "/socket.io/?EIO=4&transport=websocket"
	conn, br, _, err := ws.Dial(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	c := &netClient{t: t, conn: conn, r: conn}
	if br != nil {
		c.r = io.MultiReader(br, conn)
	}
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if m := c.next(); m[0] != '0' {
		t.Fatalf("open packet is %q", m)
	}
	c.send("40")
	if m := c.next(); !strings.HasPrefix(m, `40{"sid":`) {
		t.Fatalf("CONNECT answered %q", m)
	}
	return c
}

func (c *netClient) send(m string) {
	if err := wsutil.WriteClientText(c.conn, []byte(m)); err != nil {
		c.t.Error(err)
	}
}

// next gives the next text message but pings, which it answers; "" at the end.
func (c *netClient) next() string {
	for {
		m, err := wsutil.ReadServerText(struct {
			io.Reader
			io.Writer
		}{c.r, c.conn})
		if err != nil {
			return ""
		}
		if string(m) != "2" {
			return string(m)
		}
		c.send("3")
	}
}

// TestManyGoroutines has many clients and many publishers at work at once:
// what each publisher sends arrives complete and in its order, also around
// joins and leaves.
func TestManyGoroutines(t *testing.T) {
	srv, h := serve(t, nil)
	const clients, publishers, rounds = 12, 6, 144 // each client is met equally often
	var mu sync.Mutex
	var sockets []*Socket
	srv.OnConnect(func(s *Socket) error {
		s.Join("all")
		mu.Lock()
		sockets = append(sockets, s)
		mu.Unlock()
		return nil
	})
	On(srv, "echo", func(s *Socket, n int) error { return s.Emit("echo", n) })
	srv.Inline().On("ask", func(e *Event) error { return e.AckRaw(e.Raw()) })
	conns := make([]*netClient, clients)
	for i := range conns {
		conns[i] = dialNet(t, h)
	}
	for {
		mu.Lock()
		n := len(sockets)
		mu.Unlock()
		if n == clients {
			break
		}
		time.Sleep(time.Millisecond)
	}
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			mine := "room-" + strconv.Itoa(p)
			for n := range rounds {
				s := sockets[(p+n)%clients]
				_ = srv.To("all").Emit("pub", p, n)
				s.Join(mine)
				_ = srv.To(mine).Emit("only", s.ID())
				s.Leave(mine)
				_ = srv.To(mine).Emit("nobody")
				_ = s.Data().All()
				s.Data().Set(mine, n)
			}
		})
	}
	var echoes atomic.Int64
	for i, c := range conns {
		wg.Go(func() {
			for n := range rounds {
				c.send(fmt.Sprintf(`42["echo",%d]`, n))
				c.send(fmt.Sprintf(`42%d["ask",%d]`, n, n))
			}
		})
		wg.Go(func() {
			next := make([]int, publishers)
			echo, ack, only := 0, 0, 0
			for total := 0; total < publishers*rounds+2*rounds+publishers*rounds/clients; total++ {
				m := c.next()
				var p, n int
				switch {
				case m == fmt.Sprintf(`42["echo",%d]`, echo):
					echo++
				case m == fmt.Sprintf(`43%d[%d]`, ack, ack):
					ack++
				case strings.HasPrefix(m, `42["only",`):
					only++
				default:
					if _, err := fmt.Sscanf(m, `42["pub",%d,%d]`, &p, &n); err != nil || n != next[p] {
						t.Errorf("client %d got %q, %d echoes, %d acks, %v", i, m, echo, ack, next)
						return
					}
					next[p]++
				}
			}
			echoes.Add(int64(echo))
		})
	}
	wg.Wait()
	if echoes.Load() != clients*rounds {
		t.Errorf("%d echoes", echoes.Load())
	}
	for _, c := range conns {
		_ = c.conn.Close()
	}
	for srv.Stats().Sockets > 0 {
		time.Sleep(time.Millisecond)
	}
}

// TestChurn has clients come and go while broadcasts, listings and asks run.
func TestChurn(t *testing.T) {
	srv, h := serve(t, nil)
	srv.OnConnect(func(s *Socket) error { s.Join("r"); return nil })
	srv.OnDisconnect(func(s *Socket, _ Reason) { _ = srv.To("r").Emit("left", s.ID()) })
	stop := make(chan struct{})
	var background, visitors sync.WaitGroup
	for _, f := range []func(){
		func() { _ = srv.To("r").Emit("x", 1) },
		func() {
			for _, err := range srv.Sockets(t.Context()) {
				if err != nil {
					t.Error(err)
				}
			}
		},
		func() {
			for range srv.Timeout(20*time.Millisecond).Acks(t.Context(), "q") {
			}
		},
		func() { srv.In("r").Join("s"); srv.In("s").Leave("s") },
	} {
		background.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					f()
					time.Sleep(200 * time.Microsecond)
				}
			}
		})
	}
	for range 6 {
		visitors.Go(func() {
			for range 15 {
				c := dialNet(t, h)
				for range 3 {
					c.next()
				}
				c.send("41")
				_ = c.conn.Close()
			}
		})
	}
	visitors.Wait()
	close(stop)
	background.Wait()
	for srv.Stats().Clients > 0 {
		time.Sleep(time.Millisecond)
	}
	if st := srv.Stats(); st.Sockets != 0 {
		t.Errorf("left over: %+v", st)
	}
}

// TestPolling is one session over HTTP alone.
func TestPolling(t *testing.T) {
	srv, h := serve(t, nil)
	srv.OnConnect(func(s *Socket) error { return s.Emit("hello", []byte{1, 2}) })
	On(srv, "bye", func(s *Socket, _ string) error { s.Disconnect(true); return nil })
	base := h.URL + "/socket.io/?EIO=4&transport=polling"
	get := func(url string) string {
		t.Helper()
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		b, _ := io.ReadAll(resp.Body)
		return string(b)
	}
	open := get(base)
	_, rest, _ := strings.Cut(open, `"sid":"`)
	url := base + "&sid=" + rest[:20]
	post := func(body string) {
		t.Helper()
		resp, err := http.Post(url, "text/plain", bytes.NewBufferString(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	post("40")
	got := ""
	for !strings.Contains(got, "bAQI=") {
		got += get(url) + "\x1e"
	}
	if got = sidPattern.ReplaceAllString(got, `"sid":"SID"`); got != "40{\"sid\":\"SID\"}\x1e451-[\"hello\",{\"_placeholder\":true,\"num\":0}]\x1ebAQI=\x1e" {
		t.Errorf("got %q", got)
	}
	post(`42["bye","x"]`)
	if got := get(url); got != "41" {
		t.Errorf("got %q", got)
	}
}
