package eio

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// hijacked is a Conn over a net.Conn that net/http has given away. A reader
// goroutine lives as long as the connection; a writer runs while there is
// something to write. Sends go into a bounded buffer, so that they behave like
// those on a non-blocking socket.
type hijacked struct {
	netPeer
	nc net.Conn

	mu      sync.Mutex
	out     []byte // for the writer
	busy    int    // bytes the writer has taken and not yet written
	writing bool   // the writer runs
	short   bool   // a Send was not taken whole: Writable is owed
	half    bool   // CloseWrite after what is in out
	closing bool   // Close after what is in out
	broken  bool   // no more sends
}

const (
	// hijackedRoom is how much may wait for the writer, as a socket's buffer
	// would hold it. What a session queues beyond it counts as its backlog.
	hijackedRoom = 64 << 10
	// closeGrace is how long a closed connection may take to accept what was
	// sent before.
	closeGrace = 5 * time.Second

	smallRead = 512
	largeRead = 16 << 10
)

var readBuffers = sync.Pool{New: func() any { return new([largeRead]byte) }}

var errGone = errors.New("eio: connection closed")

// serve runs the connection, whose first bytes are head. It is the reader.
func (c *hijacked) serve(head []byte) {
	defer c.host.leave(&c.netPeer)
	c.feed(head)
	err := c.read()
	c.mu.Lock()
	local := c.closing || c.broken
	c.broken = true
	c.out = nil
	c.mu.Unlock()
	if err == io.EOF || local {
		err = nil
	}
	c.closeErr = err
	c.post(evClosed)
	_ = c.nc.Close()
}

// readBuffered feeds what arrives on any net.Conn, TLS above all. An idle
// connection holds a small buffer; while it fills that one, it has a large one
// from the pool.
func (c *hijacked) readBuffered() error {
	var small [smallRead]byte
	for {
		n, err := c.nc.Read(small[:])
		if n > 0 {
			c.feed(small[:n])
		}
		if err != nil {
			return err
		}
		if n == len(small) {
			if err = c.readLarge(); err != nil {
				return err
			}
		}
	}
}

func (c *hijacked) readLarge() error {
	buf := readBuffers.Get().(*[largeRead]byte)
	defer readBuffers.Put(buf)
	for {
		n, err := c.nc.Read(buf[:])
		if n > 0 {
			c.feed(buf[:n])
		}
		if err != nil || n < smallRead {
			return err
		}
	}
}

// Send is Conn's. Loop only.
func (c *hijacked) Send(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.take(p)
}

// SendV is Conn's. Loop only.
func (c *hijacked) SendV(bufs [][]byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := 0
	for _, b := range bufs {
		n, err := c.take(b)
		if sum += n; err != nil || n < len(b) {
			return sum, err
		}
	}
	return sum, nil
}

// take copies what there is room for; c.mu is held.
func (c *hijacked) take(p []byte) (int, error) {
	if c.broken || c.closing || c.half {
		return 0, errGone
	}
	n := min(len(p), hijackedRoom-len(c.out)-c.busy)
	if n < len(p) {
		c.short = true
	}
	c.out = append(c.out, p[:n]...)
	c.startWriter()
	return n, nil
}

// startWriter runs the writer unless it runs; c.mu is held.
func (c *hijacked) startWriter() {
	if !c.writing && !c.broken {
		c.writing = true
		go c.write()
	}
}

// write is the writer: it ends when there is nothing to do.
func (c *hijacked) write() {
	var spare []byte
	c.mu.Lock()
	for len(c.out) > 0 && !c.broken {
		b := c.out
		c.out, c.busy = spare[:0], len(b)
		c.mu.Unlock()
		_, err := c.nc.Write(b)
		spare = b
		c.mu.Lock()
		c.busy = 0
		if err != nil {
			c.broken = true
			break
		}
		if c.short && !c.closing && len(c.out) <= hijackedRoom/2 {
			c.short = false
			c.post(evWritable)
		}
	}
	if len(c.out) == 0 {
		c.out = nil // an idle connection holds no buffer
	}
	c.writing = false
	ends := c.closing || c.broken
	half := c.half && !ends
	c.mu.Unlock()
	switch {
	case ends:
		_ = c.nc.Close() // the reader notices, and tells the peer
	case half:
		if w, ok := c.nc.(interface{ CloseWrite() error }); ok {
			_ = w.CloseWrite()
		}
	}
}

// Close is Conn's. Loop only.
func (c *hijacked) Close() { c.shutdown() }

// shutdown closes after what is still to be sent. Any goroutine.
func (c *hijacked) shutdown() {
	c.mu.Lock()
	if !c.closing {
		c.closing = true
		_ = c.nc.SetWriteDeadline(time.Now().Add(closeGrace))
		// Closing a TLS connection writes, so that too is the writer's.
		c.startWriter()
	}
	c.mu.Unlock()
}

// CloseWrite ends our stream after what was sent; the other side may go on.
// Loop only.
func (c *hijacked) CloseWrite() {
	c.mu.Lock()
	c.half = true
	c.startWriter()
	c.mu.Unlock()
}

// Abort is Conn's. Loop only.
func (c *hijacked) Abort() {
	c.mu.Lock()
	c.broken, c.closing = true, true
	c.out = nil
	c.mu.Unlock()
	c.cut()
}

// cut closes the TCP connection itself, with a reset where possible.
func (c *hijacked) cut() {
	raw := c.nc
	if t, ok := raw.(interface{ NetConn() net.Conn }); ok {
		raw = t.NetConn() // below TLS: no parting words
	}
	if t, ok := raw.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = raw.Close()
}

// RemoteAddr is Conn's. Loop only.
func (c *hijacked) RemoteAddr() netip.AddrPort { return c.remote }

// Secure is Conn's. Loop only.
func (c *hijacked) Secure() bool { return c.secure }

// Move is Conn's: goroutines serve any loop. Loop only.
func (c *hijacked) Move(to *Loop, _ *Peer) bool { return c.move(to) }
