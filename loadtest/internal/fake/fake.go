// Package fake is a small Socket.IO server for the tests of loadtest: it offers
// the load contract, and on demand it breaks it, to show that loadtest sees it.
package fake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Faults of a server.
const (
	None   = ""
	Drop   = "drop"   // a message is not sent
	Double = "double" // one is sent twice
	Alter  = "alter"  // one letter of one is changed
	Cut    = "cut"    // one is cut short, framing intact
	Swap   = "swap"   // one is sent after the next to the same client
	Stray  = "stray"  // one goes to another client
	Leave  = "leave"  // a client is disconnected
	Silent = "silent" // messages of a client that does not read are dropped
	Strict = "strict" // such a client is disconnected
	Idle   = "idle"   // nothing is ever answered
)

// What /stats says: objects allocated for each delivery, and why Strict cuts.
const (
	Objects    = 3
	SlowClient = "slow client"
)

// Server is a server under test.
type Server struct {
	Fault string
	After int // deliveries before the fault
	// Everywhere has it listen on all addresses, not on loopback alone.
	Everywhere bool
	// At is the address to listen on, empty for a free port.
	At string
	// Loops is how many event loops /stats tells of: each of them has done every
	// broadcast, in 20 ms divided by their number.
	Loops int

	mu    sync.Mutex
	ln    net.Listener
	all   map[string]*session
	count int  // deliveries
	done  bool // the fault is
	next  int
	casts int // broadcasts
	cuts  atomic.Int64
	from  map[string]int
}

// From says how many websocket clients came from each address.
func (s *Server) From() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.from)
}

// Listen starts the server on a free port of loopback and returns its address.
func (s *Server) Listen() (string, error) {
	addr := "127.0.0.1:0"
	if s.Everywhere {
		addr = "0.0.0.0:0"
	}
	if s.At != "" {
		addr = s.At
	}
	ln, err := net.Listen("tcp4", addr)
	if err != nil {
		return "", err
	}
	s.ln, s.all, s.from = ln, map[string]*session{}, map[string]int{}
	go func() { _ = http.Serve(ln, s) }() //nolint:gosec // a test's server needs no time limits
	return fmt.Sprintf("127.0.0.1:%d", ln.Addr().(*net.TCPAddr).Port), nil
}

// Close stops listening and disconnects everybody.
func (s *Server) Close() {
	_ = s.ln.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.all {
		c.close()
	}
}

// session is one client. Its queue is what is to be sent.
type session struct {
	s     *Server
	id    string
	mu    sync.Mutex
	cond  *sync.Cond
	queue [][]byte
	held  []byte
	shut  bool
	conn  net.Conn // websocket only
	rooms map[string]bool
	since atomic.Int64 // when the write under way began, 0: there is none
	there bool         // in the namespace; s.mu guards it
}

func (s *Server) open(conn net.Conn) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	c := &session{s: s, id: fmt.Sprintf("sid-%d", s.next), conn: conn, rooms: map[string]bool{}}
	c.cond = sync.NewCond(&c.mu)
	s.all[c.id] = c
	if conn != nil {
		host, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
		s.from[host]++
	}
	c.push([]byte(`0{"sid":"` + c.id + `","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`))
	return c
}

// slowQueue is how many messages may wait, and slowWrite how long a write may take,
// before Silent and Strict act: not with a client that reads on a busy machine.
const (
	slowQueue = 20
	slowWrite = 300 * time.Millisecond
)

func (c *session) slow() bool {
	since := c.since.Load()
	return len(c.queue) > slowQueue && since != 0 && time.Now().UnixNano()-since > int64(slowWrite)
}

func (c *session) push(p ...[]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.s.Fault == Silent && c.slow() {
		return
	}
	if c.s.Fault == Strict && !c.shut && c.slow() {
		c.queue, c.shut = nil, true
		c.s.cuts.Add(1)
		_ = c.conn.Close()
		return
	}
	c.queue = append(c.queue, p...)
	c.cond.Signal()
}

func (c *session) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = true
	c.cond.Signal()
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

// take waits for packets; nil: closed.
func (c *session) take(most int) [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) == 0 && !c.shut {
		c.cond.Wait()
	}
	if len(c.queue) == 0 {
		return nil
	}
	n := min(len(c.queue), most)
	out := c.queue[:n:n]
	c.queue = c.queue[n:]
	return out
}

// deliver sends a message, or does with it what the fault wants. s.mu is held.
func (s *Server) deliver(c *session, p []byte) {
	s.count++
	if s.Fault == Idle {
		return
	}
	if held := c.held; held != nil && sender(held) == sender(p) {
		c.held = nil
		c.push(p, held)
		return
	}
	if s.count >= s.After && s.After > 0 && !s.done {
		s.done = true
		if p = s.breaks(c, p); p == nil {
			return
		}
	}
	c.push(p)
}

