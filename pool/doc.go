// Package pool holds the memory that is used again: growing buffers, shared
// reference-counted bytes, loop-local free lists, and the queue that crosses
// goroutines. It knows no protocol.
//
// # Words
//
// Every []byte in a signature of this module has one of five words:
//
//   - borrows: the callee reads it during the call only.
//   - takes: it is the caller's no more.
//   - gives: it is the caller's to keep.
//   - lends: the result is valid until the handler, or the next call, returns.
//   - shares: it is immutable and reference-counted.
//
// # Life of a Shared
//
//	NewShared ──► refs 1, the maker writes B
//	                 │ from here on B is immutable
//	                 ├── Retain ──► refs 2 ──► a queue ──► Release ─┐
//	                 ├── Retain ──► refs 3 ──► a loop  ──► Release ─┤
//	                 └── Release ─────────────────────────────────┤
//	                                        the last one: refs 0 ◄─┘
//	                                        B goes back to the pool
//
// # The debug build
//
// With the build tag pooldebug nothing is used again: what is put back is
// filled with poison, so a late reader sees garbage and not another's bytes; a
// second Put panics; [Outstanding] counts what was taken and not put back, and
// [Leaks] says where it was taken. The debug build allocates: a test that
// counts allocations is tagged "!race && !pooldebug".
package pool
