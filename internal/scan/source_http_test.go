package scan

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A stored entry of a store under test.
type stored struct {
	N    int
	At   time.Time
	Text string
}

// A shop is a store of log entries that speaks several protocols. It holds what
// put was told, in the order of time where the protocol sorts.
type shop struct {
	mu      sync.Mutex
	entries []stored
	asked   atomic.Int64
	broken  atomic.Bool
	opened  atomic.Int64 // sessions
	page    int
}

func (s *shop) put(at time.Time, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, stored{len(s.entries) + 1, at, text})
}

func (s *shop) sorted() []stored {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.entries)
	slices.SortStableFunc(list, func(a, b stored) int { return a.At.Compare(b.At) })
	return list
}

func (s *shop) serve(t *testing.T) string {
	mux := http.NewServeMux()
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("reader:hush-hush"))
	mux.HandleFunc("GET /loki/api/v1/query_range", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		start, _ := strconv.ParseInt(q.Get("start"), 10, 64)
		limit, _ := strconv.Atoi(q.Get("limit"))
		if r.Header.Get("Authorization") != basic || q.Get("query") != `{app="x"}` || q.Get("direction") != "forward" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		values := [][]string{}
		for _, e := range s.sorted() {
			if e.At.UnixNano() >= start && len(values) < limit {
				values = append(values, []string{strconv.FormatInt(e.At.UnixNano(), 10), e.Text})
			}
		}
		reply(w, 200, map[string]any{"status": "success", "data": map[string]any{"resultType": "streams", "result": []any{map[string]any{"stream": map[string]string{"app": "x"}, "values": values}}}})
	})
	mux.HandleFunc("POST /app-*/_search", s.search)
	mux.HandleFunc("POST /session", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Name string }
		json.NewDecoder(r.Body).Decode(&in)
		if in.Name != "reader" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		reply(w, 200, map[string]any{"token": fmt.Sprintf("session-number-%d", s.opened.Add(1))})
	})
	mux.HandleFunc("GET /logs", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != fmt.Sprintf("Bearer session-number-%d", s.opened.Load()) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		after, _ := strconv.Atoi(r.URL.Query().Get("after"))
		s.mu.Lock()
		defer s.mu.Unlock()
		items := []any{}
		for _, e := range s.entries[min(after, len(s.entries)):] {
			if len(items) < s.page {
				items = append(items, map[string]any{"id": e.N, "level": 50, "message": e.Text})
			}
		}
		reply(w, 200, map[string]any{"items": items})
	})
	mux.HandleFunc("GET /recent", func(w http.ResponseWriter, r *http.Request) {
		since, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get("since"))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		list := []any{}
		for _, e := range s.sorted() {
			if !e.At.Before(since) {
				list = append(list, map[string]any{"at": e.At, "line": e.Text})
			}
		}
		slices.Reverse(list) // the newest first
		reply(w, 200, list)
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("name") != "reader" || r.FormValue("password") != "hush-hush" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "jotsight", Value: "a-cookie-of-the-monitor", Path: "/"})
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /v1/events", func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("jotsight"); err != nil || c.Value != "a-cookie-of-the-monitor" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		list := s.sorted()
		slices.Reverse(list)
		from, _ := strconv.Atoi(r.URL.Query().Get("before"))
		events, next := []any{}, ""
		for i, e := range list[from:] {
			if i == s.page {
				next = strconv.Itoa(from + i)
				break
			}
			events = append(events, map[string]any{"id": fmt.Sprintf("id-%d", e.N), "time": e.At, "msg": e.Text})
		}
		reply(w, 200, map[string]any{"events": events, "next": next})
	})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if s.broken.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// search answers as Elasticsearch does, with sort values in milliseconds.
