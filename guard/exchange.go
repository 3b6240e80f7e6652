package guard

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// An exchange is one admitted request. It is the context of the handler and its
// ResponseWriter at once, so that admitting a request costs two allocations:
// this one, and the Request that carries the context.
type exchange struct {
	context.Context
	w      http.ResponseWriter
	g      *Guard
	token  Token         // without an entry where Observe watches
	start  time.Duration // since the guard began, which is shorter than a time
	status int16
	denied bool // a rule refused it and has said so
}

// A scope is the exchange as the handler's context.
type scope exchange

func (s *scope) Deadline() (time.Time, bool) { return s.Context.Deadline() }
func (s *scope) Done() <-chan struct{}       { return s.Context.Done() }
func (s *scope) Err() error                  { return s.Context.Err() }

func (s *scope) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return (*exchange)(s)
	}
	return s.Context.Value(key)
}

// A response is the exchange as the handler's ResponseWriter. What it can do
// beyond that depends on the writer below: http.ResponseController finds it by
// Unwrap, and Flush and Hijack are here for those who ask for the interfaces.
type response exchange

func (w *response) Unwrap() http.ResponseWriter { return w.w }
func (w *response) Header() http.Header         { return w.w.Header() }

func (w *response) WriteHeader(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = int16(status)
	}
	w.w.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.w.Write(b)
}

// ReadFrom keeps io.Copy on the fast path of the writer below.
func (w *response) ReadFrom(src io.Reader) (int64, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return io.Copy(w.w, src)
}

func (w *response) Flush() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	_ = http.NewResponseController(w.w).Flush()
}

func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.w).Hijack()
	if err == nil && w.status == 0 {
		w.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

// end records the outcome of a request and turns a panic into a 500. It is
// deferred, and r is the request that the handler was given: its router has set
// the pattern by now.
func (x *exchange) end(r *http.Request, o *origin) {
	p := recover()
	g := x.g
	if p == nil && (x.status < 400 || x.denied) {
		g.rec.metrics.Count(event.Request, 0)
		if g.successes == SuccessAll && !x.denied {
			x.write(g.rec.get(event.Request, 0, g.now()), r, o)
		}
		return
	}
	kind, reason, detail := event.Request, event.Reason(0), ""
	switch {
	case p == http.ErrAbortHandler:
		kind, detail = event.RequestFailed, "the handler aborted its answer"
	case p != nil:
		// The value of a panic may hold anything, a token included.
		kind, reason, detail = event.RequestFailed, event.ReasonInternalError, fmt.Sprintf("panic: %T", p)
		g.logPanic(r.Context(), "handler panicked", p)
		if x.status == 0 {
			http.Error((*response)(x), http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		} else {
			p = http.ErrAbortHandler // too late for a 500, and half an answer must not look whole
		}
	case x.status >= 500:
		kind = event.RequestFailed
	}
	if rec := g.rec.flood(kind, reason, o.addr, g.now()); rec != nil {
		rec.Outcome, rec.Detail = event.Failure, detail
		x.write(rec, r, o)
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
}

func (x *exchange) write(rec *record, r *http.Request, o *origin) {
	x.g.describeRequest(o, r, &rec.Event)
	x.token.describe(&rec.Event)
	if rec.Status = int(x.status); rec.Status == 0 {
		rec.Status = http.StatusOK
	}
	rec.Duration = rec.Time.Sub(x.g.began) - x.start
	x.g.rec.send(rec)
}

// logPanic tells of a panic in the log: its type and its stack, because its
// value may hold a token.
func (g *Guard) logPanic(ctx context.Context, msg string, p any) {
	log := g.log
	if log == nil {
		log = slog.Default()
	}
	log.LogAttrs(ctx, slog.LevelError, msg,
		slog.String("exception.type", fmt.Sprintf("%T", p)), slog.String("exception.stacktrace", string(debug.Stack())))
}
