package main

import (
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/internal/bundle"
	"github.com/sio-fast/sio-fast/sio"
)

// A profile is how one configuration of the contract differs from the
// library's defaults.
type profile struct {
	opts sio.Options
	// load serves the events of the load contract and nothing else.
	load bool
	// noBundle leaves the browser client out.
	noBundle bool
	// headers and request bound how long a request may take to arrive.
	headers, request time.Duration
}

const ms = time.Millisecond

// profiles are those of section 3 of the contract.
var profiles = map[string]profile{
	"suite": {opts: sio.Options{
		PingInterval: 300 * ms, PingTimeout: 200 * ms, ConnectTimeout: time.Second,
		CORS: &sio.CORS{},
	}},
	"main": {opts: sio.Options{
		CORS:      &sio.CORS{Origins: []string{"http://allowed.example"}, Fixed: true, Credentials: true},
		AllowEIO3: true,
	}},
	"strict": {opts: sio.Options{
		Path:         "/custom-path",
		Cookie:       &sio.Cookie{Name: "sio", SameSite: http.SameSiteStrictMode},
		AllowRequest: denyOnRequest,
		CleanupEmpty: true,
	}, noBundle: true},
	"ping": {opts: sio.Options{PingInterval: 300 * ms, PingTimeout: 250 * ms, AllowEIO3: true}},
	"away": {opts: sio.Options{Recovery: &sio.Recovery{MaxDisconnection: 30 * time.Second}}},
	"recovery": {opts: sio.Options{
		PingInterval: 500 * ms, PingTimeout: 500 * ms,
		Recovery: &sio.Recovery{MaxDisconnection: 1500 * ms},
	}},
	"polling":   {opts: sio.Options{Transports: []string{"polling"}, AllowEIO3: true}},
	"websocket": {opts: sio.Options{Transports: []string{"websocket"}, AllowEIO3: true}},
	"msgpack":   {opts: sio.Options{Parser: sio.MsgpackParser{}}},
	"json":      {opts: sio.Options{Parser: sio.JSONPacketParser{}}},
	"noupgrade": {opts: sio.Options{DisableUpgrades: true}},
	"small":     {opts: sio.Options{MaxPayload: 2000, AllowEIO3: true}},
	"large":     {opts: sio.Options{MaxPayload: 30_000_000, MaxQueue: 256 << 20, AllowEIO3: true}},
	"deflate": {opts: sio.Options{
		PerMessageDeflate: &sio.Deflate{Threshold: 256}, HTTPCompression: &sio.Deflate{Threshold: 256},
		MaxPayload: 10_000_000, AllowEIO3: true,
	}},
	"abuse": {opts: sio.Options{
		PingInterval: time.Second, PingTimeout: time.Second, ConnectTimeout: 1500 * ms,
		UpgradeTimeout: time.Second, MaxPayload: 100_000, AllowEIO3: true,
	}, headers: 1500 * ms, request: 2 * time.Second},
	"load": {load: true},
}

func profileNames() []string { return slices.Sorted(maps.Keys(profiles)) }

func denyOnRequest(r *sio.Request) error {
	if r.Header("X-Deny") != "" {
		return errors.New("denied by allowRequest")
	}
	return nil
}

// options are those of the Socket.IO server. A test that asks for a lot at once
// (seq, big) and reads it in its own time is no slow reader, so the backlog may
// be larger than the library's default; a server under load has the default.
func (p *profile) options(mux *eio.Mux) *sio.Options {
	o := p.opts
	o.Mux = mux
	if !p.load {
		o.MaxBacklog = 256 << 20
	}
	if !p.noBundle {
		o.ClientBundle = clientBundle()
	}
	return &o
}

func clientBundle() fs.FS {
	if dist, ok := bundle.FS(); ok {
		return dist
	}
	return nil
}

// engineOptions are those of the bare Engine.IO endpoint: the same, but for
// the cookie and allowRequest.
func (p *profile) engineOptions() *eio.Options {
	o := &p.opts
	return &eio.Options{
		PingInterval: o.PingInterval, PingTimeout: o.PingTimeout,
		UpgradeTimeout: o.UpgradeTimeout, MaxPayload: o.MaxPayload,
		Transports: o.Transports, DisableUpgrades: o.DisableUpgrades,
		CORS: o.CORS, AllowEIO3: o.AllowEIO3, MaxBacklog: 256 << 20,
		PerMessageDeflate: o.PerMessageDeflate, HTTPCompression: o.HTTPCompression,
	}
}
