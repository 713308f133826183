package sio

// Stand-ins for the codec half, so that the runtime half compiles. Whoever
// lands the codec deletes this file.

import "github.com/sio-fast/sio-fast/pool"

type Event struct{}

func (e *Event) load(s *Socket, id int64, name, args []byte, bins [][]byte) {}
func newEvent(s *Socket, id int64, name, args []byte, bins [][]byte) *Event { return &Event{} }
func (e *Event) release()                                                   {}
func (e *Event) Socket() *Socket                                            { return nil }
func (e *Event) Name() string                                               { return "" }
func (e *Event) Raw() []byte                                                { return nil }
func (e *Event) Bind(v ...any) error                                        { return nil }
func (e *Event) WantsAck() bool                                             { return false }
func (e *Event) Ack(args ...any) error                                      { return nil }
func (e *Event) AckRaw(args []byte) error                                   { return nil }
func (e *Event) Clone() *Event                                              { return e }

type Handler func(*Event) error
type Registrar interface{ On(event string, h Handler) }
type Prepared struct{}

func (p *Prepared) Event() string                 { return "" }
func (p *Prepared) args() []byte                  { return nil }
func (p *Prepared) frame(nsp string) *pool.Shared { return pool.NewShared() }

type packetType uint8

const (
	packetConnect packetType = iota
	packetDisconnect
	packetEvent
	packetAck
	packetConnectError
	packetBinaryEvent
	packetBinaryAck
)

type packet struct {
	typ         packetType
	attachments int
	nsp         []byte
	id          int64
	data        []byte
}

type limits struct{ attachments, depth int }

var errTextPending, errBinaryUnasked error

func parsePacket(src []byte, lim *limits) (p packet, err error) { return }
func eventName(data, scratch []byte) (name, args []byte)        { return }
func ackArgs(data []byte) []byte                                { return nil }
func reserved[T string | []byte](event T) bool                  { return false }

type reassembly struct{}

func (r *reassembly) start(p packet)                      {}
func (r *reassembly) add(b []byte) (done bool, err error) { return }
func (r *reassembly) packet() (p packet)                  { return }
func (r *reassembly) bins() [][]byte                      { return nil }
func (r *reassembly) release()                            {}

func appendArgs(dst []byte, args []any, bins *[][]byte) ([]byte, error) { return dst, nil }
func frameEvent(dst []byte, nsp string, id int64, event string, args []byte, bins [][]byte) []byte {
	return dst
}
func frameConnect(dst []byte, nsp, sid, pid string) []byte                  { return dst }
func frameConnectError(dst []byte, nsp, message string, data []byte) []byte { return dst }
func frameDisconnect(dst []byte, nsp string) []byte                         { return dst }
func b2s(b []byte) string                                                   { return string(b) }
func s2b(s string) []byte                                                   { return []byte(s) }
