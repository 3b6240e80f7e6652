package guard_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// One line of JSON an event, to whatever can be written to.
func ExampleJSONSink() {
	sink := guard.JSONSink(os.Stdout)
	sink.Emit(&event.Event{
		Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Kind: event.VerificationFailed, Reason: event.ReasonExpired,
		Severity: event.Info, Message: "token refused", ServiceName: "orders",
	})
	if err := sink.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"time":"2026-03-01T12:00:00Z","event":"jwt.verification_failed","severity":9,"msg":"token refused","schema":"jotsight/1","error.type":"expired","jwt.owasp":"authn_login_fail","service.name":"orders","jwt.verified":false,"jotsight.reason_class":"benign"}
}

// Events as records of a logger that is there already.
func ExampleSlogSink() {
	logger := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case "time", "level", "msg", "event", "error.type":
			return a
		}
		return slog.Attr{} // a short line for this page
	}})
	guard.SlogSink(logger).Emit(&event.Event{
		Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Kind: event.CanaryUsed, Reason: event.ReasonCanary,
		Severity: event.Critical, Message: "planted token used",
	})
	// Output:
	// time=2026-03-01T12:00:00.000Z level=ERROR+4 msg="planted token used" event=jwt.canary_used error.type=canary
}

// To a monitor, on disk until it has them, and to a file besides.
func ExampleMonitorSink() {
	dir, err := os.MkdirTemp("", "spool")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	monitor := guard.MonitorSink(guard.MonitorConfig{
		URL: "http://127.0.0.1:7460", Key: os.Getenv("JOTSIGHT_KEY"), // jotsight serve key add orders
		Spool: guard.SpoolConfig{Dir: dir},
	})
	_, err = guard.New(guard.Config{
		Keys: guard.Static("a secret of thirty-two bytes or more"), Algorithms: []string{"HS256"},
		Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Events: guard.EventConfig{Service: "orders", Sink: guard.Tee(monitor, guard.JSONSink(os.Stderr))},
	})
	fmt.Println(err) // the key is judged at the start
	// Output:
	// guard: configuration: Events.Sink: monitor: Key: missing
}

// A token for a thief to find.
func ExampleIssuer_Canary() {
	var log strings.Builder
	const secret = "a secret of thirty-two bytes or more"
	g, err := guard.New(guard.Config{
		Keys: guard.Static(guard.Key{ID: "k1", Material: secret}), Algorithms: []string{"HS256"},
		Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Revocation: guard.RevocationConfig{Store: guard.NewMemoryStore()},
		Events:     guard.EventConfig{Sink: guard.JSONSink(&log)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	issuer, err := guard.NewIssuer(guard.IssuerConfig{Guard: g, Key: guard.Key{ID: "k1", Material: secret}})
	if err != nil {
		fmt.Println(err)
		return
	}
	planted, err := issuer.Canary(guard.Grant{Subject: "backup", Meta: guard.Meta{Actor: "ops"}}, time.Now().AddDate(1, 0, 0))
	if err != nil {
		fmt.Println(err)
		return
	}
	// planted.Access.Reveal() goes into the backup; planted.TokenID into our notes.

	_, err = g.Check(context.Background(), planted.Access.Reveal(), guard.Meta{})
	fmt.Println(err)
	g.Close(context.Background())
	for line := range strings.Lines(log.String()) {
		var e event.Event
		if _, err := e.Decode(strings.TrimSpace(line)); err == nil && e.Kind == event.CanaryUsed {
			fmt.Println(e.Kind, e.Severity == event.Critical, e.TokenID == planted.TokenID)
		}
	}
	// Output:
	// token refused: canary
	// jwt.canary_used true true
}
