package sio

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/sio-fast/sio-fast/pool"
)

// Recovery has a client that lost its connection find its socket again: the
// same id, its rooms and its data, and every event it has missed meanwhile (the
// reference's connectionStateRecovery). The zero value of a field means its
// default. The bounds are each namespace's; the children of a dynamic one share
// them, because clients choose how many there are.
//
// It costs what it keeps: with it every event that is not volatile and asks for
// no ack is remembered for MaxDisconnection and a heartbeat, and carries one
// more argument, a string by which the client says later what it has seen.
type Recovery struct {
	// MaxDisconnection is how long a client may be away. 0 means 2 min.
	MaxDisconnection time.Duration
	// Middlewares has the functions of [Namespace.Use] run for a socket that
	// is recovered too. The reference skips them, and so does the default.
	Middlewares bool
	// MaxEvents bounds the events that are remembered. When there are more,
	// the oldest is forgotten: a client that has missed it starts afresh. 0
	// means 131072.
	MaxEvents int
	// MaxBytes bounds the same by the size of their packets and of the names of
	// the rooms they went to. 0 means 64 MiB.
	MaxBytes int
	// MaxSessions bounds the clients that are waited for; of more, the one that
	// left first is given up. It bounds the names of their rooms, too, to 256
	// bytes for each client on average. 0 means 65536.
	MaxSessions int
	// OnExpired hears of a socket that did not come back, when it is given up.
	// It runs on a loop and must not block. nil: nobody hears.
	OnExpired func(l *LostSocket)
}

// LostSocket is what was kept of a socket that did not come back.
type LostSocket struct {
	Namespace string
	ID        string
	Rooms     []string       // without its own id
	Data      map[string]any // the values of [Socket.Data]
}

// RecoveryStats are figures of connection state recovery, over all namespaces
// that exist.
type RecoveryStats struct {
	Events          int    // remembered now
	Bytes           int    // of their packets, and of the names of their rooms
	Sessions        int    // waited for now
	Recovered       uint64 // sockets that came back
	Failed          uint64 // that came too late, or had missed too much
	Expired         uint64 // that did not come
	EventsDropped   uint64 // forgotten before their time: MaxEvents, MaxBytes
	SessionsDropped uint64 // given up before their time: MaxSessions
}

func (s *RecoveryStats) add(o *RecoveryStats) {
	s.Events += o.Events
	s.Bytes += o.Bytes
	s.Sessions += o.Sessions
	s.Recovered += o.Recovered
	s.Failed += o.Failed
	s.Expired += o.Expired
	s.EventsDropped += o.EventsDropped
	s.SessionsDropped += o.SessionsDropped
}

func (r *Recovery) withDefaults() (*Recovery, error) {
	if r == nil {
		return nil, nil
	}
	c := *r
	switch {
	case c.MaxDisconnection < 0:
		return nil, fmt.Errorf("sio: Recovery.MaxDisconnection is negative: %v", c.MaxDisconnection)
	case c.MaxEvents < 0, c.MaxBytes < 0, c.MaxSessions < 0:
		return nil, errors.New("sio: a bound of Recovery is negative")
	case c.MaxDisconnection == 0:
		c.MaxDisconnection = 2 * time.Minute
	}
	orInt(&c.MaxEvents, 1<<17)
	orInt(&c.MaxBytes, 64<<20)
	orInt(&c.MaxSessions, 1<<16)
	return &c, nil
}

// Recovered reports that the socket is that of a client which had lost its
// connection: its id, rooms and data are those it had, and it has got what it
// missed. Any goroutine.
func (s *Socket) Recovered() bool { return s.returned }

// saved is a socket that may come back. Under store.mu until it is claimed,
// then the new socket's alone.
type saved struct {
	pid        string
	sid        [idLen]byte
	at         time.Duration // when it left
	size       int           // of the names of its rooms, in bytes
	rooms      []string
	data       map[string]any
	prev, next *saved // in the order in which they left

	upto   int64 // the client has, or replay holds, all events before this one
	replay *pool.Shared
	wanted map[string]struct{} // rooms and id, while the log is searched
}

