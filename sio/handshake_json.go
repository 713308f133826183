package sio

import (
	"encoding/json"
	"net/netip"
	"strings"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

// handshakeJSON is a handshake as the reference's adapters send it.
type handshakeJSON struct {
	Headers map[string]any  `json:"headers"`
	Time    string          `json:"time"`
	Address string          `json:"address"`
	XDomain bool            `json:"xdomain"`
	Secure  bool            `json:"secure"`
	Issued  int64           `json:"issued"`
	URL     string          `json:"url"`
	Query   map[string]any  `json:"query"`
	Auth    json.RawMessage `json:"auth"`
}

// MarshalJSON gives the handshake as the reference has it in socket.handshake:
// headers, time, address, xdomain, secure, issued, url, query and auth. Of the
// values of a name in the query it has the last; those of a header are joined.
// Any goroutine.
func (h *Handshake) MarshalJSON() ([]byte, error) {
	j := handshakeJSON{
		Headers: map[string]any{}, Query: map[string]any{}, Time: h.Time(), Address: h.Address(), XDomain: h.XDomain(),
		Secure: h.Secure(), Issued: h.Issued().UnixMilli(), URL: h.URL(), Auth: h.Auth,
	}
	if h.Empty() {
		j.Issued = 0
	}
	if len(j.Auth) == 0 {
		j.Auth = noAuth
	}
	for name, value := range h.Headers() {
		name = strings.ToLower(name)
		if old, ok := j.Headers[name].(string); ok {
			value = old + ", " + value
		}
		j.Headers[name] = value
	}
	for name, value := range h.Queries() {
		j.Query[name] = value
	}
	return json.Marshal(&j)
}

// UnmarshalJSON reads what MarshalJSON, or the reference, has written: the
// request of a socket of another server. What the form does not have is lost:
// the method, the port, the case of the headers. It borrows data. Any goroutine.
func (h *Handshake) UnmarshalJSON(data []byte) error {
	var j handshakeJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	var remote netip.AddrPort
	if a, err := netip.ParseAddr(j.Address); err == nil {
		remote = netip.AddrPortFrom(a, 0)
	}
	headers := make(map[string][]string, len(j.Headers))
	for name, v := range j.Headers {
		switch v := v.(type) {
		case string:
			headers[name] = []string{v}
		case []any: // set-cookie, in Node
			for _, e := range v {
				if s, ok := e.(string); ok {
					headers[name] = append(headers[name], s)
				}
			}
		}
	}
	h.Request = eio.Request{} // as it was where it had been dropped
	if j.URL != "" {
		h.Request = eio.MakeRequest("GET", j.URL, headers, remote, j.Secure, time.UnixMilli(j.Issued))
	}
	h.Auth = j.Auth
	if len(h.Auth) == 0 {
		h.Auth = noAuth
	}
	return nil
}
