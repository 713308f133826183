package sio

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

var defaultLimits = limits{attachments: 10, depth: 512}

// describe writes a packet in the form of the golden file.
func describe(p *packet) string {
	names := [...]string{"CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR", "BINARY_EVENT", "BINARY_ACK"}
	s := names[p.typ] + " nsp=" + string(p.nsp)
	if p.id >= 0 {
		s += " id=" + strconv.FormatInt(p.id, 10)
	}
	if p.attachments > 0 {
		s += " attachments=" + strconv.Itoa(p.attachments)
	}
	if p.data != nil {
		s += " data=" + string(p.data)
	}
	if p.typ == packetEvent || p.typ == packetBinaryEvent {
		name, args := eventName(p.data, p.first, nil)
		s += fmt.Sprintf(" name=%s args=%s", name, args)
	}
	return s
}

// TestGoldenPackets holds the parser, and the encoder on the way back, against
// the packets of the protocol's text. The file has what is on the wire, without
// the engine's 4, and below it what it means.
func TestGoldenPackets(t *testing.T) {
	file, err := os.ReadFile("testdata/packets.golden")
	if err != nil {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq(strings.TrimSpace(string(file)), "\n\n") {
		lines := strings.Split(block, "\n")
		if strings.HasPrefix(lines[0], "#") {
			lines = lines[1:]
		}
		if len(lines) < 2 {
			continue
		}
		wire, want := strings.TrimPrefix(lines[0], "> "), lines[1]
		p, err := parsePacket([]byte(wire), &defaultLimits)
		if err != nil {
			t.Errorf("%s: %v", wire, err)
			continue
		}
		if got := describe(&p); got != want {
			t.Errorf("%s\n got %s\nwant %s", wire, got, want)
		}
		canonical := wire
		if len(lines) > 2 {
			canonical = strings.TrimPrefix(lines[2], "< ")
		}
		if got := reencode(t, &p); got != "4"+canonical {
			t.Errorf("%s encoded again: %s, want 4%s", wire, got, canonical)
		}
	}
}

// reencode writes p with the functions that frame what the server sends.
func reencode(t *testing.T, p *packet) string {
	t.Helper()
	nsp := string(p.nsp)
	bins := make([][]byte, p.attachments)
	var f []byte
	switch p.typ {
	case packetEvent, packetBinaryEvent:
		name, args := eventName(p.data, p.first, nil)
		f = frameEvent(nil, nsp, p.id, string(name), args, bins)
	case packetAck, packetBinaryAck:
		f = frameAck(nil, nsp, p.id, ackArgs(p.data), bins)
	case packetDisconnect:
		f = frameDisconnect(nil, nsp)
	case packetConnect, packetConnectError:
		// The payloads are the server's own; TestFrames has them.
		return string(append(appendHead([]byte{'4'}, p.typ, nsp, p.id, 0), p.data...))
	}
	got := unframed(t, f)
	if len(got) != 1+p.attachments {
		t.Fatalf("%d frames for %d attachments", len(got), p.attachments)
	}
	return got[0]
}

// TestAcceptReject is the table of the protocol: what ends a connection, and
// what does not.
func TestPacketTable(t *testing.T) {
	ph := func(num string) string { return `{"_placeholder":true,"num":` + num + `}` }
	for _, c := range []struct {
		in   string
		want error
	}{
		{"abc", errPacketType},
		{"999", errPacketType},
		{"", errPacketEmpty},
		{"/", errPacketType},
		{"7", errPacketType},
		{"\xff", errPacketType},

		{"0", nil},
		{"0{}", nil},
		{`0{"a":1}`, nil},
		{"0/admin", nil},
		{"0/admin,", nil},
		{`0/admin,{}`, nil},
		{`0 {} `, nil},
		{"0[]", errPayload},
		{`0"x"`, errPayload},
		{`0null`, errPayload},
		{`0/admin,"x"`, errPayload},
		{`0{`, errPacketJSON},
		{`0{"a":}`, errPacketJSON},
		{`0{"a":1,}`, errPacketJSON},
		{`0{'a':1}`, errPacketJSON},

		{"1", nil},
		{"1/admin,", nil},
		{"1/admin,{}", errPayload},
		{"1{}", errPayload},
		{"1 ", errPacketJSON},

		{"2", nil}, // without a name, so nobody hears it
		{"2/a", nil},
		{"2{}", errPayload},
		{"2[]", errPayload},
		{"2[ ]", errPayload},
		{"2[null]", errPayload},
		{"2[true]", errPayload},
		{"2[false]", errPayload},
		{"2[{}]", errPayload},
		{"2[[]]", errPayload},
		{`2"x"`, errPayload},
		{"2null", errPayload},
		{`2["x"`, errPacketJSON},
		{`2["x"]]`, errPacketJSON},
		{`2["x"]x`, errPacketJSON},
		{`2["x",]`, errPacketJSON},
		{`2["x"1]`, errPacketJSON},
		{"2[\"\x01\"]", errPacketJSON},
		{`2["\x"]`, errPacketJSON},
		{`2["\u12g4"]`, errPacketJSON},
		{`2["x",01]`, errPacketJSON},
		{`2["x",1.]`, errPacketJSON},
		{`2["x",+1]`, errPacketJSON},
		{`2["x",nul]`, errPacketJSON},
		{`2["x",NaN]`, errPacketJSON},
		{"2 ", errPacketJSON},
		{`2["connect"]`, errPayload},
		{`2["connect_error"]`, errPayload},
		{`2["disconnect"]`, errPayload},
		{`2["disconnecting"]`, errPayload},
		{`2["newListener"]`, errPayload},
		{`2["removeListener"]`, errPayload},
		{`2["\u0063onnect"]`, errPayload},
		{`2[ "disc\u006Fnnect" ,1]`, errPayload},
		{`2["Connect"]`, nil},
		{`2["connection"]`, nil},
		{`2["error"]`, nil},
		{"2[5,1]", nil},
		{"2[-5]", nil},
		{"2[1.5]", nil},
		{"2[1e3]", nil},
		{`2[""]`, nil},
		{`2 ["x"]`, nil},
		{"2\t[ \"x\" , 1 ]\r\n", nil},
		{"2\v[\"x\"]", errPacketJSON},
		{`2["x","\ud800"]`, nil},
		{"2[\"x\",\"\u2028\"]", nil},
		{`2abc["x"]`, errPacketJSON},
		{`21.5["x"]`, errPacketJSON},
		{`211-["a"]`, errPacketJSON},
		{`2-1["a"]`, errPacketJSON},
		{`20["x"]`, nil},
		{`2007["x"]`, nil},
		{`29007199254740991["x"]`, nil},
		{`29007199254740992["x"]`, errPacketID},
		{`2` + strings.Repeat("9", 1000) + `["x"]`, errPacketID},
		{`2/a,12["x"]`, nil},
		{`2/a["x"]`, nil}, // all of it is a namespace, which nobody has

		{"3", nil},
		{"3[]", nil},
		{"31[1]", nil},
		{"3{}", errPayload},
		{`3"x"`, errPayload},
		{"31null", errPayload},

		{`4"x"`, nil}, // well formed; that it comes from a client ends it later
		{"4{}", nil},
		{"4", errPayload},
		{"4[]", errPayload},

		{"5", errAttachmentCount},
		{"51", errAttachmentCount},
		{"5a-", errAttachmentCount},
		{"51.23-", errAttachmentCount},
		{"51e0-" + `["x"]`, errAttachmentCount},
		{"5-" + `["x"]`, errAttachmentCount},
		{"5-1-" + `["x"]`, errAttachmentCount},
		{"50-" + `["x"]`, errAttachmentCount},
		{"500-" + `["x"]`, errAttachmentCount},
		{"5 1-" + `["x"]`, errAttachmentCount},
		{"511-" + `["x"]`, errTooMany},
		{"5" + strings.Repeat("9", 1000) + "-" + `["x"]`, errTooMany},
		{"510-" + `["x"]`, nil},
		{"501-" + `["x"]`, nil},
		{"5" + strings.Repeat("0", 1000) + "1-" + `["x"]`, nil},
		{"51-", errPayload},
		{"51-{}", errPayload},
		{"51-[]", errPayload},
		{"51-" + `["connect"]`, errPayload},
		{"61-", errPayload},
		{"61-{}", errPayload},
		{"61-[]", nil},
		{"61-/a,7[]", nil},
		{"60-[]", errAttachmentCount},
		{"611-[]", errTooMany},

		{"51-" + `["x",` + ph("0") + `]`, nil},
		{"51-" + `["x",` + ph("0") + `,` + ph("0") + `]`, nil},
		{"52-" + `["x",` + ph("1") + `,` + ph("0") + `]`, nil},
		{"51-" + `["x",{"a":[` + ph("0") + `]}]`, nil},
		{"51-" + `["x",` + ph("1") + `]`, errAttachmentCount},
		{"51-" + `["x",` + ph("-1") + `]`, errAttachmentCount},
		{"51-" + `["x",` + ph("0.5") + `]`, errAttachmentCount},
		{"51-" + `["x",` + ph("1e300") + `]`, errAttachmentCount},
		{"51-" + `["x",` + ph(`"0"`) + `]`, errAttachmentCount},
		{"51-" + `["x",` + ph("null") + `]`, errAttachmentCount},
		{"51-" + `["x",` + ph("99999999999999999999") + `]`, errAttachmentCount},
		{"51-" + `["x",` + ph("[0]") + `]`, errAttachmentCount},
		{"51-" + `["x",{"_placeholder":true}]`, errAttachmentCount},
		{"51-" + `["x",{"\u005fplaceholder":true,"num":7}]`, errAttachmentCount},
		{"51-" + `["x",[[{"a":{"b":` + ph("7") + `}}]]]`, errAttachmentCount},
		{"51-" + `["x",{"_placeholder":true,"num":0,"x":{}}]`, errAttachmentCount},
		{"51-" + `["x",{"x":[],"_placeholder":true,"num":1e300}]`, errAttachmentCount},
		{"51-" + `["x",{"_placeholder":1,"num":7}]`, nil},
		{"51-" + `["x",{"_placeholder":false,"num":7}]`, nil},
		{"51-" + `["x",{"_placeholder":true,"num":7,"_placeholder":0}]`, nil},
		{"51-" + `["x",{"num":7,"_placeholder":true,"num":0}]`, nil},
		{"51-" + `["x","{\"_placeholder\":true,\"num\":7}"]`, nil},
		{"2" + `["x",` + ph("7") + `]`, nil}, // a plain event has plain objects
		{"61-" + `[` + ph("0") + `]`, nil},
		{"61-" + `[` + ph("1") + `]`, errAttachmentCount},
	} {
		_, err := parsePacket([]byte(c.in), &defaultLimits)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%.80q: %v, want %v", c.in, err, c.want)
		}
	}
}

