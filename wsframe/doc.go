// Package wsframe is RFC 6455 on byte slices, the side of a server.
package wsframe

import _ "github.com/gobwas/ws"
