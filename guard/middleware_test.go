package guard_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

func TestContext(t *testing.T) {
	b := newBench(t, nil)
	type claims struct {
		Tenant string   `json:"tenant"`
		Roles  []string `json:"roles"`
	}
	raw := b.token(t, func(c jwt.MapClaims) { c["tenant"], c["roles"] = "t1", []string{"admin"} })
	h := b.Verify(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tok, ok := guard.FromContext(r.Context())
		if !ok || tok.Subject() != "user-4711" || tok.ID() == "" || tok.ClientID() != "web" || tok.SessionID() == "" ||
			tok.Issuer() != "https://login.example" || !tok.Expires().Equal(b.clock.Now().Add(time.Hour)) {
			t.Errorf("token of the context: %+v, %v", tok, ok)
		}
		c, err := guard.Claims[claims](r.Context())
		if err != nil || c.Tenant != "t1" || len(c.Roles) != 1 {
			t.Errorf("claims %+v, %v", c, err)
			return
		}
		c.Roles[0] = "changed" // must not reach the next request
		child, cancel := context.WithCancel(r.Context())
		cancel()
		if _, ok := guard.FromContext(child); !ok {
			t.Error("a derived context has lost the token")
		}
	}))
	for range 2 {
		if w := get(h, raw); w.Code != 200 {
			t.Fatalf("status %d", w.Code)
		}
	}
	if _, err := guard.Claims[claims](t.Context()); !errors.Is(err, guard.ErrNoToken) {
		t.Errorf("claims without a token: %v", err)
	}
}

func TestOptional(t *testing.T) {
	b := newBench(t, nil)
	var had bool
	h := b.Optional(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, had = guard.FromContext(r.Context()) }))
	for _, test := range []struct {
		name, raw string
		edit      func(*http.Request)
		status    int
		had       bool
	}{
		{"none", "", func(*http.Request) {}, 200, false},
		{"good", b.token(t, nil), func(*http.Request) {}, 200, true},
		{"bad", "x", func(*http.Request) {}, 401, false},
		{"another scheme", "", func(r *http.Request) { r.Header.Set("Authorization", "Token x") }, 401, false},
		{"in the URL", "", func(r *http.Request) { r.URL.RawQuery = "access_token=x" }, 400, false},
	} {
		had = false
		if w := get(h, test.raw, test.edit); w.Code != test.status || had != test.had {
			t.Errorf("%s: status %d, token %v; want %d, %v", test.name, w.Code, had, test.status, test.had)
		}
	}
}

func TestRequire(t *testing.T) {
	b := newBench(t, nil)
	raw := b.token(t, func(c jwt.MapClaims) { c["level"], c["roles"] = 3, []string{"clerk"} })
	for _, test := range []struct {
		name   string
		rules  []guard.Rule
		status int
	}{
		{"nothing", nil, 200},
		{"scope", []guard.Rule{guard.Scope("orders:read")}, 200},
		{"both scopes", []guard.Rule{guard.Scope("orders:read", "orders:write")}, 200},
		{"a scope it has not", []guard.Rule{guard.Scope("orders:read", "admin")}, 403},
		{"part of a scope", []guard.Rule{guard.Scope("orders")}, 403},
		{"any scope", []guard.Rule{guard.AnyScope("admin", "orders:read")}, 200},
		{"no scope of any", []guard.Rule{guard.AnyScope("admin")}, 403},
		{"type", []guard.Rule{guard.Type("application/JWT")}, 200},
		{"another type", []guard.Rule{guard.Type("at+jwt")}, 403},
		{"claim", []guard.Rule{guard.Claim("level", 3)}, 200},
		{"another value", []guard.Rule{guard.Claim("level", 4)}, 403},
		{"a claim it has not", []guard.Rule{guard.Claim("tenant", "t1")}, 403},
		{"one of an array", []guard.Rule{guard.Claim("roles", "clerk")}, 200},
		{"one's own", []guard.Rule{guard.Must("odd level", func(*guard.Token) bool { return false })}, 403},
		{"two rules", []guard.Rule{guard.Scope("orders:read"), guard.Claim("level", 9)}, 403},
	} {
		for _, inside := range []bool{false, true} {
			b := newBench(t, nil) // each has its own share of records
			h := b.Require(test.rules...)(answerOK)
			if inside {
				h = b.Verify(h)
			}
			w := get(h, raw)
			if w.Code != test.status {
				t.Errorf("%s, inside Verify %v: status %d, want %d", test.name, inside, w.Code, test.status)
			}
			if test.status != 403 {
				continue
			}
			var denied []event.Event
			for _, e := range b.memo.take() {
				if e.Kind == event.ScopeDenied {
					denied = append(denied, e)
				} else if e.Status == 403 {
					t.Errorf("%s: the denial is written a second time as %v", test.name, e.Kind)
				}
			}
			if len(denied) != 1 || denied[0].UserID != "user-4711" || denied[0].Reason != event.ReasonScopeInsufficient || denied[0].Status != 403 {
				t.Errorf("%s: denials %+v", test.name, denied)
			}
		}
	}
	w := get(b.Require(guard.Scope("admin", "audit"))(answerOK), raw)
	if got, want := w.Header().Get("WWW-Authenticate"), `Bearer error="insufficient_scope", scope="admin audit"`; got != want {
		t.Errorf("challenge %q, want %q", got, want)
	}
	if w := get(b.Require(guard.Scope("orders:read"))(answerOK), ""); w.Code != 401 {
		t.Errorf("no token: status %d, want 401", w.Code)
	}
}

