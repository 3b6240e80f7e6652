package scan

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	askEvery  = 200 * time.Millisecond // between two looks into a store, at least
	mostPages = 200                    // of one look; more is a store without end
	pageSize  = 1000
	troubled  = 10 * time.Second // how long a store may fail before the scan is given up
	pastHours = time.Hour        // how much of the past is read, where the store counts by time
)

// An entry is one entry of a store. Two with the same key are the same.
type entry struct {
	key  string
	text string
	at   time.Time // zero: the store does not say
}

// A shelf is one kind of store. newer gives entries that may be new, in their
// order, those that it gave before among them: the pages of one look. It is
// called from one goroutine.
type shelf interface {
	newer(ctx context.Context, seen func(key string) bool) ([]entry, error)
}

// A query is a log in a store that has to be asked.
type query struct {
	feed
	*asker
	shelf shelf
	known map[[16]byte]bool
	past  []string // what the store held before the scan
	stop  context.CancelFunc
	done  sync.WaitGroup
}

// openQuery looks once, so that a store that cannot be read is an error before
// anything is sent, and takes what it finds for the past.
func openQuery(ctx context.Context, r *Recipe, l LogSource) (source, error) {
	h := l.HTTP
	base := h.Base
	if base == nil {
		base = r.Target
	}
	a, err := newAsker(r, base)
	if err != nil {
		return nil, err
	}
	a.headers, a.login, a.user, a.pass = h.Headers, h.Login, h.User, h.Password
	late := max(2*l.Flush, 30*time.Second)
	q := &query{asker: a, known: map[[16]byte]bool{}}
	switch h.Kind {
	case "loki":
		q.shelf = &loki{asker: a, query: h.Query, window: window{late: late}}
	case "elastic":
		q.shelf = &elastic{asker: a, index: h.Index, query: h.Query, time: h.TimeField, tie: h.Tie, window: window{late: late}}
	case "monitor":
		a.user = ""
		a.login = []Step{monitorLogin(h.User, h.Password)}
		q.shelf = &monitorEvents{asker: a, window: window{late: late}}
	default:
		q.shelf = &listing{asker: a, method: h.Method, path: h.Path, body: h.JSON, items: h.Items, cursor: l.Cursor, time: h.Time, text: h.Text, window: window{late: late}}
	}
	ctx, q.stop = context.WithCancel(ctx)
	if q.past, err = q.look(ctx); err != nil {
		q.stop()
		return nil, err
	}
	q.done.Go(func() { q.follow(ctx) })
	return q, nil
}

func (q *query) close() {
	q.stop()
	q.done.Wait()
	q.asker.close()
}

func (q *query) history(see func(string)) {
	for _, text := range q.past {
		see(text + "\n")
	}
}

func (q *query) asOf() time.Time {
	q.mu().Lock()
	defer q.mu().Unlock()
	return q.moment
}

func (q *query) mu() *sync.Mutex { return &q.feed.mu }

// follow looks again and again. A store that is busy for a moment is forgiven.
func (q *query) follow(ctx context.Context) {
	for good := time.Now(); ; {
		began := time.Now()
		texts, err := q.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			good = began
			q.add(texts)
			q.current(began)
		case hopeless(err) || time.Since(good) > troubled:
			q.fail(err)
			return
		}
		if !sleep(ctx, max(askEvery, 2*time.Since(began))) {
			return
		}
	}
}

// hopeless reports whether asking again cannot help.
func hopeless(err error) bool {
	var u *unexpected
	return errors.As(err, &u) && u.status < 500 && u.status != 429 && u.status != 408
}

// look gives what no look has given before.
func (q *query) look(ctx context.Context) (texts []string, err error) {
	list, err := q.shelf.newer(ctx, func(key string) bool { return q.known[short(key)] })
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if k := short(e.key); !q.known[k] {
			q.known[k] = true
			texts = append(texts, strings.Split(strings.TrimRight(e.text, "\r\n"), "\n")...)
		}
	}
	return texts, nil
}

