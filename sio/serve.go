package sio

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

// What a server does for the others.

// selection is what msg selects in n, on this server.
func (n *Namespace) selection(msg *Message) Broadcast {
	b := n.all()
	b.local = true
	for _, room := range msg.Rooms {
		b.rooms = b.rooms.with(room)
	}
	for _, room := range msg.Except {
		b.except = b.except.with(room)
	}
	if msg.Volatile {
		b.flags |= eio.Volatile
	}
	if msg.NoCompress {
		b.flags |= eio.NoCompress
	}
	if msg.Refuse {
		b.flags |= eio.Refuse
	}
	return b
}

// serve does what another server has for n. It borrows msg.
func (m *Member) serve(n *Namespace, msg *Message) {
	if msg.Kind == KindServerEvent {
		m.serveEvent(n, msg)
		return
	}
	b := n.selection(msg)
	switch msg.Kind {
	case KindBroadcast:
		var err error
		if msg.ID == "" {
			err = b.emitIn(n, msg.Event, msg.Args, msg.Attachments)
		} else {
			err = m.serveAsk(&b, n, msg)
		}
		if err != nil {
			m.ignore(msg, err)
		}
	case KindJoin:
		b.Join(msg.Names...)
	case KindLeave:
		b.Leave(msg.Names...)
	case KindDisconnect:
		b.Disconnect(msg.All)
	case KindFetch:
		m.serveFetch(&b, msg)
	}
}

// answerNothing answers a question about a namespace that is not here.
func (m *Member) answerNothing(msg *Message) {
	a := &Message{To: msg.From, Namespace: msg.Namespace, ID: msg.ID}
	switch msg.Kind {
	case KindBroadcast:
		a.Kind = KindClientCount
	case KindFetch:
		a.Kind = KindSockets
	case KindServerEvent:
		a.Kind, a.Error = KindServerAnswer, ErrNoHandler.Error()
	default:
		return
	}
	_ = m.publish(a)
}

// relay passes the acks of a broadcast on to the server that asked.
type relay struct {
	m       *Member
	to      string
	nsp     string
	id      string
	sending atomic.Int32 // loops that are still sending, and one
	asked   atomic.Int32 // sockets
}

// serveAsk sends an event that asks for acks.
func (m *Member) serveAsk(b *Broadcast, n *Namespace, msg *Message) error {
	far := &relay{m: m, to: msg.From, nsp: n.name, id: msg.ID}
	far.sending.Store(1)
	g := &gather{far: far}
	timeout := min(msg.Timeout, maxFarTimeout)
	if timeout <= 0 {
		timeout = answerTimeout
	}
	err := b.askIn(n, g, msg.Event, msg.Args, msg.Attachments, millis(timeout))
	g.loopDone() // the one that held it open
	return err
}

// loopDone notes that one loop has sent; with the last it says to how many.
func (r *relay) loopDone() {
	if r.sending.Add(-1) == 0 {
		_ = r.m.publish(&Message{Kind: KindClientCount, To: r.to, Namespace: r.nsp, ID: r.id, Count: int(r.asked.Load())})
	}
}

// answer passes the end of one ack on. What is late is not: whoever asked has
// the same clock. It borrows ev. Loop only.
func (r *relay) answer(s *Socket, ev *Event, err error) {
	if err == ErrAckTimeout {
		return
	}
	a := &Message{Kind: KindAck, To: r.to, Namespace: r.nsp, ID: r.id, Socket: s.ID()}
	if err != nil {
		a.Error = farText(err)
	} else {
		a.Args, a.Attachments = ev.args, ev.bins
	}
	_ = r.m.publish(a)
}

