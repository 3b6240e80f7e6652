package flow

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// What names say. Names never make a finding by themselves: they say which of the
// things that are read from requests are tokens, and what a call of unknown code
// leaves of a text.

func namesToken(name string) bool {
	n := strings.ToLower(name)
	switch {
	case n == "":
		return false
	case strings.Contains(n, "csrf"), strings.Contains(n, "xsrf"), strings.Contains(n, "captcha"), strings.Contains(n, "fcm"), strings.Contains(n, "device"), strings.Contains(n, "push"):
		return false
	case strings.Contains(n, "pagetoken"), strings.Contains(n, "page_token"), strings.Contains(n, "nexttoken"), strings.Contains(n, "next_token"), strings.Contains(n, "continuation"):
		return false // where a list goes on
	case strings.HasSuffix(n, "type"), strings.HasSuffix(n, "hint"), strings.HasSuffix(n, "token_id"), strings.HasSuffix(n, "tokenid"), strings.HasSuffix(n, "token-id"):
		return false // of a token, and none
	case strings.Contains(n, "authorization"), strings.Contains(n, "token"), strings.Contains(n, "jwt"), n == "auth", n == "x-auth", n == "bearer":
		return true
	}
	return false
}

func namesRefresh(name string) bool {
	n := strings.ToLower(name)
	return strings.Contains(n, "refresh") || strings.Contains(n, "renew") && !strings.Contains(n, "renewal")
}

// looksLikeError says that a symbol is an error class.
func looksLikeError(symbol string) bool {
	n := lastName(symbol)
	return strings.HasSuffix(n, "Error") || strings.HasSuffix(n, "Exception") || n == "error"
}

func errorMethod(name string) bool {
	switch name {
	case "Error", "toString", "getMessage", "String", "Unwrap", "message", "ex-message", "Cause":
		return true
	}
	return false
}

// harmless are names of calls that take a failure and surely do not record it.
func harmless(name string) bool {
	switch strings.ToLower(name) {
	case "is", "as", "isprefixof", "string", "stringify", "json", "status", "send", "tostring", "includes", "contains", "equal", "equals", "isaxioserror", "resolve", "reject", "then":
		return true
	}
	return false
}

// calleeName is the last name of what is called.
func calleeName(c *ir.Call) string {
	switch f := c.Fun.(type) {
	case *ir.Member:
		return f.Name
	case *ir.Name:
		if f.Var != nil {
			return f.Var.Name
		}
	case *ir.Extern:
		return lastName(f.Symbol)
	case *ir.FuncRef:
		if f.Func != nil {
			return f.Func.Name
		}
	}
	return ""
}

// looksLikeRecord says that a call whose target is not known may well be of a
// logger or the like. It counts against reporting.
func looksLikeRecord(c *ir.Call) bool {
	text := c.Fun.At().Text()
	if len(text) > 80 {
		text = text[len(text)-80:]
	}
	text = strings.ToLower(text)
	for _, word := range []string{"log", "audit", "metric", "counter", "sentry", "capture", "report", "monitor", "alert", "telemetry", "track", "notify"} {
		if i := strings.Index(text, word); i >= 0 {
			rest := text[i:]
			if word == "log" && (strings.HasPrefix(rest, "login") || strings.HasPrefix(rest, "logout") || strings.HasPrefix(rest, "logic") || strings.HasPrefix(rest, "logged")) {
				continue
			}
			return true
		}
	}
	return false
}

