//go:build linux

package eventloop

import (
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// reserve is how many descriptors are kept for everything but clients: log
// files, databases, and the moment between an accept and its refusal.
const reserve = 50

// busy is what a connection that is one too many gets.
var busy = []byte("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")

// raiseFileLimit raises the soft limit of open descriptors to the hard one and
// says so.
func (k *core) raiseFileLimit() {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil || r.Cur >= r.Max {
		return
	}
	was := r.Cur
	r.Cur = r.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		k.opt.Logger.Warn("eventloop: cannot raise the limit of open descriptors", "limit", was, "error", err)
		return
	}
	k.opt.Logger.Info("eventloop: raised the limit of open descriptors", "from", was, "to", r.Cur)
}

// refreshLimit reads the limit again: somebody outside may have changed it.
func (k *core) refreshLimit() {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil || r.Cur > math.MaxInt32 {
		k.fdLimit.Store(math.MaxInt32)
		return
	}
	k.fdLimit.Store(int64(r.Cur) - int64(k.opt.Loops+reserve))
}

// admit decides about a connection just accepted as fd. The kernel gives out
// the lowest free number, so the number itself tells how many are in use, by
// whomever.
func (k *core) admit(fd int) bool {
	switch {
	case k.closing.Load():
		return false
	case int64(fd) >= k.fdLimit.Load():
		k.refuse("no descriptors left", k.fdLimit.Load())
		return false
	case k.opt.MaxConns > 0 && k.conns.Load() >= int64(k.opt.MaxConns):
		k.refuse("MaxConns reached", int64(k.opt.MaxConns))
		return false
	}
	return true
}

// refuse counts a refusal, and logs one in five seconds.
func (k *core) refuse(why string, limit int64) {
	n := k.refused.Add(1)
	if k.refusal.due(5 * time.Second) {
		k.opt.Logger.Warn("eventloop: connections refused", "why", why, "limit", limit, "refused", n)
	}
}

// every lets one through in a while. Any goroutine.
type every struct{ last atomic.Int64 }

func (e *every) due(gap time.Duration) bool {
	now, last := time.Now().UnixNano(), e.last.Load()
	return (last == 0 || now-last >= int64(gap)) && e.last.CompareAndSwap(last, now)
}
