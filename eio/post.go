package eio

import "github.com/sio-fast/sio-fast/pool"

// op is one entry of a loop's inbox: a task, or a message for one session.
type op struct {
	task Task
	s    *Session
	f    *pool.Shared
	fl   SendFlags
}

// Post has t run on the loop, after everything posted before. On a loop that
// has ended it drops t, and calls its method Dropped if there is one. Any
// goroutine. Does not allocate.
func (l *Loop) Post(t Task) { l.post(op{task: t}) }

// PostSend is Post for s.Send(f, fl). It takes one reference of f. Any
// goroutine. Does not allocate.
func (l *Loop) PostSend(s *Session, f *pool.Shared, fl SendFlags) {
	l.post(op{s: s, f: f, fl: fl})
}

func (l *Loop) post(o op) {
	if l.dead.Load() {
		o.drop()
		return
	}
	if l.inbox.Post(o) {
		l.waker.Wake()
	}
	if l.dead.Load() { // it may have ended in between: nobody else would look
		l.dropAll()
	}
}

func (o *op) drop() {
	if o.f != nil {
		o.f.Release()
	}
	if d, ok := o.task.(dropper); ok {
		d.Dropped()
	}
}

func (l *Loop) dropAll() {
	l.deadMu.Lock()
	defer l.deadMu.Unlock()
	for {
		ops := l.inbox.Take()
		if len(ops) == 0 {
			return
		}
		for i := range ops {
			ops[i].drop()
		}
	}
}

// Quiet reports that nothing is posted or half done, so that a direct send
// overtakes nobody. Loop only.
func (l *Loop) Quiet() bool { return l.pos == len(l.ops) && l.inbox.Empty() }

// More reports, inside a Task, that more stands behind it: queue and coalesce
// then, else send at once. Loop only.
func (l *Loop) More() bool { return !l.Quiet() }
