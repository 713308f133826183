package sio_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/sio-fast/sio-fast/eventloop"
	"github.com/sio-fast/sio-fast/sio"
)

// What docs/FROM-NODE.md shows: events, answers and rooms.

type Message struct {
	Room string `json:"room"`
	Text string `json:"text"`
}

func Example_fromNodeChat() {
	io, err := sio.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	io.OnConnect(func(s *sio.Socket) error {
		log.Println("a user connected:", s.ID())
		return nil
	})
	io.OnDisconnect(func(s *sio.Socket, why sio.Reason) {
		log.Println("a user left:", why)
	})
	sio.On(io, "chat message", func(s *sio.Socket, text string) error {
		return io.Emit("chat message", text)
	})
	log.Fatal(eventloop.ListenAndServe(":3000", io))
}

func Example_fromNodeConnection() {
	io, _ := sio.New(nil)
	io.OnConnect(func(s *sio.Socket) error {
		fmt.Println(len(s.ID()), s.Handshake().Query("EIO"), s.Transport())
		return nil
	})
	io.OnDisconnecting(func(s *sio.Socket, why sio.Reason) {
		fmt.Println(len(s.Rooms()), "room") // they are still there
	})
	io.OnDisconnect(func(s *sio.Socket, why sio.Reason) {
		if why == sio.ReasonClientDisconnect {
			fmt.Println(why)
		}
	})
	st := open(io)
	v := st.visit()
	v.says("41")
	st.close()
	// Output:
	// 20 4 polling
	// 1 room
	// client namespace disconnect
}

func Example_fromNodeDisconnect() {
	io, _ := sio.New(nil)
	io.On("leave", func(e *sio.Event) error {
		e.Socket().Disconnect(false) // this namespace
		return nil
	})
	io.On("leave all", func(e *sio.Event) error {
		e.Socket().Disconnect(true) // the connection
		return nil
	})
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`42["leave all"]`)
	v.hears(1)
	// Output: 41
}

func Example_fromNodeOn() {
	io, _ := sio.New(nil)
	sio.On(io, "message", func(s *sio.Socket, m Message) error {
		return s.Emit("message", m.Text)
	})
	sio.On2(io, "move", func(s *sio.Socket, x, y float64) error {
		return s.Emit("moved", x, y)
	})
	io.On("hello", func(e *sio.Event) error { // no arguments, or any
		return e.Socket().Emit("hello", "world")
	})
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`42["message",{"room":"a","text":"hi"}]`)
	v.says(`42["move",1,2.5]`)
	v.says(`42["hello"]`)
	v.hears(3)
	// Output:
	// 42["message","hi"]
	// 42["moved",1,2.5]
	// 42["hello","world"]
}

func Example_fromNodeAnyArguments() {
	io, _ := sio.New(nil)
	io.On("anything", func(e *sio.Event) error {
		args, err := e.Args() // []any, as JSON.parse would give them
		if err != nil {
			return err
		}
		var name string
		var tags []string
		if err := e.Bind(&name, &tags); err != nil { // or into what you expect
			return err
		}
		return e.Socket().Emit("got", len(args), name, tags)
	})
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`42["anything","ada",["x","y"],null]`)
	v.hears(1)
	// Output: 42["got",3,"ada",["x","y"]]
}

func Example_fromNodeBinary() {
	io, _ := sio.New(nil)
	type Upload struct {
		Name string     `json:"name"`
		Body sio.Binary `json:"body"`
	}
	sio.On(io, "upload", func(s *sio.Socket, u Upload) error {
		return s.Emit("stored", u.Name, len(u.Body), []byte("thanks"))
	})
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says("451-" + `["upload",{"name":"a.bin","body":{"_placeholder":true,"num":0}}]` + "\x1ebAQID")
	v.hears(2)
	// Output:
	// 451-["stored","a.bin",3,{"_placeholder":true,"num":0}]
	// bdGhhbmtz
}

func Example_fromNodeSend() {
	io, _ := sio.New(nil)
	sio.On(io, "message", func(s *sio.Socket, text string) error {
		return s.Emit("message", text) // socket.send(text)
	})
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`42["message","hi"]`)
	v.hears(1)
	// Output: 42["message","hi"]
}

