package scan

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// logKinds are the fields that say where a log is, and the further fields that
// make sense beside each.
var logKinds = map[string][]string{
	"file":    nil,
	"cmd":     {"cursor"},
	"http":    {"cursor", "headers", "login", "json", "items", "time", "text", "user", "password"},
	"loki":    {"query", "headers", "login", "user", "password"},
	"elastic": {"query", "index", "time", "cursor", "headers", "login", "user", "password"},
	"monitor": {"user", "password"},
}

// log reads one entry of logs.
func (d *decoder) log(n *yaml.Node, f string, number int) LogSource {
	s := LogSource{ID: fmt.Sprintf("log%d", number), Format: "auto", Flush: defaultFlush}
	h := &HTTPLog{}
	var places = map[string]*yaml.Node{}
	place := func(n *yaml.Node, f string) { places[f[strings.LastIndexByte(f, '.')+1:]] = n }
	store := func(n *yaml.Node, f string) {
		h.Kind = f[strings.LastIndexByte(f, '.')+1:]
		d.logAddress(n, f, h)
		s.where, s.HTTP = fmt.Sprintf("%s:%d: %s", d.name, n.Line, f), h
	}
	at := func(n *yaml.Node, f string) { s.where = fmt.Sprintf("%s:%d: %s", d.name, n.Line, f) }
	seen := d.object(n, f, fields{
		"id": func(n *yaml.Node, f string) { s.ID = d.text(n, f) },
		"file": func(n *yaml.Node, f string) {
			s.File = d.text(n, f)
			at(n, f)
		},
		"cmd": func(n *yaml.Node, f string) {
			own := *n // variables of the command's own, not of the environment
			own.Value = strings.NewReplacer("${CURSOR}", "$CURSOR", "${SINCE}", "$SINCE").Replace(n.Value)
			s.Cmd = d.text(&own, f)
			at(n, f)
		},
		"format": func(n *yaml.Node, f string) {
			if s.Format = d.text(n, f); !slices.Contains([]string{"auto", "json", "logfmt", "clf", "text"}, s.Format) {
				d.fail(n, f, "not one of auto, json, logfmt, clf, text")
			}
		},
		"join":  func(n *yaml.Node, f string) { s.Join = d.pattern(n, f) },
		"flush": func(n *yaml.Node, f string) { s.Flush = d.duration(n, f) },
		"level": func(n *yaml.Node, f string) { s.Level = d.levels(n, f) },
		"http":  store, "loki": store, "elastic": store, "monitor": store,
		"headers":  func(n *yaml.Node, f string) { h.Headers = d.credentials(n, f) },
		"login":    func(n *yaml.Node, f string) { h.Login = d.signIn(n, f) },
		"json":     func(n *yaml.Node, f string) { h.JSON = d.tree(n, f) },
		"query":    func(n *yaml.Node, f string) { h.Query = d.text(n, f) },
		"index":    func(n *yaml.Node, f string) { h.Index = d.text(n, f) },
		"user":     func(n *yaml.Node, f string) { h.User = d.text(n, f) },
		"password": func(n *yaml.Node, f string) { h.Password = d.secret(n, f) },
		"items":    func(n *yaml.Node, f string) { h.Items = d.path(n, f) },
		"text":     func(n *yaml.Node, f string) { h.Text = d.path(n, f) },
		"cursor":   place, "time": place,
	})
	d.logFields(&s, places, f)
	d.ownNames(f, h.Login)
	if s.HTTP != nil && !seen["flush"] {
		s.Flush = storeFlush
	}
	if n.Kind == yaml.MappingNode {
		d.one(n, f, "file", "a log", logKinds, seen)
		d.required(n, f, &s, seen)
	}
	return s
}

// logAddress reads where a store is: of http a request to the target or to an
// address, of the others an address.
func (d *decoder) logAddress(n *yaml.Node, f string, h *HTTPLog) {
	text := d.text(n, f)
	if h.Kind != "http" {
		u, err := parseTarget(text)
		if err != nil {
			d.fail(n, f, "%v", err)
			return
		}
		u.RawQuery, u.Fragment = "", ""
		h.Base = u
		return
	}
	method, path, ok := strings.Cut(text, " ")
	if path = strings.TrimSpace(path); strings.Contains(path, "://") {
		// The placeholders are no part of an address: what is before the path is.
		i := strings.Index(path, "://") + 3
		end := strings.IndexByte(path[i:]+"/", '/')
		u, err := parseTarget(path[:i+end])
		if err != nil {
			d.fail(n, f, "%v", err)
			return
		}
		h.Base, path = u, path[min(i+end, len(path)):]
	}
	if h.Method, h.Path = method, path; !ok || method != "GET" && method != "POST" || !strings.HasPrefix(path, "/") || strings.ContainsFunc(path, unicode.IsControl) {
		d.fail(n, f, "not a request such as GET /logs?after={{cursor}}, or GET https://logs.example/api?since={{since}}")
	}
}

