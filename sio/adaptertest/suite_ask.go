package adaptertest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/sio"
)

// short is for what has to end without an answer.
const short = 150 * time.Millisecond

// ask asks what b selects, and gives the answers in some order of their own.
func (r *rig) ask(b sio.Broadcast, patience time.Duration) (answers []string, err error) {
	r.t.Helper()
	r.off(func() {
		var replies []sio.Reply
		replies, err = b.AllAcks(r.context(patience), "ask", "what")
		for _, x := range replies {
			answers = append(answers, x.ID+" "+string(x.Raw()))
		}
	})
	slices.Sort(answers)
	return answers, err
}

func acks(t *testing.T, open func(testing.TB) *Cluster) {
	r := newRig(t, open, 3, sio.Options{})
	var want []string
	for i, x := range r.nodes {
		for k := range 2 {
			c := x.dial("/")
			c.reply = fmt.Sprintf("[%d,%d]", i, k)
			want = append(want, fmt.Sprintf("%s %d,%d", c.sid, i, k))
		}
	}
	local := slices.Sorted(slices.Values(want[:2]))
	slices.Sort(want)
	io := r.nodes[0]
	got, err := r.ask(io.Timeout(patience), patience)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("acks %q, %v, want %q", got, err, want)
	}
	got, err = r.ask(io.Local(), patience)
	if err != nil || !slices.Equal(got, local) {
		t.Errorf("acks of this server %q, %v, want %q", got, err, local)
	}
	got, err = r.ask(io.To("nobody"), patience)
	if err != nil || len(got) != 0 {
		t.Errorf("acks of nobody %q, %v", got, err)
	}
}

func acksLate(t *testing.T, open func(testing.TB) *Cluster) {
	r := newRig(t, open, 2, sio.Options{})
	a, b := r.nodes[0].dial("/"), r.nodes[1].dial("/")
	a.reply = "[1]"
	got, err := r.ask(r.nodes[0].Timeout(short), patience)
	if want := []string{a.sid + " 1"}; !errors.Is(err, sio.ErrAckTimeout) || !slices.Equal(got, want) {
		t.Errorf("acks %q, %v, want %q", got, err, want)
	}
	// A socket that leaves is not waited for.
	done := make(chan error, 1)
	go func() {
		_, err := r.nodes[0].Timeout(patience).AllAcks(r.context(patience), "bye")
		done <- err
	}()
	r.until("it is asked", func() bool { return slices.Contains(b.got, `42["bye"]`) })
	b.Close()
	r.until("it is not waited for", func() bool { return len(done) > 0 })
	if err := <-done; !errors.Is(err, sio.ErrDisconnected) {
		t.Errorf("the end of a socket elsewhere: %v", err)
	}
}

func crash(t *testing.T, open func(testing.TB) *Cluster) {
	r := newRig(t, open, 3, sio.Options{})
	a, b, c := r.nodes[0].dial("/"), r.nodes[1].dial("/"), r.nodes[2].dial("/")
	a.reply, b.reply, c.reply = "[1]", "[2]", "[3]"
	r.cluster.Crash(r.nodes[2].adapter)
	io := r.nodes[0]
	// It may have been missed meanwhile, and then nobody waits for it.
	missed := func(err error) bool {
		return err == nil || errors.Is(err, sio.ErrAckTimeout) || errors.Is(err, sio.ErrServerLeft)
	}
	got, err := r.ask(io.Timeout(short), patience)
	if !missed(err) || len(got) != 2 {
		t.Errorf("acks %q, %v", got, err)
	}
	list, err := r.fetch(io.Compress(true), short)
	if !missed(err) || len(list) != 2 {
		t.Errorf("sockets %v, %v", list, err)
	}
	r.try(io.Emit("end"))
	a.expect("end", `42["ask","what"]`)
	b.expect("end", `42["ask","what"]`)
}

