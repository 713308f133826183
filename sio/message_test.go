package sio

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func wholeMessage() *Message {
	return &Message{
		Kind: KindBroadcast, From: "a", To: "b", Namespace: "/n", ID: "id", Timeout: 5 * time.Second,
		Rooms: []string{"r", "s"}, Except: []string{"q"}, Names: []string{"n"},
		Event: "e", Args: []byte(`1,{"_placeholder":true,"num":0}`), Attachments: [][]byte{[]byte("bin")},
		Volatile: true, NoCompress: true, Refuse: true, All: true, Count: 3, Socket: "s", Error: "no",
		Sockets: []SocketInfo{{ID: "s", Handshake: []byte(`{}`), Rooms: []string{"s", "t"}, Data: []byte(`{"a":1}`)}},
	}
}

// TestMessage holds the form between servers: it comes back as it was, a part of
// it never does, and a copy shares nothing.
func TestMessage(t *testing.T) {
	m := wholeMessage()
	b, err := m.AppendBinary([]byte("x"))
	if err != nil || b[0] != 'x' {
		t.Fatal(err)
	}
	b = b[1:]
	var got Message
	if err := got.UnmarshalBinary(b); err != nil || !reflect.DeepEqual(&got, m) {
		t.Fatalf("got %+v, %v", got, err)
	}
	for i := range b {
		if got.UnmarshalBinary(b[:i]) == nil {
			t.Errorf("the first %d bytes are a message, too", i)
		}
	}
	if got.UnmarshalBinary(append(b, 0)) == nil {
		t.Error("there may be something behind it")
	}
	if b[0]++; !errors.Is(got.UnmarshalBinary(b), errVersion) {
		t.Error("any version is good")
	}
	c := m.Clone()
	c.Rooms[0], c.Args[0], c.Attachments[0][0], c.Sockets[0].Rooms[0], c.Sockets[0].Data[0] = "x", 'x', 'x', "x", 'x'
	if !reflect.DeepEqual(m, wholeMessage()) {
		t.Error("a copy shares memory")
	}
}

// TestMessageCheck holds what is refused of another server.
func TestMessageCheck(t *testing.T) {
	for name, edit := range map[string]func(*Message){
		"kind":         func(m *Message) { m.Kind = 0 },
		"no kind":      func(m *Message) { m.Kind = lastKind + 1 },
		"reserved":     func(m *Message) { m.Event = "disconnect" },
		"name":         func(m *Message) { m.Event = "\xff" },
		"JSON":         func(m *Message) { m.Args, m.Attachments = []byte(`1],[2`), nil },
		"UTF-8":        func(m *Message) { m.Args, m.Attachments = []byte("\"\xff\""), nil },
		"deep":         func(m *Message) { m.Args, m.Attachments = bytes.Repeat([]byte("["), 5000), nil },
		"placeholder":  func(m *Message) { m.Attachments = nil; m.Attachments = [][]byte{}; m.Args = []byte(`{`) },
		"no such":      func(m *Message) { m.Args = []byte(`{"_placeholder":true,"num":7}`) },
		"rooms":        func(m *Message) { m.Rooms = make([]string, maxTargets+1) },
		"count":        func(m *Message) { m.Count = -1 },
		"id":           func(m *Message) { m.ID = strings.Repeat("x", maxFarID+1) },
		"fetch":        func(m *Message) { m.Kind, m.ID = KindFetch, "" },
		"answers what": func(m *Message) { m.Kind, m.ID = KindAck, "" },
	} {
		m := wholeMessage()
		if err := m.check(); err != nil {
			t.Fatal(err)
		}
		if edit(m); m.check() == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}

// mute is an adapter that keeps what it is given.
type mute struct {
	m    *Member
	sent []*Message
}

func (a *mute) Open(m *Member) error                     { a.m = m; return nil }
func (a *mute) Publish(m *Message) error                 { a.sent = append(a.sent, m.Clone()); return nil }
func (a *mute) Others(context.Context) ([]string, error) { return []string{"", "b"}, nil }
func (a *mute) Close(context.Context) error              { return nil }

// TestReceive holds what a member does with what is not for it, and with answers
// that come in any order, twice, or of nobody.
func TestReceive(t *testing.T) {
	a := &mute{}
	r := newRig(t, 1, &Options{Adapter: a})
	c := r.join(0)
	send := func(m Message) {
		m.Namespace = "/"
		a.m.Receive(&m)
	}
	send(Message{Kind: KindBroadcast, From: a.m.ID(), Event: "mine"})
	send(Message{Kind: KindBroadcast, From: "b", To: "c", Event: "another's"})
	send(Message{Kind: KindBroadcast, From: "b", To: a.m.ID(), Event: "yes"})
	a.m.Receive(&Message{Kind: KindBroadcast, From: "b", Event: "nowhere"})
	a.m.Receive(&Message{Kind: KindJoin, From: "b", ID: "x", Namespace: "/gone"})
	c.expect(`42["yes"]`)
	if len(a.sent) != 0 {
		t.Fatalf("sent %+v", a.sent)
	}
	var replies []Reply
	var err error
	r.off(func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			replies, err = r.io.To("r").Timeout(time.Minute).AllAcks(context.Background(), "ask")
		}()
		for len(a.m.questions()) == 0 {
			time.Sleep(50 * time.Microsecond)
		}
		id := a.m.questions()[0].id
		send(Message{Kind: KindAck, From: "b", ID: id, Socket: "1", Args: []byte("1")})
		send(Message{Kind: KindClientCount, From: "b", ID: id, Count: 2})
		send(Message{Kind: KindClientCount, From: "b", ID: id, Count: 9})
		send(Message{Kind: KindSockets, From: "b", ID: id})
		send(Message{Kind: KindAck, From: "nobody", ID: "x", Socket: "1"})
		send(Message{Kind: KindClientCount, From: "unknown", ID: id, Count: 0})
		send(Message{Kind: KindAck, From: "b", ID: id, Socket: "2", Error: ErrDisconnected.Error()})
		<-done
		send(Message{Kind: KindAck, From: "b", ID: id, Socket: "3"})
	})
	if len(replies) != 1 || replies[0].ID != "1" || string(replies[0].Raw()) != "1" || !errors.Is(err, ErrDisconnected) {
		t.Errorf("got %v, %v", replies, err)
	}
	if ev := replies[0].Event(); ev.Socket() != nil || ev.Context() == nil || ev.Ack() != ErrNoAck {
		t.Error("an ack of another server is not as it should be")
	}
	if s := r.io.Stats().Adapter; s.Ignored != 4 || s.Sent != 1 || len(a.m.questions()) != 0 {
		t.Errorf("figures %+v", s)
	}
}

// FuzzMessage holds that no bytes from a bus do any harm.
func FuzzMessage(f *testing.F) {
	b, _ := wholeMessage().AppendBinary(nil)
	f.Add(b)
	f.Add([]byte{messageVersion, byte(KindFetch), 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var m, again Message
		if m.UnmarshalBinary(data) != nil {
			return
		}
		_ = m.check()
		b, _ := m.AppendBinary(nil)
		if err := again.UnmarshalBinary(b); err != nil || !reflect.DeepEqual(m, again) {
			t.Fatalf("%+v became %+v, %v", m, again, err)
		}
	})
}
