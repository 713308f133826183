package eiotest

import (
	"net/netip"

	"github.com/sio-fast/sio-fast/eio"
)

// end is the server's end of a Conn.
type end Conn

// Send implements eio.Conn.
func (e *end) Send(p []byte) (int, error) {
	if e.gone || e.closing {
		return 0, errGone
	}
	if e.Err != nil {
		return 0, e.Err
	}
	e.Sends++
	return e.take(p), nil
}

// SendV implements eio.Conn.
func (e *end) SendV(bufs [][]byte) (n int, err error) {
	if e.gone || e.closing {
		return 0, errGone
	}
	if e.Err != nil {
		return 0, e.Err
	}
	e.Sends++
	for _, b := range bufs {
		k := e.take(b)
		n += k
		if k < len(b) {
			break
		}
	}
	return n, nil
}

func (e *end) take(p []byte) int {
	n := len(p)
	if e.room >= 0 {
		n = min(n, e.room)
		e.room -= n
	}
	if n < len(p) {
		e.full = true
	}
	e.Bytes += n
	if !e.Discard {
		e.out = append(e.out, p[:n]...)
	}
	return n
}

// Close implements eio.Conn.
func (e *end) Close() {
	if !e.closing && !e.gone {
		e.closing = true
		e.d.closing = append(e.d.closing, (*Conn)(e))
	}
}

// Abort implements eio.Conn.
func (e *end) Abort() {
	e.Close()
	e.aborted = true
}

// CloseWrite ends the server's stream.
func (e *end) CloseWrite() { e.halfDone = true }

// RemoteAddr implements eio.Conn.
func (e *end) RemoteAddr() netip.AddrPort { return e.Remote }

// Secure implements eio.Conn.
func (e *end) Secure() bool { return e.TLS }

// Move implements eio.Conn: the connection arrives when the other loop runs.
func (e *end) Move(to *eio.Loop, p *eio.Peer) bool {
	if e.Stuck {
		return false
	}
	to.Post(&arrival{e, p})
	return true
}

type arrival struct {
	e *end
	p *eio.Peer
}

// Run implements eio.Task.
func (a *arrival) Run(*eio.Loop) bool {
	a.p.Moved(a.e)
	return false
}
