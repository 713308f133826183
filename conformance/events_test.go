package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/conformance/client"
)

var transports = []string{"websocket", "polling", "upgrade"}

// perTransport runs a test for each way to connect.
func perTransport(t *testing.T, p *process, test func(t *testing.T, o client.Options)) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) { test(t, client.Options{Transport: transport}) })
	}
}

func TestEvents(t *testing.T) {
	p := start(t, "main")
	perTransport(t, p, func(t *testing.T, o client.Options) {
		o.Auth = map[string]string{"k": "v"}
		c := p.dial(t, o)
		var auth map[string]string
		if e, err := c.Next(soon(t)); err != nil || e.Name != "auth" || e.Bind(&auth) != nil || auth["k"] != "v" {
			t.Fatalf("greeting %+v, %v", e, err)
		}
		want := bytes.Repeat([]byte{1, 2, 255}, 5000)
		if err := c.Emit("message", "€🦄", 7, want); err != nil {
			t.Fatal(err)
		}
		e, err := c.Wait(soon(t), "message-back")
		check(t, e, err, want)
		e, err = c.Ask(soon(t), "echo", "€🦄", 7, want)
		check(t, e, err, want)
		if e, err = c.Ask(soon(t), "message-with-ack"); err != nil || len(e.Args) != 0 {
			t.Errorf("%+v, %v", e, err)
		}
	})
}

func check(t *testing.T, e client.Event, err error, want []byte) {
	t.Helper()
	var text string
	var n int
	var got []byte
	if err == nil {
		err = e.Bind(&text, &n, &got)
	}
	if err != nil || text != "€🦄" || n != 7 || !bytes.Equal(got, want) {
		t.Errorf("%q %d %d bytes, %v", text, n, len(got), err)
	}
}

// TestServerAsks has the server want acknowledgements, answered and not.
func TestServerAsks(t *testing.T) {
	p := start(t, "main")
	perTransport(t, p, func(t *testing.T, o client.Options) {
		c := p.dial(t, o)
		answered := make(chan error, 1)
		go func() {
			e, err := c.Wait(soon(t), "question")
			var n int
			if err == nil {
				err = errors.Join(e.Bind(&n), e.Ack(n+1))
			}
			answered <- err
		}()
		var got struct {
			OK    bool
			Args  []int
			Error string
		}
		e, err := c.Ask(soon(t), "ask", "question", 10_000, 41)
		if err = errors.Join(err, <-answered); err != nil || e.Bind(&got) != nil || !got.OK || !slices.Equal(got.Args, []int{42}) {
			t.Errorf("%s, %v", e.Args, err)
		}
		e, err = c.Ask(soon(t), "ask", "silence", 30)
		if err != nil || e.Bind(&got) != nil || got.OK || got.Error != "operation has timed out" {
			t.Errorf("%s, %v", e.Args, err)
		}
	})
}

func TestRefusals(t *testing.T) {
	p := start(t, "main")
	for nsp, want := range map[string]string{"/admin": "missing token", "/nope": "Invalid namespace", "/fn-x": "Invalid namespace"} {
		_, err := client.Dial(soon(t), p.url, client.Options{Namespace: nsp})
		var refused *client.RefusedError
		if !errors.As(err, &refused) || refused.Message != want {
			t.Errorf("%s: %v", nsp, err)
		}
	}
	until(t, "everybody gone", func() bool { return p.stats(t).Clients == 0 })
}

func TestReasons(t *testing.T) {
	p := start(t, "main")
	watcher := p.dial(t, client.Options{Namespace: "/other"})
	perTransport(t, p, func(t *testing.T, o client.Options) {
		for want, do := range map[string]func(c *client.Client) error{
			"client namespace disconnect": (*client.Client).Leave,
			"server namespace disconnect": func(c *client.Client) error { return c.Emit("server-disconnect", true) },
			"forced close":                func(c *client.Client) error { return c.Emit("engine-close") },
		} {
			c := p.dial(t, o)
			if _, err := c.Ask(soon(t), "join", []string{"b", "a"}); err != nil {
				t.Fatal(err)
			}
			if err := do(c); err != nil && !errors.Is(err, client.ErrClosed) {
				t.Fatal(err)
			}
			var how struct {
				Reason string
				Rooms  []string
			}
			e, err := watcher.Ask(soon(t), "reason-of", c.ID)
			if err != nil || e.Bind(&how) != nil || how.Reason != want || !slices.Equal(how.Rooms, []string{"a", "b"}) {
				t.Errorf("%s: %+v, %v", want, how, err)
			}
		}
	})
}

