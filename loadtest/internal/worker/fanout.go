package worker

import (
	"golang.org/x/sys/unix"

	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
	"github.com/sio-fast/sio-fast/loadtest/internal/wire"
)

// fanout has the first client of all send `all`, and every client expect it.
// The next broadcast goes when all have the one InFlight before it, or by the
// clock.
type fanout struct {
	w         *worker
	receivers uint32 // that count: without those that will stop reading
	pace      pacer
	seq       uint64 // of the broadcast whose receivers are being counted here
	count     uint32 // of them not told yet
	at        int64  // when it was sent
	slow      slow
}

func newFanout(w *worker) *fanout {
	f := &fanout{w: w, receivers: uint32(w.cfg.Total - w.cfg.Slow)}
	f.slow.init(w)
	return f
}

func (f *fanout) ready(c *client) {
	f.w.joined(c)
	if c.back {
		f.slow.returned(c)
	}
}

func (f *fanout) left(c *client) {
	if c.cut {
		f.slow.wasCut(c)
	}
}

func (f *fanout) start() { f.pace.begin(f.w.cfg.Rate, f.w.now) }

func (f *fanout) message(c *client, p []byte) {
	w := f.w
	payload, ok := wire.EventArg(p, "all")
	if !ok {
		w.fault(shm.Altered, c, "packet %.80q", p)
		return
	}
	if c.fresh {
		c.first(w.cfg.Run, payload)
	}
	st, ok := w.check(c, &c.in, 0, payload)
	if !ok || c.slow {
		return
	}
	if st.Seq != f.seq {
		f.tell()
		f.seq = st.Seq
	}
	f.count++
	f.at = st.Time
}

// tell adds what was counted to the shared count of the broadcast. Whoever
// completes it wakes the sender.
func (f *fanout) tell() {
	if f.count == 0 {
		return
	}
	w := f.w
	cell := &w.area.Counts[f.seq%shm.Ring]
	if cell.Add(f.count) == f.receivers {
		cell.Store(0)
		w.area.FanDone.Add(1)
		if i := w.area.Window(f.at); i == 0 {
			record(w.complete, w.now-f.at)
		}
		if w.cfg.Index != 0 {
			_, _ = unix.Write(w.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
		}
	}
	f.count = 0
}

func (f *fanout) tick() int64 {
	w := f.w
	f.tell()
	f.slow.tick()
	if !w.running() || w.cfg.Index != 0 {
		return 0
	}
	sender := &w.clients[0]
	for sender.state == stateReady {
		limit := uint64(w.cfg.InFlight)
		if w.cfg.Rate > 0 {
			limit = shm.Ring - 1
		}
		if sender.sent >= w.area.FanDone.Load()+limit {
			return 0
		}
		if w.cfg.Scenario == "loops" && sender.sent >= w.area.FanAllow.Load() {
			return 0
		}
		at := f.pace.due(w.now)
		if at == 0 {
			return f.pace.next
		}
		sender.sent++
		w.area.FanSent.Store(sender.sent)
		w.emit(sender, "all", -1, "", wire.Stamp{Seq: sender.sent - 1, Time: at})
	}
	return 0
}

// expected is what a client must have got; one that was cut for being slow owes
// nothing more.
func (f *fanout) outstanding() (n int64) {
	sent := f.w.area.FanSent.Load()
	for i := range f.w.clients {
		if c := &f.w.clients[i]; !c.cut {
			n += int64(sent-c.in.next) + c.in.gaps()
		}
	}
	return n
}

func (f *fanout) finish() {
	f.tell()
	sent := f.w.area.FanSent.Load()
	for i := range f.w.clients {
		c := &f.w.clients[i]
		if c.cut || c.off { // had its account at the cut, or no chance to read
			continue
		}
		f.w.missed(c, &c.in, sent)
	}
}