// A token that one guard admitted is not good for another.
func TestTwoGuards(t *testing.T) {
	b := newBench(t, nil)
	other := newBench(t, func(c *guard.Config) { c.Audience = []string{"stock"} })
	if w := get(b.Verify(other.Require()(answerOK)), b.token(t, nil)); w.Code != 401 {
		t.Errorf("status %d, want 401 from the inner guard", w.Code)
	}
}

func TestAnswers(t *testing.T) {
	b := newBench(t, nil)
	h := b.Verify(answerOK)
	for _, test := range []struct{ raw, challenge string }{
		{"", "Bearer"}, {"x", `Bearer error="invalid_token"`}, {b.token(t, nil) + "x", `Bearer error="invalid_token"`},
	} {
		w := get(h, test.raw)
		if got := w.Header().Get("WWW-Authenticate"); got != test.challenge {
			t.Errorf("challenge %q, want %q", got, test.challenge)
		}
		if w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Cache-Control") != "no-store" ||
			strings.TrimSpace(w.Body.String()) != `{"type":"about:blank","title":"Unauthorized","status":401}` {
			t.Errorf("answer %v %s", w.Header(), w.Body)
		}
	}
	custom := newBench(t, func(c *guard.Config) {
		c.Deny = func(w http.ResponseWriter, _ *http.Request, e *guard.Error) { w.WriteHeader(e.Status + 10) }
	})
	if w := get(custom.Verify(answerOK), ""); w.Code != 411 {
		t.Errorf("own Deny: status %d", w.Code)
	}
	if w := get(custom.Require(guard.Scope("admin"))(answerOK), custom.token(t, nil)); w.Code != 413 {
		t.Errorf("own Deny of a rule: status %d", w.Code)
	}
}

// What the handler does is written: its status, its latency, its route; by
// default from 400 on.
func TestOutcome(t *testing.T) {
	t.Run("fold", func(t *testing.T) { outcomes(t, guard.SuccessFold, "", "verified") })
	t.Run("all", func(t *testing.T) { outcomes(t, guard.SuccessAll, "verified request", "verified request") })
}

// outcomes takes what is written of a good request, and of the first one.
func outcomes(t *testing.T, mode guard.Successes, good, first string) {
	b := newBench(t, func(c *guard.Config) { c.Events.Successes = mode })
	mux := http.NewServeMux()
	status := 200
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, _ *http.Request) {
		b.clock.add(250 * time.Millisecond)
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(status)
	})
	h, raw := b.Verify(mux), b.token(t, nil)
	for _, test := range []struct {
		status int
		want   string
	}{
		{200, first}, {204, good}, {404, "request"}, {500, "request_failed"}, {503, "request_failed"},
	} {
		b.memo.take()
		status = test.status
		get(h, raw)
		list := b.memo.take()
		if got := brief(list); got != test.want && got != "verified "+test.want {
			t.Errorf("status %d: events %q, want %q", test.status, got, test.want)
			continue
		}
		if len(list) == 0 || list[len(list)-1].Kind == event.Verified {
			continue
		}
		e := list[len(list)-1]
		if e.Status != test.status || e.Route != "/orders/{id}" || e.Path != "" || e.Duration != 250*time.Millisecond || e.UserID != "user-4711" {
			t.Errorf("status %d: %+v", test.status, e)
		}
		if want := map[bool]event.Outcome{true: event.Success, false: event.Failure}[test.status < 400]; e.Outcome != want {
			t.Errorf("status %d: outcome %v", test.status, e.Outcome)
		}
	}
}

