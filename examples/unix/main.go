// Command unix serves Socket.IO on a unix socket, for a proxy on the same
// machine such as nginx (`proxy_pass http://unix:/run/sio.sock`).
package main

import (
	"log"
	"os"

	"github.com/sio-fast/sio-fast/eventloop"
	"github.com/sio-fast/sio-fast/examples/greeter"
)

func main() {
	path := "/tmp/sio.sock"
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	io, err := greeter.New()
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(eventloop.ListenAndServe("unix://"+path, io))
}
