package worker

import (
	"time"

	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
)

// connector lets clients come: so many a second, so many under way at once.
type connector struct {
	w        *worker
	upgrade  []byte // the request of a websocket client
	on       bool
	next     int // client
	underway int // handshakes
	source   int // counts connections, to take source addresses in turn
	pace     pacer
}

func (d *connector) init(w *worker) {
	d.w, d.upgrade = w, upgradeRequest(&w.cfg)
}

func (d *connector) begin() {
	d.on = d.w.cfg.Scenario != "churn" // whose visits come by rounds
	d.pace.begin(d.w.cfg.ConnectRate, d.w.now)
}

func (d *connector) stop() { d.on = false }

func (d *connector) tick() (next int64) {
	for d.on && d.next < len(d.w.clients) && d.underway < d.w.cfg.Concurrency {
		if d.w.me.Faults[shm.Refused].Load() != 0 {
			d.on = false // the run has failed; more refusals say no more
			return 0
		}
		if at := d.pace.due(d.w.now); at == 0 {
			return d.pace.next
		}
		d.underway++
		d.w.enter(&d.w.clients[d.next])
		d.next++
	}
	return 0
}

// pacer says when the next of a steady sequence is due. The zero value, and a
// rate of 0, are always due.
type pacer struct {
	interval float64 // ns
	n        float64
	from     int64
	next     int64
}

func (p *pacer) begin(rate float64, now int64) {
	*p = pacer{from: now, next: now}
	if rate > 0 {
		p.interval = float64(time.Second) / rate
	}
}

// due returns when the next one should have been sent if that is not in the
// future, and moves on; else 0.
func (p *pacer) due(now int64) (at int64) {
	if p.interval == 0 {
		return now
	}
	if now < p.next {
		return 0
	}
	at = p.next
	p.n++
	p.next = p.from + int64(p.n*p.interval)
	return at
}
