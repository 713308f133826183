package sio

import (
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// jobKind says what a socket's worker is to do.
type jobKind uint8

const (
	jobConnect jobKind = iota // middlewares, then OnConnect
	jobResolve                // ask the dynamic namespaces
	jobEvent                  // one event's handlers
	jobClosed                 // OnDisconnecting, OnDisconnect
)

// job is one entry of a socket's queue.
type job struct {
	kind jobKind
	ev   *Event
	en   *entry
	why  Reason
	size int
}

// jobQueue holds what waits for a socket's worker. A socket has one only while
// a worker serves it; both come from pools.
type jobQueue struct {
	items []job
	head  int
	bytes int
}

// keepJobs is the queue that goes back to the pool, in entries.
const keepJobs = 256

var jobQueues = sync.Pool{New: func() any { return new(jobQueue) }}

// enqueue gives the socket's worker a job, and the socket a worker if it has
// none: so its jobs run in order, one at a time, on a goroutine that may block.
// false: the queue is full (Options.MaxQueue); the job was not taken. Any
// goroutine.
func (s *Socket) enqueue(j job) bool {
	s.mu.Lock()
	q := s.jobs
	start := q == nil
	if start {
		q = jobQueues.Get().(*jobQueue)
		s.jobs = q
	}
	if j.kind == jobEvent && q.bytes > 0 && q.bytes+j.size > s.nsp.srv.opts.MaxQueue {
		s.mu.Unlock()
		return false
	}
	q.bytes += j.size
	q.items = append(q.items, j)
	s.mu.Unlock()
	if start {
		s.nsp.srv.workers.serve(s)
	}
	return true
}

// nextJob takes the first job. The size of the one that is done is given back.
// ok is false when there is none: the worker must then let go of s.
func (s *Socket) nextJob(done int) (j job, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.jobs
	q.bytes -= done
	if q.head == len(q.items) {
		s.jobs = nil
		if s.late {
			s.late = false
			s.client.late.Add(-1)
		}
		if cap(q.items) > keepJobs {
			q.items = nil
		}
		q.items, q.head, q.bytes = q.items[:0], 0, 0
		jobQueues.Put(q)
		return job{}, false
	}
	j = q.items[q.head]
	q.items[q.head] = job{}
	q.head++
	if q.head >= 64 && 2*q.head >= len(q.items) { // a queue that never empties
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return j, true
}

// runJobs serves the socket until its queue is empty. It runs on a worker.
func (s *Socket) runJobs() {
	done := 0
	for {
		j, ok := s.nextJob(done)
		if !ok {
			return
		}
		done = j.size
		switch j.kind {
		case jobConnect:
			s.runConnect()
		case jobResolve:
			s.runResolve()
		case jobEvent:
			s.runEvent(j.en, j.ev)
		case jobClosed:
			s.runClosed(j.why)
		}
	}
}

// runEvent runs one queued event, unless the server has closed the socket.
func (s *Socket) runEvent(en *entry, ev *Event) {
	defer ev.release() // also if the handler ends its goroutine
	if st := s.state.Load(); st == stateConnected || st == stateClosed {
		name := en.name
		if name == "" {
			name = strings.Clone(ev.Name()) // it outlives the event
		}
		s.call(name, en.run, ev)
	}
}

// onEvent takes an event from the client. Loop only. Does not allocate for an
// inline handler.
func (s *Socket) onEvent(pk *packet, bins [][]byte) {
	if pk.data == nil || s.state.Load() != stateConnected {
		return // an event without a name, as the reference ignores it; or we are leaving
	}
	en, name, args := s.find(pk.data, pk.first)
	if en == nil {
		return
	}
	if en.inline {
		ls := s.client.ls
		ls.event.load(s, pk.id, name, args, bins)
		ls.loop.Doing(en.name)
		s.call(en.name, en.run, &ls.event)
		ls.event.release()
		return
	}
	size := jobSize + len(pk.data)
	for _, b := range bins {
		size += len(b)
	}
	ev := newEvent(s, pk.id, name, args, bins)
	if !s.enqueue(job{kind: jobEvent, ev: ev, en: en, size: size}) {
		ev.release()
		s.nsp.fail(s, en.name, ErrTooManyEvents)
		s.client.close(ReasonForced)
	}
}

// jobSize is what an event that waits costs besides its bytes.
const jobSize = 256

// call runs a handler; what it returns or panics with goes to OnError.
func (s *Socket) call(event string, h Handler, ev *Event) {
	defer s.recovered(event)
	if err := h(ev); err != nil {
		s.nsp.fail(s, event, err)
	}
}

// recovered turns a panic into an error: a handler ends its own event, never
// the server. To be deferred.
func (s *Socket) recovered(event string) {
	if r := recover(); r != nil {
		s.nsp.failPanic(s, event, &PanicError{Value: r, Stack: debug.Stack()})
	}
}

// recoveredIn is recovered for what is registered on n. To be deferred.
func (s *Socket) recoveredIn(n *Namespace, event string) {
	if r := recover(); r != nil {
		n.failPanic(s, event, &PanicError{Value: r, Stack: debug.Stack()})
	}
}

// PanicError is what OnError gets when a handler panicked.
type PanicError struct {
	Value any
	Stack []byte
}

// Error names the value.
func (e *PanicError) Error() string { return fmt.Sprintf("sio: panic in handler: %v", e.Value) }

// Unwrap gives the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// workers is the pool of goroutines that run blocking handlers. It has no upper
// bound, because handlers that wait for each other must not starve; idle ones
// are kept for a while, the last used first.
type workers struct {
	mu     sync.Mutex
	idle   []*worker
	live   int // all workers
	timer  *time.Timer
	closed bool
	ended  chan struct{} // closed when closed and all workers have ended
}

type worker struct {
	work  chan *Socket
	since time.Time
}

// workerIdle is how long a worker waits for work before it ends.
const workerIdle = 10 * time.Second

// serve has a worker run the socket's jobs. Any goroutine. Does not allocate
// while there are idle workers.
func (p *workers) serve(s *Socket) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		w.work <- s
		return
	}
	p.live++
	p.mu.Unlock()
	w := &worker{work: make(chan *Socket, 1)}
	go p.run(w, s)
}

