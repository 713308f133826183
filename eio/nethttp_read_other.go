//go:build !unix

package eio

// read feeds what arrives.
func (c *hijacked) read() error { return c.readBuffered() }
