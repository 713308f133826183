package proc

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Mallocs asks a server how many objects it has allocated: it reads JSON and
// takes the first member called mallocs, in any case, at any depth.
func Mallocs(url string) (float64, error) {
	var v any
	if err := get(url, &v); err != nil {
		return 0, err
	}
	if n, ok := find(v, "mallocs"); ok {
		return n, nil
	}
	return 0, fmt.Errorf("runtime metrics: %s has no member mallocs", url)
}

func find(v any, name string) (float64, bool) {
	m, _ := v.(map[string]any)
	for k, x := range m {
		if n, ok := x.(float64); ok && strings.EqualFold(k, name) {
			return n, true
		}
	}
	for _, x := range m {
		if n, ok := find(x, name); ok {
			return n, true
		}
	}
	return 0, false
}

// ClosedSessions asks a server how many sessions have ended by which reason: the
// member sessions_closed of its JSON. nil: it has none.
func ClosedSessions(url string) (map[string]int64, error) {
	var v struct {
		Closed map[string]int64 `json:"sessions_closed"`
	}
	err := get(url, &v)
	return v.Closed, err
}

// Fanouts is what one loop of a server tells of its part of the broadcasts.
type Fanouts struct {
	Sessions int64
	Count    int64         // broadcasts given to their last client on the loop
	Sum      time.Duration // of the time from their post until then
}

// ReadFanouts asks a server for the figures of each of its loops: the member
// loops of its JSON, whose entries have sessions, and fanout_seconds with count
// and sum.
func ReadFanouts(url string) ([]Fanouts, error) {
	var v struct {
		Loops []struct {
			Sessions int64 `json:"sessions"`
			Fanout   *struct {
				Count int64   `json:"count"`
				Sum   float64 `json:"sum"`
			} `json:"fanout_seconds"`
		} `json:"loops"`
	}
	if err := get(url, &v); err != nil {
		return nil, err
	}
	var out []Fanouts
	for _, l := range v.Loops {
		if l.Fanout == nil {
			break
		}
		out = append(out, Fanouts{l.Sessions, l.Fanout.Count, time.Duration(l.Fanout.Sum * 1e9)})
	}
	if len(out) == 0 || len(out) < len(v.Loops) {
		return nil, fmt.Errorf("runtime metrics: %s does not tell fanout_seconds of each of its loops", url)
	}
	return out, nil
}

func get(url string, into any) error {
	c := http.Client{Timeout: 5 * time.Second}
	r, err := c.Get(url)
	if err != nil {
		return fmt.Errorf("runtime metrics: %w", err)
	}
	defer func() { _ = r.Body.Close() }()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("runtime metrics: %s answers %s", url, r.Status)
	}
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		return fmt.Errorf("runtime metrics: %s: %w", url, err)
	}
	return nil
}
