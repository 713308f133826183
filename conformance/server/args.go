package main

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/sio-fast/sio-fast/sio"
)

var errMissing = errors.New("argument missing")

// arguments gives all arguments of an event, to be sent on as they came: as the
// JSON of the client, or decoded where attachments have to be found in them.
func arguments(e *sio.Event) ([]any, error) {
	if e.Attachments() > 0 {
		return e.Args()
	}
	raw, err := list(e.Raw())
	if err != nil {
		return nil, err
	}
	args := make([]any, len(raw))
	for i := range raw {
		args[i] = raw[i]
	}
	return args, nil
}

// list cuts a comma-separated list of JSON values.
func list(raw []byte) (values []json.RawMessage, err error) {
	all := append(append([]byte{'['}, raw...), ']')
	return values, json.Unmarshal(all, &values)
}

// bind decodes the first arguments into lead, all of which must be there, and
// gives the rest.
func bind(e *sio.Event, lead ...any) (rest []any, err error) {
	all, err := arguments(e)
	if err != nil {
		return nil, err
	}
	if len(all) < len(lead) {
		return nil, errMissing
	}
	return all[len(lead):], e.Bind(lead...)
}

// rooms is one room or a list of them.
type rooms []string

// UnmarshalJSON takes a string or a list of strings.
func (r *rooms) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(r))
	}
	var one string
	err := json.Unmarshal(b, &one)
	*r = rooms{one}
	return err
}

func (r rooms) to(b sio.Broadcast) sio.Broadcast {
	for _, room := range r {
		b = b.To(room)
	}
	return b
}

func (r rooms) except(b sio.Broadcast) sio.Broadcast {
	for _, room := range r {
		b = b.Except(room)
	}
	return b
}

// millis is a number of milliseconds.
type millis float64

func (m millis) duration() time.Duration {
	return time.Duration(float64(m) * float64(time.Millisecond))
}

// later runs fn after m; its error has nobody left to tell.
func (m millis) later(fn func() error) error {
	time.AfterFunc(m.duration(), func() { _ = fn() })
	return nil
}
