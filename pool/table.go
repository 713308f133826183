package pool

// Steps of a table's room, in entries. A slice that grows by itself passes
// through a dozen sizes before it holds ten thousand entries, and the runtime
// keeps books on each size that was ever used: 20 KB and more, for ever, which
// is more than the tables of a thousand clients. The second step is beyond the
// largest such size.
const (
	TableFirst  = 1024
	tableSecond = 8192 + 64
)

// Room gives t with room for at least one entry more. Owner only. Does not
// allocate while there is room.
func Room[T any](t []T) []T {
	n := len(t)
	if n < cap(t) {
		return t
	}
	size := n + n/4
	switch {
	case n < TableFirst:
		size = TableFirst
	case n < tableSecond:
		size = tableSecond
	}
	return append(make([]T, 0, size), t...)
}
