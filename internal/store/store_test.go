package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/finding"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func openStore(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// entry makes event number i of a kind.
func entry(i int, k event.Kind, change ...func(*event.Event)) Entry {
	e := event.Event{ID: event.ID{0: 1, 14: byte(i >> 8), 15: byte(i)}, Kind: k, Time: start.Add(time.Duration(i) * time.Second),
		Observed: start.Add(time.Hour), Outcome: event.Failure, Reason: event.ReasonBadSignature, ServiceName: "bank", ClientAddress: "203.0.113.7"}
	if k == event.Verified {
		e.Outcome, e.Reason = event.Success, 0
	}
	for _, c := range change {
		c(&e)
	}
	return Entry{&e, e.Append(nil)}
}

func take(t *testing.T, s *Store, record uint64, entries ...Entry) int {
	t.Helper()
	n, err := s.Take(t.Context(), "history", record, entries)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Security-relevant events are kept once, plain successes are counted only, and
// the place moves with them.
func TestTake(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "it's a #1 100% history.db"))
	var batch []Entry
	for i := range 120 {
		batch = append(batch, entry(i, event.VerificationFailed))
	}
	batch = append(batch, entry(200, event.Verified, func(e *event.Event) { e.Count = 40 }), entry(201, event.Heartbeat))
	if got := take(t, s, 7, batch...); got != 120 {
		t.Errorf("%d new, want 120", got)
	}
	if got := take(t, s, 9, append(batch[100:120:120], entry(130, event.RefreshReuse))...); got != 1 {
		t.Errorf("%d new of 20 repeats and one, want 1", got)
	}
	if got, err := s.Place(t.Context(), "history"); got != 9 || err != nil {
		t.Errorf("place %d, %v, want 9", got, err)
	}
	all, err := s.Events(t.Context(), EventQuery{Limit: 1000})
	if err != nil || len(all) != 121 {
		t.Fatalf("%d events, %v, want 121", len(all), err)
	}
	if diff := cmp.Diff(*entry(130, event.RefreshReuse).Event, all[0]); diff != "" {
		t.Errorf("the newest event (-want +got):\n%s", diff)
	}
	bins, err := s.Bins(t.Context(), start, start.Add(time.Hour), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	want := []Bin{
		{Start: start, Failure: 60},
		{Start: start.Add(time.Minute), Failure: 60},
		{Start: start.Add(2 * time.Minute), Failure: 1},
		{Start: start.Add(3 * time.Minute), Success: 40, Failure: 1}, // the heartbeat of this test says failure
	}
	if diff := cmp.Diff(want, bins); diff != "" {
		t.Errorf("bins (-want +got):\n%s", diff)
	}
	services, err := s.Services(t.Context())
	if diff := cmp.Diff([]Service{{"bank", start.Add(time.Hour)}}, services); diff != "" || err != nil {
		t.Errorf("services: %v (-want +got):\n%s", err, diff)
	}
}

