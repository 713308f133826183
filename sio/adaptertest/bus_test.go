package adaptertest_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/sio-fast/sio-fast/sio"
	"github.com/sio-fast/sio-fast/sio/adaptertest"
)

// TestBus has the bus of this package pass its own suite.
func TestBus(t *testing.T) {
	adaptertest.Run(t, func(testing.TB) *adaptertest.Cluster {
		bus := adaptertest.NewBus()
		return &adaptertest.Cluster{Join: bus.Join, Inject: bus.Inject, Crash: bus.Crash}
	})
}

// failing is an adapter whose bus is not there.
type failing struct{ open, others error }

var errBus = errors.New("no bus")

func (f failing) Open(*sio.Member) error                   { return f.open }
func (f failing) Publish(*sio.Message) error               { return errBus }
func (f failing) Others(context.Context) ([]string, error) { return []string{"", "x"}, f.others }
func (f failing) Close(context.Context) error              { return errBus }

// TestErrors holds who hears of what an adapter cannot do.
func TestErrors(t *testing.T) {
	if _, err := sio.New(&sio.Options{Adapter: failing{open: errBus}}); !errors.Is(err, errBus) {
		t.Errorf("New: %v", err)
	}
	io, err := sio.New(&sio.Options{Adapter: failing{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := io.Emit("x"); !errors.Is(err, errBus) {
		t.Errorf("Emit: %v", err)
	}
	if err := io.Local().Emit("x"); err != nil {
		t.Errorf("Local: %v", err)
	}
	io.Join("r") // is logged
	if err := io.ServerSideEmit("x"); !errors.Is(err, errBus) {
		t.Errorf("ServerSideEmit: %v", err)
	}
	if _, err := io.ServerSideAsk(ctx, "x"); !errors.Is(err, errBus) {
		t.Errorf("ServerSideAsk: %v", err)
	}
	for _, err := range io.Sockets(ctx) {
		if !errors.Is(err, errBus) {
			t.Errorf("Sockets: %v", err)
		}
	}
	if _, err := io.Timeout(1<<30).AllAcks(ctx, "x"); !errors.Is(err, errBus) {
		t.Errorf("AllAcks: %v", err)
	}
	if n, err := io.Servers(ctx); n != 3 || err != nil {
		t.Errorf("Servers: %d, %v", n, err)
	}
	if s := io.Stats().Adapter; s.Failed != 6 || s.Sent != 0 {
		t.Errorf("figures %+v", s)
	}
	if err := io.Close(ctx); !errors.Is(err, errBus) {
		t.Errorf("Close: %v", err)
	}
}
