package sio

// Key is the typed way to one of a socket's values ([Socket.Data]). Make it
// once, as a package variable.
type Key[T any] struct{ name string }

// NewKey gives the key to the value of that name. Any goroutine.
func NewKey[T any](name string) Key[T] { return Key[T]{name} }

// Set stores v with s. Any goroutine.
func (k Key[T]) Set(s *Socket, v T) { s.Data().Set(k.name, v) }

// Get returns the value; ok is false if there is none, or one of another type.
// Any goroutine. Does not allocate.
func (k Key[T]) Get(s *Socket) (v T, ok bool) {
	x, _ := s.Data().Value(k.name)
	v, ok = x.(T)
	return v, ok
}

// Delete forgets the value. Any goroutine.
func (k Key[T]) Delete(s *Socket) { s.Data().Delete(k.name) }
