package worker

import (
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
	"github.com/sio-fast/sio-fast/loadtest/internal/wire"
)

// stream is one numbered sequence of messages at its receiver.
type stream struct {
	next    uint64
	missing map[uint64]struct{} // skipped, not come late yet; nil as long as all is well
}

// gaps is how many numbers below next have not come.
func (s *stream) gaps() int64 { return int64(len(s.missing)) }

const maxNotes = 10

// fault counts a fault of kind at client c and keeps the first ones in words.
func (w *worker) fault(kind int, c *client, format string, args ...any) {
	w.faults(kind, 1, c, format, args...)
}

func (w *worker) faults(kind int, n int64, c *client, format string, args ...any) {
	w.me.Faults[kind].Add(n)
	if len(w.notes) < maxNotes {
		w.notes = append(w.notes, fmt.Sprintf("client %d: %s: ", c.id, shm.FaultNames[kind])+fmt.Sprintf(format, args...))
	}
}

// check verifies a payload and its place in s. ok: it is whole, from the
// expected sender, and the next one; its latency is recorded. Otherwise the
// fault is counted.
func (w *worker) check(c *client, s *stream, sender uint32, payload []byte) (st wire.Stamp, ok bool) {
	w.received++
	w.bytes += int64(len(payload))
	st, ok = wire.ParseStamp(payload, w.cfg.Run, w.cfg.Size)
	if !ok {
		w.fault(shm.Altered, c, "%d bytes %.60q", len(payload), payload)
		return st, false
	}
	if st.ID != sender {
		w.fault(shm.Stray, c, "message %d of client %d, expected one of client %d", st.Seq, st.ID, sender)
		return st, false
	}
	if !w.inOrder(c, s, st.Seq) {
		return st, false
	}
	st.Time += w.cfg.Epoch
	if i := w.area.Window(st.Time); i >= 0 && !c.slow {
		record(w.latency[i], w.now-st.Time)
	}
	return st, true
}

func (w *worker) inOrder(c *client, s *stream, seq uint64) bool {
	if seq == s.next {
		s.next++
		return true
	}
	if seq > s.next {
		if s.missing == nil {
			s.missing = map[uint64]struct{}{}
		}
		for n := s.next; n < seq && n < s.next+1000; n++ {
			s.missing[n] = struct{}{}
		}
		w.fault(shm.Reordered, c, "message %d came where %d was due", seq, s.next)
		s.next = seq + 1
		return false
	}
	if _, late := s.missing[seq]; late {
		delete(s.missing, seq)
		return false // its gap was counted
	}
	w.fault(shm.Doubled, c, "message %d came again", seq)
	return false
}

// missed counts what of sent messages c never got.
func (w *worker) missed(c *client, s *stream, sent uint64) {
	n := s.gaps()
	if sent > s.next {
		n += int64(sent - s.next)
	}
	if n > 0 {
		w.faults(shm.Lost, n, c, "%d of %d messages never came", n, sent)
	}
}

func record(h *hdrhistogram.Histogram, ns int64) {
	_ = h.RecordValue(min(max(ns, 0), 120e9))
}
