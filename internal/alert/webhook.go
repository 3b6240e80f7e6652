package alert

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jotsight/jotsight/internal/detect"
)

// A Webhook posts deliveries as JSON, signed as Standard Webhooks 1.0 wants it:
// webhook-id, webhook-timestamp and webhook-signature over the three. Only a 2xx
// is a yes; a redirect is not followed, because it would carry the alert to
// somebody nobody has named.
type Webhook struct {
	name   string
	url    *url.URL
	sign   func(id string, at int64, body []byte) string // a closure, so that printing a Webhook shows no key
	client *http.Client
	now    func() time.Time
}

// NewWebhook makes the channel. The secret is "whsec_" and the base64 of 24 to
// 64 bytes, or empty for a receiver that checks no signature. A nil client or
// clock means the usual one.
func NewWebhook(name, address, secret string, client *http.Client, now func() time.Time) (*Webhook, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("webhook %s: url: not an address with http or https", name) // without the address: it can hold a secret
	}
	w := &Webhook{name: name, url: u, now: now}
	if w.now == nil {
		w.now = time.Now
	}
	c := http.Client{}
	if client != nil {
		c = *client
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	w.client = &c
	if secret != "" {
		key, err := webhookKey(secret)
		if err != nil {
			return nil, fmt.Errorf("webhook %s: secret: %w", name, err)
		}
		w.sign = func(id string, at int64, body []byte) string { return signature(key, id, at, body) }
	}
	return w, nil
}

// webhookKey reads a secret in the form of Standard Webhooks.
func webhookKey(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, "whsec_")
	if !ok {
		return nil, errors.New("does not begin with whsec_")
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("not base64 after whsec_")
	}
	if len(key) < 24 || len(key) > 64 {
		return nil, errors.New("not 24 to 64 bytes long")
	}
	return key, nil
}

// signature gives the webhook-signature of a body, version 1.
func signature(key []byte, id string, at int64, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", id, at)
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Name gives the name under which the operator knows the channel.
func (w *Webhook) Name() string { return w.name }

// message gives what is posted for d. It is the same for every attempt.
func message(d Delivery) ([]byte, error) {
	type data struct {
		detect.Alert
		Evidence []json.RawMessage `json:"evidence"`
	}
	return json.Marshal(struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      data      `json:"data"`
	}{d.Type, d.Created.UTC(), data{d.Alert, append([]json.RawMessage{}, d.Evidence...)}})
}

// Send posts d.
func (w *Webhook) Send(ctx context.Context, d Delivery) error {
	body, err := message(d)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url.String(), bytes.NewReader(body))
	if err != nil {
		return withoutURL(err)
	}
	at := w.now().Unix()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "jotsight")
	r.Header.Set("webhook-id", d.ID)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(at, 10))
	if w.sign != nil {
		r.Header.Set("webhook-signature", w.sign(d.ID, at, body))
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	io.CopyN(io.Discard, answer.Body, 64<<10) // so that the connection can be used again
	if answer.StatusCode/100 == 2 {
		return nil
	}
	return &Refusal{
		Answer: strings.TrimSpace(fmt.Sprintf("%d %s", answer.StatusCode, http.StatusText(answer.StatusCode))),
		After:  retryAfter(answer.Header.Get("Retry-After"), w.now()),
		Gone:   answer.StatusCode == http.StatusGone,
	}
}

// withoutURL takes the address out of an error of net/http: it can hold a secret.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// retryAfter reads seconds or a date (RFC 9110 section 10.2.3).
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return time.Duration(min(n, 7*24*3600)) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(t.Sub(now), 0)
	}
	return 0
}
