//go:build unix

package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	webhook "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/store"
	"github.com/jotsight/jotsight/internal/stream"
)

// A receiver takes webhooks, refuses some at random, and remembers what came.
type receiver struct {
	verify *webhook.Webhook

	mu      sync.Mutex
	times   map[string]int      // by webhook-id: how often
	ids     map[string][]string // by type, rule and group: the webhook-ids
	bodies  map[string]string   // by webhook-id
	refused int
	wrong   []string
}

func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender was killed
	}
	rc.mu.Lock()
	defer rc.mu.Unlock()
	if err := rc.verify.Verify(body, r.Header); err != nil {
		rc.wrong = append(rc.wrong, err.Error())
	}
	var m struct {
		Type string
		Data struct {
			Rule     string
			Group    map[string]string
			Evidence []json.RawMessage
		}
	}
	if err := json.Unmarshal(body, &m); err != nil || len(m.Data.Evidence) == 0 {
		rc.wrong = append(rc.wrong, fmt.Sprintf("body %s: %v", body, err))
	}
	id := r.Header.Get("webhook-id")
	name := fmt.Sprint(m.Type, " ", m.Data.Rule, " ", m.Data.Group)
	if !slices.Contains(rc.ids[name], id) {
		rc.ids[name] = append(rc.ids[name], id)
	}
	if old, again := rc.bodies[id]; again && old != string(body) {
		rc.wrong = append(rc.wrong, "another body under "+id)
	}
	rc.bodies[id] = string(body)
	rc.times[id]++
	if mathrand.N(7) == 0 {
		rc.refused++
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// kills is how often serve is killed; JOTSIGHT_KILLS raises it.
func kills(t *testing.T) int {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("JOTSIGHT_KILLS"), "20"))
	if err != nil {
		t.Fatalf("JOTSIGHT_KILLS: %v", err)
	}
	return n
}

// jotsight gives the command line of this test binary, which TestMain turns into
// the real one.
func jotsight(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{Path: self, Args: append([]string{"jotsight"}, args...), Env: os.Environ()}
}

// A served process is a jotsight serve that has said where it listens.
type served struct {
	cmd *exec.Cmd
	url string
	log *bytes.Buffer
}

func startServe(t *testing.T, env string, args ...string) *served {
	t.Helper()
	s := &served{cmd: jotsight(t, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...), log: &bytes.Buffer{}}
	s.cmd.Env = append(s.cmd.Env, env)
	s.cmd.Stderr = s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			s.cmd.Process.Kill()
			s.cmd.Wait()
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.cmd.Wait()
		t.Fatalf("serve said %q and ended: %v\n%s", line, err, s.log)
	}
	s.url = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "listening on "), "/")
	return s
}

