package wire

import (
	"bytes"
	"encoding/json"
)

// AppendEvent appends the Engine.IO message `4` with the Socket.IO event name
// whose arguments are room, if any, and a stamped payload. id < 0: no ack wanted.
func AppendEvent(dst []byte, name string, id int64, room string, run uint32, s Stamp, size int) []byte {
	dst = append(dst, '4', '2')
	if id >= 0 {
		dst = AppendInt(dst, id)
	}
	dst = append(dst, '[', '"')
	dst = append(dst, name...)
	dst = append(dst, '"', ',', '"')
	if room != "" {
		dst = append(dst, room...)
		dst = append(dst, '"', ',', '"')
	}
	dst = AppendStamp(dst, run, s, size)
	return append(dst, '"', ']')
}

// AppendInt appends v >= 0 in decimal.
func AppendInt(dst []byte, v int64) []byte {
	if v >= 10 {
		dst = AppendInt(dst, v/10)
	}
	return append(dst, byte('0'+v%10))
}

// EventArg returns the one string argument of the event name. p is the packet
// without the `4`: `2["name","arg"]`. It borrows p and gives a view into it, or,
// for JSON in an unusual form, a copy. The usual form does not allocate.
func EventArg(p []byte, name string) (arg []byte, ok bool) {
	head := len(`2["`) + len(name) + len(`","`)
	if len(p) >= head+2 && string(p[:3]) == `2["` && string(p[3:3+len(name)]) == name &&
		string(p[3+len(name):head]) == `","` && string(p[len(p)-2:]) == `"]` {
		arg = p[head : len(p)-2]
		if bytes.IndexByte(arg, '"') < 0 && bytes.IndexByte(arg, '\\') < 0 {
			return arg, true
		}
	}
	var list []string
	if len(p) == 0 || p[0] != '2' || json.Unmarshal(p[1:], &list) != nil || len(list) != 2 || list[0] != name {
		return nil, false
	}
	return []byte(list[1]), true
}

// Ack splits an ack packet without the `4`: `3<id>[...]`.
func Ack(p []byte) (id int64, list []byte, ok bool) {
	if len(p) < 4 || p[0] != '3' {
		return 0, nil, false
	}
	i := 1
	for ; i < len(p) && p[i] >= '0' && p[i] <= '9' && i < 18; i++ {
		id = id*10 + int64(p[i]-'0')
	}
	return id, p[i:], i > 1 && i < len(p) && p[i] == '['
}

// AckArg returns the one string argument of an ack's list: `["arg"]`.
func AckArg(list []byte) (arg []byte, ok bool) {
	if n := len(list); n >= 4 && string(list[:2]) == `["` && string(list[n-2:]) == `"]` {
		arg = list[2 : n-2]
		if bytes.IndexByte(arg, '"') < 0 && bytes.IndexByte(arg, '\\') < 0 {
			return arg, true
		}
	}
	var l []string
	if json.Unmarshal(list, &l) != nil || len(l) != 1 {
		return nil, false
	}
	return []byte(l[0]), true
}

// StringField returns the value of a string member of a small JSON object.
func StringField(object []byte, name string) string {
	var m map[string]any
	if json.Unmarshal(object, &m) != nil {
		return ""
	}
	s, _ := m[name].(string)
	return s
}
