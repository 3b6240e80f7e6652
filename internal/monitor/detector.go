package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/alert"
	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/rule"
	"github.com/jotsight/jotsight/internal/store"
	"github.com/jotsight/jotsight/internal/stream"
	"github.com/jotsight/jotsight/internal/web"
)

// checkpointEvery bounds how much of the log is read again after a crash.
const checkpointEvery = 10 * time.Second

// A detector runs the engine over the log. It belongs to one goroutine, but for
// place.
type detector struct {
	engine  *detect.Engine
	history *store.Store
	courier *alert.Courier
	hub     *web.Hub
	now     func() time.Time
	log     *slog.Logger
	path    string // of the checkpoint

	resolves map[string]bool // detections whose alerts end by themselves
	quiet    uint64          // up to this record alerts were raised before: see newDetector
	place    atomic.Uint64   // the last record that was taken
	saved    uint64          // the last record that a checkpoint holds
	savedAt  time.Time
	recent   window

	raised, ended []detect.Alert // by the record under way
}

// newDetector makes the engine and brings it to where it was.
func newDetector(d *detector, rules []*rule.Rule) (*detector, error) {
	d.resolves = map[string]bool{}
	for _, r := range rules {
		if r.Hints.ResolveAfter > 0 {
			d.resolves[r.Detection] = true
		}
	}
	fresh := func() (err error) {
		d.engine, err = detect.New(rules, detect.Config{Ended: func(a detect.Alert) { d.ended = append(d.ended, a) }})
		return err
	}
	if err := fresh(); err != nil {
		return nil, err
	}
	c, err := loadCheckpoint(d.path)
	if err == nil && c.record > 0 {
		if err = d.engine.Restore(c.state); err == nil {
			d.place.Store(c.record)
			d.saved = c.record
		} else {
			// Made by another version, or for other rules: the log gives the state
			// again, and what was raised then is not raised now.
			d.quiet = c.record
			if err := fresh(); err != nil {
				return nil, err
			}
		}
	}
	if err != nil {
		d.log.Warn("engine state cannot be used; made again from the log", slog.Any("error", err))
	}
	return d, nil
}

// run takes records until the log closes, or ctx ends; then it saves a last
// checkpoint.
func (d *detector) run(ctx context.Context, l *stream.Log) {
	r := l.Reader(d.place.Load() + 1)
	defer r.Close()
	d.savedAt = d.now()
	for {
		rec, err := r.Next(ctx)
		if errors.Is(err, stream.ErrClosed) || ctx.Err() != nil {
			break
		}
		if err != nil {
			d.log.Error("record cannot be read", slog.String("reader", "detector"), slog.Any("error", err))
			continue
		}
		if !d.take(ctx, &rec) {
			break
		}
		if now := d.now(); now.Sub(d.savedAt) >= checkpointEvery {
			d.save()
			d.savedAt = now
		}
	}
	d.save()
}

// take runs a record through the engine and makes what came of it durable
// before the place moves. It gives up only with ctx.
func (d *detector) take(ctx context.Context, rec *stream.Record) bool {
	d.raised, d.ended = d.raised[:0], d.ended[:0]
	emit := func(a detect.Alert) { d.raised = append(d.raised, a) }
	if rec.Tick() {
		d.engine.Tick(rec.Last, emit)
	}
	for _, shared := range rec.Events {
		e := *shared // the engine adds to it, and the historian reads it meanwhile
		d.engine.Process(&e, emit)
	}
	d.recent.add(rec)
	if rec.Seq > d.quiet {
		for _, a := range d.raised {
			if !d.persist(ctx, func() error { return d.raise(ctx, a) }) {
				return false
			}
			d.log.Info("alert raised", slog.String("rule", a.Rule), slog.String("severity", a.Severity),
				slog.String("group", a.Group.String()), slog.Int64("count", a.Count), slog.String("id", a.ID))
		}
		for _, a := range d.ended {
			if !d.persist(ctx, func() error { return d.history.End(ctx, a, d.resolves[a.Rule], d.now()) }) {
				return false
			}
		}
		if n := len(d.raised) + len(d.ended); n > 0 {
			d.hub.Add(web.Totals{Alerts: uint64(n)})
			d.courier.Wake()
		}
	}
	d.place.Store(rec.Seq)
	return true
}

// raise keeps an alert with what the channels owe because of it.
func (d *detector) raise(ctx context.Context, a detect.Alert) error {
	now := d.now()
	var owed []store.Delivery
	if channels := d.courier.Channels(); len(channels) > 0 {
		evidence, err := d.evidence(ctx, a.Events)
		if err != nil {
			return err
		}
		for _, o := range alert.Deliveries(a, evidence, channels, now) {
			owed = append(owed, toStore(o))
		}
	}
	return d.history.Raise(ctx, a, owed, now)
}

// evidence gives the events with these ids in wire form, in their order: from
// the records that were just read, or from the history, which keeps all but
// plain successes.
func (d *detector) evidence(ctx context.Context, ids []string) ([]json.RawMessage, error) {
	lines := make(map[event.ID]json.RawMessage, len(ids))
	var order []event.ID
	for _, s := range ids {
		if id, err := event.ParseID(s); err == nil {
			order = append(order, id)
		}
	}
	d.recent.find(order, lines)
	missing := slices.DeleteFunc(slices.Clone(order), func(id event.ID) bool { return lines[id] != nil })
	if len(missing) > 0 {
		kept, err := d.history.Events(ctx, store.EventQuery{IDs: missing, Limit: len(missing)})
		if err != nil {
			return nil, err
		}
		for i := range kept {
			lines[kept[i].ID] = kept[i].Append(nil)
		}
	}
	evidence := []json.RawMessage{}
	for _, id := range order {
		if line := lines[id]; line != nil {
			evidence = append(evidence, line)
		}
	}
	return evidence, nil
}

// persist tries until do succeeds or ctx ends: the history may be locked or its
// disk full, and no alert may be lost because of it.
func (d *detector) persist(ctx context.Context, do func() error) bool {
	return persist(ctx, d.log, "detector", do)
}

// save writes a checkpoint, unless nothing has happened.
func (d *detector) save() {
	place := d.place.Load()
	if place == d.saved || place < d.quiet {
		return
	}
	state, err := d.engine.Checkpoint()
	if err == nil {
		err = checkpoint{place, state}.save(d.path)
	}
	if err != nil {
		d.log.Error("engine state not saved", slog.Any("error", err))
		return
	}
	d.saved = place
}

// A window holds the last records, for evidence.
type window struct {
	records []stream.Record
	bytes   int
}

const windowBytes = 4 << 20

func (w *window) add(r *stream.Record) {
	if r.Tick() {
		return
	}
	w.records = append(w.records, *r)
	w.bytes += len(r.Lines)
	n := 0
	for w.bytes > windowBytes && n < len(w.records)-1 {
		w.bytes -= len(w.records[n].Lines)
		n++
	}
	w.records = slices.Delete(w.records, 0, n)
}

// find puts the lines of the events with these ids into lines, the newest
// records first: that is where they are.
func (w *window) find(ids []event.ID, lines map[event.ID]json.RawMessage) {
	for i := len(w.records) - 1; i >= 0 && len(lines) < len(ids); i-- {
		for e, line := range w.records[i].All() {
			if slices.Contains(ids, e.ID) {
				lines[e.ID] = slices.Clone(line)
			}
		}
	}
}
