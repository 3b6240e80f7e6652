package flow

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// observe notes a record, with what flows into it.
func (w *walker) observe(st *state, s *site, k func(*state, *value)) {
	if s.row.Does == library.Span && s.call != nil && len(s.args) == 0 {
		w.plain(st, s, k)
		return
	}
	vals := append([]*value{s.recv}, s.args...)
	o := &Observation{
		Span: s.x.At(), Func: w.f.fn, Role: s.row.Does, Level: s.row.Level, Print: s.row.Plain,
	}
	carries := false
	var marks Mark
	for _, v := range vals {
		carries = carries || v.deepFails(3)
		marks |= v.deepMarks(3)
	}
	marks |= w.fieldMarks(s)
	switch {
	case carries:
		o.Tier = Typed
	case st.decided != nil || !st.tracks():
		o.Tier = Generic
	default:
		o.Tier = Access
	}
	if o.Tier == Typed && marks&Address != 0 && marks&Path != 0 && marks&(Hashed|Subject|ID) != 0 {
		o.Tier = Full
	}
	o.Fields = fieldNames(marks, carries)
	w.logLeaks(st, s, o, vals)
	next := w.observed(st, o)
	if s.row.Exits {
		return
	}
	v := s.recv
	if s.row.Does == library.Log && len(s.row.Returns) > 0 {
		v = blend(vals)
	}
	k(next, w.shape(s, v))
}

// observed adds an observation to the record of a way.
func (w *walker) observed(st *state, o *Observation) *state {
	return st.with(func(c *state) {
		if o.Env {
			c.rec.envOnly = true
		} else if o.Tier > c.rec.tier {
			c.rec.tier, c.rec.level = o.Tier, o.Level
		} else if o.Tier == c.rec.tier && levelRank(o.Level) > levelRank(c.rec.level) {
			c.rec.level = o.Level
		}
		if c.rec.seen.len() < maxTrail {
			c.rec.seen = c.rec.seen.add(trail{obs: o})
		}
	})
}

func levelRank(level string) int {
	switch level {
	case "trace":
		return 1
	case "debug":
		return 2
	case "info":
		return 3
	case "warn":
		return 4
	case "error":
		return 5
	case "fatal":
		return 6
	}
	return 0
}

// guess notes that code which nobody could resolve may write a record.
func (w *walker) guess(st *state, c *ir.Call, args []*value) *state {
	if st.decided == nil && !blend(args).fails() {
		return st
	}
	return st.with(func(s *state) { s.guessed = true })
}

// notice looks at statements that run in development alone: what they record is
// none in production.
func (w *walker) notice(body []ir.Stmt, list []*state) []*state {
	var at *ir.Call
	ir.Walk(body, func(ir.Stmt) bool { return at == nil }, func(e ir.Expr) bool {
		if c, ok := e.(*ir.Call); ok {
			for _, t := range w.r.TargetsIn(c, w.f.in) {
				if t.Row != nil && isRecord(t.Row.Does) {
					at = c
				}
			}
		}
		return at == nil
	})
	if at == nil {
		return list
	}
	for i, st := range list {
		if st.tracks() {
			list[i] = w.observed(st, &Observation{Span: at.Span, Func: w.f.fn, Role: library.Log, Env: true})
		}
	}
	return list
}

// fieldMarks are what the names of fields say: "ip", "path", "user".
func (w *walker) fieldMarks(s *site) (m Mark) {
	if s.call == nil {
		return 0
	}
	var visit func(e ir.Expr, depth int)
	visit = func(e ir.Expr, depth int) {
		switch e := e.(type) {
		case *ir.Const:
			if e.Kind == ir.String || e.Kind == ir.Keyword {
				if len(e.Text) <= 24 {
					m |= markOfName(e.Text)
				}
			}
		case *ir.Object:
			for _, f := range e.Fields {
				m |= markOfName(f.Name)
				if f.Key != nil {
					visit(f.Key, depth)
				}
			}
		case *ir.Call:
			if depth > 0 {
				for _, a := range e.Args {
					visit(a, depth-1)
				}
			}
		case *ir.List:
			for _, x := range e.Elems {
				visit(x, depth)
			}
		}
	}
	for _, a := range s.call.Args {
		visit(a, 2)
	}
	return m
}

