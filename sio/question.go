package sio

import (
	"strconv"
	"sync"
	"time"
)

// question is what this server has asked the others, until all have answered. An
// answer is one message of each server; and where sockets are asked, too, the
// number of those, and one message of each.
type question struct {
	m    *Member
	id   string
	kind MessageKind // by which a server answers
	// give hears of each answer, which it borrows; end comes last, once. Both
	// are called on whatever goroutine brings it, give under mu.
	give func(msg *Message)
	end  func(err error)

	mu     sync.Mutex
	over   bool
	known  bool                // it is known who is to answer
	owing  map[string]struct{} // who has not, by id
	nobody int                 // how many more, whose ids are not known
	told   map[string]int      // who has, and how many acks are still to come from there
	early  map[string]int      // acks that came before their number
	due    int                 // how many acks are still to come, over all
	err    error               // what is missing, and why
	timer  *time.Timer
}

// ask makes a question that ends after patience. It is asked by whoever calls,
// with its id.
func (m *Member) ask(kind MessageKind, patience time.Duration, give func(*Message), end func(error)) *question {
	q := &question{m: m, kind: kind, give: give, end: end, told: make(map[string]int), early: make(map[string]int)}
	m.mu.Lock()
	m.next++
	q.id = m.id + "." + strconv.FormatUint(m.next, 36)
	m.asked[q.id] = q
	m.mu.Unlock()
	q.mu.Lock()
	q.timer = time.AfterFunc(patience, func() { q.finish(ErrAckTimeout) })
	q.mu.Unlock()
	if m.closed.Load() {
		q.finish(ErrClosed)
	}
	return q
}

// answered takes an answer. Any goroutine.
func (m *Member) answered(msg *Message) {
	m.mu.Lock()
	q := m.asked[msg.ID]
	m.mu.Unlock()
	if q == nil || !q.take(msg) {
		m.ignored.Add(1) // too late, or asked by nobody
		return
	}
	m.received.Add(1)
}

func (q *question) take(msg *Message) bool {
	q.mu.Lock()
	_, again := q.told[msg.From]
	switch {
	case q.over:
		q.mu.Unlock()
		return false
	case msg.Kind == KindAck && q.kind == KindClientCount:
		if again {
			q.told[msg.From]--
		} else {
			q.early[msg.From]++
		}
		q.due--
		q.give(msg)
	case msg.Kind != q.kind || again:
		q.mu.Unlock()
		return false
	default:
		q.tell(msg.From, msg.Count)
		q.give(msg)
	}
	q.unlock()
	return true
}

// tell notes that a server has answered. Under mu.
func (q *question) tell(from string, count int) {
	if q.kind != KindClientCount {
		count = 0
	}
	q.told[from] = count - q.early[from]
	q.due += count
	if !q.known {
		return
	}
	if _, ok := q.owing[from]; ok {
		delete(q.owing, from)
	} else if q.nobody > 0 {
		q.nobody--
	}
}

// expect says who is to answer.
func (q *question) expect(others []string) {
	q.mu.Lock()
	q.known = true
	q.owing = make(map[string]struct{}, len(others))
	early := len(q.told) // who has answered already, and is not among the known
	for _, id := range others {
		switch _, told := q.told[id]; {
		case id == "":
			q.nobody++
		case told:
			early--
		default:
			q.owing[id] = struct{}{}
		}
	}
	q.nobody = max(q.nobody-early, 0)
	q.unlock()
}

// left says that nothing more comes from a server.
func (q *question) left(id string) {
	q.mu.Lock()
	due, told := q.told[id]
	switch {
	case !told:
		if _, ok := q.owing[id]; ok || q.nobody > 0 {
			q.err = ErrServerLeft
		}
		q.tell(id, q.early[id])
	case due > 0:
		q.told[id], q.due, q.err = 0, q.due-due, ErrServerLeft
	}
	q.unlock()
}

// unlock ends the question if nothing is missing any more. Under mu, which it
// releases.
func (q *question) unlock() {
	done := q.known && len(q.owing) == 0 && q.nobody == 0 && q.due <= 0
	err := q.err
	q.mu.Unlock()
	if done {
		q.finish(err)
	}
}

// finish ends the question, whatever is missing. Any goroutine.
func (q *question) finish(err error) {
	q.mu.Lock()
	if q.over {
		q.mu.Unlock()
		return
	}
	q.over = true
	q.timer.Stop()
	q.mu.Unlock()
	q.m.mu.Lock()
	delete(q.m.asked, q.id)
	q.m.mu.Unlock()
	q.end(err)
}
