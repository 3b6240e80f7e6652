package bank

import (
	"maps"
	"sync"
	"time"
)

// sessions remembers which refresh token of a session is the newest, and which
// sessions have ended. One that expired is forgotten.
type sessions struct {
	mu   sync.Mutex
	byID map[string]*session
}

type session struct {
	current string // id of the newest refresh token
	expires time.Time
	ended   bool
}

func newSessions() *sessions { return &sessions{byID: map[string]*session{}} }

func (s *sessions) open(id, refreshID string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.byID, func(_ string, x *session) bool { return x.expires.Before(now) })
	s.byID[id] = &session{current: refreshID, expires: now.Add(refreshLifetime)}
}

// ended says whether the session is over, or was never here.
func (s *sessions) ended(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.byID[id]
	return x == nil || x.ended
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.byID[id]; x != nil {
		x.ended = true
	}
}

// rotate makes next the newest refresh token in place of used. A used one that
// is not the newest was stolen, or its successor was: the session ends.
func (s *sessions) rotate(id, used, next string, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.byID[id]
	switch {
	case x == nil || x.ended:
		return errEnded
	case x.current != used:
		x.ended = true
		return errReused
	}
	x.current, x.expires = next, now.Add(refreshLifetime)
	return nil
}
