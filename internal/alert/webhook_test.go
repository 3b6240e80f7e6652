package alert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/jotsight/jotsight/internal/detect"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func delivery() Delivery {
	return Delivery{
		ID: "01ARZ.firing", Channel: "ops", Type: Firing, Created: time.Now(),
		Alert:    detect.Alert{ID: "01ARZ", Rule: "refresh-reuse", Severity: "critical", Group: detect.Labels{{Key: "jwt.family", Value: "f1"}}, Count: 1},
		Evidence: []json.RawMessage{[]byte(`{"event":"jwt.refresh_reuse","user_agent.original":"<!channel> [click](x)\u001b[31m"}`)},
	}
}

// The reference library of Standard Webhooks must take what we sign.
func TestReferenceLibraryVerifies(t *testing.T) {
	reference, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	var problem error
	var body []byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		problem = reference.Verify(body, r.Header)
	}))
	defer srv.Close()
	w, err := NewWebhook("ops", srv.URL, secret, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Send(t.Context(), delivery()); err != nil || problem != nil {
		t.Fatalf("sent: %v, verified: %v", err, problem)
	}
	var got struct {
		Type string
		Data struct {
			Rule     string
			Group    map[string]string
			Evidence []map[string]any
		}
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if got.Type != Firing || got.Data.Rule != "refresh-reuse" || got.Data.Group["jwt.family"] != "f1" || len(got.Data.Evidence) != 1 {
		t.Errorf("the receiver read %+v", got)
	}
}

// And we sign as the library signs.
func TestSignatureIsTheLibrarys(t *testing.T) {
	reference, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	key, err := webhookKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"", "{}", strings.Repeat("x", 1<<16)} {
		want, err := reference.Sign("id.1", time.Unix(1_800_000_000, 0), []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := signature(key, "id.1", 1_800_000_000, []byte(body)); got != want {
			t.Errorf("signature of %d bytes: %s, want %s", len(body), got, want)
		}
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		taken  bool
		after  time.Duration
		gone   bool
	}{
		{"204", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, true, 0, false},
		{"a redirect is not followed", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/other", http.StatusTemporaryRedirect)
		}, false, 0, false},
		{"410", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, false, 0, true},
		{"429 with seconds", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "90"); w.WriteHeader(429) }, false, 90 * time.Second, false},
		{"503 with nonsense", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "-4e9")
			w.WriteHeader(503)
		}, false, 0, false},
		{"an endless body", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, true, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := httptest.NewServer(c.answer)
			defer srv.Close()
			w, err := NewWebhook("ops", srv.URL, secret, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = w.Send(t.Context(), delivery())
			if (err == nil) != c.taken {
				t.Fatalf("error %v, want taken %v", err, c.taken)
			}
			var r *Refusal
			if !c.taken && (!errors.As(err, &r) || r.After != c.after || r.Gone != c.gone) {
				t.Errorf("refusal %+v, want after %v and gone %v", r, c.after, c.gone)
			}
		})
	}
}

func TestRetryAfterDate(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	if got := retryAfter("Sat, 21 Nov 2026 12:01:00 GMT", now); got != time.Minute {
		t.Errorf("got %v, want 1m0s", got)
	}
}

// A wrong setting is refused at start, and neither an address nor a secret shows
// in an error or when a channel is printed.
func TestSettingsAreCheckedAndNeverShown(t *testing.T) {
	for _, c := range []struct{ address, secret, want string }{
		{"ftp://hidden.example/HIDDEN", "", "webhook ops: url"},
		{"http://%zz/HIDDEN", "", "webhook ops: url"},
		{"https://ok.example", "HIDDEN", "webhook ops: secret: does not begin"},
		{"https://ok.example", "whsec_HIDDEN!", "webhook ops: secret: not base64"},
		{"https://ok.example", "whsec_SElEREVO", "webhook ops: secret: not 24"},
	} {
		_, err := NewWebhook("ops", c.address, c.secret, nil, nil)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "HIDDEN") {
			t.Errorf("%q with %q: error %v, want %q…", c.address, c.secret, err, c.want)
		}
	}
	w, err := NewWebhook("ops", "http://127.0.0.1:1/HIDDEN", secret, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	shown := fmt.Sprintf("%v %+v %#v", w, *w, *w) + fmt.Sprint(w.Send(ctx, delivery()))
	key, _ := webhookKey(secret)
	for _, s := range []string{secret, secret[6:], string(key), fmt.Sprint(key)} {
		if strings.Contains(shown, s) {
			t.Errorf("the secret shows in %q", shown)
		}
	}
	if err := w.Send(ctx, delivery()); err == nil || strings.Contains(err.Error(), "HIDDEN") {
		t.Errorf("error %v, want one without the address", err)
	}
}
