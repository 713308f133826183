// Command nethttp mounts Socket.IO on the mux of the standard library.
package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/sio-fast/sio-fast/examples/greeter"
)

func handler() (http.Handler, error) {
	io, err := greeter.New()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "net/http and Socket.IO on one port")
	})
	return mux, nil
}

func main() {
	h, err := handler()
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(":3000", h))
}
