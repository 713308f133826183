package adminui

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/sio"
)

// TestOptions: what makes no sense is said at once.
func TestOptions(t *testing.T) {
	for _, o := range []Options{{}, {PasswordHash: "secret"}, {NoAuth: true, PasswordHash: hashOf(t, "x")}, {NoAuth: true, Mode: 7}, {NoAuth: true, StatsInterval: -1}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	ui, err := New(Options{NoAuth: true})
	if err != nil {
		t.Fatal(err)
	}
	other, err := sio.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := ui.Instrument(other); !errors.Is(err, ErrHooks) {
		t.Errorf("Instrument: %v", err)
	}
}

// TestAuth: a password gives a session before the CONNECT is answered and after it,
// a session lets in without it, and what is wrong is refused in the reference's words.
func TestAuth(t *testing.T) {
	r := newRig(t, Options{Username: "ada", PasswordHash: hashOf(t, "secret")})
	c := r.dial()
	c.send(`40/admin,{"username":"ada","password":"secret"}`)
	p := c.read()
	m := regexp.MustCompile(`^42/admin,\["session","([0-9a-f]{16})"\]$`).FindStringSubmatch(p)
	if m == nil {
		t.Fatalf("%s is no session", p)
	}
	if p = c.read(); !strings.HasPrefix(p, `40/admin,{"sid":"`) {
		t.Fatalf("after the session: %s", p)
	}
	for c.read() != m[0] { // again, now that the front end listens
	}
	c = r.dial()
	c.send(`40/admin,{"sessionId":"` + m[1] + `"}`)
	if p = c.read(); !strings.HasPrefix(p, `40/admin,{"sid":"`) {
		t.Errorf("with a session: %s", p)
	}
	for _, bad := range []string{
		``, `{}`, `{"username":"ada"}`, `{"username":"ada","password":"Secret"}`, `{"username":"eve","password":"secret"}`,
		`{"username":["ada"],"password":"secret"}`, `{"username":"ada","password":{"a":1}}`, `{"sessionId":"0123456789abcdef"}`,
		`{"sessionId":1e308}`, `{"sessionId":""}`, `{"username":"ada","password":"` + strings.Repeat("x", 100_000) + `"}`,
	} {
		c := r.dial()
		c.send("40/admin," + bad)
		if p := c.read(); p != `44/admin,{"message":"invalid credentials"}` {
			t.Errorf("%.60s: %s", bad, p)
		}
	}
}

// TestSessions: they are bounded in number and time.
func TestSessions(t *testing.T) {
	m := NewMemoryStore(2, time.Minute)
	now := time.Now()
	m.now = func() time.Time { return now }
	ctx := t.Context()
	known := func() (s string) {
		for _, id := range []string{"a", "b", "c"} {
			if ok, _ := m.Exists(ctx, id); ok {
				s += id
			}
		}
		return s
	}
	for _, id := range []string{"a", "b", "b", "c"} {
		_ = m.Save(ctx, id)
	}
	if got := known(); got != "bc" {
		t.Errorf("known: %q", got)
	}
	now = now.Add(2 * time.Minute)
	if got := known(); got != "" {
		t.Errorf("known later: %q", got)
	}
	if _ = m.Save(ctx, "a"); len(m.ends) != 1 || len(m.order) != 1 {
		t.Errorf("%d are kept", len(m.ends))
	}
}

// TestGuesses: of many who guess at a time most are sent away at once.
func TestGuesses(t *testing.T) {
	ui, err := New(Options{Username: "ada", PasswordHash: hashOf(t, "secret")})
	if err != nil {
		t.Fatal(err)
	}
	for range maxGuesses {
		ui.guesses.waiting <- struct{}{}
	}
	if err := ui.compare(t.Context(), "ada", "secret"); !errors.Is(err, errBusy) {
		t.Errorf("compare: %v", err)
	}
	<-ui.guesses.waiting
	if err := ui.compare(t.Context(), "ada", "secret"); err != nil || len(ui.guesses.comparing) != 0 {
		t.Errorf("compare: %v", err)
	}
}

// TestConfig: the features of each mode.
func TestConfig(t *testing.T) {
	all := `"EMIT","JOIN","LEAVE","DISCONNECT","MJOIN","MLEAVE","MDISCONNECT",`
	for want, o := range map[string]Options{
		`{"supportedFeatures":[` + all + `"AGGREGATED_EVENTS","ALL_EVENTS"]}`: {},
		`{"supportedFeatures":["AGGREGATED_EVENTS","ALL_EVENTS"]}`:            {ReadOnly: true},
		`{"supportedFeatures":[` + all + `"AGGREGATED_EVENTS"]}`:              {Mode: Production},
		`{"supportedFeatures":["AGGREGATED_EVENTS"]}`:                         {Mode: Production, ReadOnly: true},
	} {
		r := newRig(t, o)
		c, _ := r.join("40/admin,")
		if got := string(c.event("config")[0]); got != want {
			t.Errorf("config %s, want %s", got, want)
		}
	}
}

// TestServerStats: the figures of the server, in Production mode, and what was
// counted since the last time; nothing is counted while nobody looks.
func TestServerStats(t *testing.T) {
	r := newRig(t, Options{Mode: Production, ServerID: "one"})
	before, _ := r.join("40")
	before.send(`42["unseen"]`)
	admin := r.watch()
	c, _ := r.join("40")
	c.send(`42["hello",1]`)
	sums := map[string]uint64{}
	var st serverStats
	for sums["packetsIn"] < 2 || sums["rawConnection"] < 1 || sums["packetsOut"] < 2 {
		if err := json.Unmarshal(admin.event("server_stats")[0], &st); err != nil {
			t.Fatal(err)
		}
		for _, a := range st.Aggregated {
			if a.Timestamp%1000 != 0 || a.Count == 0 {
				t.Errorf("aggregated: %+v", a)
			}
			sums[a.Type] += a.Count
		}
	}
	if st.ServerID != "one" || st.PID == 0 || st.Uptime <= 0 || st.Clients != 3 || st.Polling != 0 {
		t.Errorf("stats: %+v", st)
	}
	slices.SortFunc(st.Namespaces, func(a, b namespaceStats) int { return strings.Compare(a.Name, b.Name) })
	if want := []namespaceStats{{"/", 2}, {"/admin", 1}}; !slices.Equal(st.Namespaces, want) {
		t.Errorf("namespaces: %v", st.Namespaces)
	}
	c.c.Close()
	if a := admin.event("server_stats", "rawDisconnection"); !strings.Contains(string(a[0]), `"subType":"transport close"`) {
		t.Errorf("stats: %s", a[0])
	}
	for _, name := range []string{"serverId", "hostname", "pid", "uptime", "clientsCount", "pollingClientsCount", "aggregatedEvents", "namespaces", "socketsCount"} {
		admin.event("server_stats", `"`+name+`":`)
	}
	r.ui.leave(nil, "")
	if r.ui.received(nil, []byte("x")); r.ui.watched.Load() { // a session would be asked for its loop
		t.Error("somebody looks")
	}
	_ = r.ui.enter(nil)
}

// TestStream: each event of Development mode, with what the reference sends.
func TestStream(t *testing.T) {
	r := newRig(t, Options{})
	r.io.Of("/chat").On("out", func(e *sio.Event) error {
		s := e.Socket()
		s.Join("lobby")
		s.Data().Set("name", "Ada")
		s.Data().Set("odd", make(chan int))
		return s.Emit("out", 1)
	})
	early, id := r.join("40/chat,")
	admin, _ := r.join("40/admin,")
	all := string(admin.event("all_sockets", id)[0])
	for _, part := range []string{
		`"id":"` + id + `","clientId":"`, `"transport":"websocket","nsp":"/chat","data":{},"handshake":{"address":"192.0.2.9","headers":{`,
		`"query":{"EIO":"4","k":"v","transport":"websocket"},"issued":`, `"secure":false,"time":"`, `"url":"/socket.io/?EIO=4&transport=websocket&k=v"`,
		`"xdomain":false}`, `"rooms":["` + id + `"]}`,
	} {
		if !strings.Contains(strings.ReplaceAll(all, `\u0026`, "&"), part) {
			t.Errorf("all_sockets has no %s: %s", part, all)
		}
	}
	early.send(`42/chat,["out",{"a":1}]`)
	date := `"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z"`
	expect := func(event, pattern string, parts ...string) {
		t.Helper()
		var list []string
		for _, a := range admin.event(event, parts...) {
			list = append(list, string(a))
		}
		if got := strings.Join(list, ","); !regexp.MustCompile("^" + pattern + "$").MatchString(got) {
			t.Errorf("%s %s, want %s", event, got, pattern)
		}
	}
	expect("event_received", `"/chat","`+id+`",\["out",\{"a":1\}\],`+date)
	expect("room_joined", `"/chat","lobby","`+id+`",`+date, "lobby")
	expect("socket_updated", `\{"data":\{"name":"Ada"\},"id":"`+id+`","nsp":"/chat"\}`)
	expect("socket_updated", `\{"data":\{"name":"Ada","odd":"chan int"\},"id":"`+id+`","nsp":"/chat"\}`)
	expect("event_sent", `"/chat","`+id+`",\["out",1\],`+date)
	early.send("41/chat,")
	expect("room_left", `"/chat","`+id+`","`+id+`",`+date, id+`","`+id)
	expect("socket_disconnected", `"/chat","`+id+`","client namespace disconnect",`+date)

	late, id := r.join("40")
	expect("socket_connected", `\{"id":"`+id+`",.*\},`+date, id)
	late.send(`451-["bin",{"_placeholder":true,"num":0}]`)
	binary(late, []byte("raw"))
	if a := admin.event("event_received", `"bin"`); string(a[2]) != `["bin",{"_placeholder":true,"num":0}]` {
		t.Errorf("binary: %s", a)
	}
	_ = r.io.To(id).EmitRaw("bad", []byte("{")) // the admins stay
	late.c.Close()
	expect("socket_disconnected", `"/","`+id+`","transport close",`+date, id)
}

// TestDynamic: namespaces that are made later are told of, too.
func TestDynamic(t *testing.T) {
	r := newRig(t, Options{})
	r.io.OfPattern(regexp.MustCompile(`^/room-\d+$`))
	admin := r.watch()
	c, id := r.join("40/room-7,")
	admin.event("socket_connected", id, `"nsp":"/room-7"`)
	c.send(`42/room-7,["once"]`)
	admin.event("event_received", `"/room-7","`+id+`",["once"]`)
	c.send(`42/room-7,["twice"]`)
	admin.event("event_received", "twice")
	if i := slices.IndexFunc(admin.past, func(p string) bool { return strings.Contains(p, "once") }); i >= 0 {
		t.Errorf("told twice: %s", admin.past[i])
	}
}

// TestCommands: an admin emits, joins, leaves and disconnects.
func TestCommands(t *testing.T) {
	r := newRig(t, Options{Mode: Production})
	a, idA := r.join("40")
	b, _ := r.join("40")
	admin := r.watch()
	admin.send(`42/admin,["emit","/",null,"hi",1,{"x":[2]}]`)
	for _, c := range []*client{a, b} {
		if p := c.read(); p != `42["hi",1,{"x":[2]}]` {
			t.Errorf("emit: %s", p)
		}
	}
	admin.send(`42/admin,["join","/","vip","` + idA + `"]`)
	admin.send(`42/admin,["emit","/","vip","only"]`)
	admin.send(`42/admin,["emit","/","` + idA + `","none"]`)
	if p := a.read() + a.read(); p != `42["only"]42["none"]` {
		t.Errorf("to a room: %s", p)
	}
	admin.send(`42/admin,["leave","/","vip"]`)
	admin.send(`42/admin,["emit","/","vip","gone"]`)
	admin.send(`42/admin,["_disconnect","/",false,"` + idA + `"]`)
	if p := a.read(); p != "41" {
		t.Errorf("disconnected: %s", p)
	}
	admin.send(`451-/admin,["emit","/",null,"bin",{"_placeholder":true,"num":0}]`)
	binary(admin, []byte{1, 2, 3})
	if p := b.read(); p != `451-["bin",{"_placeholder":true,"num":0}]` {
		t.Errorf("binary: %s", p)
	}
}

// TestHostileCommands: what is wrong is refused; nothing panics, nobody else is
// harmed, and no namespace is made.
func TestHostileCommands(t *testing.T) {
	r := newRig(t, Options{Mode: Production})
	other, _ := r.join("40")
	admin := r.watch()
	long := strings.Repeat("x", 100_000)
	bad := []string{
		`["emit"]`, `["emit","/"]`, `["emit","/",null]`, `["emit","/",null,7]`, `["emit","/",null,"connect"]`, `["emit","/",{"a":1},"e"]`,
		`["emit","/",["r"],"e"]`, `["emit",null,null,"e"]`, `["emit","/none",null,"e"]`, `["emit","/","` + long + `","e"]`, `["emit","/",null,"` + long + `"]`,
		`["join"]`, `["join","/"]`, `["join","/",null]`, `["join","/",""]`, `["join","/",{"a":1}]`, `["join","/none","r"]`, `["join","/","r",5]`, `["join","/","` + long + `"]`,
		`["leave"]`, `["leave","/",[]]`, `["leave",7,"r"]`, `["leave","/","r",true]`,
		`["_disconnect"]`, `["_disconnect","/none",true]`, `["_disconnect","/","yes"]`, `["_disconnect","/",true,[]]`, `["_disconnect",{}]`,
	}
	for _, p := range bad {
		admin.send("42/admin," + p)
		if err := <-r.errs; !errors.Is(err, errCommand) && !errors.Is(err, sio.ErrReserved) {
			t.Errorf("%.60s: %v", p, err)
		}
	}
	if n := len(r.io.Namespaces()); n != 2 {
		t.Errorf("%d namespaces", n)
	}
	_ = r.io.Emit("still", "here")
	if p := other.read(); p != `42["still","here"]` {
		t.Errorf("another client: %s", p)
	}
	admin.event("server_stats")
}

// TestReadOnly: the commands do nothing.
func TestReadOnly(t *testing.T) {
	r := newRig(t, Options{ReadOnly: true})
	gone := make(chan struct{})
	r.ui.admin.OnDisconnect(func(*sio.Socket, sio.Reason) { close(gone) })
	c, id := r.join("40")
	admin := r.watch()
	for _, p := range []string{`["emit","/",null,"hi"]`, `["join","/","vip"]`, `["leave","/","` + id + `"]`, `["_disconnect","/",true]`} {
		admin.send("42/admin," + p)
	}
	admin.send("41/admin,")
	<-gone // after the commands: events are handled in order
	if rooms, err := r.io.Rooms(t.Context()); err != nil || len(rooms) != 0 {
		t.Errorf("rooms %v, %v", rooms, err)
	}
	_ = r.io.Emit("still", "here")
	if p := c.read(); p != `42["still","here"]` {
		t.Errorf("a client: %s", p)
	}
}

// TestHooks: the application's own hooks are called, too.
func TestHooks(t *testing.T) {
	ui, err := New(Options{NoAuth: true})
	if err != nil {
		t.Fatal(err)
	}
	var heard atomic.Int64
	hear := func(*eio.Session) { heard.Add(1) }
	packet := func(*eio.Session, eio.PacketType, []byte, bool) { heard.Add(1) }
	h := ui.Hooks(&eio.Hooks{Flush: hear, Packet: packet, PacketCreate: packet})
	h.Flush(nil)
	h.Packet(nil, eio.PacketPong, nil, false)
	h.PacketCreate(nil, eio.PacketPing, nil, false)
	if heard.Load() != 3 {
		t.Errorf("heard %d", heard.Load())
	}
}

// TestReasons: what an application closes with is bounded.
func TestReasons(t *testing.T) {
	var c counters
	for i := range 3 * maxReasons {
		c.close(fmt.Sprint(i))
	}
	if n := len(c.take()); n != maxReasons+1 {
		t.Errorf("%d reasons", n)
	}
}
