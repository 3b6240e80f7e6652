package grpcguard_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/adapters/grpcguard"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	check = "/grpc.health.v1.Health/Check" // unary
	list  = "/grpc.health.v1.Health/List"  // unary
	watch = "/grpc.health.v1.Health/Watch" // a stream
)

var secret = []byte("a secret of thirty-two bytes or more")

// A memo is a Sink that remembers.
type memo struct {
	mu   sync.Mutex
	list []event.Event
}

func (m *memo) Emit(e *event.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.Kind != event.GuardStarted && e.Kind != event.GuardStopped {
		m.list = append(m.list, *e)
	}
}

func (m *memo) take() (list []event.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list, m.list = m.list, nil
	return list
}

// health answers with who asks: the service of our test.
type health struct {
	grpc_health_v1.UnimplementedHealthServer
	t *testing.T
}

func (h *health) who(ctx context.Context) {
	tok, ok := guard.FromContext(ctx)
	claims, err := guard.Claims[jwt.RegisteredClaims](ctx)
	if !ok || err != nil || tok.Subject() != "ada" || claims.Subject != "ada" {
		h.t.Errorf("in the handler: %v, %v, %v", ok, claims.Subject, err)
	}
}

func (h *health) Check(ctx context.Context, _ *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	h.who(ctx)
	return &grpc_health_v1.HealthCheckResponse{Status: grpc_health_v1.HealthCheckResponse_SERVING}, nil
}

func (h *health) List(ctx context.Context, _ *grpc_health_v1.HealthListRequest) (*grpc_health_v1.HealthListResponse, error) {
	if _, ok := guard.FromContext(ctx); ok {
		h.t.Error("a public method looked for a token")
	}
	return &grpc_health_v1.HealthListResponse{}, nil
}

func (h *health) Watch(_ *grpc_health_v1.HealthCheckRequest, s grpc.ServerStreamingServer[grpc_health_v1.HealthCheckResponse]) error {
	h.who(s.Context())
	return s.Send(&grpc_health_v1.HealthCheckResponse{Status: grpc_health_v1.HealthCheckResponse_SERVING})
}

// serve runs a real server on a port of its own and gives a client.
func serve(t *testing.T, g *guard.Guard, c grpcguard.Config) grpc_health_v1.HealthClient {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(grpc.UnaryInterceptor(grpcguard.Unary(g, c)), grpc.StreamInterceptor(grpcguard.Stream(g, c)))
	grpc_health_v1.RegisterHealthServer(s, &health{t: t})
	done := make(chan error)
	go func() { done <- s.Serve(l) }()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		s.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return grpc_health_v1.NewHealthClient(conn)
}

// call calls a method and gives the code, or that of the stream's first message.
func call(t *testing.T, client grpc_health_v1.HealthClient, method string, md ...string) *status.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(t.Context(), md...), 10*time.Second)
	defer cancel()
	var err error
	switch method {
	case check:
		_, err = client.Check(ctx, new(grpc_health_v1.HealthCheckRequest))
	case list:
		_, err = client.List(ctx, new(grpc_health_v1.HealthListRequest))
	case watch:
		var s grpc.ServerStreamingClient[grpc_health_v1.HealthCheckResponse]
		if s, err = client.Watch(ctx, new(grpc_health_v1.HealthCheckRequest)); err == nil {
			_, err = s.Recv()
		}
	}
	return status.Convert(err)
}

func sign(t testing.TB, edit func(jwt.MapClaims)) string {
	t.Helper()
	c := jwt.MapClaims{"sub": "ada", "scope": "read", "exp": time.Now().Add(time.Hour).Unix()}
	if edit != nil {
		edit(c)
	}
	raw, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func newGuard(t *testing.T, edit func(*guard.Config)) (*guard.Guard, *memo) {
	t.Helper()
	m := new(memo)
	c := guard.Config{
		Keys: guard.Static(secret), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true,
		Limit: guard.LimitConfig{Disabled: true}, Events: guard.EventConfig{Sink: m, Service: "health"},
	}
	if edit != nil {
		edit(&c)
	}
	g, err := guard.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close(t.Context()) })
	m.take()
	return g, m
}