func Example_fromNodeOnce() {
	io, _ := sio.New(nil)
	io.OnConnect(func(s *sio.Socket) error {
		s.On("ready", func(e *sio.Event) error { // of this socket alone
			s.Off("ready") // once
			return s.Emit("go")
		})
		return nil
	})
	sio.On(io, "ping", func(s *sio.Socket, n int) error { return s.Emit("pong", n) })
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`42["ready"]`)
	v.says(`42["ready"]`)
	v.says(`42["ping",1]`)
	v.hears(2)
	// Output:
	// 42["go"]
	// 42["pong",1]
}

func Example_fromNodeCatchAll() {
	io, _ := sio.New(nil)
	io.OnAny(func(e *sio.Event) error {
		fmt.Println("in ", e.Name(), string(e.Raw()))
		return nil
	})
	io.OnAnyOutgoing(func(s *sio.Socket, event string, args []byte) {
		fmt.Println("out", event, string(args))
	})
	sio.On(io, "hi", func(s *sio.Socket, n int) error { return s.Emit("hi", n+1) })
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`42["hi",1]`)
	v.hears(1)
	// Output:
	// in  hi 1
	// out hi 2
	// 42["hi",2]
}

func Example_fromNodeEmit() {
	io, _ := sio.New(nil)
	emits := func(s *sio.Socket) {
		s.Emit("x", 1, "two", []byte{3})            // to this client
		s.Broadcast().Emit("x")                     // to all but this one
		s.To("room1").Emit("x")                     // to room1, but not this one
		s.To("room1").To("room2").Emit("x")         // to either, each once
		s.To("room1").Except("room2").Emit("x")     // to room1, those in room2 left out
		io.Emit("x")                                // to everybody
		io.In("room1").Emit("x")                    // to everybody in room1
		io.Except("room1").Emit("x")                // to everybody else
		io.To("someone's id").Emit("x")             // to one client, by its id
		io.Of("/admin").To("room1").Emit("x")       // in another namespace
		io.Local().Emit("x")                        // on this server
		s.Volatile().Emit("x")                      // if it can go out at once
		s.Compress(false).Emit("x")                 // uncompressed
		s.Timeout(5 * time.Second)                  // before an EmitAck: see Acknowledgements
		io.To("room1").Volatile().Local().Emit("x") // flags in any order
	}
	_ = emits
}

func Example_fromNodeBroadcast() {
	io, _ := sio.New(nil)
	io.OnConnect(func(s *sio.Socket) error {
		s.Join("room1")
		return s.Emit("joined")
	})
	sio.On(io, "say", func(s *sio.Socket, text string) error {
		return s.To("room1").Emit("said", text)
	})
	st := open(io)
	defer st.close()
	a, b := st.visit(), st.visit()
	a.hears(1)
	b.hears(1)
	a.says(`42["say","hi"]`)
	b.hears(1)
	// Output:
	// 42["joined"]
	// 42["joined"]
	// 42["said","hi"]
}

func Example_fromNodeAcks() {
	io, _ := sio.New(nil)
	sio.OnCall(io, "create", func(s *sio.Socket, m Message) (string, error) {
		if m.Text == "" {
			return "", &sio.CallError{Message: "no text"} // the client gets {"error":"no text"}
		}
		return "ok", nil
	})
	io.On("status", func(e *sio.Event) error { // any number of values
		return e.Ack("ok", 200)
	})
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`421["create",{"text":"hi"}]`)
	v.says(`422["create",{}]`)
	v.says(`423["status"]`)
	v.hears(3)
	// Output:
	// 431["ok"]
	// 432[{"error":"no text"}]
	// 433["ok",200]
}

func Example_fromNodeEmitWithAck() {
	io, _ := sio.New(nil)
	sio.On(io, "start", func(s *sio.Socket, _ string) error {
		ctx, cancel := context.WithTimeout(s.Context(), 5*time.Second)
		defer cancel()
		name, err := sio.Call[string](ctx, s, "your name?")
		if errors.Is(err, sio.ErrAckTimeout) {
			return s.Emit("too late")
		} else if err != nil {
			return err
		}
		return s.Emit("hello", name)
	})
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`42["start"]`)
	v.hears(1)
	v.says(`430["Ada"]`)
	v.hears(1)
	// Output:
	// 420["your name?"]
	// 42["hello","Ada"]
}

func Example_fromNodeEmitAck() {
	io, _ := sio.New(nil)
	io.OnConnect(func(s *sio.Socket) error {
		return s.Timeout(5*time.Second).EmitAck("hello", func(e *sio.Event, err error) {
			if err != nil { // sio.ErrAckTimeout, or the client has left
				return
			}
			var answer string
			if e.Bind(&answer) == nil {
				_ = s.Emit("thanks", answer)
			}
		}, "world")
	})
	st := open(io)
	defer st.close()
	v := st.visit()
	v.hears(1)
	v.says(`430["hi"]`)
	v.hears(1)
	// Output:
	// 420["hello","world"]
	// 42["thanks","hi"]
}

