package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// message is one Engine.IO packet: text with its type, or binary data.
type message struct {
	text   string
	binary []byte
}

// transport carries messages; pings are answered below.
type transport interface {
	send(ms []message) error
	receive(ctx context.Context) (message, error)
	close()
}

func open(ctx context.Context, base string, o Options) (transport, error) {
	query := "EIO=4&transport="
	if o.Query != "" {
		query = o.Query + "&" + query
	}
	switch o.Transport {
	case "", "websocket":
		t, err := dialWebsocket(ctx, base+"?"+query+"websocket", o.Header)
		if err != nil {
			return nil, err
		}
		m, err := t.receive(ctx)
		if err == nil && !strings.HasPrefix(m.text, `0{"sid":"`) {
			err = fmt.Errorf("client: %q instead of the open packet", m.text)
		}
		if err != nil {
			t.close()
			return nil, err
		}
		return t, nil
	case "polling", "upgrade":
		p, err := dialPolling(ctx, base+"?"+query+"polling", o.Header)
		if err != nil || o.Transport == "polling" {
			return p, err
		}
		p.moved = true
		defer p.close()
		return upgrade(ctx, base+"?"+query+"websocket&sid="+url.QueryEscape(p.sid), o.Header)
	}
	return nil, fmt.Errorf("client: transport %q", o.Transport)
}

// upgrade moves a polling session, of which no GET waits, to a websocket.
func upgrade(ctx context.Context, target string, h http.Header) (transport, error) {
	t, err := dialWebsocket(ctx, target, h)
	if err != nil {
		return nil, err
	}
	if err = t.send([]message{{text: "2probe"}}); err == nil {
		var m message
		if m, err = t.receive(ctx); err == nil && m.text != "3probe" {
			err = fmt.Errorf("client: %q instead of 3probe", m.text)
		}
	}
	if err == nil {
		err = t.send([]message{{text: "5"}})
	}
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

type websocket struct {
	conn net.Conn
	br   io.Reader
	mu   sync.Mutex // one message at a time goes out
}

func dialWebsocket(ctx context.Context, target string, h http.Header) (*websocket, error) {
	d := ws.Dialer{Header: ws.HandshakeHeaderHTTP(h)}
	conn, br, _, err := d.Dial(ctx, "ws"+strings.TrimPrefix(target, "http"))
	if err != nil {
		return nil, err
	}
	t := &websocket{conn: conn, br: conn}
	if br != nil {
		t.br = io.MultiReader(io.LimitReader(br, int64(br.Buffered())), conn)
	}
	return t, nil
}

func (t *websocket) send(ms []message) error {
	var b bytes.Buffer
	for _, m := range ms {
		var err error
		if m.binary != nil {
			err = wsutil.WriteClientBinary(&b, bytes.Clone(m.binary))
		} else {
			err = wsutil.WriteClientText(&b, []byte(m.text))
		}
		if err != nil {
			return err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := t.conn.Write(b.Bytes())
	return err
}

func (t *websocket) receive(ctx context.Context) (message, error) {
	stop := context.AfterFunc(ctx, t.close)
	defer stop()
	for {
		data, op, err := wsutil.ReadServerData(struct {
			io.Reader
			io.Writer
		}{t.br, t.conn})
		switch {
		case err != nil:
			return message{}, err
		case op == ws.OpBinary:
			return message{binary: append([]byte{}, data...)}, nil
		case string(data) != "2":
			return message{text: string(data)}, nil
		}
		if err := t.send([]message{{text: "3"}}); err != nil {
			return message{}, err
		}
	}
}

func (t *websocket) close() { t.conn.Close() }

type pollingTransport struct {
	target, sid string
	header      http.Header
	http        *http.Client
	life        context.Context
	end         context.CancelFunc
	posting     sync.Mutex
	queue       []message // received, not yet given; one reader
	moved       bool      // upgraded: the session is another transport's
	closing     sync.Once
}

func dialPolling(ctx context.Context, target string, h http.Header) (*pollingTransport, error) {
	p := &pollingTransport{target: target, header: h, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}}}
	p.life, p.end = context.WithCancel(context.Background())
	body, err := p.do(ctx, http.MethodGet, nil)
	if err != nil {
		p.close()
		return nil, err
	}
	var hello struct{ Sid string }
	if !bytes.HasPrefix(body, []byte{'0'}) || json.Unmarshal(body[1:], &hello) != nil || len(hello.Sid) != 20 {
		p.close()
		return nil, fmt.Errorf("client: %q instead of the open packet", body)
	}
	p.sid = hello.Sid
	p.target += "&sid=" + url.QueryEscape(p.sid)
	return p, nil
}

// do makes one request, which ends with ctx and with the transport.
func (p *pollingTransport) do(ctx context.Context, method string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.life, cancel)()
	req, err := http.NewRequestWithContext(ctx, method, p.target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range p.header {
		req.Header[name] = values
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	res, err := p.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("client: %s %s", res.Status, got)
	}
	return got, err
}

func (p *pollingTransport) send(ms []message) error {
	parts := make([]string, len(ms))
	for i, m := range ms {
		if parts[i] = m.text; m.binary != nil {
			parts[i] = "b" + base64.StdEncoding.EncodeToString(m.binary)
		}
	}
	p.posting.Lock()
	defer p.posting.Unlock()
	got, err := p.do(context.Background(), http.MethodPost, []byte(strings.Join(parts, "\x1e")))
	switch {
	case p.life.Err() != nil:
		return ErrClosed // perhaps by what was sent, before its answer was read
	case err == nil && string(got) != "ok":
		err = fmt.Errorf("client: a POST was answered %q", got)
	}
	return err
}

func (p *pollingTransport) receive(ctx context.Context) (message, error) {
	for len(p.queue) == 0 {
		body, err := p.do(ctx, http.MethodGet, nil)
		if err != nil {
			return message{}, err
		}
		for packet := range strings.SplitSeq(string(body), "\x1e") {
			switch {
			case packet == "2":
				if err := p.send([]message{{text: "3"}}); err != nil {
					return message{}, err
				}
			case packet == "6":
			case packet == "1":
				return message{}, errors.New("the server closed the session")
			case strings.HasPrefix(packet, "b"):
				bin, err := base64.StdEncoding.DecodeString(packet[1:])
				if err != nil {
					return message{}, err
				}
				p.queue = append(p.queue, message{binary: append([]byte{}, bin...)})
			default:
				p.queue = append(p.queue, message{text: packet})
			}
		}
	}
	m := p.queue[0]
	p.queue = p.queue[1:]
	return m, nil
}

// close aborts the GET that waits. A server without one would learn of the end
// from its heartbeat alone, so a close packet follows, whatever becomes of it.
func (p *pollingTransport) close() {
	p.closing.Do(func() {
		p.end()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.target, strings.NewReader("1"))
		if err == nil && !p.moved {
			if res, err := p.http.Do(req); err == nil {
				res.Body.Close()
			}
		}
		p.http.CloseIdleConnections()
	})
}
