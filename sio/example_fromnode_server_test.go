package sio_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eventloop"
	"github.com/sio-fast/sio-fast/sio"
)

// What docs/FROM-NODE.md shows: servers, namespaces, options.

func Example_fromNodeStandalone() {
	io, _ := sio.New(nil)
	log.Fatal(eventloop.ListenAndServe(":3000", io))
}

func Example_fromNodeHTTP() {
	io, _ := sio.New(nil)
	http.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "hello")
	})
	http.Handle("/socket.io/", io)
	log.Fatal(http.ListenAndServe(":3000", nil))
}

func Example_fromNodeRouter() {
	io, _ := sio.New(nil)
	r := http.NewServeMux() // or chi, gin, Echo: see examples/
	r.Handle("GET /", http.FileServer(http.Dir("public")))
	r.Handle("/socket.io/", io)
	log.Fatal(http.ListenAndServe(":3000", r))
}

func Example_fromNodeBoth() {
	io, err := sio.New(&sio.Options{
		Fallback: http.FileServer(http.Dir("public")), // all that is not Socket.IO's
	})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(eventloop.ListenAndServe(":3000", io))
}

func Example_fromNodeTLS() {
	io, _ := sio.New(nil)
	log.Fatal(http.ListenAndServeTLS(":443", "cert.pem", "key.pem", io))
}

func Example_fromNodeClientCertificates() {
	io, _ := sio.New(nil)
	h := &http.Server{
		Addr: ":443", Handler: io,
		TLSConfig: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert},
	}
	log.Fatal(h.ListenAndServeTLS("cert.pem", "key.pem"))
}

func Example_fromNodeUnix() {
	io, _ := sio.New(nil)
	log.Fatal(eventloop.ListenAndServe("unix:///run/chat.sock", io))
}

func Example_fromNodeUnixHTTP() {
	io, _ := sio.New(nil)
	l, err := net.Listen("unix", "/run/chat.sock")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(l, io))
}

func Example_fromNodeShutdown() {
	io, _ := sio.New(nil)
	server := eventloop.NewServer(":3000", io, nil)
	if err := server.Start(); err != nil {
		log.Fatal(err)
	}
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	<-stop.Done()

	soon, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = io.Close(soon)        // the clients are told: "server shutting down"
	_ = server.Shutdown(soon) // the address is free
}

func Example_fromNodeNamespaces() {
	io, _ := sio.New(nil)
	admin := io.Of("/admin")
	admin.Use(func(s *sio.Socket) error { // for this namespace
		var auth struct{ Token string }
		if err := s.Handshake().Bind(&auth); err != nil || auth.Token != "secret" {
			return errors.New("not authorized")
		}
		return nil
	})
	admin.OnConnect(func(s *sio.Socket) error {
		return s.Emit("welcome", s.Namespace().Name())
	})
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`40/admin,{"token":"guess"}`)
	v.hears(1)
	v.says(`40/admin,{"token":"secret"}`)
	v.hears(2)
	// Output:
	// 44/admin,{"message":"not authorized"}
	// 40/admin,{"sid":"…"}
	// 42/admin,["welcome","/admin"]
}

func Example_fromNodeDynamic() {
	io, _ := sio.New(&sio.Options{CleanupEmpty: true})
	tenants := io.OfPattern(regexp.MustCompile(`^/tenant-\d+$`))
	tenants.OnConnect(func(s *sio.Socket) error {
		return s.Namespace().Emit("joined", s.Namespace().Name()) // to this child
	})
	io.OfFunc(func(name string, h *sio.Handshake) bool {
		return name == "/by-header" && h.Header("X-Key") != "" // may block
	})
	announce := func() error { return tenants.Emit("maintenance", "at noon") } // to all children
	st := open(io)
	defer st.close()
	v := st.visit("40/tenant-7,")
	v.hears(1)
	_ = announce()
	v.hears(1)
	// Output:
	// 42/tenant-7,["joined","/tenant-7"]
	// 42/tenant-7,["maintenance","at noon"]
}

