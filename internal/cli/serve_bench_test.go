//go:build unix

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// BenchmarkServe posts 1,000 events a request over four connections to a serve
// process with all shipped rules, which answers when they are on the disk. Three
// in a hundred are refusals and go to the history one by one. Reported: events a
// second by the clock and by the processor time of serve, until the detector and
// the history have taken all of them; how long an answer took; the most memory
// that serve had.
func BenchmarkServe(b *testing.B) {
	const perPost, senders = 1000, 4
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	data := filepath.Join(b.TempDir(), "data")
	run := func(args ...string) *exec.Cmd {
		return &exec.Cmd{Path: self, Args: append([]string{"jotsight", "serve"}, append(args, "--data", data)...), Env: os.Environ()}
	}
	out, err := run("key", "add", "bench").Output()
	if err != nil {
		b.Fatal(err)
	}
	key := strings.TrimSpace(string(out))
	serve := run("--listen", "127.0.0.1:0")
	pipe, err := serve.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		b.Fatal(err)
	}
	defer serve.Process.Kill()
	var url string
	if _, err := fmt.Fscanf(pipe, "listening on %s\n", &url); err != nil {
		b.Fatal(err)
	}
	go io.Copy(io.Discard, pipe)

	now := time.Now()
	bodies := make([][]byte, 64)
	for i := range bodies {
		for j := range perPost {
			n := i*perPost + j
			e := event.Event{Time: now.Add(time.Duration(n) * time.Microsecond), Kind: event.Verified, Outcome: event.Success, Severity: event.Debug,
				ServiceName: "bank", ClientAddress: fmt.Sprintf("10.%d.%d.%d", n%7, n>>8&255, n&255), UserAgent: "Mozilla/5.0 (X11; Linux x86_64)",
				Method: "GET", Route: "/accounts/{id}", Status: 200, Verified: true, UserHash: fmt.Sprintf("p1:%024d", n%50_000),
				Fingerprint: fmt.Sprintf("f1:%022d", n), Use: event.Access, Source: event.Header, Algorithm: "HS256", Duration: 21 * time.Microsecond}
			if n%33 == 0 {
				e.Kind, e.Outcome, e.Reason, e.Verified, e.UserHash = event.VerificationFailed, event.Failure, event.ReasonExpired, false, ""
			}
			bodies[i] = append(e.Append(bodies[i]), '\n')
		}
	}
	var took []time.Duration
	var mu sync.Mutex
	var next atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	b.ResetTimer()
	for range senders {
		wg.Go(func() {
			var mine []time.Duration
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					break
				}
				sent := time.Now()
				r, _ := http.NewRequest(http.MethodPost, url+"v1/events", bytes.NewReader(bodies[i%int64(len(bodies))]))
				r.Header.Set("Authorization", "Bearer "+key)
				res, err := http.DefaultClient.Do(r)
				if err != nil {
					b.Error(err)
					return
				}
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
				if res.StatusCode != http.StatusAccepted {
					b.Errorf("answered %d", res.StatusCode)
				}
				mine = append(mine, time.Since(sent))
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	wg.Wait()
	acknowledged := time.Since(began)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		var h struct {
			Detector uint64 `json:"detector_behind"`
			History  uint64 `json:"history_behind"`
		}
		res, err := http.Get(url + "healthz")
		if err != nil {
			b.Fatal(err)
		}
		err = json.NewDecoder(res.Body).Decode(&h)
		res.Body.Close()
		if err == nil && h.Detector == 0 && h.History == 0 {
			break
		}
	}
	b.StopTimer()
	serve.Process.Signal(syscall.SIGTERM)
	if err := serve.Wait(); err != nil {
		b.Error(err)
	}
	slices.Sort(took)
	events := float64(b.N * perPost)
	processor := serve.ProcessState.UserTime() + serve.ProcessState.SystemTime()
	b.ReportMetric(events/acknowledged.Seconds(), "events/s")
	b.ReportMetric(events/processor.Seconds(), "events/cpu-s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	if u, ok := serve.ProcessState.SysUsage().(*syscall.Rusage); ok {
		b.ReportMetric(float64(u.Maxrss)/1024, "rss-MiB") // Linux counts in KiB
	}
}
