package scan

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// maxBody bounds what is read of an answer.
const maxBody = 1 << 20

// A client sends every request of a scan: at the recipe's rate, without
// following redirects, and each visitor from an address of its own where the
// system has addresses to give.
type client struct {
	target  *url.URL
	hosts   map[string]bool // to which the recipe lets us send, with their ports
	tls     *tls.Config
	rate    *rate.Limiter
	timeout time.Duration
	sent    atomic.Int64
	endless atomic.Bool // an answer did not end: later ones are not waited for as long

	// net is the second byte of the loopback addresses of this run, random so
	// that the limits of an earlier run do not meet this one. Zero: the system
	// chooses the address.
	net  byte
	next atomic.Uint32
}

func newClient(r *Recipe) (*client, error) {
	c := &client{target: r.Target, hosts: r.hosts(), timeout: r.Limits.Timeout, rate: rate.NewLimiter(rate.Inf, 1)}
	if r.Limits.RPS > 0 {
		c.rate = rate.NewLimiter(rate.Limit(r.Limits.RPS), r.Limits.Burst)
	}
	c.tls = &tls.Config{InsecureSkipVerify: r.TLS.Insecure}
	if r.TLS.CA != "" {
		text, err := os.ReadFile(r.file(r.TLS.CA))
		if err != nil {
			return nil, &Mistake{r.TLS.name(), plainError(err)}
		}
		c.tls.RootCAs = x509.NewCertPool()
		if !c.tls.RootCAs.AppendCertsFromPEM(text) {
			return nil, &Mistake{r.TLS.name(), errors.New("no certificate in it")}
		}
	}
	if r.TLS.Cert != "" {
		pair, err := tls.LoadX509KeyPair(r.file(r.TLS.Cert), r.file(r.TLS.Key))
		if err != nil {
			return nil, &Mistake{"tls.cert: " + r.TLS.Cert, plainError(err)}
		}
		c.tls.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// isolate gives the visitors addresses of their own, if the target is reached
// over 127.0.0.0/8 and the system (Linux) lends the whole of it. A limiter or an
// alert that counts by address then sees every probe by itself.
func (c *client) isolate(ctx context.Context) {
	if runtime.GOOS != "linux" || !isLoopback(ctx, c.target.Hostname()) {
		return
	}
	var b [1]byte
	rand.Read(b[:])
	c.net = 64 + b[0]%128
	v := c.visitor()
	conn, err := v.dial(ctx, "tcp", hostPort(c.target))
	if err != nil {
		c.net = 0
		return
	}
	conn.Close()
}

func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}

// isLoopback reports whether every address of host is this machine's own.
func isLoopback(ctx context.Context, host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	return err == nil && len(addrs) > 0 && !slices.ContainsFunc(addrs, func(a netip.Addr) bool { return !a.IsLoopback() })
}

// A visitor is one client of the service: one address, one set of connections.
type visitor struct {
	c    *client
	addr netip.Addr // invalid: whatever the system chooses
	http *http.Client
}

func (c *client) visitor() *visitor {
	v := &visitor{c: c}
	if c.net != 0 {
		n := c.next.Add(1)
		v.addr = netip.AddrFrom4([4]byte{127, c.net, byte(n / 250), byte(2 + n%250)})
	}
	v.http = &http.Client{
		Timeout:       c.timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:       v.dial,
			TLSClientConfig:   c.tls.Clone(), // the transport writes into it
			ForceAttemptHTTP2: true,          // where the server offers it
			IdleConnTimeout:   5 * time.Second,
		},
	}
	return v
}

func (v *visitor) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: 5 * time.Second}
	if v.addr.IsValid() && address == hostPort(v.c.target) {
		network = "tcp4"
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(v.addr, 0))
	}
	return d.DialContext(ctx, network, address)
}

func (v *visitor) close() { v.http.CloseIdleConnections() }

// A request is one request before it is sent. canary marks it in every place
// that a usual logger keeps.
type request struct {
	method, path string
	query        map[string]string
	headers      map[string]string
	cookies      map[string]string
	form         map[string]string
	json         any
	jar          http.CookieJar // nil: no cookies of a session
	keep         bool           // put what the answer sets into jar
	without      []string       // cookies of jar that are not sent
	plain        bool           // no canary in the query: the address was given by the service
	canary       string
}

func newRequest(s Step, expand func(string) string) *request {
	return &request{
		method: s.Method, path: expand(s.Path), query: map[string]string{},
		headers: expandMap(s.Headers, expand), cookies: expandMap(s.Cookies, expand), form: expandMap(s.Form, expand),
		json: expandTree(s.JSON, expand), canary: newCanary(),
	}
}

func expandMap(from map[string]string, expand func(string) string) map[string]string {
	to := make(map[string]string, len(from))
	for k, v := range from {
		to[k] = expand(v)
	}
	return to
}

func expandTree(v any, expand func(string) string) any {
	switch v := v.(type) {
	case string:
		return expand(v)
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, x := range v {
			m[k] = expandTree(x, expand)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = expandTree(x, expand)
		}
		return list
	}
	return v
}

