// Command tls serves Socket.IO over HTTPS and WSS through net/http, which
// speaks HTTP/2 for the polling transport too.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/sio-fast/sio-fast/examples/greeter"
)

func handler() (http.Handler, error) { return greeter.New() }

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: tls CERT.pem KEY.pem")
	}
	h, err := handler()
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServeTLS(":3443", os.Args[1], os.Args[2], h))
}
