package scan

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/finding"
)

// A baseline is what the log says about good traffic. Whatever an attack adds to
// that is a record of it; whatever it does not is the line that every request
// gets. Words are never judged by themselves: an access logger may print 'none',
// and a stack trace "jwt".
type baseline struct {
	words map[string]bool
	forms []*record // structured records of good traffic
	ours  *marker   // what that traffic carried
}

func newBaseline(good []*record, ours *marker) *baseline {
	b := &baseline{words: map[string]bool{}, ours: ours}
	for _, r := range good {
		if r.fields != nil {
			b.forms = append(b.forms, r)
			continue
		}
		for _, w := range usualWords(r.text, ours) {
			b.words[w] = true
		}
	}
	return b
}

// plain reports whether a record says no more than good traffic's do.
func (b *baseline) plain(r *record, ours *marker) bool {
	if r.event != nil && !aboutTokens(r.event.Kind) {
		return true
	}
	if r.access {
		return true
	}
	if r.fields != nil {
		return slices.ContainsFunc(b.forms, func(form *record) bool { return b.sameForm(form, r, ours) })
	}
	return !slices.ContainsFunc(usualWords(r.text, ours), func(w string) bool { return !b.words[w] })
}

// aboutTokens reports whether events of this kind can be the record of an attack.
func aboutTokens(k event.Kind) bool {
	switch k {
	case event.GuardStarted, event.GuardStopped, event.Heartbeat, event.EventsDropped, event.KeysRefreshed, event.KeyRotated:
		return false
	}
	return true
}

// free are the members of a structured record that differ from request to
// request by nature, so that a difference there says nothing.
var free = regexp.MustCompile(`(?i)(?:^|[._@-])(?:level|level_?value|priority|l|t|asctime|msecs|thread|thread_?id|thread_?name|observed|lvl|severity(?:_?(?:text|number))?|levelname|status(?:_?code|_?text)?|statuscode|response_?code|method|path|url|uri|route|request_?line|target|host|addr|address|remote|remote_?addr|client|ip|port|agent|useragent|user_agent|original|referer|referrer|request_?id|req_?id|correlation_?id|trace_?id|span_?id|trace|span|id|hostname|size|bytes|bytes_(?:in|out)|length|latency|latency_human|duration|elapsed|took|response_?time|time|ts|timestamp|@timestamp|user|user_?id|sub|subject|hash|fp|body_fp|query|proto|protocol|scheme|caller|file|line|func|function|source|pid|count|window|iat|exp|nbf|started|start)$`)

// sameForm reports whether r has no member that form lacks, and none whose text
// is another, the free ones set aside. Each is read without the marks of its own
// requests: the letters of a random one look like words.
func (b *baseline) sameForm(form, r *record, ours *marker) bool {
	for k, v := range r.fields {
		was, had := form.fields[k]
		switch {
		case free.MatchString(k):
		case !had:
			return false
		case !slices.Equal(usualWords(v, ours), usualWords(was, b.ours)):
			return false
		}
	}
	return true
}

var (
	wordPattern = regexp.MustCompile(`[A-Za-z][A-Za-z'_-]{2,}`)
	statusText  = statusPhrases()
	ordinary    = set("get post put patch delete head options http https trace debug info notice warn warning error usec msec wrn inf dbg err ftl trc " +
		"jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun utc gmt")
	// A request id, hexadecimal, UUID or ULID: its letters are no words.
	randomID    = regexp.MustCompile(`\b(?:[0-9A-Fa-f]{8,}(?:-[0-9A-Fa-f]{4,})*|[0-9A-HJKMNP-TV-Z]{26})\b`)
	addressLike = regexp.MustCompile(`(?:https?://)?[\w.\[\]:-]*/[^\s"'\])}>]*`)
)

// usualWords gives the words of a text that could tell one kind of record from
// another: without paths, numbers, random ids, status texts, and everything of
// ours.
func usualWords(text string, ours *marker) []string {
	text = ours.strip(text)
	text = addressLike.ReplaceAllString(text, " ")
	text = statusText.ReplaceAllString(text, " ")
	text = randomID.ReplaceAllString(text, " ")
	var words []string
	for _, w := range wordPattern.FindAllString(text, -1) {
		if w = strings.ToLower(w); !ordinary[w] {
			words = append(words, w)
		}
	}
	return words
}

