package web

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/finding"
)

// history is a History in memory that keeps to the contract.
type history struct {
	mu       sync.Mutex
	events   []event.Event
	alerts   []AlertView
	scans    []finding.Report
	services []Service
	err      error
}

func (h *history) Events(_ context.Context, q EventQuery) ([]event.Event, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	order := func(a, b Cursor) int {
		return cmp.Or(b.Time.Compare(a.Time), bytes.Compare(b.ID[:], a.ID[:]))
	}
	var list []event.Event
	for _, e := range h.events {
		if q.IDs != nil && !slices.Contains(q.IDs, e.ID) ||
			q.Kind != 0 && e.Kind != q.Kind || q.Reason != 0 && e.Reason != q.Reason ||
			q.Outcome != 0 && e.Outcome != q.Outcome ||
			q.Address != "" && e.ClientAddress != q.Address || q.Service != "" && e.ServiceName != q.Service ||
			q.Before != (Cursor{}) && order(q.Before, cursorOf(&e)) >= 0 {
			continue
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b event.Event) int { return order(cursorOf(&a), cursorOf(&b)) })
	return list[:min(len(list), q.Limit)], h.err
}

func (h *history) Alerts(_ context.Context, q AlertQuery) ([]AlertView, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []AlertView
	for _, a := range h.alerts {
		if q.ID == "" || a.ID == q.ID {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b AlertView) int { return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(b.ID, a.ID)) })
	return list[:min(len(list), q.Limit)], h.err
}

func (h *history) Scans(_ context.Context, limit int) ([]finding.Report, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := slices.Clone(h.scans)
	slices.SortFunc(list, func(a, b finding.Report) int { return b.Ended.Compare(a.Ended) })
	return list[:min(len(list), limit)], h.err
}

func (h *history) Summary(_ context.Context, from, to time.Time, step time.Duration) (Summary, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := Summary{Services: slices.Clone(h.services)}
	bins := map[time.Time]*Bin{}
	for _, e := range h.events {
		if e.Time.Before(from) || !e.Time.Before(to) {
			continue
		}
		at := e.Time.UTC().Truncate(step)
		if bins[at] == nil {
			bins[at] = &Bin{Start: at}
		}
		switch b := bins[at]; e.Outcome {
		case event.Success:
			b.Success += e.Weight()
		case event.Failure:
			b.Failure += e.Weight()
		case event.UnknownOutcome:
			b.Unknown += e.Weight()
		}
	}
	for _, b := range bins {
		s.Bins = append(s.Bins, *b)
	}
	slices.SortFunc(s.Bins, func(a, b Bin) int { return a.Start.Compare(b.Start) })
	for _, a := range h.alerts {
		if a.State == "firing" || a.State == "pending" {
			s.Firing++
		}
	}
	return s, h.err
}

// accounts is an Accounts in memory.
type accounts struct {
	mu       sync.Mutex
	users    map[string]User
	sessions map[[32]byte]Session
}

func newAccounts() *accounts {
	return &accounts{users: map[string]User{}, sessions: map[[32]byte]Session{}}
}

func (a *accounts) HasUser(context.Context) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.users) > 0, nil
}

func (a *accounts) AddFirstUser(_ context.Context, u User) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.users) > 0 {
		return false, nil
	}
	a.users[u.Name] = u
	return true, nil
}

func (a *accounts) User(_ context.Context, name string) (User, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	u, ok := a.users[name]
	return u, ok, nil
}

func (a *accounts) AddSession(_ context.Context, s Session, stale time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for h, old := range a.sessions {
		if !old.Created.After(stale) {
			delete(a.sessions, h)
		}
	}
	a.sessions[s.Hash] = s
	return nil
}

func (a *accounts) Session(_ context.Context, hash [32]byte) (Session, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.sessions[hash]
	return s, ok, nil
}

func (a *accounts) TouchSession(_ context.Context, hash [32]byte, seen time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s, ok := a.sessions[hash]; ok {
		s.Seen = seen
		a.sessions[hash] = s
	}
	return nil
}