// TestRooms sends through one room from many clients at once: every member gets
// every message once, those of one sender in their order.
func TestRooms(t *testing.T) {
	const clients, rounds = 24, 20
	p := start(t, "main")
	var all []*client.Client
	for i := range clients {
		c := p.dial(t, client.Options{Transport: transports[i%3]})
		if _, err := c.Ask(soon(t), "join", "room"); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	var wg sync.WaitGroup
	for i, c := range all {
		wg.Go(func() {
			for k := range rounds {
				if err := c.Emit("in", "room", "m", i, k); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			next := make([]int, clients)
			for range clients * rounds {
				var from, k int
				e, err := c.Wait(soon(t), "m")
				if err == nil {
					err = e.Bind(&from, &k)
				}
				if err != nil || next[from] != k {
					t.Errorf("client %d: message %d of %d, want %d: %v", i, k, from, next[from], err)
					return
				}
				next[from]++
			}
		})
	}
	wg.Wait()
}

// TestStorm has clients come, join, speak and go in every way at once, while
// one beside them goes on undisturbed. Nothing may be left of them.
func TestStorm(t *testing.T) {
	p := start(t, "main")
	well := p.dial(t, client.Options{})
	files, before := p.files(t), p.stats(t)
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			for k := range 8 {
				visit(t, p, i*100+k)
			}
		})
	}
	gone := make(chan struct{})
	go func() {
		wg.Wait()
		close(gone)
	}()
	for alive := true; alive; {
		select {
		case <-gone:
			alive = false
		case <-time.After(5 * time.Millisecond):
		}
		if _, err := well.Ask(soon(t), "echo", 1); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "everybody gone: "+fmt.Sprint(before), func() bool { return p.stats(t) == before })
	until(t, "descriptors back", func() bool { return p.files(t) <= files+4 }) // some for /stats
}

func visit(t *testing.T, p *process, n int) {
	c, err := client.Dial(soon(t), p.url, client.Options{Transport: transports[n%3], Namespace: []string{"/", "/chat"}[n%2]})
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	for _, ask := range [][]any{{"join", []string{"storm", fmt.Sprint("r", n%7)}}, {"set-data", "n", n}, {"echo", []byte("x"), n}} {
		if _, err := c.Ask(soon(t), ask[0].(string), ask[1:]...); err != nil {
			t.Error(err)
			return
		}
	}
	var end error
	switch n % 5 {
	case 0:
		end = c.Emit("in", "storm", "noise", n)
	case 1:
		end = c.Emit("sockets-leave", "storm", "r1")
	case 2:
		end = c.Emit("seq", 200, "s") // and does not wait for it
	case 3:
		end = c.Emit("to-ask", "storm", "never answered", 50)
	case 4:
		if end = c.Emit("server-disconnect", n%2 == 0); end == nil || errors.Is(end, client.ErrClosed) {
			select {
			case <-c.Done():
			case <-time.After(patience):
				t.Error("not disconnected")
			}
		}
	}
	if end != nil && !errors.Is(end, client.ErrClosed) {
		t.Error(end)
	}
}

// TestLoad is the load contract, decoded and raw.
func TestLoad(t *testing.T) {
	for name, flags := range map[string][]string{"decoded": nil, "raw": {"--raw"}} {
		t.Run(name, func(t *testing.T) {
			p := start(t, "load", flags...)
			a, b := p.dial(t, client.Options{}), p.dial(t, client.Options{Transport: "polling"})
			for _, c := range []*client.Client{a, b} {
				if _, err := c.Ask(soon(t), "join", "room"); err != nil {
					t.Fatal(err)
				}
			}
			e, err := a.Ask(soon(t), "echo", "payload")
			is(t, e, err, "payload")
			for _, emit := range [][]any{{"echo", "one"}, {"all", "two"}} {
				if err := a.Emit(emit[0].(string), emit[1:]...); err != nil {
					t.Fatal(err)
				}
				e, err = a.Wait(soon(t), emit[0].(string))
				is(t, e, err, emit[1].(string))
			}
			if err := a.Emit("room", "room", "three"); err != nil {
				t.Fatal(err)
			}
			e, err = b.Next(soon(t))
			is(t, e, err, "two")
			e, err = b.Next(soon(t))
			is(t, e, err, "three")
			if _, err = a.Ask(soon(t), "echo", "last"); err != nil {
				t.Error(err)
			}
		})
	}
}

func is(t *testing.T, e client.Event, err error, want string) {
	t.Helper()
	var got string
	if err == nil {
		err = e.Bind(&got)
	}
	if err != nil || got != want {
		t.Errorf("%q %q, want %q: %v", e.Name, got, want, err)
	}
}
