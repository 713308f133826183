package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/sio-fast/sio-fast/sio"
)

// serveEvents registers sections 5 and 6 of the contract with a namespace.
func serveEvents(n *sio.Namespace, ended *endings) {
	n.OnConnect(greet)
	ended.watch(n)
	block(n)
	serveEchoes(n)
	serveAcks(n)
	serveOutput(n)
	serveState(n, ended)
	serveRooms(n)
	serveBroadcasts(n)
}

// session is what a client of the profile recovery is told.
type session struct {
	Recovered bool           `json:"recovered"`
	Rooms     []string       `json:"rooms"`
	Data      map[string]any `json:"data"`
}

func greet(s *sio.Socket) error {
	if err := s.Emit("auth", s.Handshake().Auth); err != nil {
		return err
	}
	if s.Server().Options().Recovery != nil {
		if err := s.Emit("session", session{s.Recovered(), roomsOf(s), s.Data().All()}); err != nil {
			return err
		}
	}
	if user, ok := userKey.Get(s); ok {
		return s.Emit("welcome", map[string]string{"user": user})
	}
	return nil
}

var errBlocked = errors.New("blocked by middleware")

// block registers the packet middleware and what the client is told.
func block(n *sio.Namespace) {
	n.UsePacket(func(e *sio.Event) error {
		if e.Name() == "mw-blocked" {
			return errBlocked
		}
		return nil
	})
	n.OnError(func(s *sio.Socket, event string, err error) {
		if errors.Is(err, errBlocked) {
			_ = s.Emit("mw-error", err.Error(), map[string]string{"event": event})
			return
		}
		var p *sio.PanicError
		if errors.As(err, &p) {
			fail(3, "panic: %v\n%s", p.Value, p.Stack)
		}
	})
}

// emitter is what has Emit: a socket, a broadcast, a namespace.
type emitter interface {
	Emit(event string, args ...any) error
}

func serveEchoes(n *sio.Namespace) {
	n.On("message", func(e *sio.Event) error {
		args, err := bind(e)
		if err != nil {
			return err
		}
		return e.Socket().Emit("message-back", args...)
	})
	n.On("message-with-ack", func(e *sio.Event) error {
		args, err := bind(e)
		if err != nil {
			return err
		}
		return e.Ack(args...)
	})
	n.On("echo", func(e *sio.Event) error {
		args, err := bind(e)
		if err != nil {
			return err
		}
		if e.WantsAck() {
			return e.Ack(args...)
		}
		return e.Socket().Emit("echo", args...)
	})
}

func serveAcks(n *sio.Namespace) {
	n.On("ack-none", func(*sio.Event) error { return nil })
	n.On("ack-twice", func(e *sio.Event) error {
		args, err := bind(e)
		if err != nil || len(args) < 2 {
			return errors.Join(err, errMissing)
		}
		if err := e.Ack(args[0]); err != nil {
			return err
		}
		if err := e.Ack(args[1]); !errors.Is(err, sio.ErrNoAck) {
			return errors.New("a second ack was not refused")
		}
		return nil
	})
	n.On("ack-late", func(e *sio.Event) error {
		var after millis
		if _, err := bind(e, &after); err != nil {
			return err
		}
		e = e.Clone()
		return after.later(func() error { return e.Ack("late") })
	})
	n.On("ask", func(e *sio.Event) error {
		var event string
		var within millis
		args, err := bind(e, &event, &within)
		if err != nil {
			return err
		}
		asked := e.Clone()
		return e.Socket().Timeout(within.duration()).EmitAck(event, func(answer *sio.Event, err error) {
			_ = asked.Ack(askResult(answer, err))
		}, args...)
	})
}

type askAnswer struct {
	OK    bool   `json:"ok"`
	Args  *[]any `json:"args,omitempty"`
	Error string `json:"error,omitempty"`
}

func askResult(answer *sio.Event, err error) askAnswer {
	var args []any
	if err == nil {
		args, err = arguments(answer)
	}
	switch {
	case errors.Is(err, sio.ErrAckTimeout):
		return askAnswer{Error: "operation has timed out"}
	case err != nil:
		return askAnswer{Error: strings.TrimPrefix(err.Error(), "sio: ")}
	}
	if args == nil {
		args = []any{}
	}
	return askAnswer{OK: true, Args: &args}
}