func short(key string) (k [16]byte) {
	sum := sha256.Sum256([]byte(key))
	copy(k[:], sum[:])
	return k
}

// A window is the span of time in which a store is looked through: from a while
// before the newest entry, so that what comes late or out of order is found.
type window struct {
	late   time.Duration
	newest time.Time
}

// from is where the next look begins. Before any entry is known it is an hour
// ago, so that a clock that is behind hides nothing.
func (w *window) from() time.Time {
	now := time.Now()
	if w.newest.IsZero() {
		return now.Add(-pastHours)
	}
	if w.newest.Before(now) {
		now = w.newest
	}
	return now.Add(-w.late)
}

func (w *window) saw(at time.Time) {
	if at.After(w.newest) {
		w.newest = at
	}
}

// tooMany says that a store does not come to an end.
func tooMany(pages int) error {
	return fmt.Errorf("does not come to an end: %d pages, and there are more", pages)
}

// A listing is any HTTP API that answers with a list of entries.
type listing struct {
	*asker
	window
	method, path string
	body         any
	items        []step
	cursor       []step
	time         []step
	text         []step
	place        string // the value of {{cursor}}
}

func (l *listing) newer(ctx context.Context, seen func(string) bool) (all []entry, err error) {
	times := map[string]int{}
	for range mostPages {
		vars := map[string]string{"cursor": l.place, "since": l.from().UTC().Format(time.RFC3339Nano)}
		expand := func(escape func(string) string) func(string) string {
			return func(s string) string {
				return placeholder.ReplaceAllStringFunc(s, func(m string) string {
					name := placeholder.FindStringSubmatch(m)[1]
					if v, ok := vars[name]; ok {
						return escape(v)
					}
					return escape(l.vars[name])
				})
			}
		}
		body := expandTree(l.body, expand(func(s string) string { return s }))
		text, err := l.ask(ctx, l.method, expand(url.QueryEscape)(l.path), nil, body)
		if err != nil {
			return nil, err
		}
		answer, err := decodeAnswer(text)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", l.method, pathOnly(l.path), err)
		}
		list, ok := within(answer, l.items).([]any)
		if !ok {
			return nil, fmt.Errorf("%s %s: items is no list in the answer", l.method, pathOnly(l.path))
		}
		fresh, last := 0, at(answer, l.cursor)
		ofPage := last != "" && l.cursor != nil
		for _, item := range list {
			e, place := l.entry(item)
			if ofPage || place == "" {
				times[e.key]++ // the same text again is another entry
				e.key += "#" + strconv.Itoa(times[e.key])
			} else {
				last = later(last, place)
			}
			if !seen(e.key) {
				fresh++
			}
			l.saw(e.at)
			all = append(all, e)
		}
		if fresh == 0 || last == "" || last == l.place || !l.pages() {
			return all, nil
		}
		l.place = last
	}
	return nil, tooMany(mostPages)
}

// pages reports whether the request says where to go on.
func (l *listing) pages() bool {
	text, _ := json.Marshal(l.body) // a tree of texts and numbers: cannot fail
	return strings.Contains(l.path+string(text), "{{cursor}}")
}

// entry reads one item: the whole of it, or the text within it.
func (l *listing) entry(item any) (e entry, place string) {
	if l.time != nil {
		e.at = moment(at(item, l.time))
	}
	if s, ok := item.(string); ok {
		e.text = s
	} else if e.text = at(item, l.text); l.text == nil || e.text == "" {
		e.text = compact(item)
	}
	e.key = compact(item)
	if l.cursor != nil {
		if place = at(item, l.cursor); place != "" {
			e.key = "at " + place
		}
	}
	return e, place
}

// later gives the one of two places that comes later: by number where both are
// numbers, since some stores begin with the newest; otherwise the second.
func later(a, b string) string {
	x, errA := strconv.ParseInt(a, 10, 64)
	y, errB := strconv.ParseInt(b, 10, 64)
	if errA == nil && errB == nil && x > y {
		return a
	}
	return b
}

