//go:build pooldebug

package sio

import (
	"strings"
	"testing"
)

// TestTextIsLent: who keeps a Text beyond its handler reads poison.
func TestTextIsLent(t *testing.T) {
	r := newRig(t, 1, nil)
	var kept Text
	On(r.io, "text", func(_ *Socket, text Text) error {
		if string(text) != "secret" {
			t.Errorf("%q", text)
		}
		kept = text
		return nil
	})
	c := r.join(0)
	c.send(`42["text","secret"]`)
	r.settle()
	if strings.Trim(string(kept), "\xdb") != "" || len(kept) != 6 {
		t.Errorf("a late reader sees %q", kept)
	}
}
