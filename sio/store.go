package sio

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/pool"
)

// store is what a namespace keeps for connection state recovery: the events of
// the last minutes in one order, and the sockets that may come back.
//
//	log: [ forgotten … | 17 18 19 20 21 ] next = 22
//	                     ^ first
//
// An event gets its number and is posted to the loops under one lock, so every
// loop meets them in the order of the log. A socket that comes back is let in by
// an op that is posted under the same lock, with what it has missed up to that
// number: what stands before the op in the loop's inbox passes it over, because
// it is not live yet, and what is emitted later stands behind. So it gets each
// event once.
type store struct {
	n      *Namespace
	opts   *Recovery
	budget *budget
	tag    string        // before the number, in an offset
	retain time.Duration // how long an event is remembered
	ticks  atomic.Bool   // the clock is set, see forget.go

	mu       sync.Mutex
	log      []logged
	head     int    // log[:head] is forgotten
	first    int64  // the number of log[head]
	bytes    int    // of their packets, and of the names of the rooms
	block    []byte // where packets are copied to
	sessions map[string]*saved
	oldest   *saved
	newest   *saved
	stats    RecoveryStats
}

// logged is one event of the log. Its packet is a part of a block.
type logged struct {
	at     time.Duration
	size   int
	frame  []byte
	rooms  roomSet
	except roomSet
	to     [idLen]byte // of an emit to one socket
	from   [idLen]byte // who sent it and is passed over
	one    bool        // to is meant, and not rooms
}

// logBlock is how many bytes of packets are allocated together.
const logBlock = 64 << 10

// newStore gives n's store, nil where recovery is off.
func (s *Server) newStore(n *Namespace) *store {
	o := s.opts.Recovery
	if o == nil {
		return nil
	}
	e := s.engine.Options()
	return &store{
		n: n, opts: o, budget: n.budget(), tag: newPID()[:3] + ".",
		// A client is missed only when its heartbeat is.
		retain: o.MaxDisconnection + e.PingInterval + e.PingTimeout,
		first:  1, sessions: make(map[string]*saved),
	}
}

func (st *store) now() time.Duration { return st.n.srv.mux.Elapsed() }

func (st *store) next() int64 { return st.first + int64(len(st.log)-st.head) }

