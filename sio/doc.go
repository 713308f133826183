// Package sio is a Socket.IO server.
package sio
