//go:build linux

package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// readFacts reads "key: value" lines: what only the host knows.
func readFacts(path string) (map[string]string, error) {
	facts := map[string]string{}
	if path == "" {
		return facts, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		if k, v, ok := strings.Cut(line, ":"); ok {
			facts[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
	}
	return facts, nil
}

func mib(n int64) string { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }

func secs(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// comma writes 1234567 as 1,234,567.
func comma(n int64) string {
	s := fmt.Sprint(n)
	for at := len(s) - 3; at > 0 && s[at-1] != '-'; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// each is how much a quantity grew, for each of n.
func each(before, after int64, n int) string {
	if n == 0 {
		return "–"
	}
	return comma((after - before) / int64(n))
}

// find is the mark of that name; nil: the run did not get there.
func (r *run) find(name string) *mark {
	for i := range r.marks {
		if r.marks[i].Name == name {
			return &r.marks[i]
		}
	}
	return nil
}

// report is the file that a run leaves, in Markdown. failed is nil where
// everything came about.
func (r *run) report(failed error) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# %s clients of one sio-fast process\n", comma(int64(r.o.clients)))
	p("Written by `%s`; do not edit.\n", cmp.Or(r.facts["command"], "make million"))
	if failed != nil {
		p("**FAILED**: %s\n", failed)
	}
	p("**An emulated machine**: all ran inside a guest of qemu without hardware")
	p("virtualisation, every instruction translated. Counts and bytes are what they")
	p("are anywhere; *times say only that it came about*, and compare with nothing")
	p("measured elsewhere.\n")
	if r.o.clients < r.wanted {
		p("%s were wanted; after %s it went on with those who had come.\n", comma(int64(r.wanted)), secs(r.o.patience))
	}
	r.where(p)
	if len(r.marks) > 1 {
		r.outcome(p)
		r.memory(p)
	}
	if at := r.find("connected"); at != nil {
		r.kernel(p, at)
	}
	return b.String()
}

func (r *run) where(p func(string, ...any)) {
	p("| | |\n|---|---|")
	for _, k := range []string{"date", "server", "go", "guest", "emulator", "host", "server command"} {
		if v := r.facts[k]; v != "" {
			p("| %s | %s |", k, v)
		}
	}
	if len(r.marks) > 0 {
		p("| loops that send through io_uring | %d |", r.marks[0].Server.Rings)
	}
	p("| clients | %s, websocket, from %d loopback addresses, %d handshakes under way at most |",
		comma(int64(r.o.clients)), len(sources(r.o.clients)), r.o.inFlight)
	p("")
}

// outcome is what happened.
func (r *run) outcome(p func(string, ...any)) {
	t, n := r.took, r.o.clients
	rate := func(n int, d time.Duration) string {
		return fmt.Sprintf("%s (%s a second)", secs(d), comma(int64(float64(n)/max(d.Seconds(), 0.001))))
	}
	p("## What came about\n")
	p("| | | emulated time |\n|---|---|---|")
	p("| connected | %s; %d tried twice | %s |", comma(int64(n)), r.c.retries, rate(n, t.connect))
	if t.hold > 0 {
		p("| held | %s pings answered meanwhile, %s clients cut, %s without a ping | %s |",
			comma(r.holdPings), comma(int64(r.holdLost)), comma(int64(r.heldWithout)), secs(t.hold))
	}
	if t.broadcast > 0 {
		p("| one broadcast, %d bytes | got by %s; missed by %d, more than once by %d, wrong messages %d | last delivery after %s |",
			len(payload), comma(r.c.deliveries), r.missed, r.repeated, r.c.wrong, rate(n, t.broadcast))
	}
	if t.leaveTenth > 0 {
		p("| a tenth left | %s, by the closing handshake | %s |", comma(int64(r.rejoined)), rate(r.rejoined, t.leaveTenth))
	}
	if t.comeBack > 0 {
		p("| and came back | %s | %s |", comma(int64(r.rejoined)), rate(r.rejoined, t.comeBack))
	}
	if t.leaveAll > 0 {
		p("| all left | %s | %s |", comma(int64(n)), rate(n, t.leaveAll))
	}
	p("\nPings answered in the whole run: %s. The slowest client needed %s to come in.\n", comma(r.c.pings), secs(r.slowest))
}

func (r *run) memory(p func(string, ...any)) {
	zero := &r.marks[0]
	p("## Memory and collections\n")
	if at := r.find("connected"); at != nil {
		grew := (at.Slab - zero.Slab) / int64(max(at.TCP-zero.TCP, 1))
		p("A connected client costs **%s bytes** of the server's resident memory, and each of the",
			each(zero.Resident, at.Resident, at.Server.Clients))
		p("%s TCP sockets **%s bytes** of the kernel's (the growth of its slabs; all memory that", comma(int64(at.TCP)), comma(grew))
		p("went, less what the two processes hold, comes to %s a socket).\n",
			each(zero.Free-at.Free, (zero.Free-at.Free)*2-(at.Resident-zero.Resident)-(at.Own-zero.Own), max(at.TCP-zero.TCP, 1)))
	}
	p("| | clients | server resident | a client | heap | collections | longest pause | generator resident | slabs | TCP buffers | sockets, TIME_WAIT | free |")
	p("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	for i := range r.marks {
		m := &r.marks[i]
		p("| %s | %s | %s | %s | %s | %d | %.1f ms | %s | %s | %s | %s, %s | %s |", m.Name, comma(int64(m.Server.Clients)),
			mib(m.Resident), each(zero.Resident, m.Resident, m.Server.Clients), mib(m.Server.Heap), m.Server.Cycles,
			m.Server.Pauses.Max*1000, mib(m.Own), mib(m.Slab), mib(m.TCPMem), comma(int64(m.TCP)), comma(int64(m.TimeWait)), mib(m.Free))
	}
	last := &r.marks[len(r.marks)-1]
	p("\nPauses for collections are emulated time: %d of them, half at most %.2f ms, 99 %% at most",
		last.Server.Pauses.Count, last.Server.Pauses.P50*1000)
	p("%.1f ms, the longest at most %.1f ms. The collector took %.0f s of the server's %.0f s of CPU.\n",
		last.Server.Pauses.P99*1000, last.Server.Pauses.Max*1000, last.Server.GCCPU, last.Server.CPU)
}

// kernel lists the caches that grew most.
func (r *run) kernel(p func(string, ...any), at *mark) {
	had := map[string]slab{}
	for _, s := range r.marks[0].Slabs {
		had[s.Name] = s
	}
	list := slices.Clone(at.Slabs)
	for i := range list {
		list[i].Bytes -= had[list[i].Name].Bytes
		list[i].Objects -= had[list[i].Name].Objects
	}
	slices.SortFunc(list, func(a, b slab) int { return cmp.Compare(b.Bytes, a.Bytes) })
	p("The kernel's caches that grew most while they connected:\n")
	p("| cache | objects | of bytes | grew by |\n|---|---:|---:|---:|")
	for _, s := range list[:min(len(list), 12)] {
		if s.Bytes > 0 {
			p("| %s | %s | %s | %s |", s.Name, comma(s.Objects), comma(s.Size), mib(s.Bytes))
		}
	}
}