// breaks does with a message what the fault wants, and returns what is still to be
// sent of it.
func (s *Server) breaks(c *session, p []byte) []byte {
	switch s.Fault {
	case Drop:
		return nil
	case Double:
		c.push(p, p)
		return nil
	case Alter:
		p = append([]byte(nil), p...)
		p[len(p)-5] ^= 1
	case Cut:
		p = append(append([]byte(nil), p[:len(p)-9]...), `"]`...)
	case Swap:
		c.held = p
		return nil
	case Stray:
		for _, other := range s.all {
			if other != c && other.there {
				other.push(p)
				return nil
			}
		}
		s.done = false // nobody else is there yet
	case Leave:
		c.close()
		return nil
	}
	return p
}

// sender is the part of a payload that names who sent it: only messages of one
// sender have an order.
func sender(p []byte) string {
	at := bytes.LastIndexByte(p[:len(p)-2], '"') + 1
	return string(p[at : at+4])
}

// packet takes one Engine.IO packet of a client; false ends the session.
func (s *Server) packet(c *session, p []byte) bool {
	switch {
	case string(p) == "40":
		s.mu.Lock()
		c.there = true
		c.push([]byte(`40{"sid":"` + c.id + `"}`))
		s.mu.Unlock()
	case string(p) == "41", string(p) == "3":
	case strings.HasPrefix(string(p), "42"):
		s.event(c, p[2:])
	default:
		return false
	}
	return true
}

func (s *Server) event(c *session, p []byte) {
	id := ""
	for len(p) > 0 && p[0] != '[' {
		id += string(p[:1])
		p = p[1:]
	}
	var args []string
	if err := json.Unmarshal(p, &args); err != nil {
		c.close()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch args[0] {
	case "echo":
		if id != "" {
			s.deliver(c, []byte(`43`+id+`["`+args[1]+`"]`))
			return
		}
		s.deliver(c, []byte(`42["echo","`+args[1]+`"]`))
	case "join":
		c.rooms[args[1]] = true
		c.push([]byte(`43` + id + `[]`))
	case "room":
		for _, other := range s.all {
			if other != c && other.rooms[args[1]] {
				s.deliver(other, []byte(`42["room","`+args[2]+`"]`))
			}
		}
	case "all":
		s.casts++
		for _, other := range s.all {
			if other.there {
				s.deliver(other, []byte(`42["all","`+args[1]+`"]`))
			}
		}
	}
}

func (s *Server) drop(c *session) {
	c.close()
	s.mu.Lock()
	delete(s.all, c.id)
	s.mu.Unlock()
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/stats":
		s.stats(w)
	case r.URL.Path != "/socket.io/":
		http.NotFound(w, r)
	case r.URL.Query().Get("transport") == "polling":
		s.poll(w, r)
	case r.Header.Get("Upgrade") == "websocket":
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err == nil {
			s.websocket(conn, rw.Reader)
		}
	default:
		http.NotFound(w, r)
	}
}

// stats answers as the admin address of sio-fast does.
func (s *Server) stats(w http.ResponseWriter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	loops := make([]map[string]any, s.Loops)
	for i := range loops {
		loops[i] = map[string]any{"sessions": len(s.all),
			"fanout_seconds": map[string]any{"count": s.casts, "sum": 0.020 * float64(s.casts) / float64(s.Loops)}}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"loops": loops, "mallocs": Objects * s.count,
		"sessions_closed": map[string]any{SlowClient: s.cuts.Load(), "ping timeout": 0}})
}

func (s *Server) poll(w http.ResponseWriter, r *http.Request) {
	sid := r.URL.Query().Get("sid")
	s.mu.Lock()
	c := s.all[sid]
	s.mu.Unlock()
	if sid == "" {
		c = s.open(nil)
	} else if c == nil {
		http.Error(w, `{"code":1,"message":"Session ID unknown"}`, http.StatusBadRequest)
		return
	}
	if r.Method == http.MethodPost {
		body, _ := io.ReadAll(r.Body)
		for p := range strings.SplitSeq(string(body), "\x1e") {
			if !s.packet(c, []byte(p)) {
				s.drop(c)
			}
		}
		_, _ = io.WriteString(w, "ok")
		return
	}
	packets := c.take(1 << 20)
	if packets == nil {
		packets = [][]byte{[]byte("1")}
	}
	for i, p := range packets {
		if i > 0 {
			_, _ = w.Write([]byte{0x1e})
		}
		_, _ = w.Write(p)
	}
}