func Example_fromNodeUse() {
	io, _ := sio.New(nil)
	type User struct{ Name string }
	verify := func(token string) (User, error) {
		if token != "abc" {
			return User{}, errors.New("unknown token")
		}
		return User{"Ada"}, nil
	}
	user := sio.NewKey[User]("user")

	io.Use(func(s *sio.Socket) error {
		var auth struct{ Token string }
		if err := s.Handshake().Bind(&auth); err != nil {
			return err
		}
		u, err := verify(auth.Token)
		if err != nil {
			return &sio.ConnectError{Message: "not authorized", Data: map[string]string{"content": "please retry later"}}
		}
		user.Set(s, u)
		return nil
	})
	io.OnConnect(func(s *sio.Socket) error {
		u, _ := user.Get(s)
		return s.Emit("hello", u.Name)
	})
	st := open(io)
	defer st.close()
	v := st.visit(`40{"token":"guess"}`)
	v.says(`40{"token":"abc"}`)
	v.hears(2)
	// Output:
	// 40{"sid":"…"}
	// 42["hello","Ada"]
}

func Example_fromNodeUsePacket() {
	io, _ := sio.New(nil)
	io.UsePacket(func(e *sio.Event) error {
		if e.Name() == "secret" {
			return errors.New("not for you")
		}
		return nil
	})
	io.OnError(func(s *sio.Socket, event string, err error) {
		_ = s.Emit("refused", event, err.Error())
	})
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`42["secret"]`)
	v.hears(1)
	// Output: 42["refused","secret","not for you"]
}

func Example_fromNodeErrors() {
	io, _ := sio.New(nil)
	sio.On(io, "divide", func(s *sio.Socket, by int) error {
		if by == 0 {
			return errors.New("by nothing")
		}
		return s.Emit("result", 100/by)
	})
	io.OnError(func(s *sio.Socket, event string, err error) {
		var panicked *sio.PanicError
		log.Println(event, err, errors.As(err, &panicked)) // the socket stays
		_ = s.Emit("error in", event)
	})
	log.SetOutput(nowhere{})
	defer log.SetOutput(os.Stderr)
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`42["divide",0]`)
	v.says(`42["divide","x"]`) // no number: the handler is not called
	v.hears(2)
	// Output:
	// 42["error in","divide"]
	// 42["error in","divide"]
}

func Example_fromNodeData() {
	io, _ := sio.New(nil)
	name := sio.NewKey[string]("name") // a package variable, usually
	io.OnConnect(func(s *sio.Socket) error {
		name.Set(s, "Ada")
		return nil
	})
	io.On("who am i", func(e *sio.Event) error {
		n, ok := name.Get(e.Socket()) // typed
		if !ok {
			return nil
		}
		same, _ := e.Socket().Data().Value("name") // any
		return e.Ack(n, same)
	})
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`420["who am i"]`)
	v.hears(1)
	// Output: 430["Ada","Ada"]
}

func Example_fromNodeHandshake() {
	io, _ := sio.New(nil)
	io.OnConnect(func(s *sio.Socket) error {
		h := s.Handshake()
		fmt.Println(h.Address(), h.Query("transport"), h.Header("User-Agent") != "", string(h.Auth))
		return nil
	})
	st := open(io)
	st.visit(`40{"token":"abc"}`)
	st.close() // waits for the handlers
	// Output: 127.0.0.1 polling true {"token":"abc"}
}

func Example_fromNodeServerSideEmit() {
	io, _ := sio.New(nil)
	io.OnServer("hello", func(e *sio.Event) error { // must not block
		var arg string
		return e.Bind(&arg)
	})
	err := io.ServerSideEmit("hello", "world")
	fmt.Println(errors.Is(err, sio.ErrAlone)) // without an adapter there are no others
	// Output: true
}

func Example_fromNodeRecovery() {
	io, err := sio.New(&sio.Options{Recovery: &sio.Recovery{
		MaxDisconnection: 2 * time.Minute,
		Middlewares:      false, // skipped for who comes back
	}})
	if err != nil {
		log.Fatal(err)
	}
	io.OnConnect(func(s *sio.Socket) error {
		if s.Recovered() { // the id, the rooms, the data and what was missed are there
			return nil
		}
		s.Join("lobby")
		return nil
	})
}

