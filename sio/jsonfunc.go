package sio

import (
	"errors"
	"fmt"
	"strconv"
)

// JSONFunc looks at one JSON value of an event or an acknowledgement. It returns
// value itself to leave it as it is, nil to take it away (a member of an object is
// then left out, anything else is null), or what is to stand in its place, one
// valid JSON value, of which a copy is made. It borrows key and value and must not
// write to them. key is the name of an object's member, or the number of a list's,
// arguments among them, the first is "0"; that of a CONNECT's auth is empty.
// Members come before what holds them. Binary data is a placeholder,
// {"_placeholder":true,"num":0}, and to be left alone. A panic is an error of that
// packet. Any goroutine, the loops among them: it must not block.
type JSONFunc func(key, value []byte) []byte

var errJSONFunc = errors.New("sio: panic in Reviver or Replacer")

// rewriter has fn look at all values of src, which is valid JSON.
type rewriter struct {
	fn       JSONFunc
	src, dst []byte
	number   [20]byte
}

// value rewrites the value at src[i], which is the member key, or else the n-th
// of a list. It gives what is behind it; kept is false if it was taken away.
func (r *rewriter) value(i int, key []byte, n int) (end int, kept bool) {
	start := len(r.dst)
	switch r.src[i] {
	case '{':
		end = r.object(i)
	case '[':
		r.dst = append(r.dst, '[')
		end = r.list(i+1) + 1
		r.dst = append(r.dst, ']')
	default:
		end = skipValue(r.src, i, 1)
		r.dst = append(r.dst, r.src[i:end]...)
	}
	if n >= 0 {
		key = strconv.AppendInt(r.number[:0], int64(n), 10)
	}
	was := r.dst[start:len(r.dst):len(r.dst)]
	is := r.fn(key, was)
	switch {
	case is == nil:
		r.dst = r.dst[:start]
		return end, false
	case len(is) != len(was) || &is[0] != &was[0]:
		r.dst = append(r.dst[:start], is...)
	}
	return end, true
}

// list rewrites the values from src[i] on, up to a bracket or the end, whose
// position it gives.
func (r *rewriter) list(i int) int {
	i = skipSpace(r.src, i)
	for n := 0; i < len(r.src) && r.src[i] != ']'; n++ {
		if n > 0 {
			r.dst = append(r.dst, ',')
		}
		end, kept := r.value(i, nil, n)
		if !kept {
			r.dst = append(r.dst, "null"...)
		}
		if i = skipSpace(r.src, end); i < len(r.src) && r.src[i] == ',' {
			i = skipSpace(r.src, i+1)
		}
	}
	return i
}

func (r *rewriter) object(i int) int {
	r.dst = append(r.dst, '{')
	some := false
	for i = skipSpace(r.src, i+1); r.src[i] == '"'; {
		start := len(r.dst)
		if some {
			r.dst = append(r.dst, ',')
		}
		name := r.src[i:skipString(r.src, i)]
		r.dst = append(append(r.dst, name...), ':')
		end, kept := r.value(skipMember(r.src, i), unquoted(nil, name), -1)
		if kept {
			some = true
		} else {
			r.dst = r.dst[:start]
		}
		i = skipComma(r.src, end)
	}
	r.dst = append(r.dst, '}')
	return i + 1
}

// rewriteList gives list, comma-separated valid JSON values, as fn has it, behind
// what is in dst.
func rewriteList(fn JSONFunc, dst, list []byte) (_ []byte, err error) {
	r := rewriter{fn: fn, src: list, dst: dst}
	defer r.recovered(&err)
	r.list(0)
	return r.dst, nil
}

// recovered turns a panic into an error. To be deferred.
func (r *rewriter) recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", errJSONFunc, p)
	}
}

// revive has Options.Reviver look at what pk brings. What it has made of it is
// checked as if it had come so. Loop only.
func (c *client) revive(fn JSONFunc, pk *packet, bins [][]byte) (err error) {
	data := make([]byte, 0, len(pk.data)+len(pk.data)/4)
	if pk.data[0] == '[' {
		begin := 1
		if pk.kind() == EventPacket {
			begin = pk.first // behind its name, which stays as it is
		}
		data = append(data, pk.data[:begin]...)
		list := pk.data[begin : len(pk.data)-1]
		if i := skipSpace(list, 0); i < len(list) && list[i] == ',' {
			data, list = append(data, ','), list[i+1:]
		}
		if data, err = rewriteList(fn, data, list); err != nil {
			return err
		}
		data = append(data, ']')
	} else if data, err = rewriteAuth(fn, data, pk.data); err != nil {
		return err
	}
	lim := &c.ls.srv.limits
	p := Packet{Type: pk.kind(), ID: pk.id, Data: data, Attachments: bins, MaxDepth: lim.depth, MaxAttachments: lim.attachments}
	if err = p.Check(); err == nil {
		pk.data = p.Data
	}
	return err
}

func rewriteAuth(fn JSONFunc, dst, auth []byte) (_ []byte, err error) {
	r := rewriter{fn: fn, src: auth, dst: dst}
	defer r.recovered(&err)
	if _, kept := r.value(0, nil, -1); !kept {
		return nil, errPayload
	}
	return r.dst, nil
}

// kind is the packet's type without regard to attachments.
func (p *packet) kind() PacketType {
	if p.typ >= packetBinaryEvent {
		return PacketType(p.typ - (packetBinaryEvent - packetEvent))
	}
	return PacketType(p.typ)
}

// replace gives args as Options.Replacer has them. EmitRaw checks nothing, so it
// is done here. The function works on a copy: it could keep what it is shown, and
// whoever emits could then not have args on the stack, with a Replacer or without.
func (s *Server) replace(args []byte) ([]byte, error) {
	if err := checkList(args); err != nil {
		return nil, err
	}
	src := append(make([]byte, 0, len(args)), args...)
	out, err := rewriteList(s.opts.Replacer, make([]byte, 0, len(src)+len(src)/4), src)
	if err != nil {
		return nil, err
	}
	return out, checkList(out)
}

// checkList says whether args is a comma-separated list of JSON values.
func checkList(args []byte) error {
	list := make([]byte, 0, len(args)+2)
	list = append(append(append(list, '['), args...), ']')
	if skipValue(list, 0, maxNesting+2) != len(list) {
		return errRawJSON
	}
	return nil
}
