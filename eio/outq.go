package eio

import "github.com/sio-fast/sio-fast/pool"

// outq is bytes on their way out, as references: to the kernel behind a peer,
// or to a transport in front of a session. It exists only while it holds
// something; loops keep a slab of them.
//
//	items: [sent][sent][ off▒▒ rest ][ ... ][ own, still growing ]
//	                    ^ head
type outq struct {
	items []*pool.Shared
	head  int
	off   int  // bytes of items[head] that are sent
	bytes int  // unsent
	sum   *int // of bytes, over the loop's queues
	own   bool // the last item was made here: it may be appended to
	few   [4]*pool.Shared
}

func resetOutq(q *outq) {
	if cap(q.items) > 32 {
		q.items = nil
	}
	*q = outq{items: q.items[:0], sum: q.sum}
}

// newQueue takes a queue from the slab.
func (l *Loop) newQueue() *outq {
	q := l.outqs.Get()
	if q.items == nil {
		q.items = q.few[:0] // enough for most
	}
	q.sum = &l.backlog
	return q
}

// count notes that n more bytes are unsent.
func (q *outq) count(n int) {
	q.bytes += n
	*q.sum += n
}

// push queues f from byte off on. It takes one reference of f.
func (q *outq) push(f *pool.Shared, off int) {
	if q.head == len(q.items) {
		q.items, q.head, q.off = q.items[:0], 0, off
	} else if q.head > 32 && q.head > len(q.items)/2 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, f)
	q.count(len(f.B) - off)
	q.own = false
}

// holdCopied is how long a message may be that hold copies.
const holdCopied = 256

// hold queues f from byte off on for as long as it may take. It borrows f and
// retains it, unless that would hold much more memory than the queue counts:
// buffers are pooled, so one that a large message has grown may carry a small
// one, and a client that does not read could pin thousands of them.
//
// What is small is copied to the queue's own buffer, behind each other: a
// reference and what it refers to take ten times the room of a short message.
func (q *outq) hold(f *pool.Shared, off int) {
	switch b := f.B[off:]; {
	case len(b) <= holdCopied:
		q.append(b)
		return
	case wasteful(f, len(b)):
		q.push(pool.CopyShared(b), 0)
		return
	}
	f.Retain()
	q.push(f, off)
}

// wasteful says that n bytes do not need the buffer they are in. What is below
// the first bound is the buffers that small messages grow by themselves.
func wasteful(f *pool.Shared, n int) bool { return cap(f.B) > 256 && cap(f.B) > 8*n }

// settle is called when what was queued for an instant turns out to be held up:
// it does for each item what hold would have done, save for a last one that
// still grows.
func (q *outq) settle() {
	last := len(q.items)
	if q.own {
		last--
	}
	var small *pool.Shared   // the item before, if made here
	to, off := q.head, q.off // off is the first item's alone
	for _, f := range q.items[q.head:last] {
		b := f.B[off:]
		off = 0
		switch {
		case len(b) <= holdCopied && small != nil && len(small.B) < corkSize:
			small.B = append(small.B, b...)
			f.Release()
			continue
		case len(b) <= holdCopied:
			small = pool.NewShared()
			small.B = append(small.B, b...)
			q.put(to, small)
			f.Release()
		case wasteful(f, len(b)):
			q.put(to, pool.CopyShared(b))
			small = nil
			f.Release()
		default:
			q.items[to], small = f, nil
		}
		to++
	}
	if to == last {
		return
	}
	to += copy(q.items[to:], q.items[last:])
	clear(q.items[to:])
	q.items = q.items[:to]
}

// put has f stand for the unsent part of the i-th item.
func (q *outq) put(i int, f *pool.Shared) {
	if q.items[i] = f; i == q.head {
		q.off = 0
	}
}

// tail lends a buffer of the queue's own to append to; the caller adds what it
// appended with count.
func (q *outq) tail() *pool.Shared {
	if q.own && q.head < len(q.items) {
		if f := q.items[len(q.items)-1]; len(f.B) < corkSize {
			return f
		}
	}
	f := pool.NewShared()
	q.push(f, 0)
	q.own = true
	return f
}

// append copies b to the end of the queue.
func (q *outq) append(b []byte) {
	f := q.tail()
	f.B = append(f.B, b...)
	q.count(len(b))
}

// consume drops the first n unsent bytes.
func (q *outq) consume(n int) {
	q.count(-n)
	for n > 0 {
		f := q.items[q.head]
		left := len(f.B) - q.off
		if n < left {
			q.off += n
			return
		}
		n -= left
		q.items[q.head] = nil
		q.head++
		q.off = 0
		f.Release()
	}
}

// drop releases everything.
func (q *outq) drop() {
	for _, f := range q.items[q.head:] {
		f.Release()
	}
	clear(q.items[q.head:])
	q.count(-q.bytes)
	q.items, q.head, q.off, q.own = q.items[:0], 0, 0, false
}