func TestParseDepth(t *testing.T) {
	nest := func(n int) []byte {
		return []byte(`2["x",` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `]`)
	}
	if _, err := parsePacket(nest(512), &defaultLimits); err != nil {
		t.Errorf("512 levels: %v", err)
	}
	if _, err := parsePacket(nest(513), &defaultLimits); err != errPacketJSON {
		t.Errorf("513 levels: %v, want %v", err, errPacketJSON)
	}
	open := []byte("2" + strings.Repeat(`{"a":[`, 1<<18))
	if _, err := parsePacket(open, &limits{depth: 1 << 30}); err != errPacketJSON {
		t.Errorf("never closed: %v", err)
	}
}

// TestParseLimits: the number of attachments is the server's to say.
func TestParseLimits(t *testing.T) {
	src := []byte(`520-["x"]`)
	if _, err := parsePacket(src, &limits{attachments: 20, depth: 9}); err != nil {
		t.Error(err)
	}
	if _, err := parsePacket(src, &limits{attachments: 19, depth: 9}); err != errTooMany {
		t.Errorf("got %v, want %v", err, errTooMany)
	}
}

func TestEventNames(t *testing.T) {
	for data, want := range map[string][2]string{
		`["a"]`:               {"a", ""},
		`["a",1]`:             {"a", "1"},
		`[ "a" , 1 , {} ]`:    {"a", "1 , {} "},
		`[""]`:                {"", ""},
		`[5,"x"]`:             {"5", `"x"`},
		`[-1.5e3]`:            {"-1.5e3", ""},
		`["\u00e9\n\"\\",[]]`: {"é\n\"\\", "[]"},
		`["\ud83d\ude00"]`:    {"😀", ""},
		`["\ud83d"]`:          {"\ufffd", ""},
		`["` + strings.Repeat(`\u0061`, 300) + `"]`: {strings.Repeat("a", 300), ""},
	} {
		_, first := skipElements([]byte(data), 0, 9)
		name, args := eventName([]byte(data), first, make([]byte, 0, 8))
		if string(name) != want[0] || string(args) != want[1] {
			t.Errorf("%s: %q %q, want %q", data, name, args, want)
		}
	}
	if name, args := eventName(nil, 0, nil); name != nil || args != nil {
		t.Errorf("no data: %q %q", name, args)
	}
	for data, want := range map[string]string{"": "", "[]": "", "[ ]": "", "[1]": "1", "[ 1, 2 ]": "1, 2 "} {
		if got := ackArgs([]byte(data)); string(got) != want {
			t.Errorf("ackArgs(%s) = %q, want %q", data, got, want)
		}
	}
}

