// Command hosted mounts Socket.IO on the mux of the standard library, and moves
// its websockets to event loops, where an idle one costs no goroutine.
package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eventloop"
	"github.com/sio-fast/sio-fast/examples/greeter"
)

func handler(host eio.Host) (http.Handler, error) {
	io, err := greeter.New()
	if err != nil {
		return nil, err
	}
	io.Mux().Host = host // or sio.Options{Host: host}
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "net/http in front, event loops behind")
	})
	return mux, nil
}

func main() {
	h, err := handler(eventloop.NewHost(nil))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(":3000", h))
}
