package worker

import (
	"golang.org/x/sys/unix"

	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
	"github.com/sio-fast/sio-fast/loadtest/internal/wire"
)

// slow are the clients of this process that stop reading and read again, turn by
// turn. Those that the server cut meanwhile come back as new connections.
type slow struct {
	w      *worker
	all    []*client
	away   []*client // cut, to come back
	told   uint32    // area.Slow as last seen
	target uint64    // what had been sent when they were told to read again
	slack  uint64    // messages: so far behind the others is caught up
}

func (s *slow) init(w *worker) {
	s.w = w
	s.slack = max(uint64(w.cfg.Rate/10), 1) // a tenth of a second
	for i := range w.clients {
		if c := &w.clients[i]; c.slow {
			s.all = append(s.all, c)
		}
	}
}

func (s *slow) tick() {
	w := s.w
	if !w.running() && w.phase != shm.Stop { // a run that has failed lets them read what there is
		return
	}
	if told := w.area.Slow.Load(); told != s.told {
		s.told = told
		s.target = w.area.FanSent.Load()
		for _, c := range s.all {
			if c.state == stateReady {
				c.excused = true
				w.setReading(c, told%2 == 0)
			}
		}
	}
	if s.told == 0 || s.told%2 != 0 || !w.running() {
		return
	}
	for len(s.away) > 0 && w.dial.underway < w.cfg.Concurrency && w.me.Faults[shm.Refused].Load() == 0 {
		c := s.away[0]
		s.away = s.away[1:]
		c.back, c.least = true, w.area.FanDone.Load()
		w.dial.underway++
		w.enter(c)
	}
	behind, others := int64(0), w.area.FanDone.Load() // who may be late themselves, on a busy machine
	for _, c := range s.all {
		switch {
		case !c.excused:
		case c.state == stateReady && c.in.next >= s.target && c.in.next+s.slack >= others:
			c.excused = false
		default:
			behind++
		}
	}
	w.me.Behind.Store(behind)
	w.me.Turn.Store(int64(s.told))
}

// wasCut takes a client whose connection the server has ended.
func (s *slow) wasCut(c *client) {
	s.w.missed(c, &c.in, c.in.next) // what it did get must be without gaps
	c.in.missing = nil
	if s.w.running() {
		s.away = append(s.away, c)
	}
}

// returned takes a client that is back. What is sent from now on must reach it;
// what was under way may.
func (s *slow) returned(c *client) {
	c.cut, c.excused, c.fresh = false, false, true
	c.in = stream{next: s.w.area.FanSent.Load()}
}

// first lets the numbers of a client that is back begin with the first one that
// comes: not later than what was sent when it came, not earlier than what all had
// before it went to connect.
func (c *client) first(run uint32, payload []byte) {
	c.fresh = false
	if st, ok := wire.ParseStamp(payload, run, len(payload)); ok {
		c.in.next = max(min(c.in.next, st.Seq), c.least)
	}
}

// setReading turns a client's reading off or on.
func (w *worker) setReading(c *client, on bool) {
	i := c.conn[0]
	if i < 0 || c.off != on {
		return
	}
	c.off = !on
	if !on {
		w.epoll(unix.EPOLL_CTL_DEL, i, 0)
		return
	}
	events := uint32(unix.EPOLLIN)
	if w.conns[i].armed {
		events |= unix.EPOLLOUT
	}
	w.epoll(unix.EPOLL_CTL_ADD, i, events)
}
