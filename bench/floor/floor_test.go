//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// client is a websocket by hand.
type client struct {
	t *testing.T
	c net.Conn
	r *bufio.Reader
}

func begin(t *testing.T, share bool) int {
	t.Helper()
	l, err := newLoop("127.0.0.1", 0, share, false)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- l.run() }()
	t.Cleanup(func() {
		l.stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.port
}

func dial(t *testing.T, port int) *client {
	t.Helper()
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	x := &client{t, c, bufio.NewReader(c)}
	_, _ = io.WriteString(c, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"+
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	var head strings.Builder
	for !strings.HasSuffix(head.String(), "\r\n\r\n") {
		line, err := x.r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		head.WriteString(line)
	}
	if !strings.Contains(head.String(), "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") {
		t.Fatalf("handshake: %q", head.String())
	}
	if got := x.read(); !strings.HasPrefix(got, `0{"sid":"`) {
		t.Fatalf("open packet: %q", got)
	}
	x.write("40")
	if got := x.read(); !strings.HasPrefix(got, `40{"sid":"`) {
		t.Fatalf("connect: %q", got)
	}
	return x
}

func masked(dst []byte, text string) []byte {
	key := [4]byte{1, 2, 3, 4}
	switch n := len(text); {
	case n < 126:
		dst = append(dst, 0x81, 128|byte(n))
	case n < 1<<16:
		dst = append(dst, 0x81, 128|126, byte(n>>8), byte(n))
	default:
		dst = append(dst, 0x81, 128|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	dst = append(dst, key[:]...)
	for i := range len(text) {
		dst = append(dst, text[i]^key[i&3])
	}
	return dst
}

func (x *client) write(texts ...string) {
	var b []byte
	for _, s := range texts {
		b = masked(b, s)
	}
	if _, err := x.c.Write(b); err != nil {
		x.t.Fatal(err)
	}
}

func (x *client) read() string {
	x.t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(x.r, head); err != nil {
		x.t.Fatal(err)
	}
	size := uint64(head[1])
	switch size {
	case 126:
		var n uint16
		_ = binary.Read(x.r, binary.BigEndian, &n)
		size = uint64(n)
	case 127:
		_ = binary.Read(x.r, binary.BigEndian, &size)
	}
	p := make([]byte, size)
	if _, err := io.ReadFull(x.r, p); err != nil {
		x.t.Fatal(err)
	}
	return string(p)
}

func (x *client) want(texts ...string) {
	x.t.Helper()
	for _, w := range texts {
		if got := x.read(); got != w {
			x.t.Fatalf("got %.80q, want %.80q", got, w)
		}
	}
}

// TestContract drives the load contract in both modes.
func TestContract(t *testing.T) {
	for _, share := range []bool{false, true} {
		t.Run(fmt.Sprint("share=", share), func(t *testing.T) {
			port := begin(t, share)
			a, b, c := dial(t, port), dial(t, port), dial(t, port)
			a.write(`42["echo","hi"]`, `427["echo","ho"]`)
			a.want(`42["echo","hi"]`, `437["ho"]`)
			a.write(`421["join","r"]`)
			b.write(`422["join","r"]`)
			a.want(`431[]`)
			b.want(`432[]`)
			a.write(`42["room","r","x"]`, `42["room","r","y"]`, `42["all","z"]`)
			c.want(`42["all","z"]`)
			a.want(`42["all","z"]`)
			got := []string{b.read(), b.read(), b.read()}
			want := []string{`42["room","x"]`, `42["room","y"]`, `42["all","z"]`}
			if share {
				want = []string{want[2], want[0], want[1]}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("got %q, want %q", got, want)
			}
			_ = b.c.Close()
			a.write(`42["room","r","gone"]`, `42["echo","still"]`)
			a.want(`42["echo","still"]`)
		})
	}
}

// TestPieces sends byte by byte, and messages of each length form.
func TestPieces(t *testing.T) {
	x := dial(t, begin(t, false))
	one := masked(nil, `42["echo","slow"]`)
	for i := range one {
		_, _ = x.c.Write(one[i : i+1])
	}
	x.want(`42["echo","slow"]`)
	for _, n := range []int{100, 1000, 70_000, 300_000} {
		s := `42["echo","` + strings.Repeat("x", n) + `"]`
		x.write(s)
		x.want(s)
	}
	x.write(strings.Split(strings.Repeat(`42["echo","many"] `, 500)+`42["echo","many"]`, " ")...)
	for range 501 {
		x.want(`42["echo","many"]`)
	}
}

// TestSlow lets one client stop reading: nothing is lost, the others go on.
func TestSlow(t *testing.T) {
	port := begin(t, false)
	slow, fast := dial(t, port), dial(t, port)
	msg := `42["all","` + strings.Repeat("y", 10_000) + `"]`
	go func() {
		for range 1000 {
			fast.write(msg)
		}
	}()
	for range 1000 {
		fast.want(msg)
	}
	for range 1000 {
		slow.want(msg)
	}
}

func TestUnmask(t *testing.T) {
	for n := range 40 {
		p := bytes.Repeat([]byte{7}, n)
		want := bytes.Clone(p)
		key := uint32(0x04030201)
		for i := range want {
			want[i] ^= byte(key >> (8 * (i & 3)))
		}
		if unmask(p, key); !bytes.Equal(p, want) {
			t.Fatalf("length %d", n)
		}
	}
}

// TestLoops: a broadcast reaches the clients of both loops, and both tell of it.
func TestLoops(t *testing.T) {
	all, err := newLoops("127.0.0.1", 0, 2, false)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 2)
	for _, l := range all {
		go func() { done <- l.run() }()
	}
	t.Cleanup(func() {
		for _, l := range all {
			l.stop()
		}
		for range all {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	var clients []*client
	for range 40 { // the kernel spreads them; none on a loop is one in 10^12
		clients = append(clients, dial(t, all[0].port))
	}
	clients[0].write(`42["all","x"]`)
	clients[39].write(`42["all","y"]`)
	for i, c := range clients {
		got := []string{c.read(), c.read()} // two senders: in any order
		slices.Sort(got)
		if want := []string{`42["all","x"]`, `42["all","y"]`}; !slices.Equal(got, want) {
			t.Errorf("client %d got %q", i, got)
		}
	}
	if a, b := all[0].told.members.Load(), all[1].told.members.Load(); a+b != 40 || a == 0 || b == 0 {
		t.Errorf("%d and %d clients", a, b)
	}
}
