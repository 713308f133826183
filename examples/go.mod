module github.com/sio-fast/sio-fast/examples

go 1.26

require (
	github.com/gin-gonic/gin v1.10.1
	github.com/go-chi/chi/v5 v5.2.3
	github.com/labstack/echo/v4 v4.13.4
	github.com/sio-fast/sio-fast v0.0.0
)

replace github.com/sio-fast/sio-fast => ../