// Serve is killed at random moments while two guards send it events, and started
// again. Whatever it has acknowledged is there, once; every attack is alerted
// under exactly one webhook-id, however often it came.
func TestServeKilled(t *testing.T) {
	n := kills(t)
	var key [32]byte
	rand.Read(key[:])
	secret := "whsec_" + base64.StdEncoding.EncodeToString(key[:])
	verify, err := webhook.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	rc := &receiver{verify: verify, times: map[string]int{}, ids: map[string][]string{}, bodies: map[string]string{}}
	hook := httptest.NewServer(rc)
	defer hook.Close()
	data := t.TempDir()
	out, err := jotsight(t, "serve", "key", "add", "bank", "--data", data).Output()
	if err != nil {
		t.Fatal(err)
	}
	ingestKey := strings.TrimSpace(string(out))
	start := func() *served {
		return startServe(t, "HOOK_SECRET="+secret, "--data", data, "--webhook", hook.URL, "--webhook-secret-env", "HOOK_SECRET")
	}

	// Two guards, each of which sends a batch until it is taken. Each round has
	// an attack of its own on both sides.
	var url atomic.Pointer[string]
	url.Store(new(string))
	began := time.Now().UTC()
	ids := event.NewIDs(key)
	stop := make(chan struct{})
	var guards sync.WaitGroup
	var mu sync.Mutex
	acknowledged := map[event.ID]bool{}
	want := map[string]bool{}
	var round atomic.Int64
	for g := range 2 {
		guards.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				var body []byte
				var mine []event.ID
				attacked := round.Load()
				for j := range 30 {
					e := event.Event{ID: ids.Next(began), Time: began.Add(time.Duration(i)*time.Millisecond + time.Duration(j)), ServiceName: fmt.Sprint("bank-", g),
						Kind: event.VerificationFailed, Outcome: event.Failure, Reason: event.ReasonBadSignature, ClientAddress: fmt.Sprintf("10.%d.%d.1", g, attacked)}
					if j == 0 {
						e.Kind, e.Reason, e.Family = event.RefreshReuse, event.ReasonRefreshReuse, fmt.Sprint("family-", g, "-", attacked)
					}
					mine = append(mine, e.ID)
					body = append(e.Append(body), '\n')
				}
				for !post(*url.Load(), ingestKey, body) {
					select {
					case <-stop:
						return
					case <-time.After(2 * time.Millisecond):
					}
				}
				mu.Lock()
				for _, id := range mine {
					acknowledged[id] = true
				}
				want[fmt.Sprintf("10.%d.%d.1", g, attacked)] = true
				want[fmt.Sprint("family-", g, "-", attacked)] = true
				mu.Unlock()
			}
		})
	}
	for range n {
		s := start()
		url.Store(&s.url)
		time.Sleep(mathrand.N(300 * time.Millisecond)) // the moment is what is random here
		if err := s.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		s.cmd.Wait()
		round.Add(1)
	}
	close(stop)
	guards.Wait()

	last := start()
	waitFor(t, "the outbox to empty", func() bool {
		var h struct {
			Detector uint64 `json:"detector_behind"`
			History  uint64 `json:"history_behind"`
			Owed     int64
		}
		res, err := http.Get(last.url + "/healthz")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return json.NewDecoder(res.Body).Decode(&h) == nil && h.Detector == 0 && h.History == 0 && h.Owed == 0
	})
	if err := last.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := last.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, last.log)
	}

	inLog, inHistory := countLog(t, data), countHistory(t, data)
	lost, twice := 0, 0
	for id := range acknowledged {
		if inLog[id] == 0 || !inHistory[id] {
			lost++
		}
	}
	for _, times := range inLog {
		if times > 1 {
			twice++
		}
	}
	if lost > 0 || twice > 0 || len(acknowledged) == 0 {
		t.Errorf("of %d acknowledged events %d are lost; %d are in the log twice", len(acknowledged), lost, twice)
	}
	rc.mu.Lock()
	defer rc.mu.Unlock()
	for _, w := range rc.wrong {
		t.Error("receiver:", w)
	}
	alerted := map[string]bool{}
	for name, ids := range rc.ids {
		if len(ids) != 1 {
			t.Errorf("%s came under %d webhook-ids", name, len(ids))
		}
		for about := range want {
			if strings.HasPrefix(name, "alert.firing") && strings.Contains(name, ":"+about+"]") {
				alerted[about] = true
			}
		}
	}
	for about := range want {
		if !alerted[about] {
			t.Errorf("no alert about %s", about)
		}
	}
	repeats := 0
	for times := range maps.Values(rc.times) {
		repeats += times - 1
	}
	t.Logf("%d kills: %d events acknowledged, %d in the log, %d attacks, %d webhook-ids, %d repeats of them, %d of these asked for by a 500",
		n, len(acknowledged), len(inLog), len(want), len(rc.times), repeats, rc.refused)
}

func post(url, key string, body []byte) bool {
	r, err := http.NewRequest(http.MethodPost, url+"/v1/events", bytes.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("Authorization", "Bearer "+key)
	res, err := (&http.Client{Timeout: 10 * time.Second}).Do(r)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	var a struct{ Accepted, Rejected int }
	return json.NewDecoder(res.Body).Decode(&a) == nil && res.StatusCode == http.StatusAccepted && a.Rejected == 0
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}

// countLog gives how often each event stands in the log.
func countLog(t *testing.T, data string) map[event.ID]int {
	t.Helper()
	l, err := stream.Open(t.Context(), stream.Config{Dir: filepath.Join(data, "log")})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(context.Background())
	times := map[event.ID]int{}
	r := l.Reader(1)
	defer r.Close()
	for seq := uint64(0); seq < l.State().Last; {
		rec, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range rec.Events {
			times[e.ID]++
		}
		seq = rec.Seq
	}
	return times
}

func countHistory(t *testing.T, data string) map[event.ID]bool {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(data, "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all, err := s.Events(t.Context(), store.EventQuery{Limit: 10_000_000})
	if err != nil {
		t.Fatal(err)
	}
	known := map[event.ID]bool{}
	for i := range all {
		known[all[i].ID] = true
	}
	return known
}