func TestCalls(t *testing.T) {
	g, m := newGuard(t, nil)
	config := grpcguard.Config{
		Rules: func(method string) []guard.Rule {
			if method == watch {
				return []guard.Rule{guard.Scope("watch")}
			}
			return nil
		},
		Public: func(method string) bool { return method == list },
	}
	client := serve(t, g, config)
	good := sign(t, nil)
	watcher := sign(t, func(c jwt.MapClaims) { c["scope"] = "read watch" })
	for _, test := range []struct {
		name, method string
		md           []string
		code         codes.Code
		kind         event.Kind
		reason       event.Reason
	}{
		{"good", check, []string{"authorization", "Bearer " + good}, codes.OK, event.Verified, 0},
		{"good, a stream", watch, []string{"authorization", "bearer " + watcher}, codes.OK, event.Verified, 0},
		{"public", list, nil, codes.OK, 0, 0},
		{"public, with garbage", list, []string{"authorization", "Bearer garbage"}, codes.OK, 0, 0},
		{"none", check, nil, codes.Unauthenticated, event.Missing, event.ReasonMissing},
		{"none, a stream", watch, nil, codes.Unauthenticated, event.Missing, event.ReasonMissing},
		{"garbage", check, []string{"authorization", "Bearer garbage"}, codes.Unauthenticated, event.VerificationFailed, event.ReasonMalformed},
		{"expired, a stream", watch, []string{"authorization", "Bearer " + sign(t, func(c jwt.MapClaims) { c["exp"] = 1 })},
			codes.Unauthenticated, event.VerificationFailed, event.ReasonExpired},
		{"Basic", check, []string{"authorization", "Basic dTpw"}, codes.Unauthenticated, event.VerificationFailed, event.ReasonBadScheme},
		{"two", check, []string{"authorization", "Bearer " + good, "authorization", "Bearer " + good}, codes.Unauthenticated,
			event.VerificationFailed, event.ReasonMultipleTokens},
		{"no scope for the stream", watch, []string{"authorization", "Bearer " + sign(t, func(c jwt.MapClaims) { c["scope"] = "" })},
			codes.PermissionDenied, event.ScopeDenied, event.ReasonScopeInsufficient},
	} {
		t.Run(test.name, func(t *testing.T) {
			m.take()
			got := call(t, client, test.method, append(test.md, "x-request-id", "r1", "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")...)
			if got.Code() != test.code {
				t.Errorf("%v, want %v", got, test.code)
			}
			if strings.Contains(got.Message(), "expired") || strings.Contains(got.Message(), test.reason.String()) && test.reason != 0 {
				t.Errorf("the answer tells the reason: %q", got.Message())
			}
			events := m.take()
			if test.kind == 0 {
				if len(events) > 0 {
					t.Errorf("events %v, want none", events)
				}
				return
			}
			if len(events) == 0 {
				t.Fatal("no event")
			}
			e := events[len(events)-1]
			if e.Kind != test.kind || e.Reason != test.reason {
				t.Errorf("%v %v, want %v %v", e.Kind, e.Reason, test.kind, test.reason)
			}
			if e.Route != test.method || e.ClientAddress != "127.0.0.1" || e.RequestID != "r1" || e.TraceID == "" || !strings.Contains(e.UserAgent, "grpc-go") {
				t.Errorf("event %s", e.Append(nil))
			}
		})
	}
}

// The limiter knows the peer, or the client that Config.ClientIP resolves.
func TestLimit(t *testing.T) {
	g, _ := newGuard(t, func(c *guard.Config) { c.Limit = guard.LimitConfig{Failures: 3} })
	client := serve(t, g, grpcguard.Config{})
	for range 9 {
		call(t, client, check, "authorization", "Bearer garbage")
	}
	if got := call(t, client, watch, "authorization", "Bearer "+sign(t, nil)); got.Code() != codes.ResourceExhausted {
		t.Errorf("%v, want ResourceExhausted", got)
	}
}

// What cannot be known is Unavailable, so that nobody throws a good token away.
func TestKeysUnavailable(t *testing.T) {
	g, _ := newGuard(t, func(c *guard.Config) {
		c.Keys = guard.Keyfunc(func(*jwt.Token) (any, error) { return nil, guard.ErrKeysUnavailable })
	})
	client := serve(t, g, grpcguard.Config{})
	if got := call(t, client, check, "authorization", "Bearer "+sign(t, nil)); got.Code() != codes.Unavailable {
		t.Errorf("%v, want Unavailable", got)
	}
}

func ExampleUnary() {
	g, err := guard.New(guard.Config{Keys: guard.Static(secret), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true})
	if err != nil {
		panic(err)
	}
	defer g.Close(context.Background())
	config := grpcguard.Config{
		Rules: func(method string) []guard.Rule {
			if method == "/orders.Orders/Create" {
				return []guard.Rule{guard.Scope("orders:write")}
			}
			return nil
		},
		Public: func(method string) bool { return strings.HasPrefix(method, "/grpc.health.v1.Health/") },
	}
	grpc.NewServer(grpc.UnaryInterceptor(grpcguard.Unary(g, config)), grpc.StreamInterceptor(grpcguard.Stream(g, config)))
	// Output:
}
