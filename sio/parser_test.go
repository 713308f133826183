package sio

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// mp makes msgpack out of short marks: hex digits, and 'text' for a short string.
func mp(src string) string {
	var b []byte
	for i, part := range strings.Split(src, "'") {
		if i%2 == 1 {
			b = append(append(b, 0xa0|byte(len(part))), part...)
			continue
		}
		raw, err := hex.DecodeString(strings.ReplaceAll(part, " ", ""))
		if err != nil {
			panic(err)
		}
		b = append(b, raw...)
	}
	return "bin:" + string(b)
}

// joinWith joins "/" with the packet of a parser and gives the answer.
func (r *rig) joinWith(packet string) (c *rigClient, answer string) {
	r.t.Helper()
	c = r.dial(0)
	c.send(packet)
	r.settle()
	got := c.read()
	if len(got) != 1 {
		r.t.Fatalf("CONNECT answered %q", got)
	}
	return c, got[0]
}

const mpConnect = "82 'type' 00 'nsp' '/'"

// TestMsgpackBytes holds the bytes against those of the reference.
func TestMsgpackBytes(t *testing.T) {
	r := newRig(t, 1, &Options{Parser: MsgpackParser{}})
	r.io.On("x", func(e *Event) error {
		if e.WantsAck() {
			return e.AckRaw(e.Raw())
		}
		return e.Socket().EmitRaw("back", e.Raw())
	})
	r.io.On("bin", func(e *Event) error {
		var b []byte
		if err := e.Bind(&b); err != nil {
			return err
		}
		return e.Socket().Emit("bin", map[string]any{"b": b}, 1.5)
	})
	c, answer := r.joinWith(mp(mpConnect))
	if want := mp("83 'type' 00 'data' 81 'sid' b4"); !strings.HasPrefix(answer, want) || !strings.HasSuffix(answer, mp("'nsp' '/'")[4:]) {
		t.Fatalf("CONNECT answered %q", answer)
	}
	c.send(mp("84 'type' 02 'nsp' '/' 'data' 92 'x' 01 'id' 03"))
	c.expect(mp("84 'id' 03 'type' 03 'data' 91 01 'nsp' '/'"))
	c.send(mp("83 'data' 93 'x' cb3ff8000000000000 81 'k' c0 'nsp' '/' 'type' 02"))
	c.expect(mp("83 'type' 02 'nsp' '/' 'data' 93 'back' cb3ff8000000000000 81 'k' c0"))
	c.send(mp("83 'type' 02 'nsp' '/' 'data' 92 'bin' c40209ff"))
	c.expect(mp("83 'type' 02 'nsp' '/' 'data' 93 'bin' 81 'b' c40209ff cb3ff8000000000000"))
	c.send(mp("82 'type' 00 'nsp' '/nope'"))
	c.expect(mp("83 'type' 04 'nsp' '/nope' 'data' 81 'message' 'Invalid namespace'"))
	r.io.Namespace.Disconnect(false)
	c.expect(mp("82 'type' 01 'nsp' '/'"))
}

// TestJSONPackets holds the bytes against those of the reference.
func TestJSONPackets(t *testing.T) {
	r := newRig(t, 1, &Options{Parser: JSONPacketParser{}})
	r.io.On("x", func(e *Event) error { return e.Ack(e.Name(), []byte{1, 255}) })
	c := r.dial(0)
	c.send(`4{"type":0,"nsp":"/"}`)
	c.expect(`4{"type":0,"nsp":"/","data":{"sid":"SID"}}`)
	c.send(`4{"id":7,"data":["x"],"nsp":"\/","t\u0079pe":2.0,"options":{}}`)
	c.expect(`4{"type":3,"nsp":"/","data":["x",{"type":"Buffer","data":[1,255]}],"id":7}`)
	c.send(`4{"type":2,"nsp":"/","data":{}}`)
	c.expect("close")
}

