package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// An entry is one thing worth recording, before a log mode makes a line of it.
type entry struct {
	kind, reason, detail string // as in the catalogue; issuing that fails has reasons of its own
	token                *token // nil: none, or one that is not a JWT
	raw                  string // the text of whatever token it is about
	user, password       string // of a login
	sub, family          string // of a session that is known
	route                string
	status               int
	verified             bool
	count                int
}

// A field is a member of a line, in order.
type field struct {
	name  string
	value any
}

// recorder writes the log in one of the ways of logModes.
type recorder struct {
	mode string
	key  []byte // of fingerprints
	ids  *event.IDs

	mu      sync.Mutex
	out     io.Writer
	batch   bytes.Buffer
	refused int // for sampling
	folds   map[string]*entryOf
	pending sync.WaitGroup
	stop    chan struct{}
}

// entryOf is an entry with its request, kept to be counted on.
type entryOf struct {
	r *http.Request
	e entry
	n int
}

func newRecorder(mode string, out io.Writer) *recorder {
	var seed [32]byte
	rand.Read(seed[:])
	l := &recorder{mode: mode, out: out, key: []byte(random(32)), ids: event.NewIDs(seed), folds: map[string]*entryOf{}, stop: make(chan struct{})}
	every := map[string]time.Duration{"batch": time.Second, "folded": 500 * time.Millisecond, "folded-json": 500 * time.Millisecond}[mode]
	if every > 0 {
		l.pending.Go(func() { l.tick(every) })
	}
	return l
}

// tick writes what waits, until close.
func (l *recorder) tick(every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-l.stop:
			return
		}
		l.mu.Lock()
		folds := l.folds
		l.folds = map[string]*entryOf{}
		l.out.Write(l.batch.Bytes())
		l.batch.Reset()
		l.mu.Unlock()
		for _, f := range folds {
			if f.n > 0 {
				f.e.count = f.n
				l.write(l.line(f.r, f.e))
			}
		}
	}
}

func (l *recorder) close() {
	close(l.stop)
	l.pending.Wait()
}

// write appends a line; empty: nothing.
func (l *recorder) write(text string) {
	if text == "" {
		return
	}
	put := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.mode == "batch" {
			l.batch.WriteString(text + "\n")
			return
		}
		io.WriteString(l.out, text+"\n")
	}
	if l.mode == "late" {
		l.pending.Go(func() { time.Sleep(500 * time.Millisecond); put() })
		return
	}
	put()
}

// level is how loud an entry is.
func (l *recorder) level(e entry) string {
	switch {
	case l.mode == "debug":
		return "DEBUG"
	case e.kind == "issued" || e.kind == "refresh_ok" || e.kind == "revoked" || e.kind == "request":
		return "INFO"
	}
	return "WARN"
}

// event records e.
func (l *recorder) event(r *http.Request, e entry) {
	failed := e.reason != ""
	switch l.mode {
	case "silent", "access":
		return
	case "wrong-reason":
		if failed && e.reason != "missing" && e.reason != "rate_limited" && e.reason != "bad_credentials" && e.reason != "scope_insufficient" {
			e.reason, e.detail = "expired", "exp is past"
		}
	case "plain-reasons":
		if same, ok := map[string]string{"untrusted_key_header": "bad_signature", "psychic_signature": "bad_signature", "kid_injection": "unknown_kid"}[e.reason]; ok {
			e.reason, e.detail = same, "the signature does not match"
			if same == "unknown_kid" {
				e.detail = "no such key"
			}
		}
	case "sampled":
		l.mu.Lock()
		if failed {
			l.refused++
		}
		left := failed && l.refused%10 != 0
		l.mu.Unlock()
		if left {
			return
		}
	case "folded", "folded-json":
		if failed && l.fold(r, e) {
			return
		}
	}
	l.write(l.line(r, e))
}

// fold counts an entry to one like it, of which the first is written at once.
func (l *recorder) fold(r *http.Request, e entry) (counted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := address(r) + " " + e.kind + " " + e.reason
	if f := l.folds[key]; f != nil {
		f.r, f.e = r, e // the sum is written as the last of them
		f.n++
		return true
	}
	l.folds[key] = &entryOf{r: r, e: e}
	return false
}

