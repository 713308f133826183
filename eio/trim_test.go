package eio

import (
	"testing"
	"time"
)

// quietWaker wakes nobody: these tests run the loop themselves.
type quietWaker struct{}

func (quietWaker) Wake() {}

// TestTrimTable: a table gives back what a crowd has left, keeps who stayed in
// their places, and gives out the lowest places first.
func TestTrimTable(t *testing.T) {
	var tab table
	all := make([]*Session, 20_000)
	for i := range all {
		all[i] = &Session{}
		tab.add(all[i])
		tab.deadline[all[i].slot] = uint32(i + 1)
		tab.soonest[all[i].slot/blockSlots] = 1
	}
	tab.trim()
	if len(tab.sessions) != len(all) {
		t.Fatal("trimmed while all are there")
	}
	for i, s := range all {
		if i != 7 && i != 4000 {
			tab.remove(s)
		}
	}
	tab.trim()
	if len(tab.sessions) != 4001 || cap(tab.sessions) > 4096 || cap(tab.deadline) > 4096 || cap(tab.soonest) > 256 || cap(tab.free) > 8300 {
		t.Errorf("%d slots, room for %d, %d, %d, %d", len(tab.sessions), cap(tab.sessions), cap(tab.deadline), cap(tab.soonest), cap(tab.free))
	}
	for _, i := range []uint32{7, 4000} {
		if tab.sessions[i] != all[i] || tab.deadline[i] != i+1 {
			t.Errorf("slot %d was not kept", i)
		}
	}
	for _, want := range []uint32{0, 1, 2, 3, 4, 5, 6, 8} {
		s := &Session{}
		if tab.add(s); s.slot != want {
			t.Errorf("slot %d, want %d", s.slot, want)
		}
	}
	for _, s := range append([]*Session(nil), tab.sessions...) {
		if s != nil {
			tab.remove(s)
		}
	}
	tab.trim()
	if cap(tab.sessions)+cap(tab.deadline)+cap(tab.soonest)+cap(tab.free) != 0 {
		t.Errorf("an empty table keeps room for %d", cap(tab.sessions))
	}
	s := &Session{}
	if tab.add(s); s.slot != 0 || len(tab.soonest) != 1 || tab.live != 1 {
		t.Errorf("slot %d in a new table of %d blocks, %d live", s.slot, len(tab.soonest), tab.live)
	}
}

// TestTableOfMany: a loop with more sessions than an id has slots for finds each
// by its id, without a map.
func TestTableOfMany(t *testing.T) {
	m := NewMux()
	l := m.NewLoop(quietWaker{})
	const n = 2*maxSlots + 100
	ids := make([]sid, n)
	for i := range ids {
		s := &Session{loop: l}
		l.table.add(s)
		number, named := l.sidNumber(s.slot)
		if !named || number>>24 != 0 {
			t.Fatalf("slot %d has the number %x", s.slot, number)
		}
		s.sid = l.sids.next(number)
		ids[i] = s.sid
	}
	for _, i := range []int{0, 1, maxSlots - 1, maxSlots, maxSlots + 1, 2*maxSlots - 1, 2 * maxSlots, n - 1} {
		if s := l.table.find(ids[i]); s == nil || int(s.slot) != i {
			t.Errorf("session %d was not found", i)
		}
		l.table.remove(l.table.sessions[i])
		if l.table.find(ids[i]) != nil {
			t.Errorf("session %d was found after its end", i)
		}
	}
}

type fired struct{ n int }

func (f *fired) Fire(*Loop) { f.n++ }

// TestTrimWheel: a wheel without timers gives its entries back, and an id from
// before takes back no timer of after.
func TestTrimWheel(t *testing.T) {
	var w Wheel
	f := &fired{}
	ids := make([]TimerID, 100)
	for i := range ids {
		ids[i] = w.After(10, f)
	}
	w.trim()
	if w.Len() != len(ids) || len(w.timers) != len(ids)+1 {
		t.Fatal("trimmed while timers are pending")
	}
	for _, id := range ids {
		if !w.Cancel(id) {
			t.Fatal("a pending timer could not be taken back")
		}
	}
	w.trim()
	if w.timers != nil {
		t.Fatal("the entries were kept")
	}
	w.After(10, f)
	for _, id := range ids {
		if w.Cancel(id) {
			t.Fatal("an old id took back a new timer")
		}
	}
	if w.Len() != 1 {
		t.Error("the new timer is gone")
	}
}

// TestTrimLoop: what a loop keeps for a crowd goes, and it works on.
func TestTrimLoop(t *testing.T) {
	m := NewMux()
	l := m.NewLoop(quietWaker{})
	var out []*outq
	for range 5000 {
		out = append(out, l.outqs.Get())
		p := &Peer{loop: l}
		l.watch.set(p, 1000)
		l.Post(nothing{})
	}
	for _, q := range out {
		l.outqs.Put(q)
	}
	l.Run()
	l.Run() // one does not do them all
	for _, p := range append([]*Peer(nil), l.watch.peers...) {
		l.watch.forget(p)
	}
	l.dirty = make([]*Peer, 0, 5000)
	l.Trim()
	if cap(l.watch.peers)+cap(l.watch.at)+cap(l.dirty)+cap(l.ops) != 0 {
		t.Error("lists were kept:", cap(l.watch.peers), cap(l.watch.at), cap(l.dirty), cap(l.ops))
	}
	a, b := l.outqs.Get(), l.outqs.Get()
	if a == b {
		t.Error("one queue twice")
	}
	l.outqs.Put(a)
	l.outqs.Put(b)
	f := &fired{}
	l.Post(later{f})
	l.Run()
	l.Tick(time.Now().Add(time.Minute))
	if f.n != 1 {
		t.Errorf("the timer fired %d times", f.n)
	}
}

type nothing struct{}

func (nothing) Run(*Loop) bool { return false }

type later struct{ t Timer }

func (a later) Run(l *Loop) bool {
	l.Wheel().After(5, a.t)
	return false
}
