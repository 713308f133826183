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
	c := http.Client{Timeout: 5 * time.Second}
	r, err := c.Get(url)
	if err != nil {
		return 0, fmt.Errorf("runtime metrics: %w", err)
	}
	defer func() { _ = r.Body.Close() }()
	if r.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("runtime metrics: %s answers %s", url, r.Status)
	}
	var v any
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
		return 0, fmt.Errorf("runtime metrics: %s: %w", url, err)
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
