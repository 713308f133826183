// Package http1 is just enough HTTP/1.1, parsed in place.
package http1
