//go:build linux

package eventloop

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// gnetLog brings what gnet has to say to slog. Its Infof is chatter and its
// warnings name its own insides, so both are debug here; an error is an error.
type gnetLog struct{ l *slog.Logger }

func (g gnetLog) Debugf(format string, a ...any) { g.debug(format, a) }
func (g gnetLog) Infof(format string, a ...any)  { g.debug(format, a) }
func (g gnetLog) Warnf(format string, a ...any)  { g.debug(format, a) }
func (g gnetLog) Errorf(format string, a ...any) { g.error(format, a) }
func (g gnetLog) Fatalf(format string, a ...any) { g.error(format, a) }

func (g gnetLog) debug(format string, a []any) {
	if g.l.Enabled(context.Background(), slog.LevelDebug) {
		g.l.Debug("gnet: " + text(format, a))
	}
}

func (g gnetLog) error(format string, a []any) { g.l.Error("gnet: " + text(format, a)) }

func text(format string, a []any) string {
	return strings.TrimSpace(fmt.Sprintf(format, a...))
}
