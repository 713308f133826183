// Package http1 is just enough HTTP/1.1 for a server, in place: heads and chunked
// bodies are read where they lie, answers are appended. It does no input or
// output.
//
//	GET /a/?b=c HTTP/1.1␍␊Host: x␍␊X: y␍␊␍␊          a Request, all of it views
//	│   │   │          │  └──────────────┴ Headers: looked up, never a map
//	│   │   └ RawQuery └ Minor
//	│   └ Path
//	└ Method
//
// It is stricter than RFC 9112 asks wherever two readers of the same bytes could
// disagree about where a request ends. What it refuses says with which status:
// see [Error].
package http1
