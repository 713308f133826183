package wsframe

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// frames builds what a client sends. Each item is the first byte of a frame in
// hexadecimal, a space, and the payload.
func frames(items ...string) (in []byte) {
	for _, it := range items {
		b0, payload, _ := strings.Cut(it, " ")
		first, err := hex.DecodeString(b0)
		if err != nil || len(first) != 1 {
			panic("bad frame " + it)
		}
		in = appendMasked(in, first[0], payload)
	}
	return in
}

// code is the payload of a close frame.
func code(n int, reason string) string { return string([]byte{byte(n >> 8), byte(n)}) + reason }

type autobahnCase struct {
	name string // section of the Autobahn test suite
	in   []byte
	want []string
}

const (
	hello  = "Hello, world!"
	kosme  = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"
	edited = kosme + "\xed\xa0\x80" + "\x65\x64\x69\x74\x65\x64"
	umlaut = "Hello-µ@ßöäüàá-UTF-8!!"
	failed = "close 1002"
	badUTF = "close 1007"
)

var bye = "88 " + code(1000, "")

const byebye = "close 1000"

// autobahnCases are sections 1 to 7 and 10 of the Autobahn test suite, but for
// the timed ones (TestAutobahnFailFast) and the large (TestAutobahnLimits).
func autobahnCases() (all []autobahnCase) {
	add := func(name string, in []byte, want ...string) {
		all = append(all, autobahnCase{name, in, want})
	}
	addFraming(add)
	addPings(add)
	addReserved(add)
	addFragments(add)
	addUTF8(add)
	addClose(add)

	// 10.1.1: 65536 bytes in fragments of 1300
	payload := strings.Repeat("*", 65536)
	add("10.1.1", append(fragmented(0x01, payload, 1300), frames(bye)...), show(1, []byte(payload)), byebye)
	return all
}

// fragmented cuts a message into frames with payloads of size.
func fragmented(op byte, payload string, size int) (in []byte) {
	for {
		part := payload[:min(size, len(payload))]
		payload = payload[len(part):]
		if payload == "" {
			return appendMasked(in, op|bitFin, part)
		}
		in = appendMasked(in, op, part)
		op = 0
	}
}

func addFraming(add func(string, []byte, ...string)) {
	for i, n := range []int{0, 125, 126, 127, 128, 65535, 65536, 65536} { // the last one in chops of 997
		text, bin := strings.Repeat("*", n), strings.Repeat("\xfe", n)
		add(fmt.Sprintf("1.1.%d", i+1), frames("81 "+text, bye), show(1, []byte(text)), byebye)
		add(fmt.Sprintf("1.2.%d", i+1), frames("82 "+bin, bye), show(2, []byte(bin)), byebye)
	}
}

func addPings(add func(string, []byte, ...string)) {
	bin := "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
	add("2.1", frames("89", bye), `pong ""`, byebye)
	add("2.2", frames("89 "+hello, bye), `pong "Hello, world!"`, byebye)
	add("2.3", frames("89 "+bin, bye), show(10, []byte(bin)), byebye)
	full := strings.Repeat("\xfe", 125)
	add("2.4", frames("89 "+full, bye), show(10, []byte(full)), byebye)
	add("2.5", frames("89 "+full+"\xfe", bye), failed)
	add("2.6", frames("89 "+full, bye), show(10, []byte(full)), byebye)
	add("2.7", frames("8a", bye), byebye)
	add("2.8", frames("8a unsolicited pong payload", bye), byebye)
	add("2.9", frames("8a unsolicited pong payload", "89 ping payload", bye), `pong "ping payload"`, byebye)
	var in, want []string
	for i := range 10 {
		in = append(in, fmt.Sprintf("89 payload-%d", i))
		want = append(want, fmt.Sprintf(`pong "payload-%d"`, i))
	}
	add("2.10", frames(append(in, bye)...), append(want, byebye)...)
	add("2.11", frames(append(in, bye)...), append(want, byebye)...)
}

func addReserved(add func(string, []byte, ...string)) {
	said := `text "Hello, world!"`
	bin := "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
	add("3.1", frames("91 "+hello), failed)
	add("3.2", frames("81 "+hello, "a1 "+hello, "89"), said, failed)
	add("3.3", frames("81 "+hello, "b1 "+hello, "89"), said, failed)
	add("3.4", frames("81 "+hello, "c1 "+hello, "89"), said, failed)
	add("3.5", frames("d2 "+bin), failed)
	add("3.6", frames("e2 "+hello), failed)
	add("3.7", frames("f8"), failed)
	for i, op := range []string{"83", "84", "85", "86", "87"} {
		ctl := string("bcdef"[i]) // the control frame with the same place in 4.2
		for _, c := range []struct{ sec, b0 string }{{"4.1", op}, {"4.2", "8" + ctl}} {
			name := fmt.Sprintf("%s.%d", c.sec, i+1)
			switch i {
			case 0:
				add(name, frames(c.b0), failed)
			case 1:
				add(name, frames(c.b0+" reserved opcode payload"), failed)
			case 2:
				add(name, frames("81 "+hello, c.b0, "89"), said, failed)
			default:
				add(name, frames("81 "+hello, c.b0+" "+hello, "89"), said, failed)
			}
		}
	}
}

