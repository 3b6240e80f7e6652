package rule

import (
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/jotsight/jotsight/guard/event"
)

// A test is a compiled piece of a detection. It can be true only for events of
// the kinds in kinds, which lets the engine skip it for all others.
type test struct {
	match Match
	kinds Kinds
}

var never = test{func(*event.Event) bool { return false }, 0}

func every(list []test) test {
	switch len(list) {
	case 0:
		return never
	case 1:
		return list[0]
	}
	kinds := allKinds
	for _, t := range list {
		kinds &= t.kinds
	}
	return test{func(e *event.Event) bool {
		for i := range list {
			if !list[i].match(e) {
				return false
			}
		}
		return true
	}, kinds}
}

func some(list []test) test {
	switch len(list) {
	case 0:
		return never
	case 1:
		return list[0]
	}
	var kinds Kinds
	for _, t := range list {
		kinds |= t.kinds
	}
	return test{func(e *event.Event) bool {
		for i := range list {
			if list[i].match(e) {
				return true
			}
		}
		return false
	}, kinds}
}

func negate(t test) test {
	return test{func(e *event.Event) bool { return !t.match(e) }, allKinds}
}

// search compiles one named search: a map (all of its fields), a list of maps
// (any of them), or keywords (any of them in any text of the event).
func (m *mistakes) search(p pair) test {
	switch p.value.Kind {
	case yaml.MappingNode:
		return m.fields(p.value, p.key)
	case yaml.SequenceNode:
		var list []test
		for _, n := range p.value.Content {
			switch n.Kind {
			case yaml.MappingNode:
				list = append(list, m.fields(n, p.key))
			case yaml.ScalarNode:
				list = append(list, m.keyword(n, nil))
			default:
				m.at(n, "search %q: a list within a list", p.key)
			}
		}
		if len(list) == 0 {
			m.at(p.value, "search %q: empty", p.key)
		}
		return some(list)
	}
	if isNull(p.value) {
		m.at(p.value, "search %q: empty", p.key)
		return never
	}
	return m.keyword(p.value, nil)
}

func (m *mistakes) fields(n *yaml.Node, search string) test {
	var list []test
	for _, p := range m.pairs(n, "search "+strconv.Quote(search)) {
		list = append(list, m.field(p))
	}
	if len(n.Content) == 0 {
		m.at(n, "search %q: empty", search)
	}
	return every(list)
}

// field compiles "name|modifier|modifier: values".
func (m *mistakes) field(p pair) test {
	name, rest, _ := strings.Cut(p.key, "|")
	var c chain
	if rest != "" {
		c = strings.Split(rest, "|")
	}
	for _, mod := range c {
		switch {
		case mod == "expand":
			m.at(p.at, "modifier expand: not supported, there are no placeholders here")
			return never
		case !slices.Contains(modifiers, mod):
			m.at(p.at, "modifier %q: unknown", mod)
			return never
		}
	}
	if problem := c.conflict(); problem != "" {
		m.at(p.at, "%s", problem)
		return never
	}
	var f *event.Field
	if name != "" {
		var ok bool
		if f, ok = event.FieldOf(name); !ok {
			m.at(p.at, "field %q: unknown", name)
			return never
		}
	}
	var list []test
	for _, n := range items(p.value) {
		switch {
		case n.Kind != yaml.ScalarNode:
			m.at(n, "field %q: a value that is neither text, number nor true or false", name)
		case f == nil:
			list = append(list, m.keyword(n, c))
		default:
			list = append(list, m.value(f, c, n))
		}
	}
	if p.value.Kind == yaml.SequenceNode && len(p.value.Content) == 0 {
		m.at(p.value, "field %q: no values", name)
	}
	t := some(list)
	if c.has("all") {
		t = every(list)
	}
	if c.has("neq") {
		t = negate(t)
	}
	return narrow(f, t)
}

// value compiles the comparison of one field with one value.
func (m *mistakes) value(f *event.Field, c chain, n *yaml.Node) test {
	refuse := func(format string, args ...any) test {
		m.at(n, "field %q: "+format, append([]any{f.Key}, args...)...)
		return never
	}
	switch {
	case c.has("exists"):
		want, err := strconv.ParseBool(n.Value)
		if err != nil {
			return refuse("exists takes true or false")
		}
		return test{func(e *event.Event) bool { return f.Present(e) == want }, allKinds}
	case isNull(n), n.Value == "" && len(c) == 0:
		// An event cannot hold an empty value: that is how absence is spelled.
		return test{func(e *event.Event) bool { return !f.Present(e) }, allKinds}
	case c.has("fieldref"):
		return m.reference(f, c, n)
	}
	switch f.Type {
	case event.Number:
		return m.number(f, c, n)
	case event.Bool:
		want, err := strconv.ParseBool(n.Value)
		if err != nil || len(c) > 0 && !c.has("neq") {
			return refuse("takes true or false, without a modifier")
		}
		return test{func(e *event.Event) bool {
			v, ok := f.Bool(e)
			return ok && v == want
		}, allKinds}
	case event.Timestamp:
		return m.time(f, c, n)
	}
	is, problem := text(c, n.Value)
	if problem != "" {
		return refuse("%s", problem)
	}
	if known, ok := closed[f.Key]; ok && !slices.ContainsFunc(known, is) {
		return refuse("no such value as %q", n.Value)
	}
	return onText(f, is)
}

