package main

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/sio-fast/sio-fast/sio"
)

var (
	userKey  = sio.NewKey[string]("user")
	chainKey = sio.NewKey[[]string]("chain")
)

// serveContract registers section 4 of the contract: who is let in where, and
// for all of them the events of section 6.
func serveContract(io *sio.Server) {
	ended := newEndings()
	add := func(n *sio.Namespace, middlewares ...func(*sio.Socket) error) {
		for _, m := range middlewares {
			n.Use(m)
		}
		serveEvents(n, ended)
	}
	for _, name := range []string{"/", "/custom", "/chat", "/other"} {
		add(io.Of(name))
	}
	add(io.Of("/admin"), wantToken)
	add(io.Of("/slow"), func(*sio.Socket) error {
		time.Sleep(300 * time.Millisecond)
		return nil
	})
	add(io.Of("/chain"), chainFirst, chainSecond)
	add(io.OfPattern(regexp.MustCompile(`^/dyn-[0-9]+$`)))
	add(io.OfFunc(func(name string, h *sio.Handshake) bool {
		var auth struct{ Allow any }
		return strings.HasPrefix(name, "/fn-") && h.Bind(&auth) == nil && auth.Allow == "yes"
	}))
}

// wantToken takes the token from the auth payload, else from the query.
func wantToken(s *sio.Socket) error {
	h := s.Handshake()
	var auth struct{ Token any }
	if err := h.Bind(&auth); err != nil {
		return err
	}
	token, given := auth.Token, auth.Token != nil
	if !given {
		for name, value := range h.Queries() {
			if name == "token" {
				token, given = value, true
			}
		}
	}
	switch {
	case !given:
		return errors.New("missing token")
	case token != "secret":
		return &sio.ConnectError{Message: "unauthorized", Data: struct {
			Code int    `json:"code"`
			Hint string `json:"hint"`
		}{401, "use secret"}}
	}
	userKey.Set(s, "root")
	return nil
}

// stops tells whether the auth payload has something true under name.
func stops(s *sio.Socket, name string) bool {
	var auth map[string]any
	if s.Handshake().Bind(&auth) != nil {
		return false
	}
	v, ok := auth[name]
	return ok && v != false && v != nil && v != "" && v != 0.0
}

type chainData struct {
	Chain []string `json:"chain"`
}

func chainFirst(s *sio.Socket) error {
	chain := []string{"first"}
	chainKey.Set(s, chain)
	if stops(s, "stop") {
		return &sio.ConnectError{Message: "stopped at first", Data: chainData{chain}}
	}
	return nil
}

func chainSecond(s *sio.Socket) error {
	chain, _ := chainKey.Get(s)
	chain = append(chain[:len(chain):len(chain)], "second")
	chainKey.Set(s, chain)
	if stops(s, "stop2") {
		return &sio.ConnectError{Message: "stopped at second", Data: chainData{chain}}
	}
	return nil
}
