// Package eio is Engine.IO 4: sessions over websocket and long-polling.
package eio