func markOfName(name string) Mark {
	switch strings.Trim(strings.ReplaceAll(strings.Map(joined, name), ".", ""), ":= ") {
	case "ip", "addr", "address", "remoteaddr", "remoteip", "clientip", "clientaddress", "remote", "host":
		return Address
	case "path", "url", "uri", "route", "endpoint", "urlpath", "method", "requesturi", "originalurl":
		return Path
	case "useragent", "agent", "ua":
		return Agent
	case "user", "userid", "sub", "subject", "username", "email", "uid":
		return Subject
	case "jti", "tokenid", "sid", "sessionid", "session":
		return ID
	case "fp", "jwtfp", "fingerprint", "tokenhash":
		return Hashed
	case "error", "err", "reason", "cause":
		return Reason
	}
	return 0
}

func fieldNames(m Mark, carries bool) (list []string) {
	if carries {
		m |= Reason
	}
	for _, f := range []struct {
		m    Mark
		name string
	}{
		{Reason, "reason"}, {Address, "address"}, {Path, "route"}, {Agent, "agent"}, {Hashed | Token | Prefix | ID, "token"}, {Subject, "subject"},
	} {
		if m&f.m != 0 {
			list = append(list, f.name)
		}
	}
	return list
}

// auditing says that a call writes a row into a journal of what people do: by the
// name of the table, model or variable, and that of the method.
func auditing(c *ir.Call) bool {
	if !writesByName(calleeName(c)) {
		return false
	}
	text := c.Span.Text()
	if len(text) > 160 {
		text = text[:160]
	}
	text = strings.Map(joined, text)
	for _, n := range [...]string{"audit", "activitylog", "useractivit", "accesslog", "useraccess", "loginlog", "loginhistor", "loginattempt", "loginrecord", "loginevent",
		"securityevent", "securitylog", "eventlog", "signinlog", "authlog", "authevent", "operationlog"} {
		if strings.Contains(text, n) {
			return true
		}
	}
	return false
}

// joined makes created_at, created-at and createdAt one, for strings.Map.
func joined(r rune) rune {
	switch {
	case r == '_' || r == '-':
		return -1
	case 'A' <= r && r <= 'Z':
		return r + 'a' - 'A'
	}
	return r
}

func writesByName(name string) bool {
	for _, v := range [...]string{"save", "create", "insert", "add", "record", "push", "write", "store", "publish", "append", "values", "exec"} {
		if len(name) >= len(v) && strings.EqualFold(name[:len(v)], v) {
			return true
		}
	}
	return false
}

// audited notes such a row.
func (w *walker) audited(st *state, c *ir.Call, args []*value) *state {
	o := &Observation{Span: c.Span, Func: w.f.fn, Role: library.Audit, Tier: Access}
	b := blend(args)
	switch {
	case b.fails():
		o.Tier = Typed
	case st.decided != nil || !st.tracks():
		o.Tier = Generic
	}
	o.Fields = fieldNames(b.mark(), b.fails())
	return w.observed(st, o)
}

// logs says that a function is a logger of the program's own: it is called as
// loggers are, reaches one, and answers nothing.
func (x *index) logs(f *ir.Func) bool {
	does := x.reach(f)
	return does&doesRecord != 0 && does&(doesAnswer|doesToken) == 0 && logsByName(f.Name)
}

// journals says that a function, by its name or that of its class, keeps a journal.
func journals(name string) bool {
	if logsByName(name) {
		return true
	}
	n := strings.ToLower(name)
	for _, p := range [...]string{"audit", "activity", "logger", "logevent", "eventlog", "metric", "track", "history", "telemetry", "sentry", "monitor", "securityevent", "record"} {
		if strings.Contains(n, p) {
			return true
		}
	}
	return false
}

func logsByName(name string) bool {
	name = name[strings.LastIndexByte(name, '.')+1:]
	n := strings.ToLower(name)
	switch n {
	case "log", "logf", "logln", "error", "errorf", "errorw", "errorln", "warn", "warnf", "warnw", "warning", "warningf", "info", "infof", "infow", "debug", "debugf",
		"fatal", "fatalf", "print", "printf", "println", "trace", "tracef", "notice", "audit":
		return true
	}
	for _, p := range [...]string{"log", "audit", "record", "report", "track"} {
		if rest, ok := strings.CutPrefix(n, p); ok && rest != "" {
			// logEvent, log_event, and not login or logic
			c := name[len(p)]
			return c == '_' || c == '-' || c >= 'A' && c <= 'Z'
		}
	}
	return false
}

// ownLogger is the row of such a function.
func ownLogger(f *ir.Func) *library.Row {
	r := &library.Row{Does: library.Log}
	n := strings.ToLower(f.Name[strings.LastIndexByte(f.Name, '.')+1:])
	for _, l := range [...]string{"trace", "debug", "info", "warn", "error", "fatal"} {
		if strings.HasPrefix(n, l) || strings.HasPrefix(n, "log"+l) {
			r.Level = l
		}
	}
	return r
}
