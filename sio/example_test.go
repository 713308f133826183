package sio_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"

	"github.com/sio-fast/sio-fast/sio"
)

// talk is a client for the examples: it connects to "/" over polling, sends a
// packet, an ack when it is asked for one, and prints the first n packets that
// it gets after the CONNECT.
func talk(server *sio.Server, n int, packet string) {
	h := httptest.NewServer(server)
	defer h.Close()
	defer func() { _ = server.Close(context.Background()) }()
	do := func(method, query, body string) string {
		req, _ := http.NewRequest(method, h.URL+"/socket.io/?EIO=4&transport=polling"+query, strings.NewReader(body))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			log.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		b, _ := io.ReadAll(resp.Body)
		return string(b)
	}
	_, rest, _ := strings.Cut(do("GET", "", ""), `"sid":"`)
	sid := "&sid=" + rest[:20]
	do("POST", sid, "40")
	for n > 0 {
		for p := range strings.SplitSeq(do("GET", sid, ""), "\x1e") {
			isAck, asked := strings.HasPrefix(packet, "43"), strings.HasPrefix(p, "420")
			if p[:2] == "40" && packet != "" && !isAck || asked && isAck {
				do("POST", sid, packet)
			}
			if p[:2] != "40" {
				fmt.Println(p)
				n--
			}
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func Example() {
	server, err := sio.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	server.OnConnect(func(s *sio.Socket) error {
		s.Join("lobby")
		return s.Emit("welcome", "to the lobby")
	})
	sio.On(server, "shout", func(s *sio.Socket, text string) error {
		return server.To("lobby").Emit("shout", strings.ToUpper(text))
	})
	// http.ListenAndServe(":3000", server), or eventloop.ListenAndServe
	talk(server, 2, `42["shout","hello"]`)
	// Output:
	// 42["welcome","to the lobby"]
	// 42["shout","HELLO"]
}

func ExampleOnCall() {
	server, _ := sio.New(nil)
	sio.OnCall(server, "add", func(s *sio.Socket, xs []int) (int, error) {
		sum := 0
		for _, x := range xs {
			sum += x
		}
		return sum, nil // this is the ack
	})
	talk(server, 1, `421["add",[1,2,3]]`)
	// Output: 431[6]
}

func ExampleCall() {
	server, _ := sio.New(nil)
	server.OnConnect(func(s *sio.Socket) error {
		ctx, cancel := context.WithTimeout(s.Context(), time.Second)
		defer cancel()
		name, err := sio.Call[string](ctx, s, "your name?")
		if errors.Is(err, sio.ErrAckTimeout) {
			s.Disconnect(true)
			return nil
		}
		return s.Emit("hello", name)
	})
	talk(server, 2, `430["Ada"]`)
	// Output:
	// 420["your name?"]
	// 42["hello","Ada"]
}

func ExampleNamespace_Use() {
	server, _ := sio.New(nil)
	user := sio.NewKey[string]("user") // typed data of a socket
	server.Use(func(s *sio.Socket) error {
		var auth struct{ Token string }
		if err := s.Handshake().Bind(&auth); err != nil {
			return err
		}
		if auth.Token == "wrong" {
			return &sio.ConnectError{Message: "unauthorized", Data: map[string]int{"code": 401}}
		}
		user.Set(s, "Ada")
		return nil
	})
	server.OnConnect(func(s *sio.Socket) error {
		u, _ := user.Get(s)
		return s.Emit("hello", u)
	})
	talk(server, 1, "")
	// Output: 42["hello","Ada"]
}

func ExampleNamespace_Inline() {
	server, _ := sio.New(nil)
	// On the loop: no decoding, no copy, no allocation. It must not block.
	server.Inline().On("pos", func(e *sio.Event) error {
		if e.WantsAck() {
			return e.AckRaw(e.Raw())
		}
		return e.Socket().To("map").Volatile().EmitRaw("pos", e.Raw())
	})
	talk(server, 1, `427["pos",{"x":1,"y":2}]`)
	// Output: 437[{"x":1,"y":2}]
}

func ExampleSocket_WhenSlow() {
	server, _ := sio.New(nil)
	wake := sio.NewKey[chan struct{}]("wake")
	server.Use(func(s *sio.Socket) error {
		wake.Set(s, make(chan struct{}, 1))
		return nil
	})
	server.OnDrain(func(s *sio.Socket) { // on the loop: must not block
		if c, ok := wake.Get(s); ok {
			select {
			case c <- struct{}{}:
			default:
			}
		}
	})
	// As many rows as the client can take, however slowly it reads.
	server.On("rows", func(e *sio.Event) error {
		s := e.Socket()
		drained, _ := wake.Get(s)
		for i := range 3 {
			row := i * i
			for s.WhenSlow(sio.Refuse).Emit("row", row) == sio.ErrSlow {
				select {
				case <-drained: // what OnDrain was told: all is sent, go on
				case <-s.Context().Done():
				}
			}
		}
		return nil
	})
	talk(server, 3, `42["rows"]`)
	// Output:
	// 42["row",0]
	// 42["row",1]
	// 42["row",4]
}

func ExampleNamespace_OnRefused() {
	server, _ := sio.New(&sio.Options{MaxBacklog: 256 << 10, WhenSlow: sio.Refuse})
	behind := sio.NewKey[bool]("behind")
	// A client that has missed an update gets the whole state when it is back.
	server.OnRefused(func(s *sio.Socket, event string) { behind.Set(s, true) })
	server.OnDrain(func(s *sio.Socket) {
		if missed, _ := behind.Get(s); missed {
			behind.Set(s, false)
			_ = s.EmitRaw("state", []byte(`{"all":true}`))
		}
	})
	server.OnConnect(func(s *sio.Socket) error { return server.Emit("update", 1) })
	talk(server, 1, "")
	// Output: 42["update",1]
}

func ExampleBroadcast() {
	server, _ := sio.New(nil)
	// A Broadcast is a value: keep it, share it, build on it.
	staff := server.To("staff").To("admins").Except("asleep")
	sio.On(server, "alarm", func(s *sio.Socket, what string) error {
		if err := staff.Emit("alarm", what); err != nil {
			return err
		}
		return s.Broadcast().Volatile().Emit("noise") // everybody but s
	})
	server.OnConnect(func(s *sio.Socket) error { s.Join("staff"); return nil })
	talk(server, 1, `42["alarm","fire"]`)
	// Output: 42["alarm","fire"]
}

func ExampleBroadcast_Acks() {
	server, _ := sio.New(nil)
	server.OnConnect(func(s *sio.Socket) error {
		for reply, err := range server.Timeout(time.Second).Acks(s.Context(), "vote", "tea?") {
			if err != nil { // a socket that left, or in the end sio.ErrAckTimeout
				return err
			}
			var yes bool
			if err := reply.Bind(&yes); err != nil {
				return err
			}
			_ = server.Emit("voted", yes)
		}
		return nil
	})
	talk(server, 2, `430[true]`)
	// Output:
	// 420["vote","tea?"]
	// 42["voted",true]
}

func ExampleBroadcast_Sockets() {
	server, _ := sio.New(nil)
	server.On("who", func(e *sio.Event) error {
		n := 0
		for s, err := range server.In("lobby").Sockets(e.Context()) {
			if err != nil {
				return err
			}
			n += len(s.Rooms)
		}
		return e.Ack(n)
	})
	server.OnConnect(func(s *sio.Socket) error { s.Join("lobby", "bar"); return nil })
	talk(server, 1, `420["who"]`)
	// Output: 430[3]
}

func ExampleSocket_EmitAck() {
	server, _ := sio.New(nil)
	server.OnConnect(func(s *sio.Socket) error {
		return s.Timeout(time.Second).EmitAck("ping?", func(e *sio.Event, err error) {
			if err == nil { // on the loop: no waiting here
				_ = s.EmitRaw("answered", e.Raw())
			}
		})
	})
	talk(server, 2, `430["pong"]`)
	// Output:
	// 420["ping?"]
	// 42["answered","pong"]
}

func ExampleSocket_Join() {
	server, _ := sio.New(nil)
	server.OnConnect(func(s *sio.Socket) error {
		_ = server.To("r").Emit("before")
		s.Join("r")
		_ = server.To("r").Emit("between") // in the order of the calls
		s.Leave("r")
		_ = server.To("r").Emit("after")
		return server.To(s.ID()).Emit("direct") // an id is a room
	})
	talk(server, 2, "")
	// Output:
	// 42["between"]
	// 42["direct"]
}

func ExamplePrepare() {
	server, _ := sio.New(nil)
	tick, err := sio.Prepare("tick", map[string]string{"of": "the clock"})
	if err != nil {
		log.Fatal(err)
	}
	server.OnConnect(func(s *sio.Socket) error {
		_ = s.Send(tick)
		return server.Send(tick)
	})
	talk(server, 2, "")
	// Output:
	// 42["tick",{"of":"the clock"}]
	// 42["tick",{"of":"the clock"}]
}

func ExampleServer_OfPattern() {
	server, _ := sio.New(&sio.Options{CleanupEmpty: true})
	games := server.OfPattern(regexp.MustCompile(`^/game-\d+$`))
	games.OnConnect(func(s *sio.Socket) error {
		return s.Emit("joined", s.Namespace().Name())
	})
	_ = games.Emit("maintenance", "in five minutes") // to all games
}

func ExampleServer_OfFunc() {
	server, _ := sio.New(nil)
	server.OfFunc(func(name string, h *sio.Handshake) bool {
		return strings.HasPrefix(name, "/tenant-") && h.Header("X-Tenant") != ""
	}).OnConnect(func(s *sio.Socket) error { return s.Emit("hello") })
}

func ExampleServer_Close() {
	server, _ := sio.New(nil)
	h := &http.Server{Addr: ":3000", Handler: server}
	go func() { _ = h.ListenAndServe() }()

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = server.Close(ctx) // every socket leaves: "server shutting down"
	_ = h.Shutdown(ctx)
}
