// Package debuglog is the debug log that users of the reference know: the
// environment variable DEBUG says which components tell on stderr what they do.
//
//	DEBUG=socket.io:*                 everything of Socket.IO
//	DEBUG=engine*,-engine:ws          the engine without its websockets
//
// Patterns are separated by commas or spaces, * stands for anything, and a
// minus excludes. Lines are those of log/slog, which quotes what clients send,
// with the component as an attribute. A component that is off costs one check
// of a bool.
package debuglog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// Logger is one component's log.
type Logger struct {
	on        bool
	component string
	out       *slog.Logger
}

var (
	all  []*Logger
	spec = os.Getenv("DEBUG")
	sink = handler(os.Stderr)
)

func handler(w io.Writer) slog.Handler {
	return slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})
}

// New makes the log of a component. It is for variables of packages: one
// goroutine at a time.
func New(component string) *Logger {
	l := &Logger{component: component}
	l.set()
	all = append(all, l)
	return l
}

// Set replaces what the environment says, for tests: before anything runs that
// logs.
func Set(patterns string, w io.Writer) {
	spec, sink = patterns, handler(w)
	for _, l := range all {
		l.set()
	}
}

func (l *Logger) set() {
	l.on = Enabled(spec, l.component)
	l.out = slog.New(sink).With("component", l.component)
}

// On says whether anybody reads what l prints. Any goroutine. Does not allocate.
func (l *Logger) On() bool { return l.on }

// Print writes one line, if the component is on; args are as for slog. It
// borrows them. Any goroutine.
func (l *Logger) Print(msg string, args ...any) {
	if l.on {
		l.out.Log(context.Background(), slog.LevelDebug, msg, args...)
	}
}

// most is how much of a text a line shows, in bytes.
const most = 256

// Text gives b as a line shows it: its beginning, if it is long. It borrows b.
// Any goroutine.
func Text[T string | []byte](b T) string {
	if len(b) <= most {
		return string(b)
	}
	return fmt.Sprintf("%s… (%d bytes)", string(b[:most]), len(b))
}

// Enabled says whether patterns, the form of DEBUG, name component. An exclusion
// counts wherever it stands. Any goroutine.
func Enabled(patterns, component string) bool {
	on := false
	for p := range strings.FieldsFuncSeq(patterns, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' }) {
		if not, ok := strings.CutPrefix(p, "-"); ok {
			if match(not, component) {
				return false
			}
		} else if match(p, component) {
			on = true
		}
	}
	return on
}

// match says whether all of s is what pattern describes. It goes back to the
// last star alone, so its time is bounded by the product of the lengths.
func match(pattern, s string) bool {
	i, j, star, from := 0, 0, -1, 0
	for j < len(s) {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, from = i, j
			i++
		case i < len(pattern) && pattern[i] == s[j]:
			i++
			j++
		case star >= 0:
			from++
			i, j = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[i:], "*") == ""
}