func (a *accounts) EndSession(_ context.Context, hash [32]byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.sessions, hash)
	return nil
}

// A site is a Web on a real port with everything behind it.
type site struct {
	*Web
	t        *testing.T
	server   *httptest.Server
	history  *history
	accounts *accounts
	hub      *Hub
	log      *lockedBuffer

	mu    sync.Mutex
	now   time.Time
	audit []*event.Event
}

const goodPassword = "correct horse battery"

var noon = time.Date(2026, 11, 21, 12, 30, 20, 0, time.UTC)

// newSite serves an empty monitor at noon. Its passwords are cheap to hash.
func newSite(t *testing.T, change ...func(*Config)) *site {
	t.Helper()
	s := &site{t: t, history: &history{}, accounts: newAccounts(), hub: &Hub{}, log: &lockedBuffer{}, now: noon}
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { s.ServeHTTP(rw, r) }))
	c := Config{
		History: s.history, Accounts: s.accounts, Live: s.hub, Version: "v0.1.0",
		BaseURL: "http://" + s.server.Listener.Addr().String(),
		Log:     slog.New(slog.NewTextHandler(s.log, nil)), Now: s.clock,
		Emit: func(e *event.Event) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.audit = append(s.audit, e)
		},
	}
	for _, f := range change {
		f(&c)
	}
	var err error
	if s.Web, err = New(c); err != nil {
		t.Fatal(err)
	}
	s.Web.hasher = cheap()
	s.server.Config.ReadTimeout = 300 * time.Millisecond // a stream has to outlive it
	s.server.Start()
	t.Cleanup(func() {
		s.Close()
		s.server.Close()
	})
	return s
}

func cheap() hasher { return weigh(hasher{time: 1, memory: 64, threads: 1}) }

func (s *site) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *site) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// audited gives the audit events since the last call.
func (s *site) audited() []*event.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.audit
	s.audit = nil
	return list
}

// A visitor is a browser without scripts: it keeps cookies and follows nothing.
type visitor struct {
	s      *site
	client *http.Client
}

func (s *site) visitor() *visitor {
	jar, _ := cookiejar.New(nil)
	return &visitor{s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// member is a visitor who has set the site up, or logged in.
func (s *site) member() *visitor {
	s.t.Helper()
	v := s.visitor()
	if link := s.SetupURL(); link != "" {
		if r := v.post(link, "name", "ada", "password", goodPassword, "again", goodPassword); r.StatusCode != http.StatusSeeOther {
			s.t.Fatalf("set-up: %d", r.StatusCode)
		}
		return v
	}
	if r := v.post("/login", "name", "ada", "password", goodPassword); r.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("login: %d", r.StatusCode)
	}
	return v
}

func (v *visitor) do(r *http.Request) *http.Response {
	v.s.t.Helper()
	res, err := v.client.Do(r)
	if err != nil {
		v.s.t.Fatal(err)
	}
	v.s.t.Cleanup(func() { res.Body.Close() })
	return res
}

func (v *visitor) request(method, path, body string) *http.Request {
	if !strings.HasPrefix(path, "http") {
		path = v.s.server.URL + path
	}
	r, err := http.NewRequestWithContext(v.s.t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		v.s.t.Fatal(err)
	}
	return r
}

func (v *visitor) get(path string) *http.Response {
	v.s.t.Helper()
	return v.do(v.request("GET", path, ""))
}

// page gives the text of a page that must be there.
func (v *visitor) page(path string) string {
	v.s.t.Helper()
	r := v.get(path)
	if r.StatusCode != http.StatusOK {
		v.s.t.Fatalf("GET %s: %d", path, r.StatusCode)
	}
	return v.text(r)
}

func (v *visitor) text(r *http.Response) string {
	v.s.t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		v.s.t.Fatal(err)
	}
	return string(b)
}

func (v *visitor) post(path string, form ...string) *http.Response {
	v.s.t.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	r := v.request("POST", path, values.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.do(r)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
