package monitor

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jotsight/jotsight/internal/store"
	"github.com/jotsight/jotsight/internal/stream"
	"github.com/jotsight/jotsight/internal/web"
)

// A historian writes the log's events into the history. It may lag: nobody
// waits for it.
type historian struct {
	history *store.Store
	hub     *web.Hub
	log     *slog.Logger
	place   atomic.Uint64 // the last record that was taken
}

const (
	historyReader = "history" // the historian's name in the history
	atOnce        = 2000      // events of one transaction, more or less
)

func (h *historian) run(ctx context.Context, l *stream.Log) {
	r := l.Reader(h.place.Load() + 1)
	defer r.Close()
	var entries []store.Entry
	for {
		rec, err := r.Next(ctx)
		if errors.Is(err, stream.ErrClosed) || ctx.Err() != nil {
			return
		}
		if err != nil {
			h.log.Error("record cannot be read", slog.String("reader", historyReader), slog.Any("error", err))
			continue
		}
		for e, line := range rec.All() {
			entries = append(entries, store.Entry{Event: e, Line: line})
		}
		if len(entries) > 0 && (len(entries) >= atOnce || !r.More()) {
			ok := persist(ctx, h.log, historyReader, func() error {
				_, err := h.history.Take(ctx, historyReader, rec.Seq, entries)
				return err
			})
			if !ok {
				return
			}
			h.hub.Add(web.Totals{Events: uint64(len(entries))})
			clear(entries)
			entries = entries[:0]
		}
		if len(entries) == 0 {
			h.place.Store(rec.Seq) // ticks alone are not worth a transaction
		}
	}
}

// The pauses between attempts to write the history.
const (
	firstPause = 50 * time.Millisecond
	maxPause   = 5 * time.Second
)

// persist calls do until it succeeds, and reports false when ctx ended first.
// The first error of a row is logged.
func persist(ctx context.Context, log *slog.Logger, who string, do func() error) bool {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := do()
		if err == nil {
			if pause > firstPause {
				log.Info("history is written again", slog.String("reader", who))
			}
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if pause == firstPause {
			log.Error("history cannot be written; tried again until it can", slog.String("reader", who), slog.Any("error", err))
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return false
		}
	}
}
