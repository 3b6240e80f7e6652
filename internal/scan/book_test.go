package scan

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// readBook opens a book over one file without its goroutine, so that a test
// says when it reads.
func readBook(t *testing.T, path string) *book {
	t.Helper()
	tl, err := openTail(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tl.close)
	return &book{logs: []LogSource{{ID: "app", File: path, Format: "auto", Flush: time.Millisecond}}, sources: []source{tl}}
}

func write(t *testing.T, path, text string, flag int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|flag, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// TestFollow reads a log through everything that happens to logs.
func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	write(t, path, "before the scan\n", 0)
	b := readBook(t, path)
	texts := func() (out []string) {
		b.poll()
		for _, l := range b.since(0) {
			out = append(out, l.text)
		}
		return out
	}
	step := func(what string, want ...string) {
		t.Helper()
		if got := texts(); !slices.Equal(got, want) {
			t.Fatalf("%s: %q, want %q", what, got, want)
		}
	}
	step("nothing new")
	write(t, path, "one\ntwo, in", os.O_APPEND)
	step("half a line", "one")
	write(t, path, " two parts\n", os.O_APPEND)
	step("the other half", "one", "two, in two parts")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	step("renamed", "one", "two, in two parts")
	write(t, path+".1", "to the old name\n", os.O_APPEND)
	write(t, path, "to the new name\n", 0)
	step("rotated", "one", "two, in two parts", "to the old name", "to the new name")
	write(t, path, "", os.O_TRUNC)
	b.poll()
	write(t, path, "after truncation\n", os.O_APPEND)
	step("truncated", "one", "two, in two parts", "to the old name", "to the new name", "after truncation")
	if err := b.err(); err != nil {
		t.Error(err)
	}
}

// TestWholeLog finds what stood in the log before the scan, also where a piece
// ends in the midst of it.
func TestWholeLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	needle := strings.Repeat("n", 100)
	write(t, path, strings.Repeat("x", 1<<20-50)+needle+"\n", 0)
	b := readBook(t, path)
	write(t, path, "then: later\n", os.O_APPEND)
	b.poll()
	for _, want := range []string{needle, "later"} {
		found := false
		b.whole(1<<10, func(_, text string) { found = found || strings.Contains(text, want) })
		if !found {
			t.Errorf("%.10s is not found", want)
		}
	}
	if got := b.await(t.Context(), regexp.MustCompile(`then: (\w+)`)); got != "later" {
		t.Errorf("await gives %q", got)
	}
}

// TestRecords reads entries in the forms that logs have.
func TestRecords(t *testing.T) {
	for _, tt := range []struct {
		name, text    string
		format        string
		records       int
		level         string
		field, is     string
		access, event bool
	}{
		{name: "slog JSON", text: `{"time":"2026-01-02T03:04:05Z","level":"WARN","msg":"x","http":{"route":"/me"}}`, records: 1, level: "warn", field: "http.route", is: "/me"},
		{name: "pino", text: `{"level":40,"time":1,"msg":"none"}`, records: 1, level: "warn"},
		{name: "a prefix before JSON", text: `2026-01-02 app[12]: {"severity":"ERROR","message":"bad"}`, records: 1, level: "error", field: "message", is: "bad"},
		{name: "ECS", text: `{"log.level":"error","@timestamp":"2026"}`, records: 1, level: "error"},
		{name: "bunyan", text: `{"level":50,"msg":"http"}`, records: 1, level: "error"},
		{name: "logfmt", text: `time=2026 level=info msg="a \"b\" c" n=1`, records: 1, level: "info", field: "msg", is: `a "b" c`},
		{name: "logrus text", text: `time="2026" level=warning msg=x`, records: 1, level: "warn"},
		{name: "combined", text: `127.0.0.1 - alice [02/Jan/2026:03:04:05 +0000] "GET /me HTTP/1.1" 401 12 "-" "level=info curl"`, records: 1, access: true},
		{name: "coloured text", text: "\x1b[33mWARN\x1b[0m refused", records: 1, level: "warn"},
		{name: "log4j", text: "2026-01-02 03:04:05,678 [main] ERROR c.e.Filter - refused", records: 1, level: "error"},
		{name: "a forged level far on", text: strings.Repeat("x", 100) + " INFO ", records: 1, level: ""},
		{name: "a stack", text: "Error: no\n    at f (a.js:1)\n    at g (b.js:2)\nnext", records: 2},
		{name: "our own", text: `{"time":"2026-01-02T03:04:05Z","event":"jwt.missing","severity":9}`, records: 1, level: "info", event: true},
		{name: "text on demand", format: "text", text: `{"level":"warn"}`, records: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.format == "" {
				tt.format = "auto"
			}
			b := &book{logs: []LogSource{{Format: tt.format}}}
			var lines []line
			for l := range strings.SplitSeq(tt.text, "\n") {
				lines = append(lines, line{text: l})
			}
			got := b.records(lines)
			if len(got) != tt.records {
				t.Fatalf("%d records, want %d", len(got), tt.records)
			}
			r := got[0]
			if r.level() != tt.level || r.access != tt.access || (r.event != nil) != tt.event {
				t.Errorf("level %q, access %v, event %v; want %q, %v, %v", r.level(), r.access, r.event != nil, tt.level, tt.access, tt.event)
			}
			if v, _ := r.field(tt.field); tt.field != "" && v != tt.is {
				t.Errorf("%s is %q, want %q", tt.field, v, tt.is)
			}
		})
	}
}

