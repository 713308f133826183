package sio

import "context"

// The acks of other servers' sockets.

// askAll asks the sockets of the other servers, too. It borrows args and bins.
// Who is to answer is looked up afterwards, on a goroutine, for it may take time.
func (m *Member) askAll(ctx context.Context, b *Broadcast, n *Namespace, g *gather, event string, args []byte, bins [][]byte, timeout int64) {
	g.expectLoops(1)
	q := m.ask(KindClientCount, ackTimeout(timeout), g.farAnswer, g.farEnd)
	msg := b.message(KindBroadcast, n)
	msg.ID, msg.Timeout = q.id, ackTimeout(timeout)
	msg.Event, msg.Args, msg.Attachments = event, args, bins
	if err := m.publish(msg); err != nil {
		q.finish(err)
		return
	}
	go func() {
		others, err := m.others(ctx)
		if err != nil {
			q.finish(err)
			return
		}
		q.expect(others)
	}()
}

// farAnswer notes the ack of a socket of another server, which it borrows.
func (g *gather) farAnswer(msg *Message) {
	if msg.Kind != KindAck {
		return // how many there are is for the question to know
	}
	a := gathered{r: Reply{ID: msg.Socket}}
	if msg.Error != "" {
		a.err = farError(msg.Error)
	} else {
		a.r.ev = msg.event()
	}
	g.mu.Lock()
	if !g.over {
		g.got = append(g.got, a)
	}
	g.mu.Unlock()
	g.signal()
}

// farEnd notes that no more acks come from other servers.
func (g *gather) farEnd(err error) {
	g.mu.Lock()
	g.open--
	if err != nil {
		g.late = err
	}
	g.mu.Unlock()
	g.signal()
}