func TestParserRefuses(t *testing.T) {
	event := func(v string) string { return mp("83 'type' 02 'nsp' '/' 'data' 92 'x' " + v) }
	for name, bad := range map[string][]string{
		"msgpack": {
			"4x", "bin:", event(""), event("dbffffffff"), event("ddffffffff"), event("dfffffffff"), event("c6ffffffff"), event("c1"),
			event(strings.Repeat("91", 600) + "01"), event("01 00"), event("81 01 01"), event("d6 00 01"), event("92 01"),
			event("92 c400 82 '_placeholder' c3 'num' 05"), event("dc1000" + strings.Repeat("c400", 4096)),
			mp("84 'type' 02 'type' 02 'nsp' '/' 'data' 91 'x'"), mp("83 'type' 05 'nsp' '/' 'data' 91 'x'"), mp("82 'nsp' '/' 'data' 91 'x'"),
			mp("82 'type' 02 'data' 91 'x'"), mp("83 'type' 02 'nsp' 01 'data' 91 'x'"), mp("84 'type' 02 'nsp' '/' 'data' 91 'x' 'id' ff"),
			mp("84 'type' 02 'nsp' '/' 'data' 91 'x' 'id' cb3fe0000000000000"), mp("84 'type' 02 'nsp' '/' 'data' 91 'x' 'id' cfffffffffffffffff"),
			mp("83 'type' 02 'nsp' '/' 'data' 80"), mp("82 'type' 02 'nsp' '/'"), mp("83 'type' 00 'nsp' '/a' 'data' 90"), mp("83 'type' 00 'nsp' '/a' 'data' c0"),
			mp("83 'type' 01 'nsp' '/' 'data' c0"), mp("83 'type' 04 'nsp' '/' 'data' 80"), mp("93 02 01 01"), mp("83 'type' 02 'nsp' a1ff 'data' 91 'x'"),
		},
		"json": {
			"bin:{}", "4", "4[]", `4{"type":2}`, `4{"nsp":"/","data":["x"]}`, `4{"type":"2","nsp":"/","data":["x"]}`, `4{"type":2,"nsp":"/","data":["x"],"id":null}`,
			`4{"type":2,"nsp":"/","data":["x"],"id":-1}`, `4{"type":2,"nsp":"/","data":["x"]}}`, `4{"type":9,"nsp":"/","data":["x"]}`, `4{"type":1.5,"nsp":"/","data":["x"]}`,
		},
	} {
		for _, packet := range bad {
			o := &Options{Parser: MsgpackParser{}}
			connect := mp(mpConnect)
			if name == "json" {
				o, connect = &Options{Parser: JSONPacketParser{}}, `4{"type":0,"nsp":"/"}`
			}
			r := newRig(t, 1, o)
			var heard error
			r.io.OnError(func(_ *Socket, _ string, err error) { heard = err })
			var why Reason
			r.io.OnDisconnect(func(_ *Socket, reason Reason) { why = reason })
			c, _ := r.joinWith(connect)
			c.send(packet)
			r.settle()
			if why != ReasonForced || heard == nil && !strings.Contains(packet, "\x04") {
				t.Errorf("%s: %q ended with %q, %v", name, packet, why, heard)
			}
		}
	}
}

// halves sends each packet as two messages, and panics where it is told to.
type halves struct{ MsgpackParser }

var errUnpaid = errors.New("unpaid")

func (h halves) Encode(m *Messages, p *Packet) error {
	if bytes.Contains(p.Data, []byte("unpaid")) {
		return errUnpaid
	}
	m.Text([]byte("next"))
	return h.MsgpackParser.Encode(m, p)
}

func (h halves) Decode(p *Packet, message []byte, binary bool) (bool, error) {
	if string(message) == "panic" {
		panic("told to")
	}
	if !binary {
		p.Buf = append(p.Buf[:0], message...)
		return false, nil
	}
	if string(p.Buf) != "next" {
		return false, fmt.Errorf("found %q", p.Buf)
	}
	return h.MsgpackParser.Decode(p, message, true)
}

