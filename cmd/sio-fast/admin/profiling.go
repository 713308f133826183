package admin

import (
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"sync"
)

// profiling is the switches of the two profiles that cost too much to be on
// always. CPU and trace profiles are on while they are asked for, memory and
// goroutine profiles need no switch.
//
//	POST /profiling?block=10000    sample one blocking event for each 10 µs spent blocked; 0: off
//	POST /profiling?mutex=100      sample one in 100 contended locks; 0: off
type profiling struct {
	log *slog.Logger
	mu  sync.Mutex
	now switches
}

// switches are what is on now.
type switches struct {
	Block int `json:"block_nanoseconds"` // 0: off
	Mutex int `json:"mutex_fraction"`    // 0: off
}

// read answers what is on.
func (p *profiling) read(w http.ResponseWriter, _ *http.Request) { answer(w, p.get(), "") }

func (p *profiling) get() switches {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// set switches what the query names and answers what is on then.
func (p *profiling) set(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	want := p.now
	for name, to := range map[string]*int{"block": &want.Block, "mutex": &want.Mutex} {
		text := r.FormValue(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			http.Error(w, name+": want a number that is not negative", http.StatusBadRequest)
			return
		}
		*to = n
	}
	p.to(want)
	p.log.Info("profiling", "block_nanoseconds", want.Block, "mutex_fraction", want.Mutex)
	answer(w, want, "")
}

func (p *profiling) to(s switches) {
	p.now = s
	runtime.SetBlockProfileRate(s.Block)
	runtime.SetMutexProfileFraction(s.Mutex)
}

func (p *profiling) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now != (switches{}) {
		p.to(switches{})
	}
}
