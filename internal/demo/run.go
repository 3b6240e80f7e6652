package demo

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/jotsight/jotsight/examples/bank"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan"
	"github.com/jotsight/jotsight/internal/sim"
)

// Run lets users and attackers loose on both banks and then scans both.
func (d *Demo) Run(ctx context.Context) (res *Result, err error) {
	res = &Result{}
	banks := []struct {
		name    string
		service *service
		outcome *Outcome
	}{{"the blind bank", d.blind, &res.Blind}, {"the bank behind guard", d.guarded, &res.Guarded}}
	for _, b := range banks {
		d.c.Say("users and attackers visit " + b.name)
		if b.outcome.Visit, err = d.visit(ctx, b.service); err != nil {
			return nil, fmt.Errorf("visit to %s: %w", b.name, err)
		}
	}
	for _, b := range banks {
		d.c.Say("scanning " + b.name)
		if b.outcome.Report, err = d.scan(ctx, b.service); err != nil {
			return nil, fmt.Errorf("scan of %s: %w", b.name, err)
		}
	}
	if err := d.inbox.settle(ctx, quiet, 5*time.Second); err != nil {
		return nil, err
	}
	res.Alerts = d.inbox.all()
	return res, nil
}

// visit plays one day at a bank, and waits for the alerts that it raises: they
// must not be taken for those of whatever comes next.
func (d *Demo) visit(ctx context.Context, s *service) (Visit, error) {
	before := len(d.inbox.all())
	c := sim.Config{URL: s.url, Users: people(), Seed: d.c.Seed}
	if _, err := sim.Users(ctx, c, 3); err != nil {
		return Visit{}, fmt.Errorf("users: %w", err)
	}
	tally, err := sim.Attackers(ctx, c)
	if err != nil {
		return Visit{}, fmt.Errorf("attackers: %w", err)
	}
	err = d.inbox.settle(ctx, quiet, 10*time.Second)
	return Visit{tally, len(d.inbox.all()) - before}, err
}

// quiet is the time without an alert after which no more are on their way: a
// guard writes at least once a second.
const quiet = 1500 * time.Millisecond

// scan attacks one bank with its own recipe, reads its log, and listens for the
// monitor's alerts.
func (d *Demo) scan(ctx context.Context, s *service) (*finding.Report, error) {
	env := map[string]string{"BANK_URL": s.url, "BANK_LOG": s.log, "BANK_SECRET": s.secret}
	r, err := scan.Parse("examples/bank/jotsight.yaml", bank.Recipe, func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	})
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	r.Alerts = &scan.Alerts{Webhook: address, Secret: d.inbox.secret, Within: s.within}
	for i := range r.Logs {
		r.Logs[i].Flush = s.flush
	}
	r.Monitor = &scan.Monitor{URL: "http://" + d.monitor.Addr(), Key: d.key}
	r.Limits.RPS, r.Limits.LoginsPerMinute = 0, 10_000 // the bank is ours, and on this machine
	d.inbox.passTo("http://" + address)
	defer d.inbox.passTo("")
	return scan.Run(ctx, r, scan.Options{Version: d.c.Version})
}

// freeAddress finds a port for somebody else to listen on. Another program may
// take it in between; the scan then says so.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Live keeps the users coming, a few requests a second, until ctx ends: a page
// that nobody visits looks dead.
func (d *Demo) Live(ctx context.Context) {
	for seed := d.c.Seed + 1; ctx.Err() == nil; seed++ {
		for _, s := range []*service{d.guarded, d.blind} {
			c := sim.Config{URL: s.url, Users: people(), Seed: seed, Pace: 400 * time.Millisecond}
			if _, err := sim.Users(ctx, c, 1); err != nil && ctx.Err() == nil {
				d.c.Log.WarnContext(ctx, "users stay away", "error", err)
				return
			}
		}
	}
}
