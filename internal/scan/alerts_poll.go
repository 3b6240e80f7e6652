package scan

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"sync"
	"time"
)

// bellEvery is the pause between two looks at a source of alerts, at least.
const bellEvery = 250 * time.Millisecond

// A polledBell is a source of alerts that is looked at again and again. What was
// there at its first look is old.
type polledBell struct {
	look func(ctx context.Context) ([]arrival, error)
	end  func()
	stop context.CancelFunc
	done sync.WaitGroup

	mu     sync.Mutex
	known  map[string]bool
	list   []arrival
	failed error
}

// openPolledBell looks once, so that a source that cannot be read is an error
// before anything is sent.
func openPolledBell(ctx context.Context, r *Recipe) (bell, error) {
	p := &polledBell{known: map[string]bool{}}
	if err := p.source(r); err != nil {
		return nil, err
	}
	list, err := p.look(ctx)
	if err != nil {
		p.end()
		return nil, err
	}
	p.take(list, true)
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	p.done.Go(func() { p.follow(ctx) })
	return p, nil
}

// source chooses how to look.
func (p *polledBell) source(r *Recipe) error {
	c := r.Alerts
	if c.File != "" {
		t, err := openTail(r.file(c.File))
		if err != nil {
			return plainError(err)
		}
		p.look = func(context.Context) ([]arrival, error) { return alertLines(t) }
		p.end = t.close
		return nil
	}
	a, err := newAsker(r, c.Base)
	if err != nil {
		return err
	}
	a.headers, a.user, a.pass, p.end = c.Headers, c.User, c.Password, a.close
	if c.Kind == "alertmanager" {
		p.look = func(ctx context.Context) ([]arrival, error) {
			text, err := a.ask(ctx, "GET", "/api/v2/alerts", url.Values{"active": {"true"}, "silenced": {"false"}, "inhibited": {"false"}}, nil)
			if err != nil {
				return nil, err
			}
			return readAlertmanager(text)
		}
		return nil
	}
	a.user = ""
	a.login = []Step{monitorLogin(c.User, c.Password)}
	p.look = func(ctx context.Context) ([]arrival, error) {
		text, err := a.ask(ctx, "GET", "/v1/alerts", url.Values{"limit": {"500"}}, nil)
		if err != nil {
			return nil, err
		}
		return readMonitorAlerts(text)
	}
	return nil
}

func (p *polledBell) follow(ctx context.Context) {
	for good := time.Now(); ; {
		began := time.Now()
		list, err := p.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			good = began
			p.take(list, false)
		case hopeless(err) || time.Since(good) > troubled:
			p.mu.Lock()
			p.failed = err
			p.mu.Unlock()
			return
		}
		if !sleep(ctx, max(bellEvery, 2*time.Since(began))) {
			return
		}
	}
}

// take keeps the alerts that are new. Without an id an alert is known by its text.
func (p *polledBell) take(list []arrival, old bool) {
	at := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range list {
		key := x.id
		if key == "" {
			key = x.text
		}
		if !p.known[key] && len(p.list) < 10_000 {
			p.known[key] = true
			x.at, x.old = at, old
			p.list = append(p.list, x)
		}
	}
}

func (p *polledBell) all() []arrival {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.list)
}

func (p *polledBell) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

func (p *polledBell) rejected() int { return 0 }

func (p *polledBell) close() {
	p.stop()
	p.done.Wait()
	p.end()
}

// readAlertmanager reads the answer of GET /api/v2/alerts. An alert that begins
// anew is a new one.
func readAlertmanager(text []byte) (list []arrival, err error) {
	var alerts []json.RawMessage
	if json.Unmarshal(text, &alerts) != nil {
		return nil, errors.New("GET /api/v2/alerts: the answer is not that of Alertmanager")
	}
	for _, raw := range alerts {
		var x struct {
			Labels      map[string]string `json:"labels"`
			Fingerprint string            `json:"fingerprint"`
			StartsAt    string            `json:"startsAt"`
			Status      struct {
				State string `json:"state"`
			} `json:"status"`
		}
		if json.Unmarshal(raw, &x) != nil || x.Status.State == "suppressed" {
			continue
		}
		a := arrival{id: x.Fingerprint + " " + x.StartsAt, rule: x.Labels["rule"], text: string(raw)}
		if a.rule == "" {
			a.rule = x.Labels["alertname"]
		}
		list = append(list, a)
	}
	return list, nil
}

// readMonitorAlerts reads the answer of GET /v1/alerts of a jotsight monitor.
// What is resolved has ended; what is pending is told a moment later.
func readMonitorAlerts(text []byte) (list []arrival, err error) {
	var answer struct {
		Alerts []json.RawMessage `json:"alerts"`
	}
	if json.Unmarshal(text, &answer) != nil {
		return nil, errors.New("GET /v1/alerts: the answer is not that of a monitor")
	}
	for _, raw := range answer.Alerts {
		var x struct {
			ID, Rule, State string
		}
		if json.Unmarshal(raw, &x) == nil && x.State != "resolved" {
			list = append(list, arrival{id: x.ID, rule: x.Rule, text: string(raw)})
		}
	}
	return list, nil
}

// alertLines reads the alerts that were appended to a file, one JSON object a line.
func alertLines(t *tail) (list []arrival, err error) {
	lines, _, err := t.read()
	for _, l := range lines {
		if found, err := readAlerts([]byte(l)); err == nil { // other lines are somebody else's
			list = append(list, found...)
		}
	}
	return list, err
}

// monitorLogin signs in to a jotsight monitor as one of its users.
func monitorLogin(user, password string) Step {
	return Step{Method: "POST", Path: "/login", Form: map[string]string{"name": user, "password": password}}
}
