package adaptertest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/sio"
)

// Cluster is an empty cluster that servers can join. Each field is needed: an
// adapter for which nobody can say what is on its bus, or what happens when a
// server dies, has not passed.
type Cluster struct {
	// Join makes the adapter of one more server.
	Join func() sio.Adapter
	// Inject puts bytes on the bus that no adapter has written, for every
	// server. It borrows them.
	Inject func(data []byte)
	// Crash takes a server off the bus without a word.
	Crash func(a sio.Adapter)
}

// Run has adapters pass the suite: what they carry between two and three servers
// must have the effect that it has within one. open makes a new cluster for each
// part of it; what it needs after that is ended by t.Cleanup.
func Run(t *testing.T, open func(t testing.TB) *Cluster) {
	for _, part := range []struct {
		name string
		run  func(t *testing.T, open func(testing.TB) *Cluster)
	}{
		{"Broadcasts", broadcasts},
		{"Namespaces", namespaces},
		{"Moves", moves},
		{"Order", order},
		{"Concurrent", concurrent},
		{"Sockets", sockets},
		{"Acks", acks},
		{"AcksLate", acksLate},
		{"Crash", crash},
		{"ServerEvents", serverEvents},
		{"ServerAnswers", serverAnswers},
		{"Leave", leave},
		{"Recovery", recovery},
		{"Hostile", hostile},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, open) })
	}
}

func broadcasts(t *testing.T, open func(testing.TB) *Cluster) {
	r := newRig(t, open, 3, sio.Options{})
	a, b, c := r.nodes[0].dial("/"), r.nodes[1].dial("/"), r.nodes[2].dial("/")
	r.nodes[0].In(b.sid).Join("red", "blue")
	r.nodes[0].In(c.sid).Join("blue")
	io := r.nodes[0]
	r.try(io.Emit("all", 1, "two", []byte{3}))
	r.try(io.To("red").To("blue").Emit("once"))
	r.try(io.To("red").Emit("red"))
	r.try(io.Except("red").Emit("not red"))
	r.try(io.To("blue").Except(c.sid).Emit("not c"))
	r.try(io.Local().Emit("here"))
	r.try(io.Compress(false).Emit("plain"))
	r.try(io.Volatile().Emit("now"))
	r.try(io.To(c.sid).Emit("you"))
	r.try(io.EmitRaw("raw", []byte(`{"a":[]},"b"`)))
	r.try(io.Emit("end"))
	all := []string{`451-["all",1,"two",{"_placeholder":true,"num":0}]`, "bin:\x03"}
	rest := []string{`42["plain"]`, `42["now"]`}
	raw := `42["raw",{"a":[]},"b"]`
	a.expect("end", slices.Concat(all, []string{`42["not red"]`, `42["here"]`}, rest, []string{raw})...)
	b.expect("end", slices.Concat(all, []string{`42["once"]`, `42["red"]`, `42["not c"]`}, rest, []string{raw})...)
	c.expect("end", slices.Concat(all, []string{`42["once"]`, `42["not red"]`}, rest, []string{`42["you"]`, raw})...)
}

func namespaces(t *testing.T, open func(testing.TB) *Cluster) {
	r := newRig(t, open, 2, sio.Options{})
	r.nodes[1].OnConnect(func(s *sio.Socket) error { return s.Broadcast().Emit("new", "there is one") })
	r.nodes[1].Of("/chat") // the other server does not know it yet
	a := r.nodes[0].dial("/")
	c := r.nodes[1].dial("/chat")
	b := r.nodes[1].dial("/")
	r.try(r.nodes[0].Of("/chat").Emit("chat"))
	r.try(r.nodes[0].Of("/nobody").Emit("lost"))
	r.try(r.nodes[0].Emit("end"))
	b.expect("end")
	r.until("the namespace's own", func() bool { return slices.Contains(c.got, `42/chat,["chat"]`) })
	heard := `42["new","there is one"]` // of b
	r.until("what a handler sends", func() bool { return slices.Contains(a.got, heard) })
	if slices.Sort(a.got); !slices.Equal(a.got, []string{`42["end"]`, heard}) {
		t.Errorf("a client got %q", a.got)
	}
}

func moves(t *testing.T, open func(testing.TB) *Cluster) {
	r := newRig(t, open, 2, sio.Options{})
	io := r.nodes[0]
	b, c := r.nodes[1].dial("/"), r.nodes[1].dial("/")
	io.In(b.sid).Join("x", "y")
	r.try(io.To("x").Emit("one"))
	io.To("y").Leave("x")
	r.try(io.To("x").Emit("nobody"))
	io.Join("z")
	r.try(io.To("z").Emit("two"))
	io.Local().Leave("z")
	r.try(io.To("z").Emit("three"))
	io.Leave("z")
	r.try(io.To("z").Emit("nobody"))
	r.try(io.Emit("end"))
	b.expect("end", `42["one"]`, `42["two"]`, `42["three"]`)
	c.expect("end", `42["two"]`, `42["three"]`)
	io.Local().Disconnect(true)
	io.In("y").Disconnect(false)
	r.until("a socket is disconnected from elsewhere", func() bool { return b.shut })
	r.try(io.Emit("end"))
	c.expect("end")
	io.Disconnect(true)
	r.until("a client is sent away from elsewhere", func() bool { return c.away })
}

