package lint

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// isHeader reports whether an expression is called a header of a token, and of
// one, not the headers of a request.
func isHeader(e ir.Expr) bool {
	name := ""
	switch e := e.(type) {
	case *ir.Name:
		name = e.Var.Name
	case *ir.Member:
		name = e.Name
	case *ir.Call:
		name = callee(e)
	case *ir.Convert:
		return isHeader(e.X)
	case *ir.Await:
		return isHeader(e.X)
	}
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "header") || name == "headers" && isToken(e)
}

// isToken: headers of a JWS with several signatures, as in sig.Headers[0].
func isToken(e ir.Expr) bool {
	m, ok := e.(*ir.Member)
	if !ok {
		return false
	}
	x, ok := m.X.(*ir.Name)
	return ok && (strings.Contains(strings.ToLower(x.Var.Name), "tok") || strings.Contains(strings.ToLower(x.Var.Name), "jw"))
}

// parameter gives the name of a header parameter that e reads, of those that are
// asked for: header.kid, token.Header["kid"], (:kid header).
func parameter(e ir.Expr, names ...string) string {
	var x ir.Expr
	text := ""
	switch e := e.(type) {
	case *ir.Member:
		x, text = e.X, e.Name
	case *ir.Index:
		if c, ok := e.Key.(*ir.Const); ok {
			x, text = e.X, c.Text
		}
	}
	if x == nil || !isHeader(x) {
		return ""
	}
	for _, n := range names {
		if n == text || strings.EqualFold(n, text) && n == "kid" {
			return n
		}
	}
	return ""
}
