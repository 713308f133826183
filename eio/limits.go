package eio

import "time"

// Unavailable is what a driver may send, without a peer, to a connection it
// cannot serve, before it closes it: for want of descriptors, say. It is shared
// and immutable.
var Unavailable = []byte("HTTP/1.1 503 Service Unavailable\r\n" +
	"Connection: close\r\nContent-Length: 0\r\n\r\n")

func orDefault[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

func (m *Mux) maxHeader() int       { return orDefault(m.MaxHeaderBytes, 16<<10) }
func (m *Mux) maxFallbackBody() int { return orDefault(m.MaxFallbackBytes, 10<<20) }

func (m *Mux) maxIdlePolling() int { return orDefault(m.MaxIdlePolling, 64<<20) }

func (m *Mux) headerTimeout() time.Duration {
	return orDefault(m.HeaderTimeout, 20*time.Second)
}

func (m *Mux) requestTimeout() time.Duration {
	return orDefault(m.RequestTimeout, time.Minute)
}

func (m *Mux) idleTimeout() time.Duration {
	return orDefault(m.IdleTimeout, 75*time.Second)
}

func (m *Mux) foreignUpgradeTimeout() time.Duration {
	return orDefault(m.ForeignUpgradeTimeout, time.Second)
}
