package eio_test

import (
	"strings"
	"testing"
)

func TestJSONP(t *testing.T) {
	for _, revision := range []string{"3", "4"} {
		w := newWorld3(t, nil)
		w.h.echo = true
		c := w.d.Dial()
		c.WriteString(get("/engine.io/?EIO=" + revision + "&transport=polling&j=1x2"))
		got := c.String()
		sid := sidRE.FindStringSubmatch(strings.ReplaceAll(got, `\"`, `"`))
		if sid == nil {
			t.Fatalf("%q", got)
		}
		open, payload := `0{\"sid\":\"`+sid[1]+`\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}`, "4a\\n\n\"€\u2028\x1ebAQL/"
		answer := `4a\\n\n\"€\u2028\u001ebAQL/`
		if revision == "3" {
			open = "118:" + open
			payload, answer = "8:4a\\n\n\"€\u20286:b4AQL/", `8:4a\\n\n\"€\u20286:b4AQL/`
		}
		if want := polled(`___eio[12]("` + open + `");`); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		w.h.take()
		target := "/engine.io/?EIO=" + revision + "&transport=polling&j=1x2&sid=" + sid[1]
		c.WriteString(get(target))
		escaped := strings.ReplaceAll(strings.ReplaceAll(payload, `\n`, `\`+"\n"), "\n", `\n`) // as the client does
		c2 := w.d.Dial()
		c2.WriteString(form(target, escaped))
		expect(t, c2, posted)
		w.heard("text \"a\\\\n\\n\\\"€\\u2028\"\nbinary \"\\x01\\x02\\xff\"")
		expect(t, c, polled(`___eio[12]("`+answer+`");`))
		// A form without a payload says nothing.
		c2.WriteString(rawForm(target, "e=x"))
		expect(t, c2, posted)
		w.heard("")
	}
}
