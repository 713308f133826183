// Command zishang offers the load contract on zishang520/socket.io.
package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/zishang520/socket.io/servers/socket/v3"

	"github.com/sio-fast/sio-fast/bench/rivals/internal/listen"
)

func main() {
	io := socket.NewServer(nil, nil)
	err := io.On("connection", func(clients ...any) {
		if err := serve(io, clients[0].(*socket.Socket)); err != nil {
			fmt.Fprintln(os.Stderr, "zishang:", err)
		}
	})
	if err == nil {
		mux := http.NewServeMux()
		mux.Handle("/socket.io/", io.ServeHandler(nil))
		err = http.Serve(listen.Ready(), mux)
	}
	fmt.Fprintln(os.Stderr, "zishang:", err)
	os.Exit(1)
}

// serve registers what a user of the library would write.
func serve(io *socket.Server, s *socket.Socket) error {
	for name, fn := range map[string]func(...any){
		"echo": func(args ...any) {
			if ack := ackOf(args); ack != nil {
				ack([]any{text(args, 0)}, nil)
				return
			}
			report(s.Emit("echo", text(args, 0)))
		},
		"join": func(args ...any) {
			s.Join(socket.Room(text(args, 0)))
			if ack := ackOf(args); ack != nil {
				ack(nil, nil)
			}
		},
		"room": func(args ...any) {
			report(s.To(socket.Room(text(args, 0))).Emit("room", text(args, 1)))
		},
		"all": func(args ...any) {
			io.Emit("all", text(args, 0))
		},
	} {
		if err := s.On(name, fn); err != nil {
			return err
		}
	}
	return nil
}

// ackOf gives the acknowledgement asked for, or nil.
func ackOf(args []any) socket.Ack {
	if len(args) == 0 {
		return nil
	}
	ack, _ := args[len(args)-1].(socket.Ack)
	return ack
}

// text gives the i-th argument as a string, "" if it is none.
func text(args []any, i int) string {
	if i >= len(args) {
		return ""
	}
	s, _ := args[i].(string)
	return s
}

func report(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "zishang:", err)
	}
}
