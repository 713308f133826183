// Command whiteboard is a sheet on which everybody draws. Who comes later gets
// the drawing as it is.
package main

import (
	"embed"
	"sync"

	"github.com/sio-fast/sio-fast/examples/web"
	"github.com/sio-fast/sio-fast/sio"
)

//go:embed index.html app.js board.css
var files embed.FS

const (
	width, height = 1600, 1000 // of the sheet, whatever the size of a screen
	colors        = 8
	maxPen        = 40
	maxPoints     = 128    // of one stroke, which is what a page draws in one frame
	maxDrawing    = 20_000 // points that are remembered; the oldest fade
)

// Stroke is a line through points.
type Stroke struct {
	Color  int      `json:"color"`
	Pen    int      `json:"pen"` // the line's width
	Points [][2]int `json:"points"`
}

// refuse says what is wrong with s; nothing if it can be drawn.
func (s *Stroke) refuse() error {
	if s.Color < 0 || s.Color >= colors || s.Pen < 1 || s.Pen > maxPen {
		return &sio.CallError{Message: "there is no such pen"}
	}
	if len(s.Points) == 0 || len(s.Points) > maxPoints {
		return &sio.CallError{Message: "a stroke has 1 to 128 points"}
	}
	for _, p := range s.Points {
		if p[0] < 0 || p[0] > width || p[1] < 0 || p[1] > height {
			return &sio.CallError{Message: "that is beside the sheet"}
		}
	}
	return nil
}

// board is the drawing. Its lock is held while emitting too, so that nobody
// misses a stroke between the drawing and what is drawn next.
type board struct {
	mu      sync.Mutex
	strokes []Stroke
	points  int
}

func (b *board) keep(s Stroke) {
	b.strokes = append(b.strokes, s)
	b.points += len(s.Points)
	drop := 0
	for ; b.points > maxDrawing; drop++ {
		b.points -= len(b.strokes[drop].Points)
		b.strokes[drop] = Stroke{} // the array keeps its place, not the points
	}
	b.strokes = b.strokes[drop:]
}

func server() (*sio.Server, error) {
	io, err := sio.New(web.Options(web.Pages(files)))
	if err != nil {
		return nil, err
	}
	web.Polite(io)
	b := &board{}
	io.OnConnect(func(s *sio.Socket) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		s.Join("board")
		return s.Emit("drawing", b.strokes)
	})
	sio.On(io, "stroke", func(s *sio.Socket, stroke Stroke) error {
		if err := stroke.refuse(); err != nil {
			return err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.keep(stroke)
		return s.To("board").Emit("stroke", &stroke) // to all but s
	})
	io.On("clear", func(*sio.Event) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.strokes, b.points = nil, 0
		return io.To("board").Emit("clear")
	})
	return io, nil
}

func main() { web.Main(server()) }