// moment reads a time in RFC 3339 or as a number since 1970: seconds, or finer
// units, told by its size.
func moment(s string) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f <= 0 {
		return time.Time{}
	}
	for _, unit := range []float64{1, 1e3, 1e6, 1e9} {
		if f/unit < 1e10 {
			return time.UnixMicro(int64(f / unit * 1e6))
		}
	}
	return time.Time{}
}

func pathOnly(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}

func decodeAnswer(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil, errors.New("the answer is not JSON")
	}
	return v, nil
}

func compact(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // a log line is looked at as it stands
	if e.Encode(v) != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// within gives what stands at a path, of whatever kind.
func within(v any, path []step) any {
	for _, s := range path {
		switch c := v.(type) {
		case map[string]any:
			v = c[s.name]
		case []any:
			if s.name != "" || s.index >= len(c) {
				return nil
			}
			v = c[s.index]
		default:
			return nil
		}
	}
	return v
}

// loki asks Grafana Loki: GET /loki/api/v1/query_range.
type loki struct {
	*asker
	window
	query string
}

func (l *loki) newer(ctx context.Context, seen func(string) bool) (all []entry, err error) {
	from := l.from()
	to := time.Now().Add(pastHours) // a clock that is ahead
	for range mostPages {
		text, err := l.ask(ctx, "GET", "/loki/api/v1/query_range", url.Values{
			"query": {l.query}, "direction": {"forward"}, "limit": {strconv.Itoa(pageSize)},
			"start": {strconv.FormatInt(from.UnixNano(), 10)}, "end": {strconv.FormatInt(to.UnixNano(), 10)},
		}, nil)
		if err != nil {
			return nil, err
		}
		page, err := readLoki(text)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		last := from
		for _, e := range page {
			l.saw(e.at)
			if e.at.After(last) {
				last = e.at
			}
		}
		if len(page) < pageSize {
			return all, nil
		}
		if !last.After(from) { // a whole page of one moment
			last = from.Add(1)
		}
		from = last
	}
	return nil, tooMany(mostPages)
}

// readLoki reads {"data":{"result":[{"stream":{…},"values":[["ns","line"],…]},…]}},
// stream by stream, so that the lines of a stack stay together.
func readLoki(text []byte) (list []entry, err error) {
	var answer struct {
		Data struct {
			Result []struct {
				Stream map[string]string   `json:"stream"`
				Values [][]json.RawMessage `json:"values"`
			} `json:"result"`
		} `json:"data"`
	}
	if json.Unmarshal(text, &answer) != nil {
		return nil, errors.New("GET /loki/api/v1/query_range: the answer is not that of Loki")
	}
	for _, s := range answer.Data.Result {
		labels := compact(s.Stream)
		for _, v := range s.Values {
			var ns, line string
			if len(v) < 2 || json.Unmarshal(v[0], &ns) != nil || json.Unmarshal(v[1], &line) != nil {
				continue
			}
			n, err := strconv.ParseInt(ns, 10, 64)
			if err != nil {
				continue
			}
			list = append(list, entry{key: labels + ns + line, text: line, at: time.Unix(0, n)})
		}
	}
	return list, nil
}

// elastic asks Elasticsearch or OpenSearch: POST /INDEX/_search with search_after.
type elastic struct {
	*asker
	window
	index, query, time string
	tie                string // a field that no two entries share; empty: none is known
}

func (l *elastic) newer(ctx context.Context, seen func(string) bool) (all []entry, err error) {
	sort := []any{map[string]any{l.time: map[string]any{"order": "asc", "unmapped_type": "date"}}}
	if l.tie != "" {
		sort = append(sort, map[string]any{l.tie: map[string]any{"order": "asc"}})
	}
	filter := []any{map[string]any{"range": map[string]any{l.time: map[string]any{"gte": l.from().UTC().Format("2006-01-02T15:04:05.000Z")}}}}
	if l.query != "" {
		filter = append(filter, map[string]any{"query_string": map[string]any{"query": l.query}})
	}
	body := map[string]any{"size": pageSize, "sort": sort, "query": map[string]any{"bool": map[string]any{"filter": filter}}}
	path := "/" + url.PathEscape(l.index) + "/_search"
	got := map[string]bool{}
	for range mostPages {
		text, err := l.ask(ctx, "POST", path, nil, body)
		if err != nil {
			return nil, err
		}
		page, last, err := readElastic(text, l.time)
		if err != nil {
			return nil, fmt.Errorf("POST %s: %w", path, err)
		}
		fresh := 0
		for _, e := range page {
			l.saw(e.at)
			if !got[e.key] {
				fresh++
			}
			got[e.key] = true
		}
		all = append(all, page...)
		if len(page) < pageSize || last == nil {
			return all, nil
		}
		// Entries of one moment may stand on both sides of a page's end. Without a
		// field that tells them apart the next page begins at that moment again.
		if n, err := strconv.ParseInt(fmt.Sprint(last[0]), 10, 64); l.tie == "" && err == nil && fresh > 0 {
			last = []any{n - 1}
		}
		body["search_after"] = last
	}
	return nil, tooMany(mostPages)
}

// readElastic reads {"hits":{"hits":[{"_index":…,"_id":…,"_source":{…},"sort":[…]},…]}}
// and gives the sort values of the last.
func readElastic(text []byte, timeField string) (list []entry, last []any, err error) {
	var answer struct {
		Hits struct {
			Hits []struct {
				Index  string `json:"_index"`
				ID     string `json:"_id"`
				Source any    `json:"_source"`
				Sort   []any  `json:"sort"`
			} `json:"hits"`
		} `json:"hits"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&answer) != nil {
		return nil, nil, errors.New("the answer is not that of a search")
	}
	for _, h := range answer.Hits.Hits {
		e := entry{key: h.Index + "/" + h.ID, text: compact(h.Source)}
		if m, ok := h.Source.(map[string]any); ok {
			e.at = moment(fmt.Sprint(firstAny(m[timeField], within(m, dotted(timeField)))))
		}
		list = append(list, e)
		last = h.Sort
	}
	return list, last, nil
}

func dotted(name string) (path []step) {
	for part := range strings.SplitSeq(name, ".") {
		path = append(path, step{name: part})
	}
	return path
}

// monitorEvents reads back what a jotsight monitor took in: GET /v1/events, which
// begins with the newest. It signs in as a user, since keys may only write.
type monitorEvents struct {
	*asker
	window
	begun bool // the newest page of the past is known
}

func (m *monitorEvents) newer(ctx context.Context, seen func(string) bool) (all []entry, err error) {
	before, from := "", m.from()
	for range mostPages {
		q := url.Values{"limit": {"500"}}
		if before != "" {
			q.Set("before", before)
		}
		text, err := m.ask(ctx, "GET", "/v1/events", q, nil)
		if err != nil {
			return nil, err
		}
		var answer struct {
			Events []json.RawMessage `json:"events"`
			Next   string            `json:"next"`
		}
		if json.Unmarshal(text, &answer) != nil {
			return nil, errors.New("GET /v1/events: the answer is not that of a monitor")
		}
		known := !m.begun // of the past one page is enough
		for _, e := range answer.Events {
			var id struct {
				ID   string    `json:"id"`
				Time time.Time `json:"time"`
			}
			json.Unmarshal(e, &id) // an event without an id is known by its text
			key := cmp.Or(id.ID, string(e))
			m.saw(id.Time)
			known = known || seen(key) && id.Time.Before(from)
			all = append(all, entry{key: key, text: string(e), at: id.Time})
		}
		if known || answer.Next == "" || answer.Next == before {
			m.begun = true
			slices.Reverse(all)
			return all, nil
		}
		before = answer.Next
	}
	return nil, tooMany(mostPages)
}

func firstAny(a, b any) any {
	if a != nil {
		return a
	}
	return b
}
