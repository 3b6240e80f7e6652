package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	webhook "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/jotsight/jotsight/internal/detect"
)

// An inbox is the webhook to which the monitor of the demo sends its alerts. It
// keeps them, and while a scan listens for alerts it hands every delivery on to
// it as it came, signature included: a scan comes and goes, and an address that
// answers only now and then would fill the monitor's outbox with failures.
type inbox struct {
	secret string // of Standard Webhooks
	verify *webhook.Webhook
	client *http.Client

	mu     sync.Mutex
	alerts map[string]detect.Alert
	last   time.Time
	next   string // URL of the scan that listens; empty for none
}

// maxDelivery bounds one alert with its evidence.
const maxDelivery = 1 << 20

func newInbox() (*inbox, error) {
	key := make([]byte, 32)
	rand.Read(key) // never fails, see crypto/rand
	secret := "whsec_" + base64.StdEncoding.EncodeToString(key)
	v, err := webhook.NewWebhook(secret)
	if err != nil {
		return nil, fmt.Errorf("webhook secret: %w", err)
	}
	return &inbox{secret: secret, verify: v, client: &http.Client{Timeout: 2 * time.Second}, alerts: map[string]detect.Alert{}}, nil
}

func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxDelivery))
	if err != nil {
		http.Error(w, "delivery is too large", http.StatusRequestEntityTooLarge)
		return
	}
	if err := b.verify.Verify(body, r.Header); err != nil {
		http.Error(w, "signature does not hold", http.StatusUnauthorized)
		return
	}
	var delivery struct {
		Data detect.Alert `json:"data"`
	}
	if err := json.Unmarshal(body, &delivery); err != nil || delivery.Data.ID == "" {
		http.Error(w, "delivery holds no alert", http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	b.alerts[delivery.Data.ID] = delivery.Data
	b.last = time.Now()
	next := b.next
	b.mu.Unlock()
	if next != "" {
		if err := b.pass(r.Context(), next, r.Header, body); err != nil {
			http.Error(w, "the scan did not take it", http.StatusBadGateway) // and the outbox tries again
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (b *inbox) pass(ctx context.Context, next string, header http.Header, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, next, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = header.Clone()
	resp, err := b.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}

// passTo hands deliveries on to url from now on; to nobody when it is empty.
func (b *inbox) passTo(url string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next = url
}

// all gives the alerts so far, in the order in which they began.
func (b *inbox) all() []detect.Alert {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := slices.AppendSeq([]detect.Alert{}, maps.Values(b.alerts)) // [] in JSON, if there is none
	slices.SortFunc(list, detect.Alert.Compare)
	return list
}

// settle waits until nothing has come for a while, and no longer than most.
func (b *inbox) settle(ctx context.Context, quiet, most time.Duration) error {
	start := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		b.mu.Lock()
		last := b.last
		b.mu.Unlock()
		if last.Before(start) {
			last = start
		}
		if time.Since(last) >= quiet || time.Since(start) >= most {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