// Refusals happen before routing; a hook names the route all the same.
func TestRouteHook(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(http.ResponseWriter, *http.Request) {})
	b := newBench(t, func(c *guard.Config) { c.Route = guard.MuxRoute(mux) })
	get(b.Verify(mux), "x")
	if e := b.memo.one(t); e.Route != "/orders/{id}" {
		t.Errorf("route %q", e.Route)
	}
}

func TestPanic(t *testing.T) {
	var log bytes.Buffer
	b := newBench(t, func(c *guard.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	raw := b.token(t, nil)
	get(b.Verify(answerOK), raw)
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		status  int
		aborts  bool
		reason  event.Reason
	}{
		{"before anything", func(http.ResponseWriter, *http.Request) { panic("token " + raw) }, 500, false, event.ReasonInternalError},
		{"after the header", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("half")); panic(errors.New(raw)) }, 200, true, event.ReasonInternalError},
		{"abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 200, true, 0},
	} {
		b.memo.take()
		w := httptest.NewRecorder()
		func() {
			defer func() {
				if p := recover(); (p != nil) != test.aborts || p != nil && p != http.ErrAbortHandler {
					t.Errorf("%s: panics on with %v", test.name, p)
				}
			}()
			b.Verify(test.handler).ServeHTTP(w, request(raw))
		}()
		e := b.memo.one(t)
		if e.Kind != event.RequestFailed || e.Reason != test.reason || w.Code != test.status || e.UserID != "user-4711" {
			t.Errorf("%s: status %d, event %+v", test.name, w.Code, e)
		}
		if strings.Contains(string(e.Append(nil))+w.Body.String(), raw) {
			t.Errorf("%s: the token is in the event or the answer", test.name)
		}
	}
	if text := log.String(); strings.Contains(text, raw) || strings.Count(text, "handler panicked") != 2 || !strings.Contains(text, "TestPanic") {
		t.Errorf("the log must tell type and stack of both, and no token:\n%s", text)
	}
}

func TestSlowVerification(t *testing.T) {
	var b *bench
	b = newBench(t, func(c *guard.Config) {
		c.Keys = keySource(func(context.Context, guard.Header) ([]guard.Key, error) {
			b.clock.add(150 * time.Millisecond)
			return []guard.Key{{ID: "k1", Material: secret}}, nil
		})
	})
	b.Check(t.Context(), b.token(t, nil), guard.Meta{})
	list := b.memo.take()
	if brief(list) != "slow_verification verified" || list[0].Duration != 150*time.Millisecond {
		t.Errorf("events %s, %v", brief(list), list)
	}
}

// What a handler may expect of its ResponseWriter goes through the guard.
func TestResponseWriter(t *testing.T) {
	b := newBench(t, nil)
	raw := b.token(t, nil)
	server := httptest.NewServer(b.Verify(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/flush":
			io.WriteString(w, "one")
			w.(http.Flusher).Flush()
			if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Errorf("deadline: %v", err)
			}
			<-r.Context().Done() // the client has read the flushed part and gone
		case "/hijack":
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Errorf("hijack: %v", err)
				return
			}
			rw.WriteString("HTTP/1.1 101 Switching Protocols\r\n\r\n")
			rw.Flush()
			conn.Close()
		case "/copy":
			io.Copy(w, strings.NewReader("copied"))
		}
	})))
	defer server.Close()
	do := func(path string) (*http.Response, context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		r, _ := http.NewRequestWithContext(ctx, "GET", server.URL+path, nil)
		r.Header.Set("Authorization", "Bearer "+raw)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return resp, cancel
	}
	resp, cancel := do("/flush")
	if c, _ := bufio.NewReader(resp.Body).ReadByte(); c != 'o' {
		t.Error("flushed bytes did not arrive")
	}
	cancel()
	resp, cancel = do("/copy")
	if text, _ := io.ReadAll(resp.Body); string(text) != "copied" {
		t.Errorf("copied %q", text)
	}
	cancel()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /hijack HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", raw)
	if line, _ := bufio.NewReader(conn).ReadString('\n'); !strings.HasPrefix(line, "HTTP/1.1 101") {
		t.Errorf("hijacked answer %q", line)
	}
}

