package sio

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// countAllocs picks one input of sixteen: counting stops the world, and a target
// that does nothing else gets nowhere.
func countAllocs(src []byte) bool {
	sum := byte(0)
	for _, c := range src {
		sum = sum*31 + c
	}
	return !raceOrDebug && sum%16 == 0
}

// FuzzDecode feeds the parser. What it accepts must be safe to use in every
// way, and come out of the encoder as it came in.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"10", "0", `0{"token":"x"}`, "0/admin,", "1", "1/a,", `2["hey","Jude"]`, `2/admin,12["a",{"b":[1,2.5e3,null,true]}]`, "312[]", "3",
		`4{"message":"x"}`, `52-["x",{"_placeholder":true,"num":0},{"a":{"_placeholder":true,"num":1}}]`, `61-7[{"num":0,"_placeholder":true}]`,
		`2["\u0063onnect"]`, `2[5,1]`, `2 [ "x" , 1 ] `, "51-[\"x\",{\"0\":[],\"01\xff\xff\xff\x80m\":1}]", `51-["x",{"\u005f\u0070placeholder":true,"n\u0075m":0}]`,
		`51-["x",{"x":[],"_placeholder":true,"num":1e300}]`, "2[\"\xff\"]", `2["\ud800"]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := parsePacket(src, &defaultLimits)
		if err != nil {
			return
		}
		if p.attachments > 10 || p.id > maxID || p.id < -1 || len(p.nsp) == 0 || p.nsp[0] != '/' {
			t.Fatalf("%q: %+v", src, p)
		}
		if p.data != nil && !json.Valid(p.data) {
			t.Fatalf("%q: payload %q is not JSON", src, p.data)
		}
		args := ackArgs(nil)
		switch p.typ {
		case packetEvent, packetBinaryEvent:
			_, args = eventName(p.data, p.first, nil)
		case packetAck, packetBinaryAck:
			args = ackArgs(p.data)
		}
		if !json.Valid([]byte("[" + string(args) + "]")) {
			t.Fatalf("%q: arguments %q", src, args)
		}
		useEvent(t, &p, args)
		if len(src) < 200 && countAllocs(src) && !bytes.Contains(src, []byte(`\`)) {
			if n := testing.AllocsPerRun(1, func() { _, _ = parsePacket(src, &defaultLimits) }); n != 0 {
				t.Fatalf("%q: %v allocs", src, n)
			}
		}
		again := reencode(t, &p)
		q, err := parsePacket([]byte(again[1:]), &defaultLimits)
		if err != nil {
			t.Fatalf("%q encoded as %q: %v", src, again, err)
		}
		if a, b := describe(&p), describe(&q); p.typ != packetEvent && p.typ != packetBinaryEvent && !sameData(&p, &q) {
			t.Fatalf("%q: %s\n%q: %s", src, a, again, b)
		}
		idless := p.typ == packetDisconnect // it may have an id, which means nothing
		if q.typ != p.typ || q.id != p.id && !idless || !bytes.Equal(q.nsp, p.nsp) || q.attachments != p.attachments {
			t.Fatalf("%q encoded as %q", src, again)
		}
	})
}

// sameData compares payloads; an absent list of arguments is written as one.
func sameData(p, q *packet) bool {
	if p.typ == packetAck || p.typ == packetBinaryAck {
		return bytes.Equal(ackArgs(p.data), ackArgs(q.data))
	}
	return bytes.Equal(p.data, q.data)
}

// useEvent does with the arguments whatever a handler can do: nothing may panic.
func useEvent(t *testing.T, p *packet, args []byte) {
	t.Helper()
	e := &Event{id: -1, args: args}
	for i := range p.attachments {
		e.bins = append(e.bins, []byte{byte(i)})
	}
	list, err := e.Args()
	if err != nil && !strings.Contains(err.Error(), "cannot unmarshal number") {
		t.Fatalf("%q: %v", args, err)
	}
	n := 0
	for arg, rest, ok := nextArg(args); ok; arg, rest, ok = nextArg(rest) {
		n++
		useArg(arg, e.bins)
	}
	if err == nil && n != len(list) {
		t.Fatalf("%q: %d arguments, %d walked", args, len(list), n)
	}
	if err := e.Clone().Bind(new(any), new(string), new(int)); err != nil {
		_ = err.Error()
	}
}

func useArg(arg []byte, bins [][]byte) {
	var v struct {
		A any
		B Binary
		N struct{ X []byte }
	}
	for _, target := range []any{
		new(string), new([]byte), new(Binary), new(bool), new(int), new(float64), new(json.RawMessage),
		new(any), new([]any), new(map[string]any), &v, new([]Binary), new(uint8),
	} {
		_ = (&Event{args: arg, bins: bins}).Bind(target)
	}
}

// FuzzScan holds the scanner against encoding/json.
func FuzzScan(f *testing.F) {
	for _, s := range scanSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		checkScan(t, src)
		if countAllocs(src) {
			if n := testing.AllocsPerRun(1, func() { valid(src, 100) }); n != 0 {
				t.Fatalf("%q: %v allocs", src, n)
			}
		}
	})
}

// FuzzQuote holds strings, out and in, against encoding/json.
func FuzzQuote(f *testing.F) {
	for _, s := range quoteSeeds {
		f.Add(s)
	}
	f.Add(`\ud83d\ude00\n\\`)
	f.Fuzz(func(t *testing.T, s string) {
		checkQuote(t, s)
		checkUnquote(t, s)
		dst := make([]byte, 0, 6*len(s)+2)
		if countAllocs([]byte(s)) {
			if n := testing.AllocsPerRun(1, func() { appendQuoted(dst, s) }); n != 0 {
				t.Fatalf("%q: %v allocs", s, n)
			}
		}
	})
}

// FuzzPlaceholders holds the check against a naive walk through what
// encoding/json makes of the payload.
func FuzzPlaceholders(f *testing.F) {
	for _, s := range placeholderSeeds {
		f.Add([]byte(s), uint8(2))
	}
	f.Fuzz(func(t *testing.T, src []byte, n uint8) {
		n %= 11
		if !valid(src, 512) {
			return
		}
		src = bytes.TrimSpace(src)
		got := checkPlaceholders(src, int(n)) == nil
		var v any
		if json.Unmarshal(src, &v) != nil {
			return // a number that no float64 holds
		}
		want := naiveCheck(v, int(n))
		if got && !want {
			t.Fatalf("%q with %d attachments: accepted", src, n)
		}
		if !got && want && !bytes.ContainsAny(src, ".eE-") && !nestedPlaceholder(v) {
			t.Fatalf("%q with %d attachments: refused", src, n)
		}
		if got {
			checkInlined(t, src, int(n))
		}
	})
}
