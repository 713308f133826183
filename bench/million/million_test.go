//go:build linux

package main

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every client finds a port: no address serves more than the kernel has for it,
// and all of them are loopback and distinct.
func TestSources(t *testing.T) {
	for _, n := range []int{10, portsPerSource, portsPerSource + 1, 1_000_000, maxClients} {
		list := sources(n)
		if len(list)*portsPerSource < n || (len(list)-1)*portsPerSource >= n {
			t.Errorf("%d clients from %d addresses", n, len(list))
		}
		seen := map[netip.Addr]bool{netip.MustParseAddr("127.0.0.1"): true} // the server's
		for _, a := range list {
			b := a.As4()
			if seen[a] || !a.IsLoopback() || b[3] == 0 || b[3] == 255 {
				t.Fatalf("%d clients: %v", n, a)
			}
			seen[a] = true
		}
	}
	if got := sources(300 * portsPerSource); got[253].String() != "127.1.0.254" || got[254].String() != "127.1.1.1" {
		t.Errorf("%v, %v", got[253], got[254])
	}
}

func TestOptions(t *testing.T) {
	good := options{server: netip.MustParseAddrPort("127.0.0.1:3000"), clients: 1000, inFlight: 1, pid: 1}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for says, spoil := range map[string]func(o *options){
		"-server":    func(o *options) { o.server = netip.MustParseAddrPort("192.0.2.1:3000") },
		"-clients":   func(o *options) { o.clients = maxClients + 1 },
		"-hold":      func(o *options) { o.hold = -1 },
		"-in-flight": func(o *options) { o.inFlight = 0 },
		"-pid":       func(o *options) { o.pid = 0 },
	} {
		o := good
		spoil(&o)
		if err := o.check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

func TestMasked(t *testing.T) {
	if want := []byte{0x81, 0x81, 0, 0, 0, 0, '3'}; !bytes.Equal(framePong, want) {
		t.Errorf("% x", framePong)
	}
	if want := []byte{0x88, 0x82, 0, 0, 0, 0, 3, 0xe8}; !bytes.Equal(frameClose, want) {
		t.Errorf("% x", frameClose)
	}
	long := masked(opText, strings.Repeat("x", 200))
	if !bytes.Equal(long[:8], []byte{0x81, 0xfe, 0, 200, 0, 0, 0, 0}) || len(long) != 208 {
		t.Errorf("% x", long[:8])
	}
}

func TestParseHead(t *testing.T) {
	good := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " + wsAccept + "\r\n\r\n"
	if n, err := parseHead([]byte(good + "more")); n != len(good) || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	for i := range good {
		if n, err := parseHead([]byte(good[:i])); n != 0 || err != nil {
			t.Fatalf("%d bytes of it: %d, %v", i, n, err)
		}
	}
	for _, bad := range []string{
		"HTTP/1.1 503 Service Unavailable\r\n\r\n",
		strings.Replace(good, "s3p", "xxx", 1),
		strings.Repeat("x", maxHeadSize+1),
	} {
		if _, err := parseHead([]byte(bad)); !errors.Is(err, errHead) {
			t.Errorf("%.30q: %v", bad, err)
		}
	}
}

func TestParseFrame(t *testing.T) {
	long := append([]byte{0x81, 126, 0, 130}, bytes.Repeat([]byte("y"), 130)...)
	for _, c := range []struct {
		in      []byte
		op      byte
		payload string
	}{
		{[]byte{0x81, 1, '2'}, opText, "2"},
		{[]byte{0x88, 0}, opClose, ""},
		{long, opText, strings.Repeat("y", 130)},
	} {
		op, payload, n, err := parseFrame(append(slices.Clone(c.in), 0x81))
		if op != c.op || string(payload) != c.payload || n != len(c.in) || err != nil {
			t.Errorf("% x: %d, %q, %d, %v", c.in, op, payload, n, err)
		}
		for i := range c.in {
			if _, _, n, err := parseFrame(c.in[:i]); n != 0 || err != nil {
				t.Fatalf("%d bytes of % x: %d, %v", i, c.in, n, err)
			}
		}
	}
	for _, bad := range [][]byte{{0x01, 1, 'a'}, {0x82, 1, 'a'}, {0xc1, 1, 'a'}, {0x81, 0x81, 0, 0, 0, 0, 'a'}, {0x81, 127}, {0x81, 126, 255, 255}} {
		if _, _, _, err := parseFrame(bad); err == nil {
			t.Errorf("% x passes", bad)
		}
	}
}

const (
	stats = "sockets: used 40\nTCP: inuse 2000005 orphan 0 tw 12 alloc 2000006 mem 3\nUDP: inuse 1 mem 0\n"
	slabI = "slabinfo - version: 2.1\n" +
		"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n" +
		"TCP                 3990   3990   2304   14    8 : tunables    0    0    0 : slabdata    285    285      0\n"
)

func TestFigures(t *testing.T) {
	if n, tw, mem := sockstat(stats); n != 2000005 || tw != 12 || mem != 3*pageSize {
		t.Errorf("%d, %d, %d", n, tw, mem)
	}
	if got := slabs(slabI); len(got) != 1 || got[0] != (slab{Name: "TCP", Objects: 3990, Size: 2304, Bytes: 285 * 8 * pageSize}) {
		t.Errorf("%+v", got)
	}
	if got := field("Name:\tx\nVmRSS:\t  1234 kB\n", "VmRSS:"); got != 1234 {
		t.Errorf("%d", got)
	}
	if got := field("", "VmRSS:"); got != 0 {
		t.Errorf("%d", got)
	}
}

func TestReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facts")
	if err := os.WriteFile(path, []byte("command: make million CLIENTS=\"1000\"\nhost: 2 cores: slow\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	facts, err := readFacts(path)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{o: options{clients: 1000}, c: &crowd{deliveries: 1000}, facts: facts}
	r.took = durations{connect: 2 * time.Second, hold: time.Minute, broadcast: time.Second}
	r.marks = []mark{
		{Name: "before", Resident: 10 << 20, Own: 1 << 20, Free: 1 << 30, TCP: 5},
		{Name: "connected", Resident: 10<<20 + 1_200_000, Own: 1 << 20, Free: 1<<30 - 9_200_000, Slab: 8_000_000, TCP: 2005,
			Server: server{Clients: 1000}, Slabs: []slab{{Name: "TCP", Objects: 2000, Size: 2304, Bytes: 5 << 20}}},
	}
	text := r.report(nil)
	for _, want := range []string{
		"# 1,000 clients", "`make million CLIENTS=\"1000\"`", "| host | 2 cores: slow |", "An emulated machine",
		"**1,200 bytes**", "**4,000 bytes**", "comes to 4,000 a socket", "(500 a second)", "got by 1,000; missed by 0", "| TCP | 2,000 | 2,304 | 5 MiB |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "FAILED") {
		t.Error("a good run says FAILED")
	}
	if text := (&run{c: &crowd{}}).report(errCut); !strings.Contains(text, "**FAILED**: clients were cut") {
		t.Errorf("%s", text)
	}
}

func TestComma(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -123: "-123"} {
		if got := comma(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
