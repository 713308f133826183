// Package eventloop serves an engine on gnet loops: the fast way to run one.
// It is the only importer of gnet.
//
//	eventloop.ListenAndServe(":3000", io)                     // tcp
//	eventloop.ListenAndServe("unix:///run/sio.sock", io)      // a unix socket
//
// To stop in an orderly way, hold the server in a variable:
//
//	s := eventloop.NewServer(":3000", io, nil)
//	if err := s.Start(); err != nil { … }
//	<-ctx.Done()           // of signal.NotifyContext, say
//	io.Close(timeout)      // the clients are told
//	s.Shutdown(timeout)    // the address is free
//
// There is no TLS here: put a proxy in front, or serve through net/http.
//
// One gnet loop runs per core, each with its own listener (SO_REUSEPORT) and
// its own eio.Loop. A connection is one struct of this package, with the
// engine's peer inside it, beside gnet's own.
//
//	kernel ──epoll──► gnet loop ──Next(-1)──► Peer.Feed ──► Loop.Flush
//	   ▲                  ▲                        │
//	   │                  │ eventfd (Wake)         ▼
//	   └── sendto on the fd, from the loop ◄── conn.Send, loop.SendAll
//	       or an io_uring of the loop's, for many
//	                      ▲
//	                      │ tokens of sockets that have room again
//	           auxiliary epoll, EPOLLOUT|EPOLLONESHOT, blocked sockets only
//
// Sends are made by io_uring where there are many at once and the system allows
// it. Only that: they are made inside of the one system call, nothing waits in
// the ring, and reading stays gnet's. A send in company costs a fifth less than
// one that is alone (BenchmarkSendAll).
//
// What gnet is not used for, and why:
//
//   - Writing. Its Write copies what the kernel does not take into a buffer
//     without a bound and may call OnClose before it returns. Here the loop
//     sends on the descriptor itself and the engine queues references.
//   - Waking. Execute allocates twice and its queue is emptied before sockets
//     are served again, so a task that continues itself starves them. An
//     eventfd that is enrolled in each loop costs the same time (6.5 µs a round
//     trip both, a socketpair 11), allocates nothing, and takes its turn among
//     the sockets.
//   - Running out of descriptors. EMFILE in gnet's accept ends its engine, so
//     connections are refused (503) while some descriptors are still left.
//
// Linux only; elsewhere the same calls serve through net/http.
package eventloop
