package alert

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// Config is how deliveries are made. A zero field means its default.
type Config struct {
	Timeout time.Duration    // of one attempt; 15 s
	First   time.Duration    // pause after the first failure; 2 s, then twice as long each time
	Longest time.Duration    // and never longer than this; 10 min
	GiveUp  time.Duration    // age at which a delivery becomes a dead letter; 24 h
	Now     func() time.Time // time.Now
	Log     *slog.Logger     // silent
}

// A Courier delivers what is in the outbox. Channels do not wait for each other.
type Courier struct {
	cfg    Config
	outbox Outbox
	routes []*route
}

type route struct {
	Channel
	wake chan struct{}
}

// NewCourier makes a courier for the channels given, which need different names.
func NewCourier(outbox Outbox, channels []Channel, c Config) *Courier {
	for _, d := range []struct {
		v *time.Duration
		d time.Duration
	}{{&c.Timeout, 15 * time.Second}, {&c.First, 2 * time.Second}, {&c.Longest, 10 * time.Minute}, {&c.GiveUp, 24 * time.Hour}} {
		if *d.v == 0 {
			*d.v = d.d
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	k := &Courier{cfg: c, outbox: outbox}
	for _, ch := range channels {
		k.routes = append(k.routes, &route{ch, make(chan struct{}, 1)})
	}
	return k
}

// Channels names the channels, for Deliveries.
func (k *Courier) Channels() []string {
	names := make([]string, len(k.routes))
	for i, r := range k.routes {
		names[i] = r.Name()
	}
	return names
}

// Wake tells the workers that the outbox has something new. It never waits.
func (k *Courier) Wake() {
	for _, r := range k.routes {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// Run delivers until ctx ends, then returns when the attempts under way have
// ended. Deliveries that were not made stay in the outbox.
func (k *Courier) Run(ctx context.Context) {
	var workers sync.WaitGroup
	for _, r := range k.routes {
		workers.Go(func() { k.work(ctx, r) })
	}
	workers.Wait()
}

// atOnce bounds how many deliveries a worker holds in memory.
const atOnce = 32

func (k *Courier) work(ctx context.Context, r *route) {
	gone, broken := false, false
	for {
		due, next, err := k.outbox.Due(ctx, r.Name(), k.cfg.Now(), atOnce)
		if ctx.Err() != nil {
			return
		}
		pause := k.cfg.Longest
		switch {
		case err != nil:
			if !broken {
				k.cfg.Log.Error("outbox cannot be read", slog.String("channel", r.Name()), slog.Any("error", err))
			}
			pause = k.cfg.First
		case len(due) > 0:
			pause = 0
		case !next.IsZero():
			pause = max(next.Sub(k.cfg.Now()), 0)
		}
		broken = err != nil
		for _, d := range due {
			if err := k.attempt(ctx, r, d, &gone); err != nil {
				if ctx.Err() != nil {
					return
				}
				// The receiver may have it; its id tells a repeat.
				k.cfg.Log.Error("outbox cannot be written", slog.String("channel", r.Name()), slog.Any("error", err))
				pause = k.cfg.First
				break
			}
		}
		if pause == 0 {
			continue
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// attempt tries one delivery and keeps what came of it. Its error is the
// outbox's.
func (k *Courier) attempt(ctx context.Context, r *route, d Delivery, gone *bool) error {
	if *gone {
		d.Problem = "the receiver asked for no more"
		return k.outbox.Bury(ctx, d)
	}
	bounded, cancel := context.WithTimeout(ctx, k.cfg.Timeout)
	err := r.Send(bounded, d)
	cancel()
	if err == nil {
		return k.outbox.Delivered(ctx, d)
	}
	if ctx.Err() != nil {
		return ctx.Err() // not the receiver's fault: no attempt of it
	}
	var refusal *Refusal
	errors.As(err, &refusal)
	now := k.cfg.Now()
	d.Attempts++
	d.Problem = err.Error()
	pause := k.backoff(d.Attempts)
	if refusal != nil {
		pause = max(pause, min(refusal.After, k.cfg.GiveUp))
		*gone = refusal.Gone
	}
	d.Next = now.Add(pause)
	log := []any{slog.String("channel", r.Name()), slog.String("delivery", d.ID), slog.Int("attempt", d.Attempts), slog.Any("error", err)}
	if *gone || now.Sub(d.Created) >= k.cfg.GiveUp {
		k.cfg.Log.Error("alert not delivered", log...)
		return k.outbox.Bury(ctx, d)
	}
	k.cfg.Log.Warn("alert not delivered yet", log...)
	return k.outbox.Retry(ctx, d)
}

// backoff doubles from First to Longest, and takes off up to a quarter at
// random, so that many receivers that failed together are not tried together.
func (k *Courier) backoff(attempts int) time.Duration {
	pause := k.cfg.Longest
	if n := attempts - 1; n < 30 && k.cfg.First<<n < pause {
		pause = k.cfg.First << n
	}
	return pause - rand.N(pause/4+1)
}
