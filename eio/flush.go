package eio

// Flush sends what the peers hold back. The driver calls it at the end of each
// batch of reads, for Feed does not. Loop only.
func (l *Loop) Flush() {
	if l.corkPeer != nil && len(l.burst.out)+len(l.dirty)+len(l.polls)+len(l.ready)+l.depth == 0 {
		l.flushCork() // the usual case: one peer read, one peer answered
		if len(l.ends)+len(l.drains)+len(l.ready) == 0 && (l.hooks == nil || len(l.hooks.notes) == 0) {
			return
		}
	}
	l.begin(nil)
	defer l.leave(nil)
	l.flush()
}

// FlushLater is Flush, but what a read has made one peer say may wait, to go with
// what others make theirs say: the driver promises a Flush soon. waits: something
// does. Loop only.
func (l *Loop) FlushLater() (waits bool) {
	had := len(l.burst.out)
	switch {
	case len(l.dirty)+len(l.polls)+len(l.ready)+len(l.ends)+len(l.drains)+l.depth > 0,
		l.hooks != nil && len(l.hooks.notes) > 0,
		l.corkPeer != nil && !l.corkAlong(),
		had > 0 && ticks()-l.held > holdFor:
		l.Flush()
	case had == 0:
		l.held = ticks()
	}
	return len(l.burst.out) > 0
}

// holdFor is for how many ticks an answer may wait while other reads are served,
// each of which may take its time: about a millisecond.
const holdFor = 16 * fresh

func (l *Loop) flush() {
	l.flushCork()
	l.flushBurst()
	// Answering a poll makes its peer dirty, and a peer that is ready may ask
	// for more: the turns are bounded so that no pipeline holds the loop.
	for turn := 0; turn < 16 && len(l.polls)+len(l.dirty)+len(l.ready) > 0; turn++ {
		l.flushPolls()
		for i := 0; i < len(l.dirty); i++ {
			p := l.dirty[i]
			l.dirty[i] = nil
			// nil: its flush panicked, and ended that round
			if p != nil && p.flags&pfDirty != 0 {
				p.flags &^= pfDirty
				if !p.flushAlong() {
					p.flush()
				}
			}
		}
		l.dirty = l.dirty[:0]
		l.flushBurst()
		l.resume()
		l.reap()
		l.flushCork()
		l.flushBurst()
	}
	if len(l.polls)+len(l.dirty)+len(l.ready) > 0 {
		l.waker.Wake()
	}
}

// resume lets peers go on whose next request came before the last was answered.
func (l *Loop) resume() {
	if len(l.ready) == 0 {
		return
	}
	ready := l.ready
	l.ready = nil
	for _, p := range ready {
		if p.loop == l && p.flags&pfReady != 0 {
			p.flags &^= pfReady
			l.resumeOne(p)
		}
	}
	if l.ready == nil {
		l.ready = ready[:0]
	}
}

func (l *Loop) resumeOne(p *Peer) {
	defer func() {
		if e := recover(); e != nil {
			l.panicked(e)
			p.fail(ReasonForced, "panic")
		}
	}()
	p.feed(nil)
}
