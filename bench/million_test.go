package bench

import (
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
)

// gnetConn stands for what gnet allocates for a connection, in objects of the
// same sizes with pointers to each other: its conn, the callback, the addresses.
type gnetConn struct {
	callback *[2]*gnetConn // 16 bytes
	sockaddr *[32]byte     // without pointers
	addr     *tcpAddr
	ctx      *line
	_        [28]*gnetConn // 256 bytes in all
}

type tcpAddr struct {
	ip []byte
	_  string // zone
	_  int    // port
}

// line is one client in memory: what eventloop's connection is, of the same size
// and with the peer in it, on a driver that counts and throws away.
type line struct {
	peer eio.Peer
	g    *gnetConn
	d    *eiotest.Driver
	sent int
	_    uintptr
}

func (c *line) Send(p []byte) (int, error) { c.sent += len(p); return len(p), nil }

func (c *line) SendV(bufs [][]byte) (n int, err error) {
	for _, b := range bufs {
		n += len(b)
	}
	c.sent += n
	return n, nil
}

func (c *line) Close()                         {}
func (c *line) Abort()                         {}
func (c *line) Secure() bool                   { return false }
func (c *line) Move(*eio.Loop, *eio.Peer) bool { return false }
func (c *line) RemoteAddr() netip.AddrPort     { return netip.AddrPortFrom(netip.IPv4Unspecified(), 1) }

// TestMillion measures the heap of very many clients, without their sockets:
//
//	SIO_MILLION=1000000 go test ./bench -run TestMillion -v -timeout 20m
//
// Each goes through the real handshake, so its objects are the server's own.
// Only gnet's are imitated, and its map is a map of the same type. The clients
// send no bytes afterwards: heartbeats are swept, and their pings counted.
func TestMillion(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("SIO_MILLION"))
	if err != nil || n < 1000 {
		n = 1000 // the path is held intact by every run of the tests
	}
	w := newWorld(t, 0)
	before := live()
	held := objects()
	crowd := make(map[int]*line)
	began := time.Now()
	hello := masked("40")
	buf := make([]byte, 0, 512)
	for fd := range n {
		c := newLine(w)
		crowd[fd] = c
		for _, in := range [][]byte{[]byte(upgrade), hello} {
			buf = append(buf[:0], in...)
			c.peer.Feed(buf)
			w.d.Loop(0).Flush()
			w.d.Run()
		}
	}
	if got := w.io.Len(); got != n {
		t.Fatalf("%d of %d clients are connected", got, n)
	}
	took := time.Since(began)
	t.Logf("%d clients, connected in %v (%v each)", n, took.Round(time.Millisecond), took/time.Duration(n))
	heap := live() - before
	t.Logf("heap: %.0f bytes a client, %.2f objects", float64(heap)/float64(n), (objects()-held)/float64(n))
	collect(t)
	heartbeats(t, w, crowd, n)
	runtime.KeepAlive(crowd)
}

func newLine(w *world) *line {
	ip := make([]byte, 4)
	c := &line{d: w.d, g: &gnetConn{callback: new([2]*gnetConn), sockaddr: new([32]byte), addr: &tcpAddr{ip: ip}}}
	c.g.callback[0], c.g.ctx = c.g, c
	w.d.Loop(0).Accept(&c.peer, c)
	return c
}

// live collects twice and gives the bytes that are left.
func live() uint64 {
	runtime.GC()
	debug.FreeOSMemory()
	return read("/gc/heap/live:bytes").Uint64()
}

func objects() float64 { return float64(read("/gc/heap/objects:objects").Uint64()) }

func read(name string) metrics.Value {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	return s[0].Value
}

// collect measures collections of the whole heap.
func collect(t *testing.T) {
	const rounds = 5
	var m0, m1 runtime.MemStats
	runtime.ReadMemStats(&m0)
	cpu := read("/cpu/classes/gc/total:cpu-seconds").Float64()
	idle := read("/cpu/classes/gc/mark/idle:cpu-seconds").Float64()
	began := time.Now()
	for range rounds {
		runtime.GC()
	}
	wall := time.Since(began) / rounds
	cpu = read("/cpu/classes/gc/total:cpu-seconds").Float64() - cpu
	idle = read("/cpu/classes/gc/mark/idle:cpu-seconds").Float64() - idle
	runtime.ReadMemStats(&m1)
	var longest uint64
	for i := m0.NumGC; i < m1.NumGC; i++ {
		longest = max(longest, m1.PauseNs[(i+1+255)%256])
	}
	t.Logf("a collection: %v of the clock, %.0f ms of CPU (%.0f ms of it on cores that had nothing to do), longest pause %v",
		wall.Round(100*time.Microsecond), cpu/rounds*1000, idle/rounds*1000, time.Duration(longest))
}

// heartbeats measures what the ticks of one interval cost: first those at which
// nothing is due, then those that send every client its ping.
func heartbeats(t *testing.T, w *world, crowd map[int]*line, n int) {
	l := w.d.Loop(0)
	const ticks = 200
	began := time.Now()
	for range ticks {
		l.Tick(w.d.Now())
	}
	empty := time.Since(began) / ticks
	sent := 0
	for _, c := range crowd {
		sent -= c.sent
	}
	began = time.Now()
	w.d.Advance(26 * time.Second)
	pings := time.Since(began)
	for _, c := range crowd {
		sent += c.sent
	}
	if sent != 3*n {
		t.Errorf("%d bytes of pings for %d clients", sent, n)
	}
	t.Logf("a tick at which nothing is due: %v; all pings, without the kernel: %v (%v each)",
		empty, pings.Round(time.Millisecond), pings/time.Duration(n))
}
