package detect

import (
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/jotsight/jotsight/guard/event"
)

// network is the part of an address by which hosts are told apart: an IPv6 host
// has its /64 to itself and could send each request from another address. The
// loopback address stands for itself.
func network(s string) (netip.Prefix, bool) {
	if strings.IndexByte(s, ':') < 0 {
		return netip.Prefix{}, false // IPv4, the usual case, or no address at all
	}
	a, err := netip.ParseAddr(s)
	switch {
	case err != nil || a.IsLoopback():
		return netip.Prefix{}, false
	case a.Is4In6():
		return netip.PrefixFrom(a.Unmap(), 32), true
	}
	p, err := a.WithZone("").Prefix(64)
	return p, err == nil
}

// hashField hashes the value of a field on top of h. It allocates nothing.
func hashField(g groupField, ev *event.Event, h uint64) (uint64, bool) {
	switch f := g.field; f.Type {
	case event.Number:
		v, ok := f.Number(ev)
		return xxh3.HashSeed(strconv.AppendUint(make([]byte, 0, 24), math.Float64bits(v), 16), h), ok
	case event.Bool:
		v, ok := f.Bool(ev)
		if v {
			h++
		}
		return xxh3.HashSeed(nil, h), ok
	default:
		s, ok := f.Text(ev)
		if g.address {
			if p, ok := network(s); ok {
				if p.Addr().Is4() {
					return xxh3.HashSeed(p.Addr().AppendTo(make([]byte, 0, 16)), h), true
				}
				return xxh3.HashSeed(p.AppendTo(make([]byte, 0, 64)), h), true
			}
		}
		return xxh3.HashStringSeed(s, h), ok
	}
}

// labels gives the group of an event in words. Fields that it lacks are left out.
func labels(keys []string, group []groupField, ev *event.Event) Labels {
	list := Labels{}
	for i, g := range group {
		var v string
		switch f := g.field; f.Type {
		case event.Number:
			n, ok := f.Number(ev)
			if !ok {
				continue
			}
			v = strconv.FormatFloat(n, 'f', -1, 64)
		case event.Bool:
			b, ok := f.Bool(ev)
			if !ok {
				continue
			}
			v = strconv.FormatBool(b)
		default:
			s, ok := f.Text(ev)
			if !ok {
				continue
			}
			v = strings.Clone(s) // the event's texts share a whole batch of lines
			if p, ok := network(s); g.address && ok {
				if v = p.String(); p.Addr().Is4() {
					v = p.Addr().String()
				}
			}
		}
		list = append(list, Label{keys[i], printable(v)})
	}
	return list
}
