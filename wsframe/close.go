package wsframe

import (
	"strconv"

	"github.com/gobwas/ws"
)

// Frames without a payload, ready to send. They are shared: nobody writes them.
var (
	Ping  = []byte{0x89, 0x00}
	Pong  = []byte{0x8a, 0x00}
	Close = []byte{0x88, 0x00}
)

// CloseError is a violation of RFC 6455 by the client, or of our limits: the
// connection ends with a close frame that says Code.
type CloseError struct {
	Code   ws.StatusCode
	Reason string // for the log; the close frame need not carry it
}

// Error says the code and the reason.
func (e *CloseError) Error() string {
	return "wsframe: " + strconv.Itoa(int(e.Code)) + " " + e.Reason
}

// Violations are values made once: a hostile client costs no allocation.
var (
	errLength       = &CloseError{ws.StatusProtocolError, "malformed payload length"}
	errReserved     = &CloseError{ws.StatusProtocolError, "reserved opcode"}
	errRsv          = &CloseError{ws.StatusProtocolError, "reserved bits set"}
	errUnmasked     = &CloseError{ws.StatusProtocolError, "frame not masked"}
	errControlLong  = &CloseError{ws.StatusProtocolError, "control frame over 125 bytes"}
	errControlFin   = &CloseError{ws.StatusProtocolError, "fragmented control frame"}
	errContinuation = &CloseError{ws.StatusProtocolError, "continuation of nothing"}
	errInterleaved  = &CloseError{ws.StatusProtocolError, "new message within a fragmented one"}
	errClosePayload = &CloseError{ws.StatusProtocolError, "close payload of one byte"}
	errCloseCode    = &CloseError{ws.StatusProtocolError, "invalid close code"}
	errCloseReason  = &CloseError{ws.StatusInvalidFramePayloadData, "close reason not UTF-8"}
	errUTF8         = &CloseError{ws.StatusInvalidFramePayloadData, "text not UTF-8"}
	errDeflate      = &CloseError{ws.StatusInvalidFramePayloadData, "invalid deflate data"}
	errTooBig       = &CloseError{ws.StatusMessageTooBig, "message too big"}
)

// AppendClose appends a close frame with code and reason to dst; the reason is
// cut, between characters, to fit the 125 bytes of a control frame. A code of 0
// or 1005 (no status received) makes the empty close frame. The answer to a
// client's close frame is AppendClose(dst, m.Code, ""). Any goroutine. Does not
// allocate while dst has room.
func AppendClose(dst []byte, code ws.StatusCode, reason string) []byte {
	if code == 0 || code == ws.StatusNoStatusRcvd {
		return append(dst, Close...)
	}
	const most = ws.MaxControlFramePayloadSize - 2
	if len(reason) > most {
		n := most
		for n > most-4 && reason[n]&0xc0 == 0x80 { // not within a character
			n--
		}
		reason = reason[:n]
	}
	dst = AppendHeader(dst, ws.OpClose, true, 2+len(reason))
	dst = append(dst, byte(code>>8), byte(code))
	return append(dst, reason...)
}

// ValidCloseCode reports whether a client's close frame may carry code: 1000 to
// 1003, 1007 to 1013 and 3000 to 4999. Any goroutine.
func ValidCloseCode(code ws.StatusCode) bool {
	switch {
	case code < 1000 || code >= 5000:
		return false
	case code >= 3000:
		return true
	}
	switch code {
	case 1004, ws.StatusNoStatusRcvd, ws.StatusAbnormalClosure:
		return false
	}
	// 1012 and 1013 (service restart, try again later) are in the IANA
	// registry. So is 1014, bad gateway, but a client is no gateway, and strict
	// suites refuse it. 1015 must not be sent; 1016 to 2999 are reserved.
	return code <= 1013
}

// parseClose reads the payload of a close frame. An empty one is code 1005.
func parseClose(p []byte) (code ws.StatusCode, err error) {
	switch {
	case len(p) == 0:
		return ws.StatusNoStatusRcvd, nil
	case len(p) == 1:
		// RFC 6455, 5.5.1: "If there is a body, the first two bytes of the
		// body MUST be a 2-byte unsigned integer"
		return 0, errClosePayload
	}
	code = ws.StatusCode(p[0])<<8 | ws.StatusCode(p[1])
	if !ValidCloseCode(code) {
		return 0, errCloseCode
	}
	if n, ok := validPrefix(p[2:]); !ok || n != len(p)-2 {
		return 0, errCloseReason
	}
	return code, nil
}
