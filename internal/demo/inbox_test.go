package demo

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	webhook "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func deliver(t *testing.T, b *inbox, secret, body string) int {
	t.Helper()
	v, err := webhook.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	sig, err := v.Sign("msg_1", now, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader(body))
	r.Header.Set("webhook-id", "msg_1")
	r.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	r.Header.Set("webhook-signature", sig)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w.Code
}

func alertBody(id, rule, first string) string {
	return `{"type":"alert.firing","timestamp":"2026-11-21T20:00:00Z","data":{"id":"` + id + `","rule":"` + rule +
		`","severity":"high","group":{"client.address":"203.0.113.7"},"first":"` + first + `","last":"` + first + `","count":1,"events":[]}}`
}

// TestInboxTakesWhatIsSigned holds which deliveries count, in which order the
// alerts come out, and that one with the same id replaces the other.
func TestInboxTakesWhatIsSigned(t *testing.T) {
	b, err := newInbox()
	if err != nil {
		t.Fatal(err)
	}
	other, err := newInbox()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		secret, body string
		status       int
	}{
		{b.secret, alertBody("2", "refresh-reuse", "2026-11-21T20:00:02Z"), http.StatusNoContent},
		{b.secret, alertBody("1", "forged-algorithm", "2026-11-21T20:00:01Z"), http.StatusNoContent},
		{b.secret, strings.Replace(alertBody("2", "refresh-reuse", "2026-11-21T20:00:02Z"), `"count":1`, `"count":10`, 1), http.StatusNoContent},
		{other.secret, alertBody("3", "refresh-reuse", "2026-11-21T20:00:03Z"), http.StatusUnauthorized},
		{b.secret, `{"type":"alert.firing","data":{}}`, http.StatusBadRequest},
		{b.secret, `nonsense`, http.StatusBadRequest},
		{b.secret, strings.Repeat(" ", maxDelivery+1), http.StatusRequestEntityTooLarge},
	} {
		if got := deliver(t, b, test.secret, test.body); got != test.status {
			t.Errorf("%.60s: status %d, want %d", test.body, got, test.status)
		}
	}
	list := b.all()
	if len(list) != 2 || list[0].ID != "1" || list[1].ID != "2" || list[1].Count != 10 {
		t.Errorf("alerts %+v, want 1 and then 2, which has grown to 10", list)
	}
}

// TestInboxPassesOn holds that a listening scan gets each delivery as it came,
// and that the monitor is told to try again when the scan does not take it.
func TestInboxPassesOn(t *testing.T) {
	b, err := newInbox()
	if err != nil {
		t.Fatal(err)
	}
	status := http.StatusOK
	var got bytes.Buffer
	var verified error
	scan := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.Reset()
		got.ReadFrom(r.Body)
		verified = b.verify.Verify(got.Bytes(), r.Header)
		w.WriteHeader(status)
	}))
	defer scan.Close()
	b.passTo(scan.URL)
	body := alertBody("1", "forged-algorithm", "2026-11-21T20:00:01Z")
	if code := deliver(t, b, b.secret, body); code != http.StatusNoContent || got.String() != body || verified != nil {
		t.Errorf("status %d, passed on %q, signature %v", code, &got, verified)
	}
	status = http.StatusServiceUnavailable
	if code := deliver(t, b, b.secret, body); code != http.StatusBadGateway {
		t.Errorf("scan is unavailable: status %d, want %d", code, http.StatusBadGateway)
	}
	b.passTo("")
	if code := deliver(t, b, b.secret, body); code != http.StatusNoContent {
		t.Errorf("nobody listens: status %d, want %d", code, http.StatusNoContent)
	}
}
