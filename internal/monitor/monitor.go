package monitor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/alert"
	"github.com/jotsight/jotsight/internal/ingest"
	"github.com/jotsight/jotsight/internal/store"
	"github.com/jotsight/jotsight/internal/stream"
	"github.com/jotsight/jotsight/internal/web"
)

// A Monitor takes events, raises alerts and shows both. Make it with New, then
// Start it once and Stop it once.
type Monitor struct {
	c        Config
	channels []alert.Channel
	ids      *event.IDs

	lock      *os.File
	history   *store.Store
	log       *stream.Log
	hub       *web.Hub
	web       *web.Web
	ingest    *ingest.Handler
	detector  *detector
	historian *historian
	courier   *alert.Courier
	listener  net.Listener
	server    *http.Server

	readers sync.WaitGroup     // the detector and the historian
	others  sync.WaitGroup     // what ends with halt
	halt    context.CancelFunc // ends everything that does not end by itself
	untick  context.CancelFunc
	failed  chan error
}

// New checks c as a whole and names every field that cannot be right. It opens
// nothing yet.
func New(c Config) (*Monitor, error) {
	channels, err := c.check()
	if err != nil {
		return nil, err
	}
	var seed [32]byte
	rand.Read(seed[:]) // never fails: see crypto/rand
	return &Monitor{c: c, channels: channels, ids: event.NewIDs(seed), hub: &web.Hub{}, failed: make(chan error, 1)}, nil
}

// Start opens the data directory, recovers what is in it and serves. ctx bounds
// the start alone. After an error everything is closed again.
func (m *Monitor) Start(ctx context.Context) (err error) {
	running, halt := context.WithCancel(context.WithoutCancel(ctx))
	m.halt, m.untick = halt, halt
	defer func() {
		if err != nil {
			m.close(context.WithoutCancel(ctx))
		}
	}()
	if m.lock, err = claim(m.c.Data); err != nil {
		return err
	}
	// The port before the log: a mistake in it is told at once.
	if m.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", m.c.Listen); err != nil {
		return err // it says "listen tcp", and where
	}
	if m.history, err = store.Open(ctx, filepath.Join(m.c.Data, historyFile)); err != nil {
		return err
	}
	if m.log, err = stream.Open(ctx, stream.Config{
		Dir: filepath.Join(m.c.Data, logDir), MaxAge: m.c.LogAge, MaxBytes: m.c.LogBytes, Log: m.c.Log,
	}); err != nil {
		return err
	}
	if err := m.wire(ctx); err != nil {
		return err
	}

	m.readers.Go(func() { m.detector.run(running, m.log) })
	m.readers.Go(func() { m.historian.run(running, m.log) })
	ticking, untick := context.WithCancel(running)
	m.untick = untick
	m.others.Go(func() { m.tick(ticking) })
	m.others.Go(func() { m.prune(running) })
	m.others.Go(func() { m.courier.Run(running) })
	m.others.Go(m.serve)
	m.c.Log.Info("monitor started", slog.String("address", m.Addr()), slog.Uint64("records", m.log.State().Last), slog.Int("rules", len(m.c.Rules)))
	return nil
}

