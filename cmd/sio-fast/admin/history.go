package admin

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

const (
	every = time.Second
	keep  = 600 // points: ten minutes
)

// point is what the page draws of one second. Rates are per second; times are
// in seconds; a negative time means that there was nothing to measure.
type point struct {
	T        int64     `json:"t"` // Unix milliseconds
	Clients  int       `json:"clients"`
	Sockets  int       `json:"sockets"`
	In       float64   `json:"in"`
	Out      float64   `json:"out"`
	BytesIn  float64   `json:"bytes_in"`
	BytesOut float64   `json:"bytes_out"`
	FanP50   float64   `json:"fan_p50"`
	FanP99   float64   `json:"fan_p99"`
	Lag      []float64 `json:"lag"` // the worst, by loop
	Backlog  int       `json:"backlog"`
	Dropped  float64   `json:"dropped"`
	Resident uint64    `json:"resident"`
	Heap     uint64    `json:"heap"`
	Goal     uint64    `json:"goal"`
	CPU      float64   `json:"cpu"` // cores
	GC       float64   `json:"gc"`  // cores
	Pause    float64   `json:"pause"`
}

// history is the points of the last minutes: they are taken whether anybody
// looks or not, so that a page that is opened late knows what happened.
type history struct {
	admin *Admin
	quit  chan struct{}
	ended chan struct{}

	mu     sync.Mutex
	points []point // a ring once it is full, with room for all from the start
	next   int
	last   *figures
}

func newHistory(a *Admin) *history {
	h := &history{admin: a, quit: make(chan struct{}), ended: make(chan struct{}),
		points: make([]point, 0, keep), last: a.read()}
	go h.sample()
	return h
}

func (h *history) close() {
	close(h.quit)
	<-h.ended
}

func (h *history) sample() {
	defer close(h.ended)
	t := time.NewTicker(every)
	defer t.Stop()
	var readings [2]figures // the last one, and the one before, in turn
	for i := 0; ; i ^= 1 {
		select {
		case <-t.C:
			h.admin.readInto(&readings[i])
			h.take(&readings[i])
		case <-h.quit:
			return
		}
	}
}

// take makes a point of what happened since the last reading.
func (h *history) take(f *figures) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := since(h.last, f)
	h.last = f
	if len(h.points) < keep {
		h.points = append(h.points, p)
		return
	}
	h.points[h.next] = p
	h.next = (h.next + 1) % keep
}

// since gives what happened from old to f.
func since(old, f *figures) point {
	sec := max(f.at.Sub(old.at).Seconds(), 1e-3)
	rate := func(a, b uint64) float64 { return round(float64(b-a) / sec) }
	p := point{
		T: f.at.UnixMilli(), Clients: f.server.Clients, Sockets: f.server.Sockets,
		In: rate(old.all.Messages, f.all.Messages), Out: rate(old.all.Sent, f.all.Sent),
		BytesIn: rate(old.all.BytesIn, f.all.BytesIn), BytesOut: rate(old.all.BytesOut, f.all.BytesOut),
		Backlog: f.all.Backlog, Dropped: rate(drops(&old.all), drops(&f.all)),
		Resident: f.proc.resident, Heap: f.rt.heap, Goal: f.rt.goal,
		CPU: round((f.proc.cpu - old.proc.cpu) / sec), GC: round((f.rt.gc - old.rt.gc) / sec),
		Pause: round(f.rt.pauseSince(&old.rt)), FanP50: -1, FanP99: -1,
	}
	if fan := f.all.Fanout.Since(old.all.Fanout); fan.Count() > 0 {
		p.FanP50, p.FanP99 = round(fan.Quantile(0.5).Seconds()), round(fan.Quantile(0.99).Seconds())
	}
	p.Lag = make([]float64, len(f.loops))
	for i := range f.loops {
		p.Lag[i] = round(f.loops[i].LagPeak.Seconds())
	}
	return p
}

func drops(s *eio.Stats) uint64 {
	return s.VolatileDropped + s.SlowClosed + s.SlowRefused + s.ClosedDropped
}

// round keeps four digits: more is only longer.
func round(v float64) float64 {
	if v <= 0 {
		return 0
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(v)))
	return math.Round(v*scale) / scale
}

// after gives the points younger than t, oldest first.
func (h *history) after(t int64) []point {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := []point{}
	for i := range h.points {
		if p := h.points[(h.next+i)%len(h.points)]; p.T > t {
			list = append(list, p)
		}
	}
	return list
}

// live answers the points after the time that the query names, and the totals
// and facts that the page shows beside the plots.
func (a *Admin) live(w http.ResponseWriter, r *http.Request) {
	t, _ := strconv.ParseInt(r.FormValue("since"), 10, 64) // 0, all of them, for nonsense
	f := a.read()
	var closed []total
	for reason, n := range f.all.Closed.All() {
		closed = append(closed, total{string(reason), n})
	}
	discarded := uint64(0) // bytes
	for _, n := range f.all.Discarded {
		discarded += n
	}
	loops := make([]loopNow, len(f.loops))
	for i := range f.loops {
		l := &f.loops[i]
		loops[i] = loopNow{l.Open, l.Backlog, l.LagPeak.Seconds()}
	}
	answer(w, map[string]any{
		"points": a.hist.after(t), "every_ms": every.Milliseconds(), "uptime": f.uptime.Seconds(),
		"version": strings.Join([]string{a.opts.Version, a.opts.Revision, goVersion}, " "), "loops": loops, "closed": closed,
		"dropped": []total{
			{"volatile", f.all.VolatileDropped}, {"slow client", f.all.SlowClosed}, {"refused", f.all.SlowRefused}, {"already closed", f.all.ClosedDropped},
		},
		"discarded": discarded,
		"refused":   []total{{"requests", f.all.Refused}, {"connections", uint64(f.front.Refused)}},
		"panics":    f.all.Panics + f.server.Panics,
		"files":     [2]uint64{f.proc.files, f.proc.maxFiles},
		"profiling": a.prof.get(),
	}, "")
}

// total is one line of a table.
type total struct {
	Name  string `json:"name"`
	Count uint64 `json:"count"`
}

// loopNow is a loop's line.
type loopNow struct {
	Sessions int     `json:"sessions"`
	Backlog  int     `json:"backlog"`
	Lag      float64 `json:"lag"`
}
