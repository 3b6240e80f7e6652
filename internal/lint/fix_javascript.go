package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/flow"
)

// requestsOfJS say where a request comes from and goes to, by framework. The path
// never holds the query, which may hold a token.
var requestsOfJS = []struct {
	framework string
	names     []string // of the parameter
	pairs     []pair
}{
	{"npm:express", []string{"req", "request"}, []pair{{"client.address", "$.ip"}, {"http.request.method", "$.method"}, {"url.path", "$.path"}}},
	{"npm:koa", []string{"ctx", "context"}, []pair{{"client.address", "$.ip"}, {"http.request.method", "$.method"}, {"url.path", "$.path"}}},
	{"npm:fastify", []string{"req", "request"}, []pair{{"client.address", "$.ip"}, {"http.request.method", "$.method"}}},
}

// jsRecord writes a record in JavaScript, with the logger that the file uses, or the
// console.
func (a *Analysis) jsRecord(w *flow.Way) (out written) {
	message, event := said(w)
	level := "warn"
	if w.Outcome == flow.Succeeded {
		level = "info"
	}
	pairs := []pair{{"event", "'" + event + "'"}}
	if w.Outcome == flow.Failed {
		var err string
		if err, out.edits = errorOf(w); err != "" {
			pairs = append(pairs, pair{"error", "String(" + err + ")"}) // whatever was thrown
		}
	}
	pairs = append(pairs, requestOfJS(w)...)
	fields := make([]string, len(pairs))
	for i, p := range pairs {
		key := p.key
		if strings.Contains(key, ".") {
			key = "'" + key + "'"
		}
		fields[i] = key + ": " + p.value
	}
	object := "{ " + strings.Join(fields, ", ") + " }"
	l := a.used(w.Func, w.At.File)
	switch {
	case strings.HasPrefix(l.symbol, "npm:pino"), strings.HasPrefix(l.symbol, "npm:bunyan"), strings.HasPrefix(l.symbol, "npm:fastify"):
		out.text = fmt.Sprintf("%s.%s(%s, '%s')", l.text, level, object, message)
	case l.text != "":
		out.text = fmt.Sprintf("%s.%s('%s', %s)", l.text, level, message, object)
	default:
		out.text = fmt.Sprintf("console.%s('%s', %s)", level, message, object)
	}
	return out
}

// requestOfJS finds a request among the parameters of the function that answers and
// of those around it.
func requestOfJS(w *flow.Way) []pair {
	if w.Root == nil || len(w.Root.Routes) == 0 {
		return nil
	}
	framework := w.Root.Routes[0].Framework
	for f := w.Func; f != nil; f = f.Outer {
		for _, p := range f.Params {
			for _, r := range requestsOfJS {
				if r.framework == framework && slices.Contains(r.names, p.Name) {
					return filled(r.pairs, p.Name)
				}
			}
		}
	}
	return nil
}
