//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// server is what /stats of the server says.
type server struct {
	Version   string  `json:"version"`
	Go        string  `json:"go"`
	Clients   int     `json:"clients"`
	Heap      int64   `json:"heap_bytes"`
	Goroutine int     `json:"goroutines"`
	Cycles    int     `json:"gc_cycles"`
	GCCPU     float64 `json:"gc_cpu_seconds"`
	CPU       float64 `json:"cpu_seconds"`
	Rings     int     `json:"io_uring_loops"`
	Pauses    struct {
		Count int     `json:"count"`
		P50   float64 `json:"p50"`
		P99   float64 `json:"p99"`
		Max   float64 `json:"max"`
	} `json:"gc_pause_seconds"`
}

// mark is every figure at one moment. Sizes are bytes.
type mark struct {
	Name     string
	Server   server
	Resident int64 // of the server
	Own      int64 // of this process
	Free     int64 // MemFree
	Slab     int64
	TCPMem   int64 // pages that TCP holds for what is queued
	TCP      int   // connections, both ends
	TimeWait int
	Slabs    []slab
}

// slab is one cache of the kernel's allocator.
type slab struct {
	Name           string
	Objects, Bytes int64 // in use; held
	Size           int64 // of an object
}

const pageSize = 4096 // the guest is amd64

func readMark(name string, o *options) (m mark, err error) {
	m.Name = name
	if m.Server, err = readServer(o.stats); err != nil {
		return m, err
	}
	for _, f := range []struct {
		path string
		take func(text string)
	}{
		{fmt.Sprintf("/proc/%d/status", o.pid), func(s string) { m.Resident = field(s, "VmRSS:") << 10 }},
		{"/proc/self/status", func(s string) { m.Own = field(s, "VmRSS:") << 10 }},
		{"/proc/meminfo", func(s string) { m.Free, m.Slab = field(s, "MemFree:")<<10, field(s, "Slab:")<<10 }},
		{"/proc/net/sockstat", func(s string) { m.TCP, m.TimeWait, m.TCPMem = sockstat(s) }},
		{"/proc/slabinfo", func(s string) { m.Slabs = slabs(s) }},
	} {
		b, err := os.ReadFile(f.path)
		if err != nil {
			return m, err
		}
		f.take(string(b))
	}
	return m, nil
}

func readServer(url string) (s server, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return s, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return s, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return s, fmt.Errorf("%s: %s", url, res.Status)
	}
	return s, json.NewDecoder(res.Body).Decode(&s)
}

// field reads the number after name; 0: there is none.
func field(text, name string) int64 {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			if f := strings.Fields(rest); len(f) > 0 {
				n, _ := strconv.ParseInt(f[0], 10, 64) // 0 where the kernel talks nonsense
				return n
			}
		}
	}
	return 0
}

// sockstat reads the TCP line: "TCP: inuse 4 orphan 0 tw 2 alloc 5 mem 1".
func sockstat(text string) (inUse, timeWait int, mem int64) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] != "TCP:" {
			continue
		}
		for i := 1; i+1 < len(f); i += 2 {
			n, _ := strconv.ParseInt(f[i+1], 10, 64)
			switch f[i] {
			case "inuse":
				inUse = int(n)
			case "tw":
				timeWait = int(n)
			case "mem":
				mem = n * pageSize
			}
		}
	}
	return inUse, timeWait, mem
}

// slabs reads /proc/slabinfo:
// name <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : …
// : slabdata <active_slabs> <num_slabs> <sharedavail>
func slabs(text string) (list []slab) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 16 || f[0] == "#" {
			continue
		}
		var n [5]int64
		ok := true
		for i, at := range [...]int{1, 3, 5, 14} {
			v, err := strconv.ParseInt(f[at], 10, 64)
			ok = ok && err == nil
			n[i] = v
		}
		if ok {
			list = append(list, slab{Name: f[0], Objects: n[0], Size: n[1], Bytes: n[2] * n[3] * pageSize})
		}
	}
	return list
}

// tellUnsent prints how many sockets hold bytes that were not acknowledged, and
// the first of them as the kernel lists them, with their timers: where a
// delivery is that did not come.
func tellUnsent() {
	f, err := os.Open("/proc/net/tcp")
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// sl, local, remote, state, then tx_queue:rx_queue in hexadecimal.
		row := strings.Fields(lines.Text())
		if len(row) < 5 || !strings.Contains(row[4], ":") || strings.HasPrefix(row[4], "00000000:") {
			continue
		}
		if n++; n <= 5 {
			tell("unsent: %s", lines.Text())
		}
	}
	tell("unsent: %d sockets hold what was not acknowledged", n)
}
