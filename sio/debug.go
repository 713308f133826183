package sio

import "github.com/sio-fast/sio-fast/internal/debuglog"

// The components of the debug log, by the reference's names.
var (
	debugServer    = debuglog.New("socket.io:server")
	debugClient    = debuglog.New("socket.io:client")
	debugNamespace = debuglog.New("socket.io:namespace")
	debugParent    = debuglog.New("socket.io:parent-namespace")
	debugSocket    = debuglog.New("socket.io:socket")
	debugBroadcast = debuglog.New("socket.io:broadcast-operator")
	debugParser    = debuglog.New("socket.io-parser")
	debugAdapter   = debuglog.New("socket.io-adapter")
)

// names gives the rooms of a set, for a line of the log.
func (r *roomSet) names() []string {
	list := make([]string, r.n)
	for i := range list {
		list[i] = debuglog.Text(r.at(i))
	}
	return list
}