func TestExtractors(t *testing.T) {
	cookie := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: name, Value: value}) }
	}
	query := func(q string) func(*http.Request) { return func(r *http.Request) { r.URL.RawQuery = q } }
	b := newBench(t, nil)
	raw := b.token(t, nil)
	for _, test := range []struct {
		name    string
		extract guard.Extractor
		bearer  string
		edit    func(*http.Request)
		status  int
		source  event.Source
	}{
		{"cookie", guard.Cookie("s"), "", cookie("s", raw), 200, event.Cookie},
		{"no cookie", guard.Cookie("s"), raw, cookie("t", raw), 401, 0},
		{"two cookies", guard.Cookie("s"), "", func(r *http.Request) { cookie("s", raw)(r); cookie("s", raw)(r) }, 400, event.Cookie},
		{"two cookies, the first empty", guard.Cookie("s"), "", func(r *http.Request) { cookie("s", "")(r); cookie("s", raw)(r) }, 400, event.Cookie},
		{"two empty cookies", guard.Cookie("s"), "", func(r *http.Request) { cookie("s", "")(r); cookie("s", "")(r) }, 401, 0},
		{"two in the query, the first empty", guard.Query("t"), "", query("t=&t=" + raw), 400, event.Query},
		{"query, escaped name", guard.Bearer, raw, query("%61ccess_token=x"), 400, event.Query},
		{"query, a semicolon", guard.Bearer, "", query("access_token=x;y"), 400, event.Query},
		{"query, another name", guard.Bearer, raw, query("my_access_token=x&a=access_token=%zz"), 200, event.Header},
		{"query when asked for", guard.Query("access_token"), "", query("access_token=" + raw), 200, event.Query},
		{"two in the query", guard.Query("t"), "", query("t=a&t=b"), 400, event.Query},
		{"one of: header", guard.OneOf(guard.Bearer, guard.Cookie("s")), raw, query(""), 200, event.Header},
		{"one of: cookie", guard.OneOf(guard.Bearer, guard.Cookie("s")), "", cookie("s", raw), 200, event.Cookie},
		{"one of: both", guard.OneOf(guard.Bearer, guard.Cookie("s")), raw, cookie("s", raw), 400, event.Cookie},
		{"one of: none", guard.OneOf(guard.Bearer, guard.Cookie("s")), "", query(""), 401, 0},
	} {
		b := newBench(t, func(c *guard.Config) { c.Extract = test.extract })
		w := get(b.Verify(answerOK), test.bearer, test.edit)
		list := b.memo.take()
		if w.Code != test.status || len(list) == 0 || list[0].Source != test.source {
			t.Errorf("%s: status %d, events %v; want %d from %v", test.name, w.Code, list, test.status, test.source)
		}
	}
}

