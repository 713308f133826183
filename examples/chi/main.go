// Command chi mounts Socket.IO on a chi router.
package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/sio-fast/sio-fast/examples/greeter"
)

func handler() (http.Handler, error) {
	io, err := greeter.New()
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	r.Handle("/socket.io/*", io)
	r.Get("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "chi and Socket.IO on one port")
	})
	return r, nil
}

func main() {
	h, err := handler()
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(":3000", h))
}
