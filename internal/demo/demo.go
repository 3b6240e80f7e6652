// Package demo runs the closed loop on one machine: the bank of examples/bank as
// one finds it and the same bank behind guard, users and attackers at both, a
// monitor that hears of what happens, and a scan of each bank that asks what was
// refused, recorded and alerted. Nothing is written in advance: the reports are
// what scan found a moment ago, the alerts are what arrived.
package demo

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
	"time"

	"github.com/jotsight/jotsight/examples/bank"
	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/monitor"
	"github.com/jotsight/jotsight/internal/sim"
)

// A Config says how a demo is run. The zero Config is the demo of the command
// line, without words.
type Config struct {
	// Switches are the weaknesses of the blind bank; nil means bank.Blind.
	Switches *bank.Switches
	// Version is what the reports carry.
	Version string
	// Say is told what happens, one line for people at a time; nil for nobody.
	Say func(line string)
	// Log hears of trouble in the monitor; nil discards.
	Log *slog.Logger
	// Seed decides what users and attackers do.
	Seed uint64
}

// A Result is what came of it.
type Result struct {
	Blind, Guarded Outcome
	Alerts         []detect.Alert // as delivered, in the order in which they began
}

// An Outcome is what came of one bank.
type Outcome struct {
	Visit  Visit
	Report *finding.Report
}

// A Visit is what the attackers of package sim were answered, and how many
// alerts they and the users raised.
type Visit struct {
	Attackers sim.Tally
	Alerts    int
}

// A Demo is a running demonstration.
type Demo struct {
	c       Config
	dir     string
	secret  []byte // HMAC key of both banks, unless the blind one's is weak
	inbox   *inbox
	monitor *monitor.Monitor
	blind   *service
	guarded *service
	key     string // ingest key, with which reports are posted too
	stop    []func(context.Context) error
}

// A service is one bank, listening.
type service struct {
	url, log, secret string
	// flush is how long a line may be on its way into the log, within an alert on
	// its way to the scan. guard writes five times a second; the blind bank writes
	// before it answers, and has nobody whom it could alert.
	flush, within time.Duration
}

// Start brings up both banks and the monitor on free ports of the loopback
// interface, with their data in a temporary folder. Stop must be called
// whenever the error is nil.
func Start(ctx context.Context, c Config) (d *Demo, err error) {
	if c.Switches == nil {
		blind := bank.Blind()
		c.Switches = &blind
	}
	if c.Say == nil {
		c.Say = func(string) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	d = &Demo{c: c, secret: []byte(rand.Text() + rand.Text())}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Stop(context.WithoutCancel(ctx)))
			d = nil
		}
	}()
	if d.dir, err = os.MkdirTemp("", "jotsight-demo-"); err != nil {
		return d, err
	}
	d.later(func(context.Context) error { return os.RemoveAll(d.dir) })
	if err = d.startMonitor(ctx); err != nil {
		return d, fmt.Errorf("monitor: %w", err)
	}
	if d.blind, err = d.startBank("blind", bank.Config{Switches: *c.Switches, Secret: d.secret}); err != nil {
		return d, fmt.Errorf("blind bank: %w", err)
	}
	if c.Switches.WeakSecret {
		d.blind.secret = bank.WeakSecret
	}
	d.guarded, err = d.startBank("guarded", bank.Config{Guarded: true, Secret: d.secret,
		Monitor: bank.Monitor{URL: "http://" + d.monitor.Addr(), Key: d.key}})
	if err != nil {
		return d, fmt.Errorf("guarded bank: %w", err)
	}
	return d, nil
}

// later remembers what Stop has to do; what was started last ends first.
func (d *Demo) later(f func(context.Context) error) { d.stop = append(d.stop, f) }

// Stop ends everything and removes the data.
func (d *Demo) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var errs []error
	for i := len(d.stop) - 1; i >= 0; i-- {
		errs = append(errs, d.stop[i](ctx))
	}
	d.stop = nil
	return errors.Join(errs...)
}

// SetupURL is the one-time link to the monitor's page.
func (d *Demo) SetupURL() string { return d.monitor.SetupURL() }

func (d *Demo) startMonitor(ctx context.Context) (err error) {
	if d.inbox, err = newInbox(); err != nil {
		return err
	}
	hook, err := d.serve(d.inbox)
	if err != nil {
		return err
	}
	d.monitor, err = monitor.New(monitor.Config{
		Listen:   "127.0.0.1:0",
		Data:     filepath.Join(d.dir, "monitor"),
		Webhooks: []monitor.Webhook{{Name: "demo", URL: hook, Secret: d.inbox.secret}},
		Log:      d.c.Log,
	})
	if err != nil {
		return err
	}
	if err := d.monitor.Start(ctx); err != nil {
		return err
	}
	d.later(d.monitor.Stop)
	d.key, err = d.monitor.IngestKey(ctx, "demo")
	return err
}

func (d *Demo) startBank(name string, c bank.Config) (*service, error) {
	log := filepath.Join(d.dir, name+".log")
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	d.later(func(context.Context) error { return f.Close() })
	c.Log = f
	b, err := bank.New(c)
	if err != nil {
		return nil, err
	}
	d.later(b.Close)
	s := &service{log: log, secret: string(c.Secret), flush: 250 * time.Millisecond, within: 3 * time.Second}
	if c.Guarded {
		s.flush, s.within = 400*time.Millisecond, 5*time.Second
	}
	s.url, err = d.serve(b)
	return s, err
}

// serve answers with h on a free port.
func (d *Demo) serve(h http.Handler) (url string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(d.c.Log.Handler(), slog.LevelWarn)}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	d.later(func(ctx context.Context) error {
		err := s.Shutdown(ctx)
		if ended := <-ended; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
		return err
	})
	return "http://" + l.Addr().String(), nil
}

// people are the bank's customers; the last of them may only look.
func people() (users []sim.User) {
	for _, u := range bank.Users() {
		if len(u.Accounts) > 0 {
			users = append(users, sim.User{Name: u.Name, Password: u.Password, Account: u.Accounts[0]})
		}
	}
	return users
}
