//go:build linux

package eventloop

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ring is an io_uring of one loop, for sends alone: as many as it has entries go
// to the kernel in one system call, which makes them before it returns, for no
// send of ours may wait. Nothing is ever left in it. Loop only, but for newRing.
//
// It needs no thread of its own, nothing registered, and no buffers: it is
// send(2) without a door to go through for each.
type ring struct {
	fd             int
	sqHead, sqTail *uint32 // of the submission queue: the kernel's end and ours
	tail           uint32  // ours, not yet shown to the kernel
	sqMask         uint32
	sqArray        []uint32
	sqes           []sqe
	cqHead, cqTail *uint32 // of the completion queue: our end and the kernel's
	cqMask         uint32
	cqes           []cqe
	maps           [][]byte
}

// sqe is struct io_uring_sqe, as far as a send needs it.
type sqe struct {
	opcode, flags uint8
	ioprio        uint16
	fd            int32
	off, addr     uint64
	len, msgFlags uint32
	userData      uint64
	_             [24]byte
}

// cqe is struct io_uring_cqe.
type cqe struct {
	userData uint64
	res      int32
	flags    uint32
}

// ringParams is struct io_uring_params.
type ringParams struct {
	sqEntries, cqEntries, flags, sqCPU, sqIdle, features, wqFD uint32
	_                                                          [3]uint32
	sq, cq                                                     ringOffsets
}

// ringOffsets is struct io_sqring_offsets, and io_cqring_offsets, which has
// cqes in the place of array, after an overflow where the flags are.
type ringOffsets struct {
	head, tail, mask, entries, a, b, c, _ uint32
	_                                     uint64
}

const (
	ringEntries = 128 // sends in one system call
	// ringLeast is how many sends are worth the ring: below, it costs more than
	// it spares.
	ringLeast = 4

	opSend        = 26      // IORING_OP_SEND
	setupCoop     = 1 << 8  // IORING_SETUP_COOP_TASKRUN, of Linux 5.19
	featSingleMap = 1 << 0  // IORING_FEAT_SINGLE_MMAP
	getEvents     = 1       // IORING_ENTER_GETEVENTS
	offRing       = 0       // IORING_OFF_SQ_RING
	offSQEs       = 1 << 28 // IORING_OFF_SQES
)

// newRing makes a ring, if the system lets us: containers often do not, and
// kernels before 5.19 cannot.
func newRing() (*ring, error) {
	p := ringParams{flags: setupCoop}
	fd, _, e := syscall.Syscall(unix.SYS_IO_URING_SETUP, ringEntries, uintptr(unsafe.Pointer(&p)), 0)
	if e != 0 {
		return nil, os.NewSyscallError("io_uring_setup", e)
	}
	r := &ring{fd: int(fd)} // closed by an exec, as the kernel makes it
	err := r.mapAll(&p)
	if err == nil {
		err = r.try()
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// try sends a byte, for what can be set up may still be forbidden.
func (r *ring) try() error {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socketpair", err)
	}
	defer func() { _, _ = unix.Close(fds[0]), unix.Close(fds[1]) }()
	var res int32
	r.begin()
	r.put(int32(fds[0]), wakeOne[:1], 0)
	if err := r.submit(func(_ int, n int32) { res = n }); err != nil {
		return err
	}
	if res != 1 {
		return fmt.Errorf("%w: a send through it gave %d", errRing, res)
	}
	return nil
}

var errRing = errors.New("eventloop: the kernel's io_uring is not as expected")

func (r *ring) mapAll(p *ringParams) error {
	if p.features&featSingleMap == 0 || p.sqEntries != ringEntries || p.cqEntries < ringEntries {
		return errRing
	}
	size := max(p.sq.c+4*p.sqEntries, p.cq.b+uint32(unsafe.Sizeof(cqe{}))*p.cqEntries)
	m, err := r.mmap(offRing, size)
	if err != nil {
		return err
	}
	s, err := r.mmap(offSQEs, uint32(unsafe.Sizeof(sqe{}))*p.sqEntries)
	if err != nil {
		return err
	}
	at := func(off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&m[off])) }
	r.sqHead, r.sqTail, r.sqMask = at(p.sq.head), at(p.sq.tail), *at(p.sq.mask)
	r.cqHead, r.cqTail, r.cqMask = at(p.cq.head), at(p.cq.tail), *at(p.cq.mask)
	r.sqArray = unsafe.Slice(at(p.sq.c), p.sqEntries)
	r.sqes = unsafe.Slice((*sqe)(unsafe.Pointer(&s[0])), p.sqEntries)
	r.cqes = unsafe.Slice((*cqe)(unsafe.Pointer(&m[p.cq.b])), p.cqEntries)
	for i := range r.sqArray { // entry i of the queue is always sqes[i]
		r.sqArray[i] = uint32(i)
	}
	return nil
}

