package sio

import (
	"sync/atomic"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/internal/debuglog"
	"github.com/sio-fast/sio-fast/pool"
)

// client is one session and its sockets, one for each namespace it has joined.
// Loop only.
type client struct {
	session *eio.Session
	ls      *loopState
	sockets *Socket      // in the order of their CONNECTs
	partial *reassembly  // a packet whose attachments are still coming
	timer   eio.TimerID  // Options.ConnectTimeout, until a namespace was joined
	late    atomic.Int32 // sockets that have left, whose handlers still run
	shut    bool         // closed by us; what still arrives is ignored
	joined  bool         // some namespace was joined once
	older   bool         // speaks protocol 4 (Options.AllowEIO3)
}

// handler is the server as the engine sees it.
type handler struct{ srv *Server }

// OnOpen makes the client of a new session. Loop only.
func (h handler) OnOpen(s *eio.Session) error {
	if h.srv.closed.Load() {
		return ErrClosed
	}
	c := &client{session: s, ls: h.srv.on(s.Loop())}
	s.SetValue(c)
	if t := h.srv.opts.ConnectTimeout; t > 0 {
		c.timer = s.Loop().Wheel().After(t.Milliseconds(), c)
	}
	if s.Protocol() == 3 {
		c.connectOlder()
	}
	return nil
}

// Fire ends a client that has not joined any namespace in time. Loop only.
func (c *client) Fire(*eio.Loop) {
	c.timer = 0
	if !c.joined {
		c.close(ReasonForced)
	}
}

// OnMessage takes one message. It borrows p. Loop only.
func (h handler) OnMessage(s *eio.Session, p []byte, binary bool) {
	c, _ := s.Value().(*client)
	if c == nil || c.shut {
		return
	}
	c.ls.count.in.Add(1)
	if parser := h.srv.parser; parser != nil {
		c.decodeWith(parser, p, binary)
		return
	}
	if binary {
		c.binary(p)
		return
	}
	if c.partial != nil {
		c.reject(errTextPending)
		return
	}
	pk, err := parsePacket(p, &h.srv.limits)
	if err != nil {
		c.reject(err)
		return
	}
	if pk.attachments > 0 {
		c.partial = c.ls.partials.Get()
		c.partial.start(pk)
		return
	}
	c.packet(&pk, nil)
}

// binary takes one attachment.
func (c *client) binary(p []byte) {
	if c.partial == nil {
		c.reject(errBinaryUnasked)
		return
	}
	done, err := c.partial.add(p)
	if err != nil {
		c.reject(err)
		return
	}
	if !done {
		return
	}
	r := c.partial
	c.partial = nil
	pk := r.packet()
	c.packet(&pk, r.bins())
	c.drop(r)
}

// packet does what a whole packet asks for. A packet for a namespace that was
// not joined is a violation: the reference closes the whole connection.
func (c *client) packet(pk *packet, bins [][]byte) {
	if c.older {
		pk.cutQuery()
	}
	if debugParser.On() {
		debugParser.Print("decoded", "type", pk.typ, "namespace", debuglog.Text(pk.nsp), "id", pk.id,
			"attachments", pk.attachments, "data", debuglog.Text(pk.data))
	}
	if fn := c.ls.srv.opts.Reviver; fn != nil && pk.data != nil {
		if err := c.revive(fn, pk, bins); err != nil {
			c.reject(err)
			return
		}
	}
	s := c.find(pk.nsp)
	if pk.typ == packetConnect {
		if s != nil {
			c.close(ReasonForced)
			return
		}
		c.connect(pk)
		return
	}
	if s != nil && s.due {
		s.welcome(nil) // its client has not waited for the CONNECT; no need for us to
	}
	if s == nil || !s.live {
		c.close(ReasonForced)
		return
	}
	switch pk.typ {
	case packetEvent, packetBinaryEvent:
		s.onEvent(pk, bins)
	case packetAck, packetBinaryAck:
		s.onAck(pk, bins)
	case packetDisconnect:
		s.close(ReasonClientDisconnect)
	default: // CONNECT_ERROR is the server's to send
		c.close(ReasonForced)
	}
}

// find gives the socket of that namespace, also one still connecting.
func (c *client) find(nsp []byte) *Socket {
	for s := c.sockets; s != nil; s = s.next {
		if s.nsp.name == string(nsp) {
			return s
		}
	}
	return nil
}

// link adds s to the client's sockets, behind the others. It says how many
// there were.
func (c *client) link(s *Socket) {
	p := &c.sockets
	for *p != nil {
		p = &(*p).next
	}
	*p = s
}

