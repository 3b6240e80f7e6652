package scan

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// An outpost is a small server of the scan's own, to which probes point the
// target: whatever fetches a key from an address in a token comes here. It
// serves what was offered, public keys all of them, under paths that nobody can
// guess, and nothing else. Its methods may be called from any goroutine.
type outpost struct {
	base   string // how the target reaches it, such as http://127.0.0.1:40123
	server *http.Server

	mu     sync.Mutex
	offers map[string]*offer
}

// An offer is one address that stands in one token.
type offer struct {
	url   string
	asked bool  // somebody came for it
	told  bool  // the probe knows
	found found // what it means that somebody came
	in    *outpost

	kind string
	body []byte
}

// openCallback listens at an address that the target can reach, or on a free
// port of this machine if the address is empty. An address that is not this
// machine's own, but leads to it, is listened for on its port.
func openCallback(address string) (*outpost, error) {
	bind := address
	if bind == "" {
		bind = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", bind)
	if err != nil && address != "" {
		_, port, _ := net.SplitHostPort(address) // decode and SetCallback have read it
		l, err = net.Listen("tcp", ":"+port)
	}
	if err != nil {
		return nil, &Unusable{"callback " + address, errors.New("cannot be listened on")}
	}
	host := l.Addr().String()
	if address != "" {
		host = address
	}
	c := &outpost{base: "http://" + host, offers: map[string]*offer{}}
	c.server = &http.Server{Handler: c, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	go c.server.Serve(l)
	return c, nil
}

func (c *outpost) close() { c.server.Close() }

// offer serves body under a new address. f is what is found when somebody asks
// for it: at the latest at the end of the scan, if the probe has not said more.
func (c *outpost) offer(kind string, body []byte, f found) *offer {
	path := "/" + newCanary() + "/.well-known/jwks.json" // the end that allow-lists look for
	o := &offer{url: c.base + path, found: f, in: c, kind: kind, body: body}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offers[path] = o
	return o
}

func (c *outpost) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	c.mu.Lock()
	o := c.offers[q.URL.Path]
	if o != nil {
		o.asked = true
	}
	c.mu.Unlock()
	if o == nil || q.Method != http.MethodGet && q.Method != http.MethodHead {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", o.kind)
	w.Write(o.body)
}

// came reports whether somebody asked, and notes that the probe knows.
func (o *offer) came() bool {
	o.in.mu.Lock()
	defer o.in.mu.Unlock()
	o.told = o.told || o.asked
	return o.asked
}

// await gives a fetch that is on its way a moment to arrive.
func (o *offer) await(ctx context.Context) bool {
	for range 6 {
		if o.came() || !sleep(ctx, 25*time.Millisecond) {
			break
		}
	}
	return o.came()
}

// late gives what is found of offers that were fetched after their probe ended.
func (c *outpost) late() (list []found) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.offers {
		if o.asked && !o.told {
			list = append(list, o.found)
		}
	}
	return list
}

// noCallback says why a target cannot be pointed to this machine; empty: it can.
const noCallback = "the target is not this machine: name an address that it reaches, with callback or --callback HOST:PORT"

// local reports whether a host is this machine by its mere name.
func local(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback() || strings.EqualFold(host, "localhost")
}

// checkCallback reads HOST:PORT.
func checkCallback(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || port == "" || port == "0" || strings.ContainsAny(host, "/@?# ") {
		return errors.New("not HOST:PORT, an address of this machine that the target reaches")
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return errors.New("not a port")
	}
	return nil
}

// SetCallback names the address under which the target reaches this machine.
func (r *Recipe) SetCallback(address string) error {
	if err := checkCallback(address); err != nil {
		return err
	}
	r.Callback = address
	return nil
}

// disguised is an address of ours that looks like one of a trusted origin to a
// verifier that compares beginnings, looks for a part, or compares the end.
func disguised(ours, trusted string) string {
	u, err := url.Parse(ours)
	if err != nil {
		return ours
	}
	t, err := url.Parse(trusted)
	if err != nil || t.Host == "" {
		return ours
	}
	return u.Scheme + "://" + t.Host + "@" + u.Host + u.Path + "?" + url.Values{"next": {trusted}}.Encode() + "#" + strings.TrimSuffix(trusted, "/") + "/.well-known/jwks.json"
}

// lateCallbacks reports what was fetched when nobody waited for it any more.
func (r *run) lateCallbacks() {
	if r.callback == nil {
		return
	}
	for _, f := range r.callback.late() {
		if !slices.ContainsFunc(r.found, func(g found) bool { return g.id == f.id }) {
			r.find(f)
		}
	}
}
