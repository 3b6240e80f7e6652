package flow

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// lookup is a call of a store, or of what may be one, with what identifies a token
// as the key: a question whether the token still stands. Where the store holds
// what stands, not being in it is the refusal; where it holds what was revoked,
// being in it.
func (w *walker) lookup(st *state, s *site, name string, k func(*state, *value)) bool {
	if s.recv != nil && s.recv.miss {
		w.onMiss(st, s, name, k)
		return true
	}
	if w.filled(st, s, name, k) || w.tell(st, s, name, k) {
		return true
	}
	known := s.row != nil && (s.row.Does == library.Find || s.row.Does == library.Save) || asksLanguage(s.symbol)
	if !known && !asks(name) || s.call == nil {
		return false
	}
	if s.recv.mark()&(Token|Hashed|Claim|Claimed) != 0 {
		return false // a question about the text of the token
	}
	m := blend(s.args).mark()
	for _, a := range s.call.Args {
		m |= nameMark(a, 2)
	}
	if w.index.named(w.f.fn)&inStore != 0 {
		for _, a := range s.call.Args {
			if n, ok := a.(*ir.Name); ok && n.Var != nil && keyOfTokens(n.Var.Name) {
				m |= ID
			}
		}
	}
	if m&(Token|Hashed|ID) == 0 && (m&Claim == 0 || w.index.named(w.f.fn)&inStore == 0 && !asksOfTokens(strings.ToLower(name))) {
		return false
	}
	if _, ok := s.call.Fun.(*ir.Extern); ok && !known {
		return false
	}
	text := s.call.Span.Text()
	if len(text) > 400 {
		text = text[:400]
	}
	text = strings.ToLower(text)
	if st.uses&inOtherUse != 0 {
		return false
	}
	if known && s.row != nil && s.row.Does == library.Save && !strings.Contains(strings.ToLower(name), "del") && !strings.Contains(strings.ToLower(name), "remove") {
		return false // what is written is not asked
	}
	switch name {
	case "Scan", "StructScan", "MapScan", "Decode":
		return false // takes an answer to pieces: its arguments are where they go
	}
	if w.inserts(s.call) {
		return false
	}
	op := w.opAt(s, library.Check)
	if m&Token != 0 && namesRefresh(text) || st.uses&inRefresh != 0 {
		op.Use = "refresh"
	}
	deny := deniesText(text, s.call) || st.uses&inDenylist != 0
	if deny {
		w.rawKey(s, op, m)
	}
	stored := Mark(0)
	if m&Token != 0 {
		stored = Record
	}
	if st.op != nil {
		k(st, mk(value{marks: stored, from: s.x.At()}))
		return true
	}
	out := mk(value{is: null, dep: true, miss: true, op: op})
	if deny {
		out = mk(value{is: thing, dep: true, op: op})
	}
	hit := st.with(func(c *state) {
		c.op, c.outcome = op, Hit
		c.rec = record{}
		c.decided = nil
	})
	if !deny && (strings.HasSuffix(name, "OrFail") || strings.HasSuffix(name, "OrThrow")) {
		w.throw(hit, missErr(op), s.x.At())
	} else {
		k(hit, out)
	}
	k(st.with(func(c *state) {
		if op.Use == "refresh" {
			c.uses |= useRefresh
		}
		c.used = op
	}), mk(value{marks: stored, from: s.x.At()}))
	return true
}

// inserts says that a call gives SQL that puts a row into a table, whatever the name
// of what runs it.
func (w *walker) inserts(c *ir.Call) bool {
	for i, a := range c.Args {
		if i > 2 {
			break
		}
		for _, v := range w.r.Values(a) {
			if v.Const != nil && v.Const.Kind == ir.String && strings.Contains(strings.ToUpper(v.Const.Text), "INSERT INTO ") {
				return true
			}
		}
	}
	return false
}

func missErr(op *Op) *value {
	return mk(value{is: thing, err: true, fail: true, dep: true, op: op, marks: Reason})
}

// onMiss is a call on what was not found: of a cursor, a command, a row.
func (w *walker) onMiss(st *state, s *site, name string, k func(*state, *value)) {
	switch name {
	case "Err", "Error", "Scan", "Decode", "One", "StructScan", "MapScan":
		k(st, missErr(s.recv.op))
	case "catch":
		k(st, s.recv)
	default:
		k(st, s.recv)
	}
}

