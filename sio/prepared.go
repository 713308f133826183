package sio

import "bytes"

// Prepared is an event that was encoded once and can be sent often, to sockets
// and broadcasts of any namespace. It is immutable. Any goroutine.
type Prepared struct {
	event string
	raw   []byte
	bins  [][]byte
}

// Prepare encodes event with args. It returns [ErrReserved] for a reserved name,
// and the encoder's error. It copies binary data. Any goroutine.
func Prepare(event string, args ...any) (*Prepared, error) {
	if reserved(event) {
		return nil, ErrReserved
	}
	sc, err := encode(args)
	if err != nil {
		return nil, err
	}
	defer sc.free()
	p := &Prepared{event: event, raw: bytes.Clone(sc.args)}
	for _, b := range sc.bins {
		p.bins = append(p.bins, bytes.Clone(b))
	}
	return p, nil
}

// Event is the event's name. Any goroutine.
func (p *Prepared) Event() string { return p.event }

// args lends the encoded arguments.
func (p *Prepared) args() []byte { return p.raw }
