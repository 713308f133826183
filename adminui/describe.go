package adminui

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sio-fast/sio-fast/sio"
)

// clientIDLen is how much of a session's id is shown. The id is a secret, and so
// much of it opens nothing.
const clientIDLen = 12

// description is a socket as the front end knows it.
type description struct {
	ID        string                     `json:"id"`
	ClientID  string                     `json:"clientId"`
	Transport string                     `json:"transport"`
	Namespace string                     `json:"nsp"`
	Data      map[string]json.RawMessage `json:"data"`
	Handshake handshake                  `json:"handshake"`
	Rooms     []string                   `json:"rooms"`
}

type handshake struct {
	Address string            `json:"address"`
	Headers map[string]string `json:"headers"`
	Query   map[string]string `json:"query"`
	Issued  int64             `json:"issued"` // ms
	Secure  bool              `json:"secure"`
	Time    string            `json:"time"`
	URL     string            `json:"url"`
	XDomain bool              `json:"xdomain"`
}

func describe(s *sio.Socket) *description {
	client := s.Session().ID()
	d := &description{
		ID:        s.ID(),
		ClientID:  client[:min(len(client), clientIDLen)],
		Transport: s.Transport().String(),
		Namespace: s.Namespace().Name(),
		Data:      dataOf(s),
		Handshake: handshakeOf(s.Handshake()),
		Rooms:     s.Rooms(),
	}
	if d.Rooms == nil {
		d.Rooms = []string{} // [] in JSON
	}
	return d
}

func handshakeOf(h *sio.Handshake) handshake {
	d := handshake{
		Address: h.Address(),
		Headers: make(map[string]string),
		Query:   make(map[string]string),
		Issued:  h.Issued().UnixMilli(),
		Secure:  h.Secure(),
		Time:    h.Time(),
		URL:     h.URL(),
		XDomain: h.XDomain(),
	}
	for k, v := range h.Headers() {
		k = strings.ToLower(k)
		if old, ok := d.Headers[k]; ok {
			v = old + ", " + v
		}
		d.Headers[k] = v
	}
	for k, v := range h.Queries() {
		d.Query[k] = v
	}
	for _, name := range []string{"x-forwarded-for", "cf-connecting-ip"} {
		if v := d.Headers[name]; v != "" {
			d.Address = v
		}
	}
	return d
}

// dataOf gives a socket's values, and for those that JSON cannot hold their type.
func dataOf(s *sio.Socket) map[string]json.RawMessage {
	all := s.Data().All()
	data := make(map[string]json.RawMessage, len(all))
	for name, v := range all {
		b, err := json.Marshal(v)
		if err != nil {
			b = appendString(nil, fmt.Sprintf("%T", v))
		}
		data[name] = b
	}
	return data
}