// wire makes the parts that hold no file.
func (m *Monitor) wire(ctx context.Context) (err error) {
	m.courier = alert.NewCourier(outbox{m.history}, m.channels, alert.Config{Now: m.c.Now, Log: m.c.Log})
	m.detector, err = newDetector(&detector{
		history: m.history, courier: m.courier, hub: m.hub, now: m.c.Now, log: m.c.Log,
		path: filepath.Join(m.c.Data, checkpointFile),
	}, m.c.Rules)
	if err != nil {
		return err
	}
	m.historian = &historian{history: m.history, hub: m.hub, log: m.c.Log}
	place, err := m.history.Place(ctx, historyReader)
	if err != nil {
		return err
	}
	m.historian.place.Store(place)
	// A log that is shorter than what was read of it was taken away: what comes
	// now is new, and must not pass for known.
	for reader, place := range map[string]*atomic.Uint64{"detector": &m.detector.place, historyReader: &m.historian.place} {
		if last := m.log.State().Last; place.Load() > last {
			m.c.Log.Error("log ends before what was read of it; read from its beginning", slog.String("reader", reader),
				slog.Uint64("read", place.Load()), slog.Uint64("last", last))
			place.Store(0)
		}
	}
	m.ingest = ingest.New(ingest.Config{Log: m.log, Keys: m.history, IDs: m.ids, Now: m.c.Now, Logger: m.c.Log,
		Trouble: func() error { return m.log.State().Trouble }})
	base := m.c.BaseURL
	if base == "" {
		base = reachable(m.Addr(), m.c.TLS != nil)
	}
	m.web, err = web.New(web.Config{
		History: history{m.history}, Accounts: accounts{m.history}, Live: m.hub, Emit: m.audit,
		BaseURL: base, Secure: strings.HasPrefix(base, "https://"), Version: m.c.Version, Log: m.c.Log, Now: m.c.Now,
	})
	if err != nil {
		return err
	}
	m.server = &http.Server{
		Handler: m.routes(), TLSConfig: m.c.TLS,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       slog.NewLogLogger(m.c.Log.Handler(), slog.LevelDebug),
	}
	return nil
}

func (m *Monitor) serve() {
	var err error
	if m.c.TLS != nil {
		err = m.server.ServeTLS(m.listener, "", "")
	} else {
		err = m.server.Serve(m.listener)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		m.failed <- err
	}
}

// Failed receives an error when the monitor can no longer serve.
func (m *Monitor) Failed() <-chan error { return m.failed }

// audit writes an event about the monitor itself into the log, as if it had come
// in. Nobody waits for it.
func (m *Monitor) audit(e *event.Event) {
	own := *e
	own.Observed, own.Origin, own.Trust = m.c.Now().UTC(), "monitor", "trusted"
	if own.ID.IsZero() {
		own.ID = m.ids.Next(own.Observed)
	}
	own.Scrub()
	m.others.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := m.log.Append(ctx, []event.Event{own}, append(own.Append(nil), '\n')); err != nil {
			m.c.Log.Error("audit event not written", slog.String("event", own.Kind.String()), slog.Any("error", err))
		}
	})
}

// Addr gives the address that is listened on, host:port.
func (m *Monitor) Addr() string {
	if m.listener == nil {
		return m.c.Listen
	}
	return m.listener.Addr().String()
}

// SetupURL gives the link that makes the first user, empty once there is one. It
// belongs on the terminal of whoever started the monitor, and in no log.
func (m *Monitor) SetupURL() string {
	if m.web == nil {
		return ""
	}
	return m.web.SetupURL()
}

// HasKey reports whether any good ingest key was made yet.
func (m *Monitor) HasKey(ctx context.Context) (bool, error) {
	keys, err := m.history.Keys(ctx)
	return slices.ContainsFunc(keys, func(k store.Key) bool { return k.Revoked.IsZero() }), err
}

// IngestKey makes a write-only key for a source of events.
func (m *Monitor) IngestKey(ctx context.Context, source string) (string, error) {
	return (&Keyring{m.history}).Add(ctx, source, m.c.Now())
}

// Stop answers the requests under way, lets the readers take what is in the log
// and closes everything. What ctx does not leave time for is done after the next
// start: nothing is lost by a short stop.
func (m *Monitor) Stop(ctx context.Context) error {
	err := m.close(ctx)
	m.c.Log.Info("monitor stopped")
	return err
}

// close closes what is open, in the reverse order of the flow of events.
func (m *Monitor) close(ctx context.Context) error {
	var errs []error
	if m.web != nil {
		m.web.Close()
	}
	if m.server != nil {
		errs = append(errs, m.server.Shutdown(ctx))
	}
	if m.listener != nil {
		m.listener.Close() // the server's, if it served
	}
	m.untick()
	if m.log != nil {
		if err := m.log.Close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("log: %w", err))
		}
	}
	drained := make(chan struct{})
	go func() { m.readers.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-ctx.Done():
	}
	m.halt()
	<-drained
	m.others.Wait()
	if m.history != nil {
		errs = append(errs, m.history.Close())
	}
	if m.lock != nil {
		m.lock.Close()
	}
	return errors.Join(errs...)
}