// statusPhrases finds the texts of HTTP statuses, whole: "Expectation Failed",
// but not "failed".
func statusPhrases() *regexp.Regexp {
	var all []string
	for code := 100; code < 600; code++ {
		if t := http.StatusText(code); t != "" {
			all = append(all, regexp.QuoteMeta(t))
		}
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return regexp.MustCompile(`\b(?:` + strings.Join(all, "|") + `)\b`)
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// A marker knows what a set of requests carried, so that their records can be
// found: canaries, and addresses that nobody else has.
type marker struct {
	canaries  []string
	addresses []string
}

func (m *marker) add(canary string, v *visitor) {
	m.canaries = append(m.canaries, canary)
	if v.addr.IsValid() && !slices.Contains(m.addresses, v.addr.String()) {
		m.addresses = append(m.addresses, v.addr.String())
	}
}

func (m *marker) in(text string) bool {
	for _, c := range m.canaries {
		if strings.Contains(text, c) {
			return true
		}
	}
	for _, a := range m.addresses {
		if containsAddress(text, a) {
			return true
		}
	}
	return false
}

// containsAddress finds 127.1.2.3 but not within 127.1.2.34.
func containsAddress(text, addr string) bool {
	for i := 0; ; {
		at := strings.Index(text[i:], addr)
		if at < 0 {
			return false
		}
		end := i + at + len(addr)
		if end == len(text) || text[end] < '0' || text[end] > '9' {
			return true
		}
		i = end
	}
}

func (m *marker) strip(text string) string {
	for _, c := range m.canaries {
		text = strings.ReplaceAll(text, c, "")
	}
	return strings.ReplaceAll(text, "jotsight/", "")
}

var loopbacks = regexp.MustCompile(`\b127\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)

// foreign reports whether a text names a client that is not one of ours, so that
// the record of somebody else's request is not taken for ours.
func (m *marker) foreign(r *record) bool {
	if len(m.addresses) == 0 {
		return false
	}
	if a, ok := r.field("client.address", "remote_addr", "remoteAddr", "client_ip", "remote_ip", "remote", "ip"); ok {
		return !m.in(a)
	}
	for _, a := range loopbacks.FindAllString(r.text, -1) {
		if a != "127.0.0.1" && !slices.Contains(m.addresses, a) {
			return true
		}
	}
	return false
}

var linkKeys = []string{"request_id", "requestId", "req_id", "reqId", "req.id", "trace_id", "traceId", "correlation_id", "jotsight.request_id"}

// attribute gives the records that belong to the marked requests. First those
// that carry a mark, with those that share a request id with them; if none of
// these says more than the baseline, those of the same time that name nobody else.
func (b *baseline) attribute(records []*record, ours *marker) (own, strays []*record) {
	links := map[string]bool{}
	for _, r := range records {
		if ours.in(r.raw) {
			own = append(own, r)
			for _, k := range linkKeys {
				if v, ok := r.field(k); ok && len(v) >= 4 {
					links[v] = true
				}
			}
		}
	}
	for _, r := range records {
		if ours.in(r.raw) {
			continue
		}
		linked := false
		for _, k := range linkKeys {
			if v, ok := r.field(k); ok && links[v] {
				linked = true
			}
		}
		switch {
		case linked:
			own = append(own, r)
		case !ours.foreign(r):
			strays = append(strays, r)
		}
	}
	return own, strays
}

// A sighting is what the log held of one probe.
type sighting struct {
	tier    finding.Tier
	attacks []*record // records that say more than good traffic's
	best    *record   // the fullest of them
	linked  []*record // records that share a mark with best
}

// look judges the records of one probe.
func (b *baseline) look(records []*record, ours *marker) sighting {
	own, strays := b.attribute(records, ours)
	not := func(list []*record) (out []*record) {
		for _, r := range list {
			if !b.plain(r, ours) {
				out = append(out, r)
			}
		}
		return out
	}
	s := sighting{tier: finding.TierNone}
	if s.attacks = not(own); len(s.attacks) == 0 {
		s.attacks = not(strays)
	}
	switch {
	case len(s.attacks) > 0:
		s.tier = finding.TierPartial
	case len(own) > 0 || len(strays) > 0:
		s.tier = finding.TierAccess
	}
	s.linked = own
	return s
}

// missing lists the keys of the wanted fields that are missing, in order.
func missing(wanted []string, have map[string]bool) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(k string) bool { return have[k] })
}

// union says what either of two records holds: a false of the second takes
// nothing from the first.
func union(a, b map[string]bool) map[string]bool {
	m := maps.Clone(a)
	for k, has := range b {
		m[k] = m[k] || has
	}
	return m
}