// TestOwnParser has packets of several messages, errors and panics.
func TestOwnParser(t *testing.T) {
	r := newRig(t, 1, &Options{Parser: halves{}})
	var heard error
	r.io.OnError(func(_ *Socket, _ string, err error) { heard = err })
	r.io.On("x", func(e *Event) error { return errors.Join(e.Ack("unpaid"), e.Ack()) })
	c := r.dial(0)
	c.send("4next", mp(mpConnect))
	r.settle()
	if got := c.read(); len(got) != 2 || got[0] != "4next" {
		t.Fatalf("CONNECT answered %q", got)
	}
	c.send("4next", mp("84 'type' 02 'nsp' '/' 'data' 91 'x' 'id' 00"))
	c.expect("4next", mp("84 'id' 00 'type' 03 'data' 90 'nsp' '/'"))
	for name, err := range map[string]error{
		"emit": r.io.Emit("unpaid"), "room": r.io.To("r").Emit("unpaid"), "raw": r.io.EmitRaw("x", []byte("{")),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if !errors.Is(heard, errUnpaid) {
		t.Errorf("heard %v", heard)
	}
	c.send("4panic")
	c.expect("close")
	if !errors.Is(heard, errParserPanic) {
		t.Errorf("heard %v", heard)
	}
}

// TestMsgpackRecovery: the offset is the last argument, and what was missed comes
// as it was written.
func TestMsgpackRecovery(t *testing.T) {
	r := newRig(t, 1, &Options{Parser: MsgpackParser{}, Recovery: &Recovery{}})
	c, answer := r.joinWith(mp(mpConnect))
	pid := answer[strings.Index(answer, "\xa3pid")+5:][:20]
	if err := r.io.Emit("a", 1, []byte("b")); err != nil {
		t.Fatal(err)
	}
	r.settle()
	got := c.read()
	begin := mp("83 'type' 02 'nsp' '/' 'data' 94 'a' 01 c40162")
	if len(got) != 1 || !strings.HasPrefix(got[0], begin) {
		t.Fatalf("got %q", got)
	}
	offset := got[0][len(begin)+1:]
	c.hangUp()
	if err := r.io.Emit("missed", []byte("b")); err != nil {
		t.Fatal(err)
	}
	d := r.dial(0)
	d.send(mp("83 'type' 00 'nsp' '/' 'data' 82 'pid' b4" + hex.EncodeToString([]byte(pid)) + "'offset' '" + offset + "'"))
	r.settle()
	if got := d.read(); len(got) != 2 || !strings.Contains(got[0], "\xa6missed\xc4\x01b") || !strings.Contains(got[1], pid) {
		t.Fatalf("got %q", got)
	}
}

func TestPacketCheck(t *testing.T) {
	for want, p := range map[*Packet]bool{
		{Namespace: rootNamespace, ID: -1}:                                                   true,
		{Type: EventPacket, Namespace: rootNamespace, ID: 1, Data: []byte(` ["x"] `)}:        true,
		{Type: EventPacket, Data: []byte(`{}`)}:                                              false,
		{Type: EventPacket, Data: []byte(`[`)}:                                               false,
		{Type: EventPacket, Data: []byte(`["x"]`), ID: maxID + 1}:                            false,
		{Type: ConnectErrorPacket, Data: []byte(`"x"`)}:                                      true,
		{Type: DisconnectPacket, Data: []byte(`{}`)}:                                         false,
		{Type: 5, Data: []byte(`[]`)}:                                                        false,
		{Type: AckPacket, Data: []byte(`[` + ph0 + `]`), Attachments: [][]byte{nil}}:         true,
		{Type: AckPacket, Data: []byte(`[` + ph0 + `]`), Attachments: make([][]byte, 11)}:    false,
		{Type: AckPacket, Data: []byte(strings.Repeat("[", 513) + strings.Repeat("]", 513))}: false,
		{Type: ConnectPacket, Attachments: [][]byte{nil}}:                                    false,
	} {
		if err := want.Check(); (err == nil) != p {
			t.Errorf("%+v: %v", *want, err)
		}
	}
}
