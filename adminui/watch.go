package adminui

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/sio"
)

// registry is the sockets that Development mode tells of.
type registry struct {
	// order is held while an admin is told which sockets come, go, and are there:
	// so none that has gone stays on the page. By workers alone: it may be long.
	order sync.Mutex
	mu    sync.Mutex // for moments; by loops, too
	of    map[*eio.Session][]*sio.Socket
}

func (r *registry) add(s *sio.Socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = make(map[*eio.Session][]*sio.Socket)
	}
	r.of[s.Session()] = append(r.of[s.Session()], s)
}

func (r *registry) remove(s *sio.Socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.of[s.Session()]
	left := make([]*sio.Socket, 0, len(all))
	for _, o := range all {
		if o != s {
			left = append(left, o)
		}
	}
	if len(left) == 0 {
		delete(r.of, s.Session())
		return
	}
	r.of[s.Session()] = left
}

// all gives the sockets; of: those of one session.
func (r *registry) all() (list []*sio.Socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, of := range r.of {
		list = append(list, of...)
	}
	return list
}

func (r *registry) ofSession(s *eio.Session) []*sio.Socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of[s] // replaced by remove, appended to by add: what is seen stays
}

// watch tells the admins of what happens in n.
func (u *UI) watch(n *sio.Namespace) {
	n.OnConnect(u.connected)
	n.OnDisconnect(u.disconnected)
	n.OnRoom(u.roomChanged)
	n.OnData(u.dataChanged)
	if n != u.admin { // what is said about events would be events
		n.OnAny(u.eventReceived)
		n.OnAnyOutgoing(u.eventSent)
	}
}

// tell sends to all admins what changes their picture: one who is too slow for it
// is cut, and gets the whole picture when he is back.
func (u *UI) tell(event string, args ...any) {
	if u.watched.Load() {
		_ = u.admin.WhenSlow(sio.Cut).Emit(event, args...) // it fails when the server has closed
	}
}

// date is now as JavaScript writes it in JSON.
func date() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

func (u *UI) connected(s *sio.Socket) error {
	u.registry.order.Lock()
	defer u.registry.order.Unlock()
	u.registry.add(s) // before its transport is read: an upgrade from now on is told
	if u.watched.Load() {
		u.tell("socket_connected", describe(s), date())
	}
	return nil
}

func (u *UI) disconnected(s *sio.Socket, why sio.Reason) {
	u.registry.order.Lock()
	defer u.registry.order.Unlock()
	u.registry.remove(s)
	u.tell("socket_disconnected", s.Namespace().Name(), s.ID(), string(why), date())
}

// snapshot tells an admin of all sockets.
func (u *UI) snapshot(admin *sio.Socket) error {
	u.registry.order.Lock()
	defer u.registry.order.Unlock()
	list := []*description{}
	for _, s := range u.registry.all() {
		list = append(list, describe(s))
	}
	return admin.Emit("all_sockets", list)
}

// roomChanged runs on a loop, and others wait.
func (u *UI) roomChanged(e sio.RoomEvent) {
	switch e.Kind {
	case sio.RoomJoined:
		u.tell("room_joined", e.Namespace.Name(), e.Room, e.Socket.ID(), date())
	case sio.RoomLeft:
		u.tell("room_left", e.Namespace.Name(), e.Room, e.Socket.ID(), date())
	}
}

func (u *UI) dataChanged(s *sio.Socket) {
	if u.watched.Load() {
		u.tell("socket_updated", map[string]any{"id": s.ID(), "nsp": s.Namespace().Name(), "data": dataOf(s)})
	}
}

// transportChanged runs on the session's loop.
func (u *UI) transportChanged(session *eio.Session) {
	for _, s := range u.registry.ofSession(session) {
		u.tell("socket_updated", map[string]any{"id": s.ID(), "nsp": s.Namespace().Name(), "transport": session.Transport().String()})
	}
}

func (u *UI) eventReceived(e *sio.Event) error {
	if !u.watched.Load() {
		return nil
	}
	if e.Attachments() == 0 {
		u.event("event_received", e.Socket(), e.Name(), e.Raw())
		return nil
	}
	args, err := e.Args()
	if err != nil {
		return nil // the handler will find it, too
	}
	list := append([]any{e.Name()}, args...)
	s := e.Socket()
	_ = u.admin.WhenSlow(sio.Refuse).Emit("event_received", s.Namespace().Name(), s.ID(), list, date())
	return nil
}

// eventSent may run on a loop, for each socket of a broadcast.
func (u *UI) eventSent(s *sio.Socket, event string, args []byte) {
	if u.watched.Load() {
		u.event("event_sent", s, event, args)
	}
}

// event tells of one event. An admin who is too slow misses some. It borrows args.
func (u *UI) event(what string, s *sio.Socket, name string, args []byte) {
	b := make([]byte, 0, 128+len(name)+len(args))
	b = appendString(b, s.Namespace().Name())
	b = append(b, ',')
	b = appendString(b, s.ID())
	b = append(b, ',')
	start := len(b)
	b = append(b, '[')
	b = appendString(b, name)
	if len(args) > 0 {
		b = append(b, ',')
		b = append(b, args...)
	}
	b = append(b, ']')
	if !json.Valid(b[start:]) { // EmitRaw sends what it is given; the admins stay
		return
	}
	b = append(b, ',')
	b = appendString(b, date())
	_ = u.admin.WhenSlow(sio.Refuse).EmitRaw(what, b)
}

func appendString(b []byte, s string) []byte { return sio.Text(s).AppendJSON(b) }
