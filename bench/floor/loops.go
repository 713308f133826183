//go:build linux

package main

import (
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// More than one loop: each has its listener at the same port, and a broadcast goes
// to the others through a mailbox and an eventfd. Rooms stay each loop's own.

// letter is a broadcast on its way to another loop.
type letter struct {
	bytes []byte
	at    time.Time // when it was posted
}

type mailbox struct {
	mu   sync.Mutex
	list []letter
}

// figures are what a loop tells of its broadcasts. Any goroutine reads them.
type figures struct{ members, count, nanoseconds atomic.Int64 }

// newLoops makes n loops at one port.
func newLoops(host string, port, n int, share bool) ([]*loop, error) {
	var all []*loop
	for range n {
		l, err := newLoop(host, port, share, n > 1)
		if err != nil {
			return nil, err
		}
		port = l.port
		all = append(all, l)
	}
	for i, l := range all {
		l.peers = append(append(l.peers, all[:i]...), all[i+1:]...)
	}
	return all, nil
}

// sendAll sends frames to all clients of all loops. It borrows p.
func (l *loop) sendAll(p []byte) {
	at := time.Now()
	for _, peer := range l.peers {
		peer.mail.mu.Lock()
		peer.mail.list = append(peer.mail.list, letter{append([]byte(nil), p...), at})
		peer.mail.mu.Unlock()
		peer.ring()
	}
	l.sendOwn(p, at)
}

// sendOwn sends frames to the clients of this loop. It borrows p.
func (l *loop) sendOwn(p []byte, at time.Time) {
	for _, m := range l.members {
		l.send(m, p)
	}
	l.told.nanoseconds.Add(int64(time.Since(at)))
	l.told.count.Add(1)
}

func (l *loop) takeMail() {
	var b [8]byte
	_, _ = unix.Read(l.ev, b[:])
	l.mail.mu.Lock()
	list := l.mail.list
	l.mail.list = nil
	l.mail.mu.Unlock()
	for _, x := range list {
		l.sendOwn(x.bytes, x.at)
	}
}

// admin serves what loadtest asks a server for at --runtime-metrics: the loops'
// figures of their fan-outs.
func admin(addr string, all []*loop) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	type fanout struct {
		Count int64   `json:"count"`
		Sum   float64 `json:"sum"`
	}
	type entry struct {
		Sessions int64  `json:"sessions"`
		Fanout   fanout `json:"fanout_seconds"`
	}
	stats := func(w http.ResponseWriter, _ *http.Request) {
		var out struct {
			Loops []entry `json:"loops"`
		}
		for _, l := range all {
			t := &l.told
			n := t.count.Load() // last stored, first read: the time has at least these
			out.Loops = append(out.Loops, entry{t.members.Load(), fanout{n, time.Duration(t.nanoseconds.Load()).Seconds()}})
		}
		_ = json.NewEncoder(w).Encode(out)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stats", stats)
	go func() { _ = http.Serve(ln, mux) }() //nolint:gosec // a yardstick on loopback needs no time limits
	return nil
}
