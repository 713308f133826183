package adminui

import (
	"context"
	"sync"
	"time"
)

// sessionBytes is the length of a session's id, which is written in hex.
const sessionBytes = 8

// SessionStore remembers the ids of who has logged in, so that a page that is
// loaded again needs no password. Several servers may share one. Any goroutine.
type SessionStore interface {
	// Save remembers id for a while. It may block until ctx ends.
	Save(ctx context.Context, id string) error
	// Exists says whether id is remembered. It may block until ctx ends.
	Exists(ctx context.Context, id string) (bool, error)
}

// MemoryStore is a [SessionStore] in the memory of the process, bounded in number
// and time.
type MemoryStore struct {
	most int
	life time.Duration
	now  func() time.Time // of tests

	mu    sync.Mutex
	ends  map[string]time.Time
	order []string // from the oldest on
}

// NewMemoryStore makes a store for at most most sessions, 0 means 1024, of which
// the oldest is forgotten, as is each after life; 0 means 24 h. Any goroutine.
func NewMemoryStore(most int, life time.Duration) *MemoryStore {
	if most <= 0 {
		most = 1024
	}
	if life <= 0 {
		life = 24 * time.Hour
	}
	return &MemoryStore{most: most, life: life, now: time.Now, ends: make(map[string]time.Time)}
}

// Save implements [SessionStore]. Any goroutine.
func (m *MemoryStore) Save(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	for len(m.order) > 0 && (len(m.order) >= m.most || now.After(m.ends[m.order[0]])) {
		delete(m.ends, m.order[0])
		m.order = m.order[1:]
	}
	if _, known := m.ends[id]; !known {
		m.order = append(m.order, id)
		m.ends[id] = now.Add(m.life)
	}
	return nil
}

// Exists implements [SessionStore]. Any goroutine.
func (m *MemoryStore) Exists(_ context.Context, id string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	end, ok := m.ends[id]
	return ok && !m.now().After(end), nil
}