func Example_fromNodeBroadcastAcks() {
	io, _ := sio.New(nil)
	vote := func(ctx context.Context) (yes int, err error) {
		for reply, err := range io.To("room1").Timeout(10*time.Second).Acks(ctx, "vote", "tea?") {
			if err != nil {
				log.Println(reply.ID, err) // has left, or at the end: sio.ErrAckTimeout
				continue
			}
			var tea bool
			if reply.Bind(&tea) == nil && tea {
				yes++
			}
		}
		return yes, nil
	}
	io.OnConnect(func(s *sio.Socket) error {
		s.Join("room1")
		yes, err := vote(s.Context())
		if err != nil {
			return err
		}
		return s.Emit("result", yes)
	})
	st := open(io)
	defer st.close()
	v := st.visit()
	v.hears(1)
	v.says(`430[true]`)
	v.hears(1)
	// Output:
	// 420["vote","tea?"]
	// 42["result",1]
}

func Example_fromNodeRooms() {
	io, _ := sio.New(nil)
	sio.On(io, "enter", func(s *sio.Socket, room string) error {
		s.Join(room, "everybody")
		return io.To(room).Emit("entered", s.ID())
	})
	sio.On(io, "exit", func(s *sio.Socket, room string) error {
		s.Leave(room)
		return s.Emit("left", s.In(room), len(s.Rooms()))
	})
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`42["enter","kitchen"]`)
	v.says(`42["exit","kitchen"]`)
	v.hears(2)
	// Output:
	// 42["entered","…"]
	// 42["left",false,2]
}

func Example_fromNodePrivate() {
	io, _ := sio.New(nil)
	sio.On2(io, "private message", func(s *sio.Socket, to, text string) error {
		return io.To(to).Emit("private message", s.ID(), text)
	})
	io.OnConnect(func(s *sio.Socket) error { return s.Emit("id", s.ID()) })
	st := open(io)
	defer st.close()
	a := st.visit()
	a.hears(1)
	// Output: 42["id","…"]
}

func Example_fromNodeRoomEvents() {
	io, _ := sio.New(nil)
	io.OnRoom(func(e sio.RoomEvent) {
		if e.Room == "kitchen" { // each socket's own room is told of, too
			fmt.Println(e.Kind, e.Room)
		}
	})
	sio.On(io, "enter", func(s *sio.Socket, room string) error {
		s.Join(room)
		s.Leave(room)
		return s.Emit("done")
	})
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`42["enter","kitchen"]`)
	v.hears(1)
	// Output:
	// create-room kitchen
	// join-room kitchen
	// leave-room kitchen
	// delete-room kitchen
	// 42["done"]
}

func Example_fromNodeFetchSockets() {
	io, _ := sio.New(nil)
	who := func(ctx context.Context) (ids []string, err error) {
		for s, err := range io.In("room1").Sockets(ctx) {
			if err != nil {
				return nil, err
			}
			ids = append(ids, s.ID) // also s.Rooms, s.Data, s.Handshake
			s.Join("seen")
		}
		return ids, nil
	}
	io.On("who", func(e *sio.Event) error {
		ids, err := who(e.Context())
		if err != nil {
			return err
		}
		return e.Ack(len(ids), strings.Join(ids, "") == e.Socket().ID())
	})
	io.OnConnect(func(s *sio.Socket) error { s.Join("room1"); return nil })
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`420["who"]`)
	v.hears(1)
	// Output: 430[1,true]
}

func Example_fromNodeSocketsJoin() {
	io, _ := sio.New(nil)
	io.On("all", func(e *sio.Event) error {
		io.In("room1").Join("room2", "room3")
		io.In("room2").Leave("room1")
		rooms, err := io.Rooms(e.Context()) // adapter.rooms, with the number of members
		if err != nil {
			return err
		}
		if err := e.Ack(rooms); err != nil {
			return err
		}
		io.In("room2").Disconnect(true)
		return nil
	})
	io.OnConnect(func(s *sio.Socket) error { s.Join("room1"); return nil })
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`420["all"]`)
	v.hears(2)
	// Output:
	// 430[{"room2":1,"room3":1}]
	// 41
}
