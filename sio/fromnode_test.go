package sio_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/sio"
)

// stage is a server with clients over polling, for the examples.
type stage struct {
	server *sio.Server
	h      *httptest.Server
}

func open(server *sio.Server) *stage { return &stage{server, httptest.NewServer(server)} }

func (s *stage) close() {
	_ = s.server.Close(context.Background())
	s.h.Close()
	http.DefaultClient.CloseIdleConnections()
}

// visitor is one client. It prints what it hears.
type visitor struct {
	url   string
	heard []string
}

// visit connects a client: to "/" unless another CONNECT is given. The answer is
// not printed.
func (s *stage) visit(connect ...string) *visitor {
	v := &visitor{url: s.h.URL + "/socket.io/?EIO=4&transport=polling"}
	_, rest, _ := strings.Cut(v.do("GET", ""), `"sid":"`)
	v.url += "&sid=" + rest[:20]
	if len(connect) == 0 {
		connect = []string{"40"}
	}
	for _, packet := range connect {
		v.says(packet)
		v.next()
	}
	return v
}

func (v *visitor) do(method, body string) string {
	req, _ := http.NewRequest(method, v.url, strings.NewReader(body))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}

func (v *visitor) says(packet string) { v.do("POST", packet) }

var anyID = regexp.MustCompile(`"[-_0-9A-Za-z]{20}"`)

func (v *visitor) next() string {
	for len(v.heard) == 0 {
		v.heard = strings.Split(v.do("GET", ""), "\x1e")
	}
	p := v.heard[0]
	v.heard = v.heard[1:]
	return anyID.ReplaceAllString(p, `"…"`)
}

// hears prints the next n packets, ids as "…".
func (v *visitor) hears(n int) {
	for range n {
		fmt.Println(v.next())
	}
}

const guide = "../docs/FROM-NODE.md"

// TestFromNode holds that each block of Go in the migration guide stands, line
// after line, in an example (or among the declarations) of example_fromnode*: so it
// compiles, and runs where the example has an output. And that each option is in
// its table.
func TestFromNode(t *testing.T) {
	src, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("example_fromnode*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	var parts [][]string // each declaration and each function, its lines without indentation
	for _, name := range files {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq(string(file), "\n}\n") {
			parts = append(parts, trimmed(part+"\n}"))
		}
	}
	blocks := 0
	var block []string
	code := false
	for line := range strings.Lines(string(src)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "```go":
			code, block = true, nil
		case line == "```" && code:
			code = false
			blocks++
			lines := trimmed(strings.Join(block, "\n"))
			if !slices.ContainsFunc(parts, func(part []string) bool { return contains(part, lines) }) {
				t.Errorf("no example has, as it stands:\n%s", strings.Join(block, "\n"))
			}
		case code:
			block = append(block, line)
		}
	}
	if blocks < 40 {
		t.Errorf("only %d blocks of Go found", blocks)
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[sio.Options]()) {
		if !strings.Contains(string(src), "`"+f.Name) {
			t.Errorf("the guide says nothing of Options.%s", f.Name)
		}
	}
}

// trimmed gives the lines of src that are not empty, without indentation and with
// the spaces before a comment at the end of a line as one.
func trimmed(src string) (lines []string) {
	for line := range strings.Lines(src) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func contains(all, some []string) bool {
	for i := range all {
		if i+len(some) <= len(all) && slices.Equal(all[i:i+len(some)], some) {
			return true
		}
	}
	return false
}
