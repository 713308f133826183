// Package conformance has no code of its own: its tests run conformance/server
// as a process and talk to it with the client of conformance/client. The same
// server is driven by the official JavaScript client and by raw connections from
// clients/, which `make conform` runs. README.md says what the server offers.
package conformance
