package sio

import (
	"context"
	"encoding/json"
	"time"
)

// Adapter connects a server to the others of a cluster: Options.Adapter. It
// carries what one server has for the sockets of the others, and what they
// answer; the rooms, the sockets and everything that is done to them stay
// sio's. One adapter serves one server.
//
// What one goroutine publishes in sequence has to reach each of the others in
// that sequence: of a broadcast to a room and the join before it the join comes
// first there, too. A message may get lost with a connection or a server; it
// must not come twice.
//
// Package sio/adaptertest has a suite that every adapter must pass, and a
// cluster in one process.
type Adapter interface {
	// Open connects the adapter, and has all that comes from now on handed to
	// m. [New] calls it once, and fails with its error.
	Open(m *Member) error
	// Publish sends msg to the server that msg.To names, or to all the others.
	// It borrows msg and all that is in it: it encodes before it returns, or
	// clones. It must not block, for loops call it, in the middle of a
	// broadcast and many of them at once: what it cannot send yet it queues,
	// and its queue is bounded. It returns an error for what was not taken. Any
	// goroutine.
	Publish(msg *Message) error
	// Others gives the ids of the servers beside this one, as far as they are
	// known by now: so many answers are waited for. Whoever knows only how many
	// there are gives as many empty strings. It may block until ctx ends. Any
	// goroutine but a loop's.
	Others(ctx context.Context) ([]string, error)
	// Close tells the others that this server leaves, sends what is queued, and
	// ends what Open has begun; afterwards m is not called any more. It returns
	// ctx's error if that takes too long. Server.Close calls it once.
	Close(ctx context.Context) error
}

// MessageKind says what a [Message] is, and which of its fields mean something.
type MessageKind uint8

// The first group goes to all the others, the second to the server that asked.
const (
	// KindBroadcast: Event with Args and Attachments for the sockets selected.
	// With an ID it is an event that asks for acks, by Timeout: one
	// KindClientCount answers, and a KindAck for each socket.
	KindBroadcast MessageKind = iota + 1
	// KindJoin puts the sockets selected into the rooms Names.
	KindJoin
	// KindLeave takes them out of the rooms Names.
	KindLeave
	// KindDisconnect disconnects them; with All, their clients.
	KindDisconnect
	// KindFetch asks for the sockets selected: KindSockets answers.
	KindFetch
	// KindServerEvent: Event with Args and Attachments for the servers
	// themselves. With an ID it wants a KindServerAnswer.
	KindServerEvent

	// KindClientCount: Count sockets were asked for an ack.
	KindClientCount
	// KindAck: the ack of Socket, Args and Attachments, or Error.
	KindAck
	// KindSockets: the Sockets that were asked for.
	KindSockets
	// KindServerAnswer: the answer of a server, Args and Attachments, or Error.
	KindServerAnswer

	lastKind = KindServerAnswer
)

// Message is what one server has for others. Only the fields that its kind
// names are set, besides Kind, From and Namespace.
type Message struct {
	Kind MessageKind
	// From is the id of the server that sends; "" is somebody who is none, and
	// whom nobody can answer.
	From string
	// To is the one server it is for; "" means all but From.
	To string
	// Namespace is its name, "/" or "/admin".
	Namespace string
	// ID is that of a question, and of the answers to it; "": nothing is asked.
	ID string
	// Timeout is how long answers are waited for.
	Timeout time.Duration

	// Rooms selects the sockets that are in one of them, or have that id; none
	// selects all of the namespace.
	Rooms []string
	// Except are the rooms, or ids, whose sockets are left out.
	Except []string
	// Names are the rooms to join or leave.
	Names []string

	// Event is the event's name.
	Event string
	// Args are its arguments, or those of an ack: a comma-separated list of
	// JSON values without brackets, with a placeholder where an attachment
	// belongs.
	Args []byte
	// Attachments are the binary parts of Args.
	Attachments [][]byte
	// Volatile, NoCompress and Refuse are how the broadcast is to be sent; a
	// broadcast without Refuse is treated by the server that delivers it as its
	// Options.WhenSlow says.
	Volatile, NoCompress, Refuse bool
	// All disconnects clients from all namespaces.
	All bool

	// Count is a number of sockets.
	Count int
	// Socket is the id of the socket that answers; "" if it is not known.
	Socket string
	// Error says why there is no answer; "": there is one.
	Error string
	// Sockets are those that were asked for.
	Sockets []SocketInfo
}

// SocketInfo is what one server tells another of a socket. The JSON is what the
// reference's adapters send.
type SocketInfo struct {
	ID string
	// Handshake is a [Handshake] as JSON.
	Handshake json.RawMessage
	Rooms     []string // its own id first
	// Data is an object with the values of [Socket.Data].
	Data json.RawMessage
}

// AdapterStats are figures of what went over the adapter.
type AdapterStats struct {
	Sent     uint64 // messages that the adapter has taken
	Failed   uint64 // messages that it has not
	Received uint64 // messages that came and were done
	Ignored  uint64 // that came and were no good, too late, or one too many
}

// Bounds of a message from another server. Who can write to the bus can do
// anything a server can; these keep its accidents small.
const (
	maxTargets        = 1 << 16   // rooms of a message; sockets have no bound
	maxFarID          = 256       // bytes of an id
	maxFarError       = 1024      // bytes of an error
	maxFarAttachments = 1 << 14   //
	maxServed         = 64        // listings for other servers that are under way
	maxFarTimeout     = time.Hour // that a server keeps an ack for another
	answerTimeout     = 5 * time.Second
)