// newCanary gives 16 hexadecimal digits that mean nothing and begin with a
// letter, so that they pass for a request id, half a trace id or a jti, and that
// nothing that reads numbers swallows them.
func newCanary() string {
	var b [8]byte
	rand.Read(b[:])
	b[0] = 0xa0 | b[0]&0x0f
	return hex.EncodeToString(b[:])
}

// A response is one answer.
type response struct {
	status int
	header http.Header
	body   []byte
	short  bool // the connection broke in its midst
	long   bool // there was more than is read of an answer, or it did not end
	sent   time.Time
	took   time.Duration // from the last byte of the request to the first of the answer
	canary string
	url    *url.URL
	marks  map[string]bool // of the body, once somebody asked
}

// do sends r. The error never names a header, a body or the query.
func (v *visitor) do(ctx context.Context, r *request) (*response, error) {
	if err := v.c.rate.Wait(ctx); err != nil {
		return nil, err
	}
	h, err := r.build(ctx, v.c.target)
	if err != nil {
		return nil, err
	}
	if !v.c.hosts[h.URL.Host] {
		return nil, fmt.Errorf("%s %s: the recipe does not name this host, and nothing is sent to it", r.method, withoutQuery(r.path))
	}
	v.c.sent.Add(1)
	res := &response{sent: time.Now(), canary: r.canary, url: h.URL}
	var wrote, answered atomic.Int64 // since sent; HTTP/2 still writes when the answer is there
	h = h.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest:         func(httptrace.WroteRequestInfo) { wrote.Store(int64(time.Since(res.sent))) },
		GotFirstResponseByte: func() { answered.Store(int64(time.Since(res.sent))) },
	}))
	answer, err := v.http.Do(h)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address and its query
		}
		return nil, fmt.Errorf("%s %s: %w", r.method, withoutQuery(r.path), err)
	}
	res.took = time.Duration(max(0, answered.Load()-wrote.Load()))
	if r.jar != nil && r.keep {
		r.jar.SetCookies(h.URL, answer.Cookies())
	}
	res.status, res.header = answer.StatusCode, answer.Header
	v.c.read(answer.Body, res)
	return res, ctx.Err()
}

// read reads a body, as much of it as is worth it: the status has come already,
// and what never ends is no reason to wait for ever.
func (c *client) read(body io.ReadCloser, res *response) {
	wait := min(c.timeout/2, 5*time.Second)
	if c.endless.Load() {
		wait = min(wait, 500*time.Millisecond)
	}
	var late atomic.Bool
	stop := time.AfterFunc(wait, func() {
		late.Store(true)
		body.Close()
	})
	defer body.Close()
	defer stop.Stop()
	var err error
	res.body, err = io.ReadAll(io.LimitReader(body, maxBody+1))
	switch {
	case len(res.body) > maxBody:
		res.body, res.long = res.body[:maxBody], true
	case err != nil && late.Load():
		res.long = true
		c.endless.Store(true)
	case err != nil:
		res.short = true
	}
}

func (r *request) build(ctx context.Context, target *url.URL) (*http.Request, error) {
	path, rawQuery, _ := strings.Cut(r.path, "?")
	u := *target
	if !strings.HasPrefix(path, "/") {
		other, err := parseTarget(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.method, err)
		}
		u = url.URL{Scheme: other.Scheme, Host: other.Host}
		target, path = &url.URL{}, cmp.Or(other.EscapedPath(), "/")
	}
	u.Path, u.RawPath = target.Path+path, ""
	if p, err := url.PathUnescape(path); err == nil && p != path {
		u.Path, u.RawPath = target.Path+p, target.Path+path
	}
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", path, err)
	}
	for k, v := range r.query {
		q.Set(k, v)
	}
	if !r.plain {
		q.Set("_", r.canary) // the name that jQuery made known for a value to ignore; "q" and the like search
	}
	u.RawQuery = q.Encode()

	var body []byte
	kind := ""
	switch {
	case r.json != nil:
		kind = "application/json"
		if body, err = json.Marshal(r.json); err != nil {
			return nil, fmt.Errorf("body of %s: %w", path, err)
		}
	case len(r.form) > 0:
		kind = "application/x-www-form-urlencoded"
		form := url.Values{}
		for k, v := range r.form {
			form.Set(k, v)
		}
		body = []byte(form.Encode())
	}
	h, err := http.NewRequestWithContext(ctx, r.method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: cannot be written as a request", r.method, path)
	}
	if kind != "" {
		h.Header.Set("Content-Type", kind)
	}
	h.Header.Set("Accept", "application/json, */*;q=0.5")
	h.Header.Set("User-Agent", "jotsight/"+r.canary)
	h.Header.Set("X-Request-Id", r.canary)
	h.Header.Set("Traceparent", "00-"+r.canary+r.canary+"-"+r.canary+"-01") // nothing in it but the canary, so that all of it is known again
	if r.jar != nil {
		for _, c := range r.jar.Cookies(h.URL) {
			if _, ours := r.cookies[c.Name]; !ours && !slices.Contains(r.without, c.Name) {
				h.AddCookie(c)
			}
		}
	}
	for k, v := range r.cookies {
		h.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	for k, v := range r.headers {
		h.Header.Set(k, v)
	}
	return h, nil
}

// withoutQuery is a path as errors may name it: a query can hold a code or a token.
func withoutQuery(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}
