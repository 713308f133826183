package eio

import "github.com/sio-fast/sio-fast/internal/debuglog"

// The engine's components of the debug log, by the reference's names.
var (
	debugEngine    = debuglog.New("engine")
	debugSocket    = debuglog.New("engine:socket")
	debugPolling   = debuglog.New("engine:polling")
	debugWS        = debuglog.New("engine:ws")
	debugTransport = debuglog.New("engine:transport")
)

// debugPacket logs a packet of s.
func (s *Session) debugPacket(what string, t PacketType, data []byte, binary bool) {
	debugSocket.Print(what, "sid", s.ID(), "type", t.String(), "binary", binary, "data", debuglog.Text(data))
}
