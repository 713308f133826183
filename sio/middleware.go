package sio

import (
	"maps"
	"slices"
)

// table is everything registered on a namespace. It is immutable: registering
// makes a new one, so that loops and workers read it without a lock.
type table struct {
	use           []func(*Socket) error
	connect       []func(*Socket) error
	disconnecting []func(*Socket, Reason)
	disconnect    []func(*Socket, Reason)
	onError       []func(s *Socket, event string, err error)
	any           []Handler
	drain         []func(*Socket)
	refused       []func(s *Socket, event string)
	room          []func(RoomEvent)
	data          []func(*Socket)
	anyOut        []func(s *Socket, event string, args []byte)
	packet        []func(*Event) error
	wrap          []func(Handler) Handler
	server        map[string]Handler // of OnServer; replaced, never changed
	events        map[string]*entry
	other         *entry // for events without a handler; nil: they are ignored
}

// entry is the handler of one event. run is h behind the namespace's OnAny,
// UsePacket and UseEvent functions, composed when they are registered.
type entry struct {
	name   string
	h      Handler
	run    Handler
	inline bool
}

// change replaces the table by one that edit has changed.
func (n *Namespace) change(edit func(t *table)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := *n.table.Load()
	edit(&t)
	t.compose()
	n.table.Store(&t)
}

// compose makes what runs for each event out of what was registered.
func (t *table) compose() {
	events := make(map[string]*entry, len(t.events))
	for name, e := range t.events {
		c := *e
		c.run = t.chain(e.h)
		events[name] = &c
	}
	t.events = events
	t.other = nil
	if len(t.any)+len(t.packet)+len(t.wrap) > 0 {
		ignore := func(*Event) error { return nil }
		t.other = &entry{h: ignore, run: t.chain(ignore)}
	}
}

// chain puts the catch-all listeners, the packet middlewares and the event
// middlewares before h, in this order, as the reference has it.
func (t *table) chain(h Handler) Handler {
	for _, w := range slices.Backward(t.wrap) {
		h = w(h)
	}
	if len(t.any)+len(t.packet) == 0 {
		return h
	}
	anyEvent, packet, last := t.any, t.packet, h
	return func(e *Event) error {
		for _, f := range anyEvent {
			if err := f(e); err != nil {
				return err
			}
		}
		for _, f := range packet {
			if err := f(e); err != nil {
				return err
			}
		}
		return last(e)
	}
}

// child is the table of a new child of the namespace.
func (t *table) child() *table {
	c := *t
	c.events = maps.Clone(t.events)
	return &c
}

// notNil panics, at the line of the mistake, rather than at every event.
func notNil(isNil bool) {
	if isNil {
		panic("sio: nil function")
	}
}

// mayHandle panics for what cannot be a handler of that event.
func mayHandle(event string, isNil bool) {
	if isNil {
		panic("sio: nil handler for event " + event)
	}
	if reserved(event) {
		panic("sio: " + event + " is a reserved event name")
	}
}

// Use adds a connect middleware: fn runs before a socket is admitted. An error
// refuses it with CONNECT_ERROR (a [*ConnectError] adds data), and later
// middlewares do not run. fn may block; it may emit, which goes out before the
// CONNECT, and join rooms, which are left again if the socket is refused.
func (n *Namespace) Use(fn func(s *Socket) error) {
	notNil(fn == nil)
	n.change(func(t *table) { t.use = append(t.use[:len(t.use):len(t.use)], fn) })
}

// OnConnect has fn run for each socket that was admitted, before any of its
// events. fn may block, and the client may know that it is connected before fn has
// done anything: rooms in which others must find the socket by then are joined in
// [Namespace.Use]. Its error goes to OnError; the socket stays.
func (n *Namespace) OnConnect(fn func(s *Socket) error) {
	notNil(fn == nil)
	n.change(func(t *table) { t.connect = append(t.connect[:len(t.connect):len(t.connect)], fn) })
}

