package guard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// A setState is what is known of a set from the download before.
type setState struct {
	url        string // where it is; empty until it was discovered
	etag       string // of the set at hand
	complaints []string
	fresh      time.Duration
}

// forget makes the next download a full one.
func (s *setState) forget() { s.etag, s.complaints = "", nil }

// A setAnswer is what a download brought. index is nil when the set has not been
// modified.
type setAnswer struct {
	index *keyIndex
	fresh time.Duration // for which the set is good
	state setState
}

// fetch downloads the set, and finds out where it is when that is not known.
func (k *KeySet) fetch(ctx context.Context, s setState) (setAnswer, error) {
	if s.url == "" {
		at, err := k.discover(ctx)
		if err != nil {
			return setAnswer{}, fmt.Errorf("discovery: %w", err)
		}
		s.url = at
	}
	etag := s.etag
	if k.set.Load() == nil {
		etag = ""
	}
	r, err := k.get(ctx, s.url, etag)
	if err != nil {
		return setAnswer{}, fmt.Errorf("key set: %w", err)
	}
	if fresh, ok := maxAge(r.header); ok {
		s.fresh = fresh
	} else if s.fresh == 0 || r.status != http.StatusNotModified {
		s.fresh = setUsual * 5 / 4
	}
	if r.status == http.StatusNotModified {
		return setAnswer{fresh: s.fresh, state: s}, nil
	}
	keys, complaints, err := parseSet(r.body)
	if err != nil {
		return setAnswer{}, fmt.Errorf("key set: %w", err)
	}
	if len(keys) == 0 {
		complaints = append(complaints, "the set holds no key that can be used")
	}
	s.etag, s.complaints = r.header.Get("ETag"), complaints
	return setAnswer{newKeyIndex(keys), s.fresh, s}, nil
}

// discover asks the issuer where its keys are.
func (k *KeySet) discover(ctx context.Context) (string, error) {
	issuer, err := url.Parse(k.c.Issuer)
	if err != nil {
		return "", errors.New("Issuer: not an address")
	}
	path := strings.TrimSuffix(issuer.Path, "/")
	for i, well := range []string{path + "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server" + path} {
		at := *issuer
		at.Path, at.RawPath = well, ""
		r, err := k.get(ctx, at.String(), "")
		if err != nil {
			if i == 0 && r.status != 0 { // it answers, but not here
				continue
			}
			return "", err
		}
		return k.metadata(r.body)
	}
	return "", errors.New("no metadata")
}

// metadata reads the address of the set out of an issuer's metadata.
func (k *KeySet) metadata(text string) (string, error) {
	var issuer, at string
	if eachMember(text, func(name, value string) {
		switch name {
		case "issuer":
			issuer, _ = stringOf(value)
		case "jwks_uri":
			at, _ = stringOf(value)
		}
	}) != sound {
		return "", errors.New("the metadata is not a JSON object")
	}
	if issuer != k.c.Issuer { // RFC 8414 section 3.3
		return "", errors.New("the metadata is of another issuer")
	}
	u, err := url.Parse(at)
	if err != nil {
		return "", errors.New("jwks_uri: not an address")
	}
	if err := k.allowed(u); err != nil {
		return "", fmt.Errorf("jwks_uri: %w", err)
	}
	return at, nil
}

// A setResponse is an answer of the server. Its status is known also beside an
// error, if there was one.
type setResponse struct {
	status int
	header http.Header
	body   string
}

func (k *KeySet) get(ctx context.Context, at, etag string) (setResponse, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return setResponse{}, errors.New("not an address")
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json;q=0.9")
	r.Header.Set("User-Agent", "jotsight-guard")
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	resp, err := k.client.Do(r)
	if err != nil {
		return setResponse{}, bare(err)
	}
	defer resp.Body.Close()
	a := setResponse{status: resp.StatusCode, header: resp.Header}
	switch {
	case a.status == http.StatusNotModified && etag != "":
		return a, nil
	case a.status != http.StatusOK:
		return a, fmt.Errorf("status %d", a.status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, setBytes+1))
	switch {
	case err != nil:
		return setResponse{}, bare(err)
	case len(body) > setBytes:
		return setResponse{}, fmt.Errorf("more than %d bytes", setBytes)
	}
	a.body = string(body)
	return a, nil
}

// bare leaves out the address, which may hold what is nobody's business, and what
// looks like a token.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var t interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout() {
		return errors.New("no answer in time")
	}
	return errors.New(event.Scrub(err.Error()))
}

func (k *KeySet) redirect(r *http.Request, via []*http.Request) error {
	switch {
	case len(via) > setRedirects:
		return fmt.Errorf("more than %d redirects", setRedirects)
	case via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https":
		return errors.New("a redirect from https to something less")
	}
	if err := k.allowed(r.URL); err != nil {
		return fmt.Errorf("redirect: %w", err)
	}
	return nil
}

// allowed says why a set must not be loaded from u.
func (k *KeySet) allowed(u *url.URL) error {
	switch {
	case u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("not an http or https address")
	case u.User != nil:
		return errors.New("credentials do not belong in it")
	case u.Scheme == "http" && !k.c.AllowHTTP && !loopback(u.Hostname()):
		return errors.New("not https; whoever sits between could sign tokens (see AllowHTTP)")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// maxAge says how long an answer may be used (RFC 9111 section 4.2), if it
// says so itself.
func maxAge(h http.Header) (d time.Duration, ok bool) {
	for _, line := range h.Values("Cache-Control") {
		for directive := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
			switch strings.ToLower(name) {
			case "no-store", "no-cache":
				return 0, true
			case "max-age":
				if n, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
					d, ok = time.Duration(n)*time.Second, true
				}
			}
		}
	}
	if age, err := strconv.ParseUint(h.Get("Age"), 10, 31); ok && err == nil {
		d = max(0, d-time.Duration(age)*time.Second)
	}
	return d, ok
}