// TestReason reads why a token was refused from what services write.
func TestReason(t *testing.T) {
	for _, tt := range []struct {
		text, truth  string
		right, known bool
	}{
		{"UnauthorizedError: invalid signature", "bad_signature", true, true},
		{"UnauthorizedError: invalid signature", "expired", false, true},
		{"UnauthorizedError: Invalid token: no header in signature 'x'", "malformed", true, true},
		{"UnauthorizedError: No Authorization header was found", "missing", true, true},
		{"token is malformed: token contains an invalid number of segments", "malformed", true, true},
		{"token has invalid claims: token is expired", "expired", true, true},
		{"unexpected signing method: none", "alg_none", true, true},
		{"refresh token was already used", "refresh_reuse", true, true},
		{"authentication failed", "bad_signature", false, false},
		{`{"error.type":"bad_signature","time":"x"}`, "bad_signature", true, true},
		{`{"msg":"refused","err":"jwt expired"}`, "bad_signature", false, true},
		{`{"time":"2026-01-02T03:04:05Z","event":"jwt.missing"}`, "missing", true, true},
		{"Error: no\n    at bearer-expired/lib/index.js", "expired", false, false},
	} {
		b := &book{logs: []LogSource{{Format: "auto"}}}
		var lines []line
		for l := range strings.SplitSeq(tt.text, "\n") {
			lines = append(lines, line{text: l})
		}
		_, right, known := b.records(lines)[0].reason(reasonsOf(t, tt.truth), &marker{})
		if right != tt.right || known != tt.known {
			t.Errorf("%q for %s: right %v, known %v; want %v, %v", tt.text, tt.truth, right, known, tt.right, tt.known)
		}
	}
}

func reasonsOf(t *testing.T, name string) []event.Reason {
	t.Helper()
	r, ok := event.ParseReason(name)
	if !ok {
		t.Fatalf("reason %q", name)
	}
	return []event.Reason{r}
}

// TestPlainDespiteRandomText holds that an access line stays one, whatever random
// text it shows of a request under whatever name: ours, or an id that the service
// gives to each.
func TestPlainDespiteRandomText(t *testing.T) {
	good, bad := &marker{canaries: []string{"adc3dab0ecdfec82"}}, &marker{canaries: []string{"afbcd93d26926290"}}
	for _, tt := range []struct {
		good, bad string
		plain     bool
	}{
		{`{"msg":"request","rid":"adc3dab0ecdfec82","ua":"jotsight/adc3dab0ecdfec82"}`, `{"msg":"request","rid":"afbcd93d26926290","ua":"jotsight/afbcd93d26926290"}`, true},
		{`{"msg":"request","x":"adc3dab0ecdfec82"}`, `{"msg":"refused","x":"afbcd93d26926290"}`, false},
		{`rid=adc3dab0ecdfec82 msg=request n=1`, `rid=afbcd93d26926290 msg=request n=1`, true},
		{`{"nr":"0fabc12d"}`, `{"nr":"1deffed2"}`, true},
		{`3fabce00-1234-4abc-8def-0123456789ab GET /me 200`, `00defabc-1234-4abc-8abc-0123456789fe GET /me 401`, true},
		{`[01JD4QZ8XK3V5TNBR7WYMHCEGA] done`, `[01JD4QZ9ABCDEFGHJKMNPQRSTV] done`, true},
		{`[01JD4QZ8XK3V5TNBR7WYMHCEGA] done`, `[01JD4QZ9ABCDEFGHJKMNPQRSTV] refused`, false},
	} {
		b := &book{logs: []LogSource{{Format: "auto"}}}
		base := newBaseline(b.records([]line{{text: tt.good}}), good)
		if got := base.plain(b.records([]line{{text: tt.bad}})[0], bad); got != tt.plain {
			t.Errorf("%s after %s: plain %v, want %v", tt.bad, tt.good, got, tt.plain)
		}
	}
}

// FuzzRecord reads whatever a log may hold.
func FuzzRecord(f *testing.F) {
	f.Add(`{"a":{"b":[1,true,null,"x"]},"level":30}`)
	f.Add(`time=x level=warn msg="a\"b" c=`)
	f.Add("127.0.0.1 - - [02/Jan/2026:03:04:05 +0000] \"GET / HTTP/1.1\" 401 1\n\tat x")
	f.Fuzz(func(t *testing.T, text string) {
		b := &book{logs: []LogSource{{Format: "auto"}}}
		var lines []line
		for l := range strings.SplitSeq(text, "\n") {
			lines = append(lines, line{text: l})
		}
		ours := &marker{canaries: []string{"a0123456789abcde"}}
		base := newBaseline(b.records(lines[:1]), ours)
		records := b.records(lines)
		base.look(records, ours)
		for _, r := range records {
			r.level()
			r.reason(nil, ours)
			r.has([]sent{{raw: "x", path: "/me"}}, []string{"127.1.1.1"})
		}
	})
}

func FuzzReadAlerts(f *testing.F) {
	f.Add(`{"type":"alert.firing","data":{"id":"1","rule":"refresh-reuse"}}`)
	f.Add(`{"alerts":[{"labels":{"alertname":"x"}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := readAlerts([]byte(text))
		if err != nil && list != nil {
			t.Error("alerts beside an error")
		}
	})
}

// TestLearnOnlyFromOwnLines holds that a service that goes on writing about other
// things is not taken for a slow one: the wait fed on itself, and a scan never
// came to its end.
func TestLearnOnlyFromOwnLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	write(t, path, "", 0)
	b := readBook(t, path)
	b.logs[0].Flush = 20 * time.Millisecond
	write(t, path, "a0123456789abcde refused\n", os.O_APPEND)
	b.poll()
	for range 3 {
		mark := b.mark()
		write(t, path, "heartbeat\n", os.O_APPEND)
		b.learn(t.Context(), mark, &marker{canaries: []string{"a0123456789abcde"}})
	}
	if got := b.flush(); got != 20*time.Millisecond {
		t.Errorf("the scan waits %s for every record, want 20ms", got)
	}
}
