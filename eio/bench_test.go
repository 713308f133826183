package eio_test

import (
	"strconv"
	"strings"
	"testing"
)

// The benchmarks run without sockets: what they measure is what the engine adds
// to a send and a read.

func BenchmarkEcho(b *testing.B) {
	for _, n := range []int{1, 10} {
		b.Run("burst-"+strconv.Itoa(n), func(b *testing.B) {
			h := &silent{echo: true}
			d, conns := crowd(b, 1, h)
			l := d.Loop(0)
			in := []byte(strings.Repeat(text("4"+strings.Repeat("x", 64)), n))
			buf := make([]byte, len(in))
			b.ReportAllocs()
			for b.Loop() {
				copy(buf, in)
				conns[0].Feed(buf)
				l.Flush()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/msg")
		})
	}
}

func BenchmarkFanout(b *testing.B) {
	for _, flight := range []int{1, 8} {
		b.Run("in-flight-"+strconv.Itoa(flight), func(b *testing.B) {
			const members = 10_000
			h := &silent{}
			d, conns := crowd(b, members, h)
			l := d.Loop(0)
			f := message(strings.Repeat("x", 64))
			defer f.Release()
			tasks := make([]fanout, flight)
			b.ReportAllocs()
			for b.Loop() {
				for i := range tasks {
					f.Retain()
					tasks[i] = fanout{to: h.sessions, f: f}
					l.Post(&tasks[i])
				}
				l.Run()
			}
			sends := 0
			for _, c := range conns {
				sends += c.Sends
			}
			n := float64(b.N) * members * float64(flight)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/delivery")
			b.ReportMetric(float64(sends)/n, "sends/delivery")
		})
	}
}

func BenchmarkPoll(b *testing.B) {
	w := newWorld(b, nil)
	_, target := w.openPolling()
	s := w.h.sessions[0]
	c := w.d.Dial()
	c.Discard = true
	request := []byte(get(target))
	payload := []byte("payload")
	l := w.d.Loop(0)
	b.ReportAllocs()
	for b.Loop() {
		c.Feed(request)
		s.SendText(payload)
		l.Flush()
	}
}

func BenchmarkTick(b *testing.B) {
	d, _ := crowd(b, 100_000, &silent{})
	l := d.Loop(0)
	b.ReportAllocs()
	for b.Loop() {
		l.Tick(d.Now())
	}
}

func BenchmarkOpen(b *testing.B) {
	w := newWorld(b, nil)
	request := []byte(upgrade(base + "websocket"))
	w.h.echo = false
	b.ReportAllocs()
	for b.Loop() {
		c := w.d.Dial()
		c.Discard = true
		c.Feed(request)
		w.d.Loop(0).Flush()
		c.Close()
		w.h.log, w.h.sessions = w.h.log[:0], w.h.sessions[:0]
	}
}
