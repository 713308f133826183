// Command example is a small server that the official admin UI looks into.
//
//	go -C adminui run ./example --password secret
//
// Then open https://admin.socket.io and connect to http://localhost:3000, or have
// the example serve the page itself: --ui PATH/@socket.io/admin-ui/ui/dist
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/sio-fast/sio-fast/adminui"
	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/sio"
	"golang.org/x/crypto/bcrypt"
)

type config struct {
	addr, user, password, origin, ui string
	production, readonly             bool
}

// server makes a server whose sockets can join rooms, set their name and be
// echoed.
func server(c config) (http.Handler, error) {
	o := adminui.Options{Username: c.user, NoAuth: c.password == "", ReadOnly: c.readonly}
	if c.production {
		o.Mode = adminui.Production
	}
	if c.password != "" {
		hash, err := bcrypt.GenerateFromPassword([]byte(c.password), bcrypt.DefaultCost)
		if err != nil {
			return nil, err
		}
		o.PasswordHash = string(hash)
	}
	ui, err := adminui.New(o)
	if err != nil {
		return nil, err
	}
	io, err := sio.New(&sio.Options{
		EngineHooks: ui.Hooks(nil),
		CORS:        &eio.CORS{Origins: []string{c.origin}, Credentials: true},
	})
	if err != nil {
		return nil, err
	}
	if err := ui.Instrument(io); err != nil {
		return nil, err
	}
	greet(io)
	mux := http.NewServeMux()
	mux.Handle(io.Path(), io)
	if c.ui != "" {
		mux.Handle("/", http.FileServer(http.Dir(c.ui)))
	}
	return mux, nil
}

func greet(io *sio.Server) {
	sio.On(io, "join", func(s *sio.Socket, room string) error { s.Join(room); return nil })
	sio.On(io, "name", func(s *sio.Socket, name string) error { s.Data().Set("name", name); return nil })
	io.On("echo", func(e *sio.Event) error { return e.Socket().EmitRaw("echo", e.Raw()) })
}

func main() {
	var c config
	flag.StringVar(&c.addr, "addr", "localhost:3000", "where to listen")
	flag.StringVar(&c.user, "user", "admin", "name of the admin")
	flag.StringVar(&c.password, "password", "", "password of the admin; none lets everybody in")
	flag.StringVar(&c.origin, "origin", "https://admin.socket.io", "the page that may connect")
	flag.StringVar(&c.ui, "ui", "", "folder of the front end, to be served at /")
	flag.BoolVar(&c.production, "production", false, "figures alone")
	flag.BoolVar(&c.readonly, "readonly", false, "admins may look on and change nothing")
	flag.Parse()
	h, err := server(c)
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", c.addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", l.Addr())
	log.Fatal(http.Serve(l, h))
}
