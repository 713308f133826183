//go:build linux

package main

import "bytes"

// scratchAnswer frames parts for the reader itself.
func (l *loop) scratchAnswer(c *conn, parts ...[]byte) {
	if l.share {
		c.reply = appendFrame(c.reply, 0x81, parts...)
		return
	}
	l.frame = appendFrame(l.frame[:0], 0x81, parts...)
	l.send(c, l.frame)
}

// answer sends p, a frame, to the reader itself. It borrows p.
func (l *loop) answer(c *conn, p []byte) {
	if l.share {
		c.reply = append(c.reply, p...)
		return
	}
	l.send(c, p)
}

// toAll sends a packet to everybody.
func (l *loop) toAll(p []byte) {
	if l.share {
		l.shared = appendFrame(l.shared, 0x81, p)
		return
	}
	l.frame = appendFrame(l.frame[:0], 0x81, p)
	l.sendAll(l.frame)
}

// toRoom sends `"name","payload"]` to the room but for the sender.
func (l *loop) toRoom(c *conn, args []byte) {
	name, payload, ok := bytes.Cut(args, []byte(","))
	r := l.rooms[string(name)]
	if !ok || r == nil {
		return
	}
	head := []byte(`42["room",`)
	if !l.share {
		l.frame = appendFrame(l.frame[:0], 0x81, head, payload)
		l.sendRoom(c, r, l.frame)
		return
	}
	for i := range l.perRoom {
		if l.perRoom[i].r == r {
			l.perRoom[i].bytes = appendFrame(l.perRoom[i].bytes, 0x81, head, payload)
			return
		}
	}
	if n := len(l.perRoom); n < cap(l.perRoom) {
		l.perRoom = l.perRoom[:n+1] // its bytes are used again
	} else {
		l.perRoom = append(l.perRoom, pending{})
	}
	w := &l.perRoom[len(l.perRoom)-1]
	w.r, w.bytes = r, appendFrame(w.bytes[:0], 0x81, head, payload)
}

func (l *loop) sendRoom(c *conn, r *room, p []byte) {
	for _, m := range r.members {
		if m != c {
			l.send(m, p)
		}
	}
}

// endRead sends what the messages of one read have in common, then closes.
func (l *loop) endRead(c *conn) {
	if len(l.shared) > 0 {
		l.sendAll(l.shared)
		l.shared = l.shared[:0]
	}
	for i := range l.perRoom {
		l.sendRoom(c, l.perRoom[i].r, l.perRoom[i].bytes)
	}
	l.perRoom = l.perRoom[:0]
	if len(c.reply) > 0 {
		l.send(c, c.reply)
		c.reply = c.reply[:0]
	}
	if c.dead {
		l.send(c, []byte{0x88, 0})
		l.close(c)
	}
}

func (l *loop) join(c *conn, name []byte) {
	r := l.rooms[string(name)]
	if r == nil {
		r = new(room)
		l.rooms[string(name)] = r
	}
	for _, s := range c.rooms {
		if s.r == r {
			return
		}
	}
	c.rooms = append(c.rooms, seat{r, len(r.members)})
	r.members = append(r.members, c)
}

// leave gives up one seat; the last member takes the place.
func (l *loop) leave(_ *conn, s seat) {
	last := len(s.r.members) - 1
	moved := s.r.members[last]
	for i := range moved.rooms {
		if moved.rooms[i].r == s.r {
			moved.rooms[i].i = s.i
		}
	}
	s.r.members[s.i] = moved
	s.r.members = s.r.members[:last]
}