// TestParsedViews: nobody who appends to a view may write into what follows.
func TestParsedViews(t *testing.T) {
	src := []byte(`2/admin,1["name","arg"]   `)
	p, err := parsePacket(src, &defaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	name, args := eventName(p.data, p.first, nil)
	for what, b := range map[string][]byte{"nsp": p.nsp, "data": p.data, "name": name, "args": args} {
		if cap(b) != len(b) {
			t.Errorf("%s: capacity %d behind %q", what, cap(b), b)
		}
	}
}

// TestFrames holds what the server sends against the bytes of the protocol's
// text.
func TestFrames(t *testing.T) {
	big := strings.Repeat("x", 70000)
	for _, c := range []struct {
		got  []byte
		want []string
	}{
		{frameConnect(nil, "/", "wZX3oN0bSVIhsaknAAAI", ""), []string{`40{"sid":"wZX3oN0bSVIhsaknAAAI"}`}},
		{frameConnect(nil, "/admin", "s", "p"), []string{`40/admin,{"sid":"s","pid":"p"}`}},
		{frameConnectError(nil, "/nope", "Invalid namespace", nil), []string{`44/nope,{"message":"Invalid namespace"}`}},
		{frameConnectError(nil, "/", "no\"pe", []byte(`{"c":1}`)), []string{`44{"message":"no\"pe","data":{"c":1}}`}},
		{frameDisconnect(nil, "/"), []string{"41"}},
		{frameDisconnect(nil, "/admin"), []string{"41/admin,"}},
		{frameEvent(nil, "/", -1, "hey", []byte(`"Jude"`), nil), []string{`42["hey","Jude"]`}},
		{frameEvent(nil, "/", 12, "foo", nil, nil), []string{`4212["foo"]`}},
		{frameEvent(nil, "/admin", 0, "a\"b", nil, nil), []string{`42/admin,0["a\"b"]`}},
		{frameEvent(nil, "/", -1, "x", []byte(`"`+big+`"`), nil), []string{`42["x","` + big + `"]`}},
		{
			frameEvent(nil, "/", -1, "baz", []byte(`{"_placeholder":true,"num":0}`), [][]byte{{1, 2}}),
			[]string{`451-["baz",{"_placeholder":true,"num":0}]`, "bin:\x01\x02"},
		},
		{frameEvent(nil, "/", -1, "e", nil, [][]byte{{}, []byte(big)}), []string{`452-["e"]`, "bin:", "bin:" + big}},
		{frameAck(nil, "/", 12, []byte(`"bar"`), nil), []string{`4312["bar"]`}},
		{frameAck(nil, "/admin", 13, nil, nil), []string{`43/admin,13[]`}},
		{frameAck(nil, "/", maxID, []byte(`1,2`), nil), []string{`439007199254740991[1,2]`}},
		{
			frameAck(nil, "/", 7, []byte(`{"_placeholder":true,"num":0}`), [][]byte{{0xff}}),
			[]string{`461-7[{"_placeholder":true,"num":0}]`, "bin:\xff"},
		},
	} {
		got := unframed(t, c.got)
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
			t.Errorf("got  %.200q\nwant %.200q", got, c.want)
		}
	}
}