func (r *ring) mmap(off int64, size uint32) ([]byte, error) {
	m, err := unix.Mmap(r.fd, off, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, fmt.Errorf("eventloop: mmap of an io_uring: %w", err)
	}
	r.maps = append(r.maps, m)
	return m, nil
}

func (r *ring) close() {
	for _, m := range r.maps {
		_ = unix.Munmap(m)
	}
	_ = unix.Close(r.fd)
}

// begin begins a batch: whatever was put and not submitted is forgotten.
func (r *ring) begin() { r.tail = *r.sqTail }

// put has the next submit send p on fd, and its result come with the number i.
// At most ringEntries may be put. It borrows p, which is on the heap and which
// the caller keeps alive, until then.
func (r *ring) put(fd int32, p []byte, i int) {
	r.sqes[r.tail&r.sqMask] = sqe{opcode: opSend, fd: fd, addr: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p)))),
		len: uint32(len(p)), msgFlags: sendFlags, userData: uint64(i)}
	r.tail++
}

// submit makes the sends that were put, and calls each with the number and the
// result of every one that was made: bytes, or an errno below zero. What it does
// not call was not made. An error means that the ring is of no use any more.
func (r *ring) submit(each func(i int, res int32)) error {
	n, made, err := int(r.tail-*r.sqTail), 0, error(nil)
	atomic.StoreUint32(r.sqTail, r.tail)
	for made < n {
		k, e := r.enter(n - made)
		if e == syscall.EINTR {
			continue
		}
		if e != 0 || k == 0 { // what is left is taken back
			atomic.StoreUint32(r.sqTail, atomic.LoadUint32(r.sqHead))
			if e != 0 && e != syscall.EAGAIN && e != syscall.EBUSY { // which are want of memory
				err = os.NewSyscallError("io_uring_enter", e)
			}
			break
		}
		made += k
	}
	for made -= r.reap(each); made > 0; made -= r.reap(each) {
		// Cannot be, for a send that may not wait is done when enter returns.
		_, _, e := syscall.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), 0, uintptr(made), getEvents, 0, 0)
		if e != 0 && e != syscall.EINTR {
			return os.NewSyscallError("io_uring_enter", e)
		}
	}
	return err
}

func (r *ring) reap(each func(i int, res int32)) (n int) {
	head, tail := *r.cqHead, atomic.LoadUint32(r.cqTail)
	for ; head != tail; n++ {
		c := r.cqes[head&r.cqMask]
		head++
		atomic.StoreUint32(r.cqHead, head) // before each, which might panic
		each(int(c.userData), c.res)
	}
	return n
}

// enter makes n sends. Go's scheduler is not told, as for a send alone: told, it
// would give the loop's place to another goroutine, and the loop would wait to
// get it back. So where the collector stops the world it may wait for a
// millisecond.
func (r *ring) enter(n int) (int, syscall.Errno) {
	k, _, e := syscall.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(n), 0, 0, 0, 0)
	return int(k), e
}