// OnDisconnecting has fn run when a socket begins to disconnect, while
// [Socket.Rooms] still lists its rooms. fn may block.
func (n *Namespace) OnDisconnecting(fn func(s *Socket, why Reason)) {
	notNil(fn == nil)
	n.change(func(t *table) {
		t.disconnecting = append(t.disconnecting[:len(t.disconnecting):len(t.disconnecting)], fn)
	})
}

// OnDisconnect has fn run when a socket has disconnected, after the last of its
// handlers. Every socket that was admitted gets here. fn may block.
func (n *Namespace) OnDisconnect(fn func(s *Socket, why Reason)) {
	notNil(fn == nil)
	n.change(func(t *table) { t.disconnect = append(t.disconnect[:len(t.disconnect):len(t.disconnect)], fn) })
}

// On has h handle event. h may block; events of one socket are handled one at a
// time, in order. A second handler for the same event panics, as does a
// reserved name.
func (n *Namespace) On(event string, h Handler) { n.on2(event, h, false) }

func (n *Namespace) on2(event string, h Handler, inline bool) {
	mayHandle(event, h == nil)
	n.change(func(t *table) {
		if _, ok := t.events[event]; ok {
			panic("sio: second handler for event " + event)
		}
		t.events = maps.Clone(t.events)
		if t.events == nil {
			t.events = make(map[string]*entry)
		}
		t.events[event] = &entry{name: event, h: h, inline: inline}
	})
}

// OnAny has h hear every event before its handler, also those without one. It
// runs where the handler runs; for events without a handler it may block. An
// error keeps the event from its handler and goes to OnError.
func (n *Namespace) OnAny(h Handler) {
	notNil(h == nil)
	n.change(func(t *table) { t.any = append(t.any[:len(t.any):len(t.any)], h) })
}

// OnAnyOutgoing has fn hear every event that goes to a socket: emits, on the
// goroutine that emits, and broadcasts, on the loop for each socket reached. It
// must not block. It borrows args, a comma-separated list of JSON values.
// Acks are not heard of.
func (n *Namespace) OnAnyOutgoing(fn func(s *Socket, event string, args []byte)) {
	notNil(fn == nil)
	n.change(func(t *table) { t.anyOut = append(t.anyOut[:len(t.anyOut):len(t.anyOut)], fn) })
}

// UsePacket adds a packet middleware: fn runs for each event before its
// handler, with or without one. An error keeps the event from its handler and
// goes to OnError. It runs where the handler runs.
func (n *Namespace) UsePacket(fn func(e *Event) error) {
	notNil(fn == nil)
	n.change(func(t *table) { t.packet = append(t.packet[:len(t.packet):len(t.packet)], fn) })
}

// UseEvent wraps every handler of the namespace, and what is done for events
// without one (nothing), in whatever order they are registered. mw is called at
// registration, never for an event, and anew for every handler whenever
// something is registered later; it must not register anything itself. The
// first mw is the outermost.
func (n *Namespace) UseEvent(mw func(next Handler) Handler) {
	notNil(mw == nil)
	n.change(func(t *table) { t.wrap = append(t.wrap[:len(t.wrap):len(t.wrap)], mw) })
}

// OnError has fn hear what handlers return and panic with ([*PanicError]), and
// errors of the protocol; event names where. Without it they are logged. It may
// run on a loop and must not block.
func (n *Namespace) OnError(fn func(s *Socket, event string, err error)) {
	notNil(fn == nil)
	n.change(func(t *table) { t.onError = append(t.onError[:len(t.onError):len(t.onError)], fn) })
}

// Inline gives a registrar whose handlers run on the loop: the fastest way, for
// handlers that do not block. What an inline handler is lent are views into the
// loop's buffer. Order holds among inline handlers, and among the others.
func (n *Namespace) Inline() Registrar { return inline{n} }

// inline is what Inline gives.
type inline struct{ n *Namespace }

// On has h handle event on the loop.
func (i inline) On(event string, h Handler) { i.n.on2(event, h, true) }

