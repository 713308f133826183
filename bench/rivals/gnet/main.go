// Command gnet offers the load contract on bare gnet, with hand-written HTTP,
// websocket and Socket.IO bytes and one Conn.Write per message: the least that
// a server on gnet can do in the ordinary way. It is a reference.
package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/panjf2000/gnet/v2"

	"github.com/sio-fast/sio-fast/bench/rivals/internal/listen"
	"github.com/sio-fast/sio-fast/bench/rivals/internal/wire"
)

const maxMessage = 1_000_000

func main() {
	addr := listen.Address()
	err := gnet.Run(&server{rooms: map[string]*room{}, addr: addr}, "tcp://"+addr,
		gnet.WithNumEventLoop(1), gnet.WithReusePort(true), gnet.WithReuseAddr(true), gnet.WithTCPNoDelay(gnet.TCPNoDelay))
	fmt.Fprintln(os.Stderr, "gnet:", err)
	os.Exit(1)
}

// server is run by its one loop alone.
type server struct {
	gnet.BuiltinEventEngine
	addr    string
	clients []*client
	rooms   map[string]*room
	frame   []byte // what is being sent
	packet  []byte
}

type client struct {
	conn   gnet.Conn
	open   bool // the websocket is open
	member int  // its place among the clients, -1: it has not connected
	tail   []byte
	rooms  []*room
}

type room struct{ members []*client }

func (s *server) OnBoot(gnet.Engine) gnet.Action {
	listen.EndOnSignal()
	// gnet binds the port it was told; the runner always tells one.
	fmt.Println("READY", s.addr[strings.LastIndexByte(s.addr, ':')+1:])
	return gnet.None
}

func (s *server) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	c.SetContext(&client{conn: c, member: -1})
	return nil, gnet.None
}

func (s *server) OnClose(c gnet.Conn, _ error) gnet.Action {
	k := c.Context().(*client)
	if k.member >= 0 {
		last := s.clients[len(s.clients)-1]
		s.clients[k.member], last.member = last, k.member
		s.clients = s.clients[:len(s.clients)-1]
	}
	for _, r := range k.rooms {
		if i := slices.Index(r.members, k); i >= 0 {
			r.members = slices.Delete(r.members, i, i+1)
		}
	}
	return gnet.None
}

func (s *server) OnTraffic(c gnet.Conn) gnet.Action {
	k := c.Context().(*client)
	b, _ := c.Next(-1)
	if len(k.tail) > 0 {
		k.tail = append(k.tail, b...)
		b = k.tail
	}
	rest, action := s.consume(k, b)
	if len(k.tail) > 0 || len(rest) > 0 {
		k.tail = append(k.tail[:0], rest...)
	}
	return action
}

// consume takes whole requests and frames off b and returns the rest.
func (s *server) consume(k *client, b []byte) ([]byte, gnet.Action) {
	if !k.open {
		end := bytes.Index(b, []byte("\r\n\r\n"))
		if end < 0 {
			return b, gnet.None
		}
		out, ok := wire.AppendUpgrade(s.frame[:0], b[:end])
		if !ok {
			_, _ = k.conn.Write([]byte("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
			return nil, gnet.Close
		}
		k.open = true
		s.frame = wire.AppendFrame(out, wire.Text, wire.AppendOpen(nil))
		_, _ = k.conn.Write(s.frame)
		b = b[end+4:]
	}
	for {
		first, payload, n := wire.Frame(b, maxMessage)
		if n == 0 {
			return b, gnet.None
		}
		if n < 0 || first == wire.Close || first == wire.Text && !s.serve(k, payload) {
			return nil, gnet.Close
		}
		if first == wire.Ping {
			_, _ = k.conn.Write(wire.AppendFrame(nil, wire.Pong, payload))
		}
		b = b[n:]
	}
}

// serve answers one packet; false: the client says goodbye. What Write says is
// not looked at: a connection that has gone is told to OnClose.
func (s *server) serve(k *client, p []byte) bool {
	switch m := wire.Parse(p); m.Kind {
	case wire.Connect:
		if k.member < 0 {
			k.member = len(s.clients)
			s.clients = append(s.clients, k)
		}
		s.send(k, wire.AppendConnect(s.packet[:0]))
	case wire.Disconnect:
		return false
	case wire.Echo:
		if len(m.ID) > 0 {
			s.send(k, wire.AppendAck(s.packet[:0], m.ID, m.Args))
		} else {
			s.send(k, p)
		}
	case wire.All:
		s.frame = wire.AppendFrame(s.frame[:0], wire.Text, p)
		for _, c := range s.clients {
			_, _ = c.conn.Write(s.frame)
		}
	case wire.Room:
		r := s.rooms[string(m.Room)]
		if r == nil {
			break
		}
		s.packet = wire.AppendEvent(s.packet[:0], "room", m.Args)
		s.frame = wire.AppendFrame(s.frame[:0], wire.Text, s.packet)
		for _, c := range r.members {
			if c != k {
				_, _ = c.conn.Write(s.frame)
			}
		}
	case wire.Join:
		s.join(k, string(m.Room))
		s.send(k, wire.AppendAck(s.packet[:0], m.ID, []byte("]")))
	}
	return true
}

func (s *server) send(k *client, p []byte) {
	s.frame = wire.AppendFrame(s.frame[:0], wire.Text, p)
	_, _ = k.conn.Write(s.frame)
}

func (s *server) join(k *client, name string) {
	r := s.rooms[name]
	if r == nil {
		r = new(room)
		s.rooms[name] = r
	}
	if !slices.Contains(k.rooms, r) {
		k.rooms = append(k.rooms, r)
		r.members = append(r.members, k)
	}
}
