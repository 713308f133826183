// Package shm is the memory that the coordinator and its client processes
// share: the phase of the run, counters, and the bookkeeping of broadcasts whose
// receivers live in several processes.
package shm

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Phases of a run, in order.
const (
	Wait    = iota
	Connect // clients come
	Run     // messages flow
	Stop    // nothing new is sent; what is under way arrives
	Leave   // clients go
	Exit    // processes report and end
)

// Fault kinds. One of any kind fails the run.
const (
	Lost = iota
	Doubled
	Altered
	Reordered
	Stray
	Disconnected
	Protocol
	Refused
	Faults
)

// FaultNames name the kinds in reports.
var FaultNames = [Faults]string{"lost", "doubled", "altered", "out of order", "stray", "disconnected", "protocol error", "connect failed"}

// MaxProcesses, Ring and MaxTurns size the area: processes of clients, broadcasts
// under way at once, and turns of slow readers, of two measured windows each.
const (
	MaxProcesses = 64
	Ring         = 4096
	MaxTurns     = 50
)

// Process is what one client process tells. It alone writes it.
type Process struct {
	Open, Ready, Connects, Sent, Received, Bytes, Outstanding, Stopped, Round, Cut atomic.Int64
	// Behind is how many slow clients have not caught up, or come back, since they
	// were told to read again by the value Turn of Area.Slow.
	Behind, Turn atomic.Int64
	Faults       [Faults]atomic.Int64
	_            [64]byte // a cache line apart
}

// Area is the shared memory.
type Area struct {
	// Slow tells the slow clients what to do: stop reading at 1, 3, ..., read again
	// at 2, 4, ....
	Phase, Round, Slow atomic.Uint32
	// from and to bound the measured windows by the time a message was sent, ns of
	// clock.Now; opened counts them. Slow readers have two in each turn: while all
	// read, and while some do not.
	opened   atomic.Uint32
	from, to [2 * MaxTurns]atomic.Int64
	_        [64]byte
	// FanSent counts broadcasts begun, FanDone those that all have received.
	FanSent atomic.Uint64
	FanDone atomic.Uint64
	// FanAllow is how many broadcasts the scenario loops has asked for so far.
	FanAllow atomic.Uint64
	_        [64]byte
	Counts   [Ring]atomic.Uint32 // receivers reached, by broadcast number % Ring
	P        [MaxProcesses]Process
}

// Begin opens the next measured window at t, End closes it.
func (a *Area) Begin(t int64) {
	a.from[a.opened.Load()].Store(t)
	a.opened.Add(1)
}

// End is the other side of Begin.
func (a *Area) End(t int64) { a.to[a.opened.Load()-1].Store(t) }

// Window returns the measured window that holds a message sent at t, or -1. It
// looks from the latest one back.
func (a *Area) Window(t int64) int {
	for i := int(a.opened.Load()) - 1; i >= 0; i-- {
		if t < a.from[i].Load() {
			continue
		}
		if to := a.to[i].Load(); to == 0 || t <= to {
			return i
		}
		break // after the end of this one, and before the next
	}
	return -1
}

// Failed tells whether any fault was counted yet.
func (a *Area) Failed() bool {
	for i := range a.P {
		for k := range a.P[i].Faults {
			if a.P[i].Faults[k].Load() != 0 {
				return true
			}
		}
	}
	return false
}

// Sum adds up one counter of all processes.
func (a *Area) Sum(field func(*Process) *atomic.Int64) (n int64) {
	for i := range a.P {
		n += field(&a.P[i]).Load()
	}
	return n
}

// Create makes a new area behind a file that a child process can inherit.
func Create() (*Area, *os.File, error) {
	fd, err := unix.MemfdCreate("loadtest", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, nil, fmt.Errorf("memfd_create: %w", err)
	}
	f := os.NewFile(uintptr(fd), "loadtest-shm")
	if err := f.Truncate(int64(unsafe.Sizeof(Area{}))); err != nil {
		return nil, nil, err
	}
	a, err := Map(f)
	return a, f, err
}

// Map maps an inherited area.
func Map(f *os.File) (*Area, error) {
	b, err := unix.Mmap(int(f.Fd()), 0, int(unsafe.Sizeof(Area{})), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mmap: %w", err)
	}
	return (*Area)(unsafe.Pointer(unsafe.SliceData(b))), nil
}
