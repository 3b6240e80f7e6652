package flow

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

type opKey struct {
	e    ir.Expr
	kind library.Role
}

// opAt gives the op of a place, one for all walks.
func (w *walker) opAt(s *site, kind library.Role) *Op {
	w.reached[s.x] = true
	k := opKey{s.x, kind}
	if op := w.ops[k]; op != nil {
		return op
	}
	op := &Op{Span: s.x.At(), Kind: kind, Func: w.f.fn, Call: s.call, Row: s.row, Name: nameOf(s), Guessed: s.guess, seq: len(w.ops) + 1}
	w.ops[k] = op
	return op
}

// nameOf is what people call the thing that is used: jwt.Parse.
func nameOf(s *site) string {
	e := s.fun()
	text := e.At().Text()
	if text == "" || len(text) > 60 || strings.ContainsAny(text, "\n{") {
		return lastName(s.symbol)
	}
	return text
}

// useOf tells whether the token is a refresh token: the names of what holds it, of
// the function around it, or of the key say so.
func (w *walker) useOf(op *Op, s *site, token ir.Expr) {
	if op.Use != "" || op.used {
		return
	}
	op.used = true
	text := ""
	if s.call != nil {
		for _, a := range s.call.Args {
			if _, ok := a.(*ir.FuncRef); ok {
				continue
			}
			if t := a.At().Text(); len(t) < 200 {
				text += " " + t
			}
		}
	}
	if namesRefresh(text) {
		op.Use = "refresh"
		return
	}
	for f := w.f.fn; f != nil && !isBody(f); f = f.Outer {
		if namesRefresh(f.Name) && op.Kind != library.Issue {
			op.Use = "refresh"
			return
		}
	}
}

// refreshing says that what runs is called a refresh: the root, its route, or a
// function on the way, and not a login that makes refresh tokens.
func (w *walker) refreshing(st *state) bool { return st.uses&inExchange != 0 }

func namesLogin(j *job) bool {
	if j == nil {
		return false
	}
	text := strings.ToLower(j.root.Func.Name)
	for _, r := range j.root.Routes {
		text += " " + strings.ToLower(r.Path)
	}
	for _, n := range []string{"login", "signin", "sign-in", "register", "signup", "sign-up"} {
		if strings.Contains(text, n) {
			return true
		}
	}
	return false
}

// refreshed follows the exchange of a refresh token as an op of its own, at the
// place where the new token is made.
func (w *walker) refreshed(s *site) *Op {
	return w.opAt(s, library.Refresh)
}

// namedAs are the flags of a root, by its name and routes.
func (w *walker) namedAs(j *job) uses {
	u := named(j.root.Func)
	all := len(j.root.Routes) > 0
	for _, route := range j.root.Routes {
		all = all && namesRefresh(route.Path)
	}
	if all {
		u |= inRefresh
	}
	if namesLogin(j) {
		u &^= inRefresh | inExchange
	} else if u&inRefresh != 0 {
		u |= inExchange
	}
	return u
}
