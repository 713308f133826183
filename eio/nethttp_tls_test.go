package eio

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestServeClientCertificates: a server that wants certificates of its clients is
// one of net/http, which asks for them before the engine hears anything.
func TestServeClientCertificates(t *testing.T) {
	e, err := NewEngine(nil, new(echoer))
	if err != nil {
		t.Fatal(err)
	}
	names := make(chan string, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		names <- fmt.Sprint(r.TLS.PeerCertificates[0].Subject.Organization)
		e.ServeHTTP(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of the client without one
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	s.StartTLS()
	defer s.Close()
	defer func() { _ = e.Close(t.Context()) }()
	client := s.Client()
	defer client.CloseIdleConnections()
	get := func() (int, error) {
		res, err := client.Get(s.URL + "/engine.io/?" + polling4)
		if err != nil {
			return 0, err
		}
		return res.StatusCode, res.Body.Close()
	}
	if _, err := get(); err == nil {
		t.Error("served without a certificate")
	}
	client.Transport.(*http.Transport).TLSClientConfig.Certificates = s.TLS.Certificates
	if status, err := get(); err != nil || status != 200 {
		t.Fatalf("%d %v", status, err)
	}
	if got := <-names; got != "[Acme Co]" {
		t.Errorf("certificate of %s", got)
	}
}
