package pool

import (
	"runtime"
	"sync"
	"testing"
)

func TestInboxOrderAndWake(t *testing.T) {
	var q Inbox[*int]
	n := func(i int) *int { return &i }
	want := func(got []*int, vals ...int) {
		t.Helper()
		if len(got) != len(vals) {
			t.Fatalf("took %d, want %d", len(got), len(vals))
		}
		for i, v := range vals {
			if *got[i] != v {
				t.Fatalf("entry %d is %d, want %d", i, *got[i], v)
			}
		}
	}
	if !q.Empty() {
		t.Error("a new queue is not empty")
	}
	if !q.Post(n(1)) || q.Post(n(2)) {
		t.Error("the first Post wakes, the second does not")
	}
	if q.Empty() {
		t.Error("two entries, and empty")
	}
	first := q.Take()
	want(first, 1, 2)
	if !q.Empty() {
		t.Error("all taken, and not empty")
	}
	if q.Post(n(3)) {
		t.Error("a Post before the owner found nothing must not wake it")
	}
	want(q.Take(), 3)
	if first[0] != nil || first[1] != nil {
		t.Error("the queue holds on to what it lent before")
	}
	want(q.Take())
	if !q.Post(n(4)) {
		t.Error("after a Take that found nothing, Post wakes")
	}
	want(q.Take(), 4)
	want(q.Take())
	want(q.Take())
}

func TestInboxDropsTheRoomOfABurst(t *testing.T) {
	var q Inbox[int]
	for i := range 10 * keepEntries {
		q.Post(i)
	}
	if got := len(q.Take()); got != 10*keepEntries {
		t.Fatalf("took %d", got)
	}
	q.Take()
	q.Take()
	if cap(q.in) > keepEntries || cap(q.out) > keepEntries {
		t.Errorf("an idle queue keeps room for %d and %d", cap(q.in), cap(q.out))
	}
}

// TestInboxManyPosters: no entry is lost or doubled, each poster's order holds,
// and the owner, who sleeps unless woken, sees all.
func TestInboxManyPosters(t *testing.T) {
	type entry struct{ who, n int }
	const posters, each = 8, 5000
	var q Inbox[entry]
	wake := make(chan struct{}, posters*each)
	var wg sync.WaitGroup
	for who := range posters {
		wg.Go(func() {
			for n := range each {
				if q.Post(entry{who, n}) {
					wake <- struct{}{}
				}
				if n%100 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	var next [posters]int
	for seen, wakes := 0, 0; seen < posters*each; wakes++ {
		<-wake
		for batch := q.Take(); len(batch) > 0; batch = q.Take() {
			for _, e := range batch {
				if e.n != next[e.who] {
					t.Fatalf("poster %d: %d, want %d", e.who, e.n, next[e.who])
				}
				next[e.who]++
				seen++
			}
		}
		if wakes > posters*each {
			t.Fatal("more wakes than posts")
		}
	}
	wg.Wait()
	if len(wake) != 0 && q.Empty() && q.armed {
		t.Error("armed, but empty and taken")
	}
}

func BenchmarkInbox(b *testing.B) {
	var q Inbox[*int]
	v := new(int)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		q.Post(v)
		if n++; n%64 == 0 {
			q.Take()
		}
	}
}

func BenchmarkInboxParallel(b *testing.B) {
	var q Inbox[*int]
	v := new(int)
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				if len(q.Take()) == 0 {
					runtime.Gosched()
				}
			}
		}
	}()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			q.Post(v)
		}
	})
	close(stop)
	<-done
}
