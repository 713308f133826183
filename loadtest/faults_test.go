package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/loadtest/internal/fake"
	"github.com/sio-fast/sio-fast/loadtest/internal/report"
)

// A server that breaks its promise once must fail the run, and no figure may be
// quoted.
func TestFaultsAreSeen(t *testing.T) {
	kinds := map[string][]string{
		fake.Drop: {"lost", "out of order"}, fake.Double: {"doubled"}, fake.Alter: {"altered"}, fake.Cut: {"altered"},
		fake.Swap: {"out of order", "lost"}, fake.Stray: {"stray", "lost", "doubled", "out of order"}, fake.Leave: {"disconnected"},
	}
	for scenario, args := range map[string][]string{
		"echo":           {"echo", "-n5", "-k4"},
		"echo single":    {"echo", "-n5"},
		"echo ack":       {"echo", "-n5", "-k4", "--ack"},
		"echo polling":   {"echo", "-n5", "-k4", "--transport=polling"},
		"fanout":         {"fanout", "-n20"},
		"fanout flood":   {"fanout", "-n20", "-k8", "--processes=2"},
		"fanout paced":   {"fanout", "-n20", "--rate=100"},
		"fanout polling": {"fanout", "-n10", "--transport=polling"},
		"rooms":          {"rooms", "-n20", "-k3"},
		"rooms paced":    {"rooms", "-n20", "--rate=300"},
		"rooms polling":  {"rooms", "-n6", "--room-size=3", "--transport=polling"},
		"churn":          {"churn", "-n5", "--rounds=2", "--visits=60"},
		"churn ack":      {"churn", "-n5", "--rounds=2", "--visits=60", "--ack", "--processes=2"},
		"churn polling":  {"churn", "-n5", "--rounds=2", "--visits=60", "--transport=polling"},
		"slow":           {"slow", "-n20", "--slow-share=10"},
		"grow":           {"grow", "--counts=5,20"},
		"loops":          {"loops", "-n20", "--broadcasts=50"},
	} {
		for fault, want := range kinds {
			t.Run(scenario+"/"+fault, func(t *testing.T) {
				t.Parallel()
				// The fault ends the run, so the duration is only a bound.
				code, r, out := loadtest(t, &fake.Server{Fault: fault, After: 30, Loops: 1}, append(slices.Clone(args), "--duration=10s", "--stall=3s", "--drain=3s")...)
				failed(t, code, r, out, want...)
			})
		}
	}
}

// failed checks that a run failed by faults of one of these kinds, and shows no figure.
func failed(t *testing.T, code int, r report.Result, out string, want ...string) {
	t.Helper()
	if code != 1 || r.OK || r.Figures != nil || r.Samples != nil {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	if !strings.Contains(out, "FAILED") || strings.Contains(out, "latency") {
		t.Errorf("output:\n%s", out)
	}
	var n int64
	for _, k := range want {
		n += r.Faults[k]
	}
	if n == 0 || len(r.Notes) == 0 {
		t.Errorf("want one of %v:\n%s", want, out)
	}
}

// TestVisitsLookAtAll: a visit in whose echo the message comes twice fails, in
// whichever way its client leaves. One client at a time: visit n leaves in way n % 3.
func TestVisitsLookAtAll(t *testing.T) {
	for _, transport := range []string{"websocket", "polling"} {
		for visit, way := range map[int]string{30: "closing handshake", 31: "FIN", 32: "RST"} {
			t.Run(transport+"/"+way, func(t *testing.T) {
				t.Parallel()
				s := &fake.Server{Fault: fake.Double, After: visit}
				code, r, out := loadtest(t, s, "churn", "-n1", "--rounds=2", "--visits=60", "--transport="+transport)
				failed(t, code, r, out, "doubled")
				if note := fmt.Sprintf("message %d came again", visit-1); !strings.Contains(out, note) {
					t.Errorf("no %q in\n%s", note, out)
				}
			})
		}
	}
}

// TestVisitsStall: a round that does not go on ends by --stall, long before the
// round's own bound, and says what is missing.
func TestVisitsStall(t *testing.T) {
	code, r, out := loadtest(t, &fake.Server{Fault: fake.Idle}, "churn", "-n3", "--visits=20", "--stall=3s", "--drain=1s", "--connect-timeout=50s")
	failed(t, code, r, out, "lost")
	if r.Faults["lost"] != 3 || !strings.Contains(out, "nothing came for 3s") {
		t.Errorf("%s", out)
	}
}
