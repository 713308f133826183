package wsframe

import (
	"bufio"
	"bytes"
	"net/http"
	"testing"
)

func TestAppendUpgradeGolden(t *testing.T) {
	key := []byte("dGhlIHNhbXBsZSBub25jZQ==") // RFC 6455, 1.3
	if got := string(AppendAccept(nil, key)); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Errorf("AppendAccept: %s", got)
	}
	const head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
	for _, c := range []struct{ protocol, extra, want string }{
		{"", "", head + "\r\n"},
		{"chat", "", head + "Sec-WebSocket-Protocol: chat\r\n\r\n"},
		{"", "X-A: b\r\nSet-Cookie: io=1\r\n", head + "X-A: b\r\nSet-Cookie: io=1\r\n\r\n"},
	} {
		got := AppendUpgrade([]byte("before"), key, c.protocol, []byte(c.extra))
		if string(got) != "before"+c.want {
			t.Errorf("%q, %q: %q", c.protocol, c.extra, got)
		}
		res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(got[6:])), nil)
		if err != nil || res.StatusCode != 101 {
			t.Errorf("net/http reads %v, %v", res, err)
		}
	}
}

func TestCheckUpgrade(t *testing.T) {
	good := func() Upgrade {
		return Upgrade{[]byte("GET"), []byte("websocket"), []byte("Upgrade"), []byte("dGhlIHNhbXBsZSBub25jZQ=="), []byte("13")}
	}
	for _, c := range []struct {
		name   string
		change func(u *Upgrade)
		want   error
	}{
		{"plain", func(*Upgrade) {}, nil},
		{"Firefox's list", func(u *Upgrade) { u.Connection = []byte("keep-alive, Upgrade") }, nil},
		{"case and space", func(u *Upgrade) { u.Upgrade = []byte(" WebSocket\t"); u.Connection = []byte("\tUPGRADE , x") }, nil},
		{"list of upgrades", func(u *Upgrade) { u.Upgrade = []byte("h2c, websocket") }, nil},
		{"POST", func(u *Upgrade) { u.Method = []byte("POST") }, ErrMethod},
		{"lower case get", func(u *Upgrade) { u.Method = []byte("get") }, ErrMethod},
		{"no Upgrade", func(u *Upgrade) { u.Upgrade = nil }, ErrUpgrade},
		{"other Upgrade", func(u *Upgrade) { u.Upgrade = []byte("websockets") }, ErrUpgrade},
		{"no Connection", func(u *Upgrade) { u.Connection = nil }, ErrConnection},
		{"keep-alive only", func(u *Upgrade) { u.Connection = []byte("keep-alive") }, ErrConnection},
		{"no version", func(u *Upgrade) { u.Version = nil }, ErrVersion},
		{"version 8", func(u *Upgrade) { u.Version = []byte("8") }, ErrVersion},
		{"no key", func(u *Upgrade) { u.Key = nil }, ErrKey},
		{"short key", func(u *Upgrade) { u.Key = u.Key[1:] }, ErrKey},
		{"long key", func(u *Upgrade) { u.Key = append([]byte("A"), u.Key...) }, ErrKey},
		{"key not base64", func(u *Upgrade) { u.Key = []byte("dGhlIHNhbXBsZSBub25j-Q==") }, ErrKey},
		{"key of 17 bytes", func(u *Upgrade) { u.Key = []byte("dGhlIHNhbXBsZSBub25jZQA=") }, ErrKey},
	} {
		u := good()
		c.change(&u)
		if got := CheckUpgrade(&u); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	for _, e := range []*HandshakeError{ErrMethod, ErrUpgrade, ErrConnection, ErrKey, ErrVersion} {
		if e.Status < 400 || e.Status > 499 || e.Error() == "wsframe: " {
			t.Errorf("%+v", e)
		}
	}
}

func FuzzHasToken(f *testing.F) {
	f.Add([]byte("keep-alive, Upgrade"))
	f.Add([]byte(" ,,\tupgrade"))
	f.Fuzz(func(t *testing.T, list []byte) {
		want := false
		for _, item := range bytes.Split(list, []byte(",")) {
			item = bytes.Trim(item, " \t")
			want = want || len(item) == 7 && bytes.EqualFold(item, []byte("upgrade"))
		}
		if got := HasToken(list, "upgrade"); got != want {
			t.Fatalf("%q: %v, want %v", list, got, want)
		}
	})
}
