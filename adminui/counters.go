package adminui

import (
	"sync"
	"sync/atomic"

	"github.com/sio-fast/sio-fast/eio"
)

// maxReasons bounds the reasons of disconnections that are counted apart; what
// an application closes with beyond them counts as "other".
const maxReasons = 64

// stripe is what one loop counts: in cache lines of its own, for loops that wrote
// to the same would wait for each other.
type stripe struct {
	packetsIn, packetsOut, bytesIn, bytesOut atomic.Uint64
	_                                        [96]byte
}

// counters are the engine's figures since they were taken last.
type counters struct {
	polling atomic.Int64 // sessions that poll now
	opened  atomic.Uint64
	stripes [64]stripe // by loop

	mu     sync.Mutex
	closed map[string]uint64 // by reason
}

// count is one aggregated event, without its time.
type count struct {
	kind, sub string
	n         uint64
}

// take gives what was counted and begins anew.
func (c *counters) take() []count {
	var list []count
	add := func(kind, sub string, n uint64) {
		if n > 0 {
			list = append(list, count{kind, sub, n})
		}
	}
	add("rawConnection", "", c.opened.Swap(0))
	var in, out, bytesIn, bytesOut uint64
	for i := range c.stripes {
		s := &c.stripes[i]
		in += s.packetsIn.Swap(0)
		out += s.packetsOut.Swap(0)
		bytesIn += s.bytesIn.Swap(0)
		bytesOut += s.bytesOut.Swap(0)
	}
	add("packetsIn", "", in)
	add("bytesIn", "", bytesIn)
	add("packetsOut", "", out)
	add("bytesOut", "", bytesOut)
	c.mu.Lock()
	defer c.mu.Unlock()
	for reason, n := range c.closed {
		add("rawDisconnection", reason, n)
	}
	clear(c.closed)
	return list
}

func (c *counters) close(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed == nil {
		c.closed = make(map[string]uint64)
	}
	if _, known := c.closed[reason]; !known && len(c.closed) >= maxReasons {
		reason = "other"
	}
	c.closed[reason]++
}

// Hooks gives what sio.Options.EngineHooks has to be, and calls also after its
// own: the hooks of the application, or nil. It is called once. Any goroutine.
//
// While no admin is connected the hooks look at one flag and count nothing.
func (u *UI) Hooks(also *eio.Hooks) *eio.Hooks {
	var h eio.Hooks
	if also != nil {
		h = *also
	}
	open, upgrade, packet, create, end := h.Open, h.Upgrade, h.Packet, h.PacketCreate, h.Close
	h.Open = func(s *eio.Session) {
		u.opened(s)
		if open != nil {
			open(s)
		}
	}
	h.Upgrade = func(s *eio.Session) {
		u.upgraded(s)
		if upgrade != nil {
			upgrade(s)
		}
	}
	h.Packet = func(s *eio.Session, t eio.PacketType, data []byte, binary bool) {
		u.received(s, data)
		if packet != nil {
			packet(s, t, data, binary)
		}
	}
	h.PacketCreate = func(s *eio.Session, t eio.PacketType, data []byte, binary bool) {
		u.sent(s, t, data)
		if create != nil {
			create(s, t, data, binary)
		}
	}
	h.Close = func(s *eio.Session, r eio.Reason, detail string, unsent []eio.Unsent) {
		u.ended(s, r)
		if end != nil {
			end(s, r, detail, unsent)
		}
	}
	u.hooks = &h
	return &h
}

func (u *UI) opened(s *eio.Session) {
	if s.Transport() == eio.Polling {
		u.counters.polling.Add(1)
	}
	if u.watched.Load() {
		u.counters.opened.Add(1)
	}
}

func (u *UI) upgraded(s *eio.Session) {
	u.counters.polling.Add(-1)
	if u.opts.Mode == Development && u.watched.Load() {
		u.transportChanged(s)
	}
}

func (u *UI) received(s *eio.Session, data []byte) {
	if len(data) > 0 && u.watched.Load() {
		c := &u.counters.stripes[s.Loop().Index()%len(u.counters.stripes)]
		c.packetsIn.Add(1)
		c.bytesIn.Add(uint64(len(data)))
	}
}

// sent leaves the open packet out, as the reference does.
func (u *UI) sent(s *eio.Session, t eio.PacketType, data []byte) {
	if len(data) > 0 && t != eio.PacketOpen && u.watched.Load() {
		c := &u.counters.stripes[s.Loop().Index()%len(u.counters.stripes)]
		c.packetsOut.Add(1)
		c.bytesOut.Add(uint64(len(data)))
	}
}

func (u *UI) ended(s *eio.Session, r eio.Reason) {
	if s.Transport() == eio.Polling {
		u.counters.polling.Add(-1)
	}
	if u.watched.Load() {
		u.counters.close(string(r))
	}
}