func TestEventQueries(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "h.db"))
	take(t, s, 1,
		entry(1, event.VerificationFailed),
		entry(2, event.VerificationFailed, func(e *event.Event) { e.Reason = event.ReasonExpired; e.ClientAddress = "198.51.100.1" }),
		entry(3, event.RefreshOK, func(e *event.Event) { e.Outcome, e.Reason = event.Success, 0 }),
		entry(4, event.RefreshReuse, func(e *event.Event) { e.ServiceName = "shop"; e.Time = start.Add(3 * time.Second) }),
	)
	for _, c := range []struct {
		name string
		q    EventQuery
		want string // last bytes of the ids, in order
	}{
		{"all", EventQuery{}, "4 3 2 1"},
		{"first page", EventQuery{Limit: 2}, "4 3"},
		{"next page, equal times", EventQuery{BeforeTime: start.Add(3 * time.Second), BeforeID: event.ID{0: 1, 15: 4}}, "3 2 1"},
		{"kind", EventQuery{Kind: event.VerificationFailed}, "2 1"},
		{"reason", EventQuery{Reason: event.ReasonExpired}, "2"},
		{"outcome", EventQuery{Outcome: event.Success}, "3"},
		{"address", EventQuery{Address: "198.51.100.1"}, "2"},
		{"service", EventQuery{Service: "shop"}, "4"},
		{"both", EventQuery{Service: "bank", Kind: event.RefreshOK}, "3"},
		{"ids, one unknown", EventQuery{IDs: []event.ID{{0: 1, 15: 1}, {0: 1, 15: 4}, {0: 1, 15: 99}}}, "4 1"},
		{"no ids", EventQuery{IDs: []event.ID{}}, ""},
		{"injection", EventQuery{Address: "' OR 1=1 --"}, ""},
	} {
		if c.q.Limit == 0 {
			c.q.Limit = 100
		}
		events, err := s.Events(t.Context(), c.q)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var got []string
		for _, e := range events {
			got = append(got, fmt.Sprint(e.ID[15]))
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func alertOf(id string, count int64) detect.Alert {
	return detect.Alert{ID: id, Rule: "signature-bruteforce", Title: "t", Severity: "high", Group: detect.Labels{{Key: "client.address", Value: "203.0.113.7"}},
		First: start, Last: start.Add(time.Duration(count) * time.Second), Count: count, Events: []string{"a"}, Fingerprint: "f"}
}

func owed(channel, id string, a detect.Alert) Delivery {
	return Delivery{Channel: channel, ID: id, Kind: "alert.firing", Alert: a, Evidence: []json.RawMessage{[]byte(`{"event":"jwt.missing"}`)}, Created: start, Next: start}
}

// A replay raises the same alerts again, as they once were: nothing shrinks, and
// nothing that was delivered is owed again.
func TestRaise(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "h.db"))
	ctx := t.Context()
	raise := func(count int64) {
		t.Helper()
		a := alertOf("a1", count)
		if err := s.Raise(ctx, a, []Delivery{owed("ops", "a1.firing", a)}, start); err != nil {
			t.Fatal(err)
		}
	}
	raise(20)
	due, _, err := s.Due(ctx, "ops", start, 10)
	if err != nil || len(due) != 1 {
		t.Fatalf("%d due, %v, want 1", len(due), err)
	}
	if diff := cmp.Diff(owed("ops", "a1.firing", alertOf("a1", 20)), due[0]); diff != "" {
		t.Errorf("delivery (-want +got):\n%s", diff)
	}
	if err := s.Delivered(ctx, due[0]); err != nil {
		t.Fatal(err)
	}
	raise(200)
	raise(20)
	if due, _, _ = s.Due(ctx, "ops", start.Add(time.Hour), 10); len(due) != 0 {
		t.Errorf("%d due after a replay, want none", len(due))
	}
	all, err := s.Alerts(ctx, AlertQuery{Limit: 10})
	if err != nil || len(all) != 1 {
		t.Fatalf("%d alerts, %v, want 1", len(all), err)
	}
	if diff := cmp.Diff(Alert{Alert: alertOf("a1", 200), State: Firing, Raised: start}, all[0]); diff != "" {
		t.Errorf("alert (-want +got):\n%s", diff)
	}
	if err := s.End(ctx, alertOf("a1", 210), true, start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	raise(20)
	if all, _ = s.Alerts(ctx, AlertQuery{ID: "a1", Limit: 1}); all[0].State != Resolved || all[0].Count != 210 {
		t.Errorf("after the end: %s, count %d", all[0].State, all[0].Count)
	}
	if n, err := s.CountFiring(ctx); n != 0 || err != nil {
		t.Errorf("%d firing, %v, want 0", n, err)
	}
}

func TestOutbox(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "h.db"))
	ctx := t.Context()
	a := alertOf("a1", 1)
	late := owed("ops", "a3.firing", a)
	late.Next = start.Add(time.Minute)
	if err := s.Raise(ctx, a, []Delivery{owed("ops", "a1.firing", a), owed("ops", "a2.firing", a), late, owed("chat", "a1.firing", a)}, start); err != nil {
		t.Fatal(err)
	}
	due, next, err := s.Due(ctx, "ops", start, 10)
	if err != nil || len(due) != 2 || !next.Equal(late.Next) {
		t.Fatalf("%d due, next at %v, %v", len(due), next, err)
	}
	due[0].Attempts, due[0].Next, due[0].Problem = 3, start.Add(time.Hour), "answered 500"
	if err := s.Retry(ctx, due[0]); err != nil {
		t.Fatal(err)
	}
	due[1].Attempts, due[1].Problem = 9, "answered 410 Gone"
	if err := s.Bury(ctx, due[1]); err != nil {
		t.Fatal(err)
	}
	if again, _, _ := s.Due(ctx, "ops", start.Add(time.Hour), 10); len(again) != 2 || !cmp.Equal(again[1], due[0]) {
		t.Errorf("due again: %v", cmp.Diff(due[0], again[len(again)-1]))
	}
	dead, err := s.Dead(ctx, 10)
	if err != nil || len(dead) != 1 || !cmp.Equal(dead[0], due[1]) {
		t.Errorf("dead letters: %v, %v", dead, err)
	}
	if open, dead, err := s.CountOutbox(ctx); open != 3 || dead != 1 || err != nil {
		t.Errorf("%d open and %d dead, %v, want 3 and 1", open, dead, err)
	}
	if err := s.Prune(ctx, start.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if open, dead, _ := s.CountOutbox(ctx); open != 3 || dead != 0 {
		t.Errorf("after Prune %d open and %d dead, want 3 and 0", open, dead)
	}
}

