package bench

import "testing"

// BenchmarkPath takes a client's bytes to the handler and its answer back.
func BenchmarkPath(b *testing.B) {
	for _, c := range []struct {
		name    string
		packets []string
	}{
		{"handler", []string{`42["none",` + payload + `]`}},
		{"string", []string{`42["string",` + payload + `]`}},
		{"ack", []string{`427["ack",` + payload + `]`}},
		{"echo", []string{`42["raw",` + payload + `]`}},
		{"echo-string", []string{`42["typed",` + payload + `]`}},
		{"echo-typed", []string{`42["echo",` + payload + `]`}},
		{"pong", []string{"3"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b, 1)
			op := w.clients[0].says(c.packets...)
			b.ReportAllocs()
			for b.Loop() {
				op()
			}
		})
	}
	b.Run("echo-burst-10", func(b *testing.B) {
		w := newWorld(b, 1)
		p := `42["raw",` + payload + `]`
		op := w.clients[0].says(p, p, p, p, p, p, p, p, p, p)
		b.ReportAllocs()
		for b.Loop() {
			op()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10, "ns/msg")
	})
}

// BenchmarkConnect is the whole life of a client: TCP accepted, websocket
// upgrade, Engine.IO, Socket.IO, and its end.
func BenchmarkConnect(b *testing.B) {
	w := newWorld(b, 0)
	hello := append([]byte(upgrade), masked("40")...)
	b.ReportAllocs()
	for b.Loop() {
		c := w.d.Dial()
		c.Discard = true
		c.Write(hello)
		c.Close()
	}
}