func serverEvents(t *testing.T, open func(testing.TB) *Cluster) {
	r := newRig(t, open, 3, sio.Options{})
	heard := make(chan string, 16)
	for i, x := range r.nodes {
		x.OnServer("hello", func(e *sio.Event) error {
			heard <- fmt.Sprint(i, " ", e.Name(), " ", string(e.Raw()), " ", e.Attachments(), e.WantsAck())
			return nil
		})
	}
	c := r.nodes[1].dial("/")
	r.try(r.nodes[0].ServerSideEmit("hello", 1, []byte("bin")))
	r.try(r.nodes[0].ServerSideEmit("nobody hears this"))
	r.try(r.nodes[0].Emit("end"))
	r.until("the others hear it", func() bool { return len(heard) == 2 })
	got := []string{<-heard, <-heard}
	slices.Sort(got)
	args := `hello 1,{"_placeholder":true,"num":0} 1 false`
	if want := []string{"1 " + args, "2 " + args}; !slices.Equal(got, want) {
		t.Errorf("heard %q, want %q", got, want)
	}
	c.expect("end") // and clients do not
	if len(heard) > 0 {
		t.Errorf("and %q", <-heard)
	}
}

func serverAnswers(t *testing.T, open func(testing.TB) *Cluster) {
	r := newRig(t, open, 3, sio.Options{})
	for i, x := range r.nodes {
		x.OnServer("sum", func(e *sio.Event) error {
			var a, b int
			if err := e.Bind(&a, &b); err != nil {
				return err
			}
			return e.Ack(a+b, i, []byte("bin"))
		})
		x.OnServer("later", func(e *sio.Event) error {
			c := e.Clone()
			go func() { _ = c.Ack(i) }()
			return nil
		})
		x.OnServer("bad", func(*sio.Event) error { panic("on purpose") })
		x.OnServer("silent", func(*sio.Event) error { return nil })
	}
	r.nodes[1].OnServer("one", func(e *sio.Event) error { return e.Ack("me") })
	ask := func(patience time.Duration, event string, args ...any) (got []string, err error) {
		r.off(func() {
			var replies []sio.Reply
			replies, err = r.nodes[0].ServerSideAsk(r.context(patience), event, args...)
			for _, x := range replies {
				got = append(got, string(x.Raw()))
			}
		})
		slices.Sort(got)
		return got, err
	}
	bin := `,{"_placeholder":true,"num":0}`
	for _, c := range []struct {
		event    string
		args     []any
		patience time.Duration
		want     []string
		ok       func(error) bool
	}{
		{"sum", []any{1, 2}, patience, []string{"3,1" + bin, "3,2" + bin}, func(err error) bool { return err == nil }},
		{"later", nil, patience, []string{"1", "2"}, func(err error) bool { return err == nil }},
		{"sum", []any{"x"}, patience, nil, func(err error) bool { return err != nil }},
		{"bad", nil, patience, nil, func(err error) bool { return err != nil }},
		{"one", nil, patience, []string{`"me"`}, func(err error) bool { return errors.Is(err, sio.ErrNoHandler) }},
		{"silent", nil, short, nil, func(err error) bool { return errors.Is(err, sio.ErrAckTimeout) }},
	} {
		if got, err := ask(c.patience, c.event, c.args...); !slices.Equal(got, c.want) || !c.ok(err) {
			t.Errorf("%s: %q, %v, want %q", c.event, got, err, c.want)
		}
	}
}

func leave(t *testing.T, open func(testing.TB) *Cluster) {
	r := newRig(t, open, 3, sio.Options{})
	a, b := r.nodes[0].dial("/"), r.nodes[1].dial("/")
	c := r.nodes[2].dial("/")
	io := r.nodes[0]
	// Whoever waits for a server that leaves is told.
	done := make(chan error, 1)
	go func() {
		_, err := io.To(c.sid).Timeout(patience).AllAcks(r.context(patience), "ask")
		done <- err
	}()
	r.until("it is asked", func() bool { return slices.Contains(c.got, `42["ask"]`) })
	r.nodes[2].close()
	r.until("it is not waited for", func() bool { return len(done) > 0 })
	if err := <-done; err == nil {
		t.Error("there was no answer, and no error")
	}
	r.until("it is missed", func() bool { return io.servers() == 2 && r.nodes[1].servers() == 2 })
	list, err := r.fetch(io.Compress(true), patience)
	if err != nil || len(list) != 2 {
		t.Errorf("sockets %v, %v", list, err)
	}
	r.try(io.Emit("end"))
	a.expect("end")
	b.expect("end")
	if err := r.nodes[2].Emit("x"); !errors.Is(err, sio.ErrClosed) {
		t.Errorf("a closed server emits: %v", err)
	}
	if err := r.nodes[2].ServerSideEmit("x"); !errors.Is(err, sio.ErrClosed) {
		t.Errorf("a closed server emits: %v", err)
	}
}
