package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/sio"
)

// maxBareEcho bounds a message of /wsecho.
const maxBareEcho = 64 << 20

// world is everything the process serves on its one port.
type world struct {
	io     *sio.Server
	engine *eio.Engine // the bare one, at /engine.io/
}

func build(p profile, raw bool) (*world, error) {
	w := &world{}
	mux := eio.NewMux()
	mux.HeaderTimeout, mux.RequestTimeout = p.headers, p.request
	mux.Fallback = w.endpoints()
	var err error
	if w.io, err = sio.New(p.options(mux)); err != nil {
		return nil, err
	}
	if w.engine, err = eio.NewEngine(p.engineOptions(), engineEcho{}); err != nil {
		return nil, err
	}
	mux.Handle(w.engine)
	mux.PerMessageDeflate = p.opts.PerMessageDeflate
	mux.HandleWebsocket("/wsecho", maxBareEcho, func(p *eio.RawPeer, data []byte, binary bool) {
		p.Send(data, binary)
	})
	if p.load {
		serveLoad(w.io, raw)
	} else {
		serveContract(w.io)
	}
	return w, nil
}

func (w *world) close(ctx context.Context) error {
	return errors.Join(w.io.Close(ctx), w.engine.Close(ctx))
}

// endpoints are the plain HTTP paths.
func (w *world) endpoints() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) {
		io.WriteString(rw, "ok")
	})
	mux.HandleFunc("GET /page", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(rw, "<!doctype html>\n<meta charset=\"utf-8\">\n<title>conformance</title>\n")
	})
	mux.HandleFunc("GET /stats", func(rw http.ResponseWriter, _ *http.Request) {
		s := w.io.Stats()
		rw.Header().Set("Content-Type", "application/json")
		json.NewEncoder(rw).Encode(map[string]int{
			"clients":    s.Clients + w.engine.Clients(),
			"sockets":    s.Sockets,
			"namespaces": s.Namespaces,
		})
	})
	return mux
}

// engineEcho sends every message back as it came.
type engineEcho struct{}

func (engineEcho) OnOpen(*eio.Session) error { return nil }

func (engineEcho) OnMessage(s *eio.Session, p []byte, binary bool) {
	if binary {
		s.SendBinary(p)
	} else {
		s.SendText(p)
	}
}

func (engineEcho) OnClose(*eio.Session, eio.Reason, string) {}
