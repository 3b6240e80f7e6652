package scan

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

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

func (in *inbox) close()     { in.server.Close() }
func (in *inbox) err() error { return nil }

func (in *inbox) rejected() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.refused
}

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
