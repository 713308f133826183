package sio

import "maps"

// Data is the named values of one socket: what its application knows about it.
// They are seen by [Broadcast.Sockets]. [Key] is the typed way to one of them.
// Any goroutine.
type Data struct{ s *Socket }

// Data gives the socket's values. Any goroutine.
func (s *Socket) Data() Data { return Data{s} }

// Set stores v under name. Any goroutine.
func (d Data) Set(name string, v any) {
	x := d.s.extra()
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	if x.data == nil {
		x.data = make(map[string]any, 1)
	}
	x.data[name] = v
}

// Value gives what is stored under name. Any goroutine. Does not allocate.
func (d Data) Value(name string) (v any, ok bool) {
	x := d.s.more.Load()
	if x == nil {
		return nil, false
	}
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	v, ok = x.data[name]
	return v, ok
}

// Delete forgets what is stored under name. Any goroutine.
func (d Data) Delete(name string) {
	x := d.s.more.Load()
	if x == nil {
		return
	}
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	delete(x.data, name)
}

// All gives a copy of the values, never nil. Any goroutine.
func (d Data) All() map[string]any {
	x := d.s.more.Load()
	if x == nil {
		return map[string]any{}
	}
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	if x.data == nil {
		return map[string]any{}
	}
	return maps.Clone(x.data)
}