// serveFetch lists sockets. The loops begin before it returns, so that the list
// is of what earlier messages have done.
func (m *Member) serveFetch(b *Broadcast, msg *Message) {
	if m.listings.Add(1) > maxServed {
		m.listings.Add(-1)
		m.ignore(msg, errTooLarge)
		return
	}
	a := &Message{Kind: KindSockets, To: msg.From, Namespace: msg.Namespace, ID: msg.ID}
	c := b.collect()
	go func() {
		defer m.listings.Add(-1)
		c.wg.Wait()
		a.Sockets = make([]SocketInfo, 0, len(c.list))
		for _, s := range c.list {
			a.Sockets = append(a.Sockets, s.info())
		}
		_ = m.publish(a)
	}()
}

// info is s for another server. A value of its data that is no JSON is left out.
func (s *Socket) info() SocketInfo {
	r := s.remote()
	info := SocketInfo{ID: r.ID, Rooms: r.Rooms}
	info.Handshake, _ = json.Marshal(r.Handshake)
	var err error
	if info.Data, err = json.Marshal(r.Data); err != nil {
		data := make(map[string]json.RawMessage, len(r.Data))
		for name, v := range r.Data {
			if raw, err := json.Marshal(v); err == nil {
				data[name] = raw
			}
		}
		info.Data, _ = json.Marshal(data)
	}
	return info
}

// socket is what another server has told of one of its sockets. What it does not
// know stays empty.
func (i *SocketInfo) socket(n *Namespace) RemoteSocket {
	r := RemoteSocket{ID: i.ID, Rooms: i.Rooms, Handshake: new(Handshake), n: n}
	if r.Handshake.UnmarshalJSON(i.Handshake) != nil {
		r.Handshake = &Handshake{Auth: noAuth}
	}
	if json.Unmarshal(i.Data, &r.Data) != nil || r.Data == nil {
		r.Data = make(map[string]any)
	}
	return r
}

// serveEvent runs what n does with an event for servers.
func (m *Member) serveEvent(n *Namespace, msg *Message) {
	h := n.table.Load().server[msg.Event]
	if h == nil {
		if msg.ID != "" {
			m.answerNothing(msg)
		}
		return
	}
	e := &Event{name: []byte(msg.Event), args: msg.Args, bins: msg.Attachments, id: -1}
	if msg.ID != "" {
		e.id, e.asker = 0, &asker{m: m, to: msg.From, nsp: n.name, id: msg.ID}
	}
	err := m.run(n, h, e)
	if err == nil {
		return
	}
	if hidden, ok := m.gate.open(); ok {
		m.srv.opts.Logger.Warn("sio: server event failed", "namespace", n.name, "event", msg.Event, "err", err, unlogged(hidden))
	}
	if e.id >= 0 && e.answered.CompareAndSwap(false, true) {
		_ = m.publish(e.asker.message(farText(err)))
	}
}

// run calls h and survives its panic.
func (m *Member) run(n *Namespace, h Handler, e *Event) (err error) {
	defer func() {
		if r := recover(); r != nil {
			m.srv.panics.Add(1)
			m.srv.opts.Logger.Error("sio: panic in OnServer", "namespace", n.name, "panic", r, "stack", string(debug.Stack()))
			err = errPanicked
		}
	}()
	return h(e)
}

// asker is the server that waits for the answer to an event.
type asker struct {
	m       *Member
	to      string
	nsp, id string
}

func (a *asker) message(text string) *Message {
	return &Message{Kind: KindServerAnswer, To: a.to, Namespace: a.nsp, ID: a.id, Error: text}
}

// answer sends the answer. It borrows args and bins. Any goroutine.
func (a *asker) answer(args []byte, bins [][]byte) error {
	msg := a.message("")
	msg.Args, msg.Attachments = args, bins
	return a.m.publish(msg)
}

// leave closes the adapter. Any goroutine; once.
func (m *Member) leave(ctx context.Context) error {
	if err := m.adapter.Close(ctx); err != nil {
		return fmt.Errorf("sio: adapter: %w", err)
	}
	return nil
}

// ackTimeout is a broadcast's deadline for its servers.
func ackTimeout(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
