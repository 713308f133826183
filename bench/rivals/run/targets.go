package main

// target is what sio-fast wants to reach in a column: at most limit times
// another server, or at most limit when there is none to compare with.
type target struct {
	col, server, than string
	limit             float64
}

// targets name the floor that fits: where a read holds several messages the one
// that shares sends, since it is the lower there.
var targets = []target{
	{"fanout", "sio", "floor", 1},
	{"fanout", "sio", "node", 0.5},
	{"flood", "sio", "floor-share", 1},
	{"flood", "sio", "node", 0.1},
	{"flood", "sio", "uws-native", 1},
	{"flood", "sio", "bun-native", 1},
	{"fanout-1k", "sio", "floor", 1.05},
	{"paced", "sio", "floor", 1.1},
	{"rooms", "sio", "floor", 1.05},
	{"echo", "sio", "floor-share", 1.6},
	{"echo", "sio-raw", "floor-share", 1.25},
	{"echo", "sio", "node", 0.1},
	{"echo-1", "sio", "floor", 1.1},
	{"polling", "sio", "node", 0.15},
	{"connect", "sio", "gnet", 1.4},
	{"connect", "sio", "node", 0.15},
	{"idle", "sio", "", 1250},
	{"left", "sio", "", 1.1},
	{"churn", "sio", "", 1.02}, // none; two percent is when the collector last came
	{"slow", "sio", "", 1.1},
	{"slow-held", "sio", "", slowAllowance},
	{"fanout-objects", "sio", "", 0.01},
	{"flood-objects", "sio", "", 0.01},
	{"fanout-1k-objects", "sio", "", 0.01},
	{"rooms-objects", "sio", "", 0.01},
	{"echo-objects", "sio", "", 0.01},
	{"echo-objects", "sio-raw", "", 0.01},
	{"echo-1-objects", "sio", "", 0.01},
	{"polling-objects", "sio", "", 0.01},
	{"paced-objects", "sio", "", 0.01},
	{"slow-objects", "sio", "", 0.01},
}

// What may be held for slow readers, in MiB.
const (
	slowReaders = 3 // 1 % of 300
	maxBacklog  = 1 // sio.Options.MaxBacklog by default: a client's share, were nothing shared
	// What the same server grows by with nobody slow, in the column 'memory with
	// nobody slow': 300 sessions at the 1,250 bytes of the aim are 0.36 MiB, the rest
	// is code, the ring's buffers and the heap that connects and broadcasts touch
	// first, 1.6 MiB when this was set.
	calmGrowth = 2
	// Go's collector comes when there is as much garbage as is live (GOGC=100), so a
	// backlog may be there twice.
	slowAllowance = 2*slowReaders*maxBacklog + calmGrowth
)
