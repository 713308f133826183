package eio

import "github.com/sio-fast/sio-fast/pool"

// Session is one Engine.IO session. It lives on one loop from its handshake to
// its end and survives the upgrade from polling to websocket.
type Session struct {
	engine *Engine
	loop   *Loop
	peer   *Peer
	value  any
	req    Request
	sid    sid
}

// ID is the session's id, which is a secret between it and its client. Any
// goroutine. Does not allocate.
func (s *Session) ID() string { return s.sid.String() }

// Loop is the loop that owns the session. Any goroutine.
func (s *Session) Loop() *Loop { return s.loop }

// Engine is the engine the session belongs to. Any goroutine.
func (s *Session) Engine() *Engine { return s.engine }

// Value is what SetValue stored. Loop only.
func (s *Session) Value() any { return s.value }

// SetValue stores what the floor above keeps for the session. Loop only.
func (s *Session) SetValue(v any) { s.value = v }

// Transport is how the session's packets travel now. Any goroutine.
func (s *Session) Transport() Transport { return Polling }

// Protocol is the revision of Engine.IO: 4. Any goroutine.
func (s *Session) Protocol() int { return 4 }

// Send sends f, whose B is a run of whole unmasked server frames: a text frame
// begins with the packet type '4', a binary frame is raw data. It borrows f and
// retains it if it must queue. false: dropped, because the session is closed or
// because of Volatile. Loop only. Does not allocate.
func (s *Session) Send(f *pool.Shared, fl SendFlags) bool { return false }

// SendText sends one text message, without its '4'. It borrows p. false:
// dropped, because the session is closed. Loop only. Does not allocate.
func (s *Session) SendText(p []byte) bool { return false }

// SendBinary sends one binary message. It borrows p. false: dropped, because
// the session is closed. Loop only. Does not allocate.
func (s *Session) SendBinary(p []byte) bool { return false }

// Close closes the session in an orderly way, after what was sent: with an
// empty close frame on a websocket; over polling with a close packet to the GET
// that waits or to the next one, for at most CloseTimeout. OnClose gets r. Loop
// only.
func (s *Session) Close(r Reason) {}

// Terminate cuts the connection without a close frame. OnClose gets
// [ReasonTransportClose]. Loop only.
func (s *Session) Terminate() {}

// Closed reports that the session has ended or is about to. Loop only.
func (s *Session) Closed() bool { return false }

// Backlog is the number of bytes the session has accepted and not yet given to
// the kernel. Loop only.
func (s *Session) Backlog() int { return 0 }

// Request is the handshake request, empty once it was dropped. Shared and
// immutable. Loop only.
func (s *Session) Request() *Request { return &s.req }

// DropRequest frees the stored handshake request. Loop only.
func (s *Session) DropRequest() { s.req = Request{} }
