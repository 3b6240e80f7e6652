package lint

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// claims gives the expressions that become the claims of an issued token.
func (s *subject) claims(op *flow.Op) (list []ir.Expr) {
	if op.Call == nil || op.Row == nil || !op.Row.Claims.Set() {
		return nil
	}
	return s.claimsOf(op.Call, op.Row.Claims, 4)
}

func (s *subject) claimsOf(call *ir.Call, a library.Arg, deep int) (list []ir.Expr) {
	if deep == 0 {
		return nil
	}
	if a.Kind != library.This {
		return s.argOf(call, a, 2)
	}
	x := receiver(call)
	if x == nil {
		return nil
	}
	for made := range s.makers(x) { // jwt.NewWithClaims(method, claims).SignedString(key)
		for _, t := range s.resolver.Targets(made) {
			if t.Row != nil && t.Row.Claims.Set() {
				list = append(list, s.claimsOf(made, t.Row.Claims, deep-1)...)
			}
		}
	}
	return list
}

// makers lists the calls of libraries that made what e stands for.
func (s *subject) makers(e ir.Expr) func(yield func(*ir.Call) bool) {
	return func(yield func(*ir.Call) bool) {
		if c, ok := e.(*ir.Call); ok {
			yield(c)
			return
		}
		for _, v := range s.resolver.Values(e) {
			if v.Call != nil && !yield(v.Call) {
				return
			}
		}
	}
}

// A claim is one field of the claims of a token. Structs within are taken apart.
type claim struct {
	ir.Span
	name  string
	value ir.Expr
}

// fieldsOf lists the claims that are written down as literals; whole says that there
// are no others.
func (s *subject) fieldsOf(op *flow.Op) (list []claim, whole bool) {
	exprs := s.claims(op)
	whole = len(exprs) > 0
	for _, e := range exprs {
		values := s.resolver.Values(e)
		if x, ok := e.(*ir.Object); ok {
			values = []resolve.Value{{Object: x}}
		}
		whole = whole && len(values) > 0
		for _, v := range values {
			if v.Object == nil {
				whole = false
				continue
			}
			var all bool
			list, all = s.objectClaims(list, v.Object, 4)
			whole = whole && all
		}
	}
	return list, whole
}

func (s *subject) objectClaims(list []claim, x *ir.Object, deep int) ([]claim, bool) {
	whole := deep > 0
	for _, f := range x.Fields {
		if f.Name == "" {
			inner, ok := f.Value.(*ir.Object)
			if c, isConst := f.Key.(*ir.Const); isConst {
				list = append(list, claim{f.Span, c.Text, f.Value})
			} else if ok && f.Key == nil && deep > 0 { // ...{ id }
				list, ok = s.objectClaims(list, inner, deep-1)
				whole = whole && ok
			} else {
				whole = false
			}
			continue
		}
		list = append(list, claim{f.Span, f.Name, f.Value})
		if inner, ok := f.Value.(*ir.Object); ok && deep > 0 {
			var all bool
			list, all = s.objectClaims(list, inner, deep-1)
			whole = whole && all
		}
	}
	return list, whole
}

// plain is a name as it is compared: ExpiresAt, expires_at and expires-at are one.
func plain(name string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
}