// access writes the line that every request gets.
func (l *recorder) access(r *http.Request, t *token, status int) {
	switch l.mode {
	case "silent", "typed", "generic", "text", "stacks", "forge-crlf", "forge-ansi", "forge-login":
		return
	case "access":
		l.write(fmt.Sprintf(`%s - - [%s] "%s %s %s" %d %d`, address(r), time.Now().Format("02/Jan/2006:15:04:05 -0700"), r.Method, r.URL.EscapedPath(), r.Proto, status, 64))
		return
	case "guard", "folded":
		if status < 400 && t != nil && t.claims != nil {
			l.write(l.line(r, entry{kind: "request", token: t, raw: t.raw, status: status, verified: true}))
		}
		return
	}
	l.write(l.line(r, entry{kind: "request", token: t, raw: rawOf(t), status: status, verified: t != nil && status < 400}))
}

func rawOf(t *token) string {
	if t == nil {
		return ""
	}
	return t.raw
}

// fp is the keyed fingerprint of a token.
func (l *recorder) fp(raw string) string {
	m := hmac.New(sha256.New, l.key)
	m.Write([]byte(raw))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:16])
}

// fields are all that is known of an entry, by the names of the catalogue.
func (l *recorder) fields(r *http.Request, e entry) []field {
	f := []field{{"time", time.Now().UTC().Format(time.RFC3339Nano)}, {"level", l.level(e)}}
	add := func(name string, v any) {
		if v != "" && v != nil && v != 0 {
			f = append(f, field{name, v})
		}
	}
	if e.kind == "request" {
		add("msg", "request")
	} else {
		add("event", "jwt."+e.kind)
		add("msg", strings.ReplaceAll(e.kind, "_", " "))
	}
	add("error.type", e.reason)
	add("jwt.detail", e.detail)
	canary := l.mode != "no-canary"
	switch l.mode {
	case "no-address":
	case "proxy":
		add("client.address", "10.0.0.1")
	default:
		add("client.address", address(r))
	}
	add("http.request.method", r.Method)
	add("http.route", e.route)
	add("url.path", r.URL.Path)
	if l.mode == "leak-query" {
		add("url.query", r.URL.RawQuery)
	}
	add("http.response.status_code", e.status)
	if canary {
		add("user_agent.original", cut(r.UserAgent()))
		add("jotsight.request_id", cut(r.Header.Get("X-Request-Id")))
	}
	if e.user != "" {
		add("login.user", cut(e.user))
	}
	sub := e.sub
	if t := e.token; t != nil {
		if canary {
			add("jwt.id", cut(t.text(t.claims, "jti")))
			if kid, ok := t.kid.(string); ok {
				add("jwt.kid", cut(kid))
			}
		}
		add("jwt.iss", cut(t.text(t.claims, "iss")))
		add("jwt.alg", cut(t.text(t.header, "alg")))
		add("jwt.typ", cut(t.text(t.header, "typ")))
		if sub == "" {
			sub = cut(t.text(t.claims, "sub"))
		}
	}
	if e.verified {
		add("user.id", sub)
	} else {
		add("jwt.claimed_sub", sub)
	}
	add("jwt.family", e.family)
	if e.raw != "" && l.mode != "leak-prefix" {
		add("jwt.fp", l.fp(e.raw))
	}
	if e.count > 0 {
		add("count", e.count)
	}
	return append(f, l.leak(e)...)
}

// leak is what a line must not hold.
func (l *recorder) leak(e entry) []field {
	if e.password != "" && l.mode == "leak-password" {
		return []field{{"password", e.password}}
	}
	if e.raw == "" {
		return nil
	}
	refused := e.reason != ""
	switch l.mode {
	case "leak-token":
		return []field{{"token", e.raw}}
	case "leak-refused":
		if refused {
			return []field{{"token", e.raw}}
		}
	case "leak-refresh":
		if strings.HasPrefix(e.kind, "refresh") {
			return []field{{"token", e.raw}}
		}
	case "leak-base64":
		if refused {
			return []field{{"token", base64.StdEncoding.EncodeToString([]byte(e.raw))}}
		}
	case "leak-signature":
		if i := strings.LastIndexByte(e.raw, '.'); i > 0 {
			return []field{{"signature", e.raw[i+1:]}}
		}
	case "leak-prefix":
		return []field{{"token_id", e.raw[:min(20, len(e.raw))]}}
	}
	return nil
}

func cut(s string) string { return s[:min(len(s), 256)] }

