package main

import (
	"testing"

	"github.com/sio-fast/sio-fast/examples/greeter/greetertest"
)

func TestServes(t *testing.T) {
	h, err := handler()
	if err != nil {
		t.Fatal(err)
	}
	greetertest.Mounted(t, h)
}