func addFragments(add func(string, []byte, ...string)) {
	both := `text "fragment1fragment2"`
	three := []string{"whole", "per frame", "per octet"} // how the suite sends them; here each is sent in all ways
	add("5.1", frames("09 fragment1", "80 fragment2"), failed)
	add("5.2", frames("0a fragment1", "80 fragment2"), failed)
	for i, how := range three {
		add(fmt.Sprintf("5.%d %s", 3+i, how), frames("01 fragment1", "80 fragment2", bye), both, byebye)
		add(fmt.Sprintf("5.%d %s", 6+i, how), frames("01 fragment1", "89 ping payload", "80 fragment2", bye),
			`pong "ping payload"`, both, byebye)
		add(fmt.Sprintf("5.%d %s", 9+i, how), frames("80 non-continuation payload", "81 "+hello), failed)
		add(fmt.Sprintf("5.%d %s", 12+i, how), frames("00 non-continuation payload", "81 "+hello), failed)
	}
	add("5.15", frames("01 fragment1", "80 fragment2", "00 fragment3", "81 fragment4"), both, failed)
	add("5.16", frames("00 fragment1", "01 fragment2", "80 fragment3"), failed)
	add("5.17", frames("80 fragment1", "01 fragment2", "80 fragment3"), failed)
	add("5.18", frames("01 fragment1", "81 fragment2"), failed)
	in := frames("01 fragment1", "00 fragment2", "89 pongme 1!", "00 fragment3", "00 fragment4", "89 pongme 2!", "80 fragment5", bye)
	for _, name := range []string{"5.19", "5.20"} {
		add(name, in, `pong "pongme 1!"`, `pong "pongme 2!"`, `text "fragment1fragment2fragment3fragment4fragment5"`, byebye)
	}
}

func addUTF8(add func(string, []byte, ...string)) {
	add("6.1.1", frames("81", bye), `text ""`, byebye)
	add("6.1.2", frames("01", "00", "80", bye), `text ""`, byebye)
	add("6.1.3", frames("01", "00 middle frame payload", "80", bye), `text "middle frame payload"`, byebye)
	add("6.2.1", frames("81 "+umlaut, bye), show(1, []byte(umlaut)), byebye)
	add("6.2.2", frames("01 Hello-µ@ßöä", "80 üàá-UTF-8!!", bye), show(1, []byte(umlaut)), byebye)
	add("6.2.3", append(fragmented(1, umlaut, 1), frames(bye)...), show(1, []byte(umlaut)), byebye)
	add("6.2.4", append(fragmented(1, kosme, 1), frames(bye)...), show(1, []byte(kosme)), byebye)
	add("6.3.1", frames("81 "+edited, bye), badUTF)
	add("6.3.2", append(fragmented(1, edited, 1), frames(bye)...), badUTF)
	for _, c := range utf8Cases() {
		want := []string{badUTF}
		if c.valid {
			want = []string{show(1, []byte(c.text)), byebye}
		}
		add(c.name, frames("81 "+c.text, bye), want...)
		add(c.name+" by octets", append(fragmented(1, c.text, 1), frames(bye)...), want...)
	}
}

func addClose(add func(string, []byte, ...string)) {
	said := `text "Hello World!"`
	add("7.1.1", frames("81 Hello World!", bye), said, byebye)
	add("7.1.2", frames(bye, "88"), byebye)
	add("7.1.3", frames(bye, "89"), byebye)
	add("7.1.4", frames(bye, "81 Hello World!"), byebye)
	add("7.1.5", frames("01 fragment1", bye, "80 fragment2"), byebye)
	big := strings.Repeat("BAsd7&jh23", 256<<10/10)
	add("7.1.6", frames("81 "+big, "81 Hello World!", bye, "89"), show(1, []byte(big)), said, byebye)
	add("7.3.1", frames("88"), "close")
	add("7.3.2", frames("88 a"), failed)
	add("7.3.3", frames(bye), byebye)
	add("7.3.4", frames(bye+"Hello World!"), byebye)
	add("7.3.5", frames(bye+strings.Repeat("*", 123)), byebye)
	add("7.3.6", frames(bye+strings.Repeat("*", 124)), failed)
	add("7.5.1", frames(bye+edited), badUTF)
	for _, n := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		add(fmt.Sprintf("7.7.X %d", n), frames("88 "+code(n, "")), fmt.Sprintf("close %d", n))
	}
	for _, n := range []int{0, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 2000, 2999} {
		add(fmt.Sprintf("7.9.X %d", n), frames("88 "+code(n, "")), failed)
	}
	add("7.13.1", frames("88 "+code(5000, "")), failed)
	add("7.13.2", frames("88 "+code(65535, "")), failed)
}

