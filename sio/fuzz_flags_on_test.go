//go:build race || pooldebug

package sio

// raceOrDebug says that allocations are not to be counted.
const raceOrDebug = true