// newPID makes the private id by which a client claims its socket.
func newPID() string {
	var raw [15]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// claimOf reads what a CONNECT says of the socket the client had; auth is a JSON
// object. WIRE 12: "pid and offset must both be strings, else a plain connect".
func claimOf(auth []byte) (pid, offset string, ok bool) {
	var havePID, haveOffset bool
	i, end := skipSpace(auth, 0), 0
	for i = skipSpace(auth, i+1); auth[i] == '"'; i = skipComma(auth, end) {
		var b [32]byte
		name := unquoted(b[:0], auth[i:skipString(auth, i)])
		i = skipMember(auth, i)
		end = skipValue(auth, i, len(auth))
		switch string(name) { // as JSON.parse: the last of two counts
		case "pid":
			pid, havePID = textOf(auth[i:end])
		case "offset":
			offset, haveOffset = textOf(auth[i:end])
		}
	}
	return pid, offset, havePID && haveOffset
}

// textOf gives the text of a JSON string.
func textOf(v []byte) (s string, ok bool) {
	if v[0] != '"' {
		return "", false
	}
	return string(unquoted(nil, v)), true
}

// identify gives the socket its id: that of the socket it recovers, with its
// rooms and data, or a new one. Loop only.
func (s *Socket) identify(l *nsLoop) {
	c, st := s.client, s.nsp.store
	if st == nil {
		c.ls.ids.newID(&s.id, s.slot, c.ls.loop.Index())
		return
	}
	x := s.extra()
	if v := st.claim(s); v != nil { // nobody else knows s yet
		s.id, s.returned = v.sid, true
		x.pid, x.claimed = v.pid, v
		l.join(s, s.ID()) // the id says where the old socket was
		s.mu.Lock()
		x.data = v.data
		for _, room := range v.rooms {
			x.addName(room)
			l.join(s, room)
		}
		s.mu.Unlock()
		return
	}
	c.ls.ids.newID(&s.id, s.slot, c.ls.loop.Index())
	x.pid = newPID()
}

// mayReturn says that a socket which ends for that reason is waited for.
func mayReturn(why Reason) bool {
	switch why {
	case ReasonTransportClose, ReasonTransportError, ReasonPingTimeout, ReasonForced, ReasonSlow:
		return true
	}
	return false
}

// part is told that s is about to end, and keeps what is needed of it if its
// client may come back. Loop only.
func (st *store) part(s *Socket, why Reason) {
	x := s.extra()
	st.mu.Lock()
	x.claimed.release() // it came back, and left before it was let in
	x.claimed = nil
	pid := x.pid
	st.mu.Unlock()
	if pid == "" || !mayReturn(why) || !s.live && !s.returned || s.state.Load() == stateLeaving || st.n.srv.closed.Load() {
		return
	}
	v := &saved{pid: pid, sid: s.id}
	s.mu.Lock()
	v.rooms = append(v.rooms, x.names...)
	v.data = maps.Clone(x.data)
	s.mu.Unlock()
	for i, room := range v.rooms {
		v.rooms[i] = strings.Clone(room)
		v.size += len(room)
	}
	for _, given := range st.keep(v) {
		st.lost(given)
	}
}

// bar has the client of s, which was refused, not come back as s. Loop only.
func (st *store) bar(s *Socket) {
	x := s.extra()
	st.mu.Lock()
	x.pid = ""
	st.mu.Unlock()
}

// lost tells OnExpired.
func (st *store) lost(v *saved) {
	f := st.opts.OnExpired
	if f == nil {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			st.n.srv.panics.Add(1)
			st.n.srv.opts.Logger.Error("sio: panic in OnExpired", "namespace", st.n.name, "panic", r)
		}
	}()
	f(&LostSocket{Namespace: st.n.name, ID: string(v.sid[:]), Rooms: v.rooms, Data: v.data})
}

// release lets go of what was to be sent again. v may be nil.
func (v *saved) release() {
	if v != nil && v.replay != nil {
		v.replay.Release()
		v.replay = nil
	}
}
