// Command gin mounts Socket.IO on a gin engine.
package main

import (
	"log"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sio-fast/sio-fast/examples/greeter"
)

func handler() (http.Handler, error) {
	io, err := greeter.New()
	if err != nil {
		return nil, err
	}
	r := gin.New()
	r.Use(gin.Recovery())
	r.Any("/socket.io/*any", gin.WrapH(io))
	r.GET("/", func(c *gin.Context) {
		c.String(http.StatusOK, "gin and Socket.IO on one port\n")
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
