//go:build pooldebug

package pool

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
)

const debug = true

// poisonByte is no ASCII, no UTF-8 and no valid first byte of a frame.
const poisonByte = 0xDB

var (
	liveMu sync.Mutex
	live   = map[any][8]uintptr{} // what is out, and who took it
)

// took notes that v, a pointer, is out.
func took(v any) {
	var pc [8]uintptr
	runtime.Callers(3, pc[:])
	liveMu.Lock()
	defer liveMu.Unlock()
	if _, twice := live[v]; twice {
		panic(fmt.Sprintf("pool: %T handed out twice", v))
	}
	live[v] = pc
}

// gave notes that v is back.
func gave(v any) {
	liveMu.Lock()
	defer liveMu.Unlock()
	if _, ok := live[v]; !ok {
		panic(fmt.Sprintf("pool: %T put back twice, or never taken", v))
	}
	delete(live, v)
}

func poison(b []byte) {
	b = b[:cap(b)]
	for i := range b {
		b[i] = poisonByte
	}
}

// Outstanding is how many values were taken from this package and not put back,
// in a build with the tag pooldebug, and 0 in any other. Any goroutine.
func Outstanding() int64 {
	liveMu.Lock()
	defer liveMu.Unlock()
	return int64(len(live))
}

// Leaks says for each of them where it was taken, in a build with the tag
// pooldebug. Any goroutine.
func Leaks() []string {
	liveMu.Lock()
	defer liveMu.Unlock()
	all := make([]string, 0, len(live))
	for v, pc := range live {
		var b strings.Builder
		fmt.Fprintf(&b, "%T taken by", v)
		frames := runtime.CallersFrames(pc[:])
		for {
			f, more := frames.Next()
			if f.Function != "" {
				fmt.Fprintf(&b, " %s:%d", f.Function, f.Line)
			}
			if !more {
				break
			}
		}
		all = append(all, b.String())
	}
	return all
}
