package sio

import (
	"context"
	"maps"
)

// mayServe says whether event may be sent to servers.
func mayServe(event string) error {
	switch event {
	case "connect", "connection", "new_namespace":
		return ErrReserved
	}
	return nil
}

// OnServer has h handle event when another server of the cluster emits it
// ([Namespace.ServerSideEmit]) to its namespace of the same name. The event has
// no socket; its Ack answers the server that has asked, and an error does so,
// too. h runs on the goroutine on which the adapter brings everything else: it
// must not block, and must not ask other servers, for their answer would wait
// behind it. It panics for a second handler of the event and for "connect",
// "connection" and "new_namespace". Any goroutine.
func (n *Namespace) OnServer(event string, h Handler) {
	notNil(h == nil)
	if mayServe(event) != nil {
		panic("sio: " + event + " is a reserved event name")
	}
	n.change(func(t *table) {
		if _, ok := t.server[event]; ok {
			panic("sio: second handler for server event " + event)
		}
		t.server = maps.Clone(t.server)
		if t.server == nil {
			t.server = make(map[string]Handler)
		}
		t.server[event] = h
	})
}

// ServerSideEmit sends event to the other servers of a cluster, to their
// namespaces of this name (see [Namespace.OnServer]) and not to clients. A
// server without Options.Adapter has no others: it returns [ErrAlone], and
// nothing happens. It returns [ErrReserved] for "connect", "connection" and
// "new_namespace", [ErrParent] on a dynamic namespace, the encoder's error and
// the adapter's. Any goroutine.
func (n *Namespace) ServerSideEmit(event string, args ...any) error {
	return n.serverSide(event, "", 0, args)
}

// serverSide sends event to the other servers.
func (n *Namespace) serverSide(event, id string, patience int64, args []any) error {
	if err := mayServe(event); err != nil {
		return err
	}
	sc, err := encode(args)
	if err != nil {
		return err
	}
	defer sc.free()
	m := n.srv.member
	switch {
	case m == nil:
		return ErrAlone
	case n.match != nil:
		return ErrParent
	case n.srv.closed.Load():
		return ErrClosed
	}
	return m.publish(&Message{
		Kind: KindServerEvent, Namespace: n.name, ID: id, Timeout: ackTimeout(patience),
		Event: event, Args: sc.args, Attachments: sc.bins,
	})
}

// ServerSideAsk is ServerSideEmit to servers that answer. It gives their answers,
// whose ID is the server's, and the first error: that of a server,
// [ErrNoHandler] of one that has no OnServer for the event, [ErrServerLeft] of one
// that has left before it answered, or [ErrAckTimeout] when not all have answered
// by ctx's deadline; without one that is after five seconds. It returns
// [ErrOnLoop] on a loop, and what ServerSideEmit does. Blocks. Any goroutine.
func (n *Namespace) ServerSideAsk(ctx context.Context, event string, args ...any) (replies []Reply, err error) {
	m := n.srv.member
	switch {
	case m == nil: // says whatever else is wrong, too
		return nil, n.serverSide(event, "", 0, args)
	case n.srv.onLoop():
		return nil, ErrOnLoop
	}
	others, err := m.others(ctx)
	if err != nil {
		return nil, err
	}
	var first error
	done := make(chan error, 1)
	wait := patience(ctx)
	q := m.ask(KindServerAnswer, wait, func(msg *Message) {
		switch {
		case msg.Error == "":
			replies = append(replies, Reply{msg.From, msg.event()})
		case first == nil:
			first = farError(msg.Error)
		}
	}, func(err error) { done <- err })
	if err := n.serverSide(event, q.id, millis(wait), args); err != nil {
		q.finish(err)
	} else {
		q.expect(others)
	}
	err = q.wait(ctx, done)
	if err == nil {
		err = first
	}
	return replies, err
}

// wait waits for the end of q, which it brings about when ctx ends.
func (q *question) wait(ctx context.Context, done chan error) error {
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		q.finish(waitError(ctx))
		return <-done
	}
}

// event is the answer in m as an event without a socket; it is a copy.
func (m *Message) event() *Event {
	e := &Event{id: -1}
	e.keep(nil, nil, m.Args, m.Attachments)
	return e
}
