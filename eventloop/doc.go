// Package eventloop drives the engine on gnet loops. It is the only importer of
// gnet.
package eventloop

import (
	_ "github.com/panjf2000/gnet/v2"
	_ "golang.org/x/sys/unix"
)
