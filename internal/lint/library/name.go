package library

import "strings"

const own = "$name"

// depends reports whether a row says something else for each name.
func (r *Row) depends() bool { return r.Level == own || r.HTTP == own }

// named makes the row of one symbol.
func (r *Row) named(symbol string) *Row {
	last := lastName(symbol)
	n := *r
	if n.Level == own {
		n.Level = levelOf(last)
	}
	if n.HTTP == own {
		n.HTTP = methodOf(last)
	}
	return &n
}

func lastName(symbol string) string {
	return symbol[strings.LastIndexAny(symbol, "./#:")+1:]
}

// levelOf reads a level from the name of a method: WarnContext, Errorf, warning.
// A name that holds none is of no level.
func levelOf(name string) string {
	name = strings.ToLower(name)
	for _, l := range levels {
		if strings.HasPrefix(name, l.prefix) {
			return l.level
		}
	}
	return ""
}

var levels = []struct{ prefix, level string }{
	{"trace", "trace"}, {"silly", "trace"}, {"verbose", "debug"}, {"debug", "debug"}, {"fine", "debug"},
	{"info", "info"}, {"notice", "info"}, {"http", "info"}, {"log", "info"}, {"print", "info"},
	{"warn", "warn"}, {"err", "error"}, {"dpanic", "error"}, {"severe", "error"},
	{"fatal", "fatal"}, {"crit", "fatal"}, {"alert", "fatal"}, {"emerg", "fatal"}, {"panic", "fatal"}, {"exit", "fatal"},
}

// methodOf reads an HTTP method from the name of a method: GET, get, Post, del.
// Any other (all, Any, use) is any method.
func methodOf(name string) string {
	switch m := strings.ToUpper(name); m {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "QUERY":
		return m
	case "DEL":
		return "DELETE"
	}
	return ""
}
