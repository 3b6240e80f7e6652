package lint

import (
	"fmt"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// requestsOfGo say where a request comes from and goes to, by the type of a
// parameter. The path never holds the query, which may hold a token.
var requestsOfGo = []struct {
	prefix, suffix string // of the symbol of the type; between them stands a version
	pairs          []pair
}{
	{"go:net/http", ".Request", []pair{{"client.address", "$.RemoteAddr"}, {"http.request.method", "$.Method"}, {"url.path", "$.URL.Path"}}},
	{"go:github.com/gin-gonic/gin", ".Context", []pair{{"client.address", "$.ClientIP()"}, {"http.request.method", "$.Request.Method"}, {"url.path", "$.Request.URL.Path"}}},
	{"go:github.com/labstack/echo", ".Context", []pair{{"client.address", "$.RealIP()"}, {"http.request.method", "$.Request().Method"}, {"url.path", "$.Request().URL.Path"}}},
	{"go:github.com/gofiber/fiber", ".Ctx", []pair{{"client.address", "$.IP()"}, {"http.request.method", "$.Method()"}, {"url.path", "$.Path()"}}},
}

// requestOfGo finds a request among the parameters of fn and of what is around it.
func requestOfGo(fn *ir.Func) []pair {
	for f := fn; f != nil; f = f.Outer {
		for _, p := range f.Params {
			if p.Type == nil || p.Name == "" || p.Name == "_" {
				continue
			}
			for _, r := range requestsOfGo {
				if strings.HasPrefix(p.Type.Symbol, r.prefix) && strings.HasSuffix(p.Type.Symbol, r.suffix) {
					return filled(r.pairs, p.Name)
				}
			}
		}
	}
	return nil
}

// goRecord writes a record in Go, in the words of the logger that the file uses;
// with log/slog where it uses none that we can write for.
func (a *Analysis) goRecord(w *flow.Way) (out written) {
	message, event := said(w)
	level := "Warn"
	if w.Outcome == flow.Succeeded {
		level = "Info"
	}
	err := ""
	if w.Outcome == flow.Failed {
		err, _ = errorOf(w)
	}
	pairs := append([]pair{{"event", quoted(event)}}, requestOfGo(w.Func)...)
	l := a.used(w.Func, w.At.File)
	of := func(prefix string) bool { return strings.HasPrefix(l.symbol, prefix) }
	var b strings.Builder
	each := func(format string) {
		for _, p := range pairs {
			fmt.Fprintf(&b, format, p.key, p.value)
		}
	}
	switch {
	case of("go:log/slog"), l.symbol == "go:go.uber.org/zap.SugaredLogger":
		if l.symbol == "go:go.uber.org/zap.SugaredLogger" {
			level += "w"
		}
		fmt.Fprintf(&b, "%s.%s(%q", l.text, level, message)
		if err != "" {
			fmt.Fprintf(&b, `, "error", %s`, err)
		}
		each(", %q, %s")
		b.WriteString(")")
	case l.symbol == "go:go.uber.org/zap.Logger" && strings.Contains(w.At.File.Source, "zap."):
		fmt.Fprintf(&b, "%s.%s(%q", l.text, level, message)
		if err != "" {
			fmt.Fprintf(&b, ", zap.Error(%s)", err)
		}
		each(", zap.String(%q, %s)")
		b.WriteString(")")
	case of("go:github.com/sirupsen/logrus"):
		b.WriteString(l.text)
		if err != "" {
			fmt.Fprintf(&b, ".WithError(%s)", err)
		}
		each(".WithField(%q, %s)")
		fmt.Fprintf(&b, ".%s(%q)", level, message)
	case of("go:github.com/rs/zerolog"):
		fmt.Fprintf(&b, "%s.%s()", l.text, level)
		if err != "" {
			fmt.Fprintf(&b, ".Err(%s)", err)
		}
		each(".Str(%q, %s)")
		fmt.Fprintf(&b, ".Msg(%q)", message)
	default:
		if err != "" {
			pairs = append([]pair{{"error", err}}, pairs...)
		}
		fmt.Fprintf(&b, "slog.%s(%q", level, message)
		each(", %q, %s")
		b.WriteString(")")
		out.edits = importOf(w.At.File, "log/slog")
	}
	out.text = b.String()
	return out
}

// importOf adds an import to a file of Go that lacks it.
func importOf(f *ir.File, path string) []edit {
	if strings.Contains(f.Source, quoted(path)) {
		return nil
	}
	line := 0
	for l := range strings.Lines(f.Source) {
		end := line + len(l)
		switch {
		case strings.HasPrefix(l, "import ("):
			return []edit{{end, end, "\t" + quoted(path) + "\n"}}
		case strings.HasPrefix(l, "import "):
			return []edit{{line, line, "import " + quoted(path) + "\n"}}
		case strings.HasPrefix(l, "func "), strings.HasPrefix(l, "type "), strings.HasPrefix(l, "var "), strings.HasPrefix(l, "const "):
			return []edit{{line, line, "import " + quoted(path) + "\n\n"}}
		}
		line = end
	}
	return nil
}
