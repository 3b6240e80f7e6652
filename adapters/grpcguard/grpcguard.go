// Package grpcguard puts a guard before the methods of a gRPC server.
//
//	server := grpc.NewServer(
//		grpc.UnaryInterceptor(grpcguard.Unary(g, grpcguard.Config{})),
//		grpc.StreamInterceptor(grpcguard.Stream(g, grpcguard.Config{})))
//
// A method finds the token with guard.FromContext or its claims with guard.Claims.
// A call that is refused gets a status and no reason: Unauthenticated,
// PermissionDenied for a rule, ResourceExhausted for an address over its limit,
// Unavailable when keys or revocations cannot be known.
package grpcguard

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// Config says what methods ask for. Both functions are called with the full name,
// "/orders.Orders/List", from many goroutines at once.
type Config struct {
	// Rules gives what a method asks of a good token. Nil asks nothing.
	Rules func(method string) []guard.Rule
	// Public methods are served without looking for a token: health checks. By
	// default there are none.
	Public func(method string) bool
}

// Unary verifies the token of each call. The token is the one value of the
// metadata authorization, after the word Bearer. The client's address is that of
// the peer, or what guard.Config.ClientIP makes of the metadata.
//
// A token that is bound to a client certificate is checked against that of the
// connection (RFC 8705); one that is bound to a key of DPoP proofs is refused.
func Unary(g *guard.Guard, c Config) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, err := admit(ctx, g, c, info.FullMethod)
		if err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
}

// Stream is Unary for streams. The token is looked at when the stream opens: what
// is revoked later ends with the stream.
func Stream(g *guard.Guard, c Config) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, err := admit(stream.Context(), g, c, info.FullMethod)
		if err != nil {
			return err
		}
		return handler(srv, &admitted{stream, ctx})
	}
}

// An admitted is a stream whose context has the token.
type admitted struct {
	grpc.ServerStream
	ctx context.Context
}

// Context gives the context with the token.
func (s *admitted) Context() context.Context { return s.ctx }

func admit(ctx context.Context, g *guard.Guard, c Config, method string) (context.Context, error) {
	if c.Public != nil && c.Public(method) {
		return ctx, nil
	}
	r := request(ctx, method)
	m := g.Meta(r)
	m.Method, m.Route, m.Path, m.Source = "", method, "", event.Header
	m.Proof, m.URL = event.Raw{}, "" // nobody has said what a proof is to name for gRPC
	raw, _, err := guard.Bearer(r)
	var e *guard.Error
	if errors.As(err, &e) && e.Reason != event.ReasonMissing {
		return nil, answer(g.Reject(m, e))
	}
	t, err := g.Check(ctx, raw, m)
	if err != nil {
		return nil, answer(err)
	}
	if c.Rules != nil {
		if err := g.Allow(t, m, c.Rules(method)...); err != nil {
			return nil, answer(err)
		}
	}
	return guard.NewContext(ctx, t), nil
}

// request is the HTTP/2 request that a call is, as far as a guard looks at it.
func request(ctx context.Context, method string) *http.Request {
	r := &http.Request{Method: http.MethodPost, URL: &url.URL{Path: method}, Header: make(http.Header)}
	md, _ := metadata.FromIncomingContext(ctx)
	for name, values := range md {
		if name == ":authority" && len(values) > 0 {
			r.Host = values[0]
			continue
		}
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	if p, ok := peer.FromContext(ctx); ok {
		if p.Addr != nil {
			r.RemoteAddr = p.Addr.String()
		}
		if info, ok := p.AuthInfo.(credentials.TLSInfo); ok {
			r.TLS = &info.State
		}
	}
	return r.WithContext(ctx)
}

// answer gives the status of an error, and says no more than that.
func answer(err error) error {
	var e *guard.Error
	if !errors.As(err, &e) {
		return status.Error(codes.Internal, "internal error")
	}
	switch e.Status {
	case http.StatusForbidden:
		return status.Error(codes.PermissionDenied, "permission denied")
	case http.StatusTooManyRequests:
		return status.Error(codes.ResourceExhausted, "too many failures")
	case http.StatusServiceUnavailable:
		return status.Error(codes.Unavailable, "try again later")
	case http.StatusInternalServerError:
		return status.Error(codes.Internal, "internal error")
	}
	return status.Error(codes.Unauthenticated, "unauthenticated")
}
