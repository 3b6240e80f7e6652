package scan

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/jotsight/jotsight/internal/catalog"
)

// An arrival is one alert that came to the scan's receiver.
type arrival struct {
	at   time.Time
	id   string // empty: the sender gives none
	rule string
	text string // the whole body: canaries are looked for in its evidence
}

// An inbox is the receiver of alerts. Its methods may be called from any goroutine.
type inbox struct {
	server *http.Server
	verify func(body []byte, h http.Header) error

	mu       sync.Mutex
	arrivals []arrival
	refused  int // bodies whose signature did not hold
}

// listen starts a receiver.
func listen(a *Alerts) (*inbox, error) {
	verify, err := webhookVerifier(a.Secret)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", a.Webhook)
	if err != nil {
		return nil, err
	}
	in := &inbox{verify: verify}
	in.server = &http.Server{Handler: in, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	go in.server.Serve(l)
	return in, nil
}

func (in *inbox) close() { in.server.Close() }

// webhookVerifier checks signatures of Standard Webhooks. Without a secret there
// is nothing to check by.
func webhookVerifier(secret string) (func([]byte, http.Header) error, error) {
	if secret == "" {
		return func([]byte, http.Header) error { return nil }, nil
	}
	w, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, errors.New("secret: not one of Standard Webhooks")
	}
	return w.Verify, nil
}

// ServeHTTP takes one alert in jotsight's form, in Alertmanager's, or any JSON
// object that names a rule. An answer of 2xx tells the sender that it is done.
func (in *inbox) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	at := time.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxBody))
	if err != nil || q.Method != http.MethodPost {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if in.verify(body, q.Header) != nil {
		in.mu.Lock()
		in.refused++
		in.mu.Unlock()
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	found, err := readAlerts(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, a := range found {
		a.at = at
		if len(in.arrivals) < 10_000 {
			in.arrivals = append(in.arrivals, a)
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// readAlerts understands {"type":"alert.…","data":{…}}, Alertmanager's
// {"alerts":[{"labels":{"alertname":…}}]} and a flat {"rule":…} or {"name":…}.
func readAlerts(body []byte) ([]arrival, error) {
	type one struct {
		ID     string            `json:"id"`
		Rule   string            `json:"rule"`
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels"`
	}
	var m struct {
		one
		Type   string            `json:"type"`
		Data   json.RawMessage   `json:"data"`
		Alerts []json.RawMessage `json:"alerts"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, err
	}
	if m.Type == "alert.resolved" {
		return nil, nil
	}
	parts := m.Alerts
	switch {
	case len(m.Data) > 0:
		parts = []json.RawMessage{m.Data}
	case len(parts) == 0:
		parts = []json.RawMessage{body}
	}
	var out []arrival
	for _, p := range parts {
		var o one
		if err := json.Unmarshal(p, &o); err != nil {
			return nil, err
		}
		a := arrival{id: o.ID, rule: o.Rule, text: string(p)}
		for _, name := range []string{o.Labels["rule"], o.Labels["alertname"], o.Name} {
			if a.rule == "" {
				a.rule = name
			}
		}
		out = append(out, a)
	}
	return out, nil
}

func (in *inbox) all() []arrival {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.arrivals)
}

// ours gives the alerts that an attempt raised: those whose evidence carries one
// of its marks; if there are none, those of its rule that came after it began
// and name nobody else.
func (a *attempt) ours(all []arrival) (mine []arrival) {
	for _, x := range all {
		if a.marker.in(x.text) {
			mine = append(mine, x)
		}
	}
	if len(mine) > 0 || a.probe.Alert == "" {
		return mine
	}
	for _, x := range all {
		if x.rule == string(a.probe.Alert) && !x.at.Before(a.first) && !a.others(x.text) {
			mine = append(mine, x)
		}
	}
	return mine
}

// others reports whether an alert names a client that is not the attempt's.
func (a *attempt) others(text string) bool {
	if len(a.addresses) == 0 {
		return false
	}
	for _, addr := range loopbacks.FindAllString(text, -1) {
		if !slices.Contains(a.addresses, addr) {
			return true
		}
	}
	return false
}

// alerts waits for what is still on its way and judges every attempt by it.
func (r *run) alerts(ctx context.Context) {
	why := ""
	if r.inbox == nil {
		why = "no alert source"
	} else if r.report.Partial != "" {
		why = "interrupted before alerts could arrive"
	}
	expecting := func() bool {
		all := r.inbox.all()
		return slices.ContainsFunc(r.attempts, func(a *attempt) bool {
			return a.mustAlert() && time.Since(a.last) < r.recipe.Alerts.Within && len(a.fired(all)) == 0
		})
	}
	for why == "" && expecting() && sleep(ctx, 2*pollEvery) {
	}
	for _, a := range r.attempts {
		out := &a.result.Alerted
		switch {
		case why != "":
			out.Why = why
			continue
		case a.result.Verdict == "skipped":
			out.Why = "nothing was sent"
			continue
		case a.probe.Alert == "":
			out.Why = "no alert is asked for"
			continue
		case !a.mustAlert():
			out.Why = a.quiet()
			continue
		}
		out.Assessed = true
		all := r.inbox.all()
		if fired := a.fired(all); len(fired) > 0 {
			out.Fired = true
			out.Alerts = distinct(fired)
			ms := max(0, float64(fired[0].at.Sub(a.first).Microseconds())/1000)
			out.TimeToAlert = &ms
			continue
		}
		if slices.ContainsFunc(all, func(x arrival) bool {
			return x.rule == string(a.probe.Alert) && x.at.Before(a.first) && !a.others(x.text)
		}) {
			out.Fired = true
			out.Why = "an alert of this rule was firing already"
		}
	}
}

// fired gives the alerts of the attempt that are of the rule asked for, or of
// any rule when the sender does not use our names.
func (a *attempt) fired(all []arrival) []arrival {
	var named, foreign []arrival
	for _, x := range a.ours(all) {
		if _, known := catalog.DetectionOf(catalog.ID(x.rule)); !known {
			foreign = append(foreign, x)
		} else if x.rule == string(a.probe.Alert) {
			named = append(named, x)
		}
	}
	if len(named) > 0 {
		return named
	}
	return foreign
}

// mustAlert reports whether somebody should have been told of the attempt.
func (a *attempt) mustAlert() bool {
	if a.probe.Alert == "" || a.first.IsZero() || a.result.Verdict == "skipped" {
		return false
	}
	return a.quiet() == ""
}

// quiet says why an attempt needs no alert after all. A revoked token that is
// taken for a good one cannot be told from it.
func (a *attempt) quiet() string {
	if a.probe.Alert == catalog.RevokedUse && a.result.Accepted {
		return "the service does not know that the token was revoked"
	}
	return ""
}

// distinct counts alerts; one that grew comes again under its id.
func distinct(list []arrival) int {
	ids, n := map[string]bool{}, 0
	for _, x := range list {
		if x.id == "" || !ids[x.id] {
			n++
		}
		ids[x.id] = true
	}
	return n
}

// describeAlert names an alert for a report.
func describeAlert(x arrival) string {
	if x.rule == "" {
		return "an alert without a rule's name"
	}
	return "an alert of " + strings.TrimSpace(clip(x.rule, 64))
}
