module github.com/sio-fast/sio-fast/loadtest

go 1.26

require (
	github.com/HdrHistogram/hdrhistogram-go v1.4.0
	github.com/spf13/pflag v1.1.0
	golang.org/x/sys v0.30.0
)