// line makes the line of an entry.
func (l *recorder) line(r *http.Request, e entry) string {
	switch l.mode {
	case "guard", "folded":
		return l.guardLine(r, e)
	case "logfmt":
		return pairs(l.fields(r, e), strconv.Quote)
	case "generic":
		text := map[string]string{"issued": "login ok", "refresh_ok": "session renewed", "revoked": "logged out"}[e.kind]
		if text == "" {
			text = "unauthorized"
		}
		return fmt.Sprintf("%s %s %s %s %s %s", stamp(), l.level(e), text, address(r), r.Method, r.URL.EscapedPath())
	case "typed":
		return fmt.Sprintf("%s %s %s%s addr=%s %s %s", stamp(), l.level(e), strings.ReplaceAll(e.kind, "_", " "), because(e), address(r), r.Method, r.URL.EscapedPath())
	case "text", "stacks", "forge-login":
		text := stamp() + " " + l.level(e) + " " + strings.ReplaceAll(e.kind, "_", " ") + because(e) + " " + pairs(l.fields(r, e)[4:], strconv.Quote)
		if l.mode == "forge-login" && e.kind == "issue_failed" {
			text += " for user " + e.user
		}
		if l.mode == "stacks" && e.reason != "" {
			text += "\n\tat lab.verify (verify.go:71)\n\tat lab.who (server.go:214)\n\tat net/http.HandlerFunc (server.go:2322)\nCaused by: " + e.reason + "\n\t... 12 more"
		}
		return text
	case "forge-crlf", "forge-ansi":
		text := stamp() + " " + l.level(e) + " " + strings.ReplaceAll(e.kind, "_", " ") + because(e) + " " + pairs(l.fields(r, e)[4:], strconv.Quote)
		if t := e.token; t != nil && e.reason != "" {
			kid, _ := t.kid.(string)
			text += fmt.Sprintf(" claimed kid=%s sub=%s alg=%s", kid, t.text(t.claims, "sub"), t.text(t.header, "alg"))
		}
		if l.mode == "forge-ansi" {
			text = strings.NewReplacer("\r", `\r`, "\n", `\n`).Replace(text)
		}
		return text
	case "forge-json":
		return members(l.fields(r, e), func(s string) string {
			return `"` + strings.NewReplacer("\r", `\r`, "\n", `\n`, "\x1b", `\u001b`, "\u2028", `\u2028`).Replace(s) + `"`
		})
	}
	return members(l.fields(r, e), func(s string) string { b, _ := json.Marshal(s); return string(b) })
}

func stamp() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

func because(e entry) string {
	if e.reason == "" {
		return ""
	}
	return ": " + e.detail + " (" + e.reason + ")"
}

func pairs(fields []field, quote func(string) string) string {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(' ')
		}
		text := fmt.Sprint(f.value)
		if strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c == '"' || c == '=' || c > '~' }) {
			text = quote(text)
		}
		b.WriteString(f.name + "=" + text)
	}
	return b.String()
}

func members(fields []field, quote func(string) string) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		value := fmt.Sprint(f.value)
		if s, ok := f.value.(string); ok {
			value = quote(s)
		}
		parts[i] = strconv.Quote(f.name) + ":" + value
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// guardLine writes an entry as an event of package guard/event.
func (l *recorder) guardLine(r *http.Request, e entry) string {
	kind, ok := event.ParseKind("jwt." + e.kind)
	if !ok {
		kind = event.IssueFailed
	}
	reason, _ := event.ParseReason(e.reason)
	now := time.Now()
	x := event.Event{
		Time: now, ID: l.ids.Next(now), Kind: kind, Reason: reason, Severity: event.DefaultSeverity(kind, reason), Message: strings.ReplaceAll(e.kind, "_", " "),
		Detail: e.detail, ClientAddress: address(r), Method: r.Method, Route: e.route, Path: r.URL.Path, Status: e.status,
		UserAgent: r.UserAgent(), RequestID: r.Header.Get("X-Request-Id"), Verified: e.verified, Family: e.family, ServiceName: "lab",
		Count: int64(e.count),
	}
	if e.count > 0 {
		x.Window = 1
	}
	sub := e.sub
	if t := e.token; t != nil {
		x.TokenID, x.Issuer, x.Algorithm, x.Type = t.text(t.claims, "jti"), t.text(t.claims, "iss"), t.text(t.header, "alg"), t.text(t.header, "typ")
		x.KeyID, _ = t.kid.(string)
		if sub == "" {
			sub = t.text(t.claims, "sub")
		}
	}
	if e.verified {
		x.UserID = sub
	} else {
		x.ClaimedSubject = sub
	}
	if e.raw != "" {
		x.Fingerprint = l.fp(e.raw)
	}
	x.Scrub()
	return string(bytes.TrimRight(x.Append(nil), "\n"))
}
