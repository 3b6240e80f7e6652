package monitor

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jotsight/jotsight/internal/stream"
)

// The pace of ticks: a record a second costs little while events come, and too
// much in a log where nothing else happens.
const (
	tickBusy = time.Second
	tickIdle = 10 * time.Second
	busyFor  = time.Minute // after the last events
)

// tick writes into the log that time passes, until ctx ends.
func (m *Monitor) tick(ctx context.Context) {
	every := time.NewTicker(tickBusy)
	defer every.Stop()
	var seen uint64 // the last record, our own ticks included
	var busy, told time.Time
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
		now := m.c.Now()
		if last := m.log.State().Last; last != seen {
			seen, busy = last, now
		}
		if now.Sub(busy) > busyFor && now.Sub(told) < tickIdle {
			continue
		}
		err := m.log.Tick(ctx, now)
		if errors.Is(err, stream.ErrClosed) || ctx.Err() != nil {
			return
		}
		if err != nil {
			m.c.Log.Error("tick not written", slog.Any("error", err))
			continue
		}
		told, seen = now, m.log.State().Last
	}
}

// pruneEvery is how often the history forgets what is too old.
const pruneEvery = time.Hour

func (m *Monitor) prune(ctx context.Context) {
	every := time.NewTicker(pruneEvery)
	defer every.Stop()
	for {
		if err := m.history.Prune(ctx, m.c.Now().Add(-m.c.KeepFor)); err != nil && ctx.Err() == nil {
			m.c.Log.Error("history not pruned", slog.Any("error", err))
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}