// serveOutput is what the server sends by itself: much, large, late.
func serveOutput(n *sio.Namespace) {
	n.On("seq", func(e *sio.Event) error {
		var count int
		var event string
		if _, err := bind(e, &count, &event); err != nil {
			return err
		}
		for i := range count {
			if err := e.Socket().Emit(event, i); err != nil {
				return err
			}
		}
		return nil
	})
	n.On("big", func(e *sio.Event) error {
		var size int
		var event string
		if _, err := bind(e, &size, &event); err != nil {
			return err
		}
		return e.Socket().Emit(event, strings.Repeat("x", size))
	})
	n.On("big-bin", func(e *sio.Event) error {
		var size int
		var event string
		if _, err := bind(e, &size, &event); err != nil {
			return err
		}
		return e.Socket().Emit(event, bytes.Repeat([]byte{0xa5}, size))
	})
	n.On("bins", func(e *sio.Event) error {
		var count, size int
		var event string
		if _, err := bind(e, &count, &size, &event); err != nil {
			return err
		}
		args := make([]any, count)
		for i := range args {
			args[i] = bytes.Repeat([]byte{byte(i)}, size)
		}
		return e.Socket().Emit(event, args...)
	})
	send := func(name string, to func(s *sio.Socket) emitter) {
		n.On(name, func(e *sio.Event) error {
			var event string
			args, err := bind(e, &event)
			if err != nil {
				return err
			}
			return to(e.Socket()).Emit(event, args...)
		})
	}
	send("volatile", func(s *sio.Socket) emitter { return s.Volatile() })
	send("uncompressed", func(s *sio.Socket) emitter { return s.Compress(false) })
	n.On("volatile-then", func(e *sio.Event) error {
		var first, second string
		if _, err := bind(e, &first, &second); err != nil {
			return err
		}
		if err := e.Socket().Volatile().Emit(first); err != nil {
			return err
		}
		return e.Socket().Emit(second)
	})
}

// serveState is what a socket is and has, and how it ends.
func serveState(n *sio.Namespace, ended *endings) {
	n.On("set-data", func(e *sio.Event) error {
		var key string
		args, err := bind(e, &key)
		if err != nil || len(args) == 0 {
			return errors.Join(err, errMissing)
		}
		e.Socket().Data().Set(key, args[0])
		return e.Ack(e.Socket().Data().All())
	})
	n.On("get-data", func(e *sio.Event) error { return e.Ack(e.Socket().Data().All()) })
	n.On("transport", func(e *sio.Event) error { return e.Ack(e.Socket().Transport().String()) })
	n.On("protocol", func(e *sio.Event) error { return e.Ack(e.Socket().Protocol()) })
	n.On("handshake", func(e *sio.Event) error { return e.Ack(handshakeOf(e.Socket())) })
	n.On("server-disconnect", func(e *sio.Event) error {
		var all any
		if err := e.Bind(&all); err != nil {
			return err
		}
		e.Socket().Disconnect(all == true)
		return nil
	})
	n.On("engine-close", func(e *sio.Event) error {
		e.Socket().CloseConnection()
		return nil
	})
	n.On("terminate", func(e *sio.Event) error {
		e.Socket().Terminate()
		return nil
	})
	n.On("reason-of", func(e *sio.Event) error {
		var id string
		if _, err := bind(e, &id); err != nil {
			return err
		}
		asked := e.Clone()
		ended.ask(id, func(how ending) { _ = asked.Ack(how) })
		return nil
	})
}

type handshakeAnswer struct {
	Query      map[string]string `json:"query"`
	Auth       json.RawMessage   `json:"auth"`
	URL        string            `json:"url"`
	Secure     bool              `json:"secure"`
	XDomain    bool              `json:"xdomain"`
	Issued     int64             `json:"issued"`
	HasTime    bool              `json:"hasTime"`
	HasAddress bool              `json:"hasAddress"`
	Custom     *string           `json:"custom"`
	Cookie     *string           `json:"cookie"`
	Nsp        string            `json:"nsp"`
	ID         string            `json:"id"`
}

func handshakeOf(s *sio.Socket) handshakeAnswer {
	h := s.Handshake()
	a := handshakeAnswer{
		Query: map[string]string{}, Auth: h.Auth, URL: h.URL(), Secure: h.Secure(), XDomain: h.XDomain(),
		Issued: h.Issued().UnixMilli(), HasTime: h.Time() != "", HasAddress: h.Address() != "",
		Nsp: s.Namespace().Name(), ID: s.ID(),
	}
	if _, err := time.Parse("Mon Jan 02 2006 15:04:05 GMT-0700", strings.SplitN(h.Time(), " (", 2)[0]); err != nil {
		a.HasTime = false
	}
	for name, value := range h.Queries() {
		a.Query[name] = value
	}
	for name, value := range h.Headers() {
		switch strings.ToLower(name) {
		case "x-custom":
			a.Custom = &value
		case "cookie":
			a.Cookie = &value
		}
	}
	return a
}
