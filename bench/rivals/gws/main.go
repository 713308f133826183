// Command gws offers the load contract on lxzan/gws, a websocket server of a
// goroutine per connection, with hand-written packets. It is a reference.
package main

import (
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/lxzan/gws"

	"github.com/sio-fast/sio-fast/bench/rivals/internal/listen"
	"github.com/sio-fast/sio-fast/bench/rivals/internal/wire"
)

func main() {
	s := gws.NewServer(newHub(), &gws.ServerOption{})
	err := s.RunListener(listen.Ready())
	fmt.Fprintln(os.Stderr, "gws:", err)
	os.Exit(1)
}

// hub knows who is there. Its methods are called from any goroutine.
type hub struct {
	gws.BuiltinEventHandler
	mu    sync.RWMutex
	all   *group
	rooms map[string]*group
}

func newHub() *hub { return &hub{all: newGroup(), rooms: map[string]*group{}} }

// group is a set of connections that is quick to walk.
type group struct {
	list []*gws.Conn
	at   map[*gws.Conn]int
}

func newGroup() *group { return &group{at: map[*gws.Conn]int{}} }

func (g *group) add(c *gws.Conn) {
	if _, in := g.at[c]; !in {
		g.at[c] = len(g.list)
		g.list = append(g.list, c)
	}
}

func (g *group) remove(c *gws.Conn) {
	i, in := g.at[c]
	if !in {
		return
	}
	last := g.list[len(g.list)-1]
	g.list[i], g.at[last] = last, i
	g.list = slices.Delete(g.list, len(g.list)-1, len(g.list))
	delete(g.at, c)
}

func (h *hub) OnOpen(c *gws.Conn) { _ = c.WriteMessage(gws.OpcodeText, wire.AppendOpen(nil)) }

func (h *hub) OnClose(c *gws.Conn, _ error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all.remove(c)
	rooms, _ := c.Session().Load("rooms")
	names, _ := rooms.([]string)
	for _, name := range names {
		h.rooms[name].remove(c)
	}
}

// OnMessage serves one packet. A write that fails ends the connection, which
// OnClose is told.
func (h *hub) OnMessage(c *gws.Conn, m *gws.Message) {
	defer func() { _ = m.Close() }()
	switch k := wire.Parse(m.Bytes()); k.Kind {
	case wire.Connect:
		h.mu.Lock()
		h.all.add(c)
		h.mu.Unlock()
		_ = c.WriteMessage(gws.OpcodeText, wire.AppendConnect(nil))
	case wire.Disconnect:
		_ = c.WriteClose(1000, nil)
	case wire.Echo:
		if len(k.ID) > 0 {
			_ = c.WriteMessage(gws.OpcodeText, wire.AppendAck(nil, k.ID, k.Args))
		} else {
			_ = c.WriteMessage(gws.OpcodeText, m.Bytes())
		}
	case wire.All:
		h.mu.RLock()
		broadcast(h.all, nil, wire.AppendEvent(nil, "all", k.Args))
		h.mu.RUnlock()
	case wire.Room:
		h.mu.RLock()
		if g := h.rooms[string(k.Room)]; g != nil {
			broadcast(g, c, wire.AppendEvent(nil, "room", k.Args))
		}
		h.mu.RUnlock()
	case wire.Join:
		h.join(c, string(k.Room))
		_ = c.WriteMessage(gws.OpcodeText, wire.AppendAck(nil, k.ID, []byte("]")))
	}
}

func (h *hub) join(c *gws.Conn, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.rooms[name]
	if g == nil {
		g = newGroup()
		h.rooms[name] = g
	}
	g.add(c)
	rooms, _ := c.Session().Load("rooms")
	names, _ := rooms.([]string)
	c.Session().Store("rooms", append(names, name))
}

// broadcast sends p to all of g but one. It keeps p until all have it.
func broadcast(g *group, but *gws.Conn, p []byte) {
	b := gws.NewBroadcaster(gws.OpcodeText, p)
	for _, c := range g.list {
		if c != but {
			_ = b.Broadcast(c) // it has gone: OnClose follows
		}
	}
	_ = b.Close()
}
