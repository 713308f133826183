//go:build linux

package eventloop

import (
	"context"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"
	"github.com/sio-fast/sio-fast/eio"
)

// loop is one gnet loop and the eio.Loop that it drives. Fields are loop only
// unless they say otherwise.
type loop struct {
	core *core
	el   gnet.EventLoop
	eio  *eio.Loop
	wake *wake
	aux  *writables
	vec  vector
	bulk bulk

	// current is the connection whose read is being served, if any.
	current *conn
	// after holds connections that are to be closed or moved at the end of the
	// round; spare is the other half of the double buffer.
	after, spare []*conn
	afterArmed   bool
	// moves holds where connections are to go, until the end of the round.
	moves map[*conn]*transfer

	held    bool   // answers wait for the end of the round
	halted  bool   // the engine's loop has been stopped
	scratch []byte // 16 KiB for bytes nobody wants, made on first use

	due     due
	turn    turn
	tickDue atomic.Int64 // ns since core.beginNS, 0: none; any goroutine
	tickAt  atomic.Int64 // when it wants the next one, in the same; any goroutine
	mail    mailbox
}

// mailbox is what other goroutines of this package leave for a loop. Any
// goroutine.
type mailbox struct {
	mu    sync.Mutex
	ready []token     // blocked sockets that have room again
	lost  []*transfer // connections that never arrived
	calls []call      // what Shutdown wants done
	swapR []token
	swapL []*transfer
}

// call is something that another goroutine waits for.
type call struct {
	f    func(l *loop) bool
	done chan bool
}

// report leaves tokens of writable sockets. It borrows t. Any goroutine.
func (l *loop) report(t []token) {
	l.mail.mu.Lock()
	l.mail.ready = append(l.mail.ready, t...)
	l.mail.mu.Unlock()
	l.Wake()
}

// reportLost leaves a connection whose move came to nothing. Any goroutine.
func (l *loop) reportLost(t *transfer) {
	l.mail.mu.Lock()
	l.mail.lost = append(l.mail.lost, t)
	l.mail.mu.Unlock()
	l.Wake()
}

// awake serves everything that is not a socket: ticks, sockets that have room
// again, and the engine's inbox. It is called whenever the eventfd was rung.
func (l *loop) awake() {
	l.due.served()
	if due := l.tickDue.Swap(0); due != 0 {
		l.tick(due)
	}
	l.run()
	if l.held {
		l.held = false
		l.flush()
	}
	l.takeMail()
}

func (l *loop) tick(due int64) {
	defer l.recovered("tick", nil)
	now := time.Now()
	l.eio.Late(now.Sub(l.core.beginNS) - time.Duration(due))
	l.eio.Tick(now)
	// From when it was due, not from now: so the loops are ticked together.
	l.tickAt.Store(due + int64(l.eio.NextTick()))
}

// do runs one call.
func (l *loop) do(f func(l *loop) bool) (ok bool) {
	defer l.recovered("shutdown", nil)
	return f(l)
}

// ask has f run on the loop and returns its result, or false if ctx is done
// before. Any goroutine but the loop's. Blocks.
func (l *loop) ask(ctx context.Context, f func(l *loop) bool) bool {
	c := call{f, make(chan bool, 1)}
	l.mail.mu.Lock()
	l.mail.calls = append(l.mail.calls, c)
	l.mail.mu.Unlock()
	l.Wake()
	select {
	case ok := <-c.done:
		return ok
	case <-ctx.Done():
		return false
	}
}

// quiet reports that the loop has nothing left to send or to do. Loop only.
func (l *loop) quiet() bool { return l.eio.Quiet() && l.aux.live == 0 && len(l.after) == 0 }

// halt ends the engine's loop, once. Loop only.
func (l *loop) halt() bool {
	if !l.halted {
		l.halted = true
		l.eio.Stop()
	}
	return true
}

// bury frees what the loop holds once its goroutine has ended.
func (l *loop) bury() {
	l.takeMail()
	_ = l.do((*loop).halt)
	l.free()
}

