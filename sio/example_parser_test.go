package sio_test

import (
	"bytes"
	"fmt"

	"github.com/sio-fast/sio-fast/sio"
)

// lines is a wire format of one's own: type, namespace and data in three lines.
type lines struct{}

func (lines) Encode(m *sio.Messages, p *sio.Packet) error {
	b := append(p.Buf[:0], '0'+byte(p.Type), '\n')
	b = append(append(b, p.Namespace...), '\n')
	p.Buf = append(b, p.Data...)
	m.Text(p.Buf)
	return nil
}

func (lines) Decode(p *sio.Packet, message []byte, binary bool) (whole bool, err error) {
	typ, rest, _ := bytes.Cut(message, []byte("\n"))
	nsp, data, ok := bytes.Cut(rest, []byte("\n"))
	if binary || !ok || len(typ) != 1 {
		return false, fmt.Errorf("no packet: %q", message)
	}
	p.Type, p.Namespace = sio.PacketType(typ[0]-'0'), nsp // views: they are lent
	if len(data) > 0 {
		p.Data = data
	}
	return true, nil
}

// A parser of one's own, for clients that speak it too.
func ExampleParser() {
	io, err := sio.New(&sio.Options{Parser: lines{}})
	if err != nil {
		panic(err)
	}
	fmt.Println(io.Path())

	p := sio.Packet{ID: -1}
	whole, err := lines{}.Decode(&p, []byte("2\n/\n[\"hello\",1]"), false)
	fmt.Println(whole, err, p.Check(), string(p.Data))
	// Output:
	// /socket.io/
	// true <nil> <nil> ["hello",1]
}

// Clients with socket.io-msgpack-parser: io(url, { parser: msgpackParser }).
func ExampleMsgpackParser() {
	io, err := sio.New(&sio.Options{Parser: sio.MsgpackParser{}})
	if err != nil {
		panic(err)
	}
	io.On("echo", func(e *sio.Event) error { return e.AckRaw(e.Raw()) })
}
