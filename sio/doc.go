// Package sio is a Socket.IO server: protocol 5 over the Engine.IO 4 of package
// eio.
//
// Handlers may block; those registered on [Namespace.Inline] must not. Say what
// a namespace does before it serves, then serve the [Server] with
// eventloop.ListenAndServe, with net/http, or with any router:
//
//	io, err := sio.New(nil)                        // nil: the reference's defaults
//	io.Use(func(s *sio.Socket) error { … })        // who may connect
//	io.OnConnect(func(s *sio.Socket) error { … })
//	sio.On(io, "chat", func(s *sio.Socket, m Chat) error {
//		return s.To("lobby").Emit("chat", &m)      // everyone in the lobby but s
//	})
//	eventloop.ListenAndServe(":3000", io)          // or http.ListenAndServe(":3000", io)
//
// # The parts
//
//	Server ─── "/", "/admin", … Namespace ─── rooms
//	   │                          │             │
//	   │ one engine session       └── Socket ───┘   a Socket is one client's
//	   └────── client ────────────────┘             connection to one namespace
//
//	Broadcast   a selection of sockets and what to do to them: a value
//	Event       what a client sent, lent to its handler
//
// # Which goroutine runs what
//
// A session lives on one loop from its first byte to its last. The loop parses
// packets, matches acks, keeps the rooms, and walks the sockets of a broadcast.
// It never waits.
//
//	            ┌──────────────── loop ────────────────┐
//	bytes ─────►│ parse ─► inline handler              │
//	            │      └─► copy ─► the socket's queue ─┼──► worker: middlewares,
//	            │                                      │    OnConnect, handlers,
//	any other   │                                      │    OnDisconnect, in order
//	goroutine ─►│ inbox: emits, joins, broadcasts, …   │◄── what they emit and join
//	            └──────────────────────────────────────┘
//
// On a worker (a pooled goroutine; as many as handlers block) run, for one
// socket one at a time and in order: connect middlewares, OnConnect, handlers,
// OnDisconnecting, OnDisconnect. On the loop run: inline handlers, replies of
// EmitAck, OnAnyOutgoing for broadcasts, and the hooks of Options that say so.
// They must not block; a loop that is held up for 100 ms is logged with the
// event's name. What waits ([Call], [Broadcast.Acks], [Broadcast.Sockets])
// returns [ErrOnLoop] there.
//
// # Order
//
// What one goroutine emits, joins, leaves and broadcasts in sequence takes
// effect in that sequence: each call leaves an op in the inbox of the loop that
// owns the socket, or in every loop's for a broadcast, and a loop takes its
// inbox first in, first out. An ack goes out directly only if nothing waits
// there. A broadcast of thousands is cut into chunks between which the loop
// serves its sockets, but nothing posted later overtakes it.
//
// # Memory
//
// An event is lent to its handler until that returns: name, arguments and
// attachments are views, into the loop's buffer for an inline handler and into
// a pooled copy for the others. [Event.Clone] keeps one. What is emitted is
// encoded and framed once, whatever the number of sockets, and is shared by
// all of them until the last has sent it. What a client may make the server
// hold is bounded by [Options].
package sio
