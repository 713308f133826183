package sio_test

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eventloop"
	"github.com/sio-fast/sio-fast/sio"
)

// What the README shows, as it stands there: these need not run, they must
// compile. TestReadme holds that no line was changed on one side alone.

type Chat struct {
	Room, Text string
}

func Example_start() {
	io, err := sio.New(nil) // nil: the defaults of the official server
	if err != nil {
		log.Fatal(err)
	}
	io.OnConnect(func(s *sio.Socket) error {
		s.Join("lobby")
		return s.Emit("welcome", s.ID())
	})
	// The type of the argument is the contract. This may block; the events of
	// one socket stay in order.
	sio.On(io, "chat", func(s *sio.Socket, m Chat) error {
		return s.To(m.Room).Emit("chat", &m) // encoded once for everybody
	})
	// What is returned is the acknowledgement.
	sio.OnCall(io, "add", func(_ *sio.Socket, xs []int) (int, error) {
		sum := 0
		for _, x := range xs {
			sum += x
		}
		return sum, nil
	})
	log.Fatal(eventloop.ListenAndServe(":3000", io))
}

func Example_options() {
	io, err := sio.New(&sio.Options{
		// pages of another origin may talk to the server
		CORS: &sio.CORS{Origins: []string{"https://example.com"}},
		// /socket.io/socket.io.js comes from here
		ClientBundle: os.DirFS("node_modules/socket.io-client/dist"),
	})
	_, _ = io, err
}

func Example_compression() {
	io, err := sio.New(&sio.Options{PerMessageDeflate: &sio.Deflate{Threshold: 1024, Level: 1}})
	_, _ = io, err
}

func Example_recovery() {
	io, err := sio.New(&sio.Options{Recovery: &sio.Recovery{MaxDisconnection: 2 * time.Minute}})
	io.OnConnect(func(s *sio.Socket) error {
		if !s.Recovered() { // its rooms and data are as they were
			s.Join("lobby")
		}
		return nil
	})
	_ = err
}

func Example_serving() {
	io, _ := sio.New(nil)
	var r interface{ Handle(string, http.Handler) } // chi's router

	eventloop.ListenAndServe(":3000", io)                    // event loops: the fast one
	http.Handle("/socket.io/", io)                           // the mux of net/http
	r.Handle("/socket.io/*", io)                             // chi, gin, Echo: see examples/
	http.ListenAndServeTLS(":443", "crt.pem", "key.pem", io) // TLS, HTTP/2 for polling
	eventloop.ListenAndServe("unix:///run/sio.sock", io)     // behind a proxy

	_ = &sio.Options{Host: eventloop.NewHost(nil)}
}

func Example_inline() {
	io, _ := sio.New(nil)
	io.Inline().On("pos", func(e *sio.Event) error {
		return e.Socket().To("map").Volatile().EmitRaw("pos", e.Raw())
	})
	sio.On2(io.Inline(), "say", func(s *sio.Socket, room string, text sio.Text) error {
		return sio.Emit(s.To(room), "said", text)
	})
}

// The right-hand sides of the table "From Node".
func Example_fromNode() {
	type User struct{ Name string }
	type R = int
	io, _ := sio.New(nil)
	user := sio.NewKey[User]("user")
	ctx := context.Background()
	err := errors.New("no")
	v, u := 1, User{"ann"}

	io.OnConnect(func(s *sio.Socket) error { return nil })
	sio.On(io, "chat", func(s *sio.Socket, m Chat) error { return nil })
	sio.OnCall(io, "call", func(s *sio.Socket, m Chat) (R, error) { return 0, nil })
	io.Use(func(s *sio.Socket) error { return err })
	io.Of("/admin").Use(func(s *sio.Socket) error { return err })
	io.Use(func(s *sio.Socket) error {
		var auth User
		if err := s.Handshake().Bind(&auth); err != nil {
			return err
		}
		_, _ = s.Handshake().Query("q"), s.Handshake().Header("h")
		return &sio.ConnectError{Message: "no", Data: v}
	})
	io.OnDisconnect(func(s *sio.Socket, why sio.Reason) {})
	io.OnConnect(func(s *sio.Socket) error {
		_ = s.Broadcast().Emit("x", v)
		_ = s.To("r").Except("q").Emit("x", v)
		_ = io.To("r").Emit("x", v)
		_, _ = sio.Call[R](ctx, s, "q")
		for r, err := range io.Timeout(time.Second).Acks(ctx, "q") {
			_, _ = r, err
		}
		user.Set(s, u)
		_, _ = user.Get(s)
		_ = s.Volatile().Emit("x", v)
		_ = io.Local().Emit("x", v)
		s.Join("r")
		s.Leave("r")
		_ = s.Rooms()
		for s, err := range io.In("r").Sockets(ctx) {
			_, _ = s, err
		}
		_ = s.Emit("file", []byte{1})
		s.Disconnect(true)
		return nil
	})
	http.Handle("/socket.io/", io)
	_ = io.Close(ctx)
}

