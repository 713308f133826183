// Package wsframe is RFC 6455 on byte slices, the side of a server: headers,
// masks, messages, closing, and the handshake. It does no input or output.
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-------+-+-------------+-------------------------------+
//	|F|R|R|R| opcode|M| Payload len |  Extended payload length      |
//	|I|S|S|S|  (4)  |A|     (7)     |  16 bits if len is 126,       |
//	|N|V|V|V|       |S|             |  64 bits if len is 127        |
//	| |1|2|3|       |K|             |                               |
//	+-+-+-+-+-------+-+-------------+-------------------------------+
//	|  Masking key, 4 bytes if MASK: always from a client, never    |
//	|  from a server                                                |
//	+---------------------------------------------------------------+
//	|  Payload                                                      |
//	+---------------------------------------------------------------+
//
// # In
//
// A [Decoder] turns the bytes of a connection, however they are cut, into
// messages. A frame that arrives whole is unmasked where it lies and lent as a
// view; one in pieces, or a message in fragments, is gathered in a pooled
// buffer.
//
//	idle ──header whole──► payload whole ──► Message, a view into p
//	  │ cut                    │ cut, or FIN=0
//	  ▼                        ▼
//	gathering header ───► gathering payload ──FIN──► Message, from the buffer
//	  ▲                        │ FIN=0                     │ next call
//	  └─── between fragments ◄─┘                           ▼
//	       (control frames pass)                          idle
//
// # Out
//
// [AppendFrame] copies a payload behind its header; [Begin] and [End] frame one
// that is written in place. A run of complete frames is read back by [Next].
package wsframe
