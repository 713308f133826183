package sio

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

// Member is a server as its adapter sees it: where the adapter leaves what comes
// from the others.
type Member struct {
	srv     *Server
	adapter Adapter
	id      string

	mu    sync.Mutex
	asked map[string]*question // what this server has asked, by id
	next  uint64

	closed   atomic.Bool
	listings atomic.Int32 // for other servers, under way
	sent     atomic.Uint64
	failed   atomic.Uint64
	received atomic.Uint64
	ignored  atomic.Uint64
	gate     logGate
}

// join opens the server's adapter, if it has one. Any goroutine.
func (s *Server) join() error {
	if s.opts.Adapter == nil {
		return nil
	}
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	s.member = &Member{srv: s, adapter: s.opts.Adapter, id: hex.EncodeToString(raw[:]), asked: make(map[string]*question)}
	return s.member.adapter.Open(s.member)
}

// ID is the server's id in the cluster, 16 hexadecimal digits, a new one for
// each that is made. Any goroutine.
func (m *Member) ID() string { return m.id }

// Left says that the server of that id has gone: nobody waits for it any more.
// Any goroutine.
func (m *Member) Left(id string) {
	for _, q := range m.questions() {
		q.left(id)
	}
}

// questions are those that wait for answers.
func (m *Member) questions() []*question {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.asked))
}

// Receive does what another server has sent. It borrows msg and its byte slices.
// What is from this server itself or for another one is passed over; what is no
// message at all, or beyond the bounds, is passed over and counted in
// AdapterStats.Ignored. It waits for nobody, but runs the functions of
// [Namespace.OnServer]. Any goroutine; the messages of one server one after the
// other, in their order.
func (m *Member) Receive(msg *Message) {
	if msg.From == m.id || msg.To != "" && msg.To != m.id || m.closed.Load() {
		return
	}
	if err := msg.check(); err != nil {
		m.ignore(msg, err)
		return
	}
	if msg.Kind >= KindClientCount {
		m.answered(msg)
		return
	}
	m.received.Add(1)
	n := m.srv.lookupText(msg.Namespace)
	switch {
	case n != nil:
		m.serve(n, msg)
	case msg.ID != "": // no sockets of that namespace here
		m.answerNothing(msg)
	}
}

// lookupText is lookup for names from elsewhere, which may be empty.
func (s *Server) lookupText(name string) *Namespace {
	if name == "/" {
		return s.Namespace
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.nsps[name]
}

func (m *Member) ignore(msg *Message, err error) {
	m.ignored.Add(1)
	if hidden, ok := m.gate.open(); ok {
		m.srv.opts.Logger.Warn("sio: message of another server ignored", "kind", msg.Kind, "err", err, unlogged(hidden))
	}
}

// publish hands msg to the adapter. Any goroutine.
func (m *Member) publish(msg *Message) error {
	msg.From = m.id
	err := m.adapter.Publish(msg)
	if err == nil {
		m.sent.Add(1)
		return nil
	}
	m.failed.Add(1)
	if hidden, ok := m.gate.open(); ok {
		m.srv.opts.Logger.Warn("sio: message not sent to the other servers", "kind", msg.Kind, "err", err, unlogged(hidden))
	}
	return err
}

// list gives the rooms of a set; nil: none.
func (r *roomSet) list() []string {
	if r.n == 0 {
		return nil
	}
	list := make([]string, r.n)
	for i := range list {
		list[i] = r.at(i)
	}
	return list
}

// message is a message of that kind for the sockets that b selects in n. The
// socket that b passes over is of this server.
func (b *Broadcast) message(kind MessageKind, n *Namespace) *Message {
	return &Message{
		Kind: kind, Namespace: n.name, Rooms: b.rooms.list(), Except: b.except.list(),
		Volatile: b.flags&eio.Volatile != 0, NoCompress: b.flags&eio.NoCompress != 0, Refuse: b.flags&eio.Refuse != 0,
	}
}

// elsewhere gives the member if b concerns other servers, nil if not.
func (b *Broadcast) elsewhere() *Member {
	if b.local {
		return nil
	}
	return b.n.srv.member
}

// broadcast sends an event to the sockets of the other servers. It borrows all,
// and copies, so that what is emitted need not be on the heap where there is no
// adapter.
func (m *Member) broadcast(b *Broadcast, n *Namespace, event string, args []byte, bins [][]byte) error {
	msg := b.message(KindBroadcast, n)
	msg.Event, msg.Args, msg.Attachments = strings.Clone(event), bytes.Clone(args), slices.Clone(bins)
	return m.publish(msg)
}

// move has the other servers do to their sockets what b has done to those of
// this one. What fails is logged. It borrows names.
func (m *Member) move(b *Broadcast, kind MessageKind, names []string, all bool) {
	namespaces := []*Namespace{b.n}
	if b.n.match != nil {
		namespaces = b.n.kids()
	}
	for _, n := range namespaces {
		msg := b.message(kind, n)
		msg.Names, msg.All = slices.Clone(names), all
		_ = m.publish(msg) // which logs it
	}
}

// others asks the adapter who answers, for no longer than a question lasts.
func (m *Member) others(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	return m.adapter.Others(ctx)
}

// Servers is the number of servers of the cluster, this one among them, as far
// as its adapter knows by now; 1 where there is none. It returns ctx's error, or
// the adapter's, and [ErrOnLoop] on a loop. Blocks. Any goroutine.
func (s *Server) Servers(ctx context.Context) (int, error) {
	if s.member == nil {
		return 1, nil
	}
	if s.onLoop() {
		return 0, ErrOnLoop
	}
	others, err := s.member.adapter.Others(ctx)
	if err != nil {
		return 0, err
	}
	return 1 + len(others), nil
}

// stats gives the figures of now. Any goroutine.
func (m *Member) stats() AdapterStats {
	return AdapterStats{Sent: m.sent.Load(), Failed: m.failed.Load(), Received: m.received.Load(), Ignored: m.ignored.Load()}
}

// giveUp ends what this server waits for, and takes nothing more.
func (m *Member) giveUp() {
	m.closed.Store(true)
	for _, q := range m.questions() {
		q.finish(ErrClosed)
	}
}

// patience is how long answers of other servers are waited for.
func patience(ctx context.Context) time.Duration {
	if at, ok := ctx.Deadline(); ok {
		return max(time.Until(at), time.Millisecond)
	}
	return answerTimeout
}