// A producer that waits for a slow client.
func Example_slowClients() {
	io, _ := sio.New(nil)
	drained := make(chan struct{}, 1)
	io.On("rows", func(e *sio.Event) error {
		s, row := e.Socket(), "row"
		for s.WhenSlow(sio.Refuse).Emit("row", row) == sio.ErrSlow {
			select {
			case <-drained: // what OnDrain was told: all is sent, go on
			case <-s.Context().Done():
			}
		}
		return nil
	})
}

// The first page of the design: authentication, rooms, an answer, a raw event.
func Example_firstPage() {
	type User struct{ Name string }
	authenticate := func([]byte) (User, error) { return User{}, nil }
	sum := func(xs []int) (n int) {
		for _, x := range xs {
			n += x
		}
		return n
	}
	user := sio.NewKey[User]("user") // typed per-socket data

	io, err := sio.New(&sio.Options{PingInterval: 25 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	io.Use(func(s *sio.Socket) error { // an error refuses with CONNECT_ERROR
		u, err := authenticate(s.Handshake().Auth)
		user.Set(s, u)
		return err
	})
	io.OnConnect(func(s *sio.Socket) error { s.Join("lobby"); return nil })
	sio.On(io, "chat", func(s *sio.Socket, m Chat) error {
		return s.To("lobby").Emit("chat", &m) // everyone in the lobby but s; encoded once
	})
	sio.OnCall(io, "add", func(s *sio.Socket, xs []int) (int, error) { return sum(xs), nil })
	io.Inline().On("pos", func(e *sio.Event) error { // on the loop: no decode, no allocation
		return e.Socket().To("map").Volatile().EmitRaw("pos", e.Raw())
	})
	log.Fatal(eventloop.ListenAndServe(":3000", io)) // or http.ListenAndServe(":3000", io)
}

// The signatures that are promised, as values of the types that they have.
func Example_signatures() {
	io, _ := sio.New(nil)
	var (
		_ http.Handler                                                     = io
		_ sio.Registrar                                                    = io
		_ sio.Registrar                                                    = (*sio.Socket)(nil)
		_ func(string) *sio.Namespace                                      = io.Of
		_ func(func(string, *sio.Handshake) bool) *sio.Namespace           = io.OfFunc
		_ func(func(*sio.Socket, sio.Reason))                              = io.OnDisconnect
		_ func(sio.Handler)                                                = io.OnAny
		_ func(func(sio.Handler) sio.Handler)                              = io.UseEvent
		_ func(func(*sio.Socket, string, error))                           = io.OnError
		_ func(*sio.Socket, string, func(*sio.Event, error), ...any) error = (*sio.Socket).EmitAck
		_ func(*sio.Socket) context.Context                                = (*sio.Socket).Context
		_ func(sio.Broadcast, time.Duration) sio.Broadcast                 = sio.Broadcast.Timeout
		_ func(sio.Broadcast, *sio.Prepared) error                         = sio.Broadcast.Send
		_ func(sio.Broadcast, sio.Name[*position], *position) error        = sio.Emit[*position]
		_ func(*sio.Event) *sio.Event                                      = (*sio.Event).Clone
		_ func(*sio.Event, int) []byte                                     = (*sio.Event).Attachment
	)
	sio.On2(io, "two", func(s *sio.Socket, a string, b int) error { return nil })
	sio.On3(io, "three", func(s *sio.Socket, a, b, c int) error { return nil })
	sio.On(io, "method", (&service{}).chat) // a method value
}

type service struct{}

func (*service) chat(s *sio.Socket, m Chat) error { return nil }

// TestReadme holds that the Go code of the README stands above, and so compiles.
func TestReadme(t *testing.T) {
	here, err := os.ReadFile("example_readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	code, lines := false, 0
	for line := range strings.Lines(string(readme)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			code = line == "```go"
			continue
		}
		if !code || line == "" || line == "package main" || line == "func main() {" {
			continue
		}
		lines++
		if !strings.Contains(string(here), line) {
			t.Errorf("not among the examples: %s", line)
		}
	}
	if lines < 30 {
		t.Errorf("only %d lines of Go found in the README", lines)
	}
}
