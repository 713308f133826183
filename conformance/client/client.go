// Package client is a small Socket.IO client for tests: websocket, long-polling,
// and polling with an upgrade. It checks what it receives and hides nothing, so
// it is no client for applications.
package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// Options say how to connect. The zero value is a websocket to "/" below
// /socket.io/.
type Options struct {
	Transport string // "websocket" (also ""), "polling", "upgrade"
	Path      string // "" means "/socket.io/"
	Namespace string // "" means "/"
	Auth      any    // nil: none
	Header    http.Header
	Query     string // more of the query, "a=b&c=d"
}

// ErrRefused is matched by the error of a namespace that refused the client.
var ErrRefused = errors.New("client: refused")

// ErrClosed is the end of a client, whoever ended it.
var ErrClosed = errors.New("client: closed")

// RefusedError is what a CONNECT_ERROR says.
type RefusedError struct {
	Message string
	Data    json.RawMessage
}

// Error is the message.
func (e *RefusedError) Error() string { return "client: refused: " + e.Message }

// Is matches ErrRefused.
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }

// Client is one connection to one namespace. Any goroutine.
type Client struct {
	ID string // the socket's id

	t      transport
	nsp    string // with its comma, "" for "/"
	events chan Event

	mu   sync.Mutex
	next uint64
	acks map[uint64]chan Event
	err  error // set before done is closed
	done chan struct{}
}

// Dial connects to a namespace of the server at base, "http://127.0.0.1:3000".
// It blocks until the namespace has answered or ctx is done.
func Dial(ctx context.Context, base string, o Options) (*Client, error) {
	if o.Path == "" {
		o.Path = "/socket.io/"
	}
	t, err := open(ctx, base+o.Path, o)
	if err != nil {
		return nil, err
	}
	c := &Client{t: t, events: make(chan Event, 1<<14), acks: map[uint64]chan Event{}, done: make(chan struct{})}
	if o.Namespace != "" && o.Namespace != "/" {
		c.nsp = o.Namespace + ","
	}
	if err := c.join(ctx, o.Auth); err != nil {
		t.close()
		return nil, err
	}
	go c.read()
	return c, nil
}

func (c *Client) join(ctx context.Context, auth any) error {
	packet := "40" + c.nsp
	if auth != nil {
		b, err := json.Marshal(auth)
		if err != nil {
			return err
		}
		packet += string(b)
	}
	if err := c.t.send([]message{{text: packet}}); err != nil {
		return err
	}
	m, err := c.t.receive(ctx)
	if err != nil {
		return err
	}
	if data, ok := strings.CutPrefix(m.text, "44"+c.nsp); ok {
		refused := &RefusedError{}
		return errors.Join(json.Unmarshal([]byte(data), refused), refused)
	}
	data, ok := strings.CutPrefix(m.text, "40"+c.nsp)
	var reply struct{ Sid string }
	if !ok || json.Unmarshal([]byte(data), &reply) != nil || reply.Sid == "" {
		return fmt.Errorf("client: %q for an answer to CONNECT", m.text)
	}
	c.ID = reply.Sid
	return nil
}

// read hands out what comes, until the end.
func (c *Client) read() {
	err := c.readAll()
	c.mu.Lock()
	c.err = fmt.Errorf("%w: %w", ErrClosed, err)
	close(c.done)
	c.mu.Unlock()
	c.t.close()
}

var errDisconnected = errors.New("the server disconnected the socket")

func (c *Client) readAll() error {
	for {
		m, err := c.t.receive(context.Background())
		if err != nil {
			return err
		}
		if m.text == "41"+c.nsp {
			return errDisconnected
		}
		p, err := parse(m, c.nsp)
		if err != nil {
			return err
		}
		for range p.attachments {
			bin, err := c.t.receive(context.Background())
			if err != nil {
				return err
			}
			if bin.binary == nil {
				return fmt.Errorf("client: %q instead of an attachment", bin.text)
			}
			p.Attachments = append(p.Attachments, bin.binary)
		}
		p.c = c
		if !p.ack {
			c.events <- p.Event
			continue
		}
		c.mu.Lock()
		reply := c.acks[p.id]
		delete(c.acks, p.id)
		c.mu.Unlock()
		if reply == nil {
			return fmt.Errorf("client: an ack %d that nobody asked for", p.id)
		}
		reply <- p.Event
	}
}

// Emit sends an event. A []byte argument travels as an attachment.
func (c *Client) Emit(event string, args ...any) error {
	return c.send("2", "", append([]any{event}, args...))
}

// Ask emits and waits for the acknowledgement.
func (c *Client) Ask(ctx context.Context, event string, args ...any) (Event, error) {
	reply := make(chan Event, 1)
	c.mu.Lock()
	id := c.next
	c.next++
	c.acks[id] = reply
	c.mu.Unlock()
	if err := c.send("2", fmt.Sprint(id), append([]any{event}, args...)); err != nil {
		return Event{}, err
	}
	select {
	case e := <-reply:
		return e, nil
	case <-c.done:
		return Event{}, c.Err()
	case <-ctx.Done():
		return Event{}, fmt.Errorf("client: ack of %q: %w", event, ctx.Err())
	}
}

// Next waits for the next event, whatever its name.
func (c *Client) Next(ctx context.Context) (Event, error) {
	select {
	case e := <-c.events:
		return e, nil
	default:
	}
	select {
	case e := <-c.events:
		return e, nil
	case <-c.done:
		return Event{}, c.Err()
	case <-ctx.Done():
		return Event{}, fmt.Errorf("client: next event: %w", ctx.Err())
	}
}

// Wait waits for the next event of that name and drops the others.
func (c *Client) Wait(ctx context.Context, name string) (Event, error) {
	for {
		e, err := c.Next(ctx)
		if err != nil || e.Name == name {
			return e, err
		}
	}
}

func (c *Client) send(kind, id string, args []any) error {
	var list []json.RawMessage
	var bins []message
	for _, a := range args {
		b, ok := a.([]byte)
		if ok {
			list = append(list, json.RawMessage(fmt.Sprintf(`{"_placeholder":true,"num":%d}`, len(bins))))
			bins = append(bins, message{binary: b})
			continue
		}
		raw, err := json.Marshal(a)
		if err != nil {
			return err
		}
		list = append(list, raw)
	}
	if list == nil {
		list = []json.RawMessage{}
	}
	body, err := json.Marshal(list)
	if err != nil {
		return err
	}
	if len(bins) > 0 { // 5 and 6 are 2 and 3 with attachments
		kind = fmt.Sprintf("%c%d-", kind[0]+3, len(bins))
	}
	return c.t.send(append([]message{{text: "4" + kind + c.nsp + id + string(body)}}, bins...))
}

// Done is closed when the client has ended. Err says why.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err is nil until the client has ended; it then matches ErrClosed.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Leave leaves the namespace and keeps the connection.
func (c *Client) Leave() error { return c.t.send([]message{{text: "41" + c.nsp}}) }

// Close ends the connection and waits until it has ended.
func (c *Client) Close() {
	c.t.close()
	<-c.done
}
