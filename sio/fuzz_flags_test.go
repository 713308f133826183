//go:build !race && !pooldebug

package sio

const raceOrDebug = false