func (s *shop) search(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Size        int   `json:"size"`
		SearchAfter []any `json:"search_after"`
		Query       struct {
			Bool struct {
				Filter []struct {
					Range map[string]struct{ Gte time.Time } `json:"range"`
				} `json:"filter"`
			} `json:"bool"`
		} `json:"query"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.Query.Bool.Filter) != 2 || r.Header.Get("Authorization") != "ApiKey hush-hush" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	from := in.Query.Bool.Filter[0].Range["@timestamp"].Gte
	hits := []any{}
	for _, e := range s.sorted() {
		ms := e.At.UnixMilli()
		if e.At.Before(from) || len(hits) == in.Size || len(in.SearchAfter) > 0 && float64(ms) <= in.SearchAfter[0].(float64) {
			continue
		}
		hits = append(hits, map[string]any{"_index": "app-1", "_id": strconv.Itoa(e.N), "_source": map[string]any{"@timestamp": e.At, "message": e.Text}, "sort": []any{ms}})
	}
	reply(w, 200, map[string]any{"hits": map[string]any{"hits": hits}})
}

var storeRecipes = []struct {
	name, log string
	late      bool // an entry that comes late is found
}{
	{"loki", `{loki: URL, query: '{app="x"}', user: reader, password: "${PW}", flush: 1ms}`, true},
	{"elastic", `{elastic: URL, index: "app-*", query: "service:x", headers: {Authorization: "ApiKey ${PW}"}, flush: 1ms}`, true},
	{"http by cursor", `{http: "GET URL/logs?after={{cursor}}", login: [{request: POST /session, json: {name: reader}, take: {session: $.token}}],
	  headers: {Authorization: "Bearer {{session}}"}, items: $.items, cursor: $.id, level: {50: error}, flush: 1ms}`, true},
	{"http by time", `{http: "GET URL/recent?since={{since}}", items: $, time: $.at, text: $.line, flush: 1ms}`, true},
	{"monitor", `{monitor: URL, user: reader, password: "${PW}", flush: 1ms}`, true},
}

func storeRecipe(t *testing.T, log, base string) *Recipe {
	t.Helper()
	text := "target: http://127.0.0.1\ntoken: \"${PW}\"\nprotected: {request: GET /me}\nlogs:\n  - " + strings.ReplaceAll(log, "URL", base) + "\n"
	r, err := Parse("r.yaml", []byte(text), func(string) (string, bool) { return "hush-hush", true })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestStores reads each kind of store: the past apart, every entry once, more
// than a page of them, late ones, and through a time in which the store is down.
func TestStores(t *testing.T) {
	t.Parallel()
	for _, tt := range storeRecipes {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &shop{page: 3}
			began := time.Now()
			s.put(began.Add(-time.Minute), "past")
			b, err := openBook(t.Context(), storeRecipe(t, tt.log, s.serve(t)), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(b.close)
			past := ""
			b.whole(10, func(_, text string) { past += text })
			if b.mark() != 0 || !strings.Contains(past, "past") {
				t.Errorf("%d new lines %q, and the past is %q", b.mark(), b.texts(0), past)
			}
			var want []string
			for i := range 8 { // several pages, and several of one moment
				text := fmt.Sprintf("entry-%d", i)
				s.put(began.Add(time.Duration(i/3)*time.Millisecond), text)
				want = append(want, text)
			}
			holds := func(want []string) bool {
				got := b.texts(0)
				return len(got) == len(want) && !slices.ContainsFunc(want, func(w string) bool {
					return !slices.ContainsFunc(got, func(g string) bool { return strings.Contains(g, w) })
				})
			}
			b.settle(t.Context())
			if !holds(want) {
				t.Fatalf("after settling: %q, want %q", b.texts(0), want)
			}
			s.broken.Store(true)
			asked := s.asked.Load()
			eventually(t, "a look while the store is down", func() bool { return s.asked.Load() > asked })
			s.broken.Store(false)
			s.put(began.Add(-10*time.Second), "belated")
			want = append(want, "belated")
			eventually(t, "the late entry", func() bool { return holds(want) })
			if err := b.err(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestStoreUnusable says in one line why a store cannot be read, without its
// password.
func TestStoreUnusable(t *testing.T) {
	t.Parallel()
	s := &shop{page: 3}
	base := s.serve(t)
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	host := u.Host
	for _, tt := range []struct{ log, want string }{
		{`{loki: "http://127.0.0.1:1", query: x}`, "r.yaml:5: logs[0].loki: 127.0.0.1:1: GET /loki/api/v1/query_range: dial tcp"},
		{`{loki: URL, query: x, user: reader, password: "${PW}"}`, "logs[0].loki: " + host + ": GET /loki/api/v1/query_range answered 401"},
		{`{http: "GET URL/nothing?after=x", items: $}`, "logs[0].http: " + host + ": GET /nothing answered 404"},
		{`{http: "GET URL/recent?since={{since}}", items: $.items}`, "GET /recent: items is no list in the answer"},
		{`{http: "GET URL/logs?after={{cursor}}", cursor: $.id, items: $, login: [{request: POST /session, json: {name: nobody}}]}`, "login[0]: POST /session answered 403"},
		{`{monitor: URL, user: reader, password: wrong-password}`, "login[0]: POST /login answered 401"},
	} {
		_, err := openBook(t.Context(), storeRecipe(t, tt.log, base), nil)
		var u *Unusable
		if !errors.As(err, &u) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want %s", err, tt.want)
		}
	}
}

// TestStoreWithoutEnd gives up on a store that always has one more page.
func TestStoreWithoutEnd(t *testing.T) {
	t.Parallel()
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n++
		reply(w, 200, []any{map[string]any{"id": n}})
	}))
	defer srv.Close()
	_, err := openBook(t.Context(), storeRecipe(t, `{http: "GET URL/logs?after={{cursor}}", items: $, cursor: $.id}`, srv.URL), nil)
	if err == nil || !strings.Contains(err.Error(), "does not come to an end") || n > mostPages {
		t.Errorf("error %v after %d requests", err, n)
	}
}

// TestStoreForgetsTheSession signs in anew.
func TestStoreForgetsTheSession(t *testing.T) {
	t.Parallel()
	s := &shop{page: 3}
	b, err := openBook(t.Context(), storeRecipe(t, storeRecipes[2].log, s.serve(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	s.opened.Add(1)
	s.put(time.Now(), "after that")
	eventually(t, "the entry", func() bool { return b.mark() == 1 })
	if got := b.secrets(); !slices.Equal(got, []string{"session-number-1", "session-number-3"}) {
		t.Errorf("secrets %q", got)
	}
	if r := b.records(b.since(0))[0]; r.level() != "error" {
		t.Errorf("level %q, want error", r.level())
	}
}

// FuzzStores reads whatever a store may answer.
func FuzzStores(f *testing.F) {
	f.Add(`{"data":{"result":[{"stream":{"a":"b"},"values":[["1700000000000000000","x"],[1],[]]}]}}`)
	f.Add(`{"hits":{"hits":[{"_id":"1","_source":{"@timestamp":"2026-01-02T03:04:05Z"},"sort":[1]}]}}`)
	f.Add(`{"items":[{"id":1},"x",[],null,1e400],"next":"x"}`)
	f.Fuzz(func(t *testing.T, text string) {
		readLoki([]byte(text))
		readElastic([]byte(text), "@timestamp")
		v, err := decodeAnswer([]byte(text))
		if err != nil {
			return
		}
		l := &listing{cursor: []step{{name: "id"}}, time: []step{{name: "at"}}, text: []step{{name: "m"}}}
		list, _ := within(v, []step{{name: "items"}}).([]any)
		for _, item := range list {
			l.entry(item)
		}
		at(v, l.cursor)
	})
}
