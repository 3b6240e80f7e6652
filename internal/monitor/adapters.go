package monitor

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/alert"
	"github.com/jotsight/jotsight/internal/store"
	"github.com/jotsight/jotsight/internal/web"
)

// history is the store as the page wants it.
type history struct{ *store.Store }

func (h history) Events(ctx context.Context, q web.EventQuery) ([]event.Event, error) {
	return h.Store.Events(ctx, store.EventQuery{
		IDs: q.IDs, Kind: q.Kind, Reason: q.Reason, Outcome: q.Outcome, Address: q.Address, Service: q.Service,
		BeforeTime: q.Before.Time, BeforeID: q.Before.ID, Limit: q.Limit,
	})
}

func (h history) Alerts(ctx context.Context, q web.AlertQuery) ([]web.AlertView, error) {
	list, err := h.Store.Alerts(ctx, store.AlertQuery{ID: q.ID, Limit: q.Limit})
	views := make([]web.AlertView, 0, len(list))
	for _, a := range list {
		views = append(views, web.AlertView{Alert: a.Alert, State: a.State})
	}
	return views, err
}

func (h history) Summary(ctx context.Context, from, to time.Time, step time.Duration) (web.Summary, error) {
	var s web.Summary
	bins, err := h.Bins(ctx, from, to, step)
	if err != nil {
		return s, err
	}
	for _, b := range bins {
		s.Bins = append(s.Bins, web.Bin(b))
	}
	services, err := h.Services(ctx)
	if err != nil {
		return s, err
	}
	for _, v := range services {
		s.Services = append(s.Services, web.Service(v))
	}
	s.Firing, err = h.CountFiring(ctx)
	return s, err
}

// accounts is the store as the page's logins want it.
type accounts struct{ *store.Store }

func (a accounts) AddFirstUser(ctx context.Context, u web.User) (bool, error) {
	return a.Store.AddFirstUser(ctx, store.User(u))
}

func (a accounts) User(ctx context.Context, name string) (web.User, bool, error) {
	u, found, err := a.Store.User(ctx, name)
	return web.User(u), found, err
}

func (a accounts) AddSession(ctx context.Context, s web.Session, stale time.Time) error {
	return a.Store.AddSession(ctx, store.Session(s), stale)
}

func (a accounts) Session(ctx context.Context, hash [32]byte) (web.Session, bool, error) {
	s, found, err := a.Store.Session(ctx, hash)
	return web.Session(s), found, err
}

// outbox is the store as the courier wants it.
type outbox struct{ *store.Store }

func (o outbox) Due(ctx context.Context, channel string, now time.Time, limit int) ([]alert.Delivery, time.Time, error) {
	rows, next, err := o.Store.Due(ctx, channel, now, limit)
	due := make([]alert.Delivery, len(rows))
	for i, d := range rows {
		due[i] = alert.Delivery{
			ID: d.ID, Channel: d.Channel, Type: d.Kind, Alert: d.Alert, Evidence: d.Evidence,
			Created: d.Created, Attempts: d.Attempts, Next: d.Next, Problem: d.Problem,
		}
	}
	return due, next, err
}

func (o outbox) Delivered(ctx context.Context, d alert.Delivery) error {
	return o.Store.Delivered(ctx, toStore(d))
}

func (o outbox) Retry(ctx context.Context, d alert.Delivery) error {
	return o.Store.Retry(ctx, toStore(d))
}

func (o outbox) Bury(ctx context.Context, d alert.Delivery) error {
	return o.Store.Bury(ctx, toStore(d))
}

func toStore(d alert.Delivery) store.Delivery {
	return store.Delivery{
		Channel: d.Channel, ID: d.ID, Kind: d.Type, Alert: d.Alert, Evidence: d.Evidence,
		Created: d.Created, Attempts: d.Attempts, Next: d.Next, Problem: d.Problem,
	}
}

// reachable is where a browser on this machine finds the page: a server that
// listens on every address can be reached at none called 0.0.0.0.
func reachable(addr string, tls bool) string {
	host, port, err := net.SplitHostPort(addr)
	if ip, bad := netip.ParseAddr(host); err == nil && bad == nil && ip.IsUnspecified() {
		addr = net.JoinHostPort("localhost", port)
	}
	if tls {
		return "https://" + addr
	}
	return "http://" + addr
}
