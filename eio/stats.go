package eio

import "sync/atomic"

// Stats counts what happened on the loops of a mux since they were made. The
// counters are published at every tick, so they are up to [Loop.TickEvery] old.
type Stats struct {
	Connections     uint64 // accepted
	Sessions        uint64 // opened
	Refused         uint64 // requests answered with an error code
	Messages        uint64 // received by handlers
	VolatileDropped uint64 // messages that a session could not take at once
	SlowClosed      uint64 // sessions closed for their backlog
	Panics          uint64 // recovered
}

// published is a loop's Stats for readers on other goroutines.
type published [7]atomic.Uint64

// fields lists the counters, in one order for both directions.
func (s *Stats) fields() [7]*uint64 {
	return [7]*uint64{&s.Connections, &s.Sessions, &s.Refused, &s.Messages, &s.VolatileDropped, &s.SlowClosed, &s.Panics}
}

// publish makes the loop's counters readable. The loop itself counts in plain
// words: on its path a locked instruction would be the dearest of all.
func (l *Loop) publish() {
	for i, n := range l.stats.fields() {
		l.public[i].Store(*n)
	}
}

// Stats sums the counters of all loops. Any goroutine. Does not allocate.
func (m *Mux) Stats() (sum Stats) {
	fields := sum.fields()
	for _, l := range m.Loops() {
		for i, n := range fields {
			*n += l.public[i].Load()
		}
	}
	return sum
}
