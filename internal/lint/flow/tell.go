package flow

import (
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// tell is a call that puts a token, its hash or id among what was revoked: the
// revocation itself. What the call is named, and what its arguments or receiver are
// called, say so.
func (w *walker) tell(st *state, s *site, name string, k func(*state, *value)) bool {
	if s.call == nil || !puts(name) {
		return false
	}
	if !w.toDenylist(s) {
		return false
	}
	m := blend(s.args).mark()
	for _, a := range s.call.Args {
		m |= nameMark(a, 2)
	}
	if m&(Token|Hashed|ID) == 0 {
		return false
	}
	op := w.opAt(s, library.Revoke)
	w.rawKey(s, op, m)
	if st.op == nil {
		k(w.began(st, op), nil)
	}
	k(st, nil)
	return true
}

// toDenylist says that the receiver, the function or an argument is called after what
// was revoked. In an object, a field of such a name does not if it says no.
func (w *walker) toDenylist(s *site) bool {
	named := func(e ir.Expr) bool {
		text := strings.ToLower(e.At().Text())
		return denies(text[:min(len(text), 200)])
	}
	if named(s.call.Fun) {
		return true
	}
	for _, a := range s.call.Args {
		o, ok := a.(*ir.Object)
		if !ok {
			if named(a) {
				return true
			}
			continue
		}
		for _, f := range o.Fields {
			if c, ok := f.Value.(*ir.Const); ok && denies(strings.ToLower(f.Name)) && c.Text == "true" {
				return true
			}
		}
	}
	return false
}

// filled is a call that puts the answer of a store into variables: row.Scan(&n).
// What they hold then says how the question came out.
func (w *walker) filled(st *state, s *site, name string, k func(*state, *value)) bool {
	if s.call == nil || s.recv == nil || !s.recv.dep || s.recv.miss || s.recv.op == nil || s.recv.op.Kind != library.Check {
		return false
	}
	switch name {
	case "Scan", "StructScan", "MapScan", "Decode", "One":
	default:
		return false
	}
	for _, a := range s.call.Args {
		if n, ok := a.(*ir.Name); ok && n.Var != nil {
			st = st.set(n.Var, vDep)
		}
	}
	k(st, vNull)
	return true
}

// rawKey notes a denylist that is kept or asked by the text of a token.
func (w *walker) rawKey(s *site, op *Op, m Mark) {
	if m&Token != 0 && m&(Hashed|ID) == 0 {
		w.leak(s.x.At(), Token, "denylist", nil, nil).Op = op
	}
}

// puts says that a name is that of putting something into a store.
func puts(name string) bool {
	n := strings.ToLower(name)
	for _, p := range []string{"set", "add", "put", "save", "insert", "create", "push", "store", "upsert", "hset", "sadd", "swap!", "conj", "write"} {
		if strings.HasPrefix(n, p) {
			return !strings.HasPrefix(n, "setinterval") && !strings.HasPrefix(n, "settimeout") && !strings.HasPrefix(n, "setheader") && !strings.HasPrefix(n, "setstate")
		}
	}
	return false
}

// asksLanguage says that a function of the language itself looks into a value.
func asksLanguage(symbol string) bool {
	return slices.Contains([]string{"clj:clojure.core/contains?", "clj:clojure.core/get", "clj:clojure.core/some", "clj:clojure.core/get-in"}, symbol)
}
