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
	d.set(name, v)
	d.changed()
}

func (d Data) set(name string, v any) {
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
	delete(x.data, name)
	d.s.mu.Unlock()
	d.changed()
}

// OnData has fn hear that a value of a socket was set or deleted, by [Socket.Data]
// or a [Key], from when the socket is admitted. It runs on the goroutine that did
// it, after it was done, and must not block. What changes inside of a value is not
// heard of. Any goroutine.
func (n *Namespace) OnData(fn func(s *Socket)) {
	notNil(fn == nil)
	n.change(func(t *table) { t.data = append(t.data[:len(t.data):len(t.data)], fn) })
}

// changed tells the listeners of OnData.
func (d Data) changed() {
	if !d.s.Connected() {
		return
	}
	for _, f := range d.s.nsp.table.Load().data {
		d.tell(f)
	}
}

func (d Data) tell(f func(*Socket)) {
	defer d.s.recovered("data")
	f(d.s)
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