// textual is what operations on texts do to them. A text that is empty because
// there was no token stays so; a token without its scheme is one.
func textual(name string, recv *value, args []*value) (*value, bool) {
	x := recv
	if x == nil || x.marks == 0 && x.is != empty && !x.fail {
		if len(args) == 0 || args[0] == nil {
			return nil, false
		}
		// A function of a package of strings, not a method, and none that makes a field
		// of a record: slog.String("error", err.Error()).
		if recv != nil || name == "String" && len(args) > 1 {
			return nil, false
		}
		x = args[0]
	}
	if x.fn != nil || x.tuple != nil && !x.list {
		return nil, false
	}
	switch name {
	case "HasPrefix", "startsWith", "StartsWith", "includes", "Contains", "HasSuffix", "test", "MatchString", "EqualFold", "starts-with?", "includes?":
		if x.is == empty {
			return mk(value{is: no, dep: x.dep}), true
		}
		return mk(value{dep: x.dep}), true
	case "TrimPrefix", "TrimSpace", "Trim", "trim", "replace", "Replace", "ReplaceAll", "replaceAll", "toLowerCase", "ToLower", "toString", "String", "trimStart", "trimEnd", "TrimLeft", "toUpperCase", "ToUpper", "concat", "at", "pop", "Title":
		return x, true
	case "split", "Split", "SplitN", "Fields":
		if x.is == empty {
			return mk(value{is: thing, list: true, dep: x.dep, tuple: []*value{x}}), true
		}
		if x.list {
			return nil, false
		}
		return mk(value{is: thing, marks: x.marks, from: x.from, dep: x.dep}), true
	case "match", "exec", "FindStringSubmatch":
		if x.is == empty {
			return mk(value{is: null, dep: x.dep}), true
		}
		return mk(value{marks: x.marks, from: x.from, dep: x.dep}), true
	case "slice", "substring", "substr", "subs":
		if x.is == empty {
			return x, true
		}
		if x.list {
			return nil, false
		}
		if n := len(args); x == recv && n >= 2 || x != recv && n >= 3 {
			if x.marks&Token != 0 {
				return x.with(func(c *value) { c.marks = c.marks&^Token | Prefix; c.is = thing }), true
			}
		}
		return x, true
	case "Cut", "CutPrefix":
		if x.is == empty {
			n := mk(value{is: no, dep: x.dep})
			if name == "Cut" {
				return mk(value{tuple: []*value{x, x, n}}), true
			}
			return mk(value{tuple: []*value{x, n}}), true
		}
		y := x
		if y.is == thing {
			y = y.with(func(c *value) { c.is = anything })
		}
		if name == "Cut" {
			return mk(value{tuple: []*value{nil, y, nil}}), true
		}
		return mk(value{tuple: []*value{y, nil}}), true
	case "len", "count", "Len":
		if x.is == empty {
			return mk(value{is: number, dep: x.dep}), true
		}
		if x.list {
			return mk(value{is: number, n: int64(len(x.tuple)), dep: x.dep}), true
		}
		return mk(value{dep: x.dep}), true
	case "Error", "getMessage", "ex-message":
		if x.err {
			return x, true
		}
	}
	return nil, false
}

// markOf is the bit of a mark of the catalogue.
func markOf(m library.Mark) Mark {
	switch m {
	case library.Token:
		return Token
	case library.Prefix:
		return Prefix
	case library.Hashed:
		return Hashed
	case library.Key:
		return Key
	case library.Claims:
		return Claim
	case library.Claimed:
		return Claimed
	case library.Subject:
		return Subject
	case library.ID:
		return ID
	case library.Address:
		return Address
	case library.Path:
		return Path
	case library.Agent:
		return Agent
	case library.Reason:
		return Reason
	case library.Millis:
		return Millis
	case library.Headers:
		return Headers
	case library.User:
		return User
	}
	return 0
}

// statuses by the last name of a constant: http.StatusUnauthorized,
// HttpStatus.UNAUTHORIZED.
var statuses = map[string]int{
	"ok": 200, "created": 201, "nocontent": 204, "badrequest": 400, "unauthorized": 401, "paymentrequired": 402, "forbidden": 403, "notfound": 404,
	"methodnotallowed": 405, "conflict": 409, "gone": 410, "unprocessableentity": 422, "unprocessablecontent": 422, "toomanyrequests": 429,
	"internalservererror": 500, "notimplemented": 501, "badgateway": 502, "serviceunavailable": 503,
}

func statusOf(e ir.Expr) int {
	name := ""
	switch e := e.(type) {
	case *ir.Member:
		name = e.Name
	case *ir.Extern:
		name = lastName(e.Symbol)
	case *ir.Name:
		if e.Var != nil {
			name = e.Var.Name
		}
	default:
		return 0
	}
	name = strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(name, "_", "")), "status")
	return statuses[name]
}
