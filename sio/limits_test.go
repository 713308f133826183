package sio

import "testing"

// TestPacketLimits: what the options say of a packet's attachments and nesting
// is what is accepted, and no more.
func TestPacketLimits(t *testing.T) {
	const gone = "close"
	const two = `452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`
	const one = `451-["x",{"_placeholder":true,"num":0}]`
	for name, c := range map[string]struct {
		in   []string
		want string
	}{
		"attachments":          {[]string{one, "bin:a"}, `42["any","x"]`},
		"too many attachments": {[]string{two}, gone},
		"depth":                {[]string{`42["x",[[1]]]`}, `42["any","x"]`},
		"too deep":             {[]string{`42["x",[[[1]]]]`}, gone},
	} {
		r := newRig(t, 1, &Options{MaxAttachments: 1, MaxDepth: 3})
		r.io.OnAny(func(e *Event) error { return e.Socket().Emit("any", e.Name()) })
		cl := r.join(0)
		cl.send(c.in...)
		r.settle()
		t.Run(name, func(*testing.T) { cl.expect(c.want) })
	}
}
