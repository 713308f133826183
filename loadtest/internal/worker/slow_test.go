package worker

import (
	"testing"

	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
	"github.com/sio-fast/sio-fast/loadtest/internal/wire"
)

// TestReturn: a client that is back may get what was under way when it came, must get
// what was sent from then on, and must not get what all had before it went to connect.
func TestReturn(t *testing.T) {
	const run, least, next = 7, 5, 10
	for name, c := range map[string]struct {
		got   []uint64
		sent  uint64
		fault int // -1: none
	}{
		"from the next one":  {[]uint64{10, 11}, 12, -1},
		"with one under way": {[]uint64{7, 8, 9, 10}, 11, -1},
		"one left out":       {[]uint64{11}, 12, shm.Lost},
		"one between":        {[]uint64{8, 10}, 11, shm.Lost},
		"an old one":         {[]uint64{3}, 10, shm.Doubled},
		"one twice":          {[]uint64{9, 9}, 10, shm.Doubled},
		"nothing":            {nil, 11, shm.Lost},
		"nothing to get":     {nil, 10, -1},
	} {
		area, f, err := shm.Create()
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		w := &worker{cfg: Config{Run: run, Size: wire.MinStamp, Total: 2, Clients: 2, Slow: 1}, area: area, me: &area.P[0], clients: make([]client, 2)}
		who := &w.clients[1]
		who.slow, who.cut, who.excused, who.least = true, true, true, least
		fan := newFanout(w)
		area.FanSent.Store(next)
		fan.slow.returned(who)
		for _, n := range c.got {
			fan.message(who, wire.AppendEvent(nil, "all", -1, "", run, wire.Stamp{Seq: n}, wire.MinStamp)[1:])
		}
		w.missed(who, &who.in, c.sent)
		for k := range shm.Faults {
			n := w.me.Faults[k].Load()
			if k == c.fault && n == 0 || n > 0 && c.fault < 0 {
				t.Errorf("%s: %d %s: %q", name, n, shm.FaultNames[k], w.notes)
			}
		}
	}
}
