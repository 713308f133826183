package main

import (
	"context"
	"encoding/json"

	"github.com/sio-fast/sio-fast/sio"
)

// serveRooms is what sockets do with rooms.
func serveRooms(n *sio.Namespace) {
	n.On("join", func(e *sio.Event) error {
		var names rooms
		if _, err := bind(e, &names); err != nil {
			return err
		}
		e.Socket().Join(names...)
		return e.Ack(roomsOf(e.Socket()))
	})
	n.On("leave", func(e *sio.Event) error {
		var names rooms
		if _, err := bind(e, &names); err != nil {
			return err
		}
		for _, name := range names {
			e.Socket().Leave(name)
		}
		return e.Ack(roomsOf(e.Socket()))
	})
	n.On("rooms", func(e *sio.Event) error { return e.Ack(roomsOf(e.Socket())) })
	n.On("fetch-sockets", func(e *sio.Event) error {
		var names rooms
		if _, err := bind(e, &names); err != nil {
			return err
		}
		found := []remoteSocket{}
		for s, err := range names.to(e.Socket().Namespace().Local()).Sockets(e.Context()) {
			if err != nil {
				return err
			}
			found = append(found, remoteSocket{s.ID, sortedRooms(s.ID, s.Rooms), s.Data})
		}
		return e.Ack(found)
	})
	change := func(name string, do func(b sio.Broadcast, names rooms)) {
		n.On(name, func(e *sio.Event) error {
			var in, names rooms
			if _, err := bind(e, &in, &names); err != nil {
				return err
			}
			nsp := e.Socket().Namespace()
			do(in.to(nsp.Local()), names)
			// The ack says that it is done: on every loop.
			for _, err := range nsp.Sockets(e.Context()) {
				if err != nil {
					return err
				}
			}
			return e.Ack()
		})
	}
	change("sockets-join", func(b sio.Broadcast, names rooms) { b.Join(names...) })
	change("sockets-leave", func(b sio.Broadcast, names rooms) { b.Leave(names...) })
	n.On("disconnect-sockets", func(e *sio.Event) error {
		var names rooms
		var all any
		if _, err := bind(e, &names, &all); err != nil {
			return err
		}
		names.to(e.Socket().Namespace().Local()).Disconnect(all == true)
		return nil
	})
}

type remoteSocket struct {
	ID    string         `json:"id"`
	Rooms []string       `json:"rooms"`
	Data  map[string]any `json:"data"`
}

// serveBroadcasts is what reaches more than one socket.
func serveBroadcasts(n *sio.Namespace) {
	// Namespace.Local selects every socket; a dynamic namespace's handlers run
	// for its children, so the namespace is always the socket's own.
	all := func(s *sio.Socket) sio.Broadcast { return s.Namespace().Local() }
	inRooms := func(name string, base func(s *sio.Socket) sio.Broadcast) {
		n.On(name, func(e *sio.Event) error {
			var names rooms
			var event string
			args, err := bind(e, &names, &event)
			if err != nil {
				return err
			}
			return names.to(base(e.Socket())).Emit(event, args...)
		})
	}
	inRooms("to", (*sio.Socket).Broadcast)
	inRooms("in", all)
	toAll := func(name string, base func(s *sio.Socket) sio.Broadcast) {
		n.On(name, func(e *sio.Event) error {
			var event string
			args, err := bind(e, &event)
			if err != nil {
				return err
			}
			return base(e.Socket()).Emit(event, args...)
		})
	}
	toAll("broadcast", (*sio.Socket).Broadcast)
	toAll("all", all)
	n.On("except", func(e *sio.Event) error {
		var names, without rooms
		var event string
		args, err := bind(e, &names, &without, &event)
		if err != nil {
			return err
		}
		return without.except(names.to(all(e.Socket()))).Emit(event, args...)
	})
	n.On("to-ask", toAsk)
	serveLater(n)
}

// serveLater is the same after some time.
func serveLater(n *sio.Namespace) {
	later := func(name string, base func(s *sio.Socket) emitter) {
		n.On(name, func(e *sio.Event) error {
			var after millis
			var event string
			args, err := bind(e, &after, &event)
			if err != nil {
				return err
			}
			to := base(e.Socket())
			return after.later(func() error { return to.Emit(event, args...) })
		})
	}
	later("later", func(s *sio.Socket) emitter { return s })
	later("later-all", func(s *sio.Socket) emitter { return s.Namespace() })
	n.On("later-in", func(e *sio.Event) error {
		var after millis
		var names rooms
		var event string
		args, err := bind(e, &after, &names, &event)
		if err != nil {
			return err
		}
		to := names.to(e.Socket().Namespace().Local())
		return after.later(func() error { return to.Emit(event, args...) })
	})
}

type askedAll struct {
	Err       bool  `json:"err"`
	Responses []any `json:"responses"`
}

// toAsk waits for many clients, so it lets the socket's other events go on.
func toAsk(e *sio.Event) error {
	var names rooms
	var event string
	var within millis
	args, err := bind(e, &names, &event, &within)
	if err != nil {
		return err
	}
	to := names.to(e.Socket().Namespace().Local()).Timeout(within.duration())
	e = e.Clone()
	go func() {
		replies, err := to.AllAcks(context.Background(), event, args...)
		answer := askedAll{Err: err != nil, Responses: []any{}}
		for _, r := range replies {
			answer.Responses = append(answer.Responses, firstOf(r.Event()))
		}
		_ = e.Ack(answer)
	}()
	return nil
}

// firstOf gives the first argument of an ack, or null.
func firstOf(answer *sio.Event) any {
	if answer != nil {
		if args, err := arguments(answer); err == nil && len(args) > 0 {
			return args[0]
		}
	}
	return json.RawMessage("null")
}
