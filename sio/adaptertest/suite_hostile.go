package adaptertest

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/sio"
)

// recovery: a client that comes back to its server gets what others have sent
// meanwhile, too.
func recovery(t *testing.T, open func(testing.TB) *Cluster) {
	r := newRig(t, open, 2, sio.Options{Recovery: &sio.Recovery{}})
	io, b := r.nodes[0], r.nodes[1].dial("/")
	old := *b
	r.nodes[0].In(b.sid).Join("red")
	r.try(io.To("red").Emit("one"))
	r.until("an event comes", func() bool { return len(b.got) == 1 })
	offset := b.got[0][len(`42["one",`) : len(b.got[0])-1]
	b.Close()
	r.try(io.To("red").Emit("two"))
	r.try(io.To("blue").Emit("not for it"))
	r.try(io.To(b.sid).Emit("three"))
	mark := r.nodes[1].dial("/")
	r.try(io.Emit("mark"))
	r.until("it has all been sent", func() bool { return len(mark.got) == 1 })
	back := r.nodes[1].dialAuth("/", `{"pid":"`+old.pid+`","offset":`+offset+`}`)
	if back.sid != old.sid || len(back.first) != 3 || !strings.HasPrefix(back.first[0], `42["two"`) ||
		!strings.HasPrefix(back.first[1], `42["three"`) || !strings.HasPrefix(back.first[2], `42["mark"`) {
		t.Errorf("it comes back as %s, was %s, with %q", back.sid, old.sid, back.first)
	}
	r.try(io.To("red").Emit("four"))
	r.until("it is in its room", func() bool { return len(back.got) == 1 })
}

// hostile: whatever is on the bus, a server goes on.
func hostile(t *testing.T, open func(testing.TB) *Cluster) {
	r := newRig(t, open, 2, sio.Options{})
	a, b := r.nodes[0].dial("/"), r.nodes[1].dial("/")
	seed := rand.New(rand.NewPCG(1, 2))
	for _, s := range []string{"", "\x00", "\x01", "\x01\x01\x00", "null", "{}", "[1,2", "\x93\xa1a\xc1", strings.Repeat("[", 1<<16), strings.Repeat("\xff", 1<<10)} {
		r.cluster.Inject([]byte(s))
	}
	for _, m := range samples() {
		whole, err := m.AppendBinary(nil)
		r.try(err)
		for range 200 {
			x := slices.Clone(whole)
			for range 1 + seed.IntN(3) {
				x[seed.IntN(len(x))] = byte(seed.Uint32())
			}
			r.cluster.Inject(x[:1+seed.IntN(len(x))])
		}
	}
	r.until("what is broken is counted", func() bool {
		return r.nodes[0].Stats().Adapter.Ignored > 0 && r.nodes[1].Stats().Adapter.Ignored > 0
	})
	r.try(r.nodes[0].To(b.sid).Emit("end"))
	r.try(r.nodes[1].To(a.sid).Emit("end"))
	for _, c := range []*client{a, b} {
		r.until("a server goes on", func() bool { return slices.Contains(c.got, `42["end"]`) })
	}
	for _, x := range r.nodes {
		if n := x.Stats().Panics; n > 0 {
			t.Errorf("%d panics", n)
		}
	}
}

// samples are messages of every kind but the one that disconnects.
func samples() []sio.Message {
	return []sio.Message{
		{Kind: sio.KindBroadcast, From: "x", Namespace: "/", Rooms: []string{"r"}, Except: []string{"q"}, Event: "e",
			Args: []byte(`1,{"_placeholder":true,"num":0}`), Attachments: [][]byte{[]byte("bin")}},
		{Kind: sio.KindBroadcast, From: "x", Namespace: "/", ID: "1", Timeout: short, Rooms: []string{"r"}, Event: "e"},
		{Kind: sio.KindJoin, From: "x", Namespace: "/", Rooms: []string{"q"}, Names: []string{"r", "s"}},
		{Kind: sio.KindLeave, From: "x", Namespace: "/", Rooms: []string{"q"}, Names: []string{"r", "s"}},
		{Kind: sio.KindFetch, From: "x", Namespace: "/", ID: "2", Rooms: []string{"q"}},
		{Kind: sio.KindServerEvent, From: "x", Namespace: "/", ID: "3", Event: "e", Args: []byte(`{}`)},
		{Kind: sio.KindClientCount, From: "x", Namespace: "/", ID: "4", Count: 3},
		{Kind: sio.KindAck, From: "x", Namespace: "/", ID: "4", Socket: "s", Args: []byte("1")},
		{Kind: sio.KindServerAnswer, From: "x", Namespace: "/", ID: "4", Error: "no"},
		{Kind: sio.KindSockets, From: "x", Namespace: "/", ID: "4", Sockets: []sio.SocketInfo{
			{ID: "s", Handshake: []byte(`{"url":"/x"}`), Rooms: []string{"s"}, Data: []byte(`{"a":1}`)},
		}},
	}
}