// onText applies is to the text of a field, or to any member of its list.
func onText(f *event.Field, is func(string) bool) test {
	if f.Type == event.List {
		return test{func(e *event.Event) bool { return slices.ContainsFunc(f.List(e), is) }, allKinds}
	}
	switch f.Key {
	// These three decide about most events, and their values can be tried now.
	case "event":
		var set Kinds
		for _, k := range event.Kinds() {
			if is(k.String()) {
				set |= 1 << k
			}
		}
		return test{func(e *event.Event) bool { return set.Has(e.Kind) }, set}
	case "error.type":
		var set [256]bool
		for _, r := range event.Reasons() {
			set[r] = is(r.String())
		}
		return test{func(e *event.Event) bool { return set[e.Reason] }, allKinds}
	case "jotsight.reason_class":
		var set [256]bool
		for _, r := range event.Reasons() {
			set[r] = is(r.Class().String())
		}
		return test{func(e *event.Event) bool { return set[e.Reason] }, allKinds}
	}
	return test{func(e *event.Event) bool {
		s, ok := f.Text(e)
		return ok && is(s)
	}, allKinds}
}

// closed lists the values that a field can have, so that a misspelt one is found
// when loading and not by an attack that goes unseen.
var closed = func() map[string][]string {
	m := map[string][]string{
		"jwt.outcome": {"success", "failure", "unknown"},
		"jwt.use":     {"access", "refresh", "id", "logout", "dpop", "canary", "unknown"},
		"jwt.source":  {"header", "cookie", "query", "body", "subprotocol"},
	}
	for _, k := range event.Kinds() {
		m["event"] = append(m["event"], k.String())
	}
	for _, r := range event.Reasons() {
		m["error.type"] = append(m["error.type"], r.String())
		if c := r.Class().String(); !slices.Contains(m["jotsight.reason_class"], c) {
			m["jotsight.reason_class"] = append(m["jotsight.reason_class"], c)
		}
	}
	return m
}()

// narrow keeps what is known about kinds: a test of the field "event" alone can
// be tried for each of them.
func narrow(f *event.Field, t test) test {
	if f == nil || f.Key != "event" || t.match == nil {
		return t
	}
	t.kinds = 0
	for _, k := range event.Kinds() {
		if t.match(&event.Event{Kind: k}) {
			t.kinds |= 1 << k
		}
	}
	return t
}

// text compiles the comparison of a text with a value.
func text(c chain, value string) (is func(string) bool, problem string) {
	switch m := c.one("lt", "lte", "gt", "gte", "minute", "hour", "day", "week", "month", "year"); {
	case m != "":
		return nil, "modifier " + m + ": not for a text"
	case c.has("re"):
		flags := ""
		for _, f := range []string{"i", "m", "s"} {
			if c.has(f) {
				flags += f
			}
		}
		if flags != "" {
			value = "(?" + flags + ")" + value
		}
		re, err := regexp.Compile(value)
		if err != nil {
			return nil, err.Error()
		}
		return re.MatchString, ""
	case c.has("cidr"):
		net, err := netip.ParsePrefix(value)
		if err != nil {
			return nil, strconv.Quote(value) + " is no network such as 192.0.2.0/24"
		}
		net = net.Masked()
		return func(s string) bool {
			a, err := netip.ParseAddr(s)
			return err == nil && net.Contains(a.Unmap().WithZone(""))
		}, ""
	}
	var patterns []pattern
	for _, v := range c.encode(value) {
		p := parsePattern(v, c.has("cased"))
		patterns = append(patterns, p.open(c.has("endswith") || c.has("contains"), c.has("startswith") || c.has("contains")))
	}
	return func(s string) bool {
		for _, p := range patterns {
			if p.match(s) {
				return true
			}
		}
		return false
	}, ""
}

// number compiles the comparison of a number.
func (m *mistakes) number(f *event.Field, c chain, n *yaml.Node) test {
	want, err := strconv.ParseFloat(n.Value, 64)
	if err != nil || math.IsNaN(want) {
		m.at(n, "field %q: %q is no number", f.Key, n.Value)
		return never
	}
	is, ok := order(c)
	if !ok {
		m.at(n, "field %q: a number takes lt, lte, gt, gte, neq and exists", f.Key)
		return never
	}
	return test{func(e *event.Event) bool {
		v, ok := f.Number(e)
		return ok && is(v, want)
	}, allKinds}
}

