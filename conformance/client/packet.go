package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Event is an event from the server, or an acknowledgement (without a name).
type Event struct {
	Name        string
	Args        []json.RawMessage
	Attachments [][]byte

	c  *Client
	id uint64
	// Asks tells that the server asked for an acknowledgement.
	Asks bool
}

// Bind decodes the arguments; a *[]byte target gets the attachment.
func (e *Event) Bind(targets ...any) error {
	if len(targets) > len(e.Args) {
		return fmt.Errorf("client: %d arguments, want %d", len(e.Args), len(targets))
	}
	for i, t := range targets {
		if b, ok := t.(*[]byte); ok {
			var hole struct {
				Placeholder bool `json:"_placeholder"`
				Num         int
			}
			if err := json.Unmarshal(e.Args[i], &hole); err != nil || !hole.Placeholder || hole.Num >= len(e.Attachments) {
				return fmt.Errorf("client: argument %d is %s, not binary", i, e.Args[i])
			}
			*b = e.Attachments[hole.Num]
			continue
		}
		if err := json.Unmarshal(e.Args[i], t); err != nil {
			return fmt.Errorf("client: argument %d, %s: %w", i, e.Args[i], err)
		}
	}
	return nil
}

// Ack answers an event that asks for it.
func (e *Event) Ack(args ...any) error {
	if !e.Asks {
		return errors.New("client: no ack asked for")
	}
	return e.c.send("3", strconv.FormatUint(e.id, 10), args)
}

type packet struct {
	Event
	attachments int
	ack         bool
}

// parse reads EVENT, ACK and their binary forms, in the namespace.
func parse(m message, nsp string) (p packet, err error) {
	bad := func(why string) (packet, error) {
		return packet{}, fmt.Errorf("client: bad packet %.100q: %s", m.text, why)
	}
	rest := m.text
	if m.binary != nil || len(rest) < 2 || rest[0] != '4' {
		return bad("no message")
	}
	kind := rest[1]
	rest = rest[2:]
	if kind == '5' || kind == '6' {
		n, after, ok := strings.Cut(rest, "-")
		if p.attachments, err = strconv.Atoi(n); !ok || err != nil || p.attachments == 0 {
			return bad("attachments")
		}
		rest = after
		kind -= 3
	}
	if rest, err = cutNamespace(rest, nsp); err != nil {
		return bad(err.Error())
	}
	digits := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		return bad("no payload")
	}
	if digits > 0 {
		if p.id, err = strconv.ParseUint(rest[:digits], 10, 64); err != nil {
			return bad("id")
		}
		p.Asks = kind == '2'
	}
	if err := json.Unmarshal([]byte(rest[digits:]), &p.Args); err != nil {
		return bad(err.Error())
	}
	switch {
	case kind == '3' && digits > 0:
		p.ack = true
	case kind == '2' && len(p.Args) > 0 && json.Unmarshal(p.Args[0], &p.Name) == nil:
		p.Args = p.Args[1:]
	default:
		return bad("neither event nor ack")
	}
	return p, nil
}

func cutNamespace(rest, nsp string) (string, error) {
	if nsp == "" && strings.HasPrefix(rest, "/") {
		return "", errors.New("of another namespace")
	}
	after, ok := strings.CutPrefix(rest, nsp)
	if !ok {
		return "", errors.New("of another namespace")
	}
	return after, nil
}
