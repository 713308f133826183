// Package worker is one process of clients: a single thread around one epoll,
// without a goroutine per connection and without an allocation per message. The
// coordinator (package run) starts it by executing the program anew, steers it
// through shared memory, and gets its results as JSON on standard output.
package worker

// EnvWorker is set in the environment of a process that is to call Main.
const EnvWorker = "LOADTEST_WORKER"

// File descriptors that the coordinator hands down: the shared area and the
// eventfd that wakes the sender of broadcasts.
const (
	areaFD = 3
	wakeFD = 4
)

// Config is what one process is to do; it comes as JSON on standard input.
type Config struct {
	Index int      // of the process; 0 sends the broadcasts
	Run   uint32   // number of the run, part of every checksum
	Epoch int64    // clock.Now at the start; times in payloads count from here
	IP    [4]byte  // of the server
	Port  int      //
	Host  string   // for the Host header
	Path  string   // "/socket.io/"
	From  []string // source addresses, taken in turn; empty: the kernel's choice

	Scenario string
	Polling  bool
	First    int // number of the first client of this process
	Clients  int // clients of this process
	Total    int // clients of all processes
	Slow     int // of Total: the last ones stop reading when told
	Windows  int // that are measured

	ConnectRate float64 // clients a second of this process, 0: no pace
	Concurrency int     // handshakes under way at once
	InFlight    int
	Rate        float64 // messages a second of this process, 0: closed loop
	Size        int
	Ack         bool
	RoomSize    int
	Visits      int // of this process, in each round of churn
	Spin        bool
	CPUs        []int
}

// Result is what the process reports when it ends. The histograms are encoded
// by HdrHistogram.
type Result struct {
	Latency  [][]byte // of messages, by measured window
	Connect  []byte   // from connect(2) to the Socket.IO CONNECT answer
	Complete []byte   // from a broadcast to its last receiver
	Notes    []string // the first faults in words
	Cuts     map[string]int
	Objects  float64 // that this process allocated, for each message it received
}