func TestScans(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "h.db"))
	older := finding.Report{Tool: "jotsight", Target: "http://a.example", Ended: start}
	newer := finding.Report{Tool: "jotsight", Target: "http://b.example", Ended: start.Add(time.Hour)}
	for _, c := range []struct {
		r     finding.Report
		added bool
	}{{newer, true}, {older, true}, {newer, false}} {
		if got, err := s.AddScan(t.Context(), &c.r); got != c.added || err != nil {
			t.Errorf("%s: added %v, %v, want %v", c.r.Target, got, err, c.added)
		}
	}
	got, err := s.Scans(t.Context(), 5)
	if diff := cmp.Diff([]finding.Report{newer, older}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestAccounts(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "h.db"))
	ctx := t.Context()
	if has, err := s.HasUser(ctx); has || err != nil {
		t.Errorf("a new history has a user: %v, %v", has, err)
	}
	var won sync.Map
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if added, err := s.AddFirstUser(ctx, User{Name: fmt.Sprint("u", i), Role: "admin", Password: "hash", Created: start}); err != nil {
				t.Error(err)
			} else if added {
				won.Store(i, true)
			}
		})
	}
	wg.Wait()
	winners := 0
	won.Range(func(i, _ any) bool {
		winners++
		u, found, err := s.User(ctx, fmt.Sprint("u", i))
		if diff := cmp.Diff(User{fmt.Sprint("u", i), "admin", "hash", start}, u); diff != "" || !found || err != nil {
			t.Errorf("user: %v %v (-want +got):\n%s", found, err, diff)
		}
		return true
	})
	if winners != 1 {
		t.Errorf("%d first users, want 1", winners)
	}
	if _, found, err := s.User(ctx, "nobody"); found || err != nil {
		t.Errorf("found nobody: %v, %v", found, err)
	}

	old := Session{[32]byte{1}, "u", start, start}
	fresh := Session{[32]byte{2}, "u", start.Add(time.Hour), start.Add(time.Hour)}
	for _, n := range []Session{old, fresh} {
		if err := s.AddSession(ctx, n, start.Add(time.Duration(n.Hash[0]-2)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if _, found, _ := s.Session(ctx, old.Hash); found {
		t.Error("a stale session is kept")
	}
	fresh.Seen = start.Add(2 * time.Hour)
	if err := s.TouchSession(ctx, fresh.Hash, fresh.Seen); err != nil {
		t.Fatal(err)
	}
	if got, found, err := s.Session(ctx, fresh.Hash); !cmp.Equal(got, fresh) || !found || err != nil {
		t.Errorf("session %v, %v, %v", got, found, err)
	}
	if err := s.EndSession(ctx, fresh.Hash); err != nil {
		t.Fatal(err)
	}
	if _, found, _ := s.Session(ctx, fresh.Hash); found {
		t.Error("an ended session is kept")
	}
}

// Keys that another process makes and revokes are seen at once.
func TestKeysOfTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	serve, tool := openStore(t, path), openStore(t, path)
	ctx := t.Context()
	hash := sha256.Sum256([]byte("k"))
	if err := tool.AddKey(ctx, hash, "bank", start); err != nil {
		t.Fatal(err)
	}
	if source, found, err := serve.Source(ctx, hash); source != "bank" || !found || err != nil {
		t.Errorf("source %q, %v, %v", source, found, err)
	}
	if n, err := tool.RevokeKeys(ctx, "bank", start); n != 1 || err != nil {
		t.Errorf("%d revoked, %v", n, err)
	}
	if _, found, err := serve.Source(ctx, hash); found || err != nil {
		t.Errorf("a revoked key is good: %v, %v", found, err)
	}
	keys, err := serve.Keys(ctx)
	if diff := cmp.Diff([]Key{{hash, "bank", start, start}}, keys); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// While another process holds the lock, writing fails with an error that says
// so, nothing is half written, and it works again afterwards.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	s := openStore(t, path)
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	conn, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.ExecContext(t.Context(), "PRAGMA busy_timeout = 50"); err != nil {
		t.Fatal(err)
	}
	_, err = s.Take(t.Context(), "history", 1, []Entry{entry(1, event.RefreshReuse)})
	if err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("Take on a locked file: %v", err)
	}
	if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if place, err := s.Place(t.Context(), "history"); place != 0 || err != nil {
		t.Errorf("place %d, %v, want 0", place, err)
	}
	if got := take(t, s, 1, entry(1, event.RefreshReuse)); got != 1 {
		t.Errorf("%d new, want 1", got)
	}
}

// A file from the future is refused, and says so.
func TestNewerForm(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	s := openStore(t, path)
	if _, err := s.write.Exec("PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(context.Background(), path); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("Open: %v", err)
	}
}