// order gives the comparison that a chain asks for; equality when for none.
func order(c chain) (is func(a, b float64) bool, ok bool) {
	for _, m := range c {
		switch m {
		case "lt", "lte", "gt", "gte", "neq", "all", "fieldref":
		default:
			return nil, false
		}
	}
	switch c.one("lt", "lte", "gt", "gte") {
	case "lt":
		return func(a, b float64) bool { return a < b }, true
	case "lte":
		return func(a, b float64) bool { return a <= b }, true
	case "gt":
		return func(a, b float64) bool { return a > b }, true
	case "gte":
		return func(a, b float64) bool { return a >= b }, true
	}
	return func(a, b float64) bool { return a == b }, true
}

// time compiles the comparison of a time: a part of it, in UTC, or the whole.
func (m *mistakes) time(f *event.Field, c chain, n *yaml.Node) test {
	part := map[string]func(time.Time) int{
		"minute": time.Time.Minute, "hour": time.Time.Hour, "day": time.Time.Day, "year": time.Time.Year,
		"week":  func(t time.Time) int { _, w := t.ISOWeek(); return w },
		"month": func(t time.Time) int { return int(t.Month()) },
	}[c.one("minute", "hour", "day", "week", "month", "year")]
	if part != nil {
		rest := slices.DeleteFunc(slices.Clone(c), func(m string) bool {
			return m == c.one("minute", "hour", "day", "week", "month", "year")
		})
		is, ok := order(rest)
		want, err := strconv.Atoi(n.Value)
		if !ok || err != nil {
			m.at(n, "field %q: not a whole number for a part of a time", f.Key)
			return never
		}
		return test{func(e *event.Event) bool {
			t := f.Time(e)
			return !t.IsZero() && is(float64(part(t.UTC())), float64(want))
		}, allKinds}
	}
	want, err := time.Parse(time.RFC3339Nano, n.Value)
	is, ok := order(c)
	if err != nil || !ok {
		m.at(n, "field %q: a time takes lt, lte, gt, gte and a time of RFC 3339, or minute, hour, day, week, month, year", f.Key)
		return never
	}
	return test{func(e *event.Event) bool {
		t := f.Time(e)
		return !t.IsZero() && is(float64(t.Compare(want)), 0)
	}, allKinds}
}

// reference compiles the comparison of a field with another of the same event.
func (m *mistakes) reference(f *event.Field, c chain, n *yaml.Node) test {
	g, ok := event.FieldOf(n.Value)
	switch {
	case !ok:
		m.at(n, "field %q: unknown", n.Value)
		return never
	case f.Type == event.Number && g.Type == event.Number:
		is, ok := order(c)
		if !ok {
			m.at(n, "field %q: a number takes lt, lte, gt, gte and neq", f.Key)
			return never
		}
		return test{func(e *event.Event) bool {
			a, ok := f.Number(e)
			b, also := g.Number(e)
			return ok && also && is(a, b)
		}, allKinds}
	case !textual(f) || !textual(g), c.one("lt", "lte", "gt", "gte", "re", "cidr", "base64", "base64offset") != "":
		m.at(n, "fields %q and %q: cannot be compared so", f.Key, g.Key)
		return never
	}
	compare := func(a, b string) bool { return a == b }
	switch c.one("startswith", "endswith", "contains") {
	case "startswith":
		compare = strings.HasPrefix
	case "endswith":
		compare = strings.HasSuffix
	case "contains":
		compare = strings.Contains
	}
	fold := strings.ToLower
	if c.has("cased") {
		fold = func(s string) string { return s }
	}
	return test{func(e *event.Event) bool {
		a, ok := f.Text(e)
		b, also := g.Text(e)
		return ok && also && compare(fold(a), fold(b))
	}, allKinds}
}

func textual(f *event.Field) bool { return f.Type == event.Text || f.Type == event.Enum }

// keyword looks for a text in every text of the event.
func (m *mistakes) keyword(n *yaml.Node, c chain) test {
	if bad := c.one("exists", "fieldref", "startswith", "endswith"); bad != "" {
		m.at(n, "modifier %s: not for a keyword", bad)
		return never
	}
	if isNull(n) || n.Value == "" {
		m.at(n, "keyword: empty")
		return never
	}
	if !c.has("re") && !c.has("contains") {
		c = append(slices.Clone(c), "contains")
	}
	is, problem := text(c, n.Value)
	if problem != "" {
		m.at(n, "keyword: %s", problem)
		return never
	}
	var list []test
	for _, f := range event.Keys() {
		if textual(f) || f.Type == event.List {
			list = append(list, onText(f, is))
		}
	}
	t := some(list)
	t.kinds = allKinds
	return t
}