// emit remembers an event and broadcasts it. It borrows args and bins. Any
// goroutine.
func (st *store) emit(b *Broadcast, event string, args []byte, bins [][]byte) error {
	e := logged{rooms: b.rooms, except: b.except}
	if b.from != nil {
		e.from = b.from.id
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	f, err := st.frame(event, args, bins)
	if err != nil {
		return err
	}
	st.remember(e, f.B)
	b.spread(st.n, action{kind: actSend, frame: f, event: event}, args)
	return nil
}

// emitTo remembers an event for s and sends it. If s has lost its connection,
// its client may still come back for it. It borrows args and bins. Any
// goroutine.
func (st *store) emitTo(s *Socket, event string, args []byte, bins [][]byte, fl eio.SendFlags) error {
	if reserved(event) {
		return ErrReserved
	}
	err := st.sendTo(s, event, args, bins, fl)
	if err == nil {
		s.heard(event, args)
	}
	return err
}

func (st *store) sendTo(s *Socket, event string, args []byte, bins [][]byte, fl eio.SendFlags) (err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	away := s.state.Load() >= stateLeaving
	if away && st.sessions[s.extra().pid] == nil {
		return s.gone()
	}
	f, err := st.frame(event, args, bins)
	if err != nil {
		return err
	}
	if !away {
		if fl, err = s.reserve(f, fl); err != nil {
			return err
		}
	}
	st.remember(logged{to: s.id, one: true}, f.B)
	if away {
		f.Release()
		return nil
	}
	s.loop().PostSend(s.client.session, f, fl)
	return nil
}

// frame gives one reference to the packet of the next event. Under mu.
func (st *store) frame(event string, args []byte, bins [][]byte) (f *pool.Shared, err error) {
	buf := pool.Get()
	buf.B = append(buf.B, args...)
	if len(args) > 0 {
		buf.B = append(buf.B, ',')
	}
	buf.B = append(append(buf.B, '"'), st.tag...)
	buf.B = append(strconv.AppendInt(buf.B, st.next(), 36), '"')
	f = pool.NewShared()
	if f.B, err = st.n.srv.frameEvent(f.B, st.n.name, -1, event, buf.B, bins); err != nil {
		f.Release()
		f = nil
	}
	pool.Put(buf)
	return f, err
}

// remember gives e the next number. It borrows its packet. Under mu.
func (st *store) remember(e logged, packet []byte) {
	e.at = st.now()
	e.frame = st.copy(packet)
	e.size = len(packet) + e.rooms.size() + e.except.size()
	st.bytes += e.size
	st.budget.events.Add(1)
	st.budget.bytes.Add(int64(e.size))
	if st.head > 1024 && st.head > len(st.log)/2 {
		n := copy(st.log, st.log[st.head:])
		clear(st.log[n:])
		st.log, st.head = st.log[:n], 0
	}
	st.log = append(st.log, e)
	st.trim()
	st.setClock()
}

// copy puts b into a block.
func (st *store) copy(b []byte) []byte {
	if len(b) > cap(st.block)-len(st.block) {
		st.block = make([]byte, 0, max(logBlock, len(b)))
	}
	n := len(st.block)
	st.block = append(st.block, b...)
	return st.block[n:len(st.block):len(st.block)]
}

// claim gives what was saved of the socket that the client of s had, with what
// it has missed so far, or nil if there is no such socket, or too much. It can
// be claimed once. Loop only.
func (st *store) claim(s *Socket) *saved {
	if s.hs == nil {
		return nil
	}
	pid, offset, ok := claimOf(s.hs.Auth)
	if !ok {
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	v := st.sessions[pid]
	if v == nil || st.now()-v.at > st.opts.MaxDisconnection {
		st.stats.Failed++
		return nil
	}
	st.forget(v)
	st.trim()
	seen, ok := st.seen(offset)
	if !ok || !st.gather(v, seen+1) {
		v.release()
		st.stats.Failed++
		return nil
	}
	return v
}

// seen reads an offset. Under mu.
func (st *store) seen(offset string) (n int64, ok bool) {
	digits, ok := strings.CutPrefix(offset, st.tag)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 36, 64)
	return n, err == nil && n > 0 && n < st.next()
}

// gather adds what v has missed from event number from on to its replay. false:
// some of it is forgotten, or it is more than a client may have in its backlog.
// Under mu.
func (st *store) gather(v *saved, from int64) bool {
	if from < st.first {
		return false
	}
	v.upto = st.next()
	for i := st.head + int(from-st.first); i < len(st.log); i++ {
		e := &st.log[i]
		if !v.wants(e) {
			continue
		}
		if v.replay == nil {
			v.replay = pool.NewShared()
		}
		v.replay.B = append(v.replay.B, e.frame...)
		if len(v.replay.B) > st.n.srv.engine.Options().MaxBacklog {
			return false
		}
	}
	return true
}

// wants says whether the socket would have got e. WIRE 12: "no target rooms, or
// one of the session's rooms, and none of the session's rooms in except".
func (v *saved) wants(e *logged) bool {
	if e.one {
		return e.to == v.sid
	}
	if e.from == v.sid {
		return false
	}
	return (e.rooms.n == 0 || v.inAny(&e.rooms)) && !v.inAny(&e.except)
}

func (v *saved) inAny(rooms *roomSet) bool {
	if rooms.n == 0 {
		return false
	}
	if v.wanted == nil {
		v.wanted = make(map[string]struct{}, len(v.rooms)+1)
		for _, room := range v.rooms {
			v.wanted[room] = struct{}{}
		}
		v.wanted[string(v.sid[:])] = struct{}{}
	}
	for i := range rooms.n {
		if _, ok := v.wanted[rooms.at(i)]; ok {
			return true
		}
	}
	return false
}

// welcome lets s in, behind everything that is on its way to its loop and with
// everything it has missed. Any goroutine.
func (st *store) welcome(s *Socket) {
	x := s.extra()
	st.mu.Lock()
	defer st.mu.Unlock()
	v := x.claimed
	x.claimed = nil
	if v == nil { // it has left again
		return
	}
	if !st.gather(v, v.upto) {
		v.release()
		st.stats.Failed++
		s.post(op{kind: opCloseConn}) // it was told that it is recovered
		return
	}
	st.stats.Recovered++
	f := v.replay
	v.replay = nil
	s.post(op{kind: opWelcome, frame: f})
}

// figures gives the figures of now. Any goroutine.
func (st *store) figures() RecoveryStats {
	st.mu.Lock()
	defer st.mu.Unlock()
	f := st.stats
	f.Events, f.Bytes, f.Sessions = len(st.log)-st.head, st.bytes, len(st.sessions)
	return f
}
