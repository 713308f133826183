package main

import (
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/examples/web/webtest"
)

func TestChat(t *testing.T) {
	s, err := server()
	url := webtest.Start(t, s, err)
	for _, bad := range []any{nil, map[string]any{"name": ""}, map[string]any{"name": strings.Repeat("x", maxName+1)}} {
		if why := webtest.Refused(t, url, bad); why != "a name has 1 to 24 letters" {
			t.Errorf("%v is refused with %q", bad, why)
		}
	}
	ada := webtest.Open(t, url, map[string]any{"name": " Ada "})
	bob := webtest.Open(t, url, map[string]any{"name": "Bob"})
	var history []Message
	ada.Get("history", &history)
	bob.Get("history", &history)

	var said, heard Message
	ada.Call(&said, "say", "hello")
	bob.Get("said", &heard)
	if heard.From != "Ada" || heard.Text != "hello" || heard != said {
		t.Errorf("said %v, heard %v", said, heard)
	}
	if why := ada.Refusal("say", "  "); why != "a message has 1 to 500 letters" {
		t.Errorf("an empty message: %q", why)
	}
	if why := ada.Problem("say", 7); why != "that was not understood" {
		t.Errorf("a number: %q", why)
	}
	for range maxHistory + 5 {
		ada.Call(&said, "say", strings.Repeat("é", maxText))
	}
	cid := webtest.Open(t, url, map[string]any{"name": "Cid"})
	cid.Get("history", &history)
	if len(history) != maxHistory || history[0] != said && history[0].Text != said.Text {
		t.Errorf("a latecomer gets %d messages", len(history))
	}
}
