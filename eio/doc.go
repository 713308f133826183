// Package eio is Engine.IO 4: sessions over websocket and HTTP long-polling,
// with the upgrade from the one to the other, heartbeats and closes. It sends
// and reads through a seam ([Conn], [Loop]) that a driver implements: eventloop
// over gnet, this package itself over net/http, eiotest in memory.
//
// # Who owns what
//
// A [Mux] is what is served on one address. Its loops own everything that
// happens on it: a loop's connections ([Peer]) and sessions ([Session]) are
// touched by the one goroutine that drives the loop, and by nobody else, so
// there are no locks. Other goroutines leave an op in the loop's inbox:
//
//	driver ──bytes──► Peer.Feed ─► Session ─► Handler      on the loop
//	others ──Post, PostSend──► inbox ──Loop.Run──► Session.Send
//
// A session never changes its loop. A request that names a session of another
// loop has its connection moved there ([Conn].Move).
//
// # A session
//
//	           open packet        Close, over polling
//	opening ───────────────► open ───────────────────► closing
//	                          │ │                         │ a GET takes the close
//	                          │ └─ 5 on a probed          │ packet, or 30 s
//	                          │    websocket: upgraded    ▼
//	                          └───────────────────────► closed ─► OnClose, once
//	                           Close over websocket, ping timeout,
//	                           errors, the client's close
//
// # What is sent
//
// Everything that waits to be sent is a run of whole websocket frames in a
// [pool.Shared], which any number of sessions share; a polling session reads
// its packets out of the frames. What one read of a socket causes for it leaves
// in one send at the end of that read ([Loop.Flush]); what several ops of one
// round send to one socket leaves in one send at the end of the round; an op
// with nothing behind it sends at once.
//
// The words borrow, take, give, lend and share are explained in package pool.
package eio
