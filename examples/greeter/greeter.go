// Package greeter is the small Socket.IO server that each example mounts in its
// own way. The way it is served is the only difference between them.
package greeter

import "github.com/sio-fast/sio-fast/sio"

// New returns a server that greets who connects and answers one question.
func New() (*sio.Server, error) {
	io, err := sio.New(nil)
	if err != nil {
		return nil, err
	}
	io.OnConnect(func(s *sio.Socket) error {
		return s.Emit("welcome", "hello from Go")
	})
	sio.OnCall(io, "greet", func(_ *sio.Socket, name string) (string, error) {
		return "hello " + name, nil
	})
	sio.On(io, "shout", func(_ *sio.Socket, text string) error {
		return io.Emit("shout", text)
	})
	return io, nil
}
