package resolve

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// ellipsis stands for what of a path is not known.
const ellipsis = "…"

// pathOf reads the path of a call that mounts, and gives the arguments after it.
func (r *Resolver) pathOf(c *ir.Call, t Target, env *Env) (path string, rest []ir.Expr) {
	row := t.Row
	args := c.Args
	if t.Skip <= len(args) {
		args = args[t.Skip:]
	}
	from := 0
	if row.Chain.Set() {
		from, _ = row.Chain.Index(len(args))
	}
	if row.Path.Set() {
		i, ok := row.Path.Index(len(args))
		switch {
		case !ok:
		case row.Path.Field != "":
			path = r.option(args[i], row.Path.Field, env)
		default:
			s, isPath := r.pathText(args[i], env)
			if isPath {
				path = s
			}
			if isPath && from == i {
				from = i + 1
			}
			switch {
			case isPath || i >= from:
			case strings.HasPrefix(t.Symbol, "go:"):
				path = ellipsis
			case row.Chain.Set():
				from = i // the path was left out
			}
		}
	}
	if from >= 0 && from < len(args) {
		rest = args[from:]
	}
	return path, rest
}

// option reads the text of a field of an object.
func (r *Resolver) option(e ir.Expr, name string, env *Env) string {
	for _, v := range r.eval(e, 0, env).vals {
		if v.Object == nil {
			continue
		}
		for i := range v.Object.Fields {
			if f := &v.Object.Fields[i]; f.Name == name && f.Value != nil {
				if s, ok := r.text(f.Value, v.Env); ok {
					return s
				}
				return ellipsis
			}
		}
	}
	return ""
}

// pathText reads a path: text, a list of texts, or a regular expression. What is
// no function and no router but cannot be told either is taken for a path too, an
// unknown one.
func (r *Resolver) pathText(e ir.Expr, env *Env) (string, bool) {
	if s, ok := r.partial(e, env, 6); ok {
		return s, true
	}
	of := r.eval(e, 0, env)
	for _, v := range of.vals {
		switch {
		case v.Const != nil && v.Const.Kind == ir.Regexp:
			return ellipsis, true
		case v.List != nil && len(v.List.Elems) > 0:
			if s, ok := r.partial(v.List.Elems[0], v.Env, 4); ok {
				return s, true
			}
			return "", false
		case v.Func != nil, v.Of != nil, v.Object != nil, v.Module != nil, v.Class != nil:
			return "", false
		}
	}
	switch e := e.(type) {
	case *ir.Call:
		return "", false
	case *ir.Member, *ir.Name:
		for _, v := range of.vals {
			if v.Is && !strings.HasSuffix(v.Symbol, "string") || v.Call != nil || v.Symbol != "" && r.row(v.Symbol) != nil {
				return "", false
			}
		}
		if n, ok := e.(*ir.Name); ok && len(of.vals) == 0 && n.Var.Type == nil {
			return "", false
		}
		return ellipsis, true
	case *ir.Op:
		return ellipsis, true
	}
	return "", false
}

// partial is a text with ellipses for what of it is not known; false if nothing is.
func (r *Resolver) partial(e ir.Expr, env *Env, depth int) (string, bool) {
	if s, ok := r.text(e, env); ok {
		return s, true
	}
	if n, ok := e.(*ir.Name); ok && n.Var.Param < 0 {
		if src := r.sources[n.Var]; len(src) == 1 && src[0].kind == whole && src[0].i == 0 && depth > 0 {
			return r.partial(src[0].x, env.in(n.Var.Func), depth-1)
		}
	}
	if op, ok := e.(*ir.Op); ok && depth > 0 && (op.Kind == ir.Add || op.Kind == ir.Template) {
		out, any := "", false
		for _, a := range op.Args {
			s, ok := r.partial(a, env, depth-1)
			if any = any || ok; !ok {
				s = ellipsis
			}
			if out += s; len(out) > textLimit {
				return "", false
			}
		}
		return out, any
	}
	return "", false
}

// joined puts paths one behind the other.
func joined(a, b string) string {
	switch {
	case b == "" || b == "/":
		if a == "" {
			return b
		}
		return a
	case a == "" || a == "/":
		if !strings.HasPrefix(b, "/") && b != ellipsis && !strings.HasPrefix(b, ellipsis) {
			return "/" + b
		}
		return b
	}
	a = strings.TrimSuffix(strings.TrimSuffix(a, "/*"), "/")
	if !strings.HasPrefix(b, "/") && !strings.HasPrefix(b, ellipsis) {
		b = "/" + b
	}
	return a + b
}

// covers says whether middleware at path runs for a route at rel.
func covers(path, rel string) bool {
	path = strings.TrimSuffix(strings.TrimSuffix(path, "*"), "/")
	if path == "" || strings.HasPrefix(path, "(") {
		return true
	}
	if strings.Contains(path, ellipsis) || strings.HasPrefix(rel, ellipsis) {
		return true
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if !strings.HasPrefix(rel, "/") {
		rel = "/" + rel
	}
	return rel == path || strings.HasPrefix(rel, path+"/")
}
