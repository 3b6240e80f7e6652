package redisstore

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard"
	"github.com/redis/go-redis/v9"
)

// Watch calls f for each revocation that passes through this Store before Revoke
// or Advance returns, and for those of other processes as soon as Redis tells
// of them, which takes milliseconds. What is missed while the connection is down
// comes with Changes, as everything does.
//
// While anybody watches, the Store holds one connection of its own, which is
// made anew when it breaks. stop ends it, and returns when f will not be called
// from it any more; f must not call stop.
func (s *Store) Watch(f func(guard.Revocation)) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch++
	id := s.watch
	s.watchers[id] = f
	if s.listener == nil {
		s.listener = s.listen()
	}
	return func() { s.unwatch(id) }
}

func (s *Store) unwatch(id int) {
	s.mu.Lock()
	delete(s.watchers, id)
	l := s.listener
	if len(s.watchers) > 0 || l == nil {
		s.mu.Unlock()
		return
	}
	s.listener = nil
	s.mu.Unlock()
	l.cancel()
	<-l.done
}

// tell calls the watchers, outside the lock.
func (s *Store) tell(r guard.Revocation) {
	s.mu.Lock()
	list := slices.Collect(maps.Values(s.watchers))
	s.mu.Unlock()
	for _, f := range list {
		f(r)
	}
}

// A listener is the goroutine that hears of other processes.
type listener struct {
	cancel context.CancelFunc
	done   chan struct{}
}

func (s *Store) listen() *listener {
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{cancel, make(chan struct{})}
	go func() {
		defer close(l.done)
		sub := s.client.Subscribe(ctx, s.feed) // connects, or leaves it to Channel
		defer sub.Close()
		messages := sub.Channel()
		for {
			select {
			case <-ctx.Done():
				return
			case m, ok := <-messages:
				if !ok {
					return // the client was closed
				}
				s.hear(m)
			}
		}
	}()
	return l
}

// hear passes on what another process stored. What cannot be read comes with
// Changes, which says so.
func (s *Store) hear(m *redis.Message) {
	sender, value, _ := strings.Cut(m.Payload, " ")
	if sender == s.sender {
		return // told already
	}
	if r, err := parseRevocation(value); err == nil && r.Check() == nil {
		s.tell(r)
	}
}
