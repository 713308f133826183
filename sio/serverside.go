package sio

// ServerSideEmit sends event to the other servers of a cluster, to their
// namespaces of this name and not to clients. A server that stands alone, as
// all do that have no adapter, has no others: it returns [ErrAlone], and
// nothing happens. It returns [ErrReserved] for "connect", "connection" and
// "new_namespace", and the encoder's error. Any goroutine.
func (n *Namespace) ServerSideEmit(event string, args ...any) error {
	switch event {
	case "connect", "connection", "new_namespace":
		return ErrReserved
	}
	sc, err := encode(args)
	if err != nil {
		return err
	}
	sc.free()
	return ErrAlone
}
