package eio

import (
	"net/netip"
	"testing"
)

// movable is a connection that any loop may have.
type movable struct{}

func (movable) Send(p []byte) (int, error)  { return len(p), nil }
func (movable) SendV([][]byte) (int, error) { return 0, nil }
func (movable) Close()                      {}
func (movable) Abort()                      {}
func (movable) RemoteAddr() netip.AddrPort  { return netip.AddrPort{} }
func (movable) Secure() bool                { return false }
func (movable) Move(*Loop, *Peer) bool      { return true }
func (movable) Wake()                       {}

// lists counts on how many of l's lists p is.
func lists(l *Loop, p *Peer) (n int) {
	for _, list := range [][]*Peer{l.dirty, l.ready, l.watch.peers} {
		for _, q := range list {
			if q == p {
				n++
			}
		}
	}
	return n
}

// TestMoveLeavesNothing: a peer that goes to another loop is on no list of the
// one it leaves, which would look at it while the other one has it.
func TestMoveLeavesNothing(t *testing.T) {
	m := NewMux()
	from, to := m.NewLoop(movable{}), m.NewLoop(movable{})
	var p Peer
	from.Accept(&p, movable{})
	p.flags |= pfDirty | pfReady
	from.dirty, from.ready = append(from.dirty, &p), append(from.ready, &p)
	if n := lists(from, &p); n != 3 {
		t.Fatalf("on %d lists before", n)
	}
	if !p.moveTo(to, nil) {
		t.Fatal("not moved")
	}
	if n := lists(from, &p); n != 0 || p.flags&(pfDirty|pfReady) != 0 {
		t.Errorf("still on %d lists", n)
	}
}
