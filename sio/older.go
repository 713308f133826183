package sio

import (
	"bytes"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/pool"
)

// Older clients, those of Socket.IO 1 and 2, speak protocol 4 over revision 3 of
// Engine.IO. It differs from protocol 5 in how a namespace is joined:
//
//	"/"                 they are in it from the start: 40 comes without being asked for
//	40/admin?token=x,   another one: what they have to say is a query
//	40/admin,           its answer does not name an id
//	44"message"         a refusal: the message, or the data alone where there is some
//
// and in the ids, which they make themselves: the session's in "/", and
// "/admin#" before it elsewhere. Events, acks and attachments are the same.

// connectOlder joins "/" for a client that takes it for granted. Loop only.
func (c *client) connectOlder() {
	c.older = true
	c.connect(&packet{typ: packetConnect, nsp: rootNamespace, id: -1})
}

// cutQuery takes the query off the namespace. In a CONNECT it is the auth, and
// nothing else is.
func (p *packet) cutQuery() {
	nsp, query, _ := bytes.Cut(p.nsp, []byte{'?'})
	p.nsp = nsp
	if p.typ != packetConnect {
		return
	}
	p.data = nil
	if len(query) > 0 {
		p.data = queryAuth(string(query))
	}
}

// queryAuth gives a query as a JSON object of strings. Of several values with
// one name it is the last, as in the reference.
func queryAuth(query string) []byte {
	var names []string
	last := make(map[string]string)
	for name, value := range eio.Queries(query) {
		if _, again := last[name]; !again {
			names = append(names, name)
		}
		last[name] = value
	}
	dst := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, name), ':')
		dst = appendQuoted(dst, last[name])
	}
	return append(dst, '}')
}

// nameOlder gives s the id that its client expects. Loop only, before anybody
// else knows s.
func (s *Socket) nameOlder(nsp string) {
	id := s.client.session.ID()
	if nsp != "/" {
		id = nsp + "#" + id
	}
	s.older = true
	s.extra().id = id
}

// addOlder has byID find s.
func (l *nsLoop) addOlder(s *Socket) {
	if l.older == nil {
		l.older = make(map[string]*Socket)
	}
	l.older[s.ID()] = s
}

// refuseOlder sends a CONNECT_ERROR of protocol 4. Loop only.
func (c *client) refuseOlder(nsp, message string, data []byte) {
	f := pool.NewShared()
	f.B = frameErrorOlder(f.B, nsp, message, data)
	c.session.Send(f, 0)
	f.Release()
}

// frameConnectOlder appends the answer that accepts a client of protocol 4.
func frameConnectOlder(dst []byte, nsp string) []byte {
	start := len(dst)
	dst = appendHead(eio.BeginText(dst, len(nsp)), packetConnect, nsp, -1, 0)
	return eio.EndText(dst, start)
}

// frameErrorOlder appends the answer that refuses a client of protocol 4: data,
// which is JSON, unless it is what JavaScript takes for none, or the message.
func frameErrorOlder(dst []byte, nsp, message string, data []byte) []byte {
	start := len(dst)
	dst = appendHead(eio.BeginText(dst, len(nsp)+max(len(message), len(data))), packetConnectError, nsp, -1, 0)
	switch string(data) {
	case "", "null", "false", "0", "-0", `""`:
		dst = appendQuoted(dst, message)
	default:
		dst = append(dst, data...)
	}
	return eio.EndText(dst, start)
}