func Example_fromNodeOptions() {
	io, err := sio.New(&sio.Options{
		PingInterval: 10 * time.Second,
		PingTimeout:  5 * time.Second,
		MaxPayload:   1 << 20,
		CORS: &sio.CORS{
			Origins:        []string{"https://example.com"},
			AllowedHeaders: []string{"my-custom-header"},
			Credentials:    true,
		},
		Cookie: &sio.Cookie{Name: "io", SameSite: http.SameSiteStrictMode, MaxAge: 24 * time.Hour},
	})
	_, _ = io, err
}

func Example_fromNodeCompression() {
	io, err := sio.New(&sio.Options{
		PerMessageDeflate: &sio.Deflate{Threshold: 1024}, // websockets; off by default
		HTTPCompression:   &sio.Deflate{Threshold: 4096}, // polls; on by default, from 1024
	})
	_, _ = io, err
}

func Example_fromNodeParsers() {
	io, err := sio.New(&sio.Options{Parser: sio.MsgpackParser{}}) // or sio.JSONPacketParser{}
	_, _ = io, err
}

func Example_fromNodeReviver() {
	io, err := sio.New(&sio.Options{
		Reviver: func(key, value []byte) []byte {
			if string(key) == "secret" {
				return nil // taken away
			}
			return value // as it is
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	io.On("say", func(e *sio.Event) error { return e.AckRaw(e.Raw()) })
	st := open(io)
	defer st.close()
	v := st.visit()
	v.says(`421["say",{"secret":1,"text":"hi"}]`)
	v.hears(1)
	// Output: 431[{"text":"hi"}]
}

func Example_fromNodeOlder() {
	io, err := sio.New(&sio.Options{AllowEIO3: true})
	_, _ = io, err
}

func Example_fromNodeBundle() {
	io, err := sio.New(&sio.Options{
		ClientBundle: os.DirFS("node_modules/socket.io-client/dist"), // /socket.io/socket.io.js
	})
	_, _ = io, err
}

func Example_fromNodeEngine() {
	io, err := sio.New(&sio.Options{
		AllowRequest: func(r *sio.Request) error { // allowRequest
			if r.Header("Origin") == "https://evil.example" {
				return errors.New("go away")
			}
			return nil
		},
		UseEngine: []func(*sio.Request, http.Header) error{ // io.engine.use
			func(r *sio.Request, h http.Header) error {
				h.Set("X-Served-By", "go")
				return nil
			},
		},
		InitialHeaders: func(r *sio.Request, h http.Header) { h.Set("X-First", "1") }, // "initial_headers"
		Headers:        func(r *sio.Request, h http.Header) { h.Set("X-Every", "1") }, // "headers"
		OnConnectionError: func(e *sio.ConnectionError) { // "connection_error"
			log.Println(e.Code, e.Message, e.Context)
		},
		GenerateID: func(r *sio.Request) (string, error) { return "my-own-id", nil },
	})
	_, _ = io, err
}

func Example_fromNodeEngineEvents() {
	io, err := sio.New(&sio.Options{EngineHooks: &eio.Hooks{
		Packet:       func(s *eio.Session, t eio.PacketType, data []byte, binary bool) {}, // came
		PacketCreate: func(s *eio.Session, t eio.PacketType, data []byte, binary bool) {}, // goes
		Drain:        func(s *eio.Session) {},
		Heartbeat:    func(s *eio.Session) {},
		Upgrade:      func(s *eio.Session) { log.Println("now on a websocket") },
		Close: func(s *eio.Session, why eio.Reason, detail string, unsent []eio.Unsent) {
			log.Println(why, detail, len(unsent))
		},
	}})
	_, _ = io, err
}

func Example_fromNodeFigures() {
	io, _ := sio.New(nil)
	st := open(io)
	defer st.close()
	st.visit()
	fmt.Println(io.Engine().Clients(), io.Len(), io.Stats().Sockets)
	// Output: 1 1 1
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