// memberOfMiss is a member of what was not found.
func memberOfMiss(x *value, name string) *value {
	switch strings.ToLower(name) {
	case "length", "rowcount", "rowsaffected", "affectedrows", "count", "size", "modifiedcount", "deletedcount", "n", "numrows":
		return mk(value{is: number, dep: true, op: x.op})
	case "err", "error":
		return missErr(x.op)
	}
	return x
}

// asksOfTokens says that a name, in small letters, is of a question to a store of
// sessions or tokens, whatever its key is called.
func asksOfTokens(n string) bool {
	for _, verb := range [...]string{"get", "find", "fetch", "load", "lookup", "exists", "has", "is", "check", "consume", "read", "query", "select"} {
		if rest, ok := strings.CutPrefix(n, verb); ok {
			return strings.Contains(rest, "session") || strings.Contains(rest, "refreshtoken") || strings.Contains(rest, "tokenby") || strings.Contains(rest, "keystore") ||
				rest == "token" || strings.HasPrefix(rest, "bytoken") || strings.HasPrefix(rest, "storedtoken")
		}
	}
	return false
}

// keyOfTokens says that a parameter of such a question is its key.
func keyOfTokens(name string) bool {
	n := strings.ToLower(name)
	return n == "id" || n == "jti" || n == "key" || strings.Contains(n, "token") || strings.Contains(n, "session") || strings.Contains(n, "hash")
}

// asks says that a name is that of a question to a store.
func asks(name string) bool {
	n := strings.ToLower(name)
	for _, p := range []string{"find", "get", "exist", "has", "is", "lookup", "select", "query", "first", "load", "fetch", "where", "check", "count", "includes", "contains", "take", "validate", "search", "read"} {
		if strings.HasPrefix(n, p) {
			return n != "hash" && !strings.HasPrefix(n, "hashsync") && !strings.HasPrefix(n, "issue") && !strings.HasPrefix(n, "hasprefix") && n != "getuser" && n != "getheader"
		}
	}
	return false
}

// namesOther says that a function is about tokens that are no credentials of a
// session: those of a reset of a password, or of a mail.
func namesOther(name string) bool {
	n := strings.ToLower(name)
	for _, p := range []string{"reset", "confirm", "invit", "activat", "verifyemail", "verification", "unsubscribe"} {
		if strings.Contains(n, p) {
			return true
		}
	}
	return false
}

func denies(text string) bool {
	for _, p := range []string{"black", "revok", "deny", "denied", "invalidated", "banned", "blocked", "loggedout", "logged_out"} {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}

// deniesText is denies of a call. A look-up of what is not revoked is of what stands.
func deniesText(text string, c *ir.Call) bool {
	if !denies(text) {
		return false
	}
	stands := false
	for _, a := range c.Args {
		if o, ok := a.(*ir.Object); ok {
			for _, f := range o.Fields {
				if k, ok := f.Value.(*ir.Const); ok && (k.Kind == ir.Nil || k.Text == "false") && denies(strings.ToLower(f.Name)) {
					stands = true
				}
			}
		}
	}
	return !stands
}

// nameMark is what the names in a key say, where nothing is known of the value.
func nameMark(e ir.Expr, depth int) Mark {
	name := ""
	switch e := e.(type) {
	case *ir.Name:
		if e.Var != nil {
			name = e.Var.Name
		}
	case *ir.Member:
		name = e.Name
	case *ir.Object:
		var m Mark
		if depth > 0 {
			for _, f := range e.Fields {
				m |= nameMark(f.Value, depth-1)
			}
		}
		return m
	case *ir.Op:
		var m Mark
		if depth > 0 {
			for _, a := range e.Args {
				m |= nameMark(a, depth-1)
			}
		}
		return m
	case *ir.Await:
		return nameMark(e.X, depth)
	default:
		return 0
	}
	n := strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
	switch n {
	case "jti", "sessionid", "sid", "tokenid", "accessuuid", "refreshuuid", "tokenuuid", "familyid", "refreshtokenid":
		return ID
	case "refreshtoken", "accesstoken", "jwttoken", "jwt", "bearertoken":
		return Token
	case "tokenhash", "hashedtoken", "refreshtokenhash", "hashedrefreshtoken":
		return Hashed
	}
	return 0
}
