package worker

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"

	"github.com/sio-fast/sio-fast/loadtest/internal/clock"
	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
)

// A scenario decides what the connected clients do. All methods run on the one
// thread of the process.
type scenario interface {
	// ready is called when c's CONNECT was answered. The scenario then calls
	// w.joined(c), at once or when c has done what it must before the run.
	ready(c *client)
	start()                      // the phase Run began
	message(c *client, p []byte) // p: a Socket.IO packet; borrowed
	left(c *client)              // c's connection is closed
	tick() (next int64)          // paced work; when to be called again, 0: any time
	outstanding() int64          // messages that have not come yet
	finish()                     // counts what never came as lost
}

// idleWait bounds a wait, so that a change of phase is seen soon.
const idleWait = 5 * time.Millisecond

type worker struct {
	cfg  Config
	area *shm.Area
	me   *shm.Process
	wake int
	ep   int
	to   unix.Sockaddr
	from []unix.Sockaddr

	clients []client
	conns   []conn
	free    []int32
	rbuf    []byte    // what was read last
	sbuf    []byte    // what is to be sent on cork, at the end of the event
	cork    int32     // a connection, or -1
	leaving []*client // without a word, when the event is over
	now     int64     // clock.Now at the last read or wait
	phase   uint32
	scen    scenario
	dial    connector

	latency  []*hdrhistogram.Histogram
	connect  *hdrhistogram.Histogram
	complete *hdrhistogram.Histogram
	notes    []string
	cuts     map[string]int
	sent     int64 // of counters that are published once a round
	received int64
	bytes    int64
	mallocs  uint64  // when the run began
	objects  float64 // allocated for each message received
	countAt  int64   // when to count what is outstanding next
}

func histogram() *hdrhistogram.Histogram { return hdrhistogram.New(1000, 120e9, 3) }

// Main runs the process to its end and returns its exit code.
func Main() int {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "loadtest: client process:", err)
		return 1
	}
	return 0
}

func run(in io.Reader, out io.Writer) error {
	runtime.LockOSThread()
	var cfg Config
	if err := json.NewDecoder(in).Decode(&cfg); err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	area, err := shm.Map(os.NewFile(areaFD, "area"))
	if err != nil {
		return err
	}
	w, err := newWorker(cfg, area, wakeFD)
	if err != nil {
		return err
	}
	// Nothing is allocated per message, so there is nothing to collect; the
	// limit is for a run of faults, which do allocate.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(2 << 30)
	if err := w.loop(); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(w.result())
}

func newWorker(cfg Config, area *shm.Area, wake int) (*worker, error) {
	w := &worker{
		cfg: cfg, area: area, me: &area.P[cfg.Index], wake: wake, cork: -1,
		to:      &unix.SockaddrInet4{Port: cfg.Port, Addr: cfg.IP},
		clients: make([]client, cfg.Clients),
		rbuf:    make([]byte, 256<<10),
		sbuf:    make([]byte, 0, 64<<10),
		connect: histogram(), complete: histogram(), cuts: map[string]int{},
	}
	for range cfg.Windows {
		w.latency = append(w.latency, histogram())
	}
	for i := range w.clients {
		w.clients[i] = client{id: uint32(cfg.First + i), conn: [2]int32{-1, -1},
			slow: cfg.First+i >= cfg.Total-cfg.Slow}
	}
	var err error
	if w.from, err = sockaddrs(cfg.From); err != nil {
		return nil, err
	}
	if w.ep, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	if cfg.Index == 0 {
		ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: -1}
		if err := unix.EpollCtl(w.ep, unix.EPOLL_CTL_ADD, wake, &ev); err != nil {
			return nil, fmt.Errorf("epoll_ctl: %w", err)
		}
	}
	if len(cfg.CPUs) > 0 {
		var set unix.CPUSet
		for _, c := range cfg.CPUs {
			set.Set(c)
		}
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			return nil, fmt.Errorf("pinning to CPUs %v: %w", cfg.CPUs, err)
		}
	}
	w.now = clock.Now()
	w.dial.init(w)
	w.scen = newScenario(w)
	return w, nil
}

func (w *worker) loop() error {
	events := make([]unix.EpollEvent, 512)
	var next int64
	for {
		wait := idleWait
		if next != 0 {
			wait = min(wait, time.Duration(next-w.now))
		}
		if w.cfg.Spin {
			wait = 0
		}
		n, err := epollWait(w.ep, events, wait)
		if err != nil {
			return err
		}
		for i := range n {
			w.event(&events[i])
		}
		w.letGo()
		w.now = clock.Now()
		if w.phaseChanged() {
			return nil
		}
		next = w.scen.tick()
		if d := w.dial.tick(); d != 0 && (next == 0 || d < next) {
			next = d
		}
		w.flush()
		w.publish()
	}
}

func (w *worker) event(ev *unix.EpollEvent) {
	if ev.Fd < 0 { // the wake of the broadcaster, whose tick does the rest
		var b [8]byte
		_, _ = unix.Read(w.wake, b[:])
		return
	}
	c := &w.conns[ev.Fd]
	if c.gen != ev.Pad || c.fd < 0 {
		return // closed within this batch
	}
	if ev.Events&unix.EPOLLOUT != 0 {
		w.writable(ev.Fd)
	}
	if ev.Events&^unix.EPOLLOUT != 0 && w.conns[ev.Fd].gen == ev.Pad && w.conns[ev.Fd].fd >= 0 {
		w.readable(ev.Fd)
	}
	w.flush()
}

// phaseChanged follows the coordinator and tells when to end.
func (w *worker) phaseChanged() bool {
	for w.phase < w.area.Phase.Load() {
		w.phase++
		switch w.phase {
		case shm.Connect:
			w.dial.begin()
		case shm.Run:
			w.mallocs = mallocs()
			w.scen.start()
		case shm.Stop:
			if w.received > 0 {
				w.objects = float64(mallocs()-w.mallocs) / float64(w.received)
			}
			w.dial.stop()
		case shm.Leave:
			w.scen.finish()
			w.dial.stop()
			w.leaveAll()
		case shm.Exit:
			w.flush()
			w.publish()
			return true
		}
		w.flush()
	}
	return false
}

func (w *worker) running() bool { return w.phase == shm.Run }

func (w *worker) publish() {
	w.me.Sent.Store(w.sent)
	w.me.Received.Store(w.received)
	w.me.Bytes.Store(w.bytes)
	if w.phase == shm.Stop && w.now >= w.countAt {
		w.me.Outstanding.Store(w.scen.outstanding())
		w.me.Stopped.Store(1)
		w.countAt = w.now + int64(10*time.Millisecond)
	}
}

func (w *worker) result() Result {
	r := Result{Notes: w.notes, Cuts: w.cuts}
	for _, h := range w.latency {
		r.Latency = append(r.Latency, encode(h))
	}
	r.Objects = w.objects
	r.Connect, r.Complete = encode(w.connect), encode(w.complete)
	return r
}

// mallocs is how many objects this process has allocated.
func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

func encode(h *hdrhistogram.Histogram) []byte {
	b, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		panic(err) // writes to memory only
	}
	return b
}
