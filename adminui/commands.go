package adminui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sio-fast/sio-fast/sio"
)

// maxName bounds the names of rooms, events and namespaces in a command, in bytes.
const maxName = 1024

var errCommand = errors.New("adminui: bad command")

// command is the arguments of what an admin asks for.
type command []json.RawMessage

func parse(e *sio.Event) (c command, err error) {
	b := make([]byte, 0, len(e.Raw())+2)
	b = append(append(append(b, '['), e.Raw()...), ']')
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("%w: %w", errCommand, err)
	}
	return c, nil
}

// name gives argument i, a string that is not empty.
func (c command) name(i int) (string, error) {
	var s string
	if i >= len(c) || json.Unmarshal(c[i], &s) != nil || s == "" || len(s) > maxName {
		return "", fmt.Errorf("%w: argument %d is no name", errCommand, i)
	}
	return s, nil
}

// selected gives the sockets that a command means: those of the namespace of
// argument 0, or of the room of argument filter, which may be missing. A namespace
// is never made for it.
func (u *UI) selected(c command, filter int) (b sio.Broadcast, err error) {
	name, err := c.name(0)
	if err != nil {
		return b, err
	}
	for _, n := range u.io.Namespaces() {
		if n.Name() != name {
			continue
		}
		if filter >= len(c) || string(c[filter]) == "null" || string(c[filter]) == `""` {
			return n.WhenSlow(u.io.Options().WhenSlow), nil // everybody, as ever
		}
		room, err := c.name(filter)
		return n.To(room), err
	}
	return b, fmt.Errorf("%w: no such namespace", errCommand)
}

// read gives a command and the sockets that it is for.
func (u *UI) read(e *sio.Event, filter int) (c command, to sio.Broadcast, err error) {
	if c, err = parse(e); err == nil {
		to, err = u.selected(c, filter)
	}
	return c, to, err
}

// onEmit: namespace, filter or null, event, arguments…
func (u *UI) onEmit(e *sio.Event) error {
	c, to, err := u.read(e, 1)
	if err != nil {
		return err
	}
	event, err := c.name(2)
	if err != nil {
		return err
	}
	if e.Attachments() == 0 {
		args := make([][]byte, 0, len(c))
		for _, a := range c[3:] {
			args = append(args, a)
		}
		return to.EmitRaw(event, bytes.Join(args, []byte{','}))
	}
	args, err := e.Args()
	if err != nil {
		return err
	}
	return to.Emit(event, args[3:]...)
}

// onJoin: namespace, room, filter.
func (u *UI) onJoin(e *sio.Event) error {
	return u.room(e, func(b sio.Broadcast, room string) { b.Join(room) })
}

// onLeave: namespace, room, filter.
func (u *UI) onLeave(e *sio.Event) error {
	return u.room(e, func(b sio.Broadcast, room string) { b.Leave(room) })
}

func (u *UI) room(e *sio.Event, do func(sio.Broadcast, string)) error {
	c, who, err := u.read(e, 2)
	if err != nil {
		return err
	}
	room, err := c.name(1)
	if err == nil {
		do(who, room)
	}
	return err
}

// onDisconnect: namespace, whether to close the connection too, filter.
func (u *UI) onDisconnect(e *sio.Event) error {
	c, who, err := u.read(e, 2)
	if err != nil {
		return err
	}
	var all bool
	if len(c) > 1 && json.Unmarshal(c[1], &all) != nil {
		return fmt.Errorf("%w: argument 1 is no bool", errCommand)
	}
	who.Disconnect(all)
	return nil
}