func TestAutobahn(t *testing.T) {
	for _, c := range autobahnCases() {
		t.Run(c.name, func(t *testing.T) {
			for _, cut := range cuts {
				e := converse(t, c.in, Decoder{}, cut.next)
				if got := e.said(t); !slices.Equal(got, c.want) {
					t.Errorf("%s: got %q, want %q", cut.name, got, c.want)
				}
				if !e.done {
					t.Errorf("%s: the server did not close", cut.name)
				}
			}
		})
	}
}

// TestAutobahnFailFast is 6.4: the violation must be met with the octet that
// makes the text invalid, not at the end of frame or message.
func TestAutobahnFailFast(t *testing.T) {
	text := kosme + "\xf4\x90\x80\x80" + "\x65\x64\x69\x74\x65\x64"
	frame := frames("81 " + text)
	head := len(frame) - len(text)
	for _, c := range []struct {
		name  string
		parts [3][]byte // the second one must be refused
	}{
		{"6.4.1", [3][]byte{frames("01 " + text[:11]), frames("00 " + text[11:15]), frames("80 " + text[15:])}},
		{"6.4.2", [3][]byte{frames("01 " + text[:12]), frames("00 " + text[12:13]), frames("80 " + text[13:])}},
		{"6.4.3", [3][]byte{frame[:head+11], frame[head+11 : head+15], frame[head+15:]}},
		{"6.4.4", [3][]byte{frame[:head+12], frame[head+12 : head+13], frame[head+13:]}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e echo
			defer e.d.Release()
			e.feed(t, slices.Clone(c.parts[0]))
			if e.done {
				t.Fatal("refused after the first part, which is valid")
			}
			e.feed(t, slices.Clone(c.parts[1]))
			if got := e.said(t); !slices.Equal(got, []string{badUTF}) {
				t.Fatalf("after the second part: %q, want %q", got, badUTF)
			}
			e.feed(t, slices.Clone(c.parts[2]))
			if got := e.said(t); len(got) != 1 {
				t.Fatalf("after the third part: %q, want nothing more", got)
			}
		})
	}
}

// TestAutobahnLimits is section 9: size and number.
func TestAutobahnLimits(t *testing.T) {
	check := func(name string, in []byte, op byte, payload string, chop int) {
		t.Helper()
		e := converse(t, append(in, frames(bye)...), Decoder{Max: 16 << 20}, func(int) int { return chop })
		want := []string{show(wsOp(op), []byte(payload)), byebye}
		if got := e.said(t); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	const read = 64 << 10 // what a loop reads at once
	for i, kb := range []int{64, 256, 1 << 10, 4 << 10, 8 << 10, 16 << 10} {
		text := strings.Repeat("BAsd7&jh23µ1234-", kb<<10/17+1)[:kb<<10-8] + "ends so."
		text = strings.ToValidUTF8(text, "?")
		check(fmt.Sprintf("9.1.%d", i+1), frames("81 "+text), 1, text, read)
		bin := strings.Repeat("\xfe\x00\x01\x80", kb<<10/4)
		check(fmt.Sprintf("9.2.%d", i+1), frames("82 "+bin), 2, bin, read)
	}
	big := strings.Repeat("*", 4<<20)
	for i, size := 0, 64; size <= 4<<20; i, size = i+1, size*4 {
		check(fmt.Sprintf("9.3.%d", i+1), fragmented(1, big, size), 1, big, read)
		check(fmt.Sprintf("9.4.%d", i+1), fragmented(2, big, size), 2, big, read)
	}
	mb := strings.Repeat("BAsd7&jh2-", 1<<20/10)
	for i, chop := 0, 64; chop <= 2048; i, chop = i+1, chop*2 {
		check(fmt.Sprintf("9.5.%d", i+1), frames("81 "+mb), 1, mb, chop)
		check(fmt.Sprintf("9.6.%d", i+1), frames("82 "+mb), 2, mb, chop)
	}
	for i, size := range []int{0, 16, 64, 256, 1024} {
		text, bin := strings.Repeat("*", size), strings.Repeat("\xfe", size)
		for _, c := range []struct {
			sec int
			it  string
		}{{7, "81 " + text}, {8, "82 " + bin}} {
			in := frames(slices.Repeat([]string{c.it}, 1000)...)
			e := converse(t, in, Decoder{}, func(int) int { return read })
			got := e.said(t)
			if len(got) != 1000 || len(slices.Compact(got)) != 1 || e.done {
				t.Errorf("9.%d.%d: %d answers, %d different", c.sec, i+1, len(got), len(slices.Compact(got)))
			}
		}
	}
	// 9.9.1: a message without an end. The suite wants survival; we end it at
	// the limit.
	in := frames("01 " + strings.Repeat("*", 4<<10))
	for range 300 {
		in = append(in, frames("00 "+strings.Repeat("*", 4<<10))...)
	}
	if got := converse(t, in, Decoder{}, func(int) int { return read }).said(t); !slices.Equal(got, []string{"close 1009"}) {
		t.Errorf("9.9.1: got %q, want close 1009", got)
	}
}
