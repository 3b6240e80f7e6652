package main

import (
	"sync"
	"time"
)

// limits counts by name and key in fixed windows.
type limits struct {
	mu    sync.Mutex
	since time.Time
	count map[string]int
}

// hit counts one more and gives the sum within the window.
func (l *limits) hit(key string, window time.Duration) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.since) > window {
		l.since, l.count = now, map[string]int{}
	}
	l.count[key]++
	return l.count[key]
}

func (l *limits) sum(key string, window time.Duration) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.since) > window {
		return 0
	}
	return l.count[key]
}

// limited counts one more of what, and reports whether it is too many. off names
// the switch that takes the limit away.
func (s *server) limited(what, key string, most int, off string) bool {
	return !s.on(off) && s.minute.hit(what+" "+key, time.Minute) > most
}

const mostBad = 30 // bad tokens of one address in a minute

// shutOut reports whether an address had its share of bad tokens, so that nothing
// of it is looked at any more.
func (s *server) shutOut(addr string) bool {
	most := mostBad
	if s.on("limit-address") {
		most = 3
	}
	return !s.on("unlimited-verify") && !s.on("limit-global") && s.minute.sum("bad "+addr, time.Minute) >= most
}

// bad counts a bad token, and reports whether it is answered by the limiter.
func (s *server) bad(addr string) bool {
	if s.on("limit-global") {
		return s.second.hit("bad", time.Second) > 3
	}
	s.minute.hit("bad "+addr, time.Minute)
	return false
}