// free closes the loop's own descriptors.
func (l *loop) free() {
	l.aux.close()
	l.bulk.close()
	l.wake.close()
}

func (l *loop) run() {
	defer l.recovered("run", nil)
	l.eio.Run()
}

// feed gives c what it read, and sends what that made. It borrows b.
func (l *loop) feed(c *conn, b []byte) {
	l.current = c
	l.due.enter()
	l.read(c, b)
	l.due.leave()
	l.endRead()
	l.current = nil
}

func (l *loop) read(c *conn, b []byte) {
	defer l.recovered("feed", c)
	c.peer.Feed(b)
}

// endRead does what a read left behind, now or after the rest of the round.
func (l *loop) endRead() {
	switch l.due.verdict() {
	case dueNow:
		l.awake()
	case dueLater:
		l.wake.ring()
		l.flushRead()
	default:
		l.flushRead()
	}
}

// flushRead sends what a read has made its client's peer say, or keeps it for the
// end of the round.
func (l *loop) flushRead() {
	if l.bulk.ring == nil || !l.due.gathers() {
		l.flush()
		return
	}
	defer l.recovered("flush", nil)
	if l.held = l.eio.FlushLater(); l.held && l.due.hold() {
		l.wake.ring()
	}
}

func (l *loop) flush() {
	defer l.recovered("flush", nil)
	l.eio.Flush()
}

// closed tells the engine that c is gone.
func (l *loop) closed(c *conn, err error) {
	defer l.recovered("closed", nil)
	c.peer.Closed(err)
}

func (l *loop) takeMail() {
	m := &l.mail
	m.mu.Lock()
	ready, lost, calls := m.ready, m.lost, m.calls
	m.ready, m.lost, m.calls = m.swapR[:0], m.swapL[:0], nil
	m.mu.Unlock()
	for _, t := range ready {
		if c := l.aux.find(t); c != nil {
			l.writable(c)
		}
	}
	for _, t := range lost {
		if t.c != nil {
			t.c.l = l
			t.c.end(t.err)
		}
		l.core.left(t)
	}
	clear(lost)
	for _, c := range calls {
		c.done <- l.do(c.f)
	}
	m.swapR, m.swapL = ready, lost
}

// writable tells a blocked connection that there is room, and stops watching
// it unless it is blocked again.
func (l *loop) writable(c *conn) {
	if c.state != stateOpen {
		return
	}
	c.blocked = false
	defer func() {
		// Not blocked again: what the kernel keeps for it is given back.
		if !c.blocked {
			l.aux.forget(c)
		}
	}()
	defer l.recovered("writable", c)
	c.peer.Writable()
}

// block watches c until it has room again.
func (l *loop) block(c *conn) error {
	c.blocked = true
	return l.aux.arm(c)
}

// armAfter has gnet call Run at the end of its round. Unlike a wake it cannot
// come in the middle of a batch of events.
func (l *loop) armAfter() {
	if l.afterArmed {
		return
	}
	// It fails only when the engine has ended, and then gnet closes everything.
	l.afterArmed = l.el.Execute(context.Background(), l) == nil
}

// Run implements gnet.Runnable: the end of a round. Connections that were to be
// closed or moved are.
func (l *loop) Run(context.Context) error {
	l.afterArmed = false
	list := l.after
	l.after = l.spare[:0]
	for _, c := range list {
		c.queued = false
		if c.settle() == gnet.Close {
			_ = l.el.Close(c.g)
		}
	}
	clear(list)
	l.spare = list
	return nil
}

// recovered is deferred around everything that runs code from above: a panic
// that reached gnet would end the process.
func (l *loop) recovered(what string, c *conn) {
	if v := recover(); v != nil {
		l.core.opt.Logger.Error("eventloop: panic", "in", what, "panic", v, "stack", string(debug.Stack()))
		if c != nil {
			c.Abort()
		}
	}
}

func (l *loop) buf() []byte {
	if l.scratch == nil {
		l.scratch = make([]byte, 16<<10)
	}
	return l.scratch
}
