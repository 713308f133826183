package sio

import (
	"encoding/json"

	"github.com/sio-fast/sio-fast/eio"
)

// Handshake is what a client said when it connected: the first request of its
// session (method, URL, headers, address, time), and the auth it sent to this
// namespace. It is immutable.
type Handshake struct {
	// Request is the session's first request. It is empty once
	// Options.DropHandshake has freed it.
	eio.Request
	// Auth is the JSON object that came with the CONNECT, "{}" if none did.
	Auth json.RawMessage
}

// noAuth is the auth of clients that send none.
var noAuth = json.RawMessage("{}")

// Bind decodes the auth into v. Any goroutine.
func (h *Handshake) Bind(v any) error { return json.Unmarshal(h.Auth, v) }

// XDomain says whether the request came from another origin, as far as the
// client says: it has an Origin header. Any goroutine.
func (h *Handshake) XDomain() bool { return h.Header("Origin") != "" }

// Time is the time of the request, in the form of JavaScript's Date. Any
// goroutine.
func (h *Handshake) Time() string {
	return h.Issued().Format("Mon Jan 02 2006 15:04:05 GMT-0700 (MST)")
}

// Address is the IP address of the other end, "" if there is none (a unix
// socket, or a request that was dropped). Any goroutine.
func (h *Handshake) Address() string {
	a := h.RemoteAddr()
	if !a.IsValid() {
		return ""
	}
	return a.Addr().String()
}

// Handshake gives what the client said when it connected. Any goroutine.
func (s *Socket) Handshake() *Handshake {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hs == nil {
		s.hs = newHandshake(s.client.session, nil)
	}
	return s.hs
}

// newHandshake copies auth, nil for none. It reads the session's request, which
// is immutable unless Options.DropHandshake is on; then it is loop only.
func newHandshake(s *eio.Session, auth []byte) *Handshake {
	h := &Handshake{Auth: noAuth}
	if r := s.Request(); r != nil {
		h.Request = *r
	}
	if auth != nil {
		h.Auth = append(json.RawMessage(nil), auth...)
	}
	return h
}

// dropHandshake forgets the request and keeps the auth. Loop only.
func (s *Socket) dropHandshake() {
	s.mu.Lock()
	if s.hs == nil || len(s.hs.Auth) == len(noAuth) {
		s.hs = droppedHandshake
	} else {
		s.hs = &Handshake{Auth: s.hs.Auth}
	}
	s.mu.Unlock()
	s.client.session.DropRequest()
}

// droppedHandshake is shared by all sockets whose client sent no auth.
var droppedHandshake = &Handshake{Auth: noAuth}
