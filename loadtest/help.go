package main

import (
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"github.com/sio-fast/sio-fast/loadtest/internal/run"
)

// scenario is what the help says of one.
type scenario struct {
	name, short, long string
	examples          []string
}

var scenarios = []scenario{
	{"connect", "clients come and go; how fast, at what cost",
		`Each client opens a TCP connection, upgrades it, and takes the Engine.IO and the
Socket.IO handshake; when all are there, all leave.

Measured: latency and rate of the whole handshake, server CPU a connect.`,
		[]string{"loadtest connect -n 15000", "loadtest connect -n 2000 --connect-rate 500"}},
	{"idle", "clients do nothing; memory before, with them, and after",
		`All clients connect and do nothing but answer pings for --duration. Then they leave,
and the server's memory is watched for --after.

Measured: resident bytes a client, the kernel's bytes a client (both ends), and how
soon the memory is back within 10 % of what it was.`,
		[]string{"loadtest idle -n 15000 --settle 3s", "loadtest idle -n 15000 --pid 4711 --json idle.json"}},
	{"echo", "each client sends, and waits for its message to come back",
		`Each client keeps --in-flight messages under way: when one is back, as the event
"echo" or by --ack, the next goes. With --rate they go by the clock, in turn.

Measured: latency, server CPU a message, objects allocated a message.`,
		[]string{"loadtest echo --in-flight 10", "loadtest echo --transport polling --html report.html", "loadtest echo -n 500 --rate 20000"}},
	{"fanout", "one client sends to all",
		`The first client emits "all", and every client must get it. The next broadcast goes
when all have the one --in-flight before it, or by the clock with --rate.

Measured: latency of each delivery and of a broadcast's last one, server CPU a
delivery, objects allocated a delivery.`,
		[]string{"loadtest fanout -n 10000", "loadtest fanout -n 10000 --in-flight 8", "loadtest fanout -n 10000 --rate 2"}},
	{"rooms", "the members of each room speak in turn",
		`Clients join rooms of --room-size. In each room --in-flight messages are under way;
when all the others have heard one, the next member speaks.

Measured: latency of each delivery, server CPU and objects a delivery.`,
		[]string{"loadtest rooms -n 1000 --room-size 10", "loadtest rooms --rate 5000"}},
	{"churn", "rounds of visits: connect, echo one message, leave in every way",
		`In each round --visits clients come, echo one message and leave: a third by the
closing handshake, a third by FIN, a third by RST; --clients of them at once.

Measured: memory after each round (it must not grow), visits a second, server CPU a
visit.`,
		[]string{"loadtest churn --rounds 20 --visits 3000 --settle 500ms"}},
	{"slow", "some clients stop reading while one sends to all",
		`One client broadcasts --rate times a second, in --turns: all read for a while; then
--slow-share percent stop reading, for as long; then they read again, and each must
catch up, whole and in order, or find itself cut and come back as a new connection,
for which every message counts from the next one on. Only then the next turn begins.
For each of them --rate times --size bytes a second pile up in --duration / --turns and
the second before it: whether that is above the server's limit is yours to choose.

Measured: the others' latency in both windows of each turn and the median ratio of
their 99th percentiles, the server's memory, and how many were cut. What a cut looks
like depends on the server: a close frame has a code, but one that drops what it has
not sent, as sio-fast does above its limit of a client's backlog, resets (RST), which
is "connection reset by peer" to the client. The server's own reasons stand beside
if --runtime-metrics has a member sessions_closed.`,
		[]string{"loadtest slow -n 300 --slow-share 1 --size 4096 --rate 100",
			"loadtest slow --turns 9 --duration 18s --runtime-metrics http://127.0.0.1:3001/stats"}},
	{"grow", "the same for more and more clients; what each of them costs",
		`For each of --counts: that many clients connect and rest for --settle, then one
sends to all as in fanout, and all leave. With --server each has a new server.

Measured: server CPU a connect, resident bytes a client, the kernel's bytes a client
(slabs and TCP buffers apart, both ends), server CPU a delivery, time to the last
receiver. What is flat in this table stays so; what is not may be the kernel's: let
a bare loop (bench/floor) run --beside, a number named several times gives medians.`,
		[]string{"loadtest grow -n 15000 -d 3s", "loadtest grow --counts 100,1000 --json grow.json",
			"loadtest grow --server bin/server --beside bin/floor"}},
	{"loops", "one sends to all, by a server with one loop and with two",
		`A broadcast is done with the clients' processes stopped: what the server sends waits
in the kernel, and all CPUs are the server's. Then they go on, and each must have it
before the next. The time is the server's own: its loops' fan-out latencies, of which
the slowest counts. --server has the word {loops} for the number of its loops; a
server that runs already is measured as it is.

Measured: time of a broadcast, deliveries a second, server CPU a delivery, for each
of --loops, and their ratios; the same of a server --beside shows what the machine
gives to a second core.`,
		[]string{"loadtest loops -n 10000 --runtime-metrics http://127.0.0.1:3001/stats",
			"loadtest loops --broadcasts 50 --runtime-metrics http://127.0.0.1:3001/stats"}},
}