// The address is the connection's, unless a resolver was chosen: a header taken
// at face value lets an attacker choose his own.
func TestAddress(t *testing.T) {
	forwarded := func(r *http.Request) { r.Header.Set("X-Forwarded-For", "198.51.100.9") }
	b := newBench(t, nil)
	get(b.Verify(answerOK), "x", forwarded)
	if e := b.memo.one(t); e.ClientAddress != "203.0.113.7" || e.ClientPort != 51000 {
		t.Errorf("address %s port %d", e.ClientAddress, e.ClientPort)
	}
	b = newBench(t, func(c *guard.Config) {
		c.ClientIP = func(r *http.Request) netip.Addr { return netip.MustParseAddr(r.Header.Get("X-Forwarded-For")) }
	})
	get(b.Verify(answerOK), "x", forwarded)
	if e := b.memo.one(t); e.ClientAddress != "198.51.100.9" || e.ClientPort != 0 {
		t.Errorf("address %s port %d from the resolver", e.ClientAddress, e.ClientPort)
	}
	// Who makes a resolver fail is not out of the limit: he shares the proxy's.
	b = newBench(t, func(c *guard.Config) {
		c.ClientIP = func(r *http.Request) netip.Addr { a, _ := netip.ParseAddr(r.Header.Get("X-Forwarded-For")); return a }
		c.Limit = guard.LimitConfig{Failures: 3}
	})
	var codes []int
	for range 4 {
		codes = append(codes, get(b.Verify(answerOK), "x", func(r *http.Request) { r.Header.Set("X-Forwarded-For", "nonsense") }).Code)
	}
	if fmt.Sprint(codes) != "[401 401 401 429]" {
		t.Errorf("statuses %v without an address", codes)
	}
	if w := get(b.Verify(answerOK), "x", forwarded); w.Code != 401 {
		t.Errorf("a client with an address is answered %d", w.Code)
	}
}

// Correlation ids are taken when they are what they should be.
func TestCorrelation(t *testing.T) {
	b := newBench(t, nil)
	get(b.Verify(answerOK), "x", func(r *http.Request) {
		r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
		r.Header.Set("X-Request-Id", "req-1")
	})
	if e := b.memo.one(t); e.TraceID != "4bf92f3577b34da6a3ce929d0e0e4736" || e.SpanID != "00f067aa0ba902b7" || e.RequestID != "req-1" {
		t.Errorf("%q %q %q", e.TraceID, e.SpanID, e.RequestID)
	}
	for _, bad := range []string{
		"00-zz-x-01", "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
	} {
		get(b.Verify(answerOK), "x", func(r *http.Request) { r.Header.Set("Traceparent", bad) })
		if e := b.memo.one(t); e.TraceID != "" || e.SpanID != "" {
			t.Errorf("%s gave %q %q", bad, e.TraceID, e.SpanID)
		}
	}
}

func TestObserve(t *testing.T) {
	b := newBench(t, func(c *guard.Config) {
		*c = guard.Config{ObserveOnly: true, Events: c.Events, Now: c.Now}
	})
	good := b.token(t, nil)
	none := forge(`{"alg":"none"}`, `{"sub":"admin"}`, "")
	for _, test := range []struct {
		name, raw string
		status    int
		want      string
		outcome   event.Outcome
	}{
		{"open route", "", 200, "", 0},
		{"no token", "", 401, "missing:missing", event.Failure},
		{"not found", "", 404, "", 0},
		{"good", good, 200, "request", event.UnknownOutcome},
		{"refused", good, 401, "verification_failed", event.Failure},
		{"denied", good, 403, "scope_denied", event.Failure},
		{"failed", good, 502, "request_failed", event.Failure},
		{"unsigned and accepted", none, 200, "request:alg_none", event.UnknownOutcome},
		{"unsigned and refused", none, 401, "verification_failed:alg_none", event.Failure},
		{"garbage", "x", 401, "verification_failed:malformed", event.Failure},
	} {
		b.memo.take()
		h := b.Observe(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(test.status) }))
		if w := get(h, test.raw); w.Code != test.status {
			t.Errorf("%s: the answer became %d", test.name, w.Code)
		}
		list := b.memo.take()
		if brief(list) != test.want {
			t.Errorf("%s: events %q, want %q", test.name, brief(list), test.want)
			continue
		}
		if len(list) == 0 {
			continue
		}
		e := list[0]
		if e.Verified || e.UserID != "" || e.Outcome != test.outcome || e.Status != test.status {
			t.Errorf("%s: %+v", test.name, e)
		}
		if test.raw == good && e.ClaimedSubject != "user-4711" {
			t.Errorf("%s: claimed subject %q", test.name, e.ClaimedSubject)
		}
	}
	if w := get(b.Verify(answerOK), good); w.Code != 503 {
		t.Errorf("Verify of an observer: status %d, want 503: it admits nobody", w.Code)
	}
	defer func() {
		if recover() == nil || brief(b.memo.take()) != "request_failed" {
			t.Error("a panic must be seen and go on")
		}
	}()
	b.memo.take()
	get(b.Observe(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("x") })), good)
}