func (p *workers) run(w *worker, s *Socket) {
	serving := false
	defer func() {
		if serving { // a handler has called runtime.Goexit, as t.Fatal does
			go p.run(w, s)
			return
		}
		p.end()
	}()
	for s != nil {
		serving = true
		s.runJobs()
		serving = false
		if !p.rest(w) {
			return
		}
		s = <-w.work
	}
}

// end counts a worker that has ended.
func (p *workers) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live--
	p.check()
}

// check tells who waits for the end of the pool. Under mu.
func (p *workers) check() {
	if p.closed && p.live == 0 {
		select {
		case <-p.ended:
		default:
			close(p.ended)
		}
	}
}

// busy is the number of workers that run handlers now.
func (p *workers) busy() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live - len(p.idle)
}

// rest puts w among the idle. false: the pool is closed.
func (p *workers) rest(w *worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	if len(p.idle) == 0 && p.timer == nil {
		p.timer = time.AfterFunc(workerIdle, p.trim)
	}
	w.since = time.Now()
	p.idle = append(p.idle, w)
	return true
}

// trim ends the workers that have waited too long.
func (p *workers) trim() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	limit := time.Now().Add(-workerIdle)
	n := 0
	for n < len(p.idle) && p.idle[n].since.Before(limit) {
		p.idle[n].work <- nil // room for one, and it is empty
		n++
	}
	p.idle = append(p.idle[:0:0], p.idle[n:]...)
	p.timer = nil
	if len(p.idle) > 0 {
		p.timer = time.AfterFunc(workerIdle, p.trim)
	}
}

// close ends the idle workers now and the others when they are done.
func (p *workers) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	for _, w := range p.idle {
		w.work <- nil
	}
	p.idle = nil
	if p.timer != nil {
		p.timer.Stop()
	}
	p.check()
}