// scenarioOf finds a scenario by name, nil if there is none.
func scenarioOf(name string) *scenario {
	for i := range scenarios {
		if scenarios[i].name == name {
			return &scenarios[i]
		}
	}
	return nil
}

const intro = `loadtest drives a Socket.IO server with many clients, checks every message and
reports latency, throughput, and the CPU and memory the server needed.

usage: loadtest SCENARIO [flags]
       loadtest SCENARIO --help

scenarios (default number of clients):
`

const contract = `
The server must offer the load contract in its default namespace: echo, join, room,
all (see bench/README.md). A run in which a message was lost, doubled, altered or came
out of order, or a client was disconnected, has FAILED: exit code 1, and no figures.

examples:
  loadtest echo --target 127.0.0.1:3000 --in-flight 10
  loadtest fanout -n 10000 --server "node server.js" --server-cpu 0 --cpu 1
  loadtest echo --transport polling --html report.html
  loadtest echo --allow-remote --target 192.0.2.7:3000 --source 192.0.2.8,192.0.2.9
`

const outro = `
exit codes: 0 good, 1 failed or no server, 2 wrong use, 130 interrupted
`

func writeHelp(w io.Writer, groups []group) {
	_, _ = fmt.Fprint(w, intro)
	for _, s := range scenarios {
		_, _ = fmt.Fprintf(w, "  %-8s %-7s %s\n", s.name, fmt.Sprintf("(%d)", run.DefaultClients(s.name)), s.short)
	}
	_, _ = fmt.Fprint(w, contract)
	for _, g := range groups {
		_, _ = fmt.Fprintf(w, "\n%s:\n%s", g.title, g.FlagUsages())
	}
	_, _ = fmt.Fprint(w, outro)
}

func writeScenarioHelp(w io.Writer, s *scenario, groups []group) {
	_, _ = fmt.Fprintf(w, "loadtest %s: %s\n\n%s\n\nexamples:\n", s.name, s.short, s.long)
	for _, e := range s.examples {
		_, _ = fmt.Fprintf(w, "  %s\n", e)
	}
	for _, g := range groups {
		f := pflag.NewFlagSet(g.title, pflag.ContinueOnError)
		f.SortFlags = false
		g.VisitAll(func(x *pflag.Flag) {
			if !suits(x, s.name) {
				return
			}
			if x.Name == "clients" {
				clients := *x
				clients.Usage = fmt.Sprintf("how many (default %d)", run.DefaultClients(s.name))
				x = &clients
			}
			f.AddFlag(x)
		})
		_, _ = fmt.Fprintf(w, "\n%s:\n%s", g.title, f.FlagUsages())
	}
	_, _ = fmt.Fprint(w, outro)
}
