// Command echo mounts Socket.IO on an Echo server.
package main

import (
	"log"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/sio-fast/sio-fast/examples/greeter"
)

func handler() (http.Handler, error) {
	io, err := greeter.New()
	if err != nil {
		return nil, err
	}
	e := echo.New()
	e.HideBanner = true
	e.Any("/socket.io/*", echo.WrapHandler(io))
	e.GET("/", func(c echo.Context) error {
		return c.String(http.StatusOK, "Echo and Socket.IO on one port\n")
	})
	return e, nil
}

func main() {
	h, err := handler()
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(":3000", h))
}
