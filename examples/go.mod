module github.com/sio-fast/sio-fast/examples

go 1.26

require (
	github.com/gin-gonic/gin v1.12.0
	github.com/go-chi/chi/v5 v5.5.0
	github.com/labstack/echo/v4 v4.16.0
	github.com/sio-fast/sio-fast v0.0.0
)

replace github.com/sio-fast/sio-fast => ../