func order(t *testing.T, open func(testing.TB) *Cluster) {
	r := newRig(t, open, 2, sio.Options{})
	io, b := r.nodes[0], r.nodes[1].dial("/")
	var want []string
	for i := range 200 {
		io.In(b.sid).Join("r")
		r.try(io.To("r").Emit("n", i))
		io.To("r").Leave("r")
		r.try(io.To("r").Emit("no"))
		r.try(io.To(b.sid).Emit("m", i))
		want = append(want, fmt.Sprintf(`42["n",%d]`, i), fmt.Sprintf(`42["m",%d]`, i))
	}
	r.try(io.Emit("end"))
	b.expect("end", want...)
}

func concurrent(t *testing.T, open func(testing.TB) *Cluster) {
	const each = 100
	r := newRig(t, open, 3, sio.Options{})
	var all []*client
	for _, x := range r.nodes {
		all = append(all, x.dial("/"), x.dial("/"))
	}
	r.off(func() {
		var wg sync.WaitGroup
		for i, x := range r.nodes {
			for k := range 2 {
				wg.Add(1)
				go func() {
					defer wg.Done()
					for n := range each {
						_ = x.Emit(fmt.Sprintf("from%d%d", i, k), n)
					}
				}()
			}
		}
		wg.Wait()
	})
	for _, c := range all {
		r.until("everything comes", func() bool { return len(c.got) >= 6*each })
		next := map[string]int{}
		for _, p := range c.got {
			var name string
			var n int
			if _, err := fmt.Sscanf(p, `42["from%2s",%d]`, &name, &n); err != nil {
				t.Fatalf("got %q: %v", p, err)
			}
			if n != next[name] {
				t.Fatalf("of %s came %d, want %d", name, n, next[name])
			}
			next[name]++
		}
	}
}

// fetch lists what b selects.
func (r *rig) fetch(b sio.Broadcast, patience time.Duration) (list []sio.RemoteSocket, err error) {
	r.off(func() {
		for s, e := range b.Sockets(r.context(patience)) {
			if e != nil {
				err = e
				return
			}
			list = append(list, s)
		}
	})
	return list, err
}

func sockets(t *testing.T, open func(testing.TB) *Cluster) {
	r := newRig(t, open, 3, sio.Options{})
	for _, x := range r.nodes {
		x.OnConnect(func(s *sio.Socket) error {
			s.Data().Set("name", "n")
			s.Data().Set("odd", func() {}) // is no JSON
			return nil
		})
	}
	a, b, c := r.nodes[0].dial("/"), r.nodes[1].dial("/"), r.nodes[2].dial("/")
	io := r.nodes[0]
	io.In(b.sid).Join("red")
	list, err := r.fetch(io.Compress(true), patience)
	r.try(err)
	var ids []string
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	slices.Sort(ids)
	want := []string{a.sid, b.sid, c.sid}
	slices.Sort(want)
	if !slices.Equal(ids, want) {
		t.Fatalf("sockets %q, want %q", ids, want)
	}
	list, err = r.fetch(io.In("red"), patience)
	r.try(err)
	if len(list) != 1 {
		t.Fatalf("in the room are %v", list)
	}
	s := &list[0]
	h := s.Handshake
	if s.ID != b.sid || !slices.Equal(s.Rooms, []string{b.sid, "red"}) || s.Data["name"] != "n" || h.Query("who") != "me" ||
		h.Header("x-custom") != "cu" || h.Address() != "192.0.2.1" || h.Issued().IsZero() {
		t.Errorf("got %+v, %+v", s, h)
	}
	r.try(s.Emit("hi"))
	s.Leave("red")
	r.try(io.To("red").Emit("nobody"))
	b.reply = `["me"]`
	r.off(func() {
		reply, err := s.Ask(r.context(patience), "ask")
		if err != nil || reply.ID != b.sid || string(reply.Raw()) != `"me"` {
			t.Errorf("asked: %q, %v", reply.Raw(), err)
		}
	})
	r.try(io.Emit("end"))
	b.expect("end", `42["hi"]`, `42["ask"]`)
	if list, err = r.fetch(io.Local(), patience); err != nil || len(list) != 1 || list[0].ID != a.sid {
		t.Errorf("here are %v, %v", list, err)
	}
	r.try(r.nodes[1].Of("/far").Emit("x")) // only one server has that namespace
	if list, err = r.fetch(r.nodes[1].Of("/far").In("x"), patience); err != nil || len(list) != 0 {
		t.Errorf("nowhere are %v, %v", list, err)
	}
}