// On has h handle event for this socket alone, after the namespace's handler
// and in the same way. It is for ports from Node: it costs memory for each
// socket, where a handler of the namespace costs none. Any goroutine.
func (s *Socket) On(event string, h Handler) {
	mayHandle(event, h == nil)
	x := s.extra()
	s.mu.Lock()
	defer s.mu.Unlock()
	next := make(map[string]*entry, 1)
	if p := x.handlers.Load(); p != nil {
		next = maps.Clone(*p)
	}
	t := s.nsp.table.Load()
	if old := next[event]; old != nil {
		h = both(old.h, h)
	}
	all := h
	if shared := t.events[event]; shared != nil {
		all = both(shared.h, h)
	}
	next[event] = &entry{name: event, h: h, run: t.chain(all)}
	x.handlers.Store(&next)
}

// both runs second unless first fails.
func both(first, second Handler) Handler {
	return func(e *Event) error {
		if err := first(e); err != nil {
			return err
		}
		return second(e)
	}
}

// Off removes the socket's own handlers of event. Any goroutine.
func (s *Socket) Off(event string) {
	x := s.more.Load()
	if x == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := x.handlers.Load(); p != nil {
		next := maps.Clone(*p)
		delete(next, event)
		x.handlers.Store(&next)
	}
}

// find splits the data of an event into its name and its arguments, as eventName
// does, and finds what to run for it, nil for nothing. Loop only. Does not
// allocate.
func (s *Socket) find(data []byte, first int) (en *entry, name, args []byte) {
	ls := s.client.ls
	t := s.nsp.table.Load()
	var own *map[string]*entry
	if x := s.more.Load(); x != nil {
		own = x.handlers.Load()
	}
	var k *known
	if data[1] == '"' && own == nil {
		name = data[2 : first-1 : first-1]
		k = ls.known.of(name)
		if k.table == t && k.entry.name == string(name) {
			return k.entry, name, arrayTail(data, first)
		}
	}
	name, args = eventName(data, first, ls.name[:0])
	if own != nil {
		if en = (*own)[string(name)]; en != nil {
			return en, name, args
		}
	}
	if en = t.events[string(name)]; en == nil {
		return t.other, name, args
	}
	if k != nil && simple(name) {
		*k = known{t, en}
	}
	return en, name, args
}

// known is an entry that was found in a table. Its name has nothing that JSON
// would write otherwise, so whatever has the same bytes means it.
type known struct {
	table *table
	entry *entry
}

// knowns are the last events found on a loop: most that come are of few kinds,
// and to compare a name is a fraction of looking it up.
type knowns [16]known

// of gives the place of a name, as it stands in JSON.
func (k *knowns) of(name []byte) *known {
	h := len(name)
	if h > 0 {
		h += 5*int(name[0]) + 3*int(name[h-1])
	}
	return &k[h%len(k)]
}

// fail reports an error of s.
func (n *Namespace) fail(s *Socket, event string, err error) {
	t := n.table.Load()
	if len(t.onError) == 0 {
		if hidden, ok := n.srv.failures.open(); ok {
			n.srv.opts.Logger.Warn("sio: handler failed", "namespace", n.name, "event", event, "sid", s.ID(), "err", err, unlogged(hidden))
		}
		return
	}
	for _, f := range t.onError {
		n.report(f, s, event, err)
	}
}

func (n *Namespace) report(f func(*Socket, string, error), s *Socket, event string, err error) {
	defer func() {
		if r := recover(); r != nil {
			n.srv.opts.Logger.Error("sio: panic in OnError", "namespace", n.name, "event", event, "panic", r)
		}
	}()
	f(s, event, err)
}

// failPanic reports a panic, and logs it whoever else hears of it.
func (n *Namespace) failPanic(s *Socket, event string, err *PanicError) {
	n.srv.panics.Add(1)
	if hidden, ok := n.srv.crashes.open(); ok {
		n.srv.opts.Logger.Error("sio: panic in handler", "namespace", n.name, "event", event, "sid", s.ID(),
			"panic", err.Value, "stack", string(err.Stack), unlogged(hidden))
	}
	t := n.table.Load()
	for _, f := range t.onError {
		n.report(f, s, event, err)
	}
}
