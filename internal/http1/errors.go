package http1

import "strconv"

// Error is a request that cannot be served, with the status to answer before
// the connection is closed: after any of them the place where the next
// request begins is not known.
type Error struct {
	Status int    // the HTTP status to answer
	Text   string // what was wrong, for logs
}

// Error says what was wrong. Any goroutine.
func (e *Error) Error() string {
	return "http1: " + strconv.Itoa(e.Status) + " " + e.Text
}

// The errors of Parse and Chunks. They are shared values: compare with ==.
var (
	ErrMethod          = &Error{400, "bad method"}
	ErrTarget          = &Error{400, "bad request target"}
	ErrRequestLine     = &Error{400, "bad request line"}
	ErrLineEnd         = &Error{400, "CR or LF alone"}
	ErrHeaderName      = &Error{400, "bad header name"}
	ErrHeaderValue     = &Error{400, "bad header value"}
	ErrFold            = &Error{400, "folded header line"}
	ErrHost            = &Error{400, "Host missing or repeated"}
	ErrContentLength   = &Error{400, "bad Content-Length"}
	ErrFraming         = &Error{400, "ambiguous body length"}
	ErrUpgradeBody     = &Error{400, "upgrade with a body"}
	ErrChunk           = &Error{400, "bad chunk"}
	ErrBodyTooLarge    = &Error{413, "body too large"}
	ErrTargetTooLong   = &Error{414, "request line too long"}
	ErrExpect          = &Error{417, "unknown expectation"}
	ErrHeadersTooLarge = &Error{431, "headers too large"}
	ErrEncoding        = &Error{501, "unknown transfer encoding"}
	ErrVersion         = &Error{505, "unsupported HTTP version"}
)
