package eio_test

import (
	"testing"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
	"github.com/sio-fast/sio-fast/pool"
)

// silent is a Handler that costs nothing; it echoes if told to.
type silent struct {
	sessions []*eio.Session
	echo     bool
}

func (h *silent) OnOpen(s *eio.Session) error {
	h.sessions = append(h.sessions, s)
	return nil
}

func (h *silent) OnMessage(s *eio.Session, p []byte, binary bool) {
	if !h.echo {
		return
	}
	if binary {
		s.SendBinary(p)
	} else {
		s.SendText(p)
	}
}

func (h *silent) OnClose(*eio.Session, eio.Reason, string) {}

// crowd is n open websockets.
func crowd(t testing.TB, n int, h *silent) (*eiotest.Driver, []*eiotest.Conn) {
	t.Helper()
	mux := eio.NewMux()
	e, err := eio.NewEngine(nil, h)
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle(e)
	d := eiotest.New(mux)
	t.Cleanup(func() { d.Stop(); d.Settle() })
	conns := make([]*eiotest.Conn, n)
	for i := range conns {
		conns[i] = d.Dial()
		conns[i].Discard = true
		conns[i].WriteString(upgrade(base + "websocket"))
	}
	if len(h.sessions) != n {
		t.Fatalf("%d sessions", len(h.sessions))
	}
	return d, conns
}

// fanout is a task that sends one frame to every session, as a broadcast does.
type fanout struct {
	to []*eio.Session
	f  *pool.Shared
}

func (t *fanout) Run(*eio.Loop) bool {
	for _, s := range t.to {
		s.Send(t.f, 0)
	}
	t.f.Release()
	t.f = nil
	return false
}
