package main

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sio-fast/sio-fast/examples/greeter/greetertest"
)

func TestServes(t *testing.T) {
	h, err := handler()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	trust := s.Client().Transport.(*http.Transport).TLSClientConfig
	greetertest.Run(t, greetertest.Server{URL: s.URL, TLS: &tls.Config{RootCAs: trust.RootCAs}})
}
