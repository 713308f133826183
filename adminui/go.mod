module github.com/sio-fast/sio-fast/adminui

go 1.26

require (
	github.com/gobwas/ws v1.5.0
	github.com/sio-fast/sio-fast v0.0.0
	golang.org/x/crypto v0.53.0
)

require (
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
)

replace github.com/sio-fast/sio-fast => ../
