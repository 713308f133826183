package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/examples/greeter/greetertest"
)

func TestServes(t *testing.T) {
	h, err := handler()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	defer s.Close()
	greetertest.Run(t, greetertest.Server{URL: s.URL})
	r, err := http.Get(s.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if b, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(b), "on one port") {
		t.Errorf("the router's own page: %q, %v", b, err)
	}
}
