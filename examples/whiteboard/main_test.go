package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/examples/web/webtest"
)

func line(n int) Stroke {
	s := Stroke{Color: 1, Pen: 4}
	for i := range n {
		s.Points = append(s.Points, [2]int{i, i})
	}
	return s
}

func TestStrokesReachTheOthersAndLatecomers(t *testing.T) {
	io, err := server()
	url := webtest.Start(t, io, err)
	ada, bob := webtest.Open(t, url, nil), webtest.Open(t, url, nil)
	var drawing []Stroke
	ada.Get("drawing", &drawing)
	bob.Get("drawing", &drawing)
	if len(drawing) != 0 {
		t.Fatalf("a new sheet has %v", drawing)
	}
	ada.Tell("stroke", line(3))
	var got Stroke
	bob.Get("stroke", &got)
	if !reflect.DeepEqual(got, line(3)) {
		t.Errorf("drawn %v, seen %v", line(3), got)
	}
	cid := webtest.Open(t, url, nil)
	cid.Get("drawing", &drawing)
	if len(drawing) != 1 || !reflect.DeepEqual(drawing[0], line(3)) {
		t.Errorf("a latecomer gets %v", drawing)
	}
	bob.Tell("clear")
	for _, p := range []*webtest.Person{ada, bob, cid} { // ada has not got her own stroke
		p.Get("clear", nil)
	}
	dan := webtest.Open(t, url, nil)
	if dan.Get("drawing", &drawing); len(drawing) != 0 {
		t.Errorf("a cleared sheet has %v", drawing)
	}
}

func TestBadStrokesAreRefused(t *testing.T) {
	io, err := server()
	url := webtest.Start(t, io, err)
	eve := webtest.Open(t, url, nil)
	eve.Get("drawing", nil)
	for _, c := range []struct {
		stroke any
		why    string
	}{
		{Stroke{Color: colors, Pen: 1, Points: [][2]int{{1, 1}}}, "there is no such pen"},
		{Stroke{Color: 0, Pen: maxPen + 1, Points: [][2]int{{1, 1}}}, "there is no such pen"},
		{line(0), "a stroke has 1 to 128 points"},
		{line(maxPoints + 1), "a stroke has 1 to 128 points"},
		{Stroke{Pen: 1, Points: [][2]int{{-1, 0}}}, "that is beside the sheet"},
		{"a house", "that was not understood"},
		{map[string]any{"points": [][]float64{{.5, 1e300}}}, "that was not understood"},
	} {
		if why := eve.Problem("stroke", c.stroke); why != c.why {
			t.Errorf("%v is refused with %q, want %q", c.stroke, why, c.why)
		}
	}
	eve.Tell("stroke", strings.Repeat("x", 64<<10)) // above the limit of a message
	eve.Gone()
	var drawing []Stroke
	if webtest.Open(t, url, nil).Get("drawing", &drawing); len(drawing) != 0 {
		t.Errorf("the sheet has %v", drawing)
	}
}

func TestTheDrawingIsBounded(t *testing.T) {
	b := &board{}
	for i := range maxDrawing {
		s := line(1 + i%maxPoints)
		b.keep(s)
	}
	sum := 0
	for _, s := range b.strokes {
		sum += len(s.Points)
	}
	if sum != b.points || sum > maxDrawing || sum < maxDrawing-maxPoints {
		t.Errorf("%d points kept, counted %d, limit %d", sum, b.points, maxDrawing)
	}
}
