package pool

import (
	"compress/flate"
	"io"
	"sync"
)

// Deflater compresses by RFC 1951. One takes about a megabyte, so they are
// pooled for the whole process, which has as many as ever compress at once; the
// garbage collector takes those that nobody uses.
type Deflater struct {
	w     *flate.Writer
	out   []byte
	level int
}

// Levels of [GetDeflater]: from the fastest to the smallest.
const (
	MinDeflateLevel = flate.BestSpeed
	MaxDeflateLevel = flate.BestCompression
)

var deflaters [MaxDeflateLevel + 1]sync.Pool // by level

// GetDeflater gives a Deflater. level is from MinDeflateLevel to
// MaxDeflateLevel; what is outside counts as the nearer of them. Any goroutine.
// Does not allocate once the pool is warm.
func GetDeflater(level int) *Deflater {
	level = min(max(level, MinDeflateLevel), MaxDeflateLevel)
	d, ok := deflaters[level].Get().(*Deflater)
	if !ok {
		d = &Deflater{level: level}
		d.w, _ = flate.NewWriter(d, level) // it fails only for levels there are not
	}
	took(d)
	return d
}

// PutDeflater takes d back. Any goroutine. Does not allocate.
func PutDeflater(d *Deflater) {
	gave(d)
	d.out = nil
	deflaters[d.level].Put(d)
}

// Append appends src compressed by itself: nothing refers to what was
// compressed before. last ends the stream; else it ends with a sync flush, the
// empty stored block 00 00 ff ff. It borrows src. Owner only. Does not allocate
// while dst has room.
func (d *Deflater) Append(dst, src []byte, last bool) []byte {
	d.out = dst
	d.w.Reset(d)
	_, _ = d.w.Write(src) // into memory: nothing can fail
	if last {
		_ = d.w.Close()
	} else {
		_ = d.w.Flush()
	}
	dst, d.out = d.out, nil
	return dst
}

// Write is the compressor's: it appends p to what Append gives.
func (d *Deflater) Write(p []byte) (int, error) {
	d.out = append(d.out, p...)
	return len(p), nil
}

// Inflater decompresses by RFC 1951. One takes about 40 KB; they are pooled as
// the Deflaters are.
type Inflater struct {
	r   io.ReadCloser
	src [2][]byte // what is left of the input
}

var inflaters = sync.Pool{New: func() any {
	f := new(Inflater)
	f.r = flate.NewReader(f)
	return f
}}

// GetInflater gives an Inflater. Any goroutine. Does not allocate once the pool
// is warm.
func GetInflater() *Inflater {
	f := inflaters.Get().(*Inflater)
	took(f)
	return f
}

// PutInflater takes f back. Any goroutine. Does not allocate.
func PutInflater(f *Inflater) {
	gave(f)
	f.src = [2][]byte{}
	inflaters.Put(f)
}

// Append appends to dst what src and then tail, one stream together, were
// compressed from, up to the stream's end: of at most limit bytes. more says
// that there are more than that, of which none is given. The buffer grows with
// what comes of the stream, never ahead of it by more than its own size. It
// borrows src and tail. The error is the decompressor's. Owner only.
func (f *Inflater) Append(dst *Buf, src, tail []byte, limit int) (more bool, err error) {
	f.src = [2][]byte{src, tail}
	if err := f.r.(flate.Resetter).Reset(f, nil); err != nil {
		return false, err
	}
	start := len(dst.B)
	for {
		// One byte beyond the limit tells what is too long from what just fits.
		at := len(dst.B)
		left := start + limit + 1 - at
		if at == cap(dst.B) {
			dst.Grow(min(left, 512), start+limit+1)
		}
		n, err := f.r.Read(dst.B[at:min(cap(dst.B), at+left)])
		dst.B = dst.B[:at+n]
		switch {
		case n == left:
			dst.B = dst.B[:start]
			return true, nil
		case err == io.EOF:
			return false, nil
		case err != nil:
			return false, err
		}
	}
}

// Read is the decompressor's.
func (f *Inflater) Read(p []byte) (int, error) {
	if len(f.src[0]) == 0 {
		f.src[0], f.src[1] = f.src[1], nil
		if len(f.src[0]) == 0 {
			return 0, io.EOF
		}
	}
	n := copy(p, f.src[0])
	f.src[0] = f.src[0][n:]
	return n, nil
}

// ReadByte is the decompressor's, which needs no buffer of its own with it.
func (f *Inflater) ReadByte() (byte, error) {
	if len(f.src[0]) == 0 {
		f.src[0], f.src[1] = f.src[1], nil
		if len(f.src[0]) == 0 {
			return 0, io.EOF
		}
	}
	c := f.src[0][0]
	f.src[0] = f.src[0][1:]
	return c, nil
}
