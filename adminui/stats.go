package adminui

import (
	"os"
	"time"
)

// started is when the process began, as far as this package can tell.
var started = time.Now()

// aggregated is one figure of one second.
type aggregated struct {
	Timestamp int64  `json:"timestamp"` // of the second, in ms
	Type      string `json:"type"`
	SubType   string `json:"subType,omitempty"`
	Count     uint64 `json:"count"`
}

type namespaceStats struct {
	Name    string `json:"name"`
	Sockets int    `json:"socketsCount"`
}

// serverStats is the argument of server_stats.
type serverStats struct {
	ServerID   string           `json:"serverId"`
	Hostname   string           `json:"hostname"`
	PID        int              `json:"pid"`
	Uptime     float64          `json:"uptime"` // s
	Clients    int              `json:"clientsCount"`
	Polling    int64            `json:"pollingClientsCount"`
	Aggregated []aggregated     `json:"aggregatedEvents"`
	Namespaces []namespaceStats `json:"namespaces"`
}

func (u *UI) stats(list []aggregated) *serverStats {
	if list == nil {
		list = []aggregated{} // [] in JSON
	}
	st := &serverStats{
		ServerID:   u.opts.ServerID,
		Hostname:   u.hostname,
		PID:        os.Getpid(),
		Uptime:     time.Since(started).Seconds(),
		Clients:    u.io.Engine().Clients(),
		Polling:    u.counters.polling.Load(),
		Aggregated: list,
		Namespaces: []namespaceStats{},
	}
	for _, n := range u.io.Namespaces() {
		st.Namespaces = append(st.Namespaces, namespaceStats{n.Name(), n.Len()})
	}
	return st
}

// report sends the figures, a line for each second, until stop is closed.
func (u *UI) report(stop <-chan struct{}) {
	step := min(u.opts.StatsInterval, time.Second)
	every := int(u.opts.StatsInterval / step)
	tick := time.NewTicker(step)
	defer tick.Stop()
	var list []aggregated
	for n := 1; ; n++ {
		select {
		case <-stop:
			return
		case now := <-tick.C:
			list = gather(list, now, u.counters.take())
		}
		if n%every == 0 {
			_ = u.admin.Local().Emit("server_stats", u.stats(list)) // it fails when the server has closed
			list = nil
		}
	}
}

// gather adds counts to the figures of the second that now is in.
func gather(list []aggregated, now time.Time, counts []count) []aggregated {
	second := now.Truncate(time.Second).UnixMilli()
next:
	for _, c := range counts {
		for i := range list {
			if a := &list[i]; a.Timestamp == second && a.Type == c.kind && a.SubType == c.sub {
				a.Count += c.n
				continue next
			}
		}
		list = append(list, aggregated{second, c.kind, c.sub, c.n})
	}
	return list
}
