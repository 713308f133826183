package main

import "fmt"

// target is what sio-fast wants to reach in a column: at most limit times
// another server, or at most limit when there is none to compare with.
type target struct {
	col, server, than string
	limit             float64
}

// targets name the floor that fits: where a read holds several messages the one
// that shares sends, since it is the lower there.
var targets = []target{
	{"fanout", "sio", "floor", 1},
	{"fanout", "sio", "node", 0.5},
	{"flood", "sio", "floor-share", 1},
	{"flood", "sio", "node", 0.1},
	{"flood", "sio", "uws-native", 1},
	{"flood", "sio", "bun-native", 1},
	{"fanout-1k", "sio", "floor", 1.05},
	{"paced", "sio", "floor", 1.1},
	{"rooms", "sio", "floor", 1.05},
	{"echo", "sio", "floor-share", 1.6},
	{"echo", "sio-raw", "floor-share", 1.25},
	{"echo", "sio", "node", 0.1},
	{"echo-1", "sio", "floor", 1.1},
	{"polling", "sio", "node", 0.15},
	{"connect", "sio", "gnet", 1.4},
	{"connect", "sio", "node", 0.15},
	{"idle", "sio", "", 1250},
	{"left", "sio", "", 1.1},
	{"churn", "sio", "", 1.02}, // none; two percent is when the collector last came
	{"slow", "sio", "", 1.1},
	{"fanout-objects", "sio", "", 0.01},
	{"flood-objects", "sio", "", 0.01},
	{"fanout-1k-objects", "sio", "", 0.01},
	{"rooms-objects", "sio", "", 0.01},
	{"echo-objects", "sio", "", 0.01},
	{"echo-objects", "sio-raw", "", 0.01},
	{"echo-1-objects", "sio", "", 0.01},
	{"polling-objects", "sio", "", 0.01},
}

// met is the verdict of an aim that was reached.
const met = "reached"

// judge gives the measured figure and what is to be said of it.
func (t *target) judge(s *state) (measured, verdict string) {
	_, col := find(t.col)
	var v float64
	var err error
	if t.than != "" {
		v, err = s.ratio(t.server, t.than, t.col)
	} else {
		v, _, _, err = s.cell(t.server, t.col)
	}
	if err != nil {
		return err.Error(), "not measured"
	}
	measured = number(v)
	if t.than != "" {
		measured += " × " + t.than
	} else if col.unit != "" {
		measured += " " + col.unit
	}
	if v <= t.limit {
		return measured, met
	}
	if over := v / t.limit; over >= 2 {
		return measured, fmt.Sprintf("**missed**: %s times the aim", number(over))
	}
	return measured, fmt.Sprintf("**missed** by %.1f %%", (v/t.limit-1)*100)
}

func (t *target) wish() string {
	_, col := find(t.col)
	switch {
	case t.than != "":
		return "≤ " + number(t.limit) + " × " + t.than
	case col.unit != "":
		return "≤ " + number(t.limit) + " " + col.unit
	}
	return "≤ " + number(t.limit)
}
