package worker

import (
	"bytes"
	"time"

	"github.com/sio-fast/sio-fast/loadtest/internal/clock"
	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
	"github.com/sio-fast/sio-fast/loadtest/internal/wire"
)

// polling is a client over HTTP: one connection on which a GET always waits,
// and one for the POSTs, of which one at a time is under way; what is emitted
// meanwhile goes together in the next.
type polling struct {
	sid     string
	pending []byte // packets for the next POST
	posting bool
	last    int64 // end of the last POST
}

// staleAfter is when an idle connection for POSTs is renewed: Node closes it
// after five seconds, and a POST that meets the close must not be sent twice.
const staleAfter = int64(3 * time.Second)

const separator = 0x1e

func (p *polling) separate() {
	if len(p.pending) > 0 {
		p.pending = append(p.pending, separator)
	}
}

func (p *polling) add(packet []byte) {
	p.separate()
	p.pending = append(p.pending, packet...)
}

func (w *worker) enterPolling(c *client) {
	c.poll = &polling{}
	i := w.open(c, kindPoll)
	if i < 0 {
		c.state = stateAway
		return
	}
	c.conn[0] = i
	w.me.Open.Add(1)
	w.get(c)
	w.flush()
}

func (w *worker) head(b []byte, method string, c *client) []byte {
	b = append(b, method...)
	b = append(b, w.cfg.Path...)
	b = append(b, "?EIO=4&transport=polling"...)
	if c.poll.sid != "" {
		b = append(b, "&sid="...)
		b = append(b, c.poll.sid...)
	}
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, w.cfg.Host...)
	return append(b, "\r\n"...)
}

func (w *worker) get(c *client) {
	b := w.head(w.buffer(c.conn[0]), "GET ", c)
	w.sbuf = append(b, "\r\n"...)
}

// post sends what is pending unless a POST is under way.
func (w *worker) post(c *client) {
	p := c.poll
	if p.posting || len(p.pending) == 0 || c.silent() {
		return
	}
	if i := c.conn[1]; i >= 0 && clock.Now()-p.last > staleAfter {
		w.shut(i, false)
		c.conn[1] = -1
	}
	if c.conn[1] < 0 {
		if c.conn[1] = w.open(c, kindPost); c.conn[1] < 0 {
			return
		}
	}
	p.posting = true
	b := w.head(w.buffer(c.conn[1]), "POST ", c)
	b = append(b, "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: "...)
	b = wire.AppendInt(b, int64(len(p.pending)))
	b = append(b, "\r\n\r\n"...)
	w.sbuf = append(b, p.pending...)
	p.pending = p.pending[:0]
}

// readHTTP takes what has come on a connection of a polling client.
func (w *worker) readHTTP(i int32, data []byte) (used int) {
	for {
		k := &w.conns[i]
		gen, kind, c := k.gen, k.kind, &w.clients[k.client]
		r, n, err := wire.ParseResponse(data[used:])
		switch {
		case err == nil && n == 0:
			return used
		case err != nil:
			w.lost(i, err.Error())
			return 0
		case r.Status != 200:
			line, _, _ := bytes.Cut(r.Head, []byte("\r\n"))
			w.lost(i, string(line)+" "+string(r.Body[:min(len(r.Body), 100)]))
			return 0
		}
		used += n
		if kind == kindPost {
			w.posted(c, r)
		} else {
			w.polled(c, r)
		}
		if k = &w.conns[i]; k.gen != gen || k.fd < 0 {
			return 0
		}
	}
}

func (w *worker) posted(c *client, r wire.Response) {
	p := c.poll
	p.posting, p.last = false, w.now
	if string(r.Body) != "ok" {
		w.fault(shm.Protocol, c, "answer to a POST: %.40q", r.Body)
	}
	if r.Close && c.conn[1] >= 0 {
		w.shut(c.conn[1], false)
		c.conn[1] = -1
		if c.silent() && c.conn[0] < 0 {
			w.gone(c, false)
			return
		}
	}
	w.post(c)
}

// silent says that c leaves without a word: it sends nothing any more.
func (c *client) silent() bool { return c.state == stateLeaving && c.way != leaveOrderly }

// last says whether an answer is the one to the GET that waited when its client
// said goodbye: the server ends it with a close packet, or with nothing but a noop.
func last(body []byte) bool {
	if len(body) == 0 || string(body) == "6" {
		return true
	}
	for p := range bytes.SplitSeq(body, []byte{separator}) {
		if string(p) == "1" {
			return true
		}
	}
	return false
}

func (w *worker) polled(c *client, r wire.Response) {
	end := c.state == stateLeaving && last(r.Body)
	if r.Close && !end {
		w.shut(c.conn[0], false)
		if c.conn[0] = w.open(c, kindPoll); c.conn[0] < 0 {
			return
		}
	}
	for rest := r.Body; c.poll != nil; {
		packet, next, more := bytes.Cut(rest, []byte{separator})
		w.enginePacket(c, packet)
		if rest = next; !more {
			break
		}
	}
	switch {
	case c.poll == nil || c.state == stateAway: // the session has ended
	case end:
		w.gone(c, false)
	case !c.silent():
		w.get(c)
	}
}
