// Package bench measures the whole path in memory: a client's bytes go in, the
// handler runs, and the bytes for the clients come out, without a socket or a
// kernel. The budget of allocations is a test beside it. What a running server
// costs, kernel included, is measured by loadtest.
package bench
