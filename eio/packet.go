package eio

// PacketType is the type of an Engine.IO packet: the digit it begins with.
type PacketType byte

// The packet types of Engine.IO 4.
const (
	PacketOpen    PacketType = '0' // the server's handshake
	PacketClose   PacketType = '1' // the transport can be closed
	PacketPing    PacketType = '2' // heartbeat of the server, and the probe
	PacketPong    PacketType = '3' // its answer
	PacketMessage PacketType = '4' // what the layer above sends
	PacketUpgrade PacketType = '5' // the client has changed to this transport
	PacketNoop    PacketType = '6' // ends a waiting poll, says nothing
)

var packetNames = [...]string{"open", "close", "ping", "pong", "message", "upgrade", "noop"}

// String names the type as the protocol's text does. Any goroutine.
func (t PacketType) String() string {
	if t < PacketOpen || t > PacketNoop {
		return "unknown"
	}
	return packetNames[t-PacketOpen]
}

// parsePacket cuts a text packet into its type and data. ok is false for an
// empty packet and for an unknown type: a "parse error". It borrows p and
// lends a view of it. Any goroutine.
func parsePacket(p []byte) (t PacketType, data []byte, ok bool) {
	if len(p) == 0 {
		return 0, nil, false
	}
	t = PacketType(p[0])
	if t < PacketOpen || t > PacketNoop {
		return 0, nil, false
	}
	return t, p[1:], true
}