// logFields reads the fields that mean one thing in one kind of log and another
// in the next: elastic has names of fields where the others have places in JSON.
func (d *decoder) logFields(s *LogSource, at map[string]*yaml.Node, f string) {
	if s.HTTP != nil && s.HTTP.Kind == "elastic" {
		s.HTTP.TimeField = "@timestamp"
		if n := at["time"]; n != nil {
			s.HTTP.TimeField = d.text(n, join(f, "time"))
		}
		if n := at["cursor"]; n != nil {
			s.HTTP.Tie = d.text(n, join(f, "cursor"))
		}
		return
	}
	if n := at["cursor"]; n != nil {
		s.Cursor = d.path(n, join(f, "cursor"))
	}
	if n := at["time"]; n != nil && s.HTTP != nil {
		s.HTTP.Time = d.path(n, join(f, "time"))
	}
}

// required names what a kind of log cannot do without.
func (d *decoder) required(n *yaml.Node, f string, s *LogSource, seen map[string]bool) {
	for kind, fields := range map[string][]string{"loki": {"query"}, "elastic": {"index"}, "monitor": {"user", "password"}} {
		for _, name := range fields {
			if seen[kind] && !seen[name] {
				d.fail(n, join(f, name), "missing beside %s", kind)
			}
		}
	}
	if s.HTTP != nil && s.HTTP.Kind == "http" && !seen["cursor"] && (&listing{path: s.HTTP.Path, body: s.HTTP.JSON}).pages() {
		d.fail(n, join(f, "cursor"), "missing; it says where in an item {{cursor}} stands")
	}
	if seen["user"] != seen["password"] && !seen["monitor"] {
		d.fail(n, join(f, "user"), "needs password, and the reverse")
	}
}

// credentials reads headers of which those that open something are secret.
func (d *decoder) credentials(n *yaml.Node, f string) map[string]string {
	m := d.texts(n, f)
	for name, v := range m {
		switch strings.ToLower(name) {
		case "authorization", "proxy-authorization", "cookie":
			_, rest, _ := strings.Cut(v, " ")
			d.secrets = append(d.secrets, v, rest)
		}
	}
	return m
}

// signIn reads the login steps of a store.
func (d *decoder) signIn(n *yaml.Node, f string) (steps []Step) {
	d.list(n, f, func(n *yaml.Node, f string) { steps = append(steps, d.step(n, f, nil)) })
	for i, s := range steps {
		for name, e := range s.Take {
			if e.kind == "log" {
				d.fail(n, fmt.Sprintf("%s[%d].take.%s", f, i, name), "stands in an answer, not in the log")
			}
		}
	}
	return steps
}

// ownNames lets the fields of one log use {{cursor}}, {{since}} and what its own
// login takes, which nobody else knows.
func (d *decoder) ownNames(f string, login []Step) {
	own := map[string]bool{"cursor": true, "since": true}
	for _, s := range login {
		for name := range s.Take {
			own[name] = true
		}
	}
	d.uses = slices.DeleteFunc(d.uses, func(u use) bool { return strings.HasPrefix(u.field, f+".") && own[u.name] })
}

// path reads a place in JSON, such as $.id.
func (d *decoder) path(n *yaml.Node, f string) []step {
	text := d.text(n, f)
	p, err := parsePath(text)
	if err != nil || len(text) == 0 || text[0] != '$' {
		d.fail(n, f, "not a place such as $.id")
		return nil
	}
	return p
}

// levels reads the service's own levels, each with the usual word for it.
func (d *decoder) levels(n *yaml.Node, f string) map[string]string {
	m := d.texts(n, f)
	for k, v := range m {
		if !slices.Contains(levels, v) {
			d.fail(n, join(f, k), "not one of %s", commas(levels))
		}
	}
	return m
}

func commas(list []string) string { return strings.Join(list, ", ") }
