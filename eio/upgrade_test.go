package eio_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

// asWebsocket is the target of a session's requests on the other transport.
func asWebsocket(target string) string { return strings.Replace(target, "polling", "websocket", 1) }

func TestUpgrade(t *testing.T) {
	w := newWorld(t, nil)
	w.h.echo = true
	c, target := w.openPolling()
	s := w.h.sessions[0]
	c.WriteString(get(target))
	ws := w.d.Dial()
	ws.WriteString(upgrade(asWebsocket(target)))
	expect(t, ws, switching) // no open packet on an upgrade
	ws.WriteString(text("2probe"))
	expect(t, ws, sent("3probe"))
	w.d.Advance(100 * time.Millisecond)
	expect(t, c, polled("6"))
	// Both directions still go by polling.
	c2 := w.d.Dial()
	c2.WriteString(post(target, "4a"))
	expect(t, c2, posted)
	c.WriteString(get(target))
	expect(t, c, polled("4a"))
	s.SendText([]byte("queued"))
	s.SendBinary([]byte{1})
	ws.WriteString(text("5") + text("4b"))
	expect(t, ws, sent("4queued")+sentBin("\x01")+sent("4b"))
	if s.Transport() != eio.Websocket {
		t.Error("not upgraded")
	}
	for _, request := range []string{get(target), post(target, "4x")} {
		c.WriteString(request)
		expect(t, c, refused(400, `{"code":3,"message":"Bad request"}`))
	}
	// A second candidate is sent away; the session lives.
	second := w.d.Dial()
	second.WriteString(upgrade(asWebsocket(target)))
	expect(t, second, switching+"\x88\x00")
	ws.WriteString(text("4c"))
	expect(t, ws, sent("4c"))
	w.heard("text \"a\"\ntext \"b\"\ntext \"c\"")
}

func TestUpgradeAtOnce(t *testing.T) {
	w := newWorld(t, nil)
	w.h.echo = true
	c, target := w.openPolling()
	c.WriteString(get(target))
	ws := w.d.Dial()
	ws.WriteString(upgrade(asWebsocket(target)) + text("2probe") + text("5") + text("4hello"))
	expect(t, ws, switching+sent("3probe")+sent("4hello"))
	expect(t, c, polled("6"))
	w.heard(`text "hello"`)

	// Without a probe, and byte by byte.
	c, target = w.openPolling()
	ws = w.d.Dial()
	ws.WriteBytewise([]byte(upgrade(asWebsocket(target)) + text("5") + text("4hello")))
	expect(t, ws, switching+sent("4hello"))
	_ = c
}

func TestUpgradeRefused(t *testing.T) {
	t.Run("wrong packet", func(t *testing.T) {
		for _, packet := range []string{text("4a"), text("2"), text(""), bin("x"), text("3probe")} {
			w := newWorld(t, nil)
			c, target := w.openPolling()
			ws := w.d.Dial()
			ws.WriteString(upgrade(asWebsocket(target)) + packet + text("5"))
			expect(t, ws, switching+"\x88\x00")
			c.WriteString(post(target, "4a"))
			expect(t, c, posted)
			w.heard(`text "a"`)
			// And another candidate may come.
			ws = w.d.Dial()
			ws.WriteString(upgrade(asWebsocket(target)) + text("2probe"))
			expect(t, ws, switching+sent("3probe"))
		}
	})
	t.Run("timeout", func(t *testing.T) {
		w := newWorld(t, nil)
		c, target := w.openPolling()
		ws := w.d.Dial()
		ws.WriteString(upgrade(asWebsocket(target)) + text("2probe"))
		w.d.Advance(9900 * time.Millisecond)
		expect(t, ws, switching+sent("3probe"))
		w.d.Advance(200 * time.Millisecond)
		expect(t, ws, "\x88\x00")
		c.WriteString(post(target, "4a"))
		expect(t, c, posted)
	})
	t.Run("two at a time", func(t *testing.T) {
		w := newWorld(t, nil)
		_, target := w.openPolling()
		ws, ws2 := w.d.Dial(), w.d.Dial()
		ws.WriteString(upgrade(asWebsocket(target)) + text("2probe"))
		ws2.WriteString(upgrade(asWebsocket(target)) + text("2probe"))
		expect(t, ws2, switching+"\x88\x00")
		ws.Take()
		ws.WriteString(text("5") + text("4a"))
		w.heard(`text "a"`)
	})
	t.Run("candidate breaks", func(t *testing.T) {
		w := newWorld(t, nil)
		c, target := w.openPolling()
		ws := w.d.Dial()
		ws.WriteString(upgrade(asWebsocket(target)) + text("2probe"))
		ws.Close()
		c.WriteString(get(target))
		w.d.Advance(time.Second)
		expect(t, c, "") // no noops any more
		w.heard("")
	})
	t.Run("disabled", func(t *testing.T) {
		w := newWorld(t, &eio.Options{DisableUpgrades: true})
		c := w.d.Dial()
		c.WriteString(get(base + "polling"))
		got := c.String()
		if !strings.Contains(got, `"upgrades":[]`) {
			t.Errorf("advertised: %q", got)
		}
		ws := w.d.Dial()
		ws.WriteString(upgrade(base + "websocket&sid=" + sidRE.FindStringSubmatch(got)[1]))
		expect(t, ws, rawRefusal("Bad request"))
	})
	t.Run("session closes", func(t *testing.T) {
		w := newWorld(t, nil)
		c, target := w.openPolling()
		c.WriteString(get(target))
		ws := w.d.Dial()
		ws.WriteString(upgrade(asWebsocket(target)) + text("2probe"))
		w.h.sessions[0].Close(eio.ReasonForced)
		c.Settle()
		expect(t, ws, switching+sent("3probe")+"\x88\x00")
		expect(t, c, polled("1"))
		w.d.Advance(20 * time.Second)
		w.heard("close forced close")
	})
}

func TestUpgradeNoops(t *testing.T) {
	w := newWorld(t, nil)
	c, target := w.openPolling()
	ws := w.d.Dial()
	ws.WriteString(upgrade(asWebsocket(target)) + text("2probe"))
	for range 5 {
		c.WriteString(get(target))
		w.d.Advance(150 * time.Millisecond)
		expect(t, c, polled("6"))
	}
}

// TestBase64 is b64=1: binary as text on the websocket as well.
func TestBase64(t *testing.T) {
	w := newWorld(t, nil)
	w.h.echo = true
	c := w.d.Dial()
	c.WriteString(upgrade(base + "websocket&b64=1"))
	c.Take()
	c.WriteString(text("bAAEC") + text("4a") + bin("\x03"))
	expect(t, c, sent("bAAEC")+sent("4a")+sent("bAw=="))
}
