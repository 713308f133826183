// Package adaptertest has what tests of clusters need: a suite that every
// [sio.Adapter] must pass, in the manner of testing/fstest, and a bus that
// connects servers of one process.
//
//	bus := adaptertest.NewBus()
//	a, _ := sio.New(&sio.Options{Adapter: bus.Join()})
//	b, _ := sio.New(&sio.Options{Adapter: bus.Join()})
package adaptertest

import (
	"context"
	"errors"
	"sync"

	"github.com/sio-fast/sio-fast/sio"
)

// Bus connects servers of one process. Each message is encoded, and decoded at
// every other server, as over a network; nothing is lost.
type Bus struct {
	mu  sync.Mutex
	all map[string]*link // by the server's id
}

// NewBus makes a bus that nobody is on. Any goroutine.
func NewBus() *Bus { return &Bus{all: make(map[string]*link)} }

// Join makes an adapter for one more server. Any goroutine.
func (b *Bus) Join() sio.Adapter { return &link{bus: b} }

// Inject gives every server data, as if somebody had put it on the bus. It
// borrows data. Any goroutine.
func (b *Bus) Inject(data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.all {
		_ = l.push(item{data: append([]byte(nil), data...)})
	}
}

// Crash takes the server of a off the bus as if its process had died: the others
// are not told, and go on to wait for it. Any goroutine.
func (b *Bus) Crash(a sio.Adapter) {
	l := a.(*link)
	l.mu.Lock()
	l.deaf = true
	l.mu.Unlock()
}

// queueBytes bounds what waits for one server.
const queueBytes = 16 << 20

var (
	// ErrFull says that a server on the bus is too far behind.
	ErrFull = errors.New("adaptertest: a server's queue is full")
	// ErrClosed says that the adapter is not open.
	ErrClosed = errors.New("adaptertest: adapter closed")
)

// link is a server's end of the bus.
type link struct {
	bus *Bus
	m   *sio.Member

	mu    sync.Mutex
	queue []item
	size  int
	shut  bool // takes nothing more
	deaf  bool // has crashed
	wake  chan struct{}
	ended chan struct{}
}

// item is a message, or who has left.
type item struct {
	data []byte
	left string
}

// Open implements sio.Adapter.
func (l *link) Open(m *sio.Member) error {
	l.m, l.wake, l.ended = m, make(chan struct{}, 1), make(chan struct{})
	l.bus.mu.Lock()
	l.bus.all[m.ID()] = l
	l.bus.mu.Unlock()
	go l.deliver()
	return nil
}

// Publish implements sio.Adapter. What goes to several is not taken back from
// the others when the queue of one is full.
func (l *link) Publish(msg *sio.Message) error {
	data, err := msg.AppendBinary(nil)
	if err != nil {
		return err
	}
	l.bus.mu.Lock() // so that all of a goroutine's messages have one order everywhere
	defer l.bus.mu.Unlock()
	if l.bus.all[l.m.ID()] != l {
		return ErrClosed
	}
	if l.crashed() {
		return nil
	}
	for id, other := range l.bus.all {
		if other != l && (msg.To == "" || msg.To == id) {
			err = errors.Join(err, other.push(item{data: data}))
		}
	}
	return err
}

// Others implements sio.Adapter.
func (l *link) Others(context.Context) ([]string, error) {
	l.bus.mu.Lock()
	defer l.bus.mu.Unlock()
	var ids []string
	for id, other := range l.bus.all {
		if other != l {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Close implements sio.Adapter.
func (l *link) Close(ctx context.Context) error {
	l.bus.mu.Lock()
	delete(l.bus.all, l.m.ID())
	for _, other := range l.bus.all {
		_ = other.push(item{left: l.m.ID()})
	}
	l.bus.mu.Unlock()
	l.mu.Lock()
	l.shut = true
	l.mu.Unlock()
	l.signal()
	select {
	case <-l.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *link) crashed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.deaf
}

// push queues what is to be delivered.
func (l *link) push(x item) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deaf || l.shut {
		return nil
	}
	if l.size += len(x.data); l.size > queueBytes && x.left == "" {
		l.size -= len(x.data)
		return ErrFull
	}
	l.queue = append(l.queue, x)
	l.signal()
	return nil
}

func (l *link) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// deliver hands the server what comes, in order, until the adapter is closed.
func (l *link) deliver() {
	defer close(l.ended)
	for range l.wake {
		for {
			l.mu.Lock()
			batch, shut := l.queue, l.shut
			l.queue = nil
			l.mu.Unlock()
			if shut {
				return
			}
			if len(batch) == 0 {
				break
			}
			for _, x := range batch {
				l.hand(x)
			}
		}
	}
}

func (l *link) hand(x item) {
	if x.left != "" {
		l.m.Left(x.left)
		return
	}
	l.mu.Lock()
	l.size -= len(x.data)
	deaf := l.deaf
	l.mu.Unlock()
	var msg sio.Message
	if deaf {
		return
	}
	if msg.UnmarshalBinary(x.data) != nil {
		l.m.Receive(&sio.Message{}) // is counted
		return
	}
	l.m.Receive(&msg)
}