// unlink takes s out of the client's sockets.
func (c *client) unlink(s *Socket) {
	for p := &c.sockets; *p != nil; p = &(*p).next {
		if *p == s {
			*p, s.next = s.next, nil
			return
		}
	}
}

// length is the number of the client's sockets.
func (c *client) length() (n int) {
	for s := c.sockets; s != nil; s = s.next {
		n++
	}
	return n
}

// reject ends the client for a packet that is none: every socket's OnError
// hears why. The reference: a local error on every socket, then close.
func (c *client) reject(err error) {
	if debugClient.On() {
		debugClient.Print("invalid packet", "err", err)
	}
	for s := c.sockets; s != nil; s = s.next {
		if s.live {
			s.nsp.fail(s, "error", err)
		}
	}
	c.close(ReasonForced)
}

// close ends the client's sockets and then its session. Loop only.
func (c *client) close(why Reason) {
	if c.shut {
		return
	}
	c.end(why)
	c.session.Close(ReasonForced)
}

// end ends the client's sockets and forgets what was pending. Loop only.
func (c *client) end(why Reason) {
	if debugClient.On() {
		debugClient.Print("client close", "reason", string(why))
	}
	c.shut = true
	for c.sockets != nil {
		c.sockets.close(why)
	}
	c.stopTimer()
	if c.partial != nil {
		c.drop(c.partial)
		c.partial = nil
	}
}

// drop gives a reassembly back.
func (c *client) drop(r *reassembly) {
	r.release()
	c.ls.partials.Put(r)
}

func (c *client) stopTimer() {
	if c.timer != 0 {
		c.ls.loop.Wheel().Cancel(c.timer)
		c.timer = 0
	}
}

// OnClose ends the client of a session that has ended. Loop only.
func (h handler) OnClose(s *eio.Session, why eio.Reason, detail string) {
	if c, _ := s.Value().(*client); c != nil {
		c.explain(detail)
		c.end(why)
	}
}

// explain keeps what is to be said about the end, for those who will be told.
func (c *client) explain(detail string) {
	for s := c.sockets; s != nil && detail != ""; s = s.next {
		if t := s.nsp.table.Load(); len(t.disconnecting)+len(t.disconnect) > 0 {
			x := s.extra()
			s.mu.Lock()
			x.detail = detail
			s.mu.Unlock()
		}
	}
}

// OnDrain tells the sockets of a session whose output was held up and is not
// any more. Loop only.
func (h handler) OnDrain(s *eio.Session) {
	c, _ := s.Value().(*client)
	if c == nil || c.shut {
		return
	}
	for s := c.sockets; s != nil; s = s.next {
		for _, f := range s.nsp.table.Load().drain {
			s.drained(f)
		}
	}
}

func (s *Socket) drained(f func(*Socket)) {
	defer s.recovered("drain")
	f(s)
}

// connect answers a CONNECT: on the loop where nobody wants to be asked, else
// through the socket's worker.
func (c *client) connect(pk *packet) {
	srv := c.ls.srv
	if debugClient.On() {
		debugClient.Print("connecting to namespace", "namespace", debuglog.Text(pk.nsp))
	}
	// Those that have left count too while their handlers run: else a client
	// that joins and leaves without end would have a goroutine for each.
	if c.length()+int(c.late.Load()) >= srv.opts.MaxNamespaces {
		c.refuse(string(pk.nsp), "Too many namespaces", nil)
		return
	}
	if srv.closed.Load() {
		return
	}
	s := &Socket{client: c}
	if c.older {
		s.nameOlder(string(pk.nsp))
	}
	if pk.data != nil || srv.opts.DropHandshake {
		s.hs = newHandshake(c.session, pk.data)
	}
	n := srv.lookup(pk.nsp)
	if n != nil && n.acquire() {
		s.admit(n)
		return
	}
	if len(srv.dynamic()) == 0 {
		c.refuse(string(pk.nsp), invalidNamespace, nil)
		return
	}
	// A stand-in until the dynamic namespaces were asked: they may block.
	s.nsp = srv.newNamespace(string(pk.nsp), nil)
	s.slot = noSlot
	c.link(s)
	s.enqueue(job{kind: jobResolve})
}

// invalidNamespace is the reference's message.
const invalidNamespace = "Invalid namespace"

// refuse sends a CONNECT_ERROR. Loop only.
func (c *client) refuse(nsp, message string, data []byte) {
	if debugClient.On() {
		debugClient.Print("connection refused", "namespace", debuglog.Text(nsp), "message", debuglog.Text(message))
	}
	f := pool.NewShared()
	f.B = c.ls.srv.frameConnectError(f.B, nsp, message, data)
	c.session.Send(f, 0)
	f.Release()
}
