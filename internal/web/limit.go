package web

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How often somebody may try a password: of one address, and of all together.
// The second bounds what a botnet can try. It also means that a botnet can keep
// people from logging in, though not those who are; the first is therefore asked
// first, so that one address alone cannot.
const (
	addressEvery = 10 * time.Second
	addressBurst = 6
	allEvery     = time.Second / 5
	allBurst     = 30
	maxAddresses = 8192
)

// limits counts attempts to log in, in fixed memory.
type limits struct {
	mu      sync.Mutex
	all     *rate.Limiter
	address map[netip.Prefix]*rate.Limiter
	swept   time.Time
}

func newLimits() *limits {
	return &limits{
		all:     rate.NewLimiter(rate.Every(allEvery), allBurst),
		address: map[netip.Prefix]*rate.Limiter{},
	}
}

// allow takes one attempt from the address, and says whether it may be made.
func (l *limits) allow(address string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of(network(address), now).AllowN(now, 1) && l.all.AllowN(now, 1)
}

func (l *limits) of(p netip.Prefix, now time.Time) *rate.Limiter {
	if one, ok := l.address[p]; ok {
		return one
	}
	if len(l.address) >= maxAddresses {
		l.makeRoom(now)
	}
	one := rate.NewLimiter(rate.Every(addressEvery), addressBurst)
	l.address[p] = one
	return one
}

// makeRoom forgets addresses that have waited long enough to be as good as new,
// looking at all of them once in addressEvery, and if there are none, any one:
// then all addresses are busy, and allEvery rules.
func (l *limits) makeRoom(now time.Time) {
	if now.Sub(l.swept) >= addressEvery {
		l.swept = now
		for p, one := range l.address {
			if one.TokensAt(now) >= addressBurst {
				delete(l.address, p)
			}
		}
	}
	for p := range l.address {
		if len(l.address) < maxAddresses {
			break
		}
		delete(l.address, p)
	}
}

// network is what one person has: an IPv4 address, or an IPv6 /64. Whatever is
// no address counts as one.
func network(address string) netip.Prefix {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}
	}
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // bits fit the address
	return p
}
